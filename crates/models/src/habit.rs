//! How often, when and how regularly a customer buys an item: the facts behind scores and reasons.

use rayon::prelude::*;

use crate::Histories;

/// A customer's habit with one item.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habit {
    /// Baskets with the item.
    pub times: u32,
    /// Days since the first of them.
    pub first_age_days: f64,
    /// Days since the last of them.
    pub last_age_days: f64,
    /// Business day of the first, days since 1970-01-01.
    pub first_day: i32,
    /// Business day of the last, days since 1970-01-01.
    pub last_day: i32,
    /// Sums over the baskets of 2^(-age / half-life), at each of [`Habit::HALF_LIVES_DAYS`].
    pub decayed: [f64; 4],
}

impl Habit {
    /// Half-lives at which a habit is counted: from a week and a half to most of a year.
    pub const HALF_LIVES_DAYS: [f64; 4] = [10.0, 30.0, 90.0, 240.0];

    /// Mean days between two purchases; nothing unless there were two on different days.
    #[must_use]
    pub fn gap_days(&self) -> Option<f64> {
        (self.times > 1 && self.last_day > self.first_day)
            .then(|| (self.first_age_days - self.last_age_days) / f64::from(self.times - 1))
    }

    /// Days since the last purchase over the mean gap: 1 is when the next one is due. Nothing where
    /// there is no gap.
    #[must_use]
    pub fn due(&self) -> Option<f64> {
        self.gap_days().filter(|&gap| gap > 0.0).map(|gap| self.last_age_days / gap)
    }
}

/// The habit of every customer with each of his own items, in the order of [`Histories::own`].
#[must_use]
pub fn habits(history: &Histories) -> Vec<Habit> {
    by_customer(history, |place, habits: &mut [Habit]| {
        for basket in history.baskets(place) {
            let (age, day) = (history.age_days[basket], history.day[basket]);
            let weights = Habit::HALF_LIVES_DAYS.map(|half_life| (-age / half_life).exp2());
            for &item in history.items(basket) {
                let habit = &mut habits[item as usize];
                if habit.times == 0 {
                    (habit.first_age_days, habit.first_day) = (age, day);
                }
                (habit.last_age_days, habit.last_day) = (age, day);
                habit.times += 1;
                for (sum, weight) in habit.decayed.iter_mut().zip(weights) {
                    *sum += weight;
                }
            }
        }
    })
}

/// How readily customers come back to each item of the catalogue: repeat purchases a day since a
/// customer's first one, against the mean over all items (1 is the mean). An item with little
/// evidence is drawn towards the mean, as if 50 more days had been seen at it.
#[must_use]
pub fn repeat_rates(history: &Histories, habits: &[Habit]) -> Vec<f64> {
    let mut seen = vec![Repeats::default(); history.catalogue.len()];
    for (&item, habit) in history.own.iter().zip(habits) {
        let repeats = &mut seen[item as usize];
        repeats.times += u64::from(habit.times - 1);
        repeats.seen_millidays += millidays(habit.first_age_days);
    }
    rates(&seen)
}

/// What customers' repeat purchases of an item add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// Baskets with the item, without each customer's first.
    pub times: u64,
    /// Since each customer's first: thousandths of a day, so that the sum is the same in any sequence
    /// of customers.
    pub seen_millidays: u64,
}

pub(crate) fn millidays(days: f64) -> u64 {
    (days.max(0.0) * 1e3).round() as u64
}

/// The repeat rate of every item.
pub(crate) fn rates(seen: &[Repeats]) -> Vec<f64> {
    let days = |millidays: u64| millidays as f64 / 1e3;
    let all_days = days(seen.iter().map(|item| item.seen_millidays).sum());
    let mean = seen.iter().map(|item| item.times).sum::<u64>() as f64 / all_days;
    if !(mean.is_finite() && mean > 0.0) {
        return vec![1.0; seen.len()];
    }
    let rate = |item: &Repeats| {
        let expected = mean * (days(item.seen_millidays) + EVIDENCE_DAYS);
        (item.times as f64 + mean * EVIDENCE_DAYS) / expected
    };
    seen.iter().map(rate).collect()
}

/// Days of evidence that the mean rate weighs.
const EVIDENCE_DAYS: f64 = 50.0;

/// Runs `add` for every customer over a zeroed value an item of the catalogue, and returns the values
/// of his own items. Each customer is computed alone, so the number of threads changes no bit.
pub(crate) fn by_customer<T: Copy + Default + Send>(
    history: &Histories,
    add: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    let zeroed = || vec![T::default(); history.catalogue.len()];
    let values: Vec<Vec<T>> = (0..history.customer.len())
        .into_par_iter()
        .map_init(zeroed, |values, place| {
            add(place, values);
            let own = history.own(place).iter();
            own.map(|&item| std::mem::take(&mut values[item as usize])).collect()
        })
        .collect();
    values.concat()
}
