//! `/api/v1/refunds`: what is due for goods that come back, told or given back.

use axum::Json;
use axum::extract::State;
use programme::{
    FiscalIn, GiftDue, OriginalIn, RefundIn, RefundLine, RefundView, ReturnedLine, Undone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::Body;
use super::problem::Problem;
use super::quotes::{PositionShown, SoldLine, given};
use super::receipts::{Fiscal, Original, Taken};
use super::time::rfc3339;

/// Goods that come back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Whether they are taken back now; else it is only told what is due.
    #[serde(default)]
    #[schema(example = true)]
    take: bool,
    /// The receipt whose goods come back, by its id here; either this or `original`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    receipt: Option<String>,
    /// The same by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<Original>,
    /// What comes back; all that is left if not said.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<SoldLine>, required = false, min_items = 1)]
    lines: Option<Vec<SoldLine>>,
    /// The return's own number at the till, where it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "9", min_length = 1, max_length = 128)]
    number: Option<String>,
    /// When, with an offset; now if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-31T18:06:00+03:00", format = DateTime)]
    at: Option<String>,
    /// Where; the sender's own shop if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// At which till; the sender's own if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    till: Option<String>,
    /// The return's fiscal document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fiscal: Option<Fiscal>,
}

/// What is given back, or would be. Amounts are minor units, points the programme's smallest unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundGiven)]
pub struct RefundShown {
    /// The receipt whose goods come back.
    #[schema(example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    original: String,
    /// The quote that it was; null where it was none.
    #[schema(example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")]
    quote: Option<String>,
    /// Whether the goods were taken back, or it was only told what is due.
    #[schema(example = true)]
    taken: bool,
    /// What became of the return's receipt, or would: points that the goods had earned go there.
    receipt: Taken,
    lines: Vec<RefundLineShown>,
    /// For delivery.
    #[schema(example = 0)]
    shipping: i64,
    /// Money and points together.
    #[schema(example = 8_900)]
    value: i64,
    /// Of it, in money.
    #[schema(example = 8_900)]
    money: i64,
    /// Points that had paid and are the customer's again.
    #[schema(example = 0)]
    points: i64,
    /// Of them, those whose lot has expired: they live on.
    #[schema(example = 0)]
    points_revived: i64,
    /// Until when these live.
    #[schema(example = "2026-02-14T21:00:00Z", format = DateTime)]
    revived_until: Option<String>,
    /// Points that had paid and are lost, because their lot has expired.
    #[schema(example = 0)]
    points_expired: i64,
    /// What is kept back because the rest of the receipt would have cost more.
    #[schema(example = 0)]
    kept_back: i64,
    /// Rules that the rest would not have got, or less of.
    lost: Vec<String>,
    /// Gifts that have to come back as well, or be paid.
    gifts_due: Vec<GiftDueShown>,
    /// Uses of coupons that come back.
    #[schema(example = 0)]
    coupon_uses: u32,
    /// What may come back after this.
    left: Vec<LineLeft>,
}

/// What is given back for a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundLine)]
pub struct RefundLineShown {
    /// The line by its id in the quote; of a receipt that was no quote, its place, from 1.
    #[schema(example = "1")]
    line: String,
    #[schema(example = "milk-1l")]
    product: String,
    /// Thousandths of a unit.
    #[schema(example = 1000)]
    quantity: i64,
    /// Money and points together.
    #[schema(example = 8_900)]
    value: i64,
    /// Of it, in money.
    #[schema(example = 8_900)]
    money: i64,
    /// What a fiscal receipt prints for the money.
    positions: Vec<PositionShown>,
    /// Discounts that go with the goods.
    undone: Vec<UndoneShown>,
}

/// A discount that goes with the goods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundUndone)]
pub struct UndoneShown {
    #[schema(example = "dairy-10")]
    rule: String,
    #[schema(example = 890)]
    amount: i64,
    /// Of it, what its supplier need not pay.
    #[schema(example = 0)]
    supplier_pays: i64,
}

/// A gift that has to come back, or be paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundGift)]
pub struct GiftDueShown {
    #[schema(example = "mug")]
    rule: String,
    /// Its line in the quote.
    #[schema(example = "gift:mug")]
    line: String,
    #[schema(example = "mug-300")]
    product: String,
    #[schema(example = 1)]
    units: i64,
    /// Of one unit.
    #[schema(example = 19_900)]
    price: i64,
}

/// How much of a line may still come back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundLeft)]
pub struct LineLeft {
    #[schema(example = "1")]
    line: String,
    /// Thousandths of a unit.
    #[schema(example = 1000)]
    quantity: i64,
}

/// Tells what is due for goods of a receipt that come back, out of what its quote allocated to them. With `take`
/// the return is a receipt, and points, coupons, budgets and limits are given back; without, nothing is stored and
/// the key means nothing. The same return again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/refunds",
    tag = "checkout",
    request_body = Refund,
    responses((status = 200, description = "What is given back, or would be", body = RefundShown))
)]
pub async fn refund(
    State(app): Shared,
    call: Call,
    Body(body): Body<Refund>,
) -> Result<Json<RefundShown>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let refunded = move || Ok(RefundShown::from(programme.refund(&act, body.into())?));
    Ok(Json(app.pool.run(refunded).await?))
}

impl From<Refund> for RefundIn {
    fn from(sent: Refund) -> Self {
        let lines = sent.lines.map(|lines| lines.into_iter().map(Into::into).collect());
        Self {
            take: sent.take,
            receipt: sent.receipt,
            original: sent.original.map(OriginalIn::from),
            lines,
            number: sent.number,
            at: sent.at,
            shop: sent.shop,
            till: sent.till,
            fiscal: sent.fiscal.map(FiscalIn::from),
        }
    }
}

impl From<RefundView> for RefundShown {
    fn from(view: RefundView) -> Self {
        let gift = |GiftDue { rule, line, product, units, price }| GiftDueShown {
            rule,
            line,
            product,
            units,
            price: price.0,
        };
        let left = |ReturnedLine { line, quantity }| LineLeft { line, quantity: quantity.0 };
        Self {
            original: view.original,
            quote: view.quote,
            taken: view.taken,
            receipt: view.receipt.into(),
            lines: view.lines.into_iter().map(RefundLineShown::from).collect(),
            shipping: view.shipping,
            value: view.value,
            money: view.money,
            points: view.points,
            points_revived: view.points_revived,
            revived_until: view.revived_until.map(rfc3339),
            points_expired: view.points_expired,
            kept_back: view.kept_back,
            lost: view.lost,
            gifts_due: view.gifts_due.into_iter().map(gift).collect(),
            coupon_uses: view.coupon_uses,
            left: view.left.into_iter().map(left).collect(),
        }
    }
}

impl From<RefundLine> for RefundLineShown {
    fn from(line: RefundLine) -> Self {
        let undone = |Undone { rule, amount, supplier_pays }| UndoneShown {
            rule,
            amount: amount.0,
            supplier_pays: supplier_pays.0,
        };
        Self {
            line: line.line,
            product: line.product,
            quantity: line.quantity,
            value: line.value,
            money: line.money,
            positions: line.positions.into_iter().map(PositionShown::from).collect(),
            undone: line.undone.into_iter().map(undone).collect(),
        }
    }
}
