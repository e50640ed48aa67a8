//! The order by category, the moves that the catalogue makes in it, and promotion placements.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use lake::{Customers, Lake};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use retail::{Batch, Day, NONE, PlacementBatch, Product};

use super::place::{Place, everywhere};
use super::{batch, compact, receipt};

fn read(place: &Place, lake: &Lake, what: &str) -> Vec<RecordBatch> {
    let files = lake.files().into_iter().filter(|(role, _)| role == what);
    let batches = files.flat_map(|(_, location)| {
        let bytes = bytes::Bytes::from(place.read(&location));
        ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap()
    });
    batches.map(Result::unwrap).collect()
}

/// Every line lies once under the category that the catalogue names now, and each file is sorted.
pub fn by_category_tells_the_same(place: &Place, lake: &Lake) {
    let categories: BTreeMap<String, Option<String>> = lake
        .table::<Product>()
        .unwrap()
        .into_iter()
        .map(|product| (product.id.0, product.category))
        .collect();
    let (products, names) = (lake.products().unwrap(), lake.categories().unwrap());
    let product = |code| products.text(code).unwrap().to_owned();
    let all = lake.lines(&Customers::Everybody).unwrap();
    let mut expected: Vec<_> = (0..all.len())
        .map(|row| {
            let product = product(all.product[row]);
            let category = categories.get(&product).cloned().flatten();
            let (customer, receipt) = (all.customer[row], all.receipt[row]);
            (category, all.day[row], receipt, customer, product, all.net[row])
        })
        .collect();
    let dead: Vec<(u32, u32)> = read(place, lake, "dead")
        .iter()
        .flat_map(|batch| pairs(batch, "receipt", "version"))
        .collect();
    let mut found = Vec::new();
    for batch in read(place, lake, "lines by-category") {
        let codes = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<UInt32Type>();
        let maybe = |name: &str, row: usize| {
            let codes = codes(name);
            if codes.is_valid(row) { codes.value(row) } else { NONE }
        };
        let day = batch.column_by_name("day").unwrap().as_primitive::<Date32Type>();
        let net = batch.column_by_name("net").unwrap().as_primitive::<Int64Type>();
        let versions = pairs(&batch, "receipt", "version");
        let keys: Vec<_> = (0..batch.num_rows())
            .map(|row| (maybe("category", row), day.value(row), versions[row].0))
            .collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for (row, &(category, day, receipt)) in keys.iter().enumerate() {
            if !dead.contains(&versions[row]) {
                let category = names.text(category).map(str::to_owned);
                let product = product(codes("product").value(row));
                let customer = maybe("customer", row);
                found.push((category, day, receipt, customer, product, net.value(row)));
            }
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

fn pairs(batch: &RecordBatch, a: &str, b: &str) -> Vec<(u32, u32)> {
    let codes = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<UInt32Type>();
    codes(a).values().iter().copied().zip(codes(b).values().iter().copied()).collect()
}

pub fn product(id: &str, category: Option<&str>) -> Product {
    Product { category: category.map(str::to_owned), ..Product::unknown(id) }
}

#[test]
fn lines_follow_their_product_to_another_category() {
    everywhere(|place| {
        let sold = [
            receipt("1", Some("a"), 0, &[("milk", 100), ("bread", 50)]),
            receipt("2", None, 86_400_000_000, &[("milk", 110), ("soap", 70)]),
        ];
        let catalogue = |products: Vec<Product>| Batch { products, ..Batch::default() };
        // Lines came before any catalogue, then with it, then a product moves, then one is named.
        let (lake, _) = place.open().append("1", &batch(&sold[..1])).unwrap();
        by_category_tells_the_same(place, &lake);
        let mut both = batch(&sold[1..]);
        both.products = vec![product("milk", Some("dairy")), product("bread", Some("bakery"))];
        let (lake, _) = lake.append("2", &both).unwrap();
        by_category_tells_the_same(place, &lake);
        let (lake, _) =
            lake.append("3", &catalogue(vec![product("milk", Some("drinks"))])).unwrap();
        by_category_tells_the_same(place, &lake);
        let (lake, _) = lake
            .append("4", &catalogue(vec![product("soap", Some("care")), product("milk", None)]))
            .unwrap();
        by_category_tells_the_same(place, &lake);
        let (lake, done) = compact(&lake).unwrap();
        assert_eq!(done.runs_after, 1);
        by_category_tells_the_same(place, &lake);
    });
}

#[test]
fn products_of_two_categories_move_into_one() {
    everywhere(|place| {
        let day = 86_400_000_000;
        let shelves = |of: &[(&str, &str)]| {
            of.iter().map(|&(id, category)| product(id, Some(category))).collect()
        };
        // By their old categories, the later day comes first.
        let mut sold = batch(&[
            receipt("1", Some("a"), 2 * day, &[("milk", 100)]),
            receipt("2", Some("b"), day, &[("bread", 50)]),
        ]);
        sold.products = shelves(&[("milk", "dairy"), ("bread", "bakery")]);
        let (lake, _) = place.open().append("1", &sold).unwrap();
        let products = shelves(&[("milk", "fresh"), ("bread", "fresh")]);
        let (lake, _) = lake.append("2", &Batch { products, ..Batch::default() }).unwrap();
        by_category_tells_the_same(place, &lake);
    });
}

/// Product, shop, day on which the week begins, display, mailer.
type Placed = (&'static str, &'static str, i32, &'static str, &'static str);

fn placements(rows: &[Placed]) -> Batch {
    let mut placements = PlacementBatch::default();
    for &(product, shop, week, display, mailer) in rows {
        let mut place =
            |text: &str| if text.is_empty() { NONE } else { placements.places.code(text) };
        placements.display.push(place(display));
        placements.mailer.push(place(mailer));
        placements.product.push(placements.products.code(product));
        placements.shop.push(placements.shops.code(shop));
        placements.week.push(week);
    }
    Batch { placements, ..Batch::default() }
}

fn placed(lake: &Lake) -> Vec<(String, String, i32, String, String)> {
    let all = lake.placements(Day(i32::MIN)..=Day(i32::MAX)).unwrap();
    let place = |code| all.places.text(code).unwrap_or_default().to_owned();
    (0..all.len())
        .map(|row| {
            (
                lake.products().unwrap().text(all.product[row]).unwrap().to_owned(),
                lake.shops().unwrap().text(all.shop[row]).unwrap().to_owned(),
                all.week[row],
                place(all.display[row]),
                place(all.mailer[row]),
            )
        })
        .collect()
}

#[test]
fn weeks_that_are_alike_are_written_at_a_time() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let storage = std::sync::Arc::new(lake::Storage::local(folder.path()).unwrap());
        let lake = Lake::open(storage).unwrap();
        let (lake, _) =
            lake.append("sold", &batch(&[receipt("1", None, 0, &[("milk", 1)])])).unwrap();
        let rows: Vec<Placed> = (0..40).map(|week| ("milk", "s", week * 7, "3", "")).collect();
        let (lake, done) = lake.append("placed", &placements(&rows)).unwrap();
        assert_eq!((done.placements, placed(&lake).len()), (40, 40));
    }
}

#[test]
fn what_comes_again_of_a_product_shop_and_week_replaces_what_was_known() {
    // (parts of the imports one after the other, what is left of it)
    type Case<'a> = (&'a [&'a [&'a [Placed]]], &'a [Placed]);
    let cases: &[Case<'_>] = &[
        // Two places of one product, the same row twice, in one part and in two.
        (
            &[&[&[
                ("milk", "s", 0, "3", ""),
                ("milk", "s", 0, "", "A"),
                ("milk", "s", 0, "", "A"),
            ]]],
            &[("milk", "s", 0, "3", ""), ("milk", "s", 0, "", "A")],
        ),
        (
            &[&[
                &[("milk", "s", 0, "3", "")],
                &[("milk", "s", 0, "", "A"), ("milk", "s", 7, "3", "")],
            ]],
            &[("milk", "s", 0, "3", ""), ("milk", "s", 0, "", "A"), ("milk", "s", 7, "3", "")],
        ),
        // A later import tells of milk anew, and nothing of bread.
        (
            &[
                &[&[
                    ("milk", "s", 0, "3", ""),
                    ("milk", "s", 0, "5", "A"),
                    ("bread", "s", 0, "1", ""),
                ]],
                &[&[("milk", "s", 0, "9", "")]],
            ],
            &[("milk", "s", 0, "9", ""), ("bread", "s", 0, "1", "")],
        ),
        // Products and shops without receipts are kept, and not told to models.
        (&[&[&[("tea", "s", 0, "1", ""), ("milk", "elsewhere", 0, "1", "")]]], &[]),
    ];
    everywhere(|place| {
        for (at, (imports, left)) in cases.iter().enumerate() {
            let place = place.another();
            let sold = batch(&[receipt("1", None, 0, &[("milk", 100), ("bread", 50)])]);
            let (mut lake, _) = place.open().append("sold", &sold).unwrap();
            for (step, parts) in imports.iter().enumerate() {
                let mut append = lake.begin(&step.to_string()).unwrap();
                parts.iter().for_each(|rows| append.add(placements(rows)).unwrap());
                (lake, _) = append.commit().unwrap();
            }
            let owned = |&(product, shop, week, display, mailer): &Placed| {
                let text = str::to_owned;
                (text(product), text(shop), week, text(display), text(mailer))
            };
            let left: Vec<_> = left.iter().map(owned).collect();
            assert_eq!(placed(&lake), left, "case {at}");
        }
    });
}
