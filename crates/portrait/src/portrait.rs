//! The portrait function, for one customer and for many.

use rayon::prelude::*;
use retail::Day;

use crate::catalogue::Catalogue;
use crate::facts::{Facts, Given, Scores};
use crate::history::History;
use crate::population::Population;
use crate::registry::{index, registry};
use crate::value::Value;
use crate::walk::Walk;

/// One customer as of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    /// Whose.
    pub customer: u32,
    /// A value for each parameter, in the sequence of [`registry`].
    pub values: Box<[Value]>,
}

impl Portrait {
    /// The value of a parameter; nothing for a name the registry does not have.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        index(name).map(|index| self.values[index])
    }
}

/// The portrait of one customer. The population should be of the same catalogue and day; one of an
/// earlier day gives places among, and prices of, that day.
#[must_use]
pub fn portrait(
    history: &History<'_>,
    catalogue: &Catalogue,
    population: &Population,
    scores: &Scores,
    as_of: Day,
) -> Portrait {
    let given = Given { history, catalogue, population, scores, as_of };
    Easel::new(catalogue).paint(given)
}

/// Portraits of many customers, in their sequence, on every thread of the pool. `scores` are those
/// of the same customers in the same sequence; customers beyond its end have none.
#[must_use]
pub fn portraits(
    histories: &[History<'_>],
    catalogue: &Catalogue,
    population: &Population,
    scores: &[Scores],
    as_of: Day,
) -> Vec<Portrait> {
    let paint = |easel: &mut Easel, (at, history): (usize, &History<'_>)| {
        let scores = scores.get(at).unwrap_or(&UNSCORED);
        easel.paint(Given { history, catalogue, population, scores, as_of })
    };
    histories.par_iter().enumerate().map_init(|| Easel::new(catalogue), paint).collect()
}

const UNSCORED: Scores = Scores {
    p_alive_bgnbd: None,
    expected_visits_91d_bgnbd: None,
    expected_receipt_gamma: None,
    clv_364d: None,
    churn_prob_56d: None,
    spend_forecast_28d: None,
    uplift_score: None,
};

/// Memory that serves one customer after another.
struct Easel {
    walk: Walk,
    numbers: Vec<i64>,
}

impl Easel {
    fn new(catalogue: &Catalogue) -> Self {
        Self { walk: Walk::new(catalogue), numbers: Vec::new() }
    }

    fn paint(&mut self, given: Given<'_>) -> Portrait {
        self.walk.over(given.history, given.catalogue, given.as_of);
        let facts = Facts::new(given, &self.walk, &mut self.numbers);
        let values = registry().iter().map(|parameter| parameter.value(&facts)).collect();
        Portrait { customer: given.history.customer, values }
    }
}
