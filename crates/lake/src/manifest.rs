//! The manifest: the one file that says what the lake consists of. Writing the next number,
//! create-if-absent, is the commit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::order::SortOrder;
use crate::rows::sha256_hex;
use crate::{LakeError, Listed, Storage};

const FOLDER: &str = "manifest";
const FORMAT: u32 = 2;
/// Ending of the file that holds a manifest's SHA-256, written after the commit.
const SEAL: &str = ".sha256";

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
    /// The run it belongs to: files of one run do not overlap.
    pub run: u64,
    /// Smallest and largest code of the column by which lines are sorted, customer or category;
    /// nothing where no row has one, and for other files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<(u32, u32)>,
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

/// Which files of a number are there.
#[derive(Default)]
struct Kept {
    manifest: bool,
    seal: bool,
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
    /// Number of the next run; also the version of the receipts that come with it.
    pub next_run: u64,
    /// Code of the next receipt.
    pub next_receipt: u32,
    /// Live files per named order: `by-customer`, `by-category`. All orders hold the same lines.
    pub sort_orders: BTreeMap<String, Vec<StoredFile>>,
    /// Receipts' names and the newest versions of their content.
    pub receipts: Vec<StoredFile>,
    /// Receipt versions that were replaced; their rows are still in the files of `sort_orders`.
    pub dead: Vec<StoredFile>,
    /// Codes and ids, one file a kind.
    pub dictionaries: BTreeMap<String, StoredFile>,
    /// Reference tables: products, shops, customers, campaigns …
    pub tables: BTreeMap<String, StoredFile>,
    /// Promotion placements, one file a week, by the week's first day.
    #[serde(default)]
    pub placements: BTreeMap<retail::Day, StoredFile>,
    /// Input batches this state contains; bringing one of them again changes nothing.
    pub batches: Vec<String>,
    /// SHA-256 of the ids of erased customers: what comes in their name stays without a customer.
    pub erased: Vec<String>,
    /// What it holds.
    pub totals: Totals,
}

/// The newest sound state, and what is wrong with newer ones.
#[derive(Debug)]
pub(crate) struct Newest {
    pub manifest: Manifest,
    /// The files of the highest number that was listed, in the sequence of their names.
    pub listed: Vec<Listed>,
    /// The damaged or lost manifests above it, ascending, each with what is wrong with it.
    pub unsound: Vec<(u64, String)>,
}

impl Manifest {
    pub(crate) fn empty() -> Self {
        let orders = SortOrder::ALL.map(|order| (order.name().to_owned(), Vec::new()));
        Self {
            format: FORMAT,
            number: 0,
            next_run: 1,
            next_receipt: 0,
            sort_orders: orders.into(),
            receipts: Vec::new(),
            dead: Vec::new(),
            dictionaries: BTreeMap::new(),
            tables: BTreeMap::new(),
            placements: BTreeMap::new(),
            batches: Vec::new(),
            erased: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Files of lines in an order.
    pub(crate) fn lines(&self, order: SortOrder) -> &[StoredFile] {
        self.sort_orders.get(order.name()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn lines_mut(&mut self, order: SortOrder) -> &mut Vec<StoredFile> {
        self.sort_orders.entry(order.name().to_owned()).or_default()
    }

    /// How many runs a reader must merge.
    #[must_use]
    pub fn runs(&self) -> usize {
        let runs = self.lines(SortOrder::ByCustomer).iter().map(|file| file.run);
        runs.collect::<std::collections::BTreeSet<u64>>().len()
    }

    /// Whether both say the same, however it is laid out in files: only compactions lie between them.
    pub(crate) fn holds_what(&self, other: &Self) -> bool {
        self.dictionaries == other.dictionaries
            && self.tables == other.tables
            && self.placements == other.placements
            && self.batches == other.batches
            && self.erased == other.erased
            && self.totals == other.totals
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
        let placements =
            self.placements.iter().map(|(week, file)| (format!("placements {week}"), file));
        sort_orders.chain(receipts).chain(dead).chain(dictionaries).chain(tables).chain(placements)
    }

    /// The newest state that is whole. A manifest that a commit sealed and that is gone or changed is
    /// told of; an empty storage is the empty lake.
    pub(crate) fn newest(storage: &Storage) -> Result<Newest, LakeError> {
        let mut unsound = Vec::new();
        let mut numbers: BTreeMap<u64, Kept> = BTreeMap::new();
        let objects = storage.list(FOLDER)?;
        for object in &objects {
            match number_and_kind(&object.path) {
                Some((number, true)) => numbers.entry(number).or_default().manifest = true,
                Some((number, false)) => numbers.entry(number).or_default().seal = true,
                None => {}
            }
        }
        let listed = highest(objects);
        while let Some((number, kept)) = numbers.pop_last() {
            match Self::read_sealed(storage, number, &kept) {
                Ok(manifest) => {
                    unsound.reverse();
                    return Ok(Newest { manifest, listed, unsound });
                }
                Err(LakeError::Damaged { path, why }) => {
                    unsound.push((number, format!("{path} is damaged: {why}")));
                }
                Err(error) => return Err(error),
            }
        }
        match unsound.pop() {
            None => Ok(Newest { manifest: Self::empty(), listed, unsound }),
            Some((_, why)) => Err(LakeError::Unreadable { why }),
        }
    }

    /// The files of the highest number, as [`Newest::listed`] has them.
    pub(crate) fn listed(storage: &Storage) -> Result<Vec<Listed>, LakeError> {
        Ok(highest(storage.list(FOLDER)?))
    }

    fn read_sealed(storage: &Storage, number: u64, kept: &Kept) -> Result<Self, LakeError> {
        let path = Self::path(number);
        let damaged =
            |why: &str| LakeError::Damaged { path: storage.location(&path), why: why.to_owned() };
        // A listing is no snapshot: the manifest may have come after it, beside its seal.
        let again = || Ok::<_, LakeError>(storage.list(FOLDER)?.iter().any(|o| o.path == path));
        if !kept.manifest && !again()? {
            return Err(damaged("it was committed, and the file is gone"));
        }
        let bytes = storage.get(&path)?;
        if kept.seal && storage.get(&Self::seal_path(number))? != sha256_hex(&bytes).as_bytes() {
            return Err(damaged("its content is not what was committed"));
        }
        Self::parse(storage, number, &bytes)
    }

    pub(crate) fn read(storage: &Storage, number: u64) -> Result<Self, LakeError> {
        Self::parse(storage, number, &storage.get(&Self::path(number))?)
    }

    fn parse(storage: &Storage, number: u64, bytes: &[u8]) -> Result<Self, LakeError> {
        let location = storage.location(&Self::path(number));
        let damaged = |why: String| LakeError::Damaged { path: location.clone(), why };
        let format =
            serde_json::from_slice::<Format>(bytes).map_err(|e| damaged(e.to_string()))?.format;
        if format != FORMAT {
            return Err(LakeError::Format { path: location, format, readable: FORMAT });
        }
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
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
        let seal = sha256_hex(&bytes);
        if !storage.create(&Self::path(self.number), bytes)? {
            return Err(LakeError::Raced { number: self.number });
        }
        // The commit is made; its seal only tells later whether it is still there and whole.
        let _ = storage.put(&Self::seal_path(self.number), seal.into_bytes());
        Ok(self)
    }

    pub(crate) fn path(number: u64) -> String {
        format!("{FOLDER}/{number:010}.json")
    }

    pub(crate) fn seal_path(number: u64) -> String {
        format!("{FOLDER}/{number:010}{SEAL}")
    }

    /// The manifest's number, from its path.
    pub(crate) fn number_of(path: &str) -> Option<u64> {
        path.rsplit('/').next()?.strip_suffix(".json")?.parse().ok()
    }
}

/// The number of a file of this folder, and whether it is a manifest or else a seal.
fn number_and_kind(path: &str) -> Option<(u64, bool)> {
    let name = path.rsplit('/').next()?;
    match name.strip_suffix(SEAL) {
        Some(number) => Some((number.parse().ok()?, false)),
        None => Some((name.strip_suffix(".json")?.parse().ok()?, true)),
    }
}

/// Files of the highest number, in the sequence of their names.
fn highest(objects: Vec<Listed>) -> Vec<Listed> {
    let number = |object: &Listed| number_and_kind(&object.path).map(|(number, _)| number);
    let highest = objects.iter().filter_map(number).max();
    let mut listed: Vec<Listed> = objects
        .into_iter()
        .filter(|object| highest.is_some() && number(object) == highest)
        .collect();
    listed.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    listed
}
