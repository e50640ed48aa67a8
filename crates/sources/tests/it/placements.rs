//! Promotion placements: one case, one line.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array};
use retail::{Day, PlacementBatch};
use sources::{Files, Mapping, ReadError};

use crate::{problems, read};

fn mapping(week: &str) -> String {
    format!(
        "[placements]\nfiles = 'p.csv'\n[placements.fields]\nproduct = 'p'\nshop = 's'\nweek = {week}\ndisplay = {{ column = 'd', none = ['0'] }}\nmailer = {{ column = 'm', none = ['0'] }}"
    )
}

fn shown(batch: &PlacementBatch) -> Vec<String> {
    let place = |code| batch.places.text(code).unwrap_or("-");
    let of = |row: usize| {
        let product = batch.products.text(batch.product[row]).unwrap();
        let shop = batch.shops.text(batch.shop[row]).unwrap();
        let (display, mailer) = (place(batch.display[row]), place(batch.mailer[row]));
        format!("{product} {shop} {} {display} {mailer}", Day(batch.week[row]))
    };
    (0..batch.len()).map(of).collect()
}

#[test]
fn a_placement_needs_product_shop_and_week() {
    let check = |week: &str, row: &str, expected: &str| {
        let text = format!("p,s,w,d,m\n{row}\n");
        let feed = read(&mapping(week), &[("p.csv", text.as_bytes())]);
        let told: Vec<String> =
            shown(&feed.batch.placements).into_iter().chain(problems(&feed)).collect();
        assert_eq!(told, [expected], "{row} with week = {week}");
    };
    let counted = "{ column = 'w', first = '2016-12-26' }";
    check(counted, "milk,7,1,0,A", "milk 7 2016-12-26 - A");
    check(counted, "milk,7,53,9,0", "milk 7 2017-12-25 9 -");
    check(counted, "milk,7,53.0,9,", "!2 date week 53.0");
    check(counted, "milk,7,0,9,A", "!2 date week 0");
    check(counted, "milk,7,-1,9,A", "!2 date week -1");
    check(counted, ",7,1,0,A", "!2 missing product");
    check(counted, "milk,,1,0,A", "!2 missing shop");
    check(counted, "milk,7,,0,A", "!2 missing week");
    // A date stands for its week: here from Monday, or from the weekday on which week 1 begins.
    check("'w'", "milk,7,2017-01-01,0,A", "milk 7 2016-12-26 - A");
    check("'w'", "milk,7,02.01.2017,0,A", "milk 7 2017-01-02 - A");
    check("'w'", "milk,7,20170108,0,A", "milk 7 2017-01-02 - A");
    check("'w'", "milk,7,5,0,A", "!2 date week 5");
    check("'w'", "milk,7,x,0,A", "!2 date week x");
    let sunday = "{ column = 'w', first = '2017-01-01' }";
    check(sunday, "milk,7,2017-01-08,0,A", "milk 7 2017-01-08 - A");
    check(sunday, "milk,7,2016-12-31,0,A", "milk 7 2016-12-25 - A");
    check(sunday, "milk,7,2,0,A", "milk 7 2017-01-08 - A");
}

#[test]
fn weeks_of_parquet_may_be_numbers() {
    let text = |text: &str| -> ArrayRef { Arc::new(arrow_array::StringArray::from(vec![text])) };
    let file = crate::columnar::parquet(vec![
        ("p", text("milk")),
        ("s", Arc::new(Int32Array::from(vec![7]))),
        ("w", Arc::new(Int32Array::from(vec![2]))),
        ("d", text("0")),
        ("m", text("A")),
    ]);
    let mapping = mapping("{ column = 'w', first = '2016-12-26' }").replace("p.csv", "p.parquet");
    let feed = read(&mapping, &[("p.parquet", &file)]);
    assert_eq!(shown(&feed.batch.placements), ["milk 7 2017-01-02 - A"]);
}

#[test]
fn the_public_placements_are_read_whole_in_parts() {
    let Some(folder) = std::env::var_os("COMPLETE_JOURNEY") else {
        println!("skipped: set COMPLETE_JOURNEY (examples/complete-journey/fetch)");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/complete-journey/placements.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let variables = |_: &str| Some(folder.to_string_lossy().into_owned());
    let mapping = Mapping::read(&path, &text, variables).unwrap();
    let files = Files::find(&mapping, &|_| {}).unwrap();
    let (mut rows, mut parts, mut weeks) = (0, 0, (i32::MAX, i32::MIN));
    let mut take = |part: retail::Batch| -> Result<(), ReadError> {
        parts += 1;
        rows += part.placements.len();
        let (first, last) = (part.placements.week.iter().min(), part.placements.week.iter().max());
        weeks = (weeks.0.min(*first.unwrap()), weeks.1.max(*last.unwrap()));
        assert!(part.placements.len() <= 5_000_000);
        Ok(())
    };
    let summary = files.read(5_000_000, &|_| {}, &mut take).unwrap();
    assert_eq!((rows, parts, summary.counts[0].bad), (20_940_529, 5, 0));
    let (first, last) = (Day(weeks.0).to_string(), Day(weeks.1).to_string());
    assert_eq!((first.as_str(), last.as_str()), ("2016-12-26", "2017-12-25"));
}
