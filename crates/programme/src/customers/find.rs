//! Customers found by what they answered.

use std::fmt;

use membership::{Email, Phone, name_words};
use retail::{CustomerId, Instant};
use serde_json::json;
use store::{Term, TermKind, Tx, VaultKeys};

use super::kept::{phone_term, term};
use super::{masked, may_know};
use crate::{Act, Programme, Refused};

/// So many are found at most: whoever is looked for by a common name is asked for more of it.
const FOUND_MAX: usize = 20;
/// So many are looked at for them, of whom the caller may not know all.
const LOOKED_AT_MAX: usize = 200;

/// By what somebody is looked for.
#[derive(Clone)]
#[allow(missing_docs)] // the names say it
pub enum FindBy {
    Phone(String),
    Email(String),
    /// Whole words of a name, in any sequence.
    Name(String),
}

impl fmt::Debug for FindBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody who was found; nothing of it says who he is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct FoundCustomer {
    pub customer: String,
    pub network: String,
    pub registered_at: Instant,
    /// Ends of the numbers of his cards.
    pub cards: Vec<String>,
}

impl Programme {
    /// Customers who answered this, at most twenty; that each was found is told in the audit.
    ///
    /// # Errors
    /// `invalid` where it can be no phone or e-mail, or has no word of a name.
    pub fn find_customers(&self, act: &Act, by: &FindBy) -> Result<Vec<FoundCustomer>, Refused> {
        let terms = by.terms()?;
        let (act, how) = (act.clone(), by.name());
        self.with_vault(|keys| {
            let (act, terms) = (act.clone(), terms.clone());
            self.store()?.write(move |tx| {
                let found = find(tx, &keys, &act, &terms)?;
                for customer in &found {
                    let detail = json!({ "by": how });
                    let id = &customer.customer;
                    tx.add_deed(&act.deed("customer.find", "customer", id, &detail))?;
                }
                Ok::<_, Refused>(found)
            })
        })
    }
}

fn find(
    tx: &mut Tx<'_>,
    keys: &VaultKeys,
    act: &Act,
    terms: &[Term],
) -> Result<Vec<FoundCustomer>, Refused> {
    let (mut found, mut after, mut looked_at) = (Vec::new(), CustomerId(String::new()), 0);
    while looked_at < LOOKED_AT_MAX {
        let page = tx.customers_by(keys, terms, &after.0, FOUND_MAX as u32)?;
        looked_at += FOUND_MAX;
        let Some(last) = page.last().cloned() else { break };
        for id in &page {
            found.extend(shown(tx, act, id)?);
        }
        if found.len() >= FOUND_MAX || page.len() < FOUND_MAX {
            break;
        }
        after = last;
    }
    found.truncate(FOUND_MAX);
    Ok(found)
}

fn shown(tx: &mut Tx<'_>, act: &Act, id: &CustomerId) -> Result<Option<FoundCustomer>, Refused> {
    let Some(customer) = tx.customer(id)? else { return Ok(None) };
    if !may_know(tx, act, &customer)? {
        return Ok(None);
    }
    let cards = tx.cards_of_customer(id)?;
    let known = cards.iter().filter(|card| act.bounds.allow_network(&card.network.0));
    Ok(Some(FoundCustomer {
        customer: customer.id.0,
        network: customer.network.0,
        registered_at: customer.registered_at,
        cards: known.map(|card| masked(&card.number)).collect(),
    }))
}

impl FindBy {
    fn name(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::Email(_) => "email",
            Self::Name(_) => "name",
        }
    }

    fn terms(&self) -> Result<Vec<Term>, Refused> {
        match self {
            Self::Phone(text) => match Phone::parse(text) {
                Ok(phone) => Ok(vec![phone_term(&String::from(phone))]),
                Err(problem) => Err(Refused::field("/phone", "phone", problem.to_string())),
            },
            Self::Email(text) => match Email::parse(text) {
                Ok(email) => Ok(vec![term(TermKind::Email, &email.key())]),
                Err(problem) => Err(Refused::field("/email", "email", problem.to_string())),
            },
            Self::Name(text) => {
                let words = name_words(text);
                if words.is_empty() {
                    return Err(Refused::field("/name", "missing", "has no word of a name"));
                }
                Ok(words.iter().map(|word| term(TermKind::Name, word)).collect())
            }
        }
    }
}
