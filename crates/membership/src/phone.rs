//! Phone numbers, parsed at the door.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::is_digits;
use crate::text::is_hyphen;

/// A phone's number as ITU-T E.164 has it: a plus and 8 to 15 digits, `+79161234567`. Two texts of one
/// number are one value. It never shows itself in a log: `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// That a text is no phone's number. It never repeats the text, which may end up in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no phone number: a Russian one has 10 digits, any other a plus and 8 to 15 digits")]
pub struct PhoneProblem;

/// More characters than any punctuation needs.
const CHARS_MAX: usize = 40;

impl Phone {
    /// Reads a number as people write it: with blanks, dashes, dots and parentheses between digits.
    ///
    /// A Russian number may begin with 8, 7 or +7, or come without them when it begins with 9, as
    /// mobile ones do; every other needs the plus and its country. Digits are ASCII ones: others do not
    /// come from a keyboard of a phone, and what is pasted with them was not meant for us.
    ///
    /// # Errors
    ///
    /// If the text is anything else.
    pub fn parse(text: &str) -> Result<Self, PhoneProblem> {
        if text.len() > 4 * CHARS_MAX || text.chars().count() > CHARS_MAX {
            return Err(PhoneProblem);
        }
        let mut digits = String::new();
        let mut international = false;
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() && !international => international = true,
                '(' | ')' | '.' => {}
                _ if c.is_whitespace() && !c.is_control() => {}
                _ if is_hyphen(c) && !digits.is_empty() => {}
                _ => return Err(PhoneProblem),
            }
        }
        let number = match (international, digits.as_bytes()) {
            (true, _) => digits,
            (false, [b'7' | b'8', rest @ ..]) if rest.len() == 10 => format!("7{}", &digits[1..]),
            (false, [b'9', rest @ ..]) if rest.len() == 9 => format!("7{digits}"),
            _ => return Err(PhoneProblem),
        };
        if is_number(&number) { Ok(Self(format!("+{number}"))) } else { Err(PhoneProblem) }
    }

    /// The number as text, for the vault, its index and whoever sends messages.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as it may be shown: of a Russian one `+7 *** ***-**-67`, of any other the last two
    /// digits, since where a country's code ends is not known here.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = &self.0[self.0.len() - 2..];
        let country = if self.0.starts_with("+7") { "+7" } else { "+*" };
        format!("{country} *** ***-**-{last}")
    }
}

/// Whether digits, the country's first, could be a number. No country's code begins with 0. Those of
/// Russia and Kazakhstan, 7, have ten digits behind it, which begin with 3 to 9. None begins with 89:
/// that is a Russian number with both the plus and the 8.
fn is_number(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'0', ..] | [b'8', b'9', ..] => false,
        [b'7', rest @ ..] => rest.len() == 10 && (b'3'..=b'9').contains(&rest[0]),
        _ => (8..=15).contains(&digits.len()) && is_digits(digits),
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneProblem;

    fn try_from(text: String) -> Result<Self, PhoneProblem> {
        Self::parse(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}
