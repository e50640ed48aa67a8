//! What is wrong with the text of a segment, and where.

use std::fmt;

use super::{DEPTH_MAX, PROFILE};
use crate::registry::registry;

/// Names longer than this are like no other.
const NAME_MAX: usize = 64;

/// Names that are proposed for an unknown one.
const PROPOSED: usize = 3;

/// What is wrong with the text of a segment, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {wrong}", at + 1)]
pub struct SegmentError {
    /// How many characters stand before the place.
    pub at: usize,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The text, or the same as it is printed, is longer than a segment may be.
    #[error("a segment has at most {most} characters")]
    TooLong {
        /// So many characters it may have.
        most: usize,
    },
    /// Too many parentheses are open.
    #[error("more than {DEPTH_MAX} parentheses are open here")]
    TooDeep,
    /// A character that has no meaning here.
    #[error("the character {} means nothing here", shown(*found))]
    Character {
        /// Which.
        found: char,
    },
    /// A text without its end.
    #[error("the text that begins here has no closing quote")]
    Quote,
    /// Something that begins as a number and is none, or has more than 18 digits.
    #[error("{found} is no number of at most 18 digits; write 12 or 0.5")]
    Number {
        /// As written.
        found: String,
    },
    /// A day that is in no calendar.
    #[error("{found} is no day of the calendar; write 2026-01-31")]
    Day {
        /// As written.
        found: String,
    },
    /// Something else had to come.
    #[error("{wanted} is expected, not {}", .found.as_deref().unwrap_or("the end"))]
    Expected {
        /// What.
        wanted: Wanted,
        /// What came; nothing for the end of the text.
        found: Option<String>,
    },
    /// A name that the registry does not have.
    #[error("there is no parameter {found}{}", proposal(nearest))]
    Parameter {
        /// As written.
        found: String,
        /// Names that are like it.
        nearest: Vec<&'static str>,
    },
    /// Something that no customer declares, or that is not kept by itself.
    #[error("there is no {found}{}", proposal(nearest))]
    Profile {
        /// As written.
        found: String,
        /// What there is.
        nearest: Vec<&'static str>,
    },
    /// A value that this parameter never has.
    #[error("{name} is compared with {wanted}, not with {found}")]
    Type {
        /// The parameter.
        name: &'static str,
        /// What its values are.
        wanted: Written,
        /// What was given.
        found: Written,
    },
    /// A comparison of greater and less with what has none.
    #[error("{name} has no greater and less; write =, != or in")]
    Sequence {
        /// The parameter.
        name: &'static str,
    },
    /// A word that this parameter never says.
    #[error("{name} is never {found}; it is one of {}", words.join(", "))]
    Word {
        /// The parameter.
        name: &'static str,
        /// As written.
        found: String,
        /// The words it says.
        words: &'static [&'static str],
    },
    /// Two bounds between which nothing lies.
    #[error("nothing lies between {low} and {high}; write the smaller one first")]
    Reversed {
        /// The first bound.
        low: String,
        /// The second.
        high: String,
    },
}

/// What should stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A parameter, `not` or an opening parenthesis.
    Condition,
    /// A comparison after the name of a parameter.
    Comparison,
    /// `between`, `in` or `null`, after a `not`.
    Negated,
    /// `null`.
    Null,
    /// A value.
    Value(Written),
    /// The `and` between two bounds.
    And,
    /// An opening parenthesis.
    Open,
    /// A comma or a closing parenthesis, within a list of values.
    CommaOrClose,
    /// `and`, `or` or a closing parenthesis.
    JoinOrClose,
    /// `and`, `or` or the end.
    JoinOrEnd,
}

/// A kind of values as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `12.5`
    Number,
    /// `'text'`
    Text,
    /// `2026-01-31`
    Day,
    /// `true` or `false`
    Truth,
}

impl Wrong {
    /// A stable name of what is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::TooDeep => "too_deep",
            Self::Character { .. } => "character",
            Self::Quote => "quote",
            Self::Number { .. } => "number",
            Self::Day { .. } => "day",
            Self::Expected { .. } => "expected",
            Self::Parameter { .. } => "unknown_parameter",
            Self::Profile { .. } => "unknown_profile",
            Self::Type { .. } => "type",
            Self::Sequence { .. } => "no_sequence",
            Self::Word { .. } => "unknown_word",
            Self::Reversed { .. } => "reversed",
        }
    }

    pub(super) fn unknown(found: &str) -> Self {
        let found = found.to_owned();
        match found.strip_prefix("profile.") {
            Some("region") => Self::Profile { nearest: vec!["region_id"], found },
            Some(declared) => {
                let names = PROFILE.map(|row| row.0);
                let like = nearest(declared, &names);
                Self::Profile {
                    nearest: if like.is_empty() { names.to_vec() } else { like },
                    found,
                }
            }
            None => {
                let names: Vec<&'static str> = registry().iter().map(|one| one.name).collect();
                Self::Parameter { nearest: nearest(&found, &names), found }
            }
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition => f.write_str("a parameter, `not` or `(`"),
            Self::Comparison => {
                f.write_str("a comparison (=, !=, <, <=, >, >=, between, in, is null)")
            }
            Self::Negated => f.write_str("`between`, `in` or `null`"),
            Self::Null => f.write_str("`null`"),
            Self::Value(kind) => kind.fmt(f),
            Self::And => f.write_str("`and`"),
            Self::Open => f.write_str("`(`"),
            Self::CommaOrClose => f.write_str("`,` or `)`"),
            Self::JoinOrClose => f.write_str("`and`, `or` or `)`"),
            Self::JoinOrEnd => f.write_str("`and`, `or` or the end"),
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Text => "a text in quotes",
            Self::Day => "a day as 2026-01-31",
            Self::Truth => "true or false",
        })
    }
}

fn shown(found: char) -> String {
    if found.is_control() { format!("U+{:04X}", u32::from(found)) } else { found.to_string() }
}

fn proposal(nearest: &[&str]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; is it {}?", nearest.join(", ")) }
}

/// Known names that are like one: mistyped, or with the same beginning. The likest come first.
fn nearest(name: &str, names: &[&'static str]) -> Vec<&'static str> {
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    if wanted.len() > NAME_MAX {
        return Vec::new();
    }
    let lowered: String = wanted.iter().collect();
    let mut like: Vec<(usize, &'static str)> = names
        .iter()
        .filter_map(|&known| {
            let typed_wrong = distance(&wanted, known);
            let begins = lowered.len() >= 3 && known.contains(&*lowered);
            (typed_wrong <= 1 + wanted.len() / 4 || begins).then_some((typed_wrong, known))
        })
        .collect();
    like.sort_unstable();
    like.truncate(PROPOSED);
    like.into_iter().map(|(_, known)| known).collect()
}

/// How many characters must be put in, taken out or replaced to make one word of the other.
fn distance(word: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (at, other) in other.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (place, &letter) in word.iter().enumerate() {
            let replaced = corner + usize::from(letter != other);
            corner = row[place + 1];
            row[place + 1] = replaced.min(corner + 1).min(row[place] + 1);
        }
    }
    row[word.len()]
}

/// Most characters of a line that are shown before and after a place.
const AROUND: usize = 50;

/// The line of a text with a place in it, and a caret below it.
#[must_use]
pub fn caret(text: &str, at: usize) -> String {
    let text: Vec<char> = text.chars().collect();
    let at = at.min(text.len());
    let begins = text[..at].iter().rposition(|&c| c == '\n').map_or(0, |newline| newline + 1);
    let ends = text[at..].iter().position(|&c| c == '\n').map_or(text.len(), |more| at + more);
    let (start, end) = (begins.max(at.saturating_sub(AROUND)), ends.min(at + AROUND));
    let visible = |&c: &char| if c.is_control() { ' ' } else { c };
    let shown: String = text[start..end].iter().map(visible).collect();
    let head = if start > begins { "…" } else { "" };
    let tail = if end < ends { "…" } else { "" };
    let space = " ".repeat(at - start + head.chars().count());
    format!("{head}{shown}{tail}\n{space}^")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_place() {
        for (text, at, expected) in [
            ("a > 1", 2, "a > 1\n  ^"),
            ("a >", 3, "a >\n   ^"),
            ("", 0, "\n^"),
            ("a = 1\n\tand б > 2\nor c", 11, " and б > 2\n     ^"),
            ("a > 1", 99, "a > 1\n     ^"),
        ] {
            assert_eq!(caret(text, at), expected, "{text:?}");
        }
        let long = caret(&"x".repeat(300), 150);
        assert_eq!(long, format!("…{}…\n{}^", "x".repeat(100), " ".repeat(51)));
    }
}
