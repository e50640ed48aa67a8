//! Coupons on both databases: what is known of a code, and that k uses are k uses.

use std::collections::BTreeSet;
use std::sync::Arc;

use ledger::{ChainId, Memory, USE, Unit, hold_claims, void_claims};
use pricing::{Basket, BasketLine, Compiled, CouponFacts, Facts};
use programme::{
    Act, CouponKind, NewCouponSeries, NewPersonalCoupon, Programme, Refused, coupon_facts,
    coupons_of_basket, customer_claims, open_coupon_accounts,
};
use retail::{Claim, CouponId, CustomerId, Instant, Money, Quantity};
use serde_json::json;

use super::audit::House;
use super::discounts::{at, rules};
use super::fixture::{NOW, databases};

const MINUTE: i64 = 60_000_000;

fn series(id: &str, kind: CouponKind) -> NewCouponSeries {
    NewCouponSeries {
        id: id.to_owned(),
        kind,
        name_en: id.to_owned(),
        name_ru: id.to_owned(),
        starts_at: None,
        ends_at: None,
        uses_max: None,
        customer_uses_max: None,
        code: None,
    }
}

fn minute(number: i64) -> Option<Instant> {
    Some(Instant(NOW.0 + number * MINUTE))
}

fn facts_at(
    programme: &Programme,
    code: &str,
    customer: Option<&str>,
    minutes: i64,
) -> CouponFacts {
    let (codes, customer) = ([code.to_owned()], customer.map(CustomerId::from));
    let at = Instant(NOW.0 + minutes * MINUTE);
    loop {
        let store = programme.store().unwrap();
        match store.read(|tx| coupon_facts(tx, &codes, customer.as_ref(), at)) {
            // As a till does that is told to try again.
            Err(Refused::Db(error)) if error.may_pass() => {}
            read => return read.unwrap().remove(0),
        }
    }
}

/// (series: its kind and settings, who asks, at which minute, the standing). Unique codes are made, and a
/// personal one is anna's. One line a case.
#[rustfmt::skip]
const STANDINGS: &[(&str, Option<&str>, i64, &str)] = &[
    ("generic",                      None,         0, "good"),
    ("generic",                      Some("anna"), 0, "good"),
    ("generic from=5",               None,         4, "not_yet"),
    ("generic from=5",               None,         5, "good"),
    ("generic until=5",              None,         4, "good"),
    ("generic until=5",              None,         5, "expired"),
    ("generic withdrawn",            None,         0, "withdrawn"),
    ("generic each=1",               None,         0, "needs_customer"),
    ("generic each=1",               Some("anna"), 0, "good"),
    ("generic uses=2",               None,         0, "good"),
    ("generic uses=2 used=1",        None,         0, "good"),
    ("generic uses=2 used=2",        None,         0, "used_up"),
    ("unique",                       None,         0, "good"),
    ("unique used=1",                None,         0, "used_up"),
    ("unique uses=3 used=2",         None,         0, "good"),
    ("unique withdrawn",             None,         0, "withdrawn"),
    ("unique coupon_withdrawn",      None,         0, "withdrawn"),
    ("unique until=5",               None,         9, "expired"),
    ("unique mistyped",              None,         0, "unknown"),
    ("unique unknown",               None,         0, "unknown"),
    ("personal",                     None,         0, "needs_customer"),
    ("personal",                     Some("vera"), 0, "foreign"),
    ("personal",                     Some("anna"), 0, "good"),
    ("personal own_from=5",          Some("anna"), 4, "not_yet"),
    ("personal own_until=5",         Some("anna"), 5, "expired"),
    ("personal own_until=5",         Some("vera"), 5, "foreign"),
    ("personal from=5 own_from=1",   Some("anna"), 4, "not_yet"),
    ("personal used=1",              Some("anna"), 0, "used_up"),
    ("personal erased",              Some("anna"), 0, "unknown"),
];

/// Makes a coupon as a line of the table says; gives its code.
fn made(house: &House, id: &str, words: &str) -> String {
    let (programme, act) = (&house.programme, at(0));
    let has = |word: &str| words.split(' ').any(|other| other == word);
    let value = |name: &str| -> Option<i64> {
        let word = words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.map(|number| number.parse().unwrap())
    };
    let kind = CouponKind::named(words.split(' ').next().unwrap()).unwrap();
    let public = format!("Sale {id}");
    let new = NewCouponSeries {
        starts_at: value("from").and_then(minute),
        ends_at: value("until").and_then(minute),
        uses_max: value("uses"),
        customer_uses_max: value("each"),
        code: (kind == CouponKind::Generic).then(|| public.clone()),
        ..series(id, kind)
    };
    programme.add_coupon_series(&act, new).unwrap();
    let code = match kind {
        CouponKind::Generic => public.to_uppercase().replace(' ', "-"),
        CouponKind::Unique => {
            let batch = programme.make_coupons(&act, id, "b1", 3).unwrap();
            batch.codes.unwrap()[1].expose().to_lowercase()
        }
        CouponKind::Personal => {
            let new = NewPersonalCoupon {
                series: id.to_owned(),
                customer: "anna".to_owned(),
                product: None,
                price: None,
                discount_bps: None,
                starts_at: value("own_from").and_then(minute),
                ends_at: value("own_until").and_then(minute),
            };
            programme.give_coupon(&act, new).unwrap().code.unwrap()
        }
    };
    for use_ in 0..value("used").unwrap_or(0) {
        let customer = Some("anna");
        redeem(programme, &code, customer, &format!("{id}-{use_}")).unwrap();
    }
    if has("withdrawn") {
        programme.withdraw_coupon_series(&act, id).unwrap();
    }
    if has("coupon_withdrawn") {
        programme.withdraw_coupon(&act, &code).unwrap();
    }
    if has("erased") {
        let gone = programme.store().unwrap().write(|tx| tx.forget_customer(&"anna".into()));
        assert!(gone.unwrap() > 0);
    }
    match (has("mistyped"), has("unknown")) {
        (true, _) => code.replacen(|sign| sign != 'z', "z", 1),
        (_, true) => "0000-0000-0000-0001-1".to_owned(),
        _ => code,
    }
}

/// Holds one use of a coupon, as a checkout does.
fn redeem(
    programme: &Programme,
    code: &str,
    customer: Option<&str>,
    chain: &str,
) -> Result<(), Refused> {
    let facts = facts_at(programme, code, customer, 0);
    let mut claims = Vec::new();
    if let Some(account) = facts.claimed_as.clone() {
        claims.push(Claim::Coupon { coupon: CouponId(account) });
    }
    let (customer, chain) = (customer.map(CustomerId::from), ChainId(chain.to_owned()));
    programme.store().unwrap().write(move |tx| {
        let quote = pricing::Quote {
            coupons: vec![pricing::CouponOutcome {
                code: facts.code.clone(),
                rules: vec!["r1".to_owned()],
                reason: None,
            }],
            ..pricing::Quote::default()
        };
        let mut claims = claims.clone();
        let own = customer_claims(tx, &quote, std::slice::from_ref(&facts), customer.as_ref())?;
        claims.extend(own.into_iter().map(|claimed| claimed.claim));
        open_coupon_accounts(tx, &claims, NOW)?;
        let points = Unit::from("POINT");
        let until = Instant(NOW.0 + MINUTE);
        ledger::post(tx, &hold_claims(chain.clone(), &claims, &points, NOW, until))?;
        Ok::<_, Refused>(())
    })
}

#[test]
fn a_code_stands_as_its_series_its_time_and_its_customer_say() {
    for database in databases() {
        let house = House::new(database);
        for (place, (words, customer, minutes, expected)) in STANDINGS.iter().enumerate() {
            let id = format!("s{place}");
            let code = made(&house, &id, words);
            let facts = facts_at(&house.programme, &code, *customer, *minutes);
            let standing = serde_json::to_value(facts.standing).unwrap();
            assert_eq!(standing, json!(expected), "{}: {words} {customer:?}", house.database.name);
            assert_eq!(facts.code, code, "the quote names it as it was presented");
            // Of a code that nobody made nothing is told.
            let told = (facts.series.as_str(), facts.claimed_as.is_some());
            assert!(*expected != "unknown" || told == ("", false), "{words}: {told:?}");
        }
    }
}

#[test]
fn the_database_keeps_no_code_that_nobody_can_guess() {
    for database in databases() {
        let house = House::new(database);
        let programme = &house.programme;
        programme.add_coupon_series(&at(0), series("lottery", CouponKind::Unique)).unwrap();
        let key = programme::RequestKey { key: "k".to_owned(), body_sha256: "b".to_owned() };
        let keyed = Act { key: Some(key), ..at(0) };
        let batch = programme.make_coupons(&keyed, "lottery", "b1", 500).unwrap();
        let codes = batch.codes.unwrap();
        let distinct: BTreeSet<&str> = codes.iter().map(|code| code.expose()).collect();
        assert_eq!(distinct.len(), 500);
        let again = programme.make_coupons(&keyed, "lottery", "b1", 500).unwrap();
        assert!(again.codes.is_none(), "shown once");
        let taken = programme.make_coupons(&at(0), "lottery", "b1", 1).unwrap_err();
        assert_eq!(taken.code(), "taken");

        let kept = programme.coupons_after(&at(0), "lottery", "", 500).unwrap();
        assert_eq!(kept.len(), 500);
        let kept = serde_json::to_string(&kept).unwrap();
        for code in &codes {
            let plain = code.expose().replace('-', "");
            assert!(!kept.contains(&plain) && !kept.contains(code.expose()), "{plain}");
        }
        if let store::Location::File(path) = &house.database.location {
            let (mut file, log) = (std::fs::read(path).unwrap(), path.with_extension("sqlite-wal"));
            file.extend(std::fs::read(log).unwrap_or_default());
            let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(holds("lottery"), "it was looked for where it would be");
            let plain = codes[0].expose().replace('-', "");
            assert!(!holds(codes[0].expose()) && !holds(&plain));
        }
    }
}

#[test]
fn parallel_redemptions_of_k_uses_are_k() {
    for database in databases() {
        let house = House::new(database);
        let new = NewCouponSeries {
            uses_max: Some(7),
            customer_uses_max: Some(2),
            code: Some("SPRING".to_owned()),
            ..series("spring", CouponKind::Generic)
        };
        house.programme.add_coupon_series(&at(0), new).unwrap();
        let programme = Arc::new(Programme::open(&house.dir()).unwrap());
        // Ten customers at four tills each: 40 times at once, for 7 uses of which each has 2 at most.
        let given: Vec<(usize, bool)> = std::thread::scope(|scope| {
            let tills: Vec<_> = (0..40)
                .map(|till| {
                    let (programme, customer) = (programme.clone(), till % 10);
                    scope.spawn(move || {
                        let (name, chain) = (format!("c{customer}"), format!("q{till}"));
                        loop {
                            match redeem(&programme, "spring", Some(&name), &chain) {
                                Ok(()) => return (customer, true),
                                Err(Refused::Conflict { code: "insufficient", .. }) => {
                                    return (customer, false);
                                }
                                // As a till does that is told to try again.
                                Err(Refused::Db(error)) if error.may_pass() => {}
                                Err(refused) => panic!("{refused}"),
                            }
                        }
                    })
                })
                .collect();
            tills.into_iter().map(|till| till.join().unwrap()).collect()
        });
        let all = given.iter().filter(|(_, given)| *given).count();
        assert_eq!(all, 7, "{}", house.database.name);
        for customer in 0..10 {
            let own = given.iter().filter(|(who, given)| *who == customer && *given).count();
            assert!(own <= 2, "c{customer} has {own}");
            let facts = facts_at(&programme, "spring", Some(&format!("c{customer}")), 0);
            assert_eq!((facts.uses.standing, facts.uses.customer_max), (own as u32, Some(2)));
        }
        let whole = programme.store().unwrap().read(|tx| tx.books_whole()).unwrap();
        let books =
            Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
        assert_eq!(ledger::audit(&books), [], "{}", house.database.name);
    }
}

#[test]
fn a_use_that_is_given_back_can_be_made_again() {
    for database in databases() {
        let house = House::new(database);
        let programme = &house.programme;
        let code = made(&house, "u", "unique used=1");
        assert!(redeem(programme, &code, None, "again").is_err());
        let chain = ChainId::from("u-0");
        let coupon = facts_at(programme, &code, None, 0).claimed_as.unwrap();
        let claims = [Claim::Coupon { coupon: CouponId(coupon) }];
        let held = hold_claims(chain, &claims, &Unit::from(USE), NOW, Instant(NOW.0 + MINUTE));
        let void = void_claims(ChainId::from("void"), &held, NOW);
        programme
            .store()
            .unwrap()
            .write(move |tx| ledger::post(tx, &void).map(drop).map_err(Refused::from))
            .unwrap();
        redeem(programme, &code, None, "again").unwrap();
    }
}

fn line(product: &str, price: i64) -> BasketLine {
    BasketLine {
        id: format!("{product}-{price}"),
        product: product.to_owned(),
        quantity: Quantity(1_000),
        price: Money(price),
        ..BasketLine::default()
    }
}

/// (what anna was promised of milk, what the shelf asks, what she pays). It needs no code: she is known.
#[rustfmt::skip]
const PROMISES: &[(&str, &[i64], i64)] = &[
    ("",                     &[9_000],        9_000),
    ("price=7000",           &[9_000],        7_000),
    ("price=9500",           &[9_000],        9_000),
    ("discount=1500",        &[9_000],        7_650),
    ("discount=3333",        &[101],          67),
    ("discount=10000",       &[9_000],        0),
    ("discount=1000",        &[9_000, 8_000], 14_400),
    ("price=7000 withdrawn", &[9_000],        9_000),
    ("price=7000 later",     &[9_000],        9_000),
    ("price=7000 used",      &[9_000],        9_000),
];

#[test]
fn a_customer_pays_what_he_was_promised() {
    let rule = json!({ "then": [{ "personal_price": {} }] });
    let rules = serde_json::from_value(rules(&rule)).unwrap();
    let compiled = Compiled::new(rules, 1).unwrap();
    for database in databases() {
        let house = House::new(database);
        let programme = &house.programme;
        programme.add_coupon_series(&at(0), series("promise", CouponKind::Personal)).unwrap();
        for (place, (words, prices, expected)) in PROMISES.iter().enumerate() {
            let customer = format!("anna{place}");
            let value = |name: &str| -> Option<i64> {
                let word = words.split(' ').find_map(|word| word.strip_prefix(name));
                word.map(|number| number.parse().unwrap())
            };
            let mut code = None;
            if !words.is_empty() {
                let new = NewPersonalCoupon {
                    series: "promise".to_owned(),
                    customer: customer.clone(),
                    product: Some("milk".to_owned()),
                    price: value("price="),
                    discount_bps: value("discount="),
                    starts_at: words.contains("later").then(|| minute(9)).flatten(),
                    ends_at: None,
                };
                code = programme.give_coupon(&at(0), new).unwrap().code;
            }
            let shown = code.clone().unwrap_or_default().to_lowercase();
            if words.contains("withdrawn") {
                programme.withdraw_coupon(&at(0), &shown).unwrap();
            }
            if words.contains("used") {
                redeem(programme, &shown, Some(&customer), &customer).unwrap();
            }
            let lines: Vec<BasketLine> = prices.iter().map(|price| line("milk", *price)).collect();
            for presented in [vec![], vec![shown.clone()]] {
                let who = CustomerId(customer.clone());
                let found = programme
                    .store()
                    .unwrap()
                    .read(|tx| coupons_of_basket(tx, &presented, &lines, Some(&who), NOW));
                let found = found.unwrap();
                let facts = Facts {
                    customer: Some(pricing::CustomerFacts {
                        id: customer.clone(),
                        prices: found.prices,
                        ..Default::default()
                    }),
                    coupons: found.facts,
                    ..Facts::default()
                };
                let basket = Basket {
                    currency: "RUB".to_owned(),
                    at: jiff::civil::date(2026, 1, 1).at(12, 0, 0, 0),
                    network: None,
                    shop: None,
                    channel: None,
                    lines: lines.clone(),
                    shipping: vec![],
                    payment: None,
                    coupons: presented.clone(),
                    points: 0,
                };
                let quote = compiled.price(&basket, &facts).unwrap();
                assert_eq!(quote.totals.to_pay, Money(*expected), "{words} {presented:?}");
                let promised = *expected < prices.iter().sum::<i64>();
                assert_eq!(quote.claims.len(), usize::from(promised), "{words} {presented:?}");
            }
        }
    }
}

/// What is wrong with a series, by what it has in place of good settings.
#[test]
fn a_series_is_looked_over() {
    let house = House::new(super::fixture::Database::sqlite());
    let programme = &house.programme;
    let good = || NewCouponSeries {
        code: Some("SUMMER 26".to_owned()),
        ..series("summer", CouponKind::Generic)
    };
    let text = |text: &str| Some(text.to_owned());
    #[rustfmt::skip]
    let cases: Vec<(NewCouponSeries, &str)> = vec![
        (NewCouponSeries { id: "a b".to_owned(), ..good() }, "!/id id"),
        (NewCouponSeries { name_ru: String::new(), ..good() }, "!/name_ru name"),
        (NewCouponSeries { starts_at: minute(5), ends_at: minute(5), ..good() }, "!/ends_at never"),
        (NewCouponSeries { uses_max: Some(0), ..good() }, "!/uses_max range"),
        (NewCouponSeries { customer_uses_max: Some(-1), ..good() }, "!/customer_uses_max range"),
        (NewCouponSeries { code: None, ..good() }, "!/code missing"),
        (NewCouponSeries { code: text("A-B"), ..good() }, "!/code coupon_code"),
        (NewCouponSeries { code: text("ABCDEFGHIJKLMNOPQ"), ..good() }, "!/code coupon_code"),
        (NewCouponSeries { code: text("SALE=50"), ..good() }, "!/code coupon_code"),
        (NewCouponSeries { kind: CouponKind::Unique, ..good() }, "!/code unexpected"),
        (good(), "summer"),
        (good(), "!taken"),
        (NewCouponSeries { id: "other".to_owned(), code: text("sUMMER-26"), ..good() }, "!taken"),
        (NewCouponSeries { id: "лето".to_owned(), ..good() }, "!/id id"),
        (NewCouponSeries { id: "leto".to_owned(), code: text("лето 26"), ..good() }, "leto"),
    ];
    for (place, (new, expected)) in cases.into_iter().enumerate() {
        let told = match programme.add_coupon_series(&at(0), new) {
            Ok(view) => view.id,
            Err(Refused::Invalid { problems }) => {
                format!("!{} {}", problems[0].pointer, problems[0].code)
            }
            Err(refused) => format!("!{}", refused.code()),
        };
        assert_eq!(told, expected, "case {place}");
    }
    assert_eq!(facts_at(programme, "ЛЕТО26", None, 0).series, "leto");
    let kind = programme.make_coupons(&at(0), "leto", "b1", 1).unwrap_err();
    assert_eq!(kind.code(), "kind");
    assert_eq!(programme.coupon(&at(0), "nobody").unwrap_err().code(), "not_found");
}
