//! What offers to one customer need to know of all: how popular each product is, how readily it is
//! bought again, and whether it is still on sale.

use rayon::prelude::*;
use retail::{Day, Lines, NONE};

use crate::habit::{Repeats, millidays, rates};
use crate::purchase::{age_at, bought, receipts};
use crate::{Chosen, Histories, Items, Level};

/// Sums over customers, in integers: in whatever parts and sequence they come, the sums are the same.
#[derive(Clone, Debug)]
pub struct DemandTally<'a> {
    items: &'a Items,
    as_of: Day,
    by_item: Vec<ItemSums>,
    // The newest day of each product up to that of the offers; i32::MIN for one never sold.
    sold: Vec<i32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ItemSums {
    baskets: u32,
    repeats: Repeats,
}

/// Everybody's demand for products as of a day.
#[derive(Clone, Debug)]
pub struct Demand {
    pub(crate) as_of: Day,
    /// Items on sale.
    pub(crate) items: Items,
    /// Catalogue and popularity, without any customer.
    pub(crate) everybody: Histories,
    pub(crate) repeat_rates: Vec<f64>,
    /// The product of every index in the catalogue.
    pub(crate) products: Vec<u32>,
}

impl<'a> DemandTally<'a> {
    /// An empty tally as of a day: what customers buy later is not looked at.
    ///
    /// # Panics
    /// When the items are not products.
    #[must_use]
    pub fn new(items: &'a Items, as_of: Day) -> Self {
        assert_eq!(items.level, Level::Product, "offers are made of products");
        let by_item = vec![ItemSums::default(); items.count as usize];
        Self { items, as_of, by_item, sold: vec![i32::MIN; items.item.len()] }
    }

    /// Adds lines, on every thread of the pool. Of the chosen customers, who must come once, the
    /// purchases count; of the other lines only that a product was sold.
    pub fn add(&mut self, lines: &Lines, chosen: Chosen<'_>) {
        let (items, as_of) = (self.items, self.as_of);
        let tally = |part: Chosen<'_>| {
            let mut tally = Self::new(items, as_of);
            tally.purchases(lines, part);
            tally
        };
        // A tally is as large as the catalogue: one a thread.
        let part = chosen.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts: Vec<Self> = chosen.par_chunks(part).map(tally).collect();
        parts.iter().for_each(|part| self.merge(part));
        self.sales(lines);
    }

    fn sales(&mut self, lines: &Lines) {
        for (&product, &day) in lines.product.iter().zip(&lines.day) {
            let Some(sold) = self.sold.get_mut(product as usize) else { continue };
            if day <= self.as_of.0 {
                *sold = day.max(*sold);
            }
        }
    }

    fn purchases(&mut self, lines: &Lines, chosen: Chosen<'_>) {
        let tomorrow = Day(self.as_of.0.saturating_add(1));
        // The last customer and the last basket each item was seen at, from 1.
        let mut seen = vec![(0u32, 0u32); self.by_item.len()];
        let mut basket = 0;
        for (customer, (_, range)) in (1u32..).zip(chosen) {
            for receipt in receipts(lines, range.clone()) {
                let row = receipt.start;
                let (at, day, minute) = (lines.at[row], Day(lines.day[row]), lines.minute[row]);
                let Some(age) = age_at(at, day, minute, tomorrow) else { continue };
                basket += 1;
                self.basket(bought(lines, receipt, self.items), age, (customer, basket), &mut seen);
            }
        }
    }

    fn basket(
        &mut self,
        items: impl Iterator<Item = u32>,
        age: f64,
        now: (u32, u32),
        seen: &mut [(u32, u32)],
    ) {
        let first_age = millidays(age);
        for item in items {
            let last = std::mem::replace(&mut seen[item as usize], now);
            if last == now {
                continue;
            }
            let sums = &mut self.by_item[item as usize];
            sums.baskets += 1;
            if last.0 == now.0 {
                sums.repeats.times += 1;
            } else {
                sums.repeats.seen_millidays += first_age;
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for (sums, more) in self.by_item.iter_mut().zip(&other.by_item) {
            sums.baskets += more.baskets;
            sums.repeats.times += more.repeats.times;
            sums.repeats.seen_millidays += more.repeats.seen_millidays;
        }
    }

    /// The demand of everybody added, for products sold within the last [`Demand::ON_SALE_DAYS`].
    #[must_use]
    pub fn finish(self) -> Demand {
        let mut items = self.items.clone();
        for (item, sold) in items.item.iter_mut().zip(&self.sold) {
            if *sold <= self.as_of.0.saturating_sub(Demand::ON_SALE_DAYS) {
                *item = NONE;
            }
        }
        let mut product_of = vec![NONE; items.count as usize];
        for product in (0..items.item.len() as u32).rev() {
            if let Some(item) = items.of(product) {
                product_of[item as usize] = product;
            }
        }
        let baskets = |(sums, &product): (&ItemSums, &u32)| {
            if product == NONE { 0 } else { sums.baskets }
        };
        let found: Vec<u32> = self.by_item.iter().zip(&product_of).map(baskets).collect();
        let everybody = Histories::of_catalogue(&found, 1);
        let of_catalogue = |item: &u32| self.by_item[*item as usize].repeats;
        let repeats: Vec<Repeats> = everybody.catalogue.iter().map(of_catalogue).collect();
        let products = everybody.catalogue.iter().map(|&item| product_of[item as usize]).collect();
        Demand { as_of: self.as_of, items, repeat_rates: rates(&repeats), products, everybody }
    }
}

impl Demand {
    /// Products nobody bought for so many days are not offered: they are probably not on sale any more.
    pub const ON_SALE_DAYS: i32 = 91;

    pub(crate) fn tomorrow(&self) -> Day {
        Day(self.as_of.0.saturating_add(1))
    }
}
