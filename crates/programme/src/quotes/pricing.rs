//! Pricing until the ledger agrees: what it has not got is not given, and the basket is priced again.

use ::pricing::{Claimed, Facts, Quote};
use ledger::{CHAIN_TRANSFERS_MAX, PostError, Refusal, hold_claims};
use retail::Instant;
use store::Tx;

use super::asked::invalid;
use super::claims::{self, Standing};
use super::known::Known;
use super::note::{Note, NoteCode};
use crate::cards::point;
use crate::coupons::customer_claims;
use crate::receipts::LINES_MAX;
use crate::{Act, Refused};

/// How often a basket is priced again because something it claimed is not there.
const AGAIN_MAX: u32 = 3;

/// A basket with its price.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    pub facts: Facts,
    pub quote: Quote,
    pub notes: Vec<Note>,
    /// Claims of coupons that one customer may use so often, which are held beside the quote's own.
    pub beside: Vec<Claimed>,
    standing: Standing,
}

impl Priced {
    /// Prices a basket by what the ledger has now. Nothing is held.
    pub(super) fn looked_up(tx: &mut Tx<'_>, known: &Known) -> Result<Self, Refused> {
        let mut facts = known.facts.clone();
        for _ in 0..=AGAIN_MAX {
            let (quote, beside) = price(tx, known, &facts)?;
            let claims = all_claims(&quote, &beside);
            let standing = Standing::of(tx, &known.compiled, &claims, None)?;
            if standing.lacking.is_empty() && claims.len() <= CHAIN_TRANSFERS_MAX {
                return Ok(Self { facts, quote, notes: Vec::new(), beside, standing });
            }
            refuse(&mut facts, &claims, &standing.lacking);
        }
        Self::without_claims(tx, known, facts)
    }

    /// Prices a basket by what needs no claim.
    fn without_claims(tx: &mut Tx<'_>, known: &Known, mut facts: Facts) -> Result<Self, Refused> {
        claims::refuse_all(&mut facts, &known.compiled);
        let (quote, beside) = price(tx, known, &facts)?;
        let notes = vec![Note::new("", NoteCode::PricedAgain)];
        Ok(Self { facts, quote, notes, beside, standing: Standing::default() })
    }

    /// Holds what the price claims. Where others were faster, it is priced again without that: then this gives
    /// what is held in its place.
    pub(super) fn hold(
        &self,
        tx: &mut Tx<'_>,
        act: &Act,
        known: &Known,
        id: &str,
        until: Instant,
    ) -> Result<Option<Self>, Refused> {
        self.standing.open(tx, &all_claims(&self.quote, &self.beside), act.at)?;
        let (mut other, mut again, mut opened) = (None::<Self>, 0, false);
        loop {
            let priced = other.as_ref().unwrap_or(self);
            let claimed = all_claims(&priced.quote, &priced.beside);
            let claims = claims::of(&claimed);
            if claims.is_empty() {
                return Ok(other);
            }
            let chain = hold_claims(claims::chain_of(id), &claims, &point(), act.at, until);
            let (position, refusal) = match ledger::post(tx, &chain) {
                Ok(_) => return Ok(other),
                Err(PostError::Books(error)) => return Err(error.into()),
                Err(PostError::Refused { position, refusal }) => (position, refusal),
            };
            let standing = Standing::of(tx, &known.compiled, &claimed, Some(act.at))?;
            standing.open(tx, &claimed, act.at)?;
            // The accounts that all claims go to are opened by the first of them.
            if matches!(refusal, Refusal::AccountUnknown { .. }) && !opened {
                claims::open_system(tx, &claims)?;
                opened = true;
                continue;
            }
            again += 1;
            if again > AGAIN_MAX {
                return Self::without_claims(tx, known, priced.facts.clone()).map(Some);
            }
            let lacking = match standing.lacking.is_empty() {
                true => vec![(position.min(claims.len() - 1), 0)],
                false => standing.lacking,
            };
            let mut facts = priced.facts.clone();
            refuse(&mut facts, &claimed, &lacking);
            let (quote, beside) = price(tx, known, &facts)?;
            let notes = vec![Note::new("", NoteCode::PricedAgain)];
            // What its claims need is looked up when they are refused.
            let standing = Standing::default();
            other = Some(Self { facts, quote, notes, beside, standing });
        }
    }
}

/// A price, and what is claimed beside it.
fn price(tx: &mut Tx<'_>, known: &Known, facts: &Facts) -> Result<(Quote, Vec<Claimed>), Refused> {
    let quote = known.compiled.price(&known.basket, facts).map_err(invalid)?;
    // With its gifts it could not become a receipt.
    if quote.lines.len() > LINES_MAX {
        let detail = format!("has more than {LINES_MAX} lines with its gifts");
        return Err(Refused::field("/lines", "too_many", detail));
    }
    let beside = match facts.coupons.is_empty() {
        true => Vec::new(),
        false => customer_claims(tx, &quote, &facts.coupons, known.customer.as_ref())?,
    };
    Ok((quote, beside))
}

/// What a quote claims, and what is claimed beside it.
pub(super) fn all_claims(quote: &Quote, beside: &[Claimed]) -> Vec<Claimed> {
    [quote.claims.as_slice(), beside].concat()
}

/// Tells what is lacking; of more claims than a chain takes, those at its end.
fn refuse(facts: &mut Facts, claims: &[Claimed], lacking: &[(usize, i64)]) {
    for &(place, left) in lacking {
        claims::refuse(facts, &claims[place], left);
    }
    for claimed in claims.iter().skip(CHAIN_TRANSFERS_MAX) {
        claims::refuse(facts, claimed, 0);
    }
}
