//! How the tables of goods are written: departments of categories, categories of variants, and the
//! brands that make them. Every brand and supplier is invented. Pairs of names are `Russian|English`.

mod fresh;
mod home;
mod pantry;
mod shoes;
mod travel;

pub(crate) use shoes::{CARE, MODELS, Model, SHOE_BRANDS, Wearer};
pub(crate) use travel::{DESTINATIONS, EXTRAS, HOTELS, TRAVEL_GOODS};

use crate::calendar::Season;

/// A department of the grocery.
#[derive(Clone, Copy)]
pub(crate) struct Department {
    /// Its name, `Russian|English`.
    pub name: &'static str,
    /// What the portrait should know of its goods: `fresh`, `alcohol`, `baby`, `pet`, `fuel`.
    pub tag: Option<&'static str>,
    /// Who makes its goods.
    pub brands: &'static [Brand],
    /// What it sells.
    pub rows: &'static [Row],
}

/// An invented brand.
#[derive(Clone, Copy)]
pub(crate) struct Brand {
    /// Its name, `Russian|English`.
    pub name: &'static str,
    /// Who delivers it, `Russian|English`.
    pub supplier: &'static str,
    /// Its price level, per cent of the middle.
    pub level: u32,
    /// The retailer's own.
    pub own: bool,
}

/// How a good is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// In pieces.
    Piece,
    /// By weight.
    Kilogram,
    /// At the pump.
    Litre,
}

/// Who needs a good that is bought on a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Anybody, so many in 10,000 households.
    Anybody(u32),
    /// Those who keep a cat.
    Cat,
    /// Those who keep a dog.
    Dog,
    /// Those with a baby.
    Baby,
}

/// A category of the grocery.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Its name, `Russian|English`.
    pub name: &'static str,
    /// Lowest and highest price of a middle brand, roubles.
    pub price: (u32, u32),
    /// How often it is bought on impulse, against the other categories.
    pub weight: u32,
    /// When in the year.
    pub season: Season,
    /// How it is counted.
    pub unit: Unit,
    /// Its kinds, `Russian|English`.
    pub variants: &'static [&'static str],
    /// Its packages, `Russian|English`.
    pub sizes: &'static [&'static str],
    /// Bought only when used up: every so many days, by those who need it.
    pub cycle: Option<(u32, Need)>,
}

impl Row {
    const fn season(mut self, season: Season) -> Self {
        self.season = season;
        self
    }

    const fn cycle(mut self, days: u32, need: Need) -> Self {
        self.cycle = Some((days, need));
        self
    }

    const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }
}

const fn row(
    name: &'static str,
    price: (u32, u32),
    weight: u32,
    variants: &'static [&'static str],
    sizes: &'static [&'static str],
) -> Row {
    let (season, unit, cycle) = (Season::Flat, Unit::Piece, None);
    Row { name, price, weight, season, unit, variants, sizes, cycle }
}

const fn brand(name: &'static str, supplier: &'static str, level: u32) -> Brand {
    Brand { name, supplier, level, own: false }
}

/// The retailer's own brand, in every department that has one.
const OWN: Brand = Brand {
    name: "Полнолавка каждый день|Polnolavka Everyday",
    supplier: "Полнолавка Закупка|Polnolavka Sourcing",
    level: 78,
    own: true,
};

/// The two halves of a pair of names.
pub(crate) fn halves(pair: &str) -> (&str, &str) {
    pair.split_once('|').unwrap_or((pair, pair))
}

/// The departments of the grocery.
pub(crate) fn departments() -> impl Iterator<Item = &'static Department> {
    [fresh::DEPARTMENTS, pantry::DEPARTMENTS, home::DEPARTMENTS].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_name_everything_in_two_languages() {
        let mut categories = Vec::new();
        for department in departments() {
            let mut pairs = vec![department.name];
            pairs.extend(department.brands.iter().flat_map(|brand| [brand.name, brand.supplier]));
            for row in department.rows {
                pairs.push(row.name);
                pairs.extend(row.variants.iter().chain(row.sizes));
                categories.push(row.name);
                assert!(row.price.0 < row.price.1 && !row.variants.is_empty(), "{}", row.name);
            }
            for pair in pairs {
                let (ru, en) = halves(pair);
                assert!(!ru.is_empty() && en.is_ascii() && !en.is_empty(), "{pair}");
            }
        }
        let count = categories.len();
        categories.sort_unstable();
        categories.dedup();
        assert_eq!(categories.len(), count, "every category once");
    }
}
