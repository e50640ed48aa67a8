//! Goods that come back to the till: what is paid, and what comes back to the ledger, on both databases.

use programme::{OriginalIn, RefundIn, TakenIn};
use serde_json::json;

use super::till::{Till, rule};
use super::{check, check_with, spending};

#[test]
fn what_comes_back_in_parts_adds_up_to_the_whole() {
    let third = rule("third", json!({"receipt": {}}), json!({"cheapest": {"of_units": 3}}));
    check(
        json!({"rules": [third]}),
        "hold q A milk:3:1000 => pay 2000
         confirm q 1 => pay 2000, spent 0, points 20
         due 1 => money 2000, took 20
         due 1 1:1 => money 666, took 6, left 1:2
         back 2 1 1:1 => money 666, took 6, left 1:2
         back 2 1 1:1 => money 666, took 6, left 1:2
         back 2 1 1:2 => receipt_taken
         back 1 1 1:1 => receipt_taken
         back 3 1 1:1 => money 667, took 7, left 1:1
         back 4 1 1:2 => /lines/0/quantity more_than_bought
         back 4 1 => money 667, took 7
         due 1 => /lines nothing_left
         balance A => 0",
    );
}

#[test]
fn points_that_had_paid_come_back_to_their_lots() {
    check(
        spending(),
        "take 1 A milk:1:1000 => points 10
         take 2 A milk:1:2000 => points 20
         hold q A milk:2:500 points:25 => pay 975, spend 25 of 30
         confirm q 3 => pay 975, spent 25, points 9
         balance A => 14
         back 4 3 1:1 => money 488, points 12, took 4, left 1:1
         balance A => 22
         back 5 3 => money 487, points 13, took 5
         balance A => 30",
    );
    let mut as_payment = spending();
    as_payment["redemption"]["shown"] = json!("payment");
    check(
        as_payment,
        "take 1 A milk:1:3000 => points 30
         hold q A milk:2:500 points:25 => pay 975, spend 25 of 30
         confirm q 2 1:1 => pay 488, spent 12, points 5
         balance A => 23
         back 3 2 => money 488, points 12, took 5
         balance A => 30",
    );
}

#[test]
fn points_come_back_to_the_wallet_that_the_card_opens_now() {
    check(
        spending(),
        "take 1 A milk:1:3000 => points 30
         take 2 B milk:1:1000 => points 10
         hold q A milk:2:500 points:25 => pay 975, spend 25 of 30
         confirm q 3 => pay 975, spent 25, points 9
         join A B => ok
         balance B => 24
         back 4 3 1:1 => money 488, points 12, took 4, left 1:1
         balance B => 32
         back 5 3 => money 487, points 13, took 5
         balance B => 40",
    );
}

#[test]
fn points_of_expired_lots_are_lost_or_live_on() {
    let script = |back: &str, balance: &str| {
        format!(
            "take 1 A milk:1:3000 => points 30
             hold q A milk:1:1000 points:25 => pay 975, spend 25 of 30
             confirm q 2 => pay 975, spent 25, points 9
             after 864000 => ok
             back 3 2 => {back}
             balance A => {balance}"
        )
    };
    for (days, back, balance) in [
        ("0", "money 975, expired 25, took 9", "0"),
        ("7", "money 975, points 25, revived 25, took 9", "25"),
    ] {
        for mut till in Till::unruled() {
            till.settle(&[("expired_points_days", days)]);
            let rules = json!({"expires_after_days": 5});
            till.counter().publish("accrual", &super::super::receipts::counter::rules(rules));
            till.publish(spending());
            till.runs(&script(back, balance));
            // What lives on is over in its turn, and nothing is left of it.
            till.run("after 604800");
            till.programme().expire_points(till.act().at).unwrap();
            assert_eq!(till.run("balance A"), "0", "{}", till.name());
            till.audit();
        }
    }
}

#[test]
fn what_a_threshold_gave_is_kept_back_where_the_retailer_says_so() {
    let off = json!({"fixed": {"amount": 30_000, "per": "receipt"}});
    let off = rule("off", json!({"receipt": {"amount": {"min": 100_000}}}), off);
    let rules = json!({"rules": [off]});
    let sale = "hold q A shirt:1:60000 shoes:1:60000 => pay 90000
                confirm q 1 => pay 90000, spent 0, points 900\n";
    check(
        rules.clone(),
        &format!(
            "{sale}
             back 2 1 1:1 => money 45000, took 450, left 2:1
             back 3 1 => money 45000, took 450"
        ),
    );
    check_with(
        &[("thresholds", "\"reevaluate\"")],
        rules,
        &format!(
            "{sale}
             back 2 1 1:1 => money 30000, took 450, kept 15000, left 2:1
             back 3 1 => money 60000, took 450"
        ),
    );
}

#[test]
fn budgets_limits_and_uses_come_back() {
    let mut tea = rule("tea", json!({"card": true}), json!({"percent": {"discount_bps": 5000}}));
    tea["limits"] = json!({
        "budget": {"campaign": "c", "counts": "discount", "amount": 800},
        "customer": {"window": "ever", "uses": 1},
    });
    let rules = json!({"settings": {"budget_overrun": "trim"}, "rules": [tea]});
    check(
        rules.clone(),
        "hold q A tea:2:600 => pay 600
         confirm q 1 => pay 600, spent 0, points 6
         dry B tea:1:1000 => pay 800
         back 2 1 1:1 => money 300, took 3, left 1:1
         dry B tea:1:1000 => pay 500
         back 3 1 => money 300, took 3
         dry B tea:1:1600 => pay 800
         dry A tea:1:600 => pay 600, not tea: limit",
    );
    check_with(
        &[("uses", "true")],
        rules,
        "hold q A tea:2:600 => pay 600
         confirm q 1 => pay 600, spent 0, points 6
         back 2 1 1:1 => money 300, took 3, left 1:1
         dry A tea:1:600 => pay 600, not tea: limit
         back 3 1 => money 300, took 3
         dry A tea:1:600 => pay 300",
    );
}

#[test]
fn uses_of_a_coupon_come_back_with_all_that_it_gave() {
    let off = json!({"percent": {"discount_bps": 1000, "on": {"products": ["tea"]}}});
    let off = rule("off", json!({"coupon": "spring"}), off);
    let script = "hold q A tea:1:1000 milk:1:500 coupon:SPRING => pay 1400, SPRING used
         confirm q 1 => pay 1400, spent 0, points 14
         dry A tea:1:1000 coupon:SPRING => pay 1000, not off: coupon, SPRING refused, coupon_used_up
         back 2 1 2:1 => money 500, took 5, left 1:1
         due 1 => money 900, took 9, coupons 1
         back 3 1 => money 900, took 9, coupons 1
         dry A tea:1:1000 coupon:SPRING => pay 900, SPRING used";
    for mut till in Till::unruled() {
        till.settle(&[("uses", "true")]);
        till.know(&["tea"]);
        super::races::add_coupon(&till, "SPRING", 1, Some(1));
        till.publish(json!({"rules": [off]}));
        till.runs(script);
    }
}

#[test]
fn a_gift_whose_goods_come_back_is_due() {
    let gift = json!({"gift": {"product": "mug", "price": 100, "for_goods": {"products": ["tea"]}, "for_units": 2}});
    let rules = json!({"rules": [rule("gift", json!({"receipt": {}}), gift)]});
    let script = "hold q A tea:2:1000 => pay 2000
         confirm q 1 => pay 2000, spent 0, points 20
         due 1 1:1 => money 1000, took 10, gifts 1, left 1:1 gift:gift:1
         due 1 1:1 gift:gift:1 => money 1000, took 10, left 1:1";
    for mut till in Till::unruled() {
        till.settle(&[("thresholds", "\"claw_back_gift\"")]);
        till.know(&["tea", "mug"]);
        till.publish(rules.clone());
        till.runs(script);
    }
}

#[test]
fn a_receipt_that_was_no_quote_comes_back_by_its_lines() {
    check(
        json!({"rules": []}),
        "take 1 A milk:3:1000 tea:1:500 => points 35
         due 1 1:1 => money 1000, took 10, left 1:2 2:1
         back 2 1 1:1 => money 1000, took 10, left 1:2 2:1
         back 3 1 => money 2500, took 25
         due 2 => /original is_return
         due 9 => not_found
         balance A => 0",
    );
}

#[test]
fn without_rules_of_its_time_a_receipt_comes_back_as_it_was_paid() {
    check_with(
        &[("thresholds", "\"reevaluate\"")],
        json!({"rules": []}),
        "take 1 A milk:2:1000 => points 20
         back 2 1 1:1 => money 1000, took 10, left 1:1",
    );
}

#[test]
fn a_tills_own_return_counts_with_the_points_that_had_paid() {
    for till in Till::all(json!({
        "redemption": {"points_per_minor": 1, "receipt_bps_max": 10000, "shown": "discount"},
        "rules": [],
    })) {
        till.run("take 1 A milk:1:100000");
        till.run("hold q A shirt:2:600 points:600");
        assert_eq!(till.run("confirm q 2"), "pay 600, spent 600, points 6");
        let back = super::super::receipts::counter::line("shirt", -1, -300);
        let mut back = super::super::receipts::counter::receipt("3", None, vec![back]);
        back.original = Some(OriginalIn { number: "2".to_owned(), shop: None, till: None });
        till.programme().take_return(&till.act(), back).unwrap();
        assert_eq!(till.run("due 2"), "money 300, points 300, took 3", "{}", till.name());
    }
}

#[test]
fn returns_with_amounts_of_the_tills_own_count() {
    for till in Till::all(json!({"rules": []})) {
        assert_eq!(till.run("take 1 A milk:3:1000"), "points 30");
        let back = super::super::receipts::counter::line("milk", -1, -900);
        let mut back = super::super::receipts::counter::receipt("2", None, vec![back]);
        back.original = Some(OriginalIn { number: "1".to_owned(), shop: None, till: None });
        till.programme().take_return(&till.act(), back.clone()).unwrap();
        assert_eq!(till.run("due 1 1:3"), "/lines/0/quantity more_than_bought");
        assert_eq!(till.run("back 3 1 1:2"), "money 2100, took 20", "{}", till.name());
        // A return with a refund is what it is.
        back.number = "3".to_owned();
        let replaced = till.programme().take_return(&till.act(), back);
        assert_eq!(replaced.unwrap_err().code(), "receipt_taken");
        till.audit();
    }
}

/// (what is changed, what is told)
#[rustfmt::skip]
const WRONG: &[(&str, &str)] = &[
    (r#"{"original": null}"#, "/original required"),
    (r#"{"receipt": "x"}"#, "/original required"),
    (r#"{"original": null, "receipt": "x"}"#, "not_found"),
    (r#"{"original": {"number": ""}}"#, "/original/number empty"),
    (r#"{"original": {"number": "1", "shop": "nowhere"}}"#, "not_found"),
    (r#"{"take": true}"#, "/number required"),
    (r#"{"take": true, "number": "2", "fiscal": {"drive": "", "document": "1"}}"#, "/fiscal/drive empty"),
    (r#"{"at": "yesterday"}"#, "/at time"),
    (r#"{"shop": "closed", "till": "t1"}"#, "closed"),
    (r#"{"lines": []}"#, "/lines empty"),
    (r#"{"lines": [{"line": "9", "quantity": 1000}]}"#, "/lines/0/line unknown"),
    (r#"{"lines": [{"line": "1", "quantity": 0}]}"#, "/lines/0/quantity negative"),
    (r#"{"lines": [{"line": "1", "quantity": -1000}]}"#, "/lines/0/quantity negative"),
    (r#"{"lines": [{"line": "1", "quantity": 500}]}"#, "/lines/0/quantity part_of_unit"),
    (r#"{"lines": [{"line": "1", "quantity": 1000}, {"line": "1", "quantity": 1000}]}"#, "/lines/1/quantity more_than_bought"),
];

#[test]
fn a_wrong_return_is_told_by_its_place() {
    for till in Till::all(json!({"rules": []})) {
        till.run("take 1 A milk:1:1000");
        for (changed, told) in WRONG {
            let mut refund = json!({"original": {"number": "1"}});
            let changed: serde_json::Value = serde_json::from_str(changed).unwrap();
            refund.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            let refund: RefundIn = serde_json::from_value(refund).unwrap();
            assert_eq!(till.refused(refund), *told, "{}: {changed}", till.name());
        }
    }
}

#[test]
fn a_return_at_many_tills_at_once_is_paid_once() {
    let third = rule("third", json!({"receipt": {}}), json!({"cheapest": {"of_units": 3}}));
    for till in Till::all(json!({"rules": [third]})) {
        till.run("hold q A milk:6:1000");
        till.run("confirm q 1");
        let money = std::sync::atomic::AtomicI64::new(0);
        std::thread::scope(|scope| {
            for number in 2..12 {
                let (till, money) = (&till, &money);
                scope.spawn(move || {
                    let refund = RefundIn {
                        take: true,
                        number: Some(number.to_string()),
                        original: Some(OriginalIn {
                            number: "1".to_owned(),
                            shop: None,
                            till: None,
                        }),
                        lines: Some(vec![TakenIn { line: "1".to_owned(), quantity: 1000 }]),
                        ..RefundIn::default()
                    };
                    let done = super::races::busy(till, || {
                        till.programme().refund(&till.act(), refund.clone())
                    });
                    match done {
                        Ok(view) => {
                            money.fetch_add(view.money, std::sync::atomic::Ordering::Relaxed);
                        }
                        Err(refused) => assert_eq!(refused.code(), "invalid", "{refused}"),
                    }
                });
            }
        });
        assert_eq!(money.into_inner(), 4000, "{}", till.name());
        assert_eq!(till.run("due 1"), "/lines nothing_left");
        assert_eq!(till.run("balance A"), "0");
        till.audit();
    }
}
