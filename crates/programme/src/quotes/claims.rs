//! Accounts of what quotes claim: what each has left, how they are opened, and the transfers that decide a
//! claim.
//!
//! Limits and budgets need no credit: the account of each may go below zero by as much as there is of it, so
//! that what it stands at is what was given, and a rule that becomes more generous only moves the bound.
//! Accounts of coupons are those of `coupons/uses.rs`.

use std::collections::BTreeMap;

use ::pricing::{BudgetCounts, Claimed, Compiled, Facts, Withheld};
use ledger::{AccountId, Books, Cause, Chain, ChainId, HoldState, Transfer, TransferId, USE, Unit};
use retail::{Claim, CustomerId, Instant, Points};
use store::Tx;

use crate::cards::point;
use crate::coupons::open_coupon_accounts;
use crate::{Refused, sha256_hex};

/// What the accounts of some claims say.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Claims that ask for more than there is, by their place, each with what is left.
    pub lacking: Vec<(usize, i64)>,
    /// Accounts that are not there yet, and how far each may go.
    pub opening: Vec<(AccountId, Unit, i64)>,
    /// Accounts of which there is more, or less, than there was.
    pub bounding: Vec<(AccountId, i64)>,
    /// Whether accounts of coupons are not there yet.
    pub coupons: bool,
}

/// The chain that holds what a quote claims.
pub(super) fn chain_of(quote: &str) -> ChainId {
    ChainId(format!("quote/{quote}"))
}

/// The chain that takes what was bought of it: one transfer for each claim, in their sequence.
pub(crate) fn confirming_chain(quote: &str) -> ChainId {
    ChainId(format!("quote/{quote}/confirm"))
}

/// Claims as the ledger holds them: no account is named after a customer, whom an erasure could not take
/// out of it.
pub(super) fn of(claims: &[Claimed]) -> Vec<Claim> {
    let claim = |claimed: &Claimed| match &claimed.claim {
        // How often a customer may use a coupon is claimed without his name already.
        Claim::Limit { rule, customer, window, amount } if claimed.coupon.is_none() => {
            Claim::Limit {
                rule: rule.clone(),
                customer: nameless(customer),
                window: window.clone(),
                amount: *amount,
            }
        }
        claim => claim.clone(),
    };
    claims.iter().map(claim).collect()
}

/// What stands for a customer in the name of an account.
pub(crate) fn nameless(customer: &CustomerId) -> CustomerId {
    CustomerId(sha256_hex(customer.0.as_bytes())[..32].to_owned())
}

impl Standing {
    /// Looks at the accounts of claims; at wallets only if that is asked for.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        compiled: &Compiled,
        claims: &[Claimed],
        with_points: Option<Instant>,
    ) -> Result<Self, Refused> {
        let mut standing = Self::default();
        let mut left: BTreeMap<AccountId, i64> = BTreeMap::new();
        for (place, (claimed, claim)) in claims.iter().zip(of(claims)).enumerate() {
            let (account, unit, amount) = account_of(&claim);
            if matches!(claim, Claim::Points { .. }) {
                let Some(at) = with_points else { continue };
                let lots = tx.spendable_lots(&account, at)?;
                left.insert(account.clone(), lots.iter().map(ledger::Lot::free).sum());
            } else if !left.contains_key(&account) {
                let there = standing.look(tx, compiled, claimed, &account, unit)?;
                left.insert(account.clone(), there);
            }
            let there = left.entry(account).or_insert(0);
            match amount <= *there {
                true => *there -= amount,
                false => standing.lacking.push((place, (*there).max(0))),
            }
        }
        Ok(standing)
    }

    /// What an account has left.
    fn look(
        &mut self,
        tx: &mut Tx<'_>,
        compiled: &Compiled,
        claimed: &Claimed,
        id: &AccountId,
        unit: Unit,
    ) -> Result<i64, Refused> {
        let account = tx.account(id)?;
        if claimed.coupon.is_some() {
            // The account of a coupon holds its uses; one that was never opened is full, and a coupon that
            // is good has one at least.
            self.coupons |= account.is_none();
            return Ok(account.map_or(1, |account| account.available()));
        }
        let most = capacity(compiled, claimed);
        let Some(account) = account else {
            self.opening.push((id.clone(), unit, most));
            return Ok(most);
        };
        if account.overdraft_max != Some(most) {
            self.bounding.push((id.clone(), most));
        }
        Ok(most.saturating_add(account.available()))
    }

    /// Opens and bounds what this asks for, in a sequence that is the same for all.
    pub(super) fn open(
        &self,
        tx: &mut Tx<'_>,
        claims: &[Claimed],
        at: Instant,
    ) -> Result<(), Refused> {
        if self.coupons {
            open_coupon_accounts(tx, &of(claims), at)?;
        }
        let mut opening: Vec<_> = self.opening.iter().collect();
        opening.sort();
        for (id, unit, most) in opening {
            tx.open_account(id, unit, Some(*most), false)?;
        }
        let mut bounding: Vec<_> = self.bounding.iter().collect();
        bounding.sort();
        for (id, most) in bounding {
            tx.bound_account(id, *most)?;
        }
        Ok(())
    }
}

/// Takes claims out of their accounts at once and for good, all or none; gives those that ask for more than there
/// is, by their place, each with what is left.
pub(crate) fn take_at_once(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    claimed: &[Claimed],
    chain: ChainId,
    at: Instant,
) -> Result<Vec<(usize, i64)>, Refused> {
    let standing = Standing::of(tx, compiled, claimed, None)?;
    if !standing.lacking.is_empty() {
        return Ok(standing.lacking);
    }
    standing.open(tx, claimed, at)?;
    let claims = of(claimed);
    open_system(tx, &claims)?;
    let taken = |claim: &Claim| {
        let (from, unit, amount) = account_of(claim);
        let cause = Cause::new("grant", &chain.0);
        Transfer::post(from, AccountId::used(&unit), unit, amount, cause)
    };
    let transfers = claims.iter().map(taken).collect();
    ledger::post(tx, &Chain { id: chain.clone(), at, transfers })?;
    Ok(Vec::new())
}

/// Opens the accounts that claims go to.
pub(super) fn open_system(tx: &mut Tx<'_>, claims: &[Claim]) -> Result<(), Refused> {
    let into = |claim: &Claim| match claim {
        Claim::Points { .. } => (AccountId::burned(&point()), point()),
        claim => {
            let (_, unit, _) = account_of(claim);
            (AccountId::used(&unit), unit)
        }
    };
    let accounts: BTreeMap<AccountId, Unit> = claims.iter().map(into).collect();
    for (id, unit) in accounts {
        tx.open_account(&id, &unit, None, false)?;
    }
    Ok(())
}

/// The account that a claim takes from, what it counts, and how much is claimed.
fn account_of(claim: &Claim) -> (AccountId, Unit, i64) {
    let uses = || Unit(USE.to_owned());
    match claim {
        Claim::Points { wallet, points } => {
            (AccountId::wallet(wallet, &point()), point(), points.0)
        }
        Claim::Coupon { coupon } => (AccountId::coupon(coupon), uses(), 1),
        Claim::Budget { campaign, unit, amount } => {
            let unit = Unit(unit.clone());
            (AccountId::budget(&campaign.0, &unit), unit, *amount)
        }
        Claim::Limit { rule, customer, window, amount } => {
            (AccountId::limit(rule, &customer.0, window), uses(), *amount)
        }
    }
}

/// How much there is of a budget or a limit, by the rules.
fn capacity(compiled: &Compiled, claimed: &Claimed) -> i64 {
    match &claimed.claim {
        Claim::Limit { rule: named, .. } => {
            let rule = claimed.rule.as_deref();
            rule.and_then(|rule| compiled.limit_of(rule, named)).unwrap_or(0)
        }
        // Rules may share a campaign's budget: the largest that one of them names is what there is.
        Claim::Budget { campaign, unit, .. } => {
            let counts = match unit.as_str() {
                USE => BudgetCounts::Uses,
                _ => BudgetCounts::Discount,
            };
            let budgets = compiled.ruleset().rules.iter().filter_map(|rule| {
                let budget = rule.limits.budget.as_ref()?;
                let same = budget.campaign == campaign.0 && budget.counts == counts;
                same.then_some(budget.amount)
            });
            budgets.max().unwrap_or(0)
        }
        Claim::Points { .. } | Claim::Coupon { .. } => 0,
    }
}

/// Tells the engine that a claim is refused, and what is left.
pub(super) fn refuse(facts: &mut Facts, claimed: &Claimed, left: i64) {
    let rule = claimed.rule.clone().unwrap_or_default();
    let withheld = |why: &str| Withheld::Rule { rule: rule.clone(), why: why.to_owned() };
    if let Some(code) = &claimed.coupon {
        let why = match &claimed.claim {
            Claim::Coupon { .. } => "used_up",
            _ => "limit",
        };
        facts.withheld.push(Withheld::Coupon { code: code.clone(), why: why.to_owned() });
        return;
    }
    match &claimed.claim {
        Claim::Points { .. } => facts.points_available = left,
        // Every coupon that is claimed has a code.
        Claim::Coupon { .. } => {}
        Claim::Budget { unit, .. } if unit != USE && left > 0 => {
            facts.budgets.insert(rule, left);
        }
        Claim::Limit { rule: named, .. } if *named != rule && left > 0 => {
            facts.budgets.insert(named.clone(), left);
        }
        Claim::Budget { .. } => facts.withheld.push(withheld("budget")),
        Claim::Limit { .. } => facts.withheld.push(withheld("limit")),
    }
}

/// Refuses whatever could be claimed, so that a price is found at last.
pub(super) fn refuse_all(facts: &mut Facts, compiled: &Compiled) {
    let limited = compiled
        .ruleset()
        .rules
        .iter()
        .filter(|rule| rule.limits.customer.is_some() || rule.limits.budget.is_some());
    let why = || "contended".to_owned();
    let rules = limited.map(|rule| Withheld::Rule { rule: rule.id.clone(), why: why() });
    facts.withheld.extend(rules);
    let codes = facts.coupons.iter().map(|coupon| coupon.code.clone());
    facts.withheld.extend(codes.map(|code| Withheld::Coupon { code, why: why() }));
    facts.withheld.push(Withheld::Points { why: why() });
}

/// What becomes of the hold of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// So much of it is taken, and the rest is released.
    Taken(i64),
    /// It is released.
    Released,
    /// Its time is over.
    Expired,
}

/// The transfers that decide the holds of a quote, those left out that were decided before.
pub(super) fn decide(
    tx: &mut Tx<'_>,
    quote: &str,
    decisions: &[Decision],
    reference: &str,
) -> Result<Vec<Transfer>, Refused> {
    let chain = chain_of(quote);
    let mut transfers = Vec::with_capacity(decisions.len());
    for (place, decision) in decisions.iter().enumerate() {
        let id = TransferId::of(&chain, place);
        transfers.push(match *decision {
            Decision::Taken(amount) if amount > 0 => {
                Transfer::post_hold(id, amount, Cause::new("redemption", reference))
            }
            Decision::Taken(_) | Decision::Released => {
                Transfer::void_hold(id, Cause::new("release", reference))
            }
            Decision::Expired => {
                let hold = tx.hold(&id)?;
                // The job that ends holds may have been here before.
                if hold.is_none_or(|hold| hold.state != HoldState::Pending) {
                    continue;
                }
                Transfer::expire_hold(id, Cause::new("expiry", reference))
            }
        });
    }
    Ok(transfers)
}

/// The amount of a claim.
pub(super) fn amount_of(claim: &Claim) -> i64 {
    account_of(claim).2
}

/// The same claim of another amount; a coupon is claimed once.
pub(super) fn of_amount(claim: &Claim, amount: i64) -> Claim {
    let mut claim = claim.clone();
    match &mut claim {
        Claim::Points { points, .. } => *points = Points(amount),
        Claim::Budget { amount: of, .. } | Claim::Limit { amount: of, .. } => *of = amount,
        Claim::Coupon { .. } => {}
    }
    claim
}

/// Accounts that deciding these claims touches.
pub(crate) fn touched(claims: &[Claimed]) -> Vec<AccountId> {
    let mut ids = Vec::with_capacity(claims.len() * 2);
    for claim in of(claims) {
        let (from, unit, _) = account_of(&claim);
        let into = match claim {
            Claim::Points { .. } => AccountId::burned(&unit),
            _ => AccountId::used(&unit),
        };
        ids.extend([from, into]);
    }
    ids
}
