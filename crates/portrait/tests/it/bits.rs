//! The same input gives the same bits, however it is cut.

use portrait::{
    Catalogue, History, Population, Portrait, Scores, Tally, Value, histories, portrait, portraits,
    tally,
};
use rayon::ThreadPoolBuilder;
use retail::Day;

use crate::random::{cases, scene};

/// A value with every bit of its number.
fn bits(portrait: &Portrait) -> (u32, Vec<String>) {
    let show = |value: &Value| match value {
        Value::Float(number) => {
            assert!(number.is_finite(), "{number}");
            format!("{:x}", number.to_bits())
        }
        other => format!("{other:?}"),
    };
    (portrait.customer, portrait.values.iter().map(show).collect())
}

fn all(histories: &[History<'_>], catalogue: &Catalogue, as_of: Day) -> Vec<(u32, Vec<String>)> {
    let population = tally(histories, catalogue, as_of).finish();
    portraits(histories, catalogue, &population, &[], as_of).iter().map(bits).collect()
}

/// Both passes in parts of one customer, the population stored and read back in between.
fn one_by_one(
    histories: &[History<'_>],
    catalogue: &Catalogue,
    as_of: Day,
) -> Vec<(u32, Vec<String>)> {
    let tally = |history: &History<'_>| {
        let mut tally = Tally::new(catalogue, as_of);
        tally.add(history);
        tally
    };
    let tallies = histories.iter().rev().map(tally);
    let tally = tallies.reduce(Tally::merge).unwrap_or_else(|| Tally::new(catalogue, as_of));
    let stored = serde_json::to_string(&tally.finish()).unwrap();
    let population: Population = serde_json::from_str(&stored).unwrap();
    let one = |history| bits(&portrait(history, catalogue, &population, &Scores::default(), as_of));
    histories.iter().map(one).collect()
}

#[test]
fn threads_and_parts_change_no_bit() {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let pools = [pool(1), pool(2), pool(3)];
    for seed in 0..cases() / 4 {
        let scene = scene(seed);
        let (lines, catalogue, as_of) = (scene.lines(), scene.catalogue(), scene.as_of());
        let histories = histories(&lines);
        let expected = one_by_one(&histories, &catalogue, as_of);
        for pool in &pools {
            let actual = pool.install(|| all(&histories, &catalogue, as_of));
            assert_eq!(actual, expected, "seed {seed}, {} threads", pool.current_num_threads());
        }
    }
}

#[test]
fn values_are_of_the_kind_the_registry_says() {
    for seed in 0..cases() {
        for portrait in scene(seed).portraits() {
            for (parameter, value) in portrait::registry().iter().zip(&portrait.values) {
                let kind = value.kind();
                assert!(
                    kind.is_none_or(|kind| kind == parameter.kind && parameter.missing.is_none()),
                    "seed {seed}: {} is {value:?}",
                    parameter.name
                );
            }
        }
    }
}
