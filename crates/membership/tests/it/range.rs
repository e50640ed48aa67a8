//! Ranges, batches for the printer, scattered numbers.

use std::collections::HashSet;

use membership::{CardNumber, NumberRange, PrintBatch, Scheme, scattered};
use proptest::prelude::*;

use crate::{same, told};

fn range(scheme: Scheme, prefix: &str, digits: u8, from: u64, to: u64) -> NumberRange {
    NumberRange { network: "north".into(), prefix: prefix.to_owned(), digits, scheme, from, to }
}

fn numbers(range: &NumberRange) -> Vec<CardNumber> {
    (0..range.count()).map(|index| range.number(index).unwrap()).collect()
}

#[test]
fn a_range_counts_and_knows_its_numbers() {
    let cards = range(Scheme::Ean13, "2200", 8, 10, 12);
    assert!(cards.validate().is_empty());
    let all: Vec<_> = numbers(&cards).iter().map(ToString::to_string).collect();
    assert_eq!(all, ["2200000000101", "2200000000118", "2200000000125"]);
    assert_eq!(cards.number(3), None);
    for (text, known) in [
        ("2200000000118", true),
        ("2200000000095", false),
        ("2200000000132", false),
        ("2300000000117", false),
        ("22000000001", false),
        // Right but for its control digit.
        ("2200000000119", false),
    ] {
        let number = CardNumber::parse(text, Scheme::Plain).unwrap();
        assert_eq!(cards.contains(&number), known, "{text}");
    }
    assert_eq!(range(Scheme::Plain, "VIP", 3, 7, 7).number(0).unwrap().as_str(), "VIP007");
}

#[test]
fn what_is_wrong_with_a_range() {
    for (bad, expected) in [
        (
            range(Scheme::Ean13, "22", 8, 0, 9),
            "/digits: prefix, running part and control digit make 11 characters; ean13 has 13 to 13",
        ),
        (range(Scheme::Ean13, "22x0", 8, 0, 9), "/prefix: has characters the scheme has not"),
        (range(Scheme::Luhn, "", 19, 0, 9), "/digits: must be 1 to 18"),
        (range(Scheme::Luhn, "22", 4, 9, 8), "/to: must not be smaller than `from`"),
        (range(Scheme::Luhn, "22", 4, 9, 10_000), "/to: has more digits than the running part"),
        (range(Scheme::Plain, "карта", 4, 0, 9), "/prefix: has characters the scheme has not"),
    ] {
        assert_eq!(told(&bad.validate()).trim(), expected);
        // A range nobody looked over gives no bad number.
        assert_eq!(bad.number(bad.count().saturating_sub(1)), None);
    }
}

#[test]
fn ranges_that_meet() {
    use Scheme::{Ean13, Luhn, Plain};
    for (a, b, meet) in [
        (range(Ean13, "22", 10, 0, 99), range(Ean13, "22", 10, 99, 200), true),
        (range(Ean13, "22", 10, 0, 99), range(Ean13, "22", 10, 100, 200), false),
        (range(Ean13, "22", 10, 0, 9_999_999_999), range(Ean13, "2233", 8, 5, 5), true),
        (range(Ean13, "22", 10, 0, 3_299_999_999), range(Ean13, "2233", 8, 5, 5), false),
        (range(Ean13, "22", 10, 0, 99), range(Ean13, "23", 10, 0, 99), false),
        (range(Luhn, "", 4, 0, 99), range(Luhn, "", 5, 0, 99), false),
        (range(Plain, "VIP", 3, 0, 99), range(Plain, "VI", 4, 0, 99), false),
        (range(Plain, "2200", 9, 0, 999_999_999), range(Ean13, "2200", 8, 7, 7), true),
        (range(Plain, "2200", 9, 0, 9), range(Ean13, "2200", 8, 7, 7), false),
    ] {
        assert_eq!((a.overlaps(&b), b.overlaps(&a)), (meet, meet), "{a:?} {b:?}");
    }
}

#[test]
fn a_batch_for_the_printer() {
    let batch = |from_index, count| PrintBatch {
        id: "2026-07".to_owned(),
        range: range(Scheme::Ean13, "2200", 8, 10, 12),
        from_index,
        count,
    };
    let two = batch(1, 2);
    let rows = two.rows().map(|row| {
        assert_eq!(CardNumber::parse(&row.printed, Scheme::Ean13).unwrap(), row.number);
        format!("{} {} {} | {}\n", row.index, row.number, row.control.unwrap(), row.printed)
    });
    same(
        &rows.collect::<String>(),
        "1 2200000000118 8 | 2200 0000 0011 8
         2 2200000000125 5 | 2200 0000 0012 5",
    );
    assert_eq!(told(&batch(1, 3).validate()).trim(), "/count: goes beyond the end of the range");
    assert_eq!(batch(1, u64::MAX).rows().count(), 2);
    let mut bad = batch(0, 0);
    bad.range.digits = 7;
    bad.id.clear();
    same(
        &told(&bad.validate()),
        "/range/digits: prefix, running part and control digit make 12 characters; ean13 has 13 to 13
         /id: must not be empty
         /count: must be at least 1",
    );
}

#[test]
fn scattered_numbers_stay_as_they_are() {
    let cards = range(Scheme::Luhn, "77", 9, 0, 999_999_999);
    let first = (0..3).map(|index| scattered(&[7; 32], &cards, index).unwrap().to_string());
    // The same as by a few lines of Python.
    assert_eq!(first.collect::<Vec<_>>(), ["776338514255", "776359019648", "775002713748"]);
    assert_ne!(scattered(&[7; 32], &cards, 0), scattered(&[8; 32], &cards, 0));
    assert_eq!(scattered(&[7; 32], &cards, 1_000_000_000), None);
    // The largest range there is.
    let all = range(Scheme::Luhn, "", 18, 0, 999_999_999_999_999_999);
    assert!(all.validate().is_empty());
    assert!(all.contains(&scattered(&[7; 32], &all, all.count() - 1).unwrap()));
}

/// Neighbours do not betray each other: the steps between them are as many as there are.
#[test]
fn scattered_neighbours_are_strangers() {
    let cards = range(Scheme::Plain, "A", 9, 0, 999_999_999);
    let place = |index| -> i64 {
        scattered(&[1; 32], &cards, index).unwrap().as_str()[1..].parse().unwrap()
    };
    let steps: HashSet<_> = (0..1000).map(|index| place(index + 1) - place(index)).collect();
    assert!(steps.len() > 990);
    let above = (0..1000).filter(|&index| place(index) >= 500_000_000).count();
    assert!((400..600).contains(&above), "{above} of 1000 in the upper half");
}

proptest! {
    /// Every number of the range once, whatever its size.
    #[test]
    fn scattering_is_a_bijection(key in any::<[u8; 32]>(), from in 0..1000u64, more in 0..600u64) {
        let cards = range(Scheme::Luhn, "9", 6, from, from + more);
        let scattered: HashSet<_> =
            (0..cards.count()).map(|index| scattered(&key, &cards, index).unwrap()).collect();
        prop_assert_eq!(scattered, numbers(&cards).into_iter().collect());
    }

    /// Ranges of one scheme overlap where they share a number; of two schemes at least there.
    #[test]
    fn overlap_is_a_shared_number(
        schemes in prop::array::uniform2(0..3usize),
        prefixes in prop::array::uniform2(0..4usize),
        from in prop::array::uniform2(0..1200u64),
        more in prop::array::uniform2(0..60u64),
    ) {
        let made = [0, 1].map(|i| {
            let prefix = ["", "0", "00", "01"][prefixes[i]];
            let scheme = [Scheme::Luhn, Scheme::Plain, Scheme::Plain][schemes[i]];
            let digits = 4 - prefix.len() as u8 + u8::from(schemes[i] == 2);
            let last = 10_u64.pow(digits.into()) - 1;
            let from = from[i].min(last);
            range(scheme, prefix, digits, from, (from + more[i]).min(last))
        });
        let [a, b] = &made;
        prop_assert!(a.validate().is_empty() && b.validate().is_empty());
        let shared = numbers(a).iter().any(|number| b.contains(number));
        prop_assert_eq!(a.overlaps(b), b.overlaps(a));
        prop_assert!(a.overlaps(b) || !shared);
        prop_assert!(a.scheme != b.scheme || a.overlaps(b) == shared);
    }
}
