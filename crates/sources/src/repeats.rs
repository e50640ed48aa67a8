//! What shows only when all lines of a receipt are there: repeated lines, and lines that lack the
//! customer which others of the same receipt name.

use std::hash::Hasher;
use std::path::Path;
use std::sync::Arc;

use retail::{LineBatch, NONE};
use rustc_hash::{FxHashMap, FxHasher};

use crate::lines;
use crate::mapping::FeedKind;
use crate::problem::{Fault, ProblemCode, Tally};
use crate::receipts::Receipts;

/// Groups of lines up to this size are compared pair by pair, without a table.
const SMALL: usize = 24;

/// What is worth a warning, counted over all parts.
#[derive(Debug, Default)]
pub(crate) struct Told {
    long: u64,
    again: u64,
    in_several_files: u64,
}

impl Told {
    /// The warnings.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = [
            (
                self.long,
                "receipts have lines more than a day apart; if tills begin their numbers anew, join the date into the number",
            ),
            (
                self.again,
                "lines of receipts stand in several files; they are counted as good and taken once",
            ),
            (
                self.in_several_files,
                "receipts have different lines in several files, taken together; import corrected exports one by one, so that the later replaces the earlier",
            ),
        ];
        let warnings = warnings.into_iter().filter(|warning| warning.0 > 0);
        warnings.map(|(count, what)| format!("{count} {what}")).collect()
    }
}

/// A file of receipts, and whether its identical lines are kept.
pub(crate) type ReceiptFile = (Arc<Path>, bool);

/// Completes the lines of whole receipts and takes the repeated ones out. What an earlier part said of
/// lines that come again is not said once more.
pub(crate) fn settle(
    mut receipts: Receipts,
    files: &[ReceiptFile],
    told: &mut Told,
    tally: &mut Tally,
) -> LineBatch {
    for (at, &receipt) in receipts.receipt.iter().enumerate() {
        let facts = &receipts.facts[receipt as usize];
        receipts.lines.customer[at] = facts.customer;
        receipts.lines.card[at] = facts.card;
    }
    let mut repeated = Vec::new();
    let rows = by_receipt(&receipts);
    let mut keys = Vec::new();
    for group in
        rows.chunk_by(|&a, &b| receipts.receipt[a as usize] == receipts.receipt[b as usize])
    {
        if group.len() > 1 {
            let before = repeated.len();
            find(&receipts, files, group, &mut keys, &mut repeated);
            let facts = &receipts.facts[receipts.receipt[group[0] as usize] as usize];
            told.long += u64::from(facts.is_newly_long());
            let repeated = &repeated[before..];
            let judged = |&row: &u32| receipts.origin[row as usize] < facts.judged;
            let (then, now) = group.split_at(group.partition_point(judged));
            let newly = !now.is_empty()
                && several_files(&receipts, group, repeated)
                && !several_files(&receipts, then, repeated);
            told.in_several_files += u64::from(newly);
        }
    }
    repeated.sort_unstable();
    let mut dropped = Vec::with_capacity(repeated.len());
    for &(at, first) in &repeated {
        let (origin, earlier) = (receipts.origin[at as usize], receipts.origin[first as usize]);
        let is_new = origin >= receipts.facts[receipts.receipt[at as usize] as usize].judged;
        if origin.file() != earlier.file() {
            // Exports overlap: the line is known already, and of a numbered line the later file tells.
            told.again += u64::from(is_new);
            dropped.push(if receipts.line[at as usize] == NONE { at } else { first });
            continue;
        }
        dropped.push(at);
        if is_new {
            let file = &files[origin.file()].0;
            let field = if receipts.line[at as usize] == NONE { "" } else { "line" };
            let reason = format!("the receipt already has this line, from line {}", earlier.row());
            let fault = Fault::field(ProblemCode::DuplicateLine, field, "", reason);
            tally.bad(FeedKind::Receipts, file, origin.row(), *fault);
        }
    }
    dropped.sort_unstable();
    dropped.dedup();
    lines::remove(&mut receipts.lines, &dropped);
    receipts.lines
}

/// Whether lines of a receipt that stay came from more than one file.
fn several_files(receipts: &Receipts, group: &[u32], repeated: &[(u32, u32)]) -> bool {
    let file = |row: u32| receipts.origin[row as usize].file();
    let mut files = group
        .iter()
        .filter(|&&row| receipts.line[row as usize] == NONE)
        .filter(|&&row| repeated.iter().all(|&(at, _)| at != row))
        .map(|&row| file(row));
    let first = files.next();
    files.any(|file| Some(file) != first)
}

/// Rows in order of receipts, rows of one receipt in their own order.
fn by_receipt(receipts: &Receipts) -> Vec<u32> {
    let rows = u32::try_from(receipts.receipt.len()).expect("fewer than 2^32 lines in an import");
    if receipts.receipt.is_sorted() {
        return (0..rows).collect();
    }
    let mut starts = vec![0_u32; receipts.facts.len() + 1];
    for &receipt in &receipts.receipt {
        starts[receipt as usize + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut order = vec![0; receipts.receipt.len()];
    for (row, &receipt) in (0..rows).zip(&receipts.receipt) {
        let place = &mut starts[receipt as usize];
        order[*place as usize] = row;
        *place += 1;
    }
    order
}

/// Finds the repeated lines of one receipt, each with the line it repeats.
fn find(
    receipts: &Receipts,
    files: &[ReceiptFile],
    group: &[u32],
    keys: &mut Vec<u64>,
    repeated: &mut Vec<(u32, u32)>,
) {
    keys.clear();
    keys.extend(group.iter().map(|&row| key(receipts, row as usize)));
    let mut table: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for i in 1..group.len() {
        if group.len() <= SMALL {
            let same: Vec<usize> = (0..i).filter(|&j| keys[j] == keys[i]).collect();
            if !same.is_empty() {
                judge(receipts, files, group, i, &same, repeated);
            }
            continue;
        }
        if i == 1 {
            table.entry(keys[0]).or_default().push(0);
        }
        let same = table.entry(keys[i]).or_default();
        judge(receipts, files, group, i, same, repeated);
        same.push(i);
    }
}

/// Whether line `i` of a group repeats one of `same`, earlier lines with the same key.
fn judge(
    receipts: &Receipts,
    files: &[ReceiptFile],
    group: &[u32],
    i: usize,
    same: &[usize],
    repeated: &mut Vec<(u32, u32)>,
) {
    let row = group[i];
    let equal: Vec<u32> = same
        .iter()
        .map(|&j| group[j])
        .filter(|&other| equal(receipts, row as usize, other as usize))
        .collect();
    // The latest, so that of three files with a numbered line the last one tells.
    let Some(&first) = equal.last() else { return };
    let origin = receipts.origin[row as usize];
    let keep = files[origin.file()].1 && receipts.line[row as usize] == NONE;
    if !keep {
        repeated.push((row, first));
        return;
    }
    // The till means its repeated lines, but a file that has the receipt again does not: the n-th
    // such line of this file repeats the n-th of an earlier one.
    let of_file = |file: usize| {
        equal.iter().filter(|&&row| receipts.origin[row as usize].file() == file).count()
    };
    let before = of_file(origin.file());
    let others = (0..origin.file()).map(of_file).max().unwrap_or(0);
    let elsewhere = |&&other: &&u32| receipts.origin[other as usize].file() != origin.file();
    if before < others
        && let Some(&known) = equal.iter().find(elsewhere)
    {
        repeated.push((row, known));
    }
}

/// What a line is known by within its receipt: its own number, or all it says.
fn key(receipts: &Receipts, row: usize) -> u64 {
    let mut hasher = FxHasher::default();
    if receipts.line[row] != NONE {
        hasher.write_u32(receipts.line[row]);
        return hasher.finish();
    }
    for value in content(&receipts.lines, row) {
        hasher.write_i64(value);
    }
    hasher.finish()
}

fn equal(receipts: &Receipts, a: usize, b: usize) -> bool {
    if receipts.line[a] != NONE || receipts.line[b] != NONE {
        return receipts.line[a] == receipts.line[b];
    }
    content(&receipts.lines, a) == content(&receipts.lines, b)
}

fn content(lines: &LineBatch, row: usize) -> [i64; 10] {
    [
        i64::from(lines.product[row]),
        lines.at[row],
        lines.quantity[row],
        lines.net[row],
        lines.discount[row],
        lines.retailer_coupon[row],
        lines.supplier_coupon[row],
        i64::from(lines.channel[row]),
        i64::from(lines.original[row]),
        i64::from(lines.fiscal[row]),
    ]
}
