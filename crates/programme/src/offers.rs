//! Personal offers: from the current snapshot to a table, or one customer's set with reasons; those for tills
//! stand in memory, `offers/at_till.rs`.

mod at_till;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use models::{Offer, Reason};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use retail::Day;
use serde::Serialize;

pub(crate) use at_till::OffersAtTill;

use crate::studio::Studio;
use crate::table::Table;
use crate::{Programme, ProgrammeError, refresh};

/// Where a snapshot keeps its offers.
pub(crate) const FILE: &str = "offers.parquet";

/// The offers of one snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct OfferSet {
    /// Of which day.
    pub as_of: Day,
    /// Customers in source order of the lake, each one's best offer first.
    pub offers: Vec<OfferRow>,
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferRow {
    /// To whom: the source's id.
    pub customer: String,
    /// 1 is the best of this customer's.
    pub rank: i64,
    /// What: the source's id.
    pub product: String,
    /// Its name for people, in the retailer's first language.
    pub name: Option<String>,
    /// Its name in English, where the source has it.
    pub name_en: Option<String>,
    /// Larger is better; comparable within one customer only.
    pub score: f64,
    /// Why.
    pub reason: Reason,
}

impl Programme {
    /// Offers of the current snapshot, of one customer or of all.
    ///
    /// # Errors
    /// When there is no snapshot or it has no offers for the customer asked for.
    pub fn offers(&self, customer: Option<&str>) -> Result<OfferSet> {
        let mut offers = Vec::new();
        let as_of = self.offer_rows(customer, |rows| {
            offers.extend(read(rows)?);
            Ok(())
        })?;
        Ok(OfferSet { as_of, offers })
    }

    /// Writes offers of the current snapshot to a file, of one customer or of all; gives their number.
    ///
    /// # Errors
    /// When there is no snapshot, nothing for the customer, or the file cannot be written.
    pub fn write_offers(&self, customer: Option<&str>, out: &Path) -> Result<usize> {
        let mut table = Table::create(out, &schema())?;
        let mut written = 0;
        self.offer_rows(customer, |rows| {
            written += rows.num_rows();
            table.write(rows)
        })?;
        table.finish()?;
        Ok(written)
    }

    /// Gives the rows of one customer or of all to `take`, part after part; their day.
    fn offer_rows(
        &self,
        customer: Option<&str>,
        mut take: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<Day> {
        let (as_of, bytes) = refresh::current_file(self, FILE)?;
        let mut found = false;
        for rows in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
            let mut rows = rows?;
            if let Some(id) = customer {
                let ids = rows.column(0).as_string::<i32>();
                let wanted = ids.iter().map(|other| Some(other == Some(id))).collect();
                rows = arrow_select::filter::filter_record_batch(&rows, &wanted)?;
            }
            if rows.num_rows() > 0 {
                found = true;
                take(&rows)?;
            }
        }
        match customer {
            Some(id) if !found => Err(ProgrammeError::NoOffers { id: id.to_owned() }.into()),
            _ => Ok(as_of),
        }
    }
}

/// The columns of [`rows`].
pub(crate) fn schema() -> SchemaRef {
    let column = |(name, kind): (&str, DataType)| Field::new(name, kind, true);
    Arc::new(Schema::new(
        [
            ("customer", DataType::Utf8),
            ("rank", DataType::Int64),
            ("product", DataType::Utf8),
            ("name", DataType::Utf8),
            ("name_en", DataType::Utf8),
            ("score", DataType::Float64),
            ("reason", DataType::Utf8),
            ("times", DataType::Int64),
            ("every_days", DataType::Float64),
            ("last_days", DataType::Int64),
            ("receipts", DataType::Int64),
        ]
        .map(column)
        .to_vec(),
    ))
}

/// Offers as rows: what the snapshot keeps and `--out` writes.
pub(crate) fn rows(studio: &Studio, offers: &[Offer]) -> Result<RecordBatch> {
    let (customers, products) = (studio.lake.customers()?, studio.lake.products()?);
    let product = |offer: &Offer| &studio.reference.products[offer.product as usize];
    let mut rank = 0;
    let ranks = offers.iter().enumerate().map(|(place, offer)| {
        let same = place > 0 && offers[place - 1].customer == offer.customer;
        rank = if same { rank + 1 } else { 1 };
        rank
    });
    let ranks: Int64Array = Int64Array::from_iter_values(ranks);
    let whole = |part: fn(&Reason) -> Option<i64>| -> ArrayRef {
        Arc::new(offers.iter().map(|offer| part(&offer.reason)).collect::<Int64Array>())
    };
    let text = |text: &dyn Fn(&Offer) -> Option<String>| -> ArrayRef {
        Arc::new(offers.iter().map(text).collect::<StringArray>())
    };
    let every_days = offers.iter().map(|offer| parts(&offer.reason).every_days);
    let columns: Vec<ArrayRef> = vec![
        text(&|offer| customers.text(offer.customer).map(str::to_owned)),
        Arc::new(ranks),
        text(&|offer| products.text(offer.product).map(str::to_owned)),
        text(&|offer| title(product(offer))),
        text(&|offer| product(offer).name_en.clone()),
        Arc::new(Float64Array::from_iter_values(offers.iter().map(|offer| offer.score))),
        text(&|offer| Some(offer.reason.code().to_owned())),
        whole(|reason| parts(reason).times),
        Arc::new(every_days.collect::<Float64Array>()),
        whole(|reason| parts(reason).last_days),
        whole(|reason| parts(reason).receipts),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// A name for people: the product's own, else its kind and size, else its category.
fn title(product: &retail::Product) -> Option<String> {
    if product.name.is_some() {
        return product.name.clone();
    }
    let kind = product.kind.as_ref().or(product.category.as_ref())?;
    Some(match &product.size {
        Some(size) => format!("{kind}, {size}"),
        None => kind.clone(),
    })
}

/// A reason's parameters, in columns.
#[derive(Default)]
struct Parts {
    times: Option<i64>,
    every_days: Option<f64>,
    last_days: Option<i64>,
    receipts: Option<i64>,
}

fn parts(reason: &Reason) -> Parts {
    match *reason {
        Reason::Habit { times, every_days, last_days }
        | Reason::Due { times, every_days, last_days } => Parts {
            times: Some(i64::from(times)),
            every_days: Some(every_days),
            last_days: Some(i64::from(last_days)),
            receipts: None,
        },
        Reason::Recent { times, last_days } => Parts {
            times: Some(i64::from(times)),
            last_days: Some(i64::from(last_days)),
            ..Parts::default()
        },
        Reason::Popular { receipts } => {
            Parts { receipts: Some(i64::from(receipts)), ..Parts::default() }
        }
    }
}

fn read(rows: &RecordBatch) -> Result<Vec<OfferRow>> {
    let column = |name: &str| {
        rows.column_by_name(name).with_context(|| format!("offers have no column {name}"))
    };
    let whole = |name: &str, row: usize| -> Result<i64> {
        Ok(column(name)?.as_primitive::<Int64Type>().value(row))
    };
    let number = |name: &str, row: usize| -> Result<f64> {
        Ok(column(name)?.as_primitive::<Float64Type>().value(row))
    };
    let text = |name: &str, row: usize| -> Result<Option<String>> {
        let column = column(name)?.as_string::<i32>();
        Ok(column.is_valid(row).then(|| column.value(row).to_owned()))
    };
    let offer = |row: usize| -> Result<OfferRow> {
        let times = whole("times", row)? as u32;
        let (every_days, last_days) = (number("every_days", row)?, whole("last_days", row)? as i32);
        let reason = match text("reason", row)?.as_deref() {
            Some("habit") => Reason::Habit { times, every_days, last_days },
            Some("due") => Reason::Due { times, every_days, last_days },
            Some("recent") => Reason::Recent { times, last_days },
            _ => Reason::Popular { receipts: whole("receipts", row)? as u32 },
        };
        Ok(OfferRow {
            customer: text("customer", row)?.unwrap_or_default(),
            rank: whole("rank", row)?,
            product: text("product", row)?.unwrap_or_default(),
            name: text("name", row)?,
            name_en: text("name_en", row)?,
            score: number("score", row)?,
            reason,
        })
    };
    (0..rows.num_rows()).map(offer).collect()
}
