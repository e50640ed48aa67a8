//! Pricing one basket from files, without a programme: what `proffer price` does.

use std::collections::BTreeMap;

use pricing::bundle::{OFFLINE, Trust, open, without_lookups};
use pricing::{Basket, Compiled, Facts, Problem, Quote, Reason, Ruleset, Situation};
use retail::Instant;
use serde::Serialize;
use serde_json::Value;

use crate::FieldProblem;
use crate::rules::understood;

/// Rules as they come: a file of them, or a bundle with the public keys that are believed.
#[derive(Clone, Copy, Debug)]
pub enum RulesFrom<'a> {
    /// The text of a ruleset.
    Rules(&'a str),
    /// The bytes of a bundle.
    Bundle {
        /// The file.
        bytes: &'a [u8],
        /// Public keys, one a line.
        keys: &'a str,
        /// The till that asks.
        till: Option<&'a str>,
        /// What the time is.
        now: Instant,
    },
}

/// A basket that was priced, with what people want to know of it.
#[derive(Debug, Serialize)]
pub struct Priced {
    /// The quote with its proof.
    pub quote: Quote,
    /// Why one rule gave something or nothing, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explained: Option<Explained>,
    /// Coupons that could not be looked up.
    pub coupons_not_looked_up: Vec<String>,
    /// Until when the bundle counts, µs UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_expires_at: Option<Instant>,
    /// Rules by their ids, for who shows the quote.
    #[serde(skip)]
    pub names: BTreeMap<String, pricing::Text>,
    /// The currency of all amounts.
    #[serde(skip)]
    pub currency: String,
}

/// Why one rule gave something or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Explained {
    pub rule: String,
    pub reason: Reason,
}

/// Prices the basket of a file.
///
/// # Errors
/// Everything that is wrong with the rules, the bundle or the basket; a pointer begins with the name of
/// what it points into: `rules`, `bundle`, `basket`.
pub fn price_files(
    rules: RulesFrom<'_>,
    basket: &str,
    explain: Option<&str>,
) -> Result<Priced, Vec<FieldProblem>> {
    let situation: Situation = read("basket", basket).map_err(|problem| vec![problem])?;
    let Situation { basket, facts } = situation;
    let (compiled, facts, bundle_expires_at) = match rules {
        RulesFrom::Rules(text) => {
            let ruleset: Ruleset = read("rules", text).map_err(|problem| vec![problem])?;
            let compiled = Compiled::new(ruleset, 0).map_err(|wrong| within("rules", wrong))?;
            let facts = without_lookups(&basket, facts);
            (compiled, facts, None)
        }
        RulesFrom::Bundle { bytes, keys, till, now } => {
            let keys: Vec<String> = keys.split_whitespace().map(str::to_owned).collect();
            let trust = Trust { keys: &keys, shop: basket.shop.as_deref(), till, now };
            let opened = open(bytes, &trust).map_err(|wrong| within("bundle", vec![wrong]))?;
            let facts = opened.facts(&basket, facts);
            (opened.compiled, facts, Some(opened.expires_at))
        }
    };
    priced(&compiled, &basket, &facts, explain, bundle_expires_at)
        .map_err(|wrong| within("basket/basket", wrong))
}

fn priced(
    compiled: &Compiled,
    basket: &Basket,
    facts: &Facts,
    explain: Option<&str>,
    bundle_expires_at: Option<Instant>,
) -> Result<Priced, Vec<Problem>> {
    let quote = compiled.price(basket, facts)?;
    let explained = match explain {
        Some(rule) => {
            let reason = compiled.explain(rule, basket, facts)?;
            Some(Explained { rule: rule.to_owned(), reason })
        }
        None => None,
    };
    let offline = Reason::Withheld { why: OFFLINE.to_owned() };
    let unseen = quote.coupons.iter().filter(|coupon| coupon.reason.as_ref() == Some(&offline));
    let coupons_not_looked_up = unseen.map(|coupon| coupon.code.clone()).collect();
    let ruleset = compiled.ruleset();
    let names = ruleset.rules.iter().map(|rule| (rule.id.clone(), rule.name.clone())).collect();
    let currency = ruleset.currency.clone();
    Ok(Priced { quote, explained, coupons_not_looked_up, bundle_expires_at, names, currency })
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(
    what: &str,
    text: &str,
) -> Result<T, FieldProblem> {
    let value: Value = serde_json::from_str(text).map_err(|error| FieldProblem {
        pointer: what.to_owned(),
        code: "json",
        detail: error.to_string(),
    })?;
    let at = |problem: FieldProblem| {
        let pointer = format!("{what}{}", problem.pointer);
        FieldProblem { pointer, ..problem }
    };
    understood(&value).map_err(at)
}

pub(crate) fn within(what: &str, problems: Vec<Problem>) -> Vec<FieldProblem> {
    let at = |Problem { pointer, code, detail }: Problem| FieldProblem {
        pointer: format!("{what}{pointer}"),
        code,
        detail,
    };
    problems.into_iter().map(at).collect()
}
