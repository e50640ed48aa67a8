//! When the customer will need what he buys regularly.

use std::cmp::Reverse;

use crate::registry::{Parameter, parameter};
use crate::statistics::{Moments, quantile};
use crate::value::Kind::{Category, Float, Int};
use crate::value::{Value, money, ratio};
use crate::walk::Walk;

const EMPTY: &str = "0 over nothing";
const NO_CYCLE: &str = "no cycle category";

/// Days of purchase at least to speak of a cycle.
const CYCLE_DAYS: i64 = 4;

/// Categories bought on at least four days of the last 364.
#[derive(Default)]
pub(crate) struct Cycles {
    categories: i64,
    due: i64,
    overdue: i64,
    lapsed: i64,
    lapsed_net: i64,
    variation: f64,
    /// Distance to the due day, category, and doubled days until it.
    next: Option<(i64, u32, i64)>,
    /// Net and category, and doubled cycle and days since the last purchase.
    top: Option<((i64, Reverse<u32>), i64, i64)>,
}

impl Cycles {
    pub fn of(walk: &Walk, numbers: &mut Vec<i64>) -> Self {
        let mut cycles = Self::default();
        for (code, category) in walk.categories.iter() {
            if category.days < CYCLE_DAYS {
                continue;
            }
            numbers.clear();
            let mut later = None;
            for age in walk.category_days(category) {
                numbers.extend(later.map(|later| i64::from(age - later)));
                later = Some(age);
            }
            numbers.sort_unstable();
            // Twice a median of integers is an integer: so are all comparisons.
            let Some(cycle) = quantile(numbers, 1, 2).map(|median| (2.0 * median) as i64) else {
                continue;
            };
            let moments = Moments::of(numbers.iter().copied());
            cycles.add(code, category.net, cycle, 2 * i64::from(category.last_age));
            if let (Some(deviation), Some(mean)) = (moments.deviation(), moments.mean()) {
                cycles.variation += deviation / mean;
            }
        }
        cycles
    }

    /// Adds a category with its cycle and the time since its last day, both doubled.
    fn add(&mut self, code: u32, net: i64, cycle: i64, elapsed: i64) {
        self.categories += 1;
        if elapsed >= 3 * cycle {
            self.lapsed += 1;
            self.lapsed_net += net;
        } else if 2 * elapsed >= 3 * cycle {
            self.overdue += 1;
        } else {
            self.due += i64::from(5 * elapsed >= 4 * cycle);
            let next = ((cycle - elapsed).abs(), code, cycle - elapsed);
            self.next = Some(self.next.map_or(next, |nearest| nearest.min(next)));
        }
        let top = ((net, Reverse(code)), cycle, elapsed);
        self.top = self.top.max(Some(top));
    }
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "cycle_categories_364d",
        [
            "Categories with a cycle (4+ days of 364)",
            "Категорий с циклом (от 4 дней покупок за 364 дня)",
        ],
        Int,
        "categories",
        "#cycle categories: those with at least 4 days in M(364). Of each, cycle = median of the gaps of its days, elapsed = age of the latest of them, due = elapsed ÷ cycle",
        EMPTY,
        |f| f.cycles.categories.into(),
    ),
    parameter(
        "due_categories",
        [
            "Categories due (0.8 to 1.5 cycles since bought)",
            "Категорий, которые пора купить (0,8–1,5 цикла)",
        ],
        Int,
        "categories",
        "#cycle categories with 0.8 ≤ due < 1.5",
        EMPTY,
        |f| f.cycles.due.into(),
    ),
    parameter(
        "overdue_categories",
        [
            "Categories overdue (1.5 to 3 cycles since bought)",
            "Категорий с просрочкой (1,5–3 цикла)",
        ],
        Int,
        "categories",
        "#cycle categories with 1.5 ≤ due < 3",
        EMPTY,
        |f| f.cycles.overdue.into(),
    ),
    parameter(
        "lapsed_categories",
        [
            "Categories lapsed (3 cycles or more since bought)",
            "Заброшенных категорий (от 3 циклов)",
        ],
        Int,
        "categories",
        "#cycle categories with due ≥ 3",
        EMPTY,
        |f| f.cycles.lapsed.into(),
    ),
    parameter(
        "next_due_category",
        ["Category nearest to its due day", "Категория, ближайшая к сроку покупки"],
        Category,
        "category id",
        "of cycle categories with due < 1.5, the one with the smallest |cycle − elapsed|, then id",
        "no such category",
        |f| f.cycles.next.map_or(Value::Null, |(_, code, _)| Value::Category(code)),
    ),
    parameter(
        "next_due_in_days",
        [
            "Days to the nearest due day (negative: past)",
            "Дней до ближайшего срока (минус — уже прошёл)",
        ],
        Float,
        "days",
        "cycle − elapsed of next_due_category; negative when past",
        "no such category",
        |f| f.cycles.next.map(|(_, _, doubled)| doubled as f64 / 2.0).into(),
    ),
    parameter(
        "cycle_cv_mean_364d",
        [
            "Average variation of categories' gaps in 364 days",
            "Средняя вариация интервалов категорий за 364 дня",
        ],
        Float,
        "ratio",
        "mean over cycle categories of sd ÷ mean of their gaps",
        NO_CYCLE,
        |f| match f.cycles.categories {
            0 => Value::Null,
            categories => Value::Float(f.cycles.variation / categories as f64),
        },
    ),
    parameter(
        "top_category_cycle_days",
        ["Largest category with a cycle: its cycle", "Крупнейшая категория с циклом: её цикл"],
        Float,
        "days",
        "cycle of the first cycle category by net of M(364)",
        NO_CYCLE,
        |f| f.cycles.top.map(|(_, cycle, _)| cycle as f64 / 2.0).into(),
    ),
    parameter(
        "top_category_due_ratio",
        [
            "Largest category with a cycle: cycles since bought",
            "Крупнейшая категория с циклом: циклов с покупки",
        ],
        Float,
        "ratio",
        "due of the same category",
        NO_CYCLE,
        |f| f.cycles.top.map_or(Value::Null, |(_, cycle, elapsed)| ratio(elapsed, cycle)),
    ),
    parameter(
        "lapsed_category_annual_spend",
        ["Spend of 364 days on lapsed categories", "Траты за 364 дня на заброшенные категории"],
        Float,
        "money",
        "Σ net over M(364) of the categories of lapsed_categories: spend to win back",
        EMPTY,
        |f| money(f.cycles.lapsed_net),
    ),
];
