//! What a ruleset would have done with past receipts: a tally of their quotes.
//!
//! It is pure and adds up: tallies of parts, made in any sequence, merge into the tally of the whole. Customers
//! buy as they bought; that they would buy more for a discount is nowhere assumed.

use std::collections::BTreeMap;

use retail::Money;
use serde::{Deserialize, Serialize};

use crate::compile::Compiled;
use crate::finish::POINTS;
use crate::quote::{Quote, TrimmedBy};
use crate::reason::Reason;

/// Customers who gain most that are named, and receipts that are shown as examples, at most.
const NAMED_MAX: usize = 10;

/// A receipt as it was.
#[derive(Clone, Copy, Debug)]
pub struct PastReceipt<'a> {
    /// By which a person finds it.
    pub name: &'a str,
    /// Whose.
    pub customer: Option<&'a str>,
    /// Segments of the ruleset he is in.
    pub segments: &'a [&'a str],
    /// What was taken off then.
    pub discount: Money,
    /// Of each line of the basket, what its goods cost the retailer, where that is known.
    pub costs: &'a [Option<Money>],
}

/// What a ruleset would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// Receipts that were priced.
    pub receipts: u64,
    /// Of them, those that get anything.
    pub receipts_given: u64,
    /// Goods as on the shelf.
    pub goods: Money,
    /// What was taken off then.
    pub discount_then: Money,
    /// What rules would take off.
    pub discount: Money,
    /// Of it, what suppliers pay.
    pub supplier_pays: Money,
    /// Points that rules would give, smallest units.
    pub points: i64,
    /// Goods whose cost is known: what they would bring, and what they cost.
    pub net_of_costed: Money,
    /// See above.
    pub cost: Money,
    /// Receipts that would bring less than their goods cost.
    pub receipts_below_cost: u64,
    /// Some of them.
    pub below_cost: Vec<String>,
    /// Receipts on which a floor kept a rule from giving all it says, and how much it kept.
    pub receipts_at_floor: u64,
    /// See above.
    pub kept_by_floor: Money,
    /// Receipts on which the best combination was not proven.
    pub not_proven: u64,
    /// Rule by rule; one that is not here never counted.
    pub rules: BTreeMap<String, RuleTally>,
    /// Of each two rules that fight, winner first, how often.
    #[serde(with = "pairs")]
    pub fights: BTreeMap<(String, String), u64>,
    /// By segment of the customer; `` is without a card.
    pub segments: BTreeMap<String, SegmentTally>,
    /// By supplier, what he would pay.
    pub suppliers: BTreeMap<String, Money>,
    #[serde(skip)]
    customers: BTreeMap<String, i64>,
}

/// What one rule would have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RuleTally {
    pub receipts: u64,
    pub discount: Money,
    pub supplier_pays: Money,
    /// Receipts that concerned it and got nothing.
    pub missed: u64,
}

/// What customers of one segment would have got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SegmentTally {
    pub receipts: u64,
    pub goods: Money,
    pub discount: Money,
}

/// What is told of a simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SimulationReport {
    /// The sums.
    #[serde(flatten)]
    pub sums: Simulation,
    /// What rules take off, hundredths of a per cent of the goods.
    pub discount_bps: i64,
    /// What is left of what costed goods bring, hundredths of a per cent.
    pub margin_bps: Option<i64>,
    /// Rules that never gave anything.
    pub never: Vec<String>,
    /// Customers with a card who gain, and all of them.
    pub customers_gaining: u64,
    /// See above.
    pub customers: u64,
    /// Half of those who gain, gain no more than this.
    pub gain_median: Money,
    /// Those who gain most.
    pub most: Vec<(String, Money)>,
}

impl Simulation {
    /// Adds a receipt and the quote that it would have had.
    pub fn add(&mut self, receipt: &PastReceipt<'_>, quote: &Quote) {
        let discount = quote.totals.discount.0;
        self.receipts += 1;
        self.receipts_given += u64::from(discount > 0 || quote.totals.points.0 > 0);
        self.goods.0 += quote.totals.goods.0;
        self.discount_then.0 += receipt.discount.0;
        self.discount.0 += discount;
        self.points += quote.totals.points.0;
        self.not_proven += u64::from(quote.best.is_some_and(|best| !best.proven));
        self.add_costs(receipt, quote);
        self.add_rules(quote);
        let gained = receipt.customer.map(|customer| (customer.to_owned(), discount));
        if let Some((customer, gain)) = gained {
            *self.customers.entry(customer).or_default() += gain;
        }
        let segments = if receipt.customer.is_none() { &[""][..] } else { receipt.segments };
        for segment in segments {
            let tally = self.segments.entry((*segment).to_owned()).or_default();
            tally.receipts += 1;
            tally.goods.0 += quote.totals.goods.0;
            tally.discount.0 += discount;
        }
    }

    fn add_costs(&mut self, receipt: &PastReceipt<'_>, quote: &Quote) {
        let (mut net, mut cost) = (0, 0);
        for (line, costs) in quote.lines.iter().zip(receipt.costs) {
            if let Some(costs) = costs {
                net += line.total.0;
                cost += costs.0;
            }
        }
        self.net_of_costed.0 += net;
        self.cost.0 += cost;
        if net < cost {
            self.receipts_below_cost += 1;
            if self.below_cost.len() < NAMED_MAX {
                self.below_cost.push(receipt.name.to_owned());
            }
        }
    }

    fn add_rules(&mut self, quote: &Quote) {
        let mut kept = 0;
        for rule in quote.applied() {
            self.rules.entry(rule.to_owned()).or_default().receipts += 1;
        }
        for one in quote.adjustments.iter().filter(|one| one.rule != POINTS) {
            let tally = self.rules.entry(one.rule.clone()).or_default();
            tally.discount.0 += one.amount.0;
            tally.supplier_pays.0 += one.supplier_pays.0;
            self.supplier_pays.0 += one.supplier_pays.0;
            if let Some(supplier) = one.supplier.as_ref().filter(|_| one.supplier_pays.0 > 0) {
                self.suppliers.entry(supplier.clone()).or_default().0 += one.supplier_pays.0;
            }
            let floor = one.trimmed.filter(|trimmed| trimmed.by == TrimmedBy::Floor);
            kept += floor.map_or(0, |trimmed| trimmed.amount.0);
        }
        self.receipts_at_floor += u64::from(kept > 0);
        self.kept_by_floor.0 += kept;
        for miss in &quote.misses {
            self.rules.entry(miss.rule.clone()).or_default().missed += 1;
            if let Reason::LostTo { rule } = &miss.reason {
                *self.fights.entry((rule.clone(), miss.rule.clone())).or_default() += 1;
            }
        }
    }

    /// The tally of both.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.receipts += other.receipts;
        self.receipts_given += other.receipts_given;
        self.points += other.points;
        self.receipts_below_cost += other.receipts_below_cost;
        self.receipts_at_floor += other.receipts_at_floor;
        self.not_proven += other.not_proven;
        for (sum, more) in [
            (&mut self.goods, other.goods),
            (&mut self.discount_then, other.discount_then),
            (&mut self.discount, other.discount),
            (&mut self.supplier_pays, other.supplier_pays),
            (&mut self.net_of_costed, other.net_of_costed),
            (&mut self.cost, other.cost),
            (&mut self.kept_by_floor, other.kept_by_floor),
        ] {
            sum.0 += more.0;
        }
        self.below_cost.extend(other.below_cost);
        self.below_cost.sort();
        self.below_cost.truncate(NAMED_MAX);
        for (rule, more) in other.rules {
            let tally = self.rules.entry(rule).or_default();
            tally.receipts += more.receipts;
            tally.discount.0 += more.discount.0;
            tally.supplier_pays.0 += more.supplier_pays.0;
            tally.missed += more.missed;
        }
        for (pair, more) in other.fights {
            *self.fights.entry(pair).or_default() += more;
        }
        for (segment, more) in other.segments {
            let tally = self.segments.entry(segment).or_default();
            tally.receipts += more.receipts;
            tally.goods.0 += more.goods.0;
            tally.discount.0 += more.discount.0;
        }
        for (supplier, more) in other.suppliers {
            self.suppliers.entry(supplier).or_default().0 += more.0;
        }
        for (customer, more) in other.customers {
            *self.customers.entry(customer).or_default() += more;
        }
        self
    }

    /// What a person reads.
    #[must_use]
    pub fn report(mut self, rules: &Compiled) -> SimulationReport {
        let bps = |part: i64, whole: i64| {
            let share = i128::from(part) * 10_000 / i128::from(whole.max(1));
            i64::try_from(share).unwrap_or(i64::MAX)
        };
        let customers = std::mem::take(&mut self.customers);
        let mut gains: Vec<(String, Money)> = customers
            .iter()
            .filter(|(_, gain)| **gain > 0)
            .map(|(customer, gain)| (customer.clone(), Money(*gain)))
            .collect();
        gains.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let gave = |id: &str| self.rules.get(id).is_some_and(|tally| tally.receipts > 0);
        let ids = rules.ruleset().rules.iter().map(|rule| rule.id.as_str());
        SimulationReport {
            discount_bps: bps(self.discount.0, self.goods.0),
            margin_bps: (self.net_of_costed.0 > 0)
                .then(|| bps(self.net_of_costed.0 - self.cost.0, self.net_of_costed.0)),
            never: ids.filter(|id| !gave(id)).map(str::to_owned).collect(),
            customers_gaining: gains.len() as u64,
            customers: customers.len() as u64,
            gain_median: gains.get(gains.len() / 2).map_or(Money::ZERO, |(_, gain)| *gain),
            most: gains.into_iter().take(NAMED_MAX).collect(),
            sums: self,
        }
    }
}

/// Pairs as a list: JSON has no other keys than texts.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Fight {
        winner: String,
        loser: String,
        receipts: u64,
    }

    type Fights = BTreeMap<(String, String), u64>;

    pub fn serialize<S: Serializer>(fights: &Fights, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(fights.iter().map(|((winner, loser), receipts)| Fight {
            winner: winner.clone(),
            loser: loser.clone(),
            receipts: *receipts,
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Fights, D::Error> {
        let fights = Vec::<Fight>::deserialize(input)?;
        Ok(fights.into_iter().map(|of| ((of.winner, of.loser), of.receipts)).collect())
    }
}
