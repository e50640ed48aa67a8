//! Signing in: a name, a password, a code where a device is set up; failures count, and lock.

use retail::Instant;
use serde_json::json;
use store::{Done, Secret, Session, Staff, Tx};

use super::staff::StaffView;
use super::{is_sound_id, locked, sign_in_failed, token, totp};
use crate::settings::AccessSettings;
use crate::{Act, Bounds, Programme, Refused};

/// What somebody shows to be let in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The name.
    pub id: String,
    /// The password.
    pub password: Secret,
    /// The code of his device, if he has shown one.
    pub code: Option<Secret>,
    /// The request, by which log lines are found.
    pub request: String,
}

/// That somebody was let in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session's token, for a cookie. Only its hash is kept.
    pub token: Secret,
    /// What writes of the session show besides.
    pub csrf: Secret,
    /// When the session ends at the latest.
    pub expires_at: Instant,
    /// Who he is.
    pub staff: StaffView,
}

/// How failures lock a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct LockRule {
    failures_max: u32,
    first_us: i64,
    longest_us: i64,
}

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;

/// What was shown, and how it was held against what was known then.
pub(super) struct Tried {
    id: String,
    /// The hash it was held against; another now, and it counts for nothing.
    password: Secret,
    right: bool,
    device: Device,
    step: Option<i64>,
    request: String,
    at: Instant,
}

/// What came of it.
pub(super) enum Settled<T> {
    In(T),
    Failed,
    Locked(Instant),
}

impl Programme {
    /// Lets a member of staff in. Whether the name, the password or the code was wrong is not said, and
    /// takes the same time; after some failures nobody is let in by that name for a while.
    ///
    /// # Errors
    /// [`Refused::NotAdmitted`] with the code `sign_in_failed`, `locked` (and until when), or
    /// `totp_required` where all was right and only the device's code is missing; [`Refused::Busy`] where
    /// very many sign in at once.
    pub fn sign_in(&self, shown: &SignIn, at: Instant) -> Result<SignedIn, Refused> {
        let tried = self.try_password(shown, Device::Asked, at)?;
        let settings = &self.settings().access;
        let rehashed = match tried.outdated && tried.tried.right {
            true => Some(self.gate().hashing.hash(&shown.password)?),
            false => None,
        };
        let token = token::fresh(32)?;
        let csrf = super::csrf_of(&token);
        let expires_at = Instant(at.0 + i64::from(settings.session_hours_max) * HOUR_US);
        let session = Session {
            token_sha256: token::sha256(token.expose()),
            staff: shown.id.clone(),
            csrf_sha256: token::sha256(csrf.expose()),
            created_at: at,
            seen_at: at,
            expires_at,
        };
        let (rule, keep, tried) = (LockRule::of(settings), settings.sessions_max, tried.tried);
        let settled = self.store()?.write(move |tx| {
            settle(tx, &tried, &rule, |tx, staff, act| {
                if let Some(password) = &rehashed {
                    staff.password = password.clone();
                }
                tx.put_staff(staff)?;
                tx.add_session(&session)?;
                tx.end_older_sessions_of(&staff.id, keep.max(1))?;
                tx.add_deed(&act.deed("staff.sign_in", "staff", &staff.id, &json!({})))?;
                tx.changed("staff", &staff.id, act.at)?;
                StaffView::of(staff)
            })
        })?;
        let staff = settled.admitted()?;
        Ok(SignedIn { token, csrf, expires_at, staff })
    }

    /// Holds a password, and a code if one is asked for, against what is known; changes nothing but the
    /// count of strangers.
    pub(super) fn try_password(
        &self,
        shown: &SignIn,
        device: Device,
        at: Instant,
    ) -> Result<Held, Refused> {
        let known = match is_sound_id(&shown.id) {
            true => self.store()?.read(|tx| tx.staff(&shown.id))?,
            false => None,
        };
        let until = match &known {
            Some(staff) => staff.locked_until,
            None => self.gate().strangers.locked_until(&shown.id)?,
        };
        if let Some(until) = until.filter(|until| *until > at) {
            return Err(locked(until));
        }
        let hash = known.as_ref().map(|staff| &staff.password);
        let verified = self.gate().hashing.verify(&shown.password, hash)?;
        let Some(staff) = known else {
            self.note_stranger(&shown.id, at)?;
            return Err(sign_in_failed());
        };
        let (right, step) = match (device, &staff.totp_secret, &shown.code) {
            (Device::Asked, Some(_), None) if verified.right && !staff.disabled => {
                return Err(Refused::NotAdmitted {
                    code: "totp_required",
                    why: "the code of the device is needed besides",
                    retry_at: None,
                });
            }
            (Device::Asked, Some(_), None) => (false, None),
            (Device::Asked, Some(secret), Some(code)) => {
                let step = totp::step(secret, code, at)?;
                (verified.right && step.is_some(), step)
            }
            _ => (verified.right, None),
        };
        let tried = Tried {
            id: staff.id,
            password: staff.password,
            right,
            device,
            step,
            request: shown.request.clone(),
            at,
        };
        Ok(Held { tried, outdated: verified.outdated })
    }

    /// Counts a failure by a name that nobody has. It is written as well, so that it takes as long.
    fn note_stranger(&self, id: &str, at: Instant) -> Result<(), Refused> {
        let rule = LockRule::of(&self.settings().access);
        self.gate().strangers.failed(id, &rule, at)?;
        let day = at.utc_day();
        let once = Done { times: 1, amount: 0 };
        self.store()?.write(move |tx| {
            tx.add_activity("stranger.sign_in", "", day, once)?;
            Ok::<_, Refused>(())
        })
    }
}

/// Whether the code of a device is asked for, where one is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Asked,
    NotAsked,
}

/// How what was shown compares with what is known.
pub(super) struct Held {
    pub tried: Tried,
    /// Whether the hash is worth making anew.
    pub outdated: bool,
}

/// Does what a person proved to be himself may do, or counts the failure: another may have locked the
/// name, changed the password or used the code since he was looked up.
pub(super) fn settle<T>(
    tx: &mut Tx<'_>,
    tried: &Tried,
    rule: &LockRule,
    admitted: impl FnOnce(&mut Tx<'_>, &mut Staff, &Act) -> Result<T, Refused>,
) -> Result<Settled<T>, Refused> {
    let Some(mut staff) = tx.staff_to_change(&tried.id)? else { return Ok(Settled::Failed) };
    if let Some(until) = staff.locked_until.filter(|until| *until > tried.at) {
        return Ok(Settled::Locked(until));
    }
    let act = act_of(&staff, &tried.request, tried.at)?;
    let unused = match (tried.step, staff.totp_last_step) {
        (Some(step), Some(last)) => step > last,
        _ => true,
    };
    // A device may have been set up since.
    let shown =
        tried.device == Device::NotAsked || tried.step.is_some() || staff.totp_secret.is_none();
    let unchanged = staff.password.expose() == tried.password.expose();
    let lock = staff.locked_until;
    if tried.right && shown && unused && unchanged && !staff.disabled {
        staff.failures = 0;
        staff.locked_until = None;
        staff.totp_last_step = tried.step.or(staff.totp_last_step);
        // A lock is shown, so who looks at its version must see that it is gone.
        staff.version += i64::from(lock.is_some());
        return admitted(tx, &mut staff, &act).map(Settled::In);
    }
    staff.failures = staff.failures.saturating_add(1);
    staff.locked_until = rule.locked_until(staff.failures, tried.at);
    staff.version += i64::from(staff.locked_until != lock);
    tx.put_staff(&staff)?;
    let detail = json!({ "failures": staff.failures });
    tx.add_deed(&act.deed("staff.sign_in_failed", "staff", &staff.id, &detail))?;
    tx.changed("staff", &staff.id, tried.at)?;
    Ok(Settled::Failed)
}

/// What a member of staff does by himself, before he has a session.
fn act_of(staff: &Staff, request: &str, at: Instant) -> Result<Act, Refused> {
    let bounds = Bounds::understood("staff", &staff.id, &staff.bounds)?;
    Ok(Act {
        actor: format!("staff:{}", staff.id),
        role: staff.role,
        door: staff.door,
        shop: bounds.shop(),
        bounds,
        till: None,
        request: request.to_owned(),
        rehearsal: false,
        key: None,
        at,
    })
}

impl<T> Settled<T> {
    /// The answer of who was let in.
    pub(super) fn admitted(self) -> Result<T, Refused> {
        match self {
            Self::In(answer) => Ok(answer),
            Self::Failed => Err(sign_in_failed()),
            Self::Locked(until) => Err(locked(until)),
        }
    }
}

impl LockRule {
    pub(super) fn of(settings: &AccessSettings) -> Self {
        let first_us = i64::from(settings.lock_minutes_min.max(1)) * MINUTE_US;
        let longest_us = (i64::from(settings.lock_minutes_max) * MINUTE_US).max(first_us);
        Self { failures_max: settings.failures_max.max(1), first_us, longest_us }
    }

    /// Until when a name is locked after so many failures, the last of them now.
    pub(super) fn locked_until(&self, failures: u32, at: Instant) -> Option<Instant> {
        let doublings = failures.checked_sub(self.failures_max)?.min(30);
        let wait = self.first_us.saturating_mul(1 << doublings).min(self.longest_us);
        Some(Instant(at.0.saturating_add(wait)))
    }
}

/// Whether one acts as himself: the name under which he signed in.
pub(super) fn own_id(act: &Act) -> Result<&str, Refused> {
    act.actor.strip_prefix("staff:").ok_or_else(|| Refused::NotPermitted {
        why: "this is done by a member of staff for himself".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_doubles_up_to_an_hour() {
        let rule = LockRule { failures_max: 5, first_us: MINUTE_US, longest_us: 60 * MINUTE_US };
        for (failures, minutes) in [
            (0, None),
            (4, None),
            (5, Some(1)),
            (6, Some(2)),
            (7, Some(4)),
            (10, Some(32)),
            (11, Some(60)),
            (u32::MAX, Some(60)),
        ] {
            let until = rule.locked_until(failures, Instant(0));
            assert_eq!(until, minutes.map(|m: i64| Instant(m * MINUTE_US)), "{failures}");
        }
    }
}
