//! The foundation at growing sizes: a shop of so many customers with 200 lines each is imported,
//! appended to, looked into, refreshed, served and compacted, each step as a process of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::figures::{Asked, Figures};
use super::{THREADS, build_release, fresh_folder, median};
use crate::place::Place;
use crate::prepare::Inputs;
use crate::process::{self, Ran};

const LINES_A_CUSTOMER: u64 = 200;
/// Text is imported up to here; it grows by line and not by shop.
const CSV_CUSTOMERS_MAX: u32 = 50_000;
/// Customers whose history is read.
const HISTORIES: usize = 10;
const WARM_READS: &str = "20";
const MEBIBYTE: f64 = (1_u64 << 20) as f64;

/// What `proffer portrait --json` says of itself.
#[derive(Deserialize)]
struct Portraits {
    open_s: f64,
    read_s: f64,
    portraits_s: f64,
    write_s: f64,
}

/// What `proffer lake history --json` says.
#[derive(Deserialize)]
struct History {
    lines: Vec<Value>,
    open_s: f64,
    first_s: f64,
    again_s: Vec<f64>,
}

/// What `proffer lake files --json` lists.
#[derive(Deserialize)]
struct LiveFile {
    holds: String,
    path: PathBuf,
}

/// Every measure at every size, as a table that is printed and kept as JSON in the target folder. A
/// figure that was asked for and missed is marked; it is no failure.
///
/// # Errors
/// When something cannot be built or run, or an answer is wrong.
pub fn size(
    place: &Place,
    customers: &[u32],
    feeds: Option<&Path>,
    keep: Option<&Path>,
) -> Result<()> {
    let binary = build_release(place)?;
    let home = place.target.join("bench-size");
    let version = fs::read_to_string(place.root.join("crates/demo/src/version.txt"))?;
    let feeds = feeds.map_or_else(|| home.join("feeds"), Path::to_path_buf);
    fs::create_dir_all(&home)?;
    fs::create_dir_all(&feeds)?;
    let version = version.trim().to_owned();
    let bench = Bench { place, binary, feeds, version, home: home.clone() };
    let mut figures = Figures::by("customers");
    let mut texts = BTreeSet::new();
    for &customers in customers {
        println!("\n== {customers} customers");
        figures.column(&customers.to_string());
        // The folder goes with the value, unless it is kept.
        let (folder, _temporary) = match keep {
            Some(keep) => (keep.join(customers.to_string()), None),
            None => {
                let folder = fresh_folder(&home)?;
                (folder.path().join("programme"), Some(folder))
            }
        };
        bench.one_size(customers, &folder, &mut figures)?;
        let customers = customers.min(CSV_CUSTOMERS_MAX);
        if texts.insert(customers) {
            bench.csv(customers, &mut figures)?;
        }
        figures.save(&home.join("size.json"))?;
    }
    println!("\n== placements of the Complete Journey");
    let placements = bench.placements(place)?;
    figures.print();
    print_placements(placements);
    println!("as JSON: {}", home.join("size.json").display());
    Ok(())
}

fn print_placements(seconds: Option<f64>) {
    const ASKED: Asked = Asked::AtMost(40.0);
    match seconds {
        Some(seconds) => {
            let missed = if ASKED.met_by(seconds) { "" } else { "  MISSED" };
            println!(
                "placements of the Complete Journey, import: {seconds:.1} s, asked {ASKED}{missed}"
            );
        }
        None => {
            println!("placements of the Complete Journey: LEFT OUT, there is no mapping of them")
        }
    }
}

struct Bench<'a> {
    place: &'a Place,
    binary: PathBuf,
    feeds: PathBuf,
    version: String,
    home: PathBuf,
}

impl Bench<'_> {
    fn one_size(&self, customers: u32, folder: &Path, figures: &mut Figures) -> Result<()> {
        let feeds = self.feeds_of(customers, "parquet", figures)?;
        self.run(folder, &["init"])?;
        accept_old_receipts(folder)?;
        let lines = self.import(folder, &feeds.join("mapping.toml"), "Parquet", figures)?;
        self.timed(folder, "first compaction", &["lake", "compact", "--json"], figures)?;
        self.bytes(folder, lines, figures)?;
        let appended = self.read(
            folder,
            "nightly append",
            &["import", &feeds.join("next-day/mapping.toml").to_string_lossy(), "--json"],
        )?;
        figures.row("nightly append, s", Asked::AtMost(5.0), appended.wall_s);
        figures.row("nightly append, peak MiB", Asked::Nothing, peak(&appended));
        let report: Value = last_json(&appended.output)?;
        let day = sound_import(&report)? - lines;
        ensure!(day > 0, "the day brought no line");
        figures.row("nightly append, lines", Asked::Nothing, day as f64);
        let before = self.histories(customers, folder, figures)?;
        self.portraits(folder, figures)?;
        self.timed(folder, "refresh", &["refresh", "--json"], figures)?;
        self.fresh(customers, folder, figures)?;
        self.timed(folder, "compaction", &["lake", "compact", "--json"], figures)?;
        let after = self.histories(customers, folder, &mut Figures::by("customers"))?;
        ensure!(before == after, "histories are not the same after the compaction");
        Ok(())
    }

    /// The feeds of so many customers, generated unless they are there.
    fn feeds_of(&self, customers: u32, format: &str, figures: &mut Figures) -> Result<PathBuf> {
        let folder = self.feeds.join(format!("{customers}-{format}-v{}", self.version));
        let lines = u64::from(customers) * LINES_A_CUSTOMER;
        let mut command = Command::new(&self.binary);
        command.args(["demo", "grocery", "--next-day", "--json", "--format", format]);
        command.args(["--customers", &customers.to_string(), "--lines", &lines.to_string()]);
        let ran = said("feeds", process::measured(command.arg("--feeds").arg(&folder))?);
        let report: Value = last_json(&ran.output)?;
        let written = report["lines"].as_u64().context("lines of the feeds")?;
        if format == "parquet" && report["files_kept"] == 0 {
            figures.row("feeds written, lines/s", Asked::Nothing, written as f64 / ran.wall_s);
            figures.row("feeds written, peak MiB", Asked::Nothing, peak(&ran));
        }
        Ok(folder)
    }

    /// Imports feeds into a new programme; gives the lines that the lake has then.
    fn import(
        &self,
        folder: &Path,
        mapping: &Path,
        form: &str,
        figures: &mut Figures,
    ) -> Result<u64> {
        let mapping = mapping.to_string_lossy();
        // The report comes before the compaction, which has a row of its own.
        let command = ["import", &mapping, "--compact-later", "--json"];
        let ran = self.read(folder, &format!("import {form}"), &command)?;
        let lines = sound_import(&last_json(&ran.output)?)?;
        let asked = if form == "CSV" { 300_000.0 } else { 1_000_000.0 };
        let row = |what: &str| format!("import {form}, {what}");
        figures.row(&row("lines/s"), Asked::AtLeast(asked), lines as f64 / ran.wall_s);
        figures.row(&row("s"), Asked::Nothing, ran.wall_s);
        figures.row(&row("CPU s"), Asked::Nothing, ran.cpu_s);
        figures.row(&row("peak MiB"), Asked::Nothing, peak(&ran));
        Ok(lines)
    }

    fn csv(&self, customers: u32, figures: &mut Figures) -> Result<()> {
        let feeds = self.feeds_of(customers, "csv", figures)?;
        let folder = fresh_folder(&self.home)?;
        let programme = folder.path().join("programme");
        self.run(&programme, &["init"])?;
        self.import(&programme, &feeds.join("mapping.toml"), "CSV", figures).map(drop)
    }

    /// Bytes on the disk for each line of receipts, by named order and in all.
    fn bytes(&self, folder: &Path, lines: u64, figures: &mut Figures) -> Result<()> {
        let list = self.run(folder, &["lake", "files", "--json"])?.output;
        let files: Vec<LiveFile> = last_json(&list)?;
        let kinds: BTreeSet<&str> = files.iter().map(|file| file.holds.as_str()).collect();
        let mut all = 0;
        for kind in kinds {
            let of_kind = files.iter().filter(|file| file.holds == kind);
            let sizes = of_kind.map(|file| Ok(fs::metadata(&file.path)?.len()));
            let bytes = sizes.sum::<Result<u64>>()?;
            all += bytes;
            if kind.starts_with("lines") || kind == "receipts" {
                let row = format!("on disk, {kind}, bytes/line");
                figures.row(&row, Asked::Nothing, bytes as f64 / lines as f64);
            }
        }
        figures.row("on disk, everything, bytes/line", Asked::Nothing, all as f64 / lines as f64);
        Ok(())
    }

    /// Reads customers' histories, each in a new process with nothing of the lake in memory; gives
    /// their lines.
    fn histories(
        &self,
        customers: u32,
        folder: &Path,
        figures: &mut Figures,
    ) -> Result<Vec<Vec<Value>>> {
        let (mut open, mut cold, mut warm, mut lines) = (vec![], vec![], vec![], vec![]);
        let mut forgotten = true;
        for number in (1..=customers).step_by((customers as usize / HISTORIES / 4).max(1)) {
            forgotten &= forget(&folder.join("lake"))?;
            let customer = format!("C{number:07}");
            let read = ["lake", "history", &customer, "--json", "--repeat", WARM_READS];
            let history: History = last_json(&self.run(folder, &read)?.output)?;
            // Some have a card and never came.
            if history.lines.is_empty() {
                continue;
            }
            open.push(history.open_s);
            cold.push(history.first_s * 1000.0);
            warm.push(median(&history.again_s) * 1000.0);
            lines.push(history.lines);
            if lines.len() == HISTORIES {
                break;
            }
        }
        let name = if forgotten { "cold" } else { "cold process, cache not dropped" };
        println!("histories of {} customers read", lines.len());
        ensure!(!lines.is_empty(), "no customer has a line");
        figures.row("lake opened cold, s", Asked::Nothing, median(&open));
        let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        for (name, values, asked) in [(name, cold, 50.0), ("warm", warm, 5.0)] {
            let row = |what: &str| format!("history {name}, {what} ms");
            figures.row(&row("median"), Asked::AtMost(asked), median(&values));
            figures.row(&row("slowest"), Asked::AtMost(asked), most(&values));
        }
        Ok(lines)
    }

    fn portraits(&self, folder: &Path, figures: &mut Figures) -> Result<()> {
        let out = folder.join("portraits.parquet");
        let arguments = ["portrait", "--json", "--out", &out.to_string_lossy()];
        let ran = self.read(folder, "portraits", &arguments)?;
        let said: Portraits = last_json(&ran.output)?;
        figures.row(
            "portraits, read and computed, s",
            Asked::AtMost(60.0),
            said.read_s + said.portraits_s,
        );
        figures.row("portraits, peak MiB", Asked::AtMost(4096.0), peak(&ran));
        for (name, value) in [
            ("portraits, lake opened, s", said.open_s),
            ("portraits, written, s", said.write_s),
            ("portraits, CPU s", ran.cpu_s),
        ] {
            figures.row(name, Asked::Nothing, value);
        }
        Ok(fs::remove_file(out)?)
    }

    /// How soon a served portrait has a receipt, as `crates/server/benches/fresh.rs` measures it.
    fn fresh(&self, customers: u32, folder: &Path, figures: &mut Figures) -> Result<()> {
        let mut command = self.place.cargo();
        command.args(["bench", "--locked", "--quiet", "--package", "server", "--bench", "fresh"]);
        command.env("PROFFER_BENCH_PROGRAMME", folder);
        command.env("PROFFER_BENCH_CUSTOMERS", customers.to_string());
        let output = process::read(command.env("RAYON_NUM_THREADS", THREADS))?;
        let line = output.lines().rfind(|line| line.starts_with('{'));
        let said: Value = last_json(line.unwrap_or(&output))?;
        println!("fresh portraits: {said}");
        let of = |what: &str| said[what].as_f64().with_context(|| format!("{what} in {said}"));
        let row = |what: &str| format!("receipt to portrait over HTTP, {what}");
        figures.row(&row("portraits"), Asked::Nothing, of("portraits")?);
        // Without moves of the journal it would be easy.
        figures.row(&row("states of the lake"), Asked::AtLeast(5.0), of("states")?);
        figures.row(&row("median s"), Asked::AtMost(1.0), of("median_s")?);
        figures.row(&row("slowest s"), Asked::AtMost(1.0), of("slowest_s")?);
        figures.row("first portrait of a server, s", Asked::Nothing, of("first_s")?);
        figures.row("server, resident MiB", Asked::Nothing, of("resident_bytes")? / MEBIBYTE);
        figures.row("server, peak MiB", Asked::Nothing, of("peak_bytes")? / MEBIBYTE);
        Ok(())
    }

    fn timed(
        &self,
        folder: &Path,
        name: &str,
        arguments: &[&str],
        figures: &mut Figures,
    ) -> Result<()> {
        let ran = self.read(folder, name, arguments)?;
        figures.row(&format!("{name}, s"), Asked::Nothing, ran.wall_s);
        figures.row(&format!("{name}, CPU s"), Asked::Nothing, ran.cpu_s);
        figures.row(&format!("{name}, peak MiB"), Asked::Nothing, peak(&ran));
        Ok(())
    }

    /// Seconds to import the placements of the Complete Journey; nothing where no mapping reads them.
    fn placements(&self, place: &Place) -> Result<Option<f64>> {
        let examples = place.root.join("examples/complete-journey");
        let mapping = examples.join("placements.toml");
        if !mapping.is_file() {
            return Ok(None);
        }
        let (data, _) = Inputs::for_bench(place)?;
        let folder = fresh_folder(&self.home)?;
        let programme = folder.path().join("programme");
        self.run(&programme, &["init"])?;
        let import = |mapping: &Path| {
            let mut command = self.command(&programme);
            command.env("COMPLETE_JOURNEY", &data).arg("import").arg(mapping);
            process::measured(&mut command)
        };
        import(&examples.join("mapping.toml"))?;
        Ok(Some(said("placements", import(&mapping)?).wall_s))
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.env("PROFFER_DIR", folder).env("RAYON_NUM_THREADS", THREADS);
        command
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<Ran> {
        process::measured(self.command(folder).args(arguments))
    }

    /// Runs what takes long, and says how long.
    fn read(&self, folder: &Path, name: &str, arguments: &[&str]) -> Result<Ran> {
        Ok(said(name, self.run(folder, arguments)?))
    }
}

/// The days of generated shops are long past; tills send receipts of them all the same.
fn accept_old_receipts(folder: &Path) -> Result<()> {
    let path = folder.join("proffer.toml");
    let settings = fs::read_to_string(&path)?;
    let changed = settings.replace("age_days_max = 30", "age_days_max = 100000");
    ensure!(changed != settings, "the age of receipts is set otherwise in {}", path.display());
    Ok(fs::write(path, changed)?)
}

/// Tells what a step took, as a sign of life.
fn said(name: &str, ran: Ran) -> Ran {
    println!("{name}: {:.1} s, {:.1} s of CPU, peak {:.0} MiB", ran.wall_s, ran.cpu_s, peak(&ran));
    ran
}

fn peak(ran: &Ran) -> f64 {
    ran.peak_bytes as f64 / MEBIBYTE
}

/// Lines of the lake after an import without a bad row.
fn sound_import(report: &Value) -> Result<u64> {
    let feeds = report["feeds"].as_array().context("feeds of the report")?;
    let bad: u64 = feeds.iter().filter_map(|feed| feed["bad"].as_u64()).sum();
    ensure!(bad == 0, "{bad} rows of the generated feeds are bad");
    report["lines"].as_u64().context("lines of the report")
}

/// The JSON value that a command printed, on one line or many.
fn last_json<T: DeserializeOwned>(output: &str) -> Result<T> {
    serde_json::from_str(output).with_context(|| format!("JSON was expected in: {output}"))
}

/// Drops the files of a folder from the system's page cache; says whether that was possible.
pub(super) fn forget(folder: &Path) -> Result<bool> {
    let mut done = true;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            done &= forget(&path)?;
            continue;
        }
        let of = format!("of={}", path.display());
        let flags = ["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"];
        done &= process::succeeds(Command::new("dd").arg("if=/dev/null").arg(of).args(flags));
    }
    Ok(done)
}
