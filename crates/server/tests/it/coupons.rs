//! Coupons over HTTP: codes come out once, as JSON or CSV, and whoever guesses learns nothing.

use serde_json::Value;

use super::fixture::Shop;
use super::http_client::Answer;
use super::http_process::Serving;

fn post(serving: &Serving, path: &str, key: &str, body: &str, accept: &str) -> Answer {
    let ask = serving.write("all", "POST", path, body);
    ask.with("Idempotency-Key", key).with("Accept", accept).send(serving.address)
}

#[test]
fn codes_are_exported_once_and_guesses_are_answered_alike() {
    let shop = Shop::new();
    let serving = Serving::start(&shop, &[]);
    let series = r#"{"id":"lottery","kind":"unique","name_en":"Lottery","name_ru":"Лотерея"}"#;
    let made = post(&serving, "/api/v1/coupon-series", "k1", series, "*/*");
    assert_eq!((made.status, &made.json()["uses_max"]), (201, &Value::from(1)));

    let batches = "/api/v1/coupon-series/lottery/batches";
    let csv = post(&serving, batches, "k2", r#"{"id":"b1","count":20}"#, "text/csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[0].as_str(), lines[1].len()), (21, "code", 21));
    let again = post(&serving, batches, "k2", r#"{"id":"b1","count":20}"#, "text/csv");
    assert_eq!((again.status, again.text()), (201, "code\r\n"));
    let json = post(&serving, batches, "k3", r#"{"id":"b2","count":2}"#, "application/json");
    assert_eq!(json.json()["codes"].as_array().unwrap().len(), 2);

    let ask =
        |code: &str| serving.get("all", &format!("/api/v1/coupons/{code}")).send(serving.address);
    let known = ask(&lines[1].to_lowercase()).json();
    assert_eq!((&known["series"], &known["code"]), (&Value::from("lottery"), &Value::Null));
    assert_eq!(known["uses_left"], 1);
    let alike = |answer: &Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("instance");
        body.as_object_mut().unwrap().remove("request_id");
        (answer.status, body)
    };
    let guesses = ["0000-0000-0000-0000-0", "0000-0000-0000-0000-1", "SUMMER26", "1", "%D1%8F"];
    let answers: Vec<_> = guesses.iter().map(|code| alike(&ask(code))).collect();
    assert_eq!(answers[0].0, 404);
    for (guess, answer) in guesses.iter().zip(&answers) {
        assert_eq!(answer, &answers[0], "{guess}");
    }
    let log = std::fs::read_to_string(&serving.log).unwrap();
    for line in &lines[1..] {
        assert!(!log.contains(line) && !log.contains(&line.to_lowercase()), "{line} is in the log");
    }
}
