//! `/api/v1/coupon-series`, `/api/v1/coupons`: series of coupons, batches of codes, coupons of one
//! customer.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use programme::{
    COUPON_BATCH_MAX, CouponBatch, CouponKind, CouponSeriesView, CouponView, NewCouponSeries,
    NewPersonalCoupon,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::{Fault, Problem};
use super::secret::SecretOut;
use super::time::{moment, rfc3339};

/// A series of coupons to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponSeriesToAdd {
    /// By which rules name it.
    #[schema(example = "summer", min_length = 1, max_length = 64)]
    id: String,
    /// `generic`: one public code; `unique`: codes that nobody can guess; `personal`: one customer's own.
    #[schema(example = "generic")]
    kind: String,
    /// Its name in English.
    #[schema(example = "Summer sale")]
    name_en: String,
    /// Its name in Russian.
    #[schema(example = "Летняя скидка")]
    name_ru: String,
    /// From when on its coupons count; at once if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-06-01T00:00:00Z", format = DateTime)]
    starts_at: Option<String>,
    /// Before when they count; for ever if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2036-09-01T00:00:00Z", format = DateTime)]
    ends_at: Option<String>,
    /// How often each code may be used; a public one any number of times if not said, others once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 10_000, minimum = 1, maximum = 1_000_000_000)]
    uses_max: Option<i64>,
    /// How often one customer may use each code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1, minimum = 1, maximum = 1_000_000_000)]
    customer_uses_max: Option<i64>,
    /// The public code of a generic series: 3 to 16 letters and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SUMMER26")]
    code: Option<String>,
}

/// A series of coupons.
#[derive(Debug, Serialize, ToSchema)]
pub struct CouponSeries {
    /// By which rules name it.
    #[schema(example = "summer")]
    id: String,
    /// `generic`, `unique`, `personal`.
    #[schema(example = "generic")]
    kind: String,
    /// Its name in English.
    #[schema(example = "Summer sale")]
    name_en: String,
    /// Its name in Russian.
    #[schema(example = "Летняя скидка")]
    name_ru: String,
    /// From when on its coupons count.
    #[schema(example = "2026-06-01T00:00:00Z", format = DateTime)]
    starts_at: Option<String>,
    /// Before when.
    #[schema(example = "2036-09-01T00:00:00Z", format = DateTime)]
    ends_at: Option<String>,
    /// How often each code may be used; null is any number of times.
    #[schema(example = 10_000)]
    uses_max: Option<i64>,
    /// How often one customer may use each code.
    #[schema(example = 1)]
    customer_uses_max: Option<i64>,
    /// Since when none of its coupons is good.
    #[schema(example = "2026-07-01T00:00:00Z", format = DateTime)]
    withdrawn_at: Option<String>,
    /// By whom.
    #[schema(example = "staff:anna")]
    withdrawn_by: Option<String>,
    /// When it was made.
    #[schema(example = "2026-05-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// By whom.
    #[schema(example = "staff:anna")]
    created_by: String,
    /// Grows with every change.
    #[schema(example = 1)]
    version: i64,
}

/// Codes to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponsToMake {
    /// The batch's id within the series.
    #[schema(example = "lottery-1", min_length = 1, max_length = 64)]
    id: String,
    /// How many.
    #[schema(example = 3, minimum = 1, maximum = 10_000)]
    count: u32,
}

/// A batch of codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct CouponCodes {
    /// Its id within the series.
    #[schema(example = "lottery-1")]
    id: String,
    /// The series.
    #[schema(example = "lottery")]
    series: String,
    /// How many codes.
    #[schema(example = 3)]
    count: u32,
    /// The codes. They are kept nowhere: absent when the same request is asked again, and then another
    /// batch is made.
    #[schema(value_type = Option<Vec<String>>, example = json!(["4CFH-0ZK8-MWTQ-6J1S-P"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<SecretOut>>,
}

/// A coupon for one customer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponToGive {
    /// A personal series.
    #[schema(example = "birthday")]
    series: String,
    /// For whom; an id, never a phone or an e-mail.
    #[schema(example = "1042", min_length = 1, max_length = 128)]
    customer: String,
    /// The product that it promises something of, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "milk")]
    product: Option<String>,
    /// What a unit of it costs, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 6900, minimum = 0)]
    price: Option<i64>,
    /// In place of a price: how much of it is taken off, hundredths of a per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1000, minimum = 1, maximum = 10_000)]
    discount_bps: Option<i64>,
    /// Within the time of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-06-01T00:00:00Z", format = DateTime)]
    starts_at: Option<String>,
    /// Within the time of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2036-09-01T00:00:00Z", format = DateTime)]
    ends_at: Option<String>,
}

/// A coupon.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coupon {
    /// Its id, which tells nothing of its code.
    #[schema(example = "5f0c6d2a9be14d7f0011")]
    id: String,
    /// Its series.
    #[schema(example = "birthday")]
    series: String,
    /// `generic`, `unique`, `personal`.
    #[schema(example = "personal")]
    kind: String,
    /// Its code; null where it is for whoever has it, and known to him alone.
    #[schema(example = "4CFH-0ZK8-MWTQ-6J1S-P")]
    code: Option<String>,
    /// The last signs of its code.
    #[schema(example = "J1SP")]
    code_end: String,
    /// The batch it was made in.
    #[schema(example = "lottery-1")]
    batch: Option<String>,
    /// Whose it is.
    #[schema(example = "1042")]
    customer: Option<String>,
    /// The product that it promises something of.
    #[schema(example = "milk")]
    product: Option<String>,
    /// What a unit of it costs, minor units.
    #[schema(example = 6900)]
    price: Option<i64>,
    /// How much of its price is taken off, hundredths of a per cent.
    #[schema(example = 1000)]
    discount_bps: Option<i64>,
    /// Within the time of the series.
    #[schema(example = "2026-06-01T00:00:00Z", format = DateTime)]
    starts_at: Option<String>,
    /// Within the time of the series.
    #[schema(example = "2036-09-01T00:00:00Z", format = DateTime)]
    ends_at: Option<String>,
    /// How many uses are left; null is any number.
    #[schema(example = 1)]
    uses_left: Option<i64>,
    /// Since when it is not good.
    #[schema(example = "2026-07-01T00:00:00Z", format = DateTime)]
    withdrawn_at: Option<String>,
    /// By whom.
    #[schema(example = "staff:anna")]
    withdrawn_by: Option<String>,
    /// When it was made.
    #[schema(example = "2026-05-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// By whom.
    #[schema(example = "staff:anna")]
    created_by: String,
    /// Grows with every change.
    #[schema(example = 1)]
    version: i64,
}

/// Series of coupons, by id.
#[utoipa::path(
    get,
    path = "/api/v1/coupon-series",
    tag = "coupons",
    params(Page),
    responses((status = 200, description = "A page of series", body = List<CouponSeries>))
)]
pub async fn all_series(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<CouponSeries>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let rows = app.pool.run(move || Ok(programme.coupon_series_after(&act, &after, most)?)).await?;
    let rows = rows.into_iter().map(CouponSeries::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &CouponSeries| row.id.clone())))
}

/// Makes a series of coupons; a generic one with its public code.
#[utoipa::path(
    post,
    path = "/api/v1/coupon-series",
    tag = "coupons",
    request_body = CouponSeriesToAdd,
    responses((status = 201, description = "The series", body = CouponSeries))
)]
pub async fn add_series(
    State(app): Shared,
    call: Call,
    Body(body): Body<CouponSeriesToAdd>,
) -> Result<(StatusCode, Json<CouponSeries>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let kind = CouponKind::named(&body.kind).ok_or_else(|| {
        let known = CouponKind::ALL.map(CouponKind::as_str).join(", ");
        Problem::invalid(vec![Fault::new("/kind", "value", format!("must be one of {known}"))])
    })?;
    let new = NewCouponSeries {
        id: body.id,
        kind,
        name_en: body.name_en,
        name_ru: body.name_ru,
        starts_at: body.starts_at.map(|text| moment("/starts_at", &text)).transpose()?,
        ends_at: body.ends_at.map(|text| moment("/ends_at", &text)).transpose()?,
        uses_max: body.uses_max,
        customer_uses_max: body.customer_uses_max,
        code: body.code,
    };
    let view = app.pool.run(move || Ok(programme.add_coupon_series(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A series of coupons.
#[utoipa::path(
    get,
    path = "/api/v1/coupon-series/{series}",
    tag = "coupons",
    params(("series" = String, Path, description = "The series' id", example = "summer")),
    responses((status = 200, description = "The series", body = CouponSeries))
)]
pub async fn series(
    State(app): Shared,
    call: Call,
    Path(series): Path<String>,
) -> Result<Json<CouponSeries>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.coupon_series(&act, &series)?)).await?;
    Ok(Json(view.into()))
}

/// Withdraws a series: none of its coupons is good any more.
#[utoipa::path(
    post,
    path = "/api/v1/coupon-series/{series}/withdraw",
    tag = "coupons",
    params(("series" = String, Path, description = "The series' id", example = "summer")),
    responses((status = 200, description = "The series", body = CouponSeries))
)]
pub async fn withdraw_series(
    State(app): Shared,
    call: Call,
    Path(series): Path<String>,
) -> Result<Json<CouponSeries>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.withdraw_coupon_series(&act, &series)?)).await?;
    Ok(Json(view.into()))
}

/// Makes codes of a series that nobody can guess. They are in the first answer only: as JSON, or one a
/// line where `Accept` asks for `text/csv`.
#[utoipa::path(
    post,
    path = "/api/v1/coupon-series/{series}/batches",
    tag = "coupons",
    params(("series" = String, Path, description = "The series' id", example = "lottery")),
    request_body = CouponsToMake,
    responses((
        status = 201,
        description = "The codes",
        content((CouponCodes = "application/json"), (String = "text/csv"))
    ))
)]
pub async fn make(
    State(app): Shared,
    call: Call,
    headers: HeaderMap,
    Path(series): Path<String>,
    Body(body): Body<CouponsToMake>,
) -> Result<Response, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let batch = app
        .pool
        .run(move || Ok(programme.make_coupons(&act, &series, &body.id, body.count)?))
        .await?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.starts_with("text/csv")) {
        let csv = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((StatusCode::CREATED, csv, lines(&batch)).into_response());
    }
    Ok((StatusCode::CREATED, Json(CouponCodes::from(batch))).into_response())
}

/// One code a line under a header; the header alone where they were shown before.
fn lines(batch: &CouponBatch) -> String {
    let codes = batch.codes.iter().flatten().map(|code| format!("{}\r\n", code.expose()));
    std::iter::once("code\r\n".to_owned()).chain(codes).collect()
}

/// Coupons of a series, by id.
#[utoipa::path(
    get,
    path = "/api/v1/coupon-series/{series}/coupons",
    tag = "coupons",
    params(("series" = String, Path, description = "The series' id", example = "lottery"), Page),
    responses((status = 200, description = "A page of coupons", body = List<Coupon>))
)]
pub async fn of_series(
    State(app): Shared,
    call: Call,
    Path(series): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<Coupon>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let read = move || Ok(programme.coupons_after(&act, &series, &after, most)?);
    let rows = app.pool.run(read).await?.into_iter().map(Coupon::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Coupon| row.id.clone())))
}

/// Gives one customer a coupon: for rules that ask for its series, or with a price or discount of one
/// product.
#[utoipa::path(
    post,
    path = "/api/v1/coupons",
    tag = "coupons",
    request_body = CouponToGive,
    responses((status = 201, description = "The coupon", body = Coupon))
)]
pub async fn give(
    State(app): Shared,
    call: Call,
    Body(body): Body<CouponToGive>,
) -> Result<(StatusCode, Json<Coupon>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let new = NewPersonalCoupon {
        series: body.series,
        customer: body.customer,
        product: body.product,
        price: body.price,
        discount_bps: body.discount_bps,
        starts_at: body.starts_at.map(|text| moment("/starts_at", &text)).transpose()?,
        ends_at: body.ends_at.map(|text| moment("/ends_at", &text)).transpose()?,
    };
    let view = app.pool.run(move || Ok(programme.give_coupon(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A coupon. Of what is no coupon only that is told.
#[utoipa::path(
    get,
    path = "/api/v1/coupons/{coupon}",
    tag = "coupons",
    params(("coupon" = String, Path, description = "Its code or id", example = "SUMMER26")),
    responses((status = 200, description = "The coupon", body = Coupon))
)]
pub async fn coupon(
    State(app): Shared,
    call: Call,
    Path(coupon): Path<String>,
) -> Result<Json<Coupon>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.coupon(&act, &coupon)?)).await?;
    Ok(Json(view.into()))
}

/// Withdraws a coupon: it is good for nobody any more.
#[utoipa::path(
    post,
    path = "/api/v1/coupons/{coupon}/withdraw",
    tag = "coupons",
    params(("coupon" = String, Path, description = "Its code or id", example = "SUMMER26")),
    responses((status = 200, description = "The coupon", body = Coupon))
)]
pub async fn withdraw(
    State(app): Shared,
    call: Call,
    Path(coupon): Path<String>,
) -> Result<Json<Coupon>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.withdraw_coupon(&act, &coupon)?)).await?;
    Ok(Json(view.into()))
}

/// What the document says a batch may have.
const _: () = assert!(COUPON_BATCH_MAX == 10_000);

impl From<CouponSeriesView> for CouponSeries {
    fn from(view: CouponSeriesView) -> Self {
        Self {
            id: view.id,
            kind: view.kind,
            name_en: view.name_en,
            name_ru: view.name_ru,
            starts_at: view.starts_at.map(rfc3339),
            ends_at: view.ends_at.map(rfc3339),
            uses_max: view.uses_max,
            customer_uses_max: view.customer_uses_max,
            withdrawn_at: view.withdrawn_at.map(rfc3339),
            withdrawn_by: view.withdrawn_by,
            created_at: rfc3339(view.created_at),
            created_by: view.created_by,
            version: view.version,
        }
    }
}

impl From<CouponBatch> for CouponCodes {
    fn from(batch: CouponBatch) -> Self {
        let CouponBatch { id, series, count, codes } = batch;
        let codes = codes.map(|codes| codes.into_iter().map(SecretOut).collect());
        Self { id, series, count, codes }
    }
}

impl From<CouponView> for Coupon {
    fn from(view: CouponView) -> Self {
        Self {
            id: view.id,
            series: view.series,
            kind: view.kind,
            code: view.code,
            code_end: view.code_end,
            batch: view.batch,
            customer: view.customer,
            product: view.product,
            price: view.price,
            discount_bps: view.discount_bps,
            starts_at: view.starts_at.map(rfc3339),
            ends_at: view.ends_at.map(rfc3339),
            uses_left: view.uses_left,
            withdrawn_at: view.withdrawn_at.map(rfc3339),
            withdrawn_by: view.withdrawn_by,
            created_at: rfc3339(view.created_at),
            created_by: view.created_by,
            version: view.version,
        }
    }
}
