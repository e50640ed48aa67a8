//! The rules by which a basket is priced: those that count, those of its time, or none.

use std::sync::Arc;

use ::pricing::{Compiled, Regulated, Ruleset, Settings};
use retail::Instant;

use crate::{Programme, Refused};

/// The discounts that count at a moment; where none are published, rules that give nothing.
pub(super) fn at(
    programme: &Programme,
    at: Instant,
    currency: &str,
) -> Result<Arc<Compiled>, Refused> {
    match programme.discounts_at(at)? {
        Some(compiled) => Ok(compiled),
        None => none(currency),
    }
}

/// Discounts by which something was priced.
pub(super) fn of_version(
    programme: &Programme,
    version: i64,
    currency: &str,
) -> Result<Arc<Compiled>, Refused> {
    match version {
        0 => none(currency),
        version => programme.discounts_of(version),
    }
}

/// Rules that give nothing.
fn none(currency: &str) -> Result<Arc<Compiled>, Refused> {
    let ruleset = Ruleset {
        currency: currency.to_owned(),
        regulated: Regulated { profile: "none".to_owned(), confirmed: true, rows: Vec::new() },
        settings: Settings::default(),
        segments: Default::default(),
        groups: Vec::new(),
        caps: Default::default(),
        not_discounted: None,
        redemption: None,
        rules: Vec::new(),
    };
    let compiled = Compiled::new(ruleset, 0).map_err(|problems| match problems.first() {
        Some(problem) => Refused::field("/currency", problem.code, problem.detail.clone()),
        None => Refused::Broken { why: "rules that give nothing are wrong".to_owned() },
    })?;
    Ok(Arc::new(compiled))
}
