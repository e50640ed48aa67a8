//! Limits on what a card, a till or an operator does in a day: what goes beyond is noted for somebody to
//! look at, or held until he has. The limits are data.

use membership::Scope;
use retail::{Day, Instant};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ActivityFlag, Done, Tx};

use super::granted;
use crate::{Act, Bounds, FieldProblem, Programme, Refused, receipts};

/// The kind of rulesets that hold limits.
const KIND: &str = "limits";
/// One amount counts at most so much, so that sums stay far from what a number can hold.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names say it
pub enum Doer {
    Card,
    Till,
    Operator,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A receipt comes in; its amount is what was paid.
    Receipt,
    /// Points are earned; the amount is points.
    Accrual,
    /// Points or a coupon are used; the amount is points.
    Redemption,
}

/// What is counted: who does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ActivityKind {
    by: Doer,
    what: Activity,
}

/// What becomes of what goes beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitThen {
    /// It counts; somebody looks at it.
    Flag,
    /// It does not count until somebody has looked at it.
    Hold,
}

/// One limit of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityLimit {
    /// Who.
    pub by: Doer,
    /// What.
    pub what: Activity,
    /// At most so often.
    #[serde(default)]
    pub times_max: Option<i64>,
    /// At most so much together.
    #[serde(default)]
    pub amount_max: Option<i64>,
    /// What becomes of more.
    pub then: LimitThen,
}

/// All limits; the body of a ruleset of the kind `limits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityLimits {
    /// Several may concern the same; the strictest that is exceeded counts.
    pub rows: Vec<ActivityLimit>,
}

/// What became of something that was held against the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It is within all limits.
    Allowed,
    /// It counts, and somebody will look at it.
    Flagged,
    /// It is beyond a limit that holds: it must not count yet.
    Held,
}

/// That a limit was exceeded, for who looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagView {
    /// Its number.
    pub id: i64,
    /// Who did what: `card.receipt`.
    pub kind: String,
    /// The card's number, `shop/till`, the operator.
    pub object: String,
    /// Where, if that is known.
    pub network: Option<String>,
    /// Where, if that is known.
    pub shop: Option<String>,
    /// On which day.
    pub day: Day,
    /// Which limit was exceeded, `times` or `amount`.
    pub what: String,
    /// How high it was.
    pub bound: i64,
    /// Whether what goes beyond it is held.
    pub held: bool,
    /// When it was exceeded.
    pub at: Instant,
    /// When somebody closed it.
    pub closed_at: Option<Instant>,
    /// Who.
    pub closed_by: Option<String>,
    /// Whether he let go what it held.
    pub released: bool,
}

/// Something that is counted.
#[derive(Clone, Copy, Debug)]
pub struct Doing<'a> {
    /// What.
    pub what: Activity,
    /// In which network: it may have limits of its own.
    pub network: &'a str,
    /// In which shop.
    pub shop: &'a str,
    /// At which till of it.
    pub till: &'a str,
    /// With which card.
    pub card: Option<&'a str>,
    /// On which business day.
    pub day: Day,
    /// How often; 0 where it only becomes more.
    pub times: u32,
    /// Of how much, not negative; of a return what it takes back.
    pub amount: i64,
}

/// How something was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The strictest of all limits.
    pub judgement: Judgement,
    /// Flags that hold it.
    pub held_by: Vec<i64>,
}

/// Counts something for one of those who do it, in the write that does it, and holds the day's sum against
/// the limits: those of the network, where it has its own, else the programme's, else the standard ones.
/// The first time a limit is exceeded on a day a flag is written. What somebody has looked at and released
/// holds nothing more on that day.
///
/// # Errors
/// When the database fails or the limits it holds cannot be read.
pub fn judge(
    tx: &mut Tx<'_>,
    act: &Act,
    by: Doer,
    object: &str,
    doing: &Doing<'_>,
) -> Result<Judged, Refused> {
    let limits = limits(tx, doing.network)?;
    judge_by(tx, act, &limits, by, object, doing)
}

fn judge_by(
    tx: &mut Tx<'_>,
    act: &Act,
    limits: &ActivityLimits,
    by: Doer,
    object: &str,
    doing: &Doing<'_>,
) -> Result<Judged, Refused> {
    let kind = ActivityKind { by, what: doing.what };
    let more = Done { times: doing.times.into(), amount: doing.amount.clamp(0, AMOUNT_MAX) };
    let after = tx.add_activity(&kind.name(), object, doing.day, more)?;
    let mut judged = Judged { judgement: Judgement::Allowed, held_by: Vec::new() };
    for limit in limits.rows.iter().filter(|limit| limit.kind() == kind) {
        // What adds nothing cannot be what was too much.
        let sides = [
            ("times", limit.times_max.filter(|_| more.times > 0), after.times),
            ("amount", limit.amount_max.filter(|_| more.amount > 0), after.amount),
        ];
        for (what, bound, after) in sides {
            let Some(bound) = bound.filter(|bound| after > *bound) else { continue };
            let (flag, released) =
                flagged(tx, act, kind, object, doing, (what, bound, limit.then))?;
            let judgement = match limit.then {
                LimitThen::Hold if !released => Judgement::Held,
                _ => Judgement::Flagged,
            };
            judged.judgement = judged.judgement.max(judgement);
            judged.held_by.extend((judgement == Judgement::Held).then_some(flag));
        }
    }
    Ok(judged)
}

/// As [`judge`], for all whom it concerns: the card, the till and the member of staff of the act.
///
/// # Errors
/// As [`judge`].
pub fn judge_all(tx: &mut Tx<'_>, act: &Act, doing: &Doing<'_>) -> Result<Judged, Refused> {
    let till = format!("{}/{}", doing.shop, doing.till);
    let operator = act.actor.starts_with("staff:").then_some(act.actor.as_str());
    let concerned =
        [(Doer::Card, doing.card), (Doer::Till, Some(till.as_str())), (Doer::Operator, operator)];
    let limits = limits(tx, doing.network)?;
    let mut all = Judged { judgement: Judgement::Allowed, held_by: Vec::new() };
    for (by, object) in concerned {
        let Some(object) = object else { continue };
        let one = judge_by(tx, act, &limits, by, object, doing)?;
        all.judgement = all.judgement.max(one.judgement);
        all.held_by.extend(one.held_by);
    }
    Ok(all)
}

/// The number of the flag that says so, written where there is none, and whether somebody has released it.
fn flagged(
    tx: &mut Tx<'_>,
    act: &Act,
    kind: ActivityKind,
    object: &str,
    doing: &Doing<'_>,
    (what, bound, then): (&str, i64, LimitThen),
) -> Result<(i64, bool), Refused> {
    let (kind, held) = (kind.name(), then == LimitThen::Hold);
    let known = tx.flags_of(object, doing.day)?.into_iter().find(|(_, flag)| {
        (flag.kind.as_str(), flag.what.as_str(), flag.bound, flag.held, flag.network.as_deref())
            == (kind.as_str(), what, bound, held, Some(doing.network))
    });
    if let Some((id, flag)) = known {
        return Ok((id, flag.released));
    }
    let id = tx.add_flag(&ActivityFlag {
        kind: kind.clone(),
        object: object.to_owned(),
        network: Some(doing.network.to_owned()),
        shop: Some(doing.shop.to_owned()),
        day: doing.day,
        what: what.to_owned(),
        bound,
        held,
        at: act.at,
        closed_at: None,
        closed_by: None,
        released: false,
    })?;
    let detail =
        json!({ "by": kind, "day": doing.day, "what": what, "bound": bound, "held": held });
    tx.add_deed(&act.deed("activity.flag", "activity", object, &detail))?;
    tx.changed("activity", object, act.at)?;
    Ok((id, false))
}

fn limits(tx: &mut Tx<'_>, network: &str) -> Result<ActivityLimits, Refused> {
    let kept = tx.ruleset_for(KIND, network)?;
    let Some(kept) = kept else { return Ok(ActivityLimits::standard()) };
    serde_json::from_str(&kept.body).map_err(|error| Refused::Broken {
        why: format!("the limits of version {} cannot be read: {error}", kept.version),
    })
}

impl Programme {
    /// Flags that nobody closed yet, after a number, oldest first, at most so many. Who is bound to
    /// networks or shops sees those of his own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open_flags(&self, act: &Act, after: i64, most: u32) -> Result<Vec<FlagView>, Refused> {
        self.store()?.read(|tx| {
            let (mut found, mut after) = (Vec::new(), after);
            while found.len() < most as usize {
                let page = tx.open_flags(after, most)?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                let seen = page.into_iter().filter(|(_, flag)| is_seen(&act.bounds, flag));
                found.extend(seen.map(|(id, flag)| FlagView::of(id, flag)));
            }
            found.truncate(most as usize);
            Ok(found)
        })
    }

    /// Closes a flag that somebody has looked at. Released, the receipts that no other flag holds earn what
    /// they would have earned, and the limit holds nothing more on that day; else they do not earn, unless
    /// somebody releases them after all. Otherwise one that is closed stays as it is.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; [`Refused::NotPermitted`] to who may not read the audit, and to release also to who
    /// may not write receipts, did himself what is held, or is bound to less than it.
    pub fn close_flag(&self, act: &Act, id: i64, release: bool) -> Result<FlagView, Refused> {
        let settings = self.settings.receipts.clone();
        self.perform(act, move |tx, act| {
            granted(tx, act, Scope::AuditRead)?;
            let absent = || Refused::NotFound { kind: "activity_flag", id: id.to_string() };
            let seen = tx.flag(id)?.filter(|flag| is_seen(&act.bounds, flag)).ok_or_else(absent)?;
            if release {
                granted(tx, act, Scope::ReceiptsWrite)?;
                if seen.object == act.actor {
                    let why = "nobody releases what he did himself".to_owned();
                    return Err(Refused::NotPermitted { why });
                }
            }
            if tx.close_flag(id, &act.actor, act.at, release)? {
                let receipts = if release { tx.release_receipts(id)? } else { Vec::new() };
                for receipt in &receipts {
                    receipts::release(tx, act, receipt, &settings)?;
                }
                let detail = json!({ "flag": id, "release": release, "receipts": receipts.len() });
                tx.add_deed(&act.deed("activity.close", "activity", &seen.object, &detail))?;
                tx.changed("activity", &seen.object, act.at)?;
            }
            let closed = tx.flag(id)?.ok_or_else(absent)?;
            Ok(FlagView::of(id, closed))
        })
    }

    /// Forgets what was counted before a day; says how many rows that were. A job calls it now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget_activity(&self, before: Day) -> Result<u64, Refused> {
        Ok(self.store()?.write(move |tx| tx.forget_activity(before))?)
    }
}

/// Whether a flag is of what somebody is bound to; one of an unknown place is for who is bound to none.
fn is_seen(bounds: &Bounds, flag: &ActivityFlag) -> bool {
    let within = |bound: &[String], place: Option<&String>| {
        bound.is_empty() || place.is_some_and(|place| bound.contains(place))
    };
    within(&bounds.networks, flag.network.as_ref())
        && within(&bounds.shops, flag.shop.as_ref())
        && bounds.partner.is_none()
}

impl ActivityLimits {
    /// What a programme begins with.
    #[must_use]
    pub fn standard() -> Self {
        use Activity::{Accrual, Receipt, Redemption};
        use Doer::{Card, Operator, Till};
        use LimitThen::{Flag, Hold};
        let row = |by, what, times_max, then| ActivityLimit {
            by,
            what,
            times_max: Some(times_max),
            amount_max: None,
            then,
        };
        Self {
            rows: vec![
                // More than anybody shops: the card is a till's, or lent around.
                row(Card, Receipt, 10, Flag),
                row(Card, Receipt, 20, Hold),
                row(Card, Accrual, 20, Hold),
                row(Card, Redemption, 5, Flag),
                row(Card, Redemption, 10, Hold),
                // An operator who spends other people's points does it often.
                row(Operator, Redemption, 50, Flag),
                row(Operator, Accrual, 50, Flag),
                row(Till, Receipt, 5000, Flag),
                row(Till, Redemption, 1000, Flag),
            ],
        }
    }

    /// Reads limits that somebody wants to publish.
    ///
    /// # Errors
    /// What is wrong with them, each with its place.
    pub fn understood(body: &str) -> Result<Self, Vec<FieldProblem>> {
        let problem =
            |pointer: String, code, detail: String| FieldProblem { pointer, code, detail };
        let limits: Self = serde_json::from_str(body)
            .map_err(|error| vec![problem(String::new(), "malformed", error.to_string())])?;
        let mut problems = Vec::new();
        for (place, row) in limits.rows.iter().enumerate() {
            if row.times_max.is_none() && row.amount_max.is_none() {
                let why = "a limit says times_max or amount_max".to_owned();
                problems.push(problem(format!("/rows/{place}"), "bound_missing", why));
            }
            for (name, bound) in [("times_max", row.times_max), ("amount_max", row.amount_max)] {
                if bound.is_some_and(|bound| bound < 0) {
                    let why = "it is not negative".to_owned();
                    problems.push(problem(format!("/rows/{place}/{name}"), "negative", why));
                }
            }
        }
        if problems.is_empty() { Ok(limits) } else { Err(problems) }
    }
}

impl ActivityLimit {
    fn kind(&self) -> ActivityKind {
        ActivityKind { by: self.by, what: self.what }
    }
}

impl ActivityKind {
    /// `card.receipt`.
    fn name(self) -> String {
        let by = match self.by {
            Doer::Card => "card",
            Doer::Till => "till",
            Doer::Operator => "operator",
        };
        let what = match self.what {
            Activity::Receipt => "receipt",
            Activity::Accrual => "accrual",
            Activity::Redemption => "redemption",
        };
        format!("{by}.{what}")
    }
}

impl FlagView {
    fn of(id: i64, flag: ActivityFlag) -> Self {
        Self {
            id,
            kind: flag.kind,
            object: flag.object,
            network: flag.network,
            shop: flag.shop,
            day: flag.day,
            what: flag.what,
            bound: flag.bound,
            held: flag.held,
            at: flag.at,
            closed_at: flag.closed_at,
            closed_by: flag.closed_by,
            released: flag.released,
        }
    }
}
