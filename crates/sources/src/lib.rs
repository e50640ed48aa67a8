//! Feeds in: bytes of CSV, Parquet and JSON Lines to receipts, catalogue, customers **and** problems.
//!
//! It owns the mapping file (what stands where in a retailer's export, `docs/IMPORT.md`), the formats,
//! one file each, and the rules by which a row is good. Bad rows are values: they never stop the
//! reading. A file that cannot be read as a whole is an error, so that the caller changes nothing.
//!
//! It never decides how many bad rows are too many, writes no quarantine, opens no socket and knows no
//! store. It does not judge products or customers it has never heard of: that is the lake's matter.
//! Start with [`Mapping::read`] and [`read`].

mod cell;
mod clock;
mod csv;
mod input;
mod json_lines;
mod mapping;
mod number;
mod parquet;
mod personal;
mod problem;
mod receipts;
mod records;
mod repeats;
mod rule;
mod text;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use retail::Batch;

use crate::cell::Row;
use crate::input::{Intake, Opened};
use crate::problem::{Fault, Tally};

pub use input::{Input, fits};
pub use mapping::{FeedKind, FeedMapping, FileFormat, Mapping, MappingError};
pub use problem::{
    Count, PROBLEMS_MAX, Problem, ProblemCode, ReadError, ReadErrorCode, VALUE_CHARS_MAX,
};
pub use receipts::SHOP_UNKNOWN;

/// All that the files of a mapping bring.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// The good rows.
    pub batch: Batch,
    /// The bad rows, file by file; repeated lines of receipts at the end.
    pub problems: Vec<Problem>,
    /// What became of the rows, feed by feed.
    pub counts: Vec<Count>,
    /// The files.
    pub inputs: Vec<Input>,
    /// Sentences worth showing to whoever imports.
    pub warnings: Vec<String>,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is being read.
    pub feed: FeedKind,
    /// Which file.
    pub file: &'a Path,
    /// Bytes of all files that are done.
    pub bytes_done: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
    /// Rows of all files read so far.
    pub rows: u64,
}

/// Reads everything a mapping names. `progress` is told now and then, on the calling thread.
///
/// # Errors
/// Where a file cannot be read as a whole: it is absent, empty, truncated, in another encoding, lacks
/// a mapped column, or changed while it was read. Nothing of the import should then be kept.
pub fn read(mapping: &Mapping, progress: &dyn Fn(Progress<'_>)) -> Result<Feed, ReadError> {
    let mut files = Vec::new();
    let mut bytes_total = 0;
    for feed in &mapping.feeds {
        for (path, format) in input::files(feed)? {
            bytes_total += std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            files.push((feed, path, format));
        }
    }
    let mut reading = Reading {
        progress,
        bytes_done: 0,
        bytes_total,
        rows: 0,
        tally: Tally::default(),
        feed: Feed::default(),
    };
    let mut receipts = receipts::Receipts::default();
    for of_feed in files.chunk_by(|a, b| std::ptr::eq(a.0, b.0)) {
        let mapping = of_feed[0].0;
        if mapping.kind == FeedKind::Receipts {
            let mut reader = receipts::Reader::new(mapping);
            for (_, path, format) in of_feed {
                let file = receipts.files.len();
                receipts.files.push((Arc::from(path.as_path()), mapping.keep_identical_lines));
                let mut sink = |row: &Row<'_>| reader.row(row, file, &mut receipts);
                reading.file(mapping, path, *format, &mut sink)?;
            }
        } else {
            let mut reader = records::Reader::new(mapping);
            let mut batch = std::mem::take(&mut reading.feed.batch);
            for (_, path, format) in of_feed {
                let mut sink = |row: &Row<'_>| reader.row(row, &mut batch);
                reading.file(mapping, path, *format, &mut sink)?;
            }
            reading.feed.batch = batch;
        }
    }
    Ok(reading.finish(receipts))
}

/// A reading under way.
struct Reading<'a> {
    progress: &'a dyn Fn(Progress<'_>),
    bytes_done: u64,
    bytes_total: u64,
    rows: u64,
    tally: Tally,
    feed: Feed,
}

type Sink<'s> = dyn FnMut(&Row<'_>) -> Result<(), Box<Fault>> + 's;

impl Reading<'_> {
    fn file(
        &mut self,
        mapping: &FeedMapping,
        path: &PathBuf,
        format: FileFormat,
        sink: &mut Sink<'_>,
    ) -> Result<(), ReadError> {
        let opened = Opened::open(path)?;
        let bytes = opened.bytes;
        let (feed, told, total) = (mapping.kind, self.progress, self.bytes_total);
        let (done_before, rows_before) = (self.bytes_done, self.rows);
        let mut progress = |bytes: u64, rows: u64| {
            let (bytes_done, rows) = (done_before + bytes, rows_before + rows);
            told(Progress { feed, file: path, bytes_done, bytes_total: total, rows });
        };
        progress(0, 0);
        let mut intake = Intake {
            feed,
            file: Arc::from(path.as_path()),
            tally: &mut self.tally,
            sink,
            progress: &mut progress,
            rows: 0,
            told: 0,
        };
        let (sha256, warning) = match format {
            FileFormat::Csv => csv::read(opened, mapping, &mut intake)?,
            FileFormat::JsonLines => json_lines::read(opened, mapping, &mut intake)?,
            FileFormat::Parquet => (parquet::read(opened, mapping, &mut intake)?, None),
        };
        let rows = intake.rows;
        progress(bytes, rows);
        self.tally.count(feed).read += rows;
        self.bytes_done += bytes;
        self.rows += rows;
        self.feed.warnings.extend(warning.map(|text| format!("{}: {text}", path.display())));
        self.feed.inputs.push(Input { path: path.clone(), feed, bytes, rows, sha256 });
        Ok(())
    }

    fn finish(mut self, receipts: receipts::Receipts) -> Feed {
        let empty = receipts.empty;
        let (lines, warnings) = repeats::settle(receipts, &mut self.tally);
        let mut feed = self.feed;
        feed.batch.lines = lines;
        feed.warnings.extend(warnings);
        if empty > 0 {
            feed.warnings.push(format!(
                "receipts: {empty} rows have neither quantity nor amount; they are counted as good and left out"
            ));
        }
        feed.warnings.extend(records::settle(&mut feed.batch));
        let Tally { problems, mut counts, unlisted } = self.tally;
        if unlisted > 0 {
            feed.warnings.push(format!("{unlisted} more bad rows are counted, but not listed"));
        }
        for count in &mut counts {
            count.good = count.read - count.bad;
        }
        Feed { problems, counts, ..feed }
    }
}
