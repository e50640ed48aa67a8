//! PostgreSQL: a connection for each transaction under way, taken from a few that are kept; what others
//! were faster at is tried again.

mod address;
mod connector;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, fallible_iterator::FallibleIterator};

use self::address::Address;
use self::connector::Connector;
use crate::pool::{Pool, Taken};
use crate::statement::{Given, Params, Statement, Value, for_rows};
use crate::tx::{Fault, On, Tx, bound, own};
use crate::{DbError, Limits};

/// How often a transaction is tried that others were faster than.
const TRIES_MAX: u32 = 10;

/// Connections to one database.
#[derive(Debug)]
pub(crate) struct Postgres {
    connector: Connector,
    links: Pool<Link>,
}

/// One connection, with the statements it has prepared.
pub(crate) struct Link {
    client: Client,
    /// By the statement's address, since of two with one name the texts differ, and for how many rows.
    prepared: HashMap<(usize, usize), postgres::Statement>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("prepared", &self.prepared.len()).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects, and looks whether the database is set up as ours must be.
    pub fn open(url: &str, limits: &Limits) -> Result<Self, DbError> {
        let mut connector = Connector::new(address(url)?)?;
        let milliseconds = limits.read_time_max.as_millis();
        connector.config.application_name("proffer").connect_timeout(limits.wait_max);
        connector.config.options(&format!(
            "-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} \
             -c idle_in_transaction_session_timeout=60000 -c client_encoding=UTF8 \
             -c default_transaction_isolation=read\\ committed -c TimeZone=UTC"
        ));
        let is_open = |link: &Link| !link.client.is_closed();
        let links = Pool::new(limits.connections_max, limits.wait_max, is_open);
        let database = Self { connector, links };
        fits(&mut *database.take()?)?;
        Ok(database)
    }

    /// Runs a write and stores it; where others were faster it is run again.
    pub fn write<T, E>(&self, run: impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let mut link = self.take()?;
        let mut tried = 0;
        loop {
            tried += 1;
            match link.attempt(&run, tried < TRIES_MAX) {
                Attempt::Done(result) => return result,
                Attempt::Again => std::thread::sleep(pause(tried)),
            }
        }
    }

    /// Runs statements that change nothing, on one state of the database.
    pub fn read<T, E>(&self, run: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let mut link = self.take()?;
        let begun = link.said("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        begun.map_err(|(error, _)| error)?;
        let result = run(&mut Tx::new(On::Postgres(&mut link)));
        if link.said("ROLLBACK").is_err() {
            link.give_up();
        }
        result
    }

    fn take(&self) -> Result<Taken<'_, Link>, DbError> {
        let open = || Ok(Link { client: self.connector.connect()?, prepared: HashMap::new() });
        self.links.take(open)
    }
}

/// Variables of the environment by which PostgreSQL's own programs (`pg_dump`, `psql`) connect to the
/// database of a URL as we do, its password and protection included. They go by the environment
/// because everybody on a machine sees arguments.
///
/// # Errors
/// When the URL cannot be understood.
pub fn variables(url: &str) -> Result<Vec<(&'static str, String)>, DbError> {
    Ok(address(url)?.variables())
}

fn address(url: &str) -> Result<Address, DbError> {
    Address::of(url, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// A little longer each time, so that two who meet do not meet for ever.
fn pause(tried: u32) -> Duration {
    Duration::from_millis(1 << tried.min(6))
}

/// Whether the database sorts by bytes and commits to the disk.
fn fits(link: &mut Link) -> Result<(), DbError> {
    let ask = "SELECT datcollate, pg_encoding_to_char(encoding), current_setting('fsync'), \
               current_setting('synchronous_commit') FROM pg_database \
               WHERE datname = current_database()";
    let row = link.client.query_one(ask, &[]);
    let row = row.map_err(|error| DbError::Gone { why: said_of(&error) })?;
    let [collation, encoding, fsync, synchronous]: [String; 4] =
        std::array::from_fn(|i| row.get(i));
    let wrong = |why: String| Err(DbError::Setting { why });
    if collation != "C" {
        return wrong(format!(
            "it sorts by {collation:?}; make it with: CREATE DATABASE … TEMPLATE template0 \
             ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
        ));
    }
    if encoding != "UTF8" {
        return wrong(format!("its encoding is {encoding}, not UTF8"));
    }
    if fsync != "on" || synchronous == "off" {
        return wrong("fsync and synchronous_commit must be on: money is in it".to_owned());
    }
    Ok(())
}

/// What became of one try.
enum Attempt<T, E> {
    Done(Result<T, E>),
    Again,
}

impl Link {
    /// Runs a write in a transaction and commits it.
    fn attempt<T, E>(
        &mut self,
        run: &impl Fn(&mut Tx<'_>) -> Result<T, E>,
        again: bool,
    ) -> Attempt<T, E>
    where
        E: From<DbError>,
    {
        if let Err((error, _)) = self.said("BEGIN") {
            return Attempt::Done(Err(error.into()));
        }
        let mut tx = Tx::new(On::Postgres(self));
        let result = catch_unwind(AssertUnwindSafe(|| run(&mut tx)));
        let result = result.unwrap_or_else(|_| Err(DbError::Panicked.into()));
        let fault = tx.fault();
        if result.is_err() || fault.is_some() {
            // A connection on which even this fails is closed, which ends the transaction.
            let _ = self.said("ROLLBACK");
            return match (fault, result) {
                (Some(Fault::Raced), _) if again => Attempt::Again,
                (_, Err(error)) => Attempt::Done(Err(error)),
                (_, Ok(_)) => {
                    let why = "a statement before it had failed".to_owned();
                    Attempt::Done(Err(DbError::Failed { statement: "COMMIT", why }.into()))
                }
            };
        }
        match self.said("COMMIT") {
            Ok(()) => Attempt::Done(result),
            Err((_, Fault::Raced)) if again => Attempt::Again,
            Err(_) => Attempt::Done(Err(DbError::Unknown.into())),
        }
    }

    pub fn said(&mut self, text: &str) -> Result<(), (DbError, Fault)> {
        self.client.batch_execute(text).map_err(|error| failed("transaction", &error))
    }

    pub fn execute(
        &mut self,
        statement: &'static Statement,
        params: &Params<'_>,
    ) -> Result<u64, (DbError, Fault)> {
        let values = bound(statement, &statement.for_postgres().names, params)?;
        self.execute_bound(statement, 1, &values)
    }

    pub fn query(
        &mut self,
        statement: &'static Statement,
        params: &Params<'_>,
        take: &mut dyn FnMut(Vec<Given>) -> Result<(), DbError>,
    ) -> Result<(), (DbError, Fault)> {
        let values = bound(statement, &statement.for_postgres().names, params)?;
        self.query_bound(statement, 1, &values, take)
    }

    /// Runs a statement for each of many rows, hundreds of them at once; gives the number of rows changed.
    pub fn execute_each<'v>(
        &mut self,
        statement: &'static Statement,
        rows: &[impl AsRef<Params<'v>>],
    ) -> Result<u64, (DbError, Fault)> {
        let mut changed = 0;
        for some in groups(rows) {
            let values = bound_each(statement, some)?;
            changed += self.execute_bound(statement, some.len(), &values)?;
        }
        Ok(changed)
    }

    /// Runs a statement for each of many rows, hundreds of them at once, and hands over what it gives.
    pub fn query_each<'v>(
        &mut self,
        statement: &'static Statement,
        rows: &[impl AsRef<Params<'v>>],
        take: &mut dyn FnMut(Vec<Given>) -> Result<(), DbError>,
    ) -> Result<(), (DbError, Fault)> {
        for some in groups(rows) {
            let values = bound_each(statement, some)?;
            self.query_bound(statement, some.len(), &values, take)?;
        }
        Ok(())
    }

    fn execute_bound(
        &mut self,
        statement: &'static Statement,
        rows: usize,
        values: &[Value<'_>],
    ) -> Result<u64, (DbError, Fault)> {
        let prepared = self.prepared(statement, rows)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        let done = self.client.execute(&prepared, &values);
        done.map_err(|error| failed(statement.name(), &error))
    }

    fn query_bound(
        &mut self,
        statement: &'static Statement,
        rows: usize,
        values: &[Value<'_>],
        take: &mut dyn FnMut(Vec<Given>) -> Result<(), DbError>,
    ) -> Result<(), (DbError, Fault)> {
        let failed = |error| failed(statement.name(), &error);
        let prepared = self.prepared(statement, rows)?;
        let mut rows = self
            .client
            .query_raw(&prepared, values.iter().map(|value| value as &dyn ToSql))
            .map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let values = (0..row.len()).map(|column| given(statement.name(), &row, column));
            let values = values.collect::<Result<_, _>>().map_err(own)?;
            take(values).map_err(own)?;
        }
        Ok(())
    }

    /// The statement as it was prepared for so many rows.
    fn prepared(
        &mut self,
        statement: &'static Statement,
        rows: usize,
    ) -> Result<postgres::Statement, (DbError, Fault)> {
        let key = (std::ptr::from_ref(statement).addr(), rows);
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        let parsed = statement.for_postgres();
        let text = match rows {
            1 => Some(Cow::Borrowed(parsed.numbered.as_str())),
            _ => for_rows(&parsed.numbered, parsed.names.len(), rows).map(Cow::Owned),
        };
        let text = text.ok_or_else(|| {
            let why = "it has no VALUES to be said for many rows".to_owned();
            own(DbError::Failed { statement: statement.name(), why })
        })?;
        let prepared =
            self.client.prepare(&text).map_err(|error| failed(statement.name(), &error))?;
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }
}

/// Rows that go to the server together: few sizes, so that few statements are prepared.
const GROUPS: [usize; 4] = [256, 32, 4, 1];

/// Cuts rows into groups of these sizes.
fn groups<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = GROUPS.into_iter().find(|&size| size <= rows.len())?;
        let (some, rest) = rows.split_at(size);
        rows = rest;
        Some(some)
    })
}

/// The values of some rows, one row behind the other.
fn bound_each<'v>(
    statement: &'static Statement,
    rows: &[impl AsRef<Params<'v>>],
) -> Result<Vec<Value<'v>>, (DbError, Fault)> {
    let names = &statement.for_postgres().names;
    let mut values = Vec::with_capacity(rows.len() * names.len());
    for row in rows {
        values.append(&mut bound(statement, names, row.as_ref())?);
    }
    Ok(values)
}

fn given(statement: &'static str, row: &postgres::Row, column: usize) -> Result<Given, DbError> {
    let kind = row.columns()[column].type_();
    let value = match *kind {
        Type::TEXT | Type::VARCHAR | Type::NAME => {
            row.try_get::<_, Option<String>>(column).map(|v| v.map(Given::Text))
        }
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(|v| v.map(Given::Integer)),
        Type::INT4 => {
            row.try_get::<_, Option<i32>>(column).map(|v| v.map(|v| Given::Integer(v.into())))
        }
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(column).map(|v| v.map(Given::Float)),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).map(|v| v.map(Given::Flag)),
        _ => {
            return Err(DbError::Failed {
                statement,
                why: format!("column {} has the type {kind}, which is none of ours", column + 1),
            });
        }
    };
    let value = value.map_err(|error| DbError::Failed { statement, why: said_of(&error) })?;
    Ok(value.unwrap_or(Given::Null))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (*self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Text(text), &(Type::TEXT | Type::VARCHAR | Type::NAME)) => {
                text.to_sql(kind, out)
            }
            (Self::Integer(number), &Type::INT8) => number.to_sql(kind, out),
            (Self::Integer(number), &Type::INT4) => i32::try_from(number)?.to_sql(kind, out),
            (Self::Float(number), &Type::FLOAT8) => number.to_sql(kind, out),
            (Self::Flag(flag), &Type::BOOL) => flag.to_sql(kind, out),
            (value, kind) => Err(format!("{value:?} is given where {kind} belongs").into()),
        }
    }

    // Which value fits which type is said above, with the value in the message.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn failed(statement: &'static str, error: &postgres::Error) -> (DbError, Fault) {
    let why = said_of(error);
    let Some(code) = error.code() else {
        return match error.is_closed()
            || error.source().is_some_and(|cause| cause.is::<std::io::Error>())
        {
            true => (DbError::Gone { why }, Fault::Trouble),
            false => (DbError::Failed { statement, why }, Fault::Trouble),
        };
    };
    let raced = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    let slow = [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE];
    let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    if raced.contains(code) {
        (DbError::Busy { retry_after_ms: 1000 }, Fault::Raced)
    } else if *code == SqlState::UNIQUE_VIOLATION {
        // Another may have stored the same key a moment ago: the next try finds it.
        (DbError::Constraint { statement, what: why }, Fault::Raced)
    } else if code.code().starts_with("23") {
        (DbError::Constraint { statement, what: why }, Fault::Own)
    } else if slow.contains(code) {
        (DbError::Slow, Fault::Trouble)
    } else if gone.contains(code) {
        (DbError::Gone { why }, Fault::Trouble)
    } else if [SqlState::DISK_FULL, SqlState::INSUFFICIENT_RESOURCES].contains(code) {
        (DbError::Full, Fault::Trouble)
    } else {
        (DbError::Failed { statement, why }, Fault::Trouble)
    }
}

/// The message of the server, without the values it may quote.
fn said_of(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => {
            let constraint = said.constraint().map(|name| format!(" ({name})"));
            format!("{}{}", said.message(), constraint.unwrap_or_default())
        }
        None => error.to_string(),
    }
}
