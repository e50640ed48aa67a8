//! Rows of promotion placements: which product stood where, in which shop and week.

use retail::{Batch, PlacementBatch};

use crate::cell::{Cell, Row};
use crate::coded::Coded;
use crate::mapping::{FeedMapping, Field};
use crate::problem::{Fault, ProblemCode, Stop};
use crate::reading::Take;
use crate::value::{Values, usable, wrong_time};

type Parsed<T> = Result<T, Box<Fault>>;

/// Weeks are counted from some beginning within a hundred years; a larger number is a date.
const WEEK_MAX: i64 = 5_200;

/// 1970-01-05 was a Monday.
const MONDAY: i32 = 4;

/// The placements of the part that is being gathered.
#[derive(Debug)]
pub(crate) struct Placements {
    batch: PlacementBatch,
    at_once: usize,
    part: u32,
}

impl Placements {
    pub fn new(at_once: usize) -> Self {
        Self { batch: PlacementBatch::default(), at_once, part: 0 }
    }

    /// Whether the part has enough placements.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.batch.len() >= self.at_once
    }

    /// Hands over what there is.
    pub fn deliver(&mut self, take: &mut Take<'_>) -> Result<(), Stop> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.part += 1;
        let placements = std::mem::take(&mut self.batch);
        take(Batch { placements, ..Batch::default() })
    }
}

/// Reads the rows of one feed of placements.
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    values: Values,
    product: Coded<'m>,
    shop: Coded<'m>,
    display: Coded<'m>,
    mailer: Coded<'m>,
    week: &'m Field,
    part: u32,
}

impl<'m> Reader<'m> {
    pub fn new(mapping: &'m FeedMapping) -> Self {
        let coded = |name: &str| Coded::of(mapping, name);
        Self {
            values: Values::new(&mapping.defaults),
            product: coded("product"),
            shop: coded("shop"),
            display: coded("display"),
            mailer: coded("mailer"),
            week: mapping.field("week").expect("a mapping of placements has a week"),
            part: 0,
        }
    }

    /// Adds a row, or says what is wrong with it.
    pub fn row(&mut self, row: &Row<'_>, placements: &mut Placements) -> Parsed<()> {
        if self.part != placements.part {
            self.part = placements.part;
            for coded in [&mut self.product, &mut self.shop, &mut self.display, &mut self.mailer] {
                coded.forget();
            }
        }
        let batch = &mut placements.batch;
        let product = self.product.required(row, &mut batch.products)?;
        let shop = self.shop.required(row, &mut batch.shops)?;
        let week = self.week(row)?;
        let display = self.display.code(row, &mut batch.places)?;
        let mailer = self.mailer.code(row, &mut batch.places)?;
        batch.product.push(product);
        batch.shop.push(shop);
        batch.week.push(week);
        batch.display.push(display);
        batch.mailer.push(mailer);
        Ok(())
    }

    /// The first day of the row's week: of a number, counted from the first day of week 1; of a date,
    /// the day on which its week begins.
    fn week(&mut self, row: &Row<'_>) -> Parsed<i32> {
        let field = self.week;
        let mut joined = String::new();
        let cell = usable(field.cell(row, &mut joined), &field.name)?;
        let number = match cell {
            Cell::None => return Err(Fault::missing(&field.name)),
            Cell::Text(text) => text.parse().ok(),
            cell => cell.integer(),
        };
        let number = number.filter(|number| number.abs() <= WEEK_MAX);
        if let (Some(first), Some(number)) = (field.first, number) {
            return match i32::try_from(number) {
                Ok(number @ 1..) => Ok(first + 7 * (number - 1)),
                _ => {
                    let reason = "is not the number of a week; the first is 1";
                    Err(Fault::field(ProblemCode::Date, &field.name, cell.to_text(), reason))
                }
            };
        }
        if number.is_some() && field.first.is_none() {
            let reason = "is the number of a week; say in the mapping when week 1 begins: first = \"2016-12-26\"";
            return Err(Fault::field(ProblemCode::Date, &field.name, cell.to_text(), reason));
        }
        let Some(day) = self.values.clock.day(cell, &field.format) else {
            return Err(wrong_time(cell, &field.name, &field.format));
        };
        Ok(day - (day - field.first.unwrap_or(MONDAY)).rem_euclid(7))
    }
}
