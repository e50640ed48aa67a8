//! Whether rules can be published: what is wrong with them, and what looks like a mistake.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problem;
use crate::regulated::PROFILES;
use crate::ruleset::{
    BudgetCounts, Bundle, Cheapest, Condition, Effect, Gift, Goods, GoodsMeasure, GroupMode,
    GroupOf, Limits, Measure, PointsGiven, Range, Redemption, Rule, Ruleset, Schedule, Shipping,
    Text, Tiers,
};
use crate::settings::Place;

/// Rules of a ruleset, at most.
pub const RULES_MAX: usize = 20_000;
/// Parts of a condition within each other, at most.
const DEPTH_MAX: usize = 12;
/// Effects of a rule, conditions side by side, ways of delivery, at most.
const PARTS_MAX: usize = 100;
/// Minor units of an amount, at most.
const AMOUNT_MAX: i64 = crate::basket::AMOUNT_MAX;
const TEXT_CHARS_MAX: usize = crate::basket::TEXT_CHARS_MAX;

/// Everything that keeps a ruleset from being published, each with its place.
#[must_use]
pub fn problems(ruleset: &Ruleset) -> Vec<Problem> {
    let mut notes = Notes(Vec::new());
    notes.ruleset(ruleset);
    let groups: BTreeMap<&str, GroupOf> =
        ruleset.groups.iter().map(|group| (group.id.as_str(), group.of)).collect();
    let ids: BTreeSet<&str> = ruleset.rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    for (at, rule) in ruleset.rules.iter().enumerate() {
        let place = format!("/rules/{at}");
        if !seen.insert(rule.id.as_str()) {
            notes.add(&place, "/id", "repeated", format!("another rule has the id {:?}", rule.id));
        }
        notes.rule(&place, rule);
        if let Some(group) = &rule.group {
            match groups.get(group.as_str()) {
                None => {
                    notes.add(&place, "/group", "unknown", format!("there is no group {group:?}"))
                }
                Some(GroupOf::Line) => notes.by_line(&place, rule, ruleset.settings.rounding),
                Some(GroupOf::Receipt) => {}
            }
        }
        if let Some(when) = &rule.when {
            notes.condition(&format!("{place}/when"), when, ruleset, &ids, 0);
        }
    }
    notes.0
}

struct Notes(Vec<Problem>);

impl Notes {
    fn add(&mut self, place: &str, field: &str, code: &'static str, detail: impl Into<String>) {
        self.0.push(Problem { pointer: format!("{place}{field}"), code, detail: detail.into() });
    }

    fn within(&mut self, place: &str, field: &str, value: i64, from: i64, to: i64) {
        if !(from..=to).contains(&value) {
            self.add(place, field, "range", format!("is {value}; must be {from} to {to}"));
        }
    }

    fn count(&mut self, place: &str, field: &str, parts: usize) {
        if parts > PARTS_MAX {
            self.add(place, field, "too_many", format!("has {parts} parts; at most {PARTS_MAX}"));
        }
    }

    fn ruleset(&mut self, ruleset: &Ruleset) {
        let letters = ruleset.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if ruleset.currency.len() != 3 || !letters {
            self.add(
                "/currency",
                "",
                "currency",
                "must be three capital letters, as ISO 4217 has them",
            );
        }
        if !ruleset.regulated.confirmed {
            let detail = "the retailer must confirm which goods the law keeps from discounts";
            self.add("/regulated/confirmed", "", "not_confirmed", detail);
        }
        if !PROFILES.contains(&ruleset.regulated.profile.as_str()) {
            let detail = format!("must be one of {}", PROFILES.join(", "));
            self.add("/regulated/profile", "", "unknown", detail);
        }
        if ruleset.rules.len() > RULES_MAX {
            let detail = format!("has {} rules; at most {RULES_MAX}", ruleset.rules.len());
            self.add("/rules", "", "too_many", detail);
        }
        for (field, share) in [
            ("/unit_discount_bps_max", ruleset.caps.unit_discount_bps_max),
            ("/receipt_discount_bps_max", ruleset.caps.receipt_discount_bps_max),
        ] {
            if let Some(share) = share {
                self.within("/caps", field, share, 0, 10_000);
            }
        }
        let mut seen = BTreeSet::new();
        for (at, group) in ruleset.groups.iter().enumerate() {
            if !seen.insert(group.id.as_str()) {
                let detail = format!("another group has the id {:?}", group.id);
                self.add(&format!("/groups/{at}"), "/id", "repeated", detail);
            }
            if group.mode == GroupMode::All && group.of == GroupOf::Line {
                let detail = "all rules of a group count, of lines and of the receipt alike";
                self.add(&format!("/groups/{at}"), "/of", "meaningless", detail);
            }
        }
        if let Some(goods) = &ruleset.not_discounted {
            self.goods("/not_discounted", goods, 0);
        }
        if let Some(redemption) = &ruleset.redemption {
            self.redemption(redemption);
        }
        if ruleset.settings.combinations_max.0 > 100_000 {
            self.add("/settings/combinations_max", "", "range", "must be 0 to 100000");
        }
    }

    fn redemption(&mut self, terms: &Redemption) {
        let place = "/redemption";
        self.within(place, "/points_per_minor", terms.points_per_minor, 1, 1_000_000);
        self.within(place, "/receipt_bps_max", terms.receipt_bps_max, 0, 10_000);
        self.within(place, "/points_min", terms.points_min, 0, AMOUNT_MAX);
        if let Some(share) = terms.line_bps_max {
            self.within(place, "/line_bps_max", share, 0, 10_000);
        }
        self.goods("/redemption/on", &terms.on, 0);
    }

    fn rule(&mut self, place: &str, rule: &Rule) {
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if rule.id.is_empty() || rule.id.len() > 64 || !rule.id.chars().all(good) {
            let detail = "must be 1 to 64 letters, digits, and the signs - _ .";
            self.add(place, "/id", "text", detail);
        }
        if rule.id == crate::finish::POINTS {
            self.add(place, "/id", "reserved", "is what adjustments by points are called");
        }
        self.text(place, "/name", &rule.name);
        self.within(place, "/priority", rule.priority, -1_000_000, 1_000_000);
        self.schedule(&format!("{place}/schedule"), &rule.schedule);
        self.limits(place, rule);
        self.within(place, "/payer/supplier_bps", rule.payer.supplier_bps, 0, 10_000);
        if rule.payer.supplier.is_none() && rule.payer.supplier_bps != 0 {
            self.add(place, "/payer/supplier", "missing", "pays a part and is not named");
        }
        if rule.then.is_empty() {
            self.add(place, "/then", "empty", "gives nothing");
        }
        self.count(place, "/then", rule.then.len());
        for (at, effect) in rule.then.iter().enumerate() {
            self.effect(&format!("{place}/then/{at}/{}", effect.kind()), effect);
        }
    }

    fn text(&mut self, place: &str, field: &str, text: &Text) {
        if text.ru.trim().is_empty() && text.en.trim().is_empty() {
            self.add(place, field, "empty", "needs a text in Russian or in English");
        }
        for (language, text) in [("ru", &text.ru), ("en", &text.en)] {
            if text.chars().count() > TEXT_CHARS_MAX {
                let detail = format!("has more than {TEXT_CHARS_MAX} characters");
                self.add(place, &format!("{field}/{language}"), "too_long", detail);
            }
        }
    }

    fn schedule(&mut self, place: &str, schedule: &Schedule) {
        if let (Some(from), Some(until)) = (schedule.from, schedule.until)
            && from >= until
        {
            self.add(place, "/until", "never", "ends before it begins");
        }
        for (at, weekday) in schedule.weekdays.iter().enumerate() {
            self.within(place, &format!("/weekdays/{at}"), i64::from(*weekday), 1, 7);
        }
        for (at, hours) in schedule.hours.iter().enumerate() {
            if hours.from == hours.until {
                self.add(place, &format!("/hours/{at}"), "never", "ends when it begins");
            }
        }
        if let Some(birthday) = schedule.birthday {
            for (field, days) in [
                ("/birthday/days_before", birthday.days_before),
                ("/birthday/days_after", birthday.days_after),
            ] {
                self.within(place, field, i64::from(days), 0, 180);
            }
        }
    }

    fn limits(&mut self, place: &str, rule: &Rule) {
        let Limits { line_discount_max, receipt_discount_max, customer, budget } = &rule.limits;
        for (field, cap) in [
            ("/limits/line_discount_max", line_discount_max),
            ("/limits/receipt_discount_max", receipt_discount_max),
        ] {
            if let Some(cap) = cap {
                self.within(place, field, cap.0, 1, AMOUNT_MAX);
            }
        }
        let is_money = |effect: &Effect| !matches!(effect, Effect::Points(_) | Effect::Message(_));
        let gives_money = rule.then.is_empty() || rule.then.iter().any(is_money);
        let counts_money =
            budget.as_ref().is_some_and(|budget| budget.counts == BudgetCounts::Discount);
        let detail = "counts money, and the rule gives points or texts only: limit its uses";
        if !gives_money && counts_money {
            self.add(place, "/limits/budget/counts", "meaningless", detail);
        }
        if !gives_money && customer.is_some_and(|limit| limit.amount.is_some()) {
            self.add(place, "/limits/customer/amount", "meaningless", detail);
        }
        if let Some(limit) = customer {
            if limit.uses.is_none() && limit.amount.is_none() {
                let detail = "limits neither uses nor an amount";
                self.add(place, "/limits/customer", "empty", detail);
            }
            if let Some(uses) = limit.uses {
                self.within(place, "/limits/customer/uses", uses, 1, 1_000_000);
            }
            if let Some(amount) = limit.amount {
                self.within(place, "/limits/customer/amount", amount.0, 1, AMOUNT_MAX);
            }
        }
        if let Some(budget) = budget {
            self.within(place, "/limits/budget/amount", budget.amount, 0, AMOUNT_MAX);
            if budget.campaign.is_empty() {
                self.add(place, "/limits/budget/campaign", "empty", "names no campaign");
            }
        }
    }

    /// Rules of a group of lines price each line by itself.
    fn by_line(&mut self, place: &str, rule: &Rule, rounding: Place) {
        for (at, effect) in rule.then.iter().enumerate() {
            let alone = match effect {
                Effect::Percent(percent) => percent.rounding.unwrap_or(rounding) != Place::Receipt,
                Effect::Fixed(fixed) => fixed.per != crate::ruleset::Per::Receipt,
                Effect::FixedPrice(_) | Effect::CompetitorPrice(_) | Effect::PersonalPrice(_) => {
                    true
                }
                _ => false,
            };
            if !alone {
                let detail =
                    "prices several lines together, and its group has one rule for each line";
                self.add(place, &format!("/then/{at}/{}", effect.kind()), "not_by_line", detail);
            }
        }
    }

    fn effect(&mut self, place: &str, effect: &Effect) {
        match effect {
            Effect::Percent(percent) => {
                self.within(place, "/discount_bps", percent.discount_bps, 1, 10_000);
                self.units(place, percent.units_max);
                self.goods(&format!("{place}/on"), &percent.on, 0);
            }
            Effect::Fixed(fixed) => {
                self.within(place, "/amount", fixed.amount.0, 1, AMOUNT_MAX);
                self.units(place, fixed.units_max);
                self.goods(&format!("{place}/on"), &fixed.on, 0);
                if fixed.with_shipping && fixed.per != crate::ruleset::Per::Receipt {
                    self.add(
                        place,
                        "/with_shipping",
                        "meaningless",
                        "counts with `per` receipt only",
                    );
                }
            }
            Effect::FixedPrice(price) => {
                self.within(place, "/price", price.price.0, 0, AMOUNT_MAX);
                self.units(place, price.units_max);
                self.goods(&format!("{place}/on"), &price.on, 0);
            }
            Effect::CompetitorPrice(on) | Effect::PersonalPrice(on) => {
                self.units(place, on.units_max);
                self.goods(&format!("{place}/on"), &on.on, 0);
            }
            Effect::BuyGet(get) => {
                self.within(place, "/buy_units", i64::from(get.buy_units), 1, 100_000);
                self.within(place, "/get_units", i64::from(get.get_units), 1, 100_000);
                self.within(place, "/discount_bps", get.discount_bps, 1, 10_000);
                self.units(place, get.units_max);
                self.goods(&format!("{place}/buy"), &get.buy, 0);
                self.goods(&format!("{place}/get"), &get.get, 0);
            }
            Effect::Cheapest(cheapest) => self.cheapest(place, cheapest),
            Effect::Bundle(bundle) => self.bundle(place, bundle),
            Effect::Tiers(tiers) => self.tiers(place, tiers),
            Effect::Gift(gift) => self.gift(place, gift),
            Effect::Points(given) => self.points(place, given),
            Effect::Shipping(shipping) => self.shipping(place, shipping),
            Effect::Message(message) => self.text(place, "/text", &message.text),
        }
    }

    fn cheapest(&mut self, place: &str, cheapest: &Cheapest) {
        self.within(place, "/of_units", i64::from(cheapest.of_units), 1, 100_000);
        self.within(place, "/discount_bps", cheapest.discount_bps, 1, 10_000);
        if let Some(amount) = cheapest.amount {
            self.within(place, "/amount", amount.0, 1, AMOUNT_MAX);
            if cheapest.discount_bps != 10_000 {
                let detail = "an amount is taken off in its place";
                self.add(place, "/discount_bps", "meaningless", detail);
            }
        }
        self.goods(&format!("{place}/on"), &cheapest.on, 0);
    }

    fn gift(&mut self, place: &str, gift: &Gift) {
        self.within(place, "/price", gift.price.0, 0, AMOUNT_MAX);
        self.within(place, "/units", i64::from(gift.units), 1, 1_000);
        self.within(place, "/for_units", i64::from(gift.for_units), 1, 100_000);
        self.units(place, gift.units_max);
        if gift.product.is_empty() {
            self.add(place, "/product", "empty", "names no product");
        }
        if gift.for_goods.is_none() && gift.for_units != 1 {
            let detail = "counts with `for_goods` only";
            self.add(place, "/for_units", "meaningless", detail);
        }
        if let Some(goods) = &gift.for_goods {
            self.goods(&format!("{place}/for_goods"), goods, 0);
        }
    }

    fn units(&mut self, place: &str, units_max: Option<u32>) {
        if let Some(units) = units_max {
            self.within(place, "/units_max", i64::from(units), 1, 100_000);
        }
    }

    fn bundle(&mut self, place: &str, bundle: &Bundle) {
        self.within(place, "/price", bundle.price.0, 0, AMOUNT_MAX);
        if bundle.parts.is_empty() || bundle.parts.len() > 20 {
            self.add(place, "/parts", "range", "must be 1 to 20 parts");
        }
        for (at, part) in bundle.parts.iter().enumerate() {
            let own = format!("{place}/parts/{at}");
            self.within(&own, "/units", i64::from(part.units), 1, 1_000);
            self.goods(&format!("{own}/goods"), &part.goods, 0);
        }
    }

    fn tiers(&mut self, place: &str, tiers: &Tiers) {
        if tiers.tiers.is_empty() {
            self.add(place, "/tiers", "empty", "has no tier");
        }
        for (at, tier) in tiers.tiers.iter().enumerate() {
            let own = format!("{place}/tiers/{at}");
            self.within(&own, "/from", tier.from, 0, AMOUNT_MAX);
            let before = at.checked_sub(1).map(|before| tiers.tiers[before].from);
            if before.is_some_and(|before| before >= tier.from) {
                let detail = "begins where the tier before it does, or earlier: tiers must rise";
                self.add(&own, "/from", "overlap", detail);
            }
            match (tier.discount_bps, tier.amount) {
                (Some(bps), None) => self.within(&own, "/discount_bps", bps, 1, 10_000),
                (None, Some(amount)) => self.within(&own, "/amount", amount.0, 1, AMOUNT_MAX),
                _ => self.add(&own, "", "one_of", "gives a share or an amount, one of the two"),
            }
        }
        self.goods(&format!("{place}/of"), &tiers.of, 0);
        self.goods(&format!("{place}/on"), &tiers.on, 0);
    }

    fn points(&mut self, place: &str, given: &PointsGiven) {
        match given {
            PointsGiven::Rate { rate_bps, on } => {
                self.within(place, "/rate/rate_bps", *rate_bps, 1, 1_000_000);
                self.goods(&format!("{place}/rate/on"), on, 0);
            }
            PointsGiven::Multiplier { multiplier_bps, on } => {
                self.within(place, "/multiplier/multiplier_bps", *multiplier_bps, 0, 1_000_000);
                self.goods(&format!("{place}/multiplier/on"), on, 0);
            }
            PointsGiven::Fixed { points } => {
                self.within(place, "/fixed/points", *points, 1, AMOUNT_MAX);
            }
        }
    }

    fn shipping(&mut self, place: &str, shipping: &Shipping) {
        self.count(place, "/methods", shipping.methods.len());
        match (shipping.discount_bps, shipping.amount) {
            (Some(bps), None) => self.within(place, "/discount_bps", bps, 1, 10_000),
            (None, Some(amount)) => self.within(place, "/amount", amount.0, 1, AMOUNT_MAX),
            _ => self.add(place, "", "one_of", "gives a share or an amount, one of the two"),
        }
    }

    fn goods(&mut self, place: &str, goods: &Goods, depth: usize) {
        self.range(place, "/price", &goods.price);
        if depth > 4 {
            self.add(place, "", "too_deep", "has more than 4 exceptions within each other");
        } else if let Some(except) = &goods.except {
            if except.is_all() {
                self.add(place, "/except", "never", "excepts everything");
            }
            self.goods(&format!("{place}/except"), except, depth + 1);
        }
    }

    fn range(&mut self, place: &str, field: &str, range: &Range) {
        for bound in [range.min, range.max].into_iter().flatten() {
            self.within(place, field, bound, 0, AMOUNT_MAX * 1000);
        }
        if let (Some(min), Some(max)) = (range.min, range.max)
            && min > max
        {
            self.add(place, field, "never", "its least is more than its most");
        }
    }

    fn measure(&mut self, place: &str, measure: &Measure) {
        self.range(place, "/amount", &measure.amount);
        self.range(place, "/quantity", &measure.quantity);
        self.range(place, "/lines", &measure.lines);
    }

    fn goods_measure(&mut self, place: &str, measure: &GoodsMeasure) {
        self.range(place, "/amount", &measure.amount);
        self.range(place, "/quantity", &measure.quantity);
        self.goods(&format!("{place}/goods"), &measure.goods, 0);
    }

    fn applied(&mut self, place: &str, rules: &[String], ids: &BTreeSet<&str>) {
        if rules.is_empty() {
            self.add(place, "/applied", "empty", "names nothing");
        }
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !ids.contains(rule.as_str()))
        {
            let detail = format!("there is no rule {rule:?}");
            self.add(place, &format!("/applied/{at}"), "unknown", detail);
        }
    }

    fn condition(
        &mut self,
        place: &str,
        condition: &Condition,
        ruleset: &Ruleset,
        ids: &BTreeSet<&str>,
        depth: usize,
    ) {
        if depth > DEPTH_MAX {
            let detail = format!("has more than {DEPTH_MAX} conditions within each other");
            return self.add(place, "", "too_deep", detail);
        }
        let empty = "names nothing";
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let name = if matches!(condition, Condition::All(_)) { "all" } else { "any" };
                if parts.is_empty() {
                    self.add(place, &format!("/{name}"), "empty", empty);
                }
                self.count(place, &format!("/{name}"), parts.len());
                for (at, part) in parts.iter().enumerate() {
                    let own = format!("{place}/{name}/{at}");
                    self.condition(&own, part, ruleset, ids, depth + 1);
                }
            }
            Condition::Not(part) => {
                self.condition(&format!("{place}/not"), part, ruleset, ids, depth + 1);
            }
            Condition::Receipt(measure) => self.measure(&format!("{place}/receipt"), measure),
            Condition::Goods(measure) => self.goods_measure(&format!("{place}/goods"), measure),
            Condition::Segment(segment) if !ruleset.segments.contains_key(segment) => {
                let detail = format!("the ruleset has no segment {segment:?}");
                self.add(place, "/segment", "unknown", detail);
            }
            Condition::Purchase(purchase) => {
                self.range(place, "/purchase/number", &purchase.number);
                if purchase.every == Some(0) {
                    self.add(place, "/purchase/every", "range", "must be 1 or more");
                }
            }
            Condition::Coupon(series) if series.is_empty() => {
                self.add(place, "/coupon", "empty", empty);
            }
            Condition::Applied(rules) => self.applied(place, rules, ids),
            Condition::Level(names) if names.is_empty() => {
                self.add(place, "/level", "empty", empty)
            }
            Condition::CardType(names) if names.is_empty() => {
                self.add(place, "/card_type", "empty", empty);
            }
            Condition::CardState(names) if names.is_empty() => {
                self.add(place, "/card_state", "empty", empty);
            }
            Condition::Payment(names) if names.is_empty() => {
                self.add(place, "/payment", "empty", empty);
            }
            Condition::Customer(ids) if ids.is_empty() => {
                self.add(place, "/customer", "empty", empty);
            }
            _ => {}
        }
    }
}
