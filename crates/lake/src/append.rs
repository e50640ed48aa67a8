//! Appending: parts of an import become runs of files; dictionaries, tables and one manifest follow.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;

use rayon::prelude::*;
use retail::{Batch, LineBatch, NONE};
use rustc_hash::FxHashMap;

use crate::dead::Dead;
use crate::dictionary::{Dictionary, Kind};
use crate::index::{self, Entry, Index, Known};
use crate::manifest::{Manifest, Totals};
use crate::merge::compare_receipts;
use crate::order::SortOrder;
use crate::placements;
use crate::table;
use crate::{Lake, LakeError, rows};

mod beside;
mod category;
mod files;
mod group;

use category::Categories;
use files::{Part, Written};
use group::{Group, Groups, Keys};

/// Parts whose files are written while another is looked up: each has a file or two an order, so they
/// keep some four processors busy. More would only take memory.
const PARTS_WRITTEN_AT_ONCE: usize = 2;

/// How often a commit is tried again when compactions commit meanwhile.
const COMMITS_MAX: usize = 20;

/// What an append did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Appended {
    /// The lake contained this batch already; nothing was changed.
    pub already_there: bool,
    /// Receipts the lake did not know.
    pub receipts_new: u64,
    /// Receipts it knew with the same content.
    pub receipts_same: u64,
    /// Receipts it knew with other content, which the new one replaced.
    pub receipts_replaced: u64,
    /// Lines of new and replacing receipts.
    pub lines: u64,
    /// Receipts of the batch without a customer.
    pub receipts_without_customer: u64,
    /// Promotion placements of the batch, each once.
    pub placements: u64,
    /// What the reference tables gained, by table.
    pub tables: BTreeMap<&'static str, TableChange>,
}

/// What a reference table gained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TableChange {
    /// Rows with a new key.
    pub new: u64,
    /// Rows whose key was known, with other content.
    pub changed: u64,
    /// Rows known as they came.
    pub same: u64,
}

/// An import under way: parts are added, and one commit makes them all part of the lake. Dropped
/// without a commit it changes nothing.
#[derive(Debug)]
pub struct Append<'a> {
    lake: &'a Lake,
    batch_id: String,
    already_there: bool,
    committing: bool,
    // The state that a commit would make.
    next: Manifest,
    // Copied from the lake's where they grow.
    dictionaries: [Option<Arc<Dictionary>>; Kind::ALL.len()],
    categories: Option<Categories>,
    placements: placements::Incoming,
    // The latest parts, whose files are still being written.
    writing: VecDeque<JoinHandle<Result<Written, LakeError>>>,
    appended: Appended,
}

/// A receipt of the batch that the lake must store.
struct Incoming {
    group: u32,
    receipt: u32,
    customer: u32,
}

/// Lines as the lake will have them, and what they replace, with the group that does.
struct Coming {
    part: Part,
    replaced: Vec<(Known, u32)>,
}

/// What becomes of a batch's receipts.
struct Settled {
    /// New receipts and new versions of known ones.
    incoming: Vec<Incoming>,
    /// What they replace, and the group that does.
    replaced: Vec<(Known, u32)>,
}

impl Lake {
    /// Begins to add a batch. It is known by `batch_id`: if this state contains it, nothing will change.
    ///
    /// # Errors
    /// When the newest state is not sound ([`LakeError::Unsound`]).
    pub fn begin(&self, batch_id: &str) -> Result<Append<'_>, LakeError> {
        self.must_be_sound()?;
        Ok(Append::new(self, batch_id))
    }

    /// Adds a batch of one part and commits; see [`Lake::begin`].
    ///
    /// # Errors
    /// As [`Append::add`] and [`Append::commit`]; then nothing was changed.
    pub fn append(&self, batch_id: &str, batch: &Batch) -> Result<(Self, Appended), LakeError> {
        let mut append = self.begin(batch_id)?;
        append.add(batch.clone())?;
        append.commit()
    }
}

impl<'a> Append<'a> {
    fn new(lake: &'a Lake, batch_id: &str) -> Self {
        Self {
            lake,
            batch_id: batch_id.to_owned(),
            already_there: lake.manifest.batches.iter().any(|known| known == batch_id),
            committing: false,
            next: Manifest::clone(&lake.manifest),
            dictionaries: Default::default(),
            categories: None,
            placements: placements::Incoming::default(),
            writing: VecDeque::new(),
            appended: Appended::default(),
        }
    }
}

impl Append<'_> {
    /// Whether the lake contains this batch already; then there is nothing to add.
    #[must_use]
    pub fn already_there(&self) -> bool {
        self.already_there
    }

    /// Adds a part: rows of reference tables, placements, receipts. A receipt must be whole within its
    /// part. One that the lake or an earlier part knows with other content replaces that; rows of
    /// tables and placements replace those of the same key.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn add(&mut self, mut part: Batch) -> Result<(), LakeError> {
        if self.already_there {
            return Ok(());
        }
        self.add_tables(&mut part)?;
        let run = self.lake.manifest.next_run;
        self.placements.add(&self.lake.storage, run, &part.placements)?;
        self.add_lines(part.lines)
    }

    /// Makes all parts part of the lake, at once. Compactions that committed meanwhile are kept.
    ///
    /// # Errors
    /// When the storage fails or another process changed the lake's content meanwhile; then nothing
    /// was changed.
    pub fn commit(mut self) -> Result<(Lake, Appended), LakeError> {
        let storage = self.lake.storage.clone();
        self.take_written(0)?;
        let mut appended = std::mem::take(&mut self.appended);
        if self.already_there {
            appended.already_there = true;
            return Ok((Lake::at(storage, Manifest::clone(&self.lake.manifest)), appended));
        }
        self.write_dictionaries()?;
        let run = self.lake.manifest.next_run;
        appended.placements = self.placements.finish(&storage, run, &mut self.next)?;
        self.next.batches.push(self.batch_id.clone());
        self.committing = true;
        for _ in 0..COMMITS_MAX {
            let mut next = self.rebased()?;
            if let Some(categories) = &self.categories {
                categories.move_lines(&storage, &mut next)?;
            }
            match next.commit(&storage) {
                Err(LakeError::Raced { .. }) => {}
                committed => return Ok((Lake::at(storage, committed?), appended)),
            }
        }
        Err(LakeError::Raced { number: self.next.number + 1 })
    }

    /// Tells what a commit would do, and removes what was written for it: the lake stays as it is.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn give_up(mut self) -> Result<Appended, LakeError> {
        self.take_written(0)?;
        let mut appended = std::mem::take(&mut self.appended);
        appended.already_there = self.already_there;
        if !self.already_there {
            let (storage, run) = (self.lake.storage.clone(), self.lake.manifest.next_run);
            appended.placements = self.placements.finish(&storage, run, &mut self.next)?;
        }
        Ok(appended)
    }

    /// This append's state on top of the newest one, which only compactions may have made.
    fn rebased(&self) -> Result<Manifest, LakeError> {
        let base = &self.lake.manifest;
        let newest = Manifest::newest(&self.lake.storage)?.manifest;
        if newest.number == base.number {
            return Ok(self.next.clone());
        }
        if !newest.holds_what(base) {
            return Err(LakeError::Raced { number: base.number + 1 });
        }
        let known: HashSet<&str> = base.files().map(|(_, file)| file.path.as_str()).collect();
        let mut next = Manifest {
            number: newest.number,
            next_run: newest.next_run + (self.next.next_run - base.next_run),
            sort_orders: newest.sort_orders,
            receipts: newest.receipts,
            dead: newest.dead,
            ..self.next.clone()
        };
        let add = |files: &mut Vec<_>, ours: &[crate::StoredFile]| {
            for file in ours.iter().filter(|file| !known.contains(file.path.as_str())) {
                let run = newest.next_run + (file.run - base.next_run);
                files.push(crate::StoredFile { run, ..file.clone() });
            }
        };
        for order in SortOrder::ALL {
            add(next.lines_mut(order), self.next.lines(order));
        }
        add(&mut next.receipts, &self.next.receipts);
        add(&mut next.dead, &self.next.dead);
        Ok(next)
    }

    fn dictionary(&mut self, kind: Kind) -> Result<&mut Arc<Dictionary>, LakeError> {
        let copy = &mut self.dictionaries[kind as usize];
        match copy {
            Some(dictionary) => Ok(dictionary),
            None => Ok(copy.insert(self.lake.dictionary(kind)?.clone())),
        }
    }

    /// Writes the dictionaries that grew.
    fn write_dictionaries(&mut self) -> Result<(), LakeError> {
        for kind in Kind::ALL {
            let Some(dictionary) = &mut self.dictionaries[kind as usize] else { continue };
            if dictionary.len() > self.lake.dictionary(kind)?.len() {
                Arc::make_mut(dictionary).rank();
                let file =
                    dictionary.write(&self.lake.storage, kind, self.lake.manifest.next_run)?;
                self.next.dictionaries.insert(kind.name().to_owned(), file);
            }
        }
        Ok(())
    }

    fn add_lines(&mut self, batch: LineBatch) -> Result<(), LakeError> {
        let storage = self.lake.storage.clone();
        let index = self.next.receipts.clone();
        let Some(Coming { mut part, replaced }) = self.part_of(batch)? else { return Ok(()) };
        part.categories = self.categories()?.codes().to_vec();
        let run = u64::from(part.version);
        let older = index_of_replaced(Index { storage: &storage, files: &index }, &replaced)?;
        let entries = entries(&part.groups, &part.incoming, &replaced, &older, part.version);
        self.next.receipts.push(index::write(&storage, &entries, run)?);
        if !replaced.is_empty() {
            self.next.dead.push(Dead::write(&storage, &versions(&replaced), run)?);
        }
        self.take_written(PARTS_WRITTEN_AT_ONCE - 1)?;
        // While these files are written, the next part is looked up.
        self.writing.push_back(std::thread::spawn(move || part.write(&storage)));
        Ok(())
    }

    /// What of these lines the lake must store, with codes of all but categories and in its place, and what
    /// that replaces; nothing if it has them all. Writes nothing.
    fn part_of(&mut self, batch: LineBatch) -> Result<Option<Coming>, LakeError> {
        if batch.is_empty() {
            return Ok(None);
        }
        let run = self.next.next_run;
        let version = u32::try_from(run).map_err(|_| LakeError::Full { what: "runs" })?;
        let keys = Keys::of(&batch);
        let index = Index { storage: &self.lake.storage, files: &self.next.receipts };
        let known = index.find(&keys.names())?;
        let groups =
            Groups::new(&batch, &keys, &erased_customers(&batch, &self.next.erased), &known);
        let first_of_import = self.lake.manifest.next_run;
        let Settled { mut incoming, replaced } =
            settle(&groups, &known, first_of_import, &mut self.next, &mut self.appended)?;
        if incoming.is_empty() {
            return Ok(None);
        }
        self.next.next_run += 1;
        let codes = self.extend_dictionaries(&batch, &groups, &incoming)?;
        for receipt in &mut incoming {
            let customer = groups.list[receipt.group as usize].customer;
            receipt.customer = look_up(&codes.customer, customer);
        }
        sort(&mut incoming, &groups.list, &batch);
        let part = Part { batch, groups, incoming, codes, categories: Vec::new(), version };
        Ok(Some(Coming { part, replaced }))
    }

    /// Waits until the files of no more than so many parts are being written, and takes the others
    /// into the state.
    fn take_written(&mut self, most: usize) -> Result<(), LakeError> {
        while self.writing.len() > most {
            let Some(writing) = self.writing.pop_front() else { break };
            let files = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            for (order, file) in files {
                self.next.lines_mut(order).push(file);
            }
        }
        Ok(())
    }

    /// Gives codes to ids that come for the first time.
    fn extend_dictionaries(
        &mut self,
        batch: &LineBatch,
        groups: &Groups,
        incoming: &[Incoming],
    ) -> Result<Codes, LakeError> {
        let mut used = Codes::unused(batch);
        for receipt in incoming {
            let group = &groups.list[receipt.group as usize];
            mark(&mut used.customer, group.customer);
            for &row in groups.rows(receipt.group) {
                let row = row as usize;
                mark(&mut used.product, batch.product[row]);
                mark(&mut used.shop, batch.shop[row]);
                mark(&mut used.channel, batch.channel[row]);
            }
        }
        let mut extend = |kind: Kind, feed, used: &[u32]| -> Result<Vec<u32>, LakeError> {
            Ok(Dictionary::extend(self.dictionary(kind)?, feed, |code| used[code as usize] != NONE))
        };
        Ok(Codes {
            customer: extend(Kind::Customer, &batch.names.customer, &used.customer)?,
            product: extend(Kind::Product, &batch.names.product, &used.product)?,
            shop: extend(Kind::Shop, &batch.names.shop, &used.shop)?,
            channel: extend(Kind::Channel, &batch.names.channel, &used.channel)?,
        })
    }

    /// The category of every product that has a code, as the catalogue of this state says.
    fn categories(&mut self) -> Result<&Categories, LakeError> {
        let mut categories = match self.categories.take() {
            Some(categories) => categories,
            None => Categories::of(self.lake)?,
        };
        self.dictionary(Kind::Product)?;
        self.dictionary(Kind::Category)?;
        let [_, product, .., category] = &mut self.dictionaries;
        if let (Some(products), Some(names)) = (product, category) {
            categories.extend(products, Arc::make_mut(names));
        }
        Ok(self.categories.insert(categories))
    }

    fn add_tables(&mut self, part: &mut Batch) -> Result<(), LakeError> {
        let erased: HashSet<String> = self.next.erased.iter().cloned().collect();
        if !erased.is_empty() {
            let stays = |id: &str| !erased.contains(&rows::sha256_hex(id.as_bytes()));
            part.customers.retain(|row| stays(&row.id.0));
            part.invitations.retain(|row| stays(&row.customer.0));
            part.redemptions.retain(|row| stays(&row.customer.0));
        }
        let new_catalogue = !part.products.is_empty();
        if new_catalogue {
            // What the lines lie under now, before the catalogue changes.
            self.categories()?;
        }
        let run = self.lake.manifest.next_run;
        let adding = table::Adding { storage: &self.lake.storage, state: &self.next, run };
        // The largest first, so that none is left for the end.
        let tables = [
            adding.rows(&mut part.stock),
            adding.rows(&mut part.assortment),
            adding.rows(&mut part.prices),
            adding.rows(&mut part.customers),
            adding.rows(&mut part.invitations),
            adding.rows(&mut part.redemptions),
            adding.rows(&mut part.costs),
            adding.rows(&mut part.products),
            adding.rows(&mut part.coupons),
            adding.rows(&mut part.campaigns),
            adding.rows(&mut part.shops),
        ];
        let added: Vec<Result<table::Added, LakeError>> =
            tables.into_par_iter().flatten().map(|add| add()).collect();
        let mut failed = None;
        for added in added {
            let table::Added { table, file, change } = match added {
                Ok(added) => added,
                // What the others wrote must be known, so that it goes with this append.
                Err(error) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
            if let Some(file) = file {
                self.next.tables.insert(table.to_owned(), file);
            }
            let told = self.appended.tables.entry(table).or_default();
            told.new += change.new;
            told.changed += change.changed;
            told.same += change.same;
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if new_catalogue {
            let products = table::of::<retail::Product>(&self.lake.storage, &self.next)?;
            if let Some(categories) = &mut self.categories {
                categories.catalogue(&products);
            }
            self.categories()?;
        }
        Ok(())
    }
}

impl Drop for Append<'_> {
    /// What was written for nothing goes; once a commit was tried, only a sweep knows better.
    fn drop(&mut self) {
        // Its files must not appear after the others are gone.
        for writing in std::mem::take(&mut self.writing) {
            let Ok(Ok(files)) = writing.join() else { continue };
            let lines = self.next.lines_mut(SortOrder::ByCustomer);
            lines.extend(files.into_iter().map(|(_, file)| file));
        }
        if self.committing {
            return;
        }
        let known: HashSet<&str> =
            self.lake.manifest.files().map(|(_, file)| file.path.as_str()).collect();
        let written = self.next.files().map(|(_, file)| file).chain(self.placements.files());
        for file in written {
            // Best effort: what stays is swept away later, and a storage that fails is not asked again.
            if !known.contains(file.path.as_str()) && self.lake.storage.delete(&file.path).is_err()
            {
                return;
            }
        }
    }
}

/// Versions that are replaced, as (receipt, version), each once.
fn versions(replaced: &[(Known, u32)]) -> Vec<(u32, u32)> {
    let mut versions: Vec<(u32, u32)> =
        replaced.iter().map(|(known, _)| (known.receipt, known.version)).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// Every entry of the receipts that are replaced: all their names need the new version.
fn index_of_replaced(index: Index<'_>, replaced: &[(Known, u32)]) -> Result<Vec<Entry>, LakeError> {
    if replaced.is_empty() {
        return Ok(Vec::new());
    }
    index.of_receipts(&replaced.iter().map(|(known, _)| known.receipt).collect())
}

/// What the index must say of the receipts that came, sorted by name.
fn entries(
    groups: &Groups,
    incoming: &[Incoming],
    replaced: &[(Known, u32)],
    older: &[Entry],
    version: u32,
) -> Vec<Entry> {
    let known = |receipt: &Incoming| {
        groups.list[receipt.group as usize].known(receipt.receipt, version, receipt.customer)
    };
    let mut entries: Vec<Entry> = incoming
        .iter()
        .flat_map(|receipt| {
            let known = known(receipt);
            groups.names(receipt.group).iter().map(move |&name| Entry { name, known })
        })
        .collect();
    let by_group: FxHashMap<u32, Known> = if replaced.is_empty() {
        FxHashMap::default()
    } else {
        incoming.iter().map(|receipt| (receipt.group, known(receipt))).collect()
    };
    let becomes: FxHashMap<u32, u32> =
        replaced.iter().map(|(known, group)| (known.receipt, *group)).collect();
    entries.extend(
        older
            .iter()
            .map(|entry| Entry { known: by_group[&becomes[&entry.known.receipt]], ..*entry }),
    );
    entries.par_sort_unstable_by_key(|entry| entry.name);
    entries.dedup_by_key(|entry| entry.name);
    entries
}

/// Codes of the lake, by the feed's codes.
struct Codes {
    customer: Vec<u32>,
    product: Vec<u32>,
    shop: Vec<u32>,
    channel: Vec<u32>,
}

impl Codes {
    fn unused(batch: &LineBatch) -> Self {
        Self {
            customer: vec![NONE; batch.names.customer.len()],
            product: vec![NONE; batch.names.product.len()],
            shop: vec![NONE; batch.names.shop.len()],
            channel: vec![NONE; batch.names.channel.len()],
        }
    }
}

fn mark(used: &mut [u32], code: u32) {
    if let Some(place) = used.get_mut(code as usize) {
        *place = 0;
    }
}

fn look_up(codes: &[u32], feed: u32) -> u32 {
    codes.get(feed as usize).copied().unwrap_or(NONE)
}

/// Which customers of the feed were erased: what comes in their name has no customer.
fn erased_customers(batch: &LineBatch, erased: &[String]) -> Vec<bool> {
    if erased.is_empty() {
        return vec![false; batch.names.customer.len()];
    }
    let erased: HashSet<&str> = erased.iter().map(String::as_str).collect();
    let is_erased = |id: &str| erased.contains(rows::sha256_hex(id.as_bytes()).as_str());
    batch.names.customer.iter().map(is_erased).collect()
}

/// Which receipts are new, the same, or replace an older version; keeps the totals.
fn settle(
    groups: &Groups,
    index: &FxHashMap<u128, Known>,
    first_of_import: u64,
    next: &mut Manifest,
    appended: &mut Appended,
) -> Result<Settled, LakeError> {
    let mut settled = Settled { incoming: Vec::new(), replaced: Vec::new() };
    for (place, group) in (0..).zip(&groups.list) {
        let mut known: Vec<Known> =
            groups.names(place).iter().filter_map(|name| index.get(name)).copied().collect();
        known.sort_unstable_by_key(|known| known.receipt);
        known.dedup();
        // A part may complete what an earlier part of the same import brought: then it counts once.
        let earlier: Vec<Known> = known
            .iter()
            .filter(|known| u64::from(known.version) >= first_of_import)
            .copied()
            .collect();
        let nobodys = |customer| u64::from(customer == NONE);
        appended.receipts_without_customer += nobodys(group.customer);
        for known in &earlier {
            appended.receipts_without_customer -= nobodys(known.customer);
        }
        if let [known] = known[..]
            && known.content == group.content
        {
            appended.receipts_same += u64::from(earlier.is_empty());
            continue;
        }
        appended.lines += u64::from(group.lines);
        for known in &earlier {
            appended.lines -= u64::from(known.lines);
        }
        for &known in &known {
            settled.replaced.push((known, place));
            count(&mut next.totals, &known, -1);
        }
        let receipt = match known.first() {
            Some(known) => {
                appended.receipts_replaced += u64::from(earlier.is_empty());
                known.receipt
            }
            None => {
                let code = next.next_receipt;
                next.next_receipt += 1;
                appended.receipts_new += 1;
                code
            }
        };
        if receipt == NONE {
            return Err(LakeError::Full { what: "receipts" });
        }
        let customer = if group.customer == NONE { NONE } else { 0 };
        count(&mut next.totals, &group.known(receipt, 0, customer), 1);
        settled.incoming.push(Incoming { group: place, receipt, customer: NONE });
    }
    Ok(settled)
}

/// Adds a receipt to the totals, or takes it out.
pub(crate) fn count(totals: &mut Totals, known: &Known, sign: i64) {
    totals.receipts = totals.receipts.wrapping_add_signed(sign);
    totals.lines = totals.lines.wrapping_add_signed(sign * i64::from(known.lines));
    totals.net += sign * known.net;
    if known.customer != NONE {
        totals.receipts_with_customer = totals.receipts_with_customer.wrapping_add_signed(sign);
        totals.net_with_customer += sign * known.net;
    }
}

/// By customer (none last), time, number.
fn sort(incoming: &mut Vec<Incoming>, groups: &[Group], batch: &LineBatch) {
    let number = |receipt: &Incoming| {
        batch.names.number.text(groups[receipt.group as usize].number).unwrap_or_default()
    };
    // Keys that lie side by side, so that comparing them does not jump through memory.
    let mut keyed: Vec<(u32, i64, Incoming)> = std::mem::take(incoming)
        .into_iter()
        .map(|receipt| (receipt.customer, groups[receipt.group as usize].at, receipt))
        .collect();
    keyed.par_sort_unstable_by(|(customer_a, at_a, a), (customer_b, at_b, b)| {
        let same = || compare_receipts(number(a), a.receipt, number(b), b.receipt);
        customer_a.cmp(customer_b).then(at_a.cmp(at_b)).then_with(same)
    });
    incoming.extend(keyed.into_iter().map(|(_, _, receipt)| receipt));
}
