//! What is known beside a basket: where it is, whose card it is, what the ledger and the coupons say.

use std::sync::Arc;

use ::pricing::{Basket, CardFacts, Compiled, CustomerFacts, Facts};
use ledger::{AccountId, Books};
use membership::Capability;
use retail::{CardId, CustomerId, Day, ShopId, TillId, WalletId};
use store::{Card, Tx};

use super::asked::Asked;
use super::note::{Note, NoteCode};
use crate::cards::point;
use crate::coupons::coupons_of_basket;
use crate::receipts::{Place, moment};
use crate::{Act, Programme, Refused, levels};

/// A basket with all that is known when it comes.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub network: String,
    pub shop: ShopId,
    pub till: TillId,
    pub card: Option<CardId>,
    /// As the card was found.
    card_version: Option<i64>,
    pub customer: Option<CustomerId>,
    pub wallet: Option<WalletId>,
    pub compiled: Arc<Compiled>,
    pub basket: Basket,
    pub facts: Facts,
    pub notes: Vec<Note>,
}

impl Known {
    /// Gathers it.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        programme: &Programme,
        act: &Act,
        asked: &Asked,
        compiled: Arc<Compiled>,
    ) -> Result<Self, Refused> {
        let settings = &programme.settings.receipts;
        let place = Place::found(tx, act, (&asked.shop, &asked.till), asked.at, false, settings)?;
        let local = moment(asked.at).to_zoned(place.zone.clone()).datetime();
        // A part of a second decides nothing.
        let local = local.with().subsec_nanosecond(0).build().unwrap_or(local);
        let basket = Basket {
            at: local,
            network: Some(place.network.clone()),
            shop: Some(asked.shop.0.clone()),
            ..asked.basket.clone()
        };
        let mut known = Self {
            network: place.network.clone(),
            shop: asked.shop.clone(),
            till: asked.till.clone(),
            card: asked.card.clone(),
            card_version: None,
            customer: None,
            wallet: None,
            compiled,
            basket,
            facts: Facts::default(),
            notes: Vec::new(),
        };
        if known.compiled.version == 0 {
            known.notes.push(Note::new("", NoteCode::NoRules));
        }
        if let Some(card) = shown_card(tx, act, asked)? {
            known.card = Some(card.number.clone());
            known.card_version = Some(card.version);
            known.identify(tx, act, programme, &card, place.day)?;
        } else if known.card.is_some() {
            known.notes.push(Note::new("/card", NoteCode::CardUnknown));
        }
        known.add_coupons(tx, asked)?;
        Ok(known)
    }

    /// Whether the card is what it was, and its customer who he was, when the basket was priced: he may have been
    /// erased since. Nobody changes the card until all is stored.
    pub(super) fn is_so_still(&self, tx: &mut Tx<'_>) -> Result<bool, Refused> {
        let (Some(number), Some(version)) = (&self.card, self.card_version) else {
            return Ok(true);
        };
        let Some(card) = tx.card_to_change(number)?.filter(|card| card.version == version) else {
            return Ok(false);
        };
        Ok(self.customer.is_none() || customer_of(tx, &card)? == self.customer)
    }

    /// Takes over what a card tells.
    fn identify(
        &mut self,
        tx: &mut Tx<'_>,
        act: &Act,
        programme: &Programme,
        card: &Card,
        day: Day,
    ) -> Result<(), Refused> {
        // The job that ends cards may come later in the night.
        let over = card.expires_on.is_some_and(|last| last < day);
        let can = |capability| card.state.can(capability) && !over;
        if !can(Capability::Discount) {
            self.notes.push(Note::new("/card", NoteCode::CardCannotDiscount));
        }
        if self.basket.points > 0 && (!can(Capability::Spend) || card.wallet.is_none()) {
            self.notes.push(Note::new("/points", NoteCode::CardCannotSpend));
        }
        if can(Capability::Identify) {
            self.customer = customer_of(tx, card)?;
        }
        if let Some(wallet) = card.wallet.as_ref().filter(|_| can(Capability::Spend)) {
            let lots = tx.spendable_lots(&AccountId::wallet(wallet, &point()), act.at)?;
            self.facts.points_available = lots.iter().map(ledger::Lot::free).sum();
            self.facts.wallet = Some(wallet.0.clone());
            self.wallet = Some(wallet.clone());
        }
        if !can(Capability::Discount) {
            return Ok(());
        }
        self.facts.card = Some(CardFacts {
            id: card.number.0.clone(),
            card_type: Some(card.kind.as_str().to_owned()),
            state: Some(card.state.as_str().to_owned()),
        });
        self.facts.customer = self.buyer(tx, programme, card)?;
        Ok(())
    }

    /// Who buys; whoever has a card and no name is known by his wallet.
    fn buyer(
        &mut self,
        tx: &mut Tx<'_>,
        programme: &Programme,
        card: &Card,
    ) -> Result<Option<CustomerFacts>, Refused> {
        let own = self.customer.as_ref().map(|customer| customer.0.clone());
        let by_wallet = card.wallet.as_ref().map(|wallet| format!("wallet/{}", wallet.0));
        let Some(id) = own.or(by_wallet) else { return Ok(None) };
        let mut facts = CustomerFacts { id, ..CustomerFacts::default() };
        if let Some(wallet) = &card.wallet {
            let level = levels::level_of(tx, wallet, &self.network)?;
            facts.level = level.map(|level| level.id.0);
            if self.compiled.asks_for_purchases() {
                let all = (Day(i32::MIN), Day(i32::MAX));
                facts.purchases = Some(tx.wallet_sums(wallet, None, all)?.receipts);
            }
        }
        if let Some(customer) = &self.customer
            && !self.compiled.ruleset().segments.is_empty()
        {
            match programme.buyers.segments(&customer.0, &self.compiled) {
                Some(segments) => facts.segments = segments,
                None => self.notes.push(Note::new("", NoteCode::SegmentsUnknown)),
            }
        }
        Ok(Some(facts))
    }

    /// Coupons that were presented, and the customer's own that promise him a price.
    fn add_coupons(&mut self, tx: &mut Tx<'_>, asked: &Asked) -> Result<(), Refused> {
        let (codes, lines) = (&self.basket.coupons, &self.basket.lines);
        let found = coupons_of_basket(tx, codes, lines, self.customer.as_ref(), asked.at)?;
        for (place, code) in codes.iter().enumerate() {
            let facts = found.facts.iter().find(|facts| facts.code == *code);
            let note = facts.and_then(|facts| NoteCode::of_coupon(facts.standing));
            self.notes.extend(note.map(|code| Note::new(format!("/coupons/{place}"), code)));
        }
        self.facts.coupons = found.facts;
        if let Some(customer) = &mut self.facts.customer {
            customer.prices = found.prices;
        }
        Ok(())
    }
}

/// Whose card it is, by itself or by its wallet.
fn customer_of(tx: &mut Tx<'_>, card: &Card) -> Result<Option<CustomerId>, Refused> {
    match (&card.customer, &card.wallet) {
        (None, Some(wallet)) => Ok(tx.wallet(wallet)?.and_then(|wallet| wallet.customer)),
        (customer, _) => Ok(customer.clone()),
    }
}

/// The card that was shown, or one of the customer who was named.
fn shown_card(tx: &mut Tx<'_>, act: &Act, asked: &Asked) -> Result<Option<Card>, Refused> {
    if let Some(number) = &asked.card {
        // Of another network, it is told as one that is not there.
        return Ok(tx.card(number)?.filter(|card| act.bounds.allow_network(&card.network.0)));
    }
    let Some(customer) = &asked.customer else { return Ok(None) };
    let cards = tx.cards_of_customer(customer)?;
    let known = cards.into_iter().filter(|card| act.bounds.allow_network(&card.network.0));
    // One that can do most, and of equals the first, so that he is the same buyer tomorrow.
    let best = known.min_by_key(|card| {
        (std::cmp::Reverse(card.state.capabilities().len()), card.number.0.clone())
    });
    let none = || Refused::NotFound { kind: "customer", id: customer.0.clone() };
    best.map(Some).ok_or_else(none)
}
