//! Versions of receipts that were replaced: their rows lie in the files until a compaction, and no
//! longer count.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow_select::filter::filter_record_batch;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::manifest::{Manifest, StoredFile};
use crate::rows::{column, encode_to, read_all};
use crate::scan::codes;
use crate::{LakeError, Storage};

/// The replaced versions of one state, as (receipt, version).
#[derive(Clone, Debug, Default)]
pub(crate) struct Dead {
    versions: FxHashSet<(u32, u32)>,
    // A bit for each receipt with a replaced version: most rows need no more than this look.
    receipts: Vec<u64>,
}

impl Dead {
    pub(crate) fn read(storage: &Storage, manifest: &Manifest) -> Result<Self, LakeError> {
        let mut dead = Self::default();
        for file in &manifest.dead {
            let batch = read_all(storage, file)?;
            let receipt: &UInt32Array = column(&batch, "receipt", file)?;
            let version: &UInt32Array = column(&batch, "version", file)?;
            let versions = receipt.values().iter().zip(version.values());
            versions.for_each(|(&receipt, &version)| dead.insert(receipt, version));
        }
        Ok(dead)
    }

    fn insert(&mut self, receipt: u32, version: u32) {
        let place = receipt as usize / 64;
        if self.receipts.len() <= place {
            self.receipts.resize(place + 1, 0);
        }
        self.receipts[place] |= 1 << (receipt % 64);
        self.versions.insert((receipt, version));
    }

    /// Adds (receipt, version) pairs that are replaced as well.
    pub(crate) fn add(&mut self, versions: &[(u32, u32)]) {
        versions.iter().for_each(|&(receipt, version)| self.insert(receipt, version));
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
        self.versions.is_empty()
    }

    /// All of them, ascending.
    pub(crate) fn sorted(&self) -> Vec<(u32, u32)> {
        let mut versions: Vec<_> = self.versions.iter().copied().collect();
        versions.sort_unstable();
        versions
    }

    pub(crate) fn contains(&self, receipt: u32, version: u32) -> bool {
        let word = self.receipts.get(receipt as usize / 64).copied().unwrap_or(0);
        word & (1 << (receipt % 64)) != 0 && self.versions.contains(&(receipt, version))
    }

    /// Rows that still count.
    pub(crate) fn live_rows(
        &self,
        batches: Vec<RecordBatch>,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        if self.is_empty() {
            return Ok(batches);
        }
        let live = |batch: RecordBatch| {
            let (receipt, version) = (codes(&batch, "receipt")?, codes(&batch, "version")?);
            let live: BooleanArray = receipt
                .values()
                .iter()
                .zip(version.values())
                .map(|(&receipt, &version)| Some(!self.contains(receipt, version)))
                .collect();
            if live.true_count() == live.len() {
                return Ok(batch);
            }
            Ok(filter_record_batch(&batch, &live)?)
        };
        batches.into_par_iter().map(live).collect()
    }
}
