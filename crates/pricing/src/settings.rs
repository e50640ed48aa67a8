//! What engines do differently, each as a named setting with its default.
//!
//! The names of peers say who is known to do it so: their own test suites, read in 2026. Nobody is wrong; a
//! retailer who comes from one of them finds his numbers again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the engine does what others do differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Of what an amount "for each" is given.
    pub fixed_each: Each,
    /// Of which price a share is taken.
    pub percent_base: Base,
    /// Which units are given of those that qualify.
    pub free: Free,
    /// How often a "buy and get", a cheapest or a bundle repeats in a receipt.
    pub repeat: Repeat,
    /// Whether a last block of which too few units are there gives what there is.
    pub incomplete: Incomplete,
    /// Where a share is rounded, always half up.
    pub rounding: Place,
    /// Who gets what is left over when an amount is spread.
    pub remainder: Remainder,
    /// What becomes of an amount spread over goods that cost nothing.
    pub zero_weights: ZeroWeights,
    /// At which amounts conditions and tiers look.
    pub condition_base: Base,
    /// What happens when a budget has less than a rule would give.
    pub budget_overrun: BudgetOverrun,
    /// What becomes of the part of an amount that a floor keeps a line from bearing.
    pub floor_overflow: FloorOverflow,
    /// Which exclusive rule counts.
    pub exclusive: Exclusive,
    /// Whether a purchase that was cancelled gives its coupon back.
    pub coupon_after_cancel: CouponAfterCancel,
    /// In which sequence lines are looked at.
    pub lines: LineSequence,
    /// How rules that cannot go together are chosen between.
    pub combination: Combination,
    /// With `best_receipt`: how many combinations are priced at most.
    pub combinations_max: CombinationsMax,
    /// Whether shelf prices contain VAT.
    pub vat: Vat,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }
    };
}

choice! {
    /// Of what an amount "for each" is given.
    Each {
        /// Of each unit, as Sylius and newer Medusa.
        #[default]
        Unit,
        /// Of each line, as Vendure and older Medusa.
        Line,
    }
}

choice! {
    /// Which amount of goods counts.
    Base {
        /// What is left after the rules before, as Medusa, Sylius, Vendure, Solidus.
        #[default]
        Remaining,
        /// What the shelf says, as django-oscar.
        Original,
        /// Shelf price of the units that are touched, less all that the line was given before, as older Medusa.
        RemainingOfLine,
    }
}

choice! {
    /// Which units are given.
    Free {
        /// The cheapest, as Vendure, django-oscar, and most retailers.
        #[default]
        Cheapest,
        /// The dearest, as Medusa.
        Dearest,
    }
}

choice! {
    /// How often something repeats in a receipt.
    Repeat {
        /// As often as there are units for it.
        #[default]
        Block,
        /// Once.
        Once,
    }
}

choice! {
    /// A last block with too few units.
    Incomplete {
        /// Gives nothing, as Medusa.
        #[default]
        Nothing,
        /// Gives what there is.
        Part,
    }
}

choice! {
    /// Where a share is rounded.
    Place {
        /// Each unit: equal units have equal prices.
        #[default]
        Unit,
        /// Each line; units differ by one minor unit at most.
        Line,
        /// The whole, spread over lines by what they cost.
        Receipt,
    }
}

choice! {
    /// Who gets what is left over when an amount is spread by weights.
    Remainder {
        /// Who lost most by rounding; of equals the first.
        #[default]
        Largest,
        /// The first ones, one minor unit each, as Sylius.
        First,
        /// The last one.
        Last,
    }
}

choice! {
    /// An amount spread over goods that cost nothing.
    ZeroWeights {
        /// It is not given: a price never falls below 0. As Sylius.
        #[default]
        Nothing,
        /// It is spread evenly, where there is room, as Vendure.
        Even,
    }
}

choice! {
    /// A budget that has less than a rule would give.
    BudgetOverrun {
        /// The rule gives what is left.
        #[default]
        Trim,
        /// The rule gives nothing, as Medusa.
        Refuse,
    }
}

choice! {
    /// What a floor keeps a line from bearing.
    FloorOverflow {
        /// Other lines bear it, as Sylius.
        #[default]
        Redistribute,
        /// It is not given.
        Lose,
    }
}

choice! {
    /// Which exclusive rule counts.
    Exclusive {
        /// The first by priority that gives anything, as Sylius.
        #[default]
        Priority,
        /// What gives the customer most: one of them alone, or all others together.
        Best,
    }
}

choice! {
    /// A cancelled purchase and its coupon.
    CouponAfterCancel {
        /// The use comes back.
        #[default]
        Reusable,
        /// The use is gone.
        Used,
    }
}

choice! {
    /// In which sequence lines are looked at, where that matters for a minor unit.
    LineSequence {
        /// By product, price and quantity: the sequence of the basket never matters.
        #[default]
        Canonical,
        /// As in the basket.
        Basket,
    }
}

choice! {
    /// How rules that cannot go together are chosen between.
    Combination {
        /// Each at its turn, by what has been given before.
        #[default]
        Sequence,
        /// So that the customer pays least for the whole receipt, within a stated bound. Rules that stand against
        /// no other always count; between the others priority decides nothing.
        BestReceipt,
    }
}

choice! {
    /// VAT within shelf prices.
    Vat {
        /// Contained.
        #[default]
        Included,
        /// Added to them.
        Added,
    }
}

/// Combinations that are priced at most; told in the quote when it was not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CombinationsMax(pub u32);

impl Default for CombinationsMax {
    fn default() -> Self {
        Self(2_000)
    }
}
