//! The journal: receipts that are durable here and on their way to the lake, in numbered batches.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("journal/add");
static CLAIM: Statement = sql!("journal/claim");
static OF_BATCH: Statement = sql!("journal/of_batch");
static OF_CUSTOMER: Statement = sql!("journal/of_customer");
static ALL: Statement = sql!("journal/all");
static WAITING: Statement = sql!("journal/waiting");
static FORGET: Statement = sql!("journal/forget");
static ADD_BATCH: Statement = sql!("journal/add_batch");
static OPEN_BATCH: Statement = sql!("journal/open_batch");
static LAST_MOVED: Statement = sql!("journal/last_moved");
static BATCH_MOVED: Statement = sql!("journal/batch_moved");
static FORGET_BATCHES: Statement = sql!("journal/forget_batches");

/// A version of a receipt on its way to the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its place: of two versions of a receipt the later one has the higher.
    pub id: i64,
    /// The receipt's id.
    pub receipt: String,
    /// The batch that takes it to the lake, once there is one.
    pub batch: Option<i64>,
    /// The receipt as JSON.
    pub body: String,
    /// When it came.
    pub received_at: Instant,
}

/// A batch of the journal that is about to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalClaim {
    /// Its number.
    pub number: i64,
    /// Rows that it got just now; none of one that was begun before.
    pub rows: u64,
}

/// Whose rows of the journal are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalOf<'a> {
    /// Of receipts that are, or were before their newest version, this customer's.
    Customer(&'a str),
    /// All there are.
    Everybody,
}

impl Tx<'_> {
    /// Appends a version of a receipt; `customer_before` is whose it was before, where he is another.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_to_journal(
        &mut self,
        receipt: &str,
        customer: Option<&str>,
        customer_before: Option<&str>,
        body: &str,
        received_at: Instant,
    ) -> Result<(), DbError> {
        let params = [
            ("receipt", receipt.into()),
            ("customer", customer.into()),
            ("customer_before", customer_before.into()),
            ("body", body.into()),
            ("received_at", received_at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// The batch to be moved: one that was begun before and not finished, else the next number with the
    /// oldest rows, at most so many; nothing if the journal is empty.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn claim_journal(&mut self, most: u32) -> Result<Option<JournalClaim>, DbError> {
        if let Some(number) = self.row(&OPEN_BATCH, &[], Row::integer)? {
            return Ok(Some(JournalClaim { number, rows: 0 }));
        }
        if self.journal_waiting()?.0 == 0 {
            return Ok(None);
        }
        let number = self.row(&ADD_BATCH, &[], Row::integer)?;
        let Some(number) = number else { return Ok(None) };
        Ok(Some(JournalClaim { number, rows: self.claim_more(number, most)? }))
    }

    /// Adds the oldest rows that no batch has to one that was begun just now, at most so many; says how many it
    /// were. Only while nobody else may move it: what comes to it after it was read never reaches the lake.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn claim_more(&mut self, number: i64, most: u32) -> Result<u64, DbError> {
        let params = [("batch", number.into()), ("most", i64::from(most).into())];
        self.execute(&CLAIM, &params)
    }

    /// Rows of a batch, in their sequence.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn journal_batch(&mut self, number: i64) -> Result<Vec<JournalRow>, DbError> {
        self.rows(&OF_BATCH, &[("batch", number.into())], journal_row)
    }

    /// Rows that are still in the journal, in their sequence.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn journal(&mut self, of: JournalOf<'_>) -> Result<Vec<JournalRow>, DbError> {
        match of {
            JournalOf::Customer(id) => {
                self.rows(&OF_CUSTOMER, &[("customer", id.into())], journal_row)
            }
            JournalOf::Everybody => self.rows(&ALL, &[], journal_row),
        }
    }

    /// How many rows the journal has, and when the oldest came.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn journal_waiting(&mut self) -> Result<(i64, Option<Instant>), DbError> {
        let waiting = self
            .row(&WAITING, &[], |row| Ok((row.integer()?, row.integer_or_null()?.map(Instant))))?;
        Ok(waiting.unwrap_or((0, None)))
    }

    /// Notes that the lake has a batch; whoever reads leaves its rows out from then on.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn journal_moved(&mut self, number: i64, moved_at: Instant) -> Result<(), DbError> {
        let params = [("moved_at", moved_at.0.into()), ("number", number.into())];
        self.execute(&BATCH_MOVED, &params)?;
        // Of those in the lake only the last is asked for.
        self.execute(&FORGET_BATCHES, &[("before", number.into())]).map(drop)
    }

    /// Takes rows that the lake has out of the journal, at most so many; says how many it were. Others
    /// write between one such call and the next.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn forget_moved(&mut self, most: u32) -> Result<u64, DbError> {
        self.execute(&FORGET, &[("most", i64::from(most).into())])
    }

    /// Number of the last batch whose rows have left the journal, 0 before the first: a state of the
    /// lake without it is too old to be read together with the journal.
    ///
    /// # Errors
    /// As [`Tx::add_to_journal`].
    pub fn journal_last_moved(&mut self) -> Result<i64, DbError> {
        Ok(self.row(&LAST_MOVED, &[], Row::integer)?.unwrap_or(0))
    }
}

fn journal_row(row: &mut Row) -> Result<JournalRow, DbError> {
    Ok(JournalRow {
        id: row.integer()?,
        receipt: row.text()?,
        batch: row.integer_or_null()?,
        body: row.text()?,
        received_at: Instant(row.integer()?),
    })
}
