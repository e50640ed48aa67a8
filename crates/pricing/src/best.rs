//! The combination with which the customer pays least for the whole receipt.
//!
//! Rules that stand against no other always count. What can be chosen are nodes: a rule of a group of which
//! one counts, or on one line where the group is of lines, and a rule that names sets it stacks in; an exclusive
//! rule is an alternative to all others together. Priority decides nothing here. Two nodes that
//! cannot go together are rivals. A search in depth takes and leaves out one node after another, prices each
//! whole combination, and cuts off what cannot become better: what each node gives alone on the untouched
//! basket bounds what it gives in any combination, but for rules whose conditions get easier when prices fall,
//! of which everything they touch is the bound. It is exact unless the number of combinations priced, or the
//! work of looking for them, reaches its bound, which the quote tells.

use rustc_hash::FxHashSet;

use crate::basket::AMOUNT_MAX;
use crate::compile::Targets;
use crate::effect::{apply, counts};
use crate::price::{Allowed, Settled, lost_to, run};
use crate::quote::{BestFound, Off};
use crate::reason::Reason;
use crate::ruleset::{Condition, Effect, GroupMode, GroupOf, Limits};
use crate::settings::Base;
use crate::state::State;
use crate::turn::Turn;

/// Nodes that are searched at most: with more of them rules have their turn in sequence.
const NODES_MAX: usize = 1_000;
/// Looks at nodes that are worth the pricing of one combination.
const LOOKS_A_COMBINATION: u64 = 10_000;

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
            Ok(_) => {
                let other = winner.or(best.state.applied.first().copied());
                if let Some(other) = other.filter(|_| worth(turn, &state) <= most) {
                    misses.push((rank, lost_to(turn, other)));
                    continue;
                }
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
        let of_coupon = !turn.compiled.rules[rank as usize].series.is_empty();
        if *allowed == Allowed::None && (of_coupon || settled.misses.len() < misses_max) {
            let why = why_left_out(turn, &settled.state, rank);
            settled.misses.extend(why.map(|why| (rank, why)));
        }
    }
    settled.misses.sort_by_key(|(rank, _)| *rank);
    Settled { best: Some(found), ..settled }
}

/// Why a rule is not in the best combination: it would not count anyway, or another one was taken.
fn why_left_out(turn: &Turn<'_>, state: &State, rank: u32) -> Option<Reason> {
    if let Err(why) = counts(turn, state, rank) {
        return Some(why);
    }
    let mut applied = state.applied.iter().copied();
    let rival = applied.clone().find(|&other| are_rivals(turn, rank, other));
    rival.or_else(|| applied.next()).map(|winner| lost_to(turn, winner))
}

/// What a customer is given, gifts included.
pub(crate) fn worth(turn: &Turn<'_>, state: &State) -> i64 {
    state.given() + gifts_given(turn, state)
}

struct Search<'a> {
    turn: &'a Turn<'a>,
    candidates: &'a [u32],
    nodes: Vec<Node>,
    /// Of each node, the nodes it cannot go together with.
    rivals: Vec<Vec<usize>>,
    /// Of these, those that cannot go together with each other either.
    covers: Vec<Vec<usize>>,
    /// Of each node, how many of its rivals are taken.
    lost: Vec<u32>,
    /// What there is to give.
    most: i64,
    /// What counts in every combination.
    free: Vec<Allowed>,
    /// What that gives at most.
    free_bound: i64,
    taken: Vec<bool>,
    best: i64,
    found: Option<Vec<Allowed>>,
    priced: u32,
    priced_max: u32,
    /// Looks at nodes that may still be had.
    looks: u64,
    exhausted: bool,
}

impl<'a> Search<'a> {
    fn new(turn: &'a Turn<'a>, candidates: &'a [u32]) -> Self {
        let mut nodes = Vec::new();
        let mut free = vec![Allowed::None; candidates.len()];
        let mut free_bound = 0_i64;
        for (candidate, &rank) in candidates.iter().enumerate() {
            let Some(bounds) = bounds(turn, rank) else {
                // It gives nothing in any combination, and tells why at its turn.
                free[candidate] = Allowed::All;
                continue;
            };
            if group_of(turn, rank) == GroupOf::Line {
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
        let against = against(turn, candidates);
        let all: FxHashSet<(usize, Option<usize>)> =
            nodes.iter().map(|node| (node.candidate, node.line)).collect();
        let has_node: FxHashSet<usize> = nodes.iter().map(|node| node.candidate).collect();
        nodes.retain(|node| {
            let meets = |other: &usize| match node.line {
                None => has_node.contains(other),
                Some(_) => all.contains(&(*other, node.line)) || all.contains(&(*other, None)),
            };
            let stays = against[node.candidate].iter().any(meets);
            if !stays {
                allow(&mut free[node.candidate], node.line, turn.lines.len());
                free_bound = free_bound.saturating_add(node.bound);
            }
            stays
        });
        nodes.sort_by_key(|node| (std::cmp::Reverse(node.bound), node.candidate, node.line));
        let exhausted = nodes.len() > NODES_MAX;
        let rivals = if exhausted { Vec::new() } else { rivals(&nodes, &against) };
        let same_set = |a: usize, b: usize| same_set(turn, candidates, &nodes[a], &nodes[b]);
        let cover = |(at, of): (usize, &Vec<usize>)| {
            of.iter().copied().filter(|&rival| same_set(at, rival)).collect()
        };
        let covers = rivals.iter().enumerate().map(cover).collect();
        let shipping: i64 = turn.basket.shipping.iter().map(|of| of.price.0).sum();
        let priced_max = turn.compiled.ruleset.settings.combinations_max.0;
        let taken = vec![false; nodes.len()];
        Self {
            turn,
            candidates,
            lost: vec![0; nodes.len()],
            most: turn.goods.saturating_add(shipping).saturating_add(gifts(turn, candidates)),
            nodes,
            rivals,
            covers,
            free,
            free_bound,
            taken,
            best: 0,
            found: None,
            priced: 0,
            priced_max,
            looks: u64::from(priced_max) * LOOKS_A_COMBINATION,
            exhausted,
        }
    }

    fn descend(&mut self, at: usize) {
        if self.exhausted || self.bound(at) <= self.best {
            return;
        }
        let looks = (self.nodes.len() + 1) as u64;
        self.exhausted = self.looks < looks;
        self.looks = self.looks.saturating_sub(looks);
        if at == self.nodes.len() {
            self.price();
            return;
        }
        if self.lost[at] == 0 {
            self.take(at, true);
            self.descend(at + 1);
            self.take(at, false);
        }
        self.descend(at + 1);
    }

    fn take(&mut self, at: usize, taken: bool) {
        self.taken[at] = taken;
        for &rival in &self.rivals[at] {
            let lost = &mut self.lost[rival];
            *lost = if taken { *lost + 1 } else { *lost - 1 };
        }
    }

    /// What any combination below gives at most: of the nodes not decided yet, one of each set of rivals
    /// of the first of them.
    fn bound(&self, at: usize) -> i64 {
        let taken = (0..at).filter(|&node| self.taken[node]).map(|node| self.nodes[node].bound);
        let mut bound = taken.fold(self.free_bound, i64::saturating_add);
        let mut covered = vec![false; self.nodes.len()];
        for node in at..self.nodes.len() {
            if covered[node] || self.lost[node] > 0 {
                continue;
            }
            // Its rivals come later and give no more. Those that are rivals of each other as well cost nothing
            // beside it; to stay on the safe side only rivals of the same line or group are covered.
            for &rival in &self.covers[node] {
                covered[rival] = true;
            }
            bound = bound.saturating_add(self.nodes[node].bound);
        }
        bound.min(self.most)
    }

    fn price(&mut self) {
        if self.priced >= self.priced_max {
            self.exhausted = true;
            return;
        }
        self.priced += 1;
        let lines = self.turn.lines.len();
        let mut choice = self.free.clone();
        for (node, _) in self.nodes.iter().zip(&self.taken).filter(|(_, taken)| **taken) {
            allow(&mut choice[node.candidate], node.line, lines);
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

/// Gifts are given beside what goods cost.
fn gifts(turn: &Turn<'_>, candidates: &[u32]) -> i64 {
    candidates.iter().map(|&rank| gifts_at_most(turn, rank)).fold(0, i64::saturating_add)
}

/// What gifts of a rule are worth, whatever its limits.
fn gifts_at_most(turn: &Turn<'_>, rank: u32) -> i64 {
    let rule = &turn.compiled.rules[rank as usize];
    let worth = |(effect, targets): (&Effect, &Targets)| match effect {
        Effect::Gift(gift) => {
            let units = crate::effect::gift_units(turn, targets, gift, None).unwrap_or(0);
            gift.price.0.saturating_mul(units).min(AMOUNT_MAX)
        }
        _ => 0,
    };
    rule.source.then.iter().zip(&rule.targets).map(worth).fold(0, i64::saturating_add)
}

/// Whether two nodes that cannot go together are of one group, and one line where it is of lines: all of
/// these are rivals of each other.
fn same_set(turn: &Turn<'_>, candidates: &[u32], a: &Node, b: &Node) -> bool {
    let group = |node: &Node| turn.compiled.rules[candidates[node.candidate] as usize].group;
    group(a) == group(b)
        && a.line == b.line
        && turn.compiled.groups[group(a) as usize].mode != GroupMode::All
}

/// Lets a rule touch one line more, or everything.
fn allow(allowed: &mut Allowed, line: Option<usize>, lines: usize) {
    match (line, &mut *allowed) {
        (None, _) => *allowed = Allowed::All,
        (Some(line), Allowed::Lines(own)) => own[line] = true,
        (Some(line), _) => {
            let mut own = vec![false; lines];
            own[line] = true;
            *allowed = Allowed::Lines(own);
        }
    }
}

/// Of each candidate, those it cannot go together with.
fn against(turn: &Turn<'_>, candidates: &[u32]) -> Vec<Vec<usize>> {
    let stands_alone = |rank: u32| is_free(turn, rank);
    let others: Vec<usize> =
        (0..candidates.len()).filter(|&at| !stands_alone(candidates[at])).collect();
    let mut against = vec![Vec::new(); candidates.len()];
    for &one in &others {
        let rivals = others.iter().copied();
        against[one] =
            rivals.filter(|&other| are_rivals(turn, candidates[one], candidates[other])).collect();
    }
    against
}

/// Of each node, the nodes it cannot go together with.
fn rivals(nodes: &[Node], against: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let of = |node: &Node| {
        let met = |other: &Node| {
            let same = node.line.is_none() || other.line.is_none() || node.line == other.line;
            same && against[node.candidate].binary_search(&other.candidate).is_ok()
        };
        (0..nodes.len()).filter(|&at| met(&nodes[at])).collect()
    };
    nodes.iter().map(of).collect()
}

/// Whether a rule can stand against no other.
fn is_free(turn: &Turn<'_>, rank: u32) -> bool {
    let rule = &turn.compiled.rules[rank as usize];
    rule.stacks.is_empty() && turn.compiled.groups[rule.group as usize].mode == GroupMode::All
}

fn group_of(turn: &Turn<'_>, rank: u32) -> GroupOf {
    turn.compiled.groups[turn.compiled.rules[rank as usize].group as usize].of
}

fn are_rivals(turn: &Turn<'_>, a: u32, b: u32) -> bool {
    let rules = &turn.compiled.rules;
    let (one, other) = (&rules[a as usize], &rules[b as usize]);
    let mode = turn.compiled.groups[one.group as usize].mode;
    a != b && (one.conflicts(other) || (one.group == other.group && mode != GroupMode::All))
}

/// What a rule gives at most, by line where it is off lines; nothing where it never gives anything.
fn bounds(turn: &Turn<'_>, rank: u32) -> Option<Vec<(Option<usize>, i64)>> {
    let rule = &turn.compiled.rules[rank as usize];
    let mut state = State::of(turn.basket, &turn.fixtures);
    if is_steady(turn, rank) {
        apply(turn, &mut state, rank, None).ok()?;
        let off = |draft: &crate::state::Draft| match draft.off {
            Off::Line(line) => (Some(line as usize), draft.amount),
            Off::Shipping(_) => (None, draft.amount),
        };
        let mut bounds: Vec<(Option<usize>, i64)> = state.drafts.iter().map(off).collect();
        bounds.push((None, gifts_given(turn, &state)));
        return Some(together(bounds));
    }
    let sight = &turn.sight;
    let meant = |at: usize| {
        rule.targets.iter().any(|of| of.on.has(&sight.lines[at], sight) || !of.buy.is_empty())
    };
    let mut bounds: Vec<(Option<usize>, i64)> = (0..turn.lines.len())
        .filter(|&at| meant(at))
        .map(|at| (Some(at), state.lines[at].remaining))
        .collect();
    let shipping: i64 = turn.basket.shipping.iter().map(|of| of.price.0).sum();
    bounds.push((None, shipping.saturating_add(gifts_at_most(turn, rank))));
    Some(bounds)
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
        // Where others have used up the cheap units it gives a dearer one.
        Effect::BuyGet(_) | Effect::Cheapest(_) => false,
        Effect::Percent(percent) => {
            percent.base.unwrap_or(settings.percent_base) != Base::RemainingOfLine
        }
        _ => true,
    };
    // Where what it gives together is bounded, one line alone may be given more than its share of that.
    let by_line = group_of(turn, rank) == GroupOf::Line;
    let Limits { receipt_discount_max, customer, budget, .. } = &rule.limits;
    let bounded = receipt_discount_max.is_some()
        || customer.is_some()
        || budget.is_some()
        || turn.compiled.ruleset.caps.receipt_discount_bps_max.is_some();
    !(by_line && bounded)
        && rule.then.iter().all(spreads)
        && rule.when.as_ref().is_none_or(falls_only)
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
