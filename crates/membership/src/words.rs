//! The words a name is found by.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use crate::text::{folded, is_apostrophe, is_hidden};

const WORDS_MAX: usize = 10;
const CHARS_MAX: usize = 1_000;

/// The words by which a name, or a part of one, is found in a blind index, where only equal texts
/// meet: without regard to case (folded as Unicode has it, UAX #21), to forms that only look different
/// (NFKC), to stress marks and to the dots of ё, which is е.
///
/// Words are what stands between characters that are neither letter nor digit, so that a double name is
/// found by both of its parts. The first ten different ones count; characters beyond the first thousand
/// are not looked at.
#[must_use]
pub fn name_words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let typed = text.chars().filter(|&c| !is_hidden(c)).take(CHARS_MAX);
    for c in folded(typed).chain([' ']) {
        match c {
            'ё' => word.push('е'),
            _ if is_apostrophe(c) => finish(&mut words, &mut word),
            _ if c.is_alphanumeric() => word.push(c),
            // What no letter has taken in: a stress mark, which some write and some do not.
            _ if is_combining_mark(c) => {}
            _ => finish(&mut words, &mut word),
        }
        if words.len() == WORDS_MAX {
            break;
        }
    }
    words
}

fn finish(words: &mut BTreeSet<String>, word: &mut String) {
    if !word.is_empty() {
        words.insert(std::mem::take(word));
    }
}
