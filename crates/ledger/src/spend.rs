//! What transfers do to lots: reserve, consume, release, open, carry over, take back, restore.

use crate::draft::{Draft, Step};
use crate::{AccountId, Books, Lot, LotId, LotTerms, Refusal, TransferId, Use};

/// A part of a lot that a transfer takes.
pub(crate) struct Taken {
    /// The lot before.
    lot: Lot,
    /// How much of it, more than 0.
    amount: i64,
}

/// Takes an amount out of what an account may spend now, earliest expiry first.
pub(crate) fn consume<B: Books>(
    draft: &mut Draft<B>,
    transfer: &TransferId,
    account: &AccountId,
    amount: i64,
) -> Step<Vec<Taken>, B> {
    let lots = draft.spendable_lots(account)?;
    let taken = plan(lots, account, amount)?;
    take(draft, transfer, &taken)?;
    Ok(taken)
}

/// Reserves an amount of what an account may spend now, earliest expiry first.
pub(crate) fn reserve<B: Books>(
    draft: &mut Draft<B>,
    hold: &TransferId,
    account: &AccountId,
    amount: i64,
) -> Step<(), B> {
    let lots = draft.spendable_lots(account)?;
    for (position, taken) in plan(lots, account, amount)?.into_iter().enumerate() {
        draft.put_use(used(hold, position, &taken));
        let held = taken.lot.held.saturating_add(taken.amount);
        draft.put_lot(Lot { held, ..taken.lot });
    }
    Ok(())
}

/// Gives up what a hold reserved, and tells what that was.
pub(crate) fn release<B: Books>(draft: &mut Draft<B>, hold: &TransferId) -> Step<Vec<Taken>, B> {
    let mut released = Vec::new();
    for used in draft.uses(hold)? {
        let mut lot = known(draft, &used.lot)?;
        lot.held = lot.held.saturating_sub(used.amount);
        draft.put_lot(lot.clone());
        released.push(Taken { lot, amount: used.amount });
    }
    Ok(released)
}

/// Takes an amount out of what a hold reserved, in that sequence, whether others may still spend it or
/// not, and gives up the rest.
pub(crate) fn consume_held<B: Books>(
    draft: &mut Draft<B>,
    transfer: &TransferId,
    hold: &TransferId,
    amount: i64,
) -> Step<Vec<Taken>, B> {
    let mut left = amount;
    let mut taken = Vec::new();
    for part in release(draft, hold)? {
        let amount = part.amount.min(left);
        if amount > 0 {
            taken.push(Taken { lot: part.lot, amount });
        }
        left -= amount;
    }
    if left > 0 {
        let (hold, held) = (hold.clone(), amount - left);
        return Err(Refusal::HoldAmount { hold, held, asked: amount }.into());
    }
    take(draft, transfer, &taken)?;
    Ok(taken)
}

/// Takes all that is free of one lot.
pub(crate) fn empty<B: Books>(
    draft: &mut Draft<B>,
    transfer: &TransferId,
    lot: Lot,
) -> Step<(), B> {
    let amount = lot.free();
    take(draft, transfer, &[Taken { lot, amount }])
}

/// Takes an accrual back from an account: first from the lots that it opened, active or not, then from
/// what else may be spent now.
pub(crate) fn take_back<B: Books>(
    draft: &mut Draft<B>,
    transfer: &TransferId,
    of: &TransferId,
    account: &AccountId,
    amount: i64,
) -> Step<(), B> {
    let mut lots = draft.lots_of(of)?;
    let others = draft.spendable_lots(account)?;
    lots.extend(others.into_iter().filter(|lot| lot.source != *of));
    let taken = plan(lots, account, amount)?;
    take(draft, transfer, &taken)
}

/// Gives back what a redemption consumed, to the very lots, the last consumed first.
pub(crate) fn restore<B: Books>(draft: &mut Draft<B>, of: &TransferId, amount: i64) -> Step<(), B> {
    let uses = draft.uses(of)?;
    let parts = restoration(&uses, amount);
    let there: i64 = parts.iter().map(|(_, part)| part).sum();
    if there < amount {
        let transfer = of.clone();
        return Err(Refusal::ReverseTooMuch { transfer, left: there, asked: amount }.into());
    }
    for (used, part) in parts {
        let mut lot = known(draft, &used.lot)?;
        lot.remaining = lot.remaining.saturating_add(part);
        let restored = used.restored.saturating_add(part);
        draft.put_lot(lot);
        draft.put_use(Use { restored, ..used.clone() });
    }
    Ok(())
}

/// What of a redemption's uses comes back where so much of it is reversed: the last consumed first, each with
/// how much, more than 0. Together less than the amount where that is more than there is.
#[must_use]
pub fn restoration(uses: &[Use], amount: i64) -> Vec<(&Use, i64)> {
    let mut left = amount;
    let mut parts = Vec::new();
    for used in uses.iter().rev() {
        let part = used.amount.saturating_sub(used.restored).min(left);
        if part > 0 {
            left -= part;
            parts.push((used, part));
        }
    }
    parts
}

/// Opens one lot.
pub(crate) fn open<B: Books>(
    draft: &mut Draft<B>,
    source: &TransferId,
    account: &AccountId,
    amount: i64,
    terms: LotTerms,
) {
    draft.put_lot(new_lot(LotId::of(source), source, account, amount, terms));
}

/// Opens a lot for each that was taken from another account, with its terms.
pub(crate) fn carry<B: Books>(
    draft: &mut Draft<B>,
    source: &TransferId,
    account: &AccountId,
    taken: &[Taken],
) {
    for (number, part) in taken.iter().enumerate() {
        let id = match taken.len() {
            1 => LotId::of(source),
            _ => LotId::carried(source, number as u32),
        };
        draft.put_lot(new_lot(id, source, account, part.amount, part.lot.terms()));
    }
}

/// Which lots give an amount, in the sequence given.
fn plan(lots: Vec<Lot>, account: &AccountId, amount: i64) -> Result<Vec<Taken>, Refusal> {
    let mut left = amount;
    let mut taken = Vec::new();
    for lot in lots {
        let part = lot.free().min(left);
        if part > 0 {
            taken.push(Taken { lot, amount: part });
            left -= part;
        }
    }
    if left > 0 {
        let available = amount - left;
        return Err(Refusal::Insufficient { account: account.clone(), available, asked: amount });
    }
    Ok(taken)
}

/// Consumes parts of lots and says so.
fn take<B: Books>(draft: &mut Draft<B>, transfer: &TransferId, parts: &[Taken]) -> Step<(), B> {
    for (position, part) in parts.iter().enumerate() {
        let mut lot = known(draft, &part.lot.id)?;
        lot.remaining = lot.remaining.saturating_sub(part.amount);
        draft.put_lot(lot);
        draft.put_use(used(transfer, position, part));
    }
    Ok(())
}

fn used(transfer: &TransferId, position: usize, taken: &Taken) -> Use {
    Use {
        transfer: transfer.clone(),
        position: position as u32,
        lot: taken.lot.id.clone(),
        amount: taken.amount,
        restored: 0,
    }
}

fn new_lot(
    id: LotId,
    source: &TransferId,
    account: &AccountId,
    amount: i64,
    terms: LotTerms,
) -> Lot {
    Lot {
        id,
        account: account.clone(),
        amount,
        remaining: amount,
        held: 0,
        activates_at: terms.activates_at,
        expires_at: terms.expires_at,
        source: source.clone(),
    }
}

/// A lot that a use names, as it is now.
fn known<B: Books>(draft: &mut Draft<B>, id: &LotId) -> Step<Lot, B> {
    let lot = draft.lot(id)?;
    lot.ok_or_else(|| Refusal::LotUnknown { lot: id.clone() }.into())
}
