//! Models over purchase histories: what a customer will buy next, how well that is known, and which
//! products to offer him and why.
//!
//! The crate owns the cleaning rules of a history ([`Purchases`]), the honest evaluation on purchases
//! that a model has not seen ([`evaluate`]), the scorers of the next basket ([`next_basket`]) and the
//! first personal offers ([`offers`]). Customers come in parts of any size: [`Purchases::add`] gathers those
//! to evaluate on, [`DemandTally`] sums up what offers need to know of everybody. It never reads a file or a clock, draws no hidden random
//! number, writes no sentence for people (a [`Reason`] is a code with parameters), and gives the same
//! bits on any number of threads and for any numbering of customers. Start with [`evaluate`].

mod blend;
mod demand;
mod evaluate;
pub mod habit;
mod history;
mod metric;
pub mod next_basket;
mod offer;
mod purchase;
mod split;

pub use blend::{Rhythms, Weights};
pub use demand::{Demand, DemandTally};
pub use evaluate::{Evaluation, ModelResult, Protocol, evaluate};
pub use history::Histories;
pub use metric::Metrics;
pub use offer::{Offer, OfferSettings, Reason, offers};
pub use purchase::{Chosen, Items, Level, Purchases};
pub use split::{Counts, Split, split_last, split_novel};
