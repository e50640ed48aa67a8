//! The auditor has teeth: books in which any one number or row is wrong do not pass.

use ledger::{Account, Hold, HoldState, Lot, Memory, Posted, Use, audit};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::random::{Life, words};

/// All rows of some books.
#[derive(Clone)]
struct Rows {
    accounts: Vec<Account>,
    posted: Vec<Posted>,
    holds: Vec<Hold>,
    lots: Vec<Lot>,
    uses: Vec<Use>,
}

impl Rows {
    fn passes(self) -> bool {
        let Self { accounts, posted, holds, lots, uses } = self;
        audit(&Memory::from_rows(accounts, posted, holds, lots, uses)).is_empty()
    }
}

/// Changes every row of one table in one way, each alone, and expects the auditor to see it.
fn spoil<T: Clone + PartialEq + std::fmt::Debug>(
    rows: &Rows,
    table: fn(&mut Rows) -> &mut Vec<T>,
    what: &str,
    change: fn(&mut T),
) {
    let mut healthy = rows.clone();
    for place in 0..table(&mut healthy).len() {
        let mut spoiled = rows.clone();
        let row = &mut table(&mut spoiled)[place];
        let before = row.clone();
        change(row);
        if *row != before {
            let after = row.clone();
            assert!(!spoiled.passes(), "{what} passes: {before:?} made {after:?}");
        }
    }
}

/// Takes away every row of one table, each alone.
fn lose<T: Clone>(rows: &Rows, table: fn(&mut Rows) -> &mut Vec<T>, what: &str) {
    let mut healthy = rows.clone();
    for place in 0..table(&mut healthy).len() {
        let mut spoiled = rows.clone();
        table(&mut spoiled).remove(place);
        assert!(!spoiled.passes(), "a {what} is lost and nobody sees it");
    }
}

#[test]
fn the_auditor_sees_any_wrong_row() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut life = Life::new();
    for _ in 0..120 {
        life.step(&words(&mut rng));
    }
    let used = |account: &&Account| {
        let journal = life.books.journal();
        journal.iter().any(|posted| [&posted.debit, &posted.credit].contains(&&account.id))
    };
    let rows = Rows {
        accounts: life.books.all_accounts().filter(used).cloned().collect(),
        posted: life.books.journal().to_vec(),
        holds: life.books.all_holds().cloned().collect(),
        lots: life.books.all_lots().cloned().collect(),
        uses: life.books.all_uses().cloned().collect(),
    };
    assert!(rows.clone().passes());
    for count in [rows.accounts.len(), rows.holds.len(), rows.lots.len(), rows.uses.len()] {
        assert!(count >= 5, "too few rows to try");
    }

    spoil(&rows, |r| &mut r.accounts, "a counter", |row| row.debits_pending += 1);
    spoil(&rows, |r| &mut r.accounts, "a counter", |row| row.debits_posted += 1);
    spoil(&rows, |r| &mut r.accounts, "a counter", |row| row.credits_pending += 1);
    spoil(&rows, |r| &mut r.accounts, "a counter", |row| row.credits_posted += 1);
    spoil(&rows, |r| &mut r.accounts, "a unit", |row| row.unit.0.push('x'));
    spoil(&rows, |r| &mut r.accounts, "lots", |row| row.lots ^= row.credits_posted > 0);
    spoil(&rows, |r| &mut r.posted, "an amount", |row| row.amount += 1);
    spoil(&rows, |r| &mut r.posted, "a side", |row| row.debit = "shop".into());
    spoil(&rows, |r| &mut r.posted, "a side", |row| row.credit = "debt".into());
    spoil(&rows, |r| &mut r.posted, "a position", |row| row.position += 1);
    spoil(&rows, |r| &mut r.posted, "a unit", |row| row.unit.0.push('x'));
    spoil(&rows, |r| &mut r.holds, "an amount", |row| row.amount += 1);
    spoil(&rows, |r| &mut r.holds, "what was posted", |row| row.posted += 1);
    spoil(&rows, |r| &mut r.holds, "a state", |row| row.state = HoldState::Pending);
    spoil(&rows, |r| &mut r.holds, "a state", |row| row.state = HoldState::Voided);
    spoil(&rows, |r| &mut r.holds, "a time", |row| row.expires_at.0 += 1);
    spoil(&rows, |r| &mut r.lots, "an amount", |row| row.amount += 1);
    spoil(&rows, |r| &mut r.lots, "what remains", |row| row.remaining -= 1);
    spoil(&rows, |r| &mut r.lots, "what is held", |row| row.held += 1);
    spoil(&rows, |r| &mut r.lots, "an owner", |row| row.account = "debt".into());
    spoil(&rows, |r| &mut r.uses, "an amount", |row| row.amount += 1);
    spoil(&rows, |r| &mut r.uses, "what was restored", |row| row.restored += 1);
    spoil(&rows, |r| &mut r.uses, "a position", |row| row.position += 1);
    lose(&rows, |r| &mut r.accounts, "account");
    lose(&rows, |r| &mut r.posted, "transfer");
    lose(&rows, |r| &mut r.holds, "hold");
    lose(&rows, |r| &mut r.lots, "lot");
    lose(&rows, |r| &mut r.uses, "use");
}
