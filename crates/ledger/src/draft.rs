//! A draft: what a chain would change, gathered beside the books until all of it is accepted.

use std::collections::{BTreeMap, BTreeSet};

use retail::Instant;

use crate::{
    Account, AccountId, Action, Books, Chain, Hold, Lot, LotId, Posted, Refusal, TransferId, Use,
};

/// Why a step of posting stops.
pub(crate) enum Failure<E> {
    /// A rule forbids it.
    Refused(Refusal),
    /// The books failed.
    Books(E),
}

/// The result of a step over some books.
pub(crate) type Step<T, B> = Result<T, Failure<<B as Books>::Error>>;

impl<E> From<Refusal> for Failure<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Rows read from the books and changed beside them. Later transfers of the chain see what earlier
/// ones did; the books see nothing until [`Draft::write`].
pub(crate) struct Draft<'a, B: Books> {
    books: &'a mut B,
    at: Instant,
    accounts: BTreeMap<AccountId, Option<Row<Account>>>,
    posted: Vec<Posted>,
    holds: BTreeMap<TransferId, Row<Hold>>,
    lots: BTreeMap<LotId, Row<Lot>>,
    uses: BTreeMap<(TransferId, u32), Row<Use>>,
    /// Accounts, and sources, whose lots were asked for; transfers whose uses were.
    spendable_known: BTreeSet<AccountId>,
    sources_known: BTreeSet<TransferId>,
    uses_known: BTreeSet<TransferId>,
}

struct Row<T> {
    value: T,
    new: bool,
    changed: bool,
}

impl<T> Row<T> {
    fn read(value: T) -> Self {
        Self { value, new: false, changed: false }
    }
}

impl<'a, B: Books> Draft<'a, B> {
    /// A draft upon locked accounts, given with their names.
    pub fn new(
        books: &'a mut B,
        chain: &Chain,
        accounts: impl Iterator<Item = (AccountId, Option<Account>)>,
    ) -> Self {
        Self {
            books,
            at: chain.at,
            accounts: accounts.map(|(id, account)| (id, account.map(Row::read))).collect(),
            posted: Vec::with_capacity(chain.transfers.len()),
            holds: BTreeMap::new(),
            lots: BTreeMap::new(),
            uses: BTreeMap::new(),
            spendable_known: BTreeSet::new(),
            sources_known: BTreeSet::new(),
            uses_known: BTreeSet::new(),
        }
    }

    /// When the chain happens.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// An account that may take part in a transfer.
    pub fn account(&self, id: &AccountId) -> Result<&Account, Refusal> {
        let row = self.accounts.get(id).and_then(Option::as_ref);
        let account = row.map(|row| &row.value);
        match account {
            None => Err(Refusal::AccountUnknown { account: id.clone() }),
            Some(account) if account.closed => Err(Refusal::AccountClosed { account: id.clone() }),
            Some(account) => Ok(account),
        }
    }

    /// The same, to be changed.
    pub fn account_mut(&mut self, id: &AccountId) -> Result<&mut Account, Refusal> {
        self.account(id)?;
        let row = self.accounts.get_mut(id).and_then(Option::as_mut);
        let row = row.ok_or_else(|| Refusal::AccountUnknown { account: id.clone() })?;
        row.changed = true;
        Ok(&mut row.value)
    }

    /// Whether an account was locked. A record that appeared after the accounts were looked up may
    /// name others; it counts as unknown, as if this chain had come first.
    fn locked(&self, ids: [&AccountId; 2]) -> bool {
        ids.iter().all(|id| self.accounts.contains_key(id))
    }

    /// A transfer of this chain or of an earlier one.
    pub fn posted(&mut self, id: &TransferId) -> Step<Option<Posted>, B> {
        if let Some(own) = self.posted.iter().find(|own| own.id == *id) {
            return Ok(Some(own.clone()));
        }
        let posted = self.books.posted(id).map_err(Failure::Books)?;
        Ok(posted.filter(|posted| self.locked([&posted.debit, &posted.credit])))
    }

    /// The sum of all reversals of a transfer, those of this chain included.
    pub fn reversed(&mut self, of: &TransferId) -> Step<i64, B> {
        let before = self.books.reversed(of).map_err(Failure::Books)?;
        let own = self.posted.iter().filter(
            |posted| matches!(&posted.transfer.action, Action::Reverse { of: other } if other == of),
        );
        Ok(own.fold(before, |sum, posted| sum.saturating_add(posted.amount)))
    }

    /// A hold of this chain or of an earlier one.
    pub fn hold(&mut self, id: &TransferId) -> Step<Option<Hold>, B> {
        if !self.holds.contains_key(id)
            && let Some(hold) = self.books.hold(id).map_err(Failure::Books)?
            && self.locked([&hold.debit, &hold.credit])
        {
            self.holds.insert(id.clone(), Row::read(hold));
        }
        Ok(self.holds.get(id).map(|row| row.value.clone()))
    }

    /// A lot, as it is after the transfers so far.
    pub fn lot(&mut self, id: &LotId) -> Step<Option<Lot>, B> {
        if !self.lots.contains_key(id)
            && let Some(lot) = self.books.lot(id).map_err(Failure::Books)?
            && self.locked([&lot.account, &lot.account])
        {
            self.lots.insert(id.clone(), Row::read(lot));
        }
        Ok(self.lots.get(id).map(|row| row.value.clone()))
    }

    /// The lots of an account that may be spent now, the one to spend first first.
    pub fn spendable_lots(&mut self, account: &AccountId) -> Step<Vec<Lot>, B> {
        if self.spendable_known.insert(account.clone()) {
            let lots = self.books.spendable_lots(account, self.at).map_err(Failure::Books)?;
            self.remember(lots);
        }
        let at = self.at;
        Ok(self.sorted_lots(|lot| lot.account == *account && lot.is_spendable(at)))
    }

    /// The lots that a transfer opened, the one to spend first first.
    pub fn lots_of(&mut self, source: &TransferId) -> Step<Vec<Lot>, B> {
        if self.sources_known.insert(source.clone()) {
            let lots = self.books.lots_of(source).map_err(Failure::Books)?;
            self.remember(lots);
        }
        Ok(self.sorted_lots(|lot| lot.source == *source))
    }

    /// Keeps lots just read, but for those that the chain may have changed already.
    fn remember(&mut self, lots: Vec<Lot>) {
        for lot in lots {
            self.lots.entry(lot.id.clone()).or_insert_with(|| Row::read(lot));
        }
    }

    fn sorted_lots(&self, wanted: impl Fn(&Lot) -> bool) -> Vec<Lot> {
        let lots = self.lots.values().map(|row| &row.value).filter(|lot| wanted(lot));
        let mut lots: Vec<Lot> = lots.cloned().collect();
        lots.sort_by(Lot::compare_spending);
        lots
    }

    /// What a transfer took from lots, by position.
    pub fn uses(&mut self, transfer: &TransferId) -> Step<Vec<Use>, B> {
        if self.uses_known.insert(transfer.clone()) {
            for used in self.books.uses(transfer).map_err(Failure::Books)? {
                let key = (used.transfer.clone(), used.position);
                self.uses.entry(key).or_insert_with(|| Row::read(used));
            }
        }
        let range = (transfer.clone(), 0)..=(transfer.clone(), u32::MAX);
        Ok(self.uses.range(range).map(|(_, row)| row.value.clone()).collect())
    }

    /// Adds a transfer of this chain.
    pub fn add_posted(&mut self, posted: Posted) {
        self.posted.push(posted);
    }

    /// Adds a hold, or changes one that was read.
    pub fn put_hold(&mut self, hold: Hold) {
        stage(&mut self.holds, hold.id.clone(), hold);
    }

    /// Adds a lot, or changes one that was read.
    pub fn put_lot(&mut self, lot: Lot) {
        if stage(&mut self.lots, lot.id.clone(), lot.clone()) {
            self.sources_known.insert(lot.source);
        }
    }

    /// Adds a use, or changes one that was read.
    pub fn put_use(&mut self, used: Use) {
        let key = (used.transfer.clone(), used.position);
        if stage(&mut self.uses, key, used.clone()) {
            self.uses_known.insert(used.transfer);
        }
    }

    /// Writes all that is new or changed, each row once, and tells the chain's transfers.
    pub fn write(self) -> Result<Vec<Posted>, B::Error> {
        for row in self.accounts.values().flatten().filter(|row| row.changed) {
            self.books.put_account(&row.value)?;
        }
        for posted in &self.posted {
            self.books.put_posted(posted)?;
        }
        for row in self.holds.values().filter(|row| row.changed) {
            self.books.put_hold(&row.value, row.new)?;
        }
        for row in self.lots.values().filter(|row| row.changed) {
            self.books.put_lot(&row.value, row.new)?;
        }
        for row in self.uses.values().filter(|row| row.changed) {
            self.books.put_use(&row.value, row.new)?;
        }
        Ok(self.posted)
    }
}

/// Keeps a value to be written, and tells whether it is new to the draft: rows are changed only after
/// they were read, so that it is new to the books then.
fn stage<K: Ord, T>(rows: &mut BTreeMap<K, Row<T>>, key: K, value: T) -> bool {
    let known = rows.get(&key);
    let added = known.is_none();
    let new = known.is_none_or(|row| row.new);
    rows.insert(key, Row { value, new, changed: true });
    added
}
