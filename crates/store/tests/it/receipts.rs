//! Receipts, the journal and sums of days, statement by statement.

use retail::{Day, Instant, WalletId};
use store::{
    ActivityFlag, DbError, JournalOf, Network, ShopPlace, Store, StoredReceipt, StoredRefund, Till,
    Tx, Wallet, WalletSums,
};

use super::fixture::NOW;

fn receipt(id: &str, original: Option<&str>) -> StoredReceipt {
    let text = |text: &str| text.to_owned();
    StoredReceipt {
        id: text(id),
        network: text("rn"),
        shop: text("rs"),
        till: text("rt"),
        number: text("№ 1"),
        content_sha256: text("c"),
        version: 1,
        card: Some(text("card")),
        wallet: Some(text("rw")),
        customer: None,
        original: original.map(str::to_owned),
        net: -5,
        points: 7,
        points_by_line: text("[]"),
        answer: text("{}"),
        at: NOW,
        day: Day(20_000),
        received_at: NOW,
    }
}

/// What was given back with the return of a receipt.
fn refunds(store: &Store) {
    let refund = StoredRefund {
        receipt: "r2".to_owned(),
        original: "r1".to_owned(),
        body: "{}".to_owned(),
        at: NOW,
    };
    let (once, twice) = (refund.clone(), refund.clone());
    store.write(move |tx| tx.add_refund(&once)).unwrap();
    let again = store.write(move |tx| tx.add_refund(&twice));
    assert!(matches!(again, Err(DbError::Constraint { .. })), "{again:?}");
    assert_eq!(store.read(|tx| tx.refund("r2")).unwrap(), Some(refund.clone()));
    assert_eq!(store.read(|tx| tx.refund("r1")).unwrap(), None);
    assert_eq!(store.read(|tx| tx.refunds_of("r1")).unwrap(), [refund]);
}

/// Runs every statement of receipts, journal and days.
pub fn exercise(store: &Store) {
    places(store);
    let (first, back) = (receipt("r1", None), receipt("r2", Some("r1")));
    let (one, two) = (first.clone(), back.clone());
    store
        .write(move |tx| {
            tx.add_receipt(&one)?;
            tx.add_receipt(&two)?;
            tx.add_receipt_name("key:1", "r1")?;
            tx.add_receipt_name("key:2", "r2")?;
            tx.add_receipt_name("key:2", "r2")
        })
        .unwrap();
    // A name stays with whom it was given to, and who comes late is asked to look again.
    let late = store.write(|tx| tx.add_receipt_name("key:1", "r2"));
    assert!(matches!(late, Err(DbError::Busy { .. })), "{late:?}");
    let named = |name: &'static str, other: &'static str| {
        let found = store.write(move |tx| tx.receipts_named(name, other)).unwrap();
        found.into_iter().map(|receipt| receipt.id).collect::<Vec<_>>()
    };
    assert_eq!(named("key:1", "key:1"), ["r1"]);
    assert_eq!(named("key:2", "key:1"), ["r1", "r2"]);
    assert!(named("key:3", "key:3").is_empty());
    let of_name = store.read(|tx| tx.receipt_named("key:1")).unwrap();
    assert_eq!(of_name.map(|receipt| receipt.id), Some("r1".to_owned()));
    let returns = |tx: &mut Tx<'_>| tx.lock_receipts_of("r1").and_then(|()| tx.returns_of("r1"));
    assert_eq!(store.write(returns).unwrap(), [back]);
    refunds(store);
    let changed = StoredReceipt { version: 2, customer: Some("c".to_owned()), ..first };
    let put = changed.clone();
    store.write(move |tx| tx.put_receipt(&put)).unwrap();
    assert_eq!(store.read(|tx| tx.receipt("r1")).unwrap(), Some(changed));
    let page = |before: &str| {
        let found = store.read(|tx| tx.receipts_of_wallet("rw", (NOW, before), 10)).unwrap();
        found.into_iter().map(|receipt| receipt.id).collect::<Vec<_>>()
    };
    assert_eq!(
        (page("r3"), page("r2")),
        (vec!["r2".to_owned(), "r1".to_owned()], vec!["r1".to_owned()])
    );
    held(store);
    journal(store);
    days(store);
}

/// A receipt is let go by the last flag that holds it.
fn held(store: &Store) {
    let flag = |what: &'static str| {
        let flag = move || ActivityFlag {
            kind: "card.receipt".to_owned(),
            object: "43".to_owned(),
            network: None,
            shop: None,
            day: Day(20_000),
            what: what.to_owned(),
            bound: 2,
            held: true,
            at: NOW,
            closed_at: None,
            closed_by: None,
            released: false,
        };
        store.write(move |tx| tx.add_flag(&flag())).unwrap()
    };
    let (times, amount) = (flag("times"), flag("amount"));
    store
        .write(move |tx| {
            tx.hold_receipt(times, "r1")?;
            tx.hold_receipt(times, "r1")?;
            tx.hold_receipt(amount, "r1")?;
            tx.hold_receipt(times, "r2")
        })
        .unwrap();
    let released = |flag| store.write(move |tx| tx.release_receipts(flag)).unwrap();
    assert_eq!((released(times), released(amount)), (vec!["r2".to_owned()], vec!["r1".to_owned()]));
    assert!(released(times).is_empty());
}

fn places(store: &Store) {
    let text = |text: &str| text.to_owned();
    store
        .write(move |tx| {
            tx.add_network(&Network {
                id: "rn".into(),
                name_en: text("n"),
                name_ru: text("n"),
                scheme: membership::Scheme::Plain,
                created_at: NOW,
                version: 1,
            })?;
            tx.add_shop(&ShopPlace {
                id: "rs".into(),
                network: "rn".into(),
                name_en: text("s"),
                name_ru: text("s"),
                time_zone: text("Europe/Moscow"),
                closed: false,
                created_at: NOW,
                version: 1,
            })?;
            let (shop, id) = ("rs".into(), "rt".into());
            tx.add_till(&Till { shop, id, closed: false, created_at: NOW, version: 1 })?;
            tx.add_wallet(&Wallet {
                id: "rw".into(),
                network: "rn".into(),
                customer: None,
                created_at: NOW,
                version: 1,
            })
        })
        .unwrap();
    let place = store.read(|tx| tx.receipt_place("rs", "rt")).unwrap().unwrap();
    assert_eq!((place.network.as_str(), place.closed), ("rn", false));
    assert_eq!(store.read(|tx| tx.receipt_place("rs", "other")).unwrap(), None);
}

fn journal(store: &Store) {
    let add = |receipt: &'static str, customer, before| {
        store.write(move |tx| tx.add_to_journal(receipt, customer, before, "{}", NOW)).unwrap();
    };
    assert_eq!(store.write(|tx| tx.claim_journal(10)).unwrap(), None);
    add("r1", Some("a"), None);
    add("r1", Some("b"), Some("a"));
    add("r2", None, None);
    let rows = |of: JournalOf<'_>| {
        let rows = store.read(|tx| tx.journal(of)).unwrap();
        rows.into_iter().map(|row| (row.receipt, row.batch)).collect::<Vec<_>>()
    };
    let row = |receipt: &str, batch| (receipt.to_owned(), batch);
    assert_eq!(rows(JournalOf::Customer("a")).len(), 2);
    assert_eq!(rows(JournalOf::Customer("b")).len(), 1);
    let claim = || {
        let claim = store.write(|tx| tx.claim_journal(1)).unwrap();
        claim.map(|claim| (claim.number, claim.rows))
    };
    // Until it is moved, the same batch is claimed.
    assert_eq!((claim(), claim()), (Some((1, 1)), Some((1, 0))));
    assert_eq!(store.write(|tx| tx.claim_more(1, 1)).unwrap(), 1);
    let all = [row("r1", Some(1)), row("r1", Some(1)), row("r2", None)];
    assert_eq!(rows(JournalOf::Everybody), all);
    assert_eq!(store.read(|tx| tx.journal_batch(1)).unwrap().len(), 2);
    let last = || store.read(|tx| tx.journal_last_moved()).unwrap();
    assert_eq!(last(), 0);
    let forget = |most| store.write(move |tx| tx.forget_moved(most)).unwrap();
    assert_eq!(forget(9), 0, "nothing is moved yet");
    store.write(|tx| tx.journal_moved(1, NOW)).unwrap();
    assert_eq!([forget(1), forget(9), forget(9)], [1, 1, 0]);
    assert_eq!((last(), rows(JournalOf::Everybody)), (1, vec![row("r2", None)]));
    assert_eq!(store.read(|tx| tx.journal_waiting()).unwrap(), (1, Some(NOW)));
    assert_eq!(claim(), Some((2, 1)));
    store.write(|tx| tx.journal_moved(2, Instant(NOW.0 + 1))).unwrap();
    assert_eq!((last(), claim()), (2, None));
}

fn days(store: &Store) {
    let wallet = WalletId("rw".to_owned());
    for (network, day, net) in [("rn", 1, 100), ("rn", 1, -30), ("rn", 2, 7), ("other", 2, 1000)] {
        let (wallet, sums) = (wallet.clone(), WalletSums { net, receipts: 1, points: 2 });
        store.write(move |tx| tx.add_wallet_day(&wallet, network, Day(day), sums)).unwrap();
    }
    for (network, days, net, receipts) in [
        (None, (1, 2), 1077, 4),
        (Some("rn"), (1, 2), 77, 3),
        (Some("rn"), (1, 1), 70, 2),
        (Some("rn"), (3, 9), 0, 0),
    ] {
        let days = (Day(days.0), Day(days.1));
        let sums = store.read(|tx| tx.wallet_sums(&wallet, network, days)).unwrap();
        let points = 2 * receipts;
        assert_eq!(sums, WalletSums { net, receipts, points }, "{network:?} {days:?}");
    }
}
