//! Whether cards of the old programme fit those that are stored, and one another.

use membership::{BlockReason, CardNumber, CardState, Scheme};
use retail::{CardId, OpeningCard};
use sources::{FeedKind, ProblemCode};
use store::{Card, Tx};

use super::{Looking, PlannedCard};
use crate::Refused;

/// Why a row cannot be taken: code, field, value, sentence.
type Fault = (ProblemCode, &'static str, String, String);

/// Cards that stand in the place of others, one behind the other, at most.
const LINKS_MAX: usize = 100;

impl Looking {
    /// Reads at once what is stored of some rows.
    pub(super) fn fetch_cards(
        &mut self,
        tx: &mut Tx<'_>,
        rows: &[OpeningCard],
    ) -> Result<(), Refused> {
        // Whether a control digit fits, the row itself is asked.
        let number = |row: &OpeningCard| CardNumber::parse(&row.number.0, Scheme::Plain).ok();
        let numbers = rows.iter().filter_map(number);
        let numbers: Vec<CardId> =
            numbers.map(|number| CardId(number.as_str().to_owned())).collect();
        let cards = tx.cards(&numbers)?;
        self.stored_cards = cards.into_iter().map(|card| (card.number.clone(), card)).collect();
        Ok(())
    }

    /// Looks at one row, beside earlier rows and what is stored.
    pub(super) fn card(&mut self, tx: &mut Tx<'_>, row: &OpeningCard) -> Result<(), Refused> {
        let card = match self.understood(tx, row)? {
            Ok(card) => card,
            Err((code, field, value, reason)) => {
                self.wrong((FeedKind::Cards, &row.place), code, (field, &value), reason);
                return Ok(());
            }
        };
        if let Some(&earlier) = self.numbers.get(&card.number) {
            let earlier = &self.plan.cards[earlier];
            if same(&earlier.card, &card) && earlier.account == row.account {
                self.plan.report.cards_repeated += 1;
            } else {
                let reason = format!("stands in line {} with other content", earlier.place.line);
                let what = ("number", card.number.0.as_str());
                let code = ProblemCode::DuplicateCard;
                self.wrong((FeedKind::Cards, &row.place), code, what, reason);
            }
            return Ok(());
        }
        let stored = self.stored_cards.remove(&card.number);
        if let Some(stored) = stored.as_ref().filter(|stored| !same(stored, &card)) {
            let reason = format!("is known here with another {}", difference(stored, &card));
            let what = ("number", card.number.0.as_str());
            self.wrong((FeedKind::Cards, &row.place), ProblemCode::CardDiffers, what, reason);
            return Ok(());
        }
        self.numbers.insert(card.number.clone(), self.plan.cards.len());
        self.plan.cards.push(PlannedCard {
            known: stored.is_some(),
            card: stored.unwrap_or(card),
            place: row.place.clone(),
            account: row.account.clone(),
            wallet: None,
            wrong: false,
        });
        Ok(())
    }

    /// The row as a card is stored.
    fn understood(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OpeningCard,
    ) -> Result<Result<Card, Fault>, Refused> {
        let network = &row.network;
        let Some(&scheme) = self.networks.get(&network.0) else {
            let reason = "is no network of this programme".to_owned();
            let fault = (ProblemCode::UnknownPlace, "network", network.0.clone(), reason);
            return Ok(Err(fault));
        };
        let read = |field, number: &CardId| match CardNumber::parse(&number.0, scheme) {
            Ok(number) => Ok(CardId(number.as_str().to_owned())),
            Err(error) => {
                Err((ProblemCode::CardNumber, field, number.0.clone(), error.to_string()))
            }
        };
        let number = match read("number", &row.number) {
            Ok(number) => number,
            Err(fault) => return Ok(Err(fault)),
        };
        let replaced_by =
            match row.replaced_by.as_ref().map(|by| read("replaced_by", by)).transpose() {
                Ok(replaced_by) => replaced_by,
                Err(fault) => return Ok(Err(fault)),
            };
        if let Some(shop) = &row.shop {
            if !self.shops.contains_key(&shop.0) {
                let network = tx.shop(shop)?.map(|shop| shop.network);
                self.shops.insert(shop.0.clone(), network);
            }
            if self.shops[&shop.0].as_ref() != Some(network) {
                let reason = "is no shop of the card's network".to_owned();
                return Ok(Err((ProblemCode::UnknownPlace, "shop", shop.0.clone(), reason)));
            }
        }
        let card = Card {
            number,
            network: network.clone(),
            kind: named("kind of card", &row.kind)?,
            state: named("state of a card", &row.state)?,
            wallet: None,
            customer: row.customer.clone(),
            print_batch: None,
            shop: row.shop.clone(),
            reason: row.reason.clone(),
            replaced_by,
            expires_on: row.expires_on,
            changed_at: self.at,
            version: 1,
        };
        Ok(with_reason(card))
    }

    /// Looks whether the cards that others were replaced by are there.
    pub(super) fn links(
        &mut self,
        tx: &mut Tx<'_>,
        from: usize,
        until: usize,
    ) -> Result<(), Refused> {
        for place in from..until.min(self.plan.cards.len()) {
            let card = &self.plan.cards[place].card;
            let Some(by) = &card.replaced_by else { continue };
            let fits = match self.numbers.get(by) {
                Some(&other) => self.plan.cards[other].card.network == card.network,
                None => tx.card(by)?.is_some_and(|other| other.network == card.network),
            };
            if card.state != CardState::Replaced || *by == card.number || !fits {
                self.plan.cards[place].wrong = true;
            }
        }
        Ok(())
    }

    /// Sets aside cards whose way to the card in use ends nowhere.
    pub(super) fn refuse_wrong_links(&mut self) {
        let wrong: Vec<usize> = (0..self.plan.cards.len())
            .filter(|&place| self.plan.cards[place].card.replaced_by.is_some())
            .filter(|&place| self.in_use(place).is_none())
            .collect();
        for &place in &wrong {
            let planned = &mut self.plan.cards[place];
            planned.wrong = true;
            let (at, number) = (planned.place.clone(), planned.card.number.clone());
            let by = planned.card.replaced_by.clone().map_or(String::new(), |by| by.0);
            let reason = "is no other card of this network, or the card is not replaced";
            let what = ("replaced_by", by.as_str());
            self.wrong((FeedKind::Cards, &at), ProblemCode::CardLink, what, reason);
            self.numbers.remove(&number);
        }
    }

    /// The last of the cards that took one another's places: of the file where it stands there, else by
    /// its number. Nothing where the way does not end.
    pub(super) fn in_use(&self, place: usize) -> Option<Result<usize, CardId>> {
        let mut place = place;
        for _ in 0..LINKS_MAX {
            let planned = &self.plan.cards[place];
            if planned.wrong {
                return None;
            }
            let Some(by) = &planned.card.replaced_by else { return Some(Ok(place)) };
            match self.numbers.get(by) {
                Some(&next) => place = next,
                None => return Some(Err(by.clone())),
            }
        }
        None
    }

    /// Counts what is to be written.
    pub(super) fn count_cards(&mut self) {
        let report = &mut self.plan.report;
        for planned in self.plan.cards.iter().filter(|planned| !planned.wrong) {
            let state = planned.card.state.as_str().to_owned();
            let count = report.cards.entry(state).or_default();
            if planned.known { count.known += 1 } else { count.new += 1 }
        }
        report.wallets_new = self.plan.wallets.iter().filter(|wallet| wallet.new).count() as u64;
        report.changed = report.wallets_new > 0
            || report.cards.values().any(|count| count.new > 0)
            || !(self.plan.attached.is_empty()
                && self.plan.accounts.is_empty()
                && self.plan.balances.is_empty()
                && self.plan.levels.is_empty());
    }
}

/// A blocked card has one of the reasons there are.
fn with_reason(card: Card) -> Result<Card, Fault> {
    if card.state != CardState::Blocked {
        return Ok(card);
    }
    match &card.reason {
        None => Ok(Card { reason: Some(BlockReason::Other.as_str().to_owned()), ..card }),
        Some(reason) if reason.parse::<BlockReason>().is_ok() => Ok(card),
        Some(reason) => {
            let why =
                "is none of lost, damaged, stolen, fraud, other, nor one of the mapping's words";
            Err((ProblemCode::Word, "reason", reason.clone(), why.to_owned()))
        }
    }
}

/// A name that the sources have looked at.
fn named<T: std::str::FromStr>(what: &str, name: &str) -> Result<T, Refused> {
    name.parse().map_err(|_| Refused::Broken { why: format!("{name:?} is no {what}") })
}

fn same(one: &Card, other: &Card) -> bool {
    difference(one, other).is_empty()
}

/// The first field in which two cards differ, of those that a file says; empty where in none.
fn difference(one: &Card, other: &Card) -> &'static str {
    let fields = [
        ("network", one.network == other.network),
        ("kind", one.kind == other.kind),
        ("state", one.state == other.state),
        ("customer", one.customer == other.customer),
        ("shop", one.shop == other.shop),
        ("reason", one.reason == other.reason),
        ("replaced_by", one.replaced_by == other.replaced_by),
        ("expires", one.expires_on == other.expires_on),
    ];
    fields.into_iter().find(|(_, same)| !same).map_or("", |(name, _)| name)
}
