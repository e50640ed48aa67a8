//! `proffer serve` as its users run it: a real process, its output, its signals.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use programme::{Act, Bounds, Door, NewKey, Programme, Role, Scope};
use serde_json::Value;
use server::http::routes;

use super::fixture::{Shop, rows};
use super::http_access::{Browser, add_staff};
use super::http_client::{Ask, exchange, parse};
use super::http_probe::key;

/// `proffer serve` on a free port; it is killed when it goes.
pub struct Serving {
    pub child: Child,
    pub address: SocketAddr,
    pub log: PathBuf,
    pub keys: BTreeMap<String, String>,
    // It says more than its address, and would fail if nobody could read it.
    _output: BufReader<ChildStdout>,
}

impl Serving {
    pub fn start(shop: &Shop, arguments: &[&str]) -> Self {
        let common = ["serve", "--listen", "127.0.0.1:0"];
        Self::of(shop, shop.command(&[&common, arguments].concat()))
    }

    /// The same by another command, which says where it listens in its first line.
    pub fn of(shop: &Shop, mut command: Command) -> Self {
        let keys = keys(shop);
        let log = shop.path("log");
        let file = std::fs::File::create(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let at = line.trim().rsplit("//").next().unwrap();
        let address = at
            .parse()
            .unwrap_or_else(|_| panic!("{line} {}", std::fs::read_to_string(&log).unwrap()));
        Self { child, address, log, keys, _output: output }
    }

    /// A request of somebody who has a right.
    pub fn get(&self, who: &str, path: &str) -> Ask {
        Ask::new("GET", path).with("Authorization", &self.keys[who])
    }

    /// A write as it should be.
    pub fn write(&self, who: &str, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Ask {
        let ask = Ask::new(method, path).with("Authorization", &self.keys[who]);
        ask.with("Content-Type", "application/json").with("Idempotency-Key", "1").body(body)
    }

    /// Sends a signal; gives the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key for each right, one for all and one for none; and one for all that is bound to another network.
fn keys(shop: &Shop) -> BTreeMap<String, String> {
    let programme = Programme::open(&shop.dir()).unwrap();
    let act = Act::of_job("console", programme::now());
    let make = |name: &str, scopes: &[Scope], networks: &[&str]| {
        let networks = networks.iter().map(|id| (*id).to_owned()).collect();
        let new = NewKey {
            name: name.to_owned(),
            live: true,
            role: Role::Administrator,
            door: Door::Office,
            scopes: scopes.to_vec(),
            bounds: Bounds { networks, ..Bounds::default() },
            till: None,
            expires_at: None,
        };
        let made = programme.make_key(&act, &new).unwrap();
        (name.to_owned(), format!("Bearer {}", made.text.unwrap().expose()))
    };
    let each = Scope::ALL.map(|scope| make(scope.as_str(), &[scope], &[]));
    let others = [
        make("all", &Scope::ALL, &[]),
        make("none", &[], &[]),
        make("elsewhere", &Scope::ALL, &["elsewhere"]),
        ("stranger".to_owned(), key("stranger")),
    ];
    each.into_iter().chain(others).collect()
}

#[test]
fn portraits_and_offers_come_as_the_command_line_shows_them() {
    let shop = Shop::new();
    shop.import(&rows(300));
    shop.done(&["refresh"]);
    let serving = Serving::start(&shop, &[]);
    let listed = |lang: &str| {
        let path = format!("/api/v1/portraits/parameters?lang={lang}");
        serving.get("portraits:read", &path).send(serving.address).json()
    };
    for (lang, title) in
        [("en", "Days since the last purchase"), ("ru", "Дней с последней покупки")]
    {
        let path = "/api/v1/customers/c7/portrait";
        let portrait = serving.get("portraits:read", path).with("Accept-Language", lang);
        let portrait = portrait.send(serving.address).json();
        let shown = shop.done(&["portrait", "c7", "--json", "--lang", lang]);
        assert_eq!(portrait, serde_json::from_str::<Value>(&shown).unwrap());
        let listed = listed(lang);
        let (rows, listed) =
            (portrait["parameters"].as_array().unwrap(), listed["parameters"].as_array().unwrap());
        assert_eq!(rows.len(), listed.len());
        for (row, listed) in rows.iter().zip(listed) {
            for field in ["name", "title", "group", "unit", "missing"] {
                assert_eq!(row[field], listed[field], "{field}");
            }
        }
        assert_eq!((&rows[2]["name"], &rows[2]["title"]), (&"recency_days".into(), &title.into()));
    }
    for lang in ["en", "ru"] {
        let path = format!("/api/v1/customers/c7/offers?lang={lang}");
        let offers = serving.get("offers:read", &path).send(serving.address).json();
        let shown = shop.done(&["offers", "c7", "--json", "--lang", lang]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(offers["as_of"], shown["as_of"]);
        let (told, expected) =
            (offers["offers"].as_array().unwrap(), shown["offers"].as_array().unwrap());
        assert!(!told.is_empty() && told.len() == expected.len());
        for (one, other) in told.iter().zip(expected) {
            for field in ["rank", "product", "score", "why"] {
                assert_eq!(one[field], other[field], "{field}");
            }
        }
    }
    for (path, expected) in [
        ("/api/v1/customers/nobody/portrait", "404 not_found"),
        ("/api/v1/customers/nobody/offers", "404 not_found"),
        ("/health/ready", "200"),
    ] {
        assert_eq!(serving.get("all", path).send(serving.address).told(), expected, "{path}");
    }
}

#[test]
fn the_document_tells_what_is_enforced() {
    let shop = Shop::new();
    let serving = Serving::start(&shop, &["--limit-key", "0", "--limit-address", "0"]);
    let document = Ask::new("GET", "/api/v1/openapi.json").send(serving.address).json();
    assert_eq!(document["openapi"], "3.1.0");
    let programme = Programme::open(&shop.dir()).unwrap();
    add_staff(&programme, "anna", Role::Administrator);
    let mut anna = Browser::signed_in(&programme, "anna");
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let path = with_objects(path, |_| "1".to_owned());
            let others = ["all", "none", "stranger", "session"];
            for caller in Scope::ALL.map(Scope::as_str).into_iter().chain(others) {
                let who = if caller == "session" { "all" } else { caller };
                let mut asked = serving.write(who, &method.to_uppercase(), &path, "{}");
                if caller == "session" {
                    asked = anna.sends(asked.without("Authorization"));
                }
                // Through a proxy: from this machine the counts are open.
                let answer = asked.with("X-Forwarded-For", "192.0.2.1").send(serving.address);
                let status = answer.status;
                let described = &operation["responses"][status.to_string()];
                assert!(
                    !described.is_null(),
                    "{method} {path} {caller}: {status} is not described"
                );
                let reached = lets_in(operation, caller);
                let refused = matches!(status, 401 | 403);
                assert_eq!(refused, !reached, "{method} {path} {caller}: {}", answer.text());
                let unknown = caller == "stranger" && !operation["security"].is_null();
                assert_eq!(unknown, status == 401, "{method} {path} {caller}");
            }
            if path.contains("/session") {
                anna = Browser::signed_in(&programme, "anna");
            }
        }
    }
}

/// Whether the document lets a caller in; one in a session is an administrator.
fn lets_in(operation: &Value, caller: &str) -> bool {
    let Some(ways) = operation["security"].as_array() else { return true };
    let by = if caller == "session" { "session" } else { "key" };
    let mut needed = ways.iter().filter_map(|way| way[by].as_array());
    needed.any(|scopes| match caller {
        "all" | "session" => true,
        "stranger" => false,
        _ => scopes.iter().all(|scope| scope == caller),
    })
}

/// A path with something in the place of each parameter.
fn with_objects(path: &str, object: impl Fn(&str) -> String) -> String {
    let parts = path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), &object)
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn the_document_is_the_one_that_was_agreed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let document = format!("{:#}\n", routes().document());
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, document).unwrap();
        return;
    }
    let agreed = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = agreed.lines().zip(document.lines()).find(|(one, other)| one != other);
    assert!(
        agreed == document,
        "the API has changed ({differs:?}); look at it, then run this test with UPDATE_SNAPSHOTS=1"
    );
}

#[test]
fn the_log_has_ids_and_no_secrets() {
    let shop = Shop::new();
    let mut serving = Serving::start(&shop, &[]);
    let told = [
        serving.get("all", "/api/v1/customers/s3cr3t/portrait?as_of=s3cr3t"),
        serving.get("all", "/api/v1/customers/s3cr3t/portrait"),
        serving.get("all", "/s3cr3t/%0a%22s3cr3t"),
        serving
            .write("all", "POST", "/health/live", r#"{"card":"s3cr3t"}"#)
            .with("Cookie", "__Host-session=s3cr3t"),
        Ask::new("GET", "/api/v1/customers/1/offers")
            .with("Authorization", "Bearer lk_live_s3cr3t_s3cr3ts3cr3ts3cr3t"),
        serving.write("all", "POST", "/api/v1/session", r#"{"id":"s3cr3t","password":"s3cr3t"}"#),
        serving.write("all", "POST", "/api/v1/session", r#"{"id":"s3cr3t","password":["s3cr3t"]}"#),
        serving.write(
            "all",
            "POST",
            "/api/v1/staff-links/accept",
            r#"{"id":"s3cr3t","password":"s3cr3ts3cr3t","token":"s3cr3t"}"#,
        ),
        Ask::new("S3CR3T\u{7c}METHOD", "/").with("X-Request-Id", "sane-id-1"),
    ]
    .map(|ask| {
        let answer = ask.send(serving.address);
        (answer.status, answer.header("x-request-id").unwrap().to_owned())
    });
    // A client that goes away is told of as well.
    drop(TcpStream::connect(serving.address).unwrap());
    assert_eq!(serving.end("-TERM"), Some(0));
    let log = std::fs::read_to_string(&serving.log).unwrap();
    assert!(!log.to_lowercase().contains("s3cr3t") && !log.contains("0123456789abcdef"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (status, id) in told {
        let line = lines.iter().find(|line| line["span"]["request_id"] == id.as_str()).unwrap();
        assert_eq!(line["status"], status);
        assert!(line["ms"].is_number() && line["route"].is_string() && line["method"].is_string());
    }
    assert_eq!(lines[0]["route"], "/api/v1/customers/{id}/portrait");
    assert!(lines[0]["caller"].as_str().unwrap().starts_with("key:"));
}

#[test]
fn under_load_it_stops_without_breaking_an_answer() {
    let shop = Shop::new();
    let mut serving = Serving::start(&shop, &["--limit-key", "0", "--limit-address", "0"]);
    let address = serving.address;
    let (answered, stopping) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (answered, stopping) = (answered.clone(), stopping.clone());
            std::thread::spawn(move || keep_asking(address, &answered, &stopping))
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 200 {
        std::thread::sleep(Duration::from_millis(10));
    }
    stopping.store(true, Ordering::Relaxed);
    let began = Instant::now();
    assert_eq!(serving.end("-TERM"), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10));
    for caller in callers {
        caller.join().unwrap();
    }
}

/// Asks over one connection after the other until one is refused, which may be only after the stop.
fn keep_asking(address: SocketAddr, answered: &AtomicU64, stopping: &AtomicBool) {
    let request = Ask::new("GET", "/api/v1/openapi.json");
    loop {
        let mut came = Vec::new();
        let asked = TcpStream::connect(address).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.write_all(&request.bytes())?;
            stream.read_to_end(&mut came)
        });
        if came.is_empty() {
            assert!(stopping.load(Ordering::Relaxed), "refused before the stop: {asked:?}");
            return;
        }
        let answer = parse(&came).expect("an answer is whole or not there");
        assert_eq!(answer.status, 200);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn plain_http_stays_on_this_machine() {
    let shop = Shop::new();
    let certificate = certificate("localhost.pem");
    let chain = certificate.to_str().unwrap();
    for (arguments, code, sentence) in [
        (&["--listen", "0.0.0.0:0"][..], 2, "--trusted-proxy"),
        (&["--listen", "[::]:0"], 2, "--tls-cert"),
        (&["--listen", "127.0.0.1"], 2, "--listen"),
        (&["--tls-cert", chain], 2, "--tls-key"),
        (&["--trusted-proxy", "all"], 2, "10.0.0.0/8"),
        (&["--tls-cert", chain, "--tls-key", chain], 1, "private key"),
        (&["--tls-cert", "absent.pem", "--tls-key", chain], 1, "absent.pem"),
    ] {
        let output = shop.run(&[&["serve"], arguments].concat());
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    }
    let mut serving = Serving::start(&shop, &["--trusted-proxy", "127.0.0.1"]);
    let answer = Ask::new("GET", "/health/live").send(serving.address);
    assert!(answer.header("strict-transport-security").is_some());
    assert_eq!(serving.end("-INT"), Some(0));
}

/// A certificate for `localhost` that nobody but this test trusts, and its key; valid until 2126.
fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts").join(name)
}

#[test]
fn tls_by_certificate_files() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let shop = Shop::new();
    let (chain, key) = (certificate("localhost.pem"), certificate("localhost.key"));
    let serving = Serving::start(
        &shop,
        &["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()],
    );
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&chain).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(settings), name).unwrap();
    let stream = TcpStream::connect(serving.address).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, stream);
    stream.write_all(&Ask::new("GET", "/health/live").bytes()).unwrap();
    let mut came = Vec::new();
    stream.read_to_end(&mut came).unwrap();
    let answer = parse(&came).unwrap();
    assert_eq!((answer.status, answer.header("strict-transport-security").is_some()), (200, true));
    // Who speaks plainly to it gets no answer.
    let plain = exchange(serving.address, &Ask::new("GET", "/health/live").bytes());
    assert!(plain.is_err(), "{plain:?}");
}
