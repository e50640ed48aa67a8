//! A quote as it is shown: the price with its proof, the names of the rules in it, and what should be known
//! beside.

use std::collections::BTreeSet;

use ::pricing::{Basket, Claimed, Compiled, Quote, Text, Withheld};
use jiff::civil::DateTime;
use retail::Instant;

use super::Quoted;
use super::known::Known;
use super::note::Note;
use super::pricing::{Priced, all_claims};
use super::taken::TakenLine;
use crate::OfferRow;

/// A quote as it is shown.
#[derive(Clone, Debug)]
pub struct QuoteView {
    /// Its id; nothing of one that only tells a price.
    pub id: Option<String>,
    /// `dry`, `held`, `confirmed`, `cancelled`, `expired`.
    pub state: &'static str,
    /// Of which chain of shops.
    pub network: String,
    /// Where.
    pub shop: String,
    /// At which till.
    pub till: String,
    /// The card that was shown, or is the customer's.
    pub card: Option<String>,
    /// When it was priced for, by the shop's own clock.
    pub at: DateTime,
    /// Of all amounts.
    pub currency: String,
    /// From when on it cannot be confirmed.
    pub expires_at: Option<Instant>,
    /// The rules' version; 0 where none are published.
    pub ruleset_version: i64,
    /// Points of the wallet that could be spent, smallest units.
    pub points_available: i64,
    /// The price and its proof.
    pub quote: Quote,
    /// What is held, or would be.
    pub claims: Vec<Claimed>,
    /// Rules that stand in it, with their names.
    pub rules: Vec<QuotedRule>,
    /// What should be known beside.
    pub notes: Vec<Note>,
    /// What the customer is offered beside what he buys, best first; only where the price is told, never of what is
    /// kept.
    pub offers: Vec<OfferRow>,
    /// What the ledger refused, and was not given.
    pub withheld: Vec<Withheld>,
    /// The receipt that it became.
    pub receipt: Option<String>,
    /// What of it stands in the receipt; nothing where all of it does, or there is none.
    pub taken: Option<Vec<TakenLine>>,
}

/// A rule with its name.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct QuotedRule {
    pub id: String,
    pub name: Text,
}

impl QuoteView {
    /// One that only tells a price.
    pub(super) fn dry(known: &Known, priced: Priced) -> Self {
        let Basket { at, currency, .. } = &known.basket;
        Self {
            id: None,
            state: "dry",
            network: known.network.clone(),
            shop: known.shop.0.clone(),
            till: known.till.0.clone(),
            card: known.card.as_ref().map(|card| card.0.clone()),
            at: *at,
            currency: currency.clone(),
            expires_at: None,
            ruleset_version: known.compiled.version,
            points_available: priced.facts.points_available,
            claims: all_claims(&priced.quote, &priced.beside),
            rules: named(&known.compiled, &priced.quote),
            quote: priced.quote,
            notes: [known.notes.as_slice(), &priced.notes].concat(),
            offers: Vec::new(),
            withheld: priced.facts.withheld,
            receipt: None,
            taken: None,
        }
    }

    /// One that is kept.
    pub(super) fn of(quoted: &Quoted) -> Self {
        let Quoted { row, kept, compiled } = quoted;
        let Basket { at, currency, .. } = &kept.situation.basket;
        let taken = row.taken.as_deref().and_then(|taken| serde_json::from_str(taken).ok());
        Self {
            id: Some(row.id.clone()),
            state: row.state.as_str(),
            network: row.network.clone(),
            shop: row.shop.clone(),
            till: row.till.clone(),
            card: row.card.clone(),
            at: *at,
            currency: currency.clone(),
            expires_at: Some(row.expires_at),
            ruleset_version: row.ruleset_version,
            points_available: kept.situation.facts.points_available,
            claims: kept.claims(),
            rules: named(compiled, &kept.quote),
            quote: kept.quote.clone(),
            notes: kept.notes.clone(),
            offers: Vec::new(),
            withheld: kept.situation.facts.withheld.clone(),
            receipt: row.receipt.clone(),
            taken,
        }
    }
}

/// Names of the rules that stand in a quote.
fn named(compiled: &Compiled, quote: &Quote) -> Vec<QuotedRule> {
    let adjustments = quote.adjustments.iter().map(|adjustment| &adjustment.rule);
    let misses = quote.misses.iter().map(|miss| &miss.rule);
    let messages = quote.messages.iter().map(|message| &message.rule);
    let coupons = quote.coupons.iter().flat_map(|coupon| &coupon.rules);
    let claims = quote.claims.iter().filter_map(|claimed| claimed.rule.as_ref());
    let ids: BTreeSet<&String> =
        adjustments.chain(misses).chain(messages).chain(coupons).chain(claims).collect();
    let rules = ids.into_iter().filter_map(|id| compiled.rule(id));
    rules.map(|rule| QuotedRule { id: rule.id.clone(), name: rule.name.clone() }).collect()
}
