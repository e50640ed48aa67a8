//! What wallets began with, as it was brought from the programme before this one.

use ledger::{ChainId, Unit};
use retail::{Instant, NetworkId, WalletId};

use crate::statement::{Row, Statement, Value, sql};
use crate::{DbError, Tx};

static ACCOUNT_ADD: Statement = sql!("opening_account/add");
static ACCOUNT_READ: Statement = sql!("opening_account/read");
static ACCOUNTS: Statement = sql!("opening_account/some");
static BALANCE_ADD: Statement = sql!("opening_balance/add");
static BALANCES: Statement = sql!("opening_balance/of_wallet");
static BALANCE_SUM: Statement = sql!("opening_balance/sum");

/// A balance as it was brought: one lot, or a debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningPosted {
    /// The chain that posted it.
    pub chain: ChainId,
    /// Into which wallet.
    pub wallet: WalletId,
    /// What is counted.
    pub unit: Unit,
    /// How much, in the unit's smallest part; less than nothing is owed.
    pub amount: i64,
    /// From when on it may be spent, if that was said.
    pub activates_at: Option<Instant>,
    /// From when on it may no longer be spent, if ever.
    pub expires_at: Option<Instant>,
}

impl Tx<'_> {
    /// Notes which wallets accounts of the old programme have become, unless that is known.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_opening_accounts(&mut self, accounts: &[(String, WalletId)]) -> Result<(), DbError> {
        let rows: Vec<[(&str, Value<'_>); 2]> = accounts
            .iter()
            .map(|(account, wallet)| [("account", account.into()), ("wallet", (&wallet.0).into())])
            .collect();
        self.execute_each(&ACCOUNT_ADD, &rows).map(drop)
    }

    /// The wallet that an account of the old programme has become, and its network.
    ///
    /// # Errors
    /// As [`Tx::add_opening_accounts`].
    pub fn opening_account(
        &mut self,
        account: &str,
    ) -> Result<Option<(WalletId, NetworkId)>, DbError> {
        self.row(&ACCOUNT_READ, &[("account", account.into())], |row| {
            Ok((WalletId(row.text()?), NetworkId(row.text()?)))
        })
    }

    /// Of some accounts of the old programme those that have become a wallet, each with it and its network.
    ///
    /// # Errors
    /// As [`Tx::add_opening_accounts`].
    pub fn opening_accounts(
        &mut self,
        accounts: &[&str],
    ) -> Result<Vec<(String, WalletId, NetworkId)>, DbError> {
        let rows: Vec<_> = accounts.iter().map(|&account| [("account", account.into())]).collect();
        self.rows_each(&ACCOUNTS, &rows, |row| {
            Ok((row.text()?, WalletId(row.text()?), NetworkId(row.text()?)))
        })
    }

    /// Notes balances that were posted.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where the chain of one is known.
    pub fn add_opening_balances(&mut self, posted: &[OpeningPosted]) -> Result<(), DbError> {
        let rows: Vec<_> = posted.iter().map(of_balance).collect();
        self.execute_each(&BALANCE_ADD, &rows).map(drop)
    }

    /// The balances that a wallet began with.
    ///
    /// # Errors
    /// As [`Tx::add_opening_accounts`].
    pub fn opening_balances(&mut self, wallet: &WalletId) -> Result<Vec<OpeningPosted>, DbError> {
        self.rows(&BALANCES, &[("wallet", (&wallet.0).into())], posted)
    }

    /// The sum of all balances of a unit that were brought, debts taken off.
    ///
    /// # Errors
    /// As [`Tx::add_opening_accounts`].
    pub fn opening_sum(&mut self, unit: &Unit) -> Result<i64, DbError> {
        let sum = self.row(&BALANCE_SUM, &[("unit", (&unit.0).into())], Row::integer_or_null)?;
        Ok(sum.flatten().unwrap_or(0))
    }
}

fn of_balance(posted: &OpeningPosted) -> [(&'static str, Value<'_>); 6] {
    [
        ("chain", (&posted.chain.0).into()),
        ("wallet", (&posted.wallet.0).into()),
        ("unit", (&posted.unit.0).into()),
        ("amount", posted.amount.into()),
        ("activates_at", posted.activates_at.map(|at| at.0).into()),
        ("expires_at", posted.expires_at.map(|at| at.0).into()),
    ]
}

fn posted(row: &mut Row) -> Result<OpeningPosted, DbError> {
    Ok(OpeningPosted {
        chain: ChainId(row.text()?),
        wallet: WalletId(row.text()?),
        unit: Unit(row.text()?),
        amount: row.integer()?,
        activates_at: row.integer_or_null()?.map(Instant),
        expires_at: row.integer_or_null()?.map(Instant),
    })
}
