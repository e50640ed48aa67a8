//! Rules about crates: which may use which, and where dependencies are described.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Problem;

/// Which of our crates each may use. An arrow that is not here is not there.
const ARROWS: &[(&str, &[&str])] = &[
    ("retail", &[]),
    ("demo", &["retail"]),
    ("sources", &["retail"]),
    ("lake", &["retail"]),
    ("ledger", &["retail"]),
    ("membership", &["retail"]),
    ("store", &["retail", "ledger", "membership"]),
    ("portrait", &["retail"]),
    ("models", &["retail", "portrait"]),
    ("pricing", &["retail"]),
    ("experiment", &["retail"]),
    ("offers", &["retail", "portrait", "models", "experiment"]),
    ("decide", &["retail", "membership", "portrait", "models", "pricing", "experiment", "offers"]),
    ("mediator", &["retail"]),
    ("channels", &["retail", "membership"]),
    ("insight", &["retail", "lake"]),
    (
        "programme",
        &[
            "retail",
            "demo",
            "sources",
            "lake",
            "ledger",
            "membership",
            "store",
            "portrait",
            "models",
            "pricing",
            "experiment",
            "offers",
            "decide",
            "mediator",
            "channels",
            "insight",
        ],
    ),
    ("server", &["programme", "retail"]),
    ("cluster", &["insight", "portrait", "lake"]),
    ("xtask", &[]),
];

/// What the tests and benches of any crate may use besides: a shop, a reader and a place for its
/// receipts, a database and what is kept in it.
const TEST_ARROWS: [&str; 6] = ["demo", "sources", "lake", "ledger", "membership", "store"];

/// Where each dependency is named with its reason.
const LIST: &str = "docs/DEPENDENCIES.md";

/// Problems of the manifests, and of the list of dependencies.
///
/// # Errors
/// When a manifest is missing or no TOML.
pub fn problems(root: &Path, files: &[(String, String)]) -> Result<Vec<Problem>> {
    let workspace = fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?;
    let dependencies = workspace_dependencies(&workspace)?;
    let mut problems = Vec::new();
    for (path, text) in files {
        if let Some(name) = crate_of(path) {
            let manifest: Table = toml::from_str(text).with_context(|| path.clone())?;
            problems.extend(manifest_problems(path, name, text, &manifest));
        }
    }
    let list = files.iter().find(|(path, _)| path == LIST).map_or("", |(_, text)| text.as_str());
    problems.extend(list_problems(&dependencies, list));
    Ok(problems)
}

/// The crate whose manifest this path is.
fn crate_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
    (!name.contains('/')).then_some(name)
}

/// Names of the outside dependencies of the workspace; our own crates are known by their path.
fn workspace_dependencies(text: &str) -> Result<Vec<String>> {
    let manifest: Table = toml::from_str(text).context("Cargo.toml")?;
    let table = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .context("Cargo.toml has no [workspace.dependencies]")?;
    let outside = |value: &Value| value.get("path").is_none();
    Ok(table.iter().filter(|(_, value)| outside(value)).map(|(name, _)| name.clone()).collect())
}

fn manifest_problems(path: &str, name: &str, text: &str, manifest: &Table) -> Vec<Problem> {
    let problem = |rule, key: &str, message: String| Problem {
        path: path.to_owned(),
        line: line_of(text, key),
        rule,
        message,
    };
    let mut problems = Vec::new();
    let Some((_, may_use)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        let message = format!(
            "`{name}` is no crate of the house: find its place in ARCHITECTURE.md first, then in \
             the table of arrows here"
        );
        return vec![problem("arrow", "name", message)];
    };
    for (table, dependency, value) in dependencies(manifest) {
        let ours = ARROWS.iter().any(|(known, _)| *known == dependency);
        let test = table == "dev-dependencies" && TEST_ARROWS.contains(&dependency);
        if ours && !test && !may_use.contains(&dependency) {
            let message = format!(
                "`{name}` may not use `{dependency}`: data flows one way; pass a value, or let \
                 `programme` call both"
            );
            problems.push(problem("arrow", dependency, message));
        }
        if !is_inherited(value) {
            let message = format!(
                "write `{dependency}.workspace = true`; version, features and path stand in \
                 [workspace.dependencies] of the root manifest"
            );
            problems.push(problem("manifest", dependency, message));
        }
    }
    if manifest.contains_key("features") {
        let message = "no feature flags: each of them doubles the house".to_owned();
        problems.push(problem("manifest", "[features]", message));
    }
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(Value::as_bool) != Some(true) {
        let message = "write `[lints]` with `workspace = true`".to_owned();
        problems.push(problem("manifest", "[lints]", message));
    }
    problems
}

/// Table, name and value of every dependency, those of single targets as well.
fn dependencies(manifest: &Table) -> Vec<(&'static str, &str, &Value)> {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut found = Vec::new();
    for holder in std::iter::once(manifest).chain(of_targets) {
        for table in TABLES {
            let entries = holder.get(table).and_then(Value::as_table);
            let entries = entries.into_iter().flatten();
            found.extend(entries.map(|(name, value)| (table, name.as_str(), value)));
        }
    }
    found
}

/// Whether a dependency says `workspace = true` and nothing else.
fn is_inherited(value: &Value) -> bool {
    let table = value.as_table();
    table.is_some_and(|table| {
        table.len() == 1 && table.get("workspace").and_then(Value::as_bool) == Some(true)
    })
}

/// The line that begins with a key; 0 where there is none.
fn line_of(text: &str, key: &str) -> usize {
    let begins = |line: &str| {
        let rest = line.strip_prefix(key);
        rest.is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || "-_".contains(c))
        })
    };
    text.lines().position(begins).map_or(0, |at| at + 1)
}

/// Dependencies without a reason, and reasons without a dependency.
fn list_problems(dependencies: &[String], list: &str) -> Vec<Problem> {
    let named: BTreeSet<&str> = list.lines().filter_map(listed).collect();
    let problem = |path: &str, message: String| Problem {
        path: path.to_owned(),
        line: 0,
        rule: "dependency-list",
        message,
    };
    let missing = dependencies.iter().filter(|name| !named.contains(name.as_str()));
    let missing = missing.map(|name| {
        problem("Cargo.toml", format!("`{name}` has no line in {LIST}: say why it is here"))
    });
    let gone = named.iter().filter(|name| !dependencies.iter().any(|known| known == *name));
    let gone = gone.map(|name| {
        problem(LIST, format!("`{name}` is not in [workspace.dependencies]: take its line out"))
    });
    missing.chain(gone).collect()
}

/// The dependency a line of a table or list is about: the name in backticks it begins with.
fn listed(line: &str) -> Option<&str> {
    let entry = line.trim_start().strip_prefix(['|', '-'])?;
    entry.trim_start().strip_prefix('`')?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Problems of a manifest with these lines, as `rule at line`.
    fn found(name: &str, lines: &str) -> Vec<String> {
        let text = format!("{lines}\n[lints]\nworkspace = true\n");
        let manifest = toml::from_str(&text).unwrap();
        let problems = manifest_problems("Cargo.toml", name, &text, &manifest);
        problems.into_iter().map(|problem| format!("{} {}", problem.rule, problem.line)).collect()
    }

    #[test]
    fn manifests_keep_the_arrows_and_inherit_everything() {
        #[rustfmt::skip]
        let cases = [
            ("models", "[dependencies]\nportrait.workspace = true", ""),
            ("portrait", "[dependencies]\nmodels.workspace = true", "arrow 2"),
            ("lake", "[build-dependencies]\nserver.workspace = true", "arrow 2"),
            ("lake", "[dev-dependencies]\ndemo.workspace = true", ""),
            ("lake", "[dev-dependencies]\nportrait.workspace = true", "arrow 2"),
            ("lake", "[dependencies]\n\ndemo.workspace = true", "arrow 3"),
            ("drawer", "name = \"drawer\"", "arrow 1"),
            ("lake", "[dependencies]\nbytes = \"1\"", "manifest 2"),
            ("lake", "[dependencies]\nbytes = { workspace = true, features = [\"serde\"] }", "manifest 2"),
            ("lake", "[dependencies]\nbytes = { workspace = true, optional = true }", "manifest 2"),
            ("lake", "[target.'cfg(unix)'.dependencies]\nlibc = \"1\"", "manifest 2"),
            ("lake", "[features]\nfast = []", "manifest 1"),
        ];
        for (name, lines, expected) in cases {
            assert_eq!(found(name, lines).join(", "), expected, "{name}: {lines}");
        }
        let bare = manifest_problems("Cargo.toml", "lake", "", &Table::new());
        assert_eq!(bare.len(), 1, "a crate without the workspace's lints");
    }

    #[test]
    fn arrows_name_known_crates_and_run_one_way() {
        let position = |name: &str| ARROWS.iter().position(|(known, _)| *known == name);
        for (name, uses) in ARROWS {
            for used in *uses {
                // Each crate stands in the table below all it uses, so there is no way round.
                assert!(position(used).unwrap() < position(name).unwrap(), "{name} uses {used}");
            }
        }
    }

    #[test]
    fn every_dependency_has_its_reason() {
        let dependencies = ["csv".to_owned(), "clap".to_owned()];
        for (list, expected) in [
            ("| `csv` | reads |\n- `clap`: speaks", 0),
            ("| `csv` | reads |", 1),
            ("| `csv` | reads `x` |\n`anyhow` here\n| `clap` | |\n| `toml` | |", 1),
            ("", 2),
        ] {
            assert_eq!(list_problems(&dependencies, list).len(), expected, "{list}");
        }
    }

    #[test]
    fn our_own_crates_need_no_reason() {
        let text = "[workspace.dependencies]\nretail = { path = \"crates/retail\" }\ncsv = \"1\"\n";
        assert_eq!(workspace_dependencies(text).unwrap(), ["csv"]);
    }
}
