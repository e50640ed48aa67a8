//! The way to the lake, and who reads before receipts come there.

use std::sync::atomic::{AtomicBool, Ordering};

use lake::{Customers, Lake};
use membership::CardState;
use programme::{OriginalIn, PortraitDay, PortraitView, Programme, Progress, ReceiptIn};
use retail::{Batch, LineBatch, Product, Receipt};

use super::counter::{Counter, add_card, line, receipt};

pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

/// Receipts, lines and net of the lake, read line by line and held against its totals.
pub fn sums(programme: &Programme) -> (u64, usize, i64) {
    let lake = programme.lake().unwrap();
    let lines = lake.lines(&Customers::Everybody).unwrap();
    let totals = lake.manifest().totals;
    let sums = (totals.receipts, lines.len(), lines.net.iter().sum());
    assert_eq!((totals.lines, totals.net), (sums.1 as u64, sums.2), "totals of the manifest");
    sums
}

pub fn on(day: u32, number: &str, card: &str, product: &str, net: i64) -> ReceiptIn {
    let at = format!("2025-12-{day:02}T{:02}:15:00+03:00", 9 + day % 9);
    ReceiptIn { at, ..receipt(number, Some(card), vec![line(product, 1, net), line("bag", 2, 10)]) }
}

/// A month of some customers.
pub fn month(customers: u32) -> Vec<ReceiptIn> {
    (0..customers)
        .flat_map(|customer| {
            (3..29).step_by(2 + customer as usize % 5).map(move |day| {
                let product = format!("p{}", (customer + day) % 17);
                let card = format!("R{customer:04}");
                let net = 100 + i64::from(day * customer);
                on(day, &format!("{customer}-{day}"), &card, &product, net)
            })
        })
        .collect()
}

/// A catalogue in which goods that nobody has bought yet are of categories between those of the others.
pub fn catalogue(counter: &Counter) {
    let product = |id: String, category: String| Product {
        category: Some(category),
        brand: Some(format!("brand {}", id.len())),
        ..Product::unknown(&id)
    };
    let known = (0..17).map(|n| product(format!("p{n}"), format!("category {}", n % 5)));
    let coming = [("0 new", "a category"), ("between", "category 2 and a half")];
    let coming = coming.map(|(id, category)| product(id.to_owned(), category.to_owned()));
    let products = known.chain(coming).collect();
    let batch = Batch { products, ..Batch::default() };
    counter.programme().lake().unwrap().append("catalogue", &batch).unwrap();
}

pub fn take_all(counter: &Counter, receipts: &[ReceiptIn]) {
    for some in receipts.chunks(500) {
        counter.programme().take_receipts(&counter.act(), some.to_vec()).unwrap();
    }
}

pub fn move_all(programme: &Programme) {
    while programme.move_journal().unwrap().batch.is_some() {}
}

fn portrait(counter: &Counter, card: &str, as_of: Option<&str>) -> String {
    let day = match as_of {
        None => PortraitDay::Snapshot,
        Some("latest") => PortraitDay::Latest,
        Some(day) => PortraitDay::Of(day.parse().unwrap()),
    };
    let customer = format!("c-{card}");
    let view = counter.programme().portrait(&customer, day, &Silent).unwrap();
    shown(&view)
}

/// A portrait as a text, one parameter a line, to the last digit.
pub fn shown(view: &PortraitView) -> String {
    let rows = view.parameters.iter().map(|row| format!("{} {}\n", row.parameter.name, row.value));
    format!("{} {}\n{}", view.customer, view.as_of, rows.collect::<String>())
}

/// What comes after the refresh: new goods and shops, a new customer, corrections, a return.
pub fn news() -> Vec<ReceiptIn> {
    let back = ReceiptIn {
        original: Some(OriginalIn { number: "0-3".to_owned(), shop: None, till: None }),
        at: "2025-12-30T12:00:00+03:00".to_owned(),
        ..receipt("0-back", Some("R0000"), vec![line("p3", -1, -100)])
    };
    vec![
        on(30, "0-30", "R0000", "p5", 700),
        ReceiptIn {
            shop: Some("s2".into()),
            till: Some("t1".into()),
            ..on(30, "x", "R0000", "0 new", 9)
        },
        on(5, "0-5", "R0000", "p5", 12_345),
        back,
        on(30, "1-30", "R0001", "between", 55),
        on(30, "n-30", "AAAA", "p1", 500),
        // Another customer's receipt becomes his, and one of his another's.
        on(3, "1-3", "R0000", "p4", 103),
        on(7, "0-7", "R0002", "p7", 100),
    ]
}

#[test]
fn a_portrait_is_fresh_at_once_and_the_same_after_the_move() {
    for counter in Counter::all() {
        let name = counter.name();
        catalogue(&counter);
        take_all(&counter, &month(60));
        move_all(counter.programme());
        counter.programme().refresh(None, &Silent).unwrap();
        let (stale, untouched) =
            (portrait(&counter, "R0000", None), portrait(&counter, "R0030", None));
        for receipt in news() {
            counter.take(receipt).unwrap();
        }
        let cases: Vec<(&str, Option<&str>)> = vec![
            ("R0000", None),
            ("R0001", None),
            ("R0002", None),
            ("AAAA", None),
            ("R0030", None),
            ("R0000", Some("latest")),
            ("R0030", Some("latest")),
            ("R0000", Some("2025-12-30")),
            ("AAAA", Some("2025-12-30")),
        ];
        let fresh = portrait(&counter, "R0000", None);
        assert_ne!(fresh, stale, "{name}");
        // What was bought after the snapshot's day is in it, too, and who bought nothing stays as he was.
        let latest = portrait(&counter, "R0000", Some("latest"));
        assert!(latest.starts_with("c-R0000 2025-12-30\n"), "{name}: {latest}");
        assert_eq!(portrait(&counter, "R0030", Some("latest")), untouched, "{name}");
        let before: Vec<String> =
            cases.iter().map(|(card, as_of)| portrait(&counter, card, *as_of)).collect();
        let history = counter.programme().history("c-R0000", 0).unwrap().lines;
        assert!(history.iter().any(|line| line.product == "0 new"), "{name}");
        assert!(!history.iter().any(|line| line.net == 100 && line.product == "p7"), "{name}");
        counter.set_moved_at_once(3);
        move_all(&super::reopened(&counter));
        assert_eq!(counter.journal_rows(), 0);
        assert_eq!(counter.programme().history("c-R0000", 0).unwrap().lines, history, "{name}");
        // The snapshot's population serves, and means the same beside a catalogue that has grown.
        assert_eq!(portrait(&counter, "R0030", None), untouched, "{name}");
        for ((card, as_of), before) in cases.iter().zip(&before) {
            let after = portrait(&counter, card, *as_of);
            assert_eq!(after, *before, "{name}: {card} as of {as_of:?}");
        }
        // The batch makes the same of what has come to the lake by then.
        let out = counter.file("portraits.json");
        let day = "2025-12-30".parse().unwrap();
        counter.programme().portraits(Some(day), Some(&out), &Silent).unwrap();
    }
}

#[test]
fn each_receipt_comes_to_the_lake_once() {
    for counter in Counter::all() {
        let name = counter.name();
        let sale = |number: &str, net| {
            receipt(number, Some("AAAA"), vec![line("milk", 1, net), line("bread", 1, 7)])
        };
        assert_eq!(counter.programme().move_journal().unwrap().batch, None);
        // Three versions of one receipt in one batch, and one more in a later.
        for net in [100, 200, 300] {
            counter.take(sale("1", net)).unwrap();
        }
        counter.take(sale("2", 1000)).unwrap();
        let moved = counter.programme().move_journal().unwrap();
        assert_eq!((moved.batch, moved.receipts, moved.waiting), (Some(1), 2, 0), "{name}");
        assert_eq!(sums(counter.programme()), (2, 4, 1314), "{name}");
        counter.take(sale("1", 400)).unwrap();
        counter.take(sale("3", 1)).unwrap();
        let moved = counter.programme().move_journal().unwrap();
        assert_eq!((moved.lake.receipts_new, moved.lake.receipts_replaced), (1, 1), "{name}");
        assert_eq!(sums(counter.programme()), (3, 6, 1422), "{name}");
        assert_eq!(counter.programme().move_journal().unwrap().batch, None);
    }
}

#[test]
fn a_move_that_was_broken_off_goes_on() {
    for counter in Counter::all() {
        let name = counter.name();
        let sale = |number: &str| receipt(number, Some("AAAA"), vec![line("milk", 1, 500)]);
        let lines =
            |counter: &Counter| counter.programme().history("c-AAAA", 0).unwrap().lines.len();
        let store = counter.programme().store().unwrap();
        for number in ["1", "2"] {
            counter.take(sale(number)).unwrap();
        }
        // Claimed, and nothing else.
        let claim = store.write(|tx| tx.claim_journal(100)).unwrap().unwrap();
        assert_eq!((claim.number, claim.rows), (1, 2));
        counter.take(sale("3")).unwrap();
        assert_eq!(lines(&counter), 3, "{name}");
        // Claimed and in the lake, still in the journal.
        let rows = store.read(|tx| tx.journal_batch(1)).unwrap();
        let mut batch = Batch { lines: LineBatch::default(), ..Batch::default() };
        for row in rows {
            batch.lines.push(&serde_json::from_str::<Receipt>(&row.body).unwrap());
        }
        let lake: Lake = counter.programme().lake().unwrap();
        lake.append("journal-1", &batch).unwrap();
        assert_eq!(lines(&counter), 3, "{name}");
        let moved = counter.programme().move_journal().unwrap();
        assert_eq!((moved.batch, moved.lake.already_there, moved.waiting), (Some(1), true, 1));
        assert_eq!(lines(&counter), 3, "{name}");
        let moved = counter.programme().move_journal().unwrap();
        assert_eq!((moved.batch, moved.waiting), (Some(2), 0));
        assert_eq!(sums(counter.programme()), (3, 3, 1500), "{name}");
        assert_eq!(lines(&counter), 3, "{name}");
    }
}

#[test]
fn whoever_reads_while_receipts_move_sees_each_once() {
    for counter in Counter::all() {
        let name = counter.name();
        let done = AtomicBool::new(false);
        let mover = super::reopened(&counter);
        std::thread::scope(|scope| {
            let moving = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    mover.move_journal().unwrap();
                }
            });
            for number in 1..=25 {
                let sale =
                    receipt(&number.to_string(), Some("AAAA"), vec![line("milk", 1, number)]);
                counter.take(sale).unwrap();
                for _ in 0..3 {
                    let lines = counter.programme().history("c-AAAA", 0).unwrap().lines;
                    let nets: Vec<i64> = lines.iter().map(|line| line.net).collect();
                    assert_eq!(nets.len() as i64, number, "{name}: {nets:?}");
                }
            }
            done.store(true, Ordering::Relaxed);
            moving.join().unwrap();
        });
    }
}

#[test]
fn an_erased_customer_leaves_the_journal_too() {
    for counter in Counter::all() {
        counter.take(receipt("1", Some("AAAA"), vec![line("milk", 1, 500)])).unwrap();
        let taken = counter.take(receipt("0", Some("AAAA"), vec![line("milk", 1, 500)])).unwrap();
        assert_eq!(
            counter
                .programme()
                .erase(&programme::Act::of_job("test", programme::now()), "c-AAAA")
                .unwrap()
                .rows,
            4
        );
        assert_eq!(counter.journal_rows(), 0);
        let store = counter.programme().store().unwrap();
        let left = store.read(|tx| {
            let receipt = tx.receipt(&taken.receipt)?.and_then(|receipt| receipt.customer);
            let card = tx.card(&"AAAA".into())?.and_then(|card| card.customer);
            Ok::<_, store::DbError>((receipt, card, tx.wallets_of(&"c-AAAA".into())?.len()))
        });
        assert_eq!(left.unwrap(), (None, None, 0), "{}", counter.name());
        counter.take(receipt("2", Some("AAAA"), vec![line("milk", 1, 500)])).unwrap();
        move_all(counter.programme());
        assert!(counter.programme().history("c-AAAA", 0).is_err(), "{}", counter.name());
        // What was his is gone; what comes later is nobody's.
        assert_eq!(sums(counter.programme()), (1, 1, 500));
    }
}

#[test]
fn reading_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("p");
    let programme = Programme::init(&dir, programme::SettingsLanguage::En).unwrap();
    assert!(programme.portrait("nobody", PortraitDay::Latest, &Silent).is_err());
    assert_eq!(programme.move_journal().unwrap().batch, None);
    assert!(!dir.join("store.sqlite").exists());
}

#[test]
fn cards_without_a_customer_are_kept_too() {
    let counter = Counter::sqlite();
    let store = counter.programme().store().unwrap();
    store.write(|tx| add_card(tx, "ANON", CardState::Active, false)).unwrap();
    let sale = receipt("1", Some("ANON"), vec![line("milk", 1, 500)]);
    assert_eq!(counter.take(sale).unwrap().points, 5);
    move_all(counter.programme());
    let lake = counter.programme().lake().unwrap();
    assert_eq!(lake.lines(&Customers::Unknown).unwrap().len(), 1);
}
