//! When the customer came first and last.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Date, Float, Int};
use crate::value::{Value, count, ratio};

const NO_SALE: &str = "no sale line";

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "first_purchase_date",
        ["Date of the first purchase", "Дата первой покупки"],
        Date,
        "date",
        "earliest of days(S)",
        NO_SALE,
        |f| f.first_age().map(|age| f.given.day(age)).into(),
    ),
    parameter(
        "last_purchase_date",
        ["Date of the last purchase", "Дата последней покупки"],
        Date,
        "date",
        "latest of days(S)",
        NO_SALE,
        |f| f.last_age().map(|age| f.given.day(age)).into(),
    ),
    parameter(
        "recency_days",
        ["Days since the last purchase", "Дней с последней покупки"],
        Int,
        "days",
        "D − last_purchase_date",
        NO_SALE,
        |f| f.last_age().into(),
    ),
    parameter(
        "tenure_days",
        ["Days since the first purchase", "Дней с первой покупки"],
        Int,
        "days",
        "D − first_purchase_date",
        NO_SALE,
        |f| f.first_age().into(),
    ),
    parameter(
        "active_span_days",
        ["Days from the first purchase to the last", "Дней от первой покупки до последней"],
        Int,
        "days",
        "last_purchase_date − first_purchase_date",
        NO_SALE,
        |f| span(f).into(),
    ),
    parameter(
        "days_since_prev_visit",
        ["Days between the last two purchase days", "Дней между двумя последними днями покупок"],
        Int,
        "days",
        "last_purchase_date − the latest of days(S) before it",
        "fewer than 2 days",
        |f| match f.walk.days[..] {
            [.., previous, last] => (previous.age - last.age).into(),
            _ => Value::Null,
        },
    ),
    parameter(
        "recency_tenure_ratio",
        ["Share of tenure up to the last purchase", "Доля стажа до последней покупки"],
        Float,
        "ratio",
        "active_span_days ÷ tenure_days (t_x ÷ T of buy-till-you-die models)",
        "tenure_days = 0, or no sale line",
        |f| match (span(f), f.first_age()) {
            (Some(span), Some(tenure)) => ratio(span.into(), tenure.into()),
            _ => Value::Null,
        },
    ),
    parameter(
        "active_day_share",
        [
            "Share of days with a purchase, from the first on",
            "Доля дней с покупкой, считая с первой",
        ],
        Float,
        "ratio",
        "#days(S) ÷ (tenure_days + 1)",
        NO_SALE,
        |f| match f.first_age() {
            Some(tenure) => ratio(f.walk.days.len() as i64, i64::from(tenure) + 1),
            None => Value::Null,
        },
    ),
    parameter(
        "active_weeks_52",
        ["Weeks with a purchase, of the last 52", "Недель с покупкой из последних 52"],
        Int,
        "0..52",
        "weeks k = 0..51 with a line of S",
        "0 over nothing",
        |f| count(f.walk.weeks[..52].iter().filter(|week| week.visits > 0).count()),
    ),
    parameter(
        "days_since_promo_purchase",
        [
            "Days since merchandise was last bought at a discount",
            "Дней с последней покупки товара со скидкой",
        ],
        Int,
        "days",
        "age of the latest promo line of M",
        "no such line",
        |f| f.walk.sums.promo_age.into(),
    ),
];

fn span(facts: &Facts<'_>) -> Option<i32> {
    Some(facts.first_age()? - facts.last_age()?)
}
