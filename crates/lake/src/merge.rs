//! Several runs become one: live rows, in the order of the lake.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use retail::{NONE, compare_ids};

use crate::LakeError;

/// Puts rows of several sorted runs in the order of the lake. All batches must have the columns
/// `customer`, `at`, `number`, `receipt`; each must be sorted, and lines of a receipt stay together.
pub(crate) fn merge(batches: &[RecordBatch]) -> Result<Option<RecordBatch>, LakeError> {
    let Some(first) = batches.first() else { return Ok(None) };
    let all = concat_batches(&first.schema(), batches)?;
    let order = order(&all)?;
    let sorted = order.windows(2).all(|pair| pair[0] < pair[1]);
    if sorted {
        Ok(Some(all))
    } else {
        Ok(Some(take_record_batch(&all, &UInt32Array::from(order))?))
    }
}

fn order(all: &RecordBatch) -> Result<Vec<u32>, LakeError> {
    let missing = |name: &str| LakeError::Damaged {
        path: "a file of lines".to_owned(),
        why: format!("it has no column {name} of the expected type"),
    };
    let codes = |name: &str| {
        all.column_by_name(name)
            .and_then(|c| c.as_primitive_opt::<UInt32Type>())
            .ok_or_else(|| missing(name))
    };
    let (customer, receipt) = (codes("customer")?, codes("receipt")?);
    let at = all
        .column_by_name("at")
        .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
        .ok_or_else(|| missing("at"))?;
    let number = all
        .column_by_name("number")
        .and_then(|c| c.as_string_opt::<i32>())
        .ok_or_else(|| missing("number"))?;

    let code = |row: usize| if customer.is_null(row) { NONE } else { customer.value(row) };
    let compare = |&a: &u32, &b: &u32| -> Ordering {
        let (a, b) = (a as usize, b as usize);
        code(a).cmp(&code(b)).then_with(|| at.value(a).cmp(&at.value(b))).then_with(|| {
            compare_receipts(number.value(a), receipt.value(a), number.value(b), receipt.value(b))
        })
    };
    let rows =
        u32::try_from(all.num_rows()).map_err(|_| LakeError::Full { what: "lines of a range" })?;
    let mut order: Vec<u32> = (0..rows).collect();
    // Stable, so that lines of a receipt keep their order; it finds the sorted runs by itself.
    order.sort_by(compare);
    Ok(order)
}

/// The order of two receipts of one customer at one moment: by number as in the source, then by code.
pub(crate) fn compare_receipts(number_a: &str, a: u32, number_b: &str, b: u32) -> Ordering {
    if a == b { Ordering::Equal } else { compare_ids(number_a, number_b).then(a.cmp(&b)) }
}
