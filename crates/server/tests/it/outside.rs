//! Other tools read the live files: DuckDB and pandas, through Python.

use std::process::{Command, Stdio};

use super::fixture::{HEADER, MAPPING, Shop, rows, skip, soak};

/// Count and sum of each order by another tool over the live list; dead versions of receipts are left out
/// as docs/LAKE.md says.
const DUCKDB: &str = r#"
import sys, json, duckdb
files = json.load(sys.stdin)
of = lambda what: [f["path"] for f in files if f["holds"] == what]
dead = of("dead")
for order in ["by-customer", "by-category"]:
    query = f"SELECT count(*), sum(net) FROM read_parquet({of('lines ' + order)}) lines"
    if dead:
        query += f" ANTI JOIN read_parquet({dead}) dead USING (receipt, version)"
    ((count, net),) = duckdb.sql(query).fetchall()
    print(count, int(net))
"#;

const PANDAS: &str = r#"
import sys, json, pandas
files = json.load(sys.stdin)
read = lambda what: [pandas.read_parquet(f["path"]) for f in files if f["holds"] == what]
dead = read("dead")
for order in ["by-customer", "by-category"]:
    lines = pandas.concat(read("lines " + order))
    if dead:
        gone = pandas.concat(dead).assign(gone=True)
        lines = lines.merge(gone, how="left", on=["receipt", "version"])
        lines = lines[lines.gone.isna()]
    print(len(lines), int(lines.net.sum()))
"#;

/// Sales of each category, a line each, from the order by category and from the order by customer.
const CATEGORIES: &str = r#"
import sys, json, duckdb
files = json.load(sys.stdin)
def live(what):
    read = lambda what: f"read_parquet({[f['path'] for f in files if f['holds'] == what]})"
    rows = f"SELECT * FROM {read(what)}"
    replaced = any(f["holds"] == "dead" for f in files) and what.startswith("lines")
    return f"({rows} ANTI JOIN {read('dead')} dead USING (receipt, version))" if replaced else f"({rows})"
sales = lambda name, tables: duckdb.sql(
    f"SELECT {name}, count(*), sum(net) FROM {tables} GROUP BY ALL ORDER BY ALL").fetchall()
print(*sales("names.id", f"""{live('lines by-category')} lines
    LEFT JOIN {live('dictionary category')} names ON lines.category = names.code"""), sep=";")
print(*sales("products.category", f"""{live('lines by-customer')} lines
    JOIN {live('dictionary product')} names ON lines.product = names.code
    LEFT JOIN {live('table products')} products ON products.product = names.id"""), sep=";")
"#;

const TOOLS: [(&str, &str); 2] = [("DuckDB", DUCKDB), ("pandas", PANDAS)];

/// The interpreter, where there is one.
fn python() -> Option<String> {
    let python = std::env::var("PROFFER_PYTHON").ok();
    if python.is_none() {
        skip(
            "PROFFER_PYTHON names no Python with duckdb and pandas; `cargo xtask check` makes one",
        );
    }
    python
}

fn ask(python: &str, script: &str, files: &str) -> String {
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), files.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Several runs, each of which replaces the receipts of those before it.
fn grown(shop: &Shop, receipts: u32) {
    for part in 1..=3 {
        shop.import(&rows(part * receipts).replace("p7,1,1.50", &format!("p7,1,{part}.25")));
    }
}

#[test]
fn duckdb_and_pandas_see_the_same_sums_before_during_and_after_compaction() {
    let Some(python) = python() else { return };
    let shop = Shop::new();
    grown(&shop, if soak() { 60_000 } else { 10_000 });
    let sums = shop.sums();
    let expected = format!("{0} {1}\n{0} {1}", sums.lines, sums.net);
    let files = || shop.done(&["lake", "files", "--json"]);
    let check = |when: &str, files: &str| {
        for (tool, script) in TOOLS {
            assert_eq!(ask(&python, script, files), expected, "{tool}, {when}");
        }
    };
    let older = files();
    check("before compaction", &older);
    let mut compaction = shop
        .command(&["lake", "compact"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // At least once: the list is asked for as soon as the compaction has begun.
    loop {
        let now = files();
        check("live list of now, during compaction", &now);
        check("live list from before, during compaction", &older);
        if let Some(status) = compaction.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
    }
    let newer = files();
    assert!(
        older.contains("\"dead\"") && !newer.contains("\"dead\""),
        "replaced receipts were dropped"
    );
    check("after compaction", &newer);
    check("live list from before, after compaction", &older);
}

#[test]
fn sales_of_categories_are_the_same_from_both_orders() {
    let Some(python) = python() else { return };
    let shop = Shop::new();
    let catalogue = "[products]\nfiles = \"products.csv\"\n[products.fields]\nid = \"id\"\ncategory = \"category\"\n";
    shop.write("catalogue.toml", catalogue);
    shop.write("mapping.toml", format!("{MAPPING}\n{catalogue}"));
    // A product without a category, one that the catalogue does not know, and the others in so many.
    let products = |categories: u32| -> String {
        let rows = (1..200).map(|product| match product {
            7 => "p7,\n".to_owned(),
            _ => format!("p{product},g{}\n", product % categories),
        });
        format!("id,category\n{}", rows.collect::<String>())
    };
    shop.write("products.csv", products(9));
    shop.write("receipts.csv", format!("{HEADER}{}", rows(1_000)));
    let check = |when: &str, categories: usize| {
        let told = ask(&python, CATEGORIES, &shop.done(&["lake", "files", "--json"]));
        let (by_category, by_customer) = told.split_once('\n').unwrap();
        assert_eq!(by_category, by_customer, "{when}");
        // One more for what lies under none.
        assert_eq!(by_category.split(';').count(), categories + 1, "{when}: {by_category}");
    };
    shop.done(&["import", "mapping.toml"]);
    check("imported together", 9);
    grown(&shop, 500);
    check("receipts came again", 9);
    shop.write("products.csv", products(11));
    shop.done(&["import", "catalogue.toml"]);
    check("products moved", 11);
    shop.done(&["lake", "compact"]);
    check("compacted", 11);
}
