//! Parquet in and out: how columns become files whose names say their content.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::Schema;
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::Length;
use sha2::{Digest, Sha256};

use crate::manifest::StoredFile;
use crate::storage::Source;
use crate::{LakeError, Storage};

/// Who wrote a file, in its footer.
pub(crate) const CREATED_BY: &str = concat!("proffer ", env!("CARGO_PKG_VERSION"));

/// Encodes batches of one schema as one Parquet file, in memory.
pub(crate) fn encode(batches: &[RecordBatch]) -> Result<Vec<u8>, LakeError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(1 << 17))
        .set_created_by(CREATED_BY.to_owned())
        .build();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.into_inner()?)
}

/// Encodes batches into a new file of a folder of the lake.
pub(crate) fn encode_to(
    storage: &Storage,
    folder: &str,
    batches: &[RecordBatch],
    run: u64,
) -> Result<StoredFile, LakeError> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    put_named(storage, folder, encode(batches)?, rows, run)
}

/// Writes the bytes of a Parquet file under a name that says their run and content.
pub(crate) fn put_named(
    storage: &Storage,
    folder: &str,
    bytes: Vec<u8>,
    rows: usize,
    run: u64,
) -> Result<StoredFile, LakeError> {
    let sha256 = sha256_hex(&bytes);
    let file = StoredFile {
        path: format!("{folder}/{run:010}-{}.parquet", &sha256[..16]),
        rows: rows as u64,
        bytes: bytes.len() as u64,
        sha256,
        run,
        keys: None,
    };
    storage.put(&file.path, bytes)?;
    Ok(file)
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a Parquet file says of itself, read once and shared by all who read parts of it.
#[derive(Clone, Debug)]
pub(crate) struct Opened<'a> {
    storage: &'a Storage,
    file: &'a StoredFile,
    metadata: ArrowReaderMetadata,
}

impl<'a> Opened<'a> {
    /// Reads the file's metadata with its page index, and compares its size with the manifest's.
    pub(crate) fn new(storage: &'a Storage, file: &'a StoredFile) -> Result<Self, LakeError> {
        let source = storage.open(&file.path)?;
        if source.len() != file.bytes {
            return Err(LakeError::Damaged {
                path: storage.location(&file.path),
                why: format!("it has {} bytes, the manifest says {}", source.len(), file.bytes),
            });
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        Ok(Self { storage, file, metadata: ArrowReaderMetadata::load(&source, options)? })
    }

    /// The file with metadata that were read before.
    pub(crate) fn with(
        storage: &'a Storage,
        file: &'a StoredFile,
        metadata: ArrowReaderMetadata,
    ) -> Self {
        Self { storage, file, metadata }
    }

    /// What it says of itself, to be kept.
    pub(crate) fn metadata(&self) -> ArrowReaderMetadata {
        self.metadata.clone()
    }

    /// Its row groups.
    pub(crate) fn row_groups(&self) -> &[RowGroupMetaData] {
        self.metadata.metadata().row_groups()
    }

    /// These columns of all rows, batch by batch.
    pub(crate) fn columns(&self, names: &[&str]) -> Result<ParquetRecordBatchReader, LakeError> {
        let builder = self.reader()?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
        Ok(builder.with_projection(mask).with_batch_size(1 << 16).build()?)
    }

    /// A reader with a handle of its own.
    pub(crate) fn reader(&self) -> Result<ParquetRecordBatchReaderBuilder<Source>, LakeError> {
        let source = self.storage.open(&self.file.path)?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone()))
    }
}

/// Reads a small file whole.
pub(crate) fn read_all(storage: &Storage, file: &StoredFile) -> Result<RecordBatch, LakeError> {
    let builder = Opened::new(storage, file)?.reader()?;
    let schema = builder.schema().clone();
    let batches = builder.with_batch_size(1 << 16).build()?.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A column of a known type.
pub(crate) fn column<'a, A: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
    file: &StoredFile,
) -> Result<&'a A, LakeError> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| {
        LakeError::Damaged {
            path: file.path.clone(),
            why: format!("it has no column {name} of the expected type"),
        }
    })
}
