//! What customers have consented to.

use membership::{ConsentEvent, ConsentPurpose, Consents, Means};
use proptest::prelude::*;
use retail::Instant;

/// An event told as `1 +processing` or `2 -advertising:sms`.
fn event(text: &str) -> ConsentEvent {
    let (at, rest) = text.trim().split_once(' ').unwrap();
    ConsentEvent {
        purpose: rest[1..].parse().unwrap(),
        given: rest.starts_with('+'),
        text_version: "1".to_owned(),
        at: Instant(at.parse().unwrap()),
        place: None,
        operator: "anna".to_owned(),
        means: Means::Paper,
    }
}

fn told(consents: &Consents) -> String {
    let names: Vec<&str> = consents.allowed().into_iter().map(ConsentPurpose::as_str).collect();
    names.join(" ")
}

#[test]
fn what_is_allowed() {
    for (events, expected) in [
        ("", ""),
        ("1 +processing", "processing"),
        ("1 -processing", ""),
        ("1 +advertising:sms", ""),
        ("1 +processing, 1 +advertising:sms", "processing advertising:sms"),
        ("1 +advertising:sms, 1 +processing", "processing advertising:sms"),
        ("1 +processing, 2 +partners, 3 -partners", "processing"),
        ("1 +processing, 2 +advertising:sms, 3 -advertising:email", "processing advertising:sms"),
        // At one instant the later in the sequence counts.
        ("1 +processing, 1 -processing", ""),
        ("1 -processing, 1 +processing", "processing"),
        // In whatever sequence they come, time counts.
        ("2 -processing, 1 +processing", ""),
        ("3 +processing, 2 -processing", "processing"),
        // Withdrawing the processing withdraws the others, for good.
        ("1 +processing, 1 +advertising:sms, 2 -processing", ""),
        ("1 +processing, 1 +advertising:sms, 2 -processing, 3 +processing", "processing"),
        ("1 +partners, 2 -processing, 3 +partners, 4 +processing", "processing partners"),
        ("1 +partners, 2 -processing, 2 +partners, 4 +processing", "processing partners"),
    ] {
        let events = events.split(',').filter(|text| !text.is_empty()).map(event);
        let events: Vec<ConsentEvent> = events.collect();
        assert_eq!(told(&Consents::of(events.clone())), expected, "{events:?}");
    }
}

#[test]
fn what_decides_a_purpose() {
    let events = ["1 +processing", "2 +advertising:sms", "3 -processing", "4 +processing"];
    let sms = "advertising:sms".parse().unwrap();
    for (count, expected) in [(1, None), (2, Some(2)), (3, Some(3)), (4, Some(3))] {
        let consents = Consents::of(events[..count].iter().map(|text| event(text)));
        assert_eq!(consents.standing(sms).map(|event| event.at.0), expected, "{count}");
    }
}

#[test]
fn an_event_comes_back_from_the_store() {
    let json = r#"{"purpose":"advertising:sms","given":true,"text_version":"2","at":5,"place":"s1","operator":"anna","means":"till_screen"}"#;
    let event: ConsentEvent = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), json);
    for bad in [json.replace("sms", "fax"), json.replace("\"place\"", "\"shop\"")] {
        assert!(serde_json::from_str::<ConsentEvent>(&bad).is_err(), "{bad}");
    }
}

proptest! {
    /// Nothing is allowed without the processing, and nothing whose own latest event withdrew it.
    #[test]
    fn nothing_is_allowed_without_a_consent(
        events in proptest::collection::vec((0..6i64, 0..8usize, any::<bool>()), 0..12),
    ) {
        let mut events: Vec<ConsentEvent> = events
            .into_iter()
            .map(|(at, purpose, given)| ConsentEvent {
                purpose: ConsentPurpose::ALL[purpose],
                given,
                ..event(&format!("{at} +processing"))
            })
            .collect();
        let consents = Consents::of(events.clone());
        events.sort_by_key(|event| event.at);
        let latest = |purpose| {
            events.iter().rfind(|event| event.purpose == purpose).is_some_and(|event| event.given)
        };
        for purpose in consents.allowed() {
            prop_assert!(latest(purpose) && latest(ConsentPurpose::Processing));
        }
        prop_assert_eq!(
            consents.allows(ConsentPurpose::Processing),
            latest(ConsentPurpose::Processing)
        );
    }
}
