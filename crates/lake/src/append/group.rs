//! Lines of a feed, gathered into receipts.

use rayon::prelude::*;
use retail::{LineBatch, NONE, Texts};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::index::Known;

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
    /// Hash of what it says, whatever the order of lines.
    pub content: u64,
    /// How many lines it has.
    pub lines: u32,
    net: i64,
}

impl Group {
    /// As the index will know it; `customer` is the lake's code.
    pub(super) fn known(&self, receipt: u32, version: u32, customer: u32) -> Known {
        let Self { content, lines, net, .. } = *self;
        Known { receipt, version, content, lines, net, customer }
    }
}

/// The receipts of a feed in order of appearance, their rows and their names.
pub(super) struct Groups {
    pub list: Vec<Group>,
    rows: Vec<u32>,
    starts: Vec<u32>,
    names: Vec<u128>,
    name_starts: Vec<u32>,
}

impl Groups {
    /// Rows of one receipt, as they came.
    pub(super) fn rows(&self, group: u32) -> &[u32] {
        let group = group as usize;
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// Its names: each own key it came under, and its fiscal name.
    pub(super) fn names(&self, group: u32) -> &[u128] {
        let group = group as usize;
        &self.names[self.name_starts[group] as usize..self.name_starts[group + 1] as usize]
    }

    /// Gathers rows into receipts: by their key, by their fiscal name, and by what the lake knows of
    /// both. Of a receipt that came through several doors, the one that came last tells its content.
    pub(super) fn new(
        batch: &LineBatch,
        keys: &Keys,
        erased: &[bool],
        known: &FxHashMap<u128, Known>,
    ) -> Self {
        let (receipt_of_key, receipts) = unite(keys, known);
        let mut last_key = vec![0; receipts];
        for (key, &receipt) in receipt_of_key.iter().enumerate() {
            last_key[receipt as usize] = key as u32;
        }
        let (starts, rows) = rows_by_group(&keys.of_row, &receipt_of_key, &last_key);
        let hashes = Hashes::of(batch);
        let rows_of = |group: usize| &rows[starts[group] as usize..starts[group + 1] as usize];
        let gathered = last_key.par_iter().enumerate().map(|(group, &key)| {
            let first = keys.list[key as usize].first as usize;
            gather(batch, erased, &hashes, first, rows_of(group))
        });
        let list = gathered.collect();
        let (name_starts, names) = names_by_group(keys, &receipt_of_key, receipts);
        Self { list, rows, starts, names, name_starts }
    }
}

/// A key of a feed: network, shop, till and number.
struct Key {
    /// The first row that has it.
    first: u32,
    /// Feed's code of the fiscal name that came with it, if any.
    fiscal: u32,
    /// Hash of the key.
    own: u128,
    /// Hash of the fiscal name.
    fiscal_name: Option<u128>,
}

impl Key {
    fn names(&self) -> impl Iterator<Item = u128> {
        [Some(self.own), self.fiscal_name].into_iter().flatten()
    }
}

/// The keys of a feed in order of appearance, and the key of each row.
pub(super) struct Keys {
    list: Vec<Key>,
    of_row: Vec<u32>,
}

impl Keys {
    pub(super) fn of(batch: &LineBatch) -> Self {
        let key =
            |row: usize| (batch.network[row], batch.shop[row], batch.till[row], batch.number[row]);
        let mut by_key = FxHashMap::default();
        let mut keys = Self { list: Vec::new(), of_row: Vec::with_capacity(batch.len()) };
        for row in 0..batch.len() {
            let place = if row > 0 && key(row) == key(row - 1) {
                keys.of_row[row - 1]
            } else {
                *by_key.entry(key(row)).or_insert_with(|| {
                    let first = row as u32;
                    keys.list.push(Key { first, fiscal: NONE, own: 0, fiscal_name: None });
                    keys.list.len() as u32 - 1
                })
            };
            let fiscal = &mut keys.list[place as usize].fiscal;
            if *fiscal == NONE {
                *fiscal = batch.fiscal[row];
            }
            keys.of_row.push(place);
        }
        keys.list.par_iter_mut().for_each_init(Vec::new, |bytes, key| {
            key.own = own_name(batch, key.first as usize, bytes);
            let fiscal = batch.names.fiscal.text(key.fiscal);
            key.fiscal_name = fiscal.map(|text| xxh3_128(text.as_bytes()));
        });
        keys
    }

    /// All names, ascending and distinct.
    pub(super) fn names(&self) -> Vec<u128> {
        let mut names: Vec<u128> = self.list.iter().flat_map(Key::names).collect();
        names.par_sort_unstable();
        names.dedup();
        names
    }
}

fn names_by_group(keys: &Keys, receipt_of_key: &[u32], receipts: usize) -> (Vec<u32>, Vec<u128>) {
    let mut starts = vec![0u32; receipts + 1];
    for (key, &receipt) in keys.list.iter().zip(receipt_of_key) {
        starts[receipt as usize + 1] += key.names().count() as u32;
    }
    for place in 0..receipts {
        starts[place + 1] += starts[place];
    }
    let mut next = starts.clone();
    let mut names = vec![0; starts[receipts] as usize];
    for (key, &receipt) in keys.list.iter().zip(receipt_of_key) {
        for name in key.names() {
            names[next[receipt as usize] as usize] = name;
            next[receipt as usize] += 1;
        }
    }
    (starts, names)
}

/// The receipt of each key, and how many receipts there are.
fn unite(keys: &Keys, known: &FxHashMap<u128, Known>) -> (Vec<u32>, usize) {
    let mut parent: Vec<u32> = (0..keys.list.len() as u32).collect();
    let mut by_fiscal = FxHashMap::default();
    let mut by_known = FxHashMap::default();
    for (place, key) in (0..).zip(&keys.list) {
        if key.fiscal != NONE {
            join(&mut parent, *by_fiscal.entry(key.fiscal).or_insert(place), place);
        }
        for known in key.names().filter_map(|name| known.get(&name)) {
            join(&mut parent, *by_known.entry(known.receipt).or_insert(place), place);
        }
    }
    let mut receipts = 0;
    let mut number = vec![NONE; parent.len()];
    let receipt_of_key = (0..parent.len() as u32).map(|place| {
        let root = root(&mut parent, place) as usize;
        if number[root] == NONE {
            number[root] = receipts;
            receipts += 1;
        }
        number[root]
    });
    let receipt_of_key = receipt_of_key.collect();
    (receipt_of_key, receipts as usize)
}

fn root(parent: &mut [u32], place: u32) -> u32 {
    let mut at = place;
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}

/// Rows of each receipt: those of its last key.
fn rows_by_group(of_row: &[u32], receipt_of_key: &[u32], last_key: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let receipt = |key: u32| {
        let receipt = receipt_of_key[key as usize];
        (last_key[receipt as usize] == key).then_some(receipt as usize)
    };
    let mut starts = vec![0u32; last_key.len() + 1];
    for &key in of_row {
        if let Some(receipt) = receipt(key) {
            starts[receipt + 1] += 1;
        }
    }
    for place in 0..last_key.len() {
        starts[place + 1] += starts[place];
    }
    let mut next = starts.clone();
    let mut rows = vec![0u32; starts[last_key.len()] as usize];
    for (row, &key) in of_row.iter().enumerate() {
        if let Some(receipt) = receipt(key) {
            rows[next[receipt] as usize] = row as u32;
            next[receipt] += 1;
        }
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
    Group {
        number: batch.number[first],
        customer,
        at: batch.at[earliest],
        day: batch.day[earliest],
        minute: batch.minute[earliest],
        content: content ^ hashes.text(&hashes.customer, customer),
        lines: rows.len() as u32,
        net: rows.iter().map(|&row| batch.net[row as usize]).sum(),
    }
}

/// Network, shop, till and number, each ended by a byte that stands in no UTF-8 text.
fn own_name(batch: &LineBatch, row: usize, bytes: &mut Vec<u8>) -> u128 {
    let names = &batch.names;
    let parts = [
        names.network.text(batch.network[row]),
        names.shop.text(batch.shop[row]),
        names.till.text(batch.till[row]),
        names.number.text(batch.number[row]),
    ];
    bytes.clear();
    for part in parts {
        bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        bytes.push(0xff);
    }
    xxh3_128(bytes)
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
