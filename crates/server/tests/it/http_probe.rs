//! A server in this process with routes that fail in every way there is, over the same listener, guard
//! and middleware as the real ones.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use programme::{Bounds, Door, Programme, Role, SettingsLanguage};
use serde::{Deserialize, Serialize};
use server::http::access::{Authenticate, Caller, Credentials, Scope};
use server::http::call::Call;
use server::http::extract::{Body, IdempotencyKey, Path, Query};
use server::http::page::{List, Page};
use server::http::problem::{Code, Fault, Problem};
use server::http::version::{ETag, IfMatch, Tagged};
use server::http::{App, Routes, Settings, Shared, listen, routes};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::http_client::Ask;

/// A running server; it stops when it goes.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<bool>>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programme = Programme::init(&folder.path().join("p"), SettingsLanguage::En).unwrap();
        Self::of(folder, Arc::new(programme), settings, authenticate(), probes())
    }

    /// A server of a programme in a folder, which lives as long.
    pub fn of(
        folder: tempfile::TempDir,
        programme: Arc<Programme>,
        settings: Settings,
        authenticate: Authenticate,
        routes: Routes,
    ) -> Self {
        let ready = Arc::new(|| vec![Fault::new("lake", "unreadable", "as intended")]);
        let app = App::new(programme, settings, authenticate, ready).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            let served = listen::serve(listener, None, app, routes, stopped);
            let ended = runtime.block_on(served).unwrap();
            runtime.shutdown_timeout(Duration::from_millis(10));
            ended
        });
        Self { address, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    /// Tells it to stop, waits until it has, and says whether all requests ended.
    pub fn stop(mut self) -> bool {
        self.tell_to_stop();
        self.thread.take().unwrap().join().unwrap()
    }

    pub fn tell_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell_to_stop();
    }
}

/// A key of the tests: its id is its right, `all`, or `none`.
pub fn key(id: &str) -> String {
    format!("Bearer lk_test_{}_0123456789abcdef", id.replace(':', "-"))
}

/// A request of somebody who has a right.
pub fn ask(id: &str, method: &str, path: &str) -> Ask {
    Ask::new(method, path).with("Authorization", &key(id))
}

/// A write as it should be.
pub fn write(id: &str, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Ask {
    ask(id, method, path)
        .with("Content-Type", "application/json")
        .with("Idempotency-Key", "1")
        .body(body)
}

fn authenticate() -> Authenticate {
    Arc::new(|credentials| {
        let Credentials::Key { id, .. } = credentials else {
            return Err(Problem::new(Code::Unauthenticated, "no session is known here"));
        };
        let scopes = Scope::ALL
            .into_iter()
            .filter(|scope| id == "all" || scope.as_str().replace(':', "-") == *id);
        if id == "stranger" {
            return Err(Problem::new(Code::Unauthenticated, "the key is not valid"));
        }
        Ok(Caller {
            actor: id.clone(),
            role: Role::Administrator,
            door: Door::Office,
            scopes: scopes.collect(),
            bounds: Bounds::default(),
            shop: None,
            till: None,
            live: false,
        })
    })
}

fn probes() -> Routes {
    routes()
        .write(Scope::ReceiptsWrite, routes!(basket))
        .write_large(Scope::ReceiptsWrite, 4 << 20, routes!(large))
        .read(Scope::CardsRead, routes!(list))
        .read(Scope::CardsRead, routes!(number))
        .read(Scope::CardsRead, routes!(versioned))
        .write(Scope::CardsWrite, routes!(change))
        .read(Scope::CardsRead, routes!(fails))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProbeBasket {
    card: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    quantity: u32,
}

#[utoipa::path(post, path = "/api/v1/probe/basket", request_body = ProbeBasket, responses((status = 200, body = ProbeBasket)))]
async fn basket(
    State(app): Shared,
    call: Call,
    IdempotencyKey(_): IdempotencyKey,
    Body(basket): Body<ProbeBasket>,
) -> Result<Json<ProbeBasket>, Problem> {
    assert!(call.caller.may(Scope::ReceiptsWrite));
    app.limits.take_card(&basket.card)?;
    Ok(Json(basket))
}

#[utoipa::path(post, path = "/api/v1/probe/large", request_body = ProbeBasket, responses((status = 200)))]
async fn large(Body(basket): Body<ProbeBasket>) -> Json<usize> {
    Json(basket.card.len())
}

#[utoipa::path(get, path = "/api/v1/probe/list", params(Page), responses((status = 200, body = List<u32>)))]
async fn list(Query(page): Query<Page>) -> Result<Json<List<u32>>, Problem> {
    let after: u32 = page.cursor.map_or(Ok(0), |cursor| cursor.place())?;
    let rows = (after + 1..=7).take(usize::from(page.limit.0) + 1).collect();
    Ok(Json(List::of(rows, page.limit, |row| *row)))
}

#[utoipa::path(get, path = "/api/v1/probe/number/{number}", params(("number" = u32, Path)), responses((status = 200)))]
async fn number(Path(number): Path<u32>) -> Json<u32> {
    Json(number)
}

#[utoipa::path(get, path = "/api/v1/probe/versioned", responses((status = 200)))]
async fn versioned() -> Tagged<Json<&'static str>> {
    Tagged(ETag::of(7), Json("seven"))
}

#[utoipa::path(put, path = "/api/v1/probe/versioned", responses((status = 204)))]
async fn change(if_match: IfMatch) -> Result<axum::http::StatusCode, Problem> {
    if_match.demand(&ETag::of(7))?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// How long the slow request takes: long enough for a busy machine to do something meanwhile.
const SLOW: Duration = Duration::from_secs(3);

#[utoipa::path(get, path = "/api/v1/probe/fails/{how}", params(("how" = String, Path)), responses((status = 200)))]
async fn fails(State(app): Shared, Path(how): Path<String>) -> Result<Json<u8>, Problem> {
    match how.as_str() {
        "panic" => panic!("the s3cr3t of the panic"),
        "blocking-panic" => app.pool.run(|| panic!("the s3cr3t of the panic")).await,
        "cause" => Err(anyhow::anyhow!("cannot read /the/s3cr3t/place"))?,
        "unknown" => {
            Err(Problem::new(Code::OutcomeUnknown, "").with_cause(anyhow::anyhow!("s3cr3t")))
        }
        "conflict" => Err(Problem::new(Code::Conflict, "the card is blocked")),
        "reused" => Err(Problem::new(Code::KeyReused, "another quantity")),
        "bare" => Ok(Json(1)),
        "slow" => {
            tokio::time::sleep(SLOW).await;
            Ok(Json(1))
        }
        "blocking-slow" => {
            let slow = || {
                std::thread::sleep(SLOW);
                Ok(1)
            };
            app.pool.run(slow).await.map(Json)
        }
        _ => Err(Problem::new(Code::NotFound, "")),
    }
}
