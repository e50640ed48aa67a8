//! Phone numbers at the door.

use membership::Phone;
use proptest::prelude::*;

fn read(text: &str) -> String {
    Phone::parse(text).map_or_else(|_| "refused".to_owned(), Into::into)
}

#[test]
fn numbers_at_the_door() {
    for (text, expected) in [
        ("89161234567", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("+7 916 123-45-67", "+79161234567"),
        (" 8 (916) 123.45.67 ", "+79161234567"),
        ("+7\u{a0}(916)\u{202f}123–45–67", "+79161234567"),
        ("(916) 123-45-67", "+79161234567"),
        ("8 495 123 45 67", "+74951234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("+375 29 123-45-67", "+375291234567"),
        ("+81 3 1234 5678", "+81312345678"),
        ("+12345678", "+12345678"),
        ("+123456789012345", "+123456789012345"),
        ("+1234567", "refused"),
        ("+1234567890123456", "refused"),
        // Ten digits that are no mobile number, and a country without its plus.
        ("4951234567", "refused"),
        ("375291234567", "refused"),
        // Too short, too long, both the plus and the 8, no such country, no such region.
        ("8916123456", "refused"),
        ("891612345678", "refused"),
        ("+7 8916 123 45 67", "refused"),
        ("+8 916 123 45 67", "refused"),
        ("+0 916 123 45 67", "refused"),
        ("8 016 123 45 67", "refused"),
        ("++79161234567", "refused"),
        ("7+9161234567", "refused"),
        ("8 916 123 45 67 доб. 2", "refused"),
        ("8 916 123 45 6O", "refused"),
        ("8\t9161234567", "refused"),
        ("8\u{200b}9161234567", "refused"),
        // Full-width and Arabic digits.
        ("８９１６１２３４５６７", "refused"),
        ("8٩١٦١٢٣٤٥٦٧", "refused"),
        ("", "refused"),
        ("+", "refused"),
        ("8                        9161234567              ", "refused"),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert_eq!(read(&"8".repeat(10_000)), "refused");
}

#[test]
fn a_number_is_shown_masked() {
    for (text, shown) in
        [("89161234567", "+7 *** ***-**-67"), ("+375291234560", "+* *** ***-**-60")]
    {
        let phone = Phone::parse(text).unwrap();
        assert_eq!(phone.masked(), shown);
        assert_eq!(format!("{phone:?}"), format!("Phone({shown})"));
    }
    let json = r#""+79161234567""#;
    let phone: Phone = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&phone).unwrap(), json);
    let refused = serde_json::from_str::<Phone>(r#""555-0199""#).unwrap_err().to_string();
    assert!(refused.contains("is no phone number") && !refused.contains("555"), "{refused}");
}

proptest! {
    /// What is read is read again as itself, whatever else is refused.
    #[test]
    fn a_number_is_one_text(text in "\\PC{0,20}", digits in "[+]?[0-9() -]{7,16}") {
        for text in [&text, &digits] {
            if let Ok(phone) = Phone::parse(text) {
                prop_assert_eq!(read(phone.as_str()), phone.as_str());
            }
        }
    }

    /// A Russian mobile number is the same however it begins and wherever blanks stand.
    #[test]
    fn a_russian_number_is_the_same(digits in "9[0-9]{9}", at in 0..10usize) {
        let expected = format!("+7{digits}");
        let apart = format!("{} ({}", &digits[..at], &digits[at..]);
        for written in [&digits, &apart] {
            for start in ["", "7", "8", "+7", "8-", "+7 "] {
                let text = format!("{start}{written}");
                prop_assert_eq!(&read(&text), &expected, "{}", text);
            }
        }
    }
}
