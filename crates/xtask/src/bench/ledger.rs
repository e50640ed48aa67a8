//! Members a second on both databases, as `crates/store/benches/ledger.rs` measures them.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::figures::{Asked, Figures};
use crate::place::Place;
use crate::postgres::{self, Postgres};
use crate::process;

/// Prints what is asked of the ledger beside what is reached.
///
/// # Errors
/// When the bench cannot be built or fails: a row that was acknowledged is missing, or the books are wrong.
pub fn ledger(place: &Place) -> Result<()> {
    let server = Postgres::start()?;
    let home = place.target.join("bench-ledger");
    fs::create_dir_all(&home)?;
    let mut command = place.cargo();
    command.args(["bench", "--locked", "--quiet", "--package", "store", "--bench", "ledger"]);
    command.env(postgres::VARIABLE, &server.url).env("PROFFER_BENCH_DIR", &home);
    let output = process::read(&mut command)?;
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let said: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let of = |database: &str, what: &str| -> Result<f64> {
        let row = said.iter().find(|row| row["database"] == database);
        row.and_then(|row| row[what].as_f64())
            .with_context(|| format!("{what} of {database} in: {output}"))
    };
    let mut figures = Figures::default();
    figures.column("64 callers");
    let plain = of("postgres, plain driver", "members_per_s")?;
    let ours = of("postgres", "members_per_s")?;
    ensure!(plain > 0.0, "the plain driver did nothing");
    let sqlite = Asked::AtLeast(10_000.0);
    figures.row("SQLite, members/s", sqlite, of("sqlite", "members_per_s")?);
    figures.row("SQLite, p50 ms", Asked::Nothing, of("sqlite", "p50_ms")?);
    figures.row("SQLite, p99 ms", Asked::AtMost(25.0), of("sqlite", "p99_ms")?);
    figures.row("PostgreSQL, members/s", Asked::Nothing, ours);
    figures.row("PostgreSQL, p99 ms", Asked::Nothing, of("postgres", "p99_ms")?);
    figures.row("PostgreSQL, plain driver, members/s", Asked::Nothing, plain);
    figures.row("PostgreSQL, ours to plain", Asked::AtLeast(0.5), ours / plain);
    let fdatasync = said.iter().find_map(|row| row["fdatasync_us_median"].as_f64());
    figures.row("fdatasync of a page, µs", Asked::Nothing, fdatasync.unwrap_or(0.0));
    figures.print();
    Ok(())
}
