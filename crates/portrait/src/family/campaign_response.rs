//! How the customer answers to campaigns and coupons.

use crate::facts::{Facts, Given};
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Bool, Float, Int, Label};
use crate::value::{Value, money, ratio};
use crate::window::{QUARTER, YEAR};

use super::lifecycle_value::NO_MODEL;

const EMPTY: &str = "0 over nothing";
const CONTACTS: [&str; 2] =
    ["contacts are not recorded so far", "коммуникации пока не записываются"];
const OFFERS: [&str; 2] =
    ["issued offers are not recorded so far", "выданные предложения пока не записываются"];
const POINTS: [&str; 2] = [
    "points are on the ledger; portraits do not read them so far",
    "баллы ведутся на счетах, но портреты их пока не читают",
];

/// Invitations and redemptions.
#[derive(Default)]
pub(crate) struct Response {
    received_364d: i64,
    responded_364d: i64,
    redeemed_91d: i64,
    redeemed_364d: i64,
    last_redeemed_age: Option<i32>,
    /// Days from the campaign's start to the redemption, over redemptions with a known start.
    days_to_redeem: i64,
    redeemed_started: i64,
    since_last: i64,
}

impl Response {
    pub fn of(given: &Given<'_>, numbers: &mut Vec<i64>) -> Self {
        let mut response = Self::default();
        for redemption in given.history.redemptions {
            let Some(age) = given.age(redemption.day) else { continue };
            let last = response.last_redeemed_age.map_or(age, |last| last.min(age));
            response.last_redeemed_age = Some(last);
            response.redeemed_91d += i64::from(age < QUARTER);
            if age >= YEAR {
                continue;
            }
            response.redeemed_364d += 1;
            if let Some(start) = redemption.campaign_start {
                response.redeemed_started += 1;
                response.days_to_redeem += i64::from(redemption.day.0) - i64::from(start.0);
            }
        }
        campaigns(given, YEAR, numbers);
        response.received_364d = numbers.len() as i64;
        response.responded_364d =
            numbers.iter().filter(|&&campaign| is_answered(given, campaign)).count() as i64;
        campaigns(given, response.last_redeemed_age.unwrap_or(i32::MAX), numbers);
        response.since_last = numbers.len() as i64;
        response
    }
}

/// The distinct campaigns of invitations whose start has an age below `window`.
fn campaigns(given: &Given<'_>, window: i32, numbers: &mut Vec<i64>) {
    numbers.clear();
    for invitation in given.history.invitations {
        if given.age(invitation.start).is_some_and(|age| age < window) {
            numbers.push(invitation.campaign.into());
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
}

fn is_answered(given: &Given<'_>, campaign: i64) -> bool {
    let mut redemptions = given.history.redemptions.iter();
    redemptions.any(|r| i64::from(r.campaign) == campaign && given.age(r.day).is_some())
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "campaigns_received_364d",
        ["Campaigns invited to, begun in 364 days", "Кампаний с участием, начатых за 364 дня"],
        Int,
        "campaigns",
        "#campaigns he was assigned to for treatment that began within the last 364 days",
        EMPTY,
        |f| f.response.received_364d.into(),
    ),
    parameter(
        "coupons_redeemed_91d",
        ["Coupons redeemed in 91 days", "Погашений купонов за 91 день"],
        Int,
        "redemptions",
        "#redemptions of the last 91 days",
        EMPTY,
        |f| f.response.redeemed_91d.into(),
    ),
    parameter(
        "coupons_redeemed_364d",
        ["Coupons redeemed in 364 days", "Погашений купонов за 364 дня"],
        Int,
        "redemptions",
        "#redemptions of the last 364 days",
        EMPTY,
        |f| f.response.redeemed_364d.into(),
    ),
    parameter(
        "campaign_response_rate_364d",
        ["Share of campaigns with a redemption, 364 days", "Доля кампаний с погашением за 364 дня"],
        Float,
        "ratio",
        "of the campaigns of campaigns_received_364d, the share with a redemption of his up to D",
        "campaigns_received_364d = 0",
        |f| ratio(f.response.responded_364d, f.response.received_364d),
    ),
    parameter(
        "days_since_last_redemption",
        ["Days since the last redemption of a coupon", "Дней с последнего погашения купона"],
        Int,
        "days",
        "age of the latest redemption",
        "no redemption",
        |f| f.response.last_redeemed_age.into(),
    ),
    parameter(
        "mean_days_to_redeem_364d",
        [
            "Days from campaign start to redemption, 364 days",
            "Дней от старта кампании до погашения, 364 дня",
        ],
        Float,
        "days",
        "mean over redemptions of the last 364 days of the days since their campaign began",
        "no redemption in the window of a campaign with a known start",
        |f| ratio(f.response.days_to_redeem, f.response.redeemed_started),
    ),
    parameter(
        "campaigns_since_last_response",
        [
            "Campaigns invited to since the last redemption",
            "Кампаний с участием после последнего погашения",
        ],
        Int,
        "campaigns",
        "#campaigns he was assigned to that began after his latest redemption, up to D; all that began, without a redemption",
        EMPTY,
        |f| f.response.since_last.into(),
    ),
    parameter(
        "supplier_coupon_savings_364d",
        ["Saved by suppliers' coupons in 364 days", "Сэкономлено купонами поставщиков за 364 дня"],
        Float,
        "money",
        "Σ scoup over S(364)",
        EMPTY,
        |f| money(f.walk.sums.supplier_coupon),
    ),
    parameter(
        "retailer_coupon_savings_364d",
        ["Saved by the retailer's coupons in 364 days", "Сэкономлено купонами сети за 364 дня"],
        Float,
        "money",
        "Σ rcoup over S(364)",
        EMPTY,
        |f| money(f.walk.sums.retailer_coupon),
    ),
    parameter(
        "coupon_receipt_share_364d",
        ["Share of receipts with a coupon in 364 days", "Доля чеков с купоном за 364 дня"],
        Float,
        "ratio",
        "receipts of S(364) with a line of scoup + rcoup > 0 ÷ visits_364d",
        "visits_364d = 0",
        coupon_receipts,
    ),
    parameter(
        "contacts_28d",
        ["Contacts delivered in 28 days", "Доставленных коммуникаций за 28 дней"],
        Int,
        "contacts",
        "#delivered contacts of the last 28 days, all channels",
        EMPTY,
        unknown,
    )
    .missing(CONTACTS),
    parameter(
        "best_channel_364d",
        ["Channel with the best response in 364 days", "Канал с лучшим откликом за 364 дня"],
        Label,
        "channel id",
        "first channel by (1 + responses) ÷ (10 + delivered contacts) of the last 364 days; a response is a redemption, while it is valid, of the offer of which this channel carried the last contact before",
        "no delivered contact",
        unknown,
    )
    .missing(CONTACTS),
    parameter(
        "best_mechanic_364d",
        [
            "Mechanic with the best redemption in 364 days",
            "Механика с лучшим погашением за 364 дня",
        ],
        Label,
        "mechanic id",
        "first mechanic (percent, fixed price, points multiplier, gift, threshold) by (1 + redeemed) ÷ (10 + issued) over offers issued in the last 364 days",
        "no offer issued",
        unknown,
    )
    .missing(OFFERS),
    parameter(
        "offers_issued_91d",
        ["Personal offers issued in 91 days", "Выдано персональных предложений за 91 день"],
        Int,
        "offers",
        "#personal offers issued in the last 91 days",
        EMPTY,
        unknown,
    )
    .missing(OFFERS),
    parameter(
        "offer_redemption_rate_91d",
        [
            "Share redeemed of offers issued in 91 days",
            "Доля погашенных предложений, выданных за 91 день",
        ],
        Float,
        "ratio",
        "of the offers of offers_issued_91d, the share redeemed up to D",
        "offers_issued_91d = 0",
        unknown,
    )
    .missing(OFFERS),
    parameter(
        "points_balance",
        ["Balance of points", "Остаток баллов"],
        Int,
        "points",
        "balance of the ledger at the end of D",
        "no account of points",
        unknown,
    )
    .missing(POINTS),
    parameter(
        "points_redeem_ratio_364d",
        ["Points spent over points earned in 364 days", "Списано баллов к начисленным за 364 дня"],
        Float,
        "ratio",
        "points spent ÷ points earned in the last 364 days",
        "no points earned",
        unknown,
    )
    .missing(POINTS),
    parameter(
        "uplift_score",
        [
            "Effect of an offer on the customer (uplift)",
            "Эффект предложения на покупателя (аплифт)",
        ],
        Float,
        "difference of probabilities",
        "effect of an offer by the uplift model in force, for the default objective; its version is kept with it",
        "no model in force",
        |f| f.given.scores.uplift_score.into(),
    )
    .missing(NO_MODEL),
    parameter(
        "is_universal_control",
        ["In the lasting hold-out", "В постоянной контрольной группе"],
        Bool,
        "yes or no",
        "belongs to the lasting hold-out in force at D",
        "no programme of experiments",
        unknown,
    )
    .missing([
        "customers are not assigned to arms of experiments so far",
        "покупатели пока не распределяются по вариантам экспериментов",
    ]),
];

fn unknown(_: &Facts<'_>) -> Value {
    Value::Null
}

fn coupon_receipts(facts: &Facts<'_>) -> Value {
    let receipts = facts.walk.visits_364d().filter(|visit| visit.coupon).count();
    ratio(receipts as i64, facts.walk.visits(0, YEAR))
}
