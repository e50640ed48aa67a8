//! `GET /api/v1/customers/{id}/portrait`, `GET /api/v1/portraits/parameters`

use axum::Json;
use axum::extract::State;
use programme::{Parameter, PortraitDay, PortraitView, Progress};
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

/// What portraits consist of.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterList {
    /// Every parameter, in the sequence of a portrait.
    parameters: Vec<ParameterMeaning>,
}

/// What a parameter means.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterMeaning {
    /// Its name: that of the column, and in segments and rules.
    #[schema(example = "nlr_91d")]
    name: &'static str,
    /// Its title, in the language asked for.
    #[schema(example = "New, repeating, lapsed or inactive, by 91 days")]
    title: &'static str,
    /// Its group.
    #[schema(example = "lifecycle_value")]
    group: &'static str,
    /// The group's title, in the language asked for.
    #[schema(example = "Life cycle and value")]
    group_title: &'static str,
    /// What its values are: `int`, `float`, `date` or `bool`; the id of a `product`, `category`, `brand` or `shop`;
    /// a `label`, which is a word of the house's own, or a `text` of the source's.
    #[schema(value_type = String, example = "label")]
    kind: programme::ParameterKind,
    /// The words that its values are, where it has its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["new", "repeating", "lapsed", "inactive"]))]
    words: Vec<&'static str>,
    /// Its unit, or range.
    #[schema(example = "word")]
    unit: &'static str,
    /// The unit in the language asked for.
    #[schema(example = "word")]
    unit_title: &'static str,
    /// Whether it tells of age, health, family, income or home: suppliers are never shown it.
    sensitive: bool,
    /// How it is computed, in English, in the notation of docs/PORTRAIT.md.
    #[schema(
        example = "*new* spend only in the last 91 days; *repeating* also in the 91 before; *lapsed* only there; *inactive* in neither"
    )]
    formula: &'static str,
    /// When it is null, or what it is over nothing; in English.
    #[schema(example = "never")]
    null_rule: &'static str,
    /// Why it is null for everybody today, in the language asked for; absent where it has values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    missing: Option<&'static str>,
}

/// What portraits consist of: every parameter with its meaning. It is the same for all programmes, and changes with
/// the version of the program only.
#[utoipa::path(
    get,
    path = "/api/v1/portraits/parameters",
    tag = "customers",
    params(PortraitQuery),
    responses((status = 200, description = "The parameters", body = ParameterList))
)]
pub async fn parameters(
    State(app): Shared,
    asked: Asked,
    Query(query): Query<PortraitQuery>,
) -> Json<ParameterList> {
    let language = query.lang.or(asked.language).unwrap_or(app.language);
    let parameters = programme::parameters().iter().map(|parameter| meaning(parameter, language));
    Json(ParameterList { parameters: parameters.collect() })
}

fn meaning(parameter: &'static Parameter, language: Language) -> ParameterMeaning {
    ParameterMeaning {
        name: parameter.name,
        title: language.say(parameter.title),
        group: parameter.group,
        group_title: language.say(parameter.group_title),
        kind: parameter.kind,
        words: parameter.words.to_vec(),
        unit: parameter.unit,
        unit_title: language.say(parameter.unit_title),
        sensitive: parameter.sensitive,
        formula: parameter.formula,
        null_rule: parameter.null_rule,
        missing: parameter.missing.map(|reason| language.say(reason)),
    }
}
