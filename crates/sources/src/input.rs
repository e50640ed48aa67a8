//! Files of a feed: which they are, whether they stayed the same while they were read, and one pass
//! of rows from any of them.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::cell::Row;
use crate::mapping::{FeedKind, FeedMapping, FileFormat};
use crate::problem::{Fault, ReadError, ReadErrorCode, Tally};

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it stands.
    pub path: PathBuf,
    /// What it brought.
    pub feed: FeedKind,
    /// Its length.
    pub bytes: u64,
    /// Its rows, good and bad.
    pub rows: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

/// Where one file's rows go: the good to the sink, the bad to the tally.
pub(crate) struct Intake<'a> {
    pub feed: FeedKind,
    pub file: Arc<Path>,
    pub tally: &'a mut Tally,
    pub sink: &'a mut dyn FnMut(&Row<'_>) -> Result<(), Box<Fault>>,
    /// Told the bytes of this file that are done and its rows so far.
    pub progress: &'a mut dyn FnMut(u64, u64),
    pub rows: u64,
    /// Bytes of which progress was told.
    pub told: u64,
}

impl Intake<'_> {
    /// Tells progress, once a mebibyte.
    pub fn tell(&mut self, bytes: u64) {
        if bytes - self.told >= 1 << 20 {
            self.told = bytes;
            (self.progress)(bytes, self.rows);
        }
    }

    #[inline]
    pub fn row(&mut self, row: &Row<'_>) {
        self.rows += 1;
        if let Err(fault) = (self.sink)(row) {
            self.tally.bad(self.feed, &self.file, row.number, *fault);
        }
    }

    /// A row that never became cells.
    pub fn bad(&mut self, line: u64, fault: Fault) {
        self.rows += 1;
        self.tally.bad(self.feed, &self.file, line, fault);
    }
}

/// A file that is being read, and what it was when that began.
#[derive(Debug)]
pub(crate) struct Opened {
    pub file: File,
    pub path: PathBuf,
    pub bytes: u64,
    identity: (u64, Option<SystemTime>, u64),
}

impl Opened {
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let failed = |error: io::Error| failed(path, &error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(ReadError::new(ReadErrorCode::Open, path, "is not a file"));
        }
        if metadata.len() == 0 {
            let reason = "the file is empty; an export without rows still has a header";
            return Err(ReadError::new(ReadErrorCode::Empty, path, reason));
        }
        let identity = identity(&metadata);
        Ok(Self { file, path: path.to_owned(), bytes: metadata.len(), identity })
    }

    /// Refuses a file that is no longer what it was when it was opened.
    pub fn ensure_unchanged(&self, bytes_read: u64) -> Result<(), ReadError> {
        let now = fs::metadata(&self.path).map_err(|error| failed(&self.path, &error))?;
        if identity(&now) == self.identity && bytes_read == self.bytes {
            return Ok(());
        }
        let reason = "the file changed while it was read; import it when it is complete";
        Err(ReadError::new(ReadErrorCode::Changed, &self.path, reason))
    }
}

fn identity(metadata: &Metadata) -> (u64, Option<SystemTime>, u64) {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    (metadata.len(), metadata.modified().ok(), inode)
}

pub(crate) fn failed(path: &Path, error: &io::Error) -> ReadError {
    ReadError::new(ReadErrorCode::Open, path, format!("cannot be read: {error}"))
}

/// A hash in hexadecimal digits.
pub(crate) fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of a feed, each with its format: those named, those in the folders named, those that
/// fit the patterns; folders and patterns in order of names.
pub(crate) fn files(mapping: &FeedMapping) -> Result<Vec<(PathBuf, FileFormat)>, ReadError> {
    let mut files: Vec<(PathBuf, FileFormat)> = Vec::new();
    for path in &mapping.files {
        let found = if path.is_dir() {
            let mut found = Vec::new();
            walk(path, mapping.format, &mut found)?;
            found
        } else if let Some(pattern) = pattern(path) {
            matching(path, pattern)?
        } else {
            vec![path.clone()]
        };
        if found.is_empty() {
            let reason = "there is no file to read here";
            return Err(ReadError::new(ReadErrorCode::NoFiles, path, reason));
        }
        for path in found {
            let Some(format) = mapping.format.or_else(|| FileFormat::of(&path)) else {
                let reason =
                    "say its format in the mapping: format = \"csv\", \"parquet\" or \"jsonl\"";
                return Err(ReadError::new(ReadErrorCode::Open, &path, reason));
            };
            if !files.iter().any(|(known, _)| *known == path) {
                files.push((path, format));
            }
        }
    }
    Ok(files)
}

fn walk(
    folder: &Path,
    format: Option<FileFormat>,
    found: &mut Vec<PathBuf>,
) -> Result<(), ReadError> {
    for entry in entries(folder)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Markers and temporary files of other tools.
        if name.starts_with(['.', '_']) {
            continue;
        }
        // A link to a folder is not followed: it may lead back here.
        if entry.is_dir() && !entry.is_symlink() {
            walk(&entry, format, found)?;
        } else if let Some(own) = FileFormat::of(&entry)
            && format.is_none_or(|format| format == own)
        {
            found.push(entry);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |error: io::Error| failed(folder, &error);
    let entries: io::Result<Vec<PathBuf>> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| Ok(entry?.path())).collect();
    let mut entries = entries.map_err(failed)?;
    entries.sort();
    Ok(entries)
}

fn pattern(path: &Path) -> Option<&str> {
    path.file_name()?.to_str().filter(|name| name.contains(['*', '?']))
}

fn matching(path: &Path, pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut entries = entries(folder.unwrap_or(Path::new(".")))?;
    entries.retain(|entry| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        entry.is_file() && fits(&name, pattern)
    });
    Ok(entries)
}

/// Whether a file's name fits a pattern of `*` (anything) and `?` (one character).
#[must_use]
pub fn fits(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut p) = (0, 0);
    let mut star = None;
    while at < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, at));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[at] => {
                at += 1;
                p += 1;
            }
            _ => match star {
                Some((star_p, star_at)) => {
                    star = Some((star_p, star_at + 1));
                    p = star_p + 1;
                    at = star_at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (name, pattern, expected) in [
            ("a.csv", "*.csv", true),
            ("a.csv.csv", "*.csv", true),
            ("a.csv~", "*.csv", false),
            ("чек-1.csv", "чек-?.csv", true),
            ("чек-12.csv", "чек-?.csv", false),
            ("2017-01.csv", "2017*1.c*", true),
            ("", "*", true),
        ] {
            assert_eq!(fits(name, pattern), expected, "{name} {pattern}");
        }
    }
}
