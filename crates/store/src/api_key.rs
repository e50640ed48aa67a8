//! Keys of the API, of tills, sites and partners, and the one-time links by which administrators come
//! in. Of a secret only the hash is kept.

use membership::{Door, Role, Scope};
use retail::{Instant, TillId};

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("api_key/add");
static READ: Statement = sql!("api_key/read");
static LOCK: Statement = sql!("api_key/read", "api_key/lock.postgres");
static PUT: Statement = sql!("api_key/put");
static USE: Statement = sql!("api_key/use");
static LIST: Statement = sql!("api_key/list");
static LINK_ADD: Statement = sql!("invitation_link/add");
static LINK_READ: Statement = sql!("invitation_link/read");
static LINK_USE: Statement = sql!("invitation_link/use");
static LINK_WITHDRAW: Statement = sql!("invitation_link/withdraw");

/// A key of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which stands in its text.
    pub id: String,
    /// Whether it acts on the real programme, or for a test.
    pub live: bool,
    /// What people call it.
    pub name: String,
    /// SHA-256 of its secret, in hex.
    pub secret_sha256: String,
    /// The same of the secret before, which is good until a moment.
    pub former_secret_sha256: Option<String>,
    /// That moment.
    pub former_until: Option<Instant>,
    /// As whom its holder acts.
    pub role: Role,
    /// Through which door he comes.
    pub door: Door,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// What it is bound to, as JSON of `programme`.
    pub bounds: String,
    /// The till it stands in, if in one.
    pub till: Option<TillId>,
    /// When it ends.
    pub expires_at: Option<Instant>,
    /// When it was last used, to a minute or two.
    pub used_at: Option<Instant>,
    /// Whether it was withdrawn, for good.
    pub revoked: bool,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Instant,
    /// Grows with each change.
    pub version: i64,
}

impl Tx<'_> {
    /// Adds a key.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the id is taken.
    pub fn add_key(&mut self, key: &ApiKey) -> Result<(), DbError> {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let scopes = serde_json::json!(scopes).to_string();
        let params = [
            ("id", (&key.id).into()),
            ("live", key.live.into()),
            ("name", (&key.name).into()),
            ("secret_sha256", (&key.secret_sha256).into()),
            ("former_secret_sha256", key.former_secret_sha256.as_ref().into()),
            ("former_until", key.former_until.map(|at| at.0).into()),
            ("role", key.role.as_str().into()),
            ("door", key.door.as_str().into()),
            ("scopes", (&scopes).into()),
            ("bounds", (&key.bounds).into()),
            ("till", key.till.as_ref().map(|till| &till.0).into()),
            ("expires_at", key.expires_at.map(|at| at.0).into()),
            ("used_at", key.used_at.map(|at| at.0).into()),
            ("revoked", key.revoked.into()),
            ("created_by", (&key.created_by).into()),
            ("created_at", key.created_at.0.into()),
            ("version", key.version.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// A key.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn key(&mut self, id: &str) -> Result<Option<ApiKey>, DbError> {
        self.row(&READ, &[("id", id.into())], understood)
    }

    /// A key that no other write changes before this one ends.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn key_to_change(&mut self, id: &str) -> Result<Option<ApiKey>, DbError> {
        self.row(&LOCK, &[("id", id.into())], understood)
    }

    /// Writes what may change of a key: its name, secrets, end, and that it is withdrawn.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn put_key(&mut self, key: &ApiKey) -> Result<(), DbError> {
        let params = [
            ("id", (&key.id).into()),
            ("name", (&key.name).into()),
            ("secret_sha256", (&key.secret_sha256).into()),
            ("former_secret_sha256", key.former_secret_sha256.as_ref().into()),
            ("former_until", key.former_until.map(|at| at.0).into()),
            ("expires_at", key.expires_at.map(|at| at.0).into()),
            ("revoked", key.revoked.into()),
            ("version", key.version.into()),
        ];
        self.execute(&PUT, &params).map(drop)
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn use_key(&mut self, id: &str, at: Instant) -> Result<(), DbError> {
        self.execute(&USE, &[("id", id.into()), ("at", at.0.into())]).map(drop)
    }

    /// Keys after an id, by id, at most so many.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn keys_after(&mut self, after: &str, most: u32) -> Result<Vec<ApiKey>, DbError> {
        self.rows(&LIST, &[("after", after.into()), ("most", i64::from(most).into())], understood)
    }

    /// Adds a link by which somebody may come in once, until a moment.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn add_link(
        &mut self,
        token_sha256: &str,
        role: Role,
        expires_at: Instant,
    ) -> Result<(), DbError> {
        let params = [
            ("token_sha256", token_sha256.into()),
            ("role", role.as_str().into()),
            ("expires_at", expires_at.0.into()),
        ];
        self.execute(&LINK_ADD, &params).map(drop)
    }

    /// As whom one comes in by a link that is good at a moment.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn link(&mut self, token_sha256: &str, at: Instant) -> Result<Option<Role>, DbError> {
        let params = [("token_sha256", token_sha256.into()), ("at", at.0.into())];
        self.row(&LINK_READ, &params, |row| row.understood("a role", |text| text.parse().ok()))
    }

    /// Uses a link up; of several who try, one is told that it was good.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn use_link(&mut self, token_sha256: &str, at: Instant) -> Result<bool, DbError> {
        let params = [("token_sha256", token_sha256.into()), ("at", at.0.into())];
        Ok(self.execute(&LINK_USE, &params)? > 0)
    }

    /// Withdraws all links that were not used; says how many.
    ///
    /// # Errors
    /// As [`Tx::key`].
    pub fn withdraw_links(&mut self) -> Result<u64, DbError> {
        self.execute(&LINK_WITHDRAW, &[])
    }
}

fn understood(row: &mut Row) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.text()?,
        live: row.flag()?,
        name: row.text()?,
        secret_sha256: row.text()?,
        former_secret_sha256: row.text_or_null()?,
        former_until: row.integer_or_null()?.map(Instant),
        role: row.understood("a role", |text| text.parse().ok())?,
        door: row.understood("a door", |text| text.parse().ok())?,
        scopes: row.json()?,
        bounds: row.text()?,
        till: row.text_or_null()?.map(TillId),
        expires_at: row.integer_or_null()?.map(Instant),
        used_at: row.integer_or_null()?.map(Instant),
        revoked: row.flag()?,
        created_by: row.text()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}
