//! Rules about names: the trade's words, and nouns instead of drawers.

use super::source::{Kind, Source, Token};

/// Words that mean something else in this trade, or too much.
const BANNED: [&str; 6] = ["order", "orders", "check", "checks", "transaction", "transactions"];

const DRAWERS: [&str; 9] =
    ["common", "util", "utils", "helper", "helpers", "types", "service", "services", "manager"];

/// Types, variants, fields, tables, columns and routes with a banned word in their name. The
/// developer's own commands are no trade.
pub fn banned(source: &Source) -> Vec<(usize, String)> {
    if source.crate_name() == Some("xtask") || source.path.starts_with("bench/") {
        return Vec::new();
    }
    let found: Vec<(usize, &str)> = match source.path.rsplit('.').next() {
        Some("rs") => rust_names(source).into_iter().chain(routes(source)).collect(),
        Some("sql") => table_names(source.text),
        Some("ts" | "svelte") => script_names(source.text),
        _ => Vec::new(),
    };
    found
        .into_iter()
        .filter_map(|(line, name)| {
            let word = banned_word(name)?;
            Some((line, format!("`{word}` in `{name}`")))
        })
        .collect()
}

/// The banned word in a name, whole words only: an order of sorting is none.
fn banned_word(name: &str) -> Option<String> {
    let words = words(name);
    let banned = |at: usize| {
        let sorting = at > 0 && words[at - 1] == "sort" && words[at].starts_with("order");
        BANNED.contains(&words[at].as_str()) && !sorting
    };
    (0..words.len()).find(|&at| banned(at)).map(|at| words[at].clone())
}

/// The words of `snake_case`, `CamelCase` or a route, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower = false;
    for c in name.chars() {
        let starts = words.is_empty() || (c.is_uppercase() && lower);
        if starts || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Names of types, and of the variants and fields inside them.
fn rust_names<'a>(source: &Source<'a>) -> Vec<(usize, &'a str)> {
    let code = &source.code;
    let mut found = Vec::new();
    for at in 0..code.len().saturating_sub(1) {
        let keyword = code[at].text;
        let defines = matches!(keyword, "struct" | "enum" | "union" | "trait" | "type")
            && code[at].kind == Kind::Word
            && code[at + 1].kind == Kind::Word;
        if !defines {
            continue;
        }
        found.push((code[at + 1].line, code[at + 1].text));
        let open = (at..code.len()).find(|&at| matches!(code[at].text, "{" | ";" | "=" | "("));
        if let (Some(open), "struct" | "enum" | "union") = (open, keyword)
            && code[open].is_mark("{")
        {
            let inside = &code[open..source.close(open)];
            found.extend(members(inside, keyword == "enum"));
        }
    }
    found
}

/// Fields at any depth, and variants at the first, of a type's body in its braces.
fn members<'a>(body: &[Token<'a>], variants: bool) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in body.iter().enumerate() {
        match token.text {
            "{" | "(" | "[" if token.kind == Kind::Mark => depth += 1,
            "}" | ")" | "]" if token.kind == Kind::Mark => depth = depth.saturating_sub(1),
            _ => {}
        }
        let mark =
            |offset: usize, text: &str| body.get(at + offset).is_some_and(|t| t.is_mark(text));
        let after = |texts: &[&str]| at > 0 && texts.contains(&body[at - 1].text);
        let field = mark(1, ":") && !mark(2, ":") && !after(&[":"]);
        let variant = variants && depth == 1 && after(&["{", ",", "]"]);
        if token.kind == Kind::Word && (field || variant) {
            found.push((token.line, token.text));
        }
    }
    found
}

/// Texts that look like routes, in the crate that speaks HTTP.
fn routes<'a>(source: &Source<'a>) -> Vec<(usize, &'a str)> {
    let route = |token: &&Token| token.kind == Kind::Text && token.text.starts_with('/');
    match source.crate_name() {
        Some("server") => source.code.iter().filter(route).map(|t| (t.line, t.text)).collect(),
        _ => Vec::new(),
    }
}

/// Names of the tables a script creates, and of their columns, one at the beginning of a line.
fn table_names(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut creating = false;
    for (at, line) in text.lines().enumerate() {
        let mut words =
            line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        if first.eq_ignore_ascii_case("create") {
            creating = true;
            let name = words.find(|word| {
                let known = ["TABLE", "UNIQUE", "INDEX", "VIEW", "IF", "NOT", "EXISTS", "TEMP"];
                !known.contains(&word.to_uppercase().as_str())
            });
            found.extend(name.map(|name| (at + 1, name)));
        } else if creating && !first.is_empty() {
            let constraint =
                ["CHECK", "CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "ORDER", "SELECT"]
                    .contains(&first.to_uppercase().as_str());
            found.extend((!constraint).then_some((at + 1, first)));
        }
        creating &= !line.contains(';');
    }
    found
}

/// Names of types in TypeScript.
fn script_names(text: &str) -> Vec<(usize, &str)> {
    let name = |line: &'_ str| -> Option<(usize, usize)> {
        let keyword =
            ["interface ", "type ", "class ", "enum "].into_iter().find_map(|keyword| {
                let declared = line.trim_start().trim_start_matches("export ");
                declared.starts_with(keyword).then(|| line.len() - declared.len() + keyword.len())
            })?;
        let rest = &line[keyword..];
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        Some((keyword, keyword + end))
    };
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| name(line).map(|(from, to)| (at + 1, &line[from..to])))
        .collect()
}

/// Crates and modules named after their being handy: by path, and where they are declared.
pub fn drawers(source: &Source) -> Vec<(usize, String)> {
    let code = source.path.starts_with("crates/") || source.path.starts_with("ui/src/");
    let parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let by_path =
        parts.filter(|part| code && DRAWERS.contains(part)).map(|part| (0, format!("`{part}`")));
    let declared = source.code.windows(2).filter_map(|pair| {
        let drawer = pair[0].is_word("mod") && DRAWERS.contains(&pair[1].text);
        drawer.then(|| (pair[1].line, format!("`mod {}`", pair[1].text)))
    });
    by_path.chain(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        for (name, expected) in [
            ("order_id", "order id"),
            ("CheckKind", "check kind"),
            ("checksum", "checksum"),
            ("Ordering", "ordering"),
            ("/v1/orders/{id}", "v 1 orders id"),
            ("SortOrder", "sort order"),
        ] {
            // Digits stay with the letters before them.
            assert_eq!(words(name).join(" "), expected.replace("v 1", "v1"), "{name}");
        }
    }
}
