//! Checkout: what quotes hold and give back, what they become, and who is faster, on both databases.

mod races;
mod refunds;
mod till;

use programme::{Bounds, CouponKind, Money, NewCouponSeries, NewNetwork, Refused, Scheme};
use retail::{Batch, Product};
use serde_json::{Value, json};
use store::Card;

use till::{Till, rule};

/// Runs a script at tills with rules. A line is one of
/// `dry CARD GOODS`, `hold NAME CARD GOODS`, `confirm NAME NUMBER [LINE:PIECES]`, `cancel NAME`,
/// `take NUMBER CARD GOODS`, `due NUMBER [LINE:PIECES]`, `back NUMBER OF-NUMBER [LINE:PIECES]`, `after SECONDS`,
/// `join CARD CARD`, `expire`, `expire-holds`, `balance CARD`; goods are
/// `product:pieces:price`, with `points:N` and `coupon:CODE` among them, and `-` is no card. Behind `=>` stands
/// what came of it.
fn check(rules: Value, script: &str) {
    check_with(&[], rules, script);
}

/// The same with settings.
fn check_with(settings: &[(&str, &str)], rules: Value, script: &str) {
    for mut till in Till::unruled() {
        till.settle(settings);
        till.publish(rules.clone());
        till.runs(script);
    }
}

fn spending() -> Value {
    json!({
        "redemption": {"points_per_minor": 1, "receipt_bps_max": 5000, "shown": "discount"},
        "rules": [],
    })
}

#[test]
fn points_are_held_taken_and_given_back() {
    check(
        spending(),
        "take 1 A milk:1:1000 => points 10
         take 2 A milk:1:2000 => points 20
         hold q A milk:1:1000 points:25 => pay 975, spend 25 of 30
         balance A => 30, held 25
         hold r A milk:1:1000 points:25 => pay 995, spend 5 of 5
         cancel q => cancelled
         cancel q => cancelled
         balance A => 30, held 5
         hold s A milk:1:1000 points:25 => pay 975, spend 25 of 25
         confirm s 3 => pay 975, spent 25, points 9
         confirm s 3 => pay 975, spent 25, points 9
         balance A => 14, held 5
         confirm s 4 => quote_confirmed
         hold again A milk:1:1000 => pay 1000
         confirm again 3 => receipt_taken
         hold other A milk:1:1000 points:10 => pay 991, spend 9 of 9
         cancel other => cancelled
         cancel s => quote_confirmed
         confirm q 5 => quote_cancelled
         confirm r 6 => pay 995, spent 5, points 9
         balance A => 18
         dry A milk:1:10 points:25 => pay 5, spend 5 of 18",
    );
    let mut as_payment = spending();
    as_payment["redemption"]["shown"] = json!("payment");
    check(
        as_payment,
        "take 1 A milk:1:3000 => points 30
         hold q A milk:2:500 points:25 => pay 975, spend 25 of 30
         confirm q 2 1:1 => pay 488, spent 12, points 5
         balance A => 23",
    );
}

/// Points pay for goods that take points, and for no delivery.
#[test]
fn points_pay_for_what_they_may_of_what_was_bought() {
    let mut rules = spending();
    rules["redemption"] =
        json!({"points_per_minor": 1, "receipt_bps_max": 10000, "shown": "payment"});
    rules["regulated"] = json!({"profile": "ru", "confirmed": true});
    for till in Till::all(rules) {
        till.run("take 1 A milk:1:100000");
        let basket = |marked: bool| {
            let mut basket = till.basket("A", &["milk:1:900", "tea:1:100", "points:1000"]);
            basket.hold = true;
            if marked {
                basket.lines[1].marks = vec!["tobacco".to_owned()];
            }
            basket.shipping =
                vec![programme::BasketDelivery { id: "courier".to_owned(), price: Money(500) }];
            basket
        };
        for (number, marked, line, paid) in
            [("2", false, "2", 100), ("3", true, "2", 0), ("4", true, "1", 900)]
        {
            let id = till.programme().quote(&till.act(), basket(marked)).unwrap().id.unwrap();
            let lines = vec![programme::TakenIn { line: line.to_owned(), quantity: 1000 }];
            let confirm = programme::ConfirmIn { lines: Some(lines), ..till.confirm(number) };
            let done = till.programme().confirm_quote(&till.act(), &id, confirm).unwrap();
            assert_eq!((done.points_spent, done.paid_with_points), (paid, paid), "{number}");
            let owed = till.run(&format!("due {number}"));
            let (money, points) = if paid == 0 { (100, 0) } else { (0, paid) };
            assert!(owed.starts_with(&format!("money {money}")), "{owed}");
            assert_eq!(owed.contains(&format!("points {points}")), points > 0, "{owed}");
        }
        till.audit();
    }
}

#[test]
fn what_nobody_confirms_in_time_is_free_again() {
    check(
        spending(),
        "take 1 A milk:1:3000 => points 30
         hold q A milk:1:1000 points:25 => pay 975, spend 25 of 30
         hold r A milk:1:1000 points:25 => pay 995, spend 5 of 5
         expire => 0
         after 900 => ok
         confirm q 2 => quote_expired
         expire => 2
         confirm q 2 => quote_expired
         cancel q => expired
         balance A => 30
         hold s A milk:1:1000 points:25 => pay 975, spend 25 of 30
         after 900 => ok
         expire-holds => 1
         expire => 1
         balance A => 30
         hold t A milk:1:1000 points:25 => pay 975, spend 25 of 30
         after 901 => ok
         cancel t => cancelled
         balance A => 30
         take 3 A milk:1:1000 => points 10",
    );
}

#[test]
fn a_limit_of_a_customer_is_claimed_once() {
    let daily =
        rule("daily", json!({"card": true}), json!({"fixed": {"amount": 100, "per": "receipt"}}));
    let limited = |limits: Value| {
        let mut daily = daily.clone();
        daily["limits"] = json!({"customer": limits});
        json!({"rules": [daily]})
    };
    check(
        limited(json!({"window": "day", "uses": 2})),
        "hold q A milk:1:1000 => pay 900
         hold r A milk:1:1000 => pay 900
         hold s A milk:1:1000 => pay 1000, not daily: limit
         dry A milk:1:1000 => pay 1000, not daily: limit
         hold t B milk:1:1000 => pay 900
         cancel q => cancelled
         hold u A milk:1:1000 => pay 900
         confirm u 1 => pay 900, spent 0, points 9
         confirm s 2 => pay 1000, spent 0, points 10
         hold v - milk:1:1000 => pay 1000",
    );
    check(
        limited(json!({"window": "ever", "amount": 150})),
        "hold q A milk:1:1000 => pay 900
         hold r A milk:1:1000 => pay 950
         hold s A milk:1:1000 => pay 1000, not daily: limit
         cancel q => cancelled
         dry A milk:1:1000 => pay 900",
    );
}

#[test]
fn a_budget_is_spent_to_its_end_and_no_further() {
    let mut tea = rule("tea", json!({"receipt": {}}), json!({"percent": {"discount_bps": 5000}}));
    tea["limits"] = json!({"budget": {"campaign": "c", "counts": "discount", "amount": 800}});
    check(
        json!({"settings": {"budget_overrun": "refuse"}, "rules": [tea]}),
        "hold q - tea:1:1000 => pay 500
         hold r - tea:1:1000 => pay 1000, not tea: budget_exceeded
         hold s - tea:1:500 => pay 250
         hold t - tea:1:200 => pay 200, not tea: budget_exceeded
         cancel s => cancelled
         dry - tea:1:200 => pay 100",
    );
    check(
        json!({"settings": {"budget_overrun": "trim"}, "rules": [tea]}),
        "hold q - tea:1:1000 => pay 500
         hold r - tea:1:1000 => pay 700
         hold s - tea:1:1000 => pay 1000, not tea: budget
         cancel q => cancelled
         hold t - tea:2:200 => pay 200
         confirm t 1 1:1 => pay 100, spent 0, points 0
         dry - tea:1:2000 => pay 1600",
    );
    tea["limits"]["budget"] = json!({"campaign": "c", "counts": "uses", "amount": 2});
    check(
        json!({"rules": [tea]}),
        "hold q - tea:1:1000 => pay 500
         hold r - tea:1:1000 => pay 500
         hold s - tea:1:1000 => pay 1000, not tea: budget
         cancel q => cancelled
         hold t - tea:1:1000 => pay 500",
    );
}

#[test]
fn what_takes_the_place_of_a_refused_rule_is_priced_too() {
    let mut first =
        rule("first", json!({"card": true}), json!({"percent": {"discount_bps": 5000}}));
    first["group"] = json!("g");
    first["limits"] = json!({"customer": {"window": "ever", "uses": 1}});
    let mut second =
        rule("second", json!({"card": true}), json!({"percent": {"discount_bps": 1000}}));
    second["group"] = json!("g");
    check(
        json!({"groups": [{"id": "g", "mode": "best"}], "rules": [first, second]}),
        "hold q A tea:1:1000 => pay 500, not second: lost_to
         hold r A tea:1:1000 => pay 900, not first: limit",
    );
}

#[test]
fn fewer_goods_than_quoted_are_priced_as_quoted() {
    let third = rule("third", json!({"receipt": {}}), json!({"cheapest": {"of_units": 3}}));
    let half = json!({"percent": {"discount_bps": 1000, "on": {"price": {"min": 1000}}}});
    let half = rule("tea", json!({"receipt": {}}), half);
    let rules = json!({"rules": [third, half]});
    check(
        rules,
        "hold q A milk:3:300 tea:1:1000 => pay 1500
         confirm q 1 1:2 => pay 600, spent 0, points 6
         hold r A milk:3:300 tea:1:1000 => pay 1500
         confirm r 2 2:1 1:3 => pay 1500, spent 0, points 15
         hold s A milk:3:300 => pay 600, not tea: no_goods
         confirm s 3 1:4 => /lines/0/quantity range
         confirm s 3 2:1 => /lines/0/line unknown
         confirm s 3 1:1 1:1 => /lines/1/line repeated
         confirm s 3 1:3 => pay 600, spent 0, points 6",
    );
}

#[test]
fn rules_give_points_beside_the_accrual() {
    let twice = json!({"points": {"multiplier": {"multiplier_bps": 20000, "on": {"price": {"min": 2000}}}}});
    let rate = json!({"points": {"rate": {"rate_bps": 500}}});
    let fixed = json!({"points": {"fixed": {"points": 7}}});
    let rules = json!({"rules": [
        rule("twice", json!({"card": true}), twice),
        rule("rate", json!({"card": true}), rate),
        rule("fixed", json!({"card": true}), fixed),
    ]});
    check(
        rules,
        "hold q A milk:1:1000 tea:1:2000 => pay 3000
         confirm q 1 => pay 3000, spent 0, points 207
         hold r A milk:2:1000 => pay 2000, not twice: no_goods
         confirm r 2 1:1 => pay 1000, spent 0, points 63
         hold s - milk:1:1000 => pay 1000
         confirm s 3 => pay 1000, spent 0, points 0",
    );
}

#[test]
fn a_card_that_may_not_is_priced_as_none() {
    let mut rules = spending();
    let percent = json!({"percent": {"discount_bps": 1000}});
    rules["rules"] = json!([rule("card", json!({"card": true}), percent)]);
    check(
        rules,
        "dry A milk:1:1000 => pay 900
         dry BLOCKED milk:1:1000 points:1 => pay 1000, card_cannot_discount, card_cannot_spend
         dry NOBODY milk:1:1000 => pay 1000, card_unknown
         dry - milk:1:1000 => pay 1000
         hold q FRESH milk:1:1000 points:1 => pay 900, card_cannot_spend
         confirm q 1 => pay 900, spent 0, points 9",
    );
}

#[test]
fn without_rules_a_basket_has_its_price() {
    for till in Till::unruled() {
        assert_eq!(till.run("hold q A milk:1:1000"), "pay 1000, no_rules");
        assert_eq!(till.run("confirm q 1"), "pay 1000, spent 0, points 10");
        till.audit();
    }
}

#[test]
fn a_quote_is_proven_and_explained_for_ever() {
    let dear = json!({"receipt": {"amount": {"min": 5000}}});
    let percent = json!({"percent": {"discount_bps": 1000}});
    let rules = json!({"rules": [rule("dear", dear, percent.clone())]});
    for till in Till::all(rules) {
        assert_eq!(till.run("hold q A milk:1:1000"), "pay 1000, not dear: too_little");
        assert_eq!(till.run("confirm q 1"), "pay 1000, spent 0, points 10");
        // Other rules count by now.
        till.publish(json!({"rules": [rule("all", json!({"receipt": {}}), percent.clone())]}));
        assert_eq!(till.run("dry A milk:1:1000"), "pay 900");
        let (programme, act, id) = (till.programme(), till.act(), till.quote("q"));
        let explained = programme.explain_quote(&act, &id, "dear").unwrap();
        let sentence = explained.reason.sentence(programme::ReasonLanguage::En);
        assert_eq!(sentence, "needs 50.00 in the receipt, has 10.00");
        let kept = programme.kept_quote(&act, &id).unwrap();
        let by_receipt = programme.proof_of_receipt(&act, &kept.receipt.clone().unwrap()).unwrap();
        assert_eq!((kept.state, kept.ruleset_version), ("confirmed", 1));
        assert_eq!(kept.quote, by_receipt.quote);
        let unknown = programme.explain_quote(&act, &id, "all").unwrap();
        assert_eq!(unknown.reason, programme::PricingReason::UnknownRule);
    }
}

#[test]
fn what_the_law_keeps_from_discounts_is_marked_by_the_till_or_the_catalogue() {
    let tenth = rule("tenth", json!({"receipt": {}}), json!({"percent": {"discount_bps": 1000}}));
    let rules = json!({"regulated": {"profile": "ru", "confirmed": true}, "rules": [tenth]});
    for till in Till::unruled() {
        let tobacco = Product { tags: vec!["tobacco".to_owned()], ..Product::unknown("smoke") };
        let batch = Batch { products: vec![tobacco, Product::unknown("tea")], ..Batch::default() };
        till.programme().lake().unwrap().append("catalogue", &batch).unwrap();
        till.publish(rules.clone());
        let to_pay = |product: &str, mark: Option<&str>| {
            let mut basket = till.basket("A", &[&format!("{product}:1:1000")]);
            basket.lines[0].marks.extend(mark.map(str::to_owned));
            till.programme().quote(&till.act(), basket).unwrap().quote.totals.to_pay.0
        };
        assert_eq!((to_pay("tea", None), to_pay("tea", Some("tobacco"))), (900, 1000));
        assert_eq!((to_pay("smoke", None), to_pay("smoke", Some("fresh"))), (1000, 1000));
    }
}

#[test]
fn a_card_of_another_network_is_told_as_one_that_is_not_there() {
    let off = rule("off", json!({"card": true}), json!({"percent": {"discount_bps": 1000}}));
    for till in Till::all(json!({"rules": [off]})) {
        let network = NewNetwork {
            id: "m".to_owned(),
            name_en: "M".to_owned(),
            name_ru: "М".to_owned(),
            scheme: Scheme::Plain,
        };
        till.programme().add_network(&till.act(), network).unwrap();
        let added = till.programme().store().unwrap().write(|tx| {
            let card = tx.card(&"AAAA".into())?.unwrap();
            tx.add_card(&Card { number: "MMMM".into(), network: "m".into(), ..card })
        });
        added.unwrap();
        let bounds = Bounds { networks: vec!["n".to_owned()], ..Bounds::default() };
        let act = programme::Act { bounds, ..till.act() };
        let said = |act: &programme::Act, card: &str| {
            let view = till.programme().quote(act, till.basket(card, &["tea:1:1000"])).unwrap();
            let notes = view.notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>();
            (view.quote.totals.to_pay.0, notes.join(" "))
        };
        let unknown = (1000, "card_unknown".to_owned());
        assert_eq!((said(&act, "MMMM"), said(&act, "none")), (unknown.clone(), unknown));
        let known = (900, String::new());
        assert_eq!((said(&act, "A"), said(&till.act(), "MMMM")), (known.clone(), known));
    }
}

#[test]
fn a_stored_quote_names_no_code_that_nobody_may_know() {
    let percent = json!({"percent": {"discount_bps": 1000}});
    let rules = json!({"rules": [rule("off", json!({"coupon": "lottery"}), percent)]});
    for till in Till::unruled() {
        let (programme, act) = (till.programme(), till.act());
        let series = NewCouponSeries {
            id: "lottery".to_owned(),
            kind: CouponKind::Unique,
            name_en: "Lottery".to_owned(),
            name_ru: "Лотерея".to_owned(),
            starts_at: None,
            ends_at: None,
            uses_max: Some(1),
            customer_uses_max: None,
            code: None,
        };
        programme.add_coupon_series(&act, series).unwrap();
        let codes = programme.make_coupons(&act, "lottery", "b1", 1).unwrap().codes.unwrap();
        till.publish(rules.clone());
        let code = codes[0].expose();
        let basket = programme::QuoteIn {
            hold: true,
            coupons: vec![code.to_lowercase()],
            ..till.basket("A", &["tea:1:1000"])
        };
        let view = programme.quote(&act, basket).unwrap();
        assert_eq!(view.quote.totals.to_pay, Money(900), "{}", till.name());
        let id = view.id.unwrap();
        let body = programme.store().unwrap().read(|tx| tx.quote_body(&id)).unwrap().unwrap();
        let stands = |text: &str| body.to_uppercase().contains(&text.to_uppercase());
        assert!(!stands(code) && !stands(&code.replace('-', "")), "{body}");
        assert!(stands("lottery") && stands("…"), "{body}");
        let done = programme.confirm_quote(&act, &id, till.confirm("1")).unwrap();
        assert_eq!(done.to_pay, 900);
        assert_eq!(
            till.run(&format!("dry A tea:1:1000 coupon:{code}")).split(',').next(),
            Some("pay 1000")
        );
        assert_eq!(till.run("due 1"), "money 900, took 9");
    }
}

#[test]
fn segments_count_as_soon_as_they_are_known() {
    let percent = json!({"percent": {"discount_bps": 1000}});
    let rules = json!({
        "segments": {"often": "visits_all >= 2"},
        "rules": [rule("often", json!({"segment": "often"}), percent)],
    });
    for till in Till::all(rules) {
        for take in ["take 1 A tea:1:1000", "take 2 A tea:1:2000", "take 3 B tea:1:1000"] {
            till.run(take);
        }
        till.programme().move_journal().unwrap();
        assert_eq!(till.run("dry A tea:1:1000"), "pay 1000, segments_unknown", "{}", till.name());
        // Nobody can be compared with anybody yet.
        assert_eq!(till.programme().know_buyers().unwrap(), 0);
        till.programme().refresh(None, &Unwatched).unwrap();
        till.run("dry A tea:1:1000");
        till.run("dry B tea:1:1000");
        assert_eq!(till.programme().know_buyers().unwrap(), 2);
        assert_eq!(till.run("dry A tea:1:1000"), "pay 900");
        assert_eq!(till.run("dry B tea:1:1000"), "pay 1000");
        assert_eq!(till.run("dry - tea:1:1000"), "pay 1000");
    }
}

#[test]
fn a_quote_carries_the_customers_offers_that_are_not_in_the_basket() {
    for till in Till::all(json!({"rules": []})) {
        for take in ["take 1 A tea:1:1000", "take 2 A tea:1:1000 milk:1:500", "take 3 B jam:1:900"]
        {
            till.run(take);
        }
        let programme = till.programme();
        programme.move_journal().unwrap();
        let offered = |card: &str, hold: bool, goods: &str| {
            let basket = programme::QuoteIn { hold, ..till.basket(card, &[goods]) };
            let view = programme.quote(&till.act(), basket).unwrap();
            view.offers.into_iter().map(|offer| offer.product).collect::<Vec<_>>()
        };
        assert!(!programme.load_offers().unwrap(), "there is no snapshot");
        assert_eq!(offered("A", false, "bread:1:100"), [""; 0]);
        programme.refresh(None, &Unwatched).unwrap();
        assert_eq!(
            [programme.load_offers().unwrap(), programme.load_offers().unwrap()],
            [true, false]
        );
        let known = programme.offers(Some("c-AAAA")).unwrap().offers;
        let best: Vec<String> = known.into_iter().map(|offer| offer.product).take(3).collect();
        assert!(best.contains(&"tea".to_owned()), "{best:?}");
        for hold in [false, true] {
            assert_eq!(offered("A", hold, "bread:1:100"), best, "{}", till.name());
            assert!(!offered("A", hold, "tea:1:1000").contains(&"tea".to_owned()));
            assert_eq!(offered("-", hold, "bread:1:100"), [""; 0]);
        }
        // Whoever is erased is in none of them.
        programme.erase(&programme::Act::of_job("test", programme::now()), "c-AAAA").unwrap();
        assert!(programme.load_offers().unwrap());
        assert_eq!(offered("A", false, "bread:1:100"), [""; 0]);
        assert_ne!(offered("B", false, "bread:1:100"), [""; 0]);
    }
}

/// Nobody watches a refresh.
struct Unwatched;

impl programme::Progress for Unwatched {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

#[test]
fn nobody_sees_or_decides_quotes_of_others() {
    for till in Till::all(json!({"rules": []})) {
        till.run("hold q A milk:1:1000");
        let (programme, id) = (till.programme(), till.quote("q"));
        for bounds in [
            Bounds { networks: vec!["m".to_owned()], ..Bounds::default() },
            Bounds { shops: vec!["s2".to_owned()], ..Bounds::default() },
        ] {
            let act = programme::Act { bounds, ..till.act() };
            let codes = [
                programme.kept_quote(&act, &id).map(drop),
                programme.explain_quote(&act, &id, "x").map(drop),
                programme.cancel_quote(&act, &id).map(drop),
                programme.confirm_quote(&act, &id, till.confirm("1")).map(drop),
                programme.quote(&act, till.basket("A", &["milk:1:1000"])).map(drop),
            ]
            .map(|done| done.unwrap_err().code().to_owned());
            assert_eq!(codes, ["not_found"; 5], "{}", till.name());
        }
        let other_till = programme::Act { till: Some("t2".into()), ..till.act() };
        let confirmed = programme.confirm_quote(&other_till, &id, till.confirm("1")).unwrap();
        assert_eq!(confirmed.receipt.points, 10, "another till of the shop may confirm it");
    }
}

/// (what is changed, what is told)
#[rustfmt::skip]
const WRONG: &[(&str, &str)] = &[
    (r#"{"seconds": 0}"#, "/seconds range"),
    (r#"{"seconds": 86401}"#, "/seconds range"),
    (r#"{"at": "2026-02-30T00:00:00Z"}"#, "/at time"),
    (r#"{"at": "2999-01-01T00:00:00Z"}"#, "/at future"),
    (r#"{"currency": "USD"}"#, "/currency currency"),
    (r#"{"card": "4 0 0 ٤"}"#, "/card card_number"),
    (r#"{"card": "AAAA", "customer": "c-AAAA"}"#, "/customer two_names"),
    (r#"{"points": -1}"#, "/points negative"),
    (r#"{"coupons": [""]}"#, "/coupons/0 empty"),
    (r#"{"lines": []}"#, "/lines empty"),
    (r#"{"lines": [{"id": "1", "product": "milk", "quantity": -1000, "price": 1}]}"#, "/lines/0/quantity negative"),
    (r#"{"lines": [{"id": "1", "product": "milk", "quantity": 0, "price": 1}]}"#, "/lines/0/quantity negative"),
    (r#"{"lines": [{"id": "1", "product": "milk", "quantity": 1000, "price": -1}]}"#, "/lines/0/price range"),
    (r#"{"lines": [{"id": "1", "product": "", "quantity": 1000, "price": 1}]}"#, "/lines/0/product empty"),
    (r#"{"lines": [{"id": "1", "product": "m\u0000", "quantity": 1000, "price": 1}]}"#, "/lines/0/product control_character"),
    (r#"{"lines": [{"id": "1", "product": "milk", "quantity": 1000, "price": 1}, {"id": "1", "product": "tea", "quantity": 1000, "price": 1}]}"#, "/lines/1/id repeated"),
    (r#"{"shop": "nowhere", "till": "t1"}"#, "not_found"),
    (r#"{"shop": "closed", "till": "t1"}"#, "closed"),
    (r#"{"customer": "c-nobody"}"#, "not_found"),
];

#[test]
fn a_wrong_basket_is_told_by_its_place() {
    let wrong = |till: &Till, changed: Value| {
        let mut basket = serde_json::to_value(till.basket("-", &["milk:1:1000"])).unwrap();
        basket.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let basket = serde_json::from_value(basket).unwrap();
        match till.programme().quote(&till.act(), basket) {
            Err(Refused::Invalid { problems }) => {
                format!("{} {}", problems[0].pointer, problems[0].code)
            }
            Err(other) => other.code().to_owned(),
            Ok(view) => format!("pay {}", view.quote.totals.to_pay.0),
        }
    };
    for till in Till::all(json!({"rules": []})) {
        for (changed, told) in WRONG {
            assert_eq!(wrong(&till, serde_json::from_str(changed).unwrap()), *told, "{changed}");
        }
        let line =
            |n: usize| json!({"id": n.to_string(), "product": "p", "quantity": 1000, "price": 1});
        let many: Vec<Value> = (0..10_000).map(line).collect();
        assert_eq!(wrong(&till, json!({"lines": many})), "/lines too_many");
        assert_eq!(wrong(&till, json!({"customer": "c-AAAA"})), "pay 1000");
    }
}
