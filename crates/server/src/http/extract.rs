//! What a handler is given: the body, query and path as its own types, parsed at the door. Whatever is
//! wrong becomes a [`Problem`] that points to the place, before the handler runs.
//!
//! Types of requests carry `#[serde(deny_unknown_fields)]`: a misspelt field is an error, not a wish
//! that is quietly ignored.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body as Raw;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path as Place, Segment};

use super::problem::{Code, Fault, Problem};

/// The header a write is repeated by.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How much more than the limit is read and dropped, so that a client that is still sending gets the
/// answer instead of a broken connection.
const DRAINED_TIMES: usize = 4;

/// How long and how large a body may be; [`super::request`] puts it into every request, and
/// [`super::Routes::write_large`] into those of one route.
#[derive(Clone, Copy, Debug)]
pub struct BodyBounds {
    /// Most bytes.
    pub bytes: usize,
    /// Longest time until all of it is here.
    pub wait: Duration,
}

/// A body of `application/json`.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read_json(request).await?;
        let value = parse(&bytes)?;
        refuse_control_characters(&bytes)?;
        Ok(Self(value))
    }
}

/// The bytes of a body that says it is JSON.
async fn read_json(request: Request) -> Result<Vec<u8>, Problem> {
    let bounds = request.extensions().get::<BodyBounds>().copied();
    let bounds =
        bounds.ok_or_else(|| Problem::internal(anyhow::anyhow!("a request came past the door")))?;
    let acceptable = says_json(request.headers());
    let body = request.into_body();
    let read = async {
        if let Err(problem) = acceptable {
            drain(body, bounds.bytes).await;
            return Err(problem);
        }
        read_limited(body, bounds.bytes).await
    };
    tokio::time::timeout(bounds.wait, read).await.unwrap_or_else(|_| {
        Err(Problem::new(Code::BodySlow, format!("waited {} ms for it", bounds.wait.as_millis())))
    })
}

async fn read_limited(mut body: Raw, limit: usize) -> Result<Vec<u8>, Problem> {
    let read = Limited::new(&mut body, limit).collect().await;
    let error = match read {
        Ok(read) => return Ok(read.to_bytes().into()),
        Err(error) => error,
    };
    if error.downcast_ref::<LengthLimitError>().is_some() {
        drain(body, limit).await;
        return Err(Problem::new(
            Code::BodyTooLarge,
            format!("at most {limit} bytes are taken here"),
        ));
    }
    Err(Problem::new(Code::JsonMalformed, "the body ended too early"))
}

/// Reads and drops what a client is still sending, up to a bound.
async fn drain(body: Raw, limit: usize) {
    let mut body = Limited::new(body, limit.saturating_mul(DRAINED_TIMES));
    while let Some(Ok(_)) = body.frame().await {}
}

fn says_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| {
        !parameter.to_ascii_lowercase().starts_with("charset=")
            || parameter[8..].trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if !json || !utf8 {
        return Err(Problem::new(Code::MediaType, "send Content-Type: application/json in UTF-8"));
    }
    match text(header::CONTENT_ENCODING) {
        None | Some("identity") => Ok(()),
        Some(_) => Err(Problem::new(Code::MediaType, "send the body without compression")),
    }
}

/// JSON into a type; what is not JSON is told apart from what is not the type.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would take a list of a structure's fields for the structure; a body is an object.
    if bytes.trim_ascii_start().starts_with(b"[") {
        well_formed(bytes)?;
        return Err(Problem::invalid(vec![Fault::new("", "type", "a body is an object")]));
    }
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let inner = error.inner();
        // A syntax error further on is the first thing to mend.
        if let Err(problem) = well_formed(bytes) {
            return problem;
        }
        let place = pointer(error.path());
        if inner.is_data() {
            return Problem::invalid(vec![fault(&place, '/', &inner.to_string())]);
        }
        // Serde takes it for syntax where one of a few names is something else than a text.
        Problem::invalid(vec![Fault::new(place, "type", "must be a text")])
    })?;
    input.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn well_formed(bytes: &[u8]) -> Result<(), Problem> {
    // Serde reads what it ignores less strictly: neither UTF-8 nor surrogates are looked at.
    serde_json::from_slice::<serde_json::Value>(bytes)
        .map(|_| ())
        .map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::JsonMalformed, error.to_string())
}

/// RFC 6901.
fn pointer(place: &Place) -> String {
    let mut text = String::new();
    for segment in place {
        let written = match segment {
            Segment::Seq { index } => write!(text, "/{index}"),
            Segment::Map { key } => write!(text, "/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => Ok(()),
        };
        written.expect("writing into a text does not fail");
    }
    text
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A sentence of serde as a fault: which field it names belongs to the pointer.
fn fault(parent: &str, separator: char, message: &str) -> Fault {
    // The place in the text is in the pointer already.
    let message = message.rsplit_once(" at line ").map_or(message, |(sentence, _)| sentence);
    let named = |beginning: &str| message.strip_prefix(beginning)?.split('`').next();
    for (code, beginning) in [
        ("unknown", "unknown field `"),
        ("missing", "missing field `"),
        ("duplicate", "duplicate field `"),
    ] {
        let Some(name) = named(beginning) else { continue };
        let last = format!("{separator}{}", escaped(name));
        let pointer =
            if parent.ends_with(&last) { parent.to_owned() } else { format!("{parent}{last}") };
        return Fault::new(pointer, code, message);
    }
    let code = if message.starts_with("invalid type") { "type" } else { "value" };
    Fault::new(parent, code, message)
}

/// Control characters have no place in a name, and some (NUL above all) break the stores and programs
/// behind us. Line ends and tabulators are text.
fn is_refused(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

fn refuse_control_characters(bytes: &[u8]) -> Result<(), Problem> {
    // Raw ones below 0x20 are a syntax error already; so here are escapes, DEL, and U+0080 to U+009F.
    let suspicious =
        |pair: &[u8]| matches!(pair, [b'\\', b'u' | b'b' | b'f'] | [_, 0x7f] | [0xc2, 0x80..=0x9f]);
    if !bytes.windows(2).any(suspicious) {
        return Ok(());
    }
    let value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    let mut faults = Vec::new();
    find_control_characters(&value, String::new(), &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

fn find_control_characters(value: &serde_json::Value, at: String, faults: &mut Vec<Fault>) {
    const FAULTS_MAX: usize = 20;
    let refused = |text: &str| text.chars().any(is_refused);
    if faults.len() >= FAULTS_MAX {
        return;
    }
    match value {
        serde_json::Value::String(text) if refused(text) => {
            faults.push(Fault::new(at, "control_character", "control characters are not taken"));
        }
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_control_characters(item, format!("{at}/{index}"), faults);
            }
        }
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                if refused(key) {
                    let detail = "a name of a field has a control character";
                    faults.push(Fault::new(at.clone(), "control_character", detail));
                }
                find_control_characters(field, format!("{at}/{}", escaped(key)), faults);
            }
        }
        _ => {}
    }
}

/// The query as a type.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        for (name, value) in form_urlencoded::parse(query) {
            if name.chars().chain(value.chars()).any(char::is_control) {
                let detail = "control characters are not taken";
                let name: String = name.chars().filter(|c| !c.is_control()).collect();
                let pointer = format!("?{name}");
                return Err(Problem::parameter(pointer, "control_character", detail));
            }
        }
        let input = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
        serde_path_to_error::deserialize(input).map(Self).map_err(|error| {
            let place = pointer(error.path()).replacen('/', "?", 1);
            let faults = vec![fault(&place, '?', &error.inner().to_string())];
            Problem { faults, ..Problem::new(Code::ParameterInvalid, "") }
        })
    }
}

/// The parameters of the path as a type. What cannot name anything is not found.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await;
        let raw = raw.map_err(|_| Problem::new(Code::NotFound, "the path is not UTF-8"))?;
        for (name, value) in &raw {
            if value.chars().any(char::is_control) {
                let detail = "control characters are not taken";
                return Err(Problem::parameter(format!("{{{name}}}"), "control_character", detail));
            }
        }
        let mut names = raw.iter().map(|(name, _)| name.to_owned());
        let (first, second) = (names.next(), names.next());
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|rejection| {
            let PathRejection::FailedToDeserializePathParams(error) = &rejection else {
                return Problem::internal(rejection);
            };
            let name = match error.kind() {
                ErrorKind::ParseErrorAtKey { key, .. }
                | ErrorKind::DeserializeError { key, .. }
                | ErrorKind::InvalidUtf8InPathParam { key } => Some(key.clone()),
                // Of a single parameter the name is not told.
                ErrorKind::ParseError { .. } | ErrorKind::Message(_) => {
                    first.filter(|_| second.is_none())
                }
                // A handler whose type does not fit its path.
                _ => return Problem::internal(rejection),
            };
            let fault = |name| Fault::new(format!("{{{name}}}"), "value", "nothing has this id");
            let faults = name.map(fault).into_iter().collect();
            Problem { faults, ..Problem::new(Code::NotFound, "") }
        })
    }
}

/// The caller's own name for a write: the same key with the same request changes nothing more and gets
/// the same answer. Every write must have one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    /// Longest key.
    pub const CHARS_MAX: usize = 255;

    /// Reads it from the headers.
    ///
    /// # Errors
    /// When it is missing, not 1 to 255 printable ASCII characters, or there are several.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let detail = "send 1 to 255 printable ASCII characters that name this write, once";
        let refused = |code| {
            let faults = vec![Fault::new("Idempotency-Key:", "value", detail)];
            Problem { faults, ..Problem::new(code, "") }
        };
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = values.next().ok_or_else(|| refused(Code::KeyMissing))?.as_bytes();
        let good = (1..=Self::CHARS_MAX).contains(&key.len())
            && key.iter().all(|byte| (b' '..=b'~').contains(byte))
            && values.next().is_none();
        let key = std::str::from_utf8(key).ok().filter(|_| good);
        key.map(|key| Self(key.to_owned())).ok_or_else(|| refused(Code::KeyInvalid))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Basket {
        card: String,
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Line {
        quantity: u32,
        #[serde(rename = "a/b~c")]
        odd: Option<bool>,
    }

    /// Pointer and code of what is wrong with a body; the problem's code where it has no place.
    fn wrong(text: &str) -> String {
        let parsed = parse::<Basket>(text.as_bytes())
            .and_then(|_| refuse_control_characters(text.as_bytes()));
        let problem = parsed.expect_err(text);
        match problem.faults.first() {
            Some(fault) => format!("{} {}", fault.pointer, fault.code),
            None => problem.code.to_string(),
        }
    }

    #[test]
    fn a_wrong_body_is_pointed_at() {
        for (text, expected) in [
            (r#"{"card":"1","lines":[{"quantity":"2"}]}"#, "/lines/0/quantity type"),
            (r#"{"card":"1","lines":[{"quantity":-2}]}"#, "/lines/0/quantity value"),
            (r#"{"card":"1","lines":[{}]}"#, "/lines/0/quantity missing"),
            (r#"{"card":"1","lines":[{"quantity":1,"x":1}]}"#, "/lines/0/x unknown"),
            (r#"{"card":"1","lines":[{"quantity":1,"a/b~c":1}]}"#, "/lines/0/a~1b~0c type"),
            (r#"{"card":"1","card":"1","lines":[]}"#, "/card duplicate"),
            (r#"{"card":"a\u0000b","lines":[]}"#, "/card control_character"),
            (r#"{"card":"a\u007fb","lines":[]}"#, "/card control_character"),
            ("{\"card\":\"a\u{85}b\",\"lines\":[]}", "/card control_character"),
            (r#"{"card":"\ud800","lines":[]}"#, "json_malformed"),
            (r#"{"card":"1","lines":[]"#, "json_malformed"),
            (r#"{"card":"1","lines":[]} x"#, "json_malformed"),
            (r#"{"card":1,"lines":"#, "json_malformed"),
            ("", "json_malformed"),
            ("[]", " type"),
            (r#"["1",[]]"#, " type"),
        ] {
            assert_eq!(wrong(text), expected, "{text}");
        }
        assert!(
            parse::<Basket>("{\"card\":\"ñ\u{202e}\\n\u{10ffff}\",\"lines\":[]}".as_bytes())
                .is_ok()
        );
    }
}
