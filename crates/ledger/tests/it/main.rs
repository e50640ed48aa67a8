//! Scenarios, properties and simulations of the ledger.

// The whole binary is tests, its fixtures included.
#![allow(clippy::unwrap_used)]

mod auditor;
mod claim;
mod name;
mod random;
mod scenario;
mod table;
mod watched;
