//! Keys: what lets in, for how long, and what one key may make of another.

use std::time::Duration;

use programme::{KeyMade, NewKey, RequestKey, Scope};
use proptest::prelude::*;
use retail::TillId;

use super::*;
use crate::fixture::{Database, soak};

fn new_key() -> NewKey {
    NewKey {
        name: "касса 3".to_owned(),
        live: true,
        role: Role::Operator,
        door: Door::Till,
        scopes: vec![Scope::CardsRead, Scope::ReceiptsWrite],
        bounds: Bounds { shops: vec!["s1".to_owned()], ..in_networks(&["north"]) },
        till: Some(TillId("3".to_owned())),
        expires_at: None,
    }
}

impl House {
    fn key(&self, new: &NewKey) -> (String, String) {
        let KeyMade { key, text } = self.programme.make_key(&console(NOW), new).unwrap();
        (key.id, text.unwrap().expose().to_owned())
    }

    fn by_key(&self, text: &str, at: Instant) -> Result<Caller, Refused> {
        self.programme.authenticate_key(text, at)
    }
}

#[test]
fn a_key_lets_in_whom_it_was_made_for() {
    for house in House::all() {
        let (id, text) = house.key(&new_key());
        assert!(text.starts_with(&format!("lk_live_{id}_")), "{text}");
        let caller = house.by_key(&text, NOW).unwrap();
        assert_eq!(caller.actor, format!("key:{id}"));
        assert!(caller.live && caller.may(Scope::ReceiptsWrite) && !caller.may(Scope::CardsWrite));
        let act = caller.act("r7", None, NOW);
        assert_eq!((act.role, act.door), (Role::Operator, Door::Till));
        assert_eq!(act.shop.unwrap().0, "s1");
        assert_eq!((act.till.unwrap().0.as_str(), act.request.as_str()), ("3", "r7"));
        let (_, test) = house.key(&NewKey { live: false, ..new_key() });
        assert!(test.starts_with("lk_test_") && !house.by_key(&test, NOW).unwrap().live);
        let listed = house.programme.keys_after(&console(NOW), "", 10).unwrap();
        assert_eq!(listed.len(), 2);
        let (secret, shown) = (text.rsplit('_').next().unwrap(), format!("{listed:?}"));
        assert!(!shown.contains(secret) && !format!("{:?}", house.programme).contains(secret));
        assert_eq!(house.deeds("api_key", &id), ["key.add"]);
        if house.database.name == "sqlite" {
            assert!(house.is_written(&id) && !house.is_written(secret));
        }
    }
}

#[test]
fn anything_else_lets_nobody_in_and_is_told_alike() {
    for house in House::all() {
        let (id, text) = house.key(&new_key());
        let (_, other) = house.key(&new_key());
        let secret = text.rsplit('_').next().unwrap();
        let other_secret = other.rsplit('_').next().unwrap();
        let flipped = if secret.starts_with('0') { "1" } else { "0" };
        let tries = [
            String::new(),
            "lk_".to_owned(),
            "lk_live__".to_owned(),
            format!("lk_test_{id}_{secret}"),
            format!("lk_live_{id}_{other_secret}"),
            format!("lk_live_{id}_{flipped}{}", &secret[1..]),
            format!("lk_live_{id}_{}", &secret[1..]),
            format!("lk_live_{id}_{secret}0"),
            format!("lk_live_{id}_{}", secret.to_uppercase()),
            format!("LK_live_{id}_{secret}"),
            format!(" {text}"),
            format!("lk_live_{}_{secret}", "0".repeat(16)),
            format!("lk_live_{id}' OR 1=1 --_{secret}"),
            format!("lk_live_{id}_{}", "é".repeat(32)),
            "x".repeat(1_000_000),
        ];
        // Before and after the key is kept in memory.
        for _ in 0..2 {
            for shown in &tries {
                let refused = house.by_key(shown, NOW).unwrap_err();
                assert_eq!(refused.code(), "unauthenticated", "{}", house.database.name);
                let words = refused.to_string();
                assert_eq!(words, "the key or session is not known, or it is over");
            }
            house.by_key(&text, NOW).unwrap();
        }
    }
}

#[test]
fn a_hundred_thousand_guesses_find_no_key_and_fill_no_memory() {
    for house in House::all() {
        let (id, text) = house.key(&new_key());
        let guesses = if soak() || house.database.name == "sqlite" { 100_000 } else { 10_000 };
        house.by_key(&text, NOW).unwrap();
        for n in 0..guesses {
            // Secrets of a known key, and ids that nobody has.
            let guess = match n % 2 {
                0 => format!("lk_live_{id}_{n:064x}"),
                _ => format!("lk_live_{n:016x}_{n:064x}"),
            };
            assert!(house.by_key(&guess, NOW).is_err());
        }
        // None or the one: on PostgreSQL its making may be told again meanwhile, and it is forgotten.
        let kept = format!("{:?}", house.programme);
        let keys: usize = kept.split_once("KeyCache { keys: ").unwrap().1[..1].parse().unwrap();
        assert!(keys < 2 && kept.contains(&format!("keys: {keys}, ..")), "{}", house.database.name);
    }
}

/// Minutes since the beginning.
#[test]
fn keys_end_and_are_made_anew() {
    for house in House::all() {
        let ending = NewKey { expires_at: Some(after(60 * MINUTE)), ..new_key() };
        let (_, ending) = house.key(&ending);
        let (id, first) = house.key(&new_key());
        let good = |text: &str, minutes: i64| house.by_key(text, after(minutes * MINUTE)).is_ok();
        assert!(good(&ending, 59) && !good(&ending, 60));
        let rotate = |minutes, until| {
            let act = console(after(minutes * MINUTE));
            let made = house.programme.rotate_key(&act, &id, after(until * MINUTE));
            made.unwrap().text.unwrap().expose().to_owned()
        };
        assert!(good(&first, 0));
        let second = rotate(0, 30);
        assert!(good(&first, 29) && good(&second, 29), "{}", house.database.name);
        assert!(!good(&first, 30) && good(&second, 30));
        let third = rotate(10, 40);
        assert!(!good(&first, 11), "only the one before the newest");
        assert!(good(&second, 39) && !good(&second, 40) && good(&third, 40));
        let fourth = rotate(50, 50);
        assert!(!good(&third, 50) && good(&fourth, 50), "at once, where a secret was stolen");
        let late = house.programme.rotate_key(&console(NOW), &id, after(91 * 24 * HOUR));
        assert_eq!(code(&late), "too_late");

        house.programme.revoke_key(&console(NOW), &id).unwrap();
        assert!(!good(&fourth, 50));
        assert_eq!(code(&house.programme.revoke_key(&console(NOW), &id)), "key_revoked");
        assert_eq!(code(&house.programme.rotate_key(&console(NOW), &id, NOW)), "key_revoked");
        assert_eq!(
            house.deeds("api_key", &id),
            ["key.add", "key.rotate", "key.rotate", "key.rotate", "key.revoke"]
        );
    }
}

#[test]
fn another_replica_learns_within_a_second() {
    for house in House::all() {
        let (id, text) = house.key(&new_key());
        let (other_id, other) = house.key(&new_key());
        let replica = house.again();
        let there = |text: &str| replica.authenticate_key(text, NOW).is_ok();
        assert!(there(&text) && there(&other));
        // A long write of somebody else's holds the sequence of changes up, but not this.
        let made = house.programme.rotate_key(&console(NOW), &other_id, after(0)).unwrap();
        house.programme.revoke_key(&console(NOW), &id).unwrap();
        std::thread::sleep(Duration::from_millis(1000));
        assert!(!there(&text) && !there(&other), "{}", house.database.name);
        assert!(there(made.text.unwrap().expose()));
    }
}

#[test]
fn a_late_commit_elsewhere_does_not_keep_a_revoked_key_alive() {
    let Some(database) = Database::postgres() else { return };
    let house = House::new(database);
    let (id, text) = house.key(&new_key());
    let replica = house.again();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let slow = house.again();
    let slow = std::thread::spawn(move || {
        slow.store().unwrap().write(move |tx| {
            tx.changed("card", "slow", NOW)?;
            let _ = wait.lock().unwrap().recv();
            Ok::<_, store::DbError>(())
        })
    });
    std::thread::sleep(Duration::from_millis(200));
    assert!(replica.authenticate_key(&text, NOW).is_ok());
    house.programme.revoke_key(&console(NOW), &id).unwrap();
    std::thread::sleep(Duration::from_millis(1000));
    assert!(replica.authenticate_key(&text, NOW).is_err());
    drop(go);
    slow.join().unwrap().unwrap();
}

#[test]
fn a_known_key_needs_no_database_for_a_second_and_none_holds_without_one() {
    let Some(database) = Database::postgres() else { return };
    let house = House::new(database);
    let (_, text) = house.key(&new_key());
    let url = house.database.url();
    let name = url.rsplit('/').next().unwrap();
    let mut server =
        postgres::Client::connect(&std::env::var("PROFFER_POSTGRES").unwrap(), postgres::NoTls)
            .unwrap();
    let mut open = |open: bool| {
        let statements = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {open}; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        server.batch_execute(&statements).unwrap();
    };
    let seen = std::time::Instant::now();
    house.by_key(&text, NOW).unwrap();
    open(false);
    loop {
        let answer = house.by_key(&text, NOW);
        if seen.elapsed() > Duration::from_millis(900) {
            break;
        }
        answer.unwrap();
    }
    std::thread::sleep(Duration::from_millis(1000));
    assert_eq!(code(&house.by_key(&text, NOW)), "busy");
    open(true);
    house.by_key(&text, NOW).unwrap();
}

#[test]
fn uses_are_written_by_a_job_once_a_minute() {
    for house in House::all() {
        let (id, text) = house.key(&new_key());
        let used = || house.programme.key(&console(NOW), &id).unwrap().used_at;
        let flush = || house.programme.flush_key_uses().unwrap();
        for (second, expected) in [(0, 1), (10, 0), (59, 0), (60, 1), (61, 0), (200, 1)] {
            house.by_key(&text, after(second * SECOND)).unwrap();
            assert_eq!(flush(), expected, "{} at {second} s", house.database.name);
        }
        assert_eq!(used(), Some(after(200 * SECOND)));
        // What is forgotten before it is written is not lost.
        house.by_key(&text, after(250 * SECOND)).unwrap();
        house.programme.revoke_key(&console(NOW), &id).unwrap();
        assert_eq!((flush(), used()), (1, Some(after(250 * SECOND))));
        assert_eq!(flush(), 0);
    }
}

#[test]
fn what_is_asked_for_is_looked_over() {
    for house in House::all() {
        let new = new_key;
        for (key, expected) in [
            (new(), "ok"),
            (NewKey { name: String::new(), ..new() }, "name_unsound"),
            (NewKey { name: "a\nb".to_owned(), ..new() }, "name_unsound"),
            (NewKey { name: "я".repeat(101), ..new() }, "name_unsound"),
            (NewKey { scopes: vec![Scope::KeysWrite], ..new() }, "beyond_role"),
            (NewKey { scopes: vec![Scope::CardsRead; 2], ..new() }, "named_twice"),
            (NewKey { scopes: vec![], ..new() }, "ok"),
            (NewKey { bounds: in_networks(&["north"]), ..new() }, "shop_missing"),
            (NewKey { expires_at: Some(NOW), ..new() }, "in_the_past"),
            (
                NewKey { role: Role::Partner, bounds: Bounds::default(), till: None, ..new() },
                "bounds_missing",
            ),
            (NewKey { role: Role::Partner, ..new() }, "ok"),
        ] {
            let made = house.programme.make_key(&console(NOW), &key);
            assert_eq!(code(&made), expected, "{} {key:?}", house.database.name);
        }
    }
}

#[test]
fn no_key_makes_one_that_may_do_more() {
    for house in House::all() {
        let own = NewKey {
            live: false,
            role: Role::Administrator,
            scopes: vec![Scope::KeysWrite, Scope::CardsRead],
            bounds: in_networks(&["north"]),
            till: None,
            ..new_key()
        };
        let (own_id, text) = house.key(&own);
        let act = house.by_key(&text, NOW).unwrap().act("r", None, NOW);
        let make = |key: &NewKey| code(&house.programme.make_key(&act, key));
        for (key, expected) in [
            (own.clone(), "ok"),
            (NewKey { scopes: vec![Scope::CardsRead], ..own.clone() }, "ok"),
            (NewKey { live: true, ..own.clone() }, "beyond_own"),
            (NewKey { scopes: vec![Scope::StaffWrite], ..own.clone() }, "beyond_own"),
            (NewKey { bounds: Bounds::default(), ..own.clone() }, "beyond_own"),
            (NewKey { bounds: in_networks(&["south"]), ..own.clone() }, "beyond_own"),
        ] {
            assert_eq!(make(&key), expected, "{} {key:?}", house.database.name);
        }
        // Nor does it take over a stronger one, or see one outside its bounds.
        let strong = NewKey { scopes: vec![Scope::StaffWrite, Scope::KeysWrite], ..own.clone() };
        let (strong, _) = house.key(&strong);
        assert_eq!(code(&house.programme.rotate_key(&act, &strong, NOW)), "beyond_own");
        let (foreign, _) = house.key(&NewKey { bounds: in_networks(&["south"]), ..own.clone() });
        assert_eq!(code(&house.programme.revoke_key(&act, &foreign)), "not_found");
        assert_eq!(code(&house.programme.key(&act, &foreign)), "not_found");
        assert!(
            !house.programme.keys_after(&act, "", 100).unwrap().iter().any(|key| key.id == foreign)
        );
        // A key without the right, and one that was withdrawn since.
        let (_, till) = house.key(&new_key());
        let till = house.by_key(&till, NOW).unwrap().act("r", None, NOW);
        assert_eq!(code(&house.programme.make_key(&till, &new_key())), "not_permitted");
        house.programme.revoke_key(&console(NOW), &own_id).unwrap();
        assert_eq!(make(&own), "unauthenticated");
    }
}

#[test]
fn the_answer_that_is_kept_holds_no_secret() {
    for house in House::all() {
        let key = RequestKey { key: "k".to_owned(), body_sha256: "b".to_owned() };
        let act = Act { key: Some(key), ..console(NOW) };
        let first = house.programme.make_key(&act, &new_key()).unwrap();
        let again = house.programme.make_key(&act, &new_key()).unwrap();
        assert_eq!(again.key, first.key, "{}", house.database.name);
        assert!(first.text.is_some() && again.text.is_none());
        assert_eq!(house.programme.keys_after(&act, "", 10).unwrap().len(), 1);
        if house.database.name == "sqlite" {
            let text = first.text.unwrap();
            assert!(!house.is_written(text.expose().rsplit('_').next().unwrap()));
        }
    }
}

#[test]
fn a_wrong_secret_never_lets_in() {
    let house = House::new(Database::sqlite());
    let (id, text) = house.key(&new_key());
    house.add("anna", rights(Role::Marketer));
    let session = house.sign_in("anna", NOW);
    let link = house.programme.invite_administrator(&console(NOW)).unwrap();
    let mut runner = proptest::test_runner::TestRunner::default();
    let secret = prop_oneof!["[0-9a-f]{64}", "\\PC{0,80}"];
    runner
        .run(&secret, |secret| {
            let programme = &house.programme;
            let key = format!("lk_live_{id}_{secret}");
            prop_assert!(key == text || programme.authenticate_key(&key, NOW).is_err());
            prop_assert!(programme.authenticate_key(&secret, NOW).is_err());
            let token = session.token.expose();
            prop_assert!(programme.authenticate_session(&secret, None, false, NOW).is_err());
            let csrf = programme.authenticate_session(token, Some(&secret), true, NOW);
            prop_assert!(csrf.is_err());
            let password = Secret::new(PASSWORD);
            let accepted = programme.accept_link(&secret, "vera", &password, "r", NOW);
            prop_assert!(secret == link.token.expose() || accepted.is_err());
            Ok(())
        })
        .unwrap();
}
