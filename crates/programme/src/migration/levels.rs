//! Which levels are to be granted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use retail::{Day, OpeningLevel};
use sources::{FeedKind, ProblemCode};
use store::{Tx, WalletLevel};

use super::{LevelsBrought, Looking, PlannedWallet};
use crate::Refused;

/// Who granted a level of the old programme.
const GRANTED_BY: &str = "import";

impl Looking {
    /// Looks at one row; `brought` has the levels of wallets and scopes that earlier rows brought.
    pub(super) fn level(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OpeningLevel,
        brought: &mut HashMap<(usize, String), WalletLevel>,
    ) -> Result<(), Refused> {
        let of = (FeedKind::Levels, &row.place);
        let Some(wallet) = self.owner(tx, FeedKind::Levels, &row.place, &row.owner)? else {
            return Ok(());
        };
        let Some(level) = self.published(tx, row, wallet)? else {
            let network = &self.plan.wallets[wallet].network;
            let reason = format!("is no published level of the network {network}");
            self.wrong(of, ProblemCode::UnknownLevel, ("level", &row.level), reason);
            return Ok(());
        };
        let key = (wallet, level.scope.clone());
        let held = match brought.get(&key) {
            Some(earlier) => Some(earlier.clone()),
            None if self.plan.wallets[wallet].new => None,
            None => tx.levels_of(&level.wallet)?.into_iter().find(|held| held.scope == key.1),
        };
        match held {
            Some(held) if same(&held, row) => {
                if let Entry::Vacant(first) = brought.entry(key) {
                    first.insert(held);
                    self.levels_of(row).known += 1;
                }
            }
            Some(held) => {
                let reason = format!("is not what the wallet has: {}", held.level);
                self.wrong(of, ProblemCode::LevelDiffers, ("level", &row.level), reason);
            }
            None => {
                self.levels_of(row).new += 1;
                brought.insert(key, level.clone());
                self.plan.levels.push(level);
            }
        }
        Ok(())
    }

    /// The level as it is stored with a wallet; nothing where its network has published none of this name.
    fn published(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OpeningLevel,
        wallet: usize,
    ) -> Result<Option<WalletLevel>, Refused> {
        let PlannedWallet { id, network, .. } = &self.plan.wallets[wallet];
        if !self.tables.contains_key(&network.0) {
            self.tables.insert(network.0.clone(), crate::levels::table(tx, &network.0)?);
        }
        let known = self.tables[&network.0]
            .as_ref()
            .filter(|(_, table)| table.levels.iter().any(|level| level.id.0 == row.level));
        let since = row.since.unwrap_or(self.today);
        Ok(known.map(|(scope, table)| WalletLevel {
            wallet: id.clone(),
            scope: scope.clone(),
            level: row.level.clone(),
            since,
            review_on: Some(match row.granted_until {
                Some(until) => Day(until.0 + 1),
                None => table.review.next(since, self.today),
            }),
            granted_until: row.granted_until,
            granted_by: row.granted_until.map(|_| GRANTED_BY.to_owned()),
        }))
    }

    fn levels_of(&mut self, row: &OpeningLevel) -> &mut LevelsBrought {
        self.plan.report.levels.entry(row.level.clone()).or_default()
    }
}

/// Whether a wallet has what a row says.
fn same(held: &WalletLevel, row: &OpeningLevel) -> bool {
    held.level == row.level
        && held.granted_until == row.granted_until
        && row.since.is_none_or(|since| since == held.since)
}
