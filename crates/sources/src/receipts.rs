//! Rows to lines of receipts.

use std::borrow::Cow;
use std::hash::BuildHasher;

use retail::{LineBatch, NONE, Texts};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::cell::{Cell, Row};
use crate::clock::When;
use crate::coded::Coded;
use crate::lines;
use crate::mapping::{FeedMapping, Field, Source};
use crate::problem::{Fault, ProblemCode};
use crate::value::{Values, usable, wrong_time};

/// The id of the shop where the source records none.
pub const SHOP_UNKNOWN: &str = "-";

type Parsed<T> = Result<T, Box<Fault>>;

/// Lines of the part that is being gathered, and what is known of each beside the batch.
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
    pub earlier: Earlier,
    /// Which part this is: codes of one part mean nothing in another.
    part: u32,
    line_names: Texts,
    keys: FxHashMap<Key, u32>,
    last: Option<(Key, u32)>,
}

/// Network, shop, till and number, as codes.
type Key = [u32; 4];

/// In the place of a receipt: an earlier part had it.
const LATE: u32 = u32::MAX;

/// What is known of the receipts of earlier parts.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Hashes of the keys of receipts that were delivered. The only thing that grows with receipts;
    /// two receipts of one hash are both looked at again, which changes nothing.
    pub delivered: FxHashSet<u64>,
    /// Receipts that were delivered before all of their lines had come, and the first line that came
    /// too late.
    pub late: FxHashMap<u64, Origin>,
    /// How many lines came too late.
    pub late_lines: u64,
    /// The late receipts, when they are read again: lines before this one were judged the first time.
    pub judged: FxHashMap<u64, Origin>,
}

/// Where a line came from: the file's number above, the row below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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
    first_at: i64,
    last_at: i64,
    /// Lines before this one were judged when an earlier part had them.
    pub judged: Origin,
    /// They were more than a day apart already.
    long_then: bool,
}

impl Facts {
    const DAY_MICROS: i64 = 86_400_000_000;

    fn is_long(&self) -> bool {
        self.last_at - self.first_at > Self::DAY_MICROS
    }

    /// Whether lines are more than a day apart, which was not said before.
    pub fn is_newly_long(&self) -> bool {
        self.is_long() && !self.long_then
    }
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
    part: u32,
    rows: u64,
    empty: u64,
    /// Which values of a kind that mean a return have occurred.
    returns: Vec<bool>,
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
            part: 0,
            rows: 0,
            empty: 0,
            returns: field("kind").map_or(Vec::new(), |kind| vec![false; kind.returns.len()]),
        }
    }

    /// What is worth a warning once all rows are read.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.empty > 0 {
            warnings.push(format!(
                "receipts: {} rows have neither quantity nor amount; they are counted as good and left out",
                self.empty
            ));
        }
        let values = self.kind.map_or(&[][..], |kind| &kind.returns);
        for (value, seen) in values.iter().zip(&self.returns) {
            if !seen && self.rows > 0 {
                warnings.push(format!(
                    "receipts: no row has the kind {value:?}, which means a return; perhaps returns are written otherwise"
                ));
            }
        }
        warnings
    }

    /// The hash of the key of a row's receipt.
    pub fn key_hash(&self, row: &Row<'_>) -> Parsed<u64> {
        let mut joined: [String; 4] = Default::default();
        let [network, shop, till, number] = &mut joined;
        let network = self.network.text(row, network)?;
        let shop = self.shop.text(row, shop)?.unwrap_or(Cow::Borrowed(SHOP_UNKNOWN));
        let till = self.till.text(row, till)?;
        let number = self.number.text(row, number)?;
        Ok(receipt_hash([network.as_deref(), Some(&*shop), till.as_deref(), number.as_deref()]))
    }

    /// Adds a row as a line, or says what is wrong with it.
    pub fn row(&mut self, row: &Row<'_>, file: usize, receipts: &mut Receipts) -> Parsed<()> {
        if self.part != receipts.part {
            self.forget(receipts.part);
        }
        self.rows += 1;
        let names = &mut receipts.lines.names;
        let number = self.number.required(row, &mut names.number)?;
        let product = self.product.required(row, &mut names.product)?;
        let when = self.when(row)?;
        let [quantity, net, discount, retailer_coupon, supplier_coupon] = self.amounts(row)?;
        if quantity == 0 && net == 0 && self.values.is_zero(self.net, row) {
            self.empty += 1;
            return Ok(());
        }
        let shop = match self.shop.code(row, &mut names.shop)? {
            NONE => names.shop.code(SHOP_UNKNOWN),
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
        let origin = Origin::new(file, row.number);
        let key = [network, shop, till, number];
        let Some(receipt) = receipts.receipt(key, customer, card, when.at, origin)? else {
            return Ok(());
        };

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
        receipts.origin.push(origin);
        Ok(())
    }

    #[cold]
    fn forget(&mut self, part: u32) {
        self.part = part;
        for coded in [
            &mut self.number,
            &mut self.product,
            &mut self.shop,
            &mut self.network,
            &mut self.till,
            &mut self.customer,
            &mut self.card,
            &mut self.channel,
            &mut self.original,
            &mut self.line,
        ] {
            coded.forget();
        }
    }

    fn when(&mut self, row: &Row<'_>) -> Parsed<When> {
        let mut joined = String::new();
        if let Some(field) = self.at {
            if let Source::Column(slot) = field.source
                && field.none.is_empty()
                && let Some(moment) = row.moment(slot)
                && let Some(when) = self.values.clock.when(moment, &field.format)
            {
                return Ok(when);
            }
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
    fn amounts(&mut self, row: &Row<'_>) -> Parsed<Amounts> {
        let money = |field| self.values.money(field, row).map(|money| money.map(|money| money.0));
        let Some(net) = money(self.net)? else { return Err(Fault::missing("net")) };
        let quantity = self.values.quantity(self.quantity, row)?.map(|quantity| quantity.0);
        let discount = money(self.discount)?.unwrap_or(0);
        let retailer_coupon = money(self.retailer_coupon)?.unwrap_or(0);
        let supplier_coupon = money(self.supplier_coupon)?.unwrap_or(0);
        let one = if net < 0 { -retail::Quantity::SCALE } else { retail::Quantity::SCALE };
        let mut amounts =
            [quantity.unwrap_or(one), net, discount, retailer_coupon, supplier_coupon];
        let return_value = match self.kind {
            Some(kind) => return_value(kind, row)?,
            None => None,
        };
        if let Some(value) = return_value {
            self.returns[value] = true;
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

/// Which of the values that mean a return the row has, if any.
fn return_value(kind: &Field, row: &Row<'_>) -> Parsed<Option<usize>> {
    let mut joined = String::new();
    let place = |text: &str| kind.returns.iter().position(|value| value == text);
    Ok(match usable(kind.cell(row, &mut joined), &kind.name)? {
        Cell::None => None,
        Cell::Text(text) => place(text),
        cell => place(&cell.to_text()),
    })
}

/// The hash of a receipt's network, shop, till and number, the same as long as this process runs.
#[must_use]
pub fn receipt_hash(key: [Option<&str>; 4]) -> u64 {
    FxBuildHasher.hash_one(key)
}

impl Receipts {
    /// The receipt of a key, if this part has it; refuses a line that names another customer or card
    /// than the receipt has.
    #[inline]
    fn receipt(
        &mut self,
        key: Key,
        customer: u32,
        card: u32,
        at: i64,
        origin: Origin,
    ) -> Parsed<Option<u32>> {
        let receipt = match self.last {
            Some((last, receipt)) if last == key => receipt,
            _ => {
                let receipt = match self.keys.get(&key) {
                    Some(&receipt) => receipt,
                    None => self.begin(key, at, origin),
                };
                self.last = Some((key, receipt));
                receipt
            }
        };
        if receipt == LATE {
            self.earlier.late_lines += 1;
            return Ok(None);
        }
        let facts = &mut self.facts[receipt as usize];
        let mine = [("customer", facts.customer, customer), ("card", facts.card, card)];
        for (field, known, code) in mine {
            if known != NONE && code != NONE && code != known {
                if origin < facts.judged {
                    return Ok(None);
                }
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
        facts.long_then |= origin < facts.judged && facts.is_long();
        Ok(Some(receipt))
    }

    /// A receipt that this part has not had yet, or [`LATE`] where an earlier part had it.
    fn begin(&mut self, key: Key, at: i64, origin: Origin) -> u32 {
        let mut judged = Origin::default();
        let earlier = &self.earlier;
        if !earlier.delivered.is_empty() || !earlier.judged.is_empty() {
            let hash = self.hash(key);
            if self.earlier.delivered.contains(&hash) {
                self.earlier.late.entry(hash).or_insert(origin);
                self.keys.insert(key, LATE);
                return LATE;
            }
            judged = self.earlier.judged.get(&hash).copied().unwrap_or_default();
        }
        let receipt = u32::try_from(self.facts.len()).ok().filter(|&receipt| receipt != LATE);
        let receipt = receipt.expect("fewer than 2^32 - 1 receipts in a part");
        self.keys.insert(key, receipt);
        let (customer, card) = (NONE, NONE);
        let facts = Facts { customer, card, first_at: at, last_at: at, judged, long_then: false };
        self.facts.push(facts);
        receipt
    }

    fn hash(&self, [network, shop, till, number]: Key) -> u64 {
        let names = &self.lines.names;
        receipt_hash([
            names.network.text(network),
            names.shop.text(shop),
            names.till.text(till),
            names.number.text(number),
        ])
    }

    /// The hash of the key of a line's receipt.
    pub fn hash_of(&self, row: u32) -> u64 {
        self.hash(self.key(row))
    }

    fn key(&self, row: u32) -> Key {
        let (lines, row) = (&self.lines, row as usize);
        [lines.network[row], lines.shop[row], lines.till[row], lines.number[row]]
    }

    /// Makes room for so many lines more.
    pub fn reserve(&mut self, more: usize) {
        lines::reserve(&mut self.lines, more);
        self.receipt.reserve(more);
        self.line.reserve(more);
        self.origin.reserve(more);
    }

    /// Ends a part: leaves the receipts that have none of the latest `hold` lines, and gives the
    /// others, of which more lines may come, as the beginning of the next part.
    pub fn hold_back(&mut self, hold: usize) -> Self {
        let settled = self.receipt.len().saturating_sub(hold);
        let mut places = vec![NONE; self.facts.len()];
        let mut held = Self {
            part: self.part + 1,
            earlier: std::mem::take(&mut self.earlier),
            ..Self::default()
        };
        for &receipt in &self.receipt[settled..] {
            if places[receipt as usize] == NONE {
                places[receipt as usize] = held.facts.len() as u32;
                held.facts.push(self.facts[receipt as usize]);
            }
        }
        let rows: Vec<u32> = (0..)
            .zip(&self.receipt)
            .filter(|&(_, &receipt)| places[receipt as usize] != NONE)
            .map(|(row, _)| row)
            .collect();
        held.lines = lines::copy(&mut self.lines, &rows);
        held.line = lines::recoded(&self.line, &rows, &self.line_names, &mut held.line_names);
        held.origin = lines::picked(&self.origin, &rows);
        held.receipt =
            rows.iter().map(|&row| places[self.receipt[row as usize] as usize]).collect();
        let recode = |code: &mut u32, from: &Texts, to: &mut Texts| {
            *code = from.text(*code).map_or(NONE, |text| to.code(text));
        };
        for facts in &mut held.facts {
            let (from, to) = (&self.lines.names, &mut held.lines.names);
            recode(&mut facts.customer, &from.customer, &mut to.customer);
            recode(&mut facts.card, &from.card, &mut to.card);
        }
        for (row, &receipt) in (0..).zip(&held.receipt) {
            held.keys.insert(held.key(row), receipt);
        }
        lines::remove(&mut self.lines, &rows);
        lines::thin(&mut self.line, &rows);
        lines::thin(&mut self.origin, &rows);
        lines::thin(&mut self.receipt, &rows);
        held
    }
}
