//! Checkout: a basket is priced with its proof, what it claims is held, and it becomes a receipt.
//!
//! A quote that only tells a price changes nothing. One that holds keeps points, coupons, budgets and limits
//! for this basket until it is confirmed, cancelled or over. Start with [`Programme::quote`] and
//! [`Programme::confirm_quote`]. `quotes/asked.rs` looks a request over, `quotes/known.rs` gathers what is known
//! beside the basket, `quotes/pricing.rs` prices until the ledger agrees, `quotes/claims.rs` knows the accounts
//! of claims, `quotes/taken.rs` says what of a quote was bought, `quotes/confirming.rs` makes it a receipt,
//! `quotes/ending.rs` gives it up, `quotes/view.rs` shows it, `quotes/secrets.rs` keeps no code that nobody may know.

mod asked;
mod catalogue;
mod claims;
mod confirming;
mod ending;
mod known;
mod note;
mod pricing;
mod rules;
mod secrets;
mod segments;
mod taken;
mod view;

use std::sync::Arc;

use ::pricing::{Basket, BasketLine, Claimed, Compiled, Delivery, Quote, Situation};
use retail::{CustomerId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{QuoteState, StoredQuote, Tx};

pub use confirming::{ConfirmIn, Confirmed, ConfirmedLine, TakenIn};
pub use ending::QuoteEnded;
pub use note::{Note, NoteCode};
pub use taken::TakenLine;
pub use view::{QuoteView, QuotedRule};

pub(crate) use asked::invalid;
pub(crate) use catalogue::describe;
pub(crate) use claims::{confirming_chain, nameless, take_at_once, touched};
pub(crate) use segments::Buyers;
pub(crate) use taken::Bought;

use crate::act::answered_before;
use crate::places::told;
use crate::price::Explained;
use crate::receipts::{read, written};
use crate::{Act, OfferRow, Programme, Refused};
use asked::Asked;
use known::Known;
use pricing::Priced;

/// A basket as a till or a site sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteIn {
    /// Whether what it claims is held until it is confirmed.
    #[serde(default)]
    pub hold: bool,
    /// For how long, in seconds.
    #[serde(default)]
    pub seconds: Option<i64>,
    /// When, as RFC 3339 with an offset; now if not said.
    #[serde(default)]
    pub at: Option<String>,
    /// Where; nothing for the sender's own shop.
    #[serde(default)]
    pub shop: Option<String>,
    /// At which till; nothing for the sender's own.
    #[serde(default)]
    pub till: Option<String>,
    /// `online` or another channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// Of all amounts; that of the rules if not said.
    #[serde(default)]
    pub currency: Option<String>,
    /// The card that was shown.
    #[serde(default)]
    pub card: Option<String>,
    /// The customer, where he is known without a card.
    #[serde(default)]
    pub customer: Option<String>,
    /// The goods. A line without an id is named by its place, from 1.
    pub lines: Vec<BasketLine>,
    /// Ways of delivery.
    #[serde(default)]
    pub shipping: Vec<Delivery>,
    /// How it will be paid.
    #[serde(default)]
    pub payment: Option<String>,
    /// Codes of coupons that were presented.
    #[serde(default)]
    pub coupons: Vec<String>,
    /// Points the customer wants to spend, smallest units.
    #[serde(default)]
    pub points: i64,
}

/// What is kept of a quote: enough to price it again for ever, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub situation: Situation,
    pub quote: Quote,
    /// Claims that are held beside the quote's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Claimed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Kept {
    /// All that is held.
    fn claims(&self) -> Vec<Claimed> {
        pricing::all_claims(&self.quote, &self.beside)
    }
}

/// A quote as the database has it.
pub(crate) struct KeptQuote {
    pub row: StoredQuote,
    pub kept: Kept,
}

impl KeptQuote {
    /// With its body.
    fn of(tx: &mut Tx<'_>, row: StoredQuote) -> Result<Self, Refused> {
        let kept = read("a quote", &body_of(tx, &row.id)?)?;
        Ok(Self { row, kept })
    }

    /// One that the caller may know of.
    fn seen(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<Self, Refused> {
        let row = seen(act, tx.quote(id)?, id)?;
        Self::of(tx, row)
    }

    /// The one that became a receipt.
    pub(crate) fn of_receipt(tx: &mut Tx<'_>, receipt: &str) -> Result<Option<Self>, Refused> {
        tx.quote_of_receipt(receipt)?.map(|row| Self::of(tx, row)).transpose()
    }
}

/// A quote that is kept, with the rules by which it was priced.
#[derive(Clone, Debug)]
pub(crate) struct Quoted {
    pub row: StoredQuote,
    pub kept: Kept,
    pub compiled: Arc<Compiled>,
}

/// A quote that is about to be held, and its body.
struct Draft {
    quoted: Arc<Quoted>,
    body: String,
}

/// What is kept of the answer to whoever asked for a quote: its id, by which it is shown again.
#[derive(Serialize, Deserialize)]
struct Answer {
    quote: String,
    /// The quote, where it was made just now.
    #[serde(skip)]
    made: Option<Arc<Quoted>>,
}

/// What became of looking a basket up.
enum Found {
    /// It was asked for before, with the same key.
    Again(String),
    Now(Box<(Known, Priced)>),
}

impl Programme {
    /// Prices a basket, and holds what it claims if that is asked for. What only tells a price is computed
    /// anew each time; a quote that holds is made once, however often it is asked for with one key.
    ///
    /// # Errors
    /// [`Refused::Invalid`] with every wrong field; [`Refused::NotFound`] for a shop, till or customer that is
    /// unknown or out of bounds; `closed`.
    pub fn quote(&self, act: &Act, quote: QuoteIn) -> Result<QuoteView, Refused> {
        let hold = quote.hold;
        let mut asked = Asked::of(quote, act, &self.settings)?;
        let compiled = rules::at(self, asked.at, &asked.basket.currency)?;
        if asked.currency.is_none() {
            asked.basket.currency.clone_from(&compiled.ruleset().currency);
        }
        let described = self.described(&mut asked.basket.lines)?;
        let found = self.store()?.read(|tx| {
            // Whoever asks for a price only with the key of a quote that holds has mistaken the key.
            if let Some(Answer { quote, .. }) = answered_before(tx, act)? {
                return Ok(Found::Again(quote));
            }
            let mut known = Known::of(tx, self, act, &asked, compiled)?;
            known.notes.extend(described);
            let priced = Priced::looked_up(tx, &known)?;
            Ok::<_, Refused>(Found::Now(Box::new((known, priced))))
        })?;
        let (known, priced) = match found {
            Found::Again(id) => return self.held_view(act, &id),
            Found::Now(found) => *found,
        };
        let offers = self.offers_beside(known.customer.as_ref(), &known.basket);
        if !hold {
            return Ok(QuoteView { offers, ..QuoteView::dry(&known, priced) });
        }
        // Written out before anybody waits for it: mostly it is what will be held.
        let draft = Draft::of(act, &known, &priced, (&id_at(act.at)?, asked.expires_at))?;
        let answer = self.perform(act, move |tx, act| {
            let quoted = held(tx, act, &known, &priced, &draft)?;
            Ok(Answer { quote: quoted.row.id.clone(), made: Some(quoted) })
        })?;
        match answer.made {
            Some(quoted) => Ok(QuoteView { offers, ..QuoteView::of(&quoted) }),
            None => self.held_view(act, &answer.quote),
        }
    }

    /// What is offered to the customer of a basket.
    fn offers_beside(&self, customer: Option<&CustomerId>, basket: &Basket) -> Vec<OfferRow> {
        let Some(customer) = customer else { return Vec::new() };
        let in_basket = basket.lines.iter().map(|line| line.product.as_str()).collect();
        self.offers_at_till(customer, &in_basket)
    }

    /// A quote that is kept, with its proof.
    ///
    /// # Errors
    /// `not_found` where there is none, or the caller is bound elsewhere.
    pub fn kept_quote(&self, act: &Act, id: &str) -> Result<QuoteView, Refused> {
        Ok(QuoteView::of(&self.quoted(act, id)?))
    }

    /// The quote that a receipt was, with its proof.
    ///
    /// # Errors
    /// `not_found` where there is no such receipt, or it never was a quote, or the caller is bound elsewhere.
    pub fn proof_of_receipt(&self, act: &Act, receipt: &str) -> Result<QuoteView, Refused> {
        let found = self.store()?.read(|tx| KeptQuote::of_receipt(tx, receipt))?;
        let found = found
            .filter(|found| may_see(act, &found.row))
            .ok_or_else(|| Refused::NotFound { kind: "receipt", id: receipt.to_owned() })?;
        Ok(QuoteView::of(&self.quoted_of(found)?))
    }

    /// The first reason why a rule gave nothing to a quote, found by pricing it again.
    ///
    /// # Errors
    /// As [`Programme::kept_quote`].
    pub fn explain_quote(&self, act: &Act, id: &str, rule: &str) -> Result<Explained, Refused> {
        let quoted = self.quoted(act, id)?;
        let Situation { basket, facts } = &quoted.kept.situation;
        let reason = quoted.compiled.explain(rule, basket, facts).map_err(asked::invalid)?;
        Ok(Explained { rule: rule.to_owned(), reason })
    }

    /// What was answered to whoever asked for a quote with a key, once more.
    fn held_view(&self, act: &Act, id: &str) -> Result<QuoteView, Refused> {
        let mut quoted = self.quoted(act, id)?;
        (quoted.row.state, quoted.row.receipt, quoted.row.taken) = (QuoteState::Held, None, None);
        let customer = quoted.row.customer.clone().map(CustomerId);
        let offers = self.offers_beside(customer.as_ref(), &quoted.kept.situation.basket);
        Ok(QuoteView { offers, ..QuoteView::of(&quoted) })
    }

    fn quoted(&self, act: &Act, id: &str) -> Result<Quoted, Refused> {
        let kept = self.store()?.read(|tx| KeptQuote::seen(tx, act, id))?;
        self.quoted_of(kept)
    }

    pub(crate) fn quoted_of(&self, quote: KeptQuote) -> Result<Quoted, Refused> {
        let KeptQuote { row, kept } = quote;
        let currency = &kept.situation.basket.currency;
        let compiled = rules::of_version(self, row.ruleset_version, currency)?;
        Ok(Quoted { row, kept, compiled })
    }
}

/// What a quote says, as JSON.
fn body_of(tx: &mut Tx<'_>, id: &str) -> Result<String, Refused> {
    let broken = || Refused::Broken { why: format!("the quote {id} has no body") };
    tx.quote_body(id)?.ok_or_else(broken)
}

/// Whether the caller may know of a quote.
fn may_see(act: &Act, row: &StoredQuote) -> bool {
    act.bounds.allow_network(&row.network) && act.bounds.allow_shop(&row.shop)
}

/// A quote that the caller may know of.
fn seen(act: &Act, row: Option<StoredQuote>, id: &str) -> Result<StoredQuote, Refused> {
    let none = || Refused::NotFound { kind: "quote", id: id.to_owned() };
    row.filter(|row| may_see(act, row)).ok_or_else(none)
}

impl Draft {
    /// A priced basket as a quote with this id, held until then.
    fn of(
        act: &Act,
        known: &Known,
        priced: &Priced,
        (id, expires_at): (&str, Instant),
    ) -> Result<Self, Refused> {
        let kept = Kept {
            situation: Situation { basket: known.basket.clone(), facts: priced.facts.clone() },
            quote: priced.quote.clone(),
            beside: priced.beside.clone(),
            notes: [known.notes.as_slice(), &priced.notes].concat(),
        };
        let kept = kept.without_codes()?;
        let row = StoredQuote {
            id: id.to_owned(),
            state: QuoteState::Held,
            network: known.network.clone(),
            shop: known.shop.0.clone(),
            till: known.till.0.clone(),
            card: known.card.as_ref().map(|card| card.0.clone()),
            customer: known.customer.as_ref().map(|customer| customer.0.clone()),
            wallet: known.wallet.as_ref().map(|wallet| wallet.0.clone()),
            ruleset_version: known.compiled.version,
            made_at: act.at,
            expires_at,
            receipt: None,
            taken: None,
        };
        let body = written(&kept)?;
        Ok(Self { quoted: Arc::new(Quoted { row, kept, compiled: known.compiled.clone() }), body })
    }
}

/// Holds what a priced basket claims, and keeps the quote.
fn held(
    tx: &mut Tx<'_>,
    act: &Act,
    known: &Known,
    priced: &Priced,
    draft: &Draft,
) -> Result<Arc<Quoted>, Refused> {
    if !known.is_so_still(tx)? {
        return Err(store::DbError::Busy { retry_after_ms: 0 }.into());
    }
    let StoredQuote { id, expires_at, .. } = &draft.quoted.row;
    let again = priced.hold(tx, act, known, id, *expires_at)?;
    let again =
        again.map(|priced| Draft::of(act, known, &priced, (id, *expires_at))).transpose()?;
    let Draft { quoted, body } = again.as_ref().unwrap_or(draft);
    let row = &quoted.row;
    tx.add_quote(row, body)?;
    let claims = quoted.kept.claims().len();
    let detail = json!({ "ruleset": row.ruleset_version, "claims": claims, "card": row.card });
    told(tx, act, "quote.hold", "quote", id, &detail)?;
    Ok(quoted.clone())
}

/// An id that nobody can guess; those of one moment are neighbours.
fn id_at(at: Instant) -> Result<String, Refused> {
    let random = crate::cards::random_id("")?;
    Ok(format!("q{:014x}{}", at.0.max(0), &random[..20]))
}
