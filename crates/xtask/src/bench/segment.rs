//! A segment counted over 500,000 portraits, as `crates/programme/benches/segment.rs` measures it, beside DuckDB
//! over the same file.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::figures::{Asked, Figures};
use super::size::forget;
use super::{THREADS, build_release, last_object, median};
use crate::place::Place;
use crate::prepare::Inputs;
use crate::process;

/// Runs of the command, each a process of its own.
const COMMAND_RUNS: usize = 5;

/// What our bench says of a statement.
#[derive(Deserialize)]
struct Ours {
    statement: String,
    segment: String,
    customers: u64,
    of: u64,
    first_ms: f64,
    median_ms: f64,
    slowest_ms: f64,
    file: String,
}

/// What the peer says.
#[derive(Deserialize)]
struct Theirs {
    engine: String,
    customers: u64,
    median_ms: f64,
}

/// Prints what is asked of a count beside what is reached.
///
/// # Errors
/// When the bench cannot be built or fails, or when both sides count differently.
pub fn segment(place: &Place) -> Result<()> {
    let python = Inputs::python(place)?;
    let binary = build_release(place)?;
    let home = place.target.join("bench-segment");
    fs::create_dir_all(&home)?;
    let mut command = place.cargo();
    command.args(["bench", "--locked", "--quiet", "--package", "programme", "--bench", "segment"]);
    command.env("PROFFER_BENCH_DIR", &home).env("RAYON_NUM_THREADS", THREADS);
    let output = process::read(&mut command)?;
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let said: Vec<Ours> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(!said.is_empty(), "nothing is said in: {output}");
    let mut figures = Figures::default();
    figures.column(&said[0].of.to_string());
    for (place_of, ours) in said.iter().enumerate() {
        println!("{}: {}", ours.statement, ours.segment);
        let theirs = peer(place, &python, ours)?;
        ensure!(
            theirs.customers == ours.customers,
            "{}: {} customers by ours, {} by {}",
            ours.statement,
            ours.customers,
            theirs.customers,
            theirs.engine
        );
        let name = |what: &str| format!("{}, {what}", ours.statement);
        let asked = if place_of == 0 { Asked::AtMost(50.0) } else { Asked::Nothing };
        figures.row(&name("customers"), Asked::Nothing, ours.customers as f64);
        figures.row(&name("median ms"), asked, ours.median_ms);
        figures.row(&name("first ms"), Asked::Nothing, ours.first_ms);
        figures.row(&name("slowest ms"), Asked::Nothing, ours.slowest_ms);
        figures.row(
            &name(&format!("{}, median ms", theirs.engine)),
            Asked::Nothing,
            theirs.median_ms,
        );
        figures.row(&name("theirs to ours"), Asked::Nothing, theirs.median_ms / ours.median_ms);
    }
    commands(&binary, &home.join("programme"), &said[0], &mut figures)?;
    figures.print();
    Ok(())
}

fn peer(place: &Place, python: &Path, ours: &Ours) -> Result<Theirs> {
    let mut command = Command::new(python);
    command.arg(place.root.join("bench/segment/segment.py"));
    command.args(["--file", &ours.file, "--where", &ours.segment, "--threads", THREADS]);
    last_object(&process::read(&mut command)?)
}

/// The command from its start to its end, with the snapshot in the system's page cache and without.
fn commands(binary: &Path, folder: &Path, ours: &Ours, figures: &mut Figures) -> Result<()> {
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    let mut forgotten = true;
    for _ in 0..COMMAND_RUNS {
        forgotten &= forget(&folder.join("lake"))?;
        for times in [&mut cold, &mut warm] {
            let mut command = Command::new(binary);
            command.args(["segment", &ours.segment, "--json"]);
            command.env("PROFFER_DIR", folder).env("RAYON_NUM_THREADS", THREADS);
            let ran = process::measured(&mut command)?;
            let said: Value = serde_json::from_str(&ran.output).context("JSON was expected")?;
            ensure!(said["customers"] == ours.customers, "the command counts differently: {said}");
            times.push(ran.wall_s * 1000.0);
        }
    }
    let cold_name = if forgotten { "command, cold, ms" } else { "command, cache not dropped, ms" };
    figures.row(cold_name, Asked::Nothing, median(&cold));
    figures.row("command, warm, ms", Asked::Nothing, median(&warm));
    Ok(())
}
