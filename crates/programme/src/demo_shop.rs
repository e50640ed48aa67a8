//! The demo shops, written as feeds that the ordinary import reads.

mod columns;
mod parts;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use demo::{DemoShop, Feed, MAPPING, Size, VERSION};
use serde::Serialize;

use crate::progress::{Progress, WRITING_FEED};
use parts::parts;

/// Which demo shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DemoKind {
    Grocery,
    Shoes,
    Travel,
}

/// How large a demo shop is, where it should differ from its kind's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DemoSize {
    /// Customers.
    pub customers: Option<u32>,
    /// How long it has been trading.
    pub trade: Option<DemoTrade>,
    /// The same seed gives the same bytes.
    pub seed: Option<u64>,
}

/// How long a demo shop has been trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoTrade {
    /// So many days.
    Days(u16),
    /// As many days as it takes to sell about so many lines.
    Lines(u64),
}

/// The form of a demo shop's receipts; its other feeds are CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoFormat {
    /// UTF-8, comma.
    Csv,
    /// Columns of texts, timestamps and decimals, compressed.
    Parquet,
}

/// The feeds to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoFeeds {
    /// Of which shop.
    pub kind: DemoKind,
    /// How large it is.
    pub size: DemoSize,
    /// In which form.
    pub format: DemoFormat,
    /// Whether one more day of trade is written, as a feed of its own.
    pub next_day: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoReport {
    /// The mapping of the feeds.
    pub mapping: PathBuf,
    /// The mapping of the day after them, if it was wanted.
    pub next_day: Option<PathBuf>,
    /// Customers with a card.
    pub customers: u32,
    /// Days of trade, without the day after.
    pub days: u16,
    /// Lines of receipts written now; those of files found complete are not counted.
    pub lines: u64,
    /// Files of receipts written now.
    pub files_written: usize,
    /// Files of receipts found complete.
    pub files_kept: usize,
}

/// Which shop's feeds a folder holds.
const LABEL: &str = "shop.toml";

/// Nobody needs a demo shop older than this, and days are counted in 16 bits.
const DAYS_MAX: u64 = 3_650;

impl DemoFeeds {
    /// Writes the feeds of a demo shop and their mapping into a folder. Receipts and redemptions are
    /// cut into one file a month. Each file is complete as soon as it bears its name, so that
    /// interrupted work goes on where it stopped and gives the same bytes; memory does not grow with
    /// the receipts.
    ///
    /// # Errors
    /// When a file cannot be written, or the folder holds the feeds of another shop.
    pub fn write(&self, folder: &Path, progress: &dyn Progress) -> Result<DemoReport> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let shop = self.shop()?;
        let label = self.label(&shop);
        let found = std::fs::read_to_string(folder.join(LABEL)).ok();
        ensure!(
            found.as_ref().is_none_or(|found| *found == label),
            "{} holds the feeds of another shop: {}; name another folder, or remove this one",
            folder.display(),
            found.unwrap_or_default().trim().replace('\n', ", "),
        );
        complete(&folder.join(LABEL), |out| out.write_all(label.as_bytes()))?;
        for feed in Feed::ALL {
            if matches!(feed, Feed::Receipts | Feed::Redemptions) {
                continue;
            }
            progress.stage(&format!("{WRITING_FEED} {}", feed.file()), None);
            complete(&folder.join(feed.file()), |out| shop.write(feed, out))?;
        }
        let parts = parts(&shop, folder, self.format, self.next_day);
        let next_day = parts.iter().find(|part| part.next_day).map(|part| part.folder.clone());
        if let Some(folder) = &next_day {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let kept = parts.iter().filter(|part| part.is_complete()).count();
        let lines = parts::write(&shop, &parts, self.format, progress)?;
        let mapping = write_mapping(folder, &self.mapping(false))?;
        let next_day = next_day.map(|folder| write_mapping(&folder, &self.mapping(true)));
        Ok(DemoReport {
            mapping,
            next_day: next_day.transpose()?,
            customers: shop.size().customers,
            days: shop.size().days - u16::from(self.next_day),
            lines,
            files_written: parts.len() - kept,
            files_kept: kept,
        })
    }

    fn shop(&self) -> Result<DemoShop> {
        let (make, default): (fn(Size) -> DemoShop, Size) = match self.kind {
            DemoKind::Grocery => (DemoShop::grocery, Size::GROCERY),
            DemoKind::Shoes => (DemoShop::shoes, Size::SHOES),
            DemoKind::Travel => (DemoShop::travel, Size::TRAVEL),
        };
        let mut size = Size {
            customers: self.size.customers.unwrap_or(default.customers),
            seed: self.size.seed.unwrap_or(default.seed),
            ..default
        };
        let days = match self.size.trade {
            None => size.days.into(),
            Some(DemoTrade::Days(days)) => days.into(),
            Some(DemoTrade::Lines(lines)) => lines.div_ceil(make(size).lines_a_day()),
        };
        ensure!(
            days <= DAYS_MAX,
            "{} customers would trade {days} days, more than {DAYS_MAX}; give fewer days or lines, or more \
             customers",
            size.customers
        );
        size.days = days as u16;
        // The shop must know its last day from the first on: who leaves when follows from it.
        size.days = size.days.saturating_add(u16::from(self.next_day));
        Ok(make(size))
    }

    fn label(&self, shop: &DemoShop) -> String {
        let Size { customers, days, seed } = shop.size();
        let (kind, format, next_day) = (self.kind, self.format, self.next_day);
        format!(
            "kind = \"{kind:?}\"\ncustomers = {customers}\ndays = {days}\nseed = {seed}\n\
             format = \"{format:?}\"\nnext_day = {next_day}\ngenerator = {VERSION}\n"
        )
    }

    /// The mapping of feeds in parts; of the day after, only what a day brings.
    fn mapping(&self, next_day: bool) -> String {
        let receipts = format!("receipts-*.{}", self.format.extension());
        let text = MAPPING
            .replace(Feed::Receipts.file(), &receipts)
            .replace(Feed::Redemptions.file(), "redemptions-*.csv");
        if !next_day {
            return text;
        }
        let daily = ["[defaults]", "[receipts]", "[redemptions]"];
        let sections = text.split_inclusive("\n\n");
        sections.filter(|section| daily.iter().any(|name| section.starts_with(name))).collect()
    }
}

impl DemoFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

fn write_mapping(folder: &Path, text: &str) -> Result<PathBuf> {
    let path = folder.join("mapping.toml");
    complete(&path, |out| out.write_all(text.as_bytes()))?;
    Ok(path)
}

/// Writes a file beside its place and moves it there when it is complete; one that is there already
/// stays.
fn complete(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let beside = beside(path);
    let written = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(&beside)?);
        write(&mut out)?;
        out.into_inner()?.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Where a file is while it grows: a name that no pattern of a mapping finds.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.part"))
}
