//! The shoe shop: sizes, seasons, rare purchases, children who outgrow what they wear.

use crate::calendar;
use crate::catalogue::{Catalogue, Entry, Heading};
use crate::chain;
use crate::dice::Dice;
use crate::goods::{CARE, MODELS, SHOE_BRANDS, Unit, Wearer, halves};
use crate::people::Person;
use crate::receipts::Basket;
use crate::shop::{Branch, DemoShop};

/// Categories bought together: given the first, the second joins in so many of 10,000 receipts.
pub(crate) const PAIRS: &[(&str, &str, u32)] = &[
    ("Ботинки зимние женские", "Уход за обувью", 3_000),
    ("Ботинки зимние мужские", "Уход за обувью", 3_000),
    ("Кроссовки мужские", "Носки и колготки", 2_500),
];

/// Styles of each sort of shoes.
const STYLES: usize = 6;

/// A child's foot grows by one size in so many days.
const GROWTH_DAYS: u32 = 130;

/// Somebody in the household for whom shoes are bought.
pub(crate) struct Member {
    /// What he or she wears.
    pub wearer: Wearer,
    /// The size on the first day.
    pub size: u32,
}

impl Member {
    /// The size on a day.
    pub(crate) fn size_on(&self, day: u32) -> u32 {
        match self.wearer {
            Wearer::Child => (self.size + day / GROWTH_DAYS).min(Wearer::Child.sizes().1),
            _ => self.size,
        }
    }
}

/// The shops: 4 in 3 regions.
pub(crate) fn branches() -> Vec<Branch> {
    let branch = |id, name, region, traffic, level| Branch {
        id: String::from(id),
        name: String::from(name),
        region,
        level,
        carries: 80,
        traffic,
        tills: 2,
        station: false,
    };
    vec![
        branch("B1", "Двапара «Галерея»|Dvapara \"Gallery\"", "Центр", 4, 100),
        branch("B2", "Двапара на Мельничной|Dvapara on Mill Street", "Центр", 2, 100),
        branch("B3", "Двапара «Север»|Dvapara \"North\"", "Север", 2, 100),
        branch("B4", "Двапара «Склад», уценка|Dvapara \"Warehouse\", outlet", "Юг", 1, 85),
    ]
}

/// What it sells: every style in every size of its wearer is a product.
pub(crate) fn catalogue(seed: u64, days: u16) -> Catalogue {
    const COLOURS: [&str; STYLES] =
        ["чёрные|black", "белые|white", "бежевые|beige", "синие|blue", "красные|red", "серые|grey"];
    let mut catalogue = Catalogue::new();
    for (place, model) in MODELS.iter().enumerate() {
        let (name, season) = (model.name, model.season);
        let department = Some(model.wearer.department());
        catalogue.open(&Heading { name, department, weight: 10, season, cycle: None });
        let brands = if model.wearer == Wearer::Child { &SHOE_BRANDS[..3] } else { SHOE_BRANDS };
        for (style, colour) in COLOURS.iter().enumerate() {
            let brand = brands[(place + style) % brands.len()];
            let ((ru, en), (b_ru, b_en)) = (halves(name), halves(brand.name));
            let (c_ru, c_en) = halves(colour);
            let (low, high) = model.price;
            let middle = low + (high - low) * ((place * 5 + style * 7) % 11) as u32 / 10;
            for size in model.wearer.sizes().0..=model.wearer.sizes().1 {
                let entry = Entry {
                    name: (
                        format!("{ru} «{b_ru}», {c_ru}, р. {size}"),
                        format!("{en} \"{b_en}\", {c_en}, size {size}"),
                    ),
                    kind: format!("{ru} «{b_ru}», {c_ru}"),
                    brand: Some(brand),
                    supplier: None,
                    size: None,
                    unit: Unit::Piece,
                    base: middle * brand.level,
                };
                catalogue.add(department, entry).size = Some(size.to_string());
            }
        }
    }
    let department = "Уход и сервис|Care and service";
    let mut last = "";
    for &(name, kind, roubles, service) in CARE {
        if name != last {
            catalogue.open(&Heading::plain(name, department));
            last = name;
        }
        let ((ru, en), base) = (halves(kind), roubles * 100);
        let name = (ru.to_owned(), en.to_owned());
        let (brand, supplier, size, unit) = (None, None, None, Unit::Piece);
        let entry = Entry { name, kind: ru.to_owned(), brand, supplier, size, unit, base };
        catalogue.add(Some(department), entry).service = service;
    }
    catalogue.close(seed, days, false, chain::few_alike)
}

/// The members of a customer's household who need shoes.
pub(crate) fn members(person: &mut Person) -> Vec<Member> {
    let shared = &mut person.shared;
    let mut members = Vec::new();
    let (woman, man) = (shared.hit(8_500), shared.hit(6_500));
    if woman || !man {
        members
            .push(Member { wearer: Wearer::Woman, size: 35 + shared.below(4) + shared.below(4) });
    }
    if man {
        members.push(Member { wearer: Wearer::Man, size: 40 + shared.below(4) + shared.below(4) });
    }
    for _ in 0..person.kids {
        members.push(Member { wearer: Wearer::Child, size: shared.between(24, 33) });
    }
    members
}

/// The basket of a customer: shoes for one or two members of the household, in their sizes.
pub(crate) fn basket(shop: &DemoShop, day: u32, mut person: Person, dice: &mut Dice) -> Basket {
    let branch = if dice.hit(8_000) { person.home } else { person.other };
    let online = person.online && dice.hit(4_000);
    let mut basket = Basket { branch, online, items: Vec::new() };
    let members = members(&mut person);
    for _ in 0..if dice.hit(2_500) { 2 } else { 1 } {
        if let Some(member) = dice.pick(&members) {
            pair(shop, day, member, &mut basket, dice);
        }
    }
    extras(shop, &mut basket, dice);
    basket
}

/// The basket of somebody unknown.
pub(crate) fn passing(shop: &DemoShop, day: u32, branch: u8, dice: &mut Dice) -> Basket {
    let mut basket = Basket { branch, online: false, items: Vec::new() };
    let wearer = dice.pick(&[Wearer::Woman, Wearer::Man, Wearer::Child]).copied();
    let wearer = wearer.unwrap_or(Wearer::Woman);
    let (low, high) = wearer.sizes();
    let member = Member { wearer, size: dice.between(low, high) };
    pair(shop, day, &member, &mut basket, dice);
    extras(shop, &mut basket, dice);
    basket
}

/// Adds a pair for a member: a sort of the season, a style by popularity, his size.
fn pair(shop: &DemoShop, day: u32, member: &Member, basket: &mut Basket, dice: &mut Dice) {
    let month = calendar::month(day);
    let weight = |model: &crate::goods::Model| {
        if model.wearer == member.wearer { model.season.percent(month) } else { 0 }
    };
    let model = dice.weighted(&crate::dice::totals(MODELS.iter().map(weight)));
    let (low, high) = member.wearer.sizes();
    let style = dice.below(STYLES as u32).min(dice.below(STYLES as u32));
    let first = shop.catalogue.categories[model].goods.start;
    basket.put(first + style * (high - low + 1) + member.size_on(day) - low, 1000);
}

/// Care for the shoes, and now and then a repair.
fn extras(shop: &DemoShop, basket: &mut Basket, dice: &mut Dice) {
    for (often, name) in [
        (1_200, "Уход за обувью"),
        (1_000, "Стельки и шнурки"),
        (1_500, "Носки и колготки"),
        (300, "Ремонт обуви"),
    ] {
        if dice.hit(often) {
            let goods = shop.catalogue.named(name);
            basket.put(goods.start + dice.below(goods.end - goods.start), 1000);
        }
    }
}
