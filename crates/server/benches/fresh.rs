//! How soon a customer's portrait has his receipt: it is sent to a server, then the portrait is asked for
//! until it counts one visit more, while other tills send receipts and the journal moves every few seconds.
//! Called by `cargo xtask bench size` with a programme that has a lake and a snapshot, in which it makes a
//! shop, cards and keys; prints one JSON object.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod serving;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use ledger::{AccountId, Unit};
use membership::{CardKind, CardState};
use programme::{Act, Bounds, Door, NewKey, Programme, Refused, Role, RulesKind, Scope, now};
use retail::{CardId, CustomerId, Day, Instant, TillId, WalletId};
use serde_json::Value;
use store::{Card, Wallet};

use serving::{Connection, Server, get, make_shop, post};

/// Customers with cards: those of the lake, and every tenth one who never bought before.
const CARDS: u64 = 2_000;
const NEW_EVERY: u64 = 10;
const SECONDS: u64 = 60;
/// Who asks for portraits, each after his last receipt shows.
const WATCHERS: u64 = 2;
/// Receipts a second of those who ask for none.
const OTHERS_RATE: u64 = 20;

fn main() {
    let Ok(dir) = std::env::var("PROFFER_BENCH_PROGRAMME") else {
        println!("PROFFER_BENCH_PROGRAMME names no programme: `cargo xtask bench size` does");
        return;
    };
    let dir = PathBuf::from(dir);
    let customers = std::env::var("PROFFER_BENCH_CUSTOMERS").unwrap().parse().unwrap();
    let (till, analyst) = seed(&dir, customers);
    let before = manifest(&dir);
    let server = Server::start(&dir);
    let mut reader = server.connect(&analyst);
    let began = Clock::now();
    let as_of = portrait(&mut reader, &customer(0, customers)).unwrap()["as_of"].clone();
    let first_s = began.elapsed().as_secs_f64();
    let as_of: Day = as_of.as_str().unwrap().parse().unwrap();
    // As tills do: the snapshot is of the day before.
    let shops = Shops { at: format!("{}T12:00:00Z", Day(as_of.0 + 1)), customers };

    let next = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let (mut till, began) = (server.connect(&till), Clock::now());
            for number in 0.. {
                let due = began + Duration::from_secs_f64(number as f64 / OTHERS_RATE as f64);
                std::thread::sleep(due.saturating_duration_since(Clock::now()));
                if done.load(Ordering::Relaxed) {
                    break;
                }
                // The cards that nobody watches.
                shops.send(&mut till, CARDS / 2 + number % (CARDS / 2), 1_000_000 + number);
            }
        });
        let watch = || {
            let (mut till, mut reader) = (server.connect(&till), server.connect(&analyst));
            let mut times = Vec::new();
            while began.elapsed().as_secs() < SECONDS {
                let number = next.fetch_add(1, Ordering::Relaxed);
                times.push(shops.watched(&mut till, &mut reader, number % (CARDS / 2), number));
            }
            times
        };
        let watchers: Vec<_> = (0..WATCHERS).map(|_| scope.spawn(watch)).collect();
        watchers.into_iter().for_each(|watcher| times.extend(watcher.join().unwrap()));
        done.store(true, Ordering::Relaxed);
        others.join().unwrap();
    });
    let (peak, resident) = (memory(&server, "VmHWM:"), memory(&server, "RssAnon:"));
    server.stop();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        serde_json::json!({
            "portraits": times.len(), "states": manifest(&dir) - before, "first_s": first_s,
            "median_s": at(0.5), "p99_s": at(0.99), "slowest_s": at(1.0),
            "peak_bytes": peak, "resident_bytes": resident,
        })
    );
}

/// The customer of a card; the histories that `bench size` compares are of others.
fn customer(card: u64, customers: u64) -> String {
    match card % NEW_EVERY {
        0 if card > 0 => format!("new{card}"),
        _ => format!("C{:07}", 2 + card * (customers / CARDS)),
    }
}

fn number_of(card: u64) -> String {
    format!("{card:013}")
}

struct Shops {
    at: String,
    customers: u64,
}

impl Shops {
    fn send(&self, till: &mut Connection, card: u64, number: u64) {
        let body = format!(
            "{{\"number\":\"{number}\",\"at\":\"{}\",\"card\":\"{}\",\"lines\":[\
             {{\"product\":\"milk\",\"quantity\":2000,\"net\":17800}},\
             {{\"product\":\"bread\",\"quantity\":1000,\"net\":5490,\"discount\":500}},\
             {{\"product\":\"tea\",\"quantity\":1000,\"net\":34900}}]}}",
            self.at,
            number_of(card)
        );
        let (status, answer) = till.ask(&post("/api/v1/receipts", number, &body));
        assert!((200..300).contains(&status), "{status} {answer}");
    }

    /// Seconds from a receipt to the portrait that has it.
    fn watched(
        &self,
        till: &mut Connection,
        reader: &mut Connection,
        card: u64,
        number: u64,
    ) -> f64 {
        let customer = customer(card, self.customers);
        let before = visits(portrait(reader, &customer));
        let began = Clock::now();
        self.send(till, card, number);
        while visits(portrait(reader, &customer)) == before {
            assert!(began.elapsed().as_secs() < 60, "{customer} has no new visit");
        }
        began.elapsed().as_secs_f64()
    }
}

/// A customer's portrait; nothing of whom nobody knows yet.
fn portrait(reader: &mut Connection, customer: &str) -> Option<Value> {
    let (status, body) = reader.ask(&get(&format!("/api/v1/customers/{customer}/portrait")));
    assert!(status == 200 || status == 404, "{status} {body}");
    (status == 200).then(|| serde_json::from_str(&body).unwrap())
}

fn visits(portrait: Option<Value>) -> u64 {
    let portrait = portrait.unwrap_or_default();
    let mut parameters = portrait["parameters"].as_array().into_iter().flatten();
    parameters
        .find(|parameter| parameter["name"] == "visits_all")
        .map_or(0, |visits| visits["value"].as_u64().unwrap())
}

fn manifest(dir: &Path) -> u64 {
    Programme::open(dir).unwrap().lake().unwrap().manifest().number
}

/// Bytes of a server's memory, as Linux tells them.
fn memory(server: &Server, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id()));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0)
        * 1024
}

/// Makes a network with a shop and cards, rules, and keys of a till and of somebody who reads portraits.
fn seed(dir: &Path, customers: u64) -> (String, String) {
    let programme = Programme::open(dir).unwrap();
    let at = now();
    let act = Act::of_job("bench", at);
    let text = |text: &str| text.to_owned();
    make_shop(&programme, &act, "fresh");
    programme
        .publish_rules(&act, RulesKind::Limits, None, &serde_json::json!({"rows": []}))
        .unwrap();
    let add = move |tx: &mut store::Tx<'_>| {
        (0..CARDS).try_for_each(|card| add_card(tx, card, &customer(card, customers), at))
    };
    programme.store().unwrap().write(add).unwrap();
    let key = |name: &str, role, door, scopes, bounds, till| {
        let key = NewKey {
            name: text(name),
            live: true,
            role,
            door,
            scopes,
            bounds,
            till,
            expires_at: None,
        };
        programme.make_key(&act, &key).unwrap().text.unwrap().expose().to_owned()
    };
    let bounds = Bounds { networks: vec![text("n")], shops: vec![text("fresh")], partner: None };
    let till = Some(TillId::from("1"));
    (
        key("till", Role::Operator, Door::Till, vec![Scope::ReceiptsWrite], bounds, till),
        key(
            "reader",
            Role::Analyst,
            Door::Office,
            vec![Scope::PortraitsRead],
            Bounds::default(),
            None,
        ),
    )
}

fn add_card(tx: &mut store::Tx<'_>, card: u64, customer: &str, at: Instant) -> Result<(), Refused> {
    let (wallet, unit) = (WalletId(format!("w{card}")), Unit("POINT".to_owned()));
    let customer = Some(CustomerId(customer.to_owned()));
    tx.add_wallet(&Wallet {
        id: wallet.clone(),
        network: "n".into(),
        customer: customer.clone(),
        created_at: at,
        version: 1,
    })?;
    tx.open_account(&AccountId::wallet(&wallet, &unit), &unit, Some(0), true)?;
    tx.add_card(&Card {
        number: CardId(number_of(card)),
        network: "n".into(),
        kind: CardKind::Plastic,
        state: CardState::Active,
        customer,
        wallet: Some(wallet),
        print_batch: None,
        shop: Some("fresh".into()),
        reason: None,
        replaced_by: None,
        expires_on: None,
        changed_at: at,
        version: 1,
    })?;
    Ok(())
}
