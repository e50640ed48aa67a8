//! Double entry, pure: accounts, transfers between them, holds, and lots of points with their own
//! expiry.
//!
//! Money, points, stamps, uses of a coupon, budgets and limits are all accounts, and nothing moves but
//! as a [`Transfer`] from one to another; so one rule, that an account may not fall below its bound,
//! guards them all. The crate owns the algorithm ([`post`]), written once over the trait [`Books`], the
//! books in memory ([`Memory`]) and their auditor ([`audit`]). It never reads a clock (a [`Chain`]
//! brings its instant), knows no SQL, no receipt and no rule of a programme, changes no transfer once
//! posted: a mistake is corrected by another transfer. Start with [`Chain`], then [`post`].

mod account;
mod audit;
mod books;
mod claim;
mod draft;
mod hold;
mod lot;
mod memory;
mod post;
mod refusal;
mod spend;
mod transfer;

pub use account::{Account, AccountId, Unit};
pub use audit::{Broken, audit};
pub use books::Books;
pub use claim::{USE, hold_claims, post_claims, void_claims};
pub use hold::{Hold, HoldState};
pub use lot::{Lot, LotId, LotTerms, Use};
pub use memory::Memory;
pub use post::{CHAIN_TRANSFERS_MAX, Outcome, post};
pub use refusal::{PostError, Refusal};
pub use spend::restoration;
pub use transfer::{Action, Cause, Chain, ChainId, Posted, Transfer, TransferId};
