//! Where synchronous work of `programme` runs: on threads of its own, a bounded number at a time, so
//! that a slow disk never stops the threads that answer. A few more may wait; whoever comes after them
//! is told at once to try again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;

use super::problem::{Code, Problem};

/// A bounded pool of blocking work.
#[derive(Clone, Debug)]
pub struct Pool {
    // Whoever is in: at work or waiting for a thread.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Pool {
    /// So many at work, and so many more waiting.
    #[must_use]
    pub fn new(threads: usize, waiting: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(threads + waiting), threads: semaphore(threads) }
    }

    /// Runs work to its end, even if nobody waits for it any more; its place is free only then.
    ///
    /// # Errors
    /// The work's own problem; `busy` when there is no place; `internal` when it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let places = self.places.clone();
        let place = places.try_acquire_owned().map_err(|_| Problem::new(Code::Busy, ""))?;
        let thread = self.threads.clone().acquire_owned().await.map_err(Problem::internal)?;
        let held: [OwnedSemaphorePermit; 2] = [place, thread];
        let span = Span::current();
        let running = tokio::task::spawn_blocking(move || {
            let done = span.in_scope(work);
            drop(held);
            done
        });
        // A panic is in the log already, with its place; a panicking closure gives its place back too.
        running.await.unwrap_or_else(|error| Err(Problem::internal(error_without_payload(&error))))
    }
}

/// A panic's own words may hold what a client sent.
fn error_without_payload(error: &tokio::task::JoinError) -> anyhow::Error {
    anyhow::anyhow!(if error.is_panic() { "a panic" } else { "the server is stopping" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::runtime::Builder;

    #[test]
    fn beyond_its_places_it_is_busy_and_panics_stay_inside() {
        Builder::new_multi_thread().build().unwrap().block_on(async {
            let pool = Pool::new(1, 1);
            let (go, wait) = mpsc::channel::<()>();
            let (began, begun) = mpsc::channel();
            let run = |work: Box<dyn FnOnce() -> Result<u8, Problem> + Send>| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(work).await })
            };
            let first = run(Box::new(move || {
                began.send(()).unwrap();
                wait.recv().unwrap();
                Ok(1)
            }));
            tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
            let second = run(Box::new(|| panic!("as intended")));
            while pool.places.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(pool.run(|| Ok(3)).await.unwrap_err().code, Code::Busy);
            go.send(()).unwrap();
            assert_eq!(first.await.unwrap().unwrap(), 1);
            assert_eq!(second.await.unwrap().unwrap_err().code, Code::Internal);
            assert_eq!(pool.run(|| Ok(4)).await.unwrap(), 4);
        });
    }
}
