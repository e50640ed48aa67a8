//! Seeded demo shops with planted truths: a grocery, a shoe shop and a travel agency.
//!
//! It owns invented goods, people and habits, and knows the answers: who left and when, what is
//! bought on which cycle, what was promoted, which card lies at the till. Every good, brand,
//! supplier and person is invented. It never opens a file, asks a clock or draws a number that the
//! seed does not give: the same seed gives the same bytes on every machine.
//!
//! Start with [`DemoShop::grocery`], then [`DemoShop::receipts`] (as a stream, day by day),
//! [`DemoShop::truths`] (what a test may expect of them) and [`DemoShop::write`] (the same facts as
//! the CSV feeds that [`MAPPING`] reads).

mod calendar;
mod campaign;
mod catalogue;
mod chain;
mod dice;
mod feed;
mod goods;
mod grocery;
mod people;
mod price;
mod receipts;
mod shoes;
mod shop;
mod travel;
mod truths;

pub use calendar::local_second;
pub use feed::{CsvRows, Feed, MAPPING, VERSION};
pub use receipts::Receipts;
pub use shop::{DemoShop, Label, LabelKind, Size};
pub use truths::{Association, Churner, Cycle, Habit, Promotion, Sizes, TillCard, Truths, Unit};
