//! Texts that people type: one form for each, and what must not hide in them.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a text that was typed is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFault {
    TooLong,
    ControlCharacters,
}

/// The one form of a text: composed (NFC), without blanks around it and with one between words. Tabs
/// and ends of lines are blanks. Nothing but blanks gives an empty text.
///
/// A text far too long is refused before any work is done on it.
pub(crate) fn canonical(text: &str, chars_max: usize) -> Result<String, TextFault> {
    // Four bytes a character at most, as many again for marks that composing takes in, and for blanks.
    if text.len() > chars_max.saturating_mul(16) {
        return Err(TextFault::TooLong);
    }
    if text.chars().any(is_hidden) {
        return Err(TextFault::ControlCharacters);
    }
    let composed: String = text.nfc().collect();
    let canonical = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if canonical.chars().count() > chars_max {
        return Err(TextFault::TooLong);
    }
    Ok(canonical)
}

/// Whether a word of the text, between blanks and hyphens, has letters of two scripts that look alike:
/// what reads as a known name is then another one, which no search finds.
pub(crate) fn mixes_scripts(text: &str) -> bool {
    let apart = |c: char| c.is_whitespace() || is_hyphen(c);
    text.split(apart).any(|word| {
        let mut scripts = word.chars().filter_map(script);
        scripts.next().is_some_and(|first| scripts.any(|other| other != first))
    })
}

/// Whether a text could be somebody's name: a letter at least, and nothing that names do not have. An
/// address of a site, which would reach a stranger in a greeting, has slashes or colons.
pub(crate) fn is_name(text: &str) -> bool {
    let usual = |c: char| {
        c.is_alphanumeric()
            || is_combining_mark(c)
            || is_hyphen(c)
            || is_apostrophe(c)
            || " .,()".contains(c)
    };
    text.chars().any(char::is_alphabetic) && text.chars().all(usual)
}

/// Whether a character is not seen, or changes how others are seen: controls other than blanks,
/// directions, joiners, fillers. Unicode's `Default_Ignorable_Code_Point` of
/// `DerivedCoreProperties.txt` and the annotations U+FFF9 to U+FFFB.
pub(crate) fn is_hidden(c: char) -> bool {
    const HIDDEN: [RangeInclusive<char>; 18] = [
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{fff0}'..='\u{fff8}',
        '\u{fff9}'..='\u{fffb}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e0fff}',
    ];
    match c {
        '\t' | '\n' | '\r' => false,
        _ => c.is_control() || HIDDEN.iter().any(|range| range.contains(&c)),
    }
}

/// The hyphens and dashes of typography.
pub(crate) const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// What is typed as an apostrophe, letters among it.
pub(crate) const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{2b9}'..='\u{2bc}')
}

/// Characters without regard to case and to forms that only look different: composed for
/// compatibility (NFKC), by way of capitals, so that ß and SS meet.
pub(crate) fn folded(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
}

/// Scripts whose letters look alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
}

/// The script of a letter, where it is one of those that look alike (Unicode `Scripts.txt`).
fn script(c: char) -> Option<Script> {
    match c {
        _ if !c.is_alphabetic() => None,
        'A'..='Z'
        | 'a'..='z'
        | '\u{c0}'..='\u{2af}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{a722}'..='\u{a7ff}'
        | '\u{ff21}'..='\u{ff5a}' => Some(Script::Latin),
        '\u{400}'..='\u{52f}'
        | '\u{1c80}'..='\u{1c8f}'
        | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' => Some(Script::Cyrillic),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::Greek),
        _ => None,
    }
}
