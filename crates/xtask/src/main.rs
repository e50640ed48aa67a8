//! The developer's commands: `check`, `soak`, `fuzz`, `test`, `demo`, `tidy`, `bench`.
//!
//! It owns the rules of the house, the phases that a change must pass, and the side-by-side benches.
//! It is never linked into the product and uses none of its crates: it calls cargo and the binary
//! `proffer` as a person would. Start with [`check::check`] for what must pass, [`tidy`] for the
//! rules.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a developer's terminal"
)]

mod bench;
mod check;
mod fuzz;
mod place;
mod postgres;
mod prepare;
mod process;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use place::Place;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The developer's commands of Proffer")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What a change must pass: format, rules, clippy, tests with bounded random work, deny
    Check,
    /// The same tests at full counts, in release
    Soak,
    /// Random rules and baskets, led by coverage, until the time is over or one panics
    Fuzz {
        /// How long
        #[arg(default_value_t = 60)]
        seconds: u32,
    },
    /// `cargo test` with what tests need prepared: `cargo xtask test -p store`
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build and run the main job on the demo shop
    Demo {
        /// Passed on to `proffer demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The rules of the house
    Tidy,
    /// Side by side with others, in one run
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// All portraits of the Complete Journey, against DuckDB on two threads
    Portrait {
        /// The last day that counts
        #[arg(long, default_value = "2017-12-31")]
        as_of: String,
    },
    /// Import of the Complete Journey into a fresh programme
    Import,
    /// The API under load: balances, activations, receipts at a fixed rate over 500,000 cards
    Http,
    /// Persons found, read, sealed and indexed anew, erased, among 500,000 in the vault
    Vault,
    /// Transfers with idempotency, lots, audit and outbox, on both databases
    Ledger,
    /// Quotes a second with their proof, among 100 to 10,000 rules, beside engines that npm brings
    Pricing,
    /// A segment of three conditions counted over 500,000 portraits, against DuckDB on two threads
    Segment,
    /// Import, nightly append, histories, portraits, refresh, fresh portraits and compaction at growing sizes
    Size {
        /// Shops of so many customers, 200 lines each; 500,000 need 10 GB of disk and half an hour
        #[arg(long, value_delimiter = ',', default_value = "10000,50000,250000,500000")]
        customers: Vec<u32>,
        /// Where generated feeds are kept for the next run; default: in the target folder
        #[arg(long, value_name = "FOLDER")]
        feeds: Option<PathBuf>,
        /// Keep the programmes in this folder, one a size
        #[arg(long, value_name = "FOLDER")]
        keep: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let place = Place::find()?;
    match command {
        Command::Check => check::check(&place),
        Command::Soak => check::soak(&place),
        Command::Fuzz { seconds } => fuzz::run(&place, seconds),
        Command::Test { arguments } => check::test(&place, &arguments),
        Command::Demo { arguments } => demo(&place, &arguments),
        Command::Tidy => tidy::run(&place.root),
        Command::Bench { bench: Bench::Portrait { as_of } } => bench::portrait(&place, &as_of),
        Command::Bench { bench: Bench::Import } => bench::import(&place),
        Command::Bench { bench: Bench::Http } => bench::http(&place),
        Command::Bench { bench: Bench::Vault } => bench::vault(&place),
        Command::Bench { bench: Bench::Ledger } => bench::ledger(&place),
        Command::Bench { bench: Bench::Pricing } => bench::pricing(&place),
        Command::Bench { bench: Bench::Segment } => bench::segment(&place),
        Command::Bench { bench: Bench::Size { customers, feeds, keep } } => {
            bench::size(&place, &customers, feeds.as_deref(), keep.as_deref())
        }
    }
}

/// Builds the binary and hands over to its own demo.
fn demo(place: &Place, arguments: &[String]) -> Result<()> {
    let mut command = place.cargo();
    command.args(["run", "--locked", "--package", "server", "--bin", "proffer", "--", "demo"]);
    process::run(command.args(arguments))
}
