//! Whose receipt it is and what it earns by the rules.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ledger::LotTerms;
use membership::{AccrualRules, Capability, LineFact, ReceiptFacts, accrue};
use retail::{CustomerId, Day, Instant, Money, NetworkId, WalletId};
use store::Tx;

use super::family::Member;
use super::valid::Good;
use super::{Place, WhyNothing, read};
use crate::access::{Activity, Doing, judge_all};
use crate::cards::wallet_of;
use crate::settings::ReceiptSettings;
use crate::{Act, Refused};

/// Whom a card tells.
pub(super) struct Holder {
    /// Whose points move.
    pub wallet: Option<WalletId>,
    /// Who bought, if the card tells it.
    pub customer: Option<CustomerId>,
    /// Why no points can move.
    pub nothing_because: Option<WhyNothing>,
}

impl Holder {
    /// Looks the card up; of a sale, opens a wallet for one that earns for the first time.
    pub(super) fn of(tx: &mut Tx<'_>, act: &Act, good: &Good, day: Day) -> Result<Self, Refused> {
        let nobody = |why| Self { wallet: None, customer: None, nothing_because: Some(why) };
        let Some(number) = &good.card else { return Ok(nobody(WhyNothing::NoCard)) };
        // Nobody gives it another wallet or customer while its points are counted.
        let Some(mut card) = tx.card_to_change(number)? else {
            return Ok(nobody(WhyNothing::CardUnknown));
        };
        // The job that ends cards may come later in the night.
        let over = card.expires_on.is_some_and(|last| last < day);
        let earns = card.state.can(Capability::Earn) && !over;
        if earns && card.wallet.is_none() && !good.is_return {
            wallet_of(tx, act, &mut card)?;
            tx.put_card(&card)?;
            tx.changed("card", &number.0, act.at)?;
        }
        let mut customer = card.customer.clone();
        if let (None, Some(wallet)) = (&customer, &card.wallet) {
            customer = tx.wallet(wallet)?.and_then(|wallet| wallet.customer);
        }
        Ok(Self {
            wallet: card.wallet.filter(|_| earns),
            customer: customer.filter(|_| card.state.can(Capability::Identify)),
            nothing_because: (!earns).then_some(WhyNothing::CardCannotEarn),
        })
    }
}

/// What decides the worth of a receipt.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub act: &'a Act,
    pub good: &'a Good,
    pub place: &'a Place,
    pub settings: &'a ReceiptSettings,
    /// The version that this one replaces.
    pub before: Option<&'a Member>,
}

/// What a receipt earns by itself; what a return takes from a sale that is known, its family says.
pub(super) struct Worth {
    pub points_by_line: Vec<i64>,
    /// Whether that waits until somebody has looked at a flag.
    pub held: bool,
    /// Flags that hold it from now on.
    pub held_by: Vec<i64>,
    /// Terms of the lot that accrual opens, and the rules by which it was computed.
    pub by: By,
    pub nothing_because: Option<WhyNothing>,
    /// Whether points may be taken from any lot: a return of a sale that is not known has none of its own.
    pub any_lot: bool,
}

impl Worth {
    pub(super) fn of(
        tx: &mut Tx<'_>,
        context: &Context<'_>,
        holder: &Holder,
        sale: Option<&Member>,
    ) -> Result<Self, Refused> {
        let Context { act, good, place, settings, .. } = *context;
        let mut worth = Self {
            points_by_line: vec![0; good.lines.len()],
            held: false,
            held_by: Vec::new(),
            by: By { terms: LotTerms::from(act.at), rule: String::new() },
            nothing_because: None,
            any_lot: false,
        };
        // What a return gives back when it is corrected has the terms of the sale.
        let day = sale.filter(|_| good.is_return).map_or(place.day, |sale| sale.row.day);
        let mut rules = None;
        if let Some((of_network, by)) = By::of(tx, &place.network, day, &place.zone, settings)? {
            (rules, worth.by) = (Some(of_network), by);
        } else if good.quoted.is_none() {
            worth.nothing_because = Some(WhyNothing::NoRules);
            return Ok(worth);
        }
        if good.is_return {
            if sale.is_some() {
                return Ok(worth);
            }
            worth.nothing_because = Some(WhyNothing::OriginalUnknown);
            if !settings.take_points_without_original {
                return Ok(worth);
            }
            worth.any_lot = true;
        }
        let Some(wallet) = &holder.wallet else { return Ok(worth) };
        let points_by_line = match &rules {
            Some(rules) => earned(tx, rules, context, wallet)?,
            None => worth.points_by_line.clone(),
        };
        let points_by_line = with_quoted(&points_by_line, good, &mut worth.by)?;
        let points = points_by_line.iter().sum();
        // What earned in its time and is corrected later has had its points.
        let had = context.before.is_some_and(|before| before.worth() > 0);
        if !had && points > 0 && !worth.by.terms.spendable_after(act.at) {
            worth.nothing_because = Some(WhyNothing::Expired);
            return Ok(worth);
        }
        worth.held_by = held_by(tx, context, points)?;
        worth.held = !worth.held_by.is_empty() || context.before.is_some_and(Member::is_held);
        worth.nothing_because = worth.held.then_some(WhyNothing::Held);
        worth.points_by_line = points_by_line;
        Ok(worth)
    }
}

/// By what points are counted, and from when and until when they may be spent.
pub(super) struct By {
    pub terms: LotTerms,
    /// `accrual/{scope}/{version}`.
    pub rule: String,
}

impl By {
    /// The rules of a network, and what they say for a business day; nothing where none are published.
    pub(super) fn of(
        tx: &mut Tx<'_>,
        network: &str,
        day: Day,
        zone: &TimeZone,
        settings: &ReceiptSettings,
    ) -> Result<Option<(AccrualRules, Self)>, Refused> {
        let Some(kept) = tx.ruleset_for("accrual", network)? else { return Ok(None) };
        let rules: AccrualRules = read("the rules of accrual", &kept.body)?;
        let terms = terms(&rules, day, zone, settings);
        Ok(Some((rules, Self { terms, rule: format!("accrual/{}/{}", kept.scope, kept.version) })))
    }
}

/// What the lines earn by the rules; less than nothing where goods came back.
fn earned(
    tx: &mut Tx<'_>,
    rules: &AccrualRules,
    context: &Context<'_>,
    wallet: &WalletId,
) -> Result<Vec<i64>, Refused> {
    let network = NetworkId(context.place.network.clone());
    let level = crate::levels::level_of(tx, wallet, &network.0)?;
    let facts = ReceiptFacts { network: Some(&network), level: level.as_ref() };
    let lines: Vec<LineFact<'_>> = context.good.lines.iter().map(line_fact).collect();
    let accrual = accrue(rules, &facts, &lines).ok_or_else(too_many_points)?;
    Ok(accrual.by_line.iter().map(|points| points.0).collect())
}

fn too_many_points() -> Refused {
    Refused::field("/lines", "out_of_range", "earn more than can be counted")
}

/// Points line by line with what discount rules say of them; a part of a point is dropped.
fn with_quoted(base: &[i64], good: &Good, by: &mut By) -> Result<Vec<i64>, Refused> {
    let Some(quoted) = &good.quoted else { return Ok(base.to_vec()) };
    if quoted.version > 0 {
        let discounts = format!("discounts/{}", quoted.version);
        by.rule = match by.rule.is_empty() {
            true => discounts,
            false => format!("{} {discounts}", by.rule),
        };
    }
    let line = |(&base, &(multiplier_bps, beside)): (&i64, &(i64, i64))| {
        let times = i128::from(base) * i128::from(multiplier_bps) / 10_000;
        i64::try_from(times).ok()?.checked_add(beside)
    };
    let points: Option<Vec<i64>> = base.iter().zip(&quoted.lines).map(line).collect();
    let points = points.ok_or_else(too_many_points)?;
    let sum = points.iter().try_fold(0_i64, |sum, &points| sum.checked_add(points));
    sum.map(|_| points).ok_or_else(too_many_points)
}

fn line_fact(line: &super::LineIn) -> LineFact<'_> {
    LineFact {
        category: line.category.as_deref(),
        net: Money(line.net),
        points_allowed: line.points_allowed,
    }
}

/// Flags that hold the receipt, because card, till or operator are above a limit, until somebody has looked.
/// What comes is counted; of a correction only what is more than before, and a return takes away whatever
/// the limits say; what an import brings is over.
fn held_by(tx: &mut Tx<'_>, context: &Context<'_>, points: i64) -> Result<Vec<i64>, Refused> {
    let Context { act, good, place, before, .. } = *context;
    if good.is_return || good.imported.is_some() {
        return Ok(Vec::new());
    }
    let card = good.card.as_ref().map(|card| card.0.as_str());
    // With another card it is another receipt to the limits.
    let before = before.filter(|before| before.row.card.as_deref() == card);
    let (times, net, had) = match before {
        Some(before) => (0, before.row.net, before.worth()),
        None => (1, 0, 0),
    };
    let receipt = Doing {
        what: Activity::Receipt,
        network: &place.network,
        shop: &good.shop.0,
        till: &good.till.0,
        card,
        day: place.day,
        times,
        amount: good.net - net,
    };
    let mut held_by = judge_all(tx, act, &receipt)?.held_by;
    if points > 0 {
        // One that earned nothing before is an accrual for the first time.
        let times = u32::from(had == 0);
        let accrual = Doing { what: Activity::Accrual, times, amount: points - had, ..receipt };
        held_by.extend(judge_all(tx, act, &accrual)?.held_by);
    }
    Ok(held_by)
}

/// From when and until when points of a business day may be spent.
fn terms(rules: &AccrualRules, day: Day, zone: &TimeZone, settings: &ReceiptSettings) -> LotTerms {
    let after = |days: u32| begin(day, i64::from(days), zone, settings);
    LotTerms {
        activates_at: after(rules.activates_after_days),
        expires_at: rules.expires_after_days.map(after),
    }
}

/// When the shop's business day so many days later begins.
pub(crate) fn begin(day: Day, later: i64, zone: &TimeZone, settings: &ReceiptSettings) -> Instant {
    let last = i64::from(i32::MAX);
    let day = Day(i32::try_from((i64::from(day.0) + later).min(last)).unwrap_or(i32::MAX));
    let midnight = day.date().to_zoned(zone.clone()).map(|begin| begin.timestamp());
    let midnight = midnight.unwrap_or(Timestamp::MAX).as_microsecond();
    Instant(midnight.saturating_add(settings.day_starts_minute * 60_000_000))
}
