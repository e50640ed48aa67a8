//! What a ruleset would have done with past receipts.

use pricing::*;
use retail::Money;
use serde_json::json;

/// A name, a customer, and lines: product, price, cost.
type Bought<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, i64, i64)]);

/// Three receipts: ham for a customer with a card, ham and milk for the same one, milk for nobody.
#[test]
fn a_ruleset_on_past_receipts() {
    let ruleset = json!({
        "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        "groups": [{"id": "g", "mode": "best"}],
        "rules": [
            {"id": "ham", "name": {"en": "ham"}, "group": "g",
             "payer": {"supplier": "boar", "supplier_bps": 5000},
             "then": [{"percent": {"discount_bps": 2000, "on": {"products": ["ham"]}}}]},
            {"id": "all", "name": {"en": "all"}, "group": "g",
             "then": [{"percent": {"discount_bps": 1000}}]},
            {"id": "never", "name": {"en": "never"}, "scope": {"shops": ["elsewhere"]},
             "then": [{"percent": {"discount_bps": 1000}}]},
            {"id": "more", "name": {"en": "points"}, "then": [{"points": {"fixed": {"points": 5}}}]},
        ],
    });
    let rules = Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap();
    let receipts: [Bought; 3] = [
        ("1", Some("anna"), &[("ham", 10_000, 9_000)]),
        ("2", Some("anna"), &[("ham", 10_000, 9_000), ("milk", 40_000, 20_000)]),
        ("3", None, &[("milk", 5_000, 5_000)]),
    ];
    let tally = |of: &[Bought]| {
        let mut tally = Simulation::default();
        for (name, customer, lines) in of {
            let line = |(product, price, _): &(&str, i64, i64)| json!({"id": product, "product": product, "quantity": 1000, "price": price});
            let basket = json!({
                "currency": "RUB", "at": "2026-11-30T12:00:00",
                "lines": lines.iter().map(line).collect::<Vec<_>>(),
            });
            let basket = serde_json::from_value(basket).unwrap();
            let quote = rules.price(&basket, &Facts::default()).unwrap();
            let costs: Vec<_> = lines.iter().map(|(.., cost)| Some(Money(*cost))).collect();
            let (discount, costs) = (Money(100), costs.as_slice());
            let segments: &[&str] = if customer.is_some() { &["loyal"] } else { &[] };
            tally
                .add(&PastReceipt { name, customer: *customer, segments, discount, costs }, &quote);
        }
        tally
    };
    let whole = tally(&receipts);
    let parts = tally(&receipts[2..]).merge(tally(&receipts[..2]));
    assert_eq!(whole, parts);
    let report = serde_json::to_value(whole.report(&rules)).unwrap();
    let expected = json!({
        "receipts": 3, "receipts_given": 3, "goods": 65_000, "discount_then": 300,
        "discount": 7_500, "supplier_pays": 1_000, "points": 15,
        "net_of_costed": 57_500, "cost": 43_000,
        "receipts_below_cost": 2, "below_cost": ["1", "3"],
        "receipts_at_floor": 0, "kept_by_floor": 0, "not_proven": 0,
        "rules": {
            "all": {"receipts": 2, "discount": 5_500, "supplier_pays": 0, "missed": 1},
            "ham": {"receipts": 1, "discount": 2_000, "supplier_pays": 1_000, "missed": 1},
            "more": {"receipts": 3, "discount": 0, "supplier_pays": 0, "missed": 0},
        },
        "fights": [
            {"winner": "all", "loser": "ham", "receipts": 1},
            {"winner": "ham", "loser": "all", "receipts": 1},
        ],
        "segments": {
            "": {"receipts": 1, "goods": 5_000, "discount": 500},
            "loyal": {"receipts": 2, "goods": 60_000, "discount": 7_000},
        },
        "suppliers": {"boar": 1_000},
        "discount_bps": 1_153, "margin_bps": 2_521, "never": ["never"],
        "customers_gaining": 1, "customers": 1, "gain_median": 7_000, "most": [["anna", 7_000]],
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(report[key], *value, "{key}");
    }
    assert_eq!(report.as_object().unwrap().len(), expected.as_object().unwrap().len());
}
