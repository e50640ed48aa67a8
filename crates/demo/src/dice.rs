//! Chance without surprises: every draw comes from a named stream of the shop's seed, in integers,
//! so that the same seed gives the same bytes on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of draws is for; streams never overlap, so a change in one leaves the others alone.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// Prices and their changes; number of the good.
    Price = 1,
    /// What is sold where and since when; number of the good.
    Range = 2,
    /// Promotions; number of the week.
    Promotion = 3,
    /// What people under one roof share; number of the household.
    Household = 4,
    /// What is one person's own; number of the customer.
    Person = 5,
    /// Who comes on a day, and with what; number of the day.
    Day = 6,
    /// Coupons; number of the campaign.
    Campaign = 7,
    /// What stands on the shelves; number of the month.
    Stock = 8,
}

/// One stream of draws.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of one thing; drawing from it never depends on any other stream.
    pub(crate) fn new(seed: u64, stream: Stream, number: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream((stream as u64) << 32 | u64::from(number));
        Self(rng)
    }

    /// A number from 0 to `n` − 1; 0 for `n` = 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below((high + 1).saturating_sub(low))
    }

    /// True so many times in 10,000.
    pub(crate) fn hit(&mut self, bps: u32) -> bool {
        self.below(10_000) < bps
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u32) as usize)
    }

    /// A place in a list of running totals, in proportion to its own part; 0 for an empty list.
    pub(crate) fn weighted(&mut self, totals: &[u32]) -> usize {
        let drawn = self.below(totals.last().copied().unwrap_or(0));
        totals.partition_point(|&total| total <= drawn).min(totals.len().saturating_sub(1))
    }
}

/// A number that looks random but is a fixed function of its arguments: for small questions asked
/// millions of times, where a stream would be too slow.
pub(crate) fn mix(seed: u64, a: u64, b: u64) -> u64 {
    let mut z =
        seed ^ a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xD1B5_4A32_D192_ED03);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Running totals of weights.
pub(crate) fn totals(weights: impl IntoIterator<Item = u32>) -> Vec<u32> {
    weights
        .into_iter()
        .scan(0, |total, weight| {
            *total += weight;
            Some(*total)
        })
        .collect()
}

/// The first number from `from` on that shares no divisor with `n`: steps of it around a circle of
/// `n` places visit each place once.
pub(crate) fn coprime(from: u64, n: u64) -> u64 {
    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    (from.max(1)..).find(|&step| gcd(step, n) == 1).unwrap_or(1)
}
