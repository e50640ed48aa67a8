//! Receipts of an import that also earn points: those of a day on, by the way of receipts on-line.
//!
//! The files are read once more for it, when it is clear that they are good; so an import needs no more
//! memory than before. Some dozens of receipts are taken with one write, all of a card beside each other.
//! Killed anywhere, the same import goes on: a receipt that was taken is known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use lake::Lake;
use membership::{CardNumber, Scheme};
use retail::{Batch, Day, LineBatch, NONE, Product, Texts};
use serde::Serialize;
use serde_json::json;
use sources::{FeedKind, Files, Mapping, receipt_hash};
use store::Tx;

use crate::migration::Earning;
use crate::progress::{ACCRUING, Progress};
use crate::receipts::{Became, Imported, settings_of_imports, take_imported};
use crate::settings::ReceiptSettings;
use crate::{
    Act, FiscalIn, LineIn, OriginalIn, Programme, ReceiptIn, Refused, WhyNoPoints, sha256_hex,
};

/// Receipts that are taken with one write; those of one card stay together up to the higher number.
const AT_ONCE: usize = 64;
const AT_ONCE_MAX: usize = 512;

/// A product with this tag earns nothing: tobacco must not.
const NO_POINTS: &str = "no_points";

/// What the receipts of an import earned. Of a dry run: what they would. Points are in the programme's
/// smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccrualReport {
    /// The first business day whose receipts earn.
    pub from: Day,
    /// Receipts of that day and later: those that earned, those known and those that moved nothing.
    pub receipts: u64,
    /// Receipts that moved points, returns among them.
    pub earned: u64,
    /// Of these, receipts that were known with another content: the difference moved.
    pub replaced: u64,
    /// Receipts that were known already, and moved nothing.
    pub known: u64,
    /// Receipts that moved no points, by reason.
    pub nothing_because: BTreeMap<WhyNoPoints, u64>,
    /// Points that came into wallets or repaid debts.
    pub points_accrued: i64,
    /// Points that were taken back, or became debts.
    pub points_taken_back: i64,
    /// What was wrong with the first receipt that cannot be one on-line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfit_first: Option<String>,
}

impl AccrualReport {
    fn new(from: Day) -> Self {
        Self {
            from,
            receipts: 0,
            earned: 0,
            replaced: 0,
            known: 0,
            nothing_because: BTreeMap::new(),
            points_accrued: 0,
            points_taken_back: 0,
            unfit_first: None,
        }
    }

    fn count(&mut self, receipt: &ReceiptIn, became: Became) {
        self.receipts += 1;
        match became {
            Became::Known => self.known += 1,
            Became::Earned { accrued, taken_back, replaced } => {
                self.earned += 1;
                self.replaced += u64::from(replaced);
                self.points_accrued = self.points_accrued.saturating_add(accrued);
                self.points_taken_back = self.points_taken_back.saturating_add(taken_back);
            }
            Became::Nothing(why, sentence) => {
                *self.nothing_because.entry(why).or_default() += 1;
                let told = |sentence| format!("receipt {}: {sentence}", receipt.number);
                self.unfit_first = self.unfit_first.take().or(sentence.map(told));
            }
        }
    }

    fn add(&mut self, more: Self) {
        self.receipts += more.receipts;
        self.earned += more.earned;
        self.replaced += more.replaced;
        self.known += more.known;
        for (why, receipts) in more.nothing_because {
            *self.nothing_because.entry(why).or_default() += receipts;
        }
        self.points_accrued = self.points_accrued.saturating_add(more.points_accrued);
        self.points_taken_back = self.points_taken_back.saturating_add(more.points_taken_back);
        self.unfit_first = self.unfit_first.take().or(more.unfit_first);
    }
}

/// What a till would say of a product: its category, and whether it earns at all.
type Goods = HashMap<String, (Option<String>, bool)>;

/// Lets the receipts of an import earn.
pub(super) struct Accruing {
    from: Day,
    act: Act,
    goods: Goods,
    /// Hashes of customers who were erased: nothing keeps their ids.
    erased: Vec<String>,
    /// Of a dry run, what the import would have brought before.
    rehearsal: Option<Arc<Earning>>,
}

impl Accruing {
    /// Nothing where the mapping lets no receipt earn.
    pub fn of(mapping: &Mapping, lake: &Lake, act: &Act) -> Result<Option<Self>> {
        let Some(from) = mapping.accrue_from() else { return Ok(None) };
        let mut accruing = Self {
            from,
            act: act.clone(),
            goods: Goods::new(),
            erased: lake.manifest().erased.clone(),
            rehearsal: None,
        };
        accruing.learn(&lake.table::<Product>()?);
        Ok(Some(accruing))
    }

    /// Takes over what the catalogue says of products.
    pub fn learn(&mut self, products: &[Product]) {
        for product in products {
            let allowed = !product.tags.iter().any(|tag| tag == NO_POINTS);
            self.goods.insert(product.id.0.clone(), (product.category.clone(), allowed));
        }
    }

    /// Only tells what would be accrued.
    pub fn rehearsed(self, earning: Option<Earning>) -> Self {
        Self { rehearsal: Some(Arc::new(earning.unwrap_or_default())), ..self }
    }

    /// Reads the receipts of the files and takes those of the day on. Of those that are delivered twice
    /// (`in_pieces`) the first delivery may not be whole.
    pub fn run(
        &self,
        programme: &Programme,
        files: &Files<'_>,
        mut in_pieces: HashSet<u64>,
        progress: &dyn Progress,
    ) -> Result<AccrualReport> {
        progress.stage(ACCRUING, None);
        let mut report = AccrualReport::new(self.from);
        let files = files.of(|feed| feed.kind == FeedKind::Receipts);
        let mut take = |part: Batch| {
            let receipts = self.receipts(&part.lines, &mut in_pieces);
            drop(part);
            for some in pieces(receipts) {
                report.add(self.take(programme, some)?);
                progress.done(report.receipts);
            }
            Ok::<_, anyhow::Error>(())
        };
        files.read(sources::LINES_AT_ONCE, &|_| {}, &mut take)?;
        Ok(report)
    }

    /// Takes some receipts in one write; of a dry run nothing stays.
    fn take(&self, programme: &Programme, some: Vec<Imported>) -> Result<AccrualReport, Refused> {
        let (from, act, earning) = (self.from, self.act.clone(), self.rehearsal.clone());
        let settings = settings_of_imports(&programme.settings.receipts);
        let rehearsal = earning.is_some();
        let run = move |tx: &mut Tx<'_>| {
            if let Some(earning) = &earning {
                let numbers: Vec<String> = some.iter().filter_map(number).collect();
                let customers = some.iter().filter_map(|imported| imported.customer.as_deref());
                earning.write(tx, &act, numbers.iter().map(String::as_str), customers)?;
            }
            take_some(tx, &act, from, &some, &settings)
        };
        if rehearsal { programme.rehearse(run) } else { programme.store()?.write(run) }
    }

    /// The receipts of a part that are of the day or later, those of each owner together.
    fn receipts(&self, lines: &LineBatch, in_pieces: &mut HashSet<u64>) -> Vec<Read> {
        let mut places: HashMap<[u32; 4], usize> = HashMap::new();
        let mut rows: Vec<Vec<usize>> = Vec::new();
        for row in 0..lines.len() {
            let key = [lines.network[row], lines.shop[row], lines.till[row], lines.number[row]];
            let place = *places.entry(key).or_insert_with(|| {
                rows.push(Vec::new());
                rows.len() - 1
            });
            rows[place].push(row);
        }
        rows.retain(|rows| !in_pieces.remove(&hash_of(lines, rows[0])));
        let mut receipts: Vec<Read> =
            rows.iter().filter_map(|rows| self.receipt(lines, rows)).collect();
        join_families(&mut receipts);
        receipts.sort_by(|a, b| {
            (a.owner.is_none(), &a.owner, a.at).cmp(&(b.owner.is_none(), &b.owner, b.at))
        });
        receipts
    }

    /// A receipt as its till would have sent it; nothing for one of an earlier day.
    fn receipt(&self, lines: &LineBatch, rows: &[usize]) -> Option<Read> {
        let first = *rows.iter().min_by_key(|&&row| (lines.at[row], row))?;
        if lines.day[first] < self.from.0 {
            return None;
        }
        let names = &lines.names;
        // What one line of a receipt says is said of all.
        let of = |texts: &Texts, codes: &[u32]| {
            let code = rows.iter().map(|&row| codes[row]).find(|&code| code != NONE);
            code.and_then(|code| texts.text(code)).map(str::to_owned)
        };
        let at = Timestamp::from_microsecond(lines.at[first]).ok()?;
        let fiscal = of(&names.fiscal, &lines.fiscal);
        let is_return = lines.quantity[first] < 0;
        let original = of(&names.original, &lines.original).filter(|_| is_return);
        let receipt = ReceiptIn {
            number: of(&names.number, &lines.number)?,
            at: at.to_string(),
            shop: of(&names.shop, &lines.shop),
            till: of(&names.till, &lines.till),
            card: of(&names.card, &lines.card),
            channel: of(&names.channel, &lines.channel),
            original: original.map(|number| OriginalIn { number, shop: None, till: None }),
            fiscal: fiscal.as_deref().and_then(|name| name.split_once('/')).map(
                |(drive, document)| FiscalIn {
                    drive: drive.to_owned(),
                    document: document.to_owned(),
                },
            ),
            lines: rows.iter().map(|&row| self.line(lines, row)).collect(),
        };
        let network = of(&names.network, &lines.network).unwrap_or_default();
        let customer = of(&names.customer, &lines.customer);
        let customer = customer.filter(|id| {
            self.erased.is_empty() || !self.erased.contains(&sha256_hex(id.as_bytes()))
        });
        let owner = receipt.card.clone().or(customer.clone());
        let imported = Imported { network, customer, receipt };
        Some(Read { owner, at: lines.at[first], imported })
    }

    fn line(&self, lines: &LineBatch, row: usize) -> LineIn {
        let product = lines.names.product.text(lines.product[row]).unwrap_or_default();
        let (category, points_allowed) = self.goods.get(product).cloned().unwrap_or((None, true));
        LineIn {
            product: product.to_owned(),
            category,
            quantity: lines.quantity[row],
            net: lines.net[row],
            discount: lines.discount[row],
            retailer_coupon: lines.retailer_coupon[row],
            supplier_coupon: lines.supplier_coupon[row],
            points_allowed,
        }
    }
}

/// A receipt of a part.
struct Read {
    /// Whose it is, as the feed names him; of a return, whose the goods were.
    owner: Option<String>,
    /// When it was.
    at: i64,
    imported: Imported,
}

/// Takes receipts one by one; the audit has one deed of them all, as of other things an import brings.
fn take_some(
    tx: &mut Tx<'_>,
    act: &Act,
    from: Day,
    some: &[Imported],
    settings: &ReceiptSettings,
) -> Result<AccrualReport, Refused> {
    let mut report = AccrualReport::new(from);
    for imported in some {
        report.count(&imported.receipt, take_imported(tx, act, imported, settings)?);
    }
    if report.earned > 0 {
        let detail = json!({
            "receipts": report.earned,
            "accrued": report.points_accrued,
            "taken_back": report.points_taken_back,
        });
        tx.add_deed(&act.deed("import.receipts", "import", &act.request, &detail))?;
    }
    Ok(report)
}

/// Lets returns stand with the receipts whose goods came back.
fn join_families(receipts: &mut [Read]) {
    let name = |receipt: &ReceiptIn, number: &str| {
        (receipt.shop.clone(), receipt.till.clone(), number.to_owned())
    };
    let mut owners = HashMap::new();
    for Read { owner, imported: Imported { receipt, .. }, .. } in &*receipts {
        owners.insert(name(receipt, &receipt.number), owner.clone());
    }
    for Read { owner, imported: Imported { receipt, .. }, .. } in receipts {
        let Some(original) = &receipt.original else { continue };
        if let Some(Some(buyer)) = owners.get(&name(receipt, &original.number)) {
            *owner = Some(buyer.clone());
        }
    }
}

/// The number of its card, as numbers are stored.
fn number(imported: &Imported) -> Option<String> {
    let number = CardNumber::parse(imported.receipt.card.as_deref()?, Scheme::Plain).ok()?;
    Some(number.as_str().to_owned())
}

/// Receipts in groups for one write each; those of an owner stay together.
fn pieces(receipts: Vec<Read>) -> Vec<Vec<Imported>> {
    let mut pieces: Vec<Vec<Imported>> = Vec::new();
    let mut last: Option<String> = None;
    for Read { owner, imported, .. } in receipts {
        let most = if owner.is_some() && owner == last { AT_ONCE_MAX } else { AT_ONCE };
        match pieces.last_mut().filter(|piece| piece.len() < most) {
            Some(piece) => piece.push(imported),
            None => pieces.push(vec![imported]),
        }
        last = owner;
    }
    pieces
}

fn hash_of(lines: &LineBatch, row: usize) -> u64 {
    let names = &lines.names;
    receipt_hash([
        names.network.text(lines.network[row]),
        names.shop.text(lines.shop[row]),
        names.till.text(lines.till[row]),
        names.number.text(lines.number[row]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_in_pieces_is_taken_whole() {
        let mut lines = LineBatch::default();
        for number in ["1", "2"] {
            lines.push(&retail::Receipt {
                key: retail::ReceiptKey { number: number.to_owned(), ..Default::default() },
                shop: "s".into(),
                customer: None,
                card: None,
                at: retail::Instant(0),
                day: Day(0),
                minute: 0,
                channel: None,
                original: None,
                lines: vec![retail::Line {
                    product: "milk".into(),
                    quantity: retail::Quantity(1000),
                    net: retail::Money(1),
                    discount: retail::Money(0),
                    retailer_coupon: retail::Money(0),
                    supplier_coupon: retail::Money(0),
                }],
            });
        }
        let act = Act::of_job("test", retail::Instant(0));
        let accruing = Accruing {
            from: Day(0),
            act,
            goods: Goods::new(),
            erased: Vec::new(),
            rehearsal: None,
        };
        let mut in_pieces = HashSet::from([receipt_hash([None, Some("s"), None, Some("2")])]);
        let mut numbers = || {
            let read = accruing.receipts(&lines, &mut in_pieces);
            read.into_iter().map(|read| read.imported.receipt.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(), ["1"], "the first delivery may be a part of it");
        assert_eq!(numbers(), ["1", "2"]);
    }
}
