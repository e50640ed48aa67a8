//! `proffer import MAPPING.toml`

mod accrual;
mod opening;

use anyhow::Result;
use programme::{Extent, ImportReport, Programme};

use super::{open, say, say_json, watched};
use crate::cli::{Cli, Import};
use crate::language::Language;
use crate::text::{count, percent, table};

pub fn run(cli: &Cli, arguments: &Import) -> Result<()> {
    let (programme, language) = open(cli)?;
    let (mapping, max_bad) = (&arguments.mapping, arguments.max_bad);
    let report = watched(language, |bar| match arguments.dry_run {
        true => programme.try_import(mapping, max_bad, bar),
        false => programme.import(mapping, max_bad, bar),
    })?;
    if arguments.json {
        say_json(&report)?
    } else {
        say(&text(&report, language))?
    }
    if !arguments.compact_later && !arguments.dry_run {
        compact(&programme, language);
    }
    Ok(())
}

/// Keeps the lake quick to read, after the import is told: others read and import meanwhile, and what
/// does not come to its end comes after the next import.
fn compact(programme: &Programme, language: Language) {
    let compacted = programme.wants_compaction().and_then(|wanted| {
        let compact = || {
            watched(language, |bar| {
                programme.compact(Extent::Above(programme.settings().import.runs_max), bar)
            })
            .map(|_| ())
        };
        if wanted { compact() } else { Ok(()) }
    });
    if let Err(error) = compacted {
        let what = language.pick("the lake was not compacted", "озеро не уплотнено");
        eprintln!("proffer: {what}: {error:#}");
    }
}

pub fn text(report: &ImportReport, language: Language) -> String {
    let header = match language {
        Language::En => ["feed", "files", "read", "good", "bad", "bad by reason"],
        Language::Ru => {
            ["поток", "файлы", "прочитано", "принято", "отложено", "отложено по причинам"]
        }
    };
    let rows: Vec<Vec<String>> = report
        .feeds
        .iter()
        .map(|feed| {
            let reasons: Vec<String> = feed
                .bad_by_reason
                .iter()
                .map(|(reason, &rows)| format!("{reason} {}", count(rows)))
                .collect();
            vec![
                feed.feed.to_owned(),
                feed.files.to_string(),
                count(feed.read),
                count(feed.good),
                count(feed.bad),
                reasons.join(", "),
            ]
        })
        .collect();
    let mut lines = Vec::new();
    if report.dry_run {
        let what = language.pick(
            "A dry run: nothing was changed. An import would do this:",
            "Пробный запуск: ничего не изменено. Загрузка сделала бы следующее:",
        );
        lines.extend([what.to_owned(), String::new()]);
    }
    if !rows.is_empty() {
        lines.extend([table(&header, &rows, &[1, 2, 3, 4]), String::new()]);
    }
    lines.extend(changes(report, language));
    if let Some(opening) = &report.opening {
        lines.extend(opening::lines(opening, language));
    }
    if let Some(accrual) = &report.accrual {
        lines.extend(accrual::lines(accrual, language));
    }
    if let Some(quarantine) = &report.quarantine {
        let what = language.pick("bad rows are listed in", "отложенных строк перечислены в");
        lines.push(format!("{} {what} {}", count(quarantine.rows), quarantine.path.display()));
    }
    if let Some(list) = &report.unknown_products_list {
        let what = language.pick(
            "products were sold that the catalogue does not know (kept), listed in",
            "проданных товаров нет в каталоге (строки сохранены), список в",
        );
        lines.push(format!("{} {what} {}", count(report.unknown_products), list.display()));
    }
    for warning in &report.warnings {
        lines.push(format!("{} {warning}", language.pick("Note:", "Внимание:")));
    }
    lines.push(totals(report, language));
    lines.join("\n")
}

fn changes(report: &ImportReport, language: Language) -> Vec<String> {
    let lake = &report.lake;
    if lake.already_there {
        // What is brought from an old programme, and what receipts earned, is told by itself.
        if report.opening.is_some() || report.accrual.is_some() {
            return Vec::new();
        }
        return vec![
            language
                .pick(
                    "These feeds are in the lake already: nothing was changed.",
                    "Эти данные уже загружены: ничего не изменено.",
                )
                .to_owned(),
        ];
    }
    let receipts = match language {
        Language::En => format!(
            "Receipts: {} new, {} replaced, {} known already; {} lines written.",
            count(lake.receipts_new),
            count(lake.receipts_replaced),
            count(lake.receipts_same),
            count(lake.lines)
        ),
        Language::Ru => format!(
            "Чеки: новых {}, заменено {}, уже известно {}; записано строк {}.",
            count(lake.receipts_new),
            count(lake.receipts_replaced),
            count(lake.receipts_same),
            count(lake.lines)
        ),
    };
    let tables = lake.tables.iter().map(|(name, change)| match language {
        Language::En => format!(
            "{name}: {} new, {} changed, {} known already.",
            count(change.new),
            count(change.changed),
            count(change.same)
        ),
        Language::Ru => format!(
            "{name}: новых {}, изменено {}, уже известно {}.",
            count(change.new),
            count(change.changed),
            count(change.same)
        ),
    });
    let placements = (lake.placements > 0).then(|| {
        let what = language.pick("Promotion placements:", "Промовыкладка, строк:");
        format!("{what} {}.", count(lake.placements))
    });
    [receipts].into_iter().chain(tables).chain(placements).collect()
}

fn totals(report: &ImportReport, language: Language) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let (receipts, sales) =
        (share(report.receipts_with_customer_share), share(report.sales_with_customer_share));
    match language {
        Language::En => format!(
            "The lake holds {} receipts with {} lines; a card was shown on {receipts} of receipts and {sales} of sales.",
            count(report.receipts),
            count(report.lines)
        ),
        Language::Ru => format!(
            "Всего чеков {}, строк {}; с картой {receipts} чеков и {sales} продаж.",
            count(report.receipts),
            count(report.lines)
        ),
    }
}
