//! A process that takes receipts and moves the journal is killed: no acknowledged receipt is lost, none
//! counts twice, and the lake has their sums.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use programme::{Act, Programme, ReceiptIn};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::super::fixture::soak;
use super::counter::{Counter, line, receipt};
use super::journal::sums;
use super::today;

/// Tells this binary, started by itself, to take receipts until it is killed.
const CHILD: &str = "PROFFER_RECEIPTS_CHILD";
const TILLS: u32 = 4;
const NET: i64 = 1000;

fn sale(number: u32) -> ReceiptIn {
    let card = ["AAAA", "BBBB"][number as usize % 2];
    receipt(&number.to_string(), Some(card), vec![line("milk", 1, NET - 1), line("bag", 1, 1)])
}

fn act() -> Act {
    Act { shop: Some("s1".into()), till: Some("t1".into()), ..Act::of_job("test", today()) }
}

fn say(words: &str) {
    // One write of one line, so that lines of tills do not mix.
    std::io::stdout().lock().write_all(format!("{words}\n").as_bytes()).unwrap();
}

/// Not a test by itself: what the killed process runs.
#[test]
fn child_takes_receipts_until_it_is_killed() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (first, dir) = child.split_once(' ').unwrap();
    let programme = Programme::open(&PathBuf::from(dir)).unwrap();
    let next = AtomicU32::new(first.parse().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..TILLS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    say(&format!("begun {number}"));
                    if let Ok(taken) = programme.take_receipt(&act(), sale(number)) {
                        say(&format!("ok {number} {}", taken.receipt));
                    }
                }
            });
        }
        scope.spawn(|| {
            loop {
                if programme.move_journal().is_ok_and(|moved| moved.batch.is_some()) {
                    say("moved");
                }
            }
        });
    });
}

#[test]
fn killed_between_till_and_lake_nothing_is_lost_or_doubled() {
    let kills = if soak() { 50 } else { 3 };
    for counter in Counter::all() {
        let name = counter.name();
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        let (mut begun, mut acknowledged) = (Vec::new(), BTreeMap::new());
        let mut moves = 0;
        for _ in 0..kills {
            let first = begun.iter().max().map_or(0, |last| last + 1);
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "receipts::kills::child_takes_receipts_until_it_is_killed"])
                .arg("--nocapture")
                .env(CHILD, format!("{first} {}", counter.dir().display()))
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let out = BufReader::new(child.stdout.take().unwrap());
            let reader = std::thread::spawn(move || {
                out.lines().map_while(Result::ok).collect::<Vec<String>>()
            });
            std::thread::sleep(Duration::from_millis(dice.random_range(300..900)));
            child.kill().unwrap();
            child.wait().unwrap();
            for line in reader.join().unwrap() {
                match line.split(' ').collect::<Vec<_>>()[..] {
                    ["begun", number] => begun.push(number.parse::<u32>().unwrap()),
                    ["ok", number, id] => {
                        acknowledged.insert(number.parse::<u32>().unwrap(), id.to_owned());
                    }
                    ["moved"] => moves += 1,
                    _ => {}
                }
            }
        }
        assert!(acknowledged.len() > kills as usize && moves > 0, "{name}: it worked");
        let store = counter.programme().store().unwrap();
        for (number, id) in &acknowledged {
            let kept = store.read(|tx| tx.receipt(id)).unwrap();
            assert_eq!(kept.map(|kept| kept.version), Some(1), "{name}: {number} was acknowledged");
        }
        // A till whose answer was lost asks again.
        for &number in &begun {
            let taken = counter.take(sale(number)).unwrap();
            assert_eq!((taken.version, taken.points), (1, 9), "{name}: {number}");
        }
        while counter.programme().move_journal().unwrap().batch.is_some() {}
        let count = begun.len() as i64;
        let expected = (count as u64, begun.len() * 2, count * NET);
        assert_eq!(sums(counter.programme()), expected, "{name}: the lake");
        let held = counter.holds("AAAA").0 + counter.holds("BBBB").0;
        assert_eq!(held, 9 * count, "{name}: points");
        counter.audit();
    }
}
