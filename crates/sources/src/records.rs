//! Rows of every feed but receipts: catalogue, customers, campaigns, prices, stock; `records/opening.rs`
//! reads what a programme begins with.

mod opening;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use retail::{
    Assortment, Batch, Campaign, CampaignId, Cost, Coupon, CouponId, Customer, CustomerId, Day,
    Invitation, Money, Price, Product, ProductId, Redemption, Shop, ShopId, Stock,
};
use rustc_hash::FxHashMap;

use crate::cell::Row;
use crate::mapping::{Absent, FeedKind, FeedMapping};
use crate::problem::{Fault, ProblemCode};
use crate::value::Values;

type Parsed<T> = Result<T, Box<Fault>>;

/// Reads the rows of one feed into a batch.
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    mapping: &'m FeedMapping,
    values: Values,
    absent: Absent,
}

impl<'m> Reader<'m> {
    pub fn new(mapping: &'m FeedMapping) -> Self {
        let absent = Absent::of(&mapping.defaults.none);
        Self { mapping, values: Values::new(&mapping.defaults), absent }
    }

    /// Adds a row, or says what is wrong with it.
    pub fn row(&mut self, row: &Row<'_>, file: &Arc<Path>, batch: &mut Batch) -> Parsed<()> {
        match self.mapping.kind {
            // These have readers of their own.
            FeedKind::Receipts | FeedKind::Placements => {}
            FeedKind::Products => batch.products.push(self.product(row)?),
            FeedKind::Shops => batch.shops.push(self.shop(row)?),
            FeedKind::Customers => batch.customers.push(self.customer(row)?),
            FeedKind::Campaigns => batch.campaigns.push(self.campaign(row)?),
            FeedKind::Invitations => batch.invitations.push(Invitation {
                campaign: CampaignId(self.needed("campaign", row)?),
                customer: CustomerId(self.needed("customer", row)?),
            }),
            FeedKind::Coupons => batch.coupons.push(Coupon {
                id: CouponId(self.needed("id", row)?),
                campaign: CampaignId(self.needed("campaign", row)?),
                product: ProductId(self.needed("product", row)?),
            }),
            FeedKind::Redemptions => batch.redemptions.push(Redemption {
                coupon: CouponId(self.needed("coupon", row)?),
                customer: CustomerId(self.needed("customer", row)?),
                campaign: CampaignId(self.needed("campaign", row)?),
                day: self.needed_day("day", row)?,
            }),
            FeedKind::Costs => batch.costs.push(Cost {
                product: ProductId(self.needed("product", row)?),
                from: self.needed_day("from", row)?,
                cost: self.price("cost", row)?,
            }),
            FeedKind::Prices => batch.prices.push(Price {
                product: ProductId(self.needed("product", row)?),
                shop: self.text("shop", row)?.map(ShopId),
                from: self.needed_day("from", row)?,
                price: self.price("price", row)?,
            }),
            FeedKind::Assortment => batch.assortment.push(self.assortment(row)?),
            FeedKind::Stock => batch.stock.push(self.stock(row)?),
            FeedKind::Cards => batch.cards.push(self.opening_card(row, file)?),
            FeedKind::Balances => batch.balances.push(self.opening_balance(row, file)?),
            FeedKind::Levels => batch.levels.push(self.opening_level(row, file)?),
        }
        Ok(())
    }

    fn product(&mut self, row: &Row<'_>) -> Parsed<Product> {
        let id = self.needed("id", row)?;
        let mut product = Product {
            name: self.text("name", row)?,
            name_en: self.text("name_en", row)?,
            brand: self.text("brand", row)?,
            supplier: self.text("supplier", row)?,
            department: self.text("department", row)?,
            category: self.text("category", row)?,
            kind: self.text("kind", row)?,
            size: self.text("size", row)?,
            offerable: true,
            ..Product::unknown(&id)
        };
        for (name, rule) in &self.mapping.rules {
            let holds = rule.holds(row, &self.absent);
            match (name.as_str(), name.strip_prefix("tags.")) {
                (_, Some(tag)) if holds => product.tags.push(tag.to_owned()),
                ("private_label", _) => product.private_label = holds,
                ("merchandise", _) => product.merchandise = holds,
                ("offerable", _) => product.offerable = holds,
                ("service", _) => product.service = holds,
                _ => {}
            }
        }
        Ok(product)
    }

    fn shop(&mut self, row: &Row<'_>) -> Parsed<Shop> {
        Ok(Shop {
            id: ShopId(self.needed("id", row)?),
            name: self.text("name", row)?,
            name_en: self.text("name_en", row)?,
            region: self.text("region", row)?,
        })
    }

    fn customer(&mut self, row: &Row<'_>) -> Parsed<Customer> {
        let id = CustomerId(self.needed("id", row)?);
        let household = self.text("household", row)?;
        let mut attributes = BTreeMap::new();
        for field in &self.mapping.fields {
            if let Some(name) = field.name.strip_prefix("attributes.")
                && let Some(value) = self.values.text(Some(field), row)?
            {
                attributes.insert(name.to_owned(), value);
            }
        }
        Ok(Customer { id, household, attributes })
    }

    fn campaign(&mut self, row: &Row<'_>) -> Parsed<Campaign> {
        let campaign = Campaign {
            id: CampaignId(self.needed("id", row)?),
            kind: self.text("kind", row)?,
            start: self.needed_day("start", row)?,
            end: self.needed_day("end", row)?,
        };
        not_before("end", campaign.start, campaign.end)?;
        Ok(campaign)
    }

    fn assortment(&mut self, row: &Row<'_>) -> Parsed<Assortment> {
        let assortment = Assortment {
            product: ProductId(self.needed("product", row)?),
            shop: ShopId(self.needed("shop", row)?),
            from: self.day("from", row)?,
            to: self.day("to", row)?,
        };
        if let (Some(from), Some(to)) = (assortment.from, assortment.to) {
            not_before("to", from, to)?;
        }
        Ok(assortment)
    }

    fn stock(&mut self, row: &Row<'_>) -> Parsed<Stock> {
        let quantity = self.values.quantity(self.mapping.field("quantity"), row)?;
        Ok(Stock {
            product: ProductId(self.needed("product", row)?),
            shop: ShopId(self.needed("shop", row)?),
            day: self.needed_day("day", row)?,
            quantity: quantity.ok_or_else(|| Fault::missing("quantity"))?,
        })
    }

    fn text(&self, name: &str, row: &Row<'_>) -> Parsed<Option<String>> {
        self.values.text(self.mapping.field(name), row)
    }

    fn needed(&self, name: &str, row: &Row<'_>) -> Parsed<String> {
        self.text(name, row)?.ok_or_else(|| Fault::missing(name))
    }

    fn day(&mut self, name: &str, row: &Row<'_>) -> Parsed<Option<Day>> {
        self.values.day(self.mapping.field(name), row)
    }

    fn needed_day(&mut self, name: &str, row: &Row<'_>) -> Parsed<Day> {
        self.day(name, row)?.ok_or_else(|| Fault::missing(name))
    }

    /// What one unit costs, which is never less than nothing.
    fn price(&self, name: &str, row: &Row<'_>) -> Parsed<Money> {
        match self.values.money(self.mapping.field(name), row)? {
            None => Err(Fault::missing(name)),
            Some(money) if money < Money::ZERO => {
                let value = money.major().to_string();
                Err(Fault::field(ProblemCode::Number, name, value, "is below zero"))
            }
            Some(money) => Ok(money),
        }
    }
}

fn not_before(field: &str, from: Day, to: Day) -> Parsed<()> {
    if to < from {
        let reason = format!("is before {from}, when it begins");
        return Err(Fault::field(ProblemCode::Date, field, to.to_string(), reason));
    }
    Ok(())
}

/// Settles rows that say the same thing twice: of things with an id the last counts, invitations and
/// coupons count once; gives what is worth a warning.
pub(crate) fn settle(batch: &mut Batch) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut said = |feed: FeedKind, repeats: usize| {
        if repeats > 0 {
            warnings.push(format!("{feed}: {repeats} rows repeat an earlier one; the last counts"));
        }
    };
    said(FeedKind::Products, last_of_each(&mut batch.products, |product| product.id.clone()));
    said(FeedKind::Shops, last_of_each(&mut batch.shops, |shop| shop.id.clone()));
    said(FeedKind::Customers, last_of_each(&mut batch.customers, |customer| customer.id.clone()));
    said(FeedKind::Campaigns, last_of_each(&mut batch.campaigns, |campaign| campaign.id.clone()));
    said(
        FeedKind::Invitations,
        last_of_each(&mut batch.invitations, |i| (i.campaign.clone(), i.customer.clone())),
    );
    said(
        FeedKind::Coupons,
        last_of_each(&mut batch.coupons, |c| (c.id.clone(), c.campaign.clone(), c.product.clone())),
    );
    warnings
}

/// Keeps the last row of each key, at the place of the first; gives how many rows went.
fn last_of_each<T, K: Hash + Eq>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) -> usize {
    let before = rows.len();
    let mut places: FxHashMap<K, usize> = FxHashMap::default();
    let mut kept: Vec<T> = Vec::with_capacity(before);
    for row in rows.drain(..) {
        match places.entry(key(&row)) {
            std::collections::hash_map::Entry::Occupied(place) => kept[*place.get()] = row,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(row);
            }
        }
    }
    *rows = kept;
    before - rows.len()
}
