//! Fields whose values become codes: ids of products, shops, customers and the like.

use std::borrow::Cow;

use retail::{NONE, Texts};
use rustc_hash::FxHashMap;

use crate::cell::{Cell, Row};
use crate::mapping::{FeedMapping, Field, Source};
use crate::problem::Fault;
use crate::value::{refuse_personal, usable};

type Parsed<T> = Result<T, Box<Fault>>;

/// A field whose values become codes, and the latest of them: neighbouring rows repeat each other.
#[derive(Debug, Default)]
pub(crate) struct Coded<'m> {
    field: Option<&'m Field>,
    by_integer: FxHashMap<i64, u32>,
    last_integer: Option<(i64, u32)>,
    last_text: Option<(String, u32)>,
    /// Codes by the places of a list of texts, and the number of that list.
    by_place: Vec<u32>,
    list: u64,
}

/// The code of a place that was not looked at yet.
const UNSEEN: u32 = NONE - 1;

impl<'m> Coded<'m> {
    pub fn of(mapping: &'m FeedMapping, name: &str) -> Self {
        Self { field: mapping.field(name), ..Self::default() }
    }

    /// Forgets the codes, which belong to a part that is gone.
    pub fn forget(&mut self) {
        *self = Self { field: self.field, ..Self::default() };
    }

    /// The row's value as the text that its code would stand for.
    pub fn text<'c>(
        &'c self,
        row: &Row<'c>,
        joined: &'c mut String,
    ) -> Parsed<Option<Cow<'c, str>>> {
        let Some(field) = self.field else { return Ok(None) };
        Ok(match usable(field.cell(row, joined), &field.name)? {
            Cell::None => None,
            Cell::Text(text) => Some(Cow::Borrowed(text)),
            cell => Some(Cow::Owned(cell.to_text())),
        })
    }

    /// The code of the row's value, [`NONE`] where there is none.
    #[inline]
    pub fn code(&mut self, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        let Some(field) = self.field else { return Ok(NONE) };
        if let Source::Column(slot) = field.source {
            match row.place(slot) {
                Some((list, Some(place))) => return self.placed(list, place, row, texts),
                Some((_, None)) => return Ok(NONE),
                None => {}
            }
            if field.none.is_empty()
                && let Some(number) = row.integer(slot)
            {
                return self.integer(number, field, texts);
            }
        }
        self.looked_up(field, row, texts)
    }

    /// The code of a text that stands in a list; a text that is refused is refused each time.
    #[inline]
    fn placed(&mut self, list: u64, place: usize, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        if self.list == list
            && let Some(&code) = self.by_place.get(place)
            && code != UNSEEN
        {
            return Ok(code);
        }
        let Some(field) = self.field else { return Ok(NONE) };
        let code = self.looked_up(field, row, texts)?;
        if self.list != list {
            self.list = list;
            self.by_place.clear();
        }
        if self.by_place.len() <= place {
            self.by_place.resize(place + 1, UNSEEN);
        }
        self.by_place[place] = code;
        Ok(code)
    }

    fn looked_up(&mut self, field: &Field, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        let mut joined = String::new();
        let cell = field.cell(row, &mut joined);
        match cell {
            Cell::None => Ok(NONE),
            Cell::Integer(number) => self.integer(number, field, texts),
            Cell::Text(text) => match &self.last_text {
                Some((last, code)) if last == text => Ok(*code),
                _ => {
                    let code = new_code(text, field, texts)?;
                    let mut last = self.last_text.take().map_or_else(String::new, |last| last.0);
                    last.clear();
                    last.push_str(text);
                    self.last_text = Some((last, code));
                    Ok(code)
                }
            },
            cell => match usable(cell, &field.name)?.integer() {
                Some(number) => self.integer(number, field, texts),
                None => new_code(&cell.to_text(), field, texts),
            },
        }
    }

    #[inline]
    fn integer(&mut self, number: i64, field: &Field, texts: &mut Texts) -> Parsed<u32> {
        if let Some((last, code)) = self.last_integer
            && last == number
        {
            return Ok(code);
        }
        let code = match self.by_integer.get(&number) {
            Some(&code) => code,
            None => {
                let code = new_code(&number.to_string(), field, texts)?;
                self.by_integer.insert(number, code);
                code
            }
        };
        self.last_integer = Some((number, code));
        Ok(code)
    }

    pub fn required(&mut self, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        match self.code(row, texts)? {
            NONE => Err(Fault::missing(self.field.map_or("field", |field| &field.name))),
            code => Ok(code),
        }
    }
}

fn new_code(text: &str, field: &Field, texts: &mut Texts) -> Parsed<u32> {
    if field.customer {
        if let Some(code) = texts.find(text) {
            return Ok(code);
        }
        refuse_personal(text, &field.name)?;
    }
    Ok(texts.code(text))
}
