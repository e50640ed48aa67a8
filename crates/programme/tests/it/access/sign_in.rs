//! Signing in, sessions, lock-out, devices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use programme::{Refused, Role, Secret, csrf_of};
use retail::Instant;
use totp_rs::{Builder, Secret as Shared};

use super::*;
use crate::fixture::soak;

#[test]
fn whatever_is_wrong_is_told_alike() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        house.add("boris", rights(Role::Marketer));
        house.programme.disable_staff(&console(NOW), "boris").unwrap();
        let long = "x".repeat(100_000);
        let mut said = Vec::new();
        for (id, password) in [
            ("anna", "wrong horse battery"),
            ("nobody", PASSWORD),
            ("boris", PASSWORD),
            ("Anna", PASSWORD),
            ("anna ", PASSWORD),
            ("", ""),
            ("anna", ""),
            ("anna", long.as_str()),
            (long.as_str(), PASSWORD),
            ("anna' OR '1'='1", PASSWORD),
            ("аnna", PASSWORD),
            ("anna\0", PASSWORD),
        ] {
            let failed = house.try_to_sign_in(id, password, None, NOW).unwrap_err();
            assert_eq!(failed.code(), "sign_in_failed", "{}: {id:.20}", house.database.name);
            said.push(format!("{failed} {failed:?}"));
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
        house.sign_in("anna", NOW);
    }
}

/// Minutes since the beginning, who, whether the password is right, what is answered.
#[test]
fn failures_lock_a_name_for_a_growing_while() {
    const TRIES: &[(i64, bool, &str)] = &[
        (0, false, "sign_in_failed"),
        (0, false, "sign_in_failed"),
        (0, false, "sign_in_failed"),
        (0, false, "sign_in_failed"),
        (0, false, "sign_in_failed"),
        // Locked for a minute, whoever knows what.
        (0, false, "locked 1"),
        (0, true, "locked 1"),
        (1, false, "sign_in_failed"),
        (2, true, "locked 3"),
        (3, false, "sign_in_failed"),
        (6, false, "locked 7"),
        (7, false, "sign_in_failed"),
        (15, false, "sign_in_failed"),
        (31, false, "sign_in_failed"),
        // 32 minutes, then an hour, and no more.
        (62, false, "locked 63"),
        (63, false, "sign_in_failed"),
        (122, false, "locked 123"),
        (123, false, "sign_in_failed"),
        (182, false, "locked 183"),
        (183, true, "ok"),
        // A success forgets the failures.
        (183, false, "sign_in_failed"),
        (183, true, "ok"),
    ];
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        for (step, (minutes, right, expected)) in TRIES.iter().enumerate() {
            let password = if *right { PASSWORD } else { "wrong horse battery" };
            let answer =
                |id| match house.try_to_sign_in(id, password, None, after(minutes * MINUTE)) {
                    Err(Refused::NotAdmitted { code: "locked", retry_at: Some(until), .. }) => {
                        format!("locked {}", (until.0 - NOW.0) / MINUTE)
                    }
                    other => code(&other).to_owned(),
                };
            assert_eq!(answer("anna"), *expected, "{}, try {step}", house.database.name);
            // A name that nobody has does the same, but for what only the right password opens.
            if step < 19 {
                assert_eq!(answer("nobody"), *expected, "stranger, try {step}");
            }
        }
        let failures = house.deeds("staff", "anna");
        let failures = failures.iter().filter(|deed| *deed == "staff.sign_in_failed").count();
        assert_eq!(failures, TRIES.iter().filter(|try_| try_.2 == "sign_in_failed").count());
    }
}

#[test]
fn an_administrator_lifts_a_lock() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        for _ in 0..5 {
            let _ = house.try_to_sign_in("anna", "wrong", None, NOW);
        }
        assert_eq!(code(&house.try_to_sign_in("anna", PASSWORD, None, NOW)), "locked");
        house.programme.enable_staff(&console(NOW), "anna").unwrap();
        house.sign_in("anna", NOW);
    }
}

#[test]
fn many_who_guess_at_once_are_locked_together() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        let house = Arc::new(house);
        let tested = Arc::new(AtomicU32::new(0));
        let guessers: Vec<_> = (0..8)
            .map(|guesser| {
                let (house, tested) = (house.clone(), tested.clone());
                std::thread::spawn(move || {
                    for n in 0..10 {
                        let guess = format!("guess {guesser} {n}");
                        let answer = house.try_to_sign_in("anna", &guess, None, NOW);
                        if code(&answer) == "sign_in_failed" {
                            tested.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                })
            })
            .collect();
        guessers.into_iter().for_each(|guesser| guesser.join().unwrap());
        // However many were under way at once, five counted.
        assert_eq!(tested.load(Ordering::SeqCst), 5, "{}", house.database.name);
        assert_eq!(code(&house.try_to_sign_in("anna", PASSWORD, None, NOW)), "locked");
    }
}

#[test]
fn a_hundred_thousand_guesses_do_not_succeed() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        let guesses = if soak() || house.database.name == "sqlite" { 100_000 } else { 10_000 };
        // One a second: more than a day.
        for n in 0..guesses {
            let guess = format!("correct horse {n}");
            assert!(house.try_to_sign_in("anna", &guess, None, after(n * SECOND)).is_err());
        }
        let tested = house.deeds("staff", "anna").len();
        assert!(
            tested < 45,
            "{}: {tested} guesses were held against the hash",
            house.database.name
        );
        let at = after(guesses * SECOND);
        let staff = house.programme.staff(&console(at), "anna").unwrap();
        assert!(house.try_to_sign_in("anna", PASSWORD, None, staff.locked_until.unwrap()).is_ok());
    }
}

#[test]
fn names_that_nobody_has_leave_nothing_behind() {
    for house in House::all() {
        for n in 0..30 {
            let guess = house.try_to_sign_in(&format!("nobody-{n}"), PASSWORD, None, NOW);
            assert_eq!(code(&guess), "sign_in_failed");
        }
        let day = retail::Day((NOW.0 / (24 * HOUR)) as i32);
        let counted =
            house.programme.store().unwrap().read(|tx| tx.activity("stranger.sign_in", "", day));
        assert_eq!(counted.unwrap().times, 30);
        assert!(house.deeds("staff", "nobody-1").is_empty());
    }
}

#[test]
fn a_hash_of_older_parameters_is_made_anew() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        let weak = Params::new(8 * 1024, 1, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, weak);
        let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        let store = house.programme.store().unwrap();
        let hash =
            || store.read(|tx| tx.staff("anna")).unwrap().unwrap().password.expose().to_owned();
        store
            .write(move |tx| {
                let mut anna = tx.staff_to_change("anna")?.unwrap();
                anna.password = Secret::new(weak.clone());
                tx.put_staff(&anna)
            })
            .unwrap();
        assert!(house.try_to_sign_in("anna", "wrong", None, NOW).is_err());
        assert!(hash().contains("m=8192,t=1"), "a wrong password changes nothing");
        house.sign_in("anna", NOW);
        assert!(hash().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", house.database.name);
        house.sign_in("anna", NOW);
    }
}

#[test]
fn a_session_ends_idle_old_or_by_word() {
    for house in House::all() {
        house.add("anna", rights(Role::Administrator));
        let programme = &house.programme;
        let open = |session: &SignedIn, minutes: i64| {
            house.caller(session, after(minutes * MINUTE)).is_ok()
        };
        // Used every 29 minutes it lives for 12 hours.
        let used = house.sign_in("anna", NOW);
        for minutes in (29..720).step_by(29) {
            assert!(open(&used, minutes), "after {minutes} minutes");
        }
        assert!(!open(&used, 720));
        let idle = house.sign_in("anna", NOW);
        assert!(!open(&idle, 30) && open(&idle, 29));
        let forgotten = programme.forget_sessions(after(13 * HOUR)).unwrap();
        assert_eq!(forgotten, 2, "{}", house.database.name);

        let left = house.sign_in("anna", NOW);
        let other = house.sign_in("anna", NOW);
        programme.sign_out(&console(NOW), &left.token).unwrap();
        assert!(!open(&left, 0) && open(&other, 0));
        let own = house.caller(&other, NOW).unwrap().act("r", None, NOW);
        assert_eq!(programme.end_sessions(&own, "anna").unwrap(), 1);
        assert!(!open(&other, 0));

        // So many at once and no more.
        let sessions: Vec<_> = (0..12).map(|n| house.sign_in("anna", after(n))).collect();
        let alive = sessions.iter().filter(|session| open(session, 1)).count();
        assert_eq!(alive, 10);
        assert!(!open(&sessions[1], 1) && open(&sessions[2], 1));
    }
}

#[test]
fn who_leaves_or_changes_the_password_has_no_session() {
    for house in House::all() {
        house.add("anna", rights(Role::Administrator));
        house.add("boris", rights(Role::Marketer));
        let programme = &house.programme;
        let session = house.sign_in("boris", NOW);
        let act = house.caller(&session, NOW).unwrap().act("r", None, NOW);
        let new = Secret::new("another horse battery");
        let change =
            |former: &str, new: &Secret| programme.change_password(&act, &Secret::new(former), new);
        assert_eq!(code(&change("wrong", &new)), "sign_in_failed");
        assert_eq!(code(&change(PASSWORD, &Secret::new(PASSWORD))), "password_same");
        assert_eq!(code(&change(PASSWORD, &Secret::new("boris the spider"))), "password_has_name");
        assert!(house.caller(&session, NOW).is_ok());
        change(PASSWORD, &new).unwrap();
        assert!(house.caller(&session, NOW).is_err(), "{}", house.database.name);
        assert_eq!(code(&house.try_to_sign_in("boris", PASSWORD, None, NOW)), "sign_in_failed");
        let session = house.try_to_sign_in("boris", new.expose(), None, NOW).unwrap();
        programme.set_password(&console(NOW), "boris", &Secret::new(PASSWORD)).unwrap();
        assert!(house.caller(&session, NOW).is_err());
        let session = house.sign_in("boris", NOW);
        programme.disable_staff(&house.act("anna", NOW), "boris").unwrap();
        assert!(house.caller(&session, NOW).is_err());
        assert_eq!(
            house.deeds("staff", "boris"),
            [
                "staff.add",
                "staff.sign_in",
                "staff.sign_in_failed",
                "staff.change_password",
                "staff.sign_in_failed",
                "staff.sign_in",
                "staff.set_password",
                "staff.sign_in",
                "staff.disable"
            ]
        );
    }
}

#[test]
fn a_write_shows_the_second_token_of_its_own_session() {
    for house in House::all() {
        house.add("anna", rights(Role::Marketer));
        let (one, other) = (house.sign_in("anna", NOW), house.sign_in("anna", NOW));
        assert_eq!(csrf_of(&one.token).expose(), one.csrf.expose());
        let (token, csrf) = (one.token.expose(), one.csrf.expose());
        for (token, csrf, write, expected) in [
            (token, Some(csrf), true, "ok"),
            (token, Some(csrf), false, "ok"),
            (token, None, false, "ok"),
            (token, Some("x"), false, "ok"),
            (token, None, true, "csrf_failed"),
            (token, Some(""), true, "csrf_failed"),
            (token, Some(other.csrf.expose()), true, "csrf_failed"),
            (token, Some(token), true, "csrf_failed"),
            (csrf, Some(csrf), true, "unauthenticated"),
            ("", Some(csrf), true, "unauthenticated"),
            (&token[1..], Some(csrf), true, "unauthenticated"),
            (&"0".repeat(64), Some(csrf), true, "unauthenticated"),
        ] {
            let answer = house.programme.authenticate_session(token, csrf, write, NOW);
            assert_eq!(code(&answer), expected, "{}", house.database.name);
        }
    }
}

#[test]
fn a_device_is_asked_for_and_each_of_its_codes_is_good_once() {
    for house in House::all() {
        house.add("anna", rights(Role::Administrator));
        let programme = &house.programme;
        let act = house.act("anna", NOW);
        let void = programme.begin_totp(&act).unwrap();
        let setup = programme.begin_totp(&act).unwrap();
        assert!(setup.uri.expose().starts_with("otpauth://totp/Proffer:anna?secret="));
        let at_of = |secret: &Secret, at: Instant| {
            let shared = Shared::try_from_base32(secret.expose()).unwrap();
            let totp = Builder::new().with_secret(shared).build().unwrap();
            totp.generate((at.0 / SECOND) as u64).to_string()
        };
        let at = |at: Instant| at_of(&setup.secret, at);
        // Until a code was shown nobody is asked for one.
        house.sign_in("anna", NOW);
        let confirm = |code: String| programme.confirm_totp(&act, &Secret::new(code));
        assert_eq!(code(&confirm(at_of(&void.secret, NOW))), "totp_wrong");
        assert!(confirm(at(NOW)).unwrap().totp);
        assert_eq!(code(&confirm(at(NOW))), "totp_not_begun");

        let later = after(5 * MINUTE);
        let code_now = at(later);
        for (password, shown, expected) in [
            (PASSWORD, None, "totp_required"),
            ("wrong", None, "sign_in_failed"),
            (PASSWORD, Some("000000".to_owned()), "sign_in_failed"),
            (PASSWORD, Some(at(NOW)), "sign_in_failed"),
            ("wrong", Some(code_now.clone()), "sign_in_failed"),
            (PASSWORD, Some(code_now.clone()), "ok"),
            (PASSWORD, Some(code_now.clone()), "sign_in_failed"),
            (PASSWORD, Some(at(Instant(later.0 - 30 * SECOND))), "sign_in_failed"),
            (PASSWORD, Some(at(Instant(later.0 + 30 * SECOND))), "ok"),
        ] {
            let answer = house.try_to_sign_in("anna", password, shown.as_deref(), later);
            assert_eq!(code(&answer), expected, "{} {shown:?}", house.database.name);
        }
        // Two at the same moment with one code: one of them.
        let much_later = after(10 * MINUTE);
        let (house, shown) = (Arc::new(house), at(much_later));
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let (house, shown) = (house.clone(), shown.clone());
                std::thread::spawn(move || {
                    house.try_to_sign_in("anna", PASSWORD, Some(&shown), much_later).is_ok()
                })
            })
            .collect();
        let admitted = calls.into_iter().map(|call| call.join().unwrap());
        assert_eq!(admitted.filter(|admitted| *admitted).count(), 1);
        house.programme.remove_totp(&console(NOW), "anna").unwrap();
        house.sign_in("anna", after(20 * MINUTE));
    }
}
