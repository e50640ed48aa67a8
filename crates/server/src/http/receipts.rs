//! `/api/v1/receipts`: purchases and returns as they happen, singly or many.

use axum::Json;
use axum::extract::State;
use programme::{
    BatchedReceipt, FiscalIn, LineIn, OriginalIn, ReceiptIn, ReceiptProblem, ReceiptTaken,
    WhyNothing,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::Body;
use super::problem::{Fault, Problem};

/// A receipt as a till, site or partner sends it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Receipt)]
pub struct ReceiptSent {
    /// Its own number at the till.
    #[schema(example = "7", min_length = 1, max_length = 128)]
    number: String,
    /// When, with an offset.
    #[schema(example = "2026-01-31T18:05:00+03:00", format = DateTime)]
    at: String,
    /// Where; the sender's own shop if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid-1", nullable = false)]
    shop: Option<String>,
    /// At which till; the sender's own if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1", nullable = false)]
    till: Option<String>,
    /// The card that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333931")]
    card: Option<String>,
    /// `online` or another channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "online")]
    channel: Option<String>,
    /// Of a return, the receipt whose goods came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<Original>,
    /// Its fiscal document: a second name of the same receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fiscal: Option<Fiscal>,
    /// 1 to 1000 lines: all of them sold goods, or all of them goods that came back.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<LineSent>,
}

/// By what a return names the receipt whose goods came back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Original {
    /// Its number.
    #[schema(example = "6")]
    number: String,
    /// Its shop; that of the return if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// Its till; that of the return if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    till: Option<String>,
}

/// A fiscal document.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fiscal {
    /// Number of the fiscal drive.
    #[schema(example = "9960440300000001")]
    drive: String,
    /// Number of the document on it.
    #[schema(example = "1234")]
    document: String,
}

/// A line of a receipt. Of a return, quantity and amounts are negative.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptLine)]
pub struct LineSent {
    /// What: the SKU's code.
    #[schema(example = "milk-1l", min_length = 1, max_length = 128)]
    product: String,
    /// Its category, by which rules of accrual are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "dairy")]
    category: Option<String>,
    /// How much, in thousandths of a unit; never 0.
    #[schema(example = 2000)]
    quantity: i64,
    /// What the retailer received, in minor units (kopecks, cents); so are the others.
    #[schema(example = 17_800)]
    net: i64,
    /// Discount paid by the retailer, its coupon included.
    #[serde(default)]
    #[schema(example = 500)]
    discount: i64,
    /// The part of it that a retailer's coupon gave.
    #[serde(default)]
    #[schema(example = 0)]
    retailer_coupon: i64,
    /// A supplier's coupon: the customer paid net less this.
    #[serde(default)]
    #[schema(example = 0)]
    supplier_coupon: i64,
    /// Whether it earns points at all: tobacco must not.
    #[serde(default = "allowed")]
    #[schema(example = true)]
    points_allowed: bool,
}

fn allowed() -> bool {
    true
}

/// What became of a receipt. Points are in the programme's smallest unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Its id here.
    #[schema(example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    receipt: String,
    /// 1, and one more with each content that replaced another.
    #[schema(example = 1)]
    version: u32,
    /// The shop's business day.
    #[schema(example = "2026-01-31", format = Date)]
    day: String,
    /// What it earned; negative for a return.
    #[schema(example = 178)]
    points: i64,
    /// The same line by line.
    #[schema(example = json!([178]))]
    points_by_line: Vec<i64>,
    /// Of what it earned, what repaid an earlier debt.
    #[schema(example = 0)]
    repaid: i64,
    /// What was taken out of the wallet's lots.
    #[schema(example = 0)]
    taken_back: i64,
    /// What could not be taken back because it had been spent: later accruals repay it first.
    #[schema(example = 0)]
    debt: i64,
    /// Why it moved no points: `no_card`, `card_unknown`, `card_cannot_earn`, `no_rules`, `held`,
    /// `expired`, `original_unknown`, `original_is_return`, `original_earned_nothing`; else null.
    #[schema(value_type = Option<String>, example = "no_card")]
    nothing_because: Option<WhyNothing>,
    /// Whether more came back of some product than was bought, or something that was not bought.
    #[schema(example = false)]
    more_than_bought: bool,
}

/// Many receipts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBatch {
    /// At most 1000.
    #[schema(max_items = 1000)]
    receipts: Vec<ReceiptSent>,
}

/// What became of many receipts, in their sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchTaken {
    /// How many were taken.
    #[schema(example = 1)]
    taken: usize,
    /// How many were not.
    #[schema(example = 0)]
    refused: usize,
    /// Each with its outcome.
    receipts: Vec<Outcome>,
}

/// What became of one receipt of many: `taken`, or why it was not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// What became of it, if it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    taken: Option<Taken>,
    /// Stable name of the reason, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "invalid")]
    code: Option<String>,
    /// A sentence, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "/lines: is empty")]
    detail: Option<String>,
    /// Fields that are wrong, each with its place within the receipt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
}

/// Takes a receipt: durable when this answers, its points in the wallet. The same receipt again changes
/// nothing; another content under the same number replaces it.
#[utoipa::path(
    post,
    path = "/api/v1/receipts",
    tag = "receipts",
    request_body = ReceiptSent,
    responses((status = 200, description = "What became of it", body = Taken))
)]
pub async fn receipt(
    State(app): Shared,
    call: Call,
    Body(body): Body<ReceiptSent>,
) -> Result<Json<Taken>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let taken = app.pool.run(move || Ok(programme.take_receipt(&act, body.into())?)).await?;
    Ok(Json(taken.into()))
}

/// Takes a return: a receipt whose lines are negative, naming the original.
#[utoipa::path(
    post,
    path = "/api/v1/returns",
    tag = "receipts",
    request_body = ReceiptSent,
    responses((status = 200, description = "What became of it", body = Taken))
)]
pub async fn return_(
    State(app): Shared,
    call: Call,
    Body(body): Body<ReceiptSent>,
) -> Result<Json<Taken>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let taken = app.pool.run(move || Ok(programme.take_return(&act, body.into())?)).await?;
    Ok(Json(taken.into()))
}

/// Takes many receipts, each by itself: good ones are kept whatever is wrong with others.
#[utoipa::path(
    post,
    path = "/api/v1/receipts/batch",
    tag = "receipts",
    request_body = ReceiptBatch,
    responses((status = 200, description = "What became of each", body = BatchTaken))
)]
pub async fn receipts(
    State(app): Shared,
    call: Call,
    Body(body): Body<ReceiptBatch>,
) -> Result<Json<BatchTaken>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let receipts = body.receipts.into_iter().map(ReceiptIn::from).collect();
    let outcomes = app.pool.run(move || Ok(programme.take_receipts(&act, receipts)?)).await?;
    let receipts: Vec<Outcome> = outcomes.into_iter().map(Outcome::from).collect();
    let taken = receipts.iter().filter(|outcome| outcome.taken.is_some()).count();
    Ok(Json(BatchTaken { taken, refused: receipts.len() - taken, receipts }))
}

impl From<ReceiptSent> for ReceiptIn {
    fn from(sent: ReceiptSent) -> Self {
        let ReceiptSent { number, at, shop, till, card, channel, original, fiscal, lines } = sent;
        Self {
            number,
            at,
            shop,
            till,
            card,
            channel,
            original: original.map(OriginalIn::from),
            fiscal: fiscal.map(FiscalIn::from),
            lines: lines.into_iter().map(LineIn::from).collect(),
        }
    }
}

impl From<Original> for OriginalIn {
    fn from(Original { number, shop, till }: Original) -> Self {
        Self { number, shop, till }
    }
}

impl From<Fiscal> for FiscalIn {
    fn from(Fiscal { drive, document }: Fiscal) -> Self {
        Self { drive, document }
    }
}

impl From<LineSent> for LineIn {
    fn from(line: LineSent) -> Self {
        Self {
            product: line.product,
            category: line.category,
            quantity: line.quantity,
            net: line.net,
            discount: line.discount,
            retailer_coupon: line.retailer_coupon,
            supplier_coupon: line.supplier_coupon,
            points_allowed: line.points_allowed,
        }
    }
}

impl From<ReceiptTaken> for Taken {
    fn from(taken: ReceiptTaken) -> Self {
        Self {
            receipt: taken.receipt,
            version: taken.version,
            day: taken.day.to_string(),
            points: taken.points,
            points_by_line: taken.points_by_line,
            repaid: taken.repaid,
            taken_back: taken.taken_back,
            debt: taken.debt,
            nothing_because: taken.nothing_because,
            more_than_bought: taken.more_than_bought,
        }
    }
}

impl From<BatchedReceipt> for Outcome {
    fn from(outcome: BatchedReceipt) -> Self {
        match outcome {
            BatchedReceipt::Taken(taken) => {
                Self { taken: Some(taken.into()), code: None, detail: None, errors: Vec::new() }
            }
            BatchedReceipt::Refused { code, detail, problems } => {
                let fault =
                    |ReceiptProblem { pointer, code, detail }| Fault { pointer, code, detail };
                let errors = problems.into_iter().map(fault).collect();
                Self { taken: None, code: Some(code), detail: Some(detail), errors }
            }
        }
    }
}
