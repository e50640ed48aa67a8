//! The algorithm of double entry: how a chain is posted.

use std::collections::BTreeSet;

use retail::Instant;

use crate::draft::{Draft, Failure, Step};
use crate::spend::{self, Taken};
use crate::{
    AccountId, Action, Books, Chain, Hold, HoldState, LotId, LotTerms, PostError, Posted, Refusal,
    Transfer, TransferId, Unit,
};

/// How many transfers a chain may have.
pub const CHAIN_TRANSFERS_MAX: usize = 64;

/// What became of a chain that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is posted now.
    Done(Vec<Posted>),
    /// It was posted before; this is what was posted then.
    Known(Vec<Posted>),
}

/// Posts a chain: all of its transfers, or none. A key that is known with the same transfers is answered with
/// what was posted then, whatever its instant.
///
/// # Errors
/// [`PostError::Refused`] if a rule forbids it; then nothing was written. [`PostError::Books`] if the books
/// fail; then whoever keeps them undoes what was written.
pub fn post<B: Books>(books: &mut B, chain: &Chain) -> Result<Outcome, PostError<B::Error>> {
    match chain.transfers.len() {
        0 => return Err(refused(0, Refusal::ChainEmpty)),
        transfers if transfers > CHAIN_TRANSFERS_MAX => {
            let max = CHAIN_TRANSFERS_MAX;
            return Err(refused(0, Refusal::ChainLong { transfers, max }));
        }
        _ => {}
    }
    let ids = involved(books, chain).map_err(PostError::Books)?;
    let accounts = books.accounts(&ids).map_err(PostError::Books)?;
    // Only now: of two equal chains at once, the second waited for the accounts.
    let known = books.chain(&chain.id).map_err(PostError::Books)?;
    if !known.is_empty() {
        return match first_difference(chain, &known) {
            None => Ok(Outcome::Known(known)),
            Some((position, field)) => Err(refused(position, Refusal::Differs { field })),
        };
    }
    let mut draft = Draft::new(books, chain, ids.into_iter().zip(accounts));
    for (position, transfer) in chain.transfers.iter().enumerate() {
        let id = TransferId::of(&chain.id, position);
        let sides = apply(&mut draft, &id, transfer).map_err(|failure| match failure {
            Failure::Refused(refusal) => refused(position, refusal),
            Failure::Books(error) => PostError::Books(error),
        })?;
        draft.add_posted(Posted {
            id,
            chain: chain.id.clone(),
            position: position as u32,
            at: chain.at,
            transfer: transfer.clone(),
            debit: sides.debit,
            credit: sides.credit,
            unit: sides.unit,
            amount: sides.amount,
        });
    }
    draft.write().map(Outcome::Done).map_err(PostError::Books)
}

fn refused<E>(position: usize, refusal: Refusal) -> PostError<E> {
    PostError::Refused { position, refusal }
}

/// Names of the accounts that a chain touches: those it names, and those of the records it names.
/// What else these records say is read again once the accounts are locked.
fn involved<B: Books>(books: &mut B, chain: &Chain) -> Result<Vec<AccountId>, B::Error> {
    let mut ids = BTreeSet::new();
    for transfer in &chain.transfers {
        ids.extend([transfer.debit.clone(), transfer.credit.clone()]);
        match &transfer.action {
            Action::Post | Action::Hold { .. } => {}
            Action::PostHold { hold } | Action::VoidHold { hold } | Action::ExpireHold { hold } => {
                ids.extend(
                    books.hold(hold)?.into_iter().flat_map(|hold| [hold.debit, hold.credit]),
                );
            }
            Action::Reverse { of } => {
                let posted = books.posted(of)?.into_iter();
                ids.extend(posted.flat_map(|posted| [posted.debit, posted.credit]));
            }
            Action::ExpireLot { lot } => ids.extend(books.lot(lot)?.map(|lot| lot.account)),
        }
    }
    ids.remove(&AccountId(String::new()));
    Ok(ids.into_iter().collect())
}

/// Position and field of the first difference between a chain and what was posted by its key.
fn first_difference(chain: &Chain, known: &[Posted]) -> Option<(usize, String)> {
    if chain.transfers.len() != known.len() {
        return Some((0, "/transfers".to_owned()));
    }
    let pairs = chain.transfers.iter().zip(known).enumerate();
    pairs.into_iter().find_map(|(position, (asked, known))| {
        let field = asked.first_difference(&known.transfer)?;
        Some((position, format!("/transfers/{position}/{field}")))
    })
}

/// What a transfer really moves, from where to where.
struct Sides {
    debit: AccountId,
    credit: AccountId,
    unit: Unit,
    amount: i64,
}

/// Which of the sides keep lots.
#[derive(Clone, Copy)]
struct Lots {
    debit: bool,
    credit: bool,
}

fn apply<B: Books>(draft: &mut Draft<B>, id: &TransferId, transfer: &Transfer) -> Step<Sides, B> {
    match &transfer.action {
        Action::Post => post_now(draft, id, transfer),
        Action::Hold { expires_at } => hold(draft, id, transfer, *expires_at),
        Action::PostHold { hold } => post_hold(draft, id, transfer, hold),
        Action::VoidHold { hold } => give_up(draft, transfer, hold, HoldState::Voided),
        Action::ExpireHold { hold } => give_up(draft, transfer, hold, HoldState::Expired),
        Action::Reverse { of } => reverse(draft, id, transfer, of),
        Action::ExpireLot { lot } => expire_lot(draft, id, transfer, lot),
    }
}

fn post_now<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    transfer: &Transfer,
) -> Step<Sides, B> {
    let sides = named(transfer);
    let lots = admit(draft, &sides)?;
    terms_fit(transfer.opens, lots, draft.at())?;
    leave(draft, &sides)?;
    count_posted(draft, &sides)?;
    let taken = match lots.debit {
        true => spend::consume(draft, id, &sides.debit, sides.amount)?,
        false => Vec::new(),
    };
    enter(draft, id, &sides, lots, &taken, transfer.opens);
    Ok(sides)
}

fn hold<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    transfer: &Transfer,
    expires_at: Instant,
) -> Step<Sides, B> {
    let sides = named(transfer);
    let lots = admit(draft, &sides)?;
    terms_fit(transfer.opens, lots, draft.at())?;
    if expires_at <= draft.at() {
        return Err(Refusal::HoldExpired { hold: id.clone(), expires_at }.into());
    }
    leave(draft, &sides)?;
    count_pending(draft, &sides, sides.amount)?;
    if lots.debit {
        spend::reserve(draft, id, &sides.debit, sides.amount)?;
    }
    draft.put_hold(Hold {
        id: id.clone(),
        debit: sides.debit.clone(),
        credit: sides.credit.clone(),
        unit: sides.unit.clone(),
        amount: sides.amount,
        expires_at,
        state: HoldState::Pending,
        posted: 0,
        opens: transfer.opens,
    });
    Ok(sides)
}

fn post_hold<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    transfer: &Transfer,
    hold: &TransferId,
) -> Step<Sides, B> {
    let hold = pending(draft, hold)?;
    let sides = Sides { amount: transfer.amount, ..held(&hold) };
    agree(transfer, &sides)?;
    if draft.at() >= hold.expires_at {
        return Err(Refusal::HoldExpired { hold: hold.id, expires_at: hold.expires_at }.into());
    }
    let lots = admit(draft, &sides)?;
    if sides.amount > hold.amount {
        let (held, asked) = (hold.amount, sides.amount);
        return Err(Refusal::HoldAmount { hold: hold.id, held, asked }.into());
    }
    count_pending(draft, &sides, -hold.amount)?;
    count_posted(draft, &sides)?;
    let taken = match lots.debit {
        true => spend::consume_held(draft, id, &hold.id, sides.amount)?,
        false => Vec::new(),
    };
    enter(draft, id, &sides, lots, &taken, hold.opens);
    draft.put_hold(Hold { state: HoldState::Posted, posted: sides.amount, ..hold });
    Ok(sides)
}

/// Voids a hold, or expires it.
fn give_up<B: Books>(
    draft: &mut Draft<B>,
    transfer: &Transfer,
    hold: &TransferId,
    state: HoldState,
) -> Step<Sides, B> {
    let hold = pending(draft, hold)?;
    let sides = held(&hold);
    agree(transfer, &sides)?;
    if state == HoldState::Expired && draft.at() < hold.expires_at {
        let due_at = Some(hold.expires_at);
        return Err(Refusal::NotDue { subject: hold.id.0, due_at }.into());
    }
    let lots = admit(draft, &sides)?;
    count_pending(draft, &sides, -hold.amount)?;
    if lots.debit {
        spend::release(draft, &hold.id)?;
    }
    draft.put_hold(Hold { state, ..hold });
    Ok(sides)
}

fn reverse<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    transfer: &Transfer,
    of: &TransferId,
) -> Step<Sides, B> {
    let original = draft.posted(of)?;
    let original = original.ok_or_else(|| Refusal::TransferUnknown { transfer: of.clone() })?;
    if !matches!(original.transfer.action, Action::Post | Action::PostHold { .. }) {
        return Err(Refusal::NotReversible { transfer: of.clone() }.into());
    }
    let sides = Sides {
        debit: original.credit,
        credit: original.debit,
        unit: original.unit,
        amount: transfer.amount,
    };
    agree(transfer, &sides)?;
    let lots = admit(draft, &sides)?;
    let left = original.amount.saturating_sub(draft.reversed(of)?);
    if sides.amount > left {
        let asked = sides.amount;
        return Err(Refusal::ReverseTooMuch { transfer: of.clone(), left, asked }.into());
    }
    leave(draft, &sides)?;
    count_posted(draft, &sides)?;
    if lots.debit {
        spend::take_back(draft, id, of, &sides.debit, sides.amount)?;
    }
    if lots.credit {
        spend::restore(draft, of, sides.amount)?;
    }
    Ok(sides)
}

fn expire_lot<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    transfer: &Transfer,
    lot: &LotId,
) -> Step<Sides, B> {
    let known = draft.lot(lot)?;
    let lot = known.ok_or_else(|| Refusal::LotUnknown { lot: lot.clone() })?;
    let sides = Sides {
        debit: lot.account.clone(),
        credit: transfer.credit.clone(),
        unit: draft.account(&lot.account)?.unit.clone(),
        amount: lot.free(),
    };
    agree(transfer, &sides)?;
    if lot.expires_at.is_none_or(|expires_at| draft.at() < expires_at) {
        let due_at = lot.expires_at;
        return Err(Refusal::NotDue { subject: lot.id.0, due_at }.into());
    }
    let lots = admit(draft, &sides)?;
    leave(draft, &sides)?;
    count_posted(draft, &sides)?;
    spend::empty(draft, id, lot)?;
    enter(draft, id, &sides, lots, &[], None);
    Ok(sides)
}

/// What the caller named himself.
fn named(transfer: &Transfer) -> Sides {
    Sides {
        debit: transfer.debit.clone(),
        credit: transfer.credit.clone(),
        unit: transfer.unit.clone(),
        amount: transfer.amount,
    }
}

/// What a hold keeps.
fn held(hold: &Hold) -> Sides {
    Sides {
        debit: hold.debit.clone(),
        credit: hold.credit.clone(),
        unit: hold.unit.clone(),
        amount: hold.amount,
    }
}

/// A hold that is not decided yet.
fn pending<B: Books>(draft: &mut Draft<B>, id: &TransferId) -> Step<Hold, B> {
    let hold = draft.hold(id)?.ok_or_else(|| Refusal::HoldUnknown { hold: id.clone() })?;
    match hold.state {
        HoldState::Pending => Ok(hold),
        state => Err(Refusal::HoldResolved { hold: id.clone(), state }.into()),
    }
}

/// Refuses what the caller wrote against the record that he named; what he left empty agrees.
fn agree(transfer: &Transfer, sides: &Sides) -> Result<(), Refusal> {
    let amount = if transfer.amount == 0 { String::new() } else { transfer.amount.to_string() };
    for (field, asked, recorded) in [
        ("debit", &transfer.debit.0, &sides.debit.0),
        ("credit", &transfer.credit.0, &sides.credit.0),
        ("unit", &transfer.unit.0, &sides.unit.0),
        ("amount", &amount, &sides.amount.to_string()),
    ] {
        if !asked.is_empty() && asked != recorded {
            return Err(Refusal::RecordMismatch { field, recorded: recorded.clone() });
        }
    }
    match transfer.opens {
        None => Ok(()),
        Some(_) => Err(Refusal::LotTerms { why: "they stand in the record that is named" }),
    }
}

/// Whether a transfer may stand between these accounts at all.
fn admit<B: Books>(draft: &Draft<B>, sides: &Sides) -> Result<Lots, Refusal> {
    if sides.amount <= 0 {
        return Err(Refusal::AmountNotPositive { amount: sides.amount });
    }
    if sides.debit == sides.credit {
        return Err(Refusal::SameAccount { account: sides.debit.clone() });
    }
    let (debit, credit) = (draft.account(&sides.debit)?, draft.account(&sides.credit)?);
    for account in [debit, credit] {
        if account.unit != sides.unit {
            let (unit, asked) = (account.unit.clone(), sides.unit.clone());
            return Err(Refusal::UnitMismatch { account: account.id.clone(), unit, asked });
        }
    }
    Ok(Lots { debit: debit.lots, credit: credit.lots })
}

/// Whether the terms given can be those of a lot that the transfer opens.
fn terms_fit(opens: Option<LotTerms>, lots: Lots, at: Instant) -> Result<(), Refusal> {
    let why = match opens {
        None => return Ok(()),
        Some(_) if !lots.credit => "the credited account keeps no lots",
        Some(_) if lots.debit => "the lots of the debited account bring their own",
        Some(terms) if !terms.spendable_after(at) => "it would expire before it can be spent",
        Some(_) => return Ok(()),
    };
    Err(Refusal::LotTerms { why })
}

/// Whether the debited account has enough, its overdraft included.
fn leave<B: Books>(draft: &Draft<B>, sides: &Sides) -> Result<(), Refusal> {
    let account = draft.account(&sides.debit)?;
    let Some(overdraft_max) = account.overdraft_max else { return Ok(()) };
    let free = i128::from(account.credits_posted)
        - i128::from(account.debits_posted)
        - i128::from(account.debits_pending)
        + i128::from(overdraft_max);
    if i128::from(sides.amount) <= free {
        return Ok(());
    }
    // Less than the amount, so it fits above; below, an account cannot fall so far.
    let available = i64::try_from(free).unwrap_or(i64::MIN);
    Err(Refusal::Insufficient { account: account.id.clone(), available, asked: sides.amount })
}

/// What comes into an account with lots opens one, or one for each that was taken.
fn enter<B: Books>(
    draft: &mut Draft<B>,
    id: &TransferId,
    sides: &Sides,
    lots: Lots,
    taken: &[Taken],
    opens: Option<LotTerms>,
) {
    if !lots.credit {
        return;
    }
    if taken.is_empty() {
        let terms = opens.unwrap_or(LotTerms::from(draft.at()));
        spend::open(draft, id, &sides.credit, sides.amount, terms);
    } else {
        spend::carry(draft, id, &sides.credit, taken);
    }
}

fn count_posted<B: Books>(draft: &mut Draft<B>, sides: &Sides) -> Result<(), Refusal> {
    let debit = draft.account_mut(&sides.debit)?;
    debit.debits_posted = sum(debit.debits_posted, sides.amount, &sides.debit)?;
    let credit = draft.account_mut(&sides.credit)?;
    credit.credits_posted = sum(credit.credits_posted, sides.amount, &sides.credit)?;
    Ok(())
}

/// Counts what a hold keeps, or with a negative amount what it releases.
fn count_pending<B: Books>(
    draft: &mut Draft<B>,
    sides: &Sides,
    amount: i64,
) -> Result<(), Refusal> {
    let debit = draft.account_mut(&sides.debit)?;
    debit.debits_pending = sum(debit.debits_pending, amount, &sides.debit)?;
    let credit = draft.account_mut(&sides.credit)?;
    credit.credits_pending = sum(credit.credits_pending, amount, &sides.credit)?;
    Ok(())
}

fn sum(counter: i64, amount: i64, account: &AccountId) -> Result<i64, Refusal> {
    counter.checked_add(amount).ok_or_else(|| Refusal::Overflow { account: account.clone() })
}
