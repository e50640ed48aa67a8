//! Every route of the document, asked by somebody who has every right but is bound to another network:
//! nobody reaches what is not his. A new route is covered by being in the document; a new kind of thing
//! in a path needs one line in [`Things`].

use std::collections::BTreeMap;

use programme::{
    Act, Bounds, CardKind, CouponKind, Door, NewCouponSeries, NewKey, NewNetwork, NewPrintBatch,
    NewRange, NewShop, NewStaff, NumberRange, Programme, Role, Scheme, Secret, StaffRights,
};
use serde_json::{Value, json};

use super::fixture::Shop;
use super::http_client::Ask;
use super::http_process::Serving;

/// Ids of things of the network `mine`, by their place in paths.
pub struct Things(BTreeMap<&'static str, String>);

impl Things {
    pub fn made(shop: &Shop) -> Self {
        let programme = Programme::open(&shop.dir()).unwrap();
        let act = Act::of_job("console", programme::now());
        for (network, shop) in [("mine", "my-shop"), ("elsewhere", "other-shop")] {
            let text = |text: &str| text.to_owned();
            let new = NewNetwork {
                id: text(network),
                name_en: text(network),
                name_ru: text(network),
                scheme: Scheme::Ean13,
            };
            programme.add_network(&act, new).unwrap();
            let new = NewShop {
                id: text(shop),
                network: text(network),
                name_en: text(shop),
                name_ru: text(shop),
                time_zone: text("Europe/Moscow"),
            };
            programme.add_shop(&act, new).unwrap();
            programme.add_till(&act, shop, "1").unwrap();
        }
        let range = NumberRange {
            network: "mine".into(),
            prefix: "400".to_owned(),
            digits: 9,
            scheme: Scheme::Ean13,
            from: 0,
            to: 999,
        };
        let new = NewRange { id: "my-range".to_owned(), kind: CardKind::Plastic, range };
        programme.add_range(&act, new).unwrap();
        let batch =
            NewPrintBatch { id: "my-batch".to_owned(), range: "my-range".to_owned(), cards: 3 };
        programme.print_cards(&act, batch).unwrap();
        let card = programme.printed_cards(&act, "my-batch").unwrap().remove(0).number;
        let bounds = Bounds { networks: vec!["mine".to_owned()], ..Bounds::default() };
        let rights =
            StaffRights { role: Role::Operator, door: Door::Office, bounds: bounds.clone() };
        let staff = NewStaff { id: "my-anna".to_owned(), rights };
        programme.add_staff(&act, &staff, &Secret::new("correct horse battery")).unwrap();
        let key = NewKey {
            name: "mine".to_owned(),
            live: true,
            role: Role::Operator,
            door: Door::Till,
            scopes: Vec::new(),
            bounds,
            till: None,
            expires_at: None,
        };
        let key = programme.make_key(&act, &key).unwrap().key.id;
        // Coupons are the programme's: nobody who is bound to a network has any.
        let series = NewCouponSeries {
            id: "my-series".to_owned(),
            kind: CouponKind::Generic,
            name_en: "mine".to_owned(),
            name_ru: "mine".to_owned(),
            starts_at: None,
            ends_at: None,
            uses_max: None,
            customer_uses_max: None,
            code: Some("my-coupon".to_owned()),
        };
        programme.add_coupon_series(&act, series).unwrap();
        let ids = [
            ("networks/{network}", "mine".to_owned()),
            ("shops/{shop}", "my-shop".to_owned()),
            ("ranges/{range}", "my-range".to_owned()),
            ("print-batches/{batch}", "my-batch".to_owned()),
            ("cards/{number}", card),
            ("customers/{id}", "my-customer".to_owned()),
            ("staff/{id}", "my-anna".to_owned()),
            ("keys/{id}", key),
            ("flags/{id}", "1".to_owned()),
            ("webhooks/{id}", "my-hook".to_owned()),
            ("receipts/{id}", "my-receipt".to_owned()),
            ("coupon-series/{series}", "my-series".to_owned()),
            ("coupons/{coupon}", "my-coupon".to_owned()),
            ("discounts/{version}", "1".to_owned()),
            ("quotes/{id}", "my-quote".to_owned()),
            ("rules/{rule}", "my-rule".to_owned()),
        ];
        Self(ids.into_iter().collect())
    }

    /// The number of a card of the network `mine`.
    pub fn card(&self) -> &str {
        &self.0["cards/{number}"]
    }

    /// A path about things of the network `mine`; nothing where it names none.
    fn in_path(&self, path: &str) -> Option<String> {
        // What belongs to nobody is no thing.
        let path = &path.replace("rules/{kind}", "rules/accrual");
        let parts: Vec<&str> = path.split('/').collect();
        let named = parts.iter().enumerate().map(|(place, part)| {
            if !part.starts_with('{') {
                return (*part).to_owned();
            }
            let kind = format!("{}/{part}", parts[place - 1]);
            let id = self.0.get(kind.as_str());
            id.unwrap_or_else(|| panic!("{path}: no thing of the kind {kind} is made here")).clone()
        });
        let named = named.collect::<Vec<_>>().join("/");
        (named != *path).then_some(named)
    }
}

/// A body made of the document's examples.
fn body(document: &Value, operation: &Value) -> Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    example(document, schema)
}

fn example(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return example(document, document.pointer(&name[1..]).unwrap());
    }
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(first) = schema["examples"].get(0) {
        return first.clone();
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return example(document, first);
    }
    if let Some(properties) = schema["properties"].as_object() {
        let of = |(name, schema): (&String, &Value)| (name.clone(), example(document, schema));
        return Value::Object(properties.iter().map(of).collect());
    }
    match schema["type"].as_str() {
        Some("array") => json!([example(document, &schema["items"])]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        Some("object") => json!({}),
        _ => json!("x"),
    }
}

#[test]
fn nobody_reaches_things_of_another_network() {
    let shop = Shop::new();
    let things = Things::made(&shop);
    let serving = Serving::start(&shop, &["--limit-key", "0", "--limit-card", "0"]);
    let document = Ask::new("GET", "/api/v1/openapi.json").send(serving.address).json();
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(scope) = operation["security"][0]["key"][0].as_str() else { continue };
            let body = body(&document, operation).to_string();
            let method = method.to_uppercase();
            let target = things.in_path(path);
            let ask = |who: &str, key: &str| {
                let path = path.replace("rules/{kind}", "rules/accrual");
                let path = target.as_deref().unwrap_or(&path);
                let ask = serving.write(who, &method, path, body.clone());
                ask.with("If-Match", "\"1\"").with("Idempotency-Key", key).send(serving.address)
            };
            let answer = ask("elsewhere", &format!("a-{asked}"));
            let told = answer.told();
            asked += 1;
            let Some(target) = &target else {
                // A list: what it shows is none of ours.
                assert!(!answer.text().contains("my-"), "{method} {path}: {}", answer.text());
                continue;
            };
            assert!(
                matches!(answer.status, 400 | 403 | 404),
                "{method} {target} (needs {scope}): {told} {}",
                answer.text()
            );
            // Whoever is bound to nothing does reach it, so that the refusal means something.
            let made =
                ["mine", "my-shop", "my-range", "my-batch", "my-anna", "my-series", "my-coupon"];
            if made.iter().any(|id| target.contains(id)) {
                let reached = ask("all", &format!("b-{asked}"));
                assert!(
                    !matches!(reached.status, 403 | 404),
                    "{method} {target}: {}",
                    reached.text()
                );
            }
            // A thing that is not there is told alike, so that nobody learns what is.
            let other = target.replace("my-", "no-").replace("/mine", "/none");
            if answer.status == 404 && other != *target && method == "GET" {
                let unknown = serving.get("elsewhere", &other).send(serving.address);
                assert_eq!(unknown.told(), told, "{method} {other}");
            }
        }
    }
    assert!(asked > 20, "{asked} operations were asked for");
}
