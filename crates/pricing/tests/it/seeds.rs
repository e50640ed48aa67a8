//! What fuzzing begins with: documents that are worth changing, and what must hold of every quote.

#[path = "../../../../fuzz/src/balance.rs"]
mod balance;

use std::path::Path;

use pricing::{Compiled, Ruleset, Situation};
use serde_json::Value;

#[test]
fn every_seed_is_priced_and_in_balance() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut priced = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let ruleset: Ruleset = serde_json::from_value(document["ruleset"].clone()).unwrap();
        let Situation { basket, facts } =
            serde_json::from_value(document["situation"].clone()).unwrap();
        let compiled = Compiled::new(ruleset, 1).unwrap_or_else(|bad| panic!("{path:?}: {bad:?}"));
        let quote = compiled.price(&basket, &facts).unwrap();
        assert!(!quote.adjustments.is_empty(), "{path:?} gives nothing");
        balance::check(&compiled, &basket, &facts, &quote);
        priced += 1;
    }
    assert!(priced > 0, "there are no seeds");
}
