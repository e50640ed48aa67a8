//! `/api/v1/staff`: who works here, as whom and how far; and `/api/v1/staff-links`, by which an
//! administrator comes in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{Door, NewStaff, Role, StaffRights, StaffView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::Problem;
use super::request::Asked;
use super::rights::{Bounds, DoorName, RoleName};
use super::secret::{SecretIn, SecretOut};
use super::time::rfc3339;
use super::version::{ETag, IfMatch, Tagged};

/// A member of staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct Staff {
    /// The name he signs in with.
    #[schema(example = "anna")]
    id: String,
    /// As whom he acts.
    #[schema(value_type = RoleName)]
    role: Role,
    /// Through which door he comes.
    #[schema(value_type = DoorName)]
    door: Door,
    /// What he is bound to.
    bounds: Bounds,
    /// Whether he shows the code of a device.
    totp: bool,
    /// Until when nobody is let in by this name, after failures.
    #[schema(example = "2026-01-01T09:05:00Z", format = DateTime)]
    locked_until: Option<String>,
    /// Whether he has left.
    disabled: bool,
    /// Since when he is here.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    created_at: String,
    /// Grows with every change; `ETag` and `If-Match` name it.
    #[schema(example = 1)]
    version: i64,
}

/// Somebody to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffToAdd {
    /// The name he will sign in with; never a phone or an e-mail.
    #[schema(example = "boris", min_length = 3, max_length = 64, pattern = "^[a-z0-9._-]+$")]
    id: String,
    /// His first password, 12 characters at least.
    #[schema(value_type = String, format = Password, min_length = 12, example = "a long walk in the rain")]
    password: SecretIn,
    /// As whom he acts.
    #[schema(value_type = RoleName)]
    role: Role,
    /// Through which door he comes.
    #[schema(value_type = DoorName)]
    door: Door,
    /// What he is bound to; nothing unless told.
    #[serde(default)]
    bounds: Bounds,
}

/// What is changed of a member of staff; what is absent stays as it is.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffChange {
    /// As whom he acts.
    #[schema(value_type = Option<RoleName>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// Through which door he comes.
    #[schema(value_type = Option<DoorName>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
    /// What he is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounds: Option<Bounds>,
    /// `true` dismisses him and ends his sessions; `false` takes him back and lifts a lock.
    #[schema(example = true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
}

/// A password for who has lost his own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 12 characters at least.
    #[schema(value_type = String, format = Password, min_length = 12, example = "a long walk in the rain")]
    password: SecretIn,
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// So many.
    #[schema(example = 2)]
    ended: u64,
}

/// A link by which one administrator comes in.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffLink {
    /// Its token, shown this once.
    #[schema(value_type = String)]
    token: SecretOut,
    /// Until when it is good.
    #[schema(example = "2026-01-02T09:00:00Z", format = DateTime)]
    expires_at: String,
}

/// A link that is used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkUse {
    /// Its token.
    #[schema(value_type = String, example = "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    token: SecretIn,
    /// The name he will sign in with.
    #[schema(example = "anna", min_length = 3, max_length = 64, pattern = "^[a-z0-9._-]+$")]
    id: String,
    /// A password of his own, 12 characters at least.
    #[schema(value_type = String, format = Password, min_length = 12, example = "a long walk in the rain")]
    password: SecretIn,
}

/// Makes a link by which one more administrator of the whole programme comes in. Asked again it makes
/// another: the token is kept nowhere.
#[utoipa::path(
    post,
    path = "/api/v1/staff-links",
    tag = "access",
    responses((status = 201, description = "The link", body = StaffLink))
)]
pub async fn invite(
    State(app): Shared,
    call: Call,
) -> Result<(StatusCode, Json<StaffLink>), Problem> {
    let (act, programme) = (call.unkept(), app.programme.clone());
    let link = app.pool.run(move || Ok(programme.invite_administrator(&act)?)).await?;
    let (token, expires_at) = (SecretOut(link.token), rfc3339(link.expires_at));
    Ok((StatusCode::CREATED, Json(StaffLink { token, expires_at })))
}

/// Uses a link: whoever has it becomes an administrator, and signs in then.
#[utoipa::path(
    post,
    path = "/api/v1/staff-links/accept",
    tag = "access",
    request_body = LinkUse,
    responses((status = 201, description = "The administrator", body = Staff))
)]
pub async fn accept(
    State(app): Shared,
    asked: Asked,
    Body(body): Body<LinkUse>,
) -> Result<(StatusCode, Tagged<Json<Staff>>), Problem> {
    asked.limited(app.limits.take_sign_in(asked.client.address))?;
    let LinkUse { token, id, password } = body;
    let (programme, request) = (app.programme.clone(), asked.id.to_string());
    let accepted = move || {
        let at = programme::now();
        Ok(programme.accept_link(token.0.expose(), &id, &password.0, &request, at)?)
    };
    Ok((StatusCode::CREATED, tagged(app.pool.run(accepted).await?)))
}

/// Staff, by name.
#[utoipa::path(
    get,
    path = "/api/v1/staff",
    tag = "access",
    params(Page),
    responses((status = 200, description = "A page of staff", body = List<Staff>))
)]
pub async fn staff(
    State(app): Shared,
    call: Call,
    Query(page): Query<Page>,
) -> Result<Json<List<Staff>>, Problem> {
    let after: String = page.place()?.unwrap_or_default();
    let (act, most) = (call.reading(), page.asked());
    let programme = app.programme.clone();
    let rows = app.pool.run(move || Ok(programme.staff_after(&act, &after, most)?)).await?;
    let rows = rows.into_iter().map(Staff::from).collect();
    Ok(Json(List::of(rows, page.limit, |row: &Staff| row.id.clone())))
}

/// Adds a member of staff. Asked again with the same key it answers as the first time, whatever the
/// password: nothing is kept of it that it could be guessed by.
#[utoipa::path(
    post,
    path = "/api/v1/staff",
    tag = "access",
    request_body = StaffToAdd,
    responses((status = 201, description = "The member of staff", body = Staff))
)]
pub async fn add(
    State(app): Shared,
    call: Call,
    Body(body): Body<StaffToAdd>,
) -> Result<(StatusCode, Tagged<Json<Staff>>), Problem> {
    let StaffToAdd { id, password, role, door, bounds } = body;
    let act = call.writing(&(&id, role, door, &bounds))?;
    let new = NewStaff { id, rights: StaffRights { role, door, bounds: bounds.into() } };
    let programme = app.programme.clone();
    let view = app.pool.run(move || Ok(programme.add_staff(&act, &new, &password.0)?)).await?;
    Ok((StatusCode::CREATED, tagged(view)))
}

/// One member of staff.
#[utoipa::path(
    get,
    path = "/api/v1/staff/{id}",
    tag = "access",
    params(("id" = String, Path, description = "His name", example = "anna")),
    responses((status = 200, description = "The member of staff", body = Staff))
)]
pub async fn one(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Tagged<Json<Staff>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    Ok(tagged(app.pool.run(move || Ok(programme.staff(&act, &id)?)).await?))
}

/// Changes rights of a member of staff, at once in his sessions too; dismisses him or takes him back.
#[utoipa::path(
    patch,
    path = "/api/v1/staff/{id}",
    tag = "access",
    params(
        ("id" = String, Path, description = "His name", example = "anna"),
        ("If-Match" = String, Header, description = "The version he is changed from", example = "\"1\"")
    ),
    request_body = StaffChange,
    responses((status = 200, description = "The member of staff", body = Staff))
)]
pub async fn change(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    seen: IfMatch,
    Body(body): Body<StaffChange>,
) -> Result<Tagged<Json<Staff>>, Problem> {
    let version = seen.version()?;
    let (act, programme) = (call.writing(&(version, &body))?, app.programme.clone());
    let StaffChange { role, door, bounds, disabled } = body;
    let bounds = bounds.map(Into::into);
    let change = programme::StaffChange { role, door, bounds, disabled };
    let changed = move || Ok(programme.amend_staff(&act, &id, version, &change)?);
    Ok(tagged(app.pool.run(changed).await?))
}

/// Sets a new password for who has lost his own; his sessions end.
#[utoipa::path(
    post,
    path = "/api/v1/staff/{id}/password",
    tag = "access",
    params(("id" = String, Path, description = "His name", example = "anna")),
    request_body = NewPassword,
    responses((status = 200, description = "The member of staff", body = Staff))
)]
pub async fn set_password(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Body(NewPassword { password }): Body<NewPassword>,
) -> Result<Tagged<Json<Staff>>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let set = move || Ok(programme.set_password(&act, &id, &password.0)?);
    Ok(tagged(app.pool.run(set).await?))
}

/// Takes a lost device away: no code is asked for any more.
#[utoipa::path(
    delete,
    path = "/api/v1/staff/{id}/totp",
    tag = "access",
    params(("id" = String, Path, description = "His name", example = "anna")),
    responses((status = 200, description = "The member of staff", body = Staff))
)]
pub async fn remove_totp(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Tagged<Json<Staff>>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    Ok(tagged(app.pool.run(move || Ok(programme.remove_totp(&act, &id)?)).await?))
}

/// Ends all sessions of a member of staff.
#[utoipa::path(
    post,
    path = "/api/v1/staff/{id}/sessions/end",
    tag = "access",
    params(("id" = String, Path, description = "His name", example = "anna")),
    responses((status = 200, description = "How many ended", body = Ended))
)]
pub async fn end_sessions(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Ended>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let ended = app.pool.run(move || Ok(programme.end_sessions(&act, &id)?)).await?;
    Ok(Json(Ended { ended }))
}

fn tagged(view: StaffView) -> Tagged<Json<Staff>> {
    Tagged(ETag::of(view.version), Json(view.into()))
}

impl From<StaffView> for Staff {
    fn from(view: StaffView) -> Self {
        let StaffView { id, rights, totp, locked_until, disabled, created_at, version } = view;
        let StaffRights { role, door, bounds } = rights;
        Self {
            id,
            role,
            door,
            bounds: bounds.into(),
            totp,
            locked_until: locked_until.map(rfc3339),
            disabled,
            created_at: rfc3339(created_at),
            version,
        }
    }
}
