//! What a rule takes off, effect by effect.
//!
//! An effect makes a plan: so much off each of these units, no unit below its floor. Caps and budgets make the
//! plan smaller, then it is taken off. `effect/units.rs` has the effects that choose among units.

mod units;

use retail::Money;

use crate::allocate::{Share, allocate, share_of};
use crate::basket::{AMOUNT_MAX, PersonalPrice};
use crate::compile::{CompiledRule, Targets};
use crate::condition::{coupon, holds, is_here_and_now, measured, series_used};
use crate::goods::Meant;
use crate::quote::{Trimmed, TrimmedBy};
use crate::reason::{Compared, Need, Reason, What};
use crate::ruleset::{
    BudgetCounts, Effect, Fixed, Gift, On, Per, Percent, Shipping, Tier, TierBy, Tiers,
};
use crate::settings::{Base, BudgetOverrun, Each, Place};
use crate::state::{GiftState, Plan, State, evenly, weight};
use crate::turn::Turn;

/// Which lines a rule may touch; nothing is all of them.
pub(crate) type Mask<'a> = Option<&'a [bool]>;

/// Lets one rule give what it gives. What it took off, gifts included; points and messages are 0.
pub(crate) fn apply(
    turn: &Turn<'_>,
    state: &mut State,
    rank: u32,
    mask: Mask<'_>,
) -> Result<i64, Reason> {
    counts(turn, state, rank)?;
    let rule = &turn.compiled.rules[rank as usize];
    let coupons = coupons_of(rule, turn, state);
    let mut giving = Giving { turn, rule, rank, mask, given: 0 };
    let (mut any, mut first) = (false, None);
    for at in 0..rule.targets.len() {
        match giving.effect(state, at) {
            Ok(amount) => {
                giving.given += amount;
                any = true;
            }
            Err(reason) => first = first.or(Some(reason)),
        }
    }
    if !any {
        return Err(first.unwrap_or(Reason::NoGoods));
    }
    state.applied.push(rank);
    state.coupons.extend(coupons.into_iter().map(|at| (rank, at)));
    Ok(giving.given)
}

/// Whether a rule counts for this basket, whatever it may find to give.
pub(crate) fn counts(turn: &Turn<'_>, state: &State, rank: u32) -> Result<(), Reason> {
    let rule = &turn.compiled.rules[rank as usize];
    is_here_and_now(rule, turn)?;
    if let Some(why) = turn.withheld_rule(&rule.source.id) {
        return Err(why);
    }
    if rule.source.limits.customer.is_some() && turn.facts.customer.is_none() {
        return Err(Reason::Needs { what: Need::Customer, required: Vec::new(), actual: None });
    }
    if let Some(wanted) = &rule.wanted {
        holds(wanted, turn, state)?;
    }
    if uses_are_gone(rule, turn) {
        return Err(Reason::BudgetExceeded { left: 0 });
    }
    Ok(())
}

/// Whether its budget counts uses and has none left.
fn uses_are_gone(rule: &CompiledRule, turn: &Turn<'_>) -> bool {
    let counts_uses =
        rule.source.limits.budget.as_ref().is_some_and(|of| of.counts == BudgetCounts::Uses);
    counts_uses && turn.facts.budgets.get(&rule.source.id).is_some_and(|&left| left < 1)
}

/// Coupons that make a rule's condition hold, by their places among the facts.
fn coupons_of(rule: &CompiledRule, turn: &Turn<'_>, state: &State) -> Vec<u32> {
    let mut series = Vec::new();
    if let Some(wanted) = rule.wanted.as_ref().filter(|_| !rule.series.is_empty()) {
        series_used(wanted, turn, state, &mut series);
    }
    let place = |series: &str| coupon(series, turn).ok().map(|at| at as u32);
    series.into_iter().filter_map(place).collect()
}

/// A rule while it gives.
struct Giving<'a> {
    turn: &'a Turn<'a>,
    rule: &'a CompiledRule,
    rank: u32,
    mask: Mask<'a>,
    /// What its effects have given so far.
    given: i64,
}

impl Giving<'_> {
    fn effect(&self, state: &mut State, at: usize) -> Result<i64, Reason> {
        let targets = &self.rule.targets[at];
        let number = at as u32;
        match &self.rule.source.then[at] {
            Effect::Percent(percent) => {
                let plan = self.percent(state, targets, percent)?;
                self.commit(state, number, plan)
            }
            Effect::Fixed(fixed) if fixed.with_shipping => {
                self.with_shipping(state, number, targets, fixed)
            }
            Effect::Fixed(fixed) => {
                let plan = self.fixed(state, targets, fixed)?;
                self.commit(state, number, plan)
            }
            Effect::FixedPrice(price) => {
                let plan = self.price(state, targets, price.units_max, |_| Some(price.price.0))?;
                self.commit(state, number, plan)
            }
            Effect::CompetitorPrice(On { units_max, .. }) => {
                let of = |line: usize| self.turn.lines[line].competitor_price.map(|price| price.0);
                let plan = self.price(state, targets, *units_max, of)?;
                self.commit(state, number, plan)
            }
            Effect::PersonalPrice(On { units_max, .. }) => {
                let plan = self.price(state, targets, *units_max, |line| {
                    promise(self.turn, line).map(|price| price.price.0)
                })?;
                self.commit(state, number, plan)
            }
            Effect::BuyGet(get) => self.buy_get(state, number, targets, &units::Given::of(get)),
            Effect::Cheapest(cheapest) => {
                self.buy_get(state, number, targets, &units::Given::cheapest(cheapest))
            }
            Effect::Bundle(bundle) => self.bundle(state, number, targets, bundle),
            Effect::Tiers(tiers) => self.tiers(state, number, targets, tiers),
            Effect::Gift(gift) => self.gift(state, number, targets, gift),
            Effect::Points(given) => {
                if given.on().is_some()
                    && self.meant(&targets.on, |at| self.turn.fixtures[at].points).is_empty()
                {
                    return Err(Reason::NoGoods);
                }
                state.later.push((self.rank, number));
                Ok(0)
            }
            Effect::Message(_) => {
                state.later.push((self.rank, number));
                Ok(0)
            }
            Effect::Shipping(shipping) => self.shipping(state, number, shipping),
        }
    }

    /// Lines that are meant, may be touched, and of which something holds.
    fn meant(&self, meant: &Meant, may: impl Fn(usize) -> bool) -> Vec<u32> {
        let sight = &self.turn.sight;
        let mut lines = Vec::with_capacity(8);
        for (at, seen) in sight.lines.iter().enumerate() {
            if self.mask.is_none_or(|mask| mask[at]) && meant.has(seen, sight) && may(at) {
                lines.push(at as u32);
            }
        }
        lines
    }

    /// Lines that are meant and may become cheaper.
    fn discounted(&self, meant: &Meant) -> Result<Vec<u32>, Reason> {
        let lines = self.meant(meant, |at| self.turn.fixtures[at].discount);
        if !lines.is_empty() {
            return Ok(lines);
        }
        if self.meant(meant, |_| true).is_empty() {
            Err(Reason::NoGoods)
        } else {
            Err(Reason::NotDiscounted)
        }
    }

    fn percent(&self, state: &State, targets: &Targets, percent: &Percent) -> Result<Plan, Reason> {
        let settings = &self.turn.compiled.ruleset.settings;
        let lines = self.discounted(&targets.on)?;
        let base_of = percent.base.unwrap_or(settings.percent_base);
        let rounding = match (percent.rounding.unwrap_or(settings.rounding), base_of) {
            (Place::Unit, Base::RemainingOfLine) => Place::Line,
            (rounding, _) => rounding,
        };
        let units_max = percent.units_max.unwrap_or(u32::MAX);
        let mut plan = Plan { base_of, rounding, ..Plan::default() };
        match rounding {
            Place::Unit => {
                for line in lines {
                    self.percent_of_units(state, line, percent.discount_bps, units_max, &mut plan);
                }
            }
            Place::Line => {
                for line in lines {
                    let base = self.base(state, line, units_max, base_of);
                    let amount = share_of(base, percent.discount_bps);
                    plan.bases.push((line, base));
                    self.spread_line(state, line, amount, units_max, &mut plan);
                }
            }
            Place::Receipt => {
                let base: i64 =
                    lines.iter().map(|&line| self.base(state, line, units_max, base_of)).sum();
                let amount = share_of(base, percent.discount_bps);
                self.spread(state, &lines, amount, units_max, &mut plan);
            }
        }
        Ok(plan)
    }

    fn percent_of_units(
        &self,
        state: &State,
        line: u32,
        bps: i64,
        units_max: u32,
        plan: &mut Plan,
    ) {
        let (fixture, own) = (&self.turn.fixtures[line as usize], &state.lines[line as usize]);
        let (mut left, mut first, mut base, mut kept) = (units_max, 0, 0, 0);
        for run in &own.runs {
            let count = run.count.min(left);
            if count == 0 {
                break;
            }
            let of = if plan.base_of == Base::Original { fixture.price } else { run.now };
            let wanted = share_of(of, bps);
            let each = wanted.min((run.now - fixture.floor).max(0));
            let number = i64::from(count);
            base += of * number;
            plan.wanted += wanted * number;
            kept += (wanted - each) * number;
            plan.pieces.push(crate::state::Piece { line, first, count, each });
            left -= count;
            first += run.count;
        }
        plan.bases.push((line, base));
        note_floor(self.turn, plan, line, kept);
    }

    /// What a share of a line is taken from.
    fn base(&self, state: &State, line: u32, units_max: u32, base: Base) -> i64 {
        let (fixture, own) = (&self.turn.fixtures[line as usize], &state.lines[line as usize]);
        let units = i64::from(fixture.units.min(units_max));
        match base {
            Base::Original => fixture.price * units,
            Base::Remaining => own.of_first(units_max, 0).0,
            Base::RemainingOfLine => {
                let off = fixture.price * i64::from(fixture.units) - own.remaining;
                (fixture.price * units - off).max(0)
            }
        }
    }

    fn fixed(&self, state: &State, targets: &Targets, fixed: &Fixed) -> Result<Plan, Reason> {
        let lines = self.discounted(&targets.on)?;
        let each = match (fixed.per, self.turn.compiled.ruleset.settings.fixed_each) {
            (Per::Unit, _) | (Per::Each, Each::Unit) => Per::Unit,
            (Per::Line, _) | (Per::Each, Each::Line) => Per::Line,
            (Per::Receipt, _) => Per::Receipt,
        };
        let units_max = fixed.units_max.unwrap_or(u32::MAX);
        let rounding = match each {
            Per::Unit => Place::Unit,
            Per::Receipt => Place::Receipt,
            _ => Place::Line,
        };
        let mut plan = Plan { rounding, ..Plan::default() };
        match each {
            Per::Unit => {
                let lower = |now: i64| now - fixed.amount.0;
                for line in lines {
                    self.units_to(state, line, units_max, lower, &mut plan);
                }
            }
            Per::Receipt => self.spread(state, &lines, fixed.amount.0, units_max, &mut plan),
            Per::Line | Per::Each => {
                for line in lines {
                    plan.bases.push((line, self.base(state, line, units_max, Base::Remaining)));
                    self.spread_line(state, line, fixed.amount.0, units_max, &mut plan);
                }
            }
        }
        Ok(plan)
    }

    /// Brings units down to a price, where they cost more.
    fn price(
        &self,
        state: &State,
        targets: &Targets,
        units_max: Option<u32>,
        price_of: impl Fn(usize) -> Option<i64>,
    ) -> Result<Plan, Reason> {
        let mut plan = Plan::default();
        for line in self.discounted(&targets.on)? {
            let Some(price) = price_of(line as usize) else { continue };
            let price = match self.turn.lines[line as usize].is_measured() {
                true => crate::state::scaled(price, self.turn.lines[line as usize].quantity.0),
                false => price,
            };
            let units_max = units_max.unwrap_or(u32::MAX);
            self.units_to(state, line, units_max, |now| price.min(now), &mut plan);
        }
        if plan.bases.is_empty() { Err(Reason::NoGoods) } else { Ok(plan) }
    }

    /// Brings the first units of a line down to what each should cost.
    fn units_to(
        &self,
        state: &State,
        line: u32,
        units_max: u32,
        to: impl Fn(i64) -> i64,
        plan: &mut Plan,
    ) {
        let floor = self.turn.fixtures[line as usize].floor;
        let (mut left, mut first, mut base, mut kept) = (units_max, 0, 0, 0);
        for run in &state.lines[line as usize].runs {
            let count = run.count.min(left);
            if count == 0 {
                break;
            }
            let wanted = run.now - to(run.now);
            let each = wanted.min((run.now - floor).max(0));
            let number = i64::from(count);
            base += run.now * number;
            // So much off each of so many units may be more than any amount.
            plan.wanted = plan.wanted.saturating_add(wanted.saturating_mul(number));
            // What a price of 0 keeps back is no news.
            kept += (wanted.min(run.now) - each) * number;
            plan.pieces.push(crate::state::Piece { line, first, count, each });
            left -= count;
            first += run.count;
        }
        plan.bases.push((line, base));
        note_floor(self.turn, plan, line, kept);
    }

    /// Spreads an amount over the first units of one line.
    fn spread_line(&self, state: &State, line: u32, amount: i64, units_max: u32, plan: &mut Plan) {
        let (fixture, own) = (&self.turn.fixtures[line as usize], &state.lines[line as usize]);
        let (now, room) = own.of_first(units_max, fixture.floor);
        let part = amount.min(room);
        plan.wanted += amount;
        note_floor(self.turn, plan, line, amount.min(now) - part);
        own.spread(line, part, units_max, fixture.floor, self.turn.split(), &mut plan.pieces);
    }

    /// Spreads an amount over lines by what they cost.
    fn spread(&self, state: &State, lines: &[u32], amount: i64, units_max: u32, plan: &mut Plan) {
        let vat = self.turn.compiled.ruleset.settings.vat;
        let mut shares = Vec::with_capacity(lines.len());
        let mut all = 0;
        for &line in lines {
            let fixture = &self.turn.fixtures[line as usize];
            let (now, room) = state.lines[line as usize].of_first(units_max, fixture.floor);
            all += now;
            plan.bases.push((line, now));
            shares.push(Share::new(weight(now, fixture, vat), room));
        }
        let given = allocate(amount, &mut shares, self.turn.split());
        plan.wanted += amount;
        for (&line, share) in lines.iter().zip(&shares) {
            let floor = self.turn.fixtures[line as usize].floor;
            let own = &state.lines[line as usize];
            own.spread(line, share.part, units_max, floor, self.turn.split(), &mut plan.pieces);
        }
        if let Some(&first) = lines.first() {
            note_floor(self.turn, plan, first, amount.min(all) - given);
        }
    }

    /// An amount off goods and delivery, each by what it costs.
    fn with_shipping(
        &self,
        state: &mut State,
        number: u32,
        targets: &Targets,
        fixed: &Fixed,
    ) -> Result<i64, Reason> {
        let lines = self.discounted(&targets.on)?;
        let units_max = fixed.units_max.unwrap_or(u32::MAX);
        let (mut now, mut room) = (0, 0);
        for &line in &lines {
            let floor = self.turn.fixtures[line as usize].floor;
            let (cost, less) = state.lines[line as usize].of_first(units_max, floor);
            now += cost;
            room += less;
        }
        let wanted = fixed.amount.0.min(room.saturating_add(state.shipping_left));
        self.fits_budget(wanted)?;
        let allowance = self.allowance();
        let amount = wanted.min(allowance);
        let mut shares =
            [Share::new(now, room), Share::new(state.shipping_left, state.shipping_left)];
        allocate(amount, &mut shares, self.turn.split());
        let mut plan = Plan { rounding: Place::Receipt, ..Plan::default() };
        self.spread(state, &lines, shares[0].part, units_max, &mut plan);
        let goods = match plan.total() {
            0 => 0,
            _ => self.commit(state, number, plan).unwrap_or(0),
        };
        let all: Vec<usize> = (0..state.shipping.len()).collect();
        let trimmed = self.trimmed(wanted, allowance);
        let delivery = self.spread_shipping(state, number, &all, shares[1].part, trimmed);
        if goods + delivery == 0 {
            return Err(Reason::NothingLeft { wanted: Money(fixed.amount.0) });
        }
        Ok(goods + delivery)
    }

    /// What an allowance takes from what it would have been.
    fn trimmed(&self, wanted: i64, allowance: i64) -> Option<Trimmed> {
        let by = self.bounded_by(allowance);
        (wanted > allowance).then(|| Trimmed { by, amount: Money(wanted - allowance) })
    }

    fn spread_shipping(
        &self,
        state: &mut State,
        number: u32,
        deliveries: &[usize],
        amount: i64,
        mut trimmed: Option<Trimmed>,
    ) -> i64 {
        let price = |at: usize| state.shipping[at];
        let mut shares: Vec<Share> =
            deliveries.iter().map(|&at| Share::new(price(at), price(at))).collect();
        let given = allocate(amount, &mut shares, self.turn.split());
        for (&at, share) in deliveries.iter().zip(shares) {
            let base = state.shipping[at];
            // It is told once, beside the first of them.
            let trimmed = if share.part > 0 { trimmed.take() } else { None };
            state.take_shipping(self.rank, number, at, base, share.part, trimmed);
        }
        given
    }

    fn shipping(&self, state: &mut State, number: u32, shipping: &Shipping) -> Result<i64, Reason> {
        let named = |id: &String| shipping.methods.is_empty() || shipping.methods.contains(id);
        let deliveries: Vec<usize> = (0..state.shipping.len())
            .filter(|&at| named(&self.turn.basket.shipping[at].id))
            .collect();
        if deliveries.is_empty() {
            return Err(Reason::NoGoods);
        }
        let allowance = self.allowance();
        let cost: i64 = deliveries.iter().map(|&at| state.shipping[at]).sum();
        let wanted = match shipping.amount {
            Some(amount) => amount.0.min(cost),
            None => {
                let bps = shipping.discount_bps.unwrap_or(0);
                deliveries.iter().map(|&at| share_of(state.shipping[at], bps)).sum()
            }
        };
        self.fits_budget(wanted)?;
        let given = match shipping.discount_bps {
            Some(bps) if shipping.amount.is_none() && wanted <= allowance => {
                let mut given = 0;
                for at in deliveries {
                    let base = state.shipping[at];
                    let amount = share_of(base, bps);
                    state.take_shipping(self.rank, number, at, base, amount, None);
                    given += amount;
                }
                given
            }
            _ => {
                let (amount, trimmed) = (wanted.min(allowance), self.trimmed(wanted, allowance));
                self.spread_shipping(state, number, &deliveries, amount, trimmed)
            }
        };
        if given == 0 { Err(Reason::NothingLeft { wanted: Money(wanted) }) } else { Ok(given) }
    }

    fn tiers(
        &self,
        state: &mut State,
        number: u32,
        targets: &Targets,
        tiers: &Tiers,
    ) -> Result<i64, Reason> {
        let base = self.turn.compiled.ruleset.settings.condition_base;
        let of = &targets.buy[0];
        let found = measured(of, base, self.turn, state);
        let (what, actual) = match tiers.by {
            TierBy::Amount => (What::Amount, found.amount),
            TierBy::Quantity => (What::Quantity, found.quantity),
        };
        let reached = tiers.tiers.iter().rfind(|tier| tier.from <= actual);
        let plan = match reached {
            Some(Tier { amount: Some(amount), .. }) => {
                let lines = self.discounted(&targets.on)?;
                let mut plan = Plan { rounding: Place::Receipt, ..Plan::default() };
                self.spread(state, &lines, amount.0, u32::MAX, &mut plan);
                plan
            }
            Some(Tier { discount_bps: Some(bps), .. }) => {
                let percent = Percent {
                    discount_bps: *bps,
                    on: crate::ruleset::Goods::default(),
                    units_max: None,
                    base: None,
                    rounding: None,
                };
                self.percent(state, targets, &percent)?
            }
            _ => {
                let required = tiers.tiers.first().map_or(0, |tier| tier.from);
                let of = of.label.to_string();
                return Err(Reason::TooLittle(Compared { what, of, required, actual }));
            }
        };
        self.commit(state, number, plan)
    }

    fn gift(
        &self,
        state: &mut State,
        number: u32,
        targets: &Targets,
        gift: &Gift,
    ) -> Result<i64, Reason> {
        let mut units = gift_units(self.turn, targets, gift, self.mask)?;
        let wanted = gift.price.0.saturating_mul(units);
        self.fits_budget(wanted)?;
        let allowance = self.allowance();
        if gift.price.0 > 0 {
            units = units.min(allowance.min(AMOUNT_MAX) / gift.price.0);
        }
        if units == 0 {
            return Err(match self.bounded_by(allowance) {
                TrimmedBy::Budget => Reason::BudgetExceeded { left: allowance },
                _ => Reason::NothingLeft { wanted: Money(wanted) },
            });
        }
        state.gifts.push(GiftState { rank: self.rank, effect: number, units: units as u32 });
        Ok(gift.price.0.saturating_mul(units))
    }

    /// What this rule may still give, by its own limits and its budget.
    fn allowance(&self) -> i64 {
        let limits = &self.rule.source.limits;
        let id = &self.rule.source.id;
        let mut most = i64::MAX;
        if let Some(cap) = limits.receipt_discount_max {
            most = most.min(cap.0 - self.given);
        }
        if let Some(left) = self.budget_left() {
            most = most.min(left - self.given);
        }
        if let Some(amount) = limits.customer.and_then(|limit| limit.amount) {
            let left = self.turn.facts.budgets.get(&amount_limit(id)).copied();
            most = most.min(left.unwrap_or(amount.0).min(amount.0) - self.given);
        }
        most.max(0)
    }

    /// What it may still give off goods: these have the receipt's cap beside.
    fn allowance_of_goods(&self, state: &State) -> i64 {
        let own = self.allowance();
        let Some(bps) = self.turn.compiled.ruleset.caps.receipt_discount_bps_max else {
            return own;
        };
        let cap = crate::state::share_down(self.turn.goods, bps);
        own.min(cap - (self.turn.goods - state.goods_left)).max(0)
    }

    /// What it is that allows so much and no more.
    fn bounded_by(&self, allowance: i64) -> TrimmedBy {
        let of_budget =
            self.budget_left().is_some_and(|left| (left - self.given).max(0) == allowance);
        if of_budget { TrimmedBy::Budget } else { TrimmedBy::Cap }
    }

    /// Whether its budget has so much, where one that has less gives nothing.
    fn fits_budget(&self, wanted: i64) -> Result<(), Reason> {
        let refuses = self.turn.compiled.ruleset.settings.budget_overrun == BudgetOverrun::Refuse;
        match self.budget_left().map(|left| left - self.given) {
            Some(left) if refuses && left < wanted => {
                Err(Reason::BudgetExceeded { left: left.max(0) })
            }
            _ => Ok(()),
        }
    }

    /// What its budget has left, where the budget counts money.
    fn budget_left(&self) -> Option<i64> {
        let budget = self.rule.source.limits.budget.as_ref()?;
        let counts_money = budget.counts == BudgetCounts::Discount;
        let left = self.turn.facts.budgets.get(&self.rule.source.id).copied();
        counts_money.then(|| left.unwrap_or(budget.amount))
    }

    /// Makes a plan as small as caps and the budget ask, and takes it off.
    fn commit(&self, state: &mut State, number: u32, mut plan: Plan) -> Result<i64, Reason> {
        let limits = &self.rule.source.limits;
        if plan.total() == 0 {
            return Err(Reason::NothingLeft { wanted: Money(plan.wanted) });
        }
        if let Some(cap) = limits.line_discount_max {
            let to: Vec<(u32, i64)> =
                plan.by_line().into_iter().map(|(line, part)| (line, part.min(cap.0))).collect();
            plan.shrink(&to, TrimmedBy::Cap, self.turn.split());
        }
        let total = plan.total();
        self.fits_budget(total)?;
        let allowance = self.allowance_of_goods(state);
        if allowance < total {
            let by_line = plan.by_line();
            let mut shares: Vec<Share> =
                by_line.iter().map(|&(_, part)| Share::new(part, part)).collect();
            allocate(allowance, &mut shares, self.turn.split());
            let to: Vec<(u32, i64)> =
                by_line.iter().zip(shares).map(|((line, _), share)| (*line, share.part)).collect();
            plan.shrink(&to, self.bounded_by(allowance), self.turn.split());
        }
        let given = plan.total();
        if given == 0 {
            return Err(Reason::NothingLeft { wanted: Money(plan.wanted) });
        }
        state.take(Some(self.rank), number, &plan);
        Ok(given)
    }
}

/// The best price that the customer was promised for a line's product, by a coupon that is good where one
/// says so; of equal prices one that uses up no coupon.
pub(crate) fn promise<'a>(turn: &Turn<'a>, line: usize) -> Option<&'a PersonalPrice> {
    let customer = turn.facts.customer.as_ref()?;
    let product = &turn.lines[line].product;
    let good = |code: &String| {
        let coupon = turn.facts.coupons.iter().find(|coupon| coupon.code == *code);
        coupon.is_some_and(|coupon| {
            crate::condition::why_not(coupon, turn.compiled).is_none()
                && turn.withheld_coupon(code).is_none()
        })
    };
    let promised = customer.prices.iter().filter(|price| price.product == *product);
    promised
        .filter(|price| price.coupon.as_ref().is_none_or(good))
        .min_by_key(|price| (price.price, price.coupon.is_some()))
}

/// How many units of a gift its goods earn.
pub(crate) fn gift_units(
    turn: &Turn<'_>,
    targets: &Targets,
    gift: &Gift,
    mask: Mask<'_>,
) -> Result<i64, Reason> {
    let mut times = 1;
    if gift.for_goods.is_some() {
        let may = |at: usize| {
            mask.is_none_or(|mask| mask[at])
                && turn.fixtures[at].gift
                && targets.on.has(&turn.sight.lines[at], &turn.sight)
        };
        let lines = (0..turn.lines.len()).filter(|&at| may(at));
        let there: u64 = lines.map(|at| u64::from(turn.fixtures[at].units)).sum();
        let needed = u64::from(gift.for_units.max(1));
        if there < needed {
            return Err(Reason::TooLittle(Compared {
                what: What::Units,
                of: targets.on.label.to_string(),
                required: needed as i64,
                actual: there as i64,
            }));
        }
        times = there / needed;
    }
    let most = u64::from(gift.units_max.unwrap_or(u32::MAX));
    Ok((times * u64::from(gift.units)).min(most) as i64)
}

/// Under which name the facts tell what a customer's limit of an amount has left.
#[must_use]
pub fn amount_limit(rule: &str) -> String {
    format!("{rule}#amount")
}

fn note_floor(turn: &Turn<'_>, plan: &mut Plan, line: u32, kept: i64) {
    if kept > 0 {
        let fixture = &turn.fixtures[line as usize];
        let by = if fixture.floor > fixture.lowest { TrimmedBy::Cap } else { TrimmedBy::Floor };
        plan.trims.push((line, Trimmed { by, amount: Money(kept) }));
    }
}

/// Spreads an amount that points pay over lines that they may pay for.
pub(crate) fn redeem(turn: &Turn<'_>, state: &mut State, lines: &[(u32, i64)], amount: i64) -> i64 {
    let vat = turn.compiled.ruleset.settings.vat;
    let mut shares: Vec<Share> = lines
        .iter()
        .map(|&(line, room)| {
            let own = &state.lines[line as usize];
            Share::new(weight(own.remaining, &turn.fixtures[line as usize], vat), room)
        })
        .collect();
    allocate(amount, &mut shares, turn.split());
    let mut plan = Plan { rounding: Place::Receipt, ..Plan::default() };
    for (&(line, _), share) in lines.iter().zip(shares) {
        let own = &state.lines[line as usize];
        plan.bases.push((line, own.remaining));
        let floor = turn.fixtures[line as usize].lowest;
        let (_, room) = own.of_first(u32::MAX, floor);
        let part = share.part.min(room);
        match own.runs.as_slice() {
            [run] => evenly(line, 0, run.count, part, &mut plan.pieces),
            _ => own.spread(line, part, u32::MAX, floor, turn.split(), &mut plan.pieces),
        }
    }
    let given = plan.total();
    state.take(None, 0, &plan);
    given
}
