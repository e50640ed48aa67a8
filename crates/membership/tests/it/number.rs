//! Card numbers at the door.

use membership::{CardNumber, Scheme};
use proptest::prelude::*;

use crate::outcome;

#[test]
fn known_control_digits() {
    for (scheme, digits, number) in [
        // GS1's own example, and codes of real goods.
        (Scheme::Ean13, "629104150021", "6291041500213"),
        (Scheme::Ean13, "400638133393", "4006381333931"),
        (Scheme::Ean13, "590123412345", "5901234123457"),
        (Scheme::Ean13, "000000000000", "0000000000000"),
        // Luhn's usual example, and test numbers of payment systems.
        (Scheme::Luhn, "7992739871", "79927398713"),
        (Scheme::Luhn, "411111111111111", "4111111111111111"),
        (Scheme::Luhn, "37828224631000", "378282246310005"),
        (Scheme::Luhn, "1", "18"),
        (Scheme::Plain, "AB12", "AB12"),
    ] {
        assert_eq!(scheme.complete(digits), number);
        assert_eq!(scheme.is_sound(number), number.len() >= 4, "{number}");
    }
}

#[test]
fn numbers_at_the_door() {
    use Scheme::{Ean13, Luhn, Plain};
    let long = "1".repeat(33);
    for (scheme, text, expected) in [
        (Ean13, "4006381333931", "4006381333931"),
        (Ean13, " 4006-3813 33931 ", "4006381333931"),
        (
            Ean13,
            "4006381333932",
            "the control digit of the card number is wrong: a digit was mistyped",
        ),
        (
            Ean13,
            "4006381339331",
            "the control digit of the card number is wrong: a digit was mistyped",
        ),
        (
            Ean13,
            "400638133393",
            "a card number of the scheme ean13 has 13 to 13 characters, this one has 12",
        ),
        (Ean13, "400638133393A", "a card number of the scheme ean13 has digits only"),
        (Luhn, "7992 7398 713", "79927398713"),
        (
            Luhn,
            "7992 7398 710",
            "the control digit of the card number is wrong: a digit was mistyped",
        ),
        (Luhn, "18", "a card number of the scheme luhn has 4 to 32 characters, this one has 2"),
        (Plain, "AB-12", "AB12"),
        (Plain, "ab12", "ab12"),
        (Plain, "AB1", "a card number of the scheme plain has 4 to 32 characters, this one has 3"),
        (Plain, "", "a card number of the scheme plain has 4 to 32 characters, this one has 0"),
        (Plain, &long, "a card number of the scheme plain has 4 to 32 characters, this one has 33"),
        // Arabic and full-width digits, a Cyrillic letter, dashes and spaces of typography.
        (
            Plain,
            "123٤",
            "character 4 of the card number is '٤'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "１234",
            "character 1 of the card number is '１'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "АB12",
            "character 1 of the card number is 'А'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "12–34",
            "character 3 of the card number is '–'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "12\u{a0}34",
            "character 3 of the card number is '\\u{a0}'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "12\t34",
            "character 3 of the card number is '\\t'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            " -1234",
            "character 2 of the card number is '-'; only plain letters and digits are allowed",
        ),
        (
            Plain,
            "1234- ",
            "character 5 of the card number is '-'; only plain letters and digits are allowed",
        ),
    ] {
        assert_eq!(outcome(CardNumber::parse(text, scheme)), expected);
    }
}

#[test]
fn a_number_comes_back_from_the_store() {
    let number = CardNumber::parse("4006381333931", Scheme::Ean13).unwrap();
    let json = serde_json::to_string(&number).unwrap();
    assert_eq!(json, "\"4006381333931\"");
    assert_eq!(serde_json::from_str::<CardNumber>(&json).unwrap(), number);
    assert!(serde_json::from_str::<CardNumber>("\"12\"").is_err());
}

proptest! {
    /// One digit mistyped is always known, and never panics whatever is read.
    #[test]
    fn a_mistyped_digit_is_known(digits in "[0-9]{12}", at in 0..13usize, by in 1..10u8) {
        for scheme in [Scheme::Ean13, Scheme::Luhn] {
            let mut number = scheme.complete(&digits).into_bytes();
            prop_assert!(scheme.is_sound(std::str::from_utf8(&number).unwrap()));
            number[at] = b'0' + (number[at] - b'0' + by) % 10;
            prop_assert!(!scheme.is_sound(std::str::from_utf8(&number).unwrap()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}", digits in "[-0-9 A-z]{0,40}") {
        for scheme in Scheme::ALL {
            for text in [&text, &digits] {
                if let Ok(number) = CardNumber::parse(text, scheme) {
                    prop_assert!(scheme.is_sound(number.as_str()));
                    prop_assert_eq!(CardNumber::parse(number.as_str(), scheme).unwrap(), number);
                }
                let _ = (scheme.is_sound(text), scheme.complete(text));
            }
        }
    }
}
