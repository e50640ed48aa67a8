//! `kill -9` at a random moment of import, refresh, compaction and erasure, with the lake in a folder and
//! in a bucket: the state is before or after.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::fixture::{HEADER, MAPPING, Shop, rows, soak};

fn begin(shop: &Shop, arguments: &[&str]) -> Child {
    shop.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Kills a command at a moment of its undisturbed time.
fn kill(shop: &Shop, arguments: &[&str], whole: Duration, at: f64) {
    kill_begun(begin(shop, arguments), whole, at);
}

fn kill_begun(mut child: Child, whole: Duration, at: f64) {
    std::thread::sleep(whole.mul_f64(at));
    // SIGKILL, on Unix.
    let _ = child.kill();
    child.wait().unwrap();
}

fn moments() -> impl Iterator<Item = f64> {
    let count = if soak() { 70 } else { 3 };
    // The golden ratio spreads any number of moments evenly.
    (0..count).map(|i| (f64::from(i) * 0.618_033_988 + 0.21).fract() * 1.1)
}

fn timed(shop: &Shop, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    shop.done(arguments);
    started.elapsed()
}

#[test]
fn a_killed_import_is_before_or_after() {
    for new in Shop::kinds() {
        let receipts = 20_000;
        let whole = {
            let shop = new();
            shop.import(&rows(100));
            shop.write("receipts.csv", format!("{HEADER}{}", rows(receipts)));
            timed(&shop, &["import", "mapping.toml"])
        };
        for at in moments() {
            let shop = new();
            shop.import(&rows(100));
            let before = shop.sums();
            shop.write("receipts.csv", format!("{HEADER}{}", rows(receipts)));
            kill(&shop, &["import", "mapping.toml"], whole, at);
            let now = shop.sums();
            assert!(
                now == before || now.receipts == u64::from(receipts),
                "killed at {at}: {now:?}"
            );
            shop.done(&["import", "mapping.toml"]);
            assert_eq!(shop.sums().receipts, u64::from(receipts), "repeated after a kill at {at}");
        }
    }
}

#[test]
fn a_killed_refresh_leaves_the_older_snapshot_or_the_new_one() {
    for new in Shop::kinds() {
        let shop = new();
        shop.import(&rows(20_000));
        let whole = timed(&shop, &["refresh"]);
        let offers = shop.done(&["offers", "--json"]);
        for at in moments() {
            kill(&shop, &["refresh"], whole, at);
            assert_eq!(shop.done(&["offers", "--json"]), offers, "killed at {at}");
        }
        shop.done(&["refresh"]);
        assert_eq!(shop.done(&["offers", "--json"]), offers);
    }
}

#[test]
fn a_killed_erasure_can_be_finished() {
    for new in Shop::kinds() {
        let fed = |shop: &Shop| {
            shop.import(&rows(8_000));
            shop.done(&["refresh"]);
        };
        let whole = {
            let shop = new();
            fed(&shop);
            timed(&shop, &["erase", "c1"])
        };
        for at in moments() {
            let shop = new();
            fed(&shop);
            kill(&shop, &["erase", "c1"], whole, at);
            shop.done(&["erase", "c1"]);
            assert!(!shop.done(&["offers", "--json"]).contains("\"c1\""), "killed at {at}");
            assert!(shop.failed(&["portrait", "c1"]).contains("c1"), "killed at {at}");
            shop.done(&["portrait", "c2"]);
            assert_eq!(shop.sums().receipts, 8_000 - 2, "killed at {at}");
        }
    }
}

#[test]
fn a_killed_compaction_changes_no_sum() {
    for new in Shop::kinds() {
        let shop = new();
        shop.write("mapping.toml", MAPPING);
        let fill = |from: u32| {
            for part in from..from + 4 {
                // Each part holds all the receipts before it, so that many are known and some replaced.
                shop.import(&rows(part * 3_000).replace("p7,1,1.50", &format!("p7,1,{part}.25")));
            }
        };
        fill(1);
        let whole = timed(&shop, &["lake", "compact"]);
        for (round, at) in (0..).zip(moments()) {
            fill(2 + round);
            let before = shop.sums();
            kill(&shop, &["lake", "compact"], whole, at);
            assert_eq!(shop.sums(), before, "killed at {at}");
            shop.done(&["lake", "compact"]);
            assert_eq!(shop.sums(), before, "compacted after a kill at {at}");
        }
    }
}

/// The catalogue, placements and the receipts, each of them a part; of more lines than are read at once,
/// two parts are receipts.
fn several_parts(shop: &Shop, receipts: u32) {
    let mapping = "
[products]
files = \"products.csv\"
fields = { id = \"id\", category = \"category\" }
[placements]
files = \"placements.csv\"
fields = { product = \"product\", shop = \"shop\", week = \"week\", display = \"display\" }
";
    let products = (0..211).map(|product| format!("p{product},g{}\n", product % 5));
    shop.write("products.csv", format!("id,category\n{}", products.collect::<String>()));
    let placed =
        (0..211).map(|product| format!("p{product},s,2024-01-{:02},1\n", 1 + product % 28));
    let placements = format!("product,shop,week,display\n{}", placed.collect::<String>());
    shop.write("placements.csv", placements);
    shop.write("receipts.csv", format!("{HEADER}{}", rows(receipts)));
    shop.write("several.toml", format!("{MAPPING}{mapping}"));
}

/// How many products and weeks of placements are known.
fn known(shop: &Shop) -> (usize, usize) {
    let lake = shop.lake();
    (lake.table::<retail::Product>().unwrap().len(), lake.manifest().placements.len())
}

#[test]
fn of_a_killed_import_of_several_parts_all_are_there_or_none() {
    // 1,000,000 lines are read at once.
    let sizes = [(20_000, 70), (350_000, 20)];
    for (receipts, kills) in sizes.into_iter().take(if soak() { 2 } else { 1 }) {
        for new in Shop::kinds() {
            let import = &["import", "several.toml"];
            let begun = || {
                let shop = new();
                shop.import(&rows(100));
                several_parts(&shop, receipts);
                shop
            };
            let whole = timed(&begun(), import);
            for at in moments().take(kills) {
                let shop = begun();
                let before = shop.sums();
                kill(&shop, import, whole, at);
                let now = (shop.sums(), known(&shop));
                assert!(
                    now == (before, (0, 0))
                        || now.0.receipts == u64::from(receipts) && now.1 == (211, 4),
                    "killed at {at}: {now:?}"
                );
                shop.done(import);
                assert_eq!(shop.sums().receipts, u64::from(receipts), "repeated, killed at {at}");
                assert_eq!(known(&shop), (211, 4), "repeated, killed at {at}");
            }
        }
    }
}

#[test]
fn a_kill_of_an_import_or_of_a_compaction_beside_it_harms_neither() {
    for new in Shop::kinds() {
        let shop = new();
        let (import, compact) = (&["import", "mapping.toml"], &["lake", "compact"]);
        // Each feed holds the receipts of the one before it, a third of them with another amount.
        let fed = |round: u32| {
            let feed = rows(6_000 + round).replace(",1,1.50", &format!(",1,{}.25", 2 + round));
            shop.write("receipts.csv", format!("{HEADER}{feed}"));
        };
        shop.import(&rows(3_000));
        fed(0);
        let whole = timed(&shop, import).max(timed(&shop, compact));
        for (round, at) in (1..).zip(moments()) {
            shop.import(&rows(3_000 - round));
            let before = shop.sums();
            fed(round);
            let importing = begin(&shop, import);
            let compacting = begin(&shop, compact);
            let what = format!("round {round}, killed at {at}");
            let other = if round % 2 == 0 {
                kill_begun(importing, whole, at);
                compacting
            } else {
                kill_begun(compacting, whole, at);
                importing
            };
            let other = other.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&other.stderr);
            // An import that begins while a compaction sweeps is sent away.
            assert!(other.status.success() || said.contains("another process"), "{what}: {said}");
            let now = shop.sums();
            let after = now.receipts == u64::from(6_000 + round);
            assert!(now == before || after, "{what}: {now:?}");
            shop.done(import);
            let imported = shop.sums();
            assert_eq!(imported.receipts, u64::from(6_000 + round), "{what}, repeated");
            assert!(!after || now == imported, "{what}: {now:?}, repeated {imported:?}");
            shop.done(compact);
            assert_eq!(shop.sums(), imported, "{what}, compacted");
        }
    }
}
