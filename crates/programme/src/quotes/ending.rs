//! Quotes that come to nothing: given up by who asked, or by time.

use std::collections::BTreeSet;

use ledger::{AccountId, Books, Chain, ChainId};
use retail::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{QuoteState, StoredQuote, Tx};

use super::claims::{self, Decision};
use super::{KeptQuote, body_of, seen};
use crate::places::told;
use crate::receipts::{read, written};
use crate::{Act, Programme, Refused};

/// Quotes that are looked up at once when their time is over.
const AT_ONCE: u32 = 50;
/// Quotes of an erased customer that are changed with one write.
const ERASED_AT_ONCE: u32 = 100;

/// What became of a quote that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteEnded {
    /// The quote.
    pub id: String,
    /// `cancelled`, or `expired` where the job that ends quotes came before.
    pub state: String,
}

impl Programme {
    /// Gives a quote up: what it holds is free at once. One that is given up stays so.
    ///
    /// # Errors
    /// `not_found`; `quote_confirmed`: what was sold comes back by a return.
    pub fn cancel_quote(&self, act: &Act, id: &str) -> Result<QuoteEnded, Refused> {
        let id = id.to_owned();
        self.perform(act, move |tx, act| {
            let row = seen(act, tx.quote_to_change(&id)?, &id)?;
            let state = match row.state {
                QuoteState::Held => end(tx, act, row, QuoteState::Cancelled)?,
                QuoteState::Confirmed => {
                    let why = "the quote became a receipt: goods come back by a return".to_owned();
                    return Err(Refused::Conflict { code: "quote_confirmed", why });
                }
                ended => ended,
            };
            Ok(QuoteEnded { id: id.clone(), state: state.as_str().to_owned() })
        })
    }

    /// Ends quotes whose time is over; says how many. A job of every few seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_quotes(&self, at: Instant) -> Result<u64, Refused> {
        let mut ended = 0;
        loop {
            let due = self.store()?.read(|tx| tx.quotes_due(at, AT_ONCE))?;
            let (count, before) = (due.len() as u64, ended);
            for id in due {
                // One that cannot be ended keeps no other from its end.
                match self.expire_quote(id, at) {
                    Ok(now) => ended += u64::from(now),
                    Err(Refused::Conflict { .. }) => {}
                    Err(refused) => return Err(refused),
                }
            }
            if count < u64::from(AT_ONCE) || ended == before {
                return Ok(ended);
            }
        }
    }

    /// Ends one; whoever confirmed or cancelled it a moment ago was in time.
    fn expire_quote(&self, id: String, at: Instant) -> Result<bool, Refused> {
        let act = Act::of_job("job:quotes", at);
        self.store()?.write(move |tx| {
            let row = tx.quote_to_change(&id)?.filter(|row| row.state == QuoteState::Held);
            let row = row.map(|row| end(tx, &act, row, QuoteState::Expired)).transpose()?;
            Ok(row.is_some())
        })
    }

    /// Takes a customer out of the quotes that are kept; says of how many.
    pub(crate) fn forget_quotes_of(&self, customer: &str) -> Result<u64, Refused> {
        let (customer, mut forgotten) = (customer.to_owned(), 0);
        loop {
            let customer = customer.clone();
            let count = self.store()?.write(move |tx| {
                let quotes = tx.quotes_of_customer(&customer, ERASED_AT_ONCE)?;
                for row in &quotes {
                    let body = body_of(tx, &row.id)?;
                    tx.forget_customer_of_quote(&row.id, &nameless(&body, &customer)?)?;
                }
                Ok::<_, Refused>(quotes.len() as u64)
            })?;
            forgotten += count;
            if count < u64::from(ERASED_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

/// Releases what a quote holds, and says so.
fn end(
    tx: &mut Tx<'_>,
    act: &Act,
    row: StoredQuote,
    state: QuoteState,
) -> Result<QuoteState, Refused> {
    let KeptQuote { row, kept } = KeptQuote::of(tx, row)?;
    let claims = kept.claims();
    if tx.is_postgres() {
        // The job that ends holds reads and decides them between these two otherwise.
        let accounts: BTreeSet<AccountId> = claims::touched(&claims).into_iter().collect();
        Books::accounts(tx, &accounts.into_iter().collect::<Vec<_>>())?;
    }
    // Where its time is over the ledger's own job may have ended a hold already.
    let over = act.at >= row.expires_at;
    let decision = if over { Decision::Expired } else { Decision::Released };
    let decisions = vec![decision; claims.len()];
    let transfers = claims::decide(tx, &row.id, &decisions, &row.id)?;
    if !transfers.is_empty() {
        let id = ChainId(format!("quote/{}/{}", row.id, state.as_str()));
        ledger::post(tx, &Chain { id, at: act.at, transfers })?;
        if let Some(wallet) = &row.wallet {
            tx.changed("wallet", wallet, act.at)?;
        }
    }
    tx.decide_quote(&row.id, state, None, None)?;
    let action = match state {
        QuoteState::Expired => "quote.expire",
        _ => "quote.cancel",
    };
    told(tx, act, action, "quote", &row.id, &json!({}))?;
    Ok(state)
}

/// A quote's body without its customer, who stands wherever his id is told.
fn nameless(body: &str, customer: &str) -> Result<String, Refused> {
    let mut body: serde_json::Value = read("a quote", body)?;
    forget(&mut body, customer);
    written(&body)
}

fn forget(value: &mut serde_json::Value, customer: &str) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                if name == "customer" {
                    match field {
                        serde_json::Value::Object(facts) => {
                            facts.insert("id".to_owned(), "".into());
                        }
                        serde_json::Value::String(id) if id == customer => id.clear(),
                        _ => {}
                    }
                }
                forget(field, customer);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                forget(item, customer);
            }
        }
        _ => {}
    }
}
