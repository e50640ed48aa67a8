//! Writes a plan, so many rows a write. Whatever stops it, importing the same files again goes on.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ledger::{AccountId, Cause, Chain, LotTerms, Transfer, Unit};
use retail::{CardId, WalletId};
use serde_json::json;
use store::{Card, CardEvent, OpeningPosted, Tx, Wallet, WalletLevel};

use super::{AT_ONCE, OpeningReport, Plan, PlannedWallet};
use crate::cards::open_points_of;
use crate::progress::{Progress, WRITING_BOOKS};
use crate::{Act, Programme, Refused};

/// A card that is stored, and its wallet where that is new with it.
#[derive(Clone)]
struct NewCard {
    card: Card,
    wallet: Option<Wallet>,
}

impl Programme {
    /// Writes what was planned; tells what is in the books afterwards.
    ///
    /// # Errors
    /// When the database fails, or somebody changed a card meanwhile: then a part is written, and the
    /// same files are to be imported again.
    pub(crate) fn begin_with(
        &self,
        act: &Act,
        plan: Plan,
        progress: &dyn Progress,
    ) -> Result<OpeningReport, Refused> {
        let batch = Arc::new(plan.batch.clone());
        let (cards, attached) = plan.cards(act);
        let Plan { mut report, wallets, accounts, balances, levels, .. } = plan;
        let accounts: Vec<(String, WalletId)> = accounts
            .into_iter()
            .map(|(account, wallet)| (account, wallets[wallet].id.clone()))
            .collect();
        let total = cards.len() + attached.len() + accounts.len() + balances.len() + levels.len();
        if total > 0 {
            progress.stage(WRITING_BOOKS, Some(total as u64));
        }
        let mut done = 0;
        let mut each = |rows: usize| {
            done += rows as u64;
            progress.done(done);
        };
        self.in_pieces(act, "import.cards", &batch, cards, &mut each, add_cards)?;
        self.in_pieces(act, "import.cards", &batch, attached, &mut each, attach)?;
        self.in_pieces(act, "import.accounts", &batch, accounts, &mut each, |tx, _, some, _| {
            Ok(tx.add_opening_accounts(some)?)
        })?;
        if !balances.is_empty() {
            self.open_sources(&report)?;
        }
        self.in_pieces(act, "import.balances", &batch, balances, &mut each, post)?;
        self.in_pieces(act, "import.levels", &batch, levels, &mut each, put_levels)?;
        self.reconcile(&mut report)?;
        Ok(report)
    }

    /// Opens the accounts that balances come from.
    fn open_sources(&self, report: &OpeningReport) -> Result<(), Refused> {
        let units: Vec<Unit> = report.balances.keys().map(|unit| Unit(unit.clone())).collect();
        self.store()?.write(move |tx| {
            let open = |unit| tx.open_account(&AccountId::opening(unit), unit, None, false);
            Ok(units.iter().try_for_each(open)?)
        })
    }

    /// Holds the report against what is in the books now.
    fn reconcile(&self, report: &mut OpeningReport) -> Result<(), Refused> {
        self.store()?.read(|tx| {
            for (unit, brought) in &mut report.balances {
                let unit = Unit(unit.clone());
                let opening = tx.account(&AccountId::opening(&unit))?;
                let opening = opening.map_or(0, |account| account.balance());
                brought.reconcile(opening, tx.opening_sum(&unit)?);
            }
            Ok(())
        })
    }

    /// Writes rows, so many a write; the audit has one deed of each write.
    fn in_pieces<T: Clone + Send + Sync + 'static>(
        &self,
        act: &Act,
        action: &'static str,
        batch: &Arc<String>,
        rows: Vec<T>,
        done: &mut dyn FnMut(usize),
        write: fn(&mut Tx<'_>, &Act, &[T], &str) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        for some in rows.chunks(AT_ONCE) {
            let (act, batch, piece) = (act.clone(), batch.clone(), Arc::<[T]>::from(some));
            self.store()?.write(move |tx| {
                write(tx, &act, &piece, &batch)?;
                let detail = json!({ "rows": piece.len() });
                tx.add_deed(&act.deed(action, "import", &batch, &detail))?;
                Ok::<_, Refused>(())
            })?;
            done(some.len());
        }
        Ok(())
    }
}

impl Plan {
    /// New cards, and known ones that get a wallet; each new wallet goes with the first card that opens it.
    fn cards(&self, act: &Act) -> (Vec<NewCard>, Vec<(CardId, Wallet, bool)>) {
        let mut stored: HashSet<usize> = HashSet::new();
        let mut cards = Vec::new();
        for planned in self.cards.iter().filter(|planned| !planned.known && !planned.wrong) {
            let wallet = planned.wallet.map(|place| (place, &self.wallets[place]));
            let card = Card {
                wallet: wallet.map(|(_, wallet)| wallet.id.clone()),
                changed_at: act.at,
                ..planned.card.clone()
            };
            let first = wallet.filter(|(place, wallet)| wallet.new && stored.insert(*place));
            cards.push(NewCard { card, wallet: first.map(|(_, wallet)| wallet.stored(act)) });
        }
        let attached = self.attached.iter().map(|(number, place)| {
            let wallet = &self.wallets[*place];
            (number.clone(), wallet.stored(act), wallet.new && stored.insert(*place))
        });
        let attached = attached.collect();
        (cards, attached)
    }
}

impl Plan {
    /// What of the plan decides what receipts earn, by card and customer.
    pub(crate) fn earning(&self, act: &Act) -> Earning {
        let mut earning = Earning::default();
        for planned in self.cards.iter().filter(|planned| !planned.known && !planned.wrong) {
            let place = earning.cards.len();
            let wallet = planned.wallet.map(|wallet| self.wallets[wallet].stored(act));
            let wallet_id = wallet.as_ref().map(|wallet| wallet.id.clone());
            let card = Card { wallet: wallet_id, changed_at: act.at, ..planned.card.clone() };
            earning.by_number.insert(card.number.0.clone(), place);
            if let Some(customer) = &card.customer {
                earning.by_customer.entry(customer.0.clone()).or_default().push(place);
            }
            earning.cards.push(NewCard { card, wallet });
        }
        for level in &self.levels {
            earning.levels.entry(level.wallet.clone()).or_default().push(level.clone());
        }
        earning
    }
}

/// Cards, wallets and levels of a plan that is not written: a dry run writes those that it needs and takes
/// them back.
#[derive(Default)]
pub(crate) struct Earning {
    cards: Vec<NewCard>,
    by_number: HashMap<String, usize>,
    by_customer: HashMap<String, Vec<usize>>,
    levels: HashMap<WalletId, Vec<WalletLevel>>,
}

impl Earning {
    /// Writes the cards of some numbers and customers, with their wallets and levels.
    pub(crate) fn write<'a>(
        &self,
        tx: &mut Tx<'_>,
        act: &Act,
        numbers: impl Iterator<Item = &'a str>,
        customers: impl Iterator<Item = &'a str>,
    ) -> Result<(), Refused> {
        let of_customers =
            customers.filter_map(|customer| self.by_customer.get(customer)).flatten();
        let of_numbers = numbers.filter_map(|number| self.by_number.get(number));
        let places: BTreeSet<usize> = of_numbers.chain(of_customers).copied().collect();
        for NewCard { card, wallet } in places.into_iter().map(|place| &self.cards[place]) {
            if let Some(wallet) = wallet
                && tx.wallet(&wallet.id)?.is_none()
            {
                add_wallets(tx, act, &[wallet])?;
                for level in self.levels.get(&wallet.id).into_iter().flatten() {
                    tx.put_level(level)?;
                }
            }
            tx.add_card(card)?;
        }
        Ok(())
    }
}

impl PlannedWallet {
    fn stored(&self, act: &Act) -> Wallet {
        Wallet {
            id: self.id.clone(),
            network: self.network.clone(),
            customer: self.customer.clone().filter(|_| !self.several),
            created_at: act.at,
            version: 1,
        }
    }
}

fn add_wallets(tx: &mut Tx<'_>, act: &Act, wallets: &[&Wallet]) -> Result<(), Refused> {
    tx.add_wallets(wallets)?;
    open_points_of(tx, wallets.iter().map(|wallet| &wallet.id))?;
    let ids: Vec<&str> = wallets.iter().map(|wallet| wallet.id.0.as_str()).collect();
    Ok(tx.changed_each("wallet", &ids, act.at)?)
}

fn add_cards(tx: &mut Tx<'_>, act: &Act, some: &[NewCard], batch: &str) -> Result<(), Refused> {
    let wallets: Vec<&Wallet> = some.iter().filter_map(|new| new.wallet.as_ref()).collect();
    add_wallets(tx, act, &wallets)?;
    let cards: Vec<&Card> = some.iter().map(|new| &new.card).collect();
    if tx.add_cards(&cards)? < cards.len() as u64 {
        let why =
            "a card was changed while it was imported: import the same files again".to_owned();
        return Err(Refused::Conflict { code: "overtaken", why });
    }
    let event = |card: &&Card| CardEvent {
        card: card.number.clone(),
        operation: "import".to_owned(),
        from: card.state,
        to: card.state,
        reason: card.reason.clone(),
        other_card: card.replaced_by.clone(),
        actor: act.actor.clone(),
        role: act.role.as_str().to_owned(),
        door: act.door.as_str().to_owned(),
        shop: card.shop.as_ref().map(|shop| shop.0.clone()),
        till: None,
        request: batch.to_owned(),
        at: act.at,
    };
    tx.add_card_events(&cards.iter().map(event).collect::<Vec<_>>())?;
    let numbers: Vec<&str> = cards.iter().map(|card| card.number.0.as_str()).collect();
    Ok(tx.changed_each("card", &numbers, act.at)?)
}

/// Gives wallets to cards that have none.
fn attach(
    tx: &mut Tx<'_>,
    act: &Act,
    some: &[(CardId, Wallet, bool)],
    _batch: &str,
) -> Result<(), Refused> {
    for (number, wallet, new) in some {
        let card = tx.card_to_change(number)?.filter(|card| card.wallet.is_none());
        let mut card = card.ok_or_else(|| overtaken(number))?;
        if *new {
            add_wallets(tx, act, &[wallet])?;
        }
        card.wallet = Some(wallet.id.clone());
        card.changed_at = act.at;
        tx.put_card(&card)?;
        tx.changed("card", &number.0, act.at)?;
    }
    Ok(())
}

fn overtaken(number: &CardId) -> Refused {
    let why =
        format!("card {number} was changed while it was imported: import the same files again");
    Refused::Conflict { code: "overtaken", why }
}

/// Posts balances: each a lot from the account `opening`, or a debt into it.
fn post(tx: &mut Tx<'_>, act: &Act, some: &[OpeningPosted], batch: &str) -> Result<(), Refused> {
    let mut by_unit: BTreeMap<&str, (Vec<AccountId>, Vec<AccountId>)> = BTreeMap::new();
    let mut chains = Vec::with_capacity(some.len());
    for row in some {
        let OpeningPosted { chain, wallet, unit, amount, .. } = row;
        let (opening, cause) = (AccountId::opening(unit), Cause::new("opening", batch));
        let (owing, holding) = by_unit.entry(&unit.0).or_default();
        let transfer = if *amount < 0 {
            let account = AccountId::receivable(wallet, unit);
            owing.push(account.clone());
            Transfer::post(account, opening, unit.clone(), amount.saturating_neg(), cause)
        } else {
            let account = AccountId::wallet(wallet, unit);
            holding.push(account.clone());
            let activates_at = row.activates_at.unwrap_or(act.at);
            let terms = LotTerms { activates_at, expires_at: row.expires_at };
            Transfer::post(opening, account, unit.clone(), *amount, cause).opening(terms)
        };
        chains.push(Chain { id: chain.clone(), at: act.at, transfers: vec![transfer] });
    }
    for (unit, (owing, holding)) in by_unit {
        let unit = Unit(unit.to_owned());
        tx.open_accounts(&owing, &unit, None, false)?;
        tx.open_accounts(&holding, &unit, Some(0), true)?;
    }
    tx.post_each(&chains)?;
    tx.add_opening_balances(some)?;
    let wallets: Vec<&str> = some.iter().map(|row| row.wallet.0.as_str()).collect();
    Ok(tx.changed_each("wallet", &wallets, act.at)?)
}

fn put_levels(tx: &mut Tx<'_>, act: &Act, some: &[WalletLevel], _: &str) -> Result<(), Refused> {
    for level in some {
        tx.put_level(level)?;
    }
    let wallets: Vec<&str> = some.iter().map(|level| level.wallet.0.as_str()).collect();
    Ok(tx.changed_each("wallet", &wallets, act.at)?)
}
