//! Where cards come from: `/api/v1/ranges`, print batches, virtual cards.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{
    CardKind, NewPrintBatch, NewRange, NumberRange, PrintBatchView, PrintedCard, RangeView, Scheme,
    UnknownName,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::cards::Card;
use super::extract::{Body, Path};
use super::problem::{Fault, Problem};
use super::version::{ETag, Tagged};

/// Numbers from which a network's cards are to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeToAdd {
    /// Its id.
    #[schema(
        example = "plastic-2026",
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._-]+$"
    )]
    id: String,
    /// `plastic`, `virtual` or `phone`.
    #[schema(example = "plastic", pattern = "^(plastic|virtual|phone)$")]
    kind: String,
    /// How numbers are guarded: `ean13`, `luhn` or `plain`.
    #[schema(example = "ean13", pattern = "^(ean13|luhn|plain)$")]
    scheme: String,
    /// What every number begins with.
    #[schema(example = "400", max_length = 30)]
    prefix: String,
    /// Digits of the running part.
    #[schema(example = 9, minimum = 1, maximum = 18)]
    digits: u8,
    /// The first running number.
    #[schema(example = 0)]
    from: u64,
    /// The last running number.
    #[schema(example = 999_999)]
    to: u64,
}

/// Numbers of a network's cards.
#[derive(Debug, Serialize, ToSchema)]
pub struct Range {
    /// Its id.
    #[schema(example = "plastic-2026")]
    id: String,
    /// The network.
    #[schema(example = "pyramid")]
    network: String,
    /// What cards are made of it.
    #[schema(example = "plastic")]
    kind: &'static str,
    /// How many numbers it has.
    #[schema(example = 1_000_000)]
    numbers: u64,
    /// How many of them are cards already.
    #[schema(example = 0)]
    used: i64,
}

/// Cards that are to be made and printed together.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintBatchToAdd {
    /// Its id.
    #[schema(example = "2026-01", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
    /// How many cards.
    #[schema(example = 100, minimum = 1, maximum = 1_000_000)]
    cards: i64,
}

/// Cards that were made and printed together.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintBatch {
    /// Its id.
    #[schema(example = "2026-01")]
    id: String,
    /// The range its numbers are of.
    #[schema(example = "plastic-2026")]
    range: String,
    /// Where in the range they begin.
    #[schema(example = 0)]
    from_index: i64,
    /// How many cards.
    #[schema(example = 100)]
    cards: i64,
}

/// All cards of a print batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintList {
    /// The cards, in the sequence of their numbers.
    cards: Vec<CardToPrint>,
}

/// A card for the printer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardToPrint {
    /// Its number, as its bar code says it.
    #[schema(example = "4006381333931")]
    number: String,
    /// The same in groups, for people.
    #[schema(example = "4006 3813 3393 1")]
    printed: String,
}

/// The shop that cards are prepared for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preparation {
    /// A shop of the same network.
    #[schema(example = "pyramid-1")]
    shop: String,
}

/// How many cards were prepared.
#[derive(Debug, Serialize, ToSchema)]
pub struct Prepared {
    /// Those that were not prepared before.
    #[schema(example = 100)]
    cards: u64,
}

/// Whose a virtual card is.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VirtualCardToIssue {
    /// The customer, if known; an id, never a phone or an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1042", min_length = 1, max_length = 128)]
    customer: Option<String>,
}

/// Adds a range of numbers to a network.
#[utoipa::path(
    post,
    path = "/api/v1/networks/{network}/ranges",
    tag = "cards",
    params(("network" = String, Path, description = "The network's id", example = "pyramid")),
    request_body = RangeToAdd,
    responses((status = 201, description = "The range", body = Range))
)]
pub async fn add_range(
    State(app): Shared,
    call: Call,
    Path(network): Path<String>,
    Body(body): Body<RangeToAdd>,
) -> Result<(StatusCode, Json<Range>), Problem> {
    let act = call.writing(&body)?;
    let kind: CardKind = named("/kind", &body.kind)?;
    let scheme: Scheme = named("/scheme", &body.scheme)?;
    let RangeToAdd { id, prefix, digits, from, to, .. } = body;
    let range = NumberRange { network: network.as_str().into(), prefix, digits, scheme, from, to };
    let new = NewRange { id, kind, range };
    let programme = app.programme.clone();
    let view = app.pool.run(move || Ok(programme.add_range(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// Makes cards of the next numbers of a range. Asked again for the same batch it goes on where it was
/// interrupted.
#[utoipa::path(
    post,
    path = "/api/v1/ranges/{range}/print-batches",
    tag = "cards",
    params(("range" = String, Path, description = "The range's id", example = "plastic-2026")),
    request_body = PrintBatchToAdd,
    responses((status = 201, description = "The batch", body = PrintBatch))
)]
pub async fn print(
    State(app): Shared,
    call: Call,
    Path(range): Path<String>,
    Body(body): Body<PrintBatchToAdd>,
) -> Result<(StatusCode, Json<PrintBatch>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let new = NewPrintBatch { id: body.id, range, cards: body.cards };
    let view = app.pool.run(move || Ok(programme.print_cards(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// The cards of a print batch, for the printer.
#[utoipa::path(
    get,
    path = "/api/v1/print-batches/{batch}/cards",
    tag = "cards",
    params(("batch" = String, Path, description = "The batch's id", example = "2026-01")),
    responses((status = 200, description = "The cards", body = PrintList))
)]
pub async fn printed(
    State(app): Shared,
    call: Call,
    Path(batch): Path<String>,
) -> Result<Json<PrintList>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let cards = app.pool.run(move || Ok(programme.printed_cards(&act, &batch)?)).await?;
    Ok(Json(PrintList { cards: cards.into_iter().map(CardToPrint::from).collect() }))
}

/// Prepares all cards of a print batch for a shop.
#[utoipa::path(
    post,
    path = "/api/v1/print-batches/{batch}/prepare",
    tag = "cards",
    params(("batch" = String, Path, description = "The batch's id", example = "2026-01")),
    request_body = Preparation,
    responses((status = 200, description = "How many", body = Prepared))
)]
pub async fn prepare(
    State(app): Shared,
    call: Call,
    Path(batch): Path<String>,
    Body(body): Body<Preparation>,
) -> Result<Json<Prepared>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let prepared = move || Ok(programme.prepare_cards(&act, &batch, &body.shop)?);
    Ok(Json(Prepared { cards: app.pool.run(prepared).await? }))
}

/// Issues a virtual card, active at once, with a number that nobody can guess from others.
#[utoipa::path(
    post,
    path = "/api/v1/ranges/{range}/virtual-cards",
    tag = "cards",
    params(("range" = String, Path, description = "The range's id", example = "virtual-2026")),
    request_body = VirtualCardToIssue,
    responses((status = 201, description = "The card", body = Card))
)]
pub async fn issue_virtual(
    State(app): Shared,
    call: Call,
    Path(range): Path<String>,
    Body(body): Body<VirtualCardToIssue>,
) -> Result<(StatusCode, Tagged<Json<Card>>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let issued =
        move || Ok(programme.issue_virtual_card(&act, &range, body.customer.as_deref())?);
    let view = app.pool.run(issued).await?;
    Ok((StatusCode::CREATED, Tagged(ETag::of(view.version), Json(view.into()))))
}

/// A field that names one of ours.
fn named<T: std::str::FromStr<Err = UnknownName>>(pointer: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: UnknownName| {
        Problem::invalid(vec![Fault::new(pointer, "value", error.to_string())])
    })
}

impl From<RangeView> for Range {
    fn from(view: RangeView) -> Self {
        let RangeView { id, kind, range, used } = view;
        let numbers = range.count();
        Self { id, network: range.network.0, kind: kind.as_str(), numbers, used }
    }
}

impl From<PrintBatchView> for PrintBatch {
    fn from(view: PrintBatchView) -> Self {
        let PrintBatchView { id, range, from_index, cards } = view;
        Self { id, range, from_index, cards }
    }
}

impl From<PrintedCard> for CardToPrint {
    fn from(card: PrintedCard) -> Self {
        let PrintedCard { number, printed } = card;
        Self { number, printed }
    }
}
