//! Reference tables: products, shops, customers, campaigns … Each is one file, written anew when it
//! changes; the newest row of a key counts.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray,
};
use retail::{
    Assortment, Campaign, Cost, Coupon, Customer, Day, Invitation, Money, Price, Product, Quantity,
    Redemption, Shop, Stock,
};
use rustc_hash::FxHashMap;

use crate::append::TableChange;
use crate::manifest::{Manifest, StoredFile};
use crate::rows::{encode_to, read_all};
use crate::{LakeError, Storage};

/// A value of a reference table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text or nothing.
    Text(Option<String>),
    /// A whole number.
    Int(i64),
    /// A day or nothing.
    Day(Option<i32>),
    /// Yes or no.
    Flag(bool),
}

/// A row of a reference table: how plain data of the trade becomes columns and comes back.
pub trait Row: Clone + PartialEq {
    /// Name of the table.
    const TABLE: &'static str;
    /// Names of the columns; the first [`Row::KEY`] of them say which row it is.
    const COLUMNS: &'static [&'static str];
    /// How many columns are the key.
    const KEY: usize;
    /// The row's values, one a column.
    fn cells(&self) -> Vec<Cell>;
    /// The row of such values; nothing if one is missing or of another type.
    fn from_cells(cells: &mut dyn Iterator<Item = Cell>) -> Option<Self>;
}

fn text(value: &str) -> Cell {
    Cell::Text(Some(value.to_owned()))
}

fn maybe(value: Option<&str>) -> Cell {
    Cell::Text(value.map(str::to_owned))
}

type Cells<'a> = &'a mut dyn Iterator<Item = Cell>;

fn take_maybe(cells: Cells) -> Option<Option<String>> {
    match cells.next()? {
        Cell::Text(value) => Some(value),
        _ => None,
    }
}

fn take_text(cells: Cells) -> Option<String> {
    take_maybe(cells)?
}

fn take_int(cells: Cells) -> Option<i64> {
    match cells.next()? {
        Cell::Int(value) => Some(value),
        _ => None,
    }
}

fn take_maybe_day(cells: Cells) -> Option<Option<Day>> {
    match cells.next()? {
        Cell::Day(value) => Some(value.map(Day)),
        _ => None,
    }
}

fn take_day(cells: Cells) -> Option<Day> {
    take_maybe_day(cells)?
}

fn take_flag(cells: Cells) -> Option<bool> {
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

    fn cells(&self) -> Vec<Cell> {
        vec![
            text(&self.id.0),
            maybe(self.name.as_deref()),
            maybe(self.name_en.as_deref()),
            maybe(self.brand.as_deref()),
            maybe(self.supplier.as_deref()),
            maybe(self.department.as_deref()),
            maybe(self.category.as_deref()),
            maybe(self.kind.as_deref()),
            maybe(self.size.as_deref()),
            Cell::Flag(self.private_label),
            Cell::Flag(self.merchandise),
            Cell::Flag(self.offerable),
            Cell::Flag(self.service),
            text(&self.tags.join(",")),
        ]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let (name, name_en) = (maybe(self.name.as_deref()), maybe(self.name_en.as_deref()));
        vec![text(&self.id.0), name, name_en, maybe(self.region.as_deref())]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let attributes = serde_json::to_string(&self.attributes).unwrap_or_default();
        vec![text(&self.id.0), maybe(self.household.as_deref()), text(&attributes)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let (start, end) = (Cell::Day(Some(self.start.0)), Cell::Day(Some(self.end.0)));
        vec![text(&self.id.0), maybe(self.kind.as_deref()), start, end]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        vec![text(&self.campaign.0), text(&self.customer.0)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        vec![text(&self.id.0), text(&self.campaign.0), text(&self.product.0)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let day = Cell::Day(Some(self.day.0));
        vec![text(&self.coupon.0), text(&self.customer.0), text(&self.campaign.0), day]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        vec![text(&self.product.0), Cell::Day(Some(self.from.0)), Cell::Int(self.cost.0)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let shop = maybe(self.shop.as_ref().map(|shop| shop.0.as_str()));
        vec![text(&self.product.0), shop, Cell::Day(Some(self.from.0)), Cell::Int(self.price.0)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let day = |day: Option<Day>| Cell::Day(day.map(|day| day.0));
        vec![text(&self.product.0), text(&self.shop.0), day(self.from), day(self.to)]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
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

    fn cells(&self) -> Vec<Cell> {
        let (day, quantity) = (Cell::Day(Some(self.day.0)), Cell::Int(self.quantity.0));
        vec![text(&self.product.0), text(&self.shop.0), day, quantity]
    }

    fn from_cells(cells: Cells) -> Option<Self> {
        Some(Self {
            product: take_text(cells)?.as_str().into(),
            shop: take_text(cells)?.as_str().into(),
            day: take_day(cells)?,
            quantity: Quantity(take_int(cells)?),
        })
    }
}

/// Adds rows: one with a known key replaces the older, in its place.
pub(crate) fn merge<R: Row>(all: &mut Vec<R>, rows: &[R]) -> TableChange {
    let key = |row: &R| format!("{:?}", &row.cells()[..R::KEY]);
    let mut places: FxHashMap<String, usize> =
        all.iter().enumerate().map(|(place, row)| (key(row), place)).collect();
    let mut change = TableChange::default();
    for row in rows {
        match places.get(&key(row)) {
            Some(&place) if all[place] == *row => change.same += 1,
            Some(&place) => {
                all[place] = row.clone();
                change.changed += 1;
            }
            None => {
                places.insert(key(row), all.len());
                all.push(row.clone());
                change.new += 1;
            }
        }
    }
    change
}

pub(crate) fn write<R: Row>(
    storage: &Storage,
    rows: &[R],
    run: u64,
) -> Result<StoredFile, LakeError> {
    let cells: Vec<Vec<Cell>> = rows.iter().map(Row::cells).collect();
    let columns = R::COLUMNS.iter().enumerate().map(|(place, &name)| {
        let cells = cells.iter().map(|row| &row[place]);
        (name, array(cells), true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    encode_to(storage, &format!("table/{}", R::TABLE), &[batch], run)
}

/// A column, of the type of its first value.
fn array<'a>(cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let mut cells = cells.peekable();
    match cells.peek() {
        Some(Cell::Int(_)) => Arc::new(
            cells
                .map(|cell| if let Cell::Int(value) = cell { Some(*value) } else { None })
                .collect::<Int64Array>(),
        ),
        Some(Cell::Day(_)) => Arc::new(
            cells
                .map(|cell| if let Cell::Day(value) = cell { *value } else { None })
                .collect::<Date32Array>(),
        ),
        Some(Cell::Flag(_)) => Arc::new(
            cells
                .map(|cell| if let Cell::Flag(value) = cell { Some(*value) } else { None })
                .collect::<BooleanArray>(),
        ),
        Some(Cell::Text(_)) | None => Arc::new(
            cells
                .map(|cell| if let Cell::Text(value) = cell { value.as_deref() } else { None })
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

fn cell(column: &ArrayRef, row: usize) -> Option<Cell> {
    let valid = column.is_valid(row);
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(Cell::Text(valid.then(|| texts.value(row).to_owned())));
    }
    if let Some(days) = column.as_primitive_opt::<Date32Type>() {
        return Some(Cell::Day(valid.then(|| days.value(row))));
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return valid.then(|| Cell::Int(numbers.value(row)));
    }
    column.as_boolean_opt().map(|flags| Cell::Flag(flags.value(row)))
}
