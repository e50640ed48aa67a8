//! The manifest: the one file that says what the lake consists of. Writing the next number,
//! create-if-absent, is the commit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{LakeError, Storage};

const FOLDER: &str = "manifest";
const FORMAT: u32 = 1;

/// A live file of the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Place within the lake.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Number of the manifest that brought it: files of one run do not overlap.
    pub run: u64,
    /// Smallest and largest customer code, in files sorted by customer; nothing where all rows are
    /// without a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers: Option<(u32, u32)>,
}

/// What the lake holds, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Receipts.
    pub receipts: u64,
    /// Lines of all receipts.
    pub lines: u64,
    /// Receipts with a customer.
    pub receipts_with_customer: u64,
    /// What the retailer received, minor units.
    pub net: i64,
    /// The part of it on receipts with a customer.
    pub net_with_customer: i64,
}

/// The one part of a manifest that every version of the layout has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// The state of the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout.
    pub format: u32,
    /// 0 is the empty lake.
    pub number: u64,
    /// Live files per named order: `by-customer`.
    pub sort_orders: BTreeMap<String, Vec<StoredFile>>,
    /// Receipts' identities and the versions of their content.
    pub receipts: Vec<StoredFile>,
    /// Receipt versions that were replaced; their rows are still in the files of `sort_orders`.
    pub dead: Vec<StoredFile>,
    /// Codes and ids, one file a kind.
    pub dictionaries: BTreeMap<String, StoredFile>,
    /// Reference tables: products, shops, customers, campaigns …
    pub tables: BTreeMap<String, StoredFile>,
    /// Input batches this state contains; bringing one of them again changes nothing.
    pub batches: Vec<String>,
    /// SHA-256 of the ids of erased customers: what comes in their name stays without a customer.
    pub erased: Vec<String>,
    /// What it holds.
    pub totals: Totals,
}

/// The name of the order by customer and time.
pub(crate) const BY_CUSTOMER: &str = "by-customer";

impl Manifest {
    pub(crate) fn empty() -> Self {
        Self {
            format: FORMAT,
            number: 0,
            sort_orders: BTreeMap::from([(BY_CUSTOMER.to_owned(), Vec::new())]),
            receipts: Vec::new(),
            dead: Vec::new(),
            dictionaries: BTreeMap::new(),
            tables: BTreeMap::new(),
            batches: Vec::new(),
            erased: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Files sorted by customer and time.
    #[must_use]
    pub fn by_customer(&self) -> &[StoredFile] {
        self.sort_orders.get(BY_CUSTOMER).map_or(&[], Vec::as_slice)
    }

    /// How many runs a reader must merge.
    #[must_use]
    pub fn runs(&self) -> usize {
        let runs: std::collections::BTreeSet<u64> =
            self.by_customer().iter().map(|file| file.run).collect();
        runs.len()
    }

    /// Every live file with what it holds.
    pub fn files(&self) -> impl Iterator<Item = (String, &StoredFile)> {
        let sort_orders = self.sort_orders.iter().flat_map(|(order, files)| {
            files.iter().map(move |file| (format!("lines {order}"), file))
        });
        let receipts = self.receipts.iter().map(|file| ("receipts".to_owned(), file));
        let dead = self.dead.iter().map(|file| ("dead".to_owned(), file));
        let dictionaries =
            self.dictionaries.iter().map(|(kind, file)| (format!("dictionary {kind}"), file));
        let tables = self.tables.iter().map(|(name, file)| (format!("table {name}"), file));
        sort_orders.chain(receipts).chain(dead).chain(dictionaries).chain(tables)
    }

    pub(crate) fn newest(storage: &Storage) -> Result<Self, LakeError> {
        match Self::numbers(storage)?.last() {
            Some(&number) => Self::read(storage, number),
            None => Ok(Self::empty()),
        }
    }

    /// Numbers of all kept manifests, ascending.
    pub(crate) fn numbers(storage: &Storage) -> Result<Vec<u64>, LakeError> {
        let mut numbers: Vec<u64> = storage
            .list(FOLDER)?
            .iter()
            .filter_map(|object| Self::number_of(&object.path))
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(crate) fn read(storage: &Storage, number: u64) -> Result<Self, LakeError> {
        let path = Self::path(number);
        let damaged = |why: String| LakeError::Damaged { path: storage.location(&path), why };
        let bytes = storage.get(&path)?;
        let format =
            serde_json::from_slice::<Format>(&bytes).map_err(|e| damaged(e.to_string()))?.format;
        if format != FORMAT {
            return Err(damaged(format!(
                "it has format {format}, this program reads format {FORMAT}; use a newer proffer"
            )));
        }
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if manifest.number != number {
            return Err(damaged(format!(
                "it says number {}, its name says {number}",
                manifest.number
            )));
        }
        Ok(manifest)
    }

    /// Commits this state as the next after the one it was made from.
    pub(crate) fn commit(mut self, storage: &Storage) -> Result<Self, LakeError> {
        self.number += 1;
        let bytes = serde_json::to_vec_pretty(&self).map_err(|error| LakeError::Damaged {
            path: Self::path(self.number),
            why: format!("the manifest cannot be written as JSON: {error}"),
        })?;
        if storage.create(&Self::path(self.number), bytes)? {
            Ok(self)
        } else {
            Err(LakeError::Raced { number: self.number })
        }
    }

    pub(crate) fn path(number: u64) -> String {
        format!("{FOLDER}/{number:010}.json")
    }

    /// The manifest's number, from its path.
    pub(crate) fn number_of(path: &str) -> Option<u64> {
        path.rsplit('/').next()?.strip_suffix(".json")?.parse().ok()
    }
}
