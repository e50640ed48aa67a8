//! How much the customer spends.

use crate::registry::{Parameter, parameter};
use crate::statistics::{Moments, quantile};
use crate::value::Kind::Float;
use crate::value::{Value, mean_money, money, ratio};
use crate::walk::Walk;
use crate::window::YEAR;

const EMPTY: &str = "0 over nothing";
const NO_VISIT: &str = "visits_364d = 0";

/// Totals of the receipts of the last 364 days, minor units.
pub(crate) struct Receipts {
    totals: Moments,
    median: Option<f64>,
    p90: Option<f64>,
}

impl Receipts {
    pub fn of(walk: &Walk, numbers: &mut Vec<i64>) -> Self {
        numbers.clear();
        numbers.extend(walk.visits_364d().map(|visit| visit.net));
        numbers.sort_unstable();
        Self {
            totals: Moments::of(numbers.iter().copied()),
            median: quantile(numbers, 1, 2),
            p90: quantile(numbers, 9, 10),
        }
    }

    /// Standard deviation over mean.
    fn variation(&self) -> Option<f64> {
        if self.totals.sum == 0 {
            return None;
        }
        Some(self.totals.deviation()? / self.totals.mean()?)
    }
}

/// Minor units to major.
fn major(minor: Option<f64>) -> Value {
    minor.map(|minor| minor / 100.0).into()
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "spend_7d",
        ["Sum of purchases in 7 days", "Сумма покупок за 7 дней"],
        Float,
        "money",
        "Σ net over S(7)",
        EMPTY,
        |f| money(f.walk.spend(0, 7)),
    ),
    parameter(
        "spend_28d",
        ["Sum of purchases in 28 days", "Сумма покупок за 28 дней"],
        Float,
        "money",
        "Σ net over S(28)",
        EMPTY,
        |f| money(f.walk.spend(0, 28)),
    ),
    parameter(
        "spend_91d",
        ["Sum of purchases in 91 days", "Сумма покупок за 91 день"],
        Float,
        "money",
        "Σ net over S(91)",
        EMPTY,
        |f| money(f.walk.spend(0, 91)),
    ),
    parameter(
        "spend_364d",
        ["Sum of purchases in 364 days", "Сумма покупок за 364 дня"],
        Float,
        "money",
        "Σ net over S(364)",
        EMPTY,
        |f| money(f.walk.spend(0, YEAR)),
    ),
    parameter(
        "spend_all",
        ["Sum of purchases of all time", "Сумма покупок за всё время"],
        Float,
        "money",
        "Σ net over S",
        EMPTY,
        |f| money(f.walk.sums.net),
    ),
    parameter(
        "spend_prev_28d",
        [
            "Sum of purchases in the 28 days before the last 28",
            "Сумма покупок за 28 дней перед последними 28",
        ],
        Float,
        "money",
        "Σ net over S(56,28)",
        EMPTY,
        |f| money(f.walk.spend(28, 56)),
    ),
    parameter(
        "spend_prev_91d",
        [
            "Sum of purchases in the 91 days before the last 91",
            "Сумма покупок за 91 день перед последними 91",
        ],
        Float,
        "money",
        "Σ net over S(182,91)",
        EMPTY,
        |f| money(f.walk.spend(91, 182)),
    ),
    parameter(
        "avg_receipt_28d",
        ["Average receipt in 28 days", "Средний чек за 28 дней"],
        Float,
        "money",
        "spend_28d ÷ visits_28d",
        "visits_28d = 0",
        |f| mean_money(f.walk.spend(0, 28), f.walk.visits(0, 28)),
    ),
    parameter(
        "avg_receipt_91d",
        ["Average receipt in 91 days", "Средний чек за 91 день"],
        Float,
        "money",
        "spend_91d ÷ visits_91d",
        "visits_91d = 0",
        |f| mean_money(f.walk.spend(0, 91), f.walk.visits(0, 91)),
    ),
    parameter(
        "avg_receipt_364d",
        ["Average receipt in 364 days", "Средний чек за 364 дня"],
        Float,
        "money",
        "spend_364d ÷ visits_364d",
        NO_VISIT,
        |f| mean_money(f.walk.spend(0, YEAR), f.walk.visits(0, YEAR)),
    ),
    parameter(
        "median_receipt_364d",
        ["Median receipt in 364 days", "Медианный чек за 364 дня"],
        Float,
        "money",
        "median of receipt totals; a receipt's total is Σ net over its lines of S(364)",
        NO_VISIT,
        |f| major(f.receipts.median),
    ),
    parameter(
        "p90_receipt_364d",
        ["90th percentile of receipt totals in 364 days", "90-й процентиль суммы чека за 364 дня"],
        Float,
        "money",
        "q(0.9) of receipt totals",
        NO_VISIT,
        |f| major(f.receipts.p90),
    ),
    parameter(
        "std_receipt_364d",
        [
            "Standard deviation of receipt totals in 364 days",
            "Стандартное отклонение суммы чека за 364 дня",
        ],
        Float,
        "money",
        "sd of receipt totals",
        "visits_364d < 2",
        |f| major(f.receipts.totals.deviation()),
    ),
    parameter(
        "cv_receipt_364d",
        [
            "Coefficient of variation of receipt totals, 364 days",
            "Коэффициент вариации суммы чека за 364 дня",
        ],
        Float,
        "ratio",
        "std_receipt_364d ÷ avg_receipt_364d",
        "visits_364d < 2 or avg_receipt_364d = 0",
        |f| f.receipts.variation().into(),
    ),
    parameter(
        "last_receipt_amount",
        ["Total of the last receipt", "Сумма последнего чека"],
        Float,
        "money",
        "total of the receipt of S that began last; of two at one moment, the one with the larger number",
        "no sale line",
        |f| f.walk.visits.last().map(|visit| visit.net as f64 / 100.0).into(),
    ),
    parameter(
        "returns_amount_364d",
        ["Sum of returns in 364 days", "Сумма возвратов за 364 дня"],
        Float,
        "money",
        "−Σ net over returns of the last 364 days",
        EMPTY,
        |f| money(f.walk.sums.returns),
    ),
    parameter(
        "return_share_364d",
        [
            "Sum of returns over that of purchases in 364 days",
            "Сумма возвратов к сумме покупок за 364 дня",
        ],
        Float,
        "ratio",
        "returns_amount_364d ÷ spend_364d",
        "spend_364d = 0",
        |f| ratio(f.walk.sums.returns, f.walk.spend(0, YEAR)),
    ),
    parameter(
        "margin_364d",
        [
            "Margin in 364 days, on lines with a known cost",
            "Маржа за 364 дня по позициям с известной себестоимостью",
        ],
        Float,
        "money",
        "Σ (net − cost × quantity) over lines of S(364) whose cost on their day is known",
        "no line with a known cost",
        |f| f.walk.sums.margin.map(|thousandths| thousandths as f64 / 100_000.0).into(),
    ),
];
