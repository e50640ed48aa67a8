//! What is wrong with a questionnaire somebody wrote.

use std::collections::HashSet;

use super::{AnswerOption, ProfileUse, Question, QuestionKind, Questionnaire, Wording};
use crate::problem::{Problem, unless};

const QUESTIONS_MAX: usize = 200;
const OPTIONS_MAX: usize = 500;
const BANDS_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 40;
const LABEL_CHARS_MAX: usize = 200;
const HINT_CHARS_MAX: usize = 500;
const CONSENT_CHARS_MAX: usize = 20_000;
const ANSWER_CHARS_MAX: u16 = 1_000;

impl Questionnaire {
    /// Everything that is wrong with the questionnaire; nothing for a good one.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let count = self.questions().count();
        let days = !matches!((self.valid_from, self.valid_to), (Some(a), Some(b)) if b < a);
        let mut problems = worded("/title", &self.title, LABEL_CHARS_MAX);
        problems.extend(unless(days, "/valid_to", "must not be before valid_from"));
        problems.extend(unless(
            (1..=QUESTIONS_MAX).contains(&count),
            "/groups",
            "must have 1 to 200 questions together",
        ));
        let mut seen = Seen::default();
        for (at, group) in self.groups.iter().enumerate() {
            let place = format!("/groups/{at}");
            problems.extend(worded(&format!("{place}/title"), &group.title, LABEL_CHARS_MAX));
            for (at, question) in group.questions.iter().enumerate() {
                let place = format!("{place}/questions/{at}");
                problems.extend(question.problems(&place));
                problems.extend(seen.again(&place, question));
            }
        }
        problems
    }
}

/// What may stand in a questionnaire once only.
#[derive(Default)]
struct Seen<'a> {
    ids: HashSet<&'a str>,
    attributes: HashSet<&'static str>,
    purposes: HashSet<&'static str>,
}

impl<'a> Seen<'a> {
    fn again(&mut self, place: &str, question: &'a Question) -> Vec<Problem> {
        let fresh = self.ids.insert(&question.id);
        let attribute = question.profile.as_ref().map(|profile| profile.attribute.as_str());
        let alone = attribute.is_none_or(|name| self.attributes.insert(name));
        let purpose = match &question.kind {
            QuestionKind::Consent { purpose, .. } => Some(purpose.as_str()),
            _ => None,
        };
        let asked_once = purpose.is_none_or(|name| self.purposes.insert(name));
        let at = |field: &str| format!("{place}/{field}");
        [
            unless(fresh, &at("id"), "is the id of another question too"),
            unless(alone, &at("profile/attribute"), "is told by another question too"),
            unless(asked_once, &at("kind/consent/purpose"), "is asked for by another question too"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Question {
    fn problems(&self, place: &str) -> Vec<Problem> {
        let mut problems: Vec<Problem> = unless(
            is_id(&self.id),
            &format!("{place}/id"),
            "must be 1 to 40 small letters, digits and underscores, a letter first",
        )
        .into_iter()
        .collect();
        problems.extend(worded(&format!("{place}/label"), &self.label, LABEL_CHARS_MAX));
        if let Some(hint) = &self.hint {
            problems.extend(worded(&format!("{place}/hint"), hint, HINT_CHARS_MAX));
        }
        problems.extend(self.kind.problems(&format!("{place}/kind")));
        if let Some(profile) = &self.profile {
            problems.extend(profile.problem(&format!("{place}/profile"), &self.kind));
        }
        problems
    }
}

impl QuestionKind {
    fn problems(&self, place: &str) -> Vec<Problem> {
        let one = |holds: bool, field: &str, reason: &str| {
            unless(holds, &format!("{place}/{field}"), reason).into_iter().collect()
        };
        let length = |chars_max: &u16| (1..=ANSWER_CHARS_MAX).contains(chars_max);
        match self {
            Self::Text { chars_max } => {
                one(length(chars_max), "text/chars_max", "must be 1 to 1000")
            }
            Self::Name { chars_max } => {
                one(length(chars_max), "name/chars_max", "must be 1 to 1000")
            }
            Self::Number { min, max } => one(min <= max, "number/max", "must not be below min"),
            Self::Date { min, max, .. } => {
                let good = !matches!((min, max), (Some(min), Some(max)) if max < min);
                one(good, "date/max", "must not be before min")
            }
            Self::Choice { options } => listed(&format!("{place}/choice/options"), options),
            Self::Many { options, most } => {
                let good = (1..=options.len().max(1)).contains(&usize::from(*most));
                let mut problems = listed(&format!("{place}/many/options"), options);
                problems.extend(unless(
                    good,
                    &format!("{place}/many/most"),
                    "must be 1 to the number of options",
                ));
                problems
            }
            Self::Phone | Self::Email => Vec::new(),
            Self::Consent { text, text_version, .. } => {
                let place = format!("{place}/consent");
                let mut problems = worded(&format!("{place}/text"), text, CONSENT_CHARS_MAX);
                problems.extend(unless(
                    is_code(text_version),
                    &format!("{place}/text_version"),
                    CODE,
                ));
                problems
            }
        }
    }
}

impl ProfileUse {
    fn problem(&self, place: &str, kind: &QuestionKind) -> Option<Problem> {
        let bands = format!("{place}/bands");
        match (kind, &self.bands) {
            (QuestionKind::Choice { .. }, None) | (QuestionKind::Number { .. }, None) => None,
            (QuestionKind::Choice { .. }, Some(_)) => {
                unless(false, &bands, "must be left out: a choice leaves as its code")
            }
            (QuestionKind::Date { birth: true, .. }, None) => {
                unless(false, &bands, "must be given: no birth date leaves the vault")
            }
            (QuestionKind::Number { min, .. }, Some(_)) if *min < 0 => {
                unless(false, &bands, "must be left out: numbers below 0 have no band")
            }
            (
                QuestionKind::Number { .. } | QuestionKind::Date { birth: true, .. },
                Some(bounds),
            ) => unless(
                (1..=BANDS_MAX).contains(&bounds.len())
                    && bounds[0] > 0
                    && bounds.windows(2).all(|pair| pair[0] < pair[1]),
                &bands,
                "must be 1 to 50 numbers above 0, ascending",
            ),
            _ => unless(
                false,
                place,
                "must be left out: only a choice, a number or a birth date has a coded value",
            ),
        }
    }
}

/// Of options without which nothing can be chosen.
fn listed(place: &str, options: &[AnswerOption]) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        unless((1..=OPTIONS_MAX).contains(&options.len()), place, "must be 1 to 500")
            .into_iter()
            .collect();
    let mut codes = HashSet::new();
    for (at, option) in options.iter().enumerate() {
        let code = format!("{place}/{at}/code");
        problems.extend(unless(is_code(&option.code), &code, CODE));
        problems.extend(unless(
            codes.insert(option.code.as_str()),
            &code,
            "is the code of another option too",
        ));
        problems.extend(worded(&format!("{place}/{at}/label"), &option.label, LABEL_CHARS_MAX));
    }
    problems
}

/// Of a text that both readers need.
fn worded(place: &str, wording: &Wording, chars_max: usize) -> Vec<Problem> {
    let one = |language: &str, text: &str| {
        let place = format!("{place}/{language}");
        if text.trim().is_empty() {
            unless(false, &place, "must not be empty")
        } else {
            let short = text.chars().take(chars_max + 1).count() <= chars_max;
            unless(short, &place, &format!("must have at most {chars_max} characters"))
        }
    };
    [one("ru", &wording.ru), one("en", &wording.en)].into_iter().flatten().collect()
}

const CODE: &str = "must be 1 to 40 plain letters, digits, underscores, dashes, dots or pluses";

fn is_code(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+".contains(&b))
}

fn is_id(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
