//! Staff: adding, changing, dismissing; passwords and devices.

use membership::{Door, Role, Scope, scopes_of};
use retail::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{DbError, Secret, Staff, Tx};

use super::sign_in::{Device, LockRule, SignIn, own_id, settle};
use super::{Grant, granted, is_sound_id, password, totp, without_password};
use crate::places::{id_problem, refuse_unless};
use crate::{Act, Bounds, FieldProblem, Programme, Refused};

/// Somebody to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// The name he will sign in with: 3 to 64 of small Latin letters, digits, dots, dashes and
    /// underscores. Never a phone or an e-mail.
    pub id: String,
    /// As whom and how far he acts.
    pub rights: StaffRights,
}

/// As whom and how far somebody acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the names say it
pub struct StaffRights {
    pub role: Role,
    pub door: Door,
    pub bounds: Bounds,
}

/// What is changed of a member of staff; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // as in StaffRights and StaffView
pub struct StaffChange {
    pub role: Option<Role>,
    pub door: Option<Door>,
    pub bounds: Option<Bounds>,
    pub disabled: Option<bool>,
}

/// A member of staff, as he is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffView {
    /// The name he signs in with.
    pub id: String,
    /// As whom and how far he acts.
    #[serde(flatten)]
    pub rights: StaffRights,
    /// Whether he shows the code of a device.
    pub totp: bool,
    /// Until when nobody is let in by this name, after failures.
    pub locked_until: Option<Instant>,
    /// Whether he has left.
    pub disabled: bool,
    /// Since when he is here.
    pub created_at: Instant,
    /// Grows with each change.
    pub version: i64,
}

/// What a device is set up with.
#[derive(Clone, Debug)]
pub struct TotpSetup {
    /// The secret in base 32, to be typed in.
    pub secret: Secret,
    /// The same as an address that devices read as a picture.
    pub uri: Secret,
}

impl Programme {
    /// Adds a member of staff. Asked again with the same key, it answers the same; the password is no
    /// part of what is compared then, because nothing of it is kept that could be guessed by.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for the name, the password or what would go beyond the rights of who asks;
    /// [`Refused::Conflict`] with `staff_exists`.
    pub fn add_staff(
        &self,
        act: &Act,
        new: &NewStaff,
        password: &Secret,
    ) -> Result<StaffView, Refused> {
        is_sound(&new.id)?;
        let characters_min = self.settings().access.password_characters_min;
        password::fit("/password", password, &new.id, characters_min)?;
        let hash = self.gate().hashing.hash(password)?;
        let staff = new_staff(&new.id, &new.rights, hash, act.at)?;
        let StaffRights { role, door, .. } = &new.rights;
        let public = ["staff.add", &new.id, role.as_str(), door.as_str(), &staff.bounds];
        let act = without_password(act, &public);
        let rights = new.rights.clone();
        self.perform(&act, move |tx, act| {
            may_give(&granted(tx, act, Scope::StaffWrite)?, act, &rights)?;
            add(tx, act, &staff)
        })
    }

    /// A member of staff.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn staff(&self, act: &Act, id: &str) -> Result<StaffView, Refused> {
        self.store()?.read(|tx| StaffView::of(&visible(tx.staff(id)?, act, id)?))
    }

    /// Staff after a name, by name, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn staff_after(
        &self,
        act: &Act,
        after: &str,
        most: u32,
    ) -> Result<Vec<StaffView>, Refused> {
        self.store()?.read(|tx| {
            let (mut found, mut after) = (Vec::new(), after.to_owned());
            // Those that may not be seen are passed over, not counted.
            while found.len() < most as usize {
                let page = tx.staff_after(&after, most)?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                for staff in &page {
                    let view = StaffView::of(staff)?;
                    if act.bounds.contain(&view.rights.bounds) {
                        found.push(view);
                    }
                }
            }
            found.truncate(most as usize);
            Ok(found)
        })
    }

    /// Gives a member of staff other rights; they count at once, in his sessions too.
    ///
    /// # Errors
    /// As [`Programme::add_staff`]; [`Refused::Conflict`] with `last_administrator`.
    pub fn change_staff(
        &self,
        act: &Act,
        id: &str,
        rights: &StaffRights,
    ) -> Result<StaffView, Refused> {
        let rights = rights.clone();
        self.change(act, id, "staff.change", move |tx, act, staff| {
            give(tx, act, staff, &rights)?;
            Ok(json!({ "role": rights.role, "door": rights.door, "bounds": rights.bounds }))
        })
    }

    /// Changes rights of a member of staff, dismisses him or takes him back, all or nothing, from the
    /// version that who asks has seen.
    ///
    /// # Errors
    /// As [`Programme::change_staff`]; [`Refused::Stale`] where he was changed meanwhile.
    pub fn amend_staff(
        &self,
        act: &Act,
        id: &str,
        seen: i64,
        change: &StaffChange,
    ) -> Result<StaffView, Refused> {
        let change = change.clone();
        let action = match change.disabled {
            Some(true) => "staff.disable",
            Some(false) => "staff.enable",
            None => "staff.change",
        };
        self.change(act, id, action, move |tx, act, staff| {
            if staff.version != seen {
                return Err(Refused::Stale);
            }
            let former = StaffView::of(staff)?.rights;
            let StaffChange { role, door, bounds, disabled } = change.clone();
            let rights = StaffRights {
                role: role.unwrap_or(former.role),
                door: door.unwrap_or(former.door),
                bounds: bounds.unwrap_or_else(|| former.bounds.clone()),
            };
            if rights != former {
                give(tx, act, staff, &rights)?;
            }
            let mut ended = 0;
            match disabled {
                Some(true) => ended = dismiss(tx, staff)?,
                Some(false) => take_back(tx, act, staff)?,
                None => {}
            }
            Ok(json!({
                "role": rights.role, "door": rights.door, "bounds": rights.bounds,
                "disabled": staff.disabled, "sessions_ended": ended,
            }))
        })
    }

    /// Dismisses a member of staff: his sessions end, and he is not let in any more.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; [`Refused::Conflict`] with `last_administrator`.
    pub fn disable_staff(&self, act: &Act, id: &str) -> Result<StaffView, Refused> {
        self.change(act, id, "staff.disable", |tx, _, staff| {
            Ok(json!({ "sessions_ended": dismiss(tx, staff)? }))
        })
    }

    /// Takes a member of staff back, and lifts a lock.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn enable_staff(&self, act: &Act, id: &str) -> Result<StaffView, Refused> {
        self.change(act, id, "staff.enable", |tx, act, staff| {
            take_back(tx, act, staff)?;
            Ok(json!({}))
        })
    }

    /// Sets a member of staff a new password, where he has lost his own; his sessions end.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::Invalid`].
    pub fn set_password(
        &self,
        act: &Act,
        id: &str,
        password: &Secret,
    ) -> Result<StaffView, Refused> {
        let characters_min = self.settings().access.password_characters_min;
        password::fit("/password", password, id, characters_min)?;
        let hash = self.gate().hashing.hash(password)?;
        let act = without_password(act, &["staff.set_password", id]);
        self.change(&act, id, "staff.set_password", move |tx, act, staff| {
            // Who sets a password may sign in with it.
            let rights = StaffView::of(staff)?.rights;
            may_give(&granted(tx, act, Scope::StaffWrite)?, act, &rights)?;
            staff.password = hash.clone();
            (staff.failures, staff.locked_until) = (0, None);
            let ended = tx.end_sessions_of(&staff.id)?;
            Ok(json!({ "sessions_ended": ended }))
        })
    }

    /// Changes one's own password; the former must be shown, and failing to counts like failing to sign
    /// in. All one's sessions end, this one too.
    ///
    /// # Errors
    /// As [`Programme::sign_in`]; [`Refused::Invalid`] for the new password.
    pub fn change_password(&self, act: &Act, former: &Secret, new: &Secret) -> Result<(), Refused> {
        let id = own_id(act)?.to_owned();
        let characters_min = self.settings().access.password_characters_min;
        password::fit("/new", new, &id, characters_min)?;
        if former.expose() == new.expose() {
            return Err(Refused::field("/new", "password_same", "this is the former password"));
        }
        let shown =
            SignIn { id, password: former.clone(), code: None, request: act.request.clone() };
        let tried = self.try_password(&shown, Device::NotAsked, act.at)?.tried;
        let hash = self.gate().hashing.hash(new)?;
        let rule = LockRule::of(&self.settings().access);
        let settled = self.store()?.write(move |tx| {
            settle(tx, &tried, &rule, |tx, staff, act| {
                staff.password = hash.clone();
                staff.version += 1;
                tx.put_staff(staff)?;
                tx.end_sessions_of(&staff.id)?;
                tx.add_deed(&act.deed("staff.change_password", "staff", &staff.id, &json!({})))?;
                Ok(tx.changed("staff", &staff.id, act.at)?)
            })
        })?;
        settled.admitted()
    }

    /// Begins to set up one's own device; it counts once a code of it was shown. Asked again it makes a
    /// new secret, and the one before counts for nothing.
    ///
    /// # Errors
    /// [`Refused::NotPermitted`] to who is no member of staff.
    pub fn begin_totp(&self, act: &Act) -> Result<TotpSetup, Refused> {
        let id = own_id(act)?.to_owned();
        let secret = totp::new_secret()?;
        let uri = totp::uri(&id, &secret);
        // No answer is kept: it would be the secret.
        let (act, pending) = (act.clone(), secret.clone());
        self.store()?.write(move |tx| {
            let mut staff = visible(tx.staff_to_change(&id)?, &act, &id)?;
            staff.totp_pending = Some(pending.clone());
            finish(tx, &act, &mut staff, "staff.begin_totp", &json!({}))
        })?;
        Ok(TotpSetup { secret, uri })
    }

    /// Shows the first code of one's own device; from then on it is asked for.
    ///
    /// # Errors
    /// [`Refused::Invalid`] with `totp_wrong`; [`Refused::Conflict`] with `totp_not_begun`.
    pub fn confirm_totp(&self, act: &Act, code: &Secret) -> Result<StaffView, Refused> {
        let id = own_id(act)?.to_owned();
        let code = code.clone();
        let act = without_password(act, &["staff.confirm_totp", &id]);
        self.perform(&act, move |tx, act| {
            let mut staff = visible(tx.staff_to_change(&id)?, act, &id)?;
            let Some(pending) = staff.totp_pending.take() else {
                let why = "no device is being set up".to_owned();
                return Err(Refused::Conflict { code: "totp_not_begun", why });
            };
            let Some(step) = totp::step(&pending, &code, act.at)? else {
                let why = "this is no code of the device that is being set up";
                return Err(Refused::field("/code", "totp_wrong", why));
            };
            (staff.totp_secret, staff.totp_last_step) = (Some(pending), Some(step));
            finish(tx, act, &mut staff, "staff.confirm_totp", &json!({}))
        })
    }

    /// Takes a lost device away from a member of staff: no code is asked for any more.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::NotPermitted`].
    pub fn remove_totp(&self, act: &Act, id: &str) -> Result<StaffView, Refused> {
        self.change(act, id, "staff.remove_totp", |tx, act, staff| {
            let rights = StaffView::of(staff)?.rights;
            may_give(&granted(tx, act, Scope::StaffWrite)?, act, &rights)?;
            (staff.totp_secret, staff.totp_pending, staff.totp_last_step) = (None, None, None);
            Ok(json!({}))
        })
    }

    /// Changes a member of staff as an administrator may.
    fn change(
        &self,
        act: &Act,
        id: &str,
        action: &'static str,
        apply: impl Fn(&mut Tx<'_>, &Act, &mut Staff) -> Result<serde_json::Value, Refused>
        + Send
        + 'static,
    ) -> Result<StaffView, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            granted(tx, act, Scope::StaffWrite)?;
            // Always before the one person, so that two who dismiss each other wait and do not lock up.
            tx.administrators()?;
            let mut staff = visible(tx.staff_to_change(&id)?, act, &id)?;
            let detail = apply(tx, act, &mut staff)?;
            finish(tx, act, &mut staff, action, &detail)
        })
    }
}

fn give(
    tx: &mut Tx<'_>,
    act: &Act,
    staff: &mut Staff,
    rights: &StaffRights,
) -> Result<(), Refused> {
    may_give(&granted(tx, act, Scope::StaffWrite)?, act, rights)?;
    let stays = rights.role == Role::Administrator && rights.bounds == Bounds::default();
    if !stays {
        is_not_last_administrator(tx, staff)?;
    }
    (staff.role, staff.door) = (rights.role, rights.door);
    staff.bounds = rights.bounds.as_json()?;
    Ok(())
}

/// Says how many sessions ended by it.
fn dismiss(tx: &mut Tx<'_>, staff: &mut Staff) -> Result<u64, Refused> {
    is_not_last_administrator(tx, staff)?;
    staff.disabled = true;
    Ok(tx.end_sessions_of(&staff.id)?)
}

fn take_back(tx: &mut Tx<'_>, act: &Act, staff: &mut Staff) -> Result<(), Refused> {
    let rights = StaffView::of(staff)?.rights;
    may_give(&granted(tx, act, Scope::StaffWrite)?, act, &rights)?;
    (staff.disabled, staff.failures, staff.locked_until) = (false, 0, None);
    Ok(())
}

/// Writes a changed member of staff with its deed.
fn finish(
    tx: &mut Tx<'_>,
    act: &Act,
    staff: &mut Staff,
    action: &str,
    detail: &serde_json::Value,
) -> Result<StaffView, Refused> {
    staff.version += 1;
    tx.put_staff(staff)?;
    tx.add_deed(&act.deed(action, "staff", &staff.id, detail))?;
    tx.changed("staff", &staff.id, act.at)?;
    StaffView::of(staff)
}

/// A new member of staff with its deed.
pub(super) fn add(tx: &mut Tx<'_>, act: &Act, staff: &Staff) -> Result<StaffView, Refused> {
    if tx.staff(&staff.id)?.is_some() {
        return Err(taken(&staff.id));
    }
    // On PostgreSQL another may add the same name at the same moment.
    tx.add_staff(staff).map_err(|error| match error {
        DbError::Constraint { .. } => taken(&staff.id),
        other => other.into(),
    })?;
    let view = StaffView::of(staff)?;
    let detail = json!({
        "role": view.rights.role, "door": view.rights.door, "bounds": view.rights.bounds,
    });
    tx.add_deed(&act.deed("staff.add", "staff", &staff.id, &detail))?;
    tx.changed("staff", &staff.id, act.at)?;
    Ok(view)
}

fn taken(id: &str) -> Refused {
    let why = format!("there is or was a member of staff of the name {id}");
    Refused::Conflict { code: "staff_exists", why }
}

pub(super) fn new_staff(
    id: &str,
    rights: &StaffRights,
    password: Secret,
    at: Instant,
) -> Result<Staff, Refused> {
    Ok(Staff {
        id: id.to_owned(),
        password,
        role: rights.role,
        door: rights.door,
        bounds: rights.bounds.as_json()?,
        totp_secret: None,
        totp_pending: None,
        totp_last_step: None,
        failures: 0,
        locked_until: None,
        disabled: false,
        created_at: at,
        version: 1,
    })
}

pub(super) fn is_sound(id: &str) -> Result<(), Refused> {
    if is_sound_id(id) {
        return Ok(());
    }
    let why = "a name has 3 to 64 small Latin letters, digits, dots, dashes and underscores";
    Err(Refused::field("/id", "id_unsound", why))
}

/// A member of staff, if who acts may know of him.
pub(super) fn visible(staff: Option<Staff>, act: &Act, id: &str) -> Result<Staff, Refused> {
    let absent = || Refused::NotFound { kind: "staff", id: id.to_owned() };
    let staff = staff.ok_or_else(absent)?;
    let bounds = Bounds::understood("staff", id, &staff.bounds)?;
    act.bounds.contain(&bounds).then_some(staff).ok_or_else(absent)
}

/// Nobody gives rights that he does not have.
fn may_give(grant: &Grant, act: &Act, rights: &StaffRights) -> Result<(), Refused> {
    let StaffRights { role, bounds, .. } = rights;
    if !scopes_of(*role).iter().all(|scope| grant.scopes.contains(scope)) {
        let why = format!("the role {role} may do more than you may");
        return Err(Refused::field("/role", "beyond_own", why));
    }
    bounds_fit(act, *role, bounds)
}

/// Bounds of ids, within those of who gives them, and a partner's bound to something of his own.
pub(super) fn bounds_fit(act: &Act, role: Role, bounds: &Bounds) -> Result<(), Refused> {
    let of = |field: &'static str, ids: &[String]| -> Vec<FieldProblem> {
        let places = ids.iter().enumerate();
        places.filter_map(|(n, id)| id_problem(&format!("/bounds/{field}/{n}"), id)).collect()
    };
    let partner = bounds.partner.as_deref().and_then(|id| id_problem("/bounds/partner", id));
    let wrong = of("networks", &bounds.networks).into_iter().chain(of("shops", &bounds.shops));
    refuse_unless(wrong.chain(partner))?;
    if !act.bounds.contain(bounds) {
        let why = "this reaches beyond your own bounds";
        return Err(Refused::field("/bounds", "beyond_own", why));
    }
    let foreign = matches!(role, Role::Partner | Role::Supplier);
    if foreign && bounds.partner.is_none() && bounds.networks.is_empty() {
        let why = format!("the role {role} is bound to a partner or to networks");
        return Err(Refused::field("/bounds", "bounds_missing", why));
    }
    Ok(())
}

/// Somebody must be left who may let others in.
fn is_not_last_administrator(tx: &mut Tx<'_>, staff: &Staff) -> Result<(), Refused> {
    let mut whole = Vec::new();
    for (id, bounds) in tx.administrators()? {
        if Bounds::understood("staff", &id, &bounds)? == Bounds::default() {
            whole.push(id);
        }
    }
    if whole.len() == 1 && whole.contains(&staff.id) {
        let why = format!("{} is the last administrator of the whole programme", staff.id);
        return Err(Refused::Conflict { code: "last_administrator", why });
    }
    Ok(())
}

impl StaffView {
    pub(super) fn of(staff: &Staff) -> Result<Self, Refused> {
        let bounds = Bounds::understood("staff", &staff.id, &staff.bounds)?;
        Ok(Self {
            id: staff.id.clone(),
            rights: StaffRights { role: staff.role, door: staff.door, bounds },
            totp: staff.totp_secret.is_some(),
            locked_until: staff.locked_until,
            disabled: staff.disabled,
            created_at: staff.created_at,
            version: staff.version,
        })
    }
}
