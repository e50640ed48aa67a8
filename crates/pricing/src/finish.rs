//! The quote of a basket that all rules have had their turn at: points that pay, final prices, points that are
//! earned, claims, coupons, messages.

use retail::{CampaignId, Claim, CouponId, CustomerId, Money, Points, Quantity, WalletId};

use crate::allocate::share_of;
use crate::condition::why_not;
use crate::effect::{promise, redeem};
use crate::price::{Settled, why_nothing};
use crate::quote::{
    Adjustment, Claimed, CouponOutcome, Earned, MISSES_MAX, Miss, Off, Position, Quote,
    QuotedDelivery, QuotedLine, QuotedMessage, Redeemed, Totals,
};
use crate::reason::Reason;
use crate::ruleset::{BudgetCounts, Effect, PointsGiven, Redemption, RedemptionShown, Window};
use crate::settings::{Base, Place, Vat};
use crate::state::{Draft, State};
use crate::turn::Turn;

/// What stands as the rule of an adjustment that points made.
pub const POINTS: &str = "points";
/// Once, in hundredths of a per cent.
const ONCE: i64 = 10_000;

pub(crate) fn finish(turn: &Turn<'_>, settled: Settled) -> Quote {
    let Settled { mut state, misses, best } = settled;
    let redemption = spend(turn, &mut state);
    let mut quote = Quote {
        version: turn.compiled.version,
        vat_added: turn.compiled.ruleset.settings.vat == Vat::Added,
        lines: lines(turn, &state),
        shipping: shipping(turn, &state),
        redemption,
        best,
        ..Quote::default()
    };
    earn(turn, &state, &mut quote);
    quote.totals = totals(turn, &state, &quote);
    quote.claims = claims(turn, &state, &quote);
    quote.coupons = coupons(turn, &state, &misses);
    quote.messages = messages(turn, &state);
    let told = misses.into_iter().take(MISSES_MAX);
    quote.misses = told.map(|(rank, reason)| Miss { rule: id(turn, rank), reason }).collect();
    gift_adjustments(turn, &state, &mut quote);
    quote.adjustments.splice(0..0, state.drafts.into_iter().map(|draft| adjustment(turn, draft)));
    quote
}

fn id(turn: &Turn<'_>, rank: u32) -> String {
    turn.compiled.rules[rank as usize].source.id.clone()
}

/// Points that pay for a part of the basket.
fn spend(turn: &Turn<'_>, state: &mut State) -> Option<Redeemed> {
    let wanted = turn.basket.points;
    if wanted == 0 {
        return None;
    }
    let refused = |points, amount| {
        Some(Redeemed {
            points: Points(points),
            amount: Money(amount),
            refused: Points(wanted - points),
        })
    };
    let Some(terms) = &turn.compiled.ruleset.redemption else { return refused(0, 0) };
    let usable = wanted.min(turn.facts.points_available.max(0));
    let per_minor = terms.points_per_minor.max(1);
    if usable < terms.points_min || turn.points_are_withheld() || turn.facts.wallet.is_none() {
        return refused(0, 0);
    }
    let lines = payable(turn, state, terms);
    let room: i64 = lines.iter().map(|(_, room)| room).sum();
    let left = state.goods_left + state.shipping_left;
    let most = crate::state::share_down(left, terms.receipt_bps_max).min(room);
    let mut amount = (usable / per_minor).min(most);
    if amount.saturating_mul(per_minor) < terms.points_min {
        return refused(0, 0);
    }
    if terms.shown == RedemptionShown::Discount {
        amount = redeem(turn, state, &lines, amount);
    }
    refused(amount * per_minor, amount)
}

/// Lines that points may pay for, each with how much of it.
fn payable(turn: &Turn<'_>, state: &State, terms: &Redemption) -> Vec<(u32, i64)> {
    let sight = &turn.sight;
    let mut lines = Vec::new();
    for (at, seen) in sight.lines.iter().enumerate() {
        let fixture = &turn.fixtures[at];
        let meant = turn.compiled.redeemable.as_ref().is_none_or(|meant| meant.has(seen, sight));
        if !meant || !fixture.points {
            continue;
        }
        let own = &state.lines[at];
        let floor = match terms.shown {
            RedemptionShown::Discount => fixture.lowest,
            RedemptionShown::Payment => 0,
        };
        let room = own.of_first(u32::MAX, floor).1;
        let cap =
            terms.line_bps_max.map_or(room, |bps| crate::state::share_down(own.remaining, bps));
        lines.push((at as u32, room.min(cap)));
    }
    lines
}

/// The price of one unit of what was measured, a part of a minor unit dropped.
fn price_of(amount: i64, quantity: Quantity) -> i64 {
    let price = i128::from(amount) * i128::from(Quantity::SCALE) / i128::from(quantity.0);
    i64::try_from(price).unwrap_or(i64::MAX)
}

fn lines(turn: &Turn<'_>, state: &State) -> Vec<QuotedLine> {
    let mut lines = vec![QuotedLine::default(); turn.lines.len()];
    for (at, line) in turn.lines.iter().enumerate() {
        let (fixture, own) = (&turn.fixtures[at], &state.lines[at]);
        let amount = fixture.price * i64::from(fixture.units);
        let measured = line.is_measured();
        let positions = own.runs.iter().map(|run| {
            let amount = Money(run.now * i64::from(run.count));
            if measured {
                // What was weighed and costs what the shelf asks is printed with the shelf's price: from a rounded
                // amount another would be reckoned.
                let price = match run.now == fixture.price {
                    true => line.price.0,
                    false => price_of(run.now, line.quantity),
                };
                let price = Money(price);
                Position { quantity: line.quantity, price, amount }
            } else {
                let quantity = Quantity(i64::from(run.count) * Quantity::SCALE);
                Position { quantity, price: Money(run.now), amount }
            }
        });
        lines[turn.places[at] as usize] = QuotedLine {
            id: line.id.clone(),
            product: line.product.clone(),
            quantity: line.quantity,
            measured,
            price: line.price,
            amount: Money(amount),
            discount: Money(amount - own.remaining),
            points_discount: Money::ZERO,
            total: Money(own.remaining),
            vat: Money(vat(turn, own.remaining, fixture.vat_bps)),
            positions: equal_together(positions),
            points: Points::ZERO,
            points_multiplier_bps: ONCE,
            points_allowed: fixture.points,
            gift_of: None,
        };
    }
    for draft in state.drafts.iter().filter(|draft| draft.rank.is_none()) {
        if let Off::Line(line) = draft.off {
            let line = &mut lines[turn.places[line as usize] as usize];
            line.points_discount.0 += draft.amount;
            line.discount.0 -= draft.amount;
        }
    }
    for gift in &state.gifts {
        lines.extend(gift_line(turn, gift));
    }
    lines
}

/// Positions of equal price stand together, whether their units were used for something or not.
fn equal_together(positions: impl Iterator<Item = Position>) -> Vec<Position> {
    let mut together: Vec<Position> = Vec::with_capacity(1);
    for position in positions {
        match together.last_mut() {
            Some(last) if last.price == position.price => {
                last.quantity.0 += position.quantity.0;
                last.amount.0 += position.amount.0;
            }
            _ => together.push(position),
        }
    }
    together
}

fn vat(turn: &Turn<'_>, amount: i64, bps: i64) -> i64 {
    if bps == 0 {
        return 0;
    }
    match turn.compiled.ruleset.settings.vat {
        Vat::Added => share_of(amount, bps),
        Vat::Included => {
            let whole = i128::from(10_000 + bps);
            let net = (i128::from(amount) * 10_000 * 2 + whole) / (2 * whole);
            amount - i64::try_from(net).unwrap_or(amount)
        }
    }
}

/// The id of the line of a gift.
pub(crate) fn gift_id(rule: &str, effect: usize) -> String {
    match effect {
        0 => format!("gift:{rule}"),
        more => format!("gift:{rule}:{}", more + 1),
    }
}

fn gift_line(turn: &Turn<'_>, gift: &crate::state::GiftState) -> Option<QuotedLine> {
    let rule = &turn.compiled.rules[gift.rank as usize].source;
    let Effect::Gift(given) = &rule.then[gift.effect as usize] else { return None };
    let quantity = Quantity(i64::from(gift.units) * Quantity::SCALE);
    let amount = Money(given.price.0 * i64::from(gift.units));
    Some(QuotedLine {
        id: gift_id(&rule.id, gift.effect as usize),
        product: given.product.clone(),
        quantity,
        price: given.price,
        amount,
        discount: amount,
        positions: vec![Position { quantity, price: Money::ZERO, amount: Money::ZERO }],
        points_multiplier_bps: ONCE,
        gift_of: Some(rule.id.clone()),
        ..QuotedLine::default()
    })
}

fn gift_adjustments(turn: &Turn<'_>, state: &State, quote: &mut Quote) {
    let first = turn.lines.len();
    for (at, gift) in state.gifts.iter().enumerate() {
        let amount = quote.lines[first + at].amount.0;
        let draft = Draft {
            rank: Some(gift.rank),
            effect: gift.effect,
            off: Off::Line((first + at) as u32),
            base: amount,
            base_of: Base::Original,
            rounding: Place::Unit,
            amount,
            units: vec![crate::quote::UnitShare {
                first: 0,
                count: gift.units,
                each: quote.lines[first + at].price,
            }],
            trimmed: None,
        };
        quote.adjustments.push(adjusted(turn, draft, (first + at) as u32));
    }
}

fn shipping(turn: &Turn<'_>, state: &State) -> Vec<QuotedDelivery> {
    let quoted = |(delivery, &total): (&crate::basket::Delivery, &i64)| QuotedDelivery {
        id: delivery.id.clone(),
        price: delivery.price,
        discount: Money(delivery.price.0 - total),
        total: Money(total),
    };
    turn.basket.shipping.iter().zip(&state.shipping).map(quoted).collect()
}

fn adjustment(turn: &Turn<'_>, draft: Draft) -> Adjustment {
    let line = match draft.off {
        Off::Line(line) => turn.places[line as usize],
        Off::Shipping(delivery) => delivery,
    };
    adjusted(turn, draft, line)
}

fn adjusted(turn: &Turn<'_>, draft: Draft, place: u32) -> Adjustment {
    let rule = draft.rank.map(|rank| &turn.compiled.rules[rank as usize].source);
    let share = rule.map_or(0, |rule| rule.payer.supplier_bps);
    Adjustment {
        rule: rule.map_or(POINTS.to_owned(), |rule| rule.id.clone()),
        effect: rule.map_or(POINTS, |rule| rule.then[draft.effect as usize].kind()).to_owned(),
        off: match draft.off {
            Off::Line(_) => Off::Line(place),
            Off::Shipping(_) => Off::Shipping(place),
        },
        base: Money(draft.base),
        base_of: draft.base_of,
        rounding: draft.rounding,
        amount: Money(draft.amount),
        supplier_pays: Money(share_of(draft.amount, share)),
        supplier: rule.and_then(|rule| rule.payer.supplier.clone()),
        units: draft.units,
        trimmed: draft.trimmed,
    }
}

/// Points that rules of the set give.
fn earn(turn: &Turn<'_>, state: &State, quote: &mut Quote) {
    for &(rank, effect) in &state.later {
        let rule = &turn.compiled.rules[rank as usize];
        let Effect::Points(given) = &rule.source.then[effect as usize] else { continue };
        let meant = &rule.targets[effect as usize].on;
        let own = (0..turn.lines.len()).filter(|&at| {
            turn.fixtures[at].points && meant.has(&turn.sight.lines[at], &turn.sight)
        });
        let mut note = |line: Option<u32>, points: i64, multiplier_bps: Option<i64>| {
            if points > 0 || multiplier_bps.is_some() {
                let rule = rule.source.id.clone();
                quote.earned.push(Earned { rule, line, points: Points(points), multiplier_bps });
            }
        };
        match given {
            PointsGiven::Fixed { points } => {
                quote.totals.points.0 += points;
                note(None, *points, None);
            }
            PointsGiven::Rate { rate_bps, .. } => {
                for place in own.map(|at| turn.places[at]) {
                    let line = &mut quote.lines[place as usize];
                    let points = share_of(line.total.0, *rate_bps);
                    line.points.0 += points;
                    note(Some(place), points, None);
                }
            }
            PointsGiven::Multiplier { multiplier_bps, .. } => {
                for place in own.map(|at| turn.places[at]) {
                    let line = &mut quote.lines[place as usize];
                    line.points_multiplier_bps =
                        share_of(line.points_multiplier_bps, *multiplier_bps);
                    note(Some(place), 0, Some(*multiplier_bps));
                }
            }
        }
    }
}

fn totals(turn: &Turn<'_>, state: &State, quote: &Quote) -> Totals {
    let sum = |of: fn(&QuotedLine) -> i64| quote.lines.iter().map(of).sum::<i64>();
    let shipping: i64 = turn.basket.shipping.iter().map(|delivery| delivery.price.0).sum();
    let vat = sum(|line| line.vat.0);
    let added = if quote.vat_added { vat } else { 0 };
    let total = sum(|line| line.total.0) + state.shipping_left + added;
    let terms = turn.compiled.ruleset.redemption.as_ref();
    let as_payment = terms.is_some_and(|terms| terms.shown == RedemptionShown::Payment);
    let paid = quote.redemption.filter(|_| as_payment).map_or(0, |redeemed| redeemed.amount.0);
    Totals {
        goods: Money(sum(|line| line.amount.0)),
        discount: Money(sum(|line| line.discount.0)),
        points_discount: Money(sum(|line| line.points_discount.0)),
        shipping: Money(shipping),
        shipping_discount: Money(shipping - state.shipping_left),
        vat: Money(vat),
        total: Money(total),
        paid_with_points: Money(paid),
        to_pay: Money(total - paid),
        points: Points(quote.totals.points.0 + sum(|line| line.points.0)),
    }
}

/// What each applied rule gave, gifts included.
fn given_by(state: &State, quote: &Quote, turn: &Turn<'_>, rank: u32) -> i64 {
    let drafts = state.drafts.iter().filter(|draft| draft.rank == Some(rank));
    let first = turn.lines.len();
    let gifts = state.gifts.iter().zip(&quote.lines[first..]);
    drafts.map(|draft| draft.amount).sum::<i64>()
        + gifts.filter(|(gift, _)| gift.rank == rank).map(|(_, line)| line.amount.0).sum::<i64>()
}

fn claims(turn: &Turn<'_>, state: &State, quote: &Quote) -> Vec<Claimed> {
    let mut claims = Vec::new();
    if let (Some(redeemed), Some(wallet)) = (&quote.redemption, &turn.facts.wallet)
        && redeemed.points.0 > 0
    {
        let claim = Claim::Points { wallet: WalletId(wallet.clone()), points: redeemed.points };
        claims.push(Claimed { claim, rule: None, coupon: None, lines: Vec::new() });
    }
    for &rank in &state.applied {
        let rule = &turn.compiled.rules[rank as usize];
        let limits = &rule.source.limits;
        if limits.customer.is_none() && limits.budget.is_none() && rule.series.is_empty() {
            continue;
        }
        let id = || Some(rule.source.id.clone());
        for (_, at) in state.coupons.iter().filter(|(of, _)| *of == rank) {
            let facts = &turn.facts.coupons[*at as usize];
            let code = Some(facts.code.clone());
            let claimed = claims.iter().any(|other: &Claimed| other.coupon == code);
            if let (Some(account), false) = (&facts.claimed_as, claimed) {
                let claim = Claim::Coupon { coupon: CouponId(account.clone()) };
                claims.push(Claimed { claim, rule: id(), coupon: code, lines: Vec::new() });
            }
        }
        let given = given_by(state, quote, turn, rank);
        if let (Some(limit), Some(customer)) = (limits.customer, &turn.facts.customer) {
            let mut claim = |rule: String, amount: i64| {
                let customer = CustomerId(customer.id.clone());
                let window = window(limit.window, turn);
                let claim = Claim::Limit { rule, customer, window, amount };
                claims.push(Claimed { claim, rule: id(), coupon: None, lines: Vec::new() });
            };
            if limit.uses.is_some() {
                claim(rule.source.id.clone(), 1);
            }
            if limit.amount.is_some() && given > 0 {
                claim(crate::effect::amount_limit(&rule.source.id), given);
            }
        }
        if let Some(budget) = &limits.budget {
            let (unit, amount) = match budget.counts {
                BudgetCounts::Discount => (turn.compiled.ruleset.currency.clone(), given),
                BudgetCounts::Uses => ("USE".to_owned(), 1),
            };
            if amount > 0 {
                let campaign = CampaignId(budget.campaign.clone());
                let claim = Claim::Budget { campaign, unit, amount };
                claims.push(Claimed { claim, rule: id(), coupon: None, lines: Vec::new() });
            }
        }
    }
    claims.extend(promised(turn, state, &claims));
    claims
}

/// Coupons of prices that were promised and given.
fn promised(turn: &Turn<'_>, state: &State, claims: &[Claimed]) -> Vec<Claimed> {
    let mut found: Vec<Claimed> = Vec::new();
    for (draft, code) in promises(turn, state) {
        let known = |claimed: &Claimed| claimed.coupon.as_deref() == Some(code);
        let Off::Line(line) = draft.off else { continue };
        let line = turn.places[line as usize];
        if let Some(other) = found.iter_mut().find(|other| known(other)) {
            other.lines.push(line);
            other.lines.sort_unstable();
            other.lines.dedup();
            continue;
        }
        let coupon = turn.facts.coupons.iter().find(|coupon| coupon.code == code);
        let account = coupon.and_then(|coupon| coupon.claimed_as.clone());
        if let (Some(account), false) = (account, claims.iter().any(known)) {
            found.push(Claimed {
                claim: Claim::Coupon { coupon: CouponId(account) },
                rule: draft.rank.map(|rank| id(turn, rank)),
                coupon: Some(code.to_owned()),
                lines: vec![line],
            });
        }
    }
    found
}

/// Adjustments by a promised price, each with the code of the coupon that promised it.
fn promises<'a>(turn: &Turn<'a>, state: &'a State) -> Vec<(&'a Draft, &'a str)> {
    let mut found = Vec::new();
    for draft in &state.drafts {
        let (Some(rank), Off::Line(line)) = (draft.rank, draft.off) else { continue };
        let effect = &turn.compiled.rules[rank as usize].source.then[draft.effect as usize];
        if !matches!(effect, Effect::PersonalPrice(_)) {
            continue;
        }
        let code = promise(turn, line as usize).and_then(|price| price.coupon.as_deref());
        found.extend(code.map(|code| (draft, code)));
    }
    found
}

/// The window of a limit that the basket falls into.
fn window(window: Window, turn: &Turn<'_>) -> String {
    let date = turn.basket.at.date();
    match window {
        Window::Day => date.to_string(),
        Window::Week => {
            let week = date.iso_week_date();
            format!("{}-W{:02}", week.year(), week.week())
        }
        Window::Month => format!("{:04}-{:02}", date.year(), date.month()),
        Window::Ever => "ever".to_owned(),
    }
}

fn coupons(turn: &Turn<'_>, state: &State, misses: &[(u32, Reason)]) -> Vec<CouponOutcome> {
    let promised = if turn.facts.coupons.is_empty() { Vec::new() } else { promises(turn, state) };
    let outcome = |code: &str| {
        let facts = turn.facts.coupons.iter().find(|coupon| coupon.code == code);
        let Some(facts) = facts else {
            let unknown = Reason::Coupon { standing: crate::basket::CouponStanding::Unknown };
            // Nobody could look it up, and whoever tried says so.
            let reason = Some(turn.withheld_coupon(code).unwrap_or(unknown));
            return CouponOutcome { code: code.to_owned(), rules: Vec::new(), reason };
        };
        let asks = |rank: u32| turn.compiled.rules[rank as usize].series.contains(&facts.series);
        let is_used = |rank: u32| {
            let own = state.coupons.iter().filter(|(of, _)| *of == rank);
            own.into_iter().any(|(_, at)| turn.facts.coupons[*at as usize].code == code)
        };
        let mut rules: Vec<String> = state
            .applied
            .iter()
            .filter(|&&rank| is_used(rank))
            .map(|&rank| id(turn, rank))
            .collect();
        let kept = promised.iter().filter(|(_, of)| *of == code);
        rules.extend(kept.filter_map(|(draft, _)| draft.rank).map(|rank| id(turn, rank)));
        rules.dedup();
        let reason = rules.is_empty().then(|| {
            why_not(facts, turn.compiled)
                .or_else(|| turn.withheld_coupon(code))
                .or_else(|| {
                    let missed = misses.iter().find(|(rank, _)| asks(*rank));
                    missed.map(|(_, reason)| reason.clone())
                })
                // One that does not concern the basket, or is beyond those that are told.
                .or_else(|| {
                    let first = turn.compiled.first_of_series.get(&facts.series);
                    first.and_then(|&rank| why_nothing(turn, rank))
                })
                .unwrap_or(Reason::CouponUnused)
        });
        CouponOutcome { code: code.to_owned(), rules, reason }
    };
    turn.presented().into_iter().map(outcome).collect()
}

fn messages(turn: &Turn<'_>, state: &State) -> Vec<QuotedMessage> {
    let message = |&(rank, effect): &(u32, u32)| {
        let rule = &turn.compiled.rules[rank as usize].source;
        match &rule.then[effect as usize] {
            Effect::Message(message) => Some(QuotedMessage {
                rule: rule.id.clone(),
                to: message.to,
                text: message.text.clone(),
            }),
            _ => None,
        }
    };
    state.later.iter().filter_map(message).collect()
}
