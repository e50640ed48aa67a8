//! What a model may see: baskets before a moment, on a catalogue, with their ages.

use std::ops::Range;

use rayon::prelude::*;

use crate::Purchases;

/// Histories of customers up to a moment. A customer of the history is named by his place, an item
/// by its index in the catalogue, which keeps the source's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histories {
    /// Codes of the customers, ascending; each has at least one item of the catalogue.
    pub customer: Vec<u32>,
    /// Where each customer's baskets begin; one entry more than customers.
    pub basket_start: Vec<usize>,
    /// Days from each basket to the moment that is predicted.
    pub age_days: Vec<f64>,
    /// Business day of each basket.
    pub day: Vec<i32>,
    /// Where each basket's events begin; one entry more than baskets.
    pub event_start: Vec<usize>,
    /// Events: an item in a basket.
    pub event: Vec<u32>,
    /// Where each customer's own items begin; one entry more than customers.
    pub own_start: Vec<usize>,
    /// The distinct items of each customer, ascending.
    pub own: Vec<u32>,
    /// The item code of every index, ascending.
    pub catalogue: Vec<u32>,
    /// In how many baskets of the history each item stands.
    pub popularity: Vec<u32>,
    /// Items, the most popular first, the lower index first among equals.
    pub popular: Vec<u32>,
    /// The rank of every item in `popular`, from 0: the order in which ties are broken.
    pub rank: Vec<u32>,
}

impl Histories {
    /// Takes the baskets for which `age` gives days to the predicted moment (customer's place, basket),
    /// on the catalogue of items that stand in at least `baskets_min` of them.
    #[must_use]
    pub fn new(
        purchases: &Purchases,
        baskets_min: u32,
        age: impl Fn(usize, usize) -> Option<f64>,
    ) -> Self {
        let ages: Vec<(usize, Vec<(usize, f64)>)> = (0..purchases.customer.len())
            .map(|place| {
                let baskets = purchases.baskets(place);
                (place, baskets.filter_map(|basket| Some((basket, age(place, basket)?))).collect())
            })
            .collect();
        let mut found = vec![0; purchases.item_count as usize];
        for &(basket, _) in ages.iter().flat_map(|(_, baskets)| baskets) {
            for &item in purchases.items(basket) {
                found[item as usize] += 1;
            }
        }
        let mut history = Self::of_catalogue(&found, baskets_min);
        let index = history.index(purchases.item_count);
        for (place, baskets) in ages {
            history.push(purchases, place, &baskets, &index);
        }
        history.find_own();
        history
    }

    /// Takes some customers' baskets, with their ages, on the catalogue and popularity of `everybody`.
    pub(crate) fn on(
        everybody: &Self,
        purchases: &Purchases,
        age: impl Fn(usize) -> Option<f64>,
    ) -> Self {
        let mut history = everybody.clone();
        let index = history.index(purchases.item_count);
        for place in 0..purchases.customer.len() {
            let baskets = purchases.baskets(place);
            let ages: Vec<(usize, f64)> =
                baskets.filter_map(|basket| Some((basket, age(basket)?))).collect();
            history.push(purchases, place, &ages, &index);
        }
        history.find_own();
        history
    }

    /// A history without customers on the items found often enough.
    pub(crate) fn of_catalogue(found: &[u32], baskets_min: u32) -> Self {
        let catalogue: Vec<u32> = (0..found.len() as u32)
            .filter(|&item| found[item as usize] >= baskets_min.max(1))
            .collect();
        let popularity: Vec<u32> = catalogue.iter().map(|&item| found[item as usize]).collect();
        let mut popular: Vec<u32> = (0..catalogue.len() as u32).collect();
        popular.sort_by_key(|&item| std::cmp::Reverse(popularity[item as usize]));
        let mut rank = vec![0; popular.len()];
        for (at, &item) in popular.iter().enumerate() {
            rank[item as usize] = at as u32;
        }
        let (basket_start, event_start) = (vec![0], vec![0]);
        Self { catalogue, popularity, popular, rank, basket_start, event_start, ..Self::default() }
    }

    /// Index in the catalogue by item code, [`retail::NONE`] outside it.
    pub(crate) fn index(&self, item_count: u32) -> Vec<u32> {
        let mut index = vec![retail::NONE; item_count as usize];
        for (at, &item) in self.catalogue.iter().enumerate() {
            index[item as usize] = at as u32;
        }
        index
    }

    /// Adds a customer, if any of his baskets holds an item of the catalogue.
    fn push(
        &mut self,
        purchases: &Purchases,
        place: usize,
        baskets: &[(usize, f64)],
        index: &[u32],
    ) {
        let (basket_before, event_before) = (self.day.len(), self.event.len());
        for &(basket, age) in baskets {
            let items = purchases.items(basket).iter().map(|&item| index[item as usize]);
            self.event.extend(items.filter(|&item| item != retail::NONE));
            self.event_start.push(self.event.len());
            self.age_days.push(age);
            self.day.push(purchases.day[basket]);
        }
        if self.event.len() == event_before {
            self.event_start.truncate(basket_before + 1);
            self.age_days.truncate(basket_before);
            self.day.truncate(basket_before);
            return;
        }
        self.customer.push(purchases.customer[place]);
        self.basket_start.push(self.day.len());
    }

    fn find_own(&mut self) {
        let own: Vec<Vec<u32>> = (0..self.customer.len())
            .into_par_iter()
            .map(|place| {
                let mut own = self.events(place).to_vec();
                own.sort_unstable();
                own.dedup();
                own
            })
            .collect();
        self.own_start = std::iter::once(0)
            .chain(own.iter().scan(0, |end, own| {
                *end += own.len();
                Some(*end)
            }))
            .collect();
        self.own = own.concat();
    }

    /// The baskets of the customer at a place, the earliest first.
    #[must_use]
    pub fn baskets(&self, place: usize) -> Range<usize> {
        self.basket_start[place]..self.basket_start[place + 1]
    }

    /// The items of a basket.
    #[must_use]
    pub fn items(&self, basket: usize) -> &[u32] {
        &self.event[self.event_start[basket]..self.event_start[basket + 1]]
    }

    /// All events of the customer at a place, the earliest first.
    #[must_use]
    pub fn events(&self, place: usize) -> &[u32] {
        let baskets = self.baskets(place);
        &self.event[self.event_start[baskets.start]..self.event_start[baskets.end]]
    }

    /// Where the own items of the customer at a place stand.
    #[must_use]
    pub fn own_range(&self, place: usize) -> Range<usize> {
        self.own_start[place]..self.own_start[place + 1]
    }

    /// The distinct items of the customer at a place, ascending.
    #[must_use]
    pub fn own(&self, place: usize) -> &[u32] {
        &self.own[self.own_range(place)]
    }

    /// Popularity of an item as a share of the most popular one's, 0 to 1.
    #[must_use]
    pub fn share(&self, item: u32) -> f64 {
        // The most popular item stands in at least one basket, so this never divides by zero.
        let most = self.popularity[self.popular[0] as usize];
        f64::from(self.popularity[item as usize]) / f64::from(most)
    }
}
