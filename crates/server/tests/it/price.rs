//! `proffer price` and `proffer rules export`: the examples' rules on the examples' basket, bundles at a
//! till that has nothing but files, and what is told of bad ones.

use std::path::{Path, PathBuf};

use programme::{Act, NewNetwork, NewShop, Programme, now};
use serde_json::{Value, json};

use super::fixture::Shop;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/rules").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(example(name)).unwrap()
}

/// (rules, what the example's basket of 1,655.00 costs by them, minor units).
#[rustfmt::skip]
const EXAMPLES: &[(&str, i64)] = &[
    ("effects/percent.json",          162_130),
    ("effects/fixed.json",            160_500),
    ("effects/fixed_price.json",      162_500),
    ("effects/competitor_price.json", 160_600),
    ("effects/personal_price.json",   155_500),
    ("effects/buy_get.json",          156_600),
    ("effects/cheapest.json",         158_500),
    ("effects/bundle.json",           158_700),
    ("effects/tiers.json",            163_815),
    ("effects/gift.json",             165_500),
    ("effects/points.json",           165_500),
    ("effects/shipping.json",         145_600),
    ("effects/message.json",          165_500),
    ("grocery.json",                  145_062),
];

#[test]
fn the_examples_price_the_basket() {
    let shop = Shop::new();
    let kinds: Vec<String> = std::fs::read_dir(example("effects"))
        .unwrap()
        .map(|file| format!("effects/{}", file.unwrap().file_name().to_string_lossy()))
        .collect();
    for kind in &kinds {
        assert!(EXAMPLES.iter().any(|(name, _)| name == kind), "{kind} is not priced");
    }
    for (name, expected) in EXAMPLES {
        let (rules, basket) = (example(name), example("basket.json"));
        let (rules, basket) = (rules.to_str().unwrap(), basket.to_str().unwrap());
        let told = shop.done(&["price", "--rules", rules, "--basket", basket, "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let to_pay = told["quote"]["totals"]["to_pay"].as_i64().unwrap();
        assert_eq!(to_pay, *expected, "{name}: {:#}", told["quote"]["totals"]);
        let ruleset: programme::pricing::Ruleset = serde_json::from_str(&text(name)).unwrap();
        // Birthdays and favourites wait for the questionnaire, and every rule about them says so.
        let mut warnings = programme::pricing::warnings(&ruleset);
        warnings.retain(|warning| warning.code != "not_known_yet");
        assert_eq!(warnings, [], "{name}");
    }
}

#[test]
fn a_quote_is_read_as_a_receipt_in_two_languages() {
    let shop = Shop::new();
    let (rules, basket) = (example("grocery.json"), example("basket.json"));
    let (rules, basket) = (rules.to_str().unwrap(), basket.to_str().unwrap());
    for (language, expected) in [
        (
            "en",
            ["To pay: ", "Personal price (coffee-personal)", "SUMMER26: summer", "See you again!"],
        ),
        (
            "ru",
            ["К оплате: ", "Личная цена (coffee-personal)", "SUMMER26: summer", "Ждём вас снова!"],
        ),
    ] {
        let told = shop.done(&[
            "price",
            "--rules",
            rules,
            "--basket",
            basket,
            "--lang",
            language,
            "--explain",
            "birthday",
        ]);
        for part in expected {
            assert!(told.contains(part), "{part} is not in:\n{told}");
        }
        assert!(told.trim_end().lines().last().unwrap().starts_with("birthday: "), "{told}");
    }
}

/// A programme that has published the example's rules for dairy, with a budget, and its bundle.
fn till() -> (Shop, PathBuf) {
    let shop = Shop::new();
    let programme = Programme::open(&shop.dir()).unwrap();
    let act = Act::of_job("console", now());
    let (en, ru) = ("Pyramid".to_owned(), "Пирамида".to_owned());
    let network = NewNetwork {
        id: "pyramid".to_owned(),
        name_en: en.clone(),
        name_ru: ru.clone(),
        scheme: programme::Scheme::Ean13,
    };
    programme.add_network(&act, network).unwrap();
    let new = NewShop {
        id: "pyramid-1".to_owned(),
        network: "pyramid".to_owned(),
        name_en: en,
        name_ru: ru,
        time_zone: "Europe/Moscow".to_owned(),
    };
    programme.add_shop(&act, new).unwrap();
    let mut rules: Value = serde_json::from_str(&text("effects/fixed.json")).unwrap();
    rules["rules"][0]["limits"] =
        json!({ "budget": { "campaign": "fifty", "counts": "discount", "amount": 1_000_000 } });
    let version = programme.draft_discounts(&act, &rules).unwrap().version;
    assert_eq!(programme.verify_discounts(&act, version).unwrap().problems, []);
    programme.publish_discounts(&act, version, None).unwrap();
    drop(programme);
    let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(5)).to_string();
    let out = shop.path("bundle.json");
    let bundle = out.to_str().unwrap();
    shop.done(&[
        "rules",
        "export",
        "--shop",
        "pyramid-1",
        "--till",
        "1",
        "--until",
        &until,
        "--grant",
        "minus-50=3000",
        "--out",
        bundle,
    ]);
    (shop, out)
}

#[test]
fn a_till_without_a_network_prices_by_a_bundle() {
    let (shop, bundle) = till();
    let public = shop.dir().join("bundle-key.pub");
    // A till has neither the programme's folder nor a key that signs.
    let keys = shop.path("keys.pub");
    std::fs::copy(&public, &keys).unwrap();
    let private = std::fs::read_to_string(shop.dir().join("bundle-key")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(shop.dir().join("bundle-key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "for its owner alone");
    }
    let backup = shop.path("backup");
    shop.done(&["backup", backup.to_str().unwrap()]);
    let names: Vec<String> = std::fs::read_dir(&backup)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!names.iter().any(|name| name == "bundle-key"), "{names:?}");
    std::fs::remove_dir_all(shop.dir()).unwrap();

    let mut basket: Value = serde_json::from_str(&text("basket.json")).unwrap();
    basket["facts"]["coupons"] = json!([]);
    let file = shop.write("basket.json", basket.to_string());
    let price = |arguments: &[&str]| {
        let mut all = vec!["price", "--till", "1", "--bundle", bundle.to_str().unwrap()];
        all.extend(arguments);
        shop.run(&all)
    };
    let key = std::fs::read_to_string(&keys).unwrap();
    for key in [keys.to_str().unwrap(), key.trim()] {
        let told = price(&["--key", key, "--basket", file.to_str().unwrap(), "--json"]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        // 50.00 off, of which 30.00 were granted.
        assert_eq!(told["quote"]["totals"]["to_pay"], 162_500, "{told:#}");
        assert_eq!(told["coupons_not_looked_up"], json!(["SUMMER26"]));
    }

    let refused = |bundle: &Path, key: &str, basket: &Path| {
        let arguments = [
            "price",
            "--till",
            "1",
            "--bundle",
            bundle.to_str().unwrap(),
            "--key",
            key,
            "--basket",
            basket.to_str().unwrap(),
        ];
        let told = shop.failed(&arguments);
        assert!(!told.contains(private.trim()), "{told}");
        told
    };
    basket["basket"]["shop"] = json!("pyramid-2");
    let elsewhere = shop.write("elsewhere.json", basket.to_string());
    let mut sealed: Value = serde_json::from_slice(&std::fs::read(&bundle).unwrap()).unwrap();
    let content = sealed["content"].as_str().unwrap().to_owned();
    sealed["content"] = json!(content.replacen('A', "B", 1));
    let altered = shop.write("altered.json", sealed.to_string());
    let stranger = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=";
    let keys = keys.to_str().unwrap();
    for (bundle, key, basket, expected) in [
        (&bundle, keys, &elsewhere, " at /content/shop [foreign_shop]"),
        (&altered, keys, &file, "altered.json at /signature [forged]"),
        (&bundle, stranger, &file, " at /key [foreign_key]"),
        (&file, keys, &file, "basket.json [format]"),
    ] {
        let told = refused(bundle, key, basket);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

/// What stands in place of a text of good files, and what is told.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("rules",  r#""discount_bps": 1000"#, r#""discount_bps": 10001"#, "rules.json at /rules/0/then/0/percent/discount_bps [range]"),
    ("rules",  r#""discount_bps": 1000"#, r#""discount_bps": 1000, "of": 1"#, "rules.json at /rules/0/then/0/percent/of [type]"),
    ("rules",  r#""confirmed": true"#, r#""confirmed": false"#, "rules.json at /regulated/confirmed [not_confirmed]"),
    ("rules",  r#""RUB""#, r#""USD""#, "basket.json at /basket/currency [currency]"),
    ("rules",  "{", "[", "rules.json [json]"),
    ("basket", r#""quantity": 3000"#, r#""quantity": -3000"#, "basket.json at /basket/lines/0/quantity [negative]"),
    ("basket", r#""quantity": 3000"#, r#""quantity": 3000, "colour": 1"#, "basket.json at /basket/lines/0/colour [type]"),
    ("basket", r#""id": "2""#, r#""id": "1""#, "basket.json at /basket/lines/1/id [repeated]"),
];

#[test]
fn bad_files_are_told_by_their_place() {
    let shop = Shop::new();
    for (which, text_there, wrong, expected) in WRONG {
        let mut files = [("rules", text("effects/percent.json")), ("basket", text("basket.json"))];
        for (name, text) in &mut files {
            if name == which {
                assert!(text.contains(text_there), "{text_there}");
                *text = text.replacen(text_there, wrong, 1);
            }
        }
        let [rules, basket] = files.map(|(name, text)| shop.write(&format!("{name}.json"), text));
        let arguments =
            ["price", "--rules", rules.to_str().unwrap(), "--basket", basket.to_str().unwrap()];
        let told = shop.failed(&arguments);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
