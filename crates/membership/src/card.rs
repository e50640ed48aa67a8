//! The life of a card, as one table of transitions and one of capabilities.
//!
//! A card identifies; it is neither the wallet it opens nor the customer who carries it. Plastic is
//! created by number, prepared for a shop, issued at a till and activated when the customer has agreed
//! to the rules. The cycle follows the vendors' manuals (Loymax: prepared and issued cards earn and do
//! not spend, a block is reversible with a reason, a replacement demands a blocked card).

use std::fmt::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::{UnknownName, by_name, either};

/// Where a card stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Has a number and nothing else.
    Created,
    /// Lies in a shop, ready to be handed out.
    Prepared,
    /// In a customer's hands who has not agreed to the rules yet.
    Issued,
    /// In full use.
    Active,
    /// Out of use for a time, by the customer's wish or while something is looked into.
    Suspended,
    /// Out of use for a reason, until somebody lifts the block.
    Blocked,
    /// Another card took its place; final.
    Replaced,
    /// Given up; final.
    Closed,
    /// Its time ran out; may still be replaced or closed.
    Expired,
}

/// What is done to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardOperation {
    /// Sends a plastic card to a shop.
    Prepare,
    /// Hands it to a customer.
    Issue,
    /// Puts it into full use.
    Activate,
    /// Takes it out of use for a time.
    Suspend,
    /// Ends a suspension.
    Resume,
    /// Takes it out of use; whoever does it names a [`BlockReason`].
    Block,
    /// Lifts a block: the card stands again where it was blocked.
    Unblock,
    /// Lets another card take its place, with wallet and history.
    Replace,
    /// Gives it up for good.
    Close,
    /// Lets it run out.
    Expire,
}

/// What a card is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// Printed, with a barcode.
    Plastic,
    /// A number in an application or a phone's wallet.
    Virtual,
    /// A customer who is known by telling a phone; here stands a stand-in, never the phone itself.
    Phone,
}

/// Why a card was blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// The customer cannot find it.
    Lost,
    /// It cannot be read any more.
    Damaged,
    /// Somebody took it.
    Stolen,
    /// It was used against the rules.
    Fraud,
    /// Anything else; whoever blocks says it in a note.
    Other,
}

/// What a card may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Its receipts earn points and count for levels.
    Earn,
    /// Points of its wallet may be spent.
    Spend,
    /// Its owner's discounts are given.
    Discount,
    /// It tells who the customer is.
    Identify,
    /// Its wallet and history may pass to another card. The operation itself still demands what the
    /// life cycle says: an active card is blocked or suspended first.
    Replace,
}

impl CardState {
    /// Every state, in the sequence of a card's life.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Prepared,
        Self::Issued,
        Self::Active,
        Self::Suspended,
        Self::Blocked,
        Self::Replaced,
        Self::Closed,
        Self::Expired,
    ];

    /// The name in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Prepared => "prepared",
            Self::Issued => "issued",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Blocked => "blocked",
            Self::Replaced => "replaced",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing can become of the card any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !TRANSITIONS.iter().any(|row| row.from.contains(&self))
    }

    /// What a card in this state may be used for.
    #[must_use]
    pub fn capabilities(self) -> &'static [Capability] {
        CAPABILITIES.iter().find(|row| row.0 == self).map_or(&[], |row| row.1)
    }

    /// Whether a card in this state may be used for this.
    #[must_use]
    pub fn can(self, capability: Capability) -> bool {
        self.capabilities().contains(&capability)
    }
}

impl CardOperation {
    /// Every operation.
    pub const ALL: [Self; 10] = [
        Self::Prepare,
        Self::Issue,
        Self::Activate,
        Self::Suspend,
        Self::Resume,
        Self::Block,
        Self::Unblock,
        Self::Replace,
        Self::Close,
        Self::Expire,
    ];

    /// The name in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Issue => "issue",
            Self::Activate => "activate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Replace => "replace",
            Self::Close => "close",
            Self::Expire => "expire",
        }
    }
}

impl CardKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Plastic, Self::Virtual, Self::Phone];

    /// The name in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plastic => "plastic",
            Self::Virtual => "virtual",
            Self::Phone => "phone",
        }
    }
}

impl BlockReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Lost, Self::Damaged, Self::Stolen, Self::Fraud, Self::Other];

    /// The name in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::Stolen => "stolen",
            Self::Fraud => "fraud",
            Self::Other => "other",
        }
    }
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 5] =
        [Self::Earn, Self::Spend, Self::Discount, Self::Identify, Self::Replace];

    /// The name in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Earn => "earn",
            Self::Spend => "spend",
            Self::Discount => "discount",
            Self::Identify => "identify",
            Self::Replace => "replace",
        }
    }
}

/// One row of the life cycle.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// What is done.
    pub operation: CardOperation,
    /// To cards of these kinds.
    pub kinds: &'static [CardKind],
    /// That stand here.
    pub from: &'static [CardState],
    /// And stand here afterwards.
    pub to: CardState,
    /// Why it is so.
    pub reason: &'static str,
}

const EVERY: &[CardKind] = &CardKind::ALL;
const PLASTIC: &[CardKind] = &[CardKind::Plastic];
const VIRTUAL: &[CardKind] = &[CardKind::Virtual];
const IMMATERIAL: &[CardKind] = &[CardKind::Virtual, CardKind::Phone];

/// The life cycle. What no row allows is refused.
pub const TRANSITIONS: &[Transition] = {
    use CardOperation as Do;
    use CardState::{
        Active, Blocked, Closed, Created, Expired, Issued, Prepared, Replaced, Suspended,
    };
    &[
        row(Do::Prepare, PLASTIC, &[Created], Prepared, "only plastic lies in a shop"),
        row(Do::Issue, PLASTIC, &[Prepared], Issued, "a shop hands out what it was sent"),
        row(Do::Issue, IMMATERIAL, &[Created], Issued, "there is nothing to send to a shop"),
        row(Do::Activate, VIRTUAL, &[Created], Active, "whoever opened it has agreed already"),
        row(
            Do::Activate,
            PLASTIC,
            &[Prepared],
            Active,
            "a shop may skip issue and activate at the first showing",
        ),
        row(Do::Activate, EVERY, &[Issued], Active, "the customer has agreed to the rules"),
        row(Do::Suspend, EVERY, &[Active], Suspended, "out of use for a time"),
        row(Do::Resume, EVERY, &[Suspended], Active, "nothing was wrong"),
        row(
            Do::Block,
            EVERY,
            &[Issued, Active, Suspended],
            Blocked,
            "with a reason; before issue there is nobody to protect",
        ),
        row(
            Do::Unblock,
            EVERY,
            &[Blocked],
            Active,
            "found again, or blocked by mistake; one that was blocked while issued or suspended is that again",
        ),
        row(
            Do::Replace,
            EVERY,
            &[Suspended, Blocked, Expired],
            Replaced,
            "the old card must be out of use, so that two never open one wallet by accident",
        ),
        row(
            Do::Close,
            EVERY,
            &[Created, Prepared, Issued, Active, Suspended, Blocked, Expired],
            Closed,
            "from anything that is not final",
        ),
        row(
            Do::Expire,
            EVERY,
            &[Created, Prepared, Issued, Active, Suspended, Blocked],
            Expired,
            "from anything that lives",
        ),
    ]
};

const fn row(
    operation: CardOperation,
    kinds: &'static [CardKind],
    from: &'static [CardState],
    to: CardState,
    reason: &'static str,
) -> Transition {
    Transition { operation, kinds, from, to, reason }
}

/// What a card may be used for in each state, and why.
pub const CAPABILITIES: [(CardState, &[Capability], &str); 9] = {
    use Capability::{Discount, Earn, Identify, Replace, Spend};
    [
        (CardState::Created, &[], "nobody was given it: whoever shows it found or copied it"),
        (
            CardState::Prepared,
            &[Earn, Discount, Identify],
            "nothing is lost of a first purchase; spending waits until it is known who spends",
        ),
        (CardState::Issued, &[Earn, Discount, Identify], "as prepared"),
        (CardState::Active, &[Earn, Spend, Discount, Identify, Replace], "in full use"),
        (
            CardState::Suspended,
            &[Earn, Identify, Replace],
            "points earned wait in the wallet and can be taken back; a discount given cannot",
        ),
        (
            CardState::Blocked,
            &[Replace],
            "whoever shows it need not be its owner, who may identify himself by phone",
        ),
        (CardState::Replaced, &[], "its successor does everything"),
        (CardState::Closed, &[], "given up"),
        (CardState::Expired, &[Identify, Replace], "the till sees to whom a new card is due"),
    ]
};

/// Why an operation on a card was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// Nothing can become of the card any more.
    #[error("{operation} is not possible: the card is {state}, which is final")]
    Final {
        /// What was wanted.
        operation: CardOperation,
        /// Where the card stands.
        state: CardState,
    },
    /// It is never done to cards of this kind.
    #[error("{operation} is never done to a {kind} card")]
    Kind {
        /// What was wanted.
        operation: CardOperation,
        /// What the card is.
        kind: CardKind,
    },
    /// It is done to such cards, but not here.
    #[error(
        "{operation} is not possible for a {kind} card that is {state}; it would have to be {}",
        either(wanted)
    )]
    State {
        /// What was wanted.
        operation: CardOperation,
        /// What the card is.
        kind: CardKind,
        /// Where the card stands.
        state: CardState,
        /// Where it would have to stand.
        wanted: Vec<CardState>,
    },
}

/// Where a card of this kind stands after an operation.
///
/// # Errors
///
/// What the table does not allow is refused, with the states from which it would be allowed. An
/// operation repeated is refused like any other: who repeats a request is known by its key, not here.
pub fn next(
    state: CardState,
    operation: CardOperation,
    kind: CardKind,
) -> Result<CardState, CardRefusal> {
    let rows =
        || TRANSITIONS.iter().filter(|row| row.operation == operation && row.kinds.contains(&kind));
    if let Some(row) = rows().find(|row| row.from.contains(&state)) {
        return Ok(row.to);
    }
    if state.is_final() {
        return Err(CardRefusal::Final { operation, state });
    }
    let wanted: Vec<_> = rows().flat_map(|row| row.from).copied().collect();
    if wanted.is_empty() {
        return Err(CardRefusal::Kind { operation, kind });
    }
    Err(CardRefusal::State { operation, kind, state, wanted })
}

/// Both tables as text for the documentation.
#[must_use]
pub fn life_cycle_markdown() -> String {
    let mut text = String::from(
        "## The life of a card\n\n| operation | kinds | from | to | why |\n|---|---|---|---|---|\n",
    );
    let mut line = |line: fmt::Arguments<'_>| {
        text.write_fmt(line).expect("writing to a string cannot fail");
    };
    for Transition { operation, kinds, from, to, reason } in TRANSITIONS {
        let kinds = if kinds.len() == EVERY.len() { "every".to_owned() } else { listed(kinds) };
        let from = listed(from);
        line(format_args!("| `{operation}` | {kinds} | {from} | {to} | {reason} |\n"));
    }
    line(format_args!("\n## What a card may be used for\n\n| state |"));
    for capability in Capability::ALL {
        line(format_args!(" {capability} |"));
    }
    line(format_args!(" why |\n|---|---|---|---|---|---|---|\n"));
    for (state, capabilities, reason) in CAPABILITIES {
        line(format_args!("| {state} |"));
        for capability in Capability::ALL {
            line(format_args!(
                " {} |",
                if capabilities.contains(&capability) { "yes" } else { "–" }
            ));
        }
        line(format_args!(" {reason} |\n"));
    }
    text
}

fn listed<T: fmt::Display>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

impl FromStr for CardState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("state of a card", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for CardOperation {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("operation on a card", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for CardKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("kind of card", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for BlockReason {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("reason of a block", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Capability {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("capability of a card", &Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for CardState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CardOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
