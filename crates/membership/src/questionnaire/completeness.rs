//! How much of a questionnaire is answered.

use serde::{Deserialize, Serialize};

use super::{Answers, Questionnaire};

/// How much of a questionnaire somebody has answered. Consents are no answers and do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Questions with an answer.
    pub answered: u32,
    /// Questions there are.
    pub of: u32,
    /// Ids of required questions without an answer, in the questionnaire's sequence.
    pub missing_required: Vec<String>,
    /// The share answered, 10 000 for all, rounded down; of no questions all are answered.
    pub share_bps: u32,
}

impl Questionnaire {
    /// How much of it these answers fill. Answers to questions it does not ask count for nothing.
    #[must_use]
    pub fn completeness(&self, answers: &Answers) -> Completeness {
        let mut known =
            Completeness { answered: 0, of: 0, missing_required: Vec::new(), share_bps: 10_000 };
        for question in self.questions().filter(|question| !question.is_consent()) {
            known.of += 1;
            if answers.contains_key(&question.id) {
                known.answered += 1;
            } else if question.required {
                known.missing_required.push(question.id.clone());
            }
        }
        if let Some(share) = (u64::from(known.answered) * 10_000).checked_div(known.of.into()) {
            known.share_bps = share as u32;
        }
        known
    }
}
