//! `/api/v1/cards`: found by number, changed by operations, their balance and history.

use axum::Json;
use axum::extract::State;
use programme::{
    BalanceView, CardChange, CardEventView, CardOperation, CardView, Instant, LotView,
    StatementLine,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::{Fault, Problem};
use super::time::rfc3339;
use super::version::{ETag, Tagged};

/// A card.
#[derive(Debug, Serialize, ToSchema)]
pub struct Card {
    /// Its number.
    #[schema(example = "4006381333931")]
    number: String,
    /// Its network.
    #[schema(example = "pyramid")]
    network: String,
    /// `plastic`, `virtual` or `phone`.
    #[schema(example = "plastic")]
    kind: &'static str,
    /// `created`, `prepared`, `issued`, `active`, `suspended`, `blocked`, `replaced`, `closed` or `expired`.
    #[schema(example = "active")]
    state: &'static str,
    /// What it may be used for now: `earn`, `spend`, `discount`, `identify`, `replace`.
    #[schema(example = json!(["earn", "spend", "discount", "identify", "replace"]))]
    can: Vec<&'static str>,
    /// What it opens; null until it is issued or first earns.
    #[schema(example = "w5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    wallet: Option<String>,
    /// Whose it is.
    #[schema(example = "1042")]
    customer: Option<String>,
    /// The shop it was prepared for, or issued in.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// Why it is blocked.
    #[schema(example = "lost")]
    reason: Option<String>,
    /// The card that took its place.
    #[schema(example = "4006381333948")]
    replaced_by: Option<String>,
    /// Last day it is good.
    #[schema(example = "2028-12-31", format = Date)]
    expires_on: Option<String>,
    /// Grows with every change; `ETag` names it.
    #[schema(example = 3)]
    version: i64,
}

/// What is to be done to a card.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// `prepare`, `issue`, `activate`, `suspend`, `resume`, `block`, `unblock`, `replace` or `close`.
    #[schema(
        example = "block",
        pattern = "^(prepare|issue|activate|suspend|resume|block|unblock|replace|close)$"
    )]
    operation: String,
    /// Why: for `block` one of `lost`, `damaged`, `stolen`, `fraud`, `other`; for `unblock` any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "lost", max_length = 200)]
    reason: Option<String>,
    /// The shop it is prepared for; else the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// The card that takes its place, for `replace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333948")]
    other_card: Option<String>,
    /// Whose card it becomes, for `issue` and `activate`; an id, never a phone or an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1042", min_length = 1, max_length = 128)]
    customer: Option<String>,
}

/// The card whose wallet a card is to open.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// A card of the same network.
    #[schema(example = "4006381333948")]
    card: String,
}

/// Something that was done to a card.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardEvent {
    /// Grows with every event.
    #[schema(example = 17)]
    id: i64,
    /// The operation.
    #[schema(example = "block")]
    operation: String,
    /// The state before.
    #[schema(example = "active")]
    from: &'static str,
    /// The state after.
    #[schema(example = "blocked")]
    to: &'static str,
    /// Why.
    #[schema(example = "lost")]
    reason: Option<String>,
    /// The card it was replaced by, or that it replaces.
    #[schema(example = "4006381333948")]
    other_card: Option<String>,
    /// Who did it.
    #[schema(example = "key:4f2a")]
    actor: String,
    /// As whom.
    #[schema(example = "operator")]
    role: String,
    /// Through which door.
    #[schema(example = "till")]
    door: String,
    /// In which shop.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// At which till.
    #[schema(example = "1")]
    till: Option<String>,
    /// The request, by which log lines are found.
    #[schema(example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    request: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
}

/// What a card's wallet holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balance {
    /// What is counted.
    #[schema(example = "POINT")]
    unit: String,
    /// All that is in it, in the unit's smallest part; so are the others.
    #[schema(example = 120)]
    balance: i64,
    /// What may be spent now.
    #[schema(example = 100)]
    spendable: i64,
    /// Kept for purchases under way.
    #[schema(example = 0)]
    held: i64,
    /// Earned and not spendable yet.
    #[schema(example = 20)]
    not_yet_active: i64,
    /// Owed because points of returned goods had been spent.
    #[schema(example = 0)]
    debt: i64,
    /// Its lots, the next to expire first.
    lots: Vec<Lot>,
}

/// Points of one accrual.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lot {
    /// What is left.
    #[schema(example = 100)]
    remaining: i64,
    /// What of it is kept for purchases under way.
    #[schema(example = 0)]
    held: i64,
    /// From when it may be spent.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    activates_at: String,
    /// When it is over; null is never.
    #[schema(example = "2027-01-01T09:00:00Z", format = DateTime)]
    expires_at: Option<String>,
}

/// A movement in a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Movement {
    /// The transfer.
    #[schema(example = "receipt-7/0")]
    id: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
    /// What moved.
    #[schema(example = "POINT")]
    unit: String,
    /// How much; below nothing where it left the wallet.
    #[schema(example = 40)]
    amount: i64,
    /// `accrual`, `redemption`, `return`, `expiry` …
    #[schema(example = "accrual")]
    kind: String,
    /// The receipt or whatever it belongs to.
    #[schema(example = "pyramid-1/1/7")]
    reference: String,
    #[serde(skip)]
    micros: i64,
}

/// A card by its number, as a person or scanner gives it.
#[utoipa::path(
    get,
    path = "/api/v1/cards/{number}",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    responses((status = 200, description = "The card", body = Card))
)]
pub async fn card(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
) -> Result<Tagged<Json<Card>>, Problem> {
    app.limits.take_card(&number)?;
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.card(&act, &number)?)).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// Does something to a card.
#[utoipa::path(
    post,
    path = "/api/v1/cards/{number}/operations",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    request_body = Operation,
    responses((status = 200, description = "The card as it is then", body = Card))
)]
pub async fn operate(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
    Body(body): Body<Operation>,
) -> Result<Tagged<Json<Card>>, Problem> {
    app.limits.take_card(&number)?;
    let act = call.writing(&body)?;
    let operation = body.operation.parse().ok().filter(|&known| known != CardOperation::Expire);
    let operation = operation.ok_or_else(|| {
        Problem::invalid(vec![Fault::new("/operation", "value", "no operation is called so")])
    })?;
    let Operation { reason, shop, other_card, customer, .. } = body;
    let change = CardChange { operation, reason, shop, other_card, customer };
    let programme = app.programme.clone();
    let view = app.pool.run(move || Ok(programme.change_card(&act, &number, change)?)).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// Lets a card open the wallet of another, as families do.
#[utoipa::path(
    post,
    path = "/api/v1/cards/{number}/family",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    request_body = Family,
    responses((status = 200, description = "The card as it is then", body = Card))
)]
pub async fn join(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
    Body(body): Body<Family>,
) -> Result<Tagged<Json<Card>>, Problem> {
    app.limits.take_card(&number)?;
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let joined = move || Ok(programme.join_wallet(&act, &number, &body.card)?);
    let view = app.pool.run(joined).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.into())))
}

/// What was done to a card, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/cards/{number}/events",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931"), Page),
    responses((status = 200, description = "A page of events", body = List<CardEvent>))
)]
pub async fn events(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<CardEvent>>, Problem> {
    app.limits.take_card(&number)?;
    let after: i64 = page.place()?.unwrap_or_default();
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let read = move || Ok(programme.card_events(&act, &number, after, most)?);
    let rows: Vec<CardEvent> = app.pool.run(read).await?.into_iter().map(CardEvent::from).collect();
    Ok(Json(List::of(rows, page.limit, |row| row.id)))
}

/// What a card's wallet holds.
#[utoipa::path(
    get,
    path = "/api/v1/cards/{number}/balance",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    responses((status = 200, description = "The balance and its lots", body = Balance))
)]
pub async fn balance(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
) -> Result<Json<Balance>, Problem> {
    app.limits.take_card(&number)?;
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.card_balance(&act, &number)?)).await?;
    Ok(Json(view.into()))
}

/// What moved in a card's wallet, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/cards/{number}/statement",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931"), Page),
    responses((status = 200, description = "A page of movements", body = List<Movement>))
)]
pub async fn statement(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<Movement>>, Problem> {
    app.limits.take_card(&number)?;
    let before: Option<(i64, String)> = page.place()?;
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let read = move || {
        let before = before.as_ref().map(|(at, id)| (Instant(*at), id.as_str()));
        Ok(programme.card_statement(&act, &number, before, most)?)
    };
    let rows: Vec<Movement> = app.pool.run(read).await?.into_iter().map(Movement::from).collect();
    Ok(Json(List::of(rows, page.limit, |row| (row.micros, row.id.clone()))))
}

impl From<CardView> for Card {
    fn from(view: CardView) -> Self {
        Self {
            number: view.number,
            network: view.network,
            kind: view.kind.as_str(),
            state: view.state.as_str(),
            can: view.can.iter().map(|capability| capability.as_str()).collect(),
            wallet: view.wallet,
            customer: view.customer,
            shop: view.shop,
            reason: view.reason,
            replaced_by: view.replaced_by,
            expires_on: view.expires_on.map(|day| day.to_string()),
            version: view.version,
        }
    }
}

impl From<CardEventView> for CardEvent {
    fn from(view: CardEventView) -> Self {
        Self {
            id: view.id,
            operation: view.operation,
            from: view.from.as_str(),
            to: view.to.as_str(),
            reason: view.reason,
            other_card: view.other_card,
            actor: view.actor,
            role: view.role,
            door: view.door,
            shop: view.shop,
            till: view.till,
            request: view.request,
            at: rfc3339(view.at),
        }
    }
}

impl From<BalanceView> for Balance {
    fn from(view: BalanceView) -> Self {
        let BalanceView { unit, balance, spendable, held, not_yet_active, debt, lots } = view;
        let lots = lots.into_iter().map(Lot::from).collect();
        Self { unit, balance, spendable, held, not_yet_active, debt, lots }
    }
}

impl From<LotView> for Lot {
    fn from(view: LotView) -> Self {
        let LotView { remaining, held, activates_at, expires_at } = view;
        let activates_at = rfc3339(activates_at);
        Self { remaining, held, activates_at, expires_at: expires_at.map(rfc3339) }
    }
}

impl From<StatementLine> for Movement {
    fn from(line: StatementLine) -> Self {
        let StatementLine { id, at, unit, amount, kind, reference } = line;
        Self { id, at: rfc3339(at), unit, amount, kind, reference, micros: at.0 }
    }
}
