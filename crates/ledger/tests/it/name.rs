//! Names of accounts.

use std::collections::BTreeSet;

use ledger::{AccountId, Unit};

#[test]
fn accounts_have_names_of_their_own() {
    let (point, stamp) = (Unit::from("POINT"), Unit::from("STAMP:coffee"));
    let names = [
        (AccountId::wallet(&"7".into(), &point), "wallet/7/POINT"),
        (AccountId::wallet(&"7".into(), &stamp), "wallet/7/STAMP:coffee"),
        (AccountId::wallet(&"7/8".into(), &point), "wallet/7%2F8/POINT"),
        (AccountId::wallet(&"7%2F8".into(), &point), "wallet/7%252F8/POINT"),
        (AccountId::issued(&point), "issued/POINT"),
        (AccountId::burned(&point), "burned/POINT"),
        (AccountId::breakage(&point), "breakage/POINT"),
        (AccountId::opening(&point), "opening/POINT"),
        (AccountId::receivable(&"7".into(), &point), "receivable/7/POINT"),
        (AccountId::clearing("fuel", &point), "clearing/fuel/POINT"),
        (AccountId::budget("spring", &point), "budget/spring/POINT"),
        (AccountId::coupon(&"C1".into()), "coupon/C1"),
        (AccountId::limit("r/1", "7", "2026-05"), "limit/r%2F1/7/2026-05"),
        (AccountId::limit("r", "1/7", "2026-05"), "limit/r/1%2F7/2026-05"),
    ];
    for (id, name) in &names {
        assert_eq!(id.0, *name);
    }
    let distinct: BTreeSet<_> = names.iter().map(|(id, _)| id).collect();
    assert_eq!(distinct.len(), names.len());
}
