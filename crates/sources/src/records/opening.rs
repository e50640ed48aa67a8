//! Cards, balances and levels of the programme that this one replaces.

use std::path::Path;
use std::sync::Arc;

use retail::{
    CardId, CustomerId, Day, Instant, NetworkId, OpeningBalance, OpeningCard, OpeningLevel,
    OpeningOwner, RowPlace, ShopId,
};

use super::{Parsed, Reader, not_before};
use crate::cell::Row;
use crate::mapping::{CARD_KINDS, CARD_STATES};
use crate::problem::{Fault, ProblemCode};

/// The unit of a balance that names none.
const POINT: &str = "POINT";
/// Most characters of a unit's name, an account's name and a reason.
const UNIT_CHARS_MAX: usize = 64;
const ACCOUNT_CHARS_MAX: usize = 128;
const REASON_CHARS_MAX: usize = 200;

impl Reader<'_> {
    pub(super) fn opening_card(&mut self, row: &Row<'_>, file: &Arc<Path>) -> Parsed<OpeningCard> {
        Ok(OpeningCard {
            place: place(row, file),
            number: CardId(self.needed("number", row)?),
            network: NetworkId(self.needed("network", row)?),
            kind: self.word("kind", &CARD_KINDS, row)?.unwrap_or_else(|| CARD_KINDS[0].to_owned()),
            state: self.word("state", &CARD_STATES, row)?.ok_or_else(|| Fault::missing("state"))?,
            customer: self.text("customer", row)?.map(CustomerId),
            account: self.account(row)?,
            shop: self.text("shop", row)?.map(ShopId),
            reason: bounded("reason", self.word("reason", &[], row)?, REASON_CHARS_MAX)?,
            replaced_by: self.text("replaced_by", row)?.map(CardId),
            expires_on: self.day("expires", row)?,
        })
    }

    pub(super) fn opening_balance(
        &mut self,
        row: &Row<'_>,
        file: &Arc<Path>,
    ) -> Parsed<OpeningBalance> {
        let amount = self.values.count(self.mapping.field("amount"), row)?;
        let (activates, expires) = (self.day("activates", row)?, self.day("expires", row)?);
        if let (Some(from), Some(to)) = (activates, expires) {
            not_before("expires", from, to)?;
        }
        Ok(OpeningBalance {
            place: place(row, file),
            owner: self.owner(row)?,
            unit: unit(self.text("unit", row)?)?,
            amount: amount.ok_or_else(|| Fault::missing("amount"))?,
            activates_at: activates.map(|day| self.begin(day)),
            // The last day is a good one.
            expires_at: expires.map(|day| self.begin(Day(day.0 + 1))),
        })
    }

    pub(super) fn opening_level(
        &mut self,
        row: &Row<'_>,
        file: &Arc<Path>,
    ) -> Parsed<OpeningLevel> {
        let level = OpeningLevel {
            place: place(row, file),
            owner: self.owner(row)?,
            level: self.word("level", &[], row)?.ok_or_else(|| Fault::missing("level"))?,
            since: self.day("since", row)?,
            granted_until: self.day("granted_until", row)?,
        };
        if let (Some(since), Some(until)) = (level.since, level.granted_until) {
            not_before("granted_until", since, until)?;
        }
        Ok(level)
    }

    fn owner(&self, row: &Row<'_>) -> Parsed<OpeningOwner> {
        if self.mapping.field("account").is_some() {
            let account = self.account(row)?.ok_or_else(|| Fault::missing("account"))?;
            return Ok(OpeningOwner::Account(account));
        }
        Ok(OpeningOwner::Card(CardId(self.needed("card", row)?)))
    }

    fn account(&self, row: &Row<'_>) -> Parsed<Option<String>> {
        bounded("account", self.text("account", row)?, ACCOUNT_CHARS_MAX)
    }

    fn word(&self, name: &str, known: &[&str], row: &Row<'_>) -> Parsed<Option<String>> {
        self.values.word(self.mapping.field(name), known, row)
    }

    /// When the shop's business day begins, by the feed's clock.
    fn begin(&self, day: Day) -> Instant {
        let midnight = day.date().to_zoned(self.mapping.defaults.time_zone.clone());
        // Days of a feed lie between 1900 and 2199, which every zone has.
        let midnight = midnight
            .map_or(i64::from(day.0) * 86_400_000_000, |begin| begin.timestamp().as_microsecond());
        Instant(midnight + self.mapping.defaults.day_starts_minute * 60_000_000)
    }
}

fn place(row: &Row<'_>, file: &Arc<Path>) -> RowPlace {
    RowPlace { file: file.clone(), line: row.number }
}

fn bounded(field: &str, text: Option<String>, chars_max: usize) -> Parsed<Option<String>> {
    match text {
        Some(text) if text.chars().count() > chars_max || text.chars().any(char::is_control) => {
            let reason = format!("is not a text of at most {chars_max} characters");
            Err(Fault::field(ProblemCode::Value, field, text, reason))
        }
        text => Ok(text),
    }
}

/// What is counted: `POINT`, `RUB`, `STAMP:coffee`.
fn unit(text: Option<String>) -> Parsed<String> {
    let Some(text) = text else { return Ok(POINT.to_owned()) };
    let plain = |c: char| c.is_ascii_alphanumeric() || ":_-.".contains(c);
    if text.len() > UNIT_CHARS_MAX || !text.chars().all(plain) {
        let reason = "is no unit: letters, digits and : _ - . of ASCII";
        return Err(Fault::field(ProblemCode::Value, "unit", text, reason));
    }
    Ok(text)
}
