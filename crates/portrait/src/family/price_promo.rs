//! How the customer answers to price and promotion.

use crate::facts::Given;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::Float;
use crate::value::{Value, money, ratio};
use crate::walk::Walk;
use crate::window::{QUARTER, YEAR};

const EMPTY: &str = "M(364) is empty";
const NO_SPEND: &str = "Σ net over M(364) = 0";
const NO_PROMO: &str = "no promo line in M(364)";
const NO_TIER: &str = "Σ net of such lines = 0";

/// Prices and promotions of the last 364 days, against the population's.
#[derive(Default)]
pub(crate) struct Prices {
    /// Net of lines with a known price, and what the population would have paid.
    priced_net: i64,
    expected_net: f64,
    tier_net: f64,
    premium_net: i64,
    economy_net: i64,
    /// Lines with a known promotion share, and the sum of it.
    promo_known_lines: i64,
    promo_expected: f64,
    /// Products first bought in the window, and those of them at a discount.
    firsts: i64,
    promo_firsts: i64,
    depth_mean: Option<f64>,
    depth_p25: Option<f64>,
    promo_receipts: i64,
    cherry_receipts: i64,
}

impl Prices {
    pub fn of(given: &Given<'_>, walk: &Walk) -> Self {
        let mut prices = Self::default();
        for (code, product) in walk.products.iter().filter(|(_, product)| product.lines > 0) {
            if product.first_age < YEAR {
                prices.firsts += 1;
                prices.promo_firsts += i64::from(product.first_promo);
            }
            let goods = given.population.goods(code);
            if !goods.promo_share.is_nan() {
                prices.promo_known_lines += product.lines;
                prices.promo_expected += product.lines as f64 * goods.promo_share;
            }
            if product.priced_quantity == 0 || goods.price.is_nan() {
                continue;
            }
            let net = product.priced_net;
            prices.priced_net += net;
            prices.expected_net += product.priced_quantity as f64 * goods.price;
            prices.tier_net += net as f64 * goods.tier;
            prices.premium_net += if goods.tier > 2.0 / 3.0 { net } else { 0 };
            prices.economy_net += if goods.tier <= 1.0 / 3.0 { net } else { 0 };
        }
        for visit in walk.visits.iter().filter(|visit| visit.goods.promo_lines > 0) {
            let (net, promo) = (visit.goods.net, visit.goods.promo_net);
            prices.promo_receipts += 1;
            prices.cherry_receipts += i64::from(net > 0 && 10 * promo >= 8 * net);
        }
        (prices.depth_mean, prices.depth_p25) = depths(&walk.depths);
        prices
    }
}

/// Mean and lower quartile of depths of discount.
fn depths(depths: &[f64]) -> (Option<f64>, Option<f64>) {
    let Some(gaps) = depths.len().checked_sub(1) else { return (None, None) };
    let mean = depths.iter().sum::<f64>() / depths.len() as f64;
    let mut sorted = depths.to_vec();
    let (_, &mut low, above) = sorted.select_nth_unstable_by(gaps / 4, f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    (Some(mean), Some(low + (high - low) * ((gaps % 4) as f64 / 4.0)))
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "promo_line_share_91d",
        ["Share of lines at a discount in 91 days", "Доля позиций со скидкой за 91 день"],
        Float,
        "ratio",
        "promo lines of M(91) ÷ #lines(M(91))",
        "M(91) is empty",
        |f| promo_share(f.walk, 0, QUARTER),
    ),
    parameter(
        "promo_line_share_364d",
        ["Share of lines at a discount in 364 days", "Доля позиций со скидкой за 364 дня"],
        Float,
        "ratio",
        "promo lines of M(364) ÷ #lines(M(364))",
        EMPTY,
        |f| promo_share(f.walk, 0, YEAR),
    ),
    parameter(
        "promo_spend_share_364d",
        ["Share of spend at a discount in 364 days", "Доля трат на товары со скидкой за 364 дня"],
        Float,
        "ratio",
        "Σ net of promo lines of M(364) ÷ Σ net over M(364)",
        NO_SPEND,
        |f| ratio(f.walk.sums.promo_net, f.walk.sums.goods_net),
    ),
    parameter(
        "promo_receipt_share_364d",
        ["Share of receipts with a discount in 364 days", "Доля чеков со скидкой за 364 дня"],
        Float,
        "ratio",
        "receipts of M(364) with a promo line ÷ #receipts(M(364))",
        EMPTY,
        |f| ratio(f.prices.promo_receipts, f.missions.receipts),
    ),
    parameter(
        "cherry_pick_receipt_share_364d",
        [
            "Share of receipts 80 %+ at a discount, 364 days",
            "Доля чеков со скидками на 80 % и более, 364 дня",
        ],
        Float,
        "ratio",
        "receipts of M(364) with net > 0 of which promo lines make at least 0.8 ÷ #receipts(M(364))",
        EMPTY,
        |f| ratio(f.prices.cherry_receipts, f.missions.receipts),
    ),
    parameter(
        "savings_364d",
        [
            "Saved by discounts and coupons in 364 days",
            "Сэкономлено скидками и купонами за 364 дня",
        ],
        Float,
        "money",
        "Σ (disc + scoup) over M(364)",
        "0 over nothing",
        |f| money(f.walk.sums.savings),
    ),
    parameter(
        "discount_depth_364d",
        [
            "Discount as a share of shelf prices, 364 days",
            "Скидка в доле от полной цены за 364 дня",
        ],
        Float,
        "ratio",
        "Σ disc ÷ Σ shelf over M(364)",
        "Σ shelf over M(364) = 0",
        |f| ratio(f.walk.sums.discount, f.walk.sums.goods_net + f.walk.sums.discount),
    ),
    parameter(
        "promo_depth_mean_364d",
        ["Average depth of discounts in 364 days", "Средняя глубина скидки за 364 дня"],
        Float,
        "ratio",
        "mean of disc ÷ shelf over promo lines of M(364)",
        NO_PROMO,
        |f| f.prices.depth_mean.into(),
    ),
    parameter(
        "promo_depth_p25_364d",
        [
            "Lower quartile of discount depth in 364 days",
            "Нижний квартиль глубины скидки за 364 дня",
        ],
        Float,
        "ratio",
        "q(¼) of disc ÷ shelf over promo lines of M(364): the shallow discount that still works",
        NO_PROMO,
        |f| f.prices.depth_p25.into(),
    ),
    parameter(
        "deep_discount_line_share_364d",
        [
            "Share of lines at 30 % off or more in 364 days",
            "Доля позиций со скидкой от 30 % за 364 дня",
        ],
        Float,
        "ratio",
        "lines of M(364) with shelf ≠ 0 and disc ≥ 0.3 · shelf ÷ #lines(M(364))",
        EMPTY,
        |f| ratio(f.walk.sums.deep_lines, f.walk.lines(0, YEAR).0),
    ),
    parameter(
        "relative_promo_affinity_364d",
        [
            "Discount-seeking beyond other buyers, 364 days",
            "Тяга к скидкам сверх других за 364 дня",
        ],
        Float,
        "difference of ratios",
        "promo_line_share_364d − mean over lines of M(364) of the promo share of their product's lines in M(364) of the population: how much more he seeks promotions than others who buy the same",
        EMPTY,
        |f| match (promo_share(f.walk, 0, YEAR), f.prices.promo_known_lines) {
            (Value::Float(share), lines @ 1..) => {
                Value::Float(share - f.prices.promo_expected / lines as f64)
            }
            _ => Value::Null,
        },
    ),
    parameter(
        "price_index_364d",
        ["Prices paid against everybody's in 364 days", "Цены покупок к средним у всех за 364 дня"],
        Float,
        "index",
        "Σ net ÷ Σ quantity × P over lines of M(364) with a quantity; P of a product is Σ net ÷ Σ quantity over such lines of the population",
        "the denominator is 0",
        |f| match f.prices.expected_net {
            0.0 => Value::Null,
            expected => Value::Float(f.prices.priced_net as f64 / expected),
        },
    ),
    parameter(
        "price_tier_mean_364d",
        [
            "Average price tier within categories, 364 days",
            "Средний ценовой уровень в категориях, 364 дня",
        ],
        Float,
        "0..1",
        "mean of the product's tier over lines of M(364) with a quantity, weighted by net; tier = (r − ½) ÷ m, r its place by P, from the cheapest, among the m products of its category that have a P; equal prices share their mean place",
        NO_TIER,
        |f| match f.prices.priced_net {
            0 => Value::Null,
            net => Value::Float(f.prices.tier_net / net as f64),
        },
    ),
    parameter(
        "premium_spend_share_364d",
        [
            "Share of the upper price tier in spend, 364 days",
            "Доля верхнего ценового уровня в тратах, 364 дня",
        ],
        Float,
        "ratio",
        "of such lines, the share of net with a tier above ⅔",
        NO_TIER,
        |f| ratio(f.prices.premium_net, f.prices.priced_net),
    ),
    parameter(
        "economy_spend_share_364d",
        [
            "Share of the lower price tier in spend, 364 days",
            "Доля нижнего ценового уровня в тратах, 364 дня",
        ],
        Float,
        "ratio",
        "of such lines, the share of net with a tier of at most ⅓",
        NO_TIER,
        |f| ratio(f.prices.economy_net, f.prices.priced_net),
    ),
    parameter(
        "promo_share_change_91d",
        [
            "Change in share of lines at a discount, 91 days",
            "Изменение доли позиций со скидкой за 91 день",
        ],
        Float,
        "difference of ratios",
        "promo_line_share_91d − the same over M(182,91)",
        "M(91) or M(182,91) is empty",
        |f| match (promo_share(f.walk, 0, QUARTER), promo_share(f.walk, QUARTER, 2 * QUARTER)) {
            (Value::Float(now), Value::Float(before)) => Value::Float(now - before),
            _ => Value::Null,
        },
    ),
    parameter(
        "promo_response_new_product_share_364d",
        [
            "Share of novelties tried at a discount, 364 days",
            "Доля новинок, впервые взятых со скидкой, 364 дня",
        ],
        Float,
        "ratio",
        "of products whose first day in M is in M(364), the share with a promo line on that day",
        "no such product",
        |f| ratio(f.prices.promo_firsts, f.prices.firsts),
    ),
];

/// Share of promo lines among merchandise lines of ages `from` to `to` − 1.
fn promo_share(walk: &Walk, from: i32, to: i32) -> Value {
    let (lines, promo) = walk.lines(from, to);
    ratio(promo, lines)
}
