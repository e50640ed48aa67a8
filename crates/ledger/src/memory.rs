//! Books in memory: for the simulation, and for the auditor of a store.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use retail::Instant;

use crate::{
    Account, AccountId, Action, Books, Chain, ChainId, Hold, Lot, LotId, Outcome, PostError,
    Posted, Refusal, TransferId, Use, post,
};

/// Books in maps, with the journal of all transfers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    accounts: BTreeMap<AccountId, Account>,
    /// Transfers in the sequence of posting.
    journal: Vec<Posted>,
    holds: BTreeMap<TransferId, Hold>,
    lots: BTreeMap<LotId, Lot>,
    uses: BTreeMap<(TransferId, u32), Use>,
    // What follows is found from the above and only makes it quick.
    chains: BTreeMap<ChainId, Vec<usize>>,
    places: BTreeMap<TransferId, usize>,
    reversed: BTreeMap<TransferId, i64>,
    lots_of_account: BTreeMap<AccountId, BTreeSet<LotId>>,
    lots_of_source: BTreeMap<TransferId, BTreeSet<LotId>>,
}

impl Memory {
    /// Books as their rows are stored. Transfers come in the sequence of posting if
    /// [`Memory::chains`] is to give something that can be replayed; [`crate::audit`] does not mind.
    #[must_use]
    pub fn from_rows(
        accounts: impl IntoIterator<Item = Account>,
        posted: impl IntoIterator<Item = Posted>,
        holds: impl IntoIterator<Item = Hold>,
        lots: impl IntoIterator<Item = Lot>,
        uses: impl IntoIterator<Item = Use>,
    ) -> Self {
        let mut memory = Self::default();
        memory.accounts.extend(accounts.into_iter().map(|row| (row.id.clone(), row)));
        posted.into_iter().for_each(|row| memory.add_posted(row));
        memory.holds.extend(holds.into_iter().map(|row| (row.id.clone(), row)));
        lots.into_iter().for_each(|row| memory.set_lot(row));
        memory.uses.extend(uses.into_iter().map(|row| ((row.transfer.clone(), row.position), row)));
        memory
    }

    /// Books in which these chains were posted, in this sequence, to accounts that had nothing. Of
    /// `accounts` only the terms count; those that are closed are closed at the end.
    ///
    /// # Errors
    /// The first refusal; what was accepted once is accepted again.
    pub fn replay<'a>(
        accounts: impl IntoIterator<Item = &'a Account>,
        chains: &[Chain],
    ) -> Result<Self, PostError<Infallible>> {
        let refused = |refusal| PostError::Refused { position: 0, refusal };
        let mut memory = Self::default();
        let mut closed = Vec::new();
        for account in accounts {
            let Account { id, unit, overdraft_max, lots, .. } = account.clone();
            memory.open(Account::new(id, unit, overdraft_max, lots).map_err(refused)?);
            closed.extend(account.closed.then_some(&account.id));
        }
        for chain in chains {
            let _: Outcome = post(&mut memory, chain)?;
        }
        for id in closed {
            memory.close(id).map_err(refused)?;
        }
        Ok(memory)
    }

    /// Adds an account, and tells whether it did: one that exists stays as it is.
    pub fn open(&mut self, account: Account) -> bool {
        let new = !self.accounts.contains_key(&account.id);
        if new {
            self.accounts.insert(account.id.clone(), account);
        }
        new
    }

    /// Closes an account.
    ///
    /// # Errors
    /// [`Refusal::AccountUnknown`], and whatever [`Account::close`] refuses.
    pub fn close(&mut self, id: &AccountId) -> Result<(), Refusal> {
        let account = self.accounts.get_mut(id);
        account.ok_or_else(|| Refusal::AccountUnknown { account: id.clone() })?.close()
    }

    /// An account, if it exists.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// All accounts, by name.
    pub fn all_accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// All transfers, in the sequence of posting.
    #[must_use]
    pub fn journal(&self) -> &[Posted] {
        &self.journal
    }

    /// All chains that were posted, in their sequence, as they were asked for.
    #[must_use]
    pub fn chains(&self) -> Vec<Chain> {
        let mut chains: Vec<Chain> = Vec::new();
        for posted in &self.journal {
            match chains.last_mut().filter(|last| last.id == posted.chain) {
                Some(last) => last.transfers.push(posted.transfer.clone()),
                None => chains.push(Chain {
                    id: posted.chain.clone(),
                    at: posted.at,
                    transfers: vec![posted.transfer.clone()],
                }),
            }
        }
        chains
    }

    /// All holds, by name.
    pub fn all_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    /// All lots, by name.
    pub fn all_lots(&self) -> impl Iterator<Item = &Lot> {
        self.lots.values()
    }

    /// All uses of lots, by transfer and position.
    pub fn all_uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.values()
    }

    fn add_posted(&mut self, posted: Posted) {
        let place = self.journal.len();
        self.chains.entry(posted.chain.clone()).or_default().push(place);
        self.places.insert(posted.id.clone(), place);
        if let Action::Reverse { of } = &posted.transfer.action {
            let sum = self.reversed.entry(of.clone()).or_default();
            *sum = sum.saturating_add(posted.amount);
        }
        self.journal.push(posted);
    }

    fn set_lot(&mut self, lot: Lot) {
        self.lots_of_account.entry(lot.account.clone()).or_default().insert(lot.id.clone());
        self.lots_of_source.entry(lot.source.clone()).or_default().insert(lot.id.clone());
        self.lots.insert(lot.id.clone(), lot);
    }

    fn lots_named(&self, ids: Option<&BTreeSet<LotId>>) -> impl Iterator<Item = &Lot> {
        ids.into_iter().flatten().filter_map(|id| self.lots.get(id))
    }
}

impl Books for Memory {
    type Error = Infallible;

    fn chain(&mut self, id: &ChainId) -> Result<Vec<Posted>, Infallible> {
        let places = self.chains.get(id).into_iter().flatten();
        let mut posted: Vec<Posted> = places.map(|&place| self.journal[place].clone()).collect();
        posted.sort_by_key(|posted| posted.position);
        Ok(posted)
    }

    fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Account>>, Infallible> {
        Ok(ids.iter().map(|id| self.accounts.get(id).cloned()).collect())
    }

    fn posted(&mut self, id: &TransferId) -> Result<Option<Posted>, Infallible> {
        Ok(self.places.get(id).map(|&place| self.journal[place].clone()))
    }

    fn reversed(&mut self, of: &TransferId) -> Result<i64, Infallible> {
        Ok(self.reversed.get(of).copied().unwrap_or(0))
    }

    fn hold(&mut self, id: &TransferId) -> Result<Option<Hold>, Infallible> {
        Ok(self.holds.get(id).cloned())
    }

    fn lot(&mut self, id: &LotId) -> Result<Option<Lot>, Infallible> {
        Ok(self.lots.get(id).cloned())
    }

    fn spendable_lots(&mut self, account: &AccountId, at: Instant) -> Result<Vec<Lot>, Infallible> {
        let lots = self.lots_named(self.lots_of_account.get(account));
        let mut lots: Vec<Lot> = lots.filter(|lot| lot.is_spendable(at)).cloned().collect();
        lots.sort_by(Lot::compare_spending);
        Ok(lots)
    }

    fn lots_of(&mut self, source: &TransferId) -> Result<Vec<Lot>, Infallible> {
        Ok(self.lots_named(self.lots_of_source.get(source)).cloned().collect())
    }

    fn uses(&mut self, transfer: &TransferId) -> Result<Vec<Use>, Infallible> {
        let range = (transfer.clone(), 0)..=(transfer.clone(), u32::MAX);
        Ok(self.uses.range(range).map(|(_, used)| used.clone()).collect())
    }

    fn put_account(&mut self, account: &Account) -> Result<(), Infallible> {
        self.accounts.insert(account.id.clone(), account.clone());
        Ok(())
    }

    fn put_posted(&mut self, posted: &Posted) -> Result<(), Infallible> {
        self.add_posted(posted.clone());
        Ok(())
    }

    fn put_hold(&mut self, hold: &Hold, _new: bool) -> Result<(), Infallible> {
        self.holds.insert(hold.id.clone(), hold.clone());
        Ok(())
    }

    fn put_lot(&mut self, lot: &Lot, _new: bool) -> Result<(), Infallible> {
        self.set_lot(lot.clone());
        Ok(())
    }

    fn put_use(&mut self, used: &Use, _new: bool) -> Result<(), Infallible> {
        self.uses.insert((used.transfer.clone(), used.position), used.clone());
        Ok(())
    }
}
