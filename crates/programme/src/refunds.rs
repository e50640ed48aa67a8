//! Returns of receipts with a refund: what is due for goods that come back, and giving it back.
//!
//! What is due comes out of what the receipt's quote allocated to the goods, or, of a receipt that was no quote,
//! out of its own lines; never out of today's rules. A refund becomes the return's receipt, and what the quote
//! had taken goes back: points to the lots they came from, coupons, budgets and limits. Start with
//! [`Programme::refund`]; `refunds/asked.rs` looks a request over, `refunds/sold.rs` knows what was sold,
//! `refunds/due.rs` what has come back and what is due, `refunds/giving.rs` posts it.

mod asked;
mod due;
mod giving;
mod sold;

use ::pricing::{GiftDue, Position, ReturnedLine, Undone};
use retail::{CardId, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{StoredRefund, Tx};

use crate::act::answered_before;
use crate::places::told;
use crate::receipts::{Good, Names, Place, ReceiptTaken, begin, known, read, take, written};
use crate::settings::{ReceiptSettings, ReturnSettings};
use crate::{Act, FiscalIn, OriginalIn, Programme, Refused, TakenIn};
use asked::Asked;
use due::Due;
use giving::PointsBack;
use sold::{Found, Sold};

/// Goods that come back, as a till or an office sends them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundIn {
    /// Whether the goods are taken back now; else it is only told what is due.
    #[serde(default)]
    pub take: bool,
    /// The receipt whose goods come back, by its id here…
    #[serde(default)]
    pub receipt: Option<String>,
    /// … or by its number.
    #[serde(default)]
    pub original: Option<OriginalIn>,
    /// What comes back; all that is left if not said.
    #[serde(default)]
    pub lines: Option<Vec<TakenIn>>,
    /// The return's own number at the till, where it is taken.
    #[serde(default)]
    pub number: Option<String>,
    /// When, as RFC 3339 with an offset; now if not said.
    #[serde(default)]
    pub at: Option<String>,
    /// Where; nothing for the sender's own shop.
    #[serde(default)]
    pub shop: Option<String>,
    /// At which till; nothing for the sender's own.
    #[serde(default)]
    pub till: Option<String>,
    /// Its fiscal document.
    #[serde(default)]
    pub fiscal: Option<FiscalIn>,
}

/// What is given back, or would be. Amounts are minor units, points smallest units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// The receipt whose goods come back.
    pub original: String,
    /// The quote that it was, if it was one.
    pub quote: Option<String>,
    /// Whether the goods were taken back, or it was only told what is due.
    pub taken: bool,
    /// What became of the return's receipt, or would: points that its goods had earned are taken away there.
    pub receipt: ReceiptTaken,
    /// Line by line.
    pub lines: Vec<RefundLine>,
    /// For delivery.
    pub shipping: i64,
    /// Money and points together.
    pub value: i64,
    /// Of it, in money.
    pub money: i64,
    /// Points that had paid and are the customer's again.
    pub points: i64,
    /// Of them, those whose lot had expired: they live on until then.
    pub points_revived: i64,
    /// Until when these live.
    pub revived_until: Option<Instant>,
    /// Points that had paid and are lost, because their lot has expired.
    pub points_expired: i64,
    /// What is kept back because the rest of the receipt would have cost more.
    pub kept_back: i64,
    /// Rules that the rest would not have got, or less of.
    pub lost: Vec<String>,
    /// Gifts that have to come back as well, or be paid.
    pub gifts_due: Vec<GiftDue>,
    /// Uses of coupons that come back.
    pub coupon_uses: u32,
    /// What may come back after this.
    pub left: Vec<ReturnedLine>,
}

/// What is given back for a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// The line by its id in the quote; of a receipt that was no quote, its place, from 1.
    pub line: String,
    /// What.
    pub product: String,
    /// Thousandths of a unit.
    pub quantity: i64,
    /// Money and points together.
    pub value: i64,
    /// Of it, in money.
    pub money: i64,
    /// What a fiscal receipt prints for the money.
    pub positions: Vec<Position>,
    /// Discounts that go with the goods, by rule.
    pub undone: Vec<Undone>,
}

/// What is kept of a refund beside its receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// What was asked to come back.
    asked: Option<Vec<ReturnedLine>>,
    view: RefundView,
}

/// What goods that come back are looked at with.
struct Counter {
    asked: Asked,
    sold: Sold,
    returns: ReturnSettings,
    receipts: ReceiptSettings,
}

impl Programme {
    /// Tells what is due for goods that come back, or takes them back: the return's receipt is durable then,
    /// points, coupons, budgets and limits are given back. The same return again changes nothing.
    ///
    /// # Errors
    /// [`Refused::Invalid`] with every wrong field, `more_than_bought` among them; [`Refused::NotFound`] for a
    /// receipt, shop or till that is unknown or out of bounds; `receipt_taken` where the number is that of
    /// another receipt; `receipt_replaced` where the receipt is no longer what its quote was.
    pub fn refund(&self, act: &Act, refund: RefundIn) -> Result<RefundView, Refused> {
        let (returns, receipts) = (self.settings.returns.clone(), self.settings.receipts.clone());
        let asked = Asked::of(refund, act, &receipts)?;
        let found = self.store()?.read(|tx| {
            // Whoever only wants to be told, with the key of a return that was taken, has mistaken the key.
            match answered_before::<RefundView>(tx, act)? {
                Some(before) => Ok(Err(before)),
                None => Found::of(tx, act, &asked, &receipts).map(Ok),
            }
        })?;
        let sold = match found {
            Ok(found) => Sold::of(self, found)?,
            Err(before) => return Ok(before),
        };
        let counter = Counter { asked, sold, returns, receipts };
        if counter.asked.take {
            return self.perform(act, move |tx, act| counter.taken(tx, act));
        }
        let act = act.clone();
        self.rehearse(move |tx| counter.taken(tx, &act))
    }
}

/// The receipt is no longer what its quote was.
fn replaced() -> Refused {
    Refused::Conflict {
        code: "receipt_replaced",
        why: "the receipt was replaced by another content: ask again, or send what comes back as a return \
              with its amounts"
            .to_owned(),
    }
}

impl Counter {
    fn taken(&self, tx: &mut Tx<'_>, act: &Act) -> Result<RefundView, Refused> {
        let Self { asked, sold, returns, receipts } = self;
        let place = Place::found(tx, act, (&asked.shop, &asked.till), asked.at, false, receipts)?;
        tx.lock_receipts_of(&sold.row.id)?;
        // What was looked up without a lock may be another receipt by now.
        if tx.receipt(&sold.row.id)?.is_none_or(|row| row.version != sold.row.version) {
            return Err(replaced());
        }
        if let Some(card) = &sold.row.card {
            tx.card_to_change(&CardId(card.clone()))?;
        }
        let names = Names::of(&place.network, &asked.name());
        if let Some(before) = known(tx, &names)? {
            return self.taken_before(tx, &before.id);
        }
        let due = Due::of(tx, sold, asked.lines.as_deref(), returns.policy())?;
        // Where the return comes so late that even these are over, there are none.
        let days = i64::from(returns.expired_points_days);
        let until = (days > 0).then(|| begin(place.day, days, &place.zone, receipts));
        let until = until.filter(|until| *until > act.at);
        let points = PointsBack::of(tx, sold, &due, act.at, until)?;
        let good = Good::of(asked.receipt(sold, &due), act, receipts)?;
        if tx.is_postgres() {
            giving::lock(tx, sold)?;
        }
        let receipt = take(tx, act, &good, receipts)?;
        let id = receipt.receipt.clone();
        giving::give_back(tx, act, sold, &due, &points, &id)?;
        let view = self.view(due, &points, receipt);
        let kept = Kept { asked: asked.lines.clone(), view };
        let refund = StoredRefund {
            receipt: id.clone(),
            original: sold.row.id.clone(),
            body: written(&kept)?,
            at: act.at,
        };
        tx.add_refund(&refund)?;
        let view = kept.view;
        let detail =
            json!({ "original": view.original, "money": view.money, "points": view.points });
        told(tx, act, "receipt.refund", "receipt", &id, &detail)?;
        Ok(view)
    }

    /// The answer to the same return, once more.
    fn taken_before(&self, tx: &mut Tx<'_>, id: &str) -> Result<RefundView, Refused> {
        let refund = tx.refund(id)?.filter(|refund| refund.original == self.sold.row.id);
        let kept = refund.map(|refund| read::<Kept>("a refund", &refund.body)).transpose()?;
        let same = kept.filter(|kept| kept.asked == self.asked.lines);
        same.map(|kept| kept.view).ok_or_else(|| Refused::Conflict {
            code: "receipt_taken",
            why: "the number is that of another receipt".to_owned(),
        })
    }

    fn view(&self, due: Due, points: &PointsBack, receipt: ReceiptTaken) -> RefundView {
        let Self { sold, .. } = self;
        let coupon_uses = sold.coupon_uses(&due.refund);
        let refund = due.refund;
        let line = |line: ::pricing::RefundedLine| RefundLine {
            product: sold.product(&line.line),
            line: line.line,
            quantity: line.quantity.0,
            value: line.value.0,
            money: line.money.0,
            positions: line.positions,
            undone: line.undone,
        };
        RefundView {
            original: sold.row.id.clone(),
            quote: sold.quote_id.clone(),
            taken: self.asked.take,
            receipt,
            lines: refund.lines.into_iter().map(line).collect(),
            shipping: refund.shipping.0,
            value: refund.value.0,
            money: refund.money.0,
            points: points.back(),
            points_revived: points.revived(),
            revived_until: points.revived_until(),
            points_expired: points.lapsed(),
            kept_back: refund.kept_back.0,
            lost: refund.lost,
            gifts_due: refund.gifts_due,
            coupon_uses,
            left: due.left,
        }
    }
}
