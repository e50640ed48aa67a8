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
    parameter("spend_7d", Float, "money", "Σ net over S(7)", EMPTY, |f| money(f.walk.spend(0, 7))),
    parameter("spend_28d", Float, "money", "Σ net over S(28)", EMPTY, |f| {
        money(f.walk.spend(0, 28))
    }),
    parameter("spend_91d", Float, "money", "Σ net over S(91)", EMPTY, |f| {
        money(f.walk.spend(0, 91))
    }),
    parameter("spend_364d", Float, "money", "Σ net over S(364)", EMPTY, |f| {
        money(f.walk.spend(0, YEAR))
    }),
    parameter("spend_all", Float, "money", "Σ net over S", EMPTY, |f| money(f.walk.sums.net)),
    parameter("spend_prev_28d", Float, "money", "Σ net over S(56,28)", EMPTY, |f| {
        money(f.walk.spend(28, 56))
    }),
    parameter("spend_prev_91d", Float, "money", "Σ net over S(182,91)", EMPTY, |f| {
        money(f.walk.spend(91, 182))
    }),
    parameter(
        "avg_receipt_28d",
        Float,
        "money",
        "spend_28d ÷ visits_28d",
        "visits_28d = 0",
        |f| mean_money(f.walk.spend(0, 28), f.walk.visits(0, 28)),
    ),
    parameter(
        "avg_receipt_91d",
        Float,
        "money",
        "spend_91d ÷ visits_91d",
        "visits_91d = 0",
        |f| mean_money(f.walk.spend(0, 91), f.walk.visits(0, 91)),
    ),
    parameter("avg_receipt_364d", Float, "money", "spend_364d ÷ visits_364d", NO_VISIT, |f| {
        mean_money(f.walk.spend(0, YEAR), f.walk.visits(0, YEAR))
    }),
    parameter(
        "median_receipt_364d",
        Float,
        "money",
        "median of receipt totals; a receipt's total is Σ net over its lines of S(364)",
        NO_VISIT,
        |f| major(f.receipts.median),
    ),
    parameter("p90_receipt_364d", Float, "money", "q(0.9) of receipt totals", NO_VISIT, |f| {
        major(f.receipts.p90)
    }),
    parameter("std_receipt_364d", Float, "money", "sd of receipt totals", "visits_364d < 2", |f| {
        major(f.receipts.totals.deviation())
    }),
    parameter(
        "cv_receipt_364d",
        Float,
        "ratio",
        "std_receipt_364d ÷ avg_receipt_364d",
        "visits_364d < 2 or avg_receipt_364d = 0",
        |f| f.receipts.variation().into(),
    ),
    parameter(
        "last_receipt_amount",
        Float,
        "money",
        "total of the receipt of S that began last; of two at one moment, the one with the larger number",
        "no sale line",
        |f| f.walk.visits.last().map(|visit| visit.net as f64 / 100.0).into(),
    ),
    parameter(
        "returns_amount_364d",
        Float,
        "money",
        "−Σ net over returns of the last 364 days",
        EMPTY,
        |f| money(f.walk.sums.returns),
    ),
    parameter(
        "return_share_364d",
        Float,
        "ratio",
        "returns_amount_364d ÷ spend_364d",
        "spend_364d = 0",
        |f| ratio(f.walk.sums.returns, f.walk.spend(0, YEAR)),
    ),
    parameter(
        "margin_364d",
        Float,
        "money",
        "Σ (net − cost × quantity) over lines of S(364) whose cost on their day is known",
        "no line with a known cost",
        |f| f.walk.sums.margin.map(|thousandths| thousandths as f64 / 100_000.0).into(),
    ),
];
