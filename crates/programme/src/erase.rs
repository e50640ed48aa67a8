//! Erasure: a customer leaves the vault, the lake, every kept snapshot, receipts and cards, and feeds that a killed
//! import left; an act says so, and a list beside the store, by which a restore erases him again.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{Read, Write};

use anyhow::{Context, Result, anyhow};
use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use arrow_select::filter::filter_record_batch;
use bytes::Bytes;
use lake::{Erased, Lake, LakeError, ParquetRows};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use retail::{CustomerId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{DbError, Erasure};

use crate::fetch::Fetched;
use crate::refresh::POPULATION;
use crate::shared_card::SharedCard;
use crate::{Act, DeedView, Programme, ProgrammeError, sha256_hex};

/// The act of an erasure: what was removed, when and by whom, with all that was done to the customer's data before.
/// It is told once; the store keeps it without who he was, and without the log.
#[derive(Clone, Debug, Serialize)]
pub struct EraseReport {
    /// Its number among the programme's erasures.
    pub number: i64,
    /// Whom, by his id.
    pub customer: String,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// From the lake.
    pub lake: Erased,
    /// Files of snapshots that were written anew without him.
    pub snapshot_files: u64,
    /// Receipts, cards and wallets that were his and are nobody's now, and what he had in the vault, with its key.
    pub rows: u64,
    /// The deeds that were done to him, this one last.
    pub log: Vec<DeedView>,
}

/// A line of the list of erasures, which a restore takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureLine {
    /// Its number.
    pub number: i64,
    /// Hash of the customer's id, hexadecimal.
    pub customer_sha256: String,
    /// When.
    pub at: Instant,
}

/// The list of erasures in a programme's folder, one a line: copy it to where no backup is.
pub(crate) const ERASURES: &str = "erasures.jsonl";
/// Deeds or erasures that are read at once.
const AT_ONCE: u32 = 1000;

impl Programme {
    /// Removes a customer from the vault with his key, from the lake and from every kept snapshot, and the feeds that a
    /// killed import left; his receipts, cards and wallets are nobody's then, and move points as before. What feeds
    /// bring later in his name is kept as sales without a customer. Repeating it changes nothing more, and is an
    /// act of its own.
    ///
    /// # Errors
    /// When nobody knows the customer (a slip of the pen must not bar somebody who comes later), or
    /// the storage fails or another process changes the programme; run it again then.
    pub fn erase(&self, act: &Act, customer: &str) -> Result<EraseReport> {
        let writing = self.write()?;
        // A compaction under way would bring his rows back.
        let _compacting = self.compacting()?;
        // Whoever stands only in these is not known, and must be gone all the same.
        Fetched::forget(&self.folder)?;
        self.empty_journal(&writing)?;
        let lake = self.lake()?;
        let store = self.store()?;
        let (id, sha256) = (CustomerId(customer.to_owned()), sha256_hex(customer.as_bytes()));
        let (at, hash) = (act.at, sha256.clone());
        // Whatever happens after this, it is known that he was erased. No quote is held in his name once his cards
        // are nobody's.
        let (number, rows) = store.write(move |tx| {
            let rows = tx.destroy_person(&id)? + tx.forget_registration(&id)?;
            let rows = rows + tx.forget_customer(&id)?;
            let number = (rows > 0).then(|| tx.add_erasure(&hash, "{}", at)).transpose()?;
            Ok::<_, DbError>((number, rows))
        })?;
        let rows = rows + self.forget_quotes_of(customer)?;
        let begun = || store.read(|tx| tx.was_erased(&sha256));
        if rows == 0 && !begun()? && !is_known(&lake, customer)? {
            return Err(ProgrammeError::NoCustomer { id: customer.to_owned() }.into());
        }
        // Where somebody reads for long, the log begins anew by itself once he has done.
        store.empty_log()?;
        let (_, lake) = lake.erase(customer)?;
        let snapshot_files = self.snapshots().erase(|name, bytes| {
            without(name, bytes, customer, lake.known).map_err(|error| LakeError::Damaged {
                path: name.to_owned(),
                why: error.to_string(),
            })
        })?;
        self.told_of_erasure(act, customer, number, (lake, snapshot_files, rows))
    }

    /// Takes an erasure down: in the audit, in the store and in the list beside it.
    fn told_of_erasure(
        &self,
        act: &Act,
        customer: &str,
        begun: Option<i64>,
        (lake, snapshot_files, rows): (Erased, u64, u64),
    ) -> Result<EraseReport> {
        let detail = json!({ "lake": &lake, "snapshot_files": snapshot_files, "rows": rows, "by": &act.actor });
        let deed = act.deed("customer.erase", "customer", customer, &detail);
        let (sha256, kept, at) = (sha256_hex(customer.as_bytes()), detail.to_string(), act.at);
        let number = self.store()?.write(move |tx| {
            tx.add_deed(&deed)?;
            match begun {
                Some(number) => tx.put_erasure(number, &kept).map(|()| number),
                None => tx.add_erasure(&sha256, &kept, at),
            }
        })?;
        self.list_erasures()?;
        let mut log: Vec<DeedView> = Vec::new();
        loop {
            let after = log.last().map_or(0, |deed| deed.id);
            let console = Act::of_job("console", at);
            let page = self.deeds_of(&console, "customer", customer, after, AT_ONCE)?;
            let is_last = page.len() < AT_ONCE as usize;
            log.extend(page);
            if is_last {
                break;
            }
        }
        Ok(EraseReport {
            number,
            customer: customer.to_owned(),
            at,
            by: act.actor.clone(),
            lake,
            snapshot_files,
            rows,
            log,
        })
    }

    /// Writes erasures that the list beside the store does not have yet.
    fn list_erasures(&self) -> Result<()> {
        let path = self.folder.join(ERASURES);
        let write = || -> Result<()> {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            // What a crash left half-written is cut off: the store still has that erasure.
            text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
            file.set_len(text.len() as u64)?;
            let last = text.lines().next_back().map(serde_json::from_str::<ErasureLine>);
            let after = last.transpose()?.map_or(0, |line| line.number);
            for erasure in self.store()?.read(|tx| tx.erasures(after, u32::MAX))? {
                let Erasure { number, customer_sha256, at, .. } = erasure;
                let line = serde_json::to_string(&ErasureLine { number, customer_sha256, at })?;
                file.write_all(format!("{line}\n").as_bytes())?;
            }
            Ok(file.sync_all()?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Everybody whom lake or store names, whose id has one of these hashes.
    pub(crate) fn known_by_hash(&self, hashes: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        if hashes.is_empty() {
            return Ok(BTreeSet::new());
        }
        let lake = self.lake()?;
        let customers = lake.customers()?;
        let of_lake = (0..customers.len() as u32).filter_map(|code| customers.text(code));
        let mut known: BTreeSet<String> = of_lake.map(str::to_owned).collect();
        known.extend(lake.table::<retail::Customer>()?.into_iter().map(|row| row.id.0));
        known.extend(lake.table::<retail::Invitation>()?.into_iter().map(|row| row.customer.0));
        known.extend(lake.table::<retail::Redemption>()?.into_iter().map(|row| row.customer.0));
        let of_store = self.store()?.read(|tx| tx.known_customers())?;
        known.extend(of_store.into_iter().map(|id| id.0));
        known.retain(|id| hashes.contains(&sha256_hex(id.as_bytes())));
        Ok(known)
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
