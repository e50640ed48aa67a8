//! What the portrait knows of products, shops and customers, as dense columns by code.

use retail::{Day, Money, NONE, Product};
use rustc_hash::FxHashMap;

/// Marks of a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// Goods or services; without this mark a product stays out of baskets, diversity and affinity.
    pub const MERCHANDISE: Self = Self(1);
    /// The retailer's own brand.
    pub const PRIVATE_LABEL: Self = Self(2);
    /// Tag `fresh`.
    pub const FRESH: Self = Self(4);
    /// Tag `alcohol`.
    pub const ALCOHOL: Self = Self(8);
    /// Tag `baby`.
    pub const BABY: Self = Self(16);
    /// Tag `pet`.
    pub const PET: Self = Self(32);
    /// Tag `fuel`.
    pub const FUEL: Self = Self(64);

    /// Both sets of marks.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every mark of `other` is here.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The marks of a product of the catalogue; tags the portrait does not know are left out.
    #[must_use]
    pub fn of(product: &Product) -> Self {
        let mut marks = Self::default();
        if product.merchandise {
            marks = marks.with(Self::MERCHANDISE);
        }
        if product.private_label {
            marks = marks.with(Self::PRIVATE_LABEL);
        }
        for tag in &product.tags {
            marks = marks.with(match tag.as_str() {
                "fresh" => Self::FRESH,
                "alcohol" => Self::ALCOHOL,
                "baby" => Self::BABY,
                "pet" => Self::PET,
                "fuel" => Self::FUEL,
                _ => Self::default(),
            });
        }
        marks
    }
}

/// What the portrait must know of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Category: its place among all categories in the order of [`retail::compare_ids`];
    /// [`NONE`] if unknown.
    pub category: u32,
    /// Brand: its place among all brands in the same order; [`NONE`] if unknown.
    pub brand: u32,
    /// Place of the product's id in the same order among all products; decides ties.
    pub rank: u32,
    /// What kind of product it is.
    pub marks: Marks,
}

impl Item {
    /// A product of which only the code is known.
    pub const UNKNOWN: Self =
        Self { category: NONE, brand: NONE, rank: NONE, marks: Marks::MERCHANDISE };
}

/// What the portrait must know of a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Place of the shop's id in the order of [`retail::compare_ids`]; decides ties.
    pub rank: u32,
    /// Its region, as a code of the caller's dictionary of profile texts.
    pub region: Option<u32>,
}

/// Products, shops, customers' ranks and costs by code. Codes it does not know are served as
/// [`Item::UNKNOWN`] and as the last in every tie.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    items: Vec<Known>,
    sites: Vec<Site>,
    customer_ranks: Vec<u32>,
    online: u32,
    // Costs of a product stand together, by day.
    costs: Vec<(u32, i32, i64)>,
    // Where those of each product begin; one entry more than products with a cost.
    cost_start: Vec<u32>,
}

/// An [`Item`] as the walk over lines reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Category of merchandise, [`NONE`] for what does not count as merchandise.
    pub category: u32,
    pub brand: u32,
    /// The pair of category and brand, [`NONE`] without either.
    pub pair: u32,
    pub rank: u32,
    pub marks: Marks,
}

const UNKNOWN: Known =
    Known { category: NONE, brand: NONE, pair: NONE, rank: NONE, marks: Marks(0) };

impl Catalogue {
    /// A catalogue of products by code; shops, customers and costs are added by the other methods.
    #[must_use]
    pub fn new(items: &[Item]) -> Self {
        let mut pairs = FxHashMap::default();
        let known = |item: &Item| {
            let merchandise = item.marks.has(Marks::MERCHANDISE) && item.category != NONE;
            let pair = if merchandise && item.brand != NONE {
                let next = pairs.len() as u32;
                *pairs.entry((item.category, item.brand)).or_insert(next)
            } else {
                NONE
            };
            let category = if merchandise { item.category } else { NONE };
            Known { category, brand: item.brand, pair, rank: item.rank, marks: item.marks }
        };
        Self { items: items.iter().map(known).collect(), online: NONE, ..Self::default() }
    }

    /// Names the shops, by code.
    #[must_use]
    pub fn with_sites(mut self, sites: Vec<Site>) -> Self {
        self.sites = sites;
        self
    }

    /// Gives every customer's code the place of his id in the order of [`retail::compare_ids`]:
    /// it decides ties between customers.
    #[must_use]
    pub fn with_customer_ranks(mut self, ranks: Vec<u32>) -> Self {
        self.customer_ranks = ranks;
        self
    }

    /// Says which channel's code means `online`.
    #[must_use]
    pub fn with_online(mut self, channel: Option<u32>) -> Self {
        self.online = channel.unwrap_or(NONE);
        self
    }

    /// Adds costs: product, first day of validity, cost of one unit. In any order; the cost in
    /// force on a day is that of the latest first day not after it, and of two with the same first
    /// day the one given later.
    #[must_use]
    pub fn with_costs(mut self, costs: impl IntoIterator<Item = (u32, Day, Money)>) -> Self {
        self.costs.extend(costs.into_iter().map(|(product, from, cost)| (product, from.0, cost.0)));
        self.costs.sort_by_key(|&(product, from, _)| (product, from));
        let products = self.costs.last().map_or(0, |cost| cost.0 as usize + 1);
        self.cost_start = vec![0; products + 1];
        for &(product, ..) in &self.costs {
            self.cost_start[product as usize + 1] += 1;
        }
        for product in 0..products {
            self.cost_start[product + 1] += self.cost_start[product];
        }
        self
    }

    #[inline]
    pub(crate) fn item(&self, product: u32) -> Known {
        self.items.get(product as usize).copied().unwrap_or(UNKNOWN)
    }

    pub(crate) fn products(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn site_rank(&self, shop: u32) -> u32 {
        self.sites.get(shop as usize).map_or(NONE, |site| site.rank)
    }

    pub(crate) fn region(&self, shop: u32) -> Option<u32> {
        self.sites.get(shop as usize)?.region
    }

    pub(crate) fn customer_rank(&self, customer: u32) -> u32 {
        self.customer_ranks.get(customer as usize).copied().unwrap_or(NONE)
    }

    /// Whether the line of this channel was sold online.
    pub(crate) fn is_online(&self, channel: u32) -> bool {
        channel != NONE && channel == self.online
    }

    pub(crate) fn has_costs(&self) -> bool {
        !self.costs.is_empty()
    }

    /// Cost of one unit in minor units on a day, days since 1970-01-01; nothing where it is not known.
    #[inline]
    #[must_use]
    pub fn cost(&self, product: u32, day: i32) -> Option<i64> {
        let product = product as usize;
        let (start, end) = (*self.cost_start.get(product)?, *self.cost_start.get(product + 1)?);
        let costs = &self.costs[start as usize..end as usize];
        let after = costs.partition_point(|&(_, from, _)| from <= day);
        Some(costs[after.checked_sub(1)?].2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_in_force_is_the_latest_begun() {
        let cost = |product, from, minor| (product, Day(from), Money(minor));
        let catalogue = Catalogue::new(&[]).with_costs([
            cost(7, 10, 100),
            cost(2, 20, 5),
            cost(7, 30, 130),
            cost(7, 30, 131),
        ]);
        for (product, day, expected) in [
            (7, 9, None),
            (7, 10, Some(100)),
            (7, 29, Some(100)),
            (7, 30, Some(131)),
            (2, 19, None),
            (2, 400, Some(5)),
            (1, 400, None),
            (8, 400, None),
        ] {
            assert_eq!(catalogue.cost(product, day), expected, "{product} on {day}");
        }
    }

    #[test]
    fn tags_become_marks() {
        let product = Product {
            tags: vec!["pet".into(), "organic".into(), "fuel".into()],
            merchandise: false,
            private_label: true,
            ..Product::unknown("p")
        };
        let marks = Marks::of(&product);
        assert_eq!(marks, Marks::PET.with(Marks::FUEL).with(Marks::PRIVATE_LABEL));
        assert!(!marks.has(Marks::MERCHANDISE) && marks.has(Marks::PET));
    }
}
