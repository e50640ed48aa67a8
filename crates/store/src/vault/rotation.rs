//! Other keys in place of those in use, while everything goes on.
//!
//! A programme key: keys of persons are sealed anew, some with each write; what they sealed stays as it is. A key
//! of the index: a second one is made, under which everybody writes from then on; persons who are not in it yet
//! are added, some with each write; then it is looked up by, and the former goes.

use retail::CustomerId;

use super::VaultKeys;
use super::index::{IndexKey, Term, newest};
use super::person::Person;
use super::sealing::{About, open_key, seal};
use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static OF_OTHER_KEY: Statement =
    sql!("person_key/of_other_key", "person_key/lock_of_other_key.postgres");
static BY_KEY: Statement = sql!("person_key/by_programme_key");
static KEY_PUT: Statement = sql!("person_key/put");
static INDEX_KEY_PUT: Statement = sql!("index_key/put");
static INDEX_KEY_USE: Statement = sql!("index_key/use");
static INDEX_KEY_DELETE: Statement = sql!("index_key/delete_unused");
static OF_OTHER_INDEX: Statement = sql!("person/of_other_index");
static INDEXED: Statement = sql!("person/indexed");
static SOME: Statement = sql!("person/some");
static DELETE_OF_KEY: Statement = sql!("person_index/delete_of_key");
static TAKE: Statement = sql!("index_turn/take");

/// How far a walk over all persons has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// How many were changed.
    pub persons: u64,
    /// After whom it goes on; nobody is left where there is nothing.
    pub next: Option<CustomerId>,
}

/// Terms by which a person is found, of his answers.
pub type TermsOf<'f> = &'f dyn Fn(&Person) -> Result<Vec<Term>, DbError>;

impl Tx<'_> {
    /// How many keys of persons each programme key seals, by its name; 0 where it seals keys of the index alone.
    ///
    /// # Errors
    /// When the database fails.
    pub fn persons_by_key(&mut self) -> Result<Vec<(String, i64)>, DbError> {
        self.rows(&BY_KEY, &[], |row| Ok((row.text()?, row.integer()?)))
    }

    /// Seals keys of persons after one, at most so many, by the programme key in use.
    ///
    /// # Errors
    /// [`DbError::Sealed`] where a former programme key is not at hand; when the database fails.
    pub fn reseal_persons(
        &mut self,
        keys: &VaultKeys,
        after: &str,
        most: u32,
    ) -> Result<Walked, DbError> {
        let by = keys.in_use();
        let params = [
            ("after", after.into()),
            ("programme_key", (&by.id).into()),
            ("most", i64::from(most).into()),
        ];
        let rows = self.rows(&OF_OTHER_KEY, &params, |row| {
            let customer = row.text()?;
            let former = row.text()?;
            let former = keys.named(&former)?;
            let about = About::PersonKey(&customer);
            let key = open_key(&OF_OTHER_KEY, former, about, &row.text()?)?;
            Ok((seal(&by.key, about, key.as_slice())?, customer))
        })?;
        for (sealed, customer) in &rows {
            let params = [
                ("programme_key", (&by.id).into()),
                ("sealed", sealed.into()),
                ("customer", customer.into()),
            ];
            self.execute(&KEY_PUT, &params)?;
        }
        Ok(walked(rows.into_iter().map(|(_, customer)| customer).collect(), most))
    }

    /// Seals the keys of the index by the programme key in use; says how many were sealed by another.
    ///
    /// # Errors
    /// As [`Tx::reseal_persons`].
    pub fn reseal_index_keys(&mut self, keys: &VaultKeys) -> Result<u64, DbError> {
        self.execute(&TAKE, &[])?;
        let by = keys.in_use();
        let mut sealed_anew = 0;
        for key in self.index_keys(keys)?.iter().filter(|key| key.sealed_by != by.id) {
            let sealed = seal(&by.key, About::IndexKey(key.number), key.key.as_slice())?;
            let params = [
                ("programme_key", (&by.id).into()),
                ("sealed", (&sealed).into()),
                ("number", key.number.into()),
            ];
            sealed_anew += self.execute(&INDEX_KEY_PUT, &params)?;
        }
        Ok(sealed_anew)
    }

    /// Makes a second key of the index, under which everybody writes from then on; where there are two
    /// already, the second is left as it is.
    ///
    /// # Errors
    /// As [`Tx::reseal_persons`].
    pub fn begin_index_key(&mut self, keys: &VaultKeys) -> Result<(), DbError> {
        self.execute(&TAKE, &[])?;
        let found = self.index_keys(keys)?;
        match found.last() {
            Some(newest) if newest.in_use => self.add_index_key(keys, newest.number + 1, false),
            Some(_) => Ok(()),
            None => self.add_index_key(keys, 1, true),
        }
    }

    /// Adds persons after one, at most so many, to the index under its newest key.
    ///
    /// # Errors
    /// As [`Tx::reseal_persons`].
    pub fn index_persons_anew(
        &mut self,
        keys: &VaultKeys,
        terms_of: TermsOf<'_>,
        after: &str,
        most: u32,
    ) -> Result<Walked, DbError> {
        let index_keys = self.keys_to_write_under(keys)?;
        let newest = newest(&index_keys);
        let params = [
            ("after", after.into()),
            ("index_key", newest.into()),
            ("most", i64::from(most).into()),
        ];
        let customers = self.rows(&OF_OTHER_INDEX, &params, |row| row.text())?;
        for customer in &customers {
            let customer = CustomerId(customer.clone());
            // Who was erased meanwhile is in no index.
            let Some(person) = self.person_to_change(keys, &customer)? else { continue };
            self.index_person(&index_keys, &customer, &terms_of(&person)?)?;
            let params = [("index_key", newest.into()), ("customer", (&customer.0).into())];
            self.execute(&INDEXED, &params)?;
        }
        Ok(walked(customers, most))
    }

    /// Looks up by the newest key of the index from now on, if every person is in it; whether it does.
    ///
    /// # Errors
    /// As [`Tx::reseal_persons`].
    pub fn use_newest_index_key(&mut self, keys: &VaultKeys) -> Result<bool, DbError> {
        self.execute(&TAKE, &[])?;
        let newest = newest(&self.index_keys(keys)?);
        let params = [("after", "".into()), ("index_key", newest.into()), ("most", 1.into())];
        if !self.rows(&OF_OTHER_INDEX, &params, |row| row.text())?.is_empty() {
            return Ok(false);
        }
        self.execute(&INDEX_KEY_USE, &[("number", newest.into())])?;
        Ok(true)
    }

    /// Takes persons after one, at most so many, out of the index under the key that is not looked up by.
    ///
    /// # Errors
    /// As [`Tx::reseal_persons`].
    pub fn leave_former_index(
        &mut self,
        keys: &VaultKeys,
        after: &str,
        most: u32,
    ) -> Result<Walked, DbError> {
        let former: Vec<IndexKey> =
            self.index_keys(keys)?.into_iter().filter(|key| !key.in_use).collect();
        let params = [("after", after.into()), ("most", i64::from(most).into())];
        let customers = self.rows(&SOME, &params, |row| row.text())?;
        for (key, customer) in former.iter().flat_map(|key| customers.iter().map(move |c| (key, c)))
        {
            let params = [("customer", customer.into()), ("index_key", key.number.into())];
            self.execute(&DELETE_OF_KEY, &params)?;
        }
        Ok(walked(customers, most))
    }

    /// Destroys the keys of the index that are not looked up by, once nobody stands under them.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where somebody does; when the database fails.
    pub fn end_former_index(&mut self) -> Result<(), DbError> {
        self.execute(&TAKE, &[])?;
        self.execute(&INDEX_KEY_DELETE, &[]).map(drop)
    }
}

fn walked(mut customers: Vec<String>, most: u32) -> Walked {
    let persons = customers.len() as u64;
    let next = customers.pop().filter(|_| persons >= u64::from(most));
    Walked { persons, next: next.map(CustomerId) }
}
