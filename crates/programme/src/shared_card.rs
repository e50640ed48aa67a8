//! Cards used for many people: a till's or a member of staff's card is no customer.

use std::ops::Range;

use models::Chosen;
use rayon::prelude::*;
use retail::{Day, Lines};
use serde::{Deserialize, Serialize};

use crate::settings::SharedCardSettings;

/// A customer's id that many people use, and what gave it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedCard {
    /// The source's id.
    pub customer: String,
    /// Receipts up to the day of the refresh.
    pub receipts: u32,
    /// Most receipts on one business day.
    pub receipts_in_a_day: u32,
    /// Most receipts within 28 days.
    pub receipts_in_28_days: u32,
    /// Whether the settings name him, rather than the limits.
    pub by_settings: bool,
}

/// Those of some customers that are above the limits, by code.
pub(crate) fn shared_cards<'a>(
    lines: &Lines,
    customers: Chosen<'_>,
    as_of: Day,
    limits: &SharedCardSettings,
    id: impl Fn(u32) -> Option<&'a str> + Sync,
) -> Vec<(u32, SharedCard)> {
    let shared = |days: &mut Vec<i32>, (code, range): &(u32, Range<usize>)| {
        let customer = id(*code)?;
        receipt_days(lines, range.clone(), as_of, days);
        let card = SharedCard {
            customer: customer.to_owned(),
            receipts: days.len() as u32,
            receipts_in_a_day: most_within(days, 1),
            receipts_in_28_days: most_within(days, 28),
            by_settings: limits.not_customers.iter().any(|named| named == customer),
        };
        let above = card.receipts_in_a_day > limits.receipts_in_a_day_max
            || card.receipts_in_28_days > limits.receipts_in_28_days_max;
        let real = || limits.customers.iter().any(|named| named == customer);
        (card.by_settings || (above && !real())).then_some((*code, card))
    };
    let found = customers.par_iter().map_init(Vec::new, shared);
    found.flatten_iter().collect()
}

/// Days of a customer's receipts up to a day, ascending.
fn receipt_days(lines: &Lines, range: Range<usize>, as_of: Day, days: &mut Vec<i32>) {
    days.clear();
    let mut row = range.start;
    for receipt in lines.receipt[range].chunk_by(|a, b| a == b) {
        let day = lines.day[row];
        if day <= as_of.0 {
            days.push(day);
        }
        row += receipt.len();
    }
    // Receipts stand by their time; a business day may lag behind it, never by much.
    days.sort_unstable();
}

/// Most of the ascending days that fall within a window of so many.
fn most_within(days: &[i32], window: i32) -> u32 {
    let mut first = 0;
    let mut most = 0;
    for (last, &day) in days.iter().enumerate() {
        while day - days[first] >= window {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_window_counts() {
        for (days, window, most) in [
            (vec![], 1, 0),
            (vec![5], 1, 1),
            (vec![1, 1, 2, 2, 2, 9], 1, 3),
            (vec![1, 1, 2, 2, 2, 9], 2, 5),
            (vec![0, 27, 28, 55], 28, 2),
            (vec![0, 1, 27, 28], 28, 3),
        ] {
            assert_eq!(most_within(&days, window), most, "{days:?} within {window}");
        }
    }
}
