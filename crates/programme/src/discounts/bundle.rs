//! Bundles: the discounts that count in a shop, signed, for a till that has no network.
//!
//! The key that signs them is a file of the programme's folder, like the one that signs the audit: made
//! when first needed, readable for its owner alone, in no backup and no log. Whoever restores a programme
//! has a new one, and tills are given its public part, which stands beside it.

use std::collections::BTreeMap;

use pricing::bundle::{Content, seal};
use retail::Instant;
use serde_json::json;

use super::counting;
use crate::places::{shop_of, told};
use crate::sealing::open_pair;
use crate::{Act, FieldProblem, Programme, Refused};

const PRIVATE_KEY: &str = "bundle-key";
const PUBLIC_KEYS: &str = "bundle-key.pub";
/// How long a bundle may count: what is withdrawn meanwhile is still given by it.
const LIFE_MAX_US: i64 = 31 * 86_400_000_000;

/// A bundle as it is asked for.
#[derive(Clone, Debug)]
pub struct BundleTo {
    /// The shop it is for.
    pub shop: String,
    /// One till of it; all if not said.
    pub till: Option<String>,
    /// Before when it counts; it ends earlier where another ruleset begins.
    pub until: Instant,
    /// What may be given of rules with a budget or a customer's limit, in the unit of the budget.
    pub grants: BTreeMap<String, i64>,
}

/// The file of the public keys that sign a programme's bundles, one a line, within its folder.
#[must_use]
pub fn bundle_key_file() -> &'static str {
    PUBLIC_KEYS
}

impl Programme {
    /// Signs the discounts that count now for a till without a network; gives the bytes of a file.
    ///
    /// # Errors
    /// `not_found` where the caller knows no such shop, or no discounts count; `invalid` for the time and
    /// for grants of rules that are not there.
    pub fn export_bundle(&self, act: &Act, to: &BundleTo) -> Result<Vec<u8>, Refused> {
        if to.until <= act.at || to.until.0 > act.at.0 + LIFE_MAX_US {
            let why = "must be within 31 days from now";
            return Err(Refused::field("?until", "range", why));
        }
        let store = self.store()?;
        let (begun, version) = store.read(|tx| {
            shop_of(tx, act, &to.shop)?;
            let begun = tx.discounts_begun(Instant(i64::MAX), super::BEGUN_MOST)?;
            let version = counting(&begun, act.at)
                .ok_or_else(|| Refused::NotFound { kind: super::KIND, id: "current".to_owned() })?;
            Ok::<_, Refused>((begun, version))
        })?;
        let compiled = self.discounts_of(version)?;
        has_grants(compiled.ruleset(), &to.grants)?;
        let next = begun.iter().filter_map(|head| head.starts_at).filter(|starts| *starts > act.at);
        let content = Content {
            version,
            starts_at: act.at,
            expires_at: next.chain([to.until]).min().unwrap_or(to.until),
            shop: to.shop.clone(),
            till: to.till.clone(),
            grants: to.grants.clone(),
            ruleset: compiled.ruleset().clone(),
        };
        let (seed, public, is_new) = open_pair(&self.folder, PRIVATE_KEY, PUBLIC_KEYS)
            .map_err(|error| Refused::Broken { why: format!("no key for bundles: {error:#}") })?;
        if is_new {
            let made = Act::of_job("job:bundle", act.at);
            let public = public.clone();
            store.write(move |tx| {
                told(tx, &made, "discounts.make_key", "bundle_key", &public, &json!({}))
            })?;
        }
        Ok(seal(&content, &seed))
    }
}

/// A grant for a rule that has neither budget nor limit would bound nothing.
fn has_grants(ruleset: &pricing::Ruleset, grants: &BTreeMap<String, i64>) -> Result<(), Refused> {
    let mut problems = Vec::new();
    for (name, amount) in grants {
        let rule = ruleset.rules.iter().find(|rule| rule.id == *name);
        let limits = rule.map(|rule| &rule.limits);
        let bounded =
            limits.is_some_and(|limits| limits.budget.is_some() || limits.customer.is_some());
        let mut wrong = |code, detail: String| {
            problems.push(FieldProblem { pointer: "?grant".to_owned(), code, detail });
        };
        if !bounded {
            wrong("unknown_rule", format!("{name:?} is no rule with a budget or a limit"));
        }
        if *amount < 0 {
            wrong("negative", format!("{name:?} is granted less than nothing"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refused::Invalid { problems }) }
}
