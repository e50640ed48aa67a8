//! The first administrator: no password that everybody knows, but a link that is good once and for a
//! day, shown to who starts the program.

use membership::{Door, Role, Scope};
use retail::Instant;
use serde_json::json;
use store::{Secret, Tx};

use super::staff::{StaffRights, StaffView, add, is_sound, new_staff};
use super::{granted, password, token};
use crate::{Act, Bounds, Programme, Refused};

const HOUR_US: i64 = 3_600_000_000;

/// A link by which one administrator comes in.
#[derive(Clone, Debug)]
pub struct StaffLink {
    /// Its token, shown this once.
    pub token: Secret,
    /// Until when it is good.
    pub expires_at: Instant,
}

impl Programme {
    /// Makes a link for the first administrator, if there is no staff yet. One made before and not used is
    /// good no more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn invite_first_administrator(&self, at: Instant) -> Result<Option<StaffLink>, Refused> {
        self.invite(&Act::of_job("console", at), true)
    }

    /// Makes a link for one more administrator of the whole programme: for who has lost his way in and
    /// stands before the machine.
    ///
    /// # Errors
    /// [`Refused::NotPermitted`] to who may not add staff, or is bound to a part of the programme.
    pub fn invite_administrator(&self, act: &Act) -> Result<StaffLink, Refused> {
        let made = self.invite(act, false)?;
        made.ok_or_else(|| Refused::Broken { why: "no link was made".to_owned() })
    }

    fn invite(&self, act: &Act, only_first: bool) -> Result<Option<StaffLink>, Refused> {
        let token = token::fresh(32)?;
        let hours = i64::from(self.settings().access.link_hours.max(1));
        let expires_at = Instant(act.at.0 + hours * HOUR_US);
        let (sha256, act) = (token::sha256(token.expose()), act.clone());
        let made = self.store()?.write(move |tx| {
            granted(tx, &act, Scope::StaffWrite)?;
            if act.bounds != Bounds::default() {
                let why = "an administrator of the whole programme is invited by one".to_owned();
                return Err(Refused::NotPermitted { why });
            }
            if only_first && tx.has_staff()? {
                return Ok(false);
            }
            if only_first {
                tx.withdraw_links()?;
            }
            tx.add_link(&sha256, Role::Administrator, expires_at)?;
            note(tx, &act, "staff.invite", &sha256)?;
            Ok(true)
        })?;
        Ok(made.then_some(StaffLink { token, expires_at }))
    }

    /// Uses a link: whoever has it becomes an administrator, with a name and a password of his own. Of
    /// several who try, one does; where his name is taken the link stays good.
    ///
    /// # Errors
    /// [`Refused::NotAdmitted`] with `link_invalid`, whatever is wrong with it; [`Refused::Invalid`] for
    /// the name or password; [`Refused::Conflict`] with `staff_exists`.
    pub fn accept_link(
        &self,
        token: &str,
        id: &str,
        password: &Secret,
        request: &str,
        at: Instant,
    ) -> Result<StaffView, Refused> {
        let sha256 = token::sha256(token);
        // Looked at before the password is hashed, so that nobody without a link makes us work.
        let role = self.store()?.read(|tx| tx.link(&sha256, at))?.ok_or_else(link_invalid)?;
        is_sound(id)?;
        let characters_min = self.settings().access.password_characters_min;
        password::fit("/password", password, id, characters_min)?;
        let hash = self.gate().hashing.hash(password)?;
        let rights = StaffRights { role, door: Door::Office, bounds: Bounds::default() };
        let staff = new_staff(id, &rights, hash, at)?;
        let act = Act { request: request.to_owned(), ..Act::of_job("link", at) };
        self.store()?.write(move |tx| {
            if !tx.use_link(&sha256, at)? {
                return Err(link_invalid());
            }
            note(tx, &act, "staff.accept", &sha256)?;
            add(tx, &act, &staff)
        })
    }
}

/// A link's deed; it is known by the beginning of its hash, which opens nothing.
fn note(tx: &mut Tx<'_>, act: &Act, action: &str, sha256: &str) -> Result<(), Refused> {
    let object = &sha256[..16];
    tx.add_deed(&act.deed(action, "invitation_link", object, &json!({})))?;
    Ok(tx.changed("invitation_link", object, act.at)?)
}

fn link_invalid() -> Refused {
    Refused::NotAdmitted {
        code: "link_invalid",
        why: "the link is not known, was used or is over",
        retry_at: None,
    }
}
