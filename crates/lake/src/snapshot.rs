//! Snapshots' folders: one refresh writes one folder; it becomes current last, and nothing changes
//! it afterwards except the erasure of a customer.
//!
//! This module knows names and hashes of a snapshot's files, and how rows stand in those that are Parquet; never
//! what they mean.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetStatisticsPolicy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::rows::sha256_hex;
use crate::storage::Source;
use crate::{LakeError, ParquetRows, Storage, parquet_rows};

const FOLDER: &str = "snapshot";

/// A finished snapshot: the list of its files, written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// 1, 2, 3 …; the highest is current.
    pub number: u64,
    /// Name to SHA-256 of each file.
    pub files: BTreeMap<String, String>,
    /// What it was made from and with: as-of day, manifest of the lake, versions.
    pub inputs: BTreeMap<String, String>,
}

/// The folder of snapshots, beside the lake in the same storage.
#[derive(Clone, Debug)]
pub struct Snapshots {
    storage: Arc<Storage>,
}

/// A snapshot being written; without [`SnapshotWriter::finish`] it never becomes current.
#[derive(Debug)]
pub struct SnapshotWriter {
    storage: Arc<Storage>,
    snapshot: Snapshot,
}

/// A file of rows of a snapshot being written: Parquet, row groups written as they fill.
#[derive(Debug)]
pub struct SnapshotRows {
    name: String,
    rows: ParquetRows<Hashed>,
    growing: Growing,
}

/// Some columns of a snapshot's Parquet file, open for reading part after part.
#[derive(Debug)]
pub struct SnapshotColumns {
    path: String,
    source: Source,
    metadata: ArrowReaderMetadata,
    columns: ProjectionMask,
}

/// A file that goes with the value.
#[derive(Debug)]
struct Growing {
    path: PathBuf,
}

impl Drop for Growing {
    fn drop(&mut self) {
        // Best effort: what stays is swept away later.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A file, and the hash of what was written to it so far.
#[derive(Debug)]
struct Hashed {
    file: File,
    hash: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl SnapshotColumns {
    /// How many parts the file has. They follow one another, and may be read on several threads.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// The columns of a part, in the sequence of the file, some thousand rows at a time: what is read so goes
    /// through the processor's cache.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(
        &self,
        part: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, LakeError>>, LakeError> {
        let source = self
            .source
            .again()
            .map_err(|source| LakeError::File { path: self.path.clone(), source })?;
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone())
                .with_row_groups(vec![part])
                .with_projection(self.columns.clone())
                .with_batch_size(parquet_rows::PIECE)
                .build()?;
        Ok(reader.map(|rows| Ok(rows?)))
    }
}

impl SnapshotRows {
    /// Adds rows after the others.
    ///
    /// # Errors
    /// When they are of another schema or cannot be written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.rows.write(rows)
    }
}

impl Snapshots {
    /// The snapshots in a storage.
    #[must_use]
    pub fn new(storage: Arc<Storage>) -> Self {
        Self { storage }
    }

    /// The newest finished snapshot, if there is one.
    ///
    /// # Errors
    /// When the storage fails or the list of its files cannot be understood.
    pub fn current(&self) -> Result<Option<Snapshot>, LakeError> {
        self.numbers()?.last().map(|&number| self.get(number)).transpose()
    }

    /// A finished snapshot.
    ///
    /// # Errors
    /// When there is no such snapshot or the list of its files cannot be understood.
    pub fn get(&self, number: u64) -> Result<Snapshot, LakeError> {
        let path = list_path(number);
        let bytes = self.storage.get(&path)?;
        serde_json::from_slice(&bytes).map_err(|error| LakeError::Damaged {
            path: self.storage.location(&path),
            why: error.to_string(),
        })
    }

    /// Numbers of all finished snapshots, ascending.
    ///
    /// # Errors
    /// When the storage cannot be listed.
    pub fn numbers(&self) -> Result<Vec<u64>, LakeError> {
        let number = |path: &str| {
            path.strip_prefix("snapshot/")?.strip_suffix("/snapshot.json")?.parse().ok()
        };
        let mut numbers: Vec<u64> =
            self.storage.list(FOLDER)?.iter().filter_map(|object| number(&object.path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Begins the next snapshot. What an unfinished one left under that number is removed first.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn begin(&self, inputs: BTreeMap<String, String>) -> Result<SnapshotWriter, LakeError> {
        self.storage.clear_growing();
        let number = self.numbers()?.last().map_or(1, |last| last + 1);
        for object in self.storage.list(&folder(number))? {
            self.storage.delete(&object.path)?;
        }
        let snapshot = Snapshot { number, files: BTreeMap::new(), inputs };
        Ok(SnapshotWriter { storage: self.storage.clone(), snapshot })
    }

    /// A file of a snapshot.
    ///
    /// # Errors
    /// When the file is not there or is not what the snapshot's list says.
    pub fn read(&self, snapshot: &Snapshot, name: &str) -> Result<bytes::Bytes, LakeError> {
        let path = format!("{}/{name}", folder(snapshot.number));
        let bytes = self.storage.get(&path)?;
        if snapshot.files.get(name).is_some_and(|expected| *expected != sha256_hex(&bytes)) {
            return Err(LakeError::Damaged {
                path: self.storage.location(&path),
                why: "its SHA-256 is not the one the snapshot lists".to_owned(),
            });
        }
        Ok(bytes)
    }

    /// Opens some columns of a snapshot's Parquet file; texts come as dictionaries, each text once with keys to
    /// it. They are read where they stand, without the rest of the file, so that its hash is not looked at.
    ///
    /// # Errors
    /// When the file is not there, is no Parquet file, or lacks a column.
    pub fn columns(
        &self,
        snapshot: &Snapshot,
        name: &str,
        columns: &[&str],
    ) -> Result<SnapshotColumns, LakeError> {
        let path = format!("{}/{name}", folder(snapshot.number));
        let source = self.storage.source(&path)?;
        let options = ArrowReaderOptions::new()
            .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let metadata = ArrowReaderMetadata::load(&source, options)?;
        let options = ArrowReaderOptions::new().with_schema(coded(metadata.schema()));
        let metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)?;
        let path = self.storage.location(&path);
        if let Some(column) = columns.iter().find(|name| metadata.schema().index_of(name).is_err())
        {
            let why =
                format!("it has no column {column}; was it made by an older version? Refresh then");
            return Err(LakeError::Damaged { path, why });
        }
        let columns = ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied());
        let groups = metadata.metadata().row_groups();
        let ranges = groups.iter().flat_map(|group| {
            let chunks = group.columns().iter().enumerate();
            let wanted = chunks.filter(|(leaf, _)| columns.leaf_included(*leaf));
            wanted.map(|(_, chunk)| {
                let (start, length) = chunk.byte_range();
                start..start + length
            })
        });
        source.prefetch(&ranges.collect::<Vec<_>>())?;
        Ok(SnapshotColumns { path, source, metadata, columns })
    }

    /// Where a snapshot's file is, for other tools.
    #[must_use]
    pub fn location(&self, snapshot: &Snapshot, name: &str) -> String {
        self.storage.location(&format!("{}/{name}", folder(snapshot.number)))
    }

    /// Erases a customer: `rewrite` gets each file's name and bytes and gives new bytes where he
    /// stood in it. The list of files is written again with the new hashes.
    ///
    /// # Errors
    /// When the storage fails; running it again finishes what was begun.
    pub fn erase(
        &self,
        rewrite: impl Fn(&str, bytes::Bytes) -> Result<Option<Vec<u8>>, LakeError>,
    ) -> Result<u64, LakeError> {
        let mut changed = 0;
        self.remove_unfinished()?;
        for number in self.numbers()? {
            let mut snapshot = self.get(number)?;
            let before = snapshot.clone();
            for (name, hash) in &mut snapshot.files {
                let path = format!("{}/{name}", folder(number));
                let bytes = self.storage.get(&path)?;
                // An erasure that was interrupted may have rewritten the file and not the list.
                *hash = sha256_hex(&bytes);
                if let Some(bytes) = rewrite(name, bytes)? {
                    *hash = sha256_hex(&bytes);
                    self.storage.replace(&path, bytes)?;
                    changed += 1;
                }
            }
            if snapshot != before {
                self.storage.replace(&list_path(number), json(&snapshot)?)?;
            }
        }
        Ok(changed)
    }

    /// Removes what killed refreshes and removals left: files of folders without a list. Only for
    /// whoever alone may change the programme.
    fn remove_unfinished(&self) -> Result<(), LakeError> {
        self.storage.clear_growing();
        let finished: Vec<String> = self.numbers()?.into_iter().map(folder).collect();
        for object in self.storage.list(FOLDER)? {
            if !finished.iter().any(|folder| object.path.starts_with(&format!("{folder}/"))) {
                self.storage.delete(&object.path)?;
            }
        }
        Ok(())
    }

    /// Removes all but the newest `keep` snapshots.
    ///
    /// # Errors
    /// When the storage fails; what was removed stays removed.
    pub fn prune(&self, keep: usize) -> Result<(), LakeError> {
        self.remove_unfinished()?;
        let numbers = self.numbers()?;
        for &number in &numbers[..numbers.len().saturating_sub(keep.max(1))] {
            // The list goes first: a snapshot without it is no snapshot.
            self.storage.delete(&list_path(number))?;
            for object in self.storage.list(&folder(number))? {
                self.storage.delete(&object.path)?;
            }
        }
        Ok(())
    }
}

impl SnapshotWriter {
    /// Begins a file of rows as Parquet, which grows on this machine until [`SnapshotWriter::add`]
    /// takes it.
    ///
    /// # Errors
    /// When the storage fails or a column's type cannot be written.
    pub fn rows(&self, name: &str, schema: SchemaRef) -> Result<SnapshotRows, LakeError> {
        let growing = Growing {
            path: self.storage.growing(&format!("{}/{name}", folder(self.snapshot.number)))?,
        };
        // Portraits are nobody else's business.
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&growing.path)
            .map_err(|source| LakeError::Disk { path: name.to_owned(), source })?;
        let out = Hashed { file, hash: Sha256::new() };
        Ok(SnapshotRows { name: name.to_owned(), rows: ParquetRows::new(out, schema)?, growing })
    }

    /// Ends a file of rows and takes it into the snapshot.
    ///
    /// # Errors
    /// When the rest of it cannot be written or the storage fails.
    pub fn add(&mut self, rows: SnapshotRows) -> Result<(), LakeError> {
        let SnapshotRows { name, rows, growing } = rows;
        let hash = rows.finish()?.hash.finalize();
        self.storage
            .put_file(&format!("{}/{name}", folder(self.snapshot.number)), &growing.path)?;
        self.snapshot.files.insert(name, hash.iter().map(|byte| format!("{byte:02x}")).collect());
        Ok(())
    }

    /// Writes a file as it is.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn bytes(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        self.snapshot.files.insert(name.to_owned(), sha256_hex(&bytes));
        self.storage.put(&format!("{}/{name}", folder(self.snapshot.number)), bytes)
    }

    /// Makes the snapshot current.
    ///
    /// # Errors
    /// When the storage fails or another process finished a snapshot of this number meanwhile.
    pub fn finish(self) -> Result<Snapshot, LakeError> {
        let number = self.snapshot.number;
        if self.storage.create(&list_path(number), json(&self.snapshot)?)? {
            Ok(self.snapshot)
        } else {
            Err(LakeError::Raced { number })
        }
    }
}

/// The same columns, with texts as dictionaries.
fn coded(schema: &SchemaRef) -> SchemaRef {
    let field = |field: &FieldRef| match field.data_type() {
        DataType::Utf8 => {
            let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(coded))
        }
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

fn folder(number: u64) -> String {
    format!("{FOLDER}/{number:06}")
}

fn list_path(number: u64) -> String {
    format!("{}/snapshot.json", folder(number))
}

fn json(snapshot: &Snapshot) -> Result<Vec<u8>, LakeError> {
    serde_json::to_vec_pretty(snapshot).map_err(|error| LakeError::Damaged {
        path: list_path(snapshot.number),
        why: format!("the list of files cannot be written as JSON: {error}"),
    })
}
