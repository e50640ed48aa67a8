//! Rulesets of discounts: drafts that are looked over, published from a moment on, retired; and the one
//! that counts, kept compiled in memory.
//!
//! A version that was published never changes again, so that a receipt can be priced once more years
//! later. Which one counts is a matter of the moment: of all that were published, the one that began
//! last; if that one was ended by hand, none.

mod bundle;
mod cache;
mod catalogue;
mod looked_over;
mod simulation;

use retail::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{DiscountHead, DiscountRuleset, DiscountState, Mark, Tx};

use crate::places::told;
use crate::rules::{find_long_texts, in_body, named, understood};
use crate::{Act, FieldProblem, Programme, Refused};

pub use bundle::{BundleTo, bundle_key_file};
pub(crate) use cache::DiscountCache;
pub use looked_over::{DiscountProblem, DiscountVerdict};
pub use simulation::{SimulatedDays, SimulatedRules};

/// The kind under which deeds and changes are told.
const KIND: &str = "discounts";
/// How far ahead a ruleset may begin.
const AHEAD_MAX_US: i64 = 2 * 366 * 86_400_000_000;
/// Heads that are read to know what counts; beyond them the database is asked.
const BEGUN_MOST: u32 = 200;
/// Longest expression of a segment.
const EXPRESSION_CHARS_MAX: usize = 4_000;

/// A version, as it is shown in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountsView {
    /// From 1.
    pub version: i64,
    /// `draft`, `checked`, `published`, `retired`: one that a later one has followed is retired.
    pub state: String,
    /// Rises with each change; a change names the one it was made upon.
    pub revision: i64,
    /// When it was first written.
    pub created_at: Instant,
    /// By whom.
    pub created_by: String,
    /// When it was last looked over and found good.
    pub checked_at: Option<Instant>,
    /// By whom.
    pub checked_by: Option<String>,
    /// From when on it counts.
    pub starts_at: Option<Instant>,
    /// When that was decided.
    pub published_at: Option<Instant>,
    /// By whom.
    pub published_by: Option<String>,
    /// Since when it counts no more.
    pub retired_at: Option<Instant>,
    /// By whom; nobody where a later one followed.
    pub retired_by: Option<String>,
}

/// A version with its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscountsWhole {
    /// What stands beside the rules.
    pub view: DiscountsView,
    /// The rules.
    pub body: Value,
}

impl Programme {
    /// Writes a new version, which counts for nobody yet.
    ///
    /// # Errors
    /// `invalid` where it has not the form of rules, with every place; `not_permitted` for who is bound to
    /// a part of the programme.
    pub fn draft_discounts(&self, act: &Act, body: &Value) -> Result<DiscountsView, Refused> {
        may_change(act)?;
        has_form(body)?;
        let body = body.to_string();
        self.perform(act, move |tx, act| {
            let version = tx.add_discounts(&body, &mark(act))?;
            told(tx, act, "discounts.draft", KIND, &version.to_string(), &json!({}))?;
            view_of(tx, act, version)
        })
    }

    /// Writes other rules into a version that is not published yet; it has to be looked over again.
    ///
    /// # Errors
    /// As [`Programme::draft_discounts`]; `not_found`; `published`; `stale` where it was changed since.
    pub fn replace_discounts(
        &self,
        act: &Act,
        version: i64,
        revision: i64,
        body: &Value,
    ) -> Result<DiscountsView, Refused> {
        may_change(act)?;
        has_form(body)?;
        let body = body.to_string();
        self.perform(act, move |tx, act| {
            let mut ruleset = unpublished(tx, version)?;
            if ruleset.head.revision != revision {
                return Err(Refused::Stale);
            }
            ruleset.body.clone_from(&body);
            ruleset.head.state = DiscountState::Draft;
            ruleset.head.checked = None;
            tx.put_discounts(&ruleset)?;
            told(tx, act, "discounts.replace", KIND, &version.to_string(), &json!({}))?;
            view_of(tx, act, version)
        })
    }

    /// Looks a version over: whatever keeps it from being published, and what looks like a mistake. One
    /// without problems is checked from now on.
    ///
    /// # Errors
    /// `not_found`; `published`; `stale` where it is changed meanwhile.
    pub fn verify_discounts(&self, act: &Act, version: i64) -> Result<DiscountVerdict, Refused> {
        may_change(act)?;
        if let Some(known) = self.answered(act)? {
            return Ok(known);
        }
        let ruleset = self.store()?.read(|tx| unpublished_to_read(tx, version))?;
        let seen = ruleset.head.revision;
        let found = self.looked_over(&ruleset.body)?;
        self.perform(act, move |tx, act| {
            let mut ruleset = unpublished(tx, version)?;
            if ruleset.head.revision != seen {
                return Err(Refused::Stale);
            }
            let good = found.problems.is_empty();
            ruleset.head.state = if good { DiscountState::Checked } else { DiscountState::Draft };
            ruleset.head.checked = good.then(|| mark(act));
            tx.put_discounts(&ruleset)?;
            let detail = json!({ "problems": found.problems.len() });
            told(tx, act, "discounts.verify", KIND, &version.to_string(), &detail)?;
            Ok(found.clone().of(view_of(tx, act, version)?))
        })
    }

    /// Lets a checked version count from a moment on, now if not said; whatever counts then is retired by
    /// that.
    ///
    /// # Errors
    /// `not_found`; `not_checked`; `published`; `invalid` for the moment, or where the catalogue has
    /// changed so that the rules are good no more; `stale` where it is changed meanwhile.
    pub fn publish_discounts(
        &self,
        act: &Act,
        version: i64,
        starts_at: Option<Instant>,
    ) -> Result<DiscountsView, Refused> {
        may_change(act)?;
        let starts_at = starts_at.unwrap_or(act.at);
        if let Some(known) = self.answered(act)? {
            return Ok(known);
        }
        if starts_at < act.at {
            let why = "is over: a ruleset counts from now on at the earliest";
            return Err(Refused::field("/starts_at", "in_the_past", why));
        }
        if starts_at.0 > act.at.0 + AHEAD_MAX_US {
            return Err(Refused::field("/starts_at", "too_late", "is more than two years ahead"));
        }
        let ruleset = self.store()?.read(|tx| unpublished_to_read(tx, version))?;
        let seen = ruleset.head.revision;
        is_checked(&ruleset)?;
        let problems = self.looked_over(&ruleset.body)?.problems;
        if !problems.is_empty() {
            let field =
                |pricing::Problem { pointer, code, detail }| FieldProblem { pointer, code, detail };
            return Err(Refused::Invalid { problems: problems.into_iter().map(field).collect() });
        }
        let published = self.perform(act, move |tx, act| {
            let mut ruleset = unpublished(tx, version)?;
            if ruleset.head.revision != seen {
                return Err(Refused::Stale);
            }
            ruleset.head.state = DiscountState::Published;
            ruleset.head.starts_at = Some(starts_at);
            ruleset.head.published = Some(mark(act));
            tx.put_discounts(&ruleset)?;
            let detail = json!({ "starts_at": starts_at });
            told(tx, act, "discounts.publish", KIND, &version.to_string(), &detail)?;
            view_of(tx, act, version)
        });
        self.discounts.forget();
        published
    }

    /// Ends a published version: if it counts, none counts until another begins; if it was to begin later,
    /// it never does.
    ///
    /// # Errors
    /// `not_found`; `not_published`.
    pub fn retire_discounts(&self, act: &Act, version: i64) -> Result<DiscountsView, Refused> {
        may_change(act)?;
        let retired = self.perform(act, move |tx, act| {
            let mut ruleset = tx.discounts_to_change(version)?.ok_or_else(|| none(version))?;
            let begun = tx.discounts_begun(Instant(i64::MAX), BEGUN_MOST)?;
            if shown(&ruleset.head, &begun, act.at).0 != DiscountState::Published {
                let why = "only a published ruleset that no later one has followed is retired";
                return Err(Refused::Conflict { code: "not_published", why: why.to_owned() });
            }
            ruleset.head.state = DiscountState::Retired;
            ruleset.head.retired = Some(mark(act));
            tx.put_discounts(&ruleset)?;
            told(tx, act, "discounts.retire", KIND, &version.to_string(), &json!({}))?;
            view_of(tx, act, version)
        });
        self.discounts.forget();
        retired
    }

    /// Versions before one, the newest first, at most so many.
    ///
    /// # Errors
    /// When the database fails. Who is bound to a part of the programme sees none.
    pub fn discounts_before(
        &self,
        act: &Act,
        before: i64,
        most: u32,
    ) -> Result<Vec<DiscountsView>, Refused> {
        if is_bound(act) {
            return Ok(Vec::new());
        }
        self.store()?.read(|tx| {
            let begun = tx.discounts_begun(Instant(i64::MAX), BEGUN_MOST)?;
            let heads = tx.discount_heads(before, most)?;
            Ok(heads.iter().map(|head| DiscountsView::of(head, &begun, act.at)).collect())
        })
    }

    /// A version with its rules; the one that counts if none is named.
    ///
    /// # Errors
    /// `not_found`.
    pub fn discounts_whole(
        &self,
        act: &Act,
        version: Option<i64>,
    ) -> Result<DiscountsWhole, Refused> {
        if is_bound(act) {
            return Err(none(version.unwrap_or_default()));
        }
        self.store()?.read(|tx| {
            let begun = tx.discounts_begun(Instant(i64::MAX), BEGUN_MOST)?;
            let version = match version {
                Some(version) => version,
                None => counting(&begun, act.at)
                    .ok_or_else(|| Refused::NotFound { kind: KIND, id: "current".to_owned() })?,
            };
            let ruleset = tx.discounts(version)?.ok_or_else(|| none(version))?;
            let view = DiscountsView::of(&ruleset.head, &begun, act.at);
            Ok(DiscountsWhole { view, body: parsed(version, &ruleset.body)? })
        })
    }
}

/// The JSON Schema of rules of discounts.
#[must_use]
pub fn discounts_schema() -> Value {
    pricing::schema()
}

/// Of versions that were published, the last to begin first, the one that counts at a moment.
fn counting(begun: &[DiscountHead], at: Instant) -> Option<i64> {
    let head = begun.iter().find(|head| head.starts_at.is_some_and(|starts| starts <= at))?;
    let is_over = head.retired.as_ref().is_some_and(|retired| retired.at <= at);
    (!is_over).then_some(head.version)
}

/// How far a version has come at a moment, and since when it counts no more.
fn shown(
    head: &DiscountHead,
    begun: &[DiscountHead],
    at: Instant,
) -> (DiscountState, Option<Instant>) {
    let by_hand = head.retired.as_ref().map(|retired| retired.at);
    let Some(own) = head.starts_at else { return (head.state, by_hand) };
    let later = |other: &&DiscountHead| {
        other
            .starts_at
            .is_some_and(|starts| (starts, other.version) > (own, head.version) && starts <= at)
    };
    // The last to begin comes first: the one that followed is the last of those after it.
    let followed = begun.iter().rev().find(later).and_then(|other| other.starts_at);
    match (by_hand, followed) {
        (Some(hand), Some(followed)) if followed < hand => (DiscountState::Retired, Some(followed)),
        (None, Some(followed)) => (DiscountState::Retired, Some(followed)),
        (by_hand, _) => (head.state, by_hand),
    }
}

impl DiscountsView {
    fn of(head: &DiscountHead, begun: &[DiscountHead], at: Instant) -> Self {
        let (state, retired_at) = shown(head, begun, at);
        let time = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.at);
        let person = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.by.clone());
        Self {
            version: head.version,
            state: state.as_str().to_owned(),
            revision: head.revision,
            created_at: head.created.at,
            created_by: head.created.by.clone(),
            checked_at: time(&head.checked),
            checked_by: person(&head.checked),
            starts_at: head.starts_at,
            published_at: time(&head.published),
            published_by: person(&head.published),
            retired_at,
            retired_by: person(&head.retired),
        }
    }
}

fn view_of(tx: &mut Tx<'_>, act: &Act, version: i64) -> Result<DiscountsView, Refused> {
    let ruleset = tx.discounts(version)?.ok_or_else(|| none(version))?;
    let begun = tx.discounts_begun(Instant(i64::MAX), BEGUN_MOST)?;
    Ok(DiscountsView::of(&ruleset.head, &begun, act.at))
}

fn none(version: i64) -> Refused {
    Refused::NotFound { kind: KIND, id: version.to_string() }
}

fn mark(act: &Act) -> Mark {
    Mark { at: act.at, by: act.actor.clone() }
}

/// Discounts are the programme's: who is bound to a part of it neither sees nor changes them.
pub(crate) fn is_bound(act: &Act) -> bool {
    let bounds = &act.bounds;
    !bounds.networks.is_empty() || !bounds.shops.is_empty() || bounds.partner.is_some()
}

pub(crate) fn may_change(act: &Act) -> Result<(), Refused> {
    if is_bound(act) {
        let why = "whoever is bound to a part of the programme changes no discounts".to_owned();
        return Err(Refused::NotPermitted { why });
    }
    Ok(())
}

fn unpublished(tx: &mut Tx<'_>, version: i64) -> Result<DiscountRuleset, Refused> {
    still_open(tx.discounts_to_change(version)?.ok_or_else(|| none(version))?)
}

fn unpublished_to_read(tx: &mut Tx<'_>, version: i64) -> Result<DiscountRuleset, Refused> {
    still_open(tx.discounts(version)?.ok_or_else(|| none(version))?)
}

fn still_open(ruleset: DiscountRuleset) -> Result<DiscountRuleset, Refused> {
    match ruleset.head.state {
        DiscountState::Draft | DiscountState::Checked => Ok(ruleset),
        DiscountState::Published | DiscountState::Retired => Err(Refused::Conflict {
            code: "published",
            why: "it was published, and never changes again: write a new version".to_owned(),
        }),
    }
}

fn is_checked(ruleset: &DiscountRuleset) -> Result<(), Refused> {
    if ruleset.head.state == DiscountState::Checked {
        return Ok(());
    }
    let why = "it has to be looked over, and found good, before it is published".to_owned();
    Err(Refused::Conflict { code: "not_checked", why })
}

fn parsed(version: i64, body: &str) -> Result<Value, Refused> {
    serde_json::from_str(body).map_err(|error| broken(version, &error))
}

fn broken(version: i64, error: &dyn std::fmt::Display) -> Refused {
    Refused::Broken { why: format!("the discounts {version} cannot be read: {error}") }
}

/// Refuses what has not the form of rules. Every rule is read by itself, so that all wrong ones are told
/// at once.
fn has_form(body: &Value) -> Result<(), Refused> {
    let mut problems = Vec::new();
    let mut head = body.clone();
    let rules = head.get_mut("rules").and_then(Value::as_array_mut).map(std::mem::take);
    for (at, rule) in rules.iter().flatten().enumerate() {
        if let Err(problem) = understood::<pricing::Rule>(rule) {
            let pointer = format!("/rules/{at}{}", problem.pointer);
            problems.push(in_body(FieldProblem { pointer, ..problem }));
        }
    }
    if let Err(problem) = understood::<pricing::Ruleset>(&head) {
        problems.insert(0, in_body(problem));
    }
    find_long_in(body, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(Refused::Invalid { problems }) }
}

/// Texts are names and ids, but for the expressions of segments.
fn find_long_in(body: &Value, problems: &mut Vec<FieldProblem>) {
    let mut others = body.clone();
    let segments = others.get_mut("segments").map(Value::take);
    find_long_texts(&others, String::new(), problems);
    for (name, expression) in segments.iter().filter_map(Value::as_object).flatten() {
        let chars = expression.as_str().map_or(0, |text| text.chars().count());
        if chars > EXPRESSION_CHARS_MAX {
            let detail = format!("has more than {EXPRESSION_CHARS_MAX} characters");
            let pointer = format!("/segments{}", named(name));
            problems.push(in_body(FieldProblem { pointer, code: "too_long", detail }));
        }
    }
}
