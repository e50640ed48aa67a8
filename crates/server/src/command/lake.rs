//! `proffer lake files | history | compact | repair`

use anyhow::Result;
use programme::{Extent, HistoryLine, HistoryView};
use serde::Serialize;

use super::{open, say, say_json, watched};
use crate::cli::{Cli, LakeCommand};
use crate::language::Language;
use crate::text::{count, table};

#[derive(Serialize)]
struct LiveFile {
    holds: String,
    path: String,
}

pub fn run(cli: &Cli, command: &LakeCommand) -> Result<()> {
    let (programme, language) = open(cli)?;
    match command {
        LakeCommand::Files { json } => {
            let files: Vec<LiveFile> = programme
                .lake()?
                .files()
                .into_iter()
                .map(|(holds, path)| LiveFile { holds, path })
                .collect();
            if *json {
                return say_json(&files);
            }
            let lines: Vec<String> =
                files.iter().map(|file| format!("{}\t{}", file.holds, file.path)).collect();
            say(&lines.join("\n"))
        }
        LakeCommand::History { customer, repeat, json } => {
            let history = programme.history(customer, *repeat)?;
            if *json { say_json(&history) } else { say(&history_text(&history, language)) }
        }
        LakeCommand::Repair { json } => {
            let done = programme.repair()?;
            if *json {
                return say_json(&done);
            }
            if done.lost.is_empty() {
                return say(language.pick(
                    "The lake is sound: nothing was changed.",
                    "Озеро данных в порядке: ничего не изменено.",
                ));
            }
            let lost = done.lost.join("\n");
            let (from, batches) = (done.from, done.batches);
            say(&match language {
                Language::En => format!(
                    "{lost}\nThe lake goes on from state {from}, which holds {batches} imports. Import again what was imported after it."
                ),
                Language::Ru => format!(
                    "{lost}\nОзеро данных продолжает с состояния {from}, в нём загрузок: {batches}. Загрузите снова то, что загружали после него."
                ),
            })
        }
        LakeCommand::Compact { json } => {
            let done = watched(language, |bar| programme.compact(Extent::Everything, bar))?;
            if *json {
                return say_json(&done);
            }
            let (lines, before, after) =
                (count(done.lines), count(done.bytes_before), count(done.bytes_after));
            say(&match language {
                Language::En => format!(
                    "{} runs became {}: {lines} lines written, {before} bytes before, {after} after.",
                    done.runs_before, done.runs_after
                ),
                Language::Ru => format!(
                    "Серий было {}, стало {}: записано строк {lines}, байт было {before}, стало {after}.",
                    done.runs_before, done.runs_after
                ),
            })
        }
    }
}

fn history_text(history: &HistoryView, language: Language) -> String {
    let header = match language {
        Language::En => ["date", "time", "shop", "product", "name", "quantity", "net", "discount"],
        Language::Ru => {
            ["дата", "время", "магазин", "товар", "название", "количество", "сумма", "скидка"]
        }
    };
    let rows: Vec<Vec<String>> =
        history.lines.iter().map(|line| history_row(line, language)).collect();
    let lines = count(history.lines.len() as u64);
    let net = decimal(history.lines.iter().map(|line| line.net).sum(), 2);
    let summary = match language {
        Language::En => format!("{lines} lines, {net} received."),
        Language::Ru => format!("Строк: {lines}, получено {net}."),
    };
    format!("{}\n\n{summary}", table(&header, &rows, &[5, 6, 7]))
}

fn history_row(line: &HistoryLine, language: Language) -> Vec<String> {
    let pick = |en: &Option<String>, first: &Option<String>| match language {
        Language::En => en.clone().or_else(|| first.clone()),
        Language::Ru => first.clone(),
    };
    let shop = pick(&line.shop_name_en, &line.shop_name);
    vec![
        line.day.to_string(),
        format!("{:02}:{:02}", line.minute / 60, line.minute % 60),
        shop.unwrap_or_else(|| line.shop.clone()),
        line.product.clone(),
        pick(&line.name_en, &line.name).unwrap_or_default(),
        decimal(line.quantity, 3),
        decimal(line.net, 2),
        decimal(line.discount, 2),
    ]
}

/// An amount with its last digits after the point.
fn decimal(amount: i64, digits: u32) -> String {
    let scale = 10_u64.pow(digits);
    let (sign, amount) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    let width = digits as usize;
    format!("{sign}{}.{:0width$}", amount / scale, amount % scale)
}
