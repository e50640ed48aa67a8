//! Why a chain is not posted.

use retail::Instant;

use crate::{AccountId, HoldState, LotId, TransferId, Unit};

/// A chain was not posted, and nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError<E> {
    /// A rule forbids it; repeating it as it is helps only if accounts have changed.
    #[error("transfer {position} is refused: {refusal}")]
    Refused {
        /// Which transfer of the chain, from 0; 0 where the chain as a whole is refused.
        position: usize,
        /// Which rule.
        refusal: Refusal,
    },
    /// The books could not be read or written; it may be repeated.
    #[error("the books failed: {0}")]
    Books(E),
}

/// The rule by which a chain is refused. Each has a stable [`Refusal::code`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An account has not enough: it would fall below its bound, or too little of it is spendable now.
    #[error("{account} has {available} to spend, {asked} is asked")]
    Insufficient {
        /// Which account.
        account: AccountId,
        /// What may be taken from it, its overdraft included, in the unit's smallest part.
        available: i64,
        /// What was asked.
        asked: i64,
    },
    /// The chain's key is known, with another body.
    #[error("this key was used before with another body: {field} differs")]
    Differs {
        /// JSON pointer to the first field that differs; `/transfers` if their number does.
        field: String,
    },
    /// There is no such account.
    #[error("account {account:?} is unknown")]
    AccountUnknown {
        /// Which account; may be empty if the caller named none.
        account: AccountId,
    },
    /// The account takes no part in transfers any more.
    #[error("account {account} is closed")]
    AccountClosed {
        /// Which account.
        account: AccountId,
    },
    /// An account counts something else than the transfer moves.
    #[error("account {account} counts {unit}, the transfer moves {asked}")]
    UnitMismatch {
        /// Which account.
        account: AccountId,
        /// What it counts.
        unit: Unit,
        /// What the transfer moves.
        asked: Unit,
    },
    /// The amount is 0 or less, or nothing is left to move.
    #[error("the amount must be more than 0, not {amount}")]
    AmountNotPositive {
        /// The amount.
        amount: i64,
    },
    /// Both sides are one account.
    #[error("account {account} stands on both sides")]
    SameAccount {
        /// Which account.
        account: AccountId,
    },
    /// A counter would not fit 64 bits.
    #[error("account {account} cannot count so far")]
    Overflow {
        /// Which account.
        account: AccountId,
    },
    /// There is no such hold.
    #[error("hold {hold} is unknown")]
    HoldUnknown {
        /// Which hold.
        hold: TransferId,
    },
    /// The hold was posted, voided or expired before.
    #[error("hold {hold} is {} already", state.as_str())]
    HoldResolved {
        /// Which hold.
        hold: TransferId,
        /// What became of it.
        state: HoldState,
    },
    /// The hold's time has run out, so it can only be voided or expired; or it would be over before it began.
    #[error("the time of hold {hold} has run out")]
    HoldExpired {
        /// Which hold.
        hold: TransferId,
        /// When it ran out.
        expires_at: Instant,
    },
    /// More is to be posted than is held.
    #[error("hold {hold} keeps {held}, {asked} is asked")]
    HoldAmount {
        /// Which hold.
        hold: TransferId,
        /// What it keeps.
        held: i64,
        /// What was asked.
        asked: i64,
    },
    /// A hold or lot is to expire before its time.
    #[error("{subject} does not expire yet")]
    NotDue {
        /// Name of the hold or lot.
        subject: String,
        /// When it expires; none is never.
        due_at: Option<Instant>,
    },
    /// There is no such transfer.
    #[error("transfer {transfer} is unknown")]
    TransferUnknown {
        /// Which transfer.
        transfer: TransferId,
    },
    /// More is to be reversed than was moved and not reversed yet.
    #[error("of transfer {transfer} {left} can be reversed, {asked} is asked")]
    ReverseTooMuch {
        /// Which transfer.
        transfer: TransferId,
        /// What is left to reverse, 0 or more.
        left: i64,
        /// What was asked.
        asked: i64,
    },
    /// Holds, voids, expiries and reversals cannot be reversed.
    #[error("transfer {transfer} is of a kind that cannot be reversed")]
    NotReversible {
        /// Which transfer.
        transfer: TransferId,
    },
    /// There is no such lot.
    #[error("lot {lot} is unknown")]
    LotUnknown {
        /// Which lot.
        lot: LotId,
    },
    /// Terms of a lot that could never be spent, or terms where no lot is opened by them.
    #[error("the terms of the lot do not fit: {why}")]
    LotTerms {
        /// What does not fit.
        why: &'static str,
    },
    /// A chain without transfers.
    #[error("the chain has no transfer")]
    ChainEmpty,
    /// A chain with too many transfers.
    #[error("the chain has {transfers} transfers, more than {max}")]
    ChainLong {
        /// How many it has.
        transfers: usize,
        /// How many it may have.
        max: usize,
    },
    /// What the caller wrote contradicts the hold, transfer or lot that he named.
    #[error("{field} contradicts the record that the transfer names, where it is {recorded}")]
    RecordMismatch {
        /// `debit`, `credit`, `unit` or `amount`.
        field: &'static str,
        /// What the record says.
        recorded: String,
    },
    /// An account cannot be closed, because a hold on it is undecided.
    #[error("account {account} has undecided holds")]
    HoldsPending {
        /// Which account.
        account: AccountId,
    },
    /// An account cannot be opened so: a negative overdraft, or lots with an overdraft.
    #[error("the overdraft of account {account} must not be negative, and must be 0 with lots")]
    AccountTerms {
        /// Which account.
        account: AccountId,
    },
}

impl Refusal {
    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Insufficient { .. } => "insufficient",
            Self::Differs { .. } => "differs",
            Self::AccountUnknown { .. } => "account_unknown",
            Self::AccountClosed { .. } => "account_closed",
            Self::UnitMismatch { .. } => "unit_mismatch",
            Self::AmountNotPositive { .. } => "amount_not_positive",
            Self::SameAccount { .. } => "same_account",
            Self::Overflow { .. } => "overflow",
            Self::HoldUnknown { .. } => "hold_unknown",
            Self::HoldResolved { .. } => "hold_resolved",
            Self::HoldExpired { .. } => "hold_expired",
            Self::HoldAmount { .. } => "hold_amount",
            Self::NotDue { .. } => "not_due",
            Self::TransferUnknown { .. } => "transfer_unknown",
            Self::ReverseTooMuch { .. } => "reverse_too_much",
            Self::NotReversible { .. } => "not_reversible",
            Self::LotUnknown { .. } => "lot_unknown",
            Self::LotTerms { .. } => "lot_terms",
            Self::ChainEmpty => "chain_empty",
            Self::ChainLong { .. } => "chain_long",
            Self::RecordMismatch { .. } => "record_mismatch",
            Self::HoldsPending { .. } => "holds_pending",
            Self::AccountTerms { .. } => "account_terms",
        }
    }
}
