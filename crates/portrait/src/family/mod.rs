//! The families of parameters, one file each. A file holds the list of its parameters and the facts
//! that only they need.

pub(crate) mod affinity_loyalty;
pub(crate) mod basket;
pub(crate) mod campaign_response;
pub(crate) mod consumption_cycle;
pub(crate) mod diversity;
pub(crate) mod dynamics;
pub(crate) mod frequency;
pub(crate) mod lifecycle_value;
pub(crate) mod monetary;
pub(crate) mod place_time;
pub(crate) mod price_promo;
pub(crate) mod questionnaire;
pub(crate) mod recency_tenure;
pub(crate) mod regularity;

use crate::registry::Parameter;

/// Families in the sequence of the portrait.
pub(crate) const FAMILIES: &[(&str, &[Parameter])] = &[
    ("recency_tenure", recency_tenure::PARAMETERS),
    ("frequency", frequency::PARAMETERS),
    ("monetary", monetary::PARAMETERS),
    ("regularity", regularity::PARAMETERS),
    ("basket", basket::PARAMETERS),
    ("diversity", diversity::PARAMETERS),
    ("affinity_loyalty", affinity_loyalty::PARAMETERS),
    ("price_promo", price_promo::PARAMETERS),
    ("place_time", place_time::PARAMETERS),
    ("dynamics", dynamics::PARAMETERS),
    ("lifecycle_value", lifecycle_value::PARAMETERS),
    ("campaign_response", campaign_response::PARAMETERS),
    ("consumption_cycle", consumption_cycle::PARAMETERS),
    ("questionnaire", questionnaire::PARAMETERS),
];
