//! Card numbers, parsed at the door, and the schemes by which a mistyped one is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::{UnknownName, by_name};

/// A card's number: 4 to 32 ASCII letters and digits, without spaces and dashes. Letters count as
/// they are written. Read back from the store it is only looked over for its characters: the control
/// digit was verified at the door.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardNumber(String);

/// How the last digit of a number is made from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// 13 digits, weights 1 and 3 (GS1 General Specifications, section 7.9).
    Ean13,
    /// Digits of any number, every second doubled (ISO/IEC 7812-1, annex B).
    Luhn,
    /// No control digit; letters allowed.
    Plain,
}

/// Why a text is no card number. The sentences never repeat the number, which may end up in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// Something else than ASCII letters, digits, and spaces or dashes between them.
    #[error(
        "character {position} of the card number is {character:?}; only plain letters and digits \
         are allowed"
    )]
    Character {
        /// What stands there.
        character: char,
        /// Its place in the text, from 1.
        position: usize,
    },
    /// A letter where the scheme has digits only.
    #[error("a card number of the scheme {scheme} has digits only")]
    Letter {
        /// The scheme of the number.
        scheme: Scheme,
    },
    /// Too short or too long.
    #[error(
        "a card number of the scheme {scheme} has {} to {} characters, this one has {length}",
        scheme.lengths().0,
        scheme.lengths().1
    )]
    Length {
        /// The scheme of the number.
        scheme: Scheme,
        /// Letters and digits of the text.
        length: usize,
    },
    /// The last digit does not fit the others.
    #[error("the control digit of the card number is wrong: a digit was mistyped")]
    Control {
        /// The scheme of the number.
        scheme: Scheme,
    },
}

impl CardNumber {
    /// Fewest characters of a number.
    pub const LENGTH_MIN: usize = 4;
    /// Most characters of a number.
    pub const LENGTH_MAX: usize = 32;

    /// Reads a number as a person or scanner gives it: ASCII spaces around it are dropped, and
    /// ASCII spaces and dashes between its groups.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, sought in this sequence: characters, length, letters, control
    /// digit.
    pub fn parse(text: &str, scheme: Scheme) -> Result<Self, NumberProblem> {
        let last = text.chars().filter(|c| *c != ' ').count();
        let mut number = String::with_capacity(text.len());
        let mut seen = 0;
        for (at, character) in text.chars().enumerate() {
            seen += usize::from(character != ' ');
            match character {
                _ if character.is_ascii_alphanumeric() => number.push(character),
                ' ' => {}
                // A dash before the first or behind the last character separates nothing.
                '-' if !number.is_empty() && seen < last => {}
                _ => return Err(NumberProblem::Character { character, position: at + 1 }),
            }
        }
        let (shortest, longest) = scheme.lengths();
        if !(shortest..=longest).contains(&number.len()) {
            return Err(NumberProblem::Length { scheme, length: number.len() });
        }
        if scheme != Scheme::Plain && !is_digits(&number) {
            return Err(NumberProblem::Letter { scheme });
        }
        if !scheme.is_sound(&number) {
            return Err(NumberProblem::Control { scheme });
        }
        Ok(Self(number))
    }

    /// The number as text, as it is stored and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 3] = [Self::Ean13, Self::Luhn, Self::Plain];

    /// The name in JSON and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ean13 => "ean13",
            Self::Luhn => "luhn",
            Self::Plain => "plain",
        }
    }

    /// The digits with their control digit behind them; a plain text as it is. Of a text with other
    /// characters only the digits are counted, and [`Scheme::is_sound`] refuses the result, as it
    /// refuses an EAN of another length.
    #[must_use]
    pub fn complete(self, digits: &str) -> String {
        match self.control(digits) {
            Some(control) => format!("{digits}{control}"),
            None => digits.to_owned(),
        }
    }

    /// Whether a number has the scheme's characters and length and its control digit fits.
    #[must_use]
    pub fn is_sound(self, number: &str) -> bool {
        let (shortest, longest) = self.lengths();
        if !(shortest..=longest).contains(&number.len()) {
            return false;
        }
        match self {
            Self::Plain => number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Self::Ean13 | Self::Luhn => {
                is_digits(number) && self.complete(&number[..number.len() - 1]) == number
            }
        }
    }

    /// The control digit of these digits; nothing where the scheme has none.
    #[must_use]
    pub fn control(self, digits: &str) -> Option<u32> {
        // Both schemes weigh from the right, beginning beside the control digit.
        let weigh: fn(usize, u32) -> u32 = match self {
            Self::Plain => return None,
            Self::Ean13 => |at, digit| if at % 2 == 0 { 3 * digit } else { digit },
            Self::Luhn => |at, digit| match at % 2 {
                0 if digit > 4 => 2 * digit - 9,
                0 => 2 * digit,
                _ => digit,
            },
        };
        let digits = digits.chars().rev().filter_map(|c| c.to_digit(10));
        let sum = digits.enumerate().fold(0, |sum, (at, digit)| (sum + weigh(at, digit)) % 10);
        Some((10 - sum) % 10)
    }

    /// Fewest and most characters of a number.
    pub(crate) const fn lengths(self) -> (usize, usize) {
        match self {
            Self::Ean13 => (13, 13),
            Self::Luhn | Self::Plain => (CardNumber::LENGTH_MIN, CardNumber::LENGTH_MAX),
        }
    }
}

/// Whether a text is ASCII digits and nothing else.
pub(crate) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl TryFrom<String> for CardNumber {
    type Error = NumberProblem;

    fn try_from(text: String) -> Result<Self, NumberProblem> {
        Self::parse(&text, Scheme::Plain)
    }
}

impl From<CardNumber> for String {
    fn from(number: CardNumber) -> Self {
        number.0
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scheme {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        by_name("scheme of card numbers", &Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
