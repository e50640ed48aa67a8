//! Lines become baskets: the cleaning that every model and every evaluation shares.

use std::ops::Range;

use retail::{Lines, NONE};
use serde::{Deserialize, Serialize};

/// What counts as one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The product itself.
    Product,
    /// The product's kind: what a shopper would call one thing.
    #[serde(rename = "type")]
    Kind,
    /// The product's category.
    Category,
}

impl Level {
    /// In how many baskets of the history an item must stand to be in the catalogue of an evaluation.
    #[must_use]
    pub fn baskets_min(self) -> u32 {
        match self {
            Self::Product => 5,
            Self::Kind | Self::Category => 1,
        }
    }
}

/// Which item each product is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// What an item is.
    pub level: Level,
    /// Item by product code: the place of the product (kind, category) in the source's order, which
    /// breaks ties; [`NONE`] where it is not known or may not be offered. A product beyond the
    /// end has no item.
    pub item: Vec<u32>,
    /// How many items there are; every item is below it.
    pub count: u32,
}

impl Items {
    /// The item of a product, if it has one.
    #[must_use]
    pub fn of(&self, product: u32) -> Option<u32> {
        self.item.get(product as usize).copied().filter(|&item| item != NONE)
    }
}

/// Baskets by customer, cleaned: lines with a quantity of zero or less and lines without an item are
/// gone, an item counts once in a receipt, a receipt that keeps no item is no basket, and receipts
/// without a customer are nobody's history. Customers stand in the order of their codes, their
/// baskets in the order of purchase, the items of a basket in the order of items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchases {
    /// Customers with at least one basket.
    pub customer: Vec<u32>,
    /// Where each customer's baskets begin; one entry more than customers.
    pub basket_start: Vec<usize>,
    /// Time of each basket, µs UTC.
    pub at: Vec<i64>,
    /// Business day of each basket, days since 1970-01-01.
    pub day: Vec<i32>,
    /// Minutes since local midnight of each basket.
    pub minute: Vec<u16>,
    /// Where each basket's items begin; one entry more than baskets.
    pub item_start: Vec<usize>,
    /// Items.
    pub item: Vec<u32>,
    /// How many items the level knows; every item is below it.
    pub item_count: u32,
}

impl Purchases {
    /// Cleans lines. Cards used for many people must be left out by the caller.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    #[must_use]
    pub fn of(lines: &Lines, items: &Items) -> Self {
        let mut purchases = Self {
            basket_start: vec![0],
            item_start: vec![0],
            item_count: items.count,
            ..Self::default()
        };
        let mut basket = Vec::new();
        for (customer, range) in lines.by_customer() {
            let before = purchases.at.len();
            let mut start = range.start;
            for same in lines.receipt[range].chunk_by(|a, b| a == b) {
                basket.clear();
                let receipt = start..start + same.len();
                basket.extend(
                    receipt
                        .filter(|&row| lines.quantity[row] > 0)
                        .filter_map(|row| items.of(lines.product[row])),
                );
                purchases.push(lines, start, &mut basket);
                start += same.len();
            }
            if purchases.at.len() > before {
                purchases.customer.push(customer);
                purchases.basket_start.push(purchases.at.len());
            }
        }
        purchases
    }

    /// Adds one basket of the last customer, whose receipt begins at a row.
    fn push(&mut self, lines: &Lines, row: usize, basket: &mut Vec<u32>) {
        basket.sort_unstable();
        basket.dedup();
        let Some(&last) = basket.last() else { return };
        assert!(last < self.item_count, "item {last} of {}", self.item_count);
        self.item.extend_from_slice(basket);
        self.item_start.push(self.item.len());
        self.at.push(lines.at[row]);
        self.day.push(lines.day[row]);
        self.minute.push(lines.minute[row]);
    }

    /// The baskets of the customer at a place.
    #[must_use]
    pub fn baskets(&self, place: usize) -> Range<usize> {
        self.basket_start[place]..self.basket_start[place + 1]
    }

    /// The items of a basket.
    #[must_use]
    pub fn items(&self, basket: usize) -> &[u32] {
        &self.item[self.item_start[basket]..self.item_start[basket + 1]]
    }
}
