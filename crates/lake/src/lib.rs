//! The lake: receipts in bulk, as Parquet in a folder (later: a bucket).
//!
//! It owns the files, the numbered manifests by which they are committed, the dictionaries of
//! compact codes, and the folders of snapshots. A commit is one manifest, written create-if-absent:
//! a kill at any moment leaves the state before or after it, never between. Nothing is overwritten,
//! with one exception: erasing a customer.
//!
//! It never reads a feed's format, computes no parameter of a portrait and knows no rule of a
//! programme. Codes are private to it: outside, an id is the source's own text.
//!
//! Start with [`Lake`]; then `append.rs` (a feed's batch becomes files and a manifest), `scan.rs`
//! (files become [`retail::Lines`]), `compact.rs`, `erase.rs`, [`Snapshots`].

mod append;
mod compact;
mod dictionary;
mod erase;
mod error;
mod manifest;
mod merge;
mod parquet_rows;
mod receipts;
mod rows;
mod scan;
mod snapshot;
mod storage;
mod table;

pub use append::{Appended, TableChange};
pub use compact::Compacted;
pub use dictionary::Dictionary;
pub use erase::Erased;
pub use error::LakeError;
pub use manifest::{Manifest, StoredFile, Totals};
pub use parquet_rows::ParquetRows;
pub use scan::Customers;
pub use snapshot::{Snapshot, SnapshotRows, SnapshotWriter, Snapshots};
pub use storage::Storage;
pub use table::{Cell, Row};

use std::sync::{Arc, OnceLock};

use dictionary::Kind;

/// The lake as of one manifest. Opening is cheap; dictionaries are read when first asked for.
/// A `Lake` is a view: later commits of others are seen by opening again.
#[derive(Debug)]
pub struct Lake {
    storage: Arc<Storage>,
    manifest: Manifest,
    dictionaries: [OnceLock<Dictionary>; Kind::ALL.len()],
}

impl Lake {
    /// Opens the newest state; an empty place is an empty lake.
    ///
    /// # Errors
    /// When the storage cannot be read or the newest manifest cannot be understood.
    pub fn open(storage: Arc<Storage>) -> Result<Self, LakeError> {
        let manifest = Manifest::newest(&storage)?;
        Ok(Self::at(storage, manifest))
    }

    fn at(storage: Arc<Storage>, manifest: Manifest) -> Self {
        Self { storage, manifest, dictionaries: Default::default() }
    }

    /// What this state consists of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Customers' ids and codes.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn customers(&self) -> Result<&Dictionary, LakeError> {
        self.dictionary(Kind::Customer)
    }

    /// Products' ids and codes: those that were ever sold.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn products(&self) -> Result<&Dictionary, LakeError> {
        self.dictionary(Kind::Product)
    }

    /// Shops' ids and codes.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn shops(&self) -> Result<&Dictionary, LakeError> {
        self.dictionary(Kind::Shop)
    }

    /// Sales channels' names and codes.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn channels(&self) -> Result<&Dictionary, LakeError> {
        self.dictionary(Kind::Channel)
    }

    fn dictionary(&self, kind: Kind) -> Result<&Dictionary, LakeError> {
        let cell = &self.dictionaries[kind as usize];
        if let Some(dictionary) = cell.get() {
            return Ok(dictionary);
        }
        let dictionary = match self.manifest.dictionaries.get(kind.name()) {
            Some(file) => Dictionary::read(&self.storage, file)?,
            None => Dictionary::default(),
        };
        Ok(cell.get_or_init(|| dictionary))
    }

    /// All rows of a reference table, in the order in which they first came.
    ///
    /// # Errors
    /// When the table's file cannot be read.
    pub fn table<R: Row>(&self) -> Result<Vec<R>, LakeError> {
        match self.manifest.tables.get(R::TABLE) {
            Some(file) => table::read(&self.storage, file),
            None => Ok(Vec::new()),
        }
    }

    /// Places of all live files for other tools, as (what it holds, where).
    #[must_use]
    pub fn files(&self) -> Vec<(String, String)> {
        self.manifest
            .files()
            .map(|(role, file)| (role, self.storage.location(&file.path)))
            .collect()
    }
}
