//! Registration: the first answers of a customer, at a till or wherever he is met.

use std::collections::BTreeMap;
use std::fmt;

use membership::{Capability, CardAction, Means, Stage};
use retail::{CustomerId, NetworkId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Card, Customer, Person, Tx, VaultKeys};

use super::answers::{refuse_known_phones, take_consents, tried_again};
use super::kept::Kept;
use super::{form, keyed, masked};
use crate::cards::{Given, card_to_change, customer_named, permitted, random_id};
use crate::places::{network_of, refuse_unless, told};
use crate::{Act, Programme, Refused};

/// Who is to be registered.
#[derive(Clone)]
pub struct NewCustomer {
    /// The retailer's own id of him, if there is one; never what says who he is.
    pub id: Option<String>,
    /// Where; else the network of the card, or of the caller's shop.
    pub network: Option<String>,
    /// A card that becomes his.
    pub card: Option<String>,
    /// Answers by the ids of their questions.
    pub answers: BTreeMap<String, Value>,
    /// How they were given.
    pub means: Means,
}

impl fmt::Debug for NewCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCustomer").field("means", &self.means).finish_non_exhaustive()
    }
}

/// Who was registered; nothing of it says who he is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct Registered {
    pub customer: String,
    pub network: String,
    /// The end of his card's number.
    pub card: Option<String>,
    /// The version of the questionnaire he answered.
    pub form_version: i64,
    /// Questions that want an answer still.
    pub missing: Vec<String>,
    pub version: i64,
}

impl Programme {
    /// Registers a customer by his first answers: those that the questionnaire asks for at a till must be there.
    ///
    /// # Errors
    /// `invalid` with every answer that is wrong, or whose phone is another's; `registered` where the card's or the
    /// named customer has answered already; `card_state` where the card identifies nobody.
    pub fn register_customer(&self, act: &Act, new: NewCustomer) -> Result<Registered, Refused> {
        self.with_vault(|keys| {
            let new = new.clone();
            self.perform(&keyed(act, &keys)?, move |tx, act| register(tx, &keys, act, &new))
        })
    }
}

fn register(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    act: &Act,
    new: &NewCustomer,
) -> Result<Registered, Refused> {
    let card = new.card.as_deref().map(|number| card_of(tx, act, number)).transpose()?;
    let network = network(tx, act, new, card.as_ref())?;
    let form = form::in_force(tx, &network.0, act.at.utc_day())?;
    let questionnaire = &form.questionnaire;
    let checked = questionnaire.check(&new.answers, Stage::Registration, act.at.utc_day());
    refuse_unless(form::faults(checked.problems))?;
    let id = id(new, card.as_ref())?;
    refuse_strangers(tx, act, &id)?;
    if tx.customer(&id)?.is_some() {
        return Err(Refused::Conflict {
            code: "registered",
            why: "this customer is registered already: change his answers".to_owned(),
        });
    }
    let mut kept = Kept::default();
    for (question, answer) in checked.answers {
        if let Some(question) = questionnaire.question(&question) {
            kept.put(question, answer);
        }
    }
    refuse_known_phones(tx, keys, &kept, None)?;
    let added = tx.add_customer(&Customer {
        id: id.clone(),
        network: network.clone(),
        registered_at: act.at,
        version: 1,
    });
    tried_again(tx, added)?;
    let person =
        Person { customer: id.clone(), answers: kept.sealed()?, changed_at: act.at, version: 1 };
    let added = tx.add_person(keys, &person, &kept.terms());
    tried_again(tx, added)?;
    take_consents(tx, act, &id, &checked.consents, new.means)?;
    let number = card.as_ref().map(|card| masked(&card.number));
    if let Some(card) = card {
        give_card(tx, act, card, &id)?;
    }
    let questions: Vec<_> = kept.answers.keys().collect();
    let detail = json!({
        "network": network.0, "form_version": form.version, "questions": questions, "card": number,
    });
    told(tx, act, "customer.register", "customer", &id.0, &detail)?;
    Ok(Registered {
        customer: id.0,
        network: network.0,
        card: number,
        form_version: form.version,
        missing: questionnaire.completeness(&kept.answers).missing_required,
        version: 1,
    })
}

/// The card that becomes his: one that identifies its customer.
fn card_of(tx: &mut Tx<'_>, act: &Act, number: &str) -> Result<Card, Refused> {
    let card = card_to_change(tx, act, Given::in_field("/card", number))?;
    permitted(tx, act, &card, CardAction::Identify)?;
    if card.state.capabilities().contains(&Capability::Identify) {
        return Ok(card);
    }
    let why = format!("the card is {}: it identifies nobody", card.state.as_str());
    Err(Refused::Conflict { code: "card_state", why })
}

fn network(
    tx: &mut Tx<'_>,
    act: &Act,
    new: &NewCustomer,
    card: Option<&Card>,
) -> Result<NetworkId, Refused> {
    let of_card = card.map(|card| card.network.clone());
    if let Some(named) = &new.network {
        if named.chars().any(char::is_control) {
            return Err(Refused::field("/network", "value", "is no id of a network"));
        }
        let network = network_of(tx, act, named)?.id;
        return match of_card.is_none_or(|of_card| of_card == network) {
            true => Ok(network),
            false => {
                let detail = "is not the network of the card";
                Err(Refused::field("/network", "other_network", detail))
            }
        };
    }
    let of_shop = match &act.shop {
        Some(shop) => tx.shop(shop)?.map(|shop| shop.network),
        None => None,
    };
    let network = of_card.or(of_shop);
    network.ok_or_else(|| Refused::field("/network", "missing", "say where he is registered"))
}

/// The id of him whose card it is, the one that was named, or a new one.
fn id(new: &NewCustomer, card: Option<&Card>) -> Result<CustomerId, Refused> {
    let of_card = card.and_then(|card| card.customer.clone());
    let Some(named) = new.id.as_deref().map(|id| customer_named_at("/id", id)).transpose()? else {
        return match of_card {
            Some(id) => Ok(id),
            None => random_id("c").map(CustomerId),
        };
    };
    if of_card.is_some_and(|of_card| of_card != named) {
        return Err(Refused::field("/card", "other_customer", "is the card of another customer"));
    }
    Ok(named)
}

/// Refuses an id whose cards are all of networks that the caller does not know: it is somebody else's customer.
fn refuse_strangers(tx: &mut Tx<'_>, act: &Act, id: &CustomerId) -> Result<(), Refused> {
    let cards = tx.cards_of_customer(id)?;
    if cards.is_empty() || cards.iter().any(|card| act.bounds.allow_network(&card.network.0)) {
        return Ok(());
    }
    Err(Refused::field("/id", "taken", "is taken"))
}

fn customer_named_at(place: &str, id: &str) -> Result<CustomerId, Refused> {
    customer_named(id).map_err(|refused| match refused {
        Refused::Invalid { problems } => Refused::Invalid {
            problems: problems
                .into_iter()
                .map(|problem| crate::FieldProblem { pointer: place.to_owned(), ..problem })
                .collect(),
        },
        refused => refused,
    })
}

/// Makes a card, and the wallet it opens, his.
fn give_card(
    tx: &mut Tx<'_>,
    act: &Act,
    mut card: Card,
    customer: &CustomerId,
) -> Result<(), Refused> {
    if card.customer.as_ref() != Some(customer) {
        card.customer = Some(customer.clone());
        card.changed_at = act.at;
        tx.put_card(&card)?;
        let detail = json!({ "customer": customer.0 });
        told(tx, act, "card.assign", "card", &card.number.0, &detail)?;
    }
    let Some(wallet) = &card.wallet else { return Ok(()) };
    let Some(mut wallet) = tx.wallet(wallet)? else { return Ok(()) };
    match &wallet.customer {
        Some(owner) if owner == customer => Ok(()),
        Some(_) => {
            let detail = "opens the wallet of another customer";
            Err(Refused::field("/card", "other_customer", detail))
        }
        None => {
            wallet.customer = Some(customer.clone());
            if !tx.put_wallet(&wallet)? {
                return Err(Refused::Stale);
            }
            Ok(tx.changed("wallet", &wallet.id.0, act.at)?)
        }
    }
}
