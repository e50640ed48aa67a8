//! Reference tables: products, shops, customers, campaigns … Each is one file, written anew when it
//! changes; the newest row of a key counts.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray,
};
use rayon::prelude::*;
use retail::{
    Assortment, Campaign, Cost, Coupon, Customer, Day, Invitation, Money, Price, Product, Quantity,
    Redemption, Shop, Stock,
};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use crate::append::TableChange;
use crate::manifest::{Manifest, StoredFile};
use crate::rows::{encode_to, read_all};
use crate::{LakeError, Storage};

/// A value of a reference table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A text or nothing.
    Text(Option<Cow<'a, str>>),
    /// A whole number.
    Int(i64),
    /// A day or nothing.
    Day(Option<i32>),
    /// Yes or no.
    Flag(bool),
}

/// A row of a reference table: how plain data of the trade becomes columns and comes back.
pub trait Row: Sized + PartialEq + Sync {
    /// Name of the table.
    const TABLE: &'static str;
    /// Names of the columns; the first [`Row::KEY`] of them say which row it is.
    const COLUMNS: &'static [&'static str];
    /// How many columns are the key.
    const KEY: usize;
    /// The row's value in a column.
    fn cell(&self, column: usize) -> Cell<'_>;
    /// The row of such values; nothing if one is missing or of another type.
    fn from_cells(cells: Cells<'_, '_>) -> Option<Self>;
}

/// The values of a row, one a column.
pub type Cells<'i, 'c> = &'i mut dyn Iterator<Item = Cell<'c>>;

fn text(value: &str) -> Cell<'_> {
    Cell::Text(Some(Cow::Borrowed(value)))
}

fn maybe(value: Option<&str>) -> Cell<'_> {
    Cell::Text(value.map(Cow::Borrowed))
}

fn day(day: Day) -> Cell<'static> {
    Cell::Day(Some(day.0))
}

fn maybe_day(day: Option<Day>) -> Cell<'static> {
    Cell::Day(day.map(|day| day.0))
}

fn take_maybe(cells: Cells<'_, '_>) -> Option<Option<String>> {
    match cells.next()? {
        Cell::Text(value) => Some(value.map(Cow::into_owned)),
        _ => None,
    }
}

fn take_text(cells: Cells<'_, '_>) -> Option<String> {
    take_maybe(cells)?
}

fn take_int(cells: Cells<'_, '_>) -> Option<i64> {
    match cells.next()? {
        Cell::Int(value) => Some(value),
        _ => None,
    }
}

fn take_maybe_day(cells: Cells<'_, '_>) -> Option<Option<Day>> {
    match cells.next()? {
        Cell::Day(value) => Some(value.map(Day)),
        _ => None,
    }
}

fn take_day(cells: Cells<'_, '_>) -> Option<Day> {
    take_maybe_day(cells)?
}

fn take_flag(cells: Cells<'_, '_>) -> Option<bool> {
    match cells.next()? {
        Cell::Flag(value) => Some(value),
        _ => None,
    }
}

impl Row for Product {
    const TABLE: &'static str = "products";
    const COLUMNS: &'static [&'static str] = &[
        "product",
        "name",
        "name_en",
        "brand",
        "supplier",
        "department",
        "category",
        "kind",
        "size",
        "private_label",
        "merchandise",
        "offerable",
        "service",
        "tags",
    ];
    const KEY: usize = 1;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.id.0),
            1 => maybe(self.name.as_deref()),
            2 => maybe(self.name_en.as_deref()),
            3 => maybe(self.brand.as_deref()),
            4 => maybe(self.supplier.as_deref()),
            5 => maybe(self.department.as_deref()),
            6 => maybe(self.category.as_deref()),
            7 => maybe(self.kind.as_deref()),
            8 => maybe(self.size.as_deref()),
            9 => Cell::Flag(self.private_label),
            10 => Cell::Flag(self.merchandise),
            11 => Cell::Flag(self.offerable),
            12 => Cell::Flag(self.service),
            _ => Cell::Text(Some(self.tags.join(",").into())),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            id: take_text(cells)?.as_str().into(),
            name: take_maybe(cells)?,
            name_en: take_maybe(cells)?,
            brand: take_maybe(cells)?,
            supplier: take_maybe(cells)?,
            department: take_maybe(cells)?,
            category: take_maybe(cells)?,
            kind: take_maybe(cells)?,
            size: take_maybe(cells)?,
            private_label: take_flag(cells)?,
            merchandise: take_flag(cells)?,
            offerable: take_flag(cells)?,
            service: take_flag(cells)?,
            tags: take_text(cells)?
                .split(',')
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

impl Row for Shop {
    const TABLE: &'static str = "shops";
    const COLUMNS: &'static [&'static str] = &["shop", "name", "name_en", "region"];
    const KEY: usize = 1;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.id.0),
            1 => maybe(self.name.as_deref()),
            2 => maybe(self.name_en.as_deref()),
            _ => maybe(self.region.as_deref()),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            id: take_text(cells)?.as_str().into(),
            name: take_maybe(cells)?,
            name_en: take_maybe(cells)?,
            region: take_maybe(cells)?,
        })
    }
}

impl Row for Customer {
    const TABLE: &'static str = "customers";
    const COLUMNS: &'static [&'static str] = &["customer", "household", "attributes"];
    const KEY: usize = 1;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.id.0),
            1 => maybe(self.household.as_deref()),
            _ => Cell::Text(serde_json::to_string(&self.attributes).ok().map(Cow::Owned)),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            id: take_text(cells)?.as_str().into(),
            household: take_maybe(cells)?,
            attributes: serde_json::from_str(&take_text(cells)?).ok()?,
        })
    }
}

impl Row for Campaign {
    const TABLE: &'static str = "campaigns";
    const COLUMNS: &'static [&'static str] = &["campaign", "kind", "start", "end"];
    const KEY: usize = 1;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.id.0),
            1 => maybe(self.kind.as_deref()),
            2 => day(self.start),
            _ => day(self.end),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            id: take_text(cells)?.as_str().into(),
            kind: take_maybe(cells)?,
            start: take_day(cells)?,
            end: take_day(cells)?,
        })
    }
}

impl Row for Invitation {
    const TABLE: &'static str = "invitations";
    const COLUMNS: &'static [&'static str] = &["campaign", "customer"];
    const KEY: usize = 2;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.campaign.0),
            _ => text(&self.customer.0),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            campaign: take_text(cells)?.as_str().into(),
            customer: take_text(cells)?.as_str().into(),
        })
    }
}

impl Row for Coupon {
    const TABLE: &'static str = "coupons";
    const COLUMNS: &'static [&'static str] = &["coupon", "campaign", "product"];
    const KEY: usize = 3;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.id.0),
            1 => text(&self.campaign.0),
            _ => text(&self.product.0),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            id: take_text(cells)?.as_str().into(),
            campaign: take_text(cells)?.as_str().into(),
            product: take_text(cells)?.as_str().into(),
        })
    }
}

impl Row for Redemption {
    const TABLE: &'static str = "redemptions";
    const COLUMNS: &'static [&'static str] = &["coupon", "customer", "campaign", "day"];
    const KEY: usize = 4;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.coupon.0),
            1 => text(&self.customer.0),
            2 => text(&self.campaign.0),
            _ => day(self.day),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            coupon: take_text(cells)?.as_str().into(),
            customer: take_text(cells)?.as_str().into(),
            campaign: take_text(cells)?.as_str().into(),
            day: take_day(cells)?,
        })
    }
}

impl Row for Cost {
    const TABLE: &'static str = "costs";
    const COLUMNS: &'static [&'static str] = &["product", "from", "cost"];
    const KEY: usize = 2;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.product.0),
            1 => day(self.from),
            _ => Cell::Int(self.cost.0),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            product: take_text(cells)?.as_str().into(),
            from: take_day(cells)?,
            cost: Money(take_int(cells)?),
        })
    }
}

impl Row for Price {
    const TABLE: &'static str = "prices";
    const COLUMNS: &'static [&'static str] = &["product", "shop", "from", "price"];
    const KEY: usize = 3;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.product.0),
            1 => maybe(self.shop.as_ref().map(|shop| shop.0.as_str())),
            2 => day(self.from),
            _ => Cell::Int(self.price.0),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            product: take_text(cells)?.as_str().into(),
            shop: take_maybe(cells)?.map(|shop| shop.as_str().into()),
            from: take_day(cells)?,
            price: Money(take_int(cells)?),
        })
    }
}

impl Row for Assortment {
    const TABLE: &'static str = "assortment";
    const COLUMNS: &'static [&'static str] = &["product", "shop", "from", "to"];
    const KEY: usize = 3;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.product.0),
            1 => text(&self.shop.0),
            2 => maybe_day(self.from),
            _ => maybe_day(self.to),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            product: take_text(cells)?.as_str().into(),
            shop: take_text(cells)?.as_str().into(),
            from: take_maybe_day(cells)?,
            to: take_maybe_day(cells)?,
        })
    }
}

impl Row for Stock {
    const TABLE: &'static str = "stock";
    const COLUMNS: &'static [&'static str] = &["product", "shop", "day", "quantity"];
    const KEY: usize = 3;

    fn cell(&self, column: usize) -> Cell<'_> {
        match column {
            0 => text(&self.product.0),
            1 => text(&self.shop.0),
            2 => day(self.day),
            _ => Cell::Int(self.quantity.0),
        }
    }

    fn from_cells(cells: Cells<'_, '_>) -> Option<Self> {
        Some(Self {
            product: take_text(cells)?.as_str().into(),
            shop: take_text(cells)?.as_str().into(),
            day: take_day(cells)?,
            quantity: Quantity(take_int(cells)?),
        })
    }
}

/// A table with rows added, to become part of a state.
pub(crate) struct Added {
    pub table: &'static str,
    /// Its new file, where it changed.
    pub file: Option<StoredFile>,
    pub change: TableChange,
}

/// Where rows are added.
#[derive(Clone, Copy)]
pub(crate) struct Adding<'a> {
    pub storage: &'a Storage,
    pub state: &'a Manifest,
    pub run: u64,
}

impl<'a> Adding<'a> {
    /// The work of adding these rows, if there are any.
    pub(crate) fn rows<R: Row + Send + 'a>(
        self,
        rows: &mut Vec<R>,
    ) -> Option<Box<dyn FnOnce() -> Result<Added, LakeError> + Send + 'a>> {
        let rows = std::mem::take(rows);
        (!rows.is_empty()).then(|| Box::new(move || self.add(rows)) as Box<_>)
    }

    fn add<R: Row>(self, rows: Vec<R>) -> Result<Added, LakeError> {
        let mut all = of::<R>(self.storage, self.state)?;
        let change = merge(&mut all, rows);
        let changed = change.new + change.changed > 0;
        let file = changed.then(|| write(self.storage, &all, self.run)).transpose()?;
        Ok(Added { table: R::TABLE, file, change })
    }
}

/// Adds rows: one with a known key replaces the older, in its place.
fn merge<R: Row>(all: &mut Vec<R>, rows: Vec<R>) -> TableChange {
    let mut bytes = Vec::new();
    let mut places: FxHashMap<u128, usize> =
        all.iter().enumerate().map(|(place, row)| (key(row, &mut bytes), place)).collect();
    places.reserve(rows.len());
    let mut change = TableChange::default();
    for row in rows {
        match places.entry(key(&row, &mut bytes)) {
            Entry::Occupied(place) if all[*place.get()] == row => change.same += 1,
            Entry::Occupied(place) => {
                all[*place.get()] = row;
                change.changed += 1;
            }
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(row);
                change.new += 1;
            }
        }
    }
    change
}

/// What a row is known by: a hash of the values that say which row it is.
fn key<R: Row>(row: &R, bytes: &mut Vec<u8>) -> u128 {
    bytes.clear();
    for column in 0..R::KEY {
        match row.cell(column) {
            Cell::Text(None) | Cell::Day(None) => bytes.push(0),
            Cell::Text(Some(text)) => {
                bytes.push(1);
                bytes.extend_from_slice(text.as_bytes());
                // Stands in no UTF-8 text.
                bytes.push(0xff);
            }
            Cell::Day(Some(day)) => {
                bytes.push(1);
                bytes.extend_from_slice(&day.to_le_bytes());
            }
            Cell::Int(number) => bytes.extend_from_slice(&number.to_le_bytes()),
            Cell::Flag(flag) => bytes.push(u8::from(flag)),
        }
    }
    xxh3_128(bytes)
}

pub(crate) fn write<R: Row>(
    storage: &Storage,
    rows: &[R],
    run: u64,
) -> Result<StoredFile, LakeError> {
    let columns: Vec<ArrayRef> =
        (0..R::COLUMNS.len()).into_par_iter().map(|column| array(rows, column)).collect();
    let columns = R::COLUMNS.iter().zip(columns).map(|(&name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    encode_to(storage, &format!("table/{}", R::TABLE), &[batch], run)
}

/// A column, of the type of its first value.
fn array<R: Row>(rows: &[R], column: usize) -> ArrayRef {
    let cells = || rows.iter().map(|row| row.cell(column));
    match cells().next() {
        Some(Cell::Int(_)) => Arc::new(
            cells()
                .map(|cell| if let Cell::Int(value) = cell { Some(value) } else { None })
                .collect::<Int64Array>(),
        ),
        Some(Cell::Day(_)) => Arc::new(
            cells()
                .map(|cell| if let Cell::Day(value) = cell { value } else { None })
                .collect::<Date32Array>(),
        ),
        Some(Cell::Flag(_)) => Arc::new(
            cells()
                .map(|cell| if let Cell::Flag(value) = cell { Some(value) } else { None })
                .collect::<BooleanArray>(),
        ),
        Some(Cell::Text(_)) | None => Arc::new(
            cells()
                .map(|cell| if let Cell::Text(value) = cell { value } else { None })
                .collect::<StringArray>(),
        ),
    }
}

/// All rows of a table in a state.
pub(crate) fn of<R: Row>(storage: &Storage, state: &Manifest) -> Result<Vec<R>, LakeError> {
    match state.tables.get(R::TABLE) {
        Some(file) => read(storage, file),
        None => Ok(Vec::new()),
    }
}

fn read<R: Row>(storage: &Storage, file: &StoredFile) -> Result<Vec<R>, LakeError> {
    let batch = read_all(storage, file)?;
    let damaged = |why: String| LakeError::Damaged { path: storage.location(&file.path), why };
    let columns: Vec<&ArrayRef> = R::COLUMNS
        .iter()
        .map(|name| {
            batch.column_by_name(name).ok_or_else(|| damaged(format!("it has no column {name}")))
        })
        .collect::<Result<_, _>>()?;
    (0..batch.num_rows())
        .map(|row| {
            R::from_cells(&mut columns.iter().filter_map(|column| cell(column, row))).ok_or_else(
                || damaged(format!("row {} does not fit the table {}", row + 1, R::TABLE)),
            )
        })
        .collect()
}

fn cell(column: &ArrayRef, row: usize) -> Option<Cell<'_>> {
    let valid = column.is_valid(row);
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(Cell::Text(valid.then(|| texts.value(row).into())));
    }
    if let Some(days) = column.as_primitive_opt::<Date32Type>() {
        return Some(Cell::Day(valid.then(|| days.value(row))));
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return valid.then(|| Cell::Int(numbers.value(row)));
    }
    column.as_boolean_opt().map(|flags| Cell::Flag(flags.value(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types of columns: text, JSON, integer, day, yes, no. Each column has a value of its own.
    fn comes_back<R: Row>(types: &str) {
        let cell = |(place, kind)| match kind {
            't' => Cell::Text(Some(format!("text {place}").into())),
            'j' => Cell::Text(Some(format!(r#"{{"a":"{place}"}}"#).into())),
            'i' => Cell::Int(place as i64),
            'd' => Cell::Day(Some(place as i32)),
            kind => Cell::Flag(kind == 'y'),
        };
        let cells: Vec<Cell<'_>> = types.chars().enumerate().map(cell).collect();
        assert_eq!(cells.len(), R::COLUMNS.len(), "{}", R::TABLE);
        let row = R::from_cells(&mut cells.clone().into_iter()).unwrap();
        let back: Vec<Cell<'_>> = (0..cells.len()).map(|column| row.cell(column)).collect();
        assert_eq!(back, cells, "{}", R::TABLE);
    }

    #[test]
    fn every_column_comes_back() {
        comes_back::<Product>("tttttttttynynt");
        comes_back::<Product>("tttttttttyynnt");
        comes_back::<Shop>("tttt");
        comes_back::<Customer>("ttj");
        comes_back::<Campaign>("ttdd");
        comes_back::<Invitation>("tt");
        comes_back::<Coupon>("ttt");
        comes_back::<Redemption>("tttd");
        comes_back::<Cost>("tdi");
        comes_back::<Price>("ttdi");
        comes_back::<Assortment>("ttdd");
        comes_back::<Stock>("ttdi");
    }

    #[test]
    fn rows_of_one_key_replace_each_other() {
        let price = |product: &str, shop: Option<&str>, from, price| Price {
            product: product.into(),
            shop: shop.map(Into::into),
            from: Day(from),
            price: Money(price),
        };
        let apart = [
            price("a", None, 1, 5),
            price("a", Some(""), 1, 5),
            price("a", Some("b"), 1, 5),
            price("ab", None, 1, 5),
            price("", Some("ab"), 1, 5),
            price("a", None, 0xfe, 5),
            price("a", None, 0x1_0001, 5),
        ];
        let mut all = Vec::new();
        let new = merge(&mut all, apart.to_vec());
        assert_eq!((new.new, &all[..]), (7, &apart[..]));
        let again =
            vec![price("a", Some("b"), 1, 6), price("c", None, 1, 5), price("c", None, 1, 5)];
        let change = merge(&mut all, again);
        assert_eq!((change.new, change.changed, change.same), (1, 1, 1));
        assert_eq!((all.len(), all[2].price), (8, Money(6)));
    }
}
