//! What is wrong with rules or a basket, told by its place.

use std::fmt;

use serde::Serialize;

/// One mistake: where it stands and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer (RFC 6901) into what was looked at: `/rules/1/then/0/percent/discount_bps`.
    pub pointer: String,
    /// Stable name of the reason.
    pub code: &'static str,
    /// A sentence for the person who wrote it.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}
