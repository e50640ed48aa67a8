//! Compaction: many runs become one, replaced versions go, dead files are removed in time.

use std::time::{Duration, SystemTime};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_select::filter::filter_record_batch;

use crate::append::write_lines;
use crate::manifest::{BY_CUSTOMER, Manifest};
use crate::merge::merge;
use crate::receipts::{Dead, newest_entries, write_entries};
use crate::scan::live_rows;
use crate::{Customers, Lake, LakeError};

/// How long files of an older state stay for readers that opened it.
pub(crate) const GRACE: Duration = Duration::from_secs(60 * 60);

/// Lines that compaction holds in memory at a time, about.
const LINES_AT_ONCE: u64 = 1 << 20;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compacted {
    /// Runs before.
    pub runs_before: usize,
    /// Lines written anew.
    pub lines: u64,
    /// Bytes of the files of lines, before.
    pub bytes_before: u64,
    /// Bytes of the files of lines, after.
    pub bytes_after: u64,
}

impl Lake {
    /// Makes one run of all runs and drops replaced versions; the lake's content does not change.
    /// Readers that opened the lake before go on reading the older files for an hour.
    ///
    /// # Errors
    /// When the storage fails or another process committed meanwhile; then nothing was changed.
    pub fn compact(&self) -> Result<(Self, Compacted), LakeError> {
        let bytes =
            |manifest: &Manifest| manifest.by_customer().iter().map(|file| file.bytes).sum();
        let mut done = Compacted {
            runs_before: self.manifest.runs(),
            bytes_before: bytes(&self.manifest),
            bytes_after: bytes(&self.manifest),
            lines: 0,
        };
        if self.manifest.runs() <= 1
            && self.manifest.dead.is_empty()
            && self.manifest.receipts.len() <= 1
        {
            return Ok((Self::at(self.storage.clone(), self.manifest.clone()), done));
        }
        let mut next = self.manifest.clone();
        let run = next.number + 1;
        let dead = Dead::read(&self.storage, &self.manifest)?;
        let mut files = Vec::new();
        for range in self.ranges(LINES_AT_ONCE) {
            files.extend(self.rewrite(&Customers::Range(range), &dead, run)?);
        }
        files.extend(self.rewrite_without_customer(&dead, run)?);
        done.lines = files.iter().map(|file| file.rows).sum();
        next.sort_orders.insert(BY_CUSTOMER.to_owned(), files);
        next.dead = Vec::new();
        next.receipts = vec![write_entries(
            &self.storage,
            &newest_entries(&self.storage, &self.manifest)?,
            run,
        )?];
        done.bytes_after = bytes(&next);
        let manifest = next.commit(&self.storage)?;
        let lake = Self::at(self.storage.clone(), manifest);
        lake.sweep(Some(GRACE))?;
        Ok((lake, done))
    }

    fn rewrite(
        &self,
        customers: &Customers,
        dead: &Dead,
        run: u64,
    ) -> Result<Option<crate::StoredFile>, LakeError> {
        let batches = live_rows(self.batches(self.manifest.by_customer(), customers)?, dead)?;
        self.write_merged(&batches, run)
    }

    /// Lines without a customer, file by file, so that memory stays bounded: their order in time
    /// is kept within what one file held.
    fn rewrite_without_customer(
        &self,
        dead: &Dead,
        run: u64,
    ) -> Result<Vec<crate::StoredFile>, LakeError> {
        let mut pending: Vec<RecordBatch> = Vec::new();
        let mut written = Vec::new();
        let mut rows: u64;
        for file in self.manifest.by_customer() {
            let unknown = self.batches(std::slice::from_ref(file), &Customers::Unknown)?;
            pending.extend(live_rows(unknown, dead)?);
            rows = pending.iter().map(|batch| batch.num_rows() as u64).sum();
            if rows >= LINES_AT_ONCE {
                written.extend(self.write_merged(&pending, run)?);
                pending.clear();
            }
        }
        written.extend(self.write_merged(&pending, run)?);
        Ok(written)
    }

    fn write_merged(
        &self,
        batches: &[RecordBatch],
        run: u64,
    ) -> Result<Option<crate::StoredFile>, LakeError> {
        match merge(batches)? {
            Some(rows) if rows.num_rows() > 0 => write_lines(&self.storage, &rows, run).map(Some),
            _ => Ok(None),
        }
    }

    /// Removes files that no kept state needs: manifests superseded longer than `grace` ago (all, without one), the
    /// files only they name, and what killed writers left.
    ///
    /// # Errors
    /// When the storage fails; what was removed stays removed, and that is harmless.
    pub(crate) fn sweep(&self, grace: Option<Duration>) -> Result<(), LakeError> {
        let manifests = self.manifests()?;
        let committed = manifests.last().map_or(SystemTime::UNIX_EPOCH, |newest| newest.1);
        let far_future = committed + Duration::from_secs(100 * 365 * 86_400);
        let limit = match grace {
            Some(grace) => committed.checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH),
            None => far_future,
        };
        let mut needed: std::collections::HashSet<String> =
            self.manifest.files().map(|(_, file)| file.path.clone()).collect();
        let (old, kept): (Vec<_>, Vec<_>) =
            manifests.windows(2).partition(|pair| pair[1].1 <= limit);
        for pair in kept {
            let manifest = Manifest::read(&self.storage, pair[0].0)?;
            needed.extend(manifest.files().map(|(_, file)| file.path.clone()));
        }
        for folder in ["lines", "receipts", "dead", "dictionary", "table"] {
            for object in self.storage.list(folder)? {
                if object.modified < limit && !needed.contains(&object.path) {
                    self.storage.delete(&object.path)?;
                }
            }
        }
        for pair in old {
            self.storage.delete(&Manifest::path(pair[0].0))?;
        }
        self.storage.sweep_unfinished(limit);
        Ok(())
    }
}

impl Lake {
    /// Numbers of all kept manifests, ascending, and when each was committed.
    fn manifests(&self) -> Result<Vec<(u64, SystemTime)>, LakeError> {
        let mut manifests: Vec<_> = self
            .storage
            .list("manifest")?
            .into_iter()
            .filter_map(|object| Some((Manifest::number_of(&object.path)?, object.modified)))
            .collect();
        manifests.sort_unstable();
        Ok(manifests)
    }
}

/// Rows of a batch that belong to other customers, and whether any belongs to this one.
pub(crate) fn without_customer(
    batch: &RecordBatch,
    code: u32,
) -> Result<(RecordBatch, bool), LakeError> {
    let customer = batch.column(0).as_primitive::<UInt32Type>();
    let keep: arrow_array::BooleanArray =
        customer.iter().map(|other| Some(other != Some(code))).collect();
    let found = keep.true_count() < keep.len();
    Ok((filter_record_batch(batch, &keep)?, found))
}
