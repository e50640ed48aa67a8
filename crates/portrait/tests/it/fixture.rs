//! One small text language for every test of portraits. A scenario is lines of
//!
//! ```text
//! 2017-01-05 r1 milk 2 3.50                      a line: day, receipt, product, quantity, net
//! 2017-01-05T08:30 r1@north milk 1 2 disc=0.50   … begun at a time (else 12:00), in a shop (else
//!                                                "main"), with disc, rcoup, scoup or channel
//! anna: 2017-02-01 r1 bread 1 1.20               … of another customer than "c"
//! invited spring 2017-03-01                      an invitation to a campaign that begins then
//! redeemed 2017-03-05 spring 2017-03-01          a redemption; the campaign's start may be absent
//! declares gender female                         an answer
//! cost milk 2017-01-01 1.00                      cost of one unit from a day on
//! excluded anna                                  leaves a customer out of the population
//! as of 2017-06-30                               the day of all portraits, else 2017-12-31
//! = recency_days 360                             what is expected of "c"; or null
//! = anna.spend_all 1.20                          … of another customer
//! ```
//!
//! `#` begins a remark. The products are those of [`PRODUCTS`]; others are unknown to the catalogue.

use portrait::{
    Catalogue, History, Invitation, Item, Marks, Population, Portrait, Profile, Redemption, Scores,
    Site, Tally, portrait,
};
use retail::{Day, Lines, Money, NONE, Quantity, compare_ids};

/// Product, category, brand (`-` for none), marks; all but fuel are merchandise.
const PRODUCTS: &[(&str, &str, &str, Marks)] = &[
    ("milk", "dairy", "farm", Marks::FRESH),
    ("kefir", "dairy", "farm", Marks::FRESH),
    ("cheese", "dairy", "alp", Marks::FRESH),
    ("ownmilk", "dairy", "own", Marks::PRIVATE_LABEL),
    ("bread", "bakery", "-", Marks::MERCHANDISE),
    ("rye", "bakery", "farm", Marks::MERCHANDISE),
    ("beer", "drinks", "brew", Marks::ALCOHOL),
    ("stout", "drinks", "10", Marks::ALCOHOL),
    ("lager", "drinks", "9", Marks::ALCOHOL),
    ("nappies", "baby", "soft", Marks::BABY),
    ("catfood", "pets", "paw", Marks::PET),
    ("petrol", "fuel", "oil", Marks::FUEL),
    ("bag", "-", "own", Marks::MERCHANDISE),
];

/// One line of a receipt.
#[derive(Clone, Debug)]
pub struct Row {
    pub customer: usize,
    pub day: Day,
    pub at: i64,
    pub minute: u16,
    pub receipt: String,
    pub shop: usize,
    pub product: usize,
    pub channel: Option<u32>,
    pub quantity: i64,
    pub net: i64,
    pub discount: i64,
    pub retailer_coupon: i64,
    pub supplier_coupon: i64,
}

/// Everything a scenario says, with names by code.
#[derive(Debug, Default)]
pub struct Scene {
    pub as_of: Option<Day>,
    pub customers: Vec<String>,
    pub products: Vec<String>,
    pub shops: Vec<String>,
    pub rows: Vec<Row>,
    excluded: Vec<usize>,
    invitations: Vec<(usize, Invitation)>,
    redemptions: Vec<(usize, Redemption)>,
    profiles: Vec<(usize, String, u32)>,
    texts: Vec<String>,
    costs: Vec<(u32, Day, Money)>,
    expected: Vec<(usize, String, String)>,
}

fn code(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// The place of every name in the order of ids.
fn ranks(names: &[String]) -> Vec<u32> {
    let rank =
        |name: &String| names.iter().filter(|other| compare_ids(other, name).is_lt()).count();
    names.iter().map(|name| rank(name) as u32).collect()
}

/// Distinct names in the order of ids.
fn sorted(mut names: Vec<&'static str>) -> Vec<&'static str> {
    names.retain(|&name| name != "-");
    names.sort_by(|a, b| compare_ids(a, b));
    names.dedup();
    names
}

pub fn categories() -> Vec<&'static str> {
    sorted(PRODUCTS.iter().map(|product| product.1).collect())
}

pub fn brands() -> Vec<&'static str> {
    sorted(PRODUCTS.iter().map(|product| product.2).collect())
}

/// Category of merchandise and brand of a product of [`PRODUCTS`].
pub fn traits(name: &str) -> (Option<u32>, Option<u32>) {
    let Some(product) = PRODUCTS.iter().find(|product| product.0 == name) else {
        return (None, None);
    };
    let place = |names: Vec<&str>, name| names.iter().position(|&n| n == name).map(|n| n as u32);
    let merchandise = product.3 != Marks::FUEL;
    (place(categories(), product.1).filter(|_| merchandise), place(brands(), product.2))
}

impl Scene {
    pub fn new() -> Self {
        let products = PRODUCTS.iter().map(|product| product.0.to_owned()).collect();
        Self { customers: vec!["c".into()], products, ..Self::default() }
    }

    pub fn parse(text: &str) -> Self {
        let mut scene = Self::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap().trim();
            let (customer, line) = match line.split_once(": ") {
                Some((name, rest)) => (code(&mut scene.customers, name), rest),
                None => (0, line),
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            scene.statement(customer, &words).unwrap_or_else(|| panic!("cannot read {line:?}"));
        }
        scene
    }

    fn statement(&mut self, customer: usize, words: &[&str]) -> Option<()> {
        match *words {
            [] => {}
            ["as", "of", day] => self.as_of = Some(day.parse().ok()?),
            ["=", name, value] => {
                let (customer, name) = name.split_once('.').unwrap_or(("c", name));
                let customer = code(&mut self.customers, customer);
                self.expected.push((customer, name.to_owned(), value.to_owned()));
            }
            ["excluded", name] => {
                let customer = code(&mut self.customers, name);
                self.excluded.push(customer);
            }
            ["invited", campaign, start] => {
                let start: Day = start.parse().ok()?;
                let campaign = code(&mut self.texts, campaign) as u32;
                let end = Day(start.0 + 13);
                self.invitations.push((customer, Invitation { campaign, start, end }));
            }
            ["redeemed", day, campaign, ref start @ ..] => {
                let campaign = code(&mut self.texts, campaign) as u32;
                let campaign_start = start.first().and_then(|start| start.parse().ok());
                let day = day.parse().ok()?;
                self.redemptions.push((customer, Redemption { day, campaign, campaign_start }));
            }
            ["declares", name, value] => {
                let value = code(&mut self.texts, value) as u32;
                self.profiles.push((customer, name.to_owned(), value));
            }
            ["cost", product, from, cost] => {
                let product = code(&mut self.products, product) as u32;
                self.costs.push((product, from.parse().ok()?, Money(minor(cost)?)));
            }
            [begin, receipt, product, quantity, net, ref others @ ..] => {
                self.line(customer, [begin, receipt, product, quantity, net], others)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn line(&mut self, customer: usize, words: [&str; 5], others: &[&str]) -> Option<()> {
        let [begin, receipt, product, quantity, net] = words;
        let (day, time) = begin.split_once('T').unwrap_or((begin, "12:00"));
        let (hour, minute) = time.split_once(':')?;
        let minute = hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?;
        let (receipt, shop) = receipt.split_once('@').unwrap_or((receipt, "main"));
        let day: Day = day.parse().ok()?;
        let mut row = Row {
            customer,
            day,
            at: i64::from(day.0) * 1440 + i64::from(minute),
            minute,
            receipt: receipt.to_owned(),
            shop: code(&mut self.shops, shop),
            product: code(&mut self.products, product),
            channel: None,
            quantity: (quantity.parse::<f64>().ok()? * Quantity::SCALE as f64).round() as i64,
            net: minor(net)?,
            discount: 0,
            retailer_coupon: 0,
            supplier_coupon: 0,
        };
        for other in others {
            match other.split_once('=')? {
                ("disc", amount) => row.discount = minor(amount)?,
                ("rcoup", amount) => row.retailer_coupon = minor(amount)?,
                ("scoup", amount) => row.supplier_coupon = minor(amount)?,
                ("channel", "online") => row.channel = Some(1),
                ("channel", _) => row.channel = Some(0),
                _ => return None,
            }
        }
        self.rows.push(row);
        Some(())
    }

    pub fn as_of(&self) -> Day {
        self.as_of.unwrap_or_else(|| "2017-12-31".parse().unwrap())
    }

    pub fn catalogue(&self) -> Catalogue {
        let ranks_of_products = ranks(&self.products);
        let place = |names: &[&str], name: &str| {
            names.iter().position(|&other| other == name).map_or(NONE, |place| place as u32)
        };
        let (categories, brands) = (categories(), brands());
        let item = |(product, &rank): (&(&str, &str, &str, Marks), &u32)| Item {
            category: place(&categories, product.1),
            brand: place(&brands, product.2),
            rank,
            marks: if product.3 == Marks::FUEL {
                Marks::FUEL
            } else {
                product.3.with(Marks::MERCHANDISE)
            },
        };
        let items: Vec<Item> = PRODUCTS.iter().zip(&ranks_of_products).map(item).collect();
        let site = |rank| Site { rank, region: Some(1000 + rank) };
        Catalogue::new(&items)
            .with_sites(ranks(&self.shops).into_iter().map(site).collect())
            .with_customer_ranks(ranks(&self.customers))
            .with_online(Some(1))
            .with_costs(self.costs.iter().copied())
    }

    /// Rows in columns, as the lake gives them.
    pub fn lines(&self) -> Lines {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by(|a, b| {
            let number = || compare_ids(&a.receipt, &b.receipt);
            (a.customer, a.at).cmp(&(b.customer, b.at)).then_with(number)
        });
        let mut receipts = Vec::new();
        let mut lines = Lines::default();
        for row in rows {
            let receipt = format!("{} {} {}", row.customer, row.receipt, row.at);
            lines.customer.push(row.customer as u32);
            lines.receipt.push(code(&mut receipts, &receipt) as u32);
            lines.at.push(row.at);
            lines.day.push(row.day.0);
            lines.minute.push(row.minute);
            lines.shop.push(row.shop as u32);
            lines.channel.push(row.channel.unwrap_or(NONE));
            lines.product.push(row.product as u32);
            lines.quantity.push(row.quantity);
            lines.net.push(row.net);
            lines.discount.push(row.discount);
            lines.retailer_coupon.push(row.retailer_coupon);
            lines.supplier_coupon.push(row.supplier_coupon);
        }
        lines
    }

    /// Portraits of all customers, in sequence of their codes; those of nobody's lines too.
    pub fn portraits(&self) -> Vec<Portrait> {
        let (lines, catalogue) = (self.lines(), self.catalogue());
        let invitations = by_customer(&self.invitations, self.customers.len());
        let redemptions = by_customer(&self.redemptions, self.customers.len());
        let ranges = lines.by_customer();
        let history = |customer: usize| History {
            customer: customer as u32,
            lines: &lines,
            range: ranges
                .iter()
                .find(|range| range.0 == customer as u32)
                .map_or(0..0, |range| range.1.clone()),
            invitations: &invitations[customer],
            redemptions: &redemptions[customer],
            profile: self.profile(customer),
        };
        let histories: Vec<History<'_>> = (0..self.customers.len()).map(history).collect();
        let mut tally = Tally::new(&catalogue, self.as_of());
        for (customer, history) in histories.iter().enumerate() {
            if !self.excluded.contains(&customer) {
                tally.add(history);
            }
        }
        let population: Population = tally.finish();
        let scores = Scores::default();
        let portrait = |history| portrait(history, &catalogue, &population, &scores, self.as_of());
        histories.iter().map(portrait).collect()
    }

    fn profile(&self, customer: usize) -> Profile {
        let mut profile = Profile::default();
        for (_, name, value) in self.profiles.iter().filter(|answer| answer.0 == customer) {
            let answer = match name.as_str() {
                "gender" => &mut profile.gender,
                "age_band" => &mut profile.age_band,
                "kids_count" => &mut profile.kids_count,
                "region" => &mut profile.region,
                other => panic!("no answer {other:?}"),
            };
            *answer = Some(*value);
        }
        profile
    }

    /// Compares portraits with what the scenario expects.
    pub fn check(&self, title: &str) {
        let portraits = self.portraits();
        for (customer, name, expected) in &self.expected {
            let value = portraits[*customer].get(name);
            let value = value.unwrap_or_else(|| panic!("{title}: no parameter {name}"));
            let actual = self.show(value);
            let near = match (actual.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
                _ => false,
            };
            assert!(
                near || actual == *expected,
                "{title}: {name} of {} is {actual}, not {expected}",
                self.customers[*customer]
            );
        }
    }

    fn show(&self, value: portrait::Value) -> String {
        use portrait::Value::{
            Bool, Brand, Category, Date, Float, Int, Label, Null, Product, Shop, Text,
        };
        match value {
            Null => "null".into(),
            Int(value) => value.to_string(),
            Float(value) => format!("{value:?}"),
            Date(value) => value.to_string(),
            Bool(value) => value.to_string(),
            Product(code) => self.products[code as usize].clone(),
            Category(code) => categories()[code as usize].into(),
            Brand(code) => brands()[code as usize].into(),
            Shop(code) => self.shops[code as usize].clone(),
            Label(word) => (*word).into(),
            Text(code) if code >= 1000 => format!("region-{}", code - 1000),
            Text(code) => self.texts[code as usize].clone(),
        }
    }
}

fn by_customer<T: Copy>(facts: &[(usize, T)], customers: usize) -> Vec<Vec<T>> {
    let of = |customer| facts.iter().filter(move |fact| fact.0 == customer).map(|fact| fact.1);
    (0..customers).map(|customer| of(customer).collect()).collect()
}

/// An amount in minor units.
fn minor(text: &str) -> Option<i64> {
    Some((text.parse::<f64>().ok()? * 100.0).round() as i64)
}

/// Reads a scenario and compares.
pub fn check(title: &str, text: &str) {
    Scene::parse(text).check(title);
}
