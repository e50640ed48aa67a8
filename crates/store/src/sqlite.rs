//! SQLite: one writer on a thread of its own that stores many transactions with one commit, and
//! readers beside it.

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::pool::{Pool, Taken};
use crate::statement::{Given, Params, Statement, Value};
use crate::tx::{Fault, On, Tx, bound, own};
use crate::{DbError, Limits};

/// So many transactions are stored with one commit at most.
const GROUP_MAX: usize = 64;
/// Statements kept prepared on a connection.
const PREPARED_MAX: usize = 512;
/// Instructions of SQLite between two looks at the clock.
const STEPS_A_LOOK: i32 = 10_000;
const WRITER_WAITS: Duration = Duration::from_secs(10);
/// After which pause a new file is asked for its log again.
const LOG_ASKED_AGAIN: Duration = Duration::from_millis(5);
/// How long the writer waits for readers that need the log.
const CHECKPOINT_WAITS: Duration = Duration::from_millis(20);
/// Each copies what came since the last; the shorter, the more often a page is copied.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_millis(300);
/// A log begins anew when it is half as long as the database, but never below 64 MiB and always at 256: callers
/// wait meanwhile, and in a long one pages are longer looked for. Its file may stay twice as long: one that is cut
/// off must be made longer again, which costs each commit.
const LOG_PAGES: RangeInclusive<i64> = 16_384..=65_536;
const PAGE_BYTES: i64 = 4096;
/// It does so once what came during a copy was no more than so many pages …
const LOG_REST: i64 = 200;
/// … or after so many copies.
const COPIED_AGAIN_MAX: usize = 10;

/// An open database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    queue: Option<SyncSender<Box<dyn Member>>>,
    writer: Option<JoinHandle<()>>,
    checkpointer: Option<JoinHandle<()>>,
    readers: Arc<Readers>,
}

/// A write on its way through the writer's thread.
pub(crate) trait Member: Send {
    /// Runs it; whether it wants to be stored.
    fn attempt(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Tells the caller: its own result, or why it is not stored.
    fn answer(self: Box<Self>, stored: Result<(), DbError>);
}

struct Work<T, E, F> {
    run: F,
    result: Option<Result<T, E>>,
    reply: SyncSender<Result<T, E>>,
}

impl<T, E, F> Member for Work<T, E, F>
where
    T: Send,
    E: From<DbError> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn attempt(&mut self, tx: &mut Tx<'_>) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.run)(tx)));
        let result = self.result.insert(result.unwrap_or_else(|_| Err(DbError::Panicked.into())));
        result.is_ok()
    }

    fn answer(self: Box<Self>, stored: Result<(), DbError>) {
        let result = match (self.result, stored) {
            (Some(Err(own)), _) => Err(own),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(why)) => Err(why.into()),
            (None, Ok(())) => Err(DbError::Unknown.into()),
        };
        // A caller that no longer listens has its answer in the database.
        let _ = self.reply.send(result);
    }
}

impl Sqlite {
    /// Opens a database file, made where there is none.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, DbError> {
        let connection = writing_connection(path)?;
        let (queue, members) = sync_channel(limits.waiting_max);
        // Whoever commits wakes the checkpointer; when the writer ends, so does it.
        let (committed, commits) = sync_channel(1);
        let full = Arc::new(AtomicBool::new(false));
        let checkpointer = Checkpointer { path: path.to_owned(), full: full.clone() };
        let checkpointer = std::thread::Builder::new()
            .name("store-checkpointer".to_owned())
            .spawn(move || checkpointer.run(&commits))
            .map_err(|error| DbError::Gone { why: error.to_string() })?;
        let writer =
            Writer { path: path.to_owned(), connection: Some(connection), committed, full };
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&members))
            .map_err(|error| DbError::Gone { why: error.to_string() })?;
        let readers = Arc::new(Readers::new(path, limits));
        let (writer, checkpointer) = (Some(writer), Some(checkpointer));
        Ok(Self { queue: Some(queue), writer, checkpointer, readers })
    }

    /// Runs a write on the writer's thread and waits until it is stored.
    pub fn write<T, E>(
        &self,
        run: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        let work = Box::new(Work { run, result: None, reply });
        let queue = self.queue.as_ref().expect("it is there until the database is dropped");
        match queue.try_send(work) {
            Ok(()) => answer.recv().unwrap_or_else(|_| Err(DbError::Unknown.into())),
            Err(TrySendError::Full(_)) => Err(DbError::Busy { retry_after_ms: 1000 }.into()),
            Err(TrySendError::Disconnected(_)) => {
                Err(DbError::Gone { why: "its writer has ended".to_owned() }.into())
            }
        }
    }

    /// Runs statements that change nothing, on one state of the database.
    pub fn read<T, E>(&self, run: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let reader = self.readers.take()?;
        let until = self.readers.clock() + self.readers.time_max.as_micros() as i64;
        reader.until.store(until, Ordering::Relaxed);
        let connection = &reader.connection;
        if let Err(error) = connection.execute_batch("BEGIN") {
            return Err(failed("BEGIN", error).0.into());
        }
        let result = run(&mut Tx::new(On::Sqlite(connection)));
        reader.until.store(i64::MAX, Ordering::Relaxed);
        // Where even this fails the connection is closed, which ends it as well.
        if connection.execute_batch("ROLLBACK").is_err() {
            reader.give_up();
        }
        result
    }

    /// Copies the whole database into a new file, while it is in use.
    pub fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        copy(&self.readers.take()?.connection, path)
    }

    pub fn empty_log(&self) -> Result<bool, DbError> {
        emptied(&self.readers.path)
    }
}

fn emptied(path: &Path) -> Result<bool, DbError> {
    let failed = |error| failed("empty_log", error).0;
    let connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(WRITER_WAITS).map_err(failed)?;
    // The first column says whether somebody stood in the way.
    let ask = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(ask, [], |row| Ok(row.get::<_, i64>(0)? == 0)).map_err(failed)
}

fn copy(from: &Connection, path: &Path) -> Result<(), DbError> {
    let text = path.to_string_lossy();
    let mut statement =
        from.prepare("VACUUM INTO ?1").map_err(|error| failed("backup", error).0)?;
    statement.execute([&*text]).map(drop).map_err(|error| failed("backup", error).0)
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The writer ends when nobody can send any more; what was sent is stored first.
        self.queue = None;
        for thread in [self.writer.take(), self.checkpointer.take()].into_iter().flatten() {
            let _ = thread.join();
        }
    }
}

fn writing_connection(path: &Path) -> Result<Connection, DbError> {
    let gone =
        |error: rusqlite::Error| DbError::Gone { why: format!("{}: {error}", path.display()) };
    let connection = Connection::open(path).map_err(gone)?;
    only_for_us(path);
    connection.busy_timeout(WRITER_WAITS).map_err(gone)?;
    kept_in_a_log(&connection).map_err(gone)?;
    // Pages that a savepoint may have to bring back are kept in memory: in a file they are half of all
    // that is written. The cache of pages is small: a split of a page makes SQLite search all of it at the
    // commit, and the system keeps the others anyway.
    let log_bytes = 2 * LOG_PAGES.end() * PAGE_BYTES;
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA journal_size_limit = {log_bytes};"
        ))
        .map_err(gone)?;
    planned_once(&connection).map_err(gone)?;
    Ok(connection)
}

/// Has what is written go to a log beside the file. Two who make a new file at once stand in each other's
/// way here, and SQLite does not wait for the other by itself.
fn kept_in_a_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && began.elapsed() < WRITER_WAITS => {
                std::thread::sleep(LOG_ASKED_AGAIN);
            }
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Keeps statements as they were prepared. Otherwise some of them, those with a limit above all, are
/// prepared again for each value that is bound to them.
fn planned_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Nobody but the owner may read the file. Where the system knows no such rights, they are its own.
fn only_for_us(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The thread that writes.
struct Writer {
    path: PathBuf,
    connection: Option<Connection>,
    committed: SyncSender<()>,
    /// The log is long, and must begin anew.
    full: Arc<AtomicBool>,
}

/// The thread that copies the log into the database while others write: without it the writer would,
/// in the middle of a commit that callers wait for.
struct Checkpointer {
    path: PathBuf,
    full: Arc<AtomicBool>,
}

impl Checkpointer {
    fn run(self, commits: &Receiver<()>) {
        let mut connection = None;
        while commits.recv().is_ok() {
            // Without a connection the log grows, and the next commit asks again.
            if connection.is_none() {
                connection = writing_connection(&self.path).ok();
            }
            let mut log = connection.as_ref().and_then(copied);
            if let (Some(connection), Some(found)) = (&connection, log)
                && found.is_long(connection)
            {
                // What came meanwhile goes too: callers wait for the writer while it copies the rest.
                for _ in 0..COPIED_AGAIN_MAX {
                    let before = log;
                    log = copied(connection);
                    let pages = log.zip(before).map(|(log, before)| log.copied - before.copied);
                    if pages.is_none_or(|pages| pages <= LOG_REST) {
                        break;
                    }
                }
                // Where a reader still needs much of it, another turn finds it shorter.
                if log.is_some_and(|log| log.pages - log.copied <= LOG_REST) {
                    self.full.store(true, Ordering::Relaxed);
                }
            }
            if log.is_none() {
                connection = None;
            }
            std::thread::sleep(BETWEEN_CHECKPOINTS);
        }
    }
}

/// Pages of the log, and of these copied into the database.
#[derive(Clone, Copy, Debug)]
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    /// Whether it must begin anew.
    fn is_long(self, connection: &Connection) -> bool {
        let of_database = || {
            let pages = connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0));
            (pages.unwrap_or_default() / 2).min(*LOG_PAGES.end())
        };
        self.pages > *LOG_PAGES.start() && self.pages > of_database()
    }
}

/// Copies what nobody stands in the way of.
fn copied(connection: &Connection) -> Option<Log> {
    checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn checkpoint(connection: &Connection, text: &str) -> Option<Log> {
    connection.query_row(text, [], |row| Ok(Log { pages: row.get(1)?, copied: row.get(2)? })).ok()
}

/// What became of a group.
enum Group {
    Stored,
    /// Nothing is stored: each member must be tried alone.
    Dropped,
    /// The commit failed: nobody knows.
    Unknown,
}

impl Writer {
    fn run(mut self, members: &Receiver<Box<dyn Member>>) {
        while let Ok(first) = members.recv() {
            // As many as wait already; the previous commit was the wait.
            let more = members.try_iter().take(GROUP_MAX - 1);
            let mut group: Vec<Box<dyn Member>> = std::iter::once(first).chain(more).collect();
            self.store(&mut group);
            let _ = self.committed.try_send(());
            if self.full.swap(false, Ordering::Relaxed) {
                self.begin_log_anew();
            }
        }
    }

    /// Copies what little of the log is not in the database yet, so that it begins anew. Where a reader
    /// still needs it, the checkpointer asks again.
    fn begin_log_anew(&mut self) {
        let Ok(connection) = self.connection() else { return };
        let _ = connection.busy_timeout(CHECKPOINT_WAITS);
        let _ = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
        let _ = connection.busy_timeout(WRITER_WAITS);
    }

    fn store(&mut self, group: &mut Vec<Box<dyn Member>>) {
        if group.len() > 1 {
            match self.connection().map(|connection| together(connection, group)) {
                Ok(Group::Stored) => {
                    return group.drain(..).for_each(|member| member.answer(Ok(())));
                }
                Ok(Group::Unknown) => {
                    self.connection = None;
                    return group.drain(..).for_each(|member| member.answer(Err(DbError::Unknown)));
                }
                // Alone, each learns what is wrong.
                Ok(Group::Dropped) | Err(_) => {}
            }
        }
        for member in group.drain(..) {
            self.alone(member);
        }
    }

    fn alone(&mut self, mut member: Box<dyn Member>) {
        let stored = match self.connection() {
            Ok(connection) => alone(connection, member.as_mut()),
            Err(error) => Err(error),
        };
        if matches!(stored, Err(DbError::Unknown)) {
            self.connection = None;
        }
        member.answer(stored);
    }

    /// The connection, opened again where it was given up.
    fn connection(&mut self) -> Result<&Connection, DbError> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(writing_connection(&self.path)?)),
        }
    }
}

/// Runs all members in one transaction, each in a savepoint of its own, and commits once.
fn together(connection: &Connection, group: &mut [Box<dyn Member>]) -> Group {
    let run = |text: &str| connection.prepare_cached(text).and_then(|mut sql| sql.execute([]));
    let drop_all = || {
        // It may have been rolled back already.
        let _ = connection.execute_batch("ROLLBACK");
        Group::Dropped
    };
    if run("BEGIN IMMEDIATE").is_err() {
        return drop_all();
    }
    for member in group {
        if run("SAVEPOINT member").is_err() {
            return drop_all();
        }
        let mut tx = Tx::new(On::Sqlite(connection));
        let wanted = member.attempt(&mut tx);
        let trouble = tx.fault() == Some(Fault::Trouble);
        // Who goes on after a failed statement is told so when it runs alone.
        let swallowed = wanted && tx.fault().is_some();
        // SQLite may have rolled back everything by itself: what follows would be stored singly.
        if trouble || swallowed || connection.is_autocommit() {
            return drop_all();
        }
        let undone = wanted || run("ROLLBACK TO member").is_ok();
        if !undone || run("RELEASE member").is_err() {
            return drop_all();
        }
    }
    match run("COMMIT") {
        Ok(_) => Group::Stored,
        Err(_) => Group::Unknown,
    }
}

/// Runs one member in a transaction of its own.
fn alone(connection: &Connection, member: &mut dyn Member) -> Result<(), DbError> {
    let run = |text: &'static str| {
        let done = connection.prepare_cached(text).and_then(|mut sql| sql.execute([]));
        done.map_err(|error| failed(text, error).0)
    };
    run("BEGIN IMMEDIATE")?;
    let mut tx = Tx::new(On::Sqlite(connection));
    let wanted = member.attempt(&mut tx);
    if !wanted || tx.fault().is_some() {
        let rolled_back = connection.is_autocommit() || run("ROLLBACK").is_ok();
        return if rolled_back { Err(swallowed()) } else { Err(DbError::Unknown) };
    }
    if connection.is_autocommit() {
        return Err(swallowed());
    }
    run("COMMIT").map(drop).map_err(|_| DbError::Unknown)
}

/// For a caller that goes on after a failed statement; its own error is told in place of this.
fn swallowed() -> DbError {
    DbError::Failed { statement: "COMMIT", why: "a statement before it had failed".to_owned() }
}

/// Connections that read.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    began: Instant,
    time_max: Duration,
    wait_max: Duration,
    pool: Pool<Reader>,
}

#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// When it must end, on the clock of [`Readers`].
    until: Arc<AtomicI64>,
}

impl Readers {
    fn new(path: &Path, limits: &Limits) -> Self {
        Self {
            path: path.to_owned(),
            began: Instant::now(),
            time_max: limits.read_time_max,
            wait_max: limits.wait_max,
            pool: Pool::new(limits.readers_max, limits.wait_max, |_| true),
        }
    }

    fn clock(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn take(&self) -> Result<Taken<'_, Reader>, DbError> {
        self.pool.take(|| self.open())
    }

    fn open(&self) -> Result<Reader, DbError> {
        let gone = |error: rusqlite::Error| DbError::Gone {
            why: format!("{}: {error}", self.path.display()),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(gone)?;
        connection.busy_timeout(self.wait_max).map_err(gone)?;
        connection.execute_batch("PRAGMA trusted_schema = OFF").map_err(gone)?;
        planned_once(&connection).map_err(gone)?;
        let until = Arc::new(AtomicI64::new(i64::MAX));
        let (began, limit) = (self.began, until.clone());
        let late = move || {
            let limit = limit.load(Ordering::Relaxed);
            limit != i64::MAX && began.elapsed().as_micros() as i64 > limit
        };
        connection.progress_handler(STEPS_A_LOOK, Some(late)).map_err(gone)?;
        Ok(Reader { connection, until })
    }
}

type Done<T> = Result<T, (DbError, Fault)>;

pub(crate) fn script(connection: &Connection, text: &str) -> Done<()> {
    connection.execute_batch(text).map_err(|error| failed("script", error))
}

pub(crate) fn execute(
    connection: &Connection,
    statement: &'static Statement,
    params: &Params<'_>,
) -> Done<u64> {
    let failed = |error| failed(statement.name(), error);
    let mut prepared = prepared(connection, statement, params)?;
    // A statement that returns rows is run to its end all the same.
    if prepared.column_count() > 0 {
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while rows.next().map_err(failed)?.is_some() {
            count += 1;
        }
        return Ok(count);
    }
    prepared.raw_execute().map(|rows| rows as u64).map_err(failed)
}

pub(crate) fn query(
    connection: &Connection,
    statement: &'static Statement,
    params: &Params<'_>,
    take: &mut dyn FnMut(Vec<Given>) -> Result<(), DbError>,
) -> Done<()> {
    let failed = |error| failed(statement.name(), error);
    let mut prepared = prepared(connection, statement, params)?;
    let columns = prepared.column_count();
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(given(row.get_ref(column).map_err(failed)?));
        }
        take(values).map_err(own)?;
    }
    Ok(())
}

fn prepared<'c>(
    connection: &'c Connection,
    statement: &'static Statement,
    params: &Params<'_>,
) -> Done<rusqlite::CachedStatement<'c>> {
    let failed = |error| failed(statement.name(), error);
    let values = bound(statement, &statement.for_sqlite().names, params)?;
    let mut prepared = connection.prepare_cached(statement.sqlite_text()).map_err(failed)?;
    for (place, value) in (1..).zip(values) {
        let bound = match value {
            Value::Null => prepared.raw_bind_parameter(place, rusqlite::types::Null),
            Value::Text(text) => prepared.raw_bind_parameter(place, text),
            Value::Integer(number) => prepared.raw_bind_parameter(place, number),
            Value::Float(number) => prepared.raw_bind_parameter(place, number),
            Value::Flag(flag) => prepared.raw_bind_parameter(place, flag),
        };
        bound.map_err(failed)?;
    }
    Ok(prepared)
}

fn given(value: ValueRef<'_>) -> Given {
    match value {
        ValueRef::Null => Given::Null,
        ValueRef::Integer(number) => Given::Integer(number),
        ValueRef::Real(number) => Given::Float(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Given::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

fn failed(statement: &'static str, error: rusqlite::Error) -> (DbError, Fault) {
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => own(DbError::Constraint { statement, what: why }),
        Some(ErrorCode::DiskFull) => (DbError::Full, Fault::Trouble),
        Some(ErrorCode::OperationInterrupted) => (DbError::Slow, Fault::Trouble),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (DbError::Busy { retry_after_ms: 1000 }, Fault::Trouble)
        }
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase) => {
            (DbError::Gone { why }, Fault::Trouble)
        }
        _ => (DbError::Failed { statement, why }, Fault::Trouble),
    }
}
