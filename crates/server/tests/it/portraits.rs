//! A portrait as the command line shows it to people.

use programme::{Wording, parameters};

use super::fixture::{Shop, rows};

/// Characters that a line may take on a terminal.
const COLUMNS: usize = 120;

#[test]
fn a_portrait_is_read_in_both_languages_on_a_terminal() {
    let shop = Shop::new();
    shop.import(&rows(300));
    shop.done(&["refresh"]);
    for lang in ["en", "ru"] {
        let pick = |wording: Wording| if lang == "en" { wording.en } else { wording.ru };
        let told = shop.done(&["portrait", "c7", "--lang", lang]);
        for line in told.lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
        for parameter in parameters() {
            let begin = format!("  {} ", parameter.name);
            let mut rest = told.lines().skip_while(|line| !line.starts_with(&begin));
            let line = rest.next().unwrap();
            for wording in [parameter.title, parameter.unit_title] {
                assert!(line.contains(pick(wording)), "{lang}: {line}");
            }
            let group = pick(parameter.group_title);
            assert!(told.lines().any(|line| line == group), "{lang}: {group}");
            if let Some(reason) = parameter.missing {
                // Below the table of its group.
                let note = rest.find(|line| line.ends_with(pick(reason))).unwrap();
                let number = note.trim_start().split(' ').next().unwrap();
                assert!(line.contains(&format!("– {number}")), "{lang}: {line}: {note}");
            }
        }
    }
}
