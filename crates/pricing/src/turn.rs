//! One basket being priced: what stays the same from the first rule to the last.

use std::collections::BTreeSet;

use crate::allocate::Split;
use crate::basket::{Basket, BasketLine, Facts, Withheld};
use crate::compile::Compiled;
use crate::condition::Moment;
use crate::goods::Sight;
use crate::reason::Reason;
use crate::settings::LineSequence;
use crate::state::Fixture;

/// What stays the same while a basket is priced. Lines stand in the sequence in which they are looked at.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub compiled: &'a Compiled,
    pub basket: &'a Basket,
    pub facts: &'a Facts,
    pub lines: Vec<&'a BasketLine>,
    /// Of each line, its place in the basket.
    pub places: Vec<u32>,
    pub sight: Sight,
    pub fixtures: Vec<Fixture>,
    /// What all goods cost on the shelf.
    pub goods: i64,
    pub moment: Moment,
}

impl<'a> Turn<'a> {
    pub fn new(compiled: &'a Compiled, basket: &'a Basket, facts: &'a Facts) -> Self {
        let mut places: Vec<u32> = (0..basket.lines.len() as u32).collect();
        let line = |place: u32| &basket.lines[place as usize];
        if compiled.ruleset.settings.lines == LineSequence::Canonical {
            let key = |line: &'a BasketLine| {
                (line.product.as_str(), line.price, line.quantity, line.id.as_str())
            };
            places.sort_by(|&a, &b| key(line(a)).cmp(&key(line(b))));
        }
        let lines: Vec<&BasketLine> = places.iter().map(|&place| line(place)).collect();
        let sight = Sight::of(&lines, facts.customer.as_ref(), &compiled.symbols);
        let mut fixtures: Vec<Fixture> =
            lines.iter().map(|line| Fixture::of(line, compiled)).collect();
        if let Some(kept) = &compiled.not_discounted {
            for (fixture, seen) in fixtures.iter_mut().zip(&sight.lines) {
                fixture.discount &= !kept.has(seen, &sight);
            }
        }
        let goods = fixtures.iter().map(|fixture| fixture.price * i64::from(fixture.units)).sum();
        Self {
            moment: Moment::of(basket),
            compiled,
            basket,
            facts,
            lines,
            places,
            sight,
            fixtures,
            goods,
        }
    }

    /// How amounts are split.
    pub fn split(&self) -> Split {
        Split::of(&self.compiled.ruleset.settings)
    }

    /// Why the ledger refused what a rule gives, if it did.
    pub fn withheld_rule(&self, rule: &str) -> Option<Reason> {
        self.facts.withheld.iter().find_map(|withheld| match withheld {
            Withheld::Rule { rule: refused, why } if refused == rule => {
                Some(Reason::Withheld { why: why.clone() })
            }
            _ => None,
        })
    }

    /// Why the ledger refused a use of a coupon, if it did.
    pub fn withheld_coupon(&self, code: &str) -> Option<Reason> {
        self.facts.withheld.iter().find_map(|withheld| match withheld {
            Withheld::Coupon { code: refused, why } if refused == code => {
                Some(Reason::Withheld { why: why.clone() })
            }
            _ => None,
        })
    }

    /// Whether the ledger refused points.
    pub fn points_are_withheld(&self) -> bool {
        self.facts.withheld.iter().any(|withheld| matches!(withheld, Withheld::Points { .. }))
    }

    /// Codes of coupons that were presented, each once.
    pub fn presented(&self) -> Vec<&'a str> {
        let mut seen = BTreeSet::new();
        let codes = self.basket.coupons.iter().map(String::as_str);
        codes.filter(|code| seen.insert(*code)).collect()
    }
}
