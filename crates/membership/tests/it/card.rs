//! The life of a card.

use membership::{
    CAPABILITIES, Capability, CardKind, CardOperation, CardState, TRANSITIONS, life_cycle_markdown,
    next,
};

use crate::{outcome, same};

/// Everything that can be tried: a row a state, a column an operation, a dot for a refusal.
#[test]
fn every_state_operation_and_kind() {
    let mut text = String::new();
    for kind in CardKind::ALL {
        text.push_str(&format!("{:9}", kind.as_str()));
        for operation in CardOperation::ALL {
            text.push_str(&format!(" {:9}", operation.as_str()));
        }
        text.push('\n');
        for state in CardState::ALL {
            text.push_str(&format!("{:9}", state.as_str()));
            for operation in CardOperation::ALL {
                let after = next(state, operation, kind).map_or(".", CardState::as_str);
                text.push_str(&format!(" {after:9}"));
            }
            text.push('\n');
        }
    }
    same(
        &text,
        "plastic   prepare   issue     activate  suspend   resume    block     unblock   replace   close     expire
         created   prepared  .         .         .         .         .         .         .         closed    expired
         prepared  .         issued    active    .         .         .         .         .         closed    expired
         issued    .         .         active    .         .         blocked   .         .         closed    expired
         active    .         .         .         suspended .         blocked   .         .         closed    expired
         suspended .         .         .         .         active    blocked   .         replaced  closed    expired
         blocked   .         .         .         .         .         .         active    replaced  closed    expired
         replaced  .         .         .         .         .         .         .         .         .         .
         closed    .         .         .         .         .         .         .         .         .         .
         expired   .         .         .         .         .         .         .         replaced  closed    .
         virtual   prepare   issue     activate  suspend   resume    block     unblock   replace   close     expire
         created   .         issued    active    .         .         .         .         .         closed    expired
         prepared  .         .         .         .         .         .         .         .         closed    expired
         issued    .         .         active    .         .         blocked   .         .         closed    expired
         active    .         .         .         suspended .         blocked   .         .         closed    expired
         suspended .         .         .         .         active    blocked   .         replaced  closed    expired
         blocked   .         .         .         .         .         .         active    replaced  closed    expired
         replaced  .         .         .         .         .         .         .         .         .         .
         closed    .         .         .         .         .         .         .         .         .         .
         expired   .         .         .         .         .         .         .         replaced  closed    .
         phone     prepare   issue     activate  suspend   resume    block     unblock   replace   close     expire
         created   .         issued    .         .         .         .         .         .         closed    expired
         prepared  .         .         .         .         .         .         .         .         closed    expired
         issued    .         .         active    .         .         blocked   .         .         closed    expired
         active    .         .         .         suspended .         blocked   .         .         closed    expired
         suspended .         .         .         .         active    blocked   .         replaced  closed    expired
         blocked   .         .         .         .         .         .         active    replaced  closed    expired
         replaced  .         .         .         .         .         .         .         .         .         .
         closed    .         .         .         .         .         .         .         .         .         .
         expired   .         .         .         .         .         .         .         replaced  closed    .",
    );
}

#[test]
fn a_refusal_says_what_it_would_take() {
    for (kind, state, operation, expected) in [
        (
            "plastic",
            "created",
            "activate",
            "activate is not possible for a plastic card that is created; it would have to be prepared or issued",
        ),
        (
            "virtual",
            "active",
            "activate",
            "activate is not possible for a virtual card that is active; it would have to be created or issued",
        ),
        ("virtual", "created", "prepare", "prepare is never done to a virtual card"),
        (
            "phone",
            "created",
            "activate",
            "activate is not possible for a phone card that is created; it would have to be issued",
        ),
        (
            "plastic",
            "active",
            "replace",
            "replace is not possible for a plastic card that is active; it would have to be suspended, blocked or expired",
        ),
        (
            "plastic",
            "prepared",
            "block",
            "block is not possible for a plastic card that is prepared; it would have to be issued, active or suspended",
        ),
        (
            "plastic",
            "active",
            "unblock",
            "unblock is not possible for a plastic card that is active; it would have to be blocked",
        ),
        ("plastic", "closed", "close", "close is not possible: the card is closed, which is final"),
        (
            "virtual",
            "replaced",
            "unblock",
            "unblock is not possible: the card is replaced, which is final",
        ),
        (
            "plastic",
            "expired",
            "expire",
            "expire is not possible for a plastic card that is expired; it would have to be created, prepared, issued, active, suspended or blocked",
        ),
    ] {
        let result =
            next(state.parse().unwrap(), operation.parse().unwrap(), kind.parse().unwrap());
        assert_eq!(outcome(result), expected);
    }
}

/// Lives told as a chain of operations, with where each ends.
#[test]
fn lives() {
    for (kind, operations, ends) in [
        (
            "plastic",
            "prepare issue activate suspend resume block unblock block replace",
            "replaced",
        ),
        ("plastic", "prepare activate expire replace", "replaced"),
        ("plastic", "prepare issue expire close", "closed"),
        ("plastic", "close", "closed"),
        ("virtual", "activate suspend replace", "replaced"),
        ("virtual", "issue block unblock", "active"),
        ("phone", "issue activate close", "closed"),
    ] {
        let kind: CardKind = kind.parse().unwrap();
        let end = operations.split(' ').fold(CardState::Created, |state, operation| {
            next(state, operation.parse().unwrap(), kind).unwrap()
        });
        assert_eq!(end.as_str(), ends, "{operations}");
    }
}

#[test]
fn the_tables_agree_with_themselves() {
    for state in CardState::ALL {
        assert_eq!(CAPABILITIES.iter().filter(|row| row.0 == state).count(), 1, "{state}");
        let wants = [CardState::Replaced, CardState::Closed].contains(&state);
        assert_eq!(state.is_final(), wants, "{state}");
        // What may be replaced has the right to it, and an active card is one block away.
        let replaced = next(state, CardOperation::Replace, CardKind::Plastic).is_ok();
        assert_eq!(state.can(Capability::Replace), replaced || state == CardState::Active);
        assert_eq!(state.can(Capability::Spend), state == CardState::Active, "{state}");
        for operation in CardOperation::ALL {
            for kind in CardKind::ALL {
                let fits = TRANSITIONS.iter().filter(|row| {
                    row.operation == operation
                        && row.kinds.contains(&kind)
                        && row.from.contains(&state)
                });
                let allowed = fits.map(|row| row.to).collect::<std::collections::HashSet<_>>();
                assert!(allowed.len() <= 1, "{kind} {state} {operation}");
            }
        }
    }
}

#[test]
fn the_page_of_documentation() {
    same(
        &life_cycle_markdown(),
        "## The life of a card

         | operation | kinds | from | to | why |
         |---|---|---|---|---|
         | `prepare` | plastic | created | prepared | only plastic lies in a shop |
         | `issue` | plastic | prepared | issued | a shop hands out what it was sent |
         | `issue` | virtual, phone | created | issued | there is nothing to send to a shop |
         | `activate` | virtual | created | active | whoever opened it has agreed already |
         | `activate` | plastic | prepared | active | a shop may skip issue and activate at the first showing |
         | `activate` | every | issued | active | the customer has agreed to the rules |
         | `suspend` | every | active | suspended | out of use for a time |
         | `resume` | every | suspended | active | nothing was wrong |
         | `block` | every | issued, active, suspended | blocked | with a reason; before issue there is nobody to protect |
         | `unblock` | every | blocked | active | found again, or blocked by mistake; one that was blocked while issued or suspended is that again |
         | `replace` | every | suspended, blocked, expired | replaced | the old card must be out of use, so that two never open one wallet by accident |
         | `close` | every | created, prepared, issued, active, suspended, blocked, expired | closed | from anything that is not final |
         | `expire` | every | created, prepared, issued, active, suspended, blocked | expired | from anything that lives |

         ## What a card may be used for

         | state | earn | spend | discount | identify | replace | why |
         |---|---|---|---|---|---|---|
         | created | – | – | – | – | – | nobody was given it: whoever shows it found or copied it |
         | prepared | yes | – | yes | yes | – | nothing is lost of a first purchase; spending waits until it is known who spends |
         | issued | yes | – | yes | yes | – | as prepared |
         | active | yes | yes | yes | yes | yes | in full use |
         | suspended | yes | – | – | yes | yes | points earned wait in the wallet and can be taken back; a discount given cannot |
         | blocked | – | – | – | – | yes | whoever shows it need not be its owner, who may identify himself by phone |
         | replaced | – | – | – | – | – | its successor does everything |
         | closed | – | – | – | – | – | given up |
         | expired | – | – | – | yes | yes | the till sees to whom a new card is due |",
    );
}
