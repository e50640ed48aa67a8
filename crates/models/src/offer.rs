//! First offers: what to offer each customer as of a day, and why.

use rayon::prelude::*;
use retail::{Day, Lines};
use serde::{Deserialize, Serialize};

use crate::blend::{Rhythms, Weights};
use crate::habit::Habit;
use crate::next_basket::{Scores, best};
use crate::split::age_at;
use crate::{Histories, Items, Level, Purchases};

/// A product to offer to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Code of the customer.
    pub customer: u32,
    /// Code of the product.
    pub product: u32,
    /// The blend's score: larger is better, comparable within one customer only.
    pub score: f64,
    /// Why.
    pub reason: Reason,
}

/// Why a product is offered: a stable code with its parameters. Sentences are made from it at the
/// edge, in the reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "lowercase")]
pub enum Reason {
    /// The customer buys it regularly and the next purchase is not due yet.
    Habit {
        /// Receipts of the customer that hold it, at least three.
        times: u32,
        /// Mean days between two of them, more than 0.
        every_days: f64,
        /// Days from the last of them to the day of the offers.
        last_days: i32,
    },
    /// The customer buys it regularly, and at least his mean gap has passed since the last time.
    Due {
        /// Receipts of the customer that hold it, at least three.
        times: u32,
        /// Mean days between two of them, more than 0.
        every_days: f64,
        /// Days from the last of them to the day of the offers.
        last_days: i32,
    },
    /// The customer bought it, but too seldom for a rhythm.
    Recent {
        /// Receipts of the customer that hold it, at least one.
        times: u32,
        /// Days from the last of them to the day of the offers.
        last_days: i32,
    },
    /// The customer never bought it, but many others do.
    Popular {
        /// Receipts of all customers that hold it.
        receipts: u32,
    },
}

impl Reason {
    /// Its stable code, the same as in its serialised form.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Habit { .. } => "habit",
            Self::Due { .. } => "due",
            Self::Recent { .. } => "recent",
            Self::Popular { .. } => "popular",
        }
    }
}

/// How offers are formed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfferSettings {
    /// Offers a customer at most; there are fewer only where the catalogue is smaller.
    pub count: usize,
    /// Weights of the score; the evaluation of the last basket at product level finds better ones.
    pub weights: Weights,
    /// A regularly bought product is offered only after all others while its due (days since last
    /// over mean gap) is below this. 0 holds nothing back and is the default, because measured on
    /// validation baskets of a grocery network holding back costs hits: NDCG@10 falls from 0.187
    /// to 0.182 at 0.1 and to 0.170 at 0.3, as people often buy again what they have just bought. The
    /// score itself is already lower just after a purchase.
    pub due_min: f64,
}

impl Default for OfferSettings {
    fn default() -> Self {
        Self { count: 10, weights: Weights::of(Level::Product), due_min: 0.0 }
    }
}

/// Receipts that make a rhythm.
const HABIT_TIMES_MIN: u32 = 3;

/// The offers of every customer in the lines, as of the end of a day: customers in the order of their
/// codes, the best offer of each first. Lines of later days are not looked at. A product may be
/// offered if it has an item and stands in at least one basket up to that day.
///
/// # Panics
/// When the items are not products.
#[must_use]
pub fn offers(lines: &Lines, items: &Items, as_of: Day, settings: &OfferSettings) -> Vec<Offer> {
    assert_eq!(items.level, Level::Product, "offers are made of products");
    let purchases = Purchases::of(lines, items);
    let tomorrow = Day(as_of.0.saturating_add(1));
    let history = Histories::new(&purchases, 1, |_, basket| age_at(&purchases, basket, tomorrow));
    let rhythms = Rhythms::of(&history);
    let forming = Forming {
        scores: settings.weights.scores(&history, &rhythms),
        products: products(items, &history),
        history,
        rhythms,
        as_of,
        settings,
    };
    let customers: Vec<u32> = lines.by_customer().into_iter().map(|(code, _)| code).collect();
    let sets: Vec<Vec<Offer>> = customers.par_iter().map(|&code| forming.set(code)).collect();
    sets.concat()
}

/// The product code of every index in the catalogue.
fn products(items: &Items, history: &Histories) -> Vec<u32> {
    let mut products = vec![retail::NONE; items.count as usize];
    for product in (0..items.item.len() as u32).rev() {
        if let Some(item) = items.of(product) {
            products[item as usize] = product;
        }
    }
    history.catalogue.iter().map(|&item| products[item as usize]).collect()
}

struct Forming<'a> {
    history: Histories,
    rhythms: Rhythms,
    scores: Scores,
    products: Vec<u32>,
    as_of: Day,
    settings: &'a OfferSettings,
}

impl Forming<'_> {
    fn set(&self, customer: u32) -> Vec<Offer> {
        let offer = |item: u32, score: f64, reason: Reason| Offer {
            customer,
            product: self.products[item as usize],
            score,
            reason,
        };
        let Ok(place) = self.history.customer.binary_search(&customer) else {
            let popular = self.history.popular.iter().take(self.settings.count);
            let score = |item| self.scores.prior * self.history.share(item);
            return popular.map(|&item| offer(item, score(item), self.popular(item))).collect();
        };
        let held_back = self.settings.due_min > 0.0;
        let own = self.history.own(place).len();
        let count = self.settings.count;
        let wanted = if held_back { count + own } else { count };
        let mut ranked = best(&self.history, &self.scores, place, wanted, false);
        if held_back {
            // A stable sort: those held back follow the others, each part the best first.
            ranked.sort_by_key(|&(item, _)| self.rests(place, item));
            ranked.truncate(count);
        }
        ranked
            .into_iter()
            .map(|(item, score)| {
                let habit = self.habit(place, item);
                let reason = habit.map_or_else(|| self.popular(item), |h| reason(h, self.as_of));
                offer(item, score, reason)
            })
            .collect()
    }

    fn habit(&self, place: usize, item: u32) -> Option<&Habit> {
        let at = self.history.own(place).binary_search(&item).ok()?;
        Some(&self.rhythms.habits[self.history.own_start[place] + at])
    }

    fn rests(&self, place: usize, item: u32) -> bool {
        self.habit(place, item).is_some_and(|habit| {
            habit.times >= HABIT_TIMES_MIN
                && habit.due().is_some_and(|due| due < self.settings.due_min)
        })
    }

    fn popular(&self, item: u32) -> Reason {
        Reason::Popular { receipts: self.history.popularity[item as usize] }
    }
}

/// The reason a habit gives, in whole days, as a person would count them.
fn reason(habit: &Habit, as_of: Day) -> Reason {
    let (times, last_days) = (habit.times, as_of.0 - habit.last_day);
    let days = habit.last_day - habit.first_day;
    if times < HABIT_TIMES_MIN || days == 0 {
        return Reason::Recent { times, last_days };
    }
    let every_days = f64::from(days) / f64::from(times - 1);
    if f64::from(last_days) < every_days {
        Reason::Habit { times, every_days, last_days }
    } else {
        Reason::Due { times, every_days, last_days }
    }
}
