//! The calendar of the demo shops: when they open, and how weeks and years breathe.

use retail::{Day, Instant};

use crate::dice::{Dice, totals};

/// The first day of every demo shop: 2025-01-01, a Wednesday.
pub(crate) const START: Day = Day(20_089);

/// Moscow has kept UTC+3 all year since 2014.
const OFFSET_SECONDS: i64 = 3 * 3600;

/// Receipts by weekday, Monday first, in per cent of an even day.
const WEEKDAY: [u32; 7] = [84, 83, 89, 95, 116, 132, 101];

/// Receipts by month in per cent of an even month.
const MONTH: [u32; 12] = [92, 94, 100, 99, 101, 97, 93, 95, 100, 102, 104, 123];

/// Weight of each hour, 8 to 22, on a working day: before work, lunch, and the evening rush.
const WORKING_HOURS: [u32; 15] = [30, 35, 40, 45, 60, 62, 50, 48, 55, 80, 110, 115, 90, 55, 25];
/// The same on Saturday and Sunday: one broad noon.
const FREE_HOURS: [u32; 15] = [15, 35, 65, 90, 105, 100, 92, 88, 85, 82, 78, 70, 52, 34, 17];

/// How demand for a category moves over the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Season {
    /// All year alike.
    Flat,
    /// Heat: ice cream, kvass, sandals.
    Summer,
    /// Cold: tea, winter boots.
    Winter,
    /// The two weeks before New Year.
    NewYear,
    /// May to September: coals and kebabs.
    Outdoor,
    /// Early autumn and spring: shoes between snow and heat.
    Between,
}

impl Season {
    /// Demand in a month (0 is January) in per cent of an even month.
    pub(crate) fn percent(self, month: usize) -> u32 {
        let year: [u32; 12] = match self {
            Self::Flat => [100; 12],
            Self::Summer => [45, 45, 60, 85, 130, 190, 210, 180, 110, 65, 45, 45],
            Self::Winter => [150, 140, 110, 80, 60, 45, 40, 50, 95, 135, 150, 160],
            Self::NewYear => [70, 70, 90, 70, 70, 65, 65, 65, 70, 75, 110, 420],
            Self::Outdoor => [15, 15, 35, 110, 240, 210, 200, 190, 120, 40, 15, 15],
            Self::Between => [40, 70, 170, 190, 110, 50, 45, 110, 200, 150, 60, 30],
        };
        year[month]
    }
}

/// The business day with a number counted from the first.
pub(crate) fn day(number: u32) -> Day {
    Day(START.0 + number as i32)
}

/// The month of a day, 0 is January.
pub(crate) fn month(number: u32) -> usize {
    day(number).date().month() as usize - 1
}

/// How many receipts a day sees, in hundredths of a per cent of an even day.
pub(crate) fn pulse(number: u32) -> u32 {
    WEEKDAY[usize::from(day(number).weekday()) - 1] * MONTH[month(number)]
}

/// Running totals of the hours' weights on a day.
pub(crate) fn hours(number: u32) -> Vec<u32> {
    totals(if day(number).weekday() >= 6 { FREE_HOURS } else { WORKING_HOURS })
}

/// A moment of trade, in seconds since midnight.
pub(crate) fn second(hours: &[u32], dice: &mut Dice) -> u32 {
    (8 + dice.weighted(hours) as u32) * 3600 + dice.below(3600)
}

/// The instant of a local second of a day.
pub(crate) fn instant(number: u32, second: u32) -> Instant {
    let seconds = i64::from(day(number).0) * 86_400 + i64::from(second) - OFFSET_SECONDS;
    Instant(seconds * 1_000_000)
}

/// Seconds since midnight in Moscow, where all demo shops trade, of an instant.
#[must_use]
pub fn local_second(at: Instant) -> i64 {
    (at.0.div_euclid(1_000_000) + OFFSET_SECONDS).rem_euclid(86_400)
}
