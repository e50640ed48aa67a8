//! Migration from the programme before this one: its cards, balances and levels into the books.
//!
//! First everything is looked over beside what is stored and nothing is written ([`Plan`]); what is wrong
//! with a row is told as a problem with its place. Then the plan is written, so many rows a write: what
//! was interrupted is simply imported again, and what is there already is left as it is. Balances
//! are posted from the account `opening/{unit}`, each row a lot, or a debt where it is below nothing.
//! Start with [`Programme::look_over`]; `migration/cards.rs` judges cards, `migration/owners.rs` finds the
//! wallets they open, `migration/balances.rs` and `migration/levels.rs` judge what lies in these, and
//! `migration/writing.rs` writes it all.

mod balances;
mod cards;
mod levels;
mod owners;
mod report;
mod writing;

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger::{ChainId, Unit};
use membership::{LevelTable, Scheme};
use retail::{
    Batch, CardId, CustomerId, Day, Instant, NetworkId, OpeningBalance, OpeningCard, OpeningLevel,
    RowPlace, WalletId,
};
use sources::{FeedKind, Problem, ProblemCode};
use store::{Card, OpeningPosted, Tx, WalletLevel};

pub(crate) use writing::Earning;

pub use report::{CardsBrought, LevelsBrought, OpeningReport, RowsOf, UnitBrought};

use crate::{Programme, Refused};

/// Rows that are looked up with one read, and written with one write.
const AT_ONCE: usize = 512;

/// What a programme begins with, as it was read.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    cards: Vec<OpeningCard>,
    balances: Vec<OpeningBalance>,
    levels: Vec<OpeningLevel>,
}

impl Opening {
    /// Takes out of a part what does not go to the lake.
    pub(crate) fn take_from(&mut self, part: &mut Batch) {
        self.cards.append(&mut part.cards);
        self.balances.append(&mut part.balances);
        self.levels.append(&mut part.levels);
    }
}

/// What is to be written, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Rows that cannot be taken.
    pub problems: Vec<Problem>,
    /// What becomes of the others.
    pub report: OpeningReport,
    wallets: Vec<PlannedWallet>,
    cards: Vec<PlannedCard>,
    /// Known cards that get a wallet.
    attached: Vec<(CardId, usize)>,
    /// Accounts of the old programme and the wallets they become.
    accounts: Vec<(String, usize)>,
    balances: Vec<OpeningPosted>,
    levels: Vec<WalletLevel>,
    /// The import's name.
    batch: String,
}

/// A wallet that something is brought into.
#[derive(Debug)]
struct PlannedWallet {
    id: WalletId,
    network: NetworkId,
    /// The customer of all its cards; none where they are of several.
    customer: Option<CustomerId>,
    several: bool,
    /// Whether it is not stored yet.
    new: bool,
}

/// A card of the file that is good.
#[derive(Debug)]
struct PlannedCard {
    card: Card,
    place: RowPlace,
    account: Option<String>,
    wallet: Option<usize>,
    /// Whether it is stored already, with this content.
    known: bool,
    /// Whether it turned out to be wrong beside other cards.
    wrong: bool,
}

/// What is known while rows are looked over.
struct Looking {
    at: Instant,
    today: Day,
    networks: HashMap<String, Scheme>,
    /// Networks of shops.
    shops: HashMap<String, Option<NetworkId>>,
    /// Tables of levels, by network, with their scopes.
    tables: HashMap<String, Option<(String, LevelTable)>>,
    /// Of the rows that are looked at now, the cards and the accounts' wallets that are stored.
    stored_cards: HashMap<CardId, Card>,
    stored_accounts: HashMap<String, (WalletId, NetworkId)>,
    /// Places of the file's good cards.
    numbers: HashMap<CardId, usize>,
    /// Wallets by what opens them, and by their ids.
    by_group: HashMap<owners::Group, usize>,
    by_id: HashMap<WalletId, usize>,
    /// Accounts whose wallet is stored, or will be.
    noted: HashSet<String>,
    plan: Plan,
}

impl Programme {
    /// Looks over what a programme begins with, beside what is stored; writes nothing. `batch` names the
    /// import.
    ///
    /// # Errors
    /// When the database fails or published rules cannot be read.
    pub(crate) fn look_over(
        &self,
        opening: Opening,
        batch: &str,
        at: Instant,
    ) -> Result<Plan, Refused> {
        let mut looking = Looking::new(batch, at);
        let store = self.store()?;
        store.read(|tx| looking.networks(tx))?;
        for rows in opening.cards.chunks(AT_ONCE) {
            store.read(|tx| {
                looking.fetch_cards(tx, rows)?;
                rows.iter().try_for_each(|row| looking.card(tx, row))
            })?;
        }
        for from in (0..looking.plan.cards.len()).step_by(AT_ONCE) {
            store.read(|tx| looking.links(tx, from, from + AT_ONCE))?;
        }
        looking.refuse_wrong_links();
        // Wallets that are stored go before new ones, so that cards of one account find them.
        for known in [true, false] {
            for from in (0..looking.plan.cards.len()).step_by(AT_ONCE) {
                store.read(|tx| looking.wallets(tx, from, from + AT_ONCE, known))?;
            }
        }
        let mut lots = BTreeMap::new();
        for (from, rows) in (0..).step_by(AT_ONCE).zip(opening.balances.chunks(AT_ONCE)) {
            store.read(|tx| looking.balances(tx, from, rows, &mut lots))?;
        }
        let lots: Vec<_> = lots.into_iter().collect();
        for some in lots.chunks(AT_ONCE) {
            store.read(|tx| {
                some.iter()
                    .try_for_each(|(key, rows)| looking.lots(tx, key, rows, &opening.balances))
            })?;
        }
        let mut brought = HashMap::new();
        for rows in opening.levels.chunks(AT_ONCE) {
            store
                .read(|tx| rows.iter().try_for_each(|row| looking.level(tx, row, &mut brought)))?;
        }
        looking.count_cards();
        store.read(|tx| looking.books(tx))?;
        Ok(looking.plan)
    }
}

impl Looking {
    fn new(batch: &str, at: Instant) -> Self {
        let day = at.0.div_euclid(86_400_000_000);
        Self {
            at,
            today: Day(i32::try_from(day).unwrap_or(i32::MAX)),
            networks: HashMap::new(),
            shops: HashMap::new(),
            tables: HashMap::new(),
            stored_cards: HashMap::new(),
            stored_accounts: HashMap::new(),
            numbers: HashMap::new(),
            by_group: HashMap::new(),
            by_id: HashMap::new(),
            noted: HashSet::new(),
            plan: Plan { batch: batch.chars().take(32).collect(), ..Plan::default() },
        }
    }

    fn networks(&mut self, tx: &mut Tx<'_>) -> Result<(), Refused> {
        const MOST: u32 = 1000;
        let mut after = String::new();
        loop {
            let some = tx.networks(&after, MOST)?;
            let Some(last) = some.last() else { return Ok(()) };
            after.clone_from(&last.id.0);
            self.networks.extend(some.into_iter().map(|network| (network.id.0, network.scheme)));
        }
    }

    /// Sets a row aside.
    fn wrong(
        &mut self,
        (feed, place): (FeedKind, &RowPlace),
        code: ProblemCode,
        (field, value): (&str, &str),
        reason: impl Into<String>,
    ) {
        self.plan.problems.push(Problem {
            code,
            feed,
            file: place.file.clone(),
            line: place.line,
            field: field.to_owned(),
            value: value.to_owned(),
            reason: reason.into(),
        });
    }

    /// The chain of a row: a row of a batch is posted once.
    fn chain(&self, row: usize) -> ChainId {
        ChainId(format!("opening/{}/{row}", self.plan.batch))
    }

    /// What the books say of each unit before anything is posted.
    fn books(&mut self, tx: &mut Tx<'_>) -> Result<(), Refused> {
        for (unit, brought) in &mut self.plan.report.balances {
            let unit = Unit(unit.clone());
            let account = tx.account(&ledger::AccountId::opening(&unit))?;
            brought.opening_before = account.map_or(0, |account| account.balance());
            brought.noted_before = tx.opening_sum(&unit)?;
        }
        self.plan.report.as_if_posted();
        Ok(())
    }
}
