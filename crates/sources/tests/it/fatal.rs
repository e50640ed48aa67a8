//! Files that cannot be read as a whole: an error with its reason, and nothing of the import is kept.

use std::cell::Cell;
use std::io::Write;

use sources::{Files, Mapping, ReadError, ReadErrorCode};

use crate::{try_read, written};

const FEED: &str = "[shops]\nfiles = 'FILE'\n[shops.fields]\nid = 'id'\nname = 'name'";

fn check(file: &str, bytes: &[u8], code: ReadErrorCode, reason: &str) {
    let error = try_read(&FEED.replace("FILE", file), &[(file, bytes)]).map(|_| ()).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.to_string().contains(reason), "{error}");
    assert!(error.file.ends_with(file));
}

#[test]
fn some_files_stop_everything() {
    use ReadErrorCode::{Column, Corrupt, Empty, Encoding, Open};
    check("a.csv", b"", Empty, "the file is empty");
    check("a.jsonl", b"", Empty, "the file is empty");
    check("a.parquet", b"", Empty, "the file is empty");
    check("a.csv", b"\xFF\xFEi\0d\0", Encoding, "UTF-16");
    check("a.csv", b"i\0d\0,\0n\0", Encoding, "NUL");
    check("a.csv", b"id,\xE8\xEC\xFF\n1,2\n", Encoding, "windows-1251");
    check("a.csv", b"id,nane\n1,2\n", Column, "did you mean \"nane\"?");
    check("a.csv", b"id,title\n1,2\n", Column, "there are id, title");
    check("a.csv", b"id,name,name\n1,2,3\n", Column, "two columns \"name\"");
    check("a.parquet", b"PAR1 and so on", Corrupt, "is not a whole Parquet file");
    check("a.xlsx", b"PK", Open, "say its format");
    check("a.csv", &[b'x'; 3 << 20], ReadErrorCode::Header, "no header");
}

#[test]
fn files_that_are_not_there_stop_everything() {
    let error =
        |files: &str| try_read(&FEED.replace("FILE", files), &[]).map(|_| ()).unwrap_err().code;
    assert_eq!(error("a.csv"), ReadErrorCode::Open);
    assert_eq!(error("*.csv"), ReadErrorCode::NoFiles);
    assert_eq!(error("."), ReadErrorCode::NoFiles);
}

#[test]
fn a_file_that_changes_while_it_is_read_stops_everything() {
    for (file, bytes) in
        [("a.csv", &b"id,name\n1,2\n"[..]), ("a.jsonl", b"{\"id\":1,\"name\":2}\n")]
    {
        let folder = written(&[(file, bytes)]);
        let path = folder.path().join(file);
        let text = FEED.replace("FILE", file);
        let mapping = Mapping::read(&folder.path().join("m.toml"), &text, |_| None).unwrap();
        let grow = || {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(bytes).unwrap();
        };
        let once = |grown: &Cell<bool>| {
            if !grown.replace(true) {
                grow();
            }
        };
        let mut take = |_| Ok::<(), ReadError>(());
        let grown = Cell::new(false);
        let error = Files::find(&mapping, &|_| once(&grown)).map(|_| ()).unwrap_err();
        assert_eq!(error.code, ReadErrorCode::Changed, "{file} while it is hashed");
        let files = Files::find(&mapping, &|_| {}).unwrap();
        let grown = Cell::new(false);
        let error = files.read(1, &|_| once(&grown), &mut take).map(|_| ()).unwrap_err();
        assert_eq!(error.code, ReadErrorCode::Changed, "{file} while it is read");
        let error = files.read(1, &|_| {}, &mut take).map(|_| ()).unwrap_err();
        assert_eq!(error.code, ReadErrorCode::Changed, "{file} after it was hashed");
        let files = Files::find(&mapping, &|_| {}).unwrap();
        assert!(files.read(1, &|_| {}, &mut take).is_ok(), "complete, it is read");
    }
}
