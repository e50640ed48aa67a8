//! Feeds as retailers send them: a mapping and a file in, rows and problems out.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in `#[test]` functions only

mod columnar;
mod fatal;
mod feeds;
mod lines;
mod manual;
mod mappings;
mod opening;
mod parts;
mod placements;
mod robust;

use std::collections::HashSet;
use std::path::Path;

use retail::{Batch, LineBatch, NONE, Texts};
use sources::{Count, Files, Input, Mapping, Problem, ReadError};

/// What a mapping's files bring, in one.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub batch: Batch,
    pub problems: Vec<Problem>,
    pub counts: Vec<Count>,
    pub inputs: Vec<Input>,
    pub warnings: Vec<String>,
    pub in_pieces: HashSet<u64>,
}

/// A folder with these files and the mapping, read.
pub(crate) fn try_read(mapping: &str, files: &[(&str, &[u8])]) -> Result<Feed, ReadError> {
    read_in(written(files).path(), mapping)
}

/// A folder with these files.
pub(crate) fn written(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// A mapping that stands in a folder, read.
pub(crate) fn read_in(folder: &Path, mapping: &str) -> Result<Feed, ReadError> {
    let mapping = Mapping::read(&folder.join("mapping.toml"), mapping, |_| None);
    let mapping = mapping.unwrap_or_else(|error| panic!("{error}"));
    read_mapping(&mapping)
}

/// A mapping, its receipts read as one part.
pub(crate) fn read_mapping(mapping: &Mapping) -> Result<Feed, ReadError> {
    let mut feed = Feed::default();
    let mut parts = in_parts(mapping, usize::MAX, &mut feed)?;
    if let Some(part) = parts.pop_if(|part| !part.lines.is_empty()) {
        feed.batch.lines = part.lines;
    }
    if let Some(part) = parts.pop_if(|part| !part.placements.is_empty()) {
        feed.batch.placements = part.placements;
    }
    assert!(parts.len() <= 1, "one of each kind");
    if let Some(part) = parts.pop() {
        let Batch { lines, placements, .. } = std::mem::take(&mut feed.batch);
        feed.batch = Batch { lines, placements, ..part };
    }
    Ok(feed)
}

/// The parts of a mapping; the summary goes into the feed.
pub(crate) fn in_parts(
    mapping: &Mapping,
    lines_at_once: usize,
    feed: &mut Feed,
) -> Result<Vec<Batch>, ReadError> {
    let mut parts = Vec::new();
    let files = Files::find(mapping, &|_| {})?;
    let mut take = |part| -> Result<(), ReadError> {
        parts.push(part);
        Ok(())
    };
    let summary = files.read(lines_at_once, &|_| {}, &mut take)?;
    for count in &summary.counts {
        assert_eq!(count.read, count.good + count.bad);
        assert_eq!(count.bad, count.bad_by_code.values().sum::<u64>());
    }
    feed.problems = summary.problems;
    feed.counts = summary.counts;
    feed.inputs = summary.inputs;
    feed.warnings = summary.warnings;
    feed.in_pieces = summary.in_pieces;
    Ok(parts)
}

pub(crate) fn read(mapping: &str, files: &[(&str, &[u8])]) -> Feed {
    try_read(mapping, files).unwrap_or_else(|error| panic!("{error}"))
}

/// The good lines as `number product quantity net`, then what else they say; the problems as
/// `!line code field value`.
pub(crate) fn shown(feed: &Feed) -> Vec<String> {
    let lines = &feed.batch.lines;
    (0..lines.len()).map(|row| line(lines, row)).chain(problems(feed)).collect()
}

pub(crate) fn problems(feed: &Feed) -> Vec<String> {
    let of = |p: &sources::Problem| {
        let text = format!("!{} {} {} {}", p.line, p.code, p.field, p.value);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    feed.problems.iter().map(of).collect()
}

pub(crate) fn line(lines: &LineBatch, row: usize) -> String {
    let names = &lines.names;
    let mut text = format!(
        "{} {} {} {}",
        names.number.text(lines.number[row]).unwrap(),
        names.product.text(lines.product[row]).unwrap(),
        lines.quantity[row],
        lines.net[row]
    );
    let mut say = |name: &str, texts: &Texts, code: u32| {
        if code != NONE {
            text += &format!(" {name}={}", texts.text(code).unwrap());
        }
    };
    say("network", &names.network, lines.network[row]);
    if names.shop.text(lines.shop[row]) != Some(sources::SHOP_UNKNOWN) {
        say("shop", &names.shop, lines.shop[row]);
    }
    say("till", &names.till, lines.till[row]);
    say("customer", &names.customer, lines.customer[row]);
    say("card", &names.card, lines.card[row]);
    say("channel", &names.channel, lines.channel[row]);
    say("original", &names.original, lines.original[row]);
    say("fiscal", &names.fiscal, lines.fiscal[row]);
    let mut say = |name: &str, amount: i64| {
        if amount != 0 {
            text += &format!(" {name}={amount}");
        }
    };
    say("discount", lines.discount[row]);
    say("retailer_coupon", lines.retailer_coupon[row]);
    say("supplier_coupon", lines.supplier_coupon[row]);
    text
}

/// The moments of the good lines: µs UTC as a time, business day, minute.
pub(crate) fn moments(feed: &Feed) -> Vec<String> {
    let lines = &feed.batch.lines;
    let at = |row: usize| {
        let seconds = lines.at[row].div_euclid(1_000_000);
        let (day, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let utc = retail::Day(i32::try_from(day).unwrap());
        let (hour, minute) = (time / 3600, time / 60 % 60);
        format!(
            "{utc} {hour:02}:{minute:02}Z {} {}",
            retail::Day(lines.day[row]),
            lines.minute[row]
        )
    };
    (0..lines.len()).map(at).collect()
}
