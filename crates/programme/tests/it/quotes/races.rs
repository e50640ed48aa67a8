//! Many tills at once: what is there is given so often, and no more.

use std::sync::Barrier;

use ledger::AccountId;
use programme::{
    Act, ConfirmIn, CouponKind, NewCouponSeries, QuoteIn, QuoteView, Refused, RequestKey,
};
use retail::CouponId;
use serde_json::json;
use store::DbError;

use super::super::fixture::soak;
use super::till::{Till, rule};

const TILLS: usize = 8;

/// A public code that may be used so often, by all and by one customer.
pub fn add_coupon(till: &Till, code: &str, uses_max: i64, customer_uses_max: Option<i64>) {
    let series = NewCouponSeries {
        id: "spring".to_owned(),
        kind: CouponKind::Generic,
        name_en: "Spring".to_owned(),
        name_ru: "Весна".to_owned(),
        starts_at: None,
        ends_at: None,
        uses_max: Some(uses_max),
        customer_uses_max,
        code: Some(code.to_owned()),
    };
    till.programme().add_coupon_series(&till.act(), series).unwrap();
}

/// Does something while others do: the database may be busy for a moment.
pub fn busy<T>(till: &Till, mut ask: impl FnMut() -> Result<T, Refused>) -> Result<T, Refused> {
    for _ in 0..200 {
        match ask() {
            Err(error) if error.code() == "busy" => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            done => return done,
        }
    }
    panic!("{}: busy for too long", till.name())
}

/// Tills that each do something so many times, all at once.
fn together<T: Send>(times: usize, ask: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(TILLS);
    std::thread::scope(|scope| {
        let tills: Vec<_> = (0..TILLS)
            .map(|till| {
                let (barrier, ask) = (&barrier, &ask);
                scope.spawn(move || {
                    barrier.wait();
                    (0..times).map(|time| ask(till, time)).collect::<Vec<_>>()
                })
            })
            .collect();
        tills.into_iter().flat_map(|till| till.join().unwrap()).collect()
    })
}

#[test]
fn a_coupon_of_so_many_uses_is_used_so_often() {
    let (uses, times) = if soak() { (100, 40) } else { (11, 4) };
    let percent = json!({"percent": {"discount_bps": 1000}});
    let spring = rule("spring", json!({"coupon": "spring"}), percent);
    for till in Till::all(json!({"rules": [spring]})) {
        add_coupon(&till, "SPRING", uses, None);
        let held = together(times, |_, _| {
            let basket =
                || QuoteIn { hold: true, ..till.basket("-", &["tea:1:1000", "coupon:SPRING"]) };
            busy(&till, || till.programme().quote(&till.act(), basket())).unwrap()
        });
        let (with, without): (Vec<&QuoteView>, Vec<&QuoteView>) =
            held.iter().partition(|view| view.quote.totals.to_pay.0 == 900);
        assert_eq!(with.len() as i64, uses, "{}", till.name());
        assert!(without.iter().all(|view| view.quote.totals.to_pay.0 == 1000));
        // Half of them are sold, at once; the others are given up.
        let ids: Vec<String> = held.iter().map(|view| view.id.clone().unwrap()).collect();
        together(times, |place, time| {
            let at = place * times + time;
            let (programme, act, id) = (till.programme(), till.act(), &ids[at]);
            if at % 2 == 0 {
                let confirm = || till.confirm(&format!("r{at}"));
                busy(&till, || programme.confirm_quote(&act, id, confirm())).map(drop).unwrap();
            } else {
                busy(&till, || programme.cancel_quote(&act, id)).map(drop).unwrap();
            }
        });
        let sold = held.iter().enumerate().filter(|(at, _)| at % 2 == 0);
        let sold = sold.filter(|(_, view)| view.quote.totals.to_pay.0 == 900).count() as i64;
        let account = AccountId::coupon(&CouponId("spring".to_owned()));
        let store = till.programme().store().unwrap();
        let account = store.read(|tx| tx.account(&account)).unwrap().unwrap();
        assert_eq!(
            (account.balance(), account.debits_pending),
            (uses - sold, 0),
            "{}",
            till.name()
        );
        till.audit();
    }
}

#[test]
fn a_customer_uses_a_coupon_so_often() {
    let percent = json!({"percent": {"discount_bps": 1000}});
    let spring = rule("spring", json!({"coupon": "spring"}), percent);
    for till in Till::all(json!({"rules": [spring]})) {
        add_coupon(&till, "SPRING", 100, Some(2));
        let held = together(2, |_, _| {
            let basket =
                || QuoteIn { hold: true, ..till.basket("A", &["tea:1:1000", "coupon:SPRING"]) };
            busy(&till, || till.programme().quote(&till.act(), basket())).unwrap()
        });
        let with = held.iter().filter(|view| view.quote.totals.to_pay.0 == 900).count();
        assert_eq!(with, 2, "{}", till.name());
        assert_eq!(till.run("hold b B tea:1:1000 coupon:SPRING"), "pay 900, SPRING used");
        assert_eq!(
            till.run("hold c - tea:1:1000 coupon:SPRING"),
            "pay 1000, not spring: coupon, SPRING refused, coupon_needs_customer"
        );
        till.audit();
    }
}

#[test]
fn a_wallet_is_spent_once_by_many_tills() {
    let spending = json!({
        "redemption": {"points_per_minor": 1, "receipt_bps_max": 10000, "shown": "discount"},
        "rules": [],
    });
    for till in Till::all(spending) {
        assert_eq!(till.run("take 1 A milk:1:100000"), "points 1000");
        let held = together(3, |_, _| {
            let basket =
                || QuoteIn { hold: true, ..till.basket("A", &["tea:1:500", "points:100"]) };
            let view = busy(&till, || till.programme().quote(&till.act(), basket())).unwrap();
            view.quote.redemption.unwrap().points.0
        });
        assert_eq!(held.iter().sum::<i64>(), 1000, "{}: {held:?}", till.name());
        till.audit();
    }
}

#[test]
fn a_quote_becomes_one_receipt_however_often_it_is_confirmed() {
    for till in Till::all(json!({"rules": []})) {
        assert_eq!(till.run("hold q A tea:1:1000"), "pay 1000");
        let confirm = till.confirm("7");
        let done = together(2, |_, _| {
            let ask =
                || till.programme().confirm_quote(&till.act(), &till.quote("q"), confirm.clone());
            busy(&till, ask).unwrap()
        });
        assert!(done.windows(2).all(|pair| pair[0] == pair[1]), "{}", till.name());
        let keyed = |key: &str| Act {
            key: Some(RequestKey { key: key.to_owned(), body_sha256: "b".to_owned() }),
            ..till.act()
        };
        let other = ConfirmIn { number: "8".to_owned(), ..confirm.clone() };
        let again = till.programme().confirm_quote(&keyed("k"), &till.quote("q"), confirm.clone());
        assert_eq!(again.unwrap(), done[0]);
        let refused = till.programme().confirm_quote(&keyed("l"), &till.quote("q"), other);
        assert_eq!(refused.unwrap_err().code(), "quote_confirmed");
        till.audit();
    }
}

#[test]
fn a_key_makes_one_quote_and_is_answered_alike() {
    for till in Till::all(json!({"rules": []})) {
        let key = RequestKey { key: "k".to_owned(), body_sha256: "b".to_owned() };
        let act = Act { key: Some(key), ..till.act() };
        let basket = || QuoteIn { hold: true, ..till.basket("A", &["tea:1:1000"]) };
        let made = together(2, |_, _| {
            busy(&till, || till.programme().quote(&act, basket())).unwrap().id.unwrap()
        });
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]), "{}: {made:?}", till.name());
        till.programme().cancel_quote(&till.act(), &made[0]).unwrap();
        let again = till.programme().quote(&act, basket()).unwrap();
        assert_eq!((again.id.as_deref(), again.state), (Some(&*made[0]), "held"));
    }
}

#[test]
fn a_quote_whose_customer_is_erased_meanwhile_is_sold_all_the_same() {
    let daily = json!({
        "id": "daily", "name": {"ru": "daily", "en": "daily"}, "when": {"card": true},
        "then": [{"percent": {"discount_bps": 1000}}],
        "limits": {"customer": {"window": "day", "uses": 5}},
    });
    for till in Till::all(json!({"rules": [daily]})) {
        assert_eq!(till.run("hold q A tea:1:1000"), "pay 900");
        assert_eq!(till.run("hold r A tea:1:1000"), "pay 900");
        till.programme()
            .erase(&programme::Act::of_job("test", programme::now()), "c-AAAA")
            .unwrap();
        till.runs(
            "confirm q 1 => pay 900, spent 0, points 9
             confirm q 1 => pay 900, spent 0, points 9
             cancel r => cancelled",
        );
    }
}

#[test]
fn an_erased_customer_is_in_no_quote() {
    let percent = json!({"percent": {"discount_bps": 1000}});
    let mut daily = rule("daily", json!({"card": true}), percent);
    daily["limits"] = json!({"customer": {"window": "day", "uses": 5}});
    for till in Till::all(json!({"rules": [daily]})) {
        assert_eq!(till.run("hold q A tea:1:1000"), "pay 900");
        assert_eq!(till.run("confirm q 1"), "pay 900, spent 0, points 9");
        till.programme().move_journal().unwrap();
        till.programme()
            .erase(&programme::Act::of_job("test", programme::now()), "c-AAAA")
            .unwrap();
        let (store, id) = (till.programme().store().unwrap(), till.quote("q"));
        let row = store.read(|tx| tx.quote(&id)).unwrap().unwrap();
        let body = store.read(|tx| tx.quote_body(&id)).unwrap().unwrap();
        assert!(!body.contains("c-AAAA") && row.customer.is_none(), "{body}");
        let whole = store.read(|tx| Ok::<_, DbError>(format!("{:?}", tx.books_whole()?)));
        assert!(!whole.unwrap().contains("c-AAAA"), "{}", till.name());
        let kept = till.programme().kept_quote(&till.act(), &id).unwrap();
        assert_eq!(kept.quote.totals.to_pay.0, 900);
        till.counter().audit();
    }
}
