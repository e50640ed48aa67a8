//! Files of a storage: put, found, read in parts, alike in a folder and in a bucket.

use std::cell::Cell;
use std::collections::BTreeMap;

use lake::{Bucket, Customers, Lake, LakeError, Limits, Snapshots, Storage};

use super::place::everywhere;
use super::proxy::{Fault, Proxy};
use super::{batch, receipt, s3};

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| (place * 31 % 251) as u8).collect()
}

#[test]
fn a_finished_file_is_put_whole_whatever_its_size() {
    everywhere(|place| {
        for size in [1, 16 << 20, (16 << 20) + 1, 21_000_007] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("finished");
            std::fs::write(&file, bytes(size)).unwrap();
            let storage = place.storage();
            let path = format!("snapshot/000001/{size}.parquet");
            storage.put_file(&path, &file).unwrap();
            assert!(place.read(&storage.location(&path)) == bytes(size), "{size} bytes");
            assert!(file.exists(), "the local file is the caller's");
        }
    });
}

#[test]
fn files_of_a_snapshot_are_read_as_they_were_written_empty_ones_too() {
    everywhere(|place| {
        for size in [0, 1, 8 << 20, (8 << 20) + 1] {
            let snapshots = Snapshots::new(place.storage());
            let mut writer = snapshots.begin(BTreeMap::new()).unwrap();
            writer.bytes("some.json", bytes(size)).unwrap();
            let snapshot = writer.finish().unwrap();
            let read = snapshots.read(&snapshot, "some.json").unwrap();
            assert!(read == bytes(size), "{size} bytes");
        }
    });
}

#[test]
fn a_fetched_object_is_whole_and_the_one_that_was_listed() {
    let Some(server) = s3::server() else { return };
    let url = s3::fresh_url();
    let open =
        || Bucket::open_with(&url, Limits::default(), s3::variables(server.address)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("feed");
    std::fs::write(&file, bytes(9_000_001)).unwrap();
    let storage = Storage::bucket(open());
    storage.put_file("feeds/чеки 1.csv", &file).unwrap();
    storage.put_file("feeds/deep/2.csv", &file).unwrap();
    let bucket = open();
    let listed = bucket.list("feeds").unwrap();
    let paths: Vec<&str> = listed.iter().map(|listed| listed.path.as_str()).collect();
    assert_eq!(paths, ["feeds/deep/2.csv", "feeds/чеки 1.csv"]);
    assert_eq!(bucket.find("feeds").unwrap(), None);
    let came = Cell::new(0);
    let copy = folder.path().join("copy");
    bucket.fetch(&listed[1], &copy, &|bytes| came.set(came.get() + bytes)).unwrap();
    assert!(std::fs::read(&copy).unwrap() == bytes(9_000_001));
    assert_eq!(came.into_inner(), 9_000_001);
    std::fs::write(&file, bytes(5)).unwrap();
    storage.put_file("feeds/чеки 1.csv", &file).unwrap();
    let error = bucket.fetch(&listed[1], &copy, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("чеки 1.csv") && error.contains("changed while it was read"), "{error}");
}

/// A row group costs a request of its own at most, besides the one that opens its file.
#[test]
fn a_scan_makes_few_requests() {
    let Some(server) = s3::server() else { return };
    let proxy = Proxy::before(server.address, |_| Fault::None);
    let url = s3::fresh_url();
    let storage = Bucket::open_with(&url, Limits::default(), s3::variables(proxy.address)).unwrap();
    let receipts: Vec<_> = (0..30_000)
        .map(|i: i64| {
            let lines = [("milk", 100 + i * i % 9973), ("bread", 1 + i * 7919 % 10_007)];
            receipt(&i.to_string(), Some(&format!("c{}", i * 31 % 4001)), i * 1_000_003, &lines)
        })
        .collect();
    let lake = Lake::open(Storage::bucket(storage).into()).unwrap();
    let (lake, _) = lake.append("1", &batch(&receipts)).unwrap();
    let size =
        lake.manifest().sort_orders["by-customer"].iter().map(|file| file.bytes).sum::<u64>();
    assert!(size > 300_000, "{size} bytes are too few to tell");
    let before = proxy.count("/lines/by-customer/");
    assert_eq!(lake.lines(&Customers::Everybody).unwrap().len(), 60_000);
    let asked = proxy.count("/lines/by-customer/") - before;
    assert!(asked <= 2, "{asked} requests for one row group");
}

/// (what the environment says instead, part of the sentence).
#[test]
fn a_wrong_environment_is_said_in_a_sentence_within_seconds() {
    let Some(server) = s3::server() else { return };
    let refusing =
        |status, code| Proxy::before(server.address, move |_| Fault::Refused(status, code));
    let (wrong_key, wrong_sign) =
        (refusing(403, "InvalidAccessKeyId"), refusing(403, "SignatureDoesNotMatch"));
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let here = || s3::variables(server.address);
    let with = |name: &str, value: &str| {
        let mut variables = here();
        variables.push((name.to_owned(), value.to_owned()));
        variables
    };
    let without_keys = || {
        let mut variables = with("AWS_METADATA_ENDPOINT", &format!("http://{closed}"));
        variables.retain(|(name, _)| !name.contains("KEY"));
        variables
    };
    type Case<'a> = (&'a str, Vec<(String, String)>, &'a [&'a str]);
    let cases: Vec<Case<'_>> = vec![
        ("s3://absent/lake", here(), &["no bucket absent at http://127.0.0.1"]),
        (
            "s3://proffer/x",
            s3::variables(wrong_key.address),
            &["InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"],
        ),
        (
            "s3://proffer/x",
            s3::variables(wrong_sign.address),
            &["SignatureDoesNotMatch", "AWS_SECRET"],
        ),
        (
            "s3://proffer/x",
            s3::variables(closed),
            &["no connection to", "AWS_ENDPOINT_URL", "refused"],
        ),
        (
            "s3://proffer/x",
            with("AWS_ENDPOINT_URL", "http://nowhere.invalid"),
            &["no connection to"],
        ),
        ("s3://proffer/x", with("AWS_ALLOW_HTTP", "false"), &["AWS_ALLOW_HTTP=true"]),
        ("s3://proffer/x", without_keys(), &["no keys", "AWS_ACCESS_KEY_ID"]),
        ("s3://", here(), &["s3://BUCKET"]),
        ("s3://a b/c", here(), &["s3://BUCKET"]),
        ("s3://proffer/a/../b", here(), &["..\u{22}"]),
    ];
    for (url, variables, parts) in cases {
        let limits = Limits { tries: 3, ..Limits::default() };
        let opened = Bucket::open_with(url, limits, variables);
        let error = match opened.map(|bucket| Lake::open(Storage::bucket(bucket).into())) {
            Ok(Ok(_)) => panic!("{url} was opened, instead of {parts:?}"),
            Ok(Err(error)) | Err(error) => error.to_string(),
        };
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(error.starts_with("s3://") && !error.contains("AWSAccessKeyId"), "{error}");
    }
}

/// (what the store does with a condition, part of the sentence).
#[test]
fn a_store_that_knows_no_conditional_put_is_refused_before_the_first_commit() {
    let Some(server) = s3::server() else { return };
    for fault in [
        Fault::Unconditional,
        Fault::Refused(501, "NotImplemented"),
        Fault::Refused(400, "InvalidArgument"),
    ] {
        let proxy = Proxy::before(server.address, move |asked| {
            if asked.line.starts_with("PUT") { fault } else { Fault::None }
        });
        let url = s3::fresh_url();
        let limits = Limits { tries: 2, ..Limits::default() };
        let bucket = Bucket::open_with(&url, limits, s3::variables(proxy.address)).unwrap();
        let lake = Lake::open(Storage::bucket(bucket).into()).unwrap();
        let error = match lake.append("1", &batch(&[])) {
            Ok(_) => panic!("{fault:?}"),
            Err(error @ LakeError::Bucket { .. }) => error.to_string(),
            Err(error) => panic!("{fault:?}: {error}"),
        };
        assert!(error.contains("only where none exists"), "{fault:?}: {error}");
    }
}
