//! The programme keys of the vault: a file that only its owner reads, in no database and in no backup.
//!
//! A key a line in base 64, the one in use first; lines that begin with `#` are passed over. The file is read when
//! first needed, and again when somebody meets what was sealed by a key that was not there yet.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use store::{DbError, Tx, VaultKeys, Walked};

use crate::customers::terms_of;
use crate::progress::{INDEXING_PERSONS, LEAVING_INDEX, SEALING_PERSONS};
use crate::sealing::{new_seed, put_private, seed_of};
use crate::{Act, Programme, Progress, Refused};

/// Persons that are sealed or indexed anew with one write.
const AT_ONCE: u32 = 50;

/// The keys in memory, once they were needed.
#[derive(Debug, Default)]
pub(crate) struct VaultDoor {
    keys: Mutex<Option<Arc<VaultKeys>>>,
}

/// How a vault stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct VaultView {
    pub key_file: PathBuf,
    pub persons: i64,
    pub keys: Vec<VaultKeyView>,
}

/// A programme key, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VaultKeyView {
    /// Its name, of which nothing can be told about it.
    pub id: String,
    /// Whether it seals what is new.
    pub in_use: bool,
    /// Whether it stands in the key file.
    pub at_hand: bool,
    /// How many keys of persons it seals in the database. A backup may hold others.
    pub persons: i64,
}

impl Programme {
    /// Does something with the vault; once more with the keys as they are now, where one was missing.
    pub(crate) fn with_vault<T>(
        &self,
        run: impl Fn(Arc<VaultKeys>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let known = self.vault_keys(None)?;
        match run(known.clone()) {
            Err(Refused::Db(DbError::KeyMissing { .. })) => run(self.vault_keys(Some(&known))?),
            done => done,
        }
    }

    /// The keys, read anew where they are still those that did not do; made with the first of all.
    fn vault_keys(&self, failed: Option<&Arc<VaultKeys>>) -> Result<Arc<VaultKeys>, Refused> {
        let mut kept = self.vault.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = &*kept
            && failed.is_none_or(|failed| !Arc::ptr_eq(failed, keys))
        {
            return Ok(keys.clone());
        }
        let broken = |error: anyhow::Error| Refused::Broken { why: format!("{error:#}") };
        let keys = Arc::new(keys_of(&self.open_key_file().map_err(broken)?));
        *kept = Some(keys.clone());
        Ok(keys)
    }

    /// Where the keys are.
    #[must_use]
    pub fn vault_key_file(&self) -> PathBuf {
        self.folder.join(&self.settings.vault.key_file)
    }

    /// The keys of the file, the one in use first. Where nobody is in the vault yet, a missing file is made.
    fn open_key_file(&self) -> Result<Vec<[u8; 32]>> {
        let path = self.vault_key_file();
        match fs::read_to_string(&path) {
            Ok(text) => seeds_in(&text).with_context(|| path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Of two who make it at once one would lose his.
                let _making = self.lock_patiently("lock-vault")?;
                if path.exists() {
                    return self.open_key_file();
                }
                let sealed = self.store()?.read(|tx| tx.persons_by_key())?;
                ensure!(
                    sealed.is_empty(),
                    "{} is gone, and without it nobody in the vault can be read: bring it back from where \
                     you keep it",
                    path.display()
                );
                let seed = new_seed()?;
                put_private(&path, &text_of(&[seed]))?;
                Ok(vec![seed])
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// How the vault stands.
    ///
    /// # Errors
    /// When the key file or the database cannot be read.
    pub fn vault(&self) -> Result<VaultView> {
        let keys = keys_of(&self.open_key_file()?);
        let sealed = self.store()?.read(|tx| tx.persons_by_key())?;
        let persons_of = |id: &str| sealed.iter().find(|row| row.0 == id).map_or(0, |row| row.1);
        let view = |id: &str, at_hand: bool| VaultKeyView {
            id: id.to_owned(),
            in_use: id == keys.in_use_id(),
            at_hand,
            persons: persons_of(id),
        };
        let ids = keys.ids();
        let missing = sealed.iter().filter(|row| !ids.contains(&row.0.as_str()));
        Ok(VaultView {
            key_file: self.vault_key_file(),
            persons: sealed.iter().map(|row| row.1).sum(),
            keys: ids
                .iter()
                .map(|id| view(id, true))
                .chain(missing.map(|row| view(&row.0, false)))
                .collect(),
        })
    }

    /// Puts a new programme key in use and seals by it what former ones sealed, while everything goes on. The
    /// former stay in the file, since backups need them; says how many persons were sealed anew. Run again after
    /// it was cut off, it makes one key more.
    ///
    /// # Errors
    /// When a former key is not at hand, or the file or the database fails.
    pub fn renew_vault_key(&self, act: &Act, progress: &dyn Progress) -> Result<u64> {
        self.open_key_file()?;
        // Of two at once one would lose the other's key.
        let _renewing = self.lock("lock-vault")?;
        let mut seeds = self.open_key_file()?;
        let before = self.store()?.read(|tx| tx.persons_by_key())?;
        let known = keys_of(&seeds);
        if let Some((id, _)) = before.iter().find(|row| !known.ids().contains(&row.0.as_str())) {
            bail!(DbError::KeyMissing { id: id.clone() });
        }
        seeds.insert(0, new_seed()?);
        put_private(&self.vault_key_file(), &text_of(&seeds))?;
        let keys = self.vault_keys(Some(&self.vault_keys(None)?))?;
        // First of all: whoever writes to the index with the former key alone has to read the file anew then.
        let by = keys.clone();
        self.store()?.write(move |tx| tx.reseal_index_keys(&by))?;
        progress.stage(SEALING_PERSONS, Some(before.iter().map(|row| row.1.unsigned_abs()).sum()));
        let mut persons = 0;
        loop {
            let by = keys.clone();
            let sealed = self
                .walk(persons, progress, move |tx, after| tx.reseal_persons(&by, after, AT_ONCE))?;
            persons += sealed;
            // Somebody may have come by the former key meanwhile.
            if sealed == 0 {
                break;
            }
        }
        let deed =
            act.deed("vault.renew_key", "vault", keys.in_use_id(), &json!({ "persons": persons }));
        self.store()?.write(move |tx| tx.add_deed(&deed))?;
        Ok(persons)
    }

    /// Puts a new key of the blind index in use, while everything goes on; says how many persons it finds. Run
    /// again after it was cut off, it goes on.
    ///
    /// # Errors
    /// When a programme key is not at hand, or the database fails.
    pub fn renew_vault_index(&self, act: &Act, progress: &dyn Progress) -> Result<u64> {
        let keys = self.vault_keys(None)?;
        let _renewing = self.lock("lock-vault")?;
        let persons = self.vault()?.persons.unsigned_abs();
        let with = keys.clone();
        self.store()?.write(move |tx| tx.begin_index_key(&with))?;
        progress.stage(INDEXING_PERSONS, Some(persons));
        let mut indexed = 0;
        loop {
            let with = keys.clone();
            indexed += self.walk(indexed, progress, move |tx, after| {
                tx.index_persons_anew(&with, &terms_of, after, AT_ONCE)
            })?;
            let with = keys.clone();
            if self.store()?.write(move |tx| tx.use_newest_index_key(&with))? {
                break;
            }
        }
        progress.stage(LEAVING_INDEX, Some(persons));
        let with = keys.clone();
        self.walk(0, progress, move |tx, after| tx.leave_former_index(&with, after, AT_ONCE))?;
        let deed = act.deed("vault.renew_index", "vault", "index", &json!({ "persons": indexed }));
        self.store()?.write(move |tx| {
            tx.end_former_index()?;
            tx.add_deed(&deed)
        })?;
        Ok(indexed)
    }

    /// Goes over all persons, some with each write; says how many were changed.
    fn walk(
        &self,
        done: u64,
        progress: &dyn Progress,
        step: impl Fn(&mut Tx<'_>, &str) -> Result<Walked, DbError> + Clone + Send + 'static,
    ) -> Result<u64> {
        let (mut after, mut persons) = (String::new(), 0);
        loop {
            let (step, from) = (step.clone(), after);
            let walked = self.store()?.write(move |tx| step(tx, &from))?;
            persons += walked.persons;
            progress.done(done + persons);
            let Some(next) = walked.next else { return Ok(persons) };
            after = next.0;
        }
    }
}

fn keys_of(seeds: &[[u8; 32]]) -> VaultKeys {
    // Whoever reads a file has at least one.
    let (in_use, former) = seeds.split_first().expect("there is a key");
    VaultKeys::new(*in_use, former)
}

fn seeds_in(text: &str) -> Result<Vec<[u8; 32]>> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let seeds: Vec<_> = lines.map(seed_of).collect::<Result<_>>()?;
    ensure!(!seeds.is_empty(), "it holds no key: bring the file back");
    Ok(seeds)
}

fn text_of(seeds: &[[u8; 32]]) -> String {
    seeds.iter().map(|seed| format!("{}\n", STANDARD.encode(seed))).collect()
}
