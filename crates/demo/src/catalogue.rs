//! The catalogue: what is sold, how popular it is, and where.

use std::ops::Range;

use retail::Product;

use crate::calendar::Season;
use crate::dice::{Dice, Stream, mix, totals};
use crate::goods::{Brand, Need, Unit, halves};
use crate::shop::LabelKind;

/// A product with what only its maker knows.
pub(crate) struct Good {
    /// As the catalogue shows it.
    pub product: Product,
    /// Place in [`Catalogue::categories`].
    pub category: u16,
    /// How it is counted.
    pub unit: Unit,
    /// First price, kopecks.
    pub base: u32,
    /// Every shop sells it, all the time.
    pub core: bool,
    /// First day on sale.
    pub from: u16,
    /// Last day on sale.
    pub to: u16,
}

impl Good {
    /// Whether it lies on a shelf and can be brought back.
    pub(crate) fn stocked(&self) -> bool {
        !self.product.service && self.product.merchandise
    }
}

/// A category: goods that stand next to each other in the catalogue.
pub(crate) struct Category {
    /// `Russian|English`.
    pub name: String,
    /// Its goods.
    pub goods: Range<u32>,
    /// Running totals of their popularity.
    pub popularity: Vec<u32>,
    /// How often it is bought on impulse.
    pub weight: u32,
    /// When in the year.
    pub season: Season,
    /// Bought only when used up.
    pub cycle: Option<(u32, Need)>,
}

/// Running totals of the categories' weights in one month.
pub(crate) struct Month {
    /// For a customer whose needs are modelled: categories with a cycle are left out.
    pub impulse: Vec<u32>,
    /// For anybody.
    pub passing: Vec<u32>,
}

/// Everything that is sold.
pub(crate) struct Catalogue {
    /// Goods, category by category; the unknown ones come last.
    pub goods: Vec<Good>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Demand by month, January first.
    pub months: Vec<Month>,
    /// Goods that are sold though the catalogue does not list them.
    pub unknown: Range<u32>,
    /// Every brand, supplier, department and category, `Russian|English`.
    pub labels: Vec<(LabelKind, String)>,
}

/// A new category, before its goods.
pub(crate) struct Heading<'a> {
    /// `Russian|English`.
    pub name: &'a str,
    /// `Russian|English`; nothing for goods outside the tree.
    pub department: Option<&'static str>,
    /// How often it is bought on impulse.
    pub weight: u32,
    /// When in the year.
    pub season: Season,
    /// Bought only when used up.
    pub cycle: Option<(u32, Need)>,
}

impl<'a> Heading<'a> {
    /// A category that nobody buys on impulse.
    pub(crate) fn plain(name: &'a str, department: &'static str) -> Self {
        let (weight, season, cycle) = (0, Season::Flat, None);
        Self { name, department: Some(department), weight, season, cycle }
    }
}

/// A new good of the last category.
pub(crate) struct Entry {
    /// Name, Russian and English.
    pub name: (String, String),
    /// What a shopper would call it.
    pub kind: String,
    /// Its brand; nothing for services and the like.
    pub brand: Option<Brand>,
    /// Who delivers it, where no brand says so; `Russian|English`.
    pub supplier: Option<&'static str>,
    /// Package or size, `Russian|English`.
    pub size: Option<String>,
    /// How it is counted.
    pub unit: Unit,
    /// First price, kopecks.
    pub base: u32,
}

impl Catalogue {
    /// An empty catalogue.
    pub(crate) fn new() -> Self {
        Self {
            goods: Vec::new(),
            categories: Vec::new(),
            months: Vec::new(),
            unknown: 0..0,
            labels: Vec::new(),
        }
    }

    /// Opens a category; its goods follow with [`Catalogue::add`].
    pub(crate) fn open(&mut self, heading: &Heading<'_>) {
        if let Some(department) = heading.department {
            self.label(LabelKind::Department, department);
        }
        self.label(LabelKind::Category, heading.name);
        let next = self.goods.len() as u32;
        self.categories.push(Category {
            name: heading.name.to_owned(),
            goods: next..next,
            popularity: Vec::new(),
            weight: heading.weight,
            season: heading.season,
            cycle: heading.cycle,
        });
    }

    /// Adds a good to the category opened last, and lets the caller refine it.
    pub(crate) fn add(&mut self, department: Option<&'static str>, entry: Entry) -> &mut Product {
        let index = self.goods.len() as u32;
        let category = self.categories.last_mut().expect("a category is opened before its goods");
        category.goods.end = index + 1;
        let name = halves(&category.name).0.to_owned();
        let id = format!("P{:05}", index + 1);
        let supplier = entry.brand.map(|brand| brand.supplier).or(entry.supplier);
        if let Some(brand) = entry.brand {
            self.label(LabelKind::Brand, brand.name);
        }
        if let Some(supplier) = supplier {
            self.label(LabelKind::Supplier, supplier);
        }
        let ru = |pair: &str| halves(pair).0.to_owned();
        let product = Product {
            name: Some(entry.name.0),
            name_en: Some(entry.name.1),
            brand: entry.brand.map(|brand| ru(brand.name)),
            supplier: supplier.map(ru),
            department: department.map(ru),
            category: department.map(|_| name),
            kind: Some(entry.kind),
            size: entry.size.as_deref().map(ru),
            private_label: entry.brand.is_some_and(|brand| brand.own),
            offerable: department.is_some(),
            ..Product::unknown(&id)
        };
        let category = self.categories.len() as u16 - 1;
        let (core, from, to) = (true, 0, u16::MAX);
        self.goods.push(Good {
            product,
            category,
            unit: entry.unit,
            base: entry.base,
            core,
            from,
            to,
        });
        &mut self.goods[index as usize].product
    }

    /// Closes the catalogue: draws popularity and the time on sale, adds the unknown goods, and sums
    /// up the demand of every month. `varied` says that shops differ in what they sell, `weight` how
    /// popular a good is, by a number drawn for it and by how many goods its category has.
    pub(crate) fn close(
        mut self,
        seed: u64,
        days: u16,
        varied: bool,
        weight: fn(u64, u32) -> u32,
    ) -> Self {
        for (index, good) in self.goods.iter_mut().enumerate() {
            let mut dice = Dice::new(seed, Stream::Range, index as u32);
            let first = self.categories[usize::from(good.category)].goods.start;
            // The first three of a category are everywhere, so that nobody finds an empty shelf.
            if !varied || !good.stocked() || (index as u32) < first + 3 || dice.hit(6000) {
                continue;
            }
            good.core = false;
            if dice.hit(1000) {
                good.from = dice.between(u32::from(days) / 10, u32::from(days) * 8 / 10) as u16;
            } else if dice.hit(1000) {
                good.to = dice.between(u32::from(days) / 5, u32::from(days) * 9 / 10) as u16;
            }
        }
        for category in &mut self.categories {
            let count = category.goods.end - category.goods.start;
            let weight = |good: u32| weight(mix(seed, u64::from(good), 77), count);
            category.popularity = totals(category.goods.clone().map(weight));
        }
        self.months = (0..12).map(|month| self.month(month)).collect();
        let next = self.goods.len() as u32;
        self.unknown = next..next + 3;
        for number in 1..=3_u32 {
            let product = Product::unknown(&format!("X9000{number}"));
            self.goods.push(Good {
                product,
                category: u16::MAX,
                unit: Unit::Piece,
                base: 9_990 * number,
                core: true,
                from: 0,
                to: u16::MAX,
            });
        }
        self
    }

    /// A good of a category by popularity. A careful customer (tier 0) takes the cheaper of two, a
    /// generous one (tier 2) the dearer.
    pub(crate) fn pick(&self, category: usize, tier: u8, dice: &mut Dice) -> u32 {
        let row = &self.categories[category];
        let first = row.goods.start + dice.weighted(&row.popularity) as u32;
        let second = row.goods.start + dice.weighted(&row.popularity) as u32;
        let dearer = self.goods[first as usize].base >= self.goods[second as usize].base;
        match tier {
            0 if dearer => second,
            2 if !dearer => second,
            _ => first,
        }
    }

    /// The goods of a category, by its Russian name; empty if there is none.
    pub(crate) fn named(&self, name: &str) -> Range<u32> {
        let mut last_first = self.categories.iter().rev();
        let category = last_first.find(|category| halves(&category.name).0 == name);
        category.map_or(0..0, |category| category.goods.clone())
    }

    /// The place of a category, by its Russian name.
    pub(crate) fn place(&self, name: &str) -> Option<u16> {
        let found = self.categories.iter().position(|category| halves(&category.name).0 == name);
        found.map(|index| index as u16)
    }

    fn month(&self, month: usize) -> Month {
        let weight = |category: &Category| category.weight * category.season.percent(month);
        let impulse = |category: &Category| match category.cycle {
            Some(_) => 0,
            None => weight(category),
        };
        Month {
            impulse: totals(self.categories.iter().map(impulse)),
            passing: totals(self.categories.iter().map(weight)),
        }
    }

    fn label(&mut self, kind: LabelKind, name: &str) {
        if !self.labels.iter().any(|label| label.0 == kind && label.1 == name) {
            self.labels.push((kind, name.to_owned()));
        }
    }
}
