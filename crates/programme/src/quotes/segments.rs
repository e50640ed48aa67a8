//! Which segments of the rules a customer is in: known from memory, or not yet.
//!
//! A portrait takes longer than a till may wait. Whoever is asked for and not known is remembered, a job finds
//! out within a second or two, and the next basket of his has it; until then rules for segments do not count
//! for him, and the quote says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as Clock};

use ::pricing::Compiled;
use anyhow::Result;
use portrait::segment::Segment;
use store::JournalOf;

use crate::Programme;

/// Customers who are known, and who are waited for, at most.
const KNOWN_MAX: usize = 100_000;
const WANTED_MAX: usize = 1_000;
/// Customers whom one run of the job finds out about.
const AT_ONCE: usize = 50;
/// What is known is found out anew after so long; until that is done it serves.
const FRESH: Duration = Duration::from_secs(600);

/// Versions of the rules that are known of at once: those that count, and those before and after.
const VERSIONS: usize = 3;

/// Customers and the segments they are in, by the rules whose segments these are; the version that was asked for
/// last comes first.
#[derive(Debug, Default)]
pub(crate) struct Buyers(Mutex<Vec<(i64, State)>>);

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, (Clock, BTreeSet<String>)>,
    wanted: BTreeSet<String>,
}

impl Buyers {
    /// Does something with what is known by a version. A till that brings yesterday's baskets, by yesterday's
    /// rules, takes nothing from those of today.
    fn with<T>(&self, version: i64, work: impl FnOnce(&mut State) -> T) -> T {
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = versions.iter().position(|(known, _)| *known == version);
        let mut asked = place.map_or_else(|| (version, State::default()), |at| versions.remove(at));
        let done = work(&mut asked.1);
        versions.insert(0, asked);
        versions.truncate(VERSIONS);
        done
    }

    /// Segments that a customer is in, by the rules that count; nothing where that is not known yet.
    pub(super) fn segments(&self, customer: &str, compiled: &Compiled) -> Option<BTreeSet<String>> {
        self.with(compiled.version, |state| {
            let known = state.known.get(customer).cloned();
            let fresh = known.as_ref().is_some_and(|(since, _)| since.elapsed() < FRESH);
            if !fresh && state.wanted.len() < WANTED_MAX {
                state.wanted.insert(customer.to_owned());
            }
            known.map(|(_, segments)| segments)
        })
    }

    /// Versions by which somebody is waited for.
    fn versions(&self) -> Vec<i64> {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = versions.iter().filter(|(_, state)| !state.wanted.is_empty());
        waiting.map(|(version, _)| *version).collect()
    }

    fn take_wanted(&self, version: i64) -> Vec<String> {
        self.with(version, |state| {
            let some: Vec<String> = state.wanted.iter().take(AT_ONCE).cloned().collect();
            for customer in &some {
                state.wanted.remove(customer);
            }
            some
        })
    }

    fn know(&self, version: i64, customer: String, segments: BTreeSet<String>) {
        self.with(version, |state| {
            if state.known.len() >= KNOWN_MAX {
                state.known.clear();
            }
            state.known.insert(customer, (Clock::now(), segments));
        });
    }
}

impl Programme {
    /// Finds out in which segments those are whose baskets came lately; says of how many. A job of every
    /// second.
    ///
    /// # Errors
    /// When lake, snapshot or database cannot be read.
    pub fn know_buyers(&self) -> Result<u64> {
        let mut count = 0;
        for version in self.buyers.versions() {
            count += self.know_buyers_by(&*self.discounts_of(version)?)?;
        }
        Ok(count)
    }

    fn know_buyers_by(&self, compiled: &Compiled) -> Result<u64> {
        let wanted = self.buyers.take_wanted(compiled.version);
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
