//! Webhooks: where other systems want to be told of events, and with which secret messages are signed.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Secret, Tx};

static ADD: Statement = sql!("webhook/add");
static READ: Statement = sql!("webhook/read");
static LOCK: Statement = sql!("webhook/read", "webhook/lock.postgres");
static ALL: Statement = sql!("webhook/all");
static PUT: Statement = sql!("webhook/put");
static REMOVE: Statement = sql!("webhook/remove");

/// An address of another system that wants to be told.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where messages are posted.
    pub url: String,
    /// What they are signed with: `whsec_` and base64.
    pub secret: Secret,
    /// What they were signed with before, and until when they are signed with it as well.
    pub former: Option<(Secret, Instant)>,
    /// Kinds of events it wants: `card.blocked`; `card.*` means all that begin like this, `*` all.
    pub events: Vec<String>,
    /// Nothing is promised to it, and nothing sent.
    pub disabled: bool,
    /// When it was added.
    pub created_at: Instant,
    /// Rises with each change.
    pub version: i64,
}

impl Webhook {
    /// Whether it wants to be told of an event.
    #[must_use]
    pub fn wants(&self, event: &str) -> bool {
        !self.disabled && self.events.iter().any(|wanted| covers(wanted, event))
    }
}

fn covers(wanted: &str, event: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => event.starts_with(beginning),
        None => wanted == event,
    }
}

impl Tx<'_> {
    /// Adds a webhook, enabled and with one secret.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the id is taken.
    pub fn add_webhook(&mut self, webhook: &Webhook) -> Result<(), DbError> {
        let events = events_text(webhook);
        let params = [
            ("id", (&webhook.id).into()),
            ("url", (&webhook.url).into()),
            ("secret", webhook.secret.expose().into()),
            ("events", (&events).into()),
            ("created_at", webhook.created_at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// A webhook, if there is one of this id.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn webhook(&mut self, id: &str) -> Result<Option<Webhook>, DbError> {
        self.row(&READ, &[("id", id.into())], webhook)
    }

    /// A webhook that is about to be changed: nobody else changes it meanwhile.
    ///
    /// # Errors
    /// As [`Tx::webhook`].
    pub fn webhook_to_change(&mut self, id: &str) -> Result<Option<Webhook>, DbError> {
        self.row(&LOCK, &[("id", id.into())], webhook)
    }

    /// All webhooks, by id.
    ///
    /// # Errors
    /// As [`Tx::webhook`].
    pub fn webhooks(&mut self) -> Result<Vec<Webhook>, DbError> {
        self.rows(&ALL, &[], webhook)
    }

    /// Changes a webhook; its version rises.
    ///
    /// # Errors
    /// As [`Tx::webhook`].
    pub fn put_webhook(&mut self, webhook: &Webhook) -> Result<(), DbError> {
        let events = events_text(webhook);
        let former = webhook.former.as_ref();
        let params = [
            ("url", (&webhook.url).into()),
            ("secret", webhook.secret.expose().into()),
            ("former_secret", former.map(|(secret, _)| secret.expose()).into()),
            ("former_until", former.map(|(_, until)| until.0).into()),
            ("events", (&events).into()),
            ("disabled", webhook.disabled.into()),
            ("id", (&webhook.id).into()),
        ];
        self.execute(&PUT, &params).map(drop)
    }

    /// Removes a webhook, and whatever was promised to it.
    ///
    /// # Errors
    /// As [`Tx::webhook`].
    pub fn remove_webhook(&mut self, id: &str) -> Result<(), DbError> {
        self.execute(&REMOVE, &[("id", id.into())])?;
        self.forget_promises(id)
    }
}

fn events_text(webhook: &Webhook) -> String {
    serde_json::Value::from(webhook.events.clone()).to_string()
}

fn webhook(row: &mut Row) -> Result<Webhook, DbError> {
    let (id, url, secret) = (row.text()?, row.text()?, row.text()?);
    let (former_secret, former_until) = (row.text_or_null()?, row.integer_or_null()?);
    Ok(Webhook {
        id,
        url,
        secret: Secret::new(secret),
        former: former_secret.map(Secret::new).zip(former_until.map(Instant)),
        events: row.json()?,
        disabled: row.flag()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_webhook_wants_what_it_names() {
        for (wanted, event, expected) in [
            ("card.blocked", "card.blocked", true),
            ("card.blocked", "card.blocked_twice", false),
            ("card.*", "card.blocked", true),
            ("card.*", "cardholder.added", false),
            ("*", "receipt.posted", true),
            ("", "receipt.posted", false),
        ] {
            assert_eq!(covers(wanted, event), expected, "{wanted} {event}");
        }
    }
}
