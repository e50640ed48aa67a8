//! Compaction: many runs become one, replaced versions go, dead files are removed in time.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};

use arrow_array::RecordBatch;
use retail::NONE;
use rustc_hash::FxHashMap;

use crate::dead::Dead;
use crate::index::Index;
use crate::manifest::{Manifest, StoredFile};
use crate::merge::Sorted;
use crate::order::{LINES_PER_FILE, SortOrder};
use crate::scan::codes;
use crate::{Lake, LakeError};

/// How long files of an older state stay for readers that opened it.
pub(crate) const GRACE: Duration = Duration::from_secs(60 * 60);

/// Rows of one range that is merged in memory, about; each thread has one.
const ROWS_A_RANGE: u64 = 2 * LINES_PER_FILE as u64;

/// How often a commit is tried again when appends commit meanwhile.
const COMMITS_MAX: usize = 20;

/// How much a compaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All runs become one.
    Everything,
    /// Nothing while there are at most so many runs; else the newest runs become one, as many as are
    /// small beside the next older, so that each line is written anew a few times in its life.
    Above(usize),
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compacted {
    /// Runs before.
    pub runs_before: usize,
    /// Runs after.
    pub runs_after: usize,
    /// Lines written anew.
    pub lines: u64,
    /// Bytes of the files of lines in all orders, before.
    pub bytes_before: u64,
    /// Bytes of the files of lines in all orders, after.
    pub bytes_after: u64,
}

/// Files that a compaction replaces, and what replaces them.
#[derive(Default)]
struct Replaced {
    old: HashSet<String>,
    lines: Vec<(SortOrder, StoredFile)>,
    receipts: Vec<StoredFile>,
    /// Replaced versions whose rows are in no file any more.
    gone: HashSet<(u32, u32)>,
}

/// A merged range of an order, and how many rows of which replaced versions it left out.
struct Merged {
    sort_order: SortOrder,
    files: Vec<StoredFile>,
    dropped: FxHashMap<(u32, u32), u64>,
}

impl Lake {
    /// Makes one run of several and drops replaced versions; the lake's content does not change.
    /// Readers that opened the lake before go on reading the older files for an hour; appends may
    /// commit meanwhile. `progress` is told parts done and parts in all, on the calling thread.
    ///
    /// # Errors
    /// When the storage fails, or files were rewritten meanwhile (an erasure, a new catalogue); then
    /// nothing was changed.
    pub fn compact(
        &self,
        extent: Extent,
        progress: &dyn Fn(usize, usize),
    ) -> Result<(Self, Compacted), LakeError> {
        self.must_be_sound()?;
        let mut done = Compacted { runs_before: self.manifest.runs(), ..Compacted::default() };
        done.bytes_before = bytes_of_lines(&self.manifest);
        let runs = self.runs_to_merge(extent);
        let index = to_merge(&sizes(&self.manifest.receipts), extent);
        if runs.is_empty() && index.is_empty() {
            (done.runs_after, done.bytes_after) = (done.runs_before, done.bytes_before);
            return Ok((Self::at(self.storage.clone(), Manifest::clone(&self.manifest)), done));
        }
        let replaced = match self.merge_runs(&runs, &index, progress) {
            // An erasure takes older files away at once.
            Err(_) if Manifest::newest(&self.storage)?.manifest.erased != self.manifest.erased => {
                return Err(LakeError::Raced { number: self.manifest.number + 1 });
            }
            merged => merged?,
        };
        let by_customer = replaced.lines.iter().filter(|file| file.0 == SortOrder::ByCustomer);
        done.lines = by_customer.map(|file| file.1.rows).sum();
        for _ in 0..COMMITS_MAX {
            let newest = Manifest::newest(&self.storage)?.manifest;
            match self.replacing(&replaced, newest)?.commit(&self.storage) {
                Err(LakeError::Raced { .. }) => {}
                committed => {
                    let manifest = committed?;
                    (done.runs_after, done.bytes_after) =
                        (manifest.runs(), bytes_of_lines(&manifest));
                    return Ok((Self::at(self.storage.clone(), manifest), done));
                }
            }
        }
        Err(LakeError::Raced { number: self.manifest.number + 1 })
    }

    /// The runs that should become one; empty where none should.
    fn runs_to_merge(&self, extent: Extent) -> BTreeSet<u64> {
        let mut runs: std::collections::BTreeMap<u64, u64> = Default::default();
        // An order may have runs that another has not, where the catalogue moved products.
        for order in SortOrder::ALL {
            for file in self.manifest.lines(order) {
                let rows = runs.entry(file.run).or_default();
                *rows += file.rows;
            }
        }
        let runs: Vec<(u64, u64)> = runs.into_iter().collect();
        let dead_in_one = runs.len() == 1 && !self.manifest.dead.is_empty();
        if dead_in_one && extent == Extent::Everything {
            return runs.into_iter().map(|run| run.0).collect();
        }
        to_merge(&runs, extent)
    }

    /// Writes the merged files of every order and of the index.
    fn merge_runs(
        &self,
        runs: &BTreeSet<u64>,
        index: &BTreeSet<u64>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Replaced, LakeError> {
        let run = self.manifest.next_run;
        let dead = self.dead()?;
        let mut replaced = Replaced::default();
        let mut work: Vec<(SortOrder, Vec<StoredFile>, RangeInclusive<u32>)> = Vec::new();
        let mut rows_of_dead = [FxHashMap::default(), FxHashMap::default()];
        for order in SortOrder::ALL {
            let files: Vec<StoredFile> = self.manifest.lines(order).to_vec();
            let files: Vec<_> = files.into_iter().filter(|f| runs.contains(&f.run)).collect();
            replaced.old.extend(files.iter().map(|file| file.path.clone()));
            for range in self.ranges_of(&files, ROWS_A_RANGE)? {
                work.push((order, files.clone(), range));
            }
            // Rows without a code come last, file by file, so that memory stays bounded: their order
            // in time is kept within what one piece held.
            let mut pending = Vec::new();
            let mut rows = 0;
            for file in files {
                rows += file.rows;
                pending.push(file);
                if rows >= 2 * ROWS_A_RANGE {
                    work.push((order, std::mem::take(&mut pending), NONE..=NONE));
                    rows = 0;
                }
            }
            work.push((order, pending, NONE..=NONE));
        }
        let written = self.merge_ranges(&work, run, progress)?;
        for Merged { sort_order, files, dropped } in written {
            replaced.lines.extend(files.into_iter().map(|file| (sort_order, file)));
            for (version, rows) in dropped {
                *rows_of_dead[sort_order as usize].entry(version).or_insert(0) += rows;
            }
        }
        let [by_customer, by_category] = rows_of_dead;
        let gone = by_customer.into_iter().filter(|(v, rows)| by_category.get(v) == Some(rows));
        replaced.gone.extend(gone.map(|(version, _)| version));
        let all = SortOrder::ALL.iter().flat_map(|&order| self.manifest.lines(order));
        if all.clone().all(|file| runs.contains(&file.run)) {
            replaced.gone.extend(dead.sorted());
        }
        let files: Vec<StoredFile> = self.manifest.receipts.to_vec();
        let files: Vec<_> = files.into_iter().filter(|file| index.contains(&file.run)).collect();
        if !files.is_empty() {
            replaced.old.extend(files.iter().map(|file| file.path.clone()));
            replaced.receipts = Index { storage: &self.storage, files: &files }.merge(run)?;
        }
        Ok(replaced)
    }

    /// Merges ranges, as many at once as the pool has threads; progress is told on this one. They are
    /// not the pool's own work: waiting for its rows, one of its threads would begin another range.
    fn merge_ranges(
        &self,
        work: &[(SortOrder, Vec<StoredFile>, RangeInclusive<u32>)],
        run: u64,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Vec<Merged>, LakeError> {
        let (told, done) = std::sync::mpsc::channel();
        let next = AtomicUsize::new(0);
        let merge_some = |told: Sender<()>| {
            let mut merged = Vec::new();
            while let place = next.fetch_add(1, Ordering::Relaxed)
                && let Some((order, files, range)) = work.get(place)
            {
                let range = self.merge_range(*order, files, range, run);
                // Where one has failed, the others need not begin.
                merged.push((
                    place,
                    range.inspect_err(|_| next.store(work.len(), Ordering::Relaxed))?,
                ));
                // Nobody may be listening any more.
                let _ = told.send(());
            }
            Ok::<_, LakeError>(merged)
        };
        let mut merged = Vec::with_capacity(work.len());
        std::thread::scope(|scope| {
            let begin = |_| {
                let told = told.clone();
                scope.spawn(|| merge_some(told))
            };
            let threads: Vec<_> = (0..rayon::current_num_threads()).map(begin).collect();
            drop(told);
            (1..).zip(done).for_each(|(finished, ())| progress(finished, work.len()));
            for thread in threads {
                let some = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                merged.extend(some?);
            }
            Ok::<_, LakeError>(())
        })?;
        merged.sort_by_key(|(place, _)| *place);
        Ok(merged.into_iter().map(|(_, merged)| merged).collect())
    }

    /// Merges one range of leading codes of these files.
    fn merge_range(
        &self,
        order: SortOrder,
        files: &[StoredFile],
        range: &RangeInclusive<u32>,
        run: u64,
    ) -> Result<Merged, LakeError> {
        let dead = self.dead()?;
        let batches = self.rows(order, files, range)?;
        let dropped = rows_of_versions(&batches, dead)?;
        let live = dead.live_rows(batches)?;
        let files = self.write_pieces(order, &Sorted::new(order, &live)?, run)?;
        Ok(Merged { sort_order: order, files, dropped })
    }

    fn write_pieces(
        &self,
        order: SortOrder,
        rows: &Sorted<'_>,
        run: u64,
    ) -> Result<Vec<StoredFile>, LakeError> {
        // Within a category, too, a file may end: one of them may be the greater part of a shop.
        let unit = match order {
            SortOrder::ByCustomer => "customer",
            SortOrder::ByCategory => "receipt",
        };
        let (unit, receipt) = (rows.codes(unit)?, rows.codes("receipt")?);
        let mut files = Vec::new();
        let mut start = 0;
        while start < rows.len() {
            let end = end_of_piece(&unit, &receipt, start);
            files.push(rows.write(&self.storage, start..end, run)?);
            start = end;
        }
        Ok(files)
    }

    /// The newest state with the merged files in place of those they were made of.
    fn replacing(&self, replaced: &Replaced, newest: Manifest) -> Result<Manifest, LakeError> {
        let mut next = newest;
        let run = next.next_run;
        next.next_run += 1;
        let mut missing: HashSet<&str> = replaced.old.iter().map(String::as_str).collect();
        let mut stays = |files: &mut Vec<StoredFile>| {
            files.retain(|file| {
                missing.remove(file.path.as_str());
                !replaced.old.contains(&file.path)
            });
        };
        for order in SortOrder::ALL {
            stays(next.lines_mut(order));
        }
        stays(&mut next.receipts);
        if !missing.is_empty() {
            return Err(LakeError::Raced { number: next.number + 1 });
        }
        for (order, file) in &replaced.lines {
            next.lines_mut(*order).push(StoredFile { run, ..file.clone() });
        }
        next.receipts
            .extend(replaced.receipts.iter().map(|file| StoredFile { run, ..file.clone() }));
        if !replaced.gone.is_empty() {
            let left: Vec<(u32, u32)> = Dead::read(&self.storage, &next)?
                .sorted()
                .into_iter()
                .filter(|version| !replaced.gone.contains(version))
                .collect();
            next.dead = match left.is_empty() {
                true => Vec::new(),
                false => vec![Dead::write(&self.storage, &left, run)?],
            };
        }
        Ok(next)
    }

    /// Removes files that no kept state needs: manifests superseded longer than an hour ago, the files
    /// only they name, and what killed writers left. Only for whoever alone may change the programme:
    /// files of an append under way are in no manifest yet.
    ///
    /// # Errors
    /// When the storage fails; what was removed stays removed, and that is harmless.
    pub fn sweep(&self) -> Result<(), LakeError> {
        self.sweep_older(Some(GRACE))
    }

    /// As [`Lake::sweep`]; without a grace, everything that the newest state does not need goes.
    pub(crate) fn sweep_older(&self, grace: Option<Duration>) -> Result<(), LakeError> {
        let newest = Self::open(self.storage.clone())?;
        newest.must_be_sound()?;
        let manifests = self.manifests()?;
        let committed = manifests.last().map_or(SystemTime::UNIX_EPOCH, |newest| newest.1);
        let far_future = committed + Duration::from_secs(100 * 365 * 86_400);
        let limit = match grace {
            Some(grace) => committed.checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH),
            None => far_future,
        };
        let mut needed: HashSet<String> =
            newest.manifest.files().map(|(_, file)| file.path.clone()).collect();
        let (old, kept): (Vec<_>, Vec<_>) =
            manifests.windows(2).partition(|pair| pair[1].1 <= limit);
        for pair in kept {
            let manifest = match Manifest::read(&self.storage, pair[0].0) {
                // Of a damaged one nothing is known that could be kept for it.
                Err(LakeError::Damaged { .. }) => continue,
                manifest => manifest?,
            };
            needed.extend(manifest.files().map(|(_, file)| file.path.clone()));
        }
        for folder in ["lines", "receipts", "dead", "dictionary", "table", "placements"] {
            for object in self.storage.list(folder)? {
                if object.modified < limit && !needed.contains(&object.path) {
                    self.storage.delete(&object.path)?;
                }
            }
        }
        for pair in old {
            // The seal goes first: without its manifest it would tell of a loss.
            self.storage.delete(&Manifest::seal_path(pair[0].0))?;
            self.storage.delete(&Manifest::path(pair[0].0))?;
        }
        self.storage.sweep_unfinished(limit);
        Ok(())
    }

    /// Numbers of all kept manifests, ascending, and when each was committed. A clock that was set back
    /// makes a commit no older than the one before it.
    fn manifests(&self) -> Result<Vec<(u64, SystemTime)>, LakeError> {
        let mut manifests: Vec<_> = self
            .storage
            .list("manifest")?
            .into_iter()
            .filter_map(|object| Some((Manifest::number_of(&object.path)?, object.modified)))
            .collect();
        manifests.sort_unstable();
        let mut latest = SystemTime::UNIX_EPOCH;
        for (_, at) in &mut manifests {
            latest = latest.max(*at);
            *at = latest;
        }
        Ok(manifests)
    }
}

/// Runs and their sizes, ascending by run.
fn sizes(files: &[StoredFile]) -> Vec<(u64, u64)> {
    let mut runs: std::collections::BTreeMap<u64, u64> = Default::default();
    for file in files {
        *runs.entry(file.run).or_default() += file.rows;
    }
    runs.into_iter().collect()
}

/// Which of the runs (ascending by age, with their rows) should become one.
fn to_merge(runs: &[(u64, u64)], extent: Extent) -> BTreeSet<u64> {
    let many = match extent {
        Extent::Everything => runs.len() > 1,
        Extent::Above(most) => runs.len() > most,
    };
    if !many {
        return BTreeSet::new();
    }
    let mut merged = 0;
    let newest = runs.iter().rev().enumerate().take_while(|&(place, &(_, rows))| {
        let joins = extent == Extent::Everything || place < 2 || rows < 2 * merged;
        merged += rows;
        joins
    });
    newest.map(|(_, run)| run.0).collect()
}

fn bytes_of_lines(manifest: &Manifest) -> u64 {
    SortOrder::ALL.iter().flat_map(|&order| manifest.lines(order)).map(|file| file.bytes).sum()
}

/// How many rows of which replaced versions there are.
fn rows_of_versions(
    batches: &[RecordBatch],
    dead: &Dead,
) -> Result<FxHashMap<(u32, u32), u64>, LakeError> {
    let mut rows = FxHashMap::default();
    if dead.is_empty() {
        return Ok(rows);
    }
    for batch in batches {
        let (receipt, version) = (codes(batch, "receipt")?, codes(batch, "version")?);
        for version in receipt.values().iter().copied().zip(version.values().iter().copied()) {
            if dead.contains(version.0, version.1) {
                *rows.entry(version).or_insert(0) += 1;
            }
        }
    }
    Ok(rows)
}

/// Where a file of sorted rows ends: between two units, or between two receipts of none.
fn end_of_piece(unit: &[u32], receipt: &[u32], start: usize) -> usize {
    let all = unit.len();
    let about = start + LINES_PER_FILE;
    // A rest of less than half a file is no file of its own.
    if about + LINES_PER_FILE / 2 >= all {
        return all;
    }
    let together = if unit[about - 1] == NONE { receipt } else { unit };
    (about..all).find(|&row| together[row] != together[row - 1]).unwrap_or(all)
}
