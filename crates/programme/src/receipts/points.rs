//! How points of receipts move: accruals into wallets, what returns take back, and debts between them.
//!
//! An accrual first repays what the wallet owes and opens one lot with the rest. What is taken back comes
//! out of the lots that the receipt itself opened; what has been spent of them becomes a debt, and what has
//! expired is a debt that breakage bears: it never was anybody's gain.

use std::collections::BTreeSet;

use ledger::{
    AccountId, Action, Books, Cause, Chain, ChainId, LotTerms, Posted, Transfer, TransferId,
};
use retail::{Instant, WalletId};
use sha2::{Digest, Sha256};
use store::Tx;

use crate::Refused;
use crate::cards::{open_points, open_system_accounts, point};

/// Accounts over which accruals are spread, so that tills do not wait for one row.
const SHARDS: u8 = 16;

/// What is to become of the points of some receipts.
pub(super) struct Posting<'a> {
    /// The receipt and version that make the difference: its name.
    pub receipt: &'a str,
    pub version: u32,
    pub at: Instant,
    /// Terms of the lots that accruals open.
    pub terms: LotTerms,
    /// The rules by which it was computed.
    pub rule: &'a str,
    /// `accrual` or `return`.
    pub kind: &'static str,
    /// Receipts whose accruals are taken back first, each with the versions posted so far.
    pub receipts: &'a [(String, u32)],
}

/// What is more, or less, in a wallet.
pub(super) struct Change {
    /// The wallet that has had the points.
    pub wallet: WalletId,
    /// The wallet that its card opens now: where another was poured into it.
    pub now: WalletId,
    pub points: i64,
    /// Whether what cannot be taken from the receipts' own lots may be taken from others.
    pub any_lot: bool,
}

/// What was moved, each at least 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Of what was accrued, what repaid a debt.
    pub repaid: i64,
    /// Taken out of lots.
    pub taken_back: i64,
    /// Made a debt.
    pub debt: i64,
}

/// The account that a wallet's points come from: `issued/POINT/{0 to 15}`.
fn issued(wallet: &WalletId) -> AccountId {
    let shard = Sha256::digest(wallet.0.as_bytes())[0] % SHARDS;
    AccountId(format!("{}/{shard}", AccountId::issued(&point())))
}

/// The accounts among which a wallet's points move: itself, what it owes, what its points come from.
pub(crate) fn accounts_of(wallet: &WalletId) -> [AccountId; 3] {
    [AccountId::wallet(wallet, &point()), AccountId::receivable(wallet, &point()), issued(wallet)]
}

/// Posts the differences as one chain.
pub(super) fn post(
    tx: &mut Tx<'_>,
    posting: &Posting<'_>,
    changes: &[Change],
) -> Result<Moved, Refused> {
    if changes.is_empty() {
        return Ok(Moved::default());
    }
    lock(tx, changes)?;
    let past = Past::of(tx, posting.receipts)?;
    let (mut moved, mut transfers) = (Moved::default(), Vec::new());
    for change in changes {
        if change.points > 0 {
            accrue(tx, posting, change, &mut moved, &mut transfers)?;
        } else {
            take_back(tx, posting, change, &past, &mut moved, &mut transfers)?;
        }
    }
    if !transfers.is_empty() {
        let id = chain(posting.receipt, posting.version);
        ledger::post(tx, &Chain { id, at: posting.at, transfers })?;
    }
    Ok(moved)
}

fn chain(receipt: &str, version: u32) -> ChainId {
    ChainId(format!("receipt/{receipt}/{version}"))
}

/// Opens what is not open yet, and keeps others from the accounts until all is posted: what they hold is
/// read next.
fn lock(tx: &mut Tx<'_>, changes: &[Change]) -> Result<(), Refused> {
    let mut ids = BTreeSet::new();
    for Change { wallet, now, .. } in changes {
        for wallet in [wallet, now] {
            let (account, source) = (AccountId::wallet(wallet, &point()), issued(wallet));
            if tx.account(&account)?.is_none() {
                open_points(tx, wallet)?;
            }
            if tx.account(&source)?.is_none() {
                tx.open_account(&source, &point(), None, false)?;
            }
            ids.extend(accounts_of(wallet));
        }
    }
    Books::accounts(tx, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(())
}

/// What receipts did to the books so far.
struct Past {
    /// Transfers by which they brought points into wallets, the newest first.
    accruals: Vec<Posted>,
    /// What breakage bore of debts, and got back.
    borne: Vec<Posted>,
}

impl Past {
    fn of(tx: &mut Tx<'_>, receipts: &[(String, u32)]) -> Result<Self, Refused> {
        let issued = format!("{}/", AccountId::issued(&point()));
        let breakage = AccountId::breakage(&point());
        let (mut accruals, mut borne) = (Vec::new(), Vec::new());
        for (receipt, versions) in receipts {
            for version in 1..=*versions {
                for posted in Books::chain(tx, &chain(receipt, version))? {
                    if posted.debit == breakage || posted.credit == breakage {
                        borne.push(posted);
                    } else if posted.transfer.action == Action::Post
                        && posted.debit.0.starts_with(&issued)
                        && posted.credit.wallet_of().is_some()
                    {
                        accruals.push(posted);
                    }
                }
            }
        }
        accruals.sort_by_key(|posted| std::cmp::Reverse(posted.at));
        Ok(Self { accruals, borne })
    }

    /// What of the accruals to an account has expired there, and breakage has not yet borne of the debts in
    /// `owing`.
    fn expired(
        &self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        owing: &AccountId,
        at: Instant,
    ) -> Result<i64, Refused> {
        let mut expired = 0;
        for accrual in self.accruals.iter().filter(|accrual| accrual.credit == *account) {
            for lot in tx.lots_of(&accrual.id)? {
                let Some(over) = lot.expires_at.filter(|over| *over <= at) else { continue };
                let moved = tx.transfers_into(account, &AccountId::breakage(&point()), over)?;
                let of_lot = |posted: &&Posted| {
                    posted.transfer.action == Action::ExpireLot { lot: lot.id.clone() }
                };
                expired += moved.iter().filter(of_lot).map(|posted| posted.amount).sum::<i64>();
            }
        }
        for posted in &self.borne {
            if posted.credit == *owing {
                expired -= posted.amount;
            } else if posted.debit == *owing {
                expired += posted.amount;
            }
        }
        Ok(expired)
    }
}

fn cause(posting: &Posting<'_>, kind: &str) -> Cause {
    Cause { rule: posting.rule.to_owned(), ..Cause::new(kind, posting.receipt) }
}

fn accrue(
    tx: &mut Tx<'_>,
    posting: &Posting<'_>,
    change: &Change,
    moved: &mut Moved,
    transfers: &mut Vec<Transfer>,
) -> Result<(), Refused> {
    let (wallet, source) = (&change.now, issued(&change.now));
    let debts = AccountId::receivable(wallet, &point());
    let owed = tx.account(&debts)?.map_or(0, |account| account.balance().saturating_neg());
    let repaid = owed.clamp(0, change.points);
    if repaid > 0 {
        moved.repaid += repaid;
        let cause = cause(posting, "debt");
        transfers.push(Transfer::post(source.clone(), debts, point(), repaid, cause));
    }
    let rest = change.points - repaid;
    if rest > 0 && posting.terms.spendable_after(posting.at) {
        let into = AccountId::wallet(wallet, &point());
        let accrual = Transfer::post(source, into, point(), rest, cause(posting, "accrual"));
        transfers.push(accrual.opening(posting.terms));
    } else if rest > 0 {
        // Points whose time is over before they come are gone at once; what breakage bore it gets back.
        open_system_accounts(tx)?;
        let owing = owing(tx, wallet)?;
        let breakage = AccountId::breakage(&point());
        for (from, to) in [(source, owing.clone()), (owing, breakage)] {
            transfers.push(Transfer::post(from, to, point(), rest, cause(posting, "expiry")));
        }
    }
    Ok(())
}

fn take_back(
    tx: &mut Tx<'_>,
    posting: &Posting<'_>,
    change: &Change,
    past: &Past,
    moved: &mut Moved,
    transfers: &mut Vec<Transfer>,
) -> Result<(), Refused> {
    let account = AccountId::wallet(&change.wallet, &point());
    let mut left = change.points.saturating_neg();
    for accrual in past.accruals.iter().filter(|accrual| accrual.credit == account) {
        let there: i64 = tx.lots_of(&accrual.id)?.iter().map(|lot| lot.free()).sum();
        let whole = accrual.amount - Books::reversed(tx, &accrual.id)?;
        let part = left.min(there).min(whole);
        if part > 0 {
            transfers.push(Transfer::reverse(
                accrual.id.clone(),
                part,
                cause(posting, posting.kind),
            ));
            left -= part;
            moved.taken_back += part;
        }
    }
    let source = issued(&change.now);
    if left > 0 && (change.any_lot || change.now != change.wallet) {
        let from = AccountId::wallet(&change.now, &point());
        let own: BTreeSet<&TransferId> = past.accruals.iter().map(|accrual| &accrual.id).collect();
        let others = tx.spendable_lots(&from, posting.at)?.into_iter();
        let there: i64 =
            others.filter(|lot| !own.contains(&lot.source)).map(|lot| lot.free()).sum();
        let part = left.min(there);
        if part > 0 {
            let cause = cause(posting, posting.kind);
            transfers.push(Transfer::post(from, source.clone(), point(), part, cause));
            left -= part;
            moved.taken_back += part;
        }
    }
    if left > 0 {
        let owing = owing(tx, &change.now)?;
        let debt = Transfer::post(owing.clone(), source, point(), left, cause(posting, "debt"));
        transfers.push(debt);
        let borne = past.expired(tx, &account, &owing, posting.at)?.clamp(0, left);
        if borne > 0 {
            open_system_accounts(tx)?;
            let breakage = AccountId::breakage(&point());
            let cause = cause(posting, "expiry");
            transfers.push(Transfer::post(breakage, owing, point(), borne, cause));
        }
        moved.debt += left - borne;
    }
    Ok(())
}

/// The account of what a wallet owes, opened.
fn owing(tx: &mut Tx<'_>, wallet: &WalletId) -> Result<AccountId, Refused> {
    let id = AccountId::receivable(wallet, &point());
    tx.open_account(&id, &point(), None, false)?;
    Ok(id)
}

/// What a version of a receipt brought into wallets or debts, and what it took out of them, each at least 0.
pub(super) fn moved(tx: &mut Tx<'_>, receipt: &str, version: u32) -> Result<(i64, i64), Refused> {
    let issued = format!("{}/", AccountId::issued(&point()));
    let posted = Books::chain(tx, &chain(receipt, version))?;
    let sum = |of: fn(&Posted) -> &AccountId| {
        posted
            .iter()
            // What is gone at once was never brought.
            .filter(|posted| posted.transfer.cause.kind != "expiry")
            .filter(|posted| of(posted).0.starts_with(&issued))
            .map(|posted| posted.amount)
            .sum()
    };
    Ok((sum(|posted| &posted.debit), sum(|posted| &posted.credit)))
}
