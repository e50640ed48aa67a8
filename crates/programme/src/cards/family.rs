//! Families: several cards that open one wallet.

use ledger::{AccountId, Cause, Chain, ChainId, Transfer};
use retail::{CardId, WalletId};
use serde_json::json;
use store::Tx;

use super::balance::{balance, point};
use super::{CardView, Given, card_to_change, permitted, wallet_of};
use crate::places::told;
use crate::{Act, Programme, Refused};

impl Programme {
    /// Lets a card open the wallet of another card of the same network; what its own wallet holds is
    /// poured into that, each lot with its terms.
    ///
    /// # Errors
    /// As [`Programme::card`]; `wallet_not_empty` where points of its own wallet are held or not active
    /// yet, or points are owed.
    pub fn join_wallet(&self, act: &Act, number: &str, other: &str) -> Result<CardView, Refused> {
        let (number, other) = (number.to_owned(), other.to_owned());
        self.perform(act, move |tx, act| {
            let mut card = card_to_change(tx, act, Given::asked_for(&number))?;
            let mut into = card_to_change(tx, act, Given::in_field("/card", &other))?;
            for card in [&card, &into] {
                permitted(tx, act, card, membership::CardOperation::Issue)?;
            }
            if card.network != into.network || card.state.is_final() || into.state.is_final() {
                let detail = "must be a living card of the same network";
                return Err(Refused::field("/card", "other_card", detail));
            }
            let had = into.wallet.clone();
            let wallet = wallet_of(tx, act, &mut into)?;
            if had.is_none() {
                tx.put_card(&into)?;
                tx.changed("card", &into.number.0, act.at)?;
            }
            if let Some(own) = card.wallet.take().filter(|own| *own != wallet) {
                pour(tx, act, &own, &wallet, &card.number)?;
            }
            card.wallet = Some(wallet.clone());
            card.changed_at = act.at;
            tx.put_card(&card)?;
            card.version += 1;
            let detail = json!({ "other_card": into.number.0, "wallet": wallet.0 });
            told(tx, act, "card.join", "card", &card.number.0, &detail)?;
            Ok(CardView::of(&card))
        })
    }
}

/// Moves all that a wallet holds into another.
pub(super) fn pour(
    tx: &mut Tx<'_>,
    act: &Act,
    from: &WalletId,
    into: &WalletId,
    card: &CardId,
) -> Result<(), Refused> {
    let mut both = [from, into].map(|wallet| AccountId::wallet(wallet, &point()));
    both.sort_unstable();
    // Nothing moves in either between the look and the pouring.
    ledger::Books::accounts(tx, &both)?;
    let holds = balance(tx, from, act.at)?;
    if holds.balance == 0 && holds.debt == 0 {
        return Ok(());
    }
    if holds.spendable != holds.balance || holds.debt != 0 {
        return Err(Refused::Conflict {
            code: "wallet_not_empty",
            why: format!(
                "the wallet of card {card} has points that are held, expired or not active yet, or owes \
                 some: wait until it has none"
            ),
        });
    }
    let transfer = Transfer::post(
        AccountId::wallet(from, &point()),
        AccountId::wallet(into, &point()),
        point(),
        holds.balance,
        Cause::new("join", &card.0),
    );
    let chain = Chain {
        id: ChainId(format!("join/{from}/{into}/{}", act.at.0)),
        at: act.at,
        transfers: vec![transfer],
    };
    ledger::post(tx, &chain)?;
    for wallet in [from, into] {
        tx.changed("wallet", &wallet.0, act.at)?;
    }
    Ok(())
}
