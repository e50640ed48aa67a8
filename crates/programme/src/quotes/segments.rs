//! Which segments of the rules a customer is in: known from memory, or not yet.
//!
//! A portrait takes longer than a till may wait. Whoever is asked for and not known is remembered, a job finds
//! out within a second or two, and the next basket of his has it; until then rules for segments do not count
//! for him, and the quote says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use ::pricing::Compiled;
use anyhow::Result;
use portrait::segment::Segment;
use retail::Instant;
use store::JournalOf;

use crate::Programme;

/// Customers who are known, and who are waited for, at most.
const KNOWN_MAX: usize = 100_000;
const WANTED_MAX: usize = 1_000;
/// Customers whom one run of the job finds out about.
const AT_ONCE: usize = 50;
/// What is known is found out anew after so long; until that is done it serves.
const FRESH: Duration = Duration::from_secs(600);

/// Customers and the segments they are in.
#[derive(Debug, Default)]
pub(crate) struct Buyers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The rules whose segments these are.
    version: i64,
    known: HashMap<String, (Clock, BTreeSet<String>)>,
    wanted: BTreeSet<String>,
}

impl State {
    /// Everything is found out anew where other rules count.
    fn follow(&mut self, version: i64) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
    }
}

impl Buyers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Segments that a customer is in, by the rules that count; nothing where that is not known yet.
    pub(super) fn segments(&self, customer: &str, compiled: &Compiled) -> Option<BTreeSet<String>> {
        let mut state = self.state();
        state.follow(compiled.version);
        let known = state.known.get(customer).cloned();
        let fresh = known.as_ref().is_some_and(|(since, _)| since.elapsed() < FRESH);
        if !fresh && state.wanted.len() < WANTED_MAX {
            state.wanted.insert(customer.to_owned());
        }
        known.map(|(_, segments)| segments)
    }

    fn take_wanted(&self, version: i64) -> Vec<String> {
        let mut state = self.state();
        state.follow(version);
        let some: Vec<String> = state.wanted.iter().take(AT_ONCE).cloned().collect();
        for customer in &some {
            state.wanted.remove(customer);
        }
        some
    }

    fn know(&self, version: i64, customer: String, segments: BTreeSet<String>) {
        let mut state = self.state();
        state.follow(version);
        if state.known.len() >= KNOWN_MAX {
            state.known.clear();
        }
        state.known.insert(customer, (Clock::now(), segments));
    }
}

impl Programme {
    /// Finds out in which segments those are whose baskets came lately; says of how many. A job of every
    /// second.
    ///
    /// # Errors
    /// When lake, snapshot or database cannot be read.
    pub fn know_buyers(&self, at: Instant) -> Result<u64> {
        let Some(compiled) = self.discounts_at(at)? else { return Ok(0) };
        let wanted = self.buyers.take_wanted(compiled.version);
        if wanted.is_empty() {
            return Ok(0);
        }
        // One that is no statement has nobody in it: it was told when the rules were looked over.
        let understood = compiled
            .ruleset()
            .segments
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), text.parse::<Segment>().ok()?)));
        let segments: BTreeMap<String, Segment> = understood.collect();
        let mut count = 0;
        for customer in wanted {
            if let Some(own) = self.segments_of(&customer, &segments)? {
                self.buyers.know(compiled.version, customer, own);
                count += 1;
            }
        }
        Ok(count)
    }

    /// Segments that one customer is in; nothing while there is no snapshot to compare him with.
    fn segments_of(
        &self,
        customer: &str,
        segments: &BTreeMap<String, Segment>,
    ) -> Result<Option<BTreeSet<String>>> {
        let furnished = self.studio_with_journal(JournalOf::Customer(customer))?;
        let Some(population) = &furnished.population else { return Ok(None) };
        let studio = &furnished.studio;
        let code = studio.lake.customers()?.code(customer);
        // Who has bought nothing yet has no portrait, and is in no segment.
        let made = code.map(|code| studio.one(code, population, true)).transpose()?.flatten();
        let Some(made) = made else { return Ok(Some(BTreeSet::new())) };
        let values = &made.portrait.values;
        let own = segments
            .iter()
            .filter(|(_, segment)| segment.holds(values, |value| studio.text_of(value)));
        Ok(Some(own.map(|(name, _)| name.clone()).collect()))
    }
}
