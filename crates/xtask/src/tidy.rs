//! The rules of the house as code. A rule has a name, one piece of advice that says what to do
//! instead, and a function that finds where a file breaks it; rules about crates and dependencies
//! read `cargo metadata` and the manifests.
//!
//! A new rule is one line in [`RULES`], one function, and one line of cases in the tests below.

mod code;
mod layout;
mod licence;
mod names;
mod source;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use source::Source;

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Relative to the root.
    pub path: String,
    /// From 1; 0 where the rule is about the whole file.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What was found, and what to do instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, message } = self;
        match line {
            0 => write!(f, "{path}: {rule}: {message}"),
            line => write!(f, "{path}:{line}: {rule}: {message}"),
        }
    }
}

/// A rule about one file: it looks at the source and returns lines with what was found there.
struct Rule {
    name: &'static str,
    advice: &'static str,
    find: fn(&Source) -> Vec<(usize, String)>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "pure",
        advice: "a pure crate is given values: take `as_of`, rows or a reader from the caller, and \
                 leave clocks, files, sockets and async to `programme`, `sources` or `lake`",
        find: code::impure,
    },
    Rule {
        name: "unwrap",
        advice: "return the error, or `expect` with the reason why it cannot happen",
        find: code::unwraps,
    },
    Rule {
        name: "function-length",
        advice: "a function fits a screen of 70 lines: branch here, compute in smaller functions",
        find: code::long_functions,
    },
    Rule {
        name: "file-length",
        advice: "a file has at most 800 lines: find the second noun in it and give it its own file",
        find: text::long_file,
    },
    Rule {
        name: "ignore",
        advice: "write `#[ignore = \"why\"]`; better, skip aloud inside the test",
        find: code::silent_ignores,
    },
    Rule {
        name: "crate-doc",
        advice: "a crate opens with `//!`: what it owns, what it never does, where to start",
        find: code::undocumented_crate,
    },
    Rule {
        name: "sql",
        advice: "statements of ours live in `store` and `insight`, one file each; call a function",
        find: code::stray_sql,
    },
    Rule {
        name: "banned-name",
        advice: "use the trade's word: receipt for a completed purchase, basket before it is paid, \
                 transfer for moving money, sort_order for an ordering",
        find: names::banned,
    },
    Rule {
        name: "drawer",
        advice: "a module is named after the noun it holds, not after its being handy",
        find: names::drawers,
    },
    Rule {
        name: "todo",
        advice: "do it now, or write it down where work is planned",
        find: text::todos,
    },
    Rule {
        name: "machine-path",
        advice: "a path of one machine means nothing on another: take it from a setting, an \
                 argument, or the system's temporary folder",
        find: text::machine_paths,
    },
    Rule {
        name: "registry-host",
        advice: "packages come through the ordinary client of their registry; name the package, \
                 not the host",
        find: text::registry_hosts,
    },
];

/// Every problem of the tree at `root`, in order of path and line.
///
/// # Errors
/// When the tree, a manifest or `cargo metadata` cannot be read.
pub fn problems(root: &Path) -> Result<Vec<Problem>> {
    let files = files(root)?;
    let mut problems = Vec::new();
    let test_files = test_files(&files);
    for (path, text) in &files {
        let source = Source::new(path, text, test_files.contains(path.as_str()));
        problems.extend(RULES.iter().flat_map(|rule| broken(rule, &source)));
    }
    problems.extend(layout::problems(root, &files)?);
    problems.extend(licence::problems(root)?);
    problems.sort();
    Ok(problems)
}

/// Prints every problem, then fails if there was one.
///
/// # Errors
/// When a rule is broken or the tree cannot be read.
pub fn run(root: &Path) -> Result<()> {
    let problems = problems(root)?;
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("one place breaks a rule of the house"),
        count => bail!("{count} places break rules of the house"),
    }
}

fn broken(rule: &Rule, source: &Source) -> Vec<Problem> {
    let problem = |(line, found): (usize, String)| Problem {
        path: source.path.to_owned(),
        line,
        rule: rule.name,
        message: format!("{found}: {}", rule.advice),
    };
    (rule.find)(source).into_iter().map(problem).collect()
}

/// Files that are modules of tests only, declared under `#[cfg(test)]` in another file.
fn test_files(files: &[(String, String)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let folder = match path.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder,
            _ => path.trim_end_matches(".rs"),
        };
        for module in Source::new(path, text, false).test_modules() {
            found.insert(format!("{folder}/{module}.rs"));
            found.insert(format!("{folder}/{module}/mod.rs"));
        }
    }
    found
}

/// Path and text of every text file of ours, in order of path: what is built, fetched or locked is
/// left out.
fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let relative = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let name = relative.rsplit('/').next().unwrap_or_default();
            if path.is_dir() && !path.is_symlink() {
                let foreign =
                    matches!(name, "target" | "node_modules" | "dist" | "programme" | ".git");
                if relative == "crates/programme" || !foreign {
                    folders.push(path);
                }
            } else if is_ours(name) {
                // What is not UTF-8 is not source.
                if let Ok(text) = fs::read_to_string(&path) {
                    found.push((relative, text));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file of this name is written by us: source, text or a script without an ending.
fn is_ours(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "rs", "sql", "ts", "svelte", "js", "html", "css", "py", "sh", "md", "toml", "txt", "json",
        "yml", "yaml",
    ];
    match name.rsplit_once('.') {
        _ if name.starts_with("LICENSE") || name.ends_with("-lock.json") => false,
        Some((stem, ending)) => stem.is_empty() || ENDINGS.contains(&ending),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule, path, a text that keeps it, a text that breaks it; an empty one is no case.
    #[rustfmt::skip]
    const CASES: &[(&str, &str, &str, &str)] = &[
        ("pure", "crates/retail/src/a.rs", "use std::fmt;", "use std::fs;"),
        ("pure", "crates/retail/src/a.rs", "use std::{fmt, io};", "use std::{fmt, net::IpAddr};"),
        ("pure", "crates/models/src/a.rs", "fn f(now: Instant) {}", "let t = Instant::now();"),
        ("pure", "crates/demo/src/a.rs", "// File::open\n", "let f = File::open(path)?;"),
        ("pure", "crates/offers/src/a.rs", "\"tokio\";", "use tokio::sync;"),
        ("pure", "crates/offers/src/a.rs", "fn f() {}", "async fn f() {}"),
        ("pure", "crates/portrait/src/a.rs", "#[cfg(test)] mod t { use std::fs; }", "use std::env;"),
        ("unwrap", "crates/lake/src/a.rs", "x.unwrap_or(1);", "x.unwrap();"),
        ("unwrap", "crates/lake/src/a.rs", "#[test] fn f() { x.unwrap(); }", "fn f() { x.unwrap() }"),
        ("ignore", "crates/lake/src/a.rs", "#[ignore = \"slow\"] fn f() {}", "#[ignore] fn f() {}"),
        ("crate-doc", "crates/lake/src/lib.rs", "//! Receipts.\n", "mod a;"),
        ("sql", "crates/lake/src/a.rs", "let a = \"Select from the list\";", "let a = \"SELECT a FROM b\";"),
        ("sql", "crates/lake/src/a.rs", "let a = \"Update\";", "let a = \" update b set c = 1\";"),
        ("sql", "crates/lake/src/a.rs", "#[test] fn f() { \"DELETE FROM b\"; }", "\"DELETE FROM b\";"),
        ("sql", "bench/a.sql", "select 1", ""),
        ("sql", "crates/lake/a.sql", "", "select 1"),
        ("banned-name", "crates/lake/src/a.rs", "struct Receipt { at: i64 }", "struct Order { at: i64 }"),
        ("banned-name", "crates/lake/src/a.rs", "use std::cmp::Ordering;", "enum CheckKind { A }"),
        ("banned-name", "crates/lake/src/a.rs", "struct A { sort_orders: u8 }", "struct A { pub order_id: u8 }"),
        ("banned-name", "crates/lake/src/a.rs", "fn check(order: u8) {}", "struct A { a: u8, transactions: u8 }"),
        ("banned-name", "crates/lake/src/a.rs", "enum A { Receipt { at: u8 } }", "enum A { B, Transaction(u8) }"),
        ("banned-name", "crates/lake/src/a.rs", "struct A { checksum: u8 }", "type Checks = Vec<u8>;"),
        ("banned-name", "crates/server/src/a.rs", "let a = \"/receipts/{id}\";", "let a = \"/v1/orders/{id}\";"),
        ("banned-name", "crates/store/sql/a.sql", "CREATE TABLE card (id TEXT)", "CREATE TABLE orders (id TEXT)"),
        ("banned-name", "crates/store/sql/a.sql", "CREATE TABLE a (\n b TEXT,\n CHECK (b > 0))", "CREATE TABLE a (\n b TEXT,\n order_id TEXT)"),
        ("banned-name", "ui/src/a.ts", "interface Receipt {}", "export interface Order {}"),
        ("drawer", "crates/lake/src/a.rs", "mod storage;", "mod utils;"),
        ("todo", "crates/lake/src/a.rs", "let a = \"TODO\"; // mastodon", "// TODO later"),
        ("todo", "crates/lake/src/a.rs", "fn todo() {}", "fn f() { todo!() }"),
        ("todo", "docs/A.md", "a list", "FIXME: a list"),
        ("machine-path", "docs/A.md", "cd target/tmp/x; ls ./home/", "cd /tmp/x"),
        ("machine-path", "crates/lake/src/a.rs", "#[test] fn f() { \"/tmp/x\"; }", "let a = \"/home/me/x\";"),
        ("registry-host", "docs/A.md", "published in a registry", concat!("see https://crates", ".io/x")),
    ];

    #[test]
    fn each_rule_tells_good_from_bad() {
        for (name, path, good, bad) in CASES {
            let rule = RULES.iter().find(|rule| rule.name == *name).expect("a known rule");
            let found = |text| broken(rule, &Source::new(path, text, false));
            assert_eq!(if good.is_empty() { vec![] } else { found(good) }, [], "{name}: {good}");
            assert!(bad.is_empty() || !found(bad).is_empty(), "{name}: {bad}");
        }
        for rule in RULES.iter().filter(|rule| !rule.name.ends_with("-length")) {
            assert!(CASES.iter().any(|case| case.0 == rule.name), "{} has a case", rule.name);
        }
    }

    #[test]
    fn lengths_are_counted_in_lines() {
        let body = |lines: usize| format!("fn a() {{\n{}}}\n", "b();\n".repeat(lines - 2));
        for (rule, text, expected) in [
            ("function-length", body(70), false),
            ("function-length", body(71), true),
            ("function-length", format!("#[test]\n{}", body(71)), false),
            ("file-length", "\n".repeat(800), false),
            ("file-length", "\n".repeat(801), true),
        ] {
            let found = RULES.iter().find(|known| known.name == rule).expect("a known rule");
            let source = Source::new("crates/lake/src/a.rs", &text, false);
            assert_eq!(!broken(found, &source).is_empty(), expected, "{rule}");
        }
    }

    #[test]
    fn a_problem_names_place_rule_and_remedy() {
        let source = Source::new("crates/lake/src/a.rs", "\nx.unwrap();", false);
        let found: Vec<_> = RULES.iter().flat_map(|rule| broken(rule, &source)).collect();
        assert_eq!(
            found[0].to_string(),
            "crates/lake/src/a.rs:2: unwrap: `.unwrap()`: return the error, or `expect` with the \
             reason why it cannot happen"
        );
    }

    #[test]
    fn drawers_are_found_by_path_too() {
        for (path, expected) in [
            ("crates/lake/src/storage.rs", 0),
            ("crates/common/src/lib.rs", 1),
            ("ui/src/lib/helpers.ts", 1),
        ] {
            assert_eq!(names::drawers(&Source::new(path, "", false)).len(), expected, "{path}");
        }
    }
}
