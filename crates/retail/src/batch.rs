//! Bulk facts in columns: how millions of lines travel from a feed to the lake.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxBuildHasher;

use crate::{
    Assortment, Campaign, Cost, Coupon, Customer, Invitation, OpeningBalance, OpeningCard,
    OpeningLevel, Price, Product, Receipt, Redemption, Shop, Stock,
};

/// The code of an absent id in a column of [`LineBatch`].
pub const NONE: u32 = u32::MAX;

/// Distinct texts in order of first appearance; a code is an index into them.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    // All texts in one, and where each ends.
    bytes: String,
    ends: Vec<usize>,
    codes: HashTable<u32>,
}

impl Texts {
    /// The code of a text, new or known.
    ///
    /// # Panics
    /// When there are more than 4 294 967 294 distinct texts.
    pub fn code(&mut self, text: &str) -> u32 {
        let (bytes, ends) = (&self.bytes, &self.ends);
        let same = |&code: &u32| at(bytes, ends, code as usize) == text;
        let again = |&code: &u32| hash(at(bytes, ends, code as usize));
        match self.codes.entry(hash(text), same, again) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let code = u32::try_from(ends.len()).ok().filter(|&code| code != NONE);
                let code = code.expect("fewer than 2^32 - 1 distinct ids in a feed");
                place.insert(code);
                self.bytes.push_str(text);
                self.ends.push(self.bytes.len());
                code
            }
        }
    }

    /// The code of a known text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        let same = |&code: &u32| at(&self.bytes, &self.ends, code as usize) == text;
        self.codes.find(hash(text), same).copied()
    }

    /// The text of a code; nothing for [`NONE`] and for codes never given.
    #[must_use]
    pub fn text(&self, code: u32) -> Option<&str> {
        let code = code as usize;
        (code < self.ends.len()).then(|| at(&self.bytes, &self.ends, code))
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All texts in order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|code| at(&self.bytes, &self.ends, code))
    }
}

fn at<'a>(bytes: &'a str, ends: &[usize], code: usize) -> &'a str {
    let start = code.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[code]]
}

fn hash(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}

/// The texts behind the codes of a [`LineBatch`], one list a kind.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // each is named after the column whose codes it explains
pub struct Names {
    pub network: Texts,
    pub shop: Texts,
    pub till: Texts,
    pub number: Texts,
    /// Fiscal drive and document number, joined by `/`.
    pub fiscal: Texts,
    pub customer: Texts,
    pub card: Texts,
    pub product: Texts,
    pub channel: Texts,
    pub original: Texts,
}

/// Lines of receipts, one row a line, in any order. All columns have the same length; ids are codes
/// into [`Names`], [`NONE`] where absent. `number`, `shop`, `product` are always there.
#[derive(Clone, Debug, Default)]
pub struct LineBatch {
    /// What the codes mean.
    pub names: Names,
    /// Chain of shops.
    pub network: Vec<u32>,
    /// Shop.
    pub shop: Vec<u32>,
    /// Till.
    pub till: Vec<u32>,
    /// The receipt's own number.
    pub number: Vec<u32>,
    /// The receipt's fiscal name.
    pub fiscal: Vec<u32>,
    /// Customer, if known.
    pub customer: Vec<u32>,
    /// The card that was shown.
    pub card: Vec<u32>,
    /// Sales channel, where recorded.
    pub channel: Vec<u32>,
    /// Number of the receipt a return refers to.
    pub original: Vec<u32>,
    /// Product.
    pub product: Vec<u32>,
    /// Time of the line, µs UTC.
    pub at: Vec<i64>,
    /// The shop's business day, days since 1970-01-01.
    pub day: Vec<i32>,
    /// Minutes since local midnight.
    pub minute: Vec<u16>,
    /// Thousandths of a unit.
    pub quantity: Vec<i64>,
    /// Minor units the retailer received.
    pub net: Vec<i64>,
    /// Discount paid by the retailer, minor units.
    pub discount: Vec<i64>,
    /// The part of it that a retailer's coupon gave.
    pub retailer_coupon: Vec<i64>,
    /// A supplier's coupon, minor units.
    pub supplier_coupon: Vec<i64>,
}

impl LineBatch {
    /// How many lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.number.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.number.is_empty()
    }

    /// Adds a receipt, line by line.
    pub fn push(&mut self, receipt: &Receipt) {
        let names = &mut self.names;
        let optional =
            |texts: &mut Texts, text: &str| if text.is_empty() { NONE } else { texts.code(text) };
        let network = optional(&mut names.network, &receipt.key.network);
        let shop = names.shop.code(&receipt.shop.0);
        let till = optional(&mut names.till, &receipt.key.till);
        let number = names.number.code(&receipt.key.number);
        let fiscal =
            receipt.key.fiscal.as_ref().map_or(NONE, |(drive, document)| {
                names.fiscal.code(&format!("{drive}/{document}"))
            });
        let customer = receipt.customer.as_ref().map_or(NONE, |id| names.customer.code(&id.0));
        let card = receipt.card.as_ref().map_or(NONE, |id| names.card.code(&id.0));
        let channel = receipt.channel.as_ref().map_or(NONE, |text| names.channel.code(text));
        let original = receipt.original.as_ref().map_or(NONE, |text| names.original.code(text));
        for line in &receipt.lines {
            self.network.push(network);
            self.shop.push(shop);
            self.till.push(till);
            self.number.push(number);
            self.fiscal.push(fiscal);
            self.customer.push(customer);
            self.card.push(card);
            self.channel.push(channel);
            self.original.push(original);
            self.product.push(self.names.product.code(&line.product.0));
            self.at.push(receipt.at.0);
            self.day.push(receipt.day.0);
            self.minute.push(receipt.minute);
            self.quantity.push(line.quantity.0);
            self.net.push(line.net.0);
            self.discount.push(line.discount.0);
            self.retailer_coupon.push(line.retailer_coupon.0);
            self.supplier_coupon.push(line.supplier_coupon.0);
        }
    }
}

/// Placements of products in promotion, one row a product, shop and week, in any order. All columns
/// have the same length; texts are codes into the lists beside them, [`NONE`] where absent.
#[derive(Clone, Debug, Default)]
pub struct PlacementBatch {
    /// Products' ids.
    pub products: Texts,
    /// Shops' ids.
    pub shops: Texts,
    /// Places in the shop or in the leaflet, as the source names them.
    pub places: Texts,
    /// Product; always there.
    pub product: Vec<u32>,
    /// Shop; always there.
    pub shop: Vec<u32>,
    /// The week's first day, days since 1970-01-01.
    pub week: Vec<i32>,
    /// Where in the shop it was displayed.
    pub display: Vec<u32>,
    /// Where in the leaflet it stood.
    pub mailer: Vec<u32>,
}

impl PlacementBatch {
    /// How many placements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.product.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.product.is_empty()
    }
}

/// Everything one import brings, or a part of it: the good part of its feeds.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // the types say it
pub struct Batch {
    pub lines: LineBatch,
    pub placements: PlacementBatch,
    pub products: Vec<Product>,
    pub shops: Vec<Shop>,
    pub customers: Vec<Customer>,
    pub campaigns: Vec<Campaign>,
    pub invitations: Vec<Invitation>,
    pub coupons: Vec<Coupon>,
    pub redemptions: Vec<Redemption>,
    pub costs: Vec<Cost>,
    pub prices: Vec<Price>,
    pub assortment: Vec<Assortment>,
    pub stock: Vec<Stock>,
    pub cards: Vec<OpeningCard>,
    pub balances: Vec<OpeningBalance>,
    pub levels: Vec<OpeningLevel>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Day, Instant, Line, Money, Quantity, ReceiptKey};

    #[test]
    fn texts_get_codes_in_order_of_appearance() {
        let mut texts = Texts::default();
        assert_eq!(["b", "a", "b", ""].map(|text| texts.code(text)), [0, 1, 0, 2]);
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["b", "a", ""]);
        assert_eq!((texts.find("a"), texts.find("c")), (Some(1), None));
        assert_eq!((texts.text(1), texts.text(NONE)), (Some("a"), None));
    }

    #[test]
    fn a_receipt_becomes_rows() {
        let line = |product: &str, net| Line {
            product: product.into(),
            quantity: Quantity(1000),
            net: Money(net),
            discount: Money(0),
            retailer_coupon: Money(0),
            supplier_coupon: Money(0),
        };
        let mut batch = LineBatch::default();
        batch.push(&Receipt {
            key: ReceiptKey { number: "7".into(), ..ReceiptKey::default() },
            shop: "s".into(),
            customer: None,
            card: None,
            at: Instant(5),
            day: Day(0),
            minute: 0,
            channel: None,
            original: None,
            lines: vec![line("milk", 100), line("bread", 50)],
        });
        assert_eq!((batch.len(), batch.net.clone(), batch.customer[0]), (2, vec![100, 50], NONE));
        assert_eq!(batch.product, [0, 1]);
    }
}
