//! `/api/v1/flags`: that a card, a till or an operator did more in a day than its limit.

use axum::Json;
use axum::extract::State;
use programme::FlagView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::Problem;
use super::time::rfc3339;

/// That a limit was exceeded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Flag {
    /// Its id.
    #[schema(example = "17")]
    id: String,
    /// Who did what: `card`, `till` or `operator`, then `receipt`, `accrual` or `redemption`.
    #[schema(example = "card.redemption")]
    kind: String,
    /// The card's number, shop and till, or the operator.
    #[schema(example = "pyramid-1/1")]
    object: String,
    /// Where, if that is known.
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// Where, if that is known.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// On which business day.
    #[schema(example = "2026-01-01", format = Date)]
    day: String,
    /// Which limit was exceeded: `times` or `amount`.
    #[schema(example = "times")]
    what: String,
    /// How high it was.
    #[schema(example = 10)]
    bound: i64,
    /// Whether what goes beyond it is held.
    held: bool,
    /// When it was exceeded.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
    /// When somebody closed it.
    #[schema(example = "2026-01-01T10:00:00Z", format = DateTime)]
    closed_at: Option<String>,
    /// Who closed it.
    #[schema(example = "staff:anna")]
    closed_by: Option<String>,
    /// Whether who closed it let go what it held.
    released: bool,
}

/// What somebody who has looked at a flag decides.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagClosed {
    /// True lets go what the flag holds: the receipts earn what they would have earned, and the limit holds
    /// nothing more on that day. False leaves it held for good.
    #[schema(example = true)]
    release: bool,
}

/// Flags that nobody closed yet, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/flags",
    tag = "access",
    params(Page),
    responses((status = 200, description = "A page of flags", body = List<Flag>))
)]
pub async fn flags(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<Flag>>, Problem> {
    let after: i64 = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let views = app.pool.run(move || Ok(programme.open_flags(&act, after, most)?)).await?;
    let List { items, next } = List::of(views, page.limit, |view: &FlagView| view.id);
    Ok(Json(List { items: items.into_iter().map(Flag::from).collect(), next }))
}

/// Closes a flag that somebody has looked at. One that is closed stays as it is.
#[utoipa::path(
    post,
    path = "/api/v1/flags/{id}/close",
    tag = "access",
    params(("id" = i64, Path, description = "Its id", example = "17")),
    request_body = FlagClosed,
    responses((status = 200, description = "The flag", body = Flag))
)]
pub async fn close(
    State(app): Shared,
    call: Call,
    Path(id): Path<i64>,
    Body(closed): Body<FlagClosed>,
) -> Result<Json<Flag>, Problem> {
    let (act, programme) = (call.writing(&closed)?, app.programme.clone());
    let release = closed.release;
    let view = app.pool.run(move || Ok(programme.close_flag(&act, id, release)?)).await?;
    Ok(Json(view.into()))
}

impl From<FlagView> for Flag {
    fn from(view: FlagView) -> Self {
        Self {
            id: view.id.to_string(),
            kind: view.kind,
            object: view.object,
            network: view.network,
            shop: view.shop,
            day: view.day.to_string(),
            what: view.what,
            bound: view.bound,
            held: view.held,
            at: rfc3339(view.at),
            closed_at: view.closed_at.map(rfc3339),
            closed_by: view.closed_by,
            released: view.released,
        }
    }
}
