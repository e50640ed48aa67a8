//! Rules about the text of any file.

use super::source::Source;

const LINES_MAX: usize = 800;

/// Source files that grew too long.
pub fn long_file(source: &Source) -> Vec<(usize, String)> {
    let counted = [".rs", ".ts", ".svelte", ".sql"].iter().any(|end| source.path.ends_with(end));
    let lines = source.text.lines().count();
    if counted && lines > LINES_MAX { vec![(0, format!("{lines} lines"))] } else { Vec::new() }
}

/// Work left for later: in the comments and macros of Rust, anywhere in other files.
pub fn todos(source: &Source) -> Vec<(usize, String)> {
    const MARKS: [&str; 2] = ["TODO", "FIXME"];
    let mark = |text: &str| MARKS.into_iter().find(|mark| words(text).any(|word| word == *mark));
    if !source.is_rust() {
        return lines(source).filter_map(|(line, text)| Some((line, mark(text)?.into()))).collect();
    }
    let comments = source
        .comments
        .iter()
        .filter_map(|comment| mark(comment.text).map(|mark| (comment.line, mark.to_owned())));
    let macros = source.code.windows(2).filter_map(|pair| {
        let left = matches!(pair[0].text, "todo" | "unimplemented") && pair[1].is_mark("!");
        left.then(|| (pair[0].line, format!("`{}!`", pair[0].text)))
    });
    comments.chain(macros).collect()
}

/// Absolute paths into somebody's machine, outside tests.
pub fn machine_paths(source: &Source) -> Vec<(usize, String)> {
    const ROOTS: [&str; 6] = ["work", "tmp", "root", "home", "Users", "mnt"];
    let path_of = |text: &str| {
        ROOTS.into_iter().map(|root| format!("/{root}/")).find(|path| {
            text.match_indices(path.as_str()).any(|(at, _)| !text[..at].ends_with(in_path))
        })
    };
    product_lines(source)
        .filter_map(|(line, text)| Some((line, format!("`{}`", path_of(text)?))))
        .collect()
}

/// Whether a slash after this character goes on with a path and does not begin one.
fn in_path(before: char) -> bool {
    before.is_alphanumeric() || "._-}/:*$~".contains(before)
}

/// Names of package registries' hosts, outside tests.
pub fn registry_hosts(source: &Source) -> Vec<(usize, String)> {
    const HOSTS: [(&str, &str); 6] = [
        ("crates", "io"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
    ];
    if source.path.ends_with(".lock") {
        return Vec::new();
    }
    let host = |text: &str| {
        HOSTS
            .into_iter()
            .map(|(name, top)| format!("{name}.{top}"))
            .find(|host| text.contains(host))
    };
    product_lines(source)
        .filter_map(|(line, text)| Some((line, format!("`{}`", host(text)?))))
        .collect()
}

/// The lines that are not a test.
fn product_lines<'a>(source: &'a Source) -> impl Iterator<Item = (usize, &'a str)> {
    lines(source).filter(|&(line, _)| !(source.is_rust() && source.test_line(line)))
}

/// The lines of a file, counted from 1.
fn lines<'a>(source: &Source<'a>) -> impl Iterator<Item = (usize, &'a str)> {
    source.text.lines().enumerate().map(|(at, text)| (at + 1, text))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}
