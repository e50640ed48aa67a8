//! `GET /api/v1/customers/{id}/portrait`

use axum::Json;
use axum::extract::State;
use programme::{PortraitDay, PortraitView, Progress};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Path, Query};
use super::problem::Problem;

/// No query: anything in it is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// A customer's portrait.
#[derive(Debug, Serialize, ToSchema)]
pub struct Portrait {
    /// The customer's id.
    #[schema(example = "1042")]
    customer: String,
    /// The business day it is of.
    #[schema(example = "2024-03-31", format = Date)]
    as_of: String,
    /// Every parameter, in the sequence of the registry.
    parameters: Vec<PortraitParameter>,
}

/// A parameter's value with its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortraitParameter {
    /// Its name.
    #[schema(example = "spend_90d")]
    name: &'static str,
    /// Its group.
    #[schema(example = "money")]
    group: &'static str,
    /// Its unit.
    #[schema(example = "money")]
    unit: &'static str,
    /// A number, a text, a truth value, or null where it is not defined for this customer.
    value: serde_json::Value,
    /// Why it is null for everybody, where its input comes with later work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    missing: Option<&'static str>,
}

/// A customer's portrait with every receipt of his that was taken before the request, whether it has come to the
/// lake or not: as of the current snapshot's day, or of his newest receipt, if that is later. He is compared with
/// the others as they were in the snapshot.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}/portrait",
    tag = "customers",
    params(("id" = String, Path, description = "The customer's id, as the feeds name it", example = "1042")),
    responses((status = 200, description = "The portrait", body = Portrait))
)]
pub async fn portrait(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Query(NoQuery {}): Query<NoQuery>,
) -> Result<Json<Portrait>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let made = move || {
        programme.known_customer(&act, &id)?;
        Ok(programme.portrait(&id, PortraitDay::Latest, &Unwatched)?)
    };
    let view = app.pool.run(made).await?;
    Ok(Json(view.into()))
}

impl From<PortraitView> for Portrait {
    fn from(view: PortraitView) -> Self {
        let parameters = view.parameters.into_iter().map(|row| PortraitParameter {
            name: row.name,
            group: row.group,
            unit: row.unit,
            value: row.value,
            missing: row.missing,
        });
        Self {
            customer: view.customer,
            as_of: view.as_of.to_string(),
            parameters: parameters.collect(),
        }
    }
}

/// Nobody watches how far a request is.
struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}
