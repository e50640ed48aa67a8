//! Where the past ends and the truth begins: the two protocols of evaluation.

use std::ops::Range;

use retail::Day;
use serde::{Deserialize, Serialize};

use crate::{Histories, Level, Purchases};

/// Fewest baskets of a customer who takes part in the evaluation of the last basket: test, validation
/// and two to learn from.
const BASKETS_MIN: usize = 4;

const DAY_US: f64 = 86_400e6;

/// What a split consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Customers with a history.
    pub customers: usize,
    /// Items of the catalogue.
    pub items: usize,
    /// Items in baskets of the history.
    pub events: usize,
    /// Distinct pairs of customer and item among them.
    pub pairs: usize,
    /// Customers with a history and a truth.
    pub evaluated: usize,
    /// Truth items of evaluated customers.
    pub truth: usize,
    /// Truth items before the catalogue, the history and the novelty rule had their say.
    pub truth_before: usize,
    /// Share of the truth that the same customer had bought before; 0 when there is no truth.
    pub truth_repeat_share: f64,
}

/// A history and what really happened after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What a model may see.
    pub history: Histories,
    /// Only items that a customer never bought are asked for.
    pub novel: bool,
    /// Places in the history of the evaluated customers, ascending.
    pub evaluated: Vec<u32>,
    /// Where each evaluated customer's truth begins; one entry more than evaluated customers.
    pub truth_start: Vec<usize>,
    /// What he bought, as ascending indices in the catalogue.
    pub truth: Vec<u32>,
    /// Its sizes.
    pub counts: Counts,
}

/// The last basket but `later` is the truth, everything before it the history: `later` is 0 for the
/// test and 1 for the validation. Customers with fewer than four baskets take no part. Ages count
/// to the time of the truth's basket.
#[must_use]
pub fn split_last(purchases: &Purchases, level: Level, later: usize) -> Split {
    let target = |place: usize| {
        let baskets = purchases.baskets(place);
        (baskets.len() >= BASKETS_MIN).then(|| baskets.end - 1 - later)
    };
    let history = Histories::new(purchases, level.baskets_min(), |place, basket| {
        let target = target(place).filter(|&target| basket < target)?;
        Some((purchases.at[target] - purchases.at[basket]) as f64 / DAY_US)
    });
    let truths = (0..purchases.customer.len())
        .filter_map(|place| Some((place, purchases.items(target(place)?).to_vec())));
    with_truth(purchases, history, truths, false)
}

/// What customers bought within `days` days from `cut` on and never before it; the history ends at
/// local midnight before `cut`, and ages count to that moment.
#[must_use]
pub fn split_novel(purchases: &Purchases, level: Level, cut: Day, days: i32) -> Split {
    let history =
        Histories::new(purchases, level.baskets_min(), |_, basket| purchases.age_at(basket, cut));
    let window = cut.0..cut.0.saturating_add(days);
    let truths = (0..purchases.customer.len()).map(|place| {
        let baskets = purchases.baskets(place);
        let within = baskets.filter(|&basket| window.contains(&purchases.day[basket]));
        let mut truth: Vec<u32> =
            within.flat_map(|basket| purchases.items(basket)).copied().collect();
        truth.sort_unstable();
        truth.dedup();
        (place, truth)
    });
    with_truth(purchases, history, truths, true)
}

/// Joins truths (customer's place among the purchases, ascending items) with a history.
fn with_truth(
    purchases: &Purchases,
    history: Histories,
    truths: impl Iterator<Item = (usize, Vec<u32>)>,
    novel: bool,
) -> Split {
    let index = history.index(purchases.item_count);
    let mut split = Split {
        novel,
        evaluated: Vec::new(),
        truth_start: vec![0],
        truth: Vec::new(),
        counts: Counts::default(),
        history,
    };
    let mut repeats = 0;
    for (place, truth) in truths {
        split.counts.truth_before += truth.len();
        let Ok(place) = split.history.customer.binary_search(&purchases.customer[place]) else {
            continue;
        };
        let own = split.history.own(place);
        let before = split.truth.len();
        for item in truth.into_iter().map(|item| index[item as usize]) {
            let repeat = own.binary_search(&item).is_ok();
            if item != retail::NONE && !(novel && repeat) {
                repeats += usize::from(repeat);
                split.truth.push(item);
            }
        }
        if split.truth.len() > before {
            split.evaluated.push(place as u32);
            split.truth_start.push(split.truth.len());
        }
    }
    split.count(repeats);
    split
}

impl Split {
    /// The truth of the evaluated customer at a place among the evaluated.
    #[must_use]
    pub fn truth(&self, place: usize) -> &[u32] {
        let range: Range<usize> = self.truth_start[place]..self.truth_start[place + 1];
        &self.truth[range]
    }

    fn count(&mut self, repeats: usize) {
        let (history, truth) = (&self.history, self.truth.len());
        self.counts = Counts {
            customers: history.customer.len(),
            items: history.catalogue.len(),
            events: history.event.len(),
            pairs: history.own.len(),
            evaluated: self.evaluated.len(),
            truth,
            truth_repeat_share: repeats as f64 / truth.max(1) as f64,
            ..self.counts
        };
    }
}
