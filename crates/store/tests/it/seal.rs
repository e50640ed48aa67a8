//! Rows of the audit are sealed in their final sequence: none is passed over, however late it commits.

use std::sync::mpsc::channel;

use store::{DbError, Deed, DeedPlace, Head, Seal, Store};

use super::fixture::{NOW, databases};

fn deed(object: &str) -> Deed {
    let text = |name: &str| name.to_owned();
    Deed {
        at: NOW,
        actor: text("staff:anna"),
        role: text("administrator"),
        door: text("office"),
        action: text("card.block"),
        kind: text("card"),
        object: text(object),
        shop: None,
        till: None,
        request: text("r"),
        detail: text("{}"),
    }
}

/// Seals whatever is settled, in parts; gives how many rows were sealed.
fn seal(store: &Store) -> usize {
    store
        .write(|tx| {
            tx.lock_seals()?;
            let mut newest = tx.newest_seal()?;
            let after = newest.as_ref().map_or(DeedPlace::default(), |seal| seal.place);
            let rows = tx.deeds_settled(after, 1000)?;
            for row in &rows {
                let next = Seal::after(newest.as_ref(), row);
                tx.add_seal(&next)?;
                newest = Some(next);
            }
            Ok::<_, DbError>(rows.len())
        })
        .unwrap()
}

/// Seals until so many rows are sealed: writes of other tests, on the same server, hold rows back.
fn seal_so_many(store: &Store, rows: usize) {
    let began = std::time::Instant::now();
    let mut sealed = 0;
    while sealed < rows {
        assert!(began.elapsed().as_secs() < 30, "{sealed} of {rows} rows were sealed");
        sealed += seal(store);
        std::thread::yield_now();
    }
    assert_eq!(sealed, rows);
}

/// Runs every statement of seals, heads, and the audit's rows in their sequence.
pub fn exercise(store: &Store) {
    store.write(|tx| tx.add_deed(&deed("1"))).unwrap();
    let rows = store.read(|tx| tx.deeds_after(DeedPlace::BEFORE_ALL, 1000)).unwrap().len();
    seal_so_many(store, rows);
    assert_eq!(seal(store), 0, "a row is sealed once");
    let newest = store.read(|tx| tx.newest_seal()).unwrap().unwrap();
    let again = newest.clone();
    let twice =
        store.write(move |tx| tx.add_seal(&Seal { position: again.position + 1, ..again.clone() }));
    assert!(matches!(twice, Err(DbError::Constraint { .. })), "{twice:?}");
    let all = store.read(|tx| tx.seals_after(0, 1000)).unwrap();
    assert_eq!(all.last(), Some(&newest));
    let rows = store.read(|tx| tx.deeds_after(DeedPlace::BEFORE_ALL, 1000)).unwrap();
    assert!(rows.iter().map(|row| row.place).eq(all.iter().map(|seal| seal.place)));
    let horizon = store.read(|tx| tx.writer_horizon()).unwrap();
    assert!(rows.iter().all(|row| row.place.writer < horizon));
    assert_eq!(store.read(|tx| tx.newest_deeds(1)).unwrap()[0].1, deed("1"));

    let head = Head {
        position: newest.position,
        sha256: newest.sha256,
        signed_by: "k".to_owned(),
        signature: "s".to_owned(),
        at: NOW,
    };
    for _ in 0..2 {
        let head = head.clone();
        store.write(move |tx| tx.add_head(&head)).unwrap();
    }
    assert_eq!(store.read(|tx| tx.newest_head()).unwrap().as_ref(), Some(&head));
    assert_eq!(store.read(|tx| tx.heads_after(0, 10)).unwrap(), [head]);

    store.write(|tx| tx.rebase_writers()).unwrap();
    store.write(|tx| tx.add_deed(&deed("2"))).unwrap();
    seal_so_many(store, 1);
    let rebased = store.read(|tx| tx.newest_seal()).unwrap().unwrap();
    assert!(rebased.place > newest.place);
    if store.is_postgres() {
        assert!(rebased.place.writer > newest.place.writer * 2, "{rebased:?}");
    }
}

#[test]
fn a_deed_that_commits_late_is_sealed_all_the_same() {
    for database in databases() {
        let store = database.open();
        let (began, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let may_go_on = std::sync::Mutex::new(may_go_on);
        std::thread::scope(|scope| {
            let late = scope.spawn(|| slow(&store, began, may_go_on));
            has_begun.recv().unwrap();
            if store.is_postgres() {
                // On SQLite there is no other writer while one is under way.
                store.write(|tx| tx.add_deed(&deed("early"))).unwrap();
                assert_eq!(seal(&store), 0, "an older write is still under way");
            }
            go_on.send(()).unwrap();
            late.join().unwrap();
        });
        if !store.is_postgres() {
            store.write(|tx| tx.add_deed(&deed("early"))).unwrap();
        }
        seal_so_many(&store, 2);
        let sealed = store.read(|tx| tx.deeds_settled(DeedPlace::default(), 10)).unwrap();
        let objects: Vec<&str> = sealed.iter().map(|row| row.deed.object.as_str()).collect();
        assert_eq!(objects, ["late", "early"], "{}", database.name);
    }
}

/// Writes a deed in a transaction that ends when it is told to.
fn slow(
    store: &Store,
    began: std::sync::mpsc::Sender<()>,
    may_go_on: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
) {
    store
        .write(move |tx| {
            tx.add_deed(&deed("late"))?;
            began.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
            Ok::<_, DbError>(())
        })
        .unwrap();
}

#[test]
fn many_sealers_seal_each_row_once() {
    for database in databases() {
        let store = database.open();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let store = &store;
                scope.spawn(move || {
                    for number in 0..25 {
                        let object = format!("{writer}-{number}");
                        store.write(move |tx| tx.add_deed(&deed(&object))).unwrap();
                        seal(store);
                    }
                });
            }
        });
        let sealed = store.read(|tx| tx.seals_after(0, 1000)).unwrap().len();
        seal_so_many(&store, 100 - sealed);
        let seals = store.read(|tx| tx.seals_after(0, 1000)).unwrap();
        assert!(seals.iter().map(|seal| seal.position).eq(1..=100), "{}", database.name);
        let rows = store.read(|tx| tx.deeds_after(DeedPlace::BEFORE_ALL, 1000)).unwrap();
        assert!(rows.iter().map(|row| row.place).eq(seals.iter().map(|seal| seal.place)));
    }
}
