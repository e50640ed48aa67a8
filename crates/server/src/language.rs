//! Sentences for people, in English and Russian.

use clap::ValueEnum;
use programme::Reason;

/// Language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    En,
    Ru,
}

impl Language {
    /// One of two texts.
    pub fn pick<'a>(self, en: &'a str, ru: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Ru => ru,
        }
    }

    /// Why a product is offered.
    pub fn reason(self, reason: &Reason) -> String {
        match (self, *reason) {
            (Self::En, Reason::Habit { times, every_days, last_days }) => format!(
                "bought {}, about every {}, last {}",
                times_en(times),
                days_en(every_days.round() as i64),
                ago_en(last_days)
            ),
            (Self::En, Reason::Due { times, every_days, last_days }) => format!(
                "due: bought {}, about every {}, last {}",
                times_en(times),
                days_en(every_days.round() as i64),
                ago_en(last_days)
            ),
            (Self::En, Reason::Recent { times, last_days }) => {
                format!("bought {}, last {}", times_en(times), ago_en(last_days))
            }
            (Self::En, Reason::Popular { receipts }) => {
                format!("popular: on {receipts} receipts of other customers")
            }
            (Self::Ru, Reason::Habit { times, every_days, last_days }) => format!(
                "покупали {}, примерно раз в {}, последний раз {}",
                times_ru(times),
                days_ru(every_days.round() as i64),
                ago_ru(last_days)
            ),
            (Self::Ru, Reason::Due { times, every_days, last_days }) => format!(
                "пора: покупали {}, примерно раз в {}, последний раз {}",
                times_ru(times),
                days_ru(every_days.round() as i64),
                ago_ru(last_days)
            ),
            (Self::Ru, Reason::Recent { times, last_days }) => {
                format!("покупали {}, последний раз {}", times_ru(times), ago_ru(last_days))
            }
            (Self::Ru, Reason::Popular { receipts }) => {
                format!(
                    "популярно: в {receipts} {} других покупателей",
                    plural(receipts.into(), "чеке", "чеках", "чеках")
                )
            }
        }
    }
}

fn times_en(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    }
}

fn days_en(days: i64) -> String {
    if days <= 1 { "day".to_owned() } else { format!("{days} days") }
}

fn ago_en(days: i32) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

fn times_ru(times: u32) -> String {
    format!("{times} {}", plural(times.into(), "раз", "раза", "раз"))
}

fn days_ru(days: i64) -> String {
    if days <= 1 {
        "день".to_owned()
    } else {
        format!("{days} {}", plural(days, "день", "дня", "дней"))
    }
}

fn ago_ru(days: i32) -> String {
    match days {
        0 => "сегодня".to_owned(),
        1 => "вчера".to_owned(),
        days => format!("{days} {} назад", plural(days.into(), "день", "дня", "дней")),
    }
}

/// The form of a Russian noun after a number: 1, 21 день; 2, 34 дня; 5, 11, 112 дней.
fn plural<'a>(number: i64, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    match (number.rem_euclid(10), number.rem_euclid(100)) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_a_person_would_say_them() {
        let due = Reason::Due { times: 9, every_days: 12.2, last_days: 15 };
        let habit = Reason::Habit { times: 3, every_days: 0.6, last_days: 1 };
        let often = Reason::Habit { times: 22, every_days: 20.6, last_days: 0 };
        let once = Reason::Recent { times: 1, last_days: 11 };
        let twice = Reason::Recent { times: 2, last_days: 2 };
        let popular = Reason::Popular { receipts: 101 };
        for (reason, en, ru) in [
            (
                due,
                "due: bought 9 times, about every 12 days, last 15 days ago",
                "пора: покупали 9 раз, примерно раз в 12 дней, последний раз 15 дней назад",
            ),
            (
                habit,
                "bought 3 times, about every day, last yesterday",
                "покупали 3 раза, примерно раз в день, последний раз вчера",
            ),
            (
                often,
                "bought 22 times, about every 21 days, last today",
                "покупали 22 раза, примерно раз в 21 день, последний раз сегодня",
            ),
            (once, "bought once, last 11 days ago", "покупали 1 раз, последний раз 11 дней назад"),
            (twice, "bought twice, last 2 days ago", "покупали 2 раза, последний раз 2 дня назад"),
            (
                popular,
                "popular: on 101 receipts of other customers",
                "популярно: в 101 чеке других покупателей",
            ),
        ] {
            assert_eq!(Language::En.reason(&reason), en);
            assert_eq!(Language::Ru.reason(&reason), ru);
        }
    }
}
