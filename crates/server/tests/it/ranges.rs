//! Everybody is read in ranges of customers: how large they are, on how many threads, and how customers
//! are numbered changes no result.

use demo::{DemoShop, Size};
use programme::{Programme, Progress};

use super::fixture::{Shop, soak};

struct Quiet;

impl Progress for Quiet {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

#[test]
fn ranges_of_any_size_and_any_threads_give_the_same_snapshot() {
    let shop = Shop::new();
    let customers = if soak() { 600 } else { 60 };
    shop.import_demo(&DemoShop::grocery(Size { customers, days: 130, seed: 4 }));
    let open = || Programme::open(&shop.dir()).unwrap();
    let expected = {
        shop.done(&["refresh"]);
        open().snapshots().current().unwrap().unwrap().files
    };
    assert!(expected.len() >= 6, "{expected:?}");
    // The newest day is not in the first of the smallest ranges.
    for range_lines in [1, 100, 5_000, u64::MAX] {
        let programme = open().with_range_lines(range_lines);
        assert!(programme.lake().unwrap().ranges(1).unwrap().len() > 50);
        programme.refresh(None, &Quiet).unwrap();
        let snapshot = programme.snapshots().current().unwrap().unwrap();
        assert_eq!(snapshot.files, expected, "ranges of {range_lines} lines");
    }
    for threads in ["1", "2", "5"] {
        let status =
            shop.command(&["refresh"]).env("RAYON_NUM_THREADS", threads).output().unwrap().status;
        assert!(status.success());
        let snapshot = open().snapshots().current().unwrap().unwrap();
        assert_eq!(snapshot.files, expected, "{threads} threads");
    }
}

/// Receipts of 40 customers, as rows of the fixture's feed.
fn receipts(customers: impl Iterator<Item = u32>) -> String {
    customers
        .flat_map(|customer| {
            (0..6 + customer % 3).map(move |visit| {
                let (number, day) = (customer * 100 + visit, 1 + visit * 3);
                let product = (customer + visit * visit) % 7;
                format!("{number},c{customer},2024-01-{day:02} 12:00:00,p{product},1,2.50\n")
            })
        })
        .collect()
}

#[test]
fn a_sample_depends_on_nothing_but_ids() {
    let evaluation = |parts: &[String], customers_max: u32| {
        let shop = Shop::new();
        parts.iter().for_each(|part| drop(shop.import(part)));
        let settings = shop.dir().join("proffer.toml");
        std::fs::write(settings, format!("[evaluation]\ncustomers_max = {customers_max}\n"))
            .unwrap();
        let text = shop.done(&["evaluate", "next-basket", "--json", "--level", "product"]);
        let mut found: serde_json::Value = serde_json::from_str(&text).unwrap();
        for model in found["models"].as_array_mut().unwrap() {
            let model = model.as_object_mut().unwrap();
            model.retain(|key, _| !key.ends_with("_s"));
        }
        found
    };
    let together = [receipts(0..40)];
    let backwards = [receipts((20..40).rev()), receipts((0..20).rev())];
    for (customers_max, sampled) in [(10, 10), (39, 39), (40, 40), (1_000, 40)] {
        let one = evaluation(&together, customers_max);
        assert_eq!(one["sampled"], sampled);
        assert_eq!((&one["customers"], &one["evaluated"]), (&40.into(), &sampled.into()));
        assert_eq!(one, evaluation(&backwards, customers_max), "a sample of {customers_max}");
    }
}
