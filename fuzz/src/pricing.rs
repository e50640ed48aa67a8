//! Bytes as a ruleset and a situation. Whatever they are, nothing panics; and where they are priced, all
//! amounts of the quote are in balance, and pricing again gives the same.
//!
//! Start with [`run`], what is done with one input, and `balance.rs`, what must hold. `mutate.rs` turns one
//! JSON document into another, so that most inputs are worth pricing.
#![no_main]

mod balance;
mod mutate;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use pricing::{Compiled, Quote, Ruleset, Situation};
use serde_json::Value;

fuzz_target!(|data: &[u8]| run(data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed)
});

/// Combinations of one search at most: inputs must stay quick.
const COMBINATIONS_MAX: u32 = 50;
/// Units of a basket at most, where each costs time.
const LINES_MAX: usize = 40;

fn run(data: &[u8]) {
    let Ok(mut document) = serde_json::from_slice::<Value>(data) else { return };
    let Some(document) = document.as_object_mut() else { return };
    let (Some(ruleset), Some(situation)) =
        (document.remove("ruleset"), document.remove("situation"))
    else {
        return;
    };
    let Ok(mut ruleset) = serde_json::from_value::<Ruleset>(ruleset) else { return };
    let Ok(situation) = serde_json::from_value::<Situation>(situation) else { return };
    let combinations = &mut ruleset.settings.combinations_max.0;
    *combinations = (*combinations).min(COMBINATIONS_MAX);
    if situation.basket.lines.len() > LINES_MAX {
        return;
    }
    let rules: Vec<String> = ruleset.rules.iter().map(|rule| rule.id.clone()).collect();
    let Ok(compiled) = Compiled::new(ruleset, 1) else { return };
    let Situation { basket, facts } = situation;
    let Ok(quote) = compiled.price(&basket, &facts) else { return };
    balance::check(&compiled, &basket, &facts, &quote);
    let again = compiled.price(&basket, &facts);
    assert_eq!(again.as_ref(), Ok(&quote), "pricing again gives something else");
    let text = serde_json::to_string(&quote).expect("a quote is JSON");
    let back: Quote = serde_json::from_str(&text).expect("a quote can be read again");
    assert_eq!(back, quote, "a quote that was kept is another one");
    for rule in rules.iter().take(5) {
        compiled.explain(rule, &basket, &facts).expect("what was priced can be explained");
    }
}
