//! The reference for integrators says what the code does.

use std::path::Path;

use sources::{Mapping, ProblemCode};

use crate::{read_in, shown};

fn manual() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/IMPORT.md");
    std::fs::read_to_string(path).unwrap()
}

/// The first block of the manual in this language.
fn block(language: &str) -> String {
    let manual = manual();
    let from = manual.split_once(&format!("```{language}\n")).unwrap().1;
    from.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_example_of_the_manual_is_read_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("чеки")).unwrap();
    let write = |name: &str, text: &str| {
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
        std::fs::write(folder.path().join(name), bytes).unwrap();
    };
    write("чеки/2017-12.csv", &block("csv"));
    write(
        "номенклатура.csv",
        "Код;Наименование;Поставщик;Отдел;Группа;Марка;ВидНоменклатуры\n\
         00-0000123;Пиво \"Жигули\";Завод;Пиво и сидр;Пиво;Наша марка;Товар\n",
    );
    let feed = read_in(folder.path(), &block("toml")).unwrap();
    assert_eq!(
        shown(&feed),
        [
            "31.12.2017-15 00-0000123 345 123450 till=1 customer=K-7 card=K-7 discount=10000",
            "31.12.2017-16 00-0000124 -1000 -9990 till=1",
        ]
    );
    let product = &feed.batch.products[0];
    assert!(product.private_label && product.merchandise && !product.service);
    assert_eq!(product.tags, ["alcohol"]);
}

#[test]
fn the_manual_has_every_problem_and_every_field() {
    let manual = manual();
    for code in ProblemCode::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.meaning());
        assert!(manual.contains(&row), "docs/IMPORT.md lacks {row}");
    }
    // A feed without fields says what it needs; an unknown field, what there is.
    for feed in sources::FeedKind::ALL {
        let text = format!("[{feed}]\nfiles = 'a.csv'\n[{feed}.fields]\nzzzzzzzzzzzz = 'x'");
        let error = Mapping::read(Path::new("m.toml"), &text, |_| None).unwrap_err().message;
        let fields = error.split_once("known are ").unwrap().1;
        for field in fields.split(", ") {
            let written = manual.contains(&format!("`{field}`"));
            assert!(written || manual.contains(&format!("`{field}.NAME`")), "lacks {feed} {field}");
        }
    }
}
