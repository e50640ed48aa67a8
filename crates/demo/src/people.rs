//! The people of a demo shop: who lives under one roof, where they shop, when they come and leave.

use std::collections::BTreeMap;

use retail::{Customer, CustomerId};

use crate::chain;
use crate::dice::{Dice, Stream};
use crate::shop::{DemoShop, Trade};

/// Who shares the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pet {
    /// Nobody on four feet.
    None,
    /// A cat.
    Cat,
    /// A dog.
    Dog,
}

/// One customer. Everything is a function of the seed and his number, so that half a million of them
/// need no memory.
pub(crate) struct Person {
    /// Number of his household: the smallest number of a customer in it.
    pub household: u32,
    /// Runs the household: the goods bought on a cycle are on his list.
    pub runs_home: bool,
    /// The shop he lives near.
    pub home: u8,
    /// Another one that he visits at times.
    pub other: u8,
    /// First day on which he may come.
    pub first: u16,
    /// Last day on which he may come; a churner comes on it and never again.
    pub last: u16,
    /// Leaves before the data ends.
    pub churner: bool,
    /// Visits in 10,000 even days.
    pub rate: u32,
    /// 0 careful, 1 usual, 2 generous with money.
    pub tier: u8,
    /// Grown-ups at home.
    pub adults: u8,
    /// Children at home.
    pub kids: u8,
    /// One of them wears nappies.
    pub baby: bool,
    /// Lives with an animal.
    pub pet: Pet,
    /// Drives, and so buys fuel.
    pub car: bool,
    /// Has found the online shop.
    pub online: bool,
    /// Place in [`AGES`].
    pub age: u8,
    /// A woman.
    pub woman: bool,
    /// Draws of the household, for what its members share.
    pub shared: Dice,
    /// Draws of the person, for what is his own.
    pub own: Dice,
}

const AGES: [&str; 6] = ["18-24", "25-34", "35-44", "45-54", "55-64", "65+"];

impl Person {
    /// The customer with a number.
    pub(crate) fn of(shop: &DemoShop, customer: u32) -> Self {
        let seed = shop.size.seed;
        let partner = (customer ^ 1) < shop.size.customers;
        let paired = partner && Dice::new(seed, Stream::Household, customer & !1).hit(3000);
        let household = if paired { customer & !1 } else { customer };
        let mut shared = Dice::new(seed, Stream::Household, household);
        // The first draw of the stream has decided the pair.
        shared.below(1);
        let mut own = Dice::new(seed, Stream::Person, customer);
        let branches = shop.branches.len() as u32;
        let home = shop.busy_branch(&mut shared);
        let other = (u32::from(home) + 1 + shared.below(branches.max(2) - 1)) % branches;
        let kids = [0, 0, 0, 1, 1, 2, 2, 3][shared.below(8) as usize];
        let baby = kids > 0 && shared.hit(3500);
        let pet = [Pet::None, Pet::None, Pet::None, Pet::Cat, Pet::Cat, Pet::Dog]
            [shared.below(6) as usize];
        let (tier, car) = (shared.below(3) as u8, shared.hit(4500));
        let adults = if paired { 2 } else { 1 + shared.below(2) as u8 };
        let runs_home = customer == household;
        let (first, last, churner) = stay(shop.size.days, &mut own);
        let rate = rate(shop.trade, runs_home, &mut own);
        let (online, age, woman) = (own.hit(1300), own.below(6) as u8, own.hit(5800));
        Self {
            household,
            runs_home,
            home,
            other: other as u8,
            first,
            last,
            churner,
            rate,
            tier,
            adults,
            kids,
            baby,
            pet,
            car,
            online,
            age,
            woman,
            shared,
            own,
        }
    }

    /// What the retailer may know of him.
    pub(crate) fn customer(&self, shop: &DemoShop, number: u32) -> Customer {
        let mut attributes = BTreeMap::new();
        let mut set = |name: &str, value: &str| {
            attributes.insert(name.to_owned(), value.to_owned());
        };
        set("region", shop.branches[usize::from(self.home)].region);
        // One in seven has not answered the questionnaire.
        if number % 7 != 3 {
            set("gender", if self.woman { "female" } else { "male" });
            set("age_band", AGES[usize::from(self.age)]);
            set("income_band", ["low", "middle", "high"][usize::from(self.tier)]);
            set("kids_count", &self.kids.to_string());
            set("household_size", &(self.adults + self.kids).to_string());
            match self.pet {
                Pet::None => {}
                Pet::Cat => set("animal", "cat"),
                Pet::Dog => set("animal", "dog"),
            }
        }
        let household = Some(format!("H{:07}", self.household + 1));
        Customer { id: customer_id(number), household, attributes }
    }
}

/// The id of a customer.
pub(crate) fn customer_id(number: u32) -> CustomerId {
    CustomerId(format!("C{:07}", number + 1))
}

/// First and last day, and whether he leaves: one in seven comes later, one in eight leaves.
fn stay(days: u16, own: &mut Dice) -> (u16, u16, bool) {
    let days = u32::from(days);
    let late = own.hit(1400);
    let drawn = own.between(1, days * 6 / 10);
    let first = if late { drawn } else { 0 };
    let churner = own.hit(1200);
    let leaves = own.between(first + (days * 85 / 100 - first) / 4, days * 85 / 100);
    let last = if churner { leaves } else { days - 1 };
    (first as u16, last as u16, churner)
}

fn rate(trade: Trade, runs_home: bool, own: &mut Dice) -> u32 {
    match (trade, runs_home) {
        (Trade::Grocery, true) => own.between(1_100, 3_900),
        (Trade::Grocery, false) => own.between(600, 1_900),
        (Trade::Chain, _) => chain::rate(runs_home, own),
        (Trade::Shoes, _) => own.between(60, 220),
        // Travellers come when they have a trip to book.
        (Trade::Travel, _) => 0,
    }
}
