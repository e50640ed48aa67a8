//! `GET /api/v1/segments/count`

use axum::Json;
use axum::extract::State;
use programme::SegmentView;
use programme::segment::{CHARS_MAX, Segment, SegmentError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::Query;
use super::problem::Problem;
use super::request::Asked;
use crate::language::Language;

/// Whom to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SegmentQuery {
    /// A statement about portraits in the audience language.
    #[param(
        example = "spend_91d >= 100 and lifecycle_stage = 'at_risk'",
        min_length = 1,
        max_length = 4_000
    )]
    expression: String,
}

// The document says it as a number.
const _: () = assert!(CHARS_MAX == 4_000);

/// How many customers are in a segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentCount {
    /// The statement, as it is printed.
    #[schema(example = "spend_91d >= 100 and lifecycle_stage = 'at_risk'")]
    expression: String,
    /// The business day of the snapshot that was counted over.
    #[schema(example = "2024-03-31", format = Date)]
    as_of: String,
    /// Customers of whom it is true.
    #[schema(example = 1042)]
    customers: u64,
    /// Customers with a portrait.
    #[schema(example = 48_000)]
    of: u64,
    /// Parameters it asks for that are null for everybody today, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    without_values: Vec<ParameterWithoutValues>,
}

/// A parameter that is null for everybody, because its input comes with later work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterWithoutValues {
    /// Its name.
    #[schema(example = "consent_marketing")]
    parameter: &'static str,
    /// Why, in the language of `Accept-Language`, else the programme's.
    #[schema(example = "consents are not recorded so far")]
    why: &'static str,
}

/// How many customers of the current snapshot are in a segment. It tells of all customers: a caller who is bound to
/// networks, shops or a partner may not ask. What is wrong with the statement is told with its place, in the
/// language of `Accept-Language`.
#[utoipa::path(
    get,
    path = "/api/v1/segments/count",
    tag = "customers",
    params(SegmentQuery),
    responses((status = 200, description = "The count", body = SegmentCount))
)]
pub async fn count(
    State(app): Shared,
    call: Call,
    asked: Asked,
    Query(query): Query<SegmentQuery>,
) -> Result<Json<SegmentCount>, Problem> {
    let language = asked.language.unwrap_or(app.language);
    let segment: Segment = query.expression.parse().map_err(|error: SegmentError| {
        Problem::parameter("?expression", error.wrong.code(), language.wrong_segment(&error))
    })?;
    let (act, programme) = (call.reading(), app.programme.clone());
    let counted = move || {
        programme.may_ask_of_everybody(&act)?;
        Ok(programme.segment(&segment, None)?)
    };
    Ok(Json(told(app.pool.run(counted).await?, language)))
}

fn told(view: SegmentView, language: Language) -> SegmentCount {
    let without = view.without_values.into_iter().map(|without| ParameterWithoutValues {
        parameter: without.parameter,
        why: language.say(without.why),
    });
    SegmentCount {
        expression: view.expression,
        as_of: view.as_of.to_string(),
        customers: view.customers as u64,
        of: view.of as u64,
        without_values: without.collect(),
    }
}
