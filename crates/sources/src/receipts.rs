//! Rows to lines of receipts.

use std::path::Path;
use std::sync::Arc;

use retail::{LineBatch, NONE, Texts};
use rustc_hash::FxHashMap;

use crate::cell::{Cell, Row};
use crate::clock::When;
use crate::mapping::{FeedMapping, Field, Source};
use crate::problem::{Fault, ProblemCode};
use crate::value::{Values, refuse_personal, usable, wrong_time};

/// The id of the shop where the source records none.
pub const SHOP_UNKNOWN: &str = "-";

type Parsed<T> = Result<T, Box<Fault>>;

/// Lines read so far, of all receipt feeds of a mapping, and what is known of each beside the batch.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    pub lines: LineBatch,
    /// Receipt of each line, as a place in `facts`.
    pub receipt: Vec<u32>,
    /// The line's own number, a code of `line_names`; [`NONE`] where it has none.
    pub line: Vec<u32>,
    /// File and row of each line.
    pub origin: Vec<Origin>,
    pub facts: Vec<Facts>,
    /// Files by number, each with whether its identical lines are kept.
    pub files: Vec<(Arc<Path>, bool)>,
    /// Rows with neither quantity nor amount: they say nothing and are left out.
    pub empty: u64,
    line_names: Texts,
    keys: FxHashMap<[u32; 4], u32>,
    last: Option<([u32; 4], u32)>,
}

/// Where a line came from: the file's number above, the row below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(u64);

impl Origin {
    const ROW_BITS: u32 = 40;

    fn new(file: usize, row: u64) -> Self {
        Self(((file as u64) << Self::ROW_BITS) | (row & ((1 << Self::ROW_BITS) - 1)))
    }

    pub fn file(self) -> usize {
        (self.0 >> Self::ROW_BITS) as usize
    }

    pub fn row(self) -> u64 {
        self.0 & ((1 << Self::ROW_BITS) - 1)
    }
}

/// What all lines of a receipt share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub customer: u32,
    pub card: u32,
    pub first_at: i64,
    pub last_at: i64,
}

/// A field whose values become codes, and the latest of them: neighbouring rows repeat each other.
#[derive(Debug, Default)]
struct Coded<'m> {
    field: Option<&'m Field>,
    by_integer: FxHashMap<i64, u32>,
    last_integer: Option<(i64, u32)>,
    last_text: Option<(String, u32)>,
}

impl<'m> Coded<'m> {
    fn of(mapping: &'m FeedMapping, name: &str) -> Self {
        Self { field: mapping.field(name), ..Self::default() }
    }

    /// The code of the row's value, [`NONE`] where there is none.
    #[inline]
    fn code(&mut self, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        let Some(field) = self.field else { return Ok(NONE) };
        if let Source::Column(slot) = field.source
            && field.none.is_empty()
            && let Some(number) = row.integer(slot)
        {
            return self.integer(number, field, texts);
        }
        let mut joined = String::new();
        let cell = field.cell(row, &mut joined);
        match cell {
            Cell::None => Ok(NONE),
            Cell::Integer(number) => self.integer(number, field, texts),
            Cell::Text(text) => match &self.last_text {
                Some((last, code)) if last == text => Ok(*code),
                _ => {
                    let code = new_code(text, field, texts)?;
                    let mut last = self.last_text.take().map_or_else(String::new, |last| last.0);
                    last.clear();
                    last.push_str(text);
                    self.last_text = Some((last, code));
                    Ok(code)
                }
            },
            cell => match usable(cell, &field.name)?.integer() {
                Some(number) => self.integer(number, field, texts),
                None => new_code(&cell.to_text(), field, texts),
            },
        }
    }

    #[inline]
    fn integer(&mut self, number: i64, field: &Field, texts: &mut Texts) -> Parsed<u32> {
        if let Some((last, code)) = self.last_integer
            && last == number
        {
            return Ok(code);
        }
        let code = match self.by_integer.get(&number) {
            Some(&code) => code,
            None => {
                let code = new_code(&number.to_string(), field, texts)?;
                self.by_integer.insert(number, code);
                code
            }
        };
        self.last_integer = Some((number, code));
        Ok(code)
    }

    fn required(&mut self, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        match self.code(row, texts)? {
            NONE => Err(Fault::missing(self.field.map_or("field", |field| &field.name))),
            code => Ok(code),
        }
    }
}

fn new_code(text: &str, field: &Field, texts: &mut Texts) -> Parsed<u32> {
    if field.customer && texts.find(text).is_none() {
        refuse_personal(text, &field.name)?;
    }
    Ok(texts.code(text))
}

/// Reads the rows of one receipt feed into [`Receipts`].
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    values: Values,
    number: Coded<'m>,
    product: Coded<'m>,
    shop: Coded<'m>,
    network: Coded<'m>,
    till: Coded<'m>,
    customer: Coded<'m>,
    card: Coded<'m>,
    channel: Coded<'m>,
    original: Coded<'m>,
    line: Coded<'m>,
    fiscal: [Option<&'m Field>; 2],
    at: Option<&'m Field>,
    date: Option<&'m Field>,
    time: Option<&'m Field>,
    kind: Option<&'m Field>,
    net: Option<&'m Field>,
    quantity: Option<&'m Field>,
    discount: Option<&'m Field>,
    retailer_coupon: Option<&'m Field>,
    supplier_coupon: Option<&'m Field>,
    shop_unknown: Option<u32>,
}

/// The amounts of a line, in the order of the batch: quantity, net, discount, coupons.
type Amounts = [i64; 5];

impl<'m> Reader<'m> {
    pub fn new(mapping: &'m FeedMapping) -> Self {
        let coded = |name: &str| Coded::of(mapping, name);
        let field = |name: &str| mapping.field(name);
        Self {
            values: Values::new(&mapping.defaults),
            number: coded("number"),
            product: coded("product"),
            shop: coded("shop"),
            network: coded("network"),
            till: coded("till"),
            // Where no customer is mapped, the card that was shown is who he is.
            customer: coded(if field("customer").is_some() { "customer" } else { "card" }),
            card: coded("card"),
            channel: coded("channel"),
            original: coded("original"),
            line: coded("line"),
            fiscal: [field("fiscal_drive"), field("fiscal_document")],
            at: field("at"),
            date: field("date"),
            time: field("time"),
            kind: field("kind"),
            net: field("net"),
            quantity: field("quantity"),
            discount: field("discount"),
            retailer_coupon: field("retailer_coupon"),
            supplier_coupon: field("supplier_coupon"),
            shop_unknown: None,
        }
    }

    /// Adds a row as a line, or says what is wrong with it.
    pub fn row(&mut self, row: &Row<'_>, file: usize, receipts: &mut Receipts) -> Parsed<()> {
        let names = &mut receipts.lines.names;
        let number = self.number.required(row, &mut names.number)?;
        let product = self.product.required(row, &mut names.product)?;
        let when = self.when(row)?;
        let [quantity, net, discount, retailer_coupon, supplier_coupon] = self.amounts(row)?;
        if quantity == 0 && net == 0 && self.values.is_zero(self.net, row) {
            receipts.empty += 1;
            return Ok(());
        }
        let shop = match self.shop.code(row, &mut names.shop)? {
            NONE => *self.shop_unknown.get_or_insert_with(|| names.shop.code(SHOP_UNKNOWN)),
            code => code,
        };
        let network = self.network.code(row, &mut names.network)?;
        let till = self.till.code(row, &mut names.till)?;
        let customer = self.customer.code(row, &mut names.customer)?;
        let card = self.card.code(row, &mut names.card)?;
        let channel = self.channel.code(row, &mut names.channel)?;
        let original = self.original.code(row, &mut names.original)?;
        let fiscal = self.fiscal(row, &mut names.fiscal)?;
        let line = self.line.code(row, &mut receipts.line_names)?;
        let receipt = receipts.receipt([network, shop, till, number], customer, card, when.at)?;

        let lines = &mut receipts.lines;
        lines.network.push(network);
        lines.shop.push(shop);
        lines.till.push(till);
        lines.number.push(number);
        lines.fiscal.push(fiscal);
        lines.customer.push(customer);
        lines.card.push(card);
        lines.channel.push(channel);
        lines.original.push(original);
        lines.product.push(product);
        lines.at.push(when.at);
        lines.day.push(when.day);
        lines.minute.push(when.minute);
        lines.quantity.push(quantity);
        lines.net.push(net);
        lines.discount.push(discount);
        lines.retailer_coupon.push(retailer_coupon);
        lines.supplier_coupon.push(supplier_coupon);
        receipts.receipt.push(receipt);
        receipts.line.push(line);
        receipts.origin.push(Origin::new(file, row.number));
        Ok(())
    }

    fn when(&mut self, row: &Row<'_>) -> Parsed<When> {
        let mut joined = String::new();
        if let Some(field) = self.at {
            return match usable(field.cell(row, &mut joined), &field.name)? {
                Cell::None => Err(Fault::missing("at")),
                cell => {
                    let when = self.values.clock.when(cell, &field.format);
                    when.ok_or_else(|| wrong_time(cell, &field.name, &field.format))
                }
            };
        }
        let date = self.date.expect("a mapping of receipts has at or date");
        let date_cell = match usable(date.cell(row, &mut joined), &date.name)? {
            Cell::None => return Err(Fault::missing("date")),
            cell => cell,
        };
        let mut joined = String::new();
        let Some(time) = self.time else {
            let when = self.values.clock.when(date_cell, &date.format);
            return when.ok_or_else(|| wrong_time(date_cell, &date.name, &date.format));
        };
        let time_cell = match usable(time.cell(row, &mut joined), &time.name)? {
            Cell::None => return Err(Fault::missing("time")),
            cell => cell,
        };
        let clock = &mut self.values.clock;
        if clock.day(date_cell, &date.format).is_none() {
            return Err(wrong_time(date_cell, &date.name, &date.format));
        }
        let when = clock.joined((date_cell, &date.format), (time_cell, &time.format));
        when.ok_or_else(|| {
            Fault::field(ProblemCode::Date, "time", time_cell.to_text(), "is not a time of day")
        })
    }

    /// The amounts of a line, with the sign of a return where the row says that it is one.
    #[inline]
    fn amounts(&self, row: &Row<'_>) -> Parsed<Amounts> {
        let money = |field| self.values.money(field, row).map(|money| money.map(|money| money.0));
        let Some(net) = money(self.net)? else { return Err(Fault::missing("net")) };
        let quantity = self.values.quantity(self.quantity, row)?.map(|quantity| quantity.0);
        let discount = money(self.discount)?.unwrap_or(0);
        let retailer_coupon = money(self.retailer_coupon)?.unwrap_or(0);
        let supplier_coupon = money(self.supplier_coupon)?.unwrap_or(0);
        let one = if net < 0 { -retail::Quantity::SCALE } else { retail::Quantity::SCALE };
        let mut amounts =
            [quantity.unwrap_or(one), net, discount, retailer_coupon, supplier_coupon];
        let is_return = match self.kind {
            Some(kind) => is_return(kind, row)?,
            None => false,
        };
        if is_return {
            for amount in &mut amounts {
                *amount = -amount.abs();
            }
        }
        let [quantity, net, ..] = amounts;
        if (net < 0 && quantity > 0) || (net > 0 && quantity < 0) {
            let (code, sign) = (ProblemCode::NegativeSale, quantity.signum());
            let value = retail::Money(net).major().to_string();
            let reason =
                format!("contradicts a quantity {} zero", if sign > 0 { "above" } else { "below" });
            return Err(Fault::field(code, "net", value, reason));
        }
        Ok(amounts)
    }

    fn fiscal(&self, row: &Row<'_>, texts: &mut Texts) -> Parsed<u32> {
        let [Some(drive), Some(document)] = self.fiscal else { return Ok(NONE) };
        let mut name = String::new();
        for (i, field) in [drive, document].into_iter().enumerate() {
            let mut joined = String::new();
            match usable(field.cell(row, &mut joined), &field.name)? {
                Cell::None => return Ok(NONE),
                cell => {
                    name.push_str(if i > 0 { "/" } else { "" });
                    cell.write(&mut name);
                }
            }
        }
        Ok(texts.code(&name))
    }
}

fn is_return(kind: &Field, row: &Row<'_>) -> Parsed<bool> {
    let mut joined = String::new();
    Ok(match usable(kind.cell(row, &mut joined), &kind.name)? {
        Cell::None => false,
        Cell::Text(text) => kind.returns.iter().any(|value| value == text),
        cell => kind.returns.contains(&cell.to_text()),
    })
}

impl Receipts {
    /// The receipt of a key; refuses a line that names another customer or card than it has.
    #[inline]
    fn receipt(&mut self, key: [u32; 4], customer: u32, card: u32, at: i64) -> Parsed<u32> {
        let receipt = match self.last {
            Some((last, receipt)) if last == key => receipt,
            _ => {
                let next = u32::try_from(self.facts.len()).expect("fewer than 2^32 receipts");
                let receipt = *self.keys.entry(key).or_insert(next);
                if receipt == next {
                    self.facts.push(Facts { customer, card, first_at: at, last_at: at });
                }
                self.last = Some((key, receipt));
                receipt
            }
        };
        let facts = &mut self.facts[receipt as usize];
        let mine = [("customer", facts.customer, customer), ("card", facts.card, card)];
        for (field, known, code) in mine {
            if known != NONE && code != NONE && code != known {
                // Not the value: whoever is erased later must not stay in a quarantine file.
                let reason = format!("the receipt already has another {field}");
                return Err(Fault::field(ProblemCode::Conflict, field, "", reason));
            }
        }
        if facts.customer == NONE {
            facts.customer = customer;
        }
        if facts.card == NONE {
            facts.card = card;
        }
        facts.first_at = facts.first_at.min(at);
        facts.last_at = facts.last_at.max(at);
        Ok(receipt)
    }
}
