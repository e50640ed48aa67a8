//! Files of a feed: which they are, whether they stayed the same while they were read, and one pass
//! of rows from any of them.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::cell::Row;
use crate::mapping::{FeedKind, FeedMapping, FileFormat, Mapping};
use crate::problem::{Fault, ReadError, ReadErrorCode, Stop, Tally};
use crate::reading::{Progress, Sink, Take};

/// How often progress is told.
const TELL_BYTES: u64 = 1 << 20;

/// A file of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it stands.
    pub path: PathBuf,
    /// What it brings.
    pub feed: FeedKind,
    /// Its length.
    pub bytes: u64,
    /// Its rows, good and bad; none before it is read.
    pub rows: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

/// The files of a mapping, found and hashed: enough to know whether they were imported before.
#[derive(Debug)]
pub struct Files<'m> {
    pub(crate) found: Vec<Found<'m>>,
}

/// A file that was found, and what it was then.
#[derive(Clone, Debug)]
pub(crate) struct Found<'m> {
    pub mapping: &'m FeedMapping,
    pub format: FileFormat,
    pub input: Input,
    identity: Identity,
}

/// Length, time of the last change and number of a file.
type Identity = (u64, Option<SystemTime>, u64);

impl<'m> Files<'m> {
    /// Finds and hashes the files that a mapping names; reads no row. `progress` is told now and
    /// then, on the calling thread.
    ///
    /// # Errors
    /// Where a folder or pattern has no fitting file, or a file is absent, empty, or changed while it
    /// was hashed.
    pub fn find(mapping: &'m Mapping, progress: &dyn Fn(Progress<'_>)) -> Result<Self, ReadError> {
        let mut paths = Vec::new();
        let mut bytes_total = 0;
        for feed in &mapping.feeds {
            for (path, format) in files(feed)? {
                bytes_total += fs::metadata(&path).map_or(0, |metadata| metadata.len());
                paths.push((feed, path, format));
            }
        }
        let mut found = Vec::with_capacity(paths.len());
        let mut bytes_done = 0;
        for (mapping, path, format) in paths {
            let feed = mapping.kind;
            let told = |bytes: u64| {
                let bytes_done = bytes_done + bytes;
                progress(Progress { feed, file: &path, bytes_done, bytes_total, rows: 0 });
            };
            let (bytes, sha256, identity) = hashed(&path, &told)?;
            bytes_done += bytes;
            let input = Input { path, feed, bytes, rows: 0, sha256 };
            found.push(Found { mapping, format, input, identity });
        }
        Ok(Self { found })
    }

    /// Those of some feeds alone.
    #[must_use]
    pub fn of(&self, wanted: impl Fn(&FeedMapping) -> bool) -> Self {
        let found = self.found.iter().filter(|found| wanted(found.mapping)).cloned();
        Self { found: found.collect() }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The files, feed by feed.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.found.iter().map(|found| &found.input)
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inputs().map(|input| input.bytes).sum()
    }
}

fn hashed(path: &Path, told: &dyn Fn(u64)) -> Result<(u64, String, Identity), ReadError> {
    let unreadable = |error: io::Error| failed(path, &error);
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ReadError::new(ReadErrorCode::Open, path, "is not a file"));
    }
    if metadata.len() == 0 {
        let reason = "the file is empty; an export without rows still has a header";
        return Err(ReadError::new(ReadErrorCode::Empty, path, reason));
    }
    told(0);
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    let mut bytes = 0;
    let mut tell_at = TELL_BYTES;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => {
                bytes += read as u64;
                hasher.update(&chunk[..read]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
        if bytes >= tell_at {
            told(bytes);
            tell_at = bytes + TELL_BYTES;
        }
    }
    let identity = identity(&metadata);
    if bytes != metadata.len() || now(path)? != identity {
        return Err(changed(path));
    }
    Ok((bytes, hexadecimal(hasher), identity))
}

/// Where one file's rows go: the good to the sink, the bad to the tally.
pub(crate) struct Intake<'a, 't, 'm> {
    pub feed: FeedKind,
    pub file: Arc<Path>,
    /// The file is read a second time: its rows are counted, and so are those wrong by themselves.
    pub again: bool,
    pub tally: &'a mut Tally,
    pub sink: Sink<'a, 'm>,
    pub take: &'a mut Take<'t>,
    /// Told the bytes of this file that are done and its rows so far.
    pub progress: &'a mut dyn FnMut(u64, u64),
    pub rows: u64,
    /// Bytes of which progress was told.
    pub told: u64,
    /// How many lists of texts were numbered, over all files: a number is never given twice.
    pub lists: &'a mut u64,
}

impl Intake<'_, '_, '_> {
    /// Tells progress, once a mebibyte.
    pub fn tell(&mut self, bytes: u64) {
        if bytes - self.told >= TELL_BYTES {
            self.told = bytes;
            (self.progress)(bytes, self.rows);
        }
    }

    /// A row; where it fills a part, the part is handed over.
    #[inline]
    pub fn row(&mut self, row: &Row<'_>) -> Result<(), Stop> {
        self.rows += 1;
        let result = match &mut self.sink {
            Sink::Receipts { reader, file, parts } => parts.row(reader, row, *file),
            Sink::Placements { reader, placements } => reader.row(row, placements),
            Sink::Records { reader, batch } => reader.row(row, &self.file, batch),
        };
        if let Err(fault) = result {
            self.tally.bad(self.feed, &self.file, row.number, *fault);
        }
        match &mut self.sink {
            Sink::Receipts { parts, .. } if parts.is_full() => parts.deliver(self.tally, self.take),
            Sink::Placements { placements, .. } if placements.is_full() => {
                placements.deliver(self.take)
            }
            _ => Ok(()),
        }
    }

    /// A row that never became cells.
    pub fn bad(&mut self, line: u64, fault: Fault) {
        self.rows += 1;
        if !self.again {
            self.tally.bad(self.feed, &self.file, line, fault);
        }
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Opened<'f> {
    pub file: File,
    pub path: &'f Path,
    pub bytes: u64,
    found: &'f Found<'f>,
}

impl<'f> Opened<'f> {
    /// Opens a file; refuses it where it is no longer what was found.
    pub fn open(found: &'f Found<'f>) -> Result<Self, ReadError> {
        let path = &found.input.path;
        let unreadable = |error: io::Error| failed(path, &error);
        let file = File::open(path).map_err(unreadable)?;
        if identity(&file.metadata().map_err(unreadable)?) != found.identity {
            return Err(changed(path));
        }
        Ok(Self { file, path, bytes: found.input.bytes, found })
    }

    /// Refuses a file that is no longer what was found.
    pub fn ensure_unchanged(&self) -> Result<(), ReadError> {
        if now(self.path)? == self.found.identity { Ok(()) } else { Err(changed(self.path)) }
    }

    /// The same, of a file all of whose bytes were hashed while they were read.
    pub fn ensure_hash(&self, hasher: Sha256) -> Result<(), ReadError> {
        if hexadecimal(hasher) != self.found.input.sha256 {
            return Err(changed(self.path));
        }
        self.ensure_unchanged()
    }
}

fn changed(path: &Path) -> ReadError {
    let reason = "the file changed while it was read; import it when it is complete";
    ReadError::new(ReadErrorCode::Changed, path, reason)
}

fn now(path: &Path) -> Result<Identity, ReadError> {
    fs::metadata(path).map(|metadata| identity(&metadata)).map_err(|error| failed(path, &error))
}

fn identity(metadata: &Metadata) -> Identity {
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
fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of a feed, each with its format: those named, those in the folders named, those that
/// fit the patterns; folders and patterns in order of names.
fn files(mapping: &FeedMapping) -> Result<Vec<(PathBuf, FileFormat)>, ReadError> {
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
