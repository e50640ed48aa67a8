//! A question: what is asked, which answers are good, and which coded value of them leaves the vault.

use std::fmt;
use std::str::FromStr;

use retail::Day;
use serde::{Deserialize, Serialize};

use super::Wording;
use crate::consent::ConsentPurpose;
use crate::name::{UnknownName, by_name};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its own name in the questionnaire, by which answers are kept: `first_name`. A later version asks
    /// the same thing by the same id.
    pub id: String,
    /// What is asked.
    pub label: Wording,
    /// What helps to answer.
    #[serde(default)]
    pub hint: Option<Wording>,
    /// Needed for a complete questionnaire.
    #[serde(default)]
    pub required: bool,
    /// Asked in the short registration at the till, which needs it where it is required too.
    #[serde(default)]
    pub short: bool,
    /// Which answers are good.
    pub kind: QuestionKind,
    /// Which coded value leaves the vault; nothing for an answer that stays there whole.
    #[serde(default)]
    pub profile: Option<ProfileUse>,
}

/// Which answers to a question are good. In JSON `"phone"` or `{"number": {"min": 0, "max": 20}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuestionKind {
    /// A free text of one line.
    Text {
        /// Most characters, 1 to 1000.
        #[serde(default = "text_chars_max")]
        chars_max: u16,
    },
    /// A name or a part of one: the customer is found by its words.
    Name {
        /// Most characters, 1 to 1000.
        #[serde(default = "name_chars_max")]
        chars_max: u16,
    },
    /// A whole number.
    Number {
        /// The smallest that is good.
        min: i64,
        /// The largest that is good.
        max: i64,
    },
    /// A calendar date.
    Date {
        /// The first that is good.
        #[serde(default)]
        min: Option<Day>,
        /// The last that is good.
        #[serde(default)]
        max: Option<Day>,
        /// When he was born: not before 1900 and never in the future.
        #[serde(default)]
        birth: bool,
    },
    /// One of some options.
    Choice {
        /// In the sequence in which they are shown.
        options: Vec<AnswerOption>,
    },
    /// Several of some options.
    Many {
        /// In the sequence in which they are shown, and in which answers are kept.
        options: Vec<AnswerOption>,
        /// How many at most.
        most: u16,
    },
    /// A phone's number.
    Phone,
    /// An e-mail address.
    Email,
    /// Yes or no to a purpose. It becomes a consent and not an answer.
    Consent {
        /// To what.
        purpose: ConsentPurpose,
        /// What he consents to, in full.
        text: Wording,
        /// The name of this text, under which it can be shown years later.
        text_version: String,
    },
}

/// One of the answers that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerOption {
    /// What is kept.
    pub code: String,
    /// What is shown.
    pub label: Wording,
}

/// Which coded value of an answer leaves the vault, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileUse {
    /// As what.
    pub attribute: ProfileAttribute,
    /// The first value of each band, ascending, from 1 on: `[18, 25, 65]` makes `0-17`, `18-24`,
    /// `25-64` and `65+`. Of a birth date the age in full years falls into bands, and it needs them; of
    /// a number itself, which without bands leaves as it is. A choice leaves as its code and has none.
    #[serde(default)]
    pub bands: Option<Vec<u32>>,
}

/// What portraits know of customers by their own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileAttribute {
    /// Woman or man.
    Gender,
    /// Age, in bands.
    AgeBand,
    /// People in the household.
    HouseholdSize,
    /// Children in it.
    KidsCount,
    /// Income, in bands.
    IncomeBand,
    /// Whether the home is his own.
    HomeOwnership,
    /// Whether he is married.
    MaritalStatus,
    /// Where he lives.
    Region,
}

const fn text_chars_max() -> u16 {
    200
}

const fn name_chars_max() -> u16 {
    100
}

impl Question {
    /// Whether it is about a consent, which is no answer.
    #[must_use]
    pub const fn is_consent(&self) -> bool {
        matches!(self.kind, QuestionKind::Consent { .. })
    }
}

impl ProfileAttribute {
    /// Every attribute.
    pub const ALL: [Self; 8] = [
        Self::Gender,
        Self::AgeBand,
        Self::HouseholdSize,
        Self::KidsCount,
        Self::IncomeBand,
        Self::HomeOwnership,
        Self::MaritalStatus,
        Self::Region,
    ];

    /// The name in JSON and among the attributes of a customer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gender => "gender",
            Self::AgeBand => "age_band",
            Self::HouseholdSize => "household_size",
            Self::KidsCount => "kids_count",
            Self::IncomeBand => "income_band",
            Self::HomeOwnership => "home_ownership",
            Self::MaritalStatus => "marital_status",
            Self::Region => "region",
        }
    }
}

impl FromStr for ProfileAttribute {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("attribute of a profile", &Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for ProfileAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
