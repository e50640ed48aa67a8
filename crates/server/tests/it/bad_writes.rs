//! Bad input to every write there is: a problem with a code and a place, the database as it was, and
//! nothing of it in the log. A new route is covered by its line in [`WRITES`].

use serde_json::{Value, json};
use server::http::problem::Code;

use super::database::databases;
use super::http_access::reason;
use super::http_client::{Answer, Ask};
use super::writes::{State, WRITES, World};

/// What must not be found in a log.
const MARK: &str = "s3cr3t";

/// Texts that are no JSON, made of a body that is.
fn malformed(body: &str) -> Vec<Vec<u8>> {
    let with = |text: &str| body.replacen("\":", &format!("\":{text},\"{MARK}\":"), 1);
    let texts = [
        String::new(),
        "{".to_owned(),
        MARK.to_owned(),
        format!("{body}{body}"),
        format!("{body}{MARK}"),
        format!("\u{feff}{body}"),
        format!("{},}}", &body[..body.len() - 1]),
        body.replace('"', "'"),
        with("NaN"),
        with("01"),
        with("+1"),
        with("0x10"),
        with(r#""\ud800""#),
        with(r#""\udc00\ud800""#),
        with(r#""\x00""#),
        with("\"a\u{0}b\""),
        with("\"a\nb\""),
        with(&"[".repeat(100_000)),
    ];
    let utf16 = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let not_utf8 = [&body.as_bytes()[..body.len() - 1], b",\"\xff\xfe\":1}"].concat();
    texts.map(String::into_bytes).into_iter().chain([utf16, not_utf8]).collect()
}

/// JSON that is never right where a value of this kind stands. What may be absent may be null.
fn wrong_values(value: &Value) -> Vec<String> {
    let long = format!("\"{MARK}{}\"", "x".repeat(100_000));
    #[rustfmt::skip]
    let wrong: &[&str] = match value {
        Value::Null => &[],
        Value::Bool(_) => &["\"true\"", "1", "{}", "[]"],
        Value::Number(_) => &["\"7\"", "7.5", "1e3", "1e99", "-9223372036854775809", "18446744073709551616", "true"],
        Value::String(_) => &["7", "7.5", "true", "{}", "[]", "\"s3cr3t\\u0000\"", "\"\\u001b[31ms3cr3t\"", "\"s3cr3t\u{85}\"", &long],
        Value::Array(_) => &["{}", "7", "\"s3cr3t\"", "null"],
        Value::Object(_) => &["7", "\"s3cr3t\"", "true"],
    };
    wrong.iter().map(|&text| text.to_owned()).collect()
}

/// Texts that somebody may mean, or mean harm with: they are taken as they are, or refused.
const ODD: [&str; 16] = [
    "\u{202e}s3cr3t\u{2066}",
    "s3cr3t\u{200b}\u{200d}\u{feff}\u{ad}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} s3cr3t",
    "s3cr3t\u{fdd0}\u{ffff}\u{10ffff}\u{e000}",
    "\u{1f469}\u{200d}\u{1f467} s3cr3t",
    "İıẞſﬃ s3cr3t",
    "ｓ３ｃｒ３ｔ s3cr3t ４００",
    "'; DROP TABLE card; -- s3cr3t",
    "\" OR 1=1 /* s3cr3t",
    "s3cr3t\\",
    "s3cr3t\r\nX-Evil: 1",
    "../../etc/passwd s3cr3t",
    "%00%0d%0aX-Evil:%201 s3cr3t",
    "{{7*7}} ${7*7} $1 :a s3cr3t",
    "%s%n s3cr3t",
    "  s3cr3t  ",
];

/// The same for a part of a path or query.
const ODD_PARTS: [&str; 12] = [
    "s3cr3t%00",
    "s3cr3t%0d%0aX-Evil:%201",
    "s3cr3t%ff%fe",
    "%c0%ae%c0%ae%2fs3cr3t",
    "..%2f..%2fetc%2fs3cr3t",
    "%252e%252e%252fs3cr3t",
    "s3cr3t%e2%80%ae%e2%80%8b",
    "s3cr3t'%20OR%20'1'%3d'1",
    "s3cr3t%3b%20DROP%20TABLE%20card",
    "-1",
    "99999999999999999999999",
    "%F0%9F%91%A9s3cr3t",
];

/// (line, place, value, expected): wrong for the trade where the form is right. One line a case.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("POST /api/v1/receipts", "/at", r#""2999-01-01T00:00:00Z""#, "422 /at future"),
    ("POST /api/v1/receipts", "/at", r#""1999-01-01T00:00:00Z""#, "422 /at too_old"),
    ("POST /api/v1/receipts", "/at", r#""2026-02-30T00:00:00Z""#, "422 /at time"),
    ("POST /api/v1/receipts", "/lines/0/quantity", "0", "422 /lines/0/quantity zero"),
    ("POST /api/v1/receipts", "/lines/0/quantity", "9223372036854775807", "422 /lines/0/quantity out_of_range"),
    ("POST /api/v1/receipts", "/lines/0/net", "-1", "422 /lines/0/net sign"),
    ("POST /api/v1/receipts", "/lines/0/net", "1000000000001", "422 /lines/0/net out_of_range"),
    ("POST /api/v1/receipts", "/lines/0/supplier_coupon", "17801", "422 /lines/0/supplier_coupon too_much"),
    ("POST /api/v1/receipts", "/lines/0/retailer_coupon", "501", "422 /lines/0/retailer_coupon too_much"),
    ("POST /api/v1/receipts", "/card", r#""12 34 ٤""#, "422 /card card_number"),
    ("POST /api/v1/returns", "/at", r#""2999-01-01T00:00:00Z""#, "422 /at future"),
    ("POST /api/v1/returns", "/lines/0/net", "8900", "422 /lines/0/net sign"),
    ("POST /api/v1/quotes", "/seconds", "86401", "422 /seconds range"),
    ("POST /api/v1/quotes", "/currency", r#""usd""#, "422 /currency currency"),
    ("POST /api/v1/quotes", "/lines/0/quantity", "-1000", "422 /lines/0/quantity negative"),
    ("POST /api/v1/quotes", "/lines/0/price", "1000000000001", "422 /lines/0/price range"),
    ("POST /api/v1/quotes", "/lines/0/vat_bps", "10001", "422 /lines/0/vat_bps range"),
    ("POST /api/v1/quotes", "/points", "-1", "422 /points negative"),
    ("POST /api/v1/quotes/{id}/confirm", "/lines/0/line", r#""7""#, "422 /lines/0/line unknown"),
    ("POST /api/v1/quotes/{id}/confirm", "/lines/0/quantity", "3000", "422 /lines/0/quantity range"),
    ("POST /api/v1/quotes/{id}/confirm", "/lines/0/quantity", "500", "422 /lines/0/quantity whole_units"),
    ("POST /api/v1/rules/{kind}", "/body/rows/0/rate", "-1", "422 /body/rows/0/rate rule"),
    ("POST /api/v1/rules/{kind}", "/body/rows/0/rate", "1000001", "422 /body/rows/0/rate rule"),
    ("POST /api/v1/rules/{kind}", "/body/points_scale", "0", "422 /body/points_scale rule"),
    ("POST /api/v1/rules/{kind}", "/body/activates_after_days", "365", "422 /body/expires_after_days rule"),
    ("POST /api/v1/rules/{kind}", "/body/levels/1/threshold", "-1", "422 /body/levels/1/threshold rule"),
    ("POST /api/v1/rules/{kind}", "/body/levels/1/discount", "10001", "422 /body/levels/1/discount rule"),
    ("POST /api/v1/discounts", "/body/rules/0/when", r#"{"s3cr3t":true}"#, "422 /body/rules/0/when type"),
    ("PUT /api/v1/discounts/{version}", "/body/rules/0/priority", r#""s3cr3t""#, "422 /body/rules/0/priority type"),
    ("POST /api/v1/discounts/{version}/publish", "/starts_at", r#""1999-01-01T00:00:00Z""#, "422 /starts_at in_the_past"),
    ("POST /api/v1/discounts/{version}/publish", "/starts_at", r#""2999-01-01T00:00:00Z""#, "422 /starts_at too_late"),
    ("POST /api/v1/coupon-series", "/kind", r#""s3cr3t""#, "422 /kind value"),
    ("POST /api/v1/coupon-series", "/uses_max", "0", "422 /uses_max range"),
    ("POST /api/v1/coupon-series", "/ends_at", r#""1999-01-01T00:00:00Z""#, "422 /ends_at never"),
    ("POST /api/v1/coupon-series/{series}/batches", "/count", "0", "422 /count count"),
    ("POST /api/v1/coupon-series/{series}/batches", "/count", "10001", "422 /count count"),
    ("POST /api/v1/coupons", "/price", "-1", "422 /price range"),
    ("POST /api/v1/coupons", "/customer", r#""anna@s3cr3t.example""#, "422 /customer personal_data"),
    ("POST /api/v1/cards/{number}/level", "/until", r#""2999-01-01""#, "422 /until date"),
    ("POST /api/v1/cards/{number}/level", "/until", r#""1999-01-01""#, "422 /until date"),
    ("POST /api/v1/cards/{number}/level", "/until", r#""2026-02-30""#, "422 /until date"),
    ("POST /api/v1/keys", "/expires_at", r#""1999-01-01T00:00:00Z""#, "422 /expires_at in_the_past"),
    ("POST /api/v1/keys/{id}/rotate", "/former_until", r#""2999-01-01T00:00:00Z""#, "422 /former_until too_late"),
    ("POST /api/v1/webhooks", "/url", r#""http://169.254.169.254/s3cr3t""#, "422 /url url_refused"),
    ("POST /api/v1/webhooks", "/url", r#""file:///etc/s3cr3t""#, "422 /url url_refused"),
    ("POST /api/v1/webhooks/{id}/rotate", "/former_seconds", "2592001", "422 /former_seconds too_late"),
    ("POST /api/v1/networks", "/scheme", r#""s3cr3t""#, "422 /scheme value"),
    ("POST /api/v1/networks/{network}/shops", "/time_zone", r#""Mars/s3cr3t""#, "422 /time_zone unknown"),
    ("POST /api/v1/networks/{network}/ranges", "/digits", "19", "422 /digits range"),
    ("POST /api/v1/networks/{network}/ranges", "/to", "18446744073709551615", "422 /to range"),
    ("POST /api/v1/ranges/{range}/print-batches", "/cards", "0", "422 /cards count"),
    ("POST /api/v1/ranges/{range}/print-batches", "/cards", "1000001", "422 /cards count"),
    ("POST /api/v1/ranges/{range}/virtual-cards", "/customer", r#""anna@s3cr3t.example""#, "422 /customer personal_data"),
    ("POST /api/v1/ranges/{range}/virtual-cards", "/customer", r#""+7 916 123-45-67""#, "422 /customer personal_data"),
    ("POST /api/v1/staff", "/id", r#""s3cr3t@shop.example""#, "422 /id id_unsound"),
];

/// Headers a client may put anything into. (A sane `X-Request-Id` is for the log.)
const HEADERS: [&str; 18] = [
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Forwarded",
    "traceparent",
    "tracestate",
    "User-Agent",
    "Referer",
    "Origin",
    "Accept-Language",
    "Cookie",
    "X-HTTP-Method-Override",
    "X-Original-URL",
    "If-Match",
    "Idempotency-Key",
    "Authorization",
    "Content-Type",
];

/// Places of all values within a body, its own first.
fn places(value: &Value, at: &str) -> Vec<String> {
    let within: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, item)| (n.to_string(), item)).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, f)| (name.clone(), f)).collect(),
        _ => Vec::new(),
    };
    let within = within.into_iter().flat_map(|(name, v)| places(v, &format!("{at}/{name}")));
    std::iter::once(at.to_owned()).chain(within).collect()
}

/// A body with a text of JSON in one place.
fn with(body: &Value, place: &str, text: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(place).unwrap() = json!("@");
    body.to_string().replacen("\"@\"", text, 1)
}

/// (body, where the fault is): each wrong in one place.
fn wrong_bodies(body: &Value) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for place in places(body, "") {
        let value = body.pointer(&place).unwrap();
        let values = wrong_values(value).into_iter().filter(|_| !place.is_empty());
        wrong.extend(values.map(|text| (with(body, &place, &text), place.clone())));
        let Value::Object(fields) = value else { continue };
        let Some((name, first)) = fields.iter().next() else { continue };
        let whole = value.to_string();
        let unknown = format!("{{\"{MARK}\":1,{}", &whole[1..]);
        let twice = format!("{{\"{name}\":{first},{}", &whole[1..]);
        wrong.push((with(body, &place, &unknown), format!("{place}/{MARK}")));
        wrong.push((with(body, &place, &twice), format!("{place}/{name}")));
    }
    wrong
}

/// Other bodies of the same form.
fn other_bodies(body: &Value) -> Vec<(String, String)> {
    let mut others = Vec::new();
    for place in places(body, "") {
        let other = match body.pointer(&place).unwrap() {
            Value::Bool(value) => vec![json!(!value)],
            Value::Number(value) => vec![json!(value.as_i64().unwrap() + 1)],
            Value::String(text) => {
                let dates = ["2027-01-01", "2000-01-01T00:00:00Z"].map(|date| json!(date));
                [json!(format!("{text}x"))].into_iter().chain(dates).collect()
            }
            _ => Vec::new(),
        };
        let other = other.into_iter().map(|value| with(body, &place, &value.to_string()));
        others.extend(other.map(|body| (body, place.clone())));
    }
    others
}

/// An answer without what is shown only once.
fn lasting(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    for once in ["text", "secret", "codes"] {
        body.as_object_mut().map(|body| body.remove(once));
    }
    (answer.status, body)
}

/// Whether the answer to a write is kept under its key: not of what lets somebody in, nor of finding somebody, which
/// is a deed each time.
fn is_kept(world: &World, line: &str) -> bool {
    world.is_by_key(line) && !line.contains("staff-links") && !line.ends_with("/find")
}

/// A write that was done, and what came back.
struct Done {
    line: &'static str,
    ask: Ask,
    answer: Answer,
}

impl World {
    /// Every answer has the form of ours, and tells a client only in part what it sent.
    fn sound(&self, ask: &Ask, answer: &Answer) {
        let sent: String = String::from_utf8_lossy(&ask.body).chars().take(400).collect();
        let why = format!("{}, {} {sent} => {}", self.name(), ask.line, answer.text());
        assert!(answer.status < 500 || answer.told() == "503 not_ready", "{why}");
        assert!(!answer.headers.iter().any(|header| header.0.contains("evil")), "{why}");
        if answer.status >= 400 {
            let code = answer.json()["code"].as_str().unwrap().to_owned();
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{why}");
            assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{why}");
            assert!(answer.body.len() < 10_000, "{why}");
        }
    }

    /// Asks for what must be refused in one of these ways.
    fn refused(&self, ask: &Ask, expected: &[impl AsRef<str>]) {
        let answer = self.send(ask);
        self.sound(ask, &answer);
        let told = answer.told();
        let sent: String = String::from_utf8_lossy(&ask.body).chars().take(400).collect();
        assert!(
            expected.iter().any(|expected| expected.as_ref() == told),
            "{}, {} {sent} => {}",
            self.name(),
            ask.line,
            answer.text()
        );
    }

    fn unchanged(&self, before: &State, what: &str) {
        let differs = self.state().differences(before);
        assert!(differs.is_empty(), "{}, {what}: {differs:#?}", self.name());
    }

    /// All that is wrong with a body by itself, whoever sends it.
    fn refuses_wrong_bodies(&self, line: &str, key: &str, good: &str) {
        for body in malformed(good) {
            self.refused(&self.ask(line, key, body), &["400 json_malformed"]);
        }
        let body: Value = serde_json::from_str(good).unwrap();
        for (wrong, place) in wrong_bodies(&body) {
            let long = wrong.len() > 10_000;
            // A receipt of a batch is answered for by itself, and a wrong password is counted.
            if long && (line.ends_with("/batch") || line.starts_with("POST /api/v1/session")) {
                continue;
            }
            let at = |place: &str| format!("422 invalid {place}").trim_end().to_owned();
            let mut expected = vec![at(&place)];
            match &place {
                // It names a thing that is not there, or lets nobody in.
                _ if long => {
                    expected.extend(["404 not_found", "401 unauthenticated"].map(str::to_owned));
                }
                // What has one field of several is told as a whole.
                place if place.starts_with("/body/") => {
                    expected.push(at(place.rsplit_once('/').unwrap().0));
                }
                _ => {}
            }
            self.refused(&self.ask(line, key, wrong), &expected);
        }
        for (_, place, value, expected) in WRONG.iter().filter(|case| case.0 == line) {
            // One kind of rules has the place, the other has not.
            let Some(_) = body.pointer(place) else { continue };
            let ask = self.ask(line, key, with(&body, place, value));
            assert_eq!(reason(&self.send(&ask)), *expected, "{line} {place} {value}");
        }
        let rules = ["POST /api/v1/discounts", "PUT /api/v1/discounts/{version}"].contains(&line);
        let large = if line.ends_with("/batch") || rules { 16 << 20 } else { 1 << 20 };
        let large = [good.as_bytes(), &vec![b' '; large]].concat();
        self.refused(&self.ask(line, key, large), &["413 body_too_large"]);
        let form = self.ask(line, key, good).with("Content-Type", "text/plain");
        self.refused(&form, &["415 media_type"]);
        if !self.operation(line)["security"].is_null() {
            let keyless = self.ask(line, key, good).without("Idempotency-Key");
            self.refused(&keyless, &["400 key_missing Idempotency-Key:"]);
        }
    }

    /// Odd texts in every place, by a key that stores nothing, so that what is taken changes nothing.
    fn bears_odd_texts(&self, line: &str, good: &str) {
        let body: Value = serde_json::from_str(good).unwrap();
        for place in
            places(&body, "").iter().filter(|place| body.pointer(place).unwrap().is_string())
        {
            for odd in ODD {
                let odd = with(&body, place, &json!(odd).to_string());
                let ask = self.rehearsed(self.ask(line, "odd", odd));
                self.sound(&ask, &self.send(&ask));
            }
        }
    }

    /// Once more it is answered alike; with the same key and another body it is refused.
    fn is_done_once(&self, done: &Done) {
        let Done { line, ask, answer } = done;
        assert_eq!(lasting(&self.send(ask)), lasting(answer), "{}, {line} again", self.name());
        let Ok(body) = serde_json::from_slice::<Value>(&ask.body) else { return };
        let mut refused = 0;
        for (other, place) in other_bodies(&body) {
            let other = self.send(&ask.clone().body(other));
            match other.told().as_str() {
                "409 key_reused" => refused += 1,
                told if told.starts_with("422 ") => {}
                // Of a secret nothing is kept, not even a hash.
                told => assert!(place.ends_with("/password"), "{line} {place}: {told}"),
            }
        }
        assert!(refused > 0 || line.ends_with("/password"), "{line}");
    }

    /// Odd parts of every path and query.
    fn bears_odd_addresses(&self) {
        for (path, operations) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let method = method.to_uppercase();
                let ask = |path: &str| {
                    self.rehearsed(self.serving.write("all", &method, path, "{}"))
                        .with("If-Match", "\"1\"")
                };
                for odd in ODD_PARTS.iter().copied().chain([&*"s3cr3t".repeat(2_000)]) {
                    if let (Some(from), Some(until)) = (path.find('{'), path.find('}')) {
                        let ask = ask(&format!("{}{odd}{}", &path[..from], &path[until + 1..]));
                        let answer = self.send(&ask);
                        self.sound(&ask, &answer);
                        assert!(answer.status >= 400, "{}: {}", ask.line, answer.text());
                    }
                    let named = self.path(path);
                    let parameters = operation["parameters"].as_array().into_iter().flatten();
                    let parameters = parameters.filter(|parameter| parameter["in"] == "query");
                    for name in parameters.map(|parameter| parameter["name"].as_str().unwrap()) {
                        let odd_value = ask(&format!("{named}?{name}={odd}"));
                        self.sound(&odd_value, &self.send(&odd_value));
                        let unknown = ask(&format!("{named}?{odd}={name}"));
                        let answer = self.send(&unknown);
                        self.sound(&unknown, &answer);
                        assert!(
                            answer.told().starts_with("400 parameter_invalid ?"),
                            "{}",
                            unknown.line
                        );
                    }
                }
            }
        }
    }

    /// Anything in a header.
    fn bears_odd_headers(&self) {
        let line = "POST /api/v1/networks";
        let good = self.ask(line, "odd", WRITES[0].1);
        let long = "s3cr3t".repeat(5_000);
        for odd in ["s3cr3t\u{e9}", "s3cr3t s3cr3t", "s3cr3t\"}", "s3cr3t%0d%0a", &long] {
            let answer = self.send(&self.rehearsed(good.clone()).with("X-Request-Id", odd));
            assert!(!answer.header("x-request-id").unwrap().contains(MARK), "{odd}");
        }
        for name in HEADERS {
            for odd in ["s3cr3t", "s3cr3t\u{202e}\u{e9}", "00-s3cr3t-'; DROP TABLE card-01", &long]
            {
                let ask = self.rehearsed(good.clone());
                let answer = self.send(
                    &if name == "Authorization" { good.clone() } else { ask }.with(name, odd),
                );
                assert!((200..500).contains(&answer.status), "{name}: {odd}: {}", answer.status);
            }
        }
    }

    /// A digit mistyped anywhere is told; a receipt is kept, for the goods are sold, and moves no points.
    fn finds_mistyped_cards(&self) {
        let number = self.named["cards/{number}"].clone();
        let mut mistyped = Vec::new();
        for place in 0..number.len() {
            for digit in '0'..='9' {
                let mut digits: Vec<char> = number.chars().collect();
                digits[place] = digit;
                mistyped.push(digits.into_iter().collect::<String>());
            }
        }
        mistyped.retain(|text| *text != number);
        let before = self.state();
        let block = json!({"operation": "block", "reason": "lost"}).to_string();
        for wrong in &mistyped {
            let at = |path: &str| format!("/api/v1/cards/{wrong}{path}");
            let family = self.ask(
                "POST /api/v1/cards/{number}/family",
                "m",
                json!({"card": wrong}).to_string(),
            );
            let [read, change] = [
                self.serving.get("all", &at("")),
                self.serving.write("all", "POST", &at("/operations"), &*block),
            ];
            self.refused(&read, &["400 parameter_invalid {number}"]);
            self.refused(&change, &["400 parameter_invalid {number}"]);
            self.refused(&family, &["422 invalid /card"]);
        }
        self.unchanged(&before, "mistyped cards");
        let receipt = WRITES.iter().find(|line| line.0 == "POST /api/v1/receipts").unwrap();
        let mut receipt: Value = serde_json::from_str(&self.body(receipt.1)).unwrap();
        receipt["number"] = json!("mistyped");
        receipt["fiscal"] = Value::Null;
        receipt["card"] = json!(mistyped[7]);
        let answer = self.send(&self.ask("POST /api/v1/receipts", "mistyped", receipt.to_string()));
        assert_eq!(answer.json()["nothing_because"], "card_unknown", "{}", answer.text());
        for row in self.state().differences(&before) {
            let table = row.split(' ').next().unwrap();
            let moved = ["card", "wallet", "wallet_day", "account", "transfer", "entry", "lot"];
            assert!(!moved.contains(&table), "{row}");
        }
    }
}

#[test]
fn a_wrong_write_is_refused_and_changes_nothing() {
    for database in databases() {
        let mut world = World::on(database);
        world.all_writes_are_known();
        let mut all = Vec::new();
        for (place, &(line, body, keeps)) in WRITES.iter().enumerate() {
            let (key, body) = (format!("key-{place}"), world.body(body));
            let before = world.state();
            if !body.is_empty() {
                world.refuses_wrong_bodies(line, &key, &body);
                if world.is_by_key(line) {
                    world.bears_odd_texts(line, &body);
                }
                world.unchanged(&before, line);
            }
            // What was refused under a key did not use it up.
            let ask = world.ask(line, &key, body);
            let answer = world.send(&ask);
            assert!(answer.status < 300, "{line}: {}", answer.text());
            let after = world.state();
            assert_ne!(after, before, "{line}: what is done is seen");
            world.keep(keeps, &answer);
            if is_kept(&world, line) {
                let done = Done { line, ask, answer };
                world.is_done_once(&done);
                world.unchanged(&after, line);
                all.push(done);
            }
        }
        let before = world.state();
        // Whoever lost an answer may ask again much later, when other things have been done since.
        for Done { line, ask, answer } in all.iter().rev() {
            assert_eq!(lasting(&world.send(ask)), lasting(answer), "{line} late");
        }
        world.bears_odd_addresses();
        world.bears_odd_headers();
        world.unchanged(&before, "late and odd requests");
        world.finds_mistyped_cards();
        let log = world.log();
        let card = &world.named["cards/{number}"];
        for hidden in [MARK, card, "correct horse", "9960440300000001", "DROP TABLE"] {
            let told = log.lines().find(|line| line.contains(hidden));
            assert_eq!(told, None, "{}: {hidden}", world.name());
        }
        assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    }
}
