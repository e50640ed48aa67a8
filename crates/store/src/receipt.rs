//! Receipts that came on-line: their names, what they said in short, and what they brought.

use retail::{Day, Instant};

use crate::statement::{Params, Row, Statement, sql};
use crate::{DbError, Tx};

static OF_NAME: Statement = sql!("receipt/named");
static NAMED: Statement = sql!("receipt/named", "receipt/lock_named.postgres");
static OF_ORIGINAL: Statement = sql!("receipt/of_original", "receipt/lock_of_original.postgres");
static LOCK_FAMILY: Statement = sql!("receipt/lock_family", "receipt/lock_family.postgres");
static READ: Statement = sql!("receipt/read");
static OF_WALLET: Statement = sql!("receipt/of_wallet");
static ADD: Statement = sql!("receipt/add");
static PUT: Statement = sql!("receipt/put");
static ADD_NAME: Statement = sql!("receipt/add_name");
static PLACE: Statement = sql!("receipt/place");

/// A receipt as it is known here; its lines go to the lake by the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// Hash of the key it first came under.
    pub id: String,
    /// Of which chain of shops.
    pub network: String,
    /// Where.
    pub shop: String,
    /// At which till.
    pub till: String,
    /// Its own number.
    pub number: String,
    /// Hash of what it says.
    pub content_sha256: String,
    /// 1, and one more with each content that replaced another.
    pub version: u32,
    /// The card that was shown.
    pub card: Option<String>,
    /// Whose points it moves.
    pub wallet: Option<String>,
    /// The customer it was resolved to.
    pub customer: Option<String>,
    /// Of a return, the id of the receipt whose goods came back, known here or not.
    pub original: Option<String>,
    /// What the retailer received, minor units; negative for a return.
    pub net: i64,
    /// What it earned, in the programme's smallest unit; negative for a return.
    pub points: i64,
    /// What was bought or came back, line by line with points, as JSON.
    pub points_by_line: String,
    /// What its sender was answered, as JSON.
    pub answer: String,
    /// When it was, by the till.
    pub at: Instant,
    /// The shop's business day.
    pub day: Day,
    /// When it came.
    pub received_at: Instant,
}

/// What a shop gives to the receipts of its tills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptPlace {
    /// The chain it belongs to.
    pub network: String,
    /// Its time zone, by its name in the IANA database.
    pub time_zone: String,
    /// Whether shop or till takes no receipts any more.
    pub closed: bool,
}

impl Tx<'_> {
    /// Receipts that are known under either of two names, at most two, locked where locks are needed.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn receipts_named(
        &mut self,
        name: &str,
        other_name: &str,
    ) -> Result<Vec<StoredReceipt>, DbError> {
        let params = [("name", name.into()), ("other_name", other_name.into())];
        self.rows(&NAMED, &params, receipt)
    }

    /// The receipt that is known under a name, as it is now; others may change it at once.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn receipt_named(&mut self, name: &str) -> Result<Option<StoredReceipt>, DbError> {
        self.row(&OF_NAME, &[("name", name.into()), ("other_name", name.into())], receipt)
    }

    /// Keeps others from a sale and its returns until all is stored, whether the sale is known yet or not.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn lock_receipts_of(&mut self, sale: &str) -> Result<(), DbError> {
        self.row(&LOCK_FAMILY, &[("id", sale.into())], |_| Ok(())).map(drop)
    }

    /// Returns that name this receipt as their original, the earliest first, locked where locks are
    /// needed.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn returns_of(&mut self, original: &str) -> Result<Vec<StoredReceipt>, DbError> {
        self.rows(&OF_ORIGINAL, &[("original", original.into())], receipt)
    }

    /// A receipt by its id.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn receipt(&mut self, id: &str) -> Result<Option<StoredReceipt>, DbError> {
        self.row(&READ, &[("id", id.into())], receipt)
    }

    /// Receipts of a wallet before a moment and id, the latest first, at most so many.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn receipts_of_wallet(
        &mut self,
        wallet: &str,
        before: (Instant, &str),
        most: u32,
    ) -> Result<Vec<StoredReceipt>, DbError> {
        let params = [
            ("wallet", wallet.into()),
            ("before_at", before.0.0.into()),
            ("before_id", before.1.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&OF_WALLET, &params, receipt)
    }

    /// Adds a receipt.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where its id is known.
    pub fn add_receipt(&mut self, receipt: &StoredReceipt) -> Result<(), DbError> {
        self.write_receipt(&ADD, receipt)
    }

    /// Writes a receipt that is known.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn put_receipt(&mut self, receipt: &StoredReceipt) -> Result<(), DbError> {
        self.write_receipt(&PUT, receipt)
    }

    /// Gives a receipt one more name, unless it has that name already.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`]; [`DbError::Busy`] where another receipt got the name a moment ago, and
    /// all of it is tried again.
    pub fn add_receipt_name(&mut self, name: &str, receipt: &str) -> Result<(), DbError> {
        let params = [("name", name.into()), ("receipt", receipt.into())];
        match self.execute(&ADD_NAME, &params)? {
            0 => Err(self.raced()),
            _ => Ok(()),
        }
    }

    /// What a shop gives to the receipts of one of its tills, if there is such a shop and till.
    ///
    /// # Errors
    /// As [`Tx::receipts_named`].
    pub fn receipt_place(
        &mut self,
        shop: &str,
        till: &str,
    ) -> Result<Option<ReceiptPlace>, DbError> {
        self.row(&PLACE, &[("shop", shop.into()), ("till", till.into())], |row| {
            let (network, time_zone) = (row.text()?, row.text()?);
            Ok(ReceiptPlace { network, time_zone, closed: row.flag()? })
        })
    }

    fn write_receipt(
        &mut self,
        statement: &'static Statement,
        receipt: &StoredReceipt,
    ) -> Result<(), DbError> {
        let params: &Params<'_> = &[
            ("id", (&receipt.id).into()),
            ("network", (&receipt.network).into()),
            ("shop", (&receipt.shop).into()),
            ("till", (&receipt.till).into()),
            ("number", (&receipt.number).into()),
            ("content_sha256", (&receipt.content_sha256).into()),
            ("version", i64::from(receipt.version).into()),
            ("card", receipt.card.as_ref().into()),
            ("wallet", receipt.wallet.as_ref().into()),
            ("customer", receipt.customer.as_ref().into()),
            ("original", receipt.original.as_ref().into()),
            ("net", receipt.net.into()),
            ("points", receipt.points.into()),
            ("points_by_line", (&receipt.points_by_line).into()),
            ("answer", (&receipt.answer).into()),
            ("at", receipt.at.0.into()),
            ("day", i64::from(receipt.day.0).into()),
            ("received_at", receipt.received_at.0.into()),
        ];
        self.execute(statement, params).map(drop)
    }
}

fn receipt(row: &mut Row) -> Result<StoredReceipt, DbError> {
    Ok(StoredReceipt {
        id: row.text()?,
        network: row.text()?,
        shop: row.text()?,
        till: row.text()?,
        number: row.text()?,
        content_sha256: row.text()?,
        version: row.small()?,
        card: row.text_or_null()?,
        wallet: row.text_or_null()?,
        customer: row.text_or_null()?,
        original: row.text_or_null()?,
        net: row.integer()?,
        points: row.integer()?,
        points_by_line: row.text()?,
        answer: row.text()?,
        at: Instant(row.integer()?),
        day: row.day()?,
        received_at: Instant(row.integer()?),
    })
}
