//! Whether the customer grows or declines.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::statistics::Moments;
use crate::value::Kind::{Float, Int};
use crate::value::{Value, ratio};
use crate::walk::{PurchaseDay, Walk, Week};
use crate::window::{MONTH, QUARTER};

/// Weekly spend of the last 52 weeks.
pub(crate) struct Weekly {
    spends: Moments,
    autocorrelation: Option<f64>,
    peak: Option<i32>,
    /// 182 times the slope of the last 13 weeks, minor units a week.
    slope: i64,
}

impl Weekly {
    pub fn of(walk: &Walk) -> Self {
        // From the latest week back.
        let weeks = &walk.weeks[..52];
        let spends = Moments::of(weeks.iter().map(|week| week.net));
        let most = weeks.iter().map(|week| week.net).max().unwrap_or(0);
        let peak = (0..).zip(weeks).find(|(_, week)| week.net == most).map(|(k, _)| k);
        // Week 6 is the middle of 13; Σ (i − 6)² = 182.
        let slope = (0..13).zip(weeks).map(|(k, week)| (6 - k) * week.net).sum();
        Self {
            spends,
            autocorrelation: autocorrelation(weeks, &spends),
            peak: if most > 0 { peak } else { None },
            slope,
        }
    }
}

/// Autocorrelation of the weekly spend with that of the week before, exact until the division.
fn autocorrelation(weeks: &[Week], spends: &Moments) -> Option<f64> {
    let scatter = spends.scatter();
    if scatter == 0 {
        return None;
    }
    // Deviations from the mean, times the number of weeks.
    let deviation =
        |week: &Week| i128::from(spends.count) * i128::from(week.net) - i128::from(spends.sum);
    let products = weeks.windows(2).map(|pair| deviation(&pair[0]) * deviation(&pair[1]));
    // Σ deviation² = n · scatter.
    Some(products.sum::<i128>() as f64 / (i128::from(spends.count) * scatter) as f64)
}

/// Half as much after 28 days.
fn decay(age: i32) -> f64 {
    (-f64::from(age) / f64::from(MONTH)).exp2()
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "spend_ratio_28d",
        ["Sum of purchases, 28 days over the 28 before", "Сумма покупок: 28 дней к предыдущим 28"],
        Float,
        "ratio",
        "spend_28d ÷ spend_prev_28d",
        "spend_prev_28d = 0",
        |f| ratio(f.walk.spend(0, 28), f.walk.spend(28, 56)),
    ),
    parameter(
        "visits_ratio_28d",
        ["Receipts, 28 days over the 28 before", "Число чеков: 28 дней к предыдущим 28"],
        Float,
        "ratio",
        "visits_28d ÷ visits_prev_28d",
        "visits_prev_28d = 0",
        |f| ratio(f.walk.visits(0, 28), f.walk.visits(28, 56)),
    ),
    parameter(
        "spend_ratio_91d",
        ["Sum of purchases, 91 days over the 91 before", "Сумма покупок: 91 день к предыдущим 91"],
        Float,
        "ratio",
        "spend_91d ÷ spend_prev_91d",
        "spend_prev_91d = 0",
        |f| ratio(f.walk.spend(0, 91), f.walk.spend(91, 182)),
    ),
    parameter(
        "visits_ratio_91d",
        ["Receipts, 91 days over the 91 before", "Число чеков: 91 день к предыдущим 91"],
        Float,
        "ratio",
        "visits_91d ÷ visits_prev_91d",
        "visits_prev_91d = 0",
        |f| ratio(f.walk.visits(0, 91), f.walk.visits(91, 182)),
    ),
    parameter(
        "avg_receipt_ratio_91d",
        ["Average receipt, 91 days over the 91 before", "Средний чек: 91 день к предыдущим 91"],
        Float,
        "ratio",
        "avg_receipt_91d ÷ (spend_prev_91d ÷ visits_prev_91d)",
        "visits_91d = 0 or spend_prev_91d = 0",
        receipt_ratio,
    ),
    parameter(
        "spend_yoy_91d",
        [
            "Sum of purchases, 91 days over those 364 days earlier",
            "Сумма покупок: 91 день к тем же дням 364 дня назад",
        ],
        Float,
        "ratio",
        "spend_91d ÷ Σ net over S(455,364)",
        "the denominator is 0 or tenure_days < 455",
        |f| match f.first_age() {
            Some(455..) => ratio(f.walk.spend(0, 91), f.walk.spend(364, 455)),
            _ => Value::Null,
        },
    ),
    parameter(
        "spend_slope_13w",
        ["Trend of weekly purchases over 13 weeks", "Тренд недельной суммы покупок за 13 недель"],
        Float,
        "money a week",
        "slope of the least-squares line through Σ net over S of weeks 12 to 0, in this sequence",
        "no sale line",
        |f| match f.first_age() {
            Some(_) => ratio(f.weekly.slope, 182 * 100),
            None => Value::Null,
        },
    ),
    parameter(
        "weekly_spend_cv_52w",
        [
            "Coefficient of variation of weekly purchases, 52 weeks",
            "Коэффициент вариации покупок по неделям, 52 недели",
        ],
        Float,
        "ratio",
        "sd ÷ mean of Σ net over S of weeks 0 to 51",
        "the mean is 0",
        |f| match f.weekly.spends {
            Moments { sum: 0, .. } => Value::Null,
            spends => match (spends.deviation(), spends.mean()) {
                (Some(deviation), Some(mean)) => Value::Float(deviation / mean),
                _ => Value::Null,
            },
        },
    ),
    parameter(
        "weekly_spend_autocorr1_52w",
        [
            "Autocorrelation of weekly purchases, 52 weeks",
            "Автокорреляция покупок по неделям, 52 недели",
        ],
        Float,
        "−1..1",
        "y_k = Σ net over S of week k, m their mean over k = 0..51: Σ (y_k − m)(y_(k+1) − m) over k = 0..50 ÷ Σ (y_k − m)² over k = 0..51",
        "the denominator is 0",
        |f| f.weekly.autocorrelation.into(),
    ),
    parameter(
        "ewma_visits_hl28",
        ["Purchase days, each counting half after 28 days", "Дни покупок с полураспадом 28 дней"],
        Float,
        "days",
        "Σ over days(S) of 0.5^(age ÷ 28)",
        "0 over nothing",
        |f| Value::Float(f.walk.days.iter().map(|day| decay(day.age)).sum::<f64>() + 0.0),
    ),
    parameter(
        "ewma_spend_hl28",
        [
            "Sum of purchases, each counting half after 28 days",
            "Сумма покупок с полураспадом 28 дней",
        ],
        Float,
        "money",
        "Σ over lines of S of net × 0.5^(age ÷ 28)",
        "0 over nothing",
        |f| {
            let spend = |day: &PurchaseDay| day.net as f64 * decay(day.age);
            Value::Float(f.walk.days.iter().map(spend).sum::<f64>() / 100.0 + 0.0)
        },
    ),
    parameter(
        "weeks_since_peak_week_52w",
        [
            "Weeks since the week of most purchases, of 52",
            "Недель с недели наибольших покупок, из 52",
        ],
        Int,
        "weeks",
        "smallest k of 0..51 whose week has the largest Σ net over S",
        "Σ net over the 52 weeks = 0",
        |f| f.weekly.peak.into(),
    ),
    parameter(
        "share_of_population_trend_91d",
        [
            "Growth of purchases over everybody's, 91 days on 91",
            "Рост покупок против роста у всех, 91 день к 91",
        ],
        Float,
        "ratio",
        "spend_ratio_91d ÷ the same of the population: growth without the season",
        "spend_prev_91d = 0, or either sum of the population = 0",
        population_trend,
    ),
];

fn receipt_ratio(facts: &Facts<'_>) -> Value {
    let (spend, visits) = (facts.walk.spend(0, QUARTER), facts.walk.visits(0, QUARTER));
    let before = facts.walk.spend(QUARTER, 2 * QUARTER);
    let visits_before = facts.walk.visits(QUARTER, 2 * QUARTER);
    if visits == 0 || before == 0 {
        return Value::Null;
    }
    let mean = spend as f64 / visits as f64;
    Value::Float(mean / (before as f64 / visits_before as f64))
}

fn population_trend(facts: &Facts<'_>) -> Value {
    let (now, before) = facts.given.population.spends_91d();
    let own_before = facts.walk.spend(QUARTER, 2 * QUARTER);
    if now == 0 || before == 0 || own_before == 0 {
        return Value::Null;
    }
    let own = facts.walk.spend(0, QUARTER) as f64 / own_before as f64;
    Value::Float(own / (now as f64 / before as f64))
}
