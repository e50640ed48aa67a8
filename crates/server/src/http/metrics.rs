//! Counts for Prometheus: requests by route, method and status, how long they took, how many are under
//! way, and what the process uses. A route is its template, never a path, so that the number of series
//! stays bounded and no id gets in.

use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use super::Shared;
use super::problem::Problem;

/// The counts of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
}

/// Upper bounds in seconds.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

impl Metrics {
    /// Counts from zero.
    ///
    /// # Errors
    /// Never, as long as the names below differ.
    pub fn new() -> Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("http_requests_total", "Requests answered."),
            &["route", "method", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new(
                "http_request_duration_seconds",
                "From the request's head to the answer.",
            )
            .buckets(BUCKETS.to_vec()),
            &["route", "method"],
        )?;
        let in_flight = IntGauge::new("http_requests_in_flight", "Requests under way.")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self { registry, requests, seconds, in_flight })
    }

    /// A request has begun.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request has ended.
    pub fn end(&self, route: &str, method: &Method, status: u16, took: Duration) {
        self.in_flight.dec();
        let method = known(method);
        self.requests.with_label_values(&[route, method, &status.to_string()]).inc();
        self.seconds.with_label_values(&[route, method]).observe(took.as_secs_f64());
    }

    fn text(&self) -> Result<String> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}

/// A method by its name, those that a client invented together: counts and the log stay bounded.
#[must_use]
pub fn known(method: &Method) -> &'static str {
    let all = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    all.iter().position(|one| one == method).map_or("other", |at| names[at])
}

/// Counts for Prometheus, in its text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "The counts", body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(app): Shared) -> Result<Response, Problem> {
    let text = app.metrics.text()?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}
