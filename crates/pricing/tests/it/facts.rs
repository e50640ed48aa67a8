//! Facts that nobody can mean are refused, each with its place.

use pricing::{Compiled, Ruleset, Situation};
use serde_json::{Value, json};

fn check(facts: Value, pointer: &str) {
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        "rules": [{"id": "r", "name": {"en": "r"}, "then": [{"personal_price": {}}]}],
    });
    let situation = json!({
        "basket": {"currency": "RUB", "at": "2026-11-30T12:00:00",
            "lines": [{"id": "1", "product": "p", "quantity": 1000, "price": 100}]},
        "facts": facts,
    });
    let ruleset: Ruleset = serde_json::from_value(ruleset).unwrap();
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let found = Compiled::new(ruleset, 1).unwrap().price(&basket, &facts);
    let found: Vec<String> = match found {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.pointer).collect(),
    };
    let expected: Vec<&str> = [pointer].into_iter().filter(|pointer| !pointer.is_empty()).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_nobody_can_mean_is_refused() {
    let price = |price: i64| {
        json!({"customer": {"id": "c", "prices": [
        {"product": "p", "price": price}]}})
    };
    check(price(0), "");
    check(price(-1), "/facts/customer/prices/0/price");
    // A fuzzer's: a price from which nothing can be taken off.
    check(price(i64::MIN), "/facts/customer/prices/0/price");
    check(json!({"customer": {"id": "c", "purchases": i64::MAX}}), "/facts/customer/purchases");
    check(json!({"customer": {"id": "c", "purchases": -1}}), "/facts/customer/purchases");
    check(json!({"budgets": {"r": -5}}), "");
    check(json!({"budgets": {"r/1": i64::MIN}}), "/facts/budgets/r~11");
    let uses = |standing: u32| {
        json!({"coupons": [{"code": "A", "standing": "good",
        "uses": {"standing": standing, "cancelled": 1}}]})
    };
    check(uses(7), "");
    check(uses(u32::MAX), "/facts/coupons/0/uses");
}
