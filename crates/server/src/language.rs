//! Sentences for people, in English and Russian.

mod segment;

use std::time::Duration;

use clap::ValueEnum;
use programme::{Reason, Wording};
use serde::Deserialize;
use utoipa::ToSchema;

/// Language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Russian.
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

    /// A wording of the house, such as a parameter's title.
    pub fn say(self, wording: Wording) -> &'static str {
        self.pick(wording.en, wording.ru)
    }

    /// The name of a stage of long work, with the file or number that it may end with; one without a
    /// translation stays as it is.
    pub fn stage(self, name: &str) -> String {
        let translated = STAGES.iter().filter_map(|(english, russian)| {
            let rest = name.strip_prefix(english)?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((english.len(), russian, rest))
        });
        match (self, translated.max_by_key(|stage| stage.0)) {
            (Self::Ru, Some((_, russian, rest))) => format!("{russian}{rest}"),
            _ => name.to_owned(),
        }
    }

    /// How far a stage is after so long, and how much is left if it goes on like that.
    pub fn far(self, done: u64, total: u64, elapsed: Duration) -> String {
        let percent = (u128::from(done) * 100 / u128::from(total.max(1))).min(100);
        let left = elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done.max(1) as f64;
        // The first moments tell nothing yet.
        if done == 0 || elapsed < Duration::from_secs(1) {
            return format!("{percent} %");
        }
        match self {
            Self::En => format!("{percent} %, about {} left", span(left, ["s", "min", "h"])),
            Self::Ru => format!("{percent} %, осталось около {}", span(left, ["с", "мин", "ч"])),
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

/// Beginnings of stages, those of [`programme::STAGES`], in Russian.
const STAGES: [(&str, &str); programme::STAGES.len()] = [
    ("opening the lake", "открытие озера данных"),
    ("reading and tallying", "чтение и подсчёт"),
    ("reading purchases", "чтение покупок"),
    ("evaluating models", "оценка моделей"),
    ("reading and making portraits", "чтение и расчёт портретов"),
    ("making portraits and forming offers", "расчёт портретов и предложений"),
    ("finishing the snapshot", "завершение снимка"),
    ("looking at", "просмотр"),
    ("reading", "чтение"),
    ("fetching files:", "получение файлов:"),
    ("writing", "запись"),
    ("going through the days of", "повтор дней файла"),
    ("writing the lake", "запись озера данных"),
    ("writing cards and balances", "запись карт и остатков"),
    ("looking over cards and balances", "проверка карт и остатков"),
    ("accruing points of receipts", "начисление баллов по чекам"),
    ("compacting the lake", "уплотнение озера данных"),
    ("pricing past receipts", "расчёт прошлых чеков"),
    ("sealing keys of persons", "перешифровка ключей людей"),
    ("indexing persons", "новый индекс людей"),
    ("emptying the former index", "удаление прежнего индекса"),
];

/// Seconds as a person would say them: in seconds up to a minute and a half, then in minutes, then in
/// hours and minutes.
fn span(seconds: f64, [s, min, h]: [&str; 3]) -> String {
    let (whole, minutes) = (seconds.ceil() as u64, (seconds / 60.0).ceil() as u64);
    match (whole, minutes) {
        (..=90, _) => format!("{whole} {s}"),
        (_, ..=90) => format!("{minutes} {min}"),
        _ => format!("{} {h} {} {min}", minutes / 60, minutes % 60),
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

    #[test]
    fn every_stage_has_a_russian_name() {
        for name in programme::STAGES {
            assert!(STAGES.iter().any(|stage| stage.0 == name), "{name}");
            assert_eq!(Language::En.stage(name), name);
        }
        for (name, russian) in [
            ("reading and tallying", "чтение и подсчёт"),
            ("reading receipts a.csv", "чтение receipts a.csv"),
            ("looking at receipts a.csv", "просмотр receipts a.csv"),
            ("fetching files: 12", "получение файлов: 12"),
            ("writing the lake", "запись озера данных"),
            ("writing receipts.csv", "запись receipts.csv"),
            ("writings", "writings"),
        ] {
            assert_eq!(Language::Ru.stage(name), russian);
        }
    }

    #[test]
    fn what_is_left_is_estimated() {
        for (done, total, seconds, en, ru) in [
            (0, 100, 5.0, "0 %", "0 %"),
            (1, 100, 0.5, "1 %", "1 %"),
            (37, 100, 11.7, "37 %, about 20 s left", "37 %, осталось около 20 с"),
            (1, 4, 40.0, "25 %, about 2 min left", "25 %, осталось около 2 мин"),
            (1, 100, 60.0, "1 %, about 1 h 39 min left", "1 %, осталось около 1 ч 39 мин"),
            (34, 34, 60.0, "100 %, about 0 s left", "100 %, осталось около 0 с"),
        ] {
            let elapsed = Duration::from_secs_f64(seconds);
            assert_eq!(Language::En.far(done, total, elapsed), en);
            assert_eq!(Language::Ru.far(done, total, elapsed), ru);
        }
    }
}
