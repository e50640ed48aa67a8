//! Versions of things: an answer carries one as `ETag`, a change names the one it was made from with
//! `If-Match`, so that two people do not overwrite each other. Reading with `If-None-Match` is answered
//! 304 by [`super::request`] wherever the answer has an `ETag`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::problem::{Code, Problem};

/// A strong entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// The tag of a version: a number or a hash, without quotes and control characters.
    #[must_use]
    pub fn of(version: impl std::fmt::Display) -> Self {
        let text = version.to_string();
        Self(text.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect())
    }
}

/// An answer with the version of what it shows.
#[derive(Clone, Debug)]
pub struct Tagged<T>(pub ETag, pub T);

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        let tag = HeaderValue::from_str(&format!("\"{}\"", self.0.0));
        response.headers_mut().insert(header::ETAG, tag.expect("a tag is graphic ASCII"));
        response
    }
}

/// The versions a change may be made from, as the client names them; none if it named none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Goes on if the thing has one of the named versions.
    ///
    /// # Errors
    /// 428 when the client named none, 412 when it has changed.
    pub fn demand(&self, current: &ETag) -> Result<(), Problem> {
        let Some(named) = &self.0 else {
            return Err(Problem::new(Code::VersionMissing, "read it, and send its ETag back"));
        };
        if names(named, &current.0, false) {
            return Ok(());
        }
        Err(Problem::new(Code::VersionChanged, "read it again"))
    }
}

impl IfMatch {
    /// The one version named, where versions are numbers.
    ///
    /// # Errors
    /// 428 when the client named none, 412 when it can be no version.
    pub fn version(&self) -> Result<i64, Problem> {
        let Some(named) = &self.0 else {
            return Err(Problem::new(Code::VersionMissing, "read it, and send its ETag back"));
        };
        let number = named.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let number = number.and_then(|number| number.parse().ok());
        number.ok_or_else(|| Problem::new(Code::VersionChanged, "send the ETag as it came"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let wrong = |_| Problem::parameter("If-Match:", "value", "send the ETag as it came");
        Ok(Self(Some(value.to_str().map_err(wrong)?.to_owned())))
    }
}

/// Whether a reader already has the version that an answer shows.
#[must_use]
pub fn is_known(asked: Option<&HeaderValue>, answer: &HeaderMap) -> bool {
    let known = asked.and_then(|value| value.to_str().ok());
    let current = answer.get(header::ETAG).and_then(|value| value.to_str().ok());
    matches!((known, current), (Some(known), Some(current)) if names(known, current.trim_matches('"'), true))
}

/// Whether a list of tags names one; weak ones count for reading only (RFC 9110, 8.8.3.2).
fn names(list: &str, tag: &str, weak: bool) -> bool {
    list.split(',').map(str::trim).any(|one| {
        let one = if weak { one.trim_start_matches("W/") } else { one };
        one == "*" || one.strip_prefix('"').and_then(|one| one.strip_suffix('"')) == Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_version_it_was_made_from() {
        for (named, expected) in [
            (None, Some(Code::VersionMissing)),
            (Some("\"7\""), None),
            (Some("\"6\", \"7\""), None),
            (Some("*"), None),
            (Some("\"6\""), Some(Code::VersionChanged)),
            (Some("W/\"7\""), Some(Code::VersionChanged)),
            (Some("7"), Some(Code::VersionChanged)),
        ] {
            let demanded = IfMatch(named.map(str::to_owned)).demand(&ETag::of(7));
            assert_eq!(demanded.err().map(|problem| problem.code), expected, "{named:?}");
        }
    }
}
