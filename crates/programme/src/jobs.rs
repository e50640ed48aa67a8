//! Jobs: what a served programme does by itself, again and again. Each may be run by several programs at
//! once and repeated at will.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Clock};

use anyhow::{Context as _, Result, anyhow};
use retail::{Day, Instant};

use crate::act::{Act, now};
use crate::background::Background;
use crate::{Extent, Programme, Progress, WebhookSender};

/// Answers to requests with a key are kept for so long.
const ANSWERS_KEPT: i64 = 72 * 3_600_000_000;
/// What was counted for limits is kept for so many days.
const ACTIVITY_DAYS: i32 = 90;
/// Batches of the journal that are moved in one turn, at most.
const BATCHES_AT_ONCE: usize = 5;
/// Between two looks at whether to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// Something that is done again and again.
struct Job {
    name: &'static str,
    every: Duration,
    /// Whether tills go before it.
    yields: bool,
    run: fn(&Programme, Instant) -> Result<()>,
}

const JOBS: &[Job] = &[
    Job::light("seal", 1, |p, at| p.seal(at).map(drop)),
    Job::light("deliver", 1, deliver),
    Job::heavy("journal", 5, |p, _| journal(p)),
    // A portrait that is asked for meanwhile waits for it.
    Job::light("studio", 1, |p, _| p.warm_studio()),
    Job::light("key uses", 60, |p, _| Ok(p.flush_key_uses().map(drop)?)),
    Job::heavy("offers", 5, |p, _| p.load_offers().map(drop)),
    Job::light("buyers", 1, |p, _| p.know_buyers().map(drop)),
    Job::light("quotes", 5, |p, at| Ok(p.expire_quotes(at).map(drop)?)),
    Job::light("expiry", 600, |p, at| Ok(p.expire_points(at).map(drop)?)),
    Job::heavy("days", 3600, days),
    Job::heavy("backup", 600, |p, at| p.run_due_backup(at).map(drop)),
];

impl Job {
    const fn light(
        name: &'static str,
        seconds: u64,
        run: fn(&Programme, Instant) -> Result<()>,
    ) -> Self {
        Self { name, every: Duration::from_secs(seconds), yields: false, run }
    }

    const fn heavy(
        name: &'static str,
        seconds: u64,
        run: fn(&Programme, Instant) -> Result<()>,
    ) -> Self {
        Self { yields: true, ..Self::light(name, seconds, run) }
    }
}

impl Programme {
    /// Names of all jobs.
    pub fn job_names() -> impl Iterator<Item = &'static str> {
        JOBS.iter().map(|job| job.name)
    }

    /// Runs all jobs, each on a thread of its own, until told to stop; `told` hears of each run, how long
    /// it took and what went wrong.
    ///
    /// # Errors
    /// When no threads can be started for them.
    pub fn run_jobs(
        &self,
        stop: &AtomicBool,
        told: &(dyn Fn(&'static str, Duration, Option<&anyhow::Error>) + Sync),
    ) -> Result<()> {
        // The threads that others split their work among begin here, before any of lowered priority, which
        // those they start would inherit.
        rayon::current_num_threads();
        // Each has threads of its own: none picks up another's work while it waits for its own.
        let jobs = JOBS.iter().map(|job| {
            let background = job.yields.then(Background::new).transpose()?;
            Ok((job, background))
        });
        let jobs = jobs.collect::<Result<Vec<_>>>()?;
        std::thread::scope(|scope| {
            for (job, background) in &jobs {
                scope.spawn(|| self.repeat(job, background.as_ref(), stop, told));
            }
        });
        Ok(())
    }

    fn repeat(
        &self,
        job: &Job,
        background: Option<&Background>,
        stop: &AtomicBool,
        told: &(dyn Fn(&'static str, Duration, Option<&anyhow::Error>) + Sync),
    ) {
        while !stop.load(Ordering::Relaxed) {
            let began = Clock::now();
            // A job that panics is told of like any other failure, and tried again at its next time.
            let run = || match background {
                Some(background) => background.run(|| (job.run)(self, now())),
                None => (job.run)(self, now()),
            };
            let done = catch_unwind(AssertUnwindSafe(run))
                .unwrap_or_else(|_| Err(anyhow!("the job {} panicked", job.name)));
            told(job.name, began.elapsed(), done.as_ref().err());
            while began.elapsed() < job.every && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(GLANCE.min(job.every.saturating_sub(began.elapsed())));
            }
        }
    }
}

fn deliver(programme: &Programme, at: Instant) -> Result<()> {
    // It keeps connections to receivers from one run to the next.
    static SENDER: LazyLock<WebhookSender> = LazyLock::new(WebhookSender::new);
    programme.deliver_due(at, &|delivery| SENDER.send(delivery)).map(drop)
}

/// Moves the journal, and keeps the lake from falling into too many pieces by it. Where more waits than one
/// batch takes, some follow at once.
fn journal(programme: &Programme) -> Result<()> {
    let most = u64::from(programme.settings().receipts.move_at_once_max);
    let mut any = false;
    for _ in 0..BATCHES_AT_ONCE {
        let moved = programme.move_journal()?;
        any |= moved.batch.is_some();
        if moved.receipts == 0 || moved.waiting < most {
            break;
        }
    }
    if any && programme.wants_compaction()? {
        programme.compact(Extent::Above(programme.settings().import.runs_max), &Unwatched)?;
    }
    Ok(())
}

/// What follows the calendar; a part that fails keeps no other from its turn.
fn days(programme: &Programme, at: Instant) -> Result<()> {
    let today = day_begun_everywhere(at);
    let act = Act::of_job("job:days", at);
    let before = Instant(at.0 - ANSWERS_KEPT);
    let ended = Instant(at.0 - programme.settings().quotes.kept_days * 86_400_000_000);
    let parts: [Result<()>; 6] = [
        programme.expire_cards(&act, today).map(drop).context("cards past their last day"),
        programme.review_levels(today).map(drop).context("review of levels"),
        programme.forget_sessions(at).map(drop).context("old sessions"),
        programme.forget_activity(Day(today.0 - ACTIVITY_DAYS)).map(drop).context("old activity"),
        programme.store()?.write(move |tx| tx.forget_answers(before)).map(drop).context("answers"),
        programme.store()?.write(move |tx| tx.forget_quotes(ended)).map(drop).context("quotes"),
    ];
    parts.into_iter().collect()
}

/// The latest day that has begun in every time zone: nothing ends before its day is over where it is. Tills go
/// by their own clock in the meantime.
fn day_begun_everywhere(at: Instant) -> Day {
    let westernmost = Instant(at.0 - 12 * 3_600_000_000);
    westernmost.utc_day()
}

/// Nobody watches a job.
struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}
