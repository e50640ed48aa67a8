//! `proffer evaluate TASK`

use anyhow::{Result, bail};
use programme::{EvaluateQuestion, EvaluateReport, Level, Protocol, Sampled};

use super::{open, say, say_json, watched};
use crate::cli::{Cli, Evaluate, LevelName, ProtocolName, Task};
use crate::language::Language;
use crate::text::{count, table};

pub fn run(cli: &Cli, arguments: &Evaluate) -> Result<()> {
    let Task::NextBasket = arguments.task;
    if arguments.cut.is_some() && arguments.protocol == ProtocolName::Last {
        bail!("--cut belongs to --protocol novel");
    }
    let question = EvaluateQuestion {
        protocol: match arguments.protocol {
            ProtocolName::Last => Protocol::Last,
            ProtocolName::Novel => {
                Protocol::Novel { cut: arguments.cut, days: Protocol::NOVEL_DAYS }
            }
        },
        level: match arguments.level {
            LevelName::Product => Level::Product,
            LevelName::Type => Level::Kind,
            LevelName::Category => Level::Category,
        },
        until: arguments.until,
    };
    let (programme, language) = open(cli)?;
    let report = watched(language, |bar| programme.evaluate(question, bar))?;
    if arguments.json { say_json(&report) } else { say(&text(&report, language)) }
}

fn text(report: &EvaluateReport, language: Language) -> String {
    let evaluation = &report.evaluation;
    let (customers, truth) =
        (count(evaluation.evaluated as u64), count(evaluation.split.truth as u64));
    let items = count(evaluation.split.items as u64);
    let title = match language {
        Language::En => format!(
            "{customers} customers evaluated: {truth} purchases to find among {items} items"
        ),
        Language::Ru => {
            format!("Оценено покупателей: {customers}; найти {truth} покупок среди {items} позиций")
        }
    };
    let rows: Vec<Vec<String>> = evaluation
        .models
        .iter()
        .map(|model| {
            let metrics = &model.metrics;
            let figures = [
                metrics.recall_10,
                metrics.ndcg_10,
                metrics.se,
                metrics.precision_10,
                metrics.phr_10,
            ];
            let seconds = [model.fit_s, model.score_s];
            [model.name.clone()]
                .into_iter()
                .chain(figures.map(|figure| format!("{figure:.4}")))
                .chain(seconds.map(|seconds| format!("{seconds:.2}")))
                .collect()
        })
        .collect();
    let header = match language {
        Language::En => [
            "model",
            "recall@10",
            "NDCG@10",
            "± s.e.",
            "precision@10",
            "hit rate@10",
            "fit s",
            "score s",
        ],
        Language::Ru => [
            "модель",
            "recall@10",
            "NDCG@10",
            "± с.о.",
            "precision@10",
            "hit rate@10",
            "обучение, с",
            "расчёт, с",
        ],
    };
    let sampled = sampled(&report.sampled, language).map(|text| format!("\n{text}"));
    let title = title + &sampled.unwrap_or_default();
    format!("{title}\n\n{}", table(&header, &rows, &[1, 2, 3, 4, 5, 6, 7]))
}

/// Of how many customers a sample was drawn; nothing where everybody was looked at.
pub fn sampled(sampled: &Sampled, language: Language) -> Option<String> {
    let (drawn, all) = (count(sampled.sampled as u64), count(sampled.customers as u64));
    (sampled.sampled < sampled.customers).then(|| match language {
        Language::En => format!("On a sample of {drawn} customers of {all}."),
        Language::Ru => format!("По выборке из {all} покупателей: {drawn}."),
    })
}
