//! What a receipt earns.

use membership::{
    Accrual, AccrualRow, AccrualRules, Level, LineFact, ReceiptFacts, Rounding, accrue,
};
use proptest::prelude::*;
use retail::{BasisPoints, Money, NetworkId};

use crate::{same, told};

/// Rows told as `network category level rate`, a dash for what is not named.
fn rules(rounding: Rounding, scale: i64, rows: &[&str]) -> AccrualRules {
    let row = |row: &&str| {
        let words: Vec<&str> = row.split(' ').collect();
        let named = |at: usize| (words[at] != "-").then_some(words[at]);
        AccrualRow {
            network: named(0).map(Into::into),
            category: named(1).map(Into::into),
            level: named(2).map(Into::into),
            rate: BasisPoints(words[3].parse().unwrap()),
        }
    };
    AccrualRules {
        rounding,
        points_scale: BasisPoints(scale),
        activates_after_days: 14,
        expires_after_days: Some(365),
        rows: rows.iter().map(row).collect(),
    }
}

fn level(id: &str, accrual: i64) -> Level {
    Level {
        id: id.into(),
        name_en: id.to_owned(),
        name_ru: id.to_owned(),
        threshold: 0,
        discount: BasisPoints(0),
        accrual: BasisPoints(accrual),
    }
}

fn sold(category: Option<&str>, net: i64) -> LineFact<'_> {
    LineFact { category, net: Money(net), points_allowed: true }
}

fn points(accrual: &Accrual) -> Vec<i64> {
    accrual.by_line.iter().map(|points| points.0).collect()
}

#[test]
fn the_most_specific_row_wins() {
    let rules = rules(
        Rounding::Down,
        10_000,
        &[
            "- - - 100",
            "- wine - 0",
            "north - - 200",
            "- - gold 300",
            "north wine - 400",
            "north - gold 500",
            "- wine gold 600",
            "north wine gold 700",
        ],
    );
    let gold = level("gold", 10_000);
    let silver = level("silver", 10_000);
    let (north, south) = (NetworkId::from("north"), NetworkId::from("south"));
    for (network, level, category, expected) in [
        (None, None, None, 100),
        (None, None, Some("milk"), 100),
        (None, None, Some("wine"), 0),
        (Some(&south), None, Some("wine"), 0),
        (Some(&north), None, None, 200),
        (Some(&north), Some(&silver), Some("milk"), 200),
        (None, Some(&gold), Some("milk"), 300),
        (Some(&north), None, Some("wine"), 400),
        // Of three rows that name two things each the first.
        (Some(&north), Some(&gold), Some("milk"), 500),
        (Some(&south), Some(&gold), Some("wine"), 600),
        (Some(&north), Some(&gold), Some("wine"), 700),
    ] {
        let accrual =
            accrue(&rules, &ReceiptFacts { network, level }, &[sold(category, 10_000)]).unwrap();
        assert_eq!(points(&accrual), [expected], "{network:?} {level:?} {category:?}");
    }
}

#[test]
fn a_tie_goes_to_the_first_row() {
    let (north, gold) = (NetworkId::from("north"), level("gold", 10_000));
    for (rows, expected) in
        [(["north - - 100", "- - gold 900"], 100), (["- - gold 900", "north - - 100"], 900)]
    {
        let rules = rules(Rounding::Down, 10_000, &rows);
        let receipt = ReceiptFacts { network: Some(&north), level: Some(&gold) };
        let accrual = accrue(&rules, &receipt, &[sold(None, 10_000)]).unwrap();
        assert_eq!(points(&accrual), [expected]);
    }
}

#[test]
fn amounts_and_rounding() {
    use Rounding::{Down, HalfUp};
    // Rounding, scale, rate, multiplier of the level, nets, points.
    for (rounding, scale, rate, times, nets, expected) in [
        (Down, 10_000, 500, 10_000, [1999, 10, -1999], [99, 0, -99]),
        (HalfUp, 10_000, 500, 10_000, [1999, 10, -1999], [100, 1, -100]),
        (HalfUp, 10_000, 500, 10_000, [9, -9, -10], [0, 0, -1]),
        // One whole point for a rouble, 3 % of 1234.50.
        (Down, 100, 300, 10_000, [123_450, 0, -123_450], [37, 0, -37]),
        (Down, 100, 10_000, 10_000, [100, 199, -50], [1, 1, 0]),
        // Gold earns one and a half times: rounded once, after everything.
        (Down, 10_000, 500, 15_000, [1990, 30, -30], [149, 2, -2]),
        (Down, 10_000, 500, 0, [1990, 30, -30], [0, 0, 0]),
        // What `validate` refuses earns nothing, and takes nothing away.
        (Down, 10_000, -500, 10_000, [1990, 30, -30], [0, 0, 0]),
    ] {
        let rules = rules(rounding, scale, &[&format!("- - - {rate}")]);
        let gold = level("gold", times);
        let receipt = ReceiptFacts { network: None, level: Some(&gold) };
        let accrual = accrue(&rules, &receipt, &nets.map(|net| sold(None, net))).unwrap();
        assert_eq!(points(&accrual), expected, "{rate} of {nets:?}");
        assert_eq!(accrual.points.0, expected.iter().sum::<i64>());
        assert_eq!((accrual.activates_after_days, accrual.expires_after_days), (14, Some(365)));
    }
}

#[test]
fn some_goods_earn_nothing() {
    let rules = rules(Rounding::Down, 10_000, &["- bread - 100"]);
    let tobacco = LineFact { points_allowed: false, ..sold(Some("bread"), 10_000) };
    let lines = [sold(Some("bread"), 10_000), tobacco, sold(Some("milk"), 10_000), sold(None, 1)];
    let accrual = accrue(&rules, &ReceiptFacts::default(), &lines).unwrap();
    assert_eq!(points(&accrual), [100, 0, 0, 0]);
    let empty = accrue(&rules, &ReceiptFacts::default(), &[]).unwrap();
    assert_eq!((empty.points.0, empty.by_line.len()), (0, 0));
}

#[test]
fn what_does_not_fit_is_nothing() {
    let rich = rules(Rounding::HalfUp, 1_000_000, &["- - - 1000000"]);
    let accrual = |net| accrue(&rich, &ReceiptFacts::default(), &[sold(None, net)]);
    assert_eq!(accrual(i64::MAX), None);
    assert_eq!(accrual(i64::MIN), None);
    let plain = rules(Rounding::HalfUp, 10_000, &["- - - 10000"]);
    let twice = [sold(None, i64::MAX), sold(None, i64::MAX)];
    assert_eq!(accrue(&plain, &ReceiptFacts::default(), &twice), None);
}

#[test]
fn what_is_wrong_with_rules() {
    let mut bad = rules(
        Rounding::Down,
        0,
        &[
            "- - - 100",
            "north wine - 400",
            "north - gold 500",
            "south - gold 500",
            "- wine silver 100",
            "- - - 200",
            "- - gold -1",
        ],
    );
    bad.expires_after_days = Some(14);
    same(
        &told(&bad.validate()),
        "/points_scale: must be 1 to 1000000
         /expires_after_days: must be more than `activates_after_days`, or no point could ever be spent
         /rows/2: is ambiguous: names as much as row 1, and a line may fit both
         /rows/4: is ambiguous: names as much as row 1, and a line may fit both
         /rows/5: is ambiguous: names as much as row 0, and a line may fit both
         /rows/6/rate: must be 0 to 1000000",
    );
}

#[test]
fn rules_are_data() {
    let text = r#"{
        "rounding": "down", "points_scale": 100, "activates_after_days": 0,
        "rows": [{"rate": 100}, {"network": "north", "level": "gold", "rate": 300}]
    }"#;
    let rules: AccrualRules = serde_json::from_str(text).unwrap();
    assert_eq!(told(&rules.validate()), "");
    assert_eq!(rules.expires_after_days, None);
    assert_eq!(rules.rows[1].level, Some("gold".into()));
    assert!(serde_json::from_str::<AccrualRules>(&text.replace("level", "tier")).is_err());
}

proptest! {
    /// A return of all lines cancels the sale exactly; a sale never takes points away; the receipt is
    /// the sum of its lines; and a line earns what its own amount gives, one rounding off at most.
    #[test]
    fn returns_cancel_sales(
        half_up in any::<bool>(),
        scale in 1..20_000i64,
        rates in prop::array::uniform3(0..20_000i64),
        times in 0..30_000i64,
        lines in prop::collection::vec((0..4usize, 0..10_000_000i64, any::<bool>()), 0..20),
    ) {
        let rounding = if half_up { Rounding::HalfUp } else { Rounding::Down };
        let [all, milk, gold] = rates;
        let rows = [format!("- - - {all}"), format!("- milk - {milk}"), format!("- milk gold {gold}")];
        let rules = rules(rounding, scale, &rows.each_ref().map(String::as_str));
        let gold = level("gold", times);
        let receipt = ReceiptFacts { network: None, level: Some(&gold) };
        let facts = |sign: i64| -> Vec<LineFact<'_>> {
            let line = |&(category, net, points_allowed): &(usize, i64, bool)| LineFact {
                category: [None, Some("milk"), Some("bread"), Some("")][category],
                net: Money(sign * net),
                points_allowed,
            };
            lines.iter().map(line).collect()
        };
        let sale = accrue(&rules, &receipt, &facts(1)).unwrap();
        let back = accrue(&rules, &receipt, &facts(-1)).unwrap();
        prop_assert_eq!(sale.points.0 + back.points.0, 0);
        for (sold, returned) in points(&sale).into_iter().zip(points(&back)) {
            prop_assert!(sold >= 0);
            prop_assert_eq!(sold + returned, 0);
        }
        prop_assert_eq!(sale.points.0, points(&sale).iter().sum::<i64>());
        let both = accrue(&rules, &receipt, &[facts(1), facts(-1)].concat()).unwrap();
        prop_assert_eq!(both.points.0, 0);
    }

    /// Rounded down, a line that comes back in two parts never takes away more than it gave.
    #[test]
    fn parts_take_no_more_than_the_whole(rate in 0..20_000i64, a in 0..1_000_000i64, b in 0..1_000_000i64) {
        let rules = rules(Rounding::Down, 100, &[&format!("- - - {rate}")]);
        let receipt = ReceiptFacts::default();
        let whole = accrue(&rules, &receipt, &[sold(None, a + b)]).unwrap();
        let parts = accrue(&rules, &receipt, &[sold(None, -a), sold(None, -b)]).unwrap();
        prop_assert!(whole.points.0 + parts.points.0 >= 0);
    }
}
