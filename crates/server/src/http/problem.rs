//! What the API answers when it cannot do what was asked: RFC 9457 problems with stable codes.
//!
//! Who may see what: the client sees the code, a sentence about its own request, and the request's id.
//! The log sees the cause. Causes name files, statements and addresses of ours, so a client never gets
//! one; and the log never gets a body, a query value or a header, so a problem's `detail` and `errors`,
//! which may repeat what the client sent, are not logged.

use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use programme::ProgrammeError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;

/// Longest sentence, and longest name of a place: what a client sent comes back to it in part only.
const CHARS_MAX: usize = 300;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Every code a client may meet; a code keeps its meaning and status for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The body is no JSON; the detail names line and column.
    JsonMalformed,
    /// A query or path parameter, or a header, is wrong; `errors` names it.
    ParameterInvalid,
    /// A write came without `Idempotency-Key`.
    KeyMissing,
    /// The `Idempotency-Key` is not 1 to 255 printable ASCII characters.
    KeyInvalid,
    /// No credentials, or none that are valid.
    Unauthenticated,
    /// Valid credentials without the right that is needed.
    Forbidden,
    /// No such route, or no such thing that the caller may see.
    NotFound,
    /// The route exists, not with this method; `Allow` lists those it has.
    MethodNotAllowed,
    /// The body did not arrive in time.
    BodySlow,
    /// The thing's state does not allow it.
    Conflict,
    /// The `Idempotency-Key` was used with another request before.
    KeyReused,
    /// The thing has another version than `If-Match` names.
    VersionChanged,
    /// The body is larger than the route takes.
    BodyTooLarge,
    /// The body is not `application/json`, or is compressed.
    MediaType,
    /// A field is wrong, missing or unknown; `errors` points to it.
    Invalid,
    /// The request must name the version it changes with `If-Match`.
    VersionMissing,
    /// Too many requests for now; `Retry-After` says how long to wait.
    TooMany,
    /// Our fault; the log has the cause under the request's id.
    Internal,
    /// Too much work for now; nothing was done, repeat after `Retry-After`.
    Busy,
    /// It took too long; repeat with the same `Idempotency-Key`.
    Timeout,
    /// It may have been done or not; repeat with the same `Idempotency-Key` to learn which.
    OutcomeUnknown,
    /// The programme cannot serve this yet, or any more; `errors` say why.
    NotReady,
}

/// A code's status, name and titles.
struct About(StatusCode, &'static str, &'static str, &'static str);

impl Code {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::JsonMalformed,
        Self::ParameterInvalid,
        Self::KeyMissing,
        Self::KeyInvalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodySlow,
        Self::Conflict,
        Self::KeyReused,
        Self::VersionChanged,
        Self::BodyTooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::VersionMissing,
        Self::TooMany,
        Self::Internal,
        Self::Busy,
        Self::Timeout,
        Self::OutcomeUnknown,
        Self::NotReady,
    ];

    #[rustfmt::skip]
    fn about(self) -> About {
        use StatusCode as S;
        match self {
            Self::JsonMalformed => About(S::BAD_REQUEST, "json_malformed", "The body is not valid JSON", "Тело запроса не является JSON"),
            Self::ParameterInvalid => About(S::BAD_REQUEST, "parameter_invalid", "A parameter is wrong", "Неверный параметр запроса"),
            Self::KeyMissing => About(S::BAD_REQUEST, "key_missing", "Idempotency-Key is missing", "Нет заголовка Idempotency-Key"),
            Self::KeyInvalid => About(S::BAD_REQUEST, "key_invalid", "Idempotency-Key is wrong", "Неверный заголовок Idempotency-Key"),
            Self::Unauthenticated => About(S::UNAUTHORIZED, "unauthenticated", "Who are you?", "Требуется вход"),
            Self::Forbidden => About(S::FORBIDDEN, "forbidden", "You may not do this", "Недостаточно прав"),
            Self::NotFound => About(S::NOT_FOUND, "not_found", "There is no such thing", "Не найдено"),
            Self::MethodNotAllowed => About(S::METHOD_NOT_ALLOWED, "method_not_allowed", "This route does not have this method", "Метод не поддерживается"),
            Self::BodySlow => About(S::REQUEST_TIMEOUT, "body_slow", "The body did not arrive in time", "Тело запроса не получено вовремя"),
            Self::Conflict => About(S::CONFLICT, "conflict", "Its state does not allow this", "Состояние не допускает этого действия"),
            Self::KeyReused => About(S::CONFLICT, "key_reused", "Idempotency-Key was used with another request", "Idempotency-Key уже использован с другим запросом"),
            Self::VersionChanged => About(S::PRECONDITION_FAILED, "version_changed", "It has changed meanwhile", "Данные успели измениться"),
            Self::BodyTooLarge => About(S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", "Тело запроса слишком велико"),
            Self::MediaType => About(S::UNSUPPORTED_MEDIA_TYPE, "media_type", "The body must be application/json", "Тело запроса должно быть application/json"),
            Self::Invalid => About(S::UNPROCESSABLE_ENTITY, "invalid", "A field is wrong", "Неверное поле запроса"),
            Self::VersionMissing => About(S::PRECONDITION_REQUIRED, "version_missing", "If-Match is missing", "Нет заголовка If-Match"),
            Self::TooMany => About(S::TOO_MANY_REQUESTS, "too_many", "Too many requests", "Слишком много запросов"),
            Self::Internal => About(S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side", "Внутренняя ошибка"),
            Self::Busy => About(S::SERVICE_UNAVAILABLE, "busy", "Too busy; try again", "Сервер занят, повторите запрос"),
            Self::Timeout => About(S::SERVICE_UNAVAILABLE, "timeout", "It took too long", "Превышено время обработки"),
            Self::OutcomeUnknown => About(S::SERVICE_UNAVAILABLE, "outcome_unknown", "The outcome is unknown; repeat with your key", "Результат неизвестен, повторите с тем же ключом"),
            Self::NotReady => About(S::SERVICE_UNAVAILABLE, "not_ready", "Not ready to serve", "Сервис не готов"),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.about().0
    }

    /// The code as clients see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.about().1
    }

    /// What it means, for people.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        let about = self.about();
        language.pick(about.2, about.3)
    }

    /// The code behind a bare status, as a library of ours answers one.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::BodySlow,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::MediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            other if other.is_client_error() => Self::ParameterInvalid,
            _ => Self::Internal,
        }
    }

    /// Seconds after which repeating makes sense, where nothing better is known.
    fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::Busy | Self::Timeout | Self::OutcomeUnknown => Some(1),
            Self::TooMany => Some(1),
            Self::NotReady => Some(10),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One place of the request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/lines/0/quantity", "code": "type", "detail": "invalid type: string \"2\", expected i64"}))]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the body, or `?name` of a query parameter, `{name}` of a path
    /// parameter, `Name:` of a header.
    pub pointer: String,
    /// `unknown`, `missing`, `duplicate`, `type`, `value`, `control_character`, or the trade's own.
    pub code: String,
    /// A sentence for the person who wrote the client.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

/// Why a request was not done, before it becomes an answer: [`super::request`] adds the request's id and
/// the language, and writes the cause to the log.
#[derive(Debug)]
pub struct Problem {
    /// What it is.
    pub code: Code,
    /// A sentence for the client; empty where the title says it all.
    pub detail: String,
    /// The places that are wrong.
    pub faults: Vec<Fault>,
    /// Seconds to wait before repeating, where repeating helps.
    pub retry_after_s: Option<u32>,
    /// For the log only.
    pub cause: Option<anyhow::Error>,
}

impl Problem {
    /// A problem with a sentence for the client.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after_s = code.retry_after_s();
        Self { code, detail: detail.into(), faults: Vec::new(), retry_after_s, cause: None }
    }

    /// Fields of the body that are wrong: 422.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self { faults, ..Self::new(Code::Invalid, "") }
    }

    /// A query or path parameter, or a header, that is wrong: 400.
    pub fn parameter(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        let faults = vec![Fault::new(pointer, code, detail)];
        Self { faults, ..Self::new(Code::ParameterInvalid, "") }
    }

    /// Our fault: the cause goes to the log, the client learns nothing of it.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal, "").with_cause(cause)
    }

    /// The same with a cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same with another time to wait.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The answer's body, whose texts have a bounded length whatever was sent.
    #[must_use]
    pub fn body(&self, request_id: &str, language: Language) -> ProblemBody {
        let short =
            |fault: &Fault| Fault::new(cut(&fault.pointer), &fault.code, cut(&fault.detail));
        ProblemBody {
            kind: format!("urn:problem-type:proffer:{}", self.code),
            title: self.code.title(language).to_owned(),
            status: self.code.status().as_u16(),
            detail: cut(&self.detail),
            code: self.code,
            instance: request_id.to_owned(),
            errors: self.faults.iter().map(short).collect(),
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a flow of the programme could not do. An error the caller can act upon becomes a problem that
/// says so; anything else is ours.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        let known = error.downcast_ref::<ProgrammeError>();
        match known {
            Some(ProgrammeError::NoCustomer { .. } | ProgrammeError::NoOffers { .. }) => {
                Self::new(Code::NotFound, format!("{error}"))
            }
            Some(ProgrammeError::Empty | ProgrammeError::NoSnapshot) => {
                Self::new(Code::NotReady, format!("{error}"))
            }
            Some(ProgrammeError::Tallying) => Self::new(Code::Busy, format!("{error}")),
            Some(ProgrammeError::Busy { .. }) => {
                Self::new(Code::Busy, "the programme is being changed; nothing was done")
            }
            _ => Self::internal(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// A problem as the client gets it (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:problem-type:proffer:invalid", "title": "A field is wrong", "status": 422,
    "code": "invalid", "instance": "5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b",
    "errors": [{"pointer": "/lines/0/quantity", "code": "missing", "detail": "missing field `quantity`"}]
}))]
pub struct ProblemBody {
    /// The kind of problem, as a name: `urn:problem-type:proffer:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, in the language of `Accept-Language` (English or Russian).
    pub title: String,
    /// The answer's status.
    pub status: u16,
    /// What is wrong with this request.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub detail: String,
    /// What a program decides by.
    pub code: Code,
    /// The request's id, the same as in `X-Request-Id` and in our log.
    pub instance: String,
    /// The places that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_name_everywhere() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(code.status().as_u16() >= 400);
            assert_ne!(code.title(Language::En), code.title(Language::Ru));
        }
    }

    #[test]
    fn a_cause_stays_with_us() {
        let problem = Problem::from(anyhow::anyhow!("cannot read /var/lib/secret"));
        assert_eq!(problem.code, Code::Internal);
        let body = serde_json::to_string(&problem.body("id", Language::En)).unwrap();
        assert!(!body.contains("secret"), "{body}");
    }
}
