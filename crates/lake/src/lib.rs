//! The lake: receipts in bulk, as Parquet in a folder or a bucket.
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
mod dead;
mod dictionary;
mod erase;
mod error;
mod index;
mod manifest;
mod merge;
mod order;
mod parquet_rows;
mod placements;
mod repair;
mod rows;
mod scan;
mod snapshot;
mod storage;
mod table;

pub use append::{Append, Appended, TableChange};
pub use compact::{Compacted, Extent};
pub use dictionary::Dictionary;
pub use erase::Erased;
pub use error::LakeError;
pub use manifest::{Manifest, StoredFile, Totals};
pub use parquet_rows::ParquetRows;
pub use repair::Repaired;
pub use scan::Customers;
pub use snapshot::{Snapshot, SnapshotColumns, SnapshotRows, SnapshotWriter, Snapshots};
pub use storage::{Bucket, Limits, Listed, Storage};
pub use table::{Cell, Cells, Row};

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use rustc_hash::{FxHashMap, FxHashSet};

use dead::Dead;
use dictionary::Kind;

/// The lake as of one manifest. Opening is cheap; dictionaries are read when first asked for.
/// A `Lake` is a view: later commits of others are seen by opening again, which [`Lake::renewed`] does
/// without reading again what they left as it was. A clone is the same view and shares what was read.
#[derive(Clone, Debug)]
pub struct Lake {
    storage: Arc<Storage>,
    manifest: Arc<Manifest>,
    // The manifest's files as they were listed when it was opened; none if it was not opened.
    listed: Vec<Listed>,
    // Newer manifests that are damaged or lost.
    unsound: Vec<(u64, String)>,
    // Files' metadata by their path.
    metadata: Arc<Mutex<FxHashMap<String, ArrowReaderMetadata>>>,
    // What the whole state needs once.
    dead: OnceLock<Arc<Dead>>,
    dictionaries: [OnceLock<Arc<Dictionary>>; Kind::ALL.len()],
    // Lines that stand in no file yet, in the order by customer.
    beside: Option<RecordBatch>,
}

impl Lake {
    /// Opens the newest whole state; an empty place is an empty lake. If newer states are damaged or
    /// lost, [`Lake::unsound`] tells it and the lake is read only.
    ///
    /// # Errors
    /// When the storage cannot be read, no state is whole, or another version of the program made it.
    pub fn open(storage: Arc<Storage>) -> Result<Self, LakeError> {
        let newest = Manifest::newest(&storage)?;
        let lake = Self::at(storage, newest.manifest);
        Ok(Self { unsound: newest.unsound, listed: newest.listed, ..lake })
    }

    /// Whether opening would give this state again: its manifest is the newest, and its files are those
    /// that it was read from. It only lists.
    ///
    /// # Errors
    /// When the storage cannot be listed.
    pub fn is_newest(&self) -> Result<bool, LakeError> {
        Ok(!self.listed.is_empty() && Manifest::listed(&self.storage)? == self.listed)
    }

    /// The newest whole state as [`Lake::open`] gives it, with what this view has read of files that both
    /// consist of: dictionaries, metadata, replaced versions.
    ///
    /// # Errors
    /// As [`Lake::open`].
    pub fn renewed(&self) -> Result<Self, LakeError> {
        let lake = Self::open(self.storage.clone())?;
        // What stands beside the files has changed dictionaries and replaced versions.
        if self.beside.is_some() {
            return Ok(lake);
        }
        let (old, new) = (&self.manifest, &lake.manifest);
        for kind in Kind::ALL {
            let known = self.dictionaries[kind as usize].get();
            if let Some(known) = known
                && old.dictionaries.get(kind.name()) == new.dictionaries.get(kind.name())
            {
                // A view that was just opened has none.
                let _ = lake.dictionaries[kind as usize].set(known.clone());
            }
        }
        if let Some(dead) = self.dead.get()
            && old.dead == new.dead
        {
            let _ = lake.dead.set(dead.clone());
        }
        let stays: FxHashSet<&str> = new.files().map(|(_, file)| file.path.as_str()).collect();
        let mut metadata = self.metadata.lock().unwrap_or_else(PoisonError::into_inner).clone();
        metadata.retain(|path, _| stays.contains(path.as_str()));
        Ok(Self { metadata: Arc::new(Mutex::new(metadata)), ..lake })
    }

    fn at(storage: Arc<Storage>, manifest: Manifest) -> Self {
        Self {
            storage,
            manifest: Arc::new(manifest),
            listed: Vec::new(),
            unsound: Vec::new(),
            metadata: Arc::default(),
            dead: OnceLock::new(),
            dictionaries: Default::default(),
            beside: None,
        }
    }

    /// What is wrong with states newer than this one, a sentence each; empty in a sound lake.
    pub fn unsound(&self) -> impl Iterator<Item = &str> {
        self.unsound.iter().map(|(_, why)| why.as_str())
    }

    pub(crate) fn must_be_sound(&self) -> Result<(), LakeError> {
        match self.unsound.last() {
            None => Ok(()),
            Some((_, why)) => Err(LakeError::Unsound { why: why.clone() }),
        }
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
        Ok(self.dictionary(Kind::Customer)?)
    }

    /// The code of one customer's id. It does not read the dictionary into memory, which takes longer
    /// than one customer's lines.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn customer(&self, id: &str) -> Result<Option<u32>, LakeError> {
        if let Some(dictionary) = self.dictionaries[Kind::Customer as usize].get() {
            return Ok(dictionary.code(id));
        }
        match self.manifest.dictionaries.get(Kind::Customer.name()) {
            Some(file) => Dictionary::look_up(&self.storage, file, id),
            None => Ok(None),
        }
    }

    /// Products' ids and codes: those that were ever sold.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn products(&self) -> Result<&Dictionary, LakeError> {
        Ok(self.dictionary(Kind::Product)?)
    }

    /// Shops' ids and codes.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn shops(&self) -> Result<&Dictionary, LakeError> {
        Ok(self.dictionary(Kind::Shop)?)
    }

    /// Sales channels' names and codes.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn channels(&self) -> Result<&Dictionary, LakeError> {
        Ok(self.dictionary(Kind::Channel)?)
    }

    /// Categories' names and codes: those of products that were ever sold.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub fn categories(&self) -> Result<&Dictionary, LakeError> {
        Ok(self.dictionary(Kind::Category)?)
    }

    /// Replaced versions of receipts.
    fn dead(&self) -> Result<&Dead, LakeError> {
        if let Some(dead) = self.dead.get() {
            return Ok(dead);
        }
        let dead = Dead::read(&self.storage, &self.manifest)?;
        Ok(self.dead.get_or_init(|| Arc::new(dead)))
    }

    fn dictionary(&self, kind: Kind) -> Result<&Arc<Dictionary>, LakeError> {
        let cell = &self.dictionaries[kind as usize];
        if let Some(dictionary) = cell.get() {
            return Ok(dictionary);
        }
        let dictionary = match self.manifest.dictionaries.get(kind.name()) {
            Some(file) => Dictionary::read(&self.storage, file)?,
            None => Dictionary::default(),
        };
        Ok(cell.get_or_init(|| Arc::new(dictionary)))
    }

    /// All rows of a reference table, in the order in which they first came.
    ///
    /// # Errors
    /// When the table's file cannot be read.
    pub fn table<R: Row>(&self) -> Result<Vec<R>, LakeError> {
        table::of(&self.storage, &self.manifest)
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
