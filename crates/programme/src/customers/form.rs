//! The questionnaire of a network on a day: the newest of its published versions that is good then, else the
//! programme's, else the one that comes with the program.

use membership::{AnswerProblem, Questionnaire};
use retail::Day;
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::places::network_of;
use crate::rules::RulesKind;
use crate::{Act, FieldProblem, Programme, Refused};

/// A questionnaire that counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormView {
    /// The network it was published for; none is the programme.
    pub network: Option<String>,
    /// Its version; 0 is the one that comes with the program.
    pub version: i64,
    /// What is asked.
    pub questionnaire: Questionnaire,
}

impl Programme {
    /// The questionnaire of a network on a day.
    ///
    /// # Errors
    /// `not_found` where the caller knows no such network.
    pub fn form(&self, act: &Act, network: &str, on: Day) -> Result<FormView, Refused> {
        self.store()?.read(|tx| {
            network_of(tx, act, network)?;
            in_force(tx, network, on)
        })
    }
}

/// The questionnaire of a network on a day.
pub(super) fn in_force(tx: &mut Tx<'_>, network: &str, on: Day) -> Result<FormView, Refused> {
    for scope in [network, ""] {
        let kind = RulesKind::Questionnaire.as_str();
        let mut version = tx.ruleset(kind, scope)?.map_or(0, |newest| newest.version);
        while version > 0 {
            let Some(rules) = tx.ruleset_version(kind, scope, version)? else { break };
            let questionnaire: Questionnaire = read(&rules.body, scope)?;
            if questionnaire.in_force(on) {
                let network = Some(scope.to_owned()).filter(|scope| !scope.is_empty());
                return Ok(FormView { network, version, questionnaire });
            }
            version -= 1;
        }
    }
    Ok(FormView { network: None, version: 0, questionnaire: Questionnaire::standard() })
}

fn read(body: &str, scope: &str) -> Result<Questionnaire, Refused> {
    serde_json::from_str(body).map_err(|error| Refused::Broken {
        why: format!("the questionnaire of {scope:?} cannot be read: {error}"),
    })
}

/// Answers that are wrong, as fields.
pub(super) fn faults(problems: Vec<AnswerProblem>) -> Vec<FieldProblem> {
    let fault = |AnswerProblem { pointer, code, reason }| FieldProblem {
        pointer,
        code: code.as_str(),
        detail: reason,
    };
    problems.into_iter().map(fault).collect()
}
