//! Receipts that are on their way to the lake, beside those it has: a view that nothing is written for.

use std::sync::Arc;

use retail::LineBatch;

use super::{Append, Coming, versions};
use crate::dead::Dead;
use crate::dictionary::Kind;
use crate::{Lake, LakeError};

impl Lake {
    /// The state that this one would become if these lines were appended, as far as lines by customer
    /// and all dictionaries but that of categories go: a receipt that the lake knows with the same content
    /// changes nothing, one with other content stands in place of what the lake has. Manifest, totals and
    /// tables stay as they are, and nothing is written. The state need not be sound.
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
        if !replaced.is_empty() {
            let mut dead = Dead::clone(self.dead()?);
            dead.add(&versions(&replaced));
            self.dead = Arc::new(dead).into();
        }
        self.beside = Some(part.rows_by_customer()?);
        for kind in Kind::ALL {
            let Some(mut dictionary) = dictionaries[kind as usize].take() else { continue };
            // One without a new id stays the one that other views share.
            if dictionary.ranks().len() < dictionary.len() {
                Arc::make_mut(&mut dictionary).rank();
            }
            self.dictionaries[kind as usize] = dictionary.into();
        }
        Ok(self)
    }
}
