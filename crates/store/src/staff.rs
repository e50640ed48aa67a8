//! Staff: who works with the programme, as whom, and what it takes to believe him.

use membership::{Door, Role};
use retail::Instant;

use crate::statement::{Row, Statement, Value, sql};
use crate::{DbError, Secret, Tx};

static ADD: Statement = sql!("staff/add");
static READ: Statement = sql!("staff/read");
static LOCK: Statement = sql!("staff/read", "staff/lock.postgres");
static PUT: Statement = sql!("staff/put");
static LIST: Statement = sql!("staff/list");
static FIRST: Statement = sql!("staff/first");
static ADMINISTRATORS: Statement =
    sql!("staff/administrators", "staff/lock_administrators.postgres");

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The name he signs in with.
    pub id: String,
    /// The Argon2 hash of his password, as a PHC string.
    pub password: Secret,
    /// As whom he acts.
    pub role: Role,
    /// Through which door he comes.
    pub door: Door,
    /// What he is bound to, as JSON of `programme`.
    pub bounds: String,
    /// What his device makes its codes of, in base 32, if he needs one.
    pub totp_secret: Option<Secret>,
    /// The same, of a device that has not yet shown a code.
    pub totp_pending: Option<Secret>,
    /// The step of the newest code that was taken: it and older ones are good no more.
    pub totp_last_step: Option<i64>,
    /// Failures to sign in since the last success.
    pub failures: u32,
    /// Until when nobody is let in by this name.
    pub locked_until: Option<Instant>,
    /// Whether he has left.
    pub disabled: bool,
    /// Since when he is here.
    pub created_at: Instant,
    /// Grows with each change of what an administrator decides.
    pub version: i64,
}

impl Tx<'_> {
    /// Adds a member of staff.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the name is taken.
    pub fn add_staff(&mut self, staff: &Staff) -> Result<(), DbError> {
        self.execute(&ADD, &params(staff)).map(drop)
    }

    /// A member of staff.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn staff(&mut self, id: &str) -> Result<Option<Staff>, DbError> {
        self.row(&READ, &[("id", id.into())], understood)
    }

    /// A member of staff, whom no other write changes before this one ends.
    ///
    /// # Errors
    /// As [`Tx::staff`].
    pub fn staff_to_change(&mut self, id: &str) -> Result<Option<Staff>, DbError> {
        self.row(&LOCK, &[("id", id.into())], understood)
    }

    /// Writes what may change of a member of staff: all but his name and since when he is here.
    ///
    /// # Errors
    /// As [`Tx::staff`].
    pub fn put_staff(&mut self, staff: &Staff) -> Result<(), DbError> {
        self.execute(&PUT, &params(staff)).map(drop)
    }

    /// Staff after a name, by name, at most so many.
    ///
    /// # Errors
    /// As [`Tx::staff`].
    pub fn staff_after(&mut self, after: &str, most: u32) -> Result<Vec<Staff>, DbError> {
        self.rows(&LIST, &[("after", after.into()), ("most", i64::from(most).into())], understood)
    }

    /// Whether there is anybody at all.
    ///
    /// # Errors
    /// As [`Tx::staff`].
    pub fn has_staff(&mut self) -> Result<bool, DbError> {
        Ok(self.row(&FIRST, &[], Row::text)?.is_some())
    }

    /// Names and bounds of administrators who have not left; no other write changes them before this one
    /// ends.
    ///
    /// # Errors
    /// As [`Tx::staff`].
    pub fn administrators(&mut self) -> Result<Vec<(String, String)>, DbError> {
        self.rows(&ADMINISTRATORS, &[], |row| Ok((row.text()?, row.text()?)))
    }
}

fn params(staff: &Staff) -> [(&'static str, Value<'_>); 13] {
    [
        ("id", (&staff.id).into()),
        ("password", staff.password.expose().into()),
        ("role", staff.role.as_str().into()),
        ("door", staff.door.as_str().into()),
        ("bounds", (&staff.bounds).into()),
        ("totp_secret", staff.totp_secret.as_ref().map(Secret::expose).into()),
        ("totp_pending", staff.totp_pending.as_ref().map(Secret::expose).into()),
        ("totp_last_step", staff.totp_last_step.into()),
        ("failures", i64::from(staff.failures).into()),
        ("locked_until", staff.locked_until.map(|at| at.0).into()),
        ("disabled", staff.disabled.into()),
        ("version", staff.version.into()),
        ("created_at", staff.created_at.0.into()),
    ]
}

fn understood(row: &mut Row) -> Result<Staff, DbError> {
    Ok(Staff {
        id: row.text()?,
        password: Secret::new(row.text()?),
        role: row.understood("a role", |text| text.parse().ok())?,
        door: row.understood("a door", |text| text.parse().ok())?,
        bounds: row.text()?,
        totp_secret: row.text_or_null()?.map(Secret::new),
        totp_pending: row.text_or_null()?.map(Secret::new),
        totp_last_step: row.integer_or_null()?,
        failures: row.small()?,
        locked_until: row.integer_or_null()?.map(Instant),
        disabled: row.flag()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}
