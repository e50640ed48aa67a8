//! A transaction of SQL under way, on either database.

use crate::statement::{Given, Params, Row, Statement, Value, value_of};
use crate::{DbError, postgres, sqlite};

/// What statements run in: all of them are stored together, or none.
#[derive(Debug)]
pub struct Tx<'c> {
    on: On<'c>,
    /// What the database itself suffered, whatever the caller made of it.
    fault: Option<Fault>,
}

#[derive(Debug)]
pub(crate) enum On<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut postgres::Link),
}

/// Why nothing of a transaction may be stored, whatever its caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A row contradicts others: the caller's own fault.
    Own,
    /// Somebody else was faster: all of it is worth another try.
    Raced,
    /// The database failed.
    Trouble,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(on: On<'c>) -> Self {
        Self { on, fault: None }
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// For who found out by himself that somebody else was faster: all of it is worth another try.
    pub fn raced(&mut self) -> DbError {
        self.fault = Some(Fault::Raced);
        DbError::Busy { retry_after_ms: 1000 }
    }

    /// Runs a statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where rows contradict each other; others where the database fails.
    /// After an error nothing more should be asked of this transaction: it will not be stored.
    pub fn execute(
        &mut self,
        statement: &'static Statement,
        params: &Params<'_>,
    ) -> Result<u64, DbError> {
        statement.note_use(self.is_postgres());
        let done = match &mut self.on {
            On::Sqlite(connection) => sqlite::execute(connection, statement, params),
            On::Postgres(link) => link.execute(statement, params),
        };
        self.noted(done)
    }

    /// Runs a statement and reads each row it gives.
    ///
    /// # Errors
    /// As [`Tx::execute`], and where `read` refuses a row.
    pub fn rows<T>(
        &mut self,
        statement: &'static Statement,
        params: &Params<'_>,
        mut read: impl FnMut(&mut Row) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        statement.note_use(self.is_postgres());
        let mut rows = Vec::new();
        let mut take = |values: Vec<Given>| {
            rows.push(read(&mut Row::new(statement.name(), values))?);
            Ok(())
        };
        let done = match &mut self.on {
            On::Sqlite(connection) => sqlite::query(connection, statement, params, &mut take),
            On::Postgres(link) => link.query(statement, params, &mut take),
        };
        self.noted(done).map(|()| rows)
    }

    /// Runs a statement that gives one row or none.
    ///
    /// # Errors
    /// As [`Tx::rows`].
    pub fn row<T>(
        &mut self,
        statement: &'static Statement,
        params: &Params<'_>,
        read: impl FnMut(&mut Row) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.rows(statement, params, read)?.into_iter().next())
    }

    /// Runs a statement with `VALUES` for each of many rows, as if one after the other; where the database
    /// is a journey away, hundreds of rows travel together. Gives the number of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub(crate) fn execute_each<'v>(
        &mut self,
        statement: &'static Statement,
        rows: &[impl AsRef<Params<'v>>],
    ) -> Result<u64, DbError> {
        statement.note_use(self.is_postgres());
        let done = match &mut self.on {
            On::Sqlite(connection) => rows
                .iter()
                .map(|row| sqlite::execute(connection, statement, row.as_ref()))
                .sum::<Result<u64, _>>(),
            On::Postgres(link) => link.execute_each(statement, rows),
        };
        self.noted(done)
    }

    /// Runs a statement with `VALUES` for many rows, as [`Tx::execute_each`] does, and reads each row that
    /// it gives.
    ///
    /// # Errors
    /// As [`Tx::rows`].
    pub(crate) fn rows_each<'v, T>(
        &mut self,
        statement: &'static Statement,
        rows: &[impl AsRef<Params<'v>>],
        mut read: impl FnMut(&mut Row) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        statement.note_use(self.is_postgres());
        let mut found = Vec::new();
        let mut take = |values: Vec<Given>| {
            found.push(read(&mut Row::new(statement.name(), values))?);
            Ok(())
        };
        let done = match &mut self.on {
            On::Sqlite(connection) => rows
                .iter()
                .try_for_each(|row| sqlite::query(connection, statement, row.as_ref(), &mut take)),
            On::Postgres(link) => link.query_each(statement, rows, &mut take),
        };
        self.noted(done).map(|()| found)
    }

    /// Whether this is PostgreSQL: for the few who must know.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.on, On::Postgres(_))
    }

    pub(crate) fn run_script(&mut self, text: &str) -> Result<(), (DbError, Fault)> {
        match &mut self.on {
            On::Sqlite(connection) => sqlite::script(connection, text),
            On::Postgres(link) => link.said(text),
        }
    }

    pub(crate) fn noted<T>(&mut self, done: Result<T, (DbError, Fault)>) -> Result<T, DbError> {
        done.map_err(|(error, fault)| {
            // The worst that happened counts.
            if self.fault != Some(Fault::Trouble) {
                self.fault = Some(fault);
            }
            error
        })
    }
}

/// The values of a statement's parameters, in the sequence of its text.
pub(crate) fn bound<'v>(
    statement: &'static Statement,
    names: &[&'static str],
    params: &Params<'v>,
) -> Result<Vec<Value<'v>>, (DbError, Fault)> {
    let value = |(place, name): (usize, &&str)| value_of(statement, params, place, name);
    names.iter().enumerate().map(value).collect::<Result<_, _>>().map_err(own)
}

/// An error that is the caller's own.
pub(crate) fn own(error: DbError) -> (DbError, Fault) {
    (error, Fault::Own)
}
