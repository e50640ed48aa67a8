//! The travel agency: rare purchases, services without stock, and the planted rule of Mauritius and
//! Tarifa.

use crate::calendar;
use crate::catalogue::{Catalogue, Entry, Heading};
use crate::chain;
use crate::dice::{Dice, coprime, mix, totals};
use crate::goods::{DESTINATIONS, EXTRAS, HOTELS, TRAVEL_GOODS, Unit, halves};
use crate::people::Person;
use crate::receipts::Basket;
use crate::shop::{Branch, DemoShop};

/// Categories bought together: given the first, the second joins in so many of 10,000 receipts.
pub(crate) const PAIRS: &[(&str, &str, u32)] =
    &[("Шерегеш", "Трансферы", 6_000), ("Рим", "Экскурсии", 5_000)];

/// Places of the two planted destinations among the categories.
const MAURITIUS: u16 = 0;
const TARIFA: u16 = 1;

/// A tour that a customer books.
pub(crate) struct Trip {
    /// The day of booking.
    pub day: u16,
    /// Category of the destination.
    pub destination: u16,
}

/// How many customers go to the planted destinations.
pub(crate) struct Planted {
    /// To Mauritius.
    pub mauritius: u32,
    /// To both.
    pub both: u32,
    /// To Tarifa and not to Mauritius.
    pub tarifa_only: u32,
}

impl Planted {
    /// One customer in twenty sees Mauritius, in whole groups of 25 so that 12 % is a whole number
    /// of people (from 500 customers on), and one in twenty-five Tarifa alone.
    pub(crate) fn among(customers: u32) -> Self {
        let mauritius = if customers >= 500 { customers / 500 * 25 } else { customers / 20 };
        let both = (mauritius * 12 + 50) / 100;
        Self { mauritius, both, tarifa_only: customers / 25 }
    }
}

/// The offices: 4, one of them online in all but name.
pub(crate) fn branches() -> Vec<Branch> {
    let branch = |id, name, region, traffic| Branch {
        id: String::from(id),
        name: String::from(name),
        region,
        level: 100,
        carries: 100,
        traffic,
        tills: 1,
        station: false,
    };
    vec![
        branch("T1", "Далековья на Мельничной|Dalekovya on Mill Street", "Центр", 4),
        branch("T2", "Далековья «Галерея»|Dalekovya \"Gallery\"", "Центр", 3),
        branch("T3", "Далековья «Север»|Dalekovya \"North\"", "Север", 2),
        branch("T4", "Далековья «Юг»|Dalekovya \"South\"", "Юг", 2),
    ]
}

/// What it sells: a tour for each hotel of each destination, services, and things for the road.
pub(crate) fn catalogue(seed: u64, days: u16) -> Catalogue {
    let mut catalogue = Catalogue::new();
    let tours = "Туры|Tours";
    for &(name, price, season) in DESTINATIONS {
        let department = Some(tours);
        catalogue.open(&Heading { name, department, weight: 10, season, cycle: None });
        for &(hotel, nights, supplier, percent) in HOTELS {
            let mut tour = entry(hotel, price * percent);
            let (ru, en) = halves(name);
            tour.name = (format!("{ru}, {}", tour.name.0), format!("{en}, {}", tour.name.1));
            tour.kind = format!("Тур: {ru}");
            (tour.supplier, tour.size) = (Some(supplier), Some(nights.to_owned()));
            catalogue.add(department, tour).service = true;
        }
    }
    let department = "Услуги в поездке|Travel services";
    let mut last = "";
    for &(name, kind, supplier, roubles) in EXTRAS {
        if name != last {
            catalogue.open(&Heading::plain(name, department));
            last = name;
        }
        let mut service = entry(kind, roubles * 100);
        service.supplier = Some(supplier);
        catalogue.add(Some(department), service).service = true;
    }
    let department = "Товары в дорогу|Travel goods";
    for &(name, kind, roubles) in TRAVEL_GOODS {
        if name != last {
            catalogue.open(&Heading::plain(name, department));
            last = name;
        }
        catalogue.add(Some(department), entry(kind, roubles * 100));
    }
    catalogue.close(seed, days, false, chain::few_alike)
}

/// The tours of a customer, at most one a day; the last of a churner is on his last day.
pub(crate) fn trips(shop: &DemoShop, customer: u32, person: &mut Person) -> Vec<Trip> {
    let mut destinations = planted(shop, customer);
    let (first, last) = (u32::from(person.first), u32::from(person.last));
    let own = &mut person.own;
    let wanted = [1, 1, 2, 2, 3, 4, 5, 7][own.below(8) as usize].max(destinations.len());
    let count = wanted.min((last - first) as usize + 1);
    let mut days: Vec<u32> = Vec::with_capacity(count);
    while days.len() < count {
        let day = own.between(first, last);
        if !days.contains(&day) {
            days.push(day);
        }
    }
    if person.churner && !days.contains(&last) {
        days[0] = last;
    }
    for &day in &days[destinations.len().min(count)..] {
        let month = calendar::month(day);
        let weight = |&(_, _, season): &(&str, u32, calendar::Season)| season.percent(month);
        let free = totals(DESTINATIONS[2..].iter().map(weight));
        destinations.push(2 + own.weighted(&free) as u16);
    }
    let trip = |(&day, &destination): (&u32, &u16)| Trip { day: day as u16, destination };
    days.iter().zip(&destinations).map(trip).collect()
}

/// The basket of a customer on the day of a booking.
pub(crate) fn basket(
    shop: &DemoShop,
    day: u32,
    customer: u32,
    mut person: Person,
    dice: &mut Dice,
) -> Basket {
    let trips = trips(shop, customer, &mut person);
    let online = person.online && dice.hit(5_000);
    let mut basket = Basket { branch: person.home, online, items: Vec::new() };
    let people = (1 + u32::from(person.kids) + dice.below(2)) * 1000;
    for trip in trips.iter().filter(|trip| u32::from(trip.day) == day) {
        let tour = shop.catalogue.pick(usize::from(trip.destination), person.tier, dice);
        basket.put(tour, people);
    }
    extras(shop, people, &mut basket, dice);
    basket
}

/// The basket of somebody unknown: a tour, or only things for the road.
pub(crate) fn passing(shop: &DemoShop, day: u32, branch: u8, dice: &mut Dice) -> Basket {
    let mut basket = Basket { branch, online: false, items: Vec::new() };
    let people = dice.between(1, 4) * 1000;
    if dice.hit(5_000) {
        let month = &shop.catalogue.months[calendar::month(day)];
        let destination = dice.weighted(&month.passing);
        basket.put(shop.catalogue.pick(destination, 1, dice), people);
    } else {
        let goods = shop.catalogue.named("Багаж");
        basket.put(goods.start + dice.below(goods.end - goods.start), 1000);
    }
    extras(shop, people, &mut basket, dice);
    basket
}

/// The planted destinations of a customer. A fixed shuffle of the customers decides, so that the
/// counts are exact for any number of them.
fn planted(shop: &DemoShop, customer: u32) -> Vec<u16> {
    let n = u64::from(shop.size.customers);
    let step = coprime(7_919, n);
    let place = (u64::from(customer) * step + mix(shop.size.seed, 3, 9) % n) % n;
    let Planted { mauritius, both, tarifa_only } = Planted::among(shop.size.customers);
    match place as u32 {
        place if place < both => vec![MAURITIUS, TARIFA],
        place if place < mauritius => vec![MAURITIUS],
        place if place < mauritius + tarifa_only => vec![TARIFA],
        _ => Vec::new(),
    }
}

fn extras(shop: &DemoShop, people: u32, basket: &mut Basket, dice: &mut Dice) {
    for (often, name, quantity) in [
        (6_500, "Страхование", people),
        (2_500, "Визы", people),
        (2_500, "Трансферы", 1000),
        (2_000, "Экскурсии", people),
        (600, "Багаж", 1000),
        (900, "Путеводители", 1000),
        (700, "В дорогу", 1000),
    ] {
        if dice.hit(often) {
            let goods = shop.catalogue.named(name);
            basket.put(goods.start + dice.below(goods.end - goods.start), quantity);
        }
    }
}

fn entry(kind: &'static str, kopecks: u32) -> Entry {
    let (ru, en) = halves(kind);
    Entry {
        name: (ru.to_owned(), en.to_owned()),
        kind: ru.to_owned(),
        brand: None,
        supplier: None,
        size: None,
        unit: Unit::Piece,
        base: kopecks,
    }
}
