//! Tables of rows on their way out: Parquet, CSV or JSON, by the ending of the file's name.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use portrait::{Kind, Portrait, Value, registry};
use retail::Day;

use crate::ProgrammeError;

/// Format of a written table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    Parquet,
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    JsonLines,
}

impl Format {
    /// The format that a file's name says.
    ///
    /// # Errors
    /// When the ending is none of `.parquet`, `.csv`, `.json`, `.jsonl`.
    pub fn of(path: &Path) -> Result<Self, ProgrammeError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("parquet") => Ok(Self::Parquet),
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines),
            _ => Err(ProgrammeError::Format { path: path.to_owned() }),
        }
    }
}

/// Writes a table to a file, beside it first, so that a failure leaves no half of it.
pub(crate) fn write(path: &Path, rows: &RecordBatch) -> Result<()> {
    let format = Format::of(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let written = write_to(&beside, rows, format)
        .and_then(|()| std::fs::rename(&beside, path).map_err(Into::into));
    if written.is_err() {
        // Best effort: the error that matters is the first.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_to(path: &Path, rows: &RecordBatch, format: Format) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    match format {
        Format::Parquet => {
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            let mut writer = ArrowWriter::try_new(&mut out, rows.schema(), Some(properties))?;
            writer.write(rows)?;
            writer.close()?;
        }
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record(rows.schema().fields().iter().map(|field| field.name()))?;
            for row in 0..rows.num_rows() {
                writer.write_record(rows.columns().iter().map(|column| text(column, row)))?;
            }
            writer.flush()?;
        }
        Format::Json => serde_json::to_writer(&mut out, &objects(rows).collect::<Vec<_>>())?,
        Format::JsonLines => {
            for object in objects(rows) {
                serde_json::to_writer(&mut out, &object)?;
                out.write_all(b"\n")?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn objects(rows: &RecordBatch) -> impl Iterator<Item = serde_json::Value> {
    let schema = rows.schema();
    (0..rows.num_rows()).map(move |row| {
        let fields = schema.fields().iter().zip(rows.columns());
        fields.map(|(field, column)| (field.name().clone(), json(column, row))).collect()
    })
}

fn json(column: &ArrayRef, row: usize) -> serde_json::Value {
    if column.is_null(row) {
        return serde_json::Value::Null;
    }
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        _ => text(column, row).into(),
    }
}

fn text(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Date32 => Day(column.as_primitive::<Date32Type>().value(row)).to_string(),
        _ => column.as_string::<i32>().value(row).to_owned(),
    }
}

/// Portraits as rows: the customer's id, then every parameter under its name. `text_of` turns the
/// codes of a value into the source's text.
pub(crate) fn portraits<'a>(
    portraits: &[Portrait],
    id: impl Fn(u32) -> Option<&'a str>,
    text_of: &(dyn Fn(Value) -> Option<String> + Sync),
) -> Result<RecordBatch> {
    use rayon::prelude::*;

    let ids: StringArray = portraits.iter().map(|portrait| id(portrait.customer)).collect();
    let columns: Vec<(Field, ArrayRef)> = registry()
        .par_iter()
        .enumerate()
        .map(|(place, parameter)| {
            let values = portraits.iter().map(|portrait| portrait.values[place]);
            let column = column(parameter.kind, values, text_of);
            (Field::new(parameter.name, column.data_type().clone(), true), column)
        })
        .collect();
    let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    fields.insert(0, Field::new("customer", DataType::Utf8, false));
    arrays.insert(0, Arc::new(ids));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn column(
    kind: Kind,
    values: impl Iterator<Item = Value>,
    text_of: &dyn Fn(Value) -> Option<String>,
) -> ArrayRef {
    match kind {
        Kind::Int => Arc::new(
            values
                .map(|value| if let Value::Int(value) = value { Some(value) } else { None })
                .collect::<Int64Array>(),
        ),
        Kind::Float => Arc::new(
            values
                .map(|value| if let Value::Float(value) = value { Some(value) } else { None })
                .collect::<Float64Array>(),
        ),
        Kind::Date => Arc::new(
            values
                .map(|value| if let Value::Date(day) = value { Some(day.0) } else { None })
                .collect::<Date32Array>(),
        ),
        Kind::Bool => Arc::new(
            values
                .map(|value| if let Value::Bool(value) = value { Some(value) } else { None })
                .collect::<BooleanArray>(),
        ),
        Kind::Product | Kind::Category | Kind::Brand | Kind::Shop | Kind::Label | Kind::Text => {
            Arc::new(values.map(text_of).collect::<StringArray>())
        }
    }
}
