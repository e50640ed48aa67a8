//! Coverage-guided fuzzing of rules and baskets, with the stable compiler: libFuzzer comes as C++ with its
//! crate, and what it asks of the compiler are passes of LLVM that every release of rustc has.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::{prepare, process};

/// Edges of the code are counted, and comparisons are told.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Longest input, bytes.
const INPUT_MAX: u32 = 20_000;

/// Builds the target in `fuzz/` and runs it for so long, from the seeds and from what earlier runs found.
///
/// # Errors
/// When there is no C++ compiler, or when an input makes it panic; the input is kept.
pub fn run(place: &Place, seconds: u32) -> Result<()> {
    compiler()?;
    let home = place.target.join("fuzz");
    let (corpus, found) = (home.join("corpus"), home.join("found"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let host = host()?;
    let mut build = place.cargo();
    build.current_dir(place.root.join("fuzz")).env("RUSTFLAGS", FLAGS);
    // With a target named, the flags stay away from build scripts and macros.
    build.args(["build", "--release", "--locked", "--target", &host, "--target-dir"]).arg(&home);
    process::run(&mut build)?;
    let mut fuzz = Command::new(home.join(&host).join("release/pricing"));
    fuzz.current_dir(&home).args(["-len_control=0", "-timeout=20", "-print_final_stats=1"]);
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={INPUT_MAX}"));
    fuzz.arg("-artifact_prefix=found/").arg(&corpus).arg(place.root.join("fuzz/seeds"));
    process::run(&mut fuzz).with_context(|| {
        format!("the input is in {}: give it to the program as its only argument", found.display())
    })
}

/// The triple of this machine, as rustc names it.
fn host() -> Result<String> {
    let told = process::read(Command::new("rustc").arg("-vV"))?;
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc does not name its host")
}

/// A C++ compiler; installed on Debian where we may.
fn compiler() -> Result<()> {
    if process::succeeds(Command::new("c++").arg("--version")) {
        return Ok(());
    }
    if prepare::may_install() {
        return prepare::install(&["g++"]);
    }
    bail!("libFuzzer needs a C++ compiler: on Debian and Ubuntu `sudo apt-get install g++`")
}
