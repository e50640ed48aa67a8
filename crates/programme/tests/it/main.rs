//! Flows of a programme over its database, on SQLite and PostgreSQL.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod access;
mod audit;
mod backup;
mod cards;
mod coupons;
mod customers;
mod discounts;
#[path = "../../../store/tests/it/fixture.rs"]
mod fixture;
mod levels;
mod migration;
mod quotes;
mod receipts;
mod webhooks;
