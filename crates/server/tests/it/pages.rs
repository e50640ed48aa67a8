//! Pages of the documentation say what the program says. `UPDATE_SNAPSHOTS=1` writes what is generated.

use std::path::PathBuf;

use programme::{Act, Programme, RulesKind};
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
