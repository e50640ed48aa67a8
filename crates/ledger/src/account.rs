//! Accounts: who or what holds how much of one unit.

use std::fmt;

use retail::{CouponId, WalletId};
use serde::{Deserialize, Serialize};

use crate::Refusal;

/// Name of an account. The constructors give each kind of account a name of its own; a slash or a
/// percent sign within a part is written `%2F` or `%25`, so that two accounts never share a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// What an account counts: a currency in its minor unit (`RUB`), a kind of points (`POINT`), stamps
/// (`STAMP:coffee`), uses of something (`USE`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(pub String);

/// An account with its counters. Each only grows by transfers, the pending ones also shrink when a
/// hold is resolved; all are in the unit's smallest part, and none is ever negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// What it counts.
    pub unit: Unit,
    /// How far below zero what is available may go, 0 or more: `Some(0)` is never, `None` without limit.
    pub overdraft_max: Option<i64>,
    /// Whether its credit is kept as lots with their own expiry; then `overdraft_max` is `Some(0)`.
    pub lots: bool,
    /// Whether it takes no part in transfers any more.
    pub closed: bool,
    /// Held for transfers out of it that are not decided yet.
    pub debits_pending: i64,
    /// What went out of it.
    pub debits_posted: i64,
    /// Promised by holds to come into it: visible, not spendable.
    pub credits_pending: i64,
    /// What came into it.
    pub credits_posted: i64,
}

impl AccountId {
    /// A customer's, or a family's, wallet in one unit: `wallet/{id}/{unit}`.
    #[must_use]
    pub fn wallet(wallet: &WalletId, unit: &Unit) -> Self {
        Self::named("wallet", [&wallet.0, &unit.0])
    }

    /// The wallet of an account that [`AccountId::wallet`] names.
    #[must_use]
    pub fn wallet_of(&self) -> Option<WalletId> {
        let (id, _) = self.0.strip_prefix("wallet/")?.split_once('/')?;
        Some(WalletId(id.replace("%2F", "/").replace("%25", "%")))
    }

    /// Where a programme's points come from; it may go below zero: `issued/{unit}`.
    #[must_use]
    pub fn issued(unit: &Unit) -> Self {
        Self::named("issued", [&unit.0])
    }

    /// Where redeemed points go: `burned/{unit}`.
    #[must_use]
    pub fn burned(unit: &Unit) -> Self {
        Self::named("burned", [&unit.0])
    }

    /// Where uses, budgets and limits go that were taken up: `used/{unit}`.
    #[must_use]
    pub fn used(unit: &Unit) -> Self {
        Self::named("used", [&unit.0])
    }

    /// Where expired points go: `breakage/{unit}`.
    #[must_use]
    pub fn breakage(unit: &Unit) -> Self {
        Self::named("breakage", [&unit.0])
    }

    /// Where balances brought from another system come from: `opening/{unit}`.
    #[must_use]
    pub fn opening(unit: &Unit) -> Self {
        Self::named("opening", [&unit.0])
    }

    /// What a customer owes after a return of goods whose points he has spent:
    /// `receivable/{id}/{unit}`.
    #[must_use]
    pub fn receivable(wallet: &WalletId, unit: &Unit) -> Self {
        Self::named("receivable", [&wallet.0, &unit.0])
    }

    /// What is to be settled with a partner of the coalition: `clearing/{partner}/{unit}`.
    #[must_use]
    pub fn clearing(partner: &str, unit: &Unit) -> Self {
        Self::named("clearing", [partner, &unit.0])
    }

    /// What a campaign may still spend: `budget/{campaign}/{unit}`.
    #[must_use]
    pub fn budget(campaign: &str, unit: &Unit) -> Self {
        Self::named("budget", [campaign, &unit.0])
    }

    /// How many times a coupon may still be used: `coupon/{id}`.
    #[must_use]
    pub fn coupon(coupon: &CouponId) -> Self {
        Self::named("coupon", [&coupon.0])
    }

    /// How many times, or how much, a rule may still give to one customer within a window of time:
    /// `limit/{rule}/{customer}/{window}`.
    #[must_use]
    pub fn limit(rule: &str, customer: &str, window: &str) -> Self {
        Self::named("limit", [rule, customer, window])
    }

    fn named<const N: usize>(kind: &str, parts: [&str; N]) -> Self {
        let mut name = kind.to_owned();
        for part in parts {
            name.push('/');
            name.push_str(&part.replace('%', "%25").replace('/', "%2F"));
        }
        Self(name)
    }
}

impl Account {
    /// An account with nothing in it.
    ///
    /// # Errors
    /// [`Refusal::AccountTerms`] if the overdraft is negative, or if an account with lots has one.
    pub fn new(
        id: AccountId,
        unit: Unit,
        overdraft_max: Option<i64>,
        lots: bool,
    ) -> Result<Self, Refusal> {
        if overdraft_max.is_some_and(|max| max < 0) || (lots && overdraft_max != Some(0)) {
            return Err(Refusal::AccountTerms { account: id });
        }
        Ok(Self {
            id,
            unit,
            overdraft_max,
            lots,
            closed: false,
            debits_pending: 0,
            debits_posted: 0,
            credits_pending: 0,
            credits_posted: 0,
        })
    }

    /// What it holds: credits less debits, both posted.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.credits_posted.saturating_sub(self.debits_posted)
    }

    /// What may be spent of the balance: the part that is not held. Of an account with lots it
    /// includes points that are not active yet. Stops at the least number there is.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.balance().saturating_sub(self.debits_pending)
    }

    /// Closes it: from now on it takes no part in transfers. What is left in it stays there, and
    /// closing twice changes nothing.
    ///
    /// # Errors
    /// [`Refusal::HoldsPending`] while a hold on either side of it is undecided.
    pub fn close(&mut self) -> Result<(), Refusal> {
        if self.debits_pending != 0 || self.credits_pending != 0 {
            return Err(Refusal::HoldsPending { account: self.id.clone() });
        }
        self.closed = true;
        Ok(())
    }
}

impl From<&str> for AccountId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&str> for Unit {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
