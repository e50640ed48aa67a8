//! `/api/v1/webhooks`: who is told of events, and how that fares.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{NewWebhook, Undelivered, WebhookMade, WebhookState, WebhookView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path};
use super::page::List;
use super::problem::Problem;
use super::time::rfc3339;

/// A webhook to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookToAdd {
    /// Where messages are posted: https.
    #[schema(example = "https://example.com/hooks/proffer", max_length = 2000)]
    url: String,
    /// Kinds of events: `card.block`; `card.*` means all that begin like this, `*` all.
    #[schema(example = json!(["card.*", "receipt.take"]), min_items = 1, max_items = 100)]
    events: Vec<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    #[schema(example = "wh_5f0c6d2a9be14d7f")]
    id: String,
    /// Where messages are posted.
    #[schema(example = "https://example.com/hooks/proffer")]
    url: String,
    /// Kinds of events.
    #[schema(example = json!(["card.*"]))]
    events: Vec<String>,
    /// Nothing is promised to it, and nothing sent.
    #[schema(example = false)]
    disabled: bool,
    /// Until when messages are signed with the former secret as well.
    #[schema(example = "2026-01-02T09:00:00Z", format = DateTime)]
    former_until: Option<String>,
    /// When it was added.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// Grows with every change.
    #[schema(example = 1)]
    version: i64,
}

/// A webhook that was added, or given a new secret.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// What it is.
    webhook: Webhook,
    /// What its messages are signed with (Standard Webhooks), shown this once; null where the request was
    /// repeated.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: Option<String>,
}

/// How long the former secret stays good.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRotation {
    /// Seconds during which messages are signed with both; at most 30 days.
    #[schema(example = 86_400, minimum = 0, maximum = 2_592_000)]
    former_seconds: u32,
}

/// Whether a webhook is told of anything.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Nothing is promised to it any more, and nothing sent.
    #[schema(example = true)]
    disabled: bool,
}

/// How a webhook's messages fare.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deliveries {
    /// Messages that are still tried.
    #[schema(example = 0)]
    waiting: i64,
    /// When the oldest of them was promised.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    waiting_since: Option<String>,
    /// Messages that were given up, the oldest hundred.
    given_up: Vec<Lost>,
}

/// A message that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lost {
    /// Its number.
    #[schema(example = 7)]
    id: i64,
    /// The event.
    #[schema(example = "card.block")]
    event: String,
    /// When it was promised.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// How often it was tried.
    #[schema(example = 16)]
    attempts: i64,
    /// What went wrong the last time.
    #[schema(example = "answered 500")]
    last_error: Option<String>,
    /// When it was given up.
    #[schema(example = "2026-01-04T09:00:00Z", format = DateTime)]
    given_up_at: Option<String>,
}

/// How many messages are tried again.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedAgain {
    /// Those that had been given up.
    #[schema(example = 3)]
    messages: u64,
}

/// All webhooks.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    responses((status = 200, description = "All of them", body = List<Webhook>))
)]
pub async fn webhooks(State(app): Shared, call: Call) -> Result<Json<List<Webhook>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let rows = app.pool.run(move || Ok(programme.webhooks(&act)?)).await?;
    let items = rows.into_iter().map(Webhook::from).collect();
    Ok(Json(List { items, next: None }))
}

/// Adds a webhook.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    request_body = WebhookToAdd,
    responses((status = 201, description = "The webhook and its secret", body = WebhookWithSecret))
)]
pub async fn add(
    State(app): Shared,
    call: Call,
    Body(body): Body<WebhookToAdd>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let new = NewWebhook { url: body.url, events: body.events };
    let made = app.pool.run(move || Ok(programme.add_webhook(&act, &new)?)).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One webhook.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    responses((status = 200, description = "The webhook", body = Webhook))
)]
pub async fn webhook(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Webhook>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    Ok(Json(app.pool.run(move || Ok(programme.webhook(&act, &id)?)).await?.into()))
}

/// Switches a webhook off or on.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    request_body = WebhookChange,
    responses((status = 200, description = "The webhook", body = Webhook))
)]
pub async fn change(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<WebhookChange>,
) -> Result<Json<Webhook>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let changed = move || Ok(programme.disable_webhook(&act, &id, body.disabled)?);
    Ok(Json(app.pool.run(changed).await?.into()))
}

/// Gives a webhook a new secret; for a while messages are signed with both.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/rotate",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    request_body = WebhookRotation,
    responses((status = 200, description = "The webhook and its new secret", body = WebhookWithSecret))
)]
pub async fn rotate(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<WebhookRotation>,
) -> Result<Json<WebhookWithSecret>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let until = programme::Instant(act.at.0 + i64::from(body.former_seconds) * 1_000_000);
    let made = move || Ok(programme.rotate_webhook_secret(&act, &id, until)?);
    Ok(Json(app.pool.run(made).await?.into()))
}

/// Removes a webhook and all that waits for it.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (act, programme) = (call.writing(&id)?, app.programme.clone());
    app.pool.run(move || Ok(programme.remove_webhook(&act, &id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a webhook's messages fare.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    responses((status = 200, description = "What waits and what was given up", body = Deliveries))
)]
pub async fn deliveries(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Deliveries>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    Ok(Json(app.pool.run(move || Ok(programme.webhook_state(&act, &id)?)).await?.into()))
}

/// Tries messages again that were given up.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/try-again",
    tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "wh_5f0c6d2a9be14d7f")),
    responses((status = 200, description = "How many", body = TriedAgain))
)]
pub async fn try_again(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<TriedAgain>, Problem> {
    let (act, programme) = (call.writing(&id)?, app.programme.clone());
    let messages = app.pool.run(move || Ok(programme.deliver_again(&act, &id)?)).await?;
    Ok(Json(TriedAgain { messages }))
}

impl From<WebhookView> for Webhook {
    fn from(view: WebhookView) -> Self {
        let WebhookView { id, url, events, disabled, former_until, created_at, version } = view;
        let former_until = former_until.map(rfc3339);
        Self { id, url, events, disabled, former_until, created_at: rfc3339(created_at), version }
    }
}

impl From<WebhookMade> for WebhookWithSecret {
    fn from(made: WebhookMade) -> Self {
        let secret = made.secret.map(|secret| secret.expose().to_owned());
        Self { webhook: made.webhook.into(), secret }
    }
}

impl From<WebhookState> for Deliveries {
    fn from(state: WebhookState) -> Self {
        let WebhookState { waiting, waiting_since, given_up } = state;
        let given_up = given_up.into_iter().map(Lost::from).collect();
        Self { waiting, waiting_since: waiting_since.map(rfc3339), given_up }
    }
}

impl From<Undelivered> for Lost {
    fn from(lost: Undelivered) -> Self {
        let Undelivered { id, event, created_at, attempts, last_error, given_up_at } = lost;
        let given_up_at = given_up_at.map(rfc3339);
        Self { id, event, created_at: rfc3339(created_at), attempts, last_error, given_up_at }
    }
}
