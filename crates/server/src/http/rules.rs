//! `/api/v1/rules`: what receipts earn, levels, who may do what to a card, limits, what customers are asked.

use std::fmt;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{RulesKind, RulesView};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::problem::Problem;
use super::time::rfc3339;

/// Rules to be published.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesToPublish {
    /// The network they are for; the programme if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// The rules; docs/RULES.md has those of each kind.
    #[schema(value_type = Object, example = json!({
        "rounding": "down", "points_scale": 10_000, "activates_after_days": 14,
        "expires_after_days": 365,
        "rows": [{"network": null, "category": null, "level": null, "rate": 100}],
    }))]
    body: OnceNamed,
}

/// Rules that count.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rules {
    /// What they are about.
    #[schema(example = "accrual")]
    kind: String,
    /// The network they are for; null is the programme.
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// Grows with every publishing.
    #[schema(example = 3)]
    version: i64,
    /// The rules.
    #[schema(value_type = Object)]
    body: serde_json::Value,
    /// When they were published.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    published_at: String,
    /// By whom.
    #[schema(example = "staff:anna")]
    published_by: String,
}

/// Whose rules are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// Those that count for this network: its own, else the programme's.
    #[serde(default)]
    #[param(example = "pyramid")]
    network: Option<String>,
}

/// The rules of a kind that count.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{kind}",
    tag = "rules",
    params(
        ("kind" = String, Path, description = "accrual, levels, card_policy, limits or questionnaire", example = "accrual"),
        RulesQuery
    ),
    responses((status = 200, description = "The rules", body = Rules))
)]
pub async fn rules(
    State(app): Shared,
    call: Call,
    Path(kind): Path<String>,
    Query(query): Query<RulesQuery>,
) -> Result<Json<Rules>, Problem> {
    let (act, kind, programme) = (call.reading(), named(&kind)?, app.programme.clone());
    let found = move || Ok(programme.rules(&act, kind, query.network.as_deref())?);
    Ok(Json(app.pool.run(found).await?.into()))
}

/// Publishes rules, which count from now on; older versions stay.
#[utoipa::path(
    post,
    path = "/api/v1/rules/{kind}",
    tag = "rules",
    params(("kind" = String, Path, description = "accrual, levels, card_policy, limits or questionnaire", example = "accrual")),
    request_body = RulesToPublish,
    responses((status = 201, description = "The rules", body = Rules))
)]
pub async fn publish(
    State(app): Shared,
    call: Call,
    Path(kind): Path<String>,
    Body(body): Body<RulesToPublish>,
) -> Result<(StatusCode, Json<Rules>), Problem> {
    let (act, kind, programme) = (call.writing(&body)?, named(&kind)?, app.programme.clone());
    let published =
        move || Ok(programme.publish_rules(&act, kind, body.network.as_deref(), &body.body.0)?);
    Ok((StatusCode::CREATED, Json(app.pool.run(published).await?.into())))
}

fn named(kind: &str) -> Result<RulesKind, Problem> {
    RulesKind::named(kind).ok_or_else(|| {
        let known = RulesKind::ALL.map(RulesKind::as_str).join(", ");
        Problem::parameter("{kind}", "value", format!("must be one of {known}"))
    })
}

/// JSON in which no field stands twice: of two a reader would see one, and another reader the other.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct OnceNamed(pub Value);

impl<'de> Deserialize<'de> for OnceNamed {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(OnceNamed(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(read.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if read.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let OnceNamed(field) = fields.next_value()?;
            read.insert(name, field);
        }
        Ok(read.into())
    }
}

impl From<RulesView> for Rules {
    fn from(view: RulesView) -> Self {
        let RulesView { kind, network, version, body, published_at, published_by } = view;
        Self { kind, network, version, body, published_at: rfc3339(published_at), published_by }
    }
}
