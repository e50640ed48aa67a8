//! `GET /api/v1/customers/{id}/offers`

use axum::Json;
use axum::extract::State;
use programme::OfferRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::{Path, Query};
use super::problem::Problem;
use super::request::Asked;
use crate::language::Language;

/// How offers are told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OffersQuery {
    /// Language of names and reasons; default: `Accept-Language`, else the programme's.
    #[serde(default)]
    lang: Option<Language>,
}

/// A customer's personal offers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offers {
    /// The customer's id.
    #[schema(example = "1042")]
    customer: String,
    /// The business day of the snapshot they were formed in.
    #[schema(example = "2024-03-31", format = Date)]
    as_of: String,
    /// The offers, best first.
    offers: Vec<PersonalOffer>,
}

/// One offer with its reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonalOffer {
    /// Place among the customer's offers, from 1.
    #[schema(example = 1)]
    rank: i64,
    /// The product's code.
    #[schema(example = "milk-1l")]
    product: String,
    /// The product's name, in the language asked for where it has one.
    #[schema(example = "Milk 3.2 %, 1 l")]
    name: Option<String>,
    /// What the model gives it; comparable within one customer only.
    #[schema(example = 0.82)]
    score: f64,
    /// `habit`, `due`, `recent` or `popular`.
    #[schema(example = "due")]
    reason: &'static str,
    /// The reason as a sentence.
    #[schema(example = "due: bought 9 times, about every 12 days, last 15 days ago")]
    why: String,
}

/// A customer's personal offers of the current snapshot, each with its reason.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}/offers",
    tag = "customers",
    params(
        ("id" = String, Path, description = "The customer's id, as the feeds name it", example = "1042"),
        OffersQuery
    ),
    responses((status = 200, description = "The offers", body = Offers))
)]
pub async fn offers(
    State(app): Shared,
    call: Call,
    asked: Asked,
    Path(id): Path<String>,
    Query(query): Query<OffersQuery>,
) -> Result<Json<Offers>, Problem> {
    let language = query.lang.or(asked.language).unwrap_or(app.language);
    let (act, programme) = (call.reading(), app.programme.clone());
    let customer = id.clone();
    let found = move || {
        programme.known_customer(&act, &id)?;
        Ok(programme.offers(Some(&id))?)
    };
    let set = app.pool.run(found).await?;
    let offers = set.offers.into_iter().map(|row| told(row, language)).collect();
    Ok(Json(Offers { customer, as_of: set.as_of.to_string(), offers }))
}

fn told(row: OfferRow, language: Language) -> PersonalOffer {
    let why = language.reason(&row.reason);
    let reason = row.reason.code();
    let name = match language {
        Language::En => row.name_en.or(row.name),
        Language::Ru => row.name,
    };
    PersonalOffer { rank: row.rank, product: row.product, name, score: row.score, reason, why }
}
