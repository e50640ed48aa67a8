//! Levels of wallets, on both databases: up by purchases, down on the day of review, granted by hand.

use programme::{Act, CardChange, CardOperation, Day, LevelGrant, Programme, Refused, RulesKind};
use retail::WalletId;
use serde_json::{Value, json};

use super::cards::Cards;
use super::fixture::databases;

/// 2026-01-01, the day on which every test begins.
const TODAY: Day = Day(20_454);

fn table() -> Value {
    let level = |id: &str, threshold: i64| {
        json!({
            "id": id, "name_en": id, "name_ru": id, "threshold": threshold,
            "discount": 0, "accrual": 10_000,
        })
    };
    json!({
        "measure": "turnover", "period": { "sliding_days": 90 }, "scope": "programme",
        "review": { "every_days": 30 },
        "levels": [level("base", 0), level("silver", 1_000), level("gold", 5_000)],
    })
}

/// A programme with levels and one active card.
fn shop(database: super::fixture::Database) -> (Cards, String) {
    let mut cards = Cards::new(database);
    cards.run("office: prepare C0 shop=s1 => prepared\ntill: activate C0 => active");
    let act = Act::of_job("test", super::fixture::NOW);
    cards.programme.publish_rules(&act, RulesKind::Levels, None, &table()).unwrap();
    let number = cards.number("C0");
    (cards, number)
}

/// What a wallet bought on a day; a job of that day looks at its level.
fn buys(programme: &Programme, number: &str, day: Day, net: i64) {
    let act = Act::of_job("test", super::fixture::NOW);
    let wallet = WalletId(programme.card(&act, number).unwrap().wallet.unwrap());
    let bought = programme.store().unwrap().write(move |tx| {
        let sums = store::WalletSums { net, receipts: 1, points: 0 };
        tx.add_wallet_day(&wallet, "n1", day, sums)?;
        Ok::<_, Refused>(())
    });
    bought.unwrap();
}

fn level(programme: &Programme, number: &str, day: Day) -> String {
    let act = Act::of_job("test", super::fixture::NOW);
    let view = programme.card_level(&act, number, day).unwrap().unwrap();
    let next = view.next.map_or(String::new(), |next| format!(" {next} {}", view.missing.unwrap()));
    format!("{}{next}", view.level)
}

#[test]
fn a_level_rises_at_once_is_granted_and_falls_on_its_day() {
    for database in databases() {
        let (cards, number) = shop(database);
        let programme = &cards.programme;
        let on = |days: i32| Day(TODAY.0 + days);
        assert_eq!(level(programme, &number, on(0)), "base silver 1000");
        buys(programme, &number, on(0), 1_200);
        assert_eq!(level(programme, &number, on(0)), "silver gold 3800");
        let admin = Act::of_job("test", super::fixture::NOW);
        let grant = |level: &str, until: Day, reason: &str| {
            let (level, reason) = (level.to_owned(), reason.to_owned());
            let granted =
                programme.grant_level(&admin, &number, LevelGrant { level, until, reason }, on(0));
            granted.map_or_else(|refused| format!("!{}", refused.code()), |view| view.level)
        };
        for (name, until, reason, expected) in [
            ("platinum", on(10), "a wish", "!invalid"),
            ("gold", on(-1), "a wish", "!invalid"),
            ("gold", on(5_000), "a wish", "!invalid"),
            ("gold", on(10), "", "!invalid"),
            ("gold", on(10), "compensation", "gold"),
        ] {
            assert_eq!(grant(name, until, reason), expected, "{name} {reason}");
        }
        assert_eq!(level(programme, &number, on(10)), "gold");
        // The day after the grant it falls to what was earned; much later, to nothing, on a review.
        programme.review_levels(on(11)).unwrap();
        assert_eq!(level(programme, &number, on(11)), "silver gold 3800");
        programme.review_levels(on(80)).unwrap();
        assert_eq!(level(programme, &number, on(80)), "silver gold 3800");
        // A job that stood still for months makes up for every day that it missed.
        programme.review_levels(on(200)).unwrap();
        assert_eq!(level(programme, &number, on(200)), "base silver 1000");
        assert_eq!(programme.review_levels(on(200)).unwrap(), 0, "nothing is due any more");
    }
}

#[test]
fn rules_are_looked_over_before_they_count() {
    for database in databases() {
        let cards = Cards::new(database);
        let act = Act::of_job("test", super::fixture::NOW);
        let publish = |kind, network: Option<&str>, body: &Value| {
            let published = cards.programme.publish_rules(&act, kind, network, body);
            published.map_or_else(
                |refused| match refused {
                    Refused::Invalid { problems } => format!("!{}", problems[0].pointer),
                    refused => format!("!{}", refused.code()),
                },
                |view| format!("{} {}", view.network.unwrap_or_default(), view.version),
            )
        };
        let mut descending = table();
        descending["levels"][2]["threshold"] = json!(500);
        let mut unknown = table();
        unknown["colour"] = json!("red");
        for (kind, network, body, expected) in [
            (RulesKind::Levels, None, table(), " 1"),
            (RulesKind::Levels, None, table(), " 2"),
            (RulesKind::Levels, Some("n1"), table(), "n1 1"),
            (RulesKind::Levels, Some("nowhere"), table(), "!not_found"),
            (RulesKind::Levels, None, descending, "!/body/levels/2/threshold"),
            (RulesKind::Levels, None, json!({}), "!/body"),
            (
                RulesKind::CardPolicy,
                None,
                json!({"block": {"doors": ["moon"], "roles": []}}),
                "!/body/block/doors/0",
            ),
            (RulesKind::Limits, None, json!({"rows": []}), " 1"),
        ] {
            assert_eq!(publish(kind, network, &body), expected, "{kind:?} {body}");
        }
        assert!(publish(RulesKind::Levels, None, &unknown).starts_with('!'));
        let counts = |network| cards.programme.rules(&act, RulesKind::Levels, network).unwrap();
        assert_eq!((counts(None).version, counts(Some("n2")).network), (2, None));
        assert_eq!(counts(Some("n1")).network.as_deref(), Some("n1"));
    }
}

#[test]
fn a_network_may_let_its_tills_do_more() {
    for database in databases() {
        let mut cards = Cards::new(database);
        let act = Act::of_job("test", super::fixture::NOW);
        cards.run(
            "office: prepare C0 shop=s1 => prepared
             till: activate C0 => active
             till: suspend C0 => !not_permitted",
        );
        let own = json!({ "suspend": { "doors": ["till"], "roles": ["operator"] } });
        cards.programme.publish_rules(&act, RulesKind::CardPolicy, Some("n1"), &own).unwrap();
        cards.run("till: suspend C0 => suspended\noffice: resume C0 => active");
        let number = cards.number("C0");
        let suspend = CardChange::only(CardOperation::Suspend);
        let by_office = cards.programme.change_card(&act, &number, suspend);
        assert_eq!(by_office.unwrap_err().code(), "not_permitted", "the row is in place of ours");
    }
}
