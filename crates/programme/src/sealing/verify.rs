//! Whether the audit is as it was sealed: walks over seals, rows and heads side by side, a page of each
//! in memory, and stops at the first row that does not fit.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use store::{DbError, DeedPlace, DeedRow, Head, Seal, Store, Tx};

use super::HEADS;
use super::key::{is_signed, known_keys};
use crate::Programme;

/// Rows in memory at once.
const PAGE: u32 = 1000;
/// Heads that do not fit are told one by one up to this number.
const TOLD_MAX: usize = 100;
/// Bytes in a line of heads; ours have some 300.
const LINE_MAX: u64 = 64 * 1024;

/// What a look at the whole audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Rows that fit their seals, from the first one on.
    pub sealed: i64,
    /// The hash of the last of them.
    pub sha256: Option<String>,
    /// Rows that are not sealed yet.
    pub waiting: u64,
    /// Signed heads that fit, in the file and in the database.
    pub heads: u64,
    /// The first place that does not fit; what comes after it says nothing.
    pub broken: Option<AuditBreak>,
    /// Heads that do not fit, the first hundred of them.
    pub wrong_heads: Vec<WrongHead>,
    /// How many heads do not fit.
    pub wrong_head_count: u64,
}

/// What is wrong at a place of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(missing_docs)] // position: that of the seal; deed: number of the row in the audit
pub enum AuditBreak {
    /// The row, or its seal, is not as it was sealed.
    Altered { position: i64, deed: i64 },
    /// The row is gone.
    Missing { position: i64, deed: i64 },
    /// The row was put before this position, or says a writer that never was.
    Inserted { position: i64, deed: i64 },
    /// The seal is gone.
    SealMissing { position: i64 },
    /// The seal is of a version that this program does not know.
    UnknownVersion { position: i64, version: i64 },
}

/// A head that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the types say it
pub struct WrongHead {
    pub source: HeadSource,
    /// Which position it speaks of; 0 where that cannot be read.
    pub position: i64,
    #[serde(flatten)]
    pub fault: HeadFault,
}

/// Where a head stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum HeadSource {
    File,
    Database,
}

/// Why a head does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum HeadFault {
    /// The audit up to this position is another one than was signed.
    Differs,
    /// The audit ends before it: its end was cut off.
    BeyondEnd,
    /// It was not signed by the key that it names.
    BadSignature,
    /// It was signed by a key that `audit-key.pub` does not list.
    UnknownKey,
    /// It is in the file and not in the database.
    Absent,
    /// This line of the file is no head.
    Unreadable {
        /// From 1.
        line: u64,
    },
    /// Its position is not after that of the one before.
    OutOfSequence,
    /// The database has heads, and the file is gone.
    FileMissing,
}

impl AuditReport {
    /// Whether everything fits.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_none() && self.wrong_head_count == 0
    }

    fn tell(&mut self, source: HeadSource, position: i64, fault: HeadFault) {
        self.wrong_head_count += 1;
        if self.wrong_heads.len() < TOLD_MAX {
            self.wrong_heads.push(WrongHead { source, position, fault });
        }
    }
}

impl Programme {
    /// Looks whether the audit is as it was sealed and signed, beside whoever writes meanwhile. `heads`
    /// is a copy of the exported heads, kept where nobody of this machine can change it; without it the
    /// programme's own file is taken.
    ///
    /// # Errors
    /// When the database or a file cannot be read; what does not fit is in the report.
    pub fn verify_audit(&self, heads: Option<&Path>) -> Result<AuditReport> {
        verify(self.store()?, &self.folder, heads)
    }
}

pub(crate) fn verify(store: &Store, folder: &Path, heads: Option<&Path>) -> Result<AuditReport> {
    let mut report = AuditReport::default();
    let end = store.read(|tx| tx.newest_seal())?;
    let end = end.map_or(0, |seal| seal.position);
    let of_database = HeadStream::of_database(store);
    let of_file = match heads {
        Some(path) => {
            HeadStream::of_file(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => own_heads(store, folder, &mut report)?,
    };
    let known = known_keys(folder)?;
    let mut heads = Heads { store, folder, of_database, of_file, known };
    let mut seals = Pages::new(
        store,
        0,
        |tx, after, most| tx.seals_after(*after, most),
        |seal: &Seal| seal.position,
    );
    let mut deeds =
        Pages::new(store, DeedPlace::BEFORE_ALL, deeds_page, |found: &Found| match found {
            Found::Row(row) => row.place,
            // Nothing is read after it.
            Found::Unreadable(place) => *place,
        });
    while report.sealed < end {
        match step(&mut seals, &mut deeds, &report)? {
            Ok(seal) => {
                heads.at(&seal, &mut report)?;
                report.sealed = seal.position;
                report.sha256 = Some(seal.sha256);
            }
            Err(broken) => {
                report.broken = Some(broken);
                return Ok(report);
            }
        }
    }
    report.broken = unsealed(store, &mut deeds, &mut report)?;
    heads.beyond(&mut report)?;
    Ok(report)
}

/// The heads of the programme's own file, of which there is none before the first is signed.
fn own_heads<'s>(store: &Store, folder: &Path, report: &mut AuditReport) -> Result<HeadStream<'s>> {
    let path = folder.join(HEADS);
    // The first may be signed at this moment: the file comes just after the row.
    for pause in [Duration::from_secs(1), Duration::ZERO] {
        let is_signed = store.read(|tx| tx.newest_head())?.is_some();
        match HeadStream::of_file(&path) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).context(HEADS),
            Err(_) if !is_signed => return Ok(HeadStream::empty()),
            Err(_) => std::thread::sleep(pause),
        }
    }
    report.tell(HeadSource::File, 0, HeadFault::FileMissing);
    Ok(HeadStream::empty())
}

/// The next seal, if the next row fits it.
fn step(
    seals: &mut Pages<'_, Seal, i64>,
    deeds: &mut Pages<'_, Found, DeedPlace>,
    report: &AuditReport,
) -> Result<Result<Seal, AuditBreak>> {
    let position = report.sealed + 1;
    let Some(seal) = seals.take()?.filter(|seal| seal.position == position) else {
        return Ok(Err(AuditBreak::SealMissing { position }));
    };
    let deed = seal.place.id;
    let row = match deeds.take()? {
        Some(Found::Row(row)) => row,
        Some(Found::Unreadable(_)) => return Ok(Err(AuditBreak::Altered { position, deed })),
        None => return Ok(Err(AuditBreak::Missing { position, deed })),
    };
    if row.place < seal.place {
        return Ok(Err(AuditBreak::Inserted { position, deed: row.place.id }));
    }
    if row.place > seal.place {
        return Ok(Err(AuditBreak::Missing { position, deed }));
    }
    let before = report.sha256.as_deref().unwrap_or("");
    Ok(match Seal::sha256_of(seal.version, position, before, &row) {
        None => Err(AuditBreak::UnknownVersion { position, version: seal.version }),
        Some(sha256) if sha256 != seal.sha256 => Err(AuditBreak::Altered { position, deed }),
        Some(_) => Ok(seal),
    })
}

/// Counts the rows after the last seal, and finds one that says a writer that never was: it would never
/// be sealed.
fn unsealed(
    store: &Store,
    deeds: &mut Pages<'_, Found, DeedPlace>,
    report: &mut AuditReport,
) -> Result<Option<AuditBreak>> {
    let mut last = DeedPlace::BEFORE_ALL;
    let position = report.sealed + 1;
    while let Some(found) = deeds.take()? {
        match found {
            Found::Row(row) => last = last.max(row.place),
            Found::Unreadable(place) => {
                return Ok(Some(AuditBreak::Inserted { position, deed: place.id }));
            }
        }
        report.waiting += 1;
    }
    // Asked after the rows were read: whoever wrote one of them had begun.
    let horizon = store.read(|tx| tx.writer_horizon())?;
    let is_nobodys = last.writer >= horizon;
    Ok(is_nobodys.then_some(AuditBreak::Inserted { position, deed: last.id }))
}

/// A row of the audit, or the place after which one stands whose columns hold what they never held.
enum Found {
    Row(Box<DeedRow>),
    Unreadable(DeedPlace),
}

fn deeds_page(tx: &mut Tx<'_>, after: &DeedPlace, most: u32) -> Result<Vec<Found>, DbError> {
    let found = |row| Found::Row(Box::new(row));
    match tx.deeds_after(*after, most) {
        Err(DbError::Row { .. }) => {}
        rows => return Ok(rows?.into_iter().map(found).collect()),
    }
    // One by one up to the row that is wrong.
    let (mut page, mut after) = (Vec::new(), *after);
    loop {
        match tx.deeds_after(after, 1) {
            Ok(rows) => {
                let Some(row) = rows.into_iter().next() else { return Ok(page) };
                after = row.place;
                page.push(found(row));
            }
            Err(DbError::Row { .. }) => {
                page.push(Found::Unreadable(after));
                return Ok(page);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Rows of a table in their sequence, a page at a time.
struct Pages<'s, T, C> {
    store: &'s Store,
    after: C,
    read: fn(&mut Tx<'_>, &C, u32) -> Result<Vec<T>, DbError>,
    place: fn(&T) -> C,
    page: VecDeque<T>,
    ended: bool,
}

impl<'s, T, C> Pages<'s, T, C> {
    fn new(
        store: &'s Store,
        after: C,
        read: fn(&mut Tx<'_>, &C, u32) -> Result<Vec<T>, DbError>,
        place: fn(&T) -> C,
    ) -> Self {
        Self { store, after, read, place, page: VecDeque::new(), ended: false }
    }

    fn take(&mut self) -> Result<Option<T>, DbError> {
        if self.page.is_empty() && !self.ended {
            self.page = self.store.read(|tx| (self.read)(tx, &self.after, PAGE))?.into();
            // Or whoever writes meanwhile would keep us for ever.
            self.ended = self.page.len() < PAGE as usize;
            if let Some(last) = self.page.back() {
                self.after = (self.place)(last);
            }
        }
        Ok(self.page.pop_front())
    }
}

/// Heads of both sources, each in its sequence.
struct Heads<'s> {
    store: &'s Store,
    folder: &'s Path,
    of_database: HeadStream<'s>,
    of_file: HeadStream<'s>,
    known: BTreeSet<String>,
}

impl Heads<'_> {
    /// Compares the heads of a position with its seal.
    fn at(&mut self, seal: &Seal, report: &mut AuditReport) -> Result<()> {
        let in_database = self.of_database.next_at(seal.position, report)?;
        let in_file = self.of_file.next_at(seal.position, report)?;
        // It may have been signed after we read the database's; the file has it later than that.
        let is_absent = in_file.is_some()
            && in_database.is_none()
            && !self.store.read(|tx| has_head(tx, seal.position))?;
        if is_absent {
            report.tell(HeadSource::File, seal.position, HeadFault::Absent);
        }
        let both = [(HeadSource::Database, in_database), (HeadSource::File, in_file)];
        for (source, head) in both {
            let Some(head) = head else { continue };
            match self.fault(&head, &seal.sha256)? {
                Some(fault) => report.tell(source, seal.position, fault),
                None => report.heads += 1,
            }
        }
        Ok(())
    }

    /// Tells of the heads that speak of positions after the end.
    fn beyond(&mut self, report: &mut AuditReport) -> Result<()> {
        let both =
            [(HeadSource::Database, &mut self.of_database), (HeadSource::File, &mut self.of_file)];
        for (source, stream) in both {
            while let Some(head) = stream.take(report)? {
                if !self.store.read(|tx| has_come(tx, &head))? {
                    report.tell(source, head.position, HeadFault::BeyondEnd);
                }
            }
        }
        Ok(())
    }

    fn fault(&mut self, head: &Head, sha256: &str) -> Result<Option<HeadFault>> {
        if sha256 != head.sha256 {
            return Ok(Some(HeadFault::Differs));
        }
        if !is_signed(head) {
            return Ok(Some(HeadFault::BadSignature));
        }
        if !self.known.contains(&head.signed_by) {
            // It may have been made since.
            self.known = known_keys(self.folder)?;
        }
        Ok((!self.known.contains(&head.signed_by)).then_some(HeadFault::UnknownKey))
    }
}

/// Whether a head is of a seal that came after we began to look.
fn has_come(tx: &mut Tx<'_>, head: &Head) -> Result<bool, DbError> {
    let seal = tx.seals_after(head.position.saturating_sub(1), 1)?.pop();
    Ok(seal.is_some_and(|seal| (seal.position, &seal.sha256) == (head.position, &head.sha256)))
}

fn has_head(tx: &mut Tx<'_>, position: i64) -> Result<bool, DbError> {
    let head = tx.heads_after(position - 1, 1)?.pop();
    Ok(head.is_some_and(|head| head.position == position))
}

/// Heads of one source, by position.
struct HeadStream<'s> {
    from: From<'s>,
    next: Option<Head>,
    last: i64,
}

enum From<'s> {
    Database(Pages<'s, Head, i64>),
    File(BufReader<File>, u64),
    Nowhere,
}

impl<'s> HeadStream<'s> {
    fn new(from: From<'s>) -> Self {
        Self { from, next: None, last: 0 }
    }

    fn of_database(store: &'s Store) -> Self {
        let read = |tx: &mut Tx<'_>, after: &i64, most| tx.heads_after(*after, most);
        Self::new(From::Database(Pages::new(store, i64::MIN, read, |head| head.position)))
    }

    fn of_file(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(From::File(BufReader::new(File::open(path)?), 0)))
    }

    fn empty() -> Self {
        Self::new(From::Nowhere)
    }

    /// The head of this position, if there is one; they are asked for in rising sequence.
    fn next_at(&mut self, position: i64, report: &mut AuditReport) -> Result<Option<Head>> {
        self.next = self.take(report)?;
        Ok(self.next.take_if(|head| head.position == position))
    }

    /// The next head whose position is after all before it; tells of what is none.
    fn take(&mut self, report: &mut AuditReport) -> Result<Option<Head>> {
        if let Some(head) = self.next.take() {
            return Ok(Some(head));
        }
        loop {
            let (source, head) = match &mut self.from {
                From::Database(pages) => (HeadSource::Database, pages.take()?),
                From::File(reader, line) => (HeadSource::File, head_of_line(reader, line, report)?),
                From::Nowhere => return Ok(None),
            };
            let Some(head) = head else { return Ok(None) };
            if head.position > self.last {
                self.last = head.position;
                return Ok(Some(head));
            }
            report.tell(source, head.position, HeadFault::OutOfSequence);
        }
    }
}

/// The head of the next line that is one.
fn head_of_line(
    reader: &mut BufReader<File>,
    line: &mut u64,
    report: &mut AuditReport,
) -> Result<Option<Head>> {
    let mut text = Vec::new();
    loop {
        text.clear();
        // Whatever the file is, a line of it fits into memory.
        if reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut text).context("heads")? == 0 {
            return Ok(None);
        }
        *line += 1;
        match serde_json::from_slice(&text) {
            Ok(head) => return Ok(Some(head)),
            Err(_) if text.iter().all(u8::is_ascii_whitespace) => {}
            // The last line is being written, or was when the file was copied.
            Err(_) if text.last() != Some(&b'\n') && reader.fill_buf()?.is_empty() => {}
            Err(_) => report.tell(HeadSource::File, 0, HeadFault::Unreadable { line: *line }),
        }
    }
}
