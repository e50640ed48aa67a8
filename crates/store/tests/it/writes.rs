//! How a write becomes durable: groups, faults of members, readers, changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use ledger::{AccountId, Unit};
use store::{Cursor, DbError, Limits, Statement, Store, Tx};

use super::fixture::{Database, NOW, databases};

static ENDLESS: Statement = Statement::new(
    "test/endless",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) \
     SELECT CAST(COUNT(*) AS BIGINT) FROM n",
);

fn unit() -> Unit {
    Unit("POINT".to_owned())
}

fn open_account(tx: &mut Tx<'_>, id: &str) -> Result<(), DbError> {
    tx.open_account(&AccountId(id.to_owned()), &unit(), Some(0), false)?;
    tx.changed("account", id, NOW)
}

fn accounts(store: &Store) -> usize {
    store.read(|tx| Ok::<_, DbError>(tx.books_whole()?.accounts.len())).unwrap()
}

#[test]
fn many_who_open_a_new_database_at_once_all_have_it() {
    for _ in 0..10 {
        for database in databases() {
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| assert_eq!(accounts(&database.open()), 0, "{}", database.name));
                }
            });
        }
    }
}

#[test]
fn a_member_that_refuses_or_fails_takes_nobody_along() {
    for database in databases() {
        let store = Arc::new(database.open());
        let calls: Vec<_> = (0..200)
            .map(|n| {
                let store = store.clone();
                std::thread::spawn(move || {
                    store.write(move |tx| {
                        open_account(tx, &format!("a{n}"))?;
                        match n % 5 {
                            1 => Err(DbError::Full),
                            2 => panic!("a fault of the program in member {n}"),
                            // A chain that exists already is the member's own fault.
                            3 => tx.keep_answer("c", "k", &answered(), NOW),
                            _ => Ok(()),
                        }
                    })
                })
            })
            .collect();
        let results: Vec<_> = calls.into_iter().map(|call| call.join()).collect();
        let good = |n: usize| matches!(results[n], Ok(Ok(())));
        let kept = (0..200).filter(|n| n % 5 == 3 && good(*n)).count();
        assert_eq!(kept, 1, "{}: one of those with the same key is stored", database.name);
        for n in (0..200).filter(|n| n % 5 != 3) {
            assert_eq!(good(n), n % 5 == 0 || n % 5 == 4, "{}: member {n}", database.name);
        }
        assert_eq!(accounts(&store), 80 + kept, "{}", database.name);
    }
}

fn answered() -> store::Answered {
    store::Answered { body_sha256: String::new(), answer: String::new() }
}

#[test]
fn a_caller_that_ignores_an_error_stores_nothing() {
    for database in databases() {
        let store = database.open();
        let add = |tx: &mut Tx<'_>| tx.keep_answer("c", "k", &answered(), NOW);
        store.write(add).unwrap();
        let ignored = store.write(move |tx| {
            open_account(tx, "a")?;
            let _ = add(tx);
            Ok::<_, DbError>(())
        });
        assert!(ignored.is_err(), "{}", database.name);
        assert_eq!(accounts(&store), 0, "{}", database.name);
    }
}

#[test]
fn a_full_queue_turns_away_and_loses_nothing() {
    let database = Database::sqlite();
    let store = Arc::new(database.open_with(&Limits { waiting_max: 4, ..Limits::default() }));
    let (began, wait_for_begin) = channel();
    let (go, wait) = channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let blocked = {
        let store = store.clone();
        std::thread::spawn(move || {
            store.write(move |_| {
                let _ = began.send(());
                let _ = wait.lock().unwrap().recv();
                Ok::<_, DbError>(())
            })
        })
    };
    wait_for_begin.recv().unwrap();
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            std::thread::spawn(move || store.write(move |tx| open_account(tx, &format!("a{n}"))))
        })
        .collect();
    // Four wait for the writer; whoever is turned away knows it while the writer is held.
    while calls.iter().filter(|call| call.is_finished()).count() < 16 {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(go);
    blocked.join().unwrap().unwrap();
    let results: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
    let busy = results.iter().filter(|r| matches!(r, Err(DbError::Busy { .. }))).count();
    let stored = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!((busy, stored, accounts(&store)), (16, 4, 4));
}

#[test]
fn a_read_that_takes_too_long_is_stopped() {
    for database in databases() {
        // Long enough that the short read after it is not stopped too on a busy machine.
        let limits = Limits { read_time_max: Duration::from_secs(3), ..Limits::default() };
        let store = database.open_with(&limits);
        let slow = store.read(|tx| tx.rows(&ENDLESS, &[], |row| row.integer()));
        assert!(matches!(slow, Err(DbError::Slow)), "{}: {slow:?}", database.name);
        assert_eq!(accounts(&store), 0, "{}: others read on", database.name);
    }
}

#[test]
fn a_change_that_commits_late_is_not_passed_over() {
    for database in databases() {
        let store = Arc::new(database.open());
        // On SQLite writers stand in a line; on PostgreSQL the first to write commits last.
        let (began, wait_for_begin) = channel();
        let (go, wait_to_commit) = channel::<()>();
        let wait_to_commit = Arc::new(std::sync::Mutex::new(wait_to_commit));
        let late = {
            let (store, postgres) = (store.clone(), store.is_postgres());
            std::thread::spawn(move || {
                store.write(move |tx| {
                    tx.changed("card", "late", NOW)?;
                    let _ = began.send(());
                    if postgres {
                        let _ = wait_to_commit.lock().unwrap().recv();
                    }
                    Ok::<_, DbError>(())
                })
            })
        };
        wait_for_begin.recv().unwrap();
        store.write(|tx| tx.changed("card", "early", NOW)).unwrap();
        let mut cursor = Cursor::default();
        let mut seen = Vec::new();
        let mut look = |seen: &mut Vec<String>| {
            let changes = store.read(|tx| tx.changes_since(cursor, 1)).unwrap();
            for change in changes {
                cursor = change.cursor;
                seen.push(change.object);
            }
        };
        look(&mut seen);
        look(&mut seen);
        drop(go);
        late.join().unwrap().unwrap();
        // Writers of other tests on the same server may hold it up, but not for ever.
        let began = Instant::now();
        while seen.len() < 2 && began.elapsed() < Duration::from_secs(20) {
            look(&mut seen);
        }
        seen.sort();
        assert_eq!(seen, ["early", "late"], "{}", database.name);
    }
}

#[test]
fn changes_follow_all_writers_in_one_sequence() {
    for database in databases() {
        let store = Arc::new(database.open());
        let done = Arc::new(AtomicU32::new(0));
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (store, done) = (store.clone(), done.clone());
                std::thread::spawn(move || {
                    for n in 0..50 {
                        let object = format!("{writer}-{n}");
                        store.write(move |tx| tx.changed("card", &object, NOW)).unwrap();
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        let mut cursor = Cursor::default();
        let mut seen = Vec::new();
        let began = std::time::Instant::now();
        loop {
            let finished = done.load(Ordering::SeqCst) == 8;
            let changes = store.read(|tx| tx.changes_since(cursor, 7)).unwrap();
            // Other tests' writes, on the same server, hold changes back for a while.
            let all = seen.len() == 400 || began.elapsed().as_secs() > 30;
            if changes.is_empty() && finished && all {
                break;
            }
            for change in changes {
                assert!(change.cursor > cursor, "{}", database.name);
                cursor = change.cursor;
                seen.push(change.object);
            }
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        // Each writer's own changes come in its sequence, and none is missing.
        for writer in 0..8 {
            let own: Vec<_> =
                seen.iter().filter(|object| object.starts_with(&format!("{writer}-"))).collect();
            let expected: Vec<String> = (0..50).map(|n| format!("{writer}-{n}")).collect();
            assert_eq!(own, expected.iter().collect::<Vec<_>>(), "{}", database.name);
        }
    }
}

#[test]
fn a_database_of_another_version_is_refused() {
    for database in databases() {
        drop(database.open());
        drop(database.open());
        let newer = "INSERT INTO migration (name, sha256, applied_at) VALUES ('9999_x', 'y', 0)";
        match &database.location {
            store::Location::File(path) => {
                rusqlite::Connection::open(path).unwrap().execute_batch(newer).unwrap();
            }
            store::Location::Postgres(url) => {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                client.batch_execute(newer).unwrap();
            }
        }
        let refused = Store::open(&database.location, &Limits::default(), retail::Instant(0));
        let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("use a newer proffer"), "{}: {error}", database.name);
    }
}

#[test]
fn a_postgres_that_sorts_by_language_is_refused() {
    let Some(database) = Database::postgres() else { return };
    let store::Location::Postgres(url) = &database.location else { return };
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    let known = client.query("SELECT 1 FROM pg_collation WHERE collname = 'C.utf8'", &[]).unwrap();
    assert!(!known.is_empty(), "the server knows C.utf8");
    let other = format!("{name}_language");
    let make = format!(
        "CREATE DATABASE {other} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
    );
    client.batch_execute(&make).unwrap();
    let location = store::Location::Postgres(format!("{server}/{other}"));
    let refused = Store::open(&location, &Limits::default(), NOW);
    let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
    client.batch_execute(&format!("DROP DATABASE {other} WITH (FORCE)")).unwrap();
    assert!(error.contains("LC_COLLATE 'C'"), "{error}");
}

#[test]
fn an_address_that_leads_nowhere_is_told_without_its_password() {
    for (url, expected) in [
        ("postgres://proffer@127.0.0.1:1/x", "cannot be reached"),
        ("postgres://proffer:secret@localhost:1/x", "cannot be reached"),
        ("postgres://proffer:secret@[::1/x", "cannot be understood"),
        ("postgres://proffer:secret@localhost/x?secret=1", "cannot be understood"),
        ("postgres://proffer:secret@localhost/x?sslmode=secret", "none of disable"),
    ] {
        let location = store::Location::Postgres(url.to_owned());
        let limits = Limits { wait_max: Duration::from_millis(300), ..Limits::default() };
        let error = Store::open(&location, &limits, NOW).err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains(expected) && !error.contains("secret"), "{url}: {error}");
    }
}
