//! Quotes, statement by statement.

use ledger::{AccountId, Unit};
use retail::Instant;
use store::{QuoteState, Store, StoredQuote};

use super::fixture::NOW;

fn quote(id: &str, customer: Option<&str>) -> StoredQuote {
    let text = |text: &str| text.to_owned();
    StoredQuote {
        id: text(id),
        state: QuoteState::Held,
        network: text("n"),
        shop: text("s"),
        till: text("t"),
        card: None,
        customer: customer.map(str::to_owned),
        wallet: None,
        ruleset_version: 3,
        made_at: NOW,
        expires_at: Instant(NOW.0 + 900),
        receipt: None,
        taken: None,
    }
}

/// Runs every statement of quotes, and moves an account's bound.
pub fn exercise(store: &Store) {
    let (sold, lost) = (quote("q1", Some("c")), quote("q2", Some("c")));
    let (one, two) = (sold.clone(), lost.clone());
    let added = store.write(move |tx| {
        tx.add_quote(&one, "{\"корзина\":[]}")?;
        tx.add_quote(&two, "{}")
    });
    added.unwrap();
    let due = |at: i64| store.read(|tx| tx.quotes_due(Instant(NOW.0 + at), 10)).unwrap();
    assert_eq!((due(899), due(900)), (vec![], vec!["q1".to_owned(), "q2".to_owned()]));
    let confirmed = StoredQuote {
        state: QuoteState::Confirmed,
        receipt: Some("r".to_owned()),
        taken: Some("[]".to_owned()),
        ..sold
    };
    let decided = store.write(|tx| {
        let held = tx.quote_to_change("q1")?;
        tx.decide_quote("q1", QuoteState::Confirmed, Some("r"), Some("[]"))?;
        tx.decide_quote("q2", QuoteState::Cancelled, None, None)?;
        Ok::<_, store::DbError>(held.map(|held| held.state))
    });
    assert_eq!(decided.unwrap(), Some(QuoteState::Held));
    assert_eq!(store.read(|tx| tx.quote("q1")).unwrap(), Some(confirmed.clone()));
    assert_eq!(store.read(|tx| tx.quote_of_receipt("r")).unwrap(), Some(confirmed));
    let of_customer = |most| {
        let found = store.read(|tx| tx.quotes_of_customer("c", most)).unwrap();
        found.into_iter().map(|quote| quote.id).collect::<Vec<_>>()
    };
    assert_eq!(
        (of_customer(10), of_customer(1)),
        (vec!["q1".to_owned(), "q2".to_owned()], vec!["q1".to_owned()])
    );
    let body = |id: &str| store.read(|tx| tx.quote_body(id)).unwrap();
    assert_eq!(body("q1").as_deref(), Some("{\"корзина\":[]}"));
    store.write(|tx| tx.forget_customer_of_quote("q1", "{}")).unwrap();
    let nameless = store.read(|tx| tx.quote("q1")).unwrap().unwrap();
    assert_eq!((nameless.customer, body("q1").as_deref()), (None, Some("{}")));
    // A quote that became a receipt is kept for good.
    assert_eq!(store.write(|tx| tx.forget_quotes(Instant(NOW.0 + 900))).unwrap(), 0);
    assert_eq!(store.write(|tx| tx.forget_quotes(Instant(NOW.0 + 901))).unwrap(), 1);
    assert_eq!((of_customer(10), body("q2")), (vec![], None));
    bound(store);
}

/// What was given stays given, however low the bound.
fn bound(store: &Store) {
    let (id, unit) = (AccountId("limit/of/quotes".to_owned()), Unit("USE".to_owned()));
    let of = id.clone();
    let bound = store.write(move |tx| {
        tx.open_account(&of, &unit, Some(3), false)?;
        tx.bound_account(&of, 5)?;
        let wider = tx.account(&of)?.unwrap().overdraft_max;
        tx.bound_account(&of, -1)?;
        Ok::<_, store::DbError>((wider, tx.account(&of)?.unwrap().overdraft_max))
    });
    assert_eq!(bound.unwrap(), (Some(5), Some(0)));
}
