//! What is promised to webhooks is sent, put off or given up, and by one at a time.

use retail::Instant;
use store::{DbError, Next, Secret, Store, Webhook};

use super::fixture::{NOW, databases};

const MINUTE: i64 = 60_000_000;

fn after(minutes: i64) -> Instant {
    Instant(NOW.0 + minutes * MINUTE)
}

fn webhook(id: &str, events: &[&str]) -> Webhook {
    Webhook {
        id: id.to_owned(),
        url: "https://example.com/hook".to_owned(),
        secret: Secret::new("whsec_a"),
        former: None,
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        disabled: false,
        created_at: NOW,
        version: 1,
    }
}

/// Runs every statement of webhooks and their outbox.
pub fn exercise(store: &Store) {
    store
        .write(|tx| {
            tx.add_webhook(&webhook("a", &["card.*"]))?;
            tx.add_webhook(&webhook("b", &["receipt.posted"]))
        })
        .unwrap();
    store
        .write(|tx| {
            let mut changed = tx.webhook_to_change("b")?.expect("it was added");
            changed.former = Some((Secret::new("whsec_before"), after(60)));
            changed.disabled = true;
            tx.put_webhook(&changed)
        })
        .unwrap();
    let read = store.read(|tx| tx.webhook("b")).unwrap().unwrap();
    let former = read.former.map(|(secret, until)| (secret.expose().to_owned(), until));
    assert_eq!(former, Some(("whsec_before".to_owned(), after(60))));
    assert_eq!((read.disabled, read.version, read.events.len()), (true, 2, 1));
    assert_eq!(store.read(|tx| tx.webhooks()).unwrap().len(), 2);

    let promised = store.write(|tx| {
        let cards = tx.promise("card.blocked", "{}", NOW)?;
        Ok::<_, DbError>((cards, tx.promise("receipt.posted", "{}", NOW)?))
    });
    assert_eq!(promised.unwrap(), (1, 0), "nothing is promised to who is disabled");
    let taken = store.write(|tx| tx.take_due("a", NOW, after(5), 10)).unwrap();
    let id = taken[0].id;
    assert_eq!((taken.len(), taken[0].event.as_str()), (1, "card.blocked"));
    assert_eq!(store.write(|tx| tx.take_due("a", after(4), after(9), 10)).unwrap(), []);
    store.write(move |tx| tx.failed(id, "500", Next::GivenUp(after(6)))).unwrap();
    assert_eq!(store.write(|tx| tx.take_due("a", after(60), after(61), 10)).unwrap(), []);
    let given_up = store.read(|tx| tx.given_up("a", 0, 10)).unwrap();
    assert_eq!((given_up[0].attempts, given_up[0].given_up_at), (1, Some(after(6))));
    assert_eq!(given_up[0].last_error.as_deref(), Some("500"));
    assert_eq!(store.read(|tx| tx.waiting("a")).unwrap().messages, 0);
    assert_eq!(store.write(|tx| tx.try_again("a", after(60))).unwrap(), 1);
    assert_eq!(store.write(|tx| tx.put_off("a", after(70))).unwrap(), 1);
    let waiting = store.read(|tx| tx.waiting("a")).unwrap();
    assert_eq!((waiting.messages, waiting.since), (1, Some(NOW)));
    assert_eq!(store.write(|tx| tx.take_due("a", after(69), after(75), 10)).unwrap(), []);
    store.write(move |tx| tx.failed(id, "again", Next::Again(after(80)))).unwrap();
    assert_eq!(store.write(|tx| tx.take_due("a", after(80), after(85), 10)).unwrap().len(), 1);
    store.write(move |tx| tx.sent(id)).unwrap();
    assert_eq!(store.read(|tx| tx.waiting("a")).unwrap().since, None);
    store.write(|tx| tx.promise("card.issued", "{}", NOW)).unwrap();
    store.write(|tx| tx.remove_webhook("a")).unwrap();
    store.write(|tx| tx.remove_webhook("b")).unwrap();
    assert_eq!(store.read(|tx| tx.waiting("a")).unwrap().messages, 0);
}

#[test]
fn a_message_is_taken_by_one_of_many() {
    for database in databases() {
        let store = database.open();
        store.write(|tx| tx.add_webhook(&webhook("a", &["*"]))).unwrap();
        for _ in 0..40 {
            store.write(|tx| tx.promise("card.blocked", "{}", NOW)).unwrap();
        }
        let mut taken: Vec<i64> = std::thread::scope(|scope| {
            let take = || store.write(|tx| tx.take_due("a", NOW, after(5), 10)).unwrap();
            let takers: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).map(|p| p.id).collect()
        });
        while let more @ [_, ..] =
            &store.write(|tx| tx.take_due("a", NOW, after(5), 10)).unwrap()[..]
        {
            taken.extend(more.iter().map(|promise| promise.id));
        }
        taken.sort_unstable();
        let count = taken.len();
        taken.dedup();
        assert_eq!((count, taken.len()), (40, 40), "{}", database.name);
    }
}

#[test]
fn what_is_not_stored_is_not_promised() {
    for database in databases() {
        let store = database.open();
        store.write(|tx| tx.add_webhook(&webhook("a", &["*"]))).unwrap();
        let refused = store.write(|tx| {
            tx.promise("card.blocked", "{}", NOW)?;
            Err::<(), _>(DbError::Version { why: "no".to_owned() })
        });
        assert!(refused.is_err());
        assert_eq!(store.read(|tx| tx.waiting("a")).unwrap().messages, 0, "{}", database.name);
    }
}
