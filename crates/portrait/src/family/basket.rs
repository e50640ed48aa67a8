//! What the customer's receipts look like: missions.

use crate::registry::{Parameter, parameter};
use crate::statistics::quantile;
use crate::value::Kind::{Float, Int};
use crate::value::ratio;
use crate::walk::Walk;
use crate::window::QUARTER;

const EMPTY: &str = "M(364) is empty";

/// Lines at most of a quick mission.
const SMALL: i64 = 5;
/// Lines at least of a stock-up.
const LARGE: i64 = 20;

/// Receipts with merchandise in the last 364 days.
pub(crate) struct Missions {
    /// Receipts of M(364), their lines, and their categories, counted by receipt.
    pub receipts: i64,
    lines: i64,
    categories: i64,
    /// The same of M(91).
    receipts_91d: i64,
    lines_91d: i64,
    median_lines: Option<f64>,
    small: i64,
    large: i64,
    large_net: i64,
    large_age: Option<i32>,
}

impl Missions {
    pub fn of(walk: &Walk, numbers: &mut Vec<i64>) -> Self {
        let mut missions = Self {
            receipts: 0,
            lines: 0,
            categories: 0,
            receipts_91d: 0,
            lines_91d: 0,
            median_lines: None,
            small: 0,
            large: 0,
            large_net: 0,
            large_age: None,
        };
        numbers.clear();
        // The walk keeps merchandise of the last 364 days only.
        for visit in walk.visits.iter().filter(|visit| visit.goods.lines > 0) {
            let lines = visit.goods.lines;
            numbers.push(lines);
            missions.lines += lines;
            missions.categories += visit.goods.categories;
            if visit.age < QUARTER {
                missions.receipts_91d += 1;
                missions.lines_91d += lines;
            }
            missions.small += i64::from(lines <= SMALL);
            if lines >= LARGE {
                missions.large += 1;
                missions.large_net += visit.goods.net;
                missions.large_age =
                    Some(missions.large_age.map_or(visit.age, |age| age.min(visit.age)));
            }
        }
        missions.receipts = numbers.len() as i64;
        numbers.sort_unstable();
        missions.median_lines = quantile(numbers, 1, 2);
        missions
    }
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "lines_per_receipt_91d",
        [
            "Lines of merchandise per receipt in 91 days",
            "Товарных позиций в чеке в среднем за 91 день",
        ],
        Float,
        "lines",
        "#lines(M(91)) ÷ #receipts(M(91))",
        "M(91) is empty",
        |f| ratio(f.missions.lines_91d, f.missions.receipts_91d),
    ),
    parameter(
        "lines_per_receipt_364d",
        [
            "Lines of merchandise per receipt in 364 days",
            "Товарных позиций в чеке в среднем за 364 дня",
        ],
        Float,
        "lines",
        "#lines(M(364)) ÷ #receipts(M(364))",
        EMPTY,
        |f| ratio(f.missions.lines, f.missions.receipts),
    ),
    parameter(
        "median_lines_per_receipt_364d",
        [
            "Median lines of merchandise per receipt in 364 days",
            "Товарных позиций в чеке, медиана за 364 дня",
        ],
        Float,
        "lines",
        "median over receipts(M(364)) of their lines of M",
        EMPTY,
        |f| f.missions.median_lines.into(),
    ),
    parameter(
        "categories_per_receipt_364d",
        ["Categories per receipt in 364 days", "Категорий в чеке в среднем за 364 дня"],
        Float,
        "categories",
        "mean over receipts(M(364)) of their #categories",
        EMPTY,
        |f| ratio(f.missions.categories, f.missions.receipts),
    ),
    parameter(
        "small_receipt_share_364d",
        [
            "Share of receipts with at most 5 lines in 364 days",
            "Доля чеков до 5 позиций за 364 дня",
        ],
        Float,
        "ratio",
        "receipts with at most 5 lines ÷ #receipts(M(364)): quick missions",
        EMPTY,
        |f| ratio(f.missions.small, f.missions.receipts),
    ),
    parameter(
        "large_receipt_share_364d",
        [
            "Share of receipts with 20 lines or more in 364 days",
            "Доля чеков от 20 позиций за 364 дня",
        ],
        Float,
        "ratio",
        "receipts with at least 20 lines ÷ #receipts(M(364)): stock-ups",
        EMPTY,
        |f| ratio(f.missions.large, f.missions.receipts),
    ),
    parameter(
        "stockup_spend_share_364d",
        [
            "Share of spend in receipts of 20 lines or more, 364 days",
            "Доля трат в чеках от 20 позиций за 364 дня",
        ],
        Float,
        "ratio",
        "Σ net of M(364) in receipts with at least 20 lines ÷ Σ net over M(364)",
        "Σ net over M(364) = 0",
        |f| ratio(f.missions.large_net, f.walk.sums.goods_net),
    ),
    parameter(
        "days_since_stockup",
        [
            "Days since a receipt of 20 lines or more, of 364 days",
            "Дней с последнего чека от 20 позиций за 364 дня",
        ],
        Int,
        "days",
        "age of the latest receipt with at least 20 lines of M(364)",
        "no such receipt",
        |f| f.missions.large_age.into(),
    ),
];
