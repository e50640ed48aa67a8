//! Backups of a running programme: a folder with the database, the lake's live files, settings, the
//! audit's exported heads and the public part of its key, and a page with the sum of each file.
//!
//! The sequence matters. Heads are copied before the database, so that none speaks of a row the copy
//! does not have; the audit's public keys after it, so that none is unknown; the lake after it as well, so that receipts on their way from the one to the other are in the
//! copy at least once, and a batch that came over is known by its name.

mod postgres;
mod restore;
mod verify;

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use lake::LakeError;
use retail::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use restore::{Restore, Restored, WasErased};
pub use verify::BackupVerdict;

use crate::sealing::{HEADS, PUBLIC_KEYS, cut_torn_line};
use crate::{Act, Programme, SETTINGS, sha256_hex};

/// The page that lists everything, written last.
const PAGE: &str = "backup.json";
const FORMAT: u32 = 1;
const SQLITE: &str = "store.sqlite";
const DUMP: &str = "store.pgdump";
const LAKE: &str = "lake";
/// Beginning of the names of scheduled backups.
const SCHEDULED: &str = "proffer-";
/// How often the lake is copied anew where an erasure removes files meanwhile.
const LAKE_TRIES: u32 = 5;
const HOUR: i64 = 3600 * 1_000_000;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupPage {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// When it was made.
    pub at: Instant,
    /// Whether the database is a dump of PostgreSQL; else it is a file of SQLite.
    pub postgres: bool,
    /// The newest sealed position of the audit when it was begun.
    pub audit_position: i64,
    /// The number of the lake's manifest.
    pub lake_number: u64,
    /// Whether the lake's files are here; those of a bucket stay in their bucket.
    pub lake_included: bool,
    /// All files but this page.
    pub files: Vec<BackupFile>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the names say it
pub struct BackupFile {
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What a backup did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct BackupReport {
    pub folder: PathBuf,
    pub at: Instant,
    pub files: usize,
    pub bytes: u64,
    pub audit_position: i64,
    pub lake_number: u64,
    pub lake_included: bool,
    /// SHA-256 of the page with all sums; the audit keeps it as well.
    pub sha256: String,
}

impl Programme {
    /// Copies the programme into a new folder, while others read and write. A lake in a folder is
    /// linked where it lies on the same disk: a copy that is to outlive the disk belongs on another. Of
    /// a lake in a bucket only the manifest's number is noted.
    ///
    /// # Errors
    /// When the folder exists, another backup runs, the database fails, PostgreSQL's `pg_dump` is not
    /// installed, or the disk is full; nothing is left then.
    pub fn backup(&self, to: &Path, at: Instant) -> Result<BackupReport> {
        let _alone = self.lock("lock-backup")?;
        ensure!(!to.exists(), "{} exists already: name a new folder", to.display());
        let growing = growing(to)?;
        let made = self.fill(&growing, at).and_then(|page| {
            let sha256 = write_page(&growing, &page)?;
            put_in_place(&growing, to)?;
            Ok((page, sha256))
        });
        let (page, sha256) = made.inspect_err(|_| {
            // What cannot be removed is removed by the next one.
            let _ = fs::remove_dir_all(&growing);
        })?;
        let detail = json!({
            "sha256": sha256, "audit_position": page.audit_position, "lake_number": page.lake_number,
        });
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let deed = Act::of_job("job:backup", at).deed("programme.backup", "backup", &name, &detail);
        self.store()?.write(move |tx| tx.add_deed(&deed))?;
        Ok(BackupReport {
            folder: to.to_owned(),
            at,
            files: page.files.len(),
            bytes: page.files.iter().map(|file| file.bytes).sum(),
            audit_position: page.audit_position,
            lake_number: page.lake_number,
            lake_included: page.lake_included,
            sha256,
        })
    }

    /// Makes the scheduled backup if one is due (`[backup]` in the settings), and removes those that are
    /// too old. A job calls it every few minutes.
    ///
    /// # Errors
    /// As [`Programme::backup`]; older backups are removed only after a new one is made.
    pub fn run_due_backup(&self, at: Instant) -> Result<Option<BackupReport>> {
        let settings = &self.settings.backup;
        let folder = self.folder.join(&settings.folder);
        let newest = scheduled(&folder)?.last().map(|(made_at, _)| *made_at);
        let pause = i64::from(settings.every_hours) * HOUR;
        // A clock that was set back must not end the backups.
        let is_fresh = newest.is_some_and(|newest| (at.0 - newest.0).abs() < pause);
        if settings.every_hours == 0 || is_fresh {
            return Ok(None);
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let report = self.backup(&folder.join(name_at(at)?), at)?;
        let all = scheduled(&folder)?;
        let too_many = all.len().saturating_sub(settings.keep.max(1));
        for (_, old) in all.into_iter().filter(|(_, old)| *old != report.folder).take(too_many) {
            // Without its page it is no backup any more, should this be interrupted.
            let removed = fs::remove_file(old.join(PAGE)).and_then(|()| fs::remove_dir_all(&old));
            removed.with_context(|| format!("cannot remove {}", old.display()))?;
        }
        Ok(Some(report))
    }

    /// Copies everything into a folder, and says what is there.
    fn fill(&self, growing: &Path, at: Instant) -> Result<BackupPage> {
        let audit_position = self.seal(at)?.position;
        let mut files = Vec::new();
        self.copy_own(SETTINGS, growing, &mut files)?;
        if !self.copy_own(HEADS, growing, &mut files)? {
            // The first may be signed at this moment, and be in the database's copy.
            fs::write(growing.join(HEADS), "").context(HEADS)?;
            files.push(summed(growing, HEADS)?);
        }
        let store = self.store()?;
        let name = if store.is_postgres() { DUMP } else { SQLITE };
        if store.is_postgres() {
            postgres::dump(&self.settings.store.url, &growing.join(name))?;
        } else {
            store.copy_to(&growing.join(name))?;
        }
        sync(&growing.join(name))?;
        files.push(summed(growing, name)?);
        self.copy_own(PUBLIC_KEYS, growing, &mut files)?;
        let lake_included = !self.settings.lake.url.contains("://");
        let lake_number = match lake_included {
            true => self.copy_lake(growing, &mut files)?,
            false => self.lake()?.manifest().number,
        };
        Ok(BackupPage {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            at,
            postgres: store.is_postgres(),
            audit_position,
            lake_number,
            lake_included,
            files,
        })
    }

    /// Copies a file of the programme's folder, if it is there.
    fn copy_own(&self, name: &str, growing: &Path, files: &mut Vec<BackupFile>) -> Result<bool> {
        let (from, to) = (self.folder.join(name), growing.join(name));
        if !from.exists() {
            return Ok(false);
        }
        copy(&from, &to)?;
        if name == HEADS {
            cut_torn_line(&to)?;
        }
        files.push(summed(growing, name)?);
        Ok(true)
    }

    /// Copies a state of the lake that is whole; gives its number.
    fn copy_lake(&self, growing: &Path, files: &mut Vec<BackupFile>) -> Result<u64> {
        for _ in 0..LAKE_TRIES {
            let (number, copied) = self.copy_lake_state(growing)?;
            if let Some(copied) = copied {
                files.extend(copied);
                return Ok(number);
            }
            // Files of it are gone: somebody was erased. What was copied of him must go as well.
            fs::remove_dir_all(growing.join(LAKE))?;
        }
        bail!("the lake's files change faster than they are copied; try again later")
    }

    fn copy_lake_state(&self, growing: &Path) -> Result<(u64, Option<Vec<BackupFile>>)> {
        let root = self.folder.join(&self.settings.lake.url);
        let lake = self.lake()?;
        if let Some(why) = lake.unsound().next() {
            return Err(LakeError::Unsound { why: why.to_owned() }.into());
        }
        let manifest = lake.manifest();
        let mut files = Vec::new();
        for (_, file) in manifest.files() {
            let path = format!("{LAKE}/{}", file.path);
            if !link(&root.join(&file.path), &growing.join(&path))? {
                return Ok((manifest.number, None));
            }
            files.push(BackupFile { path, bytes: file.bytes, sha256: file.sha256.clone() });
        }
        fs::create_dir_all(growing.join(LAKE))?;
        if manifest.number > 0 {
            for ending in ["json", "sha256"] {
                let name = format!("manifest/{:010}.{ending}", manifest.number);
                let path = format!("{LAKE}/{name}");
                // The seal comes a moment after the manifest.
                if link(&root.join(&name), &growing.join(&path))? {
                    files.push(summed(growing, &path)?);
                } else if ending == "json" {
                    return Ok((manifest.number, None));
                }
            }
        }
        Ok((manifest.number, Some(files)))
    }
}

impl BackupPage {
    /// Reads the page of a backup.
    ///
    /// # Errors
    /// When the folder holds no backup, or one of a newer program.
    pub(crate) fn read(backup: &Path) -> Result<Self> {
        let path = backup.join(PAGE);
        let text = fs::read(&path)
            .with_context(|| format!("{} is no backup: it has no {PAGE}", backup.display()))?;
        let page: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} cannot be understood", path.display()))?;
        ensure!(
            page.format == FORMAT,
            "the backup is of the layout {}, this program knows {FORMAT}: use the program that made it, {}",
            page.format,
            page.program
        );
        // A page that was changed must not lead outside.
        for file in &page.files {
            let mut parts = Path::new(&file.path).components();
            let inside = parts.all(|part| matches!(part, Component::Normal(_)));
            ensure!(inside, "{PAGE} names {:?}, which is not within the backup", file.path);
        }
        Ok(page)
    }

    /// Compares every file with its sum.
    ///
    /// # Errors
    /// The first file that is missing or another one.
    pub(crate) fn compare(&self, backup: &Path) -> Result<()> {
        for file in &self.files {
            let found = summed(backup, &file.path)?;
            ensure!(
                found == *file,
                "{} is damaged: its content is not what the backup wrote down",
                backup.join(&file.path).display()
            );
        }
        Ok(())
    }
}

/// Finished scheduled backups, the oldest first.
fn scheduled(folder: &Path) -> Result<Vec<(Instant, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_ours =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SCHEDULED));
        // One whose page cannot be read counts for nothing, and is nobody's to remove but a person's.
        if let (true, Ok(page)) = (is_ours, BackupPage::read(&path)) {
            found.push((page.at, path));
        }
    }
    found.sort();
    Ok(found)
}

fn name_at(at: Instant) -> Result<String> {
    let at = jiff::Timestamp::from_microsecond(at.0)?;
    Ok(format!("{SCHEDULED}{}", at.strftime("%Y%m%dT%H%M%SZ")))
}

/// A new folder beside the one that is to be, for its owner alone; what a killed process left there goes.
fn growing(to: &Path) -> Result<PathBuf> {
    let name = to.file_name().with_context(|| format!("{} is no name", to.display()))?;
    let growing = to.with_file_name(format!(".{}.growing", name.to_string_lossy()));
    let make = || {
        match fs::remove_dir_all(&growing) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&growing)?,
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&growing, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    };
    make().with_context(|| format!("cannot make {}", growing.display()))?;
    Ok(growing)
}

/// Gives a finished folder its name, durably.
fn put_in_place(growing: &Path, to: &Path) -> Result<()> {
    let put = || {
        fs::rename(growing, to)?;
        match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => sync(parent),
            None => sync(Path::new(".")),
        }
    };
    put().with_context(|| format!("cannot make {}", to.display()))
}

fn write_page(growing: &Path, page: &BackupPage) -> Result<String> {
    let bytes = serde_json::to_vec_pretty(page)?;
    let write = || {
        let mut file = File::create(growing.join(PAGE))?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        sync(growing)
    };
    write().with_context(|| format!("cannot write {PAGE}"))?;
    Ok(sha256_hex(&bytes))
}

fn sync(path: &Path) -> std::io::Result<()> {
    // Where folders cannot be opened, there is nothing to sync.
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Copies a file, with the folders above it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let copy = || {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        fs::copy(from, to)?;
        sync(to)
    };
    copy().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Links a file that nobody ever writes again, or copies it to another disk; false where it is gone.
fn link(from: &Path, to: &Path) -> Result<bool> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    match fs::hard_link(from, to) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(_) => {}
    }
    match copy(from, to) {
        Ok(()) => Ok(true),
        Err(_) if !from.exists() => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file with its sum.
fn summed(folder: &Path, path: &str) -> Result<BackupFile> {
    let place = folder.join(path);
    let sum = || {
        let mut file = File::open(&place)?;
        let (mut sha256, mut bytes) = (Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => {
                    sha256.update(&buffer[..read]);
                    bytes += read as u64;
                }
            }
        }
        let sha256 = sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok::<_, std::io::Error>(BackupFile { path: path.to_owned(), bytes, sha256 })
    };
    sum().with_context(|| format!("cannot read {}", place.display()))
}
