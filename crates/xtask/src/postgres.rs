//! A PostgreSQL of our own for tests and benches: a fresh cluster in a temporary folder on a free port,
//! which ends with us.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::process;

/// Whoever needs the server finds its URL here.
pub const VARIABLE: &str = "PROFFER_POSTGRES";
/// And here the folder of the certificates of our own server, all PEM: `authority` vouches for it by the
/// name `localhost`, `stranger` does not; `certified` is a user's, with its key.
pub const CERTIFICATES: &str = "PROFFER_POSTGRES_CERTIFICATES";

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running server, or one that the caller named.
pub struct Postgres {
    /// URL of a database in which others may be created.
    pub url: String,
    own: Option<Own>,
}

struct Own {
    server: Child,
    // Removed after the server has ended.
    folder: TempDir,
}

impl Postgres {
    /// The server that `PROFFER_POSTGRES` names, else one of our own.
    ///
    /// # Errors
    /// When there is no server program and none may be installed, with the sentence that says what to
    /// install; when it does not start.
    pub fn start() -> Result<Self> {
        if let Some(url) = env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(Self { url, own: None });
        }
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("proffer-postgres-").tempdir()?;
        if crate::prepare::is_root() {
            // The server refuses to run as root; the package brings a user of its own.
            process::run(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        let made = as_a_user(&programs.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "proffer", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .current_dir(folder.path())
            .output()
            .context("initdb")?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        certify(folder.path())?;
        admit(&data)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let server = serve(&programs, &data, port, folder.path())?;
        let mut own = Own { server, folder };
        own.wait(&programs, port)?;
        let url = format!("postgres://proffer@127.0.0.1:{port}/postgres");
        Ok(Self { url, own: Some(own) })
    }

    /// Tells a program where the server is.
    pub fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(VARIABLE, &self.url);
        match &self.own {
            Some(own) => command.env(CERTIFICATES, own.folder.path()),
            // Who names a server may name its certificates as well.
            None => command,
        }
    }
}

/// Makes the certificates. The server believes a key only where it is its own user's.
fn certify(folder: &Path) -> Result<()> {
    for (name, common_name, signed) in [
        ("authority", "authority of a test", false),
        ("stranger", "another authority", false),
        ("localhost", "localhost", true),
        ("certified", "certified", true),
    ] {
        let mut openssl = as_a_user(Path::new("openssl"));
        openssl.current_dir(folder).args(["req", "-x509", "-days", "2", "-nodes"]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-subj", &format!("/CN={common_name}")]);
        openssl.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]);
        if signed {
            openssl.args(["-CA", "authority.pem", "-CAkey", "authority.key"]);
            openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
            openssl.args(["-addext", &format!("subjectAltName=DNS:{common_name}")]);
        }
        let made = openssl.output().context("openssl, which comes with PostgreSQL on Debian")?;
        ensure!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(())
}

/// Lets everybody in, but over TLS two users only by what their names say.
fn admit(data: &Path) -> Result<()> {
    let path = data.join("pg_hba.conf");
    let others = fs::read_to_string(&path)?;
    let own = "hostssl all scram all scram-sha-256\nhostssl all certified all cert\n";
    Ok(fs::write(&path, format!("{own}{others}"))?)
}

/// Starts the server under a shell that stops it when our end of its input closes, however we end.
fn serve(programs: &Path, data: &Path, port: u16, folder: &Path) -> Result<Child> {
    const SCRIPT: &str = "\"$@\" <&- & server=$!; read -r _; kill -QUIT $server; wait $server";
    let log = fs::File::create(folder.join("log"))?;
    let mut command = as_a_user(Path::new("sh"));
    command.args(["-c", SCRIPT, "sh"]).arg(programs.join("postgres")).arg("-D").arg(data);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "max_connections=200"]);
    for (setting, file) in [
        ("ssl_cert_file", "localhost.pem"),
        ("ssl_key_file", "localhost.key"),
        ("ssl_ca_file", "authority.pem"),
    ] {
        command.args(["-c", &format!("{setting}={}", folder.join(file).display())]);
    }
    command.args(["-c", "ssl=on"]);
    command.arg("-k").arg(folder).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    command.spawn().context("postgres")
}

impl Own {
    fn wait(&mut self, programs: &Path, port: u16) -> Result<()> {
        let began = Instant::now();
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        while !process::succeeds(&mut ready) {
            let ended = self.server.try_wait()?.is_some();
            if ended || began.elapsed() > STARTS_WITHIN {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start: {log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Closing its input tells the shell to stop the server.
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

/// A program run by a user who is not root.
fn as_a_user(program: &Path) -> Command {
    if !crate::prepare::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

/// The folder of the server's programs, the newest version; installed on Debian where we may.
fn programs() -> Result<PathBuf> {
    if let Some(found) = found() {
        return Ok(found);
    }
    if Path::new("/etc/debian_version").exists() && crate::prepare::is_root() {
        println!("installing postgresql");
        process::run(Command::new("apt-get").args(["update", "-q"]))?;
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-y", "--no-install-recommends", "postgresql"]);
        process::run(apt.env("DEBIAN_FRONTEND", "noninteractive"))?;
        return found().context("the package postgresql brought no server");
    }
    bail!(
        "no PostgreSQL server is installed: on Debian and Ubuntu `sudo apt-get install postgresql`, \
         elsewhere PostgreSQL 15 or newer with `postgres` and `initdb` in the PATH; or name a running \
         one in {VARIABLE}, whose user may create databases"
    )
}

fn found() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| {
        ["postgres", "initdb", "pg_isready"].iter().all(|name| folder.join(name).is_file())
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).find(has_all);
    in_path.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut folders: Vec<(u32, PathBuf)> = versions
            .filter_map(|entry| {
                let version = entry.ok()?.path();
                let number = version.file_name()?.to_str()?.parse().ok()?;
                Some((number, version.join("bin")))
            })
            .filter(|(_, folder)| has_all(folder))
            .collect();
        folders.sort();
        folders.pop().map(|(_, folder)| folder)
    })
}
