//! Whatever the size of the parts, they tell the same.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use retail::Batch;
use sources::{FeedKind, Files, Mapping, PROBLEMS_MAX, ReadError};

use crate::{Feed, in_parts, line, problems, read, written};

/// What parts tell in the end: lines by receipt, a later version of which replaces the earlier.
type Settled = BTreeMap<String, Vec<String>>;

fn settled(parts: &[Batch]) -> Settled {
    let mut settled = Settled::new();
    for part in parts {
        let mut of_part = Settled::new();
        for row in 0..part.lines.len() {
            let names = &part.lines.names;
            let key = [(&names.shop, &part.lines.shop), (&names.number, &part.lines.number)]
                .map(|(texts, codes)| texts.text(codes[row]).unwrap());
            let told = format!("{} at {}", line(&part.lines, row), part.lines.at[row]);
            of_part.entry(key.join("/")).or_default().push(told);
        }
        settled.extend(of_part);
    }
    settled
}

struct Told {
    settled: Settled,
    feed: Feed,
    /// Lines of each part.
    sizes: Vec<usize>,
}

fn told(mapping: &str, files: &[(&str, &[u8])], lines_at_once: usize) -> Told {
    let folder = written(files);
    let mapping = Mapping::read(&folder.path().join("m.toml"), mapping, |_| None).unwrap();
    let mut feed = Feed::default();
    let parts = in_parts(&mapping, lines_at_once, &mut feed).unwrap();
    let sizes = parts.iter().map(|part| part.lines.len()).collect();
    assert_eq!(feed.in_pieces, twice(&parts), "receipts that two parts have");
    Told { settled: settled(&parts), feed, sizes }
}

/// Receipts that two parts have.
fn twice(parts: &[Batch]) -> HashSet<u64> {
    let mut seen = HashSet::new();
    let mut twice = HashSet::new();
    for Batch { lines, .. } in parts {
        let names = &lines.names;
        let hash = |row: usize| {
            let (shop, number) = (lines.shop[row], lines.number[row]);
            sources::receipt_hash([None, names.shop.text(shop), None, names.number.text(number)])
        };
        let of_part: HashSet<u64> = (0..lines.len()).map(hash).collect();
        twice.extend(of_part.into_iter().filter(|&hash| !seen.insert(hash)));
    }
    twice
}

const FAR_APART: &str = "receipts stand in pieces far apart";

/// Whether parts tell what one part told; only parts are read again.
fn same(parted: &Told, whole: &Told) -> Result<(), TestCaseError> {
    let (a, b) = (parted, whole);
    prop_assert_eq!(&a.settled, &b.settled);
    prop_assert_eq!(problems(&a.feed), problems(&b.feed));
    let reasons = |told: &Told| {
        let of = |p: &sources::Problem| (p.file.file_name().unwrap().to_owned(), p.reason.clone());
        told.feed.problems.iter().map(of).collect::<Vec<_>>()
    };
    prop_assert_eq!(reasons(a), reasons(b));
    prop_assert_eq!(&a.feed.counts, &b.feed.counts);
    let mut warnings = a.feed.warnings.clone();
    warnings.retain(|warning| !warning.starts_with(FAR_APART));
    prop_assert_eq!(&warnings, &b.feed.warnings);
    Ok(())
}

const FIELDS: &str = "number = 'n'\nproduct = 'p'\nat = 't'\nnet = 'm'\ncustomer = 'c'\nshop = 's'\nkind = { column = 'k', returns = ['R', 'never'] }";

fn table(files: &str, keys: &str, fields: &str) -> String {
    format!("[[receipts]]\nfiles = '{files}'\n{keys}\n[receipts.fields]\n{FIELDS}\n{fields}\n")
}

/// A row of few receipts, products, customers and days, sometimes a bad one.
fn row() -> impl Strategy<Value = String> {
    let value = |values: &'static [&'static str]| proptest::sample::select(values);
    (
        value(&["1", "2", "3", "4", "5", "6", ""]),
        value(&["a", "b", "c"]),
        value(&["2017-12-30 10:00", "2017-12-30 11:00", "2018-01-02", "x"]),
        value(&["1", "2", "2", "0"]),
        value(&["", "", "ann", "bob", "+79161234567"]),
        value(&["", "", "s"]),
        value(&["", "R"]),
        value(&["", "1", "2", "3"]),
    )
        .prop_map(|(n, p, t, m, c, s, k, l)| format!("{n},{p},{t},{m},{c},{s},{k},{l}\n"))
}

fn cases() -> u32 {
    if std::env::var_os("PROFFER_SOAK").is_some() { 20_000 } else { 1_500 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_any_size_tell_what_one_part_tells(
        files in proptest::collection::vec(proptest::collection::vec(row(), 0..24), 1..4),
        keys in prop_oneof![Just(""), Just("identical_lines = 'keep'")],
        numbered in prop_oneof![Just(""), Just("line = 'l'")],
        lines_at_once in 1..40_usize,
    ) {
        let texts: Vec<(String, String)> = (0..)
            .zip(&files)
            .map(|(place, rows)| (format!("{place}.csv"), format!("n,p,t,m,c,s,k,l\n{}", rows.concat())))
            .collect();
        let files: Vec<(&str, &[u8])> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        // The first file by itself, the others as another table.
        let mut mapping = table("0.csv", keys, numbered);
        if files.len() > 1 {
            mapping += &table("[1-9].csv", "", numbered).replace("[1-9]", "?").replace("'?.csv'", "['1.csv', '?.csv']");
        }
        let whole = told(&mapping, &files, usize::MAX);
        prop_assert!(whole.sizes.len() <= 1);
        same(&told(&mapping, &files, lines_at_once), &whole)?;
    }
}

#[test]
fn a_part_has_complete_receipts_and_a_bounded_number_of_lines() {
    // Two tills take turns; receipts have three lines.
    let mut text = "n,p,t,m,c,s,k,l\n".to_owned();
    let receipts = 4_000;
    for pair in 0..receipts / 2 {
        for product in ["a", "b", "c"] {
            for till in [0, 1] {
                text += &format!("{},{product},2017-12-30,1,,,,\n", 2 * pair + till);
            }
        }
    }
    let mapping = table("a.csv", "", "");
    let files = [("a.csv", text.as_bytes())];
    let whole = told(&mapping, &files, usize::MAX);
    assert_eq!(whole.settled.len(), receipts);
    let parted = told(&mapping, &files, 1_600);
    same(&parted, &whole).unwrap();
    assert_eq!(parted.sizes.iter().sum::<usize>(), 3 * receipts, "no receipt came twice");
    assert!(parted.sizes.len() >= 7 && parted.sizes.iter().all(|&lines| lines <= 1_700));
}

#[test]
fn late_lines_are_read_again_in_pieces() {
    // The second half repeats every receipt of the first with another line.
    let mut text = "n,p,t,m,c,s,k,l\n".to_owned();
    for product in ["a", "b"] {
        for number in 0..3_000 {
            text += &format!("{number},{product},2017-12-30,1,,,,\n");
        }
    }
    let mapping = table("a.csv", "", "");
    let files = [("a.csv", text.as_bytes())];
    let parted = told(&mapping, &files, 250);
    same(&parted, &told(&mapping, &files, usize::MAX)).unwrap();
    assert!(parted.sizes.iter().all(|&lines| lines < 1_400), "{:?}", parted.sizes);
}

/// (lines at once, how many times the files are read again if that is told): 6 lines are late.
#[test]
fn receipts_far_apart_are_told_where_they_cost_much() {
    let rows: String = "ab"
        .chars()
        .flat_map(|p| (0..6).map(move |n| format!("{n},{p},2017-12-30,1,,,,\n")))
        .collect();
    let text = format!("n,p,t,m,c,s,k,l\n{rows}");
    for (lines_at_once, times) in [(100, None), (2, None), (1, Some(3))] {
        let told = told(&table("a.csv", "", ""), &[("a.csv", text.as_bytes())], lines_at_once);
        let expected = times.map(|times| {
            format!(
                "{FAR_APART}: the files were read {times} times more; sort the export by receipt"
            )
        });
        let warning = told.feed.warnings.iter().find(|warning| warning.starts_with(FAR_APART));
        assert_eq!(warning, expected.as_ref(), "{lines_at_once} lines at once");
    }
}

#[test]
fn a_day_delivered_twice_is_taken_once() {
    let text = "n,p,t,m,c,s,k,l\n1,a,2017-12-30,1,,,,\n2,b,2017-12-30,1,ann,,R,\n2,b,x,1,,,,\n";
    let files = [("day.csv", text.as_bytes()), ("day (copy).csv", text.as_bytes())];
    for lines_at_once in [1, usize::MAX] {
        let Told { settled, feed, .. } = told(&table("*.csv", "", ""), &files, lines_at_once);
        assert_eq!(settled.values().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        assert_eq!((feed.counts[0].read, feed.counts[0].good), (6, 4));
        assert!(feed.warnings.iter().any(|text| text.starts_with("2 lines of receipts stand in")));
        assert_eq!(feed.inputs[0].sha256, feed.inputs[1].sha256);
    }
}

#[test]
fn a_value_of_returns_that_never_occurs_is_told() {
    let text = "n,p,t,m,c,s,k,l\n1,a,2017-12-30,1,,,R,\n";
    let feed = read(&table("a.csv", "", ""), &[("a.csv", text.as_bytes())]);
    assert_eq!(feed.warnings.len(), 1, "{:?}", feed.warnings);
    assert!(feed.warnings[0].contains("\"never\""), "{:?}", feed.warnings);
}

#[test]
fn whoever_takes_the_parts_may_refuse_one() {
    let text = "n,p,t,m,c,s,k,l\n1,a,2017-12-30,1,,,,\n2,b,2017-12-30,1,,,,\n";
    let folder = written(&[("a.csv", text.as_bytes())]);
    let mapping = table("a.csv", "", "");
    let mapping = Mapping::read(&folder.path().join("m.toml"), &mapping, |_| None).unwrap();
    let files = Files::find(&mapping, &|_| {}).unwrap();
    let mut taken = 0;
    let result = files.read(1, &|_| {}, &mut |_| {
        taken += 1;
        Err(Refused::Taker("no more".to_owned()))
    });
    assert!(matches!(result, Err(Refused::Taker(text)) if text == "no more"));
    assert_eq!(taken, 1);
}

#[derive(Debug)]
enum Refused {
    Taker(String),
    File,
}

impl From<ReadError> for Refused {
    fn from(_: ReadError) -> Self {
        Self::File
    }
}

#[test]
fn problems_beyond_the_limit_are_only_counted() {
    let rows = PROBLEMS_MAX + 5;
    let text = format!("id\n{}", "\"\"\n".repeat(rows));
    let mapping = "[shops]\nfiles = 'a.csv'\n[shops.fields]\nid = 'id'";
    let feed = read(mapping, &[("a.csv", text.as_bytes())]);
    assert_eq!((feed.counts[0].feed, feed.counts[0].bad), (FeedKind::Shops, rows as u64));
    assert_eq!(feed.problems.len(), PROBLEMS_MAX);
    assert_eq!(feed.warnings, ["5 more bad rows are counted, but not listed"]);
}
