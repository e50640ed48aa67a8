//! The same input gives the same bits, however it is cut.

use portrait::{
    Catalogue, History, Painter, Population, PopulationError, Scores, Tally, Value, histories,
    portrait, tally,
};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use retail::Day;

use crate::random::{cases, scene};

/// A value with every bit of its number.
fn bits(customer: u32, values: &[Value]) -> (u32, Vec<String>) {
    let show = |value: &Value| match value {
        Value::Float(number) => {
            assert!(number.is_finite(), "{number}");
            format!("{:x}", number.to_bits())
        }
        other => format!("{other:?}"),
    };
    (customer, values.iter().map(show).collect())
}

fn all(histories: &[History<'_>], catalogue: &Catalogue, as_of: Day) -> Vec<(u32, Vec<String>)> {
    let population = tally(histories, catalogue, as_of).finish();
    let paint = |painter: &mut Painter<'_>, history: &History<'_>| {
        bits(history.customer, painter.paint(history, &Scores::default()))
    };
    let painter = || Painter::new(catalogue, &population, as_of);
    histories.par_iter().map_init(painter, paint).collect()
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
    let population = Population::from_bytes(&tally.finish().to_bytes()).unwrap();
    let one = |history| {
        let made = portrait(history, catalogue, &population, &Scores::default(), as_of);
        bits(made.customer, &made.values)
    };
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
fn bytes_are_a_population_or_an_error() {
    let scene = scene(7);
    let (lines, catalogue) = (scene.lines(), scene.catalogue());
    let population = tally(&histories(&lines), &catalogue, scene.as_of()).finish();
    let bytes = population.to_bytes();
    assert_eq!(Population::from_bytes(&bytes), Ok(population));
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        bytes
    };
    for (wrong, error) in [
        (Vec::new(), PopulationError::Other),
        (b"{\"as_of\":1}".to_vec(), PopulationError::Other),
        (with(8, 2), PopulationError::Version { found: 2 }),
        // Counts that the bytes do not hold, and one below nothing.
        (with(38, 1), PopulationError::Length),
        (with(39, 0xff), PopulationError::Length),
        ([&bytes[..], &[0]].concat(), PopulationError::Length),
    ] {
        assert_eq!(Population::from_bytes(&wrong), Err(error), "{wrong:?}");
    }
    for length in 8..bytes.len() {
        assert_eq!(Population::from_bytes(&bytes[..length]), Err(PopulationError::Length));
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
                if let Value::Label(word) = value {
                    assert!(parameter.words.contains(word), "{}: {word}", parameter.name);
                }
            }
        }
    }
}
