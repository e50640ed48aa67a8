//! Words by which a name is found.

use membership::name_words;
use proptest::prelude::*;

fn read(text: &str) -> String {
    name_words(text).into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn words_of_names() {
    for (text, expected) in [
        ("Анна", "анна"),
        ("СОЛОВЬЁВА", "соловьева"),
        ("Петрова-Водкина  Анна", "анна водкина петрова"),
        ("Anna-Maria, O'Neil", "anna maria neil o"),
        ("OʼNeil", "neil o"),
        ("Straße STRASSE ẞ", "ss strasse"),
        ("Але́ксей", "алексеи\u{306}"),
        ("Ｉｖａｎ", "ivan"),
        ("Ива\u{ad}н\u{200b}", "иван"),
        ("Σίσυφος ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("Анна анна АННА", "анна"),
        ("Людовик XIV 14", "14 xiv людовик"),
        ("1 2 3 4 5 6 7 8 9 a b", "1 2 3 4 5 6 7 8 9 a"),
        ("", ""),
        (" - ", ""),
    ] {
        // An и with its breve is й, composed.
        assert_eq!(read(text), expected.replace("и\u{306}", "й"), "{text:?}");
    }
    let last = format!("{}Анна", " ".repeat(999));
    assert_eq!(read(&last), "а");
}

/// Every letter there is, in either case, is found by the other.
#[test]
fn case_never_matters() {
    for c in ('\0'..=char::MAX).filter(|c| c.is_alphabetic()) {
        let text = c.to_string();
        let words = name_words(&text);
        assert_eq!(name_words(&text.to_uppercase()), words, "{c:?}");
        assert_eq!(name_words(&text.to_lowercase()), words, "{c:?}");
    }
}

proptest! {
    #[test]
    fn spelling_never_matters(name in "[А-Яа-яЁёA-Za-zß '-]{0,40}") {
        let words = name_words(&name);
        prop_assert_eq!(&name_words(&name.to_uppercase()), &words);
        prop_assert_eq!(&name_words(&name.to_lowercase()), &words);
        prop_assert_eq!(&name_words(&name.replace('ё', "е").replace('Ё', "Е")), &words);
    }

    /// Words are found by themselves, and there are never more than ten.
    #[test]
    fn words_are_words(text in "\\PC{0,60}") {
        let words = name_words(&text);
        prop_assert!(words.len() <= 10);
        for word in &words {
            prop_assert_eq!(&read(word), word);
        }
    }
}
