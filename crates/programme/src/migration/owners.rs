//! Which wallet a card or account of the old programme opens.

use membership::{CardNumber, CardState, Scheme};
use retail::{CardId, CustomerId, NetworkId, OpeningOwner, RowPlace, WalletId};
use sources::{FeedKind, ProblemCode};
use store::Tx;

use super::{Looking, PlannedWallet};
use crate::Refused;
use crate::cards::random_id;

/// What opens one wallet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Group {
    /// All cards of an account.
    Account(String),
    /// A card, and those in whose place it came.
    Card(CardId),
}

impl Looking {
    /// Finds the wallets of the file's cards: those that are `known` here first, then of the others.
    pub(super) fn wallets(
        &mut self,
        tx: &mut Tx<'_>,
        from: usize,
        until: usize,
        known: bool,
    ) -> Result<(), Refused> {
        let until = until.min(self.plan.cards.len());
        if known {
            let cards = self.plan.cards[from..until].iter();
            let accounts: Vec<&str> = cards.filter_map(|card| card.account.as_deref()).collect();
            let stored = tx.opening_accounts(&accounts)?.into_iter();
            self.stored_accounts =
                stored.map(|(account, wallet, network)| (account, (wallet, network))).collect();
        }
        for place in from..until {
            let planned = &self.plan.cards[place];
            if planned.wrong {
                continue;
            }
            if known {
                self.known_wallet(place);
            } else if planned.wallet.is_none()
                && (planned.account.is_some() || planned.card.replaced_by.is_some() || {
                    // A card that nobody has yet opens nothing yet.
                    !matches!(planned.card.state, CardState::Created | CardState::Prepared)
                })
            {
                self.wallet_of_card(tx, place)?;
            }
        }
        Ok(())
    }

    /// Takes over the wallet that is stored with a card, or with its account.
    fn known_wallet(&mut self, place: usize) {
        let group = self.group(place);
        let before = match (self.by_group.get(&group), &group) {
            (Some(&wallet), _) => Some(wallet),
            (None, Group::Account(account)) => {
                let found = self.stored_accounts.get(account).cloned();
                found.map(|(id, network)| {
                    self.noted.insert(account.clone());
                    self.known(id, network)
                })
            }
            (None, Group::Card(_)) => None,
        };
        let own = self.plan.cards[place].card.wallet.clone();
        let own = own.map(|id| self.known(id, self.plan.cards[place].card.network.clone()));
        if let (Some(before), Some(own)) = (before, own)
            && before != own
        {
            let code = ProblemCode::CardDiffers;
            self.wrong_card(place, code, "is known here with another wallet");
            return;
        }
        if let Some(wallet) = before.or(own) {
            self.note(&group, wallet);
            self.by_group.insert(group, wallet);
        }
        if let Some(own) = own {
            self.join(place, own);
        }
    }

    /// The wallet that a card opens, planned now where there is none.
    fn wallet_of_card(&mut self, tx: &mut Tx<'_>, place: usize) -> Result<Option<usize>, Refused> {
        if let Some(wallet) = self.plan.cards[place].wallet {
            return Ok(Some(wallet));
        }
        let group = self.group(place);
        let network = self.plan.cards[place].card.network.clone();
        let found = match self.by_group.get(&group) {
            Some(&wallet) => Some(wallet),
            None => self.stored_wallet(tx, &group)?,
        };
        let wallet = match found {
            Some(wallet) => wallet,
            None => self.new_wallet(network.clone(), None)?,
        };
        if self.plan.wallets[wallet].network != network {
            let reason = "has an account whose other cards are of another network";
            self.wrong_card(place, ProblemCode::OtherNetwork, reason);
            return Ok(None);
        }
        self.note(&group, wallet);
        self.by_group.insert(group, wallet);
        self.join(place, wallet);
        if self.plan.cards[place].known {
            self.plan.attached.push((self.plan.cards[place].card.number.clone(), wallet));
        }
        Ok(Some(wallet))
    }

    /// The wallet of a card that is stored and does not stand in the file.
    fn stored_wallet(&mut self, tx: &mut Tx<'_>, group: &Group) -> Result<Option<usize>, Refused> {
        let Group::Card(number) = group else { return Ok(None) };
        if self.numbers.contains_key(number) {
            return Ok(None);
        }
        let Some(card) = tx.card(number)? else { return Ok(None) };
        let wallet = match card.wallet {
            Some(id) => self.known(id, card.network),
            None => {
                let wallet = self.new_wallet(card.network, card.customer)?;
                self.plan.attached.push((card.number, wallet));
                wallet
            }
        };
        self.by_group.insert(group.clone(), wallet);
        Ok(Some(wallet))
    }

    /// What opens the wallet of a card.
    fn group(&self, place: usize) -> Group {
        let of = |place: usize| self.plan.cards[place].account.clone().map(Group::Account);
        of(place).unwrap_or_else(|| match self.in_use(place) {
            Some(Ok(last)) => {
                of(last).unwrap_or_else(|| Group::Card(self.plan.cards[last].card.number.clone()))
            }
            Some(Err(number)) => Group::Card(number),
            None => Group::Card(self.plan.cards[place].card.number.clone()),
        })
    }

    /// Lets an account be stored with its wallet, once.
    fn note(&mut self, group: &Group, wallet: usize) {
        if let Group::Account(account) = group
            && self.noted.insert(account.clone())
        {
            self.plan.accounts.push((account.clone(), wallet));
        }
    }

    /// Lets a card open a wallet.
    fn join(&mut self, place: usize, wallet: usize) {
        let planned = &mut self.plan.cards[place];
        planned.wallet = Some(wallet);
        let wallet = &mut self.plan.wallets[wallet];
        let customer = planned.card.customer.clone();
        if customer.is_some() && wallet.customer.is_some() && customer != wallet.customer {
            wallet.several = true;
        }
        if wallet.customer.is_none() {
            wallet.customer = customer;
        }
    }

    fn wrong_card(&mut self, place: usize, code: ProblemCode, reason: &str) {
        let planned = &mut self.plan.cards[place];
        planned.wrong = true;
        let (at, number) = (planned.place.clone(), planned.card.number.clone());
        self.numbers.remove(&number);
        self.wrong((FeedKind::Cards, &at), code, ("number", &number.0), reason);
    }

    fn known(&mut self, id: WalletId, network: NetworkId) -> usize {
        if let Some(&wallet) = self.by_id.get(&id) {
            return wallet;
        }
        self.put_wallet(id, network, None, false)
    }

    fn new_wallet(
        &mut self,
        network: NetworkId,
        customer: Option<CustomerId>,
    ) -> Result<usize, Refused> {
        Ok(self.put_wallet(WalletId(random_id("w")?), network, customer, true))
    }

    fn put_wallet(
        &mut self,
        id: WalletId,
        network: NetworkId,
        customer: Option<CustomerId>,
        new: bool,
    ) -> usize {
        let wallet = self.plan.wallets.len();
        self.by_id.insert(id.clone(), wallet);
        self.plan.wallets.push(PlannedWallet { id, network, customer, several: false, new });
        wallet
    }

    /// The wallet of whoever a row names; the row is set aside where nobody is called so.
    pub(super) fn owner(
        &mut self,
        tx: &mut Tx<'_>,
        feed: FeedKind,
        place: &RowPlace,
        owner: &OpeningOwner,
    ) -> Result<Option<usize>, Refused> {
        let (found, field, text) = match owner {
            OpeningOwner::Card(number) => (self.owner_by_card(tx, number)?, "card", &number.0),
            OpeningOwner::Account(account) => {
                (self.owner_by_account(tx, account)?, "account", account)
            }
        };
        if found.is_none() {
            let reason = "is neither among the good rows of cards nor known here";
            self.wrong((feed, place), ProblemCode::UnknownCard, (field, text), reason);
        }
        Ok(found)
    }

    fn owner_by_card(
        &mut self,
        tx: &mut Tx<'_>,
        number: &CardId,
    ) -> Result<Option<usize>, Refused> {
        // Whether the control digit fits, the card's own row has said.
        let Ok(number) = CardNumber::parse(&number.0, Scheme::Plain) else { return Ok(None) };
        let number = CardId(number.as_str().to_owned());
        if let Some(&place) = self.numbers.get(&number) {
            return self.wallet_of_card(tx, place);
        }
        let group = Group::Card(number);
        match self.by_group.get(&group) {
            Some(&wallet) => Ok(Some(wallet)),
            None => self.stored_wallet(tx, &group),
        }
    }

    fn owner_by_account(
        &mut self,
        tx: &mut Tx<'_>,
        account: &str,
    ) -> Result<Option<usize>, Refused> {
        let group = Group::Account(account.to_owned());
        if let Some(&wallet) = self.by_group.get(&group) {
            return Ok(Some(wallet));
        }
        let Some((id, network)) = tx.opening_account(account)? else { return Ok(None) };
        let wallet = self.known(id, network);
        self.by_group.insert(group, wallet);
        Ok(Some(wallet))
    }
}
