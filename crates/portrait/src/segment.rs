//! The audience language: a statement about portraits that is true of some customers. One language for
//! rules, campaigns, reports and screens; `docs/SEGMENTS.md` is its page.
//!
//! ```text
//! any        = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" any ")" | condition
//! condition  = name ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//!            | name ["not"] "between" value "and" value
//!            | name ["not"] "in" "(" value { "," value } ")"
//!            | name ["is"] ["not"] "null"
//!            | name                                      of a parameter that is yes or no: is it yes?
//! name       = a parameter of the registry | "profile." what the customer declared
//! value      = 12 | -0.5 | 'text' | "text" | «text» | 2026-01-31 | "true" | "false"
//! ```
//!
//! A condition on a parameter that is null does not hold, `!=` and `not in` included; only `is null` does.
//! `not` turns true into false and false into true, so `not spend_91d > 100` holds for whoever has no
//! `spend_91d` as well. There is no third value.
//!
//! [`Segment::from_str`] parses, and refuses what the registry does not know or cannot compare, at its place;
//! `Display` prints the one way in which a segment is written, which is parsed as the same segment.
//! [`Segment::holds`] asks one portrait, [`Segment::members`] columns of many, with the same answers.

mod decimal;
mod error;
mod evaluate;
mod parse;
mod print;
mod sieve;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use retail::Day;
use serde::{Deserialize, Serialize};

pub use decimal::Decimal;
pub use error::{SegmentError, Wanted, Written, Wrong, caret};
pub use evaluate::{Bits, Column, Members, Values, WrongColumn};

use crate::registry::{Parameter, index, registry};
use crate::value::Value;
use sieve::Sieve;

/// Longest text of a segment, in characters, as it is given and as it is printed: in any script it fits into the
/// address of a request.
pub const CHARS_MAX: usize = 4_000;

/// So many parentheses may be open at once.
pub const DEPTH_MAX: usize = 64;

/// What a customer declares of himself, by the name after `profile.` and the parameter that shows it. His
/// declared region is not among them: the portrait fills it up with that of his main shop, as `region_id`.
pub const PROFILE: [(&str, &str); 7] = [
    ("gender", "gender"),
    ("age_band", "age_band"),
    ("household_size", "household_size"),
    ("kids_count", "kids_count"),
    ("income_band", "income_band"),
    ("home_ownership", "home_ownership"),
    ("marital_status", "marital_status"),
];

/// A statement about portraits, parsed and held against the registry. In JSON its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Segment {
    root: Node,
    // Places in the registry of the parameters it asks for, ascending.
    places: Vec<usize>,
}

/// A part of a statement. Lists have at least two parts, none of which is a list of the same kind.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Condition(Condition),
}

/// What is asked of one parameter.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    name: Name,
    comparison: Comparison,
    // The same as the evaluation wants it.
    sieve: Sieve,
}

/// A parameter, by the name it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name {
    place: usize,
    profile: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
enum Comparison {
    Than(Operator, Literal),
    Between { not: bool, low: Literal, high: Literal },
    In { not: bool, values: Vec<Literal> },
    Null { not: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Number(Decimal),
    Text(String),
    Day(Day),
    Truth(bool),
}

impl Segment {
    /// Places in the registry of the parameters it asks for, ascending: the columns that
    /// [`Segment::members`] wants.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The parameters it asks for, in the sequence of the registry. Whoever shows a segment to a supplier
    /// has to see that none is `sensitive`.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.places.iter().map(|&place| &registry()[place])
    }

    fn of(root: Node) -> Self {
        let mut places = Vec::new();
        root.collect_places(&mut places);
        places.sort_unstable();
        places.dedup();
        Self { root, places }
    }
}

impl Node {
    fn collect_places(&self, places: &mut Vec<usize>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.collect_places(places));
            }
            Self::Not(part) => part.collect_places(places),
            Self::Condition(condition) => places.push(condition.name.place),
        }
    }
}

impl Name {
    /// The name of a parameter, or of what a customer declared.
    fn find(word: &str) -> Option<Self> {
        match word.strip_prefix("profile.") {
            Some(declared) => {
                let (profile, parameter) = PROFILE.iter().find(|row| row.0 == declared)?;
                index(parameter).map(|place| Self { place, profile: Some(profile) })
            }
            None => index(word).map(|place| Self { place, profile: None }),
        }
    }

    fn parameter(self) -> &'static Parameter {
        &registry()[self.place]
    }
}

impl FromStr for Segment {
    type Err = SegmentError;

    /// Reads a statement.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    fn from_str(text: &str) -> Result<Self, SegmentError> {
        let segment = Self::of(parse::parse(text)?);
        // What is kept is what is printed, and that must be read again.
        if segment.to_string().chars().count() > CHARS_MAX {
            return Err(SegmentError { at: 0, wrong: Wrong::TooLong { most: CHARS_MAX } });
        }
        Ok(segment)
    }
}

impl TryFrom<String> for Segment {
    type Error = SegmentError;

    fn try_from(text: String) -> Result<Self, SegmentError> {
        text.parse()
    }
}

impl From<Segment> for String {
    fn from(segment: Segment) -> Self {
        segment.to_string()
    }
}

/// The names of the segments that a customer is in, given the values of his portrait in the sequence of the
/// registry; `text_of` gives the source's text behind the code of a value.
pub fn memberships<'s, 't>(
    segments: &'s BTreeMap<String, Segment>,
    values: &[Value],
    text_of: impl Fn(Value) -> Option<&'t str>,
) -> BTreeSet<&'s str> {
    let his = segments.iter().filter(|(_, segment)| segment.holds(values, &text_of));
    his.map(|(name, _)| name.as_str()).collect()
}
