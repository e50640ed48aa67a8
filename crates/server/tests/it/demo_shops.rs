//! All three demo shops pass the main job, and what was planted in them comes out.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use demo::{DemoShop, Size};

use super::fixture::Shop;

#[test]
fn every_demo_shop_passes_the_main_job() {
    let shops = [
        ("grocery", DemoShop::grocery(Size { customers: 1_000, days: 90, seed: 5 })),
        ("shoes", DemoShop::shoes(Size { customers: 300, days: 400, seed: 5 })),
        ("travel", DemoShop::travel(Size { customers: 500, days: 800, seed: 5 })),
    ];
    for (name, demo) in shops {
        let shop = Shop::new();
        let report = shop.import_demo(&demo);
        let truths = demo.truths();
        let lines: usize = demo.receipts().map(|receipt| receipt.lines.len()).sum();
        assert_eq!(report["lines"], lines, "{name}");
        let sold: HashSet<_> =
            demo.receipts().flat_map(|receipt| receipt.lines).map(|line| line.product.0).collect();
        let unknown = truths.unknown_products.iter().filter(|id| sold.contains(&id.0)).count();
        assert_eq!(report["unknown_products"], unknown, "{name}");
        let again: serde_json::Value =
            serde_json::from_str(&shop.done(&["import", "mapping.toml", "--json"])).unwrap();
        assert_eq!(again["lake"]["already_there"], true, "{name}");

        let refresh: serde_json::Value =
            serde_json::from_str(&shop.done(&["refresh", "--json"])).unwrap();
        let shared: Vec<&str> = refresh["shared_cards"]
            .as_array()
            .unwrap()
            .iter()
            .map(|card| card["customer"].as_str().unwrap())
            .collect();
        let till: Vec<&str> =
            truths.till_card.iter().map(|card| card.customer.0.as_str()).collect();
        // The small shops have too few receipts for the limits.
        let expected = if name == "grocery" { &till[..] } else { &[] };
        assert_eq!(shared, expected, "{name}: cards used for many people");

        let offers = shop.done(&["offers", "--lang", "ru"]);
        assert!(offers.contains("последний раз"), "{name}: {offers}");
        assert!(shared.iter().all(|card| !offers.contains(card)), "{name}");
        shop.done(&["portrait", "--out", "portraits.csv"]);
        shop.done(&["evaluate", "next-basket", "--json"]);
        simulate(&shop, &demo, name);
    }
}

/// A rouble off each receipt of a rouble and more, by rules that are only simulated, against the same counted
/// here.
fn simulate(shop: &Shop, demo: &DemoShop, name: &str) {
    let rules = serde_json::json!({
        "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        "rules": [
            {"id": "rouble", "name": {"ru": "рубль", "en": "a rouble"},
             "when": {"receipt": {"amount": {"min": 100}}},
             "then": [{"fixed": {"amount": 100, "per": "receipt"}}]},
            {"id": "elsewhere", "name": {"ru": "нигде", "en": "nowhere"},
             "scope": {"shops": ["nowhere"]}, "then": [{"percent": {"discount_bps": 1000}}]},
        ],
    });
    std::fs::write(shop.path("rules.json"), rules.to_string()).unwrap();
    let told = shop.done(&["rules", "simulate", "--rules", "rules.json", "--days", "28", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let newest = demo.receipts().map(|receipt| receipt.day.0).max().unwrap();
    let days = newest - 27..=newest;
    let (mut priced, mut left_out, mut goods, mut then, mut given) = (0, 0, 0_i64, 0, 0_i64);
    let mut units = 0_i64;
    for receipt in demo.receipts().filter(|receipt| days.contains(&receipt.day.0)) {
        if receipt.lines.iter().any(|line| line.quantity.0 <= 0 || line.net.0 < 0) {
            left_out += 1;
            continue;
        }
        let shelf: i64 = receipt.lines.iter().map(|line| line.net.0 + line.discount.0).sum();
        priced += 1;
        goods += shelf;
        // A price of a unit is rounded by half a kopeck at most.
        units += receipt.lines.iter().map(|line| line.quantity.0 / 1000 + 1).sum::<i64>();
        then += receipt.lines.iter().map(|line| line.discount.0).sum::<i64>();
        given += if shelf >= 100 { 100 } else { 0 };
    }
    assert_eq!(told["receipts"], priced, "{name}: {told}");
    assert_eq!(told["left_out"], left_out, "{name}");
    let off = (told["goods"].as_i64().unwrap() - goods).abs();
    assert!(off <= units, "{name}: goods are off by {off} kopecks of {units} units");
    assert_eq!(told["discount_then"], then, "{name}");
    // A receipt of 99 or 100 kopecks may fall on either side.
    let off = (told["discount"].as_i64().unwrap() - given).abs();
    assert!(off <= 200, "{name}: discounts are off by {off} kopecks");
    assert_eq!(told["never"], serde_json::json!(["elsewhere"]), "{name}");
    let shown = shop.done(&["rules", "simulate", "--rules", "rules.json", "--lang", "ru"]);
    assert!(shown.contains("Ни разу не сработали: elsewhere"), "{name}: {shown}");
}

/// Writes feeds with `proffer demo`; gives every file by name.
fn feeds(shop: &Shop, folder: &str, format: &str) -> BTreeMap<String, Vec<u8>> {
    let size = ["--customers", "300", "--days", "70", "--seed", "7", "--next-day"];
    shop.done(&[&["demo", "--feeds", folder, "--format", format], &size[..]].concat());
    let folder = shop.path(folder);
    let files =
        |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let all = files(folder.clone()).chain(files(folder.join("next-day")));
    let name = |path: &Path| path.strip_prefix(&folder).unwrap().display().to_string();
    all.filter(|path| path.is_file())
        .map(|path| (name(&path), std::fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn feeds_in_any_form_and_in_parts_are_the_same_shop() {
    let demo = DemoShop::grocery(Size { customers: 300, days: 71, seed: 7 });
    let last = demo.last_day();
    let lines = |next_day: bool| -> usize {
        let receipts = demo.receipts().filter(|receipt| (receipt.day == last) == next_day);
        receipts.map(|receipt| receipt.lines.len()).sum()
    };
    let portraits = ["csv", "parquet"].map(|format| {
        let shop = Shop::new();
        let files = feeds(&shop, "feeds", format);
        for name in ["receipts-2025-01", "receipts-2025-03", "next-day/receipts-2025-03-12"] {
            assert!(
                files.contains_key(&format!("{name}.{format}")),
                "{name} of {:?}",
                files.keys()
            );
        }
        for (mapping, next_day) in
            [("feeds/mapping.toml", false), ("feeds/next-day/mapping.toml", true)]
        {
            let report: serde_json::Value =
                serde_json::from_str(&shop.done(&["import", mapping, "--json"])).unwrap();
            let read = report["feeds"].as_array().unwrap().iter();
            let bad: u64 = read.map(|feed| feed["bad"].as_u64().unwrap()).sum();
            assert_eq!(report["lake"]["lines"], lines(next_day), "{format}, {mapping}: {report}");
            assert_eq!(bad, 0, "{format}, {mapping}");
        }
        shop.done(&["portrait", "--out", "portraits.csv"]);
        std::fs::read_to_string(shop.path("portraits.csv")).unwrap()
    });
    assert_eq!(portraits[0], portraits[1], "CSV and Parquet");
}

#[test]
fn a_history_shows_what_a_customer_bought() {
    let shop = Shop::new();
    shop.import(
        "1,c1,2024-01-05 12:30:00,p1,1.5,30.00\n\
         1,c1,2024-01-05 12:30:00,p2,1,0.05\n\
         2,c2,2024-01-05 12:30:00,p1,1,20.00\n\
         3,c1,2024-01-04 09:05:00,p1,-1,-20.00\n",
    );
    let told = |lang: &str| shop.done(&["lake", "history", "c1", "--lang", lang]);
    for (lang, expected) in [
        (
            "en",
            "date        time   shop  product  name  quantity     net  discount\n\
             ──────────  ─────  ────  ───────  ────  ────────  ──────  ────────\n\
             2024-01-04  09:05  -     p1               -1.000  -20.00      0.00\n\
             2024-01-05  12:30  -     p1                1.500   30.00      0.00\n\
             2024-01-05  12:30  -     p2                1.000    0.05      0.00\n\n\
             3 lines, 10.05 received.\n",
        ),
        (
            "ru",
            "дата        время  магазин  товар  название  количество   сумма  скидка\n\
             ──────────  ─────  ───────  ─────  ────────  ──────────  ──────  ──────\n\
             2024-01-04  09:05  -        p1                   -1.000  -20.00    0.00\n\
             2024-01-05  12:30  -        p1                    1.500   30.00    0.00\n\
             2024-01-05  12:30  -        p2                    1.000    0.05    0.00\n\n\
             Строк: 3, получено 10.05.\n",
        ),
    ] {
        assert_eq!(told(lang), expected, "{lang}");
    }
    let json = shop.done(&["lake", "history", "c1", "--json", "--repeat", "2"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["lines"][1]["net"], 3_000);
    assert_eq!(json["again_s"].as_array().map(Vec::len), Some(2));
    assert!(shop.failed(&["lake", "history", "c3"]).contains("c3"));
    shop.write("customers.csv", "id\nc3\n");
    shop.write("people.toml", "[customers]\nfiles = \"customers.csv\"\nfields.id = \"id\"\n");
    shop.done(&["import", "people.toml"]);
    assert!(shop.done(&["lake", "history", "c3"]).contains("0 lines"), "known, and never came");
}

#[test]
fn interrupted_feeds_go_on_where_they_stopped() {
    for format in ["csv", "parquet"] {
        let shop = Shop::new();
        let whole = feeds(&shop, "whole", format);
        let size = ["--customers", "300", "--days", "70", "--seed", "7", "--next-day"];
        let command = [&["demo", "--feeds", "cut", "--format", format], &size[..]].concat();
        for stop_at in [
            "stock.csv",
            &format!("receipts-2025-01.{format}"),
            &format!("receipts-2025-02.{format}"),
        ] {
            let mut child = shop.command(&command).stderr(Stdio::null()).spawn().unwrap();
            while !shop.path("cut").join(stop_at).exists() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            // It may be done already; what counts is that nothing is lost or doubled.
            let _ = child.kill();
            child.wait().unwrap();
        }
        let again = feeds(&shop, "cut", format);
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&again), names(&whole), "{format}");
        assert!(again == whole, "{format}: the same names hold other bytes");
        let refused = shop.failed(&["demo", "--feeds", "cut", "--customers", "301"]);
        assert!(
            refused.contains("another shop") && refused.contains("customers = 300"),
            "{refused}"
        );
    }
}

#[test]
fn a_refresh_is_reproducible_and_an_erased_customer_is_gone_everywhere() {
    let shop = Shop::new();
    shop.import_demo(&DemoShop::grocery(Size { customers: 100, days: 120, seed: 9 }));
    shop.done(&["refresh"]);
    shop.done(&["refresh"]);
    let file = |number: u32, name: &str| {
        std::fs::read(shop.dir().join(format!("lake/snapshot/{number:06}/{name}"))).unwrap()
    };
    for name in [
        "portraits.parquet",
        "offers.parquet",
        "population.bin",
        "evaluation.json",
        "campaigns.parquet",
    ] {
        assert_eq!(file(1, name), file(2, name), "{name}");
    }
    let offers = shop.done(&["offers", "--json"]);
    let offers: serde_json::Value = serde_json::from_str(&offers).unwrap();
    let customer = offers["offers"][0]["customer"].as_str().unwrap();
    shop.done(&["portrait", customer]);
    // What a killed import left.
    let left = shop.dir().join("fetched");
    std::fs::create_dir_all(left.join("bucket")).unwrap();
    std::fs::write(left.join("bucket/receipts.csv"), customer).unwrap();
    shop.done(&["erase", customer]);
    assert!(!left.exists());
    for arguments in [["offers", customer], ["portrait", customer]] {
        assert!(shop.failed(&arguments).contains(customer), "{arguments:?}");
    }
    let report = shop.done(&["import", "mapping.toml", "--json"]);
    assert!(report.contains("\"already_there\": true"), "{report}");
    shop.done(&["refresh"]);
    assert!(!shop.done(&["offers", "--json"]).contains(&format!("\"{customer}\"")));
}

#[test]
fn one_customer_and_everybody_give_the_same_portrait() {
    let shop = Shop::new();
    shop.import_demo(&DemoShop::grocery(Size { customers: 60, days: 150, seed: 3 }));
    let refresh = shop.done(&["refresh", "--json"]);
    assert!(refresh.contains("2025-05-30"), "{refresh}");
    // Of the snapshot's day its population serves; of another day one is tallied for the occasion.
    for (day, customers) in [("2025-05-30", 20), ("2025-04-15", 3)] {
        shop.done(&["portrait", "--as-of", day, "--out", "all.jsonl"]);
        let all = std::fs::read_to_string(shop.path("all.jsonl")).unwrap();
        for row in all.lines().take(customers) {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let id = row["customer"].as_str().unwrap();
            let one = shop.done(&["portrait", id, "--as-of", day, "--json"]);
            let one: serde_json::Value = serde_json::from_str(&one).unwrap();
            assert_eq!(one["as_of"], day);
            for parameter in one["parameters"].as_array().unwrap() {
                let name = parameter["name"].as_str().unwrap();
                assert_eq!(parameter["value"], row[name], "{id}: {name} on {day}");
            }
        }
    }
}
