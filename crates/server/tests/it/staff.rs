//! Letting people in from the command line.

use std::io::Write;
use std::process::{Output, Stdio};

use super::fixture::Shop;

const PASSWORD: &str = "correct horse battery";

fn add(programme: &Shop, arguments: &[&str], password: &str) -> Output {
    let mut command = programme.command(&[&["staff", "add"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn staff_is_added_listed_and_dismissed() {
    let programme = Shop::new();
    for (arguments, password, exit, says) in [
        (&["anna", "--role", "administrator"][..], PASSWORD, 0, "anna is added"),
        (&["anna", "--role", "administrator"], PASSWORD, 1, "anna"),
        (&["boris", "--role", "operator"], "short", 1, "12 characters"),
        (&["boris", "--role", "operator"], "", 1, "12 characters"),
        (&["boris", "--role", "operator"], "I am boris the great", 1, "the name"),
        (&["boris", "--role", "king"], PASSWORD, 2, "is no role"),
        (&["b@shop.example", "--role", "operator"], PASSWORD, 1, "a name has"),
        (&["boris", "--role", "partner"], PASSWORD, 1, "bound to a partner"),
        (&["boris", "--role", "partner", "--network", "north"], PASSWORD, 0, "boris is added"),
    ] {
        // A line's end is no part of the password.
        let output = add(&programme, arguments, &format!("{password}\r\nnext line"));
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {text}");
        assert!(text.contains(says) && !text.contains(PASSWORD), "{arguments:?}: {text}");
    }
    assert!(programme.failed(&["staff", "disable", "anna"]).contains("last administrator"));
    programme.done(&["staff", "disable", "boris"]);
    let listed: serde_json::Value =
        serde_json::from_str(&programme.done(&["staff", "list", "--json"])).unwrap();
    assert_eq!(listed[1]["id"], "boris");
    assert_eq!(listed[1]["bounds"]["networks"][0], "north");
    assert_eq!(listed[1]["disabled"], true);
    assert!(!listed.to_string().contains("argon2"));
    assert!(programme.done(&["staff", "list"]).contains("dismissed"));
}

#[test]
fn a_link_is_printed_once_and_kept_as_its_hash() {
    let programme = Shop::new();
    let link: serde_json::Value =
        serde_json::from_str(&programme.done(&["staff", "link", "--json"])).unwrap();
    let token = link["token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    let store = std::fs::read(programme.dir().join("store.sqlite")).unwrap();
    assert!(!store.windows(token.len()).any(|window| window == token.as_bytes()));
}
