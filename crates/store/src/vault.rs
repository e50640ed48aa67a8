//! The vault: what says who a customer is, sealed by a key of his own and found by a blind index.
//!
//! Three kinds of keys. The **programme keys** are in no database: whoever opens the vault brings them
//! ([`VaultKeys`]). Each seals **keys of persons**, one for each; destroying it makes unreadable whatever was
//! sealed by it, in every copy that has no programme key too. **Index keys**, sealed by a programme key as well,
//! turn a phone, an e-mail or a word of a name into a hash by which its owner is found and which says nothing
//! to others.
//!
//! What a sealed text is about (whose, and what kind) is bound to it: moved to another row it does not open.

mod customer;
mod index;
mod person;
mod rotation;
mod sealing;

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use customer::Customer;
pub use index::{Term, TermKind};
pub use person::{Person, PersonChange};
pub use rotation::{TermsOf, Walked};

use crate::DbError;

/// The keys by which keys of persons are sealed: the one in use and those that came before it.
#[derive(Debug)]
pub struct VaultKeys {
    // The first is in use.
    keys: Vec<ProgrammeKey>,
}

/// One of them, with the name by which what it sealed is known.
pub(crate) struct ProgrammeKey {
    id: String,
    key: Key,
}

/// 32 bytes that are wiped when they are no longer needed.
pub(crate) type Key = Zeroizing<[u8; 32]>;

impl VaultKeys {
    /// The key in use, and those before it by which something may still be sealed.
    #[must_use]
    pub fn new(in_use: [u8; 32], former: &[[u8; 32]]) -> Self {
        let all = std::iter::once(&in_use).chain(former);
        let keys = all.map(|key| ProgrammeKey { id: id_of(key), key: Zeroizing::new(*key) });
        Self { keys: keys.collect() }
    }

    /// The name of the key in use, of which nothing can be told about it.
    #[must_use]
    pub fn in_use_id(&self) -> &str {
        &self.in_use().id
    }

    pub(crate) fn in_use(&self) -> &ProgrammeKey {
        &self.keys[0]
    }

    /// A key by its name.
    pub(crate) fn named(&self, id: &str) -> Result<&Key, DbError> {
        let found = self.keys.iter().find(|key| key.id == id);
        found.map(|key| &key.key).ok_or_else(|| DbError::KeyMissing { id: id.to_owned() })
    }

    /// A hash of a text that nobody without the keys can guess the text by: for what would be kept as a plain hash if
    /// it were not personal. It is made with the oldest key, so that a new one in use changes no hash.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn keyed_hash(&self, text: &str) -> Result<String, DbError> {
        let oldest = self.keys.last().unwrap_or(self.in_use());
        index::keyed_hash(&oldest.key, &["kept hash", text])
    }

    /// The names of all keys, that of the one in use first.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.id.as_str()).collect()
    }
}

/// The name of a key: a part of a hash that is made for nothing else.
fn id_of(key: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"proffer vault, name of a programme key\n");
    hash.update(key);
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for ProgrammeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgrammeKey({})", self.id)
    }
}
