//! Scenarios, snapshots and properties of the rules of a programme.

// The whole binary is tests, its fixtures included.
#![allow(clippy::unwrap_used)]

mod access;
mod accrual;
mod card;
mod consent;
mod email;
mod level;
mod number;
mod phone;
mod questionnaire;
mod range;
mod words;

use std::fmt::Display;

/// Compares a text with its snapshot, indentation left out, and shows the whole text where they differ.
fn same(actual: &str, expected: &str) {
    let trimmed = |text: &str| text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(trimmed(actual) == trimmed(expected), "the text is now:\n{actual}");
}

/// One outcome as text: the value, or the sentence of the refusal.
fn outcome<T: Display, E: Display>(result: Result<T, E>) -> String {
    result.map_or_else(|error| error.to_string(), |value| value.to_string())
}

/// Problems as text, one a line.
fn told(problems: &[membership::Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// Every value of an enumeration has one name: in JSON, as text, and read back from both.
fn named_alike<T>(all: &[T])
where
    T: serde::Serialize + serde::de::DeserializeOwned + std::str::FromStr + Display,
    T: PartialEq + std::fmt::Debug,
{
    for value in all {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(json, format!("\"{value}\""));
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
        assert_eq!(value.to_string().parse::<T>().ok().as_ref(), Some(value));
    }
    assert!("nonsense".parse::<T>().is_err());
}

#[test]
fn names_are_the_same_everywhere() {
    named_alike(&membership::CardState::ALL);
    named_alike(&membership::CardOperation::ALL);
    named_alike(&membership::CardKind::ALL);
    named_alike(&membership::BlockReason::ALL);
    named_alike(&membership::Capability::ALL);
    named_alike(&membership::Scheme::ALL);
    named_alike(&membership::Door::ALL);
    named_alike(&membership::Role::ALL);
    named_alike(&membership::Scope::ALL);
    named_alike(&membership::CardAction::all());
    named_alike(&membership::Channel::ALL);
    named_alike(&membership::ConsentPurpose::ALL);
    named_alike(&membership::Means::ALL);
    named_alike(&membership::ProfileAttribute::ALL);
    assert_eq!(
        "paper".parse::<membership::CardKind>().unwrap_err().to_string(),
        "`paper` is no kind of card; it would have to be plastic, virtual or phone"
    );
}
