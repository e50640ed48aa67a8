//! The first administrator.

use std::sync::Arc;

use super::*;

#[test]
fn the_first_link_is_good_once_for_a_day_and_only_while_there_is_nobody() {
    for house in House::all() {
        let programme = &house.programme;
        let void = programme.invite_first_administrator(NOW).unwrap().unwrap();
        let link = programme.invite_first_administrator(NOW).unwrap().unwrap();
        assert_eq!(link.expires_at, after(24 * HOUR));
        let accept = |token: &str, id: &str, password: &str, at: Instant| {
            programme.accept_link(token, id, &Secret::new(password), "r", at)
        };
        let good = link.token.expose();
        for (token, id, password, at, expected) in [
            (void.token.expose(), "anna", PASSWORD, NOW, "link_invalid"),
            ("", "anna", PASSWORD, NOW, "link_invalid"),
            (&good[1..], "anna", PASSWORD, NOW, "link_invalid"),
            (good, "anna", PASSWORD, after(24 * HOUR), "link_invalid"),
            (good, "anna", "short", NOW, "password_short"),
            (good, "a", PASSWORD, NOW, "id_unsound"),
            (good, "anna", PASSWORD, after(24 * HOUR - 1), "ok"),
            (good, "boris", PASSWORD, NOW, "link_invalid"),
        ] {
            let accepted = accept(token, id, password, at);
            assert_eq!(code(&accepted), expected, "{}", house.database.name);
        }
        let anna = house.act("anna", after(24 * HOUR));
        assert_eq!((anna.role, anna.bounds.clone()), (Role::Administrator, Bounds::default()));
        assert!(programme.invite_first_administrator(NOW).unwrap().is_none());
        // Who stands before the machine may always let one more in; a taken name uses no link up.
        let more = programme.invite_administrator(&console(NOW)).unwrap();
        assert_eq!(code(&accept(more.token.expose(), "anna", PASSWORD, NOW)), "staff_exists");
        assert_eq!(code(&accept(more.token.expose(), "boris", PASSWORD, NOW)), "ok");
        house.add("mark", rights(Role::Marketer));
        let mark = house.act("mark", NOW);
        assert_eq!(code(&programme.invite_administrator(&mark)), "not_permitted");
        assert_eq!(house.deeds("staff", "boris"), ["staff.add"]);
        assert!(!format!("{link:?}").contains(good));
    }
}

#[test]
fn of_eight_who_use_one_link_one_comes_in() {
    for house in House::all() {
        for round in 0..3 {
            let link = Arc::new(house.programme.invite_administrator(&console(NOW)).unwrap());
            let programme = Arc::new(house.again());
            let calls: Vec<_> = (0..8)
                .map(|n| {
                    let (programme, link) = (programme.clone(), link.clone());
                    std::thread::spawn(move || {
                        let (id, password) = (format!("admin-{round}-{n}"), Secret::new(PASSWORD));
                        let token = link.token.expose();
                        programme.accept_link(token, &id, &password, "r", NOW)
                    })
                })
                .collect();
            let answers: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
            let codes: Vec<_> = answers.iter().map(code).collect();
            let count = |code: &str| codes.iter().filter(|one| **one == code).count();
            assert_eq!((count("ok"), count("link_invalid")), (1, 7), "{}", house.database.name);
            let staff = house.programme.staff_after(&console(NOW), "", 100).unwrap();
            assert_eq!(staff.len(), round + 1);
        }
    }
}
