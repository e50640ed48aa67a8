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
const ROUND: Duration = Duration::from_millis(400);

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for case in rulesets::cases() {
        if only.as_ref().is_none_or(|only| case.name.contains(only.as_str())) {
            println!("{}", measure(&case));
        }
    }
}

/// Prices a basket once and looks at the answer, then again and again.
fn measure(case: &Case) -> Value {
    let ruleset: Ruleset = serde_json::from_value(case.ruleset.clone()).unwrap();
    let rules = ruleset.rules.len();
    let began = Clock::now();
    let compiled = Compiled::new(ruleset, 1).unwrap();
    let compile_ms = began.elapsed().as_secs_f64() * 1e3;
    let situation: Situation = serde_json::from_value(case.situation.clone()).unwrap();
    let price = || compiled.price(&situation.basket, &situation.facts).unwrap();
    let quote = price();
    let applied = applied(&quote);
    assert!(case.applied.is_none_or(|asked| asked == applied), "{applied} rules give something");
    let discount = quote.totals.discount.0;
    assert!(case.discount.is_none_or(|asked| asked == discount), "{discount} off");
    let (cpu_us, wall_us) = times(price);
    json!({
        "case": case.name, "rules": rules, "lines": situation.basket.lines.len(),
        "applied": applied, "adjustments": quote.adjustments.len(), "misses": quote.misses.len(),
        "discount": discount, "priced": quote.best.map(|best| best.priced),
        "proven": quote.best.map(|best| best.proven), "compile_ms": compile_ms,
        "cpu_us": cpu_us, "wall_us": wall_us,
    })
}

/// Rules that took something off.
fn applied(quote: &Quote) -> usize {
    let rules: std::collections::BTreeSet<&str> =
        quote.adjustments.iter().map(|adjustment| adjustment.rule.as_str()).collect();
    rules.len()
}

/// Microseconds of processor time and on the wall for one quote, each the median of several rounds.
fn times(price: impl Fn() -> Quote) -> (f64, f64) {
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    // The first round warms up, and does not count.
    for round in 0..=ROUNDS {
        let (began, before) = (Clock::now(), cpu_ns());
        let mut quotes = 0_u32;
        while began.elapsed() < ROUND {
            for _ in 0..8 {
                black_box(price());
            }
            quotes += 8;
        }
        let (took, spent) = (began.elapsed(), cpu_ns().saturating_sub(before));
        if round > 0 {
            cpu.push(spent as f64 / 1e3 / f64::from(quotes));
            wall.push(took.as_secs_f64() * 1e6 / f64::from(quotes));
        }
    }
    (median(cpu), median(wall))
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
