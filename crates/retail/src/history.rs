//! Lines by customer, in columns: how histories travel from the lake to portraits and models.

/// Lines of receipts sorted by customer, then by their receipt's time, then by the receipt's number,
/// so that the lines of one receipt stand together and receipts stand in the order of purchase.
/// All columns have the same length. Codes are those of the lake that gave the lines; [`crate::NONE`]
/// where absent. Lines without a customer come last, receipt by receipt, in no order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Customer; [`crate::NONE`] if no card was shown.
    pub customer: Vec<u32>,
    /// Receipt.
    pub receipt: Vec<u32>,
    /// Time of the receipt's earliest line, µs UTC.
    pub at: Vec<i64>,
    /// The shop's business day of the receipt, days since 1970-01-01.
    pub day: Vec<i32>,
    /// Minutes since local midnight at which the receipt began.
    pub minute: Vec<u16>,
    /// Shop.
    pub shop: Vec<u32>,
    /// Sales channel; [`crate::NONE`] if not recorded.
    pub channel: Vec<u32>,
    /// Product.
    pub product: Vec<u32>,
    /// Thousandths of a unit.
    pub quantity: Vec<i64>,
    /// Minor units the retailer received.
    pub net: Vec<i64>,
    /// Discount paid by the retailer, its coupon included.
    pub discount: Vec<i64>,
    /// The part of it that a retailer's coupon gave.
    pub retailer_coupon: Vec<i64>,
    /// A supplier's coupon.
    pub supplier_coupon: Vec<i64>,
}

impl Lines {
    /// How many lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.customer.len()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customer.is_empty()
    }

    /// The customers in order, each with the range of his lines; lines without a customer are left out.
    #[must_use]
    pub fn by_customer(&self) -> Vec<(u32, std::ops::Range<usize>)> {
        let mut ranges = Vec::new();
        let mut start = 0;
        for same in self.customer.chunk_by(|a, b| a == b) {
            if same[0] != crate::NONE {
                ranges.push((same[0], start..start + same.len()));
            }
            start += same.len();
        }
        ranges
    }

    /// The lines of these ranges, one after the other.
    ///
    /// # Panics
    /// When a range ends beyond the last line.
    #[must_use]
    pub fn select(&self, ranges: &[std::ops::Range<usize>]) -> Self {
        fn pick<T: Copy>(column: &[T], ranges: &[std::ops::Range<usize>]) -> Vec<T> {
            ranges.iter().flat_map(|range| column[range.clone()].iter().copied()).collect()
        }
        Self {
            customer: pick(&self.customer, ranges),
            receipt: pick(&self.receipt, ranges),
            at: pick(&self.at, ranges),
            day: pick(&self.day, ranges),
            minute: pick(&self.minute, ranges),
            shop: pick(&self.shop, ranges),
            channel: pick(&self.channel, ranges),
            product: pick(&self.product, ranges),
            quantity: pick(&self.quantity, ranges),
            net: pick(&self.net, ranges),
            discount: pick(&self.discount, ranges),
            retailer_coupon: pick(&self.retailer_coupon, ranges),
            supplier_coupon: pick(&self.supplier_coupon, ranges),
        }
    }
}
