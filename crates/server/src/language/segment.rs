//! What is wrong with a segment, in Russian; in English it says so itself.

use programme::segment::{DEPTH_MAX, SegmentError, Wanted, Written, Wrong};

use super::Language;

impl Language {
    /// What is wrong with the text of a segment, and at which character.
    pub fn wrong_segment(self, error: &SegmentError) -> String {
        match self {
            Self::En => error.to_string(),
            Self::Ru => format!("символ {}: {}", error.at + 1, wrong_ru(&error.wrong)),
        }
    }
}

fn wrong_ru(wrong: &Wrong) -> String {
    match wrong {
        Wrong::TooLong { most } => format!("в сегменте не больше {most} символов"),
        Wrong::TooDeep => format!("здесь открыто больше {DEPTH_MAX} скобок"),
        Wrong::Character { found } if found.is_control() => {
            format!("символ U+{:04X} здесь ничего не значит", u32::from(*found))
        }
        Wrong::Character { found } => format!("символ {found} здесь ничего не значит"),
        Wrong::Quote => "у текста, который здесь начинается, нет закрывающей кавычки".to_owned(),
        Wrong::Number { found } => {
            format!("{found} — не число из 18 цифр и меньше; пишите 12 или 0.5")
        }
        Wrong::Day { found } => format!("дня {found} нет в календаре; пишите 2026-01-31"),
        Wrong::Expected { wanted, found } => format!(
            "ожидается {}, а не {}",
            wanted_ru(*wanted),
            found.as_deref().unwrap_or("конец")
        ),
        Wrong::Parameter { found, nearest } => {
            format!("нет показателя {found}{}", proposal_ru(nearest))
        }
        Wrong::Profile { found, nearest } => format!("нет {found}{}", proposal_ru(nearest)),
        Wrong::Type { name, wanted, found } => format!(
            "{name} сравнивается так: {}; а здесь {}",
            written_ru(*wanted),
            written_ru(*found)
        ),
        Wrong::Sequence { name } => {
            format!("у {name} нет больше и меньше; пишите =, != или in (в)")
        }
        Wrong::Word { name, found, words } => {
            format!("{name} не бывает {found}; бывает {}", words.join(", "))
        }
        Wrong::Reversed { low, high } => {
            format!("между {low} и {high} ничего нет; меньшее пишите первым")
        }
    }
}

fn wanted_ru(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Condition => "показатель, not (не) или (",
        Wanted::Comparison => {
            "сравнение (=, !=, <, <=, >, >=, between (между), in (в), is null (пусто))"
        }
        Wanted::Negated => "between (между), in (в) или null (пусто)",
        Wanted::Null => "null (пусто)",
        Wanted::Value(written) => written_ru(written),
        Wanted::And => "and (и)",
        Wanted::Open => "(",
        Wanted::CommaOrClose => "запятая или )",
        Wanted::JoinOrClose => "and (и), or (или) или )",
        Wanted::JoinOrEnd => "and (и), or (или) или конец",
    }
}

fn written_ru(written: Written) -> &'static str {
    match written {
        Written::Number => "число",
        Written::Text => "текст в кавычках",
        Written::Day => "день как 2026-01-31",
        Written::Truth => "true (да) или false (нет)",
    }
}

fn proposal_ru(nearest: &[&str]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!("; может быть, {}?", nearest.join(", "))
    }
}
