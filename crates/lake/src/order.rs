//! The named orders in which lines are kept: each is a set of sorted runs of files over the same lines.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::manifest::StoredFile;
use crate::rows::{self, put_named};
use crate::{LakeError, Storage};

/// Lines of a file, about: small enough to rewrite one for an erasure, large enough to be few.
pub(crate) const LINES_PER_FILE: usize = 1 << 20;
/// Rows of a row group: the unit that threads share out.
const ROW_GROUP: usize = 1 << 17;
/// Rows of a page: the unit that one customer's history reads.
const PAGE: usize = 1 << 13;

/// Rows that are made into columns at a time: they stay in the processor's cache.
pub(crate) const ROWS_AT_ONCE: usize = 1 << 13;

/// A named order. Its first column leads: files and row groups are found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortOrder {
    /// By customer (none last), time, receipt's number: for portraits and models.
    ByCustomer,
    /// By category (none last), business day, receipt: for reports on categories.
    ByCategory,
}

impl SortOrder {
    pub(crate) const ALL: [Self; 2] = [Self::ByCustomer, Self::ByCategory];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ByCustomer => "by-customer",
            Self::ByCategory => "by-category",
        }
    }

    /// The columns of its files.
    pub(crate) fn schema(self) -> SchemaRef {
        let code = |name| Field::new(name, DataType::UInt32, false);
        let maybe = |name| Field::new(name, DataType::UInt32, true);
        let text = |name, nullable| Field::new(name, DataType::Utf8, nullable);
        let whole = |name| Field::new(name, DataType::Int64, false);
        let day = Field::new("day", DataType::Date32, false);
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut fields = match self {
            Self::ByCustomer => vec![
                maybe("customer"),
                code("receipt"),
                code("version"),
                Field::new("at", utc, false),
                day,
                Field::new("minute", DataType::UInt16, false),
                text("number", false),
                text("network", true),
                code("shop"),
                text("till", true),
                maybe("channel"),
                text("card", true),
                text("original", true),
                code("product"),
            ],
            Self::ByCategory => vec![
                maybe("category"),
                day,
                code("receipt"),
                code("version"),
                code("product"),
                code("shop"),
                maybe("customer"),
            ],
        };
        fields.extend(
            ["quantity", "net", "discount", "retailer_coupon", "supplier_coupon"].map(whole),
        );
        Arc::new(Schema::new(fields))
    }

    /// Writes rows in this order as one file of a run.
    pub(crate) fn write(
        self,
        storage: &Storage,
        rows: &RecordBatch,
        run: u64,
    ) -> Result<StoredFile, LakeError> {
        let mut writer = self.writer()?;
        writer.write(rows)?;
        writer.finish(storage, run)
    }

    /// A file of sorted rows to be written batch by batch.
    pub(crate) fn writer(self) -> Result<SortedWriter, LakeError> {
        let writer = ArrowWriter::try_new(Vec::new(), self.schema(), Some(self.properties()))?;
        Ok(SortedWriter { sort_order: self, writer, rows: 0, keys: None })
    }

    fn properties(self) -> WriterProperties {
        let lead = ColumnPath::from(self.schema().field(0).name().as_str());
        // Smaller as differences than plain: measured, under this compression.
        let rising: &[&str] = match self {
            Self::ByCustomer => &[],
            Self::ByCategory => &["receipt", "customer"],
        };
        let mut properties = WriterProperties::builder();
        for name in rising {
            properties =
                properties.set_column_encoding((*name).into(), Encoding::DELTA_BINARY_PACKED);
        }
        properties
            .set_dictionary_enabled(false)
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_data_page_row_count_limit(PAGE)
            .set_write_batch_size(PAGE)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_column_statistics_enabled(lead, EnabledStatistics::Page)
            .set_created_by(rows::CREATED_BY.to_owned())
            .build()
    }
}

/// A file of lines under way, in memory.
pub(crate) struct SortedWriter {
    sort_order: SortOrder,
    writer: ArrowWriter<Vec<u8>>,
    rows: usize,
    keys: Option<(u32, u32)>,
}

impl SortedWriter {
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        let lead = rows.column(0).as_primitive::<UInt32Type>();
        if let Some(last) = (lead.len() - lead.null_count()).checked_sub(1) {
            let first = self.keys.map_or(lead.value(0), |keys| keys.0);
            self.keys = Some((first, lead.value(last)));
        }
        self.rows += rows.num_rows();
        Ok(self.writer.write(rows)?)
    }

    pub(crate) fn finish(self, storage: &Storage, run: u64) -> Result<StoredFile, LakeError> {
        let bytes = self.writer.into_inner()?;
        let folder = format!("lines/{}", self.sort_order.name());
        let file = put_named(storage, &folder, bytes, self.rows, run)?;
        Ok(StoredFile { keys: self.keys, ..file })
    }
}
