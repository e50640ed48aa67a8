//! From a basket to a quote: rules at their turn, group after group, then points, then what is printed.

use crate::basket::{Basket, Facts};
use crate::best;
use crate::compile::{Compiled, CompiledGroup};
use crate::effect::{Mask, apply, counts};
use crate::finish::finish;
use crate::problem::Problem;
use crate::quote::{BestFound, MISSES_MAX, Quote};
use crate::reason::Reason;
use crate::ruleset::{GroupMode, GroupOf};
use crate::settings::{Combination, Exclusive};
use crate::state::State;
use crate::turn::Turn;

impl Compiled {
    /// Prices a basket. The same ruleset, basket and facts give the same quote for ever.
    ///
    /// # Errors
    /// Everything that is wrong with the basket and the facts, each with its place.
    pub fn price(&self, basket: &Basket, facts: &Facts) -> Result<Quote, Vec<Problem>> {
        let mut problems = basket.problems();
        problems.append(&mut facts.problems());
        if basket.currency != self.ruleset.currency {
            problems.push(Problem {
                pointer: "/currency".to_owned(),
                code: "currency",
                detail: format!(
                    "is {:?}; the rules are in {}",
                    basket.currency, self.ruleset.currency
                ),
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let turn = Turn::new(self, basket, facts);
        let candidates = self.candidates(&turn);
        Ok(finish(&turn, settle(&turn, &candidates, MISSES_MAX)))
    }

    /// Why a rule gave nothing for a basket, by pricing it again; [`Reason::Applied`] where it did.
    ///
    /// # Errors
    /// As [`Compiled::price`].
    pub fn explain(
        &self,
        rule: &str,
        basket: &Basket,
        facts: &Facts,
    ) -> Result<Reason, Vec<Problem>> {
        self.price(basket, facts)?;
        let Some(rank) = self.rank_of(rule) else { return Ok(Reason::UnknownRule) };
        let turn = Turn::new(self, basket, facts);
        Ok(why_nothing(&turn, rank).unwrap_or(Reason::Applied))
    }
}

/// Why a rule gave nothing, found by pricing once more with it among those that are looked at.
pub(crate) fn why_nothing(turn: &Turn<'_>, rank: u32) -> Option<Reason> {
    let mut candidates = turn.compiled.candidates(turn);
    if let Err(place) = candidates.binary_search(&rank) {
        candidates.insert(place, rank);
    }
    let settled = settle(turn, &candidates, usize::MAX);
    settled.misses.into_iter().find(|(missed, _)| *missed == rank).map(|(_, reason)| reason)
}

/// A basket when all rules have had their turn.
#[derive(Debug)]
pub(crate) struct Settled {
    pub state: State,
    /// Rules that concern the basket and gave nothing, by their rank.
    pub misses: Vec<(u32, Reason)>,
    pub best: Option<BestFound>,
}

/// What a rule may touch in one way of combining rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    All,
    None,
    /// These lines.
    Lines(Vec<bool>),
}

/// One way of combining rules: for each candidate what it may touch; nothing where groups and sets decide
/// at their turn.
pub(crate) type Choice<'a> = Option<&'a [Allowed]>;

fn settle(turn: &Turn<'_>, candidates: &[u32], misses_max: usize) -> Settled {
    let settings = &turn.compiled.ruleset.settings;
    if settings.combination == Combination::BestReceipt {
        return best::settle(turn, candidates, misses_max);
    }
    combine(turn, candidates, misses_max)
}

/// Rules at their turn: exclusive ones first.
fn combine(turn: &Turn<'_>, candidates: &[u32], misses_max: usize) -> Settled {
    let rules = &turn.compiled.rules;
    let exclusive = candidates.partition_point(|&rank| rules[rank as usize].source.exclusive);
    let (exclusive, others) = candidates.split_at(exclusive);
    let fresh = State::of(turn.basket, &turn.fixtures);
    if exclusive.is_empty() {
        return run(turn, others, fresh, None, misses_max);
    }
    let by_best = turn.compiled.ruleset.settings.exclusive == Exclusive::Best;
    let mut misses = Vec::new();
    let mut alone: Option<(u32, State, i64)> = None;
    for &rank in exclusive {
        if let Some((winner, ..)) = &alone
            && !by_best
        {
            misses.push((rank, lost_to(turn, *winner)));
            continue;
        }
        let mut state = fresh.clone();
        match apply(turn, &mut state, rank, None) {
            Ok(given) => match &alone {
                Some((winner, _, most)) if *most >= given => {
                    misses.push((rank, lost_to(turn, *winner)));
                }
                _ => {
                    if let Some((loser, ..)) = alone.replace((rank, state, given)) {
                        misses.push((loser, lost_to(turn, rank)));
                    }
                }
            },
            Err(reason) => misses.push((rank, reason)),
        }
    }
    let Some((winner, state, given)) = alone else {
        let mut settled = run(turn, others, fresh, None, misses_max);
        misses.append(&mut settled.misses);
        return Settled { misses, ..settled };
    };
    if by_best {
        let mut settled = run(turn, others, fresh, None, misses_max);
        if best::worth(turn, &settled.state) > given {
            let first = settled.state.applied.first().copied().unwrap_or(winner);
            misses.push((winner, lost_to(turn, first)));
            misses.append(&mut settled.misses);
            return Settled { misses, ..settled };
        }
    }
    misses.extend(others.iter().map(|&rank| (rank, lost_to(turn, winner))));
    Settled { state, misses, best: None }
}

pub(crate) fn lost_to(turn: &Turn<'_>, winner: u32) -> Reason {
    Reason::LostTo { rule: turn.compiled.rules[winner as usize].source.id.clone() }
}

/// Groups of rules at their turn.
pub(crate) fn run(
    turn: &Turn<'_>,
    candidates: &[u32],
    fresh: State,
    choice: Choice<'_>,
    misses_max: usize,
) -> Settled {
    let rules = &turn.compiled.rules;
    let mut round = Round { turn, state: fresh, misses: Vec::new(), misses_max };
    let mut at = 0;
    while at < candidates.len() {
        let group = rules[candidates[at] as usize].group;
        let end = candidates[at..]
            .iter()
            .position(|&rank| rules[rank as usize].group != group)
            .map_or(candidates.len(), |more| at + more);
        let CompiledGroup { mode, of } = turn.compiled.groups[group as usize];
        let own = &candidates[at..end];
        match (choice, mode, of) {
            (Some(choice), ..) => round.chosen(own, &choice[at..end]),
            (None, GroupMode::All, _) => round.all(own),
            (None, GroupMode::First, GroupOf::Receipt) => round.first_of_receipt(own),
            (None, GroupMode::Best, GroupOf::Receipt) => round.best_of_receipt(own),
            (None, GroupMode::First, GroupOf::Line) => round.first_of_line(own),
            (None, GroupMode::Best, GroupOf::Line) => round.best_of_line(own),
        }
        at = end;
    }
    Settled { state: round.state, misses: round.misses, best: None }
}

struct Round<'a> {
    turn: &'a Turn<'a>,
    state: State,
    misses: Vec<(u32, Reason)>,
    misses_max: usize,
}

impl Round<'_> {
    fn miss(&mut self, rank: u32, reason: Reason) {
        // Why a coupon gave nothing is told whatever else is.
        let of_coupon = !self.turn.compiled.rules[rank as usize].series.is_empty();
        if self.misses.len() < self.misses_max || (of_coupon && self.misses_max > 0) {
            self.misses.push((rank, reason));
        }
    }

    /// A rule that was applied before and cannot go together with this one.
    fn rival(&self, rank: u32) -> Option<u32> {
        let rules = &self.turn.compiled.rules;
        let rule = &rules[rank as usize];
        if rule.stacks.is_empty() {
            return None;
        }
        let applied = self.state.applied.iter().copied();
        applied.into_iter().find(|&other| rule.conflicts(&rules[other as usize]))
    }

    /// Whether a rule that was applied before keeps this one out; notes it, or what keeps it out anyway.
    fn has_lost(&mut self, rank: u32) -> bool {
        let rival = self.rival(rank);
        if let Some(rival) = rival
            && self.misses_max > 0
        {
            let why = counts(self.turn, &self.state, rank).err();
            self.miss(rank, why.unwrap_or_else(|| lost_to(self.turn, rival)));
        }
        rival.is_some()
    }

    /// Whether a rule counts before anybody looks at what it gives; notes why not.
    fn counts(&mut self, rank: u32) -> bool {
        let counts = counts(self.turn, &self.state, rank);
        counts.map_err(|why| self.miss(rank, why)).is_ok()
    }

    /// Lets a rule give, unless another stands against it.
    fn give(&mut self, rank: u32, mask: Mask<'_>) -> bool {
        if self.has_lost(rank) {
            return false;
        }
        match apply(self.turn, &mut self.state, rank, mask) {
            Ok(_) => true,
            Err(reason) => {
                self.miss(rank, reason);
                false
            }
        }
    }

    fn all(&mut self, ranks: &[u32]) {
        for &rank in ranks {
            self.give(rank, None);
        }
    }

    fn chosen(&mut self, ranks: &[u32], choice: &[Allowed]) {
        for (&rank, allowed) in ranks.iter().zip(choice) {
            match allowed {
                Allowed::All => {
                    self.give(rank, None);
                }
                Allowed::Lines(lines) => {
                    self.give(rank, Some(lines));
                }
                Allowed::None => {}
            }
        }
    }

    fn first_of_receipt(&mut self, ranks: &[u32]) {
        let mut winner = None;
        for &rank in ranks {
            match winner {
                Some(winner) => self.miss(rank, lost_to(self.turn, winner)),
                None if self.give(rank, None) => winner = Some(rank),
                None => {}
            }
        }
    }

    fn best_of_receipt(&mut self, ranks: &[u32]) {
        let mut best: Option<(u32, State, i64)> = None;
        for &rank in ranks {
            if self.has_lost(rank) || !self.counts(rank) {
                continue;
            }
            let mut state = self.state.clone();
            match apply(self.turn, &mut state, rank, None) {
                Ok(given) => match &best {
                    Some((winner, _, most)) if *most >= given => {
                        let winner = *winner;
                        self.miss(rank, lost_to(self.turn, winner));
                    }
                    _ => {
                        if let Some((loser, ..)) = best.replace((rank, state, given)) {
                            self.miss(loser, lost_to(self.turn, rank));
                        }
                    }
                },
                Err(reason) => self.miss(rank, reason),
            }
        }
        if let Some((_, state, _)) = best {
            self.state = state;
        }
    }

    fn first_of_line(&mut self, ranks: &[u32]) {
        let mut free = vec![true; self.state.lines.len()];
        let mut winner_of: Vec<Option<u32>> = vec![None; free.len()];
        for &rank in ranks {
            let before = self.state.drafts.len();
            if !self.give(rank, Some(&free)) {
                self.explain_lost(rank, &winner_of);
                continue;
            }
            for draft in &self.state.drafts[before..] {
                if let crate::quote::Off::Line(line) = draft.off {
                    free[line as usize] = false;
                    winner_of[line as usize] = Some(rank);
                }
            }
        }
    }

    /// A rule that found no line free has lost to the one that took the first of its lines.
    fn explain_lost(&mut self, rank: u32, winner_of: &[Option<u32>]) {
        let compiled = self.turn.compiled;
        let Some((missed, reason)) = self.misses.last_mut() else { return };
        if *missed != rank || *reason != Reason::NoGoods {
            return;
        }
        let sight = &self.turn.sight;
        let targets = &compiled.rules[rank as usize].targets;
        let meant = |line: usize| targets.iter().any(|of| of.on.has(&sight.lines[line], sight));
        let winner =
            (0..winner_of.len()).filter(|&line| meant(line)).find_map(|line| winner_of[line]);
        if let Some(winner) = winner {
            *reason = lost_to(self.turn, winner);
        }
    }

    fn best_of_line(&mut self, ranks: &[u32]) {
        let lines = self.state.lines.len();
        let mut best: Vec<Option<(u32, i64)>> = vec![None; lines];
        let mut able = Vec::with_capacity(ranks.len());
        for &rank in ranks {
            if self.has_lost(rank) || !self.counts(rank) {
                continue;
            }
            let mut state = self.state.clone();
            let before = state.drafts.len();
            match apply(self.turn, &mut state, rank, None) {
                Ok(_) => {}
                Err(reason) => {
                    self.miss(rank, reason);
                    continue;
                }
            }
            let given = by_line(&state, before);
            able.push((rank, given.first().map(|(line, _)| *line)));
            for (line, amount) in given {
                let most = &mut best[line];
                if most.is_none_or(|(_, most)| most < amount) {
                    *most = Some((rank, amount));
                }
            }
        }
        for &(rank, first) in &able {
            let own: Vec<bool> =
                best.iter().map(|most| most.is_some_and(|(winner, _)| winner == rank)).collect();
            if own.contains(&true) {
                self.give(rank, Some(&own));
            } else {
                let winner = first.and_then(|line| best[line]).map(|(winner, _)| winner);
                let reason = winner.map_or(Reason::NoGoods, |winner| lost_to(self.turn, winner));
                self.miss(rank, reason);
            }
        }
    }
}

/// What lines were given since.
fn by_line(state: &State, before: usize) -> Vec<(usize, i64)> {
    let mut lines: Vec<(usize, i64)> = Vec::new();
    for draft in &state.drafts[before..] {
        if let crate::quote::Off::Line(line) = draft.off {
            let line = line as usize;
            match lines.iter_mut().find(|(of, _)| *of == line) {
                Some((_, sum)) => *sum += draft.amount,
                None => lines.push((line, draft.amount)),
            }
        }
    }
    lines
}
