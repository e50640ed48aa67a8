//! What a quote takes beside the goods, as plain data: points, a use of a coupon, a campaign's budget, a
//! rule's limit.

use serde::{Deserialize, Serialize};

use crate::{CampaignId, CouponId, CustomerId, Points, WalletId};

/// One thing that a priced basket asks for and that must not be given twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Claim {
    /// Points that pay for a part of the basket.
    Points {
        /// Whose.
        wallet: WalletId,
        /// How many, more than 0.
        points: Points,
    },
    /// One use of a coupon.
    Coupon {
        /// Which.
        coupon: CouponId,
    },
    /// What a campaign gives, from its budget.
    Budget {
        /// Which campaign.
        campaign: CampaignId,
        /// What its budget counts: `RUB`, `POINT`, `USE`.
        unit: String,
        /// How much, more than 0, in the unit's smallest part.
        amount: i64,
    },
    /// What a rule gives to one customer within a window of time.
    Limit {
        /// Which rule.
        rule: String,
        /// To whom.
        customer: CustomerId,
        /// The window's name: `2026-01`, `day-20454`.
        window: String,
        /// How much of the limit, more than 0.
        amount: i64,
    },
}
