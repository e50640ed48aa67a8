//! Tiny shops as text, one case a line: receipts, a question, the answer computed by hand.
//!
//! A receipt is `customer:day:products`, each product one letter, in any sequence; `-a` is a
//! return of `a`. A catalogue is the letters that may be offered, in the source's order; product
//! codes follow the alphabet, so that codes and ranks differ. `?:day:a` is a receipt without customer.

use models::next_basket::{Model, fit, rank};
use models::{
    DemandTally, Items, Level, Offer, OfferSettings, Purchases, Reason, Split, offers, split_last,
    split_novel,
};
use retail::{Day, Lines, NONE};

/// One line: customer, receipt, day, minute, product, thousandths.
pub type Row = (u32, u32, i32, u16, u32, i64);

/// Lines in the lake's order.
pub fn lines(rows: impl Iterator<Item = Row>) -> Lines {
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by_key(|&(customer, receipt, day, minute, ..)| (customer, day, minute, receipt));
    let mut lines = Lines::default();
    for (customer, receipt, day, minute, product, quantity) in rows {
        lines.customer.push(customer);
        lines.receipt.push(receipt);
        lines.at.push((i64::from(day) * 1440 + i64::from(minute)) * 60_000_000);
        lines.day.push(day);
        lines.minute.push(minute);
        lines.shop.push(0);
        lines.channel.push(NONE);
        lines.product.push(product);
        lines.quantity.push(quantity);
        lines.net.push(100);
        lines.discount.push(0);
        lines.retailer_coupon.push(0);
        lines.supplier_coupon.push(0);
    }
    lines
}

/// Reads receipts.
pub fn receipts(text: &str) -> Lines {
    lines(text.split_whitespace().enumerate().flat_map(|(number, receipt)| {
        let parts: Vec<&str> = receipt.split(':').collect();
        let [customer, day, products] = parts[..] else { panic!("{receipt}") };
        let customer = if customer == "?" { NONE } else { customer.parse().unwrap() };
        let day = day.parse().unwrap();
        let mut rows = Vec::new();
        let mut sign = 1;
        for letter in products.chars() {
            if letter == '-' {
                sign = -1;
                continue;
            }
            rows.push((customer, number as u32, day, 720, code(letter), sign * 1000));
            sign = 1;
        }
        rows
    }))
}

/// The catalogue of some letters.
pub fn items(level: Level, letters: &str) -> Items {
    let mut item = vec![NONE; 26];
    for (rank, letter) in letters.chars().enumerate() {
        item[code(letter) as usize] = rank as u32;
    }
    Items { level, item, count: letters.len() as u32 }
}

fn code(letter: char) -> u32 {
    u32::from(letter) - u32::from('a')
}

fn model(text: &str) -> Model {
    let parts: Vec<&str> = text.split(',').collect();
    match parts[..] {
        ["pop"] => Model::GlobalPop,
        ["ppop"] => Model::PersonalPop,
        ["decayed", half_life, prior] => Model::Decayed {
            half_life_days: half_life.parse().unwrap(),
            prior: prior.parse().unwrap(),
        },
        _ => panic!("{text}"),
    }
}

/// `customer=truth>list` for everyone evaluated, in letters.
fn answer(split: &Split, model: &Model, letters: &str) -> String {
    let scores = fit(&split.history, model);
    let lists = rank(&split.history, &scores, &split.evaluated, 3, split.novel);
    let spell = |list: &[u32]| -> String {
        let item = |&index: &u32| split.history.catalogue[index as usize] as usize;
        list.iter().map(|index| letters.as_bytes()[item(index)] as char).collect()
    };
    let people = lists.iter().enumerate().map(|(at, list)| {
        let customer = split.history.customer[split.evaluated[at] as usize];
        format!("{customer}={}>{}", spell(split.truth(at)), spell(list))
    });
    people.collect::<Vec<_>>().join(" ")
}

/// receipts | catalogue | protocol (`test`, `validation` or the day of the cut, 10 days) | model |
/// customer=truth>best three
const RANKINGS: &str = "
1:1:a 1:2:a 1:3:b 1:9:ab               | ab   | test       | ppop            | 1=ab>ab
1:1:a 1:2:a 1:3:b 1:9:ab               | ab   | validation | ppop            |
1:1:b 1:2:a 1:3:b 1:9:ab               | ab   | validation | ppop            | 1=b>ab
1:1:a 1:2:a 1:3:b                      | ab   | test       | ppop            |
1:1:a 1:2:ab 1:3:b 1:4:b 1:5:a         | ba   | test       | ppop            | 1=a>ba
1:1:a 1:2:ab 1:3:b 1:4:a               | ab   | test       | ppop            | 1=a>ab
1:1:a 1:2:ab 1:3:b 1:4:a               | ba   | test       | ppop            | 1=a>ba
1:1:a 1:2:ab 1:3:b 1:4:a ?:1:b ?:2:b   | ab   | test       | ppop            | 1=a>ab
1:1:a 1:2:ab 1:3:b 1:4:a 1:5:-b        | ab   | test       | ppop            | 1=a>ab
1:1:aaa 1:2:b 1:3:b 1:4:a              | ab   | test       | ppop            | 1=a>ba
1:1:a 1:2:a 1:3:z 1:4:z 1:5:z          | a    | test       | ppop            |
1:1:a 1:2:b 1:3:b 1:4:z                | ab   | test       | pop             |
1:1:a 1:2:b 1:3:b 1:4:za               | ab   | test       | pop             | 1=a>ba
1:1:a 1:2:a 1:3:a 1:100:b 1:101:ab     | ab   | test       | ppop            | 1=ab>ab
1:1:a 1:2:a 1:3:a 1:100:b 1:101:ab     | ab   | test       | decayed,10,0    | 1=ab>ba
1:1:a 1:2:a 1:3:a 1:100:b 1:101:ab     | ab   | test       | decayed,1000,0  | 1=ab>ab
1:1:a 1:2:a 1:3:a 1:100:b 1:101:ab     | ab   | test       | decayed,10,9    | 1=ab>ab
1:1:a 1:2:a 1:3:b 1:4:b 2:1:c 2:2:c 2:3:c 2:4:c | abc | test | decayed,90,0   | 1=b>abc 2=c>cab
1:1:a 1:2:a 1:3:b 1:4:b 2:1:c 2:2:c 2:3:c 2:4:c | cba | test | pop            | 1=b>cab 2=c>cab
1:1:a 1:20:b 2:1:b                     | ab   | 20         | ppop            | 1=b>b
1:1:a 1:20:a 2:1:b                     | ab   | 20         | ppop            |
1:1:a 1:19:b 1:20:b 2:1:b              | ab   | 20         | ppop            |
1:1:a 1:29:b 2:1:b                     | ab   | 20         | decayed,90,0.1  | 1=b>b
1:1:a 1:30:b 2:1:b                     | ab   | 20         | decayed,90,0.1  |
1:1:a 1:20:bc 2:1:bc 3:1:c             | abc  | 20         | pop             | 1=bc>cb
1:1:a 1:20:bc 2:1:bc                   | acb  | 20         | pop             | 1=cb>cb
1:1:a 1:20:c 2:1:b                     | abc  | 20         | pop             |
1:20:b 2:1:b                           | ab   | 20         | pop             |
";

#[test]
fn rankings_as_computed_by_hand() {
    for case in RANKINGS.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = case.split('|').map(str::trim).collect();
        let [shop, letters, protocol, scorer, expected] = fields[..] else { panic!("{case}") };
        let items = items(Level::Kind, letters);
        let purchases = purchases(&receipts(shop), &items);
        let split = match protocol {
            "test" => split_last(&purchases, items.level, 0),
            "validation" => split_last(&purchases, items.level, 1),
            cut => split_novel(&purchases, items.level, Day(cut.parse().unwrap()), 10),
        };
        assert_eq!(answer(&split, &model(scorer), letters), expected, "{case}");
    }
}

/// Purchases of everybody, of all days.
pub fn purchases(lines: &Lines, items: &Items) -> Purchases {
    Purchases::of(lines, &lines.by_customer(), items, Day(i32::MAX))
}

/// Offers of everybody, with customers in parts of so many.
pub fn offers_in_parts(
    lines: &Lines,
    items: &Items,
    as_of: i32,
    settings: &OfferSettings,
    part: usize,
) -> Vec<Offer> {
    let customers = lines.by_customer();
    let mut tally = DemandTally::new(items, Day(as_of));
    // The sequence of the parts of a sum is free.
    customers.chunks(part).rev().for_each(|part| tally.add(lines, part));
    let demand = tally.finish();
    let sets = customers.chunks(part).map(|part| offers(lines, part, &demand, settings));
    sets.flatten().collect()
}

/// The offers of one customer: `product:reason` with the reason's parameters.
fn offered(shop: &str, letters: &str, settings: &OfferSettings, as_of: i32) -> String {
    let items = items(Level::Product, letters);
    let offers = offers_in_parts(&receipts(shop), &items, as_of, settings, 10);
    let spelled = offers.iter().filter(|offer| offer.customer == 1).map(|offer| {
        let letter = char::from(b'a' + offer.product as u8);
        let parameters = match offer.reason {
            Reason::Habit { times, every_days, last_days }
            | Reason::Due { times, every_days, last_days } => {
                format!("{times},{every_days},{last_days}")
            }
            Reason::Recent { times, last_days } => format!("{times},{last_days}"),
            Reason::Popular { receipts } => receipts.to_string(),
        };
        format!("{letter}:{}({parameters})", offer.reason.code())
    });
    spelled.collect::<Vec<_>>().join(" ")
}

/// receipts | catalogue | as of | offers at most | due_min | offers of customer 1
const OFFERS: &str = "
1:1:a 1:11:a 1:21:a            | a   | 25 | 3 | 0   | a:habit(3,10,4)
1:1:a 1:11:a 1:21:a            | a   | 31 | 3 | 0   | a:due(3,10,10)
1:1:a 1:11:a 1:21:a            | a   | 12 | 3 | 0   | a:recent(2,1)
1:1:a 1:1:a 1:1:a              | a   | 5  | 3 | 0   | a:recent(3,4)
1:1:a 2:1:b 2:2:b              | ab  | 5  | 3 | 0   | a:recent(1,4) b:popular(2)
1:1:a 2:1:b 2:2:b              | ab  | 5  | 1 | 0   | a:recent(1,4)
1:1:z 2:1:b 2:2:c 2:3:b        | cb  | 5  | 3 | 0   | b:popular(2) c:popular(1)
1:1:-a 2:1:b 2:2:a             | ab  | 5  | 3 | 0   | a:popular(1) b:popular(1)
1:9:a 2:1:b 2:2:a              | ba  | 5  | 3 | 0   |
1:1:a 2:101:b 2:102:b          | ab  | 102 | 3 | 0  | b:popular(2)
1:1:a 2:1:b 2:2:b              | ab  | 91 | 3 | 0   | a:recent(1,90) b:popular(2)
1:1:a 2:1:b 2:2:b              | ab  | 92 | 3 | 0   | b:popular(2)
1:1:z                          | a   | 5  | 3 | 0   |
1:1:a 1:11:a 1:21:a 2:1:b      | ab  | 22 | 3 | 0   | a:habit(3,10,1) b:popular(1)
1:1:a 1:11:a 1:21:a 2:1:b      | ab  | 22 | 3 | 0.3 | b:popular(1) a:habit(3,10,1)
1:1:a 1:11:a 1:21:a 2:1:b      | ab  | 22 | 1 | 0.3 | b:popular(1)
1:1:a 1:11:a 1:21:a 2:1:b      | ab  | 26 | 1 | 0.3 | a:habit(3,10,5)
";

#[test]
fn offers_as_computed_by_hand() {
    for case in OFFERS.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = case.split('|').map(str::trim).collect();
        let [shop, letters, as_of, count, due_min, expected] = fields[..] else { panic!("{case}") };
        let settings = OfferSettings {
            count: count.parse().unwrap(),
            due_min: due_min.parse().unwrap(),
            ..OfferSettings::default()
        };
        let found = offered(shop, letters, &settings, as_of.parse().unwrap());
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_reason_is_a_code_with_parameters() {
    let reason = Reason::Habit { times: 9, every_days: 12.0, last_days: 15 };
    let json = serde_json::to_string(&reason).unwrap();
    assert_eq!(json, r#"{"code":"habit","times":9,"every_days":12.0,"last_days":15}"#);
    assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), reason);
}
