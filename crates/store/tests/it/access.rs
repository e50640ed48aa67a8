//! Staff, sessions, keys, links and activity.

use membership::{Door, Role, Scope};
use retail::{Day, Instant, TillId};
use store::{ActivityFlag, ApiKey, Cursor, DbError, Done, Secret, Session, Staff, Store};

use super::fixture::NOW;

const LATER: Instant = Instant(NOW.0 + 60_000_000);

/// Runs every statement of these nouns.
pub fn exercise(store: &Store) {
    staff(store);
    sessions(store);
    keys(store);
    links(store);
    activity(store);
    changes(store);
}

fn anna() -> Staff {
    Staff {
        id: "anna".to_owned(),
        password: Secret::new("$argon2id$hash-of-anna"),
        role: Role::Administrator,
        door: Door::Office,
        bounds: "{}".to_owned(),
        totp_secret: None,
        totp_pending: Some(Secret::new("PENDING")),
        totp_last_step: None,
        failures: 0,
        locked_until: None,
        disabled: false,
        created_at: NOW,
        version: 1,
    }
}

fn staff(store: &Store) {
    assert!(!store.read(|tx| tx.has_staff()).unwrap());
    store.write(|tx| tx.add_staff(&anna())).unwrap();
    assert!(matches!(store.write(|tx| tx.add_staff(&anna())), Err(DbError::Constraint { .. })));
    assert!(store.read(|tx| tx.has_staff()).unwrap());
    let changed = || Staff {
        totp_secret: Some(Secret::new("SECRET")),
        totp_pending: None,
        totp_last_step: Some(59_000_000),
        failures: 7,
        locked_until: Some(LATER),
        role: Role::PrivacyOfficer,
        door: Door::CallCentre,
        bounds: r#"{"networks":["сеть"]}"#.to_owned(),
        version: 2,
        ..anna()
    };
    let administrators = store
        .write(move |tx| {
            let administrators = tx.administrators()?;
            assert!(tx.staff_to_change("anna")?.is_some());
            tx.put_staff(&changed())?;
            Ok::<_, DbError>(administrators)
        })
        .unwrap();
    assert_eq!(administrators, [("anna".to_owned(), "{}".to_owned())]);
    let read = store.read(|tx| tx.staff("anna")).unwrap().unwrap();
    assert_eq!(shown(&read), shown(&changed()));
    assert!(store.write(|tx| tx.administrators()).unwrap().is_empty());
    let listed = |after: &str| store.read(|tx| tx.staff_after(after, 10)).unwrap().len();
    assert_eq!((listed(""), listed("anna")), (1, 0));
    assert!(!format!("{read:?}").contains("hash-of-anna"), "hidden from logs");
}

/// All of it, what is hidden included.
fn shown(staff: &Staff) -> String {
    let exposed = |secret: &Option<Secret>| secret.as_ref().map(|s| s.expose().to_owned());
    let secrets = (exposed(&staff.totp_secret), exposed(&staff.totp_pending));
    format!("{staff:?} {} {secrets:?}", staff.password.expose())
}

fn sessions(store: &Store) {
    let session = |n: i64| Session {
        token_sha256: format!("t{n}"),
        staff: "anna".to_owned(),
        csrf_sha256: "c".to_owned(),
        created_at: Instant(NOW.0 + n),
        seen_at: Instant(NOW.0 + n),
        expires_at: LATER,
    };
    let add = |n: i64| store.write(move |tx| tx.add_session(&session(n))).unwrap();
    let there = |n: i64| store.read(|tx| tx.session(&format!("t{n}"))).unwrap();
    (0..5).for_each(add);
    assert_eq!(there(3), Some(session(3)));
    store.write(|tx| tx.see_session("t3", Instant(NOW.0 + 100))).unwrap();
    assert_eq!(there(3).unwrap().seen_at, Instant(NOW.0 + 100));
    assert_eq!(store.write(|tx| tx.end_older_sessions_of("anna", 3)).unwrap(), 2);
    assert!(there(1).is_none() && there(2).is_some());
    let end = |store: &Store| store.write(|tx| tx.end_session("t2")).unwrap();
    assert_eq!((end(store), end(store)), (true, false));
    // The fourth was not used since, the third is over.
    let forget =
        |at: Instant| store.write(move |tx| tx.forget_sessions(at, Instant(NOW.0 + 50))).unwrap();
    assert_eq!((forget(NOW), forget(LATER)), (1, 1));
    add(6);
    assert_eq!(store.write(|tx| tx.end_sessions_of("anna")).unwrap(), 1);
}

fn keys(store: &Store) {
    let key = || ApiKey {
        id: "4f2a".to_owned(),
        live: true,
        name: "касса 1".to_owned(),
        secret_sha256: "s".to_owned(),
        former_secret_sha256: None,
        former_until: None,
        role: Role::Operator,
        door: Door::Till,
        scopes: vec![Scope::CardsRead, Scope::ReceiptsWrite],
        bounds: "{}".to_owned(),
        till: Some(TillId("1".to_owned())),
        expires_at: Some(LATER),
        used_at: None,
        revoked: false,
        created_by: "staff:anna".to_owned(),
        created_at: NOW,
        version: 1,
    };
    store.write(move |tx| tx.add_key(&key())).unwrap();
    assert_eq!(store.read(|tx| tx.key("4f2a")).unwrap(), Some(key()));
    let changed = move || ApiKey {
        secret_sha256: "s2".to_owned(),
        former_secret_sha256: Some("s".to_owned()),
        former_until: Some(LATER),
        revoked: true,
        version: 2,
        ..key()
    };
    store
        .write(move |tx| {
            assert!(tx.key_to_change("4f2a")?.is_some());
            tx.put_key(&changed())?;
            tx.use_key("4f2a", LATER)?;
            // Who was seen later is not seen earlier again.
            tx.use_key("4f2a", NOW)
        })
        .unwrap();
    let used = ApiKey { used_at: Some(LATER), ..changed() };
    assert_eq!(store.read(|tx| tx.keys_after("", 10)).unwrap(), [used]);
}

fn links(store: &Store) {
    let add = |token: &'static str| {
        store.write(move |tx| tx.add_link(token, Role::Administrator, LATER)).unwrap();
    };
    let good = |token: &str, at: Instant| store.read(|tx| tx.link(token, at)).unwrap();
    let used = |token: &'static str| store.write(move |tx| tx.use_link(token, NOW)).unwrap();
    add("l1");
    assert_eq!((good("l1", NOW), good("l1", LATER)), (Some(Role::Administrator), None));
    assert_eq!((used("l1"), used("l1"), used("l2")), (true, false, false));
    assert_eq!(good("l1", NOW), None);
    add("l2");
    assert_eq!(store.write(|tx| tx.withdraw_links()).unwrap(), 1);
    assert!(!used("l2"));
}

fn activity(store: &Store) {
    let day = Day(20_000);
    let more = |times, amount| {
        let more = Done { times, amount };
        store.write(move |tx| tx.add_activity("card.receipt", "42", day, more)).unwrap()
    };
    assert_eq!(more(1, 500), Done { times: 1, amount: 500 });
    assert_eq!(more(2, 100), Done { times: 3, amount: 600 });
    let read = |day| store.read(|tx| tx.activity("card.receipt", "42", day)).unwrap();
    assert_eq!((read(day), read(Day(1))), (Done { times: 3, amount: 600 }, Done::default()));
    let flag = move || ActivityFlag {
        kind: "card.receipt".to_owned(),
        object: "42".to_owned(),
        network: None,
        shop: Some("s".to_owned()),
        day,
        what: "times".to_owned(),
        bound: 2,
        held: true,
        at: NOW,
        closed_at: None,
        closed_by: None,
        released: false,
    };
    let added = store.write(move |tx| tx.add_flag(&flag())).unwrap();
    let open = || store.read(|tx| tx.open_flags(0, 10)).unwrap();
    let (id, read_flag) = open().remove(0);
    assert_eq!((id, &read_flag), (added, &flag()));
    assert_eq!(store.write(move |tx| tx.flags_of("42", day)).unwrap(), [(id, flag())]);
    assert_eq!(store.write(|tx| tx.flags_of("42", Day(1))).unwrap(), []);
    let close = || store.write(move |tx| tx.close_flag(id, "staff:anna", LATER, true)).unwrap();
    assert_eq!((close(), close(), open().len()), (true, false, 0));
    let closed = store.read(|tx| tx.flag(id)).unwrap().unwrap();
    assert_eq!((closed.closed_by.as_deref(), closed.released), (Some("staff:anna"), true));
    let forget = |before| store.write(move |tx| tx.forget_activity(before)).unwrap();
    assert_eq!((forget(day), forget(Day(day.0 + 1))), (0, 1));
}

fn changes(store: &Store) {
    let since = |cursor: Cursor| store.read(|tx| tx.keys_changed_since(cursor, 10)).unwrap();
    let before = store.read(|tx| tx.newest_change()).unwrap();
    store
        .write(|tx| {
            tx.changed("api_key", "4f2a", NOW)?;
            tx.changed("card", "42", NOW)
        })
        .unwrap();
    assert_eq!(since(before), ["4f2a"]);
    let after = store.read(|tx| tx.newest_change()).unwrap();
    assert!(after > before || store.is_postgres(), "an older write may still be under way");
}
