//! Adding and changing staff, and how far who does it may go.

use std::sync::Arc;

use programme::{NewStaff, RequestKey};
use proptest::prelude::*;

use super::*;

#[test]
fn names_and_passwords_are_looked_over() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        let long = "x".repeat(65);
        for (id, password, expected) in [
            ("boris", PASSWORD, "ok"),
            ("c.d-e_9", PASSWORD, "ok"),
            ("anna", PASSWORD, "staff_exists"),
            ("ab", PASSWORD, "id_unsound"),
            (long.as_str(), PASSWORD, "id_unsound"),
            ("Vera", PASSWORD, "id_unsound"),
            ("вера", PASSWORD, "id_unsound"),
            ("vera@shop.example", PASSWORD, "id_unsound"),
            ("vera\n", PASSWORD, "id_unsound"),
            ("vera", "elevenchars", "password_short"),
            ("vera", "twelve chars", "ok"),
            ("gleb", "двенадцать б", "ok"),
            ("dasha", "my name is Dasha", "password_has_name"),
            ("dasha", &"x".repeat(1025), "password_long"),
        ] {
            let new = NewStaff { id: id.to_owned(), rights: rights(Role::Marketer) };
            let added = house.programme.add_staff(&console(NOW), &new, &Secret::new(password));
            assert_eq!(code(&added), expected, "{} {id}", house.database.name);
        }
        let listed = house.programme.staff_after(&console(NOW), "boris", 2).unwrap();
        assert_eq!(
            listed.iter().map(|staff| staff.id.as_str()).collect::<Vec<_>>(),
            ["c.d-e_9", "gleb"]
        );
    }
}

#[test]
fn nobody_gives_more_than_he_has() {
    for house in House::all() {
        house.add("anna", rights(Role::Administrator));
        house.add("mark", rights(Role::Marketer));
        let north = StaffRights { bounds: in_networks(&["north"]), ..rights(Role::Administrator) };
        house.add("nora", north.clone());
        let (anna, mark, nora) =
            (house.act("anna", NOW), house.act("mark", NOW), house.act("nora", NOW));
        let south = StaffRights { bounds: in_networks(&["south"]), ..north.clone() };
        let both = StaffRights { bounds: in_networks(&["north", "south"]), ..north.clone() };
        let mut number = 0;
        for (act, rights, expected) in [
            (&anna, rights(Role::Administrator), "ok"),
            (&anna, south.clone(), "ok"),
            (&nora, north.clone(), "ok"),
            (&nora, StaffRights { role: Role::Operator, ..north.clone() }, "ok"),
            (&nora, south, "beyond_own"),
            (&nora, both, "beyond_own"),
            (&nora, rights(Role::Operator), "beyond_own"),
            (&mark, rights(Role::Marketer), "not_permitted"),
            (&anna, rights(Role::Partner), "bounds_missing"),
        ] {
            number += 1;
            let new = NewStaff { id: format!("new-{number}"), rights };
            let added = house.programme.add_staff(act, &new, &Secret::new(PASSWORD));
            assert_eq!(code(&added), expected, "{} case {number}", house.database.name);
        }
        // Who is bound sees and touches his own; the others do not exist for him.
        let programme = &house.programme;
        let seen = programme.staff_after(&nora, "", 100).unwrap();
        let seen: Vec<_> = seen.iter().map(|staff| staff.id.as_str()).collect();
        assert_eq!(seen, ["new-3", "new-4", "nora"]);
        for id in ["anna", "new-2", "nobody"] {
            let words = |result: Result<StaffView, Refused>| result.unwrap_err().to_string();
            let expected = format!("there is no staff {id}");
            assert_eq!(words(programme.staff(&nora, id)), expected);
            assert_eq!(words(programme.disable_staff(&nora, id)), expected);
            assert_eq!(words(programme.set_password(&nora, id, &Secret::new(PASSWORD))), expected);
            assert_eq!(words(programme.remove_totp(&nora, id)), expected);
            assert_eq!(words(programme.change_staff(&nora, id, &north)), expected);
        }
        assert_eq!(code(&programme.disable_staff(&mark, "anna")), "not_permitted");
        assert_eq!(
            code(&programme.change_staff(&nora, "nora", &rights(Role::Administrator))),
            "beyond_own"
        );
        // What is changed counts in a session that is open.
        let session = house.sign_in("new-4", NOW);
        programme
            .change_staff(&nora, "new-4", &StaffRights { role: Role::Analyst, ..north })
            .unwrap();
        assert_eq!(house.caller(&session, NOW).unwrap().role, Role::Analyst);
    }
}

#[test]
fn somebody_is_always_left_to_let_others_in() {
    for house in House::all() {
        house.add("anna", rights(Role::Administrator));
        let north = StaffRights { bounds: in_networks(&["north"]), ..rights(Role::Administrator) };
        house.add("nora", north);
        let act = console(NOW);
        assert_eq!(code(&house.programme.disable_staff(&act, "anna")), "last_administrator");
        let less = rights(Role::Analyst);
        assert_eq!(code(&house.programme.change_staff(&act, "anna", &less)), "last_administrator");
        house.programme.disable_staff(&act, "nora").unwrap();
        for round in 0..5 {
            // All dismiss each other at once.
            let ids: Vec<String> = (0..4).map(|n| format!("admin-{round}-{n}")).collect();
            ids.iter().for_each(|id| drop(house.add(id, rights(Role::Administrator))));
            let whole = || {
                let staff = house.programme.staff_after(&act, "", 1000).unwrap();
                staff.into_iter().filter(|staff| !staff.disabled).count()
            };
            let before = whole();
            let programme = Arc::new(house.again());
            let everybody: Vec<String> = ids.iter().cloned().chain(["anna".to_owned()]).collect();
            let calls: Vec<_> = everybody
                .into_iter()
                .map(|id| {
                    let (programme, act) = (programme.clone(), act.clone());
                    std::thread::spawn(move || programme.disable_staff(&act, &id).is_ok())
                })
                .collect();
            let dismissed = calls.into_iter().map(|call| call.join().unwrap());
            let dismissed = dismissed.filter(|done| *done).count();
            assert_eq!((dismissed, whole()), (before - 1, 1), "{}", house.database.name);
            let left = house.programme.staff_after(&act, "", 1000).unwrap();
            let left = left.into_iter().find(|staff| !staff.disabled).unwrap();
            house.programme.enable_staff(&act, "anna").unwrap();
            if left.id != "anna" {
                house.programme.disable_staff(&act, &left.id).unwrap();
            }
        }
    }
}

#[test]
fn asking_again_with_a_key_adds_once_and_keeps_no_trace_of_the_password() {
    for house in House::all() {
        let body_sha256 = "hash of a body with a password".to_owned();
        let key = RequestKey { key: "k".to_owned(), body_sha256 };
        let act = Act { key: Some(key), ..console(NOW) };
        let new = NewStaff { id: "anna".to_owned(), rights: rights(Role::Marketer) };
        let add = |new: &NewStaff| house.programme.add_staff(&act, new, &Secret::new(PASSWORD));
        let first = add(&new).unwrap();
        assert_eq!(add(&new).unwrap(), first, "{}", house.database.name);
        let other = NewStaff { id: "boris".to_owned(), ..new };
        assert_eq!(code(&add(&other)), "key_reused");
        let session = house.sign_in("anna", NOW);
        if house.database.name == "sqlite" {
            assert!(house.is_written("staff.sign_in"), "the files are read");
            for hidden in
                [PASSWORD, "hash of a body", session.token.expose(), session.csrf.expose()]
            {
                assert!(!house.is_written(hidden), "{hidden}");
            }
        }
        let shown = format!("{session:?} {:?}", house.programme);
        for hidden in [PASSWORD, session.token.expose(), session.csrf.expose()] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

fn bounds() -> impl Strategy<Value = Bounds> {
    let ids = || prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..3);
    let own = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
    (ids(), ids(), prop::option::of(prop::sample::select(vec!["p", "q"]))).prop_map(
        move |(networks, shops, partner)| Bounds {
            networks: own(networks),
            shops: own(shops),
            partner: partner.map(str::to_owned),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_hand_on_nothing_beyond_themselves(a in bounds(), b in bounds(), c in bounds()) {
        prop_assert!(Bounds::default().contain(&a) && a.contain(&a));
        if a.contain(&b) {
            for id in ["a", "b", "c", "d"] {
                prop_assert!(!b.allow_network(id) || a.allow_network(id));
                prop_assert!(!b.allow_shop(id) || a.allow_shop(id));
            }
            prop_assert!(a.partner.is_none() || a.partner == b.partner);
            prop_assert!(!b.contain(&c) || a.contain(&c));
        }
    }
}
