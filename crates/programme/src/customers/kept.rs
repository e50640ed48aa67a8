//! What is sealed of a person: his answers, and by what each makes him found, so that the index can be made anew
//! without the questionnaires of their days.

use std::collections::BTreeMap;

use membership::{Answer, Answers, Email, Phone, Question, QuestionKind, name_words};
use serde::{Deserialize, Serialize};
use store::{DbError, Person, Secret, Term, TermKind};

use crate::Refused;

/// A person's answers, and by what they make him found.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub answers: Answers,
    /// By question.
    #[serde(default)]
    found_by: BTreeMap<String, FoundBy>,
}

/// By what an answer makes its person found, in the form in which it is compared.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FoundBy {
    Phone(String),
    Email(String),
    Words(Vec<String>),
}

/// What stood in place of an answer before and after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct AnswerChange {
    pub question: String,
    pub before: Option<Answer>,
    pub after: Option<Answer>,
}

impl Kept {
    /// Puts an answer in place of another, or takes it back; nothing where it stands there already.
    pub fn put(&mut self, question: &Question, after: Option<Answer>) -> Option<AnswerChange> {
        let id = &question.id;
        let before = match &after {
            Some(answer) => self.answers.insert(id.clone(), answer.clone()),
            None => self.answers.remove(id),
        };
        match after.as_ref().and_then(|answer| found_by(question, answer)) {
            Some(found_by) => self.found_by.insert(id.clone(), found_by),
            None => self.found_by.remove(id),
        };
        let change = AnswerChange { question: id.clone(), before, after };
        (change.before != change.after).then_some(change)
    }

    /// The question by which somebody else is found, of those whose answer may be nobody else's.
    pub fn phones(&self) -> impl Iterator<Item = (&str, &str)> {
        self.found_by.iter().filter_map(|(question, found_by)| match found_by {
            FoundBy::Phone(phone) => Some((question.as_str(), phone.as_str())),
            _ => None,
        })
    }

    pub fn terms(&self) -> Vec<Term> {
        self.found_by.values().flat_map(FoundBy::terms).collect()
    }

    pub fn sealed(&self) -> Result<Secret, Refused> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|error| Refused::Broken { why: format!("answers cannot be written: {error}") })
    }
}

impl FoundBy {
    fn terms(&self) -> Vec<Term> {
        match self {
            Self::Phone(phone) => vec![phone_term(phone)],
            Self::Email(email) => vec![term(TermKind::Email, email)],
            Self::Words(words) => words.iter().map(|word| term(TermKind::Name, word)).collect(),
        }
    }
}

fn found_by(question: &Question, answer: &Answer) -> Option<FoundBy> {
    let Answer::Text(text) = answer else { return None };
    match question.kind {
        QuestionKind::Phone => Phone::parse(text).ok().map(|phone| FoundBy::Phone(phone.into())),
        QuestionKind::Email => Email::parse(text).ok().map(|email| FoundBy::Email(email.key())),
        QuestionKind::Name { .. } => Some(FoundBy::Words(name_words(text).into_iter().collect())),
        _ => None,
    }
}

/// A phone is one person's alone: he signs in by it, and it may serve as his card.
pub(super) fn phone_term(phone: &str) -> Term {
    Term { his_alone: true, ..term(TermKind::Phone, phone) }
}

pub(super) fn term(kind: TermKind, text: &str) -> Term {
    Term { kind, text: Secret::new(text), his_alone: false }
}

/// The answers of a person, opened.
pub(super) fn opened(person: &Person) -> Result<Kept, Refused> {
    serde_json::from_str(person.answers.expose()).map_err(|_| Refused::Broken {
        why: format!("the answers of {} cannot be read", person.customer.0),
    })
}

/// By what a person is found.
pub(crate) fn terms_of(person: &Person) -> Result<Vec<Term>, DbError> {
    let kept = opened(person).map_err(|refused| DbError::Sealed {
        statement: "person/read",
        why: refused.to_string(),
    })?;
    Ok(kept.terms())
}
