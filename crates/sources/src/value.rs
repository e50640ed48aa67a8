//! A field's value in a row, parsed at the door.

use retail::{Money, Quantity};

use crate::cell::{Cell, Row};
use crate::clock::{Clock, Format};
use crate::mapping::{Defaults, Field, Source, Unit};
use crate::number::{self, Wrong};
use crate::personal;
use crate::problem::{Fault, ProblemCode};

type Parsed<T> = Result<T, Box<Fault>>;

/// What every value of a feed is read with.
#[derive(Debug)]
pub(crate) struct Values {
    pub clock: Clock,
    decimal: u8,
}

impl Values {
    pub fn new(defaults: &Defaults) -> Self {
        let clock = Clock::new(defaults.time_zone.clone(), defaults.day_starts_minute);
        Self { clock, decimal: defaults.decimal }
    }

    /// A text, if there is one; a customer's own is refused where it looks like a phone or an e-mail.
    pub fn text(&self, field: Option<&Field>, row: &Row<'_>) -> Parsed<Option<String>> {
        let Some(field) = field else { return Ok(None) };
        let mut joined = String::new();
        let cell = field.cell(row, &mut joined);
        let text = match usable(cell, &field.name)? {
            Cell::None => return Ok(None),
            cell => cell.to_text(),
        };
        if field.customer {
            refuse_personal(&text, &field.name)?;
        }
        Ok(Some(text))
    }

    /// Money, if there is some; the terms of a sum are rounded one by one, absent ones are nothing.
    #[inline]
    pub fn money(&self, field: Option<&Field>, row: &Row<'_>) -> Parsed<Option<Money>> {
        let Some(field) = field else { return Ok(None) };
        let places = if field.unit == Unit::Major { 2 } else { 0 };
        let Source::Sum(slots) = &field.source else {
            return Ok(self.amount(field, row, places)?.map(Money));
        };
        let mut sum = None;
        for &slot in slots {
            if let Some(term) = self.column(field, row, slot, places)? {
                // Each term is bounded far below what 64 bits hold.
                sum = Some(sum.unwrap_or(0) + term);
            }
        }
        match sum {
            Some(sum) if sum.abs() > number::AMOUNT_MAX => {
                Err(Fault::field(ProblemCode::Number, &field.name, sum.to_string(), "is too large"))
            }
            sum => Ok(sum.map(Money)),
        }
    }

    /// Whether the source itself says exactly zero; an amount that only rounds to zero is something.
    pub fn is_zero(&self, field: Option<&Field>, row: &Row<'_>) -> bool {
        let zero = |cell: Cell<'_>| match cell {
            Cell::None => true,
            Cell::Integer(value) => value == 0,
            Cell::Float(value) => value == 0.0,
            Cell::Decimal(value, _) => value == 0,
            Cell::Text(text) => number::is_zero(text),
            _ => false,
        };
        field.is_none_or(|field| match &field.source {
            Source::Column(slot) => zero(field.none.cell(row, *slot)),
            Source::Sum(slots) => slots.iter().all(|&slot| zero(field.none.cell(row, slot))),
            Source::Constant(text) => number::is_zero(text),
            Source::Joined(..) => false,
        })
    }

    /// A quantity in thousandths, if there is one.
    #[inline]
    pub fn quantity(&self, field: Option<&Field>, row: &Row<'_>) -> Parsed<Option<Quantity>> {
        let Some(field) = field else { return Ok(None) };
        let places = if field.unit == Unit::Major { 3 } else { 0 };
        Ok(self.amount(field, row, places)?.map(Quantity))
    }

    /// Something counted, in its smallest part, if there is some: a part of that is none.
    pub fn count(&self, field: Option<&Field>, row: &Row<'_>) -> Parsed<Option<i64>> {
        /// Places behind the mark that are looked at.
        const PLACES: u32 = 4;
        let Some(field) = field else { return Ok(None) };
        let smallest = if field.unit == Unit::Major { 100 } else { 10_000 };
        match self.amount(field, row, PLACES)? {
            Some(amount) if amount % smallest != 0 => {
                let mut joined = String::new();
                let value = field.cell(row, &mut joined).to_text();
                let reason = "is no whole number of the unit's smallest part";
                Err(Fault::field(ProblemCode::Number, &field.name, value, reason))
            }
            amount => Ok(amount.map(|amount| amount / smallest)),
        }
    }

    /// A name of ours, if there is one: as it is written, or by the retailer's own word for it.
    pub fn word(
        &self,
        field: Option<&Field>,
        known: &[&str],
        row: &Row<'_>,
    ) -> Parsed<Option<String>> {
        let Some(text) = self.text(field, row)? else { return Ok(None) };
        let words = field.map_or(&[][..], |field| &field.words);
        if let Some((_, name)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(name.clone()));
        }
        if known.is_empty() || known.contains(&text.as_str()) {
            return Ok(Some(text));
        }
        let name = field.map_or("", |field| &field.name);
        let reason = format!("is none of {}, nor one of the mapping's words", known.join(", "));
        Err(Fault::field(ProblemCode::Word, name, text, reason))
    }

    #[inline]
    fn amount(&self, field: &Field, row: &Row<'_>, places: u32) -> Parsed<Option<i64>> {
        match &field.source {
            Source::Column(slot) => self.column(field, row, *slot, places),
            Source::Constant(text) => self.number(Cell::Text(text), &field.name, places, b'.'),
            Source::Sum(_) | Source::Joined(..) => Ok(None),
        }
    }

    #[inline(always)]
    fn column(
        &self,
        field: &Field,
        row: &Row<'_>,
        slot: usize,
        places: u32,
    ) -> Parsed<Option<i64>> {
        if field.none.is_empty() {
            let number = if let Some((scaled, scale)) = row.scaled(slot) {
                number::of_scaled(scaled, scale, places).ok()
            } else if let Some(float) = row.float(slot) {
                number::of_float(float, places).ok()
            } else {
                row.integer(slot).and_then(|i| number::of_integer(i, places).ok())
            };
            if number.is_some() {
                return Ok(number);
            }
        }
        self.number(field.none.cell(row, slot), &field.name, places, self.decimal)
    }

    fn number(&self, cell: Cell<'_>, field: &str, places: u32, mark: u8) -> Parsed<Option<i64>> {
        let number = match cell {
            Cell::None => return Ok(None),
            Cell::Integer(value) => number::of_integer(value, places),
            Cell::Float(value) => number::of_float(value, places),
            Cell::Decimal(value, scale) => number::of_decimal(value, scale, places),
            Cell::Text(text) => number::parse(text, mark, places),
            _ => Err(Wrong::NotANumber),
        };
        match number {
            Ok(number) => Ok(Some(number)),
            Err(wrong) => {
                usable(cell, field)?;
                let reason = match wrong {
                    Wrong::NotANumber if mark == b',' => "is not a number with a decimal comma",
                    Wrong::NotANumber => "is not a number",
                    Wrong::TooLarge => "is too large",
                };
                Err(Fault::field(ProblemCode::Number, field, cell.to_text(), reason))
            }
        }
    }

    /// A calendar day, if there is one.
    pub fn day(&mut self, field: Option<&Field>, row: &Row<'_>) -> Parsed<Option<retail::Day>> {
        let Some(field) = field else { return Ok(None) };
        let mut joined = String::new();
        match usable(field.cell(row, &mut joined), &field.name)? {
            Cell::None => Ok(None),
            cell => match self.clock.day(cell, &field.format) {
                Some(day) => Ok(Some(retail::Day(day))),
                None => Err(wrong_time(cell, &field.name, &field.format)),
            },
        }
    }
}

/// Refuses cells that no field can hold.
#[inline]
pub(crate) fn usable<'c>(cell: Cell<'c>, field: &str) -> Parsed<Cell<'c>> {
    match cell {
        Cell::NotText => Err(Fault::field(ProblemCode::Encoding, field, "", "is not UTF-8")),
        Cell::Nested => {
            let reason = "is a list or an object, not a single value";
            Err(Fault::field(ProblemCode::Value, field, "", reason))
        }
        cell => Ok(cell),
    }
}

/// Refuses a customer's text that looks like a phone or an e-mail.
pub(crate) fn refuse_personal(text: &str, field: &str) -> Parsed<()> {
    match personal::value(text) {
        None => Ok(()),
        Some(what) => {
            let reason = format!("looks like {what}; personal data is not imported");
            Err(Fault::field(ProblemCode::PersonalData, field, text, reason))
        }
    }
}

/// The complaint about a date or time.
pub(crate) fn wrong_time(cell: Cell<'_>, field: &str, format: &Format) -> Box<Fault> {
    let reason = match format {
        Format::Usual => "is not a date and time between 1900 and 2199".to_owned(),
        Format::Pattern(pattern) => {
            format!("is not a date and time between 1900 and 2199 written as {pattern}")
        }
        Format::Unix(_) => "is not a count since 1970".to_owned(),
    };
    Fault::field(ProblemCode::Date, field, cell.to_text(), reason)
}
