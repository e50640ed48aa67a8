//! Cards, what became of them, and the ranges and print batches they come from.

use membership::{CardKind, CardState, NumberRange};
use retail::{CardId, CustomerId, Day, Instant, NetworkId, ShopId, WalletId};

use crate::statement::{Row, Statement, Value, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("card/add");
static READ: Statement = sql!("card/read");
static SOME: Statement = sql!("card/some");
static LOCK: Statement = sql!("card/read", "card/lock.postgres");
static PUT: Statement = sql!("card/put");
static OF_WALLET: Statement = sql!("card/of_wallet");
static OF_CUSTOMER: Statement = sql!("card/of_customer");
static OF_BATCH: Statement = sql!("card/of_batch");
static EXPIRED: Statement = sql!("card/expired");
static BEFORE_BLOCK: Statement = sql!("card_event/before_block");
static EVENT_ADD: Statement = sql!("card_event/add");
static EVENTS: Statement = sql!("card_event/of_card");
static RANGE_ADD: Statement = sql!("number_range/add");
static RANGE_LOCK: Statement = sql!("number_range/read", "number_range/lock.postgres");
static RANGE_LIST: Statement = sql!("number_range/list");
static RANGE_ADVANCE: Statement = sql!("number_range/advance");
static BATCH_ADD: Statement = sql!("print_batch/add");
static BATCH_READ: Statement = sql!("print_batch/read");

/// What identifies a customer at the till.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct Card {
    pub number: CardId,
    pub network: NetworkId,
    pub kind: CardKind,
    pub state: CardState,
    /// What it opens; none until it is issued or first earns.
    pub wallet: Option<WalletId>,
    pub customer: Option<CustomerId>,
    pub print_batch: Option<String>,
    /// The shop it was prepared for, or issued in.
    pub shop: Option<ShopId>,
    /// Why it is blocked.
    pub reason: Option<String>,
    pub replaced_by: Option<CardId>,
    /// Last day it is good.
    pub expires_on: Option<Day>,
    pub changed_at: Instant,
    /// Grows with every change.
    pub version: i64,
}

/// Something that was done to a card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CardEvent {
    pub card: CardId,
    pub operation: String,
    pub from: CardState,
    pub to: CardState,
    pub reason: Option<String>,
    /// The card it was replaced by, or that it replaces.
    pub other_card: Option<CardId>,
    pub actor: String,
    pub role: String,
    pub door: String,
    pub shop: Option<String>,
    pub till: Option<String>,
    pub request: String,
    pub at: Instant,
}

/// Numbers from which cards of a network are made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RangeOfNumbers {
    pub id: String,
    pub network: NetworkId,
    pub card_kind: CardKind,
    pub range: NumberRange,
    /// By what numbers of virtual cards are scattered over it.
    pub scatter_key: ScatterKey,
    /// The first index that no card has yet.
    pub next_index: i64,
    pub created_at: Instant,
    pub version: i64,
}

/// A secret by which numbers are scattered; it shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct ScatterKey(pub [u8; 32]);

impl std::fmt::Debug for ScatterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScatterKey(…)")
    }
}

impl ScatterKey {
    fn to_text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut key = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (place, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
        }
        Some(Self(key))
    }
}

/// Cards that were made and printed together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Printed {
    pub id: String,
    pub number_range: String,
    pub from_index: i64,
    pub cards: i64,
    pub shop: Option<ShopId>,
    pub created_at: Instant,
}

impl Tx<'_> {
    /// Adds a card; whether its number was free.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_card(&mut self, card: &Card) -> Result<bool, DbError> {
        Ok(self.add_cards(&[card])? == 1)
    }

    /// Adds cards; how many of their numbers were free.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn add_cards(&mut self, cards: &[&Card]) -> Result<u64, DbError> {
        let rows: Vec<_> = cards.iter().map(|card| all(card)).collect();
        self.execute_each(&ADD, &rows)
    }

    /// A card.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn card(&mut self, number: &CardId) -> Result<Option<Card>, DbError> {
        self.row(&READ, &[("number", (&number.0).into())], card)
    }

    /// Those of some cards that there are, in any sequence.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn cards(&mut self, numbers: &[CardId]) -> Result<Vec<Card>, DbError> {
        let rows: Vec<_> = numbers.iter().map(|number| [("number", (&number.0).into())]).collect();
        self.rows_each(&SOME, &rows, card)
    }

    /// A card that this write is about to change: nobody else changes it meanwhile.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn card_to_change(&mut self, number: &CardId) -> Result<Option<Card>, DbError> {
        self.row(&LOCK, &[("number", (&number.0).into())], card)
    }

    /// Stores a changed card.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn put_card(&mut self, card: &Card) -> Result<(), DbError> {
        self.execute(&PUT, &all(card)).map(drop)
    }

    /// Cards that open a wallet.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn cards_of_wallet(&mut self, wallet: &WalletId) -> Result<Vec<Card>, DbError> {
        self.rows(&OF_WALLET, &[("wallet", (&wallet.0).into())], card)
    }

    /// A customer's cards.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn cards_of_customer(&mut self, customer: &CustomerId) -> Result<Vec<Card>, DbError> {
        self.rows(&OF_CUSTOMER, &[("customer", (&customer.0).into())], card)
    }

    /// Cards of a print batch after a number, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn cards_of_batch(
        &mut self,
        batch: &str,
        after: &str,
        most: u32,
    ) -> Result<Vec<Card>, DbError> {
        let params = [
            ("print_batch", batch.into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&OF_BATCH, &params, card)
    }

    /// Cards whose last day is over and that do not say so, at most so many.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn cards_past_their_day(&mut self, day: Day, most: u32) -> Result<Vec<Card>, DbError> {
        let params = [("day", i64::from(day.0).into()), ("most", i64::from(most).into())];
        self.rows(&EXPIRED, &params, card)
    }

    /// Notes what was done to a card.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn add_card_event(&mut self, event: &CardEvent) -> Result<(), DbError> {
        self.add_card_events(std::slice::from_ref(event))
    }

    /// Notes what was done to cards.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn add_card_events(&mut self, events: &[CardEvent]) -> Result<(), DbError> {
        let rows: Vec<_> = events.iter().map(of_event).collect();
        self.execute_each(&EVENT_ADD, &rows).map(drop)
    }

    /// What was done to a card after a number, oldest first, at most so much, each with its number.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn card_events(
        &mut self,
        number: &CardId,
        after: i64,
        most: u32,
    ) -> Result<Vec<(i64, CardEvent)>, DbError> {
        let params = [
            ("card", (&number.0).into()),
            ("after", after.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&EVENTS, &params, event)
    }

    /// Where a card stood when it was last blocked, if that was done here.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn state_before_block(&mut self, number: &CardId) -> Result<Option<CardState>, DbError> {
        self.row(&BEFORE_BLOCK, &[("card", (&number.0).into())], |row| {
            row.understood("a state of a card", |text| text.parse().ok())
        })
    }

    /// Adds a range of numbers; whether its id was free.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn add_range(&mut self, range: &RangeOfNumbers) -> Result<bool, DbError> {
        let body = serde_json::to_string(&range.range);
        let body = body.map_err(|error| DbError::Failed {
            statement: "number_range/add",
            why: error.to_string(),
        })?;
        let scatter_key = range.scatter_key.to_text();
        let params = [
            ("id", (&range.id).into()),
            ("network", (&range.network.0).into()),
            ("card_kind", range.card_kind.as_str().into()),
            ("body", (&body).into()),
            ("scatter_key", (&scatter_key).into()),
            ("at", range.created_at.0.into()),
        ];
        Ok(self.execute(&RANGE_ADD, &params)? == 1)
    }

    /// A range from which this write takes numbers: nobody else takes any meanwhile.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn range_to_take_from(&mut self, id: &str) -> Result<Option<RangeOfNumbers>, DbError> {
        self.row(&RANGE_LOCK, &[("id", id.into())], range)
    }

    /// All ranges: there are few.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn ranges(&mut self) -> Result<Vec<RangeOfNumbers>, DbError> {
        self.rows(&RANGE_LIST, &[], range)
    }

    /// Says which index of a range is the next.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn advance_range(&mut self, id: &str, next_index: i64) -> Result<(), DbError> {
        self.execute(&RANGE_ADVANCE, &[("next_index", next_index.into()), ("id", id.into())])
            .map(drop)
    }

    /// Adds a print batch; whether its id was free.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn add_print_batch(&mut self, batch: &Printed) -> Result<bool, DbError> {
        let params = [
            ("id", (&batch.id).into()),
            ("number_range", (&batch.number_range).into()),
            ("from_index", batch.from_index.into()),
            ("cards", batch.cards.into()),
            ("shop", batch.shop.as_ref().map(|shop| &shop.0).into()),
            ("at", batch.created_at.0.into()),
        ];
        Ok(self.execute(&BATCH_ADD, &params)? == 1)
    }

    /// A print batch.
    ///
    /// # Errors
    /// As [`Tx::add_card`].
    pub fn print_batch(&mut self, id: &str) -> Result<Option<Printed>, DbError> {
        self.row(&BATCH_READ, &[("id", id.into())], |row| {
            Ok(Printed {
                id: row.text()?,
                number_range: row.text()?,
                from_index: row.integer()?,
                cards: row.integer()?,
                shop: row.text_or_null()?.map(ShopId),
                created_at: Instant(row.integer()?),
            })
        })
    }
}

/// A card's columns; a statement takes those it names.
fn all(card: &Card) -> [(&'static str, Value<'_>); 12] {
    [
        ("number", (&card.number.0).into()),
        ("network", (&card.network.0).into()),
        ("kind", card.kind.as_str().into()),
        ("state", card.state.as_str().into()),
        ("wallet", card.wallet.as_ref().map(|id| &id.0).into()),
        ("customer", card.customer.as_ref().map(|id| &id.0).into()),
        ("print_batch", card.print_batch.as_ref().into()),
        ("shop", card.shop.as_ref().map(|id| &id.0).into()),
        ("reason", card.reason.as_ref().into()),
        ("replaced_by", card.replaced_by.as_ref().map(|id| &id.0).into()),
        ("expires_on", card.expires_on.map(|day| i64::from(day.0)).into()),
        ("changed_at", card.changed_at.0.into()),
    ]
}

fn of_event(event: &CardEvent) -> [(&'static str, Value<'_>); 13] {
    [
        ("card", (&event.card.0).into()),
        ("operation", (&event.operation).into()),
        ("from_state", event.from.as_str().into()),
        ("to_state", event.to.as_str().into()),
        ("reason", event.reason.as_ref().into()),
        ("other_card", event.other_card.as_ref().map(|id| &id.0).into()),
        ("actor", (&event.actor).into()),
        ("role", (&event.role).into()),
        ("door", (&event.door).into()),
        ("shop", event.shop.as_ref().into()),
        ("till", event.till.as_ref().into()),
        ("request", (&event.request).into()),
        ("at", event.at.0.into()),
    ]
}

fn card(row: &mut Row) -> Result<Card, DbError> {
    Ok(Card {
        number: CardId(row.text()?),
        network: NetworkId(row.text()?),
        kind: row.understood("a kind of card", |text| text.parse().ok())?,
        state: row.understood("a state of a card", |text| text.parse().ok())?,
        wallet: row.text_or_null()?.map(WalletId),
        customer: row.text_or_null()?.map(CustomerId),
        print_batch: row.text_or_null()?,
        shop: row.text_or_null()?.map(ShopId),
        reason: row.text_or_null()?,
        replaced_by: row.text_or_null()?.map(CardId),
        expires_on: row.day_or_null()?,
        changed_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}

fn event(row: &mut Row) -> Result<(i64, CardEvent), DbError> {
    let id = row.integer()?;
    let event = CardEvent {
        card: CardId(row.text()?),
        operation: row.text()?,
        from: row.understood("a state of a card", |text| text.parse().ok())?,
        to: row.understood("a state of a card", |text| text.parse().ok())?,
        reason: row.text_or_null()?,
        other_card: row.text_or_null()?.map(CardId),
        actor: row.text()?,
        role: row.text()?,
        door: row.text()?,
        shop: row.text_or_null()?,
        till: row.text_or_null()?,
        request: row.text()?,
        at: Instant(row.integer()?),
    };
    Ok((id, event))
}

fn range(row: &mut Row) -> Result<RangeOfNumbers, DbError> {
    Ok(RangeOfNumbers {
        id: row.text()?,
        network: NetworkId(row.text()?),
        card_kind: row.understood("a kind of card", |text| text.parse().ok())?,
        range: row.json()?,
        scatter_key: row.understood("a key", ScatterKey::of_text)?,
        next_index: row.integer()?,
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}
