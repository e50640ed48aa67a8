//! Every place of a ruleset that names goods: for who holds rules against a catalogue, or against each
//! other.

use crate::ruleset::{Condition, Effect, Goods, PointsGiven, Ruleset};

/// Goods as rules name them, with their place.
#[derive(Clone, Debug)]
pub struct NamedGoods<'a> {
    /// JSON pointer into the ruleset.
    pub pointer: String,
    /// The goods.
    pub goods: &'a Goods,
    /// The rule they stand in, by its place; nothing where they are the ruleset's own.
    pub rule: Option<usize>,
    /// What they are there for.
    pub part: GoodsPart,
}

/// What goods are named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoodsPart {
    /// A rule gives something on them: without them it gives nothing.
    Given,
    /// They must be bought, or must not.
    Wanted,
    /// A part of a bundle.
    Bundle,
    /// They are excepted from others.
    Excepted,
    /// The ruleset's own: goods without discounts, goods that points pay for.
    Whole,
}

impl Ruleset {
    /// Every place that names goods, in the sequence of the text.
    #[must_use]
    pub fn named_goods(&self) -> Vec<NamedGoods<'_>> {
        let mut found = Found { named: Vec::new(), rule: None };
        if let Some(goods) = &self.not_discounted {
            found.add("/not_discounted".to_owned(), goods, GoodsPart::Whole);
        }
        if let Some(redemption) = &self.redemption {
            found.add("/redemption/on".to_owned(), &redemption.on, GoodsPart::Whole);
        }
        for (at, rule) in self.rules.iter().enumerate() {
            found.rule = Some(at);
            let place = format!("/rules/{at}");
            if let Some(when) = &rule.when {
                found.condition(&format!("{place}/when"), when);
            }
            for (number, effect) in rule.then.iter().enumerate() {
                found.effect(&format!("{place}/then/{number}/{}", effect.kind()), effect);
            }
        }
        found.named
    }
}

struct Found<'a> {
    named: Vec<NamedGoods<'a>>,
    rule: Option<usize>,
}

impl<'a> Found<'a> {
    fn add(&mut self, pointer: String, goods: &'a Goods, part: GoodsPart) {
        if goods.is_all() {
            return;
        }
        if let Some(except) = &goods.except {
            self.add(format!("{pointer}/except"), except, GoodsPart::Excepted);
        }
        self.named.push(NamedGoods { pointer, goods, rule: self.rule, part });
    }

    fn condition(&mut self, place: &str, condition: &'a Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let name = if matches!(condition, Condition::All(_)) { "all" } else { "any" };
                for (at, part) in parts.iter().enumerate() {
                    self.condition(&format!("{place}/{name}/{at}"), part);
                }
            }
            Condition::Not(part) => self.condition(&format!("{place}/not"), part),
            Condition::Goods(measure) => {
                self.add(format!("{place}/goods/goods"), &measure.goods, GoodsPart::Wanted);
            }
            _ => {}
        }
    }

    fn effect(&mut self, place: &str, effect: &'a Effect) {
        let on = |field: &str| format!("{place}/{field}");
        match effect {
            Effect::Percent(given) => self.add(on("on"), &given.on, GoodsPart::Given),
            Effect::Fixed(given) => self.add(on("on"), &given.on, GoodsPart::Given),
            Effect::FixedPrice(given) => self.add(on("on"), &given.on, GoodsPart::Given),
            Effect::CompetitorPrice(given) | Effect::PersonalPrice(given) => {
                self.add(on("on"), &given.on, GoodsPart::Given);
            }
            Effect::BuyGet(get) => {
                self.add(on("buy"), &get.buy, GoodsPart::Wanted);
                self.add(on("get"), &get.get, GoodsPart::Given);
            }
            Effect::Cheapest(given) => self.add(on("on"), &given.on, GoodsPart::Given),
            Effect::Bundle(bundle) => {
                for (at, part) in bundle.parts.iter().enumerate() {
                    self.add(on(&format!("parts/{at}/goods")), &part.goods, GoodsPart::Bundle);
                }
            }
            Effect::Tiers(tiers) => {
                self.add(on("of"), &tiers.of, GoodsPart::Wanted);
                self.add(on("on"), &tiers.on, GoodsPart::Given);
            }
            Effect::Gift(gift) => {
                if let Some(goods) = &gift.for_goods {
                    self.add(on("for_goods"), goods, GoodsPart::Wanted);
                }
            }
            Effect::Points(PointsGiven::Rate { on: goods, .. }) => {
                self.add(on("rate/on"), goods, GoodsPart::Given);
            }
            Effect::Points(PointsGiven::Multiplier { on: goods, .. }) => {
                self.add(on("multiplier/on"), goods, GoodsPart::Given);
            }
            Effect::Points(PointsGiven::Fixed { .. })
            | Effect::Shipping(_)
            | Effect::Message(_) => {}
        }
    }
}
