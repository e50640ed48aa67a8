//! What a customer has consented to, and what he has withdrawn.
//!
//! Nothing is ever changed: a consent is a row of events, each with its text, moment, place and who
//! took it, since the retailer has to prove it (152-FZ, article 9, part 3; 38-FZ, article 18, for
//! advertising). What holds is computed from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use retail::Instant;
use serde::{Deserialize, Serialize};

use crate::name::{UnknownName, by_name};

/// By what advertising reaches a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text messages of the phone's network.
    Sms,
    /// Notes of the retailer's application.
    Push,
    /// Messengers.
    Messenger,
    /// Calls, of people or machines.
    Call,
    /// Letters on paper.
    Post,
}

/// What a consent is to. In JSON its name: `processing`, `advertising:sms`, `partners`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ConsentPurpose {
    /// That personal data are kept and used for the programme; without it nothing else is allowed.
    Processing,
    /// That advertising comes by a channel.
    Advertising(Channel),
    /// That partners of the coalition are told what they need to serve him.
    Partners,
}

/// How a consent was given or withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Signed on paper.
    Paper,
    /// Touched on a screen at the till.
    TillScreen,
    /// On the site.
    Site,
    /// In the application.
    App,
    /// Said on the phone.
    Call,
    /// By a code that was sent to him and used once.
    Code,
    /// Brought over from the programme before this one.
    Import,
}

/// One consent given or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentEvent {
    /// To what.
    pub purpose: ConsentPurpose,
    /// Given, or withdrawn.
    pub given: bool,
    /// Which text he had before him.
    pub text_version: String,
    /// When.
    pub at: Instant,
    /// In which shop; nothing where it was in none.
    pub place: Option<String>,
    /// Who took it down: a member of staff, or the key of a site.
    pub operator: String,
    /// How.
    pub means: Means,
}

/// How a customer's consents stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents {
    // By purpose the event that decides it.
    standing: BTreeMap<ConsentPurpose, ConsentEvent>,
}

impl Consents {
    /// How they stand after these events, which may come in any sequence of time: of two at the same
    /// instant the one behind the other is the later.
    ///
    /// A withdrawal counts at once. That of the processing withdraws all others, which do not come back
    /// when processing is allowed again: they have to be given anew.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = ConsentEvent>) -> Self {
        let mut events: Vec<ConsentEvent> = events.into_iter().collect();
        events.sort_by_key(|event| event.at);
        let mut standing = BTreeMap::new();
        for event in events {
            if event.purpose == ConsentPurpose::Processing && !event.given {
                standing.values_mut().for_each(|decided| *decided = event.clone());
            }
            standing.insert(event.purpose, event);
        }
        Self { standing }
    }

    /// Whether something is consented to now: given and not withdrawn, and the processing with it. What
    /// was never asked is not allowed.
    #[must_use]
    pub fn allows(&self, purpose: ConsentPurpose) -> bool {
        let given = |purpose| self.standing(purpose).is_some_and(|event| event.given);
        given(ConsentPurpose::Processing) && given(purpose)
    }

    /// Everything that is allowed now.
    #[must_use]
    pub fn allowed(&self) -> BTreeSet<ConsentPurpose> {
        ConsentPurpose::ALL.into_iter().filter(|&purpose| self.allows(purpose)).collect()
    }

    /// The event that decides a purpose, for whoever asks why: its own latest, or the withdrawal of the
    /// processing that ended it. Nothing where it was never asked.
    #[must_use]
    pub fn standing(&self, purpose: ConsentPurpose) -> Option<&ConsentEvent> {
        self.standing.get(&purpose)
    }
}

impl Channel {
    /// Every channel of advertising.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::Sms, Self::Push, Self::Messenger, Self::Call, Self::Post];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Messenger => "messenger",
            Self::Call => "call",
            Self::Post => "post",
        }
    }
}

impl ConsentPurpose {
    /// Every purpose.
    pub const ALL: [Self; 8] = [
        Self::Processing,
        Self::Advertising(Channel::Email),
        Self::Advertising(Channel::Sms),
        Self::Advertising(Channel::Push),
        Self::Advertising(Channel::Messenger),
        Self::Advertising(Channel::Call),
        Self::Advertising(Channel::Post),
        Self::Partners,
    ];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Advertising(Channel::Email) => "advertising:email",
            Self::Advertising(Channel::Sms) => "advertising:sms",
            Self::Advertising(Channel::Push) => "advertising:push",
            Self::Advertising(Channel::Messenger) => "advertising:messenger",
            Self::Advertising(Channel::Call) => "advertising:call",
            Self::Advertising(Channel::Post) => "advertising:post",
            Self::Partners => "partners",
        }
    }
}

impl Means {
    /// Every means.
    pub const ALL: [Self; 7] = [
        Self::Paper,
        Self::TillScreen,
        Self::Site,
        Self::App,
        Self::Call,
        Self::Code,
        Self::Import,
    ];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::TillScreen => "till_screen",
            Self::Site => "site",
            Self::App => "app",
            Self::Call => "call",
            Self::Code => "code",
            Self::Import => "import",
        }
    }
}

impl From<ConsentPurpose> for &'static str {
    fn from(purpose: ConsentPurpose) -> Self {
        purpose.as_str()
    }
}

impl TryFrom<String> for ConsentPurpose {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl FromStr for ConsentPurpose {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("purpose of a consent", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Channel {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("channel of advertising", &Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Means {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("means of a consent", &Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for ConsentPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
