//! An object store that is slow, errs or falls silent: what was asked for is done, or it failed clearly
//! and the lake is as before or after; a later try works.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lake::{Bucket, Customers, Lake, LakeError, Limits, Storage};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::proxy::{Asked, Fault, Proxy};
use super::{batch, compact, receipt, s3, soak};

/// Short, so that a test that waits for the end of patience does not take long.
const LIMITS: Limits = Limits {
    tries: 4,
    total: Duration::from_secs(4),
    request: Duration::from_secs(1),
    connect: Duration::from_secs(1),
};

fn open(url: &str, address: std::net::SocketAddr) -> Result<Lake, LakeError> {
    let bucket = Bucket::open_with(url, LIMITS, s3::variables(address))?;
    Lake::open(Storage::bucket(bucket).into())
}

fn day(day: i64) -> retail::Batch {
    let number = day.to_string();
    batch(&[receipt(&number, Some("a"), day, &[("milk", 100 + day), ("bread", 1)])])
}

/// (receipts, lines, net) as read from the files.
fn told(lake: &Lake) -> (u64, usize, i64) {
    let lines = lake.lines(&Customers::Everybody).unwrap();
    let totals = lake.manifest().totals;
    assert_eq!((totals.lines, totals.net), (lines.len() as u64, lines.net.iter().sum()));
    (totals.receipts, lines.len(), totals.net)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// It is done, as if nothing had happened.
    Done,
    /// It failed with this in the sentence, and the lake is as before.
    Before(&'static str),
    /// It failed with this in the sentence, and the lake is as after.
    After(&'static str),
}

/// Which requests the fault befalls.
#[derive(Clone, Copy)]
enum Whom {
    /// Those with this in their first line.
    All(&'static str),
    /// The first such.
    First(&'static str),
    /// Each third of all.
    Third,
}

const COMMIT: &str = "PUT /proffer/test/";

impl Whom {
    fn befalls(self, asked: &Asked, hits: &AtomicUsize) -> bool {
        match self {
            Self::All(part) => asked.line.contains(part),
            Self::First(part) => {
                asked.line.contains(part) && hits.fetch_add(1, Ordering::Relaxed) == 0
            }
            Self::Third => asked.place.is_multiple_of(3),
        }
    }
}

#[test]
fn what_befalls_a_request_is_outlived_or_clearly_said() {
    use Expected::{After, Before, Done};
    use Whom::{All, First, Third};
    let Some(server) = s3::server() else { return };
    let manifest = "/manifest/0000000002.json";
    let cases: &[(&[(Whom, Fault)], Expected)] = &[
        (&[(Third, Fault::Refused(503, "SlowDown"))], Done),
        (&[(Third, Fault::Refused(500, "InternalError"))], Done),
        (&[(Third, Fault::CutBefore)], Done),
        (&[(Third, Fault::CutAfter)], Done),
        (&[(Third, Fault::DoneAndRefused(500))], Done),
        (&[(All(""), Fault::Delay(Duration::from_millis(50)))], Done),
        (&[(First("GET"), Fault::CutWithin)], Done),
        (&[(First(".parquet"), Fault::CutWithin)], Done),
        // The answer to the commit is lost, once and always: what is there is ours.
        (&[(First(manifest), Fault::CutAfter)], Done),
        (&[(First(manifest), Fault::DoneAndRefused(503))], Done),
        (&[(First(manifest), Fault::DoneAndSilent)], Done),
        (&[(First(manifest), Fault::Silent)], Done),
        (&[(First(manifest), Fault::Refused(409, "ConditionalRequestConflict"))], Done),
        // It never gets there.
        (&[(All(COMMIT), Fault::Refused(503, "SlowDown"))], Before("503 SlowDown")),
        (&[(All(manifest), Fault::Refused(503, "SlowDown"))], Before("503 SlowDown")),
        (&[(All(manifest), Fault::CutBefore)], Before("broke")),
        (&[(All(manifest), Fault::Silent)], Before("in time")),
        (&[(All("PUT"), Fault::Silent)], Before("in time")),
        (&[(All(""), Fault::Refused(500, "InternalError"))], Before("500 InternalError")),
        (&[(All(manifest), Fault::Refused(403, "AccessDenied"))], Before("AccessDenied")),
        // It got there, and nobody can know.
        (&[(All(manifest), Fault::CutAfter)], After("broke")),
    ];
    for (place, (faults, expected)) in cases.iter().enumerate() {
        let url = s3::fresh_url();
        let (lake, _) = open(&url, server.address).unwrap().append("day 1", &day(1)).unwrap();
        let before = told(&lake);
        let hits = AtomicUsize::new(0);
        let faults: Vec<(Whom, Fault)> = faults.to_vec();
        let proxy = Proxy::before(server.address, move |asked| {
            let fault = faults.iter().find(|(whom, _)| whom.befalls(asked, &hits));
            fault.map_or(Fault::None, |(_, fault)| *fault)
        });
        let done = open(&url, proxy.address).and_then(|lake| lake.append("day 2", &day(2)));
        let now = told(&open(&url, server.address).unwrap());
        let (lake, again) = open(&url, server.address).unwrap().append("day 2", &day(2)).unwrap();
        let after = told(&lake);
        assert_eq!((before.0, after.0), (1, 2), "case {place}");
        let what = match (&done, expected) {
            (Ok(_), Done) => now == after && again.already_there,
            (Err(error), Before(part)) => {
                error.to_string().contains(part) && now == before && !again.already_there
            }
            (Err(error), After(part)) => {
                error.to_string().contains(part) && now == after && again.already_there
            }
            _ => false,
        };
        let error = done.err().map(|error| error.to_string());
        assert!(what, "case {place}: expected {expected:?}; {now:?}, {error:?}");
        if let Some(error) = error {
            assert!(error.contains(&url) && !error.contains("AWSAccessKeyId"), "{error}");
        }
    }
}

/// A fault by chance, from a seed; never so often that patience must end, and sometimes it does.
fn by_chance(seed: u64) -> impl Fn(&Asked) -> Fault {
    move |asked| {
        let mut random = ChaCha8Rng::seed_from_u64(seed << 32 | asked.place as u64);
        match random.random_range(0..20) {
            0 => Fault::Refused(503, "SlowDown"),
            1 => Fault::Refused(500, "InternalError"),
            2 => Fault::CutBefore,
            3 => Fault::CutAfter,
            4 => Fault::CutWithin,
            5 => Fault::DoneAndRefused(500),
            6 => Fault::Delay(Duration::from_millis(random.random_range(1..40))),
            _ => Fault::None,
        }
    }
}

#[test]
fn through_any_weather_the_lake_is_before_or_after() {
    let Some(server) = s3::server() else { return };
    for seed in 0..if soak() { 60 } else { 3 } {
        let url = s3::fresh_url();
        let proxy = Proxy::before(server.address, by_chance(seed));
        let mut days = 0;
        let mut failed = 0;
        for step in 1..=6 {
            let done = open(&url, proxy.address).and_then(|lake| match step {
                3 | 6 => compact(&lake).map(|_| ()),
                _ => lake.append(&format!("day {step}"), &day(step)).map(|_| ()),
            });
            let now = told(&open(&url, server.address).unwrap()).0;
            match done {
                Ok(()) => days += u64::from(step % 3 != 0),
                Err(_) => {
                    failed += 1;
                    assert!(now == days || now == days + 1, "seed {seed}, step {step}: {now}");
                    days = now;
                }
            }
            assert_eq!(now, days, "seed {seed}, step {step}");
        }
        assert!(failed < 4, "seed {seed}: {failed} of 6 steps failed, retries do not help");
    }
}

/// Answers to parts of a large upload, and to its completion, are lost.
#[test]
fn a_large_upload_outlives_lost_answers() {
    let Some(server) = s3::server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![7; 17 << 20]).unwrap();
    for (part, fault, expected) in [
        ("partNumber=2", Fault::CutAfter, true),
        ("partNumber=1", Fault::Refused(503, "SlowDown"), true),
        ("POST", Fault::CutBefore, true),
        ("?uploadId=", Fault::CutAfter, true),
        ("?uploadId=", Fault::DoneAndRefused(500), true),
    ] {
        let hits = AtomicUsize::new(0);
        let proxy = Proxy::before(server.address, move |asked| {
            if Whom::First(part).befalls(asked, &hits) { fault } else { Fault::None }
        });
        let url = s3::fresh_url();
        let open = |address| Bucket::open_with(&url, LIMITS, s3::variables(address)).unwrap();
        let put = Storage::bucket(open(proxy.address)).put_file("large", &file);
        assert_eq!(put.is_ok(), expected, "{part} {fault:?}: {put:?}");
        let found = open(server.address).find("large").unwrap().map(|found| found.bytes);
        assert_eq!(found, expected.then_some(17 << 20), "{part} {fault:?}");
    }
}
