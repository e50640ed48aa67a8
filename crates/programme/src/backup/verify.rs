//! Whether a backup would serve: brought back beside itself, and looked through.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use ledger::Memory;
use retail::Instant;
use serde::Serialize;
use store::{Limits, Location, Store};

use super::restore::{Copying, fill};
use super::{BackupPage, DUMP, Restore, postgres};
use crate::sealing::verify;
use crate::{AuditReport, Programme, now};

/// A look through everything takes longer than anybody who is served may wait.
const TAKES_MAX: Duration = Duration::from_secs(24 * 3600);
const TOLD_MAX: usize = 100;

/// What a trial of a backup found. Where a sum does not fit, that is an error instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupVerdict {
    /// When the backup was made.
    pub at: Instant,
    /// Files, each of which fits its sum.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// Whether the database was brought back; a dump of PostgreSQL without a database to bring it to
    /// was only read.
    pub restored: bool,
    /// The audit, sealed rows and heads.
    pub audit: Option<AuditReport>,
    /// Transfers in the books.
    pub transfers: usize,
    /// What is wrong with the books, the first hundred sentences.
    pub ledger: Vec<String>,
}

impl BackupVerdict {
    /// Whether all that could be looked at is sound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.ledger.is_empty() && self.audit.as_ref().is_none_or(AuditReport::is_sound)
    }
}

impl Programme {
    /// Brings a backup back into a temporary folder beside it, verifies the audit and audits the books.
    /// A backup of PostgreSQL needs a new, empty `database` for that; what is in it afterwards is the
    /// caller's to drop.
    ///
    /// # Errors
    /// When a file does not fit its sum, or the backup cannot be brought back.
    pub fn verify_backup(backup: &Path, database: Option<&str>) -> Result<BackupVerdict> {
        let page = BackupPage::read(backup)?;
        page.compare(backup)?;
        let mut verdict = BackupVerdict {
            at: page.at,
            files: page.files.len(),
            bytes: page.files.iter().map(|file| file.bytes).sum(),
            restored: false,
            audit: None,
            transfers: 0,
            ledger: Vec::new(),
        };
        if page.postgres && database.is_none() {
            postgres::list(&backup.join(DUMP))?;
            return Ok(verdict);
        }
        // Beside the backup the lake's files need only be linked; elsewhere they are copied.
        let beside = backup.canonicalize()?;
        let beside = beside.parent().unwrap_or(&beside);
        let named = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(".proffer-trial-");
            builder
        };
        let trial = named()
            .tempdir_in(beside)
            .or_else(|_| named().tempdir())
            .context("no folder can be made for the trial")?;
        let how = Restore { database: database.map(str::to_owned), erased: Vec::new() };
        fill(backup, &page, trial.path(), &how, Copying::Links)?;
        let programme = Programme::open(trial.path())?;
        // Opening it says whether it is whole.
        programme.lake().context("the lake of the backup")?;
        let limits = Limits { read_time_max: TAKES_MAX, ..Limits::default() };
        let location = Location::of(&programme.settings.store.url, trial.path());
        let store = Store::open(&location, &limits, now())?;
        if page.postgres {
            // Or rows of a server that had counted further would be nobody's.
            store.write(|tx| tx.rebase_writers())?;
        }
        verdict.restored = true;
        verdict.audit = Some(verify(&store, trial.path(), None)?);
        let books = store.read(|tx| tx.books_whole())?;
        verdict.transfers = books.posted.len();
        let books =
            Memory::from_rows(books.accounts, books.posted, books.holds, books.lots, books.uses);
        let broken = ledger::audit(&books);
        verdict.ledger = broken.iter().take(TOLD_MAX).map(ToString::to_string).collect();
        Ok(verdict)
    }
}
