//! Levels of a programme: what a customer has reached by his purchases, and when he may lose it.
//!
//! One table says everything, the classic discount card that grows with everything ever bought
//! included ([`Period::Forever`]). A level is reached at once and lost only on a review date.

use std::collections::HashSet;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use retail::{BasisPoints, Day, NetworkId};
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, unless};

/// A level's own name in the programme: `gold`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LevelId(pub String);

/// What levels are reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What the retailer received, in minor units of money, returns taken off.
    Turnover,
    /// Receipts, those taken back whole left out.
    Receipts,
    /// Points earned, in the programme's smallest unit.
    Points,
}

/// Over which time it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The last so many days, the day of evaluation included.
    SlidingDays(u32),
    /// The calendar month.
    Month,
    /// The calendar quarter.
    Quarter,
    /// The calendar year.
    Year,
    /// Everything ever bought.
    Forever,
}

/// Whose receipts count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelScope {
    /// Those of the whole programme.
    Programme,
    /// Those of one network, whose level it is.
    Network(NetworkId),
}

/// The days on which a level may be lost. A day that a month or quarter has not is its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Every month on its day of this number, 1 to 31.
    DayOfMonth(u8),
    /// Every quarter on its day of this number, 1 to 92.
    DayOfQuarter(u8),
    /// Every year on this date.
    DayOfYear {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// Every so many days since the customer has had his level.
    EveryDays(u32),
}

/// One level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its own name, unique in the table.
    pub id: LevelId,
    /// What English readers see.
    pub name_en: String,
    /// What Russian readers see.
    pub name_ru: String,
    /// From which measure on it is reached, in the measure's unit; 0 for the first level.
    pub threshold: i64,
    /// What its customers pay less: 500 is 5 %.
    pub discount: BasisPoints,
    /// By what the points they earn are multiplied: 10 000 is once, 15 000 is one and a half times.
    pub accrual: BasisPoints,
}

/// The levels of a programme or network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelTable {
    /// What they are reached by.
    pub measure: Measure,
    /// Over which time.
    pub period: Period,
    /// With whose receipts.
    pub scope: LevelScope,
    /// When they may be lost.
    pub review: Review,
    /// From the lowest to the highest; the first is everybody's.
    pub levels: Vec<Level>,
}

/// What a customer has reached, in the table's measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Within [`Period::window`]; less than nothing where more was returned than bought.
    pub measured: i64,
    /// Within [`Period::completed`], nothing where the period is no calendar one. What was reached in
    /// the last complete period holds through the current one, which a review on its first days would
    /// otherwise find empty.
    pub completed: Option<i64>,
}

/// The level a customer has had so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub level: LevelId,
    /// The first day of it.
    pub since: Day,
    /// The last day of a level granted by hand; nothing for one that was earned.
    pub granted_until: Option<Day>,
}

/// Whither a customer's level went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// To a higher one.
    Up,
    /// To a lower one.
    Down,
    /// Nowhere.
    Same,
}

/// How far the next level is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToNext {
    /// Which level comes next.
    pub level: LevelId,
    /// What is missing within the current window, in the measure's unit; at least 1.
    pub missing: i64,
}

/// A customer's level as of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which.
    pub level: LevelId,
    /// Whither it went on this day; from the first level for one who had none.
    pub went: Went,
    /// The first day of it.
    pub since: Day,
    /// The last day on which it holds because somebody granted it; nothing for an earned one.
    pub granted_until: Option<Day>,
    /// The next day, after `as_of`, on which it may be lost.
    pub review_on: Day,
    /// How far the next level is; nothing on the highest.
    pub to_next: Option<ToNext>,
}

impl Standing {
    /// What is kept of it until the next evaluation.
    #[must_use]
    pub fn held(&self) -> Held {
        Held { level: self.level.clone(), since: self.since, granted_until: self.granted_until }
    }
}

/// The level of a customer as of a day, from what he has reached and the level he has had.
///
/// Up at once; down only on a review date, which is a day on which this is called: whoever missed one
/// calls it for that day before the next. A level granted by hand holds to its last day, and on the
/// day after it falls to what is earned, since no purchase held it up; a higher level earned
/// meanwhile ends the grant. A held level that the table does not know any more counts as none.
///
/// Nothing for a table without levels.
#[must_use]
pub fn evaluate(
    table: &LevelTable,
    facts: &Progress,
    current: Option<&Held>,
    as_of: Day,
) -> Option<Standing> {
    let earned = table.earned(facts)?;
    let known = current.and_then(|held| Some((held, table.place(&held.level)?)));
    let (place, since, granted_until) = match known {
        None => (earned, as_of, None),
        Some((held, place)) => {
            let granted = held.granted_until.filter(|&last| as_of <= last);
            let may_fall = match held.granted_until {
                Some(_) => granted.is_none(),
                None => table.review.is_on(held.since, as_of),
            };
            let ended = held.granted_until.is_some() && granted.is_none();
            if earned > place || (earned < place && may_fall) {
                (earned, as_of, None)
            } else if ended {
                // The same level, from now on by purchases.
                (place, held.since, None)
            } else {
                (place, held.since, granted)
            }
        }
    };
    let before = known.map_or(0, |(_, place)| place);
    Some(Standing {
        level: table.levels[place].id.clone(),
        went: match place.cmp(&before) {
            std::cmp::Ordering::Greater => Went::Up,
            std::cmp::Ordering::Less => Went::Down,
            std::cmp::Ordering::Equal => Went::Same,
        },
        since,
        granted_until,
        review_on: match granted_until {
            Some(last) => later(last, 1),
            None => table.review.next(since, as_of),
        },
        to_next: table.levels.get(place + 1).map(|next| ToNext {
            level: next.id.clone(),
            missing: next.threshold.saturating_sub(facts.measured).max(1),
        }),
    })
}

impl LevelTable {
    /// Everything that is wrong with the table; nothing for a good one.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let period = unless(
            !matches!(self.period, Period::SlidingDays(days) if !(1..=DAYS_MAX).contains(&days)),
            "/period/sliding_days",
            "must be 1 to 36500",
        );
        let mut problems: Vec<Problem> =
            [period, self.review.problem()].into_iter().flatten().collect();
        problems.extend(unless(!self.levels.is_empty(), "/levels", "must not be empty"));
        let mut ids = HashSet::new();
        let mut below = None;
        for (at, level) in self.levels.iter().enumerate() {
            let fresh = ids.insert(&level.id);
            problems.extend(level.problems(at, fresh, below));
            below = Some(level.threshold);
        }
        problems
    }

    /// The place of the highest level whose threshold is reached; the first where none is.
    fn earned(&self, facts: &Progress) -> Option<usize> {
        let reached = facts.measured.max(facts.completed.unwrap_or(i64::MIN));
        let highest = self.levels.iter().rposition(|level| level.threshold <= reached);
        (!self.levels.is_empty()).then(|| highest.unwrap_or(0))
    }

    fn place(&self, level: &LevelId) -> Option<usize> {
        self.levels.iter().position(|known| known.id == *level)
    }
}

impl Level {
    fn problems(&self, at: usize, fresh: bool, below: Option<i64>) -> Vec<Problem> {
        let place = |field: &str| format!("/levels/{at}/{field}");
        let named = |name: &str| !name.trim().is_empty();
        let threshold = match below {
            None => unless(
                self.threshold == 0,
                &place("threshold"),
                "must be 0: the first level is everybody's",
            ),
            Some(below) => unless(
                self.threshold > below,
                &place("threshold"),
                "must be larger than that of the level before",
            ),
        };
        let discount = (0..=10_000).contains(&self.discount.0);
        let accrual = (0..=1_000_000).contains(&self.accrual.0);
        [
            unless(named(&self.id.0), &place("id"), "must not be empty"),
            unless(fresh, &place("id"), "is the id of another level too"),
            unless(named(&self.name_en), &place("name_en"), "must not be empty"),
            unless(named(&self.name_ru), &place("name_ru"), "must not be empty"),
            threshold,
            unless(discount, &place("discount"), "must be 0 to 10000 (100 %)"),
            unless(accrual, &place("accrual"), "must be 0 to 1000000 (a hundred times)"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A hundred years; what is longer is [`Period::Forever`].
const DAYS_MAX: u32 = 36_500;

/// Before it nobody bought anything.
const BEGINNING: Date = jiff::civil::date(1, 1, 1);

impl Period {
    /// First and last day of what counts as of a day. The last is always that day: what comes later
    /// never counts.
    #[must_use]
    pub fn window(self, as_of: Day) -> (Day, Day) {
        let first = match self {
            Self::SlidingDays(days) => later(as_of, 1 - i64::from(days.max(1))),
            Self::Forever => Day::of(BEGINNING),
            Self::Month => Calendar::Month.days(as_of).0,
            Self::Quarter => Calendar::Quarter.days(as_of).0,
            Self::Year => Calendar::Year.days(as_of).0,
        };
        (first, as_of)
    }

    /// First and last day of the calendar period before the one the day lies in; nothing for periods
    /// that slide or never end.
    #[must_use]
    pub fn completed(self, as_of: Day) -> Option<(Day, Day)> {
        let calendar = match self {
            Self::SlidingDays(_) | Self::Forever => return None,
            Self::Month => Calendar::Month,
            Self::Quarter => Calendar::Quarter,
            Self::Year => Calendar::Year,
        };
        Some(calendar.days(later(calendar.days(as_of).0, -1)))
    }
}

impl Review {
    /// The first review date after a day, for a level had since another.
    #[must_use]
    pub fn next(self, since: Day, after: Day) -> Day {
        if let Self::EveryDays(days) = self {
            let days = i64::from(days.max(1));
            let passed = i64::from(after.0) - i64::from(since.0);
            return later(since, (passed.div_euclid(days) + 1).max(1) * days);
        }
        let this = self.within(after);
        if this > after { this } else { self.within(later(self.calendar().days(after).1, 1)) }
    }

    /// Whether a day is a review date of a level had since another.
    #[must_use]
    pub fn is_on(self, since: Day, day: Day) -> bool {
        self.next(since, later(day, -1)) == day
    }

    /// The review date of the calendar period in which a day lies.
    fn within(self, day: Day) -> Day {
        let (first, last) = self.calendar().days(day);
        let nth = |first: Day, last: Day, number: u8| {
            later(first, i64::from(number.max(1)) - 1).min(last)
        };
        match self {
            Self::DayOfMonth(number) | Self::DayOfQuarter(number) => nth(first, last, number),
            Self::DayOfYear { month, day } => {
                let months = i64::from(month.clamp(1, 12)) - 1;
                let (first, last) =
                    Calendar::Month.days(Day::of(first.date().saturating_add(months.months())));
                nth(first, last, day)
            }
            Self::EveryDays(_) => day,
        }
    }

    fn calendar(self) -> Calendar {
        match self {
            Self::DayOfMonth(_) | Self::EveryDays(_) => Calendar::Month,
            Self::DayOfQuarter(_) => Calendar::Quarter,
            Self::DayOfYear { .. } => Calendar::Year,
        }
    }

    fn problem(self) -> Option<Problem> {
        match self {
            Self::DayOfMonth(day) => {
                unless((1..=31).contains(&day), "/review/day_of_month", "must be 1 to 31")
            }
            Self::DayOfQuarter(day) => {
                unless((1..=92).contains(&day), "/review/day_of_quarter", "must be 1 to 92")
            }
            // 2024 is a leap year: 29 February is a date, and the 28th where there is none.
            Self::DayOfYear { month, day } => unless(
                Date::new(2024, month.cast_signed(), day.cast_signed()).is_ok(),
                "/review/day_of_year",
                "is no date",
            ),
            Self::EveryDays(days) => {
                unless((1..=DAYS_MAX).contains(&days), "/review/every_days", "must be 1 to 36500")
            }
        }
    }
}

/// The periods of the calendar.
#[derive(Clone, Copy)]
enum Calendar {
    Month,
    Quarter,
    Year,
}

impl Calendar {
    /// First and last day of the period in which a day lies.
    fn days(self, day: Day) -> (Day, Day) {
        let date = day.date();
        let (back, length) = match self {
            Self::Month => (0, 1),
            Self::Quarter => ((date.month() - 1) % 3, 3),
            Self::Year => (date.month() - 1, 12),
        };
        let first = date.first_of_month().saturating_sub(back.months());
        let last = first.saturating_add((length - 1).months()).last_of_month();
        (Day::of(first), Day::of(last))
    }
}

/// So many days later, within what a day can hold.
fn later(day: Day, days: i64) -> Day {
    let moved = i64::from(day.0).saturating_add(days);
    Day(moved.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
}

impl From<&str> for LevelId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for LevelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
