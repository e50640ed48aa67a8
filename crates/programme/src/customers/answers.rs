//! Answers that are added, changed and taken back, and what became of them.

use std::collections::BTreeMap;
use std::fmt;

use membership::{ConsentAnswer, ConsentEvent, ConsentPurpose, Consents, Means, Stage};
use retail::{CustomerId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{DbError, Person, PersonChange, Secret, Tx, VaultKeys};

use super::kept::{self, AnswerChange, Kept, phone_term};
use super::{form, keyed, nobody, registered};
use crate::places::{refuse_unless, told};
use crate::{Act, Programme, Refused};

/// Answers that a customer gives now; null takes one back.
#[derive(Clone)]
pub struct AnswersGiven {
    /// By the ids of their questions.
    pub answers: BTreeMap<String, Value>,
    /// How they were given.
    pub means: Means,
    /// Whether all that the questionnaire wants must be there now.
    pub complete: bool,
}

impl fmt::Debug for AnswersGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswersGiven").field("means", &self.means).finish_non_exhaustive()
    }
}

/// That answers were changed; nothing of it says who he is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct AnswersChanged {
    pub customer: String,
    /// Questions whose answer is another now.
    pub changed: Vec<String>,
    /// Purposes that are given or taken back now.
    pub consents: Vec<String>,
    /// Questions that want an answer still.
    pub missing: Vec<String>,
    pub version: i64,
}

/// A change of answers as whoever may see personal data sees it.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct ChangeView {
    /// Grows with every change.
    pub id: i64,
    pub answers: Vec<AnswerChange>,
    pub actor: String,
    pub role: String,
    pub door: String,
    pub shop: Option<String>,
    pub till: Option<String>,
    pub request: String,
    pub at: Instant,
}

impl Programme {
    /// Changes answers of a customer, if he has this version still.
    ///
    /// # Errors
    /// As [`Programme::customer`]; `invalid` with every answer that is wrong, or whose phone is another's; `stale`
    /// where he was changed meanwhile.
    pub fn change_answers(
        &self,
        act: &Act,
        id: &str,
        version: i64,
        given: AnswersGiven,
    ) -> Result<AnswersChanged, Refused> {
        let id = CustomerId(id.to_owned());
        self.with_vault(|keys| {
            let (id, given) = (id.clone(), given.clone());
            self.perform(&keyed(act, &keys)?, move |tx, act| {
                change(tx, &keys, act, (&id, version), &given)
            })
        })
    }

    /// What became of a customer's answers after a change, oldest first, at most so many; that it was read is told
    /// in the audit.
    ///
    /// # Errors
    /// As [`Programme::customer`].
    pub fn answer_changes(
        &self,
        act: &Act,
        id: &str,
        after: i64,
        most: u32,
    ) -> Result<Vec<ChangeView>, Refused> {
        let (act, id) = (act.clone(), CustomerId(id.to_owned()));
        self.with_vault(|keys| {
            let (act, id) = (act.clone(), id.clone());
            self.store()?.write(move |tx| {
                registered(tx, &act, &id)?;
                let changes = tx.person_changes(&keys, &id, after, most)?;
                tx.add_deed(&act.deed("customer.read_changes", "customer", &id.0, &json!({})))?;
                changes.into_iter().map(ChangeView::of).collect()
            })
        })
    }
}

fn change(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    act: &Act,
    (id, version): (&CustomerId, i64),
    given: &AnswersGiven,
) -> Result<AnswersChanged, Refused> {
    let customer = registered(tx, act, id)?;
    let person = tx.person_to_change(keys, id)?.ok_or_else(|| nobody(id))?;
    if person.version != version {
        return Err(Refused::Stale);
    }
    let mut kept = kept::opened(&person)?;
    // Whoever asks asks what his own network wants to know.
    let of_shop = match &act.shop {
        Some(shop) => tx.shop(shop)?.map(|shop| shop.network),
        None => None,
    };
    let network = of_shop.unwrap_or(customer.network);
    let form = form::in_force(tx, &network.0, act.at.utc_day())?;
    let allowed = Consents::of(tx.consents(id)?).allowed();
    let stage = match given.complete {
        true => Stage::Completion { known: &kept.answers, allowed: &allowed },
        false => Stage::Change,
    };
    let checked = form.questionnaire.check(&given.answers, stage, act.at.utc_day());
    refuse_unless(form::faults(checked.problems))?;
    let mut changes = Vec::new();
    for (question, answer) in checked.answers {
        let question = form.questionnaire.question(&question);
        changes.extend(question.and_then(|question| kept.put(question, answer)));
    }
    refuse_known_phones(tx, keys, &kept, Some(id))?;
    let consents = take_consents(tx, act, id, &checked.consents, given.means)?;
    let changed: Vec<String> = changes.iter().map(|change| change.question.clone()).collect();
    let mut version = person.version;
    if !changes.is_empty() || !consents.is_empty() {
        // Consents rise the version too: nobody gives one back by a form that he saw before it was taken back.
        store_change(tx, keys, act, &person, &kept, &changes)?;
        version += 1;
    }
    if !changes.is_empty() {
        let detail = json!({ "questions": changed, "form_version": form.version });
        told(tx, act, "customer.change", "customer", &id.0, &detail)?;
    }
    Ok(AnswersChanged {
        customer: id.0.clone(),
        changed,
        consents: consents.into_iter().map(|purpose| purpose.to_string()).collect(),
        missing: form.questionnaire.completeness(&kept.answers).missing_required,
        version,
    })
}

fn store_change(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    act: &Act,
    before: &Person,
    kept: &Kept,
    changes: &[AnswerChange],
) -> Result<(), Refused> {
    let person = Person { answers: kept.sealed()?, changed_at: act.at, ..before.clone() };
    let stored = tx.put_person(keys, &person, &kept.terms());
    if !tried_again(tx, stored)? {
        return Err(Refused::Stale);
    }
    if changes.is_empty() {
        return Ok(());
    }
    let what = serde_json::to_string(changes).map_err(|error| Refused::Broken {
        why: format!("a change of answers cannot be written: {error}"),
    })?;
    tx.add_person_change(
        keys,
        &PersonChange {
            customer: before.customer.clone(),
            what: Secret::new(what),
            actor: act.actor.clone(),
            role: act.role.as_str().to_owned(),
            door: act.door.as_str().to_owned(),
            shop: act.shop.as_ref().map(|shop| shop.0.clone()),
            till: act.till.as_ref().map(|till| till.0.clone()),
            request: act.request.clone(),
            at: act.at,
        },
    )?;
    Ok(())
}

/// Where somebody else was faster with a phone or an id, all of it is tried once more, and then told what is wrong.
pub(super) fn tried_again<T>(tx: &mut Tx<'_>, done: Result<T, DbError>) -> Result<T, DbError> {
    match done {
        Err(DbError::Constraint { .. }) => Err(tx.raced()),
        done => done,
    }
}

/// Refuses answers of which a phone is somebody else's.
pub(super) fn refuse_known_phones(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    kept: &Kept,
    own: Option<&CustomerId>,
) -> Result<(), Refused> {
    let mut problems = Vec::new();
    for (question, phone) in kept.phones() {
        let owners = tx.customers_by(keys, &[phone_term(phone)], "", 2)?;
        if owners.iter().any(|owner| Some(owner) != own) {
            problems.push(crate::FieldProblem {
                pointer: format!("/answers/{question}"),
                code: "phone_known",
                detail: "somebody is registered with this phone already: find him by it".to_owned(),
            });
        }
    }
    refuse_unless(problems)
}

/// Takes down what was agreed to or taken back, as far as it does not stand so already; gives of what.
pub(super) fn take_consents(
    tx: &mut Tx<'_>,
    act: &Act,
    id: &CustomerId,
    given: &[ConsentAnswer],
    means: Means,
) -> Result<Vec<ConsentPurpose>, Refused> {
    let mut taken = Vec::new();
    if given.is_empty() {
        return Ok(taken);
    }
    let before = tx.consents(id)?;
    // A clock that lags behind another server's makes no consent older than the one before it.
    let at = before.iter().map(|event| event.at).fold(act.at, Ord::max);
    let standing = Consents::of(before);
    for ConsentAnswer { purpose, given, text_version } in given {
        let stands = standing.standing(*purpose);
        let is_new = match stands {
            Some(stands) => stands.given != *given || stands.text_version != *text_version,
            // Nobody who was never asked has taken anything back.
            None => *given,
        };
        if !is_new {
            continue;
        }
        let consent = ConsentEvent {
            purpose: *purpose,
            given: *given,
            text_version: text_version.clone(),
            at,
            place: act.shop.as_ref().map(|shop| shop.0.clone()),
            operator: act.actor.clone(),
            means,
        };
        tx.add_consent(id, &consent, &act.request)?;
        let action = if *given { "consent.give" } else { "consent.withdraw" };
        let detail = json!({ "purpose": purpose, "text_version": text_version, "means": means });
        told(tx, act, action, "customer", &id.0, &detail)?;
        taken.push(*purpose);
    }
    Ok(taken)
}

impl ChangeView {
    fn of((id, change): (i64, PersonChange)) -> Result<Self, Refused> {
        let answers = serde_json::from_str(change.what.expose()).map_err(|_| Refused::Broken {
            why: format!("the change {id} of {} cannot be read", change.customer.0),
        })?;
        Ok(Self {
            id,
            answers,
            actor: change.actor,
            role: change.role,
            door: change.door,
            shop: change.shop,
            till: change.till,
            request: change.request,
            at: change.at,
        })
    }
}
