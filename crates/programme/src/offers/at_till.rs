//! Offers for the till: the first of everybody's in memory, since a queue does not wait for a file.
//!
//! A job loads those of a new snapshot, and loads them again when somebody was erased from it. Until then nobody
//! is offered anything.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use models::Reason;
use retail::CustomerId;

use super::{FILE, OfferRow, read};
use crate::Programme;

/// So many of a customer's are in memory, those not shown because their product is in the basket among them.
const KEPT: i64 = 5;

/// The first offers of everybody, once they are loaded.
#[derive(Debug, Default)]
pub(crate) struct OffersAtTill(Mutex<Option<Arc<Loaded>>>);

#[derive(Debug)]
struct Loaded {
    /// Of the file they are from.
    sha256: String,
    of: HashMap<Box<str>, Vec<Kept>>,
    products: Vec<Product>,
}

/// An offer, its product by its place.
#[derive(Clone, Copy, Debug)]
struct Kept {
    product: u32,
    rank: u8,
    score: f64,
    reason: Reason,
}

#[derive(Debug)]
struct Product {
    id: String,
    name: Option<String>,
    name_en: Option<String>,
}

impl OffersAtTill {
    fn loaded(&self) -> Option<Arc<Loaded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn load(&self, loaded: Option<Loaded>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = loaded.map(Arc::new);
    }
}

impl Programme {
    /// Loads offers for tills where there are newer ones; says whether it did. A job of every few seconds.
    ///
    /// # Errors
    /// When the snapshot cannot be read.
    pub fn load_offers(&self) -> Result<bool> {
        if self.settings.quotes.offers == 0 {
            return Ok(false);
        }
        let Some(snapshot) = self.snapshots().current()? else {
            self.at_till.load(None);
            return Ok(false);
        };
        let sha256 = snapshot.files.get(FILE).cloned().unwrap_or_default();
        if self.at_till.loaded().is_some_and(|loaded| loaded.sha256 == sha256) {
            return Ok(false);
        }
        let mut loaded = Loaded { sha256, of: HashMap::new(), products: Vec::new() };
        let mut places: HashMap<String, u32> = HashMap::new();
        self.offer_rows(None, |rows| {
            for row in read(rows)?.into_iter().filter(|row| row.rank <= KEPT) {
                let next = places.len() as u32;
                let product = *places.entry(row.product.clone()).or_insert(next);
                if product == next {
                    let OfferRow { product: id, name, name_en, .. } = row;
                    loaded.products.push(Product { id, name, name_en });
                }
                let kept =
                    Kept { product, rank: row.rank as u8, score: row.score, reason: row.reason };
                loaded.of.entry(row.customer.into_boxed_str()).or_default().push(kept);
            }
            Ok(())
        })?;
        loaded.of.values_mut().for_each(Vec::shrink_to_fit);
        self.at_till.load(Some(loaded));
        Ok(true)
    }

    /// What a till offers a customer: his best, but for what is in the basket already.
    pub(crate) fn offers_at_till(
        &self,
        customer: &CustomerId,
        in_basket: &BTreeSet<&str>,
    ) -> Vec<OfferRow> {
        let Some(loaded) = self.at_till.loaded() else { return Vec::new() };
        let Some((id, kept)) = loaded.of.get_key_value(&*customer.0) else { return Vec::new() };
        let row = |kept: &Kept| {
            let product = &loaded.products[kept.product as usize];
            OfferRow {
                customer: id.to_string(),
                rank: i64::from(kept.rank),
                product: product.id.clone(),
                name: product.name.clone(),
                name_en: product.name_en.clone(),
                score: kept.score,
                reason: kept.reason,
            }
        };
        let offers = kept.iter().map(row).filter(|offer| !in_basket.contains(&*offer.product));
        offers.take(self.settings.quotes.offers).collect()
    }
}
