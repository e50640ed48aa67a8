//! Base accrual: what a receipt earns by simple rows, until the rule engine comes.
//!
//! Every line is rounded once, by its magnitude, and the receipt is the sum of its lines. A line
//! that gives goods back therefore takes away exactly what the same line earned.

use retail::{BasisPoints, Money, NetworkId, Points};
use serde::{Deserialize, Serialize};

use crate::level::{Level, LevelId};
use crate::problem::{Problem, unless};

/// What a programme pays in points for what is bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccrualRules {
    /// What becomes of a fraction of a point.
    pub rounding: Rounding,
    /// Smallest units of points that stand for one minor unit of money: 10 000 is one for one, 100
    /// is one whole point for a rouble of 100 kopecks.
    pub points_scale: BasisPoints,
    /// Days after the receipt's business day on which the points can be spent.
    pub activates_after_days: u32,
    /// Days after the receipt's business day on which they expire; nothing if they never do.
    #[serde(default)]
    pub expires_after_days: Option<u32>,
    /// Who earns what for which goods. Of the rows that fit a line the one that names most counts
    /// (of network, category, level), of equals the first; a line that fits none earns nothing.
    pub rows: Vec<AccrualRow>,
}

/// What becomes of a fraction of a point, of a sale and of its return alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// It is dropped: a return in parts never takes away more than the sale gave.
    Down,
    /// A half and more count as one.
    HalfUp,
}

/// What is earned by some receipts on some goods. What is not named fits all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccrualRow {
    /// Receipts of this network only.
    #[serde(default)]
    pub network: Option<NetworkId>,
    /// Lines of exactly this category only; its children are other texts.
    #[serde(default)]
    pub category: Option<String>,
    /// Customers of this level only. Its multiplier counts beside.
    #[serde(default)]
    pub level: Option<LevelId>,
    /// Part of the net amount that is earned: 300 is 3 %.
    pub rate: BasisPoints,
}

/// What of a receipt decides its accrual. A return is told by the facts of its sale: a customer who
/// has risen since gives back what he got.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiptFacts<'a> {
    /// Whose receipt it is; nothing fits only rows that name no network.
    pub network: Option<&'a NetworkId>,
    /// The customer's level, whose multiplier counts; nothing is once.
    pub level: Option<&'a Level>,
}

/// What of a line decides its accrual.
#[derive(Clone, Copy, Debug)]
pub struct LineFact<'a> {
    /// The category by which rows are written; nothing fits only rows that name none.
    pub category: Option<&'a str>,
    /// What the retailer received; negative where goods came back.
    pub net: Money,
    /// Whether the product earns points at all: tobacco must not.
    pub points_allowed: bool,
}

/// What a receipt earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accrual {
    /// Sum of the lines; negative where more came back than was bought.
    pub points: Points,
    /// Points of each line, in the sequence of the lines.
    pub by_line: Vec<Points>,
    /// Days after the receipt's business day on which they can be spent.
    pub activates_after_days: u32,
    /// Days after it on which they expire; nothing if they never do.
    pub expires_after_days: Option<u32>,
}

/// What a receipt earns: of each line net × rate × multiplier of the level × scale, rounded once.
/// Sales never earn less than nothing, and returns the negative of what the sale earned. A rate,
/// scale or multiplier below nothing, which [`AccrualRules::validate`] refuses, counts as nothing.
///
/// Nothing where a line or the sum does not fit 64 bits.
#[must_use]
pub fn accrue(
    rules: &AccrualRules,
    receipt: &ReceiptFacts<'_>,
    lines: &[LineFact<'_>],
) -> Option<Accrual> {
    let by_line: Option<Vec<Points>> =
        lines.iter().map(|line| rules.points(receipt, line)).collect();
    let by_line = by_line?;
    let points = by_line.iter().try_fold(Points::ZERO, |sum, &points| sum.checked_add(points))?;
    Some(Accrual {
        points,
        by_line,
        activates_after_days: rules.activates_after_days,
        expires_after_days: rules.expires_after_days,
    })
}

/// What is whole, in hundredths of a per cent.
const WHOLE: i128 = 10_000;

const RATE_MAX: i64 = 1_000_000;

impl AccrualRules {
    /// Everything that is wrong with the rules; nothing for good ones. Two rows that name equally
    /// much and fit one line are ambiguous: their sequence would decide.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let scale = (1..=RATE_MAX).contains(&self.points_scale.0);
        let later = self.expires_after_days.is_none_or(|days| days > self.activates_after_days);
        let mut problems: Vec<Problem> = [
            unless(scale, "/points_scale", "must be 1 to 1000000"),
            unless(
                later,
                "/expires_after_days",
                "must be more than `activates_after_days`, or no point could ever be spent",
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (at, row) in self.rows.iter().enumerate() {
            let good = (0..=RATE_MAX).contains(&row.rate.0);
            problems.extend(unless(good, &format!("/rows/{at}/rate"), "must be 0 to 1000000"));
            let rival = self.rows[..at].iter().position(|other| other.rivals(row));
            problems.extend(rival.map(|other| Problem {
                pointer: format!("/rows/{at}"),
                reason: format!(
                    "is ambiguous: names as much as row {other}, and a line may fit both"
                ),
            }));
        }
        problems
    }

    /// Points of one line.
    fn points(&self, receipt: &ReceiptFacts<'_>, line: &LineFact<'_>) -> Option<Points> {
        let Some(row) = self.row(receipt, line).filter(|_| line.points_allowed) else {
            return Some(Points::ZERO);
        };
        let multiplier = receipt.level.map_or(WHOLE, |level| part(level.accrual));
        let magnitude = [part(row.rate), part(self.points_scale), multiplier]
            .into_iter()
            .try_fold(i128::from(line.net.0).abs(), i128::checked_mul)?;
        let whole = WHOLE * WHOLE * WHOLE;
        let rounded = match self.rounding {
            Rounding::Down => magnitude / whole,
            Rounding::HalfUp => magnitude.checked_add(whole / 2)? / whole,
        };
        let points = Points(i64::try_from(rounded).ok()?);
        if line.net < Money::ZERO { points.checked_neg() } else { Some(points) }
    }

    /// The row that counts for a line.
    fn row(&self, receipt: &ReceiptFacts<'_>, line: &LineFact<'_>) -> Option<&AccrualRow> {
        let fitting = self.rows.iter().filter(|row| row.fits(receipt, line));
        // Of equals `min_by_key` keeps the first.
        fitting.min_by_key(|row| std::cmp::Reverse(row.names()))
    }
}

impl AccrualRow {
    fn fits(&self, receipt: &ReceiptFacts<'_>, line: &LineFact<'_>) -> bool {
        let level = receipt.level.map(|level| &level.id);
        self.network.as_ref().is_none_or(|network| receipt.network == Some(network))
            && self.category.as_deref().is_none_or(|category| line.category == Some(category))
            && self.level.as_ref().is_none_or(|named| level == Some(named))
    }

    /// Of how many things it names one.
    fn names(&self) -> usize {
        [self.network.is_some(), self.category.is_some(), self.level.is_some()]
            .into_iter()
            .filter(|named| *named)
            .count()
    }

    /// Whether a line may fit both rows and neither names more.
    fn rivals(&self, other: &Self) -> bool {
        self.names() == other.names()
            && meet(self.network.as_ref(), other.network.as_ref())
            && meet(self.category.as_ref(), other.category.as_ref())
            && meet(self.level.as_ref(), other.level.as_ref())
    }
}

/// Whether something may be both: one names nothing, or both the same.
fn meet<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

fn part(share: BasisPoints) -> i128 {
    i128::from(share.0.max(0))
}
