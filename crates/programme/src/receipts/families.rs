//! Families before and after a receipt: the differences that are posted and written.

use std::collections::{BTreeMap, BTreeSet};

use retail::{CardId, Day, WalletId};
use store::{Tx, WalletSums};

use super::family::{Family, Member, difference};
use super::points::Change;
use crate::Refused;
use crate::levels;

/// The families that a receipt belongs to now or did before, each before and after.
#[derive(Default)]
pub(super) struct Families(pub Vec<(Family, Family)>);

impl Families {
    /// Adds the family that a return leaves for another.
    pub(super) fn left(&mut self, tx: &mut Tx<'_>, member: &Member) -> Result<(), Refused> {
        let former = match &member.row.original {
            Some(id) => {
                tx.lock_receipts_of(id)?;
                let sale = tx.receipt(id)?;
                Family::load(tx, sale, id)?
            }
            None => Family::alone(Some(member.clone())),
        };
        let mut after = former.clone();
        after.remove(&member.row.id);
        after.settle();
        self.0.push((former, after));
        Ok(())
    }

    /// Receipts that were there before, each with its version.
    pub(super) fn versions(&self) -> Vec<(String, u32)> {
        let members = self.0.iter().flat_map(|(former, _)| former.members());
        members.map(|member| (member.row.id.clone(), member.row.version)).collect()
    }

    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.0.iter().find_map(|(_, after)| after.member(id))
    }

    /// Points that wallets have more, or less, than before.
    pub(super) fn changes(&self, tx: &mut Tx<'_>, any_lot: bool) -> Result<Vec<Change>, Refused> {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        for (former, now) in &self.0 {
            add_up(&mut before, former.positions());
            add_up(&mut after, now.positions());
        }
        let mut changes = Vec::new();
        for (wallet, points) in difference(&before, &after) {
            let now = self.present_wallet(tx, &wallet)?;
            changes.push(Change { wallet: WalletId(wallet), now, points, any_lot });
        }
        Ok(changes)
    }

    /// The wallet that the card of a wallet's receipts opens now: another was poured into it, perhaps.
    fn present_wallet(&self, tx: &mut Tx<'_>, wallet: &str) -> Result<WalletId, Refused> {
        let members =
            self.0.iter().flat_map(|(former, after)| after.members().chain(former.members()));
        let card = members
            .filter(|member| member.row.wallet.as_deref() == Some(wallet))
            .find_map(|member| member.row.card.as_deref());
        present_wallet(tx, card, wallet)
    }

    /// Writes what wallets bought on their days, and the levels that they reach by it.
    pub(super) fn write_days(&self, tx: &mut Tx<'_>, today: Day) -> Result<(), Refused> {
        let mut sums: BTreeMap<_, WalletSums> = BTreeMap::new();
        for (former, after) in &self.0 {
            for (days, sign) in [(former.days(), -1), (after.days(), 1)] {
                for (key, more) in days {
                    let sum = sums.entry(key).or_default();
                    sum.net += sign * more.net;
                    sum.receipts += sign * more.receipts;
                    sum.points += sign * more.points;
                }
            }
        }
        sums.retain(|_, sum| *sum != WalletSums::default());
        let mut raised = BTreeSet::new();
        for ((wallet, network, day), sum) in sums {
            let id = WalletId(wallet.clone());
            tx.add_wallet_day(&id, &network, day, sum)?;
            raised.insert((wallet, network));
        }
        for (wallet, network) in raised {
            levels::after_purchase(tx, &WalletId(wallet), &network, today)?;
        }
        Ok(())
    }

    /// Stores what became of the other receipts of the families.
    pub(super) fn write_others(&self, tx: &mut Tx<'_>, id: &str) -> Result<(), Refused> {
        for (former, after) in &self.0 {
            for member in after.members().filter(|member| member.row.id != id) {
                let same = former.member(&member.row.id).is_some_and(|other| {
                    (other.row.points, &other.row.wallet) == (member.row.points, &member.row.wallet)
                });
                if !same {
                    tx.put_receipt(&member.stored()?)?;
                }
            }
        }
        Ok(())
    }
}

/// The wallet that a card opens now, by which another's points moved once.
pub(crate) fn present_wallet(
    tx: &mut Tx<'_>,
    card: Option<&str>,
    wallet: &str,
) -> Result<WalletId, Refused> {
    let card = card.map(|card| tx.card(&CardId(card.to_owned()))).transpose()?.flatten();
    let now = card.and_then(|card| card.wallet);
    Ok(now.unwrap_or_else(|| WalletId(wallet.to_owned())))
}

fn add_up(sums: &mut BTreeMap<String, i64>, more: BTreeMap<String, i64>) {
    for (key, value) in more {
        *sums.entry(key).or_insert(0) += value;
    }
}
