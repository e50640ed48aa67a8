//! Receipts and redemptions of a demo shop, cut into months that are complete one by one.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use demo::{CsvRows, DemoShop, Feed};
use retail::{Day, Receipt, Redemption};

use super::columns::Columns;
use super::{DemoFormat, beside, complete};
use crate::progress::{GOING_THROUGH, Progress, WRITING_FEED};

/// Some days of receipts in a file, with the redemptions of the same days in another.
pub(super) struct Part {
    /// Where its files stand.
    pub folder: PathBuf,
    /// The day after the feeds, which has a folder of its own.
    pub next_day: bool,
    last: Day,
    receipts: PathBuf,
    redemptions: PathBuf,
}

impl Part {
    fn new(folder: &Path, name: &str, last: Day, format: DemoFormat, next_day: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            next_day,
            last,
            receipts: folder.join(format!("receipts-{name}.{}", format.extension())),
            redemptions: folder.join(format!("redemptions-{name}.csv")),
        }
    }

    /// Whether both files are there; the receipts come last.
    pub(super) fn is_complete(&self) -> bool {
        self.receipts.exists()
    }
}

/// The months of a shop; with `next_day`, its last day is a part of its own.
pub(super) fn parts(
    shop: &DemoShop,
    folder: &Path,
    format: DemoFormat,
    next_day: bool,
) -> Vec<Part> {
    let end = shop.last_day();
    let history = if next_day { Day(end.0 - 1) } else { end };
    let first = end.0 - i32::from(shop.size().days) + 1;
    let month = |day: Day| day.to_string()[..7].to_owned();
    let ends = (first..=history.0)
        .map(Day)
        .filter(|&day| day == history || month(Day(day.0 + 1)) != month(day));
    let mut parts: Vec<Part> =
        ends.map(|last| Part::new(folder, &month(last), last, format, false)).collect();
    if next_day {
        let folder = folder.join("next-day");
        parts.push(Part::new(&folder, &end.to_string(), end, format, true));
    }
    parts
}

/// Writes the parts that are not complete; gives how many lines. What a day brings depends on the
/// days before it, so these are gone through again without being written.
pub(super) fn write(
    shop: &DemoShop,
    parts: &[Part],
    format: DemoFormat,
    progress: &dyn Progress,
) -> Result<u64> {
    let Some(last_missing) = parts.iter().rposition(|part| !part.is_complete()) else {
        return Ok(0);
    };
    let mut receipts = shop.receipts();
    let mut lines = 0;
    for part in &parts[..=last_missing] {
        let name = part.receipts.file_name().unwrap_or_default().to_string_lossy();
        if part.is_complete() {
            progress.stage(&format!("{GOING_THROUGH} {name}"), None);
            while receipts.next_until(part.last).is_some() {}
            receipts.take_redemptions();
            continue;
        }
        progress.stage(&format!("{WRITING_FEED} {name}"), None);
        let growing = beside(&part.receipts);
        let mut file = ReceiptFile::create(&growing, format)
            .with_context(|| format!("cannot write {}", part.receipts.display()))?;
        while let Some(receipt) = receipts.next_until(part.last) {
            lines += receipt.lines.len() as u64;
            file.put(&receipt)
                .with_context(|| format!("cannot write {}", part.receipts.display()))?;
        }
        file.finish().with_context(|| format!("cannot write {}", part.receipts.display()))?;
        // The receipts come last: a part is complete when they are there.
        write_redemptions(&part.redemptions, &receipts.take_redemptions())?;
        std::fs::rename(&growing, &part.receipts)
            .with_context(|| format!("cannot write {}", part.receipts.display()))?;
    }
    Ok(lines)
}

fn write_redemptions(path: &Path, redemptions: &[Redemption]) -> Result<()> {
    complete(path, |out| {
        let mut rows = CsvRows::new(Feed::Redemptions, out)?;
        redemptions.iter().try_for_each(|row| rows.redemption(row))
    })
}

/// A file of receipts while it grows.
enum ReceiptFile {
    Csv(CsvRows<BufWriter<File>>),
    Parquet(Box<Columns>),
}

impl ReceiptFile {
    fn create(path: &Path, format: DemoFormat) -> Result<Self> {
        let file = File::create(path)?;
        Ok(match format {
            DemoFormat::Csv => Self::Csv(CsvRows::new(Feed::Receipts, BufWriter::new(file))?),
            DemoFormat::Parquet => Self::Parquet(Box::new(Columns::create(file)?)),
        })
    }

    fn put(&mut self, receipt: &Receipt) -> Result<()> {
        match self {
            Self::Csv(rows) => Ok(rows.receipt(receipt)?),
            Self::Parquet(columns) => columns.put(receipt),
        }
    }

    /// Everything is on the disk when this returns.
    fn finish(self) -> Result<()> {
        let file = match self {
            Self::Csv(rows) => rows.into_inner().into_inner()?,
            Self::Parquet(columns) => columns.finish()?,
        };
        Ok(file.sync_all()?)
    }
}
