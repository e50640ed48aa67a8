//! Passwords: Argon2id with 19 MiB, two passes and one lane, as OWASP asks for; so many at once and no
//! more, because each takes its memory and a core.

use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use store::Secret;

use super::token;
use crate::Refused;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// So many may wait for their turn.
const WAITING_MAX: u32 = 64;
/// A password is never shorter, whatever is set.
const CHARACTERS_MIN: usize = 12;
const BYTES_MAX: usize = 1024;

/// Hashes passwords, some at once.
#[derive(Debug)]
pub(super) struct Hashing {
    at_once: u32,
    turns: Mutex<Turns>,
    ended: Condvar,
    /// The hash that a password is held against where nobody has the name: it takes as long.
    nobodys: OnceLock<Secret>,
}

#[derive(Debug, Default)]
struct Turns {
    running: u32,
    waiting: u32,
}

struct Turn<'h>(&'h Hashing);

/// What came of holding a password against a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verified {
    /// Whether it is the one.
    pub right: bool,
    /// Whether the hash was made with other parameters than today's and is worth making anew.
    pub outdated: bool,
}

impl Hashing {
    pub(super) fn new(at_once: u32) -> Self {
        Self {
            at_once: at_once.max(1),
            turns: Mutex::default(),
            ended: Condvar::new(),
            nobodys: OnceLock::new(),
        }
    }

    /// The hash to keep of a password.
    pub(super) fn hash(&self, password: &Secret) -> Result<Secret, Refused> {
        let _turn = self.turn()?;
        hashed(password)
    }

    /// Holds a password against a hash, or against nobody's, which takes as long and is never right.
    pub(super) fn verify(
        &self,
        password: &Secret,
        hash: Option<&Secret>,
    ) -> Result<Verified, Refused> {
        let _turn = self.turn()?;
        // Made whoever asks, so that the first stranger does not wait longer than others.
        let nobodys = self.nobodys()?;
        // What nobody can have set is not hashed, which may take as long as its sender likes.
        let too_long = password.expose().len() > BYTES_MAX;
        let tried = if too_long { "" } else { password.expose() };
        let text = hash.unwrap_or(nobodys).expose();
        let known = PasswordHash::new(text).map_err(|error| broken(&error))?;
        let right = argon2()?.verify_password(tried.as_bytes(), &known).is_ok();
        let right = right && !too_long && hash.is_some();
        let current = Params::try_from(&known).is_ok_and(|params| {
            let parameters = (params.m_cost(), params.t_cost(), params.p_cost());
            text.starts_with("$argon2id$") && parameters == (MEMORY_KIB, PASSES, LANES)
        });
        Ok(Verified { right, outdated: !current })
    }

    fn nobodys(&self) -> Result<&Secret, Refused> {
        if let Some(made) = self.nobodys.get() {
            return Ok(made);
        }
        let made = hashed(&token::fresh(32)?)?;
        Ok(self.nobodys.get_or_init(|| made))
    }

    fn turn(&self) -> Result<Turn<'_>, Refused> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.running >= self.at_once {
            if turns.waiting >= WAITING_MAX {
                return Err(Refused::Busy { retry_after_ms: 1000 });
            }
            turns.waiting += 1;
            while turns.running >= self.at_once {
                turns = self.ended.wait(turns).unwrap_or_else(PoisonError::into_inner);
            }
            turns.waiting -= 1;
        }
        turns.running += 1;
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner).running -= 1;
        self.0.ended.notify_one();
    }
}

/// What makes a password unfit to be set, if anything.
pub(super) fn fit(
    pointer: &str,
    password: &Secret,
    id: &str,
    characters_min: usize,
) -> Result<(), Refused> {
    let text = password.expose();
    let characters_min = characters_min.max(CHARACTERS_MIN);
    if text.chars().count() < characters_min {
        let why = format!("a password has at least {characters_min} characters");
        return Err(Refused::field(pointer, "password_short", why));
    }
    if text.len() > BYTES_MAX {
        let why = format!("a password has at most {BYTES_MAX} bytes");
        return Err(Refused::field(pointer, "password_long", why));
    }
    if text.to_lowercase().contains(&id.to_lowercase()) {
        let why = "a password does not contain the name it belongs to";
        return Err(Refused::field(pointer, "password_has_name", why));
    }
    Ok(())
}

fn hashed(password: &Secret) -> Result<Secret, Refused> {
    let hash = argon2()?.hash_password(password.expose().as_bytes());
    hash.map(|hash| Secret::new(hash.to_string())).map_err(|error| broken(&error))
}

fn argon2() -> Result<Argon2<'static>, Refused> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| broken(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn broken(error: &dyn std::fmt::Display) -> Refused {
    Refused::Broken { why: format!("a password cannot be hashed: {error}") }
}
