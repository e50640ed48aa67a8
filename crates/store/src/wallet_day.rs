//! What wallets bought, by network and business day: what levels are measured by.

use retail::{Day, WalletId};

use crate::statement::{Statement, sql};
use crate::{DbError, Tx};

static ADD: Statement = sql!("wallet_day/add");
static BETWEEN: Statement = sql!("wallet_day/between");

/// Sums of a wallet's receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalletSums {
    /// What the retailer received, minor units, returns taken off.
    pub net: i64,
    /// Receipts, those taken back whole left out.
    pub receipts: i64,
    /// Points earned, in the programme's smallest unit, those taken back left out.
    pub points: i64,
}

impl Tx<'_> {
    /// Adds to the sums of a wallet's day in a network; what is taken off is negative.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_wallet_day(
        &mut self,
        wallet: &WalletId,
        network: &str,
        day: Day,
        sums: WalletSums,
    ) -> Result<(), DbError> {
        let params = [
            ("wallet", (&wallet.0).into()),
            ("network", network.into()),
            ("day", i64::from(day.0).into()),
            ("net", sums.net.into()),
            ("receipts", sums.receipts.into()),
            ("points", sums.points.into()),
        ];
        self.execute(&ADD, &params).map(drop)
    }

    /// The sums of a wallet from a day to a day, both included, in one network or in all.
    ///
    /// # Errors
    /// When the database fails.
    pub fn wallet_sums(
        &mut self,
        wallet: &WalletId,
        network: Option<&str>,
        days: (Day, Day),
    ) -> Result<WalletSums, DbError> {
        let params = [
            ("wallet", (&wallet.0).into()),
            ("network", network.unwrap_or_default().into()),
            ("first", i64::from(days.0.0).into()),
            ("last", i64::from(days.1.0).into()),
        ];
        let sums = self.row(&BETWEEN, &params, |row| {
            Ok(WalletSums { net: row.integer()?, receipts: row.integer()?, points: row.integer()? })
        })?;
        Ok(sums.unwrap_or_default())
    }
}
