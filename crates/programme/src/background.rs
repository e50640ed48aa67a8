//! Heavy work beside tills: on threads that have the processor only when nobody else wants it.
//!
//! Moving receipts to the lake, compaction and backups take seconds of every core. A till that asks
//! meanwhile must not wait for its turn among them. Files of the lake are encoded by the threads that all
//! share; everything else of such a job stays here.

use anyhow::Result;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads for work that can wait.
pub(crate) struct Background(ThreadPool);

impl Background {
    pub(crate) fn new() -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .thread_name(|number| format!("background-{number}"))
            .start_handler(|_| yield_to_others())
            .build()?;
        Ok(Self(pool))
    }

    /// Runs something there, with all it splits among threads, and waits for it.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}

/// Lowers the priority of this thread. Linux alone has one for each thread.
fn yield_to_others() {
    /// Of 19 at most: a tenth of what a thread gets that is not lowered.
    #[cfg(target_os = "linux")]
    const NICENESS: i32 = 10;
    // Where it may not be lowered, work goes on as it is.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn work_in_the_background_yields_and_its_caller_does_not() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let background = Background::new().unwrap();
        let there = background.run(|| rayon::join(own, own));
        assert!(there.0 > before && there.1 > before, "{there:?}");
        assert_eq!(own(), before);
    }
}
