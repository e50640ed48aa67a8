//! The language of rules, a line a case: what a rule gives on a basket, or the first reason why it gives nothing.

use pricing::*;
use serde_json::{Value, json};

/// Milk 2 × 100.00 of category dairy and brand farm, ham 1 × 300.00 marked down, vodka 1 × 500.00 never below
/// 450.00, cigarettes 1 × 200.00, apples 1.5 kg at 80.00; delivery 150.00. A Monday, one o'clock.
fn situation() -> Value {
    json!({
        "basket": {
            "currency": "RUB", "at": "2026-11-30T13:00:00",
            "network": "north", "shop": "s1", "channel": "shop", "payment": "card",
            "lines": [
                {"id": "milk", "product": "milk", "quantity": 2000, "price": 10000,
                 "categories": ["milk", "dairy"], "brand": "farm", "supplier": "dairyco"},
                {"id": "ham", "product": "ham", "quantity": 1000, "price": 30000, "regular_price": 35000,
                 "categories": ["meat"], "brand": "boar", "competitor_price": 29000},
                {"id": "vodka", "product": "vodka", "quantity": 1000, "price": 50000, "min_price": 45000,
                 "categories": ["spirits"], "marks": ["alcohol"]},
                {"id": "cigarettes", "product": "cigarettes", "quantity": 1000, "price": 20000,
                 "categories": ["smoke"], "marks": ["tobacco"]},
                {"id": "apples", "product": "apples", "quantity": 1500, "price": 8000,
                 "categories": ["fruit"]},
            ],
            "shipping": [{"id": "courier", "price": 15000}],
            "coupons": ["SPRING"],
        },
        "facts": {
            "customer": {
                "id": "anna", "segments": ["loyal"], "level": "gold", "purchases": 4,
                "days_to_birthday": 3, "favourites": ["dairy"],
                "prices": [{"product": "ham", "price": 25000}],
            },
            "card": {"id": "1", "card_type": "bank", "state": "active"},
            "coupons": [{"code": "SPRING", "series": "spring", "standing": "good"}],
        },
    })
}

/// Prices the basket with one rule, given as its fields: what it takes off by line, or why nothing.
fn check(rule: Value, expected: &str) {
    check_with(json!({}), rule, situation(), expected);
}

fn check_with(settings: Value, rule: Value, situation: Value, expected: &str) {
    let mut whole = json!({"id": "r", "name": {"en": "r"}});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true}, "settings": settings,
        "segments": {"loyal": "receipts_90d > 3", "new": "receipts_90d = 1"},
        "rules": [whole],
    });
    let ruleset: Ruleset = serde_json::from_value(ruleset).unwrap();
    let rules =
        Compiled::new(ruleset, 1).unwrap_or_else(|problems| panic!("{whole}: {problems:?}"));
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let quote = rules.price(&basket, &facts).unwrap();
    let found = if quote.adjustments.is_empty()
        && quote.totals.points.0 == 0
        && quote.messages.is_empty()
    {
        rules.explain("r", &basket, &facts).unwrap().sentence(Language::En)
    } else {
        told(&quote)
    };
    assert_eq!(found, expected, "{whole}");
}

/// `milk 10 ham 3`, in major units.
fn told(quote: &Quote) -> String {
    let mut told: Vec<String> = quote
        .adjustments
        .iter()
        .map(|one| {
            let name = match one.off {
                Off::Line(line) => &quote.lines[line as usize].id,
                Off::Shipping(delivery) => &quote.shipping[delivery as usize].id,
            };
            format!("{name} {}", one.amount.0 as f64 / 100.0)
        })
        .collect();
    told.sort();
    told.extend((quote.totals.points.0 != 0).then(|| format!("points {}", quote.totals.points.0)));
    told.extend(quote.messages.iter().map(|message| message.text.en.clone()));
    told.join(" ")
}

fn off(bps: i64, on: Value) -> Value {
    json!([{"percent": {"discount_bps": bps, "on": on}}])
}

#[test]
fn goods() {
    let ten = |on: Value| json!({"then": off(1000, on)});
    check(ten(json!({})), "apples 12 ham 30 milk 20 vodka 50");
    check(ten(json!({"products": ["milk", "ham"]})), "ham 30 milk 20");
    check(ten(json!({"categories": ["dairy"]})), "milk 20");
    check(
        ten(json!({"categories": ["dairy"], "brands": ["boar"]})),
        "no goods of this basket are meant",
    );
    check(ten(json!({"brands": ["farm"]})), "milk 20");
    check(ten(json!({"suppliers": ["dairyco"]})), "milk 20");
    check(ten(json!({"marks": ["alcohol"]})), "vodka 50");
    check(ten(json!({"marks": ["tobacco"]})), "these goods take no discount");
    check(ten(json!({"favourite": true})), "milk 20");
    check(ten(json!({"above_competitor": true})), "ham 30");
    check(ten(json!({"marked_down": true})), "ham 30");
    check(ten(json!({"marked_down": false, "price": {"max": 10000}})), "apples 12 milk 20");
    check(ten(json!({"except": {"categories": ["meat", "fruit", "spirits"]}})), "milk 20");
}

#[test]
fn effects() {
    let then = |effect: Value| json!({"then": [effect]});
    let milk = json!({"products": ["milk"]});
    check(then(json!({"fixed": {"amount": 1500, "per": "unit", "on": milk}})), "milk 30");
    check(then(json!({"fixed": {"amount": 1500, "per": "line", "on": milk}})), "milk 15");
    check(
        then(json!({"fixed": {"amount": 1500, "per": "each", "on": milk, "units_max": 1}})),
        "milk 15",
    );
    check(then(json!({"fixed": {"amount": 90000, "per": "unit", "on": milk}})), "milk 200");
    check(
        then(json!({"fixed": {"amount": 10000, "per": "receipt"}})),
        "apples 10.71 ham 26.79 milk 17.86 vodka 44.64",
    );
    check(
        then(json!({"fixed_price": {"price": 7000, "on": {"products": ["milk", "apples"]}}})),
        "apples 15 milk 60",
    );
    check(
        then(json!({"fixed_price": {"price": 12000, "on": milk}})),
        "0.00 could not be taken off: the price is as low as it may be",
    );
    check(then(json!({"competitor_price": {}})), "ham 10");
    check(then(json!({"personal_price": {}})), "ham 50");
    check(
        then(json!({"percent": {"discount_bps": 2000, "on": {"marks": ["alcohol"]}}})),
        "vodka 50",
    );
    check(
        then(
            json!({"buy_get": {"buy": {"products": ["ham"]}, "buy_units": 1, "get": milk, "get_units": 1}}),
        ),
        "milk 100",
    );
    check(
        then(json!({"buy_get": {
            "buy": {"marks": ["tobacco"]}, "buy_units": 1, "get": milk, "get_units": 1,
        }})),
        "needs 1 of mark tobacco, has 0",
    );
    check(
        then(json!({"buy_get": {"buy": milk, "buy_units": 2, "get": milk, "get_units": 1}})),
        "needs 3 of product milk, has 2",
    );
    check(
        then(json!({"buy_get": {
            "buy": milk, "buy_units": 1, "get": milk, "get_units": 1, "discount_bps": 5000,
        }})),
        "milk 50",
    );
    check(
        then(json!({"cheapest": {"of_units": 2, "on": {"categories": ["dairy", "meat"]}}})),
        "milk 100",
    );
    check(
        then(json!({"bundle": {"price": 35000, "parts": [
            {"goods": milk, "units": 1}, {"goods": {"products": ["ham"]}, "units": 1},
        ]}})),
        "ham 37.5 milk 12.5",
    );
    // Ham fits both parts, and is the only one that fits the second.
    check(
        then(json!({"bundle": {"price": 35000, "parts": [
            {"goods": {"products": ["milk", "ham"]}, "units": 1}, {"goods": {"products": ["ham"]}, "units": 1},
        ]}})),
        "ham 37.5 milk 12.5",
    );
    check(
        then(json!({"bundle": {"price": 35000, "parts": [{"goods": milk, "units": 3}]}})),
        "needs 3 of product milk, has 2",
    );
    let tiers =
        json!([{"from": 10000, "discount_bps": 500}, {"from": 20000, "discount_bps": 1000}]);
    check(
        then(json!({"tiers": {"by": "amount", "of": milk, "on": milk, "tiers": tiers}})),
        "milk 20",
    );
    let tiers = json!([{"from": 3000, "amount": 500}]);
    check(
        then(json!({"tiers": {"by": "quantity", "of": milk, "tiers": tiers}})),
        "needs 3 of product milk, has 2",
    );
    check(then(json!({"gift": {"product": "mug", "price": 9900}})), "gift:r 99");
    check(
        then(json!({"gift": {"product": "mug", "price": 9900, "for_goods": milk}})),
        "gift:r 198",
    );
    check(
        then(
            json!({"gift": {"product": "mug", "price": 9900, "for_goods": {"marks": ["tobacco"]}}}),
        ),
        "needs 1 of mark tobacco, has 0",
    );
    check(then(json!({"shipping": {"discount_bps": 10000}})), "courier 150");
    check(then(json!({"shipping": {"amount": 5000, "methods": ["courier"]}})), "courier 50");
    check(
        then(json!({"shipping": {"amount": 5000, "methods": ["post"]}})),
        "no goods of this basket are meant",
    );
    check(then(json!({"points": {"rate": {"rate_bps": 500, "on": milk}}})), "points 1000");
    check(
        then(json!({"points": {"rate": {"rate_bps": 500, "on": {"marks": ["tobacco"]}}}})),
        "no goods of this basket are meant",
    );
    check(then(json!({"points": {"fixed": {"points": 300}}})), "points 300");
    check(then(json!({"message": {"to": "till", "text": {"en": "offer a bag"}}})), "offer a bag");
}

#[test]
fn conditions() {
    let when =
        |when: Value| json!({"when": when, "then": off(1000, json!({"products": ["milk"]}))});
    let good = "milk 20";
    let dairy = json!({"categories": ["dairy"]});
    check(when(json!({"receipt": {"amount": {"min": 132000}}})), good);
    check(
        when(json!({"receipt": {"amount": {"min": 132001}}})),
        "needs 1320.01 in the receipt, has 1320.00",
    );
    check(when(json!({"receipt": {"lines": {"max": 4}}})), "allows at most 4 lines, has 5");
    check(
        when(json!({"goods": {"goods": dairy, "quantity": {"min": 3000}}})),
        "needs 3 of category dairy, has 2",
    );
    check(
        when(json!({"goods": {"goods": dairy, "amount": {"max": 15000}}})),
        "allows at most 150.00 of category dairy, has 200.00",
    );
    let one_line = |quantity: Value, amount: Value| {
        when(json!({"goods": {"in_one_line": true, "quantity": quantity, "amount": amount}}))
    };
    // Two of milk for 200, one of vodka for 500.
    check(one_line(json!({"min": 2000}), json!({"min": 20000})), good);
    check(
        one_line(json!({"min": 2000}), json!({"min": 50000})),
        "needs 500.00 in the receipt, has 200.00",
    );
    check(one_line(json!({"min": 1200, "max": 1600}), json!({})), good);
    check(
        when(json!({"goods": {"goods": {"brands": ["none"]}}})),
        "no goods of this basket are meant",
    );
    check(when(json!({"segment": "loyal"})), good);
    check(when(json!({"segment": "new"})), "the customer is not in segment new");
    check(when(json!({"customer": ["anna", "olga"]})), good);
    check(when(json!({"customer": ["olga"]})), "needs a customer");
    check(when(json!({"card": true})), good);
    check(when(json!({"card": false})), "is excluded by what this basket or customer is");
    check(when(json!({"level": ["gold"]})), good);
    check(when(json!({"level": ["silver", "base"]})), "needs the level silver or base, has gold");
    check(when(json!({"card_type": ["plastic"]})), "needs a card of type plastic, has bank");
    check(when(json!({"card_state": ["active"]})), good);
    check(
        when(json!({"purchase": {"number": {"max": 1}}})),
        "allows at most 1 as the number of the purchase, has 5",
    );
    check(when(json!({"purchase": {"every": 5}})), good);
    check(when(json!({"purchase": {"every": 3}})), "needs 6 as the number of the purchase, has 5");
    check(when(json!({"payment": ["sbp"]})), "needs payment by sbp, has card");
    check(when(json!({"coupon": "spring"})), good);
    check(when(json!({"coupon": "autumn"})), "needs a coupon of series autumn");
    check(
        when(json!({"not": {"level": ["gold"]}})),
        "is excluded by what this basket or customer is",
    );
    check(
        when(json!({"all": [{"card": true}, {"level": ["base"]}]})),
        "needs the level base, has gold",
    );
    check(when(json!({"any": [{"level": ["base"]}, {"card": true}]})), good);
    check(when(json!({"applied": ["r"]})), "comes only with r");
}

#[test]
fn places_and_times() {
    let with = |field: &str, value: Value| {
        let mut rule = json!({"then": off(1000, json!({"products": ["milk"]}))});
        rule[field] = value;
        rule
    };
    let good = "milk 20";
    check(
        with("scope", json!({"networks": ["north"], "shops": ["s1"], "channels": ["shop"]})),
        good,
    );
    check(with("scope", json!({"networks": ["south"]})), "counts in other networks");
    check(with("scope", json!({"shops": ["s2"]})), "counts in other shops");
    check(with("scope", json!({"channels": ["online"]})), "counts through other channels");
    let at = |value: Value| with("schedule", value);
    check(at(json!({"from": "2026-11-30T13:00:00"})), good);
    check(at(json!({"from": "2026-11-30T13:00:01"})), "has not begun");
    check(at(json!({"until": "2026-11-30T13:00:00"})), "is over");
    check(at(json!({"weekdays": [1]})), good);
    check(at(json!({"weekdays": [6, 7]})), "counts on other days of the week");
    check(at(json!({"hours": [{"from": "09:00:00", "until": "14:00:00"}]})), good);
    check(at(json!({"hours": [{"from": "22:00:00", "until": "14:00:00"}]})), good);
    check(
        at(json!({"hours": [{"from": "22:00:00", "until": "06:00:00"}]})),
        "counts at other hours",
    );
    check(at(json!({"birthday": {"days_before": 3, "days_after": 0}})), good);
    check(
        at(json!({"birthday": {"days_before": 2, "days_after": 9}})),
        "counts around the customer's birthday",
    );
}

#[test]
fn limits() {
    let with = |limits: Value| json!({"limits": limits, "then": off(1000, json!({}))});
    check(with(json!({"line_discount_max": 2500})), "apples 12 ham 25 milk 20 vodka 25");
    check(with(json!({"receipt_discount_max": 5600})), "apples 6 ham 15 milk 10 vodka 25");
    let budget =
        |amount: i64| json!({"budget": {"campaign": "k", "counts": "discount", "amount": amount}});
    check(with(budget(11200)), "apples 12 ham 30 milk 20 vodka 50");
    check(with(budget(5600)), "apples 6 ham 15 milk 10 vodka 25");
    let refuse = json!({"budget_overrun": "refuse"});
    check_with(refuse, with(budget(11199)), situation(), "its budget has only 11199 left");
    // Whatever a rule gives, its budget and its caps bound it.
    let no_uses = |then: Value| {
        let mut situation = situation();
        situation["facts"]["budgets"] = json!({"r": 0});
        let budget = json!({"campaign": "k", "counts": "uses", "amount": 5});
        let rule = json!({"limits": {"budget": budget}, "then": [then]});
        check_with(json!({}), rule, situation, "its budget has only 0 left");
    };
    no_uses(json!({"gift": {"product": "mug", "price": 9900}}));
    no_uses(json!({"points": {"fixed": {"points": 300}}}));
    no_uses(json!({"shipping": {"discount_bps": 10000}}));
    no_uses(json!({"message": {"to": "till", "text": {"en": "offer a bag"}}}));
    let refused = |then: Value| {
        let rule = json!({"limits": budget(5600), "then": [then]});
        check_with(
            json!({"budget_overrun": "refuse"}),
            rule,
            situation(),
            "its budget has only 5600 left",
        );
    };
    refused(json!({"gift": {"product": "mug", "price": 9900}}));
    refused(json!({"shipping": {"discount_bps": 10000}}));
    refused(json!({"fixed": {"amount": 10000, "per": "receipt", "with_shipping": true}}));
    let milk = json!({"products": ["milk"]});
    let both = json!({"fixed": {
        "amount": 35000, "per": "receipt", "with_shipping": true, "units_max": 1, "on": milk,
    }});
    check(json!({"then": [both.clone()]}), "courier 150 milk 100");
    check(json!({"then": [both], "limits": {"line_discount_max": 4000}}), "courier 150 milk 40");
    let mut nobody = situation();
    nobody["facts"]["customer"] = Value::Null;
    let once = json!({"customer": {"window": "month", "uses": 1}});
    check_with(json!({}), with(once), nobody, "needs a customer");
    let mut refused = situation();
    refused["facts"]["withheld"] = json!([{"rule": {"rule": "r", "why": "limit"}}]);
    check_with(json!({}), with(json!({})), refused, "was refused: limit");
}

/// What a quote claims from the ledger: `kind what amount`.
fn check_claims(rule: Value, expected: &[&str]) {
    let mut whole = json!({"id": "r", "name": {"en": "r"}});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "redemption": {"points_per_minor": 1, "receipt_bps_max": 5000, "shown": "payment"},
        "rules": [whole],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let mut situation = situation();
    situation["basket"]["points"] = json!(500);
    situation["facts"]["points_available"] = json!(300);
    situation["facts"]["wallet"] = json!("w1");
    situation["facts"]["coupons"][0]["claimed_as"] = json!("c-spring");
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let quote = rules.price(&basket, &facts).unwrap();
    let claims: Vec<String> =
        quote.claims.iter().map(|of| serde_json::to_string(&of.claim).unwrap()).collect();
    assert_eq!(claims, expected, "{whole}");
    assert_eq!(quote.redemption.unwrap().refused.0, 200);
}

#[test]
fn claims() {
    let points = r#"{"kind":"points","wallet":"w1","points":300}"#;
    let milk = || off(1000, json!({"products": ["milk"]}));
    check_claims(json!({"then": milk()}), &[points]);
    check_claims(
        json!({"then": milk(), "when": {"coupon": "spring"}}),
        &[points, r#"{"kind":"coupon","coupon":"c-spring"}"#],
    );
    // A coupon without which the rule counts as well is not used up.
    check_claims(
        json!({"then": milk(), "when": {"any": [{"level": ["gold"]}, {"coupon": "spring"}]}}),
        &[points],
    );
    check_claims(
        json!({"then": milk(), "when": {"any": [{"level": ["base"]}, {"coupon": "spring"}]}}),
        &[points, r#"{"kind":"coupon","coupon":"c-spring"}"#],
    );
    check_claims(
        json!({"then": milk(), "limits": {
            "customer": {"window": "week", "uses": 2, "amount": 5000},
            "budget": {"campaign": "k", "counts": "discount", "amount": 100000},
        }}),
        &[
            points,
            r#"{"kind":"limit","rule":"r","customer":"anna","window":"2026-W49","amount":1}"#,
            r#"{"kind":"limit","rule":"r#amount","customer":"anna","window":"2026-W49","amount":2000}"#,
            r#"{"kind":"budget","campaign":"k","unit":"RUB","amount":2000}"#,
        ],
    );
}

/// Prices that milk and ham were promised, each with the coupon that says so: `product price coupon`; and
/// coupons that the ledger refused. What is taken off, and which coupons are claimed for which lines.
fn check_promises(prices: &str, withheld: &[&str], expected: &str) {
    let price = |text: &str| match text.split(' ').collect::<Vec<_>>()[..] {
        [product, price, coupon] => {
            json!({"product": product, "price": price.parse::<i64>().unwrap(), "coupon": coupon})
        }
        [product, price] => json!({"product": product, "price": price.parse::<i64>().unwrap()}),
        _ => panic!("{text}"),
    };
    let coupon = |code: &str| json!({"code": code, "series": "own", "standing": "good", "claimed_as": format!("c-{code}")});
    let mut situation = situation();
    situation["facts"]["customer"]["prices"] = prices.split(", ").map(price).collect();
    situation["facts"]["coupons"] = ["A", "B"].into_iter().map(coupon).collect();
    situation["facts"]["withheld"] =
        withheld.iter().map(|code| json!({"coupon": {"code": code, "why": "limit"}})).collect();
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "rules": [{"id": "r", "name": {"en": "r"}, "then": [{"personal_price": {}}]}],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let quote = rules.price(&basket, &facts).unwrap();
    let claimed: String = quote
        .claims
        .iter()
        .map(|of| format!(" {}{:?}", of.coupon.as_deref().unwrap_or("-"), of.lines))
        .collect();
    assert_eq!(format!("{}{claimed}", told(&quote)), expected, "{prices}");
}

#[test]
fn promised_prices() {
    check_promises("milk 5000 A, milk 6000 B", &[], "milk 100 A[0]");
    check_promises("milk 5000 A, milk 6000 B", &["A"], "milk 80 B[0]");
    check_promises("milk 5000 A, milk 5000", &[], "milk 100");
    check_promises("milk 5000, milk 5000 A", &[], "milk 100");
    check_promises("milk 5000 A, ham 20000 B", &[], "ham 100 milk 100 B[1] A[0]");
    check_promises("milk 5000 A, ham 20000 A", &[], "ham 100 milk 100 A[0, 1]");
}

#[test]
fn points_that_cannot_be_spent_are_refused_aloud() {
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true}, "rules": [],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let mut situation = situation();
    situation["basket"]["points"] = json!(500);
    let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
    let redeemed = rules.price(&basket, &facts).unwrap().redemption.unwrap();
    assert_eq!((redeemed.points.0, redeemed.refused.0), (0, 500));
}

/// The cap of the receipt is of goods: neither gifts nor delivery count.
#[test]
fn the_cap_of_the_receipt() {
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "caps": {"receipt_discount_bps_max": 500},
        "rules": [
            {"id": "a", "name": {"en": "a"}, "priority": 2,
             "then": [{"gift": {"product": "mug", "price": 90_000}}]},
            {"id": "b", "name": {"en": "b"}, "priority": 1, "then": off(5000, json!({"products": ["milk"]}))},
            {"id": "c", "name": {"en": "c"}, "then": [{"shipping": {"discount_bps": 10_000}}]},
        ],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let Situation { basket, facts } = serde_json::from_value(situation()).unwrap();
    let quote = rules.price(&basket, &facts).unwrap();
    assert_eq!(told(&quote), "courier 150 gift:a 900 milk 66");
    // What a unit may become cheaper by at most is a cap, and no lowest price.
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "caps": {"unit_discount_bps_max": 2000},
        "rules": [{"id": "b", "name": {"en": "b"}, "then": off(5000, json!({"products": ["milk", "vodka"]}))}],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let quote = rules.price(&basket, &facts).unwrap();
    let by = |one: &Adjustment| one.trimmed.map(|trimmed| trimmed.by);
    let by: Vec<_> = quote.adjustments.iter().map(by).collect();
    assert_eq!(by, [Some(TrimmedBy::Cap), Some(TrimmedBy::Floor)]);
}

#[test]
fn points_take_nothing_off_where_the_law_does_not_let_them() {
    for (min_price, taken) in [(Some(45_000), 5_000), (None, 0)] {
        let ruleset = json!({
            "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true}, "rules": [],
            "redemption": {"points_per_minor": 1, "receipt_bps_max": 5000, "shown": "discount"},
        });
        let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
        let situation = json!({
            "basket": {
                "currency": "RUB", "at": "2026-11-30T13:00:00", "points": 25_000,
                "lines": [{"id": "1", "product": "vodka", "quantity": 1000, "price": 50_000,
                    "min_price": min_price, "marks": ["alcohol"]}],
            },
            "facts": {"points_available": 25_000, "wallet": "w"},
        });
        let Situation { basket, facts } = serde_json::from_value(situation).unwrap();
        let quote = rules.price(&basket, &facts).unwrap();
        assert_eq!(quote.totals.points_discount.0, taken, "{min_price:?}");
    }
}

/// Rules `id group bps`, and settings: what each gives to milk, or to whom it lost.
fn check_combination(settings: Value, groups: Value, rules: &[Value], expected: &[&str]) {
    let rules: Vec<Value> = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let mut whole =
                json!({"id": format!("r{at}"), "name": {"en": "r"}, "priority": -(at as i64)});
            whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
            whole
        })
        .collect();
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "settings": settings, "groups": groups, "rules": rules,
    });
    let compiled = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let Situation { basket, facts } = serde_json::from_value(situation()).unwrap();
    let quote = compiled.price(&basket, &facts).unwrap();
    let found: Vec<String> = (0..rules.len())
        .map(|at| {
            let id = format!("r{at}");
            let own: Vec<&Adjustment> =
                quote.adjustments.iter().filter(|one| one.rule == id).collect();
            match own.as_slice() {
                [] => compiled.explain(&id, &basket, &facts).unwrap().sentence(Language::En),
                own => {
                    format!("{}", own.iter().map(|one| one.amount.0).sum::<i64>() as f64 / 100.0)
                }
            }
        })
        .collect();
    assert_eq!(found, expected, "{rules:?}");
}

#[test]
fn combination() {
    let milk = |bps: i64| json!({"then": off(bps, json!({"products": ["milk"]}))});
    let in_group = |bps: i64, group: &str| {
        let mut rule = milk(bps);
        rule["group"] = json!(group);
        rule
    };
    let none = json!([]);
    let (sequence, original) = (json!({}), json!({"percent_base": "original"}));
    check_combination(sequence.clone(), none.clone(), &[milk(1000), milk(1000)], &["20", "18"]);
    check_combination(original, none.clone(), &[milk(1000), milk(1000)], &["20", "20"]);
    let group = |mode: &str, of: &str| json!([{"id": "g", "mode": mode, "of": of}]);
    let two = [in_group(1000, "g"), in_group(3000, "g")];
    check_combination(sequence.clone(), group("all", "receipt"), &two, &["20", "54"]);
    check_combination(sequence.clone(), group("first", "receipt"), &two, &["20", "lost to r0"]);
    check_combination(sequence.clone(), group("best", "receipt"), &two, &["lost to r1", "60"]);
    check_combination(sequence.clone(), group("first", "line"), &two, &["20", "lost to r0"]);
    check_combination(sequence.clone(), group("best", "line"), &two, &["lost to r1", "60"]);
    let with = |mut rule: Value, field: &str, value: Value| {
        rule[field] = value;
        rule
    };
    let exclusive = |bps: i64| with(milk(bps), "exclusive", json!(true));
    check_combination(
        sequence.clone(),
        none.clone(),
        &[milk(3000), exclusive(1000), exclusive(2000)],
        &["lost to r1", "20", "lost to r1"],
    );
    check_combination(
        json!({"exclusive": "best"}),
        none.clone(),
        &[milk(3000), exclusive(1000), exclusive(2000)],
        &["60", "lost to r2", "lost to r0"],
    );
    let stacked = |bps: i64, sets: Value| with(milk(bps), "stacks", sets);
    let three = [
        stacked(1000, json!(["x"])),
        stacked(2000, json!(["y"])),
        stacked(3000, json!(["x", "z"])),
    ];
    check_combination(sequence.clone(), none.clone(), &three, &["20", "lost to r0", "54"]);
    check_combination(
        json!({"combination": "best_receipt"}),
        none.clone(),
        &[
            stacked(1000, json!(["x"])),
            stacked(9000, json!(["y"])),
            stacked(3000, json!(["x", "z"])),
        ],
        &["lost to r1", "180", "lost to r1"],
    );
    // A smaller discount on the line leaves the threshold standing: more for the whole receipt.
    let line = [in_group(9000, "g"), in_group(8000, "g")];
    let whole = json!({
        "when": {"receipt": {"amount": {"min": 115000}}}, "then": off(1000, json!({"products": ["ham"]})),
        "group": "after",
    });
    let groups = json!([{"id": "g", "mode": "best", "of": "line"}, {"id": "after", "mode": "all"}]);
    let rules = [line[0].clone(), line[1].clone(), whole];
    check_combination(
        sequence,
        groups.clone(),
        &rules,
        &["180", "lost to r0", "needs 1150.00 in the receipt, has 1140.00"],
    );
    let best = json!({"combination": "best_receipt"});
    check_combination(best, groups, &rules, &["lost to r1", "160", "30"]);
}

/// Quantity, price on the shelf, hundredths of a per cent off; what is printed: price of a unit, amount.
const WEIGHED: &[[i64; 5]] = &[
    [345, 89_900, 0, 89_900, 31_016],
    [1500, 8_000, 0, 8_000, 12_000],
    [333, 100, 0, 100, 33],
    // With something taken off, it is reckoned from the amount.
    [345, 89_900, 1000, 80_910, 27_914],
];

#[test]
fn what_is_weighed_and_not_discounted_is_printed_with_the_shelfs_price() {
    for [quantity, price, off, printed, amount] in WEIGHED {
        let rules = match off {
            0 => json!([]),
            off => json!([{"id": "r", "name": {"en": "r"}, "when": {"receipt": {}},
                           "then": [{"percent": {"discount_bps": off}}]}]),
        };
        let ruleset = json!({
            "currency": "RUB", "regulated": {"profile": "none", "confirmed": true}, "rules": rules,
        });
        let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
        let basket = json!({
            "currency": "RUB", "at": "2026-11-30T13:00:00",
            "lines": [{"id": "1", "product": "cheese", "quantity": quantity, "price": price}],
        });
        let basket: Basket = serde_json::from_value(basket).unwrap();
        let quote = rules.price(&basket, &Facts::default()).unwrap();
        let position = quote.lines[0].positions[0];
        assert_eq!((position.price.0, position.amount.0), (*printed, *amount), "{quantity} {off}");
    }
}

/// Fields of the only rule that takes the coupon, and why it gave nothing for it.
#[rustfmt::skip]
const COUPON_LACKS: &[(&str, &str)] = &[
    (r#"{"when": {"coupon": "autumn"}}"#, "no rule takes coupons of this series now"),
    (r#"{"scope": {"shops": ["s2"]}}"#, "counts in other shops"),
    (r#"{"scope": {"channels": ["online"]}}"#, "counts through other channels"),
    (r#"{"when": {"all": [{"coupon": "spring"}, {"segment": "new"}]}}"#, "the customer is not in segment new"),
    (r#"{"when": {"all": [{"coupon": "spring"}, {"payment": ["cash"]}]}}"#, "needs payment by cash, has card"),
];

#[test]
fn each_coupon_is_told_why_it_gave_nothing_however_many_rules_there_are() {
    let mut told = Vec::new();
    for (fields, _) in COUPON_LACKS {
        let mut rule = json!({"id": "zz", "name": {"en": "r"}, "priority": -1, "when": {"coupon": "spring"},
                              "then": [{"percent": {"discount_bps": 1000}}]});
        let fields: Value = serde_json::from_str(fields).unwrap();
        rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        // More than are told of those that nearly count.
        let others = (0..30).map(|n| {
            json!({"id": format!("r{n}"), "name": {"en": "r"}, "when": {"receipt": {"amount": {"min": 99_000_000}}},
                   "then": [{"percent": {"discount_bps": 100}}]})
        });
        let ruleset = json!({
            "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
            "segments": {"loyal": "receipts_90d > 3", "new": "receipts_90d = 1"},
            "rules": others.chain([rule]).collect::<Vec<_>>(),
        });
        let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
        let Situation { basket, facts } = serde_json::from_value(situation()).unwrap();
        let quote = rules.price(&basket, &facts).unwrap();
        told.push(quote.coupons[0].reason.as_ref().unwrap().sentence(Language::En));
    }
    let expected: Vec<&str> = COUPON_LACKS.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(told, expected);
}
