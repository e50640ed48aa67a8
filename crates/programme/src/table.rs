//! Tables of rows on their way out: Parquet, CSV or JSON, by the ending of the file's name.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use lake::ParquetRows;
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

/// A table being written to a file, rows as they come: beside it first, so that a failure leaves no
/// half of it.
pub(crate) struct Table {
    path: PathBuf,
    beside: PathBuf,
    out: Option<Out>,
}

enum Out {
    Parquet(ParquetRows<File>),
    Csv(csv::Writer<File>),
    Json { out: BufWriter<File>, rows: bool },
    JsonLines(BufWriter<File>),
}

impl Table {
    /// Begins a table of rows of a schema, in the format the file's name says.
    pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<Self> {
        let format = Format::of(path)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let beside = path.with_file_name(name);
        let out = Out::create(&beside, format, schema)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), beside, out: Some(out) })
    }

    /// Adds rows after the others.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write(rows).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Ends the table and gives it its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        let Some(out) = self.out.take() else { return Ok(()) };
        out.finish()
            .and_then(|()| std::fs::rename(&self.beside, &self.path).map_err(Into::into))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // Best effort, and nothing to do after success: an error that matters was told before.
        let _ = std::fs::remove_file(&self.beside);
    }
}

impl Out {
    fn create(path: &Path, format: Format, schema: &SchemaRef) -> Result<Self> {
        let file = File::create(path)?;
        Ok(match format {
            Format::Parquet => Self::Parquet(ParquetRows::new(file, schema.clone())?),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(schema.fields().iter().map(|field| field.name()))?;
                Self::Csv(writer)
            }
            Format::Json => {
                let mut out = BufWriter::new(file);
                out.write_all(b"[")?;
                Self::Json { out, rows: false }
            }
            Format::JsonLines => Self::JsonLines(BufWriter::new(file)),
        })
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(rows)?,
            Self::Csv(writer) => {
                for row in 0..rows.num_rows() {
                    writer.write_record(rows.columns().iter().map(|column| text(column, row)))?;
                }
            }
            Self::Json { out, rows: some } => {
                for object in objects(rows) {
                    if std::mem::replace(some, true) {
                        out.write_all(b",")?;
                    }
                    serde_json::to_writer(&mut *out, &object)?;
                }
            }
            Self::JsonLines(out) => {
                for object in objects(rows) {
                    serde_json::to_writer(&mut *out, &object)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Parquet(writer) => drop(writer.finish()?),
            Self::Csv(mut writer) => writer.flush()?,
            Self::Json { mut out, .. } => {
                out.write_all(b"]")?;
                out.flush()?;
            }
            Self::JsonLines(mut out) => out.flush()?,
        }
        Ok(())
    }
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
