//! Keys that were used, in memory, so that thousands of requests a second need no SQL. It follows the
//! changes and is at most a second behind them; where it cannot follow, nobody is let in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time;

use retail::Instant;
use store::{ApiKey, Cursor, Store};

use super::{Caller, key, not_authenticated, token};
use crate::Refused;

/// The kind under which deeds and changes of keys are told.
pub(super) const KIND: &str = "api_key";

/// From this age on somebody looks for changes while others go on.
const LOOK_AFTER_MS: u64 = 500;
/// From this age on everybody waits for that.
const STALE_AFTER_MS: u64 = 1000;
/// Of more changes at once than this all keys are forgotten instead.
const CHANGES_MAX: u32 = 1000;
/// Keys kept at once; beyond it all are forgotten and read again as they come.
const KEYS_MAX: usize = 100_000;
/// How often the use of one key is written.
const WRITTEN_EVERY_US: i64 = 60_000_000;
const NEVER: i64 = i64::MIN;

pub(super) struct KeyCache {
    known: RwLock<Known>,
    /// Up to where changes were seen; whoever holds it looks for more.
    seen: Mutex<Option<Cursor>>,
    /// When that was, in milliseconds since `began`, plus one; 0 before the first time.
    looked_at: AtomicU64,
    began: time::Instant,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<KnownKey>>,
    /// Grows whenever something is forgotten: what was read before must not be kept after.
    generation: u64,
    /// When forgotten keys were used, where that is not written yet.
    unwritten: HashMap<String, i64>,
}

struct KnownKey {
    key: ApiKey,
    caller: Caller,
    used_at: AtomicI64,
    written_at: AtomicI64,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            seen: Mutex::default(),
            looked_at: AtomicU64::new(0),
            began: time::Instant::now(),
        }
    }
}

impl std::fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyCache").field("keys", &self.read().keys.len()).finish_non_exhaustive()
    }
}

impl KeyCache {
    /// Who a key stands for.
    pub fn caller(
        &self,
        store: &Store,
        live: bool,
        id: &str,
        secret_sha256: &str,
        at: Instant,
    ) -> Result<Caller, Refused> {
        self.follow(store)?;
        let kept = self.read().keys.get(id).cloned();
        if let Some(known) = kept {
            known.admits(live, secret_sha256, at)?;
            known.used_at.fetch_max(at.0, Ordering::Relaxed);
            return Ok(known.caller.clone());
        }
        let generation = self.read().generation;
        let key = store.read(|tx| tx.key(id))?.ok_or_else(not_authenticated)?;
        let known = Arc::new(KnownKey::of(key)?);
        // Only who knew the secret fills the memory.
        known.admits(live, secret_sha256, at)?;
        known.used_at.fetch_max(at.0, Ordering::Relaxed);
        let caller = known.caller.clone();
        self.keep(known, generation);
        Ok(caller)
    }

    /// Forgets a key, so that it is read again.
    pub fn forget(&self, id: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.generation += 1;
        known.forget(id);
    }

    /// Writes when keys were last used; says of how many.
    pub fn flush(&self, store: &Store) -> Result<u64, Refused> {
        let due: Vec<(String, i64)> = {
            let known = self.read();
            let kept = known.keys.values().filter_map(|key| {
                let (used, written) =
                    (key.used_at.load(Ordering::Relaxed), key.written_at.load(Ordering::Relaxed));
                let due = used > written.saturating_add(WRITTEN_EVERY_US - 1);
                due.then(|| (key.key.id.clone(), used))
            });
            let forgotten = known.unwritten.iter().map(|(id, used)| (id.clone(), *used));
            kept.chain(forgotten).collect()
        };
        let count = due.len() as u64;
        if due.is_empty() {
            return Ok(count);
        }
        let uses = due.clone();
        // No deed of anybody's, and no change that anybody must learn of.
        store.write(move |tx| {
            uses.iter().try_for_each(|(id, used)| tx.use_key(id, Instant(*used)))
        })?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (id, used) in due {
            if known.unwritten.get(&id).is_some_and(|still| *still <= used) {
                known.unwritten.remove(&id);
            }
            if let Some(key) = known.keys.get(&id) {
                key.written_at.fetch_max(used, Ordering::Relaxed);
            }
        }
        Ok(count)
    }

    fn keep(&self, key: Arc<KnownKey>, generation: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.keys.len() >= KEYS_MAX {
            known.forget_all();
        }
        // Else it may have been changed after it was read, and nobody would tell us again.
        if known.generation == generation {
            known.keys.entry(key.key.id.clone()).or_insert(key);
        }
    }

    /// Looks for changes if that was long ago. One at a time does it; others go on with what is known
    /// unless it is too old.
    fn follow(&self, store: &Store) -> Result<(), Refused> {
        let age = self.age_ms();
        if age < LOOK_AFTER_MS {
            return Ok(());
        }
        let mut seen: MutexGuard<'_, Option<Cursor>> = if age < STALE_AFTER_MS {
            match self.seen.try_lock() {
                Ok(seen) => seen,
                Err(TryLockError::WouldBlock) => return Ok(()),
                Err(TryLockError::Poisoned(seen)) => seen.into_inner(),
            }
        } else {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner)
        };
        if self.age_ms() < LOOK_AFTER_MS {
            // Somebody looked while we waited.
            return Ok(());
        }
        let looked_at = self.clock_ms();
        match self.look(store, *seen) {
            Ok(newest) => {
                *seen = Some(newest);
                self.looked_at.store(looked_at + 1, Ordering::Release);
                Ok(())
            }
            Err(_) if self.age_ms() < STALE_AFTER_MS => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn look(&self, store: &Store, seen: Option<Cursor>) -> Result<Cursor, Refused> {
        let (newest, changed) = store.read(|tx| {
            // First up to where all is told, then what is told: what comes between is told again.
            let newest = tx.newest_change()?;
            let changed = match seen {
                Some(seen) => tx.keys_changed_since(seen, CHANGES_MAX)?,
                None => Vec::new(),
            };
            Ok::<_, Refused>((newest, changed))
        })?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if changed.len() >= CHANGES_MAX as usize || seen.is_none() {
            known.forget_all();
        } else if !changed.is_empty() {
            known.generation += 1;
            changed.iter().for_each(|id| known.forget(id));
        }
        Ok(newest)
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

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self, id: &str) {
        let Some(key) = self.keys.remove(id) else { return };
        let used = key.used_at.load(Ordering::Relaxed);
        if used > key.written_at.load(Ordering::Relaxed) {
            self.unwritten.insert(id.to_owned(), used);
        }
    }

    fn forget_all(&mut self) {
        self.generation += 1;
        let ids: Vec<String> = self.keys.keys().cloned().collect();
        ids.iter().for_each(|id| self.forget(id));
    }
}

impl KnownKey {
    fn of(key: ApiKey) -> Result<Self, Refused> {
        let caller = key::caller(&key)?;
        let written = key.used_at.map_or(NEVER, |at| at.0);
        let (used_at, written_at) = (AtomicI64::new(written), AtomicI64::new(written));
        Ok(Self { key, caller, used_at, written_at })
    }

    /// Whether a secret's hash lets somebody in now. All of it is looked at, whatever is wrong.
    fn admits(&self, live: bool, secret_sha256: &str, at: Instant) -> Result<(), Refused> {
        let key = &self.key;
        let newest = token::same(secret_sha256, &key.secret_sha256);
        let former = key.former_secret_sha256.as_deref().unwrap_or_default();
        let former =
            token::same(secret_sha256, former) && key.former_until.is_some_and(|until| at < until);
        let over = key.revoked || key.expires_at.is_some_and(|end| at >= end);
        if (newest | former) & (live == key.live) & !over {
            return Ok(());
        }
        Err(not_authenticated())
    }
}
