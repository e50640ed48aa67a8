//! Rules and baskets that are measured.

use serde_json::{Value, json};

const PEERS: &str = include_str!("../../tests/data/peers.json");

/// What five equal shares take off each line when each is taken of what is left, minor units, a unit rounded
/// half up each time.
const CASCADING: i64 = 491489;

/// Rules, a basket, and what must come out.
pub struct Case {
    pub name: String,
    pub ruleset: Value,
    pub situation: Value,
    /// Rules that take something off.
    pub applied: Option<usize>,
    /// Minor units.
    pub discount: Option<i64>,
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![bare(), cascading()];
    cases.extend([100, 1_000, 10_000].map(|rules| among("W100", rules, false)));
    cases.extend([1_000, 10_000].map(|rules| among("crowded", rules, true)));
    cases.extend([grocer("grocer", "sequence"), grocer("grocer, best receipt", "best_receipt")]);
    cases.extend([4, 8, 12].map(best));
    cases
}

/// The oracle's case as it stands: 5 lines, 100 rules, of which 25 take 5 750.00 off.
fn bare() -> Case {
    let lines: Vec<Value> = w100()["lines"].as_array().unwrap().iter().map(line).collect();
    Case {
        name: "W100 bare".to_owned(),
        ruleset: ruleset(w100_rules(), json!({"percent_base": "original"})),
        situation: json!({"basket": {
            "currency": "RUB", "at": "2026-11-30T12:00:00", "lines": lines,
        }}),
        applied: Some(25),
        discount: Some(575_000),
    }
}

/// The same with each share taken of what is left; without rounding it would take 4 914.8591 off.
fn cascading() -> Case {
    Case {
        name: "W100 cascading".to_owned(),
        ruleset: ruleset(w100_rules(), json!({"percent_base": "remaining"})),
        discount: Some(CASCADING),
        ..bare()
    }
}

/// The same basket with all that a till and the programme know of it, among rules of a chain.
fn among(name: &str, rules: usize, crowded: bool) -> Case {
    let mut all = w100_rules();
    all.extend((0..rules - all.len()).map(|at| other_rule(at, crowded)));
    let lines: Vec<Value> = w100()["lines"].as_array().unwrap().iter().map(known_line).collect();
    Case {
        name: format!("{name} {rules}"),
        ruleset: ruleset(all, json!({"percent_base": "original"})),
        situation: json!({
            "basket": {
                "currency": "RUB", "at": "2026-11-30T12:00:00", "network": "n1", "shop": "s1",
                "channel": "shop", "payment": "card", "lines": lines, "coupons": ["A1"],
            },
            "facts": facts(),
        }),
        applied: Some(25),
        discount: Some(575_000),
    }
}

fn w100() -> Value {
    let cases: Value = serde_json::from_str(PEERS).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    cases.iter().find(|case| case["id"] == "W100-additive").unwrap().clone()
}

fn w100_rules() -> Vec<Value> {
    let case = w100();
    let rules = case["rules"].as_array().unwrap().iter().enumerate();
    rules
        .map(|(at, rule)| {
            assert_eq!(rule["kind"], "percent");
            let share: i64 = rule["value"].as_str().unwrap().parse().unwrap();
            let mut rule = percent(
                rule["code"].as_str().unwrap(),
                share * 100,
                json!({
                    "categories": [rule["filter"]["cat"]],
                }),
            );
            rule["priority"] = json!(-(at as i64));
            rule
        })
        .collect()
}

fn line(of: &Value) -> Value {
    let price: i64 = of["unit_price"].as_str().unwrap().parse().unwrap();
    json!({
        "id": of["id"], "product": of["id"], "price": price * 100,
        "quantity": of["qty"].as_i64().unwrap() * 1000, "categories": [of["cat"]],
    })
}

/// A line as a catalogue knows it: in a tree of categories, with brand, supplier, marks and VAT.
fn known_line(of: &Value) -> Value {
    let mut line = line(of);
    let id = of["id"].as_str().unwrap();
    line["categories"] = json!([of["cat"], format!("department-{id}"), "food"]);
    line["brand"] = json!(format!("brand-{id}"));
    line["supplier"] = json!(format!("supplier-{id}"));
    line["marks"] = json!(["fresh"]);
    line["vat_bps"] = json!(1000);
    line
}

fn facts() -> Value {
    json!({
        "customer": {
            "id": "customer-1", "segments": ["segment-1", "segment-2", "segment-3"],
            "level": "gold", "purchases": 41, "favourites": ["dairy", "tea", "coffee"],
        },
        "card": {"id": "card-1", "card_type": "plastic", "state": "active"},
        "coupons": [{"code": "A1", "series": "autumn", "standing": "good"}],
        "points_available": 50_000, "wallet": "wallet-1",
    })
}

fn percent(id: &str, bps: i64, on: Value) -> Value {
    json!({
        "id": id, "name": {"en": id}, "then": [{"percent": {"discount_bps": bps, "on": on}}],
    })
}

fn ruleset(rules: Vec<Value>, settings: Value) -> Value {
    let segments: serde_json::Map<String, Value> =
        (0..200).map(|at| (format!("segment-{at}"), json!("recency_days < 30"))).collect();
    json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "settings": settings, "segments": segments, "rules": rules,
    })
}

/// One of the rules of a chain that are active now and give this basket nothing. Most are about other goods,
/// shops, segments, coupons and customers; one in a hundred is about all goods and a segment of this customer,
/// from an amount on that he does not reach. Where it is crowded, one in ten is about goods of this very
/// basket, in another region or for another segment.
fn other_rule(at: usize, crowded: bool) -> Value {
    let id = format!("R{at:05}");
    let bps = 300 + (at as i64 % 40) * 50;
    let product = || json!({"products": [format!("sku-{at}")]});
    let shops: Vec<String> =
        (0..8).map(|shop| format!("s{}", 2 + (at * 7 + shop * 5) % 400)).collect();
    let mut rule = match at % 20 {
        0..=6 => percent(&id, bps, product()),
        7..=9 => percent(&id, bps, json!({"brands": [format!("brand-{}", at % 700)]})),
        10..=11 => percent(&id, bps, json!({"categories": [format!("c{}", 20 + at % 400)]})),
        12..=13 => percent(&id, bps, json!({})),
        14 if crowded => percent(&id, bps, json!({"categories": [format!("c{}", at / 20 % 5)]})),
        14 | 15 => percent(&id, bps, json!({})),
        16 if crowded => percent(&id, bps, json!({"categories": [format!("c{}", at / 20 % 5)]})),
        16 => percent(&id, bps, json!({"categories": [format!("c{}", 20 + at % 400)]})),
        17 => percent(&id, bps, json!({})),
        _ => percent(&id, bps, product()),
    };
    match at % 20 {
        0..=3 => {
            rule["schedule"] = json!({
                "from": "2026-11-01T00:00:00", "until": "2026-12-15T00:00:00",
                "weekdays": [1, 2, 3, 4, 5], "hours": [{"from": "08:00:00", "until": "22:00:00"}],
            });
        }
        7..=9 => {
            let brand = json!({"brands": [format!("brand-{}", at % 700)]});
            rule["when"] = json!({"goods": {"goods": brand, "quantity": {"min": 2000}}});
        }
        12..=14 => rule["scope"] = json!({"shops": shops}),
        15 => {
            rule["when"] = json!({"all": [
                {"segment": format!("segment-{}", at / 20 % 200)},
                {"receipt": {"amount": {"min": 10_000_000}}},
            ]});
        }
        16 => rule["when"] = json!({"segment": format!("segment-{}", 4 + at / 20 % 196)}),
        17 => rule["when"] = json!({"coupon": format!("series-{at}")}),
        19 => rule["when"] = json!({"customer": [format!("customer-{}", at + 2)]}),
        _ => {}
    }
    rule
}

/// A grocer's week: 480 rules of every kind, and a basket of 20 lines that is paid with points in part.
/// Of the shares off categories, brands and products each line gets the best one.
fn grocer(name: &str, combination: &str) -> Case {
    let mut rules: Vec<Value> = (0..480).map(weekly).collect();
    rules.extend(of_the_receipt());
    let mut ruleset = ruleset(rules, json!({"combination": combination}));
    ruleset["groups"] = json!([
        {"id": "prices", "mode": "all"},
        {"id": "shares", "mode": "best", "of": "line"},
        {"id": "sets", "mode": "all"},
        {"id": "receipt", "mode": "first"},
    ]);
    ruleset["caps"] = json!({"unit_discount_bps_max": 7000});
    ruleset["redemption"] = json!({
        "points_per_minor": 1, "receipt_bps_max": 3000, "shown": "discount",
    });
    let mut facts = facts();
    facts["customer"]["prices"] = json!([{"product": "sku-9", "price": 8_990}]);
    Case {
        name: name.to_owned(),
        ruleset,
        situation: json!({
            "basket": {
                "currency": "RUB", "at": "2026-11-30T18:05:00", "network": "n1", "shop": "s1",
                "channel": "shop", "payment": "card", "coupons": ["A1"], "points": 10_000,
                "lines": (0..20).map(grocery_line).collect::<Vec<_>>(),
            },
            "facts": facts,
        }),
        applied: None,
        discount: None,
    }
}

fn grocery_line(at: usize) -> Value {
    let product = at * 11 % 220;
    json!({
        "id": format!("{at}"), "product": format!("sku-{product}"),
        "quantity": match at % 5 { 0 => 3000, 1 => 735, 2 => 2000, _ => 1000 },
        "price": 4_990 + (product as i64 * 37 % 60) * 500, "brand": format!("brand-{}", product % 40),
        "supplier": format!("supplier-{}", product % 25), "vat_bps": 1000,
        "categories": [format!("shelf-{}", product % 45), format!("department-{}", product % 9), "food"],
        "marks": if at == 7 { json!(["tobacco"]) } else { json!([]) },
    })
}

/// A rule of a week's campaign; its place says of what kind.
fn weekly(at: usize) -> Value {
    let id = format!("W{at:04}");
    let bps = 500 + (at as i64 % 30) * 100;
    let product = json!({"products": [format!("sku-{}", at % 220)]});
    let shelf = json!({"categories": [format!("shelf-{}", at % 45)]});
    let brand = json!({"brands": [format!("brand-{}", at % 40)]});
    let (group, then) = match at % 12 {
        0 | 1 => ("prices", json!({"fixed_price": {"price": 3_990 + at as i64, "on": product}})),
        2 => ("shares", json!({"percent": {"discount_bps": bps, "on": product}})),
        3 | 4 => ("shares", json!({"percent": {"discount_bps": bps, "on": shelf}})),
        5 | 6 => ("shares", json!({"percent": {"discount_bps": bps, "on": brand}})),
        7 => (
            "sets",
            json!({"buy_get": {
                "buy": shelf, "buy_units": 2, "get": shelf, "get_units": 1, "discount_bps": 5000,
            }}),
        ),
        8 => (
            "sets",
            json!({"bundle": {"price": 19_900, "parts": [
                {"goods": product, "units": 1}, {"goods": shelf, "units": 1},
            ]}}),
        ),
        9 => (
            "sets",
            json!({"tiers": {"by": "quantity", "of": shelf, "on": shelf, "tiers": [
                {"from": 2_000, "discount_bps": 300}, {"from": 4_000, "discount_bps": 700},
            ]}}),
        ),
        10 => ("sets", json!({"points": {"rate": {"rate_bps": bps, "on": brand}}})),
        _ => {
            ("sets", json!({"fixed": {"amount": 500, "per": "unit", "on": brand, "units_max": 2}}))
        }
    };
    let mut rule = json!({"id": id, "name": {"en": id}, "group": group, "then": [then]});
    match at % 7 {
        0 => rule["schedule"] = json!({"weekdays": [1, 3, 5]}),
        1 => rule["when"] = json!({"segment": format!("segment-{}", at % 12)}),
        2 => rule["scope"] = json!({"shops": [format!("s{}", at % 3), "s1"]}),
        3 => rule["limits"] = json!({"customer": {"window": "week", "uses": 2}}),
        4 => {
            rule["payer"] =
                json!({"supplier": format!("supplier-{}", at % 25), "supplier_bps": 6000});
            // Points cost no money of a budget.
            let (campaign, counts) = match at % 12 {
                10 => ("points", "uses"),
                _ => ("campaign", "discount"),
            };
            rule["limits"] = json!({"budget": {
                "campaign": format!("{campaign}-{}", at % 20), "counts": counts, "amount": 5_000_000,
            }});
        }
        _ => {}
    }
    rule
}

fn of_the_receipt() -> Vec<Value> {
    let rules = json!([
        {"id": "promised", "group": "prices", "then": [{"personal_price": {}}]},
        {"id": "coupon", "group": "receipt", "priority": 9, "when": {"coupon": "autumn"},
            "then": [{"fixed": {"amount": 20_000, "per": "receipt"}}]},
        {"id": "evening", "group": "receipt", "schedule": {
                "hours": [{"from": "18:00:00", "until": "23:00:00"}]},
            "then": [{"percent": {"discount_bps": 500, "rounding": "receipt"}}]},
        {"id": "favourite", "group": "sets",
            "then": [{"points": {"multiplier": {"multiplier_bps": 20_000, "on": {"favourite": true}}}}]},
        {"id": "three", "group": "sets", "then": [{"cheapest": {
            "of_units": 3, "on": {"categories": ["department-2"]}}}]},
        {"id": "bag", "group": "sets", "when": {"receipt": {"amount": {"min": 150_000}}},
            "then": [{"gift": {"product": "bag", "price": 1_500}},
                {"message": {"to": "till", "text": {"en": "Hand out a bag"}}}]},
    ]);
    let mut rules: Vec<Value> = serde_json::from_value(rules).unwrap();
    for rule in &mut rules {
        rule["name"] = json!({"en": rule["id"]});
    }
    rules
}

/// The best combination of so many rules in three sets that do not go together, some of them about goods that
/// others touch as well, so that the greedy sequence is not the best.
fn best(rules: usize) -> Case {
    let rule = |at: usize| {
        let id = format!("B{at:02}");
        let on = json!({"categories": [format!("c{}", at % 5), format!("c{}", (at * 2 + 1) % 5)]});
        let mut rule = percent(&id, 500 + (at as i64 * 137 % 20) * 100, on);
        rule["stacks"] = json!([format!("set-{}", at % 3)]);
        rule
    };
    let settings = json!({"combination": "best_receipt"});
    let mut case = bare();
    case.name = format!("best receipt {rules}");
    case.ruleset = ruleset((0..rules).map(rule).collect(), settings);
    (case.applied, case.discount) = (None, None);
    case
}
