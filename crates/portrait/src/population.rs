//! What a portrait needs to know of all customers: prices and their tiers, promotion shares,
//! category shares, growth, and everybody's place by recency, visits and spend.
//!
//! Integers only until it is asked, so that any cut of the customers into parts gives the same.

use std::cmp::Ordering;

use rayon::prelude::*;
use retail::Day;

use crate::catalogue::Catalogue;
use crate::history::{History, is_return, receipts};
use crate::window::{QUARTER, YEAR};

/// The first pass: sums over customers, before prices and places can be known. Tallies of
/// different customers are added up with [`Tally::merge`], in any sequence.
#[derive(Clone, Debug)]
pub struct Tally<'a> {
    catalogue: &'a Catalogue,
    as_of: Day,
    products: Vec<ProductSums>,
    customers: Vec<CustomerSums>,
    spend_91d: i64,
    spend_prev_91d: i64,
}

/// Lines of merchandise in the last 364 days.
#[derive(Clone, Copy, Debug, Default)]
struct ProductSums {
    net: i64,
    /// Net and quantity of lines with a quantity.
    priced_net: i64,
    quantity: i64,
    lines: u32,
    promo_lines: u32,
}

#[derive(Clone, Copy, Debug)]
struct CustomerSums {
    rank: u32,
    recency: i32,
    visits_364d: u32,
    spend_364d: i64,
}

impl<'a> Tally<'a> {
    /// An empty tally as of a day.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, as_of: Day) -> Self {
        Self {
            catalogue,
            as_of,
            products: vec![ProductSums::default(); catalogue.products()],
            customers: Vec::new(),
            spend_91d: 0,
            spend_prev_91d: 0,
        }
    }

    /// Adds one customer, who must come once. One without sale lines is no part of the population.
    pub fn add(&mut self, history: &History<'_>) {
        let rank = self.catalogue.customer_rank(history.customer);
        let mut customer = CustomerSums { rank, recency: i32::MAX, visits_364d: 0, spend_364d: 0 };
        for range in receipts(history) {
            let age = self.as_of.0.saturating_sub(history.lines.day[range.start]);
            if age < 0 {
                continue;
            }
            let Some(net) = self.receipt(history, range, age < YEAR) else { continue };
            customer.recency = customer.recency.min(age);
            match age {
                ..QUARTER => self.spend_91d += net,
                QUARTER..182 => self.spend_prev_91d += net,
                _ => {}
            }
            if age < YEAR {
                customer.visits_364d += 1;
                customer.spend_364d += net;
            }
        }
        if customer.recency != i32::MAX {
            self.customers.push(customer);
        }
    }

    /// Net of a receipt's sale lines, nothing if it has none.
    fn receipt(
        &mut self,
        history: &History<'_>,
        range: std::ops::Range<usize>,
        recent: bool,
    ) -> Option<i64> {
        let lines = history.lines;
        let mut total = None;
        for i in range {
            let (quantity, net) = (lines.quantity[i], lines.net[i]);
            if is_return(quantity, net) {
                continue;
            }
            *total.get_or_insert(0) += net;
            let product = lines.product[i];
            if !recent || self.catalogue.item(product).category == retail::NONE {
                continue;
            }
            let sums = &mut self.products[product as usize];
            sums.net += net;
            sums.lines += 1;
            sums.promo_lines += u32::from(lines.discount[i] > 0);
            if quantity > 0 {
                sums.priced_net += net;
                sums.quantity += quantity;
            }
        }
        total
    }

    /// Both tallies together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (sums, more) in self.products.iter_mut().zip(&other.products) {
            sums.net += more.net;
            sums.priced_net += more.priced_net;
            sums.quantity += more.quantity;
            sums.lines += more.lines;
            sums.promo_lines += more.promo_lines;
        }
        self.customers.extend(other.customers);
        self.spend_91d += other.spend_91d;
        self.spend_prev_91d += other.spend_prev_91d;
        self
    }

    /// The population of everybody added.
    #[must_use]
    pub fn finish(self) -> Population {
        let mut products = Vec::new();
        let mut categories = Vec::new();
        for (code, sums) in self.products.iter().enumerate().filter(|(_, sums)| sums.lines > 0) {
            let category = self.catalogue.item(code as u32).category as usize;
            if categories.len() <= category {
                categories.resize(category + 1, None);
            }
            *categories[category].get_or_insert(0) += sums.net;
            products.push(Sold {
                product: code as u32,
                net: sums.priced_net,
                quantity: sums.quantity,
                lines: sums.lines,
                promo_lines: sums.promo_lines,
                tier: (0, 0),
            });
        }
        rank_tiers(&mut products, self.catalogue);
        let categories = (0..).zip(categories).filter_map(|(code, net)| Some((code, net?)));
        Population::new(Figures {
            as_of: self.as_of,
            spend_91d: self.spend_91d,
            spend_prev_91d: self.spend_prev_91d,
            products,
            categories: categories.collect(),
            recencies: places(&self.customers, |customer| customer.recency),
            visits: places(&self.customers, |customer| customer.visits_364d),
            spends: places(&self.customers, |customer| customer.spend_364d),
        })
    }
}

/// The tally of all these customers, on every thread of the pool.
#[must_use]
pub fn tally<'a>(histories: &[History<'_>], catalogue: &'a Catalogue, as_of: Day) -> Tally<'a> {
    // A tally is as large as the catalogue: one a thread.
    let part = histories.len().div_ceil(rayon::current_num_threads()).max(1);
    let tally_part = |part: &[History<'_>]| {
        let mut tally = Tally::new(catalogue, as_of);
        part.iter().for_each(|history| tally.add(history));
        tally
    };
    let parts = histories.par_chunks(part).map(tally_part);
    parts.reduce_with(Tally::merge).unwrap_or_else(|| Tally::new(catalogue, as_of))
}

fn places<T: Ord + Send>(
    customers: &[CustomerSums],
    value: impl Fn(&CustomerSums) -> T,
) -> Vec<(T, u32)> {
    let mut places: Vec<_> =
        customers.iter().map(|customer| (value(customer), customer.rank)).collect();
    places.par_sort_unstable();
    places
}

/// Gives every priced product its place by price among those of its category, the mean place to
/// equal prices.
fn rank_tiers(products: &mut [Sold], catalogue: &Catalogue) {
    let mut priced: Vec<(u32, f64, u32)> = (0..)
        .zip(products.iter())
        .filter(|(_, sold)| sold.quantity > 0)
        .map(|(at, sold)| (catalogue.item(sold.product).category, sold.price(), at))
        .collect();
    let compare = |a: &(u32, f64, u32), b: &(u32, f64, u32)| {
        a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)).then_with(|| {
            // Division rounds: prices are equal if their fractions are.
            products[a.2 as usize].compare_price(&products[b.2 as usize])
        })
    };
    priced.par_sort_unstable_by(compare);
    let mut tiers = Vec::with_capacity(priced.len());
    for category in priced.chunk_by(|a, b| a.0 == b.0) {
        let mut before = 0;
        for equal in category.chunk_by(|a, b| compare(a, b) == Ordering::Equal) {
            // Mean rank = before + (n + 1)/2; tier = (rank − 1/2)/m = (2·before + n)/(2·m).
            let tier = (2 * before + equal.len() as u32, 2 * category.len() as u32);
            tiers.extend(equal.iter().map(|&(_, _, at)| (at, tier)));
            before += equal.len() as u32;
        }
    }
    for (at, tier) in tiers {
        products[at as usize].tier = tier;
    }
}

/// All customers with sale lines, as of one day. Lines without a customer are no part of it, nor
/// are customers the caller leaves out (cards that many people use); such a customer still gets a
/// portrait: his places are those he would have if he were added.
///
/// It belongs to the catalogue it was made with: categories and ranks are places in an order that
/// a new category or customer changes. As bytes it holds integers only, so that the same bits come
/// back.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    figures: Figures,
    goods: Vec<Goods>,
    category_net: Vec<i64>,
    net: i64,
}

/// What a population consists of; everything else of it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub as_of: Day,
    pub spend_91d: i64,
    pub spend_prev_91d: i64,
    pub products: Vec<Sold>,
    pub categories: Vec<(u32, i64)>,
    /// Value and rank of the customer, ascending; the other two as well.
    pub recencies: Vec<(i32, u32)>,
    pub visits: Vec<(u32, u32)>,
    pub spends: Vec<(i64, u32)>,
}

/// A product sold in the last 364 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sold {
    pub product: u32,
    pub net: i64,
    pub quantity: i64,
    pub lines: u32,
    pub promo_lines: u32,
    /// Numerator and denominator.
    pub tier: (u32, u32),
}

impl Sold {
    fn price(&self) -> f64 {
        self.net as f64 / self.quantity as f64
    }

    fn compare_price(&self, other: &Self) -> Ordering {
        let (a, b) = (i128::from(self.net), i128::from(self.quantity));
        let (c, d) = (i128::from(other.net), i128::from(other.quantity));
        (a * d).cmp(&(c * b))
    }
}

/// What a line's product says of its price; NaN where it is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goods {
    /// Minor units of a thousandth of a unit.
    pub price: f64,
    /// 0 (cheapest of its category) to 1.
    pub tier: f64,
    /// Share of its lines sold at a discount.
    pub promo_share: f64,
}

const UNSOLD: Goods = Goods { price: f64::NAN, tier: f64::NAN, promo_share: f64::NAN };

/// A place among customers, from 0, and how many there are, with the customer himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub index: usize,
    pub of: usize,
}

impl Population {
    pub(crate) fn new(figures: Figures) -> Self {
        let end = figures.products.iter().map(|sold| sold.product as usize + 1).max();
        let mut goods = vec![UNSOLD; end.unwrap_or(0)];
        for sold in &figures.products {
            let promo_share = f64::from(sold.promo_lines) / f64::from(sold.lines);
            goods[sold.product as usize] = if sold.quantity > 0 {
                let tier = f64::from(sold.tier.0) / f64::from(sold.tier.1);
                Goods { price: sold.price(), tier, promo_share }
            } else {
                Goods { promo_share, ..UNSOLD }
            };
        }
        let end = figures.categories.iter().map(|&(code, _)| code as usize + 1).max();
        let mut category_net = vec![0; end.unwrap_or(0)];
        for &(code, net) in &figures.categories {
            category_net[code as usize] = net;
        }
        let net = category_net.iter().sum();
        Self { figures, goods, category_net, net }
    }

    /// The same population beside a catalogue that has grown since: what the places of its categories, and
    /// the ranks of its customers, have become. Both must keep their sequence.
    #[must_use]
    pub fn moved(self, category: impl Fn(u32) -> u32, rank: impl Fn(u32) -> u32) -> Self {
        fn ranked<T>(places: &mut [(T, u32)], rank: impl Fn(u32) -> u32) {
            places.iter_mut().for_each(|place| place.1 = rank(place.1));
        }
        let mut figures = self.figures;
        figures.categories.iter_mut().for_each(|place| place.0 = category(place.0));
        ranked(&mut figures.recencies, &rank);
        ranked(&mut figures.visits, &rank);
        ranked(&mut figures.spends, &rank);
        Self::new(figures)
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The day it is as of.
    #[must_use]
    pub fn as_of(&self) -> Day {
        self.figures.as_of
    }

    /// How many customers have a sale line.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.figures.spends.len()
    }

    /// Distinct categories of merchandise sold in the last 364 days.
    pub(crate) fn categories(&self) -> usize {
        self.figures.categories.len()
    }

    #[inline]
    pub(crate) fn goods(&self, product: u32) -> Goods {
        self.goods.get(product as usize).copied().unwrap_or(UNSOLD)
    }

    /// Net of a category in the last 364 days, minor units.
    pub(crate) fn category_net(&self, category: u32) -> i64 {
        self.category_net.get(category as usize).copied().unwrap_or(0)
    }

    /// Net of all categories in the last 364 days, minor units.
    pub(crate) fn net(&self) -> i64 {
        self.net
    }

    /// Spend of the last 91 days and of the 91 days before, minor units.
    pub(crate) fn spends_91d(&self) -> (i64, i64) {
        (self.figures.spend_91d, self.figures.spend_prev_91d)
    }

    pub(crate) fn recency_place(&self, recency: i32, rank: u32) -> Place {
        place(&self.figures.recencies, (recency, rank))
    }

    pub(crate) fn visits_place(&self, visits_364d: u32, rank: u32) -> Place {
        place(&self.figures.visits, (visits_364d, rank))
    }

    pub(crate) fn spend_place(&self, spend_364d: i64, rank: u32) -> Place {
        place(&self.figures.spends, (spend_364d, rank))
    }

    /// The place among customers who spent anything in 364 days, for one who did.
    pub(crate) fn spender_place(&self, spend_364d: i64, rank: u32) -> Place {
        let idle = self.figures.spends.partition_point(|&(spend, _)| spend <= 0);
        place(&self.figures.spends[idle..], (spend_364d, rank))
    }

    /// Customers who spent less in 364 days, and others who spent as much.
    pub(crate) fn spend_below_and_equal(&self, spend_364d: i64, rank: u32) -> (usize, usize) {
        let spends = &self.figures.spends;
        let below = spends.partition_point(|&(spend, _)| spend < spend_364d);
        let equal = spends[below..].partition_point(|&(spend, _)| spend == spend_364d);
        let himself = spends.binary_search(&(spend_364d, rank)).is_ok();
        (below, equal - usize::from(himself))
    }
}

fn place<T: Ord>(sorted: &[(T, u32)], key: (T, u32)) -> Place {
    match sorted.binary_search(&key) {
        Ok(index) => Place { index, of: sorted.len() },
        Err(index) => Place { index, of: sorted.len() + 1 },
    }
}
