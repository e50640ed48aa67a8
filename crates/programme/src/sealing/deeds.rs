//! The audit as it is read.

use retail::Instant;
use serde::Serialize;
use store::Deed;

use crate::{Act, Bounds, Programme, Refused};

/// A row of the audit as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // as in store::Deed
pub struct DeedView {
    pub id: i64,
    pub at: Instant,
    pub actor: String,
    pub role: String,
    pub door: String,
    pub action: String,
    pub kind: String,
    pub object: String,
    pub shop: Option<String>,
    pub till: Option<String>,
    pub request: String,
    pub detail: serde_json::Value,
}

impl Programme {
    /// Deeds done to one thing, after a number, oldest first, at most so many.
    ///
    /// # Errors
    /// `not_permitted` for whoever is bound to networks, shops or a partner: the audit is of the whole
    /// programme.
    pub fn deeds_of(
        &self,
        act: &Act,
        kind: &str,
        object: &str,
        after: i64,
        most: u32,
    ) -> Result<Vec<DeedView>, Refused> {
        for_the_unbound(act)?;
        let deeds = self.store()?.read(|tx| tx.deeds_of(kind, object, after, most))?;
        Ok(deeds.into_iter().map(DeedView::of).collect())
    }

    /// The newest deeds, oldest first, at most so many.
    ///
    /// # Errors
    /// As [`Programme::deeds_of`].
    pub fn newest_deeds(&self, act: &Act, most: u32) -> Result<Vec<DeedView>, Refused> {
        for_the_unbound(act)?;
        let deeds = self.store()?.read(|tx| tx.newest_deeds(most))?;
        Ok(deeds.into_iter().rev().map(DeedView::of).collect())
    }
}

impl DeedView {
    fn of((id, deed): (i64, Deed)) -> Self {
        let Deed { at, actor, role, door, action, kind, object, shop, till, request, detail } =
            deed;
        // What is no JSON was not written by us, and is shown all the same.
        let detail = serde_json::from_str(&detail).unwrap_or(serde_json::Value::String(detail));
        Self { id, at, actor, role, door, action, kind, object, shop, till, request, detail }
    }
}

fn for_the_unbound(act: &Act) -> Result<(), Refused> {
    if act.bounds == Bounds::default() {
        return Ok(());
    }
    let why =
        "the audit is of the whole programme; whoever is bound to a part of it does not read it";
    Err(Refused::NotPermitted { why: why.to_owned() })
}
