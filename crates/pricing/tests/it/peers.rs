//! What suites of other engines expect, each under a profile of settings of its peer.

use std::collections::BTreeMap;

use pricing::{
    Basket, Compiled, CouponFacts, CouponStanding, CouponUses, Facts, Off, Quote, Ruleset, Settings,
};
use serde_json::{Map, Value, json};

const CASES: &str = include_str!("../data/peers.json");
const PROFILES: &str = include_str!("../data/profiles.json");

#[test]
fn peers_find_their_numbers_again() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let profiles: BTreeMap<String, Value> = serde_json::from_str(PROFILES).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 70);
    let mut failures = Vec::new();
    for case in cases {
        let settings = &profiles[case["peer"].as_str().unwrap()];
        if let Err(found) = check(case, settings) {
            failures.push(format!("{}: {found}", case["id"]));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

/// An amount in major units as minor ones, half up.
fn minor(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    let thousandths = whole.parse::<i64>().unwrap() * 1000 + digits.parse::<i64>().unwrap();
    (thousandths + 5).div_euclid(10)
}

/// A share in per cent as hundredths of a per cent.
fn bps(value: &Value) -> i64 {
    minor(value)
}

fn check(case: &Value, settings: &Value) -> Result<(), String> {
    let expected = case["expected"].as_object().unwrap();
    if expected.keys().any(|key| key.ends_with("_split")) {
        return check_splits(expected, settings);
    }
    let mut settings = settings.clone();
    if expected.get("prices_include_tax") == Some(&json!(false)) || has_net_rates(case) {
        settings["vat"] =
            json!(if expected["prices_include_tax"] == json!(true) { "included" } else { "added" });
    }
    let rules: Vec<Value> =
        case["rules"].as_array().unwrap().iter().enumerate().map(rule).collect();
    let ruleset = json!({
        "currency": "RUB",
        "regulated": {"profile": "none", "confirmed": true},
        "settings": settings,
        "groups": [
            {"id": "catalog", "mode": "all"},
            {"id": "default", "mode": "best", "of": "line"},
            {"id": "order", "mode": "all"},
            {"id": "post", "mode": "best"},
        ],
        "rules": rules,
    });
    let ruleset: Ruleset = serde_json::from_value(ruleset).map_err(|error| error.to_string())?;
    let compiled = Compiled::new(ruleset, 1).map_err(|problems| format!("{problems:?}"))?;
    let (basket, facts) = (basket(case), facts(case));
    let quote = compiled.price(&basket, &facts).map_err(|problems| format!("{problems:?}"))?;
    for (key, value) in expected {
        let found = found(key, value, &basket, &quote);
        if found != *value && !same_amount(&found, value) {
            return Err(format!("{key} is {found}, not {value}; {:?}", quote.misses));
        }
    }
    Ok(())
}

fn has_net_rates(case: &Value) -> bool {
    case["lines"].as_array().unwrap().iter().any(|line| line.get("tax_rate").is_some())
}

fn check_splits(expected: &Map<String, Value>, settings: &Value) -> Result<(), String> {
    let settings: Settings = serde_json::from_value(settings.clone()).unwrap();
    let numbers = |value: &Value| -> Vec<i64> { serde_json::from_value(value.clone()).unwrap() };
    for case in expected.values().flat_map(|cases| cases.as_array().unwrap()) {
        let weights = match case.get("n") {
            Some(n) => vec![1; n.as_u64().unwrap() as usize],
            None => numbers(&case["weights"]),
        };
        let found = pricing::split(case["amount"].as_i64().unwrap(), &weights, &settings);
        if found != numbers(&case["out"]) {
            return Err(format!("{case} is {found:?}"));
        }
    }
    Ok(())
}

/// A peer's promotion as a rule of ours.
fn rule((at, of): (usize, &Value)) -> Value {
    let priority = of.get("priority").and_then(Value::as_i64).unwrap_or(-(at as i64));
    let mut rule = json!({
        "id": of["code"], "name": {"en": of["code"]}, "priority": priority,
        "then": [effect(of)], "when": {"all": [{"receipt": {}}]},
    });
    let target = of.get("target").and_then(Value::as_str).unwrap_or("order");
    let lane = of.get("lane").and_then(Value::as_str);
    rule["group"] = json!(lane.unwrap_or(if target == "catalog" { "catalog" } else { "order" }));
    rule["exclusive"] = of.get("exclusive").cloned().unwrap_or(json!(false));
    let all = rule["when"]["all"].as_array_mut().unwrap();
    if let Some(total) = of.get("min_total") {
        all.push(json!({"receipt": {"amount": {"min": minor(total)}}}));
    }
    if let Some(total) = of.get("min_discounted_total") {
        all.push(json!({"receipt": {"amount": {"min": minor(total)}, "base": "remaining"}}));
    }
    if let Some(quantity) = of.get("min_line_qty") {
        let quantity = quantity.as_i64().unwrap() * 1000;
        all.push(json!({"goods": {"quantity": {"min": quantity}, "in_one_line": true}}));
    }
    if let Some(filter) = of.get("order_contains") {
        all.push(json!({"goods": {"goods": goods(filter)}}));
    }
    if of.get("coupon").is_some() {
        all.push(json!({"coupon": of["code"]}));
    }
    if let Some(budget) = of.get("budget") {
        let amount = minor(&budget["limit"]) - minor(&budget["used"]);
        let budget = json!({"campaign": of["code"], "counts": "discount", "amount": amount});
        rule["limits"] = json!({ "budget": budget });
    }
    if let Some(cap) = of.get("cap") {
        rule["limits"] = json!({"receipt_discount_max": minor(cap)});
    }
    rule
}

fn goods(filter: &Value) -> Value {
    let mut goods = json!({});
    for (key, value) in filter.as_object().unwrap() {
        match key.as_str() {
            "cat" => goods["categories"] = json!([value]),
            "sku" | "id" => goods["products"] = json!([value]),
            "unit_price" => goods["price"] = json!({"min": minor(value), "max": minor(value)}),
            other => panic!("no filter {other}"),
        }
    }
    goods
}

fn effect(of: &Value) -> Value {
    let text = |key: &str| of.get(key).and_then(Value::as_str).unwrap_or("");
    let mut on = of.get("filter").map_or(json!({}), |filter| match text("target") {
        "shipping" => json!({}),
        _ => goods(filter),
    });
    if of.get("skip_discounted").is_some() {
        on["marked_down"] = json!(false);
    }
    let units_max = of.get("max_qty").cloned().unwrap_or(Value::Null);
    match (text("kind"), text("target"), text("allocation")) {
        ("percent", "shipping", _) => {
            json!({"shipping": {"discount_bps": bps(&of["value"]), "methods": of["filter"]["id"]}})
        }
        ("fixed", "shipping", _) => {
            json!({"shipping": {"amount": minor(&of["value"]), "methods": of["filter"]["id"]}})
        }
        ("free_shipping", ..) => json!({"shipping": {"discount_bps": 10000}}),
        ("percent", "cheapest_unit", _) => {
            json!({"cheapest": {"of_units": 1, "discount_bps": bps(&of["value"])}})
        }
        ("fixed", "cheapest_unit", _) => {
            json!({"cheapest": {"of_units": 1, "amount": minor(&of["value"])}})
        }
        ("percent", "order", _) => json!({"percent": {
            "discount_bps": bps(&of["value"]), "on": on, "rounding": "receipt",
        }}),
        ("percent", ..) => json!({"percent": {
            "discount_bps": bps(&of["value"]), "on": on, "units_max": units_max,
        }}),
        ("fixed", target, allocation) => {
            let per = match (target, allocation) {
                ("catalog", _) | (_, "each_unit") => "unit",
                ("order_and_shipping", _) | (_, "across") => "receipt",
                _ => "each",
            };
            let with_shipping = target == "order_and_shipping";
            json!({"fixed": {
                "amount": minor(&of["value"]), "per": per, "on": on, "units_max": units_max,
                "with_shipping": with_shipping,
            }})
        }
        ("buyget", ..) => json!({"buy_get": {
            "buy": goods(&of["buy_filter"]), "buy_units": of["buy_qty"],
            "get": goods(&of["get_filter"]), "get_units": of["get_qty"], "units_max": units_max,
        }}),
        ("tiered_percent", ..) => {
            let tiers = of["tiers"].as_object().unwrap();
            let tiers: Vec<Value> = tiers
                .iter()
                .map(|(from, share)| {
                    json!({"from": minor(&json!(from)), "discount_bps": bps(share)})
                })
                .collect();
            json!({"tiers": {"by": "amount", "tiers": tiers}})
        }
        ("free_item", ..) => json!({"gift": {
            "product": of["gift"]["sku"], "price": minor(&of["gift"]["price"]),
            "for_goods": goods(&of["trigger"]),
        }}),
        other => panic!("no effect for {other:?}"),
    }
}

fn basket(case: &Value) -> Basket {
    let line = |line: &Value| {
        let price = minor(&line["unit_price"]);
        let marked = line.get("catalog_price").map(minor);
        json!({
            "id": line["id"],
            "product": line.get("sku").unwrap_or(&line["id"]),
            "quantity": line["qty"].as_i64().unwrap() * 1000,
            "price": marked.unwrap_or(price),
            "regular_price": marked.map(|_| price),
            "min_price": line.get("min_price").map(minor),
            "categories": line.get("cat").map_or(json!([]), |category| json!([category])),
            "vat_bps": line.get("tax_rate").map(bps),
        })
    };
    let coupons: Vec<&Value> = with_coupon(case).map(|rule| &rule["code"]).collect();
    let basket = json!({
        "currency": "RUB",
        "at": "2026-11-30T12:00:00",
        "lines": case["lines"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(),
        "shipping": case["shipping"].as_array().unwrap().iter()
            .map(|of| json!({"id": of["id"], "price": minor(&of["price"])}))
            .collect::<Vec<_>>(),
        "coupons": coupons,
    });
    serde_json::from_value(basket).unwrap()
}

fn with_coupon(case: &Value) -> impl Iterator<Item = &Value> {
    case["rules"].as_array().unwrap().iter().filter(|rule| rule.get("coupon").is_some())
}

fn facts(case: &Value) -> Facts {
    let coupon = |rule: &Value| {
        let uses = rule["prior_uses"].as_array().unwrap();
        let cancelled = uses.iter().filter(|of| of["order_state"] == "cancelled").count() as u32;
        let reusable = rule["reusable_after_cancel"].as_bool().unwrap();
        CouponFacts {
            code: rule["code"].as_str().unwrap().to_owned(),
            series: rule["code"].as_str().unwrap().to_owned(),
            standing: CouponStanding::Good,
            uses: CouponUses {
                standing: uses.len() as u32 - cancelled,
                cancelled,
                customer_max: rule["per_customer_limit"].as_u64().map(|max| max as u32),
                reusable_after_cancel: Some(reusable),
            },
            claimed_as: None,
        }
    };
    Facts { coupons: with_coupon(case).map(coupon).collect(), ..Facts::default() }
}

/// A minor amount as a peer writes it.
fn major(amount: i64) -> Value {
    json!(format!("{}.{:02}", amount / 100, amount % 100))
}

fn same_amount(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            let amount = |text: &str| text.parse::<f64>().is_ok().then(|| minor(&json!(text)));
            amount(a).is_some() && amount(a) == amount(b)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_amount(a, b) || a == b)
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_amount(a, b) || a == b))
        }
        _ => false,
    }
}

/// What a quote says about what a peer expects.
fn found(key: &str, expected: &Value, basket: &Basket, quote: &Quote) -> Value {
    let totals = &quote.totals;
    let goods: i64 = quote.lines.iter().map(|line| line.total.0).sum();
    let first_miss =
        || quote.misses.first().map(|miss| serde_json::to_value(&miss.reason).unwrap());
    match key {
        "adjustments" => adjustments(expected, basket, quote),
        "signal" => json!(match first_miss() {
            Some(reason) if reason["because"] == "budget_exceeded" => "budget_exceeded",
            _ => "none",
        }),
        "total" => major(totals.total.0),
        "items_total" => major(goods),
        "item_total" => major(totals.goods.0),
        // Of goods; where nothing came off them, of delivery.
        "discount" => match totals.discount.0 {
            0 => major(totals.shipping_discount.0),
            discount => major(discount),
        },
        "shipping_total" => major(totals.shipping.0 - totals.shipping_discount.0),
        "net" => major(totals.total.0 - totals.vat.0),
        "net_exact" | "prices_include_tax" => expected.clone(),
        "gross" => major(totals.total.0),
        "subtotal_share" => major(totals.discount.0),
        "shipping_share" => major(totals.shipping_discount.0),
        "unit_adjustments" => {
            Value::Object(quote.lines.iter().map(|line| (line.id.clone(), units(line))).collect())
        }
        "unit_price" | "unit_price_final" => major(quote.lines[0].positions[0].price.0),
        "per_line" => major(quote.lines[0].discount.0),
        "line_totals" => Value::Object(
            quote.lines.iter().map(|line| (line.id.clone(), major(line.total.0))).collect(),
        ),
        "order" | "applied" => {
            let mut rules: Vec<&str> = Vec::new();
            for adjustment in &quote.adjustments {
                if !rules.contains(&adjustment.rule.as_str()) {
                    rules.push(&adjustment.rule);
                }
            }
            json!(rules)
        }
        "adjustment_count" => json!(quote.adjustments.len()),
        "gift_qty" => {
            json!(quote.lines.iter().find(|line| line.gift_of.is_some()).unwrap().quantity.0 / 1000)
        }
        "reason" => json!(match first_miss() {
            Some(reason) if reason["because"] == "coupon_limit" => "per_customer_limit",
            _ => "none",
        }),
        other => panic!("nothing is known about {other}"),
    }
}

/// What each unit was given, unit by unit.
fn units(line: &pricing::QuotedLine) -> Value {
    let of = |position: &pricing::Position| {
        let off = line.price.0 - position.price.0;
        vec![major(off); (position.quantity.0 / 1000) as usize]
    };
    json!(line.positions.iter().flat_map(of).collect::<Vec<_>>())
}

/// Adjustments in the shape and sequence in which a peer lists them; where several lines cost the same, the
/// line is a matter of its sorting, and sums by promotion are compared.
fn adjustments(expected: &Value, basket: &Basket, quote: &Quote) -> Value {
    let name = |off: Off| match off {
        Off::Line(line) => quote.lines[line as usize].id.clone(),
        Off::Shipping(delivery) => basket.shipping[delivery as usize].id.clone(),
    };
    let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
    for adjustment in &quote.adjustments {
        *found.entry((name(adjustment.off), adjustment.rule.clone())).or_default() +=
            adjustment.amount.0;
    }
    let expected = expected.as_array().unwrap();
    let same_count = expected.len() == found.len();
    let of = |one: &Value| {
        let key = |name: &str| one[name].as_str().unwrap().to_owned();
        found.get(&(key("line"), key("promo"))).copied()
    };
    let equal = expected.iter().all(|one| of(one) == Some(minor(&one["amount"])));
    let mut by_rule: BTreeMap<String, i64> = BTreeMap::new();
    for ((_, rule), amount) in &found {
        *by_rule.entry(rule.clone()).or_default() += amount;
    }
    for one in expected {
        *by_rule.entry(one["promo"].as_str().unwrap().to_owned()).or_default() -=
            minor(&one["amount"]);
    }
    let prices: Vec<i64> = basket.lines.iter().map(|line| line.price.0).collect();
    let alike = prices.windows(2).any(|pair| pair[0] == pair[1]);
    if (same_count && equal) || (alike && by_rule.values().all(|left| *left == 0)) {
        return json!(expected);
    }
    json!(format!("{found:?}"))
}
