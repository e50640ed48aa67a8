//! Refresh: the lake becomes a snapshot of portraits, population, offers and their evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use lake::{Snapshot, SnapshotWriter};
use models::next_basket::Model;
use models::{Demand, DemandTally, Level, OfferSettings, Protocol, Purchases, Weights};
use portrait::Population;
use retail::Day;
use serde::Serialize;

use crate::evaluate::{EvaluateReport, Sample, Sampled};
use crate::journal::is_journal;
use crate::passes::{Question, by_range, leave_out};
use crate::portraits::peak_memory_bytes;
use crate::progress::{EVALUATING, FINISHING, OPENING, PORTRAITS_AND_OFFERS};
use crate::shared_card::SharedCard;
use crate::studio::Studio;
use crate::{Programme, Progress, offers, portrait_rows, sha256_hex};

/// The snapshot's file of the population.
pub(crate) const POPULATION: &str = "population.bin";

/// The snapshot's file of portraits: a row a customer, a column a parameter.
pub(crate) const PORTRAITS: &str = "portraits.parquet";

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
    /// Most memory the process ever had, where the system tells.
    pub peak_memory_bytes: Option<u64>,
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
    /// How many customers both were evaluated on.
    #[serde(flatten)]
    pub sampled: Sampled,
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
        progress.stage(OPENING, None);
        let studio = Studio::open(self)?;
        let items = studio.reference.items(Level::Product);
        let sample = Sample::draw(studio.lake.customers()?, self.settings.evaluation.customers_max);
        let learning = Question {
            begin: &|as_of| Learned {
                as_of,
                demand: DemandTally::new(&items, as_of),
                sample: Purchases::none(items.count),
            },
            add: &|learned, lines, customers| {
                learned.demand.add(lines, customers);
                learned.sample.add(lines, &sample.of(customers), &items, learned.as_of);
            },
        };
        let everybody = studio.everybody(self, as_of, progress, &learning)?;
        let as_of = everybody.as_of;
        let Learned { demand, sample: purchases, .. } = everybody.asked;

        progress.stage(EVALUATING, None);
        // Seconds would make two equal refreshes differ.
        let evaluation = models::evaluate(&purchases, Level::Product, Protocol::Last, &|| 0.0);
        drop(purchases);
        let report = EvaluateReport { sampled: sample.sampled, evaluation };
        let (weights, model) = choose(&report);

        let mut writer = self.snapshots().begin(self.inputs(&studio, as_of)?)?;
        writer.bytes("evaluation.json", serde_json::to_vec_pretty(&report)?)?;
        writer.bytes(POPULATION, everybody.population.to_bytes())?;
        let cards: Vec<SharedCard> = everybody.shared.iter().map(|card| card.1.clone()).collect();
        writer.bytes("shared-cards.json", serde_json::to_vec_pretty(&cards)?)?;
        let campaigns = campaign_extract(&studio)?;
        let mut rows = writer.rows("campaigns.parquet", campaigns.schema())?;
        rows.write(&campaigns)?;
        writer.add(rows)?;
        let settings = OfferSettings {
            count: self.settings.offers.count,
            weights,
            ..OfferSettings::default()
        };
        let made = Making {
            studio: &studio,
            population: &everybody.population,
            shared: &everybody.shared,
            demand: &demand.finish(),
            settings: &settings,
        }
        .make(self, &mut writer, progress)?;

        progress.stage(FINISHING, None);
        let snapshot = writer.finish()?;
        // The snapshot is current; what cannot be removed now is removed next time.
        let pruned = self.snapshots().prune(self.settings.snapshots.keep);
        let pruned = pruned.err().map(|error| format!("older snapshots were not removed: {error}"));
        let stale = (made.offers == 0).then(|| stale(as_of, everybody.newest));
        Ok(RefreshReport {
            warning: stale.or(pruned),
            snapshot: snapshot.number,
            as_of,
            customers: made.customers,
            population: everybody.population.customers(),
            offers: made.offers,
            model,
            shared_cards: cards,
            peak_memory_bytes: peak_memory_bytes(),
        })
    }
}

fn stale(as_of: Day, newest: Day) -> String {
    let days = Demand::ON_SALE_DAYS;
    format!(
        "there are no offers: nothing was sold in the {days} days up to {as_of} \
         (the newest receipts are of {newest})"
    )
}

/// What models learn of everybody in the first pass.
struct Learned<'a> {
    as_of: Day,
    demand: DemandTally<'a>,
    sample: Purchases,
}

/// The second pass of a refresh: what portraits and offers are made from.
struct Making<'a> {
    studio: &'a Studio,
    population: &'a Population,
    shared: &'a [(u32, SharedCard)],
    demand: &'a Demand,
    settings: &'a OfferSettings,
}

/// How many there are of what the second pass makes.
#[derive(Default)]
struct Made {
    customers: usize,
    offers: usize,
}

impl Making<'_> {
    fn make(
        &self,
        programme: &Programme,
        writer: &mut SnapshotWriter,
        progress: &dyn Progress,
    ) -> Result<Made> {
        let (lake, range_lines) = (&self.studio.lake, programme.range_lines);
        let mut portraits = writer.rows(PORTRAITS, portrait_rows::schema())?;
        let mut offers = writer.rows(offers::FILE, offers::schema())?;
        let mut made = Made::default();
        progress.stage(PORTRAITS_AND_OFFERS, Some(lake.ranges(range_lines)?.len() as u64));
        by_range(lake, range_lines, progress, |lines| {
            let mut people = lines.by_customer();
            made.customers += people.len();
            for rows in self.studio.portrait_rows(lines, &people, self.population)? {
                portraits.write(&rows)?;
            }
            leave_out(&mut people, self.shared);
            let formed = models::offers(lines, &people, self.demand, self.settings);
            made.offers += formed.len();
            Ok(offers.write(&offers::rows(self.studio, &formed)?)?)
        })?;
        writer.add(portraits)?;
        writer.add(offers)?;
        Ok(made)
    }
}

/// The current snapshot's day.
pub(crate) fn current_as_of(programme: &Programme) -> Result<Option<Day>> {
    programme.snapshots().current()?.map(|snapshot| day_of(&snapshot)).transpose()
}

/// The day that a snapshot is of.
pub(crate) fn day_of(snapshot: &Snapshot) -> Result<Day> {
    let text = snapshot.inputs.get("as_of").context("the snapshot does not say its day")?;
    Ok(text.parse()?)
}

/// How much of a lake a snapshot was made from: customers and products with the first so many codes.
pub(crate) struct MadeFrom {
    customers: usize,
    products: usize,
}

/// What a snapshot's population was made from, if it serves for a studio: settings are still those it was made
/// with, and the lake has gained nothing since but receipts that came on-line. An import or an erasure may
/// change whom it consists of, and then everybody is asked anew.
pub(crate) fn what_serves(
    programme: &Programme,
    snapshot: &Snapshot,
    studio: &Studio,
) -> Result<Option<MadeFrom>> {
    let input = |name: &str| snapshot.inputs.get(name).map(String::as_str);
    let count = |name: &str| input(name).and_then(|text| text.parse::<usize>().ok());
    let (Some(batches), Some(customers), Some(products)) =
        (count("batches"), count("customers"), count("products"))
    else {
        return Ok(None);
    };
    let manifest = studio.lake.manifest();
    let (known, since) = manifest.batches.split_at(batches.min(manifest.batches.len()));
    let serves = input("settings") == Some(&programme.settings_sha256)
        && input("content") == Some(&content_sha256(known, &manifest.erased))
        && since.iter().all(|batch| is_journal(batch))
        && studio.lake.customers()?.len() >= customers
        && studio.reference.products.len() >= products;
    Ok(serves.then_some(MadeFrom { customers, products }))
}

impl MadeFrom {
    /// A population that was made from so much, beside a studio's catalogue.
    pub(crate) fn moved(&self, population: Population, studio: &Studio) -> Result<Population> {
        let mut ranks = studio.lake.customers()?.ranks()[..self.customers].to_vec();
        ranks.sort_unstable();
        let categories = studio.reference.categories_of(self.products);
        let now = |places: &[u32], old: u32| places.get(old as usize).copied().unwrap_or(old);
        Ok(population.moved(|old| now(&categories, old), |old| now(&ranks, old)))
    }
}

/// Hash of what was imported, and of who was erased.
fn content_sha256(batches: &[String], erased: &[String]) -> String {
    sha256_hex(format!("{}\0{}", batches.join("\n"), erased.join("\n")).as_bytes())
}

impl Programme {
    fn inputs(&self, studio: &Studio, as_of: Day) -> Result<BTreeMap<String, String>> {
        let manifest = studio.lake.manifest();
        Ok(BTreeMap::from([
            ("as_of".to_owned(), as_of.to_string()),
            ("manifest".to_owned(), manifest.number.to_string()),
            ("batches".to_owned(), manifest.batches.len().to_string()),
            ("content".to_owned(), content_sha256(&manifest.batches, &manifest.erased)),
            ("customers".to_owned(), studio.lake.customers()?.len().to_string()),
            ("products".to_owned(), studio.reference.products.len().to_string()),
            ("settings".to_owned(), self.settings_sha256.clone()),
            ("proffer".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ]))
    }
}

/// Invitations and redemptions by customer, as the portraits saw them.
fn campaign_extract(studio: &Studio) -> Result<RecordBatch> {
    let customers = studio.lake.customers()?;
    let rows = studio.people.extract(customers);
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

/// The blend ranks offers unless the plain decayed count was better on held-out baskets.
fn choose(report: &EvaluateReport) -> (Weights, ModelChoice) {
    let models = &report.evaluation.models;
    let result = |name: &str| models.iter().find(|model| model.name == name);
    let (blend, decayed) = (result("Blend"), result("Decayed"));
    let ndcg = |result: Option<&models::ModelResult>| result.map(|result| result.metrics.ndcg_10);
    let choice = |name: &str, of, to_match| ModelChoice {
        name: name.to_owned(),
        ndcg_10: of,
        ndcg_10_to_match: to_match,
        sampled: report.sampled,
    };
    match (blend.map(|result| result.settings), ndcg(blend), ndcg(decayed)) {
        (Some(Model::Blend(weights)), Some(of), Some(to_match)) if of >= to_match => {
            (weights, choice("Blend", Some(of), Some(to_match)))
        }
        (None, ..) => (Weights::of(Level::Product), choice("Blend", None, None)),
        _ => (Weights::DECAYED, choice("Decayed", ndcg(decayed), ndcg(blend))),
    }
}

/// A file of the current snapshot, and the snapshot's day.
pub(crate) fn current_file(programme: &Programme, name: &str) -> Result<(Day, bytes::Bytes)> {
    let snapshot = programme.snapshots().current()?.ok_or(crate::ProgrammeError::NoSnapshot)?;
    let bytes = programme.snapshots().read(&snapshot, name)?;
    Ok((day_of(&snapshot)?, bytes))
}
