//! Changes: the one way by which caches and replicas learn what was written.

use retail::Instant;

use crate::statement::{Statement, Value, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("change/add", "change/add.postgres");
static SINCE: Statement = sql!("change/since", "change/since.postgres");
static NEWEST: Statement = sql!("change/newest", "change/newest.postgres");
static OF_KEYS: Statement = sql!("change/of_keys");

/// Something that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands; reading goes on after it.
    pub cursor: Cursor,
    /// What kind of thing: `card`, `wallet`, `network` …
    pub kind: String,
    /// Its id.
    pub object: String,
    /// When, as the writer said.
    pub at: Instant,
}

/// A place in the sequence of changes; the default is before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    writer: i64,
    id: i64,
}

impl Tx<'_> {
    /// Says that something is changed by this write.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changed(&mut self, kind: &str, object: &str, at: Instant) -> Result<(), DbError> {
        self.changed_each(kind, &[object], at)
    }

    /// The same of many things of one kind, in this sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changed_each(
        &mut self,
        kind: &str,
        objects: &[&str],
        at: Instant,
    ) -> Result<(), DbError> {
        let rows: Vec<[(&str, Value<'_>); 3]> = objects
            .iter()
            .map(|&object| [("kind", kind.into()), ("object", object.into()), ("at", at.0.into())])
            .collect();
        self.execute_each(&ADD, &rows).map(drop)
    }

    /// Changes after a place, at most so many. What a write commits late is not passed over: on
    /// PostgreSQL a change is told once no older write is under way.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes_since(&mut self, after: Cursor, most: u32) -> Result<Vec<Change>, DbError> {
        let params = [
            ("writer", after.writer.into()),
            ("id", after.id.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&SINCE, &params, |row| {
            Ok(Change {
                cursor: Cursor { writer: row.integer()?, id: row.integer()? },
                kind: row.text()?,
                object: row.text()?,
                at: Instant(row.integer()?),
            })
        })
    }

    /// The newest place before which nothing will be told any more: who has seen everything up to here
    /// goes on after it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn newest_change(&mut self) -> Result<Cursor, DbError> {
        let newest = self
            .row(&NEWEST, &[], |row| Ok(Cursor { writer: row.integer()?, id: row.integer()? }))?;
        Ok(newest.unwrap_or_default())
    }

    /// Ids of API keys changed after a place, at most so many. Other than [`Tx::changes_since`] it tells on
    /// PostgreSQL at once what is committed, and may therefore tell it again until
    /// [`Tx::newest_change`] has passed it: who keeps keys must be quick to forget.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keys_changed_since(&mut self, after: Cursor, most: u32) -> Result<Vec<String>, DbError> {
        let params = [
            ("writer", after.writer.into()),
            ("id", after.id.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&OF_KEYS, &params, crate::Row::text)
    }
}
