//! A receipt of an import that earns as if it had come on-line.
//!
//! The feed may name a customer instead of a card, and says less of a receipt than its till did. So a
//! receipt is the same as the one that is known if all agrees that the feed says and points depend on; it
//! then stays as it is. What could not earn yet is left to the lake: once its card is known or rules are
//! published, the same import lets it earn.

use std::collections::HashSet;

use membership::Capability;
use retail::{CardId, CustomerId, Instant};
use serde::Serialize;
use store::Tx;

use super::family::Member;
use super::valid::{Good, OriginalIn, ReceiptIn};
use super::{
    Names, Place, ReceiptTaken, WhyNothing, known, lock_family, original_key, original_of, points,
    take,
};
use crate::settings::ReceiptSettings;
use crate::{Act, Refused};

/// A receipt as an import reads it.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    /// The chain of shops that the feed names.
    pub network: String,
    /// Who bought, as the feed says it.
    pub customer: Option<String>,
    pub receipt: ReceiptIn,
}

/// What became of a receipt of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is known with this content, or its new content moved no points.
    Known,
    /// It moved points.
    Earned {
        accrued: i64,
        taken_back: i64,
        /// Whether it replaced another content.
        replaced: bool,
    },
    /// It moved none, for a reason; with a sentence where its fields are wrong.
    Nothing(WhyNoPoints, Option<String>),
}

/// Why a receipt of an import moved no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNoPoints {
    /// It names neither a card nor a customer.
    NoCard,
    /// There is no such card, or the customer has none in this network.
    CardUnknown,
    /// The customer's cards open several wallets, and the feed does not say which card was shown.
    SeveralWallets,
    /// The card stands where it earns nothing: blocked, closed …
    CardCannotEarn,
    /// There is no such shop or till in this network.
    TillUnknown,
    /// No rules of accrual are published.
    NoRules,
    /// The rules give nothing for these goods, or not one point.
    RulesGiveNothing,
    /// The points would have expired by now.
    Expired,
    /// The receipt whose goods came back is not known here.
    OriginalUnknown,
    /// The receipt that is named is itself a return.
    OriginalIsReturn,
    /// The goods that came back had earned nothing.
    OriginalEarnedNothing,
    /// Points wait until somebody has looked at a limit.
    Held,
    /// Its lines cannot be a receipt on-line: goods sold and taken back in one, for example.
    Unfit,
}

impl From<WhyNothing> for WhyNoPoints {
    fn from(why: WhyNothing) -> Self {
        match why {
            WhyNothing::NoCard => Self::NoCard,
            WhyNothing::CardUnknown => Self::CardUnknown,
            WhyNothing::CardCannotEarn => Self::CardCannotEarn,
            WhyNothing::NoRules => Self::NoRules,
            WhyNothing::Held => Self::Held,
            WhyNothing::Expired => Self::Expired,
            WhyNothing::OriginalUnknown => Self::OriginalUnknown,
            WhyNothing::OriginalIsReturn => Self::OriginalIsReturn,
            WhyNothing::OriginalEarnedNothing => Self::OriginalEarnedNothing,
        }
    }
}

/// History is as old as it is.
const AGE_DAYS_MAX: i64 = 1_000_000;

/// By what receipts of an import are judged: as those that come on-line, however old they are.
pub(crate) fn settings_of_imports(settings: &ReceiptSettings) -> ReceiptSettings {
    ReceiptSettings { age_days_max: AGE_DAYS_MAX, ..settings.clone() }
}

/// Takes a receipt of an import, once.
///
/// # Errors
/// When the database fails or something in it is broken; what is wrong with a receipt is told.
pub(crate) fn take_imported(
    tx: &mut Tx<'_>,
    act: &Act,
    imported: &Imported,
    settings: &ReceiptSettings,
) -> Result<Became, Refused> {
    let nothing = |why| Ok(Became::Nothing(why, None));
    match taken(tx, act, imported, settings) {
        Err(error @ (Refused::Db(_) | Refused::Broken { .. })) => Err(error),
        Err(Refused::NotFound { .. }) => nothing(WhyNoPoints::TillUnknown),
        Err(refused) => Ok(Became::Nothing(WhyNoPoints::Unfit, Some(sentence(&refused)))),
        became => became,
    }
}

fn sentence(refused: &Refused) -> String {
    match refused {
        Refused::Invalid { problems } => {
            let first = problems.first();
            first.map_or_else(String::new, |first| format!("{} {}", first.pointer, first.detail))
        }
        other => other.to_string(),
    }
}

fn taken(
    tx: &mut Tx<'_>,
    act: &Act,
    imported: &Imported,
    settings: &ReceiptSettings,
) -> Result<Became, Refused> {
    let nothing = |why| Ok(Became::Nothing(why, None));
    if imported.receipt.till.is_none() {
        return nothing(WhyNoPoints::TillUnknown);
    }
    let mut good = Good::of(imported.receipt.clone(), act, settings)?;
    good.imported = Some(imported.customer.clone());
    let place = Place::of(tx, act, &good, settings)?;
    if place.network != imported.network {
        return nothing(WhyNoPoints::TillUnknown);
    }
    let names = Names::of(&place.network, &good.name());
    lock_family(tx, &place, &good, &names)?;
    let before = known(tx, &names)?.map(Member::of).transpose()?;
    if let Some(original) = known_original(tx, before.as_ref(), &good)? {
        good = good.with_original(original)?;
    }
    if good.card.is_none() {
        match card_shown(tx, &place, before.as_ref(), imported.customer.as_deref())? {
            Ok(Some(card)) => good = good.with_card(card)?,
            Err(why) if before.is_none() && good.original.is_none() => return nothing(why),
            Ok(None) | Err(_) => (),
        }
    }
    match &before {
        Some(before) if same(tx, &place, before, &good)? => {
            if before.row.id != names.id {
                tx.add_receipt_name(&names.key, &before.row.id)?;
            }
            return Ok(Became::Known);
        }
        Some(_) => (),
        None => {
            if let Some(why) = not_yet(tx, &place, &good)? {
                return nothing(why);
            }
        }
    }
    let answer = take(tx, act, &good, settings)?;
    became(tx, &answer, before.is_some())
}

/// The card of a receipt whose feed names none. One that is known to have shown a card goes on showing one,
/// even if the customer has lost it since, or was erased.
fn card_shown(
    tx: &mut Tx<'_>,
    place: &Place,
    before: Option<&Member>,
    customer: Option<&str>,
) -> Result<Result<Option<CardId>, WhyNoPoints>, Refused> {
    let shown = before.and_then(|before| before.row.card.clone()).map(CardId);
    let owner = before.and_then(|before| before.row.customer.as_deref());
    let Some(customer) = customer else { return Ok(Ok(shown)) };
    if shown.is_some() && owner.is_none_or(|owner| owner == customer) {
        return Ok(Ok(shown));
    }
    Ok(match card_of(tx, &place.network, customer)? {
        Ok(card) => Ok(Some(card)),
        Err(_) if shown.is_some() => Ok(shown),
        Err(why) => Err(why),
    })
}

/// What a known return names, where a feed says the number of it and not the place.
fn known_original(
    tx: &mut Tx<'_>,
    before: Option<&Member>,
    good: &Good,
) -> Result<Option<OriginalIn>, Refused> {
    let (Some(before), Some(original)) = (before, &good.original) else { return Ok(None) };
    let Some(sale) = before.row.original.as_ref().map(|id| tx.receipt(id)).transpose()?.flatten()
    else {
        return Ok(None);
    };
    if sale.number != original.number {
        return Ok(None);
    }
    let (shop, till) = (Some(sale.shop), Some(sale.till));
    Ok(Some(OriginalIn { number: sale.number, shop, till }))
}

/// Why a receipt that is new here cannot earn as long as nothing else changes. A return takes away what its
/// sale earned, whatever it shows itself.
fn not_yet(tx: &mut Tx<'_>, place: &Place, good: &Good) -> Result<Option<WhyNoPoints>, Refused> {
    if good.original.is_some() {
        return Ok(None);
    }
    let Some(card) = &good.card else { return Ok(Some(WhyNoPoints::NoCard)) };
    if tx.card(card)?.is_none() {
        return Ok(Some(WhyNoPoints::CardUnknown));
    }
    let rules = tx.ruleset_for("accrual", &place.network)?;
    Ok(rules.is_none().then_some(WhyNoPoints::NoRules))
}

fn became(tx: &mut Tx<'_>, answer: &ReceiptTaken, replaced: bool) -> Result<Became, Refused> {
    let (accrued, taken_back) = points::moved(tx, &answer.receipt, answer.version)?;
    if accrued != 0 || taken_back != 0 {
        return Ok(Became::Earned { accrued, taken_back, replaced });
    }
    let why = match answer.nothing_because {
        Some(why) => why.into(),
        None if replaced => return Ok(Became::Known),
        None => WhyNoPoints::RulesGiveNothing,
    };
    Ok(Became::Nothing(why, None))
}

/// The card by which a customer earns in a network: any that may, if all these open one wallet.
fn card_of(
    tx: &mut Tx<'_>,
    network: &str,
    customer: &str,
) -> Result<Result<CardId, WhyNoPoints>, Refused> {
    let mut cards = tx.cards_of_customer(&CustomerId(customer.to_owned()))?;
    cards.retain(|card| card.network.0 == network);
    let mut earning: Vec<_> =
        cards.iter().filter(|card| card.state.can(Capability::Earn)).collect();
    let wallets: HashSet<_> = earning.iter().filter_map(|card| card.wallet.as_ref()).collect();
    if wallets.len() > 1 {
        return Ok(Err(WhyNoPoints::SeveralWallets));
    }
    earning.sort_by_key(|card| (card.wallet.is_none(), &card.number.0));
    let card = earning.first().copied().or(cards.first());
    Ok(card.map(|card| card.number.clone()).ok_or(WhyNoPoints::CardUnknown))
}

/// Whether a receipt says what is known of it, as far as points depend on it.
fn same(tx: &mut Tx<'_>, place: &Place, before: &Member, good: &Good) -> Result<bool, Refused> {
    let mut were: Vec<_> = before
        .goods
        .iter()
        .map(|goods| (goods.product.as_str(), goods.quantity, goods.net))
        .collect();
    let mut are: Vec<_> =
        good.lines.iter().map(|line| (line.product.as_str(), line.quantity, line.net)).collect();
    were.sort_unstable();
    are.sort_unstable();
    let card = good.card.as_ref().map(|card| card.0.as_str());
    // A feed often says the minute only.
    let minute = |at: Instant| at.0.div_euclid(60_000_000);
    let whole = good.at.0.rem_euclid(60_000_000) == 0;
    let at_once = before.row.at == good.at || (whole && minute(before.row.at) == minute(good.at));
    if were != are || !at_once || before.row.card.as_deref() != card {
        return Ok(false);
    }
    let original = match &good.original {
        Some(original) => {
            let here = (&good.shop, &good.till);
            original_of(tx, original_key(&place.network, here, original))?.0
        }
        None => None,
    };
    Ok(before.row.original == original)
}
