//! First offers: what to offer each customer as of a day, and why.

use std::ops::Range;

use rayon::prelude::*;
use retail::{Day, Lines};
use serde::{Deserialize, Serialize};

use crate::blend::{Rhythms, Weights};
use crate::habit::{Habit, habits};
use crate::next_basket::{Scores, best};
use crate::{Chosen, Demand, Histories, Level, Purchases};

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

/// The personal offers of chosen customers, best first, customers in their sequence, each with as
/// many as the settings say: the best of his own products and the most popular others, by the
/// score of the blend. A customer without a purchase is offered what is popular. `demand` is
/// everybody's, theirs included; so their offers are the same in whatever parts they come.
#[must_use]
pub fn offers(
    lines: &Lines,
    chosen: Chosen<'_>,
    demand: &Demand,
    settings: &OfferSettings,
) -> Vec<Offer> {
    let (as_of, tomorrow) = (demand.as_of, demand.tomorrow());
    let purchases = Purchases::of(lines, chosen, &demand.items, as_of);
    let history =
        Histories::on(&demand.everybody, &purchases, |basket| purchases.age_at(basket, tomorrow));
    let rhythms = Rhythms { habits: habits(&history), repeat_rates: demand.repeat_rates.clone() };
    let forming = Forming {
        scores: settings.weights.scores(&history, &rhythms),
        products: &demand.products,
        history,
        rhythms,
        as_of,
        settings,
    };
    let known = |range: &Range<usize>| lines.day[range.clone()].iter().any(|&day| day <= as_of.0);
    let sets: Vec<Vec<Offer>> = chosen
        .par_iter()
        .filter(|(_, range)| known(range))
        .map(|&(code, _)| forming.set(code))
        .collect();
    sets.concat()
}

struct Forming<'a> {
    history: Histories,
    rhythms: Rhythms,
    scores: Scores,
    products: &'a [u32],
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
