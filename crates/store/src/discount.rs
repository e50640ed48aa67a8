//! Rulesets of discounts: versions that are drafts, looked over, published from a moment on, retired.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("discount_ruleset/add");
static NEWEST: Statement = sql!("discount_ruleset/newest");
static READ: Statement = sql!("discount_ruleset/read");
static LOCK: Statement = sql!("discount_ruleset/read", "discount_ruleset/lock.postgres");
static LIST: Statement = sql!("discount_ruleset/list");
static BEGUN: Statement = sql!("discount_ruleset/begun");
static PUT: Statement = sql!("discount_ruleset/put");

/// How far a ruleset has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountState {
    /// It is being written.
    Draft,
    /// Nothing was wrong with it when it was looked over.
    Checked,
    /// It counts from a moment on, and never changes again.
    Published,
    /// Somebody ended it.
    Retired,
}

/// What stands beside the rules of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountHead {
    /// From 1.
    pub version: i64,
    /// How far it has come.
    pub state: DiscountState,
    /// Rises with each change.
    pub revision: i64,
    /// When it was first written, and by whom.
    pub created: Mark,
    /// When it was last looked over and found good.
    pub checked: Option<Mark>,
    /// From when on it counts.
    pub starts_at: Option<Instant>,
    /// When that was decided.
    pub published: Option<Mark>,
    /// When it was ended by hand.
    pub retired: Option<Mark>,
}

/// When something was done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mark {
    pub at: Instant,
    pub by: String,
}

/// A version with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountRuleset {
    /// What stands beside them.
    pub head: DiscountHead,
    /// The rules as JSON.
    pub body: String,
}

impl DiscountState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Checked, Self::Published, Self::Retired];

    /// Its name in the database and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Checked => "checked",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl Tx<'_> {
    /// Adds a draft under the next version, which it gives.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_discounts(&mut self, body: &str, created: &Mark) -> Result<i64, DbError> {
        let newest = self.row(&NEWEST, &[], Row::integer)?.unwrap_or(0);
        let version = newest + 1;
        let params = [
            ("version", version.into()),
            ("at", created.at.0.into()),
            ("by", (&created.by).into()),
            ("body", body.into()),
        ];
        if self.execute(&ADD, &params)? == 0 {
            return Err(self.raced());
        }
        Ok(version)
    }

    /// A version with its rules.
    ///
    /// # Errors
    /// As [`Tx::add_discounts`].
    pub fn discounts(&mut self, version: i64) -> Result<Option<DiscountRuleset>, DbError> {
        self.row(&READ, &[("version", version.into())], ruleset)
    }

    /// A version that is about to be changed: nobody else changes it meanwhile.
    ///
    /// # Errors
    /// As [`Tx::add_discounts`].
    pub fn discounts_to_change(
        &mut self,
        version: i64,
    ) -> Result<Option<DiscountRuleset>, DbError> {
        self.row(&LOCK, &[("version", version.into())], ruleset)
    }

    /// Heads of versions before one, the newest first, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_discounts`].
    pub fn discount_heads(&mut self, before: i64, most: u32) -> Result<Vec<DiscountHead>, DbError> {
        self.rows(&LIST, &[("before", before.into()), ("most", i64::from(most).into())], head)
    }

    /// Heads of versions that begin to count until a moment, the last first, at most so many; those that
    /// were ended before they began are left out.
    ///
    /// # Errors
    /// As [`Tx::add_discounts`].
    pub fn discounts_begun(
        &mut self,
        until: Instant,
        most: u32,
    ) -> Result<Vec<DiscountHead>, DbError> {
        self.rows(&BEGUN, &[("until", until.0.into()), ("most", i64::from(most).into())], head)
    }

    /// Changes a version; its revision rises.
    ///
    /// # Errors
    /// As [`Tx::add_discounts`].
    pub fn put_discounts(&mut self, ruleset: &DiscountRuleset) -> Result<(), DbError> {
        let head = &ruleset.head;
        let at = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.at.0);
        let params = [
            ("state", head.state.as_str().into()),
            ("checked_at", at(&head.checked).into()),
            ("checked_by", head.checked.as_ref().map(|mark| &mark.by).into()),
            ("starts_at", head.starts_at.map(|at| at.0).into()),
            ("published_at", at(&head.published).into()),
            ("published_by", head.published.as_ref().map(|mark| &mark.by).into()),
            ("retired_at", at(&head.retired).into()),
            ("retired_by", head.retired.as_ref().map(|mark| &mark.by).into()),
            ("body", (&ruleset.body).into()),
            ("version", head.version.into()),
        ];
        self.execute(&PUT, &params).map(drop)
    }
}

fn ruleset(row: &mut Row) -> Result<DiscountRuleset, DbError> {
    Ok(DiscountRuleset { head: head(row)?, body: row.text()? })
}

fn head(row: &mut Row) -> Result<DiscountHead, DbError> {
    Ok(DiscountHead {
        version: row.integer()?,
        state: row.understood("the state of a ruleset", DiscountState::named)?,
        revision: row.integer()?,
        created: Mark { at: Instant(row.integer()?), by: row.text()? },
        checked: mark(row)?,
        starts_at: row.integer_or_null()?.map(Instant),
        published: mark(row)?,
        retired: mark(row)?,
    })
}

/// Two columns that are both there, or both not.
pub(crate) fn mark(row: &mut Row) -> Result<Option<Mark>, DbError> {
    let (at, by) = (row.integer_or_null()?, row.text_or_null()?);
    Ok(at.zip(by).map(|(at, by)| Mark { at: Instant(at), by }))
}
