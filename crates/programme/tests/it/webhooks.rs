//! Webhooks on both databases: what is promised arrives, signed, at least once, and nowhere it must not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use programme::{Act, Bounds, Delivery, NewWebhook, Programme, Refused, RequestKey, WebhookSender};
use retail::Instant;

use super::audit::House;
use super::fixture::{Database, NOW};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

fn after(microseconds: i64) -> Instant {
    Instant(NOW.0 + microseconds)
}

fn act() -> Act {
    Act::of_job("console", NOW)
}

fn new(url: &str, events: &[&str]) -> NewWebhook {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    NewWebhook { url: url.to_owned(), events }
}

/// A house whose settings let messages go to this machine.
fn house(database: Database) -> House {
    let mut house = House::new(database);
    let settings = house.dir().join("proffer.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("allow_private = false", "allow_private = true"))
        .unwrap();
    house.programme = Programme::open(&house.dir()).unwrap();
    house
}

fn houses() -> Vec<House> {
    super::fixture::databases().into_iter().map(house).collect()
}

fn promise(house: &House, event: &str, at: Instant) {
    let event = event.to_owned();
    let store = house.programme.store().unwrap();
    store.write(move |tx| tx.promise(&event, "{\"card\":\"42\"}", at)).unwrap();
}

/// Takes every message and remembers it.
#[derive(Default)]
struct Receiver {
    got: Mutex<Vec<Delivery>>,
}

impl Receiver {
    fn take(&self, delivery: &Delivery) -> Result<(), String> {
        self.got.lock().unwrap().push(delivery.clone());
        Ok(())
    }

    fn events(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|delivery| delivery.event.clone()).collect()
    }
}

/// Whether one of a delivery's signatures is this secret's.
fn is_signed(delivery: &Delivery, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", delivery.id, delivery.timestamp, delivery.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    delivery.signature.split(' ').any(|signature| signature == expected)
}

#[test]
fn a_promised_message_arrives_once_and_signed() {
    for house in houses() {
        let programme = &house.programme;
        let made =
            programme.add_webhook(&act(), &new("http://127.0.0.1:9/a", &["card.*"])).unwrap();
        programme.add_webhook(&act(), &new("http://127.0.0.1:9/b", &["receipt.posted"])).unwrap();
        promise(&house, "card.blocked", NOW);
        promise(&house, "wallet.closed", NOW);
        let receiver = Receiver::default();
        let report = programme.deliver_due(NOW, &|delivery| receiver.take(delivery)).unwrap();
        assert_eq!((report.sent, report.failed), (1, 0), "{}", house.database.name);
        let report = programme.deliver_due(NOW, &|delivery| receiver.take(delivery)).unwrap();
        assert_eq!(report.sent, 0);

        let got = receiver.got.into_inner().unwrap();
        let body: serde_json::Value = serde_json::from_str(&got[0].body).unwrap();
        let expected = serde_json::json!({
            "type": "card.blocked", "timestamp": "2026-01-01T00:00:00Z", "data": { "card": "42" },
        });
        assert_eq!(body, expected);
        assert!(is_signed(&got[0], made.secret.unwrap().expose()));
        assert!(got[0].id.starts_with("msg_") && got[0].url.ends_with("/a"));
    }
}

#[test]
fn a_message_is_tried_later_and_later_and_given_up_after_three_days() {
    for house in houses() {
        let programme = &house.programme;
        let made = programme.add_webhook(&act(), &new("http://127.0.0.1:9/", &["*"])).unwrap();
        promise(&house, "card.blocked", NOW);
        let attempts = Mutex::new(Vec::new());
        let fail = |delivery: &Delivery| {
            attempts.lock().unwrap().push((delivery.id.clone(), delivery.attempt));
            Err("it answered 500".to_owned())
        };
        // Minutes after the first attempt: 1, 2, 4 … later each, then 12 hours, and one last attempt.
        let minutes = [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1743, 2463, 3183, 3903, 4320];
        let mut given_up = Vec::new();
        for (place, minute) in (1..).zip(minutes) {
            // Each attempt came a moment after it was due, and the next is that much later.
            let slack = place * MINUTE / 60;
            let early = after(minute * MINUTE - MINUTE / 60);
            assert_eq!(programme.deliver_due(early, &fail).unwrap().failed, 0, "{minute}");
            let report = programme.deliver_due(after(minute * MINUTE + slack), &fail).unwrap();
            assert_eq!(report.failed, 1, "after {minute} minutes, {}", house.database.name);
            given_up.extend(report.given_up);
        }
        let attempts = attempts.into_inner().unwrap();
        assert!(attempts.iter().all(|attempt| attempt.0 == attempts[0].0), "one id for ever");
        assert!(attempts.iter().map(|attempt| attempt.1).eq(1..=16));
        assert_eq!((given_up.len(), given_up[0].attempts), (1, 16));
        assert_eq!(given_up[0].error, "it answered 500");

        let id = &made.webhook.id;
        let state = programme.webhook_state(&act(), id).unwrap();
        assert_eq!((state.waiting, state.given_up.len()), (0, 1));
        let store = programme.store().unwrap();
        let deeds = store.read(|tx| tx.deeds_of("webhook", id, 0, 10)).unwrap();
        assert_eq!(deeds.last().unwrap().1.action, "webhook.give_up");

        let late = Act { at: after(80 * HOUR), ..act() };
        assert_eq!(programme.deliver_again(&late, id).unwrap(), 1);
        let receiver = Receiver::default();
        programme.deliver_due(after(80 * HOUR), &|delivery| receiver.take(delivery)).unwrap();
        assert_eq!(receiver.got.into_inner().unwrap()[0].id, attempts[0].0);
    }
}

#[test]
fn a_receiver_that_is_gone_is_asked_once_a_run_and_holds_nobody_up() {
    for house in houses() {
        let programme = &house.programme;
        let gone = programme.add_webhook(&act(), &new("http://127.0.0.1:9/gone", &["*"])).unwrap();
        programme.add_webhook(&act(), &new("http://127.0.0.1:9/here", &["*"])).unwrap();
        for _ in 0..25 {
            promise(&house, "card.blocked", NOW);
        }
        let asked = Mutex::new(0);
        let send = |delivery: &Delivery| {
            if delivery.url.ends_with("gone") {
                *asked.lock().unwrap() += 1;
                return Err("it cannot be reached".to_owned());
            }
            Ok(())
        };
        let report = programme.deliver_due(NOW, &send).unwrap();
        assert_eq!((report.sent, report.failed), (25, 1), "{}", house.database.name);
        let report = programme.deliver_due(after(MINUTE / 2), &send).unwrap();
        assert_eq!((report.sent, report.failed), (0, 0), "put off for a minute");
        let report = programme.deliver_due(after(2 * MINUTE), &|_: &Delivery| Ok(())).unwrap();
        assert_eq!((report.sent, *asked.lock().unwrap()), (25, 1), "all of them arrive in the end");
        assert_eq!(programme.webhook_state(&act(), &gone.webhook.id).unwrap().waiting, 0);
    }
}

#[test]
fn who_dies_between_sending_and_noting_sends_again() {
    for house in houses() {
        let programme = &house.programme;
        let made = programme.add_webhook(&act(), &new("http://127.0.0.1:9/", &["*"])).unwrap();
        promise(&house, "card.blocked", NOW);
        // Taken by a process that is killed then.
        let id = made.webhook.id;
        let store = programme.store().unwrap();
        store.write(move |tx| tx.take_due(&id, NOW, after(5 * MINUTE), 10)).unwrap();
        let receiver = Receiver::default();
        for (at, expected) in [(after(4 * MINUTE), 0), (after(6 * MINUTE), 1)] {
            programme.deliver_due(at, &|delivery| receiver.take(delivery)).unwrap();
            assert_eq!(receiver.events().len(), expected, "{}", house.database.name);
        }
    }
}

#[test]
fn while_a_secret_is_rotated_both_are_good() {
    for house in houses() {
        let programme = &house.programme;
        let made = programme.add_webhook(&act(), &new("http://127.0.0.1:9/", &["*"])).unwrap();
        let id = &made.webhook.id;
        let too_long = programme.rotate_webhook_secret(&act(), id, after(31 * 24 * HOUR));
        assert!(matches!(too_long, Err(Refused::Invalid { .. })), "{too_long:?}");
        let again = programme.rotate_webhook_secret(&act(), id, after(HOUR)).unwrap();
        assert_eq!(again.webhook.former_until, Some(after(HOUR)));
        let (former, newest) = (made.secret.unwrap(), again.secret.unwrap());
        assert_ne!(former.expose(), newest.expose());
        for (at, both) in [(NOW, true), (after(2 * HOUR), false)] {
            promise(&house, "card.blocked", at);
            let receiver = Receiver::default();
            programme.deliver_due(at, &|delivery| receiver.take(delivery)).unwrap();
            let got = receiver.got.into_inner().unwrap();
            assert!(is_signed(&got[0], newest.expose()));
            assert_eq!(is_signed(&got[0], former.expose()), both, "{}", house.database.name);
        }
    }
}

#[test]
fn webhooks_are_added_once_by_whom_it_befits() {
    for house in houses() {
        let programme = &house.programme;
        let key = RequestKey { key: "k".to_owned(), body_sha256: "b".to_owned() };
        let keyed = Act { key: Some(key), ..act() };
        let first = programme.add_webhook(&keyed, &new("https://example.com/", &["*"])).unwrap();
        let again = programme.add_webhook(&keyed, &new("https://example.com/", &["*"])).unwrap();
        assert_eq!(first.webhook, again.webhook);
        assert!(first.secret.is_some() && again.secret.is_none(), "a secret is shown once");

        let partner = Some("p".to_owned());
        let bound = Act { bounds: Bounds { partner, ..Bounds::default() }, ..act() };
        assert!(matches!(programme.webhooks(&bound), Err(Refused::NotPermitted { .. })));
        let refused = programme.add_webhook(&bound, &new("https://example.com/", &["*"]));
        assert!(matches!(refused, Err(Refused::NotPermitted { .. })));
        let refused = programme.add_webhook(&act(), &new("nowhere", &["Карта", "", "card.*"]));
        let Err(Refused::Invalid { problems }) = refused else { panic!("{refused:?}") };
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/url", "/events/0", "/events/1"]);

        let id = &first.webhook.id;
        assert!(programme.disable_webhook(&act(), id, true).unwrap().disabled);
        promise(&house, "card.blocked", NOW);
        assert_eq!(programme.webhook_state(&act(), id).unwrap().waiting, 0);
        assert!(!programme.disable_webhook(&act(), id, false).unwrap().disabled);
        programme.remove_webhook(&act(), id).unwrap();
        assert!(matches!(programme.webhook(&act(), id), Err(Refused::NotFound { .. })));
        let store = programme.store().unwrap();
        let deeds = store.read(|tx| tx.deeds_of("webhook", id, 0, 10)).unwrap();
        let actions: Vec<&str> = deeds.iter().map(|(_, deed)| deed.action.as_str()).collect();
        let expected = ["webhook.add", "webhook.disable", "webhook.enable", "webhook.remove"];
        assert_eq!(actions, expected);
        let told = format!("{deeds:?}");
        assert!(!told.contains(first.secret.unwrap().expose()), "no secret in the audit");
    }
}

#[test]
fn a_message_does_not_go_where_it_must_not() {
    // Without the setting that permits it.
    let house = House::new(Database::sqlite());
    let programme = &house.programme;
    let refused = programme.add_webhook(&act(), &new("https://169.254.169.254/", &["*"]));
    assert!(matches!(refused, Err(Refused::Invalid { .. })), "{refused:?}");
    // A name says nothing until it is resolved.
    let made = programme.add_webhook(&act(), &new("https://localhost/", &["*"])).unwrap();
    promise(&house, "card.blocked", NOW);
    let report = programme.deliver_due(NOW, &|_: &Delivery| panic!("it was sent")).unwrap();
    assert_eq!((report.sent, report.failed), (0, 1));
    let id = made.webhook.id;
    let error = programme.store().unwrap().write(move |tx| {
        let due = tx.take_due(&id, after(HOUR), after(2 * HOUR), 1)?;
        Ok::<_, store::DbError>(due[0].last_error.clone())
    });
    assert!(error.unwrap().unwrap().contains("not a public one"));
}

/// Answers one request with a status and further headers; gives what was asked.
fn answer(listener: &TcpListener, status: &str) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut asked = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        asked += &line;
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    asked += &String::from_utf8(body).unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    asked
}

#[test]
fn the_sender_posts_and_follows_nobody() {
    let house = house(Database::sqlite());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?token=xyzzy", listener.local_addr().unwrap());
    let made = house.programme.add_webhook(&act(), &new(&url, &["*"])).unwrap();
    let sender = WebhookSender::new();
    let elsewhere = "302 Found\r\nlocation: http://127.0.0.1:9/";
    for (status, sent) in [("200 OK", 1), ("204 No Content", 1), ("500 Oh", 0), (elsewhere, 0)] {
        promise(&house, "card.blocked", NOW);
        let (asked, report) = std::thread::scope(|scope| {
            let receiver = scope.spawn(|| answer(&listener, status));
            let deliver = house.programme.deliver_due(NOW, &|delivery| sender.send(delivery));
            (receiver.join().unwrap(), deliver.unwrap())
        });
        assert_eq!((report.sent, report.failed), (sent, 1 - sent), "{status}");
        let head = asked.to_ascii_lowercase();
        assert!(head.starts_with("post /hook?token=xyzzy http/1.1\r\n"), "{asked}");
        for header in
            ["webhook-id: msg_", "webhook-timestamp: 1767225600", "webhook-signature: v1,"]
        {
            assert!(head.contains(header), "{header} in {asked}");
        }
        assert!(asked.ends_with("\"data\":{\"card\":\"42\"}}"), "{asked}");
        let id = made.webhook.id.clone();
        // What failed is out of the way of the next line.
        house.tamper("DELETE FROM outbox");
        assert_eq!(house.programme.webhook_state(&act(), &id).unwrap().waiting, 0);
    }
    drop(listener);
    promise(&house, "card.blocked", NOW);
    let why = Mutex::new(String::new());
    let send = |delivery: &Delivery| {
        let sent = sender.send(delivery);
        why.lock().unwrap().push_str(sent.as_ref().unwrap_err());
        sent
    };
    house.programme.deliver_due(NOW, &send).unwrap();
    let why = why.into_inner().unwrap();
    assert!(why.starts_with("it cannot be reached") && !why.contains("xyzzy"), "{why}");
}
