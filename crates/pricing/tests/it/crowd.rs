//! Many rules about the goods of a basket, most of them elsewhere, at another time or for others.

use pricing::{Compiled, MISSES_MAX, Quote, Reason, Ruleset, Situation};
use serde_json::{Value, json};

/// So many rules about the same category, and what they ask for beside it.
const RULES: usize = 200;

fn check(asks: impl Fn(usize) -> Value, here: &[usize], because: &str) {
    let rule = |at: usize| {
        let mut rule = json!({
            "id": format!("r{at:03}"), "name": {"en": "r"},
            "then": [{"percent": {"discount_bps": 10, "on": {"categories": ["tea"]}}}],
        });
        rule.as_object_mut().unwrap().extend(asks(at).as_object().unwrap().clone());
        rule
    };
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        "segments": {"a": "x > 1", "b": "x > 2"}, "rules": (0..RULES).map(rule).collect::<Vec<_>>(),
    });
    let situation = json!({
        "basket": {
            "currency": "RUB", "at": "2026-11-30T12:00:00", "shop": "s1", "channel": "shop",
            "lines": [{"id": "1", "product": "p", "quantity": 1000, "price": 100_000,
                "categories": ["tea"]}],
        },
        "facts": {"customer": {"id": "c", "segments": ["a"]}},
    });
    let ruleset: Ruleset = serde_json::from_value(ruleset).unwrap();
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let compiled = Compiled::new(ruleset, 1).unwrap();
    let quote: Quote = compiled.price(&basket, &facts).unwrap();
    let number = |rule: &str| rule[1..].parse::<usize>().unwrap();
    let applied: Vec<usize> = quote.adjustments.iter().map(|one| number(&one.rule)).collect();
    assert_eq!(applied, here, "{because}");
    let missed: Vec<usize> = quote.misses.iter().map(|miss| number(&miss.rule)).collect();
    let others: Vec<usize> = (0..RULES).filter(|at| !here.contains(at)).take(MISSES_MAX).collect();
    assert_eq!(missed, others, "{because}");
    let reason = |reason: &Reason| serde_json::to_value(reason).unwrap()["because"].clone();
    assert!(quote.misses.iter().all(|miss| reason(&miss.reason) == because), "{:?}", quote.misses);
    // Beyond what a quote tells the reason is found on demand.
    let last = (0..RULES).rfind(|at| !here.contains(at)).unwrap();
    let explained = compiled.explain(&format!("r{last:03}"), &basket, &facts).unwrap();
    assert_eq!(reason(&explained), because);
}

#[test]
fn who_is_elsewhere_is_told_of_and_gives_nothing() {
    let first = |at: usize, one: &'static str, others: &'static str| match at {
        0 => one,
        _ => others,
    };
    check(|at| json!({"scope": {"shops": [format!("s{at}")]}}), &[1], "elsewhere");
    check(|at| json!({"scope": {"channels": [first(at, "shop", "site")]}}), &[0], "elsewhere");
    check(|at| json!({"scope": {"networks": [format!("n{at}")]}}), &[], "elsewhere");
    check(|at| json!({"schedule": {"weekdays": [1 + at % 100 % 7]}}), &MONDAYS, "another_time");
    check(
        |at| json!({"schedule": {"from": format!("20{:02}-01-01T00:00:00", 26 + at % 70)}}),
        &[0, 70, 140],
        "another_time",
    );
    check(|at| json!({"when": {"segment": first(at, "a", "b")}}), &[0], "not_in_segment");
    check(
        |at| json!({"when": {"all": [{"segment": "a"}, {"all": [{"segment": first(at, "a", "b")}]}]}}),
        &[0],
        "not_in_segment",
    );
}

/// Rules of Mondays where the weekday turns with the number below a hundred.
const MONDAYS: [usize; 30] = [
    0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 98, 100, 107, 114, 121, 128, 135, 142,
    149, 156, 163, 170, 177, 184, 191, 198,
];

#[test]
fn a_coupon_is_explained_whatever_else_is() {
    for combination in ["sequence", "best_receipt"] {
        let rule = |at: usize, when: Value| {
            json!({
                "id": format!("r{at:02}"), "name": {"en": "r"}, "when": when,
                "then": [{"percent": {"discount_bps": 10}}],
            })
        };
        let mut rules: Vec<Value> =
            (0..MISSES_MAX + 5).map(|at| rule(at, json!({"level": ["gold"]}))).collect();
        let least = json!({"receipt": {"amount": {"min": 100_000}}});
        rules.push(rule(99, json!({"all": [{"coupon": "spring"}, least]})));
        let ruleset = json!({
            "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
            "settings": {"combination": combination}, "rules": rules,
        });
        let situation = json!({
            "basket": {
                "currency": "RUB", "at": "2026-11-30T12:00:00", "coupons": ["SPRING"],
                "lines": [{"id": "1", "product": "p", "quantity": 1000, "price": 50_000}],
            },
            "facts": {"coupons": [{"code": "SPRING", "series": "spring", "standing": "good"}]},
        });
        let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
        let compiled = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
        let quote = compiled.price(&basket, &facts).unwrap();
        assert_eq!(quote.misses.len(), MISSES_MAX);
        let reason = serde_json::to_value(&quote.coupons[0].reason).unwrap();
        assert_eq!(reason["because"], "too_little", "{combination}");
    }
}
