//! What a programme begins with: cards, balances and levels of the programme that it replaces.

use std::path::Path;
use std::sync::Arc;

use crate::{CardId, CustomerId, Day, Instant, NetworkId, ShopId};

/// Where a row stands in what was brought, for complaints about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// The file.
    pub file: Arc<Path>,
    /// Line of a text file, or row of a Parquet file; from 1.
    pub line: u64,
}

/// A card of the old programme. Whether number, network and shop are known here, its reader cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningCard {
    /// Where it stands.
    pub place: RowPlace,
    /// Its number as written.
    pub number: CardId,
    /// Of which network it is.
    pub network: NetworkId,
    /// `plastic`, `virtual` or `phone`.
    pub kind: String,
    /// Where it stands in its life: `active`, `blocked` …
    pub state: String,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// The old programme's name of what it opens; cards with the same name open one wallet.
    pub account: Option<String>,
    /// The shop it was issued in, or lies in.
    pub shop: Option<ShopId>,
    /// Why it is blocked or closed.
    pub reason: Option<String>,
    /// The card that took its place.
    pub replaced_by: Option<CardId>,
    /// Last day it is good.
    pub expires_on: Option<Day>,
}

/// By what the old programme says whose a balance or level is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OpeningOwner {
    /// A card's number as written.
    Card(CardId),
    /// The account that cards open.
    Account(String),
}

/// Points, or something else that is counted, that somebody had: one lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningBalance {
    /// Where it stands.
    pub place: RowPlace,
    /// Whose.
    pub owner: OpeningOwner,
    /// What is counted: `POINT`.
    pub unit: String,
    /// How much, in the unit's smallest part; less than nothing is owed.
    pub amount: i64,
    /// The first moment at which it may be spent; none is at once.
    pub activates_at: Option<Instant>,
    /// The first moment at which it may no longer be spent; none is never.
    pub expires_at: Option<Instant>,
}

/// A level that somebody had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningLevel {
    /// Where it stands.
    pub place: RowPlace,
    /// Whose.
    pub owner: OpeningOwner,
    /// The level's id here.
    pub level: String,
    /// First day of it.
    pub since: Option<Day>,
    /// Last day, where it was granted by hand.
    pub granted_until: Option<Day>,
}
