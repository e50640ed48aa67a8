//! Receipts that are on their way to the lake, beside those it has: a view that nothing is written for.

use retail::LineBatch;

use super::{Append, Coming, versions};
use crate::dictionary::{Dictionary, Kind};
use crate::{Lake, LakeError};

impl Lake {
    /// The state that this one would become if these lines were appended, as far as lines by customer
    /// and dictionaries go: a receipt that the lake knows with the same content changes nothing, one with
    /// other content stands in place of what the lake has. Manifest, totals and tables stay as they are,
    /// and nothing is written. The state need not be sound.
    ///
    /// # Errors
    /// When the storage cannot be read.
    pub fn with_receipts(mut self, lines: LineBatch) -> Result<Self, LakeError> {
        if lines.is_empty() {
            return Ok(self);
        }
        let mut append = Append::new(&self, "");
        let Some(Coming { part, replaced }) = append.part_of(lines)? else {
            drop(append);
            return Ok(self);
        };
        let mut dictionaries = std::mem::take(&mut append.dictionaries);
        drop(append);
        let mut dead = self.dead()?.clone();
        dead.add(&versions(&replaced));
        self.dead = dead.into();
        self.beside = Some(part.rows_by_customer()?);
        for kind in Kind::ALL {
            let Some(dictionary) = dictionaries[kind as usize].take() else { continue };
            self.dictionaries[kind as usize] = ranked(dictionary).into();
        }
        Ok(self)
    }
}

/// With a place in source order for every code.
fn ranked(mut dictionary: Dictionary) -> Dictionary {
    if dictionary.ranks().len() < dictionary.len() {
        dictionary.rank();
    }
    dictionary
}
