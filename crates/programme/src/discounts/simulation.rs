//! What a ruleset would have done with the receipts of the last days: before it is published.
//!
//! Receipts of the lake become baskets at their shelf prices, each is priced by the rules as they are, and the
//! quotes are tallied. Customers are in the segments that they are in today; limits of customers count from the
//! first of those days; budgets do not run out, since it is asked what they would have to be; coupons and points to
//! spend there are none.

use std::collections::HashMap;

use anyhow::Result;
use jiff::civil::Time;
use lake::{Customers, Lake};
use portrait::segment::Segment;
use pricing::{
    Basket, BasketLine, Claimed, Compiled, CustomerFacts, Facts, PastReceipt, Quote, Ruleset,
    Simulation, SimulationReport, Withheld,
};
use rayon::prelude::*;
use retail::{Claim, Day, Lines, Money, NONE, Product, Quantity};
use serde::Serialize;

use crate::passes::by_range;
use crate::price::{read, within};
use crate::progress::{OPENING, SIMULATING};
use crate::quotes::describe;
use crate::studio::Studio;
use crate::{Act, Programme, ProgrammeError, Progress, Refused};

/// How often a basket is priced again because a limit is used up.
const AGAIN_MAX: usize = 3;

/// By which rules past receipts are priced.
#[derive(Clone, Copy, Debug)]
pub enum SimulatedRules<'a> {
    /// The text of a ruleset.
    Text(&'a str),
    /// A version that is kept here, whatever it has come to.
    Version(i64),
}

/// A simulation, and of which receipts.
#[derive(Clone, Debug, Serialize)]
pub struct SimulatedDays {
    /// The first day.
    pub from: Day,
    /// The last.
    pub until: Day,
    /// Receipts left out: returns, and those whose amounts make no basket.
    pub left_out: u64,
    /// Segments of the rules that nobody is in, because there is no snapshot.
    pub without_segments: bool,
    /// What the rules would have done.
    #[serde(flatten)]
    pub report: SimulationReport,
}

impl Programme {
    /// Prices the receipts of the last so many days, which end with the newest, by a ruleset; one that is
    /// kept here may be a draft.
    ///
    /// # Errors
    /// [`Refused::Invalid`] where the rules are wrong; when the lake is empty or cannot be read.
    pub fn simulate(
        &self,
        act: &Act,
        rules: SimulatedRules<'_>,
        days: u16,
        progress: &dyn Progress,
    ) -> Result<SimulatedDays> {
        let ruleset: Ruleset = match rules {
            SimulatedRules::Text(text) => read("rules", text)
                .map_err(|problem| Refused::Invalid { problems: vec![problem] })?,
            SimulatedRules::Version(version) => {
                serde_json::from_value(self.discounts_whole(act, Some(version))?.body)?
            }
        };
        let compiled = Compiled::new(ruleset, 0);
        let compiled =
            compiled.map_err(|wrong| Refused::Invalid { problems: within("rules", wrong) })?;
        self.simulate_compiled(&compiled, days, progress)
    }

    fn simulate_compiled(
        &self,
        rules: &Compiled,
        days: u16,
        progress: &dyn Progress,
    ) -> Result<SimulatedDays> {
        progress.stage(OPENING, None);
        let studio = Studio::open(self)?;
        let until = newest_day(&studio.lake, self.range_lines)?;
        let from = Day(until.0 - i32::from(days.max(1)) + 1);
        let members = self.members(rules)?;
        let past = Past { rules, studio: &studio, members: &members, from: from.0, until: until.0 };
        progress.stage(SIMULATING, Some(studio.lake.ranges(self.range_lines)?.len() as u64 + 1));
        let mut sum = Tally::default();
        by_range(&studio.lake, self.range_lines, progress, |lines| {
            sum = std::mem::take(&mut sum).merge(past.tally(lines)?);
            Ok(())
        })?;
        let unknown = studio.lake.lines(&Customers::Unknown)?;
        sum = sum.merge(past.tally(&unknown)?);
        Ok(SimulatedDays {
            from,
            until,
            left_out: sum.left_out,
            without_segments: members.is_none(),
            report: sum.simulation.report(rules),
        })
    }

    /// The segments of the rules that each customer is in; nothing where there is no snapshot.
    fn members(&self, rules: &Compiled) -> Result<Option<HashMap<String, Vec<String>>>> {
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        if self.snapshots().current()?.is_none() {
            return Ok(None);
        }
        for (name, expression) in &rules.ruleset().segments {
            let segment: Segment = expression.parse()?;
            let found = self.segment(&segment, Some(usize::MAX))?;
            for customer in found.ids.unwrap_or_default() {
                members.entry(customer).or_default().push(name.clone());
            }
        }
        Ok(Some(members))
    }
}

fn newest_day(lake: &Lake, range_lines: u64) -> Result<Day> {
    let mut newest = None;
    for range in lake.ranges(range_lines)? {
        newest = newest.max(lake.lines(&Customers::Range(range))?.day.iter().copied().max());
    }
    newest = newest.max(lake.lines(&Customers::Unknown)?.day.iter().copied().max());
    Ok(Day(newest.ok_or(ProgrammeError::Empty)?))
}

#[derive(Debug, Default)]
struct Tally {
    simulation: Simulation,
    left_out: u64,
}

impl Tally {
    fn merge(self, other: Self) -> Self {
        Self {
            simulation: self.simulation.merge(other.simulation),
            left_out: self.left_out + other.left_out,
        }
    }
}

/// Receipts of some days, and by what they are priced.
struct Past<'a> {
    rules: &'a Compiled,
    studio: &'a Studio,
    members: &'a Option<HashMap<String, Vec<String>>>,
    from: i32,
    until: i32,
}

impl Past<'_> {
    /// Customers by themselves, on all threads; receipts without one each by itself.
    fn tally(&self, lines: &Lines) -> Result<Tally> {
        let mut people = Vec::new();
        let mut start = 0;
        for same in lines.customer.chunk_by(|a, b| a == b && *a != NONE) {
            people.push(start..start + same.len());
            start += same.len();
        }
        // Lines without a customer stand receipt by receipt.
        people.dedup_by(|next, before| {
            let same = lines.customer[next.start] == NONE
                && lines.customer[before.start] == NONE
                && lines.receipt[next.start] == lines.receipt[before.start];
            if same {
                before.end = next.end;
            }
            same
        });
        let tallied = people.into_par_iter().map(|person| self.person(lines, person));
        tallied.try_reduce(Tally::default, |a, b| Ok(a.merge(b)))
    }

    /// One customer's receipts, in the sequence of time, so that his limits count.
    fn person(&self, lines: &Lines, person: std::ops::Range<usize>) -> Result<Tally> {
        let (mut tally, mut had) = (Tally::default(), HashMap::new());
        let mut start = person.start;
        for same in lines.receipt[person].chunk_by(|a, b| a == b) {
            let receipt = start..start + same.len();
            start = receipt.end;
            if !(self.from..=self.until).contains(&lines.day[receipt.start]) {
                continue;
            }
            match self.receipt(lines, receipt, &mut had, &mut tally.simulation)? {
                true => {}
                false => tally.left_out += 1,
            }
        }
        Ok(tally)
    }

    /// Prices one receipt; whether it made a basket.
    fn receipt(
        &self,
        lines: &Lines,
        receipt: std::ops::Range<usize>,
        had: &mut HashMap<(String, String), i64>,
        simulation: &mut Simulation,
    ) -> Result<bool> {
        let first = receipt.start;
        let sold = receipt.clone().all(|at| lines.quantity[at] > 0 && lines.net[at] >= 0);
        if !sold {
            return Ok(false);
        }
        let text = |known: Option<&str>| known.map(str::to_owned);
        let lake = &self.studio.lake;
        let customer = text(lake.customers()?.text(lines.customer[first]));
        let segments = customer.as_ref().and_then(|id| self.members.as_ref()?.get(id));
        let minute = i8::try_from(lines.minute[first] % 60).unwrap_or_default();
        let hour = i8::try_from(lines.minute[first] / 60 % 24).unwrap_or_default();
        let day = Day(lines.day[first]);
        let basket = Basket {
            currency: self.rules.ruleset().currency.clone(),
            at: day.date().to_datetime(Time::constant(hour, minute, 0, 0)),
            network: None,
            shop: text(lake.shops()?.text(lines.shop[first])),
            channel: text(lake.channels()?.text(lines.channel[first])),
            lines: receipt.clone().map(|at| self.line(lines, at)).collect(),
            shipping: Vec::new(),
            payment: None,
            coupons: Vec::new(),
            points: 0,
        };
        let facts = Facts {
            customer: customer.clone().map(|id| CustomerFacts {
                id,
                segments: segments.into_iter().flatten().cloned().collect(),
                ..CustomerFacts::default()
            }),
            ..Facts::default()
        };
        let Some(quote) = self.price(&basket, facts, had) else { return Ok(false) };
        let cost = |at: usize| {
            let unit = self.studio.reference.catalogue.cost(lines.product[at], day.0)?;
            let whole = i128::from(unit) * i128::from(lines.quantity[at]) / 1000;
            i64::try_from(whole).ok().map(Money)
        };
        let costs: Vec<Option<Money>> = receipt.clone().map(cost).collect();
        let names: Vec<&str> = segments.into_iter().flatten().map(String::as_str).collect();
        let shop = basket.shop.as_deref().unwrap_or_default();
        let past = PastReceipt {
            name: &format!("{shop} {}", basket.at),
            customer: customer.as_deref(),
            segments: &names,
            discount: Money(receipt.map(|at| lines.discount[at]).sum()),
            costs: &costs,
        };
        simulation.add(&past, &quote);
        Ok(true)
    }

    /// A line at its shelf price. Where that is no whole number of minor units a unit, the line is priced as
    /// measured goods at the nearest price, and its amount may differ by what rounding makes of it.
    fn line(&self, lines: &Lines, at: usize) -> BasketLine {
        let (quantity, amount) = (lines.quantity[at], lines.net[at] + lines.discount[at]);
        let whole = quantity % Quantity::SCALE == 0 && amount % (quantity / Quantity::SCALE) == 0;
        let price = (i128::from(amount) * 2000 + i128::from(quantity)) / (2 * i128::from(quantity));
        let unknown = Product::unknown("");
        let product = self.studio.reference.products.get(lines.product[at] as usize);
        let product = product.unwrap_or(&unknown);
        let mut line = BasketLine {
            id: at.to_string(),
            product: product.id.0.clone(),
            quantity: Quantity(quantity),
            price: Money(i64::try_from(price).unwrap_or(i64::MAX)),
            measured: !whole,
            ..BasketLine::default()
        };
        describe(product, &mut line);
        line
    }

    /// Prices a basket without what the customer's limits do not allow any more; nothing where it makes none.
    fn price(
        &self,
        basket: &Basket,
        mut facts: Facts,
        had: &mut HashMap<(String, String), i64>,
    ) -> Option<Quote> {
        for again in 0.. {
            let quote = self.rules.price(basket, &facts).ok()?;
            let over: Vec<&Claimed> =
                quote.claims.iter().filter(|of| self.is_over(of, had)).collect();
            if over.is_empty() || again >= AGAIN_MAX {
                for claimed in &quote.claims {
                    if let Claim::Limit { rule, window, amount, .. } = &claimed.claim {
                        *had.entry((rule.clone(), window.clone())).or_default() += amount;
                    }
                }
                return Some(quote);
            }
            let withheld = over.into_iter().filter_map(|claimed| claimed.rule.clone());
            let withheld = withheld.map(|rule| Withheld::Rule { rule, why: "limit".to_owned() });
            facts.withheld.extend(withheld.collect::<Vec<_>>());
        }
        None
    }

    /// Whether a limit has less left than is claimed of it.
    fn is_over(&self, claimed: &Claimed, had: &HashMap<(String, String), i64>) -> bool {
        let Claim::Limit { rule, window, amount, .. } = &claimed.claim else { return false };
        let capacity = claimed.rule.as_deref().and_then(|id| self.rules.limit_of(id, rule));
        let before = had.get(&(rule.clone(), window.clone())).copied().unwrap_or(0);
        capacity.is_some_and(|capacity| before + amount > capacity)
    }
}
