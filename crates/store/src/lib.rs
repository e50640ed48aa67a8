//! What must agree at every moment, in SQL: accounts and transfers, cards, receipts on their way to the
//! lake, staff and keys, audit, changes.
//!
//! It owns every transactional statement of ours (one file each under `sql/`, one text for SQLite and
//! PostgreSQL), the migrations, and the way a write becomes durable. It decides nothing that `ledger`
//! or `membership` decide, knows no HTTP and asks no clock: callers say when.
//!
//! A write is a function of a [`Tx`] that may be run more than once: on SQLite one thread runs writes
//! as they come and stores up to 64 of them with one commit; on PostgreSQL each has a transaction of
//! its own, run again where others were faster. Either way the caller has his answer only after the
//! commit. Both drivers are synchronous and so is everything here: a write waits for a disk anyway, and
//! whoever serves many at once gives each a thread to wait on. Start with [`Store`].

mod activity;
mod api_key;
mod audit;
mod books;
mod card;
mod change;
mod consent;
mod coupon;
mod discount;
mod erasure;
mod error;
mod journal;
mod migration;
mod opening;
mod outbox;
mod place;
mod pool;
mod postgres;
mod quote;
mod receipt;
mod refund;
mod request;
mod ruleset;
mod seal;
mod secret;
mod session;
mod sqlite;
mod staff;
mod statement;
mod tx;
mod vault;
mod wallet;
mod wallet_day;
mod webhook;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use activity::{ActivityFlag, Done};
pub use api_key::ApiKey;
pub use audit::{Deed, DeedPlace, DeedRow};
pub use books::BooksWhole;
pub use card::{Card, CardEvent, Printed, RangeOfNumbers, ScatterKey};
pub use change::{Change, Cursor};
pub use coupon::{Coupon, CouponKind, CouponPromise, CouponSeries};
pub use discount::{DiscountHead, DiscountRuleset, DiscountState, Mark};
pub use erasure::Erasure;
pub use error::DbError;
pub use journal::{JournalClaim, JournalOf, JournalRow};
pub use opening::OpeningPosted;
pub use outbox::{Next, Promise, Waiting};
pub use place::{Network, ShopPlace, Till};
pub use postgres::variables as postgres_variables;
pub use quote::{QuoteState, StoredQuote};
pub use receipt::{ReceiptPlace, StoredReceipt};
pub use refund::StoredRefund;
pub use request::Answered;
pub use ruleset::Ruleset;
pub use seal::{Head, Seal};
pub use secret::Secret;
pub use session::Session;
pub use staff::Staff;
pub use statement::{Given, Params, Row, Statement, Value, statements_used};
pub use tx::Tx;
pub use vault::{Customer, Person, PersonChange, Term, TermKind, TermsOf, VaultKeys, Walked};
pub use wallet::{Wallet, WalletLevel};
pub use wallet_day::WalletSums;
pub use webhook::Webhook;

/// What a database may be asked at once, and how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Writes that may wait for SQLite's writer; more are turned away.
    pub waiting_max: usize,
    /// Connections that read from SQLite at once.
    pub readers_max: usize,
    /// Connections to PostgreSQL.
    pub connections_max: usize,
    /// How long anybody waits for a connection.
    pub wait_max: Duration,
    /// How long a read, or one statement of PostgreSQL, may take.
    pub read_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting_max: 1024,
            readers_max: 8,
            connections_max: 32,
            wait_max: Duration::from_secs(5),
            read_time_max: Duration::from_secs(5),
        }
    }
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// The URL of a PostgreSQL database; a password may stand in it.
    Postgres(String),
}

impl Location {
    /// Understands a setting: a URL that begins with `postgres://` or `postgresql://`, or the name of a
    /// file in `folder`.
    #[must_use]
    pub fn of(setting: &str, folder: &Path) -> Self {
        if setting.starts_with("postgres://") || setting.starts_with("postgresql://") {
            Self::Postgres(setting.to_owned())
        } else {
            Self::File(folder.join(setting))
        }
    }
}

/// An open database, shared by all threads.
#[derive(Debug)]
pub struct Store {
    db: Db,
}

#[derive(Debug)]
enum Db {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

impl Store {
    /// Opens a database and brings it to this program's version; a new file is made where there is none.
    /// `at` is noted beside the migrations.
    ///
    /// # Errors
    /// When it cannot be reached, is not set up as it must be, or is newer than this program.
    pub fn open(
        location: &Location,
        limits: &Limits,
        at: retail::Instant,
    ) -> Result<Self, DbError> {
        let db = match location {
            Location::File(path) => Db::Sqlite(sqlite::Sqlite::open(path, limits)?),
            Location::Postgres(url) => {
                Db::Postgres(Box::new(postgres::Postgres::open(url, limits)?))
            }
        };
        let store = Self { db };
        migration::run(&store, at)?;
        Ok(store)
    }

    /// Stores what a function writes, all or nothing, and answers when it is durable. The function may
    /// be run more than once and must do the same each time; after an error it gives, nothing is stored.
    ///
    /// # Errors
    /// The function's own; [`DbError::Unknown`] where the commit's answer was lost;
    /// [`DbError::Busy`] where too many wait already.
    pub fn write<T, E>(
        &self,
        run: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.db {
            Db::Sqlite(database) => database.write(run),
            Db::Postgres(database) => database.write(run),
        }
    }

    /// Reads one state of the database.
    ///
    /// # Errors
    /// The function's own; [`DbError::Slow`] where it takes longer than [`Limits::read_time_max`].
    pub fn read<T, E>(&self, run: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        match &self.db {
            Db::Sqlite(database) => database.read(run),
            Db::Postgres(database) => database.read(run),
        }
    }

    /// Copies a database of SQLite into a new file while it is in use.
    ///
    /// # Errors
    /// When the file exists or cannot be written; on PostgreSQL always: its own tools copy it.
    pub fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        match &self.db {
            Db::Sqlite(database) => database.copy_to(path),
            Db::Postgres(_) => Err(DbError::Setting {
                why: "a PostgreSQL database is copied by its own tools, pg_dump or a base backup"
                    .to_owned(),
            }),
        }
    }

    /// Brings everything from SQLite's log into the file and empties the log, so that nothing of what was destroyed
    /// stays in it; whether it could: somebody may read from it for long. PostgreSQL's log is its own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn empty_log(&self) -> Result<bool, DbError> {
        match &self.db {
            Db::Sqlite(database) => database.empty_log(),
            Db::Postgres(_) => Ok(true),
        }
    }

    /// Whether this is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.db, Db::Postgres(_))
    }
}
