//! What wallets began with, as it was brought from the programme before this one.

use ledger::{ChainId, Unit};
use retail::{Instant, NetworkId, WalletId};

use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ACCOUNT_ADD: Statement = sql!("opening_account/add");
static ACCOUNT_READ: Statement = sql!("opening_account/read");
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
    /// Notes which wallet an account of the old programme has become, unless that is known.
    ///
    /// # Errors
    /// When the database fails; so do the others.
    pub fn add_opening_account(&mut self, account: &str, wallet: &WalletId) -> Result<(), DbError> {
        let params = [("account", account.into()), ("wallet", (&wallet.0).into())];
        self.execute(&ACCOUNT_ADD, &params).map(drop)
    }

    /// The wallet that an account of the old programme has become, and its network.
    ///
    /// # Errors
    /// As [`Tx::add_opening_account`].
    pub fn opening_account(
        &mut self,
        account: &str,
    ) -> Result<Option<(WalletId, NetworkId)>, DbError> {
        self.row(&ACCOUNT_READ, &[("account", account.into())], |row| {
            Ok((WalletId(row.text()?), NetworkId(row.text()?)))
        })
    }

    /// Notes a balance that was posted.
    ///
    /// # Errors
    /// [`DbError::Constraint`] where its chain is known.
    pub fn add_opening_balance(&mut self, posted: &OpeningPosted) -> Result<(), DbError> {
        let params = [
            ("chain", (&posted.chain.0).into()),
            ("wallet", (&posted.wallet.0).into()),
            ("unit", (&posted.unit.0).into()),
            ("amount", posted.amount.into()),
            ("activates_at", posted.activates_at.map(|at| at.0).into()),
            ("expires_at", posted.expires_at.map(|at| at.0).into()),
        ];
        self.execute(&BALANCE_ADD, &params).map(drop)
    }

    /// The balances that a wallet began with.
    ///
    /// # Errors
    /// As [`Tx::add_opening_account`].
    pub fn opening_balances(&mut self, wallet: &WalletId) -> Result<Vec<OpeningPosted>, DbError> {
        self.rows(&BALANCES, &[("wallet", (&wallet.0).into())], posted)
    }

    /// The sum of all balances of a unit that were brought, debts taken off.
    ///
    /// # Errors
    /// As [`Tx::add_opening_account`].
    pub fn opening_sum(&mut self, unit: &Unit) -> Result<i64, DbError> {
        let sum = self.row(&BALANCE_SUM, &[("unit", (&unit.0).into())], Row::integer_or_null)?;
        Ok(sum.flatten().unwrap_or(0))
    }
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
