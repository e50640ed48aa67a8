//! Rules as data: published in versions, for the programme or for one network.

use membership::{AccrualRules, CardPolicy, LevelTable, Problem, Questionnaire};
use retail::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serde_path_to_error::Segment;
use store::Ruleset;

use crate::access::ActivityLimits;
use crate::places::{network_of, told};
use crate::{Act, FieldProblem, Programme, Refused};

/// Longest text within rules.
const TEXT_CHARS_MAX: usize = 200;

/// What rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesKind {
    /// What a receipt earns.
    Accrual,
    /// Levels and how they are reached.
    Levels,
    /// Who may do what to a card.
    CardPolicy,
    /// How much may be done in a day.
    Limits,
    /// What customers are asked.
    Questionnaire,
}

/// Rules as they are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulesView {
    /// `accrual`, `levels`, `card_policy`, `limits`, `questionnaire`.
    pub kind: String,
    /// The network they are for; none is the programme.
    pub network: Option<String>,
    /// Grows with every publishing.
    pub version: i64,
    /// The rules.
    pub body: Value,
    /// When they were published.
    pub published_at: Instant,
    /// By whom.
    pub published_by: String,
}

impl RulesKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Accrual, Self::Levels, Self::CardPolicy, Self::Limits, Self::Questionnaire];

    /// Its name in paths and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accrual => "accrual",
            Self::Levels => "levels",
            Self::CardPolicy => "card_policy",
            Self::Limits => "limits",
            Self::Questionnaire => "questionnaire",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What is wrong with rules of this kind.
    fn problems(self, body: &Value) -> Vec<FieldProblem> {
        let mut problems = match self {
            Self::Accrual => read(body, AccrualRules::validate),
            Self::Levels => read(body, LevelTable::validate),
            Self::CardPolicy => read(body, |_: &CardPolicy| Vec::new()),
            Self::Limits => {
                let problems = ActivityLimits::understood(&body.to_string()).err();
                problems.unwrap_or_default().into_iter().map(in_body).collect()
            }
            // Texts of consents are long; the questionnaire has its own bounds.
            Self::Questionnaire => return read(body, Questionnaire::validate),
        };
        find_long_texts(body, String::new(), &mut problems);
        problems
    }
}

impl Programme {
    /// Publishes rules, which count from now on.
    ///
    /// # Errors
    /// `invalid` with every field that is wrong; `not_found` where there is no such network.
    pub fn publish_rules(
        &self,
        act: &Act,
        kind: RulesKind,
        network: Option<&str>,
        body: &Value,
    ) -> Result<RulesView, Refused> {
        let problems = kind.problems(body);
        if !problems.is_empty() {
            return Err(Refused::Invalid { problems });
        }
        let (network, body) = (network.map(str::to_owned), body.clone());
        self.perform(act, move |tx, act| {
            let scope = scope(tx, act, network.as_deref())?;
            let version = tx.ruleset(kind.as_str(), &scope)?.map_or(1, |newest| newest.version + 1);
            let ruleset = Ruleset {
                kind: kind.as_str().to_owned(),
                scope,
                version,
                body: body.to_string(),
                published_at: act.at,
                published_by: act.actor.clone(),
            };
            tx.add_ruleset(&ruleset)?;
            let object = format!("{}/{}", ruleset.kind, ruleset.scope);
            told(tx, act, "rules.publish", "rules", &object, &json!({ "version": version }))?;
            RulesView::of(&ruleset)
        })
    }

    /// The rules that count for a network, or for the programme: the network's own, else the
    /// programme's.
    ///
    /// # Errors
    /// `not_found` where none were ever published.
    pub fn rules(
        &self,
        act: &Act,
        kind: RulesKind,
        network: Option<&str>,
    ) -> Result<RulesView, Refused> {
        self.store()?.read(|tx| {
            let scope = match network {
                Some(network) => network_of(tx, act, network)?.id.0,
                None => String::new(),
            };
            let found = tx.ruleset_for(kind.as_str(), &scope)?;
            let none = || Refused::NotFound { kind: "rules", id: kind.as_str().to_owned() };
            RulesView::of(&found.ok_or_else(none)?)
        })
    }
}

/// The scope of rules: a network the caller reaches, or the programme for who is bound to none.
fn scope(tx: &mut store::Tx<'_>, act: &Act, network: Option<&str>) -> Result<String, Refused> {
    match network {
        Some(network) => Ok(network_of(tx, act, network)?.id.0),
        None if act.bounds.networks.is_empty() => Ok(String::new()),
        None => Err(Refused::NotPermitted {
            why: "whoever is bound to networks publishes rules for one of them".to_owned(),
        }),
    }
}

/// Reads rules and lets them be looked over.
fn read<T: DeserializeOwned>(
    body: &Value,
    validate: impl Fn(&T) -> Vec<Problem>,
) -> Vec<FieldProblem> {
    match understood::<T>(body) {
        Ok(rules) => {
            let problem = |Problem { pointer, reason }| FieldProblem {
                pointer,
                code: "rule",
                detail: reason,
            };
            validate(&rules).into_iter().map(problem).map(in_body).collect()
        }
        Err(problem) => vec![in_body(problem)],
    }
}

/// Reads rules, or says where they have another form.
pub(crate) fn understood<T: DeserializeOwned>(body: &Value) -> Result<T, FieldProblem> {
    serde_path_to_error::deserialize::<_, T>(body).map_err(|error| {
        let pointer: String = error.path().iter().map(step).collect();
        FieldProblem { pointer, code: "type", detail: error.inner().to_string() }
    })
}

/// One step of a JSON pointer.
fn step(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => named(key),
        // Our enums are written with their variant as the name of the only field.
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    }
}

pub(crate) fn named(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Every text of rules is a name or an id: short, whatever the kind.
pub(crate) fn find_long_texts(value: &Value, at: String, problems: &mut Vec<FieldProblem>) {
    match value {
        Value::String(text) if text.chars().count() > TEXT_CHARS_MAX => {
            let detail = format!("has more than {TEXT_CHARS_MAX} characters");
            problems.push(in_body(FieldProblem { pointer: at, code: "too_long", detail }));
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                find_long_texts(item, format!("{at}/{place}"), problems);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                find_long_texts(field, format!("{at}{}", named(name)), problems);
            }
        }
        _ => {}
    }
}

/// Rules stand in the field `body` of a request.
pub(crate) fn in_body(problem: FieldProblem) -> FieldProblem {
    FieldProblem { pointer: format!("/body{}", problem.pointer), ..problem }
}

impl RulesView {
    fn of(ruleset: &Ruleset) -> Result<Self, Refused> {
        let body = serde_json::from_str(&ruleset.body).map_err(|error| Refused::Broken {
            why: format!("the rules {} cannot be read: {error}", ruleset.kind),
        })?;
        Ok(Self {
            kind: ruleset.kind.clone(),
            network: Some(ruleset.scope.clone()).filter(|scope| !scope.is_empty()),
            version: ruleset.version,
            body,
            published_at: ruleset.published_at,
            published_by: ruleset.published_by.clone(),
        })
    }
}
