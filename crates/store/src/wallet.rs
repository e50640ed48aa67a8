//! Wallets, which hold what cards show, and the levels they have reached.

use retail::{CustomerId, Day, Instant, NetworkId, WalletId};

use crate::statement::{Row, Statement, Value, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("wallet/add");
static READ: Statement = sql!("wallet/read");
static OF_CUSTOMER: Statement = sql!("wallet/of_customer");
static PUT: Statement = sql!("wallet/put");
// A receipt that is under way has the card: it is stored by the time that receipts are looked at.
static FORGET: [Statement; 4] = [
    sql!("card/forget_customer"),
    sql!("wallet/forget_customer"),
    sql!("receipt/forget_customer"),
    sql!("coupon/forget_customer"),
];
static LEVELS: Statement = sql!("wallet_level/of_wallet");
static LEVELS_DUE: Statement = sql!("wallet_level/due");
static LEVEL_PUT: Statement = sql!("wallet_level/put");

/// What holds the points of one customer or family.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub struct Wallet {
    pub id: WalletId,
    /// The network whose card opened it.
    pub network: NetworkId,
    pub customer: Option<CustomerId>,
    pub created_at: Instant,
    pub version: i64,
}

/// The level that a wallet has in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletLevel {
    /// Whose.
    pub wallet: WalletId,
    /// A network's id; empty for the programme.
    pub scope: String,
    /// The level's id.
    pub level: String,
    /// First day of it.
    pub since: Day,
    /// Day on which it may go down.
    pub review_on: Option<Day>,
    /// Last day of a level granted by hand.
    pub granted_until: Option<Day>,
    /// Who granted it.
    pub granted_by: Option<String>,
}

impl Tx<'_> {
    /// Takes a customer's id out of receipts, cards and wallets, and his own coupons away; says of how many
    /// rows.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget_customer(&mut self, customer: &CustomerId) -> Result<u64, DbError> {
        let mut rows = 0;
        for statement in &FORGET {
            rows += self.execute(statement, &[("customer", (&customer.0).into())])?;
        }
        Ok(rows)
    }

    /// Adds a wallet.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the id is taken.
    pub fn add_wallet(&mut self, wallet: &Wallet) -> Result<(), DbError> {
        self.add_wallets(&[wallet])
    }

    /// Adds wallets.
    ///
    /// # Errors
    /// As [`Tx::add_wallet`].
    pub fn add_wallets(&mut self, wallets: &[&Wallet]) -> Result<(), DbError> {
        let rows: Vec<_> = wallets.iter().map(|wallet| of_wallet(wallet)).collect();
        self.execute_each(&ADD, &rows).map(drop)
    }

    /// A wallet.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn wallet(&mut self, id: &WalletId) -> Result<Option<Wallet>, DbError> {
        self.row(&READ, &[("id", (&id.0).into())], wallet)
    }

    /// A customer's wallets.
    ///
    /// # Errors
    /// As [`Tx::wallet`].
    pub fn wallets_of(&mut self, customer: &CustomerId) -> Result<Vec<Wallet>, DbError> {
        self.rows(&OF_CUSTOMER, &[("customer", (&customer.0).into())], wallet)
    }

    /// Changes whose a wallet is, if it has this version still; whether it had.
    ///
    /// # Errors
    /// As [`Tx::wallet`].
    pub fn put_wallet(&mut self, wallet: &Wallet) -> Result<bool, DbError> {
        let params = [
            ("customer", wallet.customer.as_ref().map(|id| &id.0).into()),
            ("id", (&wallet.id.0).into()),
            ("version", wallet.version.into()),
        ];
        Ok(self.execute(&PUT, &params)? == 1)
    }

    /// A wallet's levels, one a scope.
    ///
    /// # Errors
    /// As [`Tx::wallet`].
    pub fn levels_of(&mut self, wallet: &WalletId) -> Result<Vec<WalletLevel>, DbError> {
        self.rows(&LEVELS, &[("wallet", (&wallet.0).into())], level)
    }

    /// Levels whose day of review has come, after a wallet and scope, at most so many.
    ///
    /// # Errors
    /// As [`Tx::wallet`].
    pub fn levels_due(
        &mut self,
        day: Day,
        after: (&str, &str),
        most: u32,
    ) -> Result<Vec<WalletLevel>, DbError> {
        let params = [
            ("day", i64::from(day.0).into()),
            ("wallet", after.0.into()),
            ("scope", after.1.into()),
            ("most", i64::from(most).into()),
        ];
        self.rows(&LEVELS_DUE, &params, level)
    }

    /// Sets the level of a wallet in a scope.
    ///
    /// # Errors
    /// As [`Tx::wallet`].
    pub fn put_level(&mut self, level: &WalletLevel) -> Result<(), DbError> {
        let day = |day: Day| i64::from(day.0);
        let params = [
            ("wallet", (&level.wallet.0).into()),
            ("scope", (&level.scope).into()),
            ("level", (&level.level).into()),
            ("since", day(level.since).into()),
            ("review_on", level.review_on.map(day).into()),
            ("granted_until", level.granted_until.map(day).into()),
            ("granted_by", level.granted_by.as_ref().into()),
        ];
        self.execute(&LEVEL_PUT, &params).map(drop)
    }
}

fn of_wallet(wallet: &Wallet) -> [(&'static str, Value<'_>); 4] {
    [
        ("id", (&wallet.id.0).into()),
        ("network", (&wallet.network.0).into()),
        ("customer", wallet.customer.as_ref().map(|id| &id.0).into()),
        ("at", wallet.created_at.0.into()),
    ]
}

fn wallet(row: &mut Row) -> Result<Wallet, DbError> {
    Ok(Wallet {
        id: WalletId(row.text()?),
        network: NetworkId(row.text()?),
        customer: row.text_or_null()?.map(CustomerId),
        created_at: Instant(row.integer()?),
        version: row.integer()?,
    })
}

fn level(row: &mut Row) -> Result<WalletLevel, DbError> {
    Ok(WalletLevel {
        wallet: WalletId(row.text()?),
        scope: row.text()?,
        level: row.text()?,
        since: row.day()?,
        review_on: row.day_or_null()?,
        granted_until: row.day_or_null()?,
        granted_by: row.text_or_null()?,
    })
}
