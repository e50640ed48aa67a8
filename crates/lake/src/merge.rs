//! Sorted runs become one: which row comes after which.

use std::cmp::Ordering;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray, UInt32Array};
use arrow_select::interleave::interleave_record_batch;
use retail::{NONE, compare_ids};

use crate::manifest::StoredFile;
use crate::order::{ROWS_AT_ONCE, SortOrder};
use crate::scan::codes;
use crate::{LakeError, Storage};

/// Rows that stand together in a batch and stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub batch: u32,
    pub start: u32,
    pub rows: u32,
}

/// Rows of several sorted batches in one order, which are put together as they are written.
pub(crate) struct Sorted<'a> {
    sort_order: SortOrder,
    batches: Vec<&'a RecordBatch>,
    /// Batch and row.
    places: Vec<(usize, usize)>,
}

impl<'a> Sorted<'a> {
    /// The rows of these batches, each of which must be sorted in itself.
    pub(crate) fn new(order: SortOrder, batches: &'a [RecordBatch]) -> Result<Self, LakeError> {
        let segments = segments(order, batches)?;
        let places = segments.iter().flat_map(|segment| {
            let start = segment.start as usize;
            (start..start + segment.rows as usize).map(|row| (segment.batch as usize, row))
        });
        let (batches, places) = (batches.iter().collect(), places.collect());
        Ok(Self { sort_order: order, batches, places })
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// A column of codes, [`NONE`] where there is none.
    pub(crate) fn codes(&self, name: &str) -> Result<Vec<u32>, LakeError> {
        let parts: Vec<&UInt32Array> =
            self.batches.iter().map(|batch| codes(batch, name)).collect::<Result<_, _>>()?;
        let code = |part: &UInt32Array, row| if part.is_null(row) { NONE } else { part.value(row) };
        Ok(self.places.iter().map(|&(batch, row)| code(parts[batch], row)).collect())
    }

    /// Writes some of the rows as one file of a run.
    pub(crate) fn write(
        &self,
        storage: &Storage,
        rows: Range<usize>,
        run: u64,
    ) -> Result<StoredFile, LakeError> {
        let mut writer = self.sort_order.writer()?;
        for places in self.places[rows].chunks(ROWS_AT_ONCE) {
            writer.write(&interleave_record_batch(&self.batches, places)?)?;
        }
        writer.finish(storage, run)
    }
}

/// The rows of sorted batches in the order they belong, as segments. Batches of one run may follow
/// each other; the rows of one leading code are compared one by one only where batches overlap in time.
pub(crate) fn segments(
    order: SortOrder,
    batches: &[RecordBatch],
) -> Result<Vec<Segment>, LakeError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    u32::try_from(rows).map_err(|_| LakeError::Full { what: "lines of a range" })?;
    let keys: Vec<Keys<'_>> =
        batches.iter().map(|batch| Keys::of(order, batch)).collect::<Result<_, _>>()?;
    if let [only] = &keys[..] {
        return Ok(vec![Segment { batch: 0, start: 0, rows: only.lead.len() as u32 }]);
    }
    let mut pieces: Vec<(u32, Segment)> = Vec::new();
    for (batch, keys) in (0..).zip(&keys) {
        let mut start = 0;
        while start < keys.lead.len() {
            let code = keys.code(start);
            let mut end = start + 1;
            while end < keys.lead.len() && keys.code(end) == code {
                end += 1;
            }
            pieces.push((code, Segment { batch, start: start as u32, rows: (end - start) as u32 }));
            start = end;
        }
    }
    // Stable: batches stay in their sequence.
    pieces.sort_by_key(|piece| piece.0);
    let mut sorted: Vec<Segment> = Vec::with_capacity(pieces.len());
    for same in pieces.chunk_by(|a, b| a.0 == b.0) {
        let apart = same.is_sorted_by(|(_, a), (_, b)| {
            let last = (a.batch, a.start + a.rows - 1);
            compare(&keys, last, (b.batch, b.start)) != Ordering::Greater
        });
        if apart {
            sorted.extend(same.iter().map(|piece| piece.1));
        } else {
            interleave(&keys, same, &mut sorted);
        }
    }
    Ok(sorted)
}

/// Rows of one leading code that overlap in time: sorted row by row, each row's own segment.
fn interleave(keys: &[Keys<'_>], pieces: &[(u32, Segment)], sorted: &mut Vec<Segment>) {
    let mut rows: Vec<(u32, u32)> = pieces
        .iter()
        .flat_map(|(_, piece)| {
            (piece.start..piece.start + piece.rows).map(|row| (piece.batch, row))
        })
        .collect();
    // Stable, so that lines of a receipt keep their order; it finds the sorted pieces by itself.
    rows.sort_by(|&a, &b| compare(keys, a, b));
    for (batch, start) in rows {
        match sorted.last_mut() {
            Some(last) if last.batch == batch && last.start + last.rows == start => last.rows += 1,
            _ => sorted.push(Segment { batch, start, rows: 1 }),
        }
    }
}

/// What the order of a batch is made of.
struct Keys<'a> {
    lead: &'a UInt32Array,
    receipt: &'a [u32],
    within: Within<'a>,
}

enum Within<'a> {
    /// Time and the receipt's number.
    Customer(&'a [i64], &'a StringArray),
    /// The business day.
    Category(&'a [i32]),
}

impl<'a> Keys<'a> {
    fn of(order: SortOrder, batch: &'a RecordBatch) -> Result<Self, LakeError> {
        let missing = |name: &str| LakeError::Damaged {
            path: "a file of lines".to_owned(),
            why: format!("it has no column {name} of the expected type"),
        };
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| missing(name));
        let within = match order {
            SortOrder::ByCustomer => {
                let at = column("at")?.as_primitive_opt::<TimestampMicrosecondType>();
                let number = column("number")?.as_string_opt::<i32>();
                Within::Customer(
                    at.ok_or_else(|| missing("at"))?.values(),
                    number.ok_or_else(|| missing("number"))?,
                )
            }
            SortOrder::ByCategory => {
                let day = column("day")?.as_primitive_opt::<Date32Type>();
                Within::Category(day.ok_or_else(|| missing("day"))?.values())
            }
        };
        let lead = match order {
            SortOrder::ByCustomer => "customer",
            SortOrder::ByCategory => "category",
        };
        Ok(Self { lead: codes(batch, lead)?, receipt: codes(batch, "receipt")?.values(), within })
    }

    fn code(&self, row: usize) -> u32 {
        if self.lead.is_null(row) { NONE } else { self.lead.value(row) }
    }
}

/// The order of two rows of one leading code.
fn compare(keys: &[Keys<'_>], a: (u32, u32), b: (u32, u32)) -> Ordering {
    let (keys_a, a) = (&keys[a.0 as usize], a.1 as usize);
    let (keys_b, b) = (&keys[b.0 as usize], b.1 as usize);
    let (receipt_a, receipt_b) = (keys_a.receipt[a], keys_b.receipt[b]);
    match (&keys_a.within, &keys_b.within) {
        (Within::Customer(at_a, number_a), Within::Customer(at_b, number_b)) => {
            at_a[a].cmp(&at_b[b]).then_with(|| {
                compare_receipts(number_a.value(a), receipt_a, number_b.value(b), receipt_b)
            })
        }
        (Within::Category(day_a), Within::Category(day_b)) => {
            day_a[a].cmp(&day_b[b]).then(receipt_a.cmp(&receipt_b))
        }
        // Batches of one call are of one order.
        _ => Ordering::Equal,
    }
}

/// The order of two receipts of one customer at one moment: by number as in the source, then by code.
pub(crate) fn compare_receipts(number_a: &str, a: u32, number_b: &str, b: u32) -> Ordering {
    if a == b { Ordering::Equal } else { compare_ids(number_a, number_b).then(a.cmp(&b)) }
}
