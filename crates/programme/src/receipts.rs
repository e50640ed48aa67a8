//! Receipts on-line: durable in the journal, their points in the wallet, at once.
//!
//! A receipt has the names that the lake knows it by. The same content again changes nothing and is
//! answered as the first time; another content replaces it, and only the difference of points is posted.
//! A return is a receipt whose lines are all negative. Start with [`Programme::take_receipt`];
//! `receipts/valid.rs` looks a receipt over, `receipts/worth.rs` says what it earns, `receipts/family.rs`
//! what its returns take away, `receipts/points.rs` posts that, `receipts/taking.rs` writes the rest.
//! `receipts/imported.rs` lets those of an import earn by the same way.

mod families;
mod family;
mod imported;
mod points;
mod release;
mod taking;
mod valid;
mod worth;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use retail::{Day, ShopId, TillId};
use serde::{Deserialize, Serialize};
use store::{ReceiptPlace, StoredReceipt, Tx};

pub(crate) use families::present_wallet;
pub(crate) use family::{Goods, goods_of};
pub use imported::WhyNoPoints;
pub(crate) use imported::{Became, Imported, settings_of_imports, take_imported};
pub(crate) use points::accounts_of;
pub(crate) use release::release;
pub use valid::{FiscalIn, LineIn, OriginalIn, ReceiptIn};
pub(crate) use valid::{Good, LINES_MAX, Problems, QuotedPoints, ReceiptName};
pub(crate) use worth::begin;

use crate::settings::ReceiptSettings;
use crate::{Act, FieldProblem, Programme, Refused, sha256_hex};
use families::Families;
use family::{Family, Member};
use taking::Taking;
use worth::{Holder, Worth};

/// Receipts of a batch, at most.
const BATCH_MAX: usize = 1_000;
/// Receipts that are stored with one write.
const AT_ONCE: usize = 64;

/// What became of a receipt. Points are in the programme's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptTaken {
    /// Its id here.
    pub receipt: String,
    /// 1, and one more with each content that replaced another.
    pub version: u32,
    /// The shop's business day.
    pub day: Day,
    /// What it earned; negative for a return.
    pub points: i64,
    /// The same line by line.
    pub points_by_line: Vec<i64>,
    /// Of what it earned, what repaid an earlier debt.
    pub repaid: i64,
    /// What was taken out of the wallet's lots.
    pub taken_back: i64,
    /// What could not be taken back because it had been spent: later accruals repay it first.
    pub debt: i64,
    /// Why it earned nothing, or nothing was taken back.
    pub nothing_because: Option<WhyNothing>,
    /// Whether more came back of some product than was bought, or something that was not bought.
    pub more_than_bought: bool,
}

/// Why a receipt moved no points. It is kept all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNothing {
    /// No card was shown.
    NoCard,
    /// There is no such card.
    CardUnknown,
    /// The card stands where it earns nothing: blocked, closed …
    CardCannotEarn,
    /// No rules of accrual are published.
    NoRules,
    /// The card, till or operator is above a limit: somebody must look first.
    Held,
    /// The points would have expired before the receipt came.
    Expired,
    /// The receipt whose goods came back is not known here.
    OriginalUnknown,
    /// The receipt that is named is itself a return.
    OriginalIsReturn,
    /// The goods that came back had earned nothing.
    OriginalEarnedNothing,
}

/// What became of a receipt of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum BatchedReceipt {
    /// It was taken.
    Taken(ReceiptTaken),
    /// It was not.
    Refused {
        /// Stable name of the reason.
        code: String,
        /// A sentence.
        detail: String,
        /// Fields that are wrong, each with its place within the receipt.
        problems: Vec<ReceiptProblem>,
    },
}

/// A field of a receipt that is wrong, as [`FieldProblem`] says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReceiptProblem {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl Programme {
    /// Takes a receipt: it is durable when this answers, its points are in the wallet.
    ///
    /// # Errors
    /// [`Refused::Invalid`] with every wrong field; [`Refused::NotFound`] for a shop or till that is
    /// unknown or out of bounds; `closed` where it takes none any more.
    pub fn take_receipt(&self, act: &Act, receipt: ReceiptIn) -> Result<ReceiptTaken, Refused> {
        let settings = self.settings.receipts.clone();
        let good = Good::of(receipt, act, &settings)?;
        self.perform(act, move |tx, act| take(tx, act, &good, &settings))
    }

    /// The same for a return, which says that it is one.
    ///
    /// # Errors
    /// As [`Programme::take_receipt`], and where a line is not negative.
    pub fn take_return(&self, act: &Act, receipt: ReceiptIn) -> Result<ReceiptTaken, Refused> {
        if receipt.lines.first().is_some_and(|line| line.quantity > 0) {
            let detail = "of a return the lines are negative";
            return Err(Refused::field("/lines/0/quantity", "sign", detail));
        }
        self.take_receipt(act, receipt)
    }

    /// Takes many receipts, each by itself: good ones are kept whatever is wrong with others. Interrupted,
    /// it is simply asked again, since a receipt that is known changes nothing.
    ///
    /// # Errors
    /// Where there are too many, or the database fails; then some may have been taken.
    pub fn take_receipts(
        &self,
        act: &Act,
        receipts: Vec<ReceiptIn>,
    ) -> Result<Vec<BatchedReceipt>, Refused> {
        if receipts.len() > BATCH_MAX {
            let detail = format!("has more than {BATCH_MAX} receipts");
            return Err(Refused::field("", "too_many", detail));
        }
        Self::refuse_rehearsal(act)?;
        if let Some(known) = self.answered(act)? {
            return Ok(known);
        }
        let settings = self.settings.receipts.clone();
        let look = |receipt| Good::of(receipt, act, &settings);
        let looked: Vec<_> = receipts
            .into_iter()
            .map(|receipt| look(receipt).map_err(|refused| BatchedReceipt::refused(&refused)))
            .collect();
        let mut taken = Vec::with_capacity(looked.len());
        for some in looked.chunks(AT_ONCE) {
            let some = some.to_vec();
            let (act, settings) = (act.clone(), settings.clone());
            taken.extend(self.store()?.write(move |tx| take_some(tx, &act, &some, &settings))?);
        }
        self.perform(act, move |_, _| Ok(taken.clone()))
    }
}

impl BatchedReceipt {
    fn refused(refused: &Refused) -> Self {
        let problems = match refused {
            Refused::Invalid { problems } => problems.as_slice(),
            _ => &[],
        };
        let problem = |problem: &FieldProblem| ReceiptProblem {
            pointer: problem.pointer.clone(),
            code: problem.code.to_owned(),
            detail: problem.detail.clone(),
        };
        Self::Refused {
            code: refused.code().to_owned(),
            detail: refused.to_string(),
            problems: problems.iter().map(problem).collect(),
        }
    }
}

/// Takes some receipts in one write. What refuses one of them has written nothing by then.
fn take_some(
    tx: &mut Tx<'_>,
    act: &Act,
    some: &[Result<Good, BatchedReceipt>],
    settings: &ReceiptSettings,
) -> Result<Vec<BatchedReceipt>, Refused> {
    let mut taken = Vec::with_capacity(some.len());
    for good in some {
        let good = match good {
            Ok(good) => good,
            Err(refused) => {
                taken.push(refused.clone());
                continue;
            }
        };
        taken.push(match take(tx, act, good, settings) {
            Ok(answer) => BatchedReceipt::Taken(answer),
            Err(error @ (Refused::Db(_) | Refused::Broken { .. })) => return Err(error),
            Err(refused) => BatchedReceipt::refused(&refused),
        });
    }
    Ok(taken)
}

/// Where and when a receipt was, by the shop's own clock.
pub(crate) struct Place {
    pub network: String,
    pub zone: TimeZone,
    pub day: Day,
    minute: u16,
}

impl Place {
    fn of(
        tx: &mut Tx<'_>,
        act: &Act,
        good: &Good,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        Self::found(tx, act, (&good.shop, &good.till), good.at, good.imported.is_some(), settings)
    }

    /// A shop and till that the caller may send receipts of; `late` where it does not matter that they take
    /// none any more.
    pub(crate) fn found(
        tx: &mut Tx<'_>,
        act: &Act,
        (shop, till): (&ShopId, &TillId),
        at: retail::Instant,
        late: bool,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        let other_till = act.till.as_ref().is_some_and(|own| own != till);
        if !act.bounds.allow_shop(&shop.0) || (other_till && act.shop.as_ref() == Some(shop)) {
            return Err(Refused::NotFound { kind: "shop", id: shop.0.clone() });
        }
        let known = known_place(tx, &shop.0, &till.0)?;
        if !act.bounds.allow_network(&known.network) {
            return Err(unknown_till(&shop.0, &till.0));
        }
        if known.closed && !late {
            let why = format!("the till {till} of the shop {shop} is closed");
            return Err(Refused::Conflict { code: "closed", why });
        }
        let zone = zone_of(&known, &shop.0)?;
        let (day, minute) = business_day(at, &zone, settings);
        Ok(Self { network: known.network, zone, day, minute })
    }
}

fn known_place(tx: &mut Tx<'_>, shop: &str, till: &str) -> Result<ReceiptPlace, Refused> {
    tx.receipt_place(shop, till)?.ok_or_else(|| unknown_till(shop, till))
}

fn unknown_till(shop: &str, till: &str) -> Refused {
    Refused::NotFound { kind: "till", id: format!("{shop}/{till}") }
}

/// The shop's own time zone.
fn zone_of(place: &ReceiptPlace, shop: &str) -> Result<TimeZone, Refused> {
    TimeZone::get(&place.time_zone).map_err(|error| Refused::Broken {
        why: format!("the time zone of the shop {shop}: {error}"),
    })
}

/// The shop's business day of a moment, and the local minute.
fn business_day(at: retail::Instant, zone: &TimeZone, settings: &ReceiptSettings) -> (Day, u16) {
    let local = moment(at).to_zoned(zone.clone()).datetime();
    let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
    let day = Day::of(local.date());
    let before = minute < settings.day_starts_minute;
    // An hour and a minute of a day fit.
    (Day(day.0 - i32::from(before)), u16::try_from(minute).unwrap_or_default())
}

/// A moment as the calendar knows it; one beyond it is its end.
pub(crate) fn moment(at: retail::Instant) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::MAX)
}

/// The names of a receipt; without a fiscal document the second is the first.
pub(crate) struct Names {
    pub id: String,
    key: String,
    fiscal: String,
}

impl Names {
    pub(crate) fn of(network: &str, name: &ReceiptName<'_>) -> Self {
        let id = key_hash(&[network, &name.shop.0, &name.till.0, name.number]);
        let key = name_of_key(&id);
        let fiscal = name.fiscal.map_or(key.clone(), |(drive, document)| {
            format!("fiscal:{}", key_hash(&[drive, document]))
        });
        Self { id, key, fiscal }
    }
}

/// The name under which a receipt is found by the hash of its shop, till and number.
pub(crate) fn name_of_key(key: &str) -> String {
    format!("key:{key}")
}

/// Hash of the parts of a name, each ended by what stands in no text.
fn key_hash(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0xff);
    }
    let mut hash = sha256_hex(&bytes);
    hash.truncate(32);
    hash
}

/// The receipt that is known under these names.
pub(crate) fn known(tx: &mut Tx<'_>, names: &Names) -> Result<Option<StoredReceipt>, Refused> {
    let mut known = tx.receipts_named(&names.key, &names.fiscal)?;
    let first = known.pop();
    if known.is_empty() {
        return Ok(first);
    }
    Err(Refused::field("/fiscal", "taken", "is the fiscal document of another receipt"))
}

/// Takes one receipt. Whatever refuses it does so before anything of it is written, but for what was
/// counted towards limits.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    act: &Act,
    good: &Good,
    settings: &ReceiptSettings,
) -> Result<ReceiptTaken, Refused> {
    let place = Place::of(tx, act, good, settings)?;
    let names = Names::of(&place.network, &good.name());
    let sale = lock_family(tx, &place, good, &names)?;
    let before = known(tx, &names)?;
    if let Some(before) = &before
        && before.content_sha256 == good.content_sha256
    {
        if before.id != names.id {
            tx.add_receipt_name(&names.key, &before.id)?;
        }
        return read("the answer to a receipt", &before.answer);
    }
    let before = before.map(Member::of).transpose()?;
    if before.as_ref().is_some_and(|before| before.is_return() != good.is_return) {
        let detail = "a sale cannot become a return, nor a return a sale";
        return Err(Refused::field("/lines", "sign", detail));
    }
    if let Some(before) = before.as_ref().filter(|_| good.is_return)
        && tx.refund(&before.row.id)?.is_some()
    {
        let why = "the number is that of a return with a refund, which nothing replaces".to_owned();
        return Err(Refused::Conflict { code: "receipt_taken", why });
    }
    let id = before.as_ref().map_or(&names.id, |before| &before.row.id).clone();
    let (home, sale) = match (good.is_return, sale) {
        (false, _) => (Some(id.clone()), before.as_ref().map(|before| before.row.clone())),
        (true, Some(key)) => original_of(tx, key)?,
        (true, None) => (None, None),
    };
    let mut families = Families::default();
    let former = match &home {
        Some(home) => Family::load(tx, sale, home)?,
        None => Family::alone(before.clone().filter(|before| before.row.original.is_none())),
    };
    let holder = Holder::of(tx, act, good, place.day)?;
    let context = worth::Context { act, good, place: &place, settings, before: before.as_ref() };
    let worth = Worth::of(tx, &context, &holder, former.sale.as_ref())?;
    let taking = Taking { act, good, place: &place, id: &id, before: before.as_ref() };
    let mut after = former.clone();
    after.put(taking.member(&holder, &worth, home.clone(), &former), !good.is_return);
    after.settle();
    families.0.push((former, after));
    if let Some(before) =
        before.as_ref().filter(|before| good.is_return && before.row.original != home)
    {
        families.left(tx, before)?;
    }
    let answer = taking.answer(tx, &families, &worth, &holder, settings)?;
    tx.add_receipt_name(&names.key, &id)?;
    tx.add_receipt_name(&names.fiscal, &id)?;
    Ok(answer)
}

/// Keeps others from a receipt, or from the one whose goods come back; gives that one's id.
fn lock_family(
    tx: &mut Tx<'_>,
    place: &Place,
    good: &Good,
    names: &Names,
) -> Result<Option<String>, Refused> {
    let sale = good.original.as_ref().filter(|_| good.is_return);
    let sale =
        sale.map(|original| original_key(&place.network, (&good.shop, &good.till), original));
    tx.lock_receipts_of(sale.as_deref().unwrap_or(&names.id))?;
    Ok(sale)
}

/// The id that the receipt has whose goods came back, unless it first came under another name; its shop and
/// till are those of the return where nothing is said.
pub(crate) fn original_key(
    network: &str,
    (shop, till): (&ShopId, &TillId),
    original: &OriginalIn,
) -> String {
    let shop = original.shop.as_deref().unwrap_or(&shop.0);
    let till = original.till.as_deref().unwrap_or(&till.0);
    key_hash(&[network, shop, till, &original.number])
}

/// The id of the receipt whose goods came back, and the receipt where it is known.
fn original_of(
    tx: &mut Tx<'_>,
    id: String,
) -> Result<(Option<String>, Option<StoredReceipt>), Refused> {
    let name = name_of_key(&id);
    let known = tx.receipts_named(&name, &name)?.pop();
    Ok((Some(known.as_ref().map_or(id, |known| known.id.clone())), known))
}

/// A value of ours as JSON.
pub(crate) fn written(value: &impl Serialize) -> Result<String, Refused> {
    serde_json::to_string(value).map_err(broken_json)
}

/// A value of ours that is no JSON, or is not what it was.
#[allow(clippy::needless_pass_by_value)] // for `map_err`
pub(crate) fn broken_json(error: serde_json::Error) -> Refused {
    Refused::Broken { why: format!("JSON cannot be written: {error}") }
}

/// A value of ours from the JSON that was kept.
pub(crate) fn read<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Refused> {
    serde_json::from_str(text)
        .map_err(|error| Refused::Broken { why: format!("{what} cannot be read: {error}") })
}
