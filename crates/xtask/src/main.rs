//! The developer's commands: `tidy`.
//!
//! It owns the rules of the house. It is never linked into the product and uses none of its crates.
//! Start with [`tidy`].

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a developer's terminal"
)]

mod place;
mod tidy;

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
    /// The rules of the house
    Tidy,
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
        Command::Tidy => tidy::run(&place.root),
    }
}
