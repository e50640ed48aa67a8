//! Erasing a customer: his rows leave every file, and the older files go at once.

use arrow_array::{BooleanArray, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use rayon::prelude::*;
use retail::NONE;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::append::count;
use crate::dictionary::Kind;
use crate::index::{self, Entry, Index};
use crate::manifest::{Manifest, StoredFile};
use crate::order::SortOrder;
use crate::rows::{self, column};
use crate::table::{self, Row};
use crate::{Lake, LakeError};

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Whether the lake or its tables knew him.
    pub known: bool,
    /// Lines removed.
    pub lines: u64,
    /// Rows removed from reference tables.
    pub table_rows: u64,
}

impl Lake {
    /// Removes a customer: his lines, his rows in the tables, his id in the dictionary; then the
    /// older files and manifests, without waiting for their readers. What a feed brings later in his
    /// name is kept as sales without a customer. Snapshots are [`crate::Snapshots::erase`]'s.
    ///
    /// # Errors
    /// When the storage fails or another process committed meanwhile.
    pub fn erase(&self, id: &str) -> Result<(Self, Erased), LakeError> {
        self.must_be_sound()?;
        let mut next = Manifest::clone(&self.manifest);
        let mut erased = Erased::default();
        let hash = rows::sha256_hex(id.as_bytes());
        if !next.erased.contains(&hash) {
            next.erased.push(hash);
        }
        if let Some(code) = self.customers()?.code(id) {
            erased.known = true;
            self.erase_lines(code, &mut next, &mut erased)?;
            let mut dictionary = self.customers()?.clone();
            dictionary.erase(code);
            let file = dictionary.write(&self.storage, Kind::Customer, next.next_run)?;
            next.dictionaries.insert(Kind::Customer.name().to_owned(), file);
        }
        erased.table_rows +=
            self.erase_rows::<retail::Customer>(&mut next, |row| row.id.0 != id)?;
        erased.table_rows +=
            self.erase_rows::<retail::Invitation>(&mut next, |row| row.customer.0 != id)?;
        erased.table_rows +=
            self.erase_rows::<retail::Redemption>(&mut next, |row| row.customer.0 != id)?;
        erased.known |= erased.table_rows > 0;
        let manifest = next.commit(&self.storage)?;
        let lake = Self::at(self.storage.clone(), manifest);
        // Whatever the files' times say: he must be gone.
        lake.sweep_older(None)?;
        Ok((lake, erased))
    }

    fn erase_lines(
        &self,
        code: u32,
        next: &mut Manifest,
        erased: &mut Erased,
    ) -> Result<(), LakeError> {
        for order in SortOrder::ALL {
            let files: Vec<(Option<StoredFile>, u64)> = self
                .manifest
                .lines(order)
                .par_iter()
                .map(|file| self.without(order, file, code))
                .collect::<Result<_, _>>()?;
            let removed: u64 = files.iter().map(|(_, removed)| removed).sum();
            if order == SortOrder::ByCustomer {
                erased.lines = removed;
            }
            *next.lines_mut(order) = files.into_iter().filter_map(|(file, _)| file).collect();
        }
        self.forget_receipts(code, next)
    }

    /// A file without a customer's rows, written anew if it held any, and how many it held.
    fn without(
        &self,
        order: SortOrder,
        file: &StoredFile,
        code: u32,
    ) -> Result<(Option<StoredFile>, u64), LakeError> {
        let may_hold = match order {
            SortOrder::ByCustomer => {
                file.keys.is_some_and(|(first, last)| first <= code && code <= last)
            }
            SortOrder::ByCategory => true,
        };
        if !may_hold {
            return Ok((Some(file.clone()), 0));
        }
        let opened = self.opened(file)?;
        let mut keep = Vec::with_capacity(file.rows as usize);
        for batch in opened.columns(&["customer"])? {
            let batch = batch?;
            let customer: &UInt32Array = column(&batch, "customer", file)?;
            keep.extend(customer.iter().map(|other| other != Some(code)));
        }
        let removed = keep.iter().filter(|keep| !**keep).count() as u64;
        if removed == 0 {
            return Ok((Some(file.clone()), 0));
        }
        let batches = self.rows(order, std::slice::from_ref(file), &(0..=NONE))?;
        let rows = concat_batches(&order.schema(), &batches)?;
        let rest = filter_record_batch(&rows, &BooleanArray::from(keep))?;
        let written = match rest.num_rows() {
            0 => None,
            _ => Some(order.write(&self.storage, &rest, file.run)?),
        };
        Ok((written, removed))
    }

    /// His receipts leave the index and, where their newest version is his, the totals.
    fn forget_receipts(&self, code: u32, next: &mut Manifest) -> Result<(), LakeError> {
        let index = Index { storage: &self.storage, files: &self.manifest.receipts };
        let his: FxHashSet<u32> =
            index.of_customer(code)?.iter().map(|entry| entry.known.receipt).collect();
        let mut newest: FxHashMap<u32, Entry> = FxHashMap::default();
        for entry in index.of_receipts(&his)? {
            let known = newest.entry(entry.known.receipt).or_insert(entry);
            if known.known.version < entry.known.version {
                *known = entry;
            }
        }
        newest.retain(|_, entry| entry.known.customer == code);
        for entry in newest.values() {
            count(&mut next.totals, &entry.known, -1);
        }
        // With the newest version go the older ones: they must not pass for the newest.
        next.receipts = index::without(index, next.next_run, |known| {
            known.customer == code || newest.contains_key(&known.receipt)
        })?;
        next.next_run += 1;
        Ok(())
    }

    fn erase_rows<R: Row>(
        &self,
        next: &mut Manifest,
        keep: impl Fn(&R) -> bool,
    ) -> Result<u64, LakeError> {
        let mut rows = self.table::<R>()?;
        let before = rows.len();
        rows.retain(keep);
        if rows.len() < before {
            let file = table::write(&self.storage, &rows, next.next_run)?;
            next.tables.insert(R::TABLE.to_owned(), file);
        }
        Ok((before - rows.len()) as u64)
    }
}
