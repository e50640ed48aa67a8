//! Where cards come from: ranges of numbers, print batches, virtual cards.

use membership::{CardKind, CardOperation, CardState, NumberRange, PrintBatch, scattered};
use retail::{CardId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Card, Printed, RangeOfNumbers, ScatterKey, Tx};

use super::{CardChange, CardView, permitted, range_network, step};
use crate::places::{id_problem, refuse_unless, shop_of, taken, told};
use crate::{Act, FieldProblem, Programme, Refused};

/// Cards that are made or prepared in one write.
const AT_ONCE: usize = 500;
/// Most cards of one print batch.
const BATCH_MAX: i64 = 1_000_000;

/// A range of numbers as it is added.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct NewRange {
    pub id: String,
    pub kind: CardKind,
    pub range: NumberRange,
}

/// A range of numbers as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RangeView {
    pub id: String,
    pub kind: CardKind,
    pub range: NumberRange,
    /// How many of its numbers are cards already.
    pub used: i64,
}

/// A print batch as it is asked for.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewPrintBatch {
    pub id: String,
    pub range: String,
    pub cards: i64,
}

/// A print batch as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PrintBatchView {
    pub id: String,
    pub range: String,
    pub from_index: i64,
    pub cards: i64,
}

/// A card for the printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedCard {
    /// Its number.
    pub number: String,
    /// The same in groups, as it is printed.
    pub printed: String,
}

impl Programme {
    /// Adds a range of numbers to a network.
    ///
    /// # Errors
    /// `invalid` where the range is wrong; `taken` where its id is; `overlap` where it could give a
    /// number of another range.
    pub fn add_range(&self, act: &Act, new: NewRange) -> Result<RangeView, Refused> {
        let wrong = new.range.validate().into_iter().map(|problem| FieldProblem {
            pointer: problem.pointer,
            code: "range",
            detail: problem.reason,
        });
        refuse_unless(id_problem("/id", &new.id).into_iter().chain(wrong))?;
        self.perform(act, move |tx, act| {
            range_network(tx, act, &new.range.network.0)?;
            if let Some(other) = tx.ranges()?.iter().find(|other| other.range.overlaps(&new.range))
            {
                let why = format!("it could give a number of the range {}", other.id);
                return Err(Refused::Conflict { code: "overlap", why });
            }
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|error| Refused::Broken {
                why: format!("the system gives no random bytes: {error}"),
            })?;
            let range = RangeOfNumbers {
                id: new.id.clone(),
                network: new.range.network.clone(),
                card_kind: new.kind,
                range: new.range.clone(),
                scatter_key: ScatterKey(key),
                next_index: 0,
                created_at: act.at,
                version: 1,
            };
            if !tx.add_range(&range)? {
                return Err(taken("range", &new.id));
            }
            let detail = json!({ "network": new.range.network, "count": new.range.count() });
            told(tx, act, "range.add", "range", &new.id, &detail)?;
            Ok(RangeView::of(&range))
        })
    }

    /// Takes so many numbers from a range and makes cards of them. Asked again for the same batch it
    /// goes on where it was interrupted.
    ///
    /// # Errors
    /// `not_found`; `taken` where the batch is another; `range_empty` where the range has not so many
    /// numbers left.
    pub fn print_cards(&self, act: &Act, new: NewPrintBatch) -> Result<PrintBatchView, Refused> {
        let count = (!(1..=BATCH_MAX).contains(&new.cards)).then(|| FieldProblem {
            pointer: "/cards".to_owned(),
            code: "count",
            detail: format!("must be 1 to {BATCH_MAX}"),
        });
        refuse_unless(id_problem("/id", &new.id).into_iter().chain(count))?;
        Self::refuse_rehearsal(act)?;
        let view = self
            .perform(act, move |tx, act| Ok(PrintBatchView::of(&take_numbers(tx, act, &new)?)))?;
        let (range, batch) = self.store()?.read(|tx| batch_of(tx, act, &view.id))?;
        let numbers: Vec<String> =
            rows_of(&range, &batch).rows().map(|row| row.number.as_str().to_owned()).collect();
        for piece in numbers.chunks(AT_ONCE) {
            let cards: Vec<Card> =
                piece.iter().map(|number| made(&range, Some(&batch), number, act.at)).collect();
            self.store()?.write(move |tx| {
                for card in &cards {
                    tx.add_card(card)?;
                }
                Ok::<_, Refused>(())
            })?;
        }
        Ok(view)
    }

    /// The cards of a print batch, for the printer.
    ///
    /// # Errors
    /// `not_found`.
    pub fn printed_cards(&self, act: &Act, batch: &str) -> Result<Vec<PrintedCard>, Refused> {
        self.store()?.read(|tx| {
            let (range, batch) = batch_of(tx, act, batch)?;
            Ok(rows_of(&range, &batch)
                .rows()
                .map(|row| PrintedCard {
                    number: row.number.as_str().to_owned(),
                    printed: row.printed,
                })
                .collect())
        })
    }

    /// Prepares all cards of a print batch for a shop; says how many were not prepared yet.
    ///
    /// # Errors
    /// `not_found`; `not_permitted`.
    pub fn prepare_cards(&self, act: &Act, batch: &str, shop: &str) -> Result<u64, Refused> {
        Self::refuse_rehearsal(act)?;
        if let Some(known) = self.answered(act)? {
            return Ok(known);
        }
        let (mut after, mut prepared) = (String::new(), 0);
        loop {
            let (by, batch, shop, from) =
                (act.clone(), batch.to_owned(), shop.to_owned(), after.clone());
            let (count, last) =
                self.store()?.write(move |tx| prepare_some(tx, &by, &batch, &shop, &from))?;
            prepared += count;
            match last {
                Some(last) => after = last,
                None => return self.perform(act, move |_, _| Ok(prepared)),
            }
        }
    }

    /// Makes a virtual card, active at once, with a number that nobody can guess from others.
    ///
    /// # Errors
    /// `not_found` where there is no such range; `range_empty`; `not_permitted`.
    pub fn issue_virtual_card(
        &self,
        act: &Act,
        range: &str,
        customer: Option<&str>,
    ) -> Result<CardView, Refused> {
        let (range, customer) = (range.to_owned(), customer.map(str::to_owned));
        self.perform(act, move |tx, act| {
            let range = range_of(tx, act, &range)?;
            if range.card_kind == CardKind::Plastic {
                let detail = "is a range of plastic cards";
                return Err(Refused::field("{range}", "kind", detail));
            }
            let index = u64::try_from(range.next_index).unwrap_or(u64::MAX);
            let number = scattered(&range.scatter_key.0, &range.range, index)
                .ok_or_else(|| empty(&range.id))?;
            tx.advance_range(&range.id, range.next_index + 1)?;
            let card = made(&range, None, number.as_str(), act.at);
            permitted(tx, act, &card, CardOperation::Activate)?;
            if !tx.add_card(&card)? {
                return Err(taken("card", number.as_str()));
            }
            let change = CardChange {
                customer: customer.clone(),
                ..CardChange::only(CardOperation::Activate)
            };
            Ok(CardView::of(&step(tx, act, card, &change, None)?))
        })
    }
}

/// Takes a batch's numbers from its range, once.
fn take_numbers(tx: &mut Tx<'_>, act: &Act, new: &NewPrintBatch) -> Result<Printed, Refused> {
    let range = range_of(tx, act, &new.range)?;
    if let Some(known) = tx.print_batch(&new.id)? {
        let same = known.number_range == new.range && known.cards == new.cards;
        return if same { Ok(known) } else { Err(taken("print batch", &new.id)) };
    }
    let left = i64::try_from(range.range.count()).unwrap_or(i64::MAX) - range.next_index;
    if left < new.cards {
        return Err(empty(&range.id));
    }
    let batch = Printed {
        id: new.id.clone(),
        number_range: range.id.clone(),
        from_index: range.next_index,
        cards: new.cards,
        shop: None,
        created_at: act.at,
    };
    tx.advance_range(&range.id, range.next_index + new.cards)?;
    if !tx.add_print_batch(&batch)? {
        return Err(taken("print batch", &new.id));
    }
    let detail = json!({ "range": range.id, "cards": new.cards });
    told(tx, act, "print_batch.add", "print_batch", &batch.id, &detail)?;
    Ok(batch)
}

/// Prepares the next cards of a batch; says how many, and the last that was looked at, if any.
fn prepare_some(
    tx: &mut Tx<'_>,
    act: &Act,
    batch: &str,
    shop: &str,
    after: &str,
) -> Result<(u64, Option<String>), Refused> {
    let (_, batch) = batch_of(tx, act, batch)?;
    let shop = shop_of(tx, act, shop)?;
    let cards = tx.cards_of_batch(&batch.id, after, AT_ONCE as u32)?;
    let last = cards.last().map(|card| card.number.0.clone());
    let mut prepared = 0;
    for card in cards.into_iter().filter(|card| card.state == CardState::Created) {
        permitted(tx, act, &card, CardOperation::Prepare)?;
        let change = CardChange {
            shop: Some(shop.id.0.clone()),
            ..CardChange::only(CardOperation::Prepare)
        };
        step(tx, act, card, &change, None)?;
        prepared += 1;
    }
    Ok((prepared, last))
}

/// A range the caller may take from.
fn range_of(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<RangeOfNumbers, Refused> {
    let found = tx.range_to_take_from(id)?;
    let known = found.filter(|range| act.bounds.allow_network(&range.network.0));
    known.ok_or_else(|| Refused::NotFound { kind: "range", id: id.to_owned() })
}

fn batch_of(tx: &mut Tx<'_>, act: &Act, id: &str) -> Result<(RangeOfNumbers, Printed), Refused> {
    let unknown = || Refused::NotFound { kind: "print batch", id: id.to_owned() };
    let batch = tx.print_batch(id)?.ok_or_else(unknown)?;
    let range = tx.ranges()?.into_iter().find(|range| range.id == batch.number_range);
    let known = range.filter(|range| act.bounds.allow_network(&range.network.0));
    Ok((known.ok_or_else(unknown)?, batch))
}

fn rows_of(range: &RangeOfNumbers, batch: &Printed) -> PrintBatch {
    PrintBatch {
        id: batch.id.clone(),
        range: range.range.clone(),
        from_index: u64::try_from(batch.from_index).unwrap_or(u64::MAX),
        count: u64::try_from(batch.cards).unwrap_or(0),
    }
}

/// A card as it is made.
fn made(range: &RangeOfNumbers, batch: Option<&Printed>, number: &str, at: Instant) -> Card {
    Card {
        number: CardId(number.to_owned()),
        network: range.network.clone(),
        kind: range.card_kind,
        state: CardState::Created,
        wallet: None,
        customer: None,
        print_batch: batch.map(|batch| batch.id.clone()),
        shop: None,
        reason: None,
        replaced_by: None,
        expires_on: None,
        changed_at: at,
        version: 1,
    }
}

impl RangeView {
    fn of(range: &RangeOfNumbers) -> Self {
        let RangeOfNumbers { id, card_kind, range, next_index, .. } = range.clone();
        Self { id, kind: card_kind, range, used: next_index }
    }
}

impl PrintBatchView {
    fn of(batch: &Printed) -> Self {
        let Printed { id, number_range, from_index, cards, .. } = batch.clone();
        Self { id, range: number_range, from_index, cards }
    }
}

fn empty(range: &str) -> Refused {
    let why = format!("the range {range} has not so many numbers left");
    Refused::Conflict { code: "range_empty", why }
}
