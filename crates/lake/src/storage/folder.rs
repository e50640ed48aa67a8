//! A folder of this machine: written under a temporary name, synced, then linked to its own.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path as FsPath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use futures::StreamExt;
use futures::executor::block_on;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{Listed, Source};
use crate::LakeError;

#[derive(Debug)]
pub(crate) struct Folder {
    objects: LocalFileSystem,
    root: PathBuf,
    /// How many files this process began.
    begun: AtomicU64,
}

impl Folder {
    pub fn open(root: &FsPath) -> Result<Self, LakeError> {
        let disk = |source| LakeError::Disk { path: root.display().to_string(), source };
        std::fs::create_dir_all(root).map_err(disk)?;
        let root = root.canonicalize().map_err(disk)?;
        let objects = LocalFileSystem::new_with_prefix(&root).map_err(at("."))?;
        Ok(Self { objects, root, begun: AtomicU64::new(0) })
    }

    pub fn location(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    pub fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, LakeError> {
        self.create_synced(path, |unfinished| {
            let mut file = File::create(unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()
        })
    }

    pub fn create_from(&self, path: &str, file: &FsPath) -> Result<bool, LakeError> {
        self.create_synced(path, |unfinished| {
            // A link costs nothing; where the file lies on another disk, it is copied.
            if std::fs::hard_link(file, unfinished).is_err() {
                std::fs::copy(file, unfinished)?;
            }
            File::open(unfinished)?.sync_all()
        })
    }

    /// Where a file grows until it is finished: beside its place, and swept away with what killed
    /// writers left.
    pub fn growing(&self, path: &str) -> Result<PathBuf, LakeError> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)
            .map_err(|source| LakeError::Disk { path: path.to_owned(), source })?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Ok(folder.join(self.unfinished(&name)))
    }

    /// A name that no other file under way has, of this process or of another; listings leave out names
    /// that end in `#` and digits.
    fn unfinished(&self, name: &str) -> String {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        format!("{name}#{}{number:09}", std::process::id())
    }

    /// The bytes are on the disk before the name is: `object_store` links first, and a power cut would
    /// leave a manifest without content.
    fn create_synced(
        &self,
        path: &str,
        write: impl Fn(&FsPath) -> io::Result<()>,
    ) -> Result<bool, LakeError> {
        let target = self.root.join(path);
        let folder = target.parent().unwrap_or(&self.root);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = folder.join(self.unfinished(&name));
        let create = || {
            std::fs::create_dir_all(folder)?;
            write(&unfinished)?;
            match std::fs::hard_link(&unfinished, &target) {
                Ok(()) => File::open(folder)?.sync_all().map(|()| true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        };
        let created = create();
        // Best effort: what stays is swept away later, and the first error is the one that matters.
        let _ = std::fs::remove_file(&unfinished);
        created.map_err(|source| LakeError::Disk { path: path.to_owned(), source })
    }

    pub fn replace(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
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

    pub fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let read = async { self.objects.get(&Path::from(path)).await?.bytes().await };
        block_on(read).map_err(at(path))
    }

    pub fn source(&self, path: &str) -> Result<Source, LakeError> {
        let open = || {
            let file = File::open(self.root.join(path))?;
            let bytes = file.metadata()?.len();
            Ok(Source::File(file, bytes))
        };
        open().map_err(|source| LakeError::File { path: self.location(path), source })
    }

    pub fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        let prefix = Path::from(folder);
        let objects = self.objects.list(Some(&prefix));
        let objects = objects.map(|object| Ok(object.map_err(at(folder))?.into()));
        block_on(objects.collect::<Vec<_>>()).into_iter().collect()
    }

    pub fn delete(&self, path: &str) -> Result<(), LakeError> {
        match block_on(self.objects.delete(&Path::from(path))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(at(path)(source)),
        }
    }

    /// Removes files under their temporary names (`name#1`), which no listing shows.
    pub fn sweep_unfinished(&self, older_than: SystemTime) {
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

impl From<object_store::ObjectMeta> for Listed {
    fn from(meta: object_store::ObjectMeta) -> Self {
        Self {
            path: meta.location.into(),
            bytes: meta.size,
            modified: meta.last_modified.into(),
            e_tag: meta.e_tag,
        }
    }
}
