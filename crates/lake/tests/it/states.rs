//! States of the lake when manifests are lost, the clock goes wrong, or two change it at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use lake::{Customers, Extent, Lake, LakeError, Storage};

use super::place::everywhere;
use super::{batch, compact, receipt};

fn sum(lake: &Lake) -> i64 {
    lake.lines(&Customers::Everybody).unwrap().net.iter().sum()
}

/// A lake of so many receipts, one a commit; the n-th brings n.
fn grown(storage: &std::sync::Arc<Storage>, commits: i64) -> Lake {
    let mut lake = Lake::open(storage.clone()).unwrap();
    for n in 1..=commits {
        (lake, _) = lake.append(&n.to_string(), &of(n)).unwrap();
    }
    lake
}

fn of(n: i64) -> retail::Batch {
    batch(&[receipt(&n.to_string(), Some("a"), n, &[("milk", n)])])
}

#[test]
fn a_lost_or_damaged_manifest_is_told_and_the_last_whole_state_is_read() {
    type Harm = fn(&Path);
    // (what happened to the newest of three states, what is said of it)
    let cases: &[(&str, Harm, &str)] = &[
        ("lost", |path| std::fs::remove_file(path).unwrap(), "the file is gone"),
        ("cut short", |path| cut(path), "not what was committed"),
        ("empty", |path| std::fs::write(path, "").unwrap(), "not what was committed"),
        (
            "edited",
            |path| {
                let text = std::fs::read_to_string(path).unwrap();
                std::fs::write(path, text.replace("\"lines\": 3", "\"lines\": 4")).unwrap();
            },
            "not what was committed",
        ),
        (
            "cut short before it was sealed",
            |path| {
                std::fs::remove_file(path.with_extension("sha256")).unwrap();
                cut(path);
            },
            "damaged",
        ),
    ];
    for (what, harm, said) in cases {
        let folder = tempfile::tempdir().unwrap();
        let storage = std::sync::Arc::new(Storage::open("lake", folder.path()).unwrap());
        grown(&storage, 3);
        let newest = storage.location("manifest/0000000003.json");
        harm(Path::new(&newest));
        let lake = Lake::open(storage.clone()).unwrap();
        let told: Vec<&str> = lake.unsound().collect();
        assert!(told.len() == 1 && told[0].contains(&newest), "{what}: {told:?}");
        assert!(told[0].contains(said), "{what}: {told:?}");
        assert_eq!((lake.manifest().number, sum(&lake)), (2, 3), "{what}");
        // Nothing is written on top of it unasked, so nothing is lost silently.
        for refused in [
            lake.append("4", &of(4)).unwrap_err(),
            compact(&lake).unwrap_err(),
            lake.erase("a").unwrap_err(),
            lake.sweep().unwrap_err(),
        ] {
            let sentence = refused.to_string();
            assert!(matches!(refused, LakeError::Unsound { .. }), "{what}: {sentence}");
            assert!(sentence.contains("proffer lake repair"), "{what}: {sentence}");
        }
        let (lake, repaired) = lake.repair().unwrap();
        assert_eq!((repaired.lost.len(), repaired.from, repaired.batches), (1, 2, 2), "{what}");
        // The lost batch is not taken for a repetition.
        let (lake, _) = lake.append("3", &of(3)).unwrap();
        assert_eq!((sum(&lake), lake.unsound().count()), (6, 0), "{what}");
        assert_eq!(sum(&Lake::open(storage).unwrap()), 6, "{what}");
    }
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_lake_whose_only_manifest_is_lost_is_not_taken_for_empty() {
    let folder = tempfile::tempdir().unwrap();
    let storage = std::sync::Arc::new(Storage::open("lake", folder.path()).unwrap());
    grown(&storage, 1);
    std::fs::remove_file(storage.location("manifest/0000000001.json")).unwrap();
    let error = Lake::open(storage).unwrap_err().to_string();
    assert!(error.contains("no state") && error.contains("0000000001.json"), "{error}");
}

#[test]
fn a_clock_set_back_or_ahead_takes_no_file_from_a_reader() {
    const DAY: Duration = Duration::from_secs(86_400);
    // By how much each of the commits after the first three is off, in days.
    for shifts in [&[-1i32, 0][..], &[1, 0], &[-1, -1, 0], &[3, -3]] {
        let folder = tempfile::tempdir().unwrap();
        let storage = std::sync::Arc::new(Storage::open("lake", folder.path()).unwrap());
        let mut lake = grown(&storage, 3);
        let mut readers = vec![Lake::open(storage.clone()).unwrap()];
        for (step, &shift) in shifts.iter().enumerate() {
            let before = files(folder.path());
            (lake, _) = lake.append(&format!("shift {step}"), &of(10 + step as i64)).unwrap();
            (lake, _) = compact(&lake).unwrap();
            // What this commit wrote carries the wrong clock's time.
            let now = SystemTime::now();
            let wrong =
                if shift < 0 { now - DAY * shift.unsigned_abs() } else { now + DAY * shift as u32 };
            for (path, _) in
                files(folder.path()).into_iter().filter(|(path, _)| !before.contains_key(path))
            {
                File::options().append(true).open(path).unwrap().set_modified(wrong).unwrap();
            }
            lake.sweep().unwrap();
            readers.push(Lake::open(storage.clone()).unwrap());
        }
        let mut expected = 6;
        for (step, reader) in readers.iter().enumerate() {
            assert_eq!(sum(reader), expected, "{shifts:?}, reader {step}");
            expected += 10 + step as i64;
        }
    }
}

fn files(folder: &Path) -> BTreeMap<std::path::PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path(), entry.metadata().unwrap().modified().unwrap());
            }
        }
    }
    found
}

#[test]
fn what_is_superseded_for_long_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let storage = std::sync::Arc::new(Storage::open("lake", folder.path()).unwrap());
    let lake = grown(&storage, 4);
    let hours_ago = SystemTime::now() - Duration::from_secs(3 * 3_600);
    let before = files(folder.path());
    for path in before.keys() {
        File::options().append(true).open(path).unwrap().set_modified(hours_ago).unwrap();
    }
    let (lake, _) = compact(&lake).unwrap();
    let (lake, _) = lake.append("5", &of(5)).unwrap();
    lake.sweep().unwrap();
    // State 4 was superseded just now; 1 to 3 and what only they named are gone.
    let left = files(folder.path());
    let manifests = left.keys().filter(|path| path.extension().is_some_and(|end| end == "json"));
    assert_eq!(manifests.count(), 3);
    assert!(left.len() < before.len() + 12, "{} files before, {} after", before.len(), left.len());
    assert_eq!(sum(&lake), 15);
}

#[test]
fn an_append_and_a_compaction_both_succeed_at_a_time() {
    everywhere(|place| {
        let storage = place.storage();
        let lake = grown(&storage, 4);
        // The compaction commits while the append is under way …
        let mut append = lake.begin("5").unwrap();
        append.add(of(5)).unwrap();
        compact(&place.open()).unwrap();
        let (appended, _) = append.commit().unwrap();
        assert_eq!((sum(&appended), appended.manifest().runs()), (15, 2));
        // … and the append while the compaction is, of a view that is older by then.
        let older = place.open();
        let (newer, _) = place.open().append("6", &of(6)).unwrap();
        let (compacted, done) = older.compact(Extent::Everything, &|_, _| {}).unwrap();
        assert_eq!((done.runs_before, done.runs_after), (2, 2));
        for lake in [&newer, &compacted, &place.open()] {
            assert_eq!(sum(lake), 21);
        }
        // The next version of a receipt still replaces the older one.
        let (lake, done) = place
            .open()
            .append("again", &batch(&[receipt("5", Some("a"), 5, &[("milk", 50)])]))
            .unwrap();
        assert_eq!((done.receipts_replaced, sum(&lake)), (1, 66));
        let (lake, _) = compact(&lake).unwrap();
        assert_eq!((sum(&lake), lake.manifest().runs()), (66, 1));
        assert!(lake.files().iter().all(|(role, _)| role != "dead"));
    });
}

#[test]
fn a_renewed_view_is_the_one_that_is_opened_anew() {
    everywhere(|place| {
        grown(&place.storage(), 3);
        let mut kept = place.open();
        // (what is done, whether the dictionary of customers stays)
        type Step<'a> = (&'a dyn Fn(Lake) -> Lake, bool);
        let replaced = batch(&[receipt("2", Some("a"), 5, &[("milk", 50)])]);
        let newcomer = batch(&[receipt("9", Some("new"), 5, &[("milk", 9)])]);
        let steps: [Step<'_>; 6] = [
            (&|lake| lake, true),
            (&|lake| lake.append("replaced", &replaced).unwrap().0, true),
            (&|lake| compact(&lake).unwrap().0, true),
            (&|lake| lake.append("newcomer", &newcomer).unwrap().0, false),
            (&|lake| lake.with_receipts(of(7).lines).unwrap(), true),
            (&|lake| lake.erase("a").unwrap().0, false),
        ];
        for (number, (step, stays)) in steps.iter().enumerate() {
            let (before, ids_before) = (kept.clone(), kept.customers().unwrap());
            step(place.open());
            let opened = place.open();
            let is_newest = opened.manifest() == before.manifest();
            assert_eq!(before.is_newest().unwrap(), is_newest, "step {number}");
            let renewed = kept.renewed().unwrap();
            let same = std::ptr::eq(renewed.customers().unwrap(), ids_before);
            assert_eq!(same, *stays, "step {number}");
            kept = renewed;
            assert!(kept.is_newest().unwrap(), "step {number}");
            assert_eq!(kept.manifest(), opened.manifest(), "step {number}");
            assert_eq!(sum(&kept), sum(&opened), "step {number}");
            let (ids, others) = (kept.customers().unwrap(), opened.customers().unwrap());
            let texts = |ids: &lake::Dictionary| -> Vec<_> {
                (0..ids.len() as u32).map(|code| ids.text(code).map(str::to_owned)).collect()
            };
            assert_eq!((texts(ids), ids.ranks()), (texts(others), others.ranks()));
        }
        // What stands beside a state is in no state that follows.
        let beside = kept.with_receipts(newcomer.lines.clone()).unwrap();
        assert_eq!(sum(&beside.renewed().unwrap()), sum(&place.open()));
    });
}

#[test]
fn a_compaction_does_not_bring_back_whom_an_erasure_took_out() {
    everywhere(|place| {
        let lake = grown(&place.storage(), 3);
        place.open().erase("a").unwrap();
        let error = compact(&lake).unwrap_err();
        assert!(matches!(error, LakeError::Raced { .. }), "{error}");
        assert_eq!(sum(&place.open()), 0);
    });
}

#[test]
fn what_an_erased_customer_bought_counts_once_when_it_comes_again() {
    // (what R was before it was his, what comes again, receipts and sum afterwards)
    for (before, again, after) in [
        (Some((None, 10)), 10, (1, 10)),
        (Some((None, 10)), 20, (1, 20)),
        (Some((Some("b"), 10)), 10, (1, 10)),
        (Some((Some("b"), 10)), 30, (1, 30)),
        (None, 30, (1, 30)),
    ] {
        for compacting in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let storage = std::sync::Arc::new(Storage::local(folder.path()).unwrap());
            let mut lake = Lake::open(storage).unwrap();
            let of = |customer, net| batch(&[receipt("R", customer, 5, &[("milk", net)])]);
            if let Some((customer, net)) = before {
                (lake, _) = lake.append("before", &of(customer, net)).unwrap();
            }
            (lake, _) = lake.append("his", &of(Some("a"), 50)).unwrap();
            if compacting {
                (lake, _) = compact(&lake).unwrap();
            }
            (lake, _) = lake.erase("a").unwrap();
            assert_eq!((lake.manifest().totals.receipts, sum(&lake)), (0, 0));
            (lake, _) = lake.append("again", &of(Some("a"), again)).unwrap();
            let totals = lake.manifest().totals;
            assert_eq!((totals.receipts, totals.net), after, "{before:?}, {again}");
            assert_eq!(sum(&lake), after.1, "{before:?}, {again}, compacting: {compacting}");
        }
    }
}

#[test]
fn the_newest_runs_are_merged_while_they_are_small() {
    // (receipts of each run, most runs, runs left with their receipts)
    let cases: &[(&[usize], usize, &[u64])] = &[
        (&[5, 5], 2, &[5, 5]),
        (&[5, 5, 5], 2, &[15]),
        (&[100, 1, 1, 1], 3, &[100, 3]),
        (&[100, 40, 10, 1, 1], 4, &[100, 40, 10, 2]),
        (&[100, 20, 10, 4, 3, 2], 5, &[100, 39]),
    ];
    for (runs, most, left) in cases {
        let folder = tempfile::tempdir().unwrap();
        let storage = std::sync::Arc::new(Storage::open("lake", folder.path()).unwrap());
        let mut lake = Lake::open(storage).unwrap();
        let mut number = 0;
        for &receipts in *runs {
            let receipts: Vec<_> = (0..receipts)
                .map(|_| {
                    number += 1;
                    receipt(&number.to_string(), Some("a"), number, &[("milk", 1)])
                })
                .collect();
            (lake, _) = lake.append(&number.to_string(), &batch(&receipts)).unwrap();
        }
        let (lake, _) = lake.compact(Extent::Above(*most), &|_, _| {}).unwrap();
        let mut found: BTreeMap<u64, u64> = BTreeMap::new();
        for file in &lake.manifest().sort_orders["by-customer"] {
            *found.entry(file.run).or_default() += file.rows;
        }
        assert_eq!(found.values().copied().collect::<Vec<_>>(), *left, "{runs:?}, most {most}");
        assert_eq!(sum(&lake), number);
    }
}
