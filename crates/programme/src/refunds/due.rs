//! What of a receipt has come back, and what is due for more of it.

use std::collections::BTreeMap;

use ::pricing::{Refund, ReturnPolicy, ReturnedLine, Thresholds, part};
use retail::{Money, Quantity};
use store::{StoredReceipt, Tx};

use super::Kept;
use super::sold::Sold;
use crate::Refused;
use crate::quotes::invalid;
use crate::receipts::{goods_of, read};

/// What is due for goods that come back.
pub(super) struct Due {
    pub refund: Refund,
    /// How much of each line had come back before, and has now; thousandths of a unit.
    pub before: Vec<i64>,
    pub after: Vec<i64>,
    /// What may come back after this.
    pub left: Vec<ReturnedLine>,
}

/// What had come back before.
struct Returned<'s> {
    sold: &'s Sold,
    /// Of each line.
    back: Vec<i64>,
    lines: Vec<ReturnedLine>,
    /// Money and points together, and of it what points had paid.
    refunded: i64,
    refunded_points: i64,
}

impl Due {
    /// What is due for lines, or for all that is left.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        sold: &Sold,
        asked: Option<&[ReturnedLine]>,
        policy: ReturnPolicy,
    ) -> Result<Self, Refused> {
        let returned = Returned::of(tx, sold)?;
        let all = match asked {
            Some(_) => Vec::new(),
            None => returned.left(),
        };
        let now = asked.unwrap_or(&all);
        if now.is_empty() {
            return Err(Refused::field(
                "/lines",
                "nothing_left",
                "all of it has come back already",
            ));
        }
        // Without rules the rest costs what it cost.
        let policy = match sold.is_priced() {
            true => policy,
            false => ReturnPolicy { thresholds: Thresholds::Keep, ..policy },
        };
        let refunded = (Money(returned.refunded), Money(returned.refunded_points));
        let sale = sold.sale(&returned.lines, refunded);
        let refund = ::pricing::refund(&sale, now, &policy).map_err(invalid)?;
        let before = returned.back.clone();
        let mut returned = returned;
        for line in now {
            returned.add_line(line);
        }
        let left = returned.left();
        Ok(Self { refund, before, after: returned.back, left })
    }
}

impl<'s> Returned<'s> {
    /// By the returns that are known: those with a refund by its lines, others by their products.
    fn of(tx: &mut Tx<'_>, sold: &'s Sold) -> Result<Self, Refused> {
        let mut refunds = BTreeMap::new();
        for refund in tx.refunds_of(&sold.row.id)? {
            let kept: Kept = read("a refund", &refund.body)?;
            refunds.insert(refund.receipt, kept.view);
        }
        let back = vec![0; sold.quote.lines.len()];
        let mut returned = Self { sold, back, lines: Vec::new(), refunded: 0, refunded_points: 0 };
        for view in refunds.values() {
            for line in &view.lines {
                let quantity = Quantity(line.quantity);
                returned.add_line(&ReturnedLine { line: line.line.clone(), quantity });
            }
            returned.refunded += view.value - view.shipping;
            returned.refunded_points += view.value - view.money;
        }
        for row in tx.returns_of(&sold.row.id)? {
            if !refunds.contains_key(&row.id) {
                returned.add_goods(&row)?;
            }
        }
        Ok(returned)
    }

    fn add_line(&mut self, line: &ReturnedLine) {
        let place = self.sold.quote.lines.iter().position(|of| of.id == line.line);
        if let Some(place) = place {
            self.back[place] += line.quantity.0;
            self.lines.push(line.clone());
        }
    }

    /// A return that a till brought with amounts of its own: of each product the first lines that are left, and
    /// what its till gave back.
    fn add_goods(&mut self, row: &StoredReceipt) -> Result<(), Refused> {
        for goods in goods_of(row)? {
            self.refunded += goods.supplier_coupon - goods.net;
            let mut more = -goods.quantity;
            for (place, line) in self.sold.quote.lines.iter().enumerate() {
                if line.product != goods.product {
                    continue;
                }
                let mut some = more.min(line.quantity.0 - self.back[place]);
                if !line.measured {
                    some -= some % Quantity::SCALE;
                }
                if some > 0 {
                    more -= some;
                    // Its till gave money back; the points that paid for it count as given back as well.
                    let points = |back: i64| part(line.points_discount.0, back, line.quantity.0);
                    let points = points(self.back[place] + some) - points(self.back[place]);
                    self.refunded += points;
                    self.refunded_points += points;
                    self.back[place] += some;
                    self.lines
                        .push(ReturnedLine { line: line.id.clone(), quantity: Quantity(some) });
                }
            }
        }
        Ok(())
    }

    fn left(&self) -> Vec<ReturnedLine> {
        let lines = self.sold.quote.lines.iter().zip(&self.back);
        let left = lines.filter(|(line, back)| line.quantity.0 > **back);
        left.map(|(line, back)| ReturnedLine {
            line: line.id.clone(),
            quantity: Quantity(line.quantity.0 - back),
        })
        .collect()
    }
}
