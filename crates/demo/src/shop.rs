//! A demo shop: one seed, and everything that follows from it.

use retail::{
    Assortment, Campaign, Cost, Coupon, CouponId, Customer, Day, Invitation, Money, Price, Product,
    Quantity, Redemption, Shop, ShopId, Stock,
};

use crate::campaign::{Payer, Plan, plans};
use crate::catalogue::Catalogue;
use crate::dice::{Dice, Stream, mix, totals};
use crate::goods::{Unit, halves};
use crate::people::{Person, customer_id};
use crate::receipts::Receipts;
use crate::truths::Truths;
use crate::{calendar, chain, grocery, price, shoes, travel};

/// How large a demo shop is, and which one of all possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Customers with a card, at least 2; fewer are taken as 2.
    pub customers: u32,
    /// Days of trade from 2025-01-01 on, at least 28; fewer are taken as 28.
    pub days: u16,
    /// The seed: the same one gives the same shop.
    pub seed: u64,
}

impl Size {
    /// The usual grocery: 2,000 customers for a year.
    pub const GROCERY: Self = Self { customers: 2_000, days: 365, seed: 1 };
    /// The usual shoe shop: 1,000 customers for two years.
    pub const SHOES: Self = Self { customers: 1_000, days: 730, seed: 1 };
    /// The usual travel agency: 1,000 customers for three years.
    pub const TRAVEL: Self = Self { customers: 1_000, days: 1_095, seed: 1 };
}

/// What a demo shop sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trade {
    Grocery,
    /// A grocery of many shops.
    Chain,
    Shoes,
    Travel,
}

/// One shop of the network, and what only its maker knows.
pub(crate) struct Branch {
    /// Its id.
    pub id: String,
    /// `Russian|English`.
    pub name: String,
    /// Its region.
    pub region: &'static str,
    /// Its price level, per cent of the network's.
    pub level: i64,
    /// How much of the varying range it carries, per cent.
    pub carries: u64,
    /// Its part of the customers.
    pub traffic: u32,
    /// How many tills it has.
    pub tills: u32,
    /// Sells fuel.
    pub station: bool,
}

/// A name as the products carry it, with its English reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As in the product.
    pub name: String,
    /// In English.
    pub name_en: String,
}

/// What a [`Label`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// `Product::brand`.
    Brand,
    /// `Product::supplier`.
    Supplier,
    /// `Product::department`.
    Department,
    /// `Product::category`.
    Category,
}

/// A demo shop: catalogue, people, campaigns and receipts that follow from a seed. It keeps only the
/// catalogue in memory; people and receipts are computed when asked for.
pub struct DemoShop {
    pub(crate) trade: Trade,
    pub(crate) size: Size,
    pub(crate) branches: Vec<Branch>,
    pub(crate) catalogue: Catalogue,
    pub(crate) plans: Vec<Plan>,
    /// Categories that are bought together in one receipt: given, then, and how often (bps).
    pub(crate) pairs: Vec<(u16, u16, u32)>,
    prices: Vec<price::Steps>,
    promotions: Vec<Vec<(u32, u8)>>,
    traffic: Vec<u32>,
}

impl DemoShop {
    /// A grocery: 8 shops in 3 regions, about 1,500 products in about 135 categories, habits, cycles,
    /// promotions, coupons, fuel, services, an online channel and a till card. From 10,000 customers
    /// on it is a chain that grows with them, to 56 shops and about 22,000 products in 400 categories
    /// at half a million; its customers differ more: a few come often, many now and then.
    #[must_use]
    pub fn grocery(size: Size) -> Self {
        let size = bounded(size);
        let (trade, branches, range) = if size.customers < chain::CUSTOMERS_MIN {
            (Trade::Grocery, grocery::branches(), chain::NEIGHBOURHOOD)
        } else {
            let branches = chain::branches(size.customers, &grocery::branches());
            (Trade::Chain, branches, chain::assortment(size.customers))
        };
        let catalogue = grocery::catalogue(size.seed, size.days, &range);
        Self::of(trade, size, branches, catalogue, grocery::PAIRS, range.promoted)
    }

    /// A shoe shop: sizes, seasons, rare purchases, children who grow.
    #[must_use]
    pub fn shoes(size: Size) -> Self {
        let size = bounded(size);
        let catalogue = shoes::catalogue(size.seed, size.days);
        Self::of(Trade::Shoes, size, shoes::branches(), catalogue, shoes::PAIRS, 40)
    }

    /// A travel agency: tours and services without stock, and the planted rule that 12 % of those who
    /// went to Mauritius also went to Tarifa.
    #[must_use]
    pub fn travel(size: Size) -> Self {
        let size = bounded(size);
        let catalogue = travel::catalogue(size.seed, size.days);
        Self::of(Trade::Travel, size, travel::branches(), catalogue, travel::PAIRS, 3)
    }

    fn of(
        trade: Trade,
        size: Size,
        branches: Vec<Branch>,
        catalogue: Catalogue,
        pairs: &[(&str, &str, u32)],
        promoted: usize,
    ) -> Self {
        let steps = |(good, entry): (usize, &crate::catalogue::Good)| {
            price::steps(size.seed, good as u32, entry.base, size.days)
        };
        let prices = catalogue.goods.iter().enumerate().map(steps).collect();
        let weeks = u32::from(size.days).div_ceil(7);
        let promotions = (0..weeks)
            .map(|week| price::promotions(size.seed, week, &catalogue.goods, promoted))
            .collect();
        let place = |&(given, then, bps): &(&str, &str, u32)| {
            Some((catalogue.place(given)?, catalogue.place(then)?, bps))
        };
        let pairs = pairs.iter().filter_map(place).collect();
        let plans = plans(size.seed, size.days, &catalogue);
        let traffic = totals(branches.iter().map(|branch| branch.traffic));
        Self { trade, size, branches, catalogue, plans, pairs, prices, promotions, traffic }
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// About how many lines it sells on a day.
    #[must_use]
    pub fn lines_a_day(&self) -> u64 {
        let by_thousand = match self.trade {
            Trade::Grocery => 2_250,
            Trade::Chain => 650,
            Trade::Shoes => 33,
            Trade::Travel => 8,
        };
        (u64::from(self.size.customers) * by_thousand).div_ceil(1_000)
    }

    /// The last day of trade.
    #[must_use]
    pub fn last_day(&self) -> Day {
        calendar::day(u32::from(self.size.days) - 1)
    }

    /// The catalogue. A few goods are sold though they are not in it: [`Truths::unknown_products`].
    #[must_use]
    pub fn products(&self) -> Vec<Product> {
        self.known().map(|(_, good)| good.product.clone()).collect()
    }

    /// All brands, suppliers, departments or categories with their English names.
    #[must_use]
    pub fn labels(&self, kind: LabelKind) -> Vec<Label> {
        let labels = self.catalogue.labels.iter().filter(|label| label.0 == kind);
        let text = |pair: &str| {
            let (name, name_en) = halves(pair);
            Label { name: name.to_owned(), name_en: name_en.to_owned() }
        };
        labels.map(|(_, pair)| text(pair)).collect()
    }

    /// The shops.
    #[must_use]
    pub fn shops(&self) -> Vec<Shop> {
        let shop = |branch: &Branch| Shop {
            id: branch.id.as_str().into(),
            name: Some(halves(&branch.name).0.to_owned()),
            name_en: Some(halves(&branch.name).1.to_owned()),
            region: Some(branch.region.to_owned()),
        };
        self.branches.iter().map(shop).collect()
    }

    /// The customers with a card, by number. The till card's customer is not among them.
    pub fn customers(&self) -> impl Iterator<Item = Customer> {
        (0..self.size.customers).map(|number| Person::of(self, number).customer(self, number))
    }

    /// The campaigns; the last may end after the last day of trade.
    #[must_use]
    pub fn campaigns(&self) -> Vec<Campaign> {
        let campaign = |plan: &Plan| Campaign {
            id: plan.id().as_str().into(),
            kind: Some(
                match plan.payer {
                    Payer::Retailer => "retailer",
                    Payer::Supplier => "supplier",
                }
                .to_owned(),
            ),
            start: calendar::day(u32::from(plan.from)),
            end: calendar::day(u32::from(plan.to)),
        };
        self.plans.iter().map(campaign).collect()
    }

    /// Who was chosen for which campaign; whoever is not in the list was not treated.
    pub fn invitations(&self) -> impl Iterator<Item = Invitation> {
        let seed = self.size.seed;
        self.plans.iter().flat_map(move |plan| {
            let chosen = (0..self.size.customers).filter(move |&number| plan.invites(seed, number));
            chosen.map(|number| Invitation {
                campaign: plan.id().as_str().into(),
                customer: customer_id(number),
            })
        })
    }

    /// The coupons, one row for each product they are good for.
    #[must_use]
    pub fn coupons(&self) -> Vec<Coupon> {
        let mut rows = Vec::new();
        for plan in &self.plans {
            for (number, goods) in plan.coupons.iter().enumerate() {
                rows.extend(goods.iter().map(|&good| Coupon {
                    id: CouponId(plan.coupon_id(number)),
                    campaign: plan.id().as_str().into(),
                    product: self.catalogue.goods[good as usize].product.id.clone(),
                }));
            }
        }
        rows
    }

    /// The coupons that were used, in the order of time. They follow from the receipts, so this takes
    /// as long as going through [`DemoShop::receipts`].
    #[must_use]
    pub fn redemptions(&self) -> Vec<Redemption> {
        let mut redemptions = Vec::new();
        let mut receipts = self.receipts();
        while receipts.next().is_some() {
            redemptions.append(&mut receipts.take_redemptions());
        }
        redemptions
    }

    /// What each good costs the retailer, from each of its price changes on; services cost nothing.
    #[must_use]
    pub fn costs(&self) -> Vec<Cost> {
        let mut costs = Vec::new();
        for (index, good) in self.known().filter(|(_, good)| good.stocked()) {
            costs.extend(self.prices[index].iter().map(|&(from, kopecks)| Cost {
                product: good.product.id.clone(),
                from: calendar::day(u32::from(from)),
                cost: Money(price::cost(index as u32, kopecks)),
            }));
        }
        costs
    }

    /// The shelf prices and their changes. A row with a shop goes before one without, however old.
    #[must_use]
    pub fn prices(&self) -> Vec<Price> {
        let mut prices = Vec::new();
        for (index, good) in self.known() {
            for shop in std::iter::once(None).chain(self.branches.iter().map(Some)) {
                let level = shop.map_or(100, |branch| branch.level);
                if shop.is_some() && level == 100 {
                    continue;
                }
                prices.extend(self.prices[index].iter().map(|&(from, kopecks)| Price {
                    product: good.product.id.clone(),
                    shop: shop.map(|branch| ShopId::from(branch.id.as_str())),
                    from: calendar::day(u32::from(from)),
                    price: Money(at_level(kopecks, level)),
                }));
            }
        }
        prices
    }

    /// What each shop sells; services and fuel are not in it, as they have no shelf.
    pub fn assortment(&self) -> impl Iterator<Item = Assortment> {
        self.shelves().map(|(index, branch)| {
            let good = &self.catalogue.goods[index as usize];
            let day = |limit: u16| calendar::day(u32::from(limit));
            Assortment {
                product: good.product.id.clone(),
                shop: self.branches[branch].id.as_str().into(),
                from: (good.from > 0).then(|| day(good.from)),
                to: (good.to < u16::MAX).then(|| day(good.to)),
            }
        })
    }

    /// What stood on the shelves on the first day of every month; of a chain, whose shelves are a
    /// million, of the last month only.
    pub fn stock(&self) -> impl Iterator<Item = Stock> {
        let firsts = (0..u32::from(self.size.days)).rev();
        let firsts = firsts.filter(|&day| calendar::day(day).date().day() == 1);
        let mut firsts: Vec<u32> =
            firsts.take(if self.trade == Trade::Chain { 1 } else { usize::MAX }).collect();
        firsts.reverse();
        firsts.into_iter().flat_map(move |day| {
            let mut dice = Dice::new(self.size.seed, Stream::Stock, day);
            let sold = self.shelves().filter(move |&(good, branch)| self.sold(good, branch, day));
            sold.map(move |(index, branch)| {
                let good = &self.catalogue.goods[index as usize];
                // One shelf in thirty stands empty.
                let whole = if dice.hit(330) { 0 } else { dice.between(1, 60) };
                let grams = if good.unit == Unit::Piece { 0 } else { dice.below(1000) };
                Stock {
                    product: good.product.id.clone(),
                    shop: self.branches[branch].id.as_str().into(),
                    day: calendar::day(day),
                    quantity: Quantity(i64::from(whole * 1000 + grams)),
                }
            })
        })
    }

    /// All receipts in the order of time, computed day by day: memory does not grow with them.
    #[must_use]
    pub fn receipts(&self) -> Receipts<'_> {
        Receipts::new(self)
    }

    /// What was planted, for tests to find again.
    #[must_use]
    pub fn truths(&self) -> Truths {
        Truths::of(self)
    }

    /// Whether a shop sells a good on a day.
    pub(crate) fn sold(&self, good: u32, branch: usize, day: u32) -> bool {
        let entry = &self.catalogue.goods[good as usize];
        let on_sale = u32::from(entry.from) <= day && day <= u32::from(entry.to);
        on_sale && self.carried(good, branch)
    }

    /// The shelf price of a unit, kopecks.
    pub(crate) fn price_at(&self, good: u32, branch: usize, day: u32) -> i64 {
        let steps = &self.prices[good as usize];
        let next = steps.partition_point(|&(from, _)| u32::from(from) <= day);
        at_level(steps[next.max(1) - 1].1, self.branches[branch].level)
    }

    /// The promoted goods of a day's week, with their discounts in per cent.
    pub(crate) fn promoted(&self, day: u32) -> &[(u32, u8)] {
        &self.promotions[day as usize / 7]
    }

    /// The promotions of all weeks: number of the week and its goods.
    pub(crate) fn promotions(&self) -> impl Iterator<Item = (u32, &[(u32, u8)])> {
        (0..).zip(self.promotions.iter().map(Vec::as_slice))
    }

    /// A shop by its traffic.
    pub(crate) fn busy_branch(&self, dice: &mut Dice) -> u8 {
        dice.weighted(&self.traffic) as u8
    }

    fn carried(&self, good: u32, branch: usize) -> bool {
        self.catalogue.goods[good as usize].core
            || mix(self.size.seed, u64::from(good), branch as u64 + 1) % 100
                < self.branches[branch].carries
    }

    fn known(&self) -> impl Iterator<Item = (usize, &crate::catalogue::Good)> {
        let known = self.catalogue.unknown.start as usize;
        self.catalogue.goods.iter().enumerate().take(known)
    }

    fn shelves(&self) -> impl Iterator<Item = (u32, usize)> {
        let stocked = self.known().filter(|(_, good)| good.stocked());
        stocked.flat_map(move |(index, _)| {
            let index = index as u32;
            let carrying = (0..self.branches.len()).filter(move |&at| self.carried(index, at));
            carrying.map(move |branch| (index, branch))
        })
    }
}

fn at_level(kopecks: i64, level: i64) -> i64 {
    if level == 100 { kopecks } else { price::tidy(kopecks * level / 100) }
}

fn bounded(size: Size) -> Size {
    Size { customers: size.customers.max(2), days: size.days.max(28), ..size }
}
