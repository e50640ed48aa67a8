//! What happens to every request, whatever its route: it gets an id, a bounded place and time, an
//! answer that is always ours in form, a line in the log and its counts.
//!
//! The log has method, route template, status, milliseconds, request id and caller id; never a body, a
//! path, a query value, a token or a header.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::limit::{self, Standing, Taken};
use super::problem::{Code, MEDIA_TYPE, Problem};
use super::proxy::Client;
use super::{App, metrics, version};
use crate::language::Language;

/// The header with a request's id, in and out.
pub const REQUEST_ID: &str = "x-request-id";

/// The peer of a connection, as [`super::listen`] saw it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What is known of a request beside its own content; a handler may take it as an argument.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id: the client's own if it is a sane one, else ours.
    pub id: Arc<str>,
    /// Who asks, by address.
    pub client: Client,
    /// The language of `Accept-Language`, if it names one of ours.
    pub language: Option<Language>,
    notes: Arc<Mutex<Notes>>,
}

/// What is learned on the way and told at the end.
#[derive(Debug, Default)]
struct Notes {
    caller: Option<String>,
    standings: Vec<Standing>,
}

impl Asked {
    fn new(app: &App, request: &Request) -> Self {
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let peer = request.extensions().get::<Peer>().map_or(nobody, |peer| peer.0);
        Self {
            id: request_id(request.headers()),
            client: app.settings.trusted.client(peer, request.headers()),
            language: language(request.headers()),
            notes: Arc::default(),
        }
    }

    /// What is known of the request with these extensions.
    ///
    /// # Errors
    /// When it came past the door, which is our fault.
    pub fn of(extensions: &Extensions) -> Result<Self, Problem> {
        let asked = extensions.get::<Self>().cloned();
        asked.ok_or_else(|| Problem::internal(anyhow::anyhow!("a request came past the door")))
    }

    /// Notes for the log who calls.
    pub fn called_by(&self, caller: &str) {
        self.notes(|notes| notes.caller = Some(caller.to_owned()));
    }

    /// Notes for the answer's headers how a limit stands.
    ///
    /// # Errors
    /// 429 when the request is one too many.
    pub fn limited(&self, taken: Taken) -> Result<(), Problem> {
        let (standing, problem) = match taken {
            Ok(standing) => (standing, None),
            Err(standing) => (Some(standing), Some(standing.problem())),
        };
        self.notes(|notes| notes.standings.extend(standing));
        problem.map_or(Ok(()), Err)
    }

    fn notes<T>(&self, act: impl FnOnce(&mut Notes) -> T) -> T {
        act(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.extensions)
    }
}

/// Goes around every route, and around what has none.
pub async fn watch(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let asked = Asked::new(&app, &request);
    request.extensions_mut().insert(asked.clone());
    request.extensions_mut().insert(app.settings.body);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    let span = tracing::info_span!("request", request_id = &*asked.id);
    let watched = Watched::begin(app.clone(), asked.clone(), &request);
    let answered = async move {
        let answer = answer(&app, &asked, request, next).await;
        let mut response = finish(&asked, answer);
        if read
            && response.status() == StatusCode::OK
            && version::is_known(known.as_ref(), response.headers())
        {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        write_headers(&app, &asked, response.headers_mut());
        watched.end(response.status());
        response
    };
    answered.instrument(span).await
}

/// The handler's answer, or why it was not asked or did not give one.
async fn answer(app: &App, asked: &Asked, request: Request, next: Next) -> Response {
    // Whoever watches over us must get through when nobody else does.
    let watches_us =
        request.uri().path().starts_with("/health/") || request.uri().path() == "/metrics";
    let place = app.places.try_acquire();
    if !watches_us {
        if place.is_err() {
            return Problem::new(Code::Busy, "").into_response();
        }
        if let Err(problem) = asked.limited(app.limits.take_address(asked.client.address)) {
            return problem.into_response();
        }
    }
    let time = app.settings.request_time;
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(time, running).await {
        Ok(Ok(response)) => response,
        // The panic's place is in the log already; its words may hold what the client sent.
        Ok(Err(_)) => Problem::internal(anyhow::anyhow!("a panic")).into_response(),
        Err(_) => {
            let detail = format!(
                "not done after {} ms; what it would write may still be written",
                time.as_millis()
            );
            Problem::new(Code::Timeout, detail).into_response()
        }
    }
}

/// Gives every error the form of a problem, and its cause to the log.
fn finish(asked: &Asked, mut response: Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Arc<Problem>>();
    let problem = problem.unwrap_or_else(|| Arc::new(Problem::new(Code::of_status(status), "")));
    if let Some(cause) = &problem.cause {
        tracing::error!(code = problem.code.as_str(), cause = format!("{cause:#}"), "failed");
    }
    let body = problem.body(&asked.id, asked.language.unwrap_or(Language::En));
    let body = serde_json::to_vec(&body).expect("a problem is plain data");
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = problem.code.status();
    let headers = answer.headers_mut();
    *headers = response.headers().clone();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    match problem.code {
        Code::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // What is left of the body would be read as the next request.
        Code::BodySlow | Code::BodyTooLarge => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    answer
}

/// What every answer carries, unless its handler said otherwise.
fn write_headers(app: &App, asked: &Asked, headers: &mut HeaderMap) {
    asked.notes(|notes| limit::write_headers(&notes.standings, headers));
    if let Ok(id) = HeaderValue::from_str(&asked.id) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.settings.secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// A request under way. One that goes away unanswered, because its client did, is told of too, with the
/// status 499 that nginx made known.
struct Watched {
    app: Arc<App>,
    asked: Asked,
    method: Method,
    route: String,
    began: Instant,
    told: bool,
}

impl Watched {
    fn begin(app: Arc<App>, asked: Asked, request: &Request) -> Self {
        app.metrics.begin();
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or("none", |route| route.as_str()).to_owned();
        let method = request.method().clone();
        Self { app, asked, method, route, began: Instant::now(), told: false }
    }

    fn end(mut self, status: StatusCode) {
        self.tell(status.as_u16());
    }

    fn tell(&mut self, status: u16) {
        self.told = true;
        let took = self.began.elapsed();
        self.app.metrics.end(&self.route, &self.method, status, took);
        let caller = self.asked.notes(|notes| notes.caller.take());
        let method = metrics::known(&self.method);
        tracing::info!(
            method,
            route = self.route,
            status,
            ms = took.as_micros() as f64 / 1000.0,
            caller,
            "answered"
        );
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.told {
            self.tell(499);
        }
    }
}

/// The client's id for the request if it is short and plain, else one of ours.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    let sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane);
    given.map_or_else(fresh_id, Arc::from)
}

/// 128 bits that no other request has: a number hashed with two secrets of the process.
fn fresh_id() -> Arc<str> {
    static SECRETS: LazyLock<[RandomState; 2]> =
        LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let [high, low] = [0, 1].map(|at: usize| SECRETS[at].hash_one((number, at)));
    format!("{high:016x}{low:016x}").into()
}

/// English or Russian, whichever `Accept-Language` prefers; neither if it names none of them.
fn language(headers: &HeaderMap) -> Option<Language> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Language)> = None;
    for entry in wanted.split(',') {
        let (tag, rest) = entry.trim().split_once(';').unwrap_or((entry.trim(), ""));
        let quality = rest.trim().strip_prefix("q=").map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let language = match tag.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Language::En,
            Some("ru") => Language::Ru,
            _ => continue,
        };
        if quality > best.map_or(0.0, |best| best.0) {
            best = Some((quality, language));
        }
    }
    best.map(|best| best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        [(header::HeaderName::from_static(name), value)].into_iter().collect()
    }

    #[test]
    fn a_language_is_the_one_preferred() {
        for (wanted, expected) in [
            ("ru", Some(Language::Ru)),
            ("ru-RU,ru;q=0.9,en;q=0.8", Some(Language::Ru)),
            ("en;q=0.5, ru;q=0.4", Some(Language::En)),
            ("de, ru;q=0.1", Some(Language::Ru)),
            ("ru;q=0", None),
            ("de", None),
            ("é;q=x,,;", None),
        ] {
            assert_eq!(language(&headers("accept-language", wanted)), expected, "{wanted}");
        }
    }

    #[test]
    fn an_id_that_is_not_plain_is_not_taken() {
        for (given, taken) in [("till-7.42_a", true), ("", false), ("a b", false), ("é", false)] {
            assert_eq!(&*request_id(&headers(REQUEST_ID, given)) == given, taken, "{given}");
        }
        assert_ne!(request_id(&headers(REQUEST_ID, &"a".repeat(65))).len(), 65);
        assert_ne!(fresh_id(), fresh_id());
    }
}
