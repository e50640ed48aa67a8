//! A quote as the API tells it.

use programme::{
    Adjustment, Claim, Claimed, Confirmed, ConfirmedLine, CouponOutcome, Explained, MessageTo,
    Note, Off, OfferRow, Position, PricingReason, QuoteView, QuotedLine, QuotedMessage, QuotedRule,
    ReasonLanguage, Text, Withheld,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::receipts::Taken;
use super::super::time::rfc3339;
use crate::language::Language;

/// A priced basket with its proof. Amounts are minor units, points the programme's smallest unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub struct QuoteShown {
    /// Its id; null of one that only tells a price.
    #[schema(example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")]
    id: Option<String>,
    /// `dry`, `held`, `confirmed`, `cancelled`, `expired`.
    #[schema(example = "held")]
    state: &'static str,
    #[schema(example = "pyramid")]
    network: String,
    #[schema(example = "pyramid-1")]
    shop: String,
    #[schema(example = "1")]
    till: String,
    /// The card that was shown, or is the customer's.
    #[schema(example = "4006381333931")]
    card: Option<String>,
    /// When it was priced for, by the shop's own clock.
    #[schema(example = "2026-01-31T18:05:00")]
    at: String,
    #[schema(example = "RUB")]
    currency: String,
    /// From when on it cannot be confirmed.
    #[schema(example = "2026-01-31T15:20:00Z", format = DateTime)]
    expires_at: Option<String>,
    /// Version of the discount rules; 0 where none are published.
    #[schema(example = 3)]
    ruleset_version: i64,
    /// Points of the card's wallet that could be spent.
    #[schema(example = 350)]
    points_available: i64,
    totals: Totals,
    /// Every line of the basket in its sequence, then gifts.
    lines: Vec<Line>,
    shipping: Vec<Shipped>,
    /// Everything that was taken off, in the sequence in which it was.
    adjustments: Vec<AdjustmentShown>,
    /// Rules that nearly counted, each with its first reason; at most 20.
    misses: Vec<WhyNot>,
    /// What became of each coupon that was presented.
    coupons: Vec<CouponShown>,
    /// Points that are spent, and what they pay.
    redemption: Option<Redemption>,
    /// What is held, or would be.
    claims: Vec<ClaimShown>,
    /// What was claimed before and refused.
    withheld: Vec<WithheldShown>,
    /// Texts for the cashier and the receipt.
    messages: Vec<MessageShown>,
    /// What the customer is offered beside what he buys, best first, for the cashier and the receipt: of the newest
    /// snapshot, not in the basket. Only where the card tells who he is and the caller may read offers; empty of a
    /// quote that is shown again.
    offers: Vec<OfferShown>,
    /// Names of the rules that stand here.
    rules: Vec<RuleName>,
    /// What should be known beside: nothing of it keeps the basket from its price.
    notes: Vec<NoteShown>,
    /// Where the best combination was sought: how many were priced, and whether it is proven to be the best.
    best: Option<Best>,
    /// The receipt that it became.
    receipt: Option<String>,
    /// What of it stands in the receipt; null where all of it does, or there is none.
    taken: Option<Vec<TakenShown>>,
}

/// Amounts of a whole quote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteTotals)]
pub struct Totals {
    /// Goods as on the shelf, gifts included.
    goods: i64,
    /// What rules took off goods.
    discount: i64,
    /// What points took off goods, where they stand as a discount.
    points_discount: i64,
    shipping: i64,
    shipping_discount: i64,
    /// VAT contained in goods.
    vat: i64,
    /// Goods and delivery after all discounts.
    total: i64,
    /// Of it, what points pay as a payment.
    paid_with_points: i64,
    /// The rest.
    to_pay: i64,
    /// Points that these rules give; those of the accrual come beside.
    points: i64,
}

/// A line with its final price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteLine)]
pub struct Line {
    /// As in the basket; of a gift `gift:` and the rule.
    id: String,
    product: String,
    quantity: i64,
    /// Of one unit, on the shelf.
    price: i64,
    /// On the shelf.
    amount: i64,
    discount: i64,
    points_discount: i64,
    /// To pay for it.
    total: i64,
    vat: i64,
    /// What a fiscal receipt prints: so much for so much a unit.
    positions: Vec<PositionShown>,
    /// Points that these rules give for it.
    points: i64,
    /// How many times its accrual counts, hundredths of a per cent.
    points_multiplier_bps: i64,
    /// Whether it earns points at all, and whether points may pay for it.
    points_allowed: bool,
    /// The rule that put it in.
    gift_of: Option<String>,
}

/// Equal units of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotePosition)]
pub struct PositionShown {
    quantity: i64,
    /// Of one unit; of weighed goods rounded.
    price: i64,
    amount: i64,
}

/// A way of delivery with its final price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteDelivery)]
pub struct Shipped {
    id: String,
    price: i64,
    discount: i64,
    total: i64,
}

/// What one effect of one rule took off one line or delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteAdjustment)]
pub struct AdjustmentShown {
    /// Which rule; `points` where points did.
    rule: String,
    /// Which of its effects.
    effect: String,
    /// Off which line, by its place from 0; null of a delivery.
    line: Option<u32>,
    /// Off which delivery, by its place from 0; null of a line.
    delivery: Option<u32>,
    /// The amount it was computed from.
    base: i64,
    /// Which amount that is, and where it was rounded.
    #[schema(value_type = String, example = "remaining")]
    base_of: serde_json::Value,
    #[schema(value_type = String, example = "unit")]
    rounding: serde_json::Value,
    /// What was taken off.
    amount: i64,
    /// Of it, what a supplier pays, and who that is.
    supplier_pays: i64,
    supplier: Option<String>,
    /// By units, counted from 0.
    units: Vec<Units>,
    /// What kept it smaller than the rule says, and by how much.
    trimmed_by: Option<String>,
    trimmed: i64,
}

/// Units that were given the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteUnits)]
pub struct Units {
    first: u32,
    count: u32,
    each: i64,
}

/// A sentence in the languages of the house.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sentence {
    #[schema(example = "нужно 3 (category dairy), есть 2")]
    ru: String,
    #[schema(example = "needs 3 of category dairy, has 2")]
    en: String,
}

/// Why a rule gave nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhyNot {
    #[schema(example = "dairy-10")]
    rule: String,
    /// Stable name of the reason.
    #[schema(example = "too_little")]
    because: String,
    /// The same with what was required and what there is.
    #[schema(value_type = Object)]
    reason: serde_json::Value,
    sentence: Sentence,
}

/// What became of a coupon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteCoupon)]
pub struct CouponShown {
    code: String,
    /// Rules that gave something for it.
    rules: Vec<String>,
    /// Why it gave nothing.
    because: Option<String>,
    sentence: Option<Sentence>,
}

/// Points that are spent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteRedemption)]
pub struct Redemption {
    points: i64,
    /// What they pay.
    amount: i64,
    /// How many were asked for beyond that.
    refused: i64,
}

/// What must not be given twice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteClaim)]
pub struct ClaimShown {
    /// `points`, `coupon`, `budget`, `limit`.
    kind: &'static str,
    amount: i64,
    rule: Option<String>,
    coupon: Option<String>,
    campaign: Option<String>,
    /// Of a limit: its day, week or month.
    window: Option<String>,
}

/// What was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteWithheld)]
pub struct WithheldShown {
    rule: Option<String>,
    coupon: Option<String>,
    /// `limit`, `budget`, `used_up`, `contended`.
    why: String,
}

/// A text for people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteMessage)]
pub struct MessageShown {
    rule: String,
    /// `till` or `receipt`.
    to: &'static str,
    text: Sentence,
}

/// A product for the customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteOffer)]
pub struct OfferShown {
    #[schema(example = "milk-1l")]
    product: String,
    /// Its name, where the catalogue has one.
    name: Option<Sentence>,
    /// `habit`, `due`, `recent` or `popular`.
    #[schema(example = "due")]
    reason: &'static str,
    /// Why it is offered.
    why: Sentence,
}

/// A rule's name.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleName {
    id: String,
    name: Sentence,
}

/// What should be known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteNote)]
pub struct NoteShown {
    /// JSON pointer into the request; empty for all of it.
    #[schema(example = "/coupons/0")]
    pointer: String,
    #[schema(example = "coupon_expired")]
    code: &'static str,
    sentence: Sentence,
}

/// How the best combination was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteBest)]
pub struct Best {
    priced: u32,
    proven: bool,
}

/// What of a line was bought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteTaken)]
pub struct TakenShown {
    /// The line, by its place from 0.
    line: u32,
    quantity: i64,
}

/// A quote that became a receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuoteConfirmed {
    /// The quote.
    quote: String,
    /// The receipt, as any receipt is answered.
    receipt: Taken,
    /// Its lines.
    lines: Vec<SoldLineShown>,
    /// Goods and delivery after all discounts.
    total: i64,
    /// Of it, what points paid as a payment.
    paid_with_points: i64,
    /// The rest.
    to_pay: i64,
    /// Points that were spent.
    points_spent: i64,
}

/// A line of the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoldLineShown {
    /// The quote's line by its id.
    line: String,
    product: String,
    quantity: i64,
    total: i64,
    positions: Vec<PositionShown>,
}

impl From<QuoteView> for QuoteShown {
    fn from(view: QuoteView) -> Self {
        let quote = view.quote;
        let delivery = |of: programme::QuotedDelivery| Shipped {
            id: of.id,
            price: of.price.0,
            discount: of.discount.0,
            total: of.total.0,
        };
        let taken = |of: programme::TakenLine| TakenShown { line: of.line, quantity: of.quantity };
        Self {
            id: view.id,
            state: view.state,
            network: view.network,
            shop: view.shop,
            till: view.till,
            card: view.card,
            at: view.at.to_string(),
            currency: view.currency,
            expires_at: view.expires_at.map(rfc3339),
            ruleset_version: view.ruleset_version,
            points_available: view.points_available,
            totals: Totals {
                goods: quote.totals.goods.0,
                discount: quote.totals.discount.0,
                points_discount: quote.totals.points_discount.0,
                shipping: quote.totals.shipping.0,
                shipping_discount: quote.totals.shipping_discount.0,
                vat: quote.totals.vat.0,
                total: quote.totals.total.0,
                paid_with_points: quote.totals.paid_with_points.0,
                to_pay: quote.totals.to_pay.0,
                points: quote.totals.points.0,
            },
            lines: quote.lines.into_iter().map(Line::from).collect(),
            shipping: quote.shipping.into_iter().map(delivery).collect(),
            adjustments: quote.adjustments.into_iter().map(AdjustmentShown::from).collect(),
            misses: quote
                .misses
                .into_iter()
                .map(|miss| WhyNot::of(miss.rule, &miss.reason))
                .collect(),
            coupons: quote.coupons.into_iter().map(CouponShown::from).collect(),
            redemption: quote.redemption.map(|redeemed| Redemption {
                points: redeemed.points.0,
                amount: redeemed.amount.0,
                refused: redeemed.refused.0,
            }),
            claims: view.claims.into_iter().map(ClaimShown::from).collect(),
            withheld: view.withheld.into_iter().map(WithheldShown::from).collect(),
            messages: quote.messages.into_iter().map(MessageShown::from).collect(),
            offers: view.offers.into_iter().map(OfferShown::from).collect(),
            rules: view.rules.into_iter().map(RuleName::from).collect(),
            notes: view.notes.into_iter().map(NoteShown::from).collect(),
            best: quote.best.map(|best| Best { priced: best.priced, proven: best.proven }),
            receipt: view.receipt,
            taken: view.taken.map(|lines| lines.into_iter().map(taken).collect()),
        }
    }
}

impl From<QuotedLine> for Line {
    fn from(line: QuotedLine) -> Self {
        Self {
            id: line.id,
            product: line.product,
            quantity: line.quantity.0,
            price: line.price.0,
            amount: line.amount.0,
            discount: line.discount.0,
            points_discount: line.points_discount.0,
            total: line.total.0,
            vat: line.vat.0,
            positions: line.positions.into_iter().map(PositionShown::from).collect(),
            points: line.points.0,
            points_multiplier_bps: line.points_multiplier_bps,
            points_allowed: line.points_allowed,
            gift_of: line.gift_of,
        }
    }
}

impl From<Position> for PositionShown {
    fn from(position: Position) -> Self {
        let Position { quantity, price, amount } = position;
        Self { quantity: quantity.0, price: price.0, amount: amount.0 }
    }
}

impl From<Adjustment> for AdjustmentShown {
    fn from(of: Adjustment) -> Self {
        let (line, delivery) = match of.off {
            Off::Line(line) => (Some(line), None),
            Off::Shipping(delivery) => (None, Some(delivery)),
        };
        let units = of.units.iter().map(|units| Units {
            first: units.first,
            count: units.count,
            each: units.each.0,
        });
        Self {
            rule: of.rule,
            effect: of.effect,
            line,
            delivery,
            base: of.base.0,
            base_of: serde_json::json!(of.base_of),
            rounding: serde_json::json!(of.rounding),
            amount: of.amount.0,
            supplier_pays: of.supplier_pays.0,
            supplier: of.supplier,
            units: units.collect(),
            trimmed_by: of.trimmed.map(|trimmed| name_of(&serde_json::json!(trimmed.by))),
            trimmed: of.trimmed.map_or(0, |trimmed| trimmed.amount.0),
        }
    }
}

/// A stable name that serde gives.
fn name_of(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Sentence {
    fn of(reason: &PricingReason) -> Self {
        Self { ru: reason.sentence(ReasonLanguage::Ru), en: reason.sentence(ReasonLanguage::En) }
    }
}

impl From<OfferRow> for OfferShown {
    fn from(row: OfferRow) -> Self {
        let name = |ru: String| Sentence { en: row.name_en.unwrap_or_else(|| ru.clone()), ru };
        let why = |language: Language| language.reason(&row.reason);
        Self {
            product: row.product,
            name: row.name.map(name),
            reason: row.reason.code(),
            why: Sentence { ru: why(Language::Ru), en: why(Language::En) },
        }
    }
}

impl From<Text> for Sentence {
    fn from(text: Text) -> Self {
        Self { ru: text.ru, en: text.en }
    }
}

impl WhyNot {
    fn of(rule: String, why: &PricingReason) -> Self {
        let reason = serde_json::json!(why);
        Self { rule, because: name_of(&reason["because"]), reason, sentence: Sentence::of(why) }
    }
}

impl From<Explained> for WhyNot {
    fn from(explained: Explained) -> Self {
        Self::of(explained.rule, &explained.reason)
    }
}

impl From<CouponOutcome> for CouponShown {
    fn from(outcome: CouponOutcome) -> Self {
        let CouponOutcome { code, rules, reason } = outcome;
        let because = reason.as_ref().map(|why| name_of(&serde_json::json!(why)["because"]));
        Self { code, rules, because, sentence: reason.as_ref().map(Sentence::of) }
    }
}

impl From<Claimed> for ClaimShown {
    fn from(claimed: Claimed) -> Self {
        let Claimed { claim, rule, coupon, .. } = claimed;
        let (kind, amount, campaign, window) = match claim {
            Claim::Points { points, .. } => ("points", points.0, None, None),
            Claim::Coupon { .. } => ("coupon", 1, None, None),
            Claim::Budget { campaign, amount, .. } => ("budget", amount, Some(campaign.0), None),
            Claim::Limit { window, amount, .. } => ("limit", amount, None, Some(window)),
        };
        Self { kind, amount, rule, coupon, campaign, window }
    }
}

impl From<Withheld> for WithheldShown {
    fn from(withheld: Withheld) -> Self {
        match withheld {
            Withheld::Rule { rule, why } => Self { rule: Some(rule), coupon: None, why },
            Withheld::Coupon { code, why } => Self { rule: None, coupon: Some(code), why },
            Withheld::Points { why } => Self { rule: None, coupon: None, why },
        }
    }
}

impl From<QuotedMessage> for MessageShown {
    fn from(message: QuotedMessage) -> Self {
        let to = match message.to {
            MessageTo::Till => "till",
            MessageTo::Receipt => "receipt",
        };
        Self { rule: message.rule, to, text: message.text.into() }
    }
}

impl From<QuotedRule> for RuleName {
    fn from(rule: QuotedRule) -> Self {
        Self { id: rule.id, name: rule.name.into() }
    }
}

impl From<Note> for NoteShown {
    fn from(note: Note) -> Self {
        let Note { pointer, code } = note;
        let sentence = Sentence { ru: code.ru().to_owned(), en: code.en().to_owned() };
        Self { pointer, code: code.as_str(), sentence }
    }
}

impl From<Confirmed> for QuoteConfirmed {
    fn from(done: Confirmed) -> Self {
        let line = |line: ConfirmedLine| SoldLineShown {
            line: line.line,
            product: line.product,
            quantity: line.quantity,
            total: line.total,
            positions: line.positions.into_iter().map(PositionShown::from).collect(),
        };
        Self {
            quote: done.quote,
            receipt: done.receipt.into(),
            lines: done.lines.into_iter().map(line).collect(),
            total: done.total,
            paid_with_points: done.paid_with_points,
            to_pay: done.to_pay,
            points_spent: done.points_spent,
        }
    }
}
