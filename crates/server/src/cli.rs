//! The command line's words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use programme::Day;

use crate::language::Language;

/// Receipts in; portraits and personal offers out.
#[derive(Debug, Parser)]
#[command(name = "proffer", version, propagate_version = true)]
pub struct Cli {
    /// The programme's folder.
    #[arg(
        long,
        global = true,
        env = "PROFFER_DIR",
        default_value = "./programme",
        value_name = "DIR"
    )]
    pub dir: PathBuf,
    /// Language of sentences; default: the programme's setting.
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new programme folder: settings and an empty lake.
    Init,
    /// Read feeds by a mapping; report good and bad rows; quarantine the bad.
    Import(Import),
    /// Compute portraits, population and offers into a new snapshot.
    Refresh(Refresh),
    /// Show one customer's portrait, or write everybody's.
    Portrait(Portrait),
    /// Show or write personal offers with their reasons.
    Offers(Offers),
    /// Evaluate a family of models on purchases they have not seen.
    Evaluate(Evaluate),
    /// Make a demo shop and do the main job on it.
    Demo(Demo),
    /// Look at and care for the lake.
    #[command(subcommand)]
    Lake(LakeCommand),
    /// Remove a customer from the lake and every kept snapshot.
    Erase(Erase),
}

#[derive(Debug, Args)]
pub struct Import {
    /// What stands where in the feeds: see docs/IMPORT.md.
    pub mapping: PathBuf,
    /// Change nothing if more than this share of rows is bad: `1%` or `0.01`.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub max_bad: Option<f64>,
    /// Leave the lake's compaction to `proffer lake compact`.
    #[arg(long)]
    pub compact_later: bool,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Refresh {
    /// Day of the snapshot; default: the newest day with receipts.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Day>,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Portrait {
    /// Whose; without it everybody's, which needs --out.
    pub customer: Option<String>,
    /// Day of the portrait; default: the current snapshot's, else the newest day with receipts.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Day>,
    /// Write to a .parquet, .csv, .json or .jsonl file.
    #[arg(long, value_name = "FILE", conflicts_with = "customer")]
    pub out: Option<PathBuf>,
    /// Print as JSON: the portrait, or the figures of the batch.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Offers {
    /// Whose; without it everybody's.
    pub customer: Option<String>,
    /// Write to a .parquet, .csv, .json or .jsonl file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// What the models do.
    pub task: Task,
    /// `last`: each customer's last basket; `novel`: what he buys for the first time in 28 days.
    #[arg(long, value_enum, default_value = "last")]
    pub protocol: ProtocolName,
    /// What an item is.
    #[arg(long, value_enum, default_value = "product")]
    pub level: LevelName,
    /// Leave out receipts of this day and later.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub until: Option<Day>,
    /// First day of the novel protocol's window; default: 28 days before the newest day.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub cut: Option<Day>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Task {
    NextBasket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProtocolName {
    Last,
    Novel,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LevelName {
    Product,
    Type,
    Category,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Which shop.
    #[arg(value_enum, default_value = "grocery")]
    pub kind: DemoName,
    /// How many customers.
    #[arg(long)]
    pub customers: Option<u32>,
    /// How many days of trade.
    #[arg(long)]
    pub days: Option<u16>,
    /// As many days of trade as about so many lines of receipts take.
    #[arg(long, conflicts_with = "days")]
    pub lines: Option<u64>,
    /// The same seed makes the same shop.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The form of the receipts; the other feeds are CSV.
    #[arg(long, value_enum, default_value = "csv")]
    pub format: DemoForm,
    /// Write one more day of trade, as a feed of its own in the folder `next-day`.
    #[arg(long)]
    pub next_day: bool,
    /// Only write the feeds, into this folder. Run again, it goes on where it was interrupted.
    #[arg(long, value_name = "FOLDER", conflicts_with = "keep")]
    pub feeds: Option<PathBuf>,
    /// Keep feeds and programme in this folder; default: a temporary one, removed at the end. A large
    /// shop needs the space there, about 150 bytes a line with feeds as CSV.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Print as JSON what feeds were written.
    #[arg(long, requires = "feeds")]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DemoName {
    Grocery,
    Shoes,
    Travel,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DemoForm {
    Csv,
    Parquet,
}

#[derive(Debug, Subcommand)]
pub enum LakeCommand {
    /// Print the live files for other tools: what each holds, and where it is.
    Files {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one customer's lines, oldest first.
    History {
        /// Whose: the source's id.
        customer: String,
        /// Read them so many times more, to see how long it takes.
        #[arg(long, default_value_t = 0, value_name = "TIMES", requires = "json")]
        repeat: u32,
        /// Print as JSON, with the seconds of each reading.
        #[arg(long)]
        json: bool,
    },
    /// Go on from the last whole state after newer manifests were lost or damaged.
    Repair {
        /// Report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make one run of many and drop replaced receipts.
    Compact {
        /// Report as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Erase {
    /// Whom: the source's id.
    pub customer: String,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

fn day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|_| "write a day of the calendar as 2017-12-31".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let (number, divisor) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number
        .trim()
        .replace(',', ".")
        .parse::<f64>()
        .map_err(|_| "write a share as 1% or 0.01".to_owned())?
        / divisor;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("it must lie between 0 and 1, or 0 % and 100 %".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_words_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_share_is_a_part_or_a_percentage() {
        for (text, expected) in [
            ("0.01", Some(0.01)),
            ("1%", Some(0.01)),
            ("0,5%", Some(0.005)),
            ("0", Some(0.0)),
            ("100 %", Some(1.0)),
            ("1.5", None),
            ("-1%", None),
            ("x", None),
        ] {
            assert_eq!(share(text).ok(), expected, "{text}");
        }
    }
}
