//! Bringing a backup back as a new programme.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use retail::Instant;
use serde::Serialize;
use serde_json::json;

use super::{BackupPage, DUMP, LAKE, SQLITE, copy, growing, link, postgres, put_in_place, sync};
use crate::erase::ErasureLine;
use crate::{Act, Programme, ProgrammeError, SETTINGS, Settings};

/// How a backup is brought back.
#[derive(Clone, Debug, Default)]
pub struct Restore {
    /// The URL of a new, empty PostgreSQL database for a backup of one; without it the settings'.
    pub database: Option<String>,
    /// Customers who were erased after the backup was made: they are erased again before anybody sees the programme. A
    /// backup cannot know them: the list of erasures beside the store does, and is kept elsewhere.
    pub erased: Vec<WasErased>,
}

/// Somebody who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WasErased {
    /// By his id.
    Customer(String),
    /// As the list of erasures has him.
    Listed(ErasureLine),
}

impl WasErased {
    /// Those of a list: a line of `erasures.jsonl`, or an id, a line.
    ///
    /// # Errors
    /// When a line begins like one of the list and is none: somebody would come back.
    pub fn listed(text: &str) -> Result<Vec<Self>> {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
        let read = |(place, line): (usize, &str)| match line.starts_with('{') {
            true => serde_json::from_str(line)
                .map(Self::Listed)
                .with_context(|| format!("line {} of the list of erasures is damaged", place + 1)),
            false => Ok(Self::Customer(line.to_owned())),
        };
        lines.filter(|(_, line)| !line.is_empty()).map(read).collect()
    }
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct Restored {
    /// When the backup was made.
    pub backup_at: Instant,
    pub files: usize,
    pub bytes: u64,
    /// Customers who were erased again.
    pub erased: usize,
    /// The lake stays in its bucket: it may be newer than the database now.
    pub lake_in_bucket: bool,
}

impl Programme {
    /// Makes a programme in a new folder of a backup, after comparing each file with its sum. The
    /// private key of the audit is in no backup: the new programme makes one of its own, whose public
    /// part stands beside the former.
    ///
    /// # Errors
    /// When the backup is damaged, the folder or the database is not empty, or something fails on the
    /// way; the folder is as it was then.
    pub fn restore(backup: &Path, folder: &Path, how: &Restore, at: Instant) -> Result<Restored> {
        let page = BackupPage::read(backup)?;
        page.compare(backup)?;
        refuse_full(folder)?;
        let growing = growing(folder)?;
        let made = fill(backup, &page, &growing, how, Copying::Files)
            .and_then(|()| finish(&growing, &page, how, at))
            .and_then(|erased| {
                // An empty folder stands in the way on some systems.
                let _ = fs::remove_dir(folder);
                put_in_place(&growing, folder)?;
                Ok(erased)
            });
        let erased = made.inspect_err(|_| {
            // What cannot be removed is removed by the next one.
            let _ = fs::remove_dir_all(&growing);
        })?;
        Ok(Restored {
            backup_at: page.at,
            files: page.files.len(),
            bytes: page.files.iter().map(|file| file.bytes).sum(),
            erased,
            lake_in_bucket: !page.lake_included,
        })
    }
}

/// Whether the lake's files are copied, so that the programme and the backup share nothing, or linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copying {
    Files,
    Links,
}

fn refuse_full(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => ensure!(
            entries.next().is_none(),
            "{} is not empty: a backup is brought back into a new folder",
            folder.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    }
    Ok(())
}

/// Brings files, settings and database.
pub(super) fn fill(
    backup: &Path,
    page: &BackupPage,
    to: &Path,
    how: &Restore,
    copying: Copying,
) -> Result<()> {
    for file in page.files.iter().filter(|file| file.path != DUMP) {
        let (from, to) = (backup.join(&file.path), to.join(&file.path));
        if copying == Copying::Links && file.path.starts_with(LAKE) {
            ensure!(link(&from, &to)?, "{} is gone", from.display());
        } else {
            copy(&from, &to)?;
        }
    }
    let settings = to.join(SETTINGS);
    let mut text = fs::read_to_string(&settings).context(SETTINGS)?;
    if page.lake_included {
        fs::create_dir_all(to.join(LAKE))?;
        text = with_url(&text, "lake", LAKE)?;
    }
    if !page.postgres {
        ensure!(how.database.is_none(), "the backup is of SQLite: it needs no other database");
        text = with_url(&text, "store", SQLITE)?;
    } else if let Some(url) = &how.database {
        text = with_url(&text, "store", url)?;
    }
    fs::write(&settings, &text).context(SETTINGS)?;
    sync(&settings).context(SETTINGS)?;
    if page.postgres {
        let url = Settings::read(&text)?.store.url;
        postgres::restore(&url, &backup.join(DUMP))?;
    }
    Ok(())
}

/// Erases whom it must and says in the audit what was done; gives how many were erased.
fn finish(folder: &Path, page: &BackupPage, how: &Restore, at: Instant) -> Result<usize> {
    let programme = Programme::open(folder)?;
    let store = programme.store()?;
    if page.postgres {
        // This server's transactions may have lower numbers than the former's.
        store.write(|tx| tx.rebase_writers())?;
    }
    let act = Act::of_job("console", at);
    let customers = to_erase(&programme, how)?;
    let mut erased = 0;
    for customer in &customers {
        match programme.erase(&act, customer) {
            Ok(_) => erased += 1,
            // He came after the backup.
            Err(error) if is_unknown(&error) => {}
            Err(error) => return Err(error).context("an erasure cannot be repeated"),
        }
    }
    let detail = json!({
        "backup_at": page.at, "audit_position": page.audit_position, "erased": erased,
    });
    let deed = act.deed("programme.restore", "backup", "", &detail);
    store.write(move |tx| tx.add_deed(&deed))?;
    Ok(erased)
}

/// Whom it must erase again: those of the list whose erasure the backup does not have, and whoever was named. The others
/// of the list are taken over, for older backups still.
fn to_erase(programme: &Programme, how: &Restore) -> Result<BTreeSet<String>> {
    let store = programme.store()?;
    let known = store.read(|tx| tx.erasures(0, u32::MAX))?;
    let known: BTreeSet<_> = known.into_iter().map(|row| (row.customer_sha256, row.at)).collect();
    let (mut hashes, mut customers) = (BTreeSet::new(), BTreeSet::new());
    for was in &how.erased {
        match was {
            WasErased::Customer(id) => drop(customers.insert(id.clone())),
            WasErased::Listed(line) if known.contains(&(line.customer_sha256.clone(), line.at)) => {
            }
            WasErased::Listed(line) => {
                let (sha256, at) = (line.customer_sha256.clone(), line.at);
                hashes.insert(sha256.clone());
                store.write(move |tx| tx.add_erasure(&sha256, "{}", at))?;
            }
        }
    }
    customers.extend(programme.known_by_hash(&hashes)?);
    Ok(customers)
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ProgrammeError::NoCustomer { .. }))
}

/// The text of settings with another `url` in a section; everything else, comments too, stays.
fn with_url(text: &str, section: &str, url: &str) -> Result<String> {
    let value = toml::Value::from(url).to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header = format!("[{section}]");
    let is_header = |line: &String| line.trim().starts_with(&header);
    match lines.iter().position(is_header) {
        None => lines.extend([String::new(), header, format!("url = {value}")]),
        Some(start) => {
            let end = lines[start + 1..]
                .iter()
                .position(|line| line.trim_start().starts_with('['))
                .map_or(lines.len(), |end| start + 1 + end);
            let is_url =
                |line: &String| line.split_once('=').is_some_and(|(key, _)| key.trim() == "url");
            match lines[start + 1..end].iter().position(is_url) {
                Some(place) => lines[start + 1 + place] = format!("url = {value}"),
                None => lines.insert(start + 1, format!("url = {value}")),
            }
        }
    }
    let text = lines.join("\n") + "\n";
    let read = Settings::read(&text)?;
    let found = if section == "lake" { read.lake.url } else { read.store.url };
    if found != url {
        bail!(
            "{SETTINGS} of the backup cannot be changed: write `url = {value}` into its section [{section}]"
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::with_url;

    #[test]
    fn one_address_is_changed_and_the_rest_stays() {
        for (text, expected) in [
            ("", "\n[store]\nurl = \"b\"\n"),
            ("[store]\n", "[store]\nurl = \"b\"\n"),
            ("[store]\n# why\nurl = 'a' # x\n", "[store]\n# why\nurl = \"b\"\n"),
            (
                "[lake]\nurl = \"l\"\n[store] # s\nurl=\"a\"\n[offers]\ncount = 3\n",
                "[lake]\nurl = \"l\"\n[store] # s\nurl = \"b\"\n[offers]\ncount = 3\n",
            ),
        ] {
            assert_eq!(with_url(text, "store", "b").unwrap(), expected);
        }
        assert!(with_url("store = { url = \"a\" }\n", "store", "b").is_err());
    }
}
