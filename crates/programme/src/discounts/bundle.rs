//! Bundles: the discounts that count in a shop, signed, for a till that has no network.
//!
//! The key that signs them is a file of the programme's folder, like the one that signs the audit: made
//! when first needed, readable for its owner alone, in no backup and no log. Whoever restores a programme
//! has a new one, and tills are given its public part, which stands beside it.

use std::collections::BTreeMap;

use ledger::{CHAIN_TRANSFERS_MAX, ChainId, USE};
use pricing::bundle::{Content, seal};
use pricing::{BudgetCounts, Claimed, Compiled};
use retail::{CampaignId, Claim, Instant};
use serde_json::json;
use store::Tx;

use super::counting;
use crate::places::{shop_of, told};
use crate::quotes::take_at_once;
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
    /// What the till may give of rules with a budget, in its unit.
    pub grants: BTreeMap<String, i64>,
}

/// The file of the public keys that sign a programme's bundles, one a line, within its folder.
#[must_use]
pub fn bundle_key_file() -> &'static str {
    PUBLIC_KEYS
}

impl Programme {
    /// Signs the discounts that count now for a till without a network; gives the bytes of a file. What it grants
    /// is taken out of the budgets it comes from, so that nobody else gives it meanwhile.
    ///
    /// # Errors
    /// `not_found` where the caller knows no such shop, or no discounts count; `invalid` for the time, for grants
    /// of rules that are not there, of more than a budget has left, or to no one till.
    pub fn export_bundle(&self, act: &Act, to: &BundleTo) -> Result<Vec<u8>, Refused> {
        if to.until <= act.at || to.until.0 > act.at.0 + LIFE_MAX_US {
            let why = "must be within 31 days from now";
            return Err(Refused::field("?until", "range", why));
        }
        let store = self.store()?;
        let (begun, version) = store.read(|tx| {
            shop_of(tx, act, &to.shop)?;
            let begun = tx.discounts_begun(Instant(i64::MAX), super::BEGUN_MOST)?;
            let version = counting(&begun, act.at).ok_or_else(none_count)?;
            Ok::<_, Refused>((begun, version))
        })?;
        let compiled = self.discounts_of(version)?;
        has_grants(compiled.ruleset(), to)?;
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
        if !to.grants.is_empty() {
            let (act, to, compiled) = (act.clone(), to.clone(), compiled.clone());
            store.write(move |tx| granted(tx, &act, &to, &compiled))?;
        }
        Ok(seal(&content, &seed))
    }
}

/// Takes grants out of the budgets they come from.
fn granted(tx: &mut Tx<'_>, act: &Act, to: &BundleTo, compiled: &Compiled) -> Result<(), Refused> {
    let ruleset = compiled.ruleset();
    let mut claimed = Vec::new();
    for (name, &amount) in to.grants.iter().filter(|(_, amount)| **amount > 0) {
        let rule = ruleset.rules.iter().find(|rule| rule.id == *name);
        let Some(budget) = rule.and_then(|rule| rule.limits.budget.as_ref()) else { continue };
        let unit = match budget.counts {
            BudgetCounts::Discount => ruleset.currency.clone(),
            BudgetCounts::Uses => USE.to_owned(),
        };
        let campaign = CampaignId(budget.campaign.clone());
        let claim = Claim::Budget { campaign, unit, amount };
        let rule = Some(name.clone());
        claimed.push(Claimed { claim, rule, coupon: None, lines: Vec::new() });
    }
    let till = to.till.as_deref().unwrap_or_default();
    if !claimed.is_empty() {
        let chain = ChainId(format!("bundle/{}/{till}/{}", to.shop, act.at.0));
        let lacking = take_at_once(tx, compiled, &claimed, chain, act.at)?;
        let problem = |(place, left): (usize, i64)| FieldProblem {
            pointer: "?grant".to_owned(),
            code: "too_much",
            detail: format!(
                "{:?} has {left} left",
                claimed[place].rule.as_deref().unwrap_or_default()
            ),
        };
        let problems: Vec<FieldProblem> = lacking.into_iter().map(problem).collect();
        if !problems.is_empty() {
            return Err(Refused::Invalid { problems });
        }
    }
    let detail = json!({ "shop": to.shop, "till": till, "grants": to.grants });
    told(tx, act, "discounts.grant", super::KIND, &compiled.version.to_string(), &detail)
}

fn none_count() -> Refused {
    let why = "no discount rules count now: publish a ruleset first".to_owned();
    Refused::Conflict { code: "no_rules", why }
}

/// A grant for a rule without a budget would bound nothing; one for more than a till would be given
/// by each of them.
fn has_grants(ruleset: &pricing::Ruleset, to: &BundleTo) -> Result<(), Refused> {
    let mut problems = Vec::new();
    if !to.grants.is_empty() && to.till.is_none() {
        let detail =
            "must be named where something is granted: each till of the shop would give it";
        let (pointer, detail) = ("?till".to_owned(), detail.to_owned());
        problems.push(FieldProblem { pointer, code: "required", detail });
    }
    if to.grants.len() > CHAIN_TRANSFERS_MAX {
        let detail = format!("has more than {CHAIN_TRANSFERS_MAX} rules");
        problems.push(FieldProblem { pointer: "?grant".to_owned(), code: "too_many", detail });
    }
    for (name, amount) in &to.grants {
        let rule = ruleset.rules.iter().find(|rule| rule.id == *name);
        let bounded = rule.is_some_and(|rule| rule.limits.budget.is_some());
        let mut wrong = |code, detail: String| {
            problems.push(FieldProblem { pointer: "?grant".to_owned(), code, detail });
        };
        if !bounded {
            wrong("unknown_rule", format!("{name:?} is no rule with a budget"));
        }
        if *amount < 0 {
            wrong("negative", format!("{name:?} is granted less than nothing"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refused::Invalid { problems }) }
}
