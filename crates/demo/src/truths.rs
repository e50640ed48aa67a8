//! What was planted in a demo shop, for tests to find again in its receipts.

use retail::{BasisPoints, CardId, CustomerId, Day, ProductId};

use crate::calendar;
use crate::goods::halves;
use crate::grocery::favourites;
use crate::people::{Person, customer_id};
use crate::receipts::{card_id, strangers, till_customer};
use crate::shoes::members;
use crate::shop::{DemoShop, Trade};
use crate::travel::Planted;

/// Everything that was planted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truths {
    /// Customers who leave, by number.
    pub churners: Vec<Churner>,
    /// What customers buy only when it is used up. Shown in the receipts of those who come often
    /// enough and long enough.
    pub cycles: Vec<Cycle>,
    /// Every week's promotions.
    pub promotions: Vec<Promotion>,
    /// What customers buy again and again besides.
    pub habits: Vec<Habit>,
    /// Shoes only: the sizes that each customer buys.
    pub sizes: Vec<Sizes>,
    /// The card that lies at the tills, where there is one.
    pub till_card: Option<TillCard>,
    /// Share of the sales (returns not counted) that no card was shown for.
    pub without_card: BasisPoints,
    /// What goes together.
    pub associations: Vec<Association>,
    /// Goods that are sold though the catalogue does not list them.
    pub unknown_products: Vec<ProductId>,
}

/// A customer who leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Churner {
    /// Who.
    pub customer: CustomerId,
    /// The day of the last purchase: there is one on it, and none later.
    pub last: Day,
}

/// Something that is bought when used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// By whom.
    pub customer: CustomerId,
    /// Category; the customer buys nothing else of it.
    pub category: String,
    /// Always this product.
    pub product: ProductId,
    /// Every so many days.
    pub days: u32,
}

/// A price cut for everybody, in every shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Of which product.
    pub product: ProductId,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Off the shelf price.
    pub discount: BasisPoints,
}

/// What a customer buys again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Who.
    pub customer: CustomerId,
    /// What, each with its cycle in days.
    pub products: Vec<(ProductId, u32)>,
}

/// The sizes of a customer's household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Who buys.
    pub customer: CustomerId,
    /// Every size that the household wears at some time; children grow through several.
    pub sizes: Vec<u32>,
}

/// A card that the cashiers use for anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillCard {
    /// The card.
    pub card: CardId,
    /// The customer it stands for; he is not in the list of customers.
    pub customer: CustomerId,
    /// Share of the sales that it was shown for.
    pub share: BasisPoints,
}

/// What an [`Association`] is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Sales receipts.
    Receipt,
    /// Customers, over all days.
    Customer,
}

/// Two categories that go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Whoever buys of this category …
    pub given: String,
    /// … buys of this one too.
    pub then: String,
    /// So often; for receipts at least so often, as the second may also be there by chance.
    pub confidence: BasisPoints,
    /// Counted in.
    pub unit: Unit,
    /// How many have the first, and how many both, where that was planted exactly.
    pub counts: Option<(u32, u32)>,
}

impl Truths {
    pub(crate) fn of(shop: &DemoShop) -> Self {
        let (without_card, till) = strangers(shop.trade);
        let customer = till_customer(shop);
        let mut truths = Self {
            churners: Vec::new(),
            cycles: Vec::new(),
            promotions: promotions(shop),
            habits: Vec::new(),
            sizes: Vec::new(),
            till_card: (till > 0).then(|| TillCard {
                card: card_id(&customer),
                customer,
                share: BasisPoints(i64::from(till)),
            }),
            without_card: BasisPoints(i64::from(without_card)),
            associations: associations(shop),
            unknown_products: shop.catalogue.unknown.clone().map(|good| id(shop, good)).collect(),
        };
        for number in 0..shop.size.customers {
            truths.add(shop, number, Person::of(shop, number));
        }
        truths
    }

    fn add(&mut self, shop: &DemoShop, number: u32, mut person: Person) {
        let customer = customer_id(number);
        if person.churner {
            let last = calendar::day(u32::from(person.last));
            self.churners.push(Churner { customer: customer.clone(), last });
        }
        match shop.trade {
            Trade::Grocery | Trade::Chain => self.add_favourites(shop, customer, &mut person),
            Trade::Shoes => {
                let days = u32::from(shop.size.days);
                let worn = |member: &crate::shoes::Member| member.size_on(0)..=member.size_on(days);
                let mut sizes: Vec<u32> = members(&mut person).iter().flat_map(worn).collect();
                sizes.sort_unstable();
                sizes.dedup();
                self.sizes.push(Sizes { customer, sizes });
            }
            Trade::Travel => {}
        }
    }

    fn add_favourites(&mut self, shop: &DemoShop, customer: CustomerId, person: &mut Person) {
        let mut products = Vec::new();
        for favourite in favourites(shop, person) {
            let good = &shop.catalogue.goods[favourite.good as usize];
            let product = good.product.id.clone();
            if favourite.cycle {
                let category = good.product.category.clone().unwrap_or_default();
                let (customer, days) = (customer.clone(), favourite.days);
                self.cycles.push(Cycle { customer, category, product, days });
            } else {
                products.push((product, favourite.days));
            }
        }
        self.habits.push(Habit { customer, products });
    }
}

fn promotions(shop: &DemoShop) -> Vec<Promotion> {
    let last = shop.last_day();
    let mut promotions = Vec::new();
    for (week, goods) in shop.promotions() {
        let (from, to) = (calendar::day(week * 7), calendar::day(week * 7 + 6).min(last));
        promotions.extend(goods.iter().map(|&(good, percent)| Promotion {
            product: id(shop, good),
            from,
            to,
            discount: BasisPoints(i64::from(percent) * 100),
        }));
    }
    promotions
}

fn associations(shop: &DemoShop) -> Vec<Association> {
    let name =
        |category: u16| halves(&shop.catalogue.categories[usize::from(category)].name).0.to_owned();
    let mut associations: Vec<Association> = shop
        .pairs
        .iter()
        .map(|&(given, then, bps)| Association {
            given: name(given),
            then: name(then),
            confidence: BasisPoints(i64::from(bps)),
            unit: Unit::Receipt,
            counts: None,
        })
        .collect();
    if shop.trade == Trade::Travel {
        let Planted { mauritius, both, .. } = Planted::among(shop.size.customers);
        associations.push(Association {
            given: "Маврикий".to_owned(),
            then: "Тарифа".to_owned(),
            confidence: BasisPoints(1_200),
            unit: Unit::Customer,
            counts: Some((mauritius, both)),
        });
    }
    associations
}

fn id(shop: &DemoShop, good: u32) -> ProductId {
    shop.catalogue.goods[good as usize].product.id.clone()
}
