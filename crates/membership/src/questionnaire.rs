//! What customers are asked: a questionnaire is data that a marketer writes, and an answer is looked
//! over by it before it goes to the vault.

mod answers;
mod completeness;
mod profile;
mod question;
mod validate;

pub use answers::{Answer, AnswerFault, AnswerProblem, Answers, Checked, ConsentAnswer, Stage};
pub use completeness::Completeness;
pub use question::{AnswerOption, ProfileAttribute, ProfileUse, Question, QuestionKind};

use retail::Day;
use serde::{Deserialize, Serialize};

/// A text in both languages, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// What Russian readers see.
    pub ru: String,
    /// What English readers see.
    pub en: String,
}

/// One version of what customers are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
    /// Its heading.
    pub title: Wording,
    /// The first day on which it is asked; nothing for one that always was.
    #[serde(default)]
    pub valid_from: Option<Day>,
    /// The last day on which it is asked; nothing for one without an end.
    #[serde(default)]
    pub valid_to: Option<Day>,
    /// The questions, in the sequence in which they are asked.
    pub groups: Vec<QuestionGroup>,
}

/// Questions under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionGroup {
    /// The heading.
    pub title: Wording,
    /// What is asked under it.
    pub questions: Vec<Question>,
}

impl Questionnaire {
    /// What a programme begins with: names, phone, e-mail, birth date, gender, region, household and
    /// consents; a phone and the consent to processing are enough for the till.
    #[must_use]
    pub fn standard() -> Self {
        serde_json::from_str(include_str!("questionnaire/standard.json"))
            .expect("the shipped questionnaire is read by a test")
    }

    /// Whether it is asked on a day.
    #[must_use]
    pub fn in_force(&self, on: Day) -> bool {
        self.valid_from.is_none_or(|first| first <= on)
            && self.valid_to.is_none_or(|last| on <= last)
    }

    /// Every question, in the sequence in which they are asked.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.groups.iter().flat_map(|group| &group.questions)
    }

    /// The question of an id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions().find(|question| question.id == id)
    }

    /// The question for the phone by which a customer is found and written to: the first that asks for one.
    #[must_use]
    pub fn main_phone(&self) -> Option<&Question> {
        self.questions().find(|question| matches!(question.kind, QuestionKind::Phone))
    }

    /// The question for the e-mail address by which he is found and written to: the first that asks for one.
    #[must_use]
    pub fn main_email(&self) -> Option<&Question> {
        self.questions().find(|question| matches!(question.kind, QuestionKind::Email))
    }

    /// The question for his birth date: the first that asks for one.
    #[must_use]
    pub fn birth_date(&self) -> Option<&Question> {
        self.questions()
            .find(|question| matches!(question.kind, QuestionKind::Date { birth: true, .. }))
    }
}
