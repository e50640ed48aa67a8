//! One receipt on its way into the store: points, row, journal, sums of the day, audit.

use jiff::tz::TimeZone;
use retail::{CustomerId, Line, Money, ProductId, Quantity, Receipt, ReceiptKey};
use serde_json::json;
use store::{StoredReceipt, Tx};

use super::families::Families;
use super::family::{Family, Goods, Member};
use super::points::{self, Moved, Posting};
use super::valid::{Good, LineIn};
use super::worth::{By, Holder, Worth};
use super::{Place, ReceiptTaken, WhyNothing, business_day, written};
use crate::places::told;
use crate::settings::ReceiptSettings;
use crate::{Act, Refused};

/// A receipt on its way into the store.
pub(super) struct Taking<'a> {
    pub act: &'a Act,
    pub good: &'a Good,
    pub place: &'a Place,
    pub id: &'a str,
    /// What it replaces.
    pub before: Option<&'a Member>,
}

impl Taking<'_> {
    /// The receipt as a member of its family.
    pub(super) fn member(
        &self,
        holder: &Holder,
        worth: &Worth,
        home: Option<String>,
        former: &Family,
    ) -> Member {
        let Self { act, good, place, .. } = *self;
        let goods = good.lines.iter().zip(&worth.points_by_line).map(|(line, &points)| Goods {
            product: line.product.clone(),
            quantity: line.quantity,
            net: line.net,
            discount: line.discount,
            retailer_coupon: line.retailer_coupon,
            supplier_coupon: line.supplier_coupon,
            points: if worth.held { 0 } else { points },
            held: worth.held.then_some(points),
        });
        // Goods that came back came from whoever had bought them.
        let buyer = former.sale.as_ref().filter(|_| good.is_return && good.card.is_none());
        let customer = holder.customer.as_ref().map(|customer| customer.0.clone());
        // What the lake has from the feed it keeps.
        let customer = customer.or_else(|| good.imported.clone().flatten());
        let row = StoredReceipt {
            id: self.id.to_owned(),
            network: place.network.clone(),
            shop: good.shop.0.clone(),
            till: good.till.0.clone(),
            number: good.number.clone(),
            content_sha256: good.content_sha256.clone(),
            version: self.before.map_or(1, |before| before.row.version + 1),
            card: good.card.as_ref().map(|card| card.0.clone()),
            wallet: holder.wallet.as_ref().map(|wallet| wallet.0.clone()),
            customer: customer.or_else(|| buyer.and_then(|buyer| buyer.row.customer.clone())),
            original: home.filter(|_| good.is_return),
            net: good.net,
            points: if worth.held { 0 } else { worth.points_by_line.iter().sum() },
            points_by_line: String::new(),
            answer: String::new(),
            at: good.at,
            day: place.day,
            received_at: act.at,
        };
        Member { row, goods: goods.collect() }
    }

    /// Posts and writes everything.
    pub(super) fn answer(
        &self,
        tx: &mut Tx<'_>,
        families: &Families,
        worth: &Worth,
        holder: &Holder,
        settings: &ReceiptSettings,
    ) -> Result<ReceiptTaken, Refused> {
        let Self { act, good, place, id, .. } = *self;
        let settling = Settling {
            act,
            id,
            by: &worth.by,
            kind: if good.is_return { "return" } else { "accrual" },
            any_lot: worth.any_lot,
            nothing_because: worth.nothing_because.or(holder.nothing_because),
            is_new: self.before.is_none(),
            zone: &place.zone,
        };
        let (stored, answer) = settling.settle(tx, families, settings)?;
        for flag in &worth.held_by {
            tx.hold_receipt(*flag, id)?;
        }
        // An import brings a receipt to the lake itself. Where it replaces one that came on-line, that may
        // still be in the journal: this version must come to the lake after it.
        if good.imported.is_none() || self.before.is_some() {
            self.write_journal(tx, &stored)?;
        }
        if good.imported.is_some() {
            tx.changed("receipt", id, act.at)?;
            return Ok(answer);
        }
        let action = match (good.is_return, self.before.is_some()) {
            (false, false) => "receipt.take",
            (true, false) => "receipt.return",
            (_, true) => "receipt.replace",
        };
        let detail = json!({
            "number": good.number, "version": stored.version, "net": stored.net,
            "points": stored.points, "card": stored.card,
        });
        told(tx, act, action, "receipt", id, &detail)?;
        Ok(answer)
    }

    /// Puts the receipt on its way to the lake.
    fn write_journal(&self, tx: &mut Tx<'_>, stored: &StoredReceipt) -> Result<(), Refused> {
        let Self { act, good, place, id, .. } = *self;
        let receipt = Receipt {
            key: ReceiptKey {
                network: place.network.clone(),
                shop: good.shop.0.clone(),
                till: good.till.0.clone(),
                number: good.number.clone(),
                fiscal: good.fiscal.clone(),
            },
            shop: good.shop.clone(),
            customer: stored.customer.clone().map(CustomerId),
            card: good.card.clone(),
            at: good.at,
            day: place.day,
            minute: place.minute,
            channel: good.channel.clone(),
            original: good.original.as_ref().map(|original| original.number.clone()),
            lines: good.lines.iter().map(line).collect(),
        };
        let had = self.before.and_then(|before| before.row.customer.as_deref());
        let had = had.filter(|had| stored.customer.as_deref() != Some(had));
        let body = written(&receipt)?;
        tx.add_to_journal(id, stored.customer.as_deref(), had, &body, act.at)?;
        Ok(())
    }
}

/// A receipt whose families stand before and after it: what remains is to post the difference and to store it.
pub(super) struct Settling<'a> {
    pub act: &'a Act,
    pub id: &'a str,
    pub by: &'a By,
    /// What its transfers are called.
    pub kind: &'static str,
    /// Whether points may be taken from any lot.
    pub any_lot: bool,
    pub nothing_because: Option<WhyNothing>,
    /// Whether it is not stored yet.
    pub is_new: bool,
    /// The shop's.
    pub zone: &'a TimeZone,
}

impl Settling<'_> {
    pub(super) fn settle(
        &self,
        tx: &mut Tx<'_>,
        families: &Families,
        settings: &ReceiptSettings,
    ) -> Result<(StoredReceipt, ReceiptTaken), Refused> {
        let Self { act, id, by, .. } = *self;
        let broken = || Refused::Broken { why: format!("the receipt {id} is in no family") };
        let member = families.member(id).ok_or_else(broken)?;
        let changes = families.changes(tx, self.any_lot)?;
        let posting = Posting {
            receipt: id,
            version: member.row.version,
            at: act.at,
            terms: by.terms,
            rule: &by.rule,
            kind: self.kind,
            receipts: &families.versions(),
        };
        let moved = points::post(tx, &posting, &changes)?;
        let answer = answered(member, families, moved, self.nothing_because);
        let mut stored = member.stored()?;
        stored.answer = written(&answer)?;
        match self.is_new {
            true => tx.add_receipt(&stored)?,
            false => tx.put_receipt(&stored)?,
        }
        families.write_others(tx, id)?;
        let (today, _) = business_day(act.at, self.zone, settings);
        families.write_days(tx, today)?;
        for change in &changes {
            tx.changed("wallet", &change.now.0, act.at)?;
        }
        Ok((stored, answer))
    }
}

fn line(line: &LineIn) -> Line {
    Line {
        product: ProductId(line.product.clone()),
        quantity: Quantity(line.quantity),
        net: Money(line.net),
        discount: Money(line.discount),
        retailer_coupon: Money(line.retailer_coupon),
        supplier_coupon: Money(line.supplier_coupon),
    }
}

/// What its sender is told.
fn answered(
    member: &Member,
    families: &Families,
    moved: Moved,
    nothing_because: Option<WhyNothing>,
) -> ReceiptTaken {
    let row = &member.row;
    let family = families.0.first().map(|(_, after)| after);
    let sale = family.and_then(|family| family.sale.as_ref()).filter(|_| member.is_return());
    let more_than_bought = sale.is_some() && family.is_some_and(|family| family.exceeds(&row.id));
    let why = match sale {
        Some(sale) if sale.is_return() => Some(WhyNothing::OriginalIsReturn),
        Some(_) if row.points == 0 && !more_than_bought => Some(WhyNothing::OriginalEarnedNothing),
        Some(_) => None,
        None => nothing_because,
    };
    ReceiptTaken {
        receipt: row.id.clone(),
        version: row.version,
        day: row.day,
        points: row.points,
        points_by_line: member.goods.iter().map(|goods| goods.points).collect(),
        repaid: moved.repaid,
        taken_back: moved.taken_back,
        debt: moved.debt,
        nothing_because: why,
        more_than_bought,
    }
}
