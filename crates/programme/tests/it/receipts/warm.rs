//! What is kept from one request to the next never shows anything but what is opened anew.

use std::sync::atomic::{AtomicBool, Ordering};

use programme::{Extent, OriginalIn, PortraitDay, Programme, ReceiptIn};
use retail::{Batch, Campaign, Cost, Customer, Day, Invitation, Money, Product, Redemption, Shop};

use super::counter::{Counter, line, receipt};
use super::journal::{Silent, catalogue, month, move_all, news, on, shown, take_all};
use super::reopened;

const CARDS: [&str; 7] = ["R0000", "R0001", "R0002", "R0030", "AAAA", "BBBB", "R0100"];

/// Portraits of all cards' customers, or why there is none.
fn portraits(programme: &Programme) -> Vec<String> {
    let portrait = |card: &&str| match programme.portrait(
        &format!("c-{card}"),
        PortraitDay::Latest,
        &Silent,
    ) {
        Ok(view) => shown(&view),
        Err(error) => error.to_string(),
    };
    CARDS.iter().map(portrait).collect()
}

/// Which customers something new is told of after a step; it must be what a programme opened anew tells.
fn news_after(counter: &Counter, step: &str, told: &mut Vec<String>) -> Vec<&'static str> {
    let (kept, anew) = (portraits(counter.programme()), portraits(&reopened(counter)));
    for (card, (kept, anew)) in CARDS.iter().zip(kept.iter().zip(&anew)) {
        assert_eq!(kept, anew, "{}: {card} after: {step}", counter.name());
    }
    let changed = CARDS.iter().zip(told.iter().zip(&kept)).filter(|(_, (old, new))| old != new);
    let changed = changed.map(|(card, _)| *card).collect();
    *told = kept;
    changed
}

fn take(counter: &Counter, receipts: Vec<ReceiptIn>) {
    receipts.into_iter().for_each(|receipt| drop(counter.take(receipt).unwrap()));
}

/// A return of what the first customer bought.
fn back(number: &str, original: &str, product: &str) -> ReceiptIn {
    ReceiptIn {
        original: Some(OriginalIn { number: original.to_owned(), shop: None, till: None }),
        at: "2025-12-27T13:00:00+03:00".to_owned(),
        ..receipt(number, Some("R0000"), vec![line(product, -1, -50)])
    }
}

/// What is imported besides receipts: a catalogue, profiles, campaigns, costs; of these customers.
fn tables(known: &[&str]) -> Batch {
    let customer = |card: &&str| Customer {
        id: format!("c-{card}").as_str().into(),
        household: None,
        attributes: [("gender", "f"), ("region", "north")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let product = |n: u32| Product {
        category: Some(format!("other {}", n % 3)),
        ..Product::unknown(&format!("p{n}"))
    };
    let campaign =
        |id: &str| Campaign { id: id.into(), kind: None, start: Day(20_430), end: Day(20_460) };
    let invited = |card: &&str| Invitation {
        campaign: "winter".into(),
        customer: format!("c-{card}").as_str().into(),
    };
    let redeemed = |card: &&str| Redemption {
        coupon: "1".into(),
        customer: format!("c-{card}").as_str().into(),
        campaign: "nowhere described".into(),
        day: Day(20_440),
    };
    Batch {
        customers: known.iter().map(customer).collect(),
        products: (0..9).map(product).collect(),
        campaigns: vec![campaign("winter")],
        invitations: known.iter().map(invited).collect(),
        redemptions: known.iter().map(redeemed).collect(),
        costs: vec![Cost { product: "p5".into(), from: Day(20_000), cost: Money(3) }],
        shops: vec![Shop {
            id: "s1".into(),
            name: None,
            name_en: None,
            region: Some("north".to_owned()),
        }],
        ..Batch::default()
    }
}

#[test]
fn a_kept_studio_tells_what_one_opened_anew_tells() {
    type Step<'a> = (&'a str, &'a dyn Fn(&Counter), &'a [&'a str]);
    let import = |counter: &Counter, name: &str, known: &[&str]| {
        reopened(counter).lake().unwrap().append(name, &tables(known)).unwrap();
    };
    let erase = |counter: &Counter, card: &str| {
        reopened(counter)
            .erase(&programme::Act::of_job("test", programme::now()), &format!("c-{card}"))
            .unwrap();
    };
    let refresh = |counter: &Counter| drop(reopened(counter).refresh(None, &Silent).unwrap());
    let shoppers = ["R0000", "R0001", "R0002", "R0030", "AAAA", "BBBB"];
    // What is done, by this process or another, and of whom something new is told then.
    let steps: &[Step<'_>] = &[
        ("receipts are taken", &|c| take(c, news()), &["R0000", "R0001", "R0002", "AAAA"]),
        ("another moves them", &|c| move_all(&reopened(c)), &[]),
        ("a receipt is corrected", &|c| take(c, vec![on(5, "0-5", "R0000", "p5", 1)]), &["R0000"]),
        ("a new customer buys", &|c| take(c, vec![on(8, "b", "BBBB", "zz new", 90)]), &["BBBB"]),
        ("they move", &|c| move_all(c.programme()), &[]),
        ("the lake is compacted", &|c| drop(reopened(c).compact(Extent::Everything, &Silent)), &[]),
        ("goods come back", &|c| take(c, vec![back("0-b", "0-5", "p5")]), &["R0000"]),
        ("another refreshes", &refresh, &shoppers),
        ("an import", &|c| import(c, "1", &["R0000", "R0100"]), &shoppers),
        ("another import", &|c| import(c, "2", &shoppers[..5]), &shoppers[1..5]),
        ("a refresh upon it", &refresh, &[]),
        (
            "one who has a profile buys",
            &|c| take(c, vec![on(28, "q", "R0100", "p1", 5)]),
            &["R0100"],
        ),
        ("that moves", &|c| move_all(&reopened(c)), &[]),
        ("a customer is erased", &|c| erase(c, "R0001"), &CARDS),
        ("what he buys is nobody's", &|c| take(c, vec![on(28, "e", "R0001", "p1", 5)]), &[]),
        ("a refresh without him", &refresh, &[]),
        ("that moves too", &|c| move_all(c.programme()), &[]),
    ];
    for counter in Counter::all() {
        catalogue(&counter);
        take_all(&counter, &month(60));
        move_all(counter.programme());
        counter.programme().refresh(None, &Silent).unwrap();
        let mut told = Vec::new();
        news_after(&counter, "refreshed", &mut told);
        for (step, run, expected) in steps {
            run(&counter);
            let changed = news_after(&counter, step, &mut told);
            assert_eq!(changed, *expected, "{}: {step}", counter.name());
        }
    }
}

/// Says that it is done when the reader ends, whether by a failure or not.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_portrait_has_each_receipt_once_while_they_move() {
    for counter in Counter::all() {
        let name = counter.name();
        let done = AtomicBool::new(false);
        let sale = |number: i64| on(29, &format!("x{number}"), "AAAA", "p1", number);
        take(&counter, vec![sale(1)]);
        move_all(counter.programme());
        counter.programme().refresh(None, &Silent).unwrap();
        let mover = reopened(&counter);
        std::thread::scope(|scope| {
            let moving = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    mover.move_journal().unwrap();
                }
            });
            // Somebody keeps it warm beside.
            let warming = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    counter.programme().warm_studio().unwrap();
                }
            });
            let ends = Ends(&done);
            for number in 2..=25 {
                take(&counter, vec![sale(number)]);
                for _ in 0..3 {
                    let view = counter
                        .programme()
                        .portrait("c-AAAA", PortraitDay::Latest, &Silent)
                        .unwrap();
                    let visits =
                        view.parameters.iter().find(|row| row.parameter.name == "visits_all");
                    assert_eq!(visits.unwrap().value, number, "{name}");
                }
            }
            drop(ends);
            moving.join().unwrap();
            warming.join().unwrap();
        });
    }
}
