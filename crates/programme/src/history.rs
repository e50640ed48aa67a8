//! One customer's lines, those on their way to the lake included.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::Result;
use lake::{Customers, Lake};
use retail::{Customer, Day, Lines, Product, Shop};
use serde::Serialize;
use store::JournalOf;

use crate::{Programme, ProgrammeError};

/// One customer's lines, oldest first, and what reading them took.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryView {
    /// The source's id.
    pub customer: String,
    /// His lines.
    pub lines: Vec<HistoryLine>,
    /// Seconds to open the lake and find the customer in it.
    pub open_s: f64,
    /// Seconds of the first reading, the lake being open.
    pub first_s: f64,
    /// Seconds of each reading after it, as many as were asked for.
    pub again_s: Vec<f64>,
}

/// A line of a receipt, ready to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// The receipt's business day.
    pub day: Day,
    /// Minutes since local midnight at which the receipt began.
    pub minute: u16,
    /// Where: the source's id.
    pub shop: String,
    /// The shop's name in the retailer's first language.
    pub shop_name: Option<String>,
    /// Its name in English, where the source has it.
    pub shop_name_en: Option<String>,
    /// What: the source's id.
    pub product: String,
    /// The product's name in the retailer's first language.
    pub name: Option<String>,
    /// Its name in English, where the source has it.
    pub name_en: Option<String>,
    /// Thousandths of a unit.
    pub quantity: i64,
    /// Minor units the retailer received.
    pub net: i64,
    /// Discount paid by the retailer, minor units, its coupon included.
    pub discount: i64,
}

impl Programme {
    /// One customer's lines; they are read once more for each repetition, to see how long it takes.
    ///
    /// # Errors
    /// When nobody knows the customer, or the lake cannot be read.
    pub fn history(&self, customer: &str, repetitions: u32) -> Result<HistoryView> {
        let started = Instant::now();
        let lake = self.lake_with_journal(JournalOf::Customer(customer))?;
        let code = lake.customer(customer)?;
        let open_s = started.elapsed().as_secs_f64();
        let Some(code) = code else { return without_receipts(&lake, customer, open_s) };
        let wanted = Customers::Range(code..=code);
        let timed = || -> Result<(Lines, f64)> {
            let started = Instant::now();
            let lines = lake.lines(&wanted)?;
            Ok((lines, started.elapsed().as_secs_f64()))
        };
        let (lines, first_s) = timed()?;
        let again_s = (0..repetitions).map(|_| Ok(timed()?.1)).collect::<Result<_>>()?;
        let lines = shown(&lake, &lines)?;
        Ok(HistoryView { customer: customer.to_owned(), lines, open_s, first_s, again_s })
    }
}

/// Only customers with receipts have codes; the others are known from their table.
fn without_receipts(lake: &Lake, customer: &str, open_s: f64) -> Result<HistoryView> {
    if !lake.table::<Customer>()?.iter().any(|known| known.id.0 == customer) {
        return Err(ProgrammeError::NoCustomer { id: customer.to_owned() }.into());
    }
    let (customer, lines, again_s) = (customer.to_owned(), Vec::new(), Vec::new());
    Ok(HistoryView { customer, lines, open_s, first_s: 0.0, again_s })
}

/// The lines with names in place of codes.
fn shown(lake: &Lake, lines: &Lines) -> Result<Vec<HistoryLine>> {
    let products = by_id(lake.table::<Product>()?, |product| product.id.0.clone());
    let shops = by_id(lake.table::<Shop>()?, |shop| shop.id.0.clone());
    let (product_ids, shop_ids) = (lake.products()?, lake.shops()?);
    let line = |row: usize| {
        let product = product_ids.text(lines.product[row]).unwrap_or_default();
        let shop = shop_ids.text(lines.shop[row]).unwrap_or_default();
        let (known, place) = (products.get(product), shops.get(shop));
        HistoryLine {
            day: Day(lines.day[row]),
            minute: lines.minute[row],
            shop: shop.to_owned(),
            shop_name: place.and_then(|shop| shop.name.clone()),
            shop_name_en: place.and_then(|shop| shop.name_en.clone()),
            product: product.to_owned(),
            name: known.and_then(|product| product.name.clone()),
            name_en: known.and_then(|product| product.name_en.clone()),
            quantity: lines.quantity[row],
            net: lines.net[row],
            discount: lines.discount[row],
        }
    };
    Ok((0..lines.len()).map(line).collect())
}

fn by_id<T>(rows: Vec<T>, id: impl Fn(&T) -> String) -> HashMap<String, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
