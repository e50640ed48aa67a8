//! Rows of the lake, from a feed's columns to files sorted by customer.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt16Array, UInt32Array,
};
use rayon::prelude::*;
use retail::{LineBatch, NONE, Texts};

use super::group::Groups;
use super::{Codes, Incoming, look_up};
use crate::manifest::{BY_CUSTOMER, StoredFile};
use crate::rows::{encode_to, line_schema};
use crate::{LakeError, Storage};

/// Lines of a file, about: small enough to rewrite one for an erasure, large enough to be few.
const LINES_PER_FILE: usize = 1 << 20;

/// Writes sorted receipts of a feed as one run.
pub(super) fn write_incoming(
    storage: &Storage,
    batch: &LineBatch,
    groups: &Groups,
    incoming: &[Incoming],
    codes: &Codes,
    version: u32,
) -> Result<Vec<StoredFile>, LakeError> {
    let lines = |receipt: &Incoming| groups.rows(receipt.group).len();
    pieces(incoming, lines)
        .into_par_iter()
        .map(|piece| {
            let rows = record_batch(batch, groups, piece, codes, version)?;
            write_lines(storage, &rows, u64::from(version))
        })
        .collect()
}

/// Cuts sorted receipts into pieces of about a file each, never inside a customer; receipts without
/// a customer may be cut anywhere.
fn pieces(incoming: &[Incoming], lines: impl Fn(&Incoming) -> usize) -> Vec<&[Incoming]> {
    let mut pieces = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (place, receipt) in incoming.iter().enumerate() {
        let boundary = place > start
            && (receipt.customer == NONE || receipt.customer != incoming[place - 1].customer);
        if boundary && size >= LINES_PER_FILE {
            pieces.push(&incoming[start..place]);
            (start, size) = (place, 0);
        }
        size += lines(receipt);
    }
    pieces.push(&incoming[start..]);
    pieces
}

fn record_batch(
    batch: &LineBatch,
    groups: &Groups,
    incoming: &[Incoming],
    codes: &Codes,
    version: u32,
) -> Result<RecordBatch, LakeError> {
    let rows: Vec<usize> = incoming
        .iter()
        .flat_map(|receipt| groups.rows(receipt.group).iter().map(|&row| row as usize))
        .collect();
    let per_receipt = || {
        incoming
            .iter()
            .flat_map(|receipt| std::iter::repeat_n(receipt, groups.rows(receipt.group).len()))
    };
    let group = |receipt: &Incoming| &groups.list[receipt.group as usize];
    let money = |column: &[i64]| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|&row| column[row])))
    };
    let optional = |code: u32| (code != NONE).then_some(code);
    let code = |codes: &[u32], column: &[u32]| -> ArrayRef {
        Arc::new(
            rows.iter().map(|&row| optional(look_up(codes, column[row]))).collect::<UInt32Array>(),
        )
    };
    let text = |texts: &Texts, column: &[u32]| -> ArrayRef {
        Arc::new(rows.iter().map(|&row| texts.text(column[row])).collect::<StringArray>())
    };
    let names = &batch.names;
    let number = per_receipt().map(|receipt| names.number.text(group(receipt).number));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(per_receipt().map(|receipt| optional(receipt.customer)).collect::<UInt32Array>()),
        Arc::new(UInt32Array::from_iter_values(per_receipt().map(|receipt| receipt.receipt))),
        Arc::new(UInt32Array::from_value(version, rows.len())),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(
                per_receipt().map(|receipt| group(receipt).at),
            )
            .with_timezone("UTC"),
        ),
        Arc::new(Date32Array::from_iter_values(per_receipt().map(|receipt| group(receipt).day))),
        Arc::new(UInt16Array::from_iter_values(per_receipt().map(|receipt| group(receipt).minute))),
        Arc::new(number.collect::<StringArray>()),
        text(&names.network, &batch.network),
        code(&codes.shop, &batch.shop),
        text(&names.till, &batch.till),
        code(&codes.channel, &batch.channel),
        // A card of someone erased must not come back with him.
        Arc::new(
            per_receipt()
                .zip(&rows)
                .map(|(receipt, &row)| {
                    let erased = receipt.customer == NONE && batch.customer[row] != NONE;
                    names.card.text(batch.card[row]).filter(|_| !erased)
                })
                .collect::<StringArray>(),
        ),
        text(&names.original, &batch.original),
        code(&codes.product, &batch.product),
        money(&batch.quantity),
        money(&batch.net),
        money(&batch.discount),
        money(&batch.retailer_coupon),
        money(&batch.supplier_coupon),
    ];
    Ok(RecordBatch::try_new(line_schema(), columns)?)
}

/// Writes rows in the order of the lake as one file of a run.
pub(crate) fn write_lines(
    storage: &Storage,
    rows: &RecordBatch,
    run: u64,
) -> Result<StoredFile, LakeError> {
    let customer: &UInt32Array = rows.column(0).as_primitive::<UInt32Type>();
    let with_customer = customer.len() - customer.null_count();
    let mut file =
        encode_to(storage, &format!("lines/{BY_CUSTOMER}"), std::slice::from_ref(rows), run)?;
    file.customers =
        (with_customer > 0).then(|| (customer.value(0), customer.value(with_customer - 1)));
    Ok(file)
}
