//! The commands of docs/WALKTHROUGH.md, run in one shell on each database.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::database::databases;
use super::fixture::skip;

/// The page's blocks, one after the other; the server ends with the shell.
fn script() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/WALKTHROUGH.md");
    let text = std::fs::read_to_string(page).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let commands: String = blocks.collect();
    // A refusal is part of the walk, so a command that fails does not end it.
    format!("trap 'kill $! 2>/dev/null; wait' EXIT\n{commands}")
}

#[test]
fn the_walk_goes_as_the_page_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skip("curl is not installed");
    }
    for database in databases() {
        let folder = tempfile::tempdir().unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_proffer")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let url = if database.name == "sqlite" { String::new() } else { database.url() };
        let output = Command::new("sh")
            .args(["-c", &script()])
            .current_dir(folder.path())
            .env("PATH", path)
            .env("LISTEN", "127.0.0.1:0")
            .env("DATABASE", url)
            .env_remove("PROFFER_DIR")
            .output()
            .unwrap();
        let told = format!(
            "{}: {}\n{}",
            database.name,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let read = |name: &str| -> Value {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{name}: {error}: {text}\n{told}"))
        };
        assert_eq!(read("active.json")["state"], "active", "{told}");
        // 200 roubles of dairy at three points, 300 of tea at one.
        assert_eq!(read("receipt.json")["points"], 900, "{told}");
        assert_eq!(read("again.json"), read("receipt.json"), "{told}");
        assert_eq!(read("balance.json")["spendable"], 900, "{told}");
        assert_eq!(read("after-return.json")["spendable"], 600, "{told}");
        assert_eq!(read("refused.json")["code"], "forbidden", "{told}");
        assert_eq!(read("replaced.json")["spendable"], 600, "{told}");
        // Two coffees at 450 roubles with a tenth off, of which one comes back.
        assert_eq!(read("quote.json")["totals"]["to_pay"], 81_000, "{told}");
        assert_eq!(read("sold.json")["to_pay"], 81_000, "{told}");
        assert_eq!(read("refund.json")["money"], 40_500, "{told}");
        let audit = read("audit.json");
        let actions: Vec<&str> = audit["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|deed| deed["action"].as_str().unwrap())
            .collect();
        let expected =
            ["card.prepare", "card.issue", "card.activate", "card.block", "card.replace"];
        assert_eq!(actions, expected, "{told}");
        let verified = std::fs::read_to_string(folder.path().join("verified.txt")).unwrap();
        assert!(verified.contains("rows fit their seals"), "{verified}");
    }
}
