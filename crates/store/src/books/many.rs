//! Many chains at once: read together, posted in memory, written together.

use std::collections::{BTreeSet, HashSet};

use ledger::{Account, AccountId, Action, Chain, Lot, Memory, PostError, Posted, TransferId};

use super::{LOT_ADD, TRANSFER_ADD, account, asked, of_lot, of_transfer};
use crate::statement::{Row, Statement, sql};
use crate::{DbError, Tx};

static ACCOUNT_LOCK_SOME: Statement = sql!("account/some", "account/lock_some.postgres");
static ACCOUNT_PUT_SOME: Statement = sql!("account/put_some");
static TRANSFER_KNOWN: Statement = sql!("transfer/known");
static ENTRY_PUT: Statement = sql!("entry/put");

impl Tx<'_> {
    /// Posts chains as [`ledger::post`] would post one after the other. Those of which all is known from their
    /// accounts go together: new chains that move amounts at once and out of no lot.
    ///
    /// # Errors
    /// As [`ledger::post`] of the first chain that fails; then nothing of this write may be stored.
    pub fn post_each(&mut self, chains: &[Chain]) -> Result<(), PostError<DbError>> {
        let transfers = || chains.iter().flat_map(|chain| &chain.transfers);
        let ids: BTreeSet<&AccountId> =
            transfers().flat_map(|transfer| [&transfer.debit, &transfer.credit]).collect();
        let ids: Vec<_> = ids.into_iter().map(|id| [("id", (&id.0).into())]).collect();
        let accounts = self.rows_each(&ACCOUNT_LOCK_SOME, &ids, account);
        let accounts = accounts.map_err(PostError::Books)?;
        let lots: HashSet<&AccountId> =
            accounts.iter().filter(|account| account.lots).map(|account| &account.id).collect();
        let simple = transfers().all(|transfer| {
            matches!(transfer.action, Action::Post) && !lots.contains(&transfer.debit)
        });
        // Only now: of two equal chains at once, the second waited for the accounts.
        if !simple || self.any_known(chains).map_err(PostError::Books)? {
            return chains.iter().try_for_each(|chain| ledger::post(self, chain).map(drop));
        }
        let mut books = Memory::from_rows(accounts.iter().cloned(), [], [], [], []);
        for chain in chains {
            ledger::post(&mut books, chain).map_err(|error| match error {
                PostError::Refused { position, refusal } => {
                    PostError::Refused { position, refusal }
                }
                PostError::Books(never) => match never {},
            })?;
        }
        self.write_each(&accounts, &books, &lots).map_err(PostError::Books)
    }

    /// Whether any of these chains was posted before. Each is looked up by itself: a plan made while there
    /// are few transfers would read all of them later on.
    fn any_known(&mut self, chains: &[Chain]) -> Result<bool, DbError> {
        let firsts: Vec<TransferId> =
            chains.iter().map(|chain| TransferId::of(&chain.id, 0)).collect();
        let rows: Vec<_> = firsts.iter().map(|id| [("id", (&id.0).into())]).collect();
        Ok(!self.rows_each(&TRANSFER_KNOWN, &rows, Row::text)?.is_empty())
    }

    /// Writes what was posted in memory, a row only after those that it names.
    fn write_each(
        &mut self,
        before: &[Account],
        books: &Memory,
        lots: &HashSet<&AccountId>,
    ) -> Result<(), DbError> {
        let changed = before.iter().filter_map(|before| {
            let now = books.account(&before.id).filter(|now| *now != before)?;
            Some([
                ("id", (&now.id.0).into()),
                ("debits_posted", now.debits_posted.into()),
                ("credits_posted", now.credits_posted.into()),
            ])
        });
        self.execute_each(&ACCOUNT_PUT_SOME, &changed.collect::<Vec<_>>())?;
        let posted: Vec<(&Posted, String)> = books
            .journal()
            .iter()
            .map(|posted| Ok((posted, asked(posted)?)))
            .collect::<Result<_, DbError>>()?;
        let transfers = posted.iter().map(|(posted, asked)| of_transfer(posted, asked));
        self.execute_each(&TRANSFER_ADD, &transfers.collect::<Vec<_>>())?;
        let entries = books.journal().iter().flat_map(|posted| {
            let sides = [&posted.debit, &posted.credit].into_iter();
            sides.filter(|side| lots.contains(side)).map(|side| {
                [
                    ("account", (&side.0).into()),
                    ("at", posted.at.0.into()),
                    ("transfer", (&posted.id.0).into()),
                ]
            })
        });
        self.execute_each(&ENTRY_PUT, &entries.collect::<Vec<_>>())?;
        let lots: Vec<_> = books.all_lots().map(|lot: &Lot| of_lot(lot)).collect();
        self.execute_each(&LOT_ADD, &lots).map(drop)
    }
}
