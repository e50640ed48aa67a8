//! The portrait function, for one customer and for many.

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
    let mut painter = Painter::new(catalogue, population, as_of);
    let values = painter.paint(history, scores).into();
    Portrait { customer: history.customer, values }
}

/// Paints one customer after another with the same memory: as [`portrait`] does, without an
/// allocation for each. One painter works on one thread.
pub struct Painter<'a> {
    catalogue: &'a Catalogue,
    population: &'a Population,
    as_of: Day,
    walk: Walk,
    numbers: Vec<i64>,
    values: Vec<Value>,
}

impl<'a> Painter<'a> {
    /// A painter of customers of this catalogue, against this population, as of a day.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, population: &'a Population, as_of: Day) -> Self {
        let (walk, numbers) = (Walk::new(catalogue), Vec::new());
        let values = Vec::with_capacity(registry().len());
        Self { catalogue, population, as_of, walk, numbers, values }
    }

    /// The values of a customer's portrait, in the sequence of [`registry`].
    pub fn paint(&mut self, history: &History<'_>, scores: &Scores) -> &[Value] {
        let Self { catalogue, population, as_of, .. } = *self;
        self.walk.over(history, catalogue, as_of);
        let given = Given { history, catalogue, population, scores, as_of };
        let facts = Facts::new(given, &self.walk, &mut self.numbers);
        self.values.clear();
        self.values.extend(registry().iter().map(|parameter| parameter.value(&facts)));
        &self.values
    }
}
