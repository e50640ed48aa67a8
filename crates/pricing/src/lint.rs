//! What looks like a mistake in rules and may be meant: rules that can never count, that are in each
//! other's way, or that together give more than anybody would want to.
//!
//! Nothing here keeps a ruleset from being published; what does is told by `verify.rs`. A warning is
//! given where the rules alone show it. What depends on the catalogue, on customers or on receipts is
//! for who has them.

mod stacking;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problem;
use crate::ruleset::{
    BudgetCounts, Condition, Effect, Goods, GroupMode, Limits, PointsGiven, Range, Rule, Ruleset,
    Scope, Text,
};
use crate::settings::Exclusive;

/// Warnings that are told, at most: whoever has more of them reads no more.
const WARNINGS_MAX: usize = 1_000;
/// Rules of one group and priority that are compared each with each.
const COMPARED_MAX: usize = 200;

/// Names of a list that are compared one by one: longer ones are looked up.
const LISTS_COMPARED: usize = 8;

/// Whatever looks like a mistake, each with its place.
#[must_use]
pub fn warnings(ruleset: &Ruleset) -> Vec<Problem> {
    let mut found = Warnings(Vec::new());
    for (at, rule) in ruleset.rules.iter().enumerate() {
        let place = format!("/rules/{at}");
        found.texts(&place, rule);
        found.unlimited(&place, rule);
        if let Some(when) = &rule.when {
            found.contradictions(&format!("{place}/when"), when);
        }
        found.not_known_yet(&place, rule);
        if let Some(why) = time::never(&rule.schedule) {
            found.add(format!("{place}/schedule"), "never", why);
        }
    }
    found.sequence(ruleset);
    found.shadows(ruleset);
    found.overlaps(ruleset);
    found.unused(ruleset);
    found.budgets(ruleset);
    stacking::look(ruleset, &mut found);
    found.0.truncate(WARNINGS_MAX);
    found.0
}

struct Warnings(Vec<Problem>);

impl Warnings {
    fn add(&mut self, pointer: String, code: &'static str, detail: impl Into<String>) {
        self.0.push(Problem { pointer, code, detail: detail.into() });
    }

    fn texts(&mut self, place: &str, rule: &Rule) {
        let mut text = |pointer: String, text: &Text| {
            for (language, own, other) in [("ru", &text.ru, &text.en), ("en", &text.en, &text.ru)] {
                if own.trim().is_empty() && !other.trim().is_empty() {
                    let detail = "is missing: people of that language read the other one";
                    self.add(format!("{pointer}/{language}"), "no_text", detail);
                }
            }
        };
        text(format!("{place}/name"), &rule.name);
        for (at, effect) in rule.then.iter().enumerate() {
            if let Effect::Message(message) = effect {
                text(format!("{place}/then/{at}/message/text"), &message.text);
            }
        }
    }

    /// What costs a whole product, or points, and is bounded by nothing.
    fn unlimited(&mut self, place: &str, rule: &Rule) {
        let Limits { line_discount_max, receipt_discount_max, customer, budget } = &rule.limits;
        // What counts money does not bound points.
        let of_points = customer.is_some_and(|limit| limit.uses.is_some())
            || budget.as_ref().is_some_and(|budget| budget.counts == BudgetCounts::Uses);
        let of_money = customer.is_some() || budget.is_some();
        let capped = line_discount_max.is_some() || receipt_discount_max.is_some();
        for (at, effect) in rule.then.iter().enumerate() {
            let what = match effect {
                Effect::Points(_) if of_points => continue,
                Effect::Gift(_) | Effect::Percent(_) if of_money => continue,
                Effect::Gift(_) => "a gift",
                Effect::Percent(percent) if percent.discount_bps == 10_000 && !capped => {
                    "the whole price"
                }
                Effect::Points(PointsGiven::Multiplier { multiplier_bps, .. })
                    if *multiplier_bps <= 10_000 =>
                {
                    continue;
                }
                Effect::Points(_) => "points",
                _ => continue,
            };
            let detail =
                format!("gives {what}, and neither a budget nor a customer's limit bounds it");
            self.add(format!("{place}/then/{at}/{}", effect.kind()), "unlimited", detail);
        }
    }

    /// What rules ask of a customer and the programme does not know yet.
    fn not_known_yet(&mut self, place: &str, rule: &Rule) {
        if rule.schedule.birthday.is_some() {
            let detail = "birthdays are not known to the programme yet: it gives nothing";
            self.add(format!("{place}/schedule/birthday"), "not_known_yet", detail);
        }
        let mut favourite = goods_of(rule).any(|goods| goods.favourite);
        if let Some(when) = &rule.when {
            favourite |= asks_for_favourites(when);
        }
        if favourite {
            let detail = "favourite categories are not known to the programme yet: none is one";
            self.add(place.to_owned(), "not_known_yet", detail);
        }
    }

    /// Conditions that exclude each other.
    fn contradictions(&mut self, place: &str, when: &Condition) {
        let mut parts = Vec::new();
        flatten(place, when, &mut parts);
        for (at, (pointer, later)) in parts.iter().enumerate() {
            let earlier = parts[..at].iter().find(|(_, earlier)| exclude(earlier, later));
            if let Some((other, _)) = earlier {
                let detail = format!("can never hold together with {other}");
                self.add(pointer.clone(), "never", detail);
            }
        }
        if let Condition::Any(parts) = when {
            for (at, part) in parts.iter().enumerate() {
                self.contradictions(&format!("{place}/any/{at}"), part);
            }
        }
    }

    /// Rules that wait for others which have their turn after them.
    fn sequence(&mut self, ruleset: &Ruleset) {
        let turns = Turns::of(ruleset);
        for (at, rule) in ruleset.rules.iter().enumerate() {
            let Some(when) = &rule.when else { continue };
            let mut parts = Vec::new();
            flatten(&format!("/rules/{at}/when"), when, &mut parts);
            for (pointer, part) in parts {
                let Condition::Applied(names) = part else { continue };
                let earlier = |name: &String| {
                    turns.places.get(name.as_str()).is_some_and(|other| turns.before(*other, at))
                };
                if !names.is_empty() && !names.iter().any(earlier) {
                    let detail = "names only rules that have their turn later";
                    self.add(format!("{pointer}/applied"), "never", detail);
                }
            }
        }
    }

    /// Rules that another one, which always counts, leaves nothing.
    fn shadows(&mut self, ruleset: &Ruleset) {
        let turns = Turns::of(ruleset);
        let mode = |group: &str| {
            ruleset.groups.iter().find(|other| other.id == group).map(|group| group.mode)
        };
        // Of each group, and of the exclusive ones, the first that always gives something.
        let mut alone: Option<usize> = None;
        let mut first: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let earlier = |known: usize, at: usize| if turns.before(at, known) { at } else { known };
        for (at, rule) in ruleset.rules.iter().enumerate().filter(|(_, rule)| always_gives(rule)) {
            if rule.exclusive && ruleset.settings.exclusive == Exclusive::Priority {
                alone = Some(alone.map_or(at, |known| earlier(known, at)));
            }
            if let Some(group) =
                rule.group.as_deref().filter(|group| mode(group) == Some(GroupMode::First))
            {
                let known = first.entry((group, rule.exclusive)).or_insert(at);
                *known = earlier(*known, at);
            }
        }
        for (at, rule) in ruleset.rules.iter().enumerate() {
            let of_group =
                rule.group.as_deref().and_then(|group| first.get(&(group, rule.exclusive)));
            let shadow = alone.iter().chain(of_group).find(|&&other| turns.before(other, at));
            if let Some(&shadow) = shadow {
                let id = &ruleset.rules[shadow].id;
                let detail =
                    format!("rule {id:?} comes first, always counts and leaves it nothing");
                self.add(format!("/rules/{at}"), "shadowed", detail);
            }
        }
    }

    /// Rules of one group and priority that mean the same goods: only their ids say which comes first.
    fn overlaps(&mut self, ruleset: &Ruleset) {
        let mut together: BTreeMap<(&str, bool, i64), Vec<usize>> = BTreeMap::new();
        for (at, rule) in ruleset.rules.iter().enumerate() {
            let Some(group) = &rule.group else { continue };
            together.entry((group, rule.exclusive, rule.priority)).or_default().push(at);
        }
        for rules in together.into_values() {
            let rules = &rules[..rules.len().min(COMPARED_MAX)];
            for (number, &later) in rules.iter().enumerate() {
                let meets =
                    |&&earlier: &&usize| meet(&ruleset.rules[earlier], &ruleset.rules[later]);
                if let Some(&earlier) = rules[..number].iter().find(meets) {
                    let detail = format!(
                        "has the group and priority of rule {:?} and may mean the same goods: their ids decide which comes first",
                        ruleset.rules[earlier].id
                    );
                    self.add(format!("/rules/{later}"), "overlap", detail);
                }
            }
        }
    }

    /// Groups and segments that no rule names.
    fn unused(&mut self, ruleset: &Ruleset) {
        let groups: BTreeSet<&str> =
            ruleset.rules.iter().filter_map(|rule| rule.group.as_deref()).collect();
        for (at, group) in ruleset.groups.iter().enumerate() {
            if !groups.contains(group.id.as_str()) {
                self.add(format!("/groups/{at}"), "unused", "no rule is in it");
            }
        }
        let mut segments = BTreeSet::new();
        for rule in &ruleset.rules {
            rule.when.iter().for_each(|when| segments_in(when, &mut segments));
        }
        for name in ruleset.segments.keys().filter(|name| !segments.contains(name.as_str())) {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.add(format!("/segments/{name}"), "unused", "no rule asks for it");
        }
    }

    /// One campaign has one budget.
    fn budgets(&mut self, ruleset: &Ruleset) {
        let mut known = BTreeMap::new();
        for (at, rule) in ruleset.rules.iter().enumerate() {
            let Some(budget) = &rule.limits.budget else { continue };
            let name = (budget.campaign.as_str(), budget.counts as u8);
            let amount = *known.entry(name).or_insert(budget.amount);
            if amount != budget.amount {
                let detail = format!("another rule says {amount} of the same campaign");
                self.add(format!("/rules/{at}/limits/budget/amount"), "budget_differs", detail);
            }
        }
    }
}

/// The sequence in which rules have their turn.
struct Turns<'a> {
    ruleset: &'a Ruleset,
    groups: BTreeMap<&'a str, usize>,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Turns<'a> {
    fn of(ruleset: &'a Ruleset) -> Self {
        let groups = ruleset.groups.iter().zip(1..).map(|(group, at)| (group.id.as_str(), at));
        let places = ruleset.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at));
        Self { ruleset, groups: groups.collect(), places: places.collect() }
    }

    fn before(&self, first: usize, second: usize) -> bool {
        let key = |at: usize| {
            let rule = &self.ruleset.rules[at];
            let group = rule.group.as_deref().and_then(|group| self.groups.get(group));
            (!rule.exclusive, group.copied().unwrap_or(0), -rule.priority, &rule.id)
        };
        key(first) < key(second)
    }
}

/// Conditions that must all hold.
fn flatten<'a>(place: &str, condition: &'a Condition, parts: &mut Vec<(String, &'a Condition)>) {
    if let Condition::All(all) = condition {
        for (at, part) in all.iter().enumerate() {
            flatten(&format!("{place}/all/{at}"), part, parts);
        }
    } else {
        parts.push((place.to_owned(), condition));
    }
}

/// Whether two conditions can never hold at once.
fn exclude(one: &Condition, other: &Condition) -> bool {
    use Condition as Is;
    let no_common = |a: &[String], b: &[String]| !a.iter().any(|name| b.contains(name));
    match (one, other) {
        (Is::Not(not), is) | (is, Is::Not(not)) if **not == *is => true,
        (Is::Card(a), Is::Card(b)) => a != b,
        (Is::Card(false), Is::CardType(_) | Is::CardState(_))
        | (Is::CardType(_) | Is::CardState(_), Is::Card(false)) => true,
        (Is::Level(a), Is::Level(b))
        | (Is::CardType(a), Is::CardType(b))
        | (Is::CardState(a), Is::CardState(b))
        | (Is::Payment(a), Is::Payment(b))
        | (Is::Customer(a), Is::Customer(b)) => no_common(a, b),
        (Is::Purchase(a), Is::Purchase(b)) => apart(&a.number, &b.number),
        (Is::Receipt(a), Is::Receipt(b)) => {
            (a.base == b.base && apart(&a.amount, &b.amount))
                || apart(&a.quantity, &b.quantity)
                || apart(&a.lines, &b.lines)
        }
        (Is::Goods(a), Is::Goods(b)) if a.goods == b.goods => {
            a.in_one_line == b.in_one_line
                && ((a.base == b.base && apart(&a.amount, &b.amount))
                    || apart(&a.quantity, &b.quantity))
        }
        _ => false,
    }
}

fn apart(a: &Range, b: &Range) -> bool {
    let above = |a: &Range, b: &Range| a.min.zip(b.max).is_some_and(|(min, max)| min > max);
    above(a, b) || above(b, a)
}

fn segments_in<'a>(condition: &'a Condition, segments: &mut BTreeSet<&'a str>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| segments_in(part, segments));
        }
        Condition::Not(part) => segments_in(part, segments),
        Condition::Segment(name) => {
            segments.insert(name);
        }
        _ => {}
    }
}

fn asks_for_favourites(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(asks_for_favourites),
        Condition::Not(part) => asks_for_favourites(part),
        Condition::Goods(measure) => measure.goods.favourite,
        _ => false,
    }
}

/// Whether a rule gives something to every basket of goods that take discounts.
fn always_gives(rule: &Rule) -> bool {
    let everything = |effect: &Effect| match effect {
        Effect::Percent(percent) => percent.on.is_all(),
        Effect::Fixed(fixed) => fixed.on.is_all(),
        _ => false,
    };
    rule.when.is_none()
        && rule.scope == Scope::default()
        && rule.schedule == crate::ruleset::Schedule::default()
        && rule.limits.customer.is_none()
        && rule.limits.budget.is_none()
        && rule.then.iter().any(everything)
}

/// Whether two rules may give something for the same goods, at the same place and time.
fn meet(one: &Rule, other: &Rule) -> bool {
    let (here, there) = (&one.scope, &other.scope);
    let apart = match (&one.when, &other.when) {
        (Some(a), Some(b)) => {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            flatten("", a, &mut first);
            flatten("", b, &mut second);
            first.iter().any(|(_, a)| second.iter().any(|(_, b)| exclude(a, b)))
        }
        _ => false,
    };
    common(&here.networks, &there.networks)
        && common(&here.shops, &there.shops)
        && common(&here.channels, &there.channels)
        && time::may_meet(&one.schedule, &other.schedule)
        && !apart
        && goods_of(one).any(|a| goods_of(other).any(|b| may_share(a, b)))
}

/// Goods that a rule makes cheaper.
fn goods_of(rule: &Rule) -> impl Iterator<Item = &Goods> {
    rule.then.iter().filter_map(discounted)
}

/// Whether two lists have a name in common; an empty one has all.
fn common(a: &[String], b: &[String]) -> bool {
    if a.is_empty() || b.is_empty() {
        return true;
    }
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if few.len() < LISTS_COMPARED {
        return few.iter().any(|name| many.contains(name));
    }
    let few: BTreeSet<&str> = few.iter().map(String::as_str).collect();
    many.iter().any(|name| few.contains(name.as_str()))
}

/// Goods that an effect makes cheaper.
fn discounted(effect: &Effect) -> Option<&Goods> {
    match effect {
        Effect::Percent(given) => Some(&given.on),
        Effect::Fixed(given) => Some(&given.on),
        Effect::FixedPrice(given) => Some(&given.on),
        Effect::CompetitorPrice(on) | Effect::PersonalPrice(on) => Some(&on.on),
        Effect::BuyGet(given) => Some(&given.get),
        Effect::Cheapest(given) => Some(&given.on),
        Effect::Tiers(given) => Some(&given.on),
        Effect::Bundle(bundle) => bundle.parts.first().map(|part| &part.goods),
        Effect::Gift(_) | Effect::Points(_) | Effect::Shipping(_) | Effect::Message(_) => None,
    }
}

/// Whether a product may be meant by both. Of categories only the tree would know.
fn may_share(one: &Goods, other: &Goods) -> bool {
    let opposite = one.marked_down.zip(other.marked_down).is_some_and(|(a, b)| a != b);
    common(&one.products, &other.products)
        && common(&one.brands, &other.brands)
        && common(&one.suppliers, &other.suppliers)
        && !apart(&one.price, &other.price)
        && !opposite
}

#[cfg(test)]
mod scenarios;
