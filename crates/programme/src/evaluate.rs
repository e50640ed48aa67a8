//! Evaluate: how good the models are on purchases they have not seen.

use std::time::Instant;

use anyhow::Result;
use models::{Evaluation, Level, Protocol};
use retail::Day;

use crate::portraits::{Studio, with_customers};
use crate::refresh::past_of_customers;
use crate::{Programme, Progress};

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

impl Programme {
    /// Evaluates the models of the next basket. Cards used for many people are left out.
    ///
    /// # Errors
    /// When the lake is empty or cannot be read.
    pub fn evaluate(
        &self,
        question: EvaluateQuestion,
        progress: &dyn Progress,
    ) -> Result<Evaluation> {
        progress.stage("reading lines", None);
        let studio = Studio::open(self)?;
        let lines = with_customers(&studio.lake)?;
        let last = question.until.map_or(Day(i32::MAX), |until| Day(until.0.saturating_sub(1)));
        let shared = studio.shared_cards(self, &lines, last)?;
        let past = past_of_customers(&lines, last, &shared);
        progress.stage("evaluating models", None);
        let started = Instant::now();
        let clock = || started.elapsed().as_secs_f64();
        let items = studio.reference.items(question.level);
        Ok(models::evaluate(&past, &items, question.protocol, &clock))
    }
}
