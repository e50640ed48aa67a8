//! Under which category lines lie, and what becomes of them when the catalogue moves a product.

use arrow_array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, UInt32Array};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use retail::{NONE, Product};
use rustc_hash::FxHashMap;

use super::files::nullable;
use crate::dictionary::{Dictionary, Kind};
use crate::manifest::{Manifest, StoredFile};
use crate::order::SortOrder;
use crate::rows::{Opened, column};
use crate::{Lake, LakeError, Storage};

/// The category of each product by the lake's codes, [`NONE`] where the catalogue knows none.
#[derive(Debug)]
pub(crate) struct Categories {
    catalogue: FxHashMap<String, String>,
    codes: Vec<u32>,
    // Products whose lines lie under another category than the catalogue says now, and that one.
    stale: FxHashMap<u32, u32>,
}

impl Categories {
    /// Those of a state of the lake: what its lines lie under.
    pub(crate) fn of(lake: &Lake) -> Result<Self, LakeError> {
        let mut categories = Self {
            catalogue: FxHashMap::default(),
            codes: Vec::new(),
            stale: FxHashMap::default(),
        };
        categories.catalogue(&lake.table::<Product>()?);
        let (products, names) = (lake.products()?, lake.dictionary(Kind::Category)?);
        categories.codes = (0..products.len() as u32)
            .map(|code| {
                let name = products.text(code).and_then(|id| categories.catalogue.get(id));
                name.and_then(|name| names.code(name)).unwrap_or(NONE)
            })
            .collect();
        Ok(categories)
    }

    /// Takes a catalogue over; [`Categories::extend`] must follow.
    pub(super) fn catalogue(&mut self, products: &[Product]) {
        self.catalogue = products
            .iter()
            .filter_map(|product| Some((product.id.0.clone(), product.category.clone()?)))
            .collect();
    }

    /// Gives every product with a code its category by the catalogue; what has lines elsewhere moves.
    pub(super) fn extend(&mut self, products: &Dictionary, names: &mut Dictionary) {
        for code in 0..products.len() as u32 {
            let name = products.text(code).and_then(|id| self.catalogue.get(id));
            let category = name.map_or(NONE, |name| names.add(name));
            match self.codes.get_mut(code as usize) {
                None => self.codes.push(category),
                Some(known) if *known != category => {
                    self.stale.insert(code, category);
                    *known = category;
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Moves lines of products whose category changed: files that hold any are written anew without
    /// them, and what moves becomes a run of its own, sorted within each file.
    pub(super) fn move_lines(
        &self,
        storage: &Storage,
        next: &mut Manifest,
    ) -> Result<(), LakeError> {
        if self.stale.is_empty() {
            return Ok(());
        }
        let mut files = Vec::new();
        let run = next.next_run;
        for file in std::mem::take(next.lines_mut(SortOrder::ByCategory)) {
            if !self.concerns(storage, &file)? {
                files.push(file);
                continue;
            }
            let opened = Opened::new(storage, &file)?;
            let batches = opened.reader()?.build()?.collect::<Result<Vec<_>, _>>()?;
            let rows = concat_batches(&SortOrder::ByCategory.schema(), &batches)?;
            let stays = self.stays(&rows, &file)?;
            let rest = filter_record_batch(&rows, &stays)?;
            if rest.num_rows() > 0 {
                files.push(SortOrder::ByCategory.write(storage, &rest, file.run)?);
            }
            let moved = filter_record_batch(&rows, &not(&stays))?;
            if moved.num_rows() > 0 {
                next.next_run = run + 1;
                let moved = self.recategorised(&moved, &file)?;
                files.push(SortOrder::ByCategory.write(storage, &moved, run)?);
            }
        }
        *next.lines_mut(SortOrder::ByCategory) = files;
        Ok(())
    }

    fn concerns(&self, storage: &Storage, file: &StoredFile) -> Result<bool, LakeError> {
        let opened = Opened::new(storage, file)?;
        for batch in opened.columns(&["category", "product"])? {
            if self.stays(&batch?, file)?.has_false() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rows that lie where the catalogue says.
    fn stays(&self, rows: &RecordBatch, file: &StoredFile) -> Result<BooleanArray, LakeError> {
        let category: &UInt32Array = column(rows, "category", file)?;
        let product: &UInt32Array = column(rows, "product", file)?;
        let stays = category.iter().zip(product.values()).map(|(category, product)| {
            Some(self.stale.get(product).is_none_or(|&now| now == category.unwrap_or(NONE)))
        });
        Ok(stays.collect())
    }

    /// The same rows under their new categories, sorted anew: they may come from several.
    fn recategorised(
        &self,
        rows: &RecordBatch,
        file: &StoredFile,
    ) -> Result<RecordBatch, LakeError> {
        let product: &UInt32Array = column(rows, "product", file)?;
        let day: &Date32Array = column(rows, "day", file)?;
        let receipt: &UInt32Array = column(rows, "receipt", file)?;
        let codes = product.values().iter();
        let now: Vec<u32> =
            codes.map(|product| self.stale.get(product).copied().unwrap_or(NONE)).collect();
        let mut places: Vec<u32> = (0..rows.num_rows() as u32).collect();
        places.sort_by_key(|&row| {
            let row = row as usize;
            (now[row], day.value(row), receipt.value(row))
        });
        let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
        columns[0] = nullable(now);
        let rows = RecordBatch::try_new(rows.schema(), columns)?;
        Ok(take_record_batch(&rows, &UInt32Array::from(places))?)
    }
}

fn not(mask: &BooleanArray) -> BooleanArray {
    mask.iter().map(|stays| stays.map(|stays| !stays)).collect()
}
