//! What the database cannot do for a while: it is full, or gone. Nothing that was answered is lost, what
//! was refused is not there, and the same key succeeds afterwards.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::database::Database;
use super::fixture::{Shop, skip};
use super::http_process::Serving;

/// A network with a name of some length.
fn network(id: &str) -> String {
    let name = "я".repeat(200);
    format!(
        "{{\"id\":\"{id}\",\"name_en\":\"{name}\",\"name_ru\":\"{name}\",\"scheme\":\"plain\"}}"
    )
}

fn add(serving: &Serving, id: &str) -> String {
    let ask = serving.write("all", "POST", "/api/v1/networks", network(id));
    let answer = ask.with("Idempotency-Key", id).send(serving.address);
    // Whoever is not served is told when to come again, and nothing of where the database is.
    let again = answer.header("retry-after").is_some();
    assert_eq!(answer.status == 503, again, "{}", answer.text());
    assert!(!answer.text().contains("postgres") && !answer.text().contains("sqlite"));
    answer.told()
}

/// Nothing of what was sent, and of where the database is, stands in the log.
fn is_silent(serving: &Serving, url: &str) {
    let log = std::fs::read_to_string(&serving.log).unwrap();
    for hidden in [url, "яяя", "INSERT", "Bearer", "lk_live"] {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
}

fn there(serving: &Serving, id: &str) -> u16 {
    serving.get("all", &format!("/api/v1/networks/{id}")).send(serving.address).status
}

/// The store on a disk of its own with little room; a line of input makes it larger.
const ON_A_SMALL_DISK: &str = r#"
set -e
cp -a disk full
mount -t tmpfs -o size=$(( $(du -sk full | cut -f1) + 1500 ))k none disk
cp -a full/. disk
"$@" &
read -r _
mount -o remount,size=1g disk
wait
"#;

#[test]
fn a_full_disk_loses_nothing_and_says_so() {
    let own_mounts = ["--mount", "--map-root-user"];
    let probe = ["sh", "-c", "mount -t tmpfs none /mnt"];
    let mut command = Command::new("unshare");
    if !command.args(own_mounts).args(probe).output().is_ok_and(|output| output.status.success()) {
        // A machine may forbid it, even one that checks everything.
        eprintln!("SKIPPED: no disk of a test's own can be mounted here");
        return;
    }
    let shop = Shop::new();
    shop.set("url = \"store.sqlite\"", "url = \"disk/store.sqlite\"");
    std::fs::create_dir(shop.dir().join("disk")).unwrap();
    let mut command = Command::new("unshare");
    command.args(own_mounts).args(["sh", "-c", ON_A_SMALL_DISK, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_proffer"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--limit-key", "0", "--limit-address", "0"]);
    command.env("PROFFER_DIR", shop.dir()).current_dir(shop.dir()).stdin(Stdio::piped());
    let mut serving = Serving::of(&shop, command);
    let mut answered = Vec::new();
    let refused = loop {
        let id = format!("n{}", answered.len());
        match add(&serving, &id).as_str() {
            "201" => answered.push(id),
            told => {
                assert!(told.starts_with("503 "), "{told}");
                break id;
            }
        }
        assert!(answered.len() < 20_000, "the disk never filled");
    };
    assert!(answered.len() > 10, "{}", answered.len());
    assert_eq!(there(&serving, &refused), 404, "what was refused is not there");
    assert!(answered.iter().all(|id| there(&serving, id) == 200), "what was answered is there");
    serving.child.stdin.take().unwrap().write_all(b"more room\n").unwrap();
    let began = Instant::now();
    while add(&serving, &refused) != "201" {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", add(&serving, &refused));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(there(&serving, &refused), 200);
    assert!(answered.iter().all(|id| add(&serving, id) == "201"), "and is answered alike");
    is_silent(&serving, "store.sqlite");
    // The shell ends with the server.
    let server = serving.child.id().to_string();
    let _ = Command::new("pkill").args(["-TERM", "-P", &server]).status();
    let _ = serving.child.wait();
}

#[test]
fn a_database_that_is_gone_for_a_while_is_waited_for() {
    let Some(database) = Database::postgres() else { return };
    let shop = Shop::new();
    shop.set("url = \"store.sqlite\"", &format!("url = \"{}\"", database.url()));
    let serving = Serving::start(&shop, &["--limit-key", "0", "--limit-address", "0"]);
    assert_eq!(add(&serving, "before"), "201");
    let Ok(server) = std::env::var("PROFFER_POSTGRES") else { return skip("no server") };
    let url = database.url();
    let name = url.rsplit('/').next().unwrap();
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    let mut allow = |allowed: bool| {
        let alter = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        admin.batch_execute(&alter).unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        if !allowed {
            admin.execute(end, &[&name]).unwrap();
        }
    };
    allow(false);
    let gone = Duration::from_secs(if super::database::soak() { 10 } else { 3 });
    let began = Instant::now();
    let mut refused = 0;
    while began.elapsed() < gone {
        let told = add(&serving, "during");
        assert!(told.starts_with("503 "), "{told}");
        // Whoever is asked keeps the caller waiting no longer than this.
        refused += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(refused > 3, "{refused} answers while it was gone");
    let ready = serving.get("all", "/health/live").send(serving.address);
    assert_eq!(ready.status, 200, "the server itself lives");
    allow(true);
    let began = Instant::now();
    while add(&serving, "during") != "201" {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", add(&serving, "during"));
        std::thread::sleep(Duration::from_millis(50));
    }
    for id in ["before", "during"] {
        assert_eq!(there(&serving, id), 200, "{id}");
    }
    is_silent(&serving, url.as_str());
}

/// Stands before a PostgreSQL and can be stopped: then connections break and none is taken.
struct Gate {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    through: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Self { address, open: Arc::new(true.into()), through: Arc::default() };
        let (open, through) = (gate.open.clone(), gate.through.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&server).unwrap();
                let ends = [client.try_clone().unwrap(), server.try_clone().unwrap()];
                through.lock().unwrap().extend(ends);
                for (from, to) in
                    [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    std::thread::spawn(move || pass(from, to));
                }
            }
        });
        gate
    }

    fn stop(&self) {
        self.open.store(false, Ordering::SeqCst);
        for stream in self.through.lock().unwrap().drain(..) {
            // One that has ended is no hindrance.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn start(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

/// Passes on what comes until it ends.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut some = [0; 1 << 14];
    while let Ok(count) = from.read(&mut some) {
        if count == 0 || to.write_all(&some[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_database_that_stops_in_the_midst_of_writes_loses_nothing() {
    let Some(database) = Database::postgres() else { return };
    let url = database.url();
    let (user, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let gate = Gate::before(server.to_owned());
    let through = format!("{user}@{}/{name}", gate.address);
    let shop = Shop::new();
    shop.set("url = \"store.sqlite\"", &format!("url = \"{through}\""));
    let serving = Serving::start(&shop, &["--limit-key", "0", "--limit-address", "0"]);
    let (stopping, began) = (AtomicBool::new(false), Instant::now());
    // Several write without a pause; each repeats what it was not told of with the same key.
    let answered: Vec<String> = std::thread::scope(|scope| {
        let write = |writer: usize| {
            let mut answered = Vec::new();
            while !stopping.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(120) {
                let id = format!("n{writer}-{}", answered.len());
                match add(&serving, &id).as_str() {
                    "201" => answered.push(id),
                    told => assert!(told.starts_with("503 "), "{told}"),
                }
            }
            answered
        };
        let writers: Vec<_> = (0..3).map(|writer| scope.spawn(move || write(writer))).collect();
        let stops = if super::database::soak() { 5 } else { 2 };
        for _ in 0..stops {
            std::thread::sleep(Duration::from_millis(300));
            gate.stop();
            assert_eq!(serving.get("all", "/health/live").send(serving.address).status, 200);
            let gone = if super::database::soak() { 10_000 } else { 500 };
            std::thread::sleep(Duration::from_millis(gone));
            gate.start();
        }
        let began = Instant::now();
        while add(&serving, "after") != "201" {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not come back");
        }
        stopping.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(answered.len() > 10, "{}", answered.len());
    assert!(answered.iter().all(|id| there(&serving, id) == 200), "what was answered is there");
    assert!(answered.iter().all(|id| add(&serving, id) == "201"), "and is answered alike");
    for id in &answered {
        let path = format!("/api/v1/audit?kind=network&object={id}");
        let deeds = serving.get("all", &path).send(serving.address).json();
        assert_eq!(deeds["items"].as_array().unwrap().len(), 1, "{id} was done once");
    }
    is_silent(&serving, through.as_str());
}
