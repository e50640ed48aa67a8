//! The licence of every dependency against the list in `deny.toml`, so that there is one list and
//! no tool to install.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use toml::{Table, Value};

use super::Problem;

/// Dependencies whose licence is not allowed.
///
/// # Errors
/// When `deny.toml` has no list, or cargo cannot name the dependencies.
pub fn problems(root: &Path) -> Result<Vec<Problem>> {
    let text = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    let allowed = Allowed::read(&text)?;
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cargo metadata --locked")?;
    Ok(refused(&metadata, &allowed))
}

fn refused(metadata: &Metadata, allowed: &Allowed) -> Vec<Problem> {
    let outside = metadata.packages.iter().filter(|package| package.source.is_some());
    outside
        .filter_map(|package| {
            let name = package.name.as_str();
            let message = allowed.refusal(name, package.license.as_deref())?;
            Some(Problem { path: "Cargo.lock".to_owned(), line: 0, rule: "licence", message })
        })
        .collect()
}

/// What `deny.toml` allows: licences for everybody, and exceptions for single packages.
struct Allowed {
    licences: Vec<String>,
    exceptions: Vec<(String, Vec<String>)>,
}

impl Allowed {
    fn read(text: &str) -> Result<Self> {
        let deny: Table = toml::from_str(text).context("deny.toml")?;
        let section = deny.get("licenses").and_then(Value::as_table);
        let section = section.context("deny.toml has no [licenses]")?;
        let exceptions = section.get("exceptions").and_then(Value::as_array);
        let exception = |entry: &Value| {
            let name = entry.get("crate").or_else(|| entry.get("name"))?.as_str()?;
            Some((name.to_owned(), texts(entry.get("allow"))))
        };
        Ok(Self {
            licences: texts(section.get("allow")),
            exceptions: exceptions.into_iter().flatten().filter_map(exception).collect(),
        })
    }

    /// Why a package's licence will not do; nothing where it will.
    fn refusal(&self, package: &str, licence: Option<&str>) -> Option<String> {
        let Some(licence) = licence else {
            return Some(format!("`{package}` names no licence: find one that does"));
        };
        let own = self.exceptions.iter().filter(|(name, _)| name == package);
        let own: Vec<_> = own.flat_map(|(_, licences)| licences).collect();
        let allows = |name: &str| {
            self.licences.iter().any(|known| known == name)
                || own.iter().any(|known| *known == name)
        };
        let message = match satisfied(licence, &allows) {
            Some(true) => return None,
            Some(false) => {
                "not in the list of deny.toml: find another package, or argue the \
                            licence in a commit that adds it"
            }
            None => "not an expression we can read: look at it, and make an exception in deny.toml",
        };
        Some(format!("`{package}` is under {licence}: {message}"))
    }
}

/// The texts of an array; none where it is absent.
fn texts(value: Option<&Value>) -> Vec<String> {
    let entries = value.and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with allowed licences; nothing where it cannot be read.
/// `AND` binds tighter than `OR`; the old `/` means `OR`; `X WITH Y` is one licence.
fn satisfied(expression: &str, allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    let value = either(&words, &mut at, allows)?;
    (at == words.len()).then_some(value)
}

fn either(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut value = both(words, at, allows)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        value |= both(words, at, allows)?;
    }
    Some(value)
}

fn both(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut value = single(words, at, allows)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        value &= single(words, at, allows)?;
    }
    Some(value)
}

fn single(words: &[&str], at: &mut usize, allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    match word {
        "(" => {
            let value = either(words, at, allows)?;
            let closed = words.get(*at) == Some(&")");
            *at += 1;
            closed.then_some(value)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        name if words.get(*at) == Some(&"WITH") => {
            let exception = words.get(*at + 1)?;
            *at += 2;
            Some(allows(&format!("{name} WITH {exception}")))
        }
        name => Some(allows(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_read_as_expressions() {
        let deny = "[licenses]\nallow = [\"MIT\", \"BSD-3-Clause\"]\n\
                    exceptions = [{ crate = \"odd\", allow = [\"MPL-2.0\"] }]\n";
        let allowed = Allowed::read(deny).unwrap();
        for (package, licence, good) in [
            ("a", Some("MIT"), true),
            ("a", Some("GPL-3.0 OR MIT"), true),
            ("a", Some("Unlicense/MIT"), true),
            ("a", Some("MIT AND BSD-3-Clause"), true),
            ("a", Some("MIT AND GPL-3.0"), false),
            ("a", Some("GPL-3.0 OR MIT AND BSD-3-Clause"), true),
            ("a", Some("(GPL-3.0 OR MIT) AND GPL-2.0"), false),
            ("a", Some("Apache-2.0 WITH LLVM-exception OR MIT"), true),
            ("a", Some("MIT WITH odd-exception"), false),
            ("a", Some("MPL-2.0"), false),
            ("odd", Some("MPL-2.0"), true),
            ("a", Some("MIT OR"), false),
            ("a", Some("MIT GPL"), false),
            ("a", None, false),
        ] {
            assert_eq!(allowed.refusal(package, licence).is_none(), good, "{package} {licence:?}");
        }
    }
}
