//! Sealing: AES-256-GCM with a random nonce; what it is about is authenticated beside it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::Key;
use crate::{DbError, Statement};

const NONCE_BYTES: usize = 12;

/// What a sealed text is: a text of one kind or owner does not open as that of another.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    /// The key of a person.
    PersonKey(&'a str),
    /// A key of the index.
    IndexKey(i64),
    /// Answers of a person.
    Answers(&'a str),
    /// A change of a person's answers.
    Change(&'a str),
}

impl About<'_> {
    fn bytes(self) -> Vec<u8> {
        let text = match self {
            Self::PersonKey(id) => format!("person key\n{id}"),
            Self::IndexKey(number) => format!("index key\n{number}"),
            Self::Answers(id) => format!("answers\n{id}"),
            Self::Change(id) => format!("change\n{id}"),
        };
        format!("proffer vault 1\n{text}").into_bytes()
    }
}

/// A key that nobody has seen.
pub(super) fn new_key() -> Result<Key, DbError> {
    let mut key = Zeroizing::new([0; 32]);
    random(key.as_mut_slice())?;
    Ok(key)
}

/// The system's random bytes.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), DbError> {
    getrandom::fill(bytes).map_err(|error| DbError::Setting {
        why: format!("the system gives no random bytes: {error}"),
    })
}

/// Seals bytes as a text: nonce, then what was sealed with its tag, in base 64.
pub(super) fn seal(key: &Key, about: About<'_>, bytes: &[u8]) -> Result<String, DbError> {
    let mut sealed = vec![0; NONCE_BYTES];
    random(&mut sealed)?;
    let nonce = Nonce::try_from(sealed.as_slice()).expect("it has the length of a nonce");
    let payload = Payload { msg: bytes, aad: &about.bytes() };
    let body = cipher(key).encrypt(&nonce, payload).map_err(|_| DbError::Setting {
        why: "more than 64 GiB cannot be sealed at once".to_owned(),
    })?;
    sealed.extend(body);
    Ok(STANDARD_NO_PAD.encode(sealed))
}

/// Opens what was sealed by this key about this.
pub(super) fn open(
    statement: &Statement,
    key: &Key,
    about: About<'_>,
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, DbError> {
    let opened = STANDARD_NO_PAD.decode(sealed).ok().and_then(|sealed| {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_from(nonce).ok()?;
        cipher(key).decrypt(&nonce, Payload { msg: body, aad: &about.bytes() }).ok()
    });
    opened.map(Zeroizing::new).ok_or_else(|| DbError::Sealed {
        statement: statement.name(),
        why: "what is stored was not sealed by this key, or was changed since".to_owned(),
    })
}

/// Opens a key.
pub(super) fn open_key(
    statement: &Statement,
    key: &Key,
    about: About<'_>,
    sealed: &str,
) -> Result<Key, DbError> {
    let bytes = open(statement, key, about, sealed)?;
    <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| DbError::Sealed {
        statement: statement.name(),
        why: "what is stored is no key".to_owned(),
    })
}

fn cipher(key: &Key) -> Aes256Gcm {
    Aes256Gcm::new((&**key).into())
}
