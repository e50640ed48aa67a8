//! Lines of a feed, gathered into receipts.

use retail::{LineBatch, NONE, Texts};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::receipts::{Known, Names};

/// A receipt of a feed.
pub(super) struct Group {
    /// Feed's code of its number.
    pub number: u32,
    /// Feed's code of its customer.
    pub customer: u32,
    /// When its earliest line was sold.
    pub at: i64,
    /// The business day of that line.
    pub day: i32,
    /// The local minute of that line.
    pub minute: u16,
    /// Its names.
    pub names: Names,
    /// Hash of what it says, whatever the order of lines.
    pub content: u64,
    lines: u32,
    net: i64,
}

impl Group {
    pub(super) fn known(&self, receipt: u32, version: u32) -> Known {
        Known {
            receipt,
            version,
            content: self.content,
            lines: self.lines,
            net: self.net,
            with_customer: self.customer != NONE,
        }
    }
}

/// The receipts of a feed in order of appearance, and their rows.
pub(super) struct Groups {
    pub list: Vec<Group>,
    rows: Vec<u32>,
    starts: Vec<u32>,
}

impl Groups {
    /// Rows of one receipt, as they came.
    pub(super) fn rows(&self, group: u32) -> &[u32] {
        let group = group as usize;
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

/// Gathers rows into receipts by their key, or by their fiscal name.
pub(super) fn groups(batch: &LineBatch, erased: &[bool]) -> Groups {
    let (group_of_row, firsts) = assign(batch);
    let (starts, rows) = rows_by_group(&group_of_row, firsts.len());
    let hashes = Hashes::of(batch);
    let mut groups = Groups { list: Vec::with_capacity(firsts.len()), rows, starts };
    for (place, first) in firsts.into_iter().enumerate() {
        let group = gather(batch, erased, &hashes, first as usize, groups.rows(place as u32));
        groups.list.push(group);
    }
    groups
}

/// The receipt of each row, and the first row of each receipt.
fn assign(batch: &LineBatch) -> (Vec<u32>, Vec<u32>) {
    let key =
        |row: usize| (batch.network[row], batch.shop[row], batch.till[row], batch.number[row]);
    let mut by_key = FxHashMap::default();
    let mut by_fiscal = FxHashMap::default();
    let mut firsts: Vec<u32> = Vec::new();
    let mut group_of_row = Vec::with_capacity(batch.len());
    for row in 0..batch.len() {
        let fiscal = batch.fiscal[row];
        let again = row > 0 && key(row) == key(row - 1) && fiscal == batch.fiscal[row - 1];
        let group = if again {
            group_of_row[row - 1]
        } else {
            let known = by_key.get(&key(row)).or_else(|| by_fiscal.get(&fiscal)).copied();
            let group = known.unwrap_or_else(|| {
                firsts.push(row as u32);
                firsts.len() as u32 - 1
            });
            by_key.insert(key(row), group);
            if fiscal != NONE {
                by_fiscal.insert(fiscal, group);
            }
            group
        };
        group_of_row.push(group);
    }
    (group_of_row, firsts)
}

fn rows_by_group(group_of_row: &[u32], groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; groups + 1];
    for &group in group_of_row {
        starts[group as usize + 1] += 1;
    }
    for place in 0..groups {
        starts[place + 1] += starts[place];
    }
    let mut next = starts.clone();
    let mut rows = vec![0u32; group_of_row.len()];
    for (row, &group) in group_of_row.iter().enumerate() {
        let place = &mut next[group as usize];
        rows[*place as usize] = row as u32;
        *place += 1;
    }
    (starts, rows)
}

fn gather(
    batch: &LineBatch,
    erased: &[bool],
    hashes: &Hashes,
    first: usize,
    rows: &[u32],
) -> Group {
    let customer = rows
        .iter()
        .map(|&row| batch.customer[row as usize])
        .find(|&code| code != NONE && !erased[code as usize])
        .unwrap_or(NONE);
    let earliest =
        rows.iter().map(|&row| row as usize).min_by_key(|&row| batch.at[row]).unwrap_or(first);
    let content =
        rows.iter().fold(0u64, |sum, &row| sum.wrapping_add(hashes.line(batch, row as usize)));
    let fiscal = rows.iter().map(|&row| batch.fiscal[row as usize]).find(|&code| code != NONE);
    Group {
        number: batch.number[first],
        customer,
        at: batch.at[earliest],
        day: batch.day[earliest],
        minute: batch.minute[earliest],
        names: Names {
            own: own_name(batch, first),
            fiscal: fiscal
                .and_then(|code| batch.names.fiscal.text(code))
                .map(|text| xxh3_128(text.as_bytes())),
        },
        content: content ^ hashes.text(&hashes.customer, customer),
        lines: rows.len() as u32,
        net: rows.iter().map(|&row| batch.net[row as usize]).sum(),
    }
}

/// Network, shop, till and number, each ended by a byte that stands in no UTF-8 text.
fn own_name(batch: &LineBatch, row: usize) -> u128 {
    let names = &batch.names;
    let parts = [
        names.network.text(batch.network[row]),
        names.shop.text(batch.shop[row]),
        names.till.text(batch.till[row]),
        names.number.text(batch.number[row]),
    ];
    let mut bytes = Vec::with_capacity(64);
    for part in parts {
        bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        bytes.push(0xff);
    }
    xxh3_128(&bytes)
}

/// Hashes of the texts behind a feed's codes, so that content compares across feeds.
struct Hashes {
    customer: Vec<u64>,
    card: Vec<u64>,
    channel: Vec<u64>,
    original: Vec<u64>,
    product: Vec<u64>,
    fiscal: Vec<u64>,
}

impl Hashes {
    fn of(batch: &LineBatch) -> Self {
        let hash = |texts: &Texts| texts.iter().map(|text| xxh3_64(text.as_bytes())).collect();
        let names = &batch.names;
        Self {
            customer: hash(&names.customer),
            card: hash(&names.card),
            channel: hash(&names.channel),
            original: hash(&names.original),
            product: hash(&names.product),
            fiscal: hash(&names.fiscal),
        }
    }

    fn text(&self, hashes: &[u64], code: u32) -> u64 {
        hashes.get(code as usize).copied().unwrap_or(0)
    }

    fn line(&self, batch: &LineBatch, row: usize) -> u64 {
        let words = [
            batch.at[row] as u64,
            u64::from(batch.day[row] as u32) << 32 | u64::from(batch.minute[row]),
            batch.quantity[row] as u64,
            batch.net[row] as u64,
            batch.discount[row] as u64,
            batch.retailer_coupon[row] as u64,
            batch.supplier_coupon[row] as u64,
            self.text(&self.card, batch.card[row]),
            self.text(&self.channel, batch.channel[row]),
            self.text(&self.original, batch.original[row]),
            self.text(&self.product, batch.product[row]),
            self.text(&self.fiscal, batch.fiscal[row]),
        ];
        let mut bytes = [0u8; 96];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        xxh3_64(&bytes)
    }
}
