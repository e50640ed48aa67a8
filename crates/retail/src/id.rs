//! Ids are the retailer's own texts; a number is never an id outside the lake.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// A customer, as the source names him; never a phone or an e-mail.
    CustomerId,
    /// What was shown at the till and identifies a customer.
    CardId,
    /// What is sold: the SKU's code.
    ProductId,
    /// A chain of shops.
    NetworkId,
    /// A shop of the network.
    ShopId,
    /// A cash desk of a shop.
    TillId,
    /// What holds a customer's, or a family's, points and money.
    WalletId,
    /// A node of the category tree.
    CategoryId,
    /// A campaign.
    CampaignId,
    /// A coupon: a right for one customer, or its printed code.
    CouponId,
}

/// The order of ids in the source, by which every tie is broken: numbers before texts, numbers by
/// value, texts by their bytes. A number is an optional minus and digits; of equal numbers the
/// one with fewer bytes comes first, so that the order is total.
#[must_use]
pub fn compare_ids(a: &str, b: &str) -> Ordering {
    match (integer(a), integer(b)) {
        (Some(x), Some(y)) => {
            compare_integers(x, y).then_with(|| a.len().cmp(&b.len())).then_with(|| a.cmp(b))
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Sign and digits without leading zeros, if the text is an integer of any length.
fn integer(text: &str) -> Option<(bool, &[u8])> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|&&d| d == b'0').count();
    let digits = &digits[zeros..];
    Some((negative && !digits.is_empty(), digits))
}

fn compare_integers(a: (bool, &[u8]), b: (bool, &[u8])) -> Ordering {
    let size = |x: &[u8], y: &[u8]| x.len().cmp(&y.len()).then_with(|| x.cmp(y));
    match (a.0, b.0) {
        (false, false) => size(a.1, b.1),
        (true, true) => size(b.1, a.1),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_as_in_the_source() {
        let sorted = [
            "-12",
            "-3",
            "0",
            "-0",
            "00",
            "9",
            "10",
            "010",
            "99999999999999999999",
            "",
            "A-1",
            "a",
            "Б",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare_ids(a, b), i.cmp(&j), "{a:?} against {b:?}");
            }
        }
    }
}
