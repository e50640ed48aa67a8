//! Lists come in pages. A cursor says where the next one begins; it is opaque to the client, so that
//! what it holds may change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;

/// Most rows of a page.
pub const LIMIT_MAX: u16 = 500;

/// Rows of a page when the client does not say.
pub const LIMIT_DEFAULT: u16 = 50;

/// The query of a list that has no filters; one that has them repeats the two fields.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "WzQyXQ")]
    pub cursor: Option<Cursor>,
    /// Most rows of the page, 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, example = 50)]
    pub limit: Limit,
}

impl Page {
    /// The place after which the page begins, if the client names one.
    ///
    /// # Errors
    /// As [`Cursor::place`].
    pub fn place<T: DeserializeOwned>(&self) -> Result<Option<T>, Problem> {
        self.cursor.as_ref().map(Cursor::place).transpose()
    }

    /// How many rows are read: one more than is shown, so that the last page is known.
    #[must_use]
    pub fn asked(&self) -> u32 {
        u32::from(self.limit.0) + 1
    }
}

/// Rows of a page: 1 to 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub u16);

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        match u16::deserialize(input)? {
            limit @ 1..=LIMIT_MAX => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("a limit is 1 to {LIMIT_MAX}"))),
        }
    }
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The place named by a plain value: the key of the last row.
    ///
    /// # Panics
    /// Never for plain data: numbers, texts, tuples of them.
    #[must_use]
    pub fn at(place: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(place).expect("plain data become JSON");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value the place was named by.
    ///
    /// # Errors
    /// A wrong parameter, when it is no cursor of this list.
    pub fn place<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
            Problem::parameter("?cursor", "value", "take `next` of the page before as it is")
        })
    }
}

/// A page of rows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

impl<T> List<T> {
    /// A page of at most `limit` of these rows, of which one more was read to know whether it is the
    /// last; `place` names the last row's place.
    pub fn of<P: Serialize>(mut rows: Vec<T>, limit: Limit, place: impl Fn(&T) -> P) -> Self {
        let more = rows.len() > usize::from(limit.0);
        rows.truncate(limit.0.into());
        let next = rows.last().filter(|_| more).map(|row| Cursor::at(&place(row)));
        Self { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let page = List::of(vec!["a", "b", "c"], Limit(2), |row| (*row, 7));
        assert_eq!(page.items, ["a", "b"]);
        let place: (String, u32) = page.next.expect("there is more").place().unwrap();
        assert_eq!(place, ("b".to_owned(), 7));
        assert!(List::of(vec![1, 2], Limit(2), |row| *row).next.is_none());
        for wrong in ["", "!", "WzQyXQ", "eyJhIjo"] {
            assert!(Cursor(wrong.to_owned()).place::<(String, u32)>().is_err(), "{wrong}");
        }
    }
}
