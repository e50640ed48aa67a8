//! How a grocery grows into a chain: more shops, more ranges of every category, more packages of
//! every product. The planted structure stays what it is.

use crate::dice::Dice;
use crate::shop::Branch;

/// A grocery with so many customers or more is a chain.
pub(crate) const CUSTOMERS_MIN: u32 = 10_000;

/// Shops are told apart by one byte.
const SHOPS_MAX: u32 = 240;

const REGIONS: [&str; 6] = ["Центр", "Север", "Юг", "Запад", "Восток", "Приозёрье"];

/// A range of a category: the usual goods, or a line of their own.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    /// What it adds to the category's name, `Russian|English`.
    pub name: Option<&'static str>,
    /// Its prices, per cent of the usual.
    pub price: u32,
    /// How often it is bought, per cent of the usual.
    pub weight: u32,
}

const RANGES: [Range; 3] = [
    Range { name: None, price: 100, weight: 100 },
    Range { name: Some("эко|organic"), price: 135, weight: 30 },
    Range { name: Some("выбор шефа|chef's choice"), price: 160, weight: 18 },
];

/// How wide a grocery's assortment is.
pub(crate) struct Assortment {
    /// The ranges of each category.
    pub ranges: &'static [Range],
    /// Units in a package, and the price of the package in per cent of as many single ones.
    pub packs: &'static [(u32, u32)],
    /// Products in one range of a category at most.
    pub products: usize,
    /// Goods on promotion at a time.
    pub promoted: usize,
    /// How popular a good is, by a number drawn for it and by how many goods its category has.
    pub popularity: fn(u64, u32) -> u32,
}

/// The assortment of one neighbourhood.
pub(crate) const NEIGHBOURHOOD: Assortment = Assortment {
    ranges: RANGES.split_at(1).0,
    packs: &[(1, 100)],
    products: 12,
    promoted: 55,
    popularity: few_alike,
};

/// The assortment of a chain with so many customers: about 3,000 products at 10,000 customers, 22,000
/// in 400 categories at half a million.
pub(crate) fn assortment(customers: u32) -> Assortment {
    let growth = growth(customers) as usize;
    Assortment {
        ranges: &RANGES[..(growth / 10).clamp(1, RANGES.len())],
        packs: &[(1, 100), (2, 96), (3, 94), (4, 92)],
        products: 18 + growth * 2 / 3,
        promoted: 60 + growth * 12,
        popularity: few_stars,
    }
}

/// Popularity in a small category: the most popular good sells twelve times the least.
pub(crate) fn few_alike(drawn: u64, _: u32) -> u32 {
    120 / (1 + (drawn % 12) as u32)
}

/// Popularity by rank, as in Zipf's law: of sixty goods three make half of the sales.
fn few_stars(drawn: u64, count: u32) -> u32 {
    10_000 / (1 + (drawn % u64::from(count.max(1))) as u32)
}

/// The shops of a chain: as many of each sort as in the neighbourhood's network, district by district.
pub(crate) fn branches(customers: u32, pattern: &[Branch]) -> Vec<Branch> {
    let count = (growth(customers) * 4 / 5).clamp(pattern.len() as u32, SHOPS_MAX) as usize;
    let branch = |number: usize| {
        let (model, district) = (&pattern[number % pattern.len()], number / pattern.len());
        let (ru, en) = model.name.split_once('|').unwrap_or((&model.name, &model.name));
        let name = match district {
            0 => model.name.clone(),
            _ => format!("{ru}, район {}|{en}, district {}", district + 1, district + 1),
        };
        Branch {
            id: format!("S{}", number + 1),
            name,
            region: if district == 0 { model.region } else { REGIONS[district % REGIONS.len()] },
            // Prices of a shop of its own are a list as long as the catalogue: few shops have one.
            level: if district % 2 == 0 { model.level } else { 100 },
            ..*model
        }
    };
    (0..count).map(branch).collect()
}

/// Visits of a chain's customer in 10,000 even days: a tenth comes twice a week or more often, half
/// comes less than twice a month, as they buy elsewhere too.
pub(crate) fn rate(runs_home: bool, own: &mut Dice) -> u32 {
    let drawn = u64::from(own.below(1_000));
    let rate = 40 + (3_400 * drawn.pow(3) / 1_000_000_000) as u32;
    if runs_home { rate } else { rate / 2 + 20 }
}

/// How many habits somebody has here: the more often he comes, the more.
pub(crate) fn habits(rate: u32, own: &mut Dice) -> u32 {
    own.between(1, 3) + rate / 300
}

/// Whether somebody buys here what he buys on a cycle.
pub(crate) fn cycles_here(rate: u32, own: &mut Dice) -> bool {
    own.hit(1_500 + rate * 2)
}

/// A number that grows with the root of the customers: 10 at 10,000, 70 at 500,000.
fn growth(customers: u32) -> u32 {
    (customers / 100).isqrt()
}
