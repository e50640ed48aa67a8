//! Customers whom the programme registered.

use retail::{CustomerId, Instant, NetworkId};

use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("customer/add");
static READ: Statement = sql!("customer/read");
static DELETE: Statement = sql!("customer/delete");
static KNOWN: Statement = sql!("customer/known");
static CONSENTS_DELETE: Statement = sql!("consent/delete");

/// A customer whom the programme registered; what says who he is lies in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The programme's own id of him.
    pub id: CustomerId,
    /// Where he was registered.
    pub network: NetworkId,
    /// When.
    pub registered_at: Instant,
    /// From 1.
    pub version: i64,
}

impl Tx<'_> {
    /// Adds a customer.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the id is taken.
    pub fn add_customer(&mut self, customer: &Customer) -> Result<(), DbError> {
        let params = [
            ("id", (&customer.id.0).into()),
            ("network", (&customer.network.0).into()),
            ("registered_at", customer.registered_at.0.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// A customer.
    ///
    /// # Errors
    /// When the database fails.
    pub fn customer(&mut self, id: &CustomerId) -> Result<Option<Customer>, DbError> {
        self.row(&READ, &[("id", (&id.0).into())], |row| {
            Ok(Customer {
                id: CustomerId(row.text()?),
                network: NetworkId(row.text()?),
                registered_at: Instant(row.integer()?),
                version: row.integer()?,
            })
        })
    }

    /// Forgets that a customer was registered, and what he agreed to, once he is no person any more; says how many
    /// rows went.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where he is a person still; when the database fails.
    pub fn forget_registration(&mut self, id: &CustomerId) -> Result<u64, DbError> {
        let consents = self.execute(&CONSENTS_DELETE, &[("customer", (&id.0).into())])?;
        Ok(consents + self.execute(&DELETE, &[("id", (&id.0).into())])?)
    }

    /// The ids of all customers who are named anywhere in the database.
    ///
    /// # Errors
    /// When the database fails.
    pub fn known_customers(&mut self) -> Result<Vec<CustomerId>, DbError> {
        self.rows(&KNOWN, &[], |row| Ok(CustomerId(row.text()?)))
    }
}
