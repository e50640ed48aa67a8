//! `proffer backup FOLDER|--scheduled|--verify FOLDER`, `proffer restore FOLDER`

use std::path::Path;

use anyhow::{Context, Result, bail};
use programme::{BackupReport, BackupVerdict, Programme, Restored, WasErased, now};

use super::audit::report_text;
use super::{open, say, say_json};
use crate::cli::{Backup, Cli, Restore};
use crate::language::Language;
use crate::text::{count, moment};

pub fn run(cli: &Cli, arguments: &Backup) -> Result<()> {
    if let Some(backup) = &arguments.verify {
        return verify(cli, backup, arguments);
    }
    let (programme, language) = open(cli)?;
    let report = match &arguments.folder {
        Some(folder) => Some(programme.backup(folder, now())?),
        None => programme.run_due_backup(now())?,
    };
    if arguments.json {
        return say_json(&report);
    }
    match report {
        Some(report) => say(&report_of_backup(&report, language)),
        None => {
            say(language.pick("No backup is due yet.", "Срок резервной копии ещё не наступил."))
        }
    }
}

fn report_of_backup(report: &BackupReport, language: Language) -> String {
    let (folder, files, bytes) =
        (report.folder.display(), count(report.files as u64), count(report.bytes));
    let lake = match (language, report.lake_included) {
        (_, true) => String::new(),
        (Language::En, false) => {
            format!(" The lake stays in its bucket; its state is {}.", report.lake_number)
        }
        (Language::Ru, false) => {
            format!(" Озеро данных остаётся в своём бакете, его состояние: {}.", report.lake_number)
        }
    };
    match language {
        Language::En => format!("Made {folder}: {files} files, {bytes} bytes.{lake}"),
        Language::Ru => format!("Создана копия {folder}: файлов {files}, байт {bytes}.{lake}"),
    }
}

fn verify(cli: &Cli, backup: &Path, arguments: &Backup) -> Result<()> {
    // Whoever tries a backup may have nothing else left.
    let language = cli.lang.unwrap_or(Language::En);
    let verdict = Programme::verify_backup(backup, arguments.database.as_deref())?;
    if arguments.json {
        say_json(&verdict)?;
    } else {
        say(&verdict_text(&verdict, language))?;
    }
    if !verdict.is_sound() {
        bail!("{}", language.pick("the backup is not sound", "резервная копия непригодна"));
    }
    Ok(())
}

fn verdict_text(verdict: &BackupVerdict, language: Language) -> String {
    let (files, bytes, at) =
        (count(verdict.files as u64), count(verdict.bytes), moment(verdict.at.0));
    let transfers = count(verdict.transfers as u64);
    let mut lines = vec![match language {
        Language::En => format!("Made {at}: {files} files, {bytes} bytes, each as it was written."),
        Language::Ru => format!("Создана {at}: файлов {files}, байт {bytes}, все целы."),
    }];
    if !verdict.restored {
        lines.push(
            language
                .pick(
                    "The dump of PostgreSQL can be read; --database with a new, empty database tries it.",
                    "Выгрузка PostgreSQL читается; проверить её можно с --database и новой пустой базой.",
                )
                .to_owned(),
        );
    }
    lines.extend(verdict.audit.as_ref().map(|audit| report_text(audit, language)));
    if verdict.restored && verdict.ledger.is_empty() {
        lines.push(match language {
            Language::En => format!("The books agree with their {transfers} transfers."),
            Language::Ru => format!("Счета сходятся с проводками, их {transfers}."),
        });
    }
    lines.extend(verdict.ledger.iter().cloned());
    lines.join("\n")
}

pub fn restore(cli: &Cli, arguments: &Restore) -> Result<()> {
    let language = cli.lang.unwrap_or(Language::En);
    let erased = match &arguments.erased {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            WasErased::listed(&text).with_context(|| path.display().to_string())?
        }
        None => Vec::new(),
    };
    let how = programme::Restore { database: arguments.database.clone(), erased };
    let restored = Programme::restore(&arguments.backup, &cli.dir, &how, now())?;
    if arguments.json {
        return say_json(&restored);
    }
    say(&restored_text(&restored, &cli.dir, language))
}

fn restored_text(restored: &Restored, folder: &Path, language: Language) -> String {
    let (folder, at) = (folder.display(), moment(restored.backup_at.0));
    let (files, erased) = (count(restored.files as u64), count(restored.erased as u64));
    let bucket = language.pick(
        "\nThe lake is in its bucket and may be newer than the database.",
        "\nОзеро данных в своём бакете и может быть новее базы.",
    );
    let bucket = if restored.lake_in_bucket { bucket } else { "" };
    match language {
        Language::En => format!(
            "Made a programme in {folder} of the backup of {at}: {files} files, {erased} customers erased again.{bucket}\n\
             Next: proffer refresh --dir {folder}"
        ),
        Language::Ru => format!(
            "В папке {folder} создана программа из копии от {at}: файлов {files}, удалено заново покупателей: {erased}.{bucket}\n\
             Дальше: proffer refresh --dir {folder}"
        ),
    }
}
