//! The studio: everything portraits are made from, except lines. A server keeps the newest one warm.
//!
//! At half a million customers a studio takes seconds to open, and the journal makes a new state of the lake
//! every few seconds. But most states leave most files as they were: dictionaries, reference tables and the
//! population are read again only when the files they come from, or what they are reckoned from, have
//! changed. Whoever asks looks first whether the state that is kept is still the newest; so nothing is served
//! that a commit of anybody, in this process or another, has changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use anyhow::Result;
use arrow_array::RecordBatch;
use lake::{Lake, Snapshot};
use models::Chosen;
use portrait::{History, Painter, Population, Scores, Value};
use rayon::prelude::*;
use retail::Lines;
use store::JournalOf;

use crate::people::People;
use crate::portrait_rows::PortraitRows;
use crate::reference::Reference;
use crate::refresh::{self, POPULATION};
use crate::{Programme, ProgrammeError};

/// Customers of whom one thread makes rows at a time.
const PORTRAITS_AT_ONCE: usize = 512;

/// Everything portraits are made from, except lines.
#[derive(Debug)]
pub(crate) struct Studio {
    pub lake: Lake,
    pub people: Arc<People>,
    pub reference: Arc<Reference>,
}

impl Studio {
    pub(crate) fn open(programme: &Programme) -> Result<Self> {
        Self::of(programme.lake()?, None)
    }

    /// The same over a view of the lake, with those parts of another that would become the same.
    fn of(lake: Lake, known: Option<&Self>) -> Result<Self> {
        let known = known.map(|known| (known, &known.lake));
        let people = match known {
            Some((known, old)) if same_tables(&lake, old, &People::TABLES) => known.people.clone(),
            _ => Arc::new(People::read(&lake)?),
        };
        let reference = match known {
            Some((known, old))
                if Arc::ptr_eq(&people, &known.people)
                    && same_tables(&lake, old, &Reference::TABLES)
                    && same_dictionaries(&lake, old)? =>
            {
                known.reference.clone()
            }
            _ => Arc::new(Reference::read(&lake, &people.texts)?),
        };
        Ok(Self { lake, people, reference })
    }

    /// Histories of some customers of these lines.
    pub(crate) fn histories<'a>(
        &'a self,
        lines: &'a Lines,
        customers: Chosen<'_>,
    ) -> Result<Vec<History<'a>>> {
        Ok(self.people.histories(self.lake.customers()?, lines, customers))
    }

    /// Rows of these customers' portraits, in their sequence.
    pub(crate) fn portrait_rows(
        &self,
        lines: &Lines,
        customers: Chosen<'_>,
        population: &Population,
    ) -> Result<Vec<RecordBatch>> {
        let ids = self.lake.customers()?;
        let histories = self.histories(lines, customers)?;
        let (catalogue, day) = (&self.reference.catalogue, population.as_of());
        let rows = |painter: &mut Painter<'_>, part: &[History<'_>]| {
            let mut rows = PortraitRows::with_capacity(part.len());
            for history in part {
                let values = painter.paint(history, &Scores::default());
                rows.add(ids.text(history.customer), values, |value| self.text_of(value));
            }
            rows.finish()
        };
        let parts = histories.par_chunks(PORTRAITS_AT_ONCE);
        parts.map_init(|| Painter::new(catalogue, population, day), rows).collect()
    }

    /// The source's text behind a value's code.
    pub(crate) fn text_of(&self, value: Value) -> Option<&str> {
        fn text(texts: &[String], code: u32) -> Option<&str> {
            texts.get(code as usize).map(String::as_str)
        }
        match value {
            Value::Product(code) => self.lake.products().ok()?.text(code),
            Value::Shop(code) => self.lake.shops().ok()?.text(code),
            Value::Category(code) => text(&self.reference.categories, code),
            Value::Brand(code) => text(&self.reference.brands, code),
            Value::Text(code) => self.reference.texts.text(code),
            Value::Label(label) => Some(label),
            _ => None,
        }
    }
}

/// Whether tables come from the same files.
fn same_tables(lake: &Lake, other: &Lake, tables: &[&str]) -> bool {
    let (tables_of, others) = (&lake.manifest().tables, &other.manifest().tables);
    tables.iter().all(|&table| tables_of.get(table) == others.get(table))
}

/// Whether both views share their dictionaries, as far as portraits need them: one that was read again, or
/// that receipts of the journal added to, is another.
fn same_dictionaries(lake: &Lake, other: &Lake) -> Result<bool> {
    Ok(std::ptr::eq(lake.customers()?, other.customers()?)
        && std::ptr::eq(lake.products()?, other.products()?)
        && std::ptr::eq(lake.shops()?, other.shops()?)
        && std::ptr::eq(lake.channels()?, other.channels()?))
}

/// A studio with the population of the current snapshot, where that serves.
#[derive(Debug)]
pub(crate) struct Furnished {
    pub studio: Studio,
    snapshot: Option<Snapshot>,
    // As the snapshot has it.
    stored: Option<Arc<Population>>,
    /// The same beside the studio's catalogue.
    pub population: Option<Arc<Population>>,
}

impl Furnished {
    /// The newest state, with those parts of another that would become the same.
    fn newest(programme: &Programme, known: Option<&Self>) -> Result<Self> {
        let lake = match known {
            Some(known) => known.studio.lake.renewed()?,
            None => programme.lake()?,
        };
        let snapshot = programme.snapshots().current()?;
        Self::of(programme, lake, snapshot, known)
    }

    fn of(
        programme: &Programme,
        lake: Lake,
        snapshot: Option<Snapshot>,
        known: Option<&Self>,
    ) -> Result<Self> {
        let studio = Studio::of(lake, known.map(|known| &known.studio))?;
        let serves = snapshot.as_ref().and_then(|snapshot| {
            Some((snapshot, refresh::what_serves(programme, snapshot, &studio).transpose()?))
        });
        let Some((current, beside)) = serves else {
            return Ok(Self { studio, snapshot, stored: None, population: None });
        };
        let beside = beside?;
        let known = known.filter(|known| known.snapshot == snapshot);
        let stored = match known.and_then(|known| known.stored.clone()) {
            Some(stored) => stored,
            None => {
                let bytes = programme.snapshots().read(current, POPULATION)?;
                Arc::new(Population::from_bytes(&bytes)?)
            }
        };
        // Its places follow from the reference and the customers' ranks, which the reference has as well.
        let same = known.filter(|known| Arc::ptr_eq(&known.studio.reference, &studio.reference));
        let population = match same.and_then(|known| known.population.clone()) {
            Some(population) => population,
            None => Arc::new(beside.moved(Population::clone(&stored), &studio)?),
        };
        Ok(Self { studio, snapshot, stored: Some(stored), population: Some(population) })
    }

    /// Whether a new one would be the same.
    fn is_newest(&self, programme: &Programme) -> Result<bool> {
        Ok(self.studio.lake.is_newest()? && programme.snapshots().current()? == self.snapshot)
    }
}

/// The newest furnished studio, kept from one request to the next.
#[derive(Debug, Default)]
pub(crate) struct WarmStudio {
    kept: Mutex<Option<Arc<Furnished>>>,
    // One at a time makes the next; the others wait for it.
    renewing: Mutex<()>,
    // Whoever asks everybody, which takes all processors for long.
    tallying: Mutex<()>,
}

impl WarmStudio {
    fn kept(&self) -> MutexGuard<'_, Option<Arc<Furnished>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to ask everybody, for one at a time.
    pub(crate) fn tallying(&self) -> Result<MutexGuard<'_, ()>, ProgrammeError> {
        match self.tallying.try_lock() {
            Ok(alone) => Ok(alone),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(ProgrammeError::Tallying),
        }
    }

    fn newest_kept(&self, programme: &Programme) -> Result<Option<Arc<Furnished>>> {
        let kept = self.kept().clone();
        Ok(match kept {
            Some(kept) if kept.is_newest(programme)? => Some(kept),
            _ => None,
        })
    }

    /// The studio that is kept, which may be a moment old; nothing where nobody keeps one.
    pub(crate) fn at_hand(&self) -> Option<Arc<Furnished>> {
        self.kept().clone()
    }

    pub(crate) fn newest(&self, programme: &Programme) -> Result<Arc<Furnished>> {
        if let Some(newest) = self.newest_kept(programme)? {
            return Ok(newest);
        }
        let _renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have made it meanwhile.
        if let Some(newest) = self.newest_kept(programme)? {
            return Ok(newest);
        }
        let known = self.kept().clone();
        let newest = Arc::new(Furnished::newest(programme, known.as_deref())?);
        *self.kept() = Some(newest.clone());
        Ok(newest)
    }
}

impl Programme {
    /// Brings what portraits are made from to the newest state of the lake and the current snapshot, if it is
    /// not there yet. A job calls it, so that requests seldom have to wait for it.
    ///
    /// # Errors
    /// When lake or snapshot cannot be read.
    pub fn warm_studio(&self) -> Result<()> {
        self.warm.newest(self).map(drop)
    }

    /// The newest studio, receipts that are still on their way to the lake included: of one customer, or all
    /// of them.
    pub(crate) fn studio_with_journal(&self, of: JournalOf<'_>) -> Result<Furnished> {
        let (known, lake) = self.with_journal(of, || {
            let newest = self.warm.newest(self)?;
            let lake = newest.studio.lake.clone();
            Ok((newest, lake))
        })?;
        Furnished::of(self, lake, known.snapshot.clone(), Some(&known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_asked_for_one_at_a_time() {
        let warm = WarmStudio::default();
        let alone = warm.tallying().unwrap();
        assert!(matches!(warm.tallying(), Err(ProgrammeError::Tallying)));
        drop(alone);
        assert!(warm.tallying().is_ok());
    }
}
