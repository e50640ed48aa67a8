//! Schedules in which there is no moment, or no common one.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};

use crate::ruleset::{Hours, Schedule};

/// Days that are looked at one by one: in more of them every weekday comes with a whole day.
const DAYS: i64 = 9;

/// From when until when on a day; nothing is its end.
type Piece = (Time, Option<Time>);

/// Why a schedule has no moment in which its rule counts.
pub(super) fn never(schedule: &Schedule) -> Option<&'static str> {
    let (from, until) = (schedule.from?, schedule.until?);
    if from >= until {
        // `verify` refuses that.
        return None;
    }
    let days = from.date().until(until.date()).ok()?.get_days();
    if i64::from(days) > DAYS {
        return None;
    }
    let mut date = from.date();
    loop {
        if has_moment(schedule, date, from, until) {
            return None;
        }
        if date >= until.date() {
            break;
        }
        date = date.checked_add(1.day()).ok()?;
    }
    Some("has no moment: its weekdays and hours are not within its time")
}

fn has_moment(schedule: &Schedule, date: Date, from: DateTime, until: DateTime) -> bool {
    let weekday = date.weekday().to_monday_one_offset() as u8;
    if !schedule.weekdays.is_empty() && !schedule.weekdays.contains(&weekday) {
        return false;
    }
    let whole = [(Time::MIN, None)];
    let pieces: Vec<Piece> = if schedule.hours.is_empty() {
        whole.to_vec()
    } else {
        schedule.hours.iter().flat_map(pieces).collect()
    };
    pieces.into_iter().any(|(begin, end)| {
        let begin = date.to_datetime(begin).max(from);
        let end = match end {
            Some(end) => date.to_datetime(end),
            None => date.checked_add(1.day()).map_or(DateTime::MAX, |next| next.into()),
        };
        begin < end.min(until)
    })
}

/// Parts of one day; what goes over midnight is its end and its beginning.
fn pieces(hours: &Hours) -> Vec<Piece> {
    if hours.from <= hours.until {
        vec![(hours.from, Some(hours.until))]
    } else {
        vec![(hours.from, None), (Time::MIN, Some(hours.until))]
    }
}

/// Whether two rules may count in the same moment.
pub(super) fn may_meet(one: &Schedule, other: &Schedule) -> bool {
    let over =
        |a: &Schedule, b: &Schedule| a.until.zip(b.from).is_some_and(|(until, from)| until <= from);
    let weekdays = one.weekdays.is_empty()
        || other.weekdays.is_empty()
        || one.weekdays.iter().any(|day| other.weekdays.contains(day));
    let cross = |a: &Piece, b: &Piece| {
        a.0.max(b.0) < a.1.unwrap_or(Time::MAX).min(b.1.unwrap_or(Time::MAX))
    };
    let hours = one.hours.is_empty() || other.hours.is_empty() || {
        let (a, b): (Vec<_>, Vec<_>) = (
            one.hours.iter().flat_map(pieces).collect(),
            other.hours.iter().flat_map(pieces).collect(),
        );
        a.iter().any(|a| b.iter().any(|b| cross(a, b)))
    };
    !over(one, other) && !over(other, one) && weekdays && hours
}
