//! Members a second: idempotency, debit, credit, lots, audit, change and outbox in one write, on SQLite
//! and on PostgreSQL, the latter beside the plain driver with the same statements. Called by
//! `cargo xtask bench ledger`; prints one JSON object a line.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant as Clock};

use ledger::{AccountId, Cause, Chain, ChainId, LotTerms, Outcome, PostError, Transfer, Unit};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use retail::Instant;
use store::{Answered, DbError, Deed, Limits, Location, Store, Tx, Webhook};

const NOW: Instant = Instant(1_767_225_600_000_000);
const CALLERS: usize = 64;
const WALLETS: u32 = 10_000;
/// Accounts that stand for one source or sink, so that rows are not fought for.
const SHARDS: u32 = 64;
const RUN: Duration = Duration::from_secs(10);

fn main() {
    let folder = tempfile::tempdir_in(std::env::var("PROFFER_BENCH_DIR").unwrap_or(".".into()));
    let folder = folder.unwrap();
    println!("{}", serde_json::json!({ "fdatasync_us_median": fdatasync(folder.path()) }));
    let sqlite = Location::File(folder.path().join("store.sqlite"));
    ours("sqlite", &sqlite);
    match std::env::var("PROFFER_POSTGRES") {
        Ok(server) if !server.is_empty() => {
            let url = database(&server, "proffer_bench_ledger");
            ours("postgres", &Location::Postgres(url));
            let url = database(&server, "proffer_bench_plain");
            plain(&url);
        }
        _ => println!("{}", serde_json::json!({ "left_out": "PROFFER_POSTGRES names no server" })),
    }
}

/// Median of writing a page and making it durable.
fn fdatasync(folder: &std::path::Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("page")).unwrap();
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let began = Clock::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn database(server: &str, name: &str) -> String {
    let mut client = postgres::Client::connect(server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
    let make = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    );
    client.batch_execute(&make).unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

fn unit() -> Unit {
    Unit("POINT".to_owned())
}

fn wallet(number: u32) -> AccountId {
    AccountId(format!("wallet/w{number}/POINT"))
}

fn system(name: &str, number: u32) -> AccountId {
    AccountId(format!("{name}/POINT/{}", number % SHARDS))
}

/// Wallets with two lots each, and a webhook that wants to know of everything.
fn prepare(location: &Location) -> Store {
    let limits = Limits { read_time_max: Duration::from_secs(120), ..Limits::default() };
    let store = Store::open(location, &limits, NOW).unwrap();
    let opened = store.write(|tx| {
        for shard in 0..SHARDS {
            for name in ["issued", "burned"] {
                tx.open_account(&system(name, shard), &unit(), None, false)?;
            }
        }
        tx.add_webhook(&Webhook {
            id: "h".to_owned(),
            url: "https://example.test/".to_owned(),
            secret: store::Secret::new("s".to_owned()),
            former: None,
            events: vec!["points".to_owned()],
            disabled: false,
            created_at: NOW,
            version: 1,
        })
    });
    opened.unwrap();
    for piece in 0..WALLETS / 100 {
        let filled = store.write(move |tx| {
            for number in piece * 100..(piece + 1) * 100 {
                tx.open_account(&wallet(number), &unit(), Some(0), true)?;
                let lot = |days: i64| accrual(number, 500, days);
                let chain = Chain {
                    id: ChainId(format!("fill-{number}")),
                    at: NOW,
                    transfers: vec![lot(30), lot(60)],
                };
                ledger::post(tx, &chain).map_err(refused)?;
            }
            Ok::<_, DbError>(())
        });
        filled.unwrap();
    }
    store
}

fn refused(error: PostError<DbError>) -> DbError {
    match error {
        PostError::Books(error) => error,
        PostError::Refused { refusal, .. } => {
            DbError::Failed { statement: "ledger", why: refusal.code().to_owned() }
        }
    }
}

fn accrual(number: u32, amount: i64, days: i64) -> Transfer {
    let terms =
        LotTerms { activates_at: NOW, expires_at: Some(Instant(NOW.0 + days * 86_400_000_000)) };
    let (from, to) = (system("issued", number), wallet(number));
    Transfer::post(from, to, unit(), amount, Cause::new("accrual", "r")).opening(terms)
}

/// What a caller asks for: half accruals, half redemptions over two lots, 2 % more than there is.
fn asked(dice: &mut ChaCha8Rng, key: u64) -> Chain {
    let number = dice.random_range(0..WALLETS);
    let redemption = |amount| {
        let (from, to) = (wallet(number), system("burned", number));
        Transfer::post(from, to, unit(), amount, Cause::new("redemption", "r"))
    };
    let transfer = match dice.random_range(0..100) {
        0..2 => redemption(1_000_000_000),
        2..51 => accrual(number, 40, dice.random_range(10..90)),
        _ => redemption(30),
    };
    Chain { id: ChainId(format!("k{key}")), at: NOW, transfers: vec![transfer] }
}

/// One member: what a till's request writes.
fn member(tx: &mut Tx<'_>, chain: &Chain) -> Result<bool, DbError> {
    if tx.answered("key:till", &chain.id.0)?.is_some() {
        return Ok(false);
    }
    let outcome = ledger::post(tx, chain).map_err(refused)?;
    tx.add_deed(&Deed {
        at: NOW,
        actor: "key:till".to_owned(),
        role: "operator".to_owned(),
        door: "till".to_owned(),
        action: "points".to_owned(),
        kind: "wallet".to_owned(),
        object: chain.id.0.clone(),
        shop: Some("s".to_owned()),
        till: Some("1".to_owned()),
        request: chain.id.0.clone(),
        detail: "{}".to_owned(),
    })?;
    tx.changed("wallet", &chain.id.0, NOW)?;
    tx.promise("points", "{}", NOW)?;
    let answered = Answered { body_sha256: "0".repeat(64), answer: "{}".to_owned() };
    tx.keep_answer("key:till", &chain.id.0, &answered, NOW)?;
    Ok(matches!(outcome, Outcome::Done(_)))
}

/// Callers that ask one after the other until the time is over; gives latencies in milliseconds.
fn load(
    call: impl Fn(&mut ChaCha8Rng, u64) -> bool + Send + Sync + 'static,
) -> (Vec<f64>, f64, u64) {
    let (call, stop) = (Arc::new(call), Arc::new(AtomicBool::new(false)));
    let (next, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let began = Clock::now();
    let callers: Vec<_> = (0..CALLERS as u64)
        .map(|caller| {
            let (call, stop, next, done) = (call.clone(), stop.clone(), next.clone(), done.clone());
            std::thread::spawn(move || {
                let mut dice = ChaCha8Rng::seed_from_u64(caller);
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    // One in a hundred repeats what was asked before.
                    let fresh = next.fetch_add(1, Ordering::Relaxed);
                    let key = if dice.random_ratio(1, 100) { fresh / 2 } else { fresh };
                    let began = Clock::now();
                    if call(&mut dice, key) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    times.push(began.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        })
        .collect();
    std::thread::sleep(RUN);
    stop.store(true, Ordering::Relaxed);
    let times: Vec<f64> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    (times, began.elapsed().as_secs_f64(), done.load(Ordering::Relaxed))
}

fn told(name: &str, (mut times, seconds, done): (Vec<f64>, f64, u64)) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        serde_json::json!({
            "database": name, "members_per_s": times.len() as f64 / seconds, "done": done,
            "p50_ms": at(0.5), "p99_ms": at(0.99), "slowest_ms": at(1.0),
        })
    );
}

fn ours(name: &str, location: &Location) {
    let store = Arc::new(prepare(location));
    let before = rows(&store);
    let shared = store.clone();
    let ran = load(move |dice, key| {
        let chain = asked(dice, key);
        match shared.write(move |tx| member(tx, &chain)) {
            Ok(done) => done,
            Err(DbError::Failed { statement: "ledger", .. }) => false,
            Err(error) => panic!("{error}"),
        }
    });
    let stored = rows(&store) - before;
    assert_eq!(stored as u64, ran.2, "every acknowledged member is stored, and no other");
    told(name, ran);
}

/// Transfers in the books; the auditor finds nothing wrong with them.
fn rows(store: &Store) -> usize {
    let whole = store.read(|tx| tx.books_whole()).unwrap();
    let count = whole.posted.len();
    let memory = ledger::Memory::from_rows(
        whole.accounts,
        whole.posted,
        whole.holds,
        whole.lots,
        whole.uses,
    );
    assert_eq!(ledger::audit(&memory), []);
    count
}

/// The same statements with the plain driver, on as many connections as ours has.
fn plain(url: &str) {
    drop(prepare(&Location::Postgres(url.to_owned())));
    let connections = Limits::default().connections_max;
    let free = Mutex::new((0..connections).map(|_| Plain::new(url)).collect::<Vec<_>>());
    let came_back = Condvar::new();
    let ran = load(move |dice, key| {
        let chain = asked(dice, key);
        let waiting = came_back.wait_while(free.lock().unwrap(), |free| free.is_empty());
        let mut client = waiting.unwrap().pop().unwrap();
        let done = client.member(&chain);
        free.lock().unwrap().push(client);
        came_back.notify_one();
        done
    });
    told("postgres, plain driver", ran);
}

struct Plain {
    client: postgres::Client,
    statements: Vec<postgres::Statement>,
}

/// The statements of a member, as our store numbers their parameters.
const TEXTS: [&str; 15] = [
    "SELECT body_sha256, answer FROM request WHERE caller = $1 AND key = $2",
    "SELECT id, unit, overdraft_max, lots, closed, debits_pending, debits_posted, credits_pending, \
     credits_posted FROM account WHERE id = $1 FOR UPDATE",
    "SELECT id, chain, position, at, debit, credit, unit, amount, asked FROM transfer \
     WHERE id > $1 AND id < $2 AND chain = $3 ORDER BY position",
    "SELECT id, account, amount, remaining, held, activates_at, expires_at, source FROM lot \
     WHERE account = $1 AND remaining > held AND activates_at <= $2 \
     AND (expires_at IS NULL OR expires_at > $2) ORDER BY expires_at NULLS LAST, activates_at, id",
    "UPDATE account SET closed = FALSE, debits_pending = 0, debits_posted = debits_posted + $1, \
     credits_pending = 0, credits_posted = credits_posted + $2 WHERE id = $3",
    "INSERT INTO transfer (id, chain, position, at, debit, credit, unit, amount, reverse_of, asked) \
     VALUES ($1, $2, 0, $3, $4, $5, 'POINT', $6, NULL, $7)",
    "INSERT INTO lot (id, account, amount, remaining, held, activates_at, expires_at, source) \
     VALUES ($1, $2, $3, $3, 0, $4, $5, $1)",
    "UPDATE lot SET remaining = remaining - $1, held = 0 WHERE id = $2",
    "INSERT INTO lot_use (transfer, position, lot, amount, restored) VALUES ($1, 0, $2, $3, 0)",
    "INSERT INTO audit (writer, at, actor, role, door, action, kind, object, shop, till, request, \
     detail) VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $1, 'key:till', \
     'operator', 'till', 'points', 'wallet', $2, 's', '1', $2, '{}')",
    "INSERT INTO change (writer, kind, object, at) \
     VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), 'wallet', $1, $2)",
    "INSERT INTO outbox (webhook, event, body, due_at, attempts, created_at, try_until) \
     VALUES ('h', 'points', '{}', $1, 0, $1, $1)",
    "INSERT INTO request (caller, key, body_sha256, answer, at) VALUES ($1, $2, $3, '{}', $4)",
    "SELECT id, url, secret, events, disabled FROM webhook ORDER BY id",
    "INSERT INTO entry (account, at, transfer) SELECT id, CAST($1 AS BIGINT), CAST($2 AS TEXT) \
     FROM account WHERE id IN ($3, $4) AND lots",
];

impl Plain {
    fn new(url: &str) -> Self {
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        let statements = TEXTS.map(|text| client.prepare(text).unwrap()).to_vec();
        Self { client, statements }
    }

    fn member(&mut self, chain: &Chain) -> bool {
        loop {
            match self.try_member(chain) {
                Ok(done) => return done,
                Err(error) if error.code().is_some() => {
                    self.client.batch_execute("ROLLBACK").unwrap();
                    if error.code() == Some(&postgres::error::SqlState::UNIQUE_VIOLATION) {
                        return false;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn try_member(&mut self, chain: &Chain) -> Result<bool, postgres::Error> {
        let (client, s) = (&mut self.client, &self.statements);
        let (key, transfer) = (&chain.id.0, &chain.transfers[0]);
        let (debit, credit, amount) = (&transfer.debit.0, &transfer.credit.0, transfer.amount);
        client.batch_execute("BEGIN")?;
        if !client.query(&s[0], &[&"key:till", key])?.is_empty() {
            client.batch_execute("ROLLBACK")?;
            return Ok(false);
        }
        let mut accounts = [debit, credit];
        accounts.sort();
        for account in accounts {
            client.query(&s[1], &[account])?;
        }
        client.query(&s[2], &[&format!("{key}/"), &format!("{key}0"), key])?;
        let id = format!("{key}/0");
        let lots = match transfer.opens {
            None => client.query(&s[3], &[debit, &NOW.0])?,
            Some(_) => Vec::new(),
        };
        let free: i64 = lots.iter().map(|lot| lot.get::<_, i64>(3)).sum();
        if transfer.opens.is_none() && free < amount {
            client.batch_execute("ROLLBACK")?;
            return Ok(false);
        }
        let asked = serde_json::to_string(transfer).unwrap();
        client.execute(&s[4], &[&amount, &0_i64, debit])?;
        client.execute(&s[4], &[&0_i64, &amount, credit])?;
        client.execute(&s[5], &[&id, key, &NOW.0, debit, credit, &amount, &asked])?;
        client.execute(&s[14], &[&NOW.0, &id, debit, credit])?;
        match transfer.opens {
            Some(terms) => {
                let expires = terms.expires_at.map(|at| at.0);
                client.execute(&s[6], &[&id, credit, &amount, &NOW.0, &expires])?;
            }
            None => {
                let lot: String = lots
                    .iter()
                    .find(|lot| lot.get::<_, i64>(3) >= amount)
                    .map_or_else(|| lots[0].get(0), |lot| lot.get(0));
                client.execute(&s[7], &[&amount.min(lots[0].get(3)), &lot])?;
                client.execute(&s[8], &[&id, &lot, &amount])?;
            }
        }
        client.execute(&s[9], &[&NOW.0, key])?;
        client.execute(&s[10], &[key, &NOW.0])?;
        client.query(&s[13], &[])?;
        client.execute(&s[11], &[&NOW.0])?;
        client.execute(&s[12], &[&"key:till", key, &"0".repeat(64), &NOW.0])?;
        client.batch_execute("COMMIT")?;
        Ok(true)
    }
}
