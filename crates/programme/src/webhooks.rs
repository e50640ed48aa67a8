//! Webhooks: other systems are told what happened, by messages signed as the specification Standard
//! Webhooks asks.
//!
//! A write promises messages in its own transaction ([`store::Tx::promise`]); a job delivers what is due
//! ([`Programme::deliver_due`]), through [`WebhookSender`] or whatever the caller gives in its place.
//! Each arrives at least once: a receiver knows by the header `webhook-id` what it has had already.

mod address;
mod delivery;
mod sender;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use retail::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Promise, Secret, Tx, Webhook};

pub use delivery::{Delivery, DeliveryReport, GivenUp};
pub use sender::WebhookSender;

use crate::places::refuse_unless;
use crate::{Act, Bounds, FieldProblem, Programme, Refused};

const KIND: &str = "webhook";
/// Bytes of a secret, as the specification advises: 24 to 64.
const SECRET_BYTES: usize = 32;
const SECRET_PREFIX: &str = "whsec_";
const WEBHOOKS_MAX: usize = 100;
const URL_CHARS_MAX: usize = 2000;
const EVENTS_MAX: usize = 100;
const EVENT_CHARS_MAX: usize = 100;
/// How long messages are signed with a former secret as well at most: 30 days, in microseconds.
const FORMER_MAX: i64 = 30 * 24 * 3600 * 1_000_000;

/// A webhook as it is added.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where messages are posted: https, without a name and a password in it.
    pub url: String,
    /// Kinds of events: `card.blocked`; `card.*` means all that begin like this, `*` all.
    pub events: Vec<String>,
}

/// A webhook as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct WebhookView {
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub disabled: bool,
    /// Until when messages are signed with the former secret as well.
    pub former_until: Option<Instant>,
    pub created_at: Instant,
    pub version: i64,
}

/// A webhook that was added, or given a new secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookMade {
    /// What it is.
    pub webhook: WebhookView,
    /// What its messages are signed with, shown this once: it is not in the answer that is kept for a
    /// request's key. Who lost it gives the webhook a new one.
    #[serde(skip)]
    pub secret: Option<Secret>,
}

/// How a webhook's messages fare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookState {
    /// Messages that are still tried.
    pub waiting: i64,
    /// When the oldest of them was promised.
    pub waiting_since: Option<Instant>,
    /// Messages that were given up, the oldest hundred.
    pub given_up: Vec<Undelivered>,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct Undelivered {
    pub id: i64,
    pub event: String,
    pub created_at: Instant,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub given_up_at: Option<Instant>,
}

impl Programme {
    /// Adds a webhook. Its secret is in the first answer only.
    ///
    /// # Errors
    /// `invalid` with the fields that are wrong; `not_permitted` for whoever is bound to networks, shops
    /// or a partner; `too_many`.
    pub fn add_webhook(&self, act: &Act, new: &NewWebhook) -> Result<WebhookMade, Refused> {
        refuse_unless(
            url_problem(&new.url, self.private_allowed())
                .into_iter()
                .chain(event_problems(&new.events)),
        )?;
        let webhook = Webhook {
            id: format!("wh_{}", hex(&random::<8>()?)),
            url: new.url.clone(),
            secret: fresh_secret()?,
            former: None,
            events: new.events.clone(),
            disabled: false,
            created_at: act.at,
            version: 1,
        };
        self.perform(act, move |tx, act| {
            for_the_unbound(act)?;
            if tx.webhooks()?.len() >= WEBHOOKS_MAX {
                let why = format!("there are {WEBHOOKS_MAX} webhooks already");
                return Err(Refused::Conflict { code: "too_many", why });
            }
            tx.add_webhook(&webhook)?;
            let detail = json!({ "host": host(&webhook.url), "events": webhook.events });
            told(tx, act, "webhook.add", &webhook.id, &detail)?;
            Ok(WebhookMade {
                webhook: WebhookView::of(&webhook),
                secret: Some(webhook.secret.clone()),
            })
        })
    }

    /// All webhooks, by id.
    ///
    /// # Errors
    /// `not_permitted` as for [`Programme::add_webhook`]; so do the others.
    pub fn webhooks(&self, act: &Act) -> Result<Vec<WebhookView>, Refused> {
        for_the_unbound(act)?;
        self.store()?.read(|tx| Ok(tx.webhooks()?.iter().map(WebhookView::of).collect()))
    }

    /// A webhook.
    ///
    /// # Errors
    /// `not_found`.
    pub fn webhook(&self, act: &Act, id: &str) -> Result<WebhookView, Refused> {
        for_the_unbound(act)?;
        self.store()?.read(|tx| Ok(WebhookView::of(&found(tx.webhook(id)?, id)?)))
    }

    /// How a webhook's messages fare.
    ///
    /// # Errors
    /// `not_found`.
    pub fn webhook_state(&self, act: &Act, id: &str) -> Result<WebhookState, Refused> {
        for_the_unbound(act)?;
        self.store()?.read(|tx| {
            found(tx.webhook(id)?, id)?;
            let waiting = tx.waiting(id)?;
            let given_up = tx.given_up(id, 0, 100)?.into_iter().map(Undelivered::of).collect();
            Ok(WebhookState { waiting: waiting.messages, waiting_since: waiting.since, given_up })
        })
    }

    /// Gives a webhook a new secret. Until a moment, at most 30 days away, messages are signed with the
    /// former one as well, so that the receiver may change his in peace.
    ///
    /// # Errors
    /// `not_found`; `invalid` for the moment.
    pub fn rotate_webhook_secret(
        &self,
        act: &Act,
        id: &str,
        former_until: Instant,
    ) -> Result<WebhookMade, Refused> {
        if former_until.0 > act.at.0 + FORMER_MAX {
            let why = "a former secret is good for 30 days at most";
            return Err(Refused::field("/former_seconds", "too_late", why));
        }
        let secret = fresh_secret()?;
        let detail = json!({ "former_until": former_until });
        self.change_webhook(act, id, "webhook.rotate", detail, move |webhook| {
            let former = std::mem::replace(&mut webhook.secret, secret.clone());
            webhook.former = Some((former, former_until));
            Some(secret.clone())
        })
    }

    /// Ends a webhook's messages, or begins them again. While it is disabled nothing is promised to it;
    /// what was promised before waits, and is given up three days after it was.
    ///
    /// # Errors
    /// `not_found`.
    pub fn disable_webhook(
        &self,
        act: &Act,
        id: &str,
        disabled: bool,
    ) -> Result<WebhookView, Refused> {
        let action = if disabled { "webhook.disable" } else { "webhook.enable" };
        let made = self.change_webhook(act, id, action, json!({}), move |webhook| {
            webhook.disabled = disabled;
            None
        })?;
        Ok(made.webhook)
    }

    /// Removes a webhook with everything that waits for it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn remove_webhook(&self, act: &Act, id: &str) -> Result<(), Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            for_the_unbound(act)?;
            found(tx.webhook_to_change(&id)?, &id)?;
            let dropped = tx.waiting(&id)?.messages;
            tx.remove_webhook(&id)?;
            told(tx, act, "webhook.remove", &id, &json!({ "messages_dropped": dropped }))
        })
    }

    /// Tries a webhook's given-up messages again, as if they were new; says how many.
    ///
    /// # Errors
    /// `not_found`.
    pub fn deliver_again(&self, act: &Act, id: &str) -> Result<u64, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            for_the_unbound(act)?;
            found(tx.webhook_to_change(&id)?, &id)?;
            let messages = tx.try_again(&id, act.at)?;
            told(tx, act, "webhook.deliver_again", &id, &json!({ "messages": messages }))?;
            Ok(messages)
        })
    }

    fn change_webhook(
        &self,
        act: &Act,
        id: &str,
        action: &'static str,
        detail: serde_json::Value,
        apply: impl Fn(&mut Webhook) -> Option<Secret> + Send + 'static,
    ) -> Result<WebhookMade, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            for_the_unbound(act)?;
            let mut webhook = found(tx.webhook_to_change(&id)?, &id)?;
            let secret = apply(&mut webhook);
            tx.put_webhook(&webhook)?;
            webhook.version += 1;
            told(tx, act, action, &id, &detail)?;
            Ok(WebhookMade { webhook: WebhookView::of(&webhook), secret })
        })
    }

    fn private_allowed(&self) -> bool {
        self.settings.webhooks.allow_private
    }
}

impl WebhookView {
    fn of(webhook: &Webhook) -> Self {
        let Webhook { id, url, events, disabled, created_at, version, .. } = webhook.clone();
        let former_until = webhook.former.as_ref().map(|(_, until)| *until);
        Self { id, url, events, disabled, former_until, created_at, version }
    }
}

impl Undelivered {
    fn of(promise: Promise) -> Self {
        let Promise { id, event, created_at, attempts, last_error, given_up_at, .. } = promise;
        Self { id, event, created_at, attempts, last_error, given_up_at }
    }
}

/// Says in audit and changes what was done. No message tells of it: a webhook would be its own news.
fn told(
    tx: &mut Tx<'_>,
    act: &Act,
    action: &str,
    id: &str,
    detail: &serde_json::Value,
) -> Result<(), Refused> {
    tx.add_deed(&act.deed(action, KIND, id, detail))?;
    Ok(tx.changed(KIND, id, act.at)?)
}

/// Messages tell of the whole programme: whoever is bound to a part of it has no business with them.
fn for_the_unbound(act: &Act) -> Result<(), Refused> {
    if act.bounds == Bounds::default() {
        return Ok(());
    }
    let why = "webhooks tell of the whole programme; whoever is bound to a part of it has none";
    Err(Refused::NotPermitted { why: why.to_owned() })
}

fn found(webhook: Option<Webhook>, id: &str) -> Result<Webhook, Refused> {
    webhook.ok_or_else(|| Refused::NotFound { kind: KIND, id: id.to_owned() })
}

fn url_problem(url: &str, allow_private: bool) -> Option<FieldProblem> {
    let problem =
        |code, detail: String| Some(FieldProblem { pointer: "/url".to_owned(), code, detail });
    if url.chars().count() > URL_CHARS_MAX {
        return problem("too_long", format!("an address has {URL_CHARS_MAX} characters at most"));
    }
    match address::understood(url, allow_private) {
        Ok(_) => None,
        Err(why) => problem("url_refused", why),
    }
}

fn event_problems(events: &[String]) -> Vec<FieldProblem> {
    let problem = |pointer: String, detail: String| FieldProblem { pointer, code: "event", detail };
    if events.is_empty() || events.len() > EVENTS_MAX {
        let detail = format!("name 1 to {EVENTS_MAX} kinds of events");
        return vec![problem("/events".to_owned(), detail)];
    }
    let wrong = events.iter().enumerate().filter(|(_, event)| !is_event(event));
    wrong
        .map(|(place, _)| {
            let detail = "write a kind of event as card.blocked, card.* or *".to_owned();
            problem(format!("/events/{place}"), detail)
        })
        .collect()
}

fn is_event(event: &str) -> bool {
    let name = event.strip_suffix('*').unwrap_or(event);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_';
    !event.is_empty() && event.len() <= EVENT_CHARS_MAX && name.chars().all(plain)
}

/// The host alone: a token may stand in the rest of an address.
fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn fresh_secret() -> Result<Secret, Refused> {
    Ok(Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(random::<SECRET_BYTES>()?))))
}

fn random<const N: usize>() -> Result<[u8; N], Refused> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refused::Broken {
        why: format!("the system gives no random bytes: {error}"),
    })?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
