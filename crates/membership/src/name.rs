//! Names of the values of an enumeration: as they stand in JSON, in settings and in sentences.

use std::fmt::Display;

/// A text that names none of the values it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}; it would have to be {expected}")]
pub struct UnknownName {
    /// What should have been named.
    pub what: &'static str,
    /// What was given instead.
    pub text: String,
    /// The names there are, as a list to read.
    pub expected: String,
}

/// The value of this name among all there are.
pub(crate) fn by_name<T: Copy + Display>(
    what: &'static str,
    all: &[T],
    name: fn(T) -> &'static str,
    text: &str,
) -> Result<T, UnknownName> {
    all.iter().copied().find(|&value| name(value) == text).ok_or_else(|| UnknownName {
        what,
        text: text.to_owned(),
        expected: either(all),
    })
}

/// A choice as a person would say it: `a`, `a or b`, `a, b or c`.
pub(crate) fn either<T: Display>(values: &[T]) -> String {
    let texts: Vec<String> = values.iter().map(T::to_string).collect();
    match texts.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
