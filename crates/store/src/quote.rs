//! Quotes that hold what they claim, until somebody confirms or cancels them or their time is over.

use retail::Instant;

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("quote/add");
static READ: Statement = sql!("quote/read");
static LOCK: Statement = sql!("quote/read", "quote/lock.postgres");
static OF_RECEIPT: Statement = sql!("quote/of_receipt");
static OF_CUSTOMER: Statement = sql!("quote/of_customer");
static PUT: Statement = sql!("quote/put");
static DUE: Statement = sql!("quote/due");
static FORGET: Statement = sql!("quote/forget");
static FORGET_CUSTOMER: Statement = sql!("quote/forget_customer");
static BODY_READ: Statement = sql!("quote_body/read");
static BODY_PUT: Statement = sql!("quote_body/put");

/// A quote as it is kept, but for its body: what was known and what came of it, which is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredQuote {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub state: QuoteState,
    /// Of which chain of shops.
    pub network: String,
    /// Where.
    pub shop: String,
    /// At which till.
    pub till: String,
    /// The card that was shown.
    pub card: Option<String>,
    /// The customer it was resolved to.
    pub customer: Option<String>,
    /// Whose points it spends.
    pub wallet: Option<String>,
    /// By which version of the rules it was priced; 0 is by none.
    pub ruleset_version: i64,
    /// When it was made.
    pub made_at: Instant,
    /// From when on it cannot be confirmed.
    pub expires_at: Instant,
    /// The receipt that it became.
    pub receipt: Option<String>,
    /// What of it was taken, as JSON; nothing is all of it.
    pub taken: Option<String>,
}

/// What became of a quote. It leaves `Held` once and never changes afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteState {
    /// What it claims is held.
    Held,
    /// It became a receipt.
    Confirmed,
    /// Whoever had asked gave it up.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl QuoteState {
    /// Its stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Held, Self::Confirmed, Self::Cancelled, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

impl Tx<'_> {
    /// Adds a quote, which became no receipt yet, and its body.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where its id is known.
    pub fn add_quote(&mut self, quote: &StoredQuote, body: &str) -> Result<(), DbError> {
        let params = [
            ("id", (&quote.id).into()),
            ("state", quote.state.as_str().into()),
            ("network", (&quote.network).into()),
            ("shop", (&quote.shop).into()),
            ("till", (&quote.till).into()),
            ("card", quote.card.as_ref().into()),
            ("customer", quote.customer.as_ref().into()),
            ("wallet", quote.wallet.as_ref().into()),
            ("ruleset_version", quote.ruleset_version.into()),
            ("made_at", quote.made_at.0.into()),
            ("expires_at", quote.expires_at.0.into()),
        ];
        self.execute(&ADD, &params)?;
        self.put_body(&quote.id, body)
    }

    /// What a quote was priced from and what came of it, as JSON.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn quote_body(&mut self, id: &str) -> Result<Option<String>, DbError> {
        self.row(&BODY_READ, &[("quote", id.into())], Row::text)
    }

    /// A quote.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn quote(&mut self, id: &str) -> Result<Option<StoredQuote>, DbError> {
        self.row(&READ, &[("id", id.into())], quote)
    }

    /// A quote that this write is about to decide: nobody else does meanwhile.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn quote_to_change(&mut self, id: &str) -> Result<Option<StoredQuote>, DbError> {
        self.row(&LOCK, &[("id", id.into())], quote)
    }

    /// The quote that became a receipt.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn quote_of_receipt(&mut self, receipt: &str) -> Result<Option<StoredQuote>, DbError> {
        self.row(&OF_RECEIPT, &[("receipt", receipt.into())], quote)
    }

    /// Quotes of a customer, at most so many.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn quotes_of_customer(
        &mut self,
        customer: &str,
        most: u32,
    ) -> Result<Vec<StoredQuote>, DbError> {
        let params = [("customer", customer.into()), ("most", i64::from(most).into())];
        self.rows(&OF_CUSTOMER, &params, quote)
    }

    /// Says what became of a quote.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the receipt came of another quote.
    pub fn decide_quote(
        &mut self,
        id: &str,
        state: QuoteState,
        receipt: Option<&str>,
        taken: Option<&str>,
    ) -> Result<(), DbError> {
        let params = [
            ("state", state.as_str().into()),
            ("receipt", receipt.into()),
            ("taken", taken.into()),
            ("id", id.into()),
        ];
        self.execute(&PUT, &params).map(drop)
    }

    /// Ids of quotes that are held although their time is over, at most so many, the longest first.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn quotes_due(&mut self, at: Instant, most: u32) -> Result<Vec<String>, DbError> {
        self.rows(&DUE, &[("at", at.0.into()), ("most", i64::from(most).into())], Row::text)
    }

    /// Forgets quotes that came to nothing before a moment; says how many.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn forget_quotes(&mut self, before: Instant) -> Result<u64, DbError> {
        self.execute(&FORGET, &[("before", before.0.into())])
    }

    /// Takes a quote's customer away; the body no longer names him.
    ///
    /// # Errors
    /// As [`Tx::quote`].
    pub fn forget_customer_of_quote(&mut self, id: &str, body: &str) -> Result<(), DbError> {
        self.execute(&FORGET_CUSTOMER, &[("id", id.into())])?;
        self.put_body(id, body)
    }

    fn put_body(&mut self, quote: &str, body: &str) -> Result<(), DbError> {
        self.execute(&BODY_PUT, &[("quote", quote.into()), ("body", body.into())]).map(drop)
    }
}

fn quote(row: &mut Row) -> Result<StoredQuote, DbError> {
    Ok(StoredQuote {
        id: row.text()?,
        state: row.understood("the state of a quote", QuoteState::named)?,
        network: row.text()?,
        shop: row.text()?,
        till: row.text()?,
        card: row.text_or_null()?,
        customer: row.text_or_null()?,
        wallet: row.text_or_null()?,
        ruleset_version: row.integer()?,
        made_at: Instant(row.integer()?),
        expires_at: Instant(row.integer()?),
        receipt: row.text_or_null()?,
        taken: row.text_or_null()?,
    })
}
