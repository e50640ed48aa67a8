//! `proffer demo`: the main job on a demo shop, from feeds to one customer's offers.

use std::path::Path;

use anyhow::Result;
use programme::{
    DemoFeeds, DemoFormat, DemoKind, DemoReport, DemoSize, DemoTrade, PortraitDay, Programme,
    ProgrammeError,
};

use super::{import, language, offers, portrait, refresh, say, say_json, watched};
use crate::cli::{Cli, Demo, DemoForm, DemoName};
use crate::language::Language;
use crate::text::count;

pub fn run(cli: &Cli, arguments: &Demo) -> Result<()> {
    if let Some(folder) = &arguments.feeds {
        let wanted = cli.lang.unwrap_or(Language::En);
        let written = watched(wanted, |bar| feeds(arguments).write(folder, bar))?;
        if arguments.json {
            return say_json(&written);
        }
        return say(&written_text(&written, cli.lang.unwrap_or(Language::En)));
    }
    match &arguments.keep {
        Some(folder) => main_job(cli, arguments, folder),
        None => {
            let folder = tempfile::tempdir()?;
            main_job(cli, arguments, folder.path())
        }
    }
}

fn main_job(cli: &Cli, arguments: &Demo, folder: &Path) -> Result<()> {
    let wanted = cli.lang.unwrap_or(Language::En);
    let written = watched(wanted, |bar| feeds(arguments).write(&folder.join("feeds"), bar))?;
    let programme = programme(&folder.join("programme"))?;
    let language = language(cli, programme.settings());
    say(language.pick(
        "== Feeds of a demo shop, imported",
        "== Данные демонстрационного магазина, загрузка",
    ))?;
    let report = watched(language, |bar| programme.import(&written.mapping, None, bar))?;
    say(&import::text(&report, language))?;

    say(language.pick("\n== Portraits and offers", "\n== Портреты и предложения"))?;
    let report = watched(language, |bar| programme.refresh(None, bar))?;
    say(&refresh::text(&report, language))?;

    let Some(customer) = regular(&programme)? else { return Ok(()) };
    say(language.pick("\n== One customer's portrait", "\n== Портрет одного покупателя"))?;
    let portrait =
        watched(language, |bar| programme.portrait(&customer, PortraitDay::Snapshot, bar))?;
    say(&portrait::text(&portrait, language))?;
    say(language.pick("\n== and personal offers", "\n== и его предложения"))?;
    say(&offers::text(&programme.offers(Some(&customer))?, language))?;
    say_where(arguments, folder, language)
}

/// The programme in a folder; a run that was interrupted has left one.
fn programme(folder: &Path) -> Result<Programme> {
    match Programme::open(folder) {
        Err(error) if matches!(error.downcast_ref(), Some(ProgrammeError::Absent { .. })) => {
            Programme::init(folder, programme::SettingsLanguage::En)
        }
        opened => opened,
    }
}

/// The feeds that the command line asks for.
fn feeds(arguments: &Demo) -> DemoFeeds {
    let trade = arguments.days.map(DemoTrade::Days);
    DemoFeeds {
        kind: match arguments.kind {
            DemoName::Grocery => DemoKind::Grocery,
            DemoName::Shoes => DemoKind::Shoes,
            DemoName::Travel => DemoKind::Travel,
        },
        size: DemoSize {
            customers: arguments.customers,
            trade: trade.or(arguments.lines.map(DemoTrade::Lines)),
            seed: arguments.seed,
        },
        format: match arguments.format {
            DemoForm::Csv => DemoFormat::Csv,
            DemoForm::Parquet => DemoFormat::Parquet,
        },
        next_day: arguments.next_day,
    }
}

fn written_text(report: &DemoReport, language: Language) -> String {
    let DemoReport { files_written, files_kept, .. } = *report;
    let (customers, days) = (count(report.customers.into()), count(report.days.into()));
    let (lines, mapping) = (count(report.lines), report.mapping.display());
    let mut text = match language {
        Language::En => format!(
            "{customers} customers, {days} days: {lines} lines written, files of receipts \
             {files_written}, found complete {files_kept}.\nNext: proffer import {mapping}"
        ),
        Language::Ru => format!(
            "Покупателей {customers}, дней {days}: записано строк {lines}, файлов чеков \
             {files_written}, готовых найдено {files_kept}.\nДальше: proffer import {mapping}"
        ),
    };
    if let Some(next_day) = &report.next_day {
        let then = language.pick("and then", "а затем");
        text.push_str(&format!("\n{then} proffer import {}", next_day.display()));
    }
    text
}

/// A customer worth looking at: one of those with the best-founded first offer.
fn regular(programme: &Programme) -> Result<Option<String>> {
    let set = programme.offers(None)?;
    let best = set
        .offers
        .into_iter()
        .filter(|offer| offer.rank == 1)
        .max_by(|a, b| a.score.total_cmp(&b.score));
    Ok(best.map(|offer| offer.customer))
}

fn say_where(arguments: &Demo, folder: &Path, language: Language) -> Result<()> {
    if arguments.keep.is_none() {
        return say(language.pick(
            "\nThe demo shop was temporary; keep one with --keep FOLDER.",
            "\nДемонстрационный магазин был временным; сохранить его: --keep ПАПКА.",
        ));
    }
    let kept = language.pick("Feeds and programme are kept in", "Данные и программа сохранены в");
    say(&format!("\n{kept} {}", folder.display()))
}
