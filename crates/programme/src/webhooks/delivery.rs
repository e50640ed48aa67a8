//! Delivering what is due: at least once, later and later while a receiver fails, given up after three
//! days.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Instant as Clock;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use retail::Instant;
use serde::Serialize;
use serde_json::json;
use sha2::Sha256;
use store::{DbError, Next, Promise, Store, Webhook};

use super::{KIND, SECRET_PREFIX, address};
use crate::{Act, Programme, sha256_hex};

const MINUTE: i64 = 60_000_000;
/// The pause after the first failure, which doubles with each further one …
const PAUSE: i64 = MINUTE;
/// … up to this.
const PAUSE_MAX: i64 = 12 * 60 * MINUTE;
/// How long messages that were taken are nobody else's: longer than it takes to send so many.
const LEASE: i64 = 5 * MINUTE;
const AT_ONCE: u32 = 10;
/// Messages to one receiver in one run.
const RUN_MAX: u64 = 1000;
/// Receivers that are served at a time.
const THREADS: usize = 8;
const ERROR_CHARS_MAX: usize = 300;

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same at every attempt: by it a receiver knows a repetition.
    pub id: String,
    /// Whom it is for.
    pub webhook: String,
    /// Where it goes.
    pub url: String,
    /// The host of the address, as the client knows it.
    pub host: String,
    /// Where that host is: connect to one of these and to nothing else.
    pub addresses: Vec<SocketAddr>,
    /// Kind of event.
    pub event: String,
    /// What is posted: JSON with `type`, `timestamp` and `data`.
    pub body: String,
    /// When it is sent, in seconds since 1970.
    pub timestamp: i64,
    /// The signatures, one a secret.
    pub signature: String,
    /// Which attempt it is, from 1.
    pub attempt: i64,
}

/// What a run of deliveries did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Messages that receivers took.
    pub sent: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Messages that will not be tried any more.
    pub given_up: Vec<GivenUp>,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct GivenUp {
    pub webhook: String,
    pub event: String,
    pub attempts: i64,
    pub error: String,
}

impl Delivery {
    /// The headers it is posted with.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 4] {
        [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", self.timestamp.to_string()),
            ("webhook-signature", self.signature.clone()),
        ]
    }

    fn of(
        webhook: &Webhook,
        promise: &Promise,
        allow_private: bool,
        at: Instant,
    ) -> Result<Self, String> {
        let url = address::understood(&webhook.url, allow_private)?;
        let addresses = address::resolved(&url, allow_private)?;
        let named = format!("{}|{}|{}", webhook.id, promise.id, promise.created_at.0);
        let id = format!("msg_{}", &sha256_hex(named.as_bytes())[..32]);
        let timestamp = at.0.div_euclid(1_000_000);
        let body = body(promise)?;
        let former = webhook.former.as_ref().filter(|(_, until)| *until > at);
        let secrets = std::iter::once(&webhook.secret).chain(former.map(|(secret, _)| secret));
        let signatures: Option<Vec<String>> =
            secrets.map(|secret| signature(secret.expose(), &id, timestamp, &body)).collect();
        let signature = signatures.ok_or("its secret cannot be read: give it a new one")?.join(" ");
        Ok(Self {
            id,
            webhook: webhook.id.clone(),
            host: url.host_str().unwrap_or_default().to_owned(),
            url: url.into(),
            addresses,
            event: promise.event.clone(),
            body,
            timestamp,
            signature,
            attempt: promise.attempts + 1,
        })
    }
}

/// The same bytes at every attempt.
fn body(promise: &Promise) -> Result<String, String> {
    let at = jiff::Timestamp::from_microsecond(promise.created_at.0);
    let at = at.map_err(|error| error.to_string())?;
    let event = serde_json::Value::from(promise.event.as_str());
    Ok(format!("{{\"type\":{event},\"timestamp\":\"{at}\",\"data\":{}}}", promise.body))
}

/// HMAC-SHA256 over id, time and body, as Standard Webhooks writes it.
fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

impl Programme {
    /// Sends the messages that are due, to several receivers at a time and to each in the sequence of
    /// promising as far as it answers; `send` says whether one was taken, with a sentence where not.
    /// A message whose receiver took it is sent again only where the program dies before it is noted.
    ///
    /// # Errors
    /// When the database fails; what a receiver does is in the report.
    pub fn deliver_due(
        &self,
        at: Instant,
        send: &(impl Fn(&Delivery) -> Result<(), String> + Sync),
    ) -> Result<DeliveryReport> {
        let store = self.store()?;
        let mut webhooks = store.read(|tx| tx.webhooks())?;
        webhooks.retain(|webhook| !webhook.disabled);
        let threads = webhooks.len().min(THREADS);
        let run = Run { store, at, began: Clock::now(), allow_private: self.private_allowed() };
        let queue = Mutex::new(webhooks.into_iter());
        let next = || queue.lock().ok().and_then(|mut queue| queue.next());
        let serve = || {
            let mut report = DeliveryReport::default();
            while let Some(webhook) = next() {
                run.serve(&webhook, send, &mut report)?;
            }
            Ok::<_, DbError>(report)
        };
        let reports: Vec<Result<DeliveryReport, DbError>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(serve)).collect();
            let panicked = |_| Err(DbError::Panicked);
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(panicked)).collect()
        });
        let mut whole = DeliveryReport::default();
        for report in reports {
            let report = report?;
            whole.sent += report.sent;
            whole.failed += report.failed;
            whole.given_up.extend(report.given_up);
        }
        Ok(whole)
    }
}

/// One run of deliveries.
struct Run<'s> {
    store: &'s Store,
    at: Instant,
    began: Clock,
    allow_private: bool,
}

impl Run<'_> {
    fn now(&self) -> Instant {
        Instant(self.at.0 + i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX / 2))
    }

    /// Sends a receiver what is due for it, until it fails.
    fn serve(
        &self,
        webhook: &Webhook,
        send: &impl Fn(&Delivery) -> Result<(), String>,
        report: &mut DeliveryReport,
    ) -> Result<(), DbError> {
        let mut tried = 0;
        while tried < RUN_MAX {
            let (id, now) = (webhook.id.clone(), self.now());
            let lease = Instant(now.0 + LEASE);
            let due = self.store.write(move |tx| tx.take_due(&id, now, lease, AT_ONCE))?;
            if due.is_empty() {
                return Ok(());
            }
            for (place, promise) in due.iter().enumerate() {
                tried += 1;
                let sent = Delivery::of(webhook, promise, self.allow_private, self.now());
                match sent.and_then(|delivery| send(&delivery)) {
                    Ok(()) => {
                        let id = promise.id;
                        self.store.write(move |tx| tx.sent(id))?;
                        report.sent += 1;
                    }
                    Err(why) => {
                        let later: Vec<i64> =
                            due[place + 1..].iter().map(|promise| promise.id).collect();
                        return self.failed(promise, &why, later, report);
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes a failure, and puts off whatever else is due for this receiver: it would fail as well.
    fn failed(
        &self,
        promise: &Promise,
        why: &str,
        later: Vec<i64>,
        report: &mut DeliveryReport,
    ) -> Result<(), DbError> {
        let now = self.now();
        let next = next(promise, now);
        let error: String = why.chars().take(ERROR_CHARS_MAX).collect();
        report.failed += 1;
        if let Next::GivenUp(_) = next {
            report.given_up.push(GivenUp {
                webhook: promise.webhook.clone(),
                event: promise.event.clone(),
                attempts: promise.attempts + 1,
                error: error.clone(),
            });
        }
        let promise = promise.clone();
        self.store.write(move |tx| {
            tx.failed(promise.id, &error, next)?;
            let until = Instant(now.0 + PAUSE);
            for id in &later {
                tx.put_back(*id, until)?;
            }
            tx.put_off(&promise.webhook, until)?;
            if let Next::GivenUp(_) = next {
                let act = Act::of_job("job:webhooks", now);
                let attempts = promise.attempts + 1;
                let detail =
                    json!({ "event": promise.event, "attempts": attempts, "error": error });
                tx.add_deed(&act.deed("webhook.give_up", KIND, &promise.webhook, &detail))?;
            }
            Ok(())
        })
    }
}

/// When a message that failed now is tried again, if it is.
fn next(promise: &Promise, now: Instant) -> Next {
    if now >= promise.try_until {
        return Next::GivenUp(now);
    }
    let doublings = u32::try_from(promise.attempts.clamp(0, 20)).unwrap_or(0);
    let pause = (PAUSE << doublings).min(PAUSE_MAX);
    // One last attempt at the very end.
    Next::Again(Instant(now.0 + pause).min(promise.try_until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_specification() {
        // The example of the reference libraries of Standard Webhooks.
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature("MfKQ", "a", 1, ""), None);
    }
}
