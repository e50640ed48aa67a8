//! A file open for reading in parts, as the Parquet reader wants it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::Bucket;
use crate::LakeError;

/// How much of a remote file's end comes with its opening: a Parquet file describes itself there.
const TAIL: u64 = 64 << 10;

/// Bytes that a remote reader asks for at a time where nobody fetched them ahead.
const READ: usize = 64 << 10;

/// A file open for reading in parts; clones read on their own.
#[derive(Debug)]
pub(crate) enum Source {
    /// The file and its size.
    File(File, u64),
    /// An object and what was fetched of it.
    Remote(Remote),
}

/// An object of a bucket, with the pieces of it that are here.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    bucket: Arc<Bucket>,
    path: Arc<str>,
    size: u64,
    pieces: Vec<(u64, Bytes)>,
}

impl Source {
    /// Opens an object by fetching its end, in one request.
    pub fn remote(bucket: Arc<Bucket>, path: &str) -> Result<Self, LakeError> {
        let (size, tail) = bucket.tail(path, TAIL)?;
        let pieces = vec![(size - tail.len() as u64, tail)];
        Ok(Self::Remote(Remote { bucket, path: path.into(), size, pieces }))
    }

    /// The same file again, for another reader.
    pub fn again(&self) -> Result<Self, LakeError> {
        match self {
            Self::File(file, size) => match file.try_clone() {
                Ok(file) => Ok(Self::File(file, *size)),
                Err(source) => {
                    Err(LakeError::Unreadable { path: "an open file".to_owned(), source })
                }
            },
            Self::Remote(remote) => Ok(Self::Remote(remote.clone())),
        }
    }

    /// Fetches what will be read, in as few requests as possible: a request to an object store
    /// takes as long as megabytes. Files of this machine are read when they are read.
    pub fn prefetch(&mut self, ranges: &[Range<u64>]) -> Result<(), LakeError> {
        let Self::Remote(remote) = self else { return Ok(()) };
        let absent: Vec<Range<u64>> = ranges
            .iter()
            .filter(|range| remote.piece(range.start, range.end).is_none())
            .cloned()
            .collect();
        let fetched = remote.bucket.ranges(&remote.path, &absent)?;
        remote.pieces.extend(absent.iter().map(|range| range.start).zip(fetched));
        Ok(())
    }
}

impl Remote {
    /// Bytes of a range, if they are here.
    fn piece(&self, start: u64, end: u64) -> Option<Bytes> {
        self.pieces.iter().find_map(|(first, bytes)| {
            let from = usize::try_from(start.checked_sub(*first)?).ok()?;
            let to = usize::try_from(end.checked_sub(*first)?).ok()?;
            (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }

    /// What is here from a place on, to the end of its piece.
    fn rest(&self, start: u64) -> Option<Bytes> {
        self.pieces.iter().find_map(|(first, bytes)| {
            let from = usize::try_from(start.checked_sub(*first)?).ok()?;
            (from < bytes.len()).then(|| bytes.slice(from..))
        })
    }

    /// Bytes of a range, fetched if need be.
    fn read(&self, start: u64, end: u64) -> ParquetResult<Bytes> {
        if end > self.size {
            return Err(beyond());
        }
        if let Some(piece) = self.piece(start, end) {
            return Ok(piece);
        }
        self.bucket
            .range(&self.path, start..end)
            .map_err(|error| ParquetError::External(Box::new(error)))
    }
}

fn beyond() -> ParquetError {
    ParquetError::EOF("a part beyond the end of the file was asked for".into())
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Remote(remote) => remote.size,
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
            Self::Remote(remote) => {
                let part = RemotePart { remote: remote.clone(), at: start };
                Ok(Box::new(BufReader::with_capacity(READ, part)))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::File(file, _) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, start)?;
                Ok(bytes.into())
            }
            Self::Remote(remote) => {
                let end = start.checked_add(length as u64).ok_or_else(beyond)?;
                remote.read(start, end)
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
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The same of an object.
struct RemotePart {
    remote: Remote,
    at: u64,
}

impl Read for RemotePart {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = self.remote.size.min(self.at + buffer.len() as u64);
        if self.at >= end {
            return Ok(0);
        }
        let mut bytes = match self.remote.rest(self.at) {
            Some(bytes) => bytes,
            None => self.remote.read(self.at, end).map_err(std::io::Error::other)?,
        };
        let count = bytes.len().min(buffer.len());
        bytes.copy_to_slice(&mut buffer[..count]);
        self.at += count as u64;
        Ok(count)
    }
}
