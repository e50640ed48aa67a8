//! Claims of quotes: held together or not at all, whatever they are of.

use ledger::{
    Account, AccountId, Cause, Chain, ChainId, Memory, PostError, Refusal, Transfer, USE, Unit,
    audit, hold_claims, post, post_claims, void_claims,
};
use retail::{Claim, Instant, Points};

const NOW: Instant = Instant(0);
const UNTIL: Instant = Instant(100);

fn unit(name: &str) -> Unit {
    Unit(name.to_owned())
}

/// A wallet of 100 points, a coupon good for two uses, a budget of 50 points, a limit of three uses.
fn books() -> Memory {
    let mut books = Memory::default();
    let (points, uses) = (unit("POINT"), unit(USE));
    let sources = [AccountId::issued(&points), AccountId::issued(&uses)];
    let filled = [
        (AccountId::wallet(&"w".into(), &points), points.clone(), true, 100),
        (AccountId::coupon(&"c".into()), uses.clone(), false, 2),
        (AccountId::budget("spring", &points), points.clone(), false, 50),
        (AccountId::limit("r", "anna", "2026-01"), uses.clone(), false, 3),
    ];
    let sinks = [AccountId::burned(&points), AccountId::used(&points), AccountId::used(&uses)];
    for id in sources.iter().chain(&sinks) {
        let unit = unit(id.0.rsplit('/').next().unwrap());
        assert!(books.open(Account::new(id.clone(), unit, None, false).unwrap()));
    }
    let transfers = filled.map(|(id, unit, lots, amount)| {
        assert!(books.open(Account::new(id.clone(), unit.clone(), Some(0), lots).unwrap()));
        Transfer::post(AccountId::issued(&unit), id, unit, amount, Cause::new("opening", ""))
    });
    let chain = Chain { id: "fill".into(), at: NOW, transfers: transfers.into() };
    post(&mut books, &chain).unwrap();
    books
}

fn claims(points: i64, budget: i64, limit: i64) -> Vec<Claim> {
    vec![
        Claim::Points { wallet: "w".into(), points: Points(points) },
        Claim::Coupon { coupon: "c".into() },
        Claim::Budget { campaign: "spring".into(), unit: "POINT".to_owned(), amount: budget },
        Claim::Limit {
            rule: "r".to_owned(),
            customer: "anna".into(),
            window: "2026-01".to_owned(),
            amount: limit,
        },
    ]
}

#[test]
fn a_quote_gets_all_that_it_claims_or_nothing() {
    let mut books = books();
    let hold = |books: &mut Memory, name: &str, claims: &[Claim]| {
        let chain = hold_claims(ChainId(name.to_owned()), claims, &unit("POINT"), NOW, UNTIL);
        let refused = match post(books, &chain) {
            Ok(_) => None,
            Err(PostError::Refused { position, refusal: Refusal::Insufficient { .. } }) => {
                Some(position)
            }
            Err(error) => panic!("{error}"),
        };
        (chain, refused)
    };
    // Each line is a quote: its claims, and which of them there is not enough for.
    for (name, claimed, expected) in [
        ("q1", claims(101, 1, 1), Some(0)),
        ("q2", claims(60, 51, 1), Some(2)),
        ("q3", claims(60, 30, 4), Some(3)),
        ("q4", claims(60, 30, 1), None),
        ("q5", claims(60, 1, 1), Some(0)),
        ("q6", claims(40, 20, 1), None),
        ("q7", vec![Claim::Coupon { coupon: "c".into() }], Some(0)),
    ] {
        assert_eq!(hold(&mut books, name, &claimed).1, expected, "{name}");
    }
    let (q4, q6) = (
        hold(&mut books, "q4", &claims(60, 30, 1)).0,
        hold(&mut books, "q6", &claims(40, 20, 1)).0,
    );
    post(&mut books, &post_claims("paid".into(), &q4, NOW)).unwrap();
    post(&mut books, &void_claims("left".into(), &q6, NOW)).unwrap();
    let available = |id: AccountId| books.account(&id).unwrap().available();
    assert_eq!(available(AccountId::wallet(&"w".into(), &unit("POINT"))), 40);
    assert_eq!(available(AccountId::coupon(&"c".into())), 1);
    assert_eq!(available(AccountId::budget("spring", &unit("POINT"))), 20);
    assert_eq!(available(AccountId::limit("r", "anna", "2026-01")), 2);
    assert_eq!(audit(&books), []);
}
