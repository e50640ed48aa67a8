//! A few connections, shared by many who each need one for a moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::DbError;

/// Connections, opened as they are needed and kept.
#[derive(Debug)]
pub(crate) struct Pool<C> {
    free: Mutex<Free<C>>,
    came_back: Condvar,
    wait_max: Duration,
    /// Whether a connection can still be used.
    is_open: fn(&C) -> bool,
}

#[derive(Debug)]
struct Free<C> {
    idle: Vec<C>,
    /// How many more may be opened.
    unopened: usize,
}

impl<C> Pool<C> {
    /// A pool of so many connections at most, for one of which nobody waits longer than `wait_max`.
    pub fn new(connections_max: usize, wait_max: Duration, is_open: fn(&C) -> bool) -> Self {
        let free = Free { idle: Vec::new(), unopened: connections_max };
        Self { free: Mutex::new(free), came_back: Condvar::new(), wait_max, is_open }
    }

    /// The connection that was used last, which is the warmest; a new one where none is idle.
    pub fn take(&self, open: impl FnOnce() -> Result<C, DbError>) -> Result<Taken<'_, C>, DbError> {
        let none = |free: &mut Free<C>| free.idle.is_empty() && free.unopened == 0;
        let waited = self.came_back.wait_timeout_while(self.free(), self.wait_max, none);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = free.idle.pop() {
            if (self.is_open)(&connection) {
                return Ok(Taken { pool: self, connection: Some(connection) });
            }
            free.unopened += 1;
        }
        if free.unopened == 0 {
            return Err(DbError::Busy { retry_after_ms: 1000 });
        }
        free.unopened -= 1;
        drop(free);
        // Where it cannot be opened, another may try.
        let mut taken = Taken { pool: self, connection: None };
        taken.connection = Some(open()?);
        Ok(taken)
    }

    fn free(&self) -> MutexGuard<'_, Free<C>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It goes back when it is done with, unless a panic left it in the middle of
/// something.
pub(crate) struct Taken<'p, C> {
    pool: &'p Pool<C>,
    connection: Option<C>,
}

impl<C> Taken<'_, C> {
    /// Closes it; another may be opened in its place.
    pub fn give_up(mut self) {
        self.connection = None;
    }
}

impl<C> Drop for Taken<'_, C> {
    fn drop(&mut self) {
        let sound = |connection: &C| (self.pool.is_open)(connection) && !std::thread::panicking();
        let sound = self.connection.take().filter(sound);
        let mut free = self.pool.free();
        match sound {
            Some(connection) => free.idle.push(connection),
            None => free.unopened += 1,
        }
        drop(free);
        self.pool.came_back.notify_one();
    }
}

impl<C> std::ops::Deref for Taken<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("it is there until it is given up or dropped")
    }
}

impl<C> std::ops::DerefMut for Taken<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("it is there until it is given up or dropped")
    }
}
