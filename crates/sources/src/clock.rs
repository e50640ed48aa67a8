//! Times as feeds write them, to instants, business days and minutes of the shop's clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use retail::Day;
use rustc_hash::FxHashMap;

use crate::cell::Cell;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;
/// Dates before 1900 and after 2199 are placeholders or mistakes: some accounting systems write an empty
/// date as year 1, some databases as year 9999.
const DAYS: std::ops::Range<i32> = -25_567..84_006;

/// A moment of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// µs UTC.
    pub at: i64,
    /// The shop's business day.
    pub day: i32,
    /// Minutes since local midnight.
    pub minute: u16,
}

/// How a text is to be read as a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// ISO 8601, or day.month.year with an optional time after a space.
    Usual,
    /// A pattern in the notation of strftime.
    Pattern(String),
    /// A count since 1970-01-01 UTC; how many µs one is.
    Unix(i64),
}

/// A date, and what else the text said.
#[derive(Clone, Copy, Debug)]
struct Read {
    date: Date,
    time: Time,
    offset: Option<Offset>,
}

/// Reads times of one feed: knows its zone and when a business day begins, remembers what it has
/// just computed, since neighbouring lines share a receipt and neighbouring receipts a day.
#[derive(Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    day_starts_minute: i64,
    /// Offset in µs of a UTC day in which it does not change.
    utc_days: FxHashMap<i32, Option<i64>>,
    /// The same for a local day.
    local_days: FxHashMap<i32, Option<i64>>,
    last_text: String,
    last_text_when: Option<When>,
    last_micros: Option<(Cell<'static>, When)>,
}

impl Clock {
    pub fn new(zone: TimeZone, day_starts_minute: i64) -> Self {
        Self {
            zone,
            day_starts_minute,
            utc_days: FxHashMap::default(),
            local_days: FxHashMap::default(),
            last_text: String::new(),
            last_text_when: None,
            last_micros: None,
        }
    }

    /// The moment a cell names, or nothing where it names none that exists.
    pub fn when(&mut self, cell: Cell<'_>, format: &Format) -> Option<When> {
        match cell {
            Cell::Text(text) => {
                if self.last_text_when.is_some() && self.last_text == text {
                    return self.last_text_when;
                }
                let when = self.of_text(text, format)?;
                self.last_text.clear();
                self.last_text.push_str(text);
                self.last_text_when = Some(when);
                Some(when)
            }
            Cell::Local(at) => self.remembered(Cell::Local(at), |clock| clock.of_local(at)),
            Cell::Instant(at) => self.remembered(Cell::Instant(at), |clock| clock.of_instant(at)),
            Cell::Day(day) => self.of_local(i64::from(day).checked_mul(DAY)?),
            Cell::Integer(number) if !matches!(format, Format::Unix(_)) => {
                self.of_text(&number.to_string(), format)
            }
            cell => self.of_instant(counted(cell, format)?),
        }
    }

    /// The moment named by a date in one cell and a time of day in another.
    pub fn joined(
        &mut self,
        (date, date_format): (Cell<'_>, &Format),
        (time, time_format): (Cell<'_>, &Format),
    ) -> Option<When> {
        let day = self.day(date, date_format)?;
        let micros = match time {
            Cell::Clock(micros) => micros,
            Cell::Text(text) => micros(time_of(text, time_format)?),
            // An export that writes the time as a moment of some fixed day.
            Cell::Local(at) => at.rem_euclid(DAY),
            _ => return None,
        };
        self.of_local(i64::from(day).checked_mul(DAY)?.checked_add(micros)?)
    }

    /// The calendar day a cell names.
    pub fn day(&mut self, cell: Cell<'_>, format: &Format) -> Option<i32> {
        let day = match cell {
            Cell::Day(day) => day,
            Cell::Local(at) => i32::try_from(at.div_euclid(DAY)).ok()?,
            Cell::Instant(at) => self.local_day(at)?,
            cell if matches!(format, Format::Unix(_)) => self.local_day(counted(cell, format)?)?,
            Cell::Integer(number) => Day::of(read(&number.to_string(), format)?.date).0,
            Cell::Text(text) => {
                let read = read(text, format)?;
                match read.offset {
                    None => Day::of(read.date).0,
                    Some(offset) => self.local_day(instant(read, offset)?)?,
                }
            }
            _ => return None,
        };
        DAYS.contains(&day).then_some(day)
    }

    fn local_day(&mut self, at: i64) -> Option<i32> {
        i32::try_from(at.checked_add(self.offset_at(at)?)?.div_euclid(DAY)).ok()
    }

    fn remembered(
        &mut self,
        cell: Cell<'static>,
        compute: impl FnOnce(&mut Self) -> Option<When>,
    ) -> Option<When> {
        match self.last_micros {
            Some((last, when)) if last == cell => Some(when),
            _ => {
                let when = compute(self)?;
                self.last_micros = Some((cell, when));
                Some(when)
            }
        }
    }

    fn of_text(&mut self, text: &str, format: &Format) -> Option<When> {
        if matches!(format, Format::Unix(_)) {
            return self.of_instant(counted(Cell::Text(text), format)?);
        }
        let read = read(text, format)?;
        match read.offset {
            Some(offset) => self.of_instant(instant(read, offset)?),
            None => self.of_local(i64::from(Day::of(read.date).0) * DAY + micros(read.time)),
        }
    }

    fn of_instant(&mut self, at: i64) -> Option<When> {
        let local = at.checked_add(self.offset_at(at)?)?;
        self.finished(at, local)
    }

    fn of_local(&mut self, local: i64) -> Option<When> {
        let day = i32::try_from(local.div_euclid(DAY)).ok().filter(|day| DAYS.contains(day))?;
        let zone = &self.zone;
        let offset = *self.local_days.entry(day).or_insert_with(|| steady_local(zone, day));
        let at = match offset {
            Some(offset) => local - offset,
            // In the hour that a clock skips or repeats: the later and the earlier reading, as RFC 5545.
            None => zone.to_ambiguous_timestamp(civil(local)?).compatible().ok()?.as_microsecond(),
        };
        // A skipped wall time shows what the clock really showed then.
        let local = match offset {
            Some(_) => local,
            None => at + self.offset_at(at)?,
        };
        self.finished(at, local)
    }

    fn finished(&self, at: i64, local: i64) -> Option<When> {
        let business = local.checked_sub(self.day_starts_minute * MINUTE)?;
        let day = i32::try_from(business.div_euclid(DAY)).ok().filter(|day| DAYS.contains(day))?;
        let minute = u16::try_from(local.rem_euclid(DAY) / MINUTE).ok()?;
        Some(When { at, day, minute })
    }

    fn offset_at(&mut self, at: i64) -> Option<i64> {
        let day = i32::try_from(at.div_euclid(DAY)).ok().filter(|day| DAYS.contains(day))?;
        let zone = &self.zone;
        if let Some(offset) = *self.utc_days.entry(day).or_insert_with(|| steady_utc(zone, day)) {
            return Some(offset);
        }
        let offset = zone.to_offset(Timestamp::from_microsecond(at).ok()?);
        Some(i64::from(offset.seconds()) * SECOND)
    }
}

/// The offset in µs of a UTC day, if it does not change within it.
fn steady_utc(zone: &TimeZone, day: i32) -> Option<i64> {
    let start = Timestamp::from_microsecond(i64::from(day) * DAY).ok()?;
    let next = zone.following(start).next().map(|change| change.timestamp());
    let end = start.checked_add(SignedDuration::from_hours(24)).ok()?;
    (next.is_none_or(|next| next > end))
        .then(|| i64::from(zone.to_offset(start).seconds()) * SECOND)
}

/// The offset in µs of a local day, if it does not change within it nor near it.
fn steady_local(zone: &TimeZone, day: i32) -> Option<i64> {
    let midnight = zone.to_ambiguous_timestamp(civil(i64::from(day) * DAY)?);
    let AmbiguousOffset::Unambiguous { offset } = midnight.offset() else { return None };
    let start = midnight.unambiguous().ok()?;
    let next = zone.following(start).next().map(|change| change.timestamp());
    // A clock that goes back repeats at most an hour or two before the change.
    let end = start.checked_add(SignedDuration::from_hours(27)).ok()?;
    (next.is_none_or(|next| next > end)).then(|| i64::from(offset.seconds()) * SECOND)
}

/// µs UTC of a count since 1970.
fn counted(cell: Cell<'_>, format: &Format) -> Option<i64> {
    let Format::Unix(unit) = *format else { return None };
    match cell {
        Cell::Integer(number) => number.checked_mul(unit),
        Cell::Float(number) if number.abs() < 1e15 => Some((number * unit as f64).round() as i64),
        Cell::Text(text) => crate::number::parse_wide(text, unit.ilog10()),
        _ => None,
    }
}

fn civil(local: i64) -> Option<DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_microsecond(local).ok()?))
}

fn instant(read: Read, offset: Offset) -> Option<i64> {
    let at = offset.to_timestamp(DateTime::from_parts(read.date, read.time)).ok()?;
    Some(at.as_microsecond())
}

fn micros(time: Time) -> i64 {
    (i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()))
        * SECOND
        + i64::from(time.subsec_nanosecond()) / 1000
}

fn read(text: &str, format: &Format) -> Option<Read> {
    match format {
        Format::Pattern(pattern) => patterned(text, pattern),
        Format::Unix(_) => None,
        Format::Usual => {
            if text.as_bytes().get(2) == Some(&b'.') {
                let pattern = match text.bytes().filter(|&b| b == b':').count() {
                    0 => "%d.%m.%Y",
                    1 => "%d.%m.%Y %H:%M",
                    _ => "%d.%m.%Y %H:%M:%S%.f",
                };
                return patterned(text, pattern);
            }
            let pieces = Pieces::parse(text).ok()?;
            let offset = pieces.to_numeric_offset();
            Some(Read { date: pieces.date(), time: pieces.time().unwrap_or_default(), offset })
        }
    }
}

fn patterned(text: &str, pattern: &str) -> Option<Read> {
    let broken = BrokenDownTime::parse(pattern, text).ok()?;
    let time = match broken.hour() {
        Some(_) => broken.to_time().ok()?,
        None => Time::midnight(),
    };
    Some(Read { date: broken.to_date().ok()?, time, offset: broken.offset() })
}

fn time_of(text: &str, format: &Format) -> Option<Time> {
    let pattern = match format {
        Format::Pattern(pattern) => pattern,
        _ if text.bytes().filter(|&b| b == b':').count() == 1 => "%H:%M",
        _ => "%H:%M:%S%.f",
    };
    BrokenDownTime::parse(pattern, text).ok()?.to_time().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str, day_starts_minute: i64) -> Clock {
        Clock::new(TimeZone::get(zone).unwrap(), day_starts_minute)
    }

    fn shown(when: Option<When>) -> String {
        when.map_or("-".to_owned(), |when| {
            let at = Timestamp::from_microsecond(when.at).unwrap();
            format!("{at} {} {}", Day(when.day), when.minute)
        })
    }

    #[test]
    fn texts_become_moments() {
        let pattern = |text: &str| Format::Pattern(text.to_owned());
        for (zone, text, format, expected) in [
            ("UTC", "2017-12-31 14:22:05", Format::Usual, "2017-12-31T14:22:05Z 2017-12-31 862"),
            (
                "UTC",
                "2017-12-31T14:22:05.5",
                Format::Usual,
                "2017-12-31T14:22:05.5Z 2017-12-31 862",
            ),
            ("UTC", "31.12.2017 9:05:00", Format::Usual, "2017-12-31T09:05:00Z 2017-12-31 545"),
            ("UTC", "31.12.2017 09:05", Format::Usual, "2017-12-31T09:05:00Z 2017-12-31 545"),
            ("UTC", "31.12.2017", Format::Usual, "2017-12-31T00:00:00Z 2017-12-31 0"),
            ("UTC", "20171231", Format::Usual, "2017-12-31T00:00:00Z 2017-12-31 0"),
            ("UTC", "2017-02-30", Format::Usual, "-"),
            ("UTC", "31.02.2017", Format::Usual, "-"),
            ("UTC", "2017-12-31 25:00:00", Format::Usual, "-"),
            ("UTC", "12/31/2017", Format::Usual, "-"),
            ("UTC", "12/31/2017", pattern("%m/%d/%Y"), "2017-12-31T00:00:00Z 2017-12-31 0"),
            ("UTC", "0001-01-01 00:00:00", Format::Usual, "-"),
            ("UTC", "9999-12-31", Format::Usual, "-"),
            ("UTC", "1514730125", Format::Unix(SECOND), "2017-12-31T14:22:05Z 2017-12-31 862"),
            ("UTC", "1514730125.5", Format::Unix(SECOND), "2017-12-31T14:22:05.5Z 2017-12-31 862"),
            (
                "Europe/Moscow",
                "2017-12-31 00:10",
                Format::Usual,
                "2017-12-30T21:10:00Z 2017-12-31 10",
            ),
            (
                "Europe/Moscow",
                "2017-12-31T22:10:00Z",
                Format::Usual,
                "2017-12-31T22:10:00Z 2018-01-01 70",
            ),
            (
                "Europe/Moscow",
                "2017-12-31T22:10:00+05:00",
                Format::Usual,
                "2017-12-31T17:10:00Z 2017-12-31 1210",
            ),
            // The clock went forward at 02:00 and back at 03:00.
            (
                "Europe/Berlin",
                "2017-03-26 01:59",
                Format::Usual,
                "2017-03-26T00:59:00Z 2017-03-26 119",
            ),
            (
                "Europe/Berlin",
                "2017-03-26 02:30",
                Format::Usual,
                "2017-03-26T01:30:00Z 2017-03-26 210",
            ),
            (
                "Europe/Berlin",
                "2017-03-26 03:00",
                Format::Usual,
                "2017-03-26T01:00:00Z 2017-03-26 180",
            ),
            (
                "Europe/Berlin",
                "2017-10-29 02:30",
                Format::Usual,
                "2017-10-29T00:30:00Z 2017-10-29 150",
            ),
            (
                "Europe/Berlin",
                "2017-10-29 03:30",
                Format::Usual,
                "2017-10-29T02:30:00Z 2017-10-29 210",
            ),
        ] {
            assert_eq!(
                shown(clock(zone, 0).when(Cell::Text(text), &format)),
                expected,
                "{text} {zone}"
            );
        }
    }

    #[test]
    fn a_business_day_may_begin_in_the_night() {
        let mut clock = clock("Europe/Moscow", 4 * 60);
        let mut shown = |text| shown(clock.when(Cell::Text(text), &Format::Usual));
        assert_eq!(shown("2018-01-01 03:59"), "2018-01-01T00:59:00Z 2017-12-31 239");
        assert_eq!(shown("2018-01-01 04:00"), "2018-01-01T01:00:00Z 2018-01-01 240");
    }

    #[test]
    fn remembered_offsets_equal_computed_ones() {
        for zone in ["Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"] {
            let mut clock = clock(zone, 0);
            let time_zone = TimeZone::get(zone).unwrap();
            for step in 0..20_000 {
                // Every 7 h 13 min from 2009 on, over all changes of ten years and more.
                let local = (1_230_000_000 + step * (7 * 3600 + 780)) * SECOND;
                let at = time_zone.to_ambiguous_timestamp(civil(local).unwrap()).compatible();
                let at = at.unwrap().as_microsecond();
                assert_eq!(clock.of_local(local).unwrap().at, at, "{zone} {local}");
                let offset = time_zone.to_offset(Timestamp::from_microsecond(local).unwrap());
                let expected = i64::from(offset.seconds()) * SECOND;
                assert_eq!(clock.offset_at(local), Some(expected), "{zone} {local}");
            }
        }
    }
}
