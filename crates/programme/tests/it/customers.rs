//! Customers through questionnaire and vault, on both databases: one line an event, with its outcome at the end.
//!
//! ```text
//! till:   register A card=C0 phone=8(916)123-45-67 processing=yes  => …0000; wants first_name
//! office: change A email=a@example.com                             => email
//! till:   find name=анна_ИВАНОВА                                   => A
//! ```
//!
//! Who acts is as in `cards`. A capital letter names a customer; in values `_` stands for a blank, `-` for null, and
//! numbers, `yes` and `no` for themselves. After `=>` stands what was answered, or `!` with the code of the refusal
//! and of each field.

use std::collections::BTreeMap;

use programme::{
    AnswerChange, AnswersGiven, CardChange, CardOperation, FindBy, Means, NewCustomer, Programme,
    Refused, Restore, WasErased,
};
use serde_json::{Value, json};
use store::DbError;

use super::cards::{Cards, who};
use super::fixture::{Database, NOW, databases};

struct Customers {
    cards: Cards,
    ids: BTreeMap<String, String>,
}

impl Customers {
    fn new(database: Database) -> Self {
        let cards = Cards::new(database);
        for name in ["C0", "C1", "C2"] {
            for operation in [CardOperation::Prepare, CardOperation::Issue, CardOperation::Activate]
            {
                let mut change = CardChange::only(operation);
                change.shop = Some("s1".to_owned());
                cards.programme.change_card(&who("admin"), &cards.number(name), change).unwrap();
            }
        }
        Self { cards, ids: BTreeMap::new() }
    }

    fn run(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (event, expected) = line.split_once("=>").unwrap();
            let outcome = self.event(event.trim()).unwrap_or_else(|refused| told(&refused));
            let shown = self.ids.iter().fold(outcome, |text, (name, id)| text.replace(id, name));
            let cards = (0..9).map(|n| format!("C{n}"));
            let shown = cards.fold(shown, |text, name| {
                let number = self.cards.number(&name);
                let end = number.chars().rev().take(4).collect::<Vec<_>>();
                text.replace(&format!("…{}", end.iter().rev().collect::<String>()), &name)
            });
            assert_eq!(shown.trim(), expected.trim(), "{line}");
        }
    }

    fn event(&mut self, event: &str) -> Result<String, Refused> {
        let (actor, event) = event.split_once(": ").unwrap();
        let (act, programme) = (who(actor), &self.cards.programme);
        let mut words = event.split_whitespace();
        let verb = words.next().unwrap();
        let name = match verb {
            "find" => "",
            _ => words.next().unwrap(),
        };
        let id = self.ids.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let mut given: BTreeMap<&str, &str> =
            words.map(|word| word.split_once('=').unwrap()).collect();
        let text = |value: &str| value.replace('_', " ");
        match verb {
            "register" => {
                let mut field = |name: &str| given.remove(name).map(str::to_owned);
                let new = NewCustomer {
                    id: field("id"),
                    network: field("network"),
                    card: field("card").map(|card| self.cards.number(&card)),
                    answers: answers(&given),
                    means: Means::TillScreen,
                };
                let done = programme.register_customer(&act, new)?;
                self.ids.insert(name.to_owned(), done.customer);
                let card = done.card.unwrap_or_else(|| "no card".to_owned());
                Ok(format!("{card}; wants {}", done.missing.join(" ")))
            }
            "change" | "complete" => {
                let version = match given.remove("version") {
                    Some(version) => version.parse().unwrap(),
                    None => programme.customer(&who("admin"), &id)?.version,
                };
                let complete = verb == "complete";
                let given =
                    AnswersGiven { answers: answers(&given), means: Means::Paper, complete };
                let done = programme.change_answers(&act, &id, version, given)?;
                Ok([done.changed, done.consents].concat().join(" "))
            }
            "read" => {
                let view = programme.customer(&act, &id)?;
                let answers = serde_json::to_value(&view.answers).unwrap();
                let answers = answers.as_object().unwrap().iter();
                let answers = answers.map(|(name, value)| match value {
                    Value::String(text) => format!("{name}={}", text.replace(' ', "_")),
                    value => format!("{name}={value}"),
                });
                Ok(answers.collect::<Vec<_>>().join(" "))
            }
            "consents" => {
                let view = programme.customer(&act, &id)?;
                let shown = view.consents.iter().map(|consent| {
                    let given = if consent.given { "yes" } else { "no" };
                    let place = consent.place.as_deref().unwrap_or("-");
                    format!("{}={given}@{place}/{}", consent.purpose, consent.means)
                });
                Ok(shown.collect::<Vec<_>>().join(" "))
            }
            "changes" => {
                let changes = programme.answer_changes(&act, &id, 0, 100)?;
                let shown = changes.iter().map(|change| {
                    let what = change.answers.iter().map(shown_change).collect::<Vec<_>>();
                    let shop = change.shop.as_deref().unwrap_or("-");
                    format!("{} {}@{shop}", what.join(" "), change.door)
                });
                Ok(shown.collect::<Vec<_>>().join("; "))
            }
            "find" => {
                let (&how, what) = given.iter().next().unwrap();
                let by = match how {
                    "phone" => FindBy::Phone(text(what)),
                    "email" => FindBy::Email(text(what)),
                    _ => FindBy::Name(text(what)),
                };
                let found = programme.find_customers(&act, &by)?;
                let mut names: Vec<_> = found
                    .into_iter()
                    .map(|customer| [&[customer.customer][..], &customer.cards].concat().join("+"))
                    .collect();
                names
                    .sort_by_key(|id| self.ids.iter().position(|(_, known)| id.starts_with(known)));
                Ok(names.join(" "))
            }
            "erase" => {
                let rows = programme.erase(&act, &id).map_err(|error| {
                    match error.downcast::<DbError>() {
                        Ok(error) => error.into(),
                        Err(error) => Refused::Broken { why: error.to_string() },
                    }
                })?;
                Ok(format!("{}", rows.rows > 0))
            }
            verb => panic!("what is {verb}?"),
        }
    }
}

fn shown_change(change: &AnswerChange) -> String {
    let text = |answer: &Option<membership::Answer>| match answer {
        None => "-".to_owned(),
        Some(answer) => serde_json::to_string(answer).unwrap().replace('"', ""),
    };
    format!("{}:{}>{}", change.question, text(&change.before), text(&change.after))
}

fn answers(given: &BTreeMap<&str, &str>) -> BTreeMap<String, Value> {
    let value = |text: &str| match text {
        "-" => Value::Null,
        "yes" => json!(true),
        "no" => json!(false),
        text => match text.parse::<i64>() {
            Ok(number) if text.len() < 4 => json!(number),
            _ => json!(text.replace('_', " ")),
        },
    };
    given.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

fn told(refused: &Refused) -> String {
    let Refused::Invalid { problems } = refused else { return format!("!{}", refused.code()) };
    let fields = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.code));
    format!("!{}", fields.collect::<Vec<_>>().join(", "))
}

const LIFE: &str = "
    till:   register A card=C0 phone=8(916)123-45-67                    => !/answers/consent_processing missing
    till:   register A card=C0 consent_processing=yes                   => !/answers/phone missing
    till:   register A card=C0 phone=916 consent_processing=yes first_name=Аnna => !/answers/first_name mixed_scripts, /answers/phone type
    till:   register A card=C9 phone=89161234567 consent_processing=yes => !card_state
    till:   register A card=C0 phone=8(916)123-45-67 consent_processing=yes => C0; wants first_name
    till:   register B card=C0 phone=89161234568 consent_processing=yes => !registered
    till:   register B card=C1 phone=+7_916_123-45-67 consent_processing=yes => !/answers/phone phone_known
    till:   register B card=C1 id=r-77 phone=89161234568 consent_processing=yes first_name=Борис => C1; wants
    other:  register C phone=+442079460958 consent_processing=yes       => !/network missing
    other:  register C network=n1 phone=+442079460958 consent_processing=yes => !not_found
    other:  register C network=n2 phone=+442079460958 consent_processing=yes => no card; wants first_name

    office: change A first_name=Анна surname=Королёва-Римская           => first_name surname
    office: change A first_name=Анна                                    =>
    office: change A first_name=- email=A@Example.com                   => !/answers/first_name missing
    office: change A version=1 email=A@Example.com                      => !stale
    office: change A email=A@Example.com birth_date=2999-01-01          => !/answers/birth_date future
    office: change A email=A@Example.com birth_date=17.05.1990          => birth_date email
    office: change A phone=89161234568                                  => !/answers/phone phone_known
    office: complete C phone=89161234569                                => !not_found
    office: complete D                                                  => !not_found
    office: read A => birth_date=1990-05-17 email=A@example.com first_name=Анна phone=+79161234567 surname=Королёва-Римская
    other:  read A => !not_found
    other:  read C => phone=+442079460958

    till:   find phone=8-916-123-45-67                                  => A+C0
    office: find email=a@EXAMPLE.com                                    => A+C0
    office: find name=РИМСКАЯ_анна                                      => A+C0
    office: find name=королева                                          => A+C0
    office: find name=корол                                             =>
    office: find phone=+442079460958                                    =>
    admin:  find phone=+442079460958                                    => C
    other:  find name=анна                                              =>
    office: find phone=12                                               => !/phone phone
    office: find name=---                                               => !/name missing

    office: changes A => first_name:->Анна surname:->Королёва-Римская office@-; birth_date:->1990-05-17 email:->A@example.com office@-
    till:   change A phone=+79160000000                                 => phone
    office: find phone=89161234567                                      =>
    office: find phone=89160000000                                      => A+C0
    till:   change B phone=89161234567                                  => phone

    office: consents A => processing=yes@s1/till_screen
    till:   change A consent_sms=yes consent_email=yes                  => advertising:sms advertising:email
    office: consents A => processing=yes@s1/till_screen advertising:email=yes@s1/paper advertising:sms=yes@s1/paper
    office: change A consent_sms=no consent_partners=no                 => advertising:sms
    office: consents A => processing=yes@s1/till_screen advertising:email=yes@s1/paper advertising:sms=no@-/paper
    office: change A version=7 consent_sms=yes                          => !stale
    office: change A consent_processing=no                              => processing
    office: consents A => processing=no@-/paper advertising:email=no@-/paper advertising:sms=no@-/paper

    admin:  erase A                                                     => true
    admin:  read A                                                      => !not_found
    admin:  find phone=89160000000                                      =>
    admin:  find name=анна                                              =>
    till:   register D card=C0 phone=+79160000000 consent_processing=yes => C0; wants first_name
";

#[test]
fn from_the_first_answer_to_the_erasure() {
    for database in databases() {
        Customers::new(database).run(LIFE);
    }
}

#[test]
fn of_two_at_once_one_has_the_phone() {
    for database in databases() {
        let customers = Customers::new(database);
        let programme = &customers.cards.programme;
        let register = |number: usize| {
            let phone = json!(format!("+7916000{:04}", number / 2));
            let new = NewCustomer {
                id: None,
                network: Some("n1".to_owned()),
                card: None,
                answers: [("phone", phone), ("consent_processing", json!(true))]
                    .map(|(name, value)| (name.to_owned(), value))
                    .into(),
                means: Means::Site,
            };
            match programme.register_customer(&who("office"), new) {
                Ok(_) => "registered".to_owned(),
                Err(refused) => told(&refused),
            }
        };
        let register = &register;
        let mut outcomes: Vec<String> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..16).map(|n| scope.spawn(move || register(n))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        outcomes.sort();
        let known = vec!["!/answers/phone phone_known".to_owned(); 8];
        assert_eq!(outcomes, [known, vec!["registered".to_owned(); 8]].concat());
    }
}

#[test]
fn a_restore_brings_back_nobody_who_was_erased() {
    let mut customers = Customers::new(Database::sqlite());
    customers.run(
        "till: register A card=C0 phone=89161234567 consent_processing=yes first_name=Анна => C0; wants
         till: register B card=C1 phone=89161234568 consent_processing=yes first_name=Борис => C1; wants",
    );
    let dir = customers.cards.dir();
    let (backup, folder) = (dir.with_file_name("backup"), dir.with_file_name("restored"));
    customers.cards.programme.backup(&backup, NOW).unwrap();
    customers.run("admin: erase A => true");
    let listed = std::fs::read_to_string(dir.join("erasures.jsonl")).unwrap();
    let how = Restore { erased: WasErased::listed(&listed).unwrap(), database: None };
    assert_eq!(Programme::restore(&backup, &folder, &how, NOW).unwrap().erased, 1);
    let restored = Programme::open(&folder).unwrap();
    let of = |name: &str| restored.customer(&who("admin"), &customers.ids[name]);
    assert_eq!(of("B").unwrap_err().code(), "internal", "the key is in no backup");
    std::fs::copy(dir.join("vault-key"), folder.join("vault-key")).unwrap();
    assert_eq!(of("A").unwrap_err().code(), "not_found");
    assert_eq!(of("B").unwrap().answers.len(), 2);
    let find = |name: &str| {
        restored.find_customers(&who("admin"), &FindBy::Name(name.to_owned())).unwrap().len()
    };
    assert_eq!((find("Анна"), find("Борис")), (0, 1));
}
