//! Requests with a key: what was answered once is answered again.

use retail::Instant;

use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static READ: Statement = sql!("request/read");
static ADD: Statement = sql!("request/add");
static FORGET: Statement = sql!("request/forget");

/// What was asked with a key, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Hash of what was asked.
    pub body_sha256: String,
    /// The answer, as JSON.
    pub answer: String,
}

impl Tx<'_> {
    /// What was answered to a caller's key, if anything.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn answered(&mut self, caller: &str, key: &str) -> Result<Option<Answered>, DbError> {
        self.row(&READ, &[("caller", caller.into()), ("key", key.into())], |row| {
            Ok(Answered { body_sha256: row.text()?, answer: row.text()? })
        })
    }

    /// Keeps the answer to a caller's key.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the key is known.
    pub fn keep_answer(
        &mut self,
        caller: &str,
        key: &str,
        answered: &Answered,
        at: Instant,
    ) -> Result<(), DbError> {
        let params = [
            ("caller", caller.into()),
            ("key", key.into()),
            ("body_sha256", (&answered.body_sha256).into()),
            ("answer", (&answered.answer).into()),
            ("at", at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// Forgets answers that were given before a moment; says how many.
    ///
    /// # Errors
    /// As [`Tx::answered`].
    pub fn forget_answers(&mut self, before: Instant) -> Result<u64, DbError> {
        self.execute(&FORGET, &[("before", before.0.into())])
    }
}
