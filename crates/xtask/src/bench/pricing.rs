//! Quotes a second, as `crates/pricing/benches/pricing` measures them, beside engines that npm brings: one
//! basket, and totals that agree before a ratio is told.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::figures::{Asked, Figures};
use crate::place::Place;
use crate::{prepare, process};

/// Asked of one core, for the basket of 5 lines among 100 rules of which 25 apply.
const QUOTES_PER_S: f64 = 50_000.0;

/// Asked of 10 000 rules: their cost in that of 100.
const GROWTH_MAX: f64 = 2.0;

/// What ours must take off the basket where shares are taken of the price on the shelf, minor units.
const ADDITIVE: i64 = 575_000;

struct Peer {
    /// Its folder and script in `bench/pricing`.
    name: &'static str,
    /// What its `package.json` begins with, for people.
    package: &'static str,
    /// What it must take off the basket: as ours, or where each share is taken of what is left, the product
    /// of what remains, line by line.
    discount: &'static str,
    /// The case of ours with the same semantics.
    ours: &'static str,
}

const PEERS: [Peer; 3] = [
    Peer { name: "zen", package: "@gorules/zen-engine", discount: "5750.0000", ours: "W100 bare" },
    Peer { name: "vendure", package: "@vendure/core", discount: "5750.0000", ours: "W100 bare" },
    Peer {
        name: "medusa",
        package: "@medusajs/promotion",
        discount: "4914.8591",
        ours: "W100 cascading",
    },
];

/// What our bench says of a case.
#[derive(Deserialize)]
struct Ours {
    case: String,
    rules: u64,
    lines: u64,
    applied: u64,
    misses: u64,
    discount: i64,
    priced: Option<u32>,
    proven: Option<bool>,
    compile_ms: f64,
    cpu_us: f64,
    wall_us: f64,
}

/// What a peer says of itself.
#[derive(Deserialize)]
struct Theirs {
    peer: String,
    version: String,
    discount: String,
    cpu_us: f64,
    wall_us: f64,
}

/// Prints processor time of a quote, what is asked of it, and how many times that peers need.
///
/// # Errors
/// When ours cannot be built or is wrong, when totals differ, or when no peer at all can be had.
pub fn pricing(place: &Place) -> Result<()> {
    let ours = ours(place)?;
    let (mut theirs, mut missing) = (Vec::new(), Vec::new());
    for peer in &PEERS {
        match run(place, peer) {
            Ok(said) => theirs.push((peer, agreed(peer, said)?)),
            Err(error) => missing.push(format!("{}: {error:#}", peer.package)),
        }
    }
    show(&ours)?;
    println!(
        "\none basket of 5 lines, 100 rules, 25 of them apply: microseconds of processor time\n"
    );
    for (peer, said) in &theirs {
        let own = case(&ours, peer.ours)?.cpu_us;
        let ratio = said.cpu_us / own;
        let name = format!("{} {}", said.peer, said.version);
        println!(
            "{name:<35} {:9.1} (wall {:9.1})  ours {own:6.1}  {ratio:6.1} times ours",
            said.cpu_us, said.wall_us
        );
    }
    for sentence in &missing {
        println!("LEFT OUT: {sentence}");
    }
    ensure!(!theirs.is_empty(), "no peer could be had: ours stands alone, which proves nothing");
    Ok(())
}

fn ours(place: &Place) -> Result<Vec<Ours>> {
    let mut command = place.cargo();
    command.args(["bench", "--locked", "--quiet", "--package", "pricing", "--bench", "pricing"]);
    let output = process::read(&mut command)?;
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let said: Vec<Ours> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let found = case(&said, "W100 bare")?.discount;
    ensure!(found == ADDITIVE, "ours took {found} off, not {ADDITIVE}");
    Ok(said)
}

fn case<'a>(said: &'a [Ours], name: &str) -> Result<&'a Ours> {
    said.iter().find(|one| one.case == name).with_context(|| format!("nothing is said of {name}"))
}

/// A table of all cases: what they are, and what a quote costs.
fn show(ours: &[Ours]) -> Result<()> {
    println!(
        "\n{:<22}{:>7}{:>6}{:>8}{:>7}{:>10}{:>10}{:>11}{:>11}",
        "case",
        "rules",
        "lines",
        "applied",
        "misses",
        "cpu µs",
        "wall µs",
        "quotes/s",
        "compile ms"
    );
    for one in ours {
        let best = match (one.priced, one.proven) {
            (Some(priced), Some(true)) => format!("  best of {priced} combinations"),
            (Some(priced), _) => format!("  {priced} combinations, then the bound"),
            _ => String::new(),
        };
        println!(
            "{:<22}{:>7}{:>6}{:>8}{:>7}{:>10.1}{:>10.1}{:>11.0}{:>11.1}{best}",
            one.case,
            one.rules,
            one.lines,
            one.applied,
            one.misses,
            one.cpu_us,
            one.wall_us,
            1e6 / one.cpu_us,
            one.compile_ms,
        );
    }
    let mut figures = Figures::default();
    figures.column("one core");
    let hundred = case(ours, "W100 100")?.cpu_us;
    figures.row("quotes/s, 100 rules", Asked::AtLeast(QUOTES_PER_S), 1e6 / hundred);
    for (name, of) in [("10 000 rules", "W100 10000"), ("10 000 rules, crowded", "crowded 10000")] {
        let growth = case(ours, of)?.cpu_us / hundred;
        figures.row(&format!("{name}, times 100"), Asked::AtMost(GROWTH_MAX), growth);
    }
    figures.print();
    Ok(())
}

/// Fails where a peer has computed something else.
fn agreed(peer: &Peer, said: Theirs) -> Result<Theirs> {
    ensure!(
        said.discount == peer.discount,
        "{} took {} off, not {}: a wrong answer is not fast",
        peer.package,
        said.discount,
        peer.discount
    );
    Ok(said)
}

fn run(place: &Place, peer: &Peer) -> Result<Theirs> {
    let folder = installed(place, peer)?;
    let script = place.root.join("bench/pricing").join(peer.name).with_extension("js");
    let cases = place.root.join("crates/pricing/tests/data/peers.json");
    println!("{}", peer.package);
    let mut command = Command::new("node");
    super::last_object(&process::read(command.arg(script).arg(folder).arg(cases))?)
}

/// The folder in which npm has put a peer: made earlier, or now.
fn installed(place: &Place, peer: &Peer) -> Result<PathBuf> {
    node()?;
    let wanted = place.root.join("bench/pricing").join(peer.name).join("package.json");
    let wanted = fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    let folder = place.target.join("pricing-peers").join(peer.name);
    // Written last, so that a folder that was cut short is made again.
    let stamp = folder.join("installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), &wanted)?;
    println!("installing {} into {}", peer.package, folder.display());
    // Nobody else's scripts run here. Peers of peers (databases, servers) are not called and stay away.
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["install", "--ignore-scripts", "--legacy-peer-deps"]);
    process::run(npm.args(["--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(stamp, wanted)?;
    Ok(folder)
}

/// Node with npm; installed on Debian where we may.
fn node() -> Result<()> {
    let there = || {
        ["node", "npm"].iter().all(|name| process::succeeds(Command::new(name).arg("--version")))
    };
    if there() {
        return Ok(());
    }
    if prepare::may_install() {
        prepare::install(&["nodejs", "npm"])?;
        if there() {
            return Ok(());
        }
    }
    bail!(
        "node and npm are not installed: on Debian and Ubuntu `sudo apt-get install nodejs npm`, \
         elsewhere Node.js 20 or newer from its own site"
    )
}
