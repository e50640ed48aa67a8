//! Where the customer is in his life with the retailer, and among other customers.

use crate::facts::Facts;
use crate::population::Place;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Float, Int, Label};
use crate::value::Value;
use crate::window::{QUARTER, YEAR};

use super::regularity::gaps;

const NO_SALE: &str = "no sale line";
const BTYD: [&str; 2] = [
    "no buy-till-you-die model is fitted so far",
    "модель ухода покупателей (buy-till-you-die) пока не построена",
];
/// Of parameters that are the output of a trained model.
pub(super) const NO_MODEL: [&str; 2] =
    ["no model for it is trained so far", "модель для этого показателя пока не обучена"];

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "lifecycle_stage",
        ["Stage of the life cycle", "Стадия жизненного цикла"],
        Label,
        "word",
        "the first that holds: *lost* recency_days > 182; *lapsed* recency_days > 91; *new* tenure_days < 91; *at_risk* recency_days > 28 and > 2 · ipt_median_364d, or without a gap recency_days > 56; *reactivated* a gap of days(S) above 91 days ended within the last 91 days; *growing* 5 · spend_91d > 6 · spend_prev_91d; *declining* 5 · spend_91d < 4 · spend_prev_91d; *stable*",
        NO_SALE,
        |f| stage(f).map_or(Value::Null, Value::Label),
    )
    .words(&["lost", "lapsed", "new", "at_risk", "reactivated", "growing", "declining", "stable"]),
    parameter(
        "nlr_91d",
        [
            "New, repeating, lapsed or inactive, by 91 days",
            "Новый, повторный, ушедший или неактивный, по 91 дню",
        ],
        Label,
        "word",
        "*new* spend only in the last 91 days; *repeating* also in the 91 before; *lapsed* only there; *inactive* in neither",
        "never",
        |f| {
            let spends = (f.walk.spend(0, QUARTER), f.walk.spend(QUARTER, 2 * QUARTER));
            Value::Label(match (spends.0 > 0, spends.1 > 0) {
                (true, false) => &"new",
                (true, true) => &"repeating",
                (false, true) => &"lapsed",
                (false, false) => &"inactive",
            })
        },
    )
    .words(&["new", "repeating", "lapsed", "inactive"]),
    parameter(
        "rfm_r_score",
        [
            "RFM: score of recency (5 is the most recent)",
            "RFM: оценка давности (5 — самые недавние)",
        ],
        Int,
        "1..5",
        "6 − fifth of the population by recency_days, id, both ascending; of n customers the first n mod 5 fifths hold one more",
        NO_SALE,
        |f| {
            let place = f.last_age().map(|age| f.given.population.recency_place(age, rank(f)));
            place.map(|place| 6 - fifth(place)).into()
        },
    ),
    parameter(
        "rfm_f_score",
        [
            "RFM: score of receipts in 364 days (5 is the most)",
            "RFM: оценка числа чеков за 364 дня (5 — больше всех)",
        ],
        Int,
        "1..5",
        "fifth of the population by visits_364d, id, both ascending",
        NO_SALE,
        |f| {
            let visits = f.walk.visits(0, YEAR) as u32;
            let place = f.last_age().map(|_| f.given.population.visits_place(visits, rank(f)));
            place.map(fifth).into()
        },
    ),
    parameter(
        "rfm_m_score",
        [
            "RFM: score of purchases in 364 days (5 is the most)",
            "RFM: оценка суммы за 364 дня (5 — больше всех)",
        ],
        Int,
        "1..5",
        "fifth of the population by spend_364d, id, both ascending",
        NO_SALE,
        |f| {
            let spend = f.walk.spend(0, YEAR);
            let place = f.last_age().map(|_| f.given.population.spend_place(spend, rank(f)));
            place.map(fifth).into()
        },
    ),
    parameter(
        "spend_percentile_364d",
        [
            "Place among customers by purchases of 364 days",
            "Место среди покупателей по сумме за 364 дня",
        ],
        Float,
        "0..1",
        "(customers with a smaller spend_364d + ½ · others with an equal one) ÷ (n − 1), of the n customers of the population",
        "no sale line or n < 2",
        percentile,
    ),
    parameter(
        "hml_segment_364d",
        [
            "Heavy, medium, light or no buyer in 364 days",
            "Крупный, средний, мелкий или без покупок за 364 дня",
        ],
        Label,
        "word",
        "*zero* spend_364d = 0; else by r = (place − 1) ÷ (n − 1) among the n customers who spent, by spend_364d, id: *light* r ≤ 0.5, *medium* r ≤ 0.8, *heavy*",
        "never",
        |f| Value::Label(segment(f)),
    )
    .words(&["zero", "light", "medium", "heavy"]),
    parameter(
        "btyd_frequency",
        ["Purchase days after the first", "Дней с покупкой после первого"],
        Int,
        "days",
        "#days(S) − 1",
        NO_SALE,
        |f| f.walk.days.len().checked_sub(1).map(|days| days as i64).into(),
    ),
    parameter(
        "p_alive_bgnbd",
        [
            "Probability of still being a customer (BG/NBD)",
            "Вероятность, что покупатель не ушёл (BG/NBD)",
        ],
        Float,
        "probability",
        "x = btyd_frequency, t = active_span_days, T = tenure_days: 1 for x = 0, else 1 ÷ (1 + a ÷ (b + x − 1) · ((α + T) ÷ (α + t))^(r + x)), with r, α, a, b of the BG/NBD model in force",
        NO_SALE,
        |f| f.given.scores.p_alive_bgnbd.into(),
    )
    .missing(BTYD),
    parameter(
        "expected_visits_91d_bgnbd",
        [
            "Visits expected in the next 91 days (BG/NBD)",
            "Ожидаемых визитов на 91 день вперёд (BG/NBD)",
        ],
        Float,
        "visits",
        "visits expected in the next 91 days by the BG/NBD model in force: (a + b + x − 1) ÷ (a − 1) · (1 − ((α + T) ÷ (α + T + 91))^(r + x) · ₂F₁(r + x, b + x; a + b + x − 1; 91 ÷ (α + T + 91))) ÷ (1 + [x > 0] · a ÷ (b + x − 1) · ((α + T) ÷ (α + t))^(r + x))",
        "no sale line or a = 1",
        |f| f.given.scores.expected_visits_91d_bgnbd.into(),
    )
    .missing(BTYD),
    parameter(
        "expected_receipt_gamma",
        [
            "Expected spend of a purchase day (Gamma-Gamma)",
            "Ожидаемая сумма дня с покупкой (Gamma-Gamma)",
        ],
        Float,
        "money",
        "p · (v + x·m) ÷ (p·x + q − 1), x = btyd_frequency, m = mean net of days(S) but the first, with p, q, v of the Gamma-Gamma model in force",
        "btyd_frequency < 1",
        |f| f.given.scores.expected_receipt_gamma.into(),
    )
    .missing(BTYD),
    parameter(
        "clv_364d",
        ["Value of the customer over the next 364 days", "Ценность покупателя на 364 дня вперёд"],
        Float,
        "money",
        "Σ over k = 1..13 of visits expected in days 28(k − 1) + 1 to 28k × expected_receipt_gamma ÷ 1.01^k",
        "btyd_frequency < 1",
        |f| f.given.scores.clv_364d.into(),
    )
    .missing(BTYD),
    parameter(
        "churn_prob_56d",
        [
            "Probability of no purchase in the next 56 days",
            "Вероятность не купить за следующие 56 дней",
        ],
        Float,
        "probability",
        "no purchase in the 56 days after D, by the model in force, whose version is kept with it",
        "no model in force",
        |f| f.given.scores.churn_prob_56d.into(),
    )
    .missing(NO_MODEL),
    parameter(
        "spend_forecast_28d",
        ["Forecast of purchases in the next 28 days", "Прогноз суммы покупок на 28 дней вперёд"],
        Float,
        "money",
        "spend of the 28 days after D, by the model in force",
        "no model in force",
        |f| f.given.scores.spend_forecast_28d.into(),
    )
    .missing(NO_MODEL),
];

fn rank(facts: &Facts<'_>) -> u32 {
    facts.given.catalogue.customer_rank(facts.given.history.customer)
}

/// NTILE(5) of SQL.
fn fifth(place: Place) -> i64 {
    let (size, larger) = (place.of / 5, place.of % 5);
    let in_larger = larger * (size + 1);
    let tile = if place.index < in_larger {
        place.index / (size + 1)
    } else {
        larger + (place.index - in_larger) / size
    };
    tile as i64 + 1
}

fn stage(facts: &Facts<'_>) -> Option<&'static &'static str> {
    let (recency, tenure) = (facts.last_age()?, facts.first_age()?);
    let pause_is_long = match facts.gaps.median_doubled {
        Some(doubled) => recency > 28 && i64::from(recency) > doubled,
        None => recency > 56,
    };
    let (now, before) = (facts.walk.spend(0, 91), facts.walk.spend(91, 182));
    let returned = || gaps(&facts.walk.days).any(|(gap, end)| gap > 91 && end < 91);
    Some(if recency > 182 {
        &"lost"
    } else if recency > 91 {
        &"lapsed"
    } else if tenure < 91 {
        &"new"
    } else if pause_is_long {
        &"at_risk"
    } else if returned() {
        &"reactivated"
    } else if 5 * now > 6 * before {
        &"growing"
    } else if 5 * now < 4 * before {
        &"declining"
    } else {
        &"stable"
    })
}

fn percentile(facts: &Facts<'_>) -> Value {
    let population = facts.given.population;
    let spend = facts.walk.spend(0, YEAR);
    let others = population.spend_place(spend, rank(facts)).of - 1;
    if facts.last_age().is_none() || others == 0 {
        return Value::Null;
    }
    let (below, equal) = population.spend_below_and_equal(spend, rank(facts));
    Value::Float((2 * below + equal) as f64 / (2 * others) as f64)
}

fn segment(facts: &Facts<'_>) -> &'static &'static str {
    let spend = facts.walk.spend(0, YEAR);
    if spend <= 0 {
        return &"zero";
    }
    let Place { index, of } = facts.given.population.spender_place(spend, rank(facts));
    if 2 * index < of {
        &"light"
    } else if 5 * index <= 4 * (of - 1) {
        &"medium"
    } else {
        &"heavy"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifths_are_those_of_sql() {
        for (of, tiles) in [
            (1, &[1][..]),
            (3, &[1, 2, 3]),
            (5, &[1, 2, 3, 4, 5]),
            (7, &[1, 1, 2, 2, 3, 4, 5]),
            (10, &[1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        ] {
            let all: Vec<i64> = (0..of).map(|index| fifth(Place { index, of })).collect();
            assert_eq!(all, tiles);
        }
    }
}
