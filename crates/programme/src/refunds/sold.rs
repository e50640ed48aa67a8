//! What was sold with a receipt: the quote it was, as far as it was bought, or its own lines.

use std::sync::Arc;

use ::pricing::{Compiled, Quote, QuotedLine, Refund, Sale, Situation, Totals, part};
use ledger::{ChainId, TransferId};
use retail::{Claim, Money, Quantity};
use store::{StoredReceipt, Tx};

use super::asked::{Asked, Original};
use super::due::Due;
use super::replaced;
use crate::quotes::{Bought, KeptQuote, confirming_chain};
use crate::receipts::{Goods, Place, goods_of, name_of_key, original_key};
use crate::settings::ReceiptSettings;
use crate::{Act, LineIn, Programme, Refused};

/// A receipt whose goods come back, and the quote that it was.
pub(super) struct Found {
    row: StoredReceipt,
    quote: Option<KeptQuote>,
}

/// What was sold with it.
pub(super) struct Sold {
    pub row: StoredReceipt,
    pub quote_id: Option<String>,
    /// What was bought, its claims those that were taken.
    pub quote: Quote,
    /// By what it was priced, if it was a quote.
    priced: Option<(Situation, Arc<Compiled>)>,
    /// Its lines as the receipt has them, in the same sequence.
    lines: Vec<LineIn>,
    /// Places of the claims among all that the quote held.
    places: Vec<usize>,
}

impl Found {
    /// The receipt, where the caller may take returns of it.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        act: &Act,
        asked: &Asked,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        let here = (&asked.shop, &asked.till);
        let place = Place::found(tx, act, here, asked.at, false, settings)?;
        let (row, id) = match &asked.of {
            Original::Id(id) => (tx.receipt(id)?, id),
            Original::Number(original) => {
                let key = original_key(&place.network, here, original);
                (tx.receipt_named(&name_of_key(&key))?, &original.number)
            }
        };
        let row = row.filter(|row| row.network == place.network);
        let row = row.ok_or_else(|| Refused::NotFound { kind: "receipt", id: id.clone() })?;
        let quote = KeptQuote::of_receipt(tx, &row.id)?;
        Ok(Self { row, quote })
    }
}

impl Sold {
    /// What was sold.
    pub(super) fn of(programme: &Programme, found: Found) -> Result<Self, Refused> {
        let Found { row, quote } = found;
        let goods = goods_of(&row)?;
        if goods.first().is_some_and(|goods| goods.quantity < 0) {
            let detail = "is a return: what it took back cannot come back once more";
            return Err(Refused::field("/original", "is_return", detail));
        }
        let Some(quote) = quote else {
            // One that was stored before its lines kept their amounts.
            if goods.iter().map(|goods| goods.net).sum::<i64>() != row.net {
                return Err(Refused::Conflict {
                    code: "receipt_unpriced",
                    why: "what its lines cost is not known: send what comes back as a return with its amounts"
                        .to_owned(),
                });
            }
            return Ok(Self::by_its_lines(row, &goods));
        };
        let quoted = programme.quoted_of(quote)?;
        let Bought { quote, situation, lines, places } = quoted.bought()?;
        let quote_id = quoted.row.id;
        let same = |(goods, line): (&Goods, &LineIn)| {
            (&goods.product, goods.quantity, goods.net) == (&line.product, line.quantity, line.net)
        };
        if goods.len() != lines.len() || !goods.iter().zip(&lines).all(same) {
            return Err(replaced());
        }
        let priced = Some((situation, quoted.compiled));
        Ok(Self { row, quote_id: Some(quote_id), quote, priced, lines, places })
    }

    /// A receipt that was no quote: its lines cost what they cost.
    fn by_its_lines(row: StoredReceipt, goods: &[Goods]) -> Self {
        let quoted = |(place, goods): (usize, &Goods)| {
            let (total, amount) = (goods.net - goods.supplier_coupon, goods.net + goods.discount);
            QuotedLine {
                id: (place + 1).to_string(),
                product: goods.product.clone(),
                quantity: Quantity(goods.quantity),
                measured: goods.quantity % Quantity::SCALE != 0,
                amount: Money(amount),
                discount: Money(amount - total),
                total: Money(total),
                ..QuotedLine::default()
            }
        };
        let line = |goods: &Goods| LineIn {
            product: goods.product.clone(),
            category: None,
            quantity: goods.quantity,
            net: goods.net,
            discount: goods.discount,
            retailer_coupon: goods.retailer_coupon,
            supplier_coupon: goods.supplier_coupon,
            points_allowed: true,
        };
        let lines: Vec<QuotedLine> = goods.iter().enumerate().map(quoted).collect();
        let total = lines.iter().map(|line| line.total.0).sum();
        let totals = Totals { total: Money(total), ..Totals::default() };
        let quote = Quote { lines, totals, ..Quote::default() };
        let lines = goods.iter().map(line).collect();
        Self { row, quote_id: None, quote, priced: None, lines, places: Vec::new() }
    }

    /// The sale as the engine looks at it, with what was given back, and of it what points had paid.
    pub(super) fn sale<'a>(
        &'a self,
        returned: &'a [::pricing::ReturnedLine],
        (refunded, refunded_points): (Money, Money),
    ) -> Sale<'a> {
        let replay = self.priced.as_ref();
        let replay = replay.map(|(of, compiled)| (&**compiled, &of.basket, &of.facts));
        Sale { quote: &self.quote, replay, returned, refunded, refunded_points }
    }

    /// Whether the rules by which it was priced are known.
    pub(super) fn is_priced(&self) -> bool {
        self.priced.is_some()
    }

    /// The product of a line.
    pub(super) fn product(&self, line: &str) -> String {
        let found = self.quote.lines.iter().find(|of| of.id == line);
        found.map_or_else(String::new, |of| of.product.clone())
    }

    /// The transfer by which a claim was taken.
    pub(super) fn transfer_of(&self, claim: usize) -> Option<TransferId> {
        let chain: ChainId = confirming_chain(self.quote_id.as_ref()?);
        Some(TransferId::of(&chain, *self.places.get(claim)?))
    }

    /// How many uses of coupons come back with a refund.
    pub(super) fn coupon_uses(&self, refund: &Refund) -> u32 {
        let of_coupon = |claim: usize| {
            self.quote.claims.get(claim).is_some_and(|of| matches!(of.claim, Claim::Coupon { .. }))
        };
        refund.claims.iter().filter(|back| of_coupon(back.claim)).count() as u32
    }

    /// The lines of the return's receipt. Over all returns they add up to the sale's own, but for what was kept
    /// back.
    pub(super) fn lines_back(&self, due: &Due) -> Vec<LineIn> {
        let as_payment = self.quote.totals.paid_with_points.0 > 0;
        let mut lines = Vec::with_capacity(due.refund.lines.len());
        for (place, (line, quoted)) in self.lines.iter().zip(&self.quote.lines).enumerate() {
            let refunded = due.refund.lines.iter().find(|of| of.line == quoted.id);
            let Some(refunded) = refunded else { continue };
            let (before, after) = (due.before[place], due.after[place]);
            let share = |of: i64| part(of, after, line.quantity) - part(of, before, line.quantity);
            let supplier = share(line.supplier_coupon);
            // VAT that was added is no part of what the retailer received.
            let vat = if self.quote.vat_added { share(quoted.vat.0) } else { 0 };
            let paid = if as_payment { refunded.value.0 } else { refunded.money.0 };
            let net = (paid - vat).max(0) + supplier;
            let discount = (share(line.net + line.discount) - net).max(0);
            lines.push(LineIn {
                product: line.product.clone(),
                category: line.category.clone(),
                quantity: before - after,
                net: -net,
                discount: -discount,
                retailer_coupon: -share(line.retailer_coupon).min(discount),
                supplier_coupon: -supplier,
                points_allowed: line.points_allowed,
            });
        }
        lines
    }
}
