//! Claims of a quote as one chain: all of them are held, or none is.

use retail::{Claim, Instant};

use crate::{AccountId, Cause, Chain, ChainId, Transfer, TransferId, Unit};

/// The unit in which uses of coupons and of rules are counted.
pub const USE: &str = "USE";

/// Holds everything that a quote claims, until an instant: points of a wallet, uses of coupons, parts of
/// budgets and limits. The transfer of claim n is `{id}/n`, by which it is posted or voided later. What
/// is used up goes to the unit's own account `used/{unit}`, points to `burned/{unit}`.
#[must_use]
pub fn hold_claims(
    id: ChainId,
    claims: &[Claim],
    points: &Unit,
    at: Instant,
    until: Instant,
) -> Chain {
    let transfers = claims.iter().map(|claim| held(claim, &id, points, until)).collect();
    Chain { id, at, transfers }
}

/// Posts what [`hold_claims`] held, all of it.
#[must_use]
pub fn post_claims(id: ChainId, held: &Chain, at: Instant) -> Chain {
    let cause = |transfer: &Transfer| transfer.cause.clone();
    resolved(id, held, at, |hold, transfer| {
        Transfer::post_hold(hold, transfer.amount, cause(transfer))
    })
}

/// Releases what [`hold_claims`] held, all of it.
#[must_use]
pub fn void_claims(id: ChainId, held: &Chain, at: Instant) -> Chain {
    resolved(id, held, at, |hold, transfer| Transfer::void_hold(hold, transfer.cause.clone()))
}

fn resolved(
    id: ChainId,
    held: &Chain,
    at: Instant,
    resolve: impl Fn(TransferId, &Transfer) -> Transfer,
) -> Chain {
    let transfers = held.transfers.iter().enumerate();
    let transfers =
        transfers.map(|(place, transfer)| resolve(TransferId::of(&held.id, place), transfer));
    Chain { id, at, transfers: transfers.collect() }
}

fn held(claim: &Claim, id: &ChainId, points: &Unit, until: Instant) -> Transfer {
    let uses = || Unit(USE.to_owned());
    let cause = |kind| Cause::new(kind, &id.0);
    let hold =
        |from, to, unit, amount, kind| Transfer::hold(from, to, unit, amount, until, cause(kind));
    match claim {
        Claim::Points { wallet, points: amount } => {
            let from = AccountId::wallet(wallet, points);
            hold(from, AccountId::burned(points), points.clone(), amount.0, "redemption")
        }
        Claim::Coupon { coupon } => {
            hold(AccountId::coupon(coupon), AccountId::used(&uses()), uses(), 1, "coupon")
        }
        Claim::Budget { campaign, unit, amount } => {
            let unit = Unit(unit.clone());
            let from = AccountId::budget(&campaign.0, &unit);
            hold(from, AccountId::used(&unit), unit, *amount, "budget")
        }
        Claim::Limit { rule, customer, window, amount } => {
            let from = AccountId::limit(rule, &customer.0, window);
            hold(from, AccountId::used(&uses()), uses(), *amount, "limit")
        }
    }
}
