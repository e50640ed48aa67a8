//! The API under load, as tills give it: requests at a fixed rate, whether earlier ones are answered or
//! not; how long each took is counted from the moment it was due. Called by `cargo xtask bench http`;
//! prints one JSON object a line.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod serving;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use ledger::{AccountId, Cause, Chain, ChainId, LotTerms, Transfer, Unit};
use membership::{CardKind, CardState};
use programme::{
    Act, Bounds, Door, NewKey, Programme, Refused, Role, Scope, SettingsLanguage, now,
};
use retail::{CardId, Instant, TillId, WalletId};
use store::{Card, Wallet};

use serving::{Connection, Server, get, make_shop, post};

const CARDS: u64 = 500_000;
/// Cards that wait to be activated.
const PREPARED: u64 = 20_000;
const AT_ONCE: u64 = 1_000;
const CONNECTIONS: usize = 48;
const SECONDS: u64 = 15;

fn main() {
    let folder = tempfile::tempdir_in(std::env::var("PROFFER_BENCH_DIR").unwrap_or(".".into()));
    let folder = folder.unwrap();
    let dir = folder.path().join("programme");
    let key = seed(&dir);
    let server = Load { server: Server::start(&dir), key };
    let card = |number: u64| format!("{:013}", number % CARDS);
    // The first requests warm what is read for the first time.
    server.load("warm", 500, 5, &|n| of_card(&card(scattered(n)), "balance"));
    server.load("balance", 2_000, SECONDS, &|n| of_card(&card(scattered(n)), "balance"));
    server.load("activation", 500, SECONDS, &|n| {
        let number = format!("{:013}", CARDS + n % PREPARED);
        post(&format!("/api/v1/cards/{number}/operations"), n, "{\"operation\":\"activate\"}")
    });
    let at = jiff::Timestamp::from_microsecond(now().0).unwrap();
    server.load("receipt", 500, SECONDS, &|n| {
        let body = format!(
            "{{\"number\":\"{n}\",\"at\":\"{at}\",\"card\":\"{}\",\"lines\":[\
             {{\"product\":\"milk\",\"quantity\":2000,\"net\":17800}},\
             {{\"product\":\"bread\",\"quantity\":1000,\"net\":5490,\"discount\":500}},\
             {{\"product\":\"tea\",\"quantity\":1000,\"net\":34900}}]}}",
            card(scattered(n))
        );
        post("/api/v1/receipts", n, &body)
    });
    server.server.stop();
}

/// Spreads requests over all cards, the same in every run.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}

fn of_card(card: &str, what: &str) -> String {
    get(&format!("/api/v1/cards/{card}/{what}"))
}

/// A programme with a network, its cards with points on them, rules of accrual, and a till's key.
fn seed(dir: &Path) -> String {
    let programme = Programme::init(dir, SettingsLanguage::En).unwrap();
    let at = now();
    let act = Act::of_job("bench", at);
    let text = |text: &str| text.to_owned();
    make_shop(&programme, &act, "s");
    let began = Clock::now();
    for piece in 0..(CARDS + PREPARED) / AT_ONCE {
        let numbers = piece * AT_ONCE..(piece + 1) * AT_ONCE;
        let written = programme.store().unwrap().write(move |tx| {
            for number in numbers.clone() {
                add_card(tx, number, at)?;
            }
            Ok::<_, Refused>(())
        });
        written.unwrap();
    }
    println!(
        "{}",
        serde_json::json!({ "cards": CARDS, "seeded_s": began.elapsed().as_secs_f64() })
    );
    let key = NewKey {
        name: text("till"),
        live: true,
        role: Role::Operator,
        door: Door::Till,
        scopes: vec![Scope::CardsRead, Scope::CardsWrite, Scope::BalanceRead, Scope::ReceiptsWrite],
        bounds: Bounds { networks: vec![text("n")], shops: vec![text("s")], partner: None },
        till: Some(TillId::from("1")),
        expires_at: None,
    };
    programme.make_key(&act, &key).unwrap().text.unwrap().expose().to_owned()
}

fn add_card(tx: &mut store::Tx<'_>, number: u64, at: Instant) -> Result<(), Refused> {
    let active = number < CARDS;
    let wallet = active.then(|| WalletId(format!("w{number}")));
    let unit = Unit("POINT".to_owned());
    if let Some(wallet) = &wallet {
        tx.add_wallet(&Wallet {
            id: wallet.clone(),
            network: "n".into(),
            customer: Some(retail::CustomerId(format!("c{number}"))),
            created_at: at,
            version: 1,
        })?;
        let (account, issued) = (AccountId::wallet(wallet, &unit), AccountId::issued(&unit));
        tx.open_account(&account, &unit, Some(0), true)?;
        tx.open_account(&issued, &unit, None, false)?;
        let year = Instant(at.0 + 365 * 86_400_000_000);
        let lot = |amount| {
            let cause = Cause::new("opening", "bench");
            Transfer::post(issued.clone(), account.clone(), unit.clone(), amount, cause)
                .opening(LotTerms { activates_at: at, expires_at: Some(year) })
        };
        let chain = Chain {
            id: ChainId(format!("seed/{number}")),
            at,
            transfers: vec![lot(100), lot(250)],
        };
        ledger::post(tx, &chain)?;
    }
    tx.add_card(&Card {
        number: CardId(format!("{number:013}")),
        network: "n".into(),
        kind: CardKind::Plastic,
        state: if active { CardState::Active } else { CardState::Prepared },
        customer: active.then(|| retail::CustomerId(format!("c{number}"))),
        wallet,
        print_batch: None,
        shop: Some("s".into()),
        reason: None,
        replaced_by: None,
        expires_on: None,
        changed_at: at,
        version: 1,
    })?;
    Ok(())
}

/// Whoever asks a server, with a key.
struct Load {
    server: Server,
    key: String,
}

impl Load {
    /// Sends requests at a rate for so many seconds, and prints what came of them.
    fn load(&self, name: &str, rate: u64, seconds: u64, request: &(dyn Fn(u64) -> String + Sync)) {
        let before = (cpu("self"), cpu(&self.server.child.id().to_string()));
        let next = Arc::new(AtomicU64::new(0));
        let began = Clock::now();
        let mut times = Vec::new();
        let mut wrong = Vec::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let next = next.clone();
                    scope.spawn(move || self.work(&next, rate, rate * seconds, began, request))
                })
                .collect();
            for worker in workers {
                let (some, bad) = worker.join().unwrap();
                times.extend(some);
                wrong.extend(bad);
            }
        });
        let took = began.elapsed().as_secs_f64();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "{}",
            serde_json::json!({
                "load": name, "rate": times.len() as f64 / took, "wrong": wrong.len(),
                "first_wrong": wrong.first(), "p50_ms": at(0.5), "p99_ms": at(0.99),
                "slowest_ms": at(1.0), "load_generator_cpu": (cpu("self") - before.0) / took,
                "server_cpu": (cpu(&self.server.child.id().to_string()) - before.1) / took,
            })
        );
    }

    /// One connection: takes the next request that is due, and waits for its answer.
    fn work(
        &self,
        next: &AtomicU64,
        rate: u64,
        count: u64,
        began: Clock,
        request: &(dyn Fn(u64) -> String + Sync),
    ) -> (Vec<f64>, Vec<String>) {
        let mut connection: Connection = self.server.connect(&self.key);
        let (mut times, mut wrong) = (Vec::new(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return (times, wrong);
            }
            let text = request(number);
            let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
            std::thread::sleep(due.saturating_duration_since(Clock::now()));
            let (status, answer) = connection.ask(&text);
            times.push(due.elapsed().as_secs_f64() * 1e3);
            if !(200..300).contains(&status) {
                wrong.push(format!("{status} {answer}"));
            }
        }
    }
}

/// Seconds of processor time of a process; Linux counts hundredths.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}
