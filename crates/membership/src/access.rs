//! Who may do what to a card, and through which door; what a key of the API may be used for.
//!
//! What nobody was allowed is forbidden. A network may write its own rows as data; those it does not
//! write are the programme's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::card::CardOperation;
use crate::name::{UnknownName, by_name, either};

/// Where a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A cash desk.
    Till,
    /// The screens of the head office.
    Office,
    /// The network's site, where the customer acts for himself.
    Site,
    /// The application, where the customer acts for himself.
    App,
    /// The people who answer the phone.
    CallCentre,
    /// The systems of a partner.
    Partner,
}

/// As whom somebody acts. The customer's own site and application act as an operator: their key
/// serves him as an operator would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the programme: networks, staff, keys.
    Administrator,
    /// Sets up campaigns and reads reports.
    Marketer,
    /// Answers for personal data.
    PrivacyOfficer,
    /// Reads figures.
    Analyst,
    /// Serves customers.
    Operator,
    /// Another network of the coalition.
    Partner,
    /// Sells to the retailer; has no business with cards.
    Supplier,
}

/// What may be done with a card: showing it, or an operation of its life cycle. In JSON its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum CardAction {
    /// To find the customer by it.
    Identify,
    /// To change its state.
    Change(CardOperation),
}

/// Where and by whom one thing may be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Through these doors.
    pub doors: Vec<Door>,
    /// By these roles.
    pub roles: Vec<Role>,
}

/// Where and by whom anything may be done with a card. In JSON
/// `{"unblock": {"doors": ["office"], "roles": ["administrator", "operator"]}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardPolicy {
    /// What has no row is permitted to nobody.
    pub rows: BTreeMap<CardAction, Permission>,
}

/// That something may not be done so, and what it would need.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action} is not permitted to the role {role} through the door {door}; {}", self.needed())]
pub struct NotPermitted {
    /// As whom it was tried.
    pub role: Role,
    /// Where it was tried.
    pub door: Door,
    /// What was tried.
    pub action: CardAction,
    /// Where and by whom it may be done.
    pub wanted: Permission,
}

/// What a key of the API may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// To look up cards.
    #[serde(rename = "cards:read")]
    CardsRead,
    /// To issue, block, replace cards, within the policy.
    #[serde(rename = "cards:write")]
    CardsWrite,
    /// To deliver receipts and returns.
    #[serde(rename = "receipts:write")]
    ReceiptsWrite,
    /// To read the balance of a wallet.
    #[serde(rename = "balance:read")]
    BalanceRead,
    /// To read transfers.
    #[serde(rename = "ledger:read")]
    LedgerRead,
    /// To read networks, shops and tills.
    #[serde(rename = "networks:read")]
    NetworksRead,
    /// To change networks, shops and tills.
    #[serde(rename = "networks:write")]
    NetworksWrite,
    /// To add, change and dismiss staff.
    #[serde(rename = "staff:write")]
    StaffWrite,
    /// To issue and withdraw keys.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// To read who did what.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// To say where events are sent.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// To read portraits of customers.
    #[serde(rename = "portraits:read")]
    PortraitsRead,
    /// To read offers of customers.
    #[serde(rename = "offers:read")]
    OffersRead,
    /// To find customers by phone, e-mail or name, without seeing who they are.
    #[serde(rename = "customers:find")]
    CustomersFind,
    /// To see who customers are: answers, their changes, consents.
    #[serde(rename = "customers:read")]
    CustomersRead,
    /// To register customers and change their answers and consents.
    #[serde(rename = "customers:write")]
    CustomersWrite,
    /// To change the rules of the programme.
    #[serde(rename = "programme:admin")]
    ProgrammeAdmin,
}

impl CardPolicy {
    /// What a programme begins with: a till serves whoever stands before it, and what ends a card
    /// or lifts a block is done in the office.
    #[must_use]
    pub fn standard() -> Self {
        let rows = STANDARD.iter().map(|&(action, doors, roles)| {
            (action, Permission { doors: doors.to_vec(), roles: roles.to_vec() })
        });
        Self { rows: rows.collect() }
    }

    /// This policy with a network's own rows in place of the same rows here.
    #[must_use]
    pub fn overridden(mut self, network: &Self) -> Self {
        self.rows.extend(network.rows.iter().map(|(&action, row)| (action, row.clone())));
        self
    }

    /// Whether somebody in this role may do this through this door. Takes a [`CardOperation`] too.
    ///
    /// # Errors
    ///
    /// If not, and then what it would need.
    pub fn permits(
        &self,
        role: Role,
        door: Door,
        action: impl Into<CardAction>,
    ) -> Result<(), NotPermitted> {
        let action = action.into();
        let nobody = Permission { doors: Vec::new(), roles: Vec::new() };
        let row = self.rows.get(&action).unwrap_or(&nobody);
        if row.doors.contains(&door) && row.roles.contains(&role) {
            return Ok(());
        }
        Err(NotPermitted { role, door, action, wanted: row.clone() })
    }
}

impl Default for CardPolicy {
    fn default() -> Self {
        Self::standard()
    }
}

type Row = (CardAction, &'static [Door], &'static [Role]);

const STANDARD: &[Row] = {
    use CardAction::{Change, Identify};
    use CardOperation as Do;
    use Door::{App, CallCentre, Office, Partner as PartnerDoor, Site, Till};
    use Role::{Administrator, Operator, Partner, PrivacyOfficer};
    const STAFF: &[Role] = &[Administrator, Operator];
    const STAFF_AND_PARTNER: &[Role] = &[Administrator, Operator, Partner];
    &[
        (Identify, &Door::ALL, &[Administrator, PrivacyOfficer, Operator, Partner]),
        (Change(Do::Prepare), &[Office], STAFF),
        (Change(Do::Issue), &[Till, Office, Site, App, PartnerDoor], STAFF_AND_PARTNER),
        (
            Change(Do::Activate),
            &[Till, Office, Site, App, CallCentre, PartnerDoor],
            STAFF_AND_PARTNER,
        ),
        (Change(Do::Suspend), &[Office, Site, App, CallCentre], STAFF),
        // Not by the customer's own device: a thief would have it.
        (Change(Do::Resume), &[Office, CallCentre], STAFF),
        (Change(Do::Block), &[Till, Office, Site, App, CallCentre], STAFF),
        (Change(Do::Unblock), &[Office], STAFF),
        // Where the customer stands before somebody: a voice on the phone may be anybody's.
        (Change(Do::Replace), &[Till, Office], STAFF),
        // Who erases a customer closes his cards.
        (Change(Do::Close), &[Office], &[Administrator, PrivacyOfficer, Operator]),
        (Change(Do::Expire), &[Office], &[Administrator]),
    ]
};

/// The most a key in this role may be given: what its work needs and no more. A partner reads and
/// writes cards, receipts and balances of his own customers; a supplier has nothing to do here.
#[must_use]
pub const fn scopes_of(role: Role) -> &'static [Scope] {
    use Scope::{
        AuditRead, BalanceRead, CardsRead, CardsWrite, CustomersFind, CustomersRead,
        CustomersWrite, LedgerRead, NetworksRead, OffersRead, PortraitsRead, ReceiptsWrite,
    };
    match role {
        Role::Administrator => &Scope::ALL,
        Role::Marketer | Role::Analyst => &[LedgerRead, NetworksRead, PortraitsRead, OffersRead],
        // To answer a customer who asks what is kept on him, to close his cards, and to see who looked.
        Role::PrivacyOfficer => &[
            CardsRead,
            CardsWrite,
            BalanceRead,
            LedgerRead,
            AuditRead,
            PortraitsRead,
            OffersRead,
            CustomersFind,
            CustomersRead,
            CustomersWrite,
        ],
        Role::Operator => &[
            CardsRead,
            CardsWrite,
            ReceiptsWrite,
            BalanceRead,
            NetworksRead,
            OffersRead,
            CustomersFind,
            CustomersRead,
            CustomersWrite,
        ],
        Role::Partner => &[CardsRead, CardsWrite, ReceiptsWrite, BalanceRead],
        Role::Supplier => &[],
    }
}

impl NotPermitted {
    /// What it would need, as the end of a sentence.
    fn needed(&self) -> String {
        let Permission { doors, roles } = &self.wanted;
        if doors.is_empty() || roles.is_empty() {
            return "nobody may".to_owned();
        }
        let door = format!("the door {}", either(doors));
        let role = format!("the role {}", either(roles));
        match (doors.contains(&self.door), roles.contains(&self.role)) {
            (true, _) => format!("it needs {role}"),
            (false, true) => format!("it needs {door}"),
            (false, false) => format!("it needs {door} and {role}"),
        }
    }
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 6] =
        [Self::Till, Self::Office, Self::Site, Self::App, Self::CallCentre, Self::Partner];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Till => "till",
            Self::Office => "office",
            Self::Site => "site",
            Self::App => "app",
            Self::CallCentre => "call_centre",
            Self::Partner => "partner",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Administrator,
        Self::Marketer,
        Self::PrivacyOfficer,
        Self::Analyst,
        Self::Operator,
        Self::Partner,
        Self::Supplier,
    ];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Marketer => "marketer",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Analyst => "analyst",
            Self::Operator => "operator",
            Self::Partner => "partner",
            Self::Supplier => "supplier",
        }
    }
}

impl CardAction {
    /// Every action.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let operations = CardOperation::ALL.into_iter().map(Self::Change);
        std::iter::once(Self::Identify).chain(operations).collect()
    }

    /// The name in JSON and in settings: `identify`, or that of the operation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Change(operation) => operation.as_str(),
        }
    }
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 17] = [
        Self::CardsRead,
        Self::CardsWrite,
        Self::ReceiptsWrite,
        Self::BalanceRead,
        Self::LedgerRead,
        Self::NetworksRead,
        Self::NetworksWrite,
        Self::StaffWrite,
        Self::KeysWrite,
        Self::AuditRead,
        Self::WebhooksWrite,
        Self::PortraitsRead,
        Self::OffersRead,
        Self::CustomersFind,
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::ProgrammeAdmin,
    ];

    /// The name in keys, JSON and documentation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardsRead => "cards:read",
            Self::CardsWrite => "cards:write",
            Self::ReceiptsWrite => "receipts:write",
            Self::BalanceRead => "balance:read",
            Self::LedgerRead => "ledger:read",
            Self::NetworksRead => "networks:read",
            Self::NetworksWrite => "networks:write",
            Self::StaffWrite => "staff:write",
            Self::KeysWrite => "keys:write",
            Self::AuditRead => "audit:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::PortraitsRead => "portraits:read",
            Self::OffersRead => "offers:read",
            Self::CustomersFind => "customers:find",
            Self::CustomersRead => "customers:read",
            Self::CustomersWrite => "customers:write",
            Self::ProgrammeAdmin => "programme:admin",
        }
    }
}

impl From<CardOperation> for CardAction {
    fn from(operation: CardOperation) -> Self {
        Self::Change(operation)
    }
}

impl From<CardAction> for &'static str {
    fn from(action: CardAction) -> Self {
        action.as_str()
    }
}

impl TryFrom<String> for CardAction {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl FromStr for CardAction {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("action on a card", &Self::all(), Self::as_str, text)
    }
}

impl FromStr for Door {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("door", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("role", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("scope", &Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for CardAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
