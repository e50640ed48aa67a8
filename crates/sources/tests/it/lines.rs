//! Lines of receipts from CSV and JSON Lines: one case, one line.

use crate::{moments, read, shown};

/// The usual mapping, with more keys before its fields and more fields after them.
fn mapping(keys: &str, fields: &str) -> String {
    format!(
        "[receipts]\nfiles = 'feed.csv'\n{keys}\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\nnet = 'net'\n{fields}"
    )
}

/// A header `n,p,t,net` and more columns, with these rows.
fn check(keys: &str, fields: &str, header: &str, rows: &str, expected: &[&str]) {
    let text = format!("n,p,t,net{header}\n{rows}");
    let feed = read(&mapping(keys, fields), &[("feed.csv", text.as_bytes())]);
    assert_eq!(shown(&feed), expected, "{rows:?} with {keys} {fields}");
}

#[test]
fn a_line_needs_receipt_product_time_and_amount() {
    let check = |rows, expected: &[&str]| check("", "customer = 'c'", ",c", rows, expected);
    check("1,milk,2017-12-31 10:00,1.50,ann", &["1 milk 1000 150 customer=ann"]);
    check("1,milk,2017-12-31 10:00,1.50,", &["1 milk 1000 150"]);
    check(",milk,2017-12-31 10:00,1.50,ann", &["!2 missing number"]);
    check("1,,2017-12-31 10:00,1.50,ann", &["!2 missing product"]);
    check("1,milk,,1.50,ann", &["!2 missing at"]);
    check("1,milk,2017-12-31 10:00,,ann", &["!2 missing net"]);
    check("1,milk,2017-12-31 10:00,1.5O,ann", &["!2 number net 1.5O"]);
    check("1,milk,2017-12-31 10:00,1e30,ann", &["!2 number net 1e30"]);
    check("1,milk,2017-02-30 10:00,1.50,ann", &["!2 date at 2017-02-30 10:00"]);
    check("1,milk,31.02.2017 10:00,1.50,ann", &["!2 date at 31.02.2017 10:00"]);
    check("1,milk,0001-01-01,1.50,ann", &["!2 date at 0001-01-01"]);
    check("1,milk,2017-12-31,1.50", &["!2 columns"]);
    check("1,milk,2017-12-31,1.50,ann,x", &["!2 columns"]);
    check(" 1 , milk ,\u{a0}2017-12-31 , 1.50 , ann ", &["1 milk 1000 150 customer=ann"]);
    check("\n\r\n  \n1,milk,2017-12-31,1,ann", &["1 milk 1000 100 customer=ann"]);
    check("1,milk,2017-12-31,1,ann\0", &["!2 encoding"]);
}

#[test]
fn amounts_have_units_signs_and_terms() {
    let check = |fields, header, rows, expected: &[&str]| check("", fields, header, rows, expected);
    let quantity = "quantity = 'q'";
    check(quantity, ",q", "1,milk,2017-12-31,2,0.345", &["1 milk 345 200"]);
    check(quantity, ",q", "1,milk,2017-12-31,2,", &["1 milk 1000 200"]);
    check(quantity, ",q", "1,milk,2017-12-31,-2,", &["1 milk -1000 -200"]);
    check(quantity, ",q", "1,milk,2017-12-31,0,0", &[]);
    check(quantity, ",q", "1,milk,2017-12-31,1e-16,0", &["1 milk 0 0"]);
    check(quantity, ",q", "1,milk,2017-12-31,2,0", &["1 milk 0 200"]);
    check(quantity, ",q", "1,milk,2017-12-31,0,1", &["1 milk 1000 0"]);
    check(quantity, ",q", "1,milk,2017-12-31,-2,1", &["!2 negative-sale net -2"]);
    check(quantity, ",q", "1,milk,2017-12-31,2,-1", &["!2 negative-sale net 2"]);
    check(quantity, ",q", "1,milk,2017-12-31,-2,-1", &["1 milk -1000 -200"]);
    check(
        quantity,
        ",q",
        "1,milk,2017-12-31,2,9999999999999",
        &["!2 number quantity 9999999999999"],
    );
    check(quantity, ",q", "1,milk,2017-12-31,2,NaN", &["!2 number quantity NaN"]);
    let grams = "quantity = { column = 'q', unit = 'minor' }";
    check(grams, ",q", "1,milk,2017-12-31,2,345", &["1 milk 345 200"]);
    let sum = "discount = { sum = ['a', 'b'] }";
    check(sum, ",a,b", "1,milk,2017-12-31,2,0.005,0.005", &["1 milk 1000 200 discount=2"]);
    check(sum, ",a,b", "1,milk,2017-12-31,2,,0.5", &["1 milk 1000 200 discount=50"]);
    check(sum, ",a,b", "1,milk,2017-12-31,2,,", &["1 milk 1000 200"]);
    check(sum, ",a,b", "1,milk,2017-12-31,2,x,", &["!2 number discount x"]);
    let coupons = "retailer_coupon = { column = 'a', unit = 'minor' }\nsupplier_coupon = { column = 'b', none = ['0.01'] }";
    let expected = "1 milk 1000 200 retailer_coupon=5";
    check(coupons, ",a,b", "1,milk,2017-12-31,2,5,0.01", &[expected]);
    let kind = "quantity = 'q'\nkind = { column = 'k', returns = ['Возврат'] }";
    check(kind, ",q,k", "1,milk,2017-12-31,2,1,Возврат", &["1 milk -1000 -200"]);
    check(kind, ",q,k", "1,milk,2017-12-31,-2,1,Возврат", &["1 milk -1000 -200"]);
    check(kind, ",q,k", "1,milk,2017-12-31,2,1,Продажа", &["1 milk 1000 200"]);
}

#[test]
fn every_field_of_a_receipt_finds_its_column() {
    let fields = "shop = 's'\nnetwork = { constant = 'north' }\ntill = { column = 'till', none = ['0'] }\ncard = 'card'\nchannel = 'ch'\noriginal = 'o'\nfiscal_drive = 'fd'\nfiscal_document = 'fn'";
    let header = ",s,till,card,ch,o,fd,fn";
    check(
        "",
        fields,
        header,
        "1,milk,2017-12-31,2,s1,3,777,online,9,99,5",
        &[
            "1 milk 1000 200 network=north shop=s1 till=3 customer=777 card=777 channel=online original=9 fiscal=99/5",
        ],
    );
    check("", fields, header, "1,milk,2017-12-31,2,,0,,,,99,", &["1 milk 1000 200 network=north"]);
    let joined = "till = { columns = ['a', 'b'], join = '-' }";
    check("", joined, ",a,b", "1,milk,2017-12-31,2,x,7", &["1 milk 1000 200 till=x-7"]);
    check("", joined, ",a,b", "1,milk,2017-12-31,2,x,", &["1 milk 1000 200"]);
    let none = "none = ['NULL', '-1']";
    check(none, "customer = 'c'", ",c", "1,milk,2017-12-31,2,-1", &["1 milk 1000 200"]);
    check(none, "customer = 'c'", ",c", "NULL,milk,2017-12-31,2,-1", &["!2 missing number"]);
}

#[test]
fn a_receipt_says_each_line_once_and_has_one_customer() {
    let row = "1,milk,2017-12-31,2,ann\n";
    let with =
        |keys, rows: &str, expected: &[&str]| check(keys, "customer = 'c'", ",c", rows, expected);
    let good = "1 milk 1000 200 customer=ann";
    with("", &format!("{row}{row}"), &[good, "!3 duplicate-line"]);
    with(
        "",
        &format!("{row}2,milk,2017-12-31,2,ann\n{row}"),
        &[good, "2 milk 1000 200 customer=ann", "!4 duplicate-line"],
    );
    with("identical_lines = 'keep'", &format!("{row}{row}"), &[good, good]);
    with("", &format!("{row}1,milk,2017-12-31,3,ann"), &[good, "1 milk 1000 300 customer=ann"]);
    with("", &format!("{row}1,tea,2017-12-31,3,bob"), &[good, "!3 conflict customer"]);
    with("", &format!("{row}1,tea,2017-12-31,3,"), &[good, "1 tea 1000 300 customer=ann"]);
    with("", &format!("1,tea,2017-12-31,3,\n{row}"), &["1 tea 1000 300 customer=ann", good]);
    let line = |rows, expected: &[&str]| check("", "line = 'l'", ",l", rows, expected);
    line("1,milk,2017-12-31,2,1\n1,milk,2017-12-31,2,2", &["1 milk 1000 200", "1 milk 1000 200"]);
    line(
        "1,milk,2017-12-31,2,1\n1,tea,2017-12-31,3,1",
        &["1 milk 1000 200", "!3 duplicate-line line"],
    );
    line("1,milk,2017-12-31,2,1\n2,tea,2017-12-31,3,1", &["1 milk 1000 200", "2 tea 1000 300"]);
    let till = |rows, expected: &[&str]| check("", "till = 'l'", ",l", rows, expected);
    till(
        "1,milk,2017-12-31,2,1\n1,milk,2017-12-31,2,2",
        &["1 milk 1000 200 till=1", "1 milk 1000 200 till=2"],
    );
}

/// (files of one import, with the line's own number or without; what is left of receipt 1).
#[test]
fn files_that_overlap_say_each_line_once() {
    let check = |line: &str, files: &[&str], expected: &[&str]| {
        let mapping = mapping("", line).replace("feed.csv", "feeds");
        let named: Vec<(String, String)> = (0..)
            .zip(files)
            .map(|(place, rows)| (format!("feeds/{place}.csv"), format!("n,p,t,net,l\n{rows}")))
            .collect();
        let files: Vec<(&str, &[u8])> =
            named.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        assert_eq!(shown(&read(&mapping, &files)), expected, "{line} {files:?}");
    };
    let (milk, tea) = ("1,milk,2017-12-31,2,1\n", "1,tea,2017-12-31,3,2\n");
    let (told_milk, told_tea) = ("1 milk 1000 200", "1 tea 1000 300");
    check("", &[milk, milk, milk], &[told_milk]);
    check("", &[milk, &format!("{milk}{tea}")], &[told_milk, told_tea]);
    check("", &[milk, tea], &[told_milk, told_tea]);
    let corrected = "1,milk,2017-12-31,5,1\n";
    check("line = 'l'", &[milk, &format!("{corrected}{tea}")], &["1 milk 1000 500", told_tea]);
    check("line = 'l'", &[milk, corrected, milk], &[told_milk]);
}

#[test]
fn a_large_receipt_says_each_line_once() {
    let rows: String = (0..100).map(|i| format!("1,p{},2017-12-31,2\n", i % 60)).collect();
    let text = format!("n,p,t,net\n{rows}");
    let feed = read(&mapping("", ""), &[("feed.csv", text.as_bytes())]);
    assert_eq!((feed.batch.lines.len(), feed.problems.len()), (60, 40));
    assert!(feed.problems[0].reason.contains("line 2"), "{}", feed.problems[0].reason);
}

#[test]
fn a_folder_that_has_a_receipt_twice_has_it_once() {
    let mapping = mapping("identical_lines = 'keep'", "").replace("feed.csv", "feeds");
    let file = b"n,p,t,net\n1,milk,2017-12-31,2\n1,milk,2017-12-31,2\n" as &[u8];
    let more = b"n,p,t,net\n1,milk,2017-12-31,2\n1,milk,2017-12-31,2\n1,milk,2017-12-31,2\n";
    let files = [("feeds/a.csv", file), ("feeds/b/c.csv", more), ("feeds/_note.csv", b"x")];
    let feed = read(&mapping, &files);
    let good = "1 milk 1000 200";
    assert_eq!(shown(&feed), [good, good, good]);
    assert_eq!(feed.inputs.iter().map(|input| input.rows).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn personal_data_stays_out() {
    let fields = "customer = 'c'\ncard = 'd'";
    let check = |rows, expected: &[&str]| check("", fields, ",c,d", rows, expected);
    check("1,milk,2017-12-31,2,+7 916 123-45-67,", &["!2 personal-data customer 7***67"]);
    check("1,milk,2017-12-31,2,,89161234567", &["!2 personal-data card 8***67"]);
    check("1,milk,2017-12-31,2,ann@mail.ru,", &["!2 personal-data customer a***@***"]);
    check(
        "1,milk,2017-12-31,2,ann,4600000000017",
        &["1 milk 1000 200 customer=ann card=4600000000017"],
    );
}

#[test]
fn texts_come_in_many_dresses() {
    // Header and row in one; the mapping is the usual one.
    let check = |keys: &str, bytes: &[u8], expected: &[&str]| {
        let feed = read(&mapping(keys, ""), &[("feed.csv", bytes)]);
        assert_eq!(shown(&feed), expected, "{:?}", String::from_utf8_lossy(bytes));
    };
    let good = &["1 milk 1000 250"][..];
    check("", b"n;p;t;net\n1;milk;2017-12-31;2.5", good);
    check("", b"n\tp\tt\tnet\r\n1\tmilk\t2017-12-31\t2.5\r\n", good);
    check("", b"n|p|t|net\n1|milk|2017-12-31|2.5", good);
    check("delimiter = 'tab'", b"n\tp\tt\tnet\n1\tmilk\t2017-12-31\t2.5", good);
    check("delimiter = '^'", b"n^p^t^net\n1^milk^2017-12-31^2.5", good);
    check("decimal = ','", b"n;p;t;net\n1;milk;2017-12-31;2,5", good);
    check("", b"\xEF\xBB\xBFn,p,t,net\n1,milk,2017-12-31,2.5", good);
    check("encoding = 'windows-1251'", b"\xEF\xBB\xBFn,p,t,net\n1,milk,2017-12-31,2.5", good);
    check("", b"\"n\",\"p\",\"t\",\"net\"\r\n\"1\",\"milk\",\"2017-12-31\",\"2.5\"\r\n", good);
    check("", b"n,p,t,net\n1,\"a, \"\"b\"\"\nc\",2017-12-31,2.5", &["1 a, \"b\"\nc 1000 250"]);
    check("", b"n,p,t,net\n1,12\" pipe,2017-12-31,2.5", &["1 12\" pipe 1000 250"]);
    check("quote = ''", b"n,p,t,net\n1,\"a\" b,2017-12-31,2.5", &["1 \"a\" b 1000 250"]);
    check("quote = \"'\"", b"n,p,t,net\n1,'a,b',2017-12-31,2.5", &["1 a,b 1000 250"]);
    check("unit = 'minor'", b"n,p,t,net\n1,milk,2017-12-31,250", good);
    check("", b"n,p,t,net\n", &[]);
    check("", b"n,p,t,net", &[]);
    check(
        "",
        b"n,p,t,net\n1,\xEC\xEE\xEB,2017-12-31,2\n1,milk,2017-12-31,2.5",
        &["1 milk 1000 250", "!2 encoding"],
    );
    check(
        "format = 'jsonl'",
        b"{\"n\":1,\"p\":\"milk\",\"t\":\"2017-12-31\",\"net\":2.5}\n\n",
        good,
    );
    check(
        "format = 'jsonl'",
        b"[1]\n{\"n\":\n{\"n\":1,\"p\":\"milk\",\"t\":\"2017-12-31\",\"net\":null}\n{\"n\":[1],\"p\":1,\"t\":1,\"net\":1}\n\xFF\n{\"n\":18446744073709551615,\"p\":\"milk\",\"t\":\"2017-12-31\",\"net\":\"2.5\"}",
        &[
            "18446744073709551615 milk 1000 250", "!1 not-an-object", "!2 not-an-object",
            "!3 missing net", "!4 value number", "!5 encoding",
        ],
    );
}

#[test]
fn an_export_of_an_accounting_system() {
    let mapping = "
        [defaults]
        encoding = 'windows-1251'
        delimiter = ';'
        decimal = ','
        time_zone = 'Europe/Moscow'
        [receipts]
        files = 'чеки.csv'
        [receipts.fields]
        number = { columns = ['Дата', 'НомерЧека'], join = '-' }
        product = 'Номенклатура'
        date = 'Дата'
        time = 'Время'
        net = 'Сумма'
        quantity = 'Количество'
        kind = { column = 'ВидОперации', returns = ['Возврат'] }
        customer = { column = 'КодКлиента', none = ['0'] }";
    let text = "Дата;Время;НомерЧека;Номенклатура;Количество;Сумма;ВидОперации;КодКлиента\r\n\
        31.12.2017;0:30:00;15;00-0000123;1,000;1 234,50;Продажа;К-7\r\n\
        31.12.2017;9:05:10;16;00-0000124;0,345;99,90;Возврат;0\r\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let feed = read(mapping, &[("чеки.csv", &bytes)]);
    assert_eq!(
        shown(&feed),
        [
            "31.12.2017-15 00-0000123 1000 123450 customer=К-7",
            "31.12.2017-16 00-0000124 -345 -9990",
        ]
    );
    assert_eq!(
        moments(&feed),
        ["2017-12-30 21:30Z 2017-12-31 30", "2017-12-31 06:05Z 2017-12-31 545"]
    );
}

#[test]
fn time_is_the_shops_own() {
    let check = |keys: &str, time: &str, expected: &str| {
        let text = format!("n,p,t,net\n1,milk,{time},1\n");
        let feed = read(&mapping(keys, ""), &[("feed.csv", text.as_bytes())]);
        assert_eq!(moments(&feed), [expected], "{time} {keys} {:?}", feed.problems);
    };
    let berlin = "time_zone = 'Europe/Berlin'";
    check("", "2017-12-31 23:59:59", "2017-12-31 23:59Z 2017-12-31 1439");
    check(berlin, "2017-03-26 01:30", "2017-03-26 00:30Z 2017-03-26 90");
    check(berlin, "2017-03-26 02:30", "2017-03-26 01:30Z 2017-03-26 210");
    check(berlin, "2017-10-29 02:30", "2017-10-29 00:30Z 2017-10-29 150");
    check(berlin, "2017-10-29T01:30:00Z", "2017-10-29 01:30Z 2017-10-29 150");
    check(berlin, "2017-12-31T23:30:00Z", "2017-12-31 23:30Z 2018-01-01 30");
    let night = "time_zone = 'Europe/Moscow'\nday_starts = '04:00'";
    check(night, "2018-01-01 03:59", "2018-01-01 00:59Z 2017-12-31 239");
    check(night, "2018-01-01 04:00", "2018-01-01 01:00Z 2018-01-01 240");
    check(
        "date_format = '%m/%d/%Y %I:%M %p'",
        "12/31/2017 02:05 PM",
        "2017-12-31 14:05Z 2017-12-31 845",
    );
    check(
        "date_format = '%d-%m-%y'\ntime_format = '%H.%M'",
        "31-12-17 14.05",
        "2017-12-31 14:05Z 2017-12-31 845",
    );
    check("date_format = 'unix-ms'", "1514729100000", "2017-12-31 14:05Z 2017-12-31 845");
}
