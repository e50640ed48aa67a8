//! Backups on both databases: made while others write, brought back whole, tried before they are needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::{AccountId, Cause, Chain, ChainId, LotTerms, Transfer, Unit};
use programme::{Act, NewWebhook, Programme, Progress, Refused, Restore, WasErased};
use retail::Instant;

use super::audit::House;
use super::fixture::{Database, NOW, databases};

const HOUR: i64 = 3600 * 1_000_000;

struct Silence;

impl Progress for Silence {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

fn later(hours: i64) -> Instant {
    Instant(NOW.0 + hours * HOUR)
}

/// A house with something of everything.
fn lived_in(database: Database) -> House {
    let house = House::new(database);
    house.deed("1");
    let webhook =
        NewWebhook { url: "https://example.com/".to_owned(), events: vec!["*".to_owned()] };
    house.programme.add_webhook(&Act::of_job("console", NOW), &webhook).unwrap();
    let (unit, id) = (Unit("POINT".to_owned()), |name: &str| AccountId(name.to_owned()));
    house
        .programme
        .store()
        .unwrap()
        .write(move |tx| {
            tx.open_account(&id("issued"), &unit, None, false)?;
            tx.open_account(&id("wallet"), &unit, Some(0), true)?;
            let terms = LotTerms { activates_at: NOW, expires_at: None };
            let cause = Cause::new("test", "");
            let post = Transfer::post(id("issued"), id("wallet"), unit.clone(), 100, cause);
            let transfers = vec![post.opening(terms)];
            let chain = Chain { id: ChainId("k".to_owned()), at: NOW, transfers };
            ledger::post(tx, &chain)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    import(&house, 1..20);
    house
}

fn import(house: &House, numbers: std::ops::Range<u32>) {
    let lines: String = numbers
        .map(|number| {
            let (customer, minute) = (number % 5, number % 60);
            format!("{number},c{customer},2024-01-15 12:{minute:02}:00,p1,1,2.50\n")
        })
        .collect();
    let text = format!("number,customer,at,product,quantity,net\n{lines}");
    fs::write(house.folder.path().join("receipts.csv"), text).unwrap();
    let mapping = house.folder.path().join("mapping.toml");
    let fields = ["number", "customer", "at", "product", "quantity", "net"];
    let fields: String = fields.iter().map(|field| format!("{field} = \"{field}\"\n")).collect();
    let text = format!("[receipts]\nfiles = \"receipts.csv\"\n[receipts.fields]\n{fields}");
    fs::write(&mapping, text).unwrap();
    house.programme.import(&mapping, None, &Silence).unwrap();
}

/// A second, empty database of the same kind, and how a backup is brought back into it.
fn another(house: &House) -> (Option<Database>, Restore) {
    let made =
        house.programme.store().unwrap().is_postgres().then(|| Database::postgres().unwrap());
    let database = made.as_ref().map(Database::url);
    (made, Restore { database, erased: Vec::new() })
}

/// What both must say alike.
fn content(programme: &Programme) -> (usize, String, u64, Vec<String>) {
    let store = programme.store().unwrap();
    let (sealed, books) = store
        .read(|tx| Ok::<_, store::DbError>((tx.seals_after(0, 1000)?, tx.books_whole()?)))
        .unwrap();
    let lake = programme.lake().unwrap();
    let lines = lake.manifest().totals.lines;
    let sums = sealed.into_iter().map(|seal| seal.sha256).collect();
    let webhooks = programme.webhooks(&Act::of_job("console", NOW)).unwrap();
    (webhooks.len(), format!("{books:?}"), lines, sums)
}

#[test]
fn a_backup_comes_back_as_a_whole_programme() {
    for database in databases() {
        let house = lived_in(database);
        let kind = house.database.name;
        let backup = house.folder.path().join("backup-1");
        house.seal(3, NOW);
        let before = content(&house.programme);
        let report = house.programme.backup(&backup, NOW).unwrap();
        assert!(report.audit_position >= 3 && report.lake_included && report.files > 5, "{kind}");
        assert!(house.programme.backup(&backup, NOW).is_err(), "a folder that exists stays");

        let (second, how) = another(&house);
        let trial = Programme::verify_backup(&backup, how.database.as_deref()).unwrap();
        assert!(trial.is_sound() && trial.restored, "{kind}: {trial:?}");
        assert_eq!((trial.transfers, trial.audit.unwrap().sealed), (1, report.audit_position));
        drop(second);

        // What comes after the backup is not in it.
        house.deed("after");
        import(&house, 20..30);
        let (second, how) = another(&house);
        let folder = house.folder.path().join("restored");
        let restored = Programme::restore(&backup, &folder, &how, later(1)).unwrap();
        assert_eq!((restored.backup_at, restored.bytes), (NOW, report.bytes));
        let programme = Programme::open(&folder).unwrap();
        let after = content(&programme);
        assert_eq!(after.3[..before.3.len()], before.3, "{kind}");
        assert_eq!((after.0, &after.1, after.2), (before.0, &before.1, before.2), "{kind}");
        assert!(!folder.join("audit-key").exists(), "a private key is in no backup");

        // It lives on, with a key of its own beside the former.
        let again = House {
            folder: tempfile::tempdir().unwrap(),
            programme,
            database: second.unwrap_or_else(Database::sqlite),
        };
        again.deed("restored");
        again.seal(report.audit_position + 2, later(2));
        let audit = again.programme.verify_audit(None).unwrap();
        assert!(audit.is_sound() && audit.sealed >= report.audit_position + 2, "{audit:?}");
        let keys = fs::read_to_string(folder.join("audit-key.pub")).unwrap();
        assert_eq!(keys.lines().count(), 2);
        assert!(house.programme.verify_audit(None).unwrap().is_sound(), "the former is untouched");
        let full = Programme::restore(&backup, &folder, &how, NOW).unwrap_err();
        assert!(full.to_string().contains("is not empty"), "{full:#}");
    }
}

#[test]
fn a_backup_is_made_while_others_write() {
    for database in databases() {
        let house = lived_in(database);
        let backups: Vec<PathBuf> =
            (0..3).map(|number| house.folder.path().join(format!("backup-{number}"))).collect();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut number = 0;
                while !done.load(Ordering::Relaxed) {
                    number += 1;
                    house.deed(&number.to_string());
                    house.programme.seal(later(number)).unwrap();
                }
            });
            for backup in &backups {
                let made = house.programme.backup(backup, NOW);
                done.store(made.is_err(), Ordering::Relaxed);
                made.unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        for backup in &backups {
            let (_second, how) = another(&house);
            let trial = Programme::verify_backup(backup, how.database.as_deref()).unwrap();
            assert!(trial.is_sound(), "{}: {trial:?}", house.database.name);
        }
    }
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let house = lived_in(Database::sqlite());
    let backup = house.folder.path().join("backup-1");
    house.programme.backup(&backup, NOW).unwrap();
    let folder = house.folder.path().join("restored");
    let refused = |why: &str| {
        let how = Restore::default();
        let error = Programme::restore(&backup, &folder, &how, NOW).unwrap_err();
        assert!(format!("{error:#}").contains(why), "{error:#}");
        assert!(!folder.exists());
        assert!(Programme::verify_backup(&backup, None).is_err());
    };
    let page = fs::read_to_string(backup.join("backup.json")).unwrap();
    for name in ["store.sqlite", "proffer.toml", "audit-heads.jsonl"] {
        // The lake's files are links: they are left alone here.
        let path = backup.join(name);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[10] ^= 1;
        fs::write(&path, &bytes).unwrap();
        refused("is damaged");
        fs::remove_file(&path).unwrap();
        refused("cannot read");
        fs::write(&path, &whole).unwrap();
    }
    fs::write(backup.join("backup.json"), page.replace("store.sqlite", "../store.sqlite")).unwrap();
    refused("not within the backup");
    fs::write(backup.join("backup.json"), page.replace("\"format\": 1", "\"format\": 2")).unwrap();
    refused("layout 2");
    fs::remove_file(backup.join("backup.json")).unwrap();
    refused("is no backup");
    fs::write(backup.join("backup.json"), page).unwrap();
    Programme::restore(&backup, &folder, &Restore::default(), NOW).unwrap();
    let left: Vec<String> = fs::read_dir(house.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn books_and_audit_that_do_not_agree_are_found_by_the_trial() {
    let house = lived_in(Database::sqlite());
    house.seal(2, NOW);
    house.tamper("UPDATE account SET credits_posted = 200 WHERE id = 'wallet'; DELETE FROM audit WHERE id = 1");
    let backup = house.folder.path().join("backup-1");
    house.programme.backup(&backup, NOW).unwrap();
    let trial = Programme::verify_backup(&backup, None).unwrap();
    assert!(!trial.is_sound() && !trial.ledger.is_empty(), "{trial:?}");
    assert!(trial.audit.unwrap().broken.is_some());
}

#[test]
fn who_was_erased_after_the_backup_does_not_come_back() {
    let house = lived_in(Database::sqlite());
    let backup = house.folder.path().join("backup-1");
    house.programme.backup(&backup, NOW).unwrap();
    house.programme.erase(&programme::Act::of_job("test", programme::now()), "c1").unwrap();
    let folder = house.folder.path().join("restored");
    // The list beside the store, and ids that somebody wrote down.
    let listed = fs::read_to_string(house.dir().join("erasures.jsonl")).unwrap();
    assert!(!listed.contains("c1"), "{listed}");
    let how = Restore {
        erased: WasErased::listed(&format!("{listed}\nnobody\n")).unwrap(),
        database: None,
    };
    assert_eq!(how.erased.len(), 2);
    let restored = Programme::restore(&backup, &folder, &how, NOW).unwrap();
    assert_eq!(restored.erased, 1);
    let by_id = Restore { erased: WasErased::listed("c1\n").unwrap(), database: None };
    let again = house.folder.path().join("restored again");
    assert_eq!(Programme::restore(&backup, &again, &by_id, NOW).unwrap().erased, 1);
    let lines = |dir: &Path| {
        let lake = Programme::open(dir).unwrap().lake().unwrap();
        (lake.manifest().totals.lines, lake.customer("c1").unwrap())
    };
    assert_eq!(lines(&folder), lines(&house.dir()));
    // The backup itself is as it was.
    assert!(Programme::verify_backup(&backup, None).unwrap().is_sound());
    // A line that was torn would bring somebody back.
    let torn = WasErased::listed(&listed[..listed.len() / 2]).unwrap_err();
    assert!(torn.to_string().contains("line 1"), "{torn}");
}

#[test]
fn backups_are_made_when_due_and_the_oldest_go() {
    let house = lived_in(Database::sqlite());
    let settings = house.dir().join("proffer.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("keep = 7", "keep = 2")).unwrap();
    let programme = Programme::open(&house.dir()).unwrap();
    let folder = house.dir().join("backup");
    fs::create_dir_all(folder.join("proffer-of-mine")).unwrap();
    let names = || {
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    for (hours, made) in [(0, true), (1, false), (23, false), (24, true), (49, true), (50, false)] {
        let report = programme.run_due_backup(later(hours)).unwrap();
        assert_eq!(report.is_some(), made, "after {hours} hours");
    }
    let kept = ["proffer-20260102T000000Z", "proffer-20260103T010000Z", "proffer-of-mine"];
    assert_eq!(names(), kept, "what is none of ours stays");
    // A clock that was set back.
    assert!(programme.run_due_backup(later(-100)).unwrap().is_some());
    fs::write(&settings, text.replace("every_hours = 24", "every_hours = 0")).unwrap();
    let programme = Programme::open(&house.dir()).unwrap();
    assert!(programme.run_due_backup(later(1000)).unwrap().is_none());
}
