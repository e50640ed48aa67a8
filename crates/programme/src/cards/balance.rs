//! What a card's wallet holds, and what moved in it.

use ledger::{Account, AccountId, Cause, Chain, ChainId, Lot, Transfer, Unit};
use retail::{Instant, WalletId};
use serde::{Deserialize, Serialize};
use store::Tx;

use super::identified;
use crate::{Act, Programme, Refused};

/// The unit of points.
const POINT: &str = "POINT";

/// What a wallet holds of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceView {
    /// `POINT`.
    pub unit: String,
    /// All that is in it, in the unit's smallest part.
    pub balance: i64,
    /// What may be spent now.
    pub spendable: i64,
    /// Kept for purchases under way.
    pub held: i64,
    /// Earned and not spendable yet.
    pub not_yet_active: i64,
    /// Owed because points of returned goods had been spent.
    pub debt: i64,
    /// Its lots, the next to expire first.
    pub lots: Vec<LotView>,
}

/// Points of one accrual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct LotView {
    pub remaining: i64,
    pub held: i64,
    pub activates_at: Instant,
    pub expires_at: Option<Instant>,
}

/// One movement in a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// The transfer.
    pub id: String,
    /// When.
    pub at: Instant,
    /// What moved.
    pub unit: String,
    /// How much; below nothing where it left the wallet.
    pub amount: i64,
    /// `accrual`, `redemption`, `return`, `expiry` …
    pub kind: String,
    /// The receipt or whatever it belongs to.
    pub reference: String,
}

impl Programme {
    /// What a card's wallet holds; nothing of a card that has none yet.
    ///
    /// # Errors
    /// As [`Programme::card`].
    pub fn card_balance(&self, act: &Act, number: &str) -> Result<BalanceView, Refused> {
        self.store()?.read(|tx| {
            let card = identified(tx, act, number)?;
            match &card.wallet {
                Some(wallet) => balance(tx, wallet, act.at),
                None => Ok(BalanceView::of(None, Vec::new(), 0, act.at)),
            }
        })
    }

    /// What moved in a card's wallet before a moment and, at that moment, before a transfer; the newest
    /// first, at most so much.
    ///
    /// # Errors
    /// As [`Programme::card`].
    pub fn card_statement(
        &self,
        act: &Act,
        number: &str,
        before: Option<(Instant, &str)>,
        most: u32,
    ) -> Result<Vec<StatementLine>, Refused> {
        self.store()?.read(|tx| {
            let card = identified(tx, act, number)?;
            let Some(wallet) = &card.wallet else { return Ok(Vec::new()) };
            let account = AccountId::wallet(wallet, &point());
            let before = before.unwrap_or((Instant(i64::MAX), ""));
            let posted = tx.transfers_of_account(&account, before, most)?;
            Ok(posted.into_iter().map(|posted| StatementLine::of(posted, &account)).collect())
        })
    }

    /// Ends lots whose time has run out and releases holds that nobody resolved; says how many of each.
    /// A job of every few minutes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_points(&self, at: Instant) -> Result<(u64, u64), Refused> {
        let (mut lots, mut holds) = (0, 0);
        let mut after = (String::new(), String::new());
        loop {
            let due =
                self.store()?.read(|tx| tx.lots_due(at, (&after.0, &after.1), EXPIRED_AT_ONCE))?;
            let Some(last) = due.last() else { break };
            after = (last.account.0.clone(), last.id.0.clone());
            let chains = due.iter().map(|lot| (lot.account.clone(), expiry_of_lot(lot, at)));
            lots += self.post_each(chains.collect())?;
        }
        loop {
            let due = self.store()?.read(|tx| tx.holds_due(at, EXPIRED_AT_ONCE))?;
            let chains = due.into_iter().map(|hold| (hold.debit.clone(), expiry_of_hold(hold, at)));
            // What was resolved meanwhile is not due again; where nothing moves, there is no more to do.
            let posted = self.post_each(chains.collect())?;
            holds += posted;
            if posted == 0 {
                return Ok((lots, holds));
            }
        }
    }

    /// Posts chains, each in a write of its own: one that was overtaken takes no other along. Says how
    /// many were posted.
    fn post_each(&self, chains: Vec<(AccountId, Chain)>) -> Result<u64, Refused> {
        let mut count = 0;
        for (account, chain) in chains {
            let posted = self.store()?.write(move |tx| {
                open_system_accounts(tx)?;
                ledger::post(tx, &chain)?;
                if let Some(wallet) = account.wallet_of() {
                    tx.changed("wallet", &wallet.0, chain.at)?;
                }
                Ok::<_, Refused>(())
            });
            match posted {
                Ok(()) => count += 1,
                // Somebody spent or resolved it since it was read.
                Err(Refused::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}

const EXPIRED_AT_ONCE: u32 = 100;

fn expiry_of_lot(lot: &Lot, at: Instant) -> Chain {
    let expire = Transfer::expire_lot(
        lot.id.clone(),
        AccountId::breakage(&point()),
        Cause::new("expiry", ""),
    );
    // A lot may be restored after it has expired, and expires again: what is left tells them apart.
    let id = ChainId(format!("expire/{}/{}/{}", lot.id, at.0, lot.remaining));
    Chain { id, at, transfers: vec![expire] }
}

fn expiry_of_hold(hold: ledger::Hold, at: Instant) -> Chain {
    let id = ChainId(format!("expire-hold/{}", hold.id));
    Chain { id, at, transfers: vec![Transfer::expire_hold(hold.id, Cause::new("expiry", ""))] }
}

pub(crate) fn point() -> Unit {
    Unit(POINT.to_owned())
}

/// Opens the accounts that a new wallet needs.
pub(crate) fn open_points(tx: &mut Tx<'_>, wallet: &WalletId) -> Result<(), Refused> {
    open_points_of(tx, std::iter::once(wallet))
}

/// The same for many wallets.
pub(crate) fn open_points_of<'w>(
    tx: &mut Tx<'_>,
    wallets: impl Iterator<Item = &'w WalletId>,
) -> Result<(), Refused> {
    let accounts: Vec<AccountId> =
        wallets.map(|wallet| AccountId::wallet(wallet, &point())).collect();
    Ok(tx.open_accounts(&accounts, &point(), Some(0), true)?)
}

/// Opens the programme's own accounts, where they are not yet.
pub(crate) fn open_system_accounts(tx: &mut Tx<'_>) -> Result<(), Refused> {
    for id in [AccountId::burned(&point()), AccountId::breakage(&point())] {
        tx.open_account(&id, &point(), None, false)?;
    }
    Ok(())
}

/// What a wallet holds of points.
pub(crate) fn balance(
    tx: &mut Tx<'_>,
    wallet: &WalletId,
    at: Instant,
) -> Result<BalanceView, Refused> {
    let id = AccountId::wallet(wallet, &point());
    let account = tx.account(&id)?;
    let lots = tx.lots_of_account(&id)?;
    let debt = tx.account(&AccountId::receivable(wallet, &point()))?;
    Ok(BalanceView::of(account, lots, debt.map_or(0, |debt| -debt.balance()), at))
}

impl BalanceView {
    fn of(account: Option<Account>, lots: Vec<Lot>, debt: i64, at: Instant) -> Self {
        let live = |lot: &&Lot| lot.expires_at.is_none_or(|expiry| expiry > at);
        let free = |lot: &Lot| lot.remaining - lot.held;
        let active = |lot: &&Lot| lot.activates_at <= at;
        Self {
            unit: POINT.to_owned(),
            balance: account.as_ref().map_or(0, Account::balance),
            spendable: lots.iter().filter(live).filter(active).map(free).sum(),
            held: account.as_ref().map_or(0, |account| account.debits_pending),
            not_yet_active: lots.iter().filter(live).filter(|lot| !active(lot)).map(free).sum(),
            debt,
            lots: lots.iter().map(LotView::of).collect(),
        }
    }
}

impl LotView {
    fn of(lot: &Lot) -> Self {
        let Lot { remaining, held, activates_at, expires_at, .. } = *lot;
        Self { remaining, held, activates_at, expires_at }
    }
}

impl StatementLine {
    fn of(posted: ledger::Posted, account: &AccountId) -> Self {
        let sign = if posted.credit == *account { 1 } else { -1 };
        let Cause { kind, reference, .. } = posted.transfer.cause;
        Self {
            id: posted.id.0,
            at: posted.at,
            unit: posted.unit.0,
            amount: sign * posted.amount,
            kind,
            reference,
        }
    }
}
