//! What the customer said of himself.

use crate::facts::Facts;
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Bool, Float, Int, Text};
use crate::value::Value;

const UNDECLARED: &str = "not declared";
const VAULT: [&str; 2] = [
    "birth dates are personal data: they are refused while there is no vault",
    "даты рождения — персональные данные: без хранилища их не принимают",
];
const REGISTRATION: [&str; 2] = [
    "the issue of cards is recorded; portraits do not read it so far",
    "выдача карт записывается, но портреты её пока не читают",
];

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter("gender", ["Gender", "Пол"], Text, "word", "declared", UNDECLARED, |f| {
        declared(f.given.history.profile.gender)
    })
    .sensitive(),
    parameter(
        "age_years",
        ["Age in full years", "Возраст, полных лет"],
        Int,
        "years",
        "full years from the declared date of birth to D",
        "date of birth not declared",
        unknown,
    )
    .sensitive()
    .missing(VAULT),
    parameter(
        "age_band",
        ["Age band", "Возрастная группа"],
        Text,
        "word",
        "declared, or by age_years",
        UNDECLARED,
        |f| declared(f.given.history.profile.age_band),
    )
    .sensitive(),
    parameter(
        "days_to_birthday",
        ["Days to the next birthday", "Дней до дня рождения"],
        Int,
        "days, 0..365",
        "days from D to the next return of the day and month of birth, 0 on the day itself; 29 February is 1 March in other years",
        "date of birth not declared",
        unknown,
    )
    .sensitive()
    .missing(VAULT),
    parameter(
        "household_size",
        ["People in the household", "Человек в домохозяйстве"],
        Text,
        "people",
        "declared",
        UNDECLARED,
        |f| declared(f.given.history.profile.household_size),
    )
    .sensitive(),
    parameter(
        "kids_count",
        ["Number of children", "Число детей"],
        Text,
        "children",
        "declared",
        UNDECLARED,
        |f| declared(f.given.history.profile.kids_count),
    )
    .sensitive(),
    parameter(
        "income_band",
        ["Income band", "Уровень дохода"],
        Text,
        "word",
        "declared",
        UNDECLARED,
        |f| declared(f.given.history.profile.income_band),
    )
    .sensitive(),
    parameter(
        "home_ownership",
        ["Home ownership", "Собственное или съёмное жильё"],
        Text,
        "word",
        "declared",
        UNDECLARED,
        |f| declared(f.given.history.profile.home_ownership),
    )
    .sensitive(),
    parameter(
        "marital_status",
        ["Marital status", "Семейное положение"],
        Text,
        "word",
        "declared",
        UNDECLARED,
        |f| declared(f.given.history.profile.marital_status),
    )
    .sensitive(),
    parameter(
        "region_id",
        ["Region, declared or of the main shop", "Регион: из анкеты или основного магазина"],
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
        ["Channel of the card's issue", "Канал выдачи карты"],
        Text,
        "word",
        "channel through which the card was issued",
        "not recorded",
        unknown,
    )
    .missing(REGISTRATION),
    parameter(
        "days_since_registration",
        ["Days since registration", "Дней с регистрации"],
        Int,
        "days",
        "age of the registration",
        "not recorded",
        unknown,
    )
    .missing(REGISTRATION),
    parameter(
        "questionnaire_completeness",
        ["Share of the questionnaire that is answered", "Доля заполненной анкеты"],
        Float,
        "ratio",
        "answered questions ÷ questions of the version of the questionnaire in force",
        "no questionnaire",
        unknown,
    )
    .missing(["there is no questionnaire so far", "анкеты пока нет"]),
    parameter(
        "consent_marketing",
        ["Consent to marketing", "Согласие на рекламу"],
        Bool,
        "yes or no",
        "the latest consent given or withdrawn up to D",
        "none recorded: nothing may be sent",
        unknown,
    )
    .missing(["consents are not recorded so far", "согласия пока не записываются"]),
];

fn declared(text: Option<u32>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

fn unknown(_: &Facts<'_>) -> Value {
    Value::Null
}
