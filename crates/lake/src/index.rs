//! The index of receipts: under which names the lake knows which receipt, with which content.
//!
//! It stays on the disk: files of entries sorted by name, of which an append reads one column. The
//! entry with the highest version of a name counts, and every name of a receipt has an entry of the
//! receipt's newest version, so that one look-up tells it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};
use parquet::basic::Encoding;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rayon::prelude::*;
use retail::NONE;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::manifest::StoredFile;
use crate::rows::{self, Opened, put_named};
use crate::{LakeError, Storage};

/// Entries of a file that a merge writes, at most.
const ENTRIES_PER_FILE: usize = 1 << 22;

/// A receipt as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its code.
    pub receipt: u32,
    /// Number of the run that brought its present content.
    pub version: u32,
    /// Hash of that content, whatever the order of its lines.
    pub content: u64,
    /// How many lines it has.
    pub lines: u32,
    /// What the retailer received.
    pub net: i64,
    /// Code of its customer, [`NONE`] without one.
    pub customer: u32,
}

/// One name of a receipt, a 128-bit hash of its key or of its fiscal name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: u128,
    pub known: Known,
}

/// The index of one state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index<'a> {
    pub storage: &'a Storage,
    pub files: &'a [StoredFile],
}

impl Index<'_> {
    /// What is known under these names, ascending and distinct; unknown ones are left out.
    pub(crate) fn find(&self, names: &[u128]) -> Result<FxHashMap<u128, Known>, LakeError> {
        let found = self.files.par_iter().map(|file| {
            let opened = Opened::new(self.storage, file)?;
            let rows = rows_of_names(&opened, names)?;
            let mut entries = entries_at(&opened, &rows)?;
            // Rows were found by half of the name.
            entries.retain(|entry| names.binary_search(&entry.name).is_ok());
            Ok(entries)
        });
        let mut newest: FxHashMap<u128, Known> = FxHashMap::default();
        for entry in found.collect::<Result<Vec<_>, LakeError>>()?.into_iter().flatten() {
            let known = newest.entry(entry.name).or_insert(entry.known);
            if known.version < entry.known.version {
                *known = entry.known;
            }
        }
        Ok(newest)
    }

    /// Every entry, of whatever version, of these receipts. Reads one column of everything.
    pub(crate) fn of_receipts(&self, codes: &FxHashSet<u32>) -> Result<Vec<Entry>, LakeError> {
        self.matching("receipt", |code| codes.contains(&code))
    }

    /// Every entry, of whatever version, of a customer's receipts. Reads one column of everything.
    pub(crate) fn of_customer(&self, code: u32) -> Result<Vec<Entry>, LakeError> {
        self.matching("customer", |other| other == code)
    }

    fn matching(
        &self,
        column: &str,
        wanted: impl Fn(u32) -> bool + Sync,
    ) -> Result<Vec<Entry>, LakeError> {
        let found = self.files.par_iter().map(|file| {
            let opened = Opened::new(self.storage, file)?;
            let mut rows = Vec::new();
            let mut before = 0;
            for batch in opened.columns(&[column])? {
                let batch = batch?;
                let codes = batch.column(0).as_primitive::<UInt32Type>();
                let here =
                    (0..codes.len()).filter(|&row| codes.is_valid(row) && wanted(codes.value(row)));
                rows.extend(here.map(|row| before + row));
                before += codes.len();
            }
            entries_at(&opened, &rows)
        });
        Ok(found.collect::<Result<Vec<_>, LakeError>>()?.into_iter().flatten().collect())
    }

    /// Makes files of all these files' entries, the newest of each name; memory does not grow with
    /// them.
    pub(crate) fn merge(&self, run: u64) -> Result<Vec<StoredFile>, LakeError> {
        let opened: Vec<Opened<'_>> = self
            .files
            .iter()
            .map(|file| Opened::new(self.storage, file))
            .collect::<Result<_, _>>()?;
        let mut cursors: Vec<Cursor> = opened.iter().map(Cursor::new).collect::<Result<_, _>>()?;
        // The smallest name first, of equal ones the newest.
        let mut heads = BinaryHeap::new();
        for (place, cursor) in cursors.iter_mut().enumerate() {
            let entry = cursor.advance()?;
            heads.extend(entry.map(|e| (Reverse(e.name), e.known.version, place)));
        }
        let (mut written, mut pending): (Vec<StoredFile>, Vec<Entry>) = Default::default();
        let mut last = None;
        while let Some((Reverse(name), _, place)) = heads.pop() {
            let cursor = &mut cursors[place];
            if last != Some(name) {
                last = Some(name);
                pending.push(cursor.current);
                if pending.len() == ENTRIES_PER_FILE {
                    written.push(write(self.storage, &pending, run)?);
                    pending.clear();
                }
            }
            let entry = cursor.advance()?;
            heads.extend(entry.map(|e| (Reverse(e.name), e.known.version, place)));
        }
        if !pending.is_empty() {
            written.push(write(self.storage, &pending, run)?);
        }
        Ok(written)
    }
}

/// The files of an index without the entries that go; only those that hold any are written anew.
pub(crate) fn without(
    index: Index<'_>,
    run: u64,
    goes: impl Fn(&Known) -> bool,
) -> Result<Vec<StoredFile>, LakeError> {
    let mut files = Vec::new();
    for file in index.files {
        let opened = Opened::new(index.storage, file)?;
        let mut rest = Vec::with_capacity(file.rows as usize);
        for batch in opened.columns(&COLUMNS)? {
            rest.extend(entries(&batch?).into_iter().filter(|entry| !goes(&entry.known)));
        }
        if rest.len() as u64 == file.rows {
            files.push(file.clone());
        } else if !rest.is_empty() {
            files.push(StoredFile { run: file.run, ..write(index.storage, &rest, run)? });
        }
    }
    Ok(files)
}

/// Reads a file entry by entry.
struct Cursor {
    reader: ParquetRecordBatchReader,
    batch: std::vec::IntoIter<Entry>,
    current: Entry,
}

impl Cursor {
    fn new(opened: &Opened<'_>) -> Result<Self, LakeError> {
        let known =
            Known { receipt: NONE, version: 0, content: 0, lines: 0, net: 0, customer: NONE };
        Ok(Self {
            reader: opened.columns(&COLUMNS)?,
            batch: Vec::new().into_iter(),
            current: Entry { name: 0, known },
        })
    }

    fn advance(&mut self) -> Result<Option<Entry>, LakeError> {
        loop {
            if let Some(entry) = self.batch.next() {
                self.current = entry;
                return Ok(Some(entry));
            }
            match self.reader.next() {
                Some(batch) => self.batch = entries(&batch?).into_iter(),
                None => return Ok(None),
            }
        }
    }
}

const COLUMNS: [&str; 8] =
    ["name_high", "name_low", "receipt", "version", "content", "lines", "net", "customer"];

/// Writes entries, sorted by name, as one file.
pub(crate) fn write(
    storage: &Storage,
    entries: &[Entry],
    run: u64,
) -> Result<StoredFile, LakeError> {
    let words = |word: fn(&Entry) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(entries.iter().map(word)))
    };
    let codes = |code: fn(&Entry) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(entries.iter().map(code)))
    };
    let customer = entries.iter().map(|e| Some(e.known.customer).filter(|&code| code != NONE));
    let net = Int64Array::from_iter_values(entries.iter().map(|e| e.known.net));
    let columns: [(&str, ArrayRef, bool); 8] = [
        ("name_high", words(|e| high(e.name)), false),
        ("name_low", words(|e| e.name as u64), false),
        ("receipt", codes(|e| e.known.receipt), false),
        ("version", codes(|e| e.known.version), false),
        ("content", words(|e| e.known.content), false),
        ("lines", codes(|e| e.known.lines), false),
        ("net", Arc::new(net), false),
        ("customer", Arc::new(customer.collect::<UInt32Array>()), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    // Hashes neither repeat nor compress: they are read as they lie.
    let mut properties = WriterProperties::builder()
        .set_data_page_row_count_limit(1 << 13)
        .set_write_batch_size(1 << 13)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(rows::CREATED_BY.to_owned());
    for name in ["name_high", "name_low", "content"] {
        properties = properties
            .set_column_dictionary_enabled(name.into(), false)
            .set_column_encoding(name.into(), Encoding::PLAIN);
    }
    for name in ["receipt", "customer"] {
        properties = properties
            .set_column_dictionary_enabled(name.into(), false)
            .set_column_encoding(name.into(), Encoding::DELTA_BINARY_PACKED);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
    writer.write(&batch)?;
    put_named(storage, "receipts", writer.into_inner()?, entries.len(), run)
}

fn high(name: u128) -> u64 {
    (name >> 64) as u64
}

/// Rows whose name begins like one of these, ascending.
fn rows_of_names(opened: &Opened<'_>, names: &[u128]) -> Result<Vec<usize>, LakeError> {
    let (mut rows, mut before, mut next) = (Vec::new(), 0, 0);
    for batch in opened.columns(&["name_high"])? {
        let batch = batch?;
        let words: &[u64] = batch.column(0).as_primitive::<UInt64Type>().values();
        if words.last().is_none_or(|&last| next < names.len() && last < high(names[next])) {
            before += words.len();
            continue;
        }
        let mut row = 0;
        while row < words.len() && next < names.len() {
            match words[row].cmp(&high(names[next])) {
                std::cmp::Ordering::Less => row += 1,
                std::cmp::Ordering::Greater => next += 1,
                std::cmp::Ordering::Equal => {
                    rows.push(before + row);
                    row += 1;
                }
            }
        }
        if next == names.len() {
            break;
        }
        before += words.len();
    }
    Ok(rows)
}

/// The entries of these rows, ascending; reads the pages that hold them.
fn entries_at(opened: &Opened<'_>, rows: &[usize]) -> Result<Vec<Entry>, LakeError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut selection = Vec::new();
    let mut at = 0;
    for run in rows.chunk_by(|a, b| a + 1 == *b) {
        selection.push(RowSelector::skip(run[0] - at));
        selection.push(RowSelector::select(run.len()));
        at = run[0] + run.len();
    }
    let builder = opened.reader()?;
    let reader = builder.with_row_selection(RowSelection::from(selection)).build()?;
    let mut found = Vec::with_capacity(rows.len());
    for batch in reader {
        found.extend(entries(&batch?));
    }
    Ok(found)
}

/// Rows of a file with all columns, which [`write`] wrote.
fn entries(batch: &RecordBatch) -> Vec<Entry> {
    let words = |column: usize| batch.column(column).as_primitive::<UInt64Type>();
    let codes = |column: usize| batch.column(column).as_primitive::<UInt32Type>();
    let (high, low, content) = (words(0), words(1), words(4));
    let (receipt, version, lines, customer) = (codes(2), codes(3), codes(5), codes(7));
    let net = batch.column(6).as_primitive::<Int64Type>();
    let entry = |row: usize| Entry {
        name: u128::from(high.value(row)) << 64 | u128::from(low.value(row)),
        known: Known {
            receipt: receipt.value(row),
            version: version.value(row),
            content: content.value(row),
            lines: lines.value(row),
            net: net.value(row),
            customer: if customer.is_valid(row) { customer.value(row) } else { NONE },
        },
    };
    (0..batch.num_rows()).map(entry).collect()
}
