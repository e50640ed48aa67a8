//! Reading: files become [`Lines`], runs merged, replaced receipts left out.

use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch, UInt32Array};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use retail::{Lines, NONE};

use crate::manifest::StoredFile;
use crate::merge::{Segment, segments};
use crate::order::SortOrder;
use crate::rows::Opened;
use crate::{Lake, LakeError, Storage};

/// Whose lines are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customers {
    /// Every line, those without a customer too.
    Everybody,
    /// Lines of customers with codes in this range.
    Range(RangeInclusive<u32>),
    /// Lines without a customer.
    Unknown,
}

/// What portraits and models read.
const COLUMNS: [&str; 13] = [
    "customer",
    "receipt",
    "at",
    "day",
    "minute",
    "shop",
    "channel",
    "product",
    "quantity",
    "net",
    "discount",
    "retailer_coupon",
    "supplier_coupon",
];
/// What merging and leaving out need besides.
const MERGE_COLUMNS: [&str; 2] = ["number", "version"];

impl Lake {
    /// Lines of the wanted customers, in the order described at [`Lines`].
    ///
    /// # Errors
    /// When a file cannot be read. An older view outlives a compaction by an hour, and no erasure.
    pub fn lines(&self, customers: &Customers) -> Result<Lines, LakeError> {
        let dead = self.dead()?;
        let files = self.manifest.lines(SortOrder::ByCustomer);
        let plain = dead.is_empty() && self.manifest.runs() <= 1 && self.beside.is_none();
        let wanted: Vec<&str> = if plain {
            COLUMNS.to_vec()
        } else {
            COLUMNS.into_iter().chain(MERGE_COLUMNS).collect()
        };
        let mut live = dead.live_rows(self.parts(files, &customers.codes(), &wanted)?)?;
        if plain {
            let whole = (0..).zip(&live).map(|(batch, part)| Segment {
                batch,
                start: 0,
                rows: part.num_rows() as u32,
            });
            return lines_of(&live, &whole.collect::<Vec<_>>());
        }
        live.extend(self.beside_of(&customers.codes())?);
        lines_of(&live, &segments(SortOrder::ByCustomer, &live)?)
    }

    /// Lines of these codes that stand in no file yet.
    fn beside_of(&self, wanted: &RangeInclusive<u32>) -> Result<Option<RecordBatch>, LakeError> {
        let Some(rows) = &self.beside else { return Ok(None) };
        let found = rows_between(codes(rows, "customer")?, wanted);
        Ok((!found.is_empty()).then(|| rows.slice(found.start, found.len())))
    }

    /// Splits all customers into ranges of about so many lines, in order, so that work over the
    /// whole lake needs bounded memory.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn ranges(&self, lines: u64) -> Result<Vec<RangeInclusive<u32>>, LakeError> {
        let mut groups = self.groups_of(self.manifest.lines(SortOrder::ByCustomer))?;
        if let Some(rows) = &self.beside {
            let lead = codes(rows, "customer")?;
            let last = (lead.len() - lead.null_count()).checked_sub(1);
            groups.extend(last.map(|last| (lead.value(0), lead.value(last), last as u64 + 1)));
        }
        Ok(cut(&groups, lines.max(1)))
    }

    /// Splits the leading codes of files into ranges of about so many rows, by what the row groups'
    /// statistics say; a single code is never split.
    pub(crate) fn ranges_of(
        &self,
        files: &[StoredFile],
        rows: u64,
    ) -> Result<Vec<RangeInclusive<u32>>, LakeError> {
        Ok(cut(&self.groups_of(files)?, rows.max(1)))
    }

    /// Smallest and largest leading code of each row group of files, and how many rows it has.
    fn groups_of(&self, files: &[StoredFile]) -> Result<Vec<(u32, u32, u64)>, LakeError> {
        let mut groups: Vec<(u32, u32, u64)> = Vec::new();
        for file in files.iter().filter(|file| file.keys.is_some()) {
            for group in self.opened(file)?.row_groups() {
                groups.extend(
                    codes_of(group).map(|(first, last)| (first, last, group.num_rows() as u64)),
                );
            }
        }
        Ok(groups)
    }

    /// Rows of the wanted leading codes as batches, file by file in order, with all columns.
    pub(crate) fn rows(
        &self,
        order: SortOrder,
        files: &[StoredFile],
        wanted: &RangeInclusive<u32>,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let schema = order.schema();
        let columns: Vec<&str> =
            schema.fields().iter().map(|field| field.name().as_str()).collect();
        self.parts(files, wanted, &columns)
    }

    /// Decodes the row groups that may hold wanted codes, shared out over threads.
    fn parts(
        &self,
        files: &[StoredFile],
        wanted: &RangeInclusive<u32>,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let opened: Vec<Opened<'_>> = files
            .iter()
            .filter(|file| file_may_hold(file, wanted))
            .map(|file| self.opened(file))
            .collect::<Result<_, _>>()?;
        let mut groups = Vec::new();
        for file in &opened {
            for (place, group) in file.row_groups().iter().enumerate() {
                match held(group, wanted) {
                    Held::None => {}
                    held => groups.push((file, place, held)),
                }
            }
        }
        let parts: Vec<Vec<RecordBatch>> = groups
            .into_par_iter()
            .map(|(file, group, held)| read_group(file, group, held, wanted, columns))
            .collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// A file with its metadata, which is read once.
    pub(crate) fn opened<'a>(&'a self, file: &'a StoredFile) -> Result<Opened<'a>, LakeError> {
        let known = || self.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        let metadata = known().get(&file.path).cloned();
        if let Some(metadata) = metadata {
            return Ok(Opened::with(&self.storage, file, metadata));
        }
        let opened = Opened::new(&self.storage, file)?;
        known().insert(file.path.clone(), opened.metadata());
        Ok(opened)
    }
}

impl Customers {
    /// The codes they have as rows; [`NONE`] stands for lines without a customer.
    fn codes(&self) -> RangeInclusive<u32> {
        match self {
            Self::Everybody => 0..=NONE,
            Self::Range(range) => range.clone(),
            Self::Unknown => NONE..=NONE,
        }
    }
}

/// Cuts codes into ranges of about so many rows, given how many rows lie between which codes.
fn cut(groups: &[(u32, u32, u64)], rows: u64) -> Vec<RangeInclusive<u32>> {
    let Some(last) = groups.iter().map(|group| group.1).max() else { return Vec::new() };
    // Rows of a group are taken to be spread evenly over its codes: density begins here, ends there.
    let mut changes: Vec<(u64, f64)> = groups
        .iter()
        .flat_map(|&(first, last, rows)| {
            let density = rows as f64 / (f64::from(last - first) + 1.0);
            [(u64::from(first), density), (u64::from(last) + 1, -density)]
        })
        .collect();
    changes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut ranges = Vec::new();
    let (mut start, mut at, mut density, mut held) = (0u64, 0u64, 0.0f64, 0.0f64);
    for (code, change) in changes {
        while density > 0.0 && held + density * (code - at) as f64 >= rows as f64 {
            let width = (((rows as f64 - held) / density).ceil() as u64).clamp(1, code - at);
            at += width;
            ranges.push(start as u32..=(at - 1) as u32);
            (start, held) = (at, 0.0);
            if at == code {
                break;
            }
        }
        held += density.max(0.0) * (code - at) as f64;
        at = code;
        density += change;
    }
    if start <= u64::from(last) {
        ranges.push(start as u32..=last);
    }
    ranges
}

fn file_may_hold(file: &StoredFile, wanted: &RangeInclusive<u32>) -> bool {
    let known =
        file.keys.is_some_and(|(first, last)| first <= *wanted.end() && last >= *wanted.start());
    known || *wanted.end() == NONE
}

/// How much of a row group is wanted, as its statistics tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    None,
    Some,
    All,
}

/// Smallest and largest leading code of a row group.
fn codes_of(group: &RowGroupMetaData) -> Option<(u32, u32)> {
    match group.column(0).statistics() {
        // Unsigned codes are stored in signed 32-bit words.
        Some(Statistics::Int32(of)) => Some((*of.min_opt()? as u32, *of.max_opt()? as u32)),
        _ => None,
    }
}

fn held(group: &RowGroupMetaData, wanted: &RangeInclusive<u32>) -> Held {
    let without = group.column(0).statistics().and_then(Statistics::null_count_opt);
    let (inside, outside) = match codes_of(group) {
        Some((first, last)) => (
            first <= *wanted.end() && last >= *wanted.start(),
            first < *wanted.start() || last > *wanted.end(),
        ),
        None => (false, false),
    };
    let none_wanted = *wanted.end() == NONE;
    match without {
        None => Held::Some,
        Some(0) if !inside => Held::None,
        Some(0) if !outside => Held::All,
        Some(_) if !inside && !none_wanted => Held::None,
        Some(_) if !outside && none_wanted => Held::All,
        Some(_) => Held::Some,
    }
}

fn read_group(
    file: &Opened<'_>,
    group: usize,
    held: Held,
    wanted: &RangeInclusive<u32>,
    columns: &[&str],
) -> Result<Vec<RecordBatch>, LakeError> {
    let rows = file.row_groups()[group].num_rows() as usize;
    let wanted = match held {
        Held::Some => rows_of(file, group, wanted)?,
        Held::None | Held::All => Some(0..rows),
    };
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let mut builder = file.group(group, file.mask(columns))?;
    if wanted.len() < rows {
        let selection = vec![RowSelector::skip(wanted.start), RowSelector::select(wanted.len())];
        // Columns are made as large as a batch may become.
        builder =
            builder.with_batch_size(wanted.len()).with_row_selection(RowSelection::from(selection));
    }
    Ok(builder.build()?.collect::<Result<_, _>>()?)
}

/// Which rows of a row group have wanted leading codes: they stand together, since the file is
/// sorted. Reads one column.
fn rows_of(
    file: &Opened<'_>,
    group: usize,
    wanted: &RangeInclusive<u32>,
) -> Result<Option<Range<usize>>, LakeError> {
    let lead = file.row_groups()[group].column(0).column_path().string();
    let reader = file.group(group, file.mask(&[lead.as_str()]))?.build()?;
    let (mut before, mut found) = (0, 0);
    for batch in reader {
        let batch = batch?;
        let here = rows_between(batch.column(0).as_primitive::<UInt32Type>(), wanted);
        if found == 0 {
            before += here.start;
        }
        found += here.len();
    }
    Ok((found > 0).then_some(before..before + found))
}

/// Rows of a sorted column of codes, none last, that are wanted.
fn rows_between(lead: &UInt32Array, wanted: &RangeInclusive<u32>) -> Range<usize> {
    let code = |row| if lead.is_null(row) { NONE } else { lead.value(row) };
    let first = partition(lead.len(), |row| code(row) < *wanted.start());
    let end = partition(lead.len(), |row| code(row) <= *wanted.end());
    first..end
}

/// How many rows from the first on fulfil what only the first ones do.
fn partition(rows: usize, first_ones: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = low + (high - low) / 2;
        if first_ones(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// Columns of these segments, one after the other.
fn lines_of(batches: &[RecordBatch], segments: &[Segment]) -> Result<Lines, LakeError> {
    if batches.is_empty() {
        return Ok(Lines::default());
    }
    let gather = Gather { batches, segments };
    let (a, b) = rayon::join(
        || -> Result<_, LakeError> {
            Ok((
                gather.codes("customer")?,
                gather.column::<UInt32Type>("receipt")?,
                gather.column::<TimestampMicrosecondType>("at")?,
                gather.column::<Date32Type>("day")?,
                gather.column::<UInt16Type>("minute")?,
                gather.column::<UInt32Type>("shop")?,
                gather.codes("channel")?,
            ))
        },
        || -> Result<_, LakeError> {
            Ok((
                gather.column::<UInt32Type>("product")?,
                gather.column::<Int64Type>("quantity")?,
                gather.column::<Int64Type>("net")?,
                gather.column::<Int64Type>("discount")?,
                gather.column::<Int64Type>("retailer_coupon")?,
                gather.column::<Int64Type>("supplier_coupon")?,
            ))
        },
    );
    let (customer, receipt, at, day, minute, shop, channel) = a?;
    let (product, quantity, net, discount, retailer_coupon, supplier_coupon) = b?;
    Ok(Lines {
        customer,
        receipt,
        at,
        day,
        minute,
        shop,
        channel,
        product,
        quantity,
        net,
        discount,
        retailer_coupon,
        supplier_coupon,
    })
}

/// Rows on their way into plain columns.
struct Gather<'a> {
    batches: &'a [RecordBatch],
    segments: &'a [Segment],
}

impl Gather<'_> {
    fn column<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Vec<T::Native>, LakeError> {
        let parts: Vec<&[T::Native]> = self
            .batches
            .iter()
            .map(|batch| Ok(&typed::<T>(batch, name)?.values()[..]))
            .collect::<Result<_, LakeError>>()?;
        let mut values = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for segment in self.segments {
            let start = segment.start as usize;
            let part = parts[segment.batch as usize];
            values.extend_from_slice(&part[start..start + segment.rows as usize]);
        }
        Ok(values)
    }

    /// A column of codes, [`NONE`] where there is none.
    fn codes(&self, name: &str) -> Result<Vec<u32>, LakeError> {
        let parts: Vec<&UInt32Array> =
            self.batches.iter().map(|batch| codes(batch, name)).collect::<Result<_, _>>()?;
        let mut values = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for segment in self.segments {
            let part = parts[segment.batch as usize];
            let rows = segment.start as usize..(segment.start + segment.rows) as usize;
            match part.null_count() {
                0 => values.extend_from_slice(&part.values()[rows]),
                _ => values.extend(
                    rows.map(|row| if part.is_valid(row) { part.value(row) } else { NONE }),
                ),
            }
        }
        Ok(values)
    }
}

pub(crate) fn codes<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a UInt32Array, LakeError> {
    typed::<UInt32Type>(batch, name)
}

fn typed<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a arrow_array::PrimitiveArray<T>, LakeError> {
    batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>()).ok_or_else(|| {
        LakeError::Damaged {
            path: "a file of lines".to_owned(),
            why: format!("it has no column {name} of the expected type"),
        }
    })
}

impl Lake {
    /// The storage this lake stands on, for snapshots beside it.
    #[must_use]
    pub fn storage(&self) -> &Arc<Storage> {
        &self.storage
    }
}
