//! The portrait of a customer: 199 parameters of his purchases, as of a day, and how they compare
//! with everybody's.
//!
//! It owns the parameters, their formulas and the population they are compared with. It reads no
//! file, no clock and no dictionary: products, shops and customers are the codes the lake gave, and
//! whoever writes a portrait down turns them back into ids.
//!
//! Start with [`portrait`]. Two passes make all of them: [`tally`] over every customer gives the
//! [`Population`], then a [`Painter`] a thread gives the values of one customer after another. Both
//! passes take the customers in parts of any size, and the same input gives the same bits in one part,
//! in many, on any number of threads, and for a customer alone. A parameter is one entry in one file of `family/`,
//! its titles in English and Russian included; `docs/PORTRAIT.md` is [`markdown`]. Whom a rule or a campaign is for is said in the audience language of
//! [`segment`].
//!
//! Sums are 64 bits: amounts of one customer's lines must not add up to more than 10¹⁶ minor units
//! or thousandths, nor a product's, which whoever lets lines in has to see to.

mod catalogue;
mod dense;
mod facts;
mod family;
mod history;
mod population;
mod portrait;
mod registry;
pub mod segment;
mod statistics;
mod stored;
mod value;
mod walk;
mod window;
mod wording;

pub use catalogue::{Catalogue, Item, Marks, Site};
pub use facts::Scores;
pub use history::{History, Invitation, Profile, Redemption, histories};
pub use population::{Population, Tally, tally};
pub use portrait::{Painter, Portrait, portrait};
pub use registry::{Parameter, index, markdown, registry};
pub use stored::PopulationError;
pub use value::{Kind, Value};
pub use wording::Wording;
