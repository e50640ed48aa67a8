//! Rules as data: of each kind and scope the newest version counts, and older ones stay.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static NEWEST: Statement = sql!("ruleset/newest");
static VERSION: Statement = sql!("ruleset/version");
static ADD: Statement = sql!("ruleset/add");

/// A published set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// `accrual`, `levels`, `card_policy`, `limits`.
    pub kind: String,
    /// A network's id; empty for the programme.
    pub scope: String,
    /// From 1.
    pub version: i64,
    /// The rules as JSON.
    pub body: String,
    /// When.
    pub published_at: Instant,
    /// By whom.
    pub published_by: String,
}

impl Tx<'_> {
    /// The rules of a kind that count in exactly this scope.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn ruleset(&mut self, kind: &str, scope: &str) -> Result<Option<Ruleset>, DbError> {
        self.row(&NEWEST, &[("kind", kind.into()), ("scope", scope.into())], ruleset)
    }

    /// The rules of a kind that count for a network: its own, else the programme's.
    ///
    /// # Errors
    /// As [`Tx::ruleset`].
    pub fn ruleset_for(&mut self, kind: &str, network: &str) -> Result<Option<Ruleset>, DbError> {
        match self.ruleset(kind, network)? {
            Some(own) => Ok(Some(own)),
            None => self.ruleset(kind, ""),
        }
    }

    /// An older or the newest version of a set of rules.
    ///
    /// # Errors
    /// As [`Tx::ruleset`].
    pub fn ruleset_version(
        &mut self,
        kind: &str,
        scope: &str,
        version: i64,
    ) -> Result<Option<Ruleset>, DbError> {
        let params = [("kind", kind.into()), ("scope", scope.into()), ("version", version.into())];
        self.row(&VERSION, &params, ruleset)
    }

    /// Publishes a version.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the version is taken.
    pub fn add_ruleset(&mut self, ruleset: &Ruleset) -> Result<(), DbError> {
        let params = [
            ("kind", (&ruleset.kind).into()),
            ("scope", (&ruleset.scope).into()),
            ("version", ruleset.version.into()),
            ("body", (&ruleset.body).into()),
            ("at", ruleset.published_at.0.into()),
            ("by", (&ruleset.published_by).into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }
}

fn ruleset(row: &mut Row) -> Result<Ruleset, DbError> {
    Ok(Ruleset {
        kind: row.text()?,
        scope: row.text()?,
        version: row.integer()?,
        body: row.text()?,
        published_at: Instant(row.integer()?),
        published_by: row.text()?,
    })
}
