//! `/api/v1/session`: signing in and out, and what a person changes about himself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::{Extension, Json};
use programme::{
    Caller, Door, Instant, Programme, Refused, Role, Scope, Secret, SignIn, SignedIn, csrf_of,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::access::{SESSION_COOKIE, SessionToken};
use super::call::Call;
use super::extract::Body;
use super::problem::{Fault, Problem};
use super::request::Asked;
use super::rights::{Bounds, DoorName, RoleName, ScopeName};
use super::secret::{SecretIn, SecretOut};
use super::staff::Staff;
use super::time::rfc3339;

/// What somebody shows to be let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Introduction {
    /// The name.
    #[schema(example = "anna")]
    id: String,
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    password: SecretIn,
    /// The code of the device, where one is set up.
    #[schema(value_type = Option<String>, required = false, example = "287082")]
    #[serde(default)]
    code: Option<SecretIn>,
}

/// That somebody was let in; the session itself is in the cookie.
#[derive(Debug, Serialize, ToSchema)]
pub struct Admission {
    /// What every write of the session carries as `X-CSRF-Token`.
    #[schema(value_type = String)]
    csrf: SecretOut,
    /// When the session ends at the latest.
    #[schema(example = "2026-01-01T21:00:00Z", format = DateTime)]
    expires_at: String,
    /// Who was let in.
    staff: Staff,
}

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// `staff:` and a name, or `key:` and an id.
    #[schema(example = "staff:anna")]
    actor: String,
    /// As whom he acts.
    #[schema(value_type = RoleName)]
    role: Role,
    /// Through which door he comes.
    #[schema(value_type = DoorName)]
    door: Door,
    /// What he may do.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<Scope>,
    /// What he is bound to.
    bounds: Bounds,
    /// The shop he stands in: the only one he is bound to.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// The till he stands at.
    #[schema(example = "1")]
    till: Option<String>,
    /// Whether he acts on the real programme, or for a test.
    live: bool,
    /// What every write of the session carries as `X-CSRF-Token`; a key needs none.
    #[schema(value_type = Option<String>)]
    csrf: Option<SecretOut>,
}

/// One's own password, and the one to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    former: SecretIn,
    /// The password from now on, 12 characters at least.
    #[schema(value_type = String, format = Password, min_length = 12, example = "a long walk in the rain")]
    new: SecretIn,
}

/// What a device is set up with, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceSetup {
    /// The secret in base 32, to be typed in.
    #[schema(value_type = String)]
    secret: SecretOut,
    /// The same as an `otpauth` address, to be shown as a picture.
    #[schema(value_type = String)]
    uri: SecretOut,
}

/// A code of the device that is being set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCode {
    /// Six digits.
    #[schema(value_type = String, example = "287082")]
    code: SecretIn,
}

type CookieHeader = [(HeaderName, HeaderValue); 1];

/// Lets a member of staff in. Whether the name, the password or the code was wrong is not told; a session
/// that the browser had until now ends.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "access",
    request_body = Introduction,
    responses((
        status = 201, description = "Let in", body = Admission,
        headers(("Set-Cookie" = String, description = "The session"))
    ))
)]
pub async fn sign_in(
    State(app): Shared,
    asked: Asked,
    headers: HeaderMap,
    Body(body): Body<Introduction>,
) -> Result<(StatusCode, CookieHeader, Json<Admission>), Problem> {
    asked.limited(app.limits.take_sign_in(asked.client.address))?;
    app.limits.take_name(&body.id)?;
    let Introduction { id, password, code } = body;
    let code = code.map(|code| code.0);
    let shown = SignIn { id, password: password.0, code, request: asked.id.to_string() };
    let (programme, former) = (app.programme.clone(), SessionToken::of(&headers));
    let admitted = move || {
        let at = programme::now();
        let signed_in = programme.sign_in(&shown, at)?;
        former.map_or(Ok(()), |former| end(&programme, &former, &shown.request, at))?;
        Ok(signed_in)
    };
    let SignedIn { token, csrf, expires_at, staff } = app.pool.run(admitted).await?;
    asked.called_by(&format!("staff:{}", staff.id));
    let expires_at = rfc3339(expires_at);
    let admission = Admission { csrf: SecretOut(csrf), expires_at, staff: staff.into() };
    Ok((StatusCode::CREATED, set_cookie(&token)?, Json(admission)))
}

/// Who calls, and what he may do.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "access",
    responses((status = 200, description = "The caller", body = Session))
)]
pub async fn session(call: Call, token: Option<Extension<SessionToken>>) -> Json<Session> {
    let Caller { actor, role, door, scopes, bounds, shop, till, live } = call.caller;
    Json(Session {
        actor,
        role,
        door,
        scopes,
        bounds: bounds.into(),
        shop: shop.map(|shop| shop.0),
        till: till.map(|till| till.0),
        live,
        csrf: token.map(|Extension(SessionToken(token))| SecretOut(csrf_of(&token))),
    })
}

/// Signs out. A key has no session: of it nothing ends.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "access",
    responses((
        status = 204, description = "Signed out",
        headers(("Set-Cookie" = String, description = "Without the session"))
    ))
)]
pub async fn sign_out(
    State(app): Shared,
    call: Call,
    token: Option<Extension<SessionToken>>,
) -> Result<(StatusCode, CookieHeader), Problem> {
    if let Some(Extension(SessionToken(token))) = token {
        // Were the answer kept, the same key in another session of his would end nothing.
        let (act, programme) = (call.unkept(), app.programme.clone());
        app.pool.run(move || Ok(programme.sign_out(&act, &token)?)).await?;
    }
    Ok((StatusCode::NO_CONTENT, no_cookie()))
}

/// Changes one's own password; all one's sessions end, this one too. Failing to show the former password
/// counts like failing to sign in.
#[utoipa::path(
    post,
    path = "/api/v1/session/password",
    tag = "access",
    request_body = PasswordChange,
    responses((
        status = 204, description = "Changed",
        headers(("Set-Cookie" = String, description = "Without the session"))
    ))
)]
pub async fn change_password(
    State(app): Shared,
    asked: Asked,
    call: Call,
    Body(body): Body<PasswordChange>,
) -> Result<(StatusCode, CookieHeader), Problem> {
    asked.limited(app.limits.take_sign_in(asked.client.address))?;
    let actor = &call.caller.actor;
    app.limits.take_name(actor.strip_prefix("staff:").unwrap_or(actor))?;
    let (act, programme) = (call.unkept(), app.programme.clone());
    let PasswordChange { former, new } = body;
    let changed = move || {
        programme.change_password(&act, &former.0, &new.0).map_err(|refused| match refused {
            // The session is good: who asks should not take it for over.
            Refused::NotAdmitted { code: code @ "sign_in_failed", .. } => {
                let detail = "this is not the former password";
                Problem::invalid(vec![Fault::new("/former", code, detail)])
            }
            refused => refused.into(),
        })
    };
    app.pool.run(changed).await?;
    Ok((StatusCode::NO_CONTENT, no_cookie()))
}

/// Begins to set up one's own device; it counts once a code of it was shown. Asked again it makes a new
/// secret.
#[utoipa::path(
    post,
    path = "/api/v1/session/totp",
    tag = "access",
    responses((status = 200, description = "What the device is set up with", body = DeviceSetup))
)]
pub async fn begin_totp(State(app): Shared, call: Call) -> Result<Json<DeviceSetup>, Problem> {
    let (act, programme) = (call.unkept(), app.programme.clone());
    let setup = app.pool.run(move || Ok(programme.begin_totp(&act)?)).await?;
    let (secret, uri) = (SecretOut(setup.secret), SecretOut(setup.uri));
    Ok(Json(DeviceSetup { secret, uri }))
}

/// Shows the first code of one's own device; from then on one is asked for it when signing in.
#[utoipa::path(
    post,
    path = "/api/v1/session/totp/confirm",
    tag = "access",
    request_body = DeviceCode,
    responses((status = 200, description = "Oneself", body = Staff))
)]
pub async fn confirm_totp(
    State(app): Shared,
    call: Call,
    Body(DeviceCode { code }): Body<DeviceCode>,
) -> Result<Json<Staff>, Problem> {
    let (act, programme) = (call.writing(&())?, app.programme.clone());
    let view = app.pool.run(move || Ok(programme.confirm_totp(&act, &code.0)?)).await?;
    Ok(Json(view.into()))
}

/// Ends the session a browser had, if it was one.
fn end(
    programme: &Arc<Programme>,
    former: &SessionToken,
    request: &str,
    at: Instant,
) -> Result<(), Problem> {
    match programme.authenticate_session(former.0.expose(), None, false, at) {
        Ok(caller) => Ok(programme.sign_out(&caller.act(request, None, at), &former.0)?),
        Err(Refused::NotAdmitted { .. }) => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

/// The cookie of a session: only over TLS, only to this host, never to scripts, and not with what a
/// foreign page sends. It goes with the browser's own session; how long ours lasts is kept here.
fn set_cookie(token: &Secret) -> Result<CookieHeader, Problem> {
    let text = format!("{SESSION_COOKIE}={}; {COOKIE_ATTRIBUTES}", token.expose());
    let mut value = HeaderValue::try_from(text).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok([(header::SET_COOKIE, value)])
}

fn no_cookie() -> CookieHeader {
    let text = format!("{SESSION_COOKIE}=; {COOKIE_ATTRIBUTES}; Max-Age=0");
    let value = HeaderValue::try_from(text).expect("its parts are fixed and graphic");
    [(header::SET_COOKIE, value)]
}

const COOKIE_ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";
