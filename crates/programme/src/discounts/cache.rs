//! Rulesets in memory, compiled: thousands of quotes a second need no SQL and no compiling. What was
//! published elsewhere is known here within a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::time;

use pricing::Compiled;
use retail::Instant;
use store::{DiscountHead, DiscountState, Store};

use super::{BEGUN_MOST, broken, counting, none};
use crate::{Programme, Refused};

/// From this age on somebody looks for new versions while others go on.
const LOOK_AFTER_MS: u64 = 500;
/// From this age on everybody waits for that.
const STALE_AFTER_MS: u64 = 1000;
/// Compiled versions that are kept: the one that counts, the next, and some that old receipts ask for.
const COMPILED_MAX: usize = 8;

/// What a programme keeps in memory of its discounts.
#[derive(Debug)]
pub(crate) struct DiscountCache {
    known: RwLock<Known>,
    /// Whoever holds it looks for new versions.
    looking: Mutex<()>,
    /// Whoever holds it compiles: two at once would do the same.
    compiling: Mutex<()>,
    /// When was looked last, in milliseconds since `began`, plus one; 0 before the first time.
    looked_at: AtomicU64,
    began: time::Instant,
}

#[derive(Debug, Default)]
struct Known {
    /// Versions that were published, the last to begin first.
    begun: Vec<DiscountHead>,
    compiled: Vec<Arc<Compiled>>,
}

impl Default for DiscountCache {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            looking: Mutex::default(),
            compiling: Mutex::default(),
            looked_at: AtomicU64::new(0),
            began: time::Instant::now(),
        }
    }
}

impl Programme {
    /// The discounts that count at a moment; nothing where none are published. What another process has
    /// published less than a second ago may not be known yet.
    ///
    /// # Errors
    /// When the database fails, or a stored ruleset cannot be read.
    pub fn discounts_at(&self, at: Instant) -> Result<Option<Arc<Compiled>>, Refused> {
        let store = self.store()?;
        match self.discounts.version_at(store, at)? {
            Some(version) => self.discounts.compiled(store, version).map(Some),
            None => Ok(None),
        }
    }

    /// A version that was published, by which a receipt of its time is priced again.
    ///
    /// # Errors
    /// `not_found` where no such version was ever published; as [`Programme::discounts_at`].
    pub fn discounts_of(&self, version: i64) -> Result<Arc<Compiled>, Refused> {
        self.discounts.compiled(self.store()?, version)
    }
}

impl DiscountCache {
    /// Looks anew when it is asked next.
    pub fn forget(&self) {
        self.looked_at.store(0, Ordering::Release);
    }

    fn version_at(&self, store: &Store, at: Instant) -> Result<Option<i64>, Refused> {
        self.follow(store)?;
        {
            let known = self.read();
            let reaches_back = known.begun.len() < BEGUN_MOST as usize
                || known.begun.last().is_some_and(|head| head.starts_at <= Some(at));
            if reaches_back {
                return Ok(counting(&known.begun, at));
            }
        }
        let begun = store.read(|tx| tx.discounts_begun(at, 1))?;
        Ok(counting(&begun, at))
    }

    fn compiled(&self, store: &Store, version: i64) -> Result<Arc<Compiled>, Refused> {
        if let Some(known) = self.kept(version) {
            return Ok(known);
        }
        let _compiling = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.kept(version) {
            return Ok(known);
        }
        let ruleset = store.read(|tx| tx.discounts(version))?.ok_or_else(|| none(version))?;
        // A draft may still change: it is nobody's price.
        if matches!(ruleset.head.state, DiscountState::Draft | DiscountState::Checked) {
            return Err(none(version));
        }
        let rules = serde_json::from_str(&ruleset.body).map_err(|error| broken(version, &error))?;
        let compiled = Compiled::new(rules, version).map_err(|problems| {
            let first = problems.first().map_or_else(String::new, ToString::to_string);
            broken(version, &first)
        })?;
        let compiled = Arc::new(compiled);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.compiled.len() >= COMPILED_MAX {
            known.compiled.remove(0);
        }
        known.compiled.push(compiled.clone());
        Ok(compiled)
    }

    fn kept(&self, version: i64) -> Option<Arc<Compiled>> {
        let known = self.read();
        known.compiled.iter().rev().find(|compiled| compiled.version == version).cloned()
    }

    /// Looks for new versions if that was long ago. One at a time does it; others go on with what is known
    /// unless it is too old.
    fn follow(&self, store: &Store) -> Result<(), Refused> {
        let age = self.age_ms();
        if age < LOOK_AFTER_MS {
            return Ok(());
        }
        let _looking: MutexGuard<'_, ()> = if age < STALE_AFTER_MS {
            match self.looking.try_lock() {
                Ok(looking) => looking,
                Err(TryLockError::WouldBlock) => return Ok(()),
                Err(TryLockError::Poisoned(looking)) => looking.into_inner(),
            }
        } else {
            self.looking.lock().unwrap_or_else(PoisonError::into_inner)
        };
        if self.age_ms() < LOOK_AFTER_MS {
            // Somebody looked while we waited.
            return Ok(());
        }
        let looked_at = self.clock_ms();
        match store.read(|tx| tx.discounts_begun(Instant(i64::MAX), BEGUN_MOST)) {
            Ok(begun) => {
                self.known.write().unwrap_or_else(PoisonError::into_inner).begun = begun;
                self.looked_at.store(looked_at + 1, Ordering::Release);
                Ok(())
            }
            Err(_) if self.age_ms() < STALE_AFTER_MS => Ok(()),
            Err(error) => Err(Refused::Db(error)),
        }
    }

    fn age_ms(&self) -> u64 {
        match self.looked_at.load(Ordering::Acquire) {
            0 => u64::MAX,
            looked_at => self.clock_ms().saturating_sub(looked_at - 1),
        }
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}
