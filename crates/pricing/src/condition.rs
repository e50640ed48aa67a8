//! Whether a rule counts here and now, and if not the first reason.

use jiff::civil::{DateTime, Time as ClockTime};

use crate::basket::{Basket, CouponStanding, Facts};
use crate::compile::{Compiled, CompiledRule, Wanted, WantedGoods};
use crate::goods::Meant;
use crate::reason::{Compared, Need, Place, Reason, Time, What};
use crate::ruleset::{Hours, Measure, Purchase, Range, Schedule};
use crate::settings::{Base, CouponAfterCancel};
use crate::state::State;
use crate::turn::Turn;

/// What the time is, worked out once for a basket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    at: DateTime,
    weekday: u8,
    time: ClockTime,
}

impl Moment {
    pub fn of(basket: &Basket) -> Self {
        let weekday = basket.at.date().weekday().to_monday_one_offset() as u8;
        Self { at: basket.at, weekday, time: basket.at.time() }
    }

    /// Whether it is within the days of a schedule, whatever the hour.
    pub fn is_within(
        &self,
        from: Option<DateTime>,
        until: Option<DateTime>,
        weekdays: &[u8],
    ) -> bool {
        from.is_none_or(|from| self.at >= from)
            && until.is_none_or(|until| self.at < until)
            && (weekdays.is_empty() || weekdays.contains(&self.weekday))
    }
}

/// Whether a rule's place and time are those of the basket.
pub(crate) fn is_here_and_now(rule: &CompiledRule, turn: &Turn<'_>) -> Result<(), Reason> {
    let (scope, basket) = (&rule.source.scope, turn.basket);
    let elsewhere = |list: &[String], own: Option<&String>| {
        !list.is_empty() && own.is_none_or(|own| !list.contains(own))
    };
    for (list, own, what) in [
        (&scope.networks, &basket.network, Place::Network),
        (&scope.shops, &basket.shop, Place::Shop),
        (&scope.channels, &basket.channel, Place::Channel),
    ] {
        if elsewhere(list, own.as_ref()) {
            return Err(Reason::Elsewhere { what });
        }
    }
    match another_time(&rule.source.schedule, &turn.moment, turn.facts) {
        Some(what) => Err(Reason::AnotherTime { what }),
        None => Ok(()),
    }
}

fn another_time(schedule: &Schedule, moment: &Moment, facts: &Facts) -> Option<Time> {
    if schedule.from.is_some_and(|from| moment.at < from) {
        return Some(Time::From);
    }
    if schedule.until.is_some_and(|until| moment.at >= until) {
        return Some(Time::Until);
    }
    if !schedule.weekdays.is_empty() && !schedule.weekdays.contains(&moment.weekday) {
        return Some(Time::Weekdays);
    }
    let within = |hours: &Hours| {
        if hours.from <= hours.until {
            (hours.from..hours.until).contains(&moment.time)
        } else {
            moment.time >= hours.from || moment.time < hours.until
        }
    };
    if !schedule.hours.is_empty() && !schedule.hours.iter().any(within) {
        return Some(Time::Hours);
    }
    let birthday = schedule.birthday?;
    let customer = facts.customer.as_ref();
    let near = |days: Option<u16>, bound: u16| days.is_some_and(|days| days <= bound);
    let around = customer.is_some_and(|customer| {
        near(customer.days_to_birthday, birthday.days_before)
            || near(customer.days_since_birthday, birthday.days_after)
    });
    (!around).then_some(Time::Birthday)
}

/// Whether what a rule wants holds.
pub(crate) fn holds(wanted: &Wanted, turn: &Turn<'_>, state: &State) -> Result<(), Reason> {
    match wanted {
        Wanted::All(parts) => parts.iter().try_for_each(|part| holds(part, turn, state)),
        Wanted::Any(parts) => any(parts, turn, state),
        Wanted::Not(part) => match holds(part, turn, state) {
            Ok(()) => Err(Reason::Excluded),
            Err(_) => Ok(()),
        },
        Wanted::Receipt(measure) => receipt(measure, turn, state),
        Wanted::Goods(goods) => some_goods(goods, turn, state),
        Wanted::Payment(ways) => one_of(Need::Payment, ways, turn.basket.payment.as_ref()),
        Wanted::Coupon(series) => coupon(series, turn).map(|_| ()),
        Wanted::Applied(ranks, names) => {
            if ranks.iter().any(|rank| state.applied.contains(rank)) {
                Ok(())
            } else {
                Err(Reason::NotApplied { rules: names.clone() })
            }
        }
        of_person => is_the_one(of_person, turn.facts),
    }
}

fn needs(what: Need, required: &[String], actual: Option<&String>) -> Result<(), Reason> {
    Err(Reason::Needs { what, required: required.to_vec(), actual: actual.cloned() })
}

fn one_of(what: Need, list: &[String], own: Option<&String>) -> Result<(), Reason> {
    match own {
        Some(own) if list.contains(own) => Ok(()),
        own => needs(what, list, own),
    }
}

/// One of these at least; where none holds, why the first does not.
fn any(parts: &[Wanted], turn: &Turn<'_>, state: &State) -> Result<(), Reason> {
    let mut first = None;
    for part in parts {
        match holds(part, turn, state) {
            Ok(()) => return Ok(()),
            Err(reason) => first = first.or(Some(reason)),
        }
    }
    Err(first.unwrap_or(Reason::Excluded))
}

fn some_goods(goods: &WantedGoods, turn: &Turn<'_>, state: &State) -> Result<(), Reason> {
    let base = goods.base.unwrap_or(turn.compiled.ruleset.settings.condition_base);
    let of = &goods.meant.label;
    let enough = |amount: i64, quantity: i64| {
        compare(What::Quantity, of, &goods.quantity, quantity)?;
        compare(What::Amount, of, &goods.amount, amount)
    };
    if goods.in_one_line {
        return one_line(goods, base, turn, state, enough);
    }
    let found = measured(&goods.meant, base, turn, state);
    if found.lines == 0 && goods.amount.is_any() && goods.quantity.is_any() {
        return Err(Reason::NoGoods);
    }
    enough(found.amount, found.quantity)
}

/// Whether one line alone is enough; where none is, why the largest is not.
fn one_line(
    goods: &WantedGoods,
    base: Base,
    turn: &Turn<'_>,
    state: &State,
    enough: impl Fn(i64, i64) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let mut largest = None;
    for (at, seen) in turn.sight.lines.iter().enumerate() {
        if !goods.meant.has(seen, &turn.sight) {
            continue;
        }
        let line = (turn.lines[at].quantity.0, amount_of(at, base, turn, state));
        if goods.quantity.contains(line.0) && goods.amount.contains(line.1) {
            return Ok(());
        }
        largest = largest.max(Some(line));
    }
    match largest {
        None if goods.amount.is_any() && goods.quantity.is_any() => Err(Reason::NoGoods),
        largest => {
            let (quantity, amount) = largest.unwrap_or_default();
            enough(amount, quantity)
        }
    }
}

/// Series of the coupons that make a condition hold: of several ways the first one that does.
pub(crate) fn series_used<'w>(
    wanted: &'w Wanted,
    turn: &Turn<'_>,
    state: &State,
    series: &mut Vec<&'w str>,
) {
    match wanted {
        Wanted::All(parts) => {
            parts.iter().for_each(|part| series_used(part, turn, state, series));
        }
        Wanted::Any(parts) => {
            let way = parts.iter().find(|part| holds(part, turn, state).is_ok());
            way.into_iter().for_each(|part| series_used(part, turn, state, series));
        }
        Wanted::Coupon(name) if !series.contains(&name.as_str()) => series.push(name),
        _ => {}
    }
}

/// Conditions of the customer and the card; all others hold.
fn is_the_one(wanted: &Wanted, facts: &Facts) -> Result<(), Reason> {
    let (customer, card) = (facts.customer.as_ref(), facts.card.as_ref());
    match wanted {
        Wanted::Segment(segment) => match customer {
            Some(customer) if customer.segments.contains(segment) => Ok(()),
            Some(_) => Err(Reason::NotInSegment { segment: segment.clone() }),
            None => needs(Need::Customer, &[], None),
        },
        Wanted::Customer(ids) => match customer {
            Some(customer) if ids.contains(&customer.id) => Ok(()),
            _ => needs(Need::Customer, &[], None),
        },
        Wanted::Card(shown) => match (shown, card) {
            (true, Some(_)) | (false, None) => Ok(()),
            (true, None) => needs(Need::Card, &[], None),
            (false, Some(_)) => Err(Reason::Excluded),
        },
        Wanted::Level(levels) => {
            one_of(Need::Level, levels, customer.and_then(|customer| customer.level.as_ref()))
        }
        Wanted::CardType(types) => {
            one_of(Need::CardType, types, card.and_then(|card| card.card_type.as_ref()))
        }
        Wanted::CardState(states) => {
            one_of(Need::CardState, states, card.and_then(|card| card.state.as_ref()))
        }
        Wanted::Purchase(purchase) => match customer.and_then(|customer| customer.purchases) {
            Some(before) => number(purchase, before + 1),
            None => needs(Need::Purchase, &[], None),
        },
        _ => Ok(()),
    }
}

fn compare(what: What, of: &str, range: &Range, actual: i64) -> Result<(), Reason> {
    let compared = |required| Compared { what, of: of.to_owned(), required, actual };
    match (range.min, range.max) {
        (Some(min), _) if actual < min => Err(Reason::TooLittle(compared(min))),
        (_, Some(max)) if actual > max => Err(Reason::TooMuch(compared(max))),
        _ => Ok(()),
    }
}

fn number(purchase: &Purchase, number: i64) -> Result<(), Reason> {
    compare(What::Purchase, "", &purchase.number, number)?;
    match purchase.every {
        Some(every) if every > 0 && number % i64::from(every) != 0 => {
            let next = (number / i64::from(every) + 1) * i64::from(every);
            Err(Reason::TooLittle(Compared {
                what: What::Purchase,
                of: String::new(),
                required: next,
                actual: number,
            }))
        }
        _ => Ok(()),
    }
}

fn receipt(measure: &Measure, turn: &Turn<'_>, state: &State) -> Result<(), Reason> {
    let base = measure.base.unwrap_or(turn.compiled.ruleset.settings.condition_base);
    if !measure.lines.is_any() {
        compare(What::Lines, "", &measure.lines, turn.lines.len() as i64)?;
    }
    if !measure.quantity.is_any() {
        let quantity = turn.lines.iter().map(|line| line.quantity.0).sum();
        compare(What::Quantity, "", &measure.quantity, quantity)?;
    }
    let amount = match base {
        Base::Original => turn.goods,
        Base::Remaining | Base::RemainingOfLine => state.goods_left,
    };
    compare(What::Amount, "", &measure.amount, amount)
}

/// How much of some goods there is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub lines: usize,
    pub amount: i64,
    pub quantity: i64,
}

/// Measures some goods of a basket.
pub(crate) fn measured(meant: &Meant, base: Base, turn: &Turn<'_>, state: &State) -> Found {
    let mut found = Found::default();
    for (at, seen) in turn.sight.lines.iter().enumerate() {
        if !meant.has(seen, &turn.sight) {
            continue;
        }
        found.lines += 1;
        found.amount += amount_of(at, base, turn, state);
        found.quantity += turn.lines[at].quantity.0;
    }
    found
}

/// What a line costs.
fn amount_of(at: usize, base: Base, turn: &Turn<'_>, state: &State) -> i64 {
    let fixture = &turn.fixtures[at];
    match base {
        Base::Original => fixture.price * i64::from(fixture.units),
        Base::Remaining | Base::RemainingOfLine => state.lines[at].remaining,
    }
}

/// The coupon of a series that is good, by its place among the facts.
pub(crate) fn coupon(series: &str, turn: &Turn<'_>) -> Result<usize, Reason> {
    let of_series =
        turn.facts.coupons.iter().enumerate().filter(|(_, coupon)| coupon.series == series);
    let mut first = None;
    for (at, coupon) in of_series {
        let why = why_not(coupon, turn.compiled);
        let why = why.or_else(|| turn.withheld_coupon(&coupon.code));
        match why {
            None => return Ok(at),
            Some(why) => first = first.or(Some(why)),
        }
    }
    Err(first.unwrap_or_else(|| Reason::Needs {
        what: Need::Coupon,
        required: vec![series.to_owned()],
        actual: None,
    }))
}

/// Why a coupon is not good by itself.
pub(crate) fn why_not(coupon: &crate::basket::CouponFacts, compiled: &Compiled) -> Option<Reason> {
    if coupon.standing != CouponStanding::Good {
        return Some(Reason::Coupon { standing: coupon.standing });
    }
    let setting = compiled.ruleset.settings.coupon_after_cancel == CouponAfterCancel::Reusable;
    let reusable = coupon.uses.reusable_after_cancel.unwrap_or(setting);
    let cancelled = if reusable { 0 } else { coupon.uses.cancelled };
    let actual = coupon.uses.standing + cancelled;
    let required = coupon.uses.customer_max?;
    (actual >= required).then_some(Reason::CouponLimit { required, actual })
}
