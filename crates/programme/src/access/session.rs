//! Sessions: a token that stands for a name and a password for a while. A session is over when nobody
//! uses it for some time, at the latest after some hours, and when its person leaves or changes the
//! password.

use membership::{Scope, scopes_of};
use retail::Instant;
use serde_json::json;
use store::Secret;

use super::{Caller, granted, not_authenticated, token};
use crate::{Act, Bounds, Programme, Refused};

/// How often it is noted that a session is used.
const SEEN_EVERY_US: i64 = 60_000_000;
/// Hex of 256 bits: what is longer or shorter is no token of ours, and not worth a look.
const TOKEN_BYTES: usize = 64;

/// What writes of a session show besides its token: bound to it, and no way back to it.
#[must_use]
pub fn csrf_of(token: &Secret) -> Secret {
    Secret::new(token::sha256(&format!("csrf:{}", token.expose())))
}

impl Programme {
    /// Who a session's token stands for. A write shows the session's second token as well, which a
    /// foreign page cannot know.
    ///
    /// # Errors
    /// [`Refused::NotAdmitted`]: `unauthenticated` whatever is wrong with the token, `csrf_failed` where
    /// only the second is.
    pub fn authenticate_session(
        &self,
        token: &str,
        csrf: Option<&str>,
        write: bool,
        at: Instant,
    ) -> Result<Caller, Refused> {
        if token.len() != TOKEN_BYTES {
            return Err(not_authenticated());
        }
        let sha256 = token::sha256(token);
        let found = self.store()?.read(|tx| {
            let Some(session) = tx.session(&sha256)? else { return Ok(None) };
            let staff = tx.staff(&session.staff)?;
            Ok::<_, Refused>(staff.map(|staff| (session, staff)))
        })?;
        let (session, staff) = found.ok_or_else(not_authenticated)?;
        let idle_over = Instant(session.seen_at.0 + self.session_idle_us());
        if staff.disabled || at >= session.expires_at || at >= idle_over {
            return Err(not_authenticated());
        }
        let shown = token::sha256(csrf.unwrap_or_default());
        if write && !token::same(&shown, &session.csrf_sha256) {
            return Err(Refused::NotAdmitted {
                code: "csrf_failed",
                why: "a write shows the session's second token",
                retry_at: None,
            });
        }
        if at.0 - session.seen_at.0 >= SEEN_EVERY_US {
            self.see(sha256, at)?;
        }
        let bounds = Bounds::understood("staff", &staff.id, &staff.bounds)?;
        Ok(Caller {
            actor: format!("staff:{}", staff.id),
            role: staff.role,
            door: staff.door,
            scopes: scopes_of(staff.role).to_vec(),
            shop: bounds.shop(),
            bounds,
            till: None,
            live: true,
        })
    }

    /// Notes that a session is used. That is no deed of anybody's, and a database that is busy does not
    /// keep him out.
    fn see(&self, sha256: String, at: Instant) -> Result<(), Refused> {
        match self.store()?.write(move |tx| tx.see_session(&sha256, at)) {
            Err(error) if !error.may_pass() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Ends a session; one that is over already stays so.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sign_out(&self, act: &Act, token: &Secret) -> Result<(), Refused> {
        let sha256 = token::sha256(token.expose());
        self.perform(act, move |tx, act| {
            let Some(session) = tx.session(&sha256)? else { return Ok(()) };
            tx.end_session(&sha256)?;
            tx.add_deed(&act.deed("staff.sign_out", "staff", &session.staff, &json!({})))?;
            Ok(tx.changed("staff", &session.staff, act.at)?)
        })
    }

    /// Ends all sessions of a person: one's own, or with the right to change staff anybody's within one's
    /// bounds. Says how many.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::NotPermitted`].
    pub fn end_sessions(&self, act: &Act, id: &str) -> Result<u64, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            if act.actor.strip_prefix("staff:") != Some(id.as_str()) {
                granted(tx, act, Scope::StaffWrite)?;
                super::staff::visible(tx.staff(&id)?, act, &id)?;
            }
            let ended = tx.end_sessions_of(&id)?;
            tx.add_deed(&act.deed("staff.end_sessions", "staff", &id, &json!({ "ended": ended })))?;
            tx.changed("staff", &id, act.at)?;
            Ok(ended)
        })
    }

    /// Forgets sessions that are over; says how many. A job calls it now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget_sessions(&self, at: Instant) -> Result<u64, Refused> {
        let seen_before = Instant(at.0 - self.session_idle_us());
        Ok(self.store()?.write(move |tx| tx.forget_sessions(at, seen_before))?)
    }

    fn session_idle_us(&self) -> i64 {
        i64::from(self.settings().access.session_idle_minutes.max(1)) * 60_000_000
    }
}
