//! Audit: who did what, when and where, appended in the write's own transaction.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("audit/add", "audit/add.postgres");
static OF_OBJECT: Statement = sql!("audit/of_object");
static NEWEST: Statement = sql!("audit/newest");
static SETTLED: Statement = sql!("audit/settled", "audit/settled.postgres");
static AFTER: Statement = sql!("audit/after", "audit/after.postgres");
static HORIZON: Statement = sql!("audit/horizon", "audit/horizon.postgres");
static REBASE: Statement = sql!("writer_base/rebase");

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Instant,
    /// Who: a member of staff, a key, or a job of the program's own.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// Through which door.
    pub door: String,
    /// What was done: `card.block`, `network.add` …
    pub action: String,
    /// What kind of thing it was done to.
    pub kind: String,
    /// Its id.
    pub object: String,
    /// In which shop, if in one.
    pub shop: Option<String>,
    /// At which till, if at one.
    pub till: Option<String>,
    /// The request, by which log lines are found.
    pub request: String,
    /// What else is worth knowing, as JSON; never personal data.
    pub detail: String,
}

/// Where a row of the audit stands in the sequence; the default is before all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeedPlace {
    /// Whose write it was: 0 on SQLite, the number of the transaction on PostgreSQL.
    pub writer: i64,
    /// Its number.
    pub id: i64,
}

impl DeedPlace {
    /// Before whatever may stand in the table.
    pub const BEFORE_ALL: Self = Self { writer: i64::MIN, id: i64::MIN };
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the types say it
pub struct DeedRow {
    pub place: DeedPlace,
    pub deed: Deed,
}

impl Tx<'_> {
    /// Appends a deed.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_deed(&mut self, deed: &Deed) -> Result<(), DbError> {
        let params = [
            ("at", deed.at.0.into()),
            ("actor", (&deed.actor).into()),
            ("role", (&deed.role).into()),
            ("door", (&deed.door).into()),
            ("action", (&deed.action).into()),
            ("kind", (&deed.kind).into()),
            ("object", (&deed.object).into()),
            ("shop", deed.shop.as_ref().into()),
            ("till", deed.till.as_ref().into()),
            ("request", (&deed.request).into()),
            ("detail", (&deed.detail).into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// Deeds done to one thing after a number, oldest first, at most so many, each with its number.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn deeds_of(
        &mut self,
        kind: &str,
        object: &str,
        after: i64,
        most: u32,
    ) -> Result<Vec<(i64, Deed)>, DbError> {
        let params = [
            ("kind", kind.into()),
            ("object", object.into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&OF_OBJECT, &params, numbered_deed)
    }

    /// The newest deeds, at most so many, the newest first, each with its number.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn newest_deeds(&mut self, most: u32) -> Result<Vec<(i64, Deed)>, DbError> {
        self.rows(&NEWEST, &[("most", i64::from(most).into())], numbered_deed)
    }

    /// Rows after a place that nothing can be written before any more, at most so many: on PostgreSQL
    /// those whose transaction is older than every one that still runs.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn deeds_settled(&mut self, after: DeedPlace, most: u32) -> Result<Vec<DeedRow>, DbError> {
        self.deeds_in_sequence(&SETTLED, after, most)
    }

    /// All rows after a place, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn deeds_after(&mut self, after: DeedPlace, most: u32) -> Result<Vec<DeedRow>, DbError> {
        self.deeds_in_sequence(&AFTER, after, most)
    }

    fn deeds_in_sequence(
        &mut self,
        statement: &'static Statement,
        after: DeedPlace,
        most: u32,
    ) -> Result<Vec<DeedRow>, DbError> {
        let params = [
            ("writer", after.writer.into()),
            ("id", after.id.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(statement, &params, |row| {
            let writer = row.integer()?;
            let (id, deed) = numbered_deed(row)?;
            Ok(DeedRow { place: DeedPlace { writer, id }, deed })
        })
    }

    /// The first writer that has not begun yet: a row of this one or a later one is nobody's.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn writer_horizon(&mut self) -> Result<i64, DbError> {
        Ok(self.row(&HORIZON, &[], Row::integer)?.unwrap_or(0))
    }

    /// Makes all later writers greater than those stored: for rows that were brought from another
    /// PostgreSQL server, which had counted further. Only while nobody else writes.
    ///
    /// # Errors
    /// As [`Tx::add_deed`].
    pub fn rebase_writers(&mut self) -> Result<(), DbError> {
        self.execute(&REBASE, &[]).map(drop)
    }
}

pub(crate) fn numbered_deed(row: &mut Row) -> Result<(i64, Deed), DbError> {
    let id = row.integer()?;
    let deed = Deed {
        at: Instant(row.integer()?),
        actor: row.text()?,
        role: row.text()?,
        door: row.text()?,
        action: row.text()?,
        kind: row.text()?,
        object: row.text()?,
        shop: row.text_or_null()?,
        till: row.text_or_null()?,
        request: row.text()?,
        detail: row.text()?,
    };
    Ok((id, deed))
}
