//! How even the customer's visits are, and whether he is overdue.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::statistics::{Moments, clumpiness, quantile};
use crate::value::Kind::{Date, Float, Int};
use crate::value::{Value, count, ratio};
use crate::walk::{PurchaseDay, Walk};
use crate::window::YEAR;

const NO_GAP: &str = "no gap";
const ONE_GAP: &str = "fewer than 2 gaps";

/// Gaps between purchase days of the last 364 days.
pub(crate) struct Gaps {
    pub lengths: Moments,
    pub max: i64,
    /// Sum of the last three.
    recent: i64,
    /// Those at least as long as the pause that lasts.
    exceeding: i64,
    median: Option<f64>,
    p90: Option<f64>,
    /// Twice the median: an integer.
    pub median_doubled: Option<i64>,
}

impl Gaps {
    pub fn of(walk: &Walk, numbers: &mut Vec<i64>) -> Self {
        let recency = walk.days.last().map_or(0, |day| i64::from(day.age));
        numbers.clear();
        numbers.extend(gaps(walk.days_364d()).map(|(gap, _)| i64::from(gap)));
        let recent = numbers.iter().rev().take(3).sum();
        numbers.sort_unstable();
        let median = quantile(numbers, 1, 2);
        Self {
            lengths: Moments::of(numbers.iter().copied()),
            max: numbers.last().copied().unwrap_or(0),
            recent,
            exceeding: numbers.iter().filter(|&&gap| gap >= recency).count() as i64,
            median,
            p90: quantile(numbers, 9, 10),
            median_doubled: median.map(|median| (2.0 * median) as i64),
        }
    }

    fn variation(&self) -> Option<f64> {
        Some(self.lengths.deviation()? / self.lengths.mean()?)
    }
}

/// Gaps between consecutive days, from the oldest, each with the age of the day it ends on.
pub(crate) fn gaps(days: &[PurchaseDay]) -> impl Iterator<Item = (i32, i32)> {
    days.windows(2).map(|pair| (pair[0].age - pair[1].age, pair[1].age))
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "ipt_count_364d",
        ["Gaps between purchase days in 364 days", "Интервалов между днями покупок за 364 дня"],
        Int,
        "gaps",
        "#gaps of days(S(364))",
        "0 over nothing",
        |f| f.gaps.lengths.count.into(),
    ),
    parameter(
        "ipt_mean_364d",
        [
            "Average gap between purchase days in 364 days",
            "Средний интервал между днями покупок за 364 дня",
        ],
        Float,
        "days",
        "mean gap",
        NO_GAP,
        |f| f.gaps.lengths.mean().into(),
    ),
    parameter(
        "ipt_median_364d",
        [
            "Median gap between purchase days in 364 days",
            "Медианный интервал между днями покупок за 364 дня",
        ],
        Float,
        "days",
        "median gap",
        NO_GAP,
        |f| f.gaps.median.into(),
    ),
    parameter(
        "ipt_p90_364d",
        [
            "90th percentile of gaps between purchase days, 364 days",
            "90-й процентиль интервала между днями покупок, 364 дня",
        ],
        Float,
        "days",
        "q(0.9) of gaps",
        NO_GAP,
        |f| f.gaps.p90.into(),
    ),
    parameter(
        "ipt_max_364d",
        [
            "Longest gap between purchase days in 364 days",
            "Самый длинный интервал между днями покупок за 364 дня",
        ],
        Int,
        "days",
        "longest gap",
        NO_GAP,
        |f| (f.gaps.lengths.count > 0).then_some(f.gaps.max).into(),
    ),
    parameter(
        "ipt_std_364d",
        ["Standard deviation of gaps in 364 days", "Стандартное отклонение интервалов за 364 дня"],
        Float,
        "days",
        "sd of gaps",
        ONE_GAP,
        |f| f.gaps.lengths.deviation().into(),
    ),
    parameter(
        "ipt_cv_364d",
        [
            "Coefficient of variation of gaps in 364 days",
            "Коэффициент вариации интервалов за 364 дня",
        ],
        Float,
        "ratio",
        "ipt_std_364d ÷ ipt_mean_364d",
        ONE_GAP,
        |f| f.gaps.variation().into(),
    ),
    parameter(
        "ipt_recent_ratio",
        [
            "Last 3 gaps over the average gap of 364 days",
            "Последние 3 интервала к среднему за 364 дня",
        ],
        Float,
        "ratio",
        "mean of the last 3 gaps ÷ ipt_mean_364d",
        "fewer than 3 gaps",
        |f| match f.gaps.lengths {
            Moments { count: 3.., sum, .. } => ratio(f.gaps.recent * f.gaps.lengths.count, 3 * sum),
            _ => Value::Null,
        },
    ),
    parameter(
        "overdue_ratio",
        [
            "Days since the last purchase over the average gap",
            "Дней с последней покупки к среднему интервалу",
        ],
        Float,
        "ratio",
        "recency_days ÷ ipt_mean_364d",
        NO_GAP,
        |f| match (f.last_age(), f.gaps.lengths.count) {
            (Some(recency), 1..) => {
                ratio(i64::from(recency) * f.gaps.lengths.count, f.gaps.lengths.sum)
            }
            _ => Value::Null,
        },
    ),
    parameter(
        "overdue_z",
        [
            "Pause beyond the average gap, in standard deviations",
            "Пауза сверх среднего интервала, в ст. отклонениях",
        ],
        Float,
        "sd",
        "(recency_days − ipt_mean_364d) ÷ ipt_std_364d",
        "fewer than 2 gaps or ipt_std_364d = 0",
        |f| overdue_deviations(f).into(),
    ),
    parameter(
        "gap_exceedance",
        [
            "How ordinary the present pause is for the customer",
            "Насколько обычна нынешняя пауза для покупателя",
        ],
        Float,
        "probability",
        "(1 + #gaps of at least recency_days) ÷ (2 + ipt_count_364d): how ordinary so long a pause is for him, smoothed",
        NO_GAP,
        |f| match f.gaps.lengths.count {
            0 => Value::Null,
            gaps => ratio(1 + f.gaps.exceeding, 2 + gaps),
        },
    ),
    parameter(
        "expected_next_purchase_date",
        [
            "Date of the next purchase by the median gap",
            "Дата следующей покупки по медианному интервалу",
        ],
        Date,
        "date",
        "last_purchase_date + ipt_median_364d, rounded up",
        NO_GAP,
        |f| match (f.last_age(), f.gaps.median_doubled) {
            (Some(recency), Some(doubled)) => {
                f.given.day(recency - ((doubled + 1) / 2) as i32).into()
            }
            _ => Value::Null,
        },
    ),
    parameter(
        "clumpiness_364d",
        ["Clumpiness of purchase days in 364 days", "Скученность дней покупок за 364 дня"],
        Float,
        "0..1",
        "1 + Σ x·ln x ÷ ln(n + 1); n days of S(364) at places 1..364 from the oldest, x = steps of (0, places, 365) ÷ 365 (Zhang, Bradlow, Small)",
        "no day",
        |f| clumpiness(f.walk.days_364d().iter().map(|day| YEAR - day.age), YEAR).into(),
    ),
    parameter(
        "weekly_streak_current",
        ["Weeks in a row with a purchase, up to now", "Недель подряд с покупкой, до сегодня"],
        Int,
        "weeks, 0..52",
        "weeks in a row with a line of S, from week 0 back",
        "0 over nothing",
        |f| count(f.walk.weeks[..52].iter().take_while(|week| week.visits > 0).count()),
    ),
    parameter(
        "reactivations_364d",
        [
            "Comebacks after more than 56 days, in 364 days",
            "Возобновлений после паузы более 56 дней за 364 дня",
        ],
        Int,
        "gaps",
        "#gaps of days(S) above 56 days that ended within the last 364 days",
        "0 over nothing",
        |f| count(gaps(&f.walk.days).filter(|&(gap, end)| gap > 56 && end < YEAR).count()),
    ),
];

fn overdue_deviations(facts: &Facts<'_>) -> Option<f64> {
    let lengths = facts.gaps.lengths;
    if lengths.count < 2 || lengths.scatter() == 0 {
        return None;
    }
    Some((f64::from(facts.last_age()?) - lengths.mean()?) / lengths.deviation()?)
}
