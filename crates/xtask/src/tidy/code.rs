//! Rules about the code of Rust files.

use super::source::{Kind, Source, Token};

/// The crates that take values and return values.
const PURE: [&str; 10] = [
    "retail",
    "demo",
    "ledger",
    "membership",
    "portrait",
    "models",
    "pricing",
    "experiment",
    "offers",
    "decide",
];

const FUNCTION_LINES_MAX: usize = 70;

/// Clocks, files, sockets, environment and async in the pure crates, outside tests.
pub fn impure(source: &Source) -> Vec<(usize, String)> {
    let pure = source.crate_name().is_some_and(|name| PURE.contains(&name));
    if !pure || !source.is_rust() {
        return Vec::new();
    }
    product(source)
        .filter_map(|at| Some((source.code[at].line, world(&source.code, at)?)))
        .collect()
}

/// What of the outside world is touched at this position, if anything.
fn world(code: &[Token], at: usize) -> Option<String> {
    const MODULES: [&str; 5] = ["fs", "net", "env", "process", "thread"];
    const NAMES: [&str; 7] =
        ["SystemTime", "File", "OpenOptions", "TcpStream", "UdpSocket", "tokio", "thread_rng"];
    let text = code[at].text;
    let follows =
        |offset: usize, mark: &str| code.get(at + offset).is_some_and(|t| t.is_mark(mark));
    if code[at].kind != Kind::Word {
        return None;
    }
    if text == "std" && follows(1, ":") && follows(2, ":") {
        return imported(&code[at + 3..])
            .find(|name| MODULES.contains(name))
            .map(|name| format!("`std::{name}`"));
    }
    if text == "now" && at > 0 && code[at - 1].is_mark(":") && follows(1, "(") {
        return Some("`::now()`".to_owned());
    }
    let named = NAMES.contains(&text) && follows(1, ":") && follows(2, ":");
    (named || text == "async").then(|| format!("`{text}`"))
}

/// The first names of a path or of each path in a group: `fs` and `net` of `{fs, net::IpAddr}`.
fn imported<'a>(code: &'a [Token<'a>]) -> impl Iterator<Item = &'a str> {
    let grouped = code.first().is_some_and(|token| token.is_mark("{"));
    let mut depth = 0_usize;
    let mut leads = true;
    code.iter()
        .take_while(move |token| {
            match token.text {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if grouped { depth > 0 } else { token.kind == Kind::Word }
        })
        .filter(move |token| {
            let first = token.kind == Kind::Word && leads;
            leads = matches!(token.text, "{" | ",");
            first
        })
        .map(|token| token.text)
}

/// `unwrap()` outside tests.
pub fn unwraps(source: &Source) -> Vec<(usize, String)> {
    product(source)
        .filter(|&at| {
            source.code[at].is_word("unwrap")
                && at > 0
                && source.code[at - 1].is_mark(".")
                && source.code.get(at + 1).is_some_and(|token| token.is_mark("("))
        })
        .map(|at| (source.code[at].line, "`.unwrap()`".to_owned()))
        .collect()
}

/// Functions that do not fit a screen. Tests are spared: a table of cases may be long.
pub fn long_functions(source: &Source) -> Vec<(usize, String)> {
    let code = &source.code;
    let named = |at: usize| code.get(at + 1).filter(|name| name.kind == Kind::Word);
    product(source)
        .filter(|&at| code[at].is_word("fn"))
        .filter_map(|at| {
            let name = named(at)?;
            let open = body(source, at)?;
            let end = source.close(open) - 1;
            let lines = code[end].line - code[at].line + 1;
            (lines > FUNCTION_LINES_MAX)
                .then(|| (code[at].line, format!("`{}` has {lines} lines", name.text)))
        })
        .collect()
}

/// The position of the brace that opens the body of the function at `at`, if it has one.
fn body(source: &Source, at: usize) -> Option<usize> {
    let mut at = at;
    while at < source.code.len() {
        let token = &source.code[at];
        match token.text {
            "{" if token.kind == Kind::Mark => return Some(at),
            ";" if token.kind == Kind::Mark => return None,
            "(" | "[" if token.kind == Kind::Mark => at = source.close(at),
            _ => at += 1,
        }
    }
    None
}

/// Tests that are switched off without a word.
pub fn silent_ignores(source: &Source) -> Vec<(usize, String)> {
    source
        .code
        .windows(4)
        .filter(|w| w.iter().zip(["#", "[", "ignore", "]"]).all(|(token, text)| token.text == text))
        .map(|w| (w[0].line, "`#[ignore]` without a reason".to_owned()))
        .collect()
}

/// A crate's root that does not say what the crate is.
pub fn undocumented_crate(source: &Source) -> Vec<(usize, String)> {
    let root = source.crate_name().is_some()
        && ["/src/lib.rs", "/src/main.rs"].iter().any(|end| source.path.ends_with(end));
    if root && !source.text.trim_start().starts_with("//!") {
        return vec![(1, "no description of the crate".to_owned())];
    }
    Vec::new()
}

/// Statements of ours where no SQL belongs: files by their ending, texts by their first words.
pub fn stray_sql(source: &Source) -> Vec<(usize, String)> {
    let home =
        ["crates/store/", "crates/insight/", "crates/xtask/", "bench/", "docs/", "examples/"];
    if home.iter().any(|home| source.path.starts_with(home)) {
        return Vec::new();
    }
    if source.path.ends_with(".sql") {
        return vec![(0, "a statement".to_owned())];
    }
    product(source)
        .map(|at| &source.code[at])
        .filter(|token| token.kind == Kind::Text && is_statement(token.text))
        .map(|token| (token.line, format!("`{}`", first_words(token.text))))
        .collect()
}

/// Whether a text reads like a statement: its keyword in one case, and the word that goes with it.
fn is_statement(text: &str) -> bool {
    let keyword = text.split_whitespace().next().unwrap_or_default();
    let one_case = keyword == keyword.to_uppercase() || keyword == keyword.to_lowercase();
    let lower = text.to_lowercase();
    let words: Vec<_> = lower.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let statement = match (words.first().copied(), words.get(1).copied()) {
        (Some("select"), _) => has("from"),
        (Some("update"), _) => has("set"),
        (Some("insert"), Some("into")) | (Some("delete"), Some("from")) => true,
        (Some("create" | "drop" | "alter"), Some("table" | "index" | "view")) => true,
        _ => false,
    };
    one_case && statement
}

fn first_words(text: &str) -> String {
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Positions of the code that is not a test.
fn product<'a>(source: &'a Source) -> impl Iterator<Item = usize> + 'a {
    (0..source.code.len()).filter(|&at| !source.in_test(at))
}
