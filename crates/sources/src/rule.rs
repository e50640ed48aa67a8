//! Rules over source columns that set a product's flags and tags.

use crate::cell::{Cell, Row};
use crate::mapping::Absent;

/// A rule; numbers are column slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Constant(bool),
    /// The value is one of these; an absent value is none of them.
    Is(usize, Vec<String>),
    /// The value begins with one of these.
    StartsWith(usize, Vec<String>),
    /// There is a value.
    Present(usize),
    Not(Box<Rule>),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

impl Rule {
    /// Whether the rule holds in a row; `absent` says which values mean none.
    pub fn holds(&self, row: &Row<'_>, absent: &Absent) -> bool {
        match self {
            Rule::Constant(flag) => *flag,
            Rule::Is(slot, values) => {
                with_text(row, absent, *slot, |text| values.iter().any(|value| value == text))
            }
            Rule::StartsWith(slot, values) => {
                with_text(row, absent, *slot, |text| values.iter().any(|v| text.starts_with(v)))
            }
            Rule::Present(slot) => !matches!(absent.cell(row, *slot), Cell::None),
            Rule::Not(rule) => !rule.holds(row, absent),
            Rule::All(rules) => rules.iter().all(|rule| rule.holds(row, absent)),
            Rule::Any(rules) => rules.iter().any(|rule| rule.holds(row, absent)),
        }
    }
}

fn with_text(row: &Row<'_>, absent: &Absent, slot: usize, test: impl Fn(&str) -> bool) -> bool {
    match absent.cell(row, slot) {
        Cell::None => false,
        Cell::Text(text) => test(text),
        cell => test(&cell.to_text()),
    }
}
