//! Holds: what is promised and not decided yet.

use retail::Instant;
use serde::{Deserialize, Serialize};

use crate::{AccountId, LotTerms, TransferId, Unit};

/// A part of an account that is kept for a transfer until it is posted, voided or expired, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The transfer that made it.
    pub id: TransferId,
    /// The account on which it lies.
    pub debit: AccountId,
    /// The account that is to get it.
    pub credit: AccountId,
    /// What is held.
    pub unit: Unit,
    /// How much is held, more than 0, in the unit's smallest part.
    pub amount: i64,
    /// From this instant on it can no longer be posted.
    pub expires_at: Instant,
    /// What became of it.
    pub state: HoldState,
    /// How much of it was posted: 0 until then, at most `amount`; the rest was released.
    pub posted: i64,
    /// Terms of the lot that opens when it is posted, if the credited account keeps lots; none means
    /// active at once and for ever.
    pub opens: Option<LotTerms>,
}

/// What became of a hold. It leaves `Pending` once and never changes afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Not decided yet.
    Pending,
    /// Posted, in whole or in part.
    Posted,
    /// Given up by who made it.
    Voided,
    /// Given up because its time ran out.
    Expired,
}

impl HoldState {
    /// Its stable name, the same as in its serialised form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }

    /// The state of that name; none for any other text.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Posted, Self::Voided, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}
