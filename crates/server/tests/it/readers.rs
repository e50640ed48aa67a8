//! Readers while other processes import and compact: whatever moment they open the lake at, it tells what
//! the imports it contains have brought.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lake::{Customers, Lake};
use programme::Programme;

use super::fixture::{HEADER, MAPPING, Shop, soak};

const RECEIPTS_AN_IMPORT: u32 = 900;
const CUSTOMERS: u32 = 97;

/// Receipts of an import: new ones, and some of each earlier import with other amounts.
fn feed(import: u32) -> impl Iterator<Item = u32> {
    let first = (import - 1) * RECEIPTS_AN_IMPORT;
    (0..first + RECEIPTS_AN_IMPORT)
        .filter(move |number| *number >= first || number % 11 == import % 11)
}

/// What a receipt says as an import brings it: the amount of each line, minor units.
fn amounts(number: u32, import: u32) -> impl Iterator<Item = u32> {
    (0..1 + number % 3).map(move |line| 1 + (number * 31 + line * 7 + import * 13) % 900)
}

fn rows(import: u32) -> String {
    let row = |number: u32, line: usize, amount: u32| {
        let (customer, day) = (number % CUSTOMERS, 1 + number % 28);
        let net = format!("{}.{:02}", amount / 100, amount % 100);
        format!("{number},c{customer},2024-01-{day:02} 12:00:00,p{line},1,{net}\n")
    };
    let lines = feed(import).flat_map(|number| {
        amounts(number, import).enumerate().map(move |(line, amount)| row(number, line, amount))
    });
    lines.collect()
}

/// Lines and amount of a customer.
type Told = BTreeMap<String, (usize, i64)>;

/// What the lake must tell after each number of imports.
fn expected(imports: u32) -> Vec<Told> {
    let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
    (0..=imports)
        .map(|import| {
            if import > 0 {
                newest.extend(feed(import).map(|number| (number, import)));
            }
            let mut told = Told::new();
            for (&number, &import) in &newest {
                let of = told.entry(format!("c{}", number % CUSTOMERS)).or_default();
                for amount in amounts(number, import) {
                    *of = (of.0 + 1, of.1 + i64::from(amount));
                }
            }
            told
        })
        .collect()
}

/// Customers for a read: everybody, one, or a range, spread by the golden ratio.
fn asked(read: usize, lake: &Lake) -> Customers {
    let count = lake.customers().unwrap().len() as u32;
    let part = |ratio: f64| ((read as f64 * ratio).fract() * f64::from(count)) as u32;
    let (a, b) = (part(0.618_033_988), part(0.754_877_666));
    match read % 4 {
        _ if count == 0 => Customers::Everybody,
        0 => Customers::Everybody,
        1 => Customers::Range(a..=a),
        _ => Customers::Range(a.min(b)..=a.max(b)),
    }
}

/// Holds a read against what the state that was opened should tell.
fn check(read: usize, lake: &Lake, expected: &[Told]) {
    let manifest = lake.manifest();
    let expected = &expected[manifest.batches.len()];
    let customers = asked(read, lake);
    let what = format!("read {read}, state {}, {customers:?}", manifest.number);
    let lines = lake.lines(&customers).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut told = Told::new();
    for (row, &net) in lines.net.iter().enumerate() {
        let id = lake.customers().unwrap().text(lines.customer[row]).unwrap();
        let of = told.entry(id.to_owned()).or_default();
        *of = (of.0 + 1, of.1 + net);
    }
    let of_range = |range: std::ops::RangeInclusive<u32>| -> Told {
        let ids = range.map(|code| lake.customers().unwrap().text(code).unwrap().to_owned());
        ids.map(|id| (id.clone(), expected[&id])).collect()
    };
    match customers {
        Customers::Range(range) => assert_eq!(told, of_range(range), "{what}"),
        _ => {
            assert_eq!(&told, expected, "{what}");
            let sums = (lines.len() as u64, lines.net.iter().sum());
            assert_eq!((manifest.totals.lines, manifest.totals.net), sums, "{what}");
        }
    }
}

/// Imports one feed after the other; one that meets the end of a compaction is told to come again.
fn import_all(shop: &Shop, imports: u32) {
    shop.write("mapping.toml", MAPPING);
    for import in 1..=imports {
        shop.write("receipts.csv", format!("{HEADER}{}", rows(import)));
        loop {
            let output = shop.run(&["import", "mapping.toml"]);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() || error.contains("another process is changing"),
                "{error}"
            );
            if output.status.success() {
                break;
            }
        }
    }
}

#[test]
fn no_reader_sees_a_wrong_sum_while_others_import_and_compact() {
    let (imports, reads_min) = if soak() { (60, 1_000) } else { (8, 60) };
    let expected = expected(imports);
    let shop = Shop::new();
    shop.set("runs_max = 8", "runs_max = 3");
    let (importing, reads, compactions) =
        (AtomicBool::new(true), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            import_all(&shop, imports);
            importing.store(false, Ordering::Relaxed);
        });
        scope.spawn(|| {
            while importing.load(Ordering::Relaxed) {
                // What an import compacts itself, this one leaves alone and says so.
                let done = shop.run(&["lake", "compact"]).status.success();
                compactions.fetch_add(usize::from(done), Ordering::Relaxed);
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let programme = Programme::open(&shop.dir()).unwrap();
                let mut older = programme.lake().unwrap();
                while importing.load(Ordering::Relaxed) || reads.load(Ordering::Relaxed) < reads_min
                {
                    let read = reads.fetch_add(1, Ordering::Relaxed);
                    // A new view, and one that was opened some reads ago.
                    let lake = programme.lake().unwrap();
                    check(read, &lake, &expected);
                    check(read + 1, &older, &expected);
                    if read % 5 == 0 {
                        older = lake;
                    }
                }
            });
        }
    });
    let lake = shop.lake();
    check(0, &lake, &expected);
    assert_eq!(lake.manifest().batches.len() as u32, imports);
    assert!(compactions.into_inner() > 0, "nothing was compacted meanwhile");
    // Commits beyond those of the imports are compactions that changed files.
    assert!(lake.manifest().number > u64::from(imports), "no compaction met several runs");
}
