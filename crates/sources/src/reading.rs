//! One reading of a mapping's files, from the first byte to the last part.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use retail::Batch;
use rustc_hash::FxHashMap;

use crate::input::{Files, Found, Input, Intake, Opened};
use crate::mapping::{FeedKind, FileFormat};
use crate::parts::Parts;
use crate::placements::{self, Placements};
use crate::problem::{Count, PROBLEMS_MAX, Problem, ReadError, Stop, Tally, told};
use crate::{csv, json_lines, parquet, receipts, records};

/// What became of the rows of a mapping's files; the good ones are in the parts.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The bad rows, in order of files and lines.
    pub problems: Vec<Problem>,
    /// What became of the rows, feed by feed.
    pub counts: Vec<Count>,
    /// The files, with their rows.
    pub inputs: Vec<Input>,
    /// Sentences worth showing to whoever imports.
    pub warnings: Vec<String>,
    /// Receipts that two parts have, the first perhaps not whole, by [`crate::receipt_hash`].
    pub in_pieces: HashSet<u64>,
}

impl Summary {
    /// Sets aside a row that was good by itself and turns out to be wrong beside what is known elsewhere.
    pub fn set_aside(&mut self, problem: Problem) {
        if let Some(count) = self.counts.iter_mut().find(|count| count.feed == problem.feed) {
            count.bad += 1;
            count.good = count.good.saturating_sub(1);
            *count.bad_by_code.entry(problem.code).or_default() += 1;
        }
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { value: told(&problem.value), ..problem });
        }
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is being read.
    pub feed: FeedKind,
    /// Which file.
    pub file: &'a Path,
    /// Bytes of all files that are done.
    pub bytes_done: u64,
    /// Bytes to be done; a second look at receipts in pieces adds to them.
    pub bytes_total: u64,
    /// Rows read so far.
    pub rows: u64,
}

/// Where a row goes.
pub(crate) enum Sink<'a, 'm> {
    Receipts { reader: &'a mut receipts::Reader<'m>, file: usize, parts: &'a mut Parts },
    Placements { reader: &'a mut placements::Reader<'m>, placements: &'a mut Placements },
    Records { reader: &'a mut records::Reader<'m>, batch: &'a mut Batch },
}

/// Takes a part; [`Stop::Taker`] if it cannot.
pub(crate) type Take<'t> = dyn FnMut(Batch) -> Result<(), Stop> + 't;

impl Files<'_> {
    /// Reads everything and hands it over in parts: first the reference tables, then placements, then
    /// receipts, about `lines_at_once` lines or placements a part. A part has complete receipts. Where
    /// a receipt stands in pieces far apart, a later part has it once more, whole; a later version
    /// replaces the earlier. So the parts together tell the same whatever their size, and so does the
    /// summary, but for a warning where the files had to be read many times more. `progress` is told now and then, on the calling thread.
    ///
    /// # Errors
    /// Where a file cannot be read as a whole (it is truncated, in another encoding, lacks a mapped
    /// column, or changed since it was found), or `take` refuses a part. Nothing of the parts should
    /// then be kept.
    pub fn read<E: From<ReadError>>(
        &self,
        lines_at_once: usize,
        progress: &dyn Fn(Progress<'_>),
        take: &mut dyn FnMut(Batch) -> Result<(), E>,
    ) -> Result<Summary, E> {
        let mut refused = None;
        let mut taker = |batch: Batch| {
            take(batch).map_err(|error| {
                refused = Some(error);
                Stop::Taker
            })
        };
        let mut reading = Reading {
            files: self,
            progress,
            take: &mut taker,
            bytes_done: 0,
            bytes_total: self.bytes(),
            rows: 0,
            lists: 0,
            tally: Tally::default(),
            warnings: Vec::new(),
            rows_of_files: vec![0; self.found.len()],
            in_pieces: HashSet::default(),
        };
        match reading.run(lines_at_once.max(1)) {
            Ok(()) => Ok(reading.finish()),
            Err(Stop::File(error)) => Err(error.into()),
            Err(Stop::Taker) => Err(refused.expect("the taker has said why")),
        }
    }
}

/// A reading under way.
struct Reading<'a, 't> {
    files: &'a Files<'a>,
    progress: &'a dyn Fn(Progress<'_>),
    take: &'a mut Take<'t>,
    bytes_done: u64,
    bytes_total: u64,
    rows: u64,
    /// How many lists of texts were numbered.
    lists: u64,
    tally: Tally,
    warnings: Vec<String>,
    rows_of_files: Vec<u64>,
    in_pieces: HashSet<u64>,
}

impl<'a> Reading<'a, '_> {
    fn run(&mut self, lines_at_once: usize) -> Result<(), Stop> {
        self.records()?;
        self.placements(lines_at_once)?;
        self.receipts(lines_at_once)
    }

    /// Files of one table of the mapping after the other, with their places.
    fn tables(&self, of: impl Fn(FeedKind) -> bool) -> Vec<&'a [Found<'a>]> {
        let tables = self.files.found.chunk_by(|a, b| std::ptr::eq(a.mapping, b.mapping));
        tables.filter(|table| of(table[0].mapping.kind)).collect()
    }

    fn records(&mut self) -> Result<(), Stop> {
        let mut batch = Batch::default();
        let tables = self.tables(|kind| !matches!(kind, FeedKind::Receipts | FeedKind::Placements));
        for table in &tables {
            let mut reader = records::Reader::new(table[0].mapping);
            for found in *table {
                self.file(found, Sink::Records { reader: &mut reader, batch: &mut batch })?;
            }
        }
        self.warnings.extend(records::settle(&mut batch));
        if tables.is_empty() { Ok(()) } else { (self.take)(batch) }
    }

    fn placements(&mut self, at_once: usize) -> Result<(), Stop> {
        let mut placements = Placements::new(at_once);
        for table in self.tables(|kind| kind == FeedKind::Placements) {
            let mut reader = placements::Reader::new(table[0].mapping);
            for found in table {
                let placements = &mut placements;
                self.file(found, Sink::Placements { reader: &mut reader, placements })?;
            }
        }
        placements.deliver(self.take)
    }

    fn receipts(&mut self, lines_at_once: usize) -> Result<(), Stop> {
        let tables = self.tables(|kind| kind == FeedKind::Receipts);
        let mut parts = Parts::new(lines_at_once);
        for found in tables.iter().copied().flatten() {
            parts.file(Arc::from(found.input.path.as_path()), found.mapping.keep_identical_lines);
        }
        self.receipt_files(&tables, &mut parts)?;
        parts.finish(&mut self.tally, self.take)?;
        let passes = parts.look_again();
        let bytes: u64 = tables.iter().copied().flatten().map(|found| found.input.bytes).sum();
        self.bytes_total += bytes * passes;
        for pass in 0..passes {
            parts.pick(pass, passes);
            self.receipt_files(&tables, &mut parts)?;
            parts.finish(&mut self.tally, self.take)?;
        }
        self.warnings.extend(parts.warnings());
        self.in_pieces = parts.in_pieces();
        Ok(())
    }

    fn receipt_files(&mut self, tables: &[&'a [Found<'a>]], parts: &mut Parts) -> Result<(), Stop> {
        let mut file = 0;
        for table in tables {
            let mut reader = receipts::Reader::new(table[0].mapping);
            for found in *table {
                self.file(found, Sink::Receipts { reader: &mut reader, file, parts })?;
                file += 1;
            }
            if !parts.again() {
                self.warnings.extend(reader.warnings());
            }
        }
        Ok(())
    }

    fn file(&mut self, found: &'a Found<'a>, sink: Sink<'_, 'a>) -> Result<(), Stop> {
        let again = matches!(&sink, Sink::Receipts { parts, .. } if parts.again());
        let opened = Opened::open(found)?;
        let (path, feed) = (&found.input.path, found.mapping.kind);
        let (told, total) = (self.progress, self.bytes_total);
        let (done_before, rows_before) = (self.bytes_done, self.rows);
        let mut progress = |bytes: u64, rows: u64| {
            let (bytes_done, rows) = (done_before + bytes, rows_before + rows);
            told(Progress { feed, file: path, bytes_done, bytes_total: total, rows });
        };
        progress(0, 0);
        let mut intake = Intake {
            feed,
            file: Arc::from(path.as_path()),
            // Of what is read again, the rows that are wrong by themselves are known.
            again,
            tally: &mut self.tally,
            sink,
            take: self.take,
            progress: &mut progress,
            rows: 0,
            told: 0,
            lists: &mut self.lists,
        };
        let warning = match found.format {
            FileFormat::Csv => csv::read(opened, found.mapping, &mut intake)?,
            FileFormat::JsonLines => json_lines::read(opened, found.mapping, &mut intake)?,
            FileFormat::Parquet => {
                parquet::read(opened, found.mapping, &mut intake)?;
                None
            }
        };
        let rows = intake.rows;
        progress(found.input.bytes, rows);
        self.bytes_done += found.input.bytes;
        self.rows += rows;
        if !again {
            self.tally.count(feed).read += rows;
            self.warnings.extend(warning.map(|text| format!("{}: {text}", path.display())));
            let place = self.files.found.iter().position(|other| std::ptr::eq(other, found));
            self.rows_of_files[place.expect("it is one of the files")] = rows;
        }
        Ok(())
    }

    fn finish(self) -> Summary {
        let Tally { mut problems, mut counts, unlisted } = self.tally;
        let mut warnings = self.warnings;
        if unlisted > 0 {
            warnings.push(format!("{unlisted} more bad rows are counted, but not listed"));
        }
        counts.sort_by_key(|count| count.feed);
        for count in &mut counts {
            count.good = count.read - count.bad;
        }
        let mut inputs: Vec<Input> = self.files.inputs().cloned().collect();
        for (input, rows) in inputs.iter_mut().zip(self.rows_of_files) {
            input.rows = rows;
        }
        // Repeated lines are found part by part; listed they are where they stand.
        let places: FxHashMap<_, _> =
            (0..).zip(&inputs).map(|(place, input)| ((input.feed, &*input.path), place)).collect();
        let place = |problem: &Problem| -> Option<usize> {
            places.get(&(problem.feed, &*problem.file)).copied()
        };
        problems.sort_by_cached_key(|problem| (place(problem), problem.line));
        Summary { problems, counts, inputs, warnings, in_pieces: self.in_pieces }
    }
}
