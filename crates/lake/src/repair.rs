//! Going on from the last whole state after newer ones were damaged or lost.

use crate::manifest::Manifest;
use crate::{Lake, LakeError};

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Repaired {
    /// What was wrong, a sentence each; empty if nothing was.
    pub lost: Vec<String>,
    /// Number of the state that the lake goes on from.
    pub from: u64,
    /// How many import batches that state contains: those that came later must be imported again.
    pub batches: usize,
}

impl Lake {
    /// Makes the last whole state the newest one again. What was committed after it is given up:
    /// its feeds are to be imported again, which the lake does not take for repetitions.
    ///
    /// # Errors
    /// When the storage fails or another process changed the lake meanwhile.
    pub fn repair(&self) -> Result<(Self, Repaired), LakeError> {
        let repaired = Repaired {
            lost: self.unsound().map(str::to_owned).collect(),
            from: self.manifest.number,
            batches: self.manifest.batches.len(),
        };
        let Some(&(highest, _)) = self.unsound.last() else {
            return Ok((Self::at(self.storage.clone(), Manifest::clone(&self.manifest)), repaired));
        };
        let next = Manifest { number: highest, ..Manifest::clone(&self.manifest) };
        let manifest = next.commit(&self.storage)?;
        Ok((Self::at(self.storage.clone(), manifest), repaired))
    }
}
