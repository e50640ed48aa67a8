//! What becomes known of coupons when a basket is priced.

use std::collections::BTreeMap;

use pricing::{BasketLine, Claimed, CouponFacts, CouponStanding, CouponUses, PersonalPrice, Quote};
use retail::{CustomerId, Instant, Money};
use store::{Coupon, CouponKind, CouponSeries, Tx};

use super::{code, uses};
use crate::Refused;

/// Coupons of one customer that are looked at, at most.
const OWN_MOST: u32 = 200;

/// What coupons bring to a basket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CouponsFound {
    /// Those that were presented, and the customer's own that promise him a price.
    pub facts: Vec<CouponFacts>,
    /// Prices he was promised of products in the basket.
    pub prices: Vec<PersonalPrice>,
}

/// Everything that coupons bring to a basket: what [`coupon_facts`] and [`personal_prices`] tell, each
/// coupon once.
///
/// # Errors
/// When the database fails.
pub fn coupons_of_basket(
    tx: &mut Tx<'_>,
    codes: &[String],
    lines: &[BasketLine],
    customer: Option<&CustomerId>,
    at: Instant,
) -> Result<CouponsFound, Refused> {
    let mut found = CouponsFound { facts: coupon_facts(tx, codes, customer, at)?, prices: vec![] };
    let Some(customer) = customer else { return Ok(found) };
    let own = personal_prices(tx, customer, lines, at)?;
    for mut price in own.prices {
        // The quote names a coupon as it was presented.
        let asked = |facts: &&CouponFacts| {
            let typed = code::understood(&facts.code);
            typed == price.coupon.as_deref().and_then(code::understood)
        };
        if let Some(presented) = found.facts.iter().find(asked) {
            price.coupon = Some(presented.code.clone());
        } else {
            found.facts.extend(own.facts.iter().find(asked).cloned());
        }
        found.prices.push(price);
    }
    Ok(found)
}

/// What is known of codes that were presented, in their sequence. Of a code that nobody ever made nothing
/// is told but that it is unknown.
///
/// # Errors
/// When the database fails.
pub fn coupon_facts(
    tx: &mut Tx<'_>,
    codes: &[String],
    customer: Option<&CustomerId>,
    at: Instant,
) -> Result<Vec<CouponFacts>, Refused> {
    let mut known = BTreeMap::new();
    let mut facts = Vec::with_capacity(codes.len());
    for typed in codes {
        let found = of_code(tx, typed)?;
        facts.push(match found {
            None => unknown(typed),
            Some(coupon) => {
                let series = series_of(tx, &coupon, &mut known)?;
                of_coupon(tx, typed, &coupon, &series, customer, at)?
            }
        });
    }
    Ok(facts)
}

/// Prices that a customer was promised of products in a basket, by coupons of his own that are good, and
/// what is known of these coupons: they count without being shown, as he is who he is.
///
/// A share off becomes a price by what the shelf asks; of lines with several prices by the lowest.
///
/// # Errors
/// When the database fails.
pub fn personal_prices(
    tx: &mut Tx<'_>,
    customer: &CustomerId,
    lines: &[BasketLine],
    at: Instant,
) -> Result<CouponsFound, Refused> {
    let mut found = CouponsFound::default();
    let mut known = BTreeMap::new();
    for coupon in tx.coupons_of_customer(customer, at, OWN_MOST)? {
        let (Some(promise), Some(own)) = (&coupon.promise, &coupon.code) else { continue };
        let of_product = lines.iter().filter(|line| line.product == promise.product);
        let Some(shelf) = of_product.map(|line| line.price).min() else { continue };
        let series = series_of(tx, &coupon, &mut known)?;
        let facts = of_coupon(tx, own, &coupon, &series, Some(customer), at)?;
        if facts.standing != CouponStanding::Good {
            continue;
        }
        let price = promise.price.unwrap_or_else(|| {
            let left = 10_000 - promise.discount_bps.unwrap_or(0);
            let exact = i128::from(shelf.0) * i128::from(left);
            i64::try_from((exact + 5_000) / 10_000).unwrap_or(shelf.0)
        });
        found.prices.push(PersonalPrice {
            product: promise.product.clone(),
            price: Money(price),
            coupon: Some(own.clone()),
        });
        found.facts.push(facts);
    }
    Ok(found)
}

/// Claims of a quote for coupons of which one customer may make only so many uses: they are held beside
/// the quote's own. Where the ledger refuses one, its coupon is withheld.
///
/// # Errors
/// When the database fails.
pub fn customer_claims(
    tx: &mut Tx<'_>,
    quote: &Quote,
    facts: &[CouponFacts],
    customer: Option<&CustomerId>,
) -> Result<Vec<Claimed>, Refused> {
    let mut claims: Vec<Claimed> = Vec::new();
    let Some(customer) = customer else { return Ok(claims) };
    // The quote tells of those presented; of the customer's own, which claim is for which.
    let used = quote.coupons.iter().filter(|outcome| !outcome.rules.is_empty());
    let used = used.map(|outcome| outcome.code.as_str());
    let claimed = quote.claims.iter().filter_map(|claimed| claimed.coupon.as_deref());
    for code in used.chain(claimed) {
        let limited =
            |facts: &&CouponFacts| facts.code == code && facts.uses.customer_max.is_some();
        if !facts.iter().any(|facts| limited(&facts)) {
            continue;
        }
        let Some(coupon) = of_code(tx, code)? else { continue };
        let claim = uses::customer_claim(&coupon.id, customer);
        if !claims.iter().any(|known| known.claim == claim) {
            // It goes the way of the coupon's own use.
            let own = quote.claims.iter().find(|own| own.coupon.as_deref() == Some(code));
            let rule = own.and_then(|own| own.rule.clone());
            let lines = own.map_or_else(Vec::new, |own| own.lines.clone());
            claims.push(Claimed { claim, rule, coupon: Some(code.to_owned()), lines });
        }
    }
    Ok(claims)
}

/// The coupon of a code, however it was typed.
pub(super) fn of_code(tx: &mut Tx<'_>, typed: &str) -> Result<Option<Coupon>, Refused> {
    let Some(code) = code::understood(typed).filter(|code| code::is_sound(code)) else {
        return Ok(None);
    };
    Ok(tx.coupon_of_code(&code::sha256(&code))?)
}

fn series_of(
    tx: &mut Tx<'_>,
    coupon: &Coupon,
    known: &mut BTreeMap<String, CouponSeries>,
) -> Result<CouponSeries, Refused> {
    if let Some(series) = known.get(&coupon.series) {
        return Ok(series.clone());
    }
    let series = tx.coupon_series(&coupon.series)?.ok_or_else(|| Refused::Broken {
        why: format!("the coupon {} is of a series that is not there", coupon.id),
    })?;
    known.insert(coupon.series.clone(), series.clone());
    Ok(series)
}

fn unknown(typed: &str) -> CouponFacts {
    CouponFacts {
        code: typed.to_owned(),
        series: String::new(),
        standing: CouponStanding::Unknown,
        uses: CouponUses::default(),
        claimed_as: None,
    }
}

fn of_coupon(
    tx: &mut Tx<'_>,
    typed: &str,
    coupon: &Coupon,
    series: &CouponSeries,
    customer: Option<&CustomerId>,
    at: Instant,
) -> Result<CouponFacts, Refused> {
    let standing = standing(tx, coupon, series, customer, at)?;
    let mut uses = CouponUses::default();
    if let (Some(most), Some(customer)) = (series.customer_uses_max, customer) {
        let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        uses.standing = small(uses::made(tx, &coupon.id, customer, most)?.max(0));
        uses.customer_max = Some(small(most));
    }
    Ok(CouponFacts {
        code: typed.to_owned(),
        series: coupon.series.clone(),
        standing,
        uses,
        claimed_as: series.uses_max.map(|_| coupon.id.0.clone()),
    })
}

fn standing(
    tx: &mut Tx<'_>,
    coupon: &Coupon,
    series: &CouponSeries,
    customer: Option<&CustomerId>,
    at: Instant,
) -> Result<CouponStanding, Refused> {
    let personal = series.kind == CouponKind::Personal;
    match (&coupon.customer, customer) {
        (Some(_), None) => return Ok(CouponStanding::NeedsCustomer),
        (Some(owner), Some(customer)) if owner != customer => return Ok(CouponStanding::Foreign),
        // Its customer was erased.
        (None, _) if personal => return Ok(CouponStanding::Foreign),
        _ => {}
    }
    if coupon.withdrawn.is_some() || series.withdrawn.is_some() {
        return Ok(CouponStanding::Withdrawn);
    }
    if [coupon.starts_at, series.starts_at].into_iter().flatten().any(|starts| at < starts) {
        return Ok(CouponStanding::NotYet);
    }
    if [coupon.ends_at, series.ends_at].into_iter().flatten().any(|ends| at >= ends) {
        return Ok(CouponStanding::Expired);
    }
    if series.customer_uses_max.is_some() && customer.is_none() {
        return Ok(CouponStanding::NeedsCustomer);
    }
    if let Some(most) = series.uses_max
        && uses::left(tx, &coupon.id, most)? <= 0
    {
        return Ok(CouponStanding::UsedUp);
    }
    Ok(CouponStanding::Good)
}
