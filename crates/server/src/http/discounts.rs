//! `/api/v1/discounts`: rulesets of discounts, from the draft to the one that counts.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use programme::{BundleTo, DiscountProblem, DiscountVerdict, DiscountsView, DiscountsWhole};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::Problem;
use super::rules::OnceNamed;
use super::time::{moment, rfc3339};
use super::version::{ETag, IfMatch, Tagged};

/// Rules of discounts to be written into a draft.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountsToWrite {
    /// The rules; docs/DISCOUNTS.md tells the language, `/api/v1/discounts/schema` its form.
    #[schema(value_type = Object, example = json!({
        "currency": "RUB", "regulated": {"profile": "ru", "confirmed": true},
        "rules": [{"id": "dairy", "name": {"ru": "Молочное", "en": "Dairy"},
            "then": [{"percent": {"discount_bps": 1000}}]}],
    }))]
    body: OnceNamed,
}

/// From when on a ruleset counts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountsToPublish {
    /// From this moment on; from now on if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2036-01-01T09:00:00Z", format = DateTime)]
    starts_at: Option<String>,
}

/// A ruleset of discounts, without its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discounts {
    /// From 1.
    #[schema(example = 3)]
    version: i64,
    /// How far it has come: `draft`, `checked`, `published`, `retired`.
    #[schema(example = "published")]
    state: String,
    /// Grows with every change; an answer about one ruleset has it as `ETag`.
    #[schema(example = 3)]
    revision: i64,
    /// When it was first written.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// By whom.
    #[schema(example = "staff:anna")]
    created_by: String,
    /// When it was found good.
    #[schema(example = "2026-01-01T09:05:00Z", format = DateTime)]
    checked_at: Option<String>,
    /// By whom.
    #[schema(example = "staff:anna")]
    checked_by: Option<String>,
    /// From when on it counts.
    #[schema(example = "2026-01-02T00:00:00Z", format = DateTime)]
    starts_at: Option<String>,
    /// When that was decided.
    #[schema(example = "2026-01-01T09:10:00Z", format = DateTime)]
    published_at: Option<String>,
    /// By whom.
    #[schema(example = "staff:anna")]
    published_by: Option<String>,
    /// Since when it counts no more.
    #[schema(example = "2026-02-01T00:00:00Z", format = DateTime)]
    retired_at: Option<String>,
    /// By whom; null where a later one has followed.
    #[schema(example = "staff:anna")]
    retired_by: Option<String>,
}

/// A ruleset of discounts with its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountsWithRules {
    /// What stands beside the rules.
    discounts: Discounts,
    /// The rules.
    #[schema(value_type = Object)]
    body: serde_json::Value,
}

/// What was found when rules were looked over.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountsVerdict {
    /// The ruleset after that: `checked` where nothing keeps it from being published.
    discounts: Discounts,
    /// What keeps it from being published.
    problems: Vec<RuleProblem>,
    /// What looks like a mistake, and may be meant.
    warnings: Vec<RuleProblem>,
}

/// A fault of rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleProblem {
    /// Where, as a JSON pointer into the rules.
    #[schema(example = "/rules/0/then/0/percent/on/products/1")]
    pointer: String,
    /// Stable name of the reason.
    #[schema(example = "unknown_product")]
    code: String,
    /// A sentence.
    #[schema(example = "the catalogue has no product \"mlik\"")]
    detail: String,
}

/// Rulesets of discounts, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/discounts",
    tag = "discounts",
    params(Page),
    responses((status = 200, description = "A page of rulesets", body = List<Discounts>))
)]
pub async fn list(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<Discounts>>, Problem> {
    let before: i64 = page.place()?.unwrap_or(i64::MAX);
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let rows = app.pool.run(move || Ok(programme.discounts_before(&act, before, most)?)).await?;
    let rows = rows.into_iter().map(Discounts::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Discounts| row.version)))
}

/// Writes a new ruleset, which counts for nobody yet.
#[utoipa::path(
    post,
    path = "/api/v1/discounts",
    tag = "discounts",
    request_body = DiscountsToWrite,
    responses((status = 201, description = "The draft", body = Discounts))
)]
pub async fn draft(
    State(app): Shared,
    call: Call,
    Body(body): Body<DiscountsToWrite>,
) -> Result<(StatusCode, Tagged<Json<Discounts>>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.draft_discounts(&act, &body.body.0)?)).await?;
    Ok((StatusCode::CREATED, tagged(view)))
}

/// The JSON Schema of rules of discounts.
#[utoipa::path(
    get,
    path = "/api/v1/discounts/schema",
    tag = "discounts",
    responses((status = 200, description = "A JSON Schema (draft 2020-12)", body = Object))
)]
pub async fn schema() -> Json<serde_json::Value> {
    Json(programme::discounts_schema())
}

/// The ruleset that counts now, with its rules.
#[utoipa::path(
    get,
    path = "/api/v1/discounts/current",
    tag = "discounts",
    responses((status = 200, description = "The ruleset", body = DiscountsWithRules))
)]
pub async fn current(
    State(app): Shared,
    call: Call,
) -> Result<Tagged<Json<DiscountsWithRules>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let whole = app.pool.run(move || Ok(programme.discounts_whole(&act, None)?)).await?;
    Ok(Tagged(ETag::of(whole.view.revision), Json(whole.into())))
}

/// Which till takes discounts with it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BundleQuery {
    /// The shop it is for.
    #[param(example = "pyramid-1")]
    shop: String,
    /// One till of it; all if not said.
    #[serde(default)]
    #[param(example = "1")]
    till: Option<String>,
    /// Before when it counts, 31 days ahead at most.
    #[param(example = "2026-01-31T22:00:00Z", format = DateTime)]
    until: String,
}

/// The discounts that count now, signed, for a till without a network. What rules give from a budget or
/// within a customer's limit is not given by it: `proffer rules export` grants some.
#[utoipa::path(
    get,
    path = "/api/v1/discounts/bundle",
    tag = "discounts",
    params(BundleQuery),
    responses((status = 200, description = "A signed bundle; docs/DISCOUNTS.md tells its form", body = Object))
)]
pub async fn bundle(
    State(app): Shared,
    call: Call,
    Query(query): Query<BundleQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let wrong = |_| Problem::parameter("?until", "time", "write a moment as RFC 3339 does");
    let until = moment("/until", &query.until).map_err(wrong)?;
    let to = BundleTo { shop: query.shop, till: query.till, until, grants: BTreeMap::new() };
    let bytes = app.pool.run(move || Ok(programme.export_bundle(&act, &to)?)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes))
}

/// A ruleset with its rules.
#[utoipa::path(
    get,
    path = "/api/v1/discounts/{version}",
    tag = "discounts",
    params(("version" = i64, Path, description = "Its version", example = 3)),
    responses((status = 200, description = "The ruleset", body = DiscountsWithRules))
)]
pub async fn one(
    State(app): Shared,
    call: Call,
    Path(version): Path<i64>,
) -> Result<Tagged<Json<DiscountsWithRules>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let whole = app.pool.run(move || Ok(programme.discounts_whole(&act, Some(version))?)).await?;
    Ok(Tagged(ETag::of(whole.view.revision), Json(whole.into())))
}

/// Writes other rules into a ruleset that is not published yet, as it was seen under the `ETag` sent back
/// as `If-Match`; it has to be looked over again.
#[utoipa::path(
    put,
    path = "/api/v1/discounts/{version}",
    tag = "discounts",
    params(
        ("version" = i64, Path, description = "Its version", example = 3),
        ("If-Match" = String, Header, description = "The ETag of the revision that is replaced", example = "\"1\"")
    ),
    request_body = DiscountsToWrite,
    responses((status = 200, description = "The draft", body = Discounts))
)]
pub async fn replace(
    State(app): Shared,
    call: Call,
    seen: IfMatch,
    Path(version): Path<i64>,
    Body(body): Body<DiscountsToWrite>,
) -> Result<Tagged<Json<Discounts>>, Problem> {
    let revision = seen.version()?;
    let (act, programme) = (call.writing(&(revision, &body))?, app.programme.clone());
    let replaced =
        move || Ok(programme.replace_discounts(&act, version, revision, &body.body.0)?);
    Ok(tagged(app.pool.run(replaced).await?))
}

/// Looks a ruleset over: what keeps it from being published, and what looks like a mistake. One without
/// problems is `checked` from now on.
#[utoipa::path(
    post,
    path = "/api/v1/discounts/{version}/verify",
    tag = "discounts",
    params(("version" = i64, Path, description = "Its version", example = 3)),
    responses((status = 200, description = "What was found", body = DiscountsVerdict))
)]
pub async fn verify(
    State(app): Shared,
    call: Call,
    Path(version): Path<i64>,
) -> Result<Json<DiscountsVerdict>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let verdict = app.pool.run(move || Ok(programme.verify_discounts(&act, version)?)).await?;
    Ok(Json(verdict.into()))
}

/// Lets a checked ruleset count from a moment on; the one that counts until then is retired by it.
#[utoipa::path(
    post,
    path = "/api/v1/discounts/{version}/publish",
    tag = "discounts",
    params(("version" = i64, Path, description = "Its version", example = 3)),
    request_body = DiscountsToPublish,
    responses((status = 200, description = "The ruleset", body = Discounts))
)]
pub async fn publish(
    State(app): Shared,
    call: Call,
    Path(version): Path<i64>,
    Body(body): Body<DiscountsToPublish>,
) -> Result<Tagged<Json<Discounts>>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let starts_at = body.starts_at.map(|text| moment("/starts_at", &text)).transpose()?;
    let published = move || Ok(programme.publish_discounts(&act, version, starts_at)?);
    Ok(tagged(app.pool.run(published).await?))
}

/// Ends a published ruleset: none counts until another begins.
#[utoipa::path(
    post,
    path = "/api/v1/discounts/{version}/retire",
    tag = "discounts",
    params(("version" = i64, Path, description = "Its version", example = 3)),
    responses((status = 200, description = "The ruleset", body = Discounts))
)]
pub async fn retire(
    State(app): Shared,
    call: Call,
    Path(version): Path<i64>,
) -> Result<Tagged<Json<Discounts>>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let retired = move || Ok(programme.retire_discounts(&act, version)?);
    Ok(tagged(app.pool.run(retired).await?))
}

fn tagged(view: DiscountsView) -> Tagged<Json<Discounts>> {
    Tagged(ETag::of(view.revision), Json(view.into()))
}

impl From<DiscountsView> for Discounts {
    fn from(view: DiscountsView) -> Self {
        Self {
            version: view.version,
            state: view.state,
            revision: view.revision,
            created_at: rfc3339(view.created_at),
            created_by: view.created_by,
            checked_at: view.checked_at.map(rfc3339),
            checked_by: view.checked_by,
            starts_at: view.starts_at.map(rfc3339),
            published_at: view.published_at.map(rfc3339),
            published_by: view.published_by,
            retired_at: view.retired_at.map(rfc3339),
            retired_by: view.retired_by,
        }
    }
}

impl From<DiscountsWhole> for DiscountsWithRules {
    fn from(whole: DiscountsWhole) -> Self {
        Self { discounts: whole.view.into(), body: whole.body }
    }
}

impl From<DiscountVerdict> for DiscountsVerdict {
    fn from(verdict: DiscountVerdict) -> Self {
        let each =
            |problems: Vec<DiscountProblem>| problems.into_iter().map(RuleProblem::from).collect();
        let (problems, warnings) = (each(verdict.problems), each(verdict.warnings));
        Self { discounts: verdict.view.into(), problems, warnings }
    }
}

impl From<DiscountProblem> for RuleProblem {
    fn from(problem: DiscountProblem) -> Self {
        let DiscountProblem { pointer, code, detail } = problem;
        Self { pointer, code, detail }
    }
}
