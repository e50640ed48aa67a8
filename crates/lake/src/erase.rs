//! Erasing a customer: his rows leave every file, and the older files go at once.

use crate::append::{count, write_lines};
use crate::compact::without_customer;
use crate::dictionary::Kind;
use crate::manifest::{BY_CUSTOMER, Manifest};
use crate::receipts::{newest_entries, write_entries};
use crate::scan::codes;
use crate::table::{self, Row};
use crate::{Customers, Lake, LakeError, rows};
use rustc_hash::FxHashSet;

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
        let mut next = self.manifest.clone();
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
            let file = dictionary.write(&self.storage, Kind::Customer, next.number + 1)?;
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
        lake.sweep(None)?;
        Ok((lake, erased))
    }

    fn erase_lines(
        &self,
        code: u32,
        next: &mut Manifest,
        erased: &mut Erased,
    ) -> Result<(), LakeError> {
        let mut files = Vec::new();
        let mut versions = FxHashSet::default();
        for file in self.manifest.by_customer() {
            let may_hold =
                file.customers.is_some_and(|(first, last)| first <= code && code <= last);
            if !may_hold {
                files.push(file.clone());
                continue;
            }
            let batches = self.batches(std::slice::from_ref(file), &Customers::Everybody)?;
            let mut kept = Vec::new();
            let mut found = false;
            for batch in &batches {
                let (rest, here) = without_customer(batch, code)?;
                found |= here;
                erased.lines += (batch.num_rows() - rest.num_rows()) as u64;
                kept.push(rest);
            }
            if !found {
                files.push(file.clone());
                continue;
            }
            for batch in self.batches(std::slice::from_ref(file), &Customers::Range(code..=code))? {
                let (receipt, version) = (codes(&batch, "receipt")?, codes(&batch, "version")?);
                versions
                    .extend(receipt.values().iter().copied().zip(version.values().iter().copied()));
            }
            let rest = arrow_select::concat::concat_batches(&rows::line_schema(), &kept)?;
            if rest.num_rows() > 0 {
                files.push(write_lines(&self.storage, &rest, file.run)?);
            }
        }
        next.sort_orders.insert(BY_CUSTOMER.to_owned(), files);
        self.forget_receipts(&versions, next)
    }

    /// His versions of receipts leave the index and, where they are the newest, the totals.
    fn forget_receipts(
        &self,
        versions: &FxHashSet<(u32, u32)>,
        next: &mut Manifest,
    ) -> Result<(), LakeError> {
        let mut entries = newest_entries(&self.storage, &self.manifest)?;
        let mut counted = FxHashSet::default();
        entries.retain(|(_, known)| {
            let his = versions.contains(&(known.receipt, known.version));
            if his && counted.insert(known.receipt) {
                count(&mut next.totals, known, -1);
            }
            !his
        });
        next.receipts = vec![write_entries(&self.storage, &entries, next.number + 1)?];
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
            let file = table::write(&self.storage, &rows, next.number + 1)?;
            next.tables.insert(R::TABLE.to_owned(), file);
        }
        Ok((before - rows.len()) as u64)
    }
}
