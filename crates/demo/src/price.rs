//! Prices that move, promotions that come and go by the week.

use crate::catalogue::Good;
use crate::dice::{Dice, Stream};

/// Shelf prices of one good: first day and kopecks, oldest first.
pub(crate) type Steps = Vec<(u16, i64)>;

/// The shelf prices of one good over the days: a change every two to five months, mostly upwards.
pub(crate) fn steps(seed: u64, good: u32, base: u32, days: u16) -> Steps {
    let mut dice = Dice::new(seed, Stream::Price, good);
    let mut price = i64::from(base) * i64::from(dice.between(92, 108)) / 100;
    let mut day = 0;
    let mut steps = Vec::new();
    while day < u32::from(days) {
        steps.push((day as u16, tidy(price)));
        day += dice.between(60, 150);
        price = price * i64::from(dice.between(96, 109)) / 100;
    }
    steps
}

/// The price as a shop would print it: ending in 90 kopecks, in whole tens above 1,000 roubles.
pub(crate) fn tidy(kopecks: i64) -> i64 {
    if kopecks >= 100_000 { kopecks / 1000 * 1000 } else { (kopecks / 100).max(1) * 100 - 10 }
}

/// The promoted goods of a week with the discount in per cent, by number of the good.
pub(crate) fn promotions(seed: u64, week: u32, goods: &[Good], count: usize) -> Vec<(u32, u8)> {
    let mut dice = Dice::new(seed, Stream::Promotion, week);
    let mut chosen: Vec<(u32, u8)> = Vec::with_capacity(count);
    // A bounded number of draws: a small catalogue may have fewer goods worth promoting.
    for _ in 0..count * 3 {
        let good = dice.below(goods.len() as u32);
        let percent = dice.pick(&[10, 10, 15, 20, 20, 25, 30, 40]).copied().unwrap_or(10);
        let fits = goods[good as usize].product.offerable && goods[good as usize].stocked();
        if chosen.len() < count && fits && chosen.iter().all(|&(known, _)| known != good) {
            chosen.push((good, percent));
        }
    }
    chosen.sort_unstable();
    chosen
}

/// What a unit costs the retailer while its shelf price is this one.
pub(crate) fn cost(good: u32, price: i64) -> i64 {
    price * i64::from(62 + good % 19) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_look_like_prices() {
        for (kopecks, printed) in [
            (8_412, 8_390),
            (50, 90),
            (99_999, 99_890),
            (123_456, 123_000),
            (17_200_000, 17_200_000),
        ] {
            assert_eq!(tidy(kopecks), printed, "{kopecks}");
        }
        let steps = steps(1, 5, 9_000, 365);
        assert!((3..=7).contains(&steps.len()), "{steps:?}");
        assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0), "{steps:?}");
    }
}
