//! The storages that keep the lake's promises: a test of the lake runs on each of them.

use std::sync::Arc;

use lake::{Bucket, Lake, Limits, Storage};

use super::s3;

/// An empty place for a lake.
pub enum Place {
    Folder(tempfile::TempDir),
    Bucket(String),
}

/// Runs a test on an empty place of each kind. Without an object store to test with it says so aloud.
pub fn everywhere(test: impl Fn(&Place)) {
    test(&Place::Folder(tempfile::tempdir().unwrap()));
    if s3::server().is_some() {
        test(&Place::Bucket(s3::fresh_url()));
    }
}

/// The server's own variables.
fn variables() -> Vec<(String, String)> {
    s3::variables(s3::server().unwrap().address)
}

impl Place {
    pub fn storage(&self) -> Arc<Storage> {
        Arc::new(match self {
            Self::Folder(folder) => Storage::open("lake", folder.path()).unwrap(),
            Self::Bucket(url) => {
                Storage::bucket(Bucket::open_with(url, Limits::default(), variables()).unwrap())
            }
        })
    }

    pub fn open(&self) -> Lake {
        Lake::open(self.storage()).unwrap()
    }

    /// The same kind of place, empty.
    pub fn another(&self) -> Self {
        match self {
            Self::Folder(_) => Self::Folder(tempfile::tempdir().unwrap()),
            Self::Bucket(_) => Self::Bucket(s3::fresh_url()),
        }
    }

    /// How much random work to do here: a request to a server takes longer than one to a disk.
    pub fn seeds(&self) -> u64 {
        match (self, super::soak()) {
            (Self::Folder(_), false) => 25,
            (Self::Folder(_), true) => 400,
            (Self::Bucket(_), false) => 2,
            (Self::Bucket(_), true) => 25,
        }
    }

    /// Bytes of a file, by the location that the lake told.
    pub fn read(&self, location: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        match self {
            Self::Folder(_) => std::fs::read(location).unwrap(),
            Self::Bucket(url) => {
                let bucket = Bucket::open_with(url, Limits::default(), variables()).unwrap();
                let found = bucket.find(below(url, location)).unwrap().unwrap();
                bucket.fetch(&found, &copy, &|_| ()).unwrap();
                std::fs::read(copy).unwrap()
            }
        }
    }

    /// Damages a file, by the location that the lake told.
    pub fn write(&self, location: &str, bytes: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other");
        match self {
            Self::Folder(_) => std::fs::write(location, bytes).unwrap(),
            Self::Bucket(url) => {
                std::fs::write(&file, bytes).unwrap();
                self.storage().put_file(below(url, location), &file).unwrap();
            }
        }
    }
}

fn below<'a>(url: &str, location: &'a str) -> &'a str {
    location.strip_prefix(url).unwrap().strip_prefix('/').unwrap()
}
