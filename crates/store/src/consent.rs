//! What customers agreed to, and took back.

use membership::ConsentEvent;
use retail::{CustomerId, Instant};

use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("consent/add");
static OF_CUSTOMER: Statement = sql!("consent/of_customer");

impl Tx<'_> {
    /// Adds a consent, or that one was taken back.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the customer is unknown.
    pub fn add_consent(
        &mut self,
        customer: &CustomerId,
        consent: &ConsentEvent,
        request: &str,
    ) -> Result<(), DbError> {
        let (purpose, means) = (consent.purpose.to_string(), consent.means.to_string());
        let params = [
            ("customer", (&customer.0).into()),
            ("purpose", (&purpose).into()),
            ("given", consent.given.into()),
            ("text_version", (&consent.text_version).into()),
            ("place", consent.place.as_ref().into()),
            ("operator", (&consent.operator).into()),
            ("means", (&means).into()),
            ("request", request.into()),
            ("at", consent.at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// What a customer agreed to and took back, in the sequence in which it was stored.
    ///
    /// # Errors
    /// When the database fails.
    pub fn consents(&mut self, customer: &CustomerId) -> Result<Vec<ConsentEvent>, DbError> {
        self.rows(&OF_CUSTOMER, &[("customer", (&customer.0).into())], |row| {
            Ok(ConsentEvent {
                purpose: row.understood("a purpose of consent", |text| text.parse().ok())?,
                given: row.flag()?,
                text_version: row.text()?,
                at: Instant(row.integer()?),
                place: row.text_or_null()?,
                operator: row.text()?,
                means: row.understood("a means of consent", |text| text.parse().ok())?,
            })
        })
    }
}
