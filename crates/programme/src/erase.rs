//! Erasure: a customer leaves the lake and every kept snapshot.

use anyhow::{Result, anyhow};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use bytes::Bytes;
use lake::{Erased, Lake, LakeError};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::shared_card::SharedCard;
use crate::{Programme, ProgrammeError, sha256_hex};

/// What an erasure removed.
#[derive(Clone, Debug, Serialize)]
pub struct EraseReport {
    /// From the lake.
    pub lake: Erased,
    /// Files of snapshots that were written anew without him.
    pub snapshot_files: u64,
}

impl Programme {
    /// Removes a customer from the lake and from every kept snapshot. What feeds bring later in his
    /// name is kept as sales without a customer. Repeating it changes nothing more.
    ///
    /// # Errors
    /// When nobody knows the customer (a slip of the pen must not bar somebody who comes later), or
    /// the storage fails or another process changes the programme; run it again then.
    pub fn erase(&self, customer: &str) -> Result<EraseReport> {
        let _writing = self.write()?;
        // A compaction under way would bring his rows back.
        let _compacting = self.compacting()?;
        let lake = self.lake()?;
        if !is_known(&lake, customer)? {
            return Err(ProgrammeError::NoCustomer { id: customer.to_owned() }.into());
        }
        let (_, lake) = lake.erase(customer)?;
        let snapshot_files = self.snapshots().erase(|name, bytes| {
            without(name, bytes, customer, lake.known).map_err(|error| LakeError::Damaged {
                path: name.to_owned(),
                why: error.to_string(),
            })
        })?;
        Ok(EraseReport { lake, snapshot_files })
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

const NO_POPULATION: &[u8] = b"null";

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
    if name == "population.json" && known {
        // His figures stand in it without his name. A snapshot older than the lake never serves with
        // its population anyway: portraits are then compared with one made anew.
        return Ok((bytes != NO_POPULATION).then(|| NO_POPULATION.to_vec()));
    }
    if !name.ends_with(".parquet") {
        return Ok(None);
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let schema = builder.schema().clone();
    let batches = builder.build()?.collect::<Result<Vec<RecordBatch>, _>>()?;
    let rows = concat_batches(&schema, &batches)?;
    let ids = rows
        .column_by_name("customer")
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| anyhow!("it has no column customer"))?;
    let keep: arrow_array::BooleanArray = ids.iter().map(|id| Some(id != Some(customer))).collect();
    if keep.true_count() == keep.len() {
        return Ok(None);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None)?;
    writer.write(&filter_record_batch(&rows, &keep)?)?;
    Ok(Some(writer.into_inner()?))
}
