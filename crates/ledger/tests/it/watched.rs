//! Books that watch how they are used: every promise that `Books` makes to a store is asserted, and
//! writing fails when it is told to.

use std::collections::BTreeSet;

use ledger::{
    Account, AccountId, Books, Cause, Chain, ChainId, Hold, Lot, LotId, LotTerms, Memory, Outcome,
    PostError, Posted, Refusal, Transfer, TransferId, Use, audit, post,
};
use retail::Instant;

/// Writing failed.
#[derive(Debug)]
pub struct Crash;

/// Books in memory, watched.
pub struct Watched {
    pub inner: Memory,
    /// After so many writes the next fails.
    pub fuse: usize,
    pub writes: usize,
    /// Records are unseen until the accounts are locked: another till writes them in between.
    pub late: bool,
    locked: bool,
    written: BTreeSet<String>,
}

impl Watched {
    pub fn new(inner: Memory, fuse: usize) -> Self {
        Self { inner, fuse, writes: 0, late: false, locked: false, written: BTreeSet::new() }
    }

    /// Each row is written once, after the accounts were locked.
    fn write(&mut self, table: &str, row: &str) -> Result<(), Crash> {
        if self.writes == self.fuse {
            return Err(Crash);
        }
        self.writes += 1;
        assert!(self.locked, "{table} {row} written without a lock");
        assert!(self.written.insert(format!("{table} {row}")), "{table} {row} written twice");
        Ok(())
    }

    fn has_posted(&mut self, id: &TransferId) -> bool {
        self.inner.posted(id).unwrap().is_some()
    }
}

/// Posts to the books, and holds what must be true of any posting: a refusal writes nothing, what is
/// known writes nothing, and the auditor is content.
pub fn post_watched(books: &mut Memory, chain: &Chain) -> Result<Outcome, (usize, Refusal)> {
    let mut watched = Watched::new(books.clone(), usize::MAX);
    let result = post(&mut watched, chain);
    if !matches!(result, Ok(Outcome::Done(_))) {
        assert_eq!(watched.writes, 0, "{chain:?} gives {result:?} and writes");
        assert_eq!(watched.inner, *books);
    }
    *books = watched.inner;
    assert_eq!(audit(books), [], "after {chain:?}");
    result.map_err(|error| match error {
        PostError::Refused { position, refusal } => (position, refusal),
        PostError::Books(Crash) => unreachable!("the fuse is endless"),
    })
}

fn never<T>(result: Result<T, std::convert::Infallible>) -> T {
    result.unwrap()
}

impl Books for Watched {
    type Error = Crash;

    fn chain(&mut self, id: &ChainId) -> Result<Vec<Posted>, Crash> {
        assert!(self.locked, "whether a chain is known is asked under the lock");
        Ok(never(self.inner.chain(id)))
    }

    fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Account>>, Crash> {
        assert!(!self.locked, "locked twice");
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?} not sorted or not distinct");
        self.locked = true;
        Ok(never(self.inner.accounts(ids)))
    }

    fn posted(&mut self, id: &TransferId) -> Result<Option<Posted>, Crash> {
        if self.late && !self.locked {
            return Ok(None);
        }
        Ok(never(self.inner.posted(id)))
    }

    fn reversed(&mut self, of: &TransferId) -> Result<i64, Crash> {
        assert!(self.locked);
        Ok(never(self.inner.reversed(of)))
    }

    fn hold(&mut self, id: &TransferId) -> Result<Option<Hold>, Crash> {
        if self.late && !self.locked {
            return Ok(None);
        }
        Ok(never(self.inner.hold(id)))
    }

    fn lot(&mut self, id: &LotId) -> Result<Option<Lot>, Crash> {
        if self.late && !self.locked {
            return Ok(None);
        }
        Ok(never(self.inner.lot(id)))
    }

    fn spendable_lots(&mut self, account: &AccountId, at: Instant) -> Result<Vec<Lot>, Crash> {
        assert!(self.locked);
        Ok(never(self.inner.spendable_lots(account, at)))
    }

    fn lots_of(&mut self, source: &TransferId) -> Result<Vec<Lot>, Crash> {
        assert!(self.locked);
        let mut lots = never(self.inner.lots_of(source));
        lots.reverse();
        Ok(lots)
    }

    fn uses(&mut self, transfer: &TransferId) -> Result<Vec<Use>, Crash> {
        assert!(self.locked);
        Ok(never(self.inner.uses(transfer)))
    }

    fn put_account(&mut self, account: &Account) -> Result<(), Crash> {
        self.write("account", &account.id.0)?;
        assert!(self.inner.account(&account.id).is_some(), "{account:?} is new");
        never(self.inner.put_account(account));
        Ok(())
    }

    fn put_posted(&mut self, posted: &Posted) -> Result<(), Crash> {
        self.write("transfer", &posted.id.0)?;
        assert!(!self.has_posted(&posted.id));
        assert!(self.inner.account(&posted.debit).is_some());
        assert!(self.inner.account(&posted.credit).is_some());
        never(self.inner.put_posted(posted));
        Ok(())
    }

    fn put_hold(&mut self, hold: &Hold, new: bool) -> Result<(), Crash> {
        self.write("hold", &hold.id.0)?;
        let before = never(self.inner.hold(&hold.id));
        assert_eq!(new, before.is_none(), "{hold:?}");
        assert!(self.has_posted(&hold.id));
        if let Some(before) = before {
            let Hold { state, posted, .. } = hold.clone();
            assert_eq!(Hold { state, posted, ..before }, *hold, "only state and posted change");
        }
        never(self.inner.put_hold(hold, new));
        Ok(())
    }

    fn put_lot(&mut self, lot: &Lot, new: bool) -> Result<(), Crash> {
        self.write("lot", &lot.id.0)?;
        let before = never(self.inner.lot(&lot.id));
        assert_eq!(new, before.is_none(), "{lot:?}");
        assert!(self.has_posted(&lot.source));
        if let Some(before) = before {
            let Lot { remaining, held, .. } = *lot;
            assert_eq!(Lot { remaining, held, ..before }, *lot, "only remaining and held change");
        }
        never(self.inner.put_lot(lot, new));
        Ok(())
    }

    fn put_use(&mut self, used: &Use, new: bool) -> Result<(), Crash> {
        self.write("use", &format!("{} {}", used.transfer, used.position))?;
        let before = never(self.inner.uses(&used.transfer));
        let before = before.into_iter().find(|before| before.position == used.position);
        assert_eq!(new, before.is_none(), "{used:?}");
        assert!(self.has_posted(&used.transfer));
        assert!(never(self.inner.lot(&used.lot)).is_some());
        if let Some(before) = before {
            assert_eq!(Use { restored: used.restored, ..before }, *used, "only restored changes");
        }
        never(self.inner.put_use(used, new));
        Ok(())
    }
}

/// What another till writes after the accounts were looked up is unknown, for its accounts are not
/// locked; where the chain names them itself, it is seen.
#[test]
fn a_record_that_appears_late_is_unknown() {
    let mut books = Memory::default();
    for (id, overdraft_max, lots) in
        [("issued", None, false), ("wallet", Some(0), true), ("breakage", Some(0), false)]
    {
        books.open(Account::new(id.into(), "POINT".into(), overdraft_max, lots).unwrap());
    }
    let cause = || Cause::new("test", "");
    let chain = |id: &str, at: i64, transfer: Transfer| Chain {
        id: id.into(),
        at: Instant(at),
        transfers: vec![transfer],
    };
    let terms = LotTerms { activates_at: Instant(0), expires_at: Some(Instant(5)) };
    let sides = || ("issued".into(), "wallet".into(), "POINT".into());
    let (from, to, unit) = sides();
    let accrual = Transfer::post(from, to, unit, 10, cause()).opening(terms);
    post_watched(&mut books, &chain("a", 0, accrual)).unwrap();
    let (from, to, unit) = sides();
    let hold = Transfer::hold(from, to, unit, 10, Instant(50), cause());
    post_watched(&mut books, &chain("h", 0, hold)).unwrap();

    let (from, to, unit) = sides();
    let named = |transfer| Transfer { debit: from.clone(), credit: to.clone(), ..transfer };
    for (transfer, code) in [
        (Transfer::post_hold("h/0".into(), 10, cause()), "hold_unknown"),
        (Transfer::reverse("a/0".into(), 1, cause()), "transfer_unknown"),
        (Transfer::expire_lot("a/0".into(), "breakage".into(), cause()), "lot_unknown"),
        (Transfer { unit, ..named(Transfer::post_hold("h/0".into(), 10, cause())) }, "done"),
    ] {
        let mut watched = Watched { late: true, ..Watched::new(books.clone(), usize::MAX) };
        let told = match post(&mut watched, &chain("x", 9, transfer.clone())) {
            Ok(_) => "done",
            Err(PostError::Refused { refusal, .. }) => refusal.code(),
            Err(PostError::Books(Crash)) => "crash",
        };
        assert_eq!(told, code, "{transfer:?}");
    }
}
