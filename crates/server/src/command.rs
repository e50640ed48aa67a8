//! The commands; each calls one function of `programme` and shows the answer.

mod audit;
mod backup;
mod demo;
mod erase;
mod evaluate;
mod import;
mod lake;
mod offers;
mod portrait;
mod price;
mod refresh;
mod rules;
mod segment;
mod serve;
mod staff;
mod vault;

use anyhow::Result;
use programme::{Programme, Settings};

use crate::bar::Bar;
use crate::cli::{Cli, Command};
use crate::language::Language;

/// Does what the command line asks.
pub fn run(cli: &Cli) -> Result<()> {
    match &cli.command {
        Command::Init => init(cli),
        Command::Import(arguments) => import::run(cli, arguments),
        Command::Refresh(arguments) => refresh::run(cli, arguments),
        Command::Portrait(arguments) => portrait::run(cli, arguments),
        Command::Segment(arguments) => segment::run(cli, arguments),
        Command::Offers(arguments) => offers::run(cli, arguments),
        Command::Evaluate(arguments) => evaluate::run(cli, arguments),
        Command::Price(arguments) => price::run(cli, arguments),
        Command::Rules(command) => rules::run(cli, command),
        Command::Demo(arguments) => demo::run(cli, arguments),
        Command::Lake(command) => lake::run(cli, command),
        Command::Erase(arguments) => erase::run(cli, arguments),
        Command::Audit(command) => audit::run(cli, command),
        Command::Backup(arguments) => backup::run(cli, arguments),
        Command::Restore(arguments) => backup::restore(cli, arguments),
        Command::Vault(command) => vault::run(cli, command),
        Command::Staff(command) => staff::run(cli, command),
        Command::Serve(arguments) => serve::run(cli, arguments),
    }
}

fn init(cli: &Cli) -> Result<()> {
    let wanted = match cli.lang {
        Some(Language::Ru) => programme::SettingsLanguage::Ru,
        _ => programme::SettingsLanguage::En,
    };
    let programme = Programme::init(&cli.dir, wanted)?;
    let language = language(cli, programme.settings());
    let made = language.pick("Made a programme in", "Создана программа в папке");
    let next =
        language.pick("Next: proffer import MAPPING.toml", "Дальше: proffer import MAPPING.toml");
    say(&format!("{made} {}.\n{next}", cli.dir.display()))
}

fn open(cli: &Cli) -> Result<(Programme, Language)> {
    let programme = Programme::open(&cli.dir)?;
    let language = language(cli, programme.settings());
    warn_of_unsound_lake(&programme, language);
    Ok((programme, language))
}

/// Says loudly that newer states of the lake are lost or damaged; a lake that cannot be opened at all is
/// the command's own error.
fn warn_of_unsound_lake(programme: &Programme, language: Language) {
    let Ok(lake) = programme.lake() else { return };
    for why in lake.unsound() {
        eprintln!("!!! {why}");
    }
    if lake.unsound().next().is_some() {
        eprintln!(
            "!!! {}",
            language.pick(
                "Working with the last whole state; what was imported after it is missing here. \
                 Bring the file back from a backup, or run `proffer lake repair`.",
                "Работаем с последним целым состоянием; загруженного после него здесь нет. \
                 Верните файл из резервной копии или выполните `proffer lake repair`.",
            )
        );
    }
}

fn language(cli: &Cli, settings: &Settings) -> Language {
    cli.lang.unwrap_or(match settings.language {
        programme::SettingsLanguage::En => Language::En,
        programme::SettingsLanguage::Ru => Language::Ru,
    })
}

/// Runs long work with a progress bar that is gone before anything else is printed.
fn watched<T>(language: Language, work: impl FnOnce(&Bar) -> Result<T>) -> Result<T> {
    let bar = Bar::new(language);
    work(&bar)
}

fn say_json(value: &impl serde::Serialize) -> Result<()> {
    say(&serde_json::to_string_pretty(value)?)
}

/// Prints a text; a closed pipe is an error here, and none for the person.
fn say(text: &str) -> Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
