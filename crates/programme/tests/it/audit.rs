//! The audit on both databases: whatever somebody does to its rows, `verify_audit` finds it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use programme::{AuditBreak, AuditReport, HeadFault, HeadSource, Programme};
use retail::Instant;
use store::{DbError, Deed, DeedPlace, Seal};

use super::fixture::{Database, NOW, databases};

const ROWS: i64 = 30;
const MINUTE: i64 = 60_000_000;

/// A programme on a database, and a way around it.
pub struct House {
    pub folder: tempfile::TempDir,
    pub programme: Programme,
    pub database: Database,
}

impl House {
    pub fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programme = open(folder.path(), &database.url());
        Self { folder, programme, database }
    }

    /// One on each database.
    pub fn all() -> Vec<Self> {
        databases().into_iter().map(Self::new).collect()
    }

    pub fn dir(&self) -> std::path::PathBuf {
        self.folder.path().join("programme")
    }

    pub fn deed(&self, object: &str) {
        let text = |name: &str| name.to_owned();
        let deed = Deed {
            at: NOW,
            actor: text("staff:anna"),
            role: text("administrator"),
            door: text("office"),
            action: text("card.block"),
            kind: text("card"),
            object: text(object),
            shop: Some(text("s1")),
            till: None,
            request: text("r"),
            detail: text("{\"reason\":\"lost\"}"),
        };
        self.programme.store().unwrap().write(move |tx| tx.add_deed(&deed)).unwrap();
    }

    /// Seals and signs until so many rows are sealed: other tests' writes, on the same server, hold
    /// rows back.
    pub fn seal(&self, position: i64, at: Instant) {
        let began = std::time::Instant::now();
        let mut at = at;
        while self.programme.seal(at).unwrap().position < position {
            assert!(began.elapsed().as_secs() < 30, "position {position} is not reached");
            std::thread::yield_now();
            // So that a head is due each time.
            at.0 += 2 * MINUTE;
        }
    }

    /// Does something to the database behind the program's back.
    pub fn tamper(&self, statements: &str) {
        match &self.database.location {
            store::Location::File(path) => {
                rusqlite::Connection::open(path).unwrap().execute_batch(statements).unwrap();
            }
            store::Location::Postgres(url) => {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                client.batch_execute(statements).unwrap();
            }
        }
    }

    fn verify(&self) -> AuditReport {
        self.programme.verify_audit(None).unwrap()
    }

    /// Thirty sealed rows, of which the first twenty and all thirty are signed.
    fn sealed(database: Database) -> Self {
        let house = Self::new(database);
        for number in 1..=20 {
            house.deed(&number.to_string());
        }
        house.seal(20, NOW);
        // The deed of the new key, or one of ours that was held back, comes among the next.
        for number in 21..ROWS {
            house.deed(&number.to_string());
        }
        house.seal(ROWS, Instant(NOW.0 + 1000 * MINUTE));
        house
    }
}

pub fn open(folder: &Path, url: &str) -> Programme {
    let dir = folder.join("programme");
    Programme::init(&dir, programme::SettingsLanguage::En).unwrap();
    let settings = dir.join("proffer.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("url = \"store.sqlite\"", &format!("url = \"{url}\""));
    std::fs::write(&settings, text).unwrap();
    Programme::open(&dir).unwrap()
}

#[test]
fn what_is_sealed_is_sound_and_sealing_again_changes_nothing() {
    for database in databases() {
        let house = House::sealed(database);
        let report = house.verify();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!((report.sealed, report.waiting), (ROWS, 0));
        assert!(report.heads >= 4, "in the file and in the database: {report:?}");
        let again = house.programme.seal(Instant(NOW.0 + 9000 * MINUTE)).unwrap();
        assert_eq!((again.rows, again.position, again.signed), (0, ROWS, false));
        house.deed("waits");
        assert_eq!(house.verify().waiting, 1);
        assert_eq!(house.verify().broken, None);
    }
}

/// What is done to the audit, and what is found.
#[rustfmt::skip]
const TAMPERINGS: &[(&str, &str)] = &[
    ("UPDATE audit SET at = at + 1 WHERE id = 7", "altered 7"),
    ("UPDATE audit SET actor = 'staff:ann' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET role = 'marketer' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET door = 'till' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET action = 'card.unblock' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET kind = 'wallet' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET object = '8' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET shop = 's2' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET shop = NULL WHERE id = 7", "altered 7"),
    ("UPDATE audit SET till = '' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET request = '' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET detail = '{\"reason\": \"lost\"}' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET actor = 'staff:annaa', role = 'dministrator' WHERE id = 7", "altered 7"),
    ("UPDATE audit SET id = 1000 WHERE id = 7", "missing 7"),
    ("UPDATE audit SET writer = writer + 1000000 WHERE id = 7", "missing 7"),
    ("UPDATE audit SET writer = writer - 1000000 WHERE id = 7", "inserted 7"),
    ("DELETE FROM audit WHERE id = 7", "missing 7"),
    ("DELETE FROM audit WHERE id = 1", "missing 1"),
    ("DELETE FROM audit WHERE id > 25", "missing 26"),
    ("DELETE FROM audit", "missing 1"),
    ("UPDATE audit SET id = 70 WHERE id = 7; UPDATE audit SET id = 7 WHERE id = 8; \
      UPDATE audit SET id = 8 WHERE id = 70", "altered 7 | missing 7"),
    ("UPDATE audit SET object = CASE id WHEN 7 THEN '8' ELSE '7' END WHERE id IN (7, 8)", "altered 7"),
    ("INSERT INTO audit SELECT -5, writer, at, actor, role, door, action, kind, object, shop, till, \
      request, detail FROM audit WHERE id = 7", "inserted -5"),
    ("INSERT INTO audit SELECT 500, writer + 1000000000000, at, actor, role, door, action, kind, \
      object, shop, till, request, detail FROM audit WHERE id = 7", "inserted 500"),
    ("UPDATE seal SET sha256 = 'x' WHERE audit = 7", "altered 7"),
    ("UPDATE seal SET version = 2 WHERE audit = 7", "unknown version"),
    ("DELETE FROM seal WHERE audit = 7", "seal missing"),
    ("UPDATE seal_head SET signature = 'x'", "head: database bad_signature"),
    ("DELETE FROM seal_head", "head: file absent"),
    // The tail goes with its seals and heads: the exported head still knows of it.
    ("DELETE FROM audit WHERE id IN (SELECT audit FROM seal WHERE position > 25); \
      DELETE FROM seal WHERE position > 25; DELETE FROM seal_head WHERE position > 25",
      "head: file beyond_end"),
];

#[test]
fn every_tampering_is_found() {
    for database in databases() {
        let house = House::sealed(database);
        let tables = ["audit", "seal", "seal_head"];
        for table in tables {
            house.tamper(&format!("CREATE TABLE whole_{table} AS SELECT * FROM {table}"));
        }
        for (statements, expected) in TAMPERINGS {
            house.tamper(statements);
            let report = house.verify();
            let found = said(&report);
            let place = format!("{}: {statements}", house.database.name);
            assert!(expected.split(" | ").any(|one| one == found), "{place}: {report:?}");
            assert!(!report.is_sound(), "{place}");
            for table in tables {
                house.tamper(&format!(
                    "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM whole_{table}"
                ));
            }
        }
        assert!(house.verify().is_sound(), "everything was put back");
    }
}

/// What a report says first.
fn said(report: &AuditReport) -> String {
    match report.broken {
        Some(AuditBreak::Altered { position, deed }) => {
            assert_eq!(report.sealed, position - 1);
            format!("altered {deed}")
        }
        Some(AuditBreak::Missing { deed, .. }) => format!("missing {deed}"),
        Some(AuditBreak::Inserted { deed, .. }) => format!("inserted {deed}"),
        Some(AuditBreak::SealMissing { .. }) => "seal missing".to_owned(),
        Some(AuditBreak::UnknownVersion { .. }) => "unknown version".to_owned(),
        None => match report.wrong_heads.first() {
            Some(wrong) => {
                let wrong = serde_json::to_value(wrong).unwrap();
                let text = |name: &str| wrong[name].as_str().unwrap().to_owned();
                format!("head: {} {}", text("source"), text("what"))
            }
            None => "sound".to_owned(),
        },
    }
}

/// Changes a row and makes all seals anew, as somebody could who has read our source.
fn rewrite(house: &House) {
    house.tamper(
        "UPDATE audit SET actor = 'staff:boris' WHERE id = 7; DELETE FROM seal; DELETE FROM seal_head",
    );
    let store = house.programme.store().unwrap();
    store
        .write(|tx| {
            let mut newest: Option<Seal> = None;
            for row in tx.deeds_after(DeedPlace::default(), 1000)? {
                let next = Seal::after(newest.as_ref(), &row);
                tx.add_seal(&next)?;
                newest = Some(next);
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
}

#[test]
fn who_rewrites_everything_is_found_by_the_heads() {
    for database in databases() {
        let house = House::sealed(database);
        let copy = house.folder.path().join("copied-elsewhere.jsonl");
        let file = house.dir().join("audit-heads.jsonl");
        std::fs::copy(&file, &copy).unwrap();
        rewrite(&house);
        let found = |report: &AuditReport| {
            let wrong = report.wrong_heads.iter();
            let of_file = wrong.filter(|wrong| wrong.source == HeadSource::File);
            assert_eq!((&report.broken, report.sealed), (&None, ROWS), "the chain itself is whole");
            of_file.filter(|wrong| wrong.fault == HeadFault::Differs).count()
        };
        assert!(found(&house.verify()) >= 2);

        // He signs as well, with a key of his own, and puts his heads in place of ours.
        let intruder = tempfile::tempdir().unwrap();
        let his = open(intruder.path(), &house.database.url());
        his.seal(NOW).unwrap();
        let report = house.verify();
        let by_unknown = |wrong: &programme::WrongHead| wrong.fault == HeadFault::UnknownKey;
        assert!(report.wrong_heads.iter().any(by_unknown), "{report:?}");
        std::fs::copy(intruder.path().join("programme/audit-heads.jsonl"), &file).unwrap();
        assert!(house.verify().wrong_heads.iter().any(by_unknown));
        assert!(found(&house.programme.verify_audit(Some(&copy)).unwrap()) >= 2);

        std::fs::remove_file(&file).unwrap();
        let gone = house.verify().wrong_heads[0].fault.clone();
        assert_eq!(gone, HeadFault::FileMissing);
        assert!(house.programme.verify_audit(Some(&file)).is_err(), "a named file must be there");
    }
}

#[test]
fn a_column_with_what_it_never_held_is_an_altered_row() {
    // PostgreSQL itself refuses.
    let house = House::sealed(Database::sqlite());
    house.tamper("UPDATE audit SET at = 'yesterday' WHERE id = 7");
    assert_eq!(said(&house.verify()), "altered 7");
}

#[test]
fn a_file_of_heads_that_was_cut_or_soiled_is_told_or_mended() {
    let house = House::sealed(Database::sqlite());
    let file = house.dir().join("audit-heads.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();

    // Killed while it wrote its last line: the next sealing writes it again.
    std::fs::write(&file, &whole[..whole.len() - 40]).unwrap();
    house.deed("one more");
    house.seal(ROWS + 1, Instant(NOW.0 + 9000 * MINUTE));
    let mended = std::fs::read_to_string(&file).unwrap();
    assert!(mended.starts_with(&whole) && mended.lines().count() == lines.len() + 1, "{mended}");
    assert!(house.verify().is_sound());

    for (text, expected) in [
        (format!("{}\nnonsense\n{}\n", lines[0], lines[1]), HeadFault::Unreadable { line: 2 }),
        (format!("{}\n{}\n", lines[1], lines[0]), HeadFault::OutOfSequence),
        (whole.replace("\"at\":1", "\"at\":2"), HeadFault::BadSignature),
    ] {
        std::fs::write(&file, &text).unwrap();
        let report = house.verify();
        assert_eq!(report.wrong_heads.last().map(|wrong| &wrong.fault), Some(&expected), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn the_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::sealed(Database::sqlite());
    let mode = |name: &str| house.dir().join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("audit-key"), 0o600);
    let secret = std::fs::read_to_string(house.dir().join("audit-key")).unwrap();
    let public = std::fs::read_to_string(house.dir().join("audit-key.pub")).unwrap();
    assert!(!public.contains(secret.trim()));
    // The same key serves from then on.
    house.deed("more");
    house.seal(ROWS + 1, Instant(NOW.0 + 9000 * MINUTE));
    assert_eq!(std::fs::read_to_string(house.dir().join("audit-key.pub")).unwrap(), public);
}

#[test]
fn a_look_beside_the_sealer_raises_no_false_alarm() {
    for database in databases() {
        let house = House::new(database);
        let looks = AtomicUsize::new(0);
        let looked: Vec<anyhow::Result<AuditReport>> = std::thread::scope(|scope| {
            let sealer = scope.spawn(|| {
                // On a slow machine a look takes as long as many seals: there are two of them in any case.
                for number in (1..).take_while(|&n| n <= 200 || looks.load(Ordering::Relaxed) < 2) {
                    house.deed("1");
                    house.programme.seal(Instant(NOW.0 + number * 2 * MINUTE)).unwrap();
                }
            });
            let look = || {
                let report = house.programme.verify_audit(None);
                looks.fetch_add(1, Ordering::Relaxed);
                report
            };
            std::iter::from_fn(|| (!sealer.is_finished()).then(look)).collect()
        });
        let sound =
            |look: &&anyhow::Result<AuditReport>| look.as_ref().is_ok_and(AuditReport::is_sound);
        let alarm = looked.iter().find(|look| !sound(look));
        assert!(alarm.is_none(), "{}: {alarm:?}", house.database.name);
    }
}
