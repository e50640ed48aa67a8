//! `proffer vault status|renew-key|renew-index`: the keys of personal data.

use anyhow::Result;
use programme::{Act, VaultKeyView, VaultView, now};
use serde_json::json;

use super::{open, say, say_json, watched};
use crate::cli::{Cli, VaultCommand};
use crate::language::Language;
use crate::text::{count, table};

pub fn run(cli: &Cli, command: &VaultCommand) -> Result<()> {
    let (programme, language) = open(cli)?;
    let act = Act::of_job("console", now());
    match *command {
        VaultCommand::Status { json } => {
            let vault = programme.vault()?;
            if json { say_json(&vault) } else { say(&text(&vault, language)) }
        }
        VaultCommand::RenewKey { json } => {
            let persons = watched(language, |bar| programme.renew_vault_key(&act, bar))?;
            if json {
                return say_json(&json!({ "persons": persons }));
            }
            let file = programme.vault_key_file();
            let (persons, file) = (count(persons), file.display());
            say(&match language {
                Language::En => format!(
                    "A new key is in use and seals {persons} persons. Copy {file} to where you keep it. Former \
                     keys stay in it: backups need them."
                ),
                Language::Ru => format!(
                    "Действует новый ключ, им закрыто людей: {persons}. Скопируйте {file} туда, где его храните. \
                     Прежние ключи остаются в файле: они нужны резервным копиям."
                ),
            })
        }
        VaultCommand::RenewIndex { json } => {
            let persons = watched(language, |bar| programme.renew_vault_index(&act, bar))?;
            if json {
                return say_json(&json!({ "persons": persons }));
            }
            let persons = count(persons);
            say(&match language {
                Language::En => {
                    format!("A new key of the index is in use; {persons} persons are in it.")
                }
                Language::Ru => format!("Действует новый ключ индекса, людей в нём: {persons}."),
            })
        }
    }
}

fn text(vault: &VaultView, language: Language) -> String {
    let place = |key: &VaultKeyView| match (key.in_use, key.at_hand) {
        (true, _) => language.pick("in use", "действует"),
        (false, true) => language.pick("former", "прежний"),
        (false, false) => language.pick("MISSING: bring its line back", "НЕТ: верните его строку"),
    };
    let rows = vault
        .keys
        .iter()
        .map(|key| vec![key.id.clone(), count(key.persons.unsigned_abs()), place(key).to_owned()]);
    let head = [language.pick("key", "ключ"), language.pick("persons", "людей"), ""];
    format!("{}\n{}", vault.key_file.display(), table(&head, &rows.collect::<Vec<_>>(), &[1]))
}
