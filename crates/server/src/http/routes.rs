//! The routes and what each needs, in one place: the router that enforces it and the OpenAPI document
//! that tells it are made from the same list.
//!
//! ```text
//! Routes::default()
//!     .read(Scope::CardsRead, routes!(card))
//!     .write(Scope::CardsWrite, routes!(issue))
//! ```

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::MethodRouter;
use axum::{Extension, Router};
use serde_json::{Value, json};
use utoipa::openapi::path::Paths;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{InfoBuilder, OpenApi, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::access::{Need, SESSION_COOKIE, Scope, guard};
use super::extract::{BodyBounds, IdempotencyKey};
use super::problem::{Code, Fault, MEDIA_TYPE, Problem, ProblemBody};
use super::{App, request};

/// A path's handlers with their documentation, as the macro `utoipa_axum::routes!` makes it from
/// functions annotated with `utoipa::path`.
pub type Documented = (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<Arc<App>>);

/// Routes under construction.
#[derive(Default)]
pub struct Routes {
    routers: Vec<Registered>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

struct Registered {
    paths: Paths,
    router: MethodRouter<Arc<App>>,
    need: Need,
    body_bytes: Option<usize>,
}

impl Routes {
    /// A route anybody may call.
    #[must_use]
    pub fn open(self, route: Documented) -> Self {
        self.with(Need::Nothing, None, route)
    }

    /// A route that changes nothing, for callers with a right.
    #[must_use]
    pub fn read(self, scope: Scope, route: Documented) -> Self {
        self.with(Need::Read(scope), None, route)
    }

    /// A route that changes something, for callers with a right; it demands an `Idempotency-Key`.
    #[must_use]
    pub fn write(self, scope: Scope, route: Documented) -> Self {
        self.with(Need::Write(scope), None, route)
    }

    /// The same for bodies larger than usual.
    #[must_use]
    pub fn write_large(self, scope: Scope, body_bytes: usize, route: Documented) -> Self {
        self.with(Need::Write(scope), Some(body_bytes), route)
    }

    /// A route that changes nothing, for this machine and for callers with a right.
    #[must_use]
    pub fn local(self, scope: Scope, route: Documented) -> Self {
        self.with(Need::Local(scope), None, route)
    }

    /// A route that changes nothing, for every caller about himself.
    #[must_use]
    pub fn signed_in(self, route: Documented) -> Self {
        self.with(Need::SignedIn { write: false }, None, route)
    }

    /// A route that changes something of the caller's own, for every caller; it demands an
    /// `Idempotency-Key`.
    #[must_use]
    pub fn signed_in_write(self, route: Documented) -> Self {
        self.with(Need::SignedIn { write: true }, None, route)
    }

    /// A route that changes what only a member of staff has, for him in his session; it demands an
    /// `Idempotency-Key`.
    #[must_use]
    pub fn person_write(self, route: Documented) -> Self {
        self.with(Need::Person, None, route)
    }

    fn with(mut self, need: Need, body_bytes: Option<usize>, route: Documented) -> Self {
        let (schemas, paths, router) = route;
        self.schemas.extend(schemas);
        self.routers.push(Registered { paths, router, need, body_bytes });
        self
    }

    /// The router, with everything around it.
    ///
    /// # Panics
    /// When two routes have the same path and method, at start.
    pub fn router(self, app: Arc<App>) -> Router {
        let document = Arc::new(self.document());
        let mut router = Router::new();
        for Registered { paths, router: mut route, need, body_bytes } in self.routers {
            if let Some(bytes) = body_bytes {
                let bounds = BodyBounds { bytes, ..app.settings.body };
                route = route.route_layer(Extension(bounds));
            }
            let guarding = app.clone();
            route = route.route_layer(from_fn(move |request: Request, next: Next| {
                guard(guarding.clone(), need, request, next)
            }));
            for path in paths.paths.keys() {
                router = router.route(path, route.clone());
            }
        }
        router
            .fallback(async || Problem::new(Code::NotFound, "no such route"))
            .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed, ""))
            .layer(Extension(Document(document)))
            .layer(from_fn_with_state(app.clone(), request::watch))
            .with_state(app)
    }

    /// The OpenAPI 3.1 document.
    ///
    /// # Panics
    /// When a route that changes something is registered as one that does not, or the other way round.
    #[must_use]
    pub fn document(&self) -> Value {
        let info = InfoBuilder::new().title("Proffer").version(env!("CARGO_PKG_VERSION"));
        let info = info.description(Some(INTRODUCTION)).build();
        let document = OpenApi::new(info, Paths::new());
        let mut document = serde_json::to_value(document).expect("a document is plain data");
        for registered in &self.routers {
            let paths = serde_json::to_value(&registered.paths).expect("paths are plain data");
            for (path, operations) in paths.as_object().into_iter().flatten() {
                for (method, operation) in operations.as_object().into_iter().flatten() {
                    let operation = described(operation.clone(), method, registered.need);
                    document["paths"][path][method] = operation;
                }
            }
        }
        document["components"] = self.components();
        document
    }

    fn components(&self) -> Value {
        let mut schemas = self.schemas.clone();
        schemas.push((ProblemBody::name().into(), ProblemBody::schema()));
        schemas.push((Fault::name().into(), Fault::schema()));
        schemas.push((Code::name().into(), Code::schema()));
        let mut named = serde_json::Map::new();
        for (name, schema) in schemas {
            let schema = serde_json::to_value(schema).expect("a schema is plain data");
            // Two types of one name: one of them would be documented as the other.
            let known = named.insert(name.clone(), schema.clone());
            assert!(known.is_none_or(|known| known == schema), "two schemas are called {name}");
        }
        let schemas = named;
        let responses: serde_json::Map<String, Value> = STATUSES_WRITE
            .iter()
            .map(|&status| (response_name(status), problem_response(status)))
            .collect();
        json!({
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "key": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "lk_<environment>_<id>_<secret>",
                    "description": "An API key of a till, a site or a partner."
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
                    "description": "A session of the staff; writes also carry X-CSRF-Token."
                }
            }
        })
    }
}

const INTRODUCTION: &str = "Receipts in; portraits and personal offers out.\n\n\
    Errors are problems (RFC 9457) with a stable `code`. Every write carries an `Idempotency-Key` and may \
    be repeated with it, but for those that let somebody in. The scopes beside `key` and `session` of an operation are what a caller needs.";

const STATUSES_OPEN: [u16; 4] = [400, 429, 500, 503];
const STATUSES_OPEN_WRITE: [u16; 10] = [400, 401, 408, 409, 413, 415, 422, 429, 500, 503];
const STATUSES_READ: [u16; 7] = [400, 401, 403, 404, 429, 500, 503];
const STATUSES_WRITE: [u16; 14] =
    [400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 429, 500, 503];

/// An operation with what its registration says about it.
fn described(mut operation: Value, method: &str, need: Need) -> Value {
    let write = need.writes();
    let reads = matches!(method, "get" | "head");
    let open = need == Need::Nothing;
    assert!(open || reads != write, "{method} is registered as {need:?}");
    let statuses: &[u16] = match (open, reads) {
        (true, true) => &STATUSES_OPEN,
        (true, false) => &STATUSES_OPEN_WRITE,
        (false, true) => &STATUSES_READ,
        (false, false) => &STATUSES_WRITE,
    };
    for &status in statuses {
        let responses = &mut operation["responses"][status.to_string()];
        if responses.is_null() {
            *responses =
                json!({"$ref": format!("#/components/responses/{}", response_name(status))});
        }
    }
    let by_both = |scopes: &[&str]| json!([{"key": scopes}, {"session": scopes}]);
    let security = match need {
        Need::Nothing => None,
        Need::Read(scope) | Need::Local(scope) | Need::Write(scope) => {
            Some(by_both(&[scope.as_str()]))
        }
        Need::SignedIn { .. } => Some(by_both(&[])),
        Need::Person => Some(json!([{"session": []}])),
    };
    if let Some(security) = security {
        operation["security"] = security;
    }
    if write {
        let key = json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "The caller's name for this write: repeated with it, it is done once.",
            "schema": {
                "type": "string", "minLength": 1, "maxLength": IdempotencyKey::CHARS_MAX,
                "pattern": "^[ -~]+$"
            },
            "example": "till-7/2024-03-01/000042"
        });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(key),
            None => operation["parameters"] = json!([key]),
        }
    }
    operation
}

fn response_name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem_response(status: u16) -> Value {
    let of_status = Code::ALL.into_iter().filter(|code| code.status().as_u16() == status);
    let codes: Vec<String> = of_status.map(|code| format!("`{code}`")).collect();
    let mut response = json!({
        "description": format!("A problem: {}.", codes.join(", ")),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "headers": {"X-Request-Id": {"schema": {"type": "string"}}}
    });
    if matches!(status, 429 | 503) {
        response["headers"]["Retry-After"] = json!({"schema": {"type": "integer", "minimum": 0}});
    }
    response
}

/// The document, as the router hands it to its handler.
#[derive(Clone)]
pub struct Document(Arc<Value>);

/// This document.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "operation",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object, content_type = "application/json"))
)]
pub async fn openapi(Extension(Document(document)): Extension<Document>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string())
}
