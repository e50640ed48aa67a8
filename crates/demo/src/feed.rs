//! A demo shop's facts as CSV feeds: UTF-8, comma, a header, local time, amounts in roubles.

use std::io::{self, Write};

use retail::{Customer, Day, Money, Product, Quantity, Receipt, Redemption};

use crate::calendar::local_second;
use crate::shop::DemoShop;

/// The mapping file by which the importer reads the feeds of any demo shop: TOML, with the file names
/// of [`Feed::file`] beside it.
pub const MAPPING: &str = include_str!("mapping.toml");

/// Raised with every change of what a seed gives, so that nobody takes older feeds for these.
pub const VERSION: &str = include_str!("version.txt").trim_ascii();

/// A file that a demo shop can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is named after what its rows are
pub enum Feed {
    Receipts,
    Products,
    Shops,
    Customers,
    Campaigns,
    Invitations,
    Coupons,
    Redemptions,
    Costs,
    Prices,
    Assortment,
    Stock,
}

const ATTRIBUTES: [&str; 7] =
    ["gender", "age_band", "income_band", "household_size", "kids_count", "animal", "region"];
const TAGS: [&str; 5] = ["fresh", "alcohol", "baby", "pet", "fuel"];

impl Feed {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Receipts,
        Self::Products,
        Self::Shops,
        Self::Customers,
        Self::Campaigns,
        Self::Invitations,
        Self::Coupons,
        Self::Redemptions,
        Self::Costs,
        Self::Prices,
        Self::Assortment,
        Self::Stock,
    ];

    /// The name of its file, as [`MAPPING`] expects it.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Receipts => "receipts.csv",
            Self::Products => "products.csv",
            Self::Shops => "shops.csv",
            Self::Customers => "customers.csv",
            Self::Campaigns => "campaigns.csv",
            Self::Invitations => "invitations.csv",
            Self::Coupons => "coupons.csv",
            Self::Redemptions => "redemptions.csv",
            Self::Costs => "costs.csv",
            Self::Prices => "prices.csv",
            Self::Assortment => "assortment.csv",
            Self::Stock => "stock.csv",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Receipts => {
                "number,shop,till,customer,card,at,product,quantity,net,discount,\
                 retailer_coupon,supplier_coupon,channel,original"
            }
            Self::Products => {
                "id,name,name_en,brand,supplier,department,category,kind,size,private_label,\
                 merchandise,offerable,service,fresh,alcohol,baby,pet,fuel"
            }
            Self::Shops => "id,name,name_en,region",
            Self::Customers => {
                "id,household,gender,age_band,income_band,household_size,kids_count,animal,region"
            }
            Self::Campaigns => "id,kind,start,end",
            Self::Invitations => "campaign,customer",
            Self::Coupons => "id,campaign,product",
            Self::Redemptions => "coupon,customer,campaign,day",
            Self::Costs => "product,from,cost",
            Self::Prices => "product,shop,from,price",
            Self::Assortment => "product,shop,from,to",
            Self::Stock => "product,shop,day,quantity",
        }
    }
}

impl DemoShop {
    /// Writes one feed, row by row; memory does not grow with its rows. Wrap a file in a buffer: each
    /// row is one write.
    ///
    /// # Errors
    /// Only those of `out`.
    pub fn write(&self, feed: Feed, out: &mut dyn io::Write) -> io::Result<()> {
        let mut rows = CsvRows::new(feed, out)?;
        match feed {
            Feed::Receipts => {
                return self.receipts().try_for_each(|receipt| rows.receipt(&receipt));
            }
            Feed::Products => {
                return self.products().iter().try_for_each(|product| {
                    product_row(&mut rows, product);
                    rows.end()
                });
            }
            Feed::Customers => {
                return self
                    .customers()
                    .try_for_each(|customer| customer_row(&mut rows, &customer));
            }
            Feed::Shops => {
                for shop in self.shops() {
                    rows.text(&shop.id.0).maybe(&shop.name).maybe(&shop.name_en);
                    rows.maybe(&shop.region).end()?;
                }
            }
            Feed::Costs => {
                for cost in self.costs() {
                    rows.text(&cost.product.0).day(Some(cost.from)).money(cost.cost).end()?;
                }
            }
            Feed::Prices => {
                for price in self.prices() {
                    rows.text(&price.product.0).text(price.shop.as_ref().map_or("", |id| &id.0));
                    rows.day(Some(price.from)).money(price.price).end()?;
                }
            }
            Feed::Assortment => {
                for row in self.assortment() {
                    rows.text(&row.product.0).text(&row.shop.0).day(row.from).day(row.to).end()?;
                }
            }
            Feed::Stock => {
                for row in self.stock() {
                    rows.text(&row.product.0).text(&row.shop.0).day(Some(row.day));
                    rows.quantity(row.quantity).end()?;
                }
            }
            Feed::Campaigns | Feed::Invitations | Feed::Coupons | Feed::Redemptions => {
                return campaign_rows(self, feed, &mut rows);
            }
        }
        Ok(())
    }
}

fn campaign_rows(
    shop: &DemoShop,
    feed: Feed,
    rows: &mut CsvRows<impl io::Write>,
) -> io::Result<()> {
    match feed {
        Feed::Campaigns => shop.campaigns().iter().try_for_each(|row| {
            rows.text(&row.id.0).maybe(&row.kind).day(Some(row.start)).day(Some(row.end)).end()
        }),
        Feed::Invitations => shop
            .invitations()
            .try_for_each(|row| rows.text(&row.campaign.0).text(&row.customer.0).end()),
        Feed::Coupons => shop.coupons().iter().try_for_each(|row| {
            rows.text(&row.id.0).text(&row.campaign.0).text(&row.product.0).end()
        }),
        _ => shop.redemptions().iter().try_for_each(|row| rows.redemption(row)),
    }
}

fn product_row(rows: &mut CsvRows<impl io::Write>, product: &Product) {
    rows.text(&product.id.0).maybe(&product.name).maybe(&product.name_en).maybe(&product.brand);
    rows.maybe(&product.supplier).maybe(&product.department).maybe(&product.category);
    rows.maybe(&product.kind).maybe(&product.size).flag(product.private_label);
    rows.flag(product.merchandise).flag(product.offerable).flag(product.service);
    for tag in TAGS {
        rows.flag(product.tags.iter().any(|known| known == tag));
    }
}

fn customer_row(rows: &mut CsvRows<impl io::Write>, customer: &Customer) -> io::Result<()> {
    rows.text(&customer.id.0).maybe(&customer.household);
    for name in ATTRIBUTES {
        rows.text(customer.attributes.get(name).map_or("", String::as_str));
    }
    rows.end()
}

/// Rows of a feed as CSV on their way out; for receipts and redemptions, which one pass over
/// [`DemoShop::receipts`] gives, in as many files as wanted.
pub struct CsvRows<W> {
    out: W,
    row: Vec<u8>,
}

impl<W: io::Write> CsvRows<W> {
    /// Begins a file with the feed's header.
    ///
    /// # Errors
    /// Only those of `out`.
    pub fn new(feed: Feed, out: W) -> io::Result<Self> {
        let mut rows = Self { out, row: Vec::with_capacity(1024) };
        rows.raw(feed.header()).end()?;
        Ok(rows)
    }

    /// The rows of a receipt, one a line.
    ///
    /// # Errors
    /// Only those of the file.
    pub fn receipt(&mut self, receipt: &Receipt) -> io::Result<()> {
        let second = local_second(receipt.at);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let time = format!("{} {hour:02}:{minute:02}:{second:02}", receipt.day);
        for line in &receipt.lines {
            self.text(&receipt.key.number).text(&receipt.shop.0).text(&receipt.key.till);
            self.text(receipt.customer.as_ref().map_or("", |id| &id.0));
            self.text(receipt.card.as_ref().map_or("", |id| &id.0)).raw(&time);
            self.text(&line.product.0).quantity(line.quantity).money(line.net).money(line.discount);
            self.money(line.retailer_coupon).money(line.supplier_coupon);
            self.maybe(&receipt.channel).maybe(&receipt.original).end()?;
        }
        Ok(())
    }

    /// What the rows were written to, for the caller to finish.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The row of a redemption.
    ///
    /// # Errors
    /// Only those of the file.
    pub fn redemption(&mut self, row: &Redemption) -> io::Result<()> {
        self.text(&row.coupon.0).text(&row.customer.0).text(&row.campaign.0);
        self.day(Some(row.day)).end()
    }

    /// A field that needs no quotes, or a whole header.
    fn raw(&mut self, text: &str) -> &mut Self {
        self.row.extend_from_slice(text.as_bytes());
        self.row.push(b',');
        self
    }

    /// A field, quoted where it must be (RFC 4180).
    fn text(&mut self, text: &str) -> &mut Self {
        if text.contains([',', '"', '\n', '\r']) {
            let quoted = format!("\"{}\"", text.replace('"', "\"\""));
            return self.raw(&quoted);
        }
        self.raw(text)
    }

    fn maybe(&mut self, text: &Option<String>) -> &mut Self {
        self.text(text.as_deref().unwrap_or_default())
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.raw(if flag { "1" } else { "0" })
    }

    fn day(&mut self, day: Option<Day>) -> &mut Self {
        let text = day.map(|day| day.to_string());
        self.raw(text.as_deref().unwrap_or_default())
    }

    /// Roubles with two decimals.
    fn money(&mut self, money: Money) -> &mut Self {
        self.decimal(money.0, 100, 2)
    }

    /// Units with three decimals.
    fn quantity(&mut self, quantity: Quantity) -> &mut Self {
        self.decimal(quantity.0, Quantity::SCALE as u64, 3)
    }

    fn decimal(&mut self, amount: i64, scale: u64, digits: usize) -> &mut Self {
        let (sign, amount) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
        write!(self.row, "{sign}{}.{:0digits$},", amount / scale, amount % scale)
            .expect("memory takes every byte");
        self
    }

    /// Ends the row.
    fn end(&mut self) -> io::Result<()> {
        if let Some(last) = self.row.last_mut() {
            *last = b'\n';
        }
        let written = self.out.write_all(&self.row);
        self.row.clear();
        written
    }
}
