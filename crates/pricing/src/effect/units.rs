//! Effects that choose among units: buy and get, the cheapest, bundles. A unit counts once.

use retail::Money;

use super::Giving;
use crate::allocate::{Share, allocate, share_of};
use crate::compile::Targets;
use crate::reason::{Compared, Reason, What};
use crate::ruleset::{Bundle, BuyGet, Cheapest};
use crate::settings::{Free, Incomplete, Place, Repeat};
use crate::state::{Piece, Plan, State, evenly};

/// What is given for how many units.
pub(super) struct Given {
    buy_units: u32,
    get_units: u32,
    discount_bps: i64,
    /// In place of a share.
    amount: Option<i64>,
    free: Option<Free>,
    repeat: Option<Repeat>,
    units_max: Option<u32>,
    /// Whether what is bought and what is given are the same goods.
    same: bool,
}

impl Given {
    pub fn of(get: &BuyGet) -> Self {
        Self {
            buy_units: get.buy_units,
            get_units: get.get_units,
            discount_bps: get.discount_bps,
            amount: None,
            free: get.free,
            repeat: get.repeat,
            units_max: get.units_max,
            same: get.buy == get.get,
        }
    }

    pub fn cheapest(cheapest: &Cheapest) -> Self {
        let alone = cheapest.of_units <= 1;
        Self {
            buy_units: cheapest.of_units.saturating_sub(1),
            get_units: 1,
            discount_bps: cheapest.discount_bps,
            amount: cheapest.amount.map(|amount| amount.0),
            free: Some(Free::Cheapest),
            repeat: if alone { Some(Repeat::Once) } else { cheapest.repeat },
            units_max: None,
            same: true,
        }
    }
}

/// Equal units that were neither bought for something nor given yet.
#[derive(Clone, Copy, Debug)]
struct Pile {
    line: u32,
    first: u32,
    count: u32,
    now: i64,
    buy: bool,
    get: bool,
}

impl Giving<'_> {
    pub(super) fn buy_get(
        &self,
        state: &mut State,
        number: u32,
        targets: &Targets,
        given: &Given,
    ) -> Result<i64, Reason> {
        let settings = &self.turn.compiled.ruleset.settings;
        let mut piles = self.piles(state, targets, given);
        let (buys, gets) = self.counts(&piles, targets, given)?;
        // What can only be bought goes first, so that what can be given stays; dearest first.
        piles.sort_by_key(|pile| (pile.get, std::cmp::Reverse(pile.now)));
        let mut used = Vec::new();
        take(&mut piles, buys, |pile| pile.buy, |pile, count| used.push((pile, count)));
        match given.free.unwrap_or(settings.free) {
            Free::Cheapest => piles.sort_by_key(|pile| pile.now),
            Free::Dearest => piles.sort_by_key(|pile| std::cmp::Reverse(pile.now)),
        }
        let mut free = Vec::new();
        take(&mut piles, gets, |pile| pile.get, |pile, count| free.push((pile, count)));
        let mut plan = Plan { rounding: Place::Unit, ..Plan::default() };
        free.sort_by_key(|(pile, _)| (pile.line, pile.first));
        for (pile, count) in &free {
            let floor = self.turn.fixtures[pile.line as usize].floor;
            let share = || share_of(pile.now, given.discount_bps);
            let wanted = given.amount.map_or_else(share, |amount| amount.min(pile.now));
            let each = wanted.min((pile.now - floor).max(0));
            plan.wanted += wanted * i64::from(*count);
            add_base(&mut plan, pile.line, pile.now * i64::from(*count));
            super::note_floor(self.turn, &mut plan, pile.line, (wanted - each) * i64::from(*count));
            let (line, first, count) = (pile.line, pile.first, *count);
            plan.pieces.push(Piece { line, first, count, each });
        }
        let amount = self.commit(state, number, plan)?;
        for (pile, count) in used.into_iter().chain(free) {
            state.lines[pile.line as usize].use_up(pile.first, count);
        }
        Ok(amount)
    }

    /// Units that may be bought or given.
    fn piles(&self, state: &State, targets: &Targets, given: &Given) -> Vec<Pile> {
        let sight = &self.turn.sight;
        let mut piles = Vec::new();
        for (at, own) in state.lines.iter().enumerate() {
            if self.mask.is_some_and(|mask| !mask[at]) {
                continue;
            }
            let seen = &sight.lines[at];
            let gets = targets.on.has(seen, sight);
            let buys = match targets.buy.first() {
                Some(buy) if !given.same => buy.has(seen, sight),
                _ => gets,
            };
            let get = gets && self.turn.fixtures[at].discount;
            // Where the same goods are bought and given, those that cannot be given buy nothing either; where
            // others are given, those that the law lets nothing be given for.
            let buy = buys && if given.same { get } else { self.turn.fixtures[at].gift };
            if !buy && !get {
                continue;
            }
            let mut first = 0;
            for run in &own.runs {
                if !run.used {
                    let (line, count, now) = (at as u32, run.count, run.now);
                    piles.push(Pile { line, first, count, now, buy, get });
                }
                first += run.count;
            }
        }
        piles
    }

    /// How many units are bought, and how many given.
    fn counts(
        &self,
        piles: &[Pile],
        targets: &Targets,
        given: &Given,
    ) -> Result<(u64, u64), Reason> {
        let sum = |of: fn(&Pile) -> bool| -> u64 {
            piles.iter().filter(|pile| of(pile)).map(|pile| u64::from(pile.count)).sum()
        };
        let only_buy = sum(|pile| pile.buy && !pile.get);
        let only_get = sum(|pile| !pile.buy && pile.get);
        let both = sum(|pile| pile.buy && pile.get);
        let fits = |buys: u64, gets: u64| {
            buys.saturating_sub(only_buy) + gets.saturating_sub(only_get) <= both
        };
        let (buy, get) = (u64::from(given.buy_units), u64::from(given.get_units.max(1)));
        let settings = &self.turn.compiled.ruleset.settings;
        let once = given.repeat.unwrap_or(settings.repeat) == Repeat::Once;
        let most = given.units_max.map_or(u64::MAX, u64::from);
        let mut blocks = (only_buy + only_get + both) / (buy + get);
        if once {
            blocks = blocks.min(1);
        }
        blocks = blocks.min(most.div_ceil(get));
        // The largest number of blocks that fits: what fits stays so with fewer.
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if fits(middle * buy, middle * get) { low = middle } else { high = middle - 1 }
        }
        let (mut buys, mut gets) = (low * buy, low * get);
        let may_go_on = (low == 0 || !once) && gets < most;
        if settings.incomplete == Incomplete::Part
            && may_go_on
            && let Some(part) = (1..get).rev().find(|part| fits(buys + buy, gets + part))
        {
            buys += buy;
            gets += part;
        }
        gets = gets.min(most);
        if gets > 0 {
            return Ok((buys, gets));
        }
        let too_little = |of: &str, required: u64, actual: u64| {
            Err(Reason::TooLittle(Compared {
                what: What::Units,
                of: of.to_owned(),
                required: required as i64,
                actual: actual as i64,
            }))
        };
        let bought = only_buy + both;
        match targets.buy.first() {
            Some(of) if !given.same && bought < buy => too_little(&of.label, buy, bought),
            Some(_) if !given.same => too_little(&targets.on.label, get, only_get + both),
            _ => too_little(&targets.on.label, buy + get, both),
        }
    }

    pub(super) fn bundle(
        &self,
        state: &mut State,
        number: u32,
        targets: &Targets,
        bundle: &Bundle,
    ) -> Result<i64, Reason> {
        let settings = &self.turn.compiled.ruleset.settings;
        let once = bundle.repeat.unwrap_or(settings.repeat) == Repeat::Once;
        let mut piles = self.bundle_piles(state);
        let mut plan = Plan { rounding: Place::Receipt, ..Plan::default() };
        let mut used: Vec<(Pile, u32)> = Vec::new();
        loop {
            let parts: Vec<usize> = (0..bundle.parts.len()).collect();
            let written = self.one_bundle(&piles, targets, bundle, &parts);
            // Where parts overlap, one may have taken what only another can use.
            let picked = written.or_else(|reason| {
                let parts = self.rarest_first(&piles, targets);
                self.one_bundle(&piles, targets, bundle, &parts).map_err(|_| reason)
            });
            let picked = match picked {
                Ok(picked) => picked,
                Err(reason) if used.is_empty() => return Err(reason),
                Err(_) => break,
            };
            let cost: i64 = picked.iter().map(|&(at, n)| piles[at].now * i64::from(n)).sum();
            let off = cost - bundle.price.0;
            if off <= 0 {
                if used.is_empty() {
                    return Err(Reason::NothingLeft { wanted: Money(0) });
                }
                break;
            }
            let same = |&(at, n): &(usize, u32)| piles[at].count / n;
            let times = if once { 1 } else { picked.iter().map(same).min().unwrap_or(1) };
            self.plan_bundles(&piles, &picked, times, off, &mut plan);
            for (at, n) in picked {
                used.push((piles[at], n * times));
                piles[at].first += n * times;
                piles[at].count -= n * times;
            }
            if once {
                break;
            }
        }
        plan.pieces.sort_by_key(|piece| (piece.line, piece.first));
        let amount = self.commit(state, number, plan)?;
        for (pile, count) in used {
            state.lines[pile.line as usize].use_up(pile.first, count);
        }
        Ok(amount)
    }

    /// Units that may belong to a bundle, dearest first.
    fn bundle_piles(&self, state: &State) -> Vec<Pile> {
        let mut piles = Vec::new();
        for (at, own) in state.lines.iter().enumerate() {
            let may = self.turn.fixtures[at].discount && self.mask.is_none_or(|mask| mask[at]);
            let mut first = 0;
            for run in &own.runs {
                if may && !run.used {
                    let (line, count, now) = (at as u32, run.count, run.now);
                    piles.push(Pile { line, first, count, now, buy: false, get: true });
                }
                first += run.count;
            }
        }
        piles.sort_by_key(|pile| std::cmp::Reverse(pile.now));
        piles
    }

    /// Parts of a bundle, those that fewest units fit first.
    fn rarest_first(&self, piles: &[Pile], targets: &Targets) -> Vec<usize> {
        let sight = &self.turn.sight;
        let fits = |part: &usize| -> u64 {
            let meant = &targets.buy[*part];
            let own =
                piles.iter().filter(|pile| meant.has(&sight.lines[pile.line as usize], sight));
            own.map(|pile| u64::from(pile.count)).sum()
        };
        let mut parts: Vec<usize> = (0..targets.buy.len()).collect();
        parts.sort_by_key(fits);
        parts
    }

    /// Units of one bundle, its parts filled in this sequence: of each pile, how many.
    fn one_bundle(
        &self,
        piles: &[Pile],
        targets: &Targets,
        bundle: &Bundle,
        parts: &[usize],
    ) -> Result<Vec<(usize, u32)>, Reason> {
        let sight = &self.turn.sight;
        let mut picked: Vec<(usize, u32)> = Vec::new();
        for &part in parts {
            let (part, meant) = (&bundle.parts[part], &targets.buy[part]);
            let mut needed = part.units;
            for (at, pile) in piles.iter().enumerate() {
                if needed == 0 || !meant.has(&sight.lines[pile.line as usize], sight) {
                    continue;
                }
                let before = picked.iter().position(|&(of, _)| of == at);
                let there = pile.count - before.map_or(0, |of| picked[of].1);
                let count = there.min(needed);
                if count > 0 {
                    match before {
                        Some(of) => picked[of].1 += count,
                        None => picked.push((at, count)),
                    }
                    needed -= count;
                }
            }
            if needed > 0 {
                return Err(Reason::TooLittle(Compared {
                    what: What::Units,
                    of: meant.label.to_string(),
                    required: i64::from(part.units),
                    actual: i64::from(part.units - needed),
                }));
            }
        }
        Ok(picked)
    }

    /// So many equal bundles, each cheaper by so much.
    fn plan_bundles(
        &self,
        piles: &[Pile],
        picked: &[(usize, u32)],
        times: u32,
        off: i64,
        plan: &mut Plan,
    ) {
        let mut shares = Vec::with_capacity(picked.len());
        for &(at, n) in picked {
            let (pile, number) = (&piles[at], i64::from(n * times));
            let floor = self.turn.fixtures[pile.line as usize].floor;
            add_base(plan, pile.line, pile.now * number);
            shares.push(Share::new(pile.now * number, (pile.now - floor).max(0) * number));
        }
        let wanted = off * i64::from(times);
        let given = allocate(wanted, &mut shares, self.turn.split());
        plan.wanted += wanted;
        for (&(at, n), share) in picked.iter().zip(&shares) {
            evenly(piles[at].line, piles[at].first, n * times, share.part, &mut plan.pieces);
        }
        if let Some(&(at, _)) = picked.first() {
            super::note_floor(self.turn, plan, piles[at].line, wanted - given);
        }
    }
}

fn add_base(plan: &mut Plan, line: u32, amount: i64) {
    match plan.bases.iter_mut().find(|(of, _)| *of == line) {
        Some((_, base)) => *base += amount,
        None => plan.bases.push((line, amount)),
    }
}

/// Takes so many units from piles that may give them.
fn take(
    piles: &mut [Pile],
    units: u64,
    may: impl Fn(&Pile) -> bool,
    mut taken: impl FnMut(Pile, u32),
) {
    let mut left = units;
    for pile in piles.iter_mut().filter(|pile| may(pile)) {
        let count = u64::from(pile.count).min(left) as u32;
        if count > 0 {
            taken(*pile, count);
            pile.first += count;
            pile.count -= count;
            left -= u64::from(count);
        }
    }
}
