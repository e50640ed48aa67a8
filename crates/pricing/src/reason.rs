//! Why a rule, or a coupon, gave nothing: as data, and as a sentence in Russian or English.

use retail::Money;
use serde::{Deserialize, Serialize};

use crate::basket::CouponStanding;

/// The first thing that kept a rule from giving anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum Reason {
    /// It counts in other networks, shops or channels.
    Elsewhere {
        /// `network`, `shop`, `channel`.
        what: Place,
    },
    /// It counts at other times.
    AnotherTime {
        /// `from`, `until`, `weekdays`, `hours`, `birthday`.
        what: Time,
    },
    /// There is less of something than it needs.
    TooLittle(Compared),
    /// There is more of something than it allows.
    TooMuch(Compared),
    /// The customer is not in a segment.
    NotInSegment {
        /// Which.
        segment: String,
    },
    /// It needs a customer, a card, a payment or a coupon of another kind.
    Needs {
        /// What.
        what: Need,
        /// Those that would do.
        required: Vec<String>,
        /// What there is.
        actual: Option<String>,
    },
    /// What must not hold does.
    Excluded,
    /// Another rule must give something first.
    NotApplied {
        /// One of these.
        rules: Vec<String>,
    },
    /// No goods of this basket are meant.
    NoGoods,
    /// The goods that are meant take no discount: the law, or the ruleset.
    NotDiscounted,
    /// The goods that are meant cannot become cheaper: their floor, the law, or others gave all of it.
    NothingLeft {
        /// What it would have given.
        wanted: Money,
    },
    /// Another rule counts in its place.
    LostTo {
        /// Which.
        rule: String,
    },
    /// Its budget has less than it would give.
    BudgetExceeded {
        /// What is left of it.
        left: i64,
    },
    /// The ledger refused what it would give.
    Withheld {
        /// Stable name of the reason.
        why: String,
    },
    /// The coupon is not good.
    Coupon {
        /// What is wrong with it.
        standing: CouponStanding,
    },
    /// The customer has used the coupon as often as one may.
    CouponLimit {
        /// How often he may.
        required: u32,
        /// How often he has.
        actual: u32,
    },
    /// No rule asks for coupons of this series.
    CouponUnused,
    /// It applied.
    Applied,
    /// There is no such rule.
    UnknownRule,
}

/// What was needed, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// What is compared.
    pub what: What,
    /// The goods that are counted: `category dairy`; empty for the whole receipt.
    pub of: String,
    /// The bound.
    pub required: i64,
    /// What there is, in the same unit.
    pub actual: i64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Minor units.
    Amount,
    /// Thousandths of a unit.
    Quantity,
    /// Whole units.
    Units,
    /// Lines.
    Lines,
    /// Which purchase it is.
    Purchase,
}

/// Where a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Place {
    Network,
    Shop,
    Channel,
}

/// When a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Time {
    From,
    Until,
    Weekdays,
    Hours,
    Birthday,
}

/// What a rule may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Need {
    Customer,
    Card,
    Level,
    CardType,
    CardState,
    Payment,
    Coupon,
    Purchase,
}

/// The language of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Language {
    Ru,
    En,
}

impl Reason {
    /// The sentence for a person: "needs 3 of category dairy, has 2".
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Ru => self.russian(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Elsewhere { what } => match what {
                Place::Network => "counts in other networks".to_owned(),
                Place::Shop => "counts in other shops".to_owned(),
                Place::Channel => "counts through other channels".to_owned(),
            },
            Self::AnotherTime { what } => match what {
                Time::From => "has not begun".to_owned(),
                Time::Until => "is over".to_owned(),
                Time::Weekdays => "counts on other days of the week".to_owned(),
                Time::Hours => "counts at other hours".to_owned(),
                Time::Birthday => "counts around the customer's birthday".to_owned(),
            },
            Self::TooLittle(compared) => {
                let (required, actual) = compared.values();
                format!("needs {required}{}, has {actual}", compared.of_english())
            }
            Self::TooMuch(compared) => {
                let (required, actual) = compared.values();
                format!("allows at most {required}{}, has {actual}", compared.of_english())
            }
            Self::NotInSegment { segment } => format!("the customer is not in segment {segment}"),
            Self::Needs { what, required, actual } => {
                let what = match what {
                    Need::Customer => "a customer",
                    Need::Card => "a card",
                    Need::Level => "the level",
                    Need::CardType => "a card of type",
                    Need::CardState => "a card that is",
                    Need::Payment => "payment by",
                    Need::Coupon => "a coupon of series",
                    Need::Purchase => "to know which purchase this is",
                };
                let required = join(required, " or ");
                let actual = actual.as_ref().map_or(String::new(), |has| format!(", has {has}"));
                format!("needs {what}{required}{actual}")
            }
            Self::Excluded => "is excluded by what this basket or customer is".to_owned(),
            Self::NotApplied { rules } => format!("comes only with{}", join(rules, " or ")),
            Self::NoGoods => "no goods of this basket are meant".to_owned(),
            Self::NotDiscounted => "these goods take no discount".to_owned(),
            Self::NothingLeft { wanted } => {
                format!(
                    "{} could not be taken off: the price is as low as it may be",
                    money(*wanted)
                )
            }
            Self::LostTo { rule } => format!("lost to {rule}"),
            Self::BudgetExceeded { left } => format!("its budget has only {left} left"),
            Self::Withheld { why } => format!("was refused: {why}"),
            Self::Coupon { standing } => match standing {
                CouponStanding::Good => "the coupon is good".to_owned(),
                CouponStanding::Unknown => "there is no such coupon".to_owned(),
                CouponStanding::Foreign => "the coupon is another customer's".to_owned(),
                CouponStanding::NotYet => "the coupon counts later".to_owned(),
                CouponStanding::Expired => "the coupon's time is over".to_owned(),
                CouponStanding::UsedUp => "the coupon has been used".to_owned(),
                CouponStanding::Withdrawn => "the coupon was withdrawn".to_owned(),
                CouponStanding::NeedsCustomer => "the coupon needs its customer's card".to_owned(),
            },
            Self::CouponLimit { required, actual } => {
                format!("one customer may use it {required} times, and has {actual}")
            }
            Self::CouponUnused => "no rule takes coupons of this series now".to_owned(),
            Self::Applied => "applied".to_owned(),
            Self::UnknownRule => "there is no such rule".to_owned(),
        }
    }

    fn russian(&self) -> String {
        match self {
            Self::Elsewhere { what } => match what {
                Place::Network => "действует в других сетях".to_owned(),
                Place::Shop => "действует в других магазинах".to_owned(),
                Place::Channel => "действует в других каналах".to_owned(),
            },
            Self::AnotherTime { what } => match what {
                Time::From => "ещё не началось".to_owned(),
                Time::Until => "уже закончилось".to_owned(),
                Time::Weekdays => "действует в другие дни недели".to_owned(),
                Time::Hours => "действует в другие часы".to_owned(),
                Time::Birthday => "действует около дня рождения покупателя".to_owned(),
            },
            Self::TooLittle(compared) => {
                let (required, actual) = compared.values();
                format!("нужно {required}{}, есть {actual}", compared.of_russian())
            }
            Self::TooMuch(compared) => {
                let (required, actual) = compared.values();
                format!("допустимо не более {required}{}, есть {actual}", compared.of_russian())
            }
            Self::NotInSegment { segment } => format!("покупатель не входит в сегмент {segment}"),
            Self::Needs { what, required, actual } => {
                let what = match what {
                    Need::Customer => "известный покупатель",
                    Need::Card => "карта",
                    Need::Level => "уровень",
                    Need::CardType => "карта вида",
                    Need::CardState => "карта в состоянии",
                    Need::Payment => "оплата способом",
                    Need::Coupon => "купон серии",
                    Need::Purchase => "знать, какая это покупка по счёту",
                };
                let required = join(required, " или ");
                let actual = actual.as_ref().map_or(String::new(), |has| format!(", есть {has}"));
                format!("требуется {what}{required}{actual}")
            }
            Self::Excluded => "исключено условием правила".to_owned(),
            Self::NotApplied { rules } => {
                format!("действует только вместе с{}", join(rules, " или "))
            }
            Self::NoGoods => "в корзине нет подходящих товаров".to_owned(),
            Self::NotDiscounted => "на эти товары скидки не действуют".to_owned(),
            Self::NothingLeft { wanted } => {
                format!("{} снять нельзя: цена уже наименьшая возможная", money(*wanted))
            }
            Self::LostTo { rule } => format!("уступило правилу {rule}"),
            Self::BudgetExceeded { left } => format!("в бюджете осталось только {left}"),
            Self::Withheld { why } => format!("отказано: {why}"),
            Self::Coupon { standing } => match standing {
                CouponStanding::Good => "купон действителен".to_owned(),
                CouponStanding::Unknown => "такого купона нет".to_owned(),
                CouponStanding::Foreign => "это купон другого покупателя".to_owned(),
                CouponStanding::NotYet => "купон ещё не действует".to_owned(),
                CouponStanding::Expired => "срок купона истёк".to_owned(),
                CouponStanding::UsedUp => "купон уже использован".to_owned(),
                CouponStanding::Withdrawn => "купон отозван".to_owned(),
                CouponStanding::NeedsCustomer => "к купону нужна карта его владельца".to_owned(),
            },
            Self::CouponLimit { required, actual } => {
                format!(
                    "один покупатель может использовать купон {required} раз, использовал {actual}"
                )
            }
            Self::CouponUnused => "сейчас нет правила для купонов этой серии".to_owned(),
            Self::Applied => "применено".to_owned(),
            Self::UnknownRule => "такого правила нет".to_owned(),
        }
    }
}

impl Compared {
    /// Bound and value as a person writes them.
    fn values(&self) -> (String, String) {
        let shown = |value: i64| match self.what {
            What::Amount => money(Money(value)),
            What::Quantity => thousandths(value),
            What::Units | What::Lines | What::Purchase => value.to_string(),
        };
        (shown(self.required), shown(self.actual))
    }

    fn of_english(&self) -> String {
        match (self.what, self.of.as_str()) {
            (What::Lines, _) => " lines".to_owned(),
            (What::Purchase, _) => " as the number of the purchase".to_owned(),
            (_, "") => " in the receipt".to_owned(),
            (_, of) => format!(" of {of}"),
        }
    }

    fn of_russian(&self) -> String {
        match (self.what, self.of.as_str()) {
            (What::Lines, _) => " строк".to_owned(),
            (What::Purchase, _) => " (номер покупки)".to_owned(),
            (_, "") => " в чеке".to_owned(),
            (_, of) => format!(" ({of})"),
        }
    }
}

fn join(items: &[String], with: &str) -> String {
    if items.is_empty() { String::new() } else { format!(" {}", items.join(with)) }
}

/// An amount in major units.
pub(crate) fn money(amount: Money) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let minor = amount.0.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

fn thousandths(value: i64) -> String {
    let (whole, part) = (value / 1000, (value % 1000).abs());
    if part == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{part:03}").trim_end_matches('0').to_owned()
    }
}
