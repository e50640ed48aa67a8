//! Customers who were erased, each with its act.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("erasure/add");
static PUT: Statement = sql!("erasure/put");
static OF_CUSTOMER: Statement = sql!("erasure/of_customer");
static AFTER: Statement = sql!("erasure/after");

/// That a customer was erased; nothing in it says who he was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Grows with each.
    pub number: i64,
    /// Hash of the customer's id, hexadecimal.
    pub customer_sha256: String,
    /// What was destroyed, by whom, as JSON.
    pub act: String,
    /// When.
    pub at: Instant,
}

impl Tx<'_> {
    /// Takes down that a customer was erased; gives its number.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_erasure(
        &mut self,
        customer_sha256: &str,
        act: &str,
        at: Instant,
    ) -> Result<i64, DbError> {
        let params =
            [("customer_sha256", customer_sha256.into()), ("act", act.into()), ("at", at.0.into())];
        Ok(self.row(&ADD, &params, Row::integer)?.unwrap_or(0))
    }

    /// Says of an erasure what was destroyed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn put_erasure(&mut self, number: i64, act: &str) -> Result<(), DbError> {
        let params = [("act", act.into()), ("number", number.into())];
        self.execute(&PUT, &params).map(drop)
    }

    /// Whether somebody was erased.
    ///
    /// # Errors
    /// When the database fails.
    pub fn was_erased(&mut self, customer_sha256: &str) -> Result<bool, DbError> {
        let params = [("customer_sha256", customer_sha256.into())];
        Ok(self.row(&OF_CUSTOMER, &params, Row::integer)?.is_some())
    }

    /// Erasures after a number, the earliest first, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn erasures(&mut self, after: i64, most: u32) -> Result<Vec<Erasure>, DbError> {
        let params = [("after", after.into()), ("most", i64::from(most).into())];
        self.rows(&AFTER, &params, |row| {
            Ok(Erasure {
                number: row.integer()?,
                customer_sha256: row.text()?,
                act: row.text()?,
                at: Instant(row.integer()?),
            })
        })
    }
}
