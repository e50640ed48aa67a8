//! What was planted in the demo shops can be found again in their receipts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use demo::{DemoShop, Feed, LabelKind, MAPPING, Size, Unit};
use retail::{Day, Product, Receipt};
use xxhash_rust::xxh3::Xxh3;

/// One shop with everything it says, so that a test reads like a question.
struct Told {
    shop: DemoShop,
    receipts: Vec<Receipt>,
    truths: demo::Truths,
    products: HashMap<String, Product>,
}

impl Told {
    fn of(shop: DemoShop) -> Self {
        let receipts = shop.receipts().collect();
        let truths = shop.truths();
        let products = shop.products().into_iter().map(|p| (p.id.0.clone(), p)).collect();
        Self { shop, receipts, truths, products }
    }

    /// Receipts that are not returns.
    fn sales(&self) -> impl Iterator<Item = &Receipt> {
        self.receipts.iter().filter(|receipt| receipt.original.is_none())
    }

    fn category(&self, product: &str) -> &str {
        self.products.get(product).and_then(|p| p.category.as_deref()).unwrap_or("")
    }

    fn categories<'a>(&'a self, receipt: &'a Receipt) -> BTreeSet<&'a str> {
        receipt.lines.iter().map(|line| self.category(&line.product.0)).collect()
    }
}

/// The usual grocery, computed once for all tests.
fn grocery() -> &'static Told {
    static TOLD: LazyLock<Told> = LazyLock::new(|| Told::of(DemoShop::grocery(Size::GROCERY)));
    &TOLD
}

/// One shop of each trade; the grocery is a small one.
fn all() -> &'static [(&'static str, Told)] {
    static TOLD: LazyLock<Vec<(&str, Told)>> = LazyLock::new(|| {
        vec![
            ("grocery", Told::of(DemoShop::grocery(Size { customers: 600, ..Size::GROCERY }))),
            ("shoes", Told::of(DemoShop::shoes(Size::SHOES))),
            ("travel", Told::of(DemoShop::travel(Size::TRAVEL))),
            ("chain", Told::of(DemoShop::grocery(Size { customers: 10_000, days: 60, seed: 1 }))),
        ]
    });
    &TOLD
}

fn per_mille(part: usize, whole: usize) -> usize {
    part * 1000 / whole.max(1)
}

fn bytes(shop: &DemoShop) -> u64 {
    let mut hash = Xxh3::new();
    let mut text = Vec::new();
    for feed in Feed::ALL {
        shop.write(feed, &mut text).expect("memory takes every byte");
        hash.update(&text);
        text.clear();
    }
    hash.digest()
}

#[test]
fn a_seed_gives_the_same_bytes_everywhere() {
    // Other bytes are another generator: raise `src/version.txt` with them.
    let size = |seed| Size { customers: 120, days: 200, seed };
    let chain = Size { customers: 10_000, days: 28, seed: 1 };
    let found = [
        ("grocery", DemoShop::grocery(size(1))),
        ("grocery, another seed", DemoShop::grocery(size(2))),
        ("shoes", DemoShop::shoes(size(1))),
        ("travel", DemoShop::travel(size(1))),
        ("chain", DemoShop::grocery(chain)),
    ]
    .map(|(name, shop)| format!("{name}: {:016x}", bytes(&shop)));
    assert_eq!(
        found,
        [
            "grocery: 7f3f397852864182",
            "grocery, another seed: f6f2e8cfdea0ecf4",
            "shoes: 5da74016e66f1821",
            "travel: 04b716b863351577",
            "chain: bbbd15a724620142",
        ]
    );
}

#[test]
fn the_usual_grocery_is_as_large_as_promised() {
    let told = grocery();
    let lines: usize = told.receipts.iter().map(|receipt| receipt.lines.len()).sum();
    let own = told.receipts.iter().filter(|receipt| receipt.customer.is_some()).count();
    let count = |kind| told.shop.labels(kind).len();
    println!(
        "{} receipts, {} lines, {} products, {} categories, {} departments, {} brands",
        told.receipts.len(),
        lines,
        told.products.len(),
        count(LabelKind::Category),
        count(LabelKind::Department),
        count(LabelKind::Brand),
    );
    assert!((60..=100).contains(&(own / 2_000)), "{} receipts a customer", own / 2_000);
    assert!((60..=100).contains(&(lines * 10 / told.receipts.len())), "tenths of lines a receipt");
    assert!((1_400..=1_700).contains(&told.products.len()));
    assert!((110..=150).contains(&count(LabelKind::Category)));
    assert!((14..=20).contains(&count(LabelKind::Department)));
    assert_eq!(told.shop.shops().len(), 8);
    let regions: BTreeSet<_> = told.shop.shops().into_iter().map(|shop| shop.region).collect();
    assert_eq!(regions.len(), 3);
}

#[test]
fn a_grocery_grows_with_its_customers() {
    for (customers, shops, products, categories) in [
        (9_999, 8, 1_586, 139),
        (10_000, 8, 3_000, 139),
        (50_000, 17, 8_000, 270),
        (250_000, 40, 18_400, 400),
        (500_000, 56, 22_000, 400),
    ] {
        let shop = DemoShop::grocery(Size { customers, days: 28, seed: 1 });
        let found = (shop.products().len(), shop.labels(LabelKind::Category).len());
        let ids: HashSet<_> = shop.shops().into_iter().map(|shop| shop.id).collect();
        let names: HashSet<_> = shop.products().into_iter().map(|product| product.name).collect();
        assert_eq!(ids.len(), shops, "{customers}");
        assert_eq!(names.len(), found.0, "{customers}: every product has a name of its own");
        assert!(found.0.abs_diff(products) < products / 20, "{customers}: {found:?}");
        assert!(found.1.abs_diff(categories) < categories / 20, "{customers}: {found:?}");
        assert!(shop.shops().into_iter().all(|shop| shop.name_en.is_some_and(|en| en.is_ascii())));
        assert!(shop.prices().len() < found.0 * 12 && shop.stock().count() < found.0 * shops);
    }
}

#[test]
fn a_chain_lives_on_few_customers_and_few_products() {
    let told = &all()[3].1;
    let (mut by_customer, mut by_product) = (HashMap::new(), HashMap::new());
    for receipt in told.sales() {
        for line in &receipt.lines {
            *by_product.entry(line.product.0.as_str()).or_insert(0) += 1;
            if let Some(customer) = &receipt.customer {
                *by_customer.entry(customer.0.as_str()).or_insert(0) += 1;
            }
        }
    }
    let share_of_tenth = |counts: HashMap<&str, usize>, all: usize| {
        let mut counts: Vec<usize> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        per_mille(counts.iter().take(all / 10).sum(), counts.iter().sum())
    };
    let customers = share_of_tenth(by_customer, told.shop.size().customers as usize);
    let products = share_of_tenth(by_product, told.products.len());
    println!("the first tenth: customers {customers} per mille, products {products}");
    assert!((350..600).contains(&customers), "{customers}");
    assert!((400..800).contains(&products), "{products}");
}

#[test]
fn receipts_cut_into_parts_are_the_same_receipts() {
    let shop = DemoShop::grocery(Size { customers: 200, days: 100, seed: 4 });
    let whole: Vec<Receipt> = shop.receipts().collect();
    let (mut receipts, mut found, mut redemptions) = (shop.receipts(), Vec::new(), Vec::new());
    for days in [1, 2, 30, 31, 99, 100] {
        let last = Day(20_088 + days);
        while let Some(receipt) = receipts.next_until(last) {
            assert!(receipt.day <= last);
            found.push(receipt);
        }
        assert!(found.last().is_some_and(|receipt| receipt.day == last), "after {days} days");
        let taken = receipts.take_redemptions();
        assert!(taken.iter().all(|row| row.day <= last), "after {days} days");
        redemptions.extend(taken);
    }
    assert_eq!(found, whole);
    assert_eq!(redemptions, shop.redemptions());
}

#[test]
fn receipts_come_in_the_order_of_time_with_numbers_of_their_own() {
    for (name, told) in all() {
        assert!(told.receipts.is_sorted_by_key(|receipt| receipt.at), "{name}");
        let numbers: HashSet<_> = told.receipts.iter().map(|r| &r.key.number).collect();
        assert_eq!(numbers.len(), told.receipts.len(), "{name}");
        let shops: HashSet<_> = told.shop.shops().into_iter().map(|shop| shop.id).collect();
        for receipt in &told.receipts {
            assert!(shops.contains(&receipt.shop) && !receipt.lines.is_empty(), "{name}");
            assert!((8 * 60..23 * 60).contains(&receipt.minute), "{name}");
            // Moscow is three hours ahead of UTC.
            let local = receipt.at.0 / 60_000_000 + 180;
            assert_eq!(
                local,
                i64::from(receipt.day.0) * 1440 + i64::from(receipt.minute),
                "{name}"
            );
            let goods: HashSet<_> = receipt.lines.iter().map(|line| &line.product).collect();
            assert_eq!(goods.len(), receipt.lines.len(), "{name}: each good once in a receipt");
        }
    }
}

#[test]
fn lines_add_up_to_the_shelf_price() {
    for (name, told) in all() {
        let mut prices: HashMap<_, Vec<(Day, i64)>> = HashMap::new();
        for price in told.shop.prices() {
            let shop = price.shop.map_or(String::new(), |shop| shop.0);
            prices.entry((price.product.0, shop)).or_default().push((price.from, price.price.0));
        }
        let mut unknown = BTreeSet::new();
        for receipt in told.sales() {
            for line in &receipt.lines {
                let (product, shop) = (line.product.0.clone(), receipt.shop.0.clone());
                if !told.products.contains_key(&product) {
                    unknown.insert(product);
                    continue;
                }
                let steps = prices
                    .get(&(product.clone(), shop))
                    .or_else(|| prices.get(&(product.clone(), String::new())));
                let unit = steps.unwrap().iter().rfind(|step| step.0 <= receipt.day).unwrap().1;
                let shelf = (unit * line.quantity.0 + 500) / 1000;
                assert_eq!(line.net.0 + line.discount.0, shelf, "{name}: {product}");
                assert!(line.net.0 > 0 && line.discount.0 >= 0 && line.quantity.0 > 0, "{name}");
                assert!(line.retailer_coupon.0 <= line.discount.0, "{name}");
                assert!(line.supplier_coupon.0 < line.net.0, "{name}");
            }
        }
        let planted: BTreeSet<_> =
            told.truths.unknown_products.iter().map(|product| product.0.clone()).collect();
        assert!(unknown.is_subset(&planted), "{name}: {unknown:?}");
        assert!(*name != "grocery" || unknown == planted, "{name}: {unknown:?}");
    }
}

#[test]
fn only_what_is_on_sale_is_sold() {
    let told = &all()[0].1;
    let shelves: HashMap<_, _> = told
        .shop
        .assortment()
        .map(|row| ((row.product.0, row.shop.0), (row.from, row.to)))
        .collect();
    assert!(shelves.values().any(|(from, _)| from.is_some()), "novelties");
    assert!(shelves.values().any(|(_, to)| to.is_some()), "goods that are given up");
    for receipt in told.sales() {
        for line in &receipt.lines {
            let product = told.products.get(&line.product.0);
            if product.is_none_or(|product| product.service || !product.merchandise) {
                continue;
            }
            let (from, to) = shelves[&(line.product.0.clone(), receipt.shop.0.clone())];
            let sold = from.is_none_or(|from| from <= receipt.day)
                && to.is_none_or(|to| receipt.day <= to);
            assert!(sold, "{} in {} on {}", line.product, receipt.shop, receipt.day);
        }
    }
}

#[test]
fn churners_come_on_their_last_day_and_never_again() {
    for (name, told) in all() {
        let mut last = HashMap::new();
        for receipt in &told.receipts {
            if let Some(customer) = &receipt.customer {
                last.insert(customer.0.clone(), receipt.day);
            }
        }
        for churner in &told.truths.churners {
            assert_eq!(last[&churner.customer.0], churner.last, "{name}: {}", churner.customer);
        }
        let share = per_mille(told.truths.churners.len(), told.shop.size().customers as usize);
        assert!((80..160).contains(&share), "{name}: {share} per mille leave");
    }
}

#[test]
fn sales_without_a_card_and_with_the_till_card_have_their_shares() {
    for (name, told) in all() {
        let all = told.sales().count();
        let without = told.sales().filter(|receipt| receipt.card.is_none()).count();
        let planted = told.truths.without_card.0 as usize / 10;
        assert!(per_mille(without, all).abs_diff(planted) <= 2, "{name}: {without} of {all}");
        let Some(till) = &told.truths.till_card else { continue };
        let mut by_card: HashMap<_, usize> = HashMap::new();
        for receipt in told.sales() {
            *by_card.entry(receipt.card.as_ref().map(|card| card.0.as_str())).or_default() += 1;
        }
        let times = by_card.remove(&Some(till.card.0.as_str())).unwrap();
        by_card.remove(&None);
        let busiest = by_card.values().max().unwrap();
        assert!(times > busiest * 4, "{name}: {times} against {busiest}");
        assert!(per_mille(times, all).abs_diff(till.share.0 as usize / 10) <= 2, "{name}");
        let known: HashSet<_> = told.shop.customers().map(|customer| customer.id).collect();
        assert!(!known.contains(&till.customer), "{name}");
        let strange = |r: &&Receipt| r.customer.as_ref().is_some_and(|id| !known.contains(id));
        assert!(told.receipts.iter().filter(strange).all(|r| r.card.as_ref() == Some(&till.card)));
    }
}

#[test]
fn cycles_are_bought_at_their_pace() {
    let told = grocery();
    let mut days: HashMap<(&str, &str), Vec<i32>> = HashMap::new();
    let mut seen: HashMap<&str, Vec<i32>> = HashMap::new();
    for receipt in told.sales() {
        let Some(customer) = &receipt.customer else { continue };
        seen.entry(&customer.0).or_default().push(receipt.day.0);
        for line in &receipt.lines {
            days.entry((&customer.0, &line.product.0)).or_default().push(receipt.day.0);
        }
    }
    let (mut near, mut judged) = (0, 0);
    let mut categories = BTreeSet::new();
    for cycle in &told.truths.cycles {
        let customer = cycle.customer.0.as_str();
        let Some(bought) = days.get(&(customer, cycle.product.0.as_str())) else { continue };
        let visits = &seen[customer];
        let pace = (visits[visits.len() - 1] - visits[0]) / visits.len() as i32;
        if bought.len() < 5 || (cycle.days as i32) < 3 * pace {
            continue;
        }
        let mut gaps: Vec<i32> = bought.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        let median = gaps[gaps.len() / 2];
        judged += 1;
        near += usize::from((median - cycle.days as i32).abs() <= (cycle.days as i32 / 5).max(3));
        categories.insert(cycle.category.as_str());
    }
    println!("{near} of {judged} cycles near the planted one");
    assert!(judged > 2_000 && per_mille(near, judged) > 900, "{near} of {judged}");
    assert!(categories.contains("Сменные лезвия") && categories.contains("Корм для собак"));
}

#[test]
fn nobody_buys_outside_the_cycle_or_another_product_of_it() {
    let told = &all()[0].1;
    let planted: HashMap<_, _> = told
        .truths
        .cycles
        .iter()
        .map(|cycle| ((cycle.customer.0.clone(), cycle.category.clone()), cycle.product.clone()))
        .collect();
    let cyclic: HashSet<_> = planted.keys().map(|(_, category)| category.clone()).collect();
    let till = told.truths.till_card.clone().unwrap().customer;
    for receipt in told.receipts.iter().filter(|r| r.customer.as_ref() != Some(&till)) {
        let Some(customer) = &receipt.customer else { continue };
        for line in &receipt.lines {
            let category = told.category(&line.product.0).to_owned();
            if cyclic.contains(&category) {
                assert_eq!(planted.get(&(customer.0.clone(), category)), Some(&line.product));
            }
        }
    }
}

#[test]
fn habits_show() {
    let told = grocery();
    let mut bought: HashMap<(&str, &str), usize> = HashMap::new();
    let mut visits: HashMap<&str, usize> = HashMap::new();
    for receipt in told.sales() {
        let Some(customer) = &receipt.customer else { continue };
        *visits.entry(&customer.0).or_default() += 1;
        for line in &receipt.lines {
            *bought.entry((&customer.0, &line.product.0)).or_default() += 1;
        }
    }
    let (mut shown, mut all) = (0, 0);
    for habit in &told.truths.habits {
        if visits.get(habit.customer.0.as_str()).is_none_or(|&visits| visits < 40) {
            continue;
        }
        for (product, _) in &habit.products {
            all += 1;
            let times = bought.get(&(habit.customer.0.as_str(), product.0.as_str()));
            shown += usize::from(times.is_some_and(|&times| times >= 4));
        }
    }
    assert!(per_mille(shown, all) > 950, "{shown} of {all}");
}

#[test]
fn promotions_are_priced_and_raise_sales() {
    let told = grocery();
    let promoted: HashMap<_, _> = told
        .truths
        .promotions
        .iter()
        .map(|promotion| ((promotion.product.0.as_str(), promotion.from), promotion))
        .collect();
    let (mut with, mut all) = (0, 0);
    for receipt in told.sales() {
        let from = Day(20_089 + (receipt.day.0 - 20_089) / 7 * 7);
        for line in &receipt.lines {
            all += 1;
            let discount = promoted.get(&(line.product.0.as_str(), from));
            with += usize::from(discount.is_some());
            let bps = discount.map_or(0, |promotion| promotion.discount.0);
            assert!(discount.is_none_or(|promotion| receipt.day <= promotion.to));
            let shelf = line.net.0 + line.discount.0;
            let mass = line.discount.0 - line.retailer_coupon.0;
            assert!((mass * 10_000 - shelf * bps).abs() <= 5_000, "{}: {mass}", line.product);
        }
    }
    // 55 of 1,500 goods are on promotion at a time: without an effect they would be 3.7 %.
    assert!(per_mille(with, all) > 70, "{with} of {all} lines");
}

#[test]
fn planted_associations_hold() {
    for (name, told) in all() {
        for rule in &told.truths.associations {
            let (given, both) = match rule.unit {
                Unit::Receipt => {
                    let mut counts = (0, 0);
                    for receipt in told.sales() {
                        let categories = told.categories(receipt);
                        if categories.contains(rule.given.as_str()) {
                            counts.0 += 1;
                            counts.1 += usize::from(categories.contains(rule.then.as_str()));
                        }
                    }
                    counts
                }
                Unit::Customer => customers_with_both(told, &rule.given, &rule.then),
            };
            let (share, planted) = (per_mille(both, given), rule.confidence.0 as usize / 10);
            let text = format!("{name}: {} → {}: {both} of {given}", rule.given, rule.then);
            match rule.counts {
                Some(counts) => assert_eq!((given, both), (counts.0 as usize, counts.1 as usize)),
                None => assert!(share + 60 > planted && share < planted + 160, "{text}"),
            }
        }
    }
}

fn customers_with_both(told: &Told, given: &str, then: &str) -> (usize, usize) {
    let mut went: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for receipt in told.sales() {
        if let Some(customer) = &receipt.customer {
            went.entry(&customer.0).or_default().extend(told.categories(receipt));
        }
    }
    let with = went.values().filter(|categories| categories.contains(given));
    let both = with.clone().filter(|categories| categories.contains(then));
    (with.count(), both.count())
}

#[test]
fn twelve_per_cent_of_mauritius_went_to_tarifa() {
    for customers in [500, 501, 777, 1_000, 2_345, 5_000] {
        let size = Size { customers, seed: u64::from(customers), ..Size::TRAVEL };
        let told = Told::of(DemoShop::travel(size));
        let (given, both) = customers_with_both(&told, "Маврикий", "Тарифа");
        assert!(given >= 25 && both * 100 == given * 12, "{customers}: {both} of {given}");
        let (others, _) = customers_with_both(&told, "Тарифа", "Маврикий");
        assert!(others > both, "{customers}: others go to Tarifa too");
    }
}

#[test]
fn weeks_and_years_breathe() {
    let told = grocery();
    let (mut weekdays, mut hours) = ([0; 7], [0; 24]);
    let mut months: BTreeMap<(&str, i8), usize> = BTreeMap::new();
    for receipt in told.sales() {
        weekdays[usize::from(receipt.day.weekday()) - 1] += 1;
        hours[usize::from(receipt.minute / 60)] += 1;
        for line in &receipt.lines {
            let category = told.category(&line.product.0);
            *months.entry((category, receipt.day.date().month())).or_default() += 1;
        }
    }
    assert!(weekdays[5] * 10 > weekdays[0] * 14, "Saturday against Monday: {weekdays:?}");
    assert!(hours[18] > hours[15] && hours[15] > hours[22], "{hours:?}");
    for (category, high, low) in [
        ("Мороженое", 7, 1),
        ("Уголь и розжиг", 6, 2),
        ("Новогодние товары", 12, 6),
        ("Цитрусовые", 12, 7),
    ] {
        let (high, low) = (months[&(category, high)], months[&(category, low)]);
        assert!(high > low * 2, "{category}: {high} against {low}");
    }
}

#[test]
fn returns_name_what_comes_back() {
    for (name, told) in all() {
        let by_number: HashMap<_, _> =
            told.receipts.iter().map(|receipt| (&receipt.key.number, receipt)).collect();
        let mut count = 0;
        for back in told.receipts.iter().filter(|receipt| receipt.original.is_some()) {
            let sale = by_number[back.original.as_ref().unwrap()];
            let line = &back.lines[0];
            let sold = sale.lines.iter().find(|sold| sold.product == line.product).unwrap();
            assert!(sale.at < back.at && sale.customer == back.customer, "{name}");
            assert_eq!((-line.quantity.0, -line.net.0), (sold.quantity.0, sold.net.0), "{name}");
            assert_eq!(-line.discount.0, sold.discount.0, "{name}");
            count += 1;
        }
        assert!(count > 10, "{name}: {count} returns");
    }
}

#[test]
fn coupons_are_redeemed_by_the_invited_once_each() {
    let told = grocery();
    let invited: HashSet<_> =
        told.shop.invitations().map(|row| (row.campaign.0, row.customer.0)).collect();
    let coupons: HashSet<_> =
        told.shop.coupons().into_iter().map(|row| (row.id.0, row.campaign.0)).collect();
    let campaigns: HashMap<_, _> =
        told.shop.campaigns().into_iter().map(|row| (row.id.0.clone(), row)).collect();
    let redemptions = told.shop.redemptions();
    let mut once = HashSet::new();
    for row in &redemptions {
        assert!(invited.contains(&(row.campaign.0.clone(), row.customer.0.clone())));
        assert!(coupons.contains(&(row.coupon.0.clone(), row.campaign.0.clone())));
        let campaign = &campaigns[&row.campaign.0];
        assert!(campaign.start <= row.day && row.day <= campaign.end);
        assert!(once.insert((&row.coupon, &row.customer)), "{row:?}");
    }
    let lines = told.receipts.iter().flat_map(|receipt| &receipt.lines);
    let used = lines.filter(|line| line.retailer_coupon.0 + line.supplier_coupon.0 > 0).count();
    assert_eq!(used, redemptions.len());
    assert!((500..20_000).contains(&used), "{used}");
}

#[test]
fn shoes_are_bought_in_the_sizes_of_the_household() {
    let told = &all()[1].1;
    let sizes: HashMap<_, _> =
        told.truths.sizes.iter().map(|row| (row.customer.0.as_str(), &row.sizes)).collect();
    for receipt in &told.receipts {
        let known = receipt.customer.as_ref().and_then(|id| sizes.get(id.0.as_str()));
        let Some(known) = known else { continue };
        for line in &receipt.lines {
            let size = told.products.get(&line.product.0).and_then(|p| p.size.as_ref());
            let Some(size) = size else { continue };
            assert!(known.contains(&size.parse().unwrap()), "{size} not in {known:?}");
        }
    }
    let several = sizes.values().filter(|sizes| sizes.len() > 2).count();
    assert!(several > 300, "{several} households wear several sizes");
}

#[test]
fn services_have_no_stock() {
    for (name, told) in all() {
        let services: HashSet<_> =
            told.products.values().filter(|p| p.service).map(|p| &p.id).collect();
        assert!(!services.is_empty(), "{name}");
        let mut rows = 0;
        for row in told.shop.stock() {
            assert!(!services.contains(&row.product) && row.quantity.0 >= 0, "{name}");
            rows += 1;
        }
        assert!(rows > 0, "{name}");
        let sold = told.receipts.iter().flat_map(|receipt| &receipt.lines);
        assert!(sold.filter(|line| services.contains(&line.product)).count() > 20, "{name}");
    }
}

#[test]
fn feeds_are_proper_csv_with_the_columns_of_the_mapping() {
    let mapping: toml::Table = MAPPING.parse().unwrap();
    let shop = DemoShop::grocery(Size { customers: 60, days: 60, seed: 3 });
    let (mut quotes, mut commas) = (0, 0);
    for feed in Feed::ALL {
        let mut text = Vec::new();
        shop.write(feed, &mut text).unwrap();
        let mut reader = csv::Reader::from_reader(&text[..]);
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut rows = 0;
        for record in reader.records() {
            let record = record.unwrap();
            rows += 1;
            quotes += record.iter().filter(|field| field.contains('"')).count();
            commas += record.iter().filter(|field| field.contains(',')).count();
        }
        let name = feed.file().trim_end_matches(".csv");
        assert!(rows > 0, "{name}");
        let table = mapping[name].as_table().unwrap();
        assert_eq!(table["files"].as_str(), Some(feed.file()));
        let mut columns = Vec::new();
        columns_of(&toml::Value::Table(table["fields"].as_table().unwrap().clone()), &mut columns);
        columns.sort_unstable();
        let mut header = header;
        header.sort_unstable();
        assert_eq!(columns, header, "{name}");
    }
    assert!(quotes > 1_000 && commas > 1_000, "{quotes} quotes, {commas} commas");
}

fn columns_of(value: &toml::Value, columns: &mut Vec<String>) {
    match value {
        toml::Value::String(column) => columns.push(column.clone()),
        toml::Value::Table(table) if table.contains_key("column") => {
            columns.push(table["column"].as_str().expect("a column is a text").to_owned());
        }
        toml::Value::Table(table) => table.values().for_each(|inner| columns_of(inner, columns)),
        _ => {}
    }
}

#[test]
fn the_smallest_shops_work() {
    for (customers, days) in [(0, 0), (2, 28), (3, 30), (40, 35)] {
        let size = Size { customers, days, seed: 9 };
        for shop in [DemoShop::grocery(size), DemoShop::shoes(size), DemoShop::travel(size)] {
            let told = Told::of(shop);
            assert!(told.receipts.iter().all(|r| r.day <= told.shop.last_day()));
            assert_eq!(told.shop.customers().count(), told.shop.size().customers as usize);
        }
    }
}
