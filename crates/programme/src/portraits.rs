//! Portraits: everybody's as a table, or one customer's for a person to read.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use lake::{Customers, Lake};
use portrait::{History, Population, Portrait, Scores, Value, registry};
use retail::{Day, Lines};
use serde::Serialize;

use crate::people::People;
use crate::reference::Reference;
use crate::shared_card::{SharedCard, shared_cards};
use crate::{Programme, ProgrammeError, Progress, refresh, table};

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
    /// Seconds to read the lines.
    pub read_s: f64,
    /// Seconds from lines to portraits, both passes.
    pub portraits_s: f64,
    /// Seconds to write the table.
    pub write_s: f64,
    /// Lines of the customer whose history is nearest to 2,000 lines.
    pub one_lines: usize,
    /// Seconds for his portrait alone, the population given.
    pub one_s: f64,
}

/// One customer's portrait, ready to show.
#[derive(Clone, Debug, Serialize)]
pub struct PortraitView {
    /// The source's id.
    pub customer: String,
    /// Of which day.
    pub as_of: Day,
    /// Every parameter, in the order of the registry.
    pub parameters: Vec<PortraitRow>,
}

/// A parameter's value with its meaning.
#[derive(Clone, Debug, Serialize)]
pub struct PortraitRow {
    /// Its name.
    pub name: &'static str,
    /// Its group.
    pub group: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Its value; null where it is not defined for this customer.
    pub value: serde_json::Value,
    /// Why it is null for everybody, where its input comes with later work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<&'static str>,
}

/// Everything portraits are made from, except lines.
pub(crate) struct Studio {
    pub lake: Lake,
    pub people: People,
    pub reference: Reference,
}

/// Everybody's portraits, the population they stand in, and the cards left out of it, by code.
pub(crate) struct Everybody {
    pub portraits: Vec<Portrait>,
    pub population: Population,
    pub shared: Vec<(u32, SharedCard)>,
}

impl Studio {
    pub(crate) fn open(programme: &Programme) -> Result<Self> {
        let lake = programme.lake()?;
        let mut people = People::read(&lake)?;
        let reference = Reference::read(&lake, &mut people.texts)?;
        Ok(Self { lake, people, reference })
    }

    /// Makes everybody's portraits as of a day.
    pub(crate) fn everybody(
        &self,
        programme: &Programme,
        lines: &Lines,
        as_of: Day,
    ) -> Result<Everybody> {
        let shared = self.shared_cards(programme, lines, as_of)?;
        let histories = self.people.histories(lines);
        let population = self.population(&histories, &shared, as_of);
        let portraits =
            portrait::portraits(&histories, &self.reference.catalogue, &population, &[], as_of);
        Ok(Everybody { portraits, population, shared })
    }

    pub(crate) fn shared_cards(
        &self,
        programme: &Programme,
        lines: &Lines,
        as_of: Day,
    ) -> Result<Vec<(u32, SharedCard)>> {
        let customers = self.lake.customers()?;
        Ok(shared_cards(lines, as_of, &programme.settings.shared_cards, |code| {
            customers.text(code)
        }))
    }

    /// Lines and seconds of the portrait of a customer with about 2,000 lines, as real time makes it.
    fn time_one(&self, lines: &Lines, population: &Population, as_of: Day) -> (usize, f64) {
        let histories = self.people.histories(lines);
        let nearest = histories.iter().min_by_key(|history| history.range.len().abs_diff(2_000));
        let Some(history) = nearest else { return (0, 0.0) };
        let catalogue = &self.reference.catalogue;
        let started = Instant::now();
        let made = portrait::portrait(history, catalogue, population, &Scores::default(), as_of);
        let seconds = started.elapsed().as_secs_f64();
        // The optimiser must not leave out what nobody reads.
        std::hint::black_box(made);
        (history.range.len(), seconds)
    }

    fn population(
        &self,
        histories: &[History<'_>],
        shared: &[(u32, SharedCard)],
        as_of: Day,
    ) -> Population {
        let catalogue = &self.reference.catalogue;
        if shared.is_empty() {
            return portrait::tally(histories, catalogue, as_of).finish();
        }
        let is_shared = |code: u32| shared.binary_search_by_key(&code, |card| card.0).is_ok();
        let people: Vec<History<'_>> =
            histories.iter().filter(|history| !is_shared(history.customer)).cloned().collect();
        portrait::tally(&people, catalogue, as_of).finish()
    }

    /// The source's text behind a value's code.
    pub(crate) fn text_of(&self, value: Value) -> Option<String> {
        let text = |texts: &[String], code: u32| texts.get(code as usize).cloned();
        match value {
            Value::Product(code) => self.lake.products().ok()?.text(code).map(str::to_owned),
            Value::Shop(code) => self.lake.shops().ok()?.text(code).map(str::to_owned),
            Value::Category(code) => text(&self.reference.categories, code),
            Value::Brand(code) => text(&self.reference.brands, code),
            Value::Text(code) => self.people.texts.text(code).map(str::to_owned),
            Value::Label(label) => Some((*label).to_owned()),
            _ => None,
        }
    }

    pub(crate) fn table(&self, portraits: &[Portrait]) -> Result<arrow_array::RecordBatch> {
        let customers = self.lake.customers()?;
        table::portraits(portraits, |code| customers.text(code), &|value| self.text_of(value))
    }
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
        progress.stage("opening the lake", None);
        let started = Instant::now();
        let studio = Studio::open(self)?;
        let open_s = started.elapsed().as_secs_f64();

        progress.stage("reading lines", None);
        let started = Instant::now();
        let lines = with_customers(&studio.lake)?;
        let read_s = started.elapsed().as_secs_f64();

        let as_of = self.as_of(as_of, &lines)?;
        progress.stage("making portraits", None);
        let started = Instant::now();
        let Everybody { portraits, population, .. } = studio.everybody(self, &lines, as_of)?;
        let portraits_s = started.elapsed().as_secs_f64();

        let (one_lines, one_s) = studio.time_one(&lines, &population, as_of);
        progress.stage("writing portraits", None);
        let started = Instant::now();
        if let Some(path) = out {
            table::write(path, &studio.table(&portraits)?)?;
        }
        Ok(PortraitFigures {
            as_of,
            customers: portraits.len(),
            lines: lines.len(),
            parameters: registry().len(),
            threads: rayon::current_num_threads(),
            open_s,
            read_s,
            portraits_s,
            write_s: started.elapsed().as_secs_f64(),
            one_lines,
            one_s,
        })
    }

    /// One customer's portrait. Where the current snapshot is of that day, its population serves;
    /// otherwise the population is computed from the lake.
    ///
    /// # Errors
    /// When nobody knows the customer, or the lake or the snapshot cannot be read.
    pub fn portrait(&self, customer: &str, as_of: Option<Day>) -> Result<PortraitView> {
        let studio = Studio::open(self)?;
        let unknown = || ProgrammeError::NoCustomer { id: customer.to_owned() };
        let code = studio.lake.customers()?.code(customer).ok_or_else(unknown)?;
        let current = refresh::current_population(self, studio.lake.manifest().number)?;
        let made = match current {
            Some(population) if as_of.is_none_or(|day| day == population.as_of()) => {
                let lines = studio.lake.lines(&Customers::Range(code..=code))?;
                let histories = studio.people.histories(&lines);
                let day = population.as_of();
                let catalogue = &studio.reference.catalogue;
                let portrait = |history| {
                    portrait::portrait(history, catalogue, &population, &Scores::default(), day)
                };
                histories.first().map(portrait).map(|portrait| (portrait, day))
            }
            _ => {
                let lines = with_customers(&studio.lake)?;
                let day = self.as_of(as_of, &lines)?;
                let portraits = studio.everybody(self, &lines, day)?.portraits;
                portraits
                    .into_iter()
                    .find(|portrait| portrait.customer == code)
                    .map(|made| (made, day))
            }
        };
        let (portrait, day) = made.ok_or_else(unknown)?;
        Ok(studio.view(customer, &portrait, day))
    }

    /// The day asked for, else the current snapshot's, else the newest with receipts.
    pub(crate) fn as_of(&self, asked: Option<Day>, lines: &Lines) -> Result<Day> {
        if let Some(day) = asked {
            return Ok(day);
        }
        if let Some(day) = refresh::current_as_of(self)? {
            return Ok(day);
        }
        lines.day.iter().max().map(|&day| Day(day)).ok_or_else(|| ProgrammeError::Empty.into())
    }
}

impl Studio {
    fn view(&self, customer: &str, portrait: &Portrait, as_of: Day) -> PortraitView {
        let row = |(parameter, &value): (&portrait::Parameter, &Value)| PortraitRow {
            name: parameter.name,
            group: parameter.group,
            unit: parameter.unit,
            missing: parameter.missing,
            value: match value {
                Value::Null => serde_json::Value::Null,
                Value::Int(value) => value.into(),
                Value::Float(value) => value.into(),
                Value::Bool(value) => value.into(),
                Value::Date(day) => day.to_string().into(),
                other => self.text_of(other).into(),
            },
        };
        PortraitView {
            customer: customer.to_owned(),
            as_of,
            parameters: registry().iter().zip(&portrait.values).map(row).collect(),
        }
    }
}

/// Lines of every customer, without the sales nobody showed a card for.
pub(crate) fn with_customers(lake: &Lake) -> Result<Lines> {
    let known = lake.customers()?.len() as u32;
    let lines = match known.checked_sub(1) {
        Some(last) => lake.lines(&Customers::Range(0..=last))?,
        None => Lines::default(),
    };
    if lines.is_empty() { Err(ProgrammeError::Empty.into()) } else { Ok(lines) }
}
