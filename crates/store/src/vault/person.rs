//! What a person answered, and each change of it.

use retail::{CustomerId, Instant};
use zeroize::Zeroizing;

use super::index::{Term, newest};
use super::sealing::{About, new_key, open, open_key, seal};
use super::{Key, VaultKeys};
use crate::statement::{Statement, sql};
use crate::{DbError, Secret, Tx};

static KEY_ADD: Statement = sql!("person_key/add");
static KEY_READ: Statement = sql!("person_key/read");
static KEY_DELETE: Statement = sql!("person_key/delete");
static ADD: Statement = sql!("person/add");
static READ: Statement = sql!("person/read");
static LOCK: Statement = sql!("person/read", "person/lock.postgres");
static PUT: Statement = sql!("person/put");
static DELETE: Statement = sql!("person/delete");
static CHANGE_ADD: Statement = sql!("person_change/add");
static CHANGES: Statement = sql!("person_change/of_customer");
static CHANGES_DELETE: Statement = sql!("person_change/delete");

/// What a person answered.
#[derive(Clone, Debug)]
pub struct Person {
    /// Whose it is.
    pub customer: CustomerId,
    /// The answers as JSON.
    pub answers: Secret,
    /// When they last changed.
    pub changed_at: Instant,
    /// Rises with each change.
    pub version: i64,
}

/// A change of a person's answers: what, and who made it where.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct PersonChange {
    pub customer: CustomerId,
    /// What stood there before and after, as JSON.
    pub what: Secret,
    pub actor: String,
    pub role: String,
    pub door: String,
    pub shop: Option<String>,
    pub till: Option<String>,
    pub request: String,
    pub at: Instant,
}

impl Tx<'_> {
    /// Adds a person with a key of his own, found by these terms.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the customer is unknown, has answered already, or somebody else alone
    /// may answer one of the terms.
    pub fn add_person(
        &mut self,
        keys: &VaultKeys,
        person: &Person,
        terms: &[Term],
    ) -> Result<(), DbError> {
        let customer = &person.customer;
        let (key, by) = (new_key()?, keys.in_use());
        let sealed = seal(&by.key, About::PersonKey(&customer.0), key.as_slice())?;
        let params = [
            ("customer", (&customer.0).into()),
            ("programme_key", (&by.id).into()),
            ("sealed", (&sealed).into()),
        ];
        self.execute(&KEY_ADD, &params)?;
        let index_keys = self.keys_to_write_under(keys)?;
        let sealed = sealed_answers(&key, person)?;
        let params = [
            ("customer", (&customer.0).into()),
            ("sealed", (&sealed).into()),
            ("index_key", newest(&index_keys).into()),
            ("changed_at", person.changed_at.0.into()),
        ];
        self.execute(&ADD, &params)?;
        self.index_person(&index_keys, customer, terms)
    }

    /// What a person answered.
    ///
    /// # Errors
    /// [`DbError::Sealed`] where it cannot be opened; when the database fails. So do the others.
    pub fn person(
        &mut self,
        keys: &VaultKeys,
        customer: &CustomerId,
    ) -> Result<Option<Person>, DbError> {
        self.read_person(&READ, keys, customer)
    }

    /// What a person answered, which nobody else changes until this is stored.
    ///
    /// # Errors
    /// As [`Tx::person`].
    pub fn person_to_change(
        &mut self,
        keys: &VaultKeys,
        customer: &CustomerId,
    ) -> Result<Option<Person>, DbError> {
        self.read_person(&LOCK, keys, customer)
    }

    /// Stores what a person answers now, if he has this version still; whether he had.
    ///
    /// # Errors
    /// As [`Tx::add_person`].
    pub fn put_person(
        &mut self,
        keys: &VaultKeys,
        person: &Person,
        terms: &[Term],
    ) -> Result<bool, DbError> {
        let customer = &person.customer;
        let Some(key) = self.person_key(keys, customer)? else { return Ok(false) };
        let index_keys = self.keys_to_write_under(keys)?;
        let sealed = sealed_answers(&key, person)?;
        let params = [
            ("sealed", (&sealed).into()),
            ("index_key", newest(&index_keys).into()),
            ("changed_at", person.changed_at.0.into()),
            ("customer", (&customer.0).into()),
            ("version", person.version.into()),
        ];
        let is_stored = self.execute(&PUT, &params)? > 0;
        if is_stored {
            self.index_person(&index_keys, customer, terms)?;
        }
        Ok(is_stored)
    }

    /// Appends a change of a person's answers.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where he has no key (any more).
    pub fn add_person_change(
        &mut self,
        keys: &VaultKeys,
        change: &PersonChange,
    ) -> Result<(), DbError> {
        let customer = &change.customer;
        let Some(key) = self.person_key(keys, customer)? else {
            return Err(DbError::Constraint {
                statement: CHANGE_ADD.name(),
                what: "the person has no key".to_owned(),
            });
        };
        let sealed = seal(&key, About::Change(&customer.0), change.what.expose().as_bytes())?;
        let params = [
            ("customer", (&customer.0).into()),
            ("sealed", (&sealed).into()),
            ("actor", (&change.actor).into()),
            ("role", (&change.role).into()),
            ("door", (&change.door).into()),
            ("shop", change.shop.as_ref().into()),
            ("till", change.till.as_ref().into()),
            ("request", (&change.request).into()),
            ("at", change.at.0.into()),
        ];
        self.execute(&CHANGE_ADD, &params).map(drop)
    }

    /// Changes of a person's answers after a number, oldest first, at most so many, each with its number.
    ///
    /// # Errors
    /// As [`Tx::person`].
    pub fn person_changes(
        &mut self,
        keys: &VaultKeys,
        customer: &CustomerId,
        after: i64,
        most: u32,
    ) -> Result<Vec<(i64, PersonChange)>, DbError> {
        let Some(key) = self.person_key(keys, customer)? else { return Ok(Vec::new()) };
        let params = [
            ("customer", (&customer.0).into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&CHANGES, &params, |row| {
            let (id, sealed) = (row.integer()?, row.text()?);
            let change = PersonChange {
                customer: customer.clone(),
                what: opened(&CHANGES, &key, About::Change(&customer.0), &sealed)?,
                actor: row.text()?,
                role: row.text()?,
                door: row.text()?,
                shop: row.text_or_null()?,
                till: row.text_or_null()?,
                request: row.text()?,
                at: Instant(row.integer()?),
            };
            Ok((id, change))
        })
    }

    /// Destroys a person: his key, his answers and their changes, and whatever the index finds him by; says
    /// how many rows went. On SQLite what stood in their place is overwritten; on PostgreSQL it goes with the next
    /// vacuum.
    ///
    /// # Errors
    /// When the database fails.
    pub fn destroy_person(&mut self, customer: &CustomerId) -> Result<u64, DbError> {
        let overwriting = |tx: &mut Self, on: &str| match tx.is_postgres() {
            true => Ok(()),
            false => tx.script(&format!("PRAGMA secure_delete = {on}")),
        };
        overwriting(self, "ON")?;
        let mut rows = 0;
        // His own row first: whoever changes him at this moment has it, and indexes him before he lets it go.
        for statement in [&DELETE, &KEY_DELETE, &CHANGES_DELETE] {
            rows += self.execute(statement, &[("customer", (&customer.0).into())])?;
        }
        rows += self.unindex_person(customer)?;
        overwriting(self, "OFF")?;
        Ok(rows)
    }

    fn read_person(
        &mut self,
        statement: &'static Statement,
        keys: &VaultKeys,
        customer: &CustomerId,
    ) -> Result<Option<Person>, DbError> {
        let Some(key) = self.person_key(keys, customer)? else { return Ok(None) };
        self.row(statement, &[("customer", (&customer.0).into())], |row| {
            let sealed = row.text()?;
            Ok(Person {
                customer: customer.clone(),
                answers: opened(statement, &key, About::Answers(&customer.0), &sealed)?,
                changed_at: Instant(row.integer()?),
                version: row.integer()?,
            })
        })
    }

    fn person_key(
        &mut self,
        keys: &VaultKeys,
        customer: &CustomerId,
    ) -> Result<Option<Key>, DbError> {
        self.row(&KEY_READ, &[("customer", (&customer.0).into())], |row| {
            let (by, sealed) = (row.text()?, row.text()?);
            let by = keys.named(&by)?;
            open_key(&KEY_READ, by, About::PersonKey(&customer.0), &sealed)
        })
    }
}

fn sealed_answers(key: &Key, person: &Person) -> Result<String, DbError> {
    seal(key, About::Answers(&person.customer.0), person.answers.expose().as_bytes())
}

/// A text that was sealed.
fn opened(
    statement: &Statement,
    key: &Key,
    about: About<'_>,
    sealed: &str,
) -> Result<Secret, DbError> {
    let bytes: Zeroizing<Vec<u8>> = open(statement, key, about, sealed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| DbError::Sealed {
        statement: statement.name(),
        why: "what is stored is no text".to_owned(),
    })?;
    Ok(Secret::new(text))
}
