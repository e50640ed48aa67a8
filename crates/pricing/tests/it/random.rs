//! What holds for every ruleset and every basket.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pricing::*;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use retail::Money;

use crate::dice::{Dice, WORDS, Words};
use crate::returns::gives_everything_back;

fn soak() -> bool {
    std::env::var_os("PROFFER_SOAK").is_some()
}

fn drawn(seed: u64) -> Words {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..WORDS).map(|_| (rng.next_u32() >> 16) as u16).collect()
}

/// A ruleset that verifies; one that does not by chance is left out.
fn compiled(ruleset: &Ruleset) -> Option<Compiled> {
    Compiled::new(ruleset.clone(), 7).ok()
}

/// About 10^4 baskets, in soak a million.
#[test]
fn whatever_the_rules_every_kopeck_is_told() {
    let count: u64 = if soak() { 1_000_000 } else { 10_000 };
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let run = |first: u64| {
        let (mut good, mut applied) = (0, 0);
        for seed in (first..count).step_by(threads as usize) {
            let words = drawn(seed);
            match catch_unwind(AssertUnwindSafe(|| check(&words))) {
                Ok(Ok(given)) => {
                    good += u64::from(given.is_some());
                    applied += u64::from(given.is_some_and(|given| given > 0));
                }
                Ok(Err(why)) => panic!("seed {seed}: {why}"),
                Err(_) => panic!("seed {seed} panics"),
            }
        }
        (good, applied)
    };
    let parts: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|first| scope.spawn(move || run(first))).collect();
        started.into_iter().map(|thread| thread.join().expect("a seed failed, see above")).collect()
    });
    let (good, applied) = parts.into_iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    // The generator must not go silent.
    assert!(good * 10 > count * 8, "only {good} rulesets of {count} verify");
    assert!(applied * 3 > count, "only {applied} baskets of {count} are given something");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if soak() { 20_000 } else { 256 }, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_kopeck_is_told(words in proptest::collection::vec(any::<u16>(), WORDS)) {
        prop_assert_eq!(check(&words).err(), None);
    }
}

/// Prices one random basket and holds the quote against everything that must be true of it.
fn check(words: &[u16]) -> Result<Option<usize>, String> {
    let mut dice = Dice::new(words);
    let ruleset = dice.ruleset(8);
    let Situation { basket, facts } = dice.situation();
    let Some(rules) = compiled(&ruleset) else { return Ok(None) };
    let Ok(quote) = rules.price(&basket, &facts) else { return Ok(None) };
    adds_up(&basket, &quote)?;
    respects_floors(&basket, &quote)?;
    round_trips(&ruleset, &quote)?;
    does_not_mind_the_sequence_of_lines(&rules, &basket, &facts, &quote)?;
    does_not_mind_a_rule_of_no_effect(&ruleset, &basket, &facts, &quote)?;
    is_found_by_the_index(&rules, &basket, &facts, &quote)?;
    is_not_beaten_by_the_sequence(&ruleset, &basket, &facts, &quote)?;
    gives_everything_back(&rules, &basket, &facts, &quote, &mut dice)?;
    Ok(Some(quote.adjustments.len()))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, a: T, b: T) -> Result<(), String> {
    if a == b { Ok(()) } else { Err(format!("{what}: {a:?} is not {b:?}")) }
}

fn adds_up(basket: &Basket, quote: &Quote) -> Result<(), String> {
    let of = |off: Off| -> i64 {
        quote.adjustments.iter().filter(|one| one.off == off).map(|one| one.amount.0).sum()
    };
    for (at, line) in quote.lines.iter().enumerate() {
        let name = format!("line {}", line.id);
        equal(&name, line.amount.0 - line.discount.0 - line.points_discount.0, line.total.0)?;
        let positions = || line.positions.iter();
        equal(&name, positions().map(|of| of.amount.0).sum::<i64>(), line.total.0)?;
        equal(&name, positions().map(|of| of.quantity.0).sum::<i64>(), line.quantity.0)?;
        equal(&name, of(Off::Line(at as u32)), line.discount.0 + line.points_discount.0)?;
        let measured = basket.lines.get(at).is_some_and(BasketLine::is_measured);
        for position in positions().filter(|_| !measured) {
            equal(&name, position.price.0 * position.quantity.0 / 1000, position.amount.0)?;
        }
    }
    for (at, delivery) in quote.shipping.iter().enumerate() {
        equal("delivery", of(Off::Shipping(at as u32)), delivery.discount.0)?;
        equal("delivery", delivery.price.0 - delivery.discount.0, delivery.total.0)?;
        if delivery.total.0 < 0 {
            return Err(format!("delivery {} costs less than nothing", delivery.id));
        }
    }
    for one in &quote.adjustments {
        if matches!(one.off, Off::Line(_)) {
            let units: i64 = one.units.iter().map(|of| of.each.0 * i64::from(of.count)).sum();
            equal(&format!("units of {}", one.rule), units, one.amount.0)?;
        }
        if one.amount.0 <= 0 || one.supplier_pays.0 > one.amount.0 || one.supplier_pays.0 < 0 {
            return Err(format!("an adjustment of {one:?}"));
        }
    }
    let totals = &quote.totals;
    let goods: i64 = quote.lines.iter().map(|line| line.total.0).sum();
    let shipping: i64 = quote.shipping.iter().map(|of| of.total.0).sum();
    let vat = if quote.vat_added { totals.vat.0 } else { 0 };
    equal("total", totals.total.0, goods + shipping + vat)?;
    equal("goods", totals.goods.0 - totals.discount.0 - totals.points_discount.0, goods)?;
    equal("to pay", totals.to_pay.0 + totals.paid_with_points.0, totals.total.0)?;
    let paid = quote.redemption.map_or(0, |redeemed| redeemed.amount.0);
    equal("points", paid, totals.points_discount.0 + totals.paid_with_points.0)
}

fn respects_floors(basket: &Basket, quote: &Quote) -> Result<(), String> {
    for (line, quoted) in basket.lines.iter().zip(&quote.lines) {
        let tobacco = line.marks.iter().any(|mark| mark == "tobacco");
        let alcohol = line.marks.iter().any(|mark| mark == "alcohol") && line.min_price.is_none();
        let floor =
            if tobacco || alcohol { line.price } else { line.min_price.unwrap_or(Money::ZERO) };
        let floor = floor.0.min(line.price.0);
        for position in &quoted.positions {
            let low = if line.is_measured() {
                // Of measured goods the amount is exact.
                i128::from(position.amount.0) * 1000 + 1000
                    < i128::from(floor) * i128::from(line.quantity.0)
            } else {
                position.price.0 < floor
            };
            if low || position.price.0 < 0 {
                return Err(format!("{} falls below {floor}: {position:?}", line.id));
            }
        }
    }
    Ok(())
}

fn round_trips(ruleset: &Ruleset, quote: &Quote) -> Result<(), String> {
    let text = serde_json::to_string(quote).unwrap();
    equal("a quote as JSON", &serde_json::from_str::<Quote>(&text).unwrap(), quote)?;
    let text = serde_json::to_string(ruleset).unwrap();
    equal("a ruleset as JSON", &serde_json::from_str::<Ruleset>(&text).unwrap(), ruleset)
}

fn does_not_mind_the_sequence_of_lines(
    rules: &Compiled,
    basket: &Basket,
    facts: &Facts,
    quote: &Quote,
) -> Result<(), String> {
    let mut turned = basket.clone();
    turned.lines.reverse();
    let other = rules.price(&turned, facts).map_err(|problems| format!("{problems:?}"))?;
    equal("totals of the basket turned round", quote.totals, other.totals)?;
    for line in &quote.lines {
        let same = other.lines.iter().find(|of| of.id == line.id && of.gift_of == line.gift_of);
        equal("a line of the basket turned round", Some(line), same)?;
    }
    Ok(())
}

fn does_not_mind_a_rule_of_no_effect(
    ruleset: &Ruleset,
    basket: &Basket,
    facts: &Facts,
    quote: &Quote,
) -> Result<(), String> {
    let mut more = ruleset.clone();
    let nothing = Rule {
        id: "nothing".into(),
        when: Some(Condition::Payment(vec!["gold".into()])),
        priority: 100,
        exclusive: true,
        group: None,
        ..ruleset.rules[0].clone()
    };
    more.rules.insert(0, nothing);
    let other = compiled(&more).ok_or("does not verify with one rule more")?;
    let mut other = other.price(basket, facts).map_err(|problems| format!("{problems:?}"))?;
    let mut before = quote.clone();
    // Misses are bounded, and that rule may be among them.
    for of in [&mut other, &mut before] {
        of.misses.clear();
    }
    equal("a quote with a rule of no effect", other, before)
}

/// A rule that is no candidate for a basket would give nothing, had it been one.
fn is_found_by_the_index(
    rules: &Compiled,
    basket: &Basket,
    facts: &Facts,
    quote: &Quote,
) -> Result<(), String> {
    for rule in &rules.ruleset().rules {
        let told = quote.applied().contains(&rule.id.as_str());
        let why =
            rules.explain(&rule.id, basket, facts).map_err(|problems| format!("{problems:?}"))?;
        let applied = why == Reason::Applied;
        if told != applied && (told || !gives_nothing_worth(rule)) {
            return Err(format!("{}: {why:?}, and the quote says {told}", rule.id));
        }
    }
    Ok(())
}

/// Points for goods that cost nothing are none.
fn gives_nothing_worth(rule: &Rule) -> bool {
    let rate = |of: &Effect| matches!(of, Effect::Points(PointsGiven::Rate { .. }));
    rule.then.iter().any(rate)
}

/// The best combination is never worse than each rule at its turn.
fn is_not_beaten_by_the_sequence(
    ruleset: &Ruleset,
    basket: &Basket,
    facts: &Facts,
    quote: &Quote,
) -> Result<(), String> {
    let mut best = ruleset.clone();
    best.settings.combination = Combination::BestReceipt;
    let best = compiled(&best).ok_or("does not verify")?;
    let best = best.price(basket, facts).map_err(|problems| format!("{problems:?}"))?;
    adds_up(basket, &best)?;
    let given = |quote: &Quote| -> i64 {
        let by_rules = quote.adjustments.iter().filter(|one| one.rule != POINTS);
        by_rules.map(|one| one.amount.0).sum()
    };
    if given(&best) < given(quote) {
        return Err(format!("the best gives {}, the sequence {}", given(&best), given(quote)));
    }
    Ok(())
}

/// On small rulesets every way of leaving rules out is priced: none gives more than the best combination,
/// where that says it is proven.
#[test]
fn what_is_proven_best_is_best() {
    let count = if soak() { 100_000 } else { 1_500 };
    let mut proven = 0;
    for seed in 0..count {
        let words = drawn(seed + 1_000_000_000);
        let mut dice = Dice::new(&words);
        let mut ruleset = dice.ruleset(5);
        for rule in &mut ruleset.rules {
            // Of a group of lines a rule may be left out on one line and not on another: too many ways to list.
            rule.group = rule.group.take().filter(|group| !group.starts_with("line"));
        }
        let Situation { basket, facts } = dice.situation();
        let mut best = ruleset.clone();
        best.settings.combination = Combination::BestReceipt;
        let Some(best) = compiled(&best) else { continue };
        let Ok(best) = best.price(&basket, &facts) else { continue };
        if !best.best.is_some_and(|found| found.proven) {
            continue;
        }
        proven += 1;
        let (most, of) = most_of_all_ways(&ruleset, &basket, &facts);
        let found = given_by_rules(&best);
        assert!(found >= most, "seed {seed}: {found} is called best, {of:b} gives {most}");
    }
    assert!(proven * 2 > count, "only {proven} of {count} are proven");
}

fn given_by_rules(quote: &Quote) -> i64 {
    quote.adjustments.iter().filter(|one| one.rule != POINTS).map(|one| one.amount.0).sum()
}

/// The most that rules give when some are left out and no two of the others stand against each other.
fn most_of_all_ways(ruleset: &Ruleset, basket: &Basket, facts: &Facts) -> (i64, u32) {
    let mode = |rule: &Rule| {
        let group = ruleset.groups.iter().find(|group| Some(&group.id) == rule.group.as_ref());
        group.map_or(GroupMode::All, |group| group.mode)
    };
    let rivals = |a: &Rule, b: &Rule| {
        a.exclusive
            || b.exclusive
            || (a.group == b.group && mode(a) != GroupMode::All)
            || (!a.stacks.is_empty()
                && !b.stacks.is_empty()
                && !a.stacks.iter().any(|set| b.stacks.contains(set)))
    };
    // Whether a rule gives anything when it is alone.
    let gives: Vec<bool> = ruleset
        .rules
        .iter()
        .map(|rule| {
            let mut alone = ruleset.clone();
            alone.rules.retain(|other| other.id == rule.id || other.id == "r0");
            alone.rules.iter_mut().filter(|other| other.id != rule.id).for_each(|other| {
                other.scope.shops = vec!["nowhere".into()];
            });
            let quote = compiled(&alone).and_then(|alone| alone.price(basket, facts).ok());
            quote.is_some_and(|quote| !quote.applied().is_empty())
        })
        .collect();
    let mut most = (0, 0);
    for ways in 0_u32..1 << ruleset.rules.len() {
        let mut some = ruleset.clone();
        let taken: Vec<&Rule> = (0..)
            .zip(&ruleset.rules)
            .filter(|(at, _)| ways >> at & 1 == 1)
            .map(|(_, rule)| rule)
            .collect();
        if taken.iter().enumerate().any(|(at, a)| taken[..at].iter().any(|b| rivals(a, b))) {
            continue;
        }
        // What stands against nobody always counts, but beside an exclusive rule.
        let free = |rule: &Rule| {
            let meets = |(other, gives): (&Rule, &bool)| {
                *gives && other.id != rule.id && !other.exclusive && rivals(rule, other)
            };
            !rule.exclusive && !ruleset.rules.iter().zip(&gives).any(meets)
        };
        let alone = taken.iter().any(|rule| rule.exclusive);
        if !alone && (0..).zip(&ruleset.rules).any(|(at, rule)| free(rule) && ways >> at & 1 == 0) {
            continue;
        }
        for (at, rule) in some.rules.iter_mut().enumerate() {
            if ways >> at & 1 == 0 {
                rule.scope.shops = vec!["nowhere".into()];
            }
        }
        let Some(some) = compiled(&some) else { continue };
        let Ok(quote) = some.price(basket, facts) else { continue };
        let given = given_by_rules(&quote);
        if given > most.0 {
            most = (given, ways);
        }
    }
    most
}
