//! Half a million persons in the vault: found by phone and by name, read, sealed and indexed anew while others find,
//! erased. Called by `cargo xtask bench vault`; prints one JSON object a line.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "serving/load.rs"]
mod load;
mod serving;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant as Clock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use programme::{Act, Bounds, Door, NewKey, Programme, Role, Scope, SettingsLanguage, now};
use retail::{CustomerId, Instant};
use store::{Customer, DbError, Person, Secret, Term, TermKind, VaultKeys};

use load::Load;
use serving::{Server, get, make_shop, post};

const PERSONS: u64 = 500_000;
const AT_ONCE: u64 = 500;
const SECONDS: u64 = 15;
/// Programme key of the bench.
const KEY: [u8; 32] = [7; 32];

fn main() {
    let folder = tempfile::tempdir_in(std::env::var("PROFFER_BENCH_DIR").unwrap_or(".".into()));
    let folder = folder.unwrap();
    let dir = folder.path().join("programme");
    let key = seed(&dir);
    let server = Load { server: Server::start(&dir), key };
    let find = |field: &str, text: &str, n: u64| {
        post("/api/v1/customers/find", n, &format!("{{\"{field}\":\"{text}\"}}"))
    };
    let by_phone = |n: u64| find("phone", &phone(scattered(n)), n);
    server.load("warm", 200, 5, &by_phone);
    server.load("find by phone", 200, SECONDS, &by_phone);
    server.load("find by name", 200, SECONDS, &|n| find("name", &words(scattered(n)).join(" "), n));
    server.load("read", 200, SECONDS, &|n| get(&format!("/api/v1/customers/c{}", scattered(n))));
    // While somebody finds fifty times a second.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                server.load("find meanwhile", 50, SECONDS, &by_phone);
            }
        });
        for command in ["renew-key", "renew-index"] {
            timed(command, &dir, &["vault", command]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    timed("erase", &dir, &["erase", "c4711"]);
    server.server.stop();
}

/// Runs the command line, and prints how long it took.
fn timed(name: &str, dir: &Path, arguments: &[&str]) {
    let began = Clock::now();
    let done = Command::new(env!("CARGO_BIN_EXE_proffer"))
        .args(arguments)
        .env("PROFFER_DIR", dir)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    println!("{}", serde_json::json!({ "done": name, "seconds": began.elapsed().as_secs_f64() }));
}

/// Spreads requests over all persons, the same in every run.
fn scattered(n: u64) -> u64 {
    (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % PERSONS
}

fn phone(n: u64) -> String {
    format!("+79{:09}", n * 1999 % 1_000_000_000)
}

/// A surname of twenty thousand, a first name of sixty, a patronymic of forty.
fn words(n: u64) -> [String; 3] {
    let n = n.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8;
    [
        format!("фамилия{}", n % 20_000),
        format!("имя{}", n / 7 % 60),
        format!("отчество{}", n / 77 % 40),
    ]
}

/// A programme with everybody in its vault, and the key of an operator.
fn seed(dir: &Path) -> String {
    let programme = Programme::init(dir, SettingsLanguage::En).unwrap();
    let at = now();
    let act = Act::of_job("bench", at);
    make_shop(&programme, &act, "s");
    std::fs::write(programme.vault_key_file(), format!("{}\n", STANDARD.encode(KEY))).unwrap();
    let began = Clock::now();
    for piece in 0..PERSONS / AT_ONCE {
        let numbers = piece * AT_ONCE..(piece + 1) * AT_ONCE;
        let written = programme.store().unwrap().write(move |tx| {
            let keys = VaultKeys::new(KEY, &[]);
            numbers.clone().try_for_each(|number| add_person(tx, &keys, number, at))
        });
        written.unwrap();
    }
    let seeded = began.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(dir.join("store.sqlite")).unwrap().len();
    println!("{}", serde_json::json!({ "persons": PERSONS, "seeded_s": seeded, "bytes": bytes }));
    let key = NewKey {
        name: "till".to_owned(),
        live: true,
        role: Role::Operator,
        door: Door::Office,
        scopes: vec![Scope::CustomersFind, Scope::CustomersRead],
        bounds: Bounds { networks: vec!["n".to_owned()], ..Bounds::default() },
        till: None,
        expires_at: None,
    };
    programme.make_key(&act, &key).unwrap().text.unwrap().expose().to_owned()
}

/// As a registration stores somebody: see `programme/src/customers/kept.rs`.
fn add_person(
    tx: &mut store::Tx<'_>,
    keys: &VaultKeys,
    number: u64,
    at: Instant,
) -> Result<(), DbError> {
    let customer = CustomerId(format!("c{number}"));
    let (phone, words) = (phone(number), words(number));
    let email = format!("person{number}@example.com");
    let answers = serde_json::json!({
        "answers": {
            "surname": words[0], "first_name": words[1], "patronymic": words[2], "phone": phone, "email": email,
            "birth_date": "1990-05-17", "gender": "female", "household_size": 3,
        },
        "found_by": {
            "surname": { "words": [words[0]] }, "first_name": { "words": [words[1]] },
            "patronymic": { "words": [words[2]] }, "phone": { "phone": phone }, "email": { "email": email },
        },
    });
    let term = |kind, text: &str, his_alone| Term { kind, text: Secret::new(text), his_alone };
    let mut terms = vec![term(TermKind::Phone, &phone, true), term(TermKind::Email, &email, false)];
    terms.extend(words.iter().map(|word| term(TermKind::Name, word, false)));
    tx.add_customer(&Customer {
        id: customer.clone(),
        network: "n".into(),
        registered_at: at,
        version: 1,
    })?;
    let answers = Secret::new(answers.to_string());
    tx.add_person(keys, &Person { customer, answers, changed_at: at, version: 1 }, &terms)
}
