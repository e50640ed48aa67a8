//! A lake that grew day by day, compacted on the way, and one that was built in one go are the same to
//! whoever reads their snapshots.

use std::collections::BTreeMap;

use demo::{DemoShop, Feed, Size};
use programme::Programme;

use super::fixture::{Shop, soak};

/// The files of a snapshot made now, with their hashes.
fn snapshot(shop: &Shop) -> BTreeMap<String, String> {
    shop.done(&["refresh"]);
    Programme::open(&shop.dir()).unwrap().snapshots().current().unwrap().unwrap().files
}

/// The header of a feed of receipts, and its rows by day.
fn days(receipts: &str) -> (String, BTreeMap<String, String>) {
    let (header, rows) = receipts.split_once('\n').unwrap();
    let at = header.split(',').position(|name| name == "at").unwrap();
    let mut days: BTreeMap<String, String> = BTreeMap::new();
    for row in rows.lines() {
        let day = row.split(',').nth(at).unwrap()[..10].to_owned();
        days.entry(day).or_default().push_str(&format!("{row}\n"));
    }
    (header.to_owned(), days)
}

#[test]
fn day_by_day_and_in_one_go_give_the_same_snapshot() {
    let (customers, count) = if soak() { (400, 120) } else { (60, 40) };
    let demo = DemoShop::grocery(Size { customers, days: count, seed: 11 });
    let together = Shop::new();
    together.import_demo(&demo);
    let expected = snapshot(&together);
    assert!(expected.len() >= 6, "{expected:?}");

    let shop = Shop::new();
    shop.set("runs_max = 8", "runs_max = 2");
    for feed in Feed::ALL {
        let mut bytes = Vec::new();
        demo.write(feed, &mut bytes).unwrap();
        shop.write(feed.file(), bytes);
    }
    shop.write("mapping.toml", demo::MAPPING);
    let file = shop.path(Feed::Receipts.file());
    let (header, days) = days(&std::fs::read_to_string(&file).unwrap());
    assert!(days.len() >= usize::from(count) - 2, "{} days", days.len());
    let mut compacted = 0;
    for rows in days.values() {
        std::fs::write(&file, format!("{header}\n{rows}")).unwrap();
        shop.done(&["import", "mapping.toml"]);
        let lake = shop.lake();
        assert!(lake.manifest().runs() <= 2);
        compacted = lake.manifest().number - lake.manifest().batches.len() as u64;
    }
    assert!(compacted > 10, "{compacted} compactions");
    assert_eq!(shop.sums(), together.sums());
    assert_eq!(snapshot(&shop), expected);
    shop.done(&["lake", "compact"]);
    assert_eq!(snapshot(&shop), expected, "compacted");
}
