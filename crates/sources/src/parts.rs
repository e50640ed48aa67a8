//! Receipts in parts of bounded size, each with complete receipts, whatever the order of rows.
//!
//! A part ends when it has enough lines. Receipts with one of its latest lines wait for the next part:
//! tills take turns in most exports. Of a receipt that was delivered, a hash remains; a line of it that
//! comes afterwards is *late*, and its receipt is read again at the end, whole.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use retail::Batch;

use crate::cell::Row;
use crate::problem::{Fault, ProblemCode, Stop, Tally};
use crate::reading::Take;
use crate::receipts::{Reader, Receipts};
use crate::repeats::{ReceiptFile, Told, settle};

/// The share of a part's lines whose receipts wait for the next part.
const HELD_SHARE: usize = 16;

/// Late receipts are read again in pieces as long as so many parts: memory is cheaper than one more
/// reading of everything.
const PARTS_A_PIECE: u64 = 4;

/// Reading the files again so many times is not worth a warning.
const PASSES_UNTOLD: u64 = 2;

/// The receipts of all receipt feeds of a mapping.
#[derive(Debug)]
pub(crate) struct Parts {
    receipts: Receipts,
    files: Vec<ReceiptFile>,
    lines_at_once: usize,
    /// So many lines end a part.
    full_at: usize,
    /// Which piece of the late receipts is being picked, and of how many.
    picked: Option<(u64, u64)>,
    /// How many times the files are read again.
    passes: u64,
    told: Told,
    receipts_delivered: u64,
    lines_delivered: u64,
}

impl Parts {
    pub fn new(lines_at_once: usize) -> Self {
        Self {
            receipts: Receipts::default(),
            files: Vec::new(),
            lines_at_once,
            full_at: lines_at_once,
            picked: None,
            passes: 0,
            told: Told::default(),
            receipts_delivered: 0,
            lines_delivered: 0,
        }
    }

    /// Adds a file; lines name it by its place.
    pub fn file(&mut self, path: Arc<Path>, keep_identical_lines: bool) {
        self.files.push((path, keep_identical_lines));
    }

    /// Adds a row as a line, or says what is wrong with it.
    #[inline]
    pub fn row(
        &mut self,
        reader: &mut Reader<'_>,
        row: &Row<'_>,
        file: usize,
    ) -> Result<(), Box<Fault>> {
        match self.picked {
            None => reader.row(row, file, &mut self.receipts),
            Some(_) => self.pick_row(reader, row, file),
        }
    }

    /// Adds a row of a late receipt. What is wrong with the row itself was said the first time.
    fn pick_row(
        &mut self,
        reader: &mut Reader<'_>,
        row: &Row<'_>,
        file: usize,
    ) -> Result<(), Box<Fault>> {
        let Ok(hash) = reader.key_hash(row) else { return Ok(()) };
        if Some(piece(hash, self.picked)) != self.picked.map(|picked| picked.0)
            || !self.receipts.earlier.judged.contains_key(&hash)
        {
            return Ok(());
        }
        match reader.row(row, file, &mut self.receipts) {
            Err(fault) if fault.code != ProblemCode::Conflict => Ok(()),
            judged => judged,
        }
    }

    /// Whether the part has enough lines.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.receipts.receipt.len() >= self.full_at
    }

    /// Hands over the receipts that are complete.
    pub fn deliver(&mut self, tally: &mut Tally, take: &mut Take<'_>) -> Result<(), Stop> {
        let held = self.receipts.hold_back(self.lines_at_once / HELD_SHARE);
        self.full_at = held.receipt.len() + self.lines_at_once;
        let part = std::mem::replace(&mut self.receipts, held);
        // The next part will be as long: columns that grow step by step are copied over and over.
        self.receipts.reserve(self.lines_at_once);
        let mut last = None;
        for (row, &receipt) in (0..).zip(&part.receipt) {
            // Most lines stand beside others of their receipt.
            if last != Some(receipt) {
                last = Some(receipt);
                let is_new = self.receipts.earlier.delivered.insert(part.hash_of(row));
                self.receipts_delivered += u64::from(is_new);
            }
        }
        self.lines_delivered += part.receipt.len() as u64;
        self.hand_over(part, tally, take)
    }

    /// Hands over what is left.
    pub fn finish(&mut self, tally: &mut Tally, take: &mut Take<'_>) -> Result<(), Stop> {
        let mut part = std::mem::take(&mut self.receipts);
        self.receipts = part.hold_back(0);
        self.hand_over(part, tally, take)
    }

    fn hand_over(
        &mut self,
        part: Receipts,
        tally: &mut Tally,
        take: &mut Take<'_>,
    ) -> Result<(), Stop> {
        let lines = settle(part, &self.files, &mut self.told, tally);
        if lines.is_empty() { Ok(()) } else { take(Batch { lines, ..Batch::default() }) }
    }

    /// Prepares for reading the late receipts again; says how many times, a piece of them each, so
    /// that the lines of a piece are no more than those of a few parts.
    pub fn look_again(&mut self) -> u64 {
        let earlier = &mut self.receipts.earlier;
        earlier.delivered = Default::default();
        earlier.judged = std::mem::take(&mut earlier.late);
        let receipts = earlier.judged.len() as u64;
        let known = receipts * self.lines_delivered.div_ceil(self.receipts_delivered.max(1));
        self.full_at = usize::MAX;
        let piece = PARTS_A_PIECE.saturating_mul(self.lines_at_once as u64);
        self.passes = (earlier.late_lines + known).div_ceil(piece);
        self.passes
    }

    /// Picks one piece of the late receipts.
    pub fn pick(&mut self, pass: u64, passes: u64) {
        self.picked = Some((pass, passes));
    }

    /// The late receipts, by the hashes of their keys: those that were read again.
    pub fn in_pieces(&self) -> HashSet<u64> {
        self.receipts.earlier.judged.keys().copied().collect()
    }

    /// Whether rows are read again.
    pub fn again(&self) -> bool {
        self.picked.is_some()
    }

    /// What is worth a warning.
    pub fn warnings(&self) -> Vec<String> {
        let far_apart = (self.passes > PASSES_UNTOLD).then(|| {
            format!(
                "receipts stand in pieces far apart: the files were read {} times more; sort the export by receipt",
                self.passes
            )
        });
        self.told.warnings().into_iter().chain(far_apart).collect()
    }
}

/// Which piece of the late receipts has this one.
fn piece(hash: u64, picked: Option<(u64, u64)>) -> u64 {
    picked.map_or(0, |(_, passes)| ((u128::from(hash) * u128::from(passes)) >> 64) as u64)
}
