//! The auditor: computes from the journal what accounts, holds, lots and uses must say, without any of
//! the code that posts, and tells what does not agree.

use std::collections::BTreeMap;

use crate::{
    Account, AccountId, Action, Hold, HoldState, Lot, LotId, Memory, Posted, TransferId, Unit, Use,
};

/// Something in the books that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Debits and credits of a unit differ.
    #[error("debits of {unit} are {debits}, credits {credits}")]
    Unbalanced {
        /// Which unit.
        unit: Unit,
        /// Sum over all accounts, the pending ones if `pending`.
        debits: i128,
        /// The same of credits.
        credits: i128,
        /// Whether it is about pending amounts.
        pending: bool,
    },
    /// A transfer, hold or lot does not fit the accounts or the records that it names.
    #[error("{subject}: {what}")]
    Misplaced {
        /// Name of the row.
        subject: String,
        /// What does not fit.
        what: &'static str,
    },
    /// A number is not what the journal makes it.
    #[error("{subject}: {what} is {found}, by the journal it is {expected}")]
    Miscounted {
        /// Name of the account, hold, lot or transfer.
        subject: String,
        /// Which number.
        what: &'static str,
        /// What the row says.
        found: i128,
        /// What it should be.
        expected: i128,
    },
    /// A number is outside of its bounds.
    #[error("{subject}: {what} is {found}, outside of its bounds")]
    OutOfBounds {
        /// Name of the account, hold, lot or transfer.
        subject: String,
        /// Which number.
        what: &'static str,
        /// What it is.
        found: i128,
    },
}

/// What is broken in some books; empty if all is well. The sequence of the journal does not matter.
#[must_use]
pub fn audit(books: &Memory) -> Vec<Broken> {
    let mut audit = Audit::of(books);
    audit.units(books);
    audit.transfers();
    audit.holds();
    audit.accounts(books);
    audit.lots();
    audit.uses();
    audit.broken
}

/// Debits pending, debits posted, credits pending, credits posted.
type Counters = [i128; 4];

/// The books by name, and what was found.
struct Audit<'a> {
    accounts: BTreeMap<&'a AccountId, &'a Account>,
    posted: BTreeMap<&'a TransferId, &'a Posted>,
    holds: BTreeMap<&'a TransferId, &'a Hold>,
    lots: BTreeMap<&'a LotId, &'a Lot>,
    uses: BTreeMap<&'a TransferId, Vec<&'a Use>>,
    broken: Vec<Broken>,
}

impl<'a> Audit<'a> {
    fn of(books: &'a Memory) -> Self {
        let mut uses: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for used in books.all_uses() {
            uses.entry(&used.transfer).or_default().push(used);
        }
        Self {
            accounts: books.all_accounts().map(|row| (&row.id, row)).collect(),
            posted: books.journal().iter().map(|row| (&row.id, row)).collect(),
            holds: books.all_holds().map(|row| (&row.id, row)).collect(),
            lots: books.all_lots().map(|row| (&row.id, row)).collect(),
            uses,
            broken: Vec::new(),
        }
    }

    fn misplaced(&mut self, subject: &impl ToString, what: &'static str, wrong: bool) {
        if wrong {
            self.broken.push(Broken::Misplaced { subject: subject.to_string(), what });
        }
    }

    fn equal(&mut self, subject: &impl ToString, what: &'static str, found: i128, expected: i128) {
        if found != expected {
            let subject = subject.to_string();
            self.broken.push(Broken::Miscounted { subject, what, found, expected });
        }
    }

    fn within(&mut self, subject: &impl ToString, what: &'static str, found: i128, max: i128) {
        if found < 0 || found > max {
            let subject = subject.to_string();
            self.broken.push(Broken::OutOfBounds { subject, what, found });
        }
    }

    fn keeps_lots(&self, id: &AccountId) -> bool {
        self.accounts.get(id).is_some_and(|account| account.lots)
    }

    fn used(&self, transfer: &TransferId) -> &[&'a Use] {
        self.uses.get(transfer).map_or(&[], Vec::as_slice)
    }

    /// Debits and credits of each unit are equal.
    fn units(&mut self, books: &'a Memory) {
        let mut sums: BTreeMap<&Unit, Counters> = BTreeMap::new();
        for account in books.all_accounts() {
            let sum = sums.entry(&account.unit).or_default();
            for (total, part) in sum.iter_mut().zip(counters(account)) {
                *total += part;
            }
        }
        for (unit, sum) in sums {
            for (debits, credits, pending) in [(sum[0], sum[2], true), (sum[1], sum[3], false)] {
                if debits != credits {
                    let unit = unit.clone();
                    self.broken.push(Broken::Unbalanced { unit, debits, credits, pending });
                }
            }
        }
    }

    /// Each transfer stands between two accounts of its unit, and agrees with what it names.
    fn transfers(&mut self) {
        let mut reversed: BTreeMap<&TransferId, i128> = BTreeMap::new();
        for posted in self.posted.clone().into_values() {
            let id = &posted.id;
            let place = TransferId::of(&posted.chain, posted.position as usize);
            self.misplaced(id, "not named after its chain and position", *id != place);
            for side in [&posted.debit, &posted.credit] {
                let unit = self.accounts.get(side).map(|account| &account.unit);
                self.misplaced(id, "no account of its unit", unit != Some(&posted.unit));
            }
            self.misplaced(id, "both sides are one account", posted.debit == posted.credit);
            self.within(id, "amount", i128::from(posted.amount) - 1, i128::from(i64::MAX));
            match &posted.transfer.action {
                Action::Post => {}
                Action::Hold { .. } => {
                    self.misplaced(id, "there is no hold", !self.holds.contains_key(id));
                }
                Action::PostHold { hold }
                | Action::VoidHold { hold }
                | Action::ExpireHold { hold } => {
                    let hold = self.holds.get(hold);
                    let same = hold.is_some_and(|hold| {
                        let whole = moves(&posted.transfer.action) || hold.amount == posted.amount;
                        whole && hold.debit == posted.debit && hold.credit == posted.credit
                    });
                    self.misplaced(id, "another hold than it names", !same);
                }
                Action::Reverse { of } => {
                    let original = self.posted.get(of);
                    let mirror = original.is_some_and(|original| {
                        original.debit == posted.credit && original.credit == posted.debit
                    });
                    self.misplaced(id, "no mirror of what it reverses", !mirror);
                    *reversed.entry(of).or_default() += i128::from(posted.amount);
                }
                Action::ExpireLot { lot } => {
                    let lot = self.lots.get(lot);
                    let owner = lot.is_some_and(|lot| lot.account == posted.debit);
                    self.misplaced(id, "another account than its lot's", !owner);
                }
            }
        }
        self.reversals(&reversed);
    }

    /// Nothing is reversed more than once, and lots got back just what was reversed.
    fn reversals(&mut self, reversed: &BTreeMap<&TransferId, i128>) {
        for (of, sum) in reversed {
            let Some(original) = self.posted.get(of).copied() else { continue };
            let moved = match original.transfer.action {
                Action::Post | Action::PostHold { .. } => i128::from(original.amount),
                _ => 0,
            };
            self.within(of, "reversed", *sum, moved);
        }
        for posted in self.posted.clone().into_values() {
            let restored = self.used(&posted.id).iter().map(|used| i128::from(used.restored)).sum();
            let expected = match self.keeps_lots(&posted.debit) {
                true => reversed.get(&posted.id).copied().unwrap_or(0),
                false => 0,
            };
            self.equal(&posted.id, "restored to lots", restored, expected);
        }
    }

    /// Each hold was made by a transfer, and decided at most once.
    fn holds(&mut self) {
        let mut decisions: BTreeMap<&TransferId, Vec<(HoldState, i64)>> = BTreeMap::new();
        for posted in self.posted.values() {
            let (hold, decision) = match &posted.transfer.action {
                Action::PostHold { hold } => (hold, (HoldState::Posted, posted.amount)),
                Action::VoidHold { hold } => (hold, (HoldState::Voided, 0)),
                Action::ExpireHold { hold } => (hold, (HoldState::Expired, 0)),
                _ => continue,
            };
            decisions.entry(hold).or_default().push(decision);
        }
        for hold in self.holds.clone().into_values() {
            let made = self.posted.get(&hold.id).is_some_and(|posted| {
                posted.transfer.action == Action::Hold { expires_at: hold.expires_at }
                    && (&posted.debit, &posted.credit) == (&hold.debit, &hold.credit)
                    && (&posted.unit, posted.amount) == (&hold.unit, hold.amount)
                    && posted.transfer.opens == hold.opens
            });
            self.misplaced(&hold.id, "not as the transfer that made the hold", !made);
            self.within(&hold.id, "posted", i128::from(hold.posted), i128::from(hold.amount));
            let decided = decisions.get(&hold.id).map_or(&[][..], Vec::as_slice);
            let expected = match decided {
                [] => Some((HoldState::Pending, 0)),
                [once] => Some(*once),
                _ => None,
            };
            let agrees = expected == Some((hold.state, hold.posted));
            self.misplaced(&hold.id, "its state is not what the journal decided", !agrees);
        }
    }

    /// Counters are those of the journal, and no account is below its bound.
    fn accounts(&mut self, books: &'a Memory) {
        let mut expected: BTreeMap<&AccountId, Counters> = BTreeMap::new();
        for posted in self.posted.values() {
            if moves(&posted.transfer.action) {
                expected.entry(&posted.debit).or_default()[1] += i128::from(posted.amount);
                expected.entry(&posted.credit).or_default()[3] += i128::from(posted.amount);
            }
        }
        for hold in self.holds.values().filter(|hold| hold.state == HoldState::Pending) {
            expected.entry(&hold.debit).or_default()[0] += i128::from(hold.amount);
            expected.entry(&hold.credit).or_default()[2] += i128::from(hold.amount);
        }
        for account in books.all_accounts() {
            let names = ["debits_pending", "debits_posted", "credits_pending", "credits_posted"];
            let found = counters(account);
            let right = expected.get(&account.id).copied().unwrap_or_default();
            for ((what, found), right) in names.into_iter().zip(found).zip(right) {
                self.equal(&account.id, what, found, right);
                self.within(&account.id, what, found, i128::from(i64::MAX));
            }
            let available = found[3] - found[1] - found[0];
            if let Some(overdraft_max) = account.overdraft_max {
                let above = available + i128::from(overdraft_max);
                self.within(&account.id, "available above the bound", above, i128::MAX);
            }
            let (closed, pending) = (account.closed, found[0] != 0 || found[2] != 0);
            self.misplaced(&account.id, "closed with undecided holds", closed && pending);
            let wrong = account.lots && account.overdraft_max != Some(0);
            self.misplaced(&account.id, "lots with an overdraft", wrong);
        }
    }

    /// Lots add up to their accounts and to what opened them, and hold what is reserved.
    fn lots(&mut self) {
        let mut of_account: BTreeMap<&AccountId, [i128; 2]> = BTreeMap::new();
        let mut of_source: BTreeMap<&TransferId, i128> = BTreeMap::new();
        for lot in self.lots.clone().into_values() {
            self.misplaced(&lot.id, "its account keeps no lots", !self.keeps_lots(&lot.account));
            let source = self.posted.get(&lot.source);
            let opened = source.is_some_and(|source| source.credit == lot.account);
            self.misplaced(&lot.id, "another account than its source credits", !opened);
            self.within(&lot.id, "remaining", i128::from(lot.remaining), i128::from(lot.amount));
            self.within(&lot.id, "held", i128::from(lot.held), i128::from(lot.remaining));
            let sums = of_account.entry(&lot.account).or_default();
            sums[0] += i128::from(lot.remaining);
            sums[1] += i128::from(lot.held);
            *of_source.entry(&lot.source).or_default() += i128::from(lot.amount);
        }
        for account in self.accounts.clone().into_values().filter(|account| account.lots) {
            let [remaining, held] = of_account.get(&account.id).copied().unwrap_or_default();
            let [debits_pending, debits_posted, _, credits_posted] = counters(account);
            self.equal(&account.id, "sum of lots", remaining, credits_posted - debits_posted);
            self.equal(&account.id, "held of lots", held, debits_pending);
        }
        for posted in self.posted.clone().into_values() {
            let action = &posted.transfer.action;
            let opens = moves(action)
                && !matches!(action, Action::Reverse { .. })
                && self.keeps_lots(&posted.credit);
            let expected = if opens { i128::from(posted.amount) } else { 0 };
            let found = of_source.get(&posted.id).copied().unwrap_or(0);
            self.equal(&posted.id, "lots opened", found, expected);
        }
    }

    /// Uses add up to what left accounts with lots, and lots lost just that.
    fn uses(&mut self) {
        let mut consumed: BTreeMap<&LotId, i128> = BTreeMap::new();
        let mut reserved: BTreeMap<&LotId, i128> = BTreeMap::new();
        for (transfer, uses) in self.uses.clone() {
            let posted = self.posted.get(transfer).copied();
            self.misplaced(transfer, "uses without a transfer", posted.is_none());
            let pending =
                self.holds.get(transfer).is_some_and(|hold| hold.state == HoldState::Pending);
            for (position, used) in uses.into_iter().enumerate() {
                let lot = self.lots.get(&used.lot);
                let owner = lot.map(|lot| &lot.account) == posted.map(|posted| &posted.debit);
                self.misplaced(transfer, "uses the lot of another account", !owner);
                self.misplaced(transfer, "uses with gaps", used.position as usize != position);
                self.within(transfer, "use", i128::from(used.amount) - 1, i128::from(i64::MAX));
                self.within(
                    transfer,
                    "restored",
                    i128::from(used.restored),
                    i128::from(used.amount),
                );
                if posted.is_some_and(|posted| moves(&posted.transfer.action)) {
                    *consumed.entry(&used.lot).or_default() +=
                        i128::from(used.amount) - i128::from(used.restored);
                } else if pending {
                    *reserved.entry(&used.lot).or_default() += i128::from(used.amount);
                }
            }
        }
        for posted in self.posted.clone().into_values() {
            let action = &posted.transfer.action;
            let takes = moves(action) || matches!(action, Action::Hold { .. });
            let takes = takes && self.keeps_lots(&posted.debit);
            let expected = if takes { i128::from(posted.amount) } else { 0 };
            let found = self.used(&posted.id).iter().map(|used| i128::from(used.amount)).sum();
            self.equal(&posted.id, "uses of lots", found, expected);
        }
        for lot in self.lots.clone().into_values() {
            let consumed = consumed.get(&lot.id).copied().unwrap_or(0);
            let remaining = i128::from(lot.amount) - consumed;
            self.equal(&lot.id, "remaining", i128::from(lot.remaining), remaining);
            let held = reserved.get(&lot.id).copied().unwrap_or(0);
            self.equal(&lot.id, "held", i128::from(lot.held), held);
        }
    }
}

/// Whether an action moves its amount; holds and what gives them up only keep and release.
fn moves(action: &Action) -> bool {
    match action {
        Action::Post
        | Action::PostHold { .. }
        | Action::Reverse { .. }
        | Action::ExpireLot { .. } => true,
        Action::Hold { .. } | Action::VoidHold { .. } | Action::ExpireHold { .. } => false,
    }
}

fn counters(account: &Account) -> Counters {
    [account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted]
        .map(i128::from)
}
