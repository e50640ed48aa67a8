//! What tests and benches need and the repository does not hold: the Complete Journey's public data,
//! a Python with other people's engines in it, both made once and kept in the target folder; and a running
//! PostgreSQL.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::place::Place;
use crate::postgres::{self, Postgres};
use crate::process;

/// Packages and their versions; a change of this file makes the environment anew.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// The file by which the data's folder is known.
const RECEIPTS: &str = "transactions.parquet";

/// Where the inputs are.
pub struct Inputs {
    /// Folder of the Complete Journey's Parquet files, `COMPLETE_JOURNEY` for whoever reads them.
    pub complete_journey: Option<PathBuf>,
    /// Interpreter, `PROFFER_PYTHON` for whoever calls it.
    pub python: Option<PathBuf>,
    /// Server in which tests make databases, `PROFFER_POSTGRES` for whoever connects.
    pub postgres: Option<Postgres>,
    /// A sentence for each that is not there.
    pub missing: Vec<String>,
}

impl Inputs {
    /// Finds or makes the inputs. What cannot be made is told loudly, and tests that need it skip
    /// aloud; where `CI` is set it is an error.
    ///
    /// # Errors
    /// Only where `CI` is set, or where a variable of the caller's names a wrong place.
    pub fn for_tests(place: &Place) -> Result<Self> {
        let mut missing = Vec::new();
        let python = keep(python(place).context("no Python to compare with"), &mut missing)?;
        let data = complete_journey(place, python.as_deref());
        let complete_journey = keep(data.context("no Complete Journey data"), &mut missing)?;
        let postgres = keep(Postgres::start().context("no PostgreSQL"), &mut missing)?;
        Ok(Self { complete_journey, python, postgres, missing })
    }

    /// Finds or makes the inputs; all of them are needed.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn for_bench(place: &Place) -> Result<(PathBuf, PathBuf)> {
        let python = Self::python(place)?;
        let data = complete_journey(place, Some(&python)).context("no Complete Journey data")?;
        Ok((data, python))
    }

    /// Finds or makes the Python alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn python(place: &Place) -> Result<PathBuf> {
        python(place).context("no Python to compare with")
    }

    /// Tells a program where the inputs are.
    pub fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let variables =
            [("COMPLETE_JOURNEY", &self.complete_journey), ("PROFFER_PYTHON", &self.python)];
        for (name, value) in variables {
            match value {
                Some(path) => command.env(name, path),
                None => command.env_remove(name),
            };
        }
        match &self.postgres {
            Some(server) => server.give(command),
            None => command.env_remove(postgres::VARIABLE),
        }
    }
}

/// What was found; where it was not and may be missing, a sentence that says so aloud.
fn keep<T>(found: Result<T>, missing: &mut Vec<String>) -> Result<Option<T>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(error) if env::var_os("CI").is_some() => Err(error),
        Err(error) => {
            let sentence = format!("{error:#}; the tests that need it skip");
            eprintln!("\n!!! {sentence}\n");
            missing.push(sentence);
            Ok(None)
        }
    }
}

/// The caller's own path in a variable, if he set one.
fn given(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folder of the Complete Journey: the caller's, the one fetched earlier, or fetched now.
fn complete_journey(place: &Place, python: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = given("COMPLETE_JOURNEY") {
        ensure!(
            folder.join(RECEIPTS).is_file(),
            "COMPLETE_JOURNEY names {}, where there is no {RECEIPTS}",
            folder.display()
        );
        return Ok(fs::canonicalize(folder)?);
    }
    let folder = place.target.join("complete-journey");
    // The script writes the receipts last: where they are, everything is.
    if !folder.join(RECEIPTS).is_file() {
        let fetch = place.root.join("examples/complete-journey/fetch");
        println!("fetching the Complete Journey into {}", folder.display());
        process::run(with_python(Command::new("sh").arg(fetch).arg(&folder), python)?)?;
    }
    ensure!(folder.join(RECEIPTS).is_file(), "the fetch brought no {RECEIPTS}");
    Ok(folder)
}

/// Puts the environment's programs, pip above all, before the system's.
fn with_python<'a>(command: &'a mut Command, python: Option<&Path>) -> Result<&'a mut Command> {
    let own = python.and_then(Path::parent).map(Path::to_path_buf);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = own.into_iter().chain(env::split_paths(&path));
    Ok(command.env("PATH", env::join_paths(folders)?))
}

/// The interpreter: the caller's, the one made earlier, or made now.
fn python(place: &Place) -> Result<PathBuf> {
    if let Some(python) = given("PROFFER_PYTHON") {
        let imports = "import duckdb, pandas, pyarrow, moto.server, schemathesis";
        ensure!(
            process::succeeds(Command::new(&python).args(["-c", imports])),
            "PROFFER_PYTHON names {}, which cannot `{imports}`",
            python.display()
        );
        return Ok(python);
    }
    let folder = place.target.join("python");
    let interpreter = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last, so that an environment that was cut short is made again.
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == REQUIREMENTS) && interpreter.is_file() {
        return Ok(interpreter);
    }
    let system = system_python()?;
    println!("making a Python environment in {}", folder.display());
    process::run(Command::new(system).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let list = place.root.join("crates/xtask/requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    process::run(Command::new(&interpreter).args(pip).arg(list))?;
    fs::write(stamp, REQUIREMENTS)?;
    Ok(interpreter)
}

/// A Python with its `venv` module; installed on Debian where we may.
fn system_python() -> Result<&'static str> {
    let usable =
        |name: &str| process::succeeds(Command::new(name).args(["-c", "import venv, ensurepip"]));
    let names = ["python3", "python"];
    if let Some(name) = names.into_iter().find(|name| usable(name)) {
        return Ok(name);
    }
    if may_install() {
        install(&["python3", "python3-venv", "python3-pip"])?;
        return Ok("python3");
    }
    bail!(
        "python3 with its venv module is not installed: on Debian and Ubuntu `sudo apt-get install \
         python3 python3-venv python3-pip`, elsewhere Python 3.11 or newer from its own site"
    )
}

/// Whether packages of the system can be installed without asking anybody: on Debian, by root.
pub fn may_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

/// Installs packages of the system.
///
/// # Errors
/// When they cannot be had.
pub fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(", "));
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    process::run(Command::new("apt-get").args(["update", "-q"]))?;
    process::run(apt.args(["install", "-y", "--no-install-recommends"]).args(packages))
}

/// Whether we may install packages, and may not run a database server.
pub fn is_root() -> bool {
    process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        let lines = REQUIREMENTS.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            assert!(line.contains("=="), "{line}");
        }
    }
}
