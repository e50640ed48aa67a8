//! Levels: what a wallet has reached, how it rises with a purchase, falls on a day of review, and is
//! granted by hand.

use membership::{Held, Level, LevelId, LevelTable, Progress, Standing, evaluate};
use retail::{Day, WalletId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Tx, WalletLevel, WalletSums};

use crate::cards::{Given, card_to_change, wallet_of};
use crate::places::told;
use crate::{Act, Programme, Refused};

/// Wallets that are reviewed in one write.
const AT_ONCE: u32 = 200;
/// Longest time for which a level is granted by hand.
const GRANT_DAYS_MAX: i32 = 3 * 366;

/// The level of a card's wallet, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelView {
    /// The network whose table it is of; none is the programme's.
    pub network: Option<String>,
    /// Its id.
    pub level: String,
    /// Its name for English readers.
    pub name_en: String,
    /// Its name for Russian readers.
    pub name_ru: String,
    /// First day of it.
    pub since: Day,
    /// Day on which it may go down.
    pub review_on: Option<Day>,
    /// Last day of a level granted by hand.
    pub granted_until: Option<Day>,
    /// The next level, if there is one.
    pub next: Option<String>,
    /// What is missing to the next, in the table's measure.
    pub missing: Option<i64>,
}

/// A level that is granted by hand.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the names say it
pub struct LevelGrant {
    pub level: String,
    /// Last day of it.
    pub until: Day,
    pub reason: String,
}

impl Programme {
    /// The level of a card's wallet in its network; nothing where no levels are published.
    ///
    /// # Errors
    /// As [`Programme::card`].
    pub fn card_level(
        &self,
        act: &Act,
        number: &str,
        today: Day,
    ) -> Result<Option<LevelView>, Refused> {
        self.store()?.read(|tx| {
            let card = crate::cards::identified(tx, act, number)?;
            let Some(wallet) = &card.wallet else { return Ok(None) };
            view(tx, wallet, &card.network.0, today)
        })
    }

    /// Grants a level by hand until a day; a higher one that is earned meanwhile ends the grant.
    ///
    /// # Errors
    /// As [`Programme::card`]; `invalid` where there is no such level, or the day is past or too far.
    pub fn grant_level(
        &self,
        act: &Act,
        number: &str,
        grant: LevelGrant,
        today: Day,
    ) -> Result<LevelView, Refused> {
        if grant.until < today || grant.until.0 > today.0 + GRANT_DAYS_MAX {
            let detail = "must be today or later, and within three years";
            return Err(Refused::field("/until", "date", detail));
        }
        let reason = grant.reason.trim();
        if reason.is_empty() || reason.chars().count() > 200 || reason.chars().any(char::is_control)
        {
            return Err(Refused::field("/reason", "missing", "say why, in at most 200 characters"));
        }
        let number = number.to_owned();
        self.perform(act, move |tx, act| {
            let mut card = card_to_change(tx, act, Given::asked_for(&number))?;
            let Some((scope, table)) = table(tx, &card.network.0)? else {
                return Err(Refused::NotFound { kind: "rules", id: "levels".to_owned() });
            };
            if !table.levels.iter().any(|level| level.id.0 == grant.level) {
                return Err(Refused::field("/level", "unknown", "no level is called so"));
            }
            let had = card.wallet.is_some();
            let wallet = wallet_of(tx, act, &mut card)?;
            if !had {
                tx.put_card(&card)?;
                tx.changed("card", &card.number.0, act.at)?;
            }
            tx.put_level(&WalletLevel {
                wallet: wallet.clone(),
                scope,
                level: grant.level.clone(),
                since: today,
                review_on: Some(Day(grant.until.0 + 1)),
                granted_until: Some(grant.until),
                granted_by: Some(act.actor.clone()),
            })?;
            let detail = json!({
                "level": grant.level, "until": grant.until, "reason": grant.reason, "card": card.number.0,
            });
            told(tx, act, "level.grant", "wallet", &wallet.0, &detail)?;
            let view = view(tx, &wallet, &card.network.0, today)?;
            view.ok_or_else(|| Refused::NotFound { kind: "level", id: grant.level.clone() })
        })
    }

    /// Reviews the levels whose day has come; says how many. Days that were missed are made up for, one
    /// after the other. A job of every day.
    ///
    /// # Errors
    /// When the database fails, or published levels cannot be read.
    pub fn review_levels(&self, today: Day) -> Result<u64, Refused> {
        let mut reviewed = 0;
        let mut after = (String::new(), String::new());
        loop {
            let from = after.clone();
            let due = self.store()?.write(move |tx| {
                let due = tx.levels_due(today, (&from.0, &from.1), AT_ONCE)?;
                for level in &due {
                    review(tx, level, today)?;
                }
                Ok::<_, Refused>(due)
            })?;
            reviewed += due.len() as u64;
            // A level whose review leaves its day as it was is not met again.
            let Some(last) = due.into_iter().next_back() else { return Ok(reviewed) };
            after = (last.wallet.0, last.scope);
        }
    }
}

/// Reviews a level for each of its days of review up to today.
fn review(tx: &mut Tx<'_>, level: &WalletLevel, today: Day) -> Result<(), Refused> {
    let mut level = level.clone();
    // A table may review every day, and a program may have stood still for a year.
    while let Some(day) = level.review_on.filter(|&day| day <= today) {
        let table = match tx.ruleset("levels", &level.scope)? {
            Some(rules) => understood(&rules.body)?,
            // Levels that are no longer published stay as they are.
            None => {
                let stays = WalletLevel { review_on: None, ..level };
                return Ok(tx.put_level(&stays)?);
            }
        };
        let Some(standing) = standing(tx, &level.wallet, &level.scope, &table, Some(&level), day)?
        else {
            return Ok(());
        };
        let after = stored(&level.wallet, &level.scope, Some(&level), &standing);
        let next = after.review_on;
        tx.put_level(&after)?;
        if next <= Some(day) {
            let why = format!("the levels of {:?} have no next day of review", level.scope);
            return Err(Refused::Broken { why });
        }
        level = after;
    }
    Ok(())
}

/// The level of a wallet as of a day, with the way to the next.
fn view(
    tx: &mut Tx<'_>,
    wallet: &WalletId,
    network: &str,
    today: Day,
) -> Result<Option<LevelView>, Refused> {
    let Some((scope, table)) = table(tx, network)? else { return Ok(None) };
    let held = held(tx, wallet, &scope)?;
    let Some(standing) = standing(tx, wallet, &scope, &table, held.as_ref(), today)? else {
        return Ok(None);
    };
    let known = table.levels.iter().find(|level| level.id == standing.level);
    Ok(known.map(|level| LevelView {
        network: Some(scope.clone()).filter(|scope| !scope.is_empty()),
        level: level.id.0.clone(),
        name_en: level.name_en.clone(),
        name_ru: level.name_ru.clone(),
        since: standing.since,
        review_on: Some(standing.review_on),
        granted_until: standing.granted_until,
        next: standing.to_next.as_ref().map(|next| next.level.0.clone()),
        missing: standing.to_next.as_ref().map(|next| next.missing),
    }))
}

/// The levels that count for a network, and their scope: a network's id, or empty for the programme.
pub(crate) fn table(
    tx: &mut Tx<'_>,
    network: &str,
) -> Result<Option<(String, LevelTable)>, Refused> {
    let Some(rules) = tx.ruleset_for("levels", network)? else { return Ok(None) };
    Ok(Some((rules.scope, understood(&rules.body)?)))
}

fn understood(body: &str) -> Result<LevelTable, Refused> {
    serde_json::from_str(body)
        .map_err(|error| Refused::Broken { why: format!("the levels cannot be read: {error}") })
}

fn held(tx: &mut Tx<'_>, wallet: &WalletId, scope: &str) -> Result<Option<WalletLevel>, Refused> {
    Ok(tx.levels_of(wallet)?.into_iter().find(|level| level.scope == scope))
}

/// The level by which a wallet earns in a network: the first of the table where it has none yet.
pub(crate) fn level_of(
    tx: &mut Tx<'_>,
    wallet: &WalletId,
    network: &str,
) -> Result<Option<Level>, Refused> {
    let Some((scope, table)) = table(tx, network)? else { return Ok(None) };
    let held = held(tx, wallet, &scope)?;
    let known = held.and_then(|held| table.levels.iter().find(|level| level.id.0 == held.level));
    Ok(known.or(table.levels.first()).cloned())
}

/// Raises a wallet's level if its purchases have reached a higher one; `today` is the business day of now.
pub(crate) fn after_purchase(
    tx: &mut Tx<'_>,
    wallet: &WalletId,
    network: &str,
    today: Day,
) -> Result<(), Refused> {
    let Some((scope, table)) = table(tx, network)? else { return Ok(()) };
    let before = held(tx, wallet, &scope)?;
    let Some(standing) = standing(tx, wallet, &scope, &table, before.as_ref(), today)? else {
        return Ok(());
    };
    let after = stored(wallet, &scope, before.as_ref(), &standing);
    if before.as_ref() != Some(&after) {
        tx.put_level(&after)?;
    }
    Ok(())
}

/// Where a wallet stands as of a day, by what it bought.
fn standing(
    tx: &mut Tx<'_>,
    wallet: &WalletId,
    scope: &str,
    table: &LevelTable,
    before: Option<&WalletLevel>,
    day: Day,
) -> Result<Option<Standing>, Refused> {
    let network = Some(scope).filter(|scope| !scope.is_empty());
    let mut measured = |days| -> Result<i64, Refused> {
        Ok(measure(table, tx.wallet_sums(wallet, network, days)?))
    };
    let facts = Progress {
        measured: measured(table.period.window(day))?,
        completed: table.period.completed(day).map(&mut measured).transpose()?,
    };
    let current = before.map(|level| Held {
        level: LevelId(level.level.clone()),
        since: level.since,
        granted_until: level.granted_until,
    });
    Ok(evaluate(table, &facts, current.as_ref(), day))
}

/// A standing as it is stored.
fn stored(
    wallet: &WalletId,
    scope: &str,
    before: Option<&WalletLevel>,
    standing: &Standing,
) -> WalletLevel {
    let granted_by = before.and_then(|level| level.granted_by.clone());
    WalletLevel {
        wallet: wallet.clone(),
        scope: scope.to_owned(),
        level: standing.level.0.clone(),
        since: standing.since,
        review_on: Some(standing.review_on),
        granted_until: standing.granted_until,
        granted_by: granted_by.filter(|_| standing.granted_until.is_some()),
    }
}

fn measure(table: &LevelTable, sums: WalletSums) -> i64 {
    match table.measure {
        membership::Measure::Turnover => sums.net,
        membership::Measure::Receipts => sums.receipts,
        membership::Measure::Points => sums.points,
    }
}
