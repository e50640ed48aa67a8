//! Levels: up at once, down on review dates.

use membership::{
    Held, Level, LevelScope, LevelTable, Measure, Period, Progress, Review, Standing, evaluate,
};
use proptest::prelude::*;
use retail::{BasisPoints, Day};

use crate::{same, told};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Levels told as `id threshold discount accrual`.
fn table(period: Period, review: Review, levels: &str) -> LevelTable {
    let level = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<i64>().unwrap();
        Level {
            id: words[0].into(),
            name_en: words[0].to_owned(),
            name_ru: words[0].to_owned(),
            threshold: number(1),
            discount: BasisPoints(number(2)),
            accrual: BasisPoints(number(3)),
        }
    };
    LevelTable {
        measure: Measure::Turnover,
        period,
        scope: LevelScope::Programme,
        review,
        levels: levels.lines().map(str::trim).filter(|line| !line.is_empty()).map(level).collect(),
    }
}

const METALS: &str = "base 0 0 10000
                      silver 1000 0 12500
                      gold 5000 300 15000
                      platinum 20000 500 20000";

fn told_shortly(standing: &Standing) -> String {
    let Standing { level, went, since, review_on, to_next, granted_until } = standing;
    let granted = granted_until.map(|last| format!(" granted to {last}")).unwrap_or_default();
    let next = to_next
        .as_ref()
        .map(|next| format!(", {} to {}", next.missing, next.level))
        .unwrap_or_default();
    format!("{level} {went:?} since {since}{granted}, review {review_on}{next}")
}

/// The life of one customer: a line a day with what is measured (and, behind a slash, what the last
/// complete period had), and how he stands then.
fn life(table: &LevelTable, held: Option<Held>, days: &[(&str, &str, &str)]) {
    let mut held = held;
    for (as_of, measured, expected) in days {
        let (measured, completed) = measured.split_once('/').unwrap_or((measured, ""));
        let facts =
            Progress { measured: measured.parse().unwrap(), completed: completed.parse().ok() };
        let standing = evaluate(table, &facts, held.as_ref(), day(as_of)).unwrap();
        assert_eq!(told_shortly(&standing), *expected, "on {as_of}");
        held = Some(standing.held());
    }
}

#[test]
fn up_at_once_down_on_the_review_date() {
    let table = table(Period::SlidingDays(90), Review::DayOfMonth(1), METALS);
    life(
        &table,
        None,
        &[
            ("2026-01-15", "0", "base Same since 2026-01-15, review 2026-02-01, 1000 to silver"),
            ("2026-01-20", "999", "base Same since 2026-01-15, review 2026-02-01, 1 to silver"),
            ("2026-01-21", "1000", "silver Up since 2026-01-21, review 2026-02-01, 4000 to gold"),
            ("2026-01-22", "25000", "platinum Up since 2026-01-22, review 2026-02-01"),
            ("2026-01-31", "300", "platinum Same since 2026-01-22, review 2026-02-01"),
            (
                "2026-02-01",
                "5100",
                "gold Down since 2026-02-01, review 2026-03-01, 14900 to platinum",
            ),
            (
                "2026-02-02",
                "4900",
                "gold Same since 2026-02-01, review 2026-03-01, 15100 to platinum",
            ),
            ("2026-03-01", "-50", "base Down since 2026-03-01, review 2026-04-01, 1050 to silver"),
        ],
    );
}

#[test]
fn a_calendar_year_holds_through_the_next() {
    let table = table(Period::Year, Review::DayOfYear { month: 1, day: 1 }, METALS);
    life(
        &table,
        None,
        &[
            (
                "2025-03-01",
                "6000/0",
                "gold Up since 2025-03-01, review 2026-01-01, 14000 to platinum",
            ),
            (
                "2026-01-01",
                "0/6000",
                "gold Same since 2025-03-01, review 2027-01-01, 20000 to platinum",
            ),
            (
                "2026-12-31",
                "1200/6000",
                "gold Same since 2025-03-01, review 2027-01-01, 18800 to platinum",
            ),
            (
                "2027-01-01",
                "0/1200",
                "silver Down since 2027-01-01, review 2028-01-01, 5000 to gold",
            ),
        ],
    );
}

#[test]
fn a_grant_holds_until_its_last_day() {
    let table = table(Period::SlidingDays(365), Review::DayOfQuarter(1), METALS);
    let granted = Held {
        level: "gold".into(),
        since: day("2026-02-10"),
        granted_until: Some(day("2026-05-10")),
    };
    life(
        &table,
        Some(granted.clone()),
        &[
            (
                "2026-04-01",
                "1500",
                "gold Same since 2026-02-10 granted to 2026-05-10, review 2026-05-11, 18500 to platinum",
            ),
            (
                "2026-05-10",
                "1500",
                "gold Same since 2026-02-10 granted to 2026-05-10, review 2026-05-11, 18500 to platinum",
            ),
            ("2026-05-11", "1500", "silver Down since 2026-05-11, review 2026-07-01, 3500 to gold"),
        ],
    );
    // What he earns meanwhile is his own, and goes down like anybody's.
    life(
        &table,
        Some(granted),
        &[
            ("2026-04-15", "20000", "platinum Up since 2026-04-15, review 2026-07-01"),
            ("2026-05-11", "100", "platinum Same since 2026-04-15, review 2026-07-01"),
            ("2026-07-01", "100", "base Down since 2026-07-01, review 2026-10-01, 900 to silver"),
        ],
    );
    // Earned in the meantime: the same level goes on as an ordinary one.
    let granted = Held {
        level: "silver".into(),
        since: day("2026-02-10"),
        granted_until: Some(day("2026-05-10")),
    };
    life(
        &table,
        Some(granted),
        &[("2026-06-01", "1500", "silver Same since 2026-02-10, review 2026-07-01, 3500 to gold")],
    );
}

#[test]
fn a_level_may_hold_so_many_days() {
    let table = table(Period::SlidingDays(30), Review::EveryDays(90), METALS);
    life(
        &table,
        None,
        &[
            ("2026-01-01", "1000", "silver Up since 2026-01-01, review 2026-04-01, 4000 to gold"),
            ("2026-03-31", "0", "silver Same since 2026-01-01, review 2026-04-01, 5000 to gold"),
            ("2026-04-01", "1000", "silver Same since 2026-01-01, review 2026-06-30, 4000 to gold"),
            ("2026-06-30", "0", "base Down since 2026-06-30, review 2026-09-28, 1000 to silver"),
        ],
    );
}

/// The discount card that everybody knows: the more was ever bought, the larger the discount. The
/// whole of it is one table as a marketer writes it.
#[test]
fn the_classic_cumulative_discount_card() {
    let table: LevelTable = serde_json::from_str(
        r#"{
            "measure": "turnover", "period": "forever", "scope": "programme",
            "review": {"day_of_month": 1},
            "levels": [
                {"id": "0", "name_en": "Card", "name_ru": "Карта", "threshold": 0, "discount": 0, "accrual": 0},
                {"id": "3", "name_en": "3 %", "name_ru": "3 %", "threshold": 1000000, "discount": 300, "accrual": 0},
                {"id": "5", "name_en": "5 %", "name_ru": "5 %", "threshold": 3000000, "discount": 500, "accrual": 0},
                {"id": "10", "name_en": "10 %", "name_ru": "10 %", "threshold": 10000000, "discount": 1000, "accrual": 0}
            ]
        }"#,
    )
    .unwrap();
    assert_eq!(told(&table.validate()), "");
    let (first, last) = table.period.window(day("2026-07-15"));
    assert_eq!((first.to_string().as_str(), last), ("0001-01-01", day("2026-07-15")));
    life(
        &table,
        None,
        &[
            ("2020-05-05", "900000", "0 Same since 2020-05-05, review 2020-06-01, 100000 to 3"),
            ("2020-05-06", "1000000", "3 Up since 2020-05-06, review 2020-06-01, 2000000 to 5"),
            ("2024-01-01", "1000000", "3 Same since 2020-05-06, review 2024-02-01, 2000000 to 5"),
            ("2026-07-15", "12000000", "10 Up since 2026-07-15, review 2026-08-01"),
            // Goods came back: the discount goes with them, but not before the review.
            ("2026-07-20", "9000000", "10 Same since 2026-07-15, review 2026-08-01"),
            ("2026-08-01", "9000000", "5 Down since 2026-08-01, review 2026-09-01, 1000000 to 10"),
        ],
    );
}

#[test]
fn a_level_that_is_no_more_counts_as_none() {
    let levels = table(Period::Month, Review::DayOfMonth(1), METALS);
    let held = Held { level: "diamond".into(), since: day("2020-01-01"), granted_until: None };
    life(
        &levels,
        Some(held),
        &[("2026-01-15", "1200/0", "silver Up since 2026-01-15, review 2026-02-01, 3800 to gold")],
    );
    let none = table(Period::Month, Review::DayOfMonth(1), "");
    let facts = Progress { measured: 1, completed: None };
    assert_eq!(evaluate(&none, &facts, None, day("2026-01-15")), None);
}

#[test]
fn windows() {
    use Period::{Forever, Month, Quarter, SlidingDays, Year};
    for (period, as_of, expected) in [
        (SlidingDays(1), "2026-03-01", "2026-03-01 2026-03-01 -"),
        (SlidingDays(364), "2026-03-01", "2025-03-03 2026-03-01 -"),
        (Month, "2024-03-31", "2024-03-01 2024-03-31 2024-02-01 2024-02-29"),
        (Month, "2026-01-01", "2026-01-01 2026-01-01 2025-12-01 2025-12-31"),
        (Quarter, "2026-05-15", "2026-04-01 2026-05-15 2026-01-01 2026-03-31"),
        (Quarter, "2026-12-31", "2026-10-01 2026-12-31 2026-07-01 2026-09-30"),
        (Year, "2026-05-15", "2026-01-01 2026-05-15 2025-01-01 2025-12-31"),
        (Forever, "2026-05-15", "0001-01-01 2026-05-15 -"),
    ] {
        let (first, last) = period.window(day(as_of));
        let completed = period
            .completed(day(as_of))
            .map_or("-".to_owned(), |(first, last)| format!("{first} {last}"));
        assert_eq!(format!("{first} {last} {completed}"), expected, "{period:?} {as_of}");
    }
}

#[test]
fn review_dates() {
    use Review::{DayOfMonth, DayOfQuarter, DayOfYear, EveryDays};
    for (review, after, expected) in [
        (DayOfMonth(1), "2026-01-01", "2026-02-01"),
        (DayOfMonth(15), "2026-01-14", "2026-01-15"),
        (DayOfMonth(31), "2026-01-31", "2026-02-28"),
        (DayOfMonth(31), "2024-02-28", "2024-02-29"),
        (DayOfQuarter(1), "2026-12-31", "2027-01-01"),
        (DayOfQuarter(92), "2026-01-01", "2026-03-31"),
        (DayOfQuarter(32), "2026-03-01", "2026-05-02"),
        (DayOfYear { month: 3, day: 1 }, "2026-03-01", "2027-03-01"),
        (DayOfYear { month: 2, day: 29 }, "2023-03-01", "2024-02-29"),
        (DayOfYear { month: 2, day: 29 }, "2026-02-27", "2026-02-28"),
        (EveryDays(30), "2026-01-01", "2026-01-31"),
        (EveryDays(30), "2026-01-31", "2026-03-02"),
        (EveryDays(30), "2025-06-01", "2026-01-31"),
    ] {
        let next = review.next(day("2026-01-01"), day(after));
        assert_eq!(next.to_string(), expected, "{review:?} after {after}");
        assert!(review.is_on(day("2026-01-01"), next));
    }
}

#[test]
fn what_is_wrong_with_a_table() {
    let mut bad = table(Period::SlidingDays(0), Review::DayOfMonth(0), METALS);
    bad.levels[0].threshold = 5;
    bad.levels[1].name_ru = " ".to_owned();
    bad.levels[2].threshold = 1000;
    bad.levels[2].discount = BasisPoints(10_001);
    bad.levels[3].id = "silver".into();
    bad.levels[3].accrual = BasisPoints(-1);
    same(
        &told(&bad.validate()),
        "/period/sliding_days: must be 1 to 36500
         /review/day_of_month: must be 1 to 31
         /levels/0/threshold: must be 0: the first level is everybody's
         /levels/1/name_ru: must not be empty
         /levels/2/threshold: must be larger than that of the level before
         /levels/2/discount: must be 0 to 10000 (100 %)
         /levels/3/id: is the id of another level too
         /levels/3/accrual: must be 0 to 1000000 (a hundred times)",
    );
    let nothing = table(Period::Forever, Review::DayOfYear { month: 2, day: 30 }, "");
    same(
        &told(&nothing.validate()),
        "/review/day_of_year: is no date
         /levels: must not be empty",
    );
    assert_eq!(told(&table(Period::Month, Review::EveryDays(7), METALS).validate()), "");
}

fn reviews() -> impl Strategy<Value = Review> {
    prop_oneof![
        (0..40u8).prop_map(Review::DayOfMonth),
        (0..100u8).prop_map(Review::DayOfQuarter),
        (0..14u8, 0..33u8).prop_map(|(month, day)| Review::DayOfYear { month, day }),
        (0..400u32).prop_map(Review::EveryDays),
    ]
}

proptest! {
    /// Along any life: never below what is earned, down only where it was announced, and evaluating
    /// twice a day changes nothing more.
    #[test]
    fn levels_keep_their_word(
        review in reviews(),
        days in prop::collection::vec((0..40i32, -500..30_000i64), 1..60),
    ) {
        let table = table(Period::SlidingDays(90), review, METALS);
        let place = |standing: &Standing| {
            table.levels.iter().position(|level| level.id == standing.level).unwrap()
        };
        let mut as_of = day("2024-01-10");
        let mut before: Option<Standing> = None;
        for (passed, measured) in days {
            as_of = Day(as_of.0 + passed);
            let facts = Progress { measured, completed: None };
            let held = before.as_ref().map(Standing::held);
            let standing = evaluate(&table, &facts, held.as_ref(), as_of).unwrap();
            prop_assert!(table.levels[place(&standing)].threshold <= measured.max(0)
                || place(&standing) == before.as_ref().map_or(0, place));
            prop_assert!(standing.review_on > as_of && standing.since <= as_of);
            if let Some(next) = table.levels.get(place(&standing) + 1) {
                prop_assert_eq!(standing.to_next.as_ref().unwrap().missing, next.threshold - measured);
            }
            if let Some(before) = &before {
                let fell = place(&standing) < place(before);
                prop_assert!(!fell || as_of >= before.review_on || passed == 0);
                prop_assert!(!fell || review.is_on(before.since, as_of));
            }
            let again = evaluate(&table, &facts, Some(&standing.held()), as_of).unwrap();
            prop_assert_eq!(&again.level, &standing.level);
            prop_assert_eq!(again.since, standing.since);
            before = Some(standing);
        }
    }

    /// The next review date is the first after the day that is one, whatever the table says.
    #[test]
    fn the_next_review_is_the_first(review in reviews(), since in 19_000..20_000i32, after in 19_000..21_000i32) {
        let next = review.next(Day(since), Day(after));
        prop_assert!(next.0 > after);
        let between = (after + 1..next.0).find(|&day| review.is_on(Day(since), Day(day)));
        prop_assert_eq!(between, None);
        prop_assert!(review.is_on(Day(since), next));
    }
}
