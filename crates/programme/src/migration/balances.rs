//! Which balances are to be posted, and which are there already, over, or wrong.

use std::collections::BTreeMap;

use ledger::Unit;
use retail::OpeningBalance;
use sources::{FeedKind, ProblemCode};
use store::{OpeningPosted, Tx};

use super::Looking;
use crate::Refused;

/// Rows of each wallet and unit.
pub(super) type Lots = BTreeMap<(usize, String), Vec<usize>>;

impl Looking {
    /// Finds whose some rows are; the first of them is row `from` of the import.
    pub(super) fn balances(
        &mut self,
        tx: &mut Tx<'_>,
        from: usize,
        rows: &[OpeningBalance],
        lots: &mut Lots,
    ) -> Result<(), Refused> {
        for (place, row) in (from..).zip(rows) {
            let unit = self.plan.report.balances.entry(row.unit.clone()).or_default();
            unit.in_file.add(row.amount);
            match self.owner(tx, FeedKind::Balances, &row.place, &row.owner)? {
                Some(wallet) => {
                    lots.entry((wallet, row.unit.clone())).or_default().push(place);
                }
                None => self.leave_out(row, ProblemCode::UnknownCard.as_str()),
            }
        }
        Ok(())
    }

    /// Judges the rows of one wallet and unit, beside what was brought into it before.
    pub(super) fn lots(
        &mut self,
        tx: &mut Tx<'_>,
        (wallet, unit): &(usize, String),
        rows: &[usize],
        all: &[OpeningBalance],
    ) -> Result<(), Refused> {
        let mut before = Vec::new();
        let (id, new) = (&self.plan.wallets[*wallet].id.clone(), self.plan.wallets[*wallet].new);
        if !new {
            before = tx.opening_balances(id)?;
            before.retain(|posted| posted.unit.0 == *unit);
        }
        let mut coming = Vec::new();
        for &place in rows {
            let row = &all[place];
            if let Some(known) = before.iter().position(|posted| same(posted, row)) {
                before.swap_remove(known);
                self.brought(unit).known.add(row.amount);
            } else if row.amount == 0 {
                self.leave_out(row, "zero");
            } else if row.amount > 0 && row.expires_at.is_some_and(|at| at <= self.at) {
                self.leave_out(row, "expired");
            } else {
                coming.push(place);
            }
        }
        for place in coming {
            let row = &all[place];
            if !before.is_empty() {
                let code = ProblemCode::BalanceDiffers;
                self.leave_out(row, code.as_str());
                let reason = "is not what an earlier import brought into this wallet; a mistake there \
                              is corrected by a transfer, not by another import";
                let amount = row.amount.to_string();
                self.wrong((FeedKind::Balances, &row.place), code, ("amount", &amount), reason);
                continue;
            }
            let brought = self.brought(unit);
            brought.posted.add(row.amount);
            if row.amount < 0 {
                brought.debts.add(row.amount);
            }
            let posted = OpeningPosted {
                chain: self.chain(place),
                wallet: id.clone(),
                unit: Unit(unit.clone()),
                amount: row.amount,
                activates_at: row.activates_at,
                expires_at: row.expires_at,
            };
            self.plan.balances.push(posted);
        }
        Ok(())
    }

    fn brought(&mut self, unit: &str) -> &mut super::UnitBrought {
        self.plan.report.balances.entry(unit.to_owned()).or_default()
    }

    fn leave_out(&mut self, row: &OpeningBalance, reason: &'static str) {
        self.brought(&row.unit).left_out.entry(reason).or_default().add(row.amount);
    }
}

/// Whether a row is what was posted before.
fn same(posted: &OpeningPosted, row: &OpeningBalance) -> bool {
    posted.amount == row.amount
        && posted.activates_at == row.activates_at
        && posted.expires_at == row.expires_at
}
