//! A source file cut into words, texts and marks, so that a rule never mistakes a comment or a
//! string for code, nor a test for the product.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword.
    Word,
    /// A number.
    Number,
    /// A string or character literal, without its quotes.
    Text,
    /// One character of punctuation.
    Mark,
    /// A comment with its slashes.
    Comment,
}

/// A piece of Rust source.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Line of its first character, from 1.
    pub line: usize,
}

impl Token<'_> {
    /// Whether it is this word.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    /// Whether it is this mark.
    pub fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// One file of the tree.
pub struct Source<'a> {
    /// Relative to the root, with `/`.
    pub path: &'a str,
    pub text: &'a str,
    /// Everything but comments; empty where the file is not Rust.
    pub code: Vec<Token<'a>>,
    /// The comments; empty where the file is not Rust.
    pub comments: Vec<Token<'a>>,
    // Of each token of `code`, whether it belongs to a test.
    tests: Vec<bool>,
}

impl<'a> Source<'a> {
    /// Cuts a file; `test` says that all of it is a test.
    pub fn new(path: &'a str, text: &'a str, test: bool) -> Self {
        let tokens = if path.ends_with(".rs") { tokens(text) } else { Vec::new() };
        let (comments, code): (Vec<_>, Vec<_>) =
            tokens.into_iter().partition(|token| token.kind == Kind::Comment);
        let mut tests = vec![test || is_test_path(path); code.len()];
        for (start, end) in test_items(&code) {
            tests[start..end].fill(true);
        }
        Self { path, text, code, comments, tests }
    }

    /// The crate the file belongs to, if it is one of ours.
    pub fn crate_name(&self) -> Option<&'a str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the file is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the token at this position of `code` belongs to a test.
    pub fn in_test(&self, position: usize) -> bool {
        self.tests[position]
    }

    /// Whether a line of the file holds code of a test, or lies between such lines.
    pub fn test_line(&self, line: usize) -> bool {
        match self.code.partition_point(|token| token.line <= line) {
            0 => self.tests.first().copied().unwrap_or_default(),
            after => self.tests[after - 1],
        }
    }

    /// Names of the modules that are declared for tests only and live in files of their own.
    pub fn test_modules(&self) -> Vec<&'a str> {
        test_items(&self.code)
            .into_iter()
            .filter_map(|(start, end)| match &self.code[start..end] {
                [.., keyword, name, stop] if keyword.is_word("mod") && stop.is_mark(";") => {
                    Some(name.text)
                }
                _ => None,
            })
            .collect()
    }

    /// The position behind the bracket that closes the one at `open`.
    pub fn close(&self, open: usize) -> usize {
        close(&self.code, open)
    }
}

/// Whether every file of this path is a test: integration tests, benches, modules named `tests`.
fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// Positions from the attribute `#[test]` or `#[cfg(test)]` to behind the item it stands before.
fn test_items(code: &[Token]) -> Vec<(usize, usize)> {
    let spelled = |at: usize, words: &[&str]| {
        code.len() >= at + words.len()
            && code[at..].iter().zip(words).all(|(token, word)| token.text == *word)
    };
    let mut items = Vec::new();
    for at in 0..code.len() {
        if spelled(at, &["#", "[", "test", "]"])
            || spelled(at, &["#", "[", "cfg", "(", "test", ")", "]"])
        {
            items.push((at, item_end(code, at)));
        }
    }
    items
}

/// The position behind the item that begins, with its attributes, at `start`.
fn item_end(code: &[Token], start: usize) -> usize {
    let mut at = start;
    while at < code.len() {
        match code[at].text {
            "{" if code[at].kind == Kind::Mark => return close(code, at),
            ";" if code[at].kind == Kind::Mark => return at + 1,
            "(" | "[" if code[at].kind == Kind::Mark => at = close(code, at),
            _ => at += 1,
        }
    }
    at
}

fn close(code: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in code.iter().enumerate().skip(open) {
        if token.kind == Kind::Mark {
            match token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Cuts Rust source into tokens. It never fails: what it does not know becomes a mark.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let (kind, length) = next(rest);
        let piece = &rest[..length];
        if let Some(kind) = kind {
            let text = if kind == Kind::Text { inside(piece) } else { piece };
            found.push(Token { kind, text, line });
        }
        line += piece.matches('\n').count();
        at += length;
    }
    found
}

/// Kind and length in bytes of the first token; no kind for white space.
fn next(rest: &str) -> (Option<Kind>, usize) {
    let first = rest.chars().next().unwrap_or_default();
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if first.is_whitespace() {
        return (None, run(char::is_whitespace));
    }
    if rest.starts_with("//") {
        return (Some(Kind::Comment), rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Some(Kind::Comment), block_comment(rest));
    }
    if let Some(length) = literal(rest) {
        return (Some(Kind::Text), length);
    }
    if first.is_ascii_digit() {
        return (Some(Kind::Number), run(|c| c.is_alphanumeric() || c == '_'));
    }
    if word(first) {
        return (Some(Kind::Word), run(|c| c.is_alphanumeric() || c == '_'));
    }
    if first == '\'' {
        // Not a character, so a lifetime.
        let name = rest[1..].find(|c| !word(c)).unwrap_or(rest.len() - 1);
        return (Some(Kind::Mark), 1 + name);
    }
    (Some(Kind::Mark), first.len_utf8())
}

/// The length of a string or character literal at the beginning, with prefix and quotes.
fn literal(rest: &str) -> Option<usize> {
    // A prefix has two letters at most: no further is looked, or a long file takes its length squared.
    let prefix = rest.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\'' | b'#'))?;
    if !matches!(&rest[..prefix], "" | "b" | "c" | "r" | "br" | "cr") {
        return None;
    }
    let raw = rest[..prefix].ends_with('r');
    let body = &rest[prefix..];
    let hashes = body.bytes().take_while(|&byte| byte == b'#').count();
    if raw && body[hashes..].starts_with('"') {
        let closing = format!("\"{}", "#".repeat(hashes));
        let from = hashes + 1;
        let end = body[from..].find(&closing).map_or(body.len(), |at| from + at + closing.len());
        return Some(prefix + end);
    }
    if raw || hashes > 0 {
        return None;
    }
    let quote = body.chars().next()?;
    if quote == '\'' && !is_character(body) {
        return None;
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Whether a quote begins a character and not a lifetime.
fn is_character(body: &str) -> bool {
    let mut after = body.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// What stands between the quotes of a literal.
fn inside(literal: &str) -> &str {
    let body = literal.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let body = body.trim_matches('#');
    let body = body.strip_prefix(['"', '\'']).unwrap_or(body);
    body.strip_suffix(['"', '\'']).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_cut_into_tokens() {
        for (text, expected) in [
            ("let a = 1_000u64;", "let a = 1_000u64 ;"),
            (r#"f("a \" // b", 'x', '\'')"#, r#"f ( «a \" // b» , «x» , «\'» )"#),
            ("r#\"a\"b\"# br\"c\"", "«a\"b» «c»"),
            ("fn f<'a>(x: &'a str)", "fn f < 'a > ( x : & 'a str )"),
            ("a // b\n/* c /* d */ */ e", "a e"),
            ("r#type / 2", "r # type / 2"),
        ] {
            let code = Source::new("a.rs", text, false).code;
            let shown = |token: &Token| match token.kind {
                Kind::Text => format!("«{}»", token.text),
                _ => token.text.to_owned(),
            };
            assert_eq!(code.iter().map(shown).collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn tests_are_told_from_the_product() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\n\nfn c() {}\n\
                    #[cfg(test)]\npub(crate) mod fixture;\n#[test]\nfn d() {}\n";
        let source = Source::new("crates/x/src/a.rs", text, false);
        let tested: Vec<_> = (1..=11).filter(|&line| source.test_line(line)).collect();
        assert_eq!(tested, [2, 3, 4, 5, 6, 8, 9, 10, 11]);
        assert_eq!(source.test_modules(), ["fixture"]);
        assert!(Source::new("crates/x/tests/it.rs", "fn a() {}", false).test_line(1));
    }
}
