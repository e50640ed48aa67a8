//! Segments: who of the current snapshot a statement about portraits is true of.
//!
//! Only the columns that the statement names are read, straight from the snapshot's file, its parts shared out over
//! threads. Nothing of them is kept in memory: half a million customers take some milliseconds so, and whatever
//! a refresh or an erasure has changed is seen by the next question.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use portrait::Wording;
use portrait::segment::{Bits, Column, Members, Segment, Values};
use rayon::prelude::*;
use retail::Day;
use serde::Serialize;

use crate::refresh::PORTRAITS;
use crate::table::Table;
use crate::{Act, Programme, ProgrammeError, Refused, refresh, table};

/// The column of customers' ids.
const CUSTOMER: &str = "customer";

/// Who is in a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentView {
    /// The expression, as it is printed.
    pub expression: String,
    /// Of which snapshot.
    pub snapshot: u64,
    /// Of which day.
    pub as_of: Day,
    /// How many customers are in it.
    pub customers: usize,
    /// Of how many with a portrait.
    pub of: usize,
    /// Parameters it asks for that have no values yet, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_values: Vec<WithoutValues>,
    /// The source's ids of those in it, if they were asked for: in the sequence of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
}

/// A parameter that is null for everybody today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithoutValues {
    /// Its name.
    pub parameter: &'static str,
    /// Why; whoever shows it knows in which language.
    #[serde(skip)]
    pub why: Wording,
}

impl Programme {
    /// Says whether a caller may ask who is in a segment: it tells of all customers, so whoever is bound to some
    /// networks, shops or a partner may not.
    ///
    /// # Errors
    /// If not.
    pub fn may_ask_of_everybody(&self, act: &Act) -> Result<(), Refused> {
        if act.bounds == crate::Bounds::default() {
            return Ok(());
        }
        let why = "a segment tells of all customers: ask with a key that is bound to no network";
        Err(Refused::NotPermitted { why: why.to_owned() })
    }

    /// Counts the customers of the current snapshot of whom a statement is true; with `ids_max`, lists the first
    /// so many of them as well.
    ///
    /// # Errors
    /// When there is no snapshot, it was made by an older version of the program and lacks a parameter, or it
    /// cannot be read.
    pub fn segment(&self, segment: &Segment, ids_max: Option<usize>) -> Result<SegmentView> {
        let mut view = self.ask(segment, ids_max.is_some())?;
        if let (Some(ids), Some(most)) = (&mut view.ids, ids_max) {
            ids.truncate(most);
        }
        Ok(view)
    }

    /// Writes the ids of customers in a segment as a table of one column, the first so many or all.
    ///
    /// # Errors
    /// As [`Programme::segment`], and when the file cannot be written.
    pub fn write_segment(
        &self,
        segment: &Segment,
        ids_max: Option<usize>,
        out: &Path,
    ) -> Result<SegmentView> {
        table::Format::of(out)?;
        let mut view = self.segment(segment, Some(ids_max.unwrap_or(usize::MAX)))?;
        let ids = StringArray::from_iter_values(view.ids.take().unwrap_or_default());
        let schema = Schema::new(vec![Field::new(CUSTOMER, DataType::Utf8, false)]);
        let rows = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(ids)])?;
        let mut table = Table::create(out, &rows.schema())?;
        table.write(&rows)?;
        table.finish()?;
        Ok(view)
    }

    fn ask(&self, segment: &Segment, list: bool) -> Result<SegmentView> {
        let snapshots = self.snapshots();
        let snapshot = snapshots.current()?.ok_or(ProgrammeError::NoSnapshot)?;
        let mut names: Vec<&str> = segment.parameters().map(|parameter| parameter.name).collect();
        if list {
            names.push(CUSTOMER);
        }
        let columns = snapshots.columns(&snapshot, PORTRAITS, &names)?;
        let parts: Vec<Part> = (0..columns.parts())
            .into_par_iter()
            .map(|place| {
                let mut part = Part::default();
                for rows in columns.read(place)? {
                    part.add(segment, &rows?, list)?;
                }
                Ok(part)
            })
            .collect::<Result<_>>()?;
        let without_values = segment.parameters().filter_map(|parameter| {
            Some(WithoutValues { parameter: parameter.name, why: parameter.missing? })
        });
        Ok(SegmentView {
            expression: segment.to_string(),
            snapshot: snapshot.number,
            as_of: refresh::day_of(&snapshot)?,
            customers: parts.iter().map(|part| part.members).sum(),
            of: parts.iter().map(|part| part.customers).sum(),
            without_values: without_values.collect(),
            ids: list.then(|| parts.into_iter().flat_map(|part| part.ids).collect()),
        })
    }
}

/// What a part of the snapshot's file says.
#[derive(Default)]
struct Part {
    customers: usize,
    members: usize,
    ids: Vec<String>,
}

impl Part {
    fn add(&mut self, segment: &Segment, rows: &RecordBatch, list: bool) -> Result<()> {
        let members = members(segment, rows)?;
        self.customers += rows.num_rows();
        self.members += members.count();
        if list {
            let ids = Texts::of(array(rows, CUSTOMER)?)?;
            self.ids.extend(members.places().map(|place| ids.text(place).to_owned()));
        }
        Ok(())
    }
}

fn members(segment: &Segment, rows: &RecordBatch) -> Result<Members> {
    let parameters = segment.parameters();
    let columns: Vec<Column<'_>> =
        parameters.map(|parameter| column(array(rows, parameter.name)?)).collect::<Result<_>>()?;
    Ok(segment.members(rows.num_rows(), &columns)?)
}

fn array<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).with_context(|| format!("portraits have no column {name}"))
}

/// A column of texts: each once, and which is whose.
struct Texts<'a> {
    keys: &'a Int32Array,
    texts: &'a StringArray,
}

impl<'a> Texts<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self> {
        let coded = array.as_dictionary_opt::<Int32Type>();
        let coded = coded.context("a column of texts has no dictionary")?;
        let texts = coded.values().as_string_opt::<i32>().context("a dictionary has no texts")?;
        Ok(Self { keys: coded.keys(), texts })
    }

    fn text(&self, place: usize) -> &'a str {
        self.texts.value(self.keys.value(place) as usize)
    }
}

/// A column of Arrow as the language takes it.
fn column(array: &ArrayRef) -> Result<Column<'_>> {
    let values = match array.data_type() {
        DataType::Int64 => Values::Int(array.as_primitive::<Int64Type>().values()),
        DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values()),
        DataType::Date32 => Values::Date(array.as_primitive::<Date32Type>().values()),
        DataType::Boolean => {
            let truths = array.as_boolean().values();
            let (bytes, offset, count) = (truths.values(), truths.offset(), truths.len());
            Values::Bool(Bits { bytes, offset, count })
        }
        DataType::Dictionary(..) => {
            let Texts { keys, texts } = Texts::of(array)?;
            let (offsets, bytes) = (texts.value_offsets(), texts.value_data());
            Values::Text { keys: keys.values(), offsets, bytes }
        }
        other => return Err(anyhow!("portraits have a column of {other}")),
    };
    let valid = array.nulls().map(|valid| Bits {
        bytes: valid.validity(),
        offset: valid.offset(),
        count: valid.len(),
    });
    Ok(Column { values, valid })
}
