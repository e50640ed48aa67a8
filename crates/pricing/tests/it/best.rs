//! The best combination for the receipt: what it gives, whether that is proven, and why others did not count.

use pricing::*;
use serde_json::{Value, json};

fn rule(id: &str, then: Value, more: Value) -> Value {
    let mut rule = json!({"id": id, "name": {"en": id}, "then": [then]});
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rule
}

fn percent(bps: i64, product: &str) -> Value {
    json!({"percent": {"discount_bps": bps, "on": {"products": [product]}}})
}

/// Groups, rules, and lines `product price, product price`: all that is given, gifts included, by whom, and
/// why the others gave nothing; `?` where it is not proven.
fn check(groups: Value, rules: &[Value], lines: &str, expected: &str) {
    check_with(json!({"combination": "best_receipt"}), groups, rules, lines, expected);
}

fn check_with(settings: Value, groups: Value, rules: &[Value], lines: &str, expected: &str) {
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        "settings": settings, "groups": groups, "rules": rules,
    });
    let line = |(at, line): (usize, &str)| {
        let (product, price) = line.split_once(' ').unwrap();
        let price: i64 = price.parse().unwrap();
        json!({"id": at.to_string(), "product": product, "quantity": 1000, "price": price})
    };
    let lines: Vec<Value> = lines.split(", ").enumerate().map(line).collect();
    let basket = json!({"currency": "RUB", "at": "2026-11-30T12:00:00", "lines": lines});
    let compiled = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let basket = serde_json::from_value(basket).unwrap();
    let quote = compiled.price(&basket, &Facts::default()).unwrap();
    let given: i64 = quote.adjustments.iter().map(|one| one.amount.0).sum();
    let mut told = vec![format!("{given} by {}", quote.applied().join(" "))];
    told.extend(
        quote
            .misses
            .iter()
            .map(|miss| format!("{} {}", miss.rule, miss.reason.sentence(Language::En))),
    );
    let proven = quote.best.is_none_or(|found| found.proven);
    let told = format!("{}{}", told.join("; "), if proven { "" } else { "?" });
    assert_eq!(told, expected);
}

#[test]
fn many_rules_of_different_sets_are_not_tried_in_all_ways() {
    let rules: Vec<Value> = (0..60)
        .map(|at| {
            let (amount, sets) = match at / 20 {
                0 => (10, json!(["loyalty", "promo"])),
                1 => (9, json!(["loyalty"])),
                _ => (9, json!(["promo"])),
            };
            let product = format!("p{at}");
            let fixed =
                json!({"fixed": {"amount": amount, "per": "unit", "on": {"products": [product]}}});
            rule(&format!("r{at:02}"), fixed, json!({"stacks": sets}))
        })
        .collect();
    let lines: Vec<String> = (0..60).map(|at| format!("p{at} 100")).collect();
    let best: Vec<String> = (0..40).map(|at| format!("r{at:02}")).collect();
    let lost: Vec<String> = (40..60).map(|at| format!("; r{at} lost to r20")).collect();
    let expected = format!("380 by {}{}", best.join(" "), lost.concat());
    check(json!([]), &rules, &lines.join(", "), &expected);
}

#[test]
fn a_large_basket_of_rules_by_line_is_priced_in_sequence() {
    let rules: Vec<Value> = (1..=20)
        .map(|at| {
            let then = json!({"percent": {"discount_bps": at * 100}});
            rule(&format!("r{at:02}"), then, json!({"group": "g"}))
        })
        .collect();
    let lost: Vec<String> = (1..20).map(|at| format!("; r{at:02} lost to r20")).collect();
    let groups = json!([{"id": "g", "mode": "best", "of": "line"}]);
    let lines = vec!["p 100"; 200].join(", ");
    check(groups, &rules, &lines, &format!("4000 by r20{}?", lost.concat()));
}

#[test]
fn what_is_proven_cannot_be_beaten() {
    let cheapest = |on: Value| json!({"cheapest": {"of_units": 2, "repeat": "once", "on": on}});
    let groups = json!([{"id": "g1", "mode": "best"}, {"id": "g2", "mode": "all"}]);
    // Once a and b are used up, the cheapest of the rest is worth more.
    check(
        groups.clone(),
        &[
            rule("a", cheapest(json!({"products": ["a", "b"]})), json!({"group": "g1"})),
            rule("b", cheapest(json!({})), json!({"group": "g2"})),
            rule("c", json!({"fixed": {"amount": 40, "per": "receipt"}}), json!({"group": "g1"})),
        ],
        "a 10, b 20, c 90, d 100",
        "100 by a b; c lost to a",
    );
    // A gift is worth more than all goods, and waits for a lower price.
    let gift = json!({"gift": {"product": "mug", "price": 500}});
    check(
        groups,
        &[
            rule("a", percent(5_000, "a"), json!({"group": "g1"})),
            rule("b", percent(6_000, "a"), json!({"group": "g1"})),
            rule("c", gift, json!({"group": "g2", "when": {"applied": ["a"]}})),
        ],
        "a 100",
        "550 by a c; b lost to a",
    );
}

#[test]
fn an_exclusive_rule() {
    let alone = json!({"exclusive": true});
    let gift = |price: i64| json!({"gift": {"product": "mug", "price": price}});
    // Gifts of the others count as its own do.
    for settings in [json!({"exclusive": "best"}), json!({"combination": "best_receipt"})] {
        check_with(
            settings,
            json!([]),
            &[rule("a", percent(1_000, "a"), alone.clone()), rule("b", gift(300), json!({}))],
            "a 1000",
            "300 by b; a lost to b",
        );
    }
    // What gives points alone counts where nothing else does.
    let points = json!({"points": {"fixed": {"points": 5}}});
    check(json!([]), &[rule("a", points, alone)], "a 1000", "0 by a");
}

#[test]
fn the_rule_that_was_taken_is_told() {
    let by_line = json!([{"id": "g", "mode": "best", "of": "line"}]);
    let in_group = json!({"group": "g"});
    let three = [
        rule("a", percent(1_000, "apple"), in_group.clone()),
        rule("b", percent(500, "bread"), in_group.clone()),
        rule("c", percent(700, "bread"), in_group),
    ];
    check_with(
        json!({}),
        by_line.clone(),
        &three,
        "apple 100, bread 100",
        "17 by a c; b lost to c",
    );
    check(by_line, &three, "apple 100, bread 100", "17 by a c; b lost to c");
    // What would not count anyway has lost to nobody.
    let sets = |set: &str, when: Value| json!({"stacks": [set], "when": when});
    let two = [
        rule("a", percent(1_000, "apple"), sets("x", json!({"card": false}))),
        rule("b", percent(500, "apple"), sets("y", json!({"card": true}))),
    ];
    check_with(json!({}), json!([]), &two, "apple 100", "10 by a; b needs a card");
    check(json!([]), &two, "apple 100", "10 by a; b needs a card");
}
