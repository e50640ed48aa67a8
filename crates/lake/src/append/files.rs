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
use crate::order::{LINES_PER_FILE, ROWS_AT_ONCE, SortOrder};
use crate::{LakeError, Storage};

/// Receipts of a part that the lake must store, in the order by customer.
pub(super) struct Part {
    pub batch: LineBatch,
    pub groups: Groups,
    pub incoming: Vec<Incoming>,
    pub codes: Codes,
    /// The category of each product, by the lake's codes; the order by customer needs none.
    pub categories: Vec<u32>,
    /// The run they become.
    pub version: u32,
}

/// A row of the part, and the receipt it belongs to.
type Place = (u32, u32);

/// What a part became.
pub(super) type Written = Vec<(SortOrder, StoredFile)>;

impl Part {
    /// Writes one run of files in each order.
    pub(super) fn write(&self, storage: &Storage) -> Result<Written, LakeError> {
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

    /// All rows in the order by customer, as its files have them.
    pub(super) fn rows_by_customer(&self) -> Result<RecordBatch, LakeError> {
        let order = SortOrder::ByCustomer;
        let columns = self.columns(order, &self.by_customer());
        Ok(RecordBatch::try_new(order.schema(), columns)?)
    }

    fn by_customer(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.batch.len());
        for (at, receipt) in (0..).zip(&self.incoming) {
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
            .zip(&self.incoming)
            .map(|(at, receipt)| (self.group(receipt).day, receipt.receipt, at))
            .collect();
        receipts.par_sort_unstable();
        let none =
            self.categories.iter().filter(|&&code| code != NONE).max().map_or(0, |max| max + 1);
        let category = |row: u32| {
            let product = look_up(&self.codes.product, self.batch.product[row as usize]);
            look_up(&self.categories, product).min(none) as usize
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
        let Self { batch, codes, .. } = self;
        let rows = || places.iter().map(|place| place.0 as usize);
        let receipts = || places.iter().map(|place| &self.incoming[place.1 as usize]);
        let whole = |column: &[i64]| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows().map(|row| column[row])))
        };
        let coded = |codes: &[u32], column: &[u32]| -> ArrayRef {
            Arc::new(UInt32Array::from_iter_values(rows().map(|row| look_up(codes, column[row]))))
        };
        let customer = nullable(receipts().map(|receipt| receipt.customer).collect());
        let receipt: ArrayRef =
            Arc::new(UInt32Array::from_iter_values(receipts().map(|receipt| receipt.receipt)));
        let version: ArrayRef = Arc::new(UInt32Array::from_value(self.version, places.len()));
        let day = receipts().map(|receipt| self.group(receipt).day);
        let day: ArrayRef = Arc::new(Date32Array::from_iter_values(day));
        let product = coded(&codes.product, &batch.product);
        let shop = coded(&codes.shop, &batch.shop);
        let mut columns = match order {
            SortOrder::ByCustomer => {
                let [at, minute, number] = self.moments_and_numbers(places);
                let [network, till, card, original] = self.texts(places);
                let channel = rows().map(|row| look_up(&codes.channel, batch.channel[row]));
                let channel = nullable(channel.collect());
                vec![
                    customer, receipt, version, at, day, minute, number, network, shop, till,
                    channel, card, original, product,
                ]
            }
            SortOrder::ByCategory => {
                let category = rows().map(|row| {
                    look_up(&self.categories, look_up(&codes.product, batch.product[row]))
                });
                let category = nullable(category.collect());
                vec![category, day, receipt, version, product, shop, customer]
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

    /// When each row's receipt was, and its number.
    fn moments_and_numbers(&self, places: &[Place]) -> [ArrayRef; 3] {
        let groups = || places.iter().map(|place| self.group(&self.incoming[place.1 as usize]));
        let at = TimestampMicrosecondArray::from_iter_values(groups().map(|group| group.at));
        let minute = UInt16Array::from_iter_values(groups().map(|group| group.minute));
        let numbers = &self.batch.names.number;
        let number = groups().map(|group| numbers.text(group.number));
        [
            Arc::new(at.with_timezone("UTC")),
            Arc::new(minute),
            Arc::new(number.collect::<StringArray>()),
        ]
    }

    /// Network, till, card and the receipt a return refers to.
    fn texts(&self, places: &[Place]) -> [ArrayRef; 4] {
        let (batch, names) = (&self.batch, &self.batch.names);
        let text = |texts: &Texts, of: &dyn Fn(&Place) -> u32| -> ArrayRef {
            if texts.is_empty() {
                return Arc::new(StringArray::new_null(places.len()));
            }
            Arc::new(places.iter().map(|place| texts.text(of(place))).collect::<StringArray>())
        };
        // A card of someone erased must not come back with him.
        let card = |place: &Place| {
            let row = place.0 as usize;
            let nobody = self.incoming[place.1 as usize].customer == NONE;
            if nobody && batch.customer[row] != NONE { NONE } else { batch.card[row] }
        };
        [
            text(&names.network, &|place| batch.network[place.0 as usize]),
            text(&names.till, &|place| batch.till[place.0 as usize]),
            text(&names.card, &card),
            text(&names.original, &|place| batch.original[place.0 as usize]),
        ]
    }
}

/// A column of codes that may be absent.
pub(super) fn nullable(codes: Vec<u32>) -> ArrayRef {
    if codes.contains(&NONE) {
        let codes = codes.into_iter().map(|code| (code != NONE).then_some(code));
        return Arc::new(codes.collect::<UInt32Array>());
    }
    Arc::new(UInt32Array::from(codes))
}
