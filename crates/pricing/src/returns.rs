//! What comes back when goods do: money, points, coupons and budgets, out of what the quote allocated, never out
//! of today's rules.
//!
//! Everything is a sum from the sale to now: what is due for all that came back so far, less what was given back
//! before. Parts of any size therefore add up to the whole, to the last kopeck.

use std::collections::BTreeMap;

use retail::{Claim, Money, Points, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::allocate::{Share, Split, allocate};
use crate::basket::{Basket, Facts};
use crate::compile::Compiled;
use crate::problem::Problem;
use crate::quote::{Off, Position, Quote, QuotedLine};
use crate::ruleset::Effect;

/// What is paid back when goods come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnPolicy {
    /// What becomes of discounts that the rest of the receipt would not have got.
    pub thresholds: Thresholds,
    /// Which units of a line come back first, where they cost differently.
    pub units: ReturnUnits,
    /// Whether delivery is paid back when all goods have come back.
    pub shipping: bool,
    /// Whether uses of coupons and limits come back when nothing is left of what they gave.
    pub uses: bool,
}

/// What becomes of discounts that the rest of the receipt would not have got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thresholds {
    /// They stay: what was paid for the goods is paid back.
    #[default]
    Keep,
    /// The rest is priced again by the rules and facts of the sale; what it would have cost more is kept back. It
    /// never gets cheaper.
    Reevaluate,
    /// They stay, but a gift whose goods have come back comes back as well, or is paid.
    ClawBackGift,
}

/// Which units of a line come back first, where they cost differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnUnits {
    /// All units of a line cost the same on average; three for the price of two pay back two thirds each.
    #[default]
    Average,
    /// The dearest.
    DearestFirst,
    /// The cheapest.
    CheapestFirst,
}

/// So much of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReturnedLine {
    pub line: String,
    pub quantity: Quantity,
}

/// A sale, and what came back of it before.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// As it was confirmed.
    pub quote: &'a Quote,
    /// The basket it was priced from, and what was known; with the ruleset of its version.
    pub replay: Option<(&'a Compiled, &'a Basket, &'a Facts)>,
    /// What came back before.
    pub returned: &'a [ReturnedLine],
    /// What was given back for that, points and money together, delivery not counted.
    pub refunded: Money,
    /// Of it, what points had paid: what refunds gave back in value and not in money.
    pub refunded_points: Money,
}

/// What is given back, and taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Line by line.
    pub lines: Vec<RefundedLine>,
    /// For delivery.
    pub shipping: Money,
    /// Money and points together, as minor units.
    pub value: Money,
    /// Of it, in money.
    pub money: Money,
    /// Points that had been spent and come back, smallest units.
    pub points_back: Points,
    /// Points that rules of the set had given and that go, smallest units; those of the programme's accrual beside.
    pub points_taken: Points,
    /// What was kept back because the rest would have cost more.
    pub kept_back: Money,
    /// Rules that the rest would not have got, or got less of.
    pub lost: Vec<String>,
    /// Gifts that have to come back, or be paid.
    pub gifts_due: Vec<GiftDue>,
    /// What comes back to the ledger.
    pub claims: Vec<ClaimBack>,
}

/// What is given back for a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedLine {
    /// Which.
    pub line: String,
    /// How much of it.
    pub quantity: Quantity,
    /// Money and points together, after what was kept back.
    pub value: Money,
    /// Of it, in money.
    pub money: Money,
    /// What a fiscal receipt prints for the money, as a quote's positions.
    pub positions: Vec<Position>,
    /// Discounts that go with the goods, by rule.
    pub undone: Vec<Undone>,
}

/// A discount that goes with the goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Whose.
    pub rule: String,
    /// How much.
    pub amount: Money,
    /// Of it, what its supplier need not pay.
    pub supplier_pays: Money,
}

/// A gift that has to come back, or be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GiftDue {
    pub rule: String,
    pub line: String,
    pub product: String,
    pub units: i64,
    /// Of one unit.
    pub price: Money,
}

/// What comes back of a claim of the quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClaimBack {
    /// Its place among the quote's claims.
    pub claim: usize,
    pub amount: i64,
}

/// What is given back for goods that come back now.
///
/// # Errors
/// Everything that is wrong with what comes back, each with its place: more than was bought, a line that is not
/// there, a part of a unit. With [`Thresholds::Reevaluate`] a sale that cannot be replayed.
pub fn refund(
    sale: &Sale<'_>,
    now: &[ReturnedLine],
    policy: &ReturnPolicy,
) -> Result<Refund, Vec<Problem>> {
    let before = back(sale.quote, &[], sale.returned)?;
    let after = back(sale.quote, sale.returned, now)?;
    if policy.thresholds == Thresholds::Reevaluate && sale.replay.is_none() {
        let detail = "the rules of the sale are not there to price the rest again";
        return Err(vec![problem("", "no_replay", detail.to_owned())]);
    }
    let quote = sale.quote;
    let mut refund = Refund::default();
    let mut allocated_before = 0;
    for (at, line) in quote.lines.iter().enumerate() {
        let value = |back: &[Quantity]| value_of(quote, line, back[at], policy.units);
        allocated_before += value(&before);
        if after[at] > before[at] {
            refund.lines.push(RefundedLine {
                line: line.id.clone(),
                quantity: Quantity(after[at].0 - before[at].0),
                value: Money(value(&after) - value(&before)),
                money: Money::ZERO,
                positions: Vec::new(),
                undone: undone(quote, at, before[at], after[at]),
            });
        }
    }
    refund.points_taken = Points(points_of(quote, &after) - points_of(quote, &before));
    let due: i64 = refund.lines.iter().map(|line| line.value.0).sum();
    let kept = match policy.thresholds {
        Thresholds::Reevaluate => keep_back(sale, &after, allocated_before + due, &mut refund)?,
        Thresholds::Keep | Thresholds::ClawBackGift => 0,
    };
    // What was kept back before and is due now comes with this return.
    let goods = (allocated_before + due - kept - sale.refunded.0).max(0);
    refund.kept_back = Money((due - goods).max(0));
    spread_kept(&mut refund.lines, goods - due);
    let all = quote.lines.iter().zip(&after).all(|(line, back)| *back == line.quantity);
    let was_all = quote.lines.iter().zip(&before).all(|(line, back)| *back == line.quantity);
    if policy.shipping && all && !was_all {
        refund.shipping = Money(quote.shipping.iter().map(|of| of.total.0).sum());
    }
    refund.value = Money(goods + refund.shipping.0);
    let so_far = |quantities| Back { quantities, units: policy.units };
    split_payment(sale, &mut refund, &so_far(&before), &so_far(&after));
    if policy.thresholds == Thresholds::ClawBackGift {
        refund.gifts_due = gifts_due(sale, &before, &after);
    }
    refund.claims = claims(quote, &before, &after, refund.points_back, policy);
    Ok(refund)
}

fn problem(pointer: &str, code: &'static str, detail: String) -> Problem {
    Problem { pointer: pointer.to_owned(), code, detail }
}

/// Of each line, how much has come back.
fn back(
    quote: &Quote,
    before: &[ReturnedLine],
    now: &[ReturnedLine],
) -> Result<Vec<Quantity>, Vec<Problem>> {
    let mut back = vec![Quantity(0); quote.lines.len()];
    let mut problems = Vec::new();
    let known = before.iter().map(|of| (None, of));
    for (at, returned) in known.chain(now.iter().enumerate().map(|(at, of)| (Some(at), of))) {
        let place = at.map_or(String::new(), |at| format!("/lines/{at}"));
        let Some(line) = quote.lines.iter().position(|line| line.id == returned.line) else {
            let detail = format!("the receipt has no line {:?}", returned.line);
            problems.push(problem(&format!("{place}/line"), "unknown", detail));
            continue;
        };
        let sold = &quote.lines[line];
        let quantity = returned.quantity.0;
        let bought = sold.quantity.0;
        if quantity <= 0 {
            let detail = "must be more than 0".to_owned();
            problems.push(problem(&format!("{place}/quantity"), "negative", detail));
        } else if !sold.measured && quantity % Quantity::SCALE != 0 {
            let detail = "must be whole units, as they were sold".to_owned();
            problems.push(problem(&format!("{place}/quantity"), "part_of_unit", detail));
        } else if quantity > bought - back[line].0 {
            let detail = format!("{} of {bought} have come back", back[line].0);
            problems.push(problem(&format!("{place}/quantity"), "more_than_bought", detail));
        } else {
            back[line].0 += quantity;
        }
    }
    if problems.is_empty() { Ok(back) } else { Err(problems) }
}

/// What was paid for a line, points and VAT included.
fn value(quote: &Quote, line: &QuotedLine) -> i64 {
    let added = if quote.vat_added { line.vat.0 } else { 0 };
    line.total.0 + line.points_discount.0 + added
}

/// What was paid for all goods.
fn value_of_goods(quote: &Quote) -> i64 {
    quote.lines.iter().map(|line| value(quote, line)).sum()
}

/// The part of an amount for so much of a whole, rounded down: the whole gives all of it, and of a whole of
/// 0 there is none.
#[must_use]
pub fn part(amount: i64, of: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let part = i128::from(amount) * i128::from(of) / i128::from(whole);
    i64::try_from(part).unwrap_or(amount)
}

/// What is due for so much of a line.
fn value_of(quote: &Quote, line: &QuotedLine, back: Quantity, units: ReturnUnits) -> i64 {
    let all = value(quote, line);
    if units == ReturnUnits::Average || line.positions.len() < 2 || back == line.quantity {
        return part(all, back.0, line.quantity.0);
    }
    // Positions are what is left after points; their shares of the line's value are as theirs of its total.
    let mut positions = line.positions.clone();
    positions.sort_by_key(|position| position.price);
    if units == ReturnUnits::DearestFirst {
        positions.reverse();
    }
    let (mut left, mut sum) = (back.0, 0);
    for position in positions {
        let taken = position.quantity.0.min(left);
        sum += part(position.amount.0, taken, position.quantity.0);
        left -= taken;
    }
    if line.total.0 == 0 {
        part(all, back.0, line.quantity.0)
    } else {
        part(all, sum, line.total.0)
    }
}

/// Discounts of rules that go with goods that come back now.
fn undone(quote: &Quote, line: usize, before: Quantity, after: Quantity) -> Vec<Undone> {
    let whole = quote.lines[line].quantity.0;
    let mut by_rule: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let own = quote.adjustments.iter().filter(|one| one.off == Off::Line(line as u32));
    for one in own.filter(|one| one.rule != crate::finish::POINTS) {
        let since = |amount: i64| part(amount, after.0, whole) - part(amount, before.0, whole);
        let (amount, supplier) = by_rule.entry(&one.rule).or_default();
        *amount += since(one.amount.0);
        *supplier += since(one.supplier_pays.0);
    }
    let undone = |(rule, (amount, supplier)): (&str, (i64, i64))| Undone {
        rule: rule.to_owned(),
        amount: Money(amount),
        supplier_pays: Money(supplier),
    };
    by_rule.into_iter().map(undone).collect()
}

/// Points that rules gave for what has come back; those for the receipt as a whole go by its value.
fn points_of(quote: &Quote, back: &[Quantity]) -> i64 {
    let mut sum = 0;
    let (mut of_lines, mut came_back, mut whole) = (0, 0, 0);
    for (line, back) in quote.lines.iter().zip(back) {
        sum += part(line.points.0, back.0, line.quantity.0);
        of_lines += line.points.0;
        came_back += part(value(quote, line), back.0, line.quantity.0);
        whole += value(quote, line);
    }
    let of_receipt = quote.totals.points.0 - of_lines;
    let all = quote.lines.iter().zip(back).all(|(line, back)| *back == line.quantity);
    sum + if all { of_receipt } else { part(of_receipt, came_back, whole) }
}

/// What is kept back of all that is due so far, because what stays would have cost more.
fn keep_back(
    sale: &Sale<'_>,
    after: &[Quantity],
    allocated: i64,
    refund: &mut Refund,
) -> Result<i64, Vec<Problem>> {
    let Some((rules, basket, facts)) = sale.replay else { return Ok(0) };
    let mut rest = basket.clone();
    for line in &mut rest.lines {
        let back = sale.quote.lines.iter().zip(after).find(|(of, _)| of.id == line.id);
        line.quantity.0 -= back.map_or(0, |(_, back)| back.0);
    }
    rest.lines.retain(|line| line.quantity.0 > 0);
    rest.points = 0;
    let paid = value_of_goods(sale.quote);
    let rest = rules.price(&rest, facts)?;
    let worth = value_of_goods(&rest);
    for rule in rules_of(sale.quote) {
        let stays = given(sale.quote, rule) - undone_so_far(sale.quote, rule, after, false);
        let less = given(&rest, rule) < stays;
        if less && !refund.lost.iter().any(|lost| lost == rule) {
            refund.lost.push(rule.to_owned());
        }
    }
    let kept = (allocated - (paid - worth)).clamp(0, allocated);
    if kept == 0 {
        refund.lost.clear();
    }
    Ok(kept)
}

fn rules_of(quote: &Quote) -> impl Iterator<Item = &str> {
    let rules = quote.adjustments.iter().map(|one| one.rule.as_str());
    rules.filter(|rule| *rule != crate::finish::POINTS)
}

fn given(quote: &Quote, rule: &str) -> i64 {
    quote.adjustments.iter().filter(|one| one.rule == rule).map(|one| one.amount.0).sum()
}

/// Spreads what is kept back, or comes beside, over the lines by what they are worth.
fn spread_kept(lines: &mut [RefundedLine], difference: i64) {
    let weights: Vec<i64> = lines.iter().map(|line| line.value.0).collect();
    if weights.iter().all(|&weight| weight == 0)
        && let Some(first) = lines.first_mut()
    {
        first.value.0 += difference;
        return;
    }
    let parts = crate::allocate::split(difference, &weights, &crate::settings::Settings::default());
    for (line, part) in lines.iter_mut().zip(parts) {
        line.value.0 += part;
    }
}

/// Splits what is given back into points that paid and money, as the receipt was paid.
fn split_payment(sale: &Sale<'_>, refund: &mut Refund, before: &Back<'_>, after: &Back<'_>) {
    let quote = sale.quote;
    let (points, amount) = quote.redemption.map_or((0, 0), |of| (of.points.0, of.amount.0));
    let goods = refund.value.0 - refund.shipping.0;
    let until = sale.refunded.0 + goods;
    let by_line = quote.totals.points_discount.0 > 0;
    let by_points = if by_line {
        // No more points than are left, and no more money.
        let due = part(after.points(quote), until, after.value(quote)) - sale.refunded_points.0;
        let points_left = amount - sale.refunded_points.0;
        let money_left = value_of_goods(quote) - sale.refunded.0 - points_left;
        due.min(points_left).max(goods - money_left).clamp(0, goods.max(0))
    } else {
        let whole = value_of_goods(quote);
        part(amount, until, whole) - part(amount, sale.refunded.0, whole)
    };
    let points_so_far = |by_points: i64| part(points, by_points, amount);
    refund.points_back = Points(if by_line {
        points_so_far(sale.refunded_points.0 + by_points) - points_so_far(sale.refunded_points.0)
    } else {
        let whole = value_of_goods(quote);
        part(points, until, whole) - part(points, sale.refunded.0, whole)
    });
    refund.money = Money(refund.value.0 - by_points);
    let weights: Vec<i64> = if by_line {
        let since = |line: &RefundedLine| {
            let at = quote.lines.iter().position(|sold| sold.id == line.line);
            at.map_or(0, |at| after.points_of(quote, at) - before.points_of(quote, at))
        };
        refund.lines.iter().map(since).collect()
    } else {
        refund.lines.iter().map(|line| line.value.0).collect()
    };
    pay_lines(quote, refund, by_points, &weights);
}

/// Splits the value of each line into what points had paid, by weights, and money.
fn pay_lines(quote: &Quote, refund: &mut Refund, by_points: i64, weights: &[i64]) {
    let split = Split::of(&crate::settings::Settings::default());
    let values = || refund.lines.iter().map(|line| line.value.0);
    let mut shares: Vec<Share> =
        values().zip(weights).map(|(value, &weight)| Share::new(weight, value)).collect();
    let left = by_points - allocate(by_points, &mut shares, split);
    // What those lines have no room for, others bear.
    let mut others: Vec<Share> = values()
        .zip(&shares)
        .map(|(value, share)| Share::new(value - share.part, value - share.part))
        .collect();
    allocate(left, &mut others, split);
    for ((line, share), other) in refund.lines.iter_mut().zip(shares).zip(others) {
        let money = line.value.0 - share.part - other.part;
        line.money = Money(money);
        let sold = quote.lines.iter().find(|sold| sold.id == line.line);
        let is_measured = sold.is_some_and(|sold| sold.measured);
        line.positions = positions(line.quantity, money, is_measured);
    }
}

/// What has come back so far.
struct Back<'a> {
    quantities: &'a [Quantity],
    units: ReturnUnits,
}

impl Back<'_> {
    /// What is due for it.
    fn value(&self, quote: &Quote) -> i64 {
        let of = |(line, back): (&QuotedLine, &Quantity)| value_of(quote, line, *back, self.units);
        quote.lines.iter().zip(self.quantities).map(of).sum()
    }

    /// Of it, what points had paid where they stand as a discount.
    fn points(&self, quote: &Quote) -> i64 {
        (0..quote.lines.len()).map(|at| self.points_of(quote, at)).sum()
    }

    fn points_of(&self, quote: &Quote, at: usize) -> i64 {
        let line = &quote.lines[at];
        let due = value_of(quote, line, self.quantities[at], self.units);
        part(line.points_discount.0, due, value(quote, line))
    }
}

/// An amount over equal units: those that cost a minor unit more come last. What is measured is one position.
fn positions(quantity: Quantity, amount: i64, is_measured: bool) -> Vec<Position> {
    let position = |thousandths: i64, price: i64, amount: i64| Position {
        quantity: Quantity(thousandths),
        price: Money(price),
        amount: Money(amount),
    };
    let units = quantity.0 / Quantity::SCALE;
    if is_measured || units == 0 {
        let price = part(amount, Quantity::SCALE, quantity.0);
        return vec![position(quantity.0, price, amount)];
    }
    let (each, dearer) = (amount / units, amount % units);
    let some = |count: i64, price: i64| {
        (count > 0).then(|| position(count * Quantity::SCALE, price, count * price))
    };
    some(units - dearer, each).into_iter().chain(some(dearer, each + 1)).collect()
}

/// Gifts for goods that have come back since.
fn gifts_due(sale: &Sale<'_>, before: &[Quantity], after: &[Quantity]) -> Vec<GiftDue> {
    let quote = sale.quote;
    let mut due = Vec::new();
    for (at, gift) in quote.lines.iter().enumerate() {
        let Some(rule) = &gift.gift_of else { continue };
        // What has neither been earned by what stays, nor come back itself.
        let outstanding = |back: &[Quantity]| {
            let earned = units_earned(sale, rule, gift, back);
            (gift.quantity.0 - earned - back[at].0).max(0) / Quantity::SCALE
        };
        let units = outstanding(after) - outstanding(before);
        if units > 0 {
            due.push(GiftDue {
                rule: rule.clone(),
                line: gift.id.clone(),
                product: gift.product.clone(),
                units,
                price: gift.price,
            });
        }
    }
    due
}

/// How much of a gift what stays would still get.
fn units_earned(sale: &Sale<'_>, rule: &str, line: &QuotedLine, back: &[Quantity]) -> i64 {
    let (quote, all) = (sale.quote, line.quantity.0);
    let stays = quote
        .lines
        .iter()
        .zip(back)
        .filter(|(line, _)| line.gift_of.is_none())
        .any(|(line, back)| *back < line.quantity);
    let otherwise = if stays { all } else { 0 };
    let Some((rules, basket, facts)) = sale.replay else { return otherwise };
    let effects = rules.rule(rule).into_iter().flat_map(|of| of.then.iter().enumerate());
    let mut own = effects.filter(|(at, _)| crate::finish::gift_id(rule, *at) == line.id);
    let Some((_, Effect::Gift(gift))) = own.next() else { return otherwise };
    let Some(goods) = &gift.for_goods else { return otherwise };
    let mut symbols = crate::goods::Symbols::default();
    let meant = crate::goods::Meant::new(goods, &mut symbols);
    let lines: Vec<_> = basket.lines.iter().collect();
    let sight = crate::goods::Sight::of(&lines, facts.customer.as_ref(), &symbols);
    let mut units = 0;
    for (line, seen) in basket.lines.iter().zip(&sight.lines) {
        if meant.has(seen, &sight) {
            let came = quote.lines.iter().zip(back).find(|(of, _)| of.id == line.id);
            let left = line.quantity.0 - came.map_or(0, |(_, back)| back.0);
            // What is measured counts as one unit, as when it was sold, as long as some of it stays.
            units += if line.is_measured() { left.signum() } else { left / Quantity::SCALE };
        }
    }
    let times = units / i64::from(gift.for_units.max(1));
    (times * i64::from(gift.units) * Quantity::SCALE).min(all)
}

/// What comes back to the ledger: points that paid, money of budgets and limits by what is undone, uses when
/// nothing is left of what they gave.
fn claims(
    quote: &Quote,
    before: &[Quantity],
    after: &[Quantity],
    points: Points,
    policy: &ReturnPolicy,
) -> Vec<ClaimBack> {
    let mut claims = Vec::new();
    for (at, claimed) in quote.claims.iter().enumerate() {
        let rules = quote.rules_of_claim(claimed);
        let since = |back: &[Quantity]| -> i64 {
            rules.iter().map(|rule| undone_so_far(quote, rule, back, policy.shipping)).sum()
        };
        let is_over = |back: &[Quantity]| match claimed.lines.as_slice() {
            [] => is_over(quote, &rules, back),
            own => own.iter().all(|&line| {
                let line = line as usize;
                quote.lines.get(line).is_none_or(|sold| back[line] == sold.quantity)
            }),
        };
        let use_back = i64::from(policy.uses && !is_over(before) && is_over(after));
        let amount = match &claimed.claim {
            Claim::Points { .. } => points.0,
            Claim::Coupon { .. } => use_back,
            Claim::Budget { unit, amount, .. } if unit == "USE" => amount * use_back,
            Claim::Limit { .. } if claimed.coupon.is_some() => use_back,
            Claim::Limit { rule: of, .. } if claimed.rule.as_ref() == Some(of) => use_back,
            Claim::Budget { amount, .. } | Claim::Limit { amount, .. } => {
                since(after).min(*amount) - since(before).min(*amount)
            }
        };
        if amount > 0 {
            claims.push(ClaimBack { claim: at, amount });
        }
    }
    claims
}

/// What of a rule's discount has gone with goods, and with delivery where that is paid back with the last of
/// them.
fn undone_so_far(quote: &Quote, rule: &str, back: &[Quantity], shipping: bool) -> i64 {
    let all = shipping && quote.lines.iter().zip(back).all(|(of, back)| *back == of.quantity);
    let mut sum = 0;
    for one in quote.adjustments.iter().filter(|one| one.rule == rule) {
        sum += match one.off {
            Off::Line(line) => {
                let of = &quote.lines[line as usize];
                part(one.amount.0, back[line as usize].0, of.quantity.0)
            }
            Off::Shipping(_) if all => one.amount.0,
            Off::Shipping(_) => 0,
        };
    }
    sum
}

/// Whether all goods that rules made cheaper have come back; of rules that took nothing off goods, all goods.
fn is_over(quote: &Quote, rules: &[&str], back: &[Quantity]) -> bool {
    let is_back = |line: usize| back[line] == quote.lines[line].quantity;
    let mut own = quote
        .adjustments
        .iter()
        .filter(|one| rules.contains(&one.rule.as_str()))
        .filter_map(|one| match one.off {
            Off::Line(line) => Some(line as usize),
            Off::Shipping(_) => None,
        })
        .peekable();
    if own.peek().is_none() {
        return (0..quote.lines.len()).all(is_back);
    }
    own.all(is_back)
}
