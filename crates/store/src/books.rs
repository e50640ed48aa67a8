//! The ledger's books in SQL: what `ledger` asks for, statement by statement.

mod many;

use ledger::{
    Account, AccountId, Books, ChainId, Hold, HoldState, Lot, LotId, Posted, TransferId, Unit, Use,
};
use retail::Instant;

use crate::statement::{Params, Row, Statement, Value, sql};
use crate::{DbError, Tx};

static ACCOUNT_OPEN: Statement = sql!("account/open");
static ACCOUNT_READ: Statement = sql!("account/read");
static ACCOUNT_LOCK: Statement = sql!("account/read", "account/lock.postgres");
static ACCOUNT_BOUND: Statement = sql!("account/bound");
static ACCOUNT_PUT: Statement = sql!("account/put");
static ACCOUNT_ALL: Statement = sql!("account/all");
static TRANSFER_ADD: Statement = sql!("transfer/add");
static TRANSFER_READ: Statement = sql!("transfer/read");
static TRANSFER_OF_CHAIN: Statement = sql!("transfer/of_chain");
static TRANSFER_INTO: Statement = sql!("transfer/into");
static TRANSFER_OF_ACCOUNT: Statement = sql!("transfer/of_account");
static TRANSFER_REVERSED: Statement = sql!("transfer/reversed");
static TRANSFER_ALL: Statement = sql!("transfer/all");
static ENTRY_ADD: Statement = sql!("entry/add");
static HOLD_READ: Statement = sql!("hold/read");
static HOLD_ADD: Statement = sql!("hold/add");
static HOLD_PUT: Statement = sql!("hold/put");
static HOLD_DUE: Statement = sql!("hold/due");
static HOLD_ALL: Statement = sql!("hold/all");
static LOT_READ: Statement = sql!("lot/read");
static LOT_SPENDABLE: Statement = sql!("lot/spendable");
static LOT_OF_SOURCE: Statement = sql!("lot/of_source");
static LOT_OF_ACCOUNT: Statement = sql!("lot/of_account");
static LOT_ADD: Statement = sql!("lot/add");
static LOT_PUT: Statement = sql!("lot/put");
static LOT_DUE: Statement = sql!("lot/due");
static LOT_ALL: Statement = sql!("lot/all");
static USE_OF_TRANSFER: Statement = sql!("lot_use/of_transfer");
static USE_ADD: Statement = sql!("lot_use/add");
static USE_PUT: Statement = sql!("lot_use/put");
static USE_ALL: Statement = sql!("lot_use/all");

impl Tx<'_> {
    /// Opens an account with nothing on it, unless it is open already.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open_account(
        &mut self,
        id: &AccountId,
        unit: &Unit,
        overdraft_max: Option<i64>,
        lots: bool,
    ) -> Result<(), DbError> {
        self.open_accounts(std::slice::from_ref(id), unit, overdraft_max, lots)
    }

    /// The same for many accounts of one kind.
    ///
    /// # Errors
    /// As [`Tx::open_account`].
    pub fn open_accounts(
        &mut self,
        ids: &[AccountId],
        unit: &Unit,
        overdraft_max: Option<i64>,
        lots: bool,
    ) -> Result<(), DbError> {
        let params = |id| {
            [
                ("id", id),
                ("unit", (&unit.0).into()),
                ("overdraft_max", overdraft_max.into()),
                ("lots", lots.into()),
            ]
        };
        let rows: Vec<_> = ids.iter().map(|id| params((&id.0).into())).collect();
        self.execute_each(&ACCOUNT_OPEN, &rows).map(drop)
    }

    /// Says how far below zero an account may go from now on, but never above where it stands already: what
    /// was given stays given.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn bound_account(&mut self, id: &AccountId, overdraft_max: i64) -> Result<(), DbError> {
        let params = [("overdraft_max", overdraft_max.into()), ("id", (&id.0).into())];
        self.execute(&ACCOUNT_BOUND, &params).map(drop)
    }

    /// An account, if there is one of this id.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn account(&mut self, id: &AccountId) -> Result<Option<Account>, DbError> {
        self.row(&ACCOUNT_READ, &[("id", (&id.0).into())], account)
    }

    /// Transfers of an account that keeps lots, before a moment and, at that moment, before an id; the newest first, at
    /// most so many.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn transfers_of_account(
        &mut self,
        id: &AccountId,
        before: (Instant, &str),
        most: u32,
    ) -> Result<Vec<Posted>, DbError> {
        let params = [
            ("account", (&id.0).into()),
            ("at", before.0.0.into()),
            ("id", before.1.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&TRANSFER_OF_ACCOUNT, &params, posted)
    }

    /// Transfers since a moment out of an account that keeps lots into another, the earliest first.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn transfers_into(
        &mut self,
        id: &AccountId,
        into: &AccountId,
        since: Instant,
    ) -> Result<Vec<Posted>, DbError> {
        let params =
            [("account", (&id.0).into()), ("into", (&into.0).into()), ("since", since.0.into())];
        self.rows(&TRANSFER_INTO, &params, posted)
    }

    /// Lots of an account with something in them, the next to expire first.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn lots_of_account(&mut self, id: &AccountId) -> Result<Vec<Lot>, DbError> {
        self.rows(&LOT_OF_ACCOUNT, &[("account", (&id.0).into())], lot)
    }

    /// Lots with something free in them that have expired by a moment, after an account and lot, at most
    /// so many.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn lots_due(
        &mut self,
        at: Instant,
        after: (&str, &str),
        most: u32,
    ) -> Result<Vec<Lot>, DbError> {
        let params = [
            ("account", after.0.into()),
            ("id", after.1.into()),
            ("at", at.0.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&LOT_DUE, &params, lot)
    }

    /// Holds that nobody resolved in time, at most so many.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn holds_due(&mut self, at: Instant, most: u32) -> Result<Vec<Hold>, DbError> {
        self.rows(&HOLD_DUE, &[("at", at.0.into()), ("most", i64::from(most).into())], hold)
    }

    /// Everything in the books, for an auditor; of a large programme it takes long and much memory.
    ///
    /// # Errors
    /// As [`Tx::account`].
    pub fn books_whole(&mut self) -> Result<BooksWhole, DbError> {
        Ok(BooksWhole {
            accounts: self.rows(&ACCOUNT_ALL, &[], account)?,
            posted: self.rows(&TRANSFER_ALL, &[], posted)?,
            holds: self.rows(&HOLD_ALL, &[], hold)?,
            lots: self.rows(&LOT_ALL, &[], lot)?,
            uses: self.rows(&USE_ALL, &[], lot_use)?,
        })
    }
}

/// All rows of the books.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the types say it
pub struct BooksWhole {
    pub accounts: Vec<Account>,
    pub posted: Vec<Posted>,
    pub holds: Vec<Hold>,
    pub lots: Vec<Lot>,
    pub uses: Vec<Use>,
}

impl Books for Tx<'_> {
    type Error = DbError;

    fn chain(&mut self, id: &ChainId) -> Result<Vec<Posted>, DbError> {
        let (from, until) = (format!("{id}/"), format!("{id}0"));
        let params =
            [("from", (&from).into()), ("until", (&until).into()), ("chain", (&id.0).into())];
        self.rows(&TRANSFER_OF_CHAIN, &params, posted)
    }

    fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Account>>, DbError> {
        ids.iter().map(|id| self.row(&ACCOUNT_LOCK, &[("id", (&id.0).into())], account)).collect()
    }

    fn posted(&mut self, id: &TransferId) -> Result<Option<Posted>, DbError> {
        self.row(&TRANSFER_READ, &[("id", (&id.0).into())], posted)
    }

    fn reversed(&mut self, of: &TransferId) -> Result<i64, DbError> {
        let sum = self.row(&TRANSFER_REVERSED, &[("of", (&of.0).into())], Row::integer)?;
        Ok(sum.unwrap_or(0))
    }

    fn hold(&mut self, id: &TransferId) -> Result<Option<Hold>, DbError> {
        self.row(&HOLD_READ, &[("id", (&id.0).into())], hold)
    }

    fn lot(&mut self, id: &LotId) -> Result<Option<Lot>, DbError> {
        self.row(&LOT_READ, &[("id", (&id.0).into())], lot)
    }

    fn spendable_lots(&mut self, account: &AccountId, at: Instant) -> Result<Vec<Lot>, DbError> {
        self.rows(&LOT_SPENDABLE, &[("account", (&account.0).into()), ("at", at.0.into())], lot)
    }

    fn lots_of(&mut self, source: &TransferId) -> Result<Vec<Lot>, DbError> {
        self.rows(&LOT_OF_SOURCE, &[("source", (&source.0).into())], lot)
    }

    fn uses(&mut self, transfer: &TransferId) -> Result<Vec<Use>, DbError> {
        self.rows(&USE_OF_TRANSFER, &[("transfer", (&transfer.0).into())], lot_use)
    }

    fn put_account(&mut self, account: &Account) -> Result<(), DbError> {
        let params = [
            ("closed", account.closed.into()),
            ("debits_pending", account.debits_pending.into()),
            ("debits_posted", account.debits_posted.into()),
            ("credits_pending", account.credits_pending.into()),
            ("credits_posted", account.credits_posted.into()),
            ("id", (&account.id.0).into()),
        ];
        self.execute(&ACCOUNT_PUT, &params).map(drop)
    }

    fn put_posted(&mut self, posted: &Posted) -> Result<(), DbError> {
        let asked = asked(posted)?;
        self.execute(&TRANSFER_ADD, &of_transfer(posted, &asked))?;
        let entry = [
            ("at", posted.at.0.into()),
            ("transfer", (&posted.id.0).into()),
            ("debit", (&posted.debit.0).into()),
            ("credit", (&posted.credit.0).into()),
        ];
        self.execute(&ENTRY_ADD, &entry).map(drop)
    }

    fn put_hold(&mut self, hold: &Hold, new: bool) -> Result<(), DbError> {
        let opens = hold.opens.map(|terms| as_json("hold/add", &terms)).transpose()?;
        let all = [
            ("state", state_name(hold.state).into()),
            ("posted", hold.posted.into()),
            ("id", (&hold.id.0).into()),
            ("debit", (&hold.debit.0).into()),
            ("credit", (&hold.credit.0).into()),
            ("unit", (&hold.unit.0).into()),
            ("amount", hold.amount.into()),
            ("expires_at", hold.expires_at.0.into()),
            ("opens", opens.as_ref().into()),
        ];
        self.put(new, &HOLD_ADD, &HOLD_PUT, &all)
    }

    fn put_lot(&mut self, lot: &Lot, new: bool) -> Result<(), DbError> {
        self.put(new, &LOT_ADD, &LOT_PUT, &of_lot(lot))
    }

    fn put_use(&mut self, used: &Use, new: bool) -> Result<(), DbError> {
        let all = [
            ("amount", used.amount.into()),
            ("restored", used.restored.into()),
            ("transfer", (&used.transfer.0).into()),
            ("position", i64::from(used.position).into()),
            ("lot", (&used.lot.0).into()),
        ];
        self.put(new, &USE_ADD, &USE_PUT, &all)
    }
}

impl Tx<'_> {
    /// Adds a row or changes what of it may change.
    fn put(
        &mut self,
        new: bool,
        add: &'static Statement,
        change: &'static Statement,
        all: &Params<'_>,
    ) -> Result<(), DbError> {
        self.execute(if new { add } else { change }, all).map(drop)
    }
}

/// What was asked for, as JSON.
fn asked(posted: &Posted) -> Result<String, DbError> {
    as_json("transfer/add", &posted.transfer)
}

fn of_transfer<'a>(posted: &'a Posted, asked: &'a str) -> [(&'static str, Value<'a>); 10] {
    let reverse_of = match &posted.transfer.action {
        ledger::Action::Reverse { of } => Some(&of.0),
        _ => None,
    };
    [
        ("id", (&posted.id.0).into()),
        ("chain", (&posted.chain.0).into()),
        ("position", i64::from(posted.position).into()),
        ("at", posted.at.0.into()),
        ("debit", (&posted.debit.0).into()),
        ("credit", (&posted.credit.0).into()),
        ("unit", (&posted.unit.0).into()),
        ("amount", posted.amount.into()),
        ("reverse_of", reverse_of.into()),
        ("asked", asked.into()),
    ]
}

fn of_lot(lot: &Lot) -> [(&'static str, Value<'_>); 8] {
    [
        ("remaining", lot.remaining.into()),
        ("held", lot.held.into()),
        ("id", (&lot.id.0).into()),
        ("account", (&lot.account.0).into()),
        ("amount", lot.amount.into()),
        ("activates_at", lot.activates_at.0.into()),
        ("expires_at", lot.expires_at.map(|at| at.0).into()),
        ("source", (&lot.source.0).into()),
    ]
}

fn account(row: &mut Row) -> Result<Account, DbError> {
    Ok(Account {
        id: AccountId(row.text()?),
        unit: Unit(row.text()?),
        overdraft_max: row.integer_or_null()?,
        lots: row.flag()?,
        closed: row.flag()?,
        debits_pending: row.integer()?,
        debits_posted: row.integer()?,
        credits_pending: row.integer()?,
        credits_posted: row.integer()?,
    })
}

fn posted(row: &mut Row) -> Result<Posted, DbError> {
    Ok(Posted {
        id: TransferId(row.text()?),
        chain: ChainId(row.text()?),
        position: row.small()?,
        at: Instant(row.integer()?),
        debit: AccountId(row.text()?),
        credit: AccountId(row.text()?),
        unit: Unit(row.text()?),
        amount: row.integer()?,
        transfer: row.json()?,
    })
}

fn hold(row: &mut Row) -> Result<Hold, DbError> {
    Ok(Hold {
        id: TransferId(row.text()?),
        debit: AccountId(row.text()?),
        credit: AccountId(row.text()?),
        unit: Unit(row.text()?),
        amount: row.integer()?,
        expires_at: Instant(row.integer()?),
        state: row.understood("the state of a hold", state)?,
        posted: row.integer()?,
        opens: row.json_or_null()?,
    })
}

fn lot(row: &mut Row) -> Result<Lot, DbError> {
    Ok(Lot {
        id: LotId(row.text()?),
        account: AccountId(row.text()?),
        amount: row.integer()?,
        remaining: row.integer()?,
        held: row.integer()?,
        activates_at: Instant(row.integer()?),
        expires_at: row.integer_or_null()?.map(Instant),
        source: TransferId(row.text()?),
    })
}

fn lot_use(row: &mut Row) -> Result<Use, DbError> {
    Ok(Use {
        transfer: TransferId(row.text()?),
        position: row.small()?,
        lot: LotId(row.text()?),
        amount: row.integer()?,
        restored: row.integer()?,
    })
}

fn state_name(state: HoldState) -> &'static str {
    match state {
        HoldState::Pending => "pending",
        HoldState::Posted => "posted",
        HoldState::Voided => "voided",
        HoldState::Expired => "expired",
    }
}

fn state(name: &str) -> Option<HoldState> {
    [HoldState::Pending, HoldState::Posted, HoldState::Voided, HoldState::Expired]
        .into_iter()
        .find(|state| state_name(*state) == name)
}

fn as_json(statement: &'static str, value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value)
        .map_err(|error| DbError::Failed { statement, why: error.to_string() })
}
