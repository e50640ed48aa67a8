//! The store on both databases. `PROFFER_SOAK=1` runs full counts.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod access;
mod books;
mod cards;
mod conformance;
mod discounts;
mod fixture;
mod kills;
mod outbox;
mod quotes;
mod receipts;
mod seal;
mod tls;
mod vault;
mod writes;
