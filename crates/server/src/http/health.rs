//! Whether the process lives, and whether it can serve: what a load balancer asks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::problem::{Code, Fault, Problem};

/// Says what keeps the server from serving: nothing when it is ready. It may look at disks and databases.
pub type Readiness = Arc<dyn Fn() -> Vec<Fault> + Send + Sync>;

/// How a server feels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ready"}))]
pub struct Health {
    /// `live` or `ready`.
    pub status: &'static str,
}

/// The process lives.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "operation",
    responses((status = 200, description = "It lives", body = Health))
)]
pub async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// The server can serve; otherwise the problem's `errors` say why not.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operation",
    responses((status = 200, description = "It can serve", body = Health))
)]
pub async fn ready(State(app): Shared) -> Result<Json<Health>, Problem> {
    if app.stopping.load(Ordering::Relaxed) {
        return Err(Problem::new(Code::NotReady, "stopping"));
    }
    let readiness = app.ready.clone();
    let faults = app.pool.run(move || Ok(readiness())).await?;
    if faults.is_empty() {
        return Ok(Json(Health { status: "ready" }));
    }
    Err(Problem { faults, ..Problem::new(Code::NotReady, "") })
}
