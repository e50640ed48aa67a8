//! `proffer demo`: the main job on a demo shop, from feeds to one customer's offers.

use std::path::Path;

use anyhow::Result;
use programme::{DemoKind, DemoSize, Programme};

use super::{import, language, offers, portrait, refresh, say, watched};
use crate::cli::{Cli, Demo, DemoName};
use crate::language::Language;

pub fn run(cli: &Cli, arguments: &Demo) -> Result<()> {
    match &arguments.keep {
        Some(folder) => main_job(cli, arguments, folder),
        None => {
            let folder = tempfile::tempdir()?;
            main_job(cli, arguments, folder.path())
        }
    }
}

fn main_job(cli: &Cli, arguments: &Demo, folder: &Path) -> Result<()> {
    let kind = match arguments.kind {
        DemoName::Grocery => DemoKind::Grocery,
        DemoName::Shoes => DemoKind::Shoes,
        DemoName::Travel => DemoKind::Travel,
    };
    let size =
        DemoSize { customers: arguments.customers, days: arguments.days, seed: arguments.seed };
    let wanted = cli.lang.unwrap_or(Language::En);
    let mapping = watched(wanted, |bar| kind.write(size, &folder.join("feeds"), bar))?;
    let programme = Programme::init(&folder.join("programme"), programme::SettingsLanguage::En)?;
    let language = language(cli, programme.settings());
    say(language.pick(
        "== Feeds of a demo shop, imported",
        "== Данные демонстрационного магазина, загрузка",
    ))?;
    let report = watched(language, |bar| programme.import(&mapping, None, bar))?;
    say(&import::text(&report, language))?;

    say(language.pick("\n== Portraits and offers", "\n== Портреты и предложения"))?;
    let report = watched(language, |bar| programme.refresh(None, bar))?;
    say(&refresh::text(&report, language))?;

    let Some(customer) = regular(&programme)? else { return Ok(()) };
    say(language.pick("\n== One customer's portrait", "\n== Портрет одного покупателя"))?;
    let portrait = watched(language, |bar| programme.portrait(&customer, None, bar))?;
    say(&portrait::text(&portrait, language))?;
    say(language.pick("\n== and personal offers", "\n== и его предложения"))?;
    say(&offers::text(&programme.offers(Some(&customer))?, language))?;
    say_where(arguments, folder, language)
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
