//! Side by side with others on the same data in one run, where a ratio says more than a second; and
//! the foundation [at growing sizes](size).

mod figures;
mod http;
mod ledger;
mod pricing;
mod segment;
mod size;
mod vault;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::place::Place;
use crate::prepare::Inputs;
use crate::process;

pub use http::http;
pub use ledger::ledger;
pub use pricing::pricing;
pub use segment::segment;
pub use size::size;
pub use vault::vault;

const OUR_RUNS: usize = 5;
const THEIR_RUNS: usize = 2;
const IMPORT_RUNS: usize = 3;

/// Both sides work on as many threads.
const THREADS: &str = "2";

/// Above this, the two sides have not computed the same thing.
const DEVIATION_MAX: f64 = 1e-9;

/// What `proffer portrait --json` says of itself.
#[derive(Deserialize)]
struct Ours {
    open_s: f64,
    read_s: f64,
    portraits_s: f64,
    write_s: f64,
    customers: u64,
    lines: u64,
    threads: u64,
    one_lines: u64,
    one_s: f64,
}

/// What the peer says of itself.
#[derive(Deserialize)]
struct Theirs {
    load_s: f64,
    compute_s: f64,
    engine: String,
}

/// How far the two answers are apart; see `compare` in `bench/portrait/portrait.py`.
#[derive(Deserialize)]
struct Comparison {
    customers: u64,
    customers_of_one_only: u64,
    parameters: u64,
    missing_parameters: Vec<String>,
    /// Nothing where a value stands against no value.
    largest_deviation: Option<f64>,
    different: u64,
    worst: Option<serde_json::Value>,
}

/// All portraits, ours against DuckDB's: median of five runs against the better of two.
///
/// # Errors
/// When something cannot be built or run, or when the two sides disagree: a wrong answer is not fast.
pub fn portrait(place: &Place, as_of: &str) -> Result<()> {
    let (data, python) = Inputs::for_bench(place)?;
    let shop = Programme::build(place, data)?;
    shop.import()?;
    let ours_file = shop.folder.path().join("ours.parquet");
    let theirs_file = shop.folder.path().join("theirs.parquet");
    let script = place.root.join("bench/portrait/portrait.py");

    let ours: Vec<Ours> = runs(OUR_RUNS, "proffer", || {
        let arguments = ["portrait", "--as-of", as_of, "--json", "--out"];
        shop.proffer(|command| command.args(arguments).arg(&ours_file))
    })?;
    let theirs: Vec<Theirs> = runs(THEIR_RUNS, "peer", || {
        let mut command = Command::new(&python);
        command.arg(&script).args(["--threads", THREADS, "--as-of", as_of, "--out"]);
        process::read(command.arg(&theirs_file).env("COMPLETE_JOURNEY", &shop.data))
    })?;
    let mut command = Command::new(&python);
    command.arg(&script).arg("--compare").arg(&ours_file).arg("--with").arg(&theirs_file);
    let comparison: Comparison = last_object(&process::read(&mut command)?)?;
    print_portrait(as_of, &ours, &theirs, &comparison)?;
    agree(&comparison)
}

/// The table: seconds of both sides, their ratio, and how far the answers are apart.
fn print_portrait(as_of: &str, ours: &[Ours], theirs: &[Theirs], apart: &Comparison) -> Result<()> {
    let first = ours.first().context("a run of ours")?;
    let median_of = |part: fn(&Ours) -> f64| median(&ours.iter().map(part).collect::<Vec<_>>());
    let our_s = median_of(|run| run.read_s + run.portraits_s);
    let best = theirs
        .iter()
        .min_by(|a, b| (a.load_s + a.compute_s).total_cmp(&(b.load_s + b.compute_s)))
        .context("a run of the peer")?;
    let their_s = best.load_s + best.compute_s;
    println!(
        "\nComplete Journey as of {as_of}: {} customers, {} lines",
        first.customers, first.lines
    );
    println!("                                     seconds");
    println!("proffer, {} threads, median of {}    {our_s:10.3}", first.threads, ours.len());
    for (name, part) in [
        ("  read", median_of(|run| run.read_s)),
        ("  portraits", median_of(|run| run.portraits_s)),
        ("  not counted: open", median_of(|run| run.open_s)),
        ("  not counted: write", median_of(|run| run.write_s)),
    ] {
        println!("{name:<34}{part:10.3}");
    }
    println!("{:<34}{their_s:10.3}", format!("{}, best of {}", best.engine, theirs.len()));
    for (name, part) in [("  load", best.load_s), ("  compute", best.compute_s)] {
        println!("{name:<34}{part:10.3}");
    }
    println!("ratio                             {:10.1}", their_s / our_s);
    let one = median_of(|run| run.one_s) * 1000.0;
    println!("one customer of {} lines: {one:.3} ms", first.one_lines);
    let largest =
        apart.largest_deviation.map_or("a missing value".to_owned(), |d| format!("{d:.1e}"));
    println!(
        "largest relative deviation over {} customers x {} parameters: {largest}",
        apart.customers, apart.parameters
    );
    Ok(())
}

/// Fails unless both sides computed the same.
fn agree(apart: &Comparison) -> Result<()> {
    let close = apart.largest_deviation.is_some_and(|largest| largest <= DEVIATION_MAX);
    ensure!(
        apart.missing_parameters.is_empty(),
        "ours lacks {}",
        apart.missing_parameters.join(", ")
    );
    ensure!(
        apart.customers_of_one_only == 0,
        "{} customers are on one side only",
        apart.customers_of_one_only
    );
    let worst = apart.worst.as_ref().map(ToString::to_string).unwrap_or_default();
    ensure!(close, "{} values differ; the worst: {worst}", apart.different);
    Ok(())
}

/// Import of the Complete Journey into a fresh programme: median of three, to the committed lake.
///
/// # Errors
/// When something cannot be built or run.
pub fn import(place: &Place) -> Result<()> {
    let (data, _) = Inputs::for_bench(place)?;
    let mut seconds = Vec::new();
    let mut shop = Programme::build(place, data)?;
    for run in 1..=IMPORT_RUNS {
        shop.renew()?;
        let began = Instant::now();
        shop.import()?;
        seconds.push(began.elapsed().as_secs_f64());
        println!("import, run {run} of {IMPORT_RUNS}: {:.2} s", seconds[run - 1]);
    }
    println!("import of the Complete Journey, median of {IMPORT_RUNS}: {:.2} s", median(&seconds));
    Ok(())
}

/// The released binary and a fresh programme in a temporary folder, which goes with the value.
struct Programme {
    binary: PathBuf,
    mapping: PathBuf,
    data: PathBuf,
    folder: TempDir,
}

impl Programme {
    fn build(place: &Place, data: PathBuf) -> Result<Self> {
        let shop = Self {
            binary: build_release(place)?,
            mapping: place.root.join("examples/complete-journey/mapping.toml"),
            data,
            folder: fresh_folder(&place.target)?,
        };
        shop.proffer(|command| command.arg("init"))?;
        Ok(shop)
    }

    /// Puts a fresh programme in place of this one.
    fn renew(&mut self) -> Result<()> {
        let beside = self.folder.path().parent().context("a folder has a parent")?;
        self.folder = fresh_folder(beside)?;
        self.proffer(|command| command.arg("init")).map(drop)
    }

    fn import(&self) -> Result<()> {
        self.proffer(|command| command.arg("import").arg(&self.mapping)).map(drop)
    }

    /// What a command of `proffer` printed.
    fn proffer(&self, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command
            .env("PROFFER_DIR", self.folder.path().join("programme"))
            .env("COMPLETE_JOURNEY", &self.data)
            .env("RAYON_NUM_THREADS", THREADS);
        process::read(arguments(&mut command))
    }
}

/// The released binary.
fn build_release(place: &Place) -> Result<PathBuf> {
    let mut command = place.cargo();
    command.args(["build", "--release", "--locked", "--package", "server", "--bin", "proffer"]);
    process::run(&mut command)?;
    let name = format!("proffer{}", std::env::consts::EXE_SUFFIX);
    Ok(place.target.join("release").join(name))
}

/// In the target folder: on the disk where the work is, not in memory where some systems keep their
/// temporary files.
fn fresh_folder(beside: &Path) -> Result<TempDir> {
    tempfile::Builder::new().prefix("bench-").tempdir_in(beside).context("a temporary folder")
}

/// The JSON line of each of several runs.
fn runs<T: DeserializeOwned>(
    count: usize,
    name: &str,
    run: impl Fn() -> Result<String>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for number in 1..=count {
        let output = run()?;
        println!("{name}, run {number} of {count}: {}", output.lines().last().unwrap_or_default());
        found.push(last_object(&output)?);
    }
    Ok(found)
}

/// The last line that is a JSON object.
fn last_object<T: DeserializeOwned>(output: &str) -> Result<T> {
    let line = output.lines().rev().find(|line| line.trim_start().starts_with('{'));
    let line = line.with_context(|| format!("a line of JSON was expected in: {output}"))?;
    serde_json::from_str(line).with_context(|| line.to_owned())
}

/// The middle of a list that is not empty; of an even number, the greater of the two.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_json_line_counts() {
        for (output, expected) in [
            ("{\"load_s\":1,\"compute_s\":2,\"engine\":\"a\"}\n", Some("a")),
            ("{}\nplain\n{\"load_s\":1,\"compute_s\":2,\"engine\":\"b\",\"rows\":3}\n", Some("b")),
            ("plain\n", None),
            ("{\"load_s\":1}\n", None),
        ] {
            let found = last_object::<Theirs>(output).ok().map(|run| run.engine);
            assert_eq!(found.as_deref(), expected, "{output}");
        }
    }

    #[test]
    fn disagreement_fails() {
        let comparison = |text: &str| serde_json::from_str::<Comparison>(text).unwrap();
        for (missing, one_only, largest, good) in [
            ("", 0, "5e-15", true),
            ("", 0, "2e-9", false),
            ("", 0, "null", false),
            ("", 1, "0.0", false),
            ("\"visits_7d\"", 0, "0.0", false),
        ] {
            let text = format!(
                "{{\"customers\":1,\"customers_of_one_only\":{one_only},\"parameters\":151,\
                 \"missing_parameters\":[{missing}],\"largest_deviation\":{largest},\
                 \"different\":0,\"worst\":null}}"
            );
            assert_eq!(agree(&comparison(&text)).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expected) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![1.0], 1.0)] {
            assert_eq!(median(&values), expected);
        }
    }
}
