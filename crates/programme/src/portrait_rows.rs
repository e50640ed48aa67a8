//! Portraits as rows of a table, written straight into its columns.

use std::sync::Arc;

use anyhow::Result;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use portrait::{Kind, Value, registry};

/// The columns: the customer's id, then every parameter under its name.
pub(crate) fn schema() -> SchemaRef {
    let customer = Field::new("customer", DataType::Utf8, false);
    let parameters = registry()
        .iter()
        .map(|parameter| Field::new(parameter.name, data_type(parameter.kind), true));
    Arc::new(Schema::new([customer].into_iter().chain(parameters).collect::<Vec<_>>()))
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Date => DataType::Date32,
        Kind::Bool => DataType::Boolean,
        Kind::Product | Kind::Category | Kind::Brand | Kind::Shop | Kind::Label | Kind::Text => {
            DataType::Utf8
        }
    }
}

/// Portraits of some customers.
pub(crate) struct PortraitRows {
    customers: StringBuilder,
    columns: Vec<Column>,
}

enum Column {
    Int(Int64Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
}

impl PortraitRows {
    /// No portrait, with place for some.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let column = |kind| match data_type(kind) {
            DataType::Int64 => Column::Int(Int64Builder::with_capacity(rows)),
            DataType::Float64 => Column::Float(Float64Builder::with_capacity(rows)),
            DataType::Date32 => Column::Date(Date32Builder::with_capacity(rows)),
            DataType::Boolean => Column::Bool(BooleanBuilder::with_capacity(rows)),
            _ => Column::Text(StringBuilder::new()),
        };
        let columns = registry().iter().map(|parameter| column(parameter.kind)).collect();
        Self { customers: StringBuilder::new(), columns }
    }

    /// Adds one customer's portrait; `text_of` gives the source's text behind the code of a value.
    pub(crate) fn add<'t>(
        &mut self,
        customer: Option<&str>,
        values: &[Value],
        text_of: impl Fn(Value) -> Option<&'t str>,
    ) {
        self.customers.append_option(customer);
        for (column, &value) in self.columns.iter_mut().zip(values) {
            match (column, value) {
                (Column::Int(column), Value::Int(value)) => column.append_value(value),
                (Column::Int(column), _) => column.append_null(),
                (Column::Float(column), Value::Float(value)) => column.append_value(value),
                (Column::Float(column), _) => column.append_null(),
                (Column::Date(column), Value::Date(day)) => column.append_value(day.0),
                (Column::Date(column), _) => column.append_null(),
                (Column::Bool(column), Value::Bool(value)) => column.append_value(value),
                (Column::Bool(column), _) => column.append_null(),
                (Column::Text(column), Value::Null) => column.append_null(),
                (Column::Text(column), value) => column.append_option(text_of(value)),
            }
        }
    }

    pub(crate) fn finish(mut self) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.customers.finish())];
        columns.extend(self.columns.iter_mut().map(|column| -> ArrayRef {
            match column {
                Column::Int(column) => Arc::new(column.finish()),
                Column::Float(column) => Arc::new(column.finish()),
                Column::Date(column) => Arc::new(column.finish()),
                Column::Bool(column) => Arc::new(column.finish()),
                Column::Text(column) => Arc::new(column.finish()),
            }
        }));
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
