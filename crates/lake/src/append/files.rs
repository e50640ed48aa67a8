//! Rows of the lake, from a part's columns to files in every order.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt16Array, UInt32Array,
};
use rayon::prelude::*;
use retail::{LineBatch, NONE, Texts};

use super::group::{Group, Groups};
use super::{Codes, Incoming, look_up};
use crate::manifest::StoredFile;
use crate::order::{LINES_PER_FILE, SortOrder};
use crate::{LakeError, Storage};

/// Rows that are made into columns at a time: they stay in the processor's cache.
const ROWS_AT_ONCE: usize = 1 << 13;

/// Receipts of a part that the lake must store, in the order by customer.
pub(super) struct Part<'a> {
    pub batch: &'a LineBatch,
    pub groups: &'a Groups,
    pub incoming: &'a [Incoming],
    pub codes: &'a Codes,
    /// The category of each product, by the lake's codes.
    pub categories: &'a [u32],
    /// The run they become.
    pub version: u32,
}

/// A row of the part, and the receipt it belongs to.
type Place = (u32, u32);

impl Part<'_> {
    /// Writes one run of files in each order.
    pub(super) fn write(
        &self,
        storage: &Storage,
    ) -> Result<Vec<(SortOrder, StoredFile)>, LakeError> {
        let (by_customer, by_category) = rayon::join(|| self.by_customer(), || self.by_category());
        let customers = self.cut_between_customers(&by_customer);
        let pieces = customers
            .into_iter()
            .map(|piece| (SortOrder::ByCustomer, piece))
            .chain(by_category.chunks(LINES_PER_FILE).map(|piece| (SortOrder::ByCategory, piece)));
        pieces
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(order, piece)| {
                let mut writer = order.writer()?;
                for rows in piece.chunks(ROWS_AT_ONCE) {
                    let columns = self.columns(order, rows);
                    writer.write(&RecordBatch::try_new(order.schema(), columns)?)?;
                }
                Ok((order, writer.finish(storage, u64::from(self.version))?))
            })
            .collect()
    }

    fn by_customer(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.batch.len());
        for (at, receipt) in (0..).zip(self.incoming) {
            places.extend(self.groups.rows(receipt.group).iter().map(|&row| (row, at)));
        }
        places
    }

    /// Pieces of about a file each, cut never inside a customer; lines without one may be cut between
    /// receipts.
    fn cut_between_customers<'p>(&self, places: &'p [Place]) -> Vec<&'p [Place]> {
        let mut pieces = Vec::new();
        let mut rest = places;
        while rest.len() > LINES_PER_FILE {
            let unit = |place: &Place| {
                let customer = self.incoming[place.1 as usize].customer;
                if customer == NONE { (customer, place.1) } else { (customer, 0) }
            };
            let last = unit(&rest[LINES_PER_FILE - 1]);
            let more = rest[LINES_PER_FILE..].partition_point(|place| unit(place) <= last);
            let (piece, after) = rest.split_at(LINES_PER_FILE + more);
            pieces.push(piece);
            rest = after;
        }
        pieces.extend((!rest.is_empty()).then_some(rest));
        pieces
    }

    /// By category (none last), day, receipt: receipts by day and code first, then their lines are
    /// dealt out to categories.
    fn by_category(&self) -> Vec<Place> {
        let mut receipts: Vec<(i32, u32, u32)> = (0..)
            .zip(self.incoming)
            .map(|(at, receipt)| (self.group(receipt).day, receipt.receipt, at))
            .collect();
        receipts.par_sort_unstable();
        let none =
            self.categories.iter().filter(|&&code| code != NONE).max().map_or(0, |max| max + 1);
        let category = |row: u32| {
            let product = look_up(&self.codes.product, self.batch.product[row as usize]);
            look_up(self.categories, product).min(none) as usize
        };
        let mut next = vec![0usize; none as usize + 2];
        let rows = |at: u32| self.groups.rows(self.incoming[at as usize].group);
        for &(_, _, at) in &receipts {
            rows(at).iter().for_each(|&row| next[category(row) + 1] += 1);
        }
        for code in 1..next.len() {
            next[code] += next[code - 1];
        }
        let mut places = vec![(0, 0); *next.last().unwrap_or(&0)];
        for &(_, _, at) in &receipts {
            for &row in rows(at) {
                let place = &mut next[category(row)];
                places[*place] = (row, at);
                *place += 1;
            }
        }
        places
    }

    fn group(&self, receipt: &Incoming) -> &Group {
        &self.groups.list[receipt.group as usize]
    }

    /// Columns of these rows, as the order's schema wants them.
    fn columns(&self, order: SortOrder, places: &[Place]) -> Vec<ArrayRef> {
        let (batch, codes, names) = (self.batch, self.codes, &self.batch.names);
        let receipts = || places.iter().map(|place| &self.incoming[place.1 as usize]);
        let rows = || places.iter().map(|place| place.0 as usize);
        let optional = |code: u32| (code != NONE).then_some(code);
        let whole = |column: &[i64]| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows().map(|row| column[row])))
        };
        let code = |codes: &[u32], column: &[u32]| -> ArrayRef {
            Arc::new(UInt32Array::from_iter_values(rows().map(|row| look_up(codes, column[row]))))
        };
        let maybe = |codes: &[u32], column: &[u32]| -> ArrayRef {
            let codes = rows().map(|row| optional(look_up(codes, column[row])));
            Arc::new(codes.collect::<UInt32Array>())
        };
        let text = |texts: &Texts, column: &[u32]| -> ArrayRef {
            if texts.is_empty() {
                return Arc::new(StringArray::new_null(places.len()));
            }
            Arc::new(rows().map(|row| texts.text(column[row])).collect::<StringArray>())
        };
        let customer: ArrayRef =
            Arc::new(receipts().map(|receipt| optional(receipt.customer)).collect::<UInt32Array>());
        let receipt: ArrayRef =
            Arc::new(UInt32Array::from_iter_values(receipts().map(|receipt| receipt.receipt)));
        let version: ArrayRef = Arc::new(UInt32Array::from_value(self.version, places.len()));
        let day: ArrayRef = Arc::new(Date32Array::from_iter_values(
            receipts().map(|receipt| self.group(receipt).day),
        ));
        let mut columns = match order {
            SortOrder::ByCustomer => {
                let at = receipts().map(|receipt| self.group(receipt).at);
                let minute = receipts().map(|receipt| self.group(receipt).minute);
                let number =
                    receipts().map(|receipt| names.number.text(self.group(receipt).number));
                // A card of someone erased must not come back with him.
                let card = receipts().zip(rows()).map(|(receipt, row)| {
                    let erased = receipt.customer == NONE && batch.customer[row] != NONE;
                    names.card.text(batch.card[row]).filter(|_| !erased)
                });
                vec![
                    customer,
                    receipt,
                    version,
                    Arc::new(TimestampMicrosecondArray::from_iter_values(at).with_timezone("UTC")),
                    day,
                    Arc::new(UInt16Array::from_iter_values(minute)),
                    Arc::new(number.collect::<StringArray>()),
                    text(&names.network, &batch.network),
                    code(&codes.shop, &batch.shop),
                    text(&names.till, &batch.till),
                    maybe(&codes.channel, &batch.channel),
                    Arc::new(card.collect::<StringArray>()),
                    text(&names.original, &batch.original),
                    code(&codes.product, &batch.product),
                ]
            }
            SortOrder::ByCategory => {
                let category = rows().map(|row| {
                    let product = look_up(&codes.product, batch.product[row]);
                    optional(look_up(self.categories, product))
                });
                vec![
                    Arc::new(category.collect::<UInt32Array>()),
                    day,
                    receipt,
                    version,
                    code(&codes.product, &batch.product),
                    code(&codes.shop, &batch.shop),
                    customer,
                ]
            }
        };
        columns.extend([
            whole(&batch.quantity),
            whole(&batch.net),
            whole(&batch.discount),
            whole(&batch.retailer_coupon),
            whole(&batch.supplier_coupon),
        ]);
        columns
    }
}
