//! Pages of the documentation say what the program says. `UPDATE_SNAPSHOTS=1` writes what is generated.

use std::collections::BTreeSet;
use std::path::PathBuf;

use programme::{Act, Programme, RulesKind};
use serde_json::json;
use server::http::problem::Code;
use server::language::Language;

use super::fixture::Shop;

fn page(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// Compares a page, or the part of it between two texts, with what it must be.
fn same(name: &str, between: Option<(&str, &str)>, expected: &str) {
    let path = page(name);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let (from, until) = match between {
        None => (0, text.len()),
        Some((before, after)) => {
            let from = text.find(before).unwrap() + before.len();
            (from, from + text[from..].find(after).unwrap())
        }
    };
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, format!("{}{expected}{}", &text[..from], &text[until..])).unwrap();
        return;
    }
    assert!(text[from..until] == *expected, "docs/{name} is old: run with UPDATE_SNAPSHOTS=1");
}

#[test]
fn the_page_of_the_api_has_every_code() {
    let rows = Code::ALL.map(|code| {
        let title = |language| code.title(language);
        let (en, ru) = (title(Language::En), title(Language::Ru));
        format!("| `{code}` | {} | {en} | {ru} |\n", code.status().as_u16())
    });
    let before = "| code | status | title | по-русски |\n|---|---|---|---|\n";
    same("API.md", Some((before, "## Limits")), &format!("{}\n", rows.concat()));
}

#[test]
fn the_page_of_cards_has_the_tables_that_count() {
    let page = format!(
        "# Cards\n\nA card identifies, a wallet holds: several cards may open one wallet, and a card that \
         takes the place of another opens what that opened. This page is written by a test from the tables \
         that the program reads.\n\n{}",
        membership::life_cycle_markdown()
    );
    same("CARDS.md", None, &page);
}

#[test]
fn the_schema_of_discounts_is_that_of_the_program() {
    let schema = serde_json::to_string_pretty(&programme::discounts_schema()).unwrap();
    same("schema/discounts.json", None, &format!("{schema}\n"));
}

/// Blocks of a page that are marked as JSON of a kind.
fn blocks(text: &str, kind: &str) -> Vec<serde_json::Value> {
    let begin = format!("```json {kind}\n");
    let blocks = text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_json::from_str(block).unwrap()).collect()
}

/// Names of the variants of a type, or of the fields of an object, as the schema of rules has them.
fn names(of: &str) -> BTreeSet<String> {
    let schema = programme::discounts_schema();
    let found = &schema["$defs"][of];
    let variants = found["oneOf"].as_array().into_iter().flatten();
    let variants = variants.flat_map(|variant| variant["required"].as_array().unwrap().clone());
    let fields = found["properties"].as_object().into_iter().flat_map(|fields| fields.keys());
    let variants = variants.map(|name| name.as_str().unwrap().to_owned());
    variants.chain(fields.cloned()).collect()
}

#[test]
fn the_page_of_discounts_has_every_condition_effect_and_setting() {
    let text = std::fs::read_to_string(page("DISCOUNTS.md")).unwrap();
    let [ruleset] = blocks(&text, "ruleset").try_into().unwrap();
    let mut shown = BTreeSet::new();
    let good = |rule: serde_json::Value| {
        let mut ruleset = ruleset.clone();
        ruleset["segments"] = json!({ "families": "spend_91d > 100" });
        let other =
            json!({ "id": "another", "name": { "en": "b" }, "then": [{ "personal_price": {} }] });
        ruleset["rules"] = json!([rule, other]);
        let read =
            serde_json::from_value(ruleset).unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(programme::pricing::problems(&read), [], "{rule}");
    };
    good(ruleset["rules"][0].clone());
    for (kind, name) in [("when", "Condition"), ("then", "Effect")] {
        for block in blocks(&text, kind) {
            let mut rule = ruleset["rules"][0].clone();
            let inner = block["any"][1].as_object().into_iter().flat_map(|inner| inner.keys());
            shown.extend(block.as_object().unwrap().keys().chain(inner).cloned());
            rule[kind] = if kind == "then" { json!([block]) } else { block };
            good(rule);
        }
        let missing: Vec<_> =
            names(name).into_iter().filter(|name| !shown.contains(name)).collect();
        assert!(missing.is_empty() && names(name).len() > 10, "{name}: {missing:?} not shown");
    }
    let defaults = serde_json::to_value(programme::pricing::Settings::default()).unwrap();
    for (name, value) in defaults.as_object().unwrap() {
        let value = value.to_string();
        let row = format!("| `{name}` | `{}` |", value.trim_matches('"'));
        assert!(text.contains(&row), "{row} is not in the table of settings");
    }
}

#[test]
fn the_rules_of_the_page_can_be_published() {
    let shop = Shop::new();
    let programme = Programme::open(&shop.dir()).unwrap();
    let act = Act::of_job("test", programme::now());
    let text = std::fs::read_to_string(page("RULES.md")).unwrap();
    for kind in RulesKind::ALL {
        let heading = format!("\n## {}\n", kind.as_str());
        let from =
            text.find(&heading).unwrap_or_else(|| panic!("{} has no heading", kind.as_str()));
        let block = text[from..].split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let body = serde_json::from_str(block).unwrap();
        let published = programme.publish_rules(&act, kind, None, &body);
        assert!(published.is_ok(), "{}: {published:?}", kind.as_str());
    }
}
