//! Uses of coupons in the ledger: how many a coupon has at all, and how many one customer has of it.
//!
//! Both are accounts that hold what may still be used. A use is a hold on them, so that the same check
//! that guards money stops every race: of a coupon with k uses exactly k are given, however many tills
//! ask at once, and one customer at two tills gets no use more than he may have. Rows that are counted
//! could only say the same under a lock of their own.

use ledger::{AccountId, Cause, Chain, ChainId, Transfer, USE, Unit};
use retail::{Claim, CouponId, CustomerId, Instant};
use sha2::{Digest, Sha256};
use store::Tx;

use crate::Refused;
use crate::quotes::nameless;

/// Accounts over which the filling of others is spread, so that tills do not wait for one row.
const SHARDS: u8 = 16;
/// A customer's uses of a coupon are no rule's: no rule has a colon in its id.
const LIMIT: &str = "coupon:";
/// Such a limit counts for ever.
const EVER: &str = "ever";

fn uses() -> Unit {
    Unit(USE.to_owned())
}

/// The claim of one more use by a customer, who may have a number of them.
pub(super) fn customer_claim(coupon: &CouponId, customer: &CustomerId) -> Claim {
    Claim::Limit {
        rule: format!("{LIMIT}{coupon}"),
        customer: nameless(customer),
        window: EVER.to_owned(),
        amount: 1,
    }
}

/// How many uses a coupon has left, of so many.
pub(super) fn left(tx: &mut Tx<'_>, coupon: &CouponId, most: i64) -> Result<i64, Refused> {
    available(tx, &AccountId::coupon(coupon), most)
}

/// How many of so many uses a customer has made or is about to make.
pub(super) fn made(
    tx: &mut Tx<'_>,
    coupon: &CouponId,
    customer: &CustomerId,
    most: i64,
) -> Result<i64, Refused> {
    Ok(most - available(tx, &customer_account(coupon, &nameless(customer)), most)?)
}

fn customer_account(coupon: &CouponId, nameless: &CustomerId) -> AccountId {
    AccountId::limit(&format!("{LIMIT}{coupon}"), &nameless.0, EVER)
}

/// An account that was never opened is full.
fn available(tx: &mut Tx<'_>, account: &AccountId, most: i64) -> Result<i64, Refused> {
    Ok(tx.account(account)?.map_or(most, |account| account.available()))
}

/// Opens and fills the accounts that claims on coupons are held on, where they are not open yet; other
/// claims are somebody else's. Repeating it changes nothing. It belongs into the write that holds them,
/// before that.
///
/// # Errors
/// When the database fails.
pub fn open_coupon_accounts(tx: &mut Tx<'_>, claims: &[Claim], at: Instant) -> Result<(), Refused> {
    for claim in claims {
        match claim {
            Claim::Coupon { coupon } => {
                let account = AccountId::coupon(coupon);
                fill(tx, &account, coupon, at, |series| series.uses_max)?;
            }
            Claim::Limit { rule, customer, .. } => {
                let Some(coupon) = rule.strip_prefix(LIMIT) else { continue };
                let coupon = CouponId(coupon.to_owned());
                let account = customer_account(&coupon, customer);
                fill(tx, &account, &coupon, at, |series| series.customer_uses_max)?;
            }
            Claim::Points { .. } | Claim::Budget { .. } => {}
        }
    }
    Ok(())
}

fn fill(
    tx: &mut Tx<'_>,
    account: &AccountId,
    coupon: &CouponId,
    at: Instant,
    capacity: impl Fn(&store::CouponSeries) -> Option<i64>,
) -> Result<(), Refused> {
    if tx.account(account)?.is_some() {
        return Ok(());
    }
    let Some(row) = tx.coupon(coupon)? else { return Ok(()) };
    let series = tx.coupon_series(&row.series)?;
    let Some(capacity) = series.as_ref().and_then(capacity) else { return Ok(()) };
    let shard = Sha256::digest(account.0.as_bytes())[0] % SHARDS;
    let source = AccountId(format!("{}/{shard}", AccountId::issued(&uses())));
    tx.open_account(&source, &uses(), None, false)?;
    tx.open_account(&AccountId::used(&uses()), &uses(), None, false)?;
    tx.open_account(account, &uses(), Some(0), false)?;
    let cause = Cause::new("coupon", &coupon.0);
    let transfer = Transfer::post(source, account.clone(), uses(), capacity, cause);
    // Named after the account: whoever is second finds it done.
    let id = ChainId(format!("fill/{account}"));
    ledger::post(tx, &Chain { id, at, transfers: vec![transfer] })?;
    Ok(())
}
