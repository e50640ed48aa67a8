//! Where the files are: a folder, or a bucket of an object store, by the same calls.
//!
//! Two promises carry the lake. A file is whole under its name or not there at all; and
//! [`Storage::create`] lets one of many writers win. A folder keeps them by link and fsync
//! (`folder.rs`), a bucket by one conditional put (`bucket.rs`).

mod bucket;
mod folder;
mod refusal;
mod source;

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::LakeError;
use folder::Folder;

pub use bucket::{Bucket, Limits};
pub(crate) use source::Source;

/// A place for files: put whole, never overwritten, read in parts.
#[derive(Debug)]
pub struct Storage {
    place: Place,
    // Where files for a bucket grow before they are put.
    growing: PathBuf,
}

#[derive(Debug)]
enum Place {
    Folder(Folder),
    Bucket(Arc<Bucket>),
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Place within the storage.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the storage's clock.
    pub modified: SystemTime,
    /// The storage's mark of this content, where it gives one.
    pub e_tag: Option<String>,
}

impl Storage {
    /// Opens `s3://bucket/prefix`, or else a folder, named from the one it stands `beside` and made if
    /// it is not there. A bucket's keys, region and endpoint come from the environment (see
    /// [`Bucket::open`]).
    ///
    /// # Errors
    /// When the folder cannot be made, or the bucket's address or environment is wrong; nothing is
    /// asked of the object store yet.
    pub fn open(place: &str, beside: &FsPath) -> Result<Self, LakeError> {
        if place.contains("://") {
            let bucket = Self::bucket(Bucket::open(place)?);
            return Ok(Self { growing: beside.join("growing"), ..bucket });
        }
        Self::local(&beside.join(place))
    }

    /// A folder on this machine, made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn local(root: &FsPath) -> Result<Self, LakeError> {
        Ok(Self { place: Place::Folder(Folder::open(root)?), growing: root.to_owned() })
    }

    /// A bucket that is open. What is written to it piece by piece grows in a temporary folder of this
    /// process; that of [`Storage::open`] grows beside the settings.
    #[must_use]
    pub fn bucket(bucket: Bucket) -> Self {
        let growing = std::env::temp_dir().join(format!("proffer-{}", std::process::id()));
        Self { place: Place::Bucket(Arc::new(bucket)), growing }
    }

    /// How a person or another tool names an object of this storage.
    #[must_use]
    pub fn location(&self, path: &str) -> String {
        match &self.place {
            Place::Folder(folder) => folder.location(path),
            Place::Bucket(bucket) => bucket.location(path),
        }
    }

    /// Writes a file whose name says its content: if it is there already, it is the same.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.create(path, &bytes).map(|_| ()),
            Place::Bucket(bucket) => bucket.put(path, bytes.into()),
        }
    }

    /// Puts a finished file of this machine, as [`Storage::put`] would its bytes; the local file
    /// stays, and is the caller's to remove.
    ///
    /// # Errors
    /// When the file cannot be read or the storage fails.
    pub fn put_file(&self, path: &str, file: &FsPath) -> Result<(), LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.create_from(path, file).map(|_| ()),
            Place::Bucket(bucket) => bucket.put_file(path, file),
        }
    }

    /// Where on this machine a file grows until [`Storage::put_file`] takes it to its path.
    pub(crate) fn growing(&self, path: &str) -> Result<PathBuf, LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.growing(path),
            Place::Bucket(_) => {
                std::fs::create_dir_all(&self.growing)
                    .map_err(|source| LakeError::Disk { path: path.to_owned(), source })?;
                Ok(self.growing.join(path.replace('/', "-")))
            }
        }
    }

    /// Writes a file unless one of that name exists; says whether it wrote.
    pub(crate) fn create(&self, path: &str, bytes: Vec<u8>) -> Result<bool, LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.create(path, &bytes),
            Place::Bucket(bucket) => bucket.create(path, &bytes.into()),
        }
    }

    /// Writes over a file: for erasures alone, everything else is written once.
    pub(crate) fn replace(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.replace(path, bytes),
            Place::Bucket(bucket) => bucket.put(path, bytes.into()),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.get(path),
            Place::Bucket(bucket) => bucket.get(path),
        }
    }

    /// Opens a file for reading in parts.
    pub(crate) fn source(&self, path: &str) -> Result<Source, LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.source(path),
            Place::Bucket(bucket) => Source::remote(bucket.clone(), path),
        }
    }

    /// Opens a file of which the size is known, and how its bytes are arranged.
    pub(crate) fn source_again(&self, path: &str, bytes: u64) -> Result<Source, LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.source(path),
            Place::Bucket(bucket) => Ok(Source::remote_of_size(bucket.clone(), path, bytes)),
        }
    }

    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        match &self.place {
            Place::Folder(place) => place.list(folder),
            Place::Bucket(bucket) => bucket.list(folder),
        }
    }

    /// Removes a file; one that is gone already is no error.
    pub(crate) fn delete(&self, path: &str) -> Result<(), LakeError> {
        match &self.place {
            Place::Folder(folder) => folder.delete(path),
            Place::Bucket(bucket) => bucket.delete(path),
        }
    }

    /// Removes what killed writers left of files for a bucket; those of a folder go by
    /// [`Storage::sweep_unfinished`]. Only for whoever alone may write snapshots.
    pub(crate) fn clear_growing(&self) {
        if let Place::Bucket(_) = &self.place {
            // Best effort: a file that cannot be removed cannot be written anew either, and that is told.
            let _ = std::fs::remove_dir_all(&self.growing);
        }
    }

    /// Removes what a killed writer left half-written on a disk. An object store shows nothing
    /// unfinished; parts of an upload that was cut short go by the bucket's own rule (docs/LAKE.md).
    pub(crate) fn sweep_unfinished(&self, older_than: SystemTime) {
        if let Place::Folder(folder) = &self.place {
            folder.sweep_unfinished(older_than);
        }
    }
}
