//! The lake against a naive model: receipts in a map. Seeds are printed; `PROFFER_SOAK=1` runs more.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::{Compacted, Customers, Extent, Lake, LakeError, Snapshots, Storage};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use retail::{
    Batch, Day, Instant, Line, LineBatch, Lines, Money, Product, Quantity, Receipt, ReceiptKey,
    compare_ids,
};

mod it {
    pub mod faults;
    pub mod orders;
    pub mod place;
    pub mod proxy;
    pub mod s3;
    pub mod states;
    pub mod storage;

    use super::{batch, compact, receipt, soak};
}

use it::orders::by_category_tells_the_same;

use it::place::everywhere;

fn soak() -> bool {
    std::env::var_os("PROFFER_SOAK").is_some()
}

fn receipt(number: &str, customer: Option<&str>, at: i64, lines: &[(&str, i64)]) -> Receipt {
    Receipt {
        key: ReceiptKey { shop: "s".into(), number: number.into(), ..ReceiptKey::default() },
        shop: "s".into(),
        customer: customer.map(Into::into),
        card: customer.map(Into::into),
        at: Instant(at),
        day: Day((at / 86_400_000_000) as i32),
        minute: 0,
        channel: None,
        original: None,
        lines: lines
            .iter()
            .map(|&(product, net)| Line {
                product: product.into(),
                quantity: Quantity(1000),
                net: Money(net),
                discount: Money(0),
                retailer_coupon: Money(0),
                supplier_coupon: Money(0),
            })
            .collect(),
    }
}

fn batch(receipts: &[Receipt]) -> Batch {
    let mut lines = LineBatch::default();
    for receipt in receipts {
        lines.push(receipt);
    }
    Batch { lines, ..Batch::default() }
}

/// (customer, number is not stored in Lines, so: at, product, net) of every line, in order.
fn told(lake: &Lake, lines: &Lines) -> Vec<(Option<String>, i64, String, i64)> {
    (0..lines.len())
        .map(|row| {
            (
                lake.customers().unwrap().text(lines.customer[row]).map(str::to_owned),
                lines.at[row],
                lake.products().unwrap().text(lines.product[row]).unwrap().to_owned(),
                lines.net[row],
            )
        })
        .collect()
}

/// What the lake must tell of such receipts: by customer in the order of codes, none last.
fn expected(
    lake: &Lake,
    receipts: &BTreeMap<String, Receipt>,
) -> Vec<(Option<String>, i64, String, i64)> {
    let mut sorted: Vec<&Receipt> = receipts.values().collect();
    let code = |receipt: &Receipt| {
        receipt
            .customer
            .as_ref()
            .map_or(u32::MAX, |id| lake.customers().unwrap().code(&id.0).unwrap())
    };
    sorted.sort_by(|a, b| {
        code(a).cmp(&code(b)).then(a.at.cmp(&b.at)).then(compare_ids(&a.key.number, &b.key.number))
    });
    sorted
        .iter()
        .flat_map(|receipt| {
            receipt.lines.iter().map(|line| {
                (
                    receipt.customer.as_ref().map(|id| id.0.clone()),
                    receipt.at.0,
                    line.product.0.clone(),
                    line.net.0,
                )
            })
        })
        .collect()
}

/// Makes one run of all.
fn compact(lake: &Lake) -> Result<(Lake, Compacted), LakeError> {
    lake.compact(Extent::Everything, &|_, _| {})
}

fn random_receipt(random: &mut impl Rng) -> Receipt {
    let number = random.random_range(0..60).to_string();
    let customer = random.random_bool(0.8).then(|| format!("c{}", random.random_range(0..7)));
    let at = random.random_range(0..5) * 86_400_000_000;
    let lines: Vec<(String, i64)> = (0..random.random_range(1..5))
        .map(|_| (format!("p{}", random.random_range(0..9)), random.random_range(1..500)))
        .collect();
    let lines: Vec<(&str, i64)> =
        lines.iter().map(|(product, net)| (product.as_str(), *net)).collect();
    receipt(&number, customer.as_deref(), at, &lines)
}

fn random_product(random: &mut impl Rng) -> Product {
    let category = random.random_bool(0.8).then(|| format!("g{}", random.random_range(0..3)));
    Product { category, ..Product::unknown(&format!("p{}", random.random_range(0..9))) }
}

#[test]
fn any_sequence_of_appends_compactions_and_erasures_tells_what_a_map_tells() {
    everywhere(|place| {
        for seed in 0..place.seeds() {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let place = place.another();
            let mut lake = place.open();
            let mut model: BTreeMap<String, Receipt> = BTreeMap::new();
            let mut erased: BTreeSet<String> = BTreeSet::new();
            for step in 0..8 {
                match random.random_range(0..10) {
                    0..6 => {
                        let mut receipts: BTreeMap<String, Receipt> = BTreeMap::new();
                        for _ in 0..random.random_range(1..20) {
                            let receipt = random_receipt(&mut random);
                            receipts.insert(receipt.key.number.clone(), receipt);
                        }
                        let fed: Vec<Receipt> = receipts.values().cloned().collect();
                        // In one part or in several, it is the same.
                        let mut append = lake.begin(&format!("{seed}/{step}")).unwrap();
                        for part in fed.chunks(random.random_range(1..20)) {
                            let mut part = batch(part);
                            if random.random_bool(0.3) {
                                part.products.push(random_product(&mut random));
                            }
                            append.add(part).unwrap();
                        }
                        (lake, _) = append.commit().unwrap();
                        for mut receipt in fed {
                            if receipt.customer.as_ref().is_some_and(|id| erased.contains(&id.0)) {
                                receipt.customer = None;
                            }
                            model.insert(receipt.key.number.clone(), receipt);
                        }
                    }
                    6..8 => (lake, _) = compact(&lake).unwrap(),
                    8 => (lake, _) = lake.compact(Extent::Above(2), &|_, _| {}).unwrap(),
                    _ => {
                        let id = format!("c{}", random.random_range(0..7));
                        (lake, _) = lake.erase(&id).unwrap();
                        model.retain(|_, receipt| {
                            receipt.customer.as_ref().is_none_or(|c| c.0 != id)
                        });
                        erased.insert(id);
                    }
                }
                let reopened = place.open();
                let told_now = told(&reopened, &reopened.lines(&Customers::Everybody).unwrap());
                assert_eq!(told_now, expected(&reopened, &model), "seed {seed}, step {step}");
                let totals = reopened.manifest().totals;
                assert_eq!(totals.receipts as usize, model.len(), "seed {seed}, step {step}");
                assert_eq!(totals.lines as usize, told_now.len(), "seed {seed}, step {step}");
                assert_eq!(
                    totals.net,
                    told_now.iter().map(|line| line.3).sum::<i64>(),
                    "seed {seed}, step {step}"
                );
                one_by_one(&reopened, &told_now);
                by_category_tells_the_same(&place, &reopened);
                let coming: Vec<Receipt> =
                    (0..random.random_range(0..9)).map(|_| random_receipt(&mut random)).collect();
                a_view_tells_what_an_append_would(place.open(), coming, &model, &erased);
            }
        }
    });
}

/// Receipts beside the lake read as if they had been appended.
fn a_view_tells_what_an_append_would(
    lake: Lake,
    coming: Vec<Receipt>,
    model: &BTreeMap<String, Receipt>,
    erased: &BTreeSet<String>,
) {
    let coming: BTreeMap<String, Receipt> =
        coming.into_iter().map(|receipt| (receipt.key.number.clone(), receipt)).collect();
    let lines = batch(&coming.values().cloned().collect::<Vec<_>>()).lines;
    let mut model = model.clone();
    for (number, mut receipt) in coming {
        receipt.customer = receipt.customer.filter(|id| !erased.contains(&id.0));
        model.insert(number, receipt);
    }
    let view = lake.with_receipts(lines).unwrap();
    let told_now = told(&view, &view.lines(&Customers::Everybody).unwrap());
    assert_eq!(told_now, expected(&view, &model));
    one_by_one(&view, &told_now);
}

/// Single customers, ranges and the unknown together tell what everybody tells.
fn one_by_one(lake: &Lake, all: &[(Option<String>, i64, String, i64)]) {
    let read = |customers: &Customers| told(lake, &lake.lines(customers).unwrap());
    let mut single = Vec::new();
    for code in 0..lake.customers().unwrap().len() as u32 {
        single.extend(read(&Customers::Range(code..=code)));
    }
    single.extend(read(&Customers::Unknown));
    assert_eq!(single, all);
    let mut ranges = Vec::new();
    for range in lake.ranges(7).unwrap() {
        ranges.extend(read(&Customers::Range(range)));
    }
    ranges.extend(read(&Customers::Unknown));
    assert_eq!(ranges, all);
}

#[test]
fn the_same_batch_and_the_same_receipts_add_nothing() {
    everywhere(|place| {
        let first = batch(&[receipt("1", Some("a"), 5, &[("milk", 100), ("bread", 50)])]);
        let (lake, done) = place.open().append("feed 1", &first).unwrap();
        assert_eq!((done.receipts_new, done.lines), (1, 2));
        let (lake, again) = lake.append("feed 1", &first).unwrap();
        assert!(again.already_there);
        // Under another name, with lines in another order, it is still the same receipt.
        let turned = batch(&[receipt("1", Some("a"), 5, &[("bread", 50), ("milk", 100)])]);
        let (lake, same) = lake.append("feed 2", &turned).unwrap();
        assert_eq!((same.receipts_same, same.receipts_new, same.lines), (1, 0, 0));
        let (lake, other) =
            lake.append("feed 3", &batch(&[receipt("1", None, 5, &[("milk", 90)])])).unwrap();
        assert_eq!((other.receipts_replaced, other.lines), (1, 1));
        assert_eq!(
            told(&lake, &lake.lines(&Customers::Everybody).unwrap()),
            [(None, 5, "milk".to_owned(), 90)]
        );
    });
}

/// (the imports one after the other, each a list of (number, fiscal document, amount); what is left).
#[test]
fn a_receipt_has_one_identity_through_either_door() {
    everywhere(|place| {
        type Came<'a> = (&'a str, Option<&'a str>, i64);
        let cases: &[(&[&[Came<'_>]], &[i64])] = &[
            (&[&[("1", Some("77"), 100)], &[("9282-77", Some("77"), 150)]], &[150]),
            (&[&[("1", Some("77"), 100)], &[("9282-77", Some("77"), 100)]], &[100]),
            (&[&[("1", Some("77"), 100), ("9282-77", Some("77"), 150)]], &[150]),
            (&[&[("1", None, 100)], &[("9282-77", Some("77"), 150)]], &[100, 150]),
            // The till first sends no fiscal name; then it does, and two receipts become one.
            (
                &[&[("1", None, 100)], &[("9282-77", Some("77"), 150)], &[("1", Some("77"), 110)]],
                &[110],
            ),
            (
                &[
                    &[("1", None, 100)],
                    &[("9282-77", Some("77"), 150)],
                    &[("1", Some("77"), 110)],
                    &[("9282-77", None, 120), ("2", None, 5)],
                ],
                &[120, 5],
            ),
            // Known by both names, it comes by each of them alone in one import.
            (
                &[
                    &[("1", Some("77"), 100)],
                    &[("9282-77", Some("77"), 150)],
                    &[("1", None, 160), ("9282-77", None, 170)],
                ],
                &[170],
            ),
        ];
        for (case, (imports, left)) in cases.iter().enumerate() {
            for compacting in [false, true] {
                let place = place.another();
                let mut lake = place.open();
                for (step, came) in imports.iter().enumerate() {
                    let receipts: Vec<Receipt> = came
                        .iter()
                        .map(|&(number, fiscal, net)| {
                            let mut receipt = receipt(number, Some("a"), 5, &[("milk", net)]);
                            receipt.key.fiscal =
                                fiscal.map(|document| ("9282".into(), document.into()));
                            receipt
                        })
                        .collect();
                    (lake, _) = lake.append(&step.to_string(), &batch(&receipts)).unwrap();
                    if compacting {
                        (lake, _) = compact(&lake).unwrap();
                    }
                }
                let mut net = lake.lines(&Customers::Everybody).unwrap().net;
                net.sort_unstable();
                let mut left = left.to_vec();
                left.sort_unstable();
                assert_eq!(net, left, "case {case}, compacting: {compacting}");
                let totals = lake.manifest().totals;
                assert_eq!(
                    (totals.receipts, totals.net),
                    (left.len() as u64, left.iter().sum()),
                    "case {case}"
                );
            }
        }
    });
}

#[test]
fn a_reader_of_an_older_state_reads_it_during_and_after_compaction() {
    everywhere(|place| {
        let mut lake = place.open();
        for day in 0..4 {
            let fed = batch(&[receipt(&day.to_string(), Some("a"), day, &[("milk", 100 + day)])]);
            (lake, _) = lake.append(&day.to_string(), &fed).unwrap();
        }
        let older = place.open();
        let (newer, done) = compact(&lake).unwrap();
        assert_eq!((done.runs_before, newer.manifest().runs()), (4, 1));
        let sum = |lake: &Lake| lake.lines(&Customers::Everybody).unwrap().net.iter().sum::<i64>();
        assert_eq!((sum(&older), sum(&newer)), (406, 406));
    });
}

#[test]
fn of_two_writers_one_is_refused_and_nothing_of_it_stays() {
    everywhere(|place| {
        let (one, two) = (place.open(), place.open());
        one.append("1", &batch(&[receipt("1", None, 1, &[("a", 1)])])).unwrap();
        let error = two.append("2", &batch(&[receipt("2", None, 1, &[("b", 2)])])).unwrap_err();
        assert!(error.to_string().contains("another process changed the lake"), "{error}");
        assert_eq!(place.open().manifest().totals.receipts, 1);
    });
}

#[test]
fn a_shortened_file_and_an_unknown_format_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = Lake::open(Arc::new(Storage::local(folder.path()).unwrap()))
        .unwrap()
        .append("1", &batch(&[receipt("1", None, 1, &[("a", 1)])]))
        .unwrap();
    let (_, path) = lake.files().into_iter().find(|(role, _)| role == "lines by-customer").unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let error = Lake::open(Arc::new(Storage::local(folder.path()).unwrap()))
        .unwrap()
        .lines(&Customers::Everybody)
        .unwrap_err()
        .to_string();
    assert!(error.contains(&path) && error.contains("damaged"), "{error}");
    let manifest = folder.path().join("manifest/0000000001.json");
    std::fs::remove_file(folder.path().join("manifest/0000000001.sha256")).unwrap();
    let text =
        std::fs::read_to_string(&manifest).unwrap().replace("\"format\": 2", "\"format\": 3");
    std::fs::write(&manifest, text).unwrap();
    let error =
        Lake::open(Arc::new(Storage::local(folder.path()).unwrap())).unwrap_err().to_string();
    assert!(error.contains("format 3") && error.contains("newer"), "{error}");
}

#[test]
fn rows_of_reference_tables_replace_those_of_the_same_key() {
    everywhere(|place| {
        let product = |id: &str, name: &str| Product {
            name: Some(name.into()),
            tags: vec!["fresh".into(), "pet".into()],
            ..Product::unknown(id)
        };
        let fed = |products: Vec<Product>| Batch { products, ..Batch::default() };
        let (lake, _) = place
            .open()
            .append("1", &fed(vec![product("1", "milk"), product("2", "bread")]))
            .unwrap();
        let (lake, done) =
            lake.append("2", &fed(vec![product("2", "rye bread"), product("1", "milk")])).unwrap();
        let change = done.tables["products"];
        assert_eq!((change.new, change.changed, change.same), (0, 1, 1));
        assert_eq!(
            lake.table::<Product>().unwrap(),
            [product("1", "milk"), product("2", "rye bread")]
        );
    });
}

#[test]
fn an_erased_customer_does_not_come_back_with_the_next_feed() {
    everywhere(|place| {
        let customer = |id: &str| retail::Customer {
            id: id.into(),
            household: None,
            attributes: BTreeMap::new(),
        };
        let mut fed = batch(&[receipt("1", Some("anna"), 5, &[("milk", 100)])]);
        fed.customers = vec![customer("anna"), customer("olga")];
        let (lake, _) = place.open().append("1", &fed).unwrap();
        let (lake, erased) = lake.erase("anna").unwrap();
        assert_eq!((erased.known, erased.lines, erased.table_rows), (true, 1, 1));
        let (lake, _) = lake.append("2", &fed).unwrap();
        assert_eq!(lake.table::<retail::Customer>().unwrap(), [customer("olga")]);
        assert_eq!(
            told(&lake, &lake.lines(&Customers::Everybody).unwrap()),
            [(None, 5, "milk".to_owned(), 100)]
        );
        for (_, path) in lake.files() {
            let bytes = place.read(&path);
            assert!(!bytes.windows(4).any(|window| window == b"anna"), "{path}");
        }
    });
}

#[test]
fn a_snapshot_is_current_only_when_finished() {
    everywhere(|place| {
        let snapshots = Snapshots::new(place.storage());
        let mut writer = snapshots.begin(BTreeMap::new()).unwrap();
        writer.bytes("a.json", b"1".to_vec()).unwrap();
        drop(writer);
        assert_eq!(snapshots.current().unwrap(), None);
        let mut writer = snapshots.begin(BTreeMap::new()).unwrap();
        writer.bytes("a.json", b"2".to_vec()).unwrap();
        let snapshot = writer.finish().unwrap();
        assert_eq!(snapshots.current().unwrap(), Some(snapshot.clone()));
        assert_eq!(&snapshots.read(&snapshot, "a.json").unwrap()[..], b"2");
        place.write(&snapshots.location(&snapshot, "a.json"), b"3");
        assert!(snapshots.read(&snapshot, "a.json").unwrap_err().to_string().contains("SHA-256"));
    });
}
