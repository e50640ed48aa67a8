//! An HTTP client over a bare socket: it can say what a well-behaved library refuses to say.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|header| header.0 == name);
        named.next().map(|header| header.1.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status, code and the first place that is wrong.
    pub fn told(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let body = self.json();
        let pointer = body["errors"][0]["pointer"].as_str().unwrap_or_default();
        format!("{} {} {pointer}", self.status, body["code"].as_str().unwrap_or("?"))
            .trim_end()
            .to_owned()
    }
}

/// A request in writing.
#[derive(Clone, Debug)]
pub struct Ask {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Ask {
    pub fn new(method: &str, path: &str) -> Self {
        Self { line: format!("{method} {path} HTTP/1.1"), headers: Vec::new(), body: Vec::new() }
    }

    /// The same with a header; it takes the place of one with this name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|header| !header.0.eq_ignore_ascii_case(name));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.with("Content-Length", &length)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\nConnection: close\r\n", self.line);
        if !self.headers.iter().any(|(name, _)| name == "Host") {
            text.push_str("Host: test\r\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        [text.into_bytes(), self.body.clone()].concat()
    }

    pub fn send(&self, to: SocketAddr) -> Answer {
        exchange(to, &self.bytes()).unwrap_or_else(|error| panic!("{}: {error}", self.line))
    }
}

pub fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Sends bytes over a connection of their own, and reads what comes until it closes.
pub fn exchange(to: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = connect(to)?;
    // A server that has refused already may not read to the end.
    let sent = stream.write_all(bytes);
    let mut came = Vec::new();
    let read = stream.read_to_end(&mut came);
    if came.is_empty() {
        sent?;
        read?;
    }
    parse(&came).ok_or_else(|| std::io::Error::other(format!("no answer in {} bytes", came.len())))
}

/// A whole answer; nothing if it is cut short.
pub fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let answer = Answer { status, headers, body: bytes[end + 4..].to_vec() };
    let length = answer.header("content-length").map(|length| length.parse::<usize>().unwrap());
    let whole = length.is_none_or(|length| length == answer.body.len() || status == 304);
    whole.then_some(answer)
}
