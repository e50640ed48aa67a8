//! A condition as the evaluation wants it: which values pass.

use super::{Comparison, Decimal, Literal, Operator};
use crate::value::{Kind, Value};

/// Which values pass; null passes none but [`Sieve::Null`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sieve {
    /// Null itself, or with `not` everything else.
    Null { not: bool },
    /// Counts, days as numbers and truths as 0 and 1: those from one to another, both included.
    Whole { low: i64, high: i64, not: bool },
    /// Ratios, means and money: those from one to another, both included.
    Number { low: f64, high: f64, not: bool },
    /// Some counts, days or truths; ascending.
    Wholes { among: Vec<i64>, not: bool },
    /// Some ratios, means or sums of money; ascending.
    Numbers { among: Vec<f64>, not: bool },
    /// Some texts; ascending.
    Texts { among: Vec<String>, not: bool },
}

impl Sieve {
    /// What passes a comparison with a parameter of this kind.
    pub fn of(kind: Kind, comparison: &Comparison) -> Self {
        match comparison {
            Comparison::Null { not } => Self::Null { not: *not },
            Comparison::In { not, values } => Self::among(kind, values, *not),
            Comparison::Between { not, low, high } => match kind {
                Kind::Float => Self::Number { low: number(low), high: number(high), not: *not },
                _ => Self::Whole { low: whole(low).1, high: whole(high).0, not: *not },
            },
            Comparison::Than(operator, value) => match (kind, operator, value) {
                (_, Operator::Equal | Operator::Unequal, Literal::Text(_)) => {
                    Self::among(kind, std::slice::from_ref(value), *operator == Operator::Unequal)
                }
                (Kind::Float, ..) => Self::number(*operator, number(value)),
                _ => Self::whole(*operator, whole(value)),
            },
        }
    }

    fn whole(operator: Operator, (floor, ceil): (i64, i64)) -> Self {
        let (low, high) = match operator {
            Operator::Equal | Operator::Unequal => (ceil, floor),
            Operator::Less => (i64::MIN, ceil - 1),
            Operator::LessOrEqual => (i64::MIN, floor),
            Operator::Greater => (floor + 1, i64::MAX),
            Operator::GreaterOrEqual => (ceil, i64::MAX),
        };
        Self::Whole { low, high, not: operator == Operator::Unequal }
    }

    fn number(operator: Operator, value: f64) -> Self {
        let (low, high) = match operator {
            Operator::Equal | Operator::Unequal => (value, value),
            Operator::Less => (f64::NEG_INFINITY, value.next_down()),
            Operator::LessOrEqual => (f64::NEG_INFINITY, value),
            Operator::Greater => (value.next_up(), f64::INFINITY),
            Operator::GreaterOrEqual => (value, f64::INFINITY),
        };
        Self::Number { low, high, not: operator == Operator::Unequal }
    }

    fn among(kind: Kind, values: &[Literal], not: bool) -> Self {
        match kind {
            Kind::Int | Kind::Date | Kind::Bool => {
                let bounds = values.iter().map(whole);
                // A count is never 2.5.
                let mut among: Vec<i64> =
                    bounds.filter(|(floor, ceil)| floor == ceil).map(|bounds| bounds.0).collect();
                among.sort_unstable();
                Self::Wholes { among, not }
            }
            Kind::Float => {
                let mut among: Vec<f64> = values.iter().map(number).collect();
                among.sort_unstable_by(f64::total_cmp);
                Self::Numbers { among, not }
            }
            _ => {
                let text = |value: &Literal| match value {
                    Literal::Text(text) => Some(text.clone()),
                    _ => None,
                };
                let mut among: Vec<String> = values.iter().filter_map(text).collect();
                among.sort_unstable();
                Self::Texts { among, not }
            }
        }
    }

    /// Whether one value passes; `text_of` gives the source's text behind a code.
    pub fn passes<'t>(&self, value: Value, text_of: &impl Fn(Value) -> Option<&'t str>) -> bool {
        match value {
            Value::Null => *self == Self::Null { not: false },
            Value::Int(value) => self.passes_whole(value),
            Value::Date(day) => self.passes_whole(day.0.into()),
            Value::Bool(truth) => self.passes_whole(truth.into()),
            Value::Float(value) => self.passes_number(value),
            coded => match text_of(coded) {
                Some(text) => self.passes_text(text.as_bytes()),
                // A code without a text is written as null.
                None => *self == Self::Null { not: false },
            },
        }
    }

    #[inline]
    pub fn passes_whole(&self, value: i64) -> bool {
        match self {
            Self::Null { not } => *not,
            Self::Whole { low, high, not } => (*low <= value && value <= *high) != *not,
            Self::Wholes { among, not } => among.binary_search(&value).is_ok() != *not,
            _ => false,
        }
    }

    #[inline]
    pub fn passes_number(&self, value: f64) -> bool {
        match self {
            Self::Null { not } => *not,
            Self::Number { low, high, not } => (*low <= value && value <= *high) != *not,
            Self::Numbers { among, not } => {
                // 0 and −0 are one number.
                let found = among.binary_search_by(|other| other.total_cmp(&(value + 0.0)));
                found.is_ok() != *not
            }
            _ => false,
        }
    }

    #[inline]
    pub fn passes_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Null { not } => *not,
            Self::Texts { among, not } => {
                among.binary_search_by(|other| other.as_bytes().cmp(text)).is_ok() != *not
            }
            _ => false,
        }
    }
}

/// The integers next below and above a value, which are one where it is an integer.
fn whole(value: &Literal) -> (i64, i64) {
    let one = |value: i64| (value, value);
    match value {
        Literal::Number(number) => (Decimal::floor(*number), Decimal::ceil(*number)),
        Literal::Day(day) => one(day.0.into()),
        Literal::Truth(truth) => one((*truth).into()),
        Literal::Text(_) => one(0),
    }
}

fn number(value: &Literal) -> f64 {
    match value {
        Literal::Number(number) => number.nearest(),
        _ => 0.0,
    }
}
