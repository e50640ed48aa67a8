//! Everything the parameters of one customer are made of.

use retail::Day;
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::family::{
    affinity_loyalty, basket, campaign_response, consumption_cycle, diversity, dynamics, monetary,
    place_time, price_promo, regularity,
};
use crate::history::History;
use crate::population::Population;
use crate::walk::Walk;

/// What models say of one customer; they fill it after the portraits they learn from, and never
/// read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Probability that the customer still buys here.
    pub p_alive_bgnbd: Option<f64>,
    /// Expected visits in the next 91 days.
    pub expected_visits_91d_bgnbd: Option<f64>,
    /// Expected receipt, major units.
    pub expected_receipt_gamma: Option<f64>,
    /// Expected discounted spend of the next 364 days, major units.
    pub clv_364d: Option<f64>,
    /// Probability of no purchase in the next 56 days.
    pub churn_prob_56d: Option<f64>,
    /// Expected spend of the next 28 days, major units.
    pub spend_forecast_28d: Option<f64>,
    /// Expected change of the purchase probability by an offer.
    pub uplift_score: Option<f64>,
}

/// The arguments of the portrait function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub history: &'a History<'a>,
    pub catalogue: &'a Catalogue,
    pub population: &'a Population,
    pub scores: &'a Scores,
    pub as_of: Day,
}

impl Given<'_> {
    /// The day of an age.
    pub fn day(&self, age: i32) -> Day {
        Day(self.as_of.0 - age)
    }

    /// The age of a day, nothing for a day after the portrait's.
    pub fn age(&self, day: Day) -> Option<i32> {
        let age = self.as_of.0.saturating_sub(day.0);
        (age >= 0).then_some(age)
    }
}

/// Facts of one customer, computed once; each family keeps its own in its file.
pub(crate) struct Facts<'a> {
    pub given: Given<'a>,
    /// What several families share.
    pub walk: &'a Walk,
    pub receipts: monetary::Receipts,
    pub gaps: regularity::Gaps,
    pub missions: basket::Missions,
    pub breadth: diversity::Breadth,
    pub favourites: affinity_loyalty::Favourites,
    pub prices: price_promo::Prices,
    pub visiting: place_time::Visiting,
    pub weekly: dynamics::Weekly,
    pub response: campaign_response::Response,
    pub cycles: consumption_cycle::Cycles,
}

impl<'a> Facts<'a> {
    /// The facts of a customer already walked over; `numbers` is scratch memory.
    pub fn new(given: Given<'a>, walk: &'a Walk, numbers: &mut Vec<i64>) -> Self {
        Self {
            given,
            walk,
            receipts: monetary::Receipts::of(walk, numbers),
            gaps: regularity::Gaps::of(walk, numbers),
            missions: basket::Missions::of(walk, numbers),
            breadth: diversity::Breadth::of(walk),
            favourites: affinity_loyalty::Favourites::of(&given, walk),
            prices: price_promo::Prices::of(&given, walk),
            visiting: place_time::Visiting::of(&given, walk),
            weekly: dynamics::Weekly::of(walk),
            response: campaign_response::Response::of(&given, numbers),
            cycles: consumption_cycle::Cycles::of(walk, numbers),
        }
    }

    /// Age of the earliest purchase day.
    pub fn first_age(&self) -> Option<i32> {
        self.walk.days.first().map(|day| day.age)
    }

    /// Age of the latest purchase day.
    pub fn last_age(&self) -> Option<i32> {
        self.walk.days.last().map(|day| day.age)
    }
}
