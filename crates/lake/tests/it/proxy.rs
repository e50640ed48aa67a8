//! A proxy between the lake and its object store that does what networks do: it delays, answers in
//! the store's place, cuts the connection before or after the request got through, or falls silent.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is passed on.
    None,
    /// It is passed on after a while.
    Delay(Duration),
    /// The store never sees it; the proxy answers this status with this code.
    Refused(u16, &'static str),
    /// The store does it, and the answer is this status.
    DoneAndRefused(u16),
    /// The connection is cut, and the store never sees the request.
    CutBefore,
    /// The store does it, and the answer is lost.
    CutAfter,
    /// Half of the answer arrives.
    CutWithin,
    /// The store never sees it, and nobody answers.
    Silent,
    /// The store does it, and nobody answers.
    DoneAndSilent,
    /// It is passed on without its condition, as a store does that knows none.
    Unconditional,
}

/// A request as the proxy saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From 0, of all requests.
    pub place: usize,
    /// `PUT /bucket/key?query`.
    pub line: String,
}

/// A running proxy; it ends with the process.
pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// How long a silent connection is held open.
const SILENCE: Duration = Duration::from_secs(20);

impl Proxy {
    /// Stands before a server; the schedule says what becomes of each request.
    pub fn before(
        server: SocketAddr,
        schedule: impl Fn(&Asked) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, schedule) = (asked.clone(), Arc::new(schedule));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (seen, schedule) = (seen.clone(), schedule.clone());
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _ = serve(client, server, &seen, &*schedule);
                });
            }
        });
        Self { address, asked }
    }

    /// How many requests had this in their first line.
    pub fn count(&self, part: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }
}

fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    seen: &Mutex<Vec<String>>,
    schedule: &dyn Fn(&Asked) -> Fault,
) -> std::io::Result<()> {
    let Some(request) = request(&mut client)? else { return Ok(()) };
    let line = String::from_utf8_lossy(request.split(|&b| b == b'\r').next().unwrap()).into_owned();
    let line = line.trim_end_matches(" HTTP/1.1").to_owned();
    let asked = {
        let mut seen = seen.lock().unwrap();
        seen.push(line.clone());
        Asked { place: seen.len() - 1, line }
    };
    match schedule(&asked) {
        Fault::None => client.write_all(&pass(server, &request)?)?,
        Fault::Delay(time) => {
            std::thread::sleep(time);
            client.write_all(&pass(server, &request)?)?;
        }
        Fault::Refused(status, code) => client.write_all(&answer(status, code))?,
        Fault::DoneAndRefused(status) => {
            pass(server, &request)?;
            client.write_all(&answer(status, "InternalError"))?;
        }
        Fault::CutBefore => {}
        Fault::CutAfter => drop(pass(server, &request)?),
        Fault::CutWithin => {
            let answer = pass(server, &request)?;
            client.write_all(&answer[..answer.len() - answer.len() / 4])?;
        }
        Fault::Silent => std::thread::sleep(SILENCE),
        Fault::DoneAndSilent => {
            pass(server, &request)?;
            std::thread::sleep(SILENCE);
        }
        Fault::Unconditional => {
            let name = b"if-none-match";
            let at = request.windows(name.len()).position(|w| w.eq_ignore_ascii_case(name));
            let mut request = request;
            if let Some(at) = at {
                request[at..at + name.len()].copy_from_slice(b"x-nobody-asks");
            }
            client.write_all(&pass(server, &request)?)?;
        }
    }
    client.shutdown(Shutdown::Both)
}

fn answer(status: u16, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>AWSAccessKeyId key</Message></Error>");
    format!(
        "HTTP/1.1 {status} Fault\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One request, head and body; nothing where the client went away.
fn request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut some = [0; 1 << 16];
    loop {
        if let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.trim().parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or(0);
            while bytes.len() < whole {
                let count = client.read(&mut some)?;
                if count == 0 {
                    return Ok(None);
                }
                bytes.extend_from_slice(&some[..count]);
            }
            return Ok(Some(bytes));
        }
        let count = client.read(&mut some)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&some[..count]);
    }
}

/// The server's whole answer; it closes each connection after one.
fn pass(server: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(server)?;
    server.write_all(request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}
