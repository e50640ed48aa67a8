//! Rules in the form in which they are priced: texts as numbers, and an index, so that a basket looks only
//! at rules that can concern it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::gate::{Gates, Tried};
use crate::goods::{Meant, NONE, Sight, Symbols};
use crate::problem::Problem;
use crate::quote::MISSES_MAX;
use crate::regulated::regulated;
use crate::ruleset::{
    Condition, Effect, GoodsMeasure, GroupMode, GroupOf, Measure, Purchase, Range, RegulatedRow,
    Rule, Ruleset,
};
use crate::settings::Base;
use crate::turn::Turn;

/// A ruleset that baskets can be priced by. It never changes, and any number of threads may share it.
#[derive(Debug)]
pub struct Compiled {
    /// The version it was published as.
    pub version: i64,
    pub(crate) ruleset: Ruleset,
    pub(crate) regulated: Vec<RegulatedRow>,
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) groups: Vec<CompiledGroup>,
    pub(crate) symbols: Symbols,
    pub(crate) not_discounted: Option<Meant>,
    pub(crate) redeemable: Option<Meant>,
    asks_for_purchases: bool,
    index: Index,
    gates: Gates,
    by_id: FxHashMap<String, u32>,
    /// The first rule that asks for coupons of a series.
    pub(crate) first_of_series: FxHashMap<String, u32>,
}

/// Ranks of the rules of a group are neighbours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledGroup {
    pub mode: GroupMode,
    pub of: GroupOf,
}

/// A rule, at the place at which it is priced.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub source: Arc<Rule>,
    /// Which group: 0 is none.
    pub group: u32,
    pub wanted: Option<Wanted>,
    /// For each effect, goods it is about.
    pub targets: Vec<Targets>,
    /// Series of coupons it asks for.
    pub series: Vec<String>,
    /// Numbers of the sets it may be stacked in.
    pub stacks: Box<[u32]>,
}

/// Goods of an effect: what it takes off, and what must be bought.
#[derive(Debug)]
pub(crate) struct Targets {
    pub on: Meant,
    pub buy: Vec<Meant>,
}

/// A condition whose goods and rules are numbers.
#[derive(Debug)]
pub(crate) enum Wanted {
    All(Vec<Wanted>),
    Any(Vec<Wanted>),
    Not(Box<Wanted>),
    Receipt(Measure),
    Goods(WantedGoods),
    Segment(String),
    Customer(Vec<String>),
    Card(bool),
    Level(Vec<String>),
    CardType(Vec<String>),
    CardState(Vec<String>),
    Purchase(Purchase),
    Payment(Vec<String>),
    Coupon(String),
    Applied(Vec<u32>, Vec<String>),
}

#[derive(Debug)]
pub(crate) struct WantedGoods {
    pub meant: Meant,
    pub amount: Range,
    pub quantity: Range,
    pub in_one_line: bool,
    pub base: Option<Base>,
}

/// Ranks of rules by one thing that a basket must have for them to count.
#[derive(Debug)]
struct Index {
    by: FxHashMap<(Key, u32), Ranks>,
    always: Ranks,
}

/// Rising ranks, as a whole and by the gate that they are behind: what a shut gate keeps out costs one look.
#[derive(Debug)]
struct Ranks {
    all: Vec<u32>,
    behind: Vec<(u32, Vec<u32>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Product,
    Category,
    Brand,
    Supplier,
    Segment,
    Customer,
    Coupon,
    Shop,
    Network,
}

impl Compiled {
    /// Looks rules over and compiles them.
    ///
    /// # Errors
    /// Everything that is wrong with them, each with its place.
    pub fn new(ruleset: Ruleset, version: i64) -> Result<Self, Vec<Problem>> {
        let problems = crate::verify::problems(&ruleset);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut symbols = Symbols::default();
        let place: FxHashMap<&str, u32> = (1_u32..)
            .zip(&ruleset.groups)
            .map(|(place, group)| (group.id.as_str(), place))
            .collect();
        let group_of = |rule: &Rule| rule.group.as_ref().map_or(0, |group| place[group.as_str()]);
        let mut sorted: Vec<Arc<Rule>> = ruleset.rules.iter().cloned().map(Arc::new).collect();
        sorted.sort_by(|a, b| {
            let key = |rule: &Rule| (!rule.exclusive, group_of(rule), -rule.priority);
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        let by_id: FxHashMap<String, u32> =
            (0_u32..).zip(&sorted).map(|(rank, rule)| (rule.id.clone(), rank)).collect();
        let rules: Vec<CompiledRule> = sorted
            .into_iter()
            .map(|rule| {
                let group = group_of(&rule);
                CompiledRule::new(rule, group, &by_id, &mut symbols)
            })
            .collect();
        let mut first_of_series = FxHashMap::default();
        for (rank, rule) in (0..).zip(&rules) {
            for series in &rule.series {
                first_of_series.entry(series.clone()).or_insert(rank);
            }
        }
        let gates = Gates::of(rules.iter().map(|rule| &*rule.source), &mut symbols);
        let index = Index::of(&rules, &gates, &mut symbols);
        let none = CompiledGroup { mode: GroupMode::All, of: GroupOf::Receipt };
        let named =
            ruleset.groups.iter().map(|group| CompiledGroup { mode: group.mode, of: group.of });
        let mut meant = |goods| Meant::new(goods, &mut symbols);
        Ok(Self {
            version,
            regulated: regulated(&ruleset.regulated),
            groups: std::iter::once(none).chain(named).collect(),
            not_discounted: ruleset.not_discounted.as_ref().map(&mut meant),
            redeemable: ruleset.redemption.as_ref().map(|redemption| meant(&redemption.on)),
            asks_for_purchases: rules.iter().any(CompiledRule::asks_for_purchases),
            rules,
            symbols,
            index,
            gates,
            by_id,
            ruleset,
            first_of_series,
        })
    }

    /// The rules as they were written.
    #[must_use]
    pub fn ruleset(&self) -> &Ruleset {
        &self.ruleset
    }

    /// How much one customer may have of a rule within its window, by the name under which a claim counts it:
    /// receipts under the rule's own, an amount under [`crate::amount_limit`].
    #[must_use]
    pub fn limit_of(&self, rule: &str, name: &str) -> Option<i64> {
        let rank = self.rank_of(rule)?;
        let limit = self.rules[rank as usize].source.limits.customer?;
        if name == rule { limit.uses } else { limit.amount.map(|amount| amount.0) }
    }

    /// A rule as it was written, if the ruleset has one of this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rank_of(id).map(|rank| &*self.rules[rank as usize].source)
    }

    /// Whether some rule asks which purchase of the customer a basket is.
    #[must_use]
    pub fn asks_for_purchases(&self) -> bool {
        self.asks_for_purchases
    }

    /// Rules in the sequence in which they are priced.
    pub(crate) fn rank_of(&self, rule: &str) -> Option<u32> {
        self.by_id.get(rule).copied()
    }

    /// Ranks of the rules that may concern a basket, rising. Of those that cannot give anything here and now
    /// only as many as a quote may tell of: the first ones.
    pub(crate) fn candidates(&self, turn: &Turn<'_>) -> Vec<u32> {
        let mut found = Found::new(self.gates.before(turn));
        found.add(&self.index.always);
        let sight: &Sight = &turn.sight;
        for line in &sight.lines {
            self.index.find(Key::Product, line.product, &mut found);
            self.index.find(Key::Brand, line.brand, &mut found);
            self.index.find(Key::Supplier, line.supplier, &mut found);
            for &category in sight.categories(line) {
                self.index.find(Key::Category, category, &mut found);
            }
        }
        let of = |text: &str| self.symbols.of(text);
        if let Some(customer) = &turn.facts.customer {
            self.index.find(Key::Customer, of(&customer.id), &mut found);
            for segment in &customer.segments {
                self.index.find(Key::Segment, of(segment), &mut found);
            }
        }
        for coupon in &turn.facts.coupons {
            self.index.find(Key::Coupon, of(&coupon.series), &mut found);
        }
        for (key, own) in [(Key::Shop, &turn.basket.shop), (Key::Network, &turn.basket.network)] {
            if let Some(own) = own {
                self.index.find(key, of(own), &mut found);
            }
        }
        found.ranks()
    }
}

/// Ranks while they are gathered.
struct Found<'a> {
    gates: Tried<'a>,
    open: Vec<u32>,
    shut: Vec<u32>,
}

impl<'a> Found<'a> {
    fn new(gates: Tried<'a>) -> Self {
        Self { gates, open: Vec::with_capacity(64), shut: Vec::new() }
    }

    fn add(&mut self, ranks: &Ranks) {
        let mut kept_out = 0;
        for (gate, behind) in &ranks.behind {
            match self.gates.is_open(*gate) {
                true => self.open.extend(behind),
                false => kept_out += behind.len(),
            }
        }
        let mut most = kept_out.min(MISSES_MAX);
        for &rank in &ranks.all {
            if most == 0 {
                break;
            }
            if !self.gates.is_open(self.gates.of(rank)) {
                self.shut.push(rank);
                most -= 1;
            }
        }
    }

    /// All of them, rising.
    fn ranks(self) -> Vec<u32> {
        let Self { mut open, mut shut, .. } = self;
        shut.sort_unstable();
        shut.dedup();
        open.extend(shut.into_iter().take(MISSES_MAX));
        open.sort_unstable();
        open.dedup();
        open
    }
}

impl Ranks {
    fn of(all: Vec<u32>, gates: &Gates) -> Self {
        let mut behind: Vec<(u32, u32)> =
            all.iter().map(|&rank| (gates.gate_of(rank), rank)).collect();
        behind.sort_unstable();
        let some = |some: &[(u32, u32)]| (some[0].0, some.iter().map(|(_, rank)| *rank).collect());
        let behind = behind.chunk_by(|one, other| one.0 == other.0).map(some).collect();
        Self { all, behind }
    }
}

impl Index {
    fn of(rules: &[CompiledRule], gates: &Gates, symbols: &mut Symbols) -> Self {
        let mut by: FxHashMap<(Key, u32), Vec<u32>> = FxHashMap::default();
        let mut always = Vec::new();
        for (rank, rule) in (0_u32..).zip(rules) {
            match rule.keys(symbols) {
                Some((key, values)) => {
                    for value in values {
                        by.entry((key, value)).or_default().push(rank);
                    }
                }
                None => always.push(rank),
            }
        }
        let ranks = |(key, all)| (key, Ranks::of(all, gates));
        Self { by: by.into_iter().map(ranks).collect(), always: Ranks::of(always, gates) }
    }

    fn find(&self, key: Key, value: u32, found: &mut Found<'_>) {
        if value == NONE {
            return;
        }
        if let Some(ranks) = self.by.get(&(key, value)) {
            found.add(ranks);
        }
    }
}

impl CompiledRule {
    fn new(
        source: Arc<Rule>,
        group: u32,
        by_id: &FxHashMap<String, u32>,
        symbols: &mut Symbols,
    ) -> Self {
        let wanted = source.when.as_ref().map(|when| Wanted::new(when, by_id, symbols));
        let targets = source.then.iter().map(|effect| Targets::of(effect, symbols)).collect();
        let mut series = Vec::new();
        if let Some(when) = &source.when {
            collect_series(when, &mut series);
        }
        let stacks = source.stacks.iter().map(|set| symbols.add(set)).collect();
        Self { wanted, targets, series, stacks, group, source }
    }

    fn asks_for_purchases(&self) -> bool {
        self.wanted.as_ref().is_some_and(Wanted::asks_for_purchases)
    }

    /// Whether two rules cannot go together by the sets they are stacked in.
    pub fn conflicts(&self, other: &Self) -> bool {
        !self.stacks.is_empty()
            && !other.stacks.is_empty()
            && !self.stacks.iter().any(|set| other.stacks.contains(set))
    }

    /// One thing that a basket must have for this rule to count, the rarest there is.
    fn keys(&self, symbols: &mut Symbols) -> Option<(Key, Vec<u32>)> {
        let mut required = Vec::new();
        if let Some(wanted) = &self.wanted {
            wanted.required(symbols, &mut required);
        }
        let first = |key: Key| required.iter().find(|(found, _)| *found == key).cloned();
        let of_goods = || self.goods_keys();
        let scope = &self.source.scope;
        let listed = |key, names: &[String], symbols: &mut Symbols| {
            let numbers = names.iter().map(|name| symbols.add(name)).collect::<Vec<u32>>();
            (!numbers.is_empty()).then_some((key, numbers))
        };
        first(Key::Coupon)
            .or_else(|| first(Key::Customer))
            .or_else(of_goods)
            .or_else(|| first(Key::Product))
            .or_else(|| first(Key::Brand))
            .or_else(|| first(Key::Category))
            .or_else(|| first(Key::Supplier))
            .or_else(|| first(Key::Segment))
            .or_else(|| listed(Key::Shop, &scope.shops, symbols))
            .or_else(|| listed(Key::Network, &scope.networks, symbols))
    }

    /// Goods without which none of its effects gives anything.
    fn goods_keys(&self) -> Option<(Key, Vec<u32>)> {
        let mut keys: Option<(Key, Vec<u32>)> = None;
        for targets in &self.targets {
            let (key, values) = targets.on.keys()?;
            match &mut keys {
                None => keys = Some((key, values)),
                Some((known, all)) if *known == key => all.extend(values),
                Some(_) => return None,
            }
        }
        let (key, mut values) = keys?;
        values.sort_unstable();
        values.dedup();
        Some((key, values))
    }
}

impl Meant {
    /// What a line must have to be meant, the rarest there is.
    fn keys(&self) -> Option<(Key, Vec<u32>)> {
        let lists = [
            (Key::Product, &self.products),
            (Key::Brand, &self.brands),
            (Key::Category, &self.categories),
            (Key::Supplier, &self.suppliers),
        ];
        let (key, list) = lists.into_iter().find(|(_, list)| !list.is_empty())?;
        Some((key, list.to_vec()))
    }
}

impl Targets {
    fn of(effect: &Effect, symbols: &mut Symbols) -> Self {
        let mut meant = |goods| Meant::new(goods, symbols);
        let all = crate::ruleset::Goods::default();
        let (on, buy) = match effect {
            Effect::Percent(percent) => (meant(&percent.on), Vec::new()),
            Effect::Fixed(fixed) => (meant(&fixed.on), Vec::new()),
            Effect::FixedPrice(price) => (meant(&price.on), Vec::new()),
            Effect::CompetitorPrice(on) | Effect::PersonalPrice(on) => (meant(&on.on), Vec::new()),
            Effect::BuyGet(get) => (meant(&get.get), vec![meant(&get.buy)]),
            Effect::Cheapest(cheapest) => (meant(&cheapest.on), Vec::new()),
            Effect::Bundle(bundle) => {
                let parts: Vec<Meant> =
                    bundle.parts.iter().map(|part| meant(&part.goods)).collect();
                let first = bundle.parts.first().map_or(&all, |part| &part.goods);
                (meant(first), parts)
            }
            Effect::Tiers(tiers) => (meant(&tiers.on), vec![meant(&tiers.of)]),
            Effect::Gift(gift) => (meant(gift.for_goods.as_ref().unwrap_or(&all)), Vec::new()),
            Effect::Points(given) => (meant(given.on().unwrap_or(&all)), Vec::new()),
            Effect::Shipping(_) | Effect::Message(_) => (meant(&all), Vec::new()),
        };
        Self { on, buy }
    }
}

impl crate::ruleset::PointsGiven {
    /// Goods it is about; nothing is the receipt.
    pub(crate) fn on(&self) -> Option<&crate::ruleset::Goods> {
        match self {
            Self::Rate { on, .. } | Self::Multiplier { on, .. } => Some(on),
            Self::Fixed { .. } => None,
        }
    }
}

impl Wanted {
    fn asks_for_purchases(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_purchases),
            Self::Not(part) => part.asks_for_purchases(),
            Self::Purchase(_) => true,
            _ => false,
        }
    }

    fn new(condition: &Condition, by_id: &FxHashMap<String, u32>, symbols: &mut Symbols) -> Self {
        let mut each = |parts: &[Condition]| -> Vec<Self> {
            parts.iter().map(|part| Self::new(part, by_id, symbols)).collect()
        };
        match condition {
            Condition::All(parts) => Self::All(each(parts)),
            Condition::Any(parts) => Self::Any(each(parts)),
            Condition::Not(part) => Self::Not(Box::new(Self::new(part, by_id, symbols))),
            Condition::Receipt(measure) => Self::Receipt(*measure),
            Condition::Goods(measure) => Self::Goods(WantedGoods::new(measure, symbols)),
            Condition::Segment(segment) => Self::Segment(segment.clone()),
            Condition::Customer(ids) => Self::Customer(ids.clone()),
            Condition::Card(shown) => Self::Card(*shown),
            Condition::Level(levels) => Self::Level(levels.clone()),
            Condition::CardType(types) => Self::CardType(types.clone()),
            Condition::CardState(states) => Self::CardState(states.clone()),
            Condition::Purchase(purchase) => Self::Purchase(*purchase),
            Condition::Payment(ways) => Self::Payment(ways.clone()),
            Condition::Coupon(series) => Self::Coupon(series.clone()),
            Condition::Applied(rules) => {
                let ranks = rules.iter().filter_map(|rule| by_id.get(rule).copied()).collect();
                Self::Applied(ranks, rules.clone())
            }
        }
    }

    /// What must be there for this to hold, as keys of the index.
    fn required(&self, symbols: &mut Symbols, found: &mut Vec<(Key, Vec<u32>)>) {
        let mut numbers =
            |names: &[String]| -> Vec<u32> { names.iter().map(|name| symbols.add(name)).collect() };
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.required(symbols, found)),
            Self::Segment(segment) => {
                found.push((Key::Segment, numbers(std::slice::from_ref(segment))));
            }
            Self::Customer(ids) => found.push((Key::Customer, numbers(ids))),
            Self::Coupon(series) => {
                found.push((Key::Coupon, numbers(std::slice::from_ref(series))));
            }
            Self::Goods(goods) if goods.needs_some() => found.extend(goods.meant.keys()),
            _ => {}
        }
    }
}

impl WantedGoods {
    fn new(measure: &GoodsMeasure, symbols: &mut Symbols) -> Self {
        Self {
            meant: Meant::new(&measure.goods, symbols),
            amount: measure.amount,
            quantity: measure.quantity,
            in_one_line: measure.in_one_line,
            base: measure.base,
        }
    }

    /// Whether it cannot hold without any of the goods.
    fn needs_some(&self) -> bool {
        let positive = |range: &Range| range.min.is_some_and(|min| min > 0);
        positive(&self.amount)
            || positive(&self.quantity)
            || (self.amount.is_any() && self.quantity.is_any())
    }
}

fn collect_series(condition: &Condition, series: &mut Vec<String>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect_series(part, series));
        }
        Condition::Coupon(name) if !series.contains(name) => series.push(name.clone()),
        _ => {}
    }
}
