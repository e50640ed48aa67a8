//! What is wrong with a table somebody wrote, told by its place.

use std::fmt;

use serde::Serialize;

/// One mistake in a table of rules: where it stands and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer (RFC 6901) into the table: `/levels/1/threshold`.
    pub pointer: String,
    /// A sentence for the person who wrote the table.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.reason)
    }
}

/// The problem itself where the condition that must hold does not.
pub(crate) fn unless(holds: bool, pointer: &str, reason: &str) -> Option<Problem> {
    (!holds).then(|| Problem { pointer: pointer.to_owned(), reason: reason.to_owned() })
}
