//! Rules as a person writes them: what is given, to whom, where, when, for which goods, and who pays.
//!
//! A ruleset is data: JSON whose schema is [`schema`]. Amounts are minor units of its one currency, shares
//! are hundredths of a per cent (`_bps`), quantities thousandths of a unit. A field that is not named here is
//! refused, never passed over.

mod effect;

use std::collections::BTreeMap;

use jiff::civil::{DateTime, Time};
use retail::Money;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::{Base, Settings};

pub use effect::*;

/// All rules that count together, in one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruleset {
    /// The one currency, as ISO 4217 names it: `RUB`.
    pub currency: String,
    /// Which goods the law keeps from discounts. Nobody is asked later: the retailer says it here.
    pub regulated: Regulated,
    /// How the engine does what others do differently.
    #[serde(default)]
    pub settings: Settings,
    /// Segments that rules ask for: a name, and its expression in the audience language. The engine only
    /// asks whether the customer's facts name the segment.
    #[serde(default)]
    pub segments: BTreeMap<String, String>,
    /// Groups of rules, in the sequence in which they are priced. Rules without a group come first.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// What all rules together may take off goods at most; gifts and delivery come beside.
    #[serde(default)]
    pub caps: Caps,
    /// Goods that no rule makes cheaper, beside the regulated ones.
    #[serde(default)]
    pub not_discounted: Option<Goods>,
    /// How points pay; they do not, where this is absent.
    #[serde(default)]
    pub redemption: Option<Redemption>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Goods that the law regulates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regulated {
    /// Rows that come with the program for a country: `ru`, or `none`.
    pub profile: String,
    /// That the retailer has looked at the rows and answers for them. Without it nothing is published.
    pub confirmed: bool,
    /// More rows, or others under the same mark.
    #[serde(default)]
    pub rows: Vec<RegulatedRow>,
}

/// What is not allowed for goods with a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegulatedRow {
    /// The mark of a product in the catalogue: `tobacco`.
    pub mark: String,
    /// Whether a rule may make it cheaper.
    #[serde(default)]
    pub discount: bool,
    /// Whether it earns points, and whether points pay for it.
    #[serde(default)]
    pub points: bool,
    /// Whether it may be given as a gift, or be what a gift is given for.
    #[serde(default)]
    pub gift: bool,
    /// Whether it has a lowest price by law: where the basket does not tell it, nothing is taken off.
    #[serde(default)]
    pub minimum_price: bool,
}

/// What all rules together may take off goods at most; gifts and delivery come beside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Of the price of a unit, as on the shelf.
    #[serde(default)]
    pub unit_discount_bps_max: Option<i64>,
    /// Of the amount of the whole receipt, as on the shelf.
    #[serde(default)]
    pub receipt_discount_bps_max: Option<i64>,
}

/// How points pay for a basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// Smallest units of points that pay for one minor unit of money: 1 where a point of 100 parts is a
    /// rouble of 100 kopecks.
    pub points_per_minor: i64,
    /// Share of what is left to pay that points may pay at most.
    pub receipt_bps_max: i64,
    /// Share of each line that points may pay at most; nothing is all of it.
    #[serde(default)]
    pub line_bps_max: Option<i64>,
    /// The least that may be spent at once, smallest units.
    #[serde(default)]
    pub points_min: i64,
    /// Goods that points pay for; nothing is all goods.
    #[serde(default)]
    pub on: Goods,
    /// Whether they stand in the receipt as a discount by line, or as a payment.
    pub shown: RedemptionShown,
}

/// How spent points stand in a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedemptionShown {
    /// Each line becomes cheaper.
    Discount,
    /// Prices stay; a payment stands beside.
    Payment,
}

/// Rules of which the same basket, or the same line, gets one only; or a lane of rules that are priced
/// after others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// By which rules name it.
    pub id: String,
    /// Which of its rules count.
    pub mode: GroupMode,
    /// Of what each rule is one: of a line, or of the receipt.
    #[serde(default)]
    pub of: GroupOf,
}

/// Which rules of a group count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupMode {
    /// All of them.
    All,
    /// The first by priority that gives anything.
    First,
    /// The one that gives the customer most; of equals the first by priority.
    Best,
}

/// Where the rules of a group meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupOf {
    /// One rule for the whole receipt.
    #[default]
    Receipt,
    /// One rule a line; only rules that price a line by itself may be in it.
    Line,
}

/// What a rule gives, when, and at whose cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name in proofs, claims and reports; never used again for another rule.
    pub id: String,
    /// What people read.
    pub name: Text,
    /// Higher comes first; of equals the smaller id.
    #[serde(default)]
    pub priority: i64,
    /// The group it is in.
    #[serde(default)]
    pub group: Option<String>,
    /// Where it gives anything, nothing else does.
    #[serde(default)]
    pub exclusive: bool,
    /// Sets it may be stacked in: two rules that both name sets go together only where they share one.
    #[serde(default)]
    pub stacks: Vec<String>,
    /// Where it counts; what is not named is everywhere.
    #[serde(default)]
    pub scope: Scope,
    /// When it counts, by the shop's own clock.
    #[serde(default)]
    pub schedule: Schedule,
    /// What must hold.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What it gives.
    pub then: Vec<Effect>,
    /// How much it gives at most.
    #[serde(default)]
    pub limits: Limits,
    /// Who pays for it.
    #[serde(default)]
    pub payer: Payer,
}

/// A text for people, in the languages of the house.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// In Russian.
    #[serde(default)]
    pub ru: String,
    /// In English.
    #[serde(default)]
    pub en: String,
}

/// Where a rule counts. An empty list is everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Scope {
    pub networks: Vec<String>,
    pub shops: Vec<String>,
    /// `shop`, `online`, or another.
    pub channels: Vec<String>,
}

/// When a rule counts, by the shop's own clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// From this moment on.
    pub from: Option<DateTime>,
    /// Before this moment.
    pub until: Option<DateTime>,
    /// 1 is Monday, 7 is Sunday; none is every day.
    pub weekdays: Vec<u8>,
    /// Parts of a day; none is all of it.
    pub hours: Vec<Hours>,
    /// Around the customer's birthday.
    pub birthday: Option<Birthday>,
}

/// A part of a day. One that ends before it begins goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// From this minute on: `09:00:00`.
    pub from: Time,
    /// Before this one.
    pub until: Time,
}

/// Days around a birthday, itself included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Birthday {
    pub days_before: u16,
    pub days_after: u16,
}

/// Which goods: every list that is not empty must name the line's own, and every mark that is set must hold.
/// Nothing named is all goods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Goods {
    /// Codes of products.
    pub products: Vec<String>,
    /// Nodes of the category tree, with all that is below.
    pub categories: Vec<String>,
    /// Brands.
    pub brands: Vec<String>,
    /// Suppliers.
    pub suppliers: Vec<String>,
    /// Marks of the catalogue, any of them.
    pub marks: Vec<String>,
    /// In a category that the customer has chosen as a favourite of the month.
    pub favourite: bool,
    /// On the shelf dearer than at a competitor.
    pub above_competitor: bool,
    /// Whether the shelf's own price is marked down; nothing does not mind.
    pub marked_down: Option<bool>,
    /// Price of a unit on the shelf.
    pub price: Range,
    /// But not these.
    pub except: Option<Box<Goods>>,
}

/// From, and up to; both count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Range {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

/// What must hold for a rule to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// One of these at least.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The receipt as a whole.
    Receipt(Measure),
    /// Some goods within it.
    Goods(GoodsMeasure),
    /// The customer is in a segment of the ruleset.
    Segment(String),
    /// The customer is one of these.
    Customer(Vec<String>),
    /// Whether a card was shown.
    Card(bool),
    /// The customer has one of these levels.
    Level(Vec<String>),
    /// The card is of one of these types.
    CardType(Vec<String>),
    /// The card stands in one of these states.
    CardState(Vec<String>),
    /// Which purchase of the customer this is.
    Purchase(Purchase),
    /// How it is paid.
    Payment(Vec<String>),
    /// A coupon of this series was presented and is good.
    Coupon(String),
    /// One of these rules has given something before.
    Applied(Vec<String>),
}

/// How large a receipt is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Measure {
    /// Minor units.
    pub amount: Range,
    /// Thousandths of a unit.
    pub quantity: Range,
    /// Lines.
    pub lines: Range,
    /// Whether discounts given so far count; the ruleset's own setting where nothing is said.
    pub base: Option<Base>,
}

/// How much of some goods a basket has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GoodsMeasure {
    /// Which goods.
    pub goods: Goods,
    /// Minor units.
    pub amount: Range,
    /// Thousandths of a unit.
    pub quantity: Range,
    /// Whether one line alone must have it.
    pub in_one_line: bool,
    /// Whether discounts given so far count; the ruleset's own setting where nothing is said.
    pub base: Option<Base>,
}

/// Which purchase: the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Purchase {
    /// Its number.
    pub number: Range,
    /// Every so many.
    pub every: Option<u32>,
}

/// How much a rule gives at most. What a customer or a campaign has had is known to the ledger: the quote
/// claims it there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Minor units off each line.
    #[schemars(with = "Option<i64>")]
    pub line_discount_max: Option<Money>,
    /// Minor units off the receipt.
    #[schemars(with = "Option<i64>")]
    pub receipt_discount_max: Option<Money>,
    /// How often, and how much, one customer gets it.
    pub customer: Option<CustomerLimit>,
    /// From which budget it is paid.
    pub budget: Option<Budget>,
}

/// What one customer gets of a rule within a window. Needs a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerLimit {
    /// Within which time.
    pub window: Window,
    /// Receipts.
    #[serde(default)]
    pub uses: Option<i64>,
    /// Minor units.
    #[serde(default)]
    #[schemars(with = "Option<i64>")]
    pub amount: Option<Money>,
}

/// A time within which a limit counts, by the shop's own calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Window {
    Day,
    /// From Monday on.
    Week,
    Month,
    Ever,
}

/// A budget of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Whose.
    pub campaign: String,
    /// What it counts.
    pub counts: BudgetCounts,
    /// How much there is of it: minor units, or receipts.
    pub amount: i64,
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetCounts {
    /// What the rule gives, minor units.
    Discount,
    /// Receipts.
    Uses,
}

/// Who pays for what a rule gives: the retailer, but for a supplier's share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Payer {
    /// Who pays a part.
    pub supplier: Option<String>,
    /// Which part.
    pub supplier_bps: i64,
}

/// The JSON Schema (draft 2020-12) of a ruleset.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Ruleset).to_value()
}

impl Goods {
    /// Whether it names nothing, and so is all goods.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Range {
    /// Whether a value is within.
    #[must_use]
    pub fn contains(&self, value: i64) -> bool {
        self.min.is_none_or(|min| min <= value) && self.max.is_none_or(|max| value <= max)
    }

    /// Whether it says anything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
}
