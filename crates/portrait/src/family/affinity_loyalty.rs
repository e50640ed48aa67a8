//! What the customer prefers, and how faithful he is to it.

use std::cmp::Reverse;

use crate::facts::Given;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Brand, Category, Float, Product};
use crate::value::{Value, ratio};
use crate::walk::{CategorySums, Walk};
use crate::window::YEAR;

const NO_SPEND: &str = "Σ net over M(364) = 0";

/// Days of purchase at least to say that a customer buys a category.
const HABIT_DAYS: i64 = 3;

/// Net, lines, and the category, in the sequence that decides the top ones.
type CategoryKey = (i64, i64, Reverse<u32>);

/// Preferences of the last 364 days.
#[derive(Default)]
pub(crate) struct Favourites {
    top_categories: [Option<CategoryKey>; 3],
    product: Option<u32>,
    brand: Option<u32>,
    affinity: Option<(u32, f64)>,
    branded_net: i64,
    main_brand_net: i64,
    brand_pairs: i64,
    brand_switches: i64,
    habitual: i64,
    habitual_sole: i64,
    repurchased: i64,
    fuel_visits: i64,
}

impl Favourites {
    pub fn of(given: &Given<'_>, walk: &Walk) -> Self {
        let mut favourites = Self::default();
        for (code, category) in walk.categories.iter() {
            favourites.add_top((category.net, category.lines, Reverse(code)));
            favourites.branded_net += category.branded_net;
            favourites.main_brand_net += category.main_brand_net;
            favourites.brand_pairs += category.brand_pairs;
            favourites.brand_switches += category.brand_switches;
            if category.days >= HABIT_DAYS {
                favourites.habitual += 1;
                favourites.habitual_sole += i64::from(category.brands == 1);
            }
        }
        favourites.affinity = affinity(given, walk);
        let products = walk.products.iter().filter(|(_, product)| product.lines > 0);
        let top = products.max_by_key(|&(code, product)| {
            favourites.repurchased += i64::from(product.days >= 2);
            (product.lines, product.net, Reverse(given.catalogue.item(code).rank))
        });
        favourites.product = top.map(|(code, _)| code);
        let brands = walk.brands.iter();
        favourites.brand = brands
            .max_by_key(|&(code, brand)| (brand.net, brand.lines, Reverse(code)))
            .map(|b| b.0);
        favourites.fuel_visits = walk.visits_364d().filter(|visit| visit.fuel).count() as i64;
        favourites
    }

    fn add_top(&mut self, mut key: CategoryKey) {
        for top in &mut self.top_categories {
            match top {
                Some(top) if *top > key => {}
                Some(top) => std::mem::swap(top, &mut key),
                None => {
                    *top = Some(key);
                    return;
                }
            }
        }
    }

    fn top_category(&self, rank: usize) -> Value {
        self.top_categories[rank].map_or(Value::Null, |(_, _, Reverse(code))| Value::Category(code))
    }
}

/// The habitual category the customer spends on most in proportion to the population, and how many
/// times its share of his net exceeds that of the population.
fn affinity(given: &Given<'_>, walk: &Walk) -> Option<(u32, f64)> {
    let net = walk.sums.goods_net;
    let (population, best) = (given.population, &mut None::<(u32, i64, i64)>);
    let habitual = |category: &CategorySums| category.days >= HABIT_DAYS;
    for (code, category) in walk.categories.iter().filter(|(_, category)| habitual(category)) {
        let of_all = population.category_net(code);
        if of_all == 0 || net == 0 {
            continue;
        }
        let better = best.is_none_or(|(other, mine, others)| {
            // mine ÷ others of the two, without rounding, so that equal ones are equal.
            let (this, that) = (
                i128::from(category.net) * i128::from(others),
                i128::from(mine) * i128::from(of_all),
            );
            (this, Reverse(code)) > (that, Reverse(other))
        });
        if better {
            *best = Some((code, category.net, of_all));
        }
    }
    let (code, mine, of_all) = (*best)?;
    let share = mine as f64 / net as f64;
    Some((code, share / (of_all as f64 / population.net() as f64)))
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "top_category_1_364d",
        ["First category by spend in 364 days", "Категория № 1 по тратам за 364 дня"],
        Category,
        "category id",
        "first category by net, lines of M(364)",
        "no category",
        |f| f.favourites.top_category(0),
    ),
    parameter(
        "top_category_2_364d",
        ["Second category by spend in 364 days", "Категория № 2 по тратам за 364 дня"],
        Category,
        "category id",
        "second category by net, lines of M(364)",
        "fewer than 2 categories",
        |f| f.favourites.top_category(1),
    ),
    parameter(
        "top_category_3_364d",
        ["Third category by spend in 364 days", "Категория № 3 по тратам за 364 дня"],
        Category,
        "category id",
        "third category by net, lines of M(364)",
        "fewer than 3 categories",
        |f| f.favourites.top_category(2),
    ),
    parameter(
        "top_product_364d",
        ["Product with most lines in 364 days", "Товар № 1 по числу позиций за 364 дня"],
        Product,
        "product id",
        "first product by lines, net of M(364)",
        "M(364) is empty",
        |f| f.favourites.product.map_or(Value::Null, Value::Product),
    ),
    parameter(
        "top_brand_364d",
        ["First brand by spend in 364 days", "Бренд № 1 по тратам за 364 дня"],
        Brand,
        "brand id",
        "first brand by net, lines of M(364) with a brand",
        "no such line",
        |f| f.favourites.brand.map_or(Value::Null, Value::Brand),
    ),
    parameter(
        "top_affinity_category_364d",
        [
            "Category of the strongest preference in 364 days",
            "Категория сильнейшего предпочтения за 364 дня",
        ],
        Category,
        "category id",
        "of categories with at least 3 days in M(364), the one with the largest index = its share of his net ÷ its share of the population's net, over M(364)",
        "no such category, or no net",
        |f| f.favourites.affinity.map_or(Value::Null, |(code, _)| Value::Category(code)),
    ),
    parameter(
        "top_affinity_index_364d",
        [
            "Index of the strongest preference in 364 days",
            "Индекс сильнейшего предпочтения за 364 дня",
        ],
        Float,
        "index",
        "that largest index",
        "no such category, or no net",
        |f| f.favourites.affinity.map(|(_, index)| index).into(),
    ),
    parameter(
        "private_label_spend_share_364d",
        ["Share of private label in spend of 364 days", "Доля СТМ в тратах за 364 дня"],
        Float,
        "ratio",
        "share of net over M(364) of products under the retailer's own brand",
        NO_SPEND,
        |f| ratio(f.walk.sums.private_label, f.walk.sums.goods_net),
    ),
    parameter(
        "fresh_spend_share_364d",
        [
            "Share of fresh products in spend of 364 days",
            "Доля свежих продуктов в тратах за 364 дня",
        ],
        Float,
        "ratio",
        "share of net over M(364) of products tagged fresh",
        NO_SPEND,
        |f| ratio(f.walk.sums.fresh, f.walk.sums.goods_net),
    ),
    parameter(
        "alcohol_spend_share_364d",
        ["Share of alcohol in spend of 364 days", "Доля алкоголя в тратах за 364 дня"],
        Float,
        "ratio",
        "share of net over M(364) of products tagged alcohol",
        NO_SPEND,
        |f| ratio(f.walk.sums.alcohol, f.walk.sums.goods_net),
    )
    .sensitive(),
    parameter(
        "baby_spend_share_364d",
        ["Share of baby products in spend of 364 days", "Доля детских товаров в тратах за 364 дня"],
        Float,
        "ratio",
        "share of net over M(364) of products tagged baby",
        NO_SPEND,
        |f| ratio(f.walk.sums.baby, f.walk.sums.goods_net),
    )
    .sensitive(),
    parameter(
        "pet_spend_share_364d",
        [
            "Share of pet products in spend of 364 days",
            "Доля товаров для животных в тратах за 364 дня",
        ],
        Float,
        "ratio",
        "share of net over M(364) of products tagged pet",
        NO_SPEND,
        |f| ratio(f.walk.sums.pet, f.walk.sums.goods_net),
    ),
    parameter(
        "fuel_visit_share_364d",
        ["Share of receipts with fuel in 364 days", "Доля чеков с топливом за 364 дня"],
        Float,
        "ratio",
        "receipts of S(364) with a line tagged fuel ÷ visits_364d",
        "visits_364d = 0",
        |f| ratio(f.favourites.fuel_visits, f.walk.visits(0, YEAR)),
    ),
    parameter(
        "brand_share_of_category_364d",
        [
            "Share of the main brand within categories, 364 days",
            "Доля главного бренда внутри категорий за 364 дня",
        ],
        Float,
        "ratio",
        "Σ over categories of the net of their largest brand ÷ Σ of their net, lines of M(364) with a brand (share of category requirements)",
        "the denominator is 0",
        |f| ratio(f.favourites.main_brand_net, f.favourites.branded_net),
    ),
    parameter(
        "brand_switch_rate_364d",
        [
            "How often the main brand of a category changes, 364 days",
            "Частота смены главного бренда категории за 364 дня",
        ],
        Float,
        "ratio",
        "the main brand of a category and day is the first by net; of all pairs of consecutive days of one category, the share on which it changes; lines of M(364) with a brand",
        "no such pair",
        |f| ratio(f.favourites.brand_switches, f.favourites.brand_pairs),
    ),
    parameter(
        "sole_brand_category_share_364d",
        [
            "Share of categories (3+ days) with one brand, 364 days",
            "Доля категорий (от 3 дней) с одним брендом, 364 дня",
        ],
        Float,
        "ratio",
        "of categories with at least 3 days in M(364), the share with exactly 1 brand",
        "no such category",
        |f| ratio(f.favourites.habitual_sole, f.favourites.habitual),
    ),
    parameter(
        "product_repurchase_rate_364d",
        [
            "Share of products bought on 2+ days in 364 days",
            "Доля товаров, купленных в 2 и более дня, за 364 дня",
        ],
        Float,
        "ratio",
        "products with at least 2 days in M(364) ÷ distinct_products_364d",
        "M(364) is empty",
        |f| ratio(f.favourites.repurchased, f.breadth.products_364d),
    ),
];
