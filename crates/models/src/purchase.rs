//! Lines become baskets: the cleaning that every model and every evaluation shares.

use std::ops::Range;

use retail::{Day, Lines, NONE};
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
    /// The newest business day of their receipts, baskets or not; nothing without any.
    pub newest: Option<Day>,
}

/// Customers whose receipts are looked at, each with the range of his lines, as
/// [`Lines::by_customer`] says. Whoever calls leaves out cards used for many people.
pub type Chosen<'a> = &'a [(u32, Range<usize>)];

impl Purchases {
    /// No purchases of so many items.
    #[must_use]
    pub fn none(item_count: u32) -> Self {
        Self { basket_start: vec![0], item_start: vec![0], item_count, ..Self::default() }
    }

    /// Cleans the lines of chosen customers up to a day.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    #[must_use]
    pub fn of(lines: &Lines, chosen: Chosen<'_>, items: &Items, until: Day) -> Self {
        let mut purchases = Self::none(items.count);
        purchases.add(lines, chosen, items, until);
        purchases
    }

    /// Adds customers after the others: the next part of a whole that is too large for the memory.
    ///
    /// # Panics
    /// As [`Purchases::of`].
    pub fn add(&mut self, lines: &Lines, chosen: Chosen<'_>, items: &Items, until: Day) {
        let mut basket = Vec::new();
        for (customer, range) in chosen {
            let before = self.at.len();
            for receipt in receipts(lines, range.clone()) {
                let day = Day(lines.day[receipt.start]);
                if day > until {
                    continue;
                }
                self.newest = self.newest.max(Some(day));
                basket.clear();
                basket.extend(bought(lines, receipt.clone(), items));
                self.push(lines, receipt.start, &mut basket);
            }
            if self.at.len() > before {
                self.customer.push(*customer);
                self.basket_start.push(self.at.len());
            }
        }
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

    /// Days from a basket to the local midnight before a day; nothing for baskets of that day and later.
    #[must_use]
    pub(crate) fn age_at(&self, basket: usize, day: Day) -> Option<f64> {
        age_at(self.at[basket], Day(self.day[basket]), self.minute[basket], day)
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

/// The receipts of a customer's lines, in the order of purchase.
pub(crate) fn receipts(
    lines: &Lines,
    range: Range<usize>,
) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = range.start;
    lines.receipt[range].chunk_by(|a, b| a == b).map(move |same| {
        let receipt = start..start + same.len();
        start = receipt.end;
        receipt
    })
}

/// Items of a receipt's lines, with repetitions.
pub(crate) fn bought<'a>(
    lines: &'a Lines,
    receipt: Range<usize>,
    items: &'a Items,
) -> impl Iterator<Item = u32> + 'a {
    receipt.filter(|&row| lines.quantity[row] > 0).filter_map(|row| items.of(lines.product[row]))
}

const DAY_US: i64 = 86_400_000_000;

/// Days from a basket (time in µs UTC, business day, minutes since local midnight) to the local
/// midnight before a day; nothing for baskets of that day and later, and never below 0.
///
/// Where business days begin at 04:00, a purchase after midnight bears the day before. It is known by
/// its time: local midnight and UTC's are less than 12 hours apart (13 or 14 in a few islands, whose
/// such purchases look a day older), so no clock explains a time 12 hours behind the day's.
pub(crate) fn age_at(at: i64, day: Day, minute: u16, moment: Day) -> Option<f64> {
    let days = moment.0 - day.0;
    if days <= 0 {
        return None;
    }
    let local = i64::from(day.0) * DAY_US + i64::from(minute) * 60_000_000;
    let after_midnight = at - local >= DAY_US / 2;
    let age = f64::from(days - i32::from(after_midnight)) - f64::from(minute) / 1440.0;
    Some(age.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_count_from_the_hour_of_purchase() {
        const HOUR: i64 = DAY_US / 24;
        // Business day, minute, zone's hours, whether the calendar was a day ahead, moment, age.
        for (day, minute, zone, ahead, moment, age) in [
            (10, 720, 0, false, 11, Some(0.5)),
            (10, 720, 3, false, 12, Some(1.5)),
            (10, 60, 3, false, 12, Some(2.0 - 1.0 / 24.0)),
            (10, 60, 3, true, 12, Some(1.0 - 1.0 / 24.0)),
            (10, 60, -8, true, 12, Some(1.0 - 1.0 / 24.0)),
            (10, 60, 12, true, 12, Some(1.0 - 1.0 / 24.0)),
            (10, 1439, -11, false, 12, Some(2.0 - 1439.0 / 1440.0)),
            // After midnight of the last business day: not before the moment, and not in the future.
            (10, 60, 3, true, 11, Some(0.0)),
            (10, 60, 3, false, 10, None),
            (10, 60, 3, false, 9, None),
        ] {
            let calendar = i64::from(day) + i64::from(ahead);
            let at = calendar * DAY_US + i64::from(minute) * 60_000_000 - zone * HOUR;
            let found = age_at(at, Day(day), minute as u16, Day(moment));
            assert_eq!(found, age, "{day} {minute} in zone {zone}, ahead: {ahead}, at {moment}");
        }
    }
}
