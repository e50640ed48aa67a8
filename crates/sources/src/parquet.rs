//! Rows of Parquet files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, Int64Array, PrimitiveArray, RecordBatch, StringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::TypePtr;
use rustc_hash::FxHashMap;

use crate::cell::{Cells, Column, Dictionary, Row};
use crate::csv::find;
use crate::input::{Intake, Opened, failed};
use crate::mapping::FeedMapping;
use crate::problem::{ReadError, ReadErrorCode, Stop};

/// Small enough that the columns of a block stay in the processor's cache while its rows are read.
const BLOCK_ROWS: usize = 2_048;
/// Blocks that are decoded before their turn.
const BLOCKS_AHEAD: usize = 4;

/// Reads a file.
pub(crate) fn read(
    opened: Opened<'_>,
    mapping: &FeedMapping,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Stop> {
    let (path, bytes) = (opened.path, opened.bytes);
    let corrupt = |reason: String| {
        let reason = format!("is not a whole Parquet file: {reason}");
        ReadError::new(ReadErrorCode::Corrupt, path, reason)
    };
    let file = opened.file.try_clone().map_err(|error| failed(path, &error))?;
    let metadata = guarded(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()));
    let metadata = listed(metadata.map_err(corrupt)?);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let schema = builder.schema().clone();
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut places = Vec::with_capacity(mapping.columns.len());
    for column in &mapping.columns {
        let place = find(&names, column);
        places.push(place.map_err(|(code, reason)| ReadError::new(code, path, reason))?);
    }
    let rows_total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
    let mut reader = guarded(|| builder.with_projection(mask).with_batch_size(BLOCK_ROWS).build())
        .map_err(corrupt)?;
    let mut lists = Lists { latest: FxHashMap::default(), count: *intake.lists };
    let mut next = move || -> Result<Option<Block>, ReadError> {
        let Some(rows) = guarded(|| reader.next().transpose()).map_err(corrupt)? else {
            return Ok(None);
        };
        let columns = columns(&rows, mapping, &mut lists).map_err(|(column, reason)| {
            let reason = format!("column {column:?} {reason}");
            ReadError::new(ReadErrorCode::Column, path, reason)
        })?;
        Ok(Some(Block { columns, rows: rows.num_rows(), lists: lists.count }))
    };
    std::thread::scope(|scope| {
        let (send, blocks) = sync_channel(BLOCKS_AHEAD);
        // Decoded while earlier rows are understood; it ends with the file, or when nobody listens.
        scope.spawn(move || {
            while let Some(block) = next().transpose() {
                // A decoder that has failed is not asked again.
                let failed = block.is_err();
                if send.send(block).is_err() || failed {
                    break;
                }
            }
        });
        let mut number = 0;
        for block in blocks {
            let Block { columns, rows, lists } = block?;
            *intake.lists = lists;
            for row in 0..rows {
                number += 1;
                intake.row(&Row { number, cells: Cells::Columns { columns: &columns, row } })?;
            }
            let done = u128::from(bytes) * u128::from(number) / u128::from(rows_total.max(1));
            (intake.progress)(u64::try_from(done).unwrap_or(bytes).min(bytes), intake.rows);
        }
        Ok::<_, Stop>(())
    })?;
    Ok(opened.ensure_unchanged()?)
}

/// Some rows, decoded.
struct Block {
    /// One a slot.
    columns: Vec<Column>,
    rows: usize,
    /// How many lists of texts were numbered so far.
    lists: u64,
}

/// Runs the decoder; a file so broken that the decoder panics is a corrupt file like any other.
fn guarded<T, E: std::fmt::Display>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder gave up".to_owned()),
    }
}

/// The same file as it is read fastest: columns of texts as lists of distinct texts and places in them,
/// which is how most writers store them, so that a text that repeats is understood once; decimals that
/// are stored as whole numbers as such.
fn listed(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let list = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let of = |(field, stored): (&Arc<Field>, &TypePtr)| {
        let whole =
            || matches!(stored.get_physical_type(), PhysicalType::INT32 | PhysicalType::INT64);
        let kind = match *field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => list.clone(),
            DataType::Decimal128(precision, scale) if whole() => {
                DataType::Decimal64(precision, scale)
            }
            _ => return field.clone(),
        };
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    let schema = metadata.schema();
    let stored = metadata.parquet_schema().root_schema().get_fields();
    let fields: Fields = schema.fields().iter().zip(stored).map(of).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    let listed = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options);
    listed.unwrap_or(metadata)
}

/// The lists of texts of the block before, so that a list that goes on is known again.
#[derive(Debug, Default)]
struct Lists {
    latest: FxHashMap<String, (StringArray, u64)>,
    /// How many lists were numbered, over all files.
    count: u64,
}

impl Lists {
    /// The number of a column's list.
    fn number(&mut self, column: &str, values: &StringArray) -> u64 {
        let same = |known: &StringArray| {
            std::ptr::eq(known.value_data().as_ptr(), values.value_data().as_ptr())
                && known.len() == values.len()
        };
        if let Some((known, number)) = self.latest.get(column)
            && same(known)
        {
            return *number;
        }
        self.count += 1;
        self.latest.insert(column.to_owned(), (values.clone(), self.count));
        self.count
    }
}

/// One column a slot, in one of the shapes that cells have.
fn columns(
    block: &RecordBatch,
    mapping: &FeedMapping,
    lists: &mut Lists,
) -> Result<Vec<Column>, (String, String)> {
    mapping
        .columns
        .iter()
        .map(|name| {
            let array = block
                .schema()
                .index_of(name)
                .map(|index| block.column(index).clone())
                .map_err(|error| (name.clone(), error.to_string()))?;
            if let Some(texts) = array.as_dictionary_opt::<Int32Type>()
                && let Some(values) = texts.values().as_string_opt::<i32>()
            {
                let (keys, values) = (texts.keys().clone(), values.clone());
                let number = lists.number(name, &values);
                return Ok(Column::Dictionary(Dictionary { keys, values, number }));
            }
            column(&array).map_err(|reason| (name.clone(), reason))
        })
        .collect()
}

fn column(array: &ArrayRef) -> Result<Column, String> {
    // What does not fit is an error, not a missing value.
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |to: &DataType| {
        cast_with_options(array, to, &strict).map_err(|error: ArrowError| error.to_string())
    };
    Ok(match array.data_type() {
        DataType::Null => Column::Nothing,
        DataType::Boolean => Column::Flags(array.as_boolean().clone()),
        DataType::Utf8 => Column::Texts(array.as_string().clone()),
        DataType::Dictionary(_, values) => return column(&cast(values)?),
        DataType::LargeUtf8 | DataType::Utf8View => {
            Column::Texts(cast(&DataType::Utf8)?.as_string().clone())
        }
        DataType::Binary => Column::Bytes(array.as_binary().clone()),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Column::Bytes(cast(&DataType::Binary)?.as_binary().clone())
        }
        // Large unsigned numbers do not fit 64 signed bits.
        DataType::UInt64 => {
            Column::Decimals(cast(&DataType::Decimal128(20, 0))?.as_primitive().clone())
        }
        kind if kind.is_integer() => {
            Column::Integers(cast(&DataType::Int64)?.as_primitive().clone())
        }
        kind if kind.is_floating() => {
            Column::Floats(cast(&DataType::Float64)?.as_primitive().clone())
        }
        DataType::Decimal64(_, scale) => {
            let values: &PrimitiveArray<Decimal64Type> = array.as_primitive();
            Column::Scaled(values.reinterpret_cast(), *scale)
        }
        DataType::Decimal128(..) => Column::Decimals(array.as_primitive().clone()),
        DataType::Decimal32(_, scale) | DataType::Decimal256(_, scale) => {
            Column::Decimals(cast(&DataType::Decimal128(38, *scale))?.as_primitive().clone())
        }
        DataType::Date32 => Column::Days(array.as_primitive().clone()),
        DataType::Date64 => Column::Days(cast(&DataType::Date32)?.as_primitive().clone()),
        DataType::Time32(_) | DataType::Time64(_) => {
            let times = cast(&DataType::Time64(TimeUnit::Microsecond))?;
            Column::Clocks(
                arrow_cast::cast_with_options(&times, &DataType::Int64, &strict)
                    .map_err(|error| error.to_string())?
                    .as_primitive()
                    .clone(),
            )
        }
        DataType::Timestamp(unit, zone) => {
            let micros = micros(array, *unit);
            if zone.is_some() { Column::Instants(micros) } else { Column::Locals(micros) }
        }
        other => return Err(format!("holds {other}, which no field can be read from")),
    })
}

/// Times in µs since 1970, rounded down; those beyond 64 bits become the last moment there is, which
/// is refused as a date.
fn micros(array: &ArrayRef, unit: TimeUnit) -> Int64Array {
    fn scaled<T: ArrowPrimitiveType<Native = i64>>(
        array: &ArrayRef,
        scale: impl Fn(i64) -> i64,
    ) -> Int64Array {
        let values: &PrimitiveArray<T> = array.as_primitive();
        values.unary::<_, Int64Type>(scale)
    }
    match unit {
        TimeUnit::Second => scaled::<TimestampSecondType>(array, |at| at.saturating_mul(1_000_000)),
        TimeUnit::Millisecond => {
            scaled::<TimestampMillisecondType>(array, |at| at.saturating_mul(1000))
        }
        TimeUnit::Microsecond => scaled::<TimestampMicrosecondType>(array, |at| at),
        TimeUnit::Nanosecond => scaled::<TimestampNanosecondType>(array, |at| at.div_euclid(1000)),
    }
}
