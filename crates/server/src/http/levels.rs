//! `/api/v1/cards/{number}/level`: what a card's wallet has reached, and levels granted by hand.

use axum::Json;
use axum::extract::State;
use programme::{Day, LevelGrant, LevelView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path};
use super::problem::{Fault, Problem};

/// The level of a card's wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardLevel {
    /// The level; null where no levels are published, or the card opens no wallet yet.
    level: Option<Level>,
}

/// A level, and the way to the next.
#[derive(Debug, Serialize, ToSchema)]
pub struct Level {
    /// The network whose levels they are; null is the programme.
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// Its id.
    #[schema(example = "silver")]
    level: String,
    /// Its name for English readers.
    #[schema(example = "Silver")]
    name_en: String,
    /// Its name for Russian readers.
    #[schema(example = "Серебряный")]
    name_ru: String,
    /// First day of it.
    #[schema(example = "2026-01-01", format = Date)]
    since: String,
    /// Day on which it may go down.
    #[schema(example = "2027-01-01", format = Date)]
    review_on: Option<String>,
    /// Last day of a level granted by hand.
    #[schema(example = "2026-06-30", format = Date)]
    granted_until: Option<String>,
    /// The next level, if there is one.
    #[schema(example = "gold")]
    next: Option<String>,
    /// What is missing to the next: minor units, receipts or points.
    #[schema(example = 250_000)]
    missing: Option<i64>,
}

/// A level to be granted by hand.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its id.
    #[schema(example = "gold")]
    level: String,
    /// Last day of it, within three years.
    #[schema(example = "2026-12-31", format = Date)]
    until: String,
    /// Why.
    #[schema(example = "compensation", max_length = 200)]
    reason: String,
}

/// The level of a card's wallet.
#[utoipa::path(
    get,
    path = "/api/v1/cards/{number}/level",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    responses((status = 200, description = "The level", body = CardLevel))
)]
pub async fn level(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
) -> Result<Json<CardLevel>, Problem> {
    app.limits.take_card(&number)?;
    let (act, programme) = (call.reading(), app.programme.clone());
    let found = move || Ok(programme.card_level(&act, &number, today(&act))?);
    let level = app.pool.run(found).await?.map(Level::from);
    Ok(Json(CardLevel { level }))
}

/// Grants a level by hand until a day.
#[utoipa::path(
    post,
    path = "/api/v1/cards/{number}/level",
    tag = "cards",
    params(("number" = String, Path, description = "The card's number", example = "4006381333931")),
    request_body = Grant,
    responses((status = 200, description = "The level", body = CardLevel))
)]
pub async fn grant(
    State(app): Shared,
    call: Call,
    Path(number): Path<String>,
    Body(body): Body<Grant>,
) -> Result<Json<CardLevel>, Problem> {
    app.limits.take_card(&number)?;
    let act = call.writing(&body)?;
    let until = body.until.parse().map_err(|_| {
        let detail = "write a day of the calendar as 2026-12-31";
        Problem::invalid(vec![Fault::new("/until", "date", detail)])
    })?;
    let grant = LevelGrant { level: body.level, until, reason: body.reason };
    let programme = app.programme.clone();
    let granted = move || Ok(programme.grant_level(&act, &number, grant, today(&act))?);
    let level = app.pool.run(granted).await?;
    Ok(Json(CardLevel { level: Some(level.into()) }))
}

/// The day on which levels are looked at: that of UTC, for a wallet belongs to no shop.
fn today(act: &programme::Act) -> Day {
    act.at.utc_day()
}

impl From<LevelView> for Level {
    fn from(view: LevelView) -> Self {
        Self {
            network: view.network,
            level: view.level,
            name_en: view.name_en,
            name_ru: view.name_ru,
            since: view.since.to_string(),
            review_on: view.review_on.map(|day| day.to_string()),
            granted_until: view.granted_until.map(|day| day.to_string()),
            next: view.next,
            missing: view.missing,
        }
    }
}
