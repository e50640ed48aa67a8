//! The binary `proffer`: the command line, with `serve` for HTTP (the library beside it).
//!
//! It reads arguments, calls one function of `programme`, and shows what came back: as text for a
//! person (English or Russian) or as JSON for a program. It computes nothing and touches no file of
//! the programme itself. Start with `cli.rs`; each command is one file of `command/`.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line prints

mod bar;
mod cli;
mod command;
mod memory;
mod text;

use std::process::ExitCode;

use clap::Parser;
use server::language;

use crate::cli::Cli;

fn main() -> ExitCode {
    memory::prepare();
    let cli = Cli::parse();
    match command::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // A mistake that only the command could see is wrong use all the same.
            if let Some(wrong) = error.downcast_ref::<clap::Error>() {
                wrong.exit();
            }
            eprintln!("proffer: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Whoever read our output has read enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
