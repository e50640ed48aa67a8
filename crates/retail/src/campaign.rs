//! Campaigns, coupons and what came of them.

use serde::{Deserialize, Serialize};

use crate::{CampaignId, CouponId, CustomerId, Day, ProductId};

/// A campaign: offers of one purpose, to a chosen audience, within a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// The source's own kind.
    pub kind: Option<String>,
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
}

/// A customer chosen for a campaign (and treated, not held back as control).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// To which campaign.
    pub campaign: CampaignId,
    /// Whom.
    pub customer: CustomerId,
}

/// A coupon of a campaign and one product it is good for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// Its code.
    pub id: CouponId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// For which product.
    pub product: ProductId,
}

/// A coupon used at the till.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redemption {
    /// Which coupon.
    pub coupon: CouponId,
    /// By whom.
    pub customer: CustomerId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// When.
    pub day: Day,
}
