//! Promotion placements: one file a week, sorted by product and shop, with the source's own ids.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use rayon::prelude::*;
use retail::{Day, NONE, PlacementBatch, Placements, Texts, compare_ids};
use rustc_hash::FxHashSet;

use crate::manifest::{Manifest, StoredFile};
use crate::rows::{Opened, column, encode_to};
use crate::{Lake, LakeError, Storage};

/// Placements kept in memory before they are written, at most.
const PENDING_MAX: usize = 1 << 24;

/// One placement in codes of its [`Incoming`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    week: i32,
    product: u32,
    shop: u32,
    display: u32,
    mailer: u32,
}

/// Placements of an import under way. In one import every row counts once; beside them, what the lake
/// knows of the same product, shop and week is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    products: Texts,
    shops: Texts,
    places: Texts,
    rows: Vec<Row>,
    // Weeks that did not fit into memory: written, not yet part of any state.
    written: BTreeMap<Day, StoredFile>,
}

impl Incoming {
    /// Takes a part of a feed.
    pub(crate) fn add(
        &mut self,
        storage: &Storage,
        run: u64,
        batch: &PlacementBatch,
    ) -> Result<(), LakeError> {
        let products = codes_of(&mut self.products, &batch.products);
        let shops = codes_of(&mut self.shops, &batch.shops);
        let places = codes_of(&mut self.places, &batch.places);
        let code = |codes: &[u32], code: u32| codes.get(code as usize).copied().unwrap_or(NONE);
        self.rows.extend((0..batch.len()).map(|row| Row {
            week: batch.week[row],
            product: code(&products, batch.product[row]),
            shop: code(&shops, batch.shop[row]),
            display: code(&places, batch.display[row]),
            mailer: code(&places, batch.mailer[row]),
        }));
        if self.rows.len() >= PENDING_MAX { self.flush(storage, run) } else { Ok(()) }
    }

    /// Files of this import, for whoever has to remove them.
    pub(crate) fn files(&self) -> impl Iterator<Item = &StoredFile> {
        self.written.values()
    }

    /// Makes everything part of a state.
    pub(crate) fn finish(
        &mut self,
        storage: &Storage,
        run: u64,
        next: &mut Manifest,
    ) -> Result<u64, LakeError> {
        self.flush(storage, run)?;
        let mut came = 0;
        for (week, file) in std::mem::take(&mut self.written) {
            came += file.rows;
            let file = match next.placements.get(&week) {
                Some(older) => self.upon(storage, run, older, &file)?,
                None => file,
            };
            next.placements.insert(week, file);
        }
        Ok(came)
    }

    /// Writes the pending rows to the files of their weeks.
    fn flush(&mut self, storage: &Storage, run: u64) -> Result<(), LakeError> {
        let mut rows = std::mem::take(&mut self.rows);
        let weeks: FxHashSet<i32> = rows.iter().map(|row| row.week).collect();
        for week in weeks {
            if let Some(file) = self.written.get(&Day(week)).cloned() {
                rows.extend(self.read(storage, week, &file)?);
            }
        }
        let order = [ranks(&self.products), ranks(&self.shops), ranks(&self.places)];
        let rank = |ranks: &[u32], code: u32| ranks.get(code as usize).copied().unwrap_or(NONE);
        rows.par_sort_unstable_by_key(|row| {
            let [products, shops, places] = &order;
            let (display, mailer) = (rank(places, row.display), rank(places, row.mailer));
            (row.week, rank(products, row.product), rank(shops, row.shop), display, mailer)
        });
        rows.dedup();
        let written: Vec<(Day, StoredFile)> = rows
            .chunk_by(|a, b| a.week == b.week)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|rows| Ok((Day(rows[0].week), self.write(storage, run, rows)?)))
            .collect::<Result<_, LakeError>>()?;
        self.written.extend(written);
        Ok(())
    }

    /// The newer file of a week with what only the older one knows.
    fn upon(
        &mut self,
        storage: &Storage,
        run: u64,
        older: &StoredFile,
        newer: &StoredFile,
    ) -> Result<StoredFile, LakeError> {
        let newer = self.read(storage, 0, newer)?;
        let known: FxHashSet<(u32, u32)> =
            newer.iter().map(|row| (row.product, row.shop)).collect();
        let mut rows = self.read(storage, 0, older)?;
        rows.retain(|row| !known.contains(&(row.product, row.shop)));
        rows.extend(newer);
        let (products, shops) = (ranks(&self.products), ranks(&self.shops));
        // Stable: rows of one product and shop stay as they were sorted.
        rows.sort_by_key(|row| (products[row.product as usize], shops[row.shop as usize]));
        self.write(storage, run, &rows)
    }

    fn write(&self, storage: &Storage, run: u64, rows: &[Row]) -> Result<StoredFile, LakeError> {
        let text = |texts: &Texts, code: fn(&Row) -> u32| -> ArrayRef {
            Arc::new(rows.iter().map(|row| texts.text(code(row))).collect::<StringArray>())
        };
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("product", text(&self.products, |row| row.product), false),
            ("shop", text(&self.shops, |row| row.shop), false),
            ("display", text(&self.places, |row| row.display), true),
            ("mailer", text(&self.places, |row| row.mailer), true),
        ])?;
        encode_to(storage, "placements", &[batch], run)
    }

    fn read(
        &mut self,
        storage: &Storage,
        week: i32,
        file: &StoredFile,
    ) -> Result<Vec<Row>, LakeError> {
        let mut rows = Vec::with_capacity(file.rows as usize);
        for batch in Opened::new(storage, file)?.columns(&COLUMNS)? {
            let batch = batch?;
            let codes = |name, texts: &mut Texts| -> Result<Vec<u32>, LakeError> {
                let column: &StringArray = column(&batch, name, file)?;
                Ok(column.iter().map(|text| text.map_or(NONE, |text| texts.code(text))).collect())
            };
            let product = codes("product", &mut self.products)?;
            let shop = codes("shop", &mut self.shops)?;
            let display = codes("display", &mut self.places)?;
            let mailer = codes("mailer", &mut self.places)?;
            rows.extend((0..batch.num_rows()).map(|row| Row {
                week,
                product: product[row],
                shop: shop[row],
                display: display[row],
                mailer: mailer[row],
            }));
        }
        Ok(rows)
    }
}

const COLUMNS: [&str; 4] = ["product", "shop", "display", "mailer"];

fn codes_of(texts: &mut Texts, feed: &Texts) -> Vec<u32> {
    feed.iter().map(|text| texts.code(text)).collect()
}

/// Place of each text in source order, by code.
fn ranks(texts: &Texts) -> Vec<u32> {
    let mut sorted: Vec<(&str, u32)> = texts.iter().zip(0..).collect();
    sorted.sort_unstable_by(|a, b| compare_ids(a.0, b.0));
    let mut ranks = vec![0; sorted.len()];
    for (rank, (_, code)) in (0..).zip(sorted) {
        ranks[code as usize] = rank;
    }
    ranks
}

impl Lake {
    /// Placements of the weeks that begin within these days, of products and shops that the lake has
    /// receipts of, by its codes.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn placements(&self, weeks: RangeInclusive<Day>) -> Result<Placements, LakeError> {
        let (products, shops) = (self.products()?, self.shops()?);
        let mut incoming = Incoming::default();
        let mut rows = Vec::new();
        for (week, file) in self.manifest.placements.range(weeks) {
            rows.extend(incoming.read(&self.storage, week.0, file)?);
        }
        let find = |texts: &Texts, dictionary: &crate::Dictionary| -> Vec<u32> {
            texts.iter().map(|text| dictionary.code(text).unwrap_or(NONE)).collect()
        };
        let products = find(&incoming.products, products);
        let shops = find(&incoming.shops, shops);
        for row in &mut rows {
            row.product = products[row.product as usize];
            row.shop = shops[row.shop as usize];
        }
        rows.retain(|row| row.product != NONE && row.shop != NONE);
        rows.par_sort_by_key(|row| (row.product, row.shop, row.week));
        let column = |code: fn(&Row) -> u32| rows.iter().map(code).collect();
        Ok(Placements {
            product: column(|row| row.product),
            shop: column(|row| row.shop),
            week: rows.iter().map(|row| row.week).collect(),
            display: column(|row| row.display),
            mailer: column(|row| row.mailer),
            places: incoming.places,
        })
    }
}
