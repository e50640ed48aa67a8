//! Scorers of the next basket: what each customer is likely to buy next.
//!
//! A model gives every item a personal score, which is zero for items the customer never bought, plus
//! a prior in proportion to the item's popularity. So the best `k` are always among the customer's own
//! items and the `k` most popular others, and nothing else needs to be looked at. Ties go to the more
//! popular item, then to the one that comes first in the source.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::blend::{Rhythms, Weights};
use crate::habit::by_customer;
use crate::{Histories, Level};

/// A scorer with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model")]
pub enum Model {
    /// The most popular items, the same for everybody.
    GlobalPop,
    /// Baskets of the customer that hold the item, filled up with the most popular items. A simple
    /// baseline that most published models do not beat (Li et al., "A Next Basket Recommendation
    /// Reality Check", TOIS 2023).
    #[serde(rename = "P-Pop")]
    PersonalPop,
    /// Sum over the customer's baskets with the item of 2^(-age / half-life), plus
    /// prior · popularity share.
    Decayed {
        /// Days in which a purchase loses half of its weight; more than 0.
        half_life_days: f64,
        /// Weight of the popularity share, at least 0.
        prior: f64,
    },
    /// Decayed counts at several half-lives, with the rhythm of each habit; see [`Weights`].
    Blend(Weights),
}

impl Model {
    /// The decayed count with the settings that validation chose on real grocery data at each level.
    #[must_use]
    pub fn decayed(level: Level) -> Self {
        match level {
            Level::Product => Self::Decayed { half_life_days: 90.0, prior: 0.1 },
            Level::Kind | Level::Category => Self::Decayed { half_life_days: 120.0, prior: 0.3 },
        }
    }

    /// Its stable name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GlobalPop => "GlobalPop",
            Self::PersonalPop => "P-Pop",
            Self::Decayed { .. } => "Decayed",
            Self::Blend(_) => "Blend",
        }
    }
}

/// Personal scores of all customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Score of each own item, in the order of [`Histories::own`].
    pub own: Vec<f64>,
    /// Weight of the popularity share, added to every item's score.
    pub prior: f64,
}

/// Scores the own items of every customer.
#[must_use]
pub fn fit(history: &Histories, model: &Model) -> Scores {
    match *model {
        Model::GlobalPop => Scores { own: vec![0.0; history.own.len()], prior: 1.0 },
        Model::PersonalPop => Scores { own: weigh(history, |_| 1.0), prior: 0.0 },
        Model::Decayed { half_life_days, prior } => {
            let weight = |age: f64| (-age / half_life_days).exp2();
            Scores { own: weigh(history, weight), prior }
        }
        Model::Blend(weights) => weights.scores(history, &Rhythms::of(history)),
    }
}

/// Sum over each customer's baskets with an item of the weight of the basket's age.
fn weigh(history: &Histories, weight: impl Fn(f64) -> f64 + Sync) -> Vec<f64> {
    by_customer(history, |place, sums: &mut [f64]| {
        for basket in history.baskets(place) {
            let weight = weight(history.age_days[basket]);
            for &item in history.items(basket) {
                sums[item as usize] += weight;
            }
        }
    })
}

/// The best `k` items (indices in the catalogue) of each customer at a place of the history, the best
/// first; fewer where the catalogue has no more. With `novel`, items that a customer bought before
/// are left out.
#[must_use]
pub fn rank(
    history: &Histories,
    scores: &Scores,
    places: &[u32],
    k: usize,
    novel: bool,
) -> Vec<Vec<u32>> {
    places
        .par_iter()
        .map(|&place| {
            let best = best(history, scores, place as usize, k, novel);
            best.into_iter().map(|(item, _)| item).collect()
        })
        .collect()
}

/// The best `k` items of one customer with their scores.
pub(crate) fn best(
    history: &Histories,
    scores: &Scores,
    place: usize,
    k: usize,
    novel: bool,
) -> Vec<(u32, f64)> {
    let own = history.own(place);
    let range: Range<usize> = history.own_range(place);
    let prior = |item: u32| scores.prior * history.share(item);
    let mut candidates: Vec<(u32, f64)> = Vec::with_capacity(own.len() + k);
    if !novel {
        let scored = own.iter().zip(&scores.own[range]);
        candidates.extend(scored.map(|(&item, score)| (item, score + prior(item))));
    }
    let others = history.popular.iter().filter(|item| own.binary_search(item).is_err());
    candidates.extend(others.take(k).map(|&item| (item, prior(item))));
    keep_best(&mut candidates, k, |a, b| before(history, a, b));
    candidates
}

/// The better of two scored items comes first.
pub(crate) fn before(history: &Histories, a: &(u32, f64), b: &(u32, f64)) -> Ordering {
    let rank = |item: u32| history.rank[item as usize];
    b.1.total_cmp(&a.1).then_with(|| rank(a.0).cmp(&rank(b.0)))
}

/// Sorts the first `k` and drops the rest.
fn keep_best<T>(values: &mut Vec<T>, k: usize, before: impl Fn(&T, &T) -> Ordering) {
    if k < values.len() {
        values.select_nth_unstable_by(k, &before);
        values.truncate(k);
    }
    values.sort_unstable_by(before);
}
