//! The registry and its page.

use std::collections::HashSet;
use std::path::Path;

use portrait::{Wording, markdown, registry};

#[test]
fn the_page_says_what_the_registry_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PORTRAIT.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&page, markdown()).unwrap();
    }
    let text = std::fs::read_to_string(&page).unwrap_or_default();
    let difference =
        text.lines().zip(markdown().lines()).position(|(a, b)| a != b).map(|at| at + 1);
    assert!(
        text == markdown(),
        "docs/PORTRAIT.md differs from the registry (line {difference:?}); write it with \
         UPDATE_EXPECT=1 cargo test -p portrait"
    );
}

#[test]
fn names_are_unique_and_nothing_is_blank() {
    assert_eq!(registry().len(), 199);
    let names: HashSet<_> = registry().iter().map(|parameter| parameter.name).collect();
    assert_eq!(names.len(), registry().len());
    for parameter in registry() {
        for text in [parameter.group, parameter.unit, parameter.formula, parameter.null_rule] {
            assert!(!text.is_empty(), "{}", parameter.name);
        }
    }
}

/// Longer ones would make the table of a terminal too wide.
const TITLE_CHARS_MAX: usize = 56;

#[test]
fn titles_are_short_and_no_two_are_the_same() {
    let mut seen = HashSet::new();
    for parameter in registry() {
        for title in [parameter.title.en, parameter.title.ru] {
            let chars = title.chars().count();
            assert!(chars <= TITLE_CHARS_MAX, "{}: {chars} characters: {title}", parameter.name);
            assert!(seen.insert(title.to_lowercase()), "{}: again: {title}", parameter.name);
        }
    }
}

#[test]
fn whatever_people_read_is_in_both_languages() {
    let russian =
        |text: &str| text.to_lowercase().chars().any(|letter| ('а'..='ё').contains(&letter));
    for parameter in registry() {
        let wordings = [parameter.title, parameter.group_title, parameter.unit_title];
        for Wording { en, ru } in wordings.into_iter().chain(parameter.missing) {
            assert!(!en.is_empty() && !russian(en), "{}: {en}", parameter.name);
            // A range is the same in all languages.
            let worded = en.chars().any(char::is_alphabetic);
            assert!(russian(ru) || !worded && ru == en, "{}: {en}: {ru}", parameter.name);
        }
    }
}

#[test]
fn suppliers_never_see_what_is_sensitive() {
    let sensitive = registry().iter().filter(|parameter| parameter.sensitive);
    assert_eq!(
        sensitive.map(|parameter| parameter.name).collect::<Vec<_>>(),
        [
            "alcohol_spend_share_364d",
            "baby_spend_share_364d",
            "gender",
            "age_years",
            "age_band",
            "days_to_birthday",
            "household_size",
            "kids_count",
            "income_band",
            "home_ownership",
            "marital_status",
        ]
    );
}
