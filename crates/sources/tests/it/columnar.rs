//! Parquet of every kind of column, and the public data where it is at hand.

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    NullArray, RecordBatch, StringArray, StringViewArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use sources::{Mapping, ReadErrorCode};

use crate::{moments, read, read_mapping, shown, try_read};

pub(crate) fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let block = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, block.schema(), None).unwrap();
    writer.write(&block).unwrap();
    writer.close().unwrap();
    bytes
}

const FEED: &str = "[receipts]\nfiles = 'a.parquet'\ntime_zone = 'Europe/Moscow'\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\nnet = 'm'\n";

/// A file of one row, whose column `name` is this one.
fn with(name: &str, column: ArrayRef) -> Vec<u8> {
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(vec![7]))),
        ("p", Arc::new(StringArray::from(vec!["milk"]))),
        ("t", Arc::new(TimestampMicrosecondArray::from(vec![1_514_730_125_000_000]))),
        ("m", Arc::new(Float64Array::from(vec![1.5]))),
    ];
    match columns.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = column,
        None => columns.push((name, column)),
    }
    parquet(columns)
}

#[test]
fn lists_of_texts_of_two_files_are_two_lists() {
    let file = |number: &str| with("n", Arc::new(StringArray::from(vec![number])));
    let feed = read(
        &FEED.replace("a.parquet", "*.parquet"),
        &[("a.parquet", &file("x")), ("b.parquet", &file("y"))],
    );
    assert_eq!(shown(&feed), ["x milk 1000 150", "y milk 1000 150"]);
}

#[test]
fn ids_of_every_type() {
    let check = |column: ArrayRef, expected: &str| {
        let feed = read(FEED, &[("a.parquet", &with("n", column))]);
        assert_eq!(shown(&feed), [expected]);
    };
    check(Arc::new(Int8Array::from(vec![-7])), "-7 milk 1000 150");
    check(Arc::new(Int32Array::from(vec![7])), "7 milk 1000 150");
    check(Arc::new(UInt64Array::from(vec![u64::MAX])), "18446744073709551615 milk 1000 150");
    check(Arc::new(Float64Array::from(vec![7.0])), "7 milk 1000 150");
    check(
        Arc::new(Decimal128Array::from(vec![700]).with_precision_and_scale(10, 2).unwrap()),
        "7 milk 1000 150",
    );
    check(Arc::new(StringArray::from(vec![" x "])), "x milk 1000 150");
    check(Arc::new(LargeStringArray::from(vec!["x"])), "x milk 1000 150");
    check(Arc::new(StringViewArray::from(vec!["x"])), "x milk 1000 150");
    check(Arc::new(["x"].into_iter().collect::<DictionaryArray<Int32Type>>()), "x milk 1000 150");
    check(Arc::new(BinaryArray::from(vec![&b"x"[..]])), "x milk 1000 150");
    check(Arc::new(BinaryArray::from(vec![&b"\xFF"[..]])), "!1 encoding number");
    check(Arc::new(BooleanArray::from(vec![true])), "true milk 1000 150");
    check(Arc::new(Date32Array::from(vec![17531])), "2017-12-31 milk 1000 150");
    check(Arc::new(Int64Array::from(vec![None])), "!1 missing number");
    check(Arc::new(NullArray::new(1)), "!1 missing number");
    check(Arc::new(StringArray::from(vec![" "])), "!1 missing number");
}

#[test]
fn texts_that_repeat_are_understood_once_and_refused_each_time() {
    let rows = 5_000;
    let customers = [Some("ann"), None, Some(" "), Some("+79161234567"), Some("-"), Some(" bob ")];
    let text = |row: usize| customers[row % customers.len()];
    let block = RecordBatch::try_from_iter(vec![
        ("n", Arc::new(Int64Array::from_iter_values(0..rows as i64)) as ArrayRef),
        (
            "p",
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("p{}", row % 7)))),
        ),
        ("t", Arc::new(TimestampMicrosecondArray::from(vec![1_514_730_125_000_000; rows]))),
        ("m", Arc::new(Float64Array::from(vec![1.5; rows]))),
        ("c", Arc::new((0..rows).map(text).collect::<LargeStringArray>())),
    ]);
    let block = block.unwrap();
    let groups = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(1_700))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, block.schema(), Some(groups)).unwrap();
    writer.write(&block).unwrap();
    writer.close().unwrap();
    let feed = read(
        &format!("{FEED}customer = {{ column = 'c', none = ['-'] }}"),
        &[("a.parquet", &bytes)],
    );
    let expected: Vec<String> = (0..rows)
        .filter(|row| row % 6 != 3)
        .map(|row| {
            let customer = ["customer=ann", "", "", "", "", "customer=bob"][row % 6];
            format!("{row} p{} 1000 150 {customer}", row % 7).trim().to_owned()
        })
        .chain(
            (0..rows)
                .filter(|row| row % 6 == 3)
                .map(|row| format!("!{} personal-data customer 7***67", row + 1)),
        )
        .collect();
    assert_eq!(shown(&feed), expected);
}

#[test]
fn amounts_of_every_type() {
    let check = |column: ArrayRef, expected: &str| {
        let feed = read(FEED, &[("a.parquet", &with("m", column))]);
        assert_eq!(shown(&feed), [expected]);
    };
    check(Arc::new(Int32Array::from(vec![3])), "7 milk 1000 300");
    check(Arc::new(Float32Array::from(vec![12.34])), "7 milk 1000 1234");
    check(Arc::new(Float64Array::from(vec![0.285])), "7 milk 1000 28");
    check(Arc::new(Float64Array::from(vec![f64::NAN])), "!1 missing net");
    check(Arc::new(Float64Array::from(vec![f64::INFINITY])), "!1 number net inf");
    // Stored as 32 bits, 64 bits, bytes.
    for (precision, scale, value, expected) in [
        (9, 2, 12_345, "7 milk 1000 12345"),
        (10, 3, 12_345, "7 milk 1000 1235"),
        (18, 2, -12_345, "7 milk -1000 -12345"),
        (18, 0, 999_999_999_999_999_999, "!1 number net 999999999999999999"),
        (18, 2, 999_999_999_999_999_999, "!1 number net 9999999999999999.99"),
        (19, 2, 12_345, "7 milk 1000 12345"),
        (38, 4, 12_345, "7 milk 1000 123"),
    ] {
        let value = Decimal128Array::from(vec![value]);
        check(Arc::new(value.with_precision_and_scale(precision, scale).unwrap()), expected);
    }
    let none = Decimal128Array::from(vec![None]);
    check(Arc::new(none.with_precision_and_scale(15, 2).unwrap()), "!1 missing net");
    check(Arc::new(StringArray::from(vec!["1 234.5"])), "7 milk 1000 123450");
    check(Arc::new(BooleanArray::from(vec![true])), "!1 number net true");
    check(Arc::new(Int64Array::from(vec![i64::MAX])), &format!("!1 number net {}", i64::MAX));
}

#[test]
fn times_of_every_type() {
    let check = |column: ArrayRef, expected: &str| {
        let feed = read(FEED, &[("a.parquet", &with("t", column))]);
        assert_eq!(moments(&feed), [expected], "{:?}", feed.problems);
    };
    let local = "2017-12-31 11:22Z 2017-12-31 862";
    check(Arc::new(TimestampSecondArray::from(vec![1_514_730_125])), local);
    check(Arc::new(TimestampMillisecondArray::from(vec![1_514_730_125_000])), local);
    check(Arc::new(TimestampMicrosecondArray::from(vec![1_514_730_125_000_000])), local);
    check(Arc::new(TimestampNanosecondArray::from(vec![1_514_730_125_000_000_000])), local);
    let zoned = TimestampMillisecondArray::from(vec![1_514_730_125_000]).with_timezone("UTC");
    check(Arc::new(zoned), "2017-12-31 14:22Z 2017-12-31 1042");
    check(Arc::new(Date32Array::from(vec![17531])), "2017-12-30 21:00Z 2017-12-31 0");
    check(Arc::new(StringArray::from(vec!["2017-12-31 14:22:05"])), local);
    check(Arc::new(Int32Array::from(vec![20_171_231])), "2017-12-30 21:00Z 2017-12-31 0");
    let late: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
    assert!(shown(&read(FEED, &[("a.parquet", &with("t", late))]))[0].starts_with("!1 date at"));
    let split = FEED.replace("at = 't'", "date = 't'\ntime = 'hour'");
    let mut file = with("hour", Arc::new(Time64MicrosecondArray::from(vec![51_725_000_000])));
    assert_eq!(moments(&read(&split, &[("a.parquet", &file)])), [local]);
    file = with("hour", Arc::new(StringArray::from(vec!["25:00"])));
    assert_eq!(shown(&read(&split, &[("a.parquet", &file)])), ["!1 date time 25:00"]);
}

#[test]
fn a_list_is_no_value() {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let error =
        try_read(FEED, &[("a.parquet", &with("n", Arc::new(list)))]).map(|_| ()).unwrap_err();
    assert_eq!(error.code, ReadErrorCode::Column);
}

#[test]
fn a_truncated_or_damaged_file_is_refused_or_read_and_never_a_panic() {
    // More than the decoder has ready at a time.
    let rows: Vec<i64> = (0..15_000).collect();
    let file = parquet(vec![
        ("n", Arc::new(Int64Array::from(rows.clone()))),
        ("p", Arc::new(StringArray::from_iter_values(rows.iter().map(i64::to_string)))),
        ("t", Arc::new(TimestampMicrosecondArray::from(rows.clone()))),
        ("m", Arc::new(Float64Array::from_iter_values(rows.iter().map(|&row| row as f64)))),
    ]);
    assert_eq!(read(FEED, &[("a.parquet", &file)]).batch.lines.len(), rows.len());
    for cut in (1..file.len()).step_by(file.len() / 40) {
        let error = try_read(FEED, &[("a.parquet", &file[..cut])]).map(|_| ()).unwrap_err();
        assert_eq!(error.code, ReadErrorCode::Corrupt, "{error}");
    }
    // The decoder may panic on these; the reader must not, and must not print a page for each.
    std::panic::set_hook(Box::new(|_| {}));
    let step = if std::env::var_os("PROFFER_SOAK").is_some() { 61 } else { 997 };
    let outcomes: Vec<bool> = (0..file.len())
        .step_by(step)
        .map(|place| {
            let mut damaged = file.clone();
            damaged[place] ^= 0x5A;
            try_read(FEED, &[("a.parquet", &damaged)]).is_ok()
        })
        .collect();
    drop(std::panic::take_hook());
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
}

#[test]
fn the_public_data_are_read_whole() {
    let Some(folder) = std::env::var_os("COMPLETE_JOURNEY") else {
        println!("skipped: set COMPLETE_JOURNEY (examples/complete-journey/fetch)");
        return;
    };
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/complete-journey/mapping.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let variables = |_: &str| Some(folder.to_string_lossy().into_owned());
    let mapping = Mapping::read(&path, &text, variables).unwrap();
    let feed = read_mapping(&mapping).unwrap();
    let batch = &feed.batch;
    assert_eq!(crate::problems(&feed), [""; 0]);
    assert_eq!((feed.counts[0].read, batch.lines.len()), (1_469_307, 1_469_307 - 8_820));
    assert_eq!((batch.lines.names.customer.len(), batch.products.len()), (2_469, 92_331));
    assert_eq!((batch.customers.len(), batch.campaigns.len()), (801, 27));
    assert_eq!((batch.invitations.len(), batch.redemptions.len()), (6_589, 2_102));
    assert_eq!(batch.coupons.len(), 116_204 - 4_872);
    // Twenty lines have no quantity and a net of some 1e-16, a trace of somebody's float arithmetic:
    // their amount is not zero, so they stay.
    let null = |row: &usize| batch.lines.quantity[*row] == 0 && batch.lines.net[*row] == 0;
    assert_eq!((0..batch.lines.len()).filter(null).count(), 20);
    let neither = "receipts: 8820 rows have neither";
    assert!(feed.warnings.iter().any(|text| text.starts_with(neither)), "{:?}", feed.warnings);
}
