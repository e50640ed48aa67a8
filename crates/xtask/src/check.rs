//! What a change must pass, phase by phase; the first failure stops.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::place::Place;
use crate::prepare::Inputs;
use crate::{fuzz, process, tidy};

/// How long a soak fuzzes.
const FUZZ_SECONDS: u32 = 300;

/// Format, rules, clippy, tests with bounded random work, and cargo-deny where it is installed.
///
/// # Errors
/// The first phase that fails, with its name.
pub fn check(place: &Place) -> Result<()> {
    let mut phases = Phases::begin();
    phases.run("fmt", || process::run(place.cargo().args(["fmt", "--all", "--check"])))?;
    phases.run("tidy", || tidy::run(&place.root))?;
    phases.run("clippy", || {
        let scope = ["clippy", "--workspace", "--all-targets", "--locked"];
        process::run(place.cargo().args(scope).args(["--", "-D", "warnings"]))
    })?;
    let inputs = phases.run("prepare", || Inputs::for_tests(place))?;
    phases.run("test", || {
        let mut command = place.cargo();
        command.args(["test", "--workspace", "--locked"]).env_remove("PROFFER_SOAK");
        process::run(inputs.give(&mut command))
    })?;
    let denied = phases.run("deny", || deny(place))?;
    phases.end(inputs.missing.iter().chain(&denied));
    Ok(())
}

/// The same tests in release, random work at full counts; then fuzzing.
///
/// # Errors
/// The first phase that fails, with its name.
pub fn soak(place: &Place) -> Result<()> {
    let mut phases = Phases::begin();
    let inputs = phases.run("prepare", || Inputs::for_tests(place))?;
    phases.run("test", || {
        let mut command = place.cargo();
        command.args(["test", "--workspace", "--locked", "--release"]).env("PROFFER_SOAK", "1");
        process::run(inputs.give(&mut command))
    })?;
    phases.run("fuzz", || fuzz::run(place, FUZZ_SECONDS))?;
    phases.end(&inputs.missing);
    Ok(())
}

/// Some of the tests, with what they need.
///
/// # Errors
/// When one of them fails.
pub fn test(place: &Place, arguments: &[String]) -> Result<()> {
    let inputs = Inputs::for_tests(place)?;
    let mut command = place.cargo();
    process::run(inputs.give(command.arg("test").args(arguments)))
}

/// Advisories, bans and sources; a sentence instead where the tool is not installed. Licences are
/// checked by tidy in any case.
fn deny(place: &Place) -> Result<Option<String>> {
    if process::succeeds(place.cargo().args(["deny", "--version"])) {
        return process::run(place.cargo().args(["deny", "check"])).map(|()| None);
    }
    let skipped = "advisories were not asked for: cargo-deny is not installed (`cargo install \
                   --locked cargo-deny`, some minutes); licences were checked by tidy";
    println!("{skipped}");
    Ok(Some(skipped.to_owned()))
}

/// The phases that are behind us, with their times.
struct Phases {
    began: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Phases {
    fn begin() -> Self {
        Self { began: Instant::now(), done: Vec::new() }
    }

    fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("== {name}");
        let began = Instant::now();
        let value = work().with_context(|| {
            format!(
                "`{name}` failed after {:.1} s; what it said is above",
                seconds(began.elapsed())
            )
        })?;
        let took = began.elapsed();
        println!("== {name}: {:.1} s\n", seconds(took));
        self.done.push((name, took));
        Ok(value)
    }

    /// The summary: seconds of each phase, and what was left out once more, so that it is seen.
    fn end<'a>(self, left_out: impl IntoIterator<Item = &'a String>) {
        for (name, took) in &self.done {
            println!("{name:<8} {:8.1} s", seconds(*took));
        }
        println!("{:<8} {:8.1} s", "total", seconds(self.began.elapsed()));
        for sentence in left_out {
            println!("LEFT OUT: {sentence}");
        }
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
