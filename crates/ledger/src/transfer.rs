//! Transfers and the chains in which they are posted.

use std::fmt;
use std::mem::discriminant;

use retail::Instant;
use serde::{Deserialize, Serialize};

use crate::{AccountId, LotId, LotTerms, Unit};

/// Name of a transfer: `{chain}/{n}`, with n its position in the chain, from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(pub String);

/// Name of a chain, given by the caller: the key by which he may repeat it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(pub String);

/// Transfers that are posted together or not at all, in their sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The caller's key: the same key with the same transfers is answered and not posted again.
    pub id: ChainId,
    /// When it happens, by the caller's clock. A repetition may bring another instant.
    pub at: Instant,
    /// One to 64 transfers. A later one may name an earlier by its [`TransferId`].
    pub transfers: Vec<Transfer>,
}

/// A movement between two accounts, as the caller asks for it. Where the action names a hold, transfer
/// or lot, accounts, unit and amount come from that record: they may stay empty (and 0), and if they
/// do not they must agree with it. The constructors leave empty what may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The account it leaves.
    pub debit: AccountId,
    /// The account it enters.
    pub credit: AccountId,
    /// What moves.
    pub unit: Unit,
    /// How much, more than 0, in the unit's smallest part.
    pub amount: i64,
    /// What is done.
    pub action: Action,
    /// Terms of the lot that is opened, if the credited account keeps lots. None means active at once
    /// and for ever; if the debited account keeps lots too, each lot keeps its terms and none are given.
    pub opens: Option<LotTerms>,
    /// Why.
    pub cause: Cause,
}

/// What a transfer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Moves the amount at once.
    Post,
    /// Keeps the amount for a later decision.
    Hold {
        /// The first instant at which it can no longer be posted.
        expires_at: Instant,
    },
    /// Moves what a hold keeps, or a part of it, and releases the rest.
    PostHold {
        /// Which hold.
        hold: TransferId,
    },
    /// Releases a hold.
    VoidHold {
        /// Which hold.
        hold: TransferId,
    },
    /// Releases a hold whose time has run out.
    ExpireHold {
        /// Which hold.
        hold: TransferId,
    },
    /// Moves back what a transfer moved, or a part of it.
    Reverse {
        /// Which transfer.
        of: TransferId,
    },
    /// Moves what is left of an expired lot, and not held, into breakage.
    ExpireLot {
        /// Which lot.
        lot: LotId,
    },
}

/// Why a transfer was made, in the caller's words; nothing here depends on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of event: `accrual`, `redemption`, `return`, `expiry`, `opening`, `coupon`,
    /// `correction` …
    pub kind: String,
    /// The receipt, quote, card or whatever it belongs to.
    pub reference: String,
    /// The rule, or its version, by which it was computed; may be empty.
    pub rule: String,
}

/// A transfer that was posted. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its name.
    pub id: TransferId,
    /// The chain it came in.
    pub chain: ChainId,
    /// Its position there, from 0.
    pub position: u32,
    /// When it happened, as the chain said.
    pub at: Instant,
    /// What the caller asked for, word by word; repetitions are compared with it.
    pub transfer: Transfer,
    /// The account it left.
    pub debit: AccountId,
    /// The account it entered.
    pub credit: AccountId,
    /// What moved.
    pub unit: Unit,
    /// How much moved, or was held or released, more than 0, in the unit's smallest part.
    pub amount: i64,
}

impl TransferId {
    /// The name of a chain's transfer at a position, from 0.
    #[must_use]
    pub fn of(chain: &ChainId, position: usize) -> Self {
        Self(format!("{chain}/{position}"))
    }
}

impl Transfer {
    /// Moves an amount at once.
    #[must_use]
    pub fn post(
        debit: AccountId,
        credit: AccountId,
        unit: Unit,
        amount: i64,
        cause: Cause,
    ) -> Self {
        Self { debit, credit, unit, amount, action: Action::Post, opens: None, cause }
    }

    /// Keeps an amount until an instant.
    #[must_use]
    pub fn hold(
        debit: AccountId,
        credit: AccountId,
        unit: Unit,
        amount: i64,
        expires_at: Instant,
        cause: Cause,
    ) -> Self {
        Self {
            action: Action::Hold { expires_at },
            ..Self::post(debit, credit, unit, amount, cause)
        }
    }

    /// Moves so much of a hold and releases the rest.
    #[must_use]
    pub fn post_hold(hold: TransferId, amount: i64, cause: Cause) -> Self {
        Self::referring(Action::PostHold { hold }, amount, cause)
    }

    /// Releases a hold.
    #[must_use]
    pub fn void_hold(hold: TransferId, cause: Cause) -> Self {
        Self::referring(Action::VoidHold { hold }, 0, cause)
    }

    /// Releases a hold whose time has run out.
    #[must_use]
    pub fn expire_hold(hold: TransferId, cause: Cause) -> Self {
        Self::referring(Action::ExpireHold { hold }, 0, cause)
    }

    /// Moves back so much of what a transfer moved.
    #[must_use]
    pub fn reverse(of: TransferId, amount: i64, cause: Cause) -> Self {
        Self::referring(Action::Reverse { of }, amount, cause)
    }

    /// Moves what is left of an expired lot into an account of breakage.
    #[must_use]
    pub fn expire_lot(lot: LotId, breakage: AccountId, cause: Cause) -> Self {
        Self { credit: breakage, ..Self::referring(Action::ExpireLot { lot }, 0, cause) }
    }

    /// The same, opening a lot with these terms.
    #[must_use]
    pub fn opening(self, terms: LotTerms) -> Self {
        Self { opens: Some(terms), ..self }
    }

    /// Path of the first field in which another transfer differs, as in the serialised form.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<&'static str> {
        let terms = |transfer: &Self| transfer.opens.map(|terms| terms.activates_at);
        let differs = [
            ("debit", self.debit != other.debit),
            ("credit", self.credit != other.credit),
            ("unit", self.unit != other.unit),
            ("amount", self.amount != other.amount),
            ("action/kind", discriminant(&self.action) != discriminant(&other.action)),
            (self.action.parameter(), self.action != other.action),
            ("opens", self.opens.is_some() != other.opens.is_some()),
            ("opens/activates_at", terms(self) != terms(other)),
            ("opens/expires_at", self.opens != other.opens),
            ("cause/kind", self.cause.kind != other.cause.kind),
            ("cause/reference", self.cause.reference != other.cause.reference),
            ("cause/rule", self.cause.rule != other.cause.rule),
        ];
        differs.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    }

    /// A transfer whose accounts and unit stand in the record that its action names.
    fn referring(action: Action, amount: i64, cause: Cause) -> Self {
        let empty = || AccountId(String::new());
        Self { action, ..Self::post(empty(), empty(), Unit(String::new()), amount, cause) }
    }
}

impl Action {
    /// Path of the one field that an action may have.
    fn parameter(&self) -> &'static str {
        match self {
            Self::Post => "action/kind",
            Self::Hold { .. } => "action/expires_at",
            Self::PostHold { .. } | Self::VoidHold { .. } | Self::ExpireHold { .. } => {
                "action/hold"
            }
            Self::Reverse { .. } => "action/of",
            Self::ExpireLot { .. } => "action/lot",
        }
    }
}

impl Cause {
    /// A cause by its kind and reference, without a rule.
    #[must_use]
    pub fn new(kind: &str, reference: &str) -> Self {
        Self { kind: kind.to_owned(), reference: reference.to_owned(), rule: String::new() }
    }
}

impl From<&str> for TransferId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&str> for ChainId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
