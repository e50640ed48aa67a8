//! What every route answers to bad input, bad luck and bad manners. Cases are lines.

use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use server::http::Settings;
use server::http::extract::BodyBounds;
use server::http::limit::Allowances;

use super::http_client::{Answer, Ask, connect, exchange, parse};
use super::http_probe::{Server, ask, key, write};

const GOOD: &str = r#"{"card":"1","lines":[{"quantity":2}]}"#;
const BASKET: &str = "/api/v1/probe/basket";

/// What every answer has, whatever it says.
fn sound(answer: &Answer) {
    let id = answer.header("x-request-id").expect("a request id");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(!answer.text().contains("s3cr3t"), "{}", answer.text());
    assert!(!answer.headers.iter().any(|header| header.0.contains("evil")), "{answer:?}");
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let body = answer.json();
        assert_eq!(
            (body["instance"].as_str(), body["status"].as_u64()),
            (Some(id), Some(answer.status.into()))
        );
        let again = matches!(answer.status, 429 | 503);
        assert_eq!(answer.header("retry-after").is_some(), again, "{}", answer.status);
    }
}

/// (who, method and path, body, expected): status, code and place; a write is otherwise as it should be.
#[rustfmt::skip]
const REQUESTS: &[(&str, &str, &str, &str)] = &[
    ("all", "POST /api/v1/probe/basket", GOOD, "200"),
    ("receipts:write", "POST /api/v1/probe/basket", GOOD, "200"),
    ("receipts:write", "POST /api/v1/probe/basket", "{", "400 json_malformed"),
    ("receipts:write", "POST /api/v1/probe/basket", "", "400 json_malformed"),
    ("receipts:write", "POST /api/v1/probe/basket", "\u{feff}{}", "400 json_malformed"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[]}{}"#, "400 json_malformed"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":NaN,"lines":[]}"#, "400 json_malformed"),
    ("receipts:write", "POST /api/v1/probe/basket", "null", "422 invalid"),
    ("receipts:write", "POST /api/v1/probe/basket", "{}", "422 invalid /card"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[{"quantity":1},{"quantity":"2"}]}"#, "422 invalid /lines/1/quantity"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[{"quantity":1e99}]}"#, "422 invalid /lines/0/quantity"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[{"quantity":1.5}]}"#, "422 invalid /lines/0/quantity"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[{"quantity":1,"units":"kg"}]}"#, "422 invalid /lines/0/units"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1","lines":[],"is/admin":true}"#, "422 invalid /is~1admin"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1\u0000","lines":[]}"#, "422 invalid /card"),
    ("receipts:write", "POST /api/v1/probe/basket", r#"{"card":"1\u001b[31m","lines":[]}"#, "422 invalid /card"),
    ("receipts:write", "POST /api/v1/probe/basket", "{\"card\":\"\u{202e}\u{feff}\u{1f469}\u{200d}\u{1f469}\u{0301}\u{fdd0}\",\"lines\":[]}", "200"),
    ("receipts:write", "POST /api/v1/probe/basket", "{\"card\":\"'; DROP TABLE card; --\",\"lines\":[]}", "200"),
    ("none", "POST /api/v1/probe/basket", GOOD, "403 forbidden"),
    ("none", "POST /api/v1/probe/basket", "{", "403 forbidden"),
    ("cards:read", "POST /api/v1/probe/basket", GOOD, "403 forbidden"),
    ("stranger", "POST /api/v1/probe/basket", GOOD, "401 unauthenticated"),
    ("all", "GET /api/v1/probe/basket", "", "405 method_not_allowed"),
    ("stranger", "DELETE /api/v1/probe/basket", "", "405 method_not_allowed"),
    ("all", "PROPFIND /api/v1/probe/basket", "", "405 method_not_allowed"),
    ("all", "GET /api/v1/nothing", "", "404 not_found"),
    ("stranger", "GET /", "", "404 not_found"),
    ("all", "GET /api/v1/probe/list/", "", "404 not_found"),
    ("all", "GET /api/v1/../../etc/passwd", "", "404 not_found"),
    ("cards:read", "GET /api/v1/probe/list", "", "200"),
    ("cards:read", "GET /api/v1/probe/list?limit=500", "", "200"),
    ("cards:read", "GET /api/v1/probe/list?limit=0", "", "400 parameter_invalid ?limit"),
    ("cards:read", "GET /api/v1/probe/list?limit=501", "", "400 parameter_invalid ?limit"),
    ("cards:read", "GET /api/v1/probe/list?limit=many", "", "400 parameter_invalid ?limit"),
    ("cards:read", "GET /api/v1/probe/list?limit=1&limit=2", "", "400 parameter_invalid ?limit"),
    ("cards:read", "GET /api/v1/probe/list?size=1", "", "400 parameter_invalid ?size"),
    ("cards:read", "GET /api/v1/probe/list?cursor=!", "", "400 parameter_invalid ?cursor"),
    ("cards:read", "GET /api/v1/probe/list?cursor=ImEi", "", "400 parameter_invalid ?cursor"),
    ("cards:read", "GET /api/v1/probe/list?cursor=a%00b", "", "400 parameter_invalid ?cursor"),
    ("cards:read", "GET /api/v1/probe/list?limit=1%0d%0aX-Evil:1", "", "400 parameter_invalid ?limit"),
    ("cards:read", "GET /api/v1/probe/list?%ff=%ff", "", "400 parameter_invalid ?\u{fffd}"),
    ("cards:read", "GET /api/v1/probe/number/7", "", "200"),
    ("cards:read", "GET /api/v1/probe/number/-7", "", "404 not_found {number}"),
    ("cards:read", "GET /api/v1/probe/number/99999999999", "", "404 not_found {number}"),
    ("cards:read", "GET /api/v1/probe/number/7%00", "", "400 parameter_invalid {number}"),
    ("cards:read", "GET /api/v1/probe/number/%ff", "", "404 not_found"),
    ("cards:read", "GET /api/v1/probe/number/7%0d%0aX-Evil:1", "", "400 parameter_invalid {number}"),
    ("cards:read", "GET /api/v1/probe/fails/panic", "", "500 internal"),
    ("cards:read", "GET /api/v1/probe/fails/blocking-panic", "", "500 internal"),
    ("cards:read", "GET /api/v1/probe/fails/cause", "", "500 internal"),
    ("cards:read", "GET /api/v1/probe/fails/unknown", "", "503 outcome_unknown"),
    ("cards:read", "GET /api/v1/probe/fails/conflict", "", "409 conflict"),
    ("cards:read", "GET /api/v1/probe/fails/reused", "", "409 key_reused"),
    ("cards:read", "GET /api/v1/probe/fails/slow", "", "503 timeout"),
    ("cards:read", "GET /health/live", "", "200"),
    ("cards:read", "GET /health/ready", "", "503 not_ready lake"),
    ("none", "GET /api/v1/customers/1/portrait", "", "403 forbidden"),
    ("all", "GET /api/v1/customers/1/portrait", "", "404 not_found"),
    ("all", "GET /api/v1/customers/1/portrait?as_of=1", "", "400 parameter_invalid ?as_of"),
    ("all", "GET /api/v1/customers/1/portrait?lang=de", "", "400 parameter_invalid ?lang"),
    ("none", "GET /api/v1/portraits/parameters", "", "403 forbidden"),
    ("all", "GET /api/v1/portraits/parameters", "", "200"),
    ("all", "GET /api/v1/portraits/parameters?lang=de", "", "400 parameter_invalid ?lang"),
    ("all", "GET /api/v1/customers/%00/portrait", "", "400 parameter_invalid {id}"),
    ("all", "GET /api/v1/customers/1/offers", "", "503 not_ready"),
    ("all", "GET /api/v1/customers/1/offers?lang=de", "", "400 parameter_invalid ?lang"),
];

#[test]
fn a_request_that_cannot_be_done_is_answered_with_a_problem() {
    let settings = Settings { request_time: Duration::from_secs(2), ..Settings::default() };
    let server = Server::start(settings);
    for &(who, line, body, expected) in REQUESTS {
        let (method, path) = line.split_once(' ').unwrap();
        let answer = write(who, method, path, body).send(server.address);
        assert_eq!(answer.told(), expected, "{who} {line} {body}\n{}", answer.text());
        sound(&answer);
    }
}

/// (header, its value or nothing to leave it out, expected) for an otherwise good write.
#[rustfmt::skip]
const HEADERS: &[(&str, Option<&str>, &str)] = &[
    ("Content-Type", None, "415 media_type"),
    ("Content-Type", Some("text/plain"), "415 media_type"),
    ("Content-Type", Some("application/x-www-form-urlencoded"), "415 media_type"),
    ("Content-Type", Some("application/json; charset=windows-1251"), "415 media_type"),
    ("Content-Type", Some("Application/JSON; charset=\"UTF-8\""), "200"),
    ("Content-Encoding", Some("gzip"), "415 media_type"),
    ("Content-Encoding", Some("identity"), "200"),
    ("Idempotency-Key", None, "400 key_missing Idempotency-Key:"),
    ("Idempotency-Key", Some(""), "400 key_invalid Idempotency-Key:"),
    ("Idempotency-Key", Some("ключ"), "400 key_invalid Idempotency-Key:"),
    ("Idempotency-Key", Some("a\tb"), "400 key_invalid Idempotency-Key:"),
    ("Idempotency-Key", Some("till 7 / 42"), "200"),
    ("Authorization", None, "401 unauthenticated"),
    ("Authorization", Some("Basic YWxsOmFsbA=="), "401 unauthenticated"),
    ("Authorization", Some("Bearer s3cr3t"), "401 unauthenticated"),
    ("Authorization", Some("Bearer \u{e9}"), "401 unauthenticated"),
    ("Cookie", Some("__Host-session=abc"), "200"),
    ("Accept-Language", Some("\u{e9};;,=q"), "200"),
    ("X-Forwarded-For", Some("6.6.6.6, \u{e9}"), "200"),
    ("Forwarded", Some("for=\"[::"), "200"),
    ("X-Request-Id", Some("a%0d%0aX-Evil: 1"), "200"),
    ("X-Request-Id", Some("\u{e9}"), "200"),
];

#[test]
fn headers_are_read_strictly() {
    let server = Server::start(Settings::default());
    for &(name, value, expected) in HEADERS {
        let good = write("receipts:write", "POST", BASKET, GOOD);
        let asked = match value {
            Some(value) => good.with(name, value),
            None => good.without(name),
        };
        let answer = asked.send(server.address);
        assert_eq!(answer.told(), expected, "{name}: {value:?}");
        sound(&answer);
    }
    let good = write("receipts:write", "POST", BASKET, GOOD);
    let long = |length: usize| good.clone().with("Idempotency-Key", &"k".repeat(length));
    assert_eq!(long(255).send(server.address).told(), "200");
    assert_eq!(long(256).send(server.address).told(), "400 key_invalid Idempotency-Key:");
    let session = good.without("Authorization").with("Cookie", "__Host-session=abc");
    assert_eq!(session.send(server.address).told(), "403 forbidden");
    let session = session.with("X-CSRF-Token", "abc");
    assert_eq!(session.send(server.address).told(), "401 unauthenticated");
    assert_eq!(
        session.with("Sec-Fetch-Site", "cross-site").send(server.address).told(),
        "403 forbidden"
    );
}

#[test]
fn what_is_not_http_is_refused_and_smuggles_nothing() {
    let server = Server::start(Settings::default());
    let authorization = key("all");
    for wrong in [
        "GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\n X-Evil: 1\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\0b\r\n\r\n",
        "GET /health/ live HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health/live\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "POST /api/v1/probe/basket HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /api/v1/probe/basket HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
        "POST /api/v1/probe/basket HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\nhello",
    ] {
        let answer = exchange(server.address, wrong.as_bytes()).unwrap();
        assert_eq!(answer.status, 400, "{wrong:?}");
        assert!(!answer.headers.iter().any(|header| header.0.contains("evil")), "{answer:?}");
    }
    let many: String = (0..200).map(|at| format!("X-{at}: 1\r\n")).collect();
    let many = format!("GET /health/live HTTP/1.1\r\nHost: a\r\n{many}\r\n");
    assert_eq!(exchange(server.address, many.as_bytes()).unwrap().status, 431);
    // Length and chunks at once: the chunks count, and the connection does not go on.
    let both = format!(
        "POST {BASKET} HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\nIdempotency-Key: 1\r\n\
         Content-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n25\r\n{GOOD}\r\n0\r\n\r\n"
    );
    assert!(matches!(exchange(server.address, both.as_bytes()).unwrap().status, 200 | 400));
    assert_eq!(Ask::new("GET", "/health/live").send(server.address).told(), "200");
}

#[test]
fn a_body_has_a_size_and_a_depth() {
    let server = Server::start(Settings::default());
    let card = |length: usize| format!(r#"{{"card":"{}","lines":[]}}"#, "ж".repeat(length / 2));
    let deep = format!(r#"{{"card":"1","lines":{}"#, "[".repeat(100_000));
    for (path, body, expected) in [
        (BASKET, card(1_000_000), "200"),
        (BASKET, card(1 << 20), "413 body_too_large"),
        (BASKET, card(3 << 20), "413 body_too_large"),
        ("/api/v1/probe/large", card(3 << 20), "200"),
        ("/api/v1/probe/large", card(5 << 20), "413 body_too_large"),
        (BASKET, deep, "400 json_malformed"),
    ] {
        let answer = write("receipts:write", "POST", path, body).send(server.address);
        assert_eq!(answer.told(), expected);
        sound(&answer);
    }
    let malformed = write("all", "POST", BASKET, "{\n  \"card\": 1,,\n}").send(server.address);
    assert!(
        malformed.json()["detail"].as_str().unwrap().contains("line 2 column 13"),
        "{}",
        malformed.text()
    );
}

#[test]
fn a_slow_client_holds_nothing_for_long() {
    let settings = Settings {
        head_time: Duration::from_millis(300),
        body: BodyBounds { bytes: 1 << 20, wait: Duration::from_millis(300) },
        ..Settings::default()
    };
    let server = Server::start(settings);
    let good = write("receipts:write", "POST", BASKET, GOOD).bytes();
    for (sent, expected) in [(0, None), (30, None), (good.len() - 5, Some("408 body_slow"))] {
        let began = Instant::now();
        let mut stream = connect(server.address).unwrap();
        stream.write_all(&good[..sent]).unwrap();
        let mut came = Vec::new();
        stream.read_to_end(&mut came).unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{sent} bytes");
        let told = parse(&came).filter(|answer| answer.header("x-request-id").is_some());
        assert_eq!(told.map(|answer| answer.told()).as_deref(), expected, "{sent} bytes");
    }
    assert_eq!(Ask::new("GET", "/health/live").send(server.address).told(), "200");
}

#[test]
fn whoever_asks_too_often_is_told_when_to_come_back() {
    let few = |requests| NonZeroU32::new(requests);
    let allowances = Allowances { address: few(8), key: few(5), card: few(2), sign_in: None };
    let server = Server::start(Settings { allowances, ..Settings::default() });
    let number = || ask("all", "GET", "/api/v1/probe/number/7").send(server.address);
    let basket = || write("receipts:write", "POST", BASKET, GOOD).send(server.address);
    assert_eq!([basket().told(), basket().told()], ["200", "200"]);
    let third = basket();
    assert_eq!(third.told(), "429 too_many", "one card");
    assert_eq!(third.header("retry-after"), Some("30"));
    let fourth = number();
    let (policy, limit) =
        (fourth.header("ratelimit-policy").unwrap(), fourth.header("ratelimit").unwrap());
    assert_eq!(policy, "\"address\";q=8;w=60, \"key\";q=5;w=60");
    assert_eq!(limit, "\"address\";r=4;t=30, \"key\";r=4;t=12");
    assert_eq!((0..4).map(|_| number().status).collect::<Vec<_>>(), [200; 4]);
    let ninth = number();
    assert_eq!(
        (ninth.told().as_str(), ninth.header("ratelimit").unwrap()),
        ("429 too_many", "\"address\";r=0;t=8")
    );
    sound(&ninth);
    // Another client behind nobody's proxy is the same client.
    let posing = ask("all", "GET", "/api/v1/probe/number/7").with("X-Forwarded-For", "6.6.6.6");
    assert_eq!(posing.send(server.address).status, 429);
    assert_eq!(Ask::new("GET", "/health/live").send(server.address).status, 200);

    let allowances = Allowances { address: None, key: few(2), card: None, sign_in: None };
    let server = Server::start(Settings { allowances, ..Settings::default() });
    let asked = ["a", "a", "a", "b"]
        .map(|id| ask(id, "GET", "/api/v1/probe/list").send(server.address).status);
    assert_eq!(asked, [403, 403, 429, 403], "per key");
}

#[test]
fn too_much_at_once_is_refused_at_once() {
    for (settings, how) in [
        (Settings { requests_max: 1, ..Settings::default() }, "slow"),
        (Settings { threads: 1, waiting_max: 0, ..Settings::default() }, "blocking-slow"),
    ] {
        let server = Server::start(settings);
        let address = server.address;
        let path = format!("/api/v1/probe/fails/{how}");
        let slow = std::thread::spawn(move || ask("all", "GET", &path).send(address).told());
        std::thread::sleep(Duration::from_millis(250));
        let answer = ask("all", "GET", "/api/v1/probe/number/7").send(address);
        assert_eq!(answer.told(), "503 busy", "{how}");
        assert!(!slow.is_finished(), "{how}: the refusal waits for nobody");
        sound(&answer);
        assert_eq!(Ask::new("GET", "/health/live").send(address).told(), "200");
        assert_eq!(slow.join().unwrap(), "200");
        assert_eq!(ask("all", "GET", "/api/v1/probe/number/7").send(address).told(), "200");
    }
}

#[test]
fn what_is_under_way_ends_before_the_server_does() {
    for (stopping_time, expected, all_ended) in [(30_000, "200", true), (50, "cut", false)] {
        let stopping_time = Duration::from_millis(stopping_time);
        let mut server = Server::start(Settings { stopping_time, ..Settings::default() });
        let address = server.address;
        let slow = std::thread::spawn(move || {
            let asked = ask("all", "GET", "/api/v1/probe/fails/slow");
            exchange(address, &asked.bytes()).map_or("cut".to_owned(), |answer| answer.told())
        });
        std::thread::sleep(Duration::from_millis(250));
        server.tell_to_stop();
        std::thread::sleep(Duration::from_millis(100));
        assert!(connect(address).is_err(), "no more connections are taken");
        assert_eq!(server.stop(), all_ended);
        assert_eq!(slow.join().unwrap(), expected);
    }
}

#[test]
fn versions_pages_and_languages() {
    let server = Server::start(Settings::default());
    let versioned = |method: &str| write("all", method, "/api/v1/probe/versioned", "");
    let answer = versioned("GET").send(server.address);
    assert_eq!((answer.told().as_str(), answer.header("etag")), ("200", Some("\"7\"")));
    let known = versioned("GET").with("If-None-Match", "\"7\"").send(server.address);
    assert_eq!((known.status, known.body.len()), (304, 0));
    for (named, expected) in [("\"7\"", "204"), ("\"6\"", "412 version_changed")] {
        assert_eq!(versioned("PUT").with("If-Match", named).send(server.address).told(), expected);
    }
    assert_eq!(versioned("PUT").send(server.address).told(), "428 version_missing");
    let wrong = versioned("DELETE").send(server.address);
    let mut allowed: Vec<&str> = wrong.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(
        (wrong.told().as_str(), allowed),
        ("405 method_not_allowed", vec!["GET", "HEAD", "PUT"])
    );

    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/probe/list?limit=3{query}");
        let page = ask("all", "GET", &path).send(server.address).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row.as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("&cursor={next}");
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);

    let lost = Ask::new("GET", "/nothing")
        .with("Accept-Language", "ru, en;q=0.5")
        .with("X-Request-Id", "till-7.42");
    let lost = lost.send(server.address);
    assert_eq!(lost.json()["title"], "Не найдено");
    assert_eq!(lost.json()["instance"], "till-7.42");
    assert_eq!(lost.header("x-request-id"), Some("till-7.42"));
    let head = ask("all", "HEAD", "/api/v1/probe/number/7").send_head(server.address);
    assert_eq!(head, 200);
}

impl Ask {
    /// The status of an answer that has no body, whatever its length says.
    fn send_head(&self, to: std::net::SocketAddr) -> u16 {
        let mut stream = connect(to).unwrap();
        stream.write_all(&self.bytes()).unwrap();
        let mut came = String::new();
        stream.read_to_string(&mut came).unwrap();
        assert!(came.ends_with("\r\n\r\n"), "{came}");
        came.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

#[test]
fn counts_are_for_this_machine_and_administrators() {
    let server = Server::start(Settings::default());
    ask("all", "GET", "/api/v1/probe/number/4242").send(server.address);
    Ask::new("GET", "/s3cr3t").send(server.address);
    let metrics = Ask::new("GET", "/metrics");
    let text = metrics.send(server.address);
    for line in [
        "http_requests_total{method=\"GET\",route=\"/api/v1/probe/number/{number}\",status=\"200\"} 1",
        "http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "http_requests_in_flight 1",
        "http_request_duration_seconds_bucket",
        "process_resident_memory_bytes",
    ] {
        assert!(text.text().contains(line), "{line} in\n{}", text.text());
    }
    assert!(!text.text().contains("4242") && !text.text().contains("s3cr3t"));
    let passed_on = metrics.clone().with("X-Forwarded-For", "127.0.0.1");
    assert_eq!(passed_on.send(server.address).told(), "401 unauthenticated");
    assert_eq!(
        passed_on.clone().with("Authorization", &key("none")).send(server.address).told(),
        "403 forbidden"
    );
    assert_eq!(
        passed_on.with("Authorization", &key("programme:admin")).send(server.address).told(),
        "200"
    );
}
