//! A table written as Parquet while its rows come, so that none has to be in memory whole.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::LakeError;

/// Rows encoded at once. The encoder may end a page only between two such pieces, so they are cut
/// here and not where the rows happened to come: the same rows give the same bytes.
pub(crate) const PIECE: usize = 1 << 13;
/// Rows of a row group, which is in memory until it is full.
const ROW_GROUP: usize = 1 << 16;

/// A Parquet file being written. The same rows give the same bytes in whatever parts they come.
/// Columns are encoded on every thread of the pool; they must be flat.
#[derive(Debug)]
pub struct ParquetRows<W: Write + Send> {
    schema: SchemaRef,
    file: SerializedFileWriter<W>,
    groups: ArrowRowGroupWriterFactory,
    // One a column of the row group that is being filled, and how many rows it has.
    columns: Vec<ArrowColumnWriter>,
    filled: usize,
    written_groups: usize,
    // Rows that make no whole piece yet.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// Begins a file of rows of a schema.
    ///
    /// # Errors
    /// When a column's type cannot be written.
    pub fn new(out: W, schema: SchemaRef) -> Result<Self, LakeError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_data_page_row_count_limit(PIECE)
            .set_created_by(format!("proffer {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
        let (file, groups) = writer.into_serialized_writer()?;
        Ok(Self {
            columns: groups.create_column_writers(0)?,
            schema,
            file,
            groups,
            filled: 0,
            written_groups: 0,
            waiting: Vec::new(),
            waiting_rows: 0,
        })
    }

    /// Adds rows after the others.
    ///
    /// # Errors
    /// When they are of another schema or what is below cannot be written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.waiting.push(rows.clone());
        self.waiting_rows += rows.num_rows();
        if self.waiting_rows < PIECE {
            return Ok(());
        }
        let rows = concat_batches(&self.schema, &std::mem::take(&mut self.waiting))?;
        let rest = rows.num_rows() % PIECE;
        let whole = rows.num_rows() - rest;
        for start in (0..whole).step_by(PIECE) {
            self.encode(&rows.slice(start, PIECE))?;
        }
        self.waiting.push(rows.slice(whole, rest));
        self.waiting_rows = rest;
        Ok(())
    }

    /// Writes what is left and the end of the file; gives what it was written to.
    ///
    /// # Errors
    /// When what is below cannot be written.
    pub fn finish(mut self) -> Result<W, LakeError> {
        let rest = concat_batches(&self.schema, &std::mem::take(&mut self.waiting))?;
        if rest.num_rows() > 0 {
            self.encode(&rest)?;
        }
        if self.filled > 0 {
            self.end_group()?;
        }
        Ok(self.file.into_inner()?)
    }

    fn encode(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        let fields = self.schema.fields();
        self.columns.par_iter_mut().zip(rows.columns()).zip(fields.par_iter()).try_for_each(
            |((writer, column), field)| -> Result<(), LakeError> {
                for leaf in compute_leaves(field, column)? {
                    writer.write(&leaf)?;
                }
                Ok(())
            },
        )?;
        self.filled += rows.num_rows();
        if self.filled >= ROW_GROUP { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), LakeError> {
        let columns = std::mem::take(&mut self.columns);
        let chunks: Vec<ArrowColumnChunk> =
            columns.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<_, _>>()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.written_groups += 1;
        self.columns = self.groups.create_column_writers(self.written_groups)?;
        self.filled = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    /// Rows from one place to another: a column of many values, one of few, some absent.
    fn rows(range: std::ops::Range<i64>) -> RecordBatch {
        let many = Int64Array::from_iter_values(range.clone().map(|row| row * 7919 % 99_991));
        let few: StringArray =
            range.map(|row| (row % 5 > 0).then(|| format!("shop {}", row % 300))).collect();
        let columns: [(&str, ArrayRef, bool); 2] =
            [("many", Arc::new(many), false), ("few", Arc::new(few), true)];
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    fn written(count: i64, part: i64) -> Vec<u8> {
        let mut file = ParquetRows::new(Vec::new(), rows(0..0).schema()).unwrap();
        for start in (0..count).step_by(part as usize) {
            file.write(&rows(start..count.min(start + part))).unwrap();
        }
        file.finish().unwrap()
    }

    #[test]
    fn rows_in_any_parts_give_the_same_bytes() {
        let group = ROW_GROUP as i64;
        for count in [0, 1, 8_191, 8_192, 8_193, group, 2 * group + 10_000] {
            let whole = written(count, i64::MAX);
            for part in [999, 8_192, 30_011, group + 1] {
                assert!(written(count, part) == whole, "{count} rows in parts of {part}");
            }
            let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(whole)).unwrap();
            let groups = count.div_euclid(group) + i64::from(count % group > 0);
            assert_eq!(reader.metadata().num_row_groups() as i64, groups, "{count} rows");
            let read: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
            let read = concat_batches(&rows(0..0).schema(), &read).unwrap();
            assert_eq!(read, rows(0..count), "{count} rows");
        }
        assert!(written(9_000, 1) == written(9_000, i64::MAX));
    }
}
