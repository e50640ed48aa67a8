//! The honest evaluation: every model sees only the past, the truth is what customers did next.

use retail::Day;
use serde::{Deserialize, Serialize};

use crate::metric::{Metrics, PLACES, metrics};
use crate::next_basket::{Model, fit, rank};
use crate::{Counts, Level, Purchases, Split, Weights, split_last, split_novel};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Which items will be in each customer's last basket; see [`split_last`].
    Last,
    /// Which items will he buy for the first time in a window of days; see [`split_novel`].
    Novel {
        /// First day of the window; nothing for `days` days before the last day of the data, which
        /// is left out because it may have only begun.
        cut: Option<Day>,
        /// Length of the window in days, at least 1.
        days: i32,
    },
}

impl Protocol {
    /// Days of the published window of the novel protocol.
    pub const NOVEL_DAYS: i32 = 28;
}

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// `last` or `novel`.
    pub protocol: String,
    /// What an item is.
    pub level: Level,
    /// First day of the novel protocol's window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cut: Option<Day>,
    /// Customers the metrics are averaged over.
    pub evaluated: usize,
    /// Sizes of the test split.
    pub split: Counts,
    /// Sizes of the validation split.
    pub validation: Counts,
    /// One result a model; empty where nobody could be evaluated.
    pub models: Vec<ModelResult>,
}

/// How good one model was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelResult {
    /// Its stable name.
    pub name: String,
    /// Its settings.
    pub settings: Model,
    /// Its figures on the test split.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Seconds by the caller's clock to learn, the search of settings included.
    pub fit_s: f64,
    /// Seconds to rank the evaluated customers' items.
    pub score_s: f64,
}

/// Evaluates the models of the next basket. Under both protocols: the most popular items, personal
/// counts, and the decayed count with its published settings. Under [`Protocol::Last`] also the
/// blend, whose weights are searched on the validation split alone. Under [`Protocol::Novel`] personal
/// counts say nothing of what a customer never bought, so that all models fall back to
/// popularity: that is the bar for models which can do more.
///
/// What the models know, popularity included, they know from these purchases alone; those of a sample
/// of customers say how good the models are with a sample's knowledge. `clock` gives seconds from any moment on, for [`ModelResult::fit_s`] and
/// [`ModelResult::score_s`]; nothing else depends on it.
#[must_use]
pub fn evaluate(
    purchases: &Purchases,
    level: Level,
    protocol: Protocol,
    clock: &dyn Fn() -> f64,
) -> Evaluation {
    let (name, cut, test, validation) = match protocol {
        Protocol::Last => {
            ("last", None, split_last(purchases, level, 0), split_last(purchases, level, 1))
        }
        Protocol::Novel { cut, days } => {
            let newest = purchases.newest.unwrap_or(Day(0));
            let cut = cut.unwrap_or(Day(newest.0.saturating_sub(days)));
            let split = |cut| split_novel(purchases, level, cut, days);
            ("novel", Some(cut), split(cut), split(Day(cut.0.saturating_sub(days))))
        }
    };
    let mut models = Vec::new();
    if !test.evaluated.is_empty() {
        for model in [Model::GlobalPop, Model::PersonalPop, Model::decayed(level)] {
            models.push(judge(&test, clock, || model));
        }
        if !test.novel {
            let search = || Model::Blend(Weights::of(level).search(&validation));
            models.push(judge(&test, clock, search));
        }
    }
    Evaluation {
        protocol: name.to_owned(),
        level,
        cut,
        evaluated: test.evaluated.len(),
        split: test.counts,
        validation: validation.counts,
        models,
    }
}

/// Chooses a model's settings, fits it, ranks with it and compares with the truth of the test.
fn judge(test: &Split, clock: &dyn Fn() -> f64, choose: impl FnOnce() -> Model) -> ModelResult {
    let start = clock();
    let model = choose();
    let scores = fit(&test.history, &model);
    let fitted = clock();
    let lists = rank(&test.history, &scores, &test.evaluated, PLACES, test.novel);
    let ranked = clock();
    ModelResult {
        name: model.name().to_owned(),
        settings: model,
        metrics: metrics(test, &lists),
        fit_s: fitted - start,
        score_s: ranked - fitted,
    }
}
