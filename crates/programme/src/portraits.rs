//! Portraits: everybody's as a table, or one customer's for a person to read.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use lake::Customers;
use portrait::{Parameter, Population, Portrait, Scores, Value, registry};
use retail::Day;
use serde::Serialize;
use store::JournalOf;

use crate::passes::{Everybody, Question, by_range};
use crate::portrait_rows;
use crate::progress::{OPENING, PORTRAITS};
use crate::studio::{Furnished, Studio};
use crate::table::Table;
use crate::{Programme, ProgrammeError, Progress, refresh, table};

/// A customer of about so many lines is timed alone.
const ONE_LINES: usize = 2_000;

/// What making everybody's portraits took.
#[derive(Clone, Debug, Serialize)]
pub struct PortraitFigures {
    /// Of which day.
    pub as_of: Day,
    /// Portraits made.
    pub customers: usize,
    /// Lines read.
    pub lines: usize,
    /// Parameters of each.
    pub parameters: usize,
    /// Threads used.
    pub threads: usize,
    /// Seconds to open the lake: manifest, dictionaries, reference tables.
    pub open_s: f64,
    /// Seconds in which lines were waited for and nothing was computed, both passes.
    pub read_s: f64,
    /// Seconds from lines to rows of portraits, both passes; the next lines are read meanwhile.
    pub portraits_s: f64,
    /// The first pass's part of `read_s`: everybody is tallied.
    pub tally_read_s: f64,
    /// The first pass's part of `portraits_s`.
    pub tally_s: f64,
    /// Seconds to write the table; the next lines are read meanwhile.
    pub write_s: f64,
    /// Most memory the process ever had, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Lines of the customer whose history is nearest to 2,000 lines.
    pub one_lines: usize,
    /// Seconds for his portrait alone, the population given.
    pub one_s: f64,
}

/// One customer's portrait, ready to be put into words.
#[derive(Clone, Debug)]
pub struct PortraitView {
    /// The source's id.
    pub customer: String,
    /// Of which day.
    pub as_of: Day,
    /// Every parameter, in the order of the registry.
    pub parameters: Vec<PortraitRow>,
}

/// A parameter's value.
#[derive(Clone, Debug)]
pub struct PortraitRow {
    /// Of which parameter.
    pub parameter: &'static Parameter,
    /// A number, a text, a truth value, or null where it is not defined for this customer.
    pub value: serde_json::Value,
}

impl Studio {
    /// One customer's portrait as real time makes it: his lines are read, the population is given.
    /// With it, how many lines he has and how many seconds the portrait took; nothing if he has none.
    pub(crate) fn one(
        &self,
        code: u32,
        population: &Population,
        latest: bool,
    ) -> Result<Option<Portrayed>> {
        let lines = self.lake.lines(&Customers::Range(code..=code))?;
        let histories = self.histories(&lines, &lines.by_customer())?;
        let Some(history) = histories.first() else { return Ok(None) };
        let (catalogue, scores) = (&self.reference.catalogue, Scores::default());
        let newest = lines.day.iter().copied().max().filter(|_| latest);
        let as_of = population.as_of().max(newest.map_or(population.as_of(), Day));
        let started = Instant::now();
        let portrait = portrait::portrait(history, catalogue, population, &scores, as_of);
        let (lines, seconds) = (lines.len(), started.elapsed().as_secs_f64());
        Ok(Some(Portrayed { portrait, as_of, lines, seconds }))
    }
}

/// One customer's portrait, as it was made.
pub(crate) struct Portrayed {
    pub portrait: Portrait,
    as_of: Day,
    lines: usize,
    seconds: f64,
}

/// Of which day a portrait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortraitDay {
    /// The current snapshot's, else the newest with receipts.
    Snapshot,
    /// The same, or that of the customer's newest receipt, if it is later: what he bought since is in it, and
    /// he is compared with the others as of the snapshot.
    Latest,
    /// This one.
    Of(Day),
}

impl Programme {
    /// Makes everybody's portraits as of a day (default: the current snapshot's, else the newest day
    /// with receipts) and writes them as a table, one row a customer.
    ///
    /// # Errors
    /// When the lake is empty or cannot be read, or the file cannot be written.
    pub fn portraits(
        &self,
        as_of: Option<Day>,
        out: Option<&Path>,
        progress: &dyn Progress,
    ) -> Result<PortraitFigures> {
        if let Some(path) = out {
            table::Format::of(path)?;
        }
        progress.stage(OPENING, None);
        let started = Instant::now();
        let studio = Studio::open(self)?;
        let open_s = started.elapsed().as_secs_f64();
        let everybody = self.everybody(&studio, as_of, progress)?;
        let (population, tally) = (&everybody.population, everybody.seconds);

        let mut table =
            out.map(|path| Table::create(path, &portrait_rows::schema())).transpose()?;
        let (mut customers, mut lines_read, mut write_s) = (0, 0, 0.0);
        // The customer to be timed alone, and how far from the wanted number his lines are.
        let mut nearest = (usize::MAX, 0);
        progress.stage(PORTRAITS, Some(studio.lake.ranges(self.range_lines)?.len() as u64));
        let second = by_range(&studio.lake, self.range_lines, progress, |lines| {
            let people = lines.by_customer();
            (customers, lines_read) = (customers + people.len(), lines_read + lines.len());
            let distance =
                people.iter().map(|(code, range)| (range.len().abs_diff(ONE_LINES), *code));
            nearest = nearest.min(distance.min().unwrap_or(nearest));
            let rows = studio.portrait_rows(lines, &people, population)?;
            let started = Instant::now();
            if let Some(table) = &mut table {
                rows.iter().try_for_each(|rows| table.write(rows))?;
            }
            write_s += started.elapsed().as_secs_f64();
            Ok(())
        })?;
        let portraits_s = tally.work + second.work - write_s;
        let started = Instant::now();
        table.map_or(Ok(()), Table::finish)?;
        write_s += started.elapsed().as_secs_f64();
        let (one_lines, one_s) = studio
            .one(nearest.1, population, false)?
            .map_or((0, 0.0), |one| (one.lines, one.seconds));
        Ok(PortraitFigures {
            as_of: everybody.as_of,
            customers,
            lines: lines_read,
            parameters: registry().len(),
            threads: rayon::current_num_threads(),
            open_s,
            read_s: tally.read + second.read,
            portraits_s,
            tally_read_s: tally.read,
            tally_s: tally.work,
            write_s,
            peak_memory_bytes: peak_memory_bytes(),
            one_lines,
            one_s,
        })
    }

    /// One customer's portrait, with every receipt of his that is taken, whether it has come to the lake or
    /// not: the portrait is the same before and after it moves there. Where the current snapshot is of that
    /// day, its population serves; otherwise the population is tallied anew, which takes a pass over the
    /// lake.
    ///
    /// # Errors
    /// When nobody knows the customer, or lake, database or snapshot cannot be read;
    /// [`ProgrammeError::Tallying`] where another portrait takes that pass just now.
    pub fn portrait(
        &self,
        customer: &str,
        day: PortraitDay,
        progress: &dyn Progress,
    ) -> Result<PortraitView> {
        let Furnished { studio, population, .. } =
            self.studio_with_journal(JournalOf::Customer(customer))?;
        let as_of = match day {
            PortraitDay::Of(day) => Some(day),
            PortraitDay::Snapshot | PortraitDay::Latest => None,
        };
        let (studio, population) = match population {
            Some(population) if as_of.is_none_or(|day| day == population.as_of()) => {
                (studio, population)
            }
            // Everybody's receipts count then.
            _ => {
                let _alone = self.warm.tallying()?;
                let studio = self.studio_with_journal(JournalOf::Everybody)?.studio;
                known(&studio, customer)?;
                let population = self.everybody(&studio, as_of, progress)?.population;
                (studio, population.into())
            }
        };
        let unknown = || ProgrammeError::NoCustomer { id: customer.to_owned() };
        let latest = day == PortraitDay::Latest;
        let made = studio.one(known(&studio, customer)?, &population, latest)?;
        let made = made.ok_or_else(unknown)?;
        Ok(studio.view(customer, &made.portrait, made.as_of))
    }

    /// Everybody as of the day asked for, else the current snapshot's, else the newest with receipts.
    fn everybody(
        &self,
        studio: &Studio,
        as_of: Option<Day>,
        progress: &dyn Progress,
    ) -> Result<Everybody<()>> {
        let as_of = match as_of {
            Some(day) => Some(day),
            None => refresh::current_as_of(self)?,
        };
        let question = Question { begin: &|_| (), add: &|(), _, _| () };
        studio.everybody(self, as_of, progress, &question)
    }
}

/// The code of a customer whom somebody knows.
fn known(studio: &Studio, customer: &str) -> Result<u32> {
    let code = studio.lake.customers()?.code(customer);
    Ok(code.ok_or_else(|| ProgrammeError::NoCustomer { id: customer.to_owned() })?)
}

/// Most memory the process ever had; nothing where the system does not say it as Linux does.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(kib.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

impl Studio {
    fn view(&self, customer: &str, portrait: &Portrait, as_of: Day) -> PortraitView {
        let row = |(parameter, &value): (&'static Parameter, &Value)| PortraitRow {
            parameter,
            value: match value {
                Value::Null => serde_json::Value::Null,
                Value::Int(value) => value.into(),
                Value::Float(value) => value.into(),
                Value::Bool(value) => value.into(),
                Value::Date(day) => day.to_string().into(),
                other => self.text_of(other).map(str::to_owned).into(),
            },
        };
        PortraitView {
            customer: customer.to_owned(),
            as_of,
            parameters: registry().iter().zip(&portrait.values).map(row).collect(),
        }
    }
}
