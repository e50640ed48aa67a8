//! What the catalogue adds to lines of which the till said little.

use std::sync::Arc;

use ::pricing::BasketLine;
use retail::Product;

use super::note::{Note, NoteCode};
use crate::studio::Furnished;
use crate::{FieldProblem, Programme, Refused};

impl Programme {
    /// Fills in what the till did not say of its lines. The catalogue is the one that is at hand, a moment old; where
    /// nobody has it at hand yet it is waited for, since by it goods are known that the law keeps from discounts.
    /// Where it cannot be read the till's word counts alone, and that is noted.
    pub(super) fn described(&self, lines: &mut [BasketLine]) -> Result<Vec<Note>, Refused> {
        let strict = self.settings.quotes.refuse_unknown_products;
        let furnished = match self.warm.at_hand() {
            Some(furnished) => furnished,
            None => match self.newest_studio() {
                Ok(furnished) => furnished,
                Err(refused) if strict => return Err(refused),
                Err(_) => return Ok(vec![Note::new("", NoteCode::CatalogueUnknown)]),
            },
        };
        let mut unknown = Vec::new();
        for (place, line) in lines.iter_mut().enumerate() {
            if !known(&furnished, line) {
                unknown.push(format!("/lines/{place}/product"));
            }
        }
        if strict && !unknown.is_empty() {
            let problem = |pointer| FieldProblem {
                pointer,
                code: "product_unknown",
                detail: "is no product of the catalogue".to_owned(),
            };
            return Err(Refused::Invalid { problems: unknown.into_iter().map(problem).collect() });
        }
        // A retailer who has no catalogue need not be told so line by line.
        if furnished.studio.reference.categories.is_empty() {
            return Ok(Vec::new());
        }
        Ok(unknown.into_iter().map(|at| Note::new(at, NoteCode::ProductUnknown)).collect())
    }

    fn newest_studio(&self) -> Result<Arc<Furnished>, Refused> {
        self.warm.newest(self).map_err(|error| Refused::Broken { why: format!("{error:#}") })
    }
}

/// Adds what the catalogue knows of a line's product; whether it knows anything.
fn known(furnished: &Furnished, line: &mut BasketLine) -> bool {
    let reference = &furnished.studio.reference;
    let code = furnished.studio.lake.products().ok().and_then(|known| known.code(&line.product));
    let Some(product) = reference.product(&line.product, code) else { return false };
    describe(product, line);
    product.category.is_some() || product.name.is_some() || product.name_en.is_some()
}

/// Adds what the catalogue says of a product where the line does not say it itself.
pub(crate) fn describe(product: &Product, line: &mut BasketLine) {
    if line.categories.is_empty() {
        let nodes = [&product.category, &product.kind, &product.department];
        line.categories = nodes.into_iter().flatten().cloned().collect();
    }
    if line.brand.is_none() {
        line.brand.clone_from(&product.brand);
    }
    if line.supplier.is_none() {
        line.supplier.clone_from(&product.supplier);
    }
    // Whatever the till marks it as, it stays what the law takes it for.
    for mark in &product.tags {
        if !line.marks.contains(mark) {
            line.marks.push(mark.clone());
        }
    }
}
