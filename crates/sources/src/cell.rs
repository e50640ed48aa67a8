//! One value of a source, as its format gives it, and the row it stands in.

use std::fmt::Write;

use arrow_array::{
    Array, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, StringArray,
};
use serde_json::{Map, Value};

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    None,
    Text(&'a str),
    Integer(i64),
    Float(f64),
    /// Unscaled value and the number of its decimal places.
    Decimal(i128, i8),
    Flag(bool),
    /// Days since 1970-01-01.
    Day(i32),
    /// µs since 1970-01-01, of UTC.
    Instant(i64),
    /// µs since 1970-01-01, on the wall clock of the shop.
    Local(i64),
    /// µs since midnight.
    Clock(i64),
    /// Bytes that are not UTF-8.
    NotText,
    /// A list or an object.
    Nested,
}

impl Cell<'_> {
    /// Appends the value as people write it.
    pub fn write(&self, out: &mut String) {
        let written = match *self {
            Cell::None | Cell::NotText | Cell::Nested => Ok(()),
            Cell::Text(text) => out.write_str(text),
            Cell::Integer(number) => write!(out, "{number}"),
            Cell::Float(number) => match whole(number) {
                Some(number) => write!(out, "{number}"),
                None => write!(out, "{number}"),
            },
            Cell::Decimal(number, scale) => {
                decimal(number, scale, out);
                Ok(())
            }
            Cell::Flag(flag) => write!(out, "{flag}"),
            Cell::Day(day) => write!(out, "{}", retail::Day(day)),
            Cell::Instant(at) => match jiff::Timestamp::from_microsecond(at) {
                Ok(at) => write!(out, "{at}"),
                Err(_) => write!(out, "{at}"),
            },
            Cell::Local(at) => match jiff::Timestamp::from_microsecond(at) {
                Ok(at) => write!(out, "{}", jiff::tz::Offset::UTC.to_datetime(at)),
                Err(_) => write!(out, "{at}"),
            },
            Cell::Clock(at) => {
                let seconds = at / 1_000_000;
                write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
        };
        debug_assert!(written.is_ok(), "a String takes everything");
    }

    /// The value as people write it.
    pub fn to_text(self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The value as a whole number, where it is one exactly.
    pub fn integer(self) -> Option<i64> {
        match self {
            Cell::Integer(number) => Some(number),
            Cell::Float(number) => whole(number),
            Cell::Decimal(number, 0) => i64::try_from(number).ok(),
            Cell::Decimal(number, scale @ 1..=38) => {
                let unit = 10_i128.pow(u32::from(scale.unsigned_abs()));
                (number % unit == 0).then(|| i64::try_from(number / unit).ok())?
            }
            _ => None,
        }
    }
}

/// A float that is a whole number and was not rounded to become one.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn decimal(number: i128, scale: i8, out: &mut String) {
    let places = usize::from(scale.max(0).unsigned_abs());
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = places + 1);
    let (major, minor) = digits.split_at(digits.len() - places);
    out.push_str(if number < 0 { "-" } else { "" });
    out.push_str(major);
    out.extend(std::iter::repeat_n('0', usize::from((-scale).max(0).unsigned_abs())));
    let minor = minor.trim_end_matches('0');
    if !minor.is_empty() {
        out.push('.');
        out.push_str(minor);
    }
}

/// A column of a block of a columnar file, in one of the few shapes that cells have.
#[derive(Debug)]
pub(crate) enum Column {
    Nothing,
    Dictionary(Dictionary),
    Texts(StringArray),
    Bytes(BinaryArray),
    Integers(Int64Array),
    Floats(Float64Array),
    Decimals(Decimal128Array),
    /// Decimals that fit 64 bits: unscaled values, and the number of their places.
    Scaled(Int64Array, i8),
    Flags(BooleanArray),
    Days(Date32Array),
    Instants(Int64Array),
    Locals(Int64Array),
    Clocks(Int64Array),
}

/// Texts by their places in a list of distinct ones, so that each need be understood only once.
#[derive(Debug)]
pub(crate) struct Dictionary {
    pub keys: Int32Array,
    pub values: StringArray,
    /// Tells this list from the others of a column.
    pub number: u64,
}

impl Column {
    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Column::Nothing => Cell::None,
            Column::Dictionary(Dictionary { keys, values, .. }) if keys.is_valid(row) => {
                let place = keys.value(row) as usize;
                if values.is_valid(place) { Cell::Text(values.value(place)) } else { Cell::None }
            }
            Column::Integers(values) if values.is_valid(row) => Cell::Integer(values.value(row)),
            Column::Floats(values) if values.is_valid(row) => Cell::Float(values.value(row)),
            Column::Texts(values) if values.is_valid(row) => Cell::Text(values.value(row)),
            Column::Instants(values) if values.is_valid(row) => Cell::Instant(values.value(row)),
            Column::Locals(values) if values.is_valid(row) => Cell::Local(values.value(row)),
            Column::Decimals(values) if values.is_valid(row) => {
                Cell::Decimal(values.value(row), values.scale())
            }
            Column::Scaled(values, scale) if values.is_valid(row) => {
                Cell::Decimal(i128::from(values.value(row)), *scale)
            }
            Column::Bytes(values) if values.is_valid(row) => {
                std::str::from_utf8(values.value(row)).map_or(Cell::NotText, Cell::Text)
            }
            Column::Flags(values) if values.is_valid(row) => Cell::Flag(values.value(row)),
            Column::Days(values) if values.is_valid(row) => Cell::Day(values.value(row)),
            Column::Clocks(values) if values.is_valid(row) => Cell::Clock(values.value(row)),
            _ => Cell::None,
        }
    }
}

/// One row of a feed: its place and its cells, addressed by the mapping's column slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// Physical line, or row of a columnar file; from 1.
    pub number: u64,
    pub cells: Cells<'a>,
}

/// Where the cells of a row are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells<'a> {
    /// Ranges of a text; `slots` says which range a slot is.
    Text { text: &'a str, ranges: &'a [(usize, usize)], slots: &'a [usize] },
    /// One row of columns, one a slot.
    Columns { columns: &'a [Column], row: usize },
    /// A JSON object; `names` are the keys of the slots.
    Object { object: &'a Map<String, Value>, names: &'a [String] },
}

impl<'a> Row<'a> {
    /// The whole number of a slot, where a columnar file has one: the short way for the many.
    #[inline]
    pub fn integer(&self, slot: usize) -> Option<i64> {
        let Cells::Columns { columns, row } = self.cells else { return None };
        match &columns[slot] {
            Column::Integers(values) if values.is_valid(row) => Some(values.value(row)),
            _ => None,
        }
    }

    /// The list of a slot's texts and the place of the row's own, if it has one, where a columnar file
    /// has such a list.
    #[inline]
    pub fn place(&self, slot: usize) -> Option<(u64, Option<usize>)> {
        let Cells::Columns { columns, row } = self.cells else { return None };
        let Column::Dictionary(Dictionary { keys, number, .. }) = &columns[slot] else {
            return None;
        };
        Some((*number, keys.is_valid(row).then(|| keys.value(row) as usize)))
    }

    /// The decimal of a slot and its places, where a columnar file has one of 64 bits.
    #[inline]
    pub fn scaled(&self, slot: usize) -> Option<(i64, i8)> {
        let Cells::Columns { columns, row } = self.cells else { return None };
        match &columns[slot] {
            Column::Scaled(values, scale) if values.is_valid(row) => {
                Some((values.value(row), *scale))
            }
            _ => None,
        }
    }

    /// The moment of a slot, where a columnar file has one.
    #[inline]
    pub fn moment(&self, slot: usize) -> Option<Cell<'static>> {
        let Cells::Columns { columns, row } = self.cells else { return None };
        match &columns[slot] {
            Column::Locals(values) if values.is_valid(row) => Some(Cell::Local(values.value(row))),
            Column::Instants(values) if values.is_valid(row) => {
                Some(Cell::Instant(values.value(row)))
            }
            _ => None,
        }
    }

    /// The float of a slot, where a columnar file has one.
    #[inline]
    pub fn float(&self, slot: usize) -> Option<f64> {
        let Cells::Columns { columns, row } = self.cells else { return None };
        match &columns[slot] {
            Column::Floats(values) if values.is_valid(row) => Some(values.value(row)),
            _ => None,
        }
    }

    /// The cell of a slot.
    pub fn cell(&self, slot: usize) -> Cell<'a> {
        match self.cells {
            Cells::Text { text, ranges, slots } => {
                let (start, end) = ranges[slots[slot]];
                Cell::Text(&text[start..end])
            }
            Cells::Columns { columns, row } => columns[slot].cell(row),
            Cells::Object { object, names } => match object.get(&names[slot]) {
                None | Some(Value::Null) => Cell::None,
                Some(Value::String(text)) => Cell::Text(text),
                Some(Value::Bool(flag)) => Cell::Flag(*flag),
                Some(Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
                    (Some(number), _) => Cell::Integer(number),
                    (None, Some(number)) => Cell::Decimal(i128::from(number), 0),
                    (None, None) => number.as_f64().map_or(Cell::Nested, Cell::Float),
                },
                Some(Value::Array(_) | Value::Object(_)) => Cell::Nested,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_people_do() {
        for (cell, text, integer) in [
            (Cell::Integer(-7), "-7", Some(-7)),
            (Cell::Float(900.0), "900", Some(900)),
            (Cell::Float(0.5), "0.5", None),
            (Cell::Float(f64::NAN), "NaN", None),
            (Cell::Decimal(1250, 2), "12.5", None),
            (Cell::Decimal(-5, 2), "-0.05", None),
            (Cell::Decimal(1200, 2), "12", Some(12)),
            (Cell::Decimal(12, -2), "1200", None),
            (Cell::Flag(true), "true", None),
            (Cell::Day(17531), "2017-12-31", None),
            (Cell::Instant(0), "1970-01-01T00:00:00Z", None),
            (Cell::Local(1_500_000), "1970-01-01T00:00:01.5", None),
            (Cell::Local(i64::MAX), "9223372036854775807", None),
            (Cell::Clock(3_600_000_000), "01:00:00", None),
        ] {
            assert_eq!((cell.to_text().as_str(), cell.integer()), (text, integer));
        }
    }
}
