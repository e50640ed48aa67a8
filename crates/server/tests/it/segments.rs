//! Segments as they are asked for: by the command line and over HTTP, over real snapshots.

use demo::{DemoShop, Size};
use serde_json::Value;

use super::fixture::{Shop, rows};
use super::http_process::Serving;

/// A shop with a snapshot.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.import(&rows(300));
    shop.done(&["refresh"]);
    shop
}

fn json(shop: &Shop, arguments: &[&str]) -> Value {
    let arguments = [&["segment", "--json"], arguments].concat();
    serde_json::from_str(&shop.done(&arguments)).unwrap()
}

/// A statement, and the same said about a row of everybody's portraits by other means.
type Case = (&'static str, fn(&Value) -> bool);

const CASES: [Case; 8] = [
    ("visits_91d >= 3", |row| row["visits_91d"].as_i64().is_some_and(|visits| visits >= 3)),
    ("spend_91d > 50 и recency_days между 3 и 30", |row| {
        row["spend_91d"].as_f64().is_some_and(|spend| spend > 50.0)
            && row["recency_days"].as_i64().is_some_and(|days| (3..=30).contains(&days))
    }),
    ("lifecycle_stage in ('new', 'at_risk') or hml_segment_364d = 'heavy'", |row| {
        ["new", "at_risk"].iter().any(|stage| row["lifecycle_stage"] == *stage)
            || row["hml_segment_364d"] == "heavy"
    }),
    ("ipt_mean_364d is null", |row| row["ipt_mean_364d"].is_null()),
    ("not ipt_mean_364d < 7", |row| !row["ipt_mean_364d"].as_f64().is_some_and(|mean| mean < 7.0)),
    ("ipt_mean_364d >= 7", |row| row["ipt_mean_364d"].as_f64().is_some_and(|mean| mean >= 7.0)),
    ("first_purchase_date < 2025-02-01", |row| {
        row["first_purchase_date"].as_str().is_some_and(|day| day < "2025-02-01")
    }),
    ("main_store_changed_91d and top_category_1_364d != 'dairy'", |row| {
        row["main_store_changed_91d"] == true
            && row["top_category_1_364d"].as_str().is_some_and(|category| category != "dairy")
    }),
];

#[test]
fn a_segment_is_whom_portraits_say_it_is_of() {
    let shop = Shop::new();
    shop.import_demo(&DemoShop::grocery(Size { customers: 400, days: 150, seed: 3 }));
    shop.done(&["refresh"]);
    shop.done(&["portrait", "--out", "portraits.jsonl"]);
    let portraits = std::fs::read_to_string(shop.path("portraits.jsonl")).unwrap();
    let portraits: Vec<Value> =
        portraits.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    for (text, holds) in CASES {
        let expected: Vec<&Value> =
            portraits.iter().filter(|row| holds(row)).map(|row| &row["customer"]).collect();
        let told = json(&shop, &[text, "--list"]);
        let ids: Vec<&Value> = told["ids"].as_array().unwrap().iter().collect();
        assert_eq!(ids, expected, "{text}");
        assert_eq!(told["customers"], expected.len(), "{text}");
        assert_eq!(told["of"], portraits.len(), "{text}");
        assert!(expected.len() < portraits.len(), "{text} tells nobody apart");
    }
}

#[test]
fn the_command_line_counts_lists_and_writes() {
    let shop = shop();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let told = |arguments: &[&str]| shop.done(&[&["segment"], arguments].concat());
    let recent = "recency_days<2";
    assert_eq!(told(&[recent]), "20 of 300 customers as of 2024-01-28: recency_days < 2\n");
    assert_eq!(
        told(&[recent, "--lang", "ru"]),
        "20 из 300 покупателей на 2024-01-28: recency_days < 2\n"
    );
    let all = lines(&told(&[recent, "--list"]));
    assert_eq!(all.len(), 20);
    assert_eq!(lines(&told(&[recent, "--list", "--limit", "3"])), all[..3]);
    assert_eq!(told(&["visits_7d > 100", "--list"]), "");

    told(&[recent, "--out", "ids.csv"]);
    let written = std::fs::read_to_string(shop.path("ids.csv")).unwrap();
    assert_eq!(lines(&written), [&["customer".to_owned()], &all[..]].concat());
    told(&[recent, "--out", "ids.jsonl", "--limit", "1"]);
    let written = std::fs::read_to_string(shop.path("ids.jsonl")).unwrap();
    assert_eq!(written, format!("{{\"customer\":\"{}\"}}\n", all[0]));

    // A column in which nobody has a text.
    assert!(told(&["best_channel_364d is null"]).starts_with("300 of 300"));
    assert!(told(&["best_channel_364d != 'sms'"]).starts_with("0 of 300"));

    let view = json(&shop, &["consent_marketing and visits_7d > 0"]);
    assert_eq!(
        (&view["snapshot"], &view["customers"], &view["of"]),
        (&1.into(), &0.into(), &300.into())
    );
    assert_eq!(view["without_values"][0]["parameter"], "consent_marketing");
    assert!(view.get("ids").is_none(), "{view}");
    let output = shop.run(&["segment", "consent_marketing"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("consent_marketing has no values yet")
    );

    let output = shop.run(&["segment", "points_balance > 0", "--json", "--lang", "ru"]);
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    let why = view["without_values"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("баллы "), "{why}");
    let noted = String::from_utf8(output.stderr).unwrap();
    assert_eq!(noted, format!("points_balance ещё не имеет значений: {why}\n"));

    // Whoever is erased is in no segment any more.
    shop.done(&["erase", &all[0]]);
    assert_eq!(lines(&told(&[recent, "--list"])), all[1..]);
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let shop = shop();
    let wrong = |arguments: &[&str]| {
        let output = shop.run(&[&["segment"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        wrong(&["visits_7d > 1 and spnd_91d > 10"]),
        "error: at character 19: there is no parameter spnd_91d; is it spend_91d, spend_28d, spend_7d?\n\n\
         visits_7d > 1 and spnd_91d > 10\n                  ^\n"
    );
    assert_eq!(
        wrong(&["визиты > 1 и spend_91d > 'много'", "--lang", "ru"]),
        "error: символ 1: нет показателя визиты\n\nвизиты > 1 и spend_91d > 'много'\n^\n"
    );
    assert_eq!(
        wrong(&["spend_91d > 'много'", "--lang", "ru"]),
        "error: символ 13: spend_91d сравнивается так: число; а здесь текст в кавычках\n\n\
         spend_91d > 'много'\n            ^\n"
    );
    for arguments in [
        &[""][..],
        &[],
        &["visits_7d = 1", "--limit", "1"],
        &["visits_7d = 1", "--list", "--limit", "-1"],
        &["visits_7d = 1", "--list", "--out", "ids.csv"],
        &[&"(".repeat(100_000)],
    ] {
        wrong(arguments);
    }
    let failed = shop.failed(&["segment", "visits_7d = 1", "--out", "ids.txt"]);
    assert!(failed.contains("ids.txt should end in"), "{failed}");
    let failed = Shop::new().failed(&["segment", "visits_7d = 1"]);
    assert!(failed.contains("proffer refresh"), "{failed}");
}

#[test]
fn the_api_counts_the_same_and_tells_nobody_who_may_not_ask() {
    let shop = shop();
    let serving = Serving::start(&shop, &[]);
    let path = |text: &str| {
        let query: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        format!("/api/v1/segments/count?expression={query}")
    };
    let ask = |who: &str, text: &str| serving.get(who, &path(text)).send(serving.address);
    let counted = ask("portraits:read", "давность = 1 или recency_days < 2");
    assert_eq!(counted.told(), "400 parameter_invalid ?expression");
    let counted = ask("portraits:read", "visits_91d = 0 или recency_days < 2").json();
    assert_eq!(
        counted,
        serde_json::json!({
            "expression": "visits_91d = 0 or recency_days < 2",
            "as_of": "2024-01-28", "customers": 20, "of": 300
        })
    );
    for (lang, why) in
        [("en", "consents are not recorded so far"), ("ru", "согласия пока не записываются")]
    {
        let asked = serving.get("all", &path("consent_marketing")).with("Accept-Language", lang);
        assert_eq!(
            asked.send(serving.address).json()["without_values"],
            serde_json::json!([{"parameter": "consent_marketing", "why": why}])
        );
    }

    let wrong = ask("all", "gender = 5");
    assert_eq!(wrong.told(), "400 parameter_invalid ?expression");
    let fault = &wrong.json()["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["detail"]),
        (
            &"type".into(),
            &"at character 10: gender is compared with a text in quotes, not with a number".into(),
        )
    );
    let wrong = serving.get("all", &path("gender = 5")).with("Accept-Language", "ru");
    let detail = wrong.send(serving.address).json()["errors"][0]["detail"].clone();
    assert!(detail.as_str().unwrap().starts_with("символ 10: "), "{detail}");

    // Who may not read portraits, and who is bound to a network, learns nothing: suppliers are the former.
    for (who, expected) in [
        ("offers:read", "403 forbidden"),
        ("none", "403 forbidden"),
        ("elsewhere", "403 forbidden"),
    ] {
        assert_eq!(ask(who, "gender = 'f'").told(), expected, "{who}");
    }
    let bare = serving.get("all", "/api/v1/segments/count").send(serving.address);
    assert_eq!(bare.told(), "400 parameter_invalid ?expression");
}
