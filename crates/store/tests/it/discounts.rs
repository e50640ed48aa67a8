//! Rulesets of discounts and coupons: every statement runs, and what goes in comes out.

use retail::{CouponId, CustomerId, Instant};
use store::{Coupon, CouponKind, CouponPromise, CouponSeries, DbError, DiscountState, Mark, Store};

use super::fixture::NOW;

fn mark(minutes: i64) -> Mark {
    Mark { at: Instant(NOW.0 + minutes), by: "staff:anna".to_owned() }
}

fn series() -> CouponSeries {
    CouponSeries {
        id: "gift".to_owned(),
        kind: CouponKind::Personal,
        name_en: "Gift".to_owned(),
        name_ru: "Подарок".to_owned(),
        starts_at: Some(NOW),
        ends_at: None,
        uses_max: Some(1),
        customer_uses_max: None,
        withdrawn: None,
        created: mark(0),
        version: 1,
    }
}

fn coupon(id: &str) -> Coupon {
    Coupon {
        id: CouponId(id.to_owned()),
        series: "gift".to_owned(),
        code_sha256: format!("sha-{id}"),
        code_end: "0-7".to_owned(),
        code: None,
        batch: Some("b1".to_owned()),
        customer: Some(CustomerId::from("1042")),
        promise: Some(CouponPromise {
            product: "milk".to_owned(),
            price: Some(7_000),
            discount_bps: None,
        }),
        starts_at: None,
        ends_at: Some(Instant(NOW.0 + 9)),
        withdrawn: None,
        created: mark(1),
        version: 1,
    }
}

/// Runs every statement of both nouns.
pub fn exercise(store: &Store) {
    let version = store.write(|tx| tx.add_discounts("{}", &mark(0))).unwrap();
    assert_eq!(store.write(|tx| tx.add_discounts("{\"a\":1}", &mark(1))).unwrap(), version + 1);
    let put = store.write(move |tx| {
        let mut ruleset = tx.discounts_to_change(version)?.expect("it was added");
        ruleset.head.state = DiscountState::Published;
        ruleset.head.checked = Some(mark(2));
        ruleset.head.starts_at = Some(Instant(NOW.0 + 3));
        ruleset.head.published = Some(mark(3));
        tx.put_discounts(&ruleset)?;
        ruleset.head.revision += 1;
        Ok::<_, DbError>(ruleset)
    });
    let put = put.unwrap();
    assert_eq!(store.read(|tx| tx.discounts(version)).unwrap(), Some(put.clone()));
    let begun =
        |until: i64| store.read(|tx| tx.discounts_begun(Instant(NOW.0 + until), 9)).unwrap();
    assert_eq!((begun(2), begun(3)), (vec![], vec![put.head]));
    let heads = store.read(|tx| tx.discount_heads(version + 1, 9)).unwrap();
    assert_eq!(heads.iter().map(|head| head.version).collect::<Vec<_>>(), [version]);

    store.write(|tx| tx.add_coupon_series(&series())).unwrap();
    assert!(!store.write(|tx| tx.add_coupon_series(&series())).unwrap(), "it is taken");
    assert_eq!(store.read(|tx| tx.coupon_series_after("", 9)).unwrap(), [series()]);
    let added = store.write(|tx| tx.add_coupons(&[coupon("a"), coupon("b")]));
    assert_eq!(added.unwrap(), 2);
    let twice = Coupon { id: CouponId::from("c"), ..coupon("a") };
    assert_eq!(store.write(move |tx| tx.add_coupons(std::slice::from_ref(&twice))).unwrap(), 0);
    let (a, b) = (Some(coupon("a")), Some(coupon("b")));
    assert_eq!(store.read(|tx| tx.coupon(&CouponId::from("a"))).unwrap(), a);
    assert_eq!(store.read(|tx| tx.coupon_of_code("sha-b")).unwrap(), b);
    assert_eq!(store.read(|tx| tx.coupons_of_series("gift", "a", 9)).unwrap(), [coupon("b")]);
    assert_eq!(store.read(|tx| tx.coupons_of_batch("gift", "b1")).unwrap(), 2);
    let own = |at: i64| {
        let at = Instant(NOW.0 + at);
        store.read(|tx| tx.coupons_of_customer(&CustomerId::from("1042"), at, 9)).unwrap().len()
    };
    assert_eq!((own(8), own(9)), (2, 0));
    let withdraw = || store.write(|tx| tx.withdraw_coupon(&CouponId::from("a"), &mark(5)));
    assert_eq!((withdraw().unwrap(), withdraw().unwrap()), (true, false));
    let gone = store.read(|tx| tx.coupon(&CouponId::from("a"))).unwrap().unwrap();
    assert_eq!((gone.withdrawn, gone.version, own(8)), (Some(mark(5)), 2, 1));
    let withdraw = || store.write(|tx| tx.withdraw_coupon_series("gift", &mark(6)));
    assert_eq!((withdraw().unwrap(), withdraw().unwrap()), (true, false));
    let gone = store.read(|tx| tx.coupon_series("gift")).unwrap().unwrap();
    assert_eq!((gone.withdrawn, gone.version), (Some(mark(6)), 2));
    store.write(|tx| tx.forget_customer(&CustomerId::from("1042"))).unwrap();
    assert_eq!(store.read(|tx| tx.coupons_of_batch("gift", "b1")).unwrap(), 0);
}
