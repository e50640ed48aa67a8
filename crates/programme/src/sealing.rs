//! Sealing: the audit's rows are chained by hashes as soon as their sequence is final, and the newest
//! hash is signed and written to a file outside of the database.
//!
//! The chain shows a row that was altered, left out or put between. It does not show that somebody wrote
//! all of it anew, hashes included: that the signed heads show, best a copy of them on another machine.

mod deeds;
mod key;
mod verify;

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use retail::Instant;
use serde::Serialize;
use serde_json::json;
use store::{DbError, Deed, DeedPlace, Head, Seal, Store};

pub use deeds::DeedView;
pub(crate) use verify::verify;
pub use verify::{AuditBreak, AuditReport, HeadFault, HeadSource, WrongHead};

use crate::{Act, Programme};
use key::SealKey;
pub(crate) use key::{new_seed, open_pair, put_private, seed_of};

/// Rows that are sealed with one write: tills wait meanwhile.
const PART: u32 = 50;
/// A head is signed after so many rows …
const HEAD_ROWS: i64 = 1000;
/// … and after so many microseconds, if there is a new row at all.
const HEAD_EVERY: i64 = 60_000_000;
/// Heads that are read at once.
const HEADS_AT_ONCE: u32 = 1000;
/// The end of the file in which its last line is looked for.
const TAIL: u64 = 4096;

/// Where heads are exported, and what signs them: names within the programme's folder.
pub(crate) const HEADS: &str = "audit-heads.jsonl";
pub(crate) const PUBLIC_KEYS: &str = "audit-key.pub";
const PRIVATE_KEY: &str = "audit-key";

/// What a sealing did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Rows that are sealed now and were not before.
    pub rows: u64,
    /// The newest position; 0 where nothing is sealed yet.
    pub position: i64,
    /// Whether a head was signed.
    pub signed: bool,
}

impl Programme {
    /// Seals the rows of the audit whose sequence is final, and signs a head where one is due. Every
    /// second is often enough; repeating it changes nothing, and many may do it at once.
    ///
    /// # Errors
    /// When the database fails, or the programme's folder cannot be written; run it again then.
    pub fn seal(&self, at: Instant) -> Result<Sealed> {
        let store = self.store()?;
        let rows = seal_rows(store)?;
        let (newest, head) =
            store.read(|tx| Ok::<_, DbError>((tx.newest_seal()?, tx.newest_head()?)))?;
        let position = newest.as_ref().map_or(0, |seal| seal.position);
        let due = newest.filter(|seal| is_due(seal, head.as_ref(), at));
        // Another process of this folder that signs at this moment does the same.
        let signed = match (due, self.lock("lock-sealing")) {
            (Some(seal), Ok(_signing)) => {
                self.sign(store, &seal, at)?;
                true
            }
            _ => false,
        };
        Ok(Sealed { rows, position, signed })
    }

    /// Signs a seal and exports every head that is not in the file yet.
    fn sign(&self, store: &Store, seal: &Seal, at: Instant) -> Result<()> {
        let (key, is_new) = SealKey::open(&self.folder)?;
        if is_new {
            let deed = key_deed(key.public(), at);
            store.write(move |tx| tx.add_deed(&deed))?;
        }
        let head = key.sign(seal, at);
        store.write(move |tx| tx.add_head(&head))?;
        let path = self.folder.join(HEADS);
        export(store, &path).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn key_deed(public: &str, at: Instant) -> Deed {
    Act::of_job("job:seal", at).deed("audit.make_key", "audit_key", public, &json!({}))
}

/// Seals whatever is settled, part by part; gives the number of rows.
fn seal_rows(store: &Store) -> Result<u64> {
    let mut sealed = 0;
    loop {
        // Read and hashed beside the writer, which is busy enough.
        let (before, part) = store.read(|tx| {
            let newest = tx.newest_seal()?;
            let after = newest.as_ref().map_or(DeedPlace::default(), |seal| seal.place);
            let rows = tx.deeds_settled(after, PART)?;
            let mut part: Vec<Seal> = Vec::with_capacity(rows.len());
            for row in &rows {
                part.push(Seal::after(part.last().or(newest.as_ref()), row));
            }
            Ok::<_, DbError>((newest, part))
        })?;
        if part.is_empty() {
            return Ok(sealed);
        }
        let rows = part.len() as u64;
        let is_stored = store.write(move |tx| {
            tx.lock_seals()?;
            if tx.newest_seal()? != before {
                return Ok::<_, DbError>(false);
            }
            for seal in &part {
                tx.add_seal(seal)?;
            }
            Ok(true)
        })?;
        // Where another was faster, the next part begins after his.
        if is_stored {
            sealed += rows;
        }
    }
}

fn is_due(seal: &Seal, head: Option<&Head>, at: Instant) -> bool {
    head.is_none_or(|head| {
        let rows = seal.position - head.position;
        // A clock that was set back must not end the signing.
        rows >= HEAD_ROWS || (rows > 0 && (at.0 - head.at.0).abs() >= HEAD_EVERY)
    })
}

/// Appends to the file every head of the database that is newer than its last.
fn export(store: &Store, path: &Path) -> Result<()> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut after = last_position(&mut file)?;
    loop {
        let heads = store.read(|tx| tx.heads_after(after, HEADS_AT_ONCE))?;
        let Some(last) = heads.last() else { break };
        after = last.position;
        let mut lines = Vec::new();
        for head in &heads {
            serde_json::to_writer(&mut lines, head)?;
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
    }
    file.sync_data()?;
    Ok(())
}

/// Cuts off what of a copied file of heads was being written while it was copied.
pub(crate) fn cut_torn_line(path: &Path) -> Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    last_position(&mut file)?;
    file.sync_all()?;
    Ok(())
}

/// The position of the last whole line, 0 in an empty file. What a crash left half-written is cut off:
/// the database still has that head. Leaves the file at its end.
fn last_position(file: &mut File) -> Result<i64> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    file.set_len(start + whole as u64)?;
    file.seek(SeekFrom::End(0))?;
    let last = tail[..whole].split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty());
    let Some(last) = last else { return Ok(0) };
    let head: Head = serde_json::from_slice(last).context(
        "its last line is no head of the audit: move the file away and ask who changed it",
    )?;
    Ok(head.position)
}
