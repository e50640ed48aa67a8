//! How good rankings are: recall, NDCG, precision and hit rate, averaged over customers.

use serde::{Deserialize, Serialize};

use crate::Split;

/// Means over the evaluated customers. Binary relevance; the ideal of NDCG stands over
/// min(truth, k) places, as in Järvelin and Kekäläinen (TOIS 2002) for a list of `k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of the truth that stands among the first 10.
    #[serde(rename = "recall@10")]
    pub recall_10: f64,
    /// Normalised discounted cumulative gain of the first 10.
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
    /// Share of the 10 places that hold truth.
    #[serde(rename = "precision@10")]
    pub precision_10: f64,
    /// Share of customers with at least one hit among the first 10.
    #[serde(rename = "phr@10")]
    pub phr_10: f64,
    /// As `recall_10`, of the first 20.
    #[serde(rename = "recall@20")]
    pub recall_20: f64,
    /// As `ndcg_10`, of the first 20.
    #[serde(rename = "ndcg@20")]
    pub ndcg_20: f64,
    /// As `precision_10`, of the first 20.
    #[serde(rename = "precision@20")]
    pub precision_20: f64,
    /// As `phr_10`, of the first 20.
    #[serde(rename = "phr@20")]
    pub phr_20: f64,
    /// Recall of the first 10 over truth that the customer had bought before, over customers who
    /// have such truth; nothing if nobody has.
    #[serde(rename = "repeat_recall@10")]
    pub repeat_recall_10: Option<f64>,
    /// Recall of the first 10 over truth that is new to the customer, over customers who have such
    /// truth; nothing if nobody has.
    #[serde(rename = "explore_recall@10")]
    pub explore_recall_10: Option<f64>,
    /// Standard error of `ndcg_10` over customers.
    pub se: f64,
    /// Standard error of `recall_10` over customers.
    #[serde(rename = "se_recall@10")]
    pub se_recall_10: f64,
}

/// Places of a list that count.
pub(crate) const PLACES: usize = 20;

/// One customer's figures; pairs are of the first 10 and of the first 20 places.
struct Judged {
    recall: [f64; 2],
    ndcg: [f64; 2],
    precision: [f64; 2],
    hit: [f64; 2],
    repeat: Option<f64>,
    explore: Option<f64>,
}

/// Judges one list (best first) for each evaluated customer of a split. Nobody evaluated gives zeros.
#[must_use]
pub(crate) fn metrics(split: &Split, lists: &[Vec<u32>]) -> Metrics {
    let judged: Vec<Judged> =
        lists.iter().enumerate().map(|(place, list)| judge(split, place, list)).collect();
    let of = |value: fn(&Judged) -> f64| mean(judged.iter().map(value).collect());
    let some = |value: fn(&Judged) -> Option<f64>| {
        let values: Vec<f64> = judged.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| mean(values).0)
    };
    let ((recall_10, se_recall_10), (ndcg_10, se)) = (of(|j| j.recall[0]), of(|j| j.ndcg[0]));
    Metrics {
        recall_10,
        ndcg_10,
        precision_10: of(|j| j.precision[0]).0,
        phr_10: of(|j| j.hit[0]).0,
        recall_20: of(|j| j.recall[1]).0,
        ndcg_20: of(|j| j.ndcg[1]).0,
        precision_20: of(|j| j.precision[1]).0,
        phr_20: of(|j| j.hit[1]).0,
        repeat_recall_10: some(|j| j.repeat),
        explore_recall_10: some(|j| j.explore),
        se,
        se_recall_10,
    }
}

/// NDCG of the first 10 alone, for a search.
pub(crate) fn ndcg_10(split: &Split, lists: &[Vec<u32>]) -> f64 {
    let ndcg = |(place, list): (usize, &Vec<u32>)| {
        let truth = split.truth(place);
        ndcg(list, truth, 10)
    };
    mean(lists.iter().enumerate().map(ndcg).collect()).0
}

fn judge(split: &Split, place: usize, list: &[u32]) -> Judged {
    let truth = split.truth(place);
    let own = split.history.own(split.evaluated[place] as usize);
    let hits = [10, 20].map(|k| found(list, truth, k) as f64);
    let part = |repeat: bool| {
        let wanted: Vec<u32> = truth
            .iter()
            .copied()
            .filter(|item| own.binary_search(item).is_ok() == repeat)
            .collect();
        (!wanted.is_empty()).then(|| found(list, &wanted, 10) as f64 / wanted.len() as f64)
    };
    Judged {
        recall: hits.map(|hits| hits / truth.len() as f64),
        ndcg: [10, 20].map(|k| ndcg(list, truth, k)),
        precision: [hits[0] / 10.0, hits[1] / 20.0],
        hit: hits.map(|hits| f64::from(u8::from(hits > 0.0))),
        repeat: part(true),
        explore: part(false),
    }
}

fn found(list: &[u32], truth: &[u32], k: usize) -> usize {
    list.iter().take(k).filter(|item| truth.binary_search(item).is_ok()).count()
}

fn ndcg(list: &[u32], truth: &[u32], k: usize) -> f64 {
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let ideal: f64 = (0..truth.len().min(k)).map(gain).sum();
    let places = list.iter().take(k).enumerate();
    let gained: f64 = places
        .filter(|(_, item)| truth.binary_search(item).is_ok())
        .map(|(rank, _)| gain(rank))
        .sum();
    gained / ideal
}

/// Mean and its standard error. The values are sorted before they are added, so that the numbering
/// of customers, which depends on the order of imports, changes no bit.
fn mean(mut values: Vec<f64>) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Histories, Split};

    /// Two customers on a catalogue of 12: the first owns items 0 and 1, the second item 2.
    fn split(truth: [&[u32]; 2]) -> Split {
        Split {
            history: Histories {
                own_start: vec![0, 2, 3],
                own: vec![0, 1, 2],
                ..Default::default()
            },
            novel: false,
            evaluated: vec![0, 1],
            truth_start: vec![0, truth[0].len(), truth[0].len() + truth[1].len()],
            truth: truth.concat(),
            counts: Default::default(),
        }
    }

    #[test]
    fn figures_as_computed_by_hand() {
        // The first hits place 1 and 2 of two wanted, the second place 2 of one.
        let found = metrics(&split([&[0, 5], &[7]]), &[vec![5, 0, 3], vec![2, 7]]);
        let second = 1.0 / 3f64.log2();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(found.recall_10, 1.0);
        near(found.ndcg_10, (1.0 + second) / 2.0);
        near(found.precision_10, (0.2 + 0.1) / 2.0);
        near(found.precision_20, (0.1 + 0.05) / 2.0);
        near(found.phr_10, 1.0);
        near(found.se, (1.0 - second) / 2.0);
        assert_eq!((found.repeat_recall_10, found.explore_recall_10), (Some(1.0), Some(1.0)));
        // Only the first has repeats, of which one of two is found; the second has news, not found.
        let found = metrics(&split([&[0, 1], &[7]]), &[vec![1], vec![2]]);
        assert_eq!((found.repeat_recall_10, found.explore_recall_10), (Some(0.5), Some(0.0)));
        near(found.recall_10, 0.25);
        near(found.phr_10, 0.5);
        near(found.ndcg_10, 0.5 / (1.0 + second));
        near(found.se_recall_10, 0.25);
    }

    #[test]
    fn places_after_the_tenth_count_only_at_twenty() {
        let list: Vec<u32> = (1..12).collect();
        let found = metrics(&split([&[11], &[11]]), &[list.clone(), list]);
        assert_eq!((found.recall_10, found.ndcg_10, found.phr_10), (0.0, 0.0, 0.0));
        assert_eq!((found.recall_20, found.phr_20), (1.0, 1.0));
        assert!((found.ndcg_20 - 1.0 / 12f64.log2()).abs() < 1e-12);
    }

    #[test]
    fn nobody_evaluated_gives_zeros() {
        let found = metrics(&Split { evaluated: vec![], ..split([&[], &[]]) }, &[]);
        assert_eq!(found, Metrics::default());
    }
}
