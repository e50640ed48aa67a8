//! Why something that was asked for is not done, each with a stable code.

use retail::Instant;
use store::DbError;

/// Nothing was changed; why.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is none of this id, or the caller may not know of it: both are told alike.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// `card`, `network` …
        kind: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// Who asks is not let in; what exactly was wrong is not told.
    #[error("{why}")]
    NotAdmitted {
        /// Stable name of the reason: `unauthenticated`, `sign_in_failed`, `locked` …
        code: &'static str,
        /// A sentence, the same for everybody.
        why: &'static str,
        /// When it is worth trying again, if that is known.
        retry_at: Option<Instant>,
    },
    /// So much of this is under way that no more is begun.
    #[error("too much of this is under way; try again in {retry_after_ms} ms")]
    Busy {
        /// When it is worth trying again.
        retry_after_ms: u64,
    },
    /// The caller may not do this.
    #[error("{why}")]
    NotPermitted {
        /// What he would need.
        why: String,
    },
    /// Fields of what was asked for are wrong.
    #[error("{}", said(problems))]
    Invalid {
        /// Each with its place.
        problems: Vec<FieldProblem>,
    },
    /// It does not fit what is stored: a state, a balance, an id that is taken.
    #[error("{why}")]
    Conflict {
        /// Stable name of the reason, as the crate that refused names it.
        code: &'static str,
        /// A sentence.
        why: String,
    },
    /// The key was used for something else.
    #[error("this key was used before with another body")]
    KeyReused,
    /// The thing was changed since the caller looked at it.
    #[error("it was changed meanwhile: read it again")]
    Stale,
    /// The database did not do what it was asked.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What is stored cannot be right.
    #[error("{why}")]
    Broken {
        /// What is wrong.
        why: String,
    },
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// JSON pointer to it: `/lines/0/net`.
    pub pointer: String,
    /// Stable name of the reason.
    pub code: &'static str,
    /// A sentence.
    pub detail: String,
}

impl Refused {
    /// One field is wrong.
    #[must_use]
    pub fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (pointer.to_owned(), detail.into());
        Self::Invalid { problems: vec![FieldProblem { pointer, code, detail }] }
    }

    /// Stable name of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NotAdmitted { code, .. } => code,
            Self::Busy { .. } => "busy",
            Self::NotPermitted { .. } => "not_permitted",
            Self::Invalid { .. } => "invalid",
            Self::Conflict { code, .. } => code,
            Self::KeyReused => "key_reused",
            Self::Stale => "stale",
            Self::Db(error) if error.may_pass() => "busy",
            Self::Db(DbError::Full) => "full",
            Self::Db(_) | Self::Broken { .. } => "internal",
        }
    }
}

impl From<ledger::PostError<DbError>> for Refused {
    fn from(error: ledger::PostError<DbError>) -> Self {
        match error {
            ledger::PostError::Books(error) => error.into(),
            ledger::PostError::Refused { refusal, .. } => {
                Self::Conflict { code: refusal.code(), why: refusal.to_string() }
            }
        }
    }
}

fn said(problems: &[FieldProblem]) -> String {
    let each = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.detail));
    each.collect::<Vec<_>>().join("; ")
}
