//! Receipts on-line: what they earn, what returns take away, what is refused, and in any sequence.

pub mod counter;
mod imported;
mod journal;
mod kills;
mod warm;

use std::collections::BTreeMap;

use programme::{
    BatchedReceipt, Bounds, OriginalIn, Programme, ReceiptIn, Refused, RequestKey, WhyNothing,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use retail::{Day, Instant, WalletId};
use serde_json::{Value, json};

use super::fixture::{NOW, soak};
use counter::{Counter, line, receipt, rules};

/// Runs a script on both databases. A line is `take NUMBER CARD GOODS`, `back NUMBER CARD ORIGINAL GOODS` or
/// `spend CARD POINTS`, with `-` for none and goods as `product:pieces:net`; a point is earned for each
/// 100 of net. Behind `=>` stands what was answered, then what the card's wallet holds.
fn check(script: &str) {
    check_with(|_| (), script);
}

fn check_with(prepare: impl Fn(&Counter), script: &str) {
    for counter in Counter::all() {
        prepare(&counter);
        for step in script.lines().map(str::trim).filter(|step| !step.is_empty()) {
            let (ask, expected) = step.split_once("=>").unwrap();
            assert_eq!(counter.run(ask), expected.trim(), "{}: {ask}", counter.name());
        }
        counter.audit();
    }
}

#[test]
fn a_sale_earns_and_the_same_again_changes_nothing() {
    check(
        "take 1 A milk:2:300 bread:1:250 => points 5 | 5
         take 1 A milk:2:300 bread:1:250 => points 5 | 5
         take 1 A bread:1:250 milk:2:300 => points 5 | 5
         take 2 - milk:1:900 => points 0, no_card
         take 3 NOBODY milk:1:900 => points 0, card_unknown
         take 4 BLOCKED milk:1:900 => points 0, card_cannot_earn | 0
         take 5 SUSPENDED milk:1:900 => points 9 | 9
         take 6 FRESH milk:1:900 => points 9 | 9",
    );
}

#[test]
fn another_content_replaces_and_the_difference_is_posted() {
    check(
        "take 1 A milk:1:1000 => points 10 | 10
         take 1 A milk:1:1500 => points 15 | 15
         take 1 A milk:1:400 => points 4, taken 11 | 4
         take 1 A milk:1:1000 => points 10 | 10
         take 1 B milk:1:1000 => points 10, taken 10 | 10
         spend B 10 => 0
         take 1 B milk:1:300 => points 3, debt 7 | 0 owes 7
         take 2 B milk:1:500 => points 5, repaid 5 | 0 owes 2
         take 1 A milk:1:300 => points 3, debt 3 | 3
         take 3 B milk:1:900 => points 9, repaid 5 | 4",
    );
}

#[test]
fn a_return_takes_back_what_its_goods_earned() {
    check(
        "take 1 A milk:3:1000 bread:1:500 => points 15 | 15
         back 2 A 1 milk:1:333 => points -3, taken 3 | 12
         back 2 A 1 milk:1:333 => points -3, taken 3 | 12
         back 3 - 1 milk:1:333 => points -3, taken 3
         back 4 B 1 milk:1:334 => points -4, taken 4 | 0
         back 5 A 1 milk:1:333 => points 0, more than bought | 5
         back 6 A 1 beer:1:100 => points 0, more than bought | 5
         back 7 A 1 bread:1:500 => points -5, taken 5 | 0",
    );
}

#[test]
fn what_was_spent_becomes_a_debt_that_later_accruals_repay() {
    check(
        "take 1 A milk:2:2000 => points 20 | 20
         take 2 A bread:1:1000 => points 10 | 30
         spend A 30 => 0
         back 3 A 1 milk:1:1000 => points -10, debt 10 | 0 owes 10
         take 4 A milk:1:400 => points 4, repaid 4 | 0 owes 6
         take 5 A milk:1:1000 => points 10, repaid 6 | 4
         back 6 A 5 milk:1:1000 => points -10, taken 4, debt 6 | 0 owes 6",
    );
}

#[test]
fn what_expired_is_no_debt_of_who_returns() {
    let expiring = |counter: &Counter| {
        counter.publish("accrual", &rules(json!({"expires_after_days": 10})));
    };
    check_with(
        expiring,
        "take 1 A milk:2:2000 => points 20 | 20
         spend A 5 => 15
         later 11 => expired 1
         back 2 A 1 milk:1:1000 => points -10 | 0
         back 3 A 1 milk:1:1000 => points -10, debt 5 | 0 owes 5
         back 3 A - milk:1:1000 => points 0, repaid 5, original_unknown | 0
         back 3 A 1 milk:1:1000 => points -10, debt 5 | 0 owes 5",
    );
    // Taken back in time, given back too late, and taken once more.
    check_with(
        expiring,
        "take 1 A milk:2:2000 => points 20 | 20
         back 2 A 1 milk:2:2000 => points -20, taken 20 | 0
         later 11 => expired 0
         back 2 A 1 milk:1:1000 => points -10 | 0
         back 3 A 1 milk:1:1000 => points -10 | 0",
    );
}

#[test]
fn what_a_limit_holds_is_released_or_never_earns() {
    let limited = |counter: &Counter| {
        let limits = json!({"rows": [
            {"by": "card", "what": "receipt", "times_max": 1, "then": "hold"},
            {"by": "till", "what": "accrual", "amount_max": 100, "then": "hold"},
        ]});
        counter.publish("limits", &limits);
    };
    check_with(
        limited,
        "take 1 A milk:1:1000 => points 10 | 10
         take 2 A milk:2:2000 => points 0, held | 10
         take 2 A milk:3:3000 => points 0, held | 10
         back 3 A 2 milk:1:1000 => points 0, original_earned_nothing | 10
         take 1 A milk:2:2000 => points 20 | 20
         close released => card.receipt AAAA
         holds A => 40
         take 2 A milk:3:3000 => points 30 | 40
         take 4 A milk:1:1000 => points 10 | 50
         take 5 B milk:1:5000 => points 0, held | 0
         close refused => till.accrual s1/t1
         take 5 B milk:1:4000 => points 0, held | 0
         holds B => 0",
    );
}

#[test]
fn a_correction_that_comes_late_takes_no_more_than_it_must() {
    check_with(
        |counter| counter.publish("accrual", &rules(json!({"expires_after_days": 10}))),
        "take 1 A milk:2:2000 => points 20 | 20
         spend A 20 => 0
         later 11 => expired 0
         take 1 A milk:2:1900 => points 19, debt 1 | 0 owes 1
         take 1 A milk:2:2500 => points 25, repaid 1 | 0
         take 2 A bread:1:1000 => points 0, expired | 0",
    );
}

#[test]
fn odd_returns_are_kept() {
    check(
        "back 1 A 99 milk:1:1000 => points 0, original_unknown | 0
         back 2 A - milk:1:1000 => points 0, original_unknown | 0
         take 3 A milk:1:1000 => points 10 | 10
         back 4 A 3 milk:1:1000 => points -10, taken 10 | 0
         back 5 A 4 milk:1:1000 => points 0, original_is_return | 0
         take 6 - milk:1:1000 => points 0, no_card
         back 7 - 6 milk:1:1000 => points 0, original_earned_nothing",
    );
    check_with(
        |counter| counter.set("take_points_without_original", "true"),
        "take 1 A milk:1:1500 => points 15 | 15
         back 2 A 99 milk:1:1000 => points -10, taken 10 | 5
         back 3 A - milk:1:1000 => points -10, taken 5, debt 5 | 0 owes 5",
    );
}

#[test]
fn receipts_may_come_in_any_sequence() {
    check(
        "back 2 A 1 milk:1:500 => points 0, original_unknown | 0
         take 1 A milk:2:1000 => points 10 | 5
         back 3 A 1 milk:1:500 => points -5, taken 5 | 0",
    );
    // A sale that is corrected after a return, and returns that are corrected.
    check(
        "take 1 A milk:2:1000 => points 10 | 10
         back 2 A 1 milk:1:500 => points -5, taken 5 | 5
         take 1 A milk:2:2000 => points 20 | 10
         back 2 A 1 milk:2:2000 => points -20, taken 10 | 0
         back 2 A 1 milk:1:1000 => points -10 | 10
         take 1 A milk:2:100 => points 1, taken 9 | 1
         take 7 A bread:1:500 => points 5 | 6
         back 2 A 7 bread:1:500 => points -5, taken 5 | 1
         back 2 A - bread:1:500 => points 0, original_unknown | 6",
    );
}

#[test]
fn any_sequence_leads_to_the_same_points() {
    let rounds = if soak() { 200 } else { 12 };
    for counter in Counter::all() {
        for round in 0..rounds {
            let mut dice = ChaCha8Rng::seed_from_u64(round);
            let (final_ones, versions) = random_receipts(&mut dice, round);
            let sequence = shuffled(&mut dice, &versions, &final_ones);
            sequence.iter().for_each(|receipt| drop(counter.take(receipt.clone()).unwrap()));
            let expected: i64 = expected_points(&final_ones);
            let (balance, owed) = counter.holds(&card(round));
            assert_eq!(balance - owed, expected, "{}, seed {round}", counter.name());
        }
        counter.audit();
    }
}

fn card(round: u64) -> String {
    format!("R{round:04}")
}

/// Receipts as they are in the end, and earlier versions of some.
fn random_receipts(dice: &mut ChaCha8Rng, round: u64) -> (Vec<ReceiptIn>, Vec<ReceiptIn>) {
    let (mut last, mut versions) = (Vec::new(), Vec::new());
    let number = |n: u32| format!("{round}-{n}");
    let goods = |dice: &mut ChaCha8Rng, sign: i64| {
        let count = dice.random_range(1..4);
        let mut line = || {
            let product = ["milk", "bread", "beer"][dice.random_range(0..3)];
            line(product, sign * dice.random_range(1..4), sign * dice.random_range(1..3000))
        };
        (0..count).map(|_| line()).collect::<Vec<_>>()
    };
    for n in 0..dice.random_range(2..7) {
        let returns = n > 1 && dice.random_ratio(1, 2);
        let made = |dice: &mut ChaCha8Rng| {
            let lines = goods(dice, if returns { -1 } else { 1 });
            let original = returns.then(|| dice.random_range(0..2));
            let original =
                original.map(|n| OriginalIn { number: number(n), shop: None, till: None });
            ReceiptIn { original, ..receipt(&number(n), Some(&card(round)), lines) }
        };
        versions.extend((0..dice.random_range(0..3)).map(|_| made(dice)));
        last.push(made(dice));
    }
    (last, versions)
}

/// Earlier versions in any sequence, then the last ones in any sequence, some twice.
fn shuffled(dice: &mut ChaCha8Rng, versions: &[ReceiptIn], last: &[ReceiptIn]) -> Vec<ReceiptIn> {
    let mut sequence = Vec::new();
    for part in [versions, last] {
        let mut part = part.to_vec();
        while !part.is_empty() {
            let next = part.swap_remove(dice.random_range(0..part.len()));
            if dice.random_ratio(1, 4) {
                sequence.push(next.clone());
            }
            sequence.push(next);
        }
    }
    sequence
}

/// What a person would reckon: points of the sales, less of each product the part that came back.
fn expected_points(receipts: &[ReceiptIn]) -> i64 {
    let mut sum = 0;
    for sale in receipts.iter().filter(|receipt| receipt.original.is_none()) {
        let mut products: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
        for line in &sale.lines {
            let (quantity, points, _) = products.entry(&line.product).or_default();
            *quantity += line.quantity;
            *points += line.net / 100;
        }
        let names = |receipt: &&ReceiptIn| {
            receipt.original.as_ref().is_some_and(|original| original.number == sale.number)
        };
        for line in receipts.iter().filter(names).flat_map(|back| &back.lines) {
            if let Some((quantity, _, back)) = products.get_mut(line.product.as_str()) {
                *back = (*back - line.quantity).min(*quantity);
            }
        }
        let kept = |&(quantity, points, back): &(i64, i64, i64)| points - points * back / quantity;
        sum += products.values().map(kept).sum::<i64>();
    }
    sum
}

#[test]
fn a_late_repetition_brings_nothing_back() {
    for counter in Counter::all() {
        let keyed = |key: &str, net: i64| {
            let key = RequestKey { key: key.to_owned(), body_sha256: net.to_string() };
            let act = programme::Act { key: Some(key), ..counter.act() };
            let sale = receipt("1", Some("AAAA"), vec![line("milk", 1, net)]);
            counter.programme().take_receipt(&act, sale)
        };
        let first = keyed("a", 1000).unwrap();
        let second = keyed("b", 1500).unwrap();
        assert_eq!((second.version, counter.holds("AAAA")), (2, (15, 0)));
        // The answer to the first was lost, and it is asked again behind the second.
        let rows = counter.journal_rows();
        assert_eq!(keyed("a", 1000).unwrap(), first, "{}", counter.name());
        assert_eq!(keyed("a", 1500).unwrap_err().code(), "key_reused");
        assert_eq!((counter.journal_rows(), counter.holds("AAAA")), (rows, (15, 0)));
        counter.audit();
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let counter = Counter::sqlite();
    let good = json!({
        "number": "1", "at": "2026-01-01T12:00:00+03:00", "card": "AAAA",
        "lines": [{"product": "milk", "quantity": 1000, "net": 100}],
    });
    let bad: &[(&str, Value, &str, &str)] = &[
        ("/number", json!(""), "/number", "empty"),
        ("/number", json!("a\u{7}b"), "/number", "control_character"),
        ("/number", json!("9".repeat(129)), "/number", "too_long"),
        ("/at", json!("2026-01-01T12:00:00"), "/at", "time"),
        ("/at", json!("yesterday"), "/at", "time"),
        ("/at", json!("2026-01-02T03:11:00+03:00"), "/at", "future"),
        ("/at", json!("2025-12-01T12:00:00Z"), "/at", "too_old"),
        ("/card", json!("12 34 \u{0}"), "/card", "card_number"),
        ("/card", json!("1"), "/card", "card_number"),
        ("/shop", json!("\n"), "/shop", "empty"),
        ("/original", json!({"number": "2"}), "/original", "sign"),
        ("/fiscal", json!({"drive": "1", "document": ""}), "/fiscal/document", "empty"),
        ("/lines", json!([]), "/lines", "empty"),
        ("/lines", Value::Array(vec![good["lines"][0].clone(); 1001]), "/lines", "too_many"),
        ("/lines/0/product", json!(" "), "/lines/0/product", "empty"),
        ("/lines/0/quantity", json!(0), "/lines/0/quantity", "zero"),
        ("/lines/0/net", json!(-1), "/lines/0/net", "sign"),
        ("/lines/0/net", json!(i64::MAX), "/lines/0/net", "out_of_range"),
        ("/lines/0/net", json!(i64::MIN), "/lines/0/net", "out_of_range"),
        ("/lines/0/quantity", json!(i64::MAX), "/lines/0/quantity", "out_of_range"),
        ("/lines/0/discount", json!(-5), "/lines/0/discount", "sign"),
        ("/lines/0/retailer_coupon", json!(5), "/lines/0/retailer_coupon", "too_much"),
        ("/lines/0/supplier_coupon", json!(101), "/lines/0/supplier_coupon", "too_much"),
        ("/lines/0/category", json!("a\tb"), "/lines/0/category", "control_character"),
    ];
    assert!(counter.take(serde_json::from_value(good.clone()).unwrap()).is_ok());
    for (place, value, pointer, code) in bad {
        let mut wrong = good.clone();
        match wrong.pointer_mut(place) {
            Some(field) => *field = value.clone(),
            None => {
                let (parent, name) = place.rsplit_once('/').unwrap();
                wrong.pointer_mut(parent).unwrap()[name] = value.clone();
            }
        }
        let error = counter.take(serde_json::from_value(wrong).unwrap()).unwrap_err();
        let Refused::Invalid { problems } = &error else { panic!("{place}: {error}") };
        let found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), p.code)).collect();
        assert_eq!(found[0], (*pointer, *code), "{place} = {value}: {found:?}");
    }
    for unknown in [json!({"prize": 1}), json!({"lines": [{"sku": "x"}]})] {
        let mut wrong = good.clone();
        wrong.as_object_mut().unwrap().extend(unknown.as_object().unwrap().clone());
        assert!(serde_json::from_value::<ReceiptIn>(wrong).is_err());
    }
    assert_eq!(counter.journal_rows(), 1, "nothing else was written");
}

#[test]
fn a_return_by_name_has_negative_lines() {
    let counter = Counter::sqlite();
    let act = counter.act();
    let sale = receipt("1", None, vec![line("milk", 1, 100)]);
    assert_eq!(counter.programme().take_return(&act, sale.clone()).unwrap_err().code(), "invalid");
    let back = receipt("1", None, vec![line("milk", -1, -100)]);
    assert!(counter.programme().take_return(&act, back.clone()).is_ok());
    assert_eq!(counter.take(sale).unwrap_err().code(), "invalid", "a return stays one");
    let mixed = receipt("2", None, vec![line("milk", 1, 100), line("milk", -1, -100)]);
    assert_eq!(counter.take(mixed).unwrap_err().code(), "invalid");
}

#[test]
fn a_fiscal_document_is_a_second_name() {
    for counter in Counter::all() {
        let fiscal = |number: &str, document: &str, net| {
            let mut receipt = receipt(number, Some("AAAA"), vec![line("milk", 1, net)]);
            receipt.fiscal =
                Some(programme::FiscalIn { drive: "9".into(), document: document.into() });
            receipt
        };
        let first = counter.take(fiscal("1", "77", 1000)).unwrap();
        assert_eq!(counter.take(fiscal("otherwise", "77", 1000)).unwrap(), first);
        let second = counter.take(fiscal("otherwise", "77", 1500)).unwrap();
        assert_eq!((&second.receipt, second.version), (&first.receipt, 2));
        counter.take(receipt("2", None, vec![line("milk", 1, 1)])).unwrap();
        let error = counter.take(fiscal("2", "77", 1500)).unwrap_err();
        assert!(error.to_string().contains("/fiscal"), "{error}");
        assert_eq!(counter.holds("AAAA"), (15, 0));
    }
}

#[test]
fn the_business_day_is_the_shops() {
    let counter = Counter::sqlite();
    counter.set("day_starts_minute", "180");
    for (number, at, day) in [
        ("1", "2025-12-31T23:59:00Z", "2025-12-31"),
        ("2", "2025-12-31T20:59:00Z", "2025-12-31"),
        // 02:59 and 03:00 in Moscow.
        ("3", "2025-12-30T23:59:59Z", "2025-12-30"),
        ("4", "2025-12-31T00:00:00Z", "2025-12-31"),
        ("5", "2025-12-31T03:00:00+03:00", "2025-12-31"),
    ] {
        let sale = receipt(number, None, vec![line("milk", 1, 100)]);
        let taken = counter.take(ReceiptIn { at: at.to_owned(), ..sale }).unwrap();
        assert_eq!(taken.day.to_string(), day, "{at}");
    }
}

#[test]
fn of_a_batch_good_receipts_are_kept() {
    for counter in Counter::all() {
        let good = |n: u32| receipt(&n.to_string(), Some("AAAA"), vec![line("milk", 1, 100)]);
        let mut batch: Vec<ReceiptIn> = (0..150).map(good).collect();
        batch[70].lines.clear();
        (batch[71].shop, batch[71].till) = (Some("nowhere".to_owned()), Some("t1".to_owned()));
        let mut act = counter.act();
        act.key = Some(RequestKey { key: "k".to_owned(), body_sha256: "b".to_owned() });
        let taken = counter.programme().take_receipts(&act, batch.clone()).unwrap();
        for (n, taken) in taken.iter().enumerate() {
            match (n, taken) {
                (70, BatchedReceipt::Refused { code, problems, .. }) => {
                    assert_eq!(
                        (code.as_str(), problems[0].pointer.as_str()),
                        ("invalid", "/lines")
                    );
                }
                (71, BatchedReceipt::Refused { code, .. }) => assert_eq!(code, "not_found"),
                (_, BatchedReceipt::Taken(taken)) => assert_eq!(taken.version, 1),
                (n, refused) => panic!("{n}: {refused:?}"),
            }
        }
        assert_eq!(counter.journal_rows(), 148);
        assert_eq!(counter.programme().take_receipts(&act, batch.clone()).unwrap(), taken);
        act.key = None;
        assert_eq!(counter.programme().take_receipts(&act, batch.clone()).unwrap(), taken);
        act.key = Some(RequestKey { key: "k".to_owned(), body_sha256: "other".to_owned() });
        let error = counter.programme().take_receipts(&act, batch).unwrap_err();
        assert_eq!(error.code(), "key_reused");
        assert_eq!(counter.journal_rows(), 148);
        counter.audit();
    }
}

#[test]
fn nobody_brings_receipts_for_others() {
    let counter = Counter::sqlite();
    let sale = |shop: Option<&str>, till: Option<&str>| ReceiptIn {
        shop: shop.map(str::to_owned),
        till: till.map(str::to_owned),
        ..receipt("1", None, vec![line("milk", 1, 100)])
    };
    let bound = |networks: &[&str], shops: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Bounds { networks: texts(networks), shops: texts(shops), partner: None }
    };
    let own = Some(("s1", "t1"));
    for (bounds, at, shop, till, answer) in [
        (bound(&[], &[]), own, None, None, "ok"),
        (bound(&["n"], &["s1"]), own, None, None, "ok"),
        (bound(&["n"], &["s1"]), own, Some("s1"), Some("t2"), "not_found"),
        (bound(&["n"], &["s1"]), own, Some("s2"), Some("t1"), "not_found"),
        (bound(&["other"], &[]), None, Some("s1"), Some("t1"), "not_found"),
        (bound(&["n"], &[]), None, Some("s2"), Some("t1"), "ok"),
        (bound(&[], &[]), None, Some("s1"), Some("t9"), "not_found"),
        (bound(&[], &[]), None, None, None, "invalid"),
        (bound(&[], &[]), None, Some("closed"), Some("t1"), "closed"),
    ] {
        let mut act = counter.act();
        act.bounds = bounds;
        act.shop = at.map(|at| at.0.into());
        act.till = at.map(|at| at.1.into());
        let answer_given = match counter.programme().take_receipt(&act, sale(shop, till)) {
            Ok(_) => "ok",
            Err(error) => error.code(),
        };
        assert_eq!(answer_given, answer, "{shop:?} {till:?}");
    }
}

#[test]
fn levels_rise_at_once_and_count_from_the_next_receipt() {
    let levels = json!({
        "measure": "turnover", "period": {"sliding_days": 365}, "scope": "programme",
        "review": {"day_of_month": 1},
        "levels": [
            {"id": "base", "name_en": "Base", "name_ru": "База", "threshold": 0, "discount": 0, "accrual": 10000},
            {"id": "gold", "name_en": "Gold", "name_ru": "Золото", "threshold": 5000, "discount": 0, "accrual": 20000},
        ],
    });
    check_with(
        |counter| counter.publish("levels", &levels),
        "take 1 A milk:1:4900 => points 49 | 49
         take 2 A milk:1:100 => points 1 | 50
         take 3 A milk:1:1000 => points 20 | 70
         back 4 A 3 milk:1:1000 => points -20, taken 20 | 50
         take 5 B milk:1:1000 => points 10 | 10",
    );
}

#[test]
fn days_of_a_wallet_add_up() {
    for counter in Counter::all() {
        let script = "take 1 A milk:2:1000
            take 2 A bread:1:500
            take 2 A bread:1:700
            back 3 A 1 milk:1:500
            back 4 A 1 milk:1:500
            take 5 B beer:1:100";
        script.lines().for_each(|ask| drop(counter.run(ask)));
        let wallet = counter.wallet("AAAA");
        let all = (Day(0), Day(30_000));
        let sums = |network: Option<&'static str>| {
            let wallet = WalletId(wallet.clone());
            let store = counter.programme().store().unwrap();
            store.read(|tx| tx.wallet_sums(&wallet, network, all)).unwrap()
        };
        let sum = sums(None);
        // The first was taken back whole.
        assert_eq!((sum.net, sum.receipts, sum.points), (700, 1, 7), "{}", counter.name());
        assert_eq!(sums(Some("n")), sum);
        assert_eq!(sums(Some("other")).net, 0);
    }
}

#[test]
fn a_card_above_its_limit_earns_nothing_until_somebody_looks() {
    let limits =
        json!({"rows": [{"by": "card", "what": "receipt", "times_max": 2, "then": "hold"}]});
    check_with(
        |counter| counter.publish("limits", &limits),
        "take 1 A milk:1:100 => points 1 | 1
         take 2 A milk:1:100 => points 1 | 2
         take 3 A milk:1:100 => points 0, held | 2
         take 4 B milk:1:100 => points 1 | 1",
    );
}

#[test]
fn points_that_came_too_late_are_not_given() {
    let rules = counter::rules(json!({"expires_after_days": 3, "activates_after_days": 1}));
    for counter in Counter::all() {
        counter.publish("accrual", &rules);
        let sale = |number: &str, at: &str| ReceiptIn {
            at: at.to_owned(),
            ..receipt(number, Some("AAAA"), vec![line("milk", 1, 1000)])
        };
        let late = counter.take(sale("1", "2025-12-20T12:00:00Z")).unwrap();
        assert_eq!((late.points, late.nothing_because), (0, Some(WhyNothing::Expired)));
        assert_eq!(counter.take(sale("2", "2026-01-01T12:00:00Z")).unwrap().points, 10);
        let wallet = counter.wallet("AAAA");
        let account = ledger::AccountId::wallet(&WalletId(wallet), &"POINT".into());
        let store = counter.programme().store().unwrap();
        let lots = store.read(|tx| tx.lots_of_account(&account)).unwrap();
        // From midnight in Moscow on the next business day, to midnight two days later.
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Instant(at.as_microsecond())
        };
        assert_eq!(lots[0].activates_at, at("2026-01-01T21:00:00Z"));
        assert_eq!(lots[0].expires_at, Some(at("2026-01-03T21:00:00Z")));
        let back = receipt("3", None, vec![line("milk", -1, -1000)]);
        let original = OriginalIn { number: "2".into(), shop: None, till: None };
        let back = counter.take(ReceiptIn { original: Some(original), ..back }).unwrap();
        assert_eq!((back.points, back.taken_back), (-10, 10), "not active yet, and taken back");
    }
}

#[test]
fn many_tills_at_once_lose_and_double_nothing() {
    for counter in Counter::all() {
        let (threads, each) = (8, if soak() { 200 } else { 12 });
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let counter = &counter;
                scope.spawn(move || {
                    for n in 0..each {
                        // Two threads bring each receipt, as after a lost answer.
                        let number = format!("{}-{n}", thread / 2);
                        let card = ["AAAA", "BBBB"][n % 2];
                        let sale = receipt(&number, Some(card), vec![line("milk", 1, 1000)]);
                        counter.take_busy(sale);
                        let back =
                            receipt(&format!("{number}-back"), None, vec![line("milk", -1, -300)]);
                        let original = OriginalIn { number, shop: None, till: None };
                        let whole = n % 3 == 0;
                        if whole {
                            counter.take_busy(ReceiptIn { original: Some(original), ..back });
                        }
                    }
                });
            }
        });
        let kept = |card: usize| {
            let sales = (0..each).filter(|n| n % 2 == card && n % 3 != 0).count() as i64;
            sales * 10 * threads / 2
        };
        let name = counter.name();
        assert_eq!(counter.holds("AAAA"), (kept(0), 0), "{name}");
        assert_eq!(counter.holds("BBBB"), (kept(1), 0), "{name}");
        counter.audit();
    }
}

#[test]
fn a_sale_and_its_returns_that_come_at_once_agree() {
    for counter in Counter::all() {
        let rounds = if soak() { 200 } else { 20 };
        for round in 0..rounds {
            let sale = format!("{round}");
            let all =
                [("", 1, 1000), ("a", -1, -400), ("b", -1, -400)].map(|(name, pieces, net)| {
                    let card = Some("AAAA").filter(|_| pieces > 0);
                    let goods = vec![line("milk", pieces * if pieces > 0 { 4 } else { 1 }, net)];
                    let original = OriginalIn { number: sale.clone(), shop: None, till: None };
                    let original = Some(original).filter(|_| pieces < 0);
                    ReceiptIn { original, ..receipt(&format!("{sale}{name}"), card, goods) }
                });
            std::thread::scope(|scope| {
                for receipt in all {
                    scope.spawn(|| counter.take_busy(receipt));
                }
            });
        }
        let name = counter.name();
        assert_eq!(counter.holds("AAAA"), (rounds * 5, 0), "{name}: half of each sale came back");
        counter.audit();
    }
}

#[test]
fn every_receipt_leaves_a_deed_and_a_change() {
    for counter in Counter::all() {
        let taken = counter.take(receipt("1", Some("AAAA"), vec![line("milk", 1, 1000)])).unwrap();
        let store = counter.programme().store().unwrap();
        let id = taken.receipt.clone();
        let deeds = store.read(|tx| tx.deeds_of("receipt", &id, 0, 10)).unwrap();
        let actions: Vec<&str> = deeds.iter().map(|deed| deed.1.action.as_str()).collect();
        assert_eq!(actions, ["receipt.take"]);
        // Writers of other tests on the same server may hold changes up, but not for ever.
        let began = std::time::Instant::now();
        let told = || {
            let changes = store.read(|tx| tx.changes_since(Default::default(), 100)).unwrap();
            changes.iter().any(|change| change.kind == "receipt" && change.object == id)
                && changes.iter().any(|change| change.kind == "wallet")
        };
        while !told() {
            assert!(began.elapsed().as_secs() < 20, "{}", counter.name());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// The moment of every act.
pub fn today() -> Instant {
    Instant(NOW.0 + 24 * 3_600_000_000)
}

/// A programme, reopened.
pub fn reopened(counter: &Counter) -> Programme {
    Programme::open(&counter.dir()).unwrap()
}
