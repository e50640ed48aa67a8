//! A handler's caller with the circumstances of his request, as flows of the programme want them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use programme::{Act, DbError, FieldProblem, Instant, Refused, RequestKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::access::Caller;
use super::extract::IDEMPOTENCY_KEY;
use super::problem::{Code, Fault, Problem};
use super::request::Asked;

/// Who calls, with what key and for which path.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who was let in.
    pub caller: Caller,
    asked: Asked,
    key: Option<String>,
    path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller
            .ok_or_else(|| Problem::internal(anyhow::anyhow!("an open route asks who calls")))?;
        let asked = Asked::of(&parts.extensions)?;
        let key = parts.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        let path = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self { caller, asked, key: key.map(str::to_owned), path })
    }
}

impl Call {
    /// The circumstances of a request that changes nothing.
    #[must_use]
    pub fn reading(&self) -> Act {
        self.caller.act(&*self.asked.id, None, programme::now())
    }

    /// The circumstances of a request that changes something and of which no answer is kept, because it
    /// would hold a secret or nobody could ask for it again: asked twice, it is done twice.
    #[must_use]
    pub fn unkept(&self) -> Act {
        self.reading()
    }

    /// The circumstances of a request that changes something; asked again with the same key, path and
    /// body it is answered as the first time. Of the body a hash is kept, by which somebody could guess a
    /// password: give what is no secret of it. [`super::secret::SecretIn`] cannot be given.
    ///
    /// # Errors
    /// When the route was not registered as one that writes.
    pub fn writing(&self, body: &impl Serialize) -> Result<Act, Problem> {
        let key = self.key.clone();
        let key = key.ok_or_else(|| Problem::internal(anyhow::anyhow!("a write without a key")))?;
        let mut hash = Sha256::new();
        hash.update(self.path.as_bytes());
        hash.update([0]);
        hash.update(serde_json::to_vec(body).map_err(Problem::internal)?);
        let body_sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = Some(RequestKey { key, body_sha256 });
        Ok(self.caller.act(&*self.asked.id, key, programme::now()))
    }
}

/// A flow's refusal as the client is told it. A reason of the trade (`card_state`, `insufficient` …)
/// stands in `errors`, about the whole request.
impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let code = refused.code();
        let detail = refused.to_string();
        match refused {
            Refused::NotFound { .. } => Self::new(Code::NotFound, detail),
            Refused::NotPermitted { .. } => Self::new(Code::Forbidden, detail),
            Refused::NotAdmitted { retry_at, .. } => not_admitted(code, detail, retry_at),
            Refused::Busy { retry_after_ms } => {
                Self::new(Code::Busy, detail).retry_after(seconds(retry_after_ms))
            }
            // What the path names is no field of the body.
            Refused::Invalid { problems }
                if problems.iter().all(|p| p.pointer.starts_with(['{', '?'])) =>
            {
                let faults = problems.into_iter().map(fault).collect();
                Self { faults, ..Self::new(Code::ParameterInvalid, "") }
            }
            Refused::Invalid { problems } => {
                Self::invalid(problems.into_iter().map(fault).collect())
            }
            Refused::Conflict { .. } => {
                let faults = vec![Fault::new("", code, detail.clone())];
                Self { faults, ..Self::new(Code::Conflict, detail) }
            }
            Refused::KeyReused => Self::new(Code::KeyReused, detail),
            Refused::Stale => Self::new(Code::VersionChanged, detail),
            Refused::Db(error) => of_database(error),
            refused => Self::internal(refused),
        }
    }
}

/// A session's write that a foreign page could have sent is forbidden; whoever failed too often waits.
fn not_admitted(code: &str, detail: String, retry_at: Option<Instant>) -> Problem {
    let wait = retry_at.map(|at| u64::try_from(at.0 - programme::now().0).unwrap_or(0) / 1000);
    let which = match (code, wait) {
        ("csrf_failed", _) => Code::Forbidden,
        (_, Some(_)) => Code::TooMany,
        _ => Code::Unauthenticated,
    };
    let faults = vec![Fault::new("", code, detail.clone())];
    let problem = Problem { faults, ..Problem::new(which, detail) };
    match wait {
        Some(milliseconds) => problem.retry_after(seconds(milliseconds)),
        None => problem,
    }
}

/// What the database did not do; why is for the log.
fn of_database(error: DbError) -> Problem {
    let code = match &error {
        DbError::Busy { .. } => Code::Busy,
        DbError::Slow => Code::Timeout,
        DbError::Unknown => Code::OutcomeUnknown,
        DbError::Gone { .. } | DbError::Full => Code::NotReady,
        _ => Code::Internal,
    };
    Problem::new(code, "").with_cause(error)
}

fn seconds(milliseconds: u64) -> u32 {
    u32::try_from(milliseconds.div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

fn fault(problem: FieldProblem) -> Fault {
    let FieldProblem { pointer, code, detail } = problem;
    Fault::new(pointer, code, detail)
}
