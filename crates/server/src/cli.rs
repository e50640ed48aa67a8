//! The command line's words.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use programme::{Day, Door, Instant, Role};

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
    /// Count, list or write the customers of whom a statement about portraits is true.
    Segment(Segment),
    /// Show or write personal offers with their reasons.
    Offers(Offers),
    /// Evaluate a family of models on purchases they have not seen.
    Evaluate(Evaluate),
    /// Price a basket by a file of rules or a signed bundle, with the reason for every kopeck.
    Price(Price),
    /// Take rules of discounts to a till without a network.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Make a demo shop and do the main job on it.
    Demo(Demo),
    /// Look at and care for the lake.
    #[command(subcommand)]
    Lake(LakeCommand),
    /// Remove a customer from the lake and every kept snapshot.
    Erase(Erase),
    /// Look through the audit: who did what, and whether somebody altered it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Copy the programme while it runs, or try whether a backup would serve.
    Backup(Backup),
    /// Make a programme of a backup, in the folder that --dir names.
    Restore(Restore),
    /// Look at the keys of personal data, and put new ones in use.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Let people in, or dismiss them, from this machine.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Serve the API over HTTP.
    Serve(Serve),
}

#[derive(Debug, Args)]
pub struct Import {
    /// What stands where in the feeds: see docs/IMPORT.md.
    pub mapping: PathBuf,
    /// Change nothing if more than this share of rows is bad: `1%` or `0.01`.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub max_bad: Option<f64>,
    /// Read and look over everything, change nothing, and tell what an import would do.
    #[arg(long)]
    pub dry_run: bool,
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
#[command(group = ArgGroup::new("ids").args(["list", "out"]))]
pub struct Segment {
    /// The statement, as `"spend_91d >= 100 and lifecycle_stage = 'at_risk'"`: see docs/SEGMENTS.md.
    #[arg(value_name = "EXPR")]
    pub expression: String,
    /// List the ids of those who are in it.
    #[arg(long)]
    pub list: bool,
    /// List or write at most so many.
    #[arg(long, value_name = "NUMBER", requires = "ids")]
    pub limit: Option<usize>,
    /// Write their ids to a .parquet, .csv, .json or .jsonl file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print as JSON.
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

/// Needs neither a programme's folder nor a server.
#[derive(Debug, Args)]
pub struct Price {
    /// A file with the basket and what is known of it, JSON: see docs/DISCOUNTS.md.
    #[arg(long, value_name = "FILE")]
    pub basket: PathBuf,
    /// A file with rules of discounts, JSON.
    #[arg(long, value_name = "FILE", required_unless_present = "bundle")]
    pub rules: Option<PathBuf>,
    /// A signed bundle, as `proffer rules export` writes it.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "rules")]
    pub bundle: Option<PathBuf>,
    /// The public key of the programme that signed it, or a file of them, one a line.
    #[arg(long, value_name = "KEY", requires = "bundle")]
    pub key: Option<String>,
    /// The till that asks, where the bundle is for one.
    #[arg(long, value_name = "ID", requires = "bundle")]
    pub till: Option<String>,
    /// Say why this rule gave something or nothing.
    #[arg(long, value_name = "RULE")]
    pub explain: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Sign the discounts that count now, for a shop and a time.
    Export(RulesExport),
    /// Price past receipts by rules that are not published yet: what they would cost, and whom.
    Simulate(RulesSimulate),
}

#[derive(Debug, Args)]
pub struct RulesSimulate {
    /// A file with rules of discounts, JSON.
    #[arg(long, value_name = "FILE", required_unless_present = "ruleset")]
    pub rules: Option<PathBuf>,
    /// A version that the programme keeps, a draft too.
    #[arg(long, value_name = "VERSION", conflicts_with = "rules")]
    pub ruleset: Option<i64>,
    /// So many days, which end with the newest receipt.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: u16,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct RulesExport {
    /// The shop they are for.
    #[arg(long, value_name = "ID")]
    pub shop: String,
    /// One till of it; all if not said.
    #[arg(long, value_name = "ID")]
    pub till: Option<String>,
    /// Before when they count, 31 days ahead at most: 2026-01-31T22:00:00Z.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub until: Instant,
    /// What the till may give of a rule with a budget, taken out of it at once; may be said several times.
    #[arg(long, value_name = "RULE=AMOUNT", value_parser = grant)]
    pub grant: Vec<(String, i64)>,
    /// Where the bundle is written.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
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

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Find the first row that was altered, left out or put in, and signed heads that do not fit.
    Verify {
        /// A copy of audit-heads.jsonl from another machine; default: the programme's own.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// Report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what was done: the newest deeds, or those done to one thing.
    Show {
        /// Kind of thing: card, network, webhook …
        #[arg(requires = "object")]
        kind: Option<String>,
        /// Its id.
        object: Option<String>,
        /// Begin after this number.
        #[arg(long, value_name = "NUMBER", requires = "object", default_value_t = 0)]
        after: i64,
        /// So many deeds.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        count: u32,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The new folder of the backup.
    #[arg(required_unless_present_any = ["scheduled", "verify"])]
    pub folder: Option<PathBuf>,
    /// Make the backup of the settings' schedule, if it is due, and remove those that are too old.
    #[arg(long, conflicts_with = "folder")]
    pub scheduled: bool,
    /// Bring this backup back into a temporary folder, verify the audit and audit the books.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["folder", "scheduled"])]
    pub verify: Option<PathBuf>,
    /// A new, empty PostgreSQL database for that, for a backup of one.
    #[arg(long, value_name = "URL", requires = "verify", env = "PROFFER_RESTORE_DATABASE")]
    pub database: Option<String>,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup.
    pub backup: PathBuf,
    /// A new, empty PostgreSQL database for a backup of one; default: that of the backup's settings.
    #[arg(long, value_name = "URL", env = "PROFFER_RESTORE_DATABASE")]
    pub database: Option<String>,
    /// Customers who were erased after the backup was made are erased again: the programme's erasures.jsonl, or a
    /// file with an id a line.
    #[arg(long, value_name = "FILE")]
    pub erased: Option<PathBuf>,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Show which programme key seals how many persons.
    Status {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a new programme key in use and seal every person's key by it, while everything goes on.
    RenewKey {
        /// Report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a new key of the blind index in use, while everything goes on.
    RenewIndex {
        /// Report as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum StaffCommand {
    /// Print a one-time token by which an administrator comes in.
    Link {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add somebody; the password is the first line of the input.
    Add(StaffAdd),
    /// Dismiss somebody: all his sessions end.
    Disable {
        /// His name.
        id: String,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List everybody, without passwords.
    List {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct StaffAdd {
    /// The name he will sign in with.
    pub id: String,
    /// As whom he acts: administrator, marketer, privacy_officer, analyst, operator, partner, supplier.
    #[arg(long)]
    pub role: Role,
    /// Where he works: office, call_centre, till, partner …
    #[arg(long, default_value = "office")]
    pub door: Door,
    /// Bind him to this network; may be said several times.
    #[arg(long, value_name = "ID")]
    pub network: Vec<String>,
    /// Bind him to this shop; may be said several times.
    #[arg(long, value_name = "ID")]
    pub shop: Vec<String>,
    /// Bind him to this partner.
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Print as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; port 0 takes a free one. Beyond this machine it takes TLS or a trusted proxy.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A file with the certificate and its chain, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// A file with the certificate's private key, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A proxy before us that speaks TLS and says who asks: an address or a network, as 10.0.0.0/8.
    #[arg(long, value_name = "ADDRESS", value_parser = network)]
    pub trusted_proxy: Vec<IpNet>,
    /// Requests a minute of one client address; 0 means no limit.
    #[arg(long, value_name = "REQUESTS", default_value_t = 6_000)]
    pub limit_address: u32,
    /// Requests a minute of one API key; 0 means no limit.
    #[arg(long, value_name = "REQUESTS", default_value_t = 12_000)]
    pub limit_key: u32,
    /// Questions a minute about one card number; 0 means no limit.
    #[arg(long, value_name = "REQUESTS", default_value_t = 60)]
    pub limit_card: u32,
    /// Attempts a minute to sign in from one client address, and by one name; 0 means no limit.
    #[arg(long, value_name = "ATTEMPTS", default_value_t = 30)]
    pub limit_sign_in: u32,
}

fn network(text: &str) -> Result<IpNet, String> {
    let alone = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| alone()).map_err(|_| "write 10.0.0.1 or 10.0.0.0/8".to_owned())
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

fn moment(text: &str) -> Result<Instant, String> {
    let moment: Result<jiff::Timestamp, _> = text.parse();
    let moment = moment.map_err(|_| "write a moment as 2026-01-31T22:00:00Z".to_owned())?;
    Ok(Instant(moment.as_microsecond()))
}

fn grant(text: &str) -> Result<(String, i64), String> {
    let grant = text
        .split_once('=')
        .and_then(|(rule, amount)| Some((rule.to_owned(), amount.parse().ok()?)));
    grant.ok_or_else(|| "write a grant as RULE=AMOUNT".to_owned())
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
