//! Who may come in, as whom, and how far: staff with passwords and sessions, keys of tills, sites and
//! partners, the first administrator, and limits on what may be done in a day.
//!
//! Whoever is let in is a [`Caller`]; who is not is told the same whatever was wrong. Passwords are kept
//! as Argon2 hashes, tokens and secrets as SHA-256 of 256 random bits, and none of them is ever shown
//! again, logged, or kept in an answer: see [`crate::Secret`].

mod key;
mod key_cache;
mod limit;
mod link;
mod password;
mod session;
mod sign_in;
mod staff;
mod stranger;
mod token;
mod totp;

use membership::{Door, Role, Scope, scopes_of};
use retail::{Instant, ShopId, TillId};
use store::Tx;

pub use key::{KeyMade, KeyView, NewKey};
pub use limit::{
    Activity, ActivityLimit, ActivityLimits, Doer, Doing, FlagView, Judged, Judgement, LimitThen,
    judge, judge_all,
};
pub use link::StaffLink;
pub use session::csrf_of;
pub use sign_in::{SignIn, SignedIn};
pub use staff::{NewStaff, StaffChange, StaffRights, StaffView, TotpSetup};

use crate::{Act, Bounds, Refused, RequestKey};

/// Who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `staff:anna`, `key:4f2a…`.
    pub actor: String,
    /// As whom he acts.
    pub role: Role,
    /// Through which door he comes.
    pub door: Door,
    /// What he may do.
    pub scopes: Vec<Scope>,
    /// What he is bound to.
    pub bounds: Bounds,
    /// The shop he stands in: the only one he is bound to.
    pub shop: Option<ShopId>,
    /// The till he stands at.
    pub till: Option<TillId>,
    /// Whether he acts on the real programme, or for a test.
    pub live: bool,
}

impl Caller {
    /// Whether he may do something.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The circumstances of a request of his.
    #[must_use]
    pub fn act(&self, request: impl Into<String>, key: Option<RequestKey>, at: Instant) -> Act {
        Act {
            actor: self.actor.clone(),
            role: self.role,
            door: self.door,
            bounds: self.bounds.clone(),
            shop: self.shop.clone(),
            till: self.till.clone(),
            request: request.into(),
            rehearsal: !self.live,
            key,
            at,
        }
    }
}

impl Bounds {
    /// Whether who is bound so may hand on, see and change what is bound as the other: it reaches no
    /// further.
    #[must_use]
    pub fn contain(&self, other: &Self) -> bool {
        let within = |outer: &[String], inner: &[String]| {
            outer.is_empty() || (!inner.is_empty() && inner.iter().all(|id| outer.contains(id)))
        };
        within(&self.networks, &other.networks)
            && within(&self.shops, &other.shops)
            && (self.partner.is_none() || self.partner == other.partner)
    }

    /// The only shop they leave.
    fn shop(&self) -> Option<ShopId> {
        match self.shops.as_slice() {
            [only] => Some(ShopId(only.clone())),
            _ => None,
        }
    }

    fn as_json(&self) -> Result<String, Refused> {
        serde_json::to_string(self)
            .map_err(|error| Refused::Broken { why: format!("bounds cannot be kept: {error}") })
    }

    fn understood(kind: &str, id: &str, text: &str) -> Result<Self, Refused> {
        serde_json::from_str(text).map_err(|error| Refused::Broken {
            why: format!("the bounds of {kind} {id} cannot be read: {error}"),
        })
    }
}

/// What a programme keeps in memory of all this; it is bounded, whatever is tried from outside.
#[derive(Debug)]
pub(crate) struct Gate {
    hashing: password::Hashing,
    strangers: stranger::Strangers,
    keys: key_cache::KeyCache,
}

impl Gate {
    pub(crate) fn new(settings: &crate::settings::AccessSettings) -> Self {
        Self {
            hashing: password::Hashing::new(settings.passwords_at_once),
            strangers: stranger::Strangers::default(),
            keys: key_cache::KeyCache::default(),
        }
    }
}

/// What may be handed on by whoever acts: no key makes one that may do more than itself.
struct Grant {
    scopes: Vec<Scope>,
    live: bool,
}

/// What he who acts may hand on, if he has a right.
fn granted(tx: &mut Tx<'_>, act: &Act, needed: Scope) -> Result<Grant, Refused> {
    let grant = match act.actor.strip_prefix("key:") {
        None => Grant { scopes: scopes_of(act.role).to_vec(), live: true },
        Some(id) => {
            let key = tx.key(id)?.filter(|key| !key.revoked).ok_or_else(not_authenticated)?;
            Grant { scopes: key::scopes_in_force(&key), live: key.live }
        }
    };
    if grant.scopes.contains(&needed) {
        return Ok(grant);
    }
    Err(Refused::NotPermitted { why: format!("this needs the scope {needed}") })
}

/// The same whether there is no such key or session, or it is over.
fn not_authenticated() -> Refused {
    Refused::NotAdmitted {
        code: "unauthenticated",
        why: "the key or session is not known, or it is over",
        retry_at: None,
    }
}

/// The same whether the name, the password or the code was wrong, or the person has left.
fn sign_in_failed() -> Refused {
    Refused::NotAdmitted {
        code: "sign_in_failed",
        why: "name, password or code is wrong",
        retry_at: None,
    }
}

fn locked(until: Instant) -> Refused {
    Refused::NotAdmitted {
        code: "locked",
        why: "too many failures: nobody is let in by this name for a while",
        retry_at: Some(until),
    }
}

/// What is sound as a name of staff: it stands in logs, in audit and in addresses.
fn is_sound_id(id: &str) -> bool {
    (3..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b))
}

/// What a person's password may not be shown as in an answer that is kept: the body's hash is replaced
/// by one of what is no secret, so that nobody guesses a password by it.
fn without_password(act: &Act, public: &[&str]) -> Act {
    let mut act = act.clone();
    if let Some(key) = &mut act.key {
        key.body_sha256 = token::sha256(&public.join("\n"));
    }
    act
}
