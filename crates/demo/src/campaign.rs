//! Campaigns: every six weeks one, for four weeks, with coupons for three customers in ten.

use crate::catalogue::Catalogue;
use crate::dice::{Dice, Stream, mix};

/// Who pays for the coupons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payer {
    /// The retailer: the discount is his.
    Retailer,
    /// A supplier: the retailer receives the full price.
    Supplier,
}

/// A campaign with its coupons.
pub(crate) struct Plan {
    /// Its number, from 1.
    pub number: u32,
    /// Who pays.
    pub payer: Payer,
    /// First day.
    pub from: u16,
    /// Last day.
    pub to: u16,
    /// The goods each coupon is good for.
    pub coupons: Vec<Vec<u32>>,
}

const EVERY: u32 = 42;
const LENGTH: u32 = 28;
const INVITED_PERCENT: u64 = 30;

impl Plan {
    /// Its id.
    pub(crate) fn id(&self) -> String {
        format!("A{:02}", self.number)
    }

    /// The id of one of its coupons.
    pub(crate) fn coupon_id(&self, coupon: usize) -> String {
        format!("A{:02}-{}", self.number, coupon + 1)
    }

    /// Whether a customer was chosen.
    pub(crate) fn invites(&self, seed: u64, customer: u32) -> bool {
        mix(seed, u64::from(self.number), u64::from(customer) + 1_000_003) % 100 < INVITED_PERCENT
    }

    /// The coupon that is good for a good.
    pub(crate) fn coupon_for(&self, good: u32) -> Option<usize> {
        self.coupons.iter().position(|goods| goods.contains(&good))
    }
}

/// The campaigns that begin within the days.
pub(crate) fn plans(seed: u64, days: u16, catalogue: &Catalogue) -> Vec<Plan> {
    (0..)
        .map(|number| (number + 1, EVERY * number + EVERY / 2))
        .take_while(|&(_, from)| from < u32::from(days))
        .map(|(number, from)| {
            let payer = if number % 2 == 0 { Payer::Supplier } else { Payer::Retailer };
            let coupons = coupons(&mut Dice::new(seed, Stream::Campaign, number), catalogue);
            let (from, to) = (from as u16, (from + LENGTH - 1) as u16);
            Plan { number, payer, from, to, coupons }
        })
        .collect()
}

/// Six coupons, each for up to eight goods of one category that is not bought on a cycle.
fn coupons(dice: &mut Dice, catalogue: &Catalogue) -> Vec<Vec<u32>> {
    let mut coupons: Vec<Vec<u32>> = Vec::new();
    for _ in 0..60 {
        let category =
            &catalogue.categories[dice.below(catalogue.categories.len() as u32) as usize];
        let (first, count) = (category.goods.start, category.goods.end - category.goods.start);
        let fits = category.weight > 0 && category.cycle.is_none() && count > 0;
        if coupons.len() == 6 || !fits || coupons.iter().any(|known| known.contains(&first)) {
            continue;
        }
        coupons.push((first..first + count.min(dice.between(1, 8))).collect());
    }
    coupons
}
