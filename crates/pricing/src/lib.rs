//! Discount rules and their combination: a basket, what is known about it, and a ruleset become a quote in
//! which every kopeck has its reason.
//!
//! It owns the language of rules, the way they are combined, the arithmetic of splitting amounts, and the
//! proof. It looks nothing up: no catalogue, no portrait, no clock, no ledger; whoever calls gives what is
//! known ([`Facts`]), and what must not be given twice comes back as claims. It is small enough for a till.
//!
//! Start with [`Ruleset`], [`Compiled::new`] and [`Compiled::price`]. The way of a basket through the crate:
//! `compile.rs` finds the rules that can concern it (`gate.rs` those of here and now), `price.rs` gives each its turn, `effect.rs` makes plans of
//! what comes off, `allocate.rs` splits amounts, `state.rs` keeps what units still cost, `finish.rs` writes the
//! quote; `returns.rs` pays back out of it.

mod allocate;
mod basket;
mod best;
pub mod bundle;
mod compile;
mod condition;
mod effect;
mod finish;
mod gate;
mod goods;
mod lint;
mod places;
mod price;
mod problem;
mod quote;
mod reason;
mod regulated;
mod returns;
mod ruleset;
mod settings;
mod simulation;
mod state;
mod turn;
mod verify;

pub use allocate::split;
pub use basket::{
    AMOUNT_MAX, Basket, BasketLine, CardFacts, CouponFacts, CouponStanding, CouponUses,
    CustomerFacts, Delivery, Facts, LINES_MAX, PersonalPrice, Situation, Withheld,
};
pub use compile::Compiled;
pub use effect::amount_limit;
pub use finish::POINTS;
pub use lint::warnings;
pub use places::{GoodsPart, NamedGoods};
pub use problem::Problem;
pub use quote::{
    Adjustment, BestFound, Claimed, CouponOutcome, Earned, MISSES_MAX, Miss, Off, Position, Quote,
    QuotedDelivery, QuotedLine, QuotedMessage, Redeemed, Totals, Trimmed, TrimmedBy, UnitShare,
};
pub use reason::{
    Compared, Language, Need, Place as ReasonPlace, Reason, Time as ReasonTime, What,
};
pub use regulated::regulated;
pub use returns::{
    ClaimBack, GiftDue, Refund, RefundedLine, ReturnPolicy, ReturnUnits, ReturnedLine, Sale,
    Thresholds, Undone, part, refund,
};
pub use ruleset::*;
pub use settings::*;
pub use simulation::{PastReceipt, RuleTally, SegmentTally, Simulation, SimulationReport};
pub use verify::problems;
