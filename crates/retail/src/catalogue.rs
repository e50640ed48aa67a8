//! What is sold, where, at which price and cost.

use serde::{Deserialize, Serialize};

use crate::{Day, Money, ProductId, Quantity, ShopId};

/// A product of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// SKU's code.
    pub id: ProductId,
    /// Name for people; may be in any language.
    pub name: Option<String>,
    /// Name in English, where the source has both.
    pub name_en: Option<String>,
    /// Brand, by the source's id.
    pub brand: Option<String>,
    /// Who makes or delivers it.
    pub supplier: Option<String>,
    /// First level of the category tree.
    pub department: Option<String>,
    /// The level at which portraits count: penetration, cycles, loyalty.
    pub category: Option<String>,
    /// The level below: what a shopper would call one thing.
    pub kind: Option<String>,
    /// Size or package.
    pub size: Option<String>,
    /// Sold under the retailer's own brand.
    pub private_label: bool,
    /// Ordinary goods or services; coupons, deposits, fuel and the like are not, and stay out of
    /// baskets, diversity and affinity.
    pub merchandise: bool,
    /// May be put into a personal offer.
    pub offerable: bool,
    /// A service: a product without stock.
    pub service: bool,
    /// Marks the portrait knows: `fresh`, `alcohol`, `baby`, `pet`, `fuel`; others are kept.
    pub tags: Vec<String>,
}

impl Product {
    /// A product of which only the code is known: it has no category and nobody should offer it.
    #[must_use]
    pub fn unknown(id: &str) -> Self {
        Self {
            id: id.into(),
            name: None,
            name_en: None,
            brand: None,
            supplier: None,
            department: None,
            category: None,
            kind: None,
            size: None,
            private_label: false,
            merchandise: true,
            offerable: false,
            service: false,
            tags: Vec::new(),
        }
    }
}

/// A shop of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// Name for people.
    pub name: Option<String>,
    /// Name in English, where the source has both.
    pub name_en: Option<String>,
    /// Region, by the source's id.
    pub region: Option<String>,
}

/// What one unit of a product costs the retailer from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Of which product.
    pub product: ProductId,
    /// First day of validity.
    pub from: Day,
    /// Cost of one unit.
    pub cost: Money,
}

/// A shelf price of one unit from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Of which product.
    pub product: ProductId,
    /// In which shop; nothing for every shop.
    pub shop: Option<ShopId>,
    /// First day of validity.
    pub from: Day,
    /// Price of one unit.
    pub price: Money,
}

/// A product that a shop sells within a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assortment {
    /// What.
    pub product: ProductId,
    /// Where.
    pub shop: ShopId,
    /// First day on sale.
    pub from: Option<Day>,
    /// Last day on sale.
    pub to: Option<Day>,
}

/// What a shop had of a product at the end of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    /// What.
    pub product: ProductId,
    /// Where.
    pub shop: ShopId,
    /// When.
    pub day: Day,
    /// How much.
    pub quantity: Quantity,
}
