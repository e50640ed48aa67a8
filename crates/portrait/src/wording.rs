//! What people read, in the languages of the house.

/// A title, a unit or a reason as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    /// In English.
    pub en: &'static str,
    /// In Russian.
    pub ru: &'static str,
}

impl Wording {
    /// English, then Russian.
    pub(crate) const fn of([en, ru]: [&'static str; 2]) -> Self {
        Self { en, ru }
    }

    /// A unit as people read it: in English by its own name, and so in Russian where it is only a range.
    pub(crate) fn of_unit(unit: &'static str) -> Self {
        let ru = UNITS.iter().find(|(name, _)| *name == unit).map_or(unit, |(_, ru)| ru);
        Self { en: unit, ru }
    }
}

/// Units in Russian.
const UNITS: &[(&str, &str)] = &[
    ("brand id", "код бренда"),
    ("brands", "брендов"),
    ("campaigns", "кампаний"),
    ("categories", "категорий"),
    ("category id", "код категории"),
    ("channel id", "код канала"),
    ("children", "детей"),
    ("contacts", "коммуникаций"),
    ("date", "дата"),
    ("days", "дней"),
    ("days, 0..365", "дней, 0..365"),
    ("difference of probabilities", "разность вероятностей"),
    ("difference of ratios", "разность долей"),
    ("gaps", "интервалов"),
    ("index", "индекс"),
    ("lines", "позиций"),
    ("mechanic id", "код механики"),
    ("money", "деньги"),
    ("money a week", "деньги за неделю"),
    ("nats", "нат"),
    ("offers", "предложений"),
    ("people", "человек"),
    ("points", "баллов"),
    ("probability", "вероятность"),
    ("product id", "код товара"),
    ("products", "товаров"),
    ("ratio", "отношение"),
    ("receipts", "чеков"),
    ("redemptions", "погашений"),
    ("region id", "код региона"),
    ("sd", "ст. отклонений"),
    ("shop id", "код магазина"),
    ("shops", "магазинов"),
    ("visits", "визитов"),
    ("weeks", "недель"),
    ("weeks, 0..52", "недель, 0..52"),
    ("word", "слово"),
    ("years", "лет"),
    ("yes or no", "да или нет"),
];
