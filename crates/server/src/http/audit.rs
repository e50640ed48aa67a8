//! `GET /api/v1/audit`: who did what, when and where.

use axum::Json;
use axum::extract::State;
use programme::DeedView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::Query;
use super::page::{Cursor, Limit, List};
use super::problem::Problem;
use super::time::rfc3339;

/// What the deeds were done to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Kind of thing: `card`, `network`, `staff` …
    #[param(example = "card")]
    kind: String,
    /// Its id.
    #[param(example = "4006381333931")]
    object: String,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "NDI")]
    cursor: Option<Cursor>,
    /// Most rows of the page, 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    limit: Limit,
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deed {
    /// Grows with every deed.
    #[schema(example = 42)]
    id: i64,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
    /// Who.
    #[schema(example = "staff:anna")]
    actor: String,
    /// As whom.
    #[schema(example = "operator")]
    role: String,
    /// Through which door.
    #[schema(example = "till")]
    door: String,
    /// What was done.
    #[schema(example = "card.block")]
    action: String,
    /// To what kind of thing.
    #[schema(example = "card")]
    kind: String,
    /// To which.
    #[schema(example = "4006381333931")]
    object: String,
    /// In which shop.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// At which till.
    #[schema(example = "1")]
    till: Option<String>,
    /// The request, by which log lines are found.
    #[schema(example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    request: String,
    /// What else is worth knowing.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// Deeds done to one thing, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(AuditQuery),
    responses((status = 200, description = "A page of deeds", body = List<Deed>))
)]
pub async fn deeds(
    State(app): Shared,
    call: Call,
    Query(query): Query<AuditQuery>,
) -> Result<Json<List<Deed>>, Problem> {
    let AuditQuery { kind, object, cursor, limit } = query;
    let after: i64 = cursor.map_or(Ok(0), |cursor| cursor.place())?;
    let (act, most, programme) = (call.reading(), u32::from(limit.0) + 1, app.programme.clone());
    let read = move || Ok(programme.deeds_of(&act, &kind, &object, after, most)?);
    let rows: Vec<Deed> = app.pool.run(read).await?.into_iter().map(Deed::from).collect();
    Ok(Json(List::of(rows, limit, |row| row.id)))
}

impl From<DeedView> for Deed {
    fn from(view: DeedView) -> Self {
        Self {
            id: view.id,
            at: rfc3339(view.at),
            actor: view.actor,
            role: view.role,
            door: view.door,
            action: view.action,
            kind: view.kind,
            object: view.object,
            shop: view.shop,
            till: view.till,
            request: view.request,
            detail: view.detail,
        }
    }
}
