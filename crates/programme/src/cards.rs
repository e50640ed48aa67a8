//! Cards: what is done to them, by whom and where; each operation is one line of `membership`'s table.

mod balance;
mod family;
mod print;

use membership::{
    BlockReason, Capability, CardAction, CardKind, CardNumber, CardOperation, CardPolicy,
    CardState, Scheme, next,
};
use retail::{CardId, CustomerId, ShopId, WalletId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Card, CardEvent, Tx, Wallet};

pub use balance::{BalanceView, LotView, StatementLine};
pub use print::{NewPrintBatch, NewRange, PrintBatchView, PrintedCard, RangeView};

pub(crate) use balance::{open_points, open_points_of, open_system_accounts, point};

use crate::places::{network_of, shop_of, told};
use crate::{Act, Programme, Refused};

/// Longest reason or note that is taken.
const REASON_CHARS_MAX: usize = 200;
/// Longest id of a customer.
const CUSTOMER_CHARS_MAX: usize = 128;

/// What is to be done to a card.
#[derive(Clone, Debug)]
pub struct CardChange {
    /// The operation.
    pub operation: CardOperation,
    /// Why: for blocking one of [`BlockReason`], for lifting a block any text.
    pub reason: Option<String>,
    /// The shop it is prepared for; else where the caller is.
    pub shop: Option<String>,
    /// The card that takes its place.
    pub other_card: Option<String>,
    /// Whose card it becomes when issued or activated.
    pub customer: Option<String>,
}

/// A card as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct CardView {
    pub number: String,
    pub network: String,
    pub kind: CardKind,
    pub state: CardState,
    /// What it may be used for now.
    pub can: Vec<Capability>,
    pub wallet: Option<String>,
    pub customer: Option<String>,
    pub shop: Option<String>,
    pub reason: Option<String>,
    pub replaced_by: Option<String>,
    /// Last day it is good.
    pub expires_on: Option<retail::Day>,
    pub version: i64,
}

/// Something that was done to a card, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CardEventView {
    /// Grows with every event.
    pub id: i64,
    pub operation: String,
    pub from: CardState,
    pub to: CardState,
    pub reason: Option<String>,
    pub other_card: Option<String>,
    pub actor: String,
    pub role: String,
    pub door: String,
    pub shop: Option<String>,
    pub till: Option<String>,
    pub request: String,
    pub at: retail::Instant,
}

impl Programme {
    /// A card, found by its number as a person or scanner gives it.
    ///
    /// # Errors
    /// `not_found`; `invalid` where it can be no card's number; `not_permitted`.
    pub fn card(&self, act: &Act, number: &str) -> Result<CardView, Refused> {
        self.store()?.read(|tx| Ok(CardView::of(&identified(tx, act, number)?)))
    }

    /// Does something to a card.
    ///
    /// # Errors
    /// As [`Programme::card`]; `card_state` where the card does not stand where it would have to;
    /// `invalid` where a reason, shop or other card is missing or wrong.
    pub fn change_card(
        &self,
        act: &Act,
        number: &str,
        change: CardChange,
    ) -> Result<CardView, Refused> {
        let number = number.to_owned();
        self.perform(act, move |tx, act| {
            let card = card_to_change(tx, act, Given::asked_for(&number))?;
            permitted(tx, act, &card, change.operation)?;
            let changed = match change.operation {
                CardOperation::Replace => replace(tx, act, card, &change)?,
                _ => step(tx, act, card, &change, None)?,
            };
            Ok(CardView::of(&changed))
        })
    }

    /// What was done to a card after an event, oldest first, at most so much.
    ///
    /// # Errors
    /// As [`Programme::card`].
    pub fn card_events(
        &self,
        act: &Act,
        number: &str,
        after: i64,
        most: u32,
    ) -> Result<Vec<CardEventView>, Refused> {
        self.store()?.read(|tx| {
            let card = identified(tx, act, number)?;
            let events = tx.card_events(&card.number, after, most)?;
            Ok(events.into_iter().map(|(id, event)| CardEventView::of(id, event)).collect())
        })
    }

    /// Whether the caller may know of a customer: whoever is bound to networks knows those who have a
    /// card of one of them.
    ///
    /// # Errors
    /// `not_found` where he may not.
    pub fn known_customer(&self, act: &Act, customer: &str) -> Result<(), Refused> {
        if act.bounds.networks.is_empty() && act.bounds.shops.is_empty() {
            return Ok(());
        }
        let id = CustomerId(customer.to_owned());
        let cards = self.store()?.read(|tx| tx.cards_of_customer(&id))?;
        match cards.iter().any(|card| act.bounds.allow_network(&card.network.0)) {
            true => Ok(()),
            false => Err(Refused::NotFound { kind: "customer", id: id.0 }),
        }
    }

    /// Ends cards whose last day is over; says how many. A job of every night.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_cards(&self, act: &Act, today: retail::Day) -> Result<u64, Refused> {
        const AT_ONCE: u32 = 200;
        let mut ended = 0;
        loop {
            let act = act.clone();
            let count = self.store()?.write(move |tx| {
                let mut count = 0;
                for card in tx.cards_past_their_day(today, AT_ONCE)? {
                    // Who blocked or closed one a moment ago keeps no other card from its end.
                    let Some(card) = tx.card_to_change(&card.number)? else { continue };
                    if moved(&card, CardOperation::Expire).is_ok() {
                        step(tx, &act, card, &CardChange::only(CardOperation::Expire), None)?;
                        count += 1;
                    }
                }
                Ok::<_, Refused>(count)
            })?;
            ended += count;
            if count < u64::from(AT_ONCE) {
                return Ok(ended);
            }
        }
    }
}

impl CardChange {
    /// An operation that needs nothing else.
    #[must_use]
    pub fn only(operation: CardOperation) -> Self {
        Self { operation, reason: None, shop: None, other_card: None, customer: None }
    }
}

/// Moves a card along one line of the table.
fn step(
    tx: &mut Tx<'_>,
    act: &Act,
    mut card: Card,
    change: &CardChange,
    other_card: Option<&CardId>,
) -> Result<Card, Refused> {
    let from = card.state;
    card.state = moved(&card, change.operation)?;
    let reason = reason(change)?;
    match change.operation {
        CardOperation::Prepare => card.shop = Some(shop(tx, act, &card, change)?),
        CardOperation::Issue | CardOperation::Activate => {
            if let Some(shop) = &act.shop {
                card.shop = Some(shop.clone());
            }
            if let Some(customer) = customer(change)? {
                card.customer = Some(customer);
            }
            wallet_of(tx, act, &mut card)?;
        }
        CardOperation::Block | CardOperation::Close => card.reason = reason.clone(),
        CardOperation::Unblock => {
            // Whoever has not agreed to the rules yet has not done so by losing the card.
            if let Some(former) = tx.state_before_block(&card.number)? {
                card.state = former;
            }
            card.reason = None;
        }
        CardOperation::Resume => card.reason = None,
        CardOperation::Replace => card.replaced_by = other_card.cloned(),
        CardOperation::Suspend | CardOperation::Expire => {}
    }
    card.changed_at = act.at;
    tx.put_card(&card)?;
    card.version += 1;
    noted(tx, act, &card, (change.operation, from), reason, other_card)?;
    Ok(card)
}

/// Puts another card in the place of one, with all that it opens.
fn replace(
    tx: &mut Tx<'_>,
    act: &Act,
    mut old: Card,
    change: &CardChange,
) -> Result<Card, Refused> {
    let missing = || Refused::field("/other_card", "missing", "name the card that takes its place");
    let number = change.other_card.as_deref().ok_or_else(missing)?;
    let mut new = card_to_change(tx, act, Given::in_field("/other_card", number))?;
    if new.number == old.number || new.network != old.network {
        let detail = "must be another card of the same network";
        return Err(Refused::field("/other_card", "other_card", detail));
    }
    // Whether it may be replaced at all is said before anything else.
    moved(&old, CardOperation::Replace)?;
    let wallet = wallet_of(tx, act, &mut old)?;
    if let Some(own) = new.wallet.take().filter(|own| *own != wallet) {
        family::pour(tx, act, &own, &wallet, &new.number)?;
    }
    new.wallet = Some(wallet);
    new.customer = old.customer.clone();
    let activate = CardChange::only(CardOperation::Activate);
    let new = step(tx, act, new, &activate, Some(&old.number))?;
    step(tx, act, old, &CardChange { reason: None, ..change.clone() }, Some(&new.number))
}

fn moved(card: &Card, operation: CardOperation) -> Result<CardState, Refused> {
    next(card.state, operation, card.kind)
        .map_err(|refusal| Refused::Conflict { code: "card_state", why: refusal.to_string() })
}

fn noted(
    tx: &mut Tx<'_>,
    act: &Act,
    card: &Card,
    (operation, from): (CardOperation, CardState),
    reason: Option<String>,
    other_card: Option<&CardId>,
) -> Result<(), Refused> {
    let detail = json!({
        "from": from, "to": card.state, "reason": reason, "other_card": other_card.map(|id| &id.0),
    });
    tx.add_card_event(&CardEvent {
        card: card.number.clone(),
        operation: operation.as_str().to_owned(),
        from,
        to: card.state,
        reason,
        other_card: other_card.cloned(),
        actor: act.actor.clone(),
        role: act.role.as_str().to_owned(),
        door: act.door.as_str().to_owned(),
        shop: act.shop.as_ref().map(|shop| shop.0.clone()),
        till: act.till.as_ref().map(|till| till.0.clone()),
        request: act.request.clone(),
        at: act.at,
    })?;
    told(tx, act, &format!("card.{operation}"), "card", &card.number.0, &detail)
}

/// The reason, as far as the operation asks for one.
fn reason(change: &CardChange) -> Result<Option<String>, Refused> {
    let wrong = |code, detail: &str| Err(Refused::field("/reason", code, detail));
    if let Some(text) = &change.reason
        && (text.chars().count() > REASON_CHARS_MAX || text.chars().any(char::is_control))
    {
        return wrong("reason", "must be a text of at most 200 characters");
    }
    match (change.operation, change.reason.as_deref()) {
        (CardOperation::Block, None) | (CardOperation::Unblock, None | Some("")) => {
            wrong("missing", "say why")
        }
        (CardOperation::Block, Some(text)) if text.parse::<BlockReason>().is_err() => {
            wrong("reason", "must be lost, damaged, stolen, fraud or other")
        }
        _ => Ok(change.reason.clone()),
    }
}

/// Whose card it becomes: a short id, never what identifies a person outside.
fn customer(change: &CardChange) -> Result<Option<CustomerId>, Refused> {
    change.customer.as_deref().map(customer_named).transpose()
}

/// A customer's id as somebody sends it.
pub(crate) fn customer_named(text: &str) -> Result<CustomerId, Refused> {
    let wrong = |code, detail: &str| Err(Refused::field("/customer", code, detail));
    let fits = (1..=CUSTOMER_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.trim().is_empty() || text.chars().any(char::is_control) {
        return wrong("customer", "must be a text of 1 to 128 characters");
    }
    match sources::looks_personal(text) {
        Some(what) => wrong("personal_data", &format!("looks like {what}; send your own id")),
        None => Ok(CustomerId(text.to_owned())),
    }
}

/// The shop that a card is prepared for.
fn shop(tx: &mut Tx<'_>, act: &Act, card: &Card, change: &CardChange) -> Result<ShopId, Refused> {
    let named = change.shop.as_deref().or(act.shop.as_ref().map(|shop| shop.0.as_str()));
    let named = named.ok_or_else(|| Refused::field("/shop", "missing", "name the shop"))?;
    let shop = shop_of(tx, act, named)?;
    if shop.network != card.network {
        return Err(Refused::field("/shop", "other_network", "is a shop of another network"));
    }
    if shop.closed {
        return Err(Refused::field("/shop", "closed", "is closed"));
    }
    Ok(shop.id)
}

/// The wallet that a card opens, opened now where there is none. The caller stores the card.
pub(crate) fn wallet_of(tx: &mut Tx<'_>, act: &Act, card: &mut Card) -> Result<WalletId, Refused> {
    if let Some(wallet) = &card.wallet {
        return Ok(wallet.clone());
    }
    let id = WalletId(random_id("w")?);
    tx.add_wallet(&Wallet {
        id: id.clone(),
        network: card.network.clone(),
        customer: card.customer.clone(),
        created_at: act.at,
        version: 1,
    })?;
    open_points(tx, &id)?;
    tx.changed("wallet", &id.0, act.at)?;
    card.wallet = Some(id.clone());
    Ok(id)
}

/// A card that the caller may look at.
pub(crate) fn identified(tx: &mut Tx<'_>, act: &Act, number: &str) -> Result<Card, Refused> {
    let given = Given::asked_for(number);
    let number = read_number(given)?;
    let found = tx.card(&number)?;
    let card = known(tx, act, found, &number, given.place)?;
    permitted(tx, act, &card, CardAction::Identify)?;
    Ok(card)
}

/// A card that this write is about to change.
pub(crate) fn card_to_change(
    tx: &mut Tx<'_>,
    act: &Act,
    given: Given<'_>,
) -> Result<Card, Refused> {
    let number = read_number(given)?;
    let found = tx.card_to_change(&number)?;
    known(tx, act, found, &number, given.place)
}

/// A card's number as it was given, and where: `{number}` is what the request is about, a JSON pointer
/// a field of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'n> {
    number: &'n str,
    place: &'static str,
}

impl<'n> Given<'n> {
    /// The number that the request is about.
    pub(crate) fn asked_for(number: &'n str) -> Self {
        Self { number, place: "{number}" }
    }

    /// A number in a field of the request.
    pub(crate) fn in_field(place: &'static str, number: &'n str) -> Self {
        Self { number, place }
    }
}

/// A number as it is stored.
fn read_number(given: Given<'_>) -> Result<CardId, Refused> {
    match CardNumber::parse(given.number, Scheme::Plain) {
        Ok(number) => Ok(CardId(number.as_str().to_owned())),
        Err(problem) => Err(Refused::field(given.place, "card_number", problem.to_string())),
    }
}

/// The card, if there is one and the caller may know of it; both are told alike. That a digit was
/// mistyped is told where no network could have such a number.
fn known(
    tx: &mut Tx<'_>,
    act: &Act,
    found: Option<Card>,
    number: &CardId,
    place: &str,
) -> Result<Card, Refused> {
    if let Some(card) = found.filter(|card| act.bounds.allow_network(&card.network.0)) {
        return Ok(card);
    }
    const NETWORKS_MAX: u32 = 1000;
    let networks = tx.networks("", NETWORKS_MAX)?;
    let wrong = networks.iter().map(|network| CardNumber::parse(&number.0, network.scheme).err());
    match wrong.collect::<Option<Vec<_>>>().and_then(|problems| problems.into_iter().next()) {
        Some(problem) => Err(Refused::field(place, "card_number", problem.to_string())),
        None => Err(Refused::NotFound { kind: "card", id: number.0.clone() }),
    }
}

/// Whether the caller may do this to a card of this network, here.
pub(crate) fn permitted(
    tx: &mut Tx<'_>,
    act: &Act,
    card: &Card,
    action: impl Into<CardAction>,
) -> Result<(), Refused> {
    let policy = card_policy(tx, &card.network.0)?;
    policy
        .permits(act.role, act.door, action)
        .map_err(|refusal| Refused::NotPermitted { why: refusal.to_string() })
}

/// The policy of a network: its own rows over the programme's over the standard.
fn card_policy(tx: &mut Tx<'_>, network: &str) -> Result<CardPolicy, Refused> {
    let mut policy = CardPolicy::standard();
    for scope in ["", network] {
        if let Some(rules) = tx.ruleset("card_policy", scope)? {
            let own: CardPolicy =
                serde_json::from_str(&rules.body).map_err(|error| Refused::Broken {
                    why: format!("the card policy of {scope:?} cannot be read: {error}"),
                })?;
            policy = policy.overridden(&own);
        }
    }
    Ok(policy)
}

/// A card's network must be one the caller may know; used before cards are made.
fn range_network(tx: &mut Tx<'_>, act: &Act, network: &str) -> Result<(), Refused> {
    network_of(tx, act, network).map(drop)
}

/// An id that nobody can guess.
pub(crate) fn random_id(prefix: &str) -> Result<String, Refused> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Refused::Broken {
        why: format!("the system gives no random bytes: {error}"),
    })?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{digits}"))
}

impl CardView {
    pub(crate) fn of(card: &Card) -> Self {
        let text = |id: &Option<CustomerId>| id.as_ref().map(|id| id.0.clone());
        Self {
            number: card.number.0.clone(),
            network: card.network.0.clone(),
            kind: card.kind,
            state: card.state,
            can: card.state.capabilities().to_vec(),
            wallet: card.wallet.as_ref().map(|id| id.0.clone()),
            customer: text(&card.customer),
            shop: card.shop.as_ref().map(|id| id.0.clone()),
            reason: card.reason.clone(),
            replaced_by: card.replaced_by.as_ref().map(|id| id.0.clone()),
            expires_on: card.expires_on,
            version: card.version,
        }
    }
}

impl CardEventView {
    fn of(id: i64, event: CardEvent) -> Self {
        Self {
            id,
            operation: event.operation,
            from: event.from,
            to: event.to,
            reason: event.reason,
            other_card: event.other_card.map(|card| card.0),
            actor: event.actor,
            role: event.role,
            door: event.door,
            shop: event.shop,
            till: event.till,
            request: event.request,
            at: event.at,
        }
    }
}
