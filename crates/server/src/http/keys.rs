//! `/api/v1/keys`: keys of tills, sites and partners.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{Door, KeyMade, KeyView, NewKey, Role, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::Problem;
use super::rights::{Bounds, DoorName, RoleName, ScopeName};
use super::secret::SecretOut;
use super::time::{moment, rfc3339};

/// A key to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyToMake {
    /// What people call it.
    #[schema(example = "till 1 on Main Street", min_length = 1, max_length = 100)]
    name: String,
    /// Whether it acts on the real programme, or for a test.
    live: bool,
    /// As whom its holder acts.
    #[schema(value_type = RoleName)]
    role: Role,
    /// Through which door he comes.
    #[schema(value_type = DoorName)]
    door: Door,
    /// What it may be used for, within the role.
    #[schema(value_type = Vec<ScopeName>, example = json!(["cards:read", "balance:read"]))]
    scopes: Vec<Scope>,
    /// What it is bound to; nothing unless told.
    #[serde(default)]
    bounds: Bounds,
    /// The till it stands in; then the bounds name one shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1", max_length = 64)]
    till: Option<String>,
    /// When it ends, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2036-01-01T09:00:00Z", format = DateTime)]
    expires_at: Option<String>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    /// Its id; it is in its text too.
    #[schema(example = "4f2a9be14d7f8a3b")]
    id: String,
    /// What people call it.
    #[schema(example = "till 1 on Main Street")]
    name: String,
    /// Whether it acts on the real programme, or for a test.
    live: bool,
    /// As whom its holder acts.
    #[schema(value_type = RoleName)]
    role: Role,
    /// Through which door he comes.
    #[schema(value_type = DoorName)]
    door: Door,
    /// What it may be used for.
    #[schema(value_type = Vec<ScopeName>, example = json!(["cards:read", "balance:read"]))]
    scopes: Vec<Scope>,
    /// What it is bound to.
    bounds: Bounds,
    /// The till it stands in.
    #[schema(example = "1")]
    till: Option<String>,
    /// When it ends, if ever.
    #[schema(example = "2036-01-01T09:00:00Z", format = DateTime)]
    expires_at: Option<String>,
    /// Until when the secret before the newest is good too.
    #[schema(example = "2026-01-08T09:00:00Z", format = DateTime)]
    former_until: Option<String>,
    /// When it was last used, to a minute or two.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    used_at: Option<String>,
    /// Whether it was withdrawn.
    revoked: bool,
    /// Who made it.
    #[schema(example = "staff:anna")]
    created_by: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// Grows with every change.
    #[schema(example = 1)]
    version: i64,
}

/// A key that was made, or given a new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyText {
    /// The key.
    key: Key,
    /// What its holder sends as `Authorization: Bearer`. It is kept nowhere: absent when the same request
    /// is asked again, and then the key is rotated once more.
    #[schema(value_type = Option<String>, example = "lk_live_4f2a9be14d7f8a3b_0123456789abcdef")]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<SecretOut>,
}

/// How a key gets a new secret.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Until when the former secret is good too, 90 days at most; what is over already ends it now.
    #[schema(example = "2026-01-08T09:00:00Z", format = DateTime)]
    former_until: String,
}

/// Makes a key. Its text is in the first answer only.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    tag = "access",
    request_body = KeyToMake,
    responses((status = 201, description = "The key", body = KeyText))
)]
pub async fn make(
    State(app): Shared,
    call: Call,
    Body(body): Body<KeyToMake>,
) -> Result<(StatusCode, Json<KeyText>), Problem> {
    let act = call.writing(&body)?;
    let expires_at = body.expires_at.map(|text| moment("/expires_at", &text)).transpose()?;
    let new = NewKey {
        name: body.name,
        live: body.live,
        role: body.role,
        door: body.door,
        scopes: body.scopes,
        bounds: body.bounds.into(),
        till: body.till.as_deref().map(Into::into),
        expires_at,
    };
    let programme = app.programme.clone();
    let made = app.pool.run(move || Ok(programme.make_key(&act, &new)?)).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Keys, by id.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    tag = "access",
    params(Page),
    responses((status = 200, description = "A page of keys", body = List<Key>))
)]
pub async fn keys(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<Key>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let rows = app.pool.run(move || Ok(programme.keys_after(&act, &after, most)?)).await?;
    let rows = rows.into_iter().map(Key::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Key| row.id.clone())))
}

/// One key.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    tag = "access",
    params(("id" = String, Path, description = "Its id", example = "4f2a9be14d7f8a3b")),
    responses((status = 200, description = "The key", body = Key))
)]
pub async fn key(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Key>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.key(&act, &id)?)).await?;
    Ok(Json(view.into()))
}

/// Gives a key a new secret; the former stays good for a while. The text is in the first answer only.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/rotate",
    tag = "access",
    params(("id" = String, Path, description = "Its id", example = "4f2a9be14d7f8a3b")),
    request_body = Rotation,
    responses((status = 200, description = "The key", body = KeyText))
)]
pub async fn rotate(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<Rotation>,
) -> Result<Json<KeyText>, Problem> {
    let (act, programme) = (call.writing(&body)?, app.programme.clone());
    let until = moment("/former_until", &body.former_until)?;
    let made = app.pool.run(move || Ok(programme.rotate_key(&act, &id, until)?)).await?;
    Ok(Json(made.into()))
}

/// Withdraws a key for good.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    tag = "access",
    params(("id" = String, Path, description = "Its id", example = "4f2a9be14d7f8a3b")),
    responses((status = 200, description = "The key", body = Key))
)]
pub async fn revoke(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Key>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.revoke_key(&act, &id)?)).await?;
    Ok(Json(view.into()))
}

impl From<KeyMade> for KeyText {
    fn from(made: KeyMade) -> Self {
        Self { key: made.key.into(), text: made.text.map(SecretOut) }
    }
}

impl From<KeyView> for Key {
    fn from(view: KeyView) -> Self {
        Self {
            id: view.id,
            name: view.name,
            live: view.live,
            role: view.role,
            door: view.door,
            scopes: view.scopes,
            bounds: view.bounds.into(),
            till: view.till.map(|till| till.0),
            expires_at: view.expires_at.map(rfc3339),
            former_until: view.former_until.map(rfc3339),
            used_at: view.used_at.map(rfc3339),
            revoked: view.revoked,
            created_by: view.created_by,
            created_at: rfc3339(view.created_at),
            version: view.version,
        }
    }
}
