//! Parquet in and out: how columns become files whose names say their content.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::Length;
use sha2::{Digest, Sha256};

use crate::manifest::StoredFile;
use crate::storage::Source;
use crate::{LakeError, Storage};

/// Rows of a row group: the unit that threads share out.
const ROW_GROUP: usize = 1 << 17;
/// Rows of a page: the unit that one customer's history reads.
const PAGE: usize = 1 << 13;

/// The columns of a file of lines; sorted by customer (none last), time, receipt's number.
pub(crate) fn line_schema() -> SchemaRef {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("customer", DataType::UInt32, true),
        Field::new("receipt", DataType::UInt32, false),
        Field::new("version", DataType::UInt32, false),
        Field::new("at", utc, false),
        Field::new("day", DataType::Date32, false),
        Field::new("minute", DataType::UInt16, false),
        Field::new("number", DataType::Utf8, false),
        Field::new("network", DataType::Utf8, true),
        Field::new("shop", DataType::UInt32, false),
        Field::new("till", DataType::Utf8, true),
        Field::new("channel", DataType::UInt32, true),
        Field::new("card", DataType::Utf8, true),
        Field::new("original", DataType::Utf8, true),
        Field::new("product", DataType::UInt32, false),
        Field::new("quantity", DataType::Int64, false),
        Field::new("net", DataType::Int64, false),
        Field::new("discount", DataType::Int64, false),
        Field::new("retailer_coupon", DataType::Int64, false),
        Field::new("supplier_coupon", DataType::Int64, false),
    ]))
}

/// Encodes batches of one schema as one Parquet file, in memory.
pub(crate) fn encode(batches: &[RecordBatch]) -> Result<Vec<u8>, LakeError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_data_page_row_count_limit(PAGE)
        .set_write_batch_size(PAGE)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("proffer {}", env!("CARGO_PKG_VERSION")))
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
    let bytes = encode(batches)?;
    let sha256 = sha256_hex(&bytes);
    let file = StoredFile {
        path: format!("{folder}/{run:010}-{}.parquet", &sha256[..16]),
        rows: batches.iter().map(|batch| batch.num_rows() as u64).sum(),
        bytes: bytes.len() as u64,
        sha256,
        run,
        customers: None,
    };
    storage.put(&file.path, bytes)?;
    Ok(file)
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a Parquet file says of itself, read once and shared by all who read parts of it.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    source: Source,
    file: &'a StoredFile,
    metadata: ArrowReaderMetadata,
}

impl<'a> Opened<'a> {
    /// Reads the file's metadata with its page index, and compares its size with the manifest's.
    pub(crate) fn new(storage: &'a Storage, file: &'a StoredFile) -> Result<Self, LakeError> {
        let source = storage.source(&file.path)?;
        if source.len() != file.bytes {
            return Err(LakeError::Damaged {
                path: storage.location(&file.path),
                why: format!("it has {} bytes, the manifest says {}", source.len(), file.bytes),
            });
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&source, options)?;
        Ok(Self { source, file, metadata })
    }

    /// Its row groups.
    pub(crate) fn row_groups(&self) -> &[RowGroupMetaData] {
        self.metadata.metadata().row_groups()
    }

    /// A reader of some columns of one row group. From an object store it fetches them at once.
    pub(crate) fn reader(
        &self,
        group: usize,
        columns: &[&str],
    ) -> Result<ParquetRecordBatchReaderBuilder<Source>, LakeError> {
        let mut source = self.source.again()?;
        let schema = self.metadata.metadata().file_metadata().schema_descr();
        let mask = ProjectionMask::columns(schema, columns.iter().copied());
        let chunks = self.row_groups()[group].columns().iter().enumerate();
        let wanted = chunks.filter(|(leaf, _)| mask.leaf_included(*leaf));
        let ranges: Vec<_> = wanted
            .map(|(_, chunk)| {
                let (start, length) = chunk.byte_range();
                start..start + length
            })
            .collect();
        source.prefetch(&ranges)?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone());
        Ok(builder.with_row_groups(vec![group]).with_projection(mask))
    }

    /// All of it.
    fn whole(&self) -> Result<ParquetRecordBatchReaderBuilder<Source>, LakeError> {
        let mut source = self.source.again()?;
        source.prefetch(std::slice::from_ref(&(0..self.file.bytes)))?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(source, self.metadata.clone()))
    }
}

/// Reads a small file whole.
pub(crate) fn read_all(storage: &Storage, file: &StoredFile) -> Result<RecordBatch, LakeError> {
    let builder = Opened::new(storage, file)?.whole()?;
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
