//! How wide the customer's choice is, and how it changes.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Float, Int};
use crate::value::{Value, count, ratio};
use crate::walk::Walk;
use crate::window::{MONTH, QUARTER, YEAR};

const EMPTY: &str = "0 over nothing";
const NO_SPEND: &str = "Σ net over M(364) = 0";

/// Counts over products and categories.
#[derive(Default)]
pub(crate) struct Breadth {
    pub products_364d: i64,
    products_91d: i64,
    /// Products of M(91) that he never bought before.
    novel_91d: i64,
    categories_28d: i64,
    categories_91d: i64,
    /// Categories of both M(91) and M(182,91), and of either.
    categories_both: i64,
    categories_either: i64,
    gained: i64,
    lost: i64,
    /// Categories with spend, the largest of them, and the entropy of their shares.
    spent: i64,
    largest: i64,
    entropy: f64,
}

impl Breadth {
    pub fn of(walk: &Walk) -> Self {
        let mut breadth = Self::default();
        for product in walk.products.values() {
            breadth.products_364d += i64::from(product.lines > 0);
            if product.last_age < QUARTER {
                breadth.products_91d += 1;
                breadth.novel_91d += i64::from(product.first_age < QUARTER);
            }
        }
        let total = walk.sums.goods_net as f64;
        for category in walk.categories.values() {
            let now = category.last_age < QUARTER;
            let before = category.days_prev_91d > 0;
            breadth.categories_28d += i64::from(category.last_age < MONTH);
            breadth.categories_91d += i64::from(now);
            breadth.categories_both += i64::from(now && before);
            breadth.categories_either += i64::from(now || before);
            breadth.gained += i64::from(now && category.days_before_91d == 0);
            breadth.lost += i64::from(!now && category.days_before_91d >= 2);
            if category.net > 0 {
                let share = category.net as f64 / total;
                breadth.spent += 1;
                breadth.largest = breadth.largest.max(category.net);
                breadth.entropy -= share * share.ln();
            }
        }
        breadth
    }

    /// Entropy and its largest possible value; nothing where nothing was spent.
    fn entropy(&self) -> Option<(f64, f64)> {
        // One category has no disorder, not minus zero of it.
        (self.spent > 0).then(|| match self.spent {
            1 => (0.0, 0.0),
            spent => (self.entropy, (spent as f64).ln()),
        })
    }
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "distinct_products_91d",
        ["Different products in 91 days", "Разных товаров за 91 день"],
        Int,
        "products",
        "#products(M(91))",
        EMPTY,
        |f| f.breadth.products_91d.into(),
    ),
    parameter(
        "distinct_products_364d",
        ["Different products in 364 days", "Разных товаров за 364 дня"],
        Int,
        "products",
        "#products(M(364))",
        EMPTY,
        |f| f.breadth.products_364d.into(),
    ),
    parameter(
        "distinct_categories_28d",
        ["Different categories in 28 days", "Разных категорий за 28 дней"],
        Int,
        "categories",
        "#categories(M(28))",
        EMPTY,
        |f| f.breadth.categories_28d.into(),
    ),
    parameter(
        "distinct_categories_91d",
        ["Different categories in 91 days", "Разных категорий за 91 день"],
        Int,
        "categories",
        "#categories(M(91))",
        EMPTY,
        |f| f.breadth.categories_91d.into(),
    ),
    parameter(
        "distinct_categories_364d",
        ["Different categories in 364 days", "Разных категорий за 364 дня"],
        Int,
        "categories",
        "#categories(M(364))",
        EMPTY,
        |f| count(f.walk.categories.len()),
    ),
    parameter(
        "distinct_brands_364d",
        ["Different brands in 364 days", "Разных брендов за 364 дня"],
        Int,
        "brands",
        "#brands(M(364)), lines with a brand",
        EMPTY,
        |f| count(f.walk.brands.len()),
    ),
    parameter(
        "category_breadth_364d",
        [
            "Share of all categories sold that he bought, 364 days",
            "Доля купленных категорий из всех проданных, 364 дня",
        ],
        Float,
        "ratio",
        "distinct_categories_364d ÷ #categories(M(364)) of the population",
        "M(364) of the population is empty",
        |f| ratio(f.walk.categories.len() as i64, f.given.population.categories() as i64),
    ),
    parameter(
        "category_entropy_364d",
        ["Entropy of spend over categories in 364 days", "Энтропия трат по категориям за 364 дня"],
        Float,
        "nats",
        "H of category shares of net over M(364), categories with net > 0",
        NO_SPEND,
        |f| f.breadth.entropy().map(|(entropy, _)| entropy).into(),
    ),
    parameter(
        "category_entropy_norm_364d",
        [
            "Evenness of spend over categories in 364 days",
            "Равномерность трат по категориям за 364 дня",
        ],
        Float,
        "0..1",
        "category_entropy_364d ÷ ln(number of categories with net > 0); 0 for one category",
        NO_SPEND,
        |f| match f.breadth.entropy() {
            Some((_, 0.0)) => Value::Float(0.0),
            Some((entropy, most)) => Value::Float(entropy / most),
            None => Value::Null,
        },
    ),
    parameter(
        "top_category_share_364d",
        [
            "Share of the largest category in spend of 364 days",
            "Доля крупнейшей категории в тратах за 364 дня",
        ],
        Float,
        "ratio",
        "largest category share of net over M(364)",
        NO_SPEND,
        |f| ratio(f.breadth.largest, f.walk.sums.goods_net),
    ),
    parameter(
        "novelty_share_91d",
        [
            "Share of products new to the customer in 91 days",
            "Доля новинок для покупателя среди товаров за 91 день",
        ],
        Float,
        "ratio",
        "products of M(91) without a line of M of age 91 or more ÷ distinct_products_91d",
        "M(91) is empty or tenure_days < 91",
        novelty,
    ),
    parameter(
        "repeat_line_share_364d",
        [
            "Share of lines with a product bought before, 364 days",
            "Доля позиций с уже покупавшимся товаром за 364 дня",
        ],
        Float,
        "ratio",
        "lines of M(364) whose product he had a line of M of on an earlier day ÷ #lines(M(364))",
        "M(364) is empty",
        |f| ratio(f.walk.sums.repeat_lines, f.walk.lines(0, YEAR).0),
    ),
    parameter(
        "category_jaccard_91d",
        [
            "Overlap of categories, last 91 days and 91 before",
            "Сходство категорий: 91 день и предыдущие 91",
        ],
        Float,
        "0..1",
        "categories in both M(91) and M(182,91) ÷ categories in either",
        "neither has any",
        |f| ratio(f.breadth.categories_both, f.breadth.categories_either),
    ),
    parameter(
        "categories_gained_91d",
        [
            "Categories of 91 days not bought in the 273 before",
            "Новых категорий за 91 день (не было за 273 до того)",
        ],
        Int,
        "categories",
        "#categories in M(91) and not in M(364,91)",
        EMPTY,
        |f| f.breadth.gained.into(),
    ),
    parameter(
        "categories_lost_91d",
        [
            "Categories given up in 91 days (2+ days in 273 before)",
            "Брошенных за 91 день категорий (2+ дня за 273 до того)",
        ],
        Int,
        "categories",
        "#categories with at least 2 days in M(364,91) and none in M(91)",
        EMPTY,
        |f| f.breadth.lost.into(),
    ),
];

fn novelty(facts: &Facts<'_>) -> Value {
    match facts.first_age() {
        Some(QUARTER..) => ratio(facts.breadth.novel_91d, facts.breadth.products_91d),
        _ => Value::Null,
    }
}
