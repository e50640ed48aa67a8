//! Activity: how much a card, a till or an operator did on a day, and what was above a limit.

use retail::{Day, Instant};

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("activity/add");
static READ: Statement = sql!("activity/read");
static FORGET: Statement = sql!("activity/forget");
static FLAG_ADD: Statement = sql!("activity_flag/add");
static FLAG_OPEN: Statement = sql!("activity_flag/open");
static FLAG_READ: Statement = sql!("activity_flag/read");
static FLAG_CLOSE: Statement = sql!("activity_flag/close");
static FLAG_OF_OBJECT: Statement =
    sql!("activity_flag/of_object", "activity_flag/lock_of_object.postgres");
static HELD_ADD: Statement = sql!("held_receipt/add");
static HELD_ONLY_BY: Statement = sql!("held_receipt/only_by");
static HELD_RELEASE: Statement = sql!("held_receipt/release");

/// How much was done on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// How often.
    pub times: i64,
    /// Of how much together, in the smallest unit of money or in points.
    pub amount: i64,
}

/// That a limit was exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityFlag {
    /// What was done, by which kind of thing: `card.receipt` …
    pub kind: String,
    /// The card's number, the till, the operator.
    pub object: String,
    /// In which network, where that is known.
    pub network: Option<String>,
    /// In which shop, where that is known.
    pub shop: Option<String>,
    /// On which day.
    pub day: Day,
    /// Which limit: `times` or `amount`.
    pub what: String,
    /// How high the limit was.
    pub bound: i64,
    /// Whether what goes beyond it is held.
    pub held: bool,
    /// When it was exceeded.
    pub at: Instant,
    /// When somebody closed it.
    pub closed_at: Option<Instant>,
    /// Who.
    pub closed_by: Option<String>,
    /// Whether he let go what it held.
    pub released: bool,
}

impl Tx<'_> {
    /// Adds to what a thing did on a day; gives how much that is together.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_activity(
        &mut self,
        kind: &str,
        object: &str,
        day: Day,
        more: Done,
    ) -> Result<Done, DbError> {
        let params = [
            ("kind", kind.into()),
            ("object", object.into()),
            ("day", i64::from(day.0).into()),
            ("times", more.times.into()),
            ("amount", more.amount.into()),
        ];
        Ok(self.row(&ADD, &params, done)?.unwrap_or(more))
    }

    /// What a thing did on a day.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn activity(&mut self, kind: &str, object: &str, day: Day) -> Result<Done, DbError> {
        let params =
            [("kind", kind.into()), ("object", object.into()), ("day", i64::from(day.0).into())];
        Ok(self.row(&READ, &params, done)?.unwrap_or_default())
    }

    /// Forgets what was done before a day; says how many rows that were.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn forget_activity(&mut self, before: Day) -> Result<u64, DbError> {
        self.execute(&FORGET, &[("before", i64::from(before.0).into())])
    }

    /// Notes that a limit was exceeded, on a flag that is open; gives its number.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn add_flag(&mut self, flag: &ActivityFlag) -> Result<i64, DbError> {
        let params = [
            ("kind", (&flag.kind).into()),
            ("object", (&flag.object).into()),
            ("network", flag.network.as_ref().into()),
            ("shop", flag.shop.as_ref().into()),
            ("day", i64::from(flag.day.0).into()),
            ("what", (&flag.what).into()),
            ("bound", flag.bound.into()),
            ("held", flag.held.into()),
            ("at", flag.at.0.into()),
        ];
        Ok(self.row(&FLAG_ADD, &params, Row::integer)?.unwrap_or_default())
    }

    /// Flags that nobody closed, after a number, oldest first, at most so many, each with its number.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn open_flags(
        &mut self,
        after: i64,
        most: u32,
    ) -> Result<Vec<(i64, ActivityFlag)>, DbError> {
        let params = [("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&FLAG_OPEN, &params, numbered_flag)
    }

    /// A flag by its number.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn flag(&mut self, id: i64) -> Result<Option<ActivityFlag>, DbError> {
        Ok(self.row(&FLAG_READ, &[("id", id.into())], numbered_flag)?.map(|(_, flag)| flag))
    }

    /// Flags of a thing on a day, each with its number; nobody releases one meanwhile.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn flags_of(
        &mut self,
        object: &str,
        day: Day,
    ) -> Result<Vec<(i64, ActivityFlag)>, DbError> {
        let params = [("object", object.into()), ("day", i64::from(day.0).into())];
        self.rows(&FLAG_OF_OBJECT, &params, numbered_flag)
    }

    /// Lets a flag hold a receipt.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn hold_receipt(&mut self, flag: i64, receipt: &str) -> Result<(), DbError> {
        let params = [("flag", flag.into()), ("receipt", receipt.into())];
        self.execute(&HELD_ADD, &params).map(drop)
    }

    /// Lets go what a flag holds; gives the receipts that no other flag holds. One at a time does.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn release_receipts(&mut self, flag: i64) -> Result<Vec<String>, DbError> {
        self.lock_receipts_of("released")?;
        let free = self.rows(&HELD_ONLY_BY, &[("flag", flag.into())], Row::text)?;
        self.execute(&HELD_RELEASE, &[("flag", flag.into())])?;
        Ok(free)
    }

    /// Closes a flag, letting go what it held or not; says whether that changes it. One that was closed may still
    /// be let go.
    ///
    /// # Errors
    /// As [`Tx::add_activity`].
    pub fn close_flag(
        &mut self,
        id: i64,
        by: &str,
        at: Instant,
        released: bool,
    ) -> Result<bool, DbError> {
        let params = [
            ("id", id.into()),
            ("at", at.0.into()),
            ("by", by.into()),
            ("released", released.into()),
        ];
        Ok(self.execute(&FLAG_CLOSE, &params)? > 0)
    }
}

fn done(row: &mut Row) -> Result<Done, DbError> {
    Ok(Done { times: row.integer()?, amount: row.integer()? })
}

fn numbered_flag(row: &mut Row) -> Result<(i64, ActivityFlag), DbError> {
    let id = row.integer()?;
    let flag = ActivityFlag {
        kind: row.text()?,
        object: row.text()?,
        network: row.text_or_null()?,
        shop: row.text_or_null()?,
        day: day(row)?,
        what: row.text()?,
        bound: row.integer()?,
        held: row.flag()?,
        at: Instant(row.integer()?),
        closed_at: row.integer_or_null()?.map(Instant),
        closed_by: row.text_or_null()?,
        released: row.flag()?,
    };
    Ok((id, flag))
}

fn day(row: &mut Row) -> Result<Day, DbError> {
    let number = row.integer()?;
    // Days come from our own writing; beyond the calendar there is only its end.
    Ok(Day(i32::try_from(number).unwrap_or(i32::MAX)))
}
