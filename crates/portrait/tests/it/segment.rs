//! The audience language: what a text means or what is wrong with it and where, and that one portrait and
//! columns of many give the same answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use portrait::segment::{
    Bits, CHARS_MAX, Column, DEPTH_MAX, Members, Segment, SegmentError, Values, memberships,
};
use portrait::{Kind, Value, index, registry};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use retail::Day;

use crate::random::cases;

/// A text, and how it is printed; or the place and the name of what is wrong.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    // Comparisons.
    ("spend_91d>100", "spend_91d > 100"),
    ("  spend_91d\n>=\t100.50 ", "spend_91d >= 100.5"),
    ("visits_91d == 007", "visits_91d = 7"),
    ("visits_91d <> 3", "visits_91d != 3"),
    ("visits_91d ≠ 3 and visits_91d ≤ 9 and visits_91d ≥ 1", "visits_91d != 3 and visits_91d <= 9 and visits_91d >= 1"),
    ("spend_slope_13w < -0.50", "spend_slope_13w < -0.5"),
    ("visits_91d > 2.5", "visits_91d > 2.5"),
    ("last_purchase_date >= 2026-01-31", "last_purchase_date >= 2026-01-31"),
    ("lifecycle_stage = \"at_risk\"", "lifecycle_stage = 'at_risk'"),
    ("main_store_364d = «Главный \"склад\"»", "main_store_364d = 'Главный \"склад\"'"),
    ("main_store_364d = 'O''Hara'", "main_store_364d = 'O''Hara'"),
    ("main_store_364d = ''", "main_store_364d = ''"),
    ("main_store_changed_91d = yes", "main_store_changed_91d = true"),
    ("main_store_changed_91d", "main_store_changed_91d = true"),
    ("not main_store_changed_91d or visits_91d = 0", "not main_store_changed_91d = true or visits_91d = 0"),
    ("spend_91d BETWEEN 10 AND 20 AND visits_91d = 1", "spend_91d between 10 and 20 and visits_91d = 1"),
    ("spend_91d not between 10 and 10", "spend_91d not between 10 and 10"),
    ("last_purchase_date between 2026-01-01 and 2026-01-31", "last_purchase_date between 2026-01-01 and 2026-01-31"),
    ("visits_91d in (1,2 ,3)", "visits_91d in (1, 2, 3)"),
    ("lifecycle_stage not in ('new', 'lost')", "lifecycle_stage not in ('new', 'lost')"),
    ("recency_days is null", "recency_days is null"),
    ("recency_days is not null", "recency_days is not null"),
    ("recency_days not null", "recency_days is not null"),
    ("profile.gender = 'female' and gender is not null", "profile.gender = 'female' and gender is not null"),
    // How they are joined.
    ("visits_7d = 1 or visits_7d = 2 and visits_28d = 3", "visits_7d = 1 or visits_7d = 2 and visits_28d = 3"),
    ("(visits_7d = 1 or visits_7d = 2) and visits_28d = 3", "(visits_7d = 1 or visits_7d = 2) and visits_28d = 3"),
    ("((visits_7d = 1))", "visits_7d = 1"),
    ("(visits_7d = 1 and (visits_7d = 2 and visits_7d = 3))", "visits_7d = 1 and visits_7d = 2 and visits_7d = 3"),
    ("visits_7d = 1 or (visits_7d = 2 or visits_7d = 3)", "visits_7d = 1 or visits_7d = 2 or visits_7d = 3"),
    ("visits_7d = 1 or (visits_7d = 2 and visits_7d = 3)", "visits_7d = 1 or visits_7d = 2 and visits_7d = 3"),
    ("not (visits_7d = 1 or visits_7d = 2)", "not (visits_7d = 1 or visits_7d = 2)"),
    ("not (visits_7d = 1)", "not visits_7d = 1"),
    ("not not not visits_7d = 1", "not visits_7d = 1"),
    ("not (not visits_7d = 1)", "visits_7d = 1"),
    // In Russian.
    ("spend_91d > 100 и не visits_91d в (1, 2) ИЛИ recency_days пусто", "spend_91d > 100 and not visits_91d in (1, 2) or recency_days is null"),
    ("visits_91d между 1 и 2 и recency_days есть не пусто", "visits_91d between 1 and 2 and recency_days is not null"),
    ("main_store_changed_91d = да или main_store_changed_91d = нет", "main_store_changed_91d = true or main_store_changed_91d = false"),
    ("visits_91d не между 1 и 2 и recency_days не пусто", "visits_91d not between 1 and 2 and recency_days is not null"),
    // What is wrong, and where.
    ("", "0 expected"),
    ("   ", "3 expected"),
    ("and", "0 expected"),
    ("not", "3 expected"),
    ("spend_91d", "9 expected"),
    ("spend_91d >", "11 expected"),
    ("spend_91d > and", "12 expected"),
    ("spend_91d > 1 visits_91d", "14 expected"),
    ("spend_91d > 1 and", "17 expected"),
    ("spend_91d > 1 и и visits_91d = 1", "16 expected"),
    ("(spend_91d > 1", "14 expected"),
    ("spend_91d > 1)", "13 expected"),
    ("()", "1 expected"),
    ("spend_91d not = 1", "14 expected"),
    ("spend_91d is 1", "13 expected"),
    ("spend_91d between 1", "19 expected"),
    ("spend_91d between 1 or 2", "20 expected"),
    ("spend_91d in 1", "13 expected"),
    ("spend_91d in ()", "14 expected"),
    ("spend_91d in (1", "15 expected"),
    ("spend_91d in (1, )", "17 expected"),
    ("1 < spend_91d", "0 expected"),
    ("spend_91d > visits_91d", "12 expected"),
    ("spend_91d = 1,5", "13 expected"),
    ("spend_91d = $5", "12 character"),
    ("spend_91d + 1 = 2", "10 character"),
    ("spend_91d = - 1", "12 character"),
    ("spend_91d > 1 && visits_91d = 1", "14 character"),
    ("\u{0}", "0 character"),
    ("main_store_364d = 'a", "18 quote"),
    ("main_store_364d = 'a''", "18 quote"),
    ("main_store_364d = «a", "18 quote"),
    ("spend_91d = 5руб", "12 number"),
    ("spend_91d = 1e5", "12 number"),
    ("spend_91d = 1.2.3", "12 number"),
    ("spend_91d = 1234567890123456789", "12 number"),
    ("last_purchase_date = 2026-02-30", "21 day"),
    ("last_purchase_date = 31-01-2026", "21 day"),
    ("last_purchase_date = 20260131", "21 type"),
    ("last_purchase_date = '2026-01-31'", "21 type"),
    ("visits_7d = 1 и spnd_91d > 1", "16 unknown_parameter spend_91d, spend_28d, spend_7d"),
    ("ПОКУПКИ > 1", "0 unknown_parameter"),
    ("Visits_7d > 1", "0 unknown_parameter visits_7d, visits_28d, visits_91d"),
    ("spend > 1", "0 unknown_parameter spend_7d, spend_28d, spend_91d"),
    ("profile.gendr = 'f'", "0 unknown_profile gender"),
    ("profile.region = 'north'", "0 unknown_profile region_id"),
    ("profile.shoe_size = 43", "0 unknown_profile gender, age_band, household_size, kids_count, income_band, home_ownership, marital_status"),
    ("profile. = 1", "0 unknown_profile gender, age_band, household_size, kids_count, income_band, home_ownership, marital_status"),
    ("spend_91d = 'much'", "12 type"),
    ("spend_91d > 2026-01-31", "12 type"),
    ("spend_91d = true", "12 type"),
    ("household_size = 3", "17 type"),
    ("main_store_changed_91d = 1", "25 type"),
    ("visits_91d in (1, 'two')", "18 type"),
    ("main_store_364d > 'a'", "16 no_sequence"),
    ("main_store_changed_91d <= true", "23 no_sequence"),
    ("main_store_364d between 'a' and 'b'", "16 no_sequence"),
    ("gender not between 'a' and 'b'", "11 no_sequence"),
    ("lifecycle_stage = 'Lost'", "18 unknown_word"),
    ("hml_segment_364d in ('heavy', 'hevy')", "30 unknown_word"),
    ("spend_91d between 20 and 10", "18 reversed"),
    ("last_purchase_date between 2026-01-02 and 2026-01-01", "27 reversed"),
];

fn told(text: &str) -> String {
    use portrait::segment::Wrong;
    match text.parse::<Segment>() {
        Ok(segment) => segment.to_string(),
        Err(SegmentError { at, wrong }) => match &wrong {
            Wrong::Parameter { nearest, .. } | Wrong::Profile { nearest, .. } => {
                format!("{at} {} {}", wrong.code(), nearest.join(", ")).trim_end().to_owned()
            }
            _ => format!("{at} {}", wrong.code()),
        },
    }
}

#[test]
fn a_text_is_a_statement_or_an_error_at_its_place() {
    for &(text, expected) in TEXTS {
        assert_eq!(told(text), expected, "{text}");
        if let Ok(segment) = text.parse::<Segment>() {
            assert_eq!(expected.parse(), Ok(segment), "{text}");
        }
    }
}

#[test]
fn an_error_says_what_to_write() {
    for (text, expected) in [
        (
            "spnd_91d > 1",
            "at character 1: there is no parameter spnd_91d; is it spend_91d, spend_28d, spend_7d?",
        ),
        (
            "spend_91d = 'a'",
            "at character 13: spend_91d is compared with a number, not with a text in quotes",
        ),
        ("spend_91d > ", "at character 13: a number is expected, not the end"),
        ("spend_91d > 1 or or", "at character 18: a parameter, `not` or `(` is expected, not or"),
        ("gender < 'a'", "at character 8: gender has no greater and less; write =, != or in"),
        (
            "hml_segment_364d = 'big'",
            "at character 20: hml_segment_364d is never big; it is one of zero, light, medium, heavy",
        ),
        ("\u{7}", "at character 1: the character U+0007 means nothing here"),
    ] {
        assert_eq!(text.parse::<Segment>().unwrap_err().to_string(), expected);
    }
}

#[test]
fn no_text_is_too_much() {
    let deep = |depth: usize| format!("{}visits_7d = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(told(&deep(DEPTH_MAX)), "visits_7d = 1");
    assert_eq!(told(&deep(DEPTH_MAX + 1)), format!("{DEPTH_MAX} too_deep"));
    assert_eq!(told(&"(".repeat(CHARS_MAX)), format!("{DEPTH_MAX} too_deep"));
    assert_eq!(told(&"(".repeat(100_000)), format!("{CHARS_MAX} too_long"));
    assert_eq!(told(&"не ".repeat(CHARS_MAX / 3)), format!("{} expected", CHARS_MAX / 3 * 3));
    assert_eq!(told(&"x".repeat(CHARS_MAX)), "0 unknown_parameter");
    let long = vec!["visits_7d = 1"; CHARS_MAX / 18].join(" and ");
    assert_eq!(told(&long), long);
    // What would be too long as it is printed is not taken either.
    let short = vec!["main_store_changed_91d"; CHARS_MAX / 26].join(" и ");
    assert_eq!(told(&short), "0 too_long");
    // Parentheses side by side are none inside each other.
    let wide = vec!["(visits_7d = 1 or visits_7d = 2)"; 100].join(" and ");
    assert_eq!(told(&wide), wide);
}

#[test]
fn a_segment_is_its_text_in_json() {
    let segment: Segment = serde_json::from_str("\"visits_7d>1\"").unwrap();
    assert_eq!(serde_json::to_string(&segment).unwrap(), "\"visits_7d > 1\"");
    let error = serde_json::from_str::<Segment>("\"visits_7d>\"").unwrap_err();
    assert!(error.to_string().contains("at character 11"), "{error}");
    let names = |text: &str| -> Vec<&str> {
        text.parse::<Segment>().unwrap().parameters().map(|parameter| parameter.name).collect()
    };
    // In the sequence of the registry, each once; a supplier may not see the second.
    assert_eq!(
        names("profile.gender = 'f' and visits_7d > 1 or gender = 'm'"),
        ["visits_7d", "gender"]
    );
}

/// Texts behind the codes of values in these tests.
const WORDS: [&str; 4] = ["north", "south", "", "O'Hara «2»"];

fn text_of(value: Value) -> Option<&'static str> {
    match value {
        Value::Label(word) => Some(word),
        Value::Shop(code) | Value::Text(code) => WORDS.get(code as usize).copied(),
        _ => None,
    }
}

/// A portrait that has these values and no other.
fn portrait(values: &[(&str, Value)]) -> Vec<Value> {
    let mut all = vec![Value::Null; registry().len()];
    for &(name, value) in values {
        all[index(name).unwrap()] = value;
    }
    all
}

/// A portrait to ask.
fn somebody() -> Vec<Value> {
    portrait(&[
        ("visits_91d", Value::Int(3)),
        ("spend_91d", Value::Float(1999.0 / 100.0)),
        ("active_day_share", Value::Float(1.0 / 10.0)),
        ("last_purchase_date", Value::Date(Day(20_454))),
        ("main_store_changed_91d", Value::Bool(false)),
        ("main_store_364d", Value::Shop(1)),
        ("lifecycle_stage", Value::Label(&"stable")),
        ("gender", Value::Text(3)),
        ("region_id", Value::Text(99)),
    ])
}

/// What holds of him.
#[rustfmt::skip]
const HOLDS: &[(&str, bool)] = &[
    ("visits_91d = 3", true),
    ("visits_91d = 3.0", true),
    ("visits_91d = 3.5", false),
    ("visits_91d != 3.5", true),
    ("visits_91d > 2.9 and visits_91d < 3.1", true),
    ("visits_91d >= 3.1 or visits_91d <= 2.9", false),
    ("visits_91d > 3 or visits_91d < 3", false),
    ("visits_91d between 2.5 and 3", true),
    ("visits_91d between 3.1 and 3.9", false),
    ("visits_91d in (1, 2.5, 3)", true),
    ("visits_91d not in (1, 2.5, 3)", false),
    ("visits_91d > -999999999999999999", true),
    // Money and ratios are what they are written as, to the last digit.
    ("spend_91d = 19.99", true),
    ("spend_91d > 19.99 or spend_91d < 19.99", false),
    ("spend_91d >= 19.99 and spend_91d <= 19.99 and spend_91d between 19.99 and 19.99", true),
    ("spend_91d in (1, 19.99)", true),
    ("spend_91d > 19.98999 and spend_91d < 19.99001", true),
    ("active_day_share = 0.1", true),
    ("last_purchase_date = 2026-01-01", true),
    ("last_purchase_date < 2026-01-01", false),
    ("last_purchase_date between 2025-12-31 and 2026-01-02", true),
    ("last_purchase_date in (2025-12-31, 2026-01-02)", false),
    ("main_store_changed_91d", false),
    ("not main_store_changed_91d", true),
    ("main_store_changed_91d != true", true),
    ("main_store_changed_91d in (false)", true),
    ("main_store_364d = 'south'", true),
    ("main_store_364d = 'South'", false),
    ("main_store_364d != 'north'", true),
    ("main_store_364d in ('west', 'south', 'east')", true),
    ("lifecycle_stage not in ('new', 'stable')", false),
    ("profile.gender = 'O''Hara «2»'", true),
    // Null, which a code without a text is as well.
    ("recency_days is null", true),
    ("recency_days is not null", false),
    ("recency_days = 0", false),
    ("recency_days != 0", false),
    ("recency_days < 1 or recency_days >= 1", false),
    ("recency_days in (0, 1)", false),
    ("recency_days not in (0, 1)", false),
    ("recency_days not between 0 and 1", false),
    ("not recency_days = 0", true),
    ("not (recency_days = 0 or recency_days != 0)", true),
    ("is_universal_control", false),
    ("top_product_364d != 'milk'", false),
    ("region_id is null", true),
    ("region_id = ''", false),
    ("visits_91d is null or main_store_364d is null", false),
    ("visits_91d = 1 or visits_91d = 3 and spend_91d > 10", true),
    ("(visits_91d = 1 or visits_91d = 3) and spend_91d > 20", false),
];

#[test]
fn a_statement_holds_or_does_not() {
    let somebody = somebody();
    for &(text, expected) in HOLDS {
        let segment: Segment = text.parse().unwrap();
        assert_eq!(segment.holds(&somebody, text_of), expected, "{text}");
    }
}

#[test]
fn a_customer_is_in_the_segments_that_hold_for_him() {
    let named = [
        ("often", "visits_91d >= 3"),
        ("rich", "spend_91d > 100"),
        ("south", "main_store_364d = 'south'"),
    ];
    let segments: BTreeMap<String, Segment> =
        named.map(|(name, text)| (name.to_owned(), text.parse().unwrap())).into();
    assert_eq!(memberships(&segments, &somebody(), text_of), BTreeSet::from(["often", "south"]));
    assert_eq!(memberships(&segments, &portrait(&[]), text_of), BTreeSet::new());
}

/// What random statements ask of, and small values that they meet.
const ASKED: [(&str, &[&str]); 8] = [
    ("visits_91d", &["0", "1", "2", "1.5", "-1"]),
    ("tenure_days", &["0", "1", "2", "3"]),
    ("spend_91d", &["0", "0.01", "19.99", "-3.5", "100"]),
    ("last_purchase_date", &["1970-01-01", "1970-01-02", "1969-12-31"]),
    ("main_store_changed_91d", &["true", "нет"]),
    ("main_store_364d", &["'north'", "\"south\"", "''", "'O''Hara «2»'"]),
    ("lifecycle_stage", &["'new'", "«lost»"]),
    ("profile.gender", &["'north'", "'nobody'"]),
];

struct Dice(ChaCha8Rng);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        (self.0.next_u64() % sides as u64) as usize
    }

    fn of<'a>(&mut self, choice: &[&'a str]) -> &'a str {
        choice[self.roll(choice.len())]
    }

    /// A statement in one of the many ways to write it.
    fn statement(&mut self, depth: usize) -> String {
        match self.roll(if depth == 0 { 1 } else { 5 }) {
            0 => self.condition(),
            1 => format!("{} {}", self.of(&["not", "не", "НЕ not NOT"]), self.statement(depth - 1)),
            2 => format!("({})", self.statement(depth - 1)),
            _ => {
                let joint = self.of(&[" and ", "\nи ", " OR ", " или "]);
                let parts: Vec<String> =
                    (0..2 + self.roll(2)).map(|_| self.statement(depth - 1)).collect();
                parts.join(joint)
            }
        }
    }

    fn condition(&mut self) -> String {
        let (name, values) = ASKED[self.roll(ASKED.len())];
        let not = self.of(&["", "not ", "не "]);
        let sequence =
            matches!(name, "visits_91d" | "tenure_days" | "spend_91d" | "last_purchase_date");
        match self.roll(5) {
            0 => format!(
                "{name} {} {not}{}",
                self.of(&["", "is", "есть"]),
                self.of(&["null", "пусто"])
            ),
            1 => {
                let list: Vec<&str> = (0..1 + self.roll(3)).map(|_| self.of(values)).collect();
                format!("{name} {not}{} ({})", self.of(&["in", "в"]), list.join(" ,"))
            }
            // The same twice, so that the smaller comes first.
            2 if sequence => {
                let bound = self.of(values);
                format!("{name} {not}between {bound} and {bound}")
            }
            3 if sequence => {
                format!("{name}{}{}", self.of(&["<", "<=", ">", "≥"]), self.of(values))
            }
            _ => format!("{name} {} {}", self.of(&["=", "==", "!=", "<>"]), self.of(values)),
        }
    }

    /// A value of a parameter that statements meet, or null.
    fn value(&mut self, kind: Kind) -> Value {
        if self.roll(4) == 0 {
            return Value::Null;
        }
        match kind {
            Kind::Int => Value::Int(self.roll(4) as i64 - 1),
            Kind::Float => Value::Float([0.0, 0.01, 19.99, -3.5, 100.0, -0.0][self.roll(6)]),
            Kind::Date => Value::Date(Day(self.roll(4) as i32 - 2)),
            Kind::Bool => Value::Bool(self.roll(2) == 0),
            Kind::Label => Value::Label([&"new", &"lost", &"stable"][self.roll(3)]),
            Kind::Shop => Value::Shop(self.roll(5) as u32),
            _ => Value::Text(self.roll(5) as u32),
        }
    }
}

/// A column as Arrow has it, some bits behind the beginning of its bytes.
#[derive(Default)]
struct Arrow {
    int: Vec<i64>,
    float: Vec<f64>,
    date: Vec<i32>,
    truths: Vec<u8>,
    valid: Vec<u8>,
    keys: Vec<i32>,
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    count: usize,
}

/// All texts that a column may have.
const TEXTS_OF: [&str; 7] = [WORDS[3], WORDS[2], WORDS[1], WORDS[0], "new", "lost", "stable"];

const SKEW: usize = 3;

fn set(bits: &mut Vec<u8>, place: usize, bit: bool) {
    let place = place + SKEW;
    // What stands around them must not matter.
    bits.resize((place / 8 + 1).max(bits.len()), 0xff);
    bits[place / 8] &= !(1 << (place % 8));
    bits[place / 8] |= u8::from(bit) << (place % 8);
}

impl Arrow {
    fn of(values: impl Iterator<Item = Value>) -> Self {
        let mut column = Self { offsets: vec![0], ..Self::default() };
        for text in TEXTS_OF {
            column.bytes.extend(text.bytes());
            column.offsets.push(column.bytes.len() as i32);
        }
        for value in values {
            let text = text_of(value);
            column.int.push(if let Value::Int(value) = value { value } else { 2 });
            column.float.push(if let Value::Float(value) = value { value } else { 19.99 });
            column.date.push(if let Value::Date(day) = value { day.0 } else { 0 });
            // Some have a key of no text, which must not matter where there is no value.
            let key = text.and_then(|text| TEXTS_OF.iter().position(|&known| known == text));
            column.keys.push(key.map_or(99, |key| key as i32));
            let coded = matches!(value, Value::Shop(_) | Value::Text(_) | Value::Label(_));
            let has = if coded { text.is_some() } else { value != Value::Null };
            set(&mut column.truths, column.count, value == Value::Bool(true));
            set(&mut column.valid, column.count, has);
            column.count += 1;
        }
        column
    }

    fn bits<'a>(&self, bytes: &'a [u8]) -> Bits<'a> {
        Bits { bytes, offset: SKEW, count: self.count }
    }

    fn column(&self, kind: Kind) -> Column<'_> {
        let values = match kind {
            Kind::Int => Values::Int(&self.int),
            Kind::Float => Values::Float(&self.float),
            Kind::Date => Values::Date(&self.date),
            Kind::Bool => Values::Bool(self.bits(&self.truths)),
            _ => Values::Text { keys: &self.keys, offsets: &self.offsets, bytes: &self.bytes },
        };
        let everybody = (0..self.count)
            .all(|place| self.valid[(place + SKEW) / 8] >> ((place + SKEW) % 8) & 1 == 1);
        Column { values, valid: (!everybody).then(|| self.bits(&self.valid)) }
    }
}

fn members(segment: &Segment, people: &[Vec<Value>]) -> Members {
    let arrows: Vec<Arrow> = segment
        .places()
        .iter()
        .map(|&place| Arrow::of(people.iter().map(|values| values[place])))
        .collect();
    let columns = arrows.iter().zip(segment.parameters());
    let columns: Vec<Column<'_>> =
        columns.map(|(arrow, parameter)| arrow.column(parameter.kind)).collect();
    segment.members(people.len(), &columns).unwrap()
}

#[test]
fn what_is_printed_is_parsed_as_the_same_and_columns_tell_what_portraits_tell() {
    let asked = ASKED.map(|(name, _)| {
        let name = name.trim_start_matches("profile.");
        (name, registry()[index(name).unwrap()].kind)
    });
    let mut several = 0;
    for seed in 0..cases() * 5 {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
        let text = dice.statement(4);
        let segment: Segment = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let printed = segment.to_string();
        assert_eq!(printed.parse(), Ok(segment.clone()), "seed {seed}: {text}\n{printed}");
        assert_eq!(printed.parse::<Segment>().unwrap().to_string(), printed, "seed {seed}");

        let mut somebody = || portrait(&asked.map(|(name, kind)| (name, dice.value(kind))));
        let people: Vec<Vec<Value>> = (0..seed % 200).map(|_| somebody()).collect();
        let found = members(&segment, &people);
        let expected: Vec<usize> =
            (0..people.len()).filter(|&place| segment.holds(&people[place], text_of)).collect();
        assert_eq!(found.places().collect::<Vec<_>>(), expected, "seed {seed}: {printed}");
        assert_eq!(found.count(), expected.len(), "seed {seed}: {printed}");
        several += usize::from(!expected.is_empty() && expected.len() < people.len());
    }
    assert!(several as u64 > cases(), "statements tell people apart: {several}");
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let segment: Segment = "visits_91d > 1 and main_store_364d = 'a'".parse().unwrap();
    let int = |values| Column { values: Values::Int(values), valid: None };
    let text = |keys, offsets, bytes| Column {
        values: Values::Text { keys, offsets, bytes },
        valid: None,
    };
    let valid = |column, bytes, offset, count| Column {
        valid: Some(Bits { bytes, offset, count }),
        ..column
    };
    let (good, texts) = (int(&[1, 2]), text(&[0, 7], &[0, 1], b"a"));
    let place = |columns: &[Column<'_>]| segment.members(2, columns).map_err(|wrong| wrong.name);
    assert_eq!(place(&[good, texts]).map(|members| members.count()), Ok(0));
    for (columns, name) in [
        (&[][..], "visits_91d"),
        (&[good], "main_store_364d"),
        (&[int(&[1]), texts], "visits_91d"),
        (&[texts, good], "visits_91d"),
        (&[good, text(&[0], &[0, 1], b"a")], "main_store_364d"),
        (&[good, text(&[0, 0], &[0, 2], b"a")], "main_store_364d"),
        (&[good, text(&[0, 0], &[1, 0], b"a")], "main_store_364d"),
        (&[good, text(&[0, 0], &[-1, 1], b"a")], "main_store_364d"),
        (&[good, text(&[0, 0], &[], b"a")], "main_store_364d"),
        (&[valid(good, &[], 0, 2), texts], "visits_91d"),
        (&[valid(good, &[3], 7, 2), texts], "visits_91d"),
        (&[valid(good, &[3], 0, 3), texts], "visits_91d"),
    ] {
        assert_eq!(place(columns), Err(name), "{columns:?}");
    }
}

#[test]
fn every_example_of_the_page_is_a_segment() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SEGMENTS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, examples) = page.split_once("## Examples").unwrap();
    let texts = examples.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let told: Vec<String> = texts.map(|(text, _)| told(text)).collect();
    assert!(
        told.len() >= 12 && told.iter().all(|told| told.parse::<Segment>().is_ok()),
        "{told:#?}"
    );
}
