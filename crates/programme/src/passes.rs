//! Passes over everybody's lines in ranges of customers, so that memory does not grow with the lake:
//! the next range is read while one is worked on.

use std::time::Instant;

use anyhow::Result;
use lake::{Customers, Lake};
use models::Chosen;
use portrait::{Population, Tally};
use retail::{Day, Lines};

use crate::progress::{Progress, TALLYING};
use crate::shared_card::{SharedCard, shared_cards};
use crate::studio::Studio;
use crate::{Programme, ProgrammeError};

/// What a pass took, by the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seconds {
    /// Lines were waited for and nothing was computed.
    pub read: f64,
    /// Lines were worked on, and the next ones read.
    pub work: f64,
}

/// What the first pass learns of everybody, and what its caller asked besides.
pub(crate) struct Everybody<T> {
    pub as_of: Day,
    /// Newest day with receipts of customers.
    pub newest: Day,
    pub population: Population,
    /// Cards left out of the population, by code.
    pub shared: Vec<(u32, SharedCard)>,
    pub asked: T,
    pub seconds: Seconds,
}

/// What a caller asks of everybody besides the population.
pub(crate) struct Question<'a, T> {
    /// Begins the answer, as of a day.
    pub begin: &'a (dyn Fn(Day) -> T + Sync),
    /// Adds customers of these lines; cards used for many people are not among them.
    pub add: &'a (dyn Fn(&mut T, &Lines, Chosen<'_>) + Sync),
}

/// Gives the lines of all customers to `work`, a range of about so many lines after another, in
/// the order of codes. Lines that nobody showed a card for are left out.
pub(crate) fn by_range(
    lake: &Lake,
    range_lines: u64,
    progress: &dyn Progress,
    mut work: impl FnMut(&Lines) -> Result<()> + Send,
) -> Result<Seconds> {
    let mut seconds = Seconds::default();
    let mut ranges = lake.ranges(range_lines)?.into_iter();
    let mut read = move || {
        let lines = ranges.next().map(|range| lake.lines(&Customers::Range(range)));
        lines.transpose().map_err(anyhow::Error::from)
    };
    let started = Instant::now();
    let mut next = read()?;
    seconds.read += started.elapsed().as_secs_f64();
    let mut done = 0;
    while let Some(lines) = next {
        let started = Instant::now();
        let (after, worked) = rayon::join(&mut read, || {
            let started = Instant::now();
            work(&lines).map(|()| started.elapsed().as_secs_f64())
        });
        let worked = worked?;
        seconds.work += worked;
        seconds.read += (started.elapsed().as_secs_f64() - worked).max(0.0);
        next = after?;
        done += 1;
        progress.done(done);
    }
    Ok(seconds)
}

impl Studio {
    /// The first pass: the population and the answer to a question, as of a day; without one, of the
    /// newest day with receipts of customers.
    pub(crate) fn everybody<T: Send>(
        &self,
        programme: &Programme,
        as_of: Option<Day>,
        progress: &dyn Progress,
        question: &Question<'_, T>,
    ) -> Result<Everybody<T>> {
        let first = self.tally(programme, as_of, progress, question)?;
        if as_of.is_some() || first.newest == first.as_of {
            return Ok(first);
        }
        // The newest day was taken from the first range, and somebody bought later.
        let (newest, seconds) = (first.newest, first.seconds);
        // Two answers at once would need the memory twice.
        drop(first);
        let mut again = self.tally(programme, Some(newest), progress, question)?;
        again.seconds.read += seconds.read;
        again.seconds.work += seconds.work;
        Ok(again)
    }

    fn tally<T: Send>(
        &self,
        programme: &Programme,
        as_of: Option<Day>,
        progress: &dyn Progress,
        question: &Question<'_, T>,
    ) -> Result<Everybody<T>> {
        let range_lines = programme.range_lines;
        progress.stage(TALLYING, Some(self.lake.ranges(range_lines)?.len() as u64));
        let customers = self.lake.customers()?;
        let limits = &programme.settings.shared_cards;
        let (mut shared, mut newest) = (Vec::new(), None);
        let mut tallied: Option<(Day, Tally<'_>, T)> = None;
        let seconds = by_range(&self.lake, range_lines, progress, |lines| {
            let Some(&last) = lines.day.iter().max() else { return Ok(()) };
            newest = newest.max(Some(Day(last)));
            let (day, tally, mut answer) = tallied.take().unwrap_or_else(|| {
                let day = as_of.unwrap_or(Day(last));
                (day, Tally::new(&self.reference.catalogue, day), (question.begin)(day))
            });
            let mut people = lines.by_customer();
            let cards = shared_cards(lines, &people, day, limits, |code| customers.text(code));
            leave_out(&mut people, &cards);
            shared.extend(cards);
            let histories = self.histories(lines, &people)?;
            let these = portrait::tally(&histories, &self.reference.catalogue, day);
            (question.add)(&mut answer, lines, &people);
            tallied = Some((day, tally.merge(these), answer));
            Ok(())
        })?;
        let (Some((as_of, tally, asked)), Some(newest)) = (tallied, newest) else {
            return Err(ProgrammeError::Empty.into());
        };
        let population = tally.finish();
        Ok(Everybody { as_of, newest, population, shared, asked, seconds })
    }
}

/// Takes cards used for many people out of the customers of the same lines.
pub(crate) fn leave_out(
    people: &mut Vec<(u32, std::ops::Range<usize>)>,
    shared: &[(u32, SharedCard)],
) {
    people.retain(|person| shared.binary_search_by_key(&person.0, |card| card.0).is_err());
}
