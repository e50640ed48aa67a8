//! The blind index: who answered a phone, an e-mail or a word of a name, by keyed hashes of them.
//!
//! A hash is HMAC-SHA-256 of kind and text, cut to 16 bytes. While the keys of the index change there are two:
//! one is looked up by, whoever writes writes under both.

use hmac::{Hmac, KeyInit, Mac};
use retail::CustomerId;
use sha2::Sha256;

use super::sealing::{About, new_key, open_key, seal};
use super::{Key, VaultKeys};
use crate::statement::{Row, Statement, sql};
use crate::{DbError, Secret, Tx};

static KEY_ADD: Statement = sql!("index_key/add");
static KEY_LIST: Statement = sql!("index_key/list");
static SHARE: Statement = sql!("index_turn/share", "index_turn/share.postgres");
static TAKE: Statement = sql!("index_turn/take");
static ADD: Statement = sql!("person_index/add");
static DELETE: Statement = sql!("person_index/delete");
static FIND: Statement = sql!("person_index/find");
static COUNT: Statement = sql!("person_index/count");

/// Words of a name by which somebody is looked for at once.
const TERMS_MAX: usize = 4;
/// Beyond so many owners a word is as common as any other.
const COMMON: i64 = 1000;

/// By what a person is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum TermKind {
    Phone,
    Email,
    /// A word of a name.
    Name,
}

/// What the index finds a person by, in the one form in which everybody writes it.
#[derive(Clone, Debug)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// The number, the address, the word.
    pub text: Secret,
    /// Whether nobody else may answer the same.
    pub his_alone: bool,
}

/// A key of the index, opened.
pub(super) struct IndexKey {
    pub number: i64,
    pub sealed_by: String,
    pub key: Key,
    pub in_use: bool,
}

impl Term {
    fn hash(&self, key: &Key) -> Result<String, DbError> {
        let kind = match self.kind {
            TermKind::Phone => "phone",
            TermKind::Email => "email",
            TermKind::Name => "name",
        };
        keyed_hash(key, &[kind, self.text.expose()])
    }
}

impl Tx<'_> {
    /// Customers who answered all of these, in the sequence of their ids, after one of them and at most so
    /// many; nobody for no term. Only the four rarest terms count.
    ///
    /// # Errors
    /// [`DbError::Sealed`] where the key of the index cannot be opened; when the database fails.
    pub fn customers_by(
        &mut self,
        keys: &VaultKeys,
        terms: &[Term],
        after: &str,
        most: u32,
    ) -> Result<Vec<CustomerId>, DbError> {
        let Some(key) = self.index_keys(keys)?.into_iter().find(|key| key.in_use) else {
            return Ok(Vec::new());
        };
        let mut hashes = Vec::with_capacity(terms.len());
        for term in terms {
            let hash = term.hash(&key.key)?;
            hashes.push((self.owners(&key, &hash)?, hash));
        }
        hashes.sort();
        let Some((_, rarest)) = hashes.first() else { return Ok(Vec::new()) };
        let hash = |place: usize| &hashes.get(place).map_or(rarest, |(_, hash)| hash)[..];
        let params = [
            ("index_key", key.number.into()),
            ("hash", hash(0).into()),
            ("after", after.into()),
            ("second", hash(1).into()),
            ("third", hash(2).into()),
            ("fourth", hash(TERMS_MAX - 1).into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&FIND, &params, |row| Ok(CustomerId(row.text()?)))
    }

    /// How many have a hash, as far as it matters.
    fn owners(&mut self, key: &IndexKey, hash: &str) -> Result<i64, DbError> {
        let params =
            [("index_key", key.number.into()), ("hash", hash.into()), ("most", COMMON.into())];
        Ok(self.row(&COUNT, &params, Row::integer)?.unwrap_or(0))
    }

    /// Makes that a person is found by these and nothing else.
    pub(super) fn index_person(
        &mut self,
        under: &[IndexKey],
        customer: &CustomerId,
        terms: &[Term],
    ) -> Result<(), DbError> {
        self.unindex_person(customer)?;
        under.iter().try_for_each(|key| self.add_terms(key, customer, terms))
    }

    fn add_terms(
        &mut self,
        key: &IndexKey,
        customer: &CustomerId,
        terms: &[Term],
    ) -> Result<(), DbError> {
        let mut hashes = Vec::with_capacity(terms.len());
        for term in terms {
            hashes.push((term.hash(&key.key)?, term.his_alone));
        }
        // A word that a name has twice finds it once.
        hashes.sort();
        hashes.dedup_by(|a, b| a.0 == b.0);
        let rows: Vec<_> = hashes
            .iter()
            .map(|(hash, his_alone)| {
                [
                    ("index_key", key.number.into()),
                    ("hash", hash.into()),
                    ("customer", (&customer.0).into()),
                    ("his_alone", (*his_alone).into()),
                ]
            })
            .collect();
        self.execute_each(&ADD, &rows).map(drop)
    }

    /// Takes a person out of the index.
    pub(super) fn unindex_person(&mut self, customer: &CustomerId) -> Result<u64, DbError> {
        self.execute(&DELETE, &[("customer", (&customer.0).into())])
    }

    /// The keys under which entries are written, the newest last; nobody changes them until this is stored. An
    /// index without any gets its first.
    pub(super) fn keys_to_write_under(
        &mut self,
        keys: &VaultKeys,
    ) -> Result<Vec<IndexKey>, DbError> {
        self.row(&SHARE, &[], |_| Ok(()))?;
        let mut found = self.index_keys(keys)?;
        if found.is_empty() {
            // Whoever was faster has made it.
            self.execute(&TAKE, &[])?;
            found = self.index_keys(keys)?;
        }
        if found.is_empty() {
            self.add_index_key(keys, 1, true)?;
            found = self.index_keys(keys)?;
        }
        let in_use = found.iter().position(|key| key.in_use).unwrap_or(0);
        Ok(found.split_off(in_use))
    }

    pub(super) fn add_index_key(
        &mut self,
        keys: &VaultKeys,
        number: i64,
        in_use: bool,
    ) -> Result<(), DbError> {
        let by = keys.in_use();
        let sealed = seal(&by.key, About::IndexKey(number), new_key()?.as_slice())?;
        let params = [
            ("number", number.into()),
            ("programme_key", (&by.id).into()),
            ("sealed", (&sealed).into()),
            ("in_use", in_use.into()),
        ];
        self.execute(&KEY_ADD, &params).map(drop)
    }

    /// The keys of the index, the oldest first.
    pub(super) fn index_keys(&mut self, keys: &VaultKeys) -> Result<Vec<IndexKey>, DbError> {
        self.rows(&KEY_LIST, &[], |row| {
            let (number, sealed_by, sealed) = (row.integer()?, row.text()?, row.text()?);
            let by = keys.named(&sealed_by)?;
            let key = open_key(&KEY_LIST, by, About::IndexKey(number), &sealed)?;
            Ok(IndexKey { number, sealed_by, key, in_use: row.flag()? })
        })
    }
}

/// The number of the newest of some keys.
pub(super) fn newest(keys: &[IndexKey]) -> i64 {
    keys.last().map_or(0, |key| key.number)
}

/// HMAC-SHA-256 of texts, of which only the last may have ends of lines; 16 bytes of it as hexadecimal digits.
pub(super) fn keyed_hash(key: &Key, texts: &[&str]) -> Result<String, DbError> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice())
        .map_err(|error| DbError::Setting { why: error.to_string() })?;
    mac.update(texts.join("\n").as_bytes());
    let hash = mac.finalize().into_bytes();
    Ok(hash[..16].iter().map(|byte| format!("{byte:02x}")).collect())
}
