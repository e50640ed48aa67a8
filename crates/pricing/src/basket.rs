//! What is to be priced, and what is known about it: all the engine ever sees.
//!
//! Whoever calls gathers this: the till sends lines, the catalogue adds categories and marks, the programme
//! the customer, his card, segments and coupons. The engine looks nothing up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use retail::{Money, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Lines of a basket, at most; as many as a receipt may have.
pub const LINES_MAX: usize = 1_000;
/// Coupons of a basket, at most.
pub const COUPONS_MAX: usize = 50;
/// Whole units of a line, at most.
pub const UNITS_MAX: i64 = 100_000;
/// Minor units of a price or an amount, at most.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Minor units, or uses, of what a budget has left, at most; below nothing as well.
const FACT_MAX: i64 = AMOUNT_MAX * 1_000;
/// Characters of a text, at most.
pub const TEXT_CHARS_MAX: usize = 200;

/// A basket with what is known about it: a file that can be priced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// What is to be priced.
    pub basket: Basket,
    /// What is known.
    #[serde(default)]
    pub facts: Facts,
}

/// Goods that are not paid for yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// Of all its amounts.
    pub currency: String,
    /// When, by the shop's own clock: `2026-01-31T18:05:00`.
    pub at: DateTime,
    /// In which network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// In which shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// Through which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The goods.
    pub lines: Vec<BasketLine>,
    /// Ways of delivery, each with its price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping: Vec<Delivery>,
    /// How it will be paid, where that is known: `cash`, `card`, `sbp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// Codes of coupons that were presented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<String>,
    /// Points the customer wants to spend, smallest units.
    #[serde(default)]
    pub points: i64,
}

/// One product of a basket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasketLine {
    /// By which the quote names it; its own in the basket.
    pub id: String,
    /// The SKU's code.
    pub product: String,
    /// Thousandths of a unit, more than 0. What is no whole number of units is measured, and priced as one.
    #[schemars(with = "i64")]
    pub quantity: Quantity,
    /// What the shelf asks for one unit, minor units.
    #[schemars(with = "i64")]
    pub price: Money,
    /// What the shelf asked before it marked the product down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub regular_price: Option<Money>,
    /// Below this a unit is never sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub min_price: Option<Money>,
    /// What a competitor asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub competitor_price: Option<Money>,
    /// Nodes of the category tree it is in: its own and all above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Its marks in the catalogue: `tobacco`, `alcohol`, `fresh`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// VAT, hundredths of a per cent: 2 000 is 20 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_bps: Option<i64>,
    /// Sold by weight or length even where the quantity is whole.
    #[serde(default)]
    pub measured: bool,
}

/// A way of delivery that the customer has chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Delivery {
    pub id: String,
    #[schemars(with = "i64")]
    pub price: Money,
}

/// What is known beside the basket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// Who buys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerFacts>,
    /// What was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardFacts>,
    /// What became known of the coupons that were presented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponFacts>,
    /// Points the wallet has to spend, smallest units.
    pub points_available: i64,
    /// The wallet they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// What rules may still give from their budgets, in the budget's unit; a rule that is not named has enough.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub budgets: BTreeMap<String, i64>,
    /// What was asked of the ledger and refused: it is not given again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
}

/// Who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerFacts {
    /// His id.
    pub id: String,
    /// Segments of the ruleset he is in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub segments: BTreeSet<String>,
    /// His level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Purchases he has made before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchases: Option<i64>,
    /// Days to his next birthday: 0 is today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_to_birthday: Option<u16>,
    /// Days since his last birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_since_birthday: Option<u16>,
    /// Categories he has chosen as favourites of the month.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub favourites: BTreeSet<String>,
    /// Prices he was promised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PersonalPrice>,
}

/// A price that one customer was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalPrice {
    /// For which product.
    pub product: String,
    /// What a unit costs.
    #[schemars(with = "i64")]
    pub price: Money,
    /// The coupon that says so, where one does.
    #[serde(default)]
    pub coupon: Option<String>,
}

/// What was shown at the till.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct CardFacts {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What became known of a coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponFacts {
    /// As it was presented.
    pub code: String,
    /// Its series, by which rules name it; empty where the code is unknown.
    #[serde(default)]
    pub series: String,
    /// Whether it is good here and now.
    pub standing: CouponStanding,
    /// Uses this customer has made of it and not given back; with those of cancelled purchases apart.
    #[serde(default)]
    pub uses: CouponUses,
    /// The account that holds its uses, by which a use is claimed; nothing where it has no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_as: Option<String>,
}

/// Uses of a coupon by one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CouponUses {
    /// Of purchases that stand.
    pub standing: u32,
    /// Of purchases that were cancelled.
    pub cancelled: u32,
    /// How many one customer may make; nothing is any number.
    pub customer_max: Option<u32>,
    /// Whether a cancelled purchase gives the use back; the ruleset's own setting where nothing is said.
    pub reusable_after_cancel: Option<bool>,
}

/// Whether a coupon is good here and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponStanding {
    /// It is.
    Good,
    /// There is no such coupon.
    Unknown,
    /// It belongs to somebody else.
    Foreign,
    /// It counts later.
    NotYet,
    /// Its time is over.
    Expired,
    /// It has been used as often as it may.
    UsedUp,
    /// It was withdrawn.
    Withdrawn,
    /// It needs a customer, and none is known.
    NeedsCustomer,
}

/// What the ledger refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Withheld {
    /// What a rule gives.
    Rule {
        /// Which.
        rule: String,
        /// A stable name of the reason: `limit`, `budget`.
        why: String,
    },
    /// A use of a coupon.
    Coupon {
        /// Its code.
        code: String,
        /// A stable name of the reason.
        why: String,
    },
    /// Points.
    Points {
        /// A stable name of the reason.
        why: String,
    },
}

impl Basket {
    /// Everything that is wrong with it, each with its place.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut note = |pointer: String, code: &'static str, detail: String| {
            problems.push(Problem { pointer, code, detail });
        };
        if self.lines.len() > LINES_MAX {
            let detail = format!("has {} lines; at most {LINES_MAX} are priced", self.lines.len());
            note("/lines".to_owned(), "too_many", detail);
            return problems;
        }
        if self.coupons.len() > COUPONS_MAX {
            note("/coupons".to_owned(), "too_many", format!("has more than {COUPONS_MAX} coupons"));
        }
        if self.points < 0 {
            note("/points".to_owned(), "negative", "must be 0 or more".to_owned());
        }
        let mut ids = BTreeSet::new();
        for (at, line) in self.lines.iter().enumerate() {
            if !ids.insert(&line.id) {
                let detail = format!("another line has the id {:?}", line.id);
                note(format!("/lines/{at}/id"), "repeated", detail);
            }
            line.note_problems(&format!("/lines/{at}"), &mut note);
        }
        for (at, delivery) in self.shipping.iter().enumerate() {
            if !(0..=AMOUNT_MAX).contains(&delivery.price.0) {
                note(format!("/shipping/{at}/price"), "range", range(0, AMOUNT_MAX));
            }
        }
        problems
    }
}

impl Facts {
    /// Everything that is wrong with them, each with its place: numbers that nobody can mean.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut within = |pointer: &dyn Fn() -> String, value: i64, from: i64, to: i64| {
            if !(from..=to).contains(&value) {
                let pointer = pointer();
                problems.push(Problem { pointer, code: "range", detail: range(from, to) });
            }
        };
        if let Some(customer) = &self.customer {
            let purchases = customer.purchases.unwrap_or(0);
            within(&|| "/facts/customer/purchases".to_owned(), purchases, 0, AMOUNT_MAX);
            for (at, price) in customer.prices.iter().enumerate() {
                let pointer = || format!("/facts/customer/prices/{at}/price");
                within(&pointer, price.price.0, 0, AMOUNT_MAX);
            }
        }
        for (at, coupon) in self.coupons.iter().enumerate() {
            let uses = i64::from(coupon.uses.standing) + i64::from(coupon.uses.cancelled);
            within(&|| format!("/facts/coupons/{at}/uses"), uses, 0, i64::from(u32::MAX));
        }
        // A budget that was overdrawn is below nothing.
        for (rule, &left) in &self.budgets {
            let rule = || rule.replace('~', "~0").replace('/', "~1");
            within(&|| format!("/facts/budgets/{}", rule()), left, -FACT_MAX, FACT_MAX);
        }
        problems
    }
}

impl BasketLine {
    /// Whether it is priced as one unit of so much.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.measured || self.quantity.0 % Quantity::SCALE != 0
    }

    fn note_problems(&self, at: &str, note: &mut impl FnMut(String, &'static str, String)) {
        let units_max = UNITS_MAX * Quantity::SCALE;
        if self.quantity.0 <= 0 {
            let detail = "must be more than 0: goods that come back are a return".to_owned();
            note(format!("{at}/quantity"), "negative", detail);
        } else if self.quantity.0 > units_max {
            note(format!("{at}/quantity"), "range", range(1, units_max));
        }
        let amounts = [
            ("price", Some(self.price)),
            ("regular_price", self.regular_price),
            ("min_price", self.min_price),
            ("competitor_price", self.competitor_price),
        ];
        for (name, amount) in amounts {
            if amount.is_some_and(|amount| !(0..=AMOUNT_MAX).contains(&amount.0)) {
                note(format!("{at}/{name}"), "range", range(0, AMOUNT_MAX));
            }
        }
        let whole = i128::from(self.price.0) * i128::from(self.quantity.0) / 1000;
        if whole > i128::from(AMOUNT_MAX) {
            note(at.to_owned(), "range", format!("costs more than {AMOUNT_MAX} minor units"));
        }
        if self.vat_bps.is_some_and(|vat| !(0..=10_000).contains(&vat)) {
            note(format!("{at}/vat_bps"), "range", range(0, 10_000));
        }
        if self.product.is_empty() {
            note(format!("{at}/product"), "empty", "names no product".to_owned());
        }
        let texts = [("id", &self.id), ("product", &self.product)];
        for (name, text) in texts {
            if text.chars().count() > TEXT_CHARS_MAX {
                let detail = format!("has more than {TEXT_CHARS_MAX} characters");
                note(format!("{at}/{name}"), "too_long", detail);
            }
        }
    }
}

fn range(from: i64, to: i64) -> String {
    format!("must be {from} to {to}")
}
