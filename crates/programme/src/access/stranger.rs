//! Names that nobody has: they lock like those that somebody has, so that trying does not tell which
//! there are.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use retail::Instant;
use store::Secret;

use super::sign_in::LockRule;
use super::token;
use crate::Refused;

/// So many slots, whatever is tried: names that share one lock together, which no one can tell.
const SLOTS: usize = 4096;

/// Failures by names that nobody has.
pub(super) struct Strangers {
    slots: Mutex<Vec<Slot>>,
    // Names are spread by it, so that nobody finds two that share a slot.
    key: OnceLock<Secret>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    failures: u32,
    locked_until: Option<Instant>,
}

impl Default for Strangers {
    fn default() -> Self {
        Self { slots: Mutex::new(vec![Slot::default(); SLOTS]), key: OnceLock::new() }
    }
}

impl fmt::Debug for Strangers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Strangers").field("slots", &SLOTS).finish_non_exhaustive()
    }
}

impl Strangers {
    /// Until when the name is locked.
    pub(super) fn locked_until(&self, id: &str) -> Result<Option<Instant>, Refused> {
        let slot = self.slot(id)?;
        Ok(self.slots.lock().unwrap_or_else(PoisonError::into_inner)[slot].locked_until)
    }

    /// Notes a failure.
    pub(super) fn failed(&self, id: &str, rule: &LockRule, at: Instant) -> Result<(), Refused> {
        let place = self.slot(id)?;
        let slot = &mut self.slots.lock().unwrap_or_else(PoisonError::into_inner)[place];
        slot.failures = slot.failures.saturating_add(1);
        slot.locked_until = rule.locked_until(slot.failures, at);
        Ok(())
    }

    fn slot(&self, id: &str) -> Result<usize, Refused> {
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let fresh = token::fresh(32)?;
                self.key.get_or_init(|| fresh)
            }
        };
        let hash = token::sha256(&format!("{}{id}", key.expose()));
        let number = u64::from_str_radix(&hash[..8], 16).unwrap_or_default();
        Ok(number as usize % SLOTS)
    }
}
