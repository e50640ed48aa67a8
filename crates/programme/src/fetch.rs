//! Feeds that lie in an object store (`s3://bucket/key`): brought into a folder of the programme, read
//! there like any file, removed afterwards. What people are shown names the place they came from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use anyhow::{Context, Error, Result, bail, ensure};
use lake::{Bucket, Listed};
use sources::{FileFormat, Mapping, ReadError};

use crate::progress::{FETCHING, Progress};

const FOLDER: &str = "fetched";
const SCHEME: &str = "s3://";

/// Files that come at a time.
const AT_A_TIME: usize = 2;

/// Files that were brought here; they go when this is dropped.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Below it, each file stands under its bucket and key.
    folder: PathBuf,
}

/// An object and the bucket it lies in.
type Wanted = (Arc<Bucket>, Listed);

impl Fetched {
    /// Brings what a mapping names in object stores, and lets the mapping name the local files
    /// instead. Removes what a killed import left. Only for whoever alone may change the programme.
    ///
    /// # Errors
    /// When a place is wrong or holds no file, the object store refuses or fails, or the disk is full;
    /// nothing stays.
    pub fn bring(programme: &Path, mapping: &mut Mapping, progress: &dyn Progress) -> Result<Self> {
        let fetched = Self { folder: programme.join(FOLDER) };
        fetched.remove();
        let mut buckets = BTreeMap::new();
        let mut wanted: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
        for feed in &mut mapping.feeds {
            let mut files = Vec::new();
            for place in &feed.files {
                let Some(url) = place.to_str().filter(|text| text.contains("://")) else {
                    files.push(place.clone());
                    continue;
                };
                for (local, object) in fetched.find(url, feed.format, &mut buckets)? {
                    wanted.insert(local.clone(), object);
                    files.push(local);
                }
            }
            feed.files = files;
        }
        fetch(&wanted, progress)?;
        Ok(fetched)
    }

    /// The objects that a place names, each with the local file it becomes.
    fn find(
        &self,
        url: &str,
        format: Option<FileFormat>,
        buckets: &mut BTreeMap<String, Arc<Bucket>>,
    ) -> Result<Vec<(PathBuf, Wanted)>> {
        let place = without_key(url);
        ensure!(place == url, "{place}: keys stand in the environment, not in an address");
        let (name, key) = url
            .strip_prefix(SCHEME)
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .with_context(|| {
                format!("{url}: files of an object store are named s3://BUCKET/KEY")
            })?;
        let bucket = match buckets.get(name) {
            Some(bucket) => bucket.clone(),
            None => Arc::new(Bucket::open(&format!("{SCHEME}{name}"))?),
        };
        buckets.insert(name.to_owned(), bucket.clone());
        let listed = objects(&bucket, key, format)?;
        if listed.is_empty() {
            bail!("{url}: there is no file to read here");
        }
        let local =
            |listed: Listed| (self.folder.join(name).join(&listed.path), (bucket.clone(), listed));
        Ok(listed.into_iter().map(local).collect())
    }

    /// Where a file came from; a file that was here all along keeps its name.
    pub fn place(&self, file: &Path) -> PathBuf {
        match file.strip_prefix(&self.folder) {
            Ok(below) => PathBuf::from(format!("{SCHEME}{}", below.display())),
            Err(_) => file.to_owned(),
        }
    }

    /// An error that names the place instead of the file.
    pub fn told_of(&self, error: Error) -> Error {
        match error.downcast::<ReadError>() {
            Ok(error) => ReadError { file: self.place(&error.file), ..error }.into(),
            Err(error) => error,
        }
    }

    /// Lets problems and sentences name the places instead of the files.
    pub fn rename<'a>(
        &self,
        files: impl Iterator<Item = &'a mut Arc<Path>>,
        sentences: &mut [String],
    ) {
        for file in files.filter(|file| file.starts_with(&self.folder)) {
            *file = Arc::from(self.place(file));
        }
        let folder = format!("{}/", self.folder.display());
        for sentence in sentences {
            *sentence = sentence.replace(&folder, SCHEME);
        }
    }

    /// Removes what a killed import left.
    ///
    /// # Errors
    /// When something stays.
    pub fn forget(programme: &Path) -> Result<()> {
        let folder = programme.join(FOLDER);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", folder.display()))
            }
            _ => Ok(()),
        }
    }

    fn remove(&self) {
        // Best effort: what stays is removed by the next import.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        self.remove();
    }
}

/// An address as it may be shown: without a key that somebody wrote into it (`user:secret@`). Secrets
/// hold slashes now and then, so all up to the last `@` goes.
fn without_key(url: &str) -> Cow<'_, str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.rsplit_once('@') {
        // A key of an object may have an `@` too, a bucket's name has no such signs.
        Some((_, place)) if rest.split('/').next().is_some_and(|own| own.contains([':', '@'])) => {
            format!("{scheme}://{place}").into()
        }
        _ => url.into(),
    }
}

/// The objects that a key names: one, those of a folder, or those whose names fit a pattern; as
/// files of this machine would be found.
fn objects(bucket: &Bucket, key: &str, format: Option<FileFormat>) -> Result<Vec<Listed>> {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    if name.contains(['*', '?']) {
        let mut listed = bucket.list(folder)?;
        listed.retain(|object| {
            below(&object.path, folder)
                .is_some_and(|own| !own.contains('/') && sources::fits(own, name))
        });
        return Ok(listed);
    }
    if !name.is_empty()
        && let Some(object) = bucket.find(key)?
    {
        return Ok(vec![object]);
    }
    let folder = key.trim_end_matches('/');
    let mut listed = bucket.list(folder)?;
    listed.retain(|object| {
        let own = FileFormat::of(Path::new(&object.path));
        let hidden = below(&object.path, folder)
            .is_none_or(|own| own.split('/').any(|name| name.starts_with(['.', '_'])));
        !hidden && own.is_some() && (format.is_none() || format == own)
    });
    Ok(listed)
}

fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    match folder {
        "" => Some(path),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

/// Brings objects to their files, a few at a time; the first failure stops the rest.
fn fetch(wanted: &BTreeMap<PathBuf, Wanted>, progress: &dyn Progress) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let bytes = wanted.values().map(|(_, listed)| listed.bytes).sum();
    progress.stage(&format!("{FETCHING} {}", wanted.len()), Some(bytes));
    let wanted: Vec<(&PathBuf, &Wanted)> = wanted.iter().collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (came, coming) = mpsc::channel::<u64>();
    let work = |came: mpsc::Sender<u64>| {
        while !failed.load(Ordering::Relaxed) {
            let Some((file, object)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let done = fetch_one(file, object, &came);
            if done.is_err() {
                failed.store(true, Ordering::Relaxed);
                return done;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..AT_A_TIME).map(|_| came.clone()).map(|came| scope.spawn(|| work(came))).collect();
        drop(came);
        let mut done = 0;
        for bytes in coming {
            done += bytes;
            progress.done(done);
        }
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn fetch_one(file: &Path, (bucket, listed): &Wanted, came: &mpsc::Sender<u64>) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let told = |bytes| {
        // Nobody listens where the whole has failed.
        let _ = came.send(bytes);
    };
    Ok(bucket.fetch(listed, file, &told)?)
}
