//! A file open for reading in parts, as the Parquet reader wants it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use super::Bucket;
use crate::LakeError;

/// How much of a remote file's end comes with its opening: a Parquet file describes itself there.
const TAIL: u64 = 64 << 10;

/// Bytes that come with any part of a remote file that was not fetched ahead: pages of a column lie one
/// after the other, and a request takes as long as megabytes.
const WINDOW: u64 = 1 << 20;

/// Windows kept of one open file; a reader walks through as many columns at a time.
const WINDOWS: usize = 32;

/// A file open for reading in parts.
#[derive(Debug)]
pub(crate) enum Source {
    /// The file and its size.
    File(File, u64),
    /// An object and what was fetched of it.
    Remote(Arc<Remote>),
}

/// An object of a bucket, with the pieces of it that are here.
#[derive(Debug)]
pub(crate) struct Remote {
    bucket: Arc<Bucket>,
    path: String,
    size: u64,
    pieces: Mutex<Pieces>,
}

/// Pieces, each with its place in the object.
#[derive(Debug, Default)]
struct Pieces {
    ahead: Vec<(u64, Bytes)>,
    windows: VecDeque<(u64, Bytes)>,
}

impl Source {
    /// Opens an object by fetching its end, in one request.
    pub fn remote(bucket: Arc<Bucket>, path: &str) -> Result<Self, LakeError> {
        let (size, tail) = bucket.tail(path, TAIL)?;
        let ahead = vec![(size - tail.len() as u64, tail)];
        let pieces = Mutex::new(Pieces { ahead, ..Pieces::default() });
        Ok(Self::Remote(Arc::new(Remote { bucket, path: path.to_owned(), size, pieces })))
    }

    /// An object whose size is known: nothing is asked before it is read.
    pub fn remote_of_size(bucket: Arc<Bucket>, path: &str, size: u64) -> Self {
        let pieces = Mutex::default();
        Self::Remote(Arc::new(Remote { bucket, path: path.to_owned(), size, pieces }))
    }

    /// The same open file once more, for another reader: what stands under its name meanwhile does not matter.
    pub fn again(&self) -> std::io::Result<Self> {
        Ok(match self {
            Self::File(file, size) => Self::File(file.try_clone()?, *size),
            Self::Remote(remote) => Self::Remote(remote.clone()),
        })
    }

    /// Fetches what will be read, in as few requests as possible. Files of this machine are read when
    /// they are read.
    pub fn prefetch(&self, ranges: &[Range<u64>]) -> Result<(), LakeError> {
        let Self::Remote(remote) = self else { return Ok(()) };
        let absent: Vec<Range<u64>> = ranges
            .iter()
            .filter(|range| remote.piece(range.start, range.end).is_none())
            .cloned()
            .collect();
        let fetched = remote.bucket.ranges(&remote.path, &absent)?;
        let starts = absent.iter().map(|range| range.start);
        remote.pieces().ahead.extend(starts.zip(fetched));
        Ok(())
    }
}

impl Remote {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is here from a place on, to the end of its piece.
    fn rest(&self, start: u64) -> Option<Bytes> {
        let pieces = self.pieces();
        pieces.ahead.iter().chain(&pieces.windows).find_map(|(first, bytes)| {
            let from = usize::try_from(start.checked_sub(*first)?).ok()?;
            (from < bytes.len()).then(|| bytes.slice(from..))
        })
    }

    /// Bytes of a range, if they are here.
    fn piece(&self, start: u64, end: u64) -> Option<Bytes> {
        let length = usize::try_from(end - start).ok()?;
        self.rest(start).filter(|rest| length <= rest.len()).map(|rest| rest.slice(..length))
    }

    /// What is here from a place on, at least up to another one; fetched if need be.
    fn window(&self, start: u64, end: u64) -> Result<Bytes, LakeError> {
        if let Some(rest) = self.rest(start).filter(|rest| start + rest.len() as u64 >= end) {
            return Ok(rest);
        }
        let fetched =
            self.bucket.range(&self.path, start..self.size.min(end.max(start + WINDOW)))?;
        let windows = &mut self.pieces().windows;
        if windows.len() == WINDOWS {
            windows.pop_front();
        }
        windows.push_back((start, fetched.clone()));
        Ok(fetched)
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
                Ok(Box::new(BufReader::new(RemotePart { remote: remote.clone(), at: start })))
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
                let end = start.checked_add(length as u64).filter(|&end| end <= remote.size);
                let window = remote.window(start, end.ok_or_else(beyond)?);
                Ok(window.map_err(|error| ParquetError::External(Box::new(error)))?.slice(..length))
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
    remote: Arc<Remote>,
    at: u64,
}

impl Read for RemotePart {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.remote.size {
            return Ok(0);
        }
        let window = self.remote.window(self.at, self.at + 1).map_err(std::io::Error::other)?;
        let count = window.len().min(buffer.len());
        buffer[..count].copy_from_slice(&window[..count]);
        self.at += count as u64;
        Ok(count)
    }
}
