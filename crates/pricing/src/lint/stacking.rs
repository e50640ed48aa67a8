//! Shares off one product that add up to more than anybody wants to give.

use std::collections::{BTreeMap, BTreeSet};

use super::{COMPARED_MAX, Warnings};
use crate::ruleset::{Effect, Goods, GroupMode, Rule, Ruleset, Tiers};
use crate::settings::Base;

/// From this share on it is told, hundredths of a per cent.
const BOUND_BPS: i64 = 5_000;

/// A share off some goods, and the rule that gives it.
struct Share<'a> {
    rule: usize,
    goods: &'a Goods,
    bps: i64,
    base: Base,
}

/// Tells products of which rules that stack take more than half, and nothing keeps them from it.
pub(super) fn look(ruleset: &Ruleset, found: &mut Warnings) {
    if ruleset.caps.unit_discount_bps_max.is_some_and(|cap| cap <= BOUND_BPS) {
        return;
    }
    let shares: Vec<Share<'_>> = ruleset
        .rules
        .iter()
        .enumerate()
        .flat_map(|(at, rule)| of_rule(at, rule, ruleset))
        .collect();
    let mut told = BTreeSet::new();
    for (key, named) in by_key(&shares) {
        let meant = named.into_iter().map(|at| &shares[at]);
        let meant: Vec<&Share<'_>> = meant.filter(|share| key.is_in(share.goods)).collect();
        let stacked = stacked(ruleset, &meant);
        let sum = together(&stacked);
        let rules: BTreeSet<usize> = stacked.iter().map(|share| share.rule).collect();
        if sum <= BOUND_BPS || rules.len() < 2 {
            continue;
        }
        let Some(&last) = rules.last() else { continue };
        // The same rules on another product are no news.
        if !told.insert(rules.clone()) {
            continue;
        }
        let names: Vec<&str> = rules.iter().map(|&at| ruleset.rules[at].id.as_str()).collect();
        let detail = format!(
            "together the rules {} may take {} % off {}: put them into a group, or set /caps/unit_discount_bps_max",
            names.join(", "),
            sum / 100,
            key.said()
        );
        found.add(format!("/rules/{last}"), "stacking", detail);
    }
}

fn of_rule<'a>(at: usize, rule: &'a Rule, ruleset: &Ruleset) -> Vec<Share<'a>> {
    let limits = &rule.limits;
    let bounded = limits.line_discount_max.is_some() || limits.receipt_discount_max.is_some();
    if rule.exclusive || bounded {
        return Vec::new();
    }
    let base = ruleset.settings.percent_base;
    let share = |effect: &'a Effect| match effect {
        Effect::Percent(percent) => Some(Share {
            rule: at,
            goods: &percent.on,
            bps: percent.discount_bps,
            base: percent.base.unwrap_or(base),
        }),
        Effect::Tiers(Tiers { on, tiers, .. }) => {
            let most = tiers.iter().filter_map(|tier| tier.discount_bps).max()?;
            Some(Share { rule: at, goods: on, bps: most, base })
        }
        _ => None,
    };
    rule.then.iter().filter_map(share).collect()
}

/// One thing that rules name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Any,
    Product(&'a str),
    Brand(&'a str),
    Category(&'a str),
}

impl Key<'_> {
    /// Whether goods may mean a product that has it, and nothing else that is named.
    fn is_in(self, goods: &Goods) -> bool {
        let others = goods.suppliers.is_empty() && goods.marks.is_empty();
        let (products, brands, categories) = (&goods.products, &goods.brands, &goods.categories);
        let has = |list: &[String], name: &str| list.iter().any(|other| other == name);
        let only = |list: &[String], name: &str| list.is_empty() || has(list, name);
        let except = goods.except.as_ref().is_some_and(|except| match self {
            Self::Any => false,
            Self::Product(name) => has(&except.products, name),
            Self::Brand(name) => has(&except.brands, name),
            Self::Category(name) => has(&except.categories, name),
        });
        others
            && !except
            && match self {
                Self::Any => products.is_empty() && brands.is_empty() && categories.is_empty(),
                Self::Product(name) => {
                    only(products, name) && brands.is_empty() && categories.is_empty()
                }
                Self::Brand(name) => {
                    only(brands, name) && products.is_empty() && categories.is_empty()
                }
                Self::Category(name) => {
                    only(categories, name) && products.is_empty() && brands.is_empty()
                }
            }
    }

    fn said(self) -> String {
        match self {
            Self::Any => "everything".to_owned(),
            Self::Product(name) => format!("product {name}"),
            Self::Brand(name) => format!("brand {name}"),
            Self::Category(name) => format!("category {name}"),
        }
    }
}

/// For each thing that is named, shares that may concern it: those that name it, and those of everything.
fn by_key<'a>(shares: &[Share<'a>]) -> BTreeMap<Key<'a>, Vec<usize>> {
    let mut keys: BTreeMap<Key<'a>, Vec<usize>> = BTreeMap::new();
    let mut everything = Vec::new();
    for (at, share) in shares.iter().enumerate() {
        let goods: &'a Goods = share.goods;
        if Key::Any.is_in(goods) && everything.len() < COMPARED_MAX {
            everything.push(at);
        }
        let products = goods.products.iter().map(|name| Key::Product(name));
        let brands = goods.brands.iter().map(|name| Key::Brand(name));
        let categories = goods.categories.iter().map(|name| Key::Category(name));
        for key in products.chain(brands).chain(categories) {
            let named = keys.entry(key).or_default();
            if named.len() < COMPARED_MAX {
                named.push(at);
            }
        }
    }
    for named in keys.values_mut() {
        named.extend(&everything);
        named.sort_unstable();
    }
    keys.insert(Key::Any, everything);
    keys
}

/// Of a group of which one rule counts the one that gives most; rules of sets that share none do not
/// stack, and the first of them keeps the others out.
fn stacked<'s, 'a>(ruleset: &Ruleset, meant: &[&'s Share<'a>]) -> Vec<&'s Share<'a>> {
    let one_of = |group: &str| {
        let group = ruleset.groups.iter().find(|other| other.id == group);
        group.is_some_and(|group| group.mode != GroupMode::All)
    };
    let mut best: BTreeMap<&str, &Share<'a>> = BTreeMap::new();
    let mut stacked: Vec<&Share<'a>> = Vec::new();
    for &share in meant {
        let rule = &ruleset.rules[share.rule];
        let goes = stacked.iter().all(|other| {
            let sets = &ruleset.rules[other.rule].stacks;
            sets.is_empty()
                || rule.stacks.is_empty()
                || sets.iter().any(|set| rule.stacks.contains(set))
        });
        match rule.group.as_deref().filter(|group| one_of(group)) {
            Some(group) => {
                let most = best.entry(group).or_insert(share);
                if share.bps > most.bps {
                    *most = share;
                }
            }
            None if goes => stacked.push(share),
            None => {}
        }
    }
    stacked.extend(best.into_values());
    stacked
}

/// What shares take together, by their bases.
fn together(shares: &[&Share<'_>]) -> i64 {
    let mut left = 10_000_i64;
    for share in shares {
        let of = if share.base == Base::Original { 10_000 } else { left };
        left = (left - of * share.bps / 10_000).max(0);
    }
    10_000 - left
}
