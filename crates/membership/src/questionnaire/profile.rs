//! What of a questionnaire's answers leaves the vault: coded values, and how far a birthday is.

use std::collections::BTreeMap;

use jiff::civil::Date;
use retail::Day;

use super::{Answer, Answers, Question, QuestionKind, Questionnaire};

impl Questionnaire {
    /// The coded values of these answers, by the names of attributes as portraits know them. Ages are
    /// those of a day: whoever keeps them asks again.
    ///
    /// An answer that the question as it stands would refuse has no coded value, so that nothing else
    /// than codes of the questionnaire and numbers within its bounds ever comes out.
    #[must_use]
    pub fn profile(&self, answers: &Answers, on: Day) -> BTreeMap<&'static str, String> {
        let coded = |question: &Question| {
            let profile = question.profile.as_ref()?;
            let answer = answers.get(&question.id)?;
            let bands = profile.bands.as_deref();
            Some((profile.attribute.as_str(), question.kind.coded(answer, bands, on)?))
        };
        self.questions().filter_map(coded).collect()
    }

    /// Days from a day to the next return of the birthday, 0 on the day itself; whoever was born on 29
    /// February has it on 1 March in other years, as the portrait counts it. Nothing where no birth date
    /// is known, or it is still to come.
    #[must_use]
    pub fn days_to_birthday(&self, answers: &Answers, on: Day) -> Option<u16> {
        let Answer::Text(text) = answers.get(&self.birth_date()?.id)? else { return None };
        let born = text.parse::<Day>().ok().filter(|&born| born <= on)?.date();
        let year = on.date().year();
        let next = [year, year.checked_add(1)?]
            .into_iter()
            .filter_map(|year| birthday(born, year))
            .find(|&day| day >= on)?;
        u16::try_from(next.0 - on.0).ok()
    }
}

impl QuestionKind {
    fn coded(&self, answer: &Answer, bands: Option<&[u32]>, on: Day) -> Option<String> {
        match (self, answer) {
            (Self::Choice { options }, Answer::Text(code)) => {
                options.iter().any(|option| option.code == *code).then(|| code.clone())
            }
            (Self::Number { min, max }, Answer::Number(number)) => {
                let number = (min..=max).contains(&number).then_some(*number)?;
                match bands {
                    None => Some(number.to_string()),
                    Some(bands) => Some(band(bands, u64::try_from(number).ok()?)),
                }
            }
            (Self::Date { birth: true, .. }, Answer::Text(text)) => {
                let born = text.parse::<Day>().ok()?;
                Some(band(bands?, age(born, on)?))
            }
            _ => None,
        }
    }
}

/// Age in full years; nothing before the birth.
fn age(born: Day, on: Day) -> Option<u64> {
    let (born, today) = (born.date(), on.date());
    let lived = i64::from(today.year()) - i64::from(born.year());
    let before = (today.month(), today.day()) < (born.month(), born.day());
    u64::try_from(lived - i64::from(before)).ok()
}

/// The birthday in a year: 1 March for 29 February where there is none.
fn birthday(born: Date, year: i16) -> Option<Day> {
    let date = Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1));
    date.ok().map(Day::of)
}

/// The band of a number: `0-17`, `18-24`, `65+`, and the number alone where a band has only one.
fn band(bounds: &[u32], number: u64) -> String {
    let above = bounds.partition_point(|&bound| u64::from(bound) <= number);
    let first = above.checked_sub(1).map_or(0, |at| bounds[at]);
    match bounds.get(above).map(|next| next.saturating_sub(1)) {
        None => format!("{first}+"),
        Some(last) if last == first => first.to_string(),
        Some(last) => format!("{first}-{last}"),
    }
}
