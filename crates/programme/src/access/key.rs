//! Keys of the API: `lk_live_<id>_<secret>`, shown once, with what they may be used for, where, and
//! until when.

use membership::{Door, Role, Scope, scopes_of};
use retail::{Instant, TillId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ApiKey, Secret, Tx};

use super::staff::bounds_fit;
use super::{Caller, Grant, granted, not_authenticated, token};
use crate::places::{id_problem, refuse_unless};
use crate::{Act, Bounds, Programme, Refused};

/// A former secret is good so long at most.
const FORMER_DAYS_MAX: i64 = 90;
const DAY_US: i64 = 86_400_000_000;
const NAME_CHARACTERS_MAX: usize = 100;
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What people call it: `till 3 in the high street`.
    pub name: String,
    /// Whether it acts on the real programme, or for a test.
    pub live: bool,
    /// As whom its holder acts.
    pub role: Role,
    /// Through which door he comes.
    pub door: Door,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// What it is bound to.
    #[serde(default)]
    pub bounds: Bounds,
    /// The till it stands in; then the bounds name one shop.
    #[serde(default)]
    pub till: Option<TillId>,
    /// When it ends, if ever.
    #[serde(default)]
    pub expires_at: Option<Instant>,
}

/// A key, as it is shown: all but what must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // as in NewKey and store::ApiKey
pub struct KeyView {
    pub id: String,
    pub name: String,
    pub live: bool,
    pub role: Role,
    pub door: Door,
    pub scopes: Vec<Scope>,
    pub bounds: Bounds,
    pub till: Option<TillId>,
    pub expires_at: Option<Instant>,
    /// Until when the secret before the newest is good too.
    pub former_until: Option<Instant>,
    /// When it was last used, to a minute or two.
    pub used_at: Option<Instant>,
    pub revoked: bool,
    pub created_by: String,
    pub created_at: Instant,
    pub version: i64,
}

/// A key that was made, or made anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyMade {
    /// What it is.
    pub key: KeyView,
    /// Its text, shown this once. It is not in the answer that is kept for a request's key: who asks
    /// again because he lost the answer finds nothing here, and makes the key anew.
    #[serde(skip)]
    pub text: Option<Secret>,
}

impl Programme {
    /// Makes a key. Its text is in the first answer only.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for what is unsound, or beyond its role or the rights of who asks.
    pub fn make_key(&self, act: &Act, new: &NewKey) -> Result<KeyMade, Refused> {
        is_sound(new, act.at)?;
        let secret = token::fresh(SECRET_BYTES)?;
        let key = ApiKey {
            id: token::fresh(ID_BYTES)?.expose().to_owned(),
            live: new.live,
            name: new.name.clone(),
            secret_sha256: token::sha256(secret.expose()),
            former_secret_sha256: None,
            former_until: None,
            role: new.role,
            door: new.door,
            scopes: new.scopes.clone(),
            bounds: new.bounds.as_json()?,
            till: new.till.clone(),
            expires_at: new.expires_at,
            used_at: None,
            revoked: false,
            created_by: act.actor.clone(),
            created_at: act.at,
            version: 1,
        };
        let text = text_of(&key, &secret);
        let new = new.clone();
        self.perform(act, move |tx, act| {
            may_give(&granted(tx, act, Scope::KeysWrite)?, act, &new)?;
            tx.add_key(&key)?;
            let view = finish(tx, act, &key, "key.add", &json!(new))?;
            Ok(KeyMade { key: view, text: Some(text.clone()) })
        })
    }

    /// Gives a key a new secret; the former stays good until a moment, at most 90 days away, and the one
    /// before that no longer.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; [`Refused::Conflict`] with `key_revoked`; [`Refused::Invalid`] for the
    /// moment.
    pub fn rotate_key(
        &self,
        act: &Act,
        id: &str,
        former_until: Instant,
    ) -> Result<KeyMade, Refused> {
        if former_until.0 > act.at.0 + FORMER_DAYS_MAX * DAY_US {
            let why = format!("a former secret is good for {FORMER_DAYS_MAX} days at most");
            return Err(Refused::field("/former_until", "too_late", why));
        }
        let secret = token::fresh(SECRET_BYTES)?;
        self.change_key(act, id, "key.rotate", move |key| {
            key.former_secret_sha256 = Some(key.secret_sha256.clone());
            key.former_until = Some(former_until);
            key.secret_sha256 = token::sha256(secret.expose());
            Some(text_of(key, &secret))
        })
    }

    /// Withdraws a key for good; within a second nobody is let in by it, here at once.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; [`Refused::Conflict`] with `key_revoked`.
    pub fn revoke_key(&self, act: &Act, id: &str) -> Result<KeyView, Refused> {
        let made = self.change_key(act, id, "key.revoke", |key| {
            key.revoked = true;
            None
        })?;
        Ok(made.key)
    }

    /// A key.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn key(&self, act: &Act, id: &str) -> Result<KeyView, Refused> {
        self.store()?.read(|tx| KeyView::of(&visible(tx.key(id)?, act, id)?))
    }

    /// Keys after an id, by id, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keys_after(&self, act: &Act, after: &str, most: u32) -> Result<Vec<KeyView>, Refused> {
        self.store()?.read(|tx| {
            let (mut found, mut after) = (Vec::new(), after.to_owned());
            // Those that may not be seen are passed over, not counted.
            while found.len() < most as usize {
                let page = tx.keys_after(&after, most)?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                for key in &page {
                    let view = KeyView::of(key)?;
                    if act.bounds.contain(&view.bounds) {
                        found.push(view);
                    }
                }
            }
            found.truncate(most as usize);
            Ok(found)
        })
    }

    /// Who a key's text stands for, at most a second behind what was changed elsewhere. Needs no SQL
    /// for a key that was used before.
    ///
    /// # Errors
    /// [`Refused::NotAdmitted`] with `unauthenticated`, whatever is wrong with it; [`Refused::Db`] where
    /// the database is gone and nobody can say whether keys still hold.
    pub fn authenticate_key(&self, text: &str, at: Instant) -> Result<Caller, Refused> {
        let (live, id, secret) = parts(text).ok_or_else(not_authenticated)?;
        self.gate().keys.caller(self.store()?, live, id, &token::sha256(secret), at)
    }

    /// Writes down when keys were last used; says of how many. A job calls it about once a minute.
    ///
    /// # Errors
    /// When the database fails; then the next call writes them.
    pub fn flush_key_uses(&self) -> Result<u64, Refused> {
        self.gate().keys.flush(self.store()?)
    }

    fn change_key(
        &self,
        act: &Act,
        id: &str,
        action: &'static str,
        apply: impl Fn(&mut ApiKey) -> Option<Secret> + Send + 'static,
    ) -> Result<KeyMade, Refused> {
        let own = id.to_owned();
        let made = self.perform(act, move |tx, act| {
            let grant = granted(tx, act, Scope::KeysWrite)?;
            let mut key = visible(tx.key_to_change(&own)?, act, &own)?;
            // A new secret is as good as a new key.
            let view = KeyView::of(&key)?;
            within(&grant, act, view.live, &view.scopes, view.role, &view.bounds)?;
            if key.revoked {
                let why = format!("the key {own} was withdrawn");
                return Err(Refused::Conflict { code: "key_revoked", why });
            }
            let text = apply(&mut key);
            key.version += 1;
            tx.put_key(&key)?;
            let key = finish(tx, act, &key, action, &json!({ "former_until": key.former_until }))?;
            Ok(KeyMade { key, text })
        });
        // Whatever came of it: what is read again cannot be wrong.
        self.gate().keys.forget(id);
        made
    }
}

fn finish(
    tx: &mut Tx<'_>,
    act: &Act,
    key: &ApiKey,
    action: &str,
    detail: &serde_json::Value,
) -> Result<KeyView, Refused> {
    tx.add_deed(&act.deed(action, super::key_cache::KIND, &key.id, detail))?;
    tx.changed(super::key_cache::KIND, &key.id, act.at)?;
    KeyView::of(key)
}

fn text_of(key: &ApiKey, secret: &Secret) -> Secret {
    let environment = if key.live { "live" } else { "test" };
    Secret::new(format!("lk_{environment}_{}_{}", key.id, secret.expose()))
}

/// Whether it is live, id and secret of a key's text; nothing of another shape is looked up.
fn parts(text: &str) -> Option<(bool, &str, &str)> {
    let (environment, rest) = text.strip_prefix("lk_")?.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    let is_hex = |text: &str, bytes: usize| {
        text.len() == 2 * bytes && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let live = match environment {
        "live" => true,
        "test" => false,
        _ => return None,
    };
    (is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES)).then_some((live, id, secret))
}

fn is_sound(new: &NewKey, at: Instant) -> Result<(), Refused> {
    let named = new.name.chars().count();
    if !(1..=NAME_CHARACTERS_MAX).contains(&named) || new.name.chars().any(char::is_control) {
        let why = format!("a name has 1 to {NAME_CHARACTERS_MAX} characters that can be seen");
        return Err(Refused::field("/name", "name_unsound", why));
    }
    for (place, scope) in new.scopes.iter().enumerate() {
        if !scopes_of(new.role).contains(scope) {
            let why = format!("{scope} is not for the role {}", new.role);
            return Err(Refused::field(&format!("/scopes/{place}"), "beyond_role", why));
        }
        if new.scopes[..place].contains(scope) {
            let why = format!("{scope} is named twice");
            return Err(Refused::field(&format!("/scopes/{place}"), "named_twice", why));
        }
    }
    if new.till.is_some() && new.bounds.shops.len() != 1 {
        let why = "a till stands in one shop: name it";
        return Err(Refused::field("/bounds/shops", "shop_missing", why));
    }
    refuse_unless(new.till.as_ref().and_then(|till| id_problem("/till", &till.0)))?;
    if new.expires_at.is_some_and(|end| end <= at) {
        return Err(Refused::field("/expires_at", "in_the_past", "it would be over already"));
    }
    Ok(())
}

/// No key may do more than who makes it.
fn may_give(grant: &Grant, act: &Act, new: &NewKey) -> Result<(), Refused> {
    within(grant, act, new.live, &new.scopes, new.role, &new.bounds)
}

fn within(
    grant: &Grant,
    act: &Act,
    live: bool,
    scopes: &[Scope],
    role: Role,
    bounds: &Bounds,
) -> Result<(), Refused> {
    if live && !grant.live {
        return Err(Refused::field("/live", "beyond_own", "a test key makes test keys only"));
    }
    if let Some(place) = scopes.iter().position(|scope| !grant.scopes.contains(scope)) {
        let why = format!("you may not do {} yourself", scopes[place]);
        return Err(Refused::field(&format!("/scopes/{place}"), "beyond_own", why));
    }
    bounds_fit(act, role, bounds)
}

fn visible(key: Option<ApiKey>, act: &Act, id: &str) -> Result<ApiKey, Refused> {
    let absent = || Refused::NotFound { kind: "api_key", id: id.to_owned() };
    let key = key.ok_or_else(absent)?;
    let bounds = Bounds::understood("key", id, &key.bounds)?;
    act.bounds.contain(&bounds).then_some(key).ok_or_else(absent)
}

/// What a key may be used for today: a role that lost a right takes it from older keys too.
pub(super) fn scopes_in_force(key: &ApiKey) -> Vec<Scope> {
    let allowed = scopes_of(key.role);
    key.scopes.iter().copied().filter(|scope| allowed.contains(scope)).collect()
}

/// Who a key stands for.
pub(super) fn caller(key: &ApiKey) -> Result<Caller, Refused> {
    let bounds = Bounds::understood("key", &key.id, &key.bounds)?;
    Ok(Caller {
        actor: format!("key:{}", key.id),
        role: key.role,
        door: key.door,
        scopes: scopes_in_force(key),
        shop: bounds.shop(),
        bounds,
        till: key.till.clone(),
        live: key.live,
    })
}

impl KeyView {
    fn of(key: &ApiKey) -> Result<Self, Refused> {
        Ok(Self {
            id: key.id.clone(),
            name: key.name.clone(),
            live: key.live,
            role: key.role,
            door: key.door,
            scopes: key.scopes.clone(),
            bounds: Bounds::understood("key", &key.id, &key.bounds)?,
            till: key.till.clone(),
            expires_at: key.expires_at,
            former_until: key.former_until,
            used_at: key.used_at,
            revoked: key.revoked,
            created_by: key.created_by.clone(),
            created_at: key.created_at,
            version: key.version,
        })
    }
}
