//! Values of parameters.

use retail::Day;
use serde::Serialize;

/// One value of a portrait.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Value {
    /// Not defined for this customer, by the parameter's null rule, or for lack of its input.
    Null,
    /// A count or a number of days.
    Int(i64),
    /// A ratio, a mean, or money in major units; never infinite, never NaN.
    Float(f64),
    /// A calendar day.
    Date(Day),
    /// Yes or no.
    Bool(bool),
    /// A product's code.
    Product(u32),
    /// A category's code.
    Category(u32),
    /// A brand's code.
    Brand(u32),
    /// A shop's code.
    Shop(u32),
    /// One of the parameter's own words.
    Label(&'static &'static str),
    /// A code of the caller's dictionary of profile texts.
    Text(u32),
}

// Portraits of half a million customers are a hundred million values.
const _: () = assert!(size_of::<Value>() <= 16);

/// Which values a parameter takes beside [`Value::Null`]; named as the variants of [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Kind {
    Int,
    Float,
    Date,
    Bool,
    Product,
    Category,
    Brand,
    Shop,
    Label,
    Text,
}

impl Value {
    /// The kind of value; nothing for [`Value::Null`].
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Null => return None,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Date(_) => Kind::Date,
            Self::Bool(_) => Kind::Bool,
            Self::Product(_) => Kind::Product,
            Self::Category(_) => Kind::Category,
            Self::Brand(_) => Kind::Brand,
            Self::Shop(_) => Kind::Shop,
            Self::Label(_) => Kind::Label,
            Self::Text(_) => Kind::Text,
        })
    }

    /// The value as a number for a model: counts, ratios, money, yes as 1 and no as 0; nothing for
    /// dates, ids and words.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(value as f64),
            Self::Float(value) => Some(value),
            Self::Bool(value) => Some(f64::from(u8::from(value))),
            _ => None,
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Day> for Value {
    fn from(value: Day) -> Self {
        Self::Date(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A number of things.
pub(crate) fn count(number: usize) -> Value {
    Value::Int(number as i64)
}

/// Money in major units, from minor units.
pub(crate) fn money(minor: i64) -> Value {
    Value::Float(minor as f64 / 100.0)
}

/// The ratio of two integers of one unit; null where the denominator is zero.
pub(crate) fn ratio(numerator: i64, denominator: i64) -> Value {
    if denominator == 0 { Value::Null } else { Value::Float(numerator as f64 / denominator as f64) }
}

/// Money in minor units over a count, as major units; null where the count is zero.
pub(crate) fn mean_money(minor: i64, number: i64) -> Value {
    ratio(minor, number * 100)
}
