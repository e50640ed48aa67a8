//! Who asks for something, when and through which door; and that asking twice does it once.

use std::time::{SystemTime, UNIX_EPOCH};

use membership::{Door, Role};
use retail::{Instant, ShopId, TillId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Answered, DbError, Deed, Tx};

use crate::{Programme, Refused};

/// The circumstances of a request.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who: `staff:anna`, `key:4f2a…`, `job:expiry`, `console` for the command line.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// Through which door.
    pub door: Door,
    /// What he is bound to.
    pub bounds: Bounds,
    /// In which shop, if in one.
    pub shop: Option<ShopId>,
    /// At which till, if at one.
    pub till: Option<TillId>,
    /// The request's id, by which log lines are found.
    pub request: String,
    /// Whether he only tries: it is answered as if it were done, and nothing is stored.
    pub rehearsal: bool,
    /// The caller's key, if what he asks for is to be done once however often he asks.
    pub key: Option<RequestKey>,
    /// When.
    pub at: Instant,
}

/// Networks, shops and partner that somebody is bound to; an empty list binds to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)] // the names say it
pub struct Bounds {
    pub networks: Vec<String>,
    pub shops: Vec<String>,
    pub partner: Option<String>,
}

/// A caller's key and the hash of what he asks for with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RequestKey {
    pub key: String,
    pub body_sha256: String,
}

impl Act {
    /// What the program does by itself, or a person at its own command line.
    #[must_use]
    pub fn of_job(name: &str, at: Instant) -> Self {
        Self {
            actor: name.to_owned(),
            role: Role::Administrator,
            door: Door::Office,
            bounds: Bounds::default(),
            shop: None,
            till: None,
            request: format!("{name}:{}", at.0),
            rehearsal: false,
            key: None,
            at,
        }
    }

    /// Something he did, for the audit; the detail is never personal data.
    pub(crate) fn deed(
        &self,
        action: &str,
        kind: &str,
        object: &str,
        detail: &serde_json::Value,
    ) -> Deed {
        Deed {
            at: self.at,
            actor: self.actor.clone(),
            role: self.role.as_str().to_owned(),
            door: self.door.as_str().to_owned(),
            action: action.to_owned(),
            kind: kind.to_owned(),
            object: object.to_owned(),
            shop: self.shop.as_ref().map(|shop| shop.0.clone()),
            till: self.till.as_ref().map(|till| till.0.clone()),
            request: self.request.clone(),
            detail: detail.to_string(),
        }
    }
}

impl Bounds {
    /// Whether something of this network may be seen and touched.
    #[must_use]
    pub fn allow_network(&self, network: &str) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|bound| bound == network)
    }

    /// Whether something of this shop may be touched.
    #[must_use]
    pub fn allow_shop(&self, shop: &str) -> bool {
        self.shops.is_empty() || self.shops.iter().any(|bound| bound == shop)
    }
}

impl Programme {
    /// Stores what a function writes. Asked again with the same key and body it gives the first answer
    /// and writes nothing; with another body it is refused. A rehearsal is answered and stores nothing.
    pub(crate) fn perform<T>(
        &self,
        act: &Act,
        run: impl Fn(&mut Tx<'_>, &Act) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let act = act.clone();
        if act.rehearsal {
            return self.rehearse(move |tx| once(tx, &act, |tx| run(tx, &act)));
        }
        self.store()?.write(move |tx| once(tx, &act, |tx| run(tx, &act)))
    }

    /// What was answered to this key, if anything: for what is done in more than one write, the last of
    /// which keeps the answer by [`Programme::perform`].
    pub(crate) fn answered<T: DeserializeOwned>(&self, act: &Act) -> Result<Option<T>, Refused> {
        self.store()?.read(|tx| answered_before(tx, act))
    }

    /// Tells what a write would give, and stores nothing of it.
    pub(crate) fn rehearse<T: Send + 'static>(
        &self,
        run: impl Fn(&mut Tx<'_>) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let tried = self.store()?.write(move |tx| match run(tx) {
            Ok(answer) => Err::<Never, _>(Tried::Answer(answer)),
            Err(refused) => Err(Tried::Refused(refused)),
        });
        match tried {
            Err(Tried::Answer(answer)) => Ok(answer),
            Err(Tried::Refused(refused)) => Err(refused),
            Ok(never) => match never {},
        }
    }

    /// Refuses a rehearsal of what is done in more than one write.
    pub(crate) fn refuse_rehearsal(act: &Act) -> Result<(), Refused> {
        if act.rehearsal {
            let why = "a test key cannot do this: it is stored in more than one step".to_owned();
            return Err(Refused::NotPermitted { why });
        }
        Ok(())
    }
}

/// The end of a rehearsal: an error to the database, so that nothing is stored.
enum Tried<T> {
    Answer(T),
    Refused(Refused),
}

/// A rehearsal never ends well.
enum Never {}

impl<T> From<DbError> for Tried<T> {
    fn from(error: DbError) -> Self {
        Self::Refused(error.into())
    }
}

/// What was answered to this key, if anything.
pub(crate) fn answered_before<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    act: &Act,
) -> Result<Option<T>, Refused> {
    let Some(asked) = &act.key else { return Ok(None) };
    let known = tx.answered(&act.actor, &asked.key)?;
    known.map(|known| same_answer(asked, &known)).transpose()
}

fn once<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    act: &Act,
    run: impl FnOnce(&mut Tx<'_>) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let Some(asked) = &act.key else { return run(tx) };
    if let Some(known) = tx.answered(&act.actor, &asked.key)? {
        return same_answer(asked, &known);
    }
    let answer = run(tx)?;
    let text = serde_json::to_string(&answer)
        .map_err(|error| Refused::Broken { why: format!("an answer cannot be kept: {error}") })?;
    let answered = Answered { body_sha256: asked.body_sha256.clone(), answer: text };
    tx.keep_answer(&act.actor, &asked.key, &answered, act.at)?;
    Ok(answer)
}

/// The answer kept under a key, for the same request.
fn same_answer<T: DeserializeOwned>(asked: &RequestKey, known: &Answered) -> Result<T, Refused> {
    if known.body_sha256 != asked.body_sha256 {
        return Err(Refused::KeyReused);
    }
    serde_json::from_str(&known.answer).map_err(|error| Refused::Broken {
        why: format!("the answer kept for a key cannot be read: {error}"),
    })
}

/// The moment on this machine's clock.
#[must_use]
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
