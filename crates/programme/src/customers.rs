//! Customers as persons: registered by a questionnaire, found, read and changed, every change with its place.
//!
//! What says who somebody is lies in the vault; here it is opened for whoever may see it, and each opening is a
//! deed in the audit. No kept answer, deed, change or message holds any of it.

mod answers;
mod find;
mod form;
mod kept;
mod register;

use membership::{Answers, ConsentEvent, ConsentPurpose, Consents};
use retail::{CardId, CustomerId, Instant};
use serde_json::json;
use store::{Customer, Tx, VaultKeys};

use crate::{Act, Programme, Refused, RequestKey};

pub use answers::{AnswersChanged, AnswersGiven, ChangeView};
pub use find::{FindBy, FoundCustomer};
pub use form::FormView;
pub use kept::AnswerChange;
pub use register::{NewCustomer, Registered};

pub(crate) use kept::terms_of;

/// A customer as whoever may see personal data sees him.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct CustomerView {
    pub id: String,
    pub network: String,
    pub registered_at: Instant,
    pub answers: Answers,
    /// What stands of each purpose he was ever asked about.
    pub consents: Vec<ConsentEvent>,
    /// The questionnaire by which he is complete or not.
    pub form: FormView,
    /// Questions that want an answer still.
    pub missing: Vec<String>,
    /// Share of questions that are answered, in hundredths of a per cent.
    pub complete_bps: u32,
    pub changed_at: Instant,
    /// Rises with each change of an answer.
    pub version: i64,
}

impl Programme {
    /// A customer with his answers and consents; that he was read is told in the audit.
    ///
    /// # Errors
    /// `not_found` where nobody of this id is registered, or the caller may not know of him.
    pub fn customer(&self, act: &Act, id: &str) -> Result<CustomerView, Refused> {
        let (act, id) = (act.clone(), CustomerId(id.to_owned()));
        self.with_vault(|keys| {
            let (act, id) = (act.clone(), id.clone());
            self.store()?.write(move |tx| {
                let customer = registered(tx, &act, &id)?;
                let view = view(tx, &keys, &act, &customer)?;
                tx.add_deed(&act.deed("customer.read", "customer", &id.0, &json!({})))?;
                Ok(view)
            })
        })
    }
}

fn view(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    act: &Act,
    customer: &Customer,
) -> Result<CustomerView, Refused> {
    let person = tx.person(keys, &customer.id)?.ok_or_else(|| nobody(&customer.id))?;
    let kept = kept::opened(&person)?;
    let form = form::in_force(tx, &customer.network.0, act.at.utc_day())?;
    let completeness = form.questionnaire.completeness(&kept.answers);
    let consents = Consents::of(tx.consents(&customer.id)?);
    // What the withdrawal of the processing ended stands under its own purpose.
    let standing = ConsentPurpose::ALL.into_iter().filter_map(|purpose| {
        Some(ConsentEvent { purpose, ..consents.standing(purpose)?.clone() })
    });
    Ok(CustomerView {
        id: customer.id.0.clone(),
        network: customer.network.0.clone(),
        registered_at: customer.registered_at,
        answers: kept.answers,
        consents: standing.collect(),
        form,
        missing: completeness.missing_required,
        complete_bps: completeness.share_bps,
        changed_at: person.changed_at,
        version: person.version,
    })
}

/// A registered customer of whom the caller may know: whoever is bound to networks knows those who were registered
/// there, or have a card of one.
pub(crate) fn registered(tx: &mut Tx<'_>, act: &Act, id: &CustomerId) -> Result<Customer, Refused> {
    let customer = tx.customer(id)?.ok_or_else(|| nobody(id))?;
    if may_know(tx, act, &customer)? { Ok(customer) } else { Err(nobody(id)) }
}

fn may_know(tx: &mut Tx<'_>, act: &Act, customer: &Customer) -> Result<bool, Refused> {
    if act.bounds.allow_network(&customer.network.0) {
        return Ok(true);
    }
    let cards = tx.cards_of_customer(&customer.id)?;
    Ok(cards.iter().any(|card| act.bounds.allow_network(&card.network.0)))
}

fn nobody(id: &CustomerId) -> Refused {
    Refused::NotFound { kind: "customer", id: id.0.clone() }
}

/// A card's number where whoever reads it has no need of all of it.
fn masked(card: &CardId) -> String {
    let signs: Vec<char> = card.0.chars().collect();
    let end: String = signs[signs.len().saturating_sub(4)..].iter().collect();
    format!("…{end}")
}

/// The act with the hash of what was asked made so that nobody can guess a phone or a name by it.
fn keyed(act: &Act, keys: &VaultKeys) -> Result<Act, Refused> {
    let key = act.key.as_ref().map(|asked| {
        let body_sha256 = keys.keyed_hash(&asked.body_sha256)?;
        Ok::<_, Refused>(RequestKey { key: asked.key.clone(), body_sha256 })
    });
    Ok(Act { key: key.transpose()?, ..act.clone() })
}
