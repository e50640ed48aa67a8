//! The grocery: habits that come due, impulses of the season, and a few goods of other kinds.

use crate::calendar;
use crate::catalogue::{Catalogue, Entry, Heading};
use crate::chain::{self, Assortment, Range};
use crate::dice::{Dice, coprime, mix};
use crate::goods::{Department, Need, Row, Unit, departments, halves};
use crate::people::{Person, Pet};
use crate::receipts::Basket;
use crate::shop::{Branch, DemoShop, Trade};

/// Categories bought together: given the first, the second joins in so many of 10,000 receipts.
pub(crate) const PAIRS: &[(&str, &str, u32)] = &[
    ("Уголь и розжиг", "Свинина", 6_000),
    ("Пиво", "Чипсы", 3_500),
    ("Макароны", "Кетчупы и соусы", 3_000),
    ("Подгузники", "Салфетки детские", 4_000),
];

const FUEL: &str = "Топливо";
const SERVICES: &str = "Услуги магазина";
const GIFTS: &str = "Подарочные карты";
const DELIVERY: &str = "Доставка";

/// A good that somebody buys again and again.
pub(crate) struct Favourite {
    /// Which.
    pub good: u32,
    /// Every so many days.
    pub days: u32,
    /// Of a category that is bought only when used up.
    pub cycle: bool,
    phase: u32,
}

/// The shops: 8 in 3 regions.
pub(crate) fn branches() -> Vec<Branch> {
    let branch = |id, name, region, (carries, traffic, tills), level, station| Branch {
        id: String::from(id),
        name: String::from(name),
        region,
        level,
        carries,
        traffic,
        tills,
        station,
    };
    let (hyper, market, corner) = ((95, 24, 9), (70, 12, 5), (45, 7, 2));
    vec![
        branch(
            "S1",
            "Полнолавка «Тихий Парк», гипермаркет|Polnolavka \"Quiet Park\" hypermarket",
            "Центр",
            hyper,
            100,
            true,
        ),
        branch(
            "S2",
            "Полнолавка «Заречье», гипермаркет|Polnolavka \"Over the River\" hypermarket",
            "Север",
            hyper,
            100,
            true,
        ),
        branch(
            "S3",
            "Полнолавка на Мельничной|Polnolavka on Mill Street",
            "Центр",
            market,
            100,
            false,
        ),
        branch("S4", "Полнолавка на Садовом|Polnolavka on Garden Row", "Центр", market, 100, false),
        branch(
            "S5",
            "Полнолавка на Лесной|Polnolavka on Forest Street",
            "Север",
            market,
            100,
            false,
        ),
        branch("S6", "Полнолавка у Набережной|Polnolavka at the Quay", "Юг", market, 100, true),
        branch("S7", "Полнолавка на Южной|Polnolavka on South Street", "Юг", market, 100, false),
        branch("S8", "Полнолавка «Вокзал»|Polnolavka \"Station\"", "Юг", corner, 107, false),
    ]
}

/// What it sells.
pub(crate) fn catalogue(seed: u64, days: u16, assortment: &Assortment) -> Catalogue {
    let mut catalogue = Catalogue::new();
    for range in assortment.ranges {
        for department in departments() {
            for row in department.rows {
                add_row(&mut catalogue, department, row, range, assortment);
            }
        }
    }
    let shop = "Дополнительно|Extras";
    catalogue.open(&Heading::plain("Услуги магазина|Shop services", shop));
    for (kind, roubles) in [
        ("Печать фотографий|Photo printing", 150),
        ("Изготовление ключей|Key cutting", 350),
        ("Подарочная упаковка|Gift wrapping", 190),
    ] {
        catalogue.add(Some(shop), special(kind, Unit::Piece, roubles * 100)).service = true;
    }
    catalogue.open(&Heading::plain("Доставка|Delivery", shop));
    let delivery = special("Доставка на дом|Home delivery", Unit::Piece, 19_900);
    catalogue.add(Some(shop), delivery).service = true;
    let other = "Прочее|Other";
    catalogue.open(&Heading::plain("Топливо|Fuel", "Топливо|Fuel"));
    for (kind, kopecks) in
        [("Бензин 92|Petrol 92", 5_490), ("Бензин 95|Petrol 95", 5_990), ("Дизель|Diesel", 6_690)]
    {
        let fuel = catalogue.add(Some("Топливо|Fuel"), special(kind, Unit::Litre, kopecks));
        (fuel.merchandise, fuel.offerable) = (false, false);
        fuel.tags.push("fuel".to_owned());
    }
    catalogue.open(&Heading::plain("Подарочные карты|Gift cards", other));
    for (kind, roubles) in [
        ("Подарочная карта 500|Gift card 500", 500),
        ("Подарочная карта 3000|Gift card 3000", 3000),
    ] {
        let card = catalogue.add(Some(other), special(kind, Unit::Piece, roubles * 100));
        (card.merchandise, card.offerable, card.category) = (false, false, None);
    }
    catalogue.close(seed, days, true, assortment.popularity)
}

/// The basket of a customer: what has come due since the day after his last visit, and impulses.
pub(crate) fn basket(
    shop: &DemoShop,
    day: u32,
    mut person: Person,
    since: u32,
    dice: &mut Dice,
) -> Basket {
    let home = !dice.hit(1_800);
    let branch = if home { person.home } else { person.other };
    let online = person.online && dice.hit(3_500);
    let mut basket = Basket { branch, online, items: Vec::with_capacity(12) };
    let seed = shop.size.seed;
    let key = u64::from(person.household) * 64 + if person.runs_home { 0 } else { 32 };
    for (place, favourite) in (0..).zip(favourites(shop, &mut person)) {
        let due = due(seed, key + place, &favourite, since, day);
        if due > 0 {
            let times = if favourite.cycle { 1 } else { due.min(3) };
            basket.put(favourite.good, times * quantity(shop, favourite.good, dice));
        }
    }
    for _ in 0..1 + dice.below(6) {
        impulse(shop, day, person.tier, false, &mut basket, dice);
    }
    extras(shop, day, person.car, &mut basket, dice);
    basket
}

/// The basket of somebody unknown.
pub(crate) fn passing(shop: &DemoShop, day: u32, branch: u8, dice: &mut Dice) -> Basket {
    let mut basket = Basket { branch, online: false, items: Vec::with_capacity(8) };
    for _ in 0..1 + dice.below(9) {
        impulse(shop, day, 1, true, &mut basket, dice);
    }
    let drives = dice.hit(4_000);
    extras(shop, day, drives, &mut basket, dice);
    basket
}

/// What a customer buys again and again: habits of his own, and for the one who runs the household
/// the goods that are bought when used up.
pub(crate) fn favourites(shop: &DemoShop, person: &mut Person) -> Vec<Favourite> {
    let catalogue = &shop.catalogue;
    let own = &mut person.own;
    let mut favourites: Vec<Favourite> = Vec::with_capacity(24);
    let count = match (shop.trade, person.runs_home) {
        (Trade::Chain, _) => chain::habits(person.rate, own),
        (_, true) => own.between(8, 14),
        (_, false) => own.between(3, 7),
    };
    for _ in 0..count {
        let category = own.weighted(&catalogue.months[3].impulse);
        let good = core(catalogue, category, person.tier, own);
        let days = own.pick(&[4, 5, 6, 7, 7, 9, 10, 12, 14, 14, 18, 21, 28]).copied().unwrap_or(7);
        let phase = own.below(days);
        if favourites.iter().all(|known| known.good != good) {
            favourites.push(Favourite { good, days, cycle: false, phase });
        }
    }
    if !person.runs_home {
        return favourites;
    }
    for (category, entry) in catalogue.categories.iter().enumerate() {
        let Some((days, need)) = entry.cycle else { continue };
        let needed = match need {
            Need::Anybody(bps) => own.hit(bps),
            Need::Cat => person.pet == Pet::Cat,
            Need::Dog => person.pet == Pet::Dog,
            Need::Baby => person.baby,
        };
        if needed && (shop.trade != Trade::Chain || chain::cycles_here(person.rate, own)) {
            let good = core(catalogue, category, person.tier, own);
            let days = days * own.between(85, 115) / 100;
            favourites.push(Favourite { good, days, cycle: true, phase: own.below(days) });
        }
    }
    favourites
}

fn add_row(
    catalogue: &mut Catalogue,
    department: &Department,
    row: &Row,
    range: &Range,
    assortment: &Assortment,
) {
    let ((ru, en), season) = (halves(row.name), row.season);
    let (ru, en) = match range.name.map(halves) {
        Some((more_ru, more_en)) => (format!("{ru}, {more_ru}"), format!("{en}, {more_en}")),
        None => (ru.to_owned(), en.to_owned()),
    };
    // What is bought when used up is bought of the usual range.
    let cycle = row.cycle.filter(|_| range.name.is_none());
    let weight = row.weight * range.weight / 100;
    let name = &format!("{ru}|{en}");
    catalogue.open(&Heading { name, department: Some(department.name), weight, season, cycle });
    let (variants, brands, sizes) = (row.variants, department.brands, row.sizes);
    // What is weighed or poured is not packed.
    let packs = if row.unit == Unit::Piece { assortment.packs } else { chain::NEIGHBOURHOOD.packs };
    let total = variants.len() * brands.len() * sizes.len();
    // A stride that shares no divisor with the total visits every combination once, well mixed.
    let stride = coprime(total as u64 * 5 / 8, total as u64) as usize;
    // Everything is sold by the unit before anything is sold by the pack.
    for number in 0..(total * packs.len()).min(assortment.products) {
        let at = number * stride % total;
        let variant = variants[at % variants.len()];
        let brand = brands[at / variants.len() % brands.len()];
        let package = at / variants.len() / brands.len();
        let (units, percent) = packs[number / total];
        let ((s_ru, s_en), (v_ru, v_en)) = (halves(sizes[package]), halves(variant));
        let (s_ru, s_en) = match units {
            1 => (s_ru.to_owned(), s_en.to_owned()),
            _ => (format!("{s_ru} × {units}"), format!("{s_en} x {units}")),
        };
        let (b_ru, b_en) = halves(brand.name);
        let (low, high) = row.price;
        let middle = low
            + (high - low) * package as u32 / sizes.len() as u32
            + (high - low) / sizes.len() as u32 * (at % 7) as u32 / 7;
        let entry = Entry {
            name: (
                format!("{ru}: {v_ru} «{b_ru}», {s_ru}"),
                format!("{en}: {v_en} \"{b_en}\", {s_en}"),
            ),
            kind: format!("{ru}: {v_ru}"),
            brand: Some(brand),
            supplier: None,
            size: Some(format!("{s_ru}|{s_en}")),
            unit: row.unit,
            base: middle * brand.level * range.price / 100 * units * percent / 100,
        };
        let product = catalogue.add(Some(department.name), entry);
        product.tags.extend(department.tag.map(str::to_owned));
    }
}

fn special(kind: &'static str, unit: Unit, kopecks: u32) -> Entry {
    let (ru, en) = halves(kind);
    Entry {
        name: (ru.to_owned(), en.to_owned()),
        kind: ru.to_owned(),
        brand: None,
        supplier: None,
        size: None,
        unit,
        base: kopecks,
    }
}

/// How often a favourite has come due from one day to another, both included. The n-th need falls on
/// phase + n × days, moved by up to an eighth of the cycle.
fn due(seed: u64, key: u64, favourite: &Favourite, since: u32, day: u32) -> u32 {
    let (days, phase) = (i64::from(favourite.days), i64::from(favourite.phase));
    let sway = days / 8;
    let (since, day) = (i64::from(since), i64::from(day));
    let (first, last) = ((since - phase) / days - 1, (day - phase) / days + 1);
    let need = |number: i64| {
        let moved = (mix(seed, key, number as u64) % (2 * sway as u64 + 1)) as i64 - sway;
        phase + number * days + moved
    };
    (first..=last).filter(|&number| (since..=day).contains(&need(number))).count() as u32
}

/// A good of a category that is sold everywhere and always.
fn core(catalogue: &Catalogue, category: usize, tier: u8, dice: &mut Dice) -> u32 {
    for _ in 0..4 {
        let good = catalogue.pick(category, tier, dice);
        if catalogue.goods[good as usize].core {
            return good;
        }
    }
    catalogue.categories[category].goods.start
}

/// Adds something nobody has planned to buy: a promotion, or a category of the season.
fn impulse(
    shop: &DemoShop,
    day: u32,
    tier: u8,
    stranger: bool,
    basket: &mut Basket,
    dice: &mut Dice,
) {
    let (catalogue, branch) = (&shop.catalogue, usize::from(basket.branch));
    if dice.hit(if tier == 0 { 3_000 } else { 1_600 })
        && let Some(&(good, _)) = dice.pick(shop.promoted(day))
    {
        let category = catalogue.goods[good as usize].category;
        let planned = catalogue.categories[usize::from(category)].cycle.is_some();
        if (stranger || !planned) && shop.sold(good, branch, day) {
            basket.put(good, quantity(shop, good, dice));
            return;
        }
    }
    let month = &catalogue.months[calendar::month(day)];
    let category = dice.weighted(if stranger { &month.passing } else { &month.impulse });
    let good = catalogue.pick(category, tier, dice);
    let first = catalogue.categories[category].goods.start;
    let good = if shop.sold(good, branch, day) { good } else { first };
    basket.put(good, quantity(shop, good, dice));
}

/// Fuel, gift cards, services: goods of other kinds.
fn extras(shop: &DemoShop, day: u32, car: bool, basket: &mut Basket, dice: &mut Dice) {
    let station = shop.branches[usize::from(basket.branch)].station;
    let online = basket.online;
    let mut special = |name: &str, quantity: u32, dice: &mut Dice| {
        let goods = shop.catalogue.named(name);
        basket.put(goods.start + dice.below(goods.end - goods.start), quantity);
    };
    if online {
        return special(DELIVERY, 1000, dice);
    }
    if car && station && dice.hit(2_500) {
        let litres = dice.between(15_000, 52_000);
        special(FUEL, litres, dice);
    }
    if dice.hit(60) {
        special(SERVICES, 1000, dice);
    }
    if dice.hit(if calendar::month(day) == 11 { 250 } else { 15 }) {
        special(GIFTS, 1000, dice);
    }
}

/// How much of a good goes into the basket at once, thousandths.
fn quantity(shop: &DemoShop, good: u32, dice: &mut Dice) -> u32 {
    let good = &shop.catalogue.goods[good as usize];
    match good.unit {
        // Costly goods are cut thinner.
        Unit::Kilogram if good.base > 60_000 => dice.between(150, 600),
        Unit::Kilogram => dice.between(300, 2_200),
        Unit::Litre => dice.between(15_000, 52_000),
        Unit::Piece => [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][dice.below(10) as usize] * 1000,
    }
}
