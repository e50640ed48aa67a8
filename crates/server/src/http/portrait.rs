//! `GET /api/v1/customers/{id}/portrait`

use axum::Json;
use axum::extract::State;
use programme::{PortraitDay, PortraitView, Progress};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::{Path, Query};
use super::problem::Problem;
use super::request::Asked;
use crate::language::Language;

/// How parameters are told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortraitQuery {
    /// Language of titles and reasons; default: `Accept-Language`, else the programme's.
    #[serde(default)]
    lang: Option<Language>,
}

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
    #[schema(example = "recency_days")]
    name: &'static str,
    /// Its title, in the language asked for.
    #[schema(example = "Days since the last purchase")]
    title: &'static str,
    /// Its group.
    #[schema(example = "recency_tenure")]
    group: &'static str,
    /// Its unit.
    #[schema(example = "days")]
    unit: &'static str,
    /// A number, a text, a truth value, or null where it is not defined for this customer.
    value: serde_json::Value,
    /// Why it is null for everybody today, in the language asked for; absent where it has values.
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
    params(
        ("id" = String, Path, description = "The customer's id, as the feeds name it", example = "1042"),
        PortraitQuery
    ),
    responses((status = 200, description = "The portrait", body = Portrait))
)]
pub async fn portrait(
    State(app): Shared,
    call: Call,
    asked: Asked,
    Path(id): Path<String>,
    Query(query): Query<PortraitQuery>,
) -> Result<Json<Portrait>, Problem> {
    let language = query.lang.or(asked.language).unwrap_or(app.language);
    let (act, programme) = (call.reading(), app.programme.clone());
    let made = move || {
        programme.known_customer(&act, &id)?;
        Ok(programme.portrait(&id, PortraitDay::Latest, &Unwatched)?)
    };
    let view = app.pool.run(made).await?;
    Ok(Json(Portrait::of(view, language)))
}

impl Portrait {
    /// A portrait in the words of a language.
    pub fn of(view: PortraitView, language: Language) -> Self {
        let parameters = view.parameters.into_iter().map(|row| PortraitParameter {
            name: row.parameter.name,
            title: language.say(row.parameter.title),
            group: row.parameter.group,
            unit: row.parameter.unit,
            value: row.value,
            missing: row.parameter.missing.map(|reason| language.say(reason)),
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
