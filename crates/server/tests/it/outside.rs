//! Other tools read the live files: DuckDB and pandas, through Python.

use std::process::Command;

use super::fixture::{Shop, rows, skip};

/// Sums by another tool over the live list; dead versions of receipts are left out as docs/LAKE.md says.
const DUCKDB: &str = r#"
import sys, json, duckdb
files = json.load(sys.stdin)
of = lambda what: [f["path"] for f in files if f["holds"] == what]
lines, dead = of("lines by-customer"), of("dead")
query = f"SELECT count(*), sum(net) FROM read_parquet({lines}) lines"
if dead:
    query += f" ANTI JOIN read_parquet({dead}) dead USING (receipt, version)"
((count, net),) = duckdb.sql(query).fetchall()
print(count, int(net))
"#;

const PANDAS: &str = r#"
import sys, json, pandas
files = json.load(sys.stdin)
read = lambda what: [pandas.read_parquet(f["path"]) for f in files if f["holds"] == what]
lines, dead = pandas.concat(read("lines by-customer")), read("dead")
if dead:
    gone = pandas.concat(dead).assign(gone=True)
    lines = lines.merge(gone, how="left", on=["receipt", "version"])
    lines = lines[lines.gone.isna()]
print(len(lines), int(lines.net.sum()))
"#;

fn ask(python: &str, script: &str, files: &str) -> String {
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), files.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn duckdb_and_pandas_see_the_same_sums_before_during_and_after_compaction() {
    let Ok(python) = std::env::var("PROFFER_PYTHON") else {
        return skip(
            "PROFFER_PYTHON names no Python with duckdb and pandas; `cargo xtask check` makes one",
        );
    };
    let shop = Shop::new();
    for part in 1..=3 {
        shop.import(&rows(part * 500).replace("p7,1,1.50", &format!("p7,1,{part}.25")));
    }
    let sums = shop.sums();
    let expected = format!("{} {}", sums.lines, sums.net);
    let older = shop.done(&["lake", "files", "--json"]);
    let mut compaction =
        shop.command(&["lake", "compact"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    for (tool, script) in [("DuckDB", DUCKDB), ("pandas", PANDAS)] {
        assert_eq!(
            ask(&python, script, &older),
            expected,
            "{tool}, live list from before compaction"
        );
    }
    assert!(compaction.wait().unwrap().success());
    let newer = shop.done(&["lake", "files", "--json"]);
    assert!(
        older.contains("\"dead\"") && !newer.contains("\"dead\""),
        "replaced receipts were dropped"
    );
    for (tool, script) in [("DuckDB", DUCKDB), ("pandas", PANDAS)] {
        assert_eq!(ask(&python, script, &newer), expected, "{tool}, after compaction");
        assert_eq!(ask(&python, script, &older), expected, "{tool}, older list after compaction");
    }
}
