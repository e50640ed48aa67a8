//! Reading: files become [`Lines`], runs merged, replaced receipts left out.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use retail::{Lines, NONE};

use crate::manifest::StoredFile;
use crate::merge::merge;
use crate::receipts::Dead;
use crate::rows::Opened;
use crate::{Lake, LakeError, Storage, rows};

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
        let dead = Dead::read(&self.storage, &self.manifest)?;
        let plain = dead.is_empty() && self.manifest.runs() <= 1;
        let wanted: Vec<&str> = if plain {
            COLUMNS.to_vec()
        } else {
            COLUMNS.into_iter().chain(MERGE_COLUMNS).collect()
        };
        let parts = self.parts(self.manifest.by_customer(), customers, &wanted)?;
        if plain {
            return lines_of(&parts);
        }
        let live = live_rows(parts, &dead)?;
        lines_of(merge(&live)?.as_slice())
    }

    /// Splits all customers into ranges of about so many lines, in order, so that work over the
    /// whole lake needs bounded memory.
    #[must_use]
    pub fn ranges(&self, lines: u64) -> Vec<RangeInclusive<u32>> {
        let last =
            self.manifest.by_customer().iter().filter_map(|file| file.customers).map(|c| c.1).max();
        let Some(last) = last else { return Vec::new() };
        let pieces =
            (self.manifest.totals.lines / lines.max(1) + 1).min(u64::from(last) + 1) as u32;
        let width = last / pieces + 1;
        (0..pieces)
            .map(|i| {
                i.saturating_mul(width)..=(i + 1).saturating_mul(width).saturating_sub(1).min(last)
            })
            .filter(|range| !range.is_empty())
            .collect()
    }

    /// Rows of the wanted customers as batches, file by file in order, with all columns of the files.
    pub(crate) fn batches(
        &self,
        files: &[StoredFile],
        customers: &Customers,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let schema = rows::line_schema();
        let columns: Vec<&str> =
            schema.fields().iter().map(|field| field.name().as_str()).collect();
        self.parts(files, customers, &columns)
    }

    /// Decodes the row groups that may hold wanted customers, shared out over threads.
    fn parts(
        &self,
        files: &[StoredFile],
        customers: &Customers,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let opened: Vec<Opened<'_>> = files
            .iter()
            .filter(|file| file_may_hold(file, customers))
            .map(|file| Opened::new(&self.storage, file))
            .collect::<Result<_, _>>()?;
        let mut groups = Vec::new();
        for file in &opened {
            for (place, group) in file.row_groups().iter().enumerate() {
                match held(group, customers) {
                    Held::None => {}
                    held => groups.push((file, place, held)),
                }
            }
        }
        let parts: Vec<Vec<RecordBatch>> = groups
            .into_par_iter()
            .map(|(file, group, held)| read_group(file, group, held, customers, columns))
            .collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }
}

/// Rows that were not replaced by a later version of their receipt.
pub(crate) fn live_rows(
    batches: Vec<RecordBatch>,
    dead: &Dead,
) -> Result<Vec<RecordBatch>, LakeError> {
    if dead.is_empty() {
        return Ok(batches);
    }
    let live = |batch: RecordBatch| {
        let receipt = codes(&batch, "receipt")?;
        let version = codes(&batch, "version")?;
        Ok(filter_record_batch(&batch, &dead.live(receipt, version))?)
    };
    batches.into_par_iter().map(live).collect()
}

fn file_may_hold(file: &StoredFile, customers: &Customers) -> bool {
    match (customers, file.customers) {
        (Customers::Everybody | Customers::Unknown, _) => true,
        (Customers::Range(_), None) => false,
        (Customers::Range(range), Some((first, last))) => {
            first <= *range.end() && last >= *range.start()
        }
    }
}

/// How much of a row group is wanted, as its statistics tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    None,
    Some,
    All,
}

fn held(group: &RowGroupMetaData, customers: &Customers) -> Held {
    let Some(Statistics::Int32(statistics)) = group.column(0).statistics() else {
        return Held::Some;
    };
    let without_customer = statistics.null_count_opt();
    match customers {
        Customers::Everybody => Held::All,
        Customers::Unknown if without_customer == Some(0) => Held::None,
        Customers::Unknown => Held::Some,
        Customers::Range(range) => {
            // Unsigned codes are stored in signed 32-bit words.
            let (Some(&first), Some(&last)) = (statistics.min_opt(), statistics.max_opt()) else {
                return Held::None;
            };
            let (first, last) = (first as u32, last as u32);
            if first > *range.end() || last < *range.start() {
                Held::None
            } else if range.contains(&first) && range.contains(&last) && without_customer == Some(0)
            {
                Held::All
            } else {
                Held::Some
            }
        }
    }
}

fn read_group(
    file: &Opened<'_>,
    group: usize,
    held: Held,
    customers: &Customers,
    columns: &[&str],
) -> Result<Vec<RecordBatch>, LakeError> {
    let rows = file.row_groups()[group].num_rows() as usize;
    let wanted = match held {
        Held::Some => rows_of(file, group, customers)?,
        Held::None | Held::All => Some(0..rows),
    };
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let mut builder = file.reader(group, columns)?;
    if wanted.len() < rows {
        let selection = vec![RowSelector::skip(wanted.start), RowSelector::select(wanted.len())];
        builder = builder.with_row_selection(RowSelection::from(selection));
    }
    Ok(builder.with_batch_size(rows).build()?.collect::<Result<_, _>>()?)
}

/// Which rows of a row group belong to the wanted customers: they stand together, since the file is
/// sorted. Reads one column.
fn rows_of(
    file: &Opened<'_>,
    group: usize,
    customers: &Customers,
) -> Result<Option<std::ops::Range<usize>>, LakeError> {
    let reader = file.reader(group, &["customer"])?.with_batch_size(1 << 17).build()?;
    let (mut before, mut wanted) = (0, 0);
    for batch in reader {
        let batch = batch?;
        let customer = codes(&batch, "customer")?;
        let code = |row| if customer.is_null(row) { NONE } else { customer.value(row) };
        let range = match customers {
            Customers::Range(range) => range.clone(),
            Customers::Everybody => 0..=NONE,
            Customers::Unknown => NONE..=NONE,
        };
        for row in 0..customer.len() {
            before += usize::from(code(row) < *range.start());
            wanted += usize::from(range.contains(&code(row)));
        }
    }
    Ok((wanted > 0).then_some(before..before + wanted))
}

/// Columns of batches, one after the other.
fn lines_of(batches: &[RecordBatch]) -> Result<Lines, LakeError> {
    let Some(first) = batches.first() else { return Ok(Lines::default()) };
    let schema: SchemaRef = first.schema();
    debug_assert!(COLUMNS.iter().all(|name| schema.column_with_name(name).is_some()));
    let (a, b) = rayon::join(
        || -> Result<_, LakeError> {
            Ok((
                optional_codes(batches, "customer")?,
                gather::<UInt32Type>(batches, "receipt")?,
                gather::<TimestampMicrosecondType>(batches, "at")?,
                gather::<Date32Type>(batches, "day")?,
                gather::<UInt16Type>(batches, "minute")?,
                gather::<UInt32Type>(batches, "shop")?,
                optional_codes(batches, "channel")?,
            ))
        },
        || -> Result<_, LakeError> {
            Ok((
                gather::<UInt32Type>(batches, "product")?,
                gather::<Int64Type>(batches, "quantity")?,
                gather::<Int64Type>(batches, "net")?,
                gather::<Int64Type>(batches, "discount")?,
                gather::<Int64Type>(batches, "retailer_coupon")?,
                gather::<Int64Type>(batches, "supplier_coupon")?,
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

fn gather<T: ArrowPrimitiveType>(
    batches: &[RecordBatch],
    name: &str,
) -> Result<Vec<T::Native>, LakeError> {
    let mut values = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        values.extend_from_slice(typed::<T>(batch, name)?.values());
    }
    Ok(values)
}

fn optional_codes(batches: &[RecordBatch], name: &str) -> Result<Vec<u32>, LakeError> {
    let mut values = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let column = codes(batch, name)?;
        match column.null_count() {
            0 => values.extend_from_slice(column.values()),
            _ => values.extend(column.iter().map(|code| code.unwrap_or(NONE))),
        }
    }
    Ok(values)
}

pub(crate) fn codes<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a arrow_array::UInt32Array, LakeError> {
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
