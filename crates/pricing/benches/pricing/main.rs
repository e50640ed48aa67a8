//! Quotes a second on one core, with the whole proof: the basket of the oracle's case W100 among growing
//! numbers of rules, a grocer's week, and the best combination for a receipt. Called by `cargo xtask bench
//! pricing`; prints one JSON object a line. Totals are looked at before anything is measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod rulesets;

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use pricing::{Compiled, Quote, Ruleset, Situation};
use serde_json::{Value, json};

use rulesets::Case;

/// What the server runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(250);

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |case: &Case| only.as_ref().is_none_or(|only| case.name.contains(only.as_str()));
    let mut measured: Vec<Measured> =
        rulesets::cases().into_iter().filter(wanted).map(Measured::new).collect();
    // Round by round through all cases, so that whatever else the machine does disturbs all alike; the first
    // round warms up, and does not count.
    for round in 0..=ROUNDS {
        for case in &mut measured {
            case.round(round > 0);
        }
    }
    for case in measured {
        println!("{}", case.said());
    }
}

/// A case while it is measured.
struct Measured {
    case: Case,
    compiled: Compiled,
    situation: Situation,
    compile_ms: f64,
    /// Microseconds of a quote, each a round.
    cpu_us: Vec<f64>,
    wall_us: Vec<f64>,
}

impl Measured {
    /// Prices the basket once and looks at the answer.
    fn new(case: Case) -> Self {
        let ruleset: Ruleset = serde_json::from_value(case.ruleset.clone()).unwrap();
        let situation: Situation = serde_json::from_value(case.situation.clone()).unwrap();
        let began = Clock::now();
        let compiled = Compiled::new(ruleset, 1).unwrap();
        let compile_ms = began.elapsed().as_secs_f64() * 1e3;
        let new =
            Self { case, compiled, situation, compile_ms, cpu_us: Vec::new(), wall_us: Vec::new() };
        let quote = new.price();
        let (applied, discount) = (applied(&quote), quote.totals.discount.0);
        let Case { name, applied: rules, discount: off, .. } = &new.case;
        assert!(rules.is_none_or(|asked| asked == applied), "{name}: {applied} rules apply");
        assert!(off.is_none_or(|asked| asked == discount), "{name}: {discount} off");
        new
    }

    fn price(&self) -> Quote {
        self.compiled.price(&self.situation.basket, &self.situation.facts).unwrap()
    }

    fn round(&mut self, counts: bool) {
        let (began, before) = (Clock::now(), cpu_ns());
        let mut quotes = 0_u32;
        while began.elapsed() < ROUND {
            for _ in 0..8 {
                black_box(self.price());
            }
            quotes += 8;
        }
        let (took, spent) = (began.elapsed(), cpu_ns().saturating_sub(before));
        if counts {
            self.cpu_us.push(spent as f64 / 1e3 / f64::from(quotes));
            self.wall_us.push(took.as_secs_f64() * 1e6 / f64::from(quotes));
        }
    }

    fn said(self) -> Value {
        let quote = self.price();
        json!({
            "case": self.case.name, "rules": self.compiled.ruleset().rules.len(),
            "lines": self.situation.basket.lines.len(), "applied": applied(&quote),
            "adjustments": quote.adjustments.len(), "misses": quote.misses.len(),
            "discount": quote.totals.discount, "priced": quote.best.map(|best| best.priced),
            "proven": quote.best.map(|best| best.proven), "compile_ms": self.compile_ms,
            "cpu_us": median(self.cpu_us), "wall_us": median(self.wall_us),
        })
    }
}

/// Rules that took something off.
fn applied(quote: &Quote) -> usize {
    let rules: std::collections::BTreeSet<&str> =
        quote.adjustments.iter().map(|adjustment| adjustment.rule.as_str()).collect();
    rules.len()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What this thread has had of a processor, as Linux counts it; 0 elsewhere.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0)
}
