//! How long it takes to count a segment over a snapshot of 500,000 portraits. They are made up, as wide as real
//! ones and written as a refresh writes them. Called by `cargo xtask bench segment`; prints one JSON object a line.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant as Clock;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{Field, Schema};
use portrait::{Kind, Parameter, registry};
use programme::{Programme, SettingsLanguage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;

const CUSTOMERS: u64 = 500_000;
const ROWS: u64 = 10_000;
const RUNS: usize = 31;

/// Statements of three conditions; the first is the one of which a time is asked. SQL reads them alike.
const STATEMENTS: [(&str, &str); 3] = [
    (
        "mixed",
        "spend_91d >= 400 and recency_days between 14 and 60 and lifecycle_stage = 'at_risk'",
    ),
    ("numbers", "spend_91d >= 400 and avg_receipt_364d < 300 and promo_line_share_364d > 0.3"),
    (
        "texts",
        "main_store_364d = '17' and top_product_364d != '5' and top_category_1_364d in ('1', '2')",
    ),
];

fn main() {
    let Ok(home) = std::env::var("PROFFER_BENCH_DIR") else {
        println!("PROFFER_BENCH_DIR names no folder: `cargo xtask bench segment` does");
        return;
    };
    let folder = PathBuf::from(home).join("programme");
    let _ = std::fs::remove_dir_all(&folder);
    let programme = Programme::init(&folder, SettingsLanguage::En).unwrap();
    snapshot(&programme);
    let current = programme.snapshots().current().unwrap().unwrap();
    let file = programme.snapshots().location(&current, "portraits.parquet");
    for (name, text) in STATEMENTS {
        let mut times = Vec::new();
        let mut told = None;
        for _ in 0..RUNS {
            let began = Clock::now();
            // As a request does it: from the text.
            let view = programme.segment(&text.parse().unwrap(), None).unwrap();
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            told = Some(view);
        }
        let (first, view) = (times[0], told.unwrap());
        times.sort_by(f64::total_cmp);
        let line = serde_json::json!({
            "statement": name, "segment": view.expression, "customers": view.customers, "of": view.of,
            "first_ms": first, "median_ms": times[RUNS / 2], "slowest_ms": times[RUNS - 1],
            "threads": rayon::current_num_threads(), "file": file,
        });
        println!("{line}");
    }
}

/// Writes portraits that nobody has.
fn snapshot(programme: &Programme) {
    let inputs = BTreeMap::from([("as_of".to_owned(), "2026-01-31".to_owned())]);
    let mut writer = programme.snapshots().begin(inputs).unwrap();
    let mut rows = None;
    for start in (0..CUSTOMERS).step_by(ROWS as usize) {
        let ids = (start..start + ROWS).map(|number| format!("C{number:07}"));
        let customers: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let mut columns =
            vec![(Field::new("customer", customers.data_type().clone(), false), customers)];
        let made = registry().par_iter().enumerate().map(|(place, parameter)| {
            let seed = start * 1000 + place as u64;
            let values = values(parameter, &mut ChaCha8Rng::seed_from_u64(seed));
            (Field::new(parameter.name, values.data_type().clone(), true), values)
        });
        columns.par_extend(made);
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
        let rows = rows.get_or_insert_with(|| writer.rows("portraits.parquet", schema).unwrap());
        rows.write(&batch).unwrap();
    }
    writer.add(rows.unwrap()).unwrap();
    writer.finish().unwrap();
}

/// Values of a parameter: counts are small, money differs from customer to customer, one in twelve has none.
fn values(parameter: &Parameter, dice: &mut ChaCha8Rng) -> ArrayRef {
    match parameter.kind {
        Kind::Int => Arc::new(column::<_, Int64Array>(dice, |dice| skewed(dice, 365.0) as i64)),
        Kind::Float if parameter.unit == "money" => {
            let money = |dice: &mut ChaCha8Rng| skewed(dice, 500_000.0).round() / 100.0;
            Arc::new(column::<_, Float64Array>(dice, money))
        }
        Kind::Float => Arc::new(column::<_, Float64Array>(dice, |dice| {
            f64::from(dice.random_range(0..=100)) / f64::from(dice.random_range(100..200))
        })),
        Kind::Date => {
            Arc::new(column::<_, Date32Array>(dice, |dice| 20_484 - skewed(dice, 730.0) as i32))
        }
        Kind::Bool => Arc::new(column::<_, BooleanArray>(dice, |dice| dice.random_ratio(1, 3))),
        Kind::Label => Arc::new(column::<_, StringArray>(dice, |dice| {
            let words = parameter.words;
            if words.is_empty() { "sms" } else { words[dice.random_range(0..words.len())] }
        })),
        kind => {
            let most = match kind {
                Kind::Product => 20_000.0,
                Kind::Category | Kind::Brand => 400.0,
                _ => 56.0,
            };
            let id = |dice: &mut ChaCha8Rng| (skewed(dice, most) as u32).to_string();
            Arc::new(column::<_, StringArray>(dice, id))
        }
    }
}

fn column<T, A: FromIterator<Option<T>>>(
    dice: &mut ChaCha8Rng,
    value: impl Fn(&mut ChaCha8Rng) -> T,
) -> A {
    (0..ROWS).map(|_| (!dice.random_ratio(1, 12)).then(|| value(dice))).collect()
}

fn skewed(dice: &mut ChaCha8Rng, most: f64) -> f64 {
    dice.random_range(0.0..1.0_f64).powi(3) * most
}
