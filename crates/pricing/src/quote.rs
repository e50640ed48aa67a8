//! A priced basket with its proof: what every unit costs, which rule gave what, and why others did not.

use retail::{Claim, Money, Points, Quantity};
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::ruleset::{MessageTo, Text};
use crate::settings::{Base, Place};

/// A priced basket. It is a pure function of the ruleset, the basket and the facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Version of the ruleset it was priced by.
    pub version: i64,
    /// Whether VAT comes on top of what lines cost; it is contained in it where not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vat_added: bool,
    /// Amounts of the whole.
    pub totals: Totals,
    /// Every line of the basket, in its sequence; then gifts.
    pub lines: Vec<QuotedLine>,
    /// Every way of delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping: Vec<QuotedDelivery>,
    /// Everything that was taken off, in the sequence in which it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Points that rules give, and lines on which they multiply the programme's own.
    pub earned: Vec<Earned>,
    /// Rules that nearly counted, each with its first reason; at most [`MISSES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<Miss>,
    /// What became of each coupon that was presented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponOutcome>,
    /// Points that are spent, and what they pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption: Option<Redeemed>,
    /// What must not be given twice: for the ledger to hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claimed>,
    /// Texts for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<QuotedMessage>,
    /// With the best combination for the receipt: how it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<BestFound>,
}

/// Rules a quote explains without being asked, at most.
pub const MISSES_MAX: usize = 20;

/// Amounts of a whole quote, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Goods as on the shelf, gifts included.
    pub goods: Money,
    /// What rules took off goods.
    pub discount: Money,
    /// What points took off goods, where they stand as a discount.
    pub points_discount: Money,
    /// Delivery before discounts.
    pub shipping: Money,
    /// What rules took off delivery.
    pub shipping_discount: Money,
    /// VAT of goods.
    pub vat: Money,
    /// Goods and delivery after all discounts, with VAT.
    pub total: Money,
    /// Of it, what points pay as a payment.
    pub paid_with_points: Money,
    /// The rest.
    pub to_pay: Money,
    /// Points that rules of this set give, smallest units; those of the programme's accrual come beside.
    pub points: Points,
}

/// A line with its final price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    /// As in the basket; of a gift `gift:` and the rule, with the effect's number from the second on.
    pub id: String,
    /// What.
    pub product: String,
    /// How much.
    pub quantity: Quantity,
    /// Sold by weight or length: priced as one, and comes back in parts of any size.
    pub measured: bool,
    /// Of one unit, on the shelf.
    pub price: Money,
    /// On the shelf.
    pub amount: Money,
    /// Taken off by rules.
    pub discount: Money,
    /// Taken off by points.
    pub points_discount: Money,
    /// To pay for it.
    pub total: Money,
    /// VAT of it: contained, or on top where the quote says so.
    pub vat: Money,
    /// What a fiscal receipt prints: so much for so much a unit, which multiply exactly; of measured goods
    /// the amount alone is exact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
    /// Points that rules of this set give for it, smallest units.
    pub points: Points,
    /// How many times what the programme's accrual gives for it counts, hundredths of a per cent.
    pub points_multiplier_bps: i64,
    /// Whether it earns points at all, and whether points may pay for it.
    pub points_allowed: bool,
    /// The rule that put it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_of: Option<String>,
}

/// Equal units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Position {
    pub quantity: Quantity,
    /// Of one unit; of measured goods rounded.
    pub price: Money,
    pub amount: Money,
}

/// A way of delivery with its final price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuotedDelivery {
    pub id: String,
    pub price: Money,
    pub discount: Money,
    pub total: Money,
}

/// What one effect of one rule took off one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Which rule; `points` where points did.
    pub rule: String,
    /// Which of its effects.
    pub effect: String,
    /// Off which line, or which delivery.
    pub off: Off,
    /// The amount it was computed from, minor units.
    pub base: Money,
    /// Which amount that is.
    pub base_of: Base,
    /// Where it was rounded.
    pub rounding: Place,
    /// What was taken off.
    pub amount: Money,
    /// Of it, what a supplier pays.
    pub supplier_pays: Money,
    /// Who that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// By units, counted from 0 in the line's own sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitShare>,
    /// What it would have been, where something kept it smaller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trimmed: Option<Trimmed>,
}

/// Points that a rule gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    /// Which rule.
    pub rule: String,
    /// For which line, by its place in the quote; nothing is the receipt.
    pub line: Option<u32>,
    /// Smallest units.
    pub points: Points,
    /// How many times what the programme's accrual gives for the line counts, hundredths of a per cent.
    pub multiplier_bps: Option<i64>,
}

/// A line or a delivery, by its place in the quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// A line.
    Line(u32),
    /// A delivery.
    Shipping(u32),
}

/// Units that were given the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitShare {
    /// The first of them.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Off each, minor units.
    pub each: Money,
}

/// Why an adjustment is smaller than its rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trimmed {
    /// What kept it smaller.
    pub by: TrimmedBy,
    /// By how much.
    pub amount: Money,
}

/// What may keep a discount smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrimmedBy {
    /// The lowest price of a unit.
    Floor,
    /// A cap of the rule or the ruleset.
    Cap,
    /// A budget.
    Budget,
}

/// A rule that concerns this basket and gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Miss {
    pub rule: String,
    /// The first reason.
    pub reason: Reason,
}

/// What became of a coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponOutcome {
    /// As it was presented.
    pub code: String,
    /// Rules that gave something for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Why it gave nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Points that are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// How many, smallest units.
    pub points: Points,
    /// What they pay.
    pub amount: Money,
    /// How many were asked for beyond that.
    pub refused: Points,
}

/// A claim on the ledger, and what is lost where it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// What is claimed.
    pub claim: Claim,
    /// For which rule; nothing for points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Of which coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Lines of the quote whose price it promised, by their places; empty where its rules say what it gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u32>,
}

/// A text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuotedMessage {
    pub rule: String,
    pub to: MessageTo,
    pub text: Text,
}

/// How the best combination was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestFound {
    /// Combinations that were priced.
    pub priced: u32,
    /// Whether all that could be better were: false where the bound was hit, and something better may exist.
    pub proven: bool,
}

impl Quote {
    /// Rules that gave something, each once: discounts, gifts, points, messages.
    #[must_use]
    pub fn applied(&self) -> Vec<&str> {
        let adjusted = self.adjustments.iter().map(|one| one.rule.as_str());
        let earned = self.earned.iter().map(|one| one.rule.as_str());
        let said = self.messages.iter().map(|one| one.rule.as_str());
        let mut rules: Vec<&str> = Vec::new();
        for rule in adjusted.chain(earned).chain(said) {
            if rule != crate::finish::POINTS && !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }

    /// Rules that what is claimed was for; of a coupon all that gave something for it.
    #[must_use]
    pub fn rules_of_claim<'q>(&'q self, claimed: &'q Claimed) -> Vec<&'q str> {
        let of_coupon = |code: &String| self.coupons.iter().find(|outcome| outcome.code == *code);
        let outcome = claimed.coupon.as_ref().and_then(of_coupon);
        let by_coupon =
            outcome.into_iter().flat_map(|outcome| outcome.rules.iter().map(String::as_str));
        let mut rules: Vec<&str> = by_coupon.collect();
        rules.extend(claimed.rule.as_deref().filter(|rule| !rules.contains(rule)));
        rules
    }
}
