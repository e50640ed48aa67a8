//! Import: feeds → quarantine and lake; what comes from an old programme, and what receipts earn, into the
//! books (`import/accrual.rs`).

mod accrual;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use lake::{Append, Appended, Lake};
use retail::Batch;
use serde::Serialize;
use sources::{Files, Mapping, Problem, ReadError, Summary};

pub use accrual::AccrualReport;

use accrual::Accruing;

use crate::fetch::Fetched;
use crate::migration::{Opening, OpeningReport, Plan};
use crate::progress::{LOOKING, LOOKING_OVER, Progress, READING_FEED, WRITING_LAKE};
use crate::{Act, Programme, now, sha256_hex};

/// What an import did, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Whether nothing was written, and this says what would have been.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What became of the rows of each feed; empty where the lake has them already, and nothing was read.
    pub feeds: Vec<FeedReport>,
    /// What the lake gained.
    pub lake: Appended,
    /// What was brought from the programme before this one, if the mapping has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<OpeningReport>,
    /// What its receipts earned, if the mapping says from which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accrual: Option<AccrualReport>,
    /// Bad rows, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantined>,
    /// Products sold that the catalogue does not know; their lines are kept.
    pub unknown_products: u64,
    /// Where they are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_products_list: Option<PathBuf>,
    /// Receipts in the lake now.
    pub receipts: u64,
    /// Lines in the lake now.
    pub lines: u64,
    /// Share of receipts with a customer, of all in the lake.
    pub receipts_with_customer_share: Option<f64>,
    /// Share of sales (net) on receipts with a customer, of all in the lake.
    pub sales_with_customer_share: Option<f64>,
    /// Sentences worth reading.
    pub warnings: Vec<String>,
}

/// Rows of a feed.
#[derive(Clone, Debug, Serialize)]
pub struct FeedReport {
    /// Its name in the mapping.
    pub feed: &'static str,
    /// Files read.
    pub files: usize,
    /// Rows read.
    pub read: u64,
    /// Rows taken.
    pub good: u64,
    /// Rows set aside.
    pub bad: u64,
    /// Rows set aside, by reason.
    pub bad_by_reason: BTreeMap<&'static str, u64>,
}

/// Where bad rows are listed.
#[derive(Clone, Debug, Serialize)]
pub struct Quarantined {
    /// The file: one bad row a line.
    pub path: PathBuf,
    /// How many.
    pub rows: u64,
}

/// So many rows of a feed are bad that the import changed nothing.
#[derive(Debug, thiserror::Error)]
#[error(
    "{feed}: {bad} of {read} rows are bad ({share:.2} %), more than the {allowed:.2} % allowed: nothing \
     was imported. They are listed in {}; mend the feed or the mapping, or allow more with --max-bad",
    quarantine.display()
)]
pub struct TooManyBad {
    /// Which feed; of several, the one with the largest share.
    pub feed: &'static str,
    /// Bad rows of it.
    pub bad: u64,
    /// Rows read of it.
    pub read: u64,
    /// Their share in per cent.
    pub share: f64,
    /// The share that is allowed, in per cent.
    pub allowed: f64,
    /// Where the bad rows are listed.
    pub quarantine: PathBuf,
}

impl Programme {
    /// Reads the feeds of a mapping into the lake, in one commit, and what comes from an old programme into
    /// the books. Files that the lake has already are not read again for it. Bad rows go to a quarantine
    /// file; if their share of any feed is above `bad_share_max` (default: the setting), nothing is imported.
    ///
    /// # Errors
    /// When the mapping is wrong, a file cannot be read as a whole, too many rows are bad
    /// ([`TooManyBad`]), the storage fails, or another process changes the programme. The lake is then
    /// as it was; of cards and balances a part may be there, and the same import goes on with the rest.
    pub fn import(
        &self,
        mapping: &Path,
        bad_share_max: Option<f64>,
        progress: &dyn Progress,
    ) -> Result<ImportReport> {
        self.import_or_try(mapping, bad_share_max, false, progress)
    }

    /// Does all that [`Programme::import`] does but for keeping it: tells what an import would do.
    ///
    /// # Errors
    /// As [`Programme::import`].
    pub fn try_import(
        &self,
        mapping: &Path,
        bad_share_max: Option<f64>,
        progress: &dyn Progress,
    ) -> Result<ImportReport> {
        self.import_or_try(mapping, bad_share_max, true, progress)
    }

    fn import_or_try(
        &self,
        mapping: &Path,
        bad_share_max: Option<f64>,
        dry_run: bool,
        progress: &dyn Progress,
    ) -> Result<ImportReport> {
        let _writing = self.write()?;
        let text = std::fs::read_to_string(mapping)
            .with_context(|| format!("cannot read the mapping {}", mapping.display()))?;
        let mut mapping = Mapping::read(mapping, &text, |name| std::env::var(name).ok())?;
        let fetched = Fetched::bring(&self.folder, &mut mapping, progress)?;
        let files = Files::find(&mapping, &watch(LOOKING, progress))
            .map_err(|error| fetched.told_of(error.into()))?;
        let batch_id = batch_id(&text, &files);
        let lake = self.lake()?;
        let append = lake.begin(&batch_id)?;
        // The books are asked whatever the lake knows: a database may be younger than its lake.
        let of_books = files.of(|feed| feed.kind.is_opening() || feed.accrue_from.is_some());
        if append.already_there() && of_books.is_empty() {
            let (lake, appended) = append.commit()?;
            return Ok(ImportReport { dry_run, ..report(&lake, appended, Vec::new()) });
        }
        let files = if append.already_there() { &of_books } else { &files };
        let act = Act::of_job("import", now());
        let mut accruing = Accruing::of(&mapping, &lake, &act)?;
        let (append, mut read, opening) = add_parts(append, files, accruing.as_mut(), progress)
            .map_err(|error| fetched.told_of(error))?;
        let plan = if mapping.feeds.iter().any(|feed| feed.kind.is_opening()) {
            progress.stage(LOOKING_OVER, None);
            Some(self.judged(opening, &batch_id, &act, &mut read)?)
        } else {
            None
        };
        fetched
            .rename(read.problems.iter_mut().map(|problem| &mut problem.file), &mut read.warnings);
        let quarantine = self.quarantine(&batch_id, &read.problems)?;
        let bad_share_max = bad_share_max.unwrap_or(self.settings.import.bad_share_max);
        refuse_too_many_bad(&read, bad_share_max, quarantine.as_ref())?;
        let in_pieces = std::mem::take(&mut read.in_pieces);
        let mut found = ImportReport {
            dry_run,
            feeds: feed_reports(&read),
            quarantine,
            ..report(&lake, Appended::default(), read.warnings)
        };
        // The books go first: where the lake has the batch, everything was written.
        let earning = plan.as_ref().filter(|_| dry_run).map(|plan| plan.earning(&act));
        found.opening = match plan {
            Some(plan) if dry_run => Some(plan.report),
            Some(plan) => Some(self.begin_with(&act, plan, progress)?),
            None => None,
        };
        if let Some(accruing) = accruing {
            let accruing = if dry_run { accruing.rehearsed(earning) } else { accruing };
            let accrued = accruing.run(self, files, in_pieces, progress);
            found.accrual = Some(accrued.map_err(|error| fetched.told_of(error))?);
        }
        drop(fetched);
        if dry_run {
            return Ok(ImportReport { lake: append.give_up()?, ..found });
        }
        self.committed(append, &batch_id, found, progress)
    }

    /// Looks over what comes from an old programme; rows that do not fit are set aside.
    fn judged(
        &self,
        opening: Opening,
        batch_id: &str,
        act: &Act,
        read: &mut Summary,
    ) -> Result<Plan> {
        let mut plan = self.look_over(opening, batch_id, act.at)?;
        for problem in std::mem::take(&mut plan.problems) {
            read.set_aside(problem);
        }
        Ok(plan)
    }

    /// Commits to the lake and tells what it holds then.
    fn committed(
        &self,
        append: Append<'_>,
        batch_id: &str,
        found: ImportReport,
        progress: &dyn Progress,
    ) -> Result<ImportReport> {
        progress.stage(WRITING_LAKE, None);
        let (lake, appended) = append.commit()?;
        if appended.already_there {
            let ImportReport { feeds, quarantine, opening, accrual, warnings, .. } = found;
            let told = report(&lake, appended, warnings);
            return Ok(ImportReport { feeds, quarantine, opening, accrual, ..told });
        }
        // The batch is in; what fails from here on is a warning.
        let mut warnings = found.warnings;
        let unknown = unknown_products(&lake)?;
        let listed = self.list_unknown_products(batch_id, &unknown);
        let unknown_products_list = listed.unwrap_or_else(|error| {
            warnings.push(format!("unknown products could not be listed: {error:#}"));
            None
        });
        Ok(ImportReport {
            feeds: found.feeds,
            opening: found.opening,
            accrual: found.accrual,
            quarantine: found.quarantine,
            unknown_products: unknown.len() as u64,
            unknown_products_list,
            ..report(&lake, appended, warnings)
        })
    }

    /// Lists bad rows in a file of the quarantine folder, one a line.
    fn quarantine(&self, batch_id: &str, problems: &[Problem]) -> Result<Option<Quarantined>> {
        if problems.is_empty() {
            return Ok(None);
        }
        let path = self.quarantine_file(batch_id, "")?;
        let mut out = csv::Writer::from_path(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        out.write_record(["feed", "file", "line", "field", "value", "code", "reason"])?;
        for problem in problems {
            out.write_record([
                problem.feed.name(),
                &problem.file.display().to_string(),
                &problem.line.to_string(),
                &problem.field,
                &problem.value,
                problem.code.as_str(),
                &problem.reason,
            ])?;
        }
        out.flush()?;
        Ok(Some(Quarantined { path, rows: problems.len() as u64 }))
    }

    fn list_unknown_products(&self, batch_id: &str, unknown: &[String]) -> Result<Option<PathBuf>> {
        if unknown.is_empty() {
            return Ok(None);
        }
        let path = self.quarantine_file(batch_id, "-unknown-products")?;
        let mut out = csv::Writer::from_path(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        out.write_record(["product"])?;
        for id in unknown {
            out.write_record([id])?;
        }
        out.flush()?;
        Ok(Some(path))
    }

    /// The name says which batch, so that the same feed is listed once.
    fn quarantine_file(&self, batch_id: &str, suffix: &str) -> Result<PathBuf> {
        let folder = self.folder.join("quarantine");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(folder.join(format!("{}{suffix}.csv", &batch_id[..16])))
    }
}

/// What the lake gained and holds.
fn report(lake: &Lake, appended: Appended, warnings: Vec<String>) -> ImportReport {
    let totals = lake.manifest().totals;
    ImportReport {
        dry_run: false,
        feeds: Vec::new(),
        lake: appended,
        opening: None,
        accrual: None,
        quarantine: None,
        unknown_products: 0,
        unknown_products_list: None,
        receipts: totals.receipts,
        lines: totals.lines,
        receipts_with_customer_share: share(
            totals.receipts_with_customer as f64,
            totals.receipts as f64,
        ),
        sales_with_customer_share: share(totals.net_with_customer as f64, totals.net as f64),
        warnings,
    }
}

/// Why parts are no longer read.
enum Ended {
    /// A file cannot be read as a whole.
    File(ReadError),
    /// Whoever adds them has failed, and says why.
    Adding,
}

impl From<ReadError> for Ended {
    fn from(error: ReadError) -> Self {
        Self::File(error)
    }
}

/// Reads the parts of an import and adds each while the next is read; one may wait beside them. What goes
/// to the books is given back.
fn add_parts<'l>(
    mut append: Append<'l>,
    files: &Files<'_>,
    mut accruing: Option<&mut Accruing>,
    progress: &dyn Progress,
) -> Result<(Append<'l>, Summary, Opening)> {
    std::thread::scope(|scope| {
        let (send, parts) = std::sync::mpsc::sync_channel::<Batch>(1);
        let adding = scope.spawn(move || {
            for part in parts {
                append.add(part)?;
            }
            Ok::<_, lake::LakeError>(append)
        });
        let mut opening = Opening::default();
        let mut take = |mut part: Batch| {
            opening.take_from(&mut part);
            if let Some(accruing) = &mut accruing {
                accruing.learn(&part.products);
            }
            send.send(part).map_err(|_| Ended::Adding)
        };
        let read = files.read(sources::LINES_AT_ONCE, &watch(READING_FEED, progress), &mut take);
        drop(send);
        let added = match adding.join() {
            Ok(added) => added.context("the lake cannot be written"),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        match read {
            Ok(summary) => Ok((added?, summary, opening)),
            Err(Ended::File(error)) => Err(error.into()),
            Err(Ended::Adding) => Err(added.map(drop).expect_err("adding has failed")),
        }
    })
}

/// Tells a person's progress what the sources tell: a stage for each file.
fn watch<'p>(what: &'p str, progress: &'p dyn Progress) -> impl Fn(sources::Progress<'_>) + 'p {
    let stage = std::cell::RefCell::new((PathBuf::new(), 0));
    move |read| {
        let now = (read.file.to_owned(), read.bytes_total);
        if *stage.borrow() != now {
            let name = read.file.file_name().unwrap_or_default().to_string_lossy();
            progress.stage(&format!("{what} {} {name}", read.feed.name()), Some(read.bytes_total));
            *stage.borrow_mut() = now;
        }
        progress.done(read.bytes_done);
    }
}

/// What makes a batch that batch: the mapping's text and the bytes of the files, not their names.
fn batch_id(mapping: &str, files: &Files<'_>) -> String {
    let mut said = mapping.to_owned();
    for input in files.inputs() {
        said.push('\0');
        said.push_str(&input.sha256);
    }
    sha256_hex(said.as_bytes())
}

/// Judges each feed by itself, so that a small one that is bad as a whole does not hide behind a large.
fn refuse_too_many_bad(
    read: &Summary,
    allowed: f64,
    quarantine: Option<&Quarantined>,
) -> Result<()> {
    let share = |count: &sources::Count| count.bad as f64 / count.read.max(1) as f64;
    let worst = read.counts.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
    match (worst, quarantine) {
        (Some(count), Some(quarantine)) if share(count) > allowed => Err(TooManyBad {
            feed: count.feed.name(),
            bad: count.bad,
            read: count.read,
            share: share(count) * 100.0,
            allowed: allowed * 100.0,
            quarantine: quarantine.path.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Products on receipts that the catalogue does not have, in source order; none where no catalogue
/// was ever imported.
fn unknown_products(lake: &Lake) -> Result<Vec<String>> {
    let catalogue: std::collections::HashSet<String> =
        lake.table::<retail::Product>()?.into_iter().map(|product| product.id.0).collect();
    if catalogue.is_empty() {
        return Ok(Vec::new());
    }
    let products = lake.products()?;
    let mut unknown: Vec<String> = (0..products.len() as u32)
        .filter_map(|code| products.text(code))
        .filter(|id| !catalogue.contains(*id))
        .map(str::to_owned)
        .collect();
    unknown.sort_by(|a, b| retail::compare_ids(a, b));
    Ok(unknown)
}

fn feed_reports(read: &Summary) -> Vec<FeedReport> {
    let report = |count: &sources::Count| FeedReport {
        feed: count.feed.name(),
        files: read.inputs.iter().filter(|input| input.feed == count.feed).count(),
        read: count.read,
        good: count.good,
        bad: count.bad,
        bad_by_reason: count
            .bad_by_code
            .iter()
            .map(|(code, &rows)| (code.as_str(), rows))
            .collect(),
    };
    read.counts.iter().map(report).collect()
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}
