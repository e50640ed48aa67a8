//! Personal data of half a million people, as `crates/server/benches/vault.rs` measures it.

use anyhow::{Context, Result};

use super::figures::{Asked, Figures};
use super::http::{said, under_load};
use crate::place::Place;

/// Prints what is asked of the vault beside what is reached.
///
/// # Errors
/// When the bench cannot be built or fails, or a request is answered with a problem.
pub fn vault(place: &Place) -> Result<()> {
    let said = said(place, "vault")?;
    let mut figures = Figures::default();
    figures.column("500 000 persons");
    for (load, rate, p99) in [
        ("find by phone", 200.0, Asked::AtMost(10.0)),
        ("find by name", 200.0, Asked::Nothing),
        ("read", 200.0, Asked::Nothing),
        ("find meanwhile", 50.0, Asked::Nothing),
    ] {
        under_load(&mut figures, &said, load, rate, p99)?;
    }
    for (done, asked) in [
        ("renew-key", Asked::AtMost(300.0)),
        ("renew-index", Asked::Nothing),
        ("erase", Asked::AtMost(5.0)),
    ] {
        let row = said.iter().find(|row| row["done"] == done);
        let seconds = row.and_then(|row| row["seconds"].as_f64());
        let seconds = seconds.with_context(|| format!("nothing is said of {done}"))?;
        figures.row(&format!("{done}, s"), asked, seconds);
    }
    figures.print();
    Ok(())
}
