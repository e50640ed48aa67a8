//! What must not be seen: a password, a token, a secret, or the hash by which one is guessed.

use std::fmt;

/// A text that no log and no error shows. It cannot be compared, so that nobody compares it in a time
/// that tells how much of it was right, and it cannot be written as JSON by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who must have it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_shown() {
        let shown = format!("{:?} {:#?}", Some(Secret::new("xyzzy")), Secret::new("xyzzy"));
        assert!(!shown.contains("xyzzy") && shown.contains("[hidden]"), "{shown}");
    }
}
