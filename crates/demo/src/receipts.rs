//! Receipts as a stream: each day's visits in the order of time, their baskets priced one by one.

use std::collections::{BTreeMap, BTreeSet};

use retail::{
    CardId, CouponId, CustomerId, Day, Line, Money, Quantity, Receipt, ReceiptKey, Redemption,
};

use crate::calendar;
use crate::campaign::{Payer, Plan};
use crate::dice::{Dice, Stream};
use crate::people::{Person, customer_id};
use crate::shop::{DemoShop, Trade};
use crate::{grocery, shoes, travel};

/// What somebody takes to the till.
pub(crate) struct Basket {
    /// Where.
    pub branch: u8,
    /// Through the online shop.
    pub online: bool,
    /// Goods, each once, with quantities in thousandths.
    pub items: Vec<(u32, u32)>,
}

impl Basket {
    /// Adds a good unless it is there.
    pub(crate) fn put(&mut self, good: u32, quantity: u32) {
        if self.items.iter().all(|&(known, _)| known != good) {
            self.items.push((good, quantity));
        }
    }
}

/// How many receipts come without a card, and how many with the till's, in 10,000.
pub(crate) fn strangers(trade: Trade) -> (u32, u32) {
    match trade {
        Trade::Grocery => (2_500, 600),
        Trade::Chain => (2_000, 30),
        Trade::Shoes => (3_000, 500),
        Trade::Travel => (1_000, 0),
    }
}

/// All receipts of a demo shop in the order of time. A customer costs eight bytes; beside them only
/// one day's visits and the returns to come are in memory.
pub struct Receipts<'a> {
    shop: &'a DemoShop,
    crowd: Crowd,
    day: u32,
    dice: Dice,
    visits: std::vec::IntoIter<Visit>,
    serial: u32,
    /// Ten-thousandths of a receipt that are still owed to each sort of stranger.
    owed: (u32, u32),
    returns: BTreeMap<u32, Vec<Return>>,
    /// Coupons that a customer has used: campaign's coupon and customer.
    used: BTreeSet<(usize, u32)>,
    redemptions: Vec<Redemption>,
}

/// Who comes when.
enum Crowd {
    /// Everybody at a pace of his own.
    Paced(Vec<Pace>),
    /// On days fixed beforehand.
    Booked(Vec<Vec<u32>>),
}

#[derive(Clone, Copy)]
struct Pace {
    rate: u16,
    first: u16,
    last: u16,
    /// The day after the last visit.
    since: u16,
}

/// The highest bit of [`Pace::rate`]: comes on his last day, whatever the dice say.
const CERTAIN: u16 = 1 << 15;

struct Visit {
    second: u32,
    who: Who,
}

enum Who {
    Customer(u32),
    Stranger,
    TillCard,
    Return(Box<Return>),
}

/// Goods on their way back.
struct Return {
    original: String,
    branch: u8,
    customer: Option<u32>,
    line: Line,
}

/// The id of the customer behind the till card: the one after all others.
pub(crate) fn till_customer(shop: &DemoShop) -> CustomerId {
    customer_id(shop.size.customers)
}

/// The card of a customer.
pub(crate) fn card_id(customer: &CustomerId) -> CardId {
    CardId(customer.0.replacen('C', "K", 1))
}

impl<'a> Receipts<'a> {
    pub(crate) fn new(shop: &'a DemoShop) -> Self {
        Self {
            shop,
            crowd: Crowd::of(shop),
            day: 0,
            dice: Dice::new(shop.size.seed, Stream::Day, 0),
            visits: Vec::new().into_iter(),
            serial: 0,
            owed: (0, 0),
            returns: BTreeMap::new(),
            used: BTreeSet::new(),
            redemptions: Vec::new(),
        }
    }

    /// The coupons used in the receipts given so far and not taken yet.
    pub fn take_redemptions(&mut self) -> Vec<Redemption> {
        std::mem::take(&mut self.redemptions)
    }

    /// The next receipt, if it is not later than a day: so receipts can be cut into parts with the
    /// [redemptions](Self::take_redemptions) that belong to them.
    pub fn next_until(&mut self, last: Day) -> Option<Receipt> {
        loop {
            if let Some(visit) = self.visits.next() {
                return Some(self.receipt(visit));
            }
            if calendar::day(self.day) > last || !self.open() {
                return None;
            }
        }
    }

    /// Collects the visits of the next day, or says that there is none.
    fn open(&mut self) -> bool {
        if self.day >= u32::from(self.shop.size.days) {
            return false;
        }
        let day = self.day;
        self.day += 1;
        self.serial = 0;
        self.dice = Dice::new(self.shop.size.seed, Stream::Day, day);
        let mut visits: Vec<Who> =
            self.crowd.coming(day, &mut self.dice).into_iter().map(Who::Customer).collect();
        let carded = visits.len() as u32;
        let (strangers, till) = strangers(self.shop.trade);
        let own = 10_000 - strangers - till;
        for (owed, part, who) in [
            (&mut self.owed.0, strangers, (|| Who::Stranger) as fn() -> Who),
            (&mut self.owed.1, till, || Who::TillCard),
        ] {
            *owed += carded * part;
            visits.extend((0..*owed / own).map(|_| who()));
            *owed %= own;
        }
        let back = self.returns.remove(&day).unwrap_or_default();
        visits.extend(back.into_iter().map(|back| Who::Return(Box::new(back))));
        if self.shop.plans.iter().any(|plan| u32::from(plan.from) == day) {
            self.used.clear();
        }
        let hours = calendar::hours(day);
        let dice = &mut self.dice;
        let mut visits: Vec<Visit> = visits
            .into_iter()
            .map(|who| Visit { second: calendar::second(&hours, dice), who })
            .collect();
        visits.sort_by_key(|visit| visit.second);
        self.visits = visits.into_iter();
        true
    }

    fn receipt(&mut self, visit: Visit) -> Receipt {
        let day = self.day - 1;
        self.serial += 1;
        let number = format!("{day:04}{:06}", self.serial);
        match visit.who {
            Who::Return(back) => self.give_back(*back, number, visit.second),
            Who::Customer(customer) => {
                let person = Person::of(self.shop, customer);
                let last = u32::from(person.last);
                let since = self.crowd.visited(customer, day);
                let basket = self.fill(customer, person, since);
                let lines = self.price(&basket, Some(customer));
                self.plan_return(&number, &basket, Some(customer), last, &lines);
                let id = customer_id(customer);
                self.write(number, visit.second, &basket, Some(id), lines)
            }
            Who::Stranger | Who::TillCard => {
                let till = matches!(visit.who, Who::TillCard);
                let basket = self.fill_passing(till);
                let lines = self.price(&basket, None);
                if !till {
                    let last = u32::from(self.shop.size.days) - 1;
                    self.plan_return(&number, &basket, None, last, &lines);
                }
                let id = till.then(|| till_customer(self.shop));
                self.write(number, visit.second, &basket, id, lines)
            }
        }
    }

    fn fill(&mut self, customer: u32, person: Person, since: u32) -> Basket {
        let (shop, day, dice) = (self.shop, self.day - 1, &mut self.dice);
        let mut basket = match shop.trade {
            Trade::Grocery | Trade::Chain => grocery::basket(shop, day, person, since, dice),
            Trade::Shoes => shoes::basket(shop, day, person, dice),
            Trade::Travel => travel::basket(shop, day, customer, person, dice),
        };
        // A coupon in the pocket brings some to what they would not have bought.
        let plan = running(shop, day).filter(|plan| plan.invites(shop.size.seed, customer));
        if let Some(plan) = plan
            && matches!(shop.trade, Trade::Grocery | Trade::Chain)
            && dice.hit(1_200)
            && let Some(&good) = dice.pick(&plan.coupons).and_then(|goods| dice.pick(goods))
            && shop.sold(good, usize::from(basket.branch), day)
        {
            basket.put(good, 1000);
        }
        finish(shop, &mut basket, dice);
        basket
    }

    fn fill_passing(&mut self, till: bool) -> Basket {
        let (shop, day, dice) = (self.shop, self.day - 1, &mut self.dice);
        // The till card lies in the two largest shops.
        let branch = if till { dice.below(2) as u8 } else { shop.busy_branch(dice) };
        let mut basket = match shop.trade {
            Trade::Grocery | Trade::Chain => grocery::passing(shop, day, branch, dice),
            Trade::Shoes => shoes::passing(shop, day, branch, dice),
            Trade::Travel => travel::passing(shop, day, branch, dice),
        };
        finish(shop, &mut basket, dice);
        basket
    }

    fn price(&mut self, basket: &Basket, customer: Option<u32>) -> Vec<Line> {
        let (shop, day) = (self.shop, self.day - 1);
        let promoted = shop.promoted(day);
        let plan = running(shop, day);
        let plan = customer.zip(plan).filter(|(who, plan)| plan.invites(shop.size.seed, *who));
        let mut lines = Vec::with_capacity(basket.items.len());
        for &(good, quantity) in &basket.items {
            let unit = shop.price_at(good, usize::from(basket.branch), day);
            let shelf = (unit * i64::from(quantity) + 500) / 1000;
            let percent = promoted
                .binary_search_by_key(&good, |&(good, _)| good)
                .map_or(0, |at| i64::from(promoted[at].1));
            let mut line = Line {
                product: shop.catalogue.goods[good as usize].product.id.clone(),
                quantity: Quantity(i64::from(quantity)),
                net: Money(shelf),
                discount: Money((shelf * percent + 50) / 100),
                retailer_coupon: Money::ZERO,
                supplier_coupon: Money::ZERO,
            };
            line.net.0 -= line.discount.0;
            if let Some((customer, plan)) = plan {
                self.redeem(plan, customer, good, &mut line);
            }
            lines.push(line);
        }
        lines
    }

    /// Uses a coupon for a line, if there is one that the customer has not used yet.
    fn redeem(&mut self, plan: &Plan, customer: u32, good: u32, line: &mut Line) {
        let Some(coupon) = plan.coupon_for(good) else { return };
        if !self.dice.hit(5_500) || !self.used.insert((coupon, customer)) {
            return;
        }
        match plan.payer {
            Payer::Retailer => {
                line.retailer_coupon = Money(line.net.0 * 15 / 100);
                line.discount.0 += line.retailer_coupon.0;
                line.net.0 -= line.retailer_coupon.0;
            }
            Payer::Supplier => line.supplier_coupon = Money(line.net.0 * 20 / 100),
        }
        self.redemptions.push(Redemption {
            coupon: CouponId(plan.coupon_id(coupon)),
            customer: customer_id(customer),
            campaign: plan.id().as_str().into(),
            day: calendar::day(self.day - 1),
        });
    }

    /// Some goods come back within two weeks, while the customer is still one.
    fn plan_return(
        &mut self,
        number: &str,
        basket: &Basket,
        customer: Option<u32>,
        last: u32,
        lines: &[Line],
    ) {
        let often = match self.shop.trade {
            Trade::Grocery | Trade::Chain => 40,
            Trade::Shoes => 700,
            Trade::Travel => 300,
        };
        if !self.dice.hit(often) {
            return;
        }
        let at = self.dice.below(lines.len() as u32) as usize;
        let day = self.day + self.dice.below(14);
        let good = &self.shop.catalogue.goods[basket.items[at].0 as usize];
        let line = &lines[at];
        let plain = line.retailer_coupon.0 == 0 && line.supplier_coupon.0 == 0;
        if day > last || !plain || !good.stocked() {
            return;
        }
        let line = Line {
            quantity: Quantity(-line.quantity.0),
            net: Money(-line.net.0),
            discount: Money(-line.discount.0),
            ..line.clone()
        };
        let original = number.to_owned();
        let back = Return { original, branch: basket.branch, customer, line };
        self.returns.entry(day).or_default().push(back);
    }

    fn give_back(&mut self, back: Return, number: String, second: u32) -> Receipt {
        let basket = Basket { branch: back.branch, online: false, items: Vec::new() };
        let customer = back.customer.map(customer_id);
        let mut receipt = self.write(number, second, &basket, customer, vec![back.line]);
        receipt.original = Some(back.original);
        receipt
    }

    fn write(
        &mut self,
        number: String,
        second: u32,
        basket: &Basket,
        customer: Option<CustomerId>,
        lines: Vec<Line>,
    ) -> Receipt {
        let day = self.day - 1;
        let branch = &self.shop.branches[usize::from(basket.branch)];
        let (till, channel) = if basket.online {
            ("online".to_owned(), "online")
        } else {
            (self.dice.between(1, branch.tills).to_string(), "shop")
        };
        Receipt {
            key: ReceiptKey { shop: branch.id.clone(), till, number, ..ReceiptKey::default() },
            shop: branch.id.as_str().into(),
            card: customer.as_ref().map(card_id),
            customer,
            at: calendar::instant(day, second),
            day: calendar::day(day),
            minute: (second / 60) as u16,
            channel: Some(channel.to_owned()),
            original: None,
            lines,
        }
    }
}

impl Iterator for Receipts<'_> {
    type Item = Receipt;

    fn next(&mut self) -> Option<Receipt> {
        self.next_until(self.shop.last_day())
    }
}

impl Crowd {
    fn of(shop: &DemoShop) -> Self {
        if shop.trade == Trade::Travel {
            let mut days = vec![Vec::new(); usize::from(shop.size.days)];
            for customer in 0..shop.size.customers {
                for trip in travel::trips(shop, customer, &mut Person::of(shop, customer)) {
                    days[usize::from(trip.day)].push(customer);
                }
            }
            return Self::Booked(days);
        }
        let pace = |customer| {
            let Person { first, last, churner, rate, .. } = Person::of(shop, customer);
            let certain = if churner { CERTAIN } else { 0 };
            Pace { rate: rate as u16 | certain, first, last, since: first }
        };
        Self::Paced((0..shop.size.customers).map(pace).collect())
    }

    /// The customers of a day, by number.
    fn coming(&mut self, day: u32, dice: &mut Dice) -> Vec<u32> {
        let paces = match self {
            Self::Paced(paces) => paces,
            Self::Booked(days) => return std::mem::take(&mut days[day as usize]),
        };
        let pulse = calendar::pulse(day);
        let mut coming = Vec::new();
        for (customer, pace) in (0..).zip(paces.iter()) {
            let (first, last) = (u32::from(pace.first), u32::from(pace.last));
            if day < first || day > last {
                continue;
            }
            let drawn = dice.below(100_000_000) < u32::from(pace.rate & !CERTAIN) * pulse;
            if drawn || (day == last && pace.rate & CERTAIN != 0) {
                coming.push(customer);
            }
        }
        coming
    }

    /// Notes a visit; the first day that has passed since the one before.
    fn visited(&mut self, customer: u32, day: u32) -> u32 {
        match self {
            Self::Booked(_) => day,
            Self::Paced(paces) => {
                let next = day as u16 + 1;
                u32::from(std::mem::replace(&mut paces[customer as usize].since, next))
            }
        }
    }
}

/// The campaign that runs on a day.
fn running(shop: &DemoShop, day: u32) -> Option<&Plan> {
    shop.plans.iter().find(|plan| u32::from(plan.from) <= day && day <= u32::from(plan.to))
}

/// What happens to every basket: goods that go together, and now and then one nobody has listed.
fn finish(shop: &DemoShop, basket: &mut Basket, dice: &mut Dice) {
    let goods = &shop.catalogue.goods;
    for &(given, then, bps) in &shop.pairs {
        let has = |category: u16| {
            basket.items.iter().any(|&(good, _)| goods[good as usize].category == category)
        };
        if has(given) && !has(then) && dice.hit(bps) {
            // The first goods of a category are sold everywhere and always.
            let first = shop.catalogue.categories[usize::from(then)].goods.start;
            basket.put(first + dice.below(2), 1000);
        }
    }
    if dice.hit(5) {
        let unknown = &shop.catalogue.unknown;
        basket.put(unknown.start + dice.below(unknown.end - unknown.start), 1000);
    }
}
