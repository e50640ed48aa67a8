//! Sessions: that somebody signed in a while ago. Of a token only the hash is kept.

use retail::Instant;

use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("session/add");
static READ: Statement = sql!("session/read");
static SEE: Statement = sql!("session/see");
static REMOVE: Statement = sql!("session/remove");
static REMOVE_OF_STAFF: Statement = sql!("session/remove_of_staff");
static REMOVE_OLDER: Statement = sql!("session/remove_older");
static REMOVE_ENDED: Statement = sql!("session/remove_ended");

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of its token, in hex.
    pub token_sha256: String,
    /// Whose.
    pub staff: String,
    /// SHA-256 of the token a write must show besides, in hex.
    pub csrf_sha256: String,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to a minute.
    pub seen_at: Instant,
    /// When it ends, however busy.
    pub expires_at: Instant,
}

impl Tx<'_> {
    /// Adds a session.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_session(&mut self, session: &Session) -> Result<(), DbError> {
        let params = [
            ("token_sha256", (&session.token_sha256).into()),
            ("staff", (&session.staff).into()),
            ("csrf_sha256", (&session.csrf_sha256).into()),
            ("created_at", session.created_at.0.into()),
            ("seen_at", session.seen_at.0.into()),
            ("expires_at", session.expires_at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// The session of a token's hash.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn session(&mut self, token_sha256: &str) -> Result<Option<Session>, DbError> {
        self.row(&READ, &[("token_sha256", token_sha256.into())], |row| {
            Ok(Session {
                token_sha256: row.text()?,
                staff: row.text()?,
                csrf_sha256: row.text()?,
                created_at: Instant(row.integer()?),
                seen_at: Instant(row.integer()?),
                expires_at: Instant(row.integer()?),
            })
        })
    }

    /// Notes that a session is used.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn see_session(&mut self, token_sha256: &str, at: Instant) -> Result<(), DbError> {
        let params = [("token_sha256", token_sha256.into()), ("at", at.0.into())];
        self.execute(&SEE, &params).map(drop)
    }

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn end_session(&mut self, token_sha256: &str) -> Result<bool, DbError> {
        Ok(self.execute(&REMOVE, &[("token_sha256", token_sha256.into())])? > 0)
    }

    /// Ends all sessions of a person; says how many.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn end_sessions_of(&mut self, staff: &str) -> Result<u64, DbError> {
        self.execute(&REMOVE_OF_STAFF, &[("staff", staff.into())])
    }

    /// Ends all but the newest sessions of a person.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn end_older_sessions_of(&mut self, staff: &str, keep: u32) -> Result<u64, DbError> {
        let params = [("staff", staff.into()), ("keep", i64::from(keep).into())];
        self.execute(&REMOVE_OLDER, &params)
    }

    /// Forgets sessions that are over: expired at a moment, or not used since another; says how many.
    ///
    /// # Errors
    /// As [`Tx::add_session`].
    pub fn forget_sessions(&mut self, at: Instant, seen_before: Instant) -> Result<u64, DbError> {
        let params = [("at", at.0.into()), ("seen_before", seen_before.0.into())];
        self.execute(&REMOVE_ENDED, &params)
    }
}
