//! The key that signs heads of the audit: made at first use, readable for its owner alone.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use retail::Instant;
use store::{Head, Seal};

use super::{PRIVATE_KEY, PUBLIC_KEYS};

/// What signs.
pub(super) struct SealKey {
    key: SigningKey,
    public: String,
}

impl SealKey {
    /// Opens the key of a programme's folder, or makes one and says so; its public part is added to the
    /// list of known ones.
    pub fn open(folder: &Path) -> Result<(Self, bool)> {
        let (seed, public, is_new) = open_pair(folder, PRIVATE_KEY, PUBLIC_KEYS)?;
        Ok((Self { key: SigningKey::from_bytes(&seed), public }, is_new))
    }

    pub fn public(&self) -> &str {
        &self.public
    }

    pub fn sign(&self, seal: &Seal, at: Instant) -> Head {
        let signature = self.key.sign(&signed_bytes(seal.position, &seal.sha256, at));
        Head {
            position: seal.position,
            sha256: seal.sha256.clone(),
            signed_by: self.public.clone(),
            signature: STANDARD.encode(signature.to_bytes()),
            at,
        }
    }
}

/// Opens the seed of a key in a programme's folder, or makes one and says so; its public part is added to
/// the list of known ones in the other file.
pub(crate) fn open_pair(
    folder: &Path,
    private: &str,
    public: &str,
) -> Result<([u8; 32], String, bool)> {
    let path = folder.join(private);
    let (seed, is_new) = match fs::read_to_string(&path) {
        Ok(text) => (seed_of(&text).with_context(|| path.display().to_string())?, false),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (make(&path)?, true),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let key = STANDARD.encode(SigningKey::from_bytes(&seed).verifying_key().as_bytes());
    if !keys_in(&folder.join(public))?.contains(&key) {
        add_known(&folder.join(public), &key)?;
    }
    Ok((seed, key, is_new))
}

/// Whether a head was signed by the key it names.
pub(super) fn is_signed(head: &Head) -> bool {
    let key = bytes_of(&head.signed_by).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let signature = bytes_of(&head.signature).map(|bytes| Signature::from_bytes(&bytes));
    let signed = signed_bytes(head.position, &head.sha256, head.at);
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify_strict(&signed, &signature).is_ok())
}

/// The public keys whose heads are ours: one a line.
pub(super) fn known_keys(folder: &Path) -> Result<BTreeSet<String>> {
    keys_in(&folder.join(PUBLIC_KEYS))
}

fn keys_in(path: &Path) -> Result<BTreeSet<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::trim).map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Position and time stand in front with a fixed length, so that the bytes can be read in one way only.
fn signed_bytes(position: i64, sha256: &str, at: Instant) -> Vec<u8> {
    let mut bytes = b"proffer audit head 1\n".to_vec();
    bytes.extend(position.to_be_bytes());
    bytes.extend(at.0.to_be_bytes());
    bytes.extend(sha256.as_bytes());
    bytes
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

pub(crate) fn seed_of(text: &str) -> Result<[u8; 32]> {
    bytes_of(text.trim())
        .context("it holds no key: bring the file back, or remove it to have a new key")
}

fn make(path: &Path) -> Result<[u8; 32]> {
    let seed = new_seed()?;
    put_private(path, &format!("{}\n", STANDARD.encode(seed)))?;
    Ok(seed)
}

/// 32 bytes that nobody has seen.
pub(crate) fn new_seed() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| anyhow!("the system gives no random bytes: {error}"))?;
    Ok(seed)
}

/// Writes a file for its owner's eyes only, whole or not at all.
pub(crate) fn put_private(path: &Path, text: &str) -> Result<()> {
    let growing = path.with_extension("new");
    let write = || {
        // Made by a process that was killed; nobody has used it.
        let _ = fs::remove_file(&growing);
        let mut file =
            only_for_us(OpenOptions::new().write(true).create_new(true)).open(&growing)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&growing, path)?;
        // The name must be there after a power cut too.
        match path.parent().filter(|_| cfg!(unix)) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Where the system knows no such rights, they are its own.
fn only_for_us(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn add_known(path: &Path, public: &str) -> Result<()> {
    let write = || {
        let mut file: File = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(format!("{public}\n").as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
