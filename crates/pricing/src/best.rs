//! The combination with which the customer pays least for the whole receipt.
//!
//! Rules that stand against no other always count. What can be chosen are nodes: a rule of a group of which
//! one counts, or on one line where the group is of lines, and a rule that names sets it stacks in; an exclusive
//! rule is an alternative to all others together. Priority decides nothing here. Two nodes that
//! cannot go together are rivals. A search in depth takes and leaves out one node after another, prices each
//! whole combination, and cuts off what cannot become better: what each node gives alone on the untouched
//! basket bounds what it gives in any combination, but for rules whose conditions get easier when prices fall,
//! of which everything they touch is the bound. It is exact unless the number of combinations priced reaches
//! its bound, which the quote tells.

use crate::effect::apply;
use crate::price::{Allowed, Settled, lost_to, run};
use crate::quote::{BestFound, Off};
use crate::ruleset::{Condition, Effect, GroupMode, GroupOf};
use crate::settings::Base;
use crate::state::State;
use crate::turn::Turn;

/// Something that can be taken or left out.
#[derive(Debug)]
struct Node {
    /// Among the candidates.
    candidate: usize,
    line: Option<usize>,
    /// What it gives at most in any combination.
    bound: i64,
}

pub(crate) fn settle(turn: &Turn<'_>, candidates: &[u32], misses_max: usize) -> Settled {
    let rules = &turn.compiled.rules;
    let exclusive = candidates.partition_point(|&rank| rules[rank as usize].source.exclusive);
    let (exclusive, others) = candidates.split_at(exclusive);
    let mut best = best_of(turn, others, misses_max);
    let mut most = worth(turn, &best.state);
    let mut winner = None;
    let mut misses = Vec::new();
    for &rank in exclusive {
        let mut state = State::of(turn.basket, &turn.fixtures);
        match apply(turn, &mut state, rank, None) {
            Err(reason) => misses.push((rank, reason)),
            Ok(_) if worth(turn, &state) <= most => {
                let other = winner.or(best.state.applied.first().copied());
                misses.push((rank, lost_to(turn, other.unwrap_or(rank))));
            }
            Ok(_) => {
                if let Some(loser) = winner.replace(rank) {
                    misses.push((loser, lost_to(turn, rank)));
                }
                most = worth(turn, &state);
                best = Settled { state, misses: Vec::new(), best: best.best };
            }
        }
    }
    match winner {
        None => misses.append(&mut best.misses),
        Some(winner) => misses.extend(others.iter().map(|&rank| (rank, lost_to(turn, winner)))),
    }
    misses.truncate(misses_max);
    Settled { misses, ..best }
}

/// The best combination of rules that are not exclusive.
fn best_of(turn: &Turn<'_>, candidates: &[u32], misses_max: usize) -> Settled {
    let fresh = || State::of(turn.basket, &turn.fixtures);
    let greedy = run(turn, candidates, fresh(), None, misses_max);
    let mut search = Search::new(turn, candidates);
    if search.nodes.is_empty() {
        return Settled { best: Some(BestFound { priced: 1, proven: true }), ..greedy };
    }
    search.best = worth(turn, &greedy.state);
    search.descend(0);
    let found = BestFound { priced: search.priced + 1, proven: !search.exhausted };
    let Some(choice) = search.found.take() else {
        return Settled { best: Some(found), ..greedy };
    };
    let mut settled = run(turn, candidates, fresh(), Some(&choice), misses_max);
    for (&rank, allowed) in candidates.iter().zip(&choice) {
        let lost = *allowed == Allowed::None && settled.misses.len() < misses_max;
        if let Some(&winner) = settled.state.applied.first().filter(|_| lost) {
            settled.misses.push((rank, lost_to(turn, winner)));
        }
    }
    settled.misses.sort_by_key(|(rank, _)| *rank);
    Settled { best: Some(found), ..settled }
}

/// What a customer is given, gifts included.
fn worth(turn: &Turn<'_>, state: &State) -> i64 {
    state.given() + gifts_given(turn, state)
}

struct Search<'a> {
    turn: &'a Turn<'a>,
    candidates: &'a [u32],
    nodes: Vec<Node>,
    /// Of each node, the nodes it cannot go together with.
    rivals: Vec<Vec<usize>>,
    /// What may be chosen without asking anybody.
    free: Vec<bool>,
    /// What free candidates give at most.
    free_bound: i64,
    taken: Vec<bool>,
    best: i64,
    found: Option<Vec<Allowed>>,
    priced: u32,
    priced_max: u32,
    exhausted: bool,
}

impl<'a> Search<'a> {
    fn new(turn: &'a Turn<'a>, candidates: &'a [u32]) -> Self {
        let mut nodes = Vec::new();
        let mut free = vec![false; candidates.len()];
        let mut free_bound = 0_i64;
        for (candidate, &rank) in candidates.iter().enumerate() {
            let bounds = bounds(turn, rank);
            if is_free(turn, rank) {
                free[candidate] = true;
                free_bound += bounds.iter().map(|(_, bound)| bound).sum::<i64>();
                continue;
            }
            let group = turn.compiled.groups[turn.compiled.rules[rank as usize].group as usize];
            if group.of == GroupOf::Line {
                let lines = bounds.into_iter().filter_map(|(line, bound)| Some((line?, bound)));
                nodes.extend(lines.map(|(line, bound)| Node {
                    candidate,
                    line: Some(line),
                    bound,
                }));
            } else {
                let bound = bounds.iter().map(|(_, bound)| bound).sum();
                nodes.push(Node { candidate, line: None, bound });
            }
        }
        nodes.sort_by_key(|node| (std::cmp::Reverse(node.bound), node.candidate, node.line));
        let rivals = |of: &Node| -> Vec<usize> {
            let of_rank = candidates[of.candidate];
            (0..nodes.len())
                .filter(|&at| {
                    let other: &Node = &nodes[at];
                    let met = of.line.is_none() || other.line.is_none() || of.line == other.line;
                    met && are_rivals(turn, of_rank, candidates[other.candidate])
                })
                .collect()
        };
        let rivals = nodes.iter().map(rivals).collect();
        let priced_max = turn.compiled.ruleset.settings.combinations_max.0;
        let taken = vec![false; nodes.len()];
        Self {
            turn,
            candidates,
            nodes,
            rivals,
            free,
            free_bound,
            taken,
            best: 0,
            found: None,
            priced: 0,
            priced_max,
            exhausted: false,
        }
    }

    fn descend(&mut self, at: usize) {
        if self.exhausted || self.bound(at) <= self.best {
            return;
        }
        if at == self.nodes.len() {
            self.price();
            return;
        }
        if !self.rivals[at].iter().any(|&rival| rival < at && self.taken[rival]) {
            self.taken[at] = true;
            self.descend(at + 1);
            self.taken[at] = false;
        }
        self.descend(at + 1);
    }

    /// What any combination below gives at most: of the nodes not decided yet, one of each set of rivals
    /// of the first of them.
    fn bound(&self, at: usize) -> i64 {
        let taken = (0..at).filter(|&node| self.taken[node]).map(|node| self.nodes[node].bound);
        let mut bound = self.free_bound.saturating_add(taken.sum());
        let mut covered = vec![false; self.nodes.len()];
        for node in at..self.nodes.len() {
            let lost = self.rivals[node].iter().any(|&rival| rival < at && self.taken[rival]);
            if covered[node] || lost {
                continue;
            }
            // Its rivals come later and give no more. Those that are rivals of each other as well cost nothing
            // beside it; to stay on the safe side only rivals of the same line or group are covered.
            for &rival in &self.rivals[node] {
                covered[rival] |= self.same_set(node, rival);
            }
            bound = bound.saturating_add(self.nodes[node].bound);
        }
        let shipping: i64 = self.turn.basket.shipping.iter().map(|of| of.price.0).sum();
        bound.min(self.turn.goods + shipping + self.gifts())
    }

    /// Gifts are given beside what goods cost.
    fn gifts(&self) -> i64 {
        let has_gift = self.candidates.iter().any(|&rank| {
            let then = &self.turn.compiled.rules[rank as usize].source.then;
            then.iter().any(|effect| matches!(effect, Effect::Gift(_)))
        });
        if has_gift { i64::MAX / 4 } else { 0 }
    }

    /// Whether all rivals of this kind are rivals of each other: of one group, and one line where it is of
    /// lines.
    fn same_set(&self, a: usize, b: usize) -> bool {
        let group = |node: &Node| {
            let rank = self.candidates[node.candidate];
            self.turn.compiled.rules[rank as usize].group
        };
        let (a, b) = (&self.nodes[a], &self.nodes[b]);
        let group_of = group(a);
        group_of == group(b)
            && a.line == b.line
            && self.turn.compiled.groups[group_of as usize].mode != GroupMode::All
    }

    fn price(&mut self) {
        if self.priced >= self.priced_max {
            self.exhausted = true;
            return;
        }
        self.priced += 1;
        let lines = self.turn.lines.len();
        let mut choice: Vec<Allowed> =
            self.free.iter().map(|&free| if free { Allowed::All } else { Allowed::None }).collect();
        for (node, _) in self.nodes.iter().zip(&self.taken).filter(|(_, taken)| **taken) {
            match (node.line, &mut choice[node.candidate]) {
                (None, allowed) => *allowed = Allowed::All,
                (Some(line), Allowed::Lines(own)) => own[line] = true,
                (Some(line), allowed) => {
                    let mut own = vec![false; lines];
                    own[line] = true;
                    *allowed = Allowed::Lines(own);
                }
            }
        }
        let fresh = State::of(self.turn.basket, &self.turn.fixtures);
        let settled = run(self.turn, self.candidates, fresh, Some(&choice), 0);
        let given = worth(self.turn, &settled.state);
        if given > self.best {
            self.best = given;
            self.found = Some(choice);
        }
    }
}

fn gifts_given(turn: &Turn<'_>, state: &State) -> i64 {
    let worth = |gift: &crate::state::GiftState| match &turn.compiled.rules[gift.rank as usize]
        .source
        .then[gift.effect as usize]
    {
        Effect::Gift(given) => given.price.0.saturating_mul(i64::from(gift.units)),
        _ => 0,
    };
    state.gifts.iter().map(worth).sum()
}

/// Whether a rule counts whatever else does.
fn is_free(turn: &Turn<'_>, rank: u32) -> bool {
    let rule = &turn.compiled.rules[rank as usize];
    rule.stacks.is_empty() && turn.compiled.groups[rule.group as usize].mode == GroupMode::All
}

fn are_rivals(turn: &Turn<'_>, a: u32, b: u32) -> bool {
    let rules = &turn.compiled.rules;
    let (one, other) = (&rules[a as usize], &rules[b as usize]);
    let mode = turn.compiled.groups[one.group as usize].mode;
    a != b && (one.conflicts(other) || (one.group == other.group && mode != GroupMode::All))
}

/// What a rule gives at most, by line where it is off lines.
fn bounds(turn: &Turn<'_>, rank: u32) -> Vec<(Option<usize>, i64)> {
    let rule = &turn.compiled.rules[rank as usize];
    let mut state = State::of(turn.basket, &turn.fixtures);
    if is_steady(turn, rank) {
        if apply(turn, &mut state, rank, None).is_err() {
            return Vec::new();
        }
        let gifts = gifts_given(turn, &state);
        let off = |draft: &crate::state::Draft| match draft.off {
            Off::Line(line) => (Some(line as usize), draft.amount),
            Off::Shipping(_) => (None, draft.amount),
        };
        let mut bounds: Vec<(Option<usize>, i64)> = state.drafts.iter().map(off).collect();
        if gifts > 0 {
            bounds.push((None, gifts));
        }
        return together(bounds);
    }
    let sight = &turn.sight;
    let meant = |at: usize| {
        rule.targets.iter().any(|of| of.on.has(&sight.lines[at], sight) || !of.buy.is_empty())
    };
    let mut bounds: Vec<(Option<usize>, i64)> = (0..turn.lines.len())
        .filter(|&at| meant(at))
        .map(|at| (Some(at), state.lines[at].remaining))
        .collect();
    bounds.push((None, turn.basket.shipping.iter().map(|of| of.price.0).sum()));
    bounds
}

fn together(mut bounds: Vec<(Option<usize>, i64)>) -> Vec<(Option<usize>, i64)> {
    bounds.sort_unstable();
    let mut sums: Vec<(Option<usize>, i64)> = Vec::with_capacity(bounds.len());
    for (line, amount) in bounds {
        match sums.last_mut() {
            Some((last, sum)) if *last == line => *sum += amount,
            _ => sums.push((line, amount)),
        }
    }
    sums
}

/// Whether a rule gives most on the untouched basket: neither its conditions nor its effects get better when
/// others take something off before.
fn is_steady(turn: &Turn<'_>, rank: u32) -> bool {
    let rule = &turn.compiled.rules[rank as usize].source;
    let settings = &turn.compiled.ruleset.settings;
    let spreads = |effect: &Effect| match effect {
        // What is spread by weights moves from line to line when weights change; of the receipt it stays.
        Effect::Tiers(tiers) => tiers.tiers.windows(2).all(|pair| {
            pair[0].discount_bps <= pair[1].discount_bps && pair[0].amount <= pair[1].amount
        }),
        Effect::BuyGet(get) => get.buy == get.get,
        Effect::Percent(percent) => {
            percent.base.unwrap_or(settings.percent_base) != Base::RemainingOfLine
        }
        _ => true,
    };
    rule.then.iter().all(spreads) && rule.when.as_ref().is_none_or(falls_only)
}

/// Whether a condition that fails on the untouched basket fails ever after.
fn falls_only(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().all(falls_only),
        Condition::Not(_) | Condition::Applied(_) => false,
        Condition::Receipt(measure) => measure.amount.max.is_none(),
        Condition::Goods(measure) => measure.amount.max.is_none(),
        _ => true,
    }
}
