//! Tokens: random, shown once, kept as their hash.

use store::Secret;
use subtle::ConstantTimeEq;

use crate::{Refused, sha256_hex};

/// So many random bytes.
pub(super) fn random(bytes: usize) -> Result<Vec<u8>, Refused> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| Refused::Broken {
        why: format!("the system gives no random numbers: {error}"),
    })?;
    Ok(random)
}

/// So many random bytes as hex.
pub(super) fn fresh(bytes: usize) -> Result<Secret, Refused> {
    let hex = random(bytes)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(Secret::new(hex))
}

/// The hash that is kept. No salt and no work: nobody guesses 256 random bits.
pub(super) fn sha256(text: &str) -> String {
    sha256_hex(text.as_bytes())
}

/// Whether two hashes are the same, in a time that does not tell where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}
