//! What goes back to the ledger with a return: points to the lots they came from, coupons, budgets, limits.
//!
//! Points whose lot has expired meanwhile expire at once, as their lot did. Where the retailer lets them live on
//! they come again out of breakage, for some days.

use std::collections::BTreeSet;

use ledger::{
    AccountId, Books, CHAIN_TRANSFERS_MAX, Cause, Chain, ChainId, LotId, LotTerms, Transfer,
    restoration,
};
use retail::{Claim, Instant, WalletId};
use store::Tx;

use super::due::Due;
use super::sold::Sold;
use crate::cards::{open_points, open_system_accounts, point};
use crate::quotes::touched;
use crate::receipts::{accounts_of, present_wallet};
use crate::{Act, Refused};

/// Points that had paid, on their way back.
#[derive(Default)]
pub(super) struct PointsBack {
    /// The wallet that had paid, and the one that its card opens now.
    wallets: Option<(WalletId, WalletId)>,
    /// Those whose lots live.
    alive: i64,
    /// Those whose lots have expired, and these lots.
    expired: i64,
    expired_lots: Vec<LotId>,
    /// Until when these live on, if they do.
    until: Option<Instant>,
}

impl PointsBack {
    /// Looks where the points of a refund come back to; `until` is when those of expired lots end, if they live
    /// on at all.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        sold: &Sold,
        due: &Due,
        at: Instant,
        until: Option<Instant>,
    ) -> Result<Self, Refused> {
        let mut points = Self { until, ..Self::default() };
        for back in &due.refund.claims {
            let claimed = sold.quote.claims.get(back.claim).map(|claimed| &claimed.claim);
            let (Some(Claim::Points { wallet, .. }), Some(transfer)) =
                (claimed, sold.transfer_of(back.claim))
            else {
                continue;
            };
            let now = present_wallet(tx, sold.row.card.as_deref(), &wallet.0)?;
            points.wallets = Some((wallet.clone(), now));
            let uses = Books::uses(tx, &transfer)?;
            for (used, part) in restoration(&uses, back.amount) {
                let lot = Books::lot(tx, &used.lot)?;
                if lot.is_some_and(|lot| lot.expires_at.is_some_and(|over| over <= at)) {
                    points.expired += part;
                    points.expired_lots.push(used.lot.clone());
                } else {
                    points.alive += part;
                }
            }
        }
        Ok(points)
    }

    /// Points that the customer has again.
    pub(super) fn back(&self) -> i64 {
        self.alive + self.revived()
    }

    /// Of them, those that live on although their lot has expired.
    pub(super) fn revived(&self) -> i64 {
        if self.until.is_some() { self.expired } else { 0 }
    }

    /// Until when those do.
    pub(super) fn revived_until(&self) -> Option<Instant> {
        self.until.filter(|_| self.expired > 0)
    }

    /// Those that are lost.
    pub(super) fn lapsed(&self) -> i64 {
        self.expired - self.revived()
    }

    /// What is posted once the lots have their points again.
    fn transfers(
        &self,
        tx: &mut Tx<'_>,
        at: Instant,
        receipt: &str,
    ) -> Result<Vec<Transfer>, Refused> {
        let Some((wallet, now)) = &self.wallets else { return Ok(Vec::new()) };
        let breakage = AccountId::breakage(&point());
        let cause = |kind: &str| Cause::new(kind, receipt);
        if self.expired > 0 {
            open_system_accounts(tx)?;
        }
        if now != wallet {
            open_points(tx, now)?;
        }
        let expire =
            |lot: &LotId| Transfer::expire_lot(lot.clone(), breakage.clone(), cause("expiry"));
        let mut transfers: Vec<Transfer> = self.expired_lots.iter().map(expire).collect();
        let into = AccountId::wallet(now, &point());
        if self.alive > 0 && now != wallet {
            let from = AccountId::wallet(wallet, &point());
            transfers.push(Transfer::post(from, into.clone(), point(), self.alive, cause("join")));
        }
        if self.expired > 0
            && let Some(until) = self.until
        {
            let terms = LotTerms { activates_at: at, expires_at: Some(until) };
            let revived = Transfer::post(breakage, into, point(), self.expired, cause("return"));
            transfers.push(revived.opening(terms));
        }
        Ok(transfers)
    }
}

/// Keeps others from all accounts of a return at once: its chains lock their own in their sequence, which all
/// together would not.
pub(super) fn lock(tx: &mut Tx<'_>, sold: &Sold) -> Result<(), Refused> {
    let mut ids: BTreeSet<AccountId> = touched(&sold.quote.claims).into_iter().collect();
    ids.insert(AccountId::breakage(&point()));
    if let Some(wallet) = &sold.row.wallet {
        let now = present_wallet(tx, sold.row.card.as_deref(), wallet)?;
        for wallet in [WalletId(wallet.clone()), now] {
            ids.extend(accounts_of(&wallet));
        }
    }
    Books::accounts(tx, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(())
}

/// Posts what comes back.
pub(super) fn give_back(
    tx: &mut Tx<'_>,
    act: &Act,
    sold: &Sold,
    due: &Due,
    points: &PointsBack,
    receipt: &str,
) -> Result<(), Refused> {
    let reverse = |back: &::pricing::ClaimBack| {
        let transfer = sold.transfer_of(back.claim)?;
        Some(Transfer::reverse(transfer, back.amount, Cause::new("return", receipt)))
    };
    let mut transfers: Vec<Transfer> = due.refund.claims.iter().filter_map(reverse).collect();
    transfers.extend(points.transfers(tx, act.at, receipt)?);
    for (number, some) in transfers.chunks(CHAIN_TRANSFERS_MAX).enumerate() {
        let id = ChainId(format!("refund/{receipt}/{number}"));
        ledger::post(tx, &Chain { id, at: act.at, transfers: some.to_vec() })?;
    }
    for wallet in points.wallets.iter().flat_map(|(wallet, now)| [wallet, now]) {
        tx.changed("wallet", &wallet.0, act.at)?;
    }
    Ok(())
}
