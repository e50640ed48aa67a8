//! E-mail addresses at the door.

use membership::Email;
use proptest::prelude::*;

fn read(text: &str) -> String {
    Email::parse(text).map_or_else(|_| "refused".to_owned(), Into::into)
}

#[test]
fn addresses_at_the_door() {
    let local = |length: usize| format!("{}@example.com", "a".repeat(length));
    let label = |length: usize| format!("a@{}.com", "b".repeat(length));
    let whole = |last: usize| {
        let long = "b".repeat(61);
        format!("{}@{long}.{long}.{long}.{}", "a".repeat(64), "c".repeat(last))
    };
    for (text, expected) in [
        (" Anna.Petrova@Example.COM ", "Anna.Petrova@example.com"),
        ("a+tag_1@sub.example.co.uk", "a+tag_1@sub.example.co.uk"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("Иван@Почта.РФ", "Иван@почта.рф"),
        ("a@ｅxample.com", "a@example.com"),
        ("a@straße.de", "a@straße.de"),
        ("a@xn--80a1acny.xn--p1ai", "a@xn--80a1acny.xn--p1ai"),
        (&local(64), &local(64)),
        (&local(65), "refused"),
        (&label(63), &label(63)),
        (&label(64), "refused"),
        (&whole(3), &whole(3)),
        (&whole(4), "refused"),
        ("", "refused"),
        ("anna", "refused"),
        ("@example.com", "refused"),
        ("anna@", "refused"),
        ("anna@example", "refused"),
        ("anna@example.", "refused"),
        ("anna@.com", "refused"),
        ("anna@exa..mple.com", "refused"),
        ("anna@-example.com", "refused"),
        ("anna@example-.com", "refused"),
        ("anna@exa_mple.com", "refused"),
        ("anna@127.0.0.1", "refused"),
        ("an@na@example.com", "refused"),
        (".anna@example.com", "refused"),
        ("an..na@example.com", "refused"),
        ("an na@example.com", "refused"),
        ("\"anna\"@example.com", "refused"),
        ("anna@example.com, b@example.com", "refused"),
        ("Anna <anna@example.com>", "refused"),
        ("anna\r\nBcc: b@example.com", "refused"),
        ("an\u{200b}na@example.com", "refused"),
        // A Cyrillic а among Latin letters, in each part.
        ("аnna@example.com", "refused"),
        ("anna@exаmple.com", "refused"),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert_eq!(read(&format!("a@{}.com", "b".repeat(10_000))), "refused");
}

#[test]
fn an_address_is_found_without_regard_to_case_and_shown_masked() {
    for (text, key, shown) in [
        ("Anna.P@Example.com", "anna.p@example.com", "A***@e***.com"),
        ("ИВАН@почта.рф", "иван@почта.рф", "И***@п***.рф"),
        ("x@a.example.org", "x@a.example.org", "x***@a***.org"),
    ] {
        let email = Email::parse(text).unwrap();
        assert_eq!((email.key().as_str(), email.masked().as_str()), (key, shown));
        assert_eq!(format!("{email:?}"), format!("Email({shown})"));
        let json = serde_json::to_string(&email).unwrap();
        assert_eq!(serde_json::from_str::<Email>(&json).unwrap(), email);
    }
    let refused = serde_json::from_str::<Email>(r#""secret""#).unwrap_err().to_string();
    assert!(refused.contains("is no e-mail") && !refused.contains("secret"), "{refused}");
}

proptest! {
    /// What is read is read again as itself, and so is its key.
    #[test]
    fn an_address_is_one_text(
        text in "\\PC{0,20}",
        address in "[A-Za-zÀ-ÿ0-9.+_-]{1,8}@[A-Za-zÀ-ÿ0-9Ａ-Ｚ-]{1,8}[.][A-Za-z]{2,3}",
    ) {
        for text in [&text, &address] {
            if let Ok(email) = Email::parse(text) {
                prop_assert_eq!(read(email.as_str()), email.as_str());
                let key = Email::parse(&email.key()).unwrap();
                prop_assert_eq!(key.key(), email.key());
            }
        }
    }
}
