//! Seals: the audit's rows in their final sequence, each with a hash over itself and all before it; and
//! heads, the signed hashes of a moment. Who signs, and who looks whether it all fits, is `programme`.

use retail::Instant;
use sha2::{Digest, Sha256};

use crate::audit::{DeedPlace, DeedRow};
use crate::statement::{Row, Statement, sql};
use crate::{DbError, Deed, Tx};

static ADD: Statement = sql!("seal/add");
static NEWEST: Statement = sql!("seal/newest");
static AFTER: Statement = sql!("seal/after");
static LOCK: Statement = sql!("seal/lock", "seal/lock.postgres");
static HEAD_ADD: Statement = sql!("seal_head/add");
static HEAD_NEWEST: Statement = sql!("seal_head/newest");
static HEAD_AFTER: Statement = sql!("seal_head/after");

/// How rows are written as bytes today; see [`Seal::sha256_of`].
const VERSION: i64 = 1;

/// One row of the audit, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// From 1, without gaps.
    pub position: i64,
    /// Which row.
    pub place: DeedPlace,
    /// How the row is written as bytes.
    pub version: i64,
    /// Hash over the hash before and the row, hexadecimal.
    pub sha256: String,
}

/// A signed seal: who rewrites the audit cannot make it anew.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The position of the newest seal when it was signed.
    pub position: i64,
    /// That seal's hash.
    pub sha256: String,
    /// The public key, base64.
    pub signed_by: String,
    /// The signature, base64.
    pub signature: String,
    /// When.
    pub at: Instant,
}

impl Seal {
    /// The seal of a row after another; the first has none before it.
    #[must_use]
    pub fn after(previous: Option<&Self>, row: &DeedRow) -> Self {
        let position = previous.map_or(1, |seal| seal.position + 1);
        let before = previous.map_or("", |seal| seal.sha256.as_str());
        let sha256 = Self::sha256_of(VERSION, position, before, row)
            .expect("today's version is one that it knows");
        Self { position, place: row.place, version: VERSION, sha256 }
    }

    /// The hash of a row at a position after another's hash (empty for the first); nothing where the
    /// version is none that this program knows.
    ///
    /// Version 1 is SHA-256 over `proffer audit 1`, a line feed, and these values: position, the hash
    /// before, writer, id, then the columns from `at` to `detail`. A number is `i` and 8 bytes, the
    /// largest first; a text is `t`, its length as 8 bytes, and its UTF-8; nothing is `n`. So no two
    /// rows are the same bytes.
    #[must_use]
    pub fn sha256_of(version: i64, position: i64, before: &str, row: &DeedRow) -> Option<String> {
        if version != VERSION {
            return None;
        }
        let DeedRow { place, deed } = row;
        let mut bytes = Bytes(Sha256::new_with_prefix(b"proffer audit 1\n"));
        bytes.number(position);
        bytes.text(before);
        bytes.number(place.writer);
        bytes.number(place.id);
        bytes.number(deed.at.0);
        // Named one by one: a column that is added must not be forgotten here.
        let Deed { at: _, actor, role, door, action, kind, object, shop, till, request, detail } =
            deed;
        [actor, role, door, action, kind, object].into_iter().for_each(|text| bytes.text(text));
        bytes.text_or_nothing(shop.as_deref());
        bytes.text_or_nothing(till.as_deref());
        bytes.text(request);
        bytes.text(detail);
        Some(bytes.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Values as bytes that can be read in one way only.
struct Bytes(Sha256);

impl Bytes {
    fn number(&mut self, number: i64) {
        self.0.update(b"i");
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update(b"t");
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn text_or_nothing(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.update(b"n"),
        }
    }
}

impl Tx<'_> {
    /// Waits until nobody else seals; the right ends with the transaction.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn lock_seals(&mut self) -> Result<(), DbError> {
        self.row(&LOCK, &[], |_| Ok(())).map(drop)
    }

    /// The newest seal, if there is any.
    ///
    /// # Errors
    /// As [`Tx::lock_seals`].
    pub fn newest_seal(&mut self) -> Result<Option<Seal>, DbError> {
        self.row(&NEWEST, &[], seal)
    }

    /// Seals after a position, at most so many.
    ///
    /// # Errors
    /// As [`Tx::lock_seals`].
    pub fn seals_after(&mut self, position: i64, most: u32) -> Result<Vec<Seal>, DbError> {
        let params = [("position", position.into()), ("most", i64::from(most).into())];
        self.rows(&AFTER, &params, seal)
    }

    /// Adds a seal.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the position is taken or the row is sealed.
    pub fn add_seal(&mut self, seal: &Seal) -> Result<(), DbError> {
        let params = [
            ("position", seal.position.into()),
            ("writer", seal.place.writer.into()),
            ("audit", seal.place.id.into()),
            ("version", seal.version.into()),
            ("sha256", (&seal.sha256).into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// The newest head, if there is any.
    ///
    /// # Errors
    /// As [`Tx::lock_seals`].
    pub fn newest_head(&mut self) -> Result<Option<Head>, DbError> {
        self.row(&HEAD_NEWEST, &[], head)
    }

    /// Heads after a position, at most so many.
    ///
    /// # Errors
    /// As [`Tx::lock_seals`].
    pub fn heads_after(&mut self, position: i64, most: u32) -> Result<Vec<Head>, DbError> {
        let params = [("position", position.into()), ("most", i64::from(most).into())];
        self.rows(&HEAD_AFTER, &params, head)
    }

    /// Adds a head; one of this position that is there stays.
    ///
    /// # Errors
    /// As [`Tx::lock_seals`].
    pub fn add_head(&mut self, head: &Head) -> Result<(), DbError> {
        let params = [
            ("position", head.position.into()),
            ("sha256", (&head.sha256).into()),
            ("signed_by", (&head.signed_by).into()),
            ("signature", (&head.signature).into()),
            ("at", head.at.0.into()),
        ];
        self.execute(&HEAD_ADD, &params).map(drop)
    }
}

fn seal(row: &mut Row) -> Result<Seal, DbError> {
    Ok(Seal {
        position: row.integer()?,
        place: DeedPlace { writer: row.integer()?, id: row.integer()? },
        version: row.integer()?,
        sha256: row.text()?,
    })
}

fn head(row: &mut Row) -> Result<Head, DbError> {
    Ok(Head {
        position: row.integer()?,
        sha256: row.text()?,
        signed_by: row.text()?,
        signature: row.text()?,
        at: Instant(row.integer()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shop and till hold nothing, `a` in one of them or in both.
    fn row(shop: Option<&str>, till: Option<&str>) -> DeedRow {
        let text = |name: &str| name.to_owned();
        let deed = Deed {
            at: Instant(1),
            actor: text("staff:anna"),
            role: text("administrator"),
            door: text("office"),
            action: text("card.block"),
            kind: text("card"),
            object: text("42"),
            shop: shop.map(text),
            till: till.map(text),
            request: text("r"),
            detail: text("{}"),
        };
        DeedRow { place: DeedPlace { writer: 0, id: 7 }, deed }
    }

    #[test]
    fn the_bytes_of_version_1_are_for_ever() {
        // Computed with Python's hashlib from the description above.
        let first = Seal::after(None, &row(Some("s"), None));
        assert_eq!(
            (first.position, first.sha256.as_str()),
            (1, "e45af50c06cb2e938fdba4b528897b90e8b381464ca63840559f1bc7daf7710b")
        );
        let second = Seal::after(Some(&first), &row(None, None));
        assert_eq!(
            (second.position, second.sha256.as_str()),
            (2, "8c8d1830a9f9f09a50c215972a52a8be5ff95b6c8edd0999186bc4a6e7ffa2e5")
        );
        assert_eq!(Seal::sha256_of(2, 1, "", &row(None, None)), None);
    }

    #[test]
    fn neighbours_do_not_run_into_each_other() {
        let rows =
            [row(None, None), row(Some(""), None), row(None, Some("")), row(Some("a"), None)];
        let hashes: std::collections::BTreeSet<String> =
            rows.iter().map(|row| Seal::after(None, row).sha256).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
