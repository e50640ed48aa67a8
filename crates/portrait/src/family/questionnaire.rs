//! What the customer said of himself.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Bool, Float, Int, Text};
use crate::value::Value;

const UNDECLARED: &str = "not declared";
const VAULT: &str = "birth dates are personal data: they are refused while there is no vault";
const REGISTRATION: &str = "the issue of cards is recorded; portraits do not read it so far";

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter("gender", Text, "word", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.gender)
    })
    .sensitive(),
    parameter(
        "age_years",
        Int,
        "years",
        "full years from the declared date of birth to D",
        "date of birth not declared",
        unknown,
    )
    .sensitive()
    .missing(VAULT),
    parameter("age_band", Text, "word", "declared, or by age_years", UNDECLARED, |f| {
        declared(f.given.history.profile.age_band)
    })
    .sensitive(),
    parameter(
        "days_to_birthday",
        Int,
        "days, 0..365",
        "days from D to the next return of the day and month of birth, 0 on the day itself; 29 February is 1 March in other years",
        "date of birth not declared",
        unknown,
    )
    .sensitive()
    .missing(VAULT),
    parameter("household_size", Text, "people", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.household_size)
    })
    .sensitive(),
    parameter("kids_count", Text, "children", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.kids_count)
    })
    .sensitive(),
    parameter("income_band", Text, "word", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.income_band)
    })
    .sensitive(),
    parameter("home_ownership", Text, "word", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.home_ownership)
    })
    .sensitive(),
    parameter("marital_status", Text, "word", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.marital_status)
    })
    .sensitive(),
    parameter(
        "region_id",
        Text,
        "region id",
        "declared, else the region of main_store_364d",
        "neither is known",
        |f| {
            let of_shop = || f.given.catalogue.region(f.visiting.main_shop()?);
            declared(f.given.history.profile.region.or_else(of_shop))
        },
    ),
    parameter(
        "registration_channel",
        Text,
        "word",
        "channel through which the card was issued",
        "not recorded",
        unknown,
    )
    .missing(REGISTRATION),
    parameter(
        "days_since_registration",
        Int,
        "days",
        "age of the registration",
        "not recorded",
        unknown,
    )
    .missing(REGISTRATION),
    parameter(
        "questionnaire_completeness",
        Float,
        "ratio",
        "answered questions ÷ questions of the version of the questionnaire in force",
        "no questionnaire",
        unknown,
    )
    .missing("there is no questionnaire so far"),
    parameter(
        "consent_marketing",
        Bool,
        "yes or no",
        "the latest consent given or withdrawn up to D",
        "none recorded: nothing may be sent",
        unknown,
    )
    .missing("consents are not recorded so far"),
];

fn declared(text: Option<u32>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

fn unknown(_: &Facts<'_>) -> Value {
    Value::Null
}
