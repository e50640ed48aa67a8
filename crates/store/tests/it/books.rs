//! The books in SQL say what the books in memory say, and the auditor finds nothing in either.

use std::sync::Arc;

use ledger::{
    AccountId, Cause, Chain, ChainId, LotId, LotTerms, Memory, Outcome, PostError, Refusal,
    Transfer, TransferId, Unit,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use retail::Instant;
use store::{DbError, Store};

use super::fixture::{NOW, databases, soak};

const SECOND: i64 = 1_000_000;

fn unit() -> Unit {
    Unit("POINT".to_owned())
}

fn id(text: &str) -> AccountId {
    AccountId(text.to_owned())
}

/// Accounts of a small programme: a source, a sink, a plain one with a bound, wallets.
const ACCOUNTS: [(&str, Option<i64>, bool); 7] = [
    ("issued", None, false),
    ("burned", None, false),
    ("breakage", None, false),
    ("budget", Some(0), false),
    ("w1", Some(0), true),
    ("w2", Some(0), true),
    ("w3", Some(0), true),
];

/// Opens the accounts in a database.
pub fn open(store: &Store) {
    store
        .write(|tx| {
            for (name, overdraft_max, lots) in ACCOUNTS {
                tx.open_account(&id(name), &unit(), overdraft_max, lots)?;
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
}

fn memory() -> Memory {
    let accounts = ACCOUNTS.map(|(name, overdraft_max, lots)| ledger::Account {
        id: id(name),
        unit: unit(),
        overdraft_max,
        lots,
        closed: false,
        debits_pending: 0,
        debits_posted: 0,
        credits_pending: 0,
        credits_posted: 0,
    });
    Memory::from_rows(accounts, [], [], [], [])
}

/// Posts a chain in a database.
pub fn post(store: &Store, chain: &Chain) -> Result<Outcome, PostError<DbError>> {
    let chain = chain.clone();
    store.write(move |tx| ledger::post(tx, &chain).map_err(Failed)).map_err(|Failed(error)| error)
}

/// So that a database's own error can stand in the place of the ledger's.
struct Failed(PostError<DbError>);

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self(PostError::Books(error))
    }
}

/// A random chain: mostly sensible, sometimes not, sometimes one that came before.
pub fn random_chain(dice: &mut ChaCha8Rng, number: u32) -> Chain {
    let key =
        if number > 0 && dice.random_ratio(1, 12) { dice.random_range(0..number) } else { number };
    // What a key stands for is drawn from the key, so that a repetition is one, but for a few.
    let mut own = ChaCha8Rng::seed_from_u64(u64::from(key));
    if key != number && dice.random_ratio(1, 4) {
        own = ChaCha8Rng::seed_from_u64(u64::from(number) + 1_000_000);
    }
    let at = Instant(NOW.0 + i64::from(number) * SECOND + dice.random_range(-3..3) * 5 * SECOND);
    let transfers = (0..own.random_range(1..4)).map(|_| random_transfer(&mut own, key)).collect();
    Chain { id: ChainId(format!("k{key}")), at, transfers }
}

fn random_transfer(dice: &mut ChaCha8Rng, key: u32) -> Transfer {
    let wallet = |dice: &mut ChaCha8Rng| id(["w1", "w2", "w3"][dice.random_range(0..3)]);
    let earlier = |dice: &mut ChaCha8Rng| {
        TransferId(format!("k{}/{}", dice.random_range(0..=key), dice.random_range(0..2)))
    };
    let at = NOW.0 + i64::from(key) * SECOND;
    let amount = dice.random_range(0..60);
    let cause = Cause::new("test", "");
    match dice.random_range(0..12) {
        0..=3 => {
            let terms = LotTerms {
                activates_at: Instant(at + dice.random_range(-2..20) * SECOND),
                expires_at: dice
                    .random_ratio(3, 4)
                    .then(|| Instant(at + dice.random_range(1..90) * SECOND)),
            };
            let post = Transfer::post(id("issued"), wallet(dice), unit(), amount + 40, cause);
            if dice.random_ratio(2, 3) { post.opening(terms) } else { post }
        }
        4 | 5 => Transfer::post(wallet(dice), id("burned"), unit(), amount, cause),
        6 => {
            let until = Instant(at + dice.random_range(1..30) * SECOND);
            Transfer::hold(wallet(dice), id("budget"), unit(), amount, until, cause)
        }
        7 => Transfer::post_hold(earlier(dice), amount, cause),
        8 => Transfer::void_hold(earlier(dice), cause),
        9 => Transfer::reverse(earlier(dice), amount, cause),
        10 => Transfer::expire_lot(LotId(earlier(dice).0), id("breakage"), cause),
        _ => Transfer::post(wallet(dice), wallet(dice), unit(), amount, cause),
    }
}

fn books(store: &Store) -> store::BooksWhole {
    store.read(|tx| tx.books_whole()).unwrap()
}

fn audited(store: &Store) {
    let whole = books(store);
    let memory =
        Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
    assert_eq!(ledger::audit(&memory), []);
}

#[test]
fn random_chains_give_the_same_books_as_in_memory() {
    let chains = if soak() { 20_000 } else { 600 };
    for database in databases() {
        let store = database.open();
        open(&store);
        let mut memory = memory();
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        let (mut done, mut known, mut refused) = (0, 0, std::collections::BTreeSet::new());
        for number in 0..chains {
            let chain = random_chain(&mut dice, number);
            let expected = ledger::post(&mut memory, &chain);
            let got = post(&store, &chain);
            match (expected, got) {
                (Ok(expected), Ok(got)) => {
                    assert_eq!(got, expected, "{}: {chain:?}", database.name);
                    match got {
                        Outcome::Done(_) => done += 1,
                        Outcome::Known(_) => known += 1,
                    }
                }
                (
                    Err(PostError::Refused { position: p, refusal: r }),
                    Err(PostError::Refused { position, refusal }),
                ) => {
                    assert_eq!((position, &refusal), (p, &r), "{}: {chain:?}", database.name);
                    refused.insert(refusal.code());
                }
                (expected, got) => panic!("{}: {chain:?}: {expected:?}, {got:?}", database.name),
            }
        }
        assert!(done > chains / 10 && known > 5 && refused.len() > 8, "{done} {known} {refused:?}");
        let whole = books(&store);
        let stored =
            Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
        assert_eq!(ledger::audit(&stored), [], "{}", database.name);
        same(&stored, &memory, database.name);
    }
}

fn post_each(store: &Store, chains: Vec<Chain>) -> Result<(), PostError<DbError>> {
    store.write(move |tx| tx.post_each(&chains).map_err(Failed)).map_err(|Failed(error)| error)
}

#[test]
fn chains_posted_at_once_give_what_they_give_one_by_one() {
    let rounds = if soak() { 2_000 } else { 60 };
    for database in databases() {
        let store = database.open();
        open(&store);
        let mut memory = memory();
        let mut dice = ChaCha8Rng::seed_from_u64(11);
        let (mut done, mut refused, mut number) = (0, 0, 0);
        for _ in 0..rounds {
            // Mostly what goes together: out of no lot, with new keys.
            let simple = dice.random_ratio(3, 4);
            let mut chains = Vec::new();
            while chains.len() < 12 {
                let chain = random_chain(&mut dice, number);
                number += 1;
                let fits = chain.transfers.iter().all(|transfer| transfer.debit == id("issued"));
                if fits || !simple {
                    chains.push(chain);
                }
            }
            let mut after = memory.clone();
            let expected = chains.iter().try_for_each(|chain| {
                ledger::post(&mut after, chain).map(drop).map_err(|error| error.to_string())
            });
            let got = post_each(&store, chains.clone());
            assert_eq!(got.map_err(|error| error.to_string()), expected, "{}", database.name);
            match expected {
                Ok(()) => {
                    done += 1;
                    memory = after;
                }
                Err(_) => refused += 1,
            }
            let whole = books(&store);
            let stored = Memory::from_rows(
                whole.accounts,
                whole.posted,
                whole.holds,
                whole.lots,
                whole.uses,
            );
            same(&stored, &memory, database.name);
        }
        assert!(done > rounds / 10 && refused > rounds / 10, "{done} {refused}");
        audited(&store);
    }
}

/// Fails where two books differ; the sequence of posting is not compared.
fn same(a: &Memory, b: &Memory, name: &str) {
    fn sorted<'a, T: Clone + std::fmt::Debug + 'a>(
        rows: impl Iterator<Item = &'a T>,
    ) -> Vec<String> {
        let mut rows: Vec<String> = rows.map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    }
    assert_eq!(sorted(a.all_accounts()), sorted(b.all_accounts()), "{name}");
    assert_eq!(sorted(a.journal().iter()), sorted(b.journal().iter()), "{name}");
    assert_eq!(sorted(a.all_holds()), sorted(b.all_holds()), "{name}");
    assert_eq!(sorted(a.all_lots()), sorted(b.all_lots()), "{name}");
    assert_eq!(sorted(a.all_uses()), sorted(b.all_uses()), "{name}");
}

/// Runs every statement of the books.
pub fn exercise(store: &Store) {
    open(store);
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for number in 0..300 {
        let _ = post(store, &random_chain(&mut dice, number));
    }
    let accrual = |number: u32| {
        let transfer = Transfer::post(id("issued"), id("w1"), unit(), 5, Cause::new("a", ""));
        Chain { id: ChainId(format!("each-{number}")), at: NOW, transfers: vec![transfer] }
    };
    post_each(store, (0..3).map(accrual).collect()).unwrap();
    let read = store.read(|tx| {
        tx.books_whole()?;
        tx.account(&id("w1"))?;
        tx.transfers_of_account(&id("w1"), (NOW, ""), 5)?;
        tx.transfers_into(&id("w1"), &id("burned"), NOW)?;
        tx.lots_due(NOW, ("", ""), 1)?;
        tx.holds_due(NOW, 1)?;
        tx.lots_of_account(&id("w1"))
    });
    read.unwrap();
}

#[test]
fn many_tills_on_one_wallet_spend_it_once() {
    for database in databases() {
        let store = Arc::new(database.open());
        open(&store);
        let cause = || Cause::new("accrual", "");
        let accrual = Transfer::post(id("issued"), id("w1"), unit(), 100, cause());
        let give = Chain { id: "give".into(), at: NOW, transfers: vec![accrual] };
        post(&store, &give).unwrap();
        let tills: Vec<_> = (0..16)
            .map(|till| {
                let store = store.clone();
                std::thread::spawn(move || {
                    let spend = |n: u32| Chain {
                        id: ChainId(format!("spend-{}", till * 4 + n)),
                        at: NOW,
                        transfers: vec![Transfer::post(
                            id("w1"),
                            id("burned"),
                            unit(),
                            7,
                            Cause::new("redemption", ""),
                        )],
                    };
                    // Each asks twice with the same key, as a till does whose answer was lost.
                    (0..4).flat_map(|n| [n, n]).map(|n| post(&store, &spend(n))).collect::<Vec<_>>()
                })
            })
            .collect();
        let (mut done, mut known, mut short) = (0, 0, 0);
        for result in tills.into_iter().flat_map(|till| till.join().unwrap()) {
            match result {
                Ok(Outcome::Done(_)) => done += 1,
                Ok(Outcome::Known(_)) => known += 1,
                Err(PostError::Refused { refusal: Refusal::Insufficient { .. }, .. }) => short += 1,
                Err(error) => panic!("{}: {error}", database.name),
            }
        }
        assert_eq!((done, known, short), (14, 14, 100), "{}", database.name);
        audited(&store);
    }
}

#[test]
fn the_same_key_at_the_same_time_posts_once() {
    for database in databases() {
        let store = Arc::new(database.open());
        open(&store);
        for round in 0..20 {
            let chain = Chain {
                id: ChainId(format!("round-{round}")),
                at: NOW,
                transfers: vec![
                    Transfer::post(id("issued"), id("w1"), unit(), 5, Cause::new("a", "")),
                    Transfer::post(id("issued"), id("w2"), unit(), 5, Cause::new("a", "")),
                ],
            };
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    let (store, chain) = (store.clone(), chain.clone());
                    std::thread::spawn(move || post(&store, &chain).unwrap())
                })
                .collect();
            let outcomes: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
            let done = outcomes.iter().filter(|o| matches!(o, Outcome::Done(_))).count();
            assert_eq!(done, 1, "{}", database.name);
        }
        audited(&store);
    }
}

#[test]
fn what_is_due_is_found() {
    for database in databases() {
        let store = database.open();
        open(&store);
        let terms =
            |s: i64| LotTerms { activates_at: NOW, expires_at: Some(Instant(NOW.0 + s * SECOND)) };
        let give = |s| {
            Transfer::post(id("issued"), id("w1"), unit(), 10, Cause::new("a", ""))
                .opening(terms(s))
        };
        let until = Instant(NOW.0 + 5 * SECOND);
        let hold = Transfer::hold(id("w1"), id("burned"), unit(), 4, until, Cause::new("h", ""));
        let chain = Chain { id: "c".into(), at: NOW, transfers: vec![give(20), give(9), hold] };
        post(&store, &chain).unwrap();
        let at = |s: i64| Instant(NOW.0 + s * SECOND);
        for (seconds, lots, holds) in [(4, 0, 0), (5, 0, 1), (9, 1, 1), (20, 2, 1)] {
            let due = store
                .read(|tx| {
                    Ok::<_, DbError>((
                        tx.lots_due(at(seconds), ("", ""), 10)?.len(),
                        tx.holds_due(at(seconds), 10)?.len(),
                    ))
                })
                .unwrap();
            assert_eq!(due, (lots, holds), "{}, after {seconds} s", database.name);
        }
        let open: Vec<i64> = store
            .read(|tx| tx.lots_of_account(&id("w1")))
            .unwrap()
            .iter()
            .map(|lot| lot.remaining - lot.held)
            .collect();
        assert_eq!(open, [6, 10], "{}", database.name);
    }
}
