//! The parameters that are easy to get wrong, written down again as directly as their formulas
//! allow, and compared on random histories.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use portrait::{Portrait, Value};
use retail::compare_ids;

use crate::fixture::{Row, Scene, traits};
use crate::random::{cases, scene};

/// Lines of one customer up to the day, with ages.
struct Customer<'a> {
    scene: &'a Scene,
    name: &'a str,
    sales: Vec<(i32, &'a Row)>,
}

type Line<'a> = (i32, &'a Row);

impl<'a> Customer<'a> {
    fn of(scene: &'a Scene, customer: usize) -> Self {
        let aged = scene.rows.iter().map(|row| (scene.as_of().0 - row.day.0, row));
        let mut sales: Vec<Line<'_>> = aged
            .filter(|&(age, row)| age >= 0 && row.customer == customer)
            .filter(|(_, row)| row.quantity >= 0 && row.net >= 0)
            .collect();
        sales.sort_by(|a, b| {
            a.1.at.cmp(&b.1.at).then_with(|| compare_ids(&a.1.receipt, &b.1.receipt))
        });
        Self { scene, name: &scene.customers[customer], sales }
    }

    fn window(&self, from: i32, to: i32) -> Vec<Line<'a>> {
        self.sales.iter().copied().filter(|line| (from..to).contains(&line.0)).collect()
    }

    fn goods(&self, from: i32, to: i32) -> Vec<Line<'a>> {
        let mut lines = self.window(from, to);
        lines.retain(|line| self.category(line).is_some());
        lines
    }

    fn category(&self, line: &Line<'_>) -> Option<u32> {
        traits(&self.scene.products[line.1.product]).0
    }

    fn brand(&self, line: &Line<'_>) -> Option<u32> {
        traits(&self.scene.products[line.1.product]).1
    }

    fn days(&self) -> Vec<i32> {
        let days: BTreeSet<_> = self.sales.iter().map(|line| Reverse(line.0)).collect();
        days.into_iter().map(|day| day.0).collect()
    }

    fn spend(&self, from: i32, to: i32) -> i64 {
        self.window(from, to).iter().map(|line| line.1.net).sum()
    }
}

const ALL: i32 = i32::MAX;

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn median(mut numbers: Vec<i32>) -> f64 {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    match numbers.len() % 2 {
        1 => f64::from(numbers[middle]),
        _ => f64::from(numbers[middle - 1] + numbers[middle]) / 2.0,
    }
}

fn repeat_lines(c: &Customer<'_>) -> Option<f64> {
    let (lines, all) = (c.goods(0, 364), c.goods(0, ALL));
    let is_repeat = |line: &&Line<'_>| {
        all.iter().any(|other| other.1.product == line.1.product && other.0 > line.0)
    };
    share(lines.iter().filter(is_repeat).count(), lines.len())
}

fn products(lines: &[Line<'_>]) -> BTreeSet<usize> {
    lines.iter().map(|line| line.1.product).collect()
}

fn novelty(c: &Customer<'_>) -> Option<f64> {
    let (now, before) = (products(&c.goods(0, 91)), products(&c.goods(91, ALL)));
    if c.days().first().is_none_or(|&first| first < 91) {
        return None;
    }
    share(now.difference(&before).count(), now.len())
}

fn promo_firsts(c: &Customer<'_>) -> Option<f64> {
    let all = c.goods(0, ALL);
    let mut firsts: BTreeMap<usize, (i32, bool)> = BTreeMap::new();
    for line in &all {
        let first = all.iter().filter(|l| l.1.product == line.1.product).map(|l| l.0).max();
        if first == Some(line.0) {
            let entry = firsts.entry(line.1.product).or_insert((line.0, false));
            entry.1 |= line.1.discount > 0;
        }
    }
    firsts.retain(|_, first| first.0 < 364);
    share(firsts.values().filter(|first| first.1).count(), firsts.len())
}

fn category_days(c: &Customer<'_>, from: i32, to: i32) -> BTreeMap<u32, BTreeSet<i32>> {
    let mut days: BTreeMap<u32, BTreeSet<i32>> = BTreeMap::new();
    for line in c.goods(from, to) {
        days.entry(c.category(&line).unwrap()).or_default().insert(line.0);
    }
    days
}

fn jaccard(c: &Customer<'_>) -> Option<f64> {
    let set = |from, to| category_days(c, from, to).into_keys().collect::<BTreeSet<_>>();
    let (now, before) = (set(0, 91), set(91, 182));
    share(now.intersection(&before).count(), now.union(&before).count())
}

fn gained(c: &Customer<'_>) -> Option<f64> {
    let before = category_days(c, 91, 364);
    Some(category_days(c, 0, 91).keys().filter(|key| !before.contains_key(key)).count() as f64)
}

fn lost(c: &Customer<'_>) -> Option<f64> {
    let (now, before) = (category_days(c, 0, 91), category_days(c, 91, 364));
    let lost = before.iter().filter(|(key, days)| days.len() >= 2 && !now.contains_key(key));
    Some(lost.count() as f64)
}

fn brand_switches(c: &Customer<'_>) -> Option<f64> {
    let mut nets: BTreeMap<(u32, Reverse<i32>), BTreeMap<u32, i64>> = BTreeMap::new();
    for line in c.goods(0, 364) {
        if let (Some(category), Some(brand)) = (c.category(&line), c.brand(&line)) {
            let day = nets.entry((category, Reverse(line.0))).or_default();
            *day.entry(brand).or_default() += line.1.net;
        }
    }
    let main = |(key, brands): (&(u32, Reverse<i32>), &BTreeMap<u32, i64>)| {
        let main = brands.iter().max_by_key(|&(brand, net)| (net, Reverse(brand)));
        (key.0, *main.unwrap().0)
    };
    let mains: Vec<(u32, u32)> = nets.iter().map(main).collect();
    let pairs: Vec<_> = mains.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    share(pairs.iter().filter(|pair| pair[0].1 != pair[1].1).count(), pairs.len())
}

fn brand_share(c: &Customer<'_>) -> Option<f64> {
    let mut nets: BTreeMap<u32, BTreeMap<u32, i64>> = BTreeMap::new();
    for line in c.goods(0, 364) {
        if let Some(brand) = c.brand(&line) {
            let brands = nets.entry(c.category(&line).unwrap()).or_default();
            *brands.entry(brand).or_default() += line.1.net;
        }
    }
    let all: i64 = nets.values().flat_map(BTreeMap::values).sum();
    let main: i64 = nets.values().map(|brands| *brands.values().max().unwrap()).sum();
    (all > 0).then(|| main as f64 / all as f64)
}

fn sole_brands(c: &Customer<'_>) -> Option<f64> {
    let mut days = category_days(c, 0, 364);
    days.retain(|_, days| days.len() >= 3);
    let lines = c.goods(0, 364);
    let is_sole = |category: &&u32| {
        let lines = lines.iter().filter(|line| c.category(line) == Some(**category));
        lines.filter_map(|line| c.brand(line)).collect::<BTreeSet<_>>().len() == 1
    };
    share(days.keys().filter(is_sole).count(), days.len())
}

/// Half-lives of categories: cycle, elapsed, net.
fn cycles(c: &Customer<'_>) -> BTreeMap<u32, (f64, f64, i64)> {
    let mut cycles = BTreeMap::new();
    for (category, days) in category_days(c, 0, 364) {
        if days.len() >= 4 {
            let days: Vec<i32> = days.into_iter().collect();
            let cycle = median(days.windows(2).map(|pair| pair[1] - pair[0]).collect());
            let lines = c.goods(0, 364);
            let lines = lines.iter().filter(|line| c.category(line) == Some(category));
            let net = lines.map(|line| line.1.net).sum();
            cycles.insert(category, (cycle, f64::from(days[0]), net));
        }
    }
    cycles
}

fn overdue(c: &Customer<'_>) -> Option<f64> {
    let due = |(cycle, elapsed, _): &&(f64, f64, i64)| (1.5..3.0).contains(&(elapsed / cycle));
    Some(cycles(c).values().filter(due).count() as f64)
}

fn next_due_days(c: &Customer<'_>) -> Option<f64> {
    let cycles = cycles(c);
    let mut due: Vec<_> = cycles
        .iter()
        .filter(|(_, (cycle, elapsed, _))| elapsed / cycle < 1.5)
        .map(|(category, (cycle, elapsed, _))| (cycle - elapsed, category))
        .collect();
    due.sort_by(|a, b| a.0.abs().total_cmp(&b.0.abs()).then(a.1.cmp(b.1)));
    due.first().map(|due| due.0)
}

fn top_due(c: &Customer<'_>) -> Option<f64> {
    let cycles = cycles(c);
    let top = cycles.iter().max_by_key(|(category, cycle)| (cycle.2, Reverse(*category)));
    top.map(|(_, (cycle, elapsed, _))| elapsed / cycle)
}

fn reactivations(c: &Customer<'_>) -> Option<f64> {
    let days = c.days();
    let again = days.windows(2).filter(|pair| pair[0] - pair[1] > 56 && pair[1] < 364);
    Some(again.count() as f64)
}

fn receipts<'a>(lines: &[Line<'a>]) -> Vec<(i64, &'a str, usize, i64)> {
    let mut receipts: Vec<(i64, &str, usize, i64)> = Vec::new();
    for (_, row) in lines {
        match receipts.last_mut() {
            Some(last) if (last.0, last.1) == (row.at, row.receipt.as_str()) => last.3 += row.net,
            _ => receipts.push((row.at, &row.receipt, row.shop, row.net)),
        }
    }
    receipts
}

fn main_shop(c: &Customer<'_>, from: i32, to: i32) -> Option<usize> {
    let mut shops: BTreeMap<usize, (usize, i64)> = BTreeMap::new();
    for (_, _, shop, net) in receipts(&c.window(from, to)) {
        let sums = shops.entry(shop).or_default();
        *sums = (sums.0 + 1, sums.1 + net);
    }
    let mut shops: Vec<_> = shops.into_iter().collect();
    shops.sort_by(|a, b| {
        let by_id = || compare_ids(&c.scene.shops[a.0], &c.scene.shops[b.0]);
        b.1.cmp(&a.1).then_with(by_id)
    });
    shops.first().map(|shop| shop.0)
}

fn shop_changed(c: &Customer<'_>) -> Option<f64> {
    let (now, before) = (main_shop(c, 0, 91)?, main_shop(c, 91, 364)?);
    Some(f64::from(u8::from(now != before)))
}

fn switch_rate(c: &Customer<'_>) -> Option<f64> {
    let receipts = receipts(&c.window(0, 364));
    let switches = receipts.windows(2).filter(|pair| pair[0].2 != pair[1].2).count();
    share(switches, receipts.len().saturating_sub(1))
}

fn last_receipt(c: &Customer<'_>) -> Option<f64> {
    receipts(&c.sales).last().map(|receipt| receipt.3 as f64 / 100.0)
}

fn autocorrelation(c: &Customer<'_>) -> Option<f64> {
    let y: Vec<f64> = (0..52).map(|k| c.spend(7 * k, 7 * k + 7) as f64).collect();
    let mean = y.iter().sum::<f64>() / 52.0;
    let scatter: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    let products: f64 = y.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (y.iter().any(|other| *other != y[0])).then(|| products / scatter)
}

/// A parameter by its formula.
type Formula = fn(&Customer<'_>) -> Option<f64>;

const FORMULAS: &[(&str, Formula)] = &[
    ("repeat_line_share_364d", repeat_lines),
    ("novelty_share_91d", novelty),
    ("promo_response_new_product_share_364d", promo_firsts),
    ("category_jaccard_91d", jaccard),
    ("categories_gained_91d", gained),
    ("categories_lost_91d", lost),
    ("brand_switch_rate_364d", brand_switches),
    ("brand_share_of_category_364d", brand_share),
    ("sole_brand_category_share_364d", sole_brands),
    ("overdue_categories", overdue),
    ("next_due_in_days", next_due_days),
    ("top_category_due_ratio", top_due),
    ("reactivations_364d", reactivations),
    ("main_store_changed_91d", shop_changed),
    ("store_switch_rate_364d", switch_rate),
    ("last_receipt_amount", last_receipt),
    ("weekly_spend_autocorr1_52w", autocorrelation),
];

/// Parameters that need everybody.
fn of_population(all: &[Customer<'_>]) -> Vec<BTreeMap<&'static str, Option<f64>>> {
    let mut goods: BTreeMap<usize, Vec<Line<'_>>> = BTreeMap::new();
    for line in all.iter().flat_map(|c| c.goods(0, 364)) {
        goods.entry(line.1.product).or_default().push(line);
    }
    let price = |lines: &Vec<Line<'_>>| {
        let priced = lines.iter().filter(|line| line.1.quantity > 0);
        let (net, quantity) =
            priced.fold((0, 0), |sum, line| (sum.0 + line.1.net, sum.1 + line.1.quantity));
        (quantity > 0).then(|| net as f64 / quantity as f64)
    };
    let prices: BTreeMap<usize, (Option<u32>, f64)> = goods
        .iter()
        .filter_map(|(p, lines)| Some((*p, (all[0].category(&lines[0]), price(lines)?))))
        .collect();
    let tier = |product: usize| {
        let (category, price) = prices[&product];
        let rivals: Vec<f64> =
            prices.values().filter(|rival| rival.0 == category).map(|rival| rival.1).collect();
        let below = rivals.iter().filter(|&&rival| rival < price).count() as f64;
        let equal = rivals.iter().filter(|&&rival| rival == price).count() as f64;
        (below + (equal + 1.0) / 2.0 - 0.5) / rivals.len() as f64
    };
    let promo = |lines: &[Line<'_>]| {
        share(lines.iter().filter(|line| line.1.discount > 0).count(), lines.len())
    };
    let mut members: Vec<&Customer<'_>> = all.iter().filter(|c| !c.sales.is_empty()).collect();
    let mut figures = Vec::new();
    for c in all {
        let lines = c.goods(0, 364);
        let priced: Vec<_> = lines.iter().filter(|line| line.1.quantity > 0).collect();
        let net: i64 = priced.iter().map(|line| line.1.net).sum();
        let paid: f64 = priced.iter().map(|l| l.1.quantity as f64 * prices[&l.1.product].1).sum();
        let tiers: f64 = priced.iter().map(|l| l.1.net as f64 * tier(l.1.product)).sum();
        let usual: f64 = lines.iter().map(|l| promo(&goods[&l.1.product]).unwrap()).sum();
        let mut values = BTreeMap::from([
            ("price_index_364d", (paid > 0.0).then(|| net as f64 / paid)),
            ("price_tier_mean_364d", (net > 0).then(|| tiers / net as f64)),
            ("relative_promo_affinity_364d", promo(&lines).map(|p| p - usual / lines.len() as f64)),
        ]);
        members.sort_by(|a, b| {
            let by_spend = a.spend(0, 364).cmp(&b.spend(0, 364));
            by_spend.then_with(|| compare_ids(a.name, b.name))
        });
        let place = members.iter().position(|other| other.name == c.name);
        let score = place.map(|place| {
            let tiles = (0..5).flat_map(|tile| {
                let size = members.len() / 5 + usize::from(tile < members.len() % 5);
                std::iter::repeat_n(tile + 1, size)
            });
            tiles.collect::<Vec<_>>()[place] as f64
        });
        values.insert("rfm_m_score", score);
        figures.push(values);
    }
    figures
}

fn compare(seed: u64, name: &str, portrait: &Portrait, expected: Option<f64>) {
    let value = portrait.get(name).unwrap();
    let actual = value.number();
    let same = match (actual, expected) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (None, None) => value == Value::Null,
        _ => false,
    };
    let customer = portrait.customer;
    assert!(same, "seed {seed}, customer {customer}: {name} is {actual:?}, not {expected:?}");
}

#[test]
fn a_second_implementation_agrees() {
    for seed in 0..cases() {
        let scene = scene(seed);
        let customers: Vec<Customer<'_>> =
            (0..scene.customers.len()).map(|code| Customer::of(&scene, code)).collect();
        let population = of_population(&customers);
        for (portrait, (customer, of_all)) in
            scene.portraits().iter().zip(customers.iter().zip(&population))
        {
            for (name, formula) in FORMULAS {
                compare(seed, name, portrait, formula(customer));
            }
            for (name, expected) in of_all {
                compare(seed, name, portrait, *expected);
            }
        }
    }
}
