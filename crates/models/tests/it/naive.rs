//! The evaluation once more, from the words of the protocols, with maps and full sorts.

use std::collections::{BTreeMap, BTreeSet};

use models::{Items, Level, Protocol};
use retail::Lines;

/// What the slow way finds: recall, NDCG, precision and hit rate at 10 by model.
pub struct Naive {
    pub evaluated: usize,
    pub truth: usize,
    pub models: Vec<(&'static str, [f64; 4])>,
}

/// A basket: time in days, day, items.
type Basket = (f64, i32, BTreeSet<u32>);

/// What one customer did before the moment that is predicted (age, items), and after it.
struct Person {
    history: Vec<(f64, BTreeSet<u32>)>,
    truth: BTreeSet<u32>,
}

fn baskets(lines: &Lines, items: &Items) -> Vec<Vec<Basket>> {
    let mut receipts: BTreeMap<(u32, i64, u32), Basket> = BTreeMap::new();
    for row in 0..lines.len() {
        let Some(item) = items.of(lines.product[row]) else { continue };
        if lines.quantity[row] > 0 && lines.customer[row] != retail::NONE {
            let key = (lines.customer[row], lines.at[row], lines.receipt[row]);
            let time = lines.at[row] as f64 / 86_400e6;
            let new = || (time, lines.day[row], BTreeSet::new());
            receipts.entry(key).or_insert_with(new).2.insert(item);
        }
    }
    let mut people: BTreeMap<u32, Vec<Basket>> = BTreeMap::new();
    for ((customer, ..), basket) in receipts {
        people.entry(customer).or_default().push(basket);
    }
    people.into_values().collect()
}

fn people(lines: &Lines, items: &Items, protocol: Protocol) -> Vec<Person> {
    let all = baskets(lines, items).into_iter();
    match protocol {
        Protocol::Last => all
            .filter(|baskets| baskets.len() >= 4)
            .map(|mut baskets| {
                let (now, _, truth) = baskets.pop().unwrap();
                let history = baskets.into_iter().map(|(time, _, set)| (now - time, set));
                Person { history: history.collect(), truth }
            })
            .collect(),
        Protocol::Novel { cut, days } => {
            let cut = cut.unwrap().0;
            all.map(|baskets| {
                let (past, later): (Vec<Basket>, Vec<Basket>) =
                    baskets.into_iter().partition(|(_, day, _)| *day < cut);
                let mut truth: BTreeSet<u32> = later
                    .into_iter()
                    .filter(|(_, day, _)| *day < cut + days)
                    .flat_map(|(.., set)| set)
                    .collect();
                truth.retain(|item| !past.iter().any(|(.., set)| set.contains(item)));
                let history = past.into_iter().map(|(time, _, set)| (f64::from(cut) - time, set));
                Person { history: history.collect(), truth }
            })
            .collect()
        }
    }
}

/// Evaluates the three plain models.
pub fn evaluate(lines: &Lines, items: &Items, protocol: Protocol) -> Naive {
    let (baskets_min, half_life, prior) = match items.level {
        Level::Product => (5, 90.0, 0.1),
        _ => (1, 120.0, 0.3),
    };
    let mut people = people(lines, items, protocol);
    let mut popularity: BTreeMap<u32, u32> = BTreeMap::new();
    for (_, set) in people.iter().flat_map(|person| &person.history) {
        set.iter().for_each(|&item| *popularity.entry(item).or_default() += 1);
    }
    popularity.retain(|_, count| *count >= baskets_min);
    for person in &mut people {
        person.truth.retain(|item| popularity.contains_key(item));
        for (_, set) in &mut person.history {
            set.retain(|item| popularity.contains_key(item));
        }
    }
    people.retain(|p| !p.truth.is_empty() && p.history.iter().any(|(_, set)| !set.is_empty()));
    let most = popularity.values().copied().max().unwrap_or(1);
    let share = |item: u32| f64::from(popularity[&item]) / f64::from(most);
    type Score<'a> = Box<dyn Fn(&Person, u32) -> f64 + 'a>;
    let with = |person: &Person, item: u32, weight: &dyn Fn(f64) -> f64| -> f64 {
        let bought = person.history.iter().filter(|(_, set)| set.contains(&item));
        bought.map(|&(age, _)| weight(age)).sum()
    };
    let models: [(&str, Score); 3] = [
        ("GlobalPop", Box::new(|_, item| share(item))),
        ("P-Pop", Box::new(|person, item| with(person, item, &|_| 1.0))),
        (
            "Decayed",
            Box::new(|person, item| {
                with(person, item, &|age| (-age / half_life).exp2()) + prior * share(item)
            }),
        ),
    ];
    let novel = matches!(protocol, Protocol::Novel { .. });
    let judged = models.iter().filter(|_| !people.is_empty()).map(|(name, score)| {
        let mut sums = [0.0; 4];
        for person in &people {
            let figures = judge(person, &list(person, &popularity, novel, score));
            sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
        }
        (*name, sums.map(|sum| sum / people.len() as f64))
    });
    Naive {
        evaluated: people.len(),
        truth: people.iter().map(|person| person.truth.len()).sum(),
        models: judged.collect(),
    }
}

fn list(
    person: &Person,
    popularity: &BTreeMap<u32, u32>,
    novel: bool,
    score: &dyn Fn(&Person, u32) -> f64,
) -> Vec<u32> {
    let bought = |item: &u32| person.history.iter().any(|(_, set)| set.contains(item));
    let mut list: Vec<u32> =
        popularity.keys().copied().filter(|item| !(novel && bought(item))).collect();
    list.sort_by(|a, b| {
        let by_score = score(person, *b).total_cmp(&score(person, *a));
        by_score.then(popularity[b].cmp(&popularity[a])).then(a.cmp(b))
    });
    list.truncate(10);
    list
}

fn judge(person: &Person, list: &[u32]) -> [f64; 4] {
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let hits = list.iter().filter(|item| person.truth.contains(item)).count() as f64;
    let gained: f64 =
        (0..list.len()).filter(|&rank| person.truth.contains(&list[rank])).map(gain).sum();
    let ideal: f64 = (0..person.truth.len().min(10)).map(gain).sum();
    [hits / person.truth.len() as f64, gained / ideal, hits / 10.0, f64::from(u8::from(hits > 0.0))]
}
