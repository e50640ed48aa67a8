//! Lots: the credit of an account, accrual by accrual, each with its own expiry.

use std::cmp::Ordering;
use std::fmt;

use retail::Instant;
use serde::{Deserialize, Serialize};

use crate::{AccountId, TransferId};

/// Name of a lot: that of the transfer that opened it, `{chain}/{n}`; where a transfer carried several
/// lots over, `{chain}/{n}.0`, `{chain}/{n}.1` and so on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LotId(pub String);

/// From when and until when a lot may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotTerms {
    /// The first instant at which it may be spent.
    pub activates_at: Instant,
    /// The first instant at which it may no longer be spent; none is never.
    pub expires_at: Option<Instant>,
}

/// A part of an account's balance that came at once and expires at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Its name.
    pub id: LotId,
    /// Whose it is.
    pub account: AccountId,
    /// What it was opened with, more than 0, in the unit's smallest part.
    pub amount: i64,
    /// What is left of it, 0 to `amount`; the lots of an account add up to its balance.
    pub remaining: i64,
    /// What of the rest is reserved by holds, 0 to `remaining`.
    pub held: i64,
    /// The first instant at which it may be spent.
    pub activates_at: Instant,
    /// The first instant at which it may no longer be spent; none is never.
    pub expires_at: Option<Instant>,
    /// The transfer that opened it.
    pub source: TransferId,
}

/// That a transfer took from a lot. Those of a hold say what it reserved, those of any other transfer
/// what it consumed; a return restores the very lots that a redemption consumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// Which transfer.
    pub transfer: TransferId,
    /// Which of its uses, from 0, in the sequence of consumption.
    pub position: u32,
    /// Which lot.
    pub lot: LotId,
    /// How much, more than 0, in the unit's smallest part.
    pub amount: i64,
    /// How much of that came back by reversals, 0 to `amount`; always 0 for a hold.
    pub restored: i64,
}

impl LotId {
    /// The only lot that a transfer opens.
    #[must_use]
    pub fn of(source: &TransferId) -> Self {
        Self(source.0.clone())
    }

    /// One of several lots that a transfer carries over, from 0. A dot, because a chain's id may
    /// contain slashes: transfer 1 of chain `c/0` is `c/0/1`.
    #[must_use]
    pub fn carried(source: &TransferId, number: u32) -> Self {
        Self(format!("{source}.{number}"))
    }
}

impl LotTerms {
    /// Active from an instant on, for ever.
    #[must_use]
    pub fn from(activates_at: Instant) -> Self {
        Self { activates_at, expires_at: None }
    }

    /// Whether a lot opened at an instant can be spent some time afterwards.
    #[must_use]
    pub fn spendable_after(&self, at: Instant) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > self.activates_at && expires_at > at)
    }
}

impl Lot {
    /// What of it is not held.
    #[must_use]
    pub fn free(&self) -> i64 {
        self.remaining.saturating_sub(self.held)
    }

    /// Its terms.
    #[must_use]
    pub fn terms(&self) -> LotTerms {
        LotTerms { activates_at: self.activates_at, expires_at: self.expires_at }
    }

    /// Whether something of it may be spent at an instant.
    #[must_use]
    pub fn is_spendable(&self, at: Instant) -> bool {
        self.free() > 0
            && self.activates_at <= at
            && self.expires_at.is_none_or(|expires_at| expires_at > at)
    }

    /// Which of two lots is spent first: the one that expires earlier, then the one active earlier,
    /// then by name.
    #[must_use]
    pub fn compare_spending(&self, other: &Self) -> Ordering {
        let key = |lot: &Self| (lot.expires_at.is_none(), lot.expires_at, lot.activates_at);
        key(self).cmp(&key(other)).then_with(|| self.id.cmp(&other.id))
    }
}

impl From<&str> for LotId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for LotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
