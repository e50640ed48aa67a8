//! Bad input gets a clear error with code and place, nothing is lost, good rows of the batch stay.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fixture::{HEADER, MAPPING, Shop, Sums, rows, sums};

const GOOD: &str = "1,anna,2024-03-01 10:00:00,milk,1,1.50\n";

/// (row, code, field): the row is quarantined with this code, the good row before it is kept.
const BAD_ROWS: &[(&str, &str, &str)] = &[
    ("2,anna,2024-03-01 10:00:00,milk,1,one\n", "number", "net"),
    ("2,anna,2024-03-01 10:00:00,milk,1e999,1\n", "number", "quantity"),
    ("2,anna,2024-02-30 10:00:00,milk,1,1\n", "date", "at"),
    (",anna,2024-03-01 10:00:00,milk,1,1\n", "missing", "number"),
    ("2,anna,2024-03-01 10:00:00,,1,1\n", "missing", "product"),
    ("2,anna,,milk,1,1\n", "missing", "at"),
    ("2,anna,2024-03-01 10:00:00,milk,1,\n", "missing", "net"),
    ("2,anna,2024-03-01 10:00:00,milk,1,-1\n", "negative-sale", "net"),
    ("1,anna,2024-03-01 10:00:00,milk,1,1.50\n", "duplicate-line", ""),
    ("2,+7 916 123-45-67,2024-03-01 10:00:00,milk,1,1\n", "personal-data", "customer"),
    ("2,anna@example.org,2024-03-01 10:00:00,milk,1,1\n", "personal-data", "customer"),
    ("2,anna,2024-03-01 10:00:00\n", "columns", ""),
];

#[test]
fn a_wrong_row_is_quarantined_and_the_rest_is_kept() {
    for &(row, code, field) in BAD_ROWS {
        let shop = Shop::new();
        let report = shop.import(&format!("{GOOD}{row}"));
        assert_eq!(report["feeds"][0]["good"], 1, "{row}");
        assert_eq!(report["feeds"][0]["bad_by_reason"][code], 1, "{row}: {report}");
        assert_eq!(shop.sums(), Sums { receipts: 1, lines: 1, net: 150 }, "{row}");
        let listed =
            std::fs::read_to_string(report["quarantine"]["path"].as_str().unwrap()).unwrap();
        let bad = listed.lines().nth(1).unwrap();
        assert!(
            bad.contains("receipts.csv,3,") && bad.contains(code) && bad.contains(field),
            "{row}: {bad}"
        );
        assert!(!listed.contains("123-45-67") && !listed.contains("example.org"), "masked: {bad}");
    }
}

#[test]
fn rows_in_a_wrong_encoding_are_set_aside_alone() {
    let shop = Shop::new();
    shop.write("mapping.toml", MAPPING);
    let mut bytes = format!("{HEADER}{GOOD}2,").into_bytes();
    bytes.extend([0xcf, 0xf0, 0xe8]);
    bytes.extend(b",2024-03-01 10:00:00,milk,1,1\n3,olga,2024-03-01 10:00:00,milk,1,1\n");
    shop.write("receipts.csv", bytes);
    let report = shop.done(&["import", "mapping.toml", "--json", "--max-bad", "50%"]);
    assert!(report.contains("\"encoding\": 1"), "{report}");
    assert_eq!(shop.sums().receipts, 2);
}

#[test]
fn above_the_share_of_bad_rows_nothing_changes() {
    let shop = Shop::new();
    shop.import(&rows(10));
    let before = shop.sums();
    shop.write("receipts.csv", format!("{HEADER}{}bad,row\n", rows(20)));
    let error = shop.failed(&["import", "mapping.toml"]);
    assert!(
        error.contains("receipts: 1 of 61 rows are bad (1.64 %), more than the 1.00 %"),
        "{error}"
    );
    assert_eq!(shop.sums(), before);
    shop.done(&["import", "mapping.toml", "--max-bad", "2%"]);
    assert_eq!(shop.sums().receipts, 20);
}

#[test]
fn a_small_feed_that_is_bad_does_not_hide_behind_a_large_one() {
    let shop = Shop::new();
    shop.write(
        "mapping.toml",
        format!("{MAPPING}\n[shops]\nfiles = \"shops.csv\"\n[shops.fields]\nid = \"id\"\n"),
    );
    shop.write("shops.csv", "id,name\n,north\n,south\n");
    shop.write("receipts.csv", format!("{HEADER}{}", rows(200)));
    let error = shop.failed(&["import", "mapping.toml"]);
    assert!(error.contains("shops: 2 of 2 rows are bad (100.00 %)"), "{error}");
    assert_eq!(shop.sums().lines, 0);
}

#[test]
fn a_day_delivered_twice_under_another_name_is_known_and_not_read() {
    let shop = Shop::new();
    std::fs::create_dir(shop.path("day")).unwrap();
    shop.write("mapping.toml", MAPPING.replace("receipts.csv", "day"));
    let day = format!("{HEADER}{}", rows(10));
    let first = shop.write("day/2024-03-01.csv", &day);
    let report = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&shop.done(arguments)).unwrap()
    };
    let import = &["import", "mapping.toml", "--json"];
    assert_eq!(report(import)["lake"]["receipts_new"], 10);
    let before = shop.sums();
    std::fs::remove_file(first).unwrap();
    shop.write("day/again.csv", &day);
    let again = report(import);
    assert_eq!(again["lake"]["already_there"], true);
    assert_eq!(again["feeds"], serde_json::json!([]), "nothing was read");
    for (language, says) in [("en", "in the lake already"), ("ru", "уже загружены")] {
        assert!(shop.done(&["import", "mapping.toml", "--lang", language]).contains(says));
    }
    // Under a name that the mapping must spell, receipt by receipt; and twice in one import.
    shop.write("other.toml", MAPPING.replace("receipts.csv", "day/again.csv"));
    assert_eq!(report(&["import", "other.toml", "--json"])["lake"]["receipts_same"], 10);
    shop.write("day/once-more.csv", &day);
    let twice = report(import);
    assert_eq!((&twice["feeds"][0]["read"], &twice["feeds"][0]["bad"]), (&60.into(), &0.into()));
    assert_eq!(twice["lake"]["receipts_same"], 10);
    assert_eq!(shop.sums(), before);
}

#[test]
fn unknown_products_are_kept_and_listed() {
    let shop = Shop::new();
    let catalogue = format!(
        "{MAPPING}\n[products]\nfiles = \"products.csv\"\n[products.fields]\nid = \"id\"\n"
    );
    shop.write("mapping.toml", catalogue);
    shop.write("products.csv", "id\nmilk\n");
    shop.write("receipts.csv", format!("{HEADER}{GOOD}2,,2024-03-02 10:00:00,unheard-of,1,2\n"));
    let report: serde_json::Value =
        serde_json::from_str(&shop.done(&["import", "mapping.toml", "--json"])).unwrap();
    assert_eq!(report["unknown_products"], 1);
    let list = std::fs::read_to_string(report["unknown_products_list"].as_str().unwrap()).unwrap();
    assert_eq!(list, "product\nunheard-of\n");
    assert_eq!(shop.sums(), Sums { receipts: 2, lines: 2, net: 350 });
    assert_eq!(report["receipts_with_customer_share"], 0.5, "one of two receipts has a card");
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_changes_nothing() {
    let shop = Shop::new();
    shop.import(&rows(10));
    shop.done(&["refresh"]);
    let before = shop.sums();
    let snapshot = shop.path("programme/lake/snapshot/000001/offers.parquet");
    let parquet = std::fs::read(snapshot).unwrap();
    let truncated = &parquet[..parquet.len() - 20];
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(HEADER.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    // Name of the file, its bytes, what the error must say.
    let cases: &[(&str, &[u8], &str)] = &[
        ("receipts.parquet", truncated, "corrupt"),
        ("receipts.parquet", b"PAR1", "corrupt"),
        ("receipts.csv", b"", "empty"),
        ("receipts.csv", b"other,header\n1,2\n", "column"),
        ("receipts.csv", &utf16, "encoding"),
    ];
    for (name, bytes, says) in cases {
        shop.write(name, bytes);
        shop.write("mapping.toml", MAPPING.replace("receipts.csv", name));
        let error = shop.failed(&["import", "mapping.toml"]);
        assert!(error.contains(name) && error.contains(says), "{name}: {error}");
        assert_eq!(shop.sums(), before, "{name}");
    }
    let error = shop.failed(&["import", "absent.toml"]);
    assert!(error.contains("absent.toml"), "{error}");
}

#[test]
fn a_line_of_a_hundred_megabytes_is_one_bad_row() {
    let shop = Shop::new();
    shop.write("mapping.toml", MAPPING);
    let path = shop.path("receipts.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    write!(file, "{HEADER}{GOOD}2,").unwrap();
    for _ in 0..100 {
        file.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    write!(file, "\n3,olga,2024-03-01 10:00:00,milk,1,1\n").unwrap();
    file.flush().unwrap();
    let report = shop.done(&["import", "mapping.toml", "--json", "--max-bad", "50%"]);
    assert!(report.contains("\"too-long\": 1"), "{report}");
    assert_eq!(shop.sums().receipts, 2);
}

#[test]
fn a_file_that_changes_while_it_is_read_changes_nothing() {
    let shop = Shop::new();
    shop.write("mapping.toml", MAPPING);
    let path = shop.write("receipts.csv", format!("{HEADER}{}", rows(100_000)));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            let mut number = 1_000_000;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                writeln!(file, "{number},late,2024-01-01 12:00:00,p1,1,1").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        let error = shop.failed(&["import", "mapping.toml"]);
        stop.store(true, Ordering::Relaxed);
        assert!(error.contains("changed"), "{error}");
    });
    assert_eq!(shop.sums().lines, 0);
    shop.done(&["import", "mapping.toml"]);
    assert!(shop.sums().lines >= 300_000);
}

#[test]
fn a_full_disk_changes_nothing_and_the_import_can_be_repeated() {
    let shop = Shop::new();
    shop.import(&rows(100));
    let before = shop.sums();
    // Files may not grow beyond so many blocks: writing fails as on a full disk.
    shop.write("receipts.csv", format!("{HEADER}{}", rows(40_000)));
    let limited = |arguments: &str| {
        let binary = env!("CARGO_BIN_EXE_proffer");
        let script = format!("trap '' XFSZ; ulimit -f 64; exec '{binary}' {arguments}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script]).env("PROFFER_DIR", shop.dir()).current_dir(shop.path("."));
        command.output().unwrap()
    };
    let output = limited("import mapping.toml");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("lake"), "{error}");
    assert_eq!(shop.sums(), before);
    shop.done(&["import", "mapping.toml"]);
    assert_eq!(shop.sums().receipts, 40_000);
    shop.done(&["refresh"]);
    let sums = shop.sums();
    for command in ["refresh", "lake compact"] {
        let output = limited(command);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert_eq!(shop.sums(), sums, "{command}");
        shop.done(&["offers", "c1"]);
    }
    shop.done(&["lake", "compact"]);
    assert_eq!((shop.sums(), shop.lake().manifest().runs()), (sums, 1));
}

/// The lake on a disk of its own with room for a tenth more. The disk is seen by the shell and its children
/// alone, and ends with them.
const ON_A_SMALL_DISK: &str = r#"
set -e
cp -a lake full
mount -t tmpfs -o size=$(( $(du -sk full | cut -f1) * 11 / 10 ))k none lake
cp -a full/. lake
set +e
"$PROFFER" lake compact; echo "exit code $?"
set -e
cp -a lake failed
mount -o remount,size=1g lake
"$PROFFER" lake compact
cp -a lake mended
"#;

#[test]
fn a_disk_that_is_full_in_compaction_keeps_the_lake_and_the_next_compaction() {
    let own_mounts = ["--mount", "--map-root-user"];
    let probe = ["sh", "-c", "mount -t tmpfs none /mnt"];
    let mut command = std::process::Command::new("unshare");
    if !command.args(own_mounts).args(probe).output().is_ok_and(|output| output.status.success()) {
        // A machine may forbid it, even one that checks everything.
        eprintln!(
            "SKIPPED: no disk of a test's own can be mounted here; a limit on files stands in"
        );
        return;
    }
    let shop = Shop::new();
    for part in 1..=3 {
        shop.import(&rows(part * 4_000));
    }
    let before = shop.sums();
    let mut command = std::process::Command::new("unshare");
    command.args(own_mounts).args(["sh", "-c", ON_A_SMALL_DISK]);
    command.env("PROFFER", env!("CARGO_BIN_EXE_proffer")).env("PROFFER_DIR", shop.dir());
    let output = command.current_dir(shop.dir()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("exit code 1"), "{error}");
    assert!(error.contains("No space left"), "{error}");
    for (name, runs) in [("lake", 3), ("failed", 3), ("mended", 1)] {
        let storage = lake::Storage::open(name, &shop.dir()).unwrap();
        let lake = lake::Lake::open(storage.into()).unwrap();
        assert_eq!((sums(&lake), lake.manifest().runs()), (before, runs), "{name}");
    }
}

#[test]
fn a_lost_or_damaged_manifest_is_told_loudly_and_nothing_is_written_over_it() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 2] = [
        ("lost", |path| std::fs::remove_file(path).unwrap()),
        ("damaged", |path| std::fs::write(path, "{").unwrap()),
    ];
    let languages = [
        ("en", "Working with the last whole state", "The lake goes on from state 1"),
        ("ru", "Работаем с последним целым состоянием", "Озеро данных продолжает с состояния 1"),
    ];
    for ((what, harm), (language, warns, repairs)) in
        harms.into_iter().flat_map(|harm| languages.map(|language| (harm, language)))
    {
        let case = format!("{what}, {language}");
        let shop = Shop::new();
        shop.import(&rows(10));
        let before = shop.sums();
        shop.import(&rows(30));
        let after = shop.sums();
        let manifest = shop.dir().join("lake/manifest/0000000002.json");
        harm(&manifest);
        let run = |arguments: &[&str], code: i32| {
            let output = shop.run(&[arguments, &["--lang", language]].concat());
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{case}, {arguments:?}: {error}");
            (String::from_utf8(output.stdout).unwrap(), error)
        };
        let import = &["import", "mapping.toml"];
        for (arguments, code) in [
            (&["lake", "files"][..], 0),
            (&["lake", "history", "c1"], 0),
            (&["portrait", "c1"], 0),
            (import, 1),
            (&["lake", "compact"], 1),
            (&["erase", "c1"], 1),
        ] {
            let (_, error) = run(arguments, code);
            let loud = error.starts_with("!!! ") && error.contains("0000000002.json");
            assert!(loud && error.contains(warns), "{case}, {arguments:?}: {error}");
            assert!(error.contains("proffer lake repair"), "{case}, {arguments:?}: {error}");
        }
        assert_eq!(shop.sums(), before, "{case}");
        assert!(run(&["lake", "repair"], 0).0.contains(repairs), "{case}");
        // The state that was lost is not taken for imported, and nothing warns any more.
        let (_, error) = run(import, 0);
        assert!(!error.contains("!!!"), "{case}: {error}");
        assert_eq!(shop.sums(), after, "{case}");
    }
}

#[test]
fn a_mapping_that_is_wrong_or_names_personal_data_is_refused_with_its_line() {
    let shop = Shop::new();
    shop.write("receipts.csv", format!("{HEADER}{GOOD}"));
    for (from, to, says) in [
        ("net = \"net\"", "nett = \"net\"", "mapping.toml:10"),
        ("customer = \"customer\"", "customer = \"phone\"", "mapping.toml:6"),
        (
            "files = \"receipts.csv\"",
            "files = \"${NOT_SET_ANYWHERE}/receipts.csv\"",
            "NOT_SET_ANYWHERE",
        ),
        ("[receipts]", "[receipts", "mapping.toml:2"),
    ] {
        shop.write("mapping.toml", MAPPING.replace(from, to));
        let error = shop.failed(&["import", "mapping.toml"]);
        assert!(error.contains(says), "{to}: {error}");
    }
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let shop = Shop::new();
    for (arguments, code) in [
        (&["import"][..], 2),
        (&["portrait", "--as-of", "2024-02-30"], 2),
        (&["evaluate", "horoscope"], 2),
        (&["offers"], 1),
        (&["portrait", "nobody"], 1),
        (&["refresh"], 1),
        (&["init"], 1),
        (&["lake", "files"], 0),
    ] {
        assert_eq!(shop.run(arguments).status.code(), Some(code), "{arguments:?}");
    }
    let elsewhere = shop.run(&["--dir", "nowhere", "refresh"]);
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("proffer init"));
}

#[test]
fn a_slip_of_the_pen_is_told() {
    let shop = Shop::new();
    shop.import(&rows(10));
    assert!(shop.failed(&["erase", "nobody"]).contains("nobody"));
    let report = shop.done(&["refresh", "--as-of", "2030-01-01"]);
    assert!(report.contains("there are no offers"), "{report}");
    let wrong = shop.run(&["refresh", "--as-of", "31.12.2017"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("2017-12-31"));
}

#[test]
fn of_two_processes_that_change_a_programme_one_is_refused() {
    let shop = Shop::new();
    shop.import(&rows(10));
    let before = shop.sums();
    shop.write("receipts.csv", format!("{HEADER}{}", rows(20)));
    let programme = programme::Programme::open(&shop.dir()).unwrap();
    let commands: [&[&str]; 4] =
        [&["import", "mapping.toml"], &["refresh"], &["erase", "c1"], &["lake", "repair"]];
    let writing = programme.write().unwrap();
    for command in commands {
        let error = shop.failed(command);
        assert!(
            error.contains("another process is changing the programme"),
            "{command:?}: {error}"
        );
        assert_eq!(shop.sums(), before, "{command:?}");
    }
    // Whoever only reads is let in, and so is a compaction.
    for command in [&["lake", "history", "c1"][..], &["portrait", "c1"], &["lake", "compact"]] {
        shop.done(command);
    }
    drop(writing);
    commands.iter().for_each(|command| drop(shop.done(command)));
}

#[test]
fn of_two_compactions_one_is_refused() {
    let shop = Shop::new();
    shop.import(&rows(10));
    shop.import(&rows(20));
    let before = shop.sums();
    let lock = std::fs::File::create(shop.dir().join("lock-compaction")).unwrap();
    lock.lock().unwrap();
    for arguments in [&["lake", "compact"][..], &["lake", "repair"], &["erase", "c1"]] {
        let error = shop.failed(arguments);
        assert!(error.contains("another process is changing the programme"), "{error}");
    }
    assert_eq!((shop.sums(), shop.lake().manifest().runs()), (before, 2));
    drop(lock);
    shop.done(&["lake", "compact"]);
    assert_eq!((shop.sums(), shop.lake().manifest().runs()), (before, 1));
}
