//! What a rule asks of place, time and segments, so that of the rules that name goods of a basket those of
//! another region or another segment cost next to nothing.
//!
//! A gate never decides what a quote says: a rule whose gate is shut gives nothing in any case, and where it
//! stands among the misses it is asked again for its first reason.

use jiff::civil::DateTime;
use rustc_hash::FxHashMap;

use crate::condition::Moment;
use crate::goods::Symbols;
use crate::ruleset::{Condition, Rule};
use crate::turn::Turn;

/// What must hold for a rule to give anything. Rules of a campaign share theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Gate {
    networks: Box<[u32]>,
    shops: Box<[u32]>,
    channels: Box<[u32]>,
    /// All of them.
    segments: Box<[u32]>,
    from: Option<DateTime>,
    until: Option<DateTime>,
    weekdays: Box<[u8]>,
}

/// Gates of all rules, each once.
#[derive(Debug)]
pub(crate) struct Gates {
    gates: Vec<Gate>,
    /// Of each rule by its rank; 0 is always open.
    of: Vec<u32>,
}

/// Gates before one basket; each is tried once.
pub(crate) struct Tried<'a> {
    all: &'a Gates,
    network: u32,
    shop: u32,
    channel: u32,
    segments: Vec<u32>,
    moment: Moment,
    /// Nothing, where it was not tried yet.
    open: Vec<Option<bool>>,
}

impl Gates {
    /// Of rules, in the sequence of their ranks.
    pub fn of<'a>(rules: impl Iterator<Item = &'a Rule>, symbols: &mut Symbols) -> Self {
        let mut known = FxHashMap::from_iter([(Gate::default(), 0)]);
        let mut gates = vec![Gate::default()];
        let of = rules
            .map(|rule| {
                let gate = Gate::of(rule, symbols);
                *known.entry(gate).or_insert_with_key(|gate| {
                    gates.push(gate.clone());
                    gates.len() as u32 - 1
                })
            })
            .collect();
        Self { gates, of }
    }

    /// The gate of a rule.
    pub fn gate_of(&self, rank: u32) -> u32 {
        self.of[rank as usize]
    }

    pub fn before<'a>(&'a self, turn: &Turn<'_>) -> Tried<'a> {
        let symbols = &turn.compiled.symbols;
        let of = |text: &Option<String>| {
            text.as_ref().map_or(crate::goods::NONE, |text| symbols.of(text))
        };
        let customer = turn.facts.customer.as_ref();
        let segments = customer.into_iter().flat_map(|customer| &customer.segments);
        Tried {
            all: self,
            network: of(&turn.basket.network),
            shop: of(&turn.basket.shop),
            channel: of(&turn.basket.channel),
            segments: segments.map(|segment| symbols.of(segment)).collect(),
            moment: turn.moment,
            open: vec![None; self.gates.len()],
        }
    }
}

impl Tried<'_> {
    /// The gate of a rule.
    pub fn of(&self, rank: u32) -> u32 {
        self.all.gate_of(rank)
    }

    /// Whether the rules behind a gate may give anything here and now to this customer.
    pub fn is_open(&mut self, gate: u32) -> bool {
        if gate == 0 {
            return true;
        }
        if let Some(known) = self.open[gate as usize] {
            return known;
        }
        let open = self.opens(&self.all.gates[gate as usize]);
        self.open[gate as usize] = Some(open);
        open
    }

    fn opens(&self, gate: &Gate) -> bool {
        let named = |list: &[u32], own: u32| list.is_empty() || list.contains(&own);
        named(&gate.shops, self.shop)
            && named(&gate.networks, self.network)
            && named(&gate.channels, self.channel)
            && gate.segments.iter().all(|segment| self.segments.contains(segment))
            && self.moment.is_within(gate.from, gate.until, &gate.weekdays)
    }
}

impl Gate {
    fn of(rule: &Rule, symbols: &mut Symbols) -> Self {
        let mut numbers = |names: &[String]| names.iter().map(|name| symbols.add(name)).collect();
        let (scope, schedule) = (&rule.scope, &rule.schedule);
        let mut segments = Vec::new();
        if let Some(when) = &rule.when {
            collect_segments(when, &mut segments);
        }
        Self {
            networks: numbers(&scope.networks),
            shops: numbers(&scope.shops),
            channels: numbers(&scope.channels),
            segments: numbers(&segments),
            from: schedule.from,
            until: schedule.until,
            weekdays: schedule.weekdays.as_slice().into(),
        }
    }
}

/// Segments without which a condition does not hold.
fn collect_segments(condition: &Condition, segments: &mut Vec<String>) {
    match condition {
        Condition::All(parts) => parts.iter().for_each(|part| collect_segments(part, segments)),
        Condition::Segment(segment) => segments.push(segment.clone()),
        _ => {}
    }
}
