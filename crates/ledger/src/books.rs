//! What the algorithm asks of whoever keeps the accounts.

use retail::Instant;

use crate::{Account, AccountId, ChainId, Hold, Lot, LotId, Posted, TransferId, Use};

/// Books: accounts, transfers, holds and lots, kept somewhere. Two implementations are real: [`crate::Memory`]
/// and the SQL store.
///
/// [`crate::post`] works on them in three steps: it looks up which accounts a chain touches, locks them by
/// one call of [`Books::accounts`], then reads everything else; only when the whole chain is accepted does
/// it write, each row once, accounts first, then transfers, holds, lots and uses, so that a row only names
/// rows written before it. Whoever implements this runs all of one `post` in one atomic piece, and keeps the
/// names of transfers unique, so that of two chains with one key, posted at the same moment, the second fails
/// and is repeated.
pub trait Books {
    /// What may go wrong in keeping.
    type Error;

    /// The transfers of a chain by position; empty if it is unknown.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn chain(&mut self, id: &ChainId) -> Result<Vec<Posted>, Self::Error>;

    /// The accounts of these names, sorted and distinct, each in its place, none where there is none.
    /// Locks them in that sequence until the end of the atomic piece.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Account>>, Self::Error>;

    /// A transfer, if it is known.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn posted(&mut self, id: &TransferId) -> Result<Option<Posted>, Self::Error>;

    /// The sum of all reversals of a transfer; 0 if there are none.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn reversed(&mut self, of: &TransferId) -> Result<i64, Self::Error>;

    /// A hold, if it is known.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn hold(&mut self, id: &TransferId) -> Result<Option<Hold>, Self::Error>;

    /// A lot, if it is known.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn lot(&mut self, id: &LotId) -> Result<Option<Lot>, Self::Error>;

    /// The lots of an account of which something may be spent at an instant ([`Lot::is_spendable`]), the
    /// one to spend first first ([`Lot::compare_spending`]).
    ///
    /// # Errors
    /// When the books cannot be read.
    fn spendable_lots(&mut self, account: &AccountId, at: Instant)
    -> Result<Vec<Lot>, Self::Error>;

    /// The lots that a transfer opened, in any sequence.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn lots_of(&mut self, source: &TransferId) -> Result<Vec<Lot>, Self::Error>;

    /// What a transfer took from lots, by position.
    ///
    /// # Errors
    /// When the books cannot be read.
    fn uses(&mut self, transfer: &TransferId) -> Result<Vec<Use>, Self::Error>;

    /// Writes an account that exists.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn put_account(&mut self, account: &Account) -> Result<(), Self::Error>;

    /// Adds a transfer, which is always new.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn put_posted(&mut self, posted: &Posted) -> Result<(), Self::Error>;

    /// Adds a hold, or writes one that exists.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn put_hold(&mut self, hold: &Hold, new: bool) -> Result<(), Self::Error>;

    /// Adds a lot, or writes one that exists.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn put_lot(&mut self, lot: &Lot, new: bool) -> Result<(), Self::Error>;

    /// Adds a use, or writes one that exists; its key is transfer and position.
    ///
    /// # Errors
    /// When the books cannot be written.
    fn put_use(&mut self, used: &Use, new: bool) -> Result<(), Self::Error>;
}
