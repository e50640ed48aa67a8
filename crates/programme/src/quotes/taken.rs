//! What of a quote was bought: all of it, or fewer lines and units, priced from the quote's own split and never
//! from today's rules.
//!
//! Of a line of which fewer units are bought, those stay that cost most: what a rule gave for buying more is
//! given up first.

use std::collections::{BTreeMap, BTreeSet};

use ::pricing::{
    Adjustment, Claimed, Off, Position, Quote, QuotedLine, Redeemed, Situation, UnitShare,
};
use retail::{Claim, Money, Points, Quantity};
use serde::{Deserialize, Serialize};

use super::claims::{self, Decision, amount_of};
use super::{Kept, Quoted};
use crate::receipts::read;
use crate::{FieldProblem, LineIn, Refused};

/// What of a quoted line stands in the receipt; the receipt's lines are in the same sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenLine {
    /// The quote's line, by its place.
    pub line: u32,
    /// How much, thousandths of a unit.
    pub quantity: i64,
    /// Which units: the first, and how many, in the line's own sequence.
    pub units: Vec<(u32, u32)>,
}

/// What was bought of a quote.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// Line by line; nothing where all of it was.
    pub partly: Option<Vec<TakenLine>>,
    pub lines: Vec<BoughtLine>,
    /// What becomes of each claim.
    pub decisions: Vec<Decision>,
    /// Points that are spent, and what they pay.
    pub points_spent: i64,
    pub paid_with_points: i64,
    /// Goods and delivery after all discounts.
    pub total: i64,
}

/// A line as it was bought.
#[derive(Clone, Debug, Default)]
pub(super) struct BoughtLine {
    /// The quote's line, by its place.
    pub place: usize,
    pub quantity: i64,
    /// On the shelf, and to pay.
    pub amount: i64,
    pub total: i64,
    pub points_discount: i64,
    /// What suppliers pay of the discount.
    pub supplier: i64,
    /// What coupons gave, the suppliers' part left out.
    pub coupon: i64,
    pub positions: Vec<Position>,
    /// What rules say of its points.
    pub points: i64,
    pub multiplier_bps: i64,
    units: Vec<(u32, u32)>,
    /// What each rule gave.
    given: BTreeMap<String, i64>,
}

/// What was bought of a quote, as a return needs it.
pub(crate) struct Bought {
    /// The quote as far as it was bought; its claims are those that were taken.
    pub quote: Quote,
    /// What it was priced from, as far.
    pub situation: Situation,
    /// The receipt's lines.
    pub lines: Vec<LineIn>,
    /// Places of the claims among all that was held.
    pub places: Vec<usize>,
}

impl Quoted {
    /// What was bought of it, as it was noted; all of it where nothing was.
    pub(crate) fn bought(&self) -> Result<Bought, Refused> {
        let kept = &self.kept;
        let noted = self.row.taken.as_deref();
        let noted: Option<Vec<TakenLine>> =
            noted.map(|noted| read("what was taken of a quote", noted)).transpose()?;
        let wanted = |noted: Vec<TakenLine>| {
            let line = |taken: &TakenLine| {
                let line = kept.quote.lines.get(taken.line as usize)?;
                Some((line.id.clone(), taken.quantity))
            };
            noted.iter().filter_map(line).collect::<Vec<_>>()
        };
        let taken = Taken::of(kept, noted.map(wanted).as_deref())?;
        let (quote, places) = taken.sold(kept);
        let mut situation = kept.situation.clone();
        for line in &mut situation.basket.lines {
            let sold = quote.lines.iter().find(|sold| sold.id == line.id);
            line.quantity = sold.map_or(Quantity(0), |sold| sold.quantity);
        }
        situation.basket.lines.retain(|line| line.quantity.0 > 0);
        let line = |line: &BoughtLine| line.line_in(&kept.situation, &kept.quote.lines[line.place]);
        let lines = taken.lines.iter().map(line).collect();
        Ok(Bought { quote, situation, lines, places })
    }
}

impl Taken {
    /// Of lines by their ids, so much; of all lines all of it, where nothing is said.
    pub(super) fn of(kept: &Kept, wanted: Option<&[(String, i64)]>) -> Result<Self, Refused> {
        let Kept { situation, quote, .. } = kept;
        let by_coupon: BTreeSet<&str> =
            quote.coupons.iter().flat_map(|coupon| &coupon.rules).map(String::as_str).collect();
        let bought = |place: usize, quantity: i64| {
            BoughtLine::of(quote, place, quantity, is_measured(situation, place), &by_coupon)
        };
        let mut lines = Vec::with_capacity(quote.lines.len());
        match wanted {
            None => {
                let all = quote.lines.iter().enumerate();
                lines.extend(all.map(|(place, line)| bought(place, line.quantity.0)));
            }
            Some(wanted) => {
                for (place, quantity) in places(situation, quote, wanted)? {
                    lines.push(bought(place, quantity));
                }
            }
        }
        let whole = lines.len() == quote.lines.len()
            && lines.iter().zip(&quote.lines).all(|(line, of)| line.quantity == of.quantity.0);
        let mut taken = Self {
            partly: (!whole).then(|| lines.iter().map(BoughtLine::noted).collect()),
            lines,
            decisions: Vec::new(),
            points_spent: 0,
            paid_with_points: 0,
            total: 0,
        };
        taken.settle(quote);
        taken.decide(kept);
        Ok(taken)
    }

    /// Totals, points for the receipt as a whole, and what becomes of the claims.
    fn settle(&mut self, quote: &Quote) {
        let goods: i64 = self.lines.iter().map(|line| line.total).sum();
        let shipping: i64 = quote.shipping.iter().map(|delivery| delivery.total.0).sum();
        // Where shelf prices are without VAT.
        let vat_of = |line: &BoughtLine| line.vat(&quote.lines[line.place]);
        let vat_added: i64 = match quote.vat_added {
            true => self.lines.iter().map(vat_of).sum(),
            false => 0,
        };
        self.total = goods + vat_added + shipping;
        self.share_fixed_points(quote);
        if let Some(redeemed) = &quote.redemption {
            let as_payment = quote.totals.paid_with_points.0 > 0;
            let paid = match as_payment {
                true => part(redeemed.amount.0, self.payable(quote), payable(quote)),
                false => self.lines.iter().map(|line| line.points_discount).sum(),
            };
            self.points_spent = part(redeemed.points.0, paid, redeemed.amount.0);
            self.paid_with_points = if as_payment { paid } else { 0 };
        }
    }

    /// What becomes of each claim.
    fn decide(&mut self, kept: &Kept) {
        let quote = &kept.quote;
        let (given, whole) = (self.given(quote), whole_given(quote));
        let decide = |claimed: &Claimed| {
            // A price that was promised is of its own lines, whatever its rule gives to others.
            if !claimed.lines.is_empty() {
                let bought =
                    self.lines.iter().any(|line| claimed.lines.contains(&(line.place as u32)));
                return if bought { amount_of(&claimed.claim) } else { 0 };
            }
            let rules = quote.rules_of_claim(claimed);
            let sum = |of: &BTreeMap<String, i64>| -> i64 {
                rules.iter().filter_map(|rule| of.get(*rule)).sum()
            };
            let (some, all) = (sum(&given), sum(&whole));
            match &claimed.claim {
                Claim::Points { .. } => self.points_spent,
                // What a rule gives in points or words it gives to the receipt, however small.
                claim if all == 0 => amount_of(claim),
                _ if some == 0 => 0,
                Claim::Budget { amount, .. } | Claim::Limit { amount, .. }
                    if *amount == all && claimed.coupon.is_none() =>
                {
                    some
                }
                claim => amount_of(claim),
            }
        };
        let claims = kept.claims();
        self.decisions = claims.iter().map(|claimed| Decision::Taken(decide(claimed))).collect();
    }

    /// What each rule gave to what was bought.
    fn given(&self, quote: &Quote) -> BTreeMap<String, i64> {
        let mut given: BTreeMap<String, i64> = BTreeMap::new();
        for line in &self.lines {
            for (rule, amount) in &line.given {
                *given.entry(rule.clone()).or_default() += amount;
            }
        }
        for adjustment in &quote.adjustments {
            if matches!(adjustment.off, Off::Shipping(_)) {
                *given.entry(adjustment.rule.clone()).or_default() += adjustment.amount.0;
            }
        }
        given
    }

    /// The quote as far as it was bought, and the places of what was taken among all that was held.
    pub(super) fn sold(&self, kept: &Kept) -> (Quote, Vec<usize>) {
        let whole = &kept.quote;
        let mut sold = Quote { claims: Vec::new(), ..whole.clone() };
        if self.partly.is_some() {
            sold.lines =
                self.lines.iter().map(|line| line.sold(&whole.lines[line.place])).collect();
            sold.adjustments = self.adjustments(&whole.adjustments);
            sold.totals.total = Money(self.total);
            sold.totals.paid_with_points = Money(self.paid_with_points);
            let as_discount: i64 = sold.lines.iter().map(|line| line.points_discount.0).sum();
            sold.totals.points_discount = Money(as_discount);
            sold.totals.points = Points(sold.lines.iter().map(|line| line.points.0).sum());
            let amount = self.paid_with_points + as_discount;
            sold.redemption = whole.redemption.map(|redeemed| Redeemed {
                points: Points(self.points_spent),
                amount: Money(amount),
                ..redeemed
            });
        }
        let mut places = Vec::new();
        for (place, (claimed, decision)) in
            kept.claims().into_iter().zip(&self.decisions).enumerate()
        {
            if let Decision::Taken(amount @ 1..) = *decision {
                let claim = claims::of_amount(&claimed.claim, amount);
                let bought =
                    |of: &u32| self.lines.iter().position(|line| line.place == *of as usize);
                let lines = claimed.lines.iter().filter_map(bought).map(|at| at as u32).collect();
                sold.claims.push(Claimed { claim, lines, ..claimed });
                places.push(place);
            }
        }
        (sold, places)
    }

    /// What was taken off what was bought; deliveries are never bought in part.
    fn adjustments(&self, all: &[Adjustment]) -> Vec<Adjustment> {
        let bought = |adjustment: &Adjustment| {
            let Off::Line(of) = adjustment.off else { return Some(adjustment.clone()) };
            let place = self.lines.iter().position(|line| line.place == of as usize)?;
            let amount = self.lines[place].part_of(adjustment);
            let supplier = part(adjustment.supplier_pays.0, amount, adjustment.amount.0);
            (amount > 0).then(|| Adjustment {
                off: Off::Line(place as u32),
                amount: Money(amount),
                supplier_pays: Money(supplier),
                units: Vec::new(),
                ..adjustment.clone()
            })
        };
        all.iter().filter_map(bought).collect()
    }

    /// What of it points may pay for, and are given for.
    fn payable(&self, quote: &Quote) -> i64 {
        let payable = self.lines.iter().filter(|line| quote.lines[line.place].points_allowed);
        payable.map(|line| line.total).sum()
    }

    /// Points for the receipt as a whole go by what they cost to its lines for which points are given.
    fn share_fixed_points(&mut self, quote: &Quote) {
        let by_line: i64 = quote.lines.iter().map(|line| line.points.0).sum();
        let (bought, whole) = (self.payable(quote), payable(quote));
        let mut left = part(quote.totals.points.0 - by_line, bought, whole);
        let mut rest = bought;
        for line in self.lines.iter_mut().filter(|line| quote.lines[line.place].points_allowed) {
            let share = part(left, line.total, rest);
            line.points += share;
            left -= share;
            rest -= line.total;
        }
    }
}

/// The part of an amount that some is of a whole, rounded down.
fn part(amount: i64, some: i64, whole: i64) -> i64 {
    if some == whole { amount } else { ::pricing::part(amount, some, whole) }
}

/// What of a quote points may pay for, and are given for.
fn payable(quote: &Quote) -> i64 {
    quote.lines.iter().filter(|line| line.points_allowed).map(|line| line.total.0).sum()
}

fn whole_given(quote: &Quote) -> BTreeMap<String, i64> {
    let mut given: BTreeMap<String, i64> = BTreeMap::new();
    for adjustment in &quote.adjustments {
        *given.entry(adjustment.rule.clone()).or_default() += adjustment.amount.0;
    }
    given
}

/// Whether a line is weighed or cut; gifts never are.
fn is_measured(situation: &Situation, place: usize) -> bool {
    situation.basket.lines.get(place).is_some_and(::pricing::BasketLine::is_measured)
}

/// Places of the lines that were bought, with how much, in the sequence of the quote.
fn places(
    situation: &Situation,
    quote: &Quote,
    wanted: &[(String, i64)],
) -> Result<Vec<(usize, i64)>, Refused> {
    let mut problems = Vec::new();
    let mut note = |place: usize, field: &str, code, detail: &str| {
        let pointer = format!("/lines/{place}/{field}");
        problems.push(FieldProblem { pointer, code, detail: detail.to_owned() });
    };
    let mut found = BTreeMap::new();
    for (number, (id, quantity)) in wanted.iter().enumerate() {
        let Some(place) = quote.lines.iter().position(|line| line.id == *id) else {
            note(number, "line", "unknown", "is no line of the quote");
            continue;
        };
        let most = quote.lines[place].quantity.0;
        let measured = is_measured(situation, place);
        if *quantity <= 0 || *quantity > most {
            note(number, "quantity", "range", &format!("must be 1 to {most}"));
        } else if measured && *quantity != most {
            note(number, "quantity", "measured", "is weighed: all of it is bought, or none");
        } else if quantity % Quantity::SCALE != 0 && !measured {
            note(number, "quantity", "whole_units", "must be whole units: so many thousands");
        }
        if found.insert(place, *quantity).is_some() {
            note(number, "line", "repeated", "stands here twice");
        }
    }
    if wanted.is_empty() {
        let detail = "must have a line; a quote of which nothing is bought is cancelled";
        return Err(Refused::field("/lines", "empty", detail));
    }
    match problems.is_empty() {
        true => Ok(found.into_iter().collect()),
        false => Err(Refused::Invalid { problems }),
    }
}

/// Units of a line side by side that cost the same and were given the same.
struct Stretch<'q> {
    first: u32,
    count: u32,
    price: i64,
    parts: Vec<(&'q Adjustment, i64)>,
}

impl BoughtLine {
    fn of(
        quote: &Quote,
        place: usize,
        quantity: i64,
        measured: bool,
        by_coupon: &BTreeSet<&str>,
    ) -> Self {
        let line = &quote.lines[place];
        let own: Vec<&Adjustment> = quote
            .adjustments
            .iter()
            .filter(|adjustment| adjustment.off == Off::Line(place as u32))
            .collect();
        let mut bought = Self {
            place,
            quantity,
            points: part(line.points.0, quantity, line.quantity.0),
            multiplier_bps: line.points_multiplier_bps,
            ..Self::default()
        };
        if quantity == line.quantity.0 {
            bought.amount = line.amount.0;
            bought.total = line.total.0;
            bought.positions.clone_from(&line.positions);
            for adjustment in own {
                bought.add(adjustment, adjustment.amount.0, by_coupon);
            }
            return bought;
        }
        debug_assert!(!measured, "what is weighed is bought whole");
        let units = (quantity / Quantity::SCALE) as u32;
        bought.amount = line.price.0 * i64::from(units);
        let mut stretches = stretches(line, &own);
        // Those that cost most stay; of equals the first.
        stretches.sort_by_key(|stretch| (std::cmp::Reverse(stretch.price), stretch.first));
        let mut left = units;
        for stretch in stretches {
            let count = stretch.count.min(left);
            if count > 0 {
                left -= count;
                bought.take(&stretch, count, by_coupon);
            }
        }
        bought.units.sort_unstable();
        bought
    }

    fn take(&mut self, stretch: &Stretch<'_>, count: u32, by_coupon: &BTreeSet<&str>) {
        let number = i64::from(count);
        let amount = stretch.price * number;
        self.total += amount;
        self.units.push((stretch.first, count));
        let quantity = Quantity(number * Quantity::SCALE);
        match self.positions.iter_mut().find(|position| position.price.0 == stretch.price) {
            Some(position) => {
                position.quantity.0 += quantity.0;
                position.amount.0 += amount;
            }
            None => self.positions.push(Position {
                quantity,
                price: Money(stretch.price),
                amount: Money(amount),
            }),
        }
        for (adjustment, each) in &stretch.parts {
            self.add(adjustment, each * number, by_coupon);
        }
    }

    /// Counts so much of an adjustment.
    fn add(&mut self, adjustment: &Adjustment, amount: i64, by_coupon: &BTreeSet<&str>) {
        if adjustment.rule == ::pricing::POINTS && adjustment.effect == ::pricing::POINTS {
            self.points_discount += amount;
            return;
        }
        *self.given.entry(adjustment.rule.clone()).or_default() += amount;
        let supplier = part(adjustment.supplier_pays.0, amount, adjustment.amount.0);
        self.supplier += supplier;
        if by_coupon.contains(adjustment.rule.as_str()) {
            self.coupon += amount - supplier;
        }
    }

    /// VAT contained in it, or added to it.
    fn vat(&self, line: &QuotedLine) -> i64 {
        part(line.vat.0, self.total, line.total.0)
    }

    /// What of an adjustment of its line was given to the units that were bought.
    fn part_of(&self, adjustment: &Adjustment) -> i64 {
        // All of them, where they are not told.
        if self.units.is_empty() {
            return adjustment.amount.0;
        }
        let both = |(first, count): (u32, u32), share: &UnitShare| {
            let from = first.max(share.first);
            let until = (first + count).min(share.first + share.count);
            i64::from(until.saturating_sub(from)) * share.each.0
        };
        let shares = self
            .units
            .iter()
            .flat_map(|&units| adjustment.units.iter().map(move |share| both(units, share)));
        shares.sum()
    }

    /// The line of the quote as far as it was bought.
    fn sold(&self, line: &QuotedLine) -> QuotedLine {
        QuotedLine {
            quantity: Quantity(self.quantity),
            amount: Money(self.amount),
            discount: Money(self.amount - self.total - self.points_discount),
            points_discount: Money(self.points_discount),
            total: Money(self.total),
            vat: Money(self.vat(line)),
            positions: self.positions.clone(),
            points: Points(self.points),
            ..line.clone()
        }
    }

    fn noted(&self) -> TakenLine {
        let (line, quantity, units) = (self.place as u32, self.quantity, self.units.clone());
        TakenLine { line, quantity, units }
    }

    /// The line of the receipt: the supplier's part is received from him.
    pub(super) fn line_in(&self, situation: &Situation, line: &QuotedLine) -> LineIn {
        let net = self.total + self.supplier;
        let category = situation.basket.lines.get(self.place);
        LineIn {
            product: line.product.clone(),
            category: category.and_then(|of| of.categories.first().cloned()),
            quantity: self.quantity,
            net,
            discount: self.amount - net,
            retailer_coupon: self.coupon,
            supplier_coupon: self.supplier,
            points_allowed: line.points_allowed,
        }
    }
}

/// A line's units by what they cost and were given.
fn stretches<'q>(line: &QuotedLine, own: &[&'q Adjustment]) -> Vec<Stretch<'q>> {
    let count = |position: &Position| (position.quantity.0 / Quantity::SCALE) as u32;
    let mut ends = BTreeSet::from([0]);
    let mut end = 0;
    for position in &line.positions {
        end += count(position);
        ends.insert(end);
    }
    for share in own.iter().flat_map(|adjustment| &adjustment.units) {
        ends.extend([share.first, share.first + share.count]);
    }
    let price_at = |unit: u32| {
        let mut end = 0;
        let holds = |position: &&Position| {
            end += count(position);
            unit < end
        };
        line.positions.iter().find(holds).map_or(0, |position| position.price.0)
    };
    let ends: Vec<u32> = ends.into_iter().filter(|unit| *unit <= end).collect();
    let stretch = |pair: &[u32]| {
        let first = pair[0];
        let parts = own.iter().filter_map(|adjustment| {
            let holds = |first_of: u32, count: u32| first_of <= first && first < first_of + count;
            let each: i64 = adjustment
                .units
                .iter()
                .filter(|share| holds(share.first, share.count))
                .map(|share| share.each.0)
                .sum();
            (each > 0).then_some((*adjustment, each))
        });
        let parts = parts.collect();
        Stretch { first, count: pair[1] - first, price: price_at(first), parts }
    };
    ends.windows(2).map(stretch).collect()
}
