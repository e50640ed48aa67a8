//! What is wrong with rules or a basket is told by code and place, and nothing is passed over.

use std::cell::RefCell;

use pricing::*;
use serde_json::{Value, json};

fn rule() -> Value {
    json!({
        "id": "r", "name": {"en": "r"},
        "then": [{"percent": {"discount_bps": 1000}}],
    })
}

fn ruleset() -> Value {
    json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "segments": {"loyal": "receipts_90d > 3"},
        "groups": [{"id": "line", "mode": "best", "of": "line"}],
        "rules": [rule()],
    })
}

/// Sets a field of a value by its pointer, making what is missing on the way.
fn set(value: &mut Value, pointer: &str, to: Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Array(items) => items.push(to),
        parent => parent[field] = to,
    }
}

/// Reads rules as the server does: what the form does not allow is told with its place, then the rest.
fn problems_of(value: &Value) -> Vec<String> {
    match serde_path_to_error::deserialize::<_, Ruleset>(value) {
        Err(error) => vec![format!("{}: {}", error.path(), error.inner())],
        Ok(ruleset) => match Compiled::new(ruleset, 1) {
            Ok(_) => Vec::new(),
            Err(problems) => {
                problems.iter().map(|of| format!("{} {}", of.pointer, of.code)).collect()
            }
        },
    }
}

/// Good rules with one field changed: the place and code that are told.
fn check(pointer: &str, to: Value, expected: &str) {
    let mut value = ruleset();
    set(&mut value, pointer, to.clone());
    let found = problems_of(&value).join("; ");
    let same =
        if expected.contains(": ") { found.starts_with(expected) } else { found == expected };
    if !same {
        WRONG.with_borrow_mut(|wrong| {
            wrong.push(format!("{pointer} {to}: {found:?}, not {expected:?}"))
        });
    }
}

thread_local! {
    /// All cases that differ, so that one run tells of all.
    static WRONG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn none_is_wrong() {
    let wrong = WRONG.take();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules() {
    check("/rules/0/priority", json!(5), "");
    check("/rules/0/discont", json!(5), "rules[0].discont: unknown field `discont`");
    check(
        "/rules/0/then/0/percent/off",
        json!(5),
        "rules[0].then[0].percent.off: unknown field `off`",
    );
    check(
        "/rules/0/then/0/percent/discount_bps",
        json!("10"),
        "rules[0].then[0].percent.discount_bps: invalid type",
    );
    check(
        "/rules/0/then/0/percent/discount_bps",
        json!(0.5),
        "rules[0].then[0].percent.discount_bps: invalid type",
    );
    check("/rules/0/then", json!([{"percents": {}}]), "rules[0].then[0]: unknown variant");
    check(
        "/rules/0/then",
        json!([{"points": {"rate": {"rate_bps": 500, "onn": {}}}}]),
        "rules[0].then[0].points.rate.onn: unknown field",
    );
    check("/rules/0/when", json!({"sgement": "loyal"}), "rules[0].when: unknown variant");
    check("/rules/0/schedule", json!({"from": "2026-02-30T00:00:00"}), "rules[0].schedule.from: ");
    check("/currency", json!("rub"), "/currency currency");
    check("/regulated/confirmed", json!(false), "/regulated/confirmed not_confirmed");
    check("/regulated/profile", json!("fr"), "/regulated/profile unknown");
    check("/caps", json!({"unit_discount_bps_max": 10001}), "/caps/unit_discount_bps_max range");
    check(
        "/rules/0/then/0/percent/discount_bps",
        json!(10001),
        "/rules/0/then/0/percent/discount_bps range",
    );
    check(
        "/rules/0/then/0/percent/discount_bps",
        json!(0),
        "/rules/0/then/0/percent/discount_bps range",
    );
    check("/rules/0/then", json!([]), "/rules/0/then empty");
    check("/rules/0/id", json!("a b"), "/rules/0/id text");
    check("/rules/0/id", json!("points"), "/rules/0/id reserved");
    check("/rules/0/name", json!({}), "/rules/0/name empty");
    check("/rules/0/group", json!("none"), "/rules/0/group unknown");
    check("/rules/1", rule(), "/rules/1/id repeated");
    check("/groups/1", json!({"id": "line", "mode": "all"}), "/groups/1/id repeated");
    check("/groups/1", json!({"id": "g", "mode": "all", "of": "line"}), "/groups/1/of meaningless");
    check("/rules/0/schedule", json!({"weekdays": [8]}), "/rules/0/schedule/weekdays/0 range");
    let never = json!({"from": "2026-02-01T00:00:00", "until": "2026-01-01T00:00:00"});
    check("/rules/0/schedule", never, "/rules/0/schedule/until never");
    check("/rules/0/when", json!({"segment": "rich"}), "/rules/0/when/segment unknown");
    check("/rules/0/when", json!({"applied": ["x"]}), "/rules/0/when/applied/0 unknown");
    check("/rules/0/when", json!({"all": []}), "/rules/0/when/all empty");
    check("/rules/0/when", json!({"level": []}), "/rules/0/when/level empty");
    check(
        "/rules/0/when",
        json!({"receipt": {"amount": {"min": 2, "max": 1}}}),
        "/rules/0/when/receipt/amount never",
    );
    let deep = (0..20).fold(json!({"card": true}), |inner, _| json!({ "not": inner }));
    check("/rules/0/when", deep, &format!("/rules/0/when{} too_deep", "/not".repeat(13)));
    check("/rules/0/payer", json!({"supplier_bps": 100}), "/rules/0/payer/supplier missing");
    check(
        "/rules/0/payer",
        json!({"supplier": "x", "supplier_bps": 10001}),
        "/rules/0/payer/supplier_bps range",
    );
    check(
        "/rules/0/limits",
        json!({"customer": {"window": "day"}}),
        "/rules/0/limits/customer empty",
    );
    let mut points = ruleset();
    points["rules"][0]["then"] = json!([{"points": {"fixed": {"points": 10_000}}}]);
    points["rules"][0]["limits"] = json!({
        "budget": {"campaign": "k", "counts": "discount", "amount": 100_000},
        "customer": {"window": "day", "amount": 100},
    });
    assert_eq!(
        problems_of(&points),
        [
            "/rules/0/limits/budget/counts meaningless",
            "/rules/0/limits/customer/amount meaningless"
        ]
    );
    check(
        "/rules/0/limits",
        json!({"line_discount_max": 0}),
        "/rules/0/limits/line_discount_max range",
    );
    let then = |effect: Value, expected: &str| check("/rules/0/then", json!([effect]), expected);
    let at = "/rules/0/then/0";
    let tiers = |tiers: Value| json!({"tiers": {"by": "amount", "tiers": tiers}});
    then(
        tiers(json!([{"from": 100, "discount_bps": 5}, {"from": 100, "discount_bps": 9}])),
        &format!("{at}/tiers/tiers/1/from overlap"),
    );
    then(
        tiers(json!([{"from": 100, "discount_bps": 5}, {"from": 50, "discount_bps": 9}])),
        &format!("{at}/tiers/tiers/1/from overlap"),
    );
    then(
        tiers(json!([{"from": 1, "discount_bps": 10001}])),
        &format!("{at}/tiers/tiers/0/discount_bps range"),
    );
    then(tiers(json!([{"from": 1}])), &format!("{at}/tiers/tiers/0 one_of"));
    then(tiers(json!([])), &format!("{at}/tiers/tiers empty"));
    then(json!({"bundle": {"parts": [], "price": 1}}), &format!("{at}/bundle/parts range"));
    then(
        json!({"bundle": {"parts": [{"goods": {}, "units": 0}], "price": -1}}),
        &format!("{at}/bundle/price range; {at}/bundle/parts/0/units range"),
    );
    then(json!({"fixed": {"amount": -5, "per": "unit"}}), &format!("{at}/fixed/amount range"));
    then(
        json!({"fixed": {"amount": 5, "per": "unit", "with_shipping": true}}),
        &format!("{at}/fixed/with_shipping meaningless"),
    );
    then(json!({"shipping": {}}), &format!("{at}/shipping one_of"));
    then(json!({"gift": {"product": "", "price": 1}}), &format!("{at}/gift/product empty"));
    then(json!({"points": {"fixed": {"points": 0}}}), &format!("{at}/points/fixed/points range"));
    then(
        json!({"percent": {"discount_bps": 1, "on": {"except": {}}}}),
        &format!("{at}/percent/on/except never"),
    );
    then(
        json!({"gift": {"product": "mug", "price": 1, "for_units": 2}}),
        &format!("{at}/gift/for_units meaningless"),
    );
    then(
        json!({"cheapest": {"of_units": 2, "discount_bps": 500, "amount": 5}}),
        &format!("{at}/cheapest/discount_bps meaningless"),
    );
    then(
        json!({"shipping": {"discount_bps": 500, "methods": vec!["x"; 101]}}),
        &format!("{at}/shipping/methods too_many"),
    );
    check("/rules/0/then", json!(vec![rule()["then"][0].clone(); 101]), "/rules/0/then too_many");
    check(
        "/rules/0/when",
        json!({"any": vec![json!({"card": true}); 101]}),
        "/rules/0/when/any too_many",
    );
    check("/rules/0/when", json!({"applied": []}), "/rules/0/when/applied empty");
    check(
        "/not_discounted",
        json!({"price": {"min": 500, "max": 100}}),
        "/not_discounted/price never",
    );
    let mut of_receipt = ruleset();
    of_receipt["rules"][0]["group"] = json!("line");
    of_receipt["settings"] = json!({"rounding": "receipt"});
    assert_eq!(problems_of(&of_receipt), [format!("{at}/percent not_by_line")]);
    let mut by_line = ruleset();
    by_line["rules"][0]["group"] = json!("line");
    by_line["rules"][0]["then"] = json!([{"cheapest": {"of_units": 3}}]);
    assert_eq!(problems_of(&by_line), [format!("{at}/cheapest not_by_line")]);
    none_is_wrong();
}

fn basket() -> Value {
    json!({
        "currency": "RUB", "at": "2026-11-30T13:00:00",
        "lines": [{"id": "1", "product": "milk", "quantity": 1000, "price": 100}],
    })
}

fn check_basket(pointer: &str, to: Value, expected: &str) {
    let rules = Compiled::new(serde_json::from_value(ruleset()).unwrap(), 1).unwrap();
    let mut value = basket();
    set(&mut value, pointer, to.clone());
    let found = match serde_path_to_error::deserialize::<_, Basket>(&value) {
        Err(error) => format!("{}: {}", error.path(), error.inner()),
        Ok(basket) => match rules.price(&basket, &Facts::default()) {
            Ok(_) => String::new(),
            Err(problems) => problems
                .iter()
                .map(|of| format!("{} {}", of.pointer, of.code))
                .collect::<Vec<_>>()
                .join("; "),
        },
    };
    let same =
        if expected.contains(": ") { found.starts_with(expected) } else { found == expected };
    if !same {
        WRONG.with_borrow_mut(|wrong| {
            wrong.push(format!("{pointer} {to}: {found:?}, not {expected:?}"))
        });
    }
}

#[test]
fn baskets() {
    check_basket("/points", json!(0), "");
    check_basket("/points", json!(-1), "/points negative");
    check_basket("/lines/0/quantity", json!(-1000), "/lines/0/quantity negative");
    check_basket("/lines/0/quantity", json!(0), "/lines/0/quantity negative");
    check_basket("/lines/0/quantity", json!(1.5), "lines[0].quantity: invalid type");
    check_basket("/lines/0/quantity", json!(i64::MAX), "/lines/0/quantity range; /lines/0 range");
    check_basket("/lines/0/price", json!(-1), "/lines/0/price range");
    check_basket("/lines/0/price", json!(i64::MAX), "/lines/0/price range; /lines/0 range");
    check_basket("/lines/0/vat_bps", json!(10001), "/lines/0/vat_bps range");
    check_basket("/lines/0/product", json!(""), "/lines/0/product empty");
    check_basket("/lines/0/product", json!("x".repeat(300)), "/lines/0/product too_long");
    check_basket("/lines/0/colour", json!("red"), "lines[0].colour: unknown field `colour`");
    check_basket("/currency", json!("EUR"), "/currency currency");
    check_basket("/at", json!("yesterday"), "at: ");
    let line =
        |id: usize| json!({"id": id.to_string(), "product": "milk", "quantity": 1000, "price": 1});
    check_basket("/lines/1", line(1), "/lines/1/id repeated");
    let many: Vec<Value> = (0..10_000).map(line).collect();
    check_basket("/lines", json!(many), "/lines too_many");
    let most: Vec<Value> = (0..1_000).map(line).collect();
    check_basket("/lines", json!(most), "");
    check_basket("/coupons", json!(vec!["c"; 51]), "/coupons too_many");
    check_basket("/shipping", json!([{"id": "d", "price": -1}]), "/shipping/0/price range");
    none_is_wrong();
}

/// What an effect that nobody means gives on as large a basket as there may be.
fn check_largest(then: Value, goods: i64, discount: i64) {
    let mut value = ruleset();
    value["rules"][0]["then"] = json!([then]);
    let line = |id: usize| json!({"id": id.to_string(), "product": "milk", "quantity": 100_000_000, "price": 1});
    let mut basket = basket();
    basket["lines"] = json!((0..100).map(line).collect::<Vec<_>>());
    for combination in ["sequence", "best_receipt"] {
        value["settings"] = json!({"combination": combination});
        let rules = Compiled::new(serde_json::from_value(value.clone()).unwrap(), 1).unwrap();
        let basket = serde_json::from_value(basket.clone()).unwrap();
        let totals = rules.price(&basket, &Facts::default()).unwrap().totals;
        assert_eq!((totals.goods.0, totals.discount.0), (goods, discount), "{then}");
    }
}

#[test]
fn no_amount_overflows() {
    let (units, most) = (10_000_000, 1_000_000_000_000);
    check_largest(json!({"fixed": {"amount": most, "per": "unit"}}), units, units);
    let gift = |price: i64| json!({"gift": {"product": "mug", "price": price, "for_goods": {}}});
    check_largest(gift(most), units + most, most);
    check_largest(gift(1_000_000_000), units + most, most);
}
