//! The API under load, as `crates/server/benches/http.rs` measures it.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::figures::{Asked, Figures};
use crate::place::Place;
use crate::process;

/// Prints what is asked of the API beside what is reached.
///
/// # Errors
/// When the bench cannot be built or fails, or a request is answered with a problem.
pub fn http(place: &Place) -> Result<()> {
    let said = said(place, "http")?;
    let mut figures = Figures::default();
    figures.column("500 000 cards");
    for (load, rate, p99) in [
        ("balance", 2_000.0, 5.0),
        ("activation", 500.0, 20.0),
        ("receipt", 500.0, 20.0),
        ("quote, dry", 500.0, 10.0),
        ("checkout, hold", 500.0, 10.0),
        ("checkout, confirm", 500.0, 10.0),
        ("checkout", 500.0, 10.0),
    ] {
        under_load(&mut figures, &said, load, rate, Asked::AtMost(p99))?;
    }
    figures.print();
    Ok(())
}

/// What a bench of `crates/server/benches` says: one object a line.
pub(super) fn said(place: &Place, bench: &str) -> Result<Vec<Value>> {
    let home = place.target.join(format!("bench-{bench}"));
    fs::create_dir_all(&home)?;
    let mut command = place.cargo();
    command.args(["bench", "--locked", "--quiet", "--package", "server", "--bench", bench]);
    let output = process::read(command.env("PROFFER_BENCH_DIR", &home))?;
    let lines = output.lines().filter(|line| line.starts_with('{'));
    Ok(lines.map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Rows of a load: whether its rate was held, and how long its requests took.
pub(super) fn under_load(
    figures: &mut Figures,
    said: &[Value],
    load: &str,
    rate: f64,
    p99: Asked,
) -> Result<()> {
    let row = said.iter().find(|row| row["load"] == load);
    let row = row.with_context(|| format!("nothing is said of {load} in: {said:?}"))?;
    ensure!(
        row["wrong"] == 0,
        "{load}: {} answers are problems: {}",
        row["wrong"],
        row["first_wrong"]
    );
    let of = |what: &str| row[what].as_f64().with_context(|| format!("{what} of {load}"));
    let name = |what: &str| format!("{load}, {what}");
    // A rate that was not held would flatter the latencies.
    figures.row(&name("requests/s"), Asked::AtLeast(rate * 0.99), of("rate")?);
    figures.row(&name("p50 ms"), Asked::Nothing, of("p50_ms")?);
    figures.row(&name("p99 ms"), p99, of("p99_ms")?);
    figures.row(&name("slowest ms"), Asked::Nothing, of("slowest_ms")?);
    figures.row(&name("server, processors"), Asked::Nothing, of("server_cpu")?);
    figures.row(&name("load generator, processors"), Asked::Nothing, of("load_generator_cpu")?);
    Ok(())
}
