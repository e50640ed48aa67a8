//! `kill -9` at a random moment of import, refresh and compaction, with the lake in a folder and in a
//! bucket: the state is before or after.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::fixture::{HEADER, MAPPING, Shop, rows, soak};

/// Kills each command at moments spread over its undisturbed time.
fn kill(shop: &Shop, arguments: &[&str], whole: Duration, at: f64) {
    let mut child =
        shop.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(whole.mul_f64(at));
    // SIGKILL, on Unix.
    let _ = child.kill();
    child.wait().unwrap();
}

fn moments() -> impl Iterator<Item = f64> {
    let count = if soak() { 40 } else { 3 };
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
