//! Refresh: the lake becomes a snapshot of portraits, population, offers and their evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use lake::Snapshot;
use models::next_basket::Model;
use models::{Evaluation, Items, Level, OfferSettings, Protocol, Weights};
use portrait::Population;
use retail::{Day, Lines, NONE};
use serde::Serialize;

use crate::portraits::{Everybody, Studio, with_customers};
use crate::shared_card::SharedCard;
use crate::{Programme, Progress, offers};

/// Products nobody bought for so long are not offered: they are probably not on sale any more.
const ON_SALE_DAYS: i32 = 91;

/// What a refresh made.
#[derive(Clone, Debug, Serialize)]
pub struct RefreshReport {
    /// Number of the snapshot, current now.
    pub snapshot: u64,
    /// Of which day.
    pub as_of: Day,
    /// Portraits.
    pub customers: usize,
    /// Customers the population consists of.
    pub population: usize,
    /// Offers of all customers.
    pub offers: usize,
    /// Which model ranks them, and how good it was on held-out baskets.
    pub model: ModelChoice,
    /// Cards used for many people: out of the population and the models.
    pub shared_cards: Vec<SharedCard>,
    /// What is wrong with the snapshot, or went wrong after it was current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// The model that ranks offers.
#[derive(Clone, Debug, Serialize)]
pub struct ModelChoice {
    /// Its name in the evaluation.
    pub name: String,
    /// NDCG@10 on held-out baskets; nothing where there were too few to evaluate.
    pub ndcg_10: Option<f64>,
    /// NDCG@10 of the model it had to match.
    pub ndcg_10_to_match: Option<f64>,
}

impl Programme {
    /// Makes a snapshot as of a day (default: the newest with receipts) and makes it current. The
    /// same lake, settings and day give the same bytes.
    ///
    /// # Errors
    /// When the lake is empty, the storage fails or another process changes the programme; then the
    /// current snapshot stays what it was.
    pub fn refresh(&self, as_of: Option<Day>, progress: &dyn Progress) -> Result<RefreshReport> {
        let _writing = self.write()?;
        progress.stage("reading lines", None);
        let studio = Studio::open(self)?;
        let lines = with_customers(&studio.lake)?;
        let newest = lines.day.iter().max().map_or(0, |&day| day);
        let as_of = as_of.unwrap_or(Day(newest));

        progress.stage("making portraits", None);
        let Everybody { portraits, population, shared } = studio.everybody(self, &lines, as_of)?;
        let mut writer = self.snapshots().begin(self.inputs(&studio, as_of))?;
        writer.parquet("portraits.parquet", &[studio.table(&portraits)?])?;
        let customers = portraits.len();
        drop(portraits);
        writer.bytes("population.json", serde_json::to_vec(&population)?)?;
        writer.parquet("campaigns.parquet", &[campaign_extract(&studio)?])?;

        progress.stage("evaluating models", None);
        let past = past_of_customers(&lines, as_of, &shared);
        let evaluation = models::evaluate(
            &past,
            &studio.reference.items(Level::Product),
            Protocol::Last,
            // Seconds would make two equal refreshes differ.
            &|| 0.0,
        );
        writer.bytes("evaluation.json", serde_json::to_vec_pretty(&evaluation)?)?;
        let (weights, model) = choose(&evaluation);

        progress.stage("forming offers", None);
        let settings = OfferSettings {
            count: self.settings.offers.count,
            weights,
            ..OfferSettings::default()
        };
        let items = on_sale(studio.reference.items(Level::Product), &lines, as_of);
        let formed = models::offers(&past, &items, as_of, &settings);
        writer.parquet("offers.parquet", &[offers::table(&studio, &formed)?])?;

        let cards: Vec<SharedCard> = shared.into_iter().map(|card| card.1).collect();
        writer.bytes("shared-cards.json", serde_json::to_vec_pretty(&cards)?)?;
        progress.stage("finishing the snapshot", None);
        let snapshot = writer.finish()?;
        // The snapshot is current; what cannot be removed now is removed next time.
        let pruned = self.snapshots().prune(self.settings.snapshots.keep);
        let pruned = pruned.err().map(|error| format!("older snapshots were not removed: {error}"));
        let stale = formed.is_empty().then(|| {
            let newest = Day(newest);
            format!(
                "there are no offers: nothing was sold in the {ON_SALE_DAYS} days up to {as_of} \
                 (the newest receipts are of {newest})"
            )
        });
        let warning = stale.or(pruned);
        Ok(RefreshReport {
            warning,
            snapshot: snapshot.number,
            as_of,
            customers,
            population: population.customers(),
            offers: formed.len(),
            model,
            shared_cards: cards,
        })
    }
}

/// The current snapshot's day.
pub(crate) fn current_as_of(programme: &Programme) -> Result<Option<Day>> {
    programme.snapshots().current()?.map(|snapshot| day_of(&snapshot)).transpose()
}

fn day_of(snapshot: &Snapshot) -> Result<Day> {
    let text = snapshot.inputs.get("as_of").context("the snapshot does not say its day")?;
    Ok(text.parse()?)
}

/// The current snapshot's population, if lake and settings are still those it was made from: only then
/// does it give one customer the portrait that everybody's batch would give him.
pub(crate) fn current_population(
    programme: &Programme,
    manifest: u64,
) -> Result<Option<Population>> {
    let Some(snapshot) = programme.snapshots().current()? else { return Ok(None) };
    let same = |name: &str, value: &str| snapshot.inputs.get(name).is_some_and(|of| of == value);
    if !same("manifest", &manifest.to_string()) || !same("settings", &programme.settings_sha256) {
        return Ok(None);
    }
    let bytes = programme.snapshots().read(&snapshot, "population.json")?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

impl Programme {
    fn inputs(&self, studio: &Studio, as_of: Day) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("as_of".to_owned(), as_of.to_string()),
            ("manifest".to_owned(), studio.lake.manifest().number.to_string()),
            ("settings".to_owned(), self.settings_sha256.clone()),
            ("proffer".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ])
    }
}

/// Invitations and redemptions by customer, as the portraits saw them.
fn campaign_extract(studio: &Studio) -> Result<RecordBatch> {
    let rows = studio.people.extract();
    let customers = studio.lake.customers()?;
    let columns: [(&str, ArrayRef); 5] = [
        (
            "customer",
            Arc::new(rows.iter().map(|row| customers.text(row.0)).collect::<StringArray>()),
        ),
        ("what", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)))),
        ("campaign", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2)))),
        ("day", Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.3.0)))),
        (
            "campaign_start",
            Arc::new(rows.iter().map(|row| row.4.map(|day| day.0)).collect::<Date32Array>()),
        ),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// Lines up to a day, without cards used for many people.
pub(crate) fn past_of_customers(lines: &Lines, as_of: Day, shared: &[(u32, SharedCard)]) -> Lines {
    let mut ranges = Vec::new();
    for (code, range) in lines.by_customer() {
        if shared.binary_search_by_key(&code, |card| card.0).is_ok() {
            continue;
        }
        let days = &lines.day[range.clone()];
        if days.iter().all(|&day| day <= as_of.0) {
            ranges.push(range);
        } else {
            ranges.extend(range.filter(|&row| lines.day[row] <= as_of.0).map(|row| row..row + 1));
        }
    }
    lines.select(&ranges)
}

/// The blend ranks offers unless the plain decayed count was better on held-out baskets.
fn choose(evaluation: &Evaluation) -> (Weights, ModelChoice) {
    let result = |name: &str| evaluation.models.iter().find(|model| model.name == name);
    let (blend, decayed) = (result("Blend"), result("Decayed"));
    let ndcg = |result: Option<&models::ModelResult>| result.map(|result| result.metrics.ndcg_10);
    let choice = |name: &str, of, to_match| ModelChoice {
        name: name.to_owned(),
        ndcg_10: of,
        ndcg_10_to_match: to_match,
    };
    match (blend.map(|result| result.settings), ndcg(blend), ndcg(decayed)) {
        (Some(Model::Blend(weights)), Some(of), Some(to_match)) if of >= to_match => {
            (weights, choice("Blend", Some(of), Some(to_match)))
        }
        (None, ..) => (Weights::of(Level::Product), choice("Blend", None, None)),
        _ => (Weights::DECAYED, choice("Decayed", ndcg(decayed), ndcg(blend))),
    }
}

fn on_sale(mut items: Items, lines: &Lines, as_of: Day) -> Items {
    let mut sold = vec![i32::MIN; items.item.len()];
    for (&product, &day) in lines.product.iter().zip(&lines.day) {
        if day <= as_of.0 {
            let last = &mut sold[product as usize];
            *last = (*last).max(day);
        }
    }
    for (item, last) in items.item.iter_mut().zip(sold) {
        if last <= as_of.0 - ON_SALE_DAYS {
            *item = NONE;
        }
    }
    items
}

/// A file of the current snapshot, and the snapshot's day.
pub(crate) fn current_file(programme: &Programme, name: &str) -> Result<(Day, bytes::Bytes)> {
    let snapshot = programme.snapshots().current()?.ok_or(crate::ProgrammeError::NoSnapshot)?;
    let bytes = programme.snapshots().read(&snapshot, name)?;
    Ok((day_of(&snapshot)?, bytes))
}
