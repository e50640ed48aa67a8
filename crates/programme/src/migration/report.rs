//! What a migration brings, so that it can be held against the old programme's own sums.

use std::collections::BTreeMap;

use serde::Serialize;

/// What became of the cards, balances and levels of an import. Of a dry run: what would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OpeningReport {
    /// Whether anything is new: not where all of it was there already.
    pub changed: bool,
    /// Cards by their state.
    pub cards: BTreeMap<String, CardsBrought>,
    /// Rows that repeat an earlier row of the same card word by word.
    pub cards_repeated: u64,
    /// Wallets that were opened.
    pub wallets_new: u64,
    /// Balances by unit.
    pub balances: BTreeMap<String, UnitBrought>,
    /// Levels by their ids.
    pub levels: BTreeMap<String, LevelsBrought>,
}

/// Cards of one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CardsBrought {
    /// That were not known.
    pub new: u64,
    /// That were there already, with the same content.
    pub known: u64,
}

/// Wallets that have one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LevelsBrought {
    /// That got it.
    pub new: u64,
    /// That had it already.
    pub known: u64,
}

/// Rows and what they add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowsOf {
    /// How many.
    pub rows: u64,
    /// Their sum in the unit's smallest part.
    pub amount: i64,
}

impl RowsOf {
    pub(super) fn add(&mut self, amount: i64) {
        self.rows += 1;
        // A file's row is at most 10^11, far from 2^63 for any file there can be.
        self.amount = self.amount.saturating_add(amount);
    }
}

/// Balances of one unit, in its smallest part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnitBrought {
    /// What the files say, rows that cannot be read left out.
    pub in_file: RowsOf,
    /// What was posted, debts taken off.
    pub posted: RowsOf,
    /// The part of it that is owed; below nothing.
    pub debts: RowsOf,
    /// What had been posted before.
    pub known: RowsOf,
    /// What was left out, by reason: `expired`, `zero`, or the code by which the row was set aside.
    pub left_out: BTreeMap<&'static str, RowsOf>,
    /// What of the files is neither in the books nor left out: must be 0.
    pub difference: i64,
    /// What the account `opening` holds now, all imports together: the opposite of what was brought.
    pub opening_balance: i64,
    /// What in that account no import brought: must be 0, unless somebody corrected something there.
    pub opening_unexplained: i64,
    #[serde(skip)]
    pub(super) opening_before: i64,
    #[serde(skip)]
    pub(super) noted_before: i64,
}

impl OpeningReport {
    /// The books as they are if all that is planned is posted.
    pub(super) fn as_if_posted(&mut self) {
        for brought in self.balances.values_mut() {
            let posted = brought.posted.amount;
            brought.reconcile(brought.opening_before - posted, brought.noted_before + posted);
        }
    }
}

impl UnitBrought {
    /// Holds the files against the books: what the account `opening` holds, and what was noted row by
    /// row.
    pub(super) fn reconcile(&mut self, opening: i64, noted: i64) {
        let left_out: i64 = self.left_out.values().map(|rows| rows.amount).sum();
        let in_books = self.opening_before - opening + self.known.amount;
        self.difference = self.in_file.amount - left_out - in_books;
        self.opening_balance = opening;
        self.opening_unexplained = opening + noted;
    }
}
