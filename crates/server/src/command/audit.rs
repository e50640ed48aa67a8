//! `proffer audit verify|show`

use anyhow::{Result, bail};
use programme::{Act, AuditBreak, AuditReport, DeedView, HeadFault, HeadSource, WrongHead, now};

use super::{open, say, say_json};
use crate::cli::{AuditCommand, Cli};
use crate::language::Language;
use crate::text::{count, moment, table};

pub fn run(cli: &Cli, command: &AuditCommand) -> Result<()> {
    let (programme, language) = open(cli)?;
    match command {
        AuditCommand::Verify { heads, json } => {
            let report = programme.verify_audit(heads.as_deref())?;
            if *json {
                say_json(&report)?;
            } else {
                say(&report_text(&report, language))?;
            }
            if !report.is_sound() {
                bail!("{}", language.pick("the audit was tampered with", "журнал аудита изменён"));
            }
            Ok(())
        }
        AuditCommand::Show { kind, object, after, count, json } => {
            // Whoever stands before the machine may read the whole database already.
            let act = Act::of_job("console", now());
            let deeds = match kind.as_ref().zip(object.as_ref()) {
                Some((kind, object)) => programme.deeds_of(&act, kind, object, *after, *count)?,
                None => programme.newest_deeds(&act, *count)?,
            };
            if *json { say_json(&deeds) } else { say(&deeds_text(&deeds, language)) }
        }
    }
}

/// What was found, a line for each thing.
pub fn report_text(report: &AuditReport, language: Language) -> String {
    let (sealed, heads) = (count(report.sealed.unsigned_abs()), count(report.heads));
    let waiting = count(report.waiting);
    let mut lines = vec![match language {
        Language::En => {
            format!(
                "{sealed} rows fit their seals, {heads} signed heads fit, {waiting} rows wait for their seal."
            )
        }
        Language::Ru => format!(
            "Строк, которые сходятся со своими печатями: {sealed}; подписанных вершин: {heads}; строк без печати: {waiting}."
        ),
    }];
    lines.extend(report.broken.as_ref().map(|broken| break_text(broken, language)));
    lines.extend(report.wrong_heads.iter().map(|wrong| head_text(wrong, language)));
    let untold = report.wrong_head_count - report.wrong_heads.len() as u64;
    if untold > 0 {
        let more = language.pick("more heads that do not fit", "ещё вершин, которые не сходятся");
        lines.push(format!("{} {more}", count(untold)));
    }
    lines.join("\n")
}

fn break_text(broken: &AuditBreak, language: Language) -> String {
    match (language, broken) {
        (Language::En, AuditBreak::Altered { position, deed }) => {
            format!("Row {deed} (position {position}) is not as it was sealed.")
        }
        (Language::En, AuditBreak::Missing { position, deed }) => {
            format!("Row {deed} (position {position}) is gone.")
        }
        (Language::En, AuditBreak::Inserted { position, deed }) => {
            format!("Row {deed} was put in before position {position}.")
        }
        (Language::En, AuditBreak::SealMissing { position }) => {
            format!("The seal of position {position} is gone.")
        }
        (Language::En, AuditBreak::UnknownVersion { position, version }) => {
            format!(
                "The seal of position {position} has the version {version}, which this program does not know."
            )
        }
        (Language::Ru, AuditBreak::Altered { position, deed }) => {
            format!("Строка {deed} (место {position}) не такая, какой была опечатана.")
        }
        (Language::Ru, AuditBreak::Missing { position, deed }) => {
            format!("Строки {deed} (место {position}) нет.")
        }
        (Language::Ru, AuditBreak::Inserted { position, deed }) => {
            format!("Строка {deed} вставлена перед местом {position}.")
        }
        (Language::Ru, AuditBreak::SealMissing { position }) => {
            format!("Нет печати места {position}.")
        }
        (Language::Ru, AuditBreak::UnknownVersion { position, version }) => {
            format!("Печать места {position} версии {version}, которую эта программа не знает.")
        }
    }
}

fn head_text(wrong: &WrongHead, language: Language) -> String {
    let place = match (language, wrong.source) {
        (Language::En, HeadSource::File) => "in the file",
        (Language::En, HeadSource::Database) => "in the database",
        (Language::Ru, HeadSource::File) => "в файле",
        (Language::Ru, HeadSource::Database) => "в базе",
    };
    let why = match (language, &wrong.fault) {
        (Language::En, HeadFault::Differs) => {
            "the rows up to there are others than were signed".to_owned()
        }
        (Language::En, HeadFault::BeyondEnd) => {
            "the audit ends before it: its end was cut off".to_owned()
        }
        (Language::En, HeadFault::BadSignature) => "the signature is wrong".to_owned(),
        (Language::En, HeadFault::UnknownKey) => {
            "signed by a key that audit-key.pub does not list".to_owned()
        }
        (Language::En, HeadFault::Absent) => "the database does not have it".to_owned(),
        (Language::En, HeadFault::Unreadable { line }) => format!("line {line} is no head"),
        (Language::En, HeadFault::OutOfSequence) => "it is out of sequence".to_owned(),
        (Language::En, HeadFault::FileMissing) => "audit-heads.jsonl is gone".to_owned(),
        (Language::Ru, HeadFault::Differs) => {
            "строки до этого места не те, что были подписаны".to_owned()
        }
        (Language::Ru, HeadFault::BeyondEnd) => "журнал кончается раньше: конец отрезан".to_owned(),
        (Language::Ru, HeadFault::BadSignature) => "подпись неверна".to_owned(),
        (Language::Ru, HeadFault::UnknownKey) => {
            "подписано ключом, которого нет в audit-key.pub".to_owned()
        }
        (Language::Ru, HeadFault::Absent) => "в базе её нет".to_owned(),
        (Language::Ru, HeadFault::Unreadable { line }) => {
            format!("строка файла {line} — не вершина")
        }
        (Language::Ru, HeadFault::OutOfSequence) => "не по порядку".to_owned(),
        (Language::Ru, HeadFault::FileMissing) => "файла audit-heads.jsonl нет".to_owned(),
    };
    let head = language.pick("Signed head of position", "Подписанная вершина места");
    format!("{head} {} ({place}): {why}.", wrong.position)
}

fn deeds_text(deeds: &[DeedView], language: Language) -> String {
    let header = match language {
        Language::En => {
            ["number", "time", "who", "role", "action", "of what", "shop", "till", "detail"]
        }
        Language::Ru => [
            "номер",
            "время",
            "кто",
            "роль",
            "действие",
            "с чем",
            "магазин",
            "касса",
            "подробности",
        ],
    };
    let row = |deed: &DeedView| {
        vec![
            deed.id.to_string(),
            moment(deed.at.0),
            deed.actor.clone(),
            deed.role.clone(),
            deed.action.clone(),
            format!("{} {}", deed.kind, deed.object),
            deed.shop.clone().unwrap_or_default(),
            deed.till.clone().unwrap_or_default(),
            deed.detail.to_string(),
        ]
    };
    table(&header, &deeds.iter().map(row).collect::<Vec<_>>(), &[0])
}
