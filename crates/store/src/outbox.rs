//! The outbox: messages promised in the write that they tell of, and not yet sent.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("outbox/add");
static DUE: Statement = sql!("outbox/due", "outbox/due.postgres");
static LEASE: Statement = sql!("outbox/lease");
static SENT: Statement = sql!("outbox/sent");
static FAILED: Statement = sql!("outbox/failed");
static PUT_OFF: Statement = sql!("outbox/put_off");
static GIVEN_UP: Statement = sql!("outbox/given_up");
static AGAIN: Statement = sql!("outbox/again");
static REMOVE: Statement = sql!("outbox/remove");
static WAITING: Statement = sql!("outbox/waiting");

/// How long a message is tried, in microseconds: three days.
const TRIED_FOR: i64 = 3 * 24 * 3600 * 1_000_000;

/// A message promised to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Its number.
    pub id: i64,
    /// Whom it is for.
    pub webhook: String,
    /// Kind of event.
    pub event: String,
    /// What happened, as JSON.
    pub body: String,
    /// When it is to be tried next.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it happened.
    pub created_at: Instant,
    /// Until when it is tried.
    pub try_until: Instant,
    /// When it was given up.
    pub given_up_at: Option<Instant>,
}

/// What comes of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again at this time.
    Again(Instant),
    /// It is not tried again; this is when that was decided.
    GivenUp(Instant),
}

/// How much waits for a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Messages that are still tried.
    pub messages: i64,
    /// When the oldest of them was promised; nothing where none waits.
    pub since: Option<Instant>,
}

impl Tx<'_> {
    /// Promises to tell every webhook that wants this kind of event; in the transaction of the write
    /// that it tells of, so that both are stored or neither. Gives the number of messages.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn promise(&mut self, event: &str, body: &str, at: Instant) -> Result<usize, DbError> {
        let webhooks = self.webhooks()?;
        let wanting = webhooks.iter().filter(|webhook| webhook.wants(event));
        let mut messages = 0;
        for webhook in wanting {
            let params = [
                ("webhook", (&webhook.id).into()),
                ("event", event.into()),
                ("body", body.into()),
                ("at", at.0.into()),
                ("try_until", (at.0 + TRIED_FOR).into()),
            ];
            self.execute(&ADD, &params)?;
            messages += 1;
        }
        Ok(messages)
    }

    /// Takes a webhook's messages that are due, at most so many, the longest due first. Until the end
    /// of the lease nobody else has them: whoever takes them and dies leaves them to the next.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn take_due(
        &mut self,
        webhook: &str,
        at: Instant,
        lease_until: Instant,
        most: u32,
    ) -> Result<Vec<Promise>, DbError> {
        let params =
            [("webhook", webhook.into()), ("at", at.0.into()), ("most", i64::from(most).into())];
        let due = self.rows(&DUE, &params, promise)?;
        for promise in &due {
            self.put_back(promise.id, lease_until)?;
        }
        Ok(due)
    }

    /// Puts a message that was taken and not tried back, due at a time.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn put_back(&mut self, id: i64, due_at: Instant) -> Result<(), DbError> {
        self.execute(&LEASE, &[("until", due_at.0.into()), ("id", id.into())]).map(drop)
    }

    /// A message was taken by its receiver.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn sent(&mut self, id: i64) -> Result<(), DbError> {
        self.execute(&SENT, &[("id", id.into())]).map(drop)
    }

    /// An attempt failed. A message that is given up stays, so that a person may decide about it.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn failed(&mut self, id: i64, why: &str, next: Next) -> Result<(), DbError> {
        let (due_at, given_up_at) = match next {
            Next::Again(at) => (at, None),
            Next::GivenUp(at) => (at, Some(at.0)),
        };
        let params = [
            ("due_at", due_at.0.into()),
            ("last_error", why.into()),
            ("given_up_at", given_up_at.into()),
            ("id", id.into()),
        ];
        self.execute(&FAILED, &params).map(drop)
    }

    /// Puts off all messages of a webhook that would be due before a time: its receiver is not there,
    /// and asking it once more for each message helps nobody.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn put_off(&mut self, webhook: &str, until: Instant) -> Result<u64, DbError> {
        self.execute(&PUT_OFF, &[("until", until.0.into()), ("webhook", webhook.into())])
    }

    /// A webhook's messages that were given up, after a number, at most so many.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn given_up(
        &mut self,
        webhook: &str,
        after: i64,
        most: u32,
    ) -> Result<Vec<Promise>, DbError> {
        let params = [
            ("webhook", webhook.into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&GIVEN_UP, &params, promise)
    }

    /// Tries a webhook's given-up messages again, as if they were new; says how many.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn try_again(&mut self, webhook: &str, at: Instant) -> Result<u64, DbError> {
        let params = [
            ("at", at.0.into()),
            ("try_until", (at.0 + TRIED_FOR).into()),
            ("webhook", webhook.into()),
        ];
        self.execute(&AGAIN, &params)
    }

    /// How much waits for a webhook.
    ///
    /// # Errors
    /// As [`Tx::promise`].
    pub fn waiting(&mut self, webhook: &str) -> Result<Waiting, DbError> {
        let counted = self.row(&WAITING, &[("webhook", webhook.into())], |row| {
            Ok((row.integer()?, Instant(row.integer()?)))
        })?;
        let (messages, since) = counted.unwrap_or((0, Instant(0)));
        Ok(Waiting { messages, since: (messages > 0).then_some(since) })
    }

    pub(crate) fn forget_promises(&mut self, webhook: &str) -> Result<(), DbError> {
        self.execute(&REMOVE, &[("webhook", webhook.into())]).map(drop)
    }
}

fn promise(row: &mut Row) -> Result<Promise, DbError> {
    Ok(Promise {
        id: row.integer()?,
        webhook: row.text()?,
        event: row.text()?,
        body: row.text()?,
        due_at: Instant(row.integer()?),
        attempts: row.integer()?,
        last_error: row.text_or_null()?,
        created_at: Instant(row.integer()?),
        try_until: Instant(row.integer()?),
        given_up_at: row.integer_or_null()?.map(Instant),
    })
}
