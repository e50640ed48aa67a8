//! One walk over a customer's lines: everything that several families ask for, in integers.
//!
//! The walk goes day by day, so that "first", "earlier" and "distinct days" need no sorting, and
//! keeps its memory from one customer to the next.

use std::cmp::Reverse;
use std::ops::Range;

use retail::{Day, NONE};

use crate::catalogue::{Catalogue, Known, Marks};
use crate::dense::Dense;
use crate::history::{History, is_return, receipts};
use crate::window::{QUARTER, YEAR};

/// Weeks of which sums are kept: enough for S(455,364).
pub(crate) const WEEKS: usize = 65;

/// What the walk gathers. Ages are days before the day of the portrait; money is in minor units.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Receipts with sale lines, in sequence of purchase.
    pub visits: Vec<Visit>,
    /// Distinct days of them, from the oldest.
    pub days: Vec<PurchaseDay>,
    /// Sums over sale lines, one a week: week k holds ages 7k to 7k + 6.
    pub weeks: Vec<Week>,
    /// Other sums over lines.
    pub sums: Sums,
    /// Products of merchandise, of all time.
    pub products: Dense<ProductSums>,
    /// Categories of merchandise of the last 364 days.
    pub categories: Dense<CategorySums>,
    /// Brands of merchandise of the last 364 days.
    pub brands: Dense<BrandSums>,
    /// Shops of sale lines of the last 364 days.
    pub shops: Dense<ShopSums>,
    /// Depths of discount of merchandise lines with one, of the last 364 days.
    pub depths: Vec<f64>,
    // Purchase days of categories, chained from the latest back.
    category_days: Vec<(i32, Option<usize>)>,
    pairs: Dense<PairSums>,
    // Places of the pairs bought on the day.
    pairs_of_day: Vec<usize>,
    spans: Vec<(i32, Range<usize>)>,
}

/// A receipt with at least one sale line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    start: usize,
    pub age: i32,
    pub minute: u16,
    pub shop: u32,
    pub net: i64,
    pub fuel: bool,
    pub coupon: bool,
    /// Merchandise of it, within the last 364 days only.
    pub goods: Goods,
}

/// Merchandise lines of a receipt.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Goods {
    pub lines: i64,
    pub categories: i64,
    pub net: i64,
    pub promo_lines: i64,
    pub promo_net: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct PurchaseDay {
    pub age: i32,
    pub net: i64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Week {
    pub net: i64,
    pub visits: i64,
    /// Merchandise lines, and those at a discount.
    pub lines: i64,
    pub promo_lines: i64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    /// Net of all sale lines.
    pub net: i64,
    /// Age of the latest merchandise line at a discount.
    pub promo_age: Option<i32>,
    /// What follows is of the last 364 days. First, lines of all kinds.
    pub returns: i64,
    pub supplier_coupon: i64,
    pub retailer_coupon: i64,
    pub online: i64,
    pub channel_known: bool,
    /// Thousandths of a minor unit; nothing where no cost is known.
    pub margin: Option<i128>,
    /// From here on, merchandise.
    pub goods_net: i64,
    pub promo_net: i64,
    pub discount: i64,
    pub savings: i64,
    pub deep_lines: i64,
    pub repeat_lines: i64,
    pub private_label: i64,
    pub fresh: i64,
    pub alcohol: i64,
    pub baby: i64,
    pub pet: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductSums {
    pub first_age: i32,
    /// Whether any line of the first day was at a discount.
    pub first_promo: bool,
    pub last_age: i32,
    /// What follows is of the last 364 days.
    pub lines: i64,
    pub days: i64,
    pub net: i64,
    /// Net and quantity of lines with a quantity.
    pub priced_net: i64,
    pub priced_quantity: i64,
    // Where the sums of its category, and of its category and brand, are.
    category: usize,
    pair: Option<usize>,
}

impl Default for ProductSums {
    fn default() -> Self {
        Self {
            first_age: i32::MIN,
            first_promo: false,
            last_age: i32::MAX,
            lines: 0,
            days: 0,
            net: 0,
            priced_net: 0,
            priced_quantity: 0,
            category: 0,
            pair: None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct CategorySums {
    pub last_age: i32,
    pub lines: i64,
    pub days: i64,
    /// Days of ages 91 to 363, and of ages 91 to 181.
    pub days_before_91d: i64,
    pub days_prev_91d: i64,
    pub net: i64,
    /// Net of lines with a brand, and the largest of one brand.
    pub branded_net: i64,
    pub main_brand_net: i64,
    pub brands: i64,
    /// Consecutive days with a main brand each, and those on which it changed.
    pub brand_pairs: i64,
    pub brand_switches: i64,
    last_day: Option<usize>,
    last_visit: usize,
    day_brand: Option<(i64, Reverse<u32>)>,
    main_brand: u32,
}

impl Default for CategorySums {
    fn default() -> Self {
        Self {
            last_age: i32::MAX,
            lines: 0,
            days: 0,
            days_before_91d: 0,
            days_prev_91d: 0,
            net: 0,
            branded_net: 0,
            main_brand_net: 0,
            brands: 0,
            brand_pairs: 0,
            brand_switches: 0,
            last_day: None,
            last_visit: usize::MAX,
            day_brand: None,
            main_brand: NONE,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BrandSums {
    pub net: i64,
    pub lines: i64,
}

/// Receipts and net of ages 0 to 90, and of ages 91 to 363.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ShopSums {
    pub visits_91d: i64,
    pub net_91d: i64,
    pub visits_before: i64,
    pub net_before: i64,
}

/// A category and a brand of it.
#[derive(Clone, Copy, Debug)]
struct PairSums {
    // Where the sums of its category are.
    category: usize,
    brand: u32,
    net: i64,
    lines: i64,
    day_age: i32,
    day_net: i64,
}

impl Default for PairSums {
    fn default() -> Self {
        Self { category: 0, brand: NONE, net: 0, lines: 0, day_age: i32::MAX, day_net: 0 }
    }
}

impl Walk {
    /// Memory for customers of this catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        Self { products: Dense::sized(catalogue.products()), ..Self::default() }
    }

    /// Walks over a customer's lines up to a day, forgetting the customer before.
    pub fn over(&mut self, history: &History<'_>, catalogue: &Catalogue, as_of: Day) {
        self.clear();
        let day = &history.lines.day;
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        spans.extend(receipts(history).filter_map(|range| {
            let age = as_of.0.saturating_sub(day[range.start]);
            (age >= 0).then_some((age, range))
        }));
        // Business days follow time but for shops in several time zones.
        let by_day = spans.is_sorted_by_key(|span| Reverse(span.0));
        if !by_day {
            spans.sort_by_key(|span| Reverse(span.0));
        }
        for same_day in spans.chunk_by(|a, b| a.0 == b.0) {
            for (age, range) in same_day {
                self.receipt(history, catalogue, *age, range.clone());
            }
            self.close_day();
        }
        if !by_day {
            self.visits.sort_by_key(|visit| visit.start);
        }
        self.spans = spans;
        self.sum_brands();
    }

    /// Ages of the purchase days of a category, from the latest back.
    pub fn category_days(&self, category: &CategorySums) -> impl Iterator<Item = i32> {
        let mut next = category.last_day;
        std::iter::from_fn(move || {
            let (age, before) = *self.category_days.get(next?)?;
            next = before;
            Some(age)
        })
    }

    fn clear(&mut self) {
        self.visits.clear();
        self.days.clear();
        self.weeks.clear();
        self.weeks.resize(WEEKS, Week::default());
        self.sums = Sums::default();
        self.products.clear();
        self.categories.clear();
        self.brands.clear();
        self.shops.clear();
        self.depths.clear();
        self.category_days.clear();
        self.pairs.clear();
    }

    fn receipt(
        &mut self,
        history: &History<'_>,
        catalogue: &Catalogue,
        age: i32,
        range: Range<usize>,
    ) {
        let lines = history.lines;
        let mut visit = None;
        for i in range.clone() {
            let (quantity, net) = (lines.quantity[i], lines.net[i]);
            if is_return(quantity, net) {
                self.sums.returns -= if age < YEAR { net } else { 0 };
                continue;
            }
            let visit = visit.get_or_insert_with(|| Visit {
                start: range.start,
                age,
                minute: lines.minute[i],
                shop: lines.shop[i],
                net: 0,
                fuel: false,
                coupon: false,
                goods: Goods::default(),
            });
            visit.net += net;
            let known = catalogue.item(lines.product[i]);
            visit.fuel |= known.marks.has(Marks::FUEL);
            visit.coupon |= lines.supplier_coupon[i] + lines.retailer_coupon[i] > 0;
            if age < YEAR {
                self.sale(history, catalogue, i);
            }
            if known.category != NONE {
                self.merchandise(history, i, &known, visit);
            }
        }
        if let Some(visit) = visit {
            self.close_receipt(visit);
        }
    }

    /// A sale line of the last 364 days.
    #[inline]
    fn sale(&mut self, history: &History<'_>, catalogue: &Catalogue, i: usize) {
        let (lines, sums) = (history.lines, &mut self.sums);
        sums.supplier_coupon += lines.supplier_coupon[i];
        sums.retailer_coupon += lines.retailer_coupon[i];
        let channel = lines.channel[i];
        sums.channel_known |= channel != NONE;
        if catalogue.is_online(channel) {
            sums.online += lines.net[i];
        }
        if catalogue.has_costs()
            && let Some(cost) = catalogue.cost(lines.product[i], lines.day[i])
        {
            let paid = i128::from(cost) * i128::from(lines.quantity[i]);
            *sums.margin.get_or_insert(0) +=
                i128::from(lines.net[i]) * i128::from(retail::Quantity::SCALE) - paid;
        }
    }

    /// A sale line of merchandise.
    #[inline]
    fn merchandise(&mut self, history: &History<'_>, i: usize, known: &Known, visit: &mut Visit) {
        let (lines, age) = (history.lines, visit.age);
        let (quantity, net, discount) = (lines.quantity[i], lines.net[i], lines.discount[i]);
        let promo = discount > 0;
        if promo {
            self.sums.promo_age = Some(age);
        }
        let product = self.products.at(lines.product[i]);
        if product.last_age == i32::MAX {
            product.first_age = age;
        }
        product.first_promo |= promo && age == product.first_age;
        let new_day = product.last_age != age;
        product.last_age = age;
        if age >= YEAR {
            return;
        }
        if product.lines == 0 {
            product.category = self.categories.place(known.category);
            product.pair = (known.pair != NONE).then(|| self.pairs.place(known.pair));
        }
        product.lines += 1;
        product.net += net;
        product.days += i64::from(new_day);
        if quantity > 0 {
            product.priced_net += net;
            product.priced_quantity += quantity;
        }
        let (category, pair) = (product.category, product.pair);
        let sums = &mut self.sums;
        sums.repeat_lines += i64::from(age < product.first_age);
        sums.goods_net += net;
        sums.discount += discount;
        sums.savings += discount + lines.supplier_coupon[i];
        visit.goods.lines += 1;
        visit.goods.net += net;
        if promo {
            let shelf = net + discount;
            sums.promo_net += net;
            sums.deep_lines += i64::from(10 * discount >= 3 * shelf);
            visit.goods.promo_lines += 1;
            visit.goods.promo_net += net;
            self.depths.push(discount as f64 / shelf as f64);
        }
        self.marks(known.marks, net);
        self.category(category, visit, net);
        if let Some(pair) = pair {
            self.pair(pair, category, known.brand, age, net);
        }
    }

    #[inline]
    fn marks(&mut self, marks: Marks, net: i64) {
        let sums = &mut self.sums;
        for (mark, sum) in [
            (Marks::PRIVATE_LABEL, &mut sums.private_label),
            (Marks::FRESH, &mut sums.fresh),
            (Marks::ALCOHOL, &mut sums.alcohol),
            (Marks::BABY, &mut sums.baby),
            (Marks::PET, &mut sums.pet),
        ] {
            *sum += if marks.has(mark) { net } else { 0 };
        }
    }

    /// Category of a merchandise line of the last 364 days.
    #[inline]
    fn category(&mut self, place: usize, visit: &mut Visit, net: i64) {
        let age = visit.age;
        let category = self.categories.get(place);
        category.lines += 1;
        category.net += net;
        if category.last_visit != visit.start {
            category.last_visit = visit.start;
            visit.goods.categories += 1;
        }
        if category.last_age != age {
            category.last_age = age;
            category.days += 1;
            category.days_before_91d += i64::from(age >= QUARTER);
            category.days_prev_91d += i64::from((QUARTER..2 * QUARTER).contains(&age));
            self.category_days.push((age, category.last_day));
            category.last_day = Some(self.category_days.len() - 1);
        }
    }

    /// Category and brand of a merchandise line of the last 364 days.
    #[inline]
    fn pair(&mut self, place: usize, category: usize, brand: u32, age: i32, net: i64) {
        let pair = self.pairs.get(place);
        if pair.day_age != age {
            (pair.category, pair.brand) = (category, brand);
            (pair.day_age, pair.day_net) = (age, 0);
            self.pairs_of_day.push(place);
        }
        pair.day_net += net;
        pair.net += net;
        pair.lines += 1;
    }

    fn close_receipt(&mut self, visit: Visit) {
        let age = visit.age;
        self.sums.net += visit.net;
        match self.days.last_mut() {
            Some(day) if day.age == age => day.net += visit.net,
            _ => self.days.push(PurchaseDay { age, net: visit.net }),
        }
        if let Some(week) = self.weeks.get_mut(age as usize / 7) {
            week.net += visit.net;
            week.visits += 1;
            week.lines += visit.goods.lines;
            week.promo_lines += visit.goods.promo_lines;
        }
        if age < YEAR {
            let shop = self.shops.at(visit.shop);
            if age < QUARTER {
                shop.visits_91d += 1;
                shop.net_91d += visit.net;
            } else {
                shop.visits_before += 1;
                shop.net_before += visit.net;
            }
        }
        self.visits.push(visit);
    }

    /// Decides the main brand of each category of the day that ends.
    fn close_day(&mut self) {
        for &place in &self.pairs_of_day {
            let pair = self.pairs.get(place);
            let category = self.categories.get(pair.category);
            category.day_brand = category.day_brand.max(Some((pair.day_net, Reverse(pair.brand))));
        }
        for &place in &self.pairs_of_day {
            let category = self.categories.get(self.pairs.get(place).category);
            let Some((_, Reverse(brand))) = category.day_brand.take() else { continue };
            if category.main_brand != NONE {
                category.brand_pairs += 1;
                category.brand_switches += i64::from(category.main_brand != brand);
            }
            category.main_brand = brand;
        }
        self.pairs_of_day.clear();
    }

    fn sum_brands(&mut self) {
        for pair in self.pairs.values() {
            let category = self.categories.get(pair.category);
            category.brands += 1;
            category.branded_net += pair.net;
            category.main_brand_net = category.main_brand_net.max(pair.net);
            let brand = self.brands.at(pair.brand);
            brand.net += pair.net;
            brand.lines += pair.lines;
        }
    }
}

/// Windows over the weekly sums.
impl Walk {
    /// Net of sale lines of ages `from` to `to` − 1; both are whole weeks, at most 65 of them.
    pub fn spend(&self, from: i32, to: i32) -> i64 {
        self.week_range(from, to).iter().map(|week| week.net).sum()
    }

    /// Receipts of ages `from` to `to` − 1, as in [`Walk::spend`].
    pub fn visits(&self, from: i32, to: i32) -> i64 {
        self.week_range(from, to).iter().map(|week| week.visits).sum()
    }

    /// Merchandise lines of ages `from` to `to` − 1, and those at a discount; up to 364 days.
    pub fn lines(&self, from: i32, to: i32) -> (i64, i64) {
        let weeks = self.week_range(from, to).iter();
        weeks.fold((0, 0), |sum, week| (sum.0 + week.lines, sum.1 + week.promo_lines))
    }

    fn week_range(&self, from: i32, to: i32) -> &[Week] {
        debug_assert!(from % 7 == 0 && to % 7 == 0, "windows are whole weeks");
        &self.weeks[from as usize / 7..to as usize / 7]
    }

    /// Purchase days of the last 364 days, from the oldest.
    pub fn days_364d(&self) -> &[PurchaseDay] {
        &self.days[self.days.partition_point(|day| day.age >= YEAR)..]
    }

    /// Receipts of the last 364 days, in sequence of purchase.
    pub fn visits_364d(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter().filter(|visit| visit.age < YEAR)
    }
}
