//! Rules, baskets and quotes as their users see them.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod best;
mod crowd;
mod dice;
mod facts;
mod peers;
mod random;
mod returns;
mod scenario;
mod seeds;
mod simulation;
