//! Portraits as a whole: scenarios, a second and naive implementation, equal bits, and the page of
//! documentation.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in `#[test]` functions only

mod bits;
mod fixture;
mod naive;
mod page;
mod random;
mod scenario;
mod segment;
