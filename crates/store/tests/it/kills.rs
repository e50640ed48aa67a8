//! A process that is killed under load loses nothing that it acknowledged, and does nothing twice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ledger::{AccountId, Cause, Chain, ChainId, Memory, Outcome, Transfer, Unit};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use store::{Limits, Location, Store};

use super::books::{open, post};
use super::fixture::{NOW, databases, soak};

/// Tells this binary, started by itself, to write until it is killed.
const CHILD: &str = "PROFFER_STORE_CHILD";
const CALLERS: u32 = 8;

fn spend(number: u32) -> Chain {
    let (from, to) = if number.is_multiple_of(3) { ("w1", "burned") } else { ("issued", "w1") };
    let account = |name: &str| AccountId(name.to_owned());
    let unit = Unit("POINT".to_owned());
    let amount = i64::from(number % 7 + 1);
    let cause = Cause::new("test", "");
    let transfer = Transfer::post(account(from), account(to), unit, amount, cause);
    Chain { id: ChainId(format!("n{number}")), at: NOW, transfers: vec![transfer] }
}

/// Not a test by itself: what the killed process runs.
#[test]
fn child_writes_until_it_is_killed() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (first, url) = child.split_once(' ').unwrap();
    let location = match url.strip_prefix("file:") {
        Some(path) => Location::File(path.into()),
        None => Location::Postgres(url.to_owned()),
    };
    let store = Arc::new(Store::open(&location, &Limits::default(), NOW).unwrap());
    let next = Arc::new(AtomicU32::new(first.parse().unwrap()));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (store, next) = (store.clone(), next.clone());
            std::thread::spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if post(&store, &spend(number)).is_ok() {
                        // One write of one line, so that lines of callers do not mix.
                        std::io::stdout()
                            .lock()
                            .write_all(format!("ok {number}\n").as_bytes())
                            .unwrap();
                    }
                }
            })
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
}

#[test]
fn killed_under_load_nothing_is_lost_or_doubled() {
    let kills = if soak() { 50 } else { 3 };
    for database in databases() {
        let store = database.open();
        open(&store);
        drop(store);
        let mut dice = ChaCha8Rng::seed_from_u64(11);
        let mut acknowledged: BTreeMap<u32, ()> = BTreeMap::new();
        for round in 0..kills {
            let url = match &database.location {
                Location::File(path) => format!("file:{}", path.display()),
                Location::Postgres(url) => url.clone(),
            };
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "kills::child_writes_until_it_is_killed", "--nocapture"])
                .env(CHILD, format!("{} {url}", round * 1_000_000))
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let out = BufReader::new(child.stdout.take().unwrap());
            let reader = std::thread::spawn(move || {
                let numbers = out.lines().map_while(Result::ok);
                let numbers = numbers.filter_map(|line| line.strip_prefix("ok ")?.parse().ok());
                numbers.collect::<Vec<u32>>()
            });
            std::thread::sleep(Duration::from_millis(dice.random_range(150..600)));
            child.kill().unwrap();
            child.wait().unwrap();
            let numbers = reader.join().unwrap();
            acknowledged.extend(numbers.into_iter().map(|number| (number, ())));
        }
        assert!(acknowledged.len() > kills as usize, "{}: it wrote", database.name);
        let store = database.open();
        let whole = store.read(|tx| tx.books_whole()).unwrap();
        let stored: BTreeMap<&str, usize> =
            whole.posted.iter().fold(BTreeMap::new(), |mut counts, posted| {
                *counts.entry(posted.chain.0.as_str()).or_default() += 1;
                counts
            });
        for number in acknowledged.keys() {
            let times = stored.get(format!("n{number}").as_str()).copied();
            assert_eq!(times, Some(1), "{}: n{number} was acknowledged", database.name);
        }
        // A caller whose answer was lost repeats, and learns that it was done.
        let last = *acknowledged.keys().last().unwrap();
        assert!(matches!(post(&store, &spend(last)).unwrap(), Outcome::Known(_)));
        let memory =
            Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
        assert_eq!(ledger::audit(&memory), [], "{}", database.name);
    }
}
