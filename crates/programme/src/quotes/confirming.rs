//! A quote becomes a receipt: what it holds is taken, and the receipt goes the way of all receipts.

use std::collections::BTreeSet;

use ::pricing::Position;
use ledger::{AccountId, Books, Chain};
use retail::{CardId, WalletId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{QuoteState, StoredQuote, Tx};

use super::taken::Taken;
use super::{Kept, KeptQuote, claims, seen};
use crate::act::answered_before;
use crate::places::told;
use crate::receipts::{Good, Names, QuotedPoints, accounts_of, read, take, written};
use crate::settings::ReceiptSettings;
use crate::{Act, FiscalIn, Programme, ReceiptIn, ReceiptTaken, Refused};

/// How a quote was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIn {
    /// The receipt's own number at the till.
    pub number: String,
    /// When, as RFC 3339 with an offset.
    pub at: String,
    /// At which till, where it is another than the quote's or the sender's own.
    #[serde(default)]
    pub till: Option<String>,
    /// Its fiscal document.
    #[serde(default)]
    pub fiscal: Option<FiscalIn>,
    /// What was bought, where that is less than all of it.
    #[serde(default)]
    pub lines: Option<Vec<TakenIn>>,
}

/// How much of a quote's line was bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenIn {
    /// The line's id in the quote.
    pub line: String,
    /// Thousandths of a unit.
    pub quantity: i64,
}

/// What a quote became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The quote.
    pub quote: String,
    /// The receipt, as any receipt is answered.
    pub receipt: ReceiptTaken,
    /// Its lines.
    pub lines: Vec<ConfirmedLine>,
    /// Goods and delivery after all discounts, minor units.
    pub total: i64,
    /// Of it, what points paid as a payment.
    pub paid_with_points: i64,
    /// The rest.
    pub to_pay: i64,
    /// Points that were spent, smallest units.
    pub points_spent: i64,
}

/// A line of the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedLine {
    /// The quote's line by its id.
    pub line: String,
    /// What.
    pub product: String,
    /// Thousandths of a unit.
    pub quantity: i64,
    /// To pay for it, minor units.
    pub total: i64,
    /// What a fiscal receipt prints.
    pub positions: Vec<Position>,
}

/// A quote that is about to become a receipt.
struct Sale {
    row: StoredQuote,
    kept: Kept,
    taken: Taken,
    good: Good,
}

impl Programme {
    /// Makes a quote a receipt: what it holds is taken, as far as it was bought, and the rest is released. The
    /// same receipt again changes nothing.
    ///
    /// # Errors
    /// `not_found`; [`Refused::Invalid`] with every wrong field; `quote_expired`, `quote_cancelled`, and
    /// `quote_confirmed` where it became another receipt.
    pub fn confirm_quote(
        &self,
        act: &Act,
        id: &str,
        confirm: ConfirmIn,
    ) -> Result<Confirmed, Refused> {
        let (id, settings) = (id.to_owned(), self.settings.receipts.clone());
        let found = self.store()?.read(|tx| match answered_before(tx, act)? {
            Some(before) => Ok(Err(before)),
            None => KeptQuote::seen(tx, act, &id).map(Ok),
        })?;
        let quote = match found {
            Ok(quote) => quote,
            Err(before) => return Ok(before),
        };
        // Understood before anybody waits for it.
        let sale = Sale::of(act, quote, &confirm, &settings)?;
        self.perform(act, move |tx, act| {
            let row = seen(act, tx.quote_to_change(&id)?, &id)?;
            let (state, expires_at, receipt) = (row.state, row.expires_at, row.receipt.clone());
            // What it says changes only where its customer is erased meanwhile.
            let again = match row.customer == sale.row.customer {
                true => None,
                false => Some(Sale::of(act, KeptQuote::of(tx, row)?, &confirm, &settings)?),
            };
            let sale = again.as_ref().unwrap_or(&sale);
            match state {
                QuoteState::Held if act.at < expires_at => sale.done(tx, act, &settings),
                QuoteState::Confirmed => sale.done_before(tx, receipt.as_deref()),
                QuoteState::Cancelled => Err(Refused::Conflict {
                    code: "quote_cancelled",
                    why: "the quote was cancelled: ask for another, or send what was sold as a receipt"
                        .to_owned(),
                }),
                QuoteState::Held | QuoteState::Expired => Err(Refused::Conflict {
                    code: "quote_expired",
                    why: "the quote's time is over and nothing is held: ask for another, or send what \
                          was sold as a receipt"
                        .to_owned(),
                }),
            }
        })
    }
}

impl Sale {
    fn of(
        act: &Act,
        quote: KeptQuote,
        confirm: &ConfirmIn,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        let KeptQuote { row, kept } = quote;
        let wanted = confirm.lines.as_ref();
        let wanted: Option<Vec<(String, i64)>> = wanted
            .map(|lines| lines.iter().map(|taken| (taken.line.clone(), taken.quantity)).collect());
        let taken = Taken::of(&kept, wanted.as_deref())?;
        let line = |line: &super::taken::BoughtLine| {
            line.line_in(&kept.situation, &kept.quote.lines[line.place])
        };
        let here = act.shop.as_ref().is_some_and(|shop| shop.0 == row.shop);
        let own = act.till.as_ref().filter(|_| here).map(|till| till.0.clone());
        let receipt = ReceiptIn {
            number: confirm.number.clone(),
            at: confirm.at.clone(),
            shop: Some(row.shop.clone()),
            till: confirm.till.clone().or(own).or_else(|| Some(row.till.clone())),
            card: row.card.clone(),
            channel: kept.situation.basket.channel.clone(),
            original: None,
            fiscal: confirm.fiscal.clone(),
            lines: taken.lines.iter().map(line).collect(),
        };
        let mut good = Good::of(receipt, act, settings)?;
        good.quoted = Some(QuotedPoints {
            version: row.ruleset_version,
            lines: taken.lines.iter().map(|line| (line.multiplier_bps, line.points)).collect(),
        });
        Ok(Self { row, kept, taken, good })
    }

    /// Takes the receipt and what the quote holds.
    fn done(
        &self,
        tx: &mut Tx<'_>,
        act: &Act,
        settings: &ReceiptSettings,
    ) -> Result<Confirmed, Refused> {
        if tx.is_postgres() {
            self.lock(tx)?;
        }
        let receipt = take(tx, act, &self.good, settings)?;
        let id = &self.row.id;
        if tx.quote_of_receipt(&receipt.receipt)?.is_some() {
            let why = format!("another quote became the receipt {}", self.good.number);
            return Err(Refused::Conflict { code: "receipt_taken", why });
        }
        let transfers = claims::decide(tx, id, &self.taken.decisions, &receipt.receipt)?;
        if !transfers.is_empty() {
            let chain = claims::confirming_chain(id);
            ledger::post(tx, &Chain { id: chain, at: act.at, transfers })?;
        }
        let partly = self.taken.partly.as_ref().map(written).transpose()?;
        let state = QuoteState::Confirmed;
        tx.decide_quote(id, state, Some(&receipt.receipt), partly.as_deref())?;
        let detail = json!({ "receipt": receipt.receipt, "points": self.taken.points_spent });
        told(tx, act, "quote.confirm", "quote", id, &detail)?;
        if let Some(wallet) = self.row.wallet.as_ref().filter(|_| self.taken.points_spent > 0) {
            tx.changed("wallet", wallet, act.at)?;
        }
        Ok(self.answer(receipt))
    }

    /// The answer to the same receipt, once more.
    fn done_before(&self, tx: &mut Tx<'_>, receipt: Option<&str>) -> Result<Confirmed, Refused> {
        let known = match receipt {
            Some(receipt) => tx.receipt(receipt)?,
            None => None,
        };
        let same = known.as_ref().filter(|receipt| {
            receipt.number == self.good.number
                && receipt.till == self.good.till.0
                && receipt.content_sha256 == self.good.content_sha256
        });
        let Some(receipt) = same else {
            let number = known.map(|receipt| receipt.number).unwrap_or_default();
            let why = format!(
                "the quote is the receipt {number} already: for other goods ask for another quote"
            );
            return Err(Refused::Conflict { code: "quote_confirmed", why });
        };
        let receipt: ReceiptTaken = read("the answer to a receipt", &receipt.answer)?;
        Ok(self.answer(receipt))
    }

    /// Keeps others from all accounts of this sale at once: each of its two chains locks its own in their
    /// sequence, which both together would not.
    fn lock(&self, tx: &mut Tx<'_>) -> Result<(), Refused> {
        tx.lock_receipts_of(&Names::of(&self.row.network, &self.good.name()).id)?;
        if let Some(card) = &self.row.card {
            tx.card_to_change(&CardId(card.clone()))?;
        }
        let mut ids: BTreeSet<AccountId> =
            claims::touched(&self.kept.claims()).into_iter().collect();
        if let Some(wallet) = &self.row.wallet {
            ids.extend(accounts_of(&WalletId(wallet.clone())));
        }
        Books::accounts(tx, &ids.into_iter().collect::<Vec<_>>())?;
        Ok(())
    }

    fn answer(&self, receipt: ReceiptTaken) -> Confirmed {
        let Taken { ref lines, points_spent, paid_with_points, total, .. } = self.taken;
        let line = |bought: &super::taken::BoughtLine| {
            let quoted = &self.kept.quote.lines[bought.place];
            ConfirmedLine {
                line: quoted.id.clone(),
                product: quoted.product.clone(),
                quantity: bought.quantity,
                total: bought.total,
                positions: bought.positions.clone(),
            }
        };
        Confirmed {
            quote: self.row.id.clone(),
            receipt,
            lines: lines.iter().map(line).collect(),
            total,
            paid_with_points,
            to_pay: total - paid_with_points,
            points_spent,
        }
    }
}
