//! A table of the mapping file that knows where it stands, so that every complaint has a line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A complaint about a place in the mapping's text.
#[derive(Debug)]
pub(super) struct Wrong {
    pub offset: usize,
    pub message: String,
}

pub(super) type Result<T> = std::result::Result<T, Wrong>;

pub(super) fn wrong<T>(span: Range<usize>, message: impl Into<String>) -> Result<T> {
    Err(Wrong { offset: span.start, message: message.into() })
}

/// A table and the name by which complaints call it.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub name: String,
    pub span: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    pub fn root(table: &'a Spanned<DeTable<'a>>) -> Self {
        Self { name: String::new(), span: 0..0, table: table.get_ref() }
    }

    pub fn of(name: String, value: &'a Spanned<DeValue<'a>>) -> Result<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self { name, span: value.span(), table }),
            other => wrong(value.span(), format!("{name} is a table, not {}", other.type_str())),
        }
    }

    /// How a complaint names a key of this table.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// Keys with the places where they stand, in the order of the file.
    pub fn entries(&self) -> Vec<(&'a str, Range<usize>, &'a Spanned<DeValue<'a>>)> {
        let mut entries: Vec<_> =
            self.table.iter().map(|(key, value)| (&**key.get_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    /// Refuses the first key that is not in `known`, and names the nearest that is.
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<()> {
        for (key, span, _) in self.entries() {
            if !known.contains(&key) {
                return wrong(span, unknown(&self.path(key), key, known));
            }
        }
        Ok(())
    }

    pub fn text(&self, key: &str) -> Result<Option<&'a str>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some(text)),
            None => wrong(value.span(), self.mistyped(key, "a text in quotes", value)),
        }
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_bool() {
            Some(flag) => Ok(Some(flag)),
            None => wrong(value.span(), self.mistyped(key, "true or false", value)),
        }
    }

    /// A text, number or flag, as the text a feed would have.
    pub fn scalar(&self, key: &str) -> Result<Option<String>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match scalar(value.get_ref()) {
            Some(text) => Ok(Some(text)),
            None => wrong(value.span(), self.mistyped(key, "a text or a number", value)),
        }
    }

    /// A list of texts or numbers; one alone is a list of one.
    pub fn scalars(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        if let Some(text) = scalar(value.get_ref()) {
            return Ok(Some(vec![text]));
        }
        let Some(array) = value.get_ref().as_array() else {
            return wrong(value.span(), self.mistyped(key, "a list of texts", value));
        };
        let mut texts = Vec::with_capacity(array.len());
        for item in array.iter() {
            match scalar(item.get_ref()) {
                Some(text) => texts.push(text),
                None => return wrong(item.span(), self.mistyped(key, "a list of texts", item)),
            }
        }
        Ok(Some(texts))
    }

    fn mistyped(&self, key: &str, wanted: &str, found: &Spanned<DeValue<'_>>) -> String {
        format!("{} is {wanted}, not {}", self.path(key), found.get_ref().type_str())
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A complaint about an unknown name, with the nearest known one.
pub(super) fn unknown(path: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("{path} is not known; did you mean `{nearest}`?"),
        None => format!("{path} is not known; known are {}", known.join(", ")),
    }
}

/// The known name that most resembles this one, if any does.
pub(crate) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let (distance, nearest) = known
        .iter()
        .map(|known| (edits(&name.to_lowercase(), &known.to_lowercase()), *known))
        .min()?;
    (distance <= (name.chars().count() / 3).max(2).min(nearest.chars().count() - 1))
        .then_some(nearest)
}

/// How many letters must be inserted, removed or replaced to turn one word into the other (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
