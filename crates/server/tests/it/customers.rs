//! Customers over HTTP, and nothing of who they are in any file or log.

use std::path::Path;

use super::fixture::Shop;
use super::http_process::Serving;

const NETWORK: &str = r#"{"id": "n1", "name_en": "First", "name_ru": "Первая", "scheme": "plain"}"#;
const ANNA: &str = r#"{"network": "n1", "means": "app", "answers":
    {"phone": "8 (916) 123-45-67", "first_name": "Анна", "surname": "Планетарова", "consent_processing": true}}"#;

/// (who, request, If-Match, body, expected); `ID` is the customer.
#[rustfmt::skip]
const REQUESTS: &[(&str, &str, Option<&str>, &str, &str)] = &[
    ("customers:write", "GET /api/v1/questionnaire?network=n1", None, "", "200"),
    ("customers:read", "GET /api/v1/questionnaire?network=n1", None, "", "403 forbidden"),
    ("customers:write", "GET /api/v1/questionnaire?network=no", None, "", "404 not_found"),
    ("customers:write", "POST /api/v1/customers", None, r#"{"answers": {}, "means": "smoke"}"#, "422 invalid /means"),
    ("customers:write", "POST /api/v1/customers", None, r#"{"network": "n1", "answers": {"consent_processing": true}, "means": "app"}"#, "422 invalid /answers/phone"),
    ("customers:write", "POST /api/v1/customers", None, r#"{"network": "n1", "answers": {"phone": "9161234567", "consent_processing": true}, "means": "app"}"#, "422 invalid /answers/phone"),
    ("customers:find", "POST /api/v1/customers", None, ANNA, "403 forbidden"),
    ("customers:find", "GET /api/v1/customers/ID", None, "", "403 forbidden"),
    ("customers:read", "GET /api/v1/customers/ID", None, "", "200"),
    ("customers:read", "GET /api/v1/customers/nobody", None, "", "404 not_found"),
    ("elsewhere", "GET /api/v1/customers/ID", None, "", "404 not_found"),
    ("elsewhere", "GET /api/v1/customers/ID/changes", None, "", "404 not_found"),
    ("customers:read", "POST /api/v1/customers/find", None, r#"{"phone": "+79161234567"}"#, "403 forbidden"),
    ("customers:find", "POST /api/v1/customers/find", None, r#"{"phone": "+79161234567"}"#, "200"),
    ("customers:find", "POST /api/v1/customers/find", None, r#"{"phone": "12"}"#, "422 invalid /phone"),
    ("customers:find", "POST /api/v1/customers/find", None, r#"{"passport": "12"}"#, "422 invalid /passport"),
    ("customers:write", "PATCH /api/v1/customers/ID/answers", None, r#"{"answers": {"email": "planted@example.com"}, "means": "app"}"#, "428 version_missing"),
    ("customers:write", "PATCH /api/v1/customers/ID/answers", Some("\"7\""), r#"{"answers": {"email": "planted@example.com"}, "means": "app"}"#, "412 version_changed"),
    ("customers:write", "PATCH /api/v1/customers/ID/answers", Some("\"1\""), r#"{"answers": {"email": "planted"}, "means": "app"}"#, "422 invalid /answers/email"),
    ("customers:write", "PATCH /api/v1/customers/ID/answers", Some("\"1\""), r#"{"answers": {"email": "planted@example.com"}, "means": "app"}"#, "200"),
    ("customers:read", "GET /api/v1/customers/ID/changes", None, "", "200"),
];

/// As they are typed, stored and found.
const PLANTED: [&str; 8] = [
    "9161234567",
    "916) 123",
    "+7916",
    "Анна",
    "Планетарова",
    "планетарова",
    "planted@example",
    "nobody@else",
];

#[test]
fn who_somebody_is_stands_in_no_file_and_no_log() {
    let shop = Shop::new();
    let serving = Serving::start(&shop, &[]);
    let made = serving.write("all", "POST", "/api/v1/networks", NETWORK).send(serving.address);
    assert_eq!(made.told(), "201", "{}", made.text());
    let register = || {
        let ask = serving.write("customers:write", "POST", "/api/v1/customers", ANNA);
        ask.with("Idempotency-Key", "anna").send(serving.address)
    };
    let (first, again) = (register(), register());
    assert_eq!((first.told(), first.header("etag")), ("201".to_owned(), Some("\"1\"")));
    assert_eq!(first.json(), again.json(), "asked twice, it is done once");
    let id = first.json()["customer"].as_str().unwrap().to_owned();
    let mut answers = vec![first.body];
    for (number, &(who, line, if_match, body, expected)) in REQUESTS.iter().enumerate() {
        let (method, path) = line.split_once(' ').unwrap();
        let path = path.replace("ID", &id);
        let mut ask = match method {
            "GET" => serving.get(who, &path),
            _ => serving.write(who, method, &path, body),
        };
        ask = ask.with("Idempotency-Key", &format!("r{number}"));
        ask = if_match.map_or(ask.clone(), |version| ask.with("If-Match", version));
        let answer = ask.send(serving.address);
        assert_eq!(answer.told(), expected, "{who} {line} {body}\n{}", answer.text());
        if who != "customers:read" {
            answers.push(answer.body);
        }
    }
    let read = || serving.get("customers:read", &format!("/api/v1/customers/{id}"));
    let shown = read().send(serving.address).json();
    let answered = &shown["answers"];
    assert_eq!(
        ["phone", "email", "surname"].map(|name| answered[name].as_str().unwrap()),
        ["+79161234567", "planted@example.com", "Планетарова"]
    );

    // Other keys, while it is served; the server takes them from the file.
    shop.done(&["vault", "renew-key"]);
    let keys = std::fs::read_to_string(shop.dir().join("vault-key")).unwrap();
    assert_eq!(keys.lines().count(), 2);
    shop.done(&["vault", "renew-index"]);
    let status: serde_json::Value =
        serde_json::from_str(&shop.done(&["vault", "status", "--json"])).unwrap();
    let persons = |place: usize| status["keys"][place]["persons"].as_i64().unwrap();
    assert_eq!((persons(0), persons(1)), (1, 0), "{status}");
    assert_eq!(read().send(serving.address).json(), shown);
    let find = |what: &str| {
        let ask = serving.write("customers:find", "POST", "/api/v1/customers/find", what);
        let found = ask.send(serving.address).json();
        found["customers"].as_array().unwrap().len()
    };
    assert_eq!(find(r#"{"name": "ПЛАНЕТАРОВА анна"}"#), 1);
    assert_eq!(find(r#"{"email": "nobody@else.com"}"#), 0);

    let backup = shop.path("backup");
    shop.done(&["backup", backup.to_str().unwrap()]);
    shop.done(&["audit", "verify"]);
    let mut files = vec![("answers".to_owned(), answers.concat())];
    files.push(("log".to_owned(), std::fs::read(&serving.log).unwrap()));
    read_all(&shop.dir(), &mut files);
    read_all(&backup, &mut files);
    let has = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(files.iter().any(|(_, bytes)| has(bytes, &id)), "what is no secret is found");
    for (name, bytes) in &files {
        let found: Vec<_> = PLANTED.iter().filter(|text| has(bytes, text)).collect();
        assert!(found.is_empty(), "{name} holds {found:?}");
        let is_key_file = name.ends_with("programme/vault-key");
        let has_key = keys.lines().any(|key| has(bytes, key));
        assert!(is_key_file || !has_key, "{name} holds a programme key");
    }

    shop.done(&["erase", &id]);
    assert_eq!(read().send(serving.address).told(), "404 not_found");
    assert_eq!(find(r#"{"name": "планетарова"}"#), 0);
}

fn read_all(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn without_its_key_file_the_vault_says_what_to_do() {
    let shop = Shop::new();
    {
        let serving = Serving::start(&shop, &[]);
        serving.write("all", "POST", "/api/v1/networks", NETWORK).send(serving.address);
        let made = serving.write("customers:write", "POST", "/api/v1/customers", ANNA);
        assert_eq!(made.send(serving.address).told(), "201");
    }
    let file = shop.dir().join("vault-key");
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for command in ["status", "renew-key", "renew-index"] {
        let why = shop.failed(&["vault", command]);
        assert!(why.contains("is gone") && why.contains("bring it back"), "{command}: {why}");
    }
    assert!(!file.exists(), "no new key hides that the old one is lost");
    std::fs::write(&file, "AAAA\n").unwrap();
    assert!(shop.failed(&["vault", "status"]).contains("it holds no key"));
    std::fs::write(&file, kept).unwrap();
    assert!(shop.done(&["vault", "status", "--lang", "ru"]).contains("действует"));
}
