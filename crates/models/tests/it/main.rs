//! Scenarios, properties and threads of the models.

// The whole binary is tests, its fixtures included.
#![allow(clippy::unwrap_used)]

mod naive;
mod scenario;

use models::{Evaluation, Items, Level, Offer, OfferSettings, Protocol, Purchases};
use proptest::prelude::*;
use retail::{Day, Lines, NONE};
use scenario::{items, lines, offers_in_parts, purchases};

/// A receipt as random data: customer, day, minute, products with quantities.
type Receipt = (u32, i32, u16, Vec<(u32, i64)>);

fn receipts() -> impl Strategy<Value = Vec<Receipt>> {
    let product = (0..12u32, prop_oneof![9 => Just(1000i64), 1 => Just(-1000i64)]);
    let receipt = (0..8u32, 0..60i32, 0..1440u16, prop::collection::vec(product, 0..6));
    prop::collection::vec(receipt, 0..90)
}

/// Half of the products share an item with their neighbour above product level; one has none.
fn some_items(level: Level) -> Items {
    let item = (0..12).map(|p| match level {
        _ if p == 11 => NONE,
        Level::Product => 10 - p,
        Level::Kind | Level::Category => p / 2,
    });
    Items { level, item: item.collect(), count: 11 }
}

fn some_lines(receipts: &[Receipt], customer: impl Fn(u32) -> u32) -> Lines {
    lines(receipts.iter().enumerate().flat_map(|(number, (code, day, minute, products))| {
        let customer = customer(*code);
        products.iter().map(move |&(product, quantity)| {
            (customer, number as u32, *day, *minute, product, quantity)
        })
    }))
}

const LEVELS: [Level; 3] = [Level::Product, Level::Kind, Level::Category];

const NOVEL: Protocol = Protocol::Novel { cut: Some(Day(40)), days: 15 };

fn evaluate(lines: &Lines, items: &Items, protocol: Protocol) -> Evaluation {
    models::evaluate(&purchases(lines, items), items.level, protocol, &|| 0.0)
}

fn offers(lines: &Lines, items: &Items, as_of: Day, settings: &OfferSettings) -> Vec<Offer> {
    offers_in_parts(lines, items, as_of.0, settings, usize::MAX)
}

proptest! {
    /// Every figure equals that of a slow implementation written from the protocol's words.
    #[test]
    fn evaluation_equals_the_naive_one(receipts in receipts()) {
        let lines = some_lines(&receipts, |code| code);
        for level in LEVELS {
            for protocol in [Protocol::Last, NOVEL] {
                let items = some_items(level);
                let fast = evaluate(&lines, &items, protocol);
                let slow = naive::evaluate(&lines, &items, protocol);
                prop_assert_eq!(fast.evaluated, slow.evaluated);
                prop_assert_eq!(fast.split.truth, slow.truth);
                for (model, figures) in &slow.models {
                    let found = fast.models.iter().find(|result| result.name == *model).unwrap();
                    let m = &found.metrics;
                    let fast_figures = [m.recall_10, m.ndcg_10, m.precision_10, m.phr_10];
                    for (a, b) in fast_figures.iter().zip(figures) {
                        prop_assert!((a - b).abs() < 1e-9, "{model}: {fast_figures:?} {figures:?}");
                    }
                }
            }
        }
    }

    /// Codes of customers depend on the order of imports, so nothing may depend on them.
    #[test]
    fn numbering_of_customers_changes_nothing(receipts in receipts(), shift in 1..8u32) {
        let renumber = |code: u32| (code * 3 + shift) % 8;
        let (lines, other) = (some_lines(&receipts, |code| code), some_lines(&receipts, renumber));
        for protocol in [Protocol::Last, NOVEL] {
            let items = some_items(Level::Kind);
            prop_assert_eq!(
                evaluate(&lines, &items, protocol),
                evaluate(&other, &items, protocol)
            );
        }
        let items = some_items(Level::Product);
        let set = |lines| offers(lines, &items, Day(50), &OfferSettings::default());
        let mut renumbered = set(&lines);
        renumbered.iter_mut().for_each(|offer| offer.customer = renumber(offer.customer));
        renumbered.sort_by_key(|offer| offer.customer);
        prop_assert_eq!(renumbered, set(&other));
    }

    /// The same bits on any number of threads.
    #[test]
    fn threads_change_no_bit(receipts in receipts()) {
        let lines = some_lines(&receipts, |code| code);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let kinds = some_items(Level::Kind);
                let settings = OfferSettings { due_min: 0.3, ..OfferSettings::default() };
                let offers = offers(&lines, &some_items(Level::Product), Day(50), &settings);
                let bits: Vec<(u32, u32, u64)> = offers
                    .iter()
                    .map(|offer| (offer.customer, offer.product, offer.score.to_bits()))
                    .collect();
                let result = evaluate(&lines, &kinds, Protocol::Last);
                (bits, serde_json::to_string(&result).unwrap())
            })
        };
        let one = run(1);
        prop_assert_eq!(&one, &run(2));
        prop_assert_eq!(&one, &run(5));
    }

    /// Customers come in parts of any size.
    #[test]
    fn parts_change_no_bit(receipts in receipts(), part in 1..9usize) {
        let lines = some_lines(&receipts, |code| code);
        let (products, kinds) = (some_items(Level::Product), some_items(Level::Kind));
        let settings = OfferSettings::default();
        prop_assert_eq!(
            offers_in_parts(&lines, &products, 50, &settings, part),
            offers(&lines, &products, Day(50), &settings)
        );
        let mut gathered = Purchases::none(kinds.count);
        for part in lines.by_customer().chunks(part) {
            gathered.add(&lines, part, &kinds, Day(45));
        }
        let whole = Purchases::of(&lines, &lines.by_customer(), &kinds, Day(45));
        prop_assert_eq!(gathered, whole);
    }

    /// Nothing a customer does after the day of the offers is seen.
    #[test]
    fn offers_do_not_look_ahead(receipts in receipts(), day in 0..60i32) {
        let past: Vec<Receipt> =
            receipts.iter().filter(|receipt| receipt.1 <= day).cloned().collect();
        let set = |receipts: &[Receipt]| {
            let lines = some_lines(receipts, |code| code);
            offers(&lines, &some_items(Level::Product), Day(day), &OfferSettings::default())
        };
        prop_assert_eq!(set(&receipts), set(&past));
    }
}

#[test]
fn an_empty_shop_evaluates_and_offers_nothing() {
    let items = items(Level::Product, "");
    for protocol in [Protocol::Last, NOVEL, Protocol::Novel { cut: None, days: 28 }] {
        let result = evaluate(&Lines::default(), &items, protocol);
        assert_eq!((result.evaluated, result.models.len()), (0, 0));
    }
    assert!(offers(&Lines::default(), &items, Day(0), &OfferSettings::default()).is_empty());
}

#[test]
fn results_are_written_under_their_published_names() {
    let lines = scenario::receipts("1:10:a 1:12:a 1:14:a 1:20:a");
    let items = items(Level::Kind, "a");
    let result = evaluate(&lines, &items, Protocol::Last);
    let json = serde_json::to_value(&result).unwrap();
    for (pointer, value) in [
        ("/protocol", "\"last\""),
        ("/level", "\"type\""),
        ("/evaluated", "1"),
        ("/models/1/name", "\"P-Pop\""),
        ("/models/1/recall@10", "1.0"),
        ("/models/1/ndcg@10", "1.0"),
        ("/models/1/precision@10", "0.1"),
        ("/models/1/phr@10", "1.0"),
        ("/models/1/se", "0.0"),
        ("/models/2/settings", r#"{"half_life_days":120.0,"model":"Decayed","prior":0.3}"#),
        ("/models/2/score_s", "0.0"),
    ] {
        assert_eq!(json.pointer(pointer).unwrap().to_string(), value, "{pointer}");
    }
    let back: models::Evaluation = serde_json::from_value(json).unwrap();
    for (read, written) in back.models.iter().zip(&result.models) {
        assert_eq!((&read.name, read.settings), (&written.name, written.settings));
    }
}
