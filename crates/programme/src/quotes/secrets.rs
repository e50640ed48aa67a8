//! Codes of coupons that nobody can guess are not kept: who reads a stored quote can use none of them.
//!
//! Wherever such a code stands in what is kept of a quote, its last signs take its place. Pricing it again only asks
//! whether two codes are the same, so that the result is too.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kept;
use crate::Refused;
use crate::coupons::masked;
use crate::receipts::broken_json;

impl Kept {
    /// The same without codes that nobody may know.
    pub(super) fn without_codes(self) -> Result<Self, Refused> {
        let mut stand_ins: BTreeMap<String, String> = BTreeMap::new();
        let found = self.situation.facts.coupons.iter().map(|coupon| &coupon.code);
        for code in self.situation.basket.coupons.iter().chain(found) {
            let Some(masked) = masked(code).filter(|_| !stand_ins.contains_key(code)) else {
                continue;
            };
            let same = stand_ins.values().filter(|known| known.starts_with(&masked)).count();
            let stand_in = if same == 0 { masked } else { format!("{masked} ({})", same + 1) };
            stand_ins.insert(code.clone(), stand_in);
        }
        if stand_ins.is_empty() {
            return Ok(self);
        }
        let mut body = serde_json::to_value(&self).map_err(broken_json)?;
        replace(&mut body, &stand_ins);
        serde_json::from_value(body).map_err(broken_json)
    }
}

fn replace(value: &mut Value, stand_ins: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(stand_in) = stand_ins.get(text) {
                text.clone_from(stand_in);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, stand_ins)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, stand_ins)),
        _ => {}
    }
}
