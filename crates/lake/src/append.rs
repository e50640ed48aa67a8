//! Appending: a feed's batch becomes one run of files, dictionaries, tables and a manifest.

use std::collections::{BTreeMap, HashSet};

use retail::{Batch, LineBatch, NONE};

use crate::dictionary::{Dictionary, Kind};
use crate::manifest::{BY_CUSTOMER, Manifest, StoredFile, Totals};
use crate::merge::compare_receipts;
use crate::receipts::{Dead, Index, Known, write_entries};
use crate::table::{self, Row};
use crate::{Lake, LakeError, rows};

mod files;
mod group;

pub(crate) use files::write_lines;
use group::{Group, groups};

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

/// A receipt of the batch that the lake must store.
struct Incoming {
    group: u32,
    receipt: u32,
    customer: u32,
}

/// What becomes of a batch's receipts.
struct Settled {
    /// New receipts and new versions of known ones.
    incoming: Vec<Incoming>,
    /// Receipt and version of what they replace.
    dead: Vec<(u32, u32)>,
    /// Codes of receipts that turned out to be the same as another, and the group they became.
    renamed: Vec<(u32, u32)>,
}

impl Lake {
    /// Adds a batch and commits. The batch is known by `batch_id`: if this state contains it,
    /// nothing changes. A receipt that comes again with other content replaces the older one; rows of
    /// reference tables replace those of the same key.
    ///
    /// # Errors
    /// When the storage fails or another process committed meanwhile; then nothing was changed.
    pub fn append(&self, batch_id: &str, batch: &Batch) -> Result<(Self, Appended), LakeError> {
        if self.manifest.batches.iter().any(|known| known == batch_id) {
            let reopened = Self::at(self.storage.clone(), self.manifest.clone());
            return Ok((reopened, Appended { already_there: true, ..Appended::default() }));
        }
        let mut next = self.manifest.clone();
        let mut appended = Appended::default();
        self.append_lines(&batch.lines, &mut next, &mut appended)?;
        self.append_tables(batch, &mut next, &mut appended)?;
        next.batches.push(batch_id.to_owned());
        let manifest = next.commit(&self.storage)?;
        Ok((Self::at(self.storage.clone(), manifest), appended))
    }

    fn append_lines(
        &self,
        batch: &LineBatch,
        next: &mut Manifest,
        appended: &mut Appended,
    ) -> Result<(), LakeError> {
        if batch.is_empty() {
            return Ok(());
        }
        let run = next.number + 1;
        let version = u32::try_from(run).map_err(|_| LakeError::Full { what: "commits" })?;
        let erased = erased_customers(batch, &next.erased);
        let index = Index::read(&self.storage, &self.manifest)?;
        let groups = groups(batch, &erased, &index);
        let without = groups.list.iter().filter(|group| group.customer == NONE);
        appended.receipts_without_customer = without.count() as u64;
        let Settled { mut incoming, dead, renamed } =
            settle(&groups.list, &index, &mut next.totals, appended)?;
        if incoming.is_empty() {
            return Ok(());
        }
        let codes = self.extend_dictionaries(batch, &groups, &incoming, next)?;
        for receipt in &mut incoming {
            receipt.customer =
                look_up(&codes.customer, groups.list[receipt.group as usize].customer);
        }
        let mut entries = Vec::new();
        for receipt in &incoming {
            let group = &groups.list[receipt.group as usize];
            let known = group.known(receipt.receipt, version);
            let older = renamed.iter().filter(|(_, group)| *group == receipt.group);
            let older = older.flat_map(|&(code, _)| index.names_of(code));
            entries.extend(group.names.iter().copied().chain(older).map(|names| (names, known)));
        }
        next.receipts.push(write_entries(&self.storage, &entries, run)?);
        if !dead.is_empty() {
            next.dead.push(Dead::write(&self.storage, &dead, run)?);
        }
        sort(&mut incoming, &groups.list, batch);
        let files =
            files::write_incoming(&self.storage, batch, &groups, &incoming, &codes, version)?;
        appended.lines = files.iter().map(|file| file.rows).sum();
        next.sort_orders.entry(BY_CUSTOMER.to_owned()).or_default().extend(files);
        Ok(())
    }

    /// Gives codes to ids that come for the first time, and rewrites the dictionaries that grew.
    fn extend_dictionaries(
        &self,
        batch: &LineBatch,
        groups: &group::Groups,
        incoming: &[Incoming],
        next: &mut Manifest,
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
        let run = next.number + 1;
        let mut extend = |kind: Kind, feed, used: &[u32]| -> Result<Vec<u32>, LakeError> {
            let mut dictionary: Dictionary = self.dictionary(kind)?.clone();
            let before = dictionary.len();
            let codes = dictionary.extend(feed, |code| used[code as usize] != NONE);
            if dictionary.len() > before {
                let file: StoredFile = dictionary.write(&self.storage, kind, run)?;
                next.dictionaries.insert(kind.name().to_owned(), file);
            }
            Ok(codes)
        };
        Ok(Codes {
            customer: extend(Kind::Customer, &batch.names.customer, &used.customer)?,
            product: extend(Kind::Product, &batch.names.product, &used.product)?,
            shop: extend(Kind::Shop, &batch.names.shop, &used.shop)?,
            channel: extend(Kind::Channel, &batch.names.channel, &used.channel)?,
        })
    }

    fn append_tables(
        &self,
        batch: &Batch,
        next: &mut Manifest,
        appended: &mut Appended,
    ) -> Result<(), LakeError> {
        let erased: HashSet<String> = next.erased.iter().cloned().collect();
        let stays =
            |id: &str| erased.is_empty() || !erased.contains(&rows::sha256_hex(id.as_bytes()));
        let customers = kept(&batch.customers, |row| stays(&row.id.0));
        let invitations = kept(&batch.invitations, |row| stays(&row.customer.0));
        let redemptions = kept(&batch.redemptions, |row| stays(&row.customer.0));
        let mut tables = Tables { lake: self, next, appended };
        tables.append(&batch.products)?;
        tables.append(&batch.shops)?;
        tables.append(&customers)?;
        tables.append(&batch.campaigns)?;
        tables.append(&invitations)?;
        tables.append(&batch.coupons)?;
        tables.append(&redemptions)?;
        tables.append(&batch.costs)?;
        tables.append(&batch.prices)?;
        tables.append(&batch.assortment)?;
        tables.append(&batch.stock)?;
        Ok(())
    }
}

/// Rows that may be kept: those of erased customers may not.
fn kept<R: Row>(rows: &[R], may: impl Fn(&R) -> bool) -> Vec<R> {
    rows.iter().filter(|row| may(row)).cloned().collect()
}

struct Tables<'a> {
    lake: &'a Lake,
    next: &'a mut Manifest,
    appended: &'a mut Appended,
}

impl Tables<'_> {
    fn append<R: Row>(&mut self, rows: &[R]) -> Result<(), LakeError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut all = self.lake.table::<R>()?;
        let change = table::merge(&mut all, rows);
        if change.new + change.changed > 0 {
            let run = self.next.number + 1;
            let file = table::write(&self.lake.storage, &all, run)?;
            self.next.tables.insert(R::TABLE.to_owned(), file);
        }
        self.appended.tables.insert(R::TABLE, change);
        Ok(())
    }
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
    groups: &[Group],
    index: &Index,
    totals: &mut Totals,
    appended: &mut Appended,
) -> Result<Settled, LakeError> {
    let first_code = index.next_code()?;
    let mut settled = Settled { incoming: Vec::new(), dead: Vec::new(), renamed: Vec::new() };
    for (place, group) in (0..).zip(groups) {
        let mut known: Vec<Known> =
            group.names.iter().flat_map(|&names| index.find(names)).collect();
        known.sort_unstable_by_key(|known| known.receipt);
        known.dedup();
        if let [known] = known[..]
            && known.content == group.content
        {
            appended.receipts_same += 1;
            continue;
        }
        for known in &known {
            settled.dead.push((known.receipt, known.version));
            count(totals, known, -1);
        }
        settled.renamed.extend(known.iter().skip(1).map(|known| (known.receipt, place)));
        let receipt = match known.first() {
            Some(known) => {
                appended.receipts_replaced += 1;
                known.receipt
            }
            None => {
                let code = u64::from(first_code) + appended.receipts_new;
                appended.receipts_new += 1;
                u32::try_from(code)
                    .ok()
                    .filter(|&code| code != NONE)
                    .ok_or(LakeError::Full { what: "receipts" })?
            }
        };
        count(totals, &group.known(receipt, 0), 1);
        settled.incoming.push(Incoming { group: place, receipt, customer: NONE });
    }
    Ok(settled)
}

pub(crate) fn count(totals: &mut Totals, known: &Known, sign: i64) {
    totals.receipts = totals.receipts.wrapping_add_signed(sign);
    totals.lines = totals.lines.wrapping_add_signed(sign * i64::from(known.lines));
    totals.net += sign * known.net;
    if known.with_customer {
        totals.receipts_with_customer = totals.receipts_with_customer.wrapping_add_signed(sign);
        totals.net_with_customer += sign * known.net;
    }
}

fn sort(incoming: &mut [Incoming], groups: &[Group], batch: &LineBatch) {
    let number = |receipt: &Incoming| {
        batch.names.number.text(groups[receipt.group as usize].number).unwrap_or_default()
    };
    incoming.sort_by(|a, b| {
        let (at_a, at_b) = (groups[a.group as usize].at, groups[b.group as usize].at);
        a.customer
            .cmp(&b.customer)
            .then(at_a.cmp(&at_b))
            .then_with(|| compare_receipts(number(a), a.receipt, number(b), b.receipt))
    });
}
