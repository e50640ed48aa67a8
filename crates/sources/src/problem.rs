//! What can be wrong with a row, with a whole file, and how both are told.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::mapping::FeedKind;
use crate::personal;

/// How many problems of one import are kept one by one; beyond it they are only counted, so that a
/// wrong mapping over a billion rows does not eat the memory.
pub const PROBLEMS_MAX: usize = 1_000_000;

/// How many characters of a wrong value are kept.
pub const VALUE_CHARS_MAX: usize = 200;

/// Why a row was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // `as_str` and `meaning` say it
pub enum ProblemCode {
    Missing,
    Number,
    Date,
    NegativeSale,
    DuplicateLine,
    Conflict,
    PersonalData,
    Columns,
    Quote,
    Encoding,
    TooLong,
    NotAnObject,
    Value,
    Word,
    CardNumber,
    UnknownPlace,
    DuplicateCard,
    CardDiffers,
    CardLink,
    UnknownCard,
    OtherNetwork,
    BalanceDiffers,
    UnknownLevel,
    LevelDiffers,
}

impl ProblemCode {
    /// Every code.
    pub const ALL: [Self; 24] = [
        Self::Missing,
        Self::Number,
        Self::Date,
        Self::NegativeSale,
        Self::DuplicateLine,
        Self::Conflict,
        Self::PersonalData,
        Self::Columns,
        Self::Quote,
        Self::Encoding,
        Self::TooLong,
        Self::NotAnObject,
        Self::Value,
        Self::Word,
        Self::CardNumber,
        Self::UnknownPlace,
        Self::DuplicateCard,
        Self::CardDiffers,
        Self::CardLink,
        Self::UnknownCard,
        Self::OtherNetwork,
        Self::BalanceDiffers,
        Self::UnknownLevel,
        Self::LevelDiffers,
    ];

    /// The code as it stands in quarantine files and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Number => "number",
            Self::Date => "date",
            Self::NegativeSale => "negative-sale",
            Self::DuplicateLine => "duplicate-line",
            Self::Conflict => "conflict",
            Self::PersonalData => "personal-data",
            Self::Columns => "columns",
            Self::Quote => "quote",
            Self::Encoding => "encoding",
            Self::TooLong => "too-long",
            Self::NotAnObject => "not-an-object",
            Self::Value => "value",
            Self::Word => "word",
            Self::CardNumber => "card-number",
            Self::UnknownPlace => "unknown-place",
            Self::DuplicateCard => "duplicate-card",
            Self::CardDiffers => "card-differs",
            Self::CardLink => "card-link",
            Self::UnknownCard => "unknown-card",
            Self::OtherNetwork => "other-network",
            Self::BalanceDiffers => "balance-differs",
            Self::UnknownLevel => "unknown-level",
            Self::LevelDiffers => "level-differs",
        }
    }

    /// The code in a sentence, as `docs/IMPORT.md` has it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Missing => "a field that every row needs has no value",
            Self::Number => "a number cannot be read or is too large",
            Self::Date => "a date or time cannot be read or does not exist",
            Self::NegativeSale => "amount and quantity have opposite signs",
            Self::DuplicateLine => "the receipt already has this line",
            Self::Conflict => "the receipt already has another customer or card",
            Self::PersonalData => "a value looks like a phone or an e-mail",
            Self::Columns => "the row has more or fewer fields than the header",
            Self::Quote => "a quote is not closed, or text follows a closed one",
            Self::Encoding => "bytes that are not text in the stated encoding",
            Self::TooLong => "the row is longer than 1 MiB",
            Self::NotAnObject => "the line is not a JSON object",
            Self::Value => "the value has a kind that the field cannot hold",
            Self::Word => "a word stands for nothing that the field knows",
            Self::CardNumber => "the network's cards have no such number, or a digit was mistyped",
            Self::UnknownPlace => "a network, or a shop of the card's network, is not known here",
            Self::DuplicateCard => "an earlier row has this card with other content",
            Self::CardDiffers => "the card is known here with other content",
            Self::CardLink => "a card cannot be replaced by this one, or is not replaced",
            Self::UnknownCard => "no card, or no account of cards, is known by this name",
            Self::OtherNetwork => "the account's cards are of another network",
            Self::BalanceDiffers => "another opening balance was brought for this wallet before",
            Self::UnknownLevel => "the network has published no such level",
            Self::LevelDiffers => {
                "the wallet has another level, or an earlier row gives it another"
            }
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row that was set aside, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Why, as a code.
    pub code: ProblemCode,
    /// Which feed the row belongs to.
    pub feed: FeedKind,
    /// The file.
    pub file: Arc<Path>,
    /// Physical line of a text file where the row begins, or row of a Parquet file; from 1.
    pub line: u64,
    /// Our field, empty where the row as a whole is wrong.
    pub field: String,
    /// The value as written, at most [`VALUE_CHARS_MAX`] characters, personal data masked; empty
    /// where the row as a whole is wrong, because it may hold anything.
    pub value: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// What became of the rows of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which feed.
    pub feed: FeedKind,
    /// Rows seen: good and bad.
    pub read: u64,
    /// Rows that are in the batch.
    pub good: u64,
    /// Rows set aside.
    pub bad: u64,
    /// Rows set aside, by reason.
    pub bad_by_code: BTreeMap<ProblemCode, u64>,
}

/// Why a file cannot be read at all. Nothing of the import may then be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // `as_str` says it
pub enum ReadErrorCode {
    NoFiles,
    Open,
    Empty,
    Encoding,
    Header,
    Column,
    Corrupt,
    Changed,
}

impl ReadErrorCode {
    /// The code as it stands in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFiles => "no-files",
            Self::Open => "open",
            Self::Empty => "empty",
            Self::Encoding => "encoding",
            Self::Header => "header",
            Self::Column => "column",
            Self::Corrupt => "corrupt",
            Self::Changed => "changed",
        }
    }
}

/// A file that cannot be read: the caller changes nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {reason} ({})", file.display(), code.as_str())]
pub struct ReadError {
    /// Why, as a code.
    pub code: ReadErrorCode,
    /// Which file.
    pub file: PathBuf,
    /// Why, in a sentence.
    pub reason: String,
}

impl ReadError {
    pub(crate) fn new(code: ReadErrorCode, file: &Path, reason: impl Into<String>) -> Self {
        Self { code, file: file.to_owned(), reason: reason.into() }
    }
}

/// Why a reading ends before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A file cannot be read as a whole.
    File(ReadError),
    /// Whoever takes the parts refused one, and knows why.
    Taker,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::File(error)
    }
}

/// What is wrong with one row, before it is known where the row stands.
#[derive(Debug)]
pub(crate) struct Fault {
    pub code: ProblemCode,
    pub field: String,
    pub value: String,
    pub reason: String,
}

impl Fault {
    /// A wrong value of one field.
    pub fn field(
        code: ProblemCode,
        field: &str,
        value: impl Into<String>,
        reason: impl Into<String>,
    ) -> Box<Self> {
        let reason = reason.into();
        Box::new(Self { code, field: field.to_owned(), value: value.into(), reason })
    }

    /// A row that is wrong as a whole.
    pub fn row(code: ProblemCode, reason: impl Into<String>) -> Self {
        Self { code, field: String::new(), value: String::new(), reason: reason.into() }
    }

    /// A field without the value that every row needs.
    pub fn missing(field: &str) -> Box<Self> {
        Self::field(ProblemCode::Missing, field, "", format!("there is no {field}"))
    }
}

/// Collects problems and counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub problems: Vec<Problem>,
    pub counts: Vec<Count>,
    pub unlisted: u64,
}

impl Tally {
    /// The count of a feed.
    pub fn count(&mut self, feed: FeedKind) -> &mut Count {
        let at = self.counts.iter().position(|count| count.feed == feed).unwrap_or_else(|| {
            let bad_by_code = BTreeMap::new();
            self.counts.push(Count { feed, read: 0, good: 0, bad: 0, bad_by_code });
            self.counts.len() - 1
        });
        &mut self.counts[at]
    }

    /// Sets a row aside.
    pub fn bad(&mut self, feed: FeedKind, file: &Arc<Path>, line: u64, fault: Fault) {
        let count = self.count(feed);
        count.bad += 1;
        *count.bad_by_code.entry(fault.code).or_default() += 1;
        if self.problems.len() >= PROBLEMS_MAX {
            self.unlisted += 1;
            return;
        }
        let Fault { code, field, value, reason } = fault;
        let value = told(&value);
        self.problems.push(Problem { code, feed, file: file.clone(), line, field, value, reason });
    }
}

/// A value as problems tell it: short, personal data masked.
pub(crate) fn told(value: &str) -> String {
    shorten(&personal::masked(value))
}

fn shorten(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}
