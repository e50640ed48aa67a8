//! Mappings that are refused, each with its line and what would be right.

use std::path::Path;

use sources::Mapping;

fn check(text: &str, expected: &str) {
    let variables = |name: &str| (name == "HOME_OF_FEEDS").then(|| "/feeds".to_owned());
    let shown = match Mapping::read(Path::new("m.toml"), text, variables) {
        Ok(mapping) => {
            let files = mapping.feeds.iter().flat_map(|feed| &feed.files);
            files.map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.to_string(),
    };
    assert!(shown.contains(expected), "{text}\n gives {shown:?}\n not {expected:?}");
}

#[test]
fn a_mapping_is_refused_with_its_line() {
    let feed = |keys: &str, fields: &str| {
        format!(
            "[receipts]\nfiles = 'a.csv'\n{keys}\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\n{fields}"
        )
    };
    let good = "net = 'x'";
    check(&feed("", good), "a.csv");
    check("", "m.toml:1: there is no feed");
    check("[receipts", "m.toml:1: ");
    check("[reciepts]", "m.toml:1: reciepts is not known; did you mean `receipts`?");
    check(
        &feed("delimeter = ';'", good),
        "m.toml:3: receipts.delimeter is not known; did you mean `delimiter`?",
    );
    check(
        &feed("", "net = 'x'\nquantitty = 'q'"),
        "m.toml:9: receipts.fields.quantitty is not known; did you mean `quantity`?",
    );
    check(&feed("", "net = 5"), "m.toml:8: receipts.fields.net is a column in quotes");
    check(
        &feed("", "net = { colum = 'x' }"),
        "m.toml:8: receipts.fields.net.colum is not known; did you mean `column`?",
    );
    check(
        &feed("", "net = { column = 'x', format = '%Y' }"),
        "m.toml:8: receipts.fields.net.format is not known",
    );
    check(&feed("", "net = { column = 'x', constant = '1' }"), "column and constant: one of them");
    check(&feed("", "net = { unit = 'minor' }"), "m.toml:8: receipts.fields.net names no column");
    check(&feed("", "net = { column = 'x', unit = 'kopeck' }"), "is \"major\" or \"minor\"");
    check(
        &feed("", "net = { constant = 'much' }"),
        "m.toml:8: receipts.fields.net.constant is not a number",
    );
    check(&feed("", "net = { sum = 'x' }"), "receipts.fields.net.sum is a list of columns");
    check(&feed("", "discount = 'x'"), "receipts.fields.net is needed");
    check(&feed("", "net = 'x'\ndate = 'd'"), "has at, so date and time are too much");
    check(&feed("", "net = 'x'\nkind = 'k'"), "needs the values that mean a return");
    check(&feed("", "net = 'x'\nfiscal_drive = 'k'"), "fiscal_document together");
    check(&feed("encoding = 'koi8-r'", good), "m.toml:3: receipts.encoding is");
    check(&feed("time_zone = 'Moscow'", good), "m.toml:3: \"Moscow\" is not a time zone");
    check(&feed("day_starts = '25:00'", good), "m.toml:3: day_starts is a time");
    check(&feed("date_format = '%!'", good), "m.toml:3: receipts.date_format");
    check(&feed("date_format = 'dd.mm.yyyy'", good), "m.toml:3: receipts.date_format is a pattern");
    check(&feed("delimiter = 'ab'", good), "m.toml:3: receipts.delimiter is one ASCII character");
    check(
        &feed("decimal = 5", good),
        "m.toml:3: receipts.decimal is a text in quotes, not integer",
    );
    check(&feed("identical_lines = true", good), "m.toml:3: receipts.identical_lines is a text");
    check(&feed("format = 'xlsx'", good), "m.toml:3: receipts.format is");
    check("[receipts]\nfields = {}", "m.toml:1: receipts needs files");
    check("[receipts]\nfiles = 'x.csv'", "m.toml:1: receipts needs fields");
    check("receipts = 5", "m.toml:1: receipts is a table, not integer");
    let product = |flag: &str| {
        format!("[products]\nfiles = 'a.csv'\n[products.fields]\nid = 'i'\nservice = {flag}")
    };
    check(&product("true"), "a.csv");
    check(&product("'x'"), "m.toml:5: products.fields.service is true, false or a rule");
    check(&product("{ column = 'x' }"), "says nothing of its column");
    check(&product("{ column = 'x', iz = ['a'] }"), "did you mean `is`?");
}

#[test]
fn a_day_of_accrual_is_refused_with_its_line() {
    let feed = |day: &str, fields: &str| {
        format!(
            "[[receipts]]\nfiles = 'a.csv'\naccrue_from = {day}\n[receipts.fields]\nnumber = 'n'\n\
             product = 'p'\nat = 't'\nnet = 'x'\n{fields}\n"
        )
    };
    let place = "network = { constant = 'n' }\nshop = 's'\ntill = 't1'";
    let whole = format!("{place}\ncard = 'c'");
    let good = feed("'2026-01-01'", &whole);
    check(&good, "a.csv");
    check(&feed("'2026-01-01'", &format!("{place}\ncustomer = 'c'")), "a.csv");
    let day = "m.toml:3: receipts.accrue_from is a day such as \"2026-01-01\", not \"soon\"";
    check(&feed("'soon'", &whole), day);
    check(&feed("'2026-02-30'", &whole), "m.toml:3: receipts.accrue_from is a day such as");
    check(&feed("2026-01-01", &whole), "m.toml:3: receipts.accrue_from is a text in quotes");
    check(
        &feed("'2026-01-01'", "card = 'c'"),
        "m.toml:3: receipts.accrue_from needs the field network",
    );
    check(
        &feed("'2026-01-01'", place),
        "m.toml:3: receipts.accrue_from needs the field card or customer",
    );
    let products = "[products]\nfiles = 'a.csv'\naccrue_from = '2026-01-01'";
    check(products, "m.toml:3: products.accrue_from is not known");
    let same = "accrue_from is the same in every table of receipts, or stands in none";
    check(&format!("{good}{good}"), "a.csv a.csv");
    check(&format!("{good}{}", feed("'2026-01-02'", &whole)), same);
    check(&format!("{good}{}", good.replace("accrue_from = '2026-01-01'", "")), same);
}

#[test]
fn a_file_may_stand_in_a_variable() {
    let feed = |files: &str| format!("[shops]\nfiles = {files}\n[shops.fields]\nid = 'i'");
    check(&feed("'${HOME_OF_FEEDS}/a.csv'"), "/feeds/a.csv");
    check(&feed("['a.csv', '${HOME_OF_FEEDS}']"), "a.csv /feeds");
    check(
        &feed("'${COMPLETE_JOURNEY}/a.csv'"),
        "m.toml:2: \"${COMPLETE_JOURNEY}/a.csv\" needs the variable COMPLETE_JOURNEY: set it",
    );
    check(&feed("'${HOME'"), "m.toml:2: \"${HOME\": a variable is written ${NAME}");
}

#[test]
fn personal_data_has_no_place_in_a_mapping() {
    let customers = |field: &str| {
        format!("[customers]\nfiles = 'a.csv'\n[customers.fields]\nid = 'i'\n{field}")
    };
    let refused =
        |what: &str| format!("this would bring {what}, and personal data is not imported");
    check(&customers("household = 'h'\nattributes.age_band = 'Возраст'"), "a.csv");
    check(&customers("phone = 'x'"), &refused("a phone"));
    check(&customers("attributes.email = 'x'"), &refused("an e-mail"));
    check(&customers("attributes.key = 'Дата рождения'"), &refused("an exact birth date"));
    check(&customers("attributes.key = 'ФИО'"), &refused("a name"));
    check(&customers("attributes.key = { columns = ['region', 'Адрес'] }"), &refused("an address"));
    check(&customers("attributes.key = 'INN'"), &refused("a tax number"));
    check(
        &customers("attributes.key = 'x'\nname = 'y'"),
        "m.toml:6: customers.fields.name: this would bring a name",
    );
    let receipts = |field: &str| {
        format!(
            "[receipts]\nfiles = 'a.csv'\n[receipts.fields]\nnumber = 'n'\nproduct = 'p'\nat = 't'\nnet = 'x'\n{field}"
        )
    };
    check(
        &receipts("customer = 'Телефон'"),
        "m.toml:8: receipts.fields.customer = \"Телефон\": this would bring a phone",
    );
    check(&receipts("card = 'holder_name'"), &refused("a name"));
    check(
        "[products]\nfiles = 'a.csv'\n[products.fields]\nid = 'i'\nname = 'name'\nsupplier = 'inn'",
        "a.csv",
    );
}

#[test]
fn the_mapping_of_the_public_data_is_understood() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/complete-journey/mapping.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let mapping = Mapping::read(&path, &text, |_| Some("/data".to_owned())).unwrap();
    assert_eq!(mapping.feeds.len(), 7);
    assert_eq!(mapping.feeds[0].files, [Path::new("/data/transactions.parquet")]);
}
