//! Every file under `sql/` is run on both databases.

use std::collections::BTreeSet;
use std::path::Path;

use retail::Instant;
use store::{Answered, DbError, Deed, Store, statements_used};

use super::access;
use super::fixture::{Database, NOW};
use super::{books, cards, discounts, outbox, quotes, receipts, seal, vault};

/// Each runs all statements of one noun, or more.
const EXERCISES: &[fn(&Store)] = &[
    access::exercise,
    books::exercise,
    cards::exercise,
    requests,
    deeds,
    changes,
    discounts::exercise,
    outbox::exercise,
    quotes::exercise,
    receipts::exercise,
    seal::exercise,
    vault::exercise,
];

#[test]
fn every_statement_runs_on_both_databases() {
    let databases = std::iter::once(Database::sqlite()).chain(Database::postgres());
    for database in databases {
        let store = database.open();
        EXERCISES.iter().for_each(|exercise| exercise(&store));
        let used: BTreeSet<&str> = statements_used(store.is_postgres()).into_iter().collect();
        let unused: Vec<String> =
            files().into_iter().filter(|name| !used.contains(name.as_str())).collect();
        assert!(unused.is_empty(), "never run on {}: {unused:?}", database.name);
    }
}

/// Names of all statements: paths without the ending, those of a second dialect left out.
fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut found = Vec::new();
    for noun in std::fs::read_dir(&root).unwrap() {
        let noun = noun.unwrap().path();
        for file in std::fs::read_dir(&noun).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            let stem =
                name.strip_suffix(".sql").unwrap_or_else(|| panic!("{name} is no statement"));
            let migration = stem.starts_with("migration/0");
            if !migration && !stem.ends_with(".postgres") {
                found.push(stem.to_owned());
            }
        }
    }
    found
}

fn requests(store: &Store) {
    let answered = Answered { body_sha256: "b".to_owned(), answer: "{}".to_owned() };
    let kept = answered.clone();
    store.write(move |tx| tx.keep_answer("caller", "key", &kept, NOW)).unwrap();
    let read = |store: &Store| store.read(|tx| tx.answered("caller", "key")).unwrap();
    assert_eq!(read(store), Some(answered));
    assert_eq!(store.write(|tx| tx.forget_answers(NOW)).unwrap(), 0);
    assert_eq!(store.write(|tx| tx.forget_answers(Instant(NOW.0 + 1))).unwrap(), 1);
    assert_eq!(read(store), None);
}

fn deeds(store: &Store) {
    let deed = Deed {
        at: NOW,
        actor: "staff:anna".to_owned(),
        role: "administrator".to_owned(),
        door: "office".to_owned(),
        action: "card.block".to_owned(),
        kind: "card".to_owned(),
        object: "42".to_owned(),
        shop: Some("s".to_owned()),
        till: None,
        request: "r".to_owned(),
        detail: "{\"причина\":\"потеряна\"}".to_owned(),
    };
    let added = deed.clone();
    store.write(move |tx| tx.add_deed(&added)).unwrap();
    let read: Vec<Deed> = store
        .read(|tx| tx.deeds_of("card", "42", 0, 10))
        .unwrap()
        .into_iter()
        .map(|(_, deed)| deed)
        .collect();
    assert_eq!(read, [deed]);
}

fn changes(store: &Store) {
    store.write(|tx| tx.changed("card", "1", NOW)).unwrap();
    let seen = store.read(|tx| Ok::<_, DbError>(tx.changes_since(Default::default(), 10)?.len()));
    assert!(seen.unwrap() > 0);
}
