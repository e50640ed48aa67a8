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

/// Families in the sequence of the portrait: the name, its title in English and Russian, the parameters.
pub(crate) const FAMILIES: &[(&str, [&str; 2], &[Parameter])] = &[
    ("recency_tenure", ["Recency and tenure", "Давность и стаж"], recency_tenure::PARAMETERS),
    ("frequency", ["Frequency", "Частота покупок"], frequency::PARAMETERS),
    ("monetary", ["Money", "Деньги"], monetary::PARAMETERS),
    ("regularity", ["Regularity", "Регулярность"], regularity::PARAMETERS),
    ("basket", ["What receipts look like", "Состав чека"], basket::PARAMETERS),
    ("diversity", ["Breadth of choice", "Широта выбора"], diversity::PARAMETERS),
    (
        "affinity_loyalty",
        ["Preferences and loyalty", "Предпочтения и верность"],
        affinity_loyalty::PARAMETERS,
    ),
    ("price_promo", ["Prices and discounts", "Цены и скидки"], price_promo::PARAMETERS),
    ("place_time", ["Where and when", "Где и когда"], place_time::PARAMETERS),
    ("dynamics", ["Growth and decline", "Рост и спад"], dynamics::PARAMETERS),
    (
        "lifecycle_value",
        ["Life cycle and value", "Жизненный цикл и ценность"],
        lifecycle_value::PARAMETERS,
    ),
    (
        "campaign_response",
        ["Campaigns, offers and points", "Кампании, предложения и баллы"],
        campaign_response::PARAMETERS,
    ),
    (
        "consumption_cycle",
        ["Cycles of consumption", "Циклы потребления"],
        consumption_cycle::PARAMETERS,
    ),
    ("questionnaire", ["Questionnaire", "Анкета"], questionnaire::PARAMETERS),
];
