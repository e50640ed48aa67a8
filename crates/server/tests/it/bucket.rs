//! A lake in a bucket and feeds from one, as a person at the command line meets them.

use std::net::TcpListener;

use lake::{Bucket, Limits, Storage};

use super::fixture::{HEADER, MAPPING, Shop, rows};
use super::s3;

/// The import's mapping with its receipts elsewhere.
fn mapping(files: &str) -> String {
    MAPPING.replace("\"receipts.csv\"", files)
}

/// Puts files into the bucket below a fresh place; gives its address.
fn upload(shop: &Shop, files: &[(&str, String)]) -> String {
    let url = s3::fresh_url();
    let bucket = Bucket::open_with(&url, Limits::default(), shop.variables.clone()).unwrap();
    let storage = Storage::bucket(bucket);
    for (name, text) in files {
        storage.put_file(name, &shop.write("upload", text)).unwrap();
    }
    url
}

/// A shop with its lake in a folder, and an object store at hand.
fn shop() -> Option<Shop> {
    let server = s3::server()?;
    let mut shop = Shop::new();
    shop.variables = s3::variables(server.address);
    Some(shop)
}

#[test]
fn the_main_job_is_the_same_in_a_bucket() {
    let mut told = Vec::new();
    for new in Shop::kinds() {
        let shop = new();
        for part in 1..=3 {
            shop.import(&rows(part * 300).replace("p7,1,1.50", &format!("p7,1,{part}.25")));
        }
        shop.done(&["refresh"]);
        shop.done(&["lake", "compact"]);
        shop.done(&["erase", "c1"]);
        let files = shop.done(&["lake", "files"]);
        let place =
            shop.url.clone().unwrap_or_else(|| shop.dir().join("lake").display().to_string());
        assert!(files.lines().count() > 3);
        for line in files.lines() {
            assert!(line.split('\t').nth(1).unwrap().starts_with(&place), "{line}");
        }
        assert_eq!(shop.dir().join("lake").exists(), shop.url.is_none());
        told.push((shop.sums(), shop.done(&["offers", "--json"]), shop.done(&["portrait", "c2"])));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
}

/// (what the mapping names, receipts that come).
#[test]
fn feeds_come_from_a_bucket_by_name_pattern_and_folder() {
    let Some(shop) = shop() else { return };
    let part = |from: u32| {
        let rows = rows(from + 9);
        let skipped = rows.lines().skip(3 * (from as usize - 1));
        format!("{HEADER}{}\n", skipped.collect::<Vec<_>>().join("\n"))
    };
    let url = upload(
        &shop,
        &[
            ("день/receipts-1.csv", part(1)),
            ("день/receipts-2.csv", part(11)),
            ("день/other.csv", part(21)),
            ("день/later/receipts-3.csv", part(31)),
            ("день/_marker.csv", part(41)),
            ("день/about.pdf", part(51)),
        ],
    );
    for (files, receipts) in [
        (format!("\"{url}/день/receipts-1.csv\""), 10),
        (format!("\"{url}/день/receipts-*.csv\""), 20),
        (format!("\"{url}/день/*-?.csv\""), 20),
        (format!("[\"{url}/день/receipts-2.csv\", \"{url}/день/*.csv\"]"), 40),
        (format!("\"{url}/день\""), 40),
        ("[\"${DAY}/receipts-1.csv\", \"here.csv\"]".to_owned(), 11),
    ] {
        let mut shop = self::shop().unwrap();
        shop.variables.push(("DAY".to_owned(), format!("{url}/день")));
        shop.write("mapping.toml", mapping(&files));
        shop.write("here.csv", format!("{HEADER}77,c1,2024-01-01 10:00:00,milk,1,1\n"));
        // What a killed import left must neither be read nor stay.
        std::fs::create_dir_all(shop.dir().join("fetched/proffer/test")).unwrap();
        shop.write("programme/fetched/proffer/test/receipts-9.csv", part(91));
        let report: serde_json::Value =
            serde_json::from_str(&shop.done(&["import", "mapping.toml", "--json"])).unwrap();
        assert_eq!(shop.sums().receipts, receipts, "{files}: {report}");
        assert!(!shop.dir().join("fetched").exists(), "{files}");
        let again = shop.done(&["import", "mapping.toml", "--json"]);
        assert!(again.contains("\"already_there\": true"), "{files}: {again}");
    }
}

#[test]
fn quarantine_and_errors_name_the_place_in_the_bucket() {
    let Some(shop) = shop() else { return };
    let bad = format!("{HEADER}{}2,anna,2024-02-30 10:00:00,milk,1,1\n", rows(1));
    let unfinished = "number,customer\n1,anna\n".to_owned();
    let url = upload(
        &shop,
        &[("a b/bad.csv", bad), ("unfinished.csv", unfinished), ("empty.csv", String::new())],
    );
    shop.write("mapping.toml", mapping(&format!("\"{url}/a b/bad.csv\"")));
    let report: serde_json::Value =
        serde_json::from_str(&shop.done(&["import", "mapping.toml", "--json", "--max-bad", "50%"]))
            .unwrap();
    let listed = std::fs::read_to_string(report["quarantine"]["path"].as_str().unwrap()).unwrap();
    assert!(listed.contains(&format!("{url}/a b/bad.csv,5,at")), "{listed}");
    let absent = "there is no file to read here";
    for (files, place, sentence) in [
        (format!("{url}/unfinished.csv"), format!("{url}/unfinished.csv"), "there is no column"),
        (format!("{url}/empty.csv"), format!("{url}/empty.csv"), "empty"),
        (format!("{url}/absent.csv"), format!("{url}/absent.csv"), absent),
        (format!("{url}/x*.csv"), format!("{url}/x*.csv"), absent),
        ("s3://absent/x.csv".to_owned(), "s3://absent".to_owned(), "no bucket absent"),
        ("http://proffer/x.csv".to_owned(), "http://proffer/x.csv".to_owned(), "s3://BUCKET/KEY"),
    ] {
        shop.write("mapping.toml", mapping(&format!("\"{files}\"")));
        let error = shop.failed(&["import", "mapping.toml"]);
        assert!(error.contains(&place) && error.contains(sentence), "{files}: {error}");
        assert!(!error.contains("fetched/"), "{files}: {error}");
        assert!(!shop.dir().join("fetched").exists(), "{files}");
        assert_eq!(shop.sums().receipts, 1, "{files}");
    }
}

#[test]
fn a_key_in_an_address_is_refused_and_not_shown() {
    let shop = Shop::new();
    for (files, told) in [
        ("s3://user:secret@shop/day.csv", "s3://shop/day.csv: keys"),
        ("s3://user:sec/secret@shop/day.csv", "s3://shop/day.csv: keys"),
        ("s3://secret@shop", "s3://shop: keys"),
        ("http://user:sec@secret@host:9000/day.csv", "http://host:9000/day.csv: keys"),
        ("http://host:9000/day.csv", "http://host:9000/day.csv: files of an object store"),
    ] {
        shop.write("mapping.toml", mapping(&format!("\"{files}\"")));
        let error = shop.failed(&["import", "mapping.toml"]);
        assert!(error.contains(told) && !error.contains("sec"), "{files}: {error}");
    }
}

/// (what is set in the environment, part of the sentence): exit code 1, and no key is shown.
#[test]
fn a_bucket_that_cannot_be_reached_is_said_in_a_sentence() {
    if s3::server().is_none() {
        return;
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (name, value, sentence) in [
        ("AWS_ENDPOINT_URL", format!("http://{nobody}"), "no connection to"),
        ("AWS_ALLOW_HTTP", "no".to_owned(), "AWS_ALLOW_HTTP=true"),
    ] {
        let mut shop = Shop::in_bucket();
        shop.variables.push((name.to_owned(), value));
        let error = shop.failed(&["lake", "files"]);
        assert!(error.contains(sentence) && error.contains("s3://proffer/"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let shop = Shop::new();
    let settings = shop.dir().join("proffer.toml");
    for (url, sentence) in [("ftp://x/y", "s3://BUCKET"), ("s3://", "s3://BUCKET")] {
        std::fs::write(&settings, format!("[lake]\nurl = \"{url}\"\n")).unwrap();
        assert!(shop.failed(&["lake", "files"]).contains(sentence), "{url}");
    }
}
