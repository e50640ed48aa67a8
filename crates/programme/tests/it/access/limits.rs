//! Limits of a day.

use programme::{Activity, ActivityLimits, Doer, Doing, Judgement, judge, judge_all};
use retail::Day;
use store::Ruleset;

use super::*;

const DAY: Day = Day(20_454);
/// Something that is counted, in the shop 1 of the network north.
const DOING: Doing<'static> = Doing {
    what: Activity::Redemption,
    network: "north",
    shop: "s1",
    till: "3",
    card: None,
    day: DAY,
    times: 1,
    amount: 0,
};

impl House {
    fn judged(&self, act: &Act, object: &str, doing: Doing<'static>) -> Judgement {
        let (act, object) = (act.clone(), object.to_owned());
        let store = self.programme.store().unwrap();
        let judged = store.write(move |tx| judge(tx, &act, Doer::Card, &object, &doing));
        judged.unwrap().judgement
    }

    fn publish(&self, scope: &'static str, version: i64, body: &'static str) {
        let store = self.programme.store().unwrap();
        let ruleset = move || Ruleset {
            kind: "limits".to_owned(),
            scope: scope.to_owned(),
            version,
            body: body.to_owned(),
            published_at: NOW,
            published_by: "staff:anna".to_owned(),
        };
        store.write(move |tx| tx.add_ruleset(&ruleset())).unwrap();
    }

    /// What of whom was beyond which limit, and whether it is held.
    fn flags(&self, act: &Act) -> Vec<String> {
        let flags = self.programme.open_flags(act, 0, 100).unwrap();
        let shown = flags.iter().map(|flag| {
            let held = if flag.held { " held" } else { "" };
            format!("{} {} {}>{}{held}", flag.kind, flag.object, flag.what, flag.bound)
        });
        shown.collect()
    }
}

#[test]
fn what_goes_beyond_is_flagged_once_or_held() {
    use Judgement::{Allowed, Flagged, Held};
    for house in House::all() {
        house.publish(
            "",
            1,
            r#"{"rows": [
                {"by": "card", "what": "redemption", "times_max": 2, "then": "flag"},
                {"by": "card", "what": "redemption", "times_max": 4, "amount_max": 1000, "then": "hold"},
                {"by": "till", "what": "redemption", "times_max": 0, "then": "hold"}
            ]}"#,
        );
        let act = console(NOW);
        for (object, day, times, amount, expected) in [
            ("1", 0, 1, 10, Allowed),
            ("1", 0, 1, 10, Allowed),
            ("1", 0, 1, 10, Flagged),
            ("1", 0, 1, 10, Flagged),
            ("1", 0, 1, 10, Held),
            ("1", 0, 1, 10, Held),
            ("2", 0, 1, 1000, Allowed),
            ("2", 0, 0, 1, Held),
            ("3", 0, 100, 0, Held),
            ("4", 0, 1, -5, Allowed),
            ("4", 0, 1, i64::MAX, Held),
            ("4", 0, 1, i64::MAX, Held),
            ("1", 1, 1, 10, Allowed),
        ] {
            let doing = Doing { day: Day(DAY.0 + day), times, amount, ..DOING };
            let judged = house.judged(&act, object, doing);
            assert_eq!(judged, expected, "{}: {object}", house.database.name);
        }
        let flags = [
            "card.redemption 1 times>2",
            "card.redemption 1 times>4 held",
            "card.redemption 2 amount>1000 held",
            "card.redemption 3 times>2",
            "card.redemption 3 times>4 held",
            "card.redemption 4 amount>1000 held",
            "card.redemption 4 times>2",
        ];
        assert_eq!(house.flags(&act), flags, "{}", house.database.name);
        let first = house.programme.open_flags(&act, 0, 1).unwrap().remove(0);
        let closed = house.programme.close_flag(&act, first.id, false).unwrap();
        assert_eq!((closed.closed_at, closed.closed_by.as_deref()), (Some(NOW), Some("console")));
        assert_eq!(house.programme.close_flag(&act, first.id, false).unwrap(), closed);
        assert_eq!(code(&house.programme.close_flag(&act, 1 << 40, false)), "not_found");
        assert_eq!(house.flags(&act), flags[1..]);
        assert_eq!(
            house.deeds("activity", "1"),
            ["activity.flag", "activity.flag", "activity.close"]
        );
        assert_eq!(house.programme.forget_activity(Day(DAY.0 + 1)).unwrap(), 4);
    }
}

#[test]
fn a_network_has_its_own_limits_and_sees_its_own_flags() {
    for house in House::all() {
        house.publish(
            "north",
            1,
            r#"{"rows": [{"by": "card", "what": "redemption", "times_max": 0, "then": "flag"}]}"#,
        );
        let north = Act { bounds: in_networks(&["north"]), ..console(NOW) };
        let south = Act { bounds: in_networks(&["south"]), ..console(NOW) };
        // Where it is done decides, whoever does it.
        let act = console(NOW);
        let in_south = Doing { network: "south", ..DOING };
        assert_eq!(house.judged(&act, "1", DOING), Judgement::Flagged);
        assert_eq!(house.judged(&act, "2", in_south), Judgement::Allowed);
        assert_eq!(house.judged(&act, "2", Doing { times: 10, ..in_south }), Judgement::Held);
        assert_eq!(house.flags(&north), ["card.redemption 1 times>0"]);
        assert_eq!(house.flags(&south).len(), 2);
        let own = house.programme.open_flags(&north, 0, 1).unwrap().remove(0);
        assert_eq!(code(&house.programme.close_flag(&south, own.id, true)), "not_found");
        house.add("mark", rights(Role::Marketer));
        let mark = house.act("mark", NOW);
        assert_eq!(code(&house.programme.close_flag(&mark, own.id, true)), "not_permitted");
        assert_eq!(house.flags(&console(NOW)).len(), 3, "{}", house.database.name);
    }
}

#[test]
fn card_till_and_operator_are_counted_each() {
    for house in House::all() {
        let act = Act { actor: "staff:olga".to_owned(), ..console(NOW) };
        let store = house.programme.store().unwrap();
        let doing = Doing { card: Some("42"), times: 51, amount: 100, ..DOING };
        let judged = store.write(move |tx| judge_all(tx, &act, &doing)).unwrap();
        assert_eq!((judged.judgement, judged.held_by.len()), (Judgement::Held, 1));
        assert_eq!(
            house.flags(&console(NOW)),
            [
                "card.redemption 42 times>5",
                "card.redemption 42 times>10 held",
                "operator.redemption staff:olga times>50"
            ]
        );
        let till = store.read(|tx| tx.activity("till.redemption", "s1/3", DAY)).unwrap();
        assert_eq!((till.times, till.amount), (51, 100), "{}", house.database.name);
    }
}

#[test]
fn many_at_once_are_counted_all() {
    for house in House::all() {
        let house = std::sync::Arc::new(house);
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let house = house.clone();
                std::thread::spawn(move || {
                    let judged = (0..5).map(|_| house.judged(&console(NOW), "1", DOING));
                    judged.filter(|judged| *judged == Judgement::Held).count()
                })
            })
            .collect();
        let held: usize = calls.into_iter().map(|call| call.join().unwrap()).sum();
        assert_eq!(held, 30, "{}: ten are not held", house.database.name);
        assert_eq!(house.flags(&console(NOW)).len(), 2);
    }
}

#[test]
fn limits_are_looked_over_before_they_are_published() {
    let standard = serde_json::to_string(&ActivityLimits::standard()).unwrap();
    assert_eq!(ActivityLimits::understood(&standard), Ok(ActivityLimits::standard()));
    for (body, expected) in [
        ("{}", " malformed"),
        (r#"{"rows": [], "more": 1}"#, " malformed"),
        (r#"{"rows": [{"by": "card", "what": "receipt", "then": "shoot"}]}"#, " malformed"),
        (
            r#"{"rows": [{"by": "card", "what": "receipt", "then": "flag"}]}"#,
            "/rows/0 bound_missing",
        ),
        (
            r#"{"rows": [{"by": "card", "what": "receipt", "times_max": -1, "then": "flag"}]}"#,
            "/rows/0/times_max negative",
        ),
    ] {
        let problems = ActivityLimits::understood(body).unwrap_err();
        assert_eq!(format!("{} {}", problems[0].pointer, problems[0].code), expected, "{body}");
    }
}
