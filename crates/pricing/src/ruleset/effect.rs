//! What a rule gives: prices, gifts, points, delivery, texts.

use retail::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Goods, Text};
use crate::settings::{Base, Free, Place, Repeat};

/// What a rule gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A share of the price.
    Percent(Percent),
    /// An amount off.
    Fixed(Fixed),
    /// A unit costs this, where it would cost more.
    FixedPrice(FixedPrice),
    /// A unit costs what a competitor asks, where it would cost more.
    CompetitorPrice(On),
    /// A unit costs what the customer was promised, where it would cost more.
    PersonalPrice(On),
    /// Who buys some goods gets others, or more of them, cheaper or free.
    BuyGet(BuyGet),
    /// The cheapest of so many units is cheaper or free.
    Cheapest(Cheapest),
    /// Some goods together cost this.
    Bundle(Bundle),
    /// The more is bought, the more is given.
    Tiers(Tiers),
    /// A product that is put into the basket and costs nothing.
    Gift(Gift),
    /// Points.
    Points(PointsGiven),
    /// Delivery becomes cheaper.
    Shipping(Shipping),
    /// A text for the cashier or the receipt.
    Message(Message),
}

/// A share of the price off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Percent {
    /// Hundredths of a per cent, 1 to 10 000.
    pub discount_bps: i64,
    /// Off which goods.
    #[serde(default)]
    pub on: Goods,
    /// Of how many units of each line at most.
    #[serde(default)]
    pub units_max: Option<u32>,
    /// Of which price; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub base: Option<Base>,
    /// Where it is rounded; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub rounding: Option<Place>,
}

/// An amount off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Minor units, more than 0.
    #[schemars(with = "i64")]
    pub amount: Money,
    /// For each unit, for each line, or once for all of it together.
    pub per: Per,
    /// Off which goods.
    #[serde(default)]
    pub on: Goods,
    /// Of how many units of each line at most.
    #[serde(default)]
    pub units_max: Option<u32>,
    /// Whether delivery bears its part; with `receipt` only.
    #[serde(default)]
    pub with_shipping: bool,
}

/// How often an amount is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// For each unit, or for each line, as the ruleset's own setting says.
    Each,
    /// For each unit.
    Unit,
    /// For each line.
    Line,
    /// Once, spread over the goods by what they cost.
    Receipt,
}

/// A unit costs this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedPrice {
    /// Minor units a unit.
    #[schemars(with = "i64")]
    pub price: Money,
    /// Which goods.
    #[serde(default)]
    pub on: Goods,
    /// How many units of each line at most.
    #[serde(default)]
    pub units_max: Option<u32>,
}

/// Which goods, and how many of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct On {
    /// Which goods.
    pub on: Goods,
    /// How many units of each line at most.
    pub units_max: Option<u32>,
}

/// Who buys so many of some goods gets so many of others cheaper. A unit counts once: what was bought for
/// one gift is not bought for another, nor given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyGet {
    /// What must be bought.
    pub buy: Goods,
    /// How many units of it.
    pub buy_units: u32,
    /// What is given.
    pub get: Goods,
    /// How many units of it.
    pub get_units: u32,
    /// How much of its price is taken off.
    #[serde(default = "whole")]
    pub discount_bps: i64,
    /// Which units are given; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub free: Option<Free>,
    /// How often; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// How many units are given at most, however often it repeats.
    #[serde(default)]
    pub units_max: Option<u32>,
}

/// The cheapest of every so many units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cheapest {
    /// Of which goods.
    #[serde(default)]
    pub on: Goods,
    /// Of how many units one is given: 3 is three for the price of two, 1 the cheapest of all.
    pub of_units: u32,
    /// How much of its price is taken off.
    #[serde(default = "whole")]
    pub discount_bps: i64,
    /// An amount that is taken off in place of a share.
    #[serde(default)]
    #[schemars(with = "Option<i64>")]
    pub amount: Option<Money>,
    /// How often; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub repeat: Option<Repeat>,
}

/// Goods that cost less together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What belongs to it.
    pub parts: Vec<BundlePart>,
    /// What one bundle costs.
    #[schemars(with = "i64")]
    pub price: Money,
    /// How often; the ruleset's own setting where nothing is said.
    #[serde(default)]
    pub repeat: Option<Repeat>,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct BundlePart {
    pub goods: Goods,
    pub units: u32,
}

/// The more is bought, the more is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// What is measured.
    pub by: TierBy,
    /// Of which goods.
    #[serde(default)]
    pub of: Goods,
    /// Each from its own threshold on, rising; the highest reached counts.
    pub tiers: Vec<Tier>,
    /// Off which goods it is given.
    #[serde(default)]
    pub on: Goods,
}

/// What tiers measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierBy {
    /// Minor units.
    Amount,
    /// Thousandths of a unit.
    Quantity,
}

/// One step. Either of the two is given, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From how much on.
    pub from: i64,
    /// A share off.
    #[serde(default)]
    pub discount_bps: Option<i64>,
    /// An amount off the goods together.
    #[serde(default)]
    #[schemars(with = "Option<i64>")]
    pub amount: Option<Money>,
}

/// A gift, put into the basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gift {
    /// Which product.
    pub product: String,
    /// What a unit of it costs on the shelf: it stands in the receipt with this price and a discount of all
    /// of it.
    #[schemars(with = "i64")]
    pub price: Money,
    /// How many units at a time.
    #[serde(default = "one")]
    pub units: u32,
    /// For which goods; nothing is once for the receipt.
    #[serde(default)]
    pub for_goods: Option<Goods>,
    /// For how many units of them.
    #[serde(default = "one")]
    pub for_units: u32,
    /// How many units at most.
    #[serde(default)]
    pub units_max: Option<u32>,
}

/// Points, beside what the programme's own rules of accrual give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PointsGiven {
    /// Points for each minor unit that is paid for some goods.
    Rate {
        /// Hundredths of a per cent of the amount: 500 gives 5 points' smallest units for 100 minor units.
        rate_bps: i64,
        /// For which goods.
        #[serde(default)]
        on: Goods,
    },
    /// What is earned on some goods counts so many times.
    Multiplier {
        /// Hundredths of a per cent: 20 000 is twice.
        multiplier_bps: i64,
        /// For which goods.
        #[serde(default)]
        on: Goods,
    },
    /// Points for the receipt as a whole.
    Fixed {
        /// Smallest units.
        points: i64,
    },
}

/// Delivery becomes cheaper. One of the two is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shipping {
    /// A share off; 10 000 is free.
    pub discount_bps: Option<i64>,
    /// An amount off, together.
    #[schemars(with = "Option<i64>")]
    pub amount: Option<Money>,
    /// Which ways of delivery; none is all.
    pub methods: Vec<String>,
}

/// A text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Message {
    pub to: MessageTo,
    pub text: Text,
}

/// Who reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageTo {
    /// The cashier, on the till's screen.
    Till,
    /// The customer, on the receipt.
    Receipt,
}

impl Effect {
    /// Its name in the rules, and in proofs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Percent(_) => "percent",
            Self::Fixed(_) => "fixed",
            Self::FixedPrice(_) => "fixed_price",
            Self::CompetitorPrice(_) => "competitor_price",
            Self::PersonalPrice(_) => "personal_price",
            Self::BuyGet(_) => "buy_get",
            Self::Cheapest(_) => "cheapest",
            Self::Bundle(_) => "bundle",
            Self::Tiers(_) => "tiers",
            Self::Gift(_) => "gift",
            Self::Points(_) => "points",
            Self::Shipping(_) => "shipping",
            Self::Message(_) => "message",
        }
    }
}

fn whole() -> i64 {
    10_000
}

fn one() -> u32 {
    1
}
