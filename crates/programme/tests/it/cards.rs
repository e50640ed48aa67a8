//! Cards through their life, on both databases: one line an event, with its outcome at the end.
//!
//! ```text
//! admin: prepare C0 shop=s1                 => prepared
//! till:  issue C0                           => issued
//! till:  unblock C0 reason=found            => !not_permitted
//! ```
//!
//! A word names who acts: `admin` and `office` in the office, `till` at the till of shop `s1`, `other`
//! an operator bound to another network. `C0` is the first card of the print batch, `V` a virtual one.
//! After `=>` stands the state of the card, or `!` and the code of the refusal.

use std::collections::BTreeMap;

use ledger::{AccountId, Cause, Chain, ChainId, LotTerms, Transfer, Unit};
use membership::{CardKind, CardOperation, NumberRange, Scheme};
use programme::{
    Act, Bounds, CardChange, Door, NewNetwork, NewPrintBatch, NewRange, NewShop, Programme,
    Refused, RequestKey, Role,
};
use retail::{Instant, WalletId};

use super::audit::open;
use super::fixture::{Database, NOW, databases};

const DAY: i64 = 86_400_000_000;

pub struct Cards {
    pub programme: Programme,
    named: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    _database: Database,
}

fn act(role: Role, door: Door, network: Option<&str>) -> Act {
    let networks = network.map(str::to_owned).into_iter().collect();
    Act {
        actor: format!("staff:{}", role.as_str()),
        role,
        door,
        bounds: Bounds { networks, ..Bounds::default() },
        ..Act::of_job("test", NOW)
    }
}

pub fn who(word: &str) -> Act {
    match word {
        "admin" => act(Role::Administrator, Door::Office, None),
        "office" => act(Role::Operator, Door::Office, Some("n1")),
        "till" => Act {
            shop: Some("s1".into()),
            till: Some("1".into()),
            ..act(Role::Operator, Door::Till, Some("n1"))
        },
        "other" => act(Role::Operator, Door::Office, Some("n2")),
        word => panic!("who is {word}?"),
    }
}

impl Cards {
    pub fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programme = open(folder.path(), &database.url());
        let admin = who("admin");
        for (network, shop) in [("n1", "s1"), ("n2", "s2")] {
            let name = |text: &str| format!("{text} {network}");
            let new = NewNetwork {
                id: network.to_owned(),
                name_en: name("Network"),
                name_ru: name("Сеть"),
                scheme: Scheme::Ean13,
            };
            programme.add_network(&admin, new).unwrap();
            let new = NewShop {
                id: shop.to_owned(),
                network: network.to_owned(),
                name_en: name("Shop"),
                name_ru: name("Магазин"),
                time_zone: "Europe/Moscow".to_owned(),
            };
            programme.add_shop(&admin, new).unwrap();
            programme.add_till(&admin, shop, "1").unwrap();
        }
        for (id, kind, prefix) in
            [("plastic", CardKind::Plastic, "400"), ("virtual", CardKind::Virtual, "401")]
        {
            let range = NumberRange {
                network: "n1".into(),
                prefix: prefix.to_owned(),
                digits: 9,
                scheme: Scheme::Ean13,
                from: 0,
                to: 99_999_999,
            };
            programme.add_range(&admin, NewRange { id: id.to_owned(), kind, range }).unwrap();
        }
        let batch = NewPrintBatch { id: "b1".to_owned(), range: "plastic".to_owned(), cards: 20 };
        programme.print_cards(&admin, batch).unwrap();
        let printed = programme.printed_cards(&admin, "b1").unwrap();
        let named = printed.into_iter().enumerate();
        let named = named.map(|(place, card)| (format!("C{place}"), card.number)).collect();
        Self { programme, named, folder, _database: database }
    }

    pub fn dir(&self) -> std::path::PathBuf {
        self.folder.path().join("programme")
    }

    pub fn number(&self, name: &str) -> String {
        self.named.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// Runs the lines of a scenario.
    pub fn run(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (event, expected) = line.split_once("=>").unwrap();
            let outcome = match self.event(event.trim()) {
                Ok(state) => state,
                Err(refused) => format!("!{}", refused.code()),
            };
            assert_eq!(outcome, expected.trim(), "{}: {line}", self._database.name);
        }
    }

    fn event(&mut self, event: &str) -> Result<String, Refused> {
        let (actor, rest) = event.split_once(": ").unwrap();
        let mut words = rest.split_whitespace();
        let (operation, card) = (words.next().unwrap(), words.next().unwrap());
        let given: BTreeMap<&str, &str> = words.map(|word| word.split_once('=').unwrap()).collect();
        let given = |name: &str| given.get(name).map(|text| (*text).to_owned());
        let act = who(actor);
        let number = self.number(card);
        let view = match operation {
            "virtual" => {
                let view = self.programme.issue_virtual_card(&act, "virtual", Some(card))?;
                self.named.insert("V".to_owned(), view.number.clone());
                view
            }
            "find" => self.programme.card(&act, &number)?,
            "join" => {
                let other = self.number(&given("card").unwrap());
                self.programme.join_wallet(&act, &number, &other)?
            }
            operation => {
                let change = CardChange {
                    operation: operation.parse::<CardOperation>().unwrap(),
                    reason: given("reason"),
                    shop: given("shop"),
                    other_card: given("by").map(|name| self.number(&name)),
                    customer: given("customer"),
                };
                self.programme.change_card(&act, &number, change)?
            }
        };
        Ok(view.state.as_str().to_owned())
    }

    fn wallet(&self, name: &str) -> WalletId {
        let card = self.programme.card(&who("admin"), &self.number(name)).unwrap();
        WalletId(card.wallet.unwrap())
    }

    /// Gives points to a card's wallet that expire after so many days.
    fn give(&self, name: &str, points: i64, days: i64, key: &str) {
        let unit = Unit("POINT".to_owned());
        let issued = AccountId::issued(&unit);
        let terms = LotTerms { activates_at: NOW, expires_at: Some(Instant(NOW.0 + days * DAY)) };
        let to = AccountId::wallet(&self.wallet(name), &unit);
        let transfer =
            Transfer::post(issued.clone(), to, unit.clone(), points, Cause::new("accrual", key));
        let chain = Chain {
            id: ChainId(key.to_owned()),
            at: NOW,
            transfers: vec![transfer.opening(terms)],
        };
        let posted = self.programme.store().unwrap().write(move |tx| {
            tx.open_account(&issued, &unit, None, false)?;
            ledger::post(tx, &chain)?;
            Ok::<_, Refused>(())
        });
        posted.unwrap();
    }

    fn points(&self, name: &str) -> i64 {
        let balance = self.programme.card_balance(&who("admin"), &self.number(name)).unwrap();
        balance.spendable
    }
}

#[test]
fn a_card_lives_as_the_table_says() {
    for database in databases() {
        let mut cards = Cards::new(database);
        cards.run(
            "
            till:   issue C0                            => !card_state
            till:   activate C0                         => !card_state
            till:   block C0 reason=lost                => !card_state
            office: unblock C0 reason=found             => !card_state
            till:   replace C0 by=C1                    => !card_state
            till:   prepare C0 shop=s1                  => !not_permitted
            office: prepare C0 shop=s2                  => !not_found
            admin:  prepare C0 shop=s2                  => !invalid
            office: prepare C0                          => !invalid
            office: prepare C0 shop=s1                  => prepared
            other:  find C0                             => !not_found
            till:   find C0                             => prepared
            till:   issue C0                            => issued
            till:   issue C0                            => !card_state
            till:   activate C0 customer=c1             => active
            office: resume C0                           => !card_state
            office: unblock C0 reason=found             => !card_state
            office: prepare C0 shop=s1                  => !card_state
            till:   suspend C0                          => !not_permitted
            office: suspend C0                          => suspended
            office: resume C0                           => active
            till:   block C0                            => !invalid
            till:   block C0 reason=boredom             => !invalid
            till:   block C0 reason=lost                => blocked
            till:   unblock C0 reason=found             => !not_permitted
            office: unblock C0                          => !invalid
            office: unblock C0 reason=found             => active
            office: close C0                            => closed
            till:   block C0 reason=lost                => !card_state
            till:   activate C0                         => !card_state
            office: prepare C1 shop=s1                  => prepared
            till:   activate C1                         => active
            office: prepare C2 shop=s1                  => prepared
            till:   issue C2                            => issued
            till:   block C2 reason=lost                => blocked
            office: unblock C2 reason=found             => issued
            till:   activate C2                         => active
            office: suspend C2                          => suspended
            till:   block C2 reason=lost                => blocked
            office: unblock C2 reason=found             => suspended
            admin:  virtual c9                          => active
            office: find V                              => active
            other:  block V reason=lost                 => !not_found
            office: find 4009999999995                  => !not_found
            office: find 4009999999994                  => !invalid
            office: find x                              => !invalid
            office: prepare C3 shop=s1                  => prepared
            till:   activate C3 customer=               => !invalid
            till:   activate C3 customer=anna@shop.example => !invalid
            till:   activate C3 customer=89161234567    => !invalid
            till:   find C3                             => prepared
            ",
        );
        let events = cards.programme.card_events(&who("admin"), &cards.number("C0"), 0, 100);
        let steps: Vec<String> = events
            .unwrap()
            .into_iter()
            .map(|event| format!("{}>{}", event.from, event.to))
            .collect();
        let expected = [
            "created>prepared",
            "prepared>issued",
            "issued>active",
            "active>suspended",
            "suspended>active",
            "active>blocked",
            "blocked>active",
            "active>closed",
        ];
        assert_eq!(steps, expected);
    }
}

#[test]
fn a_replaced_card_leaves_all_it_had() {
    for database in databases() {
        let mut cards = Cards::new(database);
        cards.run(
            "
            office: prepare C0 shop=s1 => prepared
            office: prepare C1 shop=s1 => prepared
            office: prepare C2 shop=s1 => prepared
            till: activate C0 customer=c1 => active
            ",
        );
        cards.give("C0", 70, 30, "a");
        cards.run(
            "
            till: replace C0 by=C1           => !card_state
            till: block C0 reason=lost       => blocked
            till: replace C0                 => !invalid
            till: replace C0 by=C0           => !invalid
            till: replace C0 by=4009999999995 => !not_found
            till: replace C0 by=C1           => replaced
            till: find C1                    => active
            till: replace C0 by=C2           => !card_state
            office: unblock C0 reason=found  => !card_state
            ",
        );
        assert_eq!((cards.points("C0"), cards.points("C1")), (70, 70));
        let new = cards.programme.card(&who("till"), &cards.number("C1")).unwrap();
        assert_eq!(new.customer.as_deref(), Some("c1"));
        let old = cards.programme.card(&who("till"), &cards.number("C0")).unwrap();
        assert_eq!(old.replaced_by, Some(new.number));
        assert_eq!(old.wallet, new.wallet);
    }
}

#[test]
fn a_family_spends_from_one_wallet() {
    for database in databases() {
        let mut cards = Cards::new(database);
        cards.run(
            "
            office: prepare C0 shop=s1 => prepared
            office: prepare C1 shop=s1 => prepared
            till: activate C0 => active
            till: activate C1 => active
            ",
        );
        cards.give("C0", 30, 10, "a");
        cards.give("C1", 50, 20, "b");
        cards.run("till: join C0 card=C1 => active");
        assert_eq!((cards.points("C0"), cards.points("C1")), (80, 80));
        assert_eq!(cards.wallet("C0"), cards.wallet("C1"));
        // Each lot kept its terms: after 10 days the first is gone, after 20 the other.
        let lots = |at: i64| {
            let act = Act { at: Instant(NOW.0 + at * DAY), ..who("admin") };
            cards.programme.card_balance(&act, &cards.number("C0")).unwrap().spendable
        };
        assert_eq!([lots(9), lots(10), lots(20)], [80, 50, 0]);
        let expired = cards.programme.expire_points(Instant(NOW.0 + 15 * DAY)).unwrap();
        assert_eq!(expired, (1, 0));
        assert_eq!(cards.points("C1"), 50);
        let lines = cards.programme.card_statement(&who("till"), &cards.number("C0"), None, 10);
        let amounts: Vec<(i64, String)> =
            lines.unwrap().into_iter().map(|line| (line.amount, line.kind)).collect();
        let line = |amount, kind: &str| (amount, kind.to_owned());
        assert_eq!(amounts, [line(-30, "expiry"), line(30, "join"), line(50, "accrual")]);
    }
}

#[test]
fn cards_are_printed_once_and_found_by_their_batch() {
    for database in databases() {
        let cards = Cards::new(database);
        let admin = who("admin");
        let again = NewPrintBatch { id: "b1".to_owned(), range: "plastic".to_owned(), cards: 20 };
        let view = cards.programme.print_cards(&admin, again.clone()).unwrap();
        assert_eq!((view.from_index, view.cards), (0, 20), "the same batch is the same");
        let other = NewPrintBatch { cards: 21, ..again.clone() };
        assert_eq!(cards.programme.print_cards(&admin, other).unwrap_err().code(), "taken");
        let next = NewPrintBatch { id: "b2".to_owned(), cards: 1200, ..again };
        let view = cards.programme.print_cards(&admin, next).unwrap();
        assert_eq!(view.from_index, 20);
        let printed = cards.programme.printed_cards(&admin, "b2").unwrap();
        assert_eq!(printed.len(), 1200);
        assert!(printed.iter().all(|card| Scheme::Ean13.is_sound(&card.number)));
        let prepare = || cards.programme.prepare_cards(&admin, "b2", "s1").unwrap();
        assert_eq!((prepare(), prepare()), (1200, 0), "preparing again changes nothing");
        let unknown = cards.programme.printed_cards(&who("other"), "b2");
        assert_eq!(unknown.unwrap_err().code(), "not_found");
    }
}

#[test]
fn a_key_is_answered_once_whatever_becomes_of_the_card() {
    for database in databases() {
        let mut cards = Cards::new(database);
        cards.run("office: prepare C0 shop=s1 => prepared");
        let keyed = |body: &str| Act {
            key: Some(RequestKey { key: "k1".to_owned(), body_sha256: body.to_owned() }),
            ..who("till")
        };
        let number = cards.number("C0");
        let issue = || CardChange::only(CardOperation::Issue);
        let first = cards.programme.change_card(&keyed("a"), &number, issue()).unwrap();
        cards.run("till: activate C0 => active");
        let again = cards.programme.change_card(&keyed("a"), &number, issue()).unwrap();
        assert_eq!(again, first, "the first answer, not a refusal");
        let other = cards.programme.change_card(&keyed("b"), &number, issue());
        assert_eq!(other.unwrap_err().code(), "key_reused");
        assert_eq!(cards.event("till: find C0").unwrap(), "active");
    }
}

#[test]
fn ranges_that_could_meet_are_refused() {
    for database in databases() {
        let cards = Cards::new(database);
        for (id, prefix, from, to, expected) in [
            ("r1", "400", 5, 6, "overlap"),
            ("r2", "400", 100_000_000, 999_999_999, "ok"),
            ("r3", "40", 0, 9, "invalid"),
            ("r4", "402", 9, 8, "invalid"),
            ("bad id", "402", 0, 9, "invalid"),
            ("plastic", "403", 0, 9, "taken"),
        ] {
            let range = NumberRange {
                network: "n1".into(),
                prefix: prefix.to_owned(),
                digits: 9,
                scheme: Scheme::Ean13,
                from,
                to,
            };
            let new = NewRange { id: id.to_owned(), kind: CardKind::Plastic, range };
            let added = cards.programme.add_range(&who("admin"), new);
            let outcome = added.map_or_else(|refused| refused.code(), |_| "ok");
            assert_eq!(outcome, expected, "{id}");
        }
    }
}

#[test]
fn a_test_key_is_answered_and_stores_nothing() {
    for database in databases() {
        let mut cards = Cards::new(database);
        cards.run("office: prepare C0 shop=s1 => prepared");
        let number = cards.number("C0");
        let tried = Act {
            rehearsal: true,
            key: Some(RequestKey { key: "k1".to_owned(), body_sha256: "a".to_owned() }),
            ..who("till")
        };
        let issue = |act: &Act| {
            let change = CardChange::only(CardOperation::Issue);
            let changed = cards.programme.change_card(act, &number, change);
            changed.map_or_else(|refused| refused.code(), |view| view.state.as_str())
        };
        // As often as it likes, and its key is free for the real thing.
        assert_eq!([issue(&tried), issue(&tried)], ["issued", "issued"]);
        let real = Act { rehearsal: false, ..tried.clone() };
        let changed = CardChange::only(CardOperation::Block);
        let refused = cards.programme.change_card(&tried, &number, changed).unwrap_err();
        assert_eq!(refused.code(), "card_state", "what could not be done is refused");
        assert_eq!(issue(&real), "issued");
        let events = cards.programme.card_events(&who("admin"), &number, 0, 9).unwrap();
        assert_eq!(events.len(), 2, "prepared and issued, once each");
        let batch = NewPrintBatch { id: "b9".to_owned(), range: "plastic".to_owned(), cards: 1 };
        let admin = Act { rehearsal: true, ..who("admin") };
        let printed = cards.programme.print_cards(&admin, batch);
        assert_eq!(printed.unwrap_err().code(), "not_permitted");
    }
}
