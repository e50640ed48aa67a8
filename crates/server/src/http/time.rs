//! Moments as the API writes them.

use programme::Instant;

use super::problem::{Fault, Problem};

/// A moment as RFC 3339 writes it, in UTC.
#[must_use]
pub fn rfc3339(at: Instant) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(at) => at.to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// A moment that a client has written, by its place in the body.
///
/// # Errors
/// 422 for what is no moment of RFC 3339.
pub fn moment(pointer: &str, text: &str) -> Result<Instant, Problem> {
    let read = text.parse::<jiff::Timestamp>();
    read.map(|at| Instant(at.as_microsecond())).map_err(|_| {
        let detail = "write a moment as RFC 3339 does: 2026-01-01T09:00:00Z";
        Problem::invalid(vec![Fault::new(pointer, "value", detail)])
    })
}
