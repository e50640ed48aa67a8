//! Looking rules over before they are published: what the language forbids, what the catalogue does not
//! know, and what looks like a mistake.

use std::collections::BTreeMap;

use portrait::segment::Segment;
use retail::{NetworkId, Price, Product, ShopId};
use serde::{Deserialize, Serialize};
use store::Tx;

use super::DiscountsView;
use super::catalogue::Catalogue;
use crate::rules::{named, understood};
use crate::{FieldProblem, Programme, Refused};

/// What was found out about a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountVerdict {
    /// The version after that.
    pub view: DiscountsView,
    /// What keeps it from being published.
    pub problems: Vec<DiscountProblem>,
    /// What looks like a mistake, and may be meant.
    pub warnings: Vec<DiscountProblem>,
}

/// A fault of rules, told by its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountProblem {
    /// JSON pointer into the rules.
    pub pointer: String,
    /// Stable name of the reason.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

/// What looking rules over has found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub problems: Vec<pricing::Problem>,
    pub warnings: Vec<pricing::Problem>,
}

impl Found {
    pub fn of(self, view: DiscountsView) -> DiscountVerdict {
        let each = |problems: Vec<pricing::Problem>| {
            problems.into_iter().map(DiscountProblem::from).collect()
        };
        DiscountVerdict { view, problems: each(self.problems), warnings: each(self.warnings) }
    }
}

impl Programme {
    /// Looks the text of a ruleset over.
    pub(super) fn looked_over(&self, body: &str) -> Result<Found, Refused> {
        let unreadable = |error: &dyn std::fmt::Display| Refused::Broken {
            why: format!("the draft cannot be read: {error}"),
        };
        let body = serde_json::from_str(body).map_err(|error| unreadable(&error))?;
        // A newer program may have another form of rules than the one the draft was written with.
        let ruleset: pricing::Ruleset = match understood(&body) {
            Ok(ruleset) => ruleset,
            Err(FieldProblem { pointer, code, detail }) => {
                let problems = vec![pricing::Problem { pointer, code, detail }];
                return Ok(Found { problems, warnings: Vec::new() });
            }
        };
        let mut found =
            Found { problems: pricing::problems(&ruleset), warnings: pricing::warnings(&ruleset) };
        found.problems.extend(segment_problems(&ruleset.segments));
        let lake = self.lake().map_err(|error| unknown_catalogue(&error))?;
        let products = lake.table::<Product>().map_err(|error| unknown_catalogue(&error))?;
        let prices = lake.table::<Price>().map_err(|error| unknown_catalogue(&error))?;
        Catalogue::new(&products, &prices).hold_against(&ruleset, &mut found);
        self.store()?.read(|tx| hold_against_places(tx, &ruleset, &mut found))?;
        Ok(found)
    }
}

fn unknown_catalogue(error: &dyn std::fmt::Display) -> Refused {
    Refused::Broken { why: format!("the catalogue cannot be read: {error}") }
}

/// What is wrong with the expressions of a ruleset's segments, each under `/segments/{name}` with its place in
/// the text.
fn segment_problems(segments: &BTreeMap<String, String>) -> Vec<pricing::Problem> {
    let wrong = |(name, expression): (&String, &String)| {
        let error = expression.parse::<Segment>().err()?;
        Some(pricing::Problem {
            pointer: format!("/segments{}", named(name)),
            code: "segment",
            detail: error.to_string(),
        })
    };
    segments.iter().filter_map(wrong).collect()
}

/// Networks and shops that are not there, and series of coupons that nobody has made yet.
fn hold_against_places(
    tx: &mut Tx<'_>,
    ruleset: &pricing::Ruleset,
    found: &mut Found,
) -> Result<(), Refused> {
    let mut known: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for (at, rule) in ruleset.rules.iter().enumerate() {
        let mut series = Vec::new();
        if let Some(when) = &rule.when {
            series_in(when, format!("/rules/{at}/when"), &mut series);
        }
        let of = |kind: &'static str, names: &'static str| {
            let list = if kind == "network" { &rule.scope.networks } else { &rule.scope.shops };
            let place = move |n: usize| format!("/rules/{at}/scope/{names}/{n}");
            list.iter().enumerate().map(move |(n, name)| (kind, place(n), name.as_str()))
        };
        let series = series.into_iter().map(|(place, name)| ("series", place, name));
        for (kind, pointer, name) in
            of("network", "networks").chain(of("shop", "shops")).chain(series)
        {
            let is_known = match known.get(&(kind, name)) {
                Some(is_known) => *is_known,
                None => {
                    let is_known = match kind {
                        "network" => tx.network(&NetworkId(name.to_owned()))?.is_some(),
                        "shop" => tx.shop(&ShopId(name.to_owned()))?.is_some(),
                        _ => tx.coupon_series(name)?.is_some(),
                    };
                    known.insert((kind, name), is_known);
                    is_known
                }
            };
            if is_known {
                continue;
            }
            let problem = |code, detail| pricing::Problem { pointer, code, detail };
            match kind {
                "network" => found
                    .problems
                    .push(problem("unknown_network", format!("there is no network {name:?}"))),
                "shop" => {
                    found
                        .problems
                        .push(problem("unknown_shop", format!("there is no shop {name:?}")));
                }
                _ => found.warnings.push(problem(
                    "unknown_series",
                    format!("there is no series of coupons {name:?} yet"),
                )),
            }
        }
    }
    Ok(())
}

fn series_in<'a>(
    condition: &'a pricing::Condition,
    place: String,
    series: &mut Vec<(String, &'a str)>,
) {
    use pricing::Condition;
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let name = if matches!(condition, Condition::All(_)) { "all" } else { "any" };
            for (at, part) in parts.iter().enumerate() {
                series_in(part, format!("{place}/{name}/{at}"), series);
            }
        }
        Condition::Not(part) => series_in(part, format!("{place}/not"), series),
        Condition::Coupon(name) => series.push((format!("{place}/coupon"), name)),
        _ => {}
    }
}

impl DiscountProblem {
    fn from(problem: pricing::Problem) -> Self {
        let pricing::Problem { pointer, code, detail } = problem;
        Self { pointer, code: code.to_owned(), detail }
    }
}
