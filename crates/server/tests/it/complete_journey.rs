//! The public data Complete Journey: the oracle's portraits, and the bars of the next basket.

use std::sync::OnceLock;

use programme::Day;

use super::fixture::{Shop, skip};

/// 151 parameters of 14 households as of 2017-12-31, computed by DuckDB SQL and by plain Python, which
/// agree; not by this program.
const FACTS: &str = include_str!("../facts/complete_journey_2017-12-31.csv");

const MAPPING: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/complete-journey/mapping.toml");

const PLACEMENTS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/complete-journey/placements.toml");

/// The imported data, once for all tests; nothing where they are absent.
fn imported() -> Option<&'static Shop> {
    static SHOP: OnceLock<Option<Shop>> = OnceLock::new();
    let shop = SHOP.get_or_init(|| {
        std::env::var_os("COMPLETE_JOURNEY")?;
        let shop = Shop::new();
        shop.done(&["import", MAPPING]);
        Some(shop)
    });
    if shop.is_none() {
        skip("COMPLETE_JOURNEY names no folder with the data; `cargo xtask check` fetches them");
    }
    shop.as_ref()
}

#[test]
fn portraits_agree_with_the_oracle() {
    let Some(shop) = imported() else { return };
    shop.done(&["portrait", "--as-of", "2017-12-31", "--out", "portraits.jsonl"]);
    let portraits = std::fs::read_to_string(shop.path("portraits.jsonl")).unwrap();
    let portraits: Vec<serde_json::Value> =
        portraits.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let mut facts = csv::Reader::from_reader(FACTS.as_bytes());
    let households: Vec<String> =
        facts.headers().unwrap().iter().skip(1).map(str::to_owned).collect();
    let mut compared = 0;
    for record in facts.records() {
        let record = record.unwrap();
        let name = &record[0];
        for (household, expected) in households.iter().zip(record.iter().skip(1)) {
            let portrait =
                portraits.iter().find(|row| row["customer"] == household.as_str()).unwrap();
            assert_agrees(&portrait[name], expected, &format!("{name} of {household}"));
            compared += 1;
        }
    }
    assert_eq!(compared, 151 * 14);
}

/// Numbers within 1e-9 relative (floor 1), texts to the letter, nothing where nothing is expected.
fn assert_agrees(value: &serde_json::Value, expected: &str, what: &str) {
    match (value, expected) {
        (serde_json::Value::Null, expected) => assert_eq!("", expected, "{what}"),
        (serde_json::Value::Number(number), expected) => {
            let (number, expected) = (number.as_f64().unwrap(), expected.parse::<f64>().unwrap());
            let allowed = 1e-9 * expected.abs().max(1.0);
            assert!((number - expected).abs() <= allowed, "{what}: {number}, expected {expected}");
        }
        (serde_json::Value::String(text), expected) => assert_eq!(text, expected, "{what}"),
        (other, _) => panic!("{what}: {other}"),
    }
}

/// (protocol, level, model, NDCG@10, recall@10): measured by others' code (research of 2026-11).
const BARS: &[(&str, &str, &str, f64, f64)] = &[
    ("last", "product", "Decayed", 0.1757, 0.1374),
    ("last", "product", "P-Pop", 0.1666, 0.1268),
    ("last", "product", "GlobalPop", 0.0650, 0.0435),
    ("last", "type", "Decayed", 0.2577, 0.2163),
    ("last", "category", "P-Pop", 0.3502, 0.3159),
    ("novel", "product", "GlobalPop", 0.0331, 0.0148),
    ("novel", "type", "GlobalPop", 0.0779, 0.0602),
];

#[test]
fn the_next_basket_reaches_the_published_bars() {
    let Some(shop) = imported() else { return };
    for &(protocol, level, name, ndcg, recall) in BARS {
        let mut arguments =
            vec!["evaluate", "next-basket", "--protocol", protocol, "--level", level, "--json"];
        if protocol == "novel" {
            arguments.extend(["--cut", "2017-12-04"]);
        }
        let evaluation: serde_json::Value = serde_json::from_str(&shop.done(&arguments)).unwrap();
        let models = evaluation["models"].as_array().unwrap();
        let model = models.iter().find(|model| model["name"] == name).unwrap();
        let close = |key: &str, bar: f64| (model[key].as_f64().unwrap() - bar).abs() <= 0.0005;
        assert!(
            close("ndcg@10", ndcg) && close("recall@10", recall),
            "{protocol} {level} {name}: {model}"
        );
    }
}

/// Weeks of placements that are in memory at once.
const WEEKS_AT_ONCE: i32 = 4;

/// Lines of the lake; those of a product that was in promotion in their shop and week; of these, those
/// displayed in the shop, those in the leaflet, and what they brought, minor units. Counted by DuckDB in
/// the source's files, rows without quantity and amount left out, weeks beginning on Mondays.
const PLACED: [i64; 5] = [1_460_487, 324_853, 157_538, 238_208, 90_046_046];

#[test]
fn placements_are_imported_and_joined_to_the_lines_sold() {
    let Some(shop) = imported() else { return };
    let report: serde_json::Value =
        serde_json::from_str(&shop.done(&["import", PLACEMENTS, "--json"])).unwrap();
    let feed = &report["feeds"][0];
    assert_eq!((&feed["read"], &feed["bad"]), (&20_940_529.into(), &0.into()));
    // No row of the source stands twice.
    assert_eq!(report["lake"]["placements"], 20_940_529);
    let lake = shop.lake();
    assert_eq!(lake.manifest().placements.len(), 53);

    let lines = lake.lines(&lake::Customers::Everybody).unwrap();
    let first: Day = "2016-12-26".parse().unwrap();
    let week_of = |row: usize| (lines.day[row] - first.0) / 7;
    let mut rows: Vec<usize> = (0..lines.len()).collect();
    rows.sort_by_key(|&row| week_of(row) / WEEKS_AT_ONCE);
    let mut found = [lines.len() as i64, 0, 0, 0, 0];
    for rows in rows.chunk_by(|&a, &b| week_of(a) / WEEKS_AT_ONCE == week_of(b) / WEEKS_AT_ONCE) {
        let begin = Day(first.0 + week_of(rows[0]) / WEEKS_AT_ONCE * WEEKS_AT_ONCE * 7);
        let placements = lake.placements(begin..=Day(begin.0 + WEEKS_AT_ONCE * 7 - 1)).unwrap();
        for &row in rows {
            let week = Day(first.0 + week_of(row) * 7);
            let placed = placements.find(lines.product[row], lines.shop[row], week);
            let at =
                |places: &[u32]| places[placed.clone()].iter().any(|&place| place != retail::NONE);
            let of = [!placed.is_empty(), at(&placements.display), at(&placements.mailer)];
            of.iter().zip(&mut found[1..4]).for_each(|(&is, count)| *count += i64::from(is));
            found[4] += if of[0] { lines.net[row] } else { 0 };
        }
    }
    assert_eq!(found, PLACED);
}
