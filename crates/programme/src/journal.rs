//! The journal: receipts that came on-line move to the lake in numbered batches, and whoever reads before
//! that finds them beside it.
//!
//! A batch is claimed in the store, appended to the lake under its number, which the lake
//! takes once, then noted as moved, and its rows leave the journal. Killed anywhere between, the next
//! call goes on from there.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use lake::{Appended, Lake};
use retail::{Batch, Instant, LineBatch, Receipt};
use serde::Serialize;
use store::{DbError, JournalOf, JournalRow, Location, Store};

use crate::{Programme, Writing, now};

/// What moving the journal did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalMoved {
    /// The batch, if there was one.
    pub batch: Option<i64>,
    /// Its receipts; of several versions of one only the newest goes.
    pub receipts: u64,
    /// What the lake gained.
    pub lake: Appended,
    /// Versions of receipts that are still in the journal.
    pub waiting: u64,
    /// When the oldest of them came.
    pub waiting_since: Option<Instant>,
}

/// Rows that are claimed, or leave the journal, with one write: tills wait meanwhile.
const AT_ONCE: u32 = 50;

/// How often the lake is opened again because batches came to it meanwhile.
const OPENINGS_MAX: u32 = 3;

/// The lake's name of a batch.
fn batch_id(number: i64) -> String {
    format!("{PREFIX}{number}")
}

const PREFIX: &str = "journal-";

/// Whether a batch of the lake came from the journal.
pub(crate) fn is_journal(batch: &str) -> bool {
    batch.starts_with(PREFIX)
}

impl Programme {
    /// Moves one batch of the journal to the lake, the oldest receipts first; a job calls it every few
    /// seconds. Called anywhere, by anybody, at any time it moves each receipt once.
    ///
    /// # Errors
    /// [`crate::ProgrammeError::Busy`] while another process changes the lake; when storage or database
    /// fail. The next call goes on.
    pub fn move_journal(&self) -> Result<JournalMoved> {
        let Some(store) = self.made_store()? else { return Ok(JournalMoved::default()) };
        if store.read(|tx| tx.journal_waiting())?.0 == 0 {
            return Ok(JournalMoved::default());
        }
        let writing = self.write()?;
        self.move_batch(store, &writing)
    }

    /// Moves all there is by now, within the caller's right to change the programme.
    pub(crate) fn empty_journal(&self, writing: &Writing) -> Result<()> {
        let Some(store) = self.made_store()? else { return Ok(()) };
        while self.move_batch(store, writing)?.batch.is_some() {}
        Ok(())
    }

    fn move_batch(&self, store: &Store, _writing: &Writing) -> Result<JournalMoved> {
        // What a call before this one left behind.
        forget_moved(store)?;
        let most = self.settings.receipts.move_at_once_max;
        let Some(number) = claim(store, most)? else { return Ok(JournalMoved::default()) };
        let rows = store.read(|tx| tx.journal_batch(number))?;
        let lines = lines_of(&newest(rows))?;
        let receipts = lines.1;
        let batch = Batch { lines: lines.0, ..Batch::default() };
        let (_, lake) = self.lake()?.append(&batch_id(number), &batch)?;
        let at = now();
        store.write(move |tx| tx.journal_moved(number, at))?;
        forget_moved(store)?;
        let (waiting, waiting_since) = store.read(|tx| tx.journal_waiting())?;
        let waiting = waiting.unsigned_abs();
        Ok(JournalMoved { batch: Some(number), receipts, lake, waiting, waiting_since })
    }

    /// The lake together with what is still on its way there: of one customer, or all of it.
    ///
    /// # Errors
    /// When lake or database cannot be read.
    pub(crate) fn lake_with_journal(&self, of: JournalOf<'_>) -> Result<Lake> {
        let opened = || Ok(((), self.lake()?));
        self.with_journal(of, opened).map(|((), lake)| lake)
    }

    /// The newest state of the lake as `newest_state` gives it, together with what is still on its way there; and
    /// what came with that state.
    pub(crate) fn with_journal<T>(
        &self,
        of: JournalOf<'_>,
        newest_state: impl Fn() -> Result<(T, Lake)>,
    ) -> Result<(T, Lake)> {
        let Some(store) = self.made_store()? else { return newest_state() };
        let mut openings = 0;
        loop {
            openings += 1;
            // The manifest first: what leaves the journal after this is in a newer one.
            let (with, lake) = newest_state()?;
            let (rows, moved) =
                store.read(|tx| Ok::<_, DbError>((tx.journal(of)?, tx.journal_last_moved()?)))?;
            let batches = &lake.manifest().batches;
            let holds = |number: i64| {
                let id = batch_id(number);
                // The newest stand last.
                batches.iter().rev().any(|batch| *batch == id)
            };
            // A lake that was restored from an older state never has it.
            if moved > 0 && !holds(moved) && openings < OPENINGS_MAX {
                continue;
            }
            let mut rows = rows;
            rows.retain(|row| row.batch.is_none_or(|number| !holds(number)));
            return Ok((with, lake.with_receipts(lines_of(&newest(rows))?.0)?));
        }
    }

    /// The database, unless none was ever made: reading the lake makes none.
    pub(crate) fn made_store(&self) -> Result<Option<&Store>, DbError> {
        if self.store.get().is_none()
            && let Location::File(path) = Location::of(&self.settings.store.url, &self.folder)
            && !path.exists()
        {
            return Ok(None);
        }
        self.store().map(Some)
    }
}

/// The batch to be moved, of so many rows at most. On SQLite a little at a time: tills write between, and nobody
/// else moves it, since all who could are on this machine. On PostgreSQL at once: no till waits for it, and
/// others may move it from elsewhere as soon as it is there.
fn claim(store: &Store, most: u32) -> Result<Option<i64>, DbError> {
    let at_once = if store.is_postgres() { most } else { AT_ONCE.min(most) };
    let Some(claim) = store.write(move |tx| tx.claim_journal(at_once))? else { return Ok(None) };
    let (number, mut rows, mut all) = (claim.number, claim.rows, claim.rows);
    while rows == u64::from(at_once) && all < u64::from(most) {
        rows = store.write(move |tx| tx.claim_more(number, at_once))?;
        all += rows;
    }
    Ok(Some(number))
}

/// Takes what the lake has out of the journal, a little at a time: tills write between.
fn forget_moved(store: &Store) -> Result<(), DbError> {
    while store.write(|tx| tx.forget_moved(AT_ONCE))? == u64::from(AT_ONCE) {}
    Ok(())
}

/// The newest version of each receipt, in the sequence in which they came.
fn newest(rows: Vec<JournalRow>) -> Vec<JournalRow> {
    let mut by_receipt: BTreeMap<String, JournalRow> = BTreeMap::new();
    for row in rows {
        by_receipt.insert(row.receipt.clone(), row);
    }
    let mut newest: Vec<JournalRow> = by_receipt.into_values().collect();
    newest.sort_unstable_by_key(|row| row.id);
    newest
}

/// Lines of receipts, and how many receipts they are.
fn lines_of(rows: &[JournalRow]) -> Result<(LineBatch, u64)> {
    let mut lines = LineBatch::default();
    for row in rows {
        let receipt: Receipt = serde_json::from_str(&row.body)
            .with_context(|| format!("row {} of the journal cannot be read", row.id))?;
        lines.push(&receipt);
    }
    Ok((lines, rows.len() as u64))
}
