//! Answers, looked over at the door: what is good is kept in one form, what is wrong is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use retail::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerOption, Question, QuestionKind, Questionnaire};
use crate::consent::ConsentPurpose;
use crate::email::Email;
use crate::phone::Phone;
use crate::text::{TextFault, canonical, is_name, mixes_scripts};

/// An answer in its one form: a whole number; a text, the code of an option, a date as `2017-12-31`, a
/// phone's number or an e-mail address; the codes of several options. It never shows itself in a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a number.
    Number(i64),
    /// Of everything else.
    Text(String),
    /// Of several options, in the questionnaire's sequence.
    Many(Vec<String>),
}

/// Answers by the ids of their questions.
pub type Answers = BTreeMap<String, Answer>;

/// What answers are given for.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// The short registration at the till: what is both required and short must be there.
    Registration,
    /// A complete questionnaire: everything required must be there, given now or known before.
    Completion {
        /// What he has answered before.
        known: &'a Answers,
        /// What he consents to already.
        allowed: &'a BTreeSet<ConsentPurpose>,
    },
    /// A change: only what is given is looked at, and a required answer may not be taken back. A consent
    /// may: the law lets it be withdrawn at any time (152-FZ, article 9, part 2).
    Change,
}

/// Why an answer is refused. Its name is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFault {
    /// The questionnaire has no such question.
    UnknownQuestion,
    /// It is required and not there.
    Missing,
    /// It is of another type than the question asks for.
    Type,
    /// It has too many characters.
    TooLong,
    /// The number or date is below what is asked for.
    TooSmall,
    /// The number or date is above what is asked for.
    TooLarge,
    /// More options are chosen than may be.
    TooMany,
    /// Nobody is born on a day to come.
    Future,
    /// The text is no date.
    Date,
    /// The code is none of the options.
    NotAnOption,
    /// The text is no phone's number.
    Phone,
    /// The text is no e-mail address.
    Email,
    /// The text could not be somebody's name.
    NotAName,
    /// A word has letters of two scripts that look alike.
    MixedScripts,
    /// It has characters that are not seen.
    ControlCharacters,
}

/// One answer that is refused. It never repeats the answer, which may end up in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerProblem {
    /// JSON pointer (RFC 6901) into what was given: `/answers/first_name`.
    pub pointer: String,
    /// Why, by its stable name.
    pub code: AnswerFault,
    /// A sentence for the person who answers.
    pub reason: String,
}

/// A consent given or withdrawn in a questionnaire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentAnswer {
    /// To what.
    pub purpose: ConsentPurpose,
    /// Given, or withdrawn.
    pub given: bool,
    /// Which text he had before him.
    pub text_version: String,
}

/// What has become of answers: the good ones are there even where others are wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The good answers in their one form; nothing for one that is taken back.
    pub answers: BTreeMap<String, Option<Answer>>,
    /// Consents, in the questionnaire's sequence.
    pub consents: Vec<ConsentAnswer>,
    /// What is wrong: unknown questions first, then in the questionnaire's sequence.
    pub problems: Vec<AnswerProblem>,
}

impl Questionnaire {
    /// Looks answers over, for a purpose and on a day.
    ///
    /// Nothing (`null`, a text of blanks, an empty list) takes an answer back. A number may come as a
    /// text of digits, and a date as `31.12.2017`. Each answer is looked at by itself, and what is wrong
    /// with one leaves the others good. The answers of a good result give the same result again.
    #[must_use]
    pub fn check(&self, given: &BTreeMap<String, Value>, stage: Stage<'_>, on: Day) -> Checked {
        let known: BTreeSet<&str> = self.questions().map(|question| question.id.as_str()).collect();
        let unknown = given.keys().filter(|id| !known.contains(id.as_str()));
        let mut checked = Checked {
            problems: unknown.map(|id| AnswerFault::UnknownQuestion.of(id, None)).collect(),
            ..Checked::default()
        };
        for question in self.questions() {
            let value = given.get(&question.id);
            let outcome = match &question.kind {
                QuestionKind::Consent { purpose, text_version, .. } => {
                    let consent = |given| ConsentAnswer {
                        purpose: *purpose,
                        given,
                        text_version: text_version.clone(),
                    };
                    consented(question, *purpose, value, stage)
                        .map(|given| checked.consents.extend(given.map(consent)))
                }
                _ => answered(question, value, stage, on).map(|answer| {
                    checked.answers.extend(answer.map(|answer| (question.id.clone(), answer)));
                }),
            };
            let problem = outcome.err().map(|fault| fault.of(&question.id, Some(question)));
            checked.problems.extend(problem);
        }
        checked
    }
}

/// A good answer, one taken back, or nothing where none was given.
fn answered(
    question: &Question,
    value: Option<&Value>,
    stage: Stage<'_>,
    on: Day,
) -> Result<Option<Option<Answer>>, AnswerFault> {
    let answer = value.map(|value| question.kind.read(value, on)).transpose()?;
    let missing = question.required
        && match (&answer, stage) {
            (Some(Some(_)), _) | (None, Stage::Change) => false,
            (Some(None), Stage::Change) => true,
            (_, Stage::Registration) => question.short,
            (Some(None), Stage::Completion { .. }) => true,
            (None, Stage::Completion { known, .. }) => !known.contains_key(&question.id),
        };
    if missing { Err(AnswerFault::Missing) } else { Ok(answer) }
}

/// Whether a consent is given or withdrawn; nothing where it was not spoken of.
fn consented(
    question: &Question,
    purpose: ConsentPurpose,
    value: Option<&Value>,
    stage: Stage<'_>,
) -> Result<Option<bool>, AnswerFault> {
    let given = match value {
        None | Some(Value::Null) => None,
        Some(Value::Bool(given)) => Some(*given),
        Some(_) => return Err(AnswerFault::Type),
    };
    let missing = question.required
        && match (given, stage) {
            (Some(true), _) | (_, Stage::Change) => false,
            (_, Stage::Registration) => question.short,
            (Some(false), Stage::Completion { .. }) => true,
            (None, Stage::Completion { allowed, .. }) => !allowed.contains(&purpose),
        };
    if missing { Err(AnswerFault::Missing) } else { Ok(given) }
}

impl QuestionKind {
    /// The one form of an answer; nothing for one that says nothing.
    fn read(&self, value: &Value, on: Day) -> Result<Option<Answer>, AnswerFault> {
        match value {
            Value::Null => Ok(None),
            Value::Number(number) => {
                let number = number.as_i64().ok_or(AnswerFault::Type)?;
                self.number(number).map(Some)
            }
            Value::String(text) => {
                let text = canonical(text, self.chars_max())?;
                if text.is_empty() { Ok(None) } else { self.text(text, on).map(Some) }
            }
            Value::Array(values) => self.many(values),
            Value::Bool(_) | Value::Object(_) => Err(AnswerFault::Type),
        }
    }

    fn number(&self, number: i64) -> Result<Answer, AnswerFault> {
        match self {
            Self::Number { min, .. } if number < *min => Err(AnswerFault::TooSmall),
            Self::Number { max, .. } if number > *max => Err(AnswerFault::TooLarge),
            Self::Number { .. } => Ok(Answer::Number(number)),
            _ => Err(AnswerFault::Type),
        }
    }

    fn text(&self, text: String, on: Day) -> Result<Answer, AnswerFault> {
        let text = match self {
            Self::Text { .. } => text,
            Self::Name { .. } if mixes_scripts(&text) => return Err(AnswerFault::MixedScripts),
            Self::Name { .. } if !is_name(&text) => return Err(AnswerFault::NotAName),
            Self::Name { .. } => text,
            Self::Number { .. } => {
                return self.number(text.parse().map_err(|_| AnswerFault::Type)?);
            }
            Self::Date { min, max, birth } => {
                let day = date(&text).ok_or(AnswerFault::Date)?;
                let oldest = birth.then(|| Day::of(BIRTH_MIN));
                match day {
                    _ if *birth && day > on => return Err(AnswerFault::Future),
                    _ if oldest.max(*min).is_some_and(|min| day < min) => {
                        return Err(AnswerFault::TooSmall);
                    }
                    _ if max.is_some_and(|max| day > max) => return Err(AnswerFault::TooLarge),
                    _ => day.to_string(),
                }
            }
            Self::Choice { options } => {
                if !has(options, &text) {
                    return Err(AnswerFault::NotAnOption);
                }
                text
            }
            Self::Phone => Phone::parse(&text).map_err(|_| AnswerFault::Phone)?.into(),
            Self::Email => Email::parse(&text).map_err(|_| AnswerFault::Email)?.into(),
            Self::Many { .. } | Self::Consent { .. } => return Err(AnswerFault::Type),
        };
        Ok(Answer::Text(text))
    }

    fn many(&self, values: &[Value]) -> Result<Option<Answer>, AnswerFault> {
        let Self::Many { options, most } = self else { return Err(AnswerFault::Type) };
        // A longer list says something twice at best, and would only cost time.
        if values.len() > options.len() {
            return Err(AnswerFault::TooMany);
        }
        let mut chosen = BTreeSet::new();
        for value in values {
            let code = value.as_str().ok_or(AnswerFault::Type)?;
            let place = options.iter().position(|option| option.code == code);
            chosen.insert(place.ok_or(AnswerFault::NotAnOption)?);
        }
        if chosen.len() > usize::from(*most) {
            return Err(AnswerFault::TooMany);
        }
        let codes: Vec<String> = chosen.iter().map(|&at| options[at].code.clone()).collect();
        Ok((!codes.is_empty()).then_some(Answer::Many(codes)))
    }

    /// Most characters that any good text has.
    fn chars_max(&self) -> usize {
        match self {
            Self::Text { chars_max } | Self::Name { chars_max } => usize::from(*chars_max),
            _ => 300,
        }
    }
}

const BIRTH_MIN: jiff::civil::Date = jiff::civil::date(1900, 1, 1);

/// The day of `2017-12-31` or `31.12.2017`, digits as many as there.
fn date(text: &str) -> Option<Day> {
    let figures = |parts: [&str; 3]| {
        let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let [year, month, day] = parts;
        let sound = (year.len(), month.len(), day.len()) == (4, 2, 2) && parts.iter().all(digits);
        sound.then(|| format!("{year}-{month}-{day}").parse().ok())?
    };
    let split = |mark: char| <[&str; 3]>::try_from(text.split(mark).collect::<Vec<_>>()).ok();
    match (split('-'), split('.')) {
        (Some(parts), _) => figures(parts),
        (None, Some([day, month, year])) => figures([year, month, day]),
        (None, None) => None,
    }
}

fn has(options: &[AnswerOption], code: &str) -> bool {
    options.iter().any(|option| option.code == code)
}

impl AnswerFault {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::UnknownQuestion,
        Self::Missing,
        Self::Type,
        Self::TooLong,
        Self::TooSmall,
        Self::TooLarge,
        Self::TooMany,
        Self::Future,
        Self::Date,
        Self::NotAnOption,
        Self::Phone,
        Self::Email,
        Self::NotAName,
        Self::MixedScripts,
        Self::ControlCharacters,
    ];

    /// The stable name, as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownQuestion => "unknown_question",
            Self::Missing => "missing",
            Self::Type => "type",
            Self::TooLong => "too_long",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::Future => "future",
            Self::Date => "date",
            Self::NotAnOption => "not_an_option",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::NotAName => "not_a_name",
            Self::MixedScripts => "mixed_scripts",
            Self::ControlCharacters => "control_characters",
        }
    }

    fn of(self, id: &str, question: Option<&Question>) -> AnswerProblem {
        // As RFC 6901, section 3, writes what would end a step.
        let step = id.replace('~', "~0").replace('/', "~1");
        let reason = self.reason(question.map(|question| &question.kind));
        AnswerProblem { pointer: format!("/answers/{step}"), code: self, reason }
    }

    fn reason(self, kind: Option<&QuestionKind>) -> String {
        use QuestionKind::{Consent, Date, Many, Number};
        let plain = match (self, kind) {
            (Self::UnknownQuestion, _) => "is no question of this questionnaire",
            (Self::Missing, Some(Consent { .. })) => "must be consented to",
            (Self::Missing, _) => "must be answered",
            (Self::Type, Some(Number { .. })) => "must be a whole number",
            (Self::Type, Some(Many { .. })) => "must be a list of codes",
            (Self::Type, Some(Consent { .. })) => "must be true or false",
            (Self::Type, _) => "must be a text",
            (Self::TooLong, Some(kind)) => {
                return format!("must have at most {} characters", kind.chars_max());
            }
            (Self::TooSmall, Some(Number { min, .. })) => return format!("must be {min} or more"),
            (Self::TooLarge, Some(Number { max, .. })) => return format!("must be {max} or less"),
            (Self::TooSmall, Some(Date { min: Some(min), .. })) => {
                return format!("must be {min} or later");
            }
            (Self::TooLarge, Some(Date { max: Some(max), .. })) => {
                return format!("must be {max} or earlier");
            }
            (Self::TooMany, Some(Many { most, .. })) => return format!("must be at most {most}"),
            (Self::TooSmall, _) => "must be 1900-01-01 or later",
            (Self::TooLong | Self::TooLarge | Self::TooMany, _) => "must be less",
            (Self::Future, _) => "must not be in the future",
            (Self::Date, _) => "must be a date: 2017-12-31",
            (Self::NotAnOption, _) => "must be one of the options",
            (Self::Phone, _) => "must be a phone number, with its country unless it is Russian",
            (Self::Email, _) => "must be an e-mail address",
            (Self::NotAName, _) => "must be a name: letters, blanks, hyphens, apostrophes, dots",
            (Self::MixedScripts, _) => "must not mix letters of two scripts in one word",
            (Self::ControlCharacters, _) => "must not have characters that are not seen",
        };
        plain.to_owned()
    }
}

impl From<TextFault> for AnswerFault {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::TooLong => Self::TooLong,
            TextFault::ControlCharacters => Self::ControlCharacters,
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number(…)",
            Self::Text(_) => "Text(…)",
            Self::Many(_) => "Many(…)",
        })
    }
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AnswerProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.pointer, self.reason, self.code)
    }
}
