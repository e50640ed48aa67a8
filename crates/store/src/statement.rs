//! One SQL text for both databases, its parameters by name, and the values that go in and come out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use retail::Day;
use serde::de::DeserializeOwned;

use crate::DbError;

/// The statement of a file under `sql/`, whose name is said once; with a second name, that file's text
/// for PostgreSQL where the dialects truly differ.
macro_rules! sql {
    ($file:literal) => {
        $crate::Statement::new(
            $file,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $file, ".sql")),
        )
    };
    ($file:literal, $postgres:literal) => {
        sql!($file).on_postgres(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/sql/",
            $postgres,
            ".sql"
        )))
    };
}
pub(crate) use sql;

/// A statement of ours: the text of one file under `sql/`, with parameters written `$name`.
#[derive(Debug)]
pub struct Statement {
    name: &'static str,
    text: &'static str,
    postgres: Option<&'static str>,
    parsed: OnceLock<Parsed>,
    parsed_for_postgres: OnceLock<Parsed>,
    used: [AtomicBool; 2],
}

/// Names of statements that were run in this process, on SQLite and on PostgreSQL: that every file is
/// exercised on both is a matter of a test.
static USED: Mutex<[Vec<&'static str>; 2]> = Mutex::new([Vec::new(), Vec::new()]);

/// Statements that were run in this process, on PostgreSQL or on SQLite.
#[must_use]
pub fn statements_used(on_postgres: bool) -> Vec<&'static str> {
    USED.lock().unwrap_or_else(PoisonError::into_inner)[usize::from(on_postgres)].clone()
}

/// What a database must know of a text.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Parameters in the sequence of their first appearance, which is how SQLite numbers them.
    pub names: Vec<&'static str>,
    /// The text with `$1`, `$2` … for names, as PostgreSQL wants it.
    pub numbered: String,
}

impl Statement {
    /// The text of a file, named after its path without the ending; see [`sql!`].
    #[must_use]
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            postgres: None,
            parsed: OnceLock::new(),
            parsed_for_postgres: OnceLock::new(),
            used: [AtomicBool::new(false), AtomicBool::new(false)],
        }
    }

    /// Another text for PostgreSQL, where the dialects truly differ.
    #[must_use]
    pub const fn on_postgres(mut self, text: &'static str) -> Self {
        self.postgres = Some(text);
        self
    }

    /// Its name: `account/put`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Remembers that it was run.
    pub(crate) fn note_use(&self, on_postgres: bool) {
        let place = usize::from(on_postgres);
        if !self.used[place].load(Ordering::Relaxed) {
            self.used[place].store(true, Ordering::Relaxed);
            USED.lock().unwrap_or_else(PoisonError::into_inner)[place].push(self.name);
        }
    }

    pub(crate) fn sqlite_text(&self) -> &'static str {
        self.text
    }

    pub(crate) fn for_sqlite(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(self.text))
    }

    pub(crate) fn for_postgres(&self) -> &Parsed {
        match self.postgres {
            Some(text) => self.parsed_for_postgres.get_or_init(|| parse(text)),
            None => self.for_sqlite(),
        }
    }
}

/// Finds the parameters of a text, outside of quotes and comments.
pub(crate) fn parse(text: &'static str) -> Parsed {
    let mut names: Vec<&'static str> = Vec::new();
    let mut numbered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '\'' => 1 + rest[1..].find('\'').map_or(rest.len() - 1, |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '$' => {
                let end = rest[1..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .map_or(rest.len(), |end| end + 1);
                let name = &rest[1..end];
                let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                numbered.push_str(&format!("${}", place + 1));
                rest = &rest[end..];
                continue;
            }
            c => c.len_utf8(),
        };
        numbered.push_str(&rest[..skipped]);
        rest = &rest[skipped..];
    }
    Parsed { names, numbered }
}

/// The numbered text for so many rows: the group behind its `VALUES`, where all of its `params` parameters
/// stand, is said once for each. Nothing where there is no such group.
pub(crate) fn for_rows(numbered: &str, params: usize, rows: usize) -> Option<String> {
    let begin = numbered.find("VALUES")?;
    let begin = begin + numbered[begin..].find('(')?;
    let mut open = 0;
    let end = numbered[begin..].char_indices().find_map(|(place, c)| {
        open += i32::from(c == '(') - i32::from(c == ')');
        (open == 0).then_some(begin + place + 1)
    })?;
    let (head, group, tail) = (&numbered[..begin], &numbered[begin..end], &numbered[end..]);
    let mut text = head.to_owned();
    for row in 0..rows {
        text.push_str(if row > 0 { ", " } else { "" });
        let mut pieces = group.split('$');
        text.push_str(pieces.next()?);
        for piece in pieces {
            let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
            let number: usize = piece[..digits].parse().ok()?;
            text.push_str(&format!("${}{}", number + row * params, &piece[digits..]));
        }
    }
    text.push_str(tail);
    Some(text)
}

/// A value for a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // the names say it
pub enum Value<'a> {
    Null,
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Flag(bool),
}

/// Parameters by name, in any sequence.
pub type Params<'a> = [(&'static str, Value<'a>)];

/// The value of one parameter.
pub(crate) fn value_of<'a>(
    statement: &Statement,
    params: &Params<'a>,
    place: usize,
    name: &str,
) -> Result<Value<'a>, DbError> {
    // Most callers name them as the text does.
    if let Some((known, value)) = params.get(place)
        && *known == name
    {
        return Ok(*value);
    }
    let found = params.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| DbError::Parameter { statement: statement.name, parameter: name.to_owned() })
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A value that a statement gave.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names say it
pub enum Given {
    Null,
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
}

/// One row, read from left to right in the sequence of the statement's columns.
#[derive(Debug)]
pub struct Row {
    pub(crate) statement: &'static str,
    pub(crate) values: std::vec::IntoIter<Given>,
    pub(crate) column: usize,
}

impl Row {
    pub(crate) fn new(statement: &'static str, values: Vec<Given>) -> Self {
        Self { statement, values: values.into_iter(), column: 0 }
    }

    fn next(&mut self) -> Option<Given> {
        self.column += 1;
        self.values.next()
    }

    fn wrong(&self, wanted: &'static str, found: Option<&Given>) -> DbError {
        DbError::Row {
            statement: self.statement,
            column: self.column,
            wanted,
            found: match found {
                None => "no column",
                Some(Given::Null) => "null",
                Some(Given::Text(_)) => "a text",
                Some(Given::Integer(_)) => "an integer",
                Some(Given::Float(_)) => "a float",
                Some(Given::Flag(_)) => "a flag",
            },
        }
    }

    /// The next column, a text.
    ///
    /// # Errors
    /// [`DbError::Row`] where it is something else; so do the others.
    pub fn text(&mut self) -> Result<String, DbError> {
        match self.next() {
            Some(Given::Text(text)) => Ok(text),
            other => Err(self.wrong("a text", other.as_ref())),
        }
    }

    /// The next column, a text or nothing.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn text_or_null(&mut self) -> Result<Option<String>, DbError> {
        match self.next() {
            Some(Given::Null) => Ok(None),
            Some(Given::Text(text)) => Ok(Some(text)),
            other => Err(self.wrong("a text", other.as_ref())),
        }
    }

    /// The next column, a whole number.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn integer(&mut self) -> Result<i64, DbError> {
        match self.next() {
            Some(Given::Integer(number)) => Ok(number),
            other => Err(self.wrong("an integer", other.as_ref())),
        }
    }

    /// The next column, a whole number or nothing.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn integer_or_null(&mut self) -> Result<Option<i64>, DbError> {
        match self.next() {
            Some(Given::Null) => Ok(None),
            Some(Given::Integer(number)) => Ok(Some(number)),
            other => Err(self.wrong("an integer", other.as_ref())),
        }
    }

    /// The next column, a number with a fraction.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn float(&mut self) -> Result<f64, DbError> {
        match self.next() {
            Some(Given::Float(number)) => Ok(number),
            other => Err(self.wrong("a float", other.as_ref())),
        }
    }

    /// The next column, true or false; SQLite knows them as 1 and 0.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn flag(&mut self) -> Result<bool, DbError> {
        match self.next() {
            Some(Given::Flag(flag)) => Ok(flag),
            Some(Given::Integer(number @ (0 | 1))) => Ok(number == 1),
            other => Err(self.wrong("a flag", other.as_ref())),
        }
    }

    /// The next column, a small number that is not negative.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn small(&mut self) -> Result<u32, DbError> {
        let number = self.integer()?;
        u32::try_from(number)
            .map_err(|_| self.wrong("a small number", Some(&Given::Integer(number))))
    }

    /// The next column, a business day.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn day(&mut self) -> Result<Day, DbError> {
        let number = self.integer()?;
        let day = i32::try_from(number).map(Day);
        day.map_err(|_| self.wrong("a day", Some(&Given::Integer(number))))
    }

    /// The next column, a business day or nothing.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn day_or_null(&mut self) -> Result<Option<Day>, DbError> {
        let Some(number) = self.integer_or_null()? else { return Ok(None) };
        let day = i32::try_from(number).map(|day| Some(Day(day)));
        day.map_err(|_| self.wrong("a day", Some(&Given::Integer(number))))
    }

    /// The next column, a text that is understood as something of ours.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn understood<T>(
        &mut self,
        wanted: &'static str,
        understand: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DbError> {
        let text = self.text()?;
        understand(&text).ok_or_else(|| self.wrong(wanted, Some(&Given::Text(text))))
    }

    /// The next column, a value of ours as JSON.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T, DbError> {
        self.understood("JSON of ours", |text| serde_json::from_str(text).ok())
    }

    /// The next column, a value of ours as JSON, or nothing.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn json_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, DbError> {
        let Some(text) = self.text_or_null()? else { return Ok(None) };
        let value = serde_json::from_str(&text);
        value.map(Some).map_err(|_| self.wrong("JSON of ours", Some(&Given::Text(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_by_first_appearance() {
        for (text, names, numbered) in [
            ("SELECT 1", vec![], "SELECT 1"),
            ("VALUES ($id, $name, $id)", vec!["id", "name"], "VALUES ($1, $2, $1)"),
            ("a = '$no' AND b = $b_2", vec!["b_2"], "a = '$no' AND b = $1"),
            ("-- $no\nx = $yes", vec!["yes"], "-- $no\nx = $1"),
            ("CAST($at AS BIGINT)", vec!["at"], "CAST($1 AS BIGINT)"),
            ("'Ж' || $x", vec!["x"], "'Ж' || $1"),
        ] {
            let parsed = parse(text);
            assert_eq!((parsed.names, parsed.numbered.as_str()), (names, numbered));
        }
    }

    #[test]
    fn values_are_said_once_for_each_row() {
        for (text, rows, expected) in [
            (
                "INSERT INTO a (x, y)\nVALUES ($x, f($y)) ON CONFLICT DO NOTHING",
                2,
                "INSERT INTO a (x, y)\nVALUES ($1, f($2)), ($3, f($4)) ON CONFLICT DO NOTHING",
            ),
            ("b IN (VALUES ($id)) ORDER BY b", 3, "b IN (VALUES ($1), ($2), ($3)) ORDER BY b"),
        ] {
            let Parsed { names, numbered } = parse(text);
            assert_eq!(for_rows(&numbered, names.len(), 1).unwrap(), numbered);
            assert_eq!(for_rows(&numbered, names.len(), rows).unwrap(), expected);
        }
        assert_eq!(for_rows("SELECT 1", 0, 2), None);
    }

    #[test]
    fn a_row_says_what_it_is_not() {
        let mut row = Row::new("a/b", vec![Given::Integer(1), Given::Null, Given::Integer(7)]);
        assert!(row.flag().unwrap());
        assert_eq!(row.text_or_null().unwrap(), None);
        assert_eq!(
            row.text().unwrap_err().to_string(),
            "statement a/b, column 3: a text was expected, an integer was found"
        );
    }
}
