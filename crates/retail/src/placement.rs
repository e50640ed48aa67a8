//! Promotion placements: which product stood where in which shop in which week, for models to join.

use std::ops::Range;

use crate::{Day, Texts};

/// Placements of products in promotion, sorted by product, shop, week, so that those of one are found
/// at once. All columns have the same length. Products and shops are codes of the lake that gave them,
/// places are codes of [`Placements::places`], [`crate::NONE`] where there is none.
#[derive(Clone, Debug, Default)]
pub struct Placements {
    /// Product.
    pub product: Vec<u32>,
    /// Shop.
    pub shop: Vec<u32>,
    /// The week's first day, days since 1970-01-01.
    pub week: Vec<i32>,
    /// Where in the shop it was displayed.
    pub display: Vec<u32>,
    /// Where in the leaflet it stood.
    pub mailer: Vec<u32>,
    /// What the codes of places mean.
    pub places: Texts,
}

impl Placements {
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

    /// The placements of a product in a shop in the week that begins on a day; there may be several.
    #[must_use]
    pub fn find(&self, product: u32, shop: u32, week: Day) -> Range<usize> {
        let wanted = (product, shop, week.0);
        let key = |row: usize| (self.product[row], self.shop[row], self.week[row]);
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if key(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        let end = (low..self.len()).find(|&row| key(row) != wanted).unwrap_or(self.len());
        low..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placements_of_a_product_in_a_shop_and_week_are_found() {
        let rows = [(1, 1, 0), (1, 1, 7), (1, 1, 7), (1, 2, 0), (3, 1, 0)];
        let placements = Placements {
            product: rows.map(|row| row.0).to_vec(),
            shop: rows.map(|row| row.1).to_vec(),
            week: rows.map(|row| row.2).to_vec(),
            ..Placements::default()
        };
        for (wanted, found) in [
            ((1, 1, 0), 0..1),
            ((1, 1, 7), 1..3),
            ((1, 2, 0), 3..4),
            ((3, 1, 0), 4..5),
            ((2, 1, 0), 4..4),
            ((3, 1, 7), 5..5),
        ] {
            let (product, shop, week) = wanted;
            assert_eq!(placements.find(product, shop, Day(week)), found, "{wanted:?}");
        }
    }
}
