//! Erasure: a customer leaves the lake, every kept snapshot, receipts and cards, and feeds that a killed
//! import left.

use anyhow::{Result, anyhow};
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use arrow_select::filter::filter_record_batch;
use bytes::Bytes;
use lake::{Erased, Lake, LakeError, ParquetRows};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use retail::CustomerId;
use serde::Serialize;
use store::DbError;

use crate::fetch::Fetched;
use crate::refresh::POPULATION;
use crate::shared_card::SharedCard;
use crate::{Programme, ProgrammeError, sha256_hex};

/// What an erasure removed.
#[derive(Clone, Debug, Serialize)]
pub struct EraseReport {
    /// From the lake.
    pub lake: Erased,
    /// Files of snapshots that were written anew without him.
    pub snapshot_files: u64,
    /// Receipts, cards and wallets that were his and are nobody's now.
    pub rows: u64,
}

impl Programme {
    /// Removes a customer from the lake and from every kept snapshot, and the feeds that a killed import
    /// left; his receipts, cards and wallets are nobody's then, and move points as before. What feeds bring later in his name is kept as sales without a customer. Repeating it changes nothing more.
    ///
    /// # Errors
    /// When nobody knows the customer (a slip of the pen must not bar somebody who comes later), or
    /// the storage fails or another process changes the programme; run it again then.
    pub fn erase(&self, customer: &str) -> Result<EraseReport> {
        let writing = self.write()?;
        // A compaction under way would bring his rows back.
        let _compacting = self.compacting()?;
        // Whoever stands only in these is not known, and must be gone all the same.
        Fetched::forget(&self.folder)?;
        self.empty_journal(&writing)?;
        let lake = self.lake()?;
        let rows = match self.made_store()? {
            Some(store) => {
                let id = CustomerId(customer.to_owned());
                // No quote is held in his name once his cards are nobody's.
                store.write(move |tx| {
                    Ok::<_, DbError>(
                        tx.forget_customer(&id)?
                            + tx.destroy_person(&id)?
                            + tx.forget_registration(&id)?,
                    )
                })? + self.forget_quotes_of(customer)?
            }
            None => 0,
        };
        if rows == 0 && !is_known(&lake, customer)? {
            return Err(ProgrammeError::NoCustomer { id: customer.to_owned() }.into());
        }
        let (_, lake) = lake.erase(customer)?;
        let snapshot_files = self.snapshots().erase(|name, bytes| {
            without(name, bytes, customer, lake.known).map_err(|error| LakeError::Damaged {
                path: name.to_owned(),
                why: error.to_string(),
            })
        })?;
        Ok(EraseReport { lake, snapshot_files, rows })
    }
}

/// Whether receipts or tables name him, or an erasure was begun.
fn is_known(lake: &Lake, id: &str) -> Result<bool> {
    Ok(lake.customers()?.code(id).is_some()
        || lake.manifest().erased.contains(&sha256_hex(id.as_bytes()))
        || lake.table::<retail::Customer>()?.iter().any(|row| row.id.0 == id)
        || lake.table::<retail::Invitation>()?.iter().any(|row| row.customer.0 == id)
        || lake.table::<retail::Redemption>()?.iter().any(|row| row.customer.0 == id))
}

/// A snapshot's file without a customer, if he stands in it.
fn without(name: &str, bytes: Bytes, customer: &str, known: bool) -> Result<Option<Vec<u8>>> {
    if name == "shared-cards.json" {
        let mut cards: Vec<SharedCard> = serde_json::from_slice(&bytes)?;
        let before = cards.len();
        cards.retain(|card| card.customer != customer);
        return Ok((cards.len() < before)
            .then(|| serde_json::to_vec_pretty(&cards))
            .transpose()?);
    }
    if name == POPULATION && known {
        // His figures stand in it without his name. A snapshot older than the lake never serves with
        // its population anyway: portraits are then compared with one made anew.
        return Ok((!bytes.is_empty()).then(Vec::new));
    }
    if !name.ends_with(".parquet") || !names(bytes.clone(), customer)? {
        return Ok(None);
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let mut kept = ParquetRows::new(Vec::new(), builder.schema().clone())?;
    for rows in builder.build()? {
        let rows = rows?;
        let others = customers(&rows)?.iter().map(|id| Some(id != Some(customer))).collect();
        kept.write(&filter_record_batch(&rows, &others)?)?;
    }
    Ok(Some(kept.finish()?))
}

/// Whether a customer stands in a Parquet file; reads the one column.
fn names(bytes: Bytes, customer: &str) -> Result<bool> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let column = ProjectionMask::columns(builder.parquet_schema(), ["customer"]);
    for rows in builder.with_projection(column).build()? {
        if customers(&rows?)?.iter().any(|id| id == Some(customer)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn customers(rows: &RecordBatch) -> Result<&StringArray> {
    rows.column_by_name("customer")
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| anyhow!("it has no column customer"))
}
