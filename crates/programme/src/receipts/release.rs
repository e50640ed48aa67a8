//! A receipt that limits held, released: it earns what it would have earned when it came.

use serde_json::json;
use store::Tx;

use super::families::Families;
use super::family::{Family, Member};
use super::taking::Settling;
use super::worth::By;
use super::{known_place, zone_of};
use crate::places::told;
use crate::settings::ReceiptSettings;
use crate::{Act, Refused};

/// Lets a receipt earn what it was held for; one that nobody holds stays as it is.
pub(crate) fn release(
    tx: &mut Tx<'_>,
    act: &Act,
    id: &str,
    settings: &ReceiptSettings,
) -> Result<(), Refused> {
    tx.lock_receipts_of(id)?;
    let Some(before) = tx.receipt(id)?.map(Member::of).transpose()?.filter(Member::is_held) else {
        return Ok(());
    };
    let row = &before.row;
    if !act.bounds.allow_network(&row.network) || !act.bounds.allow_shop(&row.shop) {
        let why = "it holds receipts of a shop that you are not bound to".to_owned();
        return Err(Refused::NotPermitted { why });
    }
    let zone = zone_of(&known_place(tx, &row.shop, &row.till)?, &row.shop)?;
    let Some((_, by)) = By::of(tx, &row.network, row.day, &zone, settings)? else {
        return Ok(());
    };
    let former = Family::load(tx, Some(row.clone()), id)?;
    let mut after = former.clone();
    let mut member = before.clone();
    member.release();
    member.row.version += 1;
    let (version, points) = (member.row.version, member.row.points);
    after.put(member, true);
    after.settle();
    let settling = Settling {
        act,
        id,
        by: &by,
        kind: "accrual",
        any_lot: false,
        nothing_because: None,
        is_new: false,
        zone: &zone,
    };
    settling.settle(tx, &Families(vec![(former, after)]), settings)?;
    let detail = json!({ "version": version, "points": points, "card": before.row.card });
    told(tx, act, "receipt.release", "receipt", id, &detail)
}
