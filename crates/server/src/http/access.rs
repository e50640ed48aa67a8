//! Who calls, and what it may do. Every route is registered with what it needs ([`super::Routes`]), and
//! [`guard`] holds a request against that before the handler runs: a route nobody thought about cannot
//! be reached, because there is no way to register one.
//!
//! How credentials are verified is not known here: that is a function given to [`super::App`].

use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
pub use programme::{Caller, Scope};
use programme::{Programme, Secret};

use super::App;
use super::extract::IdempotencyKey;
use super::problem::{Code, Problem};
use super::request::Asked;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "__Host-session";

/// The header a session's writes carry beside the cookie, which a foreign page cannot send.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// What a request proves its caller by. Its `Debug` hides secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer lk_<environment>_<id>_<secret>`.
    Key {
        /// `live` or `test`.
        environment: String,
        /// Which key.
        id: String,
        /// What only its holder knows.
        secret: String,
    },
    /// The cookie of a session.
    Session {
        /// The cookie's value.
        token: String,
        /// The CSRF header, to be held against the session's own.
        csrf: Option<String>,
        /// Whether the request changes something, so that the header must be right.
        write: bool,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { environment, id, .. } => write!(f, "lk_{environment}_{id}_…"),
            Self::Session { write, .. } => write!(f, "session, write: {write}"),
        }
    }
}

/// The cookie of a session that was let in, for handlers that show what belongs to it or end it.
#[derive(Clone, Debug)]
pub struct SessionToken(pub Secret);

impl SessionToken {
    /// The cookie as a browser sent it; nobody has verified it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        cookie(headers, SESSION_COOKIE).map(|token| Self(Secret::new(token)))
    }
}

/// Verifies credentials; it may wait for a disk or a database.
pub type Authenticate = Arc<dyn Fn(&Credentials) -> Result<Caller, Problem> + Send + Sync>;

/// Verifies credentials with what the programme knows of staff and keys.
#[must_use]
pub fn by_programme(programme: Arc<Programme>) -> Authenticate {
    Arc::new(move |credentials| {
        let now = programme::now();
        Ok(match credentials {
            Credentials::Key { environment, id, secret } => {
                programme.authenticate_key(&format!("lk_{environment}_{id}_{secret}"), now)?
            }
            Credentials::Session { token, csrf, write } => {
                programme.authenticate_session(token, csrf.as_deref(), *write, now)?
            }
        })
    })
}

impl Credentials {
    /// Reads them from the headers; an API key counts before a cookie.
    ///
    /// # Errors
    /// 401 when there are none or they are not written as they should be; 403 when a session's write
    /// could come from a foreign page.
    pub fn of(headers: &HeaderMap, write: bool) -> Result<Self, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let key = value.to_str().ok().and_then(Self::key);
            return key.ok_or_else(|| {
                let detail = "send Authorization: Bearer lk_<environment>_<id>_<secret>";
                Problem::new(Code::Unauthenticated, detail)
            });
        }
        let Some(token) = cookie(headers, SESSION_COOKIE) else {
            return Err(Problem::new(Code::Unauthenticated, "send an API key or log in"));
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let csrf = text(CSRF_HEADER).map(str::to_owned);
        let foreign = !matches!(text("sec-fetch-site"), None | Some("same-origin" | "none"));
        if write && (foreign || csrf.is_none()) {
            let detail = "a session's writes come from our own pages, with X-CSRF-Token";
            return Err(Problem::new(Code::Forbidden, detail));
        }
        Ok(Self::Session { token: token.to_owned(), csrf, write })
    }

    fn session_token(&self) -> Option<SessionToken> {
        match self {
            Self::Session { token, .. } => Some(SessionToken(Secret::new(token.as_str()))),
            Self::Key { .. } => None,
        }
    }

    fn key(value: &str) -> Option<Self> {
        let (kind, key) = value.split_once(' ')?;
        let mut parts = key.trim().splitn(4, '_');
        let (prefix, environment, id, secret) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let word = |text: &str, lengths: std::ops::RangeInclusive<usize>, marks: &str| {
            lengths.contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
        };
        let sound = kind.eq_ignore_ascii_case("bearer")
            && prefix == "lk"
            && matches!(environment, "live" | "test")
            && word(id, 1..=64, "-")
            && word(secret, 16..=128, "_-");
        let owned = str::to_owned;
        sound.then(|| Self::Key {
            environment: owned(environment),
            id: owned(id),
            secret: owned(secret),
        })
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|pair| pair.0 == name).map(|pair| pair.1).find(|value| !value.is_empty())
}

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may call it.
    Nothing,
    /// A caller with this right.
    Read(Scope),
    /// A caller with this right, and an `Idempotency-Key`.
    Write(Scope),
    /// A client on this machine, or a caller with this right.
    Local(Scope),
    /// A caller, whatever his rights: it concerns nobody but himself. A write demands an
    /// `Idempotency-Key`.
    SignedIn {
        /// Whether it changes something.
        write: bool,
    },
    /// A member of staff in a session of his own, and an `Idempotency-Key`: it changes what only a
    /// person has.
    Person,
}

impl Need {
    /// Whether such a route changes something; not known of one that anybody may call.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Write(_) | Self::SignedIn { write: true } | Self::Person)
    }
}

/// Lets a request through to its handler, or answers why not.
pub async fn guard(app: Arc<App>, need: Need, mut request: Request, next: Next) -> Response {
    let admitted = match Asked::of(request.extensions()) {
        Ok(asked) => admit(&app, need, &asked, request.headers()).await,
        Err(problem) => Err(problem),
    };
    match admitted {
        Ok(admitted) => {
            if let Some((caller, session)) = admitted {
                request.extensions_mut().insert(caller);
                session.map(|token| request.extensions_mut().insert(token));
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    app: &App,
    need: Need,
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Option<(Caller, Option<SessionToken>)>, Problem> {
    let scope = match need {
        Need::Nothing => return Ok(None),
        Need::Local(_) if asked.client.direct && asked.client.address.is_loopback() => {
            return Ok(None);
        }
        Need::Local(scope) | Need::Read(scope) | Need::Write(scope) => Some(scope),
        Need::SignedIn { .. } | Need::Person => None,
    };
    let credentials = Credentials::of(headers, need.writes())?;
    let session = credentials.session_token();
    let authenticate = app.authenticate.clone();
    let caller = app.pool.run(move || authenticate(&credentials)).await?;
    asked.called_by(&caller.actor);
    asked.limited(app.limits.take_key(&caller.actor))?;
    if let Some(scope) = scope.filter(|scope| !caller.may(*scope)) {
        return Err(Problem::new(Code::Forbidden, format!("this needs the scope {scope}")));
    }
    if need == Need::Person && session.is_none() {
        let detail = "a member of staff does this for himself, in a session";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    if need.writes() {
        IdempotencyKey::of(headers)?;
    }
    Ok(Some((caller, session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_strictly_and_shown_without_secrets() {
        const KEY: &str = "Bearer lk_test_till-7_0123456789abcdef_-Z";
        for (write, headers, expected) in [
            (false, &[("authorization", KEY)][..], "lk_test_till-7_…"),
            (true, &[("authorization", KEY), ("cookie", "__Host-session=x")], "lk_test_till-7_…"),
            (false, &[], "unauthenticated"),
            (
                false,
                &[("authorization", "Basic YTpi"), ("cookie", "__Host-session=x")],
                "unauthenticated",
            ),
            (false, &[("authorization", "Bearer lk_prod_a_0123456789abcdef")], "unauthenticated"),
            (false, &[("authorization", "Bearer lk_test_a_short")], "unauthenticated"),
            (false, &[("authorization", "Bearer lk_test_a'b_0123456789abcdef")], "unauthenticated"),
            (false, &[("cookie", "a=b; __Host-session=x")], "session, write: false"),
            (false, &[("cookie", "session=x")], "unauthenticated"),
            (true, &[("cookie", "__Host-session=x")], "forbidden"),
            (true, &[("cookie", "__Host-session=x"), (CSRF_HEADER, "y")], "session, write: true"),
            (
                true,
                &[
                    ("cookie", "__Host-session=x"),
                    (CSRF_HEADER, "y"),
                    ("sec-fetch-site", "cross-site"),
                ],
                "forbidden",
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            let read = match Credentials::of(&map, write) {
                Ok(credentials) => format!("{credentials:?}"),
                Err(problem) => problem.code.to_string(),
            };
            assert_eq!(read, expected, "{headers:?}");
        }
    }
}
