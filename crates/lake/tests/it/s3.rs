//! An S3 server of this process' own: moto, in memory, on a free port. It ends when its input does, so
//! a test that is killed leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The server's bucket.
pub const BUCKET: &str = "proffer";

const SCRIPT: &str = r#"
import logging, os, sys
import boto3
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
boto3.client(
    "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
    aws_access_key_id="key", aws_secret_access_key="secret",
).create_bucket(Bucket=sys.argv[1])
print(port, flush=True)
sys.stdin.read()
os._exit(0)
"#;

/// A running server.
pub struct Server {
    // Its input stays open as long as this does.
    _child: Child,
    pub address: SocketAddr,
}

/// The server of this process, started when first asked for; none where there is no Python with moto,
/// which is said aloud and fails in CI.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(start).as_ref();
    if server.is_none() {
        let why = "PROFFER_PYTHON names no Python with moto; `cargo xtask check` makes one";
        assert!(std::env::var_os("CI").is_none(), "{why}: in CI this must run");
        eprintln!("SKIPPED on object storage: {why}");
    }
    server
}

fn start() -> Option<Server> {
    let python = std::env::var_os("PROFFER_PYTHON")?;
    let mut child = Command::new(python)
        .args(["-c", SCRIPT, BUCKET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut port = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut port).ok()?;
    let port = port.trim().parse().ok()?;
    Some(Server { _child: child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) })
}

/// What a process must know to reach a server, or a proxy before it.
pub fn variables(address: SocketAddr) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", format!("http://{address}").as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// A place in the bucket that no other test uses.
pub fn fresh_url() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    format!("s3://{BUCKET}/test/{}", USED.fetch_add(1, Ordering::Relaxed))
}
