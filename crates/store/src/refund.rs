//! What was given back for goods that came back.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("refund/add");
static READ: Statement = sql!("refund/read");
static OF_ORIGINAL: Statement = sql!("refund/of_original");

/// What was given back with a return, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefund {
    /// The return's receipt.
    pub receipt: String,
    /// The receipt whose goods came back.
    pub original: String,
    /// What came back and what was given back for it, as JSON.
    pub body: String,
    /// When.
    pub at: Instant,
}

impl Tx<'_> {
    /// Adds what was given back with a return, whose receipt is there.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where something was given back with it already.
    pub fn add_refund(&mut self, refund: &StoredRefund) -> Result<(), DbError> {
        let params = [
            ("receipt", (&refund.receipt).into()),
            ("original", (&refund.original).into()),
            ("body", (&refund.body).into()),
            ("at", refund.at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// What was given back with a return.
    ///
    /// # Errors
    /// When the database fails.
    pub fn refund(&mut self, receipt: &str) -> Result<Option<StoredRefund>, DbError> {
        self.row(&READ, &[("receipt", receipt.into())], refund)
    }

    /// What was given back for a receipt so far, the earliest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn refunds_of(&mut self, original: &str) -> Result<Vec<StoredRefund>, DbError> {
        self.rows(&OF_ORIGINAL, &[("original", original.into())], refund)
    }
}

fn refund(row: &mut Row) -> Result<StoredRefund, DbError> {
    Ok(StoredRefund {
        receipt: row.text()?,
        original: row.text()?,
        body: row.text()?,
        at: Instant(row.integer()?),
    })
}
