//! Whatever bytes come: no panic, bounded memory, and the good rows around a bad one survive.

use std::io::{BufWriter, Write};

use proptest::prelude::*;

use crate::{problems, read, read_in, shown, try_read};

const FEED: &str = "[receipts]\nfiles = 'FILE'\nKEYS\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\nnet = 'm'\nquantity = 'q'\ncustomer = 'c'";

fn mapping(file: &str, keys: &str) -> String {
    FEED.replace("FILE", file).replace("KEYS", keys)
}

#[test]
fn an_open_quote_loses_one_row() {
    let text = "n,p,t,m,q,c\n1,a,2017-12-31,1,1,\n2,\"b,2017-12-31,1,1,\n3,c,2017-12-31,1,1,\n4,\"d, e\",2017-12-31,1,1,\n5,f,2017-12-31,1,1,\n";
    let feed = read(&mapping("a.csv", ""), &[("a.csv", text.as_bytes())]);
    let expected = ["1 a 1000 100", "3 c 1000 100", "4 d, e 1000 100", "5 f 1000 100", "!3 quote"];
    assert_eq!(shown(&feed), expected);
    let text = text.replace("\"d, e\"", "d");
    let feed = read(&mapping("a.csv", ""), &[("a.csv", text.as_bytes())]);
    let expected = ["1 a 1000 100", "3 c 1000 100", "4 d 1000 100", "5 f 1000 100", "!3 quote"];
    assert_eq!(shown(&feed), expected);
}

#[test]
fn an_open_quote_far_from_the_end_loses_one_row() {
    let mut text = "n,p,t,m,q,c\n0,\"x,2017-12-31,1,1,\n".to_owned();
    let rows = 100_000;
    for row in 1..=rows {
        text += &format!("{row},a,2017-12-31,1,1,\n");
    }
    let feed = read(&mapping("a.csv", ""), &[("a.csv", text.as_bytes())]);
    assert_eq!((feed.batch.lines.len(), problems(&feed)), (rows, vec!["!2 too-long".to_owned()]));
}

#[test]
fn a_line_of_100_mb_is_one_problem() {
    for (file, before, after) in [
        ("a.csv", "n,p,t,m,q,c\n1,a,2017-12-31,1,1,\n", "\n2,b,2017-12-31,1,1,\n"),
        (
            "a.jsonl",
            "{\"n\":1,\"p\":\"a\",\"t\":\"2017-12-31\",\"m\":1}\n",
            "\n{\"n\":2,\"p\":\"b\",\"t\":\"2017-12-31\",\"m\":1}",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = std::fs::File::create(folder.path().join(file)).unwrap();
        let mut out = BufWriter::with_capacity(1 << 20, out);
        out.write_all(before.as_bytes()).unwrap();
        for _ in 0..100 {
            out.write_all(&[b'x'; 1_000_000]).unwrap();
        }
        out.write_all(after.as_bytes()).unwrap();
        out.flush().unwrap();
        let feed = read_in(folder.path(), &mapping(file, "")).unwrap();
        let line = before.matches('\n').count() + 1;
        let problem = format!("!{line} too-long");
        assert_eq!(shown(&feed), ["1 a 1000 100", "2 b 1000 100", problem.as_str()]);
    }
}

fn cases() -> u32 {
    if std::env::var_os("PROFFER_SOAK").is_some() { 30_000 } else { 1_500 }
}

/// Bytes that readers trip over, more often than chance has them.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..8),
        2 => Just(b"\"".to_vec()),
        1 => Just(b"\"\"".to_vec()),
        2 => Just(b",".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\0".to_vec()),
        1 => Just("é".as_bytes().to_vec()),
        2 => "[0-9.,eE+-]{0,12}".prop_map(String::into_bytes),
        1 => "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.Z+]{0,12}".prop_map(String::into_bytes),
        1 => "[{}\\[\\]\":,a-z0-9 ]{0,16}".prop_map(String::into_bytes),
        1 => Just(b"1,a,2017-12-31,1,1,".to_vec()),
        1 => Just(b"{\"n\":1,\"p\":2,\"t\":\"2017-12-31\",\"m\":".to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in nasty(), keys in prop_oneof![
        Just(""), Just("encoding = 'windows-1251'"), Just("decimal = ','"), Just("time_zone = 'Europe/Berlin'"),
    ]) {
        let csv = [b"n,p,t,m,q,c\n".to_vec(), bytes.clone()].concat();
        let _ = try_read(&mapping("a.csv", keys), &[("a.csv", &csv)]);
        for file in ["a.csv", "a.jsonl", "a.parquet"] {
            let _ = try_read(&mapping(file, keys), &[(file, &bytes)]);
        }
    }

    #[test]
    fn good_rows_around_a_bad_line_survive(bytes in nasty()) {
        let bad: Vec<u8> = bytes.into_iter().filter(|b| *b != b'\n').collect();
        let good = |name: &str| format!("{name},milk,2017-12-31 10:00,1.50,2,ann\n").into_bytes();
        let csv = [b"n,p,t,m,q,c\n".to_vec(), good("one"), bad.clone(), b"\n".to_vec(), good("two"), good("three")].concat();
        let feed = read(&mapping("a.csv", ""), &[("a.csv", &csv)]);
        let rows = shown(&feed);
        for name in ["one", "two", "three"] {
            let expected = format!("{name} milk 2000 150 customer=ann");
            prop_assert!(rows.contains(&expected), "{rows:?}");
        }
        let good = |name: &str| format!("{{\"n\":\"{name}\",\"p\":\"milk\",\"t\":\"2017-12-31\",\"m\":1.5}}\n").into_bytes();
        let json = [good("one"), bad, b"\n".to_vec(), good("two")].concat();
        let rows = shown(&read(&mapping("a.jsonl", ""), &[("a.jsonl", &json)]));
        for name in ["one", "two"] {
            prop_assert!(rows.contains(&format!("{name} milk 1000 150")), "{rows:?}");
        }
    }
}
