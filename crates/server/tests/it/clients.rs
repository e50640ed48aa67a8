//! The clients of `examples/clients`, run against a real server where their language is there.

use std::path::Path;
use std::process::Command;

use programme::{Act, Bounds, Door, NewKey, Programme, Role, RulesKind, Scope};
use serde_json::{Value, json};

use super::fixture::{Shop, skip};
use super::http_process::Serving;
use super::http_strangers::Things;

const CLIENTS: [(&str, &str); 3] =
    [("sh", "receipt.sh"), ("python3", "receipt.py"), ("node", "receipt.mjs")];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clients")
}

#[test]
fn each_posts_a_receipt_once_and_reads_the_balance() {
    let shop = Shop::new();
    let things = Things::made(&shop);
    let programme = Programme::open(&shop.dir()).unwrap();
    let act = Act::of_job("test", programme::now());
    let rules = json!({
        "rounding": "down", "points_scale": 10_000, "activates_after_days": 0,
        "expires_after_days": 365,
        "rows": [{ "network": null, "category": null, "level": null, "rate": 100 }],
    });
    programme.publish_rules(&act, RulesKind::Accrual, None, &rules).unwrap();
    let card = things.card();
    programme.prepare_cards(&act, "my-batch", "my-shop").unwrap();
    let till = NewKey {
        name: "till".to_owned(),
        live: true,
        role: Role::Operator,
        door: Door::Till,
        scopes: vec![Scope::ReceiptsWrite, Scope::BalanceRead],
        bounds: Bounds {
            networks: vec!["mine".to_owned()],
            shops: vec!["my-shop".to_owned()],
            partner: None,
        },
        till: Some("1".into()),
        expires_at: None,
    };
    let key = programme.make_key(&act, &till).unwrap().text.unwrap();
    let serving = Serving::start(&shop, &[]);
    let mut points = 0;
    for (language, file) in CLIENTS {
        if Command::new(language).arg("-c").arg("").output().is_err() {
            skip(&format!("{language} is not installed, {file} was not run"));
            continue;
        }
        let run = |arguments: &[&str]| -> Result<Value, String> {
            let output = Command::new(language)
                .arg(folder().join(file))
                .args(arguments)
                .env("PROFFER_URL", format!("http://{}", serving.address))
                .env("PROFFER_KEY", key.expose())
                .output()
                .unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            if !output.status.success() {
                return Err(format!("{error}{}", String::from_utf8_lossy(&output.stdout)));
            }
            serde_json::from_slice(&output.stdout).map_err(|wrong| format!("{wrong}: {error}"))
        };
        points += 200;
        let balance = run(&[card, file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(balance["spendable"], points, "{file}");
        let refused = run(&[card, &"7".repeat(300)]).expect_err("a number this long");
        assert!(
            refused.contains("/number") || refused.contains("Idempotency-Key"),
            "{file}: {refused}"
        );
        let refused = run(&[card]).expect_err("a receipt needs a number");
        assert!(refused.contains("usage: "), "{file}: {refused}");
    }
}

#[test]
fn the_1c_client_calls_what_is_there() {
    let text = std::fs::read_to_string(folder().join("receipt.bsl")).unwrap();
    let document = server::http::routes().document();
    assert!(!document["paths"]["/api/v1/receipts"]["post"].is_null());
    assert!(!document["paths"]["/api/v1/cards/{number}/balance"]["get"].is_null());
    for path in ["\"/api/v1/receipts\"", "\"/api/v1/cards/\" + Карта + \"/balance\""] {
        assert!(text.contains(path), "{path}");
    }
    let fields = |schema: &str, named: &str| {
        let properties = &document["components"]["schemas"][schema]["properties"];
        for field in named.split(", ") {
            assert!(!properties[field].is_null(), "{schema} has no {field}");
        }
        assert!(text.contains(&format!("\"{named}\"")), "{named}");
    };
    fields("Receipt", "number, at, card, lines");
    fields("ReceiptLine", "product, category, quantity, net");
    assert!(!document["components"]["schemas"]["Balance"]["properties"]["spendable"].is_null());
}
