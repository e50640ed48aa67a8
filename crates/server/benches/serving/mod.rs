//! A served programme, and connections to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use programme::{Act, NewNetwork, NewShop, Programme, RulesKind, Scheme};

/// Makes the network `n` with a shop and its till `1`, and rules of accrual.
pub fn make_shop(programme: &Programme, act: &Act, id: &str) {
    let network = NewNetwork {
        id: "n".to_owned(),
        name_en: "Network".to_owned(),
        name_ru: "Сеть".to_owned(),
        scheme: Scheme::Plain,
    };
    programme.add_network(act, network).unwrap();
    let shop = NewShop {
        id: id.to_owned(),
        network: "n".to_owned(),
        name_en: "Shop".to_owned(),
        name_ru: "Магазин".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    programme.add_shop(act, shop).unwrap();
    programme.add_till(act, id, "1").unwrap();
    let rules = serde_json::json!({
        "rounding": "down", "points_scale": 10_000, "activates_after_days": 0,
        "expires_after_days": 365,
        "rows": [{ "network": null, "category": null, "level": null, "rate": 100 }],
    });
    programme.publish_rules(act, RulesKind::Accrual, None, &rules).unwrap();
}

pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(dir: &Path) -> Self {
        let log = std::fs::File::create(dir.join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_proffer"))
            .args(["serve", "--listen", "127.0.0.1:0", "--limit-key", "0"])
            .args(["--limit-address", "0", "--limit-card", "0"])
            .env("PROFFER_DIR", dir)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("//").next().unwrap().parse().unwrap();
        Self { child, address }
    }

    pub fn connect(&self, key: &str) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap());
        let head = format!("Host: localhost\r\nAuthorization: Bearer {key}\r\n\r\n");
        Connection { stream, answers, head }
    }

    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A connection of one caller.
pub struct Connection {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
    head: String,
}

impl Connection {
    /// Sends a request (of [`get`] or [`post`]) and waits for its answer: status and body.
    pub fn ask(&mut self, request: &str) -> (u16, String) {
        let (first, body) = request.split_once('\0').unwrap_or((request, ""));
        self.stream.write_all(format!("{first}{}{body}", self.head).as_bytes()).unwrap();
        read_answer(&mut self.answers)
    }
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n")
}

pub fn post(path: &str, key: u64, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: {key}-{}\r\n\
         Content-Length: {}\r\n\u{0}{body}",
        path.len(),
        body.len()
    )
}

fn read_answer(answers: &mut BufReader<TcpStream>) -> (u16, String) {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line).unwrap();
        let lower = line.trim().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body).unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}
