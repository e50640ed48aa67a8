//! What is known of a customer besides receipts, without personal data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::CustomerId;

/// A customer's pseudonymous attributes. Phones, names, e-mails, addresses and birth dates never
/// come here: they belong to the vault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// The source's id.
    pub id: CustomerId,
    /// Household, where several customers keep one.
    pub household: Option<String>,
    /// Attribute to coded value: `gender`, `age_band`, `income_band`, `home_ownership`,
    /// `marital_status`, `household_size`, `kids_count`, `region` and the retailer's own.
    pub attributes: BTreeMap<String, String>,
}
