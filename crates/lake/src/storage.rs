//! Where the files are: a folder now, a bucket by the same calls later.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Buf, Bytes};
use futures::{StreamExt, executor::block_on};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use crate::LakeError;

/// A place for files: put whole, never overwritten, read in parts.
#[derive(Debug)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    root: PathBuf,
}

/// An object of a listing.
#[derive(Debug)]
pub(crate) struct Listed {
    pub path: String,
    pub modified: SystemTime,
}

impl Storage {
    /// A folder on this machine, made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn local(root: &FsPath) -> Result<Self, LakeError> {
        let disk = |source| LakeError::Disk { path: root.display().to_string(), source };
        std::fs::create_dir_all(root).map_err(disk)?;
        let root = root.canonicalize().map_err(disk)?;
        let objects = LocalFileSystem::new_with_prefix(&root).map_err(at("."))?;
        Ok(Self { objects: Arc::new(objects), root })
    }

    /// How a person or another tool names an object of this storage.
    #[must_use]
    pub fn location(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    /// Writes a file whose name says its content: if it is there already, it is the same.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        self.create(path, bytes).map(|_| ())
    }

    /// Writes a file unless one of that name exists; says whether it wrote.
    pub(crate) fn create(&self, path: &str, bytes: Vec<u8>) -> Result<bool, LakeError> {
        self.create_synced(path, &bytes)
            .map_err(|source| LakeError::Disk { path: path.to_owned(), source })
    }

    /// Where a file that will get this path may grow until [`Storage::put_file`] takes it.
    pub(crate) fn unfinished(&self, path: &str) -> Result<PathBuf, LakeError> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)
            .map_err(|source| LakeError::Disk { path: path.to_owned(), source })?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Ok(folder.join(format!("{name}#{}", std::process::id())))
    }

    /// Takes a finished file from where it grew; if one of that path is there already, it is the same.
    pub(crate) fn put_file(&self, path: &str, finished: &FsPath) -> Result<(), LakeError> {
        let target = self.root.join(path);
        let put = || {
            File::open(finished)?.sync_all()?;
            match std::fs::hard_link(finished, &target) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
                _ => File::open(target.parent().unwrap_or(&self.root))?.sync_all(),
            }
        };
        put().map_err(|source| LakeError::Disk { path: path.to_owned(), source })
    }

    /// The bytes are on the disk before the name is: `object_store` links first, and a power cut would
    /// leave a manifest without content. On a bucket its conditional put does both at once.
    fn create_synced(&self, path: &str, bytes: &[u8]) -> std::io::Result<bool> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        std::fs::create_dir_all(folder)?;
        let unfinished = folder.join(format!("{name}#{}", std::process::id()));
        let write = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            match std::fs::hard_link(&unfinished, &target) {
                Ok(()) => File::open(folder)?.sync_all().map(|()| true),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        };
        let written = write();
        // Best effort: what stays is swept away later, and the first error is the one that matters.
        let _ = std::fs::remove_file(&unfinished);
        written
    }

    /// Writes over a file: for erasures alone, everything else is written once.
    pub(crate) fn replace(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        block_on(self.objects.put(&Path::from(path), bytes.into())).map_err(at(path))?;
        self.sync(path)
    }

    /// Makes a new file survive a power cut: its bytes, and its name in the folder.
    fn sync(&self, path: &str) -> Result<(), LakeError> {
        let file = self.root.join(path);
        let folder = file.parent().unwrap_or(&self.root);
        File::open(&file)
            .and_then(|file| file.sync_all())
            .and_then(|()| File::open(folder)?.sync_all())
            .map_err(|source| LakeError::Disk { path: path.to_owned(), source })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let read = async { self.objects.get(&Path::from(path)).await?.bytes().await };
        block_on(read).map_err(at(path))
    }

    /// Opens a file for reading in parts.
    pub(crate) fn open(&self, path: &str) -> Result<Source, LakeError> {
        let result = block_on(self.objects.get(&Path::from(path))).map_err(at(path))?;
        let size = result.meta.size;
        match result.payload {
            GetResultPayload::File(file, _) => Ok(Source::File(file, size)),
            GetResultPayload::Stream(_) => Ok(Source::Bytes(self.get(path)?)),
        }
    }

    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        let prefix = Path::from(folder);
        let objects = self.objects.list(Some(&prefix)).map(|object| {
            let object = object.map_err(at(folder))?;
            Ok(Listed { path: object.location.into(), modified: object.last_modified.into() })
        });
        block_on(objects.collect::<Vec<_>>()).into_iter().collect()
    }

    /// Removes a file; one that is gone already is no error.
    pub(crate) fn delete(&self, path: &str) -> Result<(), LakeError> {
        match block_on(self.objects.delete(&Path::from(path))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(at(path)(source)),
        }
    }

    /// Removes what a killed writer left half-written: files under their temporary names
    /// (`name#1`), which no listing shows.
    pub(crate) fn sweep_unfinished(&self, older_than: SystemTime) {
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(meta) = entry.metadata() else { continue };
                let unfinished = entry.file_name().to_string_lossy().contains('#');
                if meta.is_dir() {
                    folders.push(entry.path());
                } else if unfinished && meta.modified().is_ok_and(|at| at < older_than) {
                    // Best effort: a file that stays costs space, nothing else.
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }
}

fn at(path: &str) -> impl Fn(object_store::Error) -> LakeError + '_ {
    move |source| LakeError::Storage { path: path.to_owned(), source }
}

/// A file open for reading in parts, as the Parquet reader wants it.
#[derive(Debug)]
pub(crate) enum Source {
    File(File, u64),
    Bytes(Bytes),
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Source {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        match self {
            Self::File(file, _) => {
                Ok(Box::new(BufReader::new(PartOf { file: file.try_clone()?, at: start })))
            }
            Self::Bytes(bytes) => {
                let start =
                    usize::try_from(start).map_err(|e| ParquetError::External(Box::new(e)))?;
                Ok(Box::new(bytes.slice(start.min(bytes.len())..).reader()))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::File(file, _) => {
                let mut bytes = vec![0; length];
                read_at(file, &mut bytes, start)?;
                Ok(bytes.into())
            }
            Self::Bytes(bytes) => {
                let start =
                    usize::try_from(start).map_err(|e| ParquetError::External(Box::new(e)))?;
                if start.checked_add(length).is_none_or(|end| end > bytes.len()) {
                    return Err(ParquetError::EOF(
                        "a part beyond the end of the file was asked for".into(),
                    ));
                }
                Ok(bytes.slice(start..start + length))
            }
        }
    }
}

/// Reads a file from a place of its own, so that readers do not move each other's cursor.
struct PartOf {
    file: File,
    at: u64,
}

impl Read for PartOf {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = std::os::unix::fs::FileExt::read_at(&self.file, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

fn read_at(file: &File, buffer: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, start)
}
