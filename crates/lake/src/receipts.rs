//! Receipts' identities: which receipts the lake knows, under which names, with which content.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use rustc_hash::FxHashMap;

use crate::manifest::{Manifest, StoredFile};
use crate::rows::{column, encode_to, read_all};
use crate::{LakeError, Storage};

/// A receipt as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its code.
    pub receipt: u32,
    /// Number of the manifest that brought its present content.
    pub version: u32,
    /// Hash of that content, whatever the order of its lines.
    pub content: u64,
    /// Lines of it, and how many units of money they bring.
    pub lines: u32,
    /// What the retailer received.
    pub net: i64,
    /// Whether it has a customer.
    pub with_customer: bool,
}

/// A receipt's names as 128-bit hashes: its own key, and the fiscal one where known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub own: u128,
    pub fiscal: Option<u128>,
}

/// All receipts of the lake by their names.
#[derive(Debug, Default)]
pub(crate) struct Index {
    // Code, and the version that gave it the name: two codes become one when a receipt turns out to be
    // known under both.
    by_name: FxHashMap<u128, (u32, u32)>,
    by_code: Vec<Option<Known>>,
}

impl Index {
    /// Reads the index of a state.
    pub(crate) fn read(storage: &Storage, manifest: &Manifest) -> Result<Self, LakeError> {
        let mut index = Self::default();
        for file in &manifest.receipts {
            for (names, known) in read_entries(storage, file)? {
                index.insert(names, known);
            }
        }
        Ok(index)
    }

    /// The receipts of either name: one, or two that turn out to be the same.
    pub(crate) fn find(&self, names: Names) -> impl Iterator<Item = Known> {
        let code = |name: Option<u128>| self.by_name.get(&name?).map(|named| named.0);
        let (own, fiscal) = (code(Some(names.own)), code(names.fiscal));
        let codes = own.into_iter().chain(fiscal.filter(|_| fiscal != own));
        codes.filter_map(|code| self.by_code[code as usize])
    }

    /// Every name of a receipt. Looks through all: for the rare case of two receipts becoming one.
    pub(crate) fn names_of(&self, receipt: u32) -> impl Iterator<Item = Names> {
        let mut names: Vec<u128> = self
            .by_name
            .iter()
            .filter(|(_, named)| named.0 == receipt)
            .map(|(&name, _)| name)
            .collect();
        names.sort_unstable();
        names.into_iter().map(|own| Names { own, fiscal: None })
    }

    /// Adds a receipt or the newer version of one.
    pub(crate) fn insert(&mut self, names: Names, known: Known) {
        for name in [Some(names.own), names.fiscal].into_iter().flatten() {
            let named = self.by_name.entry(name).or_insert((known.receipt, known.version));
            if named.1 <= known.version {
                *named = (known.receipt, known.version);
            }
        }
        let place = known.receipt as usize;
        if self.by_code.len() <= place {
            self.by_code.resize(place + 1, None);
        }
        if self.by_code[place].is_none_or(|older| older.version <= known.version) {
            self.by_code[place] = Some(known);
        }
    }

    /// The next code to give.
    pub(crate) fn next_code(&self) -> Result<u32, LakeError> {
        u32::try_from(self.by_code.len())
            .ok()
            .filter(|&code| code != retail::NONE)
            .ok_or(LakeError::Full { what: "receipts" })
    }
}

/// Writes entries as one file.
pub(crate) fn write_entries(
    storage: &Storage,
    entries: &[(Names, Known)],
    run: u64,
) -> Result<StoredFile, LakeError> {
    let high = |name: u128| (name >> 64) as u64;
    let low = |name: u128| name as u64;
    let words = |word: &dyn Fn(&Names) -> Option<u64>| -> ArrayRef {
        Arc::new(entries.iter().map(|(names, _)| word(names)).collect::<UInt64Array>())
    };
    let codes = |code: &dyn Fn(&Known) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(entries.iter().map(|(_, known)| code(known))))
    };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("receipt", codes(&|known| known.receipt), false),
        ("version", codes(&|known| known.version), false),
        ("own_high", words(&|names| Some(high(names.own))), true),
        ("own_low", words(&|names| Some(low(names.own))), true),
        ("fiscal_high", words(&|names| names.fiscal.map(high)), true),
        ("fiscal_low", words(&|names| names.fiscal.map(low)), true),
        (
            "content",
            Arc::new(UInt64Array::from_iter_values(entries.iter().map(|(_, known)| known.content)))
                as ArrayRef,
            false,
        ),
        ("lines", codes(&|known| known.lines), false),
        (
            "net",
            Arc::new(arrow_array::Int64Array::from_iter_values(
                entries.iter().map(|(_, known)| known.net),
            )),
            false,
        ),
        (
            "with_customer",
            Arc::new(
                entries
                    .iter()
                    .map(|(_, known)| Some(known.with_customer))
                    .collect::<arrow_array::BooleanArray>(),
            ),
            false,
        ),
    ])?;
    encode_to(storage, "receipts", &[batch], run)
}

/// Reads the entries of one file.
pub(crate) fn read_entries(
    storage: &Storage,
    file: &StoredFile,
) -> Result<Vec<(Names, Known)>, LakeError> {
    let batch = read_all(storage, file)?;
    let codes = |name| column::<UInt32Array>(&batch, name, file);
    let words = |name| column::<UInt64Array>(&batch, name, file);
    let (receipt, version, lines) = (codes("receipt")?, codes("version")?, codes("lines")?);
    let (own_high, own_low, content) = (words("own_high")?, words("own_low")?, words("content")?);
    let (fiscal_high, fiscal_low) = (words("fiscal_high")?, words("fiscal_low")?);
    let net: &arrow_array::Int64Array = column(&batch, "net", file)?;
    let with_customer: &arrow_array::BooleanArray = column(&batch, "with_customer", file)?;
    let join = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
    let entry = |row: usize| {
        let names = Names {
            own: join(own_high.value(row), own_low.value(row)),
            fiscal: fiscal_high
                .is_valid(row)
                .then(|| join(fiscal_high.value(row), fiscal_low.value(row))),
        };
        let known = Known {
            receipt: receipt.value(row),
            version: version.value(row),
            content: content.value(row),
            lines: lines.value(row),
            net: net.value(row),
            with_customer: with_customer.value(row),
        };
        (names, known)
    };
    Ok((0..batch.num_rows()).map(entry).collect())
}

/// The newest version of each receipt under each of its own names, in order of codes; a version that
/// came without the fiscal name keeps the one an older version had.
pub(crate) fn newest_entries(
    storage: &Storage,
    manifest: &Manifest,
) -> Result<Vec<(Names, Known)>, LakeError> {
    let mut all = Vec::new();
    for file in &manifest.receipts {
        all.extend(read_entries(storage, file)?);
    }
    all.sort_by_key(|(_, known)| (known.receipt, std::cmp::Reverse(known.version)));
    let mut newest = Vec::with_capacity(all.len());
    for versions in all.chunk_by(|a, b| a.1.receipt == b.1.receipt) {
        let known = versions[0].1;
        let fiscal = versions.iter().find_map(|(names, _)| names.fiscal);
        let mut own: Vec<u128> = versions.iter().map(|(names, _)| names.own).collect();
        own.sort_unstable();
        own.dedup();
        newest.extend(own.into_iter().map(|own| (Names { own, fiscal }, known)));
    }
    Ok(newest)
}

/// Versions of receipts whose rows no longer count.
#[derive(Debug, Default)]
pub(crate) struct Dead(rustc_hash::FxHashSet<(u32, u32)>);

impl Dead {
    pub(crate) fn read(storage: &Storage, manifest: &Manifest) -> Result<Self, LakeError> {
        let mut dead = Self::default();
        for file in &manifest.dead {
            let batch = read_all(storage, file)?;
            let receipt: &UInt32Array = column(&batch, "receipt", file)?;
            let version: &UInt32Array = column(&batch, "version", file)?;
            dead.0.extend(receipt.values().iter().copied().zip(version.values().iter().copied()));
        }
        Ok(dead)
    }

    pub(crate) fn write(
        storage: &Storage,
        versions: &[(u32, u32)],
        run: u64,
    ) -> Result<StoredFile, LakeError> {
        let receipt = UInt32Array::from_iter_values(versions.iter().map(|version| version.0));
        let version = UInt32Array::from_iter_values(versions.iter().map(|version| version.1));
        let batch = RecordBatch::try_from_iter([
            ("receipt", Arc::new(receipt) as ArrayRef),
            ("version", Arc::new(version) as ArrayRef),
        ])?;
        encode_to(storage, "dead", &[batch], run)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which rows of a batch of lines still count.
    pub(crate) fn live(
        &self,
        receipt: &UInt32Array,
        version: &UInt32Array,
    ) -> arrow_array::BooleanArray {
        receipt
            .values()
            .iter()
            .zip(version.values())
            .map(|(&receipt, &version)| Some(!self.0.contains(&(receipt, version))))
            .collect()
    }
}
