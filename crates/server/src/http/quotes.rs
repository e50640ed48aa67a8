//! `/api/v1/quotes`: baskets priced with their proof, held, confirmed, cancelled; why a rule gave nothing.

mod answer;

use axum::Json;
use axum::extract::State;
use programme::{
    BasketDelivery, BasketLine, ConfirmIn, FiscalIn, Money, Quantity, QuoteIn, Scope, TakenIn,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path};
use super::problem::Problem;
use super::receipts::Fiscal;
pub use answer::PositionShown;
use answer::{QuoteConfirmed, QuoteShown, WhyNot};

/// A basket to be priced.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// Whether points, coupons, budgets and limits are held for it until it is confirmed.
    #[serde(default)]
    #[schema(example = true)]
    hold: bool,
    /// For how many seconds: 900 if not said, a day at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 900)]
    seconds: Option<i64>,
    /// When, with an offset; now if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-31T18:05:00+03:00", format = DateTime)]
    at: Option<String>,
    /// Where; the sender's own shop if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// At which till; the sender's own if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    till: Option<String>,
    /// `online` or another channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "online")]
    channel: Option<String>,
    /// Of all amounts; that of the rules if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "RUB")]
    currency: Option<String>,
    /// The card that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333931")]
    card: Option<String>,
    /// The customer by your own id, where he is known without a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// 1 to 1000 lines.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<BasketLineSent>,
    /// Ways of delivery, each with its price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shipping: Vec<DeliverySent>,
    /// How it will be paid, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "card")]
    payment: Option<String>,
    /// Codes of coupons that were presented, 50 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["SPRING"]), max_items = 50)]
    coupons: Vec<String>,
    /// Points the customer wants to spend, in the programme's smallest unit.
    #[serde(default)]
    #[schema(example = 0, minimum = 0)]
    points: i64,
}

/// One product of a basket. What the till does not say of it, the catalogue does.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BasketLine)]
pub struct BasketLineSent {
    /// By which the quote names it; its place, from 1, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    id: Option<String>,
    /// What: the SKU's code.
    #[schema(example = "milk-1l", min_length = 1, max_length = 128)]
    product: String,
    /// How much, in thousandths of a unit, more than 0.
    #[schema(example = 2000, minimum = 1)]
    quantity: i64,
    /// What the shelf asks for one unit, in minor units (kopecks, cents); so are the others.
    #[schema(example = 8_900, minimum = 0)]
    price: i64,
    /// What the shelf asked before it marked the product down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regular_price: Option<i64>,
    /// Below this a unit is never sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_price: Option<i64>,
    /// What a competitor asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    competitor_price: Option<i64>,
    /// Nodes of the category tree, its own first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["dairy"]))]
    categories: Vec<String>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// Its supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    /// Its marks: `tobacco`, `alcohol`, `fresh`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<String>,
    /// VAT, hundredths of a per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1000)]
    vat_bps: Option<i64>,
    /// Sold by weight or length even where the quantity is whole.
    #[serde(default)]
    #[schema(example = false)]
    measured: bool,
}

/// A way of delivery that the customer has chosen.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Delivery)]
pub struct DeliverySent {
    /// By which the quote names it.
    #[schema(example = "courier")]
    id: String,
    /// What it costs, minor units.
    #[schema(example = 29_900, minimum = 0)]
    price: i64,
}

/// How a quote was sold.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sold {
    /// The receipt's own number at the till.
    #[schema(example = "8", min_length = 1, max_length = 128)]
    number: String,
    /// When, with an offset.
    #[schema(example = "2026-01-31T18:06:00+03:00", format = DateTime)]
    at: String,
    /// At which till; the sender's own, or the quote's, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    till: Option<String>,
    /// Its fiscal document: a second name of the same receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fiscal: Option<Fiscal>,
    /// What was bought, where that is less than all of it; lines that are not named were not bought.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<SoldLine>, required = false, min_items = 1)]
    lines: Option<Vec<SoldLine>>,
}

/// A list that may be absent, and is never null: who says nothing means all of it, and who has no list means that.
pub fn given<'de, D: Deserializer<'de>>(lines: D) -> Result<Option<Vec<SoldLine>>, D::Error> {
    Vec::deserialize(lines).map(Some)
}

/// How much of a line was bought, or comes back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SoldLine {
    /// The line's id in the quote; of a receipt that was none, its place, from 1.
    #[schema(example = "1")]
    line: String,
    /// Thousandths of a unit, whole units unless it is weighed.
    #[schema(example = 1000, minimum = 1)]
    quantity: i64,
}

/// What became of a quote that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuoteGivenUp {
    /// The quote.
    #[schema(example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")]
    id: String,
    /// `cancelled`, or `expired` where its time was over and it was ended before.
    #[schema(example = "cancelled")]
    state: String,
}

/// Prices a basket with its proof. With `hold` what it claims is kept for it until it is confirmed, cancelled
/// or over; without, nothing is stored and the key means nothing.
#[utoipa::path(
    post,
    path = "/api/v1/quotes",
    tag = "checkout",
    request_body = Basket,
    responses((status = 200, description = "The price and its proof", body = QuoteShown))
)]
pub async fn quote(
    State(app): Shared,
    call: Call,
    Body(body): Body<Basket>,
) -> Result<Json<QuoteShown>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let may_read_offers = call.caller.may(Scope::OffersRead);
    let priced = move || {
        let mut view = programme.quote(&act, body.into())?;
        view.offers.retain(|_| may_read_offers);
        Ok(QuoteShown::from(view))
    };
    Ok(Json(app.pool.run(priced).await?))
}

/// A quote that holds or held something, with its proof and what became of it.
#[utoipa::path(
    get,
    path = "/api/v1/quotes/{id}",
    tag = "checkout",
    params(("id" = String, Path, description = "The quote", example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")),
    responses((status = 200, description = "The quote", body = QuoteShown))
)]
pub async fn kept(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<QuoteShown>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let kept = move || Ok(QuoteShown::from(programme.kept_quote(&act, &id)?));
    Ok(Json(app.pool.run(kept).await?))
}

/// The quote that a receipt was: every discount with its reason, by the rules of its time.
#[utoipa::path(
    get,
    path = "/api/v1/receipts/{id}/proof",
    tag = "checkout",
    params(("id" = String, Path, description = "The receipt", example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")),
    responses((status = 200, description = "The quote", body = QuoteShown))
)]
pub async fn proof(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<QuoteShown>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let kept = move || Ok(QuoteShown::from(programme.proof_of_receipt(&act, &id)?));
    Ok(Json(app.pool.run(kept).await?))
}

/// The first reason why a rule gave nothing to a quote, found by pricing it again by the rules of its time.
#[utoipa::path(
    get,
    path = "/api/v1/quotes/{id}/rules/{rule}",
    tag = "checkout",
    params(
        ("id" = String, Path, description = "The quote", example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b"),
        ("rule" = String, Path, description = "The rule", example = "dairy-10")
    ),
    responses((status = 200, description = "The reason", body = WhyNot))
)]
pub async fn explain(
    State(app): Shared,
    call: Call,
    Path((id, rule)): Path<(String, String)>,
) -> Result<Json<WhyNot>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let why = move || Ok(WhyNot::from(programme.explain_quote(&act, &id, &rule)?));
    Ok(Json(app.pool.run(why).await?))
}

/// Makes a quote a receipt: what it holds is taken as far as it was bought, the rest is free again. The same
/// receipt again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/quotes/{id}/confirm",
    tag = "checkout",
    params(("id" = String, Path, description = "The quote", example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")),
    request_body = Sold,
    responses((status = 200, description = "The receipt", body = QuoteConfirmed))
)]
pub async fn confirm(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<Sold>,
) -> Result<Json<QuoteConfirmed>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let done = move || Ok(programme.confirm_quote(&act, &id, body.into())?);
    Ok(Json(app.pool.run(done).await?.into()))
}

/// Gives a quote up: what it holds is free at once.
#[utoipa::path(
    post,
    path = "/api/v1/quotes/{id}/cancel",
    tag = "checkout",
    params(("id" = String, Path, description = "The quote", example = "q0064c1f2a3b4c55f0c6d2a9be14d7f8a3b")),
    responses((status = 200, description = "What became of it", body = QuoteGivenUp))
)]
pub async fn cancel(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<QuoteGivenUp>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let ended = app.pool.run(move || Ok(programme.cancel_quote(&act, &id)?)).await?;
    Ok(Json(QuoteGivenUp { id: ended.id, state: ended.state }))
}

impl From<Basket> for QuoteIn {
    fn from(sent: Basket) -> Self {
        let delivery = |DeliverySent { id, price }| BasketDelivery { id, price: Money(price) };
        Self {
            hold: sent.hold,
            seconds: sent.seconds,
            at: sent.at,
            shop: sent.shop,
            till: sent.till,
            channel: sent.channel,
            currency: sent.currency,
            card: sent.card,
            customer: sent.customer,
            lines: sent.lines.into_iter().map(BasketLine::from).collect(),
            shipping: sent.shipping.into_iter().map(delivery).collect(),
            payment: sent.payment,
            coupons: sent.coupons,
            points: sent.points,
        }
    }
}

impl From<BasketLineSent> for BasketLine {
    fn from(sent: BasketLineSent) -> Self {
        Self {
            id: sent.id.unwrap_or_default(),
            product: sent.product,
            quantity: Quantity(sent.quantity),
            price: Money(sent.price),
            regular_price: sent.regular_price.map(Money),
            min_price: sent.min_price.map(Money),
            competitor_price: sent.competitor_price.map(Money),
            categories: sent.categories,
            brand: sent.brand,
            supplier: sent.supplier,
            marks: sent.marks,
            vat_bps: sent.vat_bps,
            measured: sent.measured,
        }
    }
}

impl From<SoldLine> for TakenIn {
    fn from(SoldLine { line, quantity }: SoldLine) -> Self {
        Self { line, quantity }
    }
}

impl From<Sold> for ConfirmIn {
    fn from(sold: Sold) -> Self {
        let Sold { number, at, till, fiscal, lines } = sold;
        Self {
            number,
            at,
            till,
            fiscal: fiscal.map(FiscalIn::from),
            lines: lines.map(|lines| lines.into_iter().map(TakenIn::from).collect()),
        }
    }
}
