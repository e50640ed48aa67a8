//! Rules, baskets and quotes as their users see them.

#![allow(clippy::unwrap_used)]

mod peers;
