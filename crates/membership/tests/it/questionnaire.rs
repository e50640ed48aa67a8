//! Questionnaires: what is wrong with one, which answers are good, what leaves the vault.

use std::collections::{BTreeMap, BTreeSet};

use membership::{
    AnswerFault, Answers, Checked, ConsentPurpose, ProfileAttribute, Questionnaire, Stage,
};
use proptest::prelude::*;
use retail::Day;
use serde_json::{Value, json};

use crate::{same, told};

const TODAY: &str = "2026-03-01";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A questionnaire with every kind of question.
fn every_kind() -> Value {
    let both = json!({"ru": "а", "en": "a"});
    let option = |code: &str| json!({"code": code, "label": both});
    let ask = |id: &str, kind: Value| json!({"id": id, "label": both, "kind": kind});
    let options = json!([option("a"), option("b"), option("c")]);
    json!({"title": both, "groups": [
        {"title": both, "questions": [
            ask("text", json!({"text": {"chars_max": 10}})),
            ask("name", json!({"name": {"chars_max": 12}})),
            ask("number", json!({"number": {"min": -5, "max": 20}})),
            ask("date", json!({"date": {"min": "2020-01-01", "max": "2030-12-31"}})),
            ask("birth", json!({"date": {"birth": true}})),
        ]},
        {"title": both, "questions": [
            ask("choice", json!({"choice": {"options": options}})),
            ask("many", json!({"many": {"options": options, "most": 2}})),
            ask("phone", json!("phone")),
            ask("email", json!("email")),
            ask("consent", json!({"consent":
                {"purpose": "processing", "text": both, "text_version": "1"}})),
        ]},
    ]})
}

fn questionnaire(value: Value) -> Questionnaire {
    serde_json::from_value(value).unwrap()
}

/// The place of a question in [`every_kind`].
fn place(id: &str) -> String {
    let groups = every_kind();
    for group in 0..2 {
        for question in 0..5 {
            let place = format!("/groups/{group}/questions/{question}");
            if groups.pointer(&place).unwrap()["id"] == id {
                return place;
            }
        }
    }
    panic!("no question {id}")
}

/// What is wrong after one value of the good questionnaire is another, `null` for left out.
fn problems_with(pointer: &str, value: Value) -> String {
    let mut changed = every_kind();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.insert(field.to_owned(), value)),
        other => other[field.parse::<usize>().unwrap()] = value,
    }
    told(&questionnaire(changed).validate())
}

#[test]
fn the_shipped_questionnaire() {
    let standard = Questionnaire::standard();
    assert_eq!(told(&standard.validate()), "");
    let mut text = String::new();
    for question in standard.questions() {
        let marks = [(question.required, " required"), (question.short, " short")];
        let marks = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect::<String>();
        let profile = question.profile.as_ref().map(|of| format!(" -> {}", of.attribute));
        text.push_str(&format!("{}{marks}{}\n", question.id, profile.unwrap_or_default()));
    }
    same(
        &text,
        "surname
         first_name required
         patronymic
         phone required short
         email
         birth_date -> age_band
         gender -> gender
         region -> region
         household_size -> household_size
         kids_count -> kids_count
         consent_processing required short
         consent_sms short
         consent_email
         consent_push
         consent_partners",
    );
    let main = [standard.main_phone(), standard.main_email(), standard.birth_date()];
    assert_eq!(main.map(|q| q.unwrap().id.as_str()), ["phone", "email", "birth_date"]);
    let json = serde_json::to_string(&standard).unwrap();
    assert_eq!(serde_json::from_str::<Questionnaire>(&json).unwrap(), standard);
}

#[test]
fn what_is_wrong_with_a_questionnaire() {
    assert_eq!(told(&questionnaire(every_kind()).validate()), "");
    let long = |chars: usize| json!({"ru": "я".repeat(chars), "en": "a"});
    let bands = |bands: Value| json!({"attribute": "age_band", "bands": bands});
    let code = json!({"attribute": "region"});
    for (at, value, expected) in [
        ("/title/ru", json!(" "), "/title/ru: must not be empty"),
        ("/groups/1/title/en", json!(""), "/groups/1/title/en: must not be empty"),
        ("/title", long(200), ""),
        ("/title", long(201), "/title/ru: must have at most 200 characters"),
        ("text/hint", long(501), "/hint/ru: must have at most 500 characters"),
        ("text/label/en", json!(""), "/label/en: must not be empty"),
        ("text/id", json!("a".repeat(40)), ""),
        (
            "text/id",
            json!("a".repeat(41)),
            "/id: must be 1 to 40 small letters, digits and underscores, a letter first",
        ),
        (
            "text/id",
            json!("1a"),
            "/id: must be 1 to 40 small letters, digits and underscores, a letter first",
        ),
        (
            "text/id",
            json!("Имя"),
            "/id: must be 1 to 40 small letters, digits and underscores, a letter first",
        ),
        ("name/id", json!("text"), "/id: is the id of another question too"),
        ("text/kind/text/chars_max", json!(0), "/kind/text/chars_max: must be 1 to 1000"),
        ("name/kind/name/chars_max", json!(1001), "/kind/name/chars_max: must be 1 to 1000"),
        ("number/kind/number/max", json!(-5), ""),
        ("number/kind/number/max", json!(-6), "/kind/number/max: must not be below min"),
        ("date/kind/date/max", json!("2019-12-31"), "/kind/date/max: must not be before min"),
        ("choice/kind/choice/options", json!([]), "/kind/choice/options: must be 1 to 500"),
        (
            "choice/kind/choice/options/1/code",
            json!("a"),
            "/kind/choice/options/1/code: is the code of another option too",
        ),
        (
            "choice/kind/choice/options/1/code",
            json!("a b"),
            "/kind/choice/options/1/code: must be 1 to 40 plain letters, digits, underscores, dashes, dots or pluses",
        ),
        (
            "many/kind/many/options/2/label/ru",
            json!(""),
            "/kind/many/options/2/label/ru: must not be empty",
        ),
        ("many/kind/many/most", json!(3), ""),
        ("many/kind/many/most", json!(4), "/kind/many/most: must be 1 to the number of options"),
        ("many/kind/many/most", json!(0), "/kind/many/most: must be 1 to the number of options"),
        ("consent/kind/consent/text/ru", json!(""), "/kind/consent/text/ru: must not be empty"),
        (
            "consent/kind/consent/text_version",
            json!(""),
            "/kind/consent/text_version: must be 1 to 40 plain letters, digits, underscores, dashes, dots or pluses",
        ),
        ("choice/profile", code.clone(), ""),
        (
            "choice/profile",
            bands(json!([1])),
            "/profile/bands: must be left out: a choice leaves as its code",
        ),
        ("number/profile", code.clone(), ""),
        (
            "number/profile",
            bands(json!([1])),
            "/profile/bands: must be left out: numbers below 0 have no band",
        ),
        ("birth/profile", bands(json!([18, 65])), ""),
        (
            "birth/profile",
            code.clone(),
            "/profile/bands: must be given: no birth date leaves the vault",
        ),
        (
            "birth/profile",
            bands(json!([])),
            "/profile/bands: must be 1 to 50 numbers above 0, ascending",
        ),
        (
            "birth/profile",
            bands(json!([0, 5])),
            "/profile/bands: must be 1 to 50 numbers above 0, ascending",
        ),
        (
            "birth/profile",
            bands(json!([18, 18])),
            "/profile/bands: must be 1 to 50 numbers above 0, ascending",
        ),
    ] {
        let (pointer, prefix) = match at.split_once('/') {
            Some(("", _)) => (at.to_owned(), String::new()),
            Some((id, rest)) => (format!("{}/{rest}", place(id)), place(id)),
            None => unreachable!(),
        };
        let expected =
            if expected.is_empty() { String::new() } else { format!("{prefix}{expected}") };
        assert_eq!(problems_with(&pointer, value).trim_end(), expected, "{at}");
    }
    for id in ["text", "name", "date", "many", "phone", "email", "consent"] {
        let profile = format!("{}/profile", place(id));
        let expected =
            "must be left out: only a choice, a number or a birth date has a coded value";
        assert_eq!(problems_with(&profile, code.clone()), format!("{profile}: {expected}\n"));
    }
}

#[test]
fn what_is_wrong_with_a_whole_questionnaire() {
    let text = |changed: Value| told(&questionnaire(changed).validate());
    let mut dated = every_kind();
    dated["valid_from"] = json!("2026-02-01");
    dated["valid_to"] = json!("2026-02-01");
    let shop = questionnaire(dated.clone());
    let days = ["2026-01-31", TODAY, "2026-02-01"];
    assert_eq!(days.map(|on| shop.in_force(day(on))), [false, false, true]);
    dated["valid_to"] = json!("2026-01-31");
    assert_eq!(text(dated), "/valid_to: must not be before valid_from\n");

    let count = |count: usize| {
        let mut many = every_kind();
        let question = many["groups"][0]["questions"][0].clone();
        let asked = (0..count).map(|at| {
            let mut question = question.clone();
            question["id"] = json!(format!("q{at}"));
            question
        });
        many["groups"] = json!([{"title": many["title"], "questions": asked.collect::<Vec<_>>()}]);
        text(many)
    };
    assert_eq!(count(200), "");
    for wrong in [0, 201] {
        assert_eq!(count(wrong), "/groups: must have 1 to 200 questions together\n");
    }

    let mut twice = every_kind();
    let code = json!({"attribute": "region"});
    twice["groups"][0]["questions"][2]["profile"] = code.clone();
    twice["groups"][1]["questions"][0]["profile"] = code;
    let mut again = twice["groups"][1]["questions"][4].clone();
    again["id"] = json!("again");
    twice["groups"][1]["questions"][3] = again;
    same(
        &text(twice),
        "/groups/1/questions/0/profile/attribute: is told by another question too
         /groups/1/questions/4/kind/consent/purpose: is asked for by another question too",
    );

    for (pointer, value) in [
        ("/nonsense", json!(1)),
        ("/groups/0/questions/0/nonsense", json!(1)),
        ("/groups/0/questions/0/kind", json!({"text": {"nonsense": 1}})),
        ("/groups/0/questions/0/kind", json!("colour")),
        ("/groups/0/questions/0/profile", json!({"attribute": "shoe_size"})),
        ("/title", json!({"ru": "а"})),
    ] {
        let mut changed = every_kind();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[field] = value;
        assert!(serde_json::from_value::<Questionnaire>(changed).is_err(), "{pointer}");
    }
}

fn given(answers: &Value) -> BTreeMap<String, Value> {
    serde_json::from_value(answers.clone()).unwrap()
}

/// What has become of answers: the good ones as JSON, then consents, then problems by place and code.
fn outcome(checked: &Checked) -> String {
    let mut parts: Vec<String> = checked
        .answers
        .iter()
        .map(|(id, answer)| format!("{id}={}", serde_json::to_string(answer).unwrap()))
        .collect();
    parts.extend(checked.consents.iter().map(|consent| {
        let sign = if consent.given { '+' } else { '-' };
        format!("{sign}{}@{}", consent.purpose, consent.text_version)
    }));
    parts.extend(checked.problems.iter().map(|p| format!("{} {}", p.pointer, p.code)));
    parts.join("; ")
}

#[test]
fn answers_at_the_door() {
    let asked = questionnaire(every_kind());
    let bytes = "я".repeat(5_000);
    #[rustfmt::skip]
    let cases = [
        ("text", json!(" a \t\r\n b "), r#""a b""#),
        ("text", json!("0123456789"), r#""0123456789""#),
        ("text", json!("0123456789a"), "too_long"),
        ("text", json!("и\u{306}".repeat(10)), r#""йййййййййй""#),
        ("text", json!("a\u{0}"), "control_characters"),
        ("text", json!("a\u{202e}b"), "control_characters"),
        ("text", json!(" "), "null"),
        ("text", json!(null), "null"),
        ("text", json!(1), "type"),
        ("text", json!(true), "type"),
        ("text", json!([]), "type"),
        ("text", json!({}), "type"),
        ("name", json!("  Анна   Мария "), r#""Анна Мария""#),
        ("name", json!("О'Нил-Smith"), r#""О'Нил-Smith""#),
        ("name", json!("И. И. 2-й"), r#""И. И. 2-й""#),
        // A Latin A before Cyrillic letters, a Cyrillic о behind a Latin apostrophe, a Greek omicron.
        ("name", json!("Aнна"), "mixed_scripts"),
        ("name", json!("O'Нил"), "mixed_scripts"),
        ("name", json!("Annο"), "mixed_scripts"),
        ("name", json!("Ан\u{200b}на"), "control_characters"),
        ("name", json!("\u{feff}Анна"), "control_characters"),
        ("name", json!("http://a.ru"), "not_a_name"),
        ("name", json!("a@b.ru"), "not_a_name"),
        ("name", json!("-"), "not_a_name"),
        ("name", json!("Константинопо"), "too_long"),
        ("name", json!(bytes), "too_long"),
        ("number", json!(-5), "-5"),
        ("number", json!(" 20 "), "20"),
        ("number", json!(-6), "too_small"),
        ("number", json!(21), "too_large"),
        ("number", json!("21"), "too_large"),
        ("number", json!(2.5), "type"),
        ("number", json!(u64::MAX), "type"),
        ("number", json!("two"), "type"),
        ("date", json!("2020-01-01"), r#""2020-01-01""#),
        ("date", json!("31.12.2030"), r#""2030-12-31""#),
        ("date", json!("2019-12-31"), "too_small"),
        ("date", json!("2031-01-01"), "too_large"),
        ("date", json!("2025-02-29"), "date"),
        ("date", json!("2025-2-1"), "date"),
        ("date", json!("20250201"), "date"),
        ("date", json!("2025-02-01T10:00"), "date"),
        ("birth", json!("2026-03-01"), r#""2026-03-01""#),
        ("birth", json!("2026-03-02"), "future"),
        ("birth", json!("1900-01-01"), r#""1900-01-01""#),
        ("birth", json!("1899-12-31"), "too_small"),
        ("choice", json!("b"), r#""b""#),
        ("choice", json!("B"), "not_an_option"),
        ("choice", json!(["b"]), "type"),
        ("many", json!(["c", "a"]), r#"["a","c"]"#),
        ("many", json!(["b", "b"]), r#"["b"]"#),
        ("many", json!([]), "null"),
        ("many", json!(["a", "b", "c"]), "too_many"),
        ("many", json!(["a", "a", "a", "a"]), "too_many"),
        ("many", json!(["a", "d"]), "not_an_option"),
        ("many", json!(["a", 1]), "type"),
        ("many", json!("a"), "type"),
        ("phone", json!("8 (916) 123-45-67"), r#""+79161234567""#),
        ("phone", json!("123"), "phone"),
        ("phone", json!(89_161_234_567_i64), "type"),
        ("email", json!("A@B.com"), r#""A@b.com""#),
        ("email", json!("a@b"), "email"),
        ("consent", json!("yes"), "type"),
        ("colour", json!("red"), "unknown_question"),
        ("a/b~c", json!("red"), "unknown_question"),
    ];
    for (id, value, expected) in cases {
        let fault = AnswerFault::ALL.iter().any(|fault| fault.as_str() == expected);
        let step = id.replace('~', "~0").replace('/', "~1");
        let expected =
            if fault { format!("/answers/{step} {expected}") } else { format!("{id}={expected}") };
        let answers = [(id.to_owned(), value.clone())].into();
        let checked = asked.check(&answers, Stage::Change, day(TODAY));
        assert_eq!(outcome(&checked), expected, "{id} {value}");
    }
}

#[test]
fn good_answers_are_kept_beside_wrong_ones() {
    let asked = questionnaire(every_kind());
    let answers = given(&json!({"name": "Анна", "number": 99, "consent": false, "colour": "red"}));
    let checked = asked.check(&answers, Stage::Change, day(TODAY));
    assert_eq!(
        outcome(&checked),
        "name=\"Анна\"; -processing@1; /answers/colour unknown_question; /answers/number too_large"
    );
    let sentences: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    same(
        &sentences.join("\n"),
        "/answers/colour: is no question of this questionnaire (unknown_question)
         /answers/number: must be 20 or less (too_large)",
    );
    assert_eq!(
        serde_json::to_string(&checked.problems[1]).unwrap(),
        r#"{"pointer":"/answers/number","code":"too_large","reason":"must be 20 or less"}"#
    );
    // What customers say of themselves does not show itself in a log.
    assert!(!format!("{checked:?}").contains("Анна"), "{checked:?}");
}

#[test]
fn what_must_be_there() {
    let asked = Questionnaire::standard();
    let known: Answers =
        serde_json::from_value(json!({"first_name": "Анна", "phone": "+79161234567"})).unwrap();
    let (nothing, processing) = (BTreeSet::new(), [ConsentPurpose::Processing].into());
    let new = Stage::Completion { known: &Answers::new(), allowed: &nothing };
    let old = Stage::Completion { known: &known, allowed: &processing };
    let phone = "89161234567";
    #[rustfmt::skip]
    let cases = [
        (Stage::Registration, json!({}), "phone consent_processing"),
        (Stage::Registration, json!({"phone": phone}), "consent_processing"),
        (Stage::Registration, json!({"phone": phone, "consent_processing": false}), "consent_processing"),
        (Stage::Registration, json!({"phone": phone, "consent_processing": true}), ""),
        (Stage::Registration, json!({"phone": " ", "consent_processing": true}), "phone"),
        (new, json!({}), "first_name phone consent_processing"),
        (new, json!({"first_name": "Анна", "phone": phone, "consent_processing": true}), ""),
        (old, json!({}), ""),
        (old, json!({"surname": null}), ""),
        (old, json!({"first_name": null}), "first_name"),
        (old, json!({"consent_processing": false}), "consent_processing"),
        (Stage::Change, json!({}), ""),
        (Stage::Change, json!({"surname": null}), ""),
        (Stage::Change, json!({"phone": null}), "phone"),
        (Stage::Change, json!({"consent_processing": false}), ""),
    ];
    for (stage, answers, expected) in cases {
        let checked = asked.check(&given(&answers), stage, day(TODAY));
        assert!(checked.problems.iter().all(|p| p.code == AnswerFault::Missing), "{checked:?}");
        let missing = checked.problems.iter().map(|p| p.pointer.trim_start_matches("/answers/"));
        assert_eq!(missing.collect::<Vec<_>>().join(" "), expected, "{stage:?} {answers}");
    }
}

#[test]
fn names_of_faults_are_those_in_json() {
    for fault in AnswerFault::ALL {
        assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
    }
}

/// The coded values of answers, as `name=value`.
fn coded(asked: &Questionnaire, answers: Value, on: &str) -> String {
    let answers: Answers = serde_json::from_value(answers).unwrap();
    let values = asked.profile(&answers, day(on));
    values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_leaves_the_vault() {
    let standard = Questionnaire::standard();
    let mut banded = every_kind();
    let kind = json!({"number": {"min": 0, "max": 1000}});
    banded["groups"][0]["questions"][2]["kind"] = kind;
    banded["groups"][0]["questions"][2]["profile"] =
        json!({"attribute": "income_band", "bands": [1, 10, 100]});
    let banded = questionnaire(banded);
    assert_eq!(told(&banded.validate()), "");
    #[rustfmt::skip]
    let cases = [
        (&standard, json!({}), ""),
        (&standard, json!({"surname": "Иванова", "phone": "+79161234567", "email": "a@b.com"}), ""),
        (&standard, json!({"gender": "female", "region": "moscow", "household_size": 3, "kids_count": 0}),
            "gender=female household_size=3 kids_count=0 region=moscow"),
        // Answers of a version that asked otherwise stay in the vault.
        (&standard, json!({"gender": "Иванова", "household_size": 21, "kids_count": "two", "birth_date": 5}), ""),
        (&standard, json!({"birth_date": "2026-03-01"}), "age_band=0-17"),
        (&standard, json!({"birth_date": "2008-03-02"}), "age_band=0-17"),
        (&standard, json!({"birth_date": "2008-03-01"}), "age_band=18-24"),
        (&standard, json!({"birth_date": "2008-02-29"}), "age_band=18-24"),
        (&standard, json!({"birth_date": "1991-03-02"}), "age_band=25-34"),
        (&standard, json!({"birth_date": "1961-03-01"}), "age_band=65+"),
        (&standard, json!({"birth_date": "2026-03-02"}), ""),
        (&banded, json!({"number": 0}), "income_band=0"),
        (&banded, json!({"number": 9}), "income_band=1-9"),
        (&banded, json!({"number": 10}), "income_band=10-99"),
        (&banded, json!({"number": 100}), "income_band=100+"),
        (&banded, json!({"number": -1}), ""),
    ];
    for (asked, answers, expected) in cases {
        assert_eq!(coded(asked, answers.clone(), TODAY), expected, "{answers}");
    }
    // On 28 February of a common year nobody born on the 29th is older yet.
    let leap = json!({"birth_date": "2008-02-29"});
    assert_eq!(coded(&standard, leap, "2026-02-28"), "age_band=0-17");
    assert_eq!(ProfileAttribute::ALL.map(ProfileAttribute::as_str).join(" "), ATTRIBUTES);
}

/// Those that `programme` reads into portraits.
const ATTRIBUTES: &str =
    "gender age_band household_size kids_count income_band home_ownership marital_status region";

#[test]
fn days_to_a_birthday() {
    let standard = Questionnaire::standard();
    for (born, on, expected) in [
        ("1990-03-01", "2026-03-01", Some(0)),
        ("1990-03-02", "2026-03-01", Some(1)),
        ("1990-02-28", "2026-03-01", Some(364)),
        ("1990-03-01", "2027-03-02", Some(365)),
        ("1992-02-29", "2026-02-28", Some(1)),
        ("1992-02-29", "2026-03-01", Some(0)),
        ("1992-02-29", "2028-02-28", Some(1)),
        ("1992-02-29", "2028-02-29", Some(0)),
        ("1992-02-29", "2028-03-01", Some(365)),
        ("1990-01-01", "2026-12-31", Some(1)),
        ("2026-03-01", "2026-03-01", Some(0)),
        ("2026-03-02", "2026-03-01", None),
        ("", "2026-03-01", None),
    ] {
        let answers: Answers = serde_json::from_value(json!({"birth_date": born})).unwrap();
        assert_eq!(standard.days_to_birthday(&answers, day(on)), expected, "{born} {on}");
    }
    assert_eq!(standard.days_to_birthday(&Answers::new(), day(TODAY)), None);
}

#[test]
fn how_much_is_answered() {
    let standard = Questionnaire::standard();
    for (answers, expected) in [
        (
            json!({}),
            r#"{"answered":0,"of":10,"missing_required":["first_name","phone"],"share_bps":0}"#,
        ),
        (
            json!({"phone": "+79161234567", "gender": "female", "colour": "red"}),
            r#"{"answered":2,"of":10,"missing_required":["first_name"],"share_bps":2000}"#,
        ),
        (
            json!({"phone": "+79161234567", "first_name": "Анна", "kids_count": 0}),
            r#"{"answered":3,"of":10,"missing_required":[],"share_bps":3000}"#,
        ),
    ] {
        let answers: Answers = serde_json::from_value(answers).unwrap();
        let known = standard.completeness(&answers);
        assert_eq!(serde_json::to_string(&known).unwrap(), expected);
    }
    let mut empty = standard.clone();
    empty.groups.clear();
    assert_eq!(empty.completeness(&Answers::new()).share_bps, 10_000);
}

/// Values that are often good for some question, and often not.
fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,14}".prop_map(Value::from),
        "[ а-яё\u{301}A-Z.'-]{0,14}".prop_map(Value::from),
        "[ \u{a0}\u{2003}\u{301}aи\u{306}]{0,14}".prop_map(Value::from),
        "[+]?[78]9[0-9]{9}".prop_map(Value::from),
        "[A-Za-z]{1,5}@[A-Za-z]{1,5}[.][a-z]{2}".prop_map(Value::from),
        "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])".prop_map(Value::from),
        "[a-d]".prop_map(Value::from),
        (-10..30i64).prop_map(Value::from),
        proptest::collection::vec("[a-d]".prop_map(Value::from), 0..4).prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn many_values() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let ids = ["text", "name", "number", "date", "birth", "choice", "many", "phone", "email"];
    proptest::collection::vec((0..ids.len(), values()), 0..12)
        .prop_map(move |given| given.into_iter().map(|(id, v)| (ids[id].to_owned(), v)).collect())
}

proptest! {
    /// What is good is good again, unchanged, on that day and later; every other answer has its problem.
    #[test]
    fn a_good_answer_is_one_form(given in many_values(), later in 0..1000i32) {
        let asked = questionnaire(every_kind());
        let on = day(TODAY);
        let checked = asked.check(&given, Stage::Change, on);
        prop_assert_eq!(checked.answers.len() + checked.problems.len(), given.len());
        let again: BTreeMap<String, Value> =
            serde_json::from_value(serde_json::to_value(&checked.answers).unwrap()).unwrap();
        let twice = asked.check(&again, Stage::Change, Day(on.0 + later));
        prop_assert_eq!(outcome(&twice), outcome(&Checked { problems: vec![], ..checked }));
    }

    /// One answer more never makes it less complete.
    #[test]
    fn completeness_never_falls(picked in any::<u16>(), more in 0..10usize) {
        let standard = Questionnaire::standard();
        let asked: Vec<&str> =
            standard.questions().filter(|q| !q.is_consent()).map(|q| q.id.as_str()).collect();
        let answer = || serde_json::from_value(json!("a")).unwrap();
        let picked = asked.iter().enumerate().filter(|(at, _)| picked >> at & 1 == 1);
        let mut answers: Answers = picked.map(|(_, id)| ((*id).to_owned(), answer())).collect();
        let before = standard.completeness(&answers);
        let added = answers.insert(asked[more].to_owned(), answer()).is_none();
        let after = standard.completeness(&answers);
        prop_assert_eq!(after.answered, before.answered + u32::from(added));
        prop_assert_eq!(after.share_bps > before.share_bps, added);
        prop_assert!(after.missing_required.len() <= before.missing_required.len());
        prop_assert_eq!(after.share_bps == 10_000, after.answered == after.of);
    }
}
