//! A basket while it is priced: what each unit still costs, and what was taken off so far.
//!
//! Units of a line that cost the same stand together as a run, so that a line of a thousand units is as quick
//! as a line of one. Everything that is taken off is a list of pieces: so much off each of these units.

use retail::{Money, Quantity};

use crate::allocate::{Share, Split, allocate, share_of};
use crate::basket::{Basket, BasketLine};
use crate::compile::Compiled;
use crate::quote::{Off, Trimmed, TrimmedBy, UnitShare};
use crate::ruleset::RegulatedRow;
use crate::settings::{Base, Place, Vat};

/// Equal units, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub count: u32,
    /// What a unit still costs.
    pub now: i64,
    /// Whether the units were bought for something, or given by it.
    pub used: bool,
}

/// What about a line does not change while it is priced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixture {
    pub units: u32,
    /// What a unit costs on the shelf; of measured goods all of it.
    pub price: i64,
    /// Below this no rule brings a unit.
    pub floor: i64,
    /// Below this nothing brings it, points neither; where it is less than the floor, a cap is the floor.
    pub lowest: i64,
    pub discount: bool,
    pub points: bool,
    pub gift: bool,
    pub vat_bps: i64,
}

/// A line while it is priced.
#[derive(Clone, Debug)]
pub(crate) struct LineState {
    pub runs: Vec<Run>,
    /// What all units still cost.
    pub remaining: i64,
}

/// A gift that a rule has put in.
#[derive(Clone, Debug)]
pub(crate) struct GiftState {
    pub rank: u32,
    pub effect: u32,
    pub units: u32,
}

/// Something that was taken off.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The rule by its place; nothing for points.
    pub rank: Option<u32>,
    pub effect: u32,
    pub off: Off,
    pub base: i64,
    pub base_of: Base,
    pub rounding: Place,
    pub amount: i64,
    pub units: Vec<UnitShare>,
    pub trimmed: Option<Trimmed>,
}

/// A basket while it is priced.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub lines: Vec<LineState>,
    /// What each delivery still costs.
    pub shipping: Vec<i64>,
    /// Goods, delivery: what all of them still cost.
    pub goods_left: i64,
    pub shipping_left: i64,
    pub drafts: Vec<Draft>,
    pub gifts: Vec<GiftState>,
    /// Rules that gave something, by their place.
    pub applied: Vec<u32>,
    /// Coupons that made a rule count: the rule, the coupon's place among the facts.
    pub coupons: Vec<(u32, u32)>,
    /// Effects that give points or say something: rule, effect.
    pub later: Vec<(u32, u32)>,
}

/// So much off each of some units of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub line: u32,
    pub first: u32,
    pub count: u32,
    pub each: i64,
}

/// What an effect is about to take off.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// By line, and within a line by unit.
    pub pieces: Vec<Piece>,
    /// What it would have been without floors, if that is more.
    pub wanted: i64,
    /// What made it smaller.
    pub trims: Vec<(u32, Trimmed)>,
    /// For each line in it, what its part was computed from.
    pub bases: Vec<(u32, i64)>,
    pub base_of: Base,
    pub rounding: Place,
}

impl Fixture {
    pub fn of(line: &BasketLine, compiled: &Compiled) -> Self {
        let measured = line.is_measured();
        let units = if measured { 1 } else { (line.quantity.0 / Quantity::SCALE) as u32 };
        let of_unit = |amount: i64| {
            if measured { scaled(amount, line.quantity.0) } else { amount }
        };
        let price = of_unit(line.price.0);
        let mut fixture = Self {
            units,
            price,
            floor: 0,
            lowest: of_unit(line.min_price.map_or(0, |min| min.0)).min(price),
            discount: true,
            points: true,
            gift: true,
            vat_bps: line.vat_bps.unwrap_or(0),
        };
        for row in compiled.regulated.iter().filter(|row| line.marks.contains(&row.mark)) {
            fixture.regulate(row, line.min_price);
        }
        let cap = compiled.ruleset.caps.unit_discount_bps_max;
        let capped = cap.map_or(0, |bps| price - share_down(price, bps));
        fixture.floor = fixture.lowest.max(capped);
        fixture
    }

    fn regulate(&mut self, row: &RegulatedRow, min_price: Option<Money>) {
        // Where the lowest price is not told nothing is taken off, by points neither.
        let discount = row.discount && (!row.minimum_price || min_price.is_some());
        self.discount &= discount;
        self.points &= row.points;
        self.gift &= row.gift;
        if !discount {
            self.lowest = self.price;
        }
    }
}

/// The part of an amount, rounded down.
pub(crate) fn share_down(amount: i64, bps: i64) -> i64 {
    i64::try_from(i128::from(amount) * i128::from(bps) / 10_000).unwrap_or(amount)
}

/// What so many thousandths of a unit cost, half up.
pub(crate) fn scaled(amount: i64, quantity: i64) -> i64 {
    let whole = (i128::from(amount) * i128::from(quantity) + 500) / 1000;
    i64::try_from(whole).unwrap_or(i64::MAX)
}

impl State {
    pub fn of(basket: &Basket, fixtures: &[Fixture]) -> Self {
        let line = |fixture: &Fixture| LineState {
            runs: vec![Run { count: fixture.units, now: fixture.price, used: false }],
            remaining: fixture.price * i64::from(fixture.units),
        };
        let lines: Vec<LineState> = fixtures.iter().map(line).collect();
        let shipping: Vec<i64> = basket.shipping.iter().map(|delivery| delivery.price.0).collect();
        Self {
            goods_left: lines.iter().map(|line| line.remaining).sum(),
            shipping_left: shipping.iter().sum(),
            lines,
            shipping,
            drafts: Vec::with_capacity(fixtures.len() * 4),
            ..Self::default()
        }
    }

    /// All that was taken off, delivery included.
    pub fn given(&self) -> i64 {
        self.drafts.iter().map(|draft| draft.amount).sum()
    }

    /// Takes pieces off; they are good. They are by line.
    pub fn take(&mut self, rank: Option<u32>, effect: u32, plan: &Plan) {
        let mut at = 0;
        while at < plan.pieces.len() {
            let line = plan.pieces[at].line;
            let end = plan.pieces[at..]
                .iter()
                .position(|piece| piece.line != line)
                .map_or(plan.pieces.len(), |more| at + more);
            let mut units = Vec::with_capacity(end - at);
            let mut amount = 0;
            for piece in &plan.pieces[at..end] {
                if piece.each > 0 {
                    self.lines[line as usize].lower(piece.first, piece.count, piece.each);
                    amount += piece.each * i64::from(piece.count);
                    units.push(UnitShare {
                        first: piece.first,
                        count: piece.count,
                        each: Money(piece.each),
                    });
                }
            }
            at = end;
            if amount == 0 {
                continue;
            }
            self.goods_left -= amount;
            let base = plan.bases.iter().find(|(of, _)| *of == line).map_or(0, |(_, base)| *base);
            self.drafts.push(Draft {
                rank,
                effect,
                off: Off::Line(line),
                base,
                base_of: plan.base_of,
                rounding: plan.rounding,
                amount,
                units,
                trimmed: plan.trims.iter().find(|(of, _)| *of == line).map(|(_, trimmed)| *trimmed),
            });
        }
    }

    /// Takes an amount off a delivery, which has room for it.
    pub fn take_shipping(
        &mut self,
        rank: u32,
        effect: u32,
        delivery: usize,
        base: i64,
        amount: i64,
        trimmed: Option<Trimmed>,
    ) {
        if amount == 0 {
            return;
        }
        self.shipping[delivery] -= amount;
        self.shipping_left -= amount;
        self.drafts.push(Draft {
            rank: Some(rank),
            effect,
            off: Off::Shipping(delivery as u32),
            base,
            base_of: Base::Remaining,
            rounding: Place::Line,
            amount,
            units: Vec::new(),
            trimmed,
        });
    }
}

impl LineState {
    /// Makes units cheaper.
    fn lower(&mut self, first: u32, count: u32, each: i64) {
        self.remaining -= each * i64::from(count);
        if let [run] = self.runs.as_mut_slice()
            && run.count == count
        {
            run.now -= each;
            return;
        }
        self.change(first, count, |run| run.now -= each);
    }

    /// Marks units as used.
    pub fn use_up(&mut self, first: u32, count: u32) {
        self.change(first, count, |run| run.used = true);
    }

    fn change(&mut self, first: u32, count: u32, change: impl Fn(&mut Run)) {
        let mut runs: Vec<Run> = Vec::with_capacity(self.runs.len() + 2);
        let mut push = |run: Run| match runs.last_mut() {
            _ if run.count == 0 => {}
            Some(last) if last.now == run.now && last.used == run.used => last.count += run.count,
            _ => runs.push(run),
        };
        let (mut at, end) = (0, first + count);
        for run in &self.runs {
            let (from, to) = (at, at + run.count);
            let inside_from = from.max(first).min(to);
            let inside_to = to.min(end).max(inside_from);
            push(Run { count: inside_from - from, ..*run });
            let mut inside = Run { count: inside_to - inside_from, ..*run };
            change(&mut inside);
            push(inside);
            push(Run { count: to - inside_to, ..*run });
            at = to;
        }
        self.runs = runs;
    }

    /// What the first so many units still cost, and by how much they can become cheaper.
    pub fn of_first(&self, units: u32, floor: i64) -> (i64, i64) {
        let (mut left, mut now, mut room) = (units, 0, 0);
        for run in &self.runs {
            let count = run.count.min(left);
            now += run.now * i64::from(count);
            room += (run.now - floor).max(0) * i64::from(count);
            left -= count;
            if left == 0 {
                break;
            }
        }
        (now, room)
    }

    /// Spreads an amount over the first so many units by what they cost; it has room there.
    pub fn spread(
        &self,
        line: u32,
        amount: i64,
        units: u32,
        floor: i64,
        split: Split,
        pieces: &mut Vec<Piece>,
    ) {
        if let [run] = self.runs.as_slice() {
            let count = run.count.min(units);
            return evenly(line, 0, count, amount, pieces);
        }
        let (mut left, mut at) = (units, 0);
        let mut spans: Vec<(u32, u32)> = Vec::with_capacity(self.runs.len());
        let mut shares: Vec<Share> = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            let count = run.count.min(left);
            if count > 0 {
                let number = i64::from(count);
                spans.push((at, count));
                shares.push(Share::new(run.now * number, (run.now - floor).max(0) * number));
            }
            at += run.count;
            left -= count;
        }
        allocate(amount, &mut shares, split);
        for ((first, count), share) in spans.into_iter().zip(shares) {
            evenly(line, first, count, share.part, pieces);
        }
    }
}

/// The same off each of some equal units, and one minor unit more off the first of them.
pub(crate) fn evenly(line: u32, first: u32, count: u32, amount: i64, pieces: &mut Vec<Piece>) {
    if amount == 0 || count == 0 {
        return;
    }
    let number = i64::from(count);
    let (each, more) = (amount / number, (amount % number) as u32);
    if more > 0 {
        pieces.push(Piece { line, first, count: more, each: each + 1 });
    }
    if each > 0 {
        pieces.push(Piece { line, first: first + more, count: count - more, each });
    }
}

impl Plan {
    pub fn total(&self) -> i64 {
        self.pieces.iter().map(|piece| piece.each * i64::from(piece.count)).sum()
    }

    /// What each line in it gets, in the sequence of its pieces.
    pub fn by_line(&self) -> Vec<(u32, i64)> {
        let mut lines: Vec<(u32, i64)> = Vec::new();
        for piece in &self.pieces {
            let amount = piece.each * i64::from(piece.count);
            match lines.last_mut() {
                Some((line, sum)) if *line == piece.line => *sum += amount,
                _ => lines.push((piece.line, amount)),
            }
        }
        lines
    }

    /// Makes it smaller, so that each line gets no more than given; notes by what.
    pub fn shrink(&mut self, to: &[(u32, i64)], by: TrimmedBy, split: Split) {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 2);
        for (line, before) in self.by_line() {
            let after = to.iter().find(|(of, _)| *of == line).map_or(before, |(_, after)| *after);
            let own = self.pieces.iter().copied().filter(|piece| piece.line == line);
            let own: Vec<Piece> = own.collect();
            if after >= before {
                pieces.extend(own);
                continue;
            }
            self.trims.push((line, Trimmed { by, amount: Money(before - after) }));
            let mut shares: Vec<Share> = own
                .iter()
                .map(|piece| piece.each * i64::from(piece.count))
                .map(|amount| Share::new(amount, amount))
                .collect();
            allocate(after, &mut shares, split);
            for (piece, share) in own.iter().zip(shares) {
                evenly(line, piece.first, piece.count, share.part, &mut pieces);
            }
        }
        self.pieces = pieces;
    }
}

/// What an amount weighs when something is spread by what customers pay.
pub(crate) fn weight(amount: i64, fixture: &Fixture, vat: Vat) -> i64 {
    match vat {
        Vat::Included => amount,
        Vat::Added => amount + share_of(amount, fixture.vat_bps),
    }
}
