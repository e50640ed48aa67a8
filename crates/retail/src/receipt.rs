//! A receipt: a completed purchase or return.

use serde::{Deserialize, Serialize};

use crate::{CardId, CustomerId, Day, Instant, Money, ProductId, Quantity, ShopId};

/// What makes a receipt one receipt, whatever door it came through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReceiptKey {
    /// Chain of shops; empty where there is one.
    pub network: String,
    /// Shop, empty where the number alone is unique.
    pub shop: String,
    /// Till, empty where shop and number are unique.
    pub till: String,
    /// The receipt's own number.
    pub number: String,
    /// Fiscal drive and document number, where known: a second name of the same receipt.
    pub fiscal: Option<(String, String)>,
}

/// A completed purchase (or return), with its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its identity.
    pub key: ReceiptKey,
    /// Where.
    pub shop: ShopId,
    /// Who, if a card was shown; a receipt without a customer is a good receipt.
    pub customer: Option<CustomerId>,
    /// The card that was shown.
    pub card: Option<CardId>,
    /// When, to the microsecond.
    pub at: Instant,
    /// The shop's business day.
    pub day: Day,
    /// Minutes since local midnight, 0 to 1439.
    pub minute: u16,
    /// `online` or another channel; nothing where the source does not record it.
    pub channel: Option<String>,
    /// Number of the receipt whose goods came back, where a return names it.
    pub original: Option<String>,
    /// At least one line.
    pub lines: Vec<Line>,
}

/// One line of a receipt. A return has a negative quantity or a negative net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What was sold.
    pub product: ProductId,
    /// How much of it.
    pub quantity: Quantity,
    /// What the retailer received for the line.
    pub net: Money,
    /// Discount paid by the retailer, its coupon included; shelf price = net + discount.
    pub discount: Money,
    /// The part of the discount that a retailer's coupon gave.
    pub retailer_coupon: Money,
    /// A supplier's coupon: the customer paid net − this.
    pub supplier_coupon: Money,
}
