//! Evaluate: how good the models are on purchases they have not seen.

use std::time::Instant;

use anyhow::Result;
use lake::Dictionary;
use models::{Chosen, Evaluation, Level, Protocol, Purchases};
use retail::Day;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::passes::{by_range, leave_out};
use crate::progress::{EVALUATING, OPENING, READING};
use crate::shared_card::shared_cards;
use crate::studio::Studio;
use crate::{Programme, ProgrammeError, Progress};

/// What to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvaluateQuestion {
    /// Last basket, or novel items of a window.
    pub protocol: Protocol,
    /// What an item is.
    pub level: Level,
    /// The data end before this day begins.
    pub until: Option<Day>,
}

/// How many customers an evaluation looked at. What models know of others, popularity too, they know
/// from these alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sampled {
    /// Customers drawn: all of them, or as many as the settings allow.
    pub sampled: usize,
    /// Customers of the lake.
    pub customers: usize,
}

/// An evaluation and what it was made on.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluateReport {
    /// How many customers it looked at.
    #[serde(flatten)]
    pub sampled: Sampled,
    /// What it found.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

impl Programme {
    /// Evaluates the models of the next basket on all customers, or on a sample of them where there
    /// are more than the settings allow. Cards used for many people are left out.
    ///
    /// # Errors
    /// When the lake is empty or cannot be read.
    pub fn evaluate(
        &self,
        question: EvaluateQuestion,
        progress: &dyn Progress,
    ) -> Result<EvaluateReport> {
        progress.stage(OPENING, None);
        let studio = Studio::open(self)?;
        let customers = studio.lake.customers()?;
        let sample = Sample::draw(customers, self.settings.evaluation.customers_max);
        let until = question.until.map_or(Day(i32::MAX), |until| Day(until.0.saturating_sub(1)));
        let items = studio.reference.items(question.level);
        let mut purchases = Purchases::none(items.count);
        let mut empty = true;
        progress.stage(READING, Some(studio.lake.ranges(self.range_lines)?.len() as u64));
        by_range(&studio.lake, self.range_lines, progress, |lines| {
            empty &= lines.is_empty();
            let mut chosen = sample.of(&lines.by_customer());
            let limits = &self.settings.shared_cards;
            let shared = shared_cards(lines, &chosen, until, limits, |code| customers.text(code));
            leave_out(&mut chosen, &shared);
            purchases.add(lines, &chosen, &items, until);
            Ok(())
        })?;
        if empty {
            return Err(ProgrammeError::Empty.into());
        }
        progress.stage(EVALUATING, None);
        let started = Instant::now();
        let clock = || started.elapsed().as_secs_f64();
        let evaluation = models::evaluate(&purchases, question.level, question.protocol, &clock);
        Ok(EvaluateReport { sampled: sample.sampled, evaluation })
    }
}

/// The customers that models are evaluated on. Which these are depends on nothing but their ids.
pub(crate) struct Sample {
    pub sampled: Sampled,
    // By code; nothing where everybody is in it.
    drawn: Option<Vec<bool>>,
}

impl Sample {
    /// Draws at most so many: those whose ids have the smallest hashes.
    pub(crate) fn draw(customers: &Dictionary, customers_max: usize) -> Self {
        let ids =
            (0..customers.len() as u32).filter_map(|code| Some((code, customers.text(code)?)));
        let mut hashed: Vec<([u8; 32], u32)> = ids.map(|(code, id)| (hash(id), code)).collect();
        let known = hashed.len();
        if known <= customers_max {
            return Self { sampled: Sampled { sampled: known, customers: known }, drawn: None };
        }
        hashed.select_nth_unstable(customers_max);
        let mut drawn = vec![false; customers.len()];
        for &(_, code) in &hashed[..customers_max] {
            drawn[code as usize] = true;
        }
        let sampled = Sampled { sampled: customers_max, customers: known };
        Self { sampled, drawn: Some(drawn) }
    }

    /// Those of some customers that are in the sample.
    pub(crate) fn of(&self, customers: Chosen<'_>) -> Vec<(u32, std::ops::Range<usize>)> {
        let Some(drawn) = &self.drawn else { return customers.to_vec() };
        customers.iter().filter(|(code, _)| drawn[*code as usize]).cloned().collect()
    }
}

/// The same on any machine; the words before the id keep it apart from other uses of its hash.
fn hash(id: &str) -> [u8; 32] {
    Sha256::new().chain_update("proffer evaluation sample 1\n").chain_update(id).finalize().into()
}
